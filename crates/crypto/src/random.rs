//! Randomness that the caller gave: as many bytes as it takes, from some that nobody else knows.

use std::convert::Infallible;

use b8g_core::Error;
use b8g_core::abi::compute::ENTROPY_BYTES;
use rand_core::{TryCryptoRng, TryRng};

/// BLAKE3's extendable output, keyed by what the caller drew.
pub(crate) struct Random(blake3::OutputReader);

impl Random {
    /// # Errors
    /// [`Error::Argument`] when those are too few to be of use.
    pub(crate) fn of(entropy: &[u8]) -> Result<Random, Error> {
        if entropy.len() < ENTROPY_BYTES {
            return Err(Error::Argument);
        }
        let mut hasher = blake3::Hasher::new_derive_key("b8g 2026 randomness of one operation");
        Ok(Random(hasher.update(entropy).finalize_xof()))
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(into);
        Ok(())
    }
}

impl TryCryptoRng for Random {}
