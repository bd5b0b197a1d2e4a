//! A UDP socket.
//!
//! Invariants: it sends to nobody but those that its network grants, whose granted name it looked up, or who wrote to it where
//! it may listen; where it may not listen it hears nobody else either. What it remembers is bounded.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use b8g_core::Error;
use b8g_core::abi::address::{ADDRESS_BYTES, to_bytes};
use b8g_core::abi::ready;
use rustix::net::{RecvFlags, SendFlags, SocketType};

use super::address::{Host, written};
use super::endpoint::{self, Endpoint};
use super::lookup::{Lookup, Signal};
use super::network::Network;
use super::{Allowance, Lease, Readiness, errno};
use crate::monitor::Monitor;
use crate::outcome::Access;

/// Names that one socket looks up.
const NAMES_MAX: usize = 64;
/// Senders that one socket may answer.
const HEARD_MAX: usize = 64;
/// Datagrams of strangers that one call passes over.
const STRANGERS_MAX: usize = 64;

/// A UDP socket with what it knows of its peers.
#[derive(Debug)]
pub(crate) struct Datagrams {
    end: Endpoint,
    known: Mutex<Known>,
    /// Told when a name was looked up.
    signal: OnceLock<Arc<Signal>>,
    _lease: Lease,
}

#[derive(Debug, Default)]
struct Known {
    /// It may listen where it is.
    bound: bool,
    peer: Option<SocketAddr>,
    names: Vec<(Name, SocketAddr)>,
    /// Who wrote last, if it may listen.
    heard: VecDeque<SocketAddr>,
    lookup: Option<(Name, Lookup<SocketAddr>)>,
    /// What did not lead anywhere, until somebody is told.
    failed: Option<(Name, Error)>,
}

type Name = (String, u16);

impl Datagrams {
    pub(super) fn new(
        is_v6: bool,
        network: Arc<Network>,
        descriptors: &Allowance,
    ) -> Result<Datagrams, Error> {
        let lease = descriptors.lease()?;
        let end = Endpoint::new(is_v6, SocketType::DGRAM, network)?;
        Ok(Datagrams { end, known: Mutex::default(), signal: OnceLock::new(), _lease: lease })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds it to `address:port`: from now on it hears everybody. Any free port of every address is what the system gives
    /// who only sends: that needs no grant to listen if there is one to send, and then it hears nobody else.
    ///
    /// # Errors
    /// [`Error::Type`] when it is bound, [`Error::Argument`], [`Error::Rights`], which is noted, and what the system says.
    pub(crate) fn bind(&self, address: &[u8], monitor: &Monitor) -> Result<(), Error> {
        let mut known = self.known();
        if self.local_address().is_ok() {
            return Err(Error::Type);
        }
        let (address, network) = (self.end.own(address)?, &self.end.network);
        if address == self.end.anywhere() && network.connects_only(address) {
            return self.end.bind_anywhere();
        }
        self.end.bind(address, monitor)?;
        known.bound = true;
        Ok(())
    }

    /// Gives it a peer, or takes it away when the address is empty.
    ///
    /// # Errors
    /// As [`Datagrams::resolve`]; [`Error::Type`] when there is no peer to take away.
    pub(crate) fn connect(
        &self,
        address: &[u8],
        descriptors: &Allowance,
        monitor: &Arc<Monitor>,
    ) -> Result<(), Error> {
        let mut known = self.known();
        if address.is_empty() {
            known.peer.take().ok_or(Error::Type)?;
            return rustix::net::connect_unspec(&self.end.fd).map_err(errno);
        }
        let peer = self.find(&mut known, address, descriptors, monitor)?;
        rustix::net::connect(&self.end.fd, &peer).map_err(errno)?;
        known.peer = Some(peer);
        Ok(())
    }

    /// Gives the address of `host:port`, to which one may send from now on.
    ///
    /// # Errors
    /// [`Error::Again`] while a name is looked up, [`Error::NotFound`] when it is none, [`Error::Rights`], which is noted,
    /// [`Error::Argument`], and [`Error::Limit`] for too many names.
    pub(crate) fn resolve(
        &self,
        address: &[u8],
        descriptors: &Allowance,
        monitor: &Arc<Monitor>,
    ) -> Result<SocketAddr, Error> {
        self.find(&mut self.known(), address, descriptors, monitor)
    }

    fn find(
        &self,
        known: &mut Known,
        address: &[u8],
        descriptors: &Allowance,
        monitor: &Arc<Monitor>,
    ) -> Result<SocketAddr, Error> {
        let name = match self.end.network.destination(address, monitor)? {
            (Host::Address(ip), port) => return self.somewhere(SocketAddr::new(ip, port)),
            (Host::Name(name), port) => (name, port),
        };
        let signal = match self.signal.get() {
            Some(signal) => signal,
            None => {
                let made = Signal::new(descriptors)?;
                self.signal.get_or_init(|| made)
            }
        };
        if known.settle(signal) {
            return Err(Error::Again);
        }
        if let Some((_, address)) = known.names.iter().find(|(asked, _)| *asked == name) {
            return Ok(*address);
        }
        if let Some((_, error)) = known.failed.take_if(|(asked, _)| *asked == name) {
            return Err(error);
        }
        if known.names.len() >= NAMES_MAX {
            return Err(Error::Limit);
        }
        let (network, monitor, is_v6) = (self.end.network.clone(), monitor.clone(), self.end.is_v6);
        let host = name.0.clone();
        let lookup = Lookup::start(name.0.clone(), name.1, signal.clone(), move |found| {
            let found = found.into_iter().filter(|address| address.is_ipv6() == is_v6).collect();
            network.screen(&host, found, &monitor)?.first().copied().ok_or(Error::NotFound)
        })?;
        known.lookup = Some((name, lookup));
        Err(Error::Again)
    }

    /// Checks that an address is one to send to.
    fn somewhere(&self, address: SocketAddr) -> Result<SocketAddr, Error> {
        self.end.fits(address)?;
        let nowhere = address.ip().is_unspecified() || address.port() == 0;
        if nowhere { Err(Error::Argument) } else { Ok(address) }
    }

    /// Sends one datagram, to its peer when no address is given.
    ///
    /// # Errors
    /// [`Error::Rights`] when one may not send there, which is noted; [`Error::Again`], and what the system says.
    pub(crate) fn send(&self, to: Option<SocketAddr>, bytes: &[u8], monitor: &Monitor) -> Result<(), Error> {
        let known = self.known();
        let send = || match to {
            None => rustix::net::send(&self.end.fd, bytes, SendFlags::NOSIGNAL),
            Some(to) => rustix::net::sendto(&self.end.fd, bytes, SendFlags::NOSIGNAL, &to),
        };
        match to {
            None if known.peer.is_none() => return Err(Error::Argument),
            None => {}
            Some(to) => {
                self.somewhere(to)?;
                match self.end.network.number_of(to) {
                    Some(number) => monitor.use_grant(number),
                    None if known.knows(to) || known.heard.contains(&to) => {}
                    None => {
                        monitor.deny(Access::Net, written(to).as_bytes());
                        return Err(Error::Rights);
                    }
                }
            }
        }
        match send() {
            // That an earlier datagram found nobody is not what became of this one.
            Err(rustix::io::Errno::CONNREFUSED) => send().map_err(errno)?,
            other => other.map_err(errno)?,
        };
        Ok(())
    }

    /// Receives one datagram: the address of who sent it, then its bytes. Answers how many that are together.
    ///
    /// # Errors
    /// [`Error::Again`] when there is none, [`Error::Argument`] when there is no room for an address.
    pub(crate) fn receive(&self, out: &mut [u8]) -> Result<i64, Error> {
        let (address, bytes) = out.split_first_chunk_mut::<ADDRESS_BYTES>().ok_or(Error::Argument)?;
        let mut known = self.known();
        for _ in 0..STRANGERS_MAX {
            let (_, len, from) =
                rustix::net::recvfrom(&self.end.fd, &mut *bytes, RecvFlags::empty()).map_err(errno)?;
            let from = endpoint::known(from.ok_or(Error::Io)?)?;
            if known.bound {
                known.hear(from);
            } else if !known.knows(from) && self.end.network.number_of(from).is_none() {
                // What a stranger wrote is not for the guest.
                let len = len.min(bytes.len());
                bytes[..len].fill(0);
                continue;
            }
            *address = to_bytes(&from);
            return Ok((ADDRESS_BYTES + len.min(bytes.len())) as i64);
        }
        Err(Error::Again)
    }

    /// Its own address.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it has none yet.
    pub(crate) fn local_address(&self) -> Result<SocketAddr, Error> {
        endpoint::local_address(&self.end.fd)
    }

    /// The address of its peer.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it has none.
    pub(crate) fn peer_address(&self) -> Result<SocketAddr, Error> {
        self.known().peer.ok_or(Error::NotFound)
    }

    pub(crate) fn readiness(&self, interest: u32) -> Readiness {
        let known = self.known();
        match (&known.lookup, self.signal.get()) {
            // Whoever waits to write waits for a name first.
            (Some((_, lookup)), Some(signal)) if interest & ready::WRITE != 0 => match lookup.result() {
                Err(Error::Again) => Readiness::Rung(signal.raw()),
                _ => Readiness::Now(ready::WRITE),
            },
            _ => Readiness::Asked(self.end.fd.as_raw_fd()),
        }
    }
}

impl Known {
    /// Notes what came of the lookup. Tells whether one is still under way.
    fn settle(&mut self, signal: &Signal) -> bool {
        let Some((name, lookup)) = self.lookup.take() else { return false };
        match lookup.result() {
            Err(Error::Again) => {
                self.lookup = Some((name, lookup));
                return true;
            }
            Ok(address) => self.names.push((name, *address)),
            Err(error) => self.failed = Some((name, error)),
        }
        signal.hush();
        false
    }

    /// Tells whether this is a peer that was asked for.
    fn knows(&self, address: SocketAddr) -> bool {
        self.peer == Some(address) || self.names.iter().any(|(_, known)| *known == address)
    }

    fn hear(&mut self, from: SocketAddr) {
        self.heard.retain(|heard| *heard != from);
        if self.heard.len() >= HEARD_MAX {
            self.heard.pop_front();
        }
        self.heard.push_back(from);
    }
}
