//! `wasi:http`: requests that are sent and answered, over exchanges.
//!
//! Start reading at [`Request`], then `body.rs`; `serve.rs` is what a server does. Invariant: a request or response that
//! has no exchange yet is the guest's own; its body is read by whoever gets it.

mod body;
mod fields;
mod serve;
mod types;

use std::future::poll_fn;
use std::task::Poll;

use b8g_core::abi::ready;
use b8g_core::{Error, Handle};
use wasmtime::Result;
use wasmtime::component::{Access, Accessor, Resource};

use super::Host;
use super::bindings::wasi::http::client;
use super::bindings::wasi::http::types::{DnsErrorPayload, ErrorCode};
use crate::model::host::{Done, Failure, must};
use crate::model::http::{self, Cause, Fields, Line, Options, http_code};
use crate::model::idle::Event;
use crate::state::State;
use crate::wait::Item;

use body::Body;

pub(crate) use serve::{Answer, answer, incoming};

/// A request: the guest's own, or one that it is to answer.
pub struct Request {
    line: Line,
    fields: Fields,
    options: Option<Options>,
    body: Body,
}

/// A response: the guest's own, or what was answered.
pub struct Response {
    status: u16,
    fields: Fields,
    body: Body,
}

fn code_of(cause: Cause) -> ErrorCode {
    http_code!(ErrorCode, DnsErrorPayload, FieldSizePayload, cause)
}

fn code(error: Error) -> ErrorCode {
    code_of(Cause::of(error))
}

/// What a guest is told, unless it is unwound.
fn told<T>(done: Done<T>) -> Result<std::result::Result<T, ErrorCode>> {
    match done {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Error(error)) => Ok(Err(code(error))),
        Err(Failure::Trap(error)) => Err(error),
    }
}

/// As [`told`], with what is known of the exchange.
fn told_of<T>(
    state: &mut State,
    exchange: Handle,
    done: Done<T>,
) -> Result<std::result::Result<T, ErrorCode>> {
    match done {
        Err(Failure::Error(error)) => Ok(Err(code_of(http::cause(state, exchange, error)?))),
        done => told(done),
    }
}

/// Waits until `act` has an answer other than [`Error::Again`], asking when the exchange is ready for `interest`.
async fn until<T>(
    accessor: &Accessor<State, Host>,
    exchange: Handle,
    interest: u32,
    mut act: impl FnMut(&mut State) -> Done<T>,
) -> Done<T> {
    poll_fn(|context| {
        accessor.with(|mut access| {
            let state = access.get();
            match act(state) {
                Err(Failure::Error(Error::Again)) => {
                    let event = Event::Item(Item { handle: exchange, interest });
                    state.resources().pending.add(event, context.waker());
                    Poll::Pending
                }
                done => Poll::Ready(done),
            }
        })
    })
    .await
}

impl client::Host for State {}

impl client::HostWithStore<State> for Host {
    async fn send(
        accessor: &Accessor<State, Self>,
        request: Resource<Request>,
    ) -> Result<std::result::Result<Resource<Response>, ErrorCode>> {
        let exchange = match accessor.with(|access| begin(access, request))? {
            Ok(exchange) => exchange,
            Err(code) => return Ok(Err(code)),
        };
        let handle = exchange.handle();
        let answered = until(accessor, handle, ready::READ, |state| http::response(state, handle)).await;
        accessor.with(|mut access| {
            let state = access.get();
            let (status, fields) = match told_of(state, handle, answered)? {
                Ok(head) => head,
                Err(code) => return Ok(Err(code)),
            };
            let response = Response { status, fields, body: Body::Exchange(exchange) };
            Ok(Ok(state.resources().table.push(response)?))
        })
    }
}

/// Sends a request, and lets its body follow.
fn begin(
    mut access: Access<'_, State, Host>,
    request: Resource<Request>,
) -> Result<std::result::Result<super::pipe::Held, ErrorCode>> {
    let state = access.get();
    let request = state.resources().table.delete(request)?;
    let options = request.options.unwrap_or_default();
    let started = http::start(state, &request.line, &request.fields, options, request.body.has_contents());
    match told(started)? {
        Ok(exchange) => {
            let exchange = super::pipe::Held::owned(state, exchange);
            let sending = must("a request is sent", exchange.again(state))?;
            request.body.send(&mut access, sending)?;
            Ok(Ok(exchange))
        }
        Err(code) => {
            request.body.refuse(&mut access, code.clone())?;
            Ok(Err(code))
        }
    }
}
