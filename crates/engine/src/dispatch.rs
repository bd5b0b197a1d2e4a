//! **The dispatch function**: the one path from a guest to the world.
//!
//! [`dispatch`] is called by [`crate::callback`] for components of our own ABI and by [`crate::wasi`] for WASI
//! preview 1; nothing else touches an object. It checks the handle and its rights, counts, and notes what was
//! refused. `control.rs` below it holds the requests that are special to a kind of object.

mod compute;
mod control;
mod http;
mod message;
mod network;
pub(crate) mod share;
mod spawn;

use b8g_core::abi::{KEY_BYTES, Request, SpawnLimits, link, open};
use b8g_core::stream::Gone;
use b8g_core::{Error, Handle, Rights};

use crate::memory::GuestMemory;
use crate::object::channel::CHANNEL_RIGHTS;
use crate::object::directory::{Opening, open_at, opening_needs};
use crate::object::file::interrupted;
use crate::object::stream::Output;
use crate::object::{ANSWER_BYTES_MAX, Object, host_error};
use crate::outcome::Reason;
use crate::state::{Ending, State};
use crate::wait::{self, Waiting};

pub(crate) use spawn::Held;

/// An operation with its arguments checked for shape and its pointers turned into slices.
#[derive(Debug)]
pub(crate) enum Call<'m> {
    Info {
        handle: Handle,
        out: &'m mut [u8],
    },
    Dup {
        handle: Handle,
        rights: Rights,
    },
    Close {
        handle: Handle,
    },
    Open {
        directory: Handle,
        path: &'m [u8],
        flags: u32,
        rights: Rights,
    },
    Read {
        handle: Handle,
        into: &'m mut [u8],
        position: Option<u64>,
    },
    Write {
        handle: Handle,
        from: &'m [u8],
        position: Option<u64>,
    },
    Control {
        handle: Handle,
        request: Request,
        input: &'m [u8],
        out: &'m mut [u8],
        argument: u64,
    },
    Timer {
        clock: Handle,
        deadline: u64,
        period: u64,
    },
    /// Room for two handles.
    ChannelNew {
        out: &'m mut [u8],
    },
    /// `handles` are as they lie in memory: 4 bytes each.
    Send {
        handle: Handle,
        bytes: &'m [u8],
        handles: &'m [u8],
    },
    Receive {
        handle: Handle,
        bytes: &'m mut [u8],
        handles: &'m mut [u8],
    },
    /// Room for two handles.
    Stream {
        element: u64,
        capacity: u64,
        flags: u64,
        out: &'m mut [u8],
    },
    Acquire {
        handle: Handle,
        done: u64,
    },
    Finish {
        handle: Handle,
        how: Gone,
    },
    Memory {
        bytes: u64,
    },
    /// The whole memory of the caller: no part of it is borrowed.
    Map {
        handle: Handle,
        memory: GuestMemory<'m>,
        at: u64,
        offset: u64,
        length: u64,
    },
    /// As of [`Call::Map`].
    Unmap {
        memory: GuestMemory<'m>,
        at: u64,
        length: u64,
    },
    Event {
        bits: u32,
    },
    Signal {
        handle: Handle,
        clear: u32,
        set: u32,
    },
    /// Entries of 8 bytes: a role and a handle.
    Spawn {
        component: Handle,
        vector: &'m [u8],
        limits: SpawnLimits,
    },
    /// A key of 32 bytes: given, or room for a new one.
    Link {
        keys: Handle,
        verb: u64,
        key: &'m mut [u8; KEY_BYTES],
    },
    Task {
        handle: Handle,
        verb: u64,
        out: &'m mut [u8],
    },
    Wait(Waiting<'m>),
    Exit {
        code: i32,
    },
}

/// Rights that every opened object has beside READ and WRITE.
const OPENED: Rights = Rights::DUPLICATE
    .union(Rights::TRANSFER)
    .union(Rights::WAIT)
    .union(Rights::SEEK)
    .union(Rights::MANAGE)
    .union(Rights::INSPECT);

/// Does what a context asks for, if its handles allow it.
///
/// The caller must look at [`State::ending`] afterwards: when it is set the guest must be unwound.
///
/// # Errors
/// What the guest is told.
pub(crate) fn dispatch(state: &mut State, call: Call<'_>) -> Result<i64, Error> {
    admit(state)?;
    let done = match call {
        Call::Read { handle, into, position } => read(state, handle, into, position),
        Call::Write { handle, from, position } => write(state, handle, from, position),
        Call::Info { handle, out } => info(state, handle, out),
        Call::Dup { handle, rights } => state.table.duplicate(handle, rights).map(number),
        Call::Close { handle } => share::close(state, handle),
        Call::Open { directory, path, flags, rights } => open(state, directory, path, flags, rights),
        Call::Control { handle, request, input, out, argument } => {
            control::control(state, handle, request, input, out, argument)
        }
        Call::Timer { clock, deadline, period } => timer(state, clock, deadline, period),
        Call::ChannelNew { out } => message::channel(state, out),
        Call::Send { handle, bytes, handles } => message::send(state, handle, bytes, handles),
        Call::Receive { handle, bytes, handles } => message::receive(state, handle, bytes, handles),
        Call::Acquire { handle, done } => share::acquire(state, handle, done),
        Call::Stream { element, capacity, flags, out } => share::stream(state, element, capacity, flags, out),
        Call::Finish { handle, how } => share::finish(state, handle, how),
        Call::Memory { bytes } => share::memory(state, bytes),
        Call::Map { handle, mut memory, at, offset, length } => {
            share::map(state, handle, &mut memory, at, offset, length)
        }
        Call::Unmap { mut memory, at, length } => share::unmap(state, &mut memory, at, length),
        Call::Event { bits } => share::event(state, bits),
        Call::Signal { handle, clear, set } => share::signal(state, handle, clear, set),
        Call::Spawn { component, vector, limits } => spawn::spawn(state, component, vector, limits),
        Call::Link { keys, verb, key } => link(state, keys, verb, key),
        Call::Task { handle, verb, out } => spawn::act(state, handle, verb, out),
        Call::Wait(waiting) => wait::wait(state, waiting),
        Call::Exit { code } => {
            state.ending = Some(Ending::Exit(code));
            Ok(0)
        }
    };
    match done {
        // A signal came: when it says stop, nothing else matters; otherwise the guest may ask again.
        Err(error) if error == Error::Canceled || interrupted(error) => match state.monitor.stop_ordered() {
            Some(reason) => stop(state, reason),
            None => Err(Error::Again),
        },
        done => done,
    }
}

/// Counts a call, and lets it begin unless the context is to stop.
///
/// # Errors
/// CANCELED: the guest must be unwound.
pub(crate) fn admit(state: &mut State) -> Result<(), Error> {
    state.monitor.count_call();
    if let Some(orders) = state.orders.as_ref().filter(|_| state.monitor.stop_ordered().is_none()) {
        orders.stay_suspended();
    }
    match state.monitor.stop_ordered() {
        Some(reason) => stop(state, reason).map(|_| ()),
        None => Ok(()),
    }
}

fn stop(state: &mut State, reason: Reason) -> Result<i64, Error> {
    state.ending = Some(Ending::Stopped(reason));
    Err(Error::Canceled)
}

fn number(handle: Handle) -> i64 {
    i64::from(handle.raw())
}

fn info(state: &State, handle: Handle, out: &mut [u8]) -> Result<i64, Error> {
    let (object, rights) = state.table.get(handle)?;
    let size = match object {
        Object::Blob(bytes) => bytes.len() as u64,
        Object::Kept(kept) => kept.0.len() as u64,
        Object::File(file) => file.stat()?.size,
        Object::Channel(end) => {
            end.next().map_or(0, |(bytes, objects)| (objects as u64) << 32 | bytes as u64)
        }
        Object::Writer(writer) => writer.waiting(),
        Object::Reader(reader) => reader.waiting(),
        Object::Memory(memory) => memory.0.bytes(),
        _ => 0,
    };
    let out = out.get_mut(..16).ok_or(Error::Argument)?;
    out[0..4].copy_from_slice(&(object.kind() as u32).to_le_bytes());
    out[4..8].copy_from_slice(&rights.bits().to_le_bytes());
    out[8..16].copy_from_slice(&size.to_le_bytes());
    Ok(16)
}

fn read(state: &State, handle: Handle, into: &mut [u8], position: Option<u64>) -> Result<i64, Error> {
    match state.table.get_with(handle, Rights::READ)? {
        Object::Blob(bytes) => Ok(read_blob(bytes, into, position)),
        Object::Kept(kept) => Ok(read_blob(&kept.0, into, position)),
        Object::File(file) => file.read(into, position),
        Object::Memory(memory) => {
            let at = position.ok_or(Error::Argument)?.min(memory.0.bytes());
            let len =
                into.len().min(usize::try_from(memory.0.bytes().saturating_sub(at)).unwrap_or(usize::MAX));
            memory.0.read(at, &mut into[..len]).map_err(|e| host_error(&e))?;
            Ok(len as i64)
        }
        Object::Task(task) => task.read(into, position.unwrap_or(0)),
        // The same wherever it is read.
        Object::Random(random) => random.read(into),
        _ if position.is_some() => Err(Error::Type),
        Object::Reader(reader) => reader.read(into),
        Object::Input(input) => input.read(into),
        Object::Event(event) => event.read(into),
        Object::Socket(socket) => socket.read(into),
        Object::Exchange(exchange) => exchange.read(into),
        Object::Codec(codec) => codec.read(into),
        Object::Tls(session) => session.read(into),
        Object::Clock(clock) => clock.read(into),
        Object::Timer(timer) => timer.read(into, state.now()),
        _ => Err(Error::Type),
    }
}

fn read_blob(bytes: &[u8], into: &mut [u8], position: Option<u64>) -> i64 {
    let from = usize::try_from(position.unwrap_or(0)).unwrap_or(usize::MAX).min(bytes.len());
    let len = (bytes.len() - from).min(into.len());
    into[..len].copy_from_slice(&bytes[from..from + len]);
    len as i64
}

fn write(state: &mut State, handle: Handle, from: &[u8], position: Option<u64>) -> Result<i64, Error> {
    match state.table.get_with(handle, Rights::WRITE)? {
        Object::File(file) => file.write(from, position),
        Object::Memory(memory) => {
            let at = position.ok_or(Error::Argument)?;
            memory.0.write(at, from).map_err(|_| Error::Argument)?;
            Ok(from.len() as i64)
        }
        _ if position.is_some() => Err(Error::Type),
        Object::Writer(writer) => writer.write(from),
        Object::Output(output) => {
            let output = output.clone();
            write_output(state, &output, from)
        }
        Object::Socket(socket) => socket.write(from),
        Object::Exchange(exchange) => exchange.write(from),
        Object::Codec(codec) => codec.write(from),
        Object::Tls(session) => session.write(from),
        Object::Answer(answer) => {
            let mut answer = answer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if answer.len().saturating_add(from.len()) > ANSWER_BYTES_MAX {
                return Err(Error::Limit);
            }
            answer.extend_from_slice(from);
            Ok(from.len() as i64)
        }
        _ => Err(Error::Type),
    }
}

fn write_output(state: &mut State, output: &Output, from: &[u8]) -> Result<i64, Error> {
    use std::sync::atomic::Ordering::Relaxed;
    let written_before = state.monitor.output_bytes.load(Relaxed);
    let room = state.limits.output_bytes_max.map_or(u64::MAX, |max| max.saturating_sub(written_before));
    let allowed = usize::try_from(room).unwrap_or(usize::MAX).min(from.len());
    let allowed = state.tree.as_ref().map_or(allowed, |tree| tree.take_output(allowed as u64) as usize);
    let written = output.write(&from[..allowed], &state.monitor);
    let rest = allowed as u64 - written.as_ref().map_or(0, |written| *written as u64);
    if let Some(tree) = &state.tree {
        tree.give_output_back(rest);
    }
    let written = match written {
        Ok(written) => written,
        Err(Error::Closed) => {
            state.ending = Some(Ending::BrokenPipe);
            return Err(Error::Closed);
        }
        Err(error) => return Err(error),
    };
    state.monitor.output_bytes.fetch_add(written as u64, Relaxed);
    if let (Some(stream), Some(last)) = (output.process_stream(), from[..written as usize].last()) {
        state.monitor.note_last_byte(stream, *last);
    }
    if written as usize == allowed && allowed < from.len() && !from.is_empty() {
        state.ending = Some(Ending::Output);
        return Err(Error::Limit);
    }
    Ok(written)
}

fn open(state: &mut State, directory: Handle, path: &[u8], flags: u32, rights: Rights) -> Result<i64, Error> {
    if flags & !open::ALL != 0 {
        return Err(Error::Argument);
    }
    let (object, held) = state.table.get(directory)?;
    let opening = Opening {
        flags,
        read: rights.contains(Rights::READ),
        write: rights.contains(Rights::WRITE) && flags & open::DIRECTORY == 0,
    };
    let (monitor, descriptors) = (&state.monitor, &state.descriptors);
    let (opened, rights) = match object {
        Object::Network(network) => {
            let both = Rights::READ.union(Rights::WRITE);
            (network.open(path, descriptors, monitor)?, OPENED.union(both))
        }
        Object::Files(files) => {
            let place = files.place(None, path, opening_needs(opening), monitor)?;
            control::holds(held, opening_needs(opening))?;
            let opened = open_at(&place, opening, descriptors)?;
            let rights = opened_rights(&opened, rights, place.rights.intersect(held));
            (opened, rights)
        }
        Object::Directory(dir) => {
            let needed = opening_needs(opening);
            let place = dir.place(path, needed, monitor)?;
            control::holds(held, needed)?;
            let opened = open_at(&place, opening, descriptors)?;
            let rights = opened_rights(&opened, rights, place.rights.intersect(held));
            (opened, rights)
        }
        _ => return Err(Error::Type),
    };
    state.table.insert(opened, rights).map(number)
}

/// A file's handle may do what it was opened for; a directory's may do below it what the handle above it may.
fn opened_rights(opened: &Object, asked: Rights, above: Rights) -> Rights {
    let both = Rights::READ.union(Rights::WRITE);
    match opened {
        Object::Directory(_) => OPENED.union(above.intersect(both)),
        // Times belong to a file, not to its contents: whoever may write there may set them, however it was opened.
        _ if above.contains(Rights::WRITE) => OPENED.union(asked.intersect(both)),
        _ => OPENED.without(Rights::MANAGE).union(asked.intersect(both)),
    }
}

/// Does one of the verbs of keys.
fn link(state: &mut State, keys: Handle, verb: u64, key: &mut [u8; KEY_BYTES]) -> Result<i64, Error> {
    let Object::Keys(keys) = state.table.get_with(keys, Rights::LINK)? else { return Err(Error::Type) };
    let keys = keys.clone();
    match verb {
        link::MINT => {
            *key = keys.mint()?;
            Ok(0)
        }
        link::BIND => {
            if state.table.room() == 0 {
                return Err(Error::Limit);
            }
            let end = keys.bind(key, state.channels().lease()?);
            state.table.insert(Object::Channel(end), CHANNEL_RIGHTS).map(number)
        }
        link::REVOKE => {
            keys.revoke(key);
            Ok(0)
        }
        _ => Err(Error::Argument),
    }
}

fn timer(state: &mut State, clock: Handle, deadline: u64, period: u64) -> Result<i64, Error> {
    let Object::Clock(clock) = state.table.get_with(clock, Rights::READ)? else { return Err(Error::Type) };
    let timer = crate::object::clock::Timer::new(clock.to_monotonic(deadline), period);
    let object = Object::Timer(std::sync::Arc::new(timer));
    let rights = Rights::READ.union(Rights::WAIT).union(Rights::DUPLICATE);
    state.table.insert(object, rights).map(number)
}
