//! Messages: bytes and handles from one context to another.

use std::sync::Arc;

use b8g_core::{Error, Handle, Rights};

use crate::object::Object;
use crate::object::channel::{CHANNEL_RIGHTS, End, Message};
use crate::state::State;

/// Makes a channel and writes the handles of both ends.
pub(super) fn channel(state: &mut State, out: &mut [u8]) -> Result<i64, Error> {
    let out = out.get_mut(..8).ok_or(Error::Argument)?;
    if state.table.room() < 2 {
        return Err(Error::Limit);
    }
    let (first, second) = End::pair(Some(state.channels().lease()?));
    for (at, end) in out.chunks_exact_mut(4).zip([first, second]) {
        let handle = state.table.insert(Object::Channel(end), CHANNEL_RIGHTS)?;
        at.copy_from_slice(&handle.raw().to_le_bytes());
    }
    Ok(8)
}

fn end(state: &State, handle: Handle, needed: Rights) -> Result<&Arc<End>, Error> {
    match state.table.get_with(handle, needed)? {
        Object::Channel(end) => Ok(end),
        _ => Err(Error::Type),
    }
}

/// Sends bytes and handles; the handles are the sender's no more if that succeeds, and stay so if it fails.
pub(super) fn send(state: &mut State, handle: Handle, bytes: &[u8], handles: &[u8]) -> Result<i64, Error> {
    let end = end(state, handle, Rights::WRITE)?;
    if handles.is_empty() {
        return end.send_bytes(bytes).map(|()| 0);
    }
    let end = end.clone();
    let handles: Vec<Handle> = words(handles).map(Handle::from_raw).collect();
    // A timer is one on its context's own clock, an answer is for the engine; what starts and holds tasks stays in its tree.
    let may_leave = |object: &Object| {
        !matches!(object, Object::Timer(_) | Object::Answer(_) | Object::Task(_) | Object::Compiler)
    };
    let objects = state.table.lend(&handles, may_leave)?;
    match end.send(Message { bytes: bytes.to_vec(), objects }) {
        Ok(()) => {
            state.table.forget(&handles);
            Ok(0)
        }
        Err((error, message)) => {
            state.table.take_back(&handles, message.objects);
            Err(error)
        }
    }
}

/// Receives a message into the room that there is; answers its bytes, and how many handles above.
pub(super) fn receive(
    state: &mut State,
    handle: Handle,
    bytes: &mut [u8],
    handles: &mut [u8],
) -> Result<i64, Error> {
    let end = end(state, handle, Rights::READ)?;
    let room = (handles.len() / 4).min(state.table.room());
    let (length, objects) = end.receive_into(bytes, room)?;
    let count = objects.len();
    for (at, (object, rights)) in handles.chunks_exact_mut(4).zip(objects) {
        let received = state.table.insert(object, rights)?;
        at.copy_from_slice(&received.raw().to_le_bytes());
    }
    Ok((count as i64) << 32 | length as i64)
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
}
