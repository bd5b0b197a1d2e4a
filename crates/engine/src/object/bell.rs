//! How a context that waits hears that an object of another context's making is ready.
//!
//! A context has one bell, which hangs where [`b8g_core::bell`] says as long as it waits.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use b8g_core::Error;
use b8g_core::bell::Ring;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::errno;

/// Rung by whoever changes what a context waits for.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// Made when the context first waits for something that rings.
    fd: OnceLock<OwnedFd>,
}

impl Bell {
    /// The descriptor to poll: readable once it was rung.
    pub(crate) fn fd(&self) -> Result<BorrowedFd<'_>, Error> {
        if self.fd.get().is_none() {
            let made = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(errno)?;
            let _ = self.fd.set(made);
        }
        self.fd.get().map(AsFd::as_fd).ok_or(Error::NoMemory)
    }

    /// Forgets that it was rung.
    pub(crate) fn hush(&self) {
        if let Some(fd) = self.fd.get() {
            let _ = rustix::io::read(fd, &mut [0; 8]);
        }
    }

    /// Sleeps on this thread until it is rung, or `is_ready` tells that there is no need to, or a signal comes. `hang_up`
    /// hangs it up at what is waited for.
    ///
    /// # Errors
    /// [`Error::Timeout`] at the deadline, and what the system says.
    pub(crate) fn sleep(
        self: &Arc<Bell>,
        hang_up: impl FnOnce(&Arc<Bell>),
        is_ready: impl FnOnce() -> bool,
        deadline: Option<Instant>,
    ) -> Result<(), Error> {
        let fd = self.fd()?;
        self.hush();
        hang_up(self);
        if is_ready() {
            return Ok(());
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(Error::Timeout);
        }
        let timeout = left.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        match poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(errno(error)),
        }
    }
}

impl Ring for Bell {
    fn ring(&self) {
        if let Some(fd) = self.fd.get() {
            // Full means rung already.
            let _ = rustix::io::write(fd, &1u64.to_ne_bytes());
        }
    }
}
