//! Events, as handles see them; [`b8g_core::event`] keeps their bits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use b8g_core::{Error, Rights, event};

use super::Lease;
use super::bell::Bell;

/// What a context may do with an event that it made.
pub(crate) const EVENT_RIGHTS: Rights = Rights::DUPLICATE
    .union(Rights::TRANSFER)
    .union(Rights::READ)
    .union(Rights::WAIT)
    .union(Rights::SIGNAL)
    .union(Rights::INSPECT);

/// An event, and what it counts against the bound of who made it.
#[derive(Debug)]
pub(crate) struct Event {
    state: Mutex<event::Event<Bell>>,
    _lease: Lease,
}

impl Event {
    /// Its `lease` is given back when nobody has it any more.
    pub(crate) fn new(bits: u32, lease: Lease) -> Event {
        Event { state: Mutex::new(event::Event::new(bits)), _lease: lease }
    }

    fn lock(&self) -> MutexGuard<'_, event::Event<Bell>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears some bits, then sets some; gives those that were set before.
    pub(crate) fn signal(&self, clear: u32, set: u32) -> u32 {
        self.lock().signal(clear, set)
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> Result<i64, Error> {
        into.get_mut(..4).ok_or(Error::Argument)?.copy_from_slice(&self.lock().bits().to_le_bytes());
        Ok(4)
    }

    /// What it is ready for.
    pub(crate) fn ready(&self) -> u32 {
        self.lock().ready()
    }

    /// Rings `bell` when a bit is set.
    pub(crate) fn hang_up(&self, bell: &Arc<Bell>) {
        self.lock().hang_up(bell);
    }
}
