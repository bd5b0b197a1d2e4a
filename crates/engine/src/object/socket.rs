//! A TCP socket that the context connects. It never blocks: looking a name up happens on a thread of its own.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use b8g_core::Error;
use b8g_core::abi::{HttpFailure, ready};
use b8g_http::Dialed;
use rustix::event::{EventfdFlags, PollFlags, eventfd};
use rustix::net::{AddressFamily, Shutdown, SocketFlags, SocketType, ipproto, sockopt};

use super::file::TRANSFER_BYTES_MAX;
use super::stream::poll_now;
use super::{Lease, Readiness, errno, host_error};

/// Names that are looked up at a time, over all contexts of the process.
const LOOKUPS_MAX: u32 = 64;
/// How long one address of a name may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

static LOOKUPS: AtomicU32 = AtomicU32::new(0);

/// A connection, perhaps still on its way.
#[derive(Debug)]
pub(crate) struct Socket {
    link: Link,
    _lease: Lease,
}

#[derive(Debug)]
enum Link {
    /// The system connects it, or has done so.
    Direct(OwnedFd),
    /// A thread looks the name up and connects; `bell` is readable when `result` is there.
    Lookup { bell: Arc<OwnedFd>, result: Arc<OnceLock<Result<OwnedFd, Error>>> },
}

impl Socket {
    /// Begins to connect.
    pub(super) fn connect(host: &str, port: u16, lease: Lease) -> Result<Socket, Error> {
        let link = match host.parse::<IpAddr>() {
            Ok(address) => Link::Direct(begin(SocketAddr::new(address, port))?),
            Err(_) => look_up(host.to_owned(), port)?,
        };
        Ok(Socket { link, _lease: lease })
    }

    fn fd(&self) -> Result<&OwnedFd, Error> {
        match &self.link {
            Link::Direct(fd) => Ok(fd),
            Link::Lookup { result, .. } => match result.get() {
                Some(Ok(fd)) => Ok(fd),
                Some(Err(error)) => Err(*error),
                None => Err(Error::Again),
            },
        }
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
        let ready = poll_now(fd.as_fd(), PollFlags::OUT)?;
        if ready.is_empty() { Err(Error::Again) } else { Ok(()) }
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
        match (self.fd(), &self.link) {
            (Ok(fd), _) => Readiness::Descriptor(fd.as_raw_fd()),
            (Err(Error::Again), Link::Lookup { bell, .. }) => Readiness::Rung(bell.as_raw_fd()),
            (Err(_), _) => Readiness::Now(ready::READ | ready::WRITE | ready::FAILED),
        }
    }
}

/// A socket that is not connected yet is one to wait for.
fn not_yet(error: rustix::io::Errno) -> Error {
    if error == rustix::io::Errno::NOTCONN { Error::Again } else { errno(error) }
}

fn begin(address: SocketAddr) -> Result<OwnedFd, Error> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let fd =
        rustix::net::socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP)).map_err(errno)?;
    sockopt::set_tcp_nodelay(&fd, true).map_err(errno)?;
    match rustix::net::connect(&fd, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(fd),
        Err(error) => Err(errno(error)),
    }
}

/// Looks a name up on a thread of its own. What cannot be begun is told `look_up` as an error, here.
fn on_a_thread(look_up: impl FnOnce(Result<(), Error>) + Send + 'static) {
    struct Count;
    impl Drop for Count {
        fn drop(&mut self) {
            LOOKUPS.fetch_sub(1, Relaxed);
        }
    }
    let count = Count;
    if LOOKUPS.fetch_add(1, Relaxed) >= LOOKUPS_MAX {
        return look_up(Err(Error::Limit));
    }
    // It runs on the thread, or here when there is none.
    let work = Arc::new(Mutex::new(Some(look_up)));
    let there = work.clone();
    let take = |work: &Mutex<Option<_>>| work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let spawned =
        std::thread::Builder::new().name("b8g-lookup".into()).stack_size(256 << 10).spawn(move || {
            let _count = count;
            if let Some(look_up) = take(&there) {
                look_up(Ok(()));
            }
        });
    if let (Err(error), Some(look_up)) = (spawned, take(&work)) {
        look_up(Err(host_error(&error)));
    }
}

fn look_up(host: String, port: u16) -> Result<Link, Error> {
    let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(errno)?);
    let result = Arc::new(OnceLock::new());
    let (bell_there, result_there) = (bell.clone(), result.clone());
    on_a_thread(move |begun| {
        let _ = result_there.set(begun.and_then(|()| connect_by_name(&host, port)));
        let _ = rustix::io::write(&*bell_there, &1u64.to_ne_bytes());
    });
    match result.get() {
        Some(Err(error @ (Error::Limit | Error::NoMemory))) => Err(*error),
        _ => Ok(Link::Lookup { bell, result }),
    }
}

/// Begins to connect, and tells `dialed` the connection: at once for an address, when it stands for a name.
pub(super) fn dial(host: String, port: u16, dialed: Dialed) {
    match host.parse::<IpAddr>() {
        Ok(address) => dialed(begin(SocketAddr::new(address, port)).map_err(failure)),
        Err(_) => on_a_thread(move |begun| {
            dialed(begun.and_then(|()| connect_by_name(&host, port)).map_err(failure));
        }),
    }
}

/// Why there is no connection, as HTTP has it.
fn failure(error: Error) -> HttpFailure {
    match error {
        Error::NotFound => HttpFailure::NameNotFound,
        Error::Timeout => HttpFailure::ConnectTimeout,
        Error::Limit => HttpFailure::TooMany,
        Error::Rights => HttpFailure::Denied,
        Error::Host(errno) => match i32::from(errno) {
            libc::ECONNREFUSED => HttpFailure::Refused,
            libc::EHOSTUNREACH | libc::ENETUNREACH | libc::EADDRNOTAVAIL => HttpFailure::Unreachable,
            libc::ETIMEDOUT => HttpFailure::ConnectTimeout,
            libc::EMFILE | libc::ENFILE => HttpFailure::TooMany,
            _ => HttpFailure::Other,
        },
        _ => HttpFailure::Other,
    }
}

fn connect_by_name(host: &str, port: u16) -> Result<OwnedFd, Error> {
    let addresses = (host, port).to_socket_addrs().map_err(|_| Error::NotFound)?;
    let mut last = Error::NotFound;
    for address in addresses {
        let connected = std::net::TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).and_then(|stream| {
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        match connected {
            Ok(stream) => return Ok(stream.into()),
            Err(e) if e.kind() == std::io::ErrorKind::TimedOut => last = Error::Timeout,
            Err(e) => last = host_error(&e),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::super::Allowance;
    use super::*;
    use std::io::{Read, Write};

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
        let descriptors = Allowance::new(1);
        for host in ["127.0.0.1", "localhost"] {
            let socket = Socket::connect(host, port, descriptors.lease().unwrap()).unwrap();
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
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let socket = Socket::connect("127.0.0.1", port, Allowance::new(1).lease().unwrap());
        let refused = socket.and_then(|socket| until(|| socket.connected()));
        assert_eq!(refused, Err(Error::Host(libc::ECONNREFUSED as u16)));
    }
}
