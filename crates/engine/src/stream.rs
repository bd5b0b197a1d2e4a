//! Streams as an embedder has them: to feed contexts, to read what they write, and to join them.

use std::io::{self, Read, Write};
use std::sync::Arc;

use b8g_core::abi::{Role, ready};
use b8g_core::stream::{CAPACITY_BYTES_MAX, Gone};
use b8g_core::{Error, Rights};

use crate::context::{Context, Stage, StartError};
use crate::object::Object;
use crate::object::bell::Bell;
use crate::object::ring::{self, READER_RIGHTS, Reader, WRITER_RIGHTS, Writer};
use crate::object::stream::Output;

/// How a stream is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamOptions {
    /// Bytes of one element, of which only whole ones move; 1 to 65,536.
    pub element_bytes: u64,
    /// Bytes that wait for the reader at most, up to [`StreamOptions::CAPACITY_BYTES_MAX`]; 0: the writer has room when the
    /// reader asks.
    pub capacity_bytes: u64,
    /// Contexts at its ends may map it, and move bytes without a copy. Its capacity is whole pages then.
    pub mapped: bool,
}

impl StreamOptions {
    /// 64 MiB.
    pub const CAPACITY_BYTES_MAX: u64 = CAPACITY_BYTES_MAX;
}

impl Default for StreamOptions {
    fn default() -> StreamOptions {
        StreamOptions { element_bytes: 1, capacity_bytes: 64 << 10, mapped: false }
    }
}

/// The end of a stream that writes. Dropping it aborts the stream; [`StreamWriter::finish`] ends it well.
///
/// ```
/// use b8g::{Component, Config, Context, Engine, Grants, Language, Limits, StreamOptions, stream};
/// use std::io::{Read, Write};
/// let engine = Engine::new(Config::new())?;
/// let source = "import { stdin, stdout } from 'b8g';
///     await stdout.write((await stdin.text()).toUpperCase());";
/// let component = Component::from_source(&engine, "shout.ts", Language::TypeScript, source, ".".as_ref())?;
/// let mut context = Context::new(&component, &Grants::none(), Limits::default())?;
/// let (input, mut feed) = stream(StreamOptions::default())?;
/// let (mut found, output) = stream(StreamOptions::default())?;
/// context.read_stdin_from(input)?;
/// context.write_stdout_to(output)?;
/// let runs = std::thread::spawn(move || context.run());
/// feed.write_all(b"hello")?;
/// feed.finish();
/// let mut text = String::new();
/// found.read_to_string(&mut text)?;
/// assert_eq!(text, "HELLO");
/// assert!(runs.join().unwrap().is_success());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StreamWriter {
    writer: Arc<Writer>,
    bell: Arc<Bell>,
}

/// The end of a stream that reads. Dropping it tells the writer that nobody reads any more.
#[derive(Debug)]
pub struct StreamReader {
    reader: Arc<Reader>,
    bell: Arc<Bell>,
}

/// Makes a stream.
///
/// # Errors
/// `InvalidInput` for options that no stream can have, and what the system says when there is no memory.
pub fn stream(options: StreamOptions) -> io::Result<(StreamReader, StreamWriter)> {
    let StreamOptions { element_bytes, capacity_bytes, mapped } = options;
    let invalid = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    if mapped && capacity_bytes == 0 {
        return invalid("a stream that can be mapped has a capacity");
    }
    match ring::pair(element_bytes, capacity_bytes, mapped, Vec::new()) {
        Ok((reader, writer)) => {
            Ok((StreamReader { reader, bell: Arc::default() }, StreamWriter { writer, bell: Arc::default() }))
        }
        Err(Error::Limit) => invalid("a stream has a capacity of at most 64 MiB"),
        Err(Error::Argument) => {
            invalid("a stream has elements of 1 to 65,536 bytes, and one that can be mapped whole pages")
        }
        Err(error) => Err(io_error(error)),
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Closed => io::ErrorKind::BrokenPipe.into(),
        Error::Argument => io::ErrorKind::InvalidInput.into(),
        Error::Host(errno) => io::Error::from_raw_os_error(errno.into()),
        error => io::Error::other(error.to_string()),
    }
}

impl StreamWriter {
    /// Ends the stream: the reader gets what was written, and then its end.
    pub fn finish(self) {
        self.writer.finish(Gone::Ended);
    }

    /// Writes a piece. Waits until there is room for all of it; then it moves to the reader as it is, if the stream cannot be
    /// mapped and its capacity is not less. Else it is written as by [`Write::write_all`].
    ///
    /// # Errors
    /// `BrokenPipe` when nobody reads any more.
    pub fn write_piece(&mut self, mut piece: Vec<u8>) -> io::Result<()> {
        if !self.writer.moves(piece.len()) {
            return self.write_all(&piece);
        }
        loop {
            piece = match self.writer.push(piece) {
                Ok(()) => return Ok(()),
                Err((Error::Again, piece)) => piece,
                Err((error, _)) => return Err(io_error(error)),
            };
            let is_ready = || self.writer.takes(piece.len());
            self.bell.sleep(|bell| self.writer.hang_up(bell), is_ready, None).map_err(io_error)?;
        }
    }

    /// Aborts the stream: the reader gets what was written, and then an error with this number.
    pub fn abort(self, reason: u32) {
        self.writer.finish(Gone::Aborted(reason));
    }
}

impl Write for StreamWriter {
    /// Waits until there is room, and writes as much as there is room for.
    ///
    /// # Errors
    /// `BrokenPipe` when nobody reads any more.
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        loop {
            match self.writer.write(from) {
                Ok(n) => return Ok(n as usize),
                Err(Error::Again) => {
                    let is_ready = || self.writer.ready() & ready::WRITE != 0;
                    self.bell.sleep(|bell| self.writer.hang_up(bell), is_ready, None).map_err(io_error)?;
                }
                Err(error) => return Err(io_error(error)),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl StreamReader {
    /// Waits until there is something, and gives a piece of it; `None` at the end. If the stream cannot be mapped it is one
    /// that was written, or several small ones together, and was not copied.
    ///
    /// # Errors
    /// As reading.
    pub fn read_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let piece = self.waiting_for(|reader| reader.pop())?;
        Ok((!piece.is_empty()).then_some(piece))
    }

    fn waiting_for<T>(&self, mut read: impl FnMut(&Reader) -> Result<T, Error>) -> io::Result<T> {
        loop {
            match read(&self.reader) {
                Err(Error::Again) => {
                    let is_ready = || self.reader.ready() & ready::READ != 0;
                    self.bell.sleep(|bell| self.reader.hang_up(bell), is_ready, None).map_err(io_error)?;
                }
                done => return done.map_err(io_error),
            }
        }
    }

    /// Wants no more: the writer gets an error with this number.
    pub fn cancel(self, reason: u32) {
        self.reader.finish(Gone::Aborted(reason));
    }
}

impl Read for StreamReader {
    /// Waits until there is something, and reads it; 0 at the end.
    ///
    /// # Errors
    /// `BrokenPipe` when the writer aborted the stream, or died.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.waiting_for(|reader| reader.read(into)).map(|n| n as usize)
    }
}

/// Streams that a context is given at its start at most.
const GIVEN_MAX: usize = 32;

impl Context {
    /// Lets the context's standard input be what comes from a stream, before it starts.
    ///
    /// # Errors
    /// As [`Context::connect`].
    pub fn read_stdin_from(&mut self, reader: StreamReader) -> Result<(), StartError> {
        self.replace(Role::Stdin, Object::Reader(reader.reader), READER_RIGHTS)
    }

    /// Lets the context's standard output go to a stream, before it starts. The stream ends when the context ends well, else
    /// it is aborted.
    ///
    /// # Errors
    /// As [`Context::connect`].
    pub fn write_stdout_to(&mut self, writer: StreamWriter) -> Result<(), StartError> {
        self.replace(Role::Stdout, Output::to_stream(writer.writer), WRITER_RIGHTS)
    }

    /// As [`Context::write_stdout_to`], for standard error.
    ///
    /// # Errors
    /// As [`Context::connect`].
    pub fn write_stderr_to(&mut self, writer: StreamWriter) -> Result<(), StartError> {
        self.replace(Role::Stderr, Output::to_stream(writer.writer), WRITER_RIGHTS)
    }

    /// Gives the context the reading end of a stream, before it starts: the next of `streams` of the module "b8g" in
    /// JavaScript; for other components it comes in the initial vector.
    ///
    /// # Errors
    /// As [`Context::connect`].
    pub fn give_reader(&mut self, reader: StreamReader) -> Result<(), StartError> {
        let map = if reader.reader.shared().is_ok() { Rights::MAP } else { Rights::NONE };
        self.give_more(Role::Stream, GIVEN_MAX, Object::Reader(reader.reader), READER_RIGHTS.union(map))
    }

    /// As [`Context::give_reader`], for the writing end.
    ///
    /// # Errors
    /// As [`Context::connect`].
    pub fn give_writer(&mut self, writer: StreamWriter) -> Result<(), StartError> {
        let map = if writer.writer.shared().is_ok() { Rights::MAP } else { Rights::NONE };
        self.give_more(Role::Stream, GIVEN_MAX, Object::Writer(writer.writer), WRITER_RIGHTS.union(map))
    }

    /// Gives one more object with this role, of which a context has so many at most, before it starts.
    pub(crate) fn give_more(
        &mut self,
        role: Role,
        max: usize,
        object: Object,
        rights: Rights,
    ) -> Result<(), StartError> {
        // One that goes on from an image has its initial vector read when it is made ready.
        if self.stage != Stage::New {
            return Err(StartError::Started);
        }
        let state = self.store.data_mut();
        if state.vector.iter().filter(|(given, _)| *given == role).count() >= max {
            return Err(StartError::Handles(max as u32));
        }
        let full = StartError::Handles(state.limits.handles_max);
        state.give(role, object, rights).map(|_| ()).map_err(|_| full)
    }

    /// Gives the object that plays this role, in place of the one that did.
    fn replace(&mut self, role: Role, object: Object, rights: Rights) -> Result<(), StartError> {
        if self.stage != Stage::New {
            return Err(StartError::Started);
        }
        let state = self.store.data_mut();
        let full = StartError::Handles(state.limits.handles_max);
        state.replace(role, object, rights).map_err(|_| full)
    }
}
