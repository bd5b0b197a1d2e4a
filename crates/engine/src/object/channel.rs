//! Channels between contexts, as handles see them.
//!
//! Start reading at [`End::send`]; [`b8g_core::channel`] keeps the messages, [`b8g_core::transit`] says what they can carry.
//!
//! Invariants: what waits at an end that nobody can reach any more is never kept alive; dropping an end, whatever it holds,
//! takes no more of the host's stack than dropping any other.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use b8g_core::channel::{self, BOUNDS, Left, Side};
use b8g_core::transit::{self, Transit};
use b8g_core::{Error, Rights};

use super::bell::Bell;
use super::{Lease, Object};

/// One end of a channel. It closes when the last handle to it is gone.
#[derive(Debug)]
pub(crate) struct End {
    pair: Arc<Pair>,
    side: Side,
    /// Counts against the bound of whoever got it by a key: of each end by itself, so that it does not tell of the other one.
    _lease: Option<Lease>,
}

/// What both ends share.
#[derive(Debug)]
pub(crate) struct Pair {
    state: Mutex<channel::Channel<Object, Bell>>,
    /// Of each end.
    transit: [Transit; 2],
    /// Counts against the bound of whoever made both ends.
    _lease: Option<Lease>,
}

/// A message as a context sends or receives it.
pub(crate) type Message = channel::Message<Object>;

/// Held while ends of channels are put into a message, so that what is found out about them stays true until then.
static PACKING: Mutex<()> = Mutex::new(());

impl Pair {
    /// Two ends that nobody has yet. `lease` is given back when both are gone.
    pub(crate) fn new(lease: Option<Lease>) -> Pair {
        let state = Mutex::new(channel::Channel::new(BOUNDS));
        Pair { state, transit: Default::default(), _lease: lease }
    }

    /// Two ends of which each is somebody's who binds a key.
    pub(crate) fn linked() -> Pair {
        Pair { transit: [Transit::of_link(), Transit::of_link()], ..Pair::new(None) }
    }
}

impl End {
    /// Makes a channel. `lease` is given back when both ends are gone.
    pub(crate) fn pair(lease: Option<Lease>) -> (Arc<End>, Arc<End>) {
        let pair = Arc::new(Pair::new(lease));
        (End::of(pair.clone(), Side::First, None), End::of(pair, Side::Second, None))
    }

    /// An end that nobody has yet. `lease` is given back when it is gone.
    pub(crate) fn of(pair: Arc<Pair>, side: Side, lease: Option<Lease>) -> Arc<End> {
        Arc::new(End { pair, side, _lease: lease })
    }

    fn lock(&self) -> MutexGuard<'_, channel::Channel<Object, Bell>> {
        self.pair.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In how many messages it lies.
    pub(crate) fn transit(&self) -> &Transit {
        &self.pair.transit[self.side.index()]
    }

    /// Sends a message. Its objects leave the sender only if it is sent.
    ///
    /// # Errors
    /// With the message: as [`channel::Channel::send`] and [`transit::may_carry`].
    pub(crate) fn send(&self, message: Message) -> Result<(), (Error, Message)> {
        let has_ends = transit::has_ends(&message.objects);
        let _packing = has_ends.then(|| PACKING.lock().unwrap_or_else(PoisonError::into_inner));
        if has_ends {
            let receiver = &self.pair.transit[self.side.peer().index()];
            if let Err(error) = transit::may_carry(receiver, &message.objects) {
                return Err((error, message));
            }
        }
        self.lock().send(self.side, message)
    }

    /// Sends a message of bytes alone.
    ///
    /// # Errors
    /// As [`channel::Channel::send`].
    pub(crate) fn send_bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        self.lock().send_bytes(self.side, bytes)
    }

    /// Bytes and objects of the message that waits.
    ///
    /// # Errors
    /// As [`channel::Channel::next`].
    pub(crate) fn next(&self) -> Result<(usize, usize), Error> {
        self.lock().next(self.side)
    }

    /// Takes the message that waits, if it has no more than so many bytes and objects.
    ///
    /// # Errors
    /// As [`channel::Channel::receive`].
    pub(crate) fn receive(&self, bytes_max: usize, objects_max: usize) -> Result<Message, Error> {
        self.lock().receive(self.side, bytes_max, objects_max)
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
        self.lock().receive_into(self.side, bytes, objects_max)
    }

    /// What it is ready for.
    pub(crate) fn ready(&self) -> u32 {
        self.lock().ready(self.side)
    }

    /// Rings `bell` when that changes.
    pub(crate) fn hang_up(&self, bell: &Arc<Bell>) {
        self.lock().hang_up(self.side, bell);
    }
}

thread_local! {
    /// What is dropped on this thread, if something is: what that holds is dropped behind it, not within.
    static DROPPED: RefCell<Option<Vec<Left<Object>>>> = const { RefCell::new(None) };
}

fn drop_flat(left: Left<Object>) {
    if left.is_empty() {
        return;
    }
    let mut left = Some(left);
    let queued = DROPPED.try_with(|dropped| match &mut *dropped.borrow_mut() {
        Some(list) => {
            list.extend(left.take());
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
    while let Some(next) = left.take() {
        drop(next);
        left = DROPPED.with_borrow_mut(|dropped| dropped.as_mut().and_then(Vec::pop));
    }
    DROPPED.set(None);
}

impl Drop for End {
    fn drop(&mut self) {
        let left = self.lock().close(self.side);
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
    use std::sync::Weak;

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
