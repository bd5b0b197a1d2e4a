//! Counts the page faults of a thread: a tenant that caused none wrote to no page that was not its slot's own already.
//!
//! Asking which pages are private costs as much as a small program runs; asking for this number costs a tenth of that.
//! A page becomes private at a fault of the thread that writes to it, and at no other time: see [`Slot`](super::slot)
//! for what keeps huge pages out. So the number says something where one thread alone ran the tenant, which
//! [`Residence`] knows.
//!
//! Source: getrusage(2), `mm_account_fault` in the kernel's mm/memory.c.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

thread_local! {
    static LAST: Cell<Option<u64>> = const { Cell::new(None) };
    static NUMBER: Cell<u64> = const { Cell::new(0) };
}

/// Faults of this thread until now.
pub(super) fn now() -> Option<u64> {
    // SAFETY: all zeroes is a value of the structure; the kernel fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::getrusage(libc::RUSAGE_THREAD, &mut usage) == 0).then_some(usage)
    };
    let faults = usage.map(|usage| (usage.ru_minflt as u64).wrapping_add(usage.ru_majflt as u64));
    LAST.set(faults);
    faults
}

/// What [`now`] answered last on this thread: this many or more have happened.
pub(super) fn at_least() -> Option<u64> {
    LAST.get().or_else(now)
}

/// What decides about a tenant's slots at its end: on which thread it ran, and whether it had a window.
#[derive(Debug, Default)]
pub(crate) struct Residence {
    thread: AtomicU64,
    window: AtomicBool,
}

/// More than one.
const SEVERAL: u64 = u64::MAX;

impl Residence {
    /// To be said before anything of the tenant runs, or is written to its memory.
    pub(crate) fn here(&self) {
        let here = thread_number();
        let before = self.thread.load(Ordering::Relaxed);
        if before != here {
            self.thread.store(if before == 0 { here } else { SEVERAL }, Ordering::Relaxed);
        }
    }

    /// Nothing ran anywhere else than on this thread.
    pub(super) fn only_here(&self) -> bool {
        self.thread.load(Ordering::Relaxed) == thread_number()
    }

    /// To be said before a window is mapped in one of the tenant's slots.
    pub(super) fn open_window(&self) {
        self.window.store(true, Ordering::Relaxed);
    }

    /// A slot of the tenant may show memory that others write to.
    pub(super) fn has_window(&self) -> bool {
        self.window.load(Ordering::Relaxed)
    }
}

/// A number that no other thread ever has; not 0.
fn thread_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    match NUMBER.get() {
        0 => {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            NUMBER.set(number);
            number
        }
        number => number,
    }
}

#[cfg(test)]
mod tests {
    use super::super::slot::Slot;
    use super::*;

    #[test]
    fn writing_to_a_new_page_is_counted_and_to_an_own_one_is_not() {
        let len = 64 * super::super::PAGE_BYTES;
        let mut slot = Slot::reserve().unwrap();
        slot.fill(None, len).unwrap();
        let write = |at: usize| {
            assert!(at < len);
            // SAFETY: the slot holds `len` accessible bytes, and this thread alone has it.
            unsafe { slot.base().add(at).write_volatile(1) };
        };
        let mut counts: Vec<u64> = Vec::with_capacity(100);
        now();
        for page in 0..60 {
            write(page * super::super::PAGE_BYTES);
            counts.push(now().unwrap());
        }
        // Others than this thread's own could not hide that pages were new, for the count only grows.
        assert!(counts.is_sorted_by(|a, b| a < b), "{counts:?}");
        // The thread may fault for reasons of its own, but not each time.
        assert!((0..100).any(|_| {
            let before = now();
            (0..60).for_each(|page| write(page * super::super::PAGE_BYTES + 8));
            before == now()
        }));
    }

    #[test]
    fn a_thread_knows_what_ran_elsewhere() {
        let residence = Residence::default();
        assert!(!residence.only_here());
        residence.here();
        residence.here();
        assert!(residence.only_here());
        std::thread::scope(|scope| scope.spawn(|| assert!(!residence.only_here())).join().unwrap());
        std::thread::scope(|scope| scope.spawn(|| residence.here()).join().unwrap());
        residence.here();
        assert!(!residence.only_here());
    }
}
