//! `wasi:io/streams`: reading and writing handles, blocking or not.
//!
//! Invariants: a stream of a file has a position of its own; what was accepted to be written and has not been yet lies in
//! the stream, at most what `check-write` said.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use b8g_core::abi::ready;
use b8g_core::{Error, Handle};
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::wasi::io::{error, streams};
use super::poll::Pollable;
use crate::dispatch::Call;
use crate::model::files::{self, READ_BYTES_MAX};
use crate::model::host::{self, Done, Failure, call, count, trap};
use crate::object::Lease;
use crate::state::State;
use crate::wait::Item;

use streams::StreamError;

/// Bytes that one write takes at most: what `check-write` says where there is room.
pub(super) const WRITE_BYTES_MAX: usize = 64 << 10;

/// An error that an operation of a stream ended with.
#[derive(Debug)]
pub struct IoError(pub(super) Error);

/// Something to read from.
#[derive(Clone, Copy, Debug)]
pub struct InputStream {
    handle: Handle,
    /// Whether the handle is the stream's own, to be closed with it.
    owned: bool,
    /// Where in a file.
    position: Option<u64>,
    ended: bool,
}

/// Where a write goes.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// To a stream or a socket.
    Next,
    /// To a place of a file.
    At(u64),
    /// To the end of a file, wherever that is.
    End,
}

/// Something to write to.
#[derive(Debug)]
pub struct OutputStream {
    handle: Handle,
    owned: bool,
    place: Place,
    /// What was accepted and is not written yet.
    kept: Vec<u8>,
    /// Where its handle will be, and what is left of it when it goes, if it is the body of a message of HTTP.
    later: Option<Arc<Mutex<Later>>>,
    ended: bool,
}

/// What is written before anybody knows where to.
#[derive(Debug, Default)]
pub(super) struct Later {
    pub(super) to: Option<Handle>,
    /// What a stream that has gone left.
    pub(super) kept: Vec<u8>,
    /// Counts what may be kept, as long as it must be.
    pub(super) lease: Option<Lease>,
}

pub(super) fn lock(later: &Mutex<Later>) -> MutexGuard<'_, Later> {
    later.lock().unwrap_or_else(PoisonError::into_inner)
}

impl InputStream {
    /// A standard stream, which stays when this goes.
    pub(super) fn standard(handle: Handle) -> InputStream {
        InputStream { handle, owned: false, position: None, ended: false }
    }

    /// A standard stream that was given before.
    pub(crate) fn restored(handle: Handle, ended: bool) -> InputStream {
        InputStream { ended, ..InputStream::standard(handle) }
    }

    /// Its handle, if it is a standard stream.
    pub(crate) fn standard_handle(&self) -> Option<Handle> {
        (!self.owned).then_some(self.handle)
    }

    /// Tells whether there is nothing more to read.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// A stream that owns its handle.
    pub(super) fn new(handle: Handle, position: Option<u64>) -> InputStream {
        InputStream { handle, owned: true, position, ended: false }
    }
}

impl OutputStream {
    /// A standard stream, which stays when this goes.
    pub(super) fn standard(handle: Handle) -> OutputStream {
        OutputStream { owned: false, ..OutputStream::new(handle) }
    }

    /// A standard stream that was given before.
    pub(crate) fn restored(handle: Handle, ended: bool) -> OutputStream {
        OutputStream { ended, ..OutputStream::standard(handle) }
    }

    /// Its handle, if it is a standard stream.
    pub(crate) fn standard_handle(&self) -> Option<Handle> {
        (!self.owned).then_some(self.handle)
    }

    /// Tells whether it was closed.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Tells whether something was accepted that is not written yet.
    pub(crate) fn keeps(&self) -> bool {
        !self.kept.is_empty()
    }

    /// A stream that owns its handle.
    pub(super) fn new(handle: Handle) -> OutputStream {
        OutputStream { handle, owned: true, place: Place::Next, kept: Vec::new(), later: None, ended: false }
    }

    /// One whose handle will be known later; the stream does not own it.
    pub(super) fn later(later: Arc<Mutex<Later>>) -> OutputStream {
        OutputStream { later: Some(later), ..OutputStream::standard(Handle::ENGINE) }
    }

    /// Tells whether it is known by now where to write.
    fn is_settled(&mut self) -> bool {
        let Some(later) = &self.later else { return true };
        let to = lock(later).to;
        self.handle = to.unwrap_or(self.handle);
        to.is_some()
    }

    /// One to a place of a file; `None`: always to its end.
    pub(super) fn to_file(handle: Handle, position: Option<u64>) -> OutputStream {
        OutputStream { place: position.map_or(Place::End, Place::At), ..OutputStream::new(handle) }
    }

    /// Writes some of `from`; answers how much.
    fn write_some(&mut self, state: &mut State, from: &[u8]) -> Done<usize> {
        let position = match self.place {
            Place::Next => None,
            Place::At(at) => Some(at),
            Place::End => Some(files::stat(state, self.handle)?.size),
        };
        let written = count(call(state, Call::Write { handle: self.handle, from, position })?)?;
        if let Place::At(at) = &mut self.place {
            *at = at.saturating_add(written as u64);
        }
        Ok(written)
    }

    /// Writes what was kept, as far as it goes without waiting.
    fn push(&mut self, state: &mut State) -> Done {
        while !self.kept.is_empty() && self.is_settled() {
            let kept = std::mem::take(&mut self.kept);
            let written = self.write_some(state, &kept);
            self.kept = kept;
            match written {
                Ok(0) => return Err(Error::Io.into()),
                Ok(n) => drop(self.kept.drain(..n)),
                Err(Failure::Error(Error::Again)) => return Ok(()),
                Err(failure) => {
                    self.kept.clear();
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    /// Accepts `from`: writes what can be written and keeps the rest.
    fn accept(&mut self, state: &mut State, from: &[u8]) -> Done {
        let room = WRITE_BYTES_MAX.saturating_sub(self.kept.len());
        if from.len() > room && !self.is_settled() {
            return Err(Error::Limit.into());
        }
        if from.len() > room {
            return Err(Failure::Trap(trap("a write of more than check-write permitted")));
        }
        let mut rest = from;
        while self.kept.is_empty() && !rest.is_empty() && self.is_settled() {
            match self.write_some(state, rest) {
                Ok(0) => return Err(Error::Io.into()),
                Ok(n) => rest = rest.get(n..).unwrap_or_default(),
                Err(Failure::Error(Error::Again)) => break,
                Err(failure) => return Err(failure),
            }
        }
        self.kept.extend_from_slice(rest);
        Ok(())
    }

    /// Waits until all that was accepted is written.
    fn flush(&mut self, state: &mut State) -> Done {
        self.push(state)?;
        while !self.kept.is_empty() && self.is_settled() {
            host::wait_for(state, self.handle, ready::WRITE)?;
            self.push(state)?;
        }
        Ok(())
    }
}

/// Lets `act` have an output stream and the state. What ended the stream is told once; afterwards it is closed.
fn with_output<T>(
    state: &mut State,
    stream: &Resource<OutputStream>,
    act: impl FnOnce(&mut OutputStream, &mut State) -> Done<T>,
) -> Done<T> {
    let place = state.resources().table.get_mut(stream)?;
    if place.ended {
        return Err(Error::Closed.into());
    }
    let idle = OutputStream { ended: true, ..OutputStream::standard(place.handle) };
    let mut taken = std::mem::replace(place, idle);
    let done = act(&mut taken, state);
    taken.ended = matches!(done, Err(Failure::Error(_)));
    *state.resources().table.get_mut(stream)? = taken;
    done
}

/// Reads what is there, at most `len` bytes; waits for something if `blocks`.
fn read(state: &mut State, stream: &Resource<InputStream>, len: u64, blocks: bool) -> Done<Vec<u8>> {
    let InputStream { handle, position, ended, .. } = *state.resources().table.get(stream)?;
    if ended {
        return Err(Error::Closed.into());
    }
    if len == 0 {
        return Ok(Vec::new());
    }
    let read = loop {
        match files::read_at(state, handle, len, position) {
            Err(Failure::Error(Error::Again)) if blocks => host::wait_for(state, handle, ready::READ)?,
            Err(Failure::Error(Error::Again)) => return Ok(Vec::new()),
            read => break read,
        }
    };
    let stream = state.resources().table.get_mut(stream)?;
    let bytes = read.inspect_err(|_| stream.ended = true)?;
    if bytes.is_empty() {
        stream.ended = true;
        return Err(Error::Closed.into());
    }
    stream.position = stream.position.map(|at| at.saturating_add(bytes.len() as u64));
    Ok(bytes)
}

/// How much an output stream takes now.
fn room(stream: &mut OutputStream, state: &mut State) -> Done<usize> {
    stream.push(state)?;
    let free = WRITE_BYTES_MAX.saturating_sub(stream.kept.len());
    Ok(if stream.kept.is_empty() || !stream.is_settled() { free } else { 0 })
}

/// Moves bytes from one stream to another.
fn splice(
    state: &mut State,
    to: &Resource<OutputStream>,
    from: &Resource<InputStream>,
    len: u64,
    blocks: bool,
) -> Done<u64> {
    let room = with_output(state, to, |to, state| {
        if blocks {
            to.flush(state)?;
        }
        room(to, state)
    })?;
    let bytes = read(state, from, len.min(room as u64), blocks)?;
    with_output(state, to, |to, state| {
        to.accept(state, &bytes)?;
        if blocks { to.flush(state) } else { Ok(()) }
    })?;
    Ok(bytes.len() as u64)
}

impl error::Host for State {}

impl error::HostError for State {
    fn to_debug_string(&mut self, error: Resource<IoError>) -> Result<String> {
        Ok(self.resources().table.get(&error)?.0.to_string())
    }

    fn drop(&mut self, error: Resource<IoError>) -> Result<()> {
        self.resources().table.delete(error)?;
        Ok(())
    }
}

impl streams::Host for State {
    fn convert_stream_error(&mut self, failure: Failure) -> Result<StreamError> {
        match failure {
            Failure::Trap(error) => Err(error),
            Failure::Error(Error::Closed) => Ok(StreamError::Closed),
            Failure::Error(error) => {
                Ok(StreamError::LastOperationFailed(self.resources().table.push(IoError(error))?))
            }
        }
    }
}

impl streams::HostInputStream for State {
    fn read(&mut self, stream: Resource<InputStream>, len: u64) -> Done<Vec<u8>> {
        read(self, &stream, len, false)
    }

    fn blocking_read(&mut self, stream: Resource<InputStream>, len: u64) -> Done<Vec<u8>> {
        read(self, &stream, len, true)
    }

    fn skip(&mut self, stream: Resource<InputStream>, len: u64) -> Done<u64> {
        read(self, &stream, len.min(READ_BYTES_MAX as u64), false).map(|bytes| bytes.len() as u64)
    }

    fn blocking_skip(&mut self, stream: Resource<InputStream>, len: u64) -> Done<u64> {
        read(self, &stream, len.min(READ_BYTES_MAX as u64), true).map(|bytes| bytes.len() as u64)
    }

    fn subscribe(&mut self, stream: Resource<InputStream>) -> Result<Resource<Pollable>> {
        let InputStream { handle, ended, .. } = *self.resources().table.get(&stream)?;
        let item = Item { handle, interest: ready::READ };
        let pollable = if ended { Pollable::Ready } else { Pollable::Item(item) };
        Ok(self.resources().table.push(pollable)?)
    }

    fn drop(&mut self, stream: Resource<InputStream>) -> Result<()> {
        let stream = self.resources().table.delete(stream)?;
        if stream.owned { host::close(self, stream.handle) } else { Ok(()) }
    }
}

impl streams::HostOutputStream for State {
    fn check_write(&mut self, stream: Resource<OutputStream>) -> Done<u64> {
        with_output(self, &stream, room).map(|room| room as u64)
    }

    fn write(&mut self, stream: Resource<OutputStream>, contents: Vec<u8>) -> Done {
        with_output(self, &stream, |stream, state| stream.accept(state, &contents))
    }

    fn blocking_write_and_flush(&mut self, stream: Resource<OutputStream>, contents: Vec<u8>) -> Done {
        with_output(self, &stream, |stream, state| {
            for part in contents.chunks(WRITE_BYTES_MAX) {
                stream.flush(state)?;
                stream.accept(state, part)?;
            }
            stream.flush(state)
        })
    }

    fn flush(&mut self, stream: Resource<OutputStream>) -> Done {
        with_output(self, &stream, OutputStream::push)
    }

    fn blocking_flush(&mut self, stream: Resource<OutputStream>) -> Done {
        with_output(self, &stream, OutputStream::flush)
    }

    fn subscribe(&mut self, stream: Resource<OutputStream>) -> Result<Resource<Pollable>> {
        let stream = self.resources().table.get_mut(&stream)?;
        let is_settled = stream.is_settled();
        let item = Item { handle: stream.handle, interest: ready::WRITE };
        let pollable = if stream.ended || !is_settled { Pollable::Ready } else { Pollable::Item(item) };
        Ok(self.resources().table.push(pollable)?)
    }

    fn write_zeroes(&mut self, stream: Resource<OutputStream>, len: u64) -> Done {
        let zeroes = vec![0; usize::try_from(len).unwrap_or(usize::MAX).min(WRITE_BYTES_MAX + 1)];
        with_output(self, &stream, |stream, state| stream.accept(state, &zeroes))
    }

    fn blocking_write_zeroes_and_flush(&mut self, stream: Resource<OutputStream>, len: u64) -> Done {
        let zeroes = [0; 4096];
        with_output(self, &stream, |stream, state| {
            let mut rest = len;
            while rest > 0 {
                let part = rest.min(zeroes.len() as u64);
                stream.accept(state, &zeroes[..part as usize])?;
                stream.flush(state)?;
                rest -= part;
            }
            stream.flush(state)
        })
    }

    fn splice(&mut self, to: Resource<OutputStream>, from: Resource<InputStream>, len: u64) -> Done<u64> {
        splice(self, &to, &from, len, false)
    }

    fn blocking_splice(
        &mut self,
        to: Resource<OutputStream>,
        from: Resource<InputStream>,
        len: u64,
    ) -> Done<u64> {
        splice(self, &to, &from, len, true)
    }

    fn drop(&mut self, stream: Resource<OutputStream>) -> Result<()> {
        let mut stream = self.resources().table.delete(stream)?;
        if let Err(Failure::Trap(error)) = stream.push(self) {
            return Err(error);
        }
        if let Some(later) = &stream.later {
            lock(later).kept.append(&mut stream.kept);
        }
        if stream.owned { host::close(self, stream.handle) } else { Ok(()) }
    }
}
