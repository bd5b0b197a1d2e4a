//! The checksums of V8's snapshots. They find accidents, not enemies: anyone can compute them.
//!
//! Start at [`bytewise`]. Source: measured off published builds; `docs/formats/v8-blobs.md`, "Checksums".

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How a checksum is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Algorithm {
    /// Two running sums of 64-bit words, folded to 32 bits each.
    Words64,
    /// Adler-32 that starts from 0: sums of bytes modulo 65521. What V8 has with zlib.
    Adler32,
    /// The same modulo 65535. What V8 has without zlib.
    Fletcher32,
}

/// One checksum of a snapshot: what is stored, and what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// What it covers: "blob", "read-only"; "blob a" and "blob b" are the halves of [`Algorithm::Words64`].
    pub name: &'static str,
    /// Where it is stored.
    pub offset: usize,
    /// The bytes that it covers.
    pub covers: Range<usize>,
    /// How it is computed.
    pub algorithm: Algorithm,
    /// What is stored.
    pub stored: u32,
    /// What the bytes give; `None` if they are not all there.
    pub computed: Option<u32>,
}

impl Checksum {
    /// Says whether the bytes are those that the checksum was computed over.
    pub fn ok(&self) -> bool {
        self.computed == Some(self.stored)
    }
}

impl Algorithm {
    /// Gives its name as reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Words64 => "words-64",
            Algorithm::Adler32 => "adler-32",
            Algorithm::Fletcher32 => "fletcher-32",
        }
    }
}

/// Computes an [`Algorithm::Adler32`] or [`Algorithm::Fletcher32`].
pub(super) fn bytewise(algorithm: Algorithm, bytes: &[u8]) -> u32 {
    /// So many bytes can be summed up before 64 bits are anywhere near full.
    const BLOCK: usize = 1 << 16;
    let modulus: u64 = if algorithm == Algorithm::Fletcher32 { 65_535 } else { 65_521 };
    let (mut low, mut high) = (0u64, 0u64);
    for block in bytes.chunks(BLOCK) {
        for &byte in block {
            low += u64::from(byte);
            high += low;
        }
        low %= modulus;
        high %= modulus;
    }
    // Both are below 2^16 now.
    (high as u32) << 16 | low as u32
}

/// Computes both halves of [`Algorithm::Words64`]. Bytes behind the last whole word do not count.
pub(super) fn words(bytes: &[u8]) -> [u32; 2] {
    let (mut low, mut high) = (1u64, 0u64);
    for word in bytes.as_chunks::<8>().0 {
        low = low.wrapping_add(u64::from_le_bytes(*word));
        high = high.wrapping_add(low);
    }
    [low, high].map(|sum| (sum ^ (sum >> 32)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        assert_eq!(bytewise(Algorithm::Adler32, b""), 0);
        // Adler-32 of "Wikipedia" is 0x11e60398 with the usual seed 1, which adds 1 to the low half and 9 to
        // the high.
        assert_eq!(bytewise(Algorithm::Adler32, b"Wikipedia"), 0x11e6_0398 - 0x0009_0001);
        assert_eq!(bytewise(Algorithm::Fletcher32, b"Wikipedia"), 0x11e6_0398 - 0x0009_0001);
        assert_eq!(words(b""), [1, 0]);
        assert_eq!(words(&[2, 0, 0, 0, 0, 0, 0, 0, 9]), [3, 3]);
    }

    #[test]
    fn blocks_do_not_change_the_sums() {
        let bytes: Vec<u8> =
            (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80).collect();
        for (algorithm, modulus) in [(Algorithm::Adler32, 65_521u64), (Algorithm::Fletcher32, 65_535)] {
            let (mut low, mut high) = (0, 0);
            for &byte in &bytes {
                low = (low + u64::from(byte)) % modulus;
                high = (high + low) % modulus;
            }
            assert_eq!(u64::from(bytewise(algorithm, &bytes)), high << 16 | low);
        }
    }
}
