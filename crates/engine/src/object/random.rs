//! Randomness: the system's, or a stream that a seed determines.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use b8g_core::Error;

/// Bytes that one read gives at most.
const READ_BYTES_MAX: usize = 1 << 20;

/// Where random bytes come from.
#[derive(Clone, Debug)]
pub(crate) enum Random {
    /// The system's generator.
    System,
    /// BLAKE3's extendable output, keyed by the seed.
    Seeded(Arc<Mutex<blake3::OutputReader>>),
}

impl Random {
    /// The stream of `seed`.
    pub(crate) fn seeded(seed: u64) -> Random {
        let mut hasher = blake3::Hasher::new_derive_key("b8g 2026 seeded randomness");
        hasher.update(&seed.to_le_bytes());
        Random::Seeded(Arc::new(Mutex::new(hasher.finalize_xof())))
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> Result<i64, Error> {
        let len = into.len().min(READ_BYTES_MAX);
        let into = &mut into[..len];
        match self {
            Random::System => getrandom::fill(into).map_err(|_| Error::Io)?,
            Random::Seeded(stream) => stream.lock().unwrap_or_else(PoisonError::into_inner).fill(into),
        }
        Ok(len as i64)
    }
}

/// The seed of a context's hash tables. It is no secret of the host's and needs no grant: it only keeps who chooses the
/// keys from knowing where they fall.
pub(crate) fn hash_seed(seed: Option<u64>) -> Result<u32, Error> {
    let Some(seed) = seed else { return drawn() };
    let mut bytes = [0; 4];
    let mut hasher = blake3::Hasher::new_derive_key("b8g 2026 seeded hash tables");
    hasher.update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    Ok(u32::from_le_bytes(bytes))
}

/// Seeds that are drawn at a time: a question to the system costs as much as a small part of a context's start.
const DRAWN: usize = 64;

thread_local! {
    static SEEDS: RefCell<Vec<[u8; 4]>> = const { RefCell::new(Vec::new()) };
}

fn drawn() -> Result<u32, Error> {
    SEEDS.with_borrow_mut(|seeds| {
        if seeds.is_empty() {
            let mut bytes = [[0; 4]; DRAWN];
            getrandom::fill(bytes.as_flattened_mut()).map_err(|_| Error::Io)?;
            seeds.extend(bytes);
        }
        seeds.pop().map(u32::from_le_bytes).ok_or(Error::Io)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_the_stream_and_the_system_does_not() {
        let read = |random: Random| {
            let mut bytes = [0; 64];
            assert_eq!(random.read(&mut bytes), Ok(64));
            bytes
        };
        assert_eq!(read(Random::seeded(7)), read(Random::seeded(7)));
        assert_ne!(read(Random::seeded(7)), read(Random::seeded(8)));
        assert_ne!(read(Random::System), read(Random::System));
    }

    #[test]
    fn no_two_contexts_share_a_hash_seed_unless_they_are_told_to() {
        let drawn: std::collections::HashSet<u32> = (0..1000).map(|_| hash_seed(None).unwrap()).collect();
        assert!(drawn.len() > 990, "{}", drawn.len());
        assert_eq!(hash_seed(Some(7)), hash_seed(Some(7)));
        assert_ne!(hash_seed(Some(7)), hash_seed(Some(8)));
    }
}
