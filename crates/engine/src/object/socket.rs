//! A TCP socket: a connection, perhaps still on its way, or one that listens. It never blocks: looking a name up happens on a
//! thread of its own.

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use b8g_core::Error;
use b8g_core::abi::ready;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{Shutdown, SocketType, sockopt};

use super::endpoint;
use super::file::TRANSFER_BYTES_MAX;
use super::lookup::{Lookup, Signal};
use super::network::Network;
use super::stream::poll_now;
use super::unconnected::Unconnected;
use super::{Allowance, Lease, Readiness, errno};
use crate::monitor::Monitor;

/// How long one address of a name may take to answer.
const CONNECT_TIMEOUT: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

/// A connection, or what becomes one or many.
#[derive(Debug)]
pub(crate) struct Socket {
    link: Link,
    _lease: Lease,
}

#[derive(Debug)]
enum Link {
    /// The system connects it, or has done so.
    Direct(OwnedFd),
    /// A thread looks the name up and connects.
    Lookup(Lookup<OwnedFd>, Arc<Signal>),
    /// It began without a connection.
    Unconnected(Unconnected),
}

impl Socket {
    /// Begins to connect to an address.
    pub(super) fn connect(address: SocketAddr, descriptors: &Allowance) -> Result<Socket, Error> {
        let lease = descriptors.lease()?;
        let fd = endpoint::socket(address.is_ipv6(), SocketType::STREAM)?;
        begin(&fd, address)?;
        Ok(Socket { link: Link::Direct(fd), _lease: lease })
    }

    /// Begins to connect to a name; `screen` tells to which of its addresses one may.
    pub(super) fn connect_by_name(
        host: String,
        port: u16,
        descriptors: &Allowance,
        screen: impl FnOnce(&str, Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Error> + Send + 'static,
    ) -> Result<Socket, Error> {
        let (lease, signal) = (descriptors.lease()?, Signal::new(descriptors)?);
        let name = host.clone();
        let connect = move |found| connect_first(screen(&name, found)?);
        let lookup = Lookup::start(host, port, signal.clone(), connect)?;
        Ok(Socket { link: Link::Lookup(lookup, signal), _lease: lease })
    }

    /// Makes one that is neither bound nor connected.
    pub(super) fn unconnected(
        is_v6: bool,
        network: Arc<Network>,
        descriptors: &Allowance,
    ) -> Result<Socket, Error> {
        let lease = descriptors.lease()?;
        Ok(Socket { link: Link::Unconnected(Unconnected::new(is_v6, network)?), _lease: lease })
    }

    fn fd(&self) -> Result<&OwnedFd, Error> {
        match &self.link {
            Link::Direct(fd) => Ok(fd),
            Link::Lookup(lookup, _) => lookup.result(),
            Link::Unconnected(socket) => socket.fd(),
        }
    }

    fn as_unconnected(&self) -> Result<&Unconnected, Error> {
        match &self.link {
            Link::Unconnected(socket) => Ok(socket),
            _ => Err(Error::Type),
        }
    }

    /// Binds it to `address:port`.
    ///
    /// # Errors
    /// [`Error::Type`] when it is bound or connected, [`Error::Argument`], [`Error::Rights`], which is noted, and what the
    /// system says.
    pub(crate) fn bind(&self, address: &[u8], monitor: &Monitor) -> Result<(), Error> {
        self.as_unconnected()?.bind(address, monitor)
    }

    /// Begins to connect it to `host:port`.
    ///
    /// # Errors
    /// As [`Socket::bind`].
    pub(crate) fn connect_to(
        &self,
        address: &[u8],
        descriptors: &Allowance,
        monitor: &Arc<Monitor>,
    ) -> Result<(), Error> {
        self.as_unconnected()?.connect(address, descriptors, monitor)
    }

    /// Lets others connect to it; so many may wait.
    ///
    /// # Errors
    /// As [`Socket::bind`].
    pub(crate) fn listen(&self, backlog: u64, monitor: &Monitor) -> Result<(), Error> {
        self.as_unconnected()?.listen(backlog, monitor)
    }

    /// Takes a connection that somebody made.
    ///
    /// # Errors
    /// [`Error::Again`] when none waits, [`Error::Limit`] when the context has no descriptor left: it goes on waiting.
    pub(crate) fn accept(&self, descriptors: &Allowance) -> Result<Socket, Error> {
        let socket = self.as_unconnected()?;
        let lease = descriptors.lease()?;
        Ok(Socket { link: Link::Direct(socket.accept()?), _lease: lease })
    }

    /// Its own address.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it has none yet, [`Error::Again`] while its name is looked up.
    pub(crate) fn local_address(&self) -> Result<SocketAddr, Error> {
        match &self.link {
            Link::Unconnected(socket) => socket.local_address(),
            _ => endpoint::local_address(self.fd()?),
        }
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    /// As [`Socket::local_address`].
    pub(crate) fn peer_address(&self) -> Result<SocketAddr, Error> {
        endpoint::peer_address(
            self.fd().map_err(|error| if error == Error::Type { Error::NotFound } else { error })?,
        )
    }

    /// Tells whether it is connected.
    ///
    /// # Errors
    /// [`Error::Again`] while it connects, or why it failed.
    pub(crate) fn connected(&self) -> Result<(), Error> {
        let fd = self.fd()?;
        if let Err(error) = sockopt::socket_error(fd).map_err(errno)? {
            return Err(errno(error));
        }
        if poll_now(fd.as_fd(), PollFlags::OUT)?.is_empty() {
            return Err(Error::Again);
        }
        // An error is told once; whoever asks again still has no peer.
        match endpoint::peer_address(fd) {
            Err(Error::NotFound) => Err(Error::Closed),
            other => other.map(|_| ()),
        }
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> Result<i64, Error> {
        let room = into.len().min(TRANSFER_BYTES_MAX);
        rustix::io::read(self.fd()?, &mut into[..room]).map(|n| n as i64).map_err(not_yet)
    }

    pub(crate) fn write(&self, from: &[u8]) -> Result<i64, Error> {
        let from = &from[..from.len().min(TRANSFER_BYTES_MAX)];
        let flags = rustix::net::SendFlags::NOSIGNAL;
        match rustix::net::send(self.fd()?, from, flags) {
            Ok(n) => Ok(n as i64),
            Err(rustix::io::Errno::PIPE) => Err(Error::Closed),
            Err(error) => Err(not_yet(error)),
        }
    }

    pub(crate) fn shutdown(&self, directions: u64) -> Result<(), Error> {
        let how = match directions {
            1 => Shutdown::Read,
            2 => Shutdown::Write,
            3 => Shutdown::Both,
            _ => return Err(Error::Argument),
        };
        rustix::net::shutdown(self.fd()?, how).map_err(errno)
    }

    pub(crate) fn readiness(&self) -> Readiness {
        match &self.link {
            Link::Direct(fd) => Readiness::Asked(fd.as_raw_fd()),
            Link::Unconnected(socket) => socket.readiness(),
            Link::Lookup(lookup, signal) => match lookup.result() {
                Ok(fd) => Readiness::Asked(fd.as_raw_fd()),
                Err(Error::Again) => Readiness::Rung(signal.raw()),
                Err(_) => Readiness::Now(ready::READ | ready::WRITE | ready::FAILED),
            },
        }
    }
}

/// A socket that is not connected yet is one to wait for.
fn not_yet(error: rustix::io::Errno) -> Error {
    if error == rustix::io::Errno::NOTCONN { Error::Again } else { errno(error) }
}

/// Begins to connect a socket.
pub(super) fn begin(fd: &OwnedFd, address: SocketAddr) -> Result<(), Error> {
    match rustix::net::connect(fd, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(()),
        Err(error) => Err(errno(error)),
    }
}

/// Waits until a socket is connected, on a thread that may wait.
pub(super) fn finish(fd: &OwnedFd) -> Result<(), Error> {
    loop {
        return match poll(&mut [PollFd::new(fd, PollFlags::OUT)], Some(&CONNECT_TIMEOUT)) {
            Err(rustix::io::Errno::INTR) => continue,
            Ok(0) => Err(Error::Timeout),
            Ok(_) => sockopt::socket_error(fd).map_err(errno)?.map_err(errno),
            Err(error) => Err(errno(error)),
        };
    }
}

/// Connects to the first of these addresses that answers, on a thread that may wait.
pub(super) fn connect_first(addresses: Vec<SocketAddr>) -> Result<OwnedFd, Error> {
    let mut last = Error::NotFound;
    for address in addresses {
        let fd = endpoint::socket(address.is_ipv6(), SocketType::STREAM)?;
        match begin(&fd, address).and_then(|()| finish(&fd)) {
            Ok(()) => return Ok(fd),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::time::Duration;

    fn until<T>(mut act: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        for _ in 0..2000 {
            match act() {
                Err(Error::Again) => std::thread::sleep(Duration::from_millis(1)),
                other => return other,
            }
        }
        Err(Error::Timeout)
    }

    #[test]
    fn bytes_go_both_ways_by_address_and_by_name() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        for (by_name, descriptors) in [(false, Allowance::new(1)), (true, Allowance::new(2))] {
            let socket = if by_name {
                Socket::connect_by_name("localhost".into(), port, &descriptors, |_, found| Ok(found)).unwrap()
            } else {
                Socket::connect(listener.local_addr().unwrap(), &descriptors).unwrap()
            };
            until(|| socket.connected()).unwrap();
            let (mut peer, _) = listener.accept().unwrap();
            assert_eq!(until(|| socket.write(b"ping")), Ok(4));
            let mut bytes = [0; 4];
            peer.read_exact(&mut bytes).unwrap();
            peer.write_all(b"pong").unwrap();
            assert_eq!(until(|| socket.read(&mut bytes)), Ok(4));
            assert_eq!(&bytes, b"pong");
            drop(peer);
            assert_eq!(until(|| socket.read(&mut bytes)), Ok(0));
            assert_eq!(descriptors.lease().unwrap_err(), Error::Limit);
        }
    }

    #[test]
    fn a_refused_connection_says_so() {
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let sockets = [
            Socket::connect(nobody, &Allowance::new(1)),
            Socket::connect_by_name("localhost".into(), nobody.port(), &Allowance::new(2), |_, found| {
                Ok(found)
            }),
        ];
        for socket in sockets {
            let refused = socket.and_then(|socket| until(|| socket.connected()));
            assert_eq!(refused, Err(Error::Host(libc::ECONNREFUSED as u16)));
        }
    }
}
