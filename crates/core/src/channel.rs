//! Channels: two ends, and messages of bytes and objects from each to the other.
//!
//! A pure state machine; locks are the host's affair. Start reading at [`Channel::send`]; [`crate::transit`] says which ends of
//! channels can be in messages.
//!
//! Invariants: what waits for a receiver is bounded by [`Bounds`], whatever the senders do; a message is received once
//! and whole, in the order in which it was sent, or given back when its receiver closes; whoever waits hears of each change.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::abi::ready;
use crate::bell::{Bells, Ring};
use crate::transit::{Carried, Travels};
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

    /// 0 or 1.
    pub const fn index(self) -> usize {
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

/// Two ends, and who waits at each.
#[derive(Debug)]
pub struct Channel<O: Travels, B> {
    ends: [End<O, B>; 2],
    bounds: Bounds,
    /// Of a message that was received: room for the bytes of the next one.
    spare: Vec<u8>,
}

/// Bytes that a channel keeps for its next message at most.
const SPARE_BYTES_MAX: usize = 4096;

#[derive(Debug)]
struct End<O: Travels, B> {
    /// What waits to be received here.
    queue: VecDeque<Message<Carried<O>>>,
    /// Bytes of these.
    bytes: usize,
    open: bool,
    bells: Bells<B>,
}

/// Messages that nobody will receive. What they hold goes when this is dropped: not within a lock of the channel, of which
/// it may be the other end.
#[derive(Debug)]
pub struct Left<O: Travels>(VecDeque<Message<Carried<O>>>);

impl<O: Travels> Left<O> {
    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts the messages.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<O: Travels, B: Ring> Channel<O, B> {
    /// Makes a channel with both ends open.
    pub fn new(bounds: Bounds) -> Channel<O, B> {
        let end = || End { queue: VecDeque::new(), bytes: 0, open: true, bells: Bells::default() };
        Channel { ends: [end(), end()], bounds, spare: Vec::new() }
    }

    /// Sends from one end to the other. What has ends of channels in it is to be judged by
    /// [`may_carry`](crate::transit::may_carry) before.
    ///
    /// # Errors
    /// With the message, which was not sent: [`Error::Closed`] when one of the ends is, [`Error::Limit`] when no receiver
    /// could make room enough, [`Error::Again`] when a receiver can.
    pub fn send(&mut self, from: Side, message: Message<O>) -> Result<(), (Error, Message<O>)> {
        if let Err(error) = self.admits(from, message.bytes.len(), message.objects.len()) {
            return Err((error, message));
        }
        let Message { bytes, objects } = message;
        let objects = objects.into_iter().map(|(object, rights)| (Carried::pack(object), rights)).collect();
        let end = &mut self.ends[from.peer().index()];
        end.bytes += bytes.len();
        end.queue.push_back(Message { bytes, objects });
        end.bells.ring();
        Ok(())
    }

    /// Sends a message of bytes alone.
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub fn send_bytes(&mut self, from: Side, bytes: &[u8]) -> Result<(), Error> {
        self.admits(from, bytes.len(), 0)?;
        let mut own = core::mem::take(&mut self.spare);
        own.extend_from_slice(bytes);
        self.send(from, Message { bytes: own, objects: Vec::new() }).map_err(|(error, _)| error)
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

    /// Bytes and objects of the message that [`Channel::receive`] gives next.
    ///
    /// # Errors
    /// [`Error::Again`] when there is none yet, [`Error::Closed`] when none will come.
    pub fn next(&self, at: Side) -> Result<(usize, usize), Error> {
        let none = if self.ends[at.peer().index()].open { Error::Again } else { Error::Closed };
        let message = self.ends[at.index()].queue.front().ok_or(none)?;
        Ok((message.bytes.len(), message.objects.len()))
    }

    /// Takes the next message, if it has no more than so many bytes and objects. What was sent before the other end closed is
    /// still received.
    ///
    /// # Errors
    /// As [`Channel::next`]; [`Error::Limit`] for a larger one, which stays.
    pub fn receive(&mut self, at: Side, bytes_max: usize, objects_max: usize) -> Result<Message<O>, Error> {
        let (bytes, objects) = self.next(at)?;
        if bytes > bytes_max || objects > objects_max {
            return Err(Error::Limit);
        }
        let end = &mut self.ends[at.index()];
        let Some(message) = end.queue.pop_front() else { return Err(Error::Again) };
        end.bytes -= bytes;
        // There is room again.
        self.ends[at.peer().index()].bells.ring();
        let objects = message.objects.into_iter();
        let objects = objects.filter_map(|(object, rights)| Some((object.unpack()?, rights)));
        Ok(Message { bytes: message.bytes, objects: objects.collect() })
    }

    /// As [`Channel::receive`]: copies the bytes, and gives how many there were and the objects.
    ///
    /// # Errors
    /// As [`Channel::receive`].
    pub fn receive_into(
        &mut self,
        at: Side,
        bytes: &mut [u8],
        objects_max: usize,
    ) -> Result<(usize, Vec<(O, Rights)>), Error> {
        let mut message = self.receive(at, bytes.len(), objects_max)?;
        let length = message.bytes.len();
        bytes[..length].copy_from_slice(&message.bytes);
        if message.bytes.capacity() <= SPARE_BYTES_MAX {
            message.bytes.clear();
            self.spare = message.bytes;
        }
        Ok((length, message.objects))
    }

    /// Closes an end, and gives back what nobody will receive there. Does nothing when it was closed.
    pub fn close(&mut self, side: Side) -> Left<O> {
        self.ends.iter_mut().for_each(|end| end.bells.ring());
        let end = &mut self.ends[side.index()];
        end.open = false;
        end.bytes = 0;
        Left(core::mem::take(&mut end.queue))
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

    /// Rings `bell` when that changes.
    pub fn hang_up(&mut self, side: Side, bell: &Arc<B>) {
        self.ends[side.index()].bells.hang_up(bell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bell::Silent;
    use alloc::vec;

    impl Travels for u32 {
        fn transit(&self) -> Option<&crate::transit::Transit> {
            None
        }
    }

    type Channel = super::Channel<u32, Silent>;

    fn receive(channel: &mut Channel, at: Side) -> Result<Message<u32>, Error> {
        channel.receive(at, usize::MAX, usize::MAX)
    }

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
            assert_eq!(channel.next(Side::Second), Ok((n, n.min(2))));
            assert_eq!(receive(&mut channel, Side::Second).unwrap(), message(n, n.min(2)));
        }
        assert_eq!(receive(&mut channel, Side::Second), Err(Error::Again));
        assert_eq!(receive(&mut channel, Side::First), Err(Error::Again), "nothing came back");
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
        assert_eq!(channel.close(Side::Second).len(), 1);
        assert!(channel.close(Side::Second).is_empty() && !channel.is_open(Side::Second));
        assert_eq!(channel.send(Side::First, message(0, 0)).unwrap_err().0, Error::Closed);
        assert_eq!(channel.send(Side::Second, message(0, 0)).unwrap_err().0, Error::Closed);
        assert_eq!(channel.ready(Side::First), ready::READ | ready::FAILED);
        assert_eq!(channel.receive(Side::First, 2, 1), Err(Error::Limit), "it stays");
        assert_eq!(channel.receive(Side::First, 2, 2), Ok(message(2, 2)), "what was sent before arrives");
        assert_eq!(receive(&mut channel, Side::First), Err(Error::Closed));
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
        let objects =
            |messages: &[Message<u32>]| messages.iter().map(|m| m.objects.len() as u32).sum::<u32>();
        for _ in 0..20_000 {
            let mut channel = Channel::new(SMALL);
            let mut model: [Vec<Message<u32>>; 2] = Default::default();
            let mut open = [true, true];
            let (mut made, mut gone) = (0u32, 0u32);
            for _ in 0..random(60) {
                let side = if random(2) == 0 { Side::First } else { Side::Second };
                let (at, peer) = (side.index(), side.peer().index());
                match random(12) {
                    0 => {
                        let expected = core::mem::take(&mut model[at]);
                        assert_eq!(channel.close(side).len(), expected.len());
                        gone += objects(&expected);
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
                        assert_eq!(receive(&mut channel, side), expected);
                    }
                }
            }
            gone += objects(&model[0]) + objects(&model[1]);
            assert_eq!(made, gone, "every object left the channel once");
        }
    }
}
