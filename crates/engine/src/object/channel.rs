//! Channels between contexts, as handles see them.
//!
//! Start reading at [`End::send`]; the messages themselves are kept by [`b8g_core::channel`].
//!
//! Invariants: a message that was sent holds no end of a channel which only that message, directly or over others, could
//! be received from, so ends that nobody can reach any more are never kept alive; dropping an end, whatever it holds,
//! takes no more of the host's stack than dropping any other.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use b8g_core::channel::{self, BOUNDS, Side};
use b8g_core::{Error, Rights};

use super::bell::{Bell, Bells};
use super::{Lease, Object};

/// One end of a channel. It closes when the last handle to it is gone.
#[derive(Debug)]
pub(crate) struct End {
    pair: Arc<Pair>,
    side: Side,
}

#[derive(Debug)]
pub(crate) struct Pair {
    state: Mutex<State>,
    /// In how many messages that were sent and not received each end lies.
    in_transit: [AtomicU32; 2],
    /// Counts against the bound of whoever made it.
    _lease: Option<Lease>,
}

#[derive(Debug)]
struct State {
    channel: channel::Channel<Carried>,
    /// Of those who wait at each end.
    bells: [Bells; 2],
    /// Of a message that was received: room for the bytes of the next one.
    spare: Vec<u8>,
}

impl Default for State {
    fn default() -> State {
        let spare = Vec::new();
        State { channel: channel::Channel::new(BOUNDS), bells: Default::default(), spare }
    }
}

/// Bytes that a channel keeps for its next message at most.
const SPARE_BYTES_MAX: usize = 4096;

/// A channel of which somebody has the first end, and nobody the second one yet.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Weak<Pair>);

/// A message as a context sends or receives it.
pub(crate) type Message = channel::Message<Object>;

/// An object in a message.
#[derive(Debug)]
struct Carried(Option<Object>);

/// Held while ends of channels are put into a message, so that what is found out about them stays true until then.
static PACKING: Mutex<()> = Mutex::new(());

impl Carried {
    fn pack(object: Object) -> Carried {
        if let Object::Channel(end) = &object {
            end.in_transit().fetch_add(1, SeqCst);
        }
        Carried(Some(object))
    }

    fn unpack(mut self) -> Option<Object> {
        let object = self.0.take();
        if let Some(Object::Channel(end)) = &object {
            end.in_transit().fetch_sub(1, SeqCst);
        }
        object
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        if let Some(Object::Channel(end)) = &self.0 {
            end.in_transit().fetch_sub(1, SeqCst);
        }
    }
}

fn index(side: Side) -> usize {
    match side {
        Side::First => 0,
        Side::Second => 1,
    }
}

impl End {
    /// Makes a channel. `lease` is given back when both ends are gone.
    pub(crate) fn pair(lease: Option<Lease>) -> (Arc<End>, Arc<End>) {
        let pair = Arc::new(Pair { state: Mutex::default(), in_transit: Default::default(), _lease: lease });
        (Arc::new(End { pair: pair.clone(), side: Side::First }), Arc::new(End { pair, side: Side::Second }))
    }

    /// Gives the other end of the channel of one who waits at this place, or one of a new channel that waits there. Nobody
    /// has the other end then, which shows in nothing.
    pub(crate) fn meet(place: &mut Waiting, lease: Lease) -> Arc<End> {
        match std::mem::take(&mut place.0).upgrade() {
            Some(pair) => Arc::new(End { pair, side: Side::Second }),
            None => {
                let state = Mutex::default();
                let pair = Arc::new(Pair { state, in_transit: Default::default(), _lease: Some(lease) });
                place.0 = Arc::downgrade(&pair);
                Arc::new(End { pair, side: Side::First })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.pair.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn in_transit(&self) -> &AtomicU32 {
        &self.pair.in_transit[index(self.side)]
    }

    /// Sends a message. Its objects leave the sender only if it is sent.
    ///
    /// # Errors
    /// With the message: as [`channel::Channel::send`]; [`Error::Argument`] for an end that would be sent to itself,
    /// [`Error::Busy`] for an end that would be sent to one which nobody has received yet.
    pub(crate) fn send(&self, message: Message) -> Result<(), (Error, Message)> {
        let carries_ends = message.objects.iter().any(|(object, _)| matches!(object, Object::Channel(_)));
        let _packing = carries_ends.then(|| PACKING.lock().unwrap_or_else(PoisonError::into_inner));
        if carries_ends && let Err(error) = self.may_carry(&message) {
            return Err((error, message));
        }
        let mut state = self.lock();
        // What cannot be sent is not packed.
        if let Err(error) = state.channel.admits(self.side, message.bytes.len(), message.objects.len()) {
            return Err((error, message));
        }
        let objects = message.objects.into_iter().map(|(object, rights)| (Carried::pack(object), rights));
        let packed = channel::Message { bytes: message.bytes, objects: objects.collect() };
        if let Err((error, packed)) = state.channel.send(self.side, packed) {
            return Err((error, unpacked(packed)));
        }
        state.bells[index(self.side.peer())].ring();
        Ok(())
    }

    /// Sends a message without objects.
    ///
    /// # Errors
    /// As [`End::send`].
    pub(crate) fn send_bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut state = self.lock();
        state.channel.admits(self.side, bytes.len(), 0)?;
        let mut own = std::mem::take(&mut state.spare);
        own.extend_from_slice(bytes);
        let message = channel::Message { bytes: own, objects: Vec::new() };
        state.channel.send(self.side, message).map_err(|(error, _)| error)?;
        state.bells[index(self.side.peer())].ring();
        Ok(())
    }

    /// An end in a message keeps alive what waits to be received from it. If nobody holds the end that the message waits
    /// at, and it lies in turn in a message of the first, nobody will ever receive either.
    fn may_carry(&self, message: &Message) -> Result<(), Error> {
        let receiver = (&self.pair, self.side.peer());
        let is_receiver = |object: &Object| match object {
            Object::Channel(end) => Arc::ptr_eq(&end.pair, receiver.0) && end.side == receiver.1,
            _ => false,
        };
        match () {
            () if message.objects.iter().any(|(object, _)| is_receiver(object)) => Err(Error::Argument),
            () if self.pair.in_transit[index(receiver.1)].load(SeqCst) > 0 => Err(Error::Busy),
            () => Ok(()),
        }
    }

    /// Bytes and objects of the message that waits.
    ///
    /// # Errors
    /// As [`channel::Channel::next`].
    pub(crate) fn next(&self) -> Result<(usize, usize), Error> {
        self.lock().channel.next(self.side).map(|message| (message.bytes.len(), message.objects.len()))
    }

    /// Takes the message that waits, if it has no more than so many bytes and objects.
    ///
    /// # Errors
    /// As [`channel::Channel::next`]; [`Error::Limit`] for a larger one, which stays.
    pub(crate) fn receive(&self, bytes_max: usize, objects_max: usize) -> Result<Message, Error> {
        self.take(&mut self.lock(), bytes_max, objects_max).map(unpacked)
    }

    /// As [`End::receive`]: copies the bytes, and gives how many there were and the objects.
    ///
    /// # Errors
    /// As [`End::receive`].
    pub(crate) fn receive_into(
        &self,
        bytes: &mut [u8],
        objects_max: usize,
    ) -> Result<(usize, Vec<(Object, Rights)>), Error> {
        let mut state = self.lock();
        let mut message = self.take(&mut state, bytes.len(), objects_max)?;
        let length = message.bytes.len();
        bytes[..length].copy_from_slice(&message.bytes);
        if message.bytes.capacity() <= SPARE_BYTES_MAX {
            message.bytes.clear();
            state.spare = std::mem::take(&mut message.bytes);
        }
        drop(state);
        Ok((length, unpacked(message).objects))
    }

    fn take(
        &self,
        state: &mut State,
        bytes_max: usize,
        objects_max: usize,
    ) -> Result<channel::Message<Carried>, Error> {
        let message = state.channel.next(self.side)?;
        if message.bytes.len() > bytes_max || message.objects.len() > objects_max {
            return Err(Error::Limit);
        }
        let message = state.channel.receive(self.side)?;
        // There is room again.
        state.bells[index(self.side.peer())].ring();
        Ok(message)
    }

    /// What it is ready for.
    pub(crate) fn ready(&self) -> u32 {
        self.lock().channel.ready(self.side)
    }

    /// Rings `bell` when that changes.
    pub(crate) fn hang_up(&self, bell: &Arc<Bell>) {
        self.lock().bells[index(self.side)].hang_up(bell);
    }
}

fn unpacked(message: channel::Message<Carried>) -> Message {
    let objects = message.objects.into_iter();
    let objects = objects.filter_map(|(object, rights)| Some((object.unpack()?, rights)));
    Message { bytes: message.bytes, objects: objects.collect() }
}

/// What is dropped on this thread, if something is: what that holds is dropped behind it, not within.
type Dropped = Vec<VecDeque<channel::Message<Carried>>>;

thread_local! {
    static DROPPED: RefCell<Option<Dropped>> = const { RefCell::new(None) };
}

fn drop_flat(messages: VecDeque<channel::Message<Carried>>) {
    if messages.is_empty() {
        return;
    }
    let mut messages = Some(messages);
    let queued = DROPPED.try_with(|dropped| match &mut *dropped.borrow_mut() {
        Some(list) => {
            list.extend(messages.take());
            true
        }
        none => {
            *none = Some(Vec::new());
            false
        }
    });
    if queued != Ok(false) {
        return;
    }
    while let Some(next) = messages.take() {
        drop(next);
        messages = DROPPED.with_borrow_mut(|dropped| dropped.as_mut().and_then(Vec::pop));
    }
    DROPPED.set(None);
}

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.lock();
        let left = state.channel.close(self.side);
        state.bells.iter_mut().for_each(Bells::ring);
        drop(state);
        drop_flat(left);
    }
}

/// What a context may do with an end that it was given.
pub(crate) const CHANNEL_RIGHTS: Rights = Rights::DUPLICATE
    .union(Rights::TRANSFER)
    .union(Rights::READ)
    .union(Rights::WRITE)
    .union(Rights::WAIT)
    .union(Rights::INSPECT);

#[cfg(test)]
mod tests {
    use super::*;

    fn carrying(ends: impl IntoIterator<Item = Arc<End>>) -> Message {
        let objects = ends.into_iter().map(|end| (Object::Channel(end), CHANNEL_RIGHTS)).collect();
        Message { bytes: Vec::new(), objects }
    }

    fn end(message: Message) -> Arc<End> {
        match message.objects.into_iter().next() {
            Some((Object::Channel(end), _)) => end,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_end_arrives_with_what_waits_in_it() {
        let ((a, b), (c, d)) = (End::pair(None), End::pair(None));
        c.send(Message { bytes: b"inside".to_vec(), objects: Vec::new() }).unwrap();
        a.send(carrying([d])).unwrap();
        let d = end(b.receive(0, 1).unwrap());
        assert_eq!(d.receive(100, 0).unwrap().bytes, b"inside");
        assert_eq!(c.ready(), b8g_core::abi::ready::WRITE);
        drop(d);
        assert_eq!(c.receive(0, 0).unwrap_err(), Error::Closed);
    }

    #[test]
    fn no_end_waits_for_itself() {
        let (a, b) = End::pair(None);
        let (error, message) = a.send(carrying([b])).unwrap_err();
        assert_eq!(error, Error::Argument);
        drop(message);
        assert_eq!(a.ready() & b8g_core::abi::ready::FAILED, b8g_core::abi::ready::FAILED, "it was dropped");
        // Over two and over three channels.
        for length in [2, 3, 10] {
            let pairs: Vec<_> = (0..length).map(|_| End::pair(None)).collect();
            let weak: Vec<Weak<Pair>> = pairs.iter().map(|(a, _)| Arc::downgrade(&a.pair)).collect();
            let (senders, receivers): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let mut refused = 0;
            for (i, receiver) in receivers.into_iter().enumerate() {
                // Into the queue of the next one, round in a circle.
                match senders[(i + 1) % length].send(carrying([receiver])) {
                    Ok(()) => {}
                    Err((error, message)) => {
                        assert_eq!((error, i), (Error::Busy, length - 1));
                        refused += 1;
                        drop(message);
                    }
                }
            }
            assert_eq!(refused, 1);
            drop(senders);
            assert!(weak.iter().all(|pair| pair.strong_count() == 0), "nothing is left of {length}");
        }
    }

    #[test]
    fn a_duplicate_that_is_held_changes_nothing() {
        let ((a, b), (c, d)) = (End::pair(None), End::pair(None));
        let weak = [Arc::downgrade(&a.pair), Arc::downgrade(&c.pair)];
        c.send(carrying([b.clone()])).unwrap();
        assert_eq!(a.send(carrying([d.clone()])).unwrap_err().0, Error::Busy);
        drop(end(d.receive(0, 1).unwrap()));
        a.send(carrying([d])).unwrap();
        drop((a, b, c));
        assert!(weak.iter().all(|pair| pair.strong_count() == 0));
    }

    #[test]
    fn what_lies_within_what_is_dropped_costs_no_stack() {
        let (first, mut receiver) = End::pair(None);
        let weak = Arc::downgrade(&first.pair);
        let mut senders = vec![first];
        for _ in 0..200_000 {
            let (sender, next) = End::pair(None);
            sender.send(carrying([receiver])).unwrap();
            senders.push(sender);
            receiver = next;
        }
        drop(senders);
        drop(receiver);
        assert_eq!(weak.strong_count(), 0);
    }

    #[test]
    fn leases_come_back_when_both_ends_are_gone() {
        let descriptors = crate::object::Allowance::new(1);
        let (a, b) = End::pair(Some(descriptors.lease().unwrap()));
        assert!(descriptors.lease().is_err());
        drop(a);
        assert!(descriptors.lease().is_err());
        drop(b);
        assert!(descriptors.lease().is_ok());
    }
}
