//! What can lie behind a handle.
//!
//! Each kind has a file of its own; [`crate::dispatch`] is the only caller of what they do. Objects are cheap to
//! clone: duplicates of a handle share them.

pub(crate) mod address;
pub(crate) mod bell;
mod brotli;
pub(crate) mod channel;
pub(crate) mod clock;
pub(crate) mod codec;
pub(crate) mod datagrams;
mod dial;
pub(crate) mod directory;
mod endpoint;
pub(crate) mod environment;
pub(crate) mod event;
pub(crate) mod exchange;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod guest_path;
pub(crate) mod keys;
mod lookup;
pub(crate) mod narrow;
pub(crate) mod network;
mod pieces;
pub(crate) mod random;
pub(crate) mod ring;
pub(crate) mod socket;
pub(crate) mod stream;
pub(crate) mod tls;
mod unconnected;

use std::io;
use std::sync::{Arc, Mutex};

pub(crate) use b8g_core::allowance::{Allowance, Lease};
use b8g_core::transit::{Transit, Travels};
use b8g_core::{Error, abi::Kind};

use clock::{Clock, Timer};
use codec::Codec;
use datagrams::Datagrams;
use directory::Directory;
use environment::Environment;
use event::Event;
use exchange::Exchange;
use file::File;
use files::Files;
use network::Network;
use random::Random;
use socket::Socket;
use stream::{Input, Output};
use tls::Session;

use crate::dispatch::Held;
use crate::memory::SharedMemory;
use crate::task::Task;

/// An object behind a handle.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    Blob(Arc<[u8]>),
    /// Bytes that a context made a blob of, and what they count against its bound.
    Kept(Arc<(Box<[u8]>, Lease)>),
    /// Bytes that the component writes for the engine, at most [`ANSWER_BYTES_MAX`].
    Answer(Arc<Mutex<Vec<u8>>>),
    Input(Arc<Input>),
    Output(Arc<Output>),
    Files(Arc<Files>),
    Directory(Arc<Directory>),
    File(Arc<File>),
    Network(Arc<Network>),
    Socket(Arc<Socket>),
    Datagrams(Arc<Datagrams>),
    Environment(Arc<Environment>),
    Clock(Clock),
    Timer(Arc<Timer>),
    Random(Random),
    Channel(Arc<channel::End>),
    /// The end of a stream that writes.
    Writer(Arc<ring::Writer>),
    /// The end of a stream that reads.
    Reader(Arc<ring::Reader>),
    /// What is shared, and what it counts against the bound of whoever made it.
    Memory(Arc<(SharedMemory, [Lease; 2])>),
    Event(Arc<Event>),
    Component(Arc<Held>),
    Task(Arc<Task>),
    Compiler,
    Keys(Arc<keys::Keys>),
    Exchange(Arc<Exchange>),
    Codec(Arc<Codec>),
    /// A session of TLS, without a connection.
    Tls(Arc<Session>),
    /// Cryptography and compression.
    Compute,
}

/// Bytes of an answer at most.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 << 20;

impl Object {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Object::Blob(_) | Object::Kept(_) | Object::Answer(_) => Kind::Blob,
            Object::Input(_) | Object::Output(_) | Object::Writer(_) | Object::Reader(_) => Kind::Stream,
            Object::Files(_) => Kind::Files,
            Object::Directory(_) => Kind::Directory,
            Object::File(_) => Kind::File,
            Object::Network(_) => Kind::Net,
            Object::Socket(_) => Kind::Socket,
            Object::Datagrams(_) => Kind::Datagrams,
            Object::Environment(_) => Kind::Env,
            Object::Clock(_) => Kind::Clock,
            Object::Timer(_) => Kind::Timer,
            Object::Random(_) => Kind::Random,
            Object::Channel(_) => Kind::Channel,
            Object::Memory(_) => Kind::Memory,
            Object::Event(_) => Kind::Event,
            Object::Component(_) => Kind::Component,
            Object::Task(_) => Kind::Task,
            Object::Compiler => Kind::Compiler,
            Object::Keys(_) => Kind::Keys,
            Object::Exchange(_) => Kind::Exchange,
            Object::Codec(_) => Kind::Codec,
            Object::Tls(_) => Kind::Tls,
            Object::Compute => Kind::Compute,
        }
    }

    /// Rings `bell` when what it is ready for changes, if it is such an object.
    pub(crate) fn hang_up(&self, bell: &Arc<bell::Bell>) {
        match self {
            Object::Channel(end) => end.hang_up(bell),
            Object::Writer(writer) => writer.hang_up(bell),
            Object::Reader(reader) => reader.hang_up(bell),
            Object::Event(event) => event.hang_up(bell),
            Object::Task(task) => task.hang_up(bell),
            Object::Exchange(exchange) => exchange.hang_up(bell),
            _ => {}
        }
    }
}

impl Travels for Object {
    fn transit(&self) -> Option<&Transit> {
        match self {
            Object::Channel(end) => Some(end.transit()),
            _ => None,
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

/// How an object says when it is ready: the system is asked about descriptors.
pub(crate) type Readiness = b8g_core::wait::Readiness<std::os::fd::RawFd>;
