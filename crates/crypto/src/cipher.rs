//! AES: CBC, CTR, ECB and key wrap. GCM is in [`crate::gcm`].
//!
//! Padding is the caller's affair: everything here is whole blocks but CTR.

use aes::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser,
    InnerIvInit, KeyInit, StreamCipher, consts::U16,
};
use aes_kw::{AesKw, InnerInit};
use b8g_core::Error;
use b8g_core::abi::compute::cipher;
use ctr::CtrCore;

use crate::parts::Parts;
use crate::{PIECE_BYTES, Work, byte, gcm};

/// Bytes of a block.
pub(crate) const BLOCK: usize = 16;

pub(crate) type Block = Array<u8, U16>;

/// What modes need of AES, whatever the length of its key.
pub(crate) trait Aes:
    BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + KeyInit + Clone
{
}
impl<A: BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + KeyInit + Clone> Aes
    for A
{
}

/// Does what the argument says with the AES of the key's length.
pub(crate) fn cipher(argument: u64, input: &[u8], out: &mut [u8], work: &Work<'_>) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let key = parts.part()?;
    let what = (byte(argument, 0), byte(argument, 8));
    match key.len() {
        16 => with::<aes::Aes128>(what, key, parts, out, work),
        24 => with::<aes::Aes192>(what, key, parts, out, work),
        32 => with::<aes::Aes256>(what, key, parts, out, work),
        _ => Err(Error::Argument),
    }
}

fn with<A: Aes>(
    (what, number): (u8, u8),
    key: &[u8],
    mut parts: Parts<'_>,
    out: &mut [u8],
    work: &Work<'_>,
) -> Result<usize, Error> {
    let aes = A::new_from_slice(key).map_err(|_| Error::Argument)?;
    match what {
        cipher::CBC_ENCRYPT => {
            let mut mode = cbc::Encryptor::<A>::inner_iv_init(aes, parts.exactly::<BLOCK>()?.into());
            blocks(parts.0, out, work, |blocks| mode.encrypt_blocks(blocks))
        }
        cipher::CBC_DECRYPT => {
            let mut mode = cbc::Decryptor::<A>::inner_iv_init(aes, parts.exactly::<BLOCK>()?.into());
            blocks(parts.0, out, work, |blocks| mode.decrypt_blocks(blocks))
        }
        cipher::ECB_ENCRYPT => blocks(parts.0, out, work, |blocks| aes.encrypt_blocks(blocks)),
        cipher::ECB_DECRYPT => blocks(parts.0, out, work, |blocks| aes.decrypt_blocks(blocks)),
        cipher::CTR => counter(&aes, parts.exactly()?, number, parts.0, out, work),
        cipher::KW_WRAP => {
            if parts.0.len() < BLOCK || !parts.0.len().is_multiple_of(8) {
                return Err(Error::Argument);
            }
            let wrapped = AesKw::<A>::inner_init(aes).wrap_key(parts.0, out).map_err(|_| Error::Argument)?;
            Ok(wrapped.len())
        }
        cipher::KW_UNWRAP => {
            if parts.0.len() < 24 || !parts.0.len().is_multiple_of(8) || out.len() < parts.0.len() - 8 {
                return Err(Error::Argument);
            }
            match AesKw::<A>::inner_init(aes).unwrap_key(parts.0, out) {
                Ok(key) => Ok(key.len()),
                Err(_) => {
                    out.fill(0);
                    Err(Error::Io)
                }
            }
        }
        _ => gcm::gcm(&aes, what, number, parts, out, work),
    }
}

/// Copies whole blocks to where the answer goes, and does something with them there.
fn blocks(
    input: &[u8],
    out: &mut [u8],
    work: &Work<'_>,
    mut each: impl FnMut(&mut [Block]),
) -> Result<usize, Error> {
    if !input.len().is_multiple_of(BLOCK) {
        return Err(Error::Argument);
    }
    let out = out.get_mut(..input.len()).ok_or(Error::Argument)?;
    for (piece, from) in out.chunks_mut(PIECE_BYTES).zip(input.chunks(PIECE_BYTES)) {
        work.step()?;
        piece.copy_from_slice(from);
        each(Array::slice_as_chunks_mut(piece).0);
    }
    Ok(input.len())
}

/// CTR with a counter of so many bits at the end of its block; the rest stays when it overflows.
fn counter<A: Aes>(
    aes: &A,
    block: &[u8; BLOCK],
    bits: u8,
    input: &[u8],
    out: &mut [u8],
    work: &Work<'_>,
) -> Result<usize, Error> {
    if !(1..=128).contains(&bits) {
        return Err(Error::Argument);
    }
    let start = u128::from_be_bytes(*block);
    let mask = u128::MAX >> (128 - u32::from(bits));
    let needed = input.len().div_ceil(BLOCK) as u128;
    // No block of the key stream is used twice.
    if needed != 0 && needed - 1 > mask {
        return Err(Error::Argument);
    }
    let out = out.get_mut(..input.len()).ok_or(Error::Argument)?;
    out.copy_from_slice(input);
    // Until the counter begins anew; the blocks before that are one more than what is left of it.
    let left = (mask - (start & mask)).saturating_add(1);
    let first = usize::try_from(left.saturating_mul(BLOCK as u128)).unwrap_or(usize::MAX).min(out.len());
    let (before, behind) = out.split_at_mut(first);
    key_stream(aes, start, before, work)?;
    key_stream(aes, start & !mask, behind, work)?;
    Ok(input.len())
}

/// Adds the key stream that begins with this block.
fn key_stream<A: Aes>(aes: &A, start: u128, bytes: &mut [u8], work: &Work<'_>) -> Result<(), Error> {
    let mut stream =
        ctr::Ctr128BE::<A>::from_core(CtrCore::inner_iv_init(aes.clone(), &start.to_be_bytes().into()));
    for piece in bytes.chunks_mut(PIECE_BYTES) {
        work.step()?;
        stream.try_apply_keystream(piece).map_err(|_| Error::Argument)?;
    }
    Ok(())
}
