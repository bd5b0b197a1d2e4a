//! Sockets: receiving and sending are reading and writing.

use b8g_core::Handle;
use b8g_core::abi::Request;

use super::fds::Kind;
use super::file;
use super::guest::{Done, Guest};
use super::io;
use super::types::{Errno, rights};

const RECEIVE_PEEK: u32 = 1;
const RECEIVE_WAIT_ALL: u32 = 2;

/// Finds a socket with all `needed` rights.
fn socket(guest: &Guest<'_>, fd: u32, needed: u64) -> Result<Handle, Errno> {
    let fd = guest.fd(fd)?;
    if fd.kind != Kind::Socket {
        return Err(Errno::NOTSOCK);
    }
    fd.holds(needed)?;
    Ok(fd.handle)
}

/// No socket of a context listens.
pub(super) fn sock_accept(guest: &mut Guest<'_>, fd: u32, _flags: u32, _out: u32) -> Done {
    socket(guest, fd, rights::SOCK_ACCEPT)?;
    Err(Errno::INVAL)
}

pub(super) fn sock_recv(
    guest: &mut Guest<'_>,
    fd: u32,
    vectors: u32,
    count: u32,
    how: u32,
    received: u32,
    out_flags: u32,
) -> Done {
    socket(guest, fd, rights::FD_READ)?;
    if how != 0 {
        let known = how & !(RECEIVE_PEEK | RECEIVE_WAIT_ALL) == 0;
        return Err(if known { Errno::NOTSUP } else { Errno::INVAL });
    }
    guest.check(out_flags, 2)?;
    io::fd_read(guest, fd, vectors, count, received)?;
    // A stream has no messages that could be cut.
    guest.put(out_flags, &[0, 0])
}

pub(super) fn sock_send(
    guest: &mut Guest<'_>,
    fd: u32,
    vectors: u32,
    count: u32,
    how: u32,
    sent: u32,
) -> Done {
    socket(guest, fd, rights::FD_WRITE)?;
    // No flags are defined.
    if how != 0 {
        return Err(Errno::INVAL);
    }
    io::fd_write(guest, fd, vectors, count, sent)
}

pub(super) fn sock_shutdown(guest: &mut Guest<'_>, fd: u32, directions: u32) -> Done {
    let handle = socket(guest, fd, rights::SOCK_SHUTDOWN)?;
    // The ABI numbers the directions in the same way.
    file::ask(guest.state, handle, Request::Shutdown, &[], u64::from(directions))?;
    Ok(())
}
