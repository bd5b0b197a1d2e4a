//! A heap: blocks of powers of two, each size with a list of those that were given back.
//!
//! Start reading at [`Heap`]. A component has one thread. Invariant: a block is in one list, or somebody's, never both; memory that it did not
//! ask the engine for itself it does not touch.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Blocks { free: [null_mut(); CLASSES], next: 0, end: 0 }));

/// The smallest block: 16 bytes.
const SMALLEST_LOG2: u32 = 4;
/// Sizes from 16 bytes to 2 GiB.
const CLASSES: usize = 28;
const PAGE: usize = 65536;

struct Heap(UnsafeCell<Blocks>);

// SAFETY: a component has one thread.
unsafe impl Sync for Heap {}

struct Blocks {
    free: [*mut Free; CLASSES],
    /// What was asked for and not cut into blocks yet: from `next` to `end`.
    next: usize,
    end: usize,
}

/// A block that was given back.
struct Free {
    following: *mut Free,
}

/// Which size serves a layout: its log2, less that of the smallest.
fn class(layout: Layout) -> Option<usize> {
    let bytes = layout.size().max(layout.align()).max(1 << SMALLEST_LOG2).checked_next_power_of_two()?;
    let class = (bytes.trailing_zeros() - SMALLEST_LOG2) as usize;
    (class < CLASSES).then_some(class)
}

impl Blocks {
    fn take(&mut self, class: usize) -> *mut u8 {
        let block = self.free[class];
        if block.is_null() {
            return self.cut(1 << (class as u32 + SMALLEST_LOG2));
        }
        // SAFETY: a block in a list is whole, and nobody's.
        self.free[class] = unsafe { (*block).following };
        block.cast()
    }

    /// Cuts a block off, aligned to its size.
    fn cut(&mut self, bytes: usize) -> *mut u8 {
        let mut at = self.next.next_multiple_of(bytes.min(PAGE));
        if self.next == 0 || at.checked_add(bytes).is_none_or(|end| end > self.end) {
            let pages = core::arch::wasm32::memory_grow::<0>(bytes.div_ceil(PAGE));
            if pages == usize::MAX {
                return null_mut();
            }
            // What was left over stays unused if another part of memory came between, such as a window.
            at = pages * PAGE;
            self.end = at + bytes.next_multiple_of(PAGE);
        }
        self.next = at + bytes;
        core::ptr::with_exposed_provenance_mut(at)
    }
}

// SAFETY: each block is as large as its class says, aligned to the lesser of that and a page, and handed out once.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // More than a page's alignment is nobody's wish here.
        if layout.align() > PAGE {
            return null_mut();
        }
        // SAFETY: one thread, and nothing below calls back.
        class(layout).map_or(null_mut(), |class| unsafe { (*self.0.get()).take(class) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(class) = class(layout) else { return };
        let block: *mut Free = block.cast();
        // SAFETY: as above; the block was cut for this class, and is nobody's now.
        unsafe {
            let blocks = &mut *self.0.get();
            block.write(Free { following: blocks.free[class] });
            blocks.free[class] = block;
        }
    }
}
