//! HTTP as both WASI 0.2 and 0.3 know it: fields, what a request says, and asking the dispatch function for exchanges.
//!
//! Start reading at [`Fields`], then [`start`]. Invariant: what a context keeps here counts against one bound, whatever
//! number of resources it lies in.

use std::sync::Arc;

use b8g_core::abi::{HttpFailure, Request, Role, http};
use b8g_core::http::{
    FIELDS_MAX, HEAD_BYTES_MAX, RequestHead, ResponseHead, trailers_from_bytes, trailers_to_bytes,
};
use b8g_core::{Error, Handle};
use b8g_http::grammar;

use super::host::{Done, Failure, ask, call, count, given, handle};
use crate::dispatch::Call;
use crate::object::{Allowance, Lease};
use crate::state::State;

/// Bytes of fields, paths and the like that a context may keep.
pub(crate) const KEPT_BYTES_MAX: u64 = 8 << 20;
/// Counted for each field, beside its bytes.
const FIELD_BYTES: usize = 64;
/// Bytes of a method, a scheme or an authority at most.
const WORD_BYTES_MAX: usize = 1024;
/// Bytes of a head that there is room for at first.
const HEAD_BYTES: usize = 4096;

/// Fields that say how a connection goes on: no guest sets them, and none is told.
const FORBIDDEN: &[&str] = &[
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// Why fields cannot be changed so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FieldError {
    Syntax,
    Forbidden,
    Immutable,
    Size,
}

/// `header-error` for a [`FieldError`]; `$size` is what stands for too many or too large ones.
macro_rules! header_error {
    ($Code:ident, $error:expr, $size:expr) => {
        match $error {
            $crate::model::http::FieldError::Syntax => $Code::InvalidSyntax,
            $crate::model::http::FieldError::Forbidden => $Code::Forbidden,
            $crate::model::http::FieldError::Immutable => $Code::Immutable,
            $crate::model::http::FieldError::Size => $size,
        }
    };
}
pub(crate) use header_error;

/// What `fields` can do in both versions, and what more one of them has; `$size` stands for too many or too large ones.
macro_rules! host_fields {
    ($Host:ident, $Code:ident, $size:expr, $($more:item)*) => {
        impl $Host for State {
            fn new(&mut self) -> Result<Resource<Fields>> {
                let fields = Fields::new(self);
                Ok(self.resources().table.push(fields)?)
            }

            fn from_list(
                &mut self,
                entries: Vec<(String, Vec<u8>)>,
            ) -> Result<std::result::Result<Resource<Fields>, $Code>> {
                match Fields::from_list(self, entries) {
                    Ok(fields) => Ok(Ok(self.resources().table.push(fields)?)),
                    Err(error) => Ok(Err(header_error!($Code, error, $size))),
                }
            }

            fn get(&mut self, fields: Resource<Fields>, name: String) -> Result<Vec<Vec<u8>>> {
                Ok(self.resources().table.get(&fields)?.get(&name))
            }

            fn has(&mut self, fields: Resource<Fields>, name: String) -> Result<bool> {
                Ok(self.resources().table.get(&fields)?.has(&name))
            }

            fn set(
                &mut self,
                fields: Resource<Fields>,
                name: String,
                values: Vec<Vec<u8>>,
            ) -> Result<std::result::Result<(), $Code>> {
                match self.resources().table.get_mut(&fields)?.set(&name, values) {
                    Ok(()) => Ok(Ok(())),
                    Err(error) => Ok(Err(header_error!($Code, error, $size))),
                }
            }

            fn delete(
                &mut self,
                fields: Resource<Fields>,
                name: String,
            ) -> Result<std::result::Result<(), $Code>> {
                match self.resources().table.get_mut(&fields)?.delete(&name) {
                    Ok(_) => Ok(Ok(())),
                    Err(error) => Ok(Err(header_error!($Code, error, $size))),
                }
            }

            fn append(
                &mut self,
                fields: Resource<Fields>,
                name: String,
                value: Vec<u8>,
            ) -> Result<std::result::Result<(), $Code>> {
                match self.resources().table.get_mut(&fields)?.append(&name, value) {
                    Ok(()) => Ok(Ok(())),
                    Err(error) => Ok(Err(header_error!($Code, error, $size))),
                }
            }

            fn clone(&mut self, fields: Resource<Fields>) -> Result<Resource<Fields>> {
                let table = &mut self.resources().table;
                let copy = table.get(&fields)?.copy().map_err(|_| $crate::model::http::too_many())?;
                Ok(table.push(copy)?)
            }

            fn drop(&mut self, fields: Resource<Fields>) -> Result<()> {
                self.resources().table.delete(fields)?;
                Ok(())
            }

            $($more)*
        }
    };
}
pub(crate) use host_fields;

/// For functions that cannot say it.
pub(crate) fn too_many() -> wasmtime::Error {
    super::host::trap("more fields than a context may keep")
}

/// `method` for its text.
macro_rules! method_of {
    ($Method:ident, $text:expr) => {
        match $text {
            "GET" => $Method::Get,
            "HEAD" => $Method::Head,
            "POST" => $Method::Post,
            "PUT" => $Method::Put,
            "DELETE" => $Method::Delete,
            "CONNECT" => $Method::Connect,
            "OPTIONS" => $Method::Options,
            "TRACE" => $Method::Trace,
            "PATCH" => $Method::Patch,
            other => $Method::Other(other.to_owned()),
        }
    };
}
pub(crate) use method_of;

/// The text of a `method`.
macro_rules! method_text {
    ($Method:ident, $method:expr) => {
        match $method {
            $Method::Get => "GET".to_owned(),
            $Method::Head => "HEAD".to_owned(),
            $Method::Post => "POST".to_owned(),
            $Method::Put => "PUT".to_owned(),
            $Method::Delete => "DELETE".to_owned(),
            $Method::Connect => "CONNECT".to_owned(),
            $Method::Options => "OPTIONS".to_owned(),
            $Method::Trace => "TRACE".to_owned(),
            $Method::Patch => "PATCH".to_owned(),
            $Method::Other(other) => other,
        }
    };
}
pub(crate) use method_text;

/// `scheme` for its text.
macro_rules! scheme_of {
    ($Scheme:ident, $text:expr) => {
        match $text {
            "http" => $Scheme::Http,
            "https" => $Scheme::Https,
            other => $Scheme::Other(other.to_owned()),
        }
    };
}
pub(crate) use scheme_of;

/// The text of a `scheme`.
macro_rules! scheme_text {
    ($Scheme:ident, $scheme:expr) => {
        match $scheme {
            $Scheme::Http => "http".to_owned(),
            $Scheme::Https => "https".to_owned(),
            $Scheme::Other(other) => other,
        }
    };
}
pub(crate) use scheme_text;

/// Why nothing came of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cause {
    /// On the wire.
    Failed(HttpFailure),
    /// Such a request is not sent.
    Invalid,
}

/// `error-code` for a [`Cause`].
macro_rules! http_code {
    ($Code:ident, $DnsError:ident, $FieldSize:ident, $cause:expr) => {{
        use b8g_core::abi::HttpFailure;
        match $cause {
            $crate::model::http::Cause::Invalid => $Code::HttpRequestUriInvalid,
            $crate::model::http::Cause::Failed(failure) => match failure {
                HttpFailure::NameNotFound => $Code::DnsError($DnsError { rcode: None, info_code: None }),
                HttpFailure::Refused => $Code::ConnectionRefused,
                HttpFailure::ConnectTimeout => $Code::ConnectionTimeout,
                HttpFailure::Unreachable => $Code::DestinationIpUnroutable,
                HttpFailure::Lost => $Code::ConnectionTerminated,
                HttpFailure::ResponseTimeout => $Code::HttpResponseTimeout,
                HttpFailure::ReadTimeout => $Code::ConnectionReadTimeout,
                HttpFailure::WriteTimeout => $Code::ConnectionWriteTimeout,
                HttpFailure::Tls => $Code::TlsProtocolError,
                HttpFailure::Certificate => $Code::TlsCertificateError,
                HttpFailure::NoAuthorities => $Code::ConfigurationError,
                HttpFailure::Denied => $Code::HttpRequestDenied,
                HttpFailure::BodySize => $Code::HttpRequestBodySize(None),
                HttpFailure::Incomplete => $Code::HttpResponseIncomplete,
                HttpFailure::HeadSize => $Code::HttpResponseHeaderSectionSize(None),
                HttpFailure::Protocol => $Code::HttpProtocolError,
                HttpFailure::TooMany => $Code::ConnectionLimitReached,
                HttpFailure::Aborted | HttpFailure::Other => $Code::InternalError(None),
            },
        }
    }};
}
pub(crate) use http_code;

impl Cause {
    /// What an error of the dispatch function means where there is no exchange to ask.
    pub(crate) fn of(error: Error) -> Cause {
        Cause::Failed(match error {
            Error::Argument => return Cause::Invalid,
            Error::Rights => HttpFailure::Denied,
            Error::Limit | Error::NoMemory => HttpFailure::TooMany,
            Error::Timeout => HttpFailure::ReadTimeout,
            Error::NotFound => HttpFailure::NameNotFound,
            Error::Closed | Error::BadHandle => HttpFailure::Lost,
            Error::Io => HttpFailure::Protocol,
            _ => HttpFailure::Other,
        })
    }
}

type List = Vec<(String, Vec<u8>)>;

/// Names in lower case, and values. Those of a head do not change any more, and many share them.
#[derive(Clone, Debug)]
pub struct Fields {
    list: Arc<List>,
    mutable: bool,
    allowance: Allowance,
    lease: Option<Arc<Lease>>,
}

impl Fields {
    /// None yet.
    pub(crate) fn new(state: &mut State) -> Fields {
        let allowance = state.resources().http.clone();
        Fields { list: Arc::default(), mutable: true, allowance, lease: None }
    }

    /// Those that the host tells. What is the connection's affair is left out.
    pub(crate) fn told(state: &mut State, fields: &[(&[u8], &[u8])]) -> Result<Fields, FieldError> {
        let named =
            fields.iter().filter_map(|(name, value)| Some((grammar::field_name(name)?, value.to_vec())));
        let list = named.filter(|(name, _)| !FORBIDDEN.contains(&name.as_str())).collect();
        let mut told = Fields::new(state);
        told.replace(list)?;
        Ok(told.frozen())
    }

    /// A deep copy that can be changed.
    pub(crate) fn copy(&self) -> Result<Fields, FieldError> {
        let mut copy = Fields { list: Arc::default(), mutable: true, lease: None, ..self.clone() };
        copy.replace((*self.list).clone())?;
        Ok(copy)
    }

    /// The same, which cannot be changed.
    pub(crate) fn frozen(&self) -> Fields {
        Fields { mutable: false, ..self.clone() }
    }

    /// Takes a new list, if it is not too large.
    fn replace(&mut self, list: List) -> Result<(), FieldError> {
        let bytes = |(name, value): &(String, Vec<u8>)| name.len() + value.len() + FIELD_BYTES;
        let size: usize = list.iter().map(bytes).sum();
        if list.len() > FIELDS_MAX || size - list.len() * FIELD_BYTES > HEAD_BYTES_MAX / 2 {
            return Err(FieldError::Size);
        }
        let lease = self.allowance.lease_many(size as u64).map_err(|_| FieldError::Size)?;
        (self.list, self.lease) = (Arc::new(list), Some(Arc::new(lease)));
        Ok(())
    }

    fn name(&self, name: &str) -> Result<String, FieldError> {
        grammar::field_name(name.as_bytes()).ok_or(FieldError::Syntax)
    }

    /// The name, if it may be changed.
    fn changing(&self, name: &str) -> Result<String, FieldError> {
        if !self.mutable {
            return Err(FieldError::Immutable);
        }
        self.name(name)
    }

    /// The name, if it may be set to these values.
    fn setting(&self, name: &str, values: &[Vec<u8>]) -> Result<String, FieldError> {
        let name = self.changing(name)?;
        match () {
            () if FORBIDDEN.contains(&name.as_str()) => Err(FieldError::Forbidden),
            () if !values.iter().all(|value| grammar::is_field_value(value)) => Err(FieldError::Syntax),
            () => Ok(name),
        }
    }

    pub(crate) fn from_list(state: &mut State, list: List) -> Result<Fields, FieldError> {
        let mut fields = Fields::new(state);
        let mut checked = Vec::with_capacity(list.len().min(FIELDS_MAX));
        for (name, value) in list {
            let name = fields.setting(&name, std::slice::from_ref(&value))?;
            checked.push((name, value));
        }
        fields.replace(checked)?;
        Ok(fields)
    }

    pub(crate) fn get(&self, name: &str) -> Vec<Vec<u8>> {
        let Ok(name) = self.name(name) else { return Vec::new() };
        self.list.iter().filter(|(known, _)| *known == name).map(|(_, value)| value.clone()).collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.name(name).is_ok_and(|name| self.list.iter().any(|(known, _)| *known == name))
    }

    pub(crate) fn set(&mut self, name: &str, values: Vec<Vec<u8>>) -> Result<(), FieldError> {
        let name = self.setting(name, &values)?;
        let mut list: List = self.list.iter().filter(|(known, _)| *known != name).cloned().collect();
        list.extend(values.into_iter().map(|value| (name.clone(), value)));
        self.replace(list)
    }

    pub(crate) fn append(&mut self, name: &str, value: Vec<u8>) -> Result<(), FieldError> {
        let name = self.setting(name, std::slice::from_ref(&value))?;
        let mut list = (*self.list).clone();
        list.push((name, value));
        self.replace(list)
    }

    /// Removes all of a name; answers their values.
    pub(crate) fn delete(&mut self, name: &str) -> Result<Vec<Vec<u8>>, FieldError> {
        let name = self.changing(name)?;
        let (removed, kept): (List, List) = self.list.iter().cloned().partition(|(known, _)| *known == name);
        if !removed.is_empty() {
            self.replace(kept)?;
        }
        Ok(removed.into_iter().map(|(_, value)| value).collect())
    }

    pub(crate) fn entries(&self) -> List {
        (*self.list).clone()
    }

    fn wire(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.list.iter().map(|(name, value)| (name.as_bytes(), &value[..]))
    }

    /// The length of the body that they name.
    pub(crate) fn content_length(&self) -> Option<u64> {
        let (_, value) = self.list.iter().find(|(name, _)| name == "content-length")?;
        std::str::from_utf8(value).ok()?.parse().ok()
    }
}

/// Times that a request gives, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub(crate) connect: Option<u64>,
    pub(crate) first_byte: Option<u64>,
    pub(crate) between_bytes: Option<u64>,
    pub(crate) immutable: bool,
}

/// What a request says beside its fields.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) method: String,
    pub(crate) scheme: Option<String>,
    pub(crate) authority: Option<String>,
    pub(crate) path: Option<String>,
    /// Counts the bytes of these.
    lease: Option<Lease>,
}

impl Default for Line {
    fn default() -> Line {
        Line { method: "GET".to_owned(), scheme: None, authority: None, path: None, lease: None }
    }
}

impl Line {
    pub(crate) fn set_method(&mut self, method: String) -> Result<(), ()> {
        let good = method.len() <= WORD_BYTES_MAX && grammar::is_method(&method);
        good.then(|| self.method = method).ok_or(())
    }

    pub(crate) fn set_scheme(&mut self, scheme: Option<String>) -> Result<(), ()> {
        let good = |scheme: &String| scheme.len() <= WORD_BYTES_MAX && grammar::is_scheme(scheme);
        scheme.as_ref().is_none_or(good).then(|| self.scheme = scheme).ok_or(())
    }

    pub(crate) fn set_authority(&mut self, authority: Option<String>) -> Result<(), ()> {
        let good = |authority: &String| authority.len() <= WORD_BYTES_MAX && grammar::is_authority(authority);
        authority.as_ref().is_none_or(good).then(|| self.authority = authority).ok_or(())
    }

    pub(crate) fn set_path(&mut self, path: Option<String>, kept: &Allowance) -> Result<(), ()> {
        let path = path.map(|path| if path.is_empty() { "/".to_owned() } else { path });
        let good = |path: &String| path.len() <= HEAD_BYTES_MAX / 2 && grammar::is_path(path);
        if !path.as_ref().is_none_or(good) {
            return Err(());
        }
        self.lease = None;
        self.lease = Some(kept.lease_many(path.as_ref().map_or(0, String::len) as u64).map_err(|_| ())?);
        self.path = path;
        Ok(())
    }
}

/// Sends a request; answers the handle of its exchange.
pub(crate) fn start(
    state: &mut State,
    line: &Line,
    fields: &Fields,
    options: Options,
    body: bool,
) -> Done<Handle> {
    let head = RequestHead {
        method: line.method.as_bytes(),
        scheme: line.scheme.as_deref().unwrap_or("https").as_bytes(),
        authority: line.authority.as_deref().unwrap_or_default().as_bytes(),
        path: line.path.as_deref().unwrap_or_default().as_bytes(),
        connect_ns: options.connect.map_or(0, |ns| ns.max(1)),
        first_byte_ns: options.first_byte.map_or(0, |ns| ns.max(1)),
        between_bytes_ns: options.between_bytes.map_or(0, |ns| ns.max(1)),
        fields: fields.wire().collect(),
    };
    let net = given(state, Role::Net)?;
    let (input, argument) = (head.to_bytes()?, if body { http::BODY } else { 0 });
    handle(ask(state, net, Request::Http, &input, argument)?)
}

/// Answers the request behind `exchange`.
pub(crate) fn respond(
    state: &mut State,
    exchange: Handle,
    status: u16,
    fields: Option<&Fields>,
    body: bool,
) -> Done {
    let fields = fields.map_or_else(Vec::new, |fields| fields.wire().collect());
    let head = ResponseHead { status, fields }.to_bytes()?;
    ask(state, exchange, Request::Respond, &head, if body { http::BODY } else { 0 }).map(|_| ())
}

/// Says what is to follow the body.
pub(crate) fn send_trailers(state: &mut State, exchange: Handle, fields: &Fields) -> Done {
    let trailers = trailers_to_bytes(fields.wire())?;
    ask(state, exchange, Request::SendTrailers, &trailers, 0).map(|_| ())
}

/// Reads what a request gives that may not have room at first.
fn read(state: &mut State, exchange: Handle, request: Request) -> Done<Vec<u8>> {
    let mut all = vec![0; HEAD_BYTES];
    loop {
        let out = &mut all[..];
        let call_of = Call::Control { handle: exchange, request, input: &[], out, argument: 0 };
        let len = count(call(state, call_of)?)?;
        let whole = len <= all.len();
        all.resize(len, 0);
        if whole {
            return Ok(all);
        }
    }
}

/// Status and fields of what was answered, once it is there.
pub(crate) fn response(state: &mut State, exchange: Handle) -> Done<(u16, Fields)> {
    let bytes = read(state, exchange, Request::Head)?;
    let head = ResponseHead::from_bytes(&bytes)?;
    let fields = Fields::told(state, &head.fields).map_err(|_| Error::Limit)?;
    Ok((head.status, fields))
}

/// What is asked of a server.
pub(crate) fn request(state: &mut State, exchange: Handle) -> Done<(Line, Fields)> {
    let bytes = read(state, exchange, Request::Head)?;
    let head = RequestHead::from_bytes(&bytes)?;
    let text = |bytes: &[u8]| Some(String::from_utf8_lossy(bytes).into_owned());
    let fields = Fields::told(state, &head.fields).map_err(|_| Error::Limit)?;
    let line = Line {
        method: text(head.method).unwrap_or_default(),
        scheme: text(head.scheme),
        authority: text(head.authority),
        path: text(head.path),
        lease: None,
    };
    Ok((line, fields))
}

/// What came after the other side's body, once that has ended.
pub(crate) fn trailers(state: &mut State, exchange: Handle) -> Done<Option<Fields>> {
    let bytes = read(state, exchange, Request::Trailers)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let fields = trailers_from_bytes(&bytes)?;
    Fields::told(state, &fields).map(Some).map_err(|_| Error::Limit.into())
}

/// Ends the body that is written; `well`: it is complete.
pub(crate) fn finish(state: &mut State, exchange: Handle, well: bool) -> Done {
    use b8g_core::stream::Gone;
    let how = if well { Gone::Ended } else { Gone::Aborted(0) };
    call(state, Call::Finish { handle: exchange, how }).map(|_| ())
}

/// Why an operation of an exchange failed: as it is known there, or else by the error.
pub(crate) fn cause(state: &mut State, exchange: Handle, error: Error) -> wasmtime::Result<Cause> {
    let known = match ask(state, exchange, Request::Failure, &[], 0) {
        Ok(number) => u32::try_from(number).ok().and_then(HttpFailure::from_number),
        Err(Failure::Error(_)) => None,
        Err(Failure::Trap(error)) => return Err(error),
    };
    Ok(known.map_or_else(|| Cause::of(error), Cause::Failed))
}
