//! GCM over AES, as NIST SP 800-38D has it: whole, and from state to state.
//!
//! It is put together of CTR and GHASH, because the crate that does so has neither tags of every length nor a state that could
//! leave it. Invariant: GCM_OPEN writes nothing that did not fit its tag.

use aes::cipher::{InnerIvInit, StreamCipher};
use b8g_core::Error;
use b8g_core::abi::compute::cipher;
use ctr::CtrCore;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use subtle::ConstantTimeEq;

use crate::cipher::{Aes, BLOCK, Block};
use crate::parts::Parts;
use crate::{Work, give};

/// Bytes that are encrypted and authenticated at a time, small enough to stay near.
const PIECE_BYTES: usize = 16 << 10;
/// Bytes that one IV serves for at most: 2^32 - 2 blocks.
const DATA_BYTES_MAX: u64 = ((1 << 32) - 2) * BLOCK as u64;
const STATE_BYTES: usize = 64;

/// Does one of the operations whose name begins with GCM.
pub(crate) fn gcm<A: Aes>(
    aes: &A,
    what: u8,
    tag_bytes: u8,
    mut parts: Parts<'_>,
    out: &mut [u8],
    work: &Work<'_>,
) -> Result<usize, Error> {
    let tag_bytes = usize::from(tag_bytes);
    match what {
        cipher::GCM_SEAL => {
            let mut gcm = Gcm::start(aes, parts.part()?, parts.part()?, work)?;
            check_tag(tag_bytes)?;
            let (sealed, tag) = split(out, parts.0.len(), tag_bytes)?;
            gcm.encrypt(parts.0, sealed, work)?;
            tag.copy_from_slice(&gcm.tag()[..tag_bytes]);
            Ok(parts.0.len() + tag_bytes)
        }
        cipher::GCM_OPEN => {
            let gcm = Gcm::start(aes, parts.part()?, parts.part()?, work)?;
            check_tag(tag_bytes)?;
            let length = parts.0.len().checked_sub(tag_bytes).ok_or(Error::Io)?;
            let (sealed, tag) = parts.0.split_at(length);
            let opened = out.get_mut(..length).ok_or(Error::Argument)?;
            let mut check = gcm.clone();
            check.authenticate(sealed, work)?;
            if !bool::from(check.tag()[..tag_bytes].ct_eq(tag)) {
                return Err(Error::Io);
            }
            gcm.key_stream(sealed, opened, work)?;
            Ok(length)
        }
        cipher::GCM_START => give(&Gcm::start(aes, parts.part()?, parts.0, work)?.state(), out),
        cipher::GCM_ENCRYPT | cipher::GCM_DECRYPT => {
            let mut gcm = Gcm::go_on(aes, parts.exactly()?)?;
            let (done, state) = split(out, parts.0.len(), STATE_BYTES)?;
            if what == cipher::GCM_ENCRYPT {
                gcm.encrypt(parts.0, done, work)?;
            } else {
                gcm.decrypt(parts.0, done, work)?;
            }
            state.copy_from_slice(&gcm.state());
            Ok(parts.0.len() + STATE_BYTES)
        }
        cipher::GCM_TAG => give(&Gcm::go_on(aes, parts.exactly()?)?.tag(), out),
        _ => Err(Error::Argument),
    }
}

fn check_tag(bytes: usize) -> Result<(), Error> {
    if matches!(bytes, 4 | 8 | 12..=16) { Ok(()) } else { Err(Error::Argument) }
}

/// Room for bytes, and for others behind them.
fn split(out: &mut [u8], bytes: usize, behind: usize) -> Result<(&mut [u8], &mut [u8]), Error> {
    let all = bytes.checked_add(behind).ok_or(Error::Argument)?;
    Ok(out.get_mut(..all).ok_or(Error::Argument)?.split_at_mut(bytes))
}

#[derive(Clone)]
struct Gcm<'a, A> {
    aes: &'a A,
    hash_key: Block,
    /// The first counter block, which the tag is encrypted with.
    first: [u8; BLOCK],
    /// What GHASH is at after the last whole block.
    sum: [u8; BLOCK],
    /// What of the last block was encrypted, the rest 0.
    partial: [u8; BLOCK],
    associated_bytes: u64,
    data_bytes: u64,
}

impl<'a, A: Aes> Gcm<'a, A> {
    fn with_key(aes: &'a A) -> Gcm<'a, A> {
        let mut hash_key = Block::default();
        aes.encrypt_block(&mut hash_key);
        let zero = [0; BLOCK];
        Gcm { aes, hash_key, first: zero, sum: zero, partial: zero, associated_bytes: 0, data_bytes: 0 }
    }

    fn start(aes: &'a A, iv: &[u8], associated: &[u8], work: &Work<'_>) -> Result<Gcm<'a, A>, Error> {
        let mut gcm = Gcm::with_key(aes);
        match iv.len() {
            0 => return Err(Error::Argument),
            12 => {
                gcm.first[..12].copy_from_slice(iv);
                gcm.first[15] = 1;
            }
            length => {
                gcm.absorb(iv, work)?;
                gcm.absorb(&(length as u128 * 8).to_be_bytes(), work)?;
                gcm.first = gcm.sum;
                gcm.sum = [0; BLOCK];
            }
        }
        gcm.absorb(associated, work)?;
        gcm.associated_bytes = associated.len() as u64;
        Ok(gcm)
    }

    fn go_on(aes: &'a A, state: &[u8; STATE_BYTES]) -> Result<Gcm<'a, A>, Error> {
        let mut gcm = Gcm::with_key(aes);
        for (at, field) in [&mut gcm.first, &mut gcm.sum, &mut gcm.partial].into_iter().enumerate() {
            field.copy_from_slice(&state[at * BLOCK..][..BLOCK]);
        }
        let word = |at: usize| state[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
        (gcm.associated_bytes, gcm.data_bytes) = (word(48), word(56));
        // A state that nobody gave could lead beyond what can be counted.
        if gcm.associated_bytes >> 61 != 0 || gcm.data_bytes > DATA_BYTES_MAX {
            return Err(Error::Argument);
        }
        Ok(gcm)
    }

    fn state(&self) -> [u8; STATE_BYTES] {
        let mut state = [0; STATE_BYTES];
        for (at, field) in [self.first, self.sum, self.partial].iter().enumerate() {
            state[at * BLOCK..][..BLOCK].copy_from_slice(field);
        }
        state[48..56].copy_from_slice(&self.associated_bytes.to_le_bytes());
        state[56..].copy_from_slice(&self.data_bytes.to_le_bytes());
        state
    }

    /// Takes bytes into the sum, the last block filled with 0.
    fn absorb(&mut self, bytes: &[u8], work: &Work<'_>) -> Result<(), Error> {
        for piece in bytes.chunks(PIECE_BYTES) {
            work.step()?;
            // The sum so far belongs to the first block: the hash of what follows is linear in it.
            let mut hash = GHash::new(&self.hash_key);
            let (head, rest) = piece.split_at(piece.len().min(BLOCK));
            let mut block = Block::from(self.sum);
            block.iter_mut().zip(head).for_each(|(sum, byte)| *sum ^= byte);
            hash.update(&[block]);
            hash.update_padded(rest);
            self.sum = hash.finalize().into();
        }
        Ok(())
    }

    /// Takes encrypted bytes into the sum; a part of a block waits for the rest of it.
    fn authenticate(&mut self, bytes: &[u8], work: &Work<'_>) -> Result<(), Error> {
        let total = self.data_bytes.checked_add(bytes.len() as u64).filter(|all| *all <= DATA_BYTES_MAX);
        let at = (self.data_bytes % BLOCK as u64) as usize;
        self.data_bytes = total.ok_or(Error::Limit)?;
        let (head, rest) = bytes.split_at(if at == 0 { 0 } else { bytes.len().min(BLOCK - at) });
        self.partial[at..at + head.len()].copy_from_slice(head);
        if at != 0 && at + head.len() == BLOCK {
            let whole = std::mem::take(&mut self.partial);
            self.absorb(&whole, work)?;
        }
        let (whole, tail) = rest.split_at(rest.len() - rest.len() % BLOCK);
        self.absorb(whole, work)?;
        self.partial[..tail.len()].copy_from_slice(tail);
        Ok(())
    }

    /// Adds the key stream from where the data is.
    fn key_stream(&self, from: &[u8], into: &mut [u8], work: &Work<'_>) -> Result<(), Error> {
        let blocks = (self.data_bytes / BLOCK as u64) as u32;
        let mut block = self.first;
        let counter = u32::from_be_bytes([block[12], block[13], block[14], block[15]]);
        block[12..].copy_from_slice(&counter.wrapping_add(1).wrapping_add(blocks).to_be_bytes());
        let mut stream =
            ctr::Ctr32BE::<A>::from_core(CtrCore::inner_iv_init(self.aes.clone(), &block.into()));
        let mut skipped = [0; BLOCK];
        let skipped = &mut skipped[..(self.data_bytes % BLOCK as u64) as usize];
        stream.try_apply_keystream(skipped).map_err(|_| Error::Argument)?;
        for (piece, from) in into.chunks_mut(PIECE_BYTES).zip(from.chunks(PIECE_BYTES)) {
            work.step()?;
            piece.copy_from_slice(from);
            stream.try_apply_keystream(piece).map_err(|_| Error::Limit)?;
        }
        Ok(())
    }

    fn encrypt(&mut self, from: &[u8], into: &mut [u8], work: &Work<'_>) -> Result<(), Error> {
        for (from, into) in from.chunks(PIECE_BYTES).zip(into.chunks_mut(PIECE_BYTES)) {
            self.key_stream(from, into, work)?;
            self.authenticate(into, work)?;
        }
        Ok(())
    }

    fn decrypt(&mut self, from: &[u8], into: &mut [u8], work: &Work<'_>) -> Result<(), Error> {
        for (from, into) in from.chunks(PIECE_BYTES).zip(into.chunks_mut(PIECE_BYTES)) {
            self.key_stream(from, into, work)?;
            self.authenticate(from, work)?;
        }
        Ok(())
    }

    fn tag(&self) -> [u8; BLOCK] {
        let mut hash = GHash::new(&self.hash_key);
        let mut block = Block::from(self.sum);
        if !self.data_bytes.is_multiple_of(BLOCK as u64) {
            block.iter_mut().zip(self.partial).for_each(|(sum, byte)| *sum ^= byte);
            hash.update(&[block]);
            block = Block::default();
        }
        let lengths = u128::from(self.associated_bytes * 8) << 64 | u128::from(self.data_bytes * 8);
        block.iter_mut().zip(lengths.to_be_bytes()).for_each(|(sum, byte)| *sum ^= byte);
        hash.update(&[block]);
        let mut tag: [u8; BLOCK] = hash.finalize().into();
        let mut mask = Block::from(self.first);
        self.aes.encrypt_block(&mut mask);
        tag.iter_mut().zip(mask).for_each(|(tag, byte)| *tag ^= byte);
        tag
    }
}
