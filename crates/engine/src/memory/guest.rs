//! A guest's memory as the host may touch it: everything but its windows.
//!
//! Invariant: nothing is read or written through a slice of bytes that others can change. So what was checked is what
//! is used, and a guest that passes a pointer into a window is told that it leaves the memory.

use std::marker::PhantomData;
use std::ops::Range;
use std::ptr::NonNull;

use super::window::Windows;

/// The bytes of a memory, for the time of one call of the host.
#[derive(Debug)]
pub(crate) struct GuestMemory<'m> {
    base: NonNull<u8>,
    len: usize,
    windows: Windows,
    memory: PhantomData<&'m mut [u8]>,
}

/// Where bytes are in a memory: offset and length.
pub(crate) type Span = (usize, usize);

impl<'m> GuestMemory<'m> {
    /// Takes the place of `bytes`, which wasmtime gives for the whole memory: it ends here, before anything is read or
    /// written through it. What `GuestMemory` gives lies beside those `windows` that are in it.
    pub(crate) fn new(bytes: &'m mut [u8], windows: &Windows) -> GuestMemory<'m> {
        let windows = windows.within(bytes.as_ptr());
        let len = bytes.len();
        GuestMemory { base: NonNull::from(bytes).cast(), len, windows, memory: PhantomData }
    }

    /// All of it, for somebody else.
    pub(crate) fn whole(&mut self) -> GuestMemory<'_> {
        GuestMemory { base: self.base, len: self.len, windows: self.windows.clone(), memory: PhantomData }
    }

    /// Bytes of the memory.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Where it begins. Only for a window to be mapped there: reading and writing is what the slices are for.
    pub(super) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// The range, when all of it is in the memory and none of it in a window.
    fn reach(&self, (at, len): Span) -> Option<Range<usize>> {
        let end = at.checked_add(len).filter(|end| *end <= self.len)?;
        (!self.windows.ever() || !self.windows.overlap(&(at..end))).then_some(at..end)
    }

    /// Some bytes; `None` when they leave the memory or touch a window.
    pub(crate) fn get(&self, span: Span) -> Option<&[u8]> {
        let range = self.reach(span)?;
        // SAFETY: the range is in the memory, which is borrowed alone for 'm, and in no window; `self` is borrowed as
        // long as the slice.
        Some(unsafe { std::slice::from_raw_parts(self.base.as_ptr().add(range.start), range.len()) })
    }

    /// As [`GuestMemory::get`], to be written.
    pub(crate) fn get_mut(&mut self, span: Span) -> Option<&mut [u8]> {
        let range = self.reach(span)?;
        // SAFETY: as in `get`; `self` is borrowed alone as long as the slice.
        Some(unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr().add(range.start), range.len()) })
    }

    /// Two parts to be written: `None` as for [`GuestMemory::get`], and when they overlap.
    pub(crate) fn get_two(&mut self, one: Span, other: Span) -> Option<(&mut [u8], &mut [u8])> {
        let (one, other) = (self.reach(one)?, self.reach(other)?);
        if one.start.max(other.start) < one.end.min(other.end) {
            return None;
        }
        let base = self.base.as_ptr();
        // SAFETY: as in `get_mut`, and no byte is in both.
        Some(unsafe {
            (
                std::slice::from_raw_parts_mut(base.add(one.start), one.len()),
                std::slice::from_raw_parts_mut(base.add(other.start), other.len()),
            )
        })
    }

    /// Some bytes, and others to be written: `None` as for [`GuestMemory::get`], and when they overlap.
    pub(crate) fn get_both(&mut self, from: Span, into: Span) -> Option<(&[u8], &mut [u8])> {
        let (from, into) = (self.reach(from)?, self.reach(into)?);
        if from.start.max(into.start) < from.end.min(into.end) {
            return None;
        }
        let base = self.base.as_ptr();
        // SAFETY: as in `get_mut`, and no byte is in both.
        Some(unsafe {
            (
                std::slice::from_raw_parts(base.add(from.start), from.len()),
                std::slice::from_raw_parts_mut(base.add(into.start), into.len()),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_within_the_memory_and_beside_its_windows() {
        let mut bytes: Vec<u8> = (0..100).collect();
        let windows = Windows::pretended(bytes.as_ptr(), [20..30, 60..80]);
        let mut memory = GuestMemory::new(&mut bytes, &windows);
        for at in 0..110 {
            for len in 0..110 {
                let end = at + len;
                let shared = |i: &usize| (20..30).contains(i) || (60..80).contains(i);
                let wanted = (end <= 100 && !(at..end).any(|i| shared(&i)))
                    .then(|| (at..end).map(|i| i as u8).collect::<Vec<u8>>());
                assert_eq!(memory.get((at, len)), wanted.as_deref(), "{len} at {at}");
                assert_eq!(memory.get_mut((at, len)).map(|b| &*b), wanted.as_deref(), "{len} at {at}");
            }
        }
        assert!(memory.get((usize::MAX, 2)).is_none() && memory.get((2, usize::MAX)).is_none());
    }

    #[test]
    fn what_is_read_and_what_is_written_never_overlap() {
        let mut bytes = [7; 40];
        let windows = Windows::pretended(bytes.as_ptr(), std::iter::once(30..35));
        let mut memory = GuestMemory::new(&mut bytes, &windows);
        let mut both =
            |from: Span, into: Span| memory.get_both(from, into).map(|(from, into)| (from.len(), into.len()));
        assert_eq!(both((0, 10), (10, 20)), Some((10, 20)));
        assert_eq!(both((10, 20), (0, 10)), Some((20, 10)));
        assert_eq!(both((5, 0), (0, 10)), Some((0, 10)));
        assert_eq!(both((0, 10), (9, 1)), None);
        assert_eq!(both((4, 2), (0, 10)), None);
        assert_eq!(both((0, 10), (29, 2)), None);
        assert_eq!(both((34, 2), (0, 10)), None);
        assert_eq!(both((0, 10), (40, 1)), None);
    }

    #[test]
    fn a_window_of_one_memory_is_no_matter_to_another() {
        let (mut here, there) = ([1; 8], [2; 8]);
        let windows = Windows::pretended(there.as_ptr(), std::iter::once(0..8));
        let memory = GuestMemory::new(&mut here, &windows);
        assert_eq!(memory.get((0, 8)), Some(&[1; 8][..]));
    }
}
