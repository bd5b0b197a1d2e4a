//! Channels: two ends, and messages of bytes and objects from each to the other.
//!
//! A pure state machine: who waits for whom is the host's affair. Start reading at [`Channel::send`].
//!
//! Invariants: what waits for a receiver is bounded by [`Bounds`], whatever the senders do; a message is received once
//! and whole, in the order in which it was sent, or given back when its receiver closes.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::abi::ready;
use crate::{Error, Rights};

/// One of the two ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// The one that is named first when a channel is made.
    First,
    /// The other one.
    Second,
}

impl Side {
    /// The other end.
    pub const fn peer(self) -> Side {
        match self {
            Side::First => Side::Second,
            Side::Second => Side::First,
        }
    }

    const fn index(self) -> usize {
        match self {
            Side::First => 0,
            Side::Second => 1,
        }
    }
}

/// What is sent: bytes, and objects with the rights that their receiver gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message<O> {
    /// Any number of them, none too.
    pub bytes: Vec<u8>,
    /// They belong to the message until it is received.
    pub objects: Vec<(O, Rights)>,
}

/// What may wait for a receiver, for each end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Messages.
    pub messages_max: usize,
    /// Bytes of all of them.
    pub bytes_max: usize,
    /// Objects of one message.
    pub objects_max: usize,
}

/// 1,024 messages, 1 MiB, 64 objects in a message.
pub const BOUNDS: Bounds = Bounds { messages_max: 1024, bytes_max: 1 << 20, objects_max: 64 };

/// Two ends.
#[derive(Debug)]
pub struct Channel<O> {
    ends: [End<O>; 2],
    bounds: Bounds,
}

#[derive(Debug)]
struct End<O> {
    /// What waits to be received here.
    queue: VecDeque<Message<O>>,
    /// Bytes of these.
    bytes: usize,
    open: bool,
}

impl<O> Channel<O> {
    /// Makes a channel with both ends open.
    pub fn new(bounds: Bounds) -> Channel<O> {
        let end = || End { queue: VecDeque::new(), bytes: 0, open: true };
        Channel { ends: [end(), end()], bounds }
    }

    /// Sends from one end to the other.
    ///
    /// # Errors
    /// With the message, which was not sent: [`Error::Closed`] when one of the ends is, [`Error::Limit`] when no receiver
    /// could make room enough, [`Error::Again`] when a receiver can.
    pub fn send(&mut self, from: Side, message: Message<O>) -> Result<(), (Error, Message<O>)> {
        if let Err(error) = self.admits(from, message.bytes.len(), message.objects.len()) {
            return Err((error, message));
        }
        let end = &mut self.ends[from.peer().index()];
        end.bytes += message.bytes.len();
        end.queue.push_back(message);
        Ok(())
    }

    /// Tells whether a message of so many bytes and objects could be sent.
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub fn admits(&self, from: Side, bytes: usize, objects: usize) -> Result<(), Error> {
        let end = &self.ends[from.peer().index()];
        if !end.open || !self.ends[from.index()].open {
            return Err(Error::Closed);
        }
        if bytes > self.bounds.bytes_max || objects > self.bounds.objects_max {
            return Err(Error::Limit);
        }
        let room = end.queue.len() < self.bounds.messages_max && bytes <= self.bounds.bytes_max - end.bytes;
        if room { Ok(()) } else { Err(Error::Again) }
    }

    /// The next message that [`Channel::receive`] gives.
    ///
    /// # Errors
    /// [`Error::Again`] when there is none yet, [`Error::Closed`] when none will come.
    pub fn next(&self, at: Side) -> Result<&Message<O>, Error> {
        let none = if self.ends[at.peer().index()].open { Error::Again } else { Error::Closed };
        self.ends[at.index()].queue.front().ok_or(none)
    }

    /// Takes the next message. What was sent before the other end closed is still received.
    ///
    /// # Errors
    /// As [`Channel::next`].
    pub fn receive(&mut self, at: Side) -> Result<Message<O>, Error> {
        self.next(at)?;
        let end = &mut self.ends[at.index()];
        let Some(message) = end.queue.pop_front() else { return Err(Error::Again) };
        end.bytes -= message.bytes.len();
        Ok(message)
    }

    /// Closes an end and gives back what nobody will receive there. Does nothing when it was closed.
    pub fn close(&mut self, side: Side) -> VecDeque<Message<O>> {
        let end = &mut self.ends[side.index()];
        end.open = false;
        end.bytes = 0;
        core::mem::take(&mut end.queue)
    }

    /// Tells whether an end is open.
    pub fn is_open(&self, side: Side) -> bool {
        self.ends[side.index()].open
    }

    /// What an end is ready for, of [`ready`]: to be read when there is a message, or when none will come; to be written
    /// when there is room for a byte; FAILED when the other end is closed.
    pub fn ready(&self, side: Side) -> u32 {
        let mut bits = 0;
        if !matches!(self.next(side), Err(Error::Again)) {
            bits |= ready::READ;
        }
        if self.admits(side, 1, 0).is_ok() {
            bits |= ready::WRITE;
        }
        if !self.is_open(side.peer()) {
            bits |= ready::FAILED;
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    const SMALL: Bounds = Bounds { messages_max: 3, bytes_max: 10, objects_max: 2 };

    fn message(bytes: usize, objects: usize) -> Message<u32> {
        Message { bytes: vec![7; bytes], objects: vec![(1, Rights::READ); objects] }
    }

    #[test]
    fn messages_arrive_whole_and_in_order() {
        let mut channel = Channel::new(SMALL);
        for n in 0..3 {
            channel.send(Side::First, message(n, n.min(2))).unwrap();
        }
        assert_eq!(channel.send(Side::First, message(0, 0)).unwrap_err().0, Error::Again, "three messages");
        for n in 0..3 {
            assert_eq!(channel.next(Side::Second).unwrap().bytes.len(), n);
            assert_eq!(channel.receive(Side::Second).unwrap(), message(n, n.min(2)));
        }
        assert_eq!(channel.receive(Side::Second), Err(Error::Again));
        assert_eq!(channel.receive(Side::First), Err(Error::Again), "nothing came back");
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut channel = Channel::new(SMALL);
        assert_eq!(channel.send(Side::First, message(11, 0)).unwrap_err().0, Error::Limit);
        assert_eq!(channel.send(Side::First, message(0, 3)).unwrap_err().0, Error::Limit);
        channel.send(Side::First, message(8, 0)).unwrap();
        assert_eq!(channel.ready(Side::First), ready::WRITE);
        let (error, back) = channel.send(Side::First, message(3, 1)).unwrap_err();
        assert_eq!((error, back), (Error::Again, message(3, 1)), "it comes back");
        channel.send(Side::First, message(2, 0)).unwrap();
        assert_eq!(channel.ready(Side::First), 0);
        channel.send(Side::Second, message(10, 0)).unwrap();
        assert_eq!(channel.ready(Side::First), ready::READ, "each direction has its own room");
    }

    #[test]
    fn an_end_that_closes_gives_back_what_it_did_not_receive() {
        let mut channel = Channel::new(SMALL);
        channel.send(Side::First, message(1, 1)).unwrap();
        channel.send(Side::Second, message(2, 2)).unwrap();
        assert_eq!(channel.close(Side::Second), [message(1, 1)]);
        assert!(channel.close(Side::Second).is_empty() && !channel.is_open(Side::Second));
        assert_eq!(channel.send(Side::First, message(0, 0)).unwrap_err().0, Error::Closed);
        assert_eq!(channel.send(Side::Second, message(0, 0)).unwrap_err().0, Error::Closed);
        assert_eq!(channel.ready(Side::First), ready::READ | ready::FAILED);
        assert_eq!(channel.receive(Side::First), Ok(message(2, 2)), "what was sent before arrives");
        assert_eq!(channel.receive(Side::First), Err(Error::Closed));
        assert_eq!(channel.ready(Side::First), ready::READ | ready::FAILED);
    }

    /// Against a plain model, over random steps of both sides: the order, the bounds, and that no object is lost.
    #[test]
    fn no_interleaving_loses_or_doubles_a_message() {
        let mut seed = 1u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % below
        };
        for _ in 0..20_000 {
            let mut channel: Channel<u32> = Channel::new(SMALL);
            let mut model: [Vec<Message<u32>>; 2] = Default::default();
            let mut open = [true, true];
            let (mut made, mut gone) = (0u32, 0u32);
            for _ in 0..random(60) {
                let side = if random(2) == 0 { Side::First } else { Side::Second };
                let (at, peer) = (side.index(), side.peer().index());
                match random(12) {
                    0 => {
                        let back = channel.close(side);
                        let expected = core::mem::take(&mut model[at]);
                        assert_eq!(back, expected);
                        gone += back.iter().map(|message| message.objects.len() as u32).sum::<u32>();
                        open[at] = false;
                    }
                    1..=6 => {
                        let objects = (0..random(4)).map(|i| (made + i as u32, Rights::READ)).collect();
                        let message = Message { bytes: vec![1; random(13) as usize], objects };
                        let waiting: usize = model[peer].iter().map(|message| message.bytes.len()).sum();
                        let expected = match () {
                            () if !open[0] || !open[1] => Err(Error::Closed),
                            () if message.bytes.len() > 10 || message.objects.len() > 2 => Err(Error::Limit),
                            () if model[peer].len() >= 3 || waiting + message.bytes.len() > 10 => {
                                Err(Error::Again)
                            }
                            () => Ok(()),
                        };
                        let found = channel.send(side, message.clone());
                        assert_eq!(found.clone().map_err(|(error, _)| error), expected);
                        if found.is_ok() {
                            made += message.objects.len() as u32;
                            model[peer].push(message);
                        }
                    }
                    _ => {
                        let expected = match model[at].is_empty() {
                            false => Ok(model[at].remove(0)),
                            true if open[peer] => Err(Error::Again),
                            true => Err(Error::Closed),
                        };
                        gone += expected.as_ref().map_or(0, |message| message.objects.len() as u32);
                        assert_eq!(channel.receive(side), expected);
                    }
                }
            }
            let left = [Side::First, Side::Second].map(|side| channel.close(side));
            gone += left.iter().flatten().map(|message| message.objects.len() as u32).sum::<u32>();
            assert_eq!(made, gone, "every object left the channel once");
        }
    }
}
