//! The operations that move bytes, as functions whose types are known when the engine is built: their bytes are copied at once
//! rather than one by one.

use b8g_core::abi::{Op, Request};
use b8g_core::{Error, Handle};
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower};
use wasmtime::{Result, StoreContextMut};

use super::scratch::{Scratch, slice};
use super::{ENTRIES_BYTES, READ_BYTES_MAX};
use crate::state::State;

/// Tells whether an operation is one of these.
pub(super) fn has(op: Op) -> bool {
    matches!(op, Op::Read | Op::Write | Op::Send | Op::Receive)
}

/// Tells whether a request is one of these.
pub(super) fn has_request(request: Request) -> bool {
    matches!(request, Request::Blob | Request::Compile | Request::Tls | Request::TlsFeed | Request::TlsTake)
}

/// An error, as the interface says it.
#[derive(ComponentType, Lower, Clone, Copy, Debug)]
#[component(variant)]
enum Refused {
    #[component(name = "bad-handle")]
    BadHandle,
    #[component(name = "rights")]
    Rights,
    #[component(name = "type")]
    Type,
    #[component(name = "argument")]
    Argument,
    #[component(name = "fault")]
    Fault,
    #[component(name = "no-memory")]
    NoMemory,
    #[component(name = "again")]
    Again,
    #[component(name = "closed")]
    Closed,
    #[component(name = "canceled")]
    Canceled,
    #[component(name = "timeout")]
    Timeout,
    #[component(name = "not-found")]
    NotFound,
    #[component(name = "exists")]
    Exists,
    #[component(name = "limit")]
    Limit,
    #[component(name = "busy")]
    Busy,
    #[component(name = "io")]
    Io,
    #[component(name = "no-system")]
    NoSystem,
    #[component(name = "host")]
    Host(u16),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        match error {
            Error::BadHandle => Refused::BadHandle,
            Error::Rights => Refused::Rights,
            Error::Type => Refused::Type,
            Error::Argument => Refused::Argument,
            Error::Fault => Refused::Fault,
            Error::NoMemory => Refused::NoMemory,
            Error::Again => Refused::Again,
            Error::Closed => Refused::Closed,
            Error::Canceled => Refused::Canceled,
            Error::Timeout => Refused::Timeout,
            Error::NotFound => Refused::NotFound,
            Error::Exists => Refused::Exists,
            Error::Limit => Refused::Limit,
            Error::Busy => Refused::Busy,
            Error::Io => Refused::Io,
            Error::NoSystem => Refused::NoSystem,
            Error::Host(number) => Refused::Host(number),
        }
    }
}

/// A message that was received.
#[derive(ComponentType, Lower, Debug)]
#[component(record)]
struct Message {
    data: Vec<u8>,
    handles: Vec<u32>,
}

/// Why something was not compiled.
#[derive(ComponentType, Lower, Debug)]
#[component(record)]
struct Refusal {
    error: Refused,
    why: String,
}

/// What is compiled: a [`b8g_core::abi::Language`].
#[derive(ComponentType, Lift, Clone, Copy, Debug)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "lifting makes them")]
enum Language {
    #[component(name = "wasm")]
    Wasm,
    #[component(name = "javascript")]
    JavaScript,
    #[component(name = "typescript")]
    TypeScript,
}

type Answered<T> = Result<(std::result::Result<T, Refused>,)>;

/// Adds them.
pub(super) fn add(instance: &mut LinkerInstance<'_, State>) -> Result<()> {
    instance.func_wrap("read", read)?;
    instance.func_wrap("write", write)?;
    instance.func_wrap("send", send)?;
    instance.func_wrap("receive", receive)
}

/// Adds the requests.
pub(super) fn add_requests(instance: &mut LinkerInstance<'_, State>) -> Result<()> {
    instance.func_wrap("blob", blob)?;
    instance.func_wrap("compile", compile)?;
    instance.func_wrap("tls", tls)?;
    instance.func_wrap("tls-feed", tls_feed)?;
    instance.func_wrap("tls-take", tls_take)
}

fn position(position: Option<u64>) -> i64 {
    position.map_or(-1, |position| position.min(i64::MAX as u64) as i64)
}

fn read(
    mut store: StoreContextMut<'_, State>,
    (handle, room, at): (u32, u32, Option<u64>),
) -> Answered<Vec<u8>> {
    let mut scratch = Scratch::new();
    let room = scratch.room(READ_BYTES_MAX.min(room as usize));
    scratch.words = [room.0 as i64, room.1 as i64, position(at), 0];
    let done = super::ask(store.data_mut(), &mut scratch, Op::Read, Handle::from_raw(handle))?;
    Ok((done.map(|count| scratch.bytes((room.0, count as usize)).to_vec()).map_err(Refused::from),))
}

fn write(
    mut store: StoreContextMut<'_, State>,
    (handle, bytes, at): (u32, Vec<u8>, Option<u64>),
) -> Answered<u32> {
    let mut scratch = Scratch::new();
    let bytes = scratch.put(&bytes);
    scratch.words = [bytes.0 as i64, bytes.1 as i64, position(at), 0];
    let done = super::ask(store.data_mut(), &mut scratch, Op::Write, Handle::from_raw(handle))?;
    Ok((done.map(|count| count as u32).map_err(Refused::from),))
}

fn send(
    mut store: StoreContextMut<'_, State>,
    (handle, bytes, handles): (u32, Vec<u8>, Vec<u32>),
) -> Answered<()> {
    let mut scratch = Scratch::new();
    let (bytes, count) = (scratch.put(&bytes), handles.len() as i64);
    let handles: Vec<u8> = handles.into_iter().flat_map(u32::to_le_bytes).collect();
    let handles = scratch.put(&handles);
    scratch.words = [bytes.0 as i64, bytes.1 as i64, handles.0 as i64, count];
    let done = super::ask(store.data_mut(), &mut scratch, Op::Send, Handle::from_raw(handle))?;
    Ok((done.map(|_| ()).map_err(Refused::from),))
}

fn receive(
    mut store: StoreContextMut<'_, State>,
    (handle, room, most): (u32, u32, u32),
) -> Answered<Message> {
    let mut scratch = Scratch::new();
    let bytes = scratch.room(READ_BYTES_MAX.min(room as usize));
    let most = u64::from(most).min(b8g_core::abi::MESSAGE_HANDLES_MAX) as usize;
    let handles = scratch.room(most * 4);
    scratch.words = [bytes.0 as i64, bytes.1 as i64, handles.0 as i64, most as i64];
    let done = super::ask(store.data_mut(), &mut scratch, Op::Receive, Handle::from_raw(handle))?;
    let message = done.map(|answer| {
        let (len, count) = (answer as u32 as usize, (answer >> 32) as usize);
        let words = scratch.bytes((handles.0, count * 4)).chunks_exact(4);
        let handles = words.map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        Message { data: scratch.bytes((bytes.0, len)).to_vec(), handles }
    });
    Ok((message.map_err(Refused::from),))
}

fn blob(mut store: StoreContextMut<'_, State>, (bytes,): (Vec<u8>,)) -> Answered<u32> {
    let mut scratch = Scratch::new();
    let bytes = scratch.put(&bytes);
    scratch.words = [Request::Blob as i64, slice(bytes), 0, 0];
    let made = super::ask(store.data_mut(), &mut scratch, Op::Ctl, Handle::ENGINE)?;
    Ok((made.map(|handle| handle as u32).map_err(Refused::from),))
}

fn compile(
    mut store: StoreContextMut<'_, State>,
    (handle, source, language): (u32, Vec<u8>, Language),
) -> Result<(std::result::Result<u32, Refusal>,)> {
    let mut scratch = Scratch::new();
    let (source, room) = (scratch.put(&source), scratch.room(ENTRIES_BYTES));
    scratch.words = [Request::Compile as i64, slice(source), slice(room), language as i64];
    let made = super::ask(store.data_mut(), &mut scratch, Op::Ctl, Handle::from_raw(handle))?;
    let why = |error| {
        let text = scratch.bytes(room).split(|byte| *byte == 0).next().unwrap_or_default();
        Refusal { error: Refused::from(error), why: String::from_utf8_lossy(text).into_owned() }
    };
    Ok((made.map(|handle| handle as u32).map_err(why),))
}

fn tls(mut store: StoreContextMut<'_, State>, (handle, settings, how): (u32, Vec<u8>, u64)) -> Answered<u32> {
    let mut scratch = Scratch::new();
    let settings = scratch.put(&settings);
    scratch.words = [Request::Tls as i64, slice(settings), 0, how as i64];
    let made = super::ask(store.data_mut(), &mut scratch, Op::Ctl, Handle::from_raw(handle))?;
    Ok((made.map(|handle| handle as u32).map_err(Refused::from),))
}

fn tls_feed(mut store: StoreContextMut<'_, State>, (handle, bytes): (u32, Vec<u8>)) -> Answered<u64> {
    let mut scratch = Scratch::new();
    let bytes = scratch.put(&bytes);
    scratch.words = [Request::TlsFeed as i64, slice(bytes), 0, 0];
    let done = super::ask(store.data_mut(), &mut scratch, Op::Ctl, Handle::from_raw(handle))?;
    Ok((done.map(|count| count as u64).map_err(Refused::from),))
}

fn tls_take(mut store: StoreContextMut<'_, State>, (handle, room): (u32, u32)) -> Answered<Vec<u8>> {
    let mut scratch = Scratch::new();
    let room = scratch.room(READ_BYTES_MAX.min(room as usize));
    scratch.words = [Request::TlsTake as i64, 0, slice(room), 0];
    let done = super::ask(store.data_mut(), &mut scratch, Op::Ctl, Handle::from_raw(handle))?;
    Ok((done.map(|count| scratch.bytes((room.0, count as usize)).to_vec()).map_err(Refused::from),))
}

#[cfg(test)]
mod tests {
    use super::*;
    use b8g_core::abi::constants::ERRORS;
    use b8g_core::abi::names::word;

    /// Both ways to say an error have the same names.
    #[test]
    fn errors_are_those_of_the_interface() {
        for row in ERRORS {
            let own = word(&format!("{:?}", Refused::from(row.error)));
            assert_eq!(own, word(&format!("{:?}", row.error)));
        }
    }
}
