//! Streams of bytes between a guest and a handle.
//!
//! Invariant: a handle that a stream owns is closed after the stream has gone, when the host is asked next.

use std::pin::Pin;
use std::task::{Context, Poll};

use b8g_core::abi::ready;
use b8g_core::{Error, Handle};
use wasmtime::component::{
    Access, Destination, FutureReader, Source, StreamConsumer, StreamProducer, StreamReader, StreamResult,
    VecBuffer,
};
use wasmtime::{AsContextMut, StoreContextMut};

use super::Host;
use super::told::{Teller, Told, told};
use crate::dispatch::Call;
use crate::model::files::{self, READ_BYTES_MAX};
use crate::model::host::{Closing, Done, Failure, call, count, duplicate};
use crate::model::idle::Event;
use crate::state::State;
use crate::wait::Item;

/// Bytes that one write takes at most.
const WRITE_BYTES_MAX: usize = 64 << 10;

/// A handle as a stream has it: its own, or one that stays.
#[derive(Debug)]
pub(super) struct Held {
    handle: Handle,
    closing: Option<Closing>,
    /// The direction of a connection that ends with the stream.
    ends: Option<u64>,
}

impl Held {
    /// A handle that stays when the stream goes.
    pub(super) fn lent(handle: Handle) -> Held {
        Held { handle, closing: None, ends: None }
    }

    /// A handle that is closed when the stream goes.
    pub(super) fn owned(state: &mut State, handle: Handle) -> Held {
        Held { handle, closing: Some(state.resources().closing.clone()), ends: None }
    }

    /// Another handle to the same, which is closed when that one goes.
    pub(super) fn again(&self, state: &mut State) -> Done<Held> {
        let handle = duplicate(state, self.handle)?;
        Ok(Held::owned(state, handle))
    }

    /// As it is, and a direction of the connection ends with it.
    pub(super) fn ending(self, direction: u64) -> Held {
        let mut held = self;
        held.ends = Some(direction);
        held
    }

    /// The handle.
    pub(super) fn handle(&self) -> Handle {
        self.handle
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(closing) = &self.closing {
            closing.add(self.handle, self.ends);
        }
    }
}

/// Says that nothing can be done now: the guest hears of it when `event` has happened, unless it gives up.
pub(super) fn later(
    state: &mut State,
    context: &Context<'_>,
    event: Event,
    finish: bool,
) -> Poll<wasmtime::Result<StreamResult>> {
    if finish {
        return Poll::Ready(Ok(StreamResult::Cancelled));
    }
    state.resources().pending.add(event, context.waker());
    Poll::Pending
}

/// Reads from a handle.
struct Reading<C> {
    from: Held,
    position: Option<u64>,
    teller: Teller<C>,
    code: fn(Error) -> C,
}

impl<C: Send + 'static> StreamProducer<State> for Reading<C> {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'a, State>,
        mut destination: Destination<'a, u8, VecBuffer<u8>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let reading = self.get_mut();
        let room = destination.remaining(store.as_context_mut()).unwrap_or(READ_BYTES_MAX);
        if room == 0 {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let (handle, state) = (reading.from.handle, store.data_mut());
        match files::read_at(state, handle, room as u64, reading.position) {
            Ok(bytes) if bytes.is_empty() => Poll::Ready(Ok(StreamResult::Dropped)),
            Ok(bytes) => {
                reading.position = reading.position.map(|at| at.saturating_add(bytes.len() as u64));
                destination.set_buffer(bytes.into());
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Err(Failure::Error(Error::Again)) => {
                later(state, context, Event::Item(Item { handle, interest: ready::READ }), finish)
            }
            Err(Failure::Error(error)) => {
                reading.teller.tell(Err((reading.code)(error)));
                Poll::Ready(Ok(StreamResult::Dropped))
            }
            Err(Failure::Trap(error)) => Poll::Ready(Err(error)),
        }
    }
}

/// Where a write goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// To a stream or a socket.
    Next,
    /// To a place of a file.
    At(u64),
    /// To the end of a file, wherever that is.
    End,
}

/// Writes to a handle.
struct Writing<C> {
    to: Held,
    place: Place,
    teller: Teller<C>,
    code: fn(Error) -> C,
}

impl<C> Writing<C> {
    fn write(&mut self, state: &mut State, from: &[u8]) -> Done<usize> {
        let handle = self.to.handle;
        let position = match self.place {
            Place::Next => None,
            Place::At(at) => Some(at),
            Place::End => Some(files::stat(state, handle)?.size),
        };
        let written = count(call(state, Call::Write { handle, from, position })?)?;
        if let Place::At(at) = &mut self.place {
            *at = at.saturating_add(written as u64);
        }
        if written == 0 { Err(Error::Io.into()) } else { Ok(written) }
    }
}

impl<C: Send + 'static> StreamConsumer<State> for Writing<C> {
    type Item = u8;

    fn poll_consume(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'_, State>,
        mut source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let writing = self.get_mut();
        let bytes = {
            let mut direct = source.reborrow().as_direct(store.as_context_mut());
            let bytes = direct.remaining();
            bytes[..bytes.len().min(WRITE_BYTES_MAX)].to_vec()
        };
        if bytes.is_empty() {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match writing.write(store.data_mut(), &bytes) {
            Ok(written) => {
                source.reborrow().as_direct(store.as_context_mut()).mark_read(written);
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Err(Failure::Error(Error::Again)) => {
                let item = Item { handle: writing.to.handle, interest: ready::WRITE };
                later(store.data_mut(), context, Event::Item(item), finish)
            }
            Err(Failure::Error(error)) => {
                writing.teller.tell(Err((writing.code)(error)));
                Poll::Ready(Ok(StreamResult::Dropped))
            }
            Err(Failure::Trap(error)) => Poll::Ready(Err(error)),
        }
    }
}

/// What goes with a stream: how it ended.
pub(super) type End<C> = FutureReader<Result<(), C>>;

/// What a future of a stream's end has to be.
pub(super) trait Code:
    wasmtime::component::Lower + wasmtime::component::Lift + Send + Sync + 'static
{
}

impl<C: wasmtime::component::Lower + wasmtime::component::Lift + Send + Sync + 'static> Code for C {}

/// A future that is there already.
pub(super) fn ended<C: Code>(
    access: &mut Access<'_, State, Host>,
    end: Result<(), C>,
) -> wasmtime::Result<End<C>> {
    FutureReader::new(access, async move { wasmtime::Result::<_>::Ok(end) })
}

/// A stream that reads from a handle, and who hears how it ended.
pub(super) fn reading<C: Code>(
    access: &mut Access<'_, State, Host>,
    from: Held,
    position: Option<u64>,
    code: fn(Error) -> C,
) -> wasmtime::Result<(StreamReader<u8>, Told<C>)> {
    let (teller, told) = told();
    Ok((StreamReader::new(access, Reading { from, position, teller, code })?, told))
}

/// A stream that reads from a handle.
pub(super) fn reader<C: Code>(
    mut access: Access<'_, State, Host>,
    from: Held,
    position: Option<u64>,
    code: fn(Error) -> C,
) -> wasmtime::Result<(StreamReader<u8>, End<C>)> {
    let (stream, told) = reading(&mut access, from, position, code)?;
    Ok((stream, FutureReader::new(&mut access, told)?))
}

/// A stream that holds nothing, and how it ended.
pub(super) fn no_reader<T, C: Code>(
    mut access: Access<'_, State, Host>,
    end: Result<(), C>,
) -> wasmtime::Result<(StreamReader<T>, End<C>)>
where
    T: wasmtime::component::Lower + wasmtime::component::Lift + Send + Sync + Unpin + 'static,
{
    let stream = StreamReader::new(&mut access, Vec::<T>::new())?;
    Ok((stream, ended(&mut access, end)?))
}

/// Writes what comes out of a stream to a handle; answers who hears how it ended.
pub(super) fn writing<C: Code>(
    access: &mut Access<'_, State, Host>,
    data: StreamReader<u8>,
    to: Held,
    place: Place,
    code: fn(Error) -> C,
) -> wasmtime::Result<Told<C>> {
    let (teller, told) = told();
    data.pipe(access, Writing { to, place, teller, code })?;
    Ok(told)
}

/// Writes what comes out of a stream to a handle.
pub(super) fn writer<C: Code>(
    mut access: Access<'_, State, Host>,
    data: StreamReader<u8>,
    to: Held,
    place: Place,
    code: fn(Error) -> C,
) -> wasmtime::Result<End<C>> {
    let told = writing(&mut access, data, to, place, code)?;
    FutureReader::new(&mut access, told)
}

/// Takes nothing from a stream, and says why.
pub(super) fn no_writer<C: Code>(
    mut access: Access<'_, State, Host>,
    mut data: StreamReader<u8>,
    why: C,
) -> wasmtime::Result<End<C>> {
    data.close(&mut access)?;
    ended(&mut access, Err(why))
}
