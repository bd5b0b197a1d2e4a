//! What may be sent: heads of requests and responses, checked, and what of the other side's is told.
//!
//! Invariant: a head that passes here is one message, to one host, with one length, whatever is written in it.

use std::time::Duration;

use b8g_core::Error;
use b8g_core::abi::HttpFailure;
use b8g_core::http::{Field, RequestHead, ResponseHead, trailers_from_bytes, trailers_to_bytes};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TE, UPGRADE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, StatusCode, Uri, Version};

use crate::{CONNECT_TIMEOUT_DEFAULT, SILENCE_TIMEOUT_DEFAULT, grammar};

/// Fields that say how a connection goes on, which is not the sender's affair.
const OF_THE_CONNECTION: &[&str] = &[
    "connection",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// A request that may be sent, if its host may be connected to.
#[derive(Debug)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) secure: bool,
    pub(crate) authority: Authority,
    pub(crate) port: u16,
    path: PathAndQuery,
    /// It asks for a WebSocket.
    pub(crate) upgrades: bool,
    pub(crate) fields: HeaderMap,
    pub(crate) length: Option<u64>,
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) between_bytes: Duration,
}

impl Request {
    /// Reads a request head, and checks that it is one that may be sent.
    ///
    /// # Errors
    /// [`Error::Argument`] when it may not, [`Error::Limit`] when it is too large.
    pub fn parse(bytes: &[u8]) -> Result<Request, Error> {
        let head = RequestHead::from_bytes(bytes)?;
        let method = Method::from_bytes(head.method).map_err(|_| Error::Argument)?;
        let secure = match head.scheme {
            b"http" => false,
            b"https" => true,
            _ => return Err(Error::Argument),
        };
        let authority = grammar::authority(head.authority).ok_or(Error::Argument)?;
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        // A tunnel is no exchange; whoever logs in says so in a field of its own.
        if method == Method::CONNECT || authority.as_str().contains('@') {
            return Err(Error::Argument);
        }
        let path = path(&method, head.path)?;
        let (fields, length) = fields(&head.fields)?;
        let time = |ns: u64, default| if ns == 0 { default } else { Duration::from_nanos(ns) };
        Ok(Request {
            method,
            secure,
            authority,
            port,
            path,
            upgrades: false,
            fields,
            length,
            connect: time(head.connect_ns, CONNECT_TIMEOUT_DEFAULT),
            first_byte: time(head.first_byte_ns, SILENCE_TIMEOUT_DEFAULT),
            between_bytes: time(head.between_bytes_ns, SILENCE_TIMEOUT_DEFAULT),
        })
    }

    /// Asks for a WebSocket, if it is a request that may: one to get something, with no body.
    ///
    /// # Errors
    /// [`Error::Argument`] for another.
    pub fn upgrading(mut self) -> Result<Request, Error> {
        if self.method != Method::GET || self.length.is_some() {
            return Err(Error::Argument);
        }
        self.upgrades = true;
        self.fields.try_insert(CONNECTION, HeaderValue::from_static("Upgrade")).map_err(|_| Error::Limit)?;
        self.fields.try_insert(UPGRADE, HeaderValue::from_static("websocket")).map_err(|_| Error::Limit)?;
        Ok(self)
    }

    /// Where it goes: `host:port`, an address of version 6 in brackets.
    pub fn address(&self) -> String {
        format!("{}:{}", self.authority.host(), self.port)
    }

    /// Writes what says where a request goes into its head, as the version of the protocol has it.
    pub(crate) fn direct<B>(&self, request: &mut http::Request<B>, version: Version) {
        let mut uri = http::uri::Parts::default();
        uri.path_and_query = Some(self.path.clone());
        if version == Version::HTTP_2 {
            uri.scheme = Some(if self.secure { Scheme::HTTPS } else { Scheme::HTTP });
            uri.authority = Some(self.authority.clone());
            request.headers_mut().remove(HOST);
        } else if let Ok(host) = HeaderValue::from_str(self.authority.as_str()) {
            request.headers_mut().insert(HOST, host);
        }
        if let Ok(uri) = Uri::from_parts(uri) {
            *request.uri_mut() = uri;
        }
    }
}

fn path(method: &Method, path: &[u8]) -> Result<PathAndQuery, Error> {
    let text = std::str::from_utf8(path).map_err(|_| Error::Argument)?;
    // Beyond `#` is what no server is told; the others are no part of any path.
    if text.contains(|c: char| c <= ' ' || c == '#' || c == '\x7f') {
        return Err(Error::Argument);
    }
    let whole = match text.as_bytes().first() {
        None if *method == Method::OPTIONS => "*".to_owned(),
        None => "/".to_owned(),
        Some(b'/') => text.to_owned(),
        Some(b'?') => format!("/{text}"),
        _ if text == "*" && *method == Method::OPTIONS => text.to_owned(),
        _ => return Err(Error::Argument),
    };
    PathAndQuery::try_from(whole).map_err(|_| Error::Argument)
}

/// Checks fields; answers them and the length of the body that they name.
pub(crate) fn fields(all: &[Field<'_>]) -> Result<(HeaderMap, Option<u64>), Error> {
    let mut map = HeaderMap::with_capacity(all.len());
    let mut length = None;
    for (name, value) in all {
        let name = HeaderName::from_bytes(name).map_err(|_| Error::Argument)?;
        let value = HeaderValue::from_bytes(value).map_err(|_| Error::Argument)?;
        let forbidden = OF_THE_CONNECTION.contains(&name.as_str());
        if forbidden || name == TE && !value.as_bytes().eq_ignore_ascii_case(b"trailers") {
            return Err(Error::Argument);
        }
        if name == CONTENT_LENGTH {
            let text = value.to_str().map_err(|_| Error::Argument)?;
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            if !digits || length.is_some() {
                return Err(Error::Argument);
            }
            length = Some(text.parse::<u64>().map_err(|_| Error::Argument)?);
        }
        map.try_append(name, value).map_err(|_| Error::Limit)?;
    }
    Ok((map, length))
}

/// Checks trailers that are to be sent.
pub(crate) fn own_trailers(bytes: &[u8]) -> Result<HeaderMap, Error> {
    match fields(&trailers_from_bytes(bytes)?)? {
        (map, None) => Ok(map),
        _ => Err(Error::Argument),
    }
}

/// Checks a response that is to be sent; answers it and the length of the body that it names.
pub(crate) fn response(bytes: &[u8]) -> Result<(http::response::Parts, Option<u64>), Error> {
    let head = ResponseHead::from_bytes(bytes)?;
    // What comes before the answer proper is the host's affair.
    if !(200..600).contains(&head.status) {
        return Err(Error::Argument);
    }
    let status = StatusCode::from_u16(head.status).map_err(|_| Error::Argument)?;
    let (map, length) = fields(&head.fields)?;
    let (mut parts, ()) = http::Response::new(()).into_parts();
    (parts.status, parts.headers) = (status, map);
    Ok((parts, length))
}

fn told(fields: &HeaderMap) -> impl Iterator<Item = Field<'_>> {
    fields.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()))
}

/// The head of a response as it is told.
pub(crate) fn response_head(parts: &http::response::Parts) -> Result<Vec<u8>, Error> {
    ResponseHead { status: parts.status.as_u16(), fields: told(&parts.headers).collect() }.to_bytes()
}

/// The head of a request that a server got, as it is told; `None` for one that names no host, or two.
pub(crate) fn request_head(parts: &http::request::Parts) -> Option<Result<Vec<u8>, Error>> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let named = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(grammar::authority(host.as_bytes())?),
        (None, _) => None,
        _ => return None,
    };
    let authority = parts.uri.authority().or(named.as_ref())?;
    let head = RequestHead {
        method: parts.method.as_str().as_bytes(),
        scheme: b"http",
        authority: authority.as_str().as_bytes(),
        path: parts.uri.path_and_query().map_or(&b"/"[..], |path| path.as_str().as_bytes()),
        fields: told(&parts.headers).collect(),
        ..RequestHead::default()
    };
    Some(head.to_bytes())
}

/// Trailers as they are told.
pub(crate) fn trailers(map: &HeaderMap) -> Result<Vec<u8>, Error> {
    trailers_to_bytes(told(map))
}

/// Why the protocol ended; `cut` for a connection that ended in the middle.
pub(crate) fn failure_of(error: &hyper::Error, cut: HttpFailure) -> HttpFailure {
    use std::error::Error as _;
    if error.is_parse_too_large() {
        return HttpFailure::HeadSize;
    }
    if error.is_body_write_aborted() {
        return HttpFailure::Aborted;
    }
    if error.is_parse() {
        return HttpFailure::Protocol;
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<crate::body::Aborted>() {
            return HttpFailure::Aborted;
        }
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                std::io::ErrorKind::TimedOut => HttpFailure::WriteTimeout,
                std::io::ErrorKind::UnexpectedEof => cut,
                std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput => HttpFailure::Protocol,
                _ => HttpFailure::Lost,
            };
        }
        cause = inner.source();
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        cut
    } else {
        HttpFailure::Protocol
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get<'a>(authority: &'a str, path: &'a str) -> RequestHead<'a> {
        RequestHead {
            method: b"GET",
            scheme: b"http",
            authority: authority.as_bytes(),
            path: path.as_bytes(),
            ..RequestHead::default()
        }
    }

    fn parse(head: &RequestHead<'_>) -> Result<Request, Error> {
        Request::parse(&head.to_bytes().unwrap())
    }

    #[test]
    fn a_request_says_where_it_goes() {
        for (authority, address) in [
            ("a.example", "a.example:80"),
            ("a:8080", "a:8080"),
            ("[::1]:1", "[::1]:1"),
            ("[::1]", "[::1]:80"),
        ] {
            assert_eq!(parse(&get(authority, "/")).unwrap().address(), address);
        }
        let secure = RequestHead { scheme: b"https", ..get("a.example", "") };
        assert_eq!(parse(&secure).unwrap().address(), "a.example:443");
        for authority in ["", "a:", "u@a", "u:p@a", "a b", "a/b", "a:x", "a:99999", "a\r\nx", "::1"] {
            assert_eq!(parse(&get(authority, "/")).unwrap_err(), Error::Argument, "{authority}");
        }
        for (path, sent) in [("", "/"), ("/a?b", "/a?b"), ("?b", "/?b"), ("/%2F/é", "/%2F/é")] {
            let request = parse(&get("a", path)).unwrap();
            let mut whole = http::Request::new(());
            request.direct(&mut whole, Version::HTTP_11);
            assert_eq!(whole.uri().to_string(), sent);
            assert_eq!(whole.headers()[HOST], "a");
            request.direct(&mut whole, Version::HTTP_2);
            assert_eq!(whole.uri().to_string(), format!("http://a{sent}"));
            assert!(whole.headers().is_empty());
        }
        for path in ["a", "a/b", "/a b", "/a\r\nX: y", "/a#b", "*", "http://b/", "/\0", "/\x7f"] {
            assert_eq!(parse(&get("a", path)).unwrap_err(), Error::Argument, "{path:?}");
        }
        for (method, scheme) in
            [("CONNECT", "http"), ("", "http"), ("G T", "http"), ("GET", "ftp"), ("GET", "")]
        {
            let head = RequestHead { method: method.as_bytes(), scheme: scheme.as_bytes(), ..get("a", "/") };
            assert_eq!(parse(&head).unwrap_err(), Error::Argument, "{method} {scheme}");
        }
    }

    #[test]
    fn nothing_is_smuggled_in_fields() {
        let with = |fields: &[(&'static str, &'static str)]| {
            let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
            parse(&RequestHead { fields, ..get("a", "/") }).map(|request| request.length)
        };
        assert_eq!(with(&[("X", "y"), ("content-length", "12"), ("te", "Trailers")]), Ok(Some(12)));
        for bad in [
            &[("x", "a\r\nb: c")][..],
            &[("x", "a\nb")],
            &[("x", "a\0")],
            &[("x y", "z")],
            &[("x:", "z")],
            &[("", "z")],
            &[("Host", "b")],
            &[("Transfer-Encoding", "chunked")],
            &[("Connection", "close")],
            &[("Upgrade", "h2c")],
            &[("te", "gzip")],
            &[("content-length", "1"), ("Content-Length", "2")],
            &[("content-length", "1"), ("content-length", "1")],
            &[("content-length", "+1")],
            &[("content-length", "")],
            &[("content-length", "1, 1")],
            &[("content-length", "99999999999999999999")],
        ] {
            assert_eq!(with(bad), Err(Error::Argument), "{bad:?}");
        }
    }

    #[test]
    fn responses_are_final() {
        let head = |status| ResponseHead { status, fields: Vec::new() }.to_bytes().unwrap();
        for bad in [0, 99, 100, 101, 103, 199, 600, 1000] {
            assert_eq!(response(&head(bad)).unwrap_err(), Error::Argument, "{bad}");
        }
        assert_eq!(response(&head(204)).unwrap().0.status, 204);
    }
}
