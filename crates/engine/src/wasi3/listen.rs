//! The stream of connections that a listening socket gives.

use std::pin::Pin;
use std::task::{Context, Poll};

use b8g_core::Error;
use b8g_core::abi::ready;
use wasmtime::component::{Access, Destination, Resource, StreamProducer, StreamReader, StreamResult};
use wasmtime::{AsContextMut, StoreContextMut};

use super::Host;
use super::pipe::{Held, later};
use crate::model::host::{Done, Failure, duplicate};
use crate::model::idle::Event;
use crate::model::sockets::TcpSocket;
use crate::state::State;
use crate::wait::Item;

/// When to try again after there was no room for one more connection.
const RETRY_NS: u64 = 50_000_000;

/// Accepts connections as they are asked for.
struct Accepting {
    from: Held,
    listener: TcpSocket,
}

impl StreamProducer<State> for Accepting {
    type Item = Resource<TcpSocket>;
    type Buffer = Option<Resource<TcpSocket>>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'a, State>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if destination.remaining(store.as_context_mut()) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let (accepting, state) = (self.get_mut(), store.data_mut());
        let handle = accepting.from.handle();
        match accepting.listener.accept_from(state, handle) {
            Ok(socket) => {
                destination.set_buffer(Some(state.resources().table.push(socket)?));
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Err(Failure::Error(Error::Again)) => {
                later(state, context, Event::Item(Item { handle, interest: ready::READ }), finish)
            }
            // The connection waits until a descriptor is free.
            Err(Failure::Error(error)) if is_full(error) => {
                let retry = state.now().saturating_add(RETRY_NS);
                later(state, context, Event::Deadline(retry), finish)
            }
            Err(Failure::Error(_)) => Poll::Ready(Ok(StreamResult::Dropped)),
            Err(Failure::Trap(error)) => Poll::Ready(Err(error)),
        }
    }
}

fn is_full(error: Error) -> bool {
    let full = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    error == Error::Limit || matches!(error, Error::Host(number) if full.contains(&i32::from(number)))
}

/// Lets others connect to a socket, and gives their connections.
pub(super) fn listen(
    mut access: Access<'_, State, Host>,
    at: &Resource<TcpSocket>,
) -> Done<StreamReader<Resource<TcpSocket>>> {
    let state = access.get();
    let mut socket = *state.resources().table.get(at)?;
    let done = socket.listen(state);
    *state.resources().table.get_mut(at)? = socket;
    done?;
    // The stream goes on listening when the socket has gone.
    let handle = duplicate(state, socket.listening()?)?;
    let from = Held::owned(state, handle);
    Ok(StreamReader::new(&mut access, Accepting { from, listener: socket })?)
}
