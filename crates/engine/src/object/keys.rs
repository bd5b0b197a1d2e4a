//! Keys that link contexts: two that bind the same one have a channel.
//!
//! Start reading at [`Keys::bind`]. Invariant: what `bind` does and answers is the same whether a key was minted or not,
//! revoked or not, bound by another one or not. Keys themselves are not kept: only what a secret of this engine makes of
//! them, so that comparing takes no time that a guess could be measured by.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use b8g_core::abi::KEY_BYTES;
use b8g_core::{Error, Rights};

use super::Lease;
use super::channel::{End, Waiting};

/// Keys that one object mints and does not revoke at most.
const MINTED_MAX: usize = 1024;

/// What a context may do with keys that it was granted.
pub(crate) const KEYS_RIGHTS: Rights =
    Rights::DUPLICATE.union(Rights::TRANSFER).union(Rights::LINK).union(Rights::INSPECT);

type Id = [u8; 32];

/// The links of an engine: for each key that may be bound, the channel of one who waits for the other.
#[derive(Debug)]
pub(crate) struct Links {
    secret: [u8; 32],
    waiting: Mutex<HashMap<Id, Waiting>>,
}

impl Links {
    pub(crate) fn new() -> Result<Links, Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_| Error::Io)?;
        Ok(Links { secret, waiting: Mutex::default() })
    }

    fn id(&self, key: &[u8; KEY_BYTES]) -> Id {
        *blake3::keyed_hash(&self.secret, key).as_bytes()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys that somebody minted. They are revoked when it is dropped.
#[derive(Debug)]
pub(crate) struct Keys {
    links: Arc<Links>,
    minted: Mutex<Vec<Id>>,
}

impl Keys {
    pub(crate) fn new(links: Arc<Links>) -> Keys {
        Keys { links, minted: Mutex::default() }
    }

    fn minted(&self) -> MutexGuard<'_, Vec<Id>> {
        self.minted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a new key.
    ///
    /// # Errors
    /// [`Error::Limit`] when there are too many already.
    pub(crate) fn mint(&self) -> Result<[u8; KEY_BYTES], Error> {
        let mut minted = self.minted();
        if minted.len() >= MINTED_MAX {
            return Err(Error::Limit);
        }
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(|_| Error::Io)?;
        let id = self.links.id(&key);
        self.links.lock().insert(id, Waiting::default());
        minted.push(id);
        Ok(key)
    }

    /// Gives an end of a channel, of which the other end is, or will be, of whoever binds the same key.
    pub(crate) fn bind(&self, key: &[u8; KEY_BYTES], lease: Lease) -> Arc<End> {
        let id = self.links.id(key);
        let mut nobody = Waiting::default();
        let mut waiting = self.links.lock();
        let place = waiting.get_mut(&id).unwrap_or(&mut nobody);
        End::meet(place, lease)
    }

    /// Lets nobody bind the key any more, if it was minted here.
    pub(crate) fn revoke(&self, key: &[u8; KEY_BYTES]) {
        let id = self.links.id(key);
        let mut minted = self.minted();
        if let Some(at) = minted.iter().position(|known| *known == id) {
            minted.swap_remove(at);
            self.links.lock().remove(&id);
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let minted = std::mem::take(self.minted.get_mut().unwrap_or_else(PoisonError::into_inner));
        let mut waiting = self.links.lock();
        minted.iter().for_each(|id| {
            waiting.remove(id);
        });
    }
}
