//! What a server does: the request that the context is to answer, and the answer of its handler.

use b8g_core::abi::{Request as Ctl, Role, ready};
use wasmtime::Result;
use wasmtime::component::{Access, Accessor, Resource};

use super::super::Host;
use super::super::bindings::wasi::http::types::ErrorCode;
use super::super::pipe::Held;
use super::body::Body;
use super::{Request, Response, until};
use crate::model::host::{Failure, ask, duplicate, given, must};
use crate::model::http;
use crate::outcome::Reason;
use crate::state::{self, State};

/// What a handler answers.
pub(crate) type Answer = std::result::Result<Resource<Response>, ErrorCode>;

/// The request that the context was given.
pub(crate) fn incoming(mut access: Access<'_, State, Host>) -> Result<Resource<Request>> {
    let state = access.get();
    let request = given(state, Role::Request).and_then(|exchange| {
        let exchange = duplicate(state, exchange)?;
        let body = Body::Exchange(Held::owned(state, exchange));
        let (line, fields) = http::request(state, exchange)?;
        Ok(Request { line, fields, options: None, body })
    });
    let request = must("the request cannot be read", request)?;
    Ok(state.resources().table.push(request)?)
}

/// Sends what a handler answered, and waits until it was sent or nobody takes it any more.
pub(crate) async fn answer(accessor: &Accessor<State, Host>, answer: Answer) -> Result<()> {
    let exchange = accessor.with(|mut access| -> Result<Option<b8g_core::Handle>> {
        let exchange = must("there is no request", given(access.get(), Role::Request))?;
        let response = match answer {
            Ok(response) => access.get().resources().table.delete(response)?,
            Err(code) => {
                let message = format!("the handler answered with an error: {code:?}");
                access.get().failure = Some(state::Failure { message, reason: Reason::Error });
                return Ok(None);
            }
        };
        let body = response.body.has_contents();
        let state = access.get();
        match http::respond(state, exchange, response.status, Some(&response.fields), body) {
            Ok(()) => {}
            // Nobody listens any more.
            Err(Failure::Error(b8g_core::Error::Closed)) => {
                response.body.refuse(&mut access, ErrorCode::ConnectionTerminated)?;
                return Ok(None);
            }
            failed => must("such a response cannot be sent", failed)?,
        }
        let to = must("a response is sent", duplicate(state, exchange))?;
        let to = Held::owned(state, to);
        response.body.send(&mut access, to)?;
        Ok(Some(exchange))
    })?;
    let Some(exchange) = exchange else { return Ok(()) };
    match until(accessor, exchange, ready::WRITE, |state| ask(state, exchange, Ctl::Sent, &[], 0)).await {
        Err(Failure::Trap(error)) => Err(error),
        _ => Ok(()),
    }
}
