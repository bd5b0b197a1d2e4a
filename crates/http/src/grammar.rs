//! What the words of HTTP look like: for whoever keeps them before they are sent.

use http::header::{HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};

/// Tells whether this is a method.
pub fn is_method(text: &str) -> bool {
    http::Method::from_bytes(text.as_bytes()).is_ok()
}

/// Tells whether this is a scheme.
pub fn is_scheme(text: &str) -> bool {
    Scheme::try_from(text).is_ok()
}

/// Tells whether this is an authority: a host, perhaps with a port and a user.
pub fn is_authority(text: &str) -> bool {
    authority(text.as_bytes()).is_some()
}

/// Tells whether this is a path, perhaps with a query, perhaps relative to another.
pub fn is_path(text: &str) -> bool {
    if text.starts_with('/') { PathAndQuery::try_from(text).is_ok() } else { is_path(&format!("/{text}")) }
}

/// The name of a field as it is sent, in lower case; `None` when it is none.
pub fn field_name(text: &[u8]) -> Option<String> {
    HeaderName::from_bytes(text).ok().map(|name| name.as_str().to_owned())
}

/// Tells whether this is the value of a field.
pub fn is_field_value(bytes: &[u8]) -> bool {
    HeaderValue::from_bytes(bytes).is_ok()
}

/// Reads an authority whose port, if it names one, is a number.
pub(crate) fn authority(bytes: &[u8]) -> Option<Authority> {
    let authority = Authority::try_from(bytes).ok()?;
    let text = authority.as_str();
    let named = text.rsplit_once('@').map_or(text, |(_, named)| named);
    let whole = authority.port_u16().is_some() || named == authority.host();
    (whole && !authority.host().is_empty()).then_some(authority)
}
