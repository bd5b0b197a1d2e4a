//! Windows: parts of a context's first memory that show a [`SharedMemory`] instead of the slot's own pages.
//!
//! Start reading at [`Windows::open`] and [`Windows::close`]. A slot that ever had a window is unmapped when its tenant ends, never reset:
//! a window's pages are no private ones, so no scan would find them.
//!
//! Never here: a page that cannot be written. Code of wasmtime writes to a memory on a guest's behalf (`memory.fill`,
//! `memory.copy`), and a fault there is no trap but the end of the process.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::inner::hide;
use super::{GuestMemory, PAGE_BYTES, Residence, SharedMemory};
use rustix::mm::{MapFlags, ProtFlags};

/// Places of a memory where windows are, or were, at most; side by side they are one. A page that was one stays a mapping of its own among
/// the pages of an image, and a process has some 65,000 mappings.
const PLACES_MAX: usize = 64;

/// Where the windows of a context are. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows(Option<Arc<List>>);

#[derive(Clone, Debug)]
struct List {
    /// The address of the memory that they are in.
    base: usize,
    /// Offsets in it: sorted, none touches another's bytes.
    ranges: Vec<Range<usize>>,
    were: Places,
}

/// Where something was shown and is not any more: a mapping of its own each. None touches another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Vec<Range<usize>>);

impl Places {
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Tells whether a range is within one of them.
    pub(crate) fn hold(&self, range: &Range<usize>) -> bool {
        self.0.iter().any(|place| place.start <= range.start && range.end <= place.end)
    }

    pub(crate) fn add(&mut self, mut place: Range<usize>) {
        self.0.retain(|were| {
            let touches = were.start <= place.end && place.start <= were.end;
            if touches {
                place = were.start.min(place.start)..were.end.max(place.end);
            }
            !touches
        });
        self.0.push(place);
    }
}

impl Windows {
    /// Tells whether there is one, or was.
    pub(crate) fn ever(&self) -> bool {
        self.0.is_some()
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |list| list.ranges.len())
    }

    /// Tells whether one more may be there.
    pub(crate) fn have_room_for(&self, range: &Range<usize>) -> bool {
        self.0.as_ref().is_none_or(|list| {
            list.ranges.len() < SharedMemory::WINDOWS_MAX
                && (list.were.hold(range) || list.ranges.len() + list.were.count() < PLACES_MAX)
        })
    }

    /// Tells whether a byte of `range` is in a window.
    pub(crate) fn overlap(&self, range: &Range<usize>) -> bool {
        self.0.as_ref().is_some_and(|list| {
            let next = list.ranges.partition_point(|window| window.end <= range.start);
            !range.is_empty() && list.ranges.get(next).is_some_and(|window| window.start < range.end)
        })
    }

    /// Tells whether a window in `memory` can be added: all are in one memory.
    pub(crate) fn may_be_in(&self, memory: &GuestMemory<'_>) -> bool {
        self.is_in(memory.base())
    }

    /// As [`Windows::may_be_in`], of the memory at `base`.
    pub(crate) fn is_in(&self, base: *const u8) -> bool {
        self.0.as_ref().is_none_or(|list| list.base == base as usize)
    }

    /// The windows that are in the memory at `base`.
    pub(super) fn within(&self, base: *const u8) -> Windows {
        Windows(self.0.as_ref().filter(|list| list.base == base as usize).cloned())
    }

    /// Maps what `shared` has at `offset` over `range` of `memory`, which is in a slot of the tenant that `residence`
    /// belongs to. What was there is gone.
    ///
    /// # Panics
    /// When the range is not whole pages of the memory, or overlaps another window.
    ///
    /// # Errors
    /// What the system says. The window counts as open then, for nobody knows what is there: the tenant must not run any
    /// more.
    pub(crate) fn open(
        &mut self,
        memory: &mut GuestMemory<'_>,
        residence: &Residence,
        range: Range<usize>,
        shared: &SharedMemory,
        offset: u64,
    ) -> io::Result<()> {
        let whole = |n: usize| n.is_multiple_of(PAGE_BYTES);
        assert!(whole(range.start) && whole(range.end) && range.start < range.end);
        assert!(range.end <= memory.len() && !self.overlap(&range) && self.may_be_in(memory));
        let base = memory.base();
        // Both before anything can be mapped.
        residence.open_window();
        self.note(base as usize, range.clone());
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::SHARED | MapFlags::FIXED;
        // SAFETY: the range is whole accessible pages of a memory that no code uses now, as `memory` is borrowed alone,
        // and of which the host makes no slice from here on (`GuestMemory` is made with the list). Its pages can be read and
        // written as before; the file behind them has them all and cannot lose them. The slot is unmapped after this
        // tenant, see `Residence::has_window`.
        let mapped = unsafe {
            let at = base.add(range.start).cast();
            rustix::mm::mmap(at, range.len(), protection, flags, shared.fd(), offset)
        };
        mapped.map(|_| ()).map_err(io::Error::from)
    }

    /// Puts zeroes where the window `range` of `memory` is, which is the tenant's own again.
    ///
    /// # Panics
    /// When that is no window, or one of another memory.
    ///
    /// # Errors
    /// What the system says. The window counts as open then, as in [`Windows::open`].
    pub(crate) fn close(&mut self, memory: &mut GuestMemory<'_>, range: &Range<usize>) -> io::Result<()> {
        assert!(self.may_be_in(memory));
        let list = Arc::make_mut(self.0.as_mut().expect("a window that is closed is there"));
        let at = list.ranges.iter().position(|window| window == range).expect("it is a window");
        hide(memory, range)?;
        list.were.add(list.ranges.remove(at));
        Ok(())
    }

    fn note(&mut self, base: usize, range: Range<usize>) {
        let list = self
            .0
            .get_or_insert_with(|| Arc::new(List { base, ranges: Vec::new(), were: Places::default() }));
        debug_assert_eq!(list.base, base);
        let list = Arc::make_mut(list);
        let at = list.ranges.partition_point(|window| window.end <= range.start);
        list.ranges.insert(at, range);
    }

    /// Windows where nothing is mapped, in the memory at `base`.
    #[cfg(test)]
    pub(super) fn pretended(base: *const u8, ranges: impl IntoIterator<Item = Range<usize>>) -> Windows {
        let mut windows = Windows::default();
        ranges.into_iter().for_each(|range| windows.note(base as usize, range));
        windows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_touches_a_window_is_found() {
        let base = std::ptr::null();
        let windows = Windows::pretended(base, [40..50, 10..20, 20..30]);
        assert_eq!(windows.count(), 3);
        for at in 0..60 {
            for end in at..60 {
                let wanted = (at..end).any(|i| (10..30).contains(&i) || (40..50).contains(&i));
                assert_eq!(windows.overlap(&(at..end)), wanted, "{at}..{end}");
            }
        }
        assert!(!Windows::default().overlap(&(0..usize::MAX)));
    }

    #[test]
    fn windows_belong_to_one_memory() {
        let (here, there) = ([0u8; 1], [0u8; 1]);
        let windows = Windows::pretended(here.as_ptr(), [10..20, 30..40]);
        assert_eq!(windows.within(here.as_ptr()).count(), 2);
        assert!(!windows.within(there.as_ptr()).ever());
    }
}
