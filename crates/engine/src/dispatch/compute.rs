//! The requests of `ctl` that compute: cryptography, which [`b8g_crypto`] does, languages, which [`b8g_intl`] does,
//! codecs and sessions of TLS.
//!
//! They touch nothing but what they are given, and take place on the context's thread: so they count as its time, and hear when it
//! is to stop.

use std::sync::Arc;

use crate::object::Object;
use crate::object::codec::{CODEC_RIGHTS, Codec, Form};
use crate::object::tls::{SESSION_BYTES, SESSION_RIGHTS, Session};
use crate::state::State;
use b8g_core::abi::Request;
use b8g_core::{Error, Handle, Rights};

/// Does one request of what computes: about languages, if it is one of those.
pub(super) fn compute(
    state: &mut State,
    handle: Handle,
    request: Request,
    input: &[u8],
    out: &mut [u8],
    argument: u64,
) -> Result<i64, Error> {
    let Object::Compute = state.table.get_with(handle, Rights::EXECUTE)? else { return Err(Error::Type) };
    if request == Request::Codec {
        return open(state, argument);
    }
    if request == Request::Tls {
        return begin(state, input, argument);
    }
    let monitor = state.monitor.clone();
    let go_on = || monitor.stop_ordered().is_none();
    if b8g_intl::knows(request) {
        return b8g_intl::intl(request, argument, input, out, &b8g_intl::Work::new(&go_on));
    }
    let shared = state.shared().clone();
    let mut memory = |bytes| Ok(Box::new(shared.lease_many(bytes)?) as Box<dyn Send>);
    let mut work = b8g_crypto::Work::new(&go_on, &mut memory);
    b8g_crypto::compute(request, argument, input, out, &mut work).map(|n| n as i64)
}

fn open(state: &mut State, argument: u64) -> Result<i64, Error> {
    let form = Form::parse(argument)?;
    if state.table.room() == 0 {
        return Err(Error::Limit);
    }
    let leases = [state.descriptors.lease()?, state.shared().lease_many(form.bytes())?];
    let codec = Object::Codec(Arc::new(Codec::new(form, leases)));
    state.table.insert(codec, CODEC_RIGHTS).map(|handle| i64::from(handle.raw()))
}

/// Does what only a codec can do.
pub(super) fn codec(
    state: &State,
    handle: Handle,
    request: Request,
    out: &mut [u8],
    argument: u64,
) -> Result<i64, Error> {
    let (object, rights) = state.table.get(handle)?;
    let fault = match object {
        Object::Codec(codec) if request == Request::Flush => {
            return if rights.contains(Rights::WRITE) {
                codec.flush(argument).map(|()| 0)
            } else {
                Err(Error::Rights)
            };
        }
        Object::Codec(codec) => codec.fault(),
        Object::Tls(session) if request == Request::Fault => session.fault(),
        _ => return Err(Error::Type),
    };
    let len = fault.len().min(out.len());
    out[..len].copy_from_slice(&fault.as_bytes()[..len]);
    Ok(fault.len() as i64)
}

/// Opens a session of TLS.
fn begin(state: &mut State, input: &[u8], argument: u64) -> Result<i64, Error> {
    if state.table.room() == 0 {
        return Err(Error::Limit);
    }
    let leases =
        [state.descriptors.lease()?, state.shared().lease_many(SESSION_BYTES + 2 * input.len() as u64)?];
    let session = Session::new(&state.trust, input, argument, leases)?;
    let session = Object::Tls(Arc::new(session));
    state.table.insert(session, SESSION_RIGHTS).map(|handle| i64::from(handle.raw()))
}

/// Does what only a session of TLS can do.
pub(super) fn session(
    state: &State,
    handle: Handle,
    request: Request,
    input: &[u8],
    out: &mut [u8],
    argument: u64,
) -> Result<i64, Error> {
    let (object, rights) = state.table.get(handle)?;
    let Object::Tls(session) = object else { return Err(Error::Type) };
    match request {
        Request::TlsFeed if !rights.contains(Rights::WRITE) => Err(Error::Rights),
        Request::TlsTake if !rights.contains(Rights::READ) => Err(Error::Rights),
        Request::TlsFeed => session.feed(input),
        Request::TlsTake => Ok(session.take(out)),
        Request::TlsState => session.state(out),
        _ => session.tell(argument, out),
    }
}
