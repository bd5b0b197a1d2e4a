//! Events: 32 bits that can be waited for.

use crate::abi::op;
use crate::{Handle, Result, call};

/// An event. It is readable while a bit is set.
#[derive(Debug)]
pub struct Event(Handle);

impl Event {
    /// Makes an event with some bits set.
    ///
    /// # Errors
    /// LIMIT: too many handles.
    pub fn new(bits: u32) -> Result<Event> {
        call::plain(op::EVENT, 0, [bits.into(), 0, 0, 0]).map(|answer| Event(Handle::answered(answer)))
    }

    /// Takes a handle for an event.
    pub const fn from_handle(handle: Handle) -> Event {
        Event(handle)
    }

    /// Its handle, to wait for it or to duplicate it.
    pub const fn handle(&self) -> &Handle {
        &self.0
    }

    /// Its handle, to send it on.
    pub fn into_handle(self) -> Handle {
        self.0
    }

    /// Clears some bits, then sets some; answers those that were set before.
    ///
    /// # Errors
    /// RIGHTS: not SIGNAL.
    pub fn signal(&self, clear: u32, set: u32) -> Result<u32> {
        call::plain(op::SIGNAL, self.0.raw(), [clear.into(), set.into(), 0, 0]).map(|bits| bits as u32)
    }

    /// The bits that are set; nothing changes.
    ///
    /// # Errors
    /// RIGHTS: not READ.
    pub fn bits(&self) -> Result<u32> {
        let mut bits = [0; 4];
        self.0.read(&mut bits)?;
        Ok(u32::from_le_bytes(bits))
    }
}
