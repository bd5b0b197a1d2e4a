//! Keys: whoever holds the same one can be linked.

use crate::abi::{KEY_BYTES, link, op};
use crate::{Channel, Handle, Result, call};

/// A key: a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub [u8; KEY_BYTES as usize]);

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// What mints and binds keys.
#[derive(Debug)]
pub struct Keys(Handle);

impl Keys {
    /// Takes a handle for keys.
    pub const fn from_handle(handle: Handle) -> Keys {
        Keys(handle)
    }

    /// Makes a new key.
    ///
    /// # Errors
    /// LIMIT: too many keys.
    pub fn mint(&self) -> Result<Key> {
        let mut key = Key([0; KEY_BYTES as usize]);
        // SAFETY: `key` is ours, and as long as the operation says.
        unsafe {
            call::raw(op::LINK, self.0.raw(), [link::MINT.cast_signed(), call::at(&raw mut key.0), 0, 0])
        }?;
        Ok(key)
    }

    /// Gives an end of a channel whose other end whoever binds the same key has. It tells nothing about whether anybody does.
    ///
    /// # Errors
    /// LIMIT.
    pub fn bind(&self, key: &Key) -> Result<Channel> {
        let arguments = [link::BIND.cast_signed(), call::at(&raw const key.0), 0, 0];
        call::plain(op::LINK, self.0.raw(), arguments)
            .map(|answer| Channel::from_handle(Handle::answered(answer)))
    }

    /// Lets nobody bind a key any more that these keys minted.
    ///
    /// # Errors
    /// RIGHTS.
    pub fn revoke(&self, key: &Key) -> Result<()> {
        let arguments = [link::REVOKE.cast_signed(), call::at(&raw const key.0), 0, 0];
        call::plain(op::LINK, self.0.raw(), arguments).map(drop)
    }
}
