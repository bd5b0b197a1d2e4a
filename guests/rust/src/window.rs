//! Windows: parts of this component's memory that others can see and write too.
//!
//! Invariant: no Rust object lies in a window, and no reference into it is ever given out: what is read is a copy. So whoever shares it may
//! write there at any moment, and a check of the copy stays true.

use core::cell::UnsafeCell;
use core::marker::PhantomData;

use crate::abi::{WINDOW_BYTES, op};
use crate::{Error, Handle, Result, call};

/// A window. It closes when it is dropped; its place is kept for later ones.
#[derive(Debug)]
pub struct Window {
    base: *mut u8,
    len: usize,
}

/// A part of a window.
#[derive(Debug)]
pub struct Part<'w> {
    base: *mut u8,
    len: usize,
    window: PhantomData<&'w Window>,
}

impl Window {
    /// Shows `len` bytes of an object from `offset` on in memory that nothing else uses.
    pub(crate) fn open(handle: &Handle, offset: u64, len: usize) -> Result<Window> {
        if !len.is_multiple_of(WINDOW_BYTES as usize) {
            return Err(Error::ARGUMENT);
        }
        let base = match PLACES.take(len) {
            Some(base) => base,
            None => fresh(len)?,
        };
        let arguments = [call::at(base), offset.cast_signed(), len as i64, 0];
        // SAFETY: the pages are for windows: they belong to no Rust object, and never will.
        match unsafe { call::raw(op::MAP, handle.raw(), arguments) } {
            Ok(_) => Ok(Window { base, len }),
            Err(error) => {
                PLACES.keep(base, len);
                Err(error)
            }
        }
    }

    /// All of it.
    pub const fn whole(&self) -> Part<'_> {
        Part { base: self.base, len: self.len, window: PhantomData }
    }

    /// A part of it; `None` if it reaches beyond the end.
    pub fn part(&self, offset: usize, len: usize) -> Option<Part<'_>> {
        if offset.checked_add(len)? > self.len {
            return None;
        }
        Some(Part { base: self.base.wrapping_add(offset), len, window: PhantomData })
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // SAFETY: the pages belong to no Rust object, and every part of the window is gone: it was borrowed.
        if unsafe { call::raw(op::UNMAP, 0, [call::at(self.base), self.len as i64, 0, 0]) }.is_ok() {
            PLACES.keep(self.base, self.len);
        }
    }
}

/// Where windows were: pages that nothing else uses.
struct Places(UnsafeCell<[(*mut u8, usize); PLACES_MAX]>);

/// As many as there can be windows; what exceeds that is never used again.
const PLACES_MAX: usize = 16;

static PLACES: Places = Places(UnsafeCell::new([(core::ptr::null_mut(), 0); PLACES_MAX]));

// SAFETY: a component has one thread.
unsafe impl Sync for Places {}

impl Places {
    /// A place that is large enough, and of those the smallest.
    fn take(&self, len: usize) -> Option<*mut u8> {
        // SAFETY: one thread, and nothing below calls back.
        let places = unsafe { &mut *self.0.get() };
        let fits = places.iter_mut().filter(|(_, bytes)| *bytes >= len && *bytes != 0);
        let (base, bytes) = fits.min_by_key(|(_, bytes)| *bytes)?;
        let taken = *base;
        (*base, *bytes) = (base.wrapping_add(len), *bytes - len);
        Some(taken)
    }

    fn keep(&self, base: *mut u8, len: usize) {
        // SAFETY: as above.
        let places = unsafe { &mut *self.0.get() };
        let end = base.wrapping_add(len);
        let beside = |place: &&mut (*mut u8, usize)| {
            place.1 != 0 && (place.0.wrapping_add(place.1) == base || place.0 == end)
        };
        if let Some(place) = places.iter_mut().find(beside) {
            *place = (place.0.min(base), place.1 + len);
        } else if let Some(free) = places.iter_mut().find(|place| place.1 == 0) {
            *free = (base, len);
        }
    }
}

impl Part<'_> {
    /// Bytes of it.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies bytes out of it, as many as fit; answers how many.
    pub fn read(&self, offset: usize, into: &mut [u8]) -> usize {
        let len = into.len().min(self.len.saturating_sub(offset));
        let from = self.base.wrapping_add(offset);
        let words = if from.addr().is_multiple_of(8) { len / 8 } else { 0 };
        for at in 0..words {
            // SAFETY: within the window, aligned; what lies there may change, which is why it is volatile.
            let word = unsafe { from.cast::<u64>().wrapping_add(at).read_volatile() };
            into[at * 8..at * 8 + 8].copy_from_slice(&word.to_ne_bytes());
        }
        for (at, byte) in into.iter_mut().enumerate().take(len).skip(words * 8) {
            // SAFETY: as above.
            *byte = unsafe { from.wrapping_add(at).read_volatile() };
        }
        len
    }

    /// Copies bytes into it, as many as fit; answers how many.
    pub fn write(&self, offset: usize, from: &[u8]) -> usize {
        let len = from.len().min(self.len.saturating_sub(offset));
        let into = self.base.wrapping_add(offset);
        let words = if into.addr().is_multiple_of(8) { len / 8 } else { 0 };
        for at in 0..words {
            let mut word = [0; 8];
            word.copy_from_slice(&from[at * 8..at * 8 + 8]);
            // SAFETY: within the window, aligned; no Rust object lies there.
            unsafe { into.cast::<u64>().wrapping_add(at).write_volatile(u64::from_ne_bytes(word)) };
        }
        for (at, byte) in from.iter().enumerate().take(len).skip(words * 8) {
            // SAFETY: as above.
            unsafe { into.wrapping_add(at).write_volatile(*byte) };
        }
        len
    }
}

/// Memory that nothing uses: a window takes its place.
#[cfg(target_family = "wasm")]
fn fresh(len: usize) -> Result<*mut u8> {
    const PAGE: usize = 65536;
    match core::arch::wasm32::memory_grow::<0>(len.div_ceil(PAGE)) {
        usize::MAX => Err(Error::NO_MEMORY),
        pages => Ok(core::ptr::without_provenance_mut(pages * PAGE)),
    }
}

#[cfg(not(target_family = "wasm"))]
fn fresh(_len: usize) -> Result<*mut u8> {
    Err(Error::NO_SYSTEM)
}
