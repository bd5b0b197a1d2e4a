//! Tasks: what a running call and the one who started it tell each other.
//!
//! A pure state machine of orders and answers; threads, and what stops running code, are the host's affair. Start reading at
//! [`Orders::due`] for the task's side and at [`Orders::snapshot`] for the other one.
//!
//! Invariants: an end is told once and stays; whoever waits for an end or a snapshot hears of it; an order that was given is
//! carried out once, or the task ends.

use alloc::sync::Arc;

use crate::Error;
use crate::abi::ready;
use crate::bell::{Bells, Ring};

/// What a task is told, and what it answers: images `I`, which go on from where it was frozen, and its outcome `O`.
#[derive(Debug)]
pub struct Orders<I, O, B> {
    /// It can be told that it should stop, and be frozen.
    hears: bool,
    cancelled: bool,
    suspended: bool,
    snapshot: Snapshot<I>,
    outcome: Option<O>,
    /// Of those who wait for its end, or for a snapshot.
    bells: Bells<B>,
}

#[derive(Debug)]
enum Snapshot<I> {
    None,
    Wanted,
    /// Made, or impossible.
    Made(Option<I>),
}

/// What a task has to do before it goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// Freeze itself, and tell by [`Orders::made`].
    pub snapshot: bool,
    /// Hear that it should stop.
    pub cancel: bool,
}

/// How a task is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cancel {
    /// It hears of it when it next waits.
    Told,
    /// It cannot hear of it: it is to be killed.
    Kill,
}

impl<I, O, B: Ring> Orders<I, O, B> {
    /// The orders of a task that was not started yet.
    pub fn new(hears: bool) -> Orders<I, O, B> {
        Orders {
            hears,
            cancelled: false,
            suspended: false,
            snapshot: Snapshot::None,
            outcome: None,
            bells: Bells::default(),
        }
    }

    /// Asks it to stop.
    #[must_use]
    pub fn cancel(&mut self) -> Cancel {
        if !self.hears {
            return Cancel::Kill;
        }
        self.cancelled = true;
        Cancel::Told
    }

    /// Lets it not go on, or go on.
    pub fn suspend(&mut self, suspended: bool) {
        self.suspended = suspended;
    }

    /// Tells whether it must not go on.
    pub const fn is_suspended(&self) -> bool {
        self.suspended
    }

    /// Tells whether the task should stop waiting and look what it is told.
    pub const fn are_new(&self) -> bool {
        self.cancelled || self.suspended || matches!(self.snapshot, Snapshot::Wanted)
    }

    /// What it is to do now that nothing of it runs.
    pub fn due(&mut self) -> Due {
        let cancel = core::mem::take(&mut self.cancelled);
        Due { snapshot: matches!(self.snapshot, Snapshot::Wanted), cancel }
    }

    /// It was frozen, or cannot be.
    pub fn made(&mut self, image: Option<I>) {
        self.snapshot = Snapshot::Made(image);
        self.bells.ring();
    }

    /// Gives what it was frozen into, or asks for that: then it is [`Due`].
    ///
    /// # Errors
    /// [`Error::Again`] until that is done, [`Error::Busy`] when it cannot be frozen, [`Error::Closed`] when it has ended.
    pub fn snapshot(&mut self) -> Result<I, Error> {
        if !self.hears {
            return Err(Error::Busy);
        }
        match core::mem::replace(&mut self.snapshot, Snapshot::None) {
            Snapshot::Made(made) => made.ok_or(Error::Busy),
            _ if self.outcome.is_some() => Err(Error::Closed),
            _ => {
                self.snapshot = Snapshot::Wanted;
                Err(Error::Again)
            }
        }
    }

    /// Keeps an image for later, for which there was no room.
    pub fn keep(&mut self, image: I) {
        self.snapshot = Snapshot::Made(Some(image));
    }

    /// It has ended. The first time counts.
    pub fn end(&mut self, outcome: O) {
        self.outcome.get_or_insert(outcome);
        self.bells.ring();
    }

    /// How it ended.
    ///
    /// # Errors
    /// [`Error::Again`] while it runs.
    pub fn ended(&self) -> Result<&O, Error> {
        self.outcome.as_ref().ok_or(Error::Again)
    }

    /// What it is ready for, of [`ready`]: READ when it has ended, WRITE when the snapshot that was asked for is made, or will
    /// never be.
    pub const fn ready(&self) -> u32 {
        let ended = if self.outcome.is_some() { ready::READ | ready::WRITE } else { 0 };
        ended | if matches!(self.snapshot, Snapshot::Made(_)) { ready::WRITE } else { 0 }
    }

    /// Rings `bell` when that changes.
    pub fn hang_up(&mut self, bell: &Arc<B>) {
        self.bells.hang_up(bell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bell::Silent;

    type Task = Orders<&'static str, u32, Silent>;

    #[test]
    fn orders_are_carried_out_once() {
        let mut orders = Task::new(true);
        assert!(!orders.are_new());
        assert_eq!((orders.cancel(), orders.are_new()), (Cancel::Told, true));
        assert_eq!(orders.due(), Due { snapshot: false, cancel: true });
        assert_eq!((orders.due(), orders.are_new()), (Due { snapshot: false, cancel: false }, false));
        orders.suspend(true);
        assert!(orders.is_suspended() && orders.are_new());
        orders.suspend(false);
        assert!(!orders.are_new());
        assert_eq!(Task::new(false).cancel(), Cancel::Kill);
        assert_eq!(Task::new(false).snapshot(), Err(Error::Busy));
    }

    #[test]
    fn a_snapshot_is_given_once_even_after_the_end() {
        let mut orders = Task::new(true);
        assert_eq!([orders.snapshot(), orders.snapshot()], [Err(Error::Again); 2]);
        assert!(orders.due().snapshot && orders.ready() == 0);
        orders.made(Some("image"));
        assert!(!orders.due().snapshot && orders.ready() == ready::WRITE);
        orders.end(1);
        orders.end(2);
        assert_eq!((orders.snapshot(), orders.snapshot()), (Ok("image"), Err(Error::Closed)));
        orders.keep("image");
        assert_eq!((orders.snapshot(), orders.ended()), (Ok("image"), Ok(&1)));
        let mut orders = Task::new(true);
        assert_eq!((orders.snapshot(), orders.ended()), (Err(Error::Again), Err(Error::Again)));
        orders.made(None);
        assert_eq!(orders.snapshot(), Err(Error::Busy));
    }
}
