//! Open descriptors: what they are, where they stand, their size and times, closing and renumbering them.

use b8g_core::abi::{FileType, Request, Stat, open};
use b8g_core::{Error, Handle};

use super::fds::{Fd, Kind};
use super::guest::{Done, Guest};
use super::types::{self, Errno, FDSTAT_BYTES, FILESTAT_BYTES, TYPE_AT, flags, rights};
use crate::dispatch::{Call, dispatch};
use crate::state::State;

/// Asks for something that has no answer but success.
pub(super) fn ask(
    state: &mut State,
    handle: Handle,
    request: Request,
    input: &[u8],
    argument: u64,
) -> Result<i64, Error> {
    dispatch(state, Call::Control { handle, request, input, out: &mut [], argument })
}

/// Asks an open object what it is.
pub(super) fn stat(state: &mut State, handle: Handle) -> Result<[u8; Stat::BYTES], Error> {
    if let Some(stat) = crate::root::stat_of_handle(state, handle) {
        return Ok(stat.to_bytes());
    }
    let mut out = [0; Stat::BYTES];
    let call = Call::Control { handle, request: Request::Stat, input: &[], out: &mut out, argument: 0 };
    dispatch(state, call).map(|_| out)
}

/// Moves a file's position, or asks for it.
pub(super) fn seek(state: &mut State, handle: Handle, offset: i64, whence: u64) -> Result<u64, Errno> {
    let at = ask(state, handle, Request::Seek, &offset.to_le_bytes(), whence)?;
    u64::try_from(at).map_err(|_| Errno::OVERFLOW)
}

/// Turns an offset and a length, or two times, into what requests take.
pub(super) fn pair(first: u64, second: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&first.to_le_bytes());
    bytes[8..].copy_from_slice(&second.to_le_bytes());
    bytes
}

/// Checks which times are to be set: an absolute one and now exclude each other.
pub(super) fn checked_times(which: u32) -> Result<u64, Errno> {
    let both = |a: u32, b: u32| which & (a | b) == a | b;
    let contradicts =
        both(flags::TIMES_ATIME, flags::TIMES_ATIME_NOW) || both(flags::TIMES_MTIME, flags::TIMES_MTIME_NOW);
    // The ABI has the same bits.
    if contradicts || which & !flags::TIMES_ALL != 0 { Err(Errno::INVAL) } else { Ok(u64::from(which)) }
}

/// The flags of `open` that mean the same as preview 1's flags of a descriptor. Nothing distinguishes reads that are
/// synchronised from writes that are, as on Linux.
pub(super) fn open_flags(fd_flags: u32) -> u32 {
    [
        (flags::FD_APPEND, open::APPEND),
        (flags::FD_DSYNC, open::DSYNC),
        (flags::FD_NONBLOCK, open::NONBLOCK),
        (flags::FD_RSYNC, open::SYNC),
        (flags::FD_SYNC, open::SYNC),
    ]
    .iter()
    .filter(|(flag, _)| fd_flags & flag != 0)
    .fold(0, |all, (_, flag)| all | flag)
}

pub(super) fn fd_advise(guest: &mut Guest<'_>, fd: u32, offset: u64, len: u64, advice: u32) -> Done {
    let handle = guest.file(fd, rights::FD_ADVISE, Errno::SPIPE)?;
    ask(guest.state, handle, Request::Advise, &pair(offset, len), u64::from(advice))?;
    Ok(())
}

pub(super) fn fd_allocate(guest: &mut Guest<'_>, fd: u32, offset: u64, len: u64) -> Done {
    let otherwise = if guest.fd(fd)?.kind == Kind::Directory { Errno::ISDIR } else { Errno::SPIPE };
    let handle = guest.file(fd, rights::FD_ALLOCATE, otherwise)?;
    ask(guest.state, handle, Request::Allocate, &pair(offset, len), 0)?;
    Ok(())
}

pub(super) fn fd_close(guest: &mut Guest<'_>, fd: u32) -> Done {
    let closed = guest.wasi.fds.remove(fd)?;
    close(guest.state, &closed)
}

fn close(state: &mut State, fd: &Fd) -> Done {
    dispatch(state, Call::Close { handle: fd.handle })?;
    Ok(())
}

pub(super) fn fd_renumber(guest: &mut Guest<'_>, from: u32, to: u32) -> Done {
    match guest.wasi.fds.renumber(from, to)? {
        Some(replaced) => close(guest.state, &replaced),
        None => Ok(()),
    }
}

pub(super) fn fd_datasync(guest: &mut Guest<'_>, fd: u32) -> Done {
    sync(guest, fd, rights::FD_DATASYNC, 1)
}

pub(super) fn fd_sync(guest: &mut Guest<'_>, fd: u32) -> Done {
    sync(guest, fd, rights::FD_SYNC, 0)
}

fn sync(guest: &mut Guest<'_>, fd: u32, needed: u64, data_only: u64) -> Done {
    let fd = guest.fd(fd)?;
    if matches!(fd.kind, Kind::Stream | Kind::Socket) {
        return Err(Errno::INVAL);
    }
    fd.holds(needed)?;
    let handle = fd.handle;
    ask(guest.state, handle, Request::Sync, &[], data_only)?;
    Ok(())
}

/// The type of a stream: a terminal or nothing special.
///
/// C libraries buffer by lines when it is a character device. A regular file is not told: its size is not either, and a
/// program that believed both would read nothing.
fn stream_type(filestat: &[u8; FILESTAT_BYTES]) -> u8 {
    let terminal = FileType::CharacterDevice as u8;
    if filestat[TYPE_AT] == terminal { terminal } else { FileType::Unknown as u8 }
}

pub(super) fn fd_fdstat_get(guest: &mut Guest<'_>, fd: u32, out: u32) -> Done {
    let fd = guest.fd(fd)?;
    let mut fdstat = [0; FDSTAT_BYTES];
    fdstat[2..4].copy_from_slice(&(fd.flags as u16).to_le_bytes());
    fdstat[8..16].copy_from_slice(&fd.base.to_le_bytes());
    fdstat[16..24].copy_from_slice(&fd.inheriting.to_le_bytes());
    fdstat[0] = match (fd.kind, fd.handle) {
        (Kind::File, _) => FileType::Regular as u8,
        (Kind::Directory, _) => FileType::Directory as u8,
        (Kind::Socket, _) => FileType::SocketStream as u8,
        (Kind::Stream, handle) => stream_type(&types::filestat(&stat(guest.state, handle)?)),
    };
    guest.put(out, &fdstat)
}

pub(super) fn fd_fdstat_set_flags(guest: &mut Guest<'_>, fd: u32, new: u32) -> Done {
    const CHANGEABLE: u32 = flags::FD_APPEND | flags::FD_NONBLOCK;
    let found = guest.fd(fd)?;
    found.holds(rights::FD_FDSTAT_SET_FLAGS)?;
    // How writes are synchronised was chosen when it was opened.
    if (new ^ found.flags) & !CHANGEABLE != 0 {
        return Err(Errno::INVAL);
    }
    let handle = found.handle;
    ask(guest.state, handle, Request::SetFlags, &[], u64::from(open_flags(new)))?;
    guest.wasi.fds.get_mut(fd)?.flags = new;
    Ok(())
}

pub(super) fn fd_fdstat_set_rights(guest: &mut Guest<'_>, fd: u32, base: u64, inheriting: u64) -> Done {
    let fd = guest.wasi.fds.get_mut(fd)?;
    if base & !fd.base != 0 || inheriting & !fd.inheriting != 0 {
        return Err(Errno::NOTCAPABLE);
    }
    (fd.base, fd.inheriting) = (base, inheriting);
    Ok(())
}

pub(super) fn fd_filestat_get(guest: &mut Guest<'_>, fd: u32, out: u32) -> Done {
    let fd = guest.fd(fd)?;
    fd.holds(rights::FD_FILESTAT_GET)?;
    let (kind, handle) = (fd.kind, fd.handle);
    let mut filestat = [0; FILESTAT_BYTES];
    match kind {
        Kind::Socket => filestat[TYPE_AT] = FileType::SocketStream as u8,
        Kind::File | Kind::Directory => filestat = types::filestat(&stat(guest.state, handle)?),
        Kind::Stream => {
            filestat = types::filestat(&stat(guest.state, handle)?);
            filestat[TYPE_AT] = stream_type(&filestat);
        }
    }
    guest.put(out, &filestat)
}

pub(super) fn fd_filestat_set_size(guest: &mut Guest<'_>, fd: u32, size: u64) -> Done {
    let handle = guest.file(fd, rights::FD_FILESTAT_SET_SIZE, Errno::INVAL)?;
    ask(guest.state, handle, Request::SetSize, &[], size)?;
    Ok(())
}

pub(super) fn fd_filestat_set_times(
    guest: &mut Guest<'_>,
    fd: u32,
    atime: u64,
    mtime: u64,
    which: u32,
) -> Done {
    let which = checked_times(which)?;
    let fd = guest.fd(fd)?;
    fd.holds(rights::FD_FILESTAT_SET_TIMES)?;
    let handle = fd.handle;
    ask(guest.state, handle, Request::SetTimes, &pair(atime, mtime), which)?;
    Ok(())
}

/// Finds a file whose position can be moved.
fn seekable(guest: &Guest<'_>, fd: u32, needed: u64) -> Result<Handle, Errno> {
    match guest.fd(fd)?.kind {
        Kind::Stream | Kind::Socket => Err(Errno::SPIPE),
        Kind::Directory => Err(Errno::ISDIR),
        Kind::File => guest.file(fd, needed, Errno::SPIPE),
    }
}

pub(super) fn fd_seek(guest: &mut Guest<'_>, fd: u32, offset: i64, whence: u32, out: u32) -> Done {
    const CURRENT: u32 = 1;
    // The right to seek includes the right to ask where one is.
    let held = guest.fd(fd)?.base;
    let asks = offset == 0 && whence == CURRENT && held & rights::FD_TELL != 0;
    let handle = seekable(guest, fd, if asks { rights::FD_TELL } else { rights::FD_SEEK })?;
    guest.check(out, 8)?;
    let at = seek(guest.state, handle, offset, u64::from(whence))?;
    guest.put_u64(out, at)
}

pub(super) fn fd_tell(guest: &mut Guest<'_>, fd: u32, out: u32) -> Done {
    fd_seek(guest, fd, 0, 1, out)
}

pub(super) fn fd_prestat_get(guest: &mut Guest<'_>, fd: u32, out: u32) -> Done {
    let name = guest.fd(fd)?.preopen.as_ref().ok_or(Errno::BADF)?;
    let len = u32::try_from(name.len()).map_err(|_| Errno::OVERFLOW)?;
    // The tag 0 is a directory, the only one.
    guest.put_u64(out, u64::from(len) << 32)
}

pub(super) fn fd_prestat_dir_name(guest: &mut Guest<'_>, fd: u32, out: u32, room: u32) -> Done {
    let fd = guest.wasi.fds.get(fd)?;
    let name = fd.preopen.as_ref().ok_or(Errno::NOTDIR)?;
    if name.len() > room as usize {
        return Err(Errno::NAMETOOLONG);
    }
    let into = super::guest::bytes_mut(&mut guest.memory, out, name.len() as u32)?;
    into.copy_from_slice(name);
    Ok(())
}
