//! This machine's end of a connection or of datagrams: a socket with the network that it was made by.
//!
//! Invariants: nothing is bound but where that network lets one listen; an end of version 6 of IP has nothing to do with
//! version 4.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use b8g_core::Error;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrAny, SocketFlags, SocketType, sockopt};

use super::address::{Host, is_localhost, parse};
use super::errno;
use super::network::Network;
use crate::monitor::Monitor;

/// A socket and what it may do.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) fd: OwnedFd,
    pub(super) is_v6: bool,
    pub(super) network: Arc<Network>,
}

/// Makes a socket that never blocks.
pub(super) fn socket(is_v6: bool, kind: SocketType) -> Result<OwnedFd, Error> {
    let family = if is_v6 { AddressFamily::INET6 } else { AddressFamily::INET };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let fd = rustix::net::socket_with(family, kind, flags, None).map_err(errno)?;
    if is_v6 {
        sockopt::set_ipv6_v6only(&fd, true).map_err(errno)?;
    }
    if kind == SocketType::STREAM {
        sockopt::set_tcp_nodelay(&fd, true).map_err(errno)?;
    }
    Ok(fd)
}

impl Endpoint {
    pub(super) fn new(is_v6: bool, kind: SocketType, network: Arc<Network>) -> Result<Endpoint, Error> {
        Ok(Endpoint { fd: socket(is_v6, kind)?, is_v6, network })
    }

    /// Reads `address:port` as an address that this end could have.
    ///
    /// # Errors
    /// [`Error::Argument`] for what is no address of this version, or of no single machine.
    pub(super) fn own(&self, address: &[u8]) -> Result<SocketAddr, Error> {
        let text = std::str::from_utf8(address).map_err(|_| Error::Argument)?;
        let (ip, port) = match parse(text).ok_or(Error::Argument)? {
            (Host::Address(ip), Some(port)) => (ip, port),
            (Host::Name(name), Some(port)) if is_localhost(&name) => {
                (self.version(Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST), port)
            }
            _ => return Err(Error::Argument),
        };
        let address = SocketAddr::new(ip, port);
        self.fits(address)?;
        let nobody = ip.is_multicast() || ip == IpAddr::from(Ipv4Addr::BROADCAST);
        if nobody { Err(Error::Argument) } else { Ok(address) }
    }

    fn version(&self, v4: Ipv4Addr, v6: Ipv6Addr) -> IpAddr {
        if self.is_v6 { v6.into() } else { v4.into() }
    }

    /// Any free port of every address.
    pub(super) fn anywhere(&self) -> SocketAddr {
        SocketAddr::new(self.version(Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED), 0)
    }

    /// Binds to an address, if one may listen there.
    ///
    /// # Errors
    /// [`Error::Rights`], which is noted; what the system says.
    pub(super) fn bind(&self, address: SocketAddr, monitor: &Monitor) -> Result<(), Error> {
        self.network.listening(address, monitor)?;
        rustix::net::bind(&self.fd, &address).map_err(errno)
    }

    /// Binds to any free port, as the system does for who only sends.
    pub(super) fn bind_anywhere(&self) -> Result<(), Error> {
        rustix::net::bind(&self.fd, &self.anywhere()).map_err(errno)
    }

    /// Checks that an address is of the same version of IP.
    pub(super) fn fits(&self, address: SocketAddr) -> Result<(), Error> {
        if address.is_ipv6() == self.is_v6 { Ok(()) } else { Err(Error::Argument) }
    }
}

/// The address that a socket has itself.
///
/// # Errors
/// [`Error::NotFound`] when it has none yet.
pub(super) fn local_address(fd: &OwnedFd) -> Result<SocketAddr, Error> {
    let address = known(rustix::net::getsockname(fd).map_err(errno)?)?;
    if address.port() == 0 { Err(Error::NotFound) } else { Ok(address) }
}

/// The address that a socket is connected to.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub(super) fn peer_address(fd: &OwnedFd) -> Result<SocketAddr, Error> {
    match rustix::net::getpeername(fd) {
        Ok(address) => known(address.ok_or(Error::NotFound)?),
        // Who has hung up is nobody's peer any more.
        Err(Errno::NOTCONN | Errno::INVAL) => Err(Error::NotFound),
        Err(error) => Err(errno(error)),
    }
}

/// An address of IP.
pub(super) fn known(address: SocketAddrAny) -> Result<SocketAddr, Error> {
    SocketAddr::try_from(address).map_err(|_| Error::Io)
}
