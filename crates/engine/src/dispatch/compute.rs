//! The requests of `ctl` that compute: cryptography, which [`b8g_crypto`] does, languages, which [`b8g_intl`] does, and codecs.
//!
//! They touch nothing but what they are given, and take place on the context's thread: so they count as its time, and hear when it
//! is to stop.

use std::sync::Arc;

use crate::object::Object;
use crate::object::codec::{CODEC_RIGHTS, Codec, Form};
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
    let Object::Codec(codec) = object else { return Err(Error::Type) };
    match request {
        Request::Flush if rights.contains(Rights::WRITE) => codec.flush(argument).map(|()| 0),
        Request::Flush => Err(Error::Rights),
        _ => {
            let text = codec.fault();
            let len = text.len().min(out.len());
            out[..len].copy_from_slice(&text.as_bytes()[..len]);
            Ok(text.len() as i64)
        }
    }
}
