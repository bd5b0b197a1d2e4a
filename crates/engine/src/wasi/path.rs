//! Functions on paths below a directory. What a path is, and that none leaves its directory, is checked behind the
//! directory's handle; here are only the shapes of preview 1.

use std::borrow::Cow;

use b8g_core::abi::{Kind as ObjectKind, Request, Stat, open, times};
use b8g_core::{Error, Handle, Rights};

use super::fds::{Fd, Kind};
use super::file::{checked_times, open_flags, pair};
use super::guest::{Done, Guest, bytes, bytes_mut, count};
use super::types::{self, Errno, checked_path, flags, rights, u32_at};
use crate::dispatch::{Call, dispatch};
use crate::memory::GuestMemory;
use crate::root;
use crate::state::State;

/// Where a path lies in the guest's memory.
type Span = (u32, u32);

fn path_at<'m>(memory: &'m GuestMemory<'_>, path: Span) -> Result<&'m [u8], Errno> {
    checked_path(bytes(memory, path.0, path.1)?)
}

/// A path below a directory, as requests take it.
fn below<'m>(
    state: &State,
    directory: Handle,
    memory: &'m GuestMemory<'_>,
    path: Span,
) -> Result<Cow<'m, [u8]>, Errno> {
    Ok(root::path_of(state, directory, path_at(memory, path)?))
}

/// Checks the flags of a path's resolution; answers whether a last symbolic link is followed.
fn follows(lookup: u32) -> Result<bool, Errno> {
    if lookup & !flags::LOOKUP_SYMLINK_FOLLOW != 0 { Err(Errno::INVAL) } else { Ok(lookup != 0) }
}

/// Does a request that takes a path and has no answer but success.
fn ask(guest: &mut Guest<'_>, directory: Handle, request: Request, path: Span, argument: u64) -> Done {
    let input = &*below(guest.state, directory, &guest.memory, path)?;
    let call = Call::Control { handle: directory, request, input, out: &mut [], argument };
    dispatch(guest.state, call).map_err(of_place)?;
    Ok(())
}

/// What a request on a place says: only opening tells devices apart, so an object that cannot do it is no directory.
fn of_place(error: Error) -> Errno {
    if error == Error::Type { Errno::NOTDIR } else { Errno::of_path(error) }
}

pub(super) fn path_create_directory(guest: &mut Guest<'_>, fd: u32, path: u32, path_len: u32) -> Done {
    let directory = guest.directory(fd, rights::PATH_CREATE_DIRECTORY)?;
    ask(guest, directory, Request::MakeDir, (path, path_len), 0)
}

pub(super) fn path_unlink_file(guest: &mut Guest<'_>, fd: u32, path: u32, path_len: u32) -> Done {
    const FILE: u64 = 1;
    let directory = guest.directory(fd, rights::PATH_UNLINK_FILE)?;
    ask(guest, directory, Request::Remove, (path, path_len), FILE)
}

pub(super) fn path_remove_directory(guest: &mut Guest<'_>, fd: u32, path: u32, path_len: u32) -> Done {
    const EMPTY_DIRECTORY: u64 = 2;
    let directory = guest.directory(fd, rights::PATH_REMOVE_DIRECTORY)?;
    ask(guest, directory, Request::Remove, (path, path_len), EMPTY_DIRECTORY)
}

pub(super) fn path_filestat_get(
    guest: &mut Guest<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_len: u32,
    out: u32,
) -> Done {
    let handle = guest.directory(fd, rights::PATH_FILESTAT_GET)?;
    let argument = u64::from(!follows(lookup)?);
    let asked = path_at(&guest.memory, (path, path_len))?;
    if let Some(stat) = root::stat_of(guest.state, handle, asked) {
        return guest.put(out, &types::filestat(&stat.to_bytes()));
    }
    if root::is_no_file(guest.state, handle, asked) {
        return Err(Errno::NOENT);
    }
    let input = &*root::path_of(guest.state, handle, asked);
    let mut stat = [0; Stat::BYTES];
    let call = Call::Control { handle, request: Request::PathStat, input, out: &mut stat, argument };
    dispatch(guest.state, call).map_err(of_place)?;
    guest.put(out, &types::filestat(&stat))
}

#[expect(clippy::too_many_arguments, reason = "these are the specification's")]
pub(super) fn path_filestat_set_times(
    guest: &mut Guest<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_len: u32,
    atime: u64,
    mtime: u64,
    which: u32,
) -> Done {
    let handle = guest.directory(fd, rights::PATH_FILESTAT_SET_TIMES)?;
    let nofollow = if follows(lookup)? { 0 } else { times::NOFOLLOW };
    let argument = checked_times(which)? | nofollow;
    let mut input = pair(atime, mtime).to_vec();
    input.extend_from_slice(&below(guest.state, handle, &guest.memory, (path, path_len))?);
    let request = Request::PathSetTimes;
    let call = Call::Control { handle, request, input: &input, out: &mut [], argument };
    dispatch(guest.state, call).map_err(of_place)?;
    Ok(())
}

/// Two paths as requests take them: a NUL between them.
fn joined(first: &[u8], second: &[u8]) -> Vec<u8> {
    [first, b"\0", second].concat()
}

/// Does a request that takes two paths below two directories.
fn ask_both(guest: &mut Guest<'_>, request: Request, from: (Handle, Span), to: (Handle, Span)) -> Done {
    let old = below(guest.state, from.0, &guest.memory, from.1)?;
    let input = joined(&old, &below(guest.state, to.0, &guest.memory, to.1)?);
    let (handle, argument) = (from.0, u64::from(to.0.raw()));
    let call = Call::Control { handle, request, input: &input, out: &mut [], argument };
    dispatch(guest.state, call).map_err(of_place)?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "these are the specification's")]
pub(super) fn path_link(
    guest: &mut Guest<'_>,
    old_fd: u32,
    lookup: u32,
    old_path: u32,
    old_len: u32,
    new_fd: u32,
    new_path: u32,
    new_len: u32,
) -> Done {
    let old = guest.directory(old_fd, rights::PATH_LINK_SOURCE)?;
    let new = guest.directory(new_fd, rights::PATH_LINK_TARGET)?;
    // A link to what a symbolic link points to cannot be made without following it blindly.
    if follows(lookup)? {
        return Err(Errno::INVAL);
    }
    ask_both(guest, Request::Link, (old, (old_path, old_len)), (new, (new_path, new_len)))
}

pub(super) fn path_rename(
    guest: &mut Guest<'_>,
    old_fd: u32,
    old_path: u32,
    old_len: u32,
    new_fd: u32,
    new_path: u32,
    new_len: u32,
) -> Done {
    let old = guest.directory(old_fd, rights::PATH_RENAME_SOURCE)?;
    let new = guest.directory(new_fd, rights::PATH_RENAME_TARGET)?;
    ask_both(guest, Request::Rename, (old, (old_path, old_len)), (new, (new_path, new_len)))
}

pub(super) fn path_symlink(
    guest: &mut Guest<'_>,
    target: u32,
    target_len: u32,
    fd: u32,
    path: u32,
    path_len: u32,
) -> Done {
    let handle = guest.directory(fd, rights::PATH_SYMLINK)?;
    // Where it leads to is a text until somebody follows it.
    let target = path_at(&guest.memory, (target, target_len))?;
    let input = joined(target, &below(guest.state, handle, &guest.memory, (path, path_len))?);
    let request = Request::Symlink;
    let call = Call::Control { handle, request, input: &input, out: &mut [], argument: 0 };
    dispatch(guest.state, call).map_err(of_place)?;
    Ok(())
}

pub(super) fn path_readlink(
    guest: &mut Guest<'_>,
    fd: u32,
    path: u32,
    path_len: u32,
    out: u32,
    room: u32,
    used: u32,
) -> Done {
    let handle = guest.directory(fd, rights::PATH_READLINK)?;
    guest.check(used, 4)?;
    let path = below(guest.state, handle, &guest.memory, (path, path_len))?.into_owned();
    let out = bytes_mut(&mut guest.memory, out, room)?;
    let call = Call::Control { handle, request: Request::ReadLink, input: &path, out, argument: 0 };
    let len = count(dispatch(guest.state, call).map_err(of_place)?)?;
    guest.put_u32(used, len)
}

/// The rights that an opened file or directory gets of those that were asked for: what applies to its kind.
fn applicable(kind: Kind, asked: u64) -> u64 {
    match kind {
        Kind::Directory => asked & rights::DIRECTORY,
        Kind::Socket => asked & rights::SOCKET,
        _ if asked & rights::FD_WRITE == 0 => {
            asked & rights::FILE & !(rights::FD_ALLOCATE | rights::FD_FILESTAT_SET_SIZE)
        }
        _ => asked & rights::FILE,
    }
}

/// Checks how something is to be opened; answers the flags of the ABI and the rights that the directory must have.
fn opening(lookup: u32, how: u32, base: u64, fd_flags: u32) -> Result<(u32, u64), Errno> {
    let follow = follows(lookup)?;
    if how & !flags::OPEN_ALL != 0 || fd_flags & !flags::FD_ALL != 0 {
        return Err(Errno::INVAL);
    }
    if how & flags::OPEN_DIRECTORY != 0 {
        if how != flags::OPEN_DIRECTORY {
            return Err(Errno::INVAL);
        }
        if base & rights::FD_WRITE != 0 {
            return Err(Errno::ISDIR);
        }
    }
    let mut all = open_flags(fd_flags) | if follow { 0 } else { open::NOFOLLOW };
    let mut needed = rights::PATH_OPEN;
    for (flag, means, right) in [
        (flags::OPEN_CREAT, open::CREATE, rights::PATH_CREATE_FILE),
        (flags::OPEN_DIRECTORY, open::DIRECTORY, 0),
        (flags::OPEN_EXCL, open::EXCLUSIVE, 0),
        (flags::OPEN_TRUNC, open::TRUNCATE, rights::PATH_FILESTAT_SET_SIZE),
    ] {
        if how & flag != 0 {
            (all, needed) = (all | means, needed | right);
        }
    }
    Ok((all, needed))
}

#[expect(clippy::too_many_arguments, reason = "these are the specification's")]
pub(super) fn path_open(
    guest: &mut Guest<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    path_len: u32,
    how: u32,
    base: u64,
    inheriting: u64,
    fd_flags: u32,
    out: u32,
) -> Done {
    let (flags, needed) = opening(lookup, how, base, fd_flags)?;
    let directory = guest.directory(fd, needed)?;
    // Programs ask for more than they need, so most rights that cannot be had are left out in silence.
    let allowed = guest.fd(fd)?.inheriting;
    if base & !allowed & (rights::FD_READ | rights::FD_WRITE) != 0 {
        return Err(Errno::NOTCAPABLE);
    }
    guest.check(out, 4)?;
    let mut wanted = Rights::NONE;
    for (asked, right) in [(rights::FD_READ, Rights::READ), (rights::FD_WRITE, Rights::WRITE)] {
        if base & asked != 0 {
            wanted = wanted.union(right);
        }
    }
    let asked = path_at(&guest.memory, (path, path_len))?;
    if !wanted.contains(Rights::WRITE) && root::is_no_file(guest.state, directory, asked) {
        return Err(Errno::NOENT);
    }
    let random = root::random(guest.state, directory, asked).filter(|_| wanted == Rights::READ);
    let path = &*root::path_of(guest.state, directory, asked);
    let opened = match random {
        Some(handle) => {
            dispatch(guest.state, Call::Dup { handle, rights: Rights::READ.union(Rights::INSPECT) })
        }
        None => dispatch(guest.state, Call::Open { directory, path, flags, rights: wanted }),
    };
    let handle = Handle::from_raw(count(opened.map_err(Errno::of_path)?)?);
    let fd = match describe(guest, handle)? {
        Kind::Directory => Fd {
            inheriting: inheriting & allowed,
            ..Fd::new(handle, Kind::Directory, applicable(Kind::Directory, base & allowed))
        },
        kind => Fd { flags: fd_flags, ..Fd::new(handle, kind, applicable(kind, base & allowed)) },
    };
    let number = guest.wasi.fds.insert(fd);
    guest.put_u32(out, number)
}

/// What was opened.
fn describe(guest: &mut Guest<'_>, handle: Handle) -> Result<Kind, Errno> {
    let mut info = [0; 16];
    dispatch(guest.state, Call::Info { handle, out: &mut info })?;
    Ok(match ObjectKind::from_number(u32_at(&info, 0)) {
        Some(ObjectKind::Directory) => Kind::Directory,
        Some(ObjectKind::File) => Kind::File,
        Some(ObjectKind::Socket) => Kind::Socket,
        _ => Kind::Stream,
    })
}
