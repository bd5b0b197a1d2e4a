//! What contexts share: streams, memory, events.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use b8g_core::abi::stream;
use b8g_core::stream::{Gone, ring_bytes};
use b8g_core::{Error, Handle, Rights};

use crate::memory::{GuestMemory, SharedMemory};
use crate::object::event::{EVENT_RIGHTS, Event};
use crate::object::ring::{self, READER_RIGHTS, WRITER_RIGHTS};
use crate::object::stream::Output;
use crate::object::{Object, host_error};
use crate::state::{Ending, State};

/// Counted for each thing that is shared, beside its bytes: what the host needs for it.
const OVERHEAD_BYTES: u64 = 1024;
/// Counted for an event.
const EVENT_BYTES: u64 = 128;

/// Makes a stream and writes the handles of reader and writer.
pub(super) fn stream(
    state: &mut State,
    element: u64,
    capacity: u64,
    flags: u64,
    out: &mut [u8],
) -> Result<i64, Error> {
    let out = out.get_mut(..8).ok_or(Error::Argument)?;
    let mapped = flags == stream::MAP;
    if flags & !stream::MAP != 0 || mapped && capacity == 0 {
        return Err(Error::Argument);
    }
    if state.table.room() < 2 {
        return Err(Error::Limit);
    }
    let bytes = ring_bytes(element, capacity)? + OVERHEAD_BYTES;
    let mut leases = vec![state.shared().lease_many(bytes)?];
    if mapped {
        leases.push(state.descriptors.lease()?);
    }
    let (reader, writer) = ring::pair(element, capacity, mapped, leases)?;
    let map = if mapped { Rights::MAP } else { Rights::NONE };
    let reader = state.table.insert(Object::Reader(reader), READER_RIGHTS.union(map))?;
    let writer = state.table.insert(Object::Writer(writer), WRITER_RIGHTS.union(map))?;
    out[..4].copy_from_slice(&reader.raw().to_le_bytes());
    out[4..].copy_from_slice(&writer.raw().to_le_bytes());
    Ok(8)
}

/// Commits a part of a ring and gives the next.
pub(super) fn acquire(state: &State, handle: Handle, done: u64) -> Result<i64, Error> {
    let (object, rights) = state.table.get(handle)?;
    match object {
        Object::Writer(writer) if rights.contains(Rights::WRITE) => writer.acquire(done),
        Object::Reader(reader) if rights.contains(Rights::READ) => reader.acquire(done),
        Object::Writer(_) | Object::Reader(_) => Err(Error::Rights),
        _ => Err(Error::Type),
    }
}

/// Ends a stream from one of its ends.
pub(super) fn finish(state: &State, handle: Handle, how: Gone) -> Result<i64, Error> {
    let (object, rights) = state.table.get(handle)?;
    match object {
        Object::Writer(writer) if rights.contains(Rights::WRITE) => writer.finish(how),
        Object::Reader(reader) if rights.contains(Rights::READ) => reader.finish(how),
        Object::Exchange(exchange) if rights.contains(Rights::WRITE) => exchange.finish(how)?,
        Object::Codec(codec) if rights.contains(Rights::WRITE) => codec.finish(how),
        Object::Tls(session) if rights.contains(Rights::WRITE) => session.finish(how),
        Object::Writer(_) | Object::Reader(_) | Object::Exchange(_) | Object::Codec(_) | Object::Tls(_) => {
            return Err(Error::Rights);
        }
        _ => return Err(Error::Type),
    }
    Ok(0)
}

/// Tells how the other end went.
pub(super) fn gone(state: &State, handle: Handle) -> Result<i64, Error> {
    let gone = match state.table.get(handle)?.0 {
        Object::Writer(writer) => writer.peer_gone(),
        Object::Reader(reader) => reader.peer_gone(),
        _ => return Err(Error::Type),
    };
    match gone {
        None => Err(Error::Again),
        Some(Gone::Ended) => Ok(0),
        Some(Gone::Aborted(reason)) => Ok(1 << 32 | i64::from(reason)),
    }
}

/// Tells how many bytes a stream's ring has.
pub(super) fn capacity(state: &State, handle: Handle) -> Result<i64, Error> {
    match state.table.get(handle)?.0 {
        Object::Writer(writer) => Ok(writer.capacity() as i64),
        Object::Reader(reader) => Ok(reader.capacity() as i64),
        _ => Err(Error::Type),
    }
}

/// Gives a handle back. A writer of which it was the last handle has written all that it will.
pub(super) fn close(state: &mut State, handle: Handle) -> Result<i64, Error> {
    let object = state.table.remove(handle)?;
    finish_if_last(object);
    Ok(0)
}

/// Drops an object. If it is the end of a stream that writes, or output that goes to one, and nobody else has it, the
/// stream ends in an orderly way.
pub(crate) fn finish_if_last(object: Object) {
    let writer = match object {
        Object::Writer(writer) => Some(writer),
        Object::Output(output) => Arc::into_inner(output).and_then(Output::into_writer),
        _ => None,
    };
    if let Some(writer) = writer.and_then(Arc::into_inner) {
        writer.finish(Gone::Ended);
    }
}

/// Makes a blob of bytes, which stay as they are.
pub(super) fn blob(state: &mut State, bytes: &[u8]) -> Result<i64, Error> {
    if state.table.room() == 0 {
        return Err(Error::Limit);
    }
    let lease = state.shared().lease_many(bytes.len() as u64 + OVERHEAD_BYTES)?;
    let rights = EVENT_RIGHTS.without(Rights::SIGNAL);
    let handle = state.table.insert(Object::Kept(Arc::new((bytes.into(), lease))), rights)?;
    Ok(i64::from(handle.raw()))
}

/// Makes memory that several contexts can see.
pub(super) fn memory(state: &mut State, bytes: u64) -> Result<i64, Error> {
    if bytes == 0 {
        return Err(Error::Argument);
    }
    if state.table.room() == 0 || bytes > SharedMemory::BYTES_MAX {
        return Err(Error::Limit);
    }
    let whole = bytes.next_multiple_of(SharedMemory::WINDOW_ALIGNMENT_BYTES);
    let lease = state.shared().lease_many(whole + OVERHEAD_BYTES)?;
    let descriptor = state.descriptors.lease()?;
    let memory = SharedMemory::new(whole).map_err(|e| host_error(&e))?;
    let rights = EVENT_RIGHTS.without(Rights::SIGNAL).union(Rights::WRITE).union(Rights::MAP);
    let handle = state.table.insert(Object::Memory(Arc::new((memory, [lease, descriptor]))), rights)?;
    Ok(i64::from(handle.raw()))
}

/// Shows shared memory in the caller's own.
pub(super) fn map(
    state: &mut State,
    handle: Handle,
    guest: &mut GuestMemory<'_>,
    at: u64,
    offset: u64,
    length: u64,
) -> Result<i64, Error> {
    // There is no window that cannot be written, so a handle that may not write gets none.
    let (shared, keep) = match state.table.get_with(handle, Rights::MAP)? {
        Object::Memory(memory) => {
            state.table.get_with(handle, Rights::READ.union(Rights::WRITE))?;
            (memory.0.clone(), memory.clone() as Arc<dyn Any + Send + Sync>)
        }
        Object::Writer(writer) => (writer.shared()?.clone(), writer.keep()),
        Object::Reader(reader) => (reader.shared()?.clone(), reader.keep()),
        _ => return Err(Error::Type),
    };
    let whole = |n: u64| n.is_multiple_of(SharedMemory::WINDOW_ALIGNMENT_BYTES);
    if !whole(at) || !whole(offset) || !whole(length) || length == 0 {
        return Err(Error::Argument);
    }
    if offset.checked_add(length).is_none_or(|end| end > shared.bytes()) {
        return Err(Error::Argument);
    }
    let end = at.checked_add(length).filter(|end| *end <= guest.len() as u64).ok_or(Error::Fault)?;
    let range = at as usize..end as usize;
    if state.windows.overlap(&range) || !state.windows.may_be_in(guest) {
        return Err(Error::Exists);
    }
    if !state.windows.have_room_for(&range) {
        return Err(Error::Limit);
    }
    match state.windows.open(guest, &state.residence, range.clone(), &shared, offset) {
        Ok(()) => {
            state.shown.push((range, keep));
            Ok(0)
        }
        Err(error) => {
            state.ending = Some(Ending::Broken(format!("a window could not be mapped: {error}")));
            Err(Error::NoMemory)
        }
    }
}

/// Ends that. What the embedder shows is not the guest's to end.
pub(super) fn unmap(
    state: &mut State,
    guest: &mut GuestMemory<'_>,
    at: u64,
    length: u64,
) -> Result<i64, Error> {
    let is_it = |range: &Range<usize>| (range.start as u64, range.len() as u64) == (at, length);
    let place = state.shown.iter().position(|(range, _)| is_it(range)).ok_or(Error::NotFound)?;
    if !state.windows.may_be_in(guest) {
        return Err(Error::NotFound);
    }
    let (range, kept) = state.shown.swap_remove(place);
    if let Err(error) = state.windows.close(guest, &range) {
        state.ending = Some(Ending::Broken(format!("a window could not be unmapped: {error}")));
        return Err(Error::NoMemory);
    }
    drop(kept);
    Ok(0)
}

/// Makes an event.
pub(super) fn event(state: &mut State, bits: u32) -> Result<i64, Error> {
    if state.table.room() == 0 {
        return Err(Error::Limit);
    }
    let lease = state.shared().lease_many(EVENT_BYTES)?;
    let handle = state.table.insert(Object::Event(Arc::new(Event::new(bits, lease))), EVENT_RIGHTS)?;
    Ok(i64::from(handle.raw()))
}

/// Clears and sets bits of an event.
pub(super) fn signal(state: &State, handle: Handle, clear: u32, set: u32) -> Result<i64, Error> {
    match state.table.get_with(handle, Rights::SIGNAL)? {
        Object::Event(event) => Ok(i64::from(event.signal(clear, set))),
        _ => Err(Error::Type),
    }
}
