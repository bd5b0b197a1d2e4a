//! Windows through which a context sees memory that it shares with others.
//!
//! Start reading at [`Context::map_shared`]; `memory/window.rs` does it.
//!
//! Never here: a window that a context asks for itself. The embedder alone makes them.

use thiserror::Error;

use crate::context::Context;
use crate::memory::{GuestMemory, SharedMemory};
use crate::outcome::{Outcome, Reason};

/// Why there is no window. The context is as it was before, unless its end is what is told.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MapError {
    /// The context has ended, or ended while it was made ready.
    #[error("the context ended: {0}")]
    Ended(Outcome),
    /// The component has no memory, or none that is its own.
    #[error("the component has no memory that a window could be in")]
    NoMemory,
    /// An address, an offset or a length is not whole pages.
    #[error(
        "{0} is no multiple of {alignment} bytes, as a window's address, offset and length must be",
        alignment = SharedMemory::WINDOW_ALIGNMENT_BYTES
    )]
    Unaligned(u64),
    /// The window would show nothing.
    #[error("a window must show something: its length is 0 bytes")]
    Empty,
    /// The window would reach beyond the memory; let the component grow it before.
    #[error(
        "a window of {length} bytes at {at} leaves the context's memory, which has {memory_bytes} bytes now"
    )]
    OutsideMemory {
        /// Where in the memory, in bytes.
        at: u64,
        /// Bytes of the window.
        length: u64,
        /// Bytes of the memory.
        memory_bytes: u64,
    },
    /// The window would show what is not there.
    #[error("{length} bytes at {offset} leave the shared memory of {shared_bytes} bytes")]
    OutsideShared {
        /// Where in the shared memory, in bytes.
        offset: u64,
        /// Bytes of the window.
        length: u64,
        /// Bytes of the shared memory.
        shared_bytes: u64,
    },
    /// There is a window already.
    #[error("a window of {length} bytes at {at} overlaps another one")]
    Overlap {
        /// Where in the memory, in bytes.
        at: u64,
        /// Bytes of the window.
        length: u64,
    },
    /// The context has as many windows as it may, or had them in as many places.
    #[error(
        "the context has {} windows, which is the most, or had them in too many places",
        SharedMemory::WINDOWS_MAX
    )]
    TooMany,
    /// The system cannot map it. The context has ended: what was there may be gone.
    #[error("the system cannot map the window: {0}")]
    System(#[source] std::io::Error),
}

impl Context {
    /// Lets the context see `length` bytes of `shared`, from `offset` on, at the address `at` of its first memory, from
    /// now until the `Context` is dropped. All three are bytes and multiples of
    /// [`SharedMemory::WINDOW_ALIGNMENT_BYTES`]. What was there is gone. A context that did not begin is made ready first,
    /// as [`Context::initialize`] does.
    ///
    /// - The context may read and write there. There are no read-only windows: code of the host writes to memory on a
    ///   guest's behalf, and would fault.
    /// - Others write at any moment: a component must look at a copy, or use atomic instructions.
    /// - No operation reads from a window or writes to it: a buffer that touches one is FAULT. The component copies.
    /// - A context with a window cannot be frozen or forked.
    /// - Its memory is given back to the system at its end, not kept for a later context: it costs some 60 µs more than
    ///   others.
    ///
    /// # Errors
    /// [`MapError`].
    pub fn map_shared(
        &mut self,
        shared: &SharedMemory,
        at: u64,
        offset: u64,
        length: u64,
    ) -> Result<(), MapError> {
        self.timed(|context| context.map_shared_now(shared, at, offset, length))
    }

    fn map_shared_now(
        &mut self,
        shared: &SharedMemory,
        at: u64,
        offset: u64,
        length: u64,
    ) -> Result<(), MapError> {
        let whole = |n: &u64| n.is_multiple_of(SharedMemory::WINDOW_ALIGNMENT_BYTES);
        if let Some(n) = [at, offset, length].into_iter().find(|n| !whole(n)) {
            return Err(MapError::Unaligned(n));
        }
        if length == 0 {
            return Err(MapError::Empty);
        }
        let shared_bytes = shared.bytes();
        if offset.checked_add(length).is_none_or(|end| end > shared_bytes) {
            return Err(MapError::OutsideShared { offset, length, shared_bytes });
        }
        self.initialize().map_err(MapError::Ended)?;
        let memory = self.first_memory.ok_or(MapError::NoMemory)?;
        let memory_bytes = memory.data_size(&self.store) as u64;
        let end = at.checked_add(length).filter(|end| *end <= memory_bytes);
        let end = end.ok_or(MapError::OutsideMemory { at, length, memory_bytes })?;
        let range = at as usize..end as usize;
        let mut windows = self.store.data().windows.clone();
        if windows.overlap(&range) || !windows.is_in(memory.data_ptr(&self.store)) {
            return Err(MapError::Overlap { at, length });
        }
        if !windows.have_room_for(&range) {
            return Err(MapError::TooMany);
        }
        let (bytes, state) = memory.data_and_store_mut(&mut self.store);
        let mut guest = GuestMemory::new(bytes, &state.windows);
        let opened = windows.open(&mut guest, &state.residence, range, shared, offset);
        state.windows = windows;
        opened.map_err(|error| {
            let message = format!("a window could not be mapped: {error}");
            self.finish(Reason::Trap, Reason::Trap.exit_code(), message);
            MapError::System(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use b8g_core::Limits;

    use super::*;
    use crate::{Component, Config, Engine, Grants, Value};

    #[test]
    fn the_pool_keeps_no_slot_of_a_context_that_had_a_window() {
        let engine = Engine::new(Config::new().code_cache(None)).unwrap();
        let text = r#"(module (memory 2) (data (i32.const 8) "image")
            (func (export "write") (param i32) (i32.store (local.get 0) (i32.const -1))))"#;
        let component = Component::from_wasm(&engine, text.as_bytes()).unwrap();
        let shared = SharedMemory::new(4096).unwrap();
        let tenant = |windows: u64, dirty: i32| {
            let mut context = Context::new(&component, &Grants::none(), Limits::default()).unwrap();
            context.initialize().unwrap();
            (0..windows).for_each(|i| context.map_shared(&shared, i * 8192, 0, 4096).unwrap());
            (0..dirty).for_each(|i| {
                context.call("write", &[Value::I32(i * 4096)]).unwrap();
            });
            drop(context);
            engine.pool().count()
        };
        assert_eq!(tenant(0, 3), 1);
        assert_eq!(tenant(0, 0), 1, "the slot is handed on");
        assert_eq!(tenant(1, 3), 0);
        assert_eq!(tenant(3, 0), 0);
        assert_eq!(tenant(0, 32), 1);
        assert_eq!(tenant(2, 32), 0);
    }

    #[test]
    fn a_context_whose_window_was_refused_leaves_its_slot() {
        let engine = Engine::new(Config::new().code_cache(None)).unwrap();
        let component = Component::from_wasm(&engine, b"(module (memory 1))").unwrap();
        let shared = SharedMemory::new(4096).unwrap();
        let mut context = Context::new(&component, &Grants::none(), Limits::default()).unwrap();
        assert!(context.map_shared(&shared, 65536, 0, 4096).is_err());
        drop(context);
        assert_eq!(engine.pool().count(), 1);
    }
}
