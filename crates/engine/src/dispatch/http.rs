//! The requests of `ctl` about HTTP: beginning an exchange, and what is special to one.

use std::sync::Arc;

use b8g_core::abi::{Request, http};
use b8g_core::{Error, Handle, Rights};
use b8g_http::{Client, EXCHANGE_BYTES, Reply};

use crate::object::Object;
use crate::object::exchange::{EXCHANGE_RIGHTS, Exchange};
use crate::state::State;

/// Sends a request to where the handle of the network allows it.
pub(super) fn start(state: &mut State, net: Handle, input: &[u8], flags: u64) -> Result<i64, Error> {
    let both = Rights::READ.union(Rights::WRITE);
    let Object::Network(network) = state.table.get_with(net, both)? else { return Err(Error::Type) };
    let network = network.clone();
    let upgrades = flags == http::WEBSOCKET;
    let request = b8g_http::Request::parse(input)?;
    let (request, body) = if upgrades { (request.upgrading()?, true) } else { (request, has_body(flags)?) };
    let dial = network.dial(request.address().as_bytes(), &state.monitor)?;
    if state.table.room() == 0 {
        return Err(Error::Limit);
    }
    let leases = [state.descriptors.lease()?, state.shared().lease_many(EXCHANGE_BYTES)?];
    let client = state.http.get_or_insert_with(|| Client::new(network.trust().clone()));
    let exchange = Exchange::new(client.start(request, body, dial)?, leases);
    state.table.insert(Object::Exchange(Arc::new(exchange)), EXCHANGE_RIGHTS).map(|h| i64::from(h.raw()))
}

fn has_body(flags: u64) -> Result<bool, Error> {
    if flags & !http::BODY != 0 { Err(Error::Argument) } else { Ok(flags & http::BODY != 0) }
}

/// What is answered: the head, and what is said of its body.
fn reply(input: &[u8], argument: u64) -> Result<(&[u8], Reply<'_>), Error> {
    let (flags, bytes) = (argument & 0xffff_ffff, (argument >> 32) as usize);
    if flags == http::WHOLE {
        let head = input.len().checked_sub(bytes).ok_or(Error::Argument)?;
        let (head, body) = input.split_at(head);
        return Ok((head, Reply::Whole(body)));
    }
    Ok((input, if has_body(argument)? { Reply::Follows } else { Reply::Nothing }))
}

/// Does what only an exchange can do.
pub(super) fn exchange(
    state: &State,
    handle: Handle,
    request: Request,
    input: &[u8],
    out: &mut [u8],
    argument: u64,
) -> Result<i64, Error> {
    let (object, rights) = state.table.get(handle)?;
    let Object::Exchange(exchange) = object else { return Err(Error::Type) };
    let needed = match request {
        Request::Head | Request::Trailers => Rights::READ,
        Request::Respond | Request::SendTrailers => Rights::WRITE,
        _ => Rights::NONE,
    };
    if !rights.contains(needed) {
        return Err(Error::Rights);
    }
    let wire = exchange.wire();
    match request {
        Request::Head => wire.head().map(|head| told(&head, out)),
        Request::Trailers => wire.trailers().map(|trailers| told(&trailers, out)),
        Request::Respond => {
            let (head, body) = reply(input, argument)?;
            wire.respond(head, body).map(|()| 0)
        }
        Request::SendTrailers => wire.send_trailers(input).map(|()| 0),
        Request::Sent => wire.sent().map(|()| 0),
        Request::Failure => Ok(exchange.failure()),
        _ => Err(Error::Type),
    }
}

/// Writes as much as there is room for; answers how much there is.
fn told(bytes: &[u8], out: &mut [u8]) -> i64 {
    let len = bytes.len().min(out.len());
    out[..len].copy_from_slice(&bytes[..len]);
    bytes.len() as i64
}
