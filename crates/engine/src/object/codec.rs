//! Codecs: what compresses or decompresses, behind a handle.
//!
//! A codec is written and read like a stream, and works on its caller's thread. Invariants: at most [`CODEC_BUFFER_BYTES`] of what it
//! gives wait in it, so that small input which stands for much output is taken no faster than that is read; one call works on
//! [`PIECE_BYTES`] at most; what its algorithm needs is counted before it is made.

use std::sync::{Mutex, MutexGuard, PoisonError};

use b8g_core::abi::compute::{CODEC_BUFFER_BYTES, codec};
use b8g_core::abi::ready;
use b8g_core::stream::Gone;
use b8g_core::{Error, Rights};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::Lease;
use super::brotli::{self, Compressor, Decompressor};

/// What a context may do with a codec.
pub(crate) const CODEC_RIGHTS: Rights = Rights::READ
    .union(Rights::WRITE)
    .union(Rights::DUPLICATE)
    .union(Rights::TRANSFER)
    .union(Rights::WAIT)
    .union(Rights::INSPECT);

/// Bytes that one call takes or gives at most: some 10 milliseconds of the slowest deflate.
const PIECE_BYTES: usize = 128 << 10;
/// What a compressor of deflate needs, and one that decompresses.
const DEFLATE_BYTES: u64 = 320 << 10;
const INFLATE_BYTES: u64 = 64 << 10;

/// What to make, as the argument of CODEC says it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    what: u8,
    level: Option<u32>,
    window_bits: Option<u8>,
}

impl Form {
    /// # Errors
    /// [`Error::Argument`] when there is no such codec, level or window.
    pub(crate) fn parse(argument: u64) -> Result<Form, Error> {
        let [what, level, window, rest @ ..] = argument.to_le_bytes();
        let brotli = matches!(what, codec::BROTLI | codec::UNBROTLI);
        let (levels, windows) = if brotli { (11, 10..=24) } else { (9, 9..=15) };
        if !(codec::GZIP..=codec::UNBROTLI).contains(&what)
            || rest.iter().any(|byte| *byte != 0)
            || level > levels + 1
            || window != 0 && !windows.contains(&window)
        {
            return Err(Error::Argument);
        }
        let level = level.checked_sub(1).map(u32::from);
        Ok(Form { what, level, window_bits: (window != 0).then_some(window) })
    }

    /// Bytes that it needs of the host, with what waits in it.
    pub(crate) fn bytes(self) -> u64 {
        CODEC_BUFFER_BYTES as u64
            + match self.what {
                codec::BROTLI => brotli::compressor_bytes(self.level),
                codec::UNBROTLI => brotli::DECOMPRESSOR_BYTES,
                codec::GZIP | codec::ZLIB | codec::DEFLATE => DEFLATE_BYTES,
                _ => INFLATE_BYTES,
            }
    }
}

/// A codec, and what it counts against.
#[derive(Debug)]
pub(crate) struct Codec {
    inner: Mutex<Inner>,
    _leases: [Lease; 2],
}

#[derive(Debug)]
struct Inner {
    coder: Coder,
    /// What it gave and nobody read.
    waiting: Vec<u8>,
    /// How much of that was read.
    read: usize,
    step: Step,
    /// It gave the last that it ever will.
    ended: bool,
    fault: Option<String>,
}

#[derive(Debug)]
enum Coder {
    Compress(Compress),
    Decompress(Decompress),
    Brotli(Box<Compressor>),
    Unbrotli(Box<Decompressor>),
}

/// What a coder is to do with what it is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// Take it.
    Process,
    /// Give all that was held back; `true`: and forget what came before.
    Flush(bool),
    /// There will be no more.
    Finish,
}

/// What came of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) taken: usize,
    pub(super) given: usize,
    pub(super) ended: bool,
}

impl Codec {
    pub(crate) fn new(form: Form, leases: [Lease; 2]) -> Codec {
        let level = form.level.map_or_else(Compression::default, Compression::new);
        let window = form.window_bits.unwrap_or(15);
        let coder = match form.what {
            codec::GZIP => Coder::Compress(Compress::new_gzip(level, window)),
            codec::ZLIB => Coder::Compress(Compress::new_with_window_bits(level, true, window)),
            codec::DEFLATE => Coder::Compress(Compress::new_with_window_bits(level, false, window)),
            codec::GUNZIP => Coder::Decompress(Decompress::new_gzip(15)),
            codec::UNZLIB => Coder::Decompress(Decompress::new(true)),
            codec::INFLATE => Coder::Decompress(Decompress::new(false)),
            codec::BROTLI => Coder::Brotli(Box::new(Compressor::new(form.level, form.window_bits))),
            _ => Coder::Unbrotli(Box::new(Decompressor::new())),
        };
        let inner =
            Inner { coder, waiting: Vec::new(), read: 0, step: Step::Process, ended: false, fault: None };
        Codec { inner: Mutex::new(inner), _leases: leases }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes some; less than there is when its buffer is full, or when it is the end of what it decompresses.
    ///
    /// # Errors
    /// [`Error::Again`] when something is to be read first, [`Error::Closed`] behind the end, [`Error::Io`] when it is wrong.
    pub(crate) fn write(&self, from: &[u8]) -> Result<i64, Error> {
        let mut inner = self.inner();
        let inner = &mut *inner;
        if inner.fault.is_some() {
            return Err(Error::Io);
        }
        if inner.ended || inner.step == Step::Finish {
            return Err(Error::Closed);
        }
        let from = &from[..from.len().min(PIECE_BYTES)];
        if from.is_empty() {
            return Ok(0);
        }
        if inner.step != Step::Process {
            return Err(Error::Again);
        }
        let mut taken = 0;
        while taken < from.len() && !inner.ended {
            inner.make_room();
            let at = inner.waiting.len();
            if at == CODEC_BUFFER_BYTES {
                break;
            }
            inner.waiting.resize(CODEC_BUFFER_BYTES, 0);
            let progress = inner.coder.run(&from[taken..], &mut inner.waiting[at..], Step::Process);
            let given = progress.as_ref().map_or(0, |progress| progress.given);
            inner.waiting.truncate(at + given);
            match progress {
                Ok(progress) => {
                    taken += progress.taken;
                    inner.ended = progress.ended;
                    if progress.taken == 0 && progress.given == 0 {
                        break;
                    }
                }
                Err(fault) => {
                    inner.fault = Some(fault);
                    // What was right before it can be read.
                    return if taken == 0 { Err(Error::Io) } else { Ok(taken as i64) };
                }
            }
        }
        if taken == 0 { Err(Error::Again) } else { Ok(taken as i64) }
    }

    /// Gives some; 0 at the end.
    ///
    /// # Errors
    /// [`Error::Again`] when something is to be written first, [`Error::Io`] when what was written is wrong.
    pub(crate) fn read(&self, into: &mut [u8]) -> Result<i64, Error> {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let into_len = into.len().min(PIECE_BYTES);
        let into = &mut into[..into_len];
        let waiting = &inner.waiting[inner.read..];
        let mut given = waiting.len().min(into.len());
        into[..given].copy_from_slice(&waiting[..given]);
        inner.read += given;
        if inner.read == inner.waiting.len() {
            inner.waiting.clear();
            inner.read = 0;
        }
        while given < into.len() && !inner.ended && inner.fault.is_none() {
            match inner.coder.run(&[], &mut into[given..], inner.step) {
                Ok(progress) => {
                    given += progress.given;
                    inner.ended = progress.ended;
                    if given < into.len() && matches!(inner.step, Step::Flush(_)) {
                        inner.step = Step::Process;
                    }
                    if progress.given == 0 {
                        if inner.step == Step::Finish && !inner.ended {
                            inner.fault = Some("unexpected end of file".to_owned());
                        }
                        break;
                    }
                }
                Err(fault) => inner.fault = Some(fault),
            }
        }
        match given {
            0 if into.is_empty() || inner.ended => Ok(0),
            0 if inner.fault.is_some() => Err(Error::Io),
            0 => Err(Error::Again),
            given => Ok(given as i64),
        }
    }

    /// Says that no more will be written, or that nothing more is wanted.
    pub(crate) fn finish(&self, how: Gone) {
        let mut inner = self.inner();
        match how {
            Gone::Ended => inner.step = Step::Finish,
            Gone::Aborted(_) => {
                inner.waiting = Vec::new();
                inner.read = 0;
                inner.ended = true;
            }
        }
    }

    /// Lets all that was written be read: 1, and 2 so that what follows can be understood without it.
    ///
    /// # Errors
    /// [`Error::Argument`] for something else, [`Error::Again`] when the last flush was not read, [`Error::Closed`] behind the end.
    pub(crate) fn flush(&self, how: u64) -> Result<(), Error> {
        let mut inner = self.inner();
        let step = match how {
            1 => Step::Flush(false),
            2 => Step::Flush(true),
            _ => return Err(Error::Argument),
        };
        match inner.step {
            Step::Process => {
                inner.step = step;
                Ok(())
            }
            Step::Flush(_) => Err(Error::Again),
            Step::Finish => Err(Error::Closed),
        }
    }

    /// What is wrong with what was written.
    pub(crate) fn fault(&self) -> String {
        self.inner().fault.clone().unwrap_or_default()
    }

    /// What it is ready for: it always answers at once.
    pub(crate) fn ready(&self) -> u32 {
        ready::READ | ready::WRITE
    }
}

impl Inner {
    /// Moves what waits to where its buffer begins.
    fn make_room(&mut self) {
        if self.read > 0 {
            self.waiting.drain(..self.read);
            self.read = 0;
        }
    }
}

impl Coder {
    /// Takes and gives as much as it can.
    fn run(&mut self, from: &[u8], into: &mut [u8], step: Step) -> Result<Progress, String> {
        match self {
            Coder::Brotli(compressor) => compressor.run(from, into, step),
            Coder::Unbrotli(decompressor) => decompressor.run(from, into),
            Coder::Compress(compress) => {
                let flush = match step {
                    Step::Process => FlushCompress::None,
                    Step::Flush(false) => FlushCompress::Sync,
                    Step::Flush(true) => FlushCompress::Full,
                    Step::Finish => FlushCompress::Finish,
                };
                let before = (compress.total_in(), compress.total_out());
                let status = compress.compress(from, into, flush).map_err(|error| error.to_string())?;
                let after = (compress.total_in(), compress.total_out());
                Ok(Progress::between(before, after, status))
            }
            Coder::Decompress(decompress) => {
                let before = (decompress.total_in(), decompress.total_out());
                let done = decompress.decompress(from, into, FlushDecompress::None);
                let after = (decompress.total_in(), decompress.total_out());
                match done {
                    Ok(status) => Ok(Progress::between(before, after, status)),
                    Err(error) if error.needs_dictionary().is_some() => Err("Missing dictionary".to_owned()),
                    Err(error) => Err(error.message().unwrap_or("invalid data").to_owned()),
                }
            }
        }
    }
}

impl Progress {
    fn between(before: (u64, u64), after: (u64, u64), status: Status) -> Progress {
        let [taken, given] = [after.0 - before.0, after.1 - before.1].map(|n| n as usize);
        Progress { taken, given, ended: status == Status::StreamEnd }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Allowance;
    use super::*;

    fn codec(argument: u64) -> Codec {
        let leases = [Allowance::new(1).lease().unwrap(), Allowance::new(1).lease().unwrap()];
        Codec::new(Form::parse(argument).unwrap(), leases)
    }

    /// All that comes out of what is written in pieces, read in pieces; what is wrong ends it.
    fn through(
        codec: &Codec,
        mut from: &[u8],
        write: usize,
        read: usize,
    ) -> Result<Vec<u8>, (Vec<u8>, String)> {
        let (mut out, mut room) = (Vec::new(), vec![0; read]);
        let mut finished = false;
        loop {
            if !finished {
                match codec.write(&from[..from.len().min(write)]) {
                    Ok(taken) => from = &from[taken as usize..],
                    Err(Error::Again) => {}
                    Err(Error::Closed) => from = &[],
                    Err(_) => return Err((out, codec.fault())),
                }
                if from.is_empty() {
                    codec.finish(Gone::Ended);
                    finished = true;
                }
            }
            match codec.read(&mut room) {
                Ok(0) => return Ok(out),
                Ok(given) => out.extend(&room[..given as usize]),
                Err(Error::Again) => assert!(!finished, "nothing more comes"),
                Err(_) => return Err((out, codec.fault())),
            }
            assert!(codec.inner().waiting.len() <= CODEC_BUFFER_BYTES);
        }
    }

    fn sample(bytes: usize) -> Vec<u8> {
        let mut seed = 7u32;
        let word = |_| {
            seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
            if seed >> 30 == 0 {
                (seed >> 20) as u8
            } else {
                b"the quick brown fox "[(seed >> 27) as usize % 20]
            }
        };
        (0..bytes).map(word).collect()
    }

    const PAIRS: [(u8, u8); 4] = [
        (codec::GZIP, codec::GUNZIP),
        (codec::ZLIB, codec::UNZLIB),
        (codec::DEFLATE, codec::INFLATE),
        (codec::BROTLI, codec::UNBROTLI),
    ];

    #[test]
    fn what_was_compressed_comes_back() {
        for (pack, unpack) in PAIRS {
            for (bytes, write, read) in
                [(0, 1, 1), (1, 1, 1), (1000, 7, 3), (300_000, 100_000, 4096), (700_000, usize::MAX, 1 << 20)]
            {
                for level in [0u64, 1, 2, 7] {
                    let plain = sample(bytes);
                    let packed = through(&codec(u64::from(pack) | level << 8), &plain, write, read).unwrap();
                    let back = through(&codec(unpack.into()), &packed, write, read).unwrap();
                    assert!(back == plain, "{pack} {bytes} level {level}");
                }
            }
        }
    }

    #[test]
    fn much_that_little_stands_for_waits_until_it_is_read() {
        let zeros = vec![0; 20 << 20];
        for (pack, unpack) in PAIRS {
            let packed = through(&codec(pack.into()), &zeros, usize::MAX, 1 << 20).unwrap();
            assert!(packed.len() < 100_000);
            let codec = codec(unpack.into());
            let mut from = &packed[..];
            while let Ok(taken) = codec.write(from) {
                from = &from[taken as usize..];
                if from.is_empty() {
                    break;
                }
            }
            assert!(codec.inner().waiting.len() <= CODEC_BUFFER_BYTES);
            assert!(through(&codec, from, usize::MAX, 1 << 20).unwrap() == zeros);
        }
    }

    #[test]
    fn what_is_cut_or_changed_is_an_error_and_what_follows_the_end_is_left() {
        let plain = sample(50_000);
        for (pack, unpack) in PAIRS {
            let packed = through(&codec(pack.into()), &plain, usize::MAX, 4096).unwrap();
            let (_, fault) =
                through(&codec(unpack.into()), &packed[..packed.len() - 1], 999, 4096).unwrap_err();
            assert_eq!(fault, "unexpected end of file");
            let mut longer = packed.clone();
            longer.extend(b"more");
            let codec_ = codec(unpack.into());
            let (mut from, mut out) = (&longer[..], vec![0; 4096]);
            loop {
                match codec_.write(from) {
                    Ok(taken) => from = &from[taken as usize..],
                    Err(Error::Closed) => break,
                    Err(error) => assert_eq!(error, Error::Again),
                }
                while codec_.read(&mut out).is_ok_and(|given| given > 0) {}
            }
            assert_eq!(from, b"more", "{unpack}");
            // Whatever the bytes, it is an answer.
            let mut wrong = packed.clone();
            for at in (0..packed.len()).step_by(97) {
                wrong[at] ^= 0x55;
                let _ = through(&codec(unpack.into()), &wrong, 5000, 4096);
            }
        }
        let (_, fault) = through(&codec(codec::GUNZIP.into()), b"no gzip at all", 99, 99).unwrap_err();
        assert_eq!(fault, "incorrect header check");
    }

    #[test]
    fn a_flush_gives_all_so_far() {
        for (pack, unpack) in PAIRS {
            let (packer, unpacker) = (codec(pack.into()), codec(unpack.into()));
            let mut room = vec![0; 8192];
            for (how, word) in [(1, b"one"), (2, b"two")] {
                assert_eq!(packer.write(word), Ok(3));
                packer.flush(how).unwrap();
                assert_eq!(packer.flush(1), Err(Error::Again));
                let given = packer.read(&mut room).unwrap() as usize;
                assert_eq!(packer.read(&mut [0; 9]), Err(Error::Again));
                assert_eq!(unpacker.write(&room[..given]), Ok(given as i64));
                let mut told = [0; 16];
                assert_eq!(unpacker.read(&mut told), Ok(3));
                assert_eq!(&told[..3], word);
            }
            packer.finish(Gone::Ended);
            assert_eq!(packer.flush(1), Err(Error::Closed));
            assert_eq!(packer.write(b"x"), Err(Error::Closed));
        }
    }

    #[test]
    fn what_no_codec_is_is_refused() {
        for argument in
            [0, 9, 11 << 8 | 1, 13 << 8 | 7, 8 << 16 | 1, 16 << 16 | 1, 25 << 16 | 7, 1 << 24 | 1, u64::MAX]
        {
            assert_eq!(Form::parse(argument).unwrap_err(), Error::Argument, "{argument:x}");
        }
    }
}
