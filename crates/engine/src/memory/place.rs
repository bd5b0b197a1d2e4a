//! Where the memories of a component lie: wasmtime gives nobody access to those that a component does not export.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Where a memory lies that was made while a component became an instance.
#[derive(Debug)]
pub(crate) struct Place {
    base: NonNull<u8>,
    len: AtomicUsize,
}

// SAFETY: this is an address; whoever uses it says why that is sound.
unsafe impl Send for Place {}
// SAFETY: as above.
unsafe impl Sync for Place {}

impl Place {
    /// `None` for no address.
    pub(super) fn new(base: *mut u8, len: usize) -> Option<Place> {
        Some(Place { base: NonNull::new(base)?, len: AtomicUsize::new(len) })
    }

    /// The memory grew.
    pub(super) fn grown(&self, len: usize) {
        self.len.store(len, Relaxed);
    }

    /// Bytes of the memory.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    /// What the memory holds.
    ///
    /// # Safety
    /// The store that it was made for is there as long as the slice, and nothing of it runs meanwhile.
    pub(crate) unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: a memory's base never moves and its bytes can be read as long as its store is there.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.len()) }
    }

    /// As [`Place::bytes`], to be written.
    ///
    /// # Safety
    /// As there; and nobody else reads or writes it meanwhile.
    #[expect(clippy::mut_from_ref, reason = "the memory is not this place's own; the caller sees to it")]
    pub(crate) unsafe fn bytes_mut(&self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and the caller has it alone.
        unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr(), self.len()) }
    }
}
