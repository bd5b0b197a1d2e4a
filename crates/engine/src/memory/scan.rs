//! Asks the kernel which pages of a mapping a tenant dirtied (PAGEMAP_SCAN, Linux 6.7).
//!
//! Source: the kernel's `include/uapi/linux/fs.h` and Documentation/admin-guide/mm/pagemap.rst.

use std::fs::File;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::sync::OnceLock;

/// A run of dirty pages, as the kernel writes it: addresses and the categories.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PageRun {
    pub(super) start: u64,
    pub(super) end: u64,
    categories: u64,
}

#[repr(C)]
#[derive(Default)]
struct ScanArguments {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

const IS_FILE: u64 = 1 << 2;
const IS_PRESENT: u64 = 1 << 3;
const IS_SWAPPED: u64 = 1 << 4;
const IS_ZERO_PAGE: u64 = 1 << 5;
/// `_IOWR('f', 16, struct pm_scan_arg)`.
const PAGEMAP_SCAN: u64 = 3 << 30 | (size_of::<ScanArguments>() as u64) << 16 | (b'f' as u64) << 8 | 16;

/// Runs that one call asks for: the kernel allocates room for as many.
const RUNS_PER_CALL: usize = 40;
/// Where one call did not do, it asks for so many.
const RUNS_PER_LATER_CALL: usize = 256;

fn pagemap() -> Option<&'static File> {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    FILE.get_or_init(|| File::open("/proc/self/pagemap").ok()).as_ref()
}

/// Finds the private pages in `len` bytes from `base`: those that were written since they were mapped, whether they
/// are present or swapped out. They become the contents of `runs`. Answers whether they could be found: not when the kernel cannot tell or
/// there are more than `pages_max` pages; then the whole mapping must be renewed.
pub(super) fn dirty_runs(base: *const u8, len: usize, pages_max: u64, runs: &mut Vec<PageRun>) -> bool {
    runs.clear();
    let end = base as u64 + len as u64;
    let (mut from, mut pages) = (base as u64, 0);
    while from < end {
        let found = runs.len();
        let room = if found == 0 { RUNS_PER_CALL } else { RUNS_PER_LATER_CALL };
        runs.resize(found + room, PageRun::default());
        // One page more than wanted, so that reaching the bound shows as too many.
        let Some((more, walked)) = scan(from, end, pages_max + 1 - pages, &mut runs[found..]) else {
            return false;
        };
        runs.truncate(found + more);
        pages += runs[found..].iter().map(|r| (r.end - r.start) / super::PAGE_BYTES as u64).sum::<u64>();
        if pages > pages_max || walked <= from {
            return false;
        }
        from = walked;
    }
    true
}

/// One question to the kernel: how many runs it found, and how far it came.
fn scan(from: u64, end: u64, pages_max: u64, room: &mut [PageRun]) -> Option<(usize, u64)> {
    let file = pagemap()?;
    let mut arguments = ScanArguments {
        size: size_of::<ScanArguments>() as u64,
        start: from,
        end,
        vec: room.as_mut_ptr() as u64,
        vec_len: room.len() as u64,
        max_pages: pages_max,
        category_inverted: IS_FILE | IS_ZERO_PAGE,
        category_mask: IS_FILE | IS_ZERO_PAGE,
        category_anyof_mask: IS_PRESENT | IS_SWAPPED,
        return_mask: IS_PRESENT | IS_SWAPPED,
        ..ScanArguments::default()
    };
    // SAFETY: the argument is the structure that this request takes, `vec` has room for `vec_len` entries, and the
    // kernel only reads page tables of the range.
    let more = unsafe { libc::ioctl(file.as_raw_fd(), PAGEMAP_SCAN, &mut arguments) };
    Some((usize::try_from(more).ok()?.min(room.len()), arguments.walk_end))
}

/// Finds which pages of a memory can differ from what it was filled with: ranges of offsets. All of it where the kernel
/// cannot tell.
pub(crate) fn private_pages(memory: &[u8]) -> Vec<Range<usize>> {
    let base = memory.as_ptr() as u64;
    let end = base + memory.len() as u64;
    let mut ranges = Vec::new();
    let mut from = base;
    while from < end {
        let mut runs = [PageRun::default(); RUNS_PER_CALL];
        match scan(from, end, 0, &mut runs) {
            Some((found, walked)) if walked > from => {
                let offset = |address: u64| (address - base) as usize;
                ranges.extend(runs[..found].iter().map(|run| offset(run.start)..offset(run.end)));
                from = walked;
            }
            _ => return std::iter::once(0..memory.len()).collect(),
        }
    }
    ranges
}
