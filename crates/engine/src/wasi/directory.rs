//! Listing a directory.
//!
//! A `dirent` of preview 1 and an entry of the ABI's listing have the same size, so entries are listed right into the
//! guest's buffer and their heads rewritten there.

use b8g_core::abi::Request;
use b8g_core::{Error, Handle};

use super::fds::Listed;
use super::guest::{Done, Guest, bytes_mut, count};
use super::types::{self, DIRENT_BYTES, Errno, rights, u32_at, u64_at};
use crate::dispatch::{Call, dispatch};
use crate::state::State;

/// Room for the largest entry: a name has at most 255 bytes on Linux, and a few file systems allow more.
const ENTRY_BYTES_MAX: usize = DIRENT_BYTES + 1024;
/// Entries are counted in pieces of so many bytes, when a guest wants to go on from a place that is not known.
const COUNT_BYTES: usize = 8192;

/// An entry's head as the ABI lays it out.
struct Entry {
    cookie: u64,
    inode: u64,
    file_type: u32,
    name_len: u32,
}

impl Entry {
    /// Reads the head at the beginning of what a listing wrote; `None` at its end.
    fn read(listing: &[u8]) -> Option<Entry> {
        let head = listing.first_chunk::<DIRENT_BYTES>()?;
        let (file_type, name_len) = (u32_at(head, 16), u32_at(head, 20));
        Some(Entry { cookie: u64_at(head, 0), inode: u64_at(head, 8), file_type, name_len })
    }

    fn bytes(&self) -> usize {
        DIRENT_BYTES + self.name_len as usize
    }

    /// The head as preview 1 lays it out; `next` is the guest's cookie for what comes after it.
    fn dirent(&self, next: u64) -> [u8; DIRENT_BYTES] {
        let mut out = [0; DIRENT_BYTES];
        out[0..8].copy_from_slice(&next.to_le_bytes());
        out[8..16].copy_from_slice(&self.inode.to_le_bytes());
        out[16..20].copy_from_slice(&self.name_len.to_le_bytes());
        out[20] = types::file_type(self.file_type);
        out
    }
}

/// Lists entries from a place on; answers the bytes written, 0 at the end or when not even one entry has room.
fn list(state: &mut State, handle: Handle, cookie: u64, out: &mut [u8]) -> Result<usize, Errno> {
    let call = Call::Control { handle, request: Request::List, input: &[], out, argument: cookie };
    match dispatch(state, call) {
        Ok(n) => Ok(count(n)? as usize),
        Err(Error::Argument) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Finds the place that has `entries` before it; the end, when there are fewer.
fn find(state: &mut State, handle: Handle, known: Listed, entries: u64) -> Result<Option<Listed>, Errno> {
    if entries == 0 {
        return Ok(Some(Listed::default()));
    }
    let mut at = if known.entries <= entries { known } else { Listed::default() };
    let mut buffer = [0; COUNT_BYTES];
    while at.entries < entries {
        let used = list(state, handle, at.cookie, &mut buffer)?;
        if used == 0 {
            return Ok(None);
        }
        let mut rest = &buffer[..used];
        while let Some(entry) = Entry::read(rest).filter(|_| at.entries < entries) {
            at = Listed { entries: at.entries + 1, cookie: entry.cookie };
            rest = rest.get(entry.bytes()..).unwrap_or_default();
        }
    }
    Ok(Some(at))
}

/// Turns a listing into preview 1's form, where it lies; answers the place behind its last entry.
fn rewrite(listing: &mut [u8], mut at: Listed) -> Listed {
    let mut rest = listing;
    while let Some(entry) = Entry::read(rest) {
        at = Listed { entries: at.entries + 1, cookie: entry.cookie };
        rest[..DIRENT_BYTES].copy_from_slice(&entry.dirent(at.entries));
        rest = rest.get_mut(entry.bytes()..).unwrap_or_default();
    }
    at
}

pub(super) fn fd_readdir(
    guest: &mut Guest<'_>,
    fd: u32,
    buffer: u32,
    buffer_len: u32,
    cookie: u64,
    used: u32,
) -> Done {
    let handle = guest.directory(fd, rights::FD_READDIR)?;
    guest.check(used, 4)?;
    guest.check(buffer, buffer_len)?;
    let known = guest.fd(fd)?.listed;
    let Some(start) = find(guest.state, handle, known, cookie)? else { return guest.put_u32(used, 0) };

    let out = bytes_mut(&mut guest.memory, buffer, buffer_len)?;
    let mut filled = list(guest.state, handle, start.cookie, out)?;
    let end = rewrite(&mut out[..filled], start);
    // Whatever room is left gets the beginning of the next entry: a guest takes a buffer that is not full for the end.
    let rest = &mut out[filled..];
    if !rest.is_empty() {
        let mut next = [0; ENTRY_BYTES_MAX];
        let listed = list(guest.state, handle, end.cookie, &mut next)?;
        let bytes = rewrite_first(&mut next[..listed], end);
        let len = bytes.len().min(rest.len());
        rest[..len].copy_from_slice(&bytes[..len]);
        filled += len;
    }
    guest.wasi.fds.get_mut(fd)?.listed = end;
    guest.put_u32(used, filled as u32)
}

/// The first entry of a listing in preview 1's form.
fn rewrite_first(listing: &mut [u8], at: Listed) -> &[u8] {
    let len = Entry::read(listing).map_or(0, |entry| entry.bytes()).min(listing.len());
    rewrite(&mut listing[..len], at);
    &listing[..len]
}
