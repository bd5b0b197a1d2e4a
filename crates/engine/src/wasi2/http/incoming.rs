//! What comes: requests that are to be answered, responses, their bodies and trailers.

use b8g_core::abi::{Request as Ctl, ready};
use b8g_core::{Error, Handle};
use wasmtime::Result;
use wasmtime::component::Resource;

use super::super::bindings::wasi::http::types::{
    ErrorCode, HostFutureIncomingResponse, HostFutureTrailers, HostIncomingBody, HostIncomingRequest,
    HostIncomingResponse, Method, Scheme,
};
use super::super::poll::Pollable;
use super::super::streams::InputStream;
use super::code_of;
use crate::model::host::{self, Done, Failure, ask, duplicate, must};
use crate::model::http::{self, Fields, Line, method_of, scheme_of};
use crate::state::State;
use crate::wait::Item;

/// The other side's direction.
const RECEIVING: u64 = 1;

/// A request that is to be answered.
#[derive(Debug)]
pub struct IncomingRequest {
    pub(super) line: Line,
    pub(super) fields: Fields,
    pub(super) body: Option<Handle>,
}

/// What was answered.
#[derive(Debug)]
pub struct IncomingResponse {
    status: u16,
    fields: Fields,
    body: Option<Handle>,
}

/// The body of either.
#[derive(Debug)]
pub struct IncomingBody {
    exchange: Handle,
    taken: bool,
}

/// What comes after it.
#[derive(Debug)]
pub struct FutureTrailers {
    exchange: Handle,
    taken: bool,
}

/// A response that will come.
#[derive(Debug)]
pub struct FutureIncomingResponse {
    pub(super) exchange: Handle,
    pub(super) taken: bool,
}

type Found<T> = std::result::Result<T, ()>;
/// What a future gives: nothing yet, nothing more, or what came of it.
type Future<T> = Result<Option<Found<std::result::Result<T, ErrorCode>>>>;

/// Looks whether something is there that comes once.
fn look<T>(state: &mut State, exchange: Handle, taken: bool, found: Done<T>) -> Future<T> {
    if taken {
        return Ok(Some(Err(())));
    }
    match found {
        Ok(value) => Ok(Some(Ok(Ok(value)))),
        Err(Failure::Error(Error::Again)) => Ok(None),
        Err(Failure::Error(error)) => Ok(Some(Ok(Err(code_of(http::cause(state, exchange, error)?))))),
        Err(Failure::Trap(error)) => Err(error),
    }
}

/// Gives the body away, once.
fn consume(state: &mut State, body: Option<Handle>) -> Result<Found<Resource<IncomingBody>>> {
    match body {
        Some(exchange) => Ok(Ok(state.resources().table.push(IncomingBody { exchange, taken: false })?)),
        None => Ok(Err(())),
    }
}

/// Closes what nobody took.
fn close(state: &mut State, body: Option<Handle>) -> Result<()> {
    body.map_or(Ok(()), |exchange| host::close(state, exchange))
}

impl HostIncomingRequest for State {
    fn method(&mut self, at: Resource<IncomingRequest>) -> Result<Method> {
        Ok(method_of!(Method, self.resources().table.get(&at)?.line.method.as_str()))
    }

    fn path_with_query(&mut self, at: Resource<IncomingRequest>) -> Result<Option<String>> {
        Ok(self.resources().table.get(&at)?.line.path.clone())
    }

    fn scheme(&mut self, at: Resource<IncomingRequest>) -> Result<Option<Scheme>> {
        let scheme = self.resources().table.get(&at)?.line.scheme.as_deref();
        Ok(scheme.map(|scheme| scheme_of!(Scheme, scheme)))
    }

    fn authority(&mut self, at: Resource<IncomingRequest>) -> Result<Option<String>> {
        Ok(self.resources().table.get(&at)?.line.authority.clone())
    }

    fn headers(&mut self, at: Resource<IncomingRequest>) -> Result<Resource<Fields>> {
        let table = &mut self.resources().table;
        let fields = table.get(&at)?.fields.clone();
        Ok(table.push(fields)?)
    }

    fn consume(&mut self, at: Resource<IncomingRequest>) -> Result<Found<Resource<IncomingBody>>> {
        let body = self.resources().table.get_mut(&at)?.body.take();
        consume(self, body)
    }

    fn drop(&mut self, at: Resource<IncomingRequest>) -> Result<()> {
        let body = self.resources().table.delete(at)?.body;
        close(self, body)
    }
}

impl HostIncomingResponse for State {
    fn status(&mut self, at: Resource<IncomingResponse>) -> Result<u16> {
        Ok(self.resources().table.get(&at)?.status)
    }

    fn headers(&mut self, at: Resource<IncomingResponse>) -> Result<Resource<Fields>> {
        let table = &mut self.resources().table;
        let fields = table.get(&at)?.fields.clone();
        Ok(table.push(fields)?)
    }

    fn consume(&mut self, at: Resource<IncomingResponse>) -> Result<Found<Resource<IncomingBody>>> {
        let body = self.resources().table.get_mut(&at)?.body.take();
        consume(self, body)
    }

    fn drop(&mut self, at: Resource<IncomingResponse>) -> Result<()> {
        let body = self.resources().table.delete(at)?.body;
        close(self, body)
    }
}

impl HostIncomingBody for State {
    fn stream(&mut self, at: Resource<IncomingBody>) -> Result<Found<Resource<InputStream>>> {
        let body = self.resources().table.get_mut(&at)?;
        if std::mem::replace(&mut body.taken, true) {
            return Ok(Err(()));
        }
        let exchange = body.exchange;
        let reading = must("a body is read", duplicate(self, exchange))?;
        Ok(Ok(self.resources().table.push(InputStream::new(reading, None))?))
    }

    fn finish(&mut self, at: Resource<IncomingBody>) -> Result<Resource<FutureTrailers>> {
        let exchange = self.resources().table.delete(at)?.exchange;
        must("a body is not wanted", ask(self, exchange, Ctl::Shutdown, &[], RECEIVING))?;
        Ok(self.resources().table.push(FutureTrailers { exchange, taken: false })?)
    }

    fn drop(&mut self, at: Resource<IncomingBody>) -> Result<()> {
        let exchange = self.resources().table.delete(at)?.exchange;
        host::close(self, exchange)
    }
}

/// When an exchange has something that is read.
fn readable(state: &mut State, exchange: Handle) -> Result<Resource<Pollable>> {
    let item = Item { handle: exchange, interest: ready::READ };
    Ok(state.resources().table.push(Pollable::Item(item))?)
}

impl HostFutureTrailers for State {
    fn subscribe(&mut self, at: Resource<FutureTrailers>) -> Result<Resource<Pollable>> {
        let exchange = self.resources().table.get(&at)?.exchange;
        readable(self, exchange)
    }

    fn get(&mut self, at: Resource<FutureTrailers>) -> Future<Option<Resource<Fields>>> {
        let FutureTrailers { exchange, taken } = *self.resources().table.get(&at)?;
        let found = http::trailers(self, exchange).and_then(|trailers| {
            let table = &mut self.resources().table;
            Ok(trailers.map(|fields| table.push(fields)).transpose()?)
        });
        let told = look(self, exchange, taken, found)?;
        self.resources().table.get_mut(&at)?.taken |= told.is_some();
        Ok(told)
    }

    fn drop(&mut self, at: Resource<FutureTrailers>) -> Result<()> {
        let exchange = self.resources().table.delete(at)?.exchange;
        host::close(self, exchange)
    }
}

impl HostFutureIncomingResponse for State {
    fn subscribe(&mut self, at: Resource<FutureIncomingResponse>) -> Result<Resource<Pollable>> {
        let exchange = self.resources().table.get(&at)?.exchange;
        readable(self, exchange)
    }

    fn get(&mut self, at: Resource<FutureIncomingResponse>) -> Future<Resource<IncomingResponse>> {
        let FutureIncomingResponse { exchange, taken } = *self.resources().table.get(&at)?;
        let found = if taken { Err(Error::Again.into()) } else { http::response(self, exchange) };
        let found = found.and_then(|(status, fields)| {
            let body = Some(duplicate(self, exchange)?);
            Ok(self.resources().table.push(IncomingResponse { status, fields, body })?)
        });
        let told = look(self, exchange, taken, found)?;
        self.resources().table.get_mut(&at)?.taken |= told.is_some();
        Ok(told)
    }

    fn drop(&mut self, at: Resource<FutureIncomingResponse>) -> Result<()> {
        let exchange = self.resources().table.delete(at)?.exchange;
        host::close(self, exchange)
    }
}
