//! Keys: for each one that may be bound, the one who waits for the other.
//!
//! Start reading at [`Links::bind`]. Keys themselves are not here: an [`Id`] is what a secret of the host makes of one, so that
//! looking for it takes no time from which a guess could learn.
//!
//! Invariants: whoever binds is treated the same whether a key was minted or not, revoked or not, bound by another one or
//! not; whoever did not mint a key cannot revoke it; nothing is kept of a key that was revoked.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

use crate::Error;
use crate::channel::Side;

/// What stands for a key.
pub type Id = [u8; 32];

/// Keys that one holder mints and does not revoke at most.
pub const MINTED_MAX: usize = 1024;

/// The keys that may be bound. `P` is what two who bind the same one share: a channel.
#[derive(Debug)]
pub struct Links<P> {
    /// For each key the channel of which somebody has the first end, and nobody the second one yet.
    places: BTreeMap<Id, Weak<P>>,
}

/// The keys that one holder minted. They are to be given to [`Links::revoke_all`] when he goes.
#[derive(Debug, Default)]
pub struct Minted(Vec<Id>);

impl<P> Default for Links<P> {
    fn default() -> Links<P> {
        Links { places: BTreeMap::new() }
    }
}

impl<P> Links<P> {
    /// Counts the keys that may be bound.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Tells whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Lets a new key be bound.
    ///
    /// # Errors
    /// [`Error::Limit`] when this holder minted too many already.
    pub fn mint(&mut self, minted: &mut Minted, id: Id) -> Result<(), Error> {
        if minted.0.len() >= MINTED_MAX {
            return Err(Error::Limit);
        }
        self.places.insert(id, Weak::new());
        minted.0.push(id);
        Ok(())
    }

    /// Gives the second end of the channel of one who waits for this key, or the first end of a new one that waits there.
    /// Nobody has the other end then, which shows in nothing: so it is for a key that may not be bound, too.
    pub fn bind(&mut self, id: &Id, make: impl FnOnce() -> P) -> (Arc<P>, Side) {
        let mut nobody = Weak::new();
        let place = self.places.get_mut(id).unwrap_or(&mut nobody);
        match core::mem::take(place).upgrade() {
            Some(pair) => (pair, Side::Second),
            None => {
                let pair = Arc::new(make());
                *place = Arc::downgrade(&pair);
                (pair, Side::First)
            }
        }
    }

    /// Lets nobody bind a key any more, if this holder minted it.
    pub fn revoke(&mut self, minted: &mut Minted, id: &Id) {
        if let Some(at) = minted.0.iter().position(|known| known == id) {
            minted.0.swap_remove(at);
            self.places.remove(id);
        }
    }

    /// Revokes all keys of a holder.
    pub fn revoke_all(&mut self, minted: &mut Minted) {
        for id in minted.0.drain(..) {
            self.places.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_who_bind_a_key_that_lives_meet() {
        let (mut links, mut mine, mut other) = (Links::<u8>::default(), Minted::default(), Minted::default());
        links.mint(&mut mine, [1; 32]).unwrap();
        links.mint(&mut other, [2; 32]).unwrap();
        let (first, side) = links.bind(&[1; 32], || 7);
        assert_eq!((*first, side), (7, Side::First));
        let (second, side) = links.bind(&[1; 32], || 8);
        assert!(Arc::ptr_eq(&first, &second) && side == Side::Second);
        let (third, side) = links.bind(&[1; 32], || 9);
        assert_eq!((*third, side), (9, Side::First), "two meet, the next one waits");
        drop(third);
        assert_eq!(links.bind(&[1; 32], || 10).1, Side::First, "who waited is gone");
    }

    #[test]
    fn no_place_is_kept_for_a_key_that_does_not_live() {
        let (mut links, mut mine, mut other) = (Links::<u8>::default(), Minted::default(), Minted::default());
        links.mint(&mut mine, [1; 32]).unwrap();
        let mut bound = Vec::new();
        for _ in 0..3 {
            let (pair, side) = links.bind(&[9; 32], || 0);
            bound.push(pair);
            assert_eq!(side, Side::First, "never minted");
        }
        links.revoke(&mut other, &[1; 32]);
        bound.push(links.bind(&[1; 32], || 0).0);
        assert_eq!(links.bind(&[1; 32], || 0).1, Side::Second, "it was not his to revoke");
        links.revoke(&mut mine, &[1; 32]);
        bound.push(links.bind(&[1; 32], || 0).0);
        assert_eq!(links.bind(&[1; 32], || 0).1, Side::First, "revoked");
        links.mint(&mut mine, [3; 32]).unwrap();
        links.revoke_all(&mut mine);
        assert!(links.is_empty());
    }

    #[test]
    fn what_one_holder_mints_is_bounded() {
        let (mut links, mut minted) = (Links::<u8>::default(), Minted::default());
        let id = |n: usize| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&n.to_le_bytes());
            id
        };
        (0..MINTED_MAX).for_each(|n| links.mint(&mut minted, id(n)).unwrap());
        assert_eq!(links.mint(&mut minted, id(MINTED_MAX)), Err(Error::Limit));
        links.revoke(&mut minted, &id(7));
        links.mint(&mut minted, id(MINTED_MAX)).unwrap();
        assert_eq!(links.len(), MINTED_MAX);
    }
}
