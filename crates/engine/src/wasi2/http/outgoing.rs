//! What is sent: requests, responses, their bodies. A body may be written, and even be complete, before anybody knows where it
//! goes: at most what one stream keeps waits for that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use b8g_core::abi::ready;
use b8g_core::{Error, Handle};
use wasmtime::Result;
use wasmtime::component::Resource;

use super::super::bindings::wasi::http::outgoing_handler;
use super::super::bindings::wasi::http::types::{
    ErrorCode, HostOutgoingBody, HostOutgoingRequest, HostOutgoingResponse, HostResponseOutparam, Method,
    Scheme,
};
use super::super::streams::{Later, OutputStream, WRITE_BYTES_MAX, lock};
use super::code_of;
use super::incoming::FutureIncomingResponse;
use crate::dispatch::Call;
use crate::model::host::{self, Done, Failure, call, count, duplicate, must};
use crate::model::http::{
    self, Cause, Fields, Line, Options, method_of, method_text, scheme_of, scheme_text,
};
use crate::object::Allowance;
use crate::state::State;

/// A request that will be sent.
#[derive(Debug)]
pub struct OutgoingRequest {
    line: Line,
    fields: Fields,
    body: Option<OutgoingBody>,
}

/// A response that will be sent.
#[derive(Debug)]
pub struct OutgoingResponse {
    status: u16,
    fields: Fields,
    body: Option<OutgoingBody>,
}

/// Where an answer goes.
#[derive(Debug)]
pub struct ResponseOutparam(pub(super) Handle);

/// The body of either. Clones are the same body.
#[derive(Clone, Debug)]
pub struct OutgoingBody {
    later: Arc<Mutex<Later>>,
    end: Arc<Mutex<End>>,
    /// What its head says.
    length: Option<u64>,
    taken: bool,
}

/// How a body ended before anybody knew where it goes.
#[derive(Debug)]
enum End {
    Open,
    Well(Option<Fields>),
    GivenUp,
}

fn end(of: &Mutex<End>) -> MutexGuard<'_, End> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OutgoingBody {
    /// One that may be written at once, if there may be one more of these.
    fn new(fields: &Fields, kept: &Allowance) -> std::result::Result<OutgoingBody, ()> {
        let lease = kept.lease_many(WRITE_BYTES_MAX as u64).map_err(|_| ())?;
        let later = Arc::new(Mutex::new(Later { lease: Some(lease), ..Later::default() }));
        let end = Arc::new(Mutex::new(End::Open));
        Ok(OutgoingBody { later, end, length: fields.content_length(), taken: false })
    }

    /// Says where it goes.
    fn attach(&self, state: &mut State, exchange: Handle) -> Done {
        let to = duplicate(state, exchange)?;
        {
            let mut later = lock(&self.later);
            (later.to, later.lease) = (Some(to), None);
        }
        let end = std::mem::replace(&mut *end(&self.end), End::Open);
        match end {
            End::Open => Ok(()),
            End::Well(trailers) => self.complete(state, to, trailers.as_ref()),
            End::GivenUp => self.give_up(state, to),
        }
    }

    /// Writes what is left and ends it.
    fn complete(&self, state: &mut State, to: Handle, trailers: Option<&Fields>) -> Done {
        let left = std::mem::take(&mut lock(&self.later).kept);
        let mut rest = &left[..];
        let mut write = |state: &mut State| -> Done {
            while !rest.is_empty() {
                match call(state, Call::Write { handle: to, from: rest, position: None }).and_then(count) {
                    Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                    Err(Failure::Error(Error::Again)) => host::wait_for(state, to, ready::WRITE)?,
                    Err(failure) => return Err(failure),
                }
            }
            trailers.map_or(Ok(()), |trailers| http::send_trailers(state, to, trailers))?;
            http::finish(state, to, true)
        };
        let done = write(state);
        host::close(state, to)?;
        done
    }

    fn give_up(&self, state: &mut State, to: Handle) -> Done {
        let done = http::finish(state, to, false);
        host::close(state, to)?;
        done
    }
}

/// What a guest is told of an exchange, or of the attempt to begin one.
fn told<T>(done: Done<T>) -> Result<std::result::Result<T, ErrorCode>> {
    match done {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Error(error)) => Ok(Err(code_of(Cause::of(error)))),
        Err(Failure::Trap(error)) => Err(error),
    }
}

impl outgoing_handler::Host for State {
    fn handle(
        &mut self,
        request: Resource<OutgoingRequest>,
        options: Option<Resource<Options>>,
    ) -> Result<std::result::Result<Resource<FutureIncomingResponse>, ErrorCode>> {
        let table = &mut self.resources().table;
        let request = table.delete(request)?;
        let options = options.map(|options| table.delete(options)).transpose()?.unwrap_or_default();
        let started = start(self, &request, options);
        match told(started)? {
            Ok(exchange) => {
                let response = FutureIncomingResponse { exchange, taken: false };
                Ok(Ok(self.resources().table.push(response)?))
            }
            Err(code) => Ok(Err(code)),
        }
    }
}

/// Sends a request.
pub(super) fn start(state: &mut State, request: &OutgoingRequest, options: Options) -> Done<Handle> {
    let OutgoingRequest { line, fields, body } = request;
    let exchange = http::start(state, line, fields, options, body.is_some())?;
    match body.as_ref().map_or(Ok(()), |body| body.attach(state, exchange)) {
        Err(Failure::Trap(error)) => Err(error.into()),
        // Whatever became of its body is told by the exchange.
        _ => Ok(exchange),
    }
}

type Here = Resource<OutgoingRequest>;
type Set = Result<std::result::Result<(), ()>>;

impl State {
    fn outgoing(&mut self, at: &Here) -> Result<&mut OutgoingRequest> {
        Ok(self.resources().table.get_mut(at)?)
    }
}

/// Gives a body away, once.
fn body(
    place: &mut Option<OutgoingBody>,
    fields: &Fields,
    kept: &Allowance,
) -> std::result::Result<OutgoingBody, ()> {
    match place {
        Some(_) => Err(()),
        None => Ok(place.insert(OutgoingBody::new(fields, kept)?).clone()),
    }
}

impl HostOutgoingRequest for State {
    fn new(&mut self, fields: Resource<Fields>) -> Result<Here> {
        let table = &mut self.resources().table;
        let fields = table.delete(fields)?.frozen();
        Ok(table.push(OutgoingRequest { line: Line::default(), fields, body: None })?)
    }

    fn body(&mut self, at: Here) -> Result<std::result::Result<Resource<OutgoingBody>, ()>> {
        let kept = self.resources().http.clone();
        let request = self.outgoing(&at)?;
        match body(&mut request.body, &request.fields, &kept) {
            Ok(body) => Ok(Ok(self.resources().table.push(body)?)),
            Err(()) => Ok(Err(())),
        }
    }

    fn method(&mut self, at: Here) -> Result<Method> {
        Ok(method_of!(Method, self.outgoing(&at)?.line.method.as_str()))
    }

    fn set_method(&mut self, at: Here, method: Method) -> Set {
        Ok(self.outgoing(&at)?.line.set_method(method_text!(Method, method)))
    }

    fn path_with_query(&mut self, at: Here) -> Result<Option<String>> {
        Ok(self.outgoing(&at)?.line.path.clone())
    }

    fn set_path_with_query(&mut self, at: Here, path: Option<String>) -> Set {
        let kept = self.resources().http.clone();
        Ok(self.outgoing(&at)?.line.set_path(path, &kept))
    }

    fn scheme(&mut self, at: Here) -> Result<Option<Scheme>> {
        let scheme = self.outgoing(&at)?.line.scheme.as_deref();
        Ok(scheme.map(|scheme| scheme_of!(Scheme, scheme)))
    }

    fn set_scheme(&mut self, at: Here, scheme: Option<Scheme>) -> Set {
        let scheme = scheme.map(|scheme| scheme_text!(Scheme, scheme));
        Ok(self.outgoing(&at)?.line.set_scheme(scheme))
    }

    fn authority(&mut self, at: Here) -> Result<Option<String>> {
        Ok(self.outgoing(&at)?.line.authority.clone())
    }

    fn set_authority(&mut self, at: Here, authority: Option<String>) -> Set {
        Ok(self.outgoing(&at)?.line.set_authority(authority))
    }

    fn headers(&mut self, at: Here) -> Result<Resource<Fields>> {
        let fields = self.outgoing(&at)?.fields.clone();
        Ok(self.resources().table.push(fields)?)
    }

    fn drop(&mut self, at: Here) -> Result<()> {
        self.resources().table.delete(at)?;
        Ok(())
    }
}

impl HostOutgoingResponse for State {
    fn new(&mut self, fields: Resource<Fields>) -> Result<Resource<OutgoingResponse>> {
        let table = &mut self.resources().table;
        let fields = table.delete(fields)?.frozen();
        Ok(table.push(OutgoingResponse { status: 200, fields, body: None })?)
    }

    fn status_code(&mut self, at: Resource<OutgoingResponse>) -> Result<u16> {
        Ok(self.resources().table.get(&at)?.status)
    }

    fn set_status_code(&mut self, at: Resource<OutgoingResponse>, status: u16) -> Set {
        let response = self.resources().table.get_mut(&at)?;
        Ok((100..600).contains(&status).then(|| response.status = status).ok_or(()))
    }

    fn headers(&mut self, at: Resource<OutgoingResponse>) -> Result<Resource<Fields>> {
        let table = &mut self.resources().table;
        let fields = table.get(&at)?.fields.clone();
        Ok(table.push(fields)?)
    }

    fn body(
        &mut self,
        at: Resource<OutgoingResponse>,
    ) -> Result<std::result::Result<Resource<OutgoingBody>, ()>> {
        let kept = self.resources().http.clone();
        let response = self.resources().table.get_mut(&at)?;
        match body(&mut response.body, &response.fields, &kept) {
            Ok(body) => Ok(Ok(self.resources().table.push(body)?)),
            Err(()) => Ok(Err(())),
        }
    }

    fn drop(&mut self, at: Resource<OutgoingResponse>) -> Result<()> {
        self.resources().table.delete(at)?;
        Ok(())
    }
}

impl HostResponseOutparam for State {
    fn set(
        &mut self,
        at: Resource<ResponseOutparam>,
        response: std::result::Result<Resource<OutgoingResponse>, ErrorCode>,
    ) -> Result<()> {
        let exchange = self.resources().table.delete(at)?.0;
        let Ok(response) = response else {
            return match http::respond(self, exchange, 500, None, false) {
                Err(Failure::Trap(error)) => Err(error),
                _ => Ok(()),
            };
        };
        let OutgoingResponse { status, fields, body } = self.resources().table.delete(response)?;
        match http::respond(self, exchange, status, Some(&fields), body.is_some()) {
            // Nobody listens any more.
            Err(Failure::Error(Error::Closed)) => return Ok(()),
            done => must("such a response cannot be sent", done)?,
        }
        match body.map_or(Ok(()), |body| body.attach(self, exchange)) {
            Err(Failure::Trap(error)) => Err(error),
            _ => Ok(()),
        }
    }

    fn drop(&mut self, at: Resource<ResponseOutparam>) -> Result<()> {
        self.resources().table.delete(at)?;
        Ok(())
    }
}

impl HostOutgoingBody for State {
    fn write(
        &mut self,
        at: Resource<OutgoingBody>,
    ) -> Result<std::result::Result<Resource<OutputStream>, ()>> {
        let body = self.resources().table.get_mut(&at)?;
        if std::mem::replace(&mut body.taken, true) {
            return Ok(Err(()));
        }
        let stream = OutputStream::later(body.later.clone());
        Ok(Ok(self.resources().table.push(stream)?))
    }

    fn finish(
        &mut self,
        at: Resource<OutgoingBody>,
        trailers: Option<Resource<Fields>>,
    ) -> Result<std::result::Result<(), ErrorCode>> {
        let table = &mut self.resources().table;
        let body = table.delete(at)?;
        let trailers = trailers.map(|trailers| table.delete(trailers)).transpose()?;
        let (to, waiting) = {
            let later = lock(&body.later);
            (later.to, later.kept.len() as u64)
        };
        match to {
            Some(to) => match body.complete(self, to, trailers.as_ref()) {
                Err(Failure::Error(Error::Argument)) => Ok(Err(ErrorCode::HttpRequestBodySize(None))),
                done => told(done),
            },
            None if body.length.is_some_and(|length| length != waiting) => {
                *end(&body.end) = End::GivenUp;
                Ok(Err(ErrorCode::HttpRequestBodySize(Some(waiting))))
            }
            None => {
                *end(&body.end) = End::Well(trailers);
                Ok(Ok(()))
            }
        }
    }

    fn drop(&mut self, at: Resource<OutgoingBody>) -> Result<()> {
        let body = self.resources().table.delete(at)?;
        let to = lock(&body.later).to;
        match to {
            Some(to) => match body.give_up(self, to) {
                Err(Failure::Trap(error)) => Err(error),
                _ => Ok(()),
            },
            None => {
                *end(&body.end) = End::GivenUp;
                Ok(())
            }
        }
    }
}
