//! Compressed sections: a length, then a raw deflate stream. Nothing that comes out of one is kept.
//!
//! Invariant: at most [`RAW_BYTES_MAX`] bytes are produced, into a buffer of fixed size.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, TINFL_LZ_DICT_SIZE, decompress};

/// The largest section that is unpacked to find its end. The largest that was seen has 1.6 MB.
pub(super) const RAW_BYTES_MAX: u64 = 64 << 20;

/// How much of a section is unpacked to look at its beginning.
pub(super) const HEAD_BYTES: usize = 16;

/// Unpacks the first bytes of a stream; `None` if it is no deflate stream or shorter.
pub(super) fn head(stream: &[u8]) -> Option<[u8; HEAD_BYTES]> {
    let mut out = [0; HEAD_BYTES];
    let mut inflater = Box::<DecompressorOxide>::default();
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_HAS_MORE_INPUT;
    // The Huffman tables of the first block and the first bytes take no more input than this.
    let stream = &stream[..stream.len().min(1 << 10)];
    let (_, _, produced) = decompress(&mut inflater, stream, &mut out, 0, flags);
    (produced == HEAD_BYTES).then_some(out)
}

/// Finds where a stream ends that unpacks to `raw_bytes`; `None` if it does not.
pub(super) fn measure(stream: &[u8], raw_bytes: u64) -> Option<usize> {
    if raw_bytes > RAW_BYTES_MAX {
        return None;
    }
    let mut inflater = Box::<DecompressorOxide>::default();
    let mut window = vec![0; TINFL_LZ_DICT_SIZE];
    let (mut read, mut written, mut position) = (0, 0u64, 0);
    loop {
        let input = stream.get(read..)?;
        let (status, consumed, produced) = decompress(&mut inflater, input, &mut window, position, 0);
        read += consumed;
        written += produced as u64;
        position = (position + produced) % TINFL_LZ_DICT_SIZE;
        match status {
            TINFLStatus::Done => return (written == raw_bytes).then_some(read),
            TINFLStatus::HasMoreOutput if written <= raw_bytes && (produced > 0 || consumed > 0) => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::testing::stored;

    #[test]
    fn stored_streams_are_measured() {
        for bytes in [20, 70_000] {
            let raw: Vec<u8> = (0..bytes).map(|index: usize| index as u8).collect();
            let mut stream = stored(&raw);
            let end = stream.len();
            assert_eq!(head(&stream).as_ref().map(|head| &head[..]), Some(&raw[..HEAD_BYTES]));
            stream.extend_from_slice(b"behind");
            assert_eq!(measure(&stream, raw.len() as u64), Some(end));
            assert_eq!(measure(&stream, raw.len() as u64 + 1), None);
            assert_eq!(measure(&stream, raw.len() as u64 - 1), None);
            assert_eq!(measure(&stream[..end - 1], raw.len() as u64), None);
        }
    }

    #[test]
    fn what_is_no_stream_is_refused() {
        assert_eq!(head(&[]), None);
        assert_eq!(head(&[0xff; 100]), None);
        assert_eq!(measure(&[0xff; 100], 10), None);
        assert_eq!(measure(&stored(b"x"), u64::MAX), None);
        assert_eq!(head(&stored(b"short")), None);
    }
}
