//! Keys that link contexts, as handles see them: two that bind the same one have a channel.
//!
//! Start reading at [`Keys::bind`]; [`b8g_core::keys`] says who meets whom. Keys themselves are not kept: only what a secret of
//! this engine makes of them, so that comparing takes no time that a guess could be measured by.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use b8g_core::abi::KEY_BYTES;
use b8g_core::keys::{self, Id, Minted};
use b8g_core::{Error, Rights};

use super::Lease;
use super::channel::{End, Pair};

/// What a context may do with keys that it was granted.
pub(crate) const KEYS_RIGHTS: Rights =
    Rights::DUPLICATE.union(Rights::TRANSFER).union(Rights::LINK).union(Rights::INSPECT);

/// The links of an engine.
#[derive(Debug)]
pub(crate) struct Links {
    secret: [u8; 32],
    state: Mutex<keys::Links<Pair>>,
}

impl Links {
    pub(crate) fn new() -> Result<Links, Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_| Error::Io)?;
        Ok(Links { secret, state: Mutex::default() })
    }

    fn id(&self, key: &[u8; KEY_BYTES]) -> Id {
        *blake3::keyed_hash(&self.secret, key).as_bytes()
    }

    fn lock(&self) -> MutexGuard<'_, keys::Links<Pair>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys that somebody minted. They are revoked when it is dropped.
#[derive(Debug)]
pub(crate) struct Keys {
    links: Arc<Links>,
    minted: Mutex<Minted>,
}

impl Keys {
    pub(crate) fn new(links: Arc<Links>) -> Keys {
        Keys { links, minted: Mutex::default() }
    }

    fn minted(&self) -> MutexGuard<'_, Minted> {
        self.minted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a new key.
    ///
    /// # Errors
    /// As [`keys::Links::mint`]; [`Error::Io`] when there is no randomness.
    pub(crate) fn mint(&self) -> Result<[u8; KEY_BYTES], Error> {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(|_| Error::Io)?;
        let id = self.links.id(&key);
        let mut minted = self.minted();
        self.links.lock().mint(&mut minted, id)?;
        Ok(key)
    }

    /// Gives an end of a channel, of which the other end is, or will be, of whoever binds the same key.
    pub(crate) fn bind(&self, key: &[u8; KEY_BYTES], lease: Lease) -> Arc<End> {
        let id = self.links.id(key);
        let (pair, side) = self.links.lock().bind(&id, Pair::linked);
        End::of(pair, side, Some(lease))
    }

    /// Lets nobody bind the key any more, if it was minted here.
    pub(crate) fn revoke(&self, key: &[u8; KEY_BYTES]) {
        let id = self.links.id(key);
        let mut minted = self.minted();
        self.links.lock().revoke(&mut minted, &id);
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let minted = self.minted.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.links.lock().revoke_all(minted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::channel::{CHANNEL_RIGHTS, Message};
    use crate::object::{Allowance, Object};

    fn over(end: &Arc<End>, objects: Vec<Object>) -> Result<(), Error> {
        let objects = objects.into_iter().map(|object| (object, CHANNEL_RIGHTS)).collect();
        end.send(Message { bytes: vec![1; 1000], objects }).map_err(|(error, _)| error)
    }

    /// An end in a message to the other end, which nobody has: both stayed for ever.
    #[test]
    fn what_waits_for_a_peer_that_never_comes_goes_with_who_waits() {
        let allowance = Allowance::new(2);
        let links = Arc::new(Links::new().unwrap());
        let keys = Arc::new(Keys::new(links.clone()));
        let live = keys.mint().unwrap();
        for key in [&[7; KEY_BYTES], &live] {
            let end = keys.bind(key, allowance.lease().unwrap());
            assert_eq!(over(&end, vec![Object::Channel(end.clone())]), Err(Error::Type));
            let (a, b) = End::pair(None);
            assert_eq!(
                over(&a, vec![Object::Channel(end.clone())]),
                Err(Error::Type),
                "nor over another one"
            );
            over(&end, vec![Object::Channel(b), Object::Keys(keys.clone())]).unwrap();
            assert_eq!((a.next(), allowance.used()), (Err(Error::Again), 1));
            drop(end);
            assert_eq!((a.next(), allowance.used()), (Err(Error::Closed), 0));
        }
        drop(keys);
        assert!(links.lock().is_empty());
    }

    /// What is counted told whether somebody else had bound the key.
    #[test]
    fn what_an_end_counts_does_not_tell_of_the_other_one() {
        let allowance = Allowance::new(10);
        let keys = Keys::new(Arc::new(Links::new().unwrap()));
        let key = keys.mint().unwrap();
        let alone = keys.bind(&[7; KEY_BYTES], allowance.lease().unwrap());
        let first = keys.bind(&key, allowance.lease().unwrap());
        let second = keys.bind(&key, allowance.lease().unwrap());
        over(&first, Vec::new()).unwrap();
        assert_eq!((second.next(), allowance.used()), (Ok((1000, 0)), 3));
        drop(first);
        assert_eq!(allowance.used(), 2);
        drop((alone, second));
        assert_eq!(allowance.used(), 0);
    }
}
