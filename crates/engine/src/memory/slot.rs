//! One reservation of address space that holds a memory: filled from an image, grown, reset.
//!
//! Layout: `accessible` bytes that can be read and written, then nothing up to the end of the reservation, so that
//! no bounds check is needed for 32-bit addresses.
//!
//! A slot's private pages stay its own when it is reset: they are copied back, not given away. So their list is right
//! until a fault makes another page private. That huge pages arise in the background, without a fault, is switched off
//! in slots that rely on it.

use std::io;
use std::ptr::NonNull;
use std::sync::Arc;

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};

use super::scan::{self, PageRun};
use super::{HeapImage, PAGE_BYTES};

/// Address space that every slot reserves for a memory: what a 32-bit address can reach.
pub(super) const RESERVATION_BYTES: usize = 4 << 30;
/// Address space behind it that is never mapped: what a static offset can add.
pub(super) const GUARD_BYTES: usize = 32 << 20;
/// A tenant that dirtied more than this is not worth copying back; a slot that waits keeps as many pages.
const COPY_BACK_PAGES_MAX: u64 = 2048;
/// Memories that begin with more than this beside their image are better off with huge pages.
const SMALL_PAGES_BYTES_MAX: usize = 16 << 20;

/// A mapping that a memory lives in. It owns its address space.
#[derive(Debug)]
pub(super) struct Slot {
    base: NonNull<u8>,
    image: Option<Arc<HeapImage>>,
    /// Bytes from `base` that can be read and written; a multiple of the page size.
    accessible: usize,
    /// No page that is accessible since `fill` can become private without a fault.
    small_pages: bool,
    /// The private pages when it was reset last, if they are known.
    private: Option<Vec<PageRun>>,
}

// SAFETY: a slot owns its mapping alone; whoever has the slot may use it from any thread.
unsafe impl Send for Slot {}

impl Slot {
    /// Reserves address space in which nothing is accessible yet.
    pub(super) fn reserve() -> io::Result<Slot> {
        // SAFETY: a fresh mapping at an address that the kernel chooses.
        let base = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                RESERVATION_BYTES + GUARD_BYTES,
                ProtFlags::empty(),
                MapFlags::PRIVATE | MapFlags::NORESERVE,
            )?
        };
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Slot { base, image: None, accessible: 0, small_pages: false, private: None })
    }

    pub(super) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// The id of the image that it is filled with; 0: none.
    pub(super) fn image_id(&self) -> u64 {
        self.image.as_ref().map_or(0, |image| image.id())
    }

    /// Maps `image`, with zeroes before and behind it up to `len` bytes. Nothing may be accessible yet.
    pub(super) fn fill(&mut self, image: Option<Arc<HeapImage>>, len: usize) -> io::Result<()> {
        debug_assert_eq!(self.accessible, 0);
        if image.as_ref().is_some_and(|image| image.end() > len.next_multiple_of(PAGE_BYTES)) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.grow(len)?;
        self.private = None;
        let imaged = image.as_ref().map_or(0, |image| image.bytes().len());
        self.small_pages = len.saturating_sub(imaged) <= SMALL_PAGES_BYTES_MAX && self.refuse_huge_pages();
        if let Some(image) = &image {
            self.map_image(image)?;
        }
        self.image = image;
        Ok(())
    }

    fn map_image(&self, image: &HeapImage) -> io::Result<()> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
        let (file, offset) = image.file();
        // SAFETY: the range lies within the accessible part of this slot's own reservation, which no memory uses now.
        unsafe {
            let at = self.base().add(image.start());
            let mapped = rustix::mm::mmap(at.cast(), image.bytes().len(), protection, flags, file, offset)?;
            debug_assert_eq!(mapped, at.cast());
        }
        Ok(())
    }

    /// Tells whether huge pages are ruled out in what is accessible.
    fn refuse_huge_pages(&self) -> bool {
        // SAFETY: the range lies within this slot's reservation; the advice does not change what it holds.
        let advised =
            unsafe { rustix::mm::madvise(self.base().cast(), self.accessible, Advice::LinuxNoHugepage) };
        // The kernel answers INVAL when it was built without huge pages.
        matches!(advised, Ok(()) | Err(rustix::io::Errno::INVAL))
    }

    /// Makes the first `len` bytes accessible; new ones are zero.
    pub(super) fn grow(&mut self, len: usize) -> io::Result<()> {
        let len = len.next_multiple_of(PAGE_BYTES);
        if len > RESERVATION_BYTES {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        if len > self.accessible {
            let flags = MprotectFlags::READ | MprotectFlags::WRITE;
            // SAFETY: the range lies within this slot's reservation, behind what is accessible already.
            unsafe {
                let from = self.base().add(self.accessible);
                rustix::mm::mprotect(from.cast(), len - self.accessible, flags)?;
            }
            self.accessible = len;
        }
        Ok(())
    }

    /// Puts the slot back to what [`Slot::fill`] made with `len` bytes. `faultless` says that there was no fault in it
    /// since it was reset last.
    pub(super) fn reset(&mut self, len: usize, faultless: bool) -> io::Result<()> {
        let len = len.next_multiple_of(PAGE_BYTES);
        if self.accessible > len {
            self.forget(len, self.accessible)?;
            self.accessible = len;
        }
        if faultless
            && self.small_pages
            && let Some(private) = &self.private
        {
            private.iter().for_each(|run| self.copy_back(run));
            return Ok(());
        }
        let mut runs = self.private.take().unwrap_or_default();
        if scan::dirty_runs(self.base(), len, COPY_BACK_PAGES_MAX, &mut runs) {
            runs.iter().for_each(|run| self.copy_back(run));
            self.private = Some(runs);
            return Ok(());
        }
        self.forget(0, len)?;
        self.accessible = 0;
        let image = self.image.take();
        self.fill(image, len)
    }

    /// Gives `from..to` back to the system: no longer accessible, its contents gone.
    fn forget(&self, from: usize, to: usize) -> io::Result<()> {
        let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
        // SAFETY: the range lies within this slot's reservation and no memory uses the slot now.
        unsafe {
            let at = self.base().add(from);
            rustix::mm::mmap_anonymous(at.cast(), to - from, ProtFlags::empty(), flags)?;
        }
        Ok(())
    }

    /// Restores one run of pages from the image, or zeroes it where it lies behind the image.
    fn copy_back(&self, run: &PageRun) {
        let from = run.start as usize - self.base() as usize;
        let to = run.end as usize - self.base() as usize;
        debug_assert!(from <= to && to <= self.accessible);
        let (start, image) = self.image.as_ref().map_or((0, &[][..]), |image| (image.start(), image.bytes()));
        let first = start.clamp(from, to);
        let behind = (start + image.len()).clamp(from, to);
        // SAFETY: `from..to` is accessible in this slot, no memory uses the slot now, and the image's bytes are another
        // mapping, so that the ranges cannot overlap. `first..behind` is nothing or lies in the image.
        unsafe {
            std::ptr::write_bytes(self.base().add(from), 0, first - from);
            if behind > first {
                let source = &image[first - start..behind - start];
                std::ptr::copy_nonoverlapping(source.as_ptr(), self.base().add(first), source.len());
            }
            std::ptr::write_bytes(self.base().add(behind), 0, to - behind);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // SAFETY: the reservation is this slot's own and nothing uses it any more.
        let unmapped = unsafe { rustix::mm::munmap(self.base().cast(), RESERVATION_BYTES + GUARD_BYTES) };
        debug_assert!(unmapped.is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(slot: &mut Slot) -> &mut [u8] {
        // SAFETY: the range is accessible, and borrowed as the slot is.
        unsafe { std::slice::from_raw_parts_mut(slot.base(), slot.accessible) }
    }

    fn dirtied_and_reset(image: Option<Arc<HeapImage>>, len: usize, pages: &[usize], grown: usize) -> Slot {
        let mut slot = Slot::reserve().unwrap();
        slot.fill(image, len).unwrap();
        slot.grow(grown).unwrap();
        for page in pages {
            bytes(&mut slot)[page * PAGE_BYTES..(page + 1) * PAGE_BYTES].fill(0xee);
        }
        slot.reset(len, false).unwrap();
        slot
    }

    #[test]
    fn a_reset_slot_holds_the_image_and_zeroes() {
        let contents: Vec<u8> = (0..PAGE_BYTES * 3).map(|i| (i * 7) as u8).collect();
        let start = PAGE_BYTES * 2;
        let image = Arc::new(HeapImage::new([(start, &contents[..])].into_iter()).unwrap());
        let len = PAGE_BYTES * 2000;
        let all: Vec<usize> = (0..2000).collect();
        let every_other: Vec<usize> = (0..2000).step_by(2).collect();
        for pages in [&[0usize, 2, 3, 7][..], &all, &every_other] {
            let mut slot = dirtied_and_reset(Some(image.clone()), len, pages, len * 2);
            assert_eq!(slot.accessible, len);
            let (before, rest) = bytes(&mut slot).split_at(start);
            let (found, behind) = rest.split_at(contents.len());
            assert_eq!(found, &contents[..]);
            assert!(before.iter().chain(behind).all(|b| *b == 0));
        }
    }

    #[test]
    fn without_a_fault_the_pages_that_are_known_are_reset() {
        let contents = [7; PAGE_BYTES * 3];
        let image = Arc::new(HeapImage::new([(PAGE_BYTES, &contents[..])].into_iter()).unwrap());
        let mut slot = dirtied_and_reset(Some(image), PAGE_BYTES * 16, &[0, 2, 9], PAGE_BYTES * 16);
        for _ in 0..3 {
            bytes(&mut slot)[..100].fill(1);
            bytes(&mut slot)[PAGE_BYTES * 2..PAGE_BYTES * 3].fill(2);
            bytes(&mut slot)[PAGE_BYTES * 10 - 1] = 3;
            slot.reset(PAGE_BYTES * 16, true).unwrap();
            assert!(bytes(&mut slot)[..PAGE_BYTES].iter().all(|b| *b == 0));
            assert_eq!(bytes(&mut slot)[PAGE_BYTES..PAGE_BYTES * 4], contents);
            assert!(bytes(&mut slot)[PAGE_BYTES * 4..].iter().all(|b| *b == 0));
        }
        // A slot that was never reset knows nothing: it looks, whatever is said.
        let mut slot = Slot::reserve().unwrap();
        slot.fill(None, PAGE_BYTES * 4).unwrap();
        bytes(&mut slot)[5000] = 1;
        slot.reset(PAGE_BYTES * 4, true).unwrap();
        assert!(bytes(&mut slot).iter().all(|b| *b == 0));
    }

    #[test]
    fn what_was_grown_is_zero_for_the_next_tenant() {
        let len = PAGE_BYTES * 4;
        let mut slot = dirtied_and_reset(None, len, &[0, 3, 4, 9], PAGE_BYTES * 10);
        slot.grow(PAGE_BYTES * 10).unwrap();
        assert!(bytes(&mut slot).iter().all(|b| *b == 0));
    }

    #[test]
    fn the_reservation_bounds_growth() {
        let mut slot = Slot::reserve().unwrap();
        slot.fill(None, 0).unwrap();
        assert!(slot.grow(RESERVATION_BYTES + 1).is_err());
    }
}
