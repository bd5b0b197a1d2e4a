//! Streams: bytes, or elements of a fixed size, from one writer to one reader, with bounds and back-pressure.
//!
//! A pure state machine of positions: it knows neither the bytes nor where they lie, and locks are the host's affair. Start
//! reading at [`Stream::room`] and [`Stream::held`].
//!
//! Invariants: what is written and not read never exceeds the capacity, whatever either side asks for; positions move
//! forward only, by whole elements; a stream that ended or was aborted never goes on; whoever waits hears of each change. The two sides are numbers here, never
//! memory that the other side could write.

use alloc::sync::Arc;

use crate::Error;
use crate::abi::ready;
use crate::bell::{Bells, Ring};

/// Bytes of one element at most.
pub const ELEMENT_BYTES_MAX: u64 = 1 << 16;
/// Bytes that wait for a reader at most.
pub const CAPACITY_BYTES_MAX: u64 = 1 << 26;
/// Bytes that a rendezvous moves at once at most.
pub const RENDEZVOUS_BYTES_MAX: u64 = 1 << 16;

/// A part of the ring: where it begins, and how many bytes follow without a wrap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// Bytes from the ring's start.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

/// How a side that is gone went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gone {
    /// Orderly: a writer has written everything, a reader wants no more.
    Ended,
    /// With a number that its program chose; 0 when it is unknown, as when it died.
    Aborted(u32),
}

/// Bytes of the ring of a stream.
///
/// # Errors
/// As [`Stream::new`].
pub const fn ring_bytes(element: u64, capacity: u64) -> Result<u64, Error> {
    if element == 0 || element > ELEMENT_BYTES_MAX {
        return Err(Error::Argument);
    }
    if capacity > CAPACITY_BYTES_MAX {
        return Err(Error::Limit);
    }
    let bytes = if capacity == 0 { RENDEZVOUS_BYTES_MAX } else { capacity };
    Ok(bytes.next_multiple_of(element))
}

/// Positions of a writer and a reader on a ring, and who waits for either.
#[derive(Debug)]
pub struct Stream<B> {
    element: u64,
    /// Bytes of the ring.
    ring: u64,
    /// A writer's bytes count only when a reader asked for them.
    rendezvous: bool,
    written: u64,
    read: u64,
    /// How far the reader of a rendezvous has asked.
    asked: u64,
    writer: Option<Gone>,
    reader: Option<Gone>,
    writers: Bells<B>,
    readers: Bells<B>,
}

impl<B: Ring> Stream<B> {
    /// Makes a stream of elements of so many bytes, of which `capacity` bytes, rounded up to whole elements, may wait for the
    /// reader. A capacity of 0 is a rendezvous: nothing waits, a writer gets room when a reader asks.
    ///
    /// # Errors
    /// [`Error::Argument`] for elements of no bytes or too many, [`Error::Limit`] for too large a capacity.
    pub fn new(element: u64, capacity: u64) -> Result<Stream<B>, Error> {
        Ok(Stream {
            element,
            ring: ring_bytes(element, capacity)?,
            rendezvous: capacity == 0,
            written: 0,
            read: 0,
            asked: 0,
            writer: None,
            reader: None,
            writers: Bells::default(),
            readers: Bells::default(),
        })
    }

    /// Bytes of one element.
    pub const fn element(&self) -> u64 {
        self.element
    }

    /// Bytes of the ring.
    pub const fn ring(&self) -> u64 {
        self.ring
    }

    /// Tells whether nothing waits in it.
    pub const fn is_rendezvous(&self) -> bool {
        self.rendezvous
    }

    /// Bytes that wait for the reader.
    pub const fn waiting(&self) -> u64 {
        self.written - self.read
    }

    /// How the writer went, if it did.
    pub const fn writer_gone(&self) -> Option<Gone> {
        self.writer
    }

    /// How the reader went, if it did.
    pub const fn reader_gone(&self) -> Option<Gone> {
        self.reader
    }

    /// Where the writer may write now: at least an element.
    ///
    /// # Errors
    /// [`Error::Closed`] when the reader is gone or the writer has ended it, [`Error::Again`] when there is no room.
    pub fn room(&self) -> Result<Span, Error> {
        if self.reader.is_some() || self.writer.is_some() {
            return Err(Error::Closed);
        }
        let free = match self.rendezvous {
            true => (self.asked - self.written).min(self.ring - self.waiting()),
            false => self.ring - self.waiting(),
        };
        self.span(self.written, free)
    }

    /// What waits for the reader: at least an element, or none at the end.
    ///
    /// # Errors
    /// [`Error::Closed`] when the writer aborted it and what it wrote before is read, or when the reader has closed;
    /// [`Error::Again`] when nothing waits.
    pub fn held(&self) -> Result<Span, Error> {
        if self.reader.is_some() {
            return Err(Error::Closed);
        }
        match (self.span(self.read, self.waiting()), self.writer) {
            (Ok(span), _) => Ok(span),
            (Err(_), Some(Gone::Ended)) => Ok(Span { offset: self.read % self.ring, length: 0 }),
            (Err(_), Some(Gone::Aborted(_))) => Err(Error::Closed),
            (Err(error), None) => Err(error),
        }
    }

    fn span(&self, position: u64, bytes: u64) -> Result<Span, Error> {
        let offset = position % self.ring;
        let length = bytes.min(self.ring - offset) / self.element * self.element;
        if length == 0 { Err(Error::Again) } else { Ok(Span { offset, length }) }
    }

    /// The writer has written so many bytes of its room.
    ///
    /// # Errors
    /// [`Error::Argument`] for what is more than the room, or no whole elements; as [`Stream::room`] otherwise.
    pub fn wrote(&mut self, bytes: u64) -> Result<(), Error> {
        let room = self.room().map_or_else(
            |error| if error == Error::Again { Ok(0) } else { Err(error) },
            |room| Ok(room.length),
        )?;
        if bytes > room || !bytes.is_multiple_of(self.element) {
            return Err(Error::Argument);
        }
        self.written += bytes;
        if bytes > 0 {
            self.readers.ring();
        }
        Ok(())
    }

    /// The reader is done with so many bytes.
    ///
    /// # Errors
    /// [`Error::Argument`] for what is more than waits without a wrap, or no whole elements; [`Error::Closed`] when it has
    /// closed.
    pub fn took(&mut self, bytes: u64) -> Result<(), Error> {
        if self.reader.is_some() {
            return Err(Error::Closed);
        }
        let held = self.held().map_or(0, |held| held.length);
        if bytes > held || !bytes.is_multiple_of(self.element) {
            return Err(Error::Argument);
        }
        self.read += bytes;
        if bytes > 0 {
            self.writers.ring();
        }
        Ok(())
    }

    /// The reader of a rendezvous wants so many bytes, counted from what it has read: the writer has that much room then.
    pub fn ask(&mut self, bytes: u64) {
        let bytes = bytes.min(self.ring) / self.element * self.element;
        let asked = self.read + bytes;
        if self.rendezvous && asked > self.asked {
            self.asked = asked;
            self.writers.ring();
        }
    }

    /// The writer goes. What it wrote before is still read. The first time counts.
    pub fn end(&mut self, how: Gone) {
        self.writer.get_or_insert(how);
        self.ring_all();
    }

    /// The reader goes, and what waited for it. The first time counts.
    pub fn cancel(&mut self, how: Gone) {
        self.reader.get_or_insert(how);
        self.read = self.written;
        self.ring_all();
    }

    fn ring_all(&mut self) {
        self.readers.ring();
        self.writers.ring();
    }

    /// Rings `bell` when what the writer is ready for changes.
    pub fn hang_up_writer(&mut self, bell: &Arc<B>) {
        self.writers.hang_up(bell);
    }

    /// Rings `bell` when what the reader is ready for changes. Who waits for a rendezvous asks for an element.
    pub fn hang_up_reader(&mut self, bell: &Arc<B>) {
        self.readers.hang_up(bell);
        if self.held() == Err(Error::Again) {
            self.ask(self.element);
        }
    }

    /// What the writer is ready for, of [`ready`]: WRITE when there is room, or never will be; FAILED too when the reader is
    /// gone.
    pub fn writer_ready(&self) -> u32 {
        let gone = if self.reader.is_some() { ready::FAILED } else { 0 };
        match self.room() {
            Err(Error::Again) => gone,
            _ => ready::WRITE | gone,
        }
    }

    /// What the reader is ready for, of [`ready`]: READ when something waits, or nothing more will come; FAILED too when the
    /// writer aborted.
    pub fn reader_ready(&self) -> u32 {
        let gone = if matches!(self.writer, Some(Gone::Aborted(_))) { ready::FAILED } else { 0 };
        match self.held() {
            Err(Error::Again) => gone,
            _ => ready::READ | gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bell::Silent;
    use alloc::collections::VecDeque;
    use alloc::vec;

    type Stream = super::Stream<Silent>;

    const fn span(offset: u64, length: u64) -> Span {
        Span { offset, length }
    }

    #[test]
    fn positions_go_round_the_ring() {
        let mut stream = Stream::new(1, 10).unwrap();
        assert_eq!(stream.room(), Ok(span(0, 10)));
        assert_eq!(stream.held(), Err(Error::Again));
        stream.wrote(7).unwrap();
        assert_eq!((stream.room(), stream.held()), (Ok(span(7, 3)), Ok(span(0, 7))));
        stream.took(5).unwrap();
        stream.wrote(3).unwrap();
        assert_eq!((stream.room(), stream.held()), (Ok(span(0, 5)), Ok(span(5, 5))));
        stream.wrote(5).unwrap();
        assert_eq!(stream.room(), Err(Error::Again));
        assert_eq!(stream.wrote(1), Err(Error::Argument));
        assert_eq!(stream.took(6), Err(Error::Argument), "not over the wrap");
        stream.took(5).unwrap();
        assert_eq!(stream.held(), Ok(span(0, 5)));
    }

    #[test]
    fn only_whole_elements_move() {
        let mut stream = Stream::new(3, 10).unwrap();
        assert_eq!(stream.ring(), 12);
        assert_eq!(stream.wrote(4), Err(Error::Argument));
        stream.wrote(6).unwrap();
        assert_eq!(stream.took(2), Err(Error::Argument));
        stream.took(3).unwrap();
        assert_eq!(stream.held(), Ok(span(3, 3)));
        for (element, capacity, error) in [
            (0, 1, Error::Argument),
            (ELEMENT_BYTES_MAX + 1, 1, Error::Argument),
            (1, u64::MAX, Error::Limit),
        ] {
            assert_eq!(Stream::new(element, capacity).unwrap_err(), error);
        }
    }

    #[test]
    fn a_rendezvous_writes_what_was_asked_for() {
        let mut stream = Stream::new(2, 0).unwrap();
        assert_eq!((stream.room(), stream.writer_ready()), (Err(Error::Again), 0));
        stream.ask(5);
        stream.ask(3);
        assert_eq!(stream.room(), Ok(span(0, 4)), "what was asked for stays so");
        stream.wrote(2).unwrap();
        assert_eq!(stream.room(), Ok(span(2, 2)));
        stream.took(2).unwrap();
        assert_eq!(stream.room(), Ok(span(2, 2)), "two of the four are still wanted");
        stream.ask(u64::MAX);
        assert_eq!(stream.room(), Ok(span(2, RENDEZVOUS_BYTES_MAX - 2)));
    }

    #[test]
    fn an_end_comes_after_what_was_written_and_stays() {
        let mut stream = Stream::new(1, 4).unwrap();
        stream.wrote(2).unwrap();
        stream.end(Gone::Ended);
        stream.end(Gone::Aborted(3));
        assert_eq!((stream.room(), stream.wrote(0)), (Err(Error::Closed), Err(Error::Closed)));
        assert_eq!((stream.held(), stream.reader_ready()), (Ok(span(0, 2)), ready::READ));
        stream.took(2).unwrap();
        assert_eq!((stream.held().unwrap().length, stream.reader_ready()), (0, ready::READ));
        let mut stream = Stream::new(1, 4).unwrap();
        stream.wrote(1).unwrap();
        stream.end(Gone::Aborted(7));
        assert_eq!(stream.held(), Ok(span(0, 1)));
        stream.took(1).unwrap();
        assert_eq!((stream.held(), stream.reader_ready()), (Err(Error::Closed), ready::READ | ready::FAILED));
        assert_eq!(stream.writer_gone(), Some(Gone::Aborted(7)));
    }

    #[test]
    fn a_reader_that_goes_takes_what_waits_with_it() {
        let mut stream = Stream::new(1, 4).unwrap();
        stream.wrote(3).unwrap();
        stream.cancel(Gone::Aborted(9));
        assert_eq!((stream.waiting(), stream.room()), (0, Err(Error::Closed)));
        assert_eq!((stream.held(), stream.took(0)), (Err(Error::Closed), Err(Error::Closed)));
        assert_eq!(stream.writer_ready(), ready::WRITE | ready::FAILED);
        assert_eq!(stream.reader_gone(), Some(Gone::Aborted(9)));
    }

    /// Both sides do what they like in any order, a million steps: a queue says what must come.
    #[test]
    fn no_interleaving_loses_doubles_or_overruns() {
        let mut seed = 7u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % below
        };
        for _ in 0..20_000 {
            let (element, capacity) = (1 + random(3), random(3) * random(9));
            let mut stream = Stream::new(element, capacity).unwrap();
            let mut ring = vec![0u8; stream.ring() as usize];
            let (mut queue, mut next) = (VecDeque::new(), 0u8);
            let (mut ended, mut cancelled, mut asked) = (None, None, 0u64);
            for _ in 0..random(100) {
                let waiting = queue.len() as u64;
                let bound =
                    if capacity == 0 { RENDEZVOUS_BYTES_MAX } else { capacity }.next_multiple_of(element);
                assert!(waiting <= bound && waiting == stream.waiting());
                match random(16) {
                    0 => {
                        let how = if random(2) == 0 { Gone::Ended } else { Gone::Aborted(random(3) as u32) };
                        stream.end(how);
                        ended.get_or_insert(how);
                    }
                    1 => {
                        let how = if random(2) == 0 { Gone::Ended } else { Gone::Aborted(1) };
                        stream.cancel(how);
                        cancelled.get_or_insert(how);
                        queue.clear();
                    }
                    2..=4 => {
                        let bytes = random(12);
                        stream.ask(bytes);
                        asked = asked.max(bytes / element * element);
                    }
                    5..=9 => match stream.room() {
                        Ok(room) => {
                            assert!(ended.is_none() && cancelled.is_none());
                            assert!(room.offset + room.length <= ring.len() as u64 && room.length > 0);
                            assert!(capacity > 0 || room.length <= asked);
                            // A hostile writer says that it wrote more, or parts of elements.
                            let bytes = random(room.length + 3);
                            let fits = bytes <= room.length && bytes.is_multiple_of(element);
                            if fits {
                                for i in 0..bytes {
                                    ring[(room.offset + i) as usize] = next;
                                    queue.push_back(next);
                                    next = next.wrapping_add(1);
                                }
                            }
                            assert_eq!(stream.wrote(bytes).is_ok(), fits);
                        }
                        Err(Error::Closed) => assert!(ended.is_some() || cancelled.is_some()),
                        Err(error) => {
                            assert_eq!(error, Error::Again);
                            assert!(capacity == 0 || waiting == ring.len() as u64);
                        }
                    },
                    _ => match stream.held() {
                        Ok(held) if held.length == 0 => {
                            assert!(queue.is_empty() && ended == Some(Gone::Ended))
                        }
                        Ok(held) => {
                            let bytes = random(held.length + 3);
                            let fits = bytes <= held.length && bytes.is_multiple_of(element);
                            assert_eq!(stream.took(bytes).is_ok(), fits);
                            for i in 0..if fits { bytes } else { 0 } {
                                assert_eq!(Some(ring[(held.offset + i) as usize]), queue.pop_front());
                            }
                        }
                        Err(Error::Closed) => {
                            assert!(
                                cancelled.is_some()
                                    || (queue.is_empty() && matches!(ended, Some(Gone::Aborted(_))))
                            );
                        }
                        Err(error) => assert!(error == Error::Again && queue.is_empty() && ended.is_none()),
                    },
                }
                assert_eq!((stream.writer_gone(), stream.reader_gone()), (ended, cancelled));
            }
        }
    }
}
