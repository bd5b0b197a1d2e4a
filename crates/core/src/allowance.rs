//! Allowances: what a context and its tree may have of something, counted.
//!
//! Start reading at [`Allowance::lease_many`]. Invariant: what the living leases of an allowance hold together never exceeds
//! its bound, and nothing stays counted of a lease that is gone.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::Error;

/// A bound of what a context may have of something: open descriptors, channels, shared bytes. Dropping a [`Lease`] gives
/// some back. Clones are the same bound.
#[derive(Clone, Debug)]
pub struct Allowance {
    used: Arc<AtomicU64>,
    max: u64,
}

/// A part of an allowance.
#[derive(Debug)]
pub struct Lease {
    used: Arc<AtomicU64>,
    amount: u64,
}

impl Allowance {
    /// Makes a bound of which nothing is used.
    pub fn new(max: u64) -> Allowance {
        Allowance { used: Arc::default(), max }
    }

    /// What living leases hold.
    pub fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// Takes one, if there is one left.
    ///
    /// # Errors
    /// [`Error::Limit`] when there is none.
    pub fn lease(&self) -> Result<Lease, Error> {
        self.lease_many(1)
    }

    /// Takes so many, if as many are left.
    ///
    /// # Errors
    /// [`Error::Limit`] when there are not.
    pub fn lease_many(&self, amount: u64) -> Result<Lease, Error> {
        let more = |used: u64| used.checked_add(amount).filter(|used| *used <= self.max);
        match self.used.fetch_update(Relaxed, Relaxed, more) {
            Ok(_) => Ok(Lease { used: self.used.clone(), amount }),
            Err(_) => Err(Error::Limit),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.used.fetch_sub(self.amount, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_never_exceed_their_bound() {
        let allowance = Allowance::new(10);
        let four = allowance.lease_many(4).unwrap();
        assert_eq!(allowance.lease_many(7).unwrap_err(), Error::Limit);
        assert_eq!(allowance.lease_many(u64::MAX).unwrap_err(), Error::Limit);
        let same = allowance.clone();
        let six = same.lease_many(6).unwrap();
        assert_eq!((allowance.used(), allowance.lease().unwrap_err()), (10, Error::Limit));
        drop(four);
        assert_eq!(same.used(), 6);
        drop(six);
        assert_eq!(same.used(), 0);
    }
}
