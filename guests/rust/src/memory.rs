//! Memory that several contexts can see.

use crate::abi::op;
use crate::{Handle, Result, Window, call};

/// Shared memory. Its size never changes.
#[derive(Debug)]
pub struct SharedMemory(Handle);

impl SharedMemory {
    /// Makes memory of so many bytes, rounded up to whole pages.
    ///
    /// # Errors
    /// LIMIT, NOMEM.
    pub fn new(bytes: u64) -> Result<SharedMemory> {
        call::plain(op::MEMORY, 0, [bytes.cast_signed(), 0, 0, 0])
            .map(|answer| SharedMemory(Handle::answered(answer)))
    }

    /// Takes a handle for shared memory.
    pub const fn from_handle(handle: Handle) -> SharedMemory {
        SharedMemory(handle)
    }

    /// Its handle, to read and write with a position, or to duplicate it.
    pub const fn handle(&self) -> &Handle {
        &self.0
    }

    /// Its handle, to send it on.
    pub fn into_handle(self) -> Handle {
        self.0
    }

    /// Shows a part of it, whole pages, in this component's own memory.
    ///
    /// # Errors
    /// ARG: no whole pages; RIGHTS; LIMIT: 16 parts are shown already; NOMEM.
    pub fn map(&self, offset: u64, bytes: usize) -> Result<Window> {
        Window::open(&self.0, offset, bytes)
    }
}
