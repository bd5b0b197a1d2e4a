//! A TCP socket that began without a connection: it is bound, listens, or connects in the end.
//!
//! Invariants: it goes forward only, from one [`Stage`] to the next; it listens nowhere but where it was granted, also when
//! the system would have found it a port.

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use b8g_core::Error;
use b8g_core::abi::{BACKLOG_MAX, ready};
use rustix::io::Errno;
use rustix::net::{SocketFlags, SocketType, sockopt};

use super::address::Host;
use super::endpoint::{self, Endpoint};
use super::lookup::{Lookup, Signal};
use super::network::Network;
use super::socket::{begin, finish};
use super::{Allowance, Readiness, errno};
use crate::monitor::Monitor;

/// Connections that are passed over at a time because they were gone before they were accepted.
const ABORTED_MAX: usize = 16;

/// How far it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    New,
    Bound,
    Listening,
    /// It connects, is connected, or could not be.
    Connecting,
}

/// A socket that began without a connection.
#[derive(Debug)]
pub(super) struct Unconnected {
    end: Arc<Endpoint>,
    stage: Mutex<Stage>,
    /// Where it connects to, by name.
    lookup: OnceLock<(Lookup<()>, Arc<Signal>)>,
}

impl Unconnected {
    pub(super) fn new(is_v6: bool, network: Arc<Network>) -> Result<Unconnected, Error> {
        let end = Endpoint::new(is_v6, SocketType::STREAM, network)?;
        // Else the port of a connection that ended a moment ago could not be listened at. Nobody takes a port away by it.
        sockopt::set_socket_reuseaddr(&end.fd, true).map_err(errno)?;
        Ok(Unconnected { end: Arc::new(end), stage: Mutex::new(Stage::New), lookup: OnceLock::new() })
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The socket, if it has a connection or will have one.
    pub(super) fn fd(&self) -> Result<&OwnedFd, Error> {
        if *self.stage() != Stage::Connecting {
            return Err(Error::Type);
        }
        if let Some((lookup, _)) = self.lookup.get() {
            lookup.result()?;
        }
        Ok(&self.end.fd)
    }

    pub(super) fn bind(&self, address: &[u8], monitor: &Monitor) -> Result<(), Error> {
        let mut stage = self.stage();
        if *stage != Stage::New {
            return Err(Error::Type);
        }
        self.end.bind(self.end.own(address)?, monitor)?;
        *stage = Stage::Bound;
        Ok(())
    }

    pub(super) fn connect(
        &self,
        address: &[u8],
        descriptors: &Allowance,
        monitor: &Arc<Monitor>,
    ) -> Result<(), Error> {
        let mut stage = self.stage();
        if !matches!(*stage, Stage::New | Stage::Bound) {
            return Err(Error::Type);
        }
        match self.end.network.destination(address, monitor)? {
            (Host::Address(ip), port) => {
                let address = SocketAddr::new(ip, port);
                self.end.fits(address)?;
                begin(&self.end.fd, address)?;
                *stage = Stage::Connecting;
                Ok(())
            }
            (Host::Name(name), port) => {
                let signal = Signal::new(descriptors)?;
                let (end, monitor, screened) = (self.end.clone(), monitor.clone(), name.clone());
                let lookup = Lookup::start(name, port, signal.clone(), move |found| {
                    let found = end.network.screen(&screened, found, &monitor)?;
                    let address = found.into_iter().find(|address| end.fits(*address).is_ok());
                    begin(&end.fd, address.ok_or(Error::NotFound)?)?;
                    finish(&end.fd)
                })?;
                *stage = Stage::Connecting;
                let _ = self.lookup.set((lookup, signal));
                Ok(())
            }
        }
    }

    pub(super) fn listen(&self, backlog: u64, monitor: &Monitor) -> Result<(), Error> {
        let mut stage = self.stage();
        match *stage {
            _ if backlog == 0 => return Err(Error::Argument),
            Stage::New => {
                self.end.bind(self.end.anywhere(), monitor)?;
                *stage = Stage::Bound;
            }
            Stage::Bound => {}
            Stage::Listening | Stage::Connecting => return Err(Error::Type),
        }
        rustix::net::listen(&self.end.fd, backlog.min(BACKLOG_MAX) as i32).map_err(errno)?;
        *stage = Stage::Listening;
        Ok(())
    }

    /// Takes a connection.
    ///
    /// # Errors
    /// [`Error::Again`] when none waits.
    pub(super) fn accept(&self) -> Result<OwnedFd, Error> {
        if *self.stage() != Stage::Listening {
            return Err(Error::Type);
        }
        for _ in 0..ABORTED_MAX {
            match rustix::net::accept_with(&self.end.fd, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                Ok(fd) => {
                    sockopt::set_tcp_nodelay(&fd, true).map_err(errno)?;
                    return Ok(fd);
                }
                Err(Errno::CONNABORTED | Errno::PROTO) => {}
                Err(error) => return Err(errno(error)),
            }
        }
        Err(Error::Again)
    }

    pub(super) fn readiness(&self) -> Readiness {
        let stage = *self.stage();
        match (stage, self.lookup.get()) {
            (Stage::New | Stage::Bound, _) => Readiness::Now(ready::READ | ready::WRITE | ready::FAILED),
            (Stage::Connecting, Some((lookup, signal))) => match lookup.result() {
                Ok(()) => Readiness::Asked(self.end.fd.as_raw_fd()),
                Err(Error::Again) => Readiness::Rung(signal.raw()),
                Err(_) => Readiness::Now(ready::READ | ready::WRITE | ready::FAILED),
            },
            _ => Readiness::Asked(self.end.fd.as_raw_fd()),
        }
    }

    pub(super) fn local_address(&self) -> Result<SocketAddr, Error> {
        endpoint::local_address(&self.end.fd)
    }
}
