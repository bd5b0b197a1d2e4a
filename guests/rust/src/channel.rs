//! Channels: messages of bytes and handles.

use crate::abi::{Ends, ctl, op, ready};
use crate::{Error, Handle, Ready, Result, call, wait_for};

/// One end of a channel.
#[derive(Debug)]
pub struct Channel(Handle);

/// What was not sent, and why: the handles are still the sender's.
#[derive(Debug)]
pub struct Refused<const N: usize> {
    /// Why.
    pub error: Error,
    /// The handles that would have gone along.
    pub handles: [Handle; N],
}

/// A message that was received: its bytes lie in the receiver's room.
#[derive(Debug)]
pub struct Message<const N: usize> {
    /// How many bytes.
    pub bytes: usize,
    /// The handles that came along, in their order; the receiver's now.
    pub handles: [Option<Handle>; N],
}

impl Channel {
    /// Makes a channel: both its ends.
    ///
    /// # Errors
    /// LIMIT: too many channels or handles.
    pub fn pair() -> Result<(Channel, Channel)> {
        let mut ends = Ends::default();
        // SAFETY: `ends` is ours, and as long as the operation says.
        unsafe { call::raw(op::CHANNEL_NEW, 0, [call::at(&raw mut ends), 0, 0, 0]) }?;
        Ok((Channel(Handle::from_raw(ends.first)), Channel(Handle::from_raw(ends.second))))
    }

    /// Takes a handle for an end of a channel.
    pub const fn from_handle(handle: Handle) -> Channel {
        Channel(handle)
    }

    /// Its handle, to wait for it.
    pub const fn handle(&self) -> &Handle {
        &self.0
    }

    /// Its handle, to send it on.
    pub fn into_handle(self) -> Handle {
        self.0
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// AGAIN: no room yet; CLOSED; LIMIT: more than 1 MiB.
    pub fn send(&self, bytes: &[u8]) -> Result<()> {
        self.send_with(bytes, []).map_err(|refused| refused.error)
    }

    /// Sends bytes and handles: the handles are the receiver's then.
    ///
    /// # Errors
    /// As [`Channel::send`], and RIGHTS, TYPE, ARG or BUSY for a handle that cannot be sent.
    pub fn send_with<const N: usize>(
        &self,
        bytes: &[u8],
        handles: [Handle; N],
    ) -> core::result::Result<(), Refused<N>> {
        let numbers = handles.each_ref().map(Handle::raw);
        let arguments = [call::at(bytes.as_ptr()), bytes.len() as i64, call::at(numbers.as_ptr()), N as i64];
        match call::plain(op::SEND, self.0.raw(), arguments) {
            Ok(_) => {
                handles.into_iter().for_each(|handle| _ = handle.into_raw());
                Ok(())
            }
            Err(error) => Err(Refused { error, handles }),
        }
    }

    /// Receives bytes; a message with handles stays.
    ///
    /// # Errors
    /// AGAIN: there is none; CLOSED; LIMIT: it is larger than the room, and stays.
    pub fn receive(&self, into: &mut [u8]) -> Result<usize> {
        self.receive_with::<0>(into).map(|message| message.bytes)
    }

    /// Receives bytes and up to `N` handles.
    ///
    /// # Errors
    /// As [`Channel::receive`].
    pub fn receive_with<const N: usize>(&self, into: &mut [u8]) -> Result<Message<N>> {
        let mut numbers = [0u32; N];
        let arguments =
            [call::at(into.as_mut_ptr()), into.len() as i64, call::at(numbers.as_mut_ptr()), N as i64];
        // SAFETY: `into` and `numbers` are ours and as long as said.
        let received = unsafe { call::raw(op::RECEIVE, self.0.raw(), arguments) }?;
        let count = (received >> 32) as usize;
        let mut at = 0;
        let handles = numbers.map(|number| {
            at += 1;
            (at <= count).then(|| Handle::from_raw(number))
        });
        Ok(Message { bytes: received as u32 as usize, handles })
    }

    /// Drops the next message and what it carries, however large it is.
    ///
    /// # Errors
    /// AGAIN: there is none; CLOSED.
    pub fn discard(&self) -> Result<()> {
        self.0.ctl(ctl::DISCARD, &[], &mut [], 0).map(drop)
    }

    /// Sends bytes as soon as there is room.
    ///
    /// # Errors
    /// CLOSED; LIMIT: more than 1 MiB.
    pub fn send_blocking(&self, bytes: &[u8]) -> Result<()> {
        self.blocking(Ready(ready::WRITE), || self.send(bytes))
    }

    /// Receives the next message, waiting for it.
    ///
    /// # Errors
    /// CLOSED; LIMIT: it is larger than the room, and stays.
    pub fn receive_blocking<const N: usize>(&self, into: &mut [u8]) -> Result<Message<N>> {
        self.blocking(Ready(ready::READ), || self.receive_with(&mut *into))
    }

    fn blocking<T>(&self, interest: Ready, mut done: impl FnMut() -> Result<T>) -> Result<T> {
        loop {
            match done() {
                Err(Error::AGAIN) => wait_for(&self.0, interest, None)?,
                other => return other,
            };
        }
    }
}
