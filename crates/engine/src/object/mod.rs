//! What can lie behind a handle.
//!
//! Each kind has a file of its own; [`crate::dispatch`] is the only caller of what they do. Objects are cheap to
//! clone: duplicates of a handle share them.

pub(crate) mod bell;
pub(crate) mod channel;
pub(crate) mod clock;
pub(crate) mod directory;
pub(crate) mod environment;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod guest_path;
pub(crate) mod network;
pub(crate) mod random;
pub(crate) mod socket;
pub(crate) mod stream;

use std::io;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use b8g_core::{Error, abi::Kind};

use clock::{Clock, Timer};
use directory::Directory;
use environment::Environment;
use file::File;
use files::Files;
use network::Network;
use random::Random;
use socket::Socket;
use stream::{Input, Output};

/// An object behind a handle.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    Blob(Arc<[u8]>),
    /// Bytes that the component writes for the engine, at most [`ANSWER_BYTES_MAX`].
    Answer(Arc<Mutex<Vec<u8>>>),
    Input(Arc<Input>),
    Output(Arc<Output>),
    Files(Arc<Files>),
    Directory(Arc<Directory>),
    File(Arc<File>),
    Network(Arc<Network>),
    Socket(Arc<Socket>),
    Environment(Arc<Environment>),
    Clock(Clock),
    Timer(Arc<Timer>),
    Random(Random),
    Channel(Arc<channel::End>),
}

/// Bytes of an answer at most.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 << 20;

impl Object {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Object::Blob(_) | Object::Answer(_) => Kind::Blob,
            Object::Input(_) | Object::Output(_) => Kind::Stream,
            Object::Files(_) => Kind::Files,
            Object::Directory(_) => Kind::Directory,
            Object::File(_) => Kind::File,
            Object::Network(_) => Kind::Net,
            Object::Socket(_) => Kind::Socket,
            Object::Environment(_) => Kind::Env,
            Object::Clock(_) => Kind::Clock,
            Object::Timer(_) => Kind::Timer,
            Object::Random(_) => Kind::Random,
            Object::Channel(_) => Kind::Channel,
        }
    }
}

/// What a component is told of a system's error.
pub(crate) fn host_error(error: &io::Error) -> Error {
    match error.raw_os_error() {
        Some(libc::EAGAIN) => Error::Again,
        Some(errno) => u16::try_from(errno).map_or(Error::Io, Error::Host),
        // How cap-std says that a path led out of its directory.
        None if error.kind() == io::ErrorKind::PermissionDenied => Error::Rights,
        None => Error::Io,
    }
}

/// As [`host_error`].
pub(crate) fn errno(error: rustix::io::Errno) -> Error {
    host_error(&error.into())
}

/// Counts open descriptors of a context against their bound; dropping a [`Lease`] gives one back.
#[derive(Clone, Debug)]
pub(crate) struct Descriptors {
    open: Arc<AtomicU32>,
    max: u32,
}

/// The right to one open descriptor.
#[derive(Debug)]
pub(crate) struct Lease(Arc<AtomicU32>);

impl Descriptors {
    pub(crate) fn new(max: u32) -> Descriptors {
        Descriptors { open: Arc::default(), max }
    }

    /// Takes one, if there is one left.
    pub(crate) fn lease(&self) -> Result<Lease, Error> {
        if self.open.fetch_add(1, Relaxed) >= self.max {
            self.open.fetch_sub(1, Relaxed);
            return Err(Error::Limit);
        }
        Ok(Lease(self.open.clone()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// How an object says when it is ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Readiness {
    /// It is, for these interests.
    Now(u32),
    /// It is not; it rings the context's bell when that changes.
    Rings,
    /// When this descriptor polls ready.
    Descriptor(std::os::fd::RawFd),
    /// When this descriptor is readable, whatever is waited for.
    Rung(std::os::fd::RawFd),
    /// When the context's monotonic clock has come so far, in nanoseconds.
    At(u64),
}
