//! Connections for requests of HTTP: begun like those of sockets, and told to whoever sends the request.

use std::net::SocketAddr;

use b8g_core::Error;
use b8g_core::abi::HttpFailure;
use b8g_http::Dialed;
use rustix::net::SocketType;

use super::address::Host;
use super::endpoint;
use super::lookup::look_up;
use super::socket::{begin, connect_first};

/// Begins to connect, and tells `dialed` the connection: at once for an address, when it stands for a name. `screen` tells to
/// which of a name's addresses one may.
pub(super) fn dial(
    host: Host,
    port: u16,
    screen: impl FnOnce(&str, Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Error> + Send + 'static,
    dialed: Dialed,
) {
    match host {
        Host::Address(ip) => {
            let address = SocketAddr::new(ip, port);
            let made = endpoint::socket(address.is_ipv6(), SocketType::STREAM);
            let begun = made.and_then(|fd| begin(&fd, address).map(|()| fd));
            dialed(begun.map_err(failure));
        }
        Host::Name(name) => {
            let asked = name.clone();
            let connect = move |found: Result<Vec<SocketAddr>, Error>| {
                let connected = found.and_then(|found| connect_first(screen(&asked, found)?));
                dialed(connected.map_err(failure));
            };
            // When it cannot be looked up `dialed` goes without a word, which is told as too much at once.
            let _ = look_up(name, port, connect);
        }
    }
}

/// Why there is no connection, as HTTP has it.
fn failure(error: Error) -> HttpFailure {
    match error {
        Error::NotFound => HttpFailure::NameNotFound,
        Error::Timeout => HttpFailure::ConnectTimeout,
        Error::Limit => HttpFailure::TooMany,
        Error::Rights => HttpFailure::Denied,
        Error::Host(errno) => match i32::from(errno) {
            libc::ECONNREFUSED => HttpFailure::Refused,
            libc::EHOSTUNREACH | libc::ENETUNREACH | libc::EADDRNOTAVAIL => HttpFailure::Unreachable,
            libc::ETIMEDOUT => HttpFailure::ConnectTimeout,
            libc::EMFILE | libc::ENFILE => HttpFailure::TooMany,
            _ => HttpFailure::Other,
        },
        _ => HttpFailure::Other,
    }
}
