//! Brotli, one step at a time.
//!
//! A compressor collects input until a block is full and then works on all of it; so blocks are kept small, which bounds how long
//! one call takes. The window is bounded too, since the memory of the highest levels is many times as much.

use brotli::enc::StandardAlloc;
use brotli::enc::encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};

use super::codec::{Progress, Step};

/// The window of a compressor at most, as a power of 2.
const WINDOW_BITS_MAX: u8 = 20;
/// Bytes that are compressed in one go, as a power of 2.
const BLOCK_BITS: u32 = 16;
/// The level of those that name none.
const LEVEL: u32 = 11;

/// What a decompressor needs at most: the largest window that the format has, and its tables.
pub(super) const DECOMPRESSOR_BYTES: u64 = 17 << 20;

/// What a compressor of this level needs.
pub(super) fn compressor_bytes(level: Option<u32>) -> u64 {
    const MIB: u64 = 1 << 20;
    match level.unwrap_or(LEVEL) {
        0..=4 => 4 * MIB,
        5 | 6 => 8 * MIB,
        7 => 12 * MIB,
        8 => 20 * MIB,
        9 => 36 * MIB,
        _ => 20 * MIB,
    }
}

pub(super) struct Compressor(BrotliEncoderStateStruct<StandardAlloc>);

impl Compressor {
    pub(super) fn new(level: Option<u32>, window_bits: Option<u8>) -> Compressor {
        use BrotliEncoderParameter as Parameter;
        let mut state = BrotliEncoderStateStruct::new(StandardAlloc::default());
        let window = window_bits.unwrap_or(WINDOW_BITS_MAX).min(WINDOW_BITS_MAX);
        for (parameter, value) in [
            (Parameter::BROTLI_PARAM_QUALITY, level.unwrap_or(LEVEL)),
            (Parameter::BROTLI_PARAM_LGWIN, window.into()),
            (Parameter::BROTLI_PARAM_LGBLOCK, BLOCK_BITS),
        ] {
            state.set_parameter(parameter, value);
        }
        Compressor(state)
    }

    pub(super) fn run(&mut self, from: &[u8], into: &mut [u8], step: Step) -> Result<Progress, String> {
        let operation = match step {
            Step::Process => BrotliEncoderOperation::BROTLI_OPERATION_PROCESS,
            Step::Flush(_) => BrotliEncoderOperation::BROTLI_OPERATION_FLUSH,
            Step::Finish => BrotliEncoderOperation::BROTLI_OPERATION_FINISH,
        };
        let (mut left, mut taken, mut room, mut given) = (from.len(), 0, into.len(), 0);
        let went = self.0.compress_stream(
            operation,
            &mut left,
            from,
            &mut taken,
            &mut room,
            into,
            &mut given,
            &mut None,
            &mut |_, _, _, _| (),
        );
        if !went {
            return Err("Compression failed".to_owned());
        }
        Ok(Progress { taken, given, ended: self.0.is_finished() })
    }
}

pub(super) struct Decompressor(BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>);

impl Decompressor {
    pub(super) fn new() -> Decompressor {
        let [a, b, c] = [(); 3].map(|()| StandardAlloc::default());
        Decompressor(BrotliState::new_strict(a, b, c))
    }

    pub(super) fn run(&mut self, from: &[u8], into: &mut [u8]) -> Result<Progress, String> {
        let (mut left, mut taken, mut room, mut given) = (from.len(), 0, into.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut taken,
            from,
            &mut room,
            &mut given,
            into,
            &mut 0,
            &mut self.0,
        );
        match result {
            BrotliResult::ResultFailure => Err("Decompression failed".to_owned()),
            result => Ok(Progress { taken, given, ended: matches!(result, BrotliResult::ResultSuccess) }),
        }
    }
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compressor")
    }
}

impl std::fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decompressor")
    }
}
