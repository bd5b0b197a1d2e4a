//! Memory that an input takes: counted by an allocator that targets install, and bounded.
//!
//! libFuzzer's own limit sees the process once a second and needs a sanitizer to see single allocations. Invariant: what
//! is counted is what is asked for; each count goes up before the memory is there and down after it is gone.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that any input may take.
const BASE_BYTES: usize = 16 << 20;
/// Bytes that it may take for each of its own.
const FACTOR: usize = 96;

/// Bytes that are allocated.
static NOW: AtomicUsize = AtomicUsize::new(0);
/// The most that were since a check began.
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counted.
#[derive(Debug)]
pub struct Counted;

fn grown(by: usize) {
    let now = NOW.fetch_add(by, Ordering::Relaxed) + by;
    PEAK.fetch_max(now, Ordering::Relaxed);
}

// SAFETY: every call is handed to the system's allocator as it came, whose answers are handed back.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller keeps to the contract of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size.saturating_sub(layout.size()));
        NOW.fetch_sub(layout.size().saturating_sub(size), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) };
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
    }
}

/// Runs a check of an input.
///
/// # Panics
/// If it takes more memory than an input of this length may.
pub fn bounded(input: &[u8], check: fn(&[u8])) {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    check(input);
    let taken = PEAK.load(Ordering::Relaxed).saturating_sub(before);
    let most = BASE_BYTES + FACTOR * input.len();
    assert!(taken <= most, "an input of {} bytes takes {taken} bytes of memory; at most {most}", input.len());
}
