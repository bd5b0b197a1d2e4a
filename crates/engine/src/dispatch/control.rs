//! The requests of `ctl`: what is special to a kind of object.

use b8g_core::abi::{Request, open, times};
use b8g_core::{Error, Handle, Rights};

use super::{compute, http, message, network, share, spawn};
use crate::object::Object;
use crate::object::directory::{self, Directory, Removal};
use crate::object::file::STATUS_FLAGS;
use crate::object::files::{Place, right_of};
use crate::object::narrow::narrow;
use crate::object::random;
use crate::object::stream::pipe_stat;
use crate::outcome::{Access, Reason};
use crate::state::{FAILURE_BYTES_MAX, Failure, State};

/// Rights of which one suffices to set a file's times.
const CHANGES: Rights = Rights::WRITE.union(Rights::MANAGE);

/// Checks that a directory's handle has the rights of all `needed` accesses.
pub(super) fn holds(rights: Rights, needed: &[Access]) -> Result<(), Error> {
    let all = needed.iter().fold(Rights::NONE, |all, access| all.union(right_of(*access)));
    if rights.contains(all) { Ok(()) } else { Err(Error::Rights) }
}

/// Does one request.
pub(super) fn control(
    state: &mut State,
    handle: Handle,
    request: Request,
    input: &[u8],
    out: &mut [u8],
    argument: u64,
) -> Result<i64, Error> {
    if handle == Handle::ENGINE {
        return engine(state, request, input, out, argument);
    }
    match request {
        Request::Start | Request::Fail | Request::HashSeed | Request::Blob | Request::Given => {
            Err(Error::Type)
        }
        Request::Gone => share::gone(state, handle),
        Request::Capacity => share::capacity(state, handle),
        Request::Discard => message::discard(state, handle),
        Request::Compile => spawn::compile(state, handle, input, out, argument),
        Request::Narrow => {
            let counted = (state.shared().clone(), state.descriptors.clone());
            let (object, held) = state.table.get(handle)?;
            if state.table.room() == 0 {
                return Err(Error::Limit);
            }
            let (narrowed, rights) = narrow(object, input, &state.monitor, (&counted.0, &counted.1))?;
            let access = Rights::READ.union(Rights::WRITE);
            let rights = held.without(access).union(held.intersect(rights));
            state.table.insert(narrowed, rights).map(|handle| i64::from(handle.raw()))
        }
        Request::Seek
        | Request::Stat
        | Request::SetSize
        | Request::Sync
        | Request::SetTimes
        | Request::Advise
        | Request::Allocate
        | Request::SetFlags
        | Request::GetFlags => opened(state, handle, request, input, out, argument),
        Request::PathStat
        | Request::MakeDir
        | Request::Remove
        | Request::Symlink
        | Request::ReadLink
        | Request::PathSetTimes => path(state, handle, request, input, out, argument),
        Request::Rename | Request::Link => two_paths(state, handle, request, input, argument),
        Request::List => match state.table.get_with(handle, Rights::READ)? {
            Object::Directory(dir) => dir.list(argument, out, &state.monitor),
            _ => Err(Error::Type),
        },
        Request::Shutdown | Request::Connected => match state.table.get(handle)?.0 {
            Object::Socket(socket) if request == Request::Connected => socket.connected().map(|()| 0),
            Object::Socket(socket) => socket.shutdown(argument).map(|()| 0),
            Object::Exchange(exchange) if request == Request::Shutdown => {
                exchange.shutdown(argument).map(|()| 0)
            }
            _ => Err(Error::Type),
        },
        Request::Socket
        | Request::Bind
        | Request::Connect
        | Request::Listen
        | Request::Accept
        | Request::LocalAddress
        | Request::PeerAddress
        | Request::Resolve
        | Request::SendTo
        | Request::ReceiveFrom => network::request(state, handle, request, input, out, argument),
        Request::EnvGet | Request::EnvList => match state.table.get_with(handle, Rights::READ)? {
            Object::Environment(values) if request == Request::EnvGet => {
                values.get(input, out, &state.monitor)
            }
            Object::Environment(values) => {
                let all = values.list(&state.monitor);
                let len = all.len().min(out.len());
                out[..len].copy_from_slice(&all[..len]);
                Ok(all.len() as i64)
            }
            _ => Err(Error::Type),
        },
        Request::Http => http::start(state, handle, input, argument),
        Request::Head
        | Request::Respond
        | Request::Trailers
        | Request::SendTrailers
        | Request::Sent
        | Request::Failure => http::exchange(state, handle, request, input, out, argument),
        Request::Digest
        | Request::DigestUpdate
        | Request::DigestFinish
        | Request::Mac
        | Request::Derive
        | Request::Cipher
        | Request::GenerateKey
        | Request::PublicKey
        | Request::ReadKey
        | Request::WriteKey
        | Request::Sign
        | Request::Verify
        | Request::Agree
        | Request::Encrypt
        | Request::Decrypt
        | Request::Codec
        | Request::Tls
        | Request::Locale
        | Request::FormatNumber
        | Request::DatePattern
        | Request::FormatDate
        | Request::TimeZone
        | Request::Compare
        | Request::PluralForm
        | Request::Segment
        | Request::ListPatterns
        | Request::RelativeTime
        | Request::DisplayName
        | Request::LetterCase => compute::compute(state, handle, request, input, out, argument),
        // What runs modules within needs more than this: see `crate::inner`.
        Request::InnerCompile
        | Request::InnerDescribe
        | Request::InnerInstantiate
        | Request::InnerCall
        | Request::InnerMake
        | Request::InnerGet
        | Request::InnerSet
        | Request::InnerSize
        | Request::InnerGrow
        | Request::InnerMap
        | Request::InnerUnmap
        | Request::InnerDropped => Err(Error::NoSystem),
        Request::Flush | Request::Fault => compute::codec(state, handle, request, out, argument),
        Request::TlsFeed | Request::TlsTake | Request::TlsState | Request::TlsTell => {
            compute::session(state, handle, request, input, out, argument)
        }
        Request::Resolution => match state.table.get(handle)?.0 {
            Object::Clock(clock) => Ok(clock.resolution()),
            _ => Err(Error::Type),
        },
    }
}

/// Requests to the engine itself.
fn engine(
    state: &mut State,
    request: Request,
    input: &[u8],
    out: &mut [u8],
    argument: u64,
) -> Result<i64, Error> {
    match request {
        Request::Start => {
            let out = out.get_mut(..state.vector.len() * 8).ok_or(Error::Argument)?;
            for (at, (role, handle)) in out.chunks_exact_mut(8).zip(&state.vector) {
                at[..4].copy_from_slice(&(*role as u32).to_le_bytes());
                at[4..].copy_from_slice(&handle.raw().to_le_bytes());
            }
            Ok(state.vector.len() as i64 * 8)
        }
        Request::Fail => {
            let text = &input[..input.len().min(FAILURE_BYTES_MAX)];
            let message = String::from_utf8_lossy(text).into_owned();
            let reason = match argument {
                1 => Reason::Memory,
                // Only what really was refused counts as such.
                _ if is_denial(&message) && state.monitor.has_denials() => Reason::Policy,
                _ => Reason::Error,
            };
            let failure = Failure { message, reason };
            match argument {
                // The first is the cause of those that follow.
                2 => _ = state.complaint.get_or_insert(failure),
                _ => state.failure = Some(failure),
            }
            Ok(0)
        }
        Request::Blob => share::blob(state, input),
        Request::Given => {
            let given = state.vector.iter().find(|(role, _)| u64::from(*role as u32) == argument);
            given.map(|(_, handle)| i64::from(handle.raw())).ok_or(Error::NotFound)
        }
        Request::HashSeed => random::hash_seed(state.hash_seed).map(i64::from),
        _ => Err(Error::Type),
    }
}

/// Tells whether an uncaught error is the one that guest libraries throw for what was not granted.
fn is_denial(message: &str) -> bool {
    let error = message.strip_prefix("Uncaught ").unwrap_or(message);
    error.strip_prefix("(in promise) ").unwrap_or(error).starts_with("PermissionDenied")
}

fn pair(input: &[u8]) -> Result<(u64, u64), Error> {
    let (a, rest) = input.split_first_chunk::<8>().ok_or(Error::Argument)?;
    let b = rest.first_chunk::<8>().ok_or(Error::Argument)?;
    Ok((u64::from_le_bytes(*a), u64::from_le_bytes(*b)))
}

/// Requests to an open file, directory or stream.
fn opened(
    state: &State,
    handle: Handle,
    request: Request,
    input: &[u8],
    out: &mut [u8],
    argument: u64,
) -> Result<i64, Error> {
    let (object, rights) = state.table.get(handle)?;
    let allowed = match (request, object) {
        (Request::SetTimes, Object::File(_)) => rights.intersect(CHANGES) != Rights::NONE,
        (Request::SetSize | Request::SetTimes | Request::Allocate, _) => rights.contains(Rights::WRITE),
        _ => true,
    };
    if !allowed {
        return Err(Error::Rights);
    }
    let monitor = &state.monitor;
    match (request, object) {
        (Request::Stat, object) => {
            let stat = match object {
                Object::File(file) => file.stat()?,
                Object::Directory(dir) => dir.stat(monitor)?,
                Object::Input(stream) => stream.stat()?,
                Object::Output(stream) => stream.stat()?,
                Object::Reader(_) | Object::Writer(_) => pipe_stat(),
                _ => return Err(Error::Type),
            };
            let bytes = stat.to_bytes();
            out.get_mut(..bytes.len()).ok_or(Error::Argument)?.copy_from_slice(&bytes);
            Ok(bytes.len() as i64)
        }
        (Request::Seek, Object::File(file)) => {
            if !rights.contains(Rights::SEEK) {
                return Err(Error::Rights);
            }
            let offset = input.first_chunk::<8>().ok_or(Error::Argument)?;
            file.seek(i64::from_le_bytes(*offset), argument)
        }
        (Request::SetSize, Object::File(file)) => file.set_size(argument).map(|()| 0),
        (Request::Sync, Object::File(file)) => file.sync(argument == 1).map(|()| 0),
        (Request::Sync, Object::Directory(dir)) => dir.sync(argument == 1, monitor).map(|()| 0),
        (Request::SetTimes, Object::File(file)) => {
            let (atime, mtime) = pair(input)?;
            file.set_times(atime, mtime, argument).map(|()| 0)
        }
        (Request::SetTimes, Object::Directory(dir)) => {
            let (atime, mtime) = pair(input)?;
            dir.set_times(atime, mtime, argument, monitor).map(|()| 0)
        }
        (Request::Advise, Object::File(file)) => {
            let (offset, len) = pair(input)?;
            file.advise(offset, len, argument).map(|()| 0)
        }
        (Request::Allocate, Object::File(file)) => {
            let (offset, len) = pair(input)?;
            file.allocate(offset, len).map(|()| 0)
        }
        (Request::GetFlags, Object::File(file)) => Ok(i64::from(file.flags())),
        (Request::GetFlags, Object::Socket(_)) => Ok(i64::from(open::NONBLOCK)),
        (Request::GetFlags, Object::Reader(_) | Object::Writer(_)) => Ok(i64::from(open::NONBLOCK)),
        (Request::GetFlags, Object::Input(_) | Object::Output(_) | Object::Directory(_)) => Ok(0),
        (Request::SetFlags, object) => {
            let flags = u32::try_from(argument).map_err(|_| Error::Argument)?;
            match object {
                Object::File(file) => file.set_flags(flags).map(|()| 0),
                // Streams and sockets always answer at once and have no other flags.
                Object::Input(_)
                | Object::Output(_)
                | Object::Reader(_)
                | Object::Writer(_)
                | Object::Socket(_)
                    if flags & !STATUS_FLAGS == 0 =>
                {
                    Ok(0)
                }
                _ => Err(Error::Type),
            }
        }
        _ => Err(Error::Type),
    }
}

/// Finds the place of `path` from the object behind a handle, which must have the rights itself.
fn place<'s>(state: &'s State, handle: Handle, path: &[u8], needed: &[Access]) -> Result<Place<'s>, Error> {
    let (object, rights) = state.table.get(handle)?;
    match object {
        Object::Files(files) => {
            let place = files.place(None, path, needed, &state.monitor)?;
            holds(rights, needed)?;
            Ok(place)
        }
        Object::Directory(dir) => {
            // What was not granted is noted there; what this handle lacks is the context's own doing.
            let place = dir.place(path, needed, &state.monitor)?;
            holds(rights, needed)?;
            Ok(place)
        }
        _ => Err(Error::Type),
    }
}

/// Requests to a path below a directory.
fn path(
    state: &State,
    handle: Handle,
    request: Request,
    input: &[u8],
    out: &mut [u8],
    argument: u64,
) -> Result<i64, Error> {
    let find = |path: &[u8], access| place(state, handle, path, &[access]);
    match request {
        Request::PathStat => {
            let stat = directory::stat_at(&find(input, Access::Read)?, argument & 1 != 0)?;
            let bytes = stat.to_bytes();
            out.get_mut(..bytes.len()).ok_or(Error::Argument)?.copy_from_slice(&bytes);
            Ok(bytes.len() as i64)
        }
        Request::MakeDir => directory::make_dir(&find(input, Access::Write)?, argument & 1 != 0).map(|()| 0),
        Request::Remove => {
            let what = match argument {
                0 => Removal::Either,
                1 => Removal::File,
                2 => Removal::EmptyDirectory,
                3 => Removal::Tree,
                _ => return Err(Error::Argument),
            };
            directory::remove(&find(input, Access::Write)?, what).map(|()| 0)
        }
        Request::Symlink => {
            let (target, path) = split(input)?;
            directory::symlink(target, &find(path, Access::Write)?).map(|()| 0)
        }
        Request::ReadLink => directory::read_link(&find(input, Access::Read)?, out),
        Request::PathSetTimes => {
            let (atime, mtime) = pair(input)?;
            let place = find(&input[16..], Access::Write)?;
            if argument > times::NOFOLLOW * 2 - 1 {
                return Err(Error::Argument);
            }
            directory::set_times(&place, atime, mtime, argument).map(|()| 0)
        }
        _ => Err(Error::Type),
    }
}

fn split(input: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let nul = input.iter().position(|b| *b == 0).ok_or(Error::Argument)?;
    Ok((&input[..nul], &input[nul + 1..]))
}

/// Requests to two paths, perhaps below two directories.
fn two_paths(
    state: &State,
    handle: Handle,
    request: Request,
    input: &[u8],
    argument: u64,
) -> Result<i64, Error> {
    let (from, to) = split(input)?;
    let other = match u32::try_from(argument).map_err(|_| Error::BadHandle)? {
        0 => handle,
        raw => Handle::from_raw(raw),
    };
    // What is linked to can be read and written under its new name, so both rights must be had for the old one.
    let needed_from: &[Access] = match request {
        Request::Link => &[Access::Read, Access::Write],
        _ => &[Access::Write],
    };
    let from = place(state, handle, from, needed_from)?;
    // A file keeps what it was granted for: it may not move to where more is granted.
    let to = place(state, other, to, &[Access::Write])?;
    if to.rights.contains(Rights::READ) && !from.rights.contains(Rights::READ) {
        return Err(Error::Rights);
    }
    match request {
        Request::Rename => directory::rename(&from, &to),
        _ => directory::link(&from, &to),
    }
    .map(|()| 0)
}

impl Directory {
    fn stat(&self, monitor: &crate::monitor::Monitor) -> Result<b8g_core::abi::Stat, Error> {
        self.with_fd(monitor, |fd| crate::object::file::stat_fd(&fd))
    }

    fn sync(&self, data_only: bool, monitor: &crate::monitor::Monitor) -> Result<(), Error> {
        self.with_fd(monitor, |fd| crate::object::file::sync(&fd, data_only))
    }

    fn set_times(
        &self,
        atime: u64,
        mtime: u64,
        flags: u64,
        monitor: &crate::monitor::Monitor,
    ) -> Result<(), Error> {
        self.with_fd(monitor, |fd| crate::object::file::set_times(&fd, atime, mtime, flags))
    }
}
