//! Streams: bytes, or elements of a fixed size, from one writer to one reader.
//!
//! Start reading at [`pair`]. By copy there are [`Writer`] and [`Reader`]; without a copy [`Writer::map`] and [`Reader::map`] show the ring.

use crate::abi::{STREAM_BYTES_MAX, StreamEnds, ctl, op, stream};
use crate::{Error, Handle, Part, Ready, Result, Window, call, wait_for};

/// How the other end went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gone {
    /// It ended in an orderly way.
    Ended,
    /// It was aborted, with a reason.
    Aborted(u32),
}

/// The end that writes. Dropping it ends the stream.
#[derive(Debug)]
pub struct Writer(Handle);

/// The end that reads.
#[derive(Debug)]
pub struct Reader(Handle);

/// Makes a stream of elements of so many bytes, of which so many bytes wait at most; with a capacity of 0 nothing waits.
///
/// # Errors
/// ARG: no element, or one of more than 64 KiB; LIMIT.
pub fn pair(element: u64, capacity: u64) -> Result<(Reader, Writer)> {
    make(element, capacity, 0)
}

/// Makes a stream of bytes whose ring can be shown on both sides; the capacity must be whole pages.
///
/// # Errors
/// ARG, LIMIT.
pub fn mapped_pair(capacity: u64) -> Result<(Reader, Writer)> {
    make(1, capacity, stream::MAP)
}

fn make(element: u64, capacity: u64, flags: u32) -> Result<(Reader, Writer)> {
    let mut ends = StreamEnds::default();
    let arguments = [element.cast_signed(), capacity.cast_signed(), flags.into(), call::at(&raw mut ends)];
    // SAFETY: `ends` is ours, and as long as the operation says.
    unsafe { call::raw(op::STREAM, 0, arguments) }?;
    Ok((Reader(Handle::from_raw(ends.reader)), Writer(Handle::from_raw(ends.writer))))
}

macro_rules! end {
    ($end:ident, $mapped:ident, $ready:ident) => {
        impl $end {
            /// Takes a handle for this end of a stream.
            pub const fn from_handle(handle: Handle) -> $end {
                $end(handle)
            }

            /// Its handle, to wait for it.
            pub const fn handle(&self) -> &Handle {
                &self.0
            }

            /// Its handle, to send it on.
            pub fn into_handle(self) -> Handle {
                self.0
            }

            /// Ends the stream with a reason, which the other side can ask for.
            ///
            /// # Errors
            /// BADH.
            pub fn abort(self, reason: u32) -> Result<()> {
                call::plain(op::FINISH, self.0.raw(), [1, reason.into(), 0, 0]).map(drop)
            }

            /// How the other end went; `None`: it is still there.
            ///
            /// # Errors
            /// TYPE.
            pub fn gone(&self) -> Result<Option<Gone>> {
                match self.0.ctl(ctl::GONE, &[], &mut [], 0) {
                    Ok(0) => Ok(Some(Gone::Ended)),
                    Ok(reason) => Ok(Some(Gone::Aborted(reason as u32))),
                    Err(Error::AGAIN) => Ok(None),
                    Err(error) => Err(error),
                }
            }

            /// Shows the ring. Its capacity must be known: whoever made the stream tells it.
            ///
            /// # Errors
            /// TYPE: it was made without that; ARG: another capacity; NOMEM.
            pub fn map(self, capacity: usize) -> Result<$mapped> {
                if capacity as u64 > STREAM_BYTES_MAX {
                    return Err(Error::ARGUMENT);
                }
                let window = Window::open(&self.0, 0, capacity)?;
                Ok($mapped { end: self, window, done: 0 })
            }

            fn blocking<T>(&self, mut step: impl FnMut() -> Result<T>) -> Result<T> {
                loop {
                    match step() {
                        Err(Error::AGAIN) => wait_for(&self.0, Ready::$ready, None)?,
                        other => return other,
                    };
                }
            }
        }

        impl $mapped {
            /// The end that it was made of, to wait for it.
            pub const fn end(&self) -> &$end {
                &self.end
            }

            /// So many bytes of the last part are done: the other side has them from the next call of `next_part` or `flush` on.
            pub fn done(&mut self, bytes: usize) {
                self.done += bytes as u64;
            }

            /// Tells the engine what is done.
            ///
            /// # Errors
            /// ARG: more than the last part had; CLOSED.
            pub fn flush(&mut self) -> Result<()> {
                match self.acquire() {
                    Err(Error::AGAIN) => Ok(()),
                    answered => answered.map(drop),
                }
            }

            /// Commits what is done and gives the next part.
            fn acquire(&mut self) -> Result<(usize, usize)> {
                // Whatever the answer is, this is not said twice: what is refused is not done.
                let done = core::mem::take(&mut self.done);
                let part = call::plain(op::ACQUIRE, self.end.0.raw(), [done.cast_signed(), 0, 0, 0])?;
                Ok((part as u32 as usize, (part >> 32) as usize))
            }

            fn part(&self, (offset, len): (usize, usize)) -> Result<Part<'_>> {
                self.window.part(offset, len).ok_or(Error::ARGUMENT)
            }
        }
    };
}
end!(Writer, MappedWriter, WRITE);
end!(Reader, MappedReader, READ);

impl Writer {
    /// Writes as much as there is room for: whole elements.
    ///
    /// # Errors
    /// AGAIN: no room; CLOSED: the reader is gone.
    pub fn write(&self, from: &[u8]) -> Result<usize> {
        self.0.write(from)
    }

    /// Writes all of it, waiting for room.
    ///
    /// # Errors
    /// CLOSED: the reader is gone.
    pub fn write_all(&self, mut from: &[u8]) -> Result<()> {
        while !from.is_empty() {
            let written = self.blocking(|| self.write(from))?;
            from = &from[written..];
        }
        Ok(())
    }

    /// Ends the stream: what was written before is still read.
    ///
    /// # Errors
    /// BADH.
    pub fn finish(self) -> Result<()> {
        call::plain(op::FINISH, self.0.raw(), [0; 4]).map(drop)
    }
}

impl Reader {
    /// Reads as much as there is; 0 is the end.
    ///
    /// # Errors
    /// AGAIN: nothing yet; CLOSED: the writer aborted it.
    pub fn read(&self, into: &mut [u8]) -> Result<usize> {
        self.0.read(into)
    }

    /// Reads as soon as there is something; 0 is the end.
    ///
    /// # Errors
    /// CLOSED: the writer aborted it.
    pub fn read_blocking(&self, into: &mut [u8]) -> Result<usize> {
        self.blocking(|| self.read(&mut *into))
    }
}

/// A writer that fills the ring where it lies.
#[derive(Debug)]
pub struct MappedWriter {
    end: Writer,
    window: Window,
    done: u64,
}

impl MappedWriter {
    /// The next part to fill, waiting for it. Say [`MappedWriter::done`] when it is filled, as far as it is.
    ///
    /// # Errors
    /// CLOSED: the reader is gone; ARG: more was said to be done than the last part had.
    pub fn next_part(&mut self) -> Result<Part<'_>> {
        loop {
            match self.acquire() {
                Err(Error::AGAIN) => wait_for(&self.end.0, Ready::WRITE, None)?,
                part => return self.part(part?),
            };
        }
    }

    /// Ends the stream with what is done.
    ///
    /// # Errors
    /// As [`MappedWriter::flush`].
    pub fn finish(mut self) -> Result<()> {
        self.flush()?;
        self.end.finish()
    }
}

/// A reader that reads the ring where it lies.
#[derive(Debug)]
pub struct MappedReader {
    end: Reader,
    window: Window,
    done: u64,
}

impl MappedReader {
    /// The next part to read, waiting for it; an empty one is the end. Say [`MappedReader::done`] when it is read.
    ///
    /// # Errors
    /// CLOSED: the writer aborted it; ARG: more was said to be done than the last part had.
    pub fn next_part(&mut self) -> Result<Part<'_>> {
        loop {
            match self.acquire() {
                Err(Error::AGAIN) => wait_for(&self.end.0, Ready::READ, None)?,
                part => return self.part(part?),
            };
        }
    }
}
