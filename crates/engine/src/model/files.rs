//! Files and directories as both WASI 0.2 and 0.3 know them: descriptors over handles.

use std::borrow::Cow;

use b8g_core::abi::{FileType, Kind, Request, Stat, open, times};
use b8g_core::{Error, Handle, Rights};

use super::host::{Done, Failure, ask, call, count, duplicate, errno, handle, sweep};
use crate::dispatch::Call;
use crate::root;
use crate::state::State;

/// Bytes that one call reads at most.
pub(crate) const READ_BYTES_MAX: usize = 1 << 20;
/// Bytes of a directory that are listed at a time.
const LIST_BYTES: usize = 8192;
/// Bytes of a listed entry before its name.
const ENTRY_BYTES: usize = 24;
/// Bytes of a path, and of what a link leads to.
const PATH_BYTES_MAX: usize = b8g_core::abi::PATH_BYTES_MAX;

/// What a descriptor was opened for. The bits are those of `descriptor-flags`, in both versions.
pub(crate) mod mode {
    pub(crate) const READ: u32 = 1;
    pub(crate) const WRITE: u32 = 2;
    pub(crate) const FILE_SYNC: u32 = 4;
    pub(crate) const DATA_SYNC: u32 = 8;
    pub(crate) const REQUESTED_SYNC: u32 = 16;
    pub(crate) const MUTATE: u32 = 32;
}

/// An open file or directory.
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    pub(crate) handle: Handle,
    pub(crate) is_directory: bool,
    pub(crate) mode: u32,
    /// Which of the directories that were granted, if it is one.
    pub(crate) preopen: Option<u32>,
}

/// A time to set.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NewTime {
    Keep,
    Now,
    /// Nanoseconds since 1970.
    At(u64),
}

/// An entry of a directory.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) file_type: FileType,
    pub(crate) name: String,
}

/// A listing that is being read.
#[derive(Debug, Default)]
pub struct Listing {
    pub(crate) handle: Handle,
    cookie: u64,
    ahead: std::collections::VecDeque<Entry>,
}

impl Descriptor {
    /// The handle, if it is a file.
    pub(crate) fn file(self) -> Done<Handle> {
        if self.is_directory { Err(errno(libc::EBADF).into()) } else { Ok(self.handle) }
    }

    /// The handle, if it is a file that was opened for this.
    pub(crate) fn file_for(self, wanted: u32) -> Done<Handle> {
        let handle = self.file()?;
        if self.mode & wanted == wanted { Ok(handle) } else { Err(errno(libc::EBADF).into()) }
    }

    /// The handle, if it is a directory.
    pub(crate) fn directory(self) -> Done<Handle> {
        if self.is_directory { Ok(self.handle) } else { Err(errno(libc::ENOTDIR).into()) }
    }
}

/// The preopened directories, each with a handle of its own, and their names.
pub(crate) fn preopens(state: &mut State) -> Done<Vec<(Descriptor, String)>> {
    let given = state.resources().preopens.clone();
    (0..).zip(given).map(|(at, (of, name))| Ok((preopened(state, at, of)?, name))).collect()
}

/// The preopened directory of that name, if there is one.
pub(crate) fn preopen(state: &mut State, name: &str) -> Done<Option<Descriptor>> {
    let mut given = (0..).zip(&state.resources().preopens);
    let found = given.find_map(|(at, (of, given))| (given == name).then_some((at, *of)));
    found.map(|(at, of)| preopened(state, at, of)).transpose()
}

fn preopened(state: &mut State, at: u32, of: Handle) -> Done<Descriptor> {
    let handle = duplicate(state, of)?;
    Ok(Descriptor { handle, is_directory: true, mode: mode::READ | mode::MUTATE, preopen: Some(at) })
}

/// Checks what a guest passed as a path.
fn checked(path: &str) -> Done<&[u8]> {
    match path.as_bytes() {
        [] => Err(errno(libc::ENOENT).into()),
        long if long.len() > PATH_BYTES_MAX => Err(errno(libc::ENAMETOOLONG).into()),
        bytes if bytes.contains(&0) => Err(errno(libc::EINVAL).into()),
        // Every path is one below a directory.
        [b'/', ..] => Err(errno(libc::EPERM).into()),
        bytes => Ok(bytes),
    }
}

/// A path below a descriptor, as requests take it.
fn below<'p>(state: &State, of: Descriptor, path: &'p str) -> Done<Cow<'p, [u8]>> {
    Ok(root::path_of(state, of.handle, checked(path)?))
}

/// What a request on a place says: only opening tells devices apart, so an object that cannot do it is no directory.
fn of_place<T>(done: Done<T>) -> Done<T> {
    done.map_err(|failure| match failure {
        Failure::Error(Error::Type) => errno(libc::ENOTDIR).into(),
        failure => failure,
    })
}

/// Opens what is at `path`; `how` are flags of the ABI.
pub(crate) fn open_at(
    state: &mut State,
    below: Descriptor,
    follow: bool,
    path: &str,
    how: u32,
    mode: u32,
) -> Done<Descriptor> {
    let directory = below.directory()?;
    let reads = mode & mode::WRITE == 0;
    if reads && root::is_no_file(state, directory, checked(path)?) {
        return Err(errno(libc::ENOENT).into());
    }
    if reads && let Some(random) = root::random(state, directory, checked(path)?) {
        let handle = duplicate(state, random)?;
        return Ok(Descriptor { handle, is_directory: false, mode: mode::READ, preopen: None });
    }
    let path = &*self::below(state, below, path)?;
    if how & open::DIRECTORY != 0 && how & (open::CREATE | open::EXCLUSIVE | open::TRUNCATE) != 0 {
        return Err(errno(libc::EINVAL).into());
    }
    if how & open::DIRECTORY != 0 && mode & mode::WRITE != 0 {
        return Err(errno(libc::EISDIR).into());
    }
    // Who creates a file may write to it; what is opened for nothing can be read.
    let mode = match (how & open::CREATE != 0, mode & !mode::MUTATE) {
        (true, 0) => mode | mode::READ | mode::WRITE,
        (true, _) => mode | mode::WRITE,
        (false, 0) => mode | mode::READ,
        (false, _) => mode,
    };
    let mut flags = how | if follow { 0 } else { open::NOFOLLOW };
    for (bit, flag) in [(mode::FILE_SYNC, open::SYNC), (mode::DATA_SYNC, open::DSYNC)] {
        flags |= if mode & bit != 0 { flag } else { 0 };
    }
    let mut rights = Rights::NONE;
    for (bit, right) in [(mode::READ, Rights::READ), (mode::WRITE, Rights::WRITE)] {
        rights = if mode & bit != 0 { rights.union(right) } else { rights };
    }
    sweep(state)?;
    let handle = handle(call(state, Call::Open { directory, path, flags, rights })?)?;
    let mut info = [0; 16];
    call(state, Call::Info { handle, out: &mut info })?;
    let kind = Kind::from_number(u32::from_le_bytes([info[0], info[1], info[2], info[3]]));
    let is_directory = kind == Some(Kind::Directory);
    let mode = mode & !if is_directory { mode::WRITE } else { mode::MUTATE };
    Ok(Descriptor { handle, is_directory, mode, preopen: None })
}

fn stat_of(bytes: &[u8; Stat::BYTES]) -> Stat {
    let word = |at: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(word)
    };
    Stat {
        device: word(0),
        inode: word(8),
        file_type: FileType::from_number(word(16) as u32).unwrap_or(FileType::Unknown),
        links: (word(16) >> 32) as u32,
        size: word(24),
        atime_ns: word(32),
        mtime_ns: word(40),
        ctime_ns: word(48),
    }
}

/// Tells what is behind a handle.
pub(crate) fn stat(state: &mut State, handle: Handle) -> Done<Stat> {
    if let Some(stat) = root::stat_of_handle(state, handle) {
        return Ok(stat);
    }
    let mut out = [0; Stat::BYTES];
    call(state, Call::Control { handle, request: Request::Stat, input: &[], out: &mut out, argument: 0 })?;
    Ok(stat_of(&out))
}

/// Tells what is at `path`.
pub(crate) fn stat_at(state: &mut State, below: Descriptor, follow: bool, path: &str) -> Done<Stat> {
    let handle = below.directory()?;
    if let Some(stat) = root::stat_of(state, handle, checked(path)?) {
        return Ok(stat);
    }
    if root::is_no_file(state, handle, checked(path)?) {
        return Err(errno(libc::ENOENT).into());
    }
    let input = &*self::below(state, below, path)?;
    let mut out = [0; Stat::BYTES];
    let argument = u64::from(!follow);
    let request = Request::PathStat;
    of_place(call(state, Call::Control { handle, request, input, out: &mut out, argument }))?;
    Ok(stat_of(&out))
}

/// A number that two descriptors of one file share and others hardly do.
pub(crate) fn hash(stat: &Stat) -> (u64, u64) {
    let mut hasher = blake3::Hasher::new_derive_key("b8g 2026 which file this is");
    let changes = [stat.device, stat.inode, stat.size, stat.mtime_ns];
    changes.iter().for_each(|number| {
        hasher.update(&number.to_le_bytes());
    });
    let hash = hasher.finalize();
    let (words, _) = hash.as_bytes().as_chunks::<8>();
    (u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1]))
}

/// Tells whether two descriptors are of one file.
pub(crate) fn is_same(state: &mut State, a: Descriptor, b: Descriptor) -> Done<bool> {
    let (a, b) = (stat(state, a.handle)?, stat(state, b.handle)?);
    Ok((a.device, a.inode) == (b.device, b.inode))
}

/// Times as requests take them, and which of them are to be set.
fn new_times(access: NewTime, modification: NewTime) -> ([u8; 16], u64) {
    let (mut bytes, mut flags) = ([0; 16], 0);
    let both = [(access, times::ATIME, times::ATIME_NOW), (modification, times::MTIME, times::MTIME_NOW)];
    for ((time, set, now), place) in both.into_iter().zip(bytes.chunks_exact_mut(8)) {
        match time {
            NewTime::Keep => {}
            NewTime::Now => flags |= now,
            NewTime::At(ns) => {
                flags |= set;
                place.copy_from_slice(&ns.to_le_bytes());
            }
        }
    }
    (bytes, flags)
}

/// Sets the times of what is behind a descriptor.
pub(crate) fn set_times(state: &mut State, of: Descriptor, access: NewTime, modification: NewTime) -> Done {
    let (input, argument) = new_times(access, modification);
    ask(state, of.handle, Request::SetTimes, &input, argument).map(|_| ())
}

/// Sets the times of what is at `path`.
pub(crate) fn set_times_at(
    state: &mut State,
    below: Descriptor,
    follow: bool,
    path: &str,
    access: NewTime,
    modification: NewTime,
) -> Done {
    let (times, flags) = new_times(access, modification);
    let mut input = times.to_vec();
    input.extend_from_slice(&self::below(state, below, path)?);
    let argument = flags | if follow { 0 } else { times::NOFOLLOW };
    of_place(ask(state, below.directory()?, Request::PathSetTimes, &input, argument)).map(|_| ())
}

/// Does a request that takes a path and has no answer but success.
pub(crate) fn ask_path(
    state: &mut State,
    below: Descriptor,
    request: Request,
    path: &str,
    argument: u64,
) -> Done {
    let path = self::below(state, below, path)?;
    of_place(ask(state, below.directory()?, request, &path, argument)).map(|_| ())
}

/// Removes a file, or an empty directory.
pub(crate) fn remove(state: &mut State, below: Descriptor, path: &str, directory: bool) -> Done {
    const FILE: u64 = 1;
    const EMPTY_DIRECTORY: u64 = 2;
    // A directory cannot be removed through itself, nor one that is above.
    let above = path.trim_end_matches('/').rsplit('/').next() == Some("..");
    let (what, itself) = match directory {
        true => (EMPTY_DIRECTORY, if above { libc::EPERM } else { libc::EINVAL }),
        false => (FILE, libc::EISDIR),
    };
    match ask_path(state, below, Request::Remove, path, what) {
        Err(Failure::Error(Error::Busy)) => Err(errno(itself).into()),
        // With a slash behind it a link is what it leads to, and that may be out of reach.
        Err(failure) if directory && path.ends_with('/') => {
            stat_at(state, below, true, path)?;
            Err(failure)
        }
        done => done,
    }
}

/// Does a request that takes two paths below two directories.
pub(crate) fn ask_paths(
    state: &mut State,
    request: Request,
    (from, old): (Descriptor, &str),
    (to, new): (Descriptor, &str),
) -> Done {
    let input = [&*below(state, from, old)?, b"\0", &*below(state, to, new)?].concat();
    let argument = u64::from(to.directory()?.raw());
    of_place(ask(state, from.directory()?, request, &input, argument)).map(|_| ())
}

/// Makes a hard link. One to what a symbolic link points to cannot be made without following that blindly.
pub(crate) fn link(
    state: &mut State,
    follow: bool,
    from: (Descriptor, &str),
    to: (Descriptor, &str),
) -> Done {
    if follow {
        return Err(errno(libc::EINVAL).into());
    }
    ask_paths(state, Request::Link, from, to)
}

/// Makes a symbolic link.
pub(crate) fn symlink(state: &mut State, below: Descriptor, target: &str, path: &str) -> Done {
    let input = [checked(target)?, b"\0", &*self::below(state, below, path)?].concat();
    of_place(ask(state, below.directory()?, Request::Symlink, &input, 0)).map(|_| ())
}

/// Reads what a symbolic link leads to.
pub(crate) fn read_link(state: &mut State, below: Descriptor, path: &str) -> Done<String> {
    let handle = below.directory()?;
    let input = &*self::below(state, below, path)?;
    let mut out = vec![0; PATH_BYTES_MAX];
    let call_of = Call::Control { handle, request: Request::ReadLink, input, out: &mut out, argument: 0 };
    let len = count(of_place(call(state, call_of))?)?;
    out.truncate(len);
    String::from_utf8(out).map_err(|_| errno(libc::EILSEQ).into())
}

/// Reads at a place of a file, at most [`READ_BYTES_MAX`].
pub(crate) fn read_at(state: &mut State, handle: Handle, len: u64, position: Option<u64>) -> Done<Vec<u8>> {
    let len = usize::try_from(len).unwrap_or(usize::MAX).min(READ_BYTES_MAX);
    let mut into = vec![0; len];
    let read = count(call(state, Call::Read { handle, into: &mut into, position })?)?;
    into.truncate(read);
    Ok(into)
}

/// Writes at a place of a file, until all is written or it fails; answers the bytes.
pub(crate) fn write_at(state: &mut State, handle: Handle, from: &[u8], position: Option<u64>) -> Done<usize> {
    let mut done = 0;
    while done < from.len() {
        let position = position.map(|at| at.saturating_add(done as u64));
        match call(state, Call::Write { handle, from: &from[done..], position }).and_then(count) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(Failure::Error(_)) if done > 0 => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(done)
}

impl Listing {
    /// Begins to list a directory.
    pub(crate) fn new(state: &mut State, of: Descriptor) -> Done<Listing> {
        let directory = of.directory()?;
        if of.mode & mode::READ == 0 {
            return Err(errno(libc::EBADF).into());
        }
        Ok(Listing { handle: duplicate(state, directory)?, cookie: 0, ahead: Default::default() })
    }

    /// The next entry; `None` at the end.
    pub(crate) fn next(&mut self, state: &mut State) -> Done<Option<Entry>> {
        if self.ahead.is_empty() {
            self.read(state)?;
        }
        Ok(self.ahead.pop_front())
    }

    fn read(&mut self, state: &mut State) -> Done {
        let mut buffer = [0; LIST_BYTES];
        while self.ahead.is_empty() {
            let (handle, request, argument) = (self.handle, Request::List, self.cookie);
            let list = Call::Control { handle, request, input: &[], out: &mut buffer, argument };
            let used = count(call(state, list)?)?;
            if used == 0 {
                return Ok(());
            }
            let mut rest = &buffer[..used];
            while let Some((head, after)) = rest.split_first_chunk::<ENTRY_BYTES>() {
                let word =
                    |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
                self.cookie = u64::from(word(0)) | u64::from(word(4)) << 32;
                let (name, after) = after.split_at_checked(word(20) as usize).unwrap_or((after, &[]));
                rest = after;
                // A name that is no text cannot be said.
                if name != b"."
                    && name != b".."
                    && let Ok(name) = std::str::from_utf8(name)
                {
                    let file_type = FileType::from_number(word(16)).unwrap_or(FileType::Unknown);
                    self.ahead.push_back(Entry { file_type, name: name.to_owned() });
                }
            }
        }
        Ok(())
    }
}
