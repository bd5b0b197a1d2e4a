//! Streams between contexts, as handles see them: a writer, a reader, and what lies between them.
//!
//! Start reading at [`Writer::write`] and [`Reader::read`]; positions are kept by [`b8g_core::stream`]. The bytes lie in the
//! host's memory, or in shared memory that both sides may map: then the host copies them by calls of the system and never
//! trusts what it read.
//!
//! Invariants: positions are never in memory that a context can write; an end that is dropped without a word aborts the
//! stream, so that what died is not taken for what was complete.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use b8g_core::stream::{Gone, Span, Stream};
use b8g_core::{Error, Rights};

use super::Lease;
use super::bell::Bell;
use super::host_error;
use super::pieces::Pieces;
use crate::memory::SharedMemory;

/// What a context may do with either end of a stream that it was given, beside reading or writing.
const END_RIGHTS: Rights =
    Rights::DUPLICATE.union(Rights::TRANSFER).union(Rights::WAIT).union(Rights::INSPECT);
/// What a context may do with a writer.
pub(crate) const WRITER_RIGHTS: Rights = END_RIGHTS.union(Rights::WRITE);
/// What a context may do with a reader.
pub(crate) const READER_RIGHTS: Rights = END_RIGHTS.union(Rights::READ);

/// Bytes that a piece of a stream has at most that is copied.
const PIECE_BYTES: usize = 64 << 10;

#[derive(Debug)]
struct Ring {
    state: Mutex<State>,
    /// Where the bytes lie, if both sides may map that.
    shared: Option<SharedMemory>,
    /// Counts against the bounds of whoever made it.
    _leases: Vec<Lease>,
}

#[derive(Debug)]
struct State {
    stream: Stream<Bell>,
    /// The bytes that wait, if they lie in no shared memory.
    bytes: Pieces,
}

/// The end that writes. The stream is aborted when the last handle to it goes without [`Writer::finish`].
#[derive(Debug)]
pub(crate) struct Writer(Arc<Ring>);

/// The end that reads. What it did not read is gone with it.
#[derive(Debug)]
pub(crate) struct Reader(Arc<Ring>);

/// Makes a stream. Its `leases` are given back when both ends are gone.
///
/// # Errors
/// As [`Stream::new`]; for a `mapped` one [`Error::Argument`] when its capacity is not whole pages, and what the system
/// says when there is no memory.
pub(crate) fn pair(
    element: u64,
    capacity: u64,
    mapped: bool,
    leases: Vec<Lease>,
) -> Result<(Arc<Reader>, Arc<Writer>), Error> {
    let stream = Stream::new(element, capacity)?;
    if mapped && !stream.ring().is_multiple_of(SharedMemory::WINDOW_ALIGNMENT_BYTES) {
        return Err(Error::Argument);
    }
    let shared =
        if mapped { Some(SharedMemory::new(stream.ring()).map_err(|e| host_error(&e))?) } else { None };
    let state = Mutex::new(State { stream, bytes: Pieces::default() });
    let ring = Arc::new(Ring { state, shared, _leases: leases });
    Ok((Arc::new(Reader(ring.clone())), Arc::new(Writer(ring))))
}

impl State {
    fn has_room(&self, bytes: usize) -> bool {
        bytes as u64 <= self.stream.ring() - self.stream.waiting()
    }

    /// Counts bytes that move at once, past the end of the ring too.
    fn moved(
        &mut self,
        bytes: usize,
        part: fn(&Stream<Bell>) -> Result<Span, Error>,
        count: fn(&mut Stream<Bell>, u64) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut left = bytes as u64;
        while left > 0 {
            let now = left.min(part(&self.stream)?.length);
            count(&mut self.stream, now)?;
            left -= now;
        }
        Ok(())
    }
}

impl Ring {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What both sides may map.
    fn shared(&self) -> Result<&SharedMemory, Error> {
        self.shared.as_ref().ok_or(Error::Type)
    }
}

/// A part of the ring, as the ABI tells it.
fn part(span: Span) -> i64 {
    (span.length << 32 | span.offset) as i64
}

impl Writer {
    /// Writes as much as there is room for, whole elements only.
    ///
    /// # Errors
    /// As [`Stream::room`]; [`Error::Argument`] for what is no whole element.
    pub(crate) fn write(&self, from: &[u8]) -> Result<i64, Error> {
        let mut state = self.0.lock();
        if from.is_empty() {
            return state
                .stream
                .room()
                .map_or_else(|e| if e == Error::Again { Ok(0) } else { Err(e) }, |_| Ok(0));
        }
        if (from.len() as u64) < state.stream.element() {
            return Err(Error::Argument);
        }
        let mut done = 0;
        while done < from.len() {
            let Span { offset, length } = match state.stream.room() {
                Ok(room) => room,
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            };
            let element = state.stream.element() as usize;
            let len = (from.len() - done).min(length as usize) / element * element;
            if len == 0 {
                break;
            }
            let piece = &from[done..done + len];
            match &self.0.shared {
                Some(shared) => shared.write(offset, piece).map_err(|e| host_error(&e))?,
                None => state.bytes.put(piece),
            }
            state.stream.wrote(len as u64)?;
            done += len;
        }
        Ok(done as i64)
    }

    /// Writes a whole piece, without a copy if the stream cannot be mapped.
    ///
    /// # Errors
    /// With the piece: as [`Writer::write`], and [`Error::Again`] when there is no room for all of it.
    pub(crate) fn push(&self, piece: Vec<u8>) -> Result<(), (Error, Vec<u8>)> {
        let mut state = self.0.lock();
        let moved = match state.stream.room() {
            Err(error) => Err(error),
            Ok(_) if self.0.shared.is_some() || !state.has_room(piece.len()) => Err(Error::Again),
            Ok(_) => state.moved(piece.len(), Stream::room, Stream::wrote),
        };
        if let Err(error) = moved {
            return Err((error, piece));
        }
        state.bytes.push(piece);
        Ok(())
    }

    /// Tells whether [`Writer::push`] would move a piece of so many bytes, or fail for good: otherwise that may change.
    pub(crate) fn takes(&self, bytes: usize) -> bool {
        let state = self.0.lock();
        matches!(state.stream.room(), Err(error) if error != Error::Again) || state.has_room(bytes)
    }

    /// Tells whether a piece of so many bytes can ever be moved.
    pub(crate) fn moves(&self, bytes: usize) -> bool {
        let state = self.0.lock();
        self.0.shared.is_none()
            && bytes > 0
            && !state.stream.is_rendezvous()
            && bytes as u64 <= state.stream.ring()
            && (bytes as u64).is_multiple_of(state.stream.element())
    }

    /// Commits so many bytes of the part of the ring that it had, and gives the next part.
    ///
    /// # Errors
    /// [`Error::Type`] for a stream that cannot be mapped; as [`Stream::wrote`] and [`Stream::room`]. What was committed is,
    /// even if there is no next part.
    pub(crate) fn acquire(&self, done: u64) -> Result<i64, Error> {
        self.0.shared()?;
        let mut state = self.0.lock();
        if done > 0 {
            state.stream.wrote(done)?;
        }
        state.stream.room().map(part)
    }

    /// Ends the stream.
    pub(crate) fn finish(&self, how: Gone) {
        self.0.lock().stream.end(how);
    }

    /// How the reader went, if it did.
    pub(crate) fn peer_gone(&self) -> Option<Gone> {
        self.0.lock().stream.reader_gone()
    }

    /// Bytes that wait for the reader.
    pub(crate) fn waiting(&self) -> u64 {
        self.0.lock().stream.waiting()
    }

    /// Bytes of the ring.
    pub(crate) fn capacity(&self) -> u64 {
        self.0.lock().stream.ring()
    }

    pub(crate) fn shared(&self) -> Result<&SharedMemory, Error> {
        self.0.shared()
    }

    /// What keeps the ring counted, and nothing else of the stream alive.
    pub(crate) fn keep(&self) -> Arc<dyn Any + Send + Sync> {
        self.0.clone()
    }

    /// What it is ready for.
    pub(crate) fn ready(&self) -> u32 {
        self.0.lock().stream.writer_ready()
    }

    /// Rings `bell` when that changes.
    pub(crate) fn hang_up(&self, bell: &Arc<Bell>) {
        self.0.lock().stream.hang_up_writer(bell);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.finish(Gone::Aborted(0));
    }
}

impl Reader {
    /// Reads what waits, whole elements only; 0 at the end.
    ///
    /// # Errors
    /// As [`Stream::held`]; [`Error::Argument`] for room for no whole element.
    pub(crate) fn read(&self, into: &mut [u8]) -> Result<i64, Error> {
        let mut state = self.0.lock();
        if into.is_empty() {
            return Ok(0);
        }
        if (into.len() as u64) < state.stream.element() {
            return Err(Error::Argument);
        }
        let mut done = 0;
        while done < into.len() {
            let Span { offset, length } = match state.stream.held() {
                Ok(held) => held,
                Err(_) if done > 0 => break,
                Err(Error::Again) => {
                    state.stream.ask(into.len() as u64);
                    return Err(Error::Again);
                }
                Err(error) => return Err(error),
            };
            let element = state.stream.element() as usize;
            let len = (into.len() - done).min(length as usize) / element * element;
            if len == 0 {
                break;
            }
            let piece = &mut into[done..done + len];
            match &self.0.shared {
                Some(shared) => shared.read(offset, piece).map_err(|e| host_error(&e))?,
                None => state.bytes.take(piece),
            }
            state.stream.took(len as u64)?;
            done += len;
        }
        Ok(done as i64)
    }

    /// Takes a piece of what waits: as it was written, without a copy, if the stream is one of bytes and cannot be mapped. One
    /// of no bytes at the end.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub(crate) fn pop(&self) -> Result<Vec<u8>, Error> {
        // Elements may lie in two pieces.
        if self.0.shared.is_some() || self.0.lock().stream.element() > 1 {
            let mut piece = vec![0; PIECE_BYTES];
            let count = self.read(&mut piece)?;
            piece.truncate(count as usize);
            return Ok(piece);
        }
        let mut state = self.0.lock();
        if let Err(error) = state.stream.held() {
            if error == Error::Again {
                state.stream.ask(PIECE_BYTES as u64);
            }
            return Err(error);
        }
        let piece = state.bytes.pop().unwrap_or_default();
        state.moved(piece.len(), Stream::held, Stream::took)?;
        Ok(piece)
    }

    /// Is done with so many bytes of the part of the ring that it had, and gives the next part; one of no bytes at the end.
    ///
    /// # Errors
    /// [`Error::Type`] for a stream that cannot be mapped; as [`Stream::took`] and [`Stream::held`].
    pub(crate) fn acquire(&self, done: u64) -> Result<i64, Error> {
        self.0.shared()?;
        let mut state = self.0.lock();
        if done > 0 {
            state.stream.took(done)?;
        }
        let held = state.stream.held();
        if held == Err(Error::Again) {
            state.stream.ask(u64::MAX);
        }
        held.map(part)
    }

    /// Wants no more.
    pub(crate) fn finish(&self, how: Gone) {
        let mut state = self.0.lock();
        state.stream.cancel(how);
        state.bytes = Pieces::default();
    }

    /// How the writer went, if it did.
    pub(crate) fn peer_gone(&self) -> Option<Gone> {
        self.0.lock().stream.writer_gone()
    }

    /// Bytes that wait.
    pub(crate) fn waiting(&self) -> u64 {
        self.0.lock().stream.waiting()
    }

    /// Bytes of the ring.
    pub(crate) fn capacity(&self) -> u64 {
        self.0.lock().stream.ring()
    }

    pub(crate) fn shared(&self) -> Result<&SharedMemory, Error> {
        self.0.shared()
    }

    /// What keeps the ring counted, and nothing else of the stream alive.
    pub(crate) fn keep(&self) -> Arc<dyn Any + Send + Sync> {
        self.0.clone()
    }

    /// What it is ready for.
    pub(crate) fn ready(&self) -> u32 {
        self.0.lock().stream.reader_ready()
    }

    /// Rings `bell` when that changes. Who waits for a rendezvous asks for something.
    pub(crate) fn hang_up(&self, bell: &Arc<Bell>) {
        self.0.lock().stream.hang_up_reader(bell);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.finish(Gone::Aborted(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use b8g_core::abi::ready;

    fn both() -> impl Iterator<Item = (Arc<Reader>, Arc<Writer>)> {
        [false, true].into_iter().map(|mapped| pair(1, 4096, mapped, Vec::new()).unwrap())
    }

    #[test]
    fn bytes_arrive_in_order_whatever_the_pieces() {
        for (reader, writer) in both() {
            let all: Vec<u8> = (0..100_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
            let (mut sent, mut found, mut turn) = (0, Vec::new(), 0);
            while found.len() < all.len() {
                turn += 1;
                let piece = &all[sent..all.len().min(sent + turn * 37 % 6000)];
                match writer.write(piece) {
                    Ok(n) => sent += n as usize,
                    Err(error) => assert_eq!(error, Error::Again),
                }
                let mut room = vec![0; 1 + turn * 61 % 5000];
                match reader.read(&mut room) {
                    Ok(n) => found.extend_from_slice(&room[..n as usize]),
                    Err(error) => assert_eq!(error, Error::Again),
                }
                assert!(sent - found.len() <= 4096);
            }
            assert_eq!(found, all);
        }
    }

    #[test]
    fn an_end_that_is_dropped_aborts_and_one_that_finished_does_not() {
        for (reader, writer) in both() {
            writer.write(b"abc").unwrap();
            drop(writer);
            let mut room = [0; 8];
            assert_eq!(reader.read(&mut room), Ok(3));
            assert_eq!(reader.read(&mut room), Err(Error::Closed));
            assert_eq!(reader.ready(), ready::READ | ready::FAILED);
        }
        for (reader, writer) in both() {
            writer.write(b"abc").unwrap();
            writer.finish(Gone::Ended);
            drop(writer);
            let mut room = [0; 2];
            assert_eq!(
                [reader.read(&mut room), reader.read(&mut room), reader.read(&mut room)],
                [Ok(2), Ok(1), Ok(0)]
            );
        }
        for (reader, writer) in both() {
            writer.write(b"abc").unwrap();
            reader.finish(Gone::Aborted(5));
            assert_eq!(writer.write(b"d"), Err(Error::Closed));
            assert_eq!((writer.peer_gone(), writer.waiting()), (Some(Gone::Aborted(5)), 0));
        }
    }

    #[test]
    fn parts_of_the_ring_are_for_streams_that_can_be_mapped() {
        let (reader, writer) = pair(1, 4096, false, Vec::new()).unwrap();
        assert_eq!((reader.acquire(0), writer.acquire(0)), (Err(Error::Type), Err(Error::Type)));
        assert_eq!(pair(1, 4095, true, Vec::new()).unwrap_err(), Error::Argument);
        let (reader, writer) = pair(1, 4096, true, Vec::new()).unwrap();
        assert_eq!(writer.acquire(0), Ok(4096 << 32));
        assert_eq!(writer.acquire(4097), Err(Error::Argument));
        assert_eq!(writer.acquire(4000), Ok(96 << 32 | 4000));
        assert_eq!(reader.acquire(0), Ok(4000 << 32));
        assert_eq!(reader.acquire(4001), Err(Error::Argument));
        assert_eq!(reader.acquire(4000), Err(Error::Again));
        writer.finish(Gone::Ended);
        assert_eq!(reader.acquire(0), Ok(4000), "a part of no bytes");
    }

    #[test]
    fn a_rendezvous_gives_room_when_somebody_reads() {
        let (reader, writer) = pair(1, 0, false, Vec::new()).unwrap();
        assert_eq!((writer.write(b"abc"), writer.ready()), (Err(Error::Again), 0));
        let mut room = [0; 2];
        assert_eq!(reader.read(&mut room), Err(Error::Again));
        assert_eq!(writer.ready(), ready::WRITE);
        assert_eq!((writer.write(b"abc"), reader.read(&mut room)), (Ok(2), Ok(2)));
        assert_eq!((&room, writer.write(b"c")), (b"ab", Err(Error::Again)));
    }

    #[test]
    fn elements_are_never_torn() {
        let (reader, writer) = pair(3, 9, false, Vec::new()).unwrap();
        assert_eq!(writer.write(b"ab"), Err(Error::Argument));
        assert_eq!(writer.write(b"abcdefgh"), Ok(6));
        let mut room = [0; 5];
        assert_eq!(reader.read(&mut room[..2]), Err(Error::Argument));
        assert_eq!((reader.read(&mut room), &room[..3]), (Ok(3), &b"abc"[..]));
        assert_eq!(writer.write(b"ABCDEF"), Ok(6));
        assert_eq!(writer.write(b"xyz"), Err(Error::Again));
    }
}
