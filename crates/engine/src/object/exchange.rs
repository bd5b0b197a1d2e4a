//! An exchange of HTTP behind a handle: a request that the context sent, or one that it is to answer.
//!
//! What happens on the wire is [`b8g_http`]'s; here is who waits for it, and what it counts against.

use std::sync::{Arc, Mutex, PoisonError};

use b8g_core::abi::HttpFailure;
use b8g_core::bell::Bells;
use b8g_core::stream::Gone;
use b8g_core::{Error, Rights};

use super::Lease;
use super::bell::Bell;

/// What a context may do with an exchange.
pub(crate) const EXCHANGE_RIGHTS: Rights = Rights::READ
    .union(Rights::WRITE)
    .union(Rights::DUPLICATE)
    .union(Rights::TRANSFER)
    .union(Rights::WAIT)
    .union(Rights::INSPECT);

/// A request and its response.
#[derive(Debug)]
pub(crate) struct Exchange {
    inner: b8g_http::Exchange,
    bells: Arc<Mutex<Bells<Bell>>>,
    /// What it counts against.
    _leases: [Lease; 2],
}

impl Exchange {
    /// Takes an exchange that counts against the bounds of whoever has it.
    pub(crate) fn new(inner: b8g_http::Exchange, leases: [Lease; 2]) -> Exchange {
        let bells = Arc::new(Mutex::new(Bells::default()));
        let rung = bells.clone();
        inner.on_change(Box::new(move || rung.lock().unwrap_or_else(PoisonError::into_inner).ring()));
        Exchange { inner, bells, _leases: leases }
    }

    /// What happens on the wire.
    pub(crate) fn wire(&self) -> &b8g_http::Exchange {
        &self.inner
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> Result<i64, Error> {
        self.inner.read(into).map(|n| n as i64)
    }

    pub(crate) fn write(&self, from: &[u8]) -> Result<i64, Error> {
        self.inner.write(from).map(|n| n as i64)
    }

    /// Ends the body that is written.
    pub(crate) fn finish(&self, how: Gone) -> Result<(), Error> {
        match how {
            Gone::Ended => self.inner.finish(),
            Gone::Aborted(_) => {
                self.inner.abort();
                Ok(())
            }
        }
    }

    /// Wants no more of the body that is read.
    pub(crate) fn shutdown(&self, directions: u64) -> Result<(), Error> {
        if directions != 1 {
            return Err(Error::Argument);
        }
        self.inner.discard();
        Ok(())
    }

    /// Why it failed, as the ABI tells it.
    pub(crate) fn failure(&self) -> i64 {
        self.inner.failure().map_or(0, |failure: HttpFailure| failure as i64)
    }

    pub(crate) fn ready(&self) -> u32 {
        self.inner.ready()
    }

    /// Rings `bell` when that changes.
    pub(crate) fn hang_up(&self, bell: &Arc<Bell>) {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).hang_up(bell);
    }
}
