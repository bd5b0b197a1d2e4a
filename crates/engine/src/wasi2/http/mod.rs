//! `wasi:http` of 0.2: requests that are sent and answered, over exchanges.
//!
//! Start reading at [`outgoing::start`] for what is sent, `incoming.rs` for what comes. Invariant: each resource has a handle
//! of its own to its exchange, which is closed when the resource goes.

mod incoming;
mod options;
mod outgoing;

use b8g_core::abi::Role;
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::wasi::http::types::{self, DnsErrorPayload, ErrorCode, HeaderError, HostFields};
use super::streams::IoError;
use crate::model::host::{duplicate, given, must};
use crate::model::http::{self, Cause, Fields, header_error, host_fields, http_code, too_many};
use crate::state::State;

pub use incoming::{FutureIncomingResponse, FutureTrailers, IncomingBody, IncomingRequest, IncomingResponse};
pub use outgoing::{OutgoingBody, OutgoingRequest, OutgoingResponse, ResponseOutparam};

fn code_of(cause: Cause) -> ErrorCode {
    http_code!(ErrorCode, DnsErrorPayload, FieldSizePayload, cause)
}

/// The request that the context was given, and where its answer goes.
pub(crate) fn incoming(state: &mut State) -> Result<(Resource<IncomingRequest>, Resource<ResponseOutparam>)> {
    let read = given(state, Role::Request).and_then(|exchange| {
        let (line, fields) = http::request(state, exchange)?;
        let body = duplicate(state, exchange)?;
        Ok((IncomingRequest { line, fields, body: Some(body) }, ResponseOutparam(exchange)))
    });
    let (request, answer) = must("the request cannot be read", read)?;
    let table = &mut state.resources().table;
    Ok((table.push(request)?, table.push(answer)?))
}

impl types::Host for State {
    /// What an error of a stream says of HTTP: nothing, as the stream's own error says as much.
    fn http_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        self.resources().table.get(&error)?;
        Ok(None)
    }
}

host_fields! {
    HostFields, HeaderError, return Err(too_many()),

    fn entries(&mut self, fields: Resource<Fields>) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(self.resources().table.get(&fields)?.entries())
    }
}
