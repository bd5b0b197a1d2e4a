//! Looking a name up, on a thread of its own: the system's resolver blocks.
//!
//! Invariants: so many lookups run in the process, not more; what a lookup is heard by counts as a descriptor.

use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use b8g_core::Error;
use rustix::event::{EventfdFlags, eventfd};

use super::{Allowance, Lease, errno, host_error};

/// Names that are looked up at a time, over all contexts of the process.
const LOOKUPS_MAX: u32 = 64;

static LOOKUPS: AtomicU32 = AtomicU32::new(0);

/// A descriptor that becomes readable when a lookup has ended.
#[derive(Debug)]
pub(super) struct Signal {
    fd: OwnedFd,
    _lease: Lease,
}

impl Signal {
    pub(super) fn new(descriptors: &Allowance) -> Result<Arc<Signal>, Error> {
        let lease = descriptors.lease()?;
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(errno)?;
        Ok(Arc::new(Signal { fd, _lease: lease }))
    }

    /// The descriptor to poll.
    pub(super) fn raw(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Forgets that a lookup ended.
    pub(super) fn hush(&self) {
        let _ = rustix::io::read(&self.fd, &mut [0; 8]);
    }
}

/// What comes of looking a name up.
#[derive(Debug)]
pub(super) struct Lookup<T>(Arc<OnceLock<Result<T, Error>>>);

impl<T: Send + Sync + 'static> Lookup<T> {
    /// Looks `host` up and lets `act` go on with its addresses, on the same thread; tells `signal` at the end.
    pub(super) fn start(
        host: String,
        port: u16,
        signal: Arc<Signal>,
        act: impl FnOnce(Vec<SocketAddr>) -> Result<T, Error> + Send + 'static,
    ) -> Result<Lookup<T>, Error> {
        let result = Arc::new(OnceLock::new());
        let there = result.clone();
        look_up(host, port, move |found| {
            let _ = there.set(found.and_then(act));
            let _ = rustix::io::write(&signal.fd, &1u64.to_ne_bytes());
        })?;
        Ok(Lookup(result))
    }
}

/// Looks `host` up and lets `then` go on with its addresses, on the same thread.
///
/// # Errors
/// [`Error::Limit`] when too many are looked up already, and what the system says.
pub(super) fn look_up(
    host: String,
    port: u16,
    then: impl FnOnce(Result<Vec<SocketAddr>, Error>) + Send + 'static,
) -> Result<(), Error> {
    struct Count;
    impl Drop for Count {
        fn drop(&mut self) {
            LOOKUPS.fetch_sub(1, Relaxed);
        }
    }
    let count = Count;
    if LOOKUPS.fetch_add(1, Relaxed) >= LOOKUPS_MAX {
        return Err(Error::Limit);
    }
    let named = std::thread::Builder::new().name("b8g-lookup".into()).stack_size(256 << 10);
    let spawned = named.spawn(move || {
        let _count = count;
        let found = (host.as_str(), port).to_socket_addrs().map_err(|_| Error::NotFound);
        then(found.map(Iterator::collect));
    });
    spawned.map(|_| ()).map_err(|e| host_error(&e))
}

impl<T> Lookup<T> {
    /// What came of it.
    ///
    /// # Errors
    /// [`Error::Again`] until something did, or why nothing did.
    pub(super) fn result(&self) -> Result<&T, Error> {
        self.0.get().ok_or(Error::Again)?.as_ref().map_err(|error| *error)
    }
}
