//! Events: bits that contexts set and clear, and can wait for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use b8g_core::abi::ready;
use b8g_core::{Error, Rights};

use super::Lease;
use super::bell::{Bell, Bells};

/// What a context may do with an event that it made.
pub(crate) const EVENT_RIGHTS: Rights = Rights::DUPLICATE
    .union(Rights::TRANSFER)
    .union(Rights::READ)
    .union(Rights::WAIT)
    .union(Rights::SIGNAL)
    .union(Rights::INSPECT);

/// 32 bits, and who waits for one of them; and what it counts against the bound of who made it.
#[derive(Debug)]
pub(crate) struct Event {
    state: Mutex<(u32, Bells)>,
    _lease: Lease,
}

impl Event {
    /// Its `lease` is given back when nobody has it any more.
    pub(crate) fn new(bits: u32, lease: Lease) -> Event {
        Event { state: Mutex::new((bits, Bells::default())), _lease: lease }
    }

    fn lock(&self) -> MutexGuard<'_, (u32, Bells)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Clears some bits, then sets some; gives those that were set before.
    pub(crate) fn signal(&self, clear: u32, set: u32) -> u32 {
        let (bits, bells) = &mut *self.lock();
        let before = *bits;
        *bits = before & !clear | set;
        if *bits != 0 {
            bells.ring();
        }
        before
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> Result<i64, Error> {
        into.get_mut(..4).ok_or(Error::Argument)?.copy_from_slice(&self.lock().0.to_le_bytes());
        Ok(4)
    }

    /// What it is ready for.
    pub(crate) fn ready(&self) -> u32 {
        if self.lock().0 == 0 { 0 } else { ready::READ }
    }

    /// Rings `bell` when a bit is set.
    pub(crate) fn hang_up(&self, bell: &Arc<Bell>) {
        self.lock().1.hang_up(bell);
    }
}
