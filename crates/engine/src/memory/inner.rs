//! Memories of modules within a context: pages that are mapped where the module has its memory, and may be mapped once more in the
//! context's own memory. So a context sees such a memory, and nothing is ever copied.
//!
//! Both mappings belong to one store, of which one thing runs at a time: no byte changes while the host looks at it, so the host reads
//! and writes there as everywhere in a guest's memory. The file behind them is as large as a memory can become, and closed at once: no
//! descriptor is kept.

use std::io;
use std::ops::Range;
use std::sync::OnceLock;

use rustix::fs::MemfdFlags;
use rustix::mm::{Advice, MapFlags, MprotectFlags, MremapFlags, ProtFlags};
use wasmtime::LinearMemory;

use super::slot::{RESERVATION_BYTES, Slot};
use super::{GuestMemory, PAGE_BYTES, Residence};

const READ_WRITE: ProtFlags = ProtFlags::READ.union(ProtFlags::WRITE);

/// Where a memory of a module within lies, to be shown elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InnerMemory {
    base: usize,
}

impl InnerMemory {
    /// Where the module has it.
    pub(crate) fn base(self) -> usize {
        self.base
    }

    /// Maps the memory over `range` of `guest`, which is in a slot of the tenant that `residence` belongs to. What was there is gone.
    ///
    /// # Panics
    /// When the range is not whole pages of the guest's memory.
    ///
    /// # Errors
    /// What the system says; nobody knows what is there then: the tenant must not run any more.
    ///
    /// # Safety
    /// The memory is there, and has as many bytes as the range.
    pub(crate) unsafe fn show(
        self,
        guest: &mut GuestMemory<'_>,
        residence: &Residence,
        range: &Range<usize>,
    ) -> io::Result<()> {
        check(guest, range);
        residence.open_window();
        // SAFETY: the range is whole accessible pages of a memory that no code uses now, as `guest` is borrowed alone. Its pages can be
        // read and written as before: they are those of the memory, which the caller says has them. The slot is unmapped after this
        // tenant, see `Residence::has_window`. To move 0 bytes of a shared mapping is to map it once more.
        let mapped = unsafe {
            let at = guest.base().add(range.start).cast();
            rustix::mm::mremap_fixed(self.base as *mut _, 0, range.len(), MremapFlags::MAYMOVE, at)
        };
        mapped.map(|_| ()).map_err(io::Error::from)
    }
}

/// Puts zeroes over `range` of `guest`, where something was shown.
///
/// # Panics
/// As [`InnerMemory::show`].
///
/// # Errors
/// As [`InnerMemory::show`].
pub(crate) fn hide(guest: &mut GuestMemory<'_>, range: &Range<usize>) -> io::Result<()> {
    check(guest, range);
    let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
    // SAFETY: as in `show`; the pages are the slot's own again.
    let mapped = unsafe {
        let at = guest.base().add(range.start).cast();
        rustix::mm::mmap_anonymous(at, range.len(), READ_WRITE, flags)
    };
    mapped.map(|_| ()).map_err(io::Error::from)
}

fn check(guest: &GuestMemory<'_>, range: &Range<usize>) {
    let whole = |n: usize| n.is_multiple_of(PAGE_BYTES);
    assert!(whole(range.start) && whole(range.end) && range.start < range.end && range.end <= guest.len());
}

/// The memory as wasmtime has it.
pub(super) struct Mapped {
    slot: Slot,
    len: usize,
}

impl Mapped {
    /// Makes a memory of zeroes.
    pub(super) fn new(len: usize) -> io::Result<Mapped> {
        let file = rustix::fs::memfd_create("b8g-inner", MemfdFlags::CLOEXEC)?;
        // Pages come when they are touched.
        rustix::fs::ftruncate(&file, RESERVATION_BYTES as u64)?;
        let slot = Slot::reserve()?;
        let flags = MapFlags::SHARED | MapFlags::FIXED | MapFlags::NORESERVE;
        // SAFETY: the range is this slot's own reservation, which nobody uses yet; nothing of it is accessible.
        unsafe {
            rustix::mm::mmap(slot.base().cast(), RESERVATION_BYTES, ProtFlags::empty(), flags, &file, 0)?;
        }
        let mut made = Mapped { slot, len: 0 };
        made.grow(len)?;
        Ok(made)
    }

    pub(super) fn shown(&self) -> InnerMemory {
        InnerMemory { base: self.slot.base() as usize }
    }

    fn grow(&mut self, len: usize) -> io::Result<()> {
        let (from, to) = (self.len.next_multiple_of(PAGE_BYTES), len.next_multiple_of(PAGE_BYTES));
        if to > RESERVATION_BYTES {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        if to > from {
            // SAFETY: the range lies within this slot's own reservation, behind what is accessible already; the file has it all.
            unsafe {
                let at = self.slot.base().add(from).cast();
                rustix::mm::mprotect(at, to - from, MprotectFlags::READ | MprotectFlags::WRITE)?;
                if counts_strictly() {
                    rustix::mm::madvise(at, to - from, Advice::LinuxPopulateWrite)?;
                }
            }
        }
        self.len = len;
        Ok(())
    }
}

/// Where the system counts strictly what it has promised, a page of a file that it has no room for would end the process when it is touched:
/// there all of them are touched at once, in a way that tells.
fn counts_strictly() -> bool {
    static STRICT: OnceLock<bool> = OnceLock::new();
    *STRICT.get_or_init(|| {
        std::fs::read_to_string("/proc/sys/vm/overcommit_memory").is_ok_and(|text| text.trim() == "2")
    })
}

// SAFETY: the base never moves; `byte_size` bytes from it are accessible; the rest of the reservation is not.
unsafe impl LinearMemory for Mapped {
    fn byte_size(&self) -> usize {
        self.len
    }

    fn byte_capacity(&self) -> usize {
        RESERVATION_BYTES
    }

    fn grow_to(&mut self, len: usize) -> wasmtime::Result<()> {
        self.grow(len).map_err(wasmtime::Error::from)
    }

    fn as_ptr(&self) -> *mut u8 {
        self.slot.base()
    }
}

// SAFETY: a memory is changed through `&mut` only (`grow_to`); wasmtime synchronises everything else.
unsafe impl Sync for Mapped {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Windows;

    #[test]
    fn what_one_side_writes_the_other_reads() {
        let mut inner = Mapped::new(2 * PAGE_BYTES).unwrap();
        inner.grow_to(3 * PAGE_BYTES).unwrap();
        let mut slot = Slot::reserve().unwrap();
        slot.fill(None, 8 * PAGE_BYTES).unwrap();
        // SAFETY: the slot has so many bytes, and nobody else uses them.
        let bytes = unsafe { std::slice::from_raw_parts_mut(slot.base(), 8 * PAGE_BYTES) };
        let mut guest = GuestMemory::new(bytes, &Windows::default());
        let (residence, range) = (Residence::default(), 2 * PAGE_BYTES..5 * PAGE_BYTES);
        guest.get_mut((2 * PAGE_BYTES, 4)).unwrap().fill(9);
        // SAFETY: the memory has three pages.
        unsafe { inner.shown().show(&mut guest, &residence, &range) }.unwrap();
        assert!(residence.has_window());
        // SAFETY: the memory has three pages.
        let module = unsafe { std::slice::from_raw_parts_mut(inner.as_ptr(), 3 * PAGE_BYTES) };
        assert!(module.iter().all(|byte| *byte == 0));
        guest.get_mut((4 * PAGE_BYTES + 5, 3)).unwrap().copy_from_slice(b"abc");
        assert_eq!(&module[2 * PAGE_BYTES + 5..][..3], b"abc");
        module[7] = 77;
        assert_eq!(guest.get((2 * PAGE_BYTES + 7, 1)).unwrap(), [77]);
        hide(&mut guest, &range).unwrap();
        assert!(guest.get((range.start, range.len())).unwrap().iter().all(|byte| *byte == 0));
        assert_eq!(module[7], 77);
    }
}
