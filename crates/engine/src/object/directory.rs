//! A directory: where paths are opened, made, removed, renamed and listed. Every path is resolved by cap-std beneath
//! the directory's descriptor.

use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use b8g_core::abi::{FileType, Stat, open, times};
use b8g_core::{Error, Rights};
use cap_fs_ext::{
    DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsMaybeDirExt, OpenOptionsSyncExt, SystemTimeSpec,
};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use rustix::fs::SeekFrom;

use super::file::{File, stat_of};
use super::files::{DirRef, Files, Place, right_of};
use super::guest_path::GuestPath;
use super::{Allowance, Lease, Object, errno, host_error};
use crate::monitor::Monitor;
use crate::outcome::Access;

/// Directories within each other that are removed with their contents, at most.
const REMOVE_DEPTH_MAX: usize = 128;

/// A directory behind a handle.
#[derive(Debug)]
pub(crate) enum Directory {
    /// A place among the grants: each path below finds the grant that covers it.
    View { files: Arc<Files>, base: GuestPath },
    /// An open directory of the system, with the rights of the grant that covers it.
    Opened { dir: Dir, rights: Rights, _lease: Lease },
}

/// A guest's bytes as a path of the system.
pub(crate) fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

fn checked(path: &[u8]) -> Result<&Path, Error> {
    let bad = path.is_empty() || path.len() > b8g_core::abi::PATH_BYTES_MAX || path.contains(&0);
    if bad { Err(Error::Argument) } else { Ok(as_path(path)) }
}

/// What to open and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// Of [`open`].
    pub(crate) flags: u32,
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl Opening {
    /// What must have been granted for it.
    fn needs(self) -> &'static [Access] {
        let write = self.write || self.flags & (open::CREATE | open::TRUNCATE) != 0;
        match (self.read, write) {
            (true, true) => &[Access::Read, Access::Write],
            (false, true) => &[Access::Write],
            _ => &[Access::Read],
        }
    }
}

impl Directory {
    /// Finds where `path` is, if `needed` was granted there.
    pub(crate) fn place(
        &self,
        path: &[u8],
        needed: &[Access],
        monitor: &Monitor,
    ) -> Result<Place<'_>, Error> {
        match self {
            Directory::View { files, base } => files.place(Some(base), path, needed, monitor),
            Directory::Opened { dir, rights, .. } => {
                let path = checked(path)?;
                let needed = needed.iter().fold(Rights::NONE, |all, access| all.union(right_of(*access)));
                if !rights.contains(needed) {
                    return Err(Error::Rights);
                }
                let dir = DirRef::Granted(dir);
                Ok(Place { dir, path: path.to_owned(), nofollow: false, rights: *rights })
            }
        }
    }

    /// The system's descriptor, to stat, sync or list it.
    pub(crate) fn with_fd<R>(
        &self,
        monitor: &Monitor,
        act: impl FnOnce(std::os::fd::BorrowedFd<'_>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        match self {
            Directory::Opened { dir, .. } => act(dir.as_fd()),
            Directory::View { .. } => {
                let place = self.place(b".", &[Access::Read], monitor)?;
                // Not `open_dir`: what that gives can be neither listed nor forced to the device.
                let mut options = OpenOptions::new();
                options.read(true).maybe_dir(true).custom_flags(libc::O_DIRECTORY | libc::O_NONBLOCK);
                let dir = place.dir.open_with(&place.path, &options).map_err(|e| host_error(&e))?;
                act(dir.as_fd())
            }
        }
    }

    /// Writes entries from `cookie` on into `out`; answers the bytes, 0 at the end.
    ///
    /// # Errors
    /// [`Error::Argument`] when not even one entry has room.
    pub(crate) fn list(&self, cookie: u64, out: &mut [u8], monitor: &Monitor) -> Result<i64, Error> {
        self.with_fd(monitor, |fd| list(fd, cookie, out))
    }
}

fn list(fd: std::os::fd::BorrowedFd<'_>, cookie: u64, out: &mut [u8]) -> Result<i64, Error> {
    const HEAD: usize = 24;
    if cookie > i64::MAX as u64 {
        return Err(Error::Argument);
    }
    rustix::fs::seek(fd, SeekFrom::Start(cookie)).map_err(errno)?;
    let mut buffer = [MaybeUninit::<u8>::uninit(); 8192];
    let mut entries = rustix::fs::RawDir::new(fd, &mut buffer);
    let mut used = 0;
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(errno)?;
        let name = entry.file_name().to_bytes();
        let end = used + HEAD + name.len();
        if end > out.len() {
            return if used == 0 { Err(Error::Argument) } else { Ok(used as i64) };
        }
        let at = &mut out[used..end];
        at[0..8].copy_from_slice(&entry.next_entry_cookie().to_le_bytes());
        at[8..16].copy_from_slice(&entry.ino().to_le_bytes());
        at[16..20].copy_from_slice(&(file_type(entry.file_type()) as u32).to_le_bytes());
        at[20..24].copy_from_slice(&(name.len() as u32).to_le_bytes());
        at[24..].copy_from_slice(name);
        used = end;
    }
    Ok(used as i64)
}

pub(super) fn file_type(of: rustix::fs::FileType) -> FileType {
    match of {
        rustix::fs::FileType::RegularFile => FileType::Regular,
        rustix::fs::FileType::Directory => FileType::Directory,
        rustix::fs::FileType::Symlink => FileType::Symlink,
        rustix::fs::FileType::Fifo => FileType::Pipe,
        rustix::fs::FileType::Socket => FileType::SocketStream,
        rustix::fs::FileType::CharacterDevice => FileType::CharacterDevice,
        rustix::fs::FileType::BlockDevice => FileType::BlockDevice,
        rustix::fs::FileType::Unknown => FileType::Unknown,
    }
}

/// Opens what is at `place`: a regular file or a directory, nothing else.
///
/// # Errors
/// [`Error::Type`] for a device, a pipe or a socket: opening those acts on things outside of the directory.
pub(crate) fn open_at(place: &Place<'_>, opening: Opening, descriptors: &Allowance) -> Result<Object, Error> {
    let lease = descriptors.lease()?;
    let flags = opening.flags;
    let has = |flag: u32| flags & flag != 0;
    let mut options = OpenOptions::new();
    // A path that is only inspected is opened for reading, as the system has no lesser way that can be polled.
    options.read(opening.read || !opening.write);
    options.write(opening.write || has(open::TRUNCATE) || has(open::CREATE));
    options.append(has(open::APPEND) && opening.write);
    options.create(has(open::CREATE)).truncate(has(open::TRUNCATE) && !has(open::APPEND));
    options.create_new(has(open::CREATE) && has(open::EXCLUSIVE));
    options.sync(has(open::SYNC)).dsync(has(open::DSYNC));
    options.maybe_dir(true);
    // Never block on a pipe's other end, never get a terminal to control.
    let mut custom = libc::O_NONBLOCK | libc::O_NOCTTY;
    if has(open::DIRECTORY) {
        custom |= libc::O_DIRECTORY;
    }
    if has(open::TRUNCATE) && has(open::APPEND) {
        custom |= libc::O_TRUNC;
    }
    options.custom_flags(custom);
    let nofollow = place.nofollow || has(open::NOFOLLOW);
    options.follow(if nofollow { FollowSymlinks::No } else { FollowSymlinks::Yes });

    let opened = place.dir.open_with(&place.path, &options).map_err(|e| host_error(&e))?;
    let fd = OwnedFd::from(opened.into_std());
    let stat = rustix::fs::fstat(&fd).map_err(errno)?;
    match rustix::fs::FileType::from_raw_mode(stat.st_mode) {
        rustix::fs::FileType::RegularFile => Ok(Object::File(Arc::new(File::new(fd, flags, lease)))),
        rustix::fs::FileType::Directory if opening.write => Err(Error::Host(libc::EISDIR as u16)),
        rustix::fs::FileType::Directory => Ok(Object::Directory(Arc::new(Directory::Opened {
            dir: Dir::from_std_file(fd.into()),
            rights: place.rights,
            _lease: lease,
        }))),
        _ => Err(Error::Type),
    }
}

/// Which accesses opening needs; for the caller that finds the place.
pub(crate) fn opening_needs(opening: Opening) -> &'static [Access] {
    opening.needs()
}

/// Tells what is at `place`.
pub(crate) fn stat_at(place: &Place<'_>, nofollow: bool) -> Result<Stat, Error> {
    let metadata = if nofollow || place.nofollow {
        place.dir.symlink_metadata(&place.path)
    } else {
        place.dir.metadata(&place.path)
    };
    let metadata = metadata.map_err(|e| host_error(&e))?;
    Ok(stat_of(&metadata))
}

/// Makes a directory, with `parents` all that are missing on the way too.
pub(crate) fn make_dir(place: &Place<'_>, parents: bool) -> Result<(), Error> {
    if !parents {
        return place.dir.create_dir(&place.path).map_err(|e| host_error(&e));
    }
    let mut path = PathBuf::new();
    for part in place.path.components() {
        path.push(part);
        match place.dir.create_dir(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(host_error(&e)),
        }
    }
    // The last one may have been there as something else.
    match place.dir.metadata(&place.path) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Error::Host(libc::EEXIST as u16)),
        Err(e) => Err(host_error(&e)),
    }
}

/// What [`remove`] takes away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Removal {
    Either,
    File,
    EmptyDirectory,
    Tree,
}

/// Removes what is at `place`; never follows a last symbolic link.
pub(crate) fn remove(place: &Place<'_>, what: Removal) -> Result<(), Error> {
    // A directory cannot be removed through itself: to be found out before what is in it is gone.
    if place.path.file_name().is_none() {
        return Err(Error::Busy);
    }
    let is_dir = || place.dir.symlink_metadata(&place.path).map(|m| m.is_dir());
    let removed = match what {
        Removal::File => place.dir.remove_file(&place.path),
        Removal::EmptyDirectory => place.dir.remove_dir(without_slash(&place.path)),
        Removal::Either => match is_dir() {
            Ok(true) => place.dir.remove_dir(without_slash(&place.path)),
            Ok(false) => place.dir.remove_file(&place.path),
            Err(e) => Err(e),
        },
        Removal::Tree => match is_dir() {
            Ok(true) => return remove_tree(place),
            Ok(false) => place.dir.remove_file(&place.path),
            Err(e) => Err(e),
        },
    };
    removed.map_err(|e| host_error(&e))
}

/// A directory's path without slashes behind it, which the system would take for the name `.` that cannot be removed.
fn without_slash(path: &Path) -> &Path {
    let bytes = path.as_os_str().as_bytes();
    let len = bytes.iter().rposition(|b| *b != b'/').map_or(bytes.len(), |last| last + 1);
    as_path(&bytes[..len])
}

/// Removes a directory with all below it, without recursion and without following links.
fn remove_tree(place: &Place<'_>) -> Result<(), Error> {
    let host = |e: io::Error| host_error(&e);
    let top = place.dir.open_dir_nofollow(&place.path).map_err(host)?;
    let entries = top.entries().map_err(host)?;
    let mut stack = vec![(top, entries, std::ffi::OsString::new())];
    while let Some((dir, entries, _)) = stack.last_mut() {
        match entries.next() {
            Some(entry) => {
                let entry = entry.map_err(host)?;
                let name = entry.file_name();
                if entry.file_type().map_err(host)?.is_dir() {
                    let below = dir.open_dir_nofollow(&name).map_err(host)?;
                    let entries = below.entries().map_err(host)?;
                    if stack.len() >= REMOVE_DEPTH_MAX {
                        return Err(Error::Limit);
                    }
                    stack.push((below, entries, name));
                } else {
                    dir.remove_file(&name).map_err(host)?;
                }
            }
            None => {
                let done = stack.pop();
                if let (Some((_, _, name)), Some((parent, ..))) = (done, stack.last()) {
                    parent.remove_dir(&name).map_err(host)?;
                }
            }
        }
    }
    place.dir.remove_dir(without_slash(&place.path)).map_err(host)
}

/// Renames; both places must be writable.
pub(crate) fn rename(from: &Place<'_>, to: &Place<'_>) -> Result<(), Error> {
    from.dir.rename(&from.path, &to.dir, &to.path).map_err(|e| host_error(&e))
}

/// Makes a hard link.
pub(crate) fn link(from: &Place<'_>, to: &Place<'_>) -> Result<(), Error> {
    from.dir.hard_link(&from.path, &to.dir, &to.path).map_err(|e| host_error(&e))
}

/// Makes a symbolic link. An absolute target is refused: it could not be followed here, and would lead out for others.
pub(crate) fn symlink(target: &[u8], place: &Place<'_>) -> Result<(), Error> {
    let target = checked(target)?;
    if target.is_absolute() || place.nofollow {
        return Err(Error::Rights);
    }
    Dir::symlink(&place.dir, target, &place.path).map_err(|e| host_error(&e))
}

/// Reads a symbolic link into `out`, cut to its room; answers the bytes written.
pub(crate) fn read_link(place: &Place<'_>, out: &mut [u8]) -> Result<i64, Error> {
    let target = place.dir.read_link_contents(&place.path).map_err(|e| host_error(&e))?;
    let bytes = target.as_os_str().as_bytes();
    let len = bytes.len().min(out.len());
    out[..len].copy_from_slice(&bytes[..len]);
    Ok(len as i64)
}

/// Sets the times of what is at `place`.
pub(crate) fn set_times(place: &Place<'_>, atime: u64, mtime: u64, flags: u64) -> Result<(), Error> {
    let spec = |value: u64, set: u64, now: u64| match (flags & set != 0, flags & now != 0) {
        (_, true) => Some(SystemTimeSpec::SymbolicNow),
        (true, false) => {
            let at = SystemTime::UNIX_EPOCH + Duration::from_nanos(value);
            Some(SystemTimeSpec::Absolute(cap_std::time::SystemTime::from_std(at)))
        }
        (false, false) => None,
    };
    let atime = spec(atime, times::ATIME, times::ATIME_NOW);
    let mtime = spec(mtime, times::MTIME, times::MTIME_NOW);
    let done = if flags & times::NOFOLLOW != 0 || place.nofollow {
        place.dir.set_symlink_times(&place.path, atime, mtime)
    } else {
        place.dir.set_times(&place.path, atime, mtime)
    };
    done.map_err(|e| host_error(&e))
}
