//! Finds where bytes of this program lie in its executable file, so that they can be mapped instead of copied.
//!
//! Source: the ELF specification (program headers), dl_iterate_phdr(3), proc_pid_exe(5).

use std::ffi::{c_int, c_void};
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};

use super::PAGE_BYTES;

/// Opens this program's file and tells at which offset `bytes` lie in it. `None` when they lie somewhere else (in a
/// shared library, say), not at the start of a page, or when there is no way to the file.
pub(super) fn locate(bytes: &'static [u8]) -> Option<(OwnedFd, u64)> {
    let offset = offset_in_program(bytes.as_ptr() as u64, bytes.len() as u64)?;
    if !offset.is_multiple_of(PAGE_BYTES as u64) || bytes.len() < PAGE_BYTES {
        return None;
    }
    let file = rustix::fs::open("/proc/self/exe", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    // A program that a loader started by name is not what that path leads to.
    let same = |at: usize| {
        let mut found = [0; PAGE_BYTES];
        let read = rustix::io::pread(&file, &mut found, offset + at as u64);
        read == Ok(PAGE_BYTES) && found[..] == bytes[at..at + PAGE_BYTES]
    };
    (same(0) && same(bytes.len() - PAGE_BYTES)).then_some((file, offset))
}

/// What the search looks for, and what it found.
struct Search {
    address: u64,
    len: u64,
    offset: Option<u64>,
}

fn offset_in_program(address: u64, len: u64) -> Option<u64> {
    let mut search = Search { address, len, offset: None };
    // SAFETY: `look` gets the pointer to `search` that is passed here, which outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
    search.offset
}

/// Looks at the first object only: it is the program itself.
unsafe extern "C" fn look(info: *mut libc::dl_phdr_info, _size: usize, search: *mut c_void) -> c_int {
    // SAFETY: the C library passes a valid description, and the pointer that `offset_in_program` gave it.
    let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
    // SAFETY: the description says how many headers lie there, and they stay as long as the object is loaded.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    for header in headers {
        let start = info.dlpi_addr.wrapping_add(header.p_vaddr);
        let within = search
            .address
            .checked_sub(start)
            .filter(|within| within.checked_add(search.len).is_some_and(|end| end <= header.p_filesz));
        let constant = header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0;
        if let Some(within) = within.filter(|_| constant) {
            search.offset = header.p_offset.checked_add(within);
        }
    }
    1
}
