//! Hash functions, whole and from state to state.
//!
//! A state is what the function's own crate serialises; one that it refuses is an error, one that it takes is as good as any, since
//! all it leads to is a digest.

use b8g_core::Error;
use b8g_core::abi::compute::hash;
use digest::common::hazmat::{SerializableState, SerializedState};
use digest::{Digest, FixedOutputReset};

use crate::parts::Parts;
use crate::{PIECE_BYTES, Work, byte, give};

/// Does something with the type of the hash function that `$number` names.
macro_rules! with_hash {
    ($number:expr, $Hash:ident => $do:expr) => {
        match $number {
            b8g_core::abi::compute::hash::SHA1 => {
                type $Hash = sha1::Sha1;
                $do
            }
            b8g_core::abi::compute::hash::SHA224 => {
                type $Hash = sha2::Sha224;
                $do
            }
            b8g_core::abi::compute::hash::SHA256 => {
                type $Hash = sha2::Sha256;
                $do
            }
            b8g_core::abi::compute::hash::SHA384 => {
                type $Hash = sha2::Sha384;
                $do
            }
            b8g_core::abi::compute::hash::SHA512 => {
                type $Hash = sha2::Sha512;
                $do
            }
            b8g_core::abi::compute::hash::SHA512_224 => {
                type $Hash = sha2::Sha512_224;
                $do
            }
            b8g_core::abi::compute::hash::SHA512_256 => {
                type $Hash = sha2::Sha512_256;
                $do
            }
            b8g_core::abi::compute::hash::SHA3_224 => {
                type $Hash = sha3::Sha3_224;
                $do
            }
            b8g_core::abi::compute::hash::SHA3_256 => {
                type $Hash = sha3::Sha3_256;
                $do
            }
            b8g_core::abi::compute::hash::SHA3_384 => {
                type $Hash = sha3::Sha3_384;
                $do
            }
            b8g_core::abi::compute::hash::SHA3_512 => {
                type $Hash = sha3::Sha3_512;
                $do
            }
            b8g_core::abi::compute::hash::MD5 => {
                type $Hash = md5::Md5;
                $do
            }
            _ => Err(b8g_core::Error::Argument),
        }
    };
}
pub(crate) use with_hash;

/// Hashes bytes.
pub(crate) fn digest(argument: u64, input: &[u8], out: &mut [u8], work: &Work<'_>) -> Result<usize, Error> {
    if byte(argument, 0) == hash::CRC32 {
        return give(&crc32(0, input, work)?.to_be_bytes(), out);
    }
    give(&digest_of(byte(argument, 0), input, work)?, out)
}

/// As [`digest`], for the crate itself.
pub(crate) fn digest_of(number: u8, input: &[u8], work: &Work<'_>) -> Result<Vec<u8>, Error> {
    with_hash!(number, Hash => {
        let mut hasher = Hash::new();
        absorb(&mut hasher, input, work)?;
        Ok(hasher.finalize().to_vec())
    })
}

/// Goes on from a state to the next.
pub(crate) fn update(argument: u64, input: &[u8], out: &mut [u8], work: &Work<'_>) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let state = parts.part()?;
    if byte(argument, 0) == hash::CRC32 {
        return give(&crc32(crc32_state(state)?, parts.0, work)?.to_be_bytes(), out);
    }
    with_hash!(byte(argument, 0), Hash => {
        let mut hasher = restore::<Hash>(state)?;
        absorb(&mut hasher, parts.0, work)?;
        give(&hasher.serialize(), out)
    })
}

/// Goes on from a state to the digest.
pub(crate) fn finish(argument: u64, input: &[u8], out: &mut [u8], work: &Work<'_>) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let state = parts.part()?;
    if byte(argument, 0) == hash::CRC32 {
        return give(&crc32(crc32_state(state)?, parts.0, work)?.to_be_bytes(), out);
    }
    with_hash!(byte(argument, 0), Hash => {
        let mut hasher = restore::<Hash>(state)?;
        absorb(&mut hasher, parts.0, work)?;
        give(&hasher.finalize(), out)
    })
}

fn restore<H: Digest + SerializableState>(state: &[u8]) -> Result<H, Error> {
    if state.is_empty() {
        return Ok(H::new());
    }
    let state = <&SerializedState<H>>::try_from(state).map_err(|_| Error::Argument)?;
    H::deserialize(state).map_err(|_| Error::Argument)
}

fn absorb(hasher: &mut impl Digest, input: &[u8], work: &Work<'_>) -> Result<(), Error> {
    for piece in input.chunks(PIECE_BYTES) {
        work.step()?;
        hasher.update(piece);
    }
    Ok(())
}

fn crc32_state(state: &[u8]) -> Result<u32, Error> {
    match state {
        [] => Ok(0),
        state => state.try_into().map(u32::from_be_bytes).map_err(|_| Error::Argument),
    }
}

fn crc32(from: u32, input: &[u8], work: &Work<'_>) -> Result<u32, Error> {
    let mut hasher = crc32fast::Hasher::new_with_initial(from);
    for piece in input.chunks(PIECE_BYTES) {
        work.step()?;
        hasher.update(piece);
    }
    Ok(hasher.finalize())
}

/// What the paddings of RSA need of a hash function.
pub(crate) trait Hasher: Digest + FixedOutputReset {}
impl<H: Digest + FixedOutputReset> Hasher for H {}
