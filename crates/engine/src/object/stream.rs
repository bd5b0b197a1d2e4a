//! Stdin, stdout and stderr: a descriptor of the process, bytes in memory, or nothing.

use std::io::IsTerminal;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};

use b8g_core::Error;
use b8g_core::abi::{FileType, Stat, ready};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::bell::Bell;
use super::file::{TRANSFER_BYTES_MAX, stat_fd};
use super::ring::Writer;
use super::{Object, Readiness, errno};
use crate::monitor::Monitor;

/// Where a context's standard input comes from.
#[derive(Clone, Debug, Default)]
pub enum Stdin {
    /// Nothing: it is at its end at once.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// The standard input of this process.
    Inherit,
}

/// Where a context's standard output, or its standard error, goes.
#[derive(Clone, Debug, Default)]
pub enum Stdout {
    /// Nowhere.
    #[default]
    Discard,
    /// Into memory, to be read with [`Capture::take`].
    Capture(Capture),
    /// To the standard output, or the standard error, of this process.
    Inherit,
}

/// Output that is kept in memory, at most [`Capture::BYTES_MAX`]; what comes later is refused.
#[derive(Clone, Debug, Default)]
pub struct Capture(Arc<Mutex<Vec<u8>>>);

impl Capture {
    /// Bytes that are kept until somebody takes them.
    pub const BYTES_MAX: usize = 64 << 20;

    /// Makes an empty one.
    pub fn new() -> Capture {
        Capture::default()
    }

    /// Takes what was written so far.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, from: &[u8]) -> Result<usize, Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = Capture::BYTES_MAX.saturating_sub(kept.len());
        if room == 0 && !from.is_empty() {
            return Err(Error::Limit);
        }
        let len = from.len().min(room);
        kept.extend_from_slice(&from[..len]);
        Ok(len)
    }
}

/// A readable stream.
#[derive(Debug)]
pub(crate) enum Input {
    /// The bytes, and how many are read already.
    Bytes(Arc<[u8]>, Mutex<usize>),
    Process,
}

/// A writable stream.
#[derive(Debug)]
pub(crate) enum Output {
    Discard,
    Capture(Capture),
    Process(BorrowedFd<'static>),
    Stream(Arc<Writer>),
}

/// One of this process's standard streams: 0, 1 or 2.
pub(crate) fn process_stream(number: u32) -> BorrowedFd<'static> {
    assert!(number <= 2);
    // SAFETY: Rust's runtime opens these three at start where they are missing, and nothing here closes them.
    unsafe { BorrowedFd::borrow_raw(number as i32) }
}

/// Interests of a descriptor that are ready now.
pub(crate) fn poll_now(fd: BorrowedFd<'_>, flags: PollFlags) -> Result<PollFlags, Error> {
    let mut fds = [PollFd::from_borrowed_fd(fd, flags)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&now)).map_err(errno)?;
    Ok(fds[0].revents())
}

impl Input {
    pub(crate) fn new(from: &Stdin) -> Input {
        match from {
            Stdin::Empty => Input::Bytes(Arc::from([]), Mutex::new(0)),
            Stdin::Bytes(bytes) => Input::Bytes(bytes.clone(), Mutex::new(0)),
            Stdin::Inherit => Input::Process,
        }
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// [`Error::Again`] when nothing is there yet: the process's own standard input is never set to non-blocking,
    /// because it may be shared with other processes, so it is asked first.
    pub(crate) fn read(&self, into: &mut [u8]) -> Result<i64, Error> {
        match self {
            Input::Bytes(bytes, position) => {
                let mut position = position.lock().unwrap_or_else(PoisonError::into_inner);
                let rest = &bytes[*position..];
                let len = rest.len().min(into.len());
                into[..len].copy_from_slice(&rest[..len]);
                *position += len;
                Ok(len as i64)
            }
            Input::Process => {
                let stdin = process_stream(0);
                if poll_now(stdin, PollFlags::IN)?.is_empty() {
                    return Err(Error::Again);
                }
                let room = into.len().min(TRANSFER_BYTES_MAX);
                rustix::io::read(stdin, &mut into[..room]).map(|n| n as i64).map_err(errno)
            }
        }
    }

    pub(crate) fn readiness(&self) -> Readiness {
        match self {
            Input::Bytes(..) => Readiness::Now(ready::READ),
            Input::Process => Readiness::Asked(0),
        }
    }

    pub(crate) fn stat(&self) -> Result<Stat, Error> {
        match self {
            Input::Bytes(..) => Ok(pipe_stat()),
            Input::Process => stream_stat(process_stream(0)),
        }
    }
}

impl Output {
    pub(crate) fn new(to: &Stdout, inherited: BorrowedFd<'static>) -> Output {
        match to {
            Stdout::Discard => Output::Discard,
            Stdout::Capture(capture) => Output::Capture(capture.clone()),
            Stdout::Inherit => Output::Process(inherited),
        }
    }

    /// Writes, waiting for the process's reader where there is one: an order to stop ends that wait.
    ///
    /// # Errors
    /// [`Error::Closed`] when nobody reads any more.
    pub(crate) fn write(&self, from: &[u8], monitor: &Monitor) -> Result<i64, Error> {
        match self {
            Output::Discard => Ok(from.len() as i64),
            Output::Capture(capture) => capture.write(from).map(|n| n as i64),
            Output::Stream(writer) => loop {
                match writer.write(from) {
                    Err(Error::Again) => {
                        // Of its own: several contexts may wait for room for the same output.
                        let bell = Arc::<Bell>::default();
                        let is_ready = || writer.ready() != 0 || monitor.stop_ordered().is_some();
                        bell.sleep(|bell| writer.hang_up(bell), is_ready, None)?;
                    }
                    done => return done,
                }
                if monitor.stop_ordered().is_some() {
                    return Err(Error::Canceled);
                }
            },
            Output::Process(fd) => {
                let from = &from[..from.len().min(TRANSFER_BYTES_MAX)];
                loop {
                    match rustix::io::write(fd, from) {
                        Ok(n) => return Ok(n as i64),
                        Err(rustix::io::Errno::INTR) => {}
                        Err(rustix::io::Errno::AGAIN) => {
                            let mut fds = [PollFd::new(fd, PollFlags::OUT)];
                            match poll(&mut fds, None) {
                                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                                Err(e) => return Err(errno(e)),
                            }
                        }
                        Err(rustix::io::Errno::PIPE) => return Err(Error::Closed),
                        Err(e) => return Err(errno(e)),
                    }
                    if monitor.stop_ordered().is_some() {
                        return Err(Error::Canceled);
                    }
                }
            }
        }
    }

    /// Output that goes to a stream.
    pub(crate) fn to_stream(writer: Arc<Writer>) -> Object {
        Object::Output(Arc::new(Output::Stream(writer)))
    }

    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Output::Stream(..))
    }

    /// What it writes to, if that is a stream.
    pub(crate) fn into_writer(self) -> Option<Arc<Writer>> {
        match self {
            Output::Stream(writer) => Some(writer),
            _ => None,
        }
    }

    /// 0 when it is the process's standard output, 1 when it is its standard error.
    pub(crate) fn process_stream(&self) -> Option<usize> {
        match self {
            Output::Process(fd) => usize::try_from(std::os::fd::AsRawFd::as_raw_fd(fd) - 1).ok(),
            _ => None,
        }
    }

    pub(crate) fn readiness(&self) -> Readiness {
        match self {
            // It waits for room itself.
            Output::Discard | Output::Capture(_) | Output::Stream(..) => Readiness::Now(ready::WRITE),
            Output::Process(fd) => Readiness::Asked(std::os::fd::AsRawFd::as_raw_fd(fd)),
        }
    }

    pub(crate) fn stat(&self) -> Result<Stat, Error> {
        match self {
            Output::Discard | Output::Capture(_) | Output::Stream(..) => Ok(pipe_stat()),
            Output::Process(fd) => stream_stat(*fd),
        }
    }
}

/// A stream's kind only: which file of the host it is, how large and how old, is nobody's business.
fn stream_stat(fd: BorrowedFd<'_>) -> Result<Stat, Error> {
    let file_type = match stat_fd(&fd.as_fd())?.file_type {
        // A character device means a terminal to everybody who asks; the null device is one too.
        FileType::CharacterDevice if !fd.is_terminal() => FileType::Unknown,
        file_type => file_type,
    };
    Ok(Stat { file_type, ..pipe_stat() })
}

/// What a pipe is.
pub(crate) fn pipe_stat() -> Stat {
    Stat {
        device: 0,
        inode: 0,
        file_type: FileType::Pipe,
        links: 1,
        size: 0,
        atime_ns: 0,
        mtime_ns: 0,
        ctime_ns: 0,
    }
}
