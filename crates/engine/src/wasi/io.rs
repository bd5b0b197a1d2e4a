//! Reading and writing: the functions that programs call most. Nothing here allocates.

use b8g_core::abi::ready;
use b8g_core::{Error, Handle};

use super::fds::Kind;
use super::guest::{Done, Guest, array_bytes, bytes, bytes_mut, count, wait_for};
use super::types::{Errno, flags, rights, u32_at};
use crate::dispatch::{Call, dispatch};
use crate::memory::GuestMemory;
use crate::object::file::TRANSFER_BYTES_MAX;
use crate::state::State;

/// Elements of a scatter/gather list at most, as on Linux.
const VECTORS_MAX: u32 = 1024;
/// Bytes of a scatter/gather list's element.
const VECTOR_BYTES: u32 = 8;
/// Up to so many bytes in several pieces are read or written at once.
const GATHER_BYTES: usize = 4096;

/// A scatter/gather list in the guest's memory.
///
/// A guest may have it overlap what is read into, so each element is read, and checked, when its turn comes.
#[derive(Clone, Copy)]
struct Vectors {
    at: u32,
    count: u32,
}

impl Vectors {
    /// Checks the list and all that it points to; answers its bytes too.
    fn new(memory: &GuestMemory<'_>, at: u32, count: u32) -> Result<(Vectors, u64), Errno> {
        if count > VECTORS_MAX {
            return Err(Errno::INVAL);
        }
        bytes(memory, at, array_bytes(count, VECTOR_BYTES)?)?;
        let vectors = Vectors { at, count };
        let mut total = 0;
        for i in 0..count {
            let (at, len) = vectors.get(memory, i)?;
            bytes(memory, at, len)?;
            total += u64::from(len);
        }
        // The sum is answered in 32 bits.
        if total > u64::from(u32::MAX) { Err(Errno::INVAL) } else { Ok((vectors, total)) }
    }

    fn get(self, memory: &GuestMemory<'_>, i: u32) -> Result<(u32, u32), Errno> {
        // Cannot wrap: the whole list lies within the memory.
        let element = bytes(memory, self.at + i * VECTOR_BYTES, VECTOR_BYTES)?;
        Ok((u32_at(element, 0), u32_at(element, 4)))
    }

    /// The only element that is not empty, or an empty one; `None` when there are several.
    fn single(self, memory: &GuestMemory<'_>) -> Result<Option<(u32, u32)>, Errno> {
        let mut found = None;
        for i in 0..self.count {
            let (at, len) = self.get(memory, i)?;
            if len > 0 && found.replace((at, len)).is_some() {
                return Ok(None);
            }
        }
        Ok(Some(found.unwrap_or((0, 0))))
    }
}

/// What is read from or written to.
#[derive(Clone, Copy)]
struct Target {
    handle: Handle,
    /// Block until something can be done.
    blocks: bool,
    /// Where in the file; `None`: at its own position.
    position: Option<u64>,
}

impl Target {
    fn after(self, done: usize) -> Option<u64> {
        self.position.map(|at| at.saturating_add(done as u64))
    }
}

/// Reads what is there, blocking if there is nothing; `before` are the bytes that were read already.
fn read_some(state: &mut State, target: Target, before: usize, into: &mut [u8]) -> Result<usize, Errno> {
    let mut done = 0;
    loop {
        let position = target.after(before + done);
        match dispatch(state, Call::Read { handle: target.handle, into: &mut into[done..], position }) {
            Ok(n) => {
                let n = count(n)? as usize;
                done += n;
                // As much as one call reads at most: programs count on getting the whole of a file at once.
                if n < TRANSFER_BYTES_MAX || done == into.len() {
                    return Ok(done);
                }
            }
            // What is there already is better than waiting for more.
            Err(Error::Again) if target.blocks && before + done == 0 => {
                wait_for(state, target.handle, ready::READ)?;
            }
            Err(error) if done == 0 => return Err(error.into()),
            Err(_) => return Ok(done),
        }
    }
}

/// Writes until all is written, it would block, or it fails; answers the bytes, or the error when there are none.
fn write_all(state: &mut State, target: Target, before: usize, from: &[u8]) -> Result<usize, Errno> {
    let mut done = 0;
    loop {
        let position = target.after(before + done);
        match dispatch(state, Call::Write { handle: target.handle, from: &from[done..], position }) {
            Ok(0) => return Ok(done),
            Ok(n) => done += count(n)? as usize,
            Err(Error::Again) if target.blocks => wait_for(state, target.handle, ready::WRITE)?,
            // Output is bounded in memory too: that is full then, as a device is.
            Err(Error::Limit) if done == 0 => return Err(Errno::NOSPC),
            Err(error) if done == 0 => return Err(error.into()),
            Err(_) => return Ok(done),
        }
        if done >= from.len() {
            return Ok(done);
        }
    }
}

fn read_vectors(guest: &mut Guest<'_>, target: Target, at: u32, count: u32) -> Result<u32, Errno> {
    let (vectors, total) = Vectors::new(&guest.memory, at, count)?;
    if let Some((at, len)) = vectors.single(&guest.memory)? {
        let into = bytes_mut(&mut guest.memory, at, len)?;
        return read_some(guest.state, target, 0, into).map(|n| n as u32);
    }
    if total <= GATHER_BYTES as u64 {
        let mut buffer = [0; GATHER_BYTES];
        let read = read_some(guest.state, target, 0, &mut buffer[..total as usize])?;
        return scatter(&mut guest.memory, vectors, &buffer[..read]);
    }
    let mut done = 0;
    for i in 0..vectors.count {
        let (at, len) = vectors.get(&guest.memory, i)?;
        let into = bytes_mut(&mut guest.memory, at, len)?;
        if into.is_empty() {
            continue;
        }
        match read_some(guest.state, target, done, into) {
            Ok(n) => {
                done += n;
                if n < len as usize {
                    break;
                }
            }
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(done as u32)
}

fn scatter(memory: &mut GuestMemory<'_>, vectors: Vectors, from: &[u8]) -> Result<u32, Errno> {
    let mut done = 0;
    for i in 0..vectors.count {
        let (at, len) = vectors.get(memory, i)?;
        let len = (from.len() - done).min(len as usize);
        bytes_mut(memory, at, len as u32)?.copy_from_slice(&from[done..done + len]);
        done += len;
    }
    Ok(done as u32)
}

/// Writes the elements in their order; small neighbours go together.
fn write_vectors(guest: &mut Guest<'_>, target: Target, at: u32, count: u32) -> Result<u32, Errno> {
    let (vectors, _) = Vectors::new(&guest.memory, at, count)?;
    if let Some((at, len)) = vectors.single(&guest.memory)? {
        return write_all(guest.state, target, 0, bytes(&guest.memory, at, len)?).map(|n| n as u32);
    }
    let mut buffer = [0; GATHER_BYTES];
    let (mut done, mut i) = (0, 0);
    while i < vectors.count {
        let mut held = 0;
        let mut large = None;
        while i < vectors.count {
            let (at, len) = vectors.get(&guest.memory, i)?;
            let from = bytes(&guest.memory, at, len)?;
            let Some(room) = buffer.get_mut(held..held + from.len()) else {
                large = Some(from);
                break;
            };
            room.copy_from_slice(from);
            (held, i) = (held + from.len(), i + 1);
        }
        let from = match large {
            Some(large) if held == 0 => {
                i += 1;
                large
            }
            _ => &buffer[..held],
        };
        match write_all(guest.state, target, done, from) {
            Ok(n) => {
                done += n;
                if n < from.len() {
                    break;
                }
            }
            Err(error) if done == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(done as u32)
}

/// Finds what to read from, or write to.
fn target(guest: &Guest<'_>, fd: u32, needed: u64, position: Option<u64>) -> Result<Target, Errno> {
    let fd = guest.fd(fd)?;
    match fd.kind {
        Kind::Directory if needed & rights::FD_READ != 0 => return Err(Errno::ISDIR),
        Kind::Directory => return Err(Errno::BADF),
        Kind::Stream | Kind::Socket if position.is_some() => return Err(Errno::SPIPE),
        _ => fd.holds(needed)?,
    }
    Ok(Target { handle: fd.handle, blocks: fd.flags & flags::FD_NONBLOCK == 0, position })
}

pub(super) fn fd_read(guest: &mut Guest<'_>, fd: u32, vectors: u32, count: u32, read: u32) -> Done {
    let target = target(guest, fd, rights::FD_READ, None)?;
    guest.check(read, 4)?;
    let done = read_vectors(guest, target, vectors, count)?;
    guest.put_u32(read, done)
}

pub(super) fn fd_pread(
    guest: &mut Guest<'_>,
    fd: u32,
    vectors: u32,
    count: u32,
    position: u64,
    read: u32,
) -> Done {
    let target = target(guest, fd, rights::FD_READ | rights::FD_SEEK, Some(position))?;
    guest.check(read, 4)?;
    let done = read_vectors(guest, target, vectors, count)?;
    guest.put_u32(read, done)
}

pub(super) fn fd_write(guest: &mut Guest<'_>, fd: u32, vectors: u32, count: u32, written: u32) -> Done {
    let target = target(guest, fd, rights::FD_WRITE, None)?;
    guest.check(written, 4)?;
    let done = write_vectors(guest, target, vectors, count)?;
    guest.put_u32(written, done)
}

pub(super) fn fd_pwrite(
    guest: &mut Guest<'_>,
    fd: u32,
    vectors: u32,
    count: u32,
    position: u64,
    written: u32,
) -> Done {
    let target = target(guest, fd, rights::FD_WRITE | rights::FD_SEEK, Some(position))?;
    guest.check(written, 4)?;
    let done = write_vectors(guest, target, vectors, count)?;
    guest.put_u32(written, done)
}
