//! Scrypt, as RFC 7914 has it. Its memory is asked for before it is taken, and it can be stopped in every part: that is why it is
//! written out here.

use b8g_core::Error;

use crate::Work;
use crate::derive::pbkdf2_once;

/// How dear it is: memory is 128 × `n` × `r` bytes, time that × `p`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) n: u32,
    pub(crate) r: u32,
    pub(crate) p: u32,
}

/// Words of a block of Salsa20.
const WORDS: usize = 16;
/// The RFC's bound of `r` × `p`.
const RP_MAX: u64 = (1 << 30) - 1;
/// Bytes that are mixed between two questions whether to go on.
const STEP_BYTES: usize = 256 << 10;

/// Derives as many bytes as there is room for.
///
/// # Errors
/// [`Error::Argument`] for a cost that is none; [`Error::Limit`] when there is not as much memory.
pub(crate) fn derive(
    cost: Cost,
    password: &[u8],
    salt: &[u8],
    out: &mut [u8],
    work: &mut Work<'_>,
) -> Result<(), Error> {
    let Cost { n, r, p } = cost;
    let few = u64::from(r) * u64::from(p) <= RP_MAX;
    if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 || !few {
        return Err(Error::Argument);
    }
    let block_bytes = 128 * u64::from(r);
    let all = block_bytes.checked_mul(u64::from(n) + u64::from(p) + 2).ok_or(Error::Limit)?;
    let _lease = (work.memory)(all)?;
    let block_words = r as usize * 2 * WORDS;
    let mut bytes = vec![0; block_words * 4 * p as usize];
    pbkdf2_once(password, salt, &mut bytes, work)?;
    let mut table = vec![0u32; block_words * n as usize];
    let mut block = vec![0u32; block_words];
    let mut spare = vec![0u32; block_words];
    for bytes in bytes.chunks_exact_mut(block_words * 4) {
        for (word, bytes) in block.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        mix(&mut block, &mut spare, &mut table, work)?;
        for (word, bytes) in block.iter().zip(bytes.chunks_exact_mut(4)) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
    }
    pbkdf2_once(password, &bytes, out, work)
}

/// ROMix: fills the table with what the block becomes, then mixes it with what lies where its own last words say.
fn mix(block: &mut [u32], spare: &mut [u32], table: &mut [u32], work: &Work<'_>) -> Result<(), Error> {
    let words = block.len();
    let each = (STEP_BYTES / (words * 4)).max(1);
    for (number, row) in table.chunks_exact_mut(words).enumerate() {
        if number % each == 0 {
            work.step()?;
        }
        row.copy_from_slice(block);
        mix_block(block, spare);
    }
    let rows = table.len() / words;
    for number in 0..rows {
        if number % each == 0 {
            work.step()?;
        }
        let row = block[words - WORDS] as usize % rows * words;
        block.iter_mut().zip(&table[row..row + words]).for_each(|(word, other)| *word ^= other);
        mix_block(block, spare);
    }
    Ok(())
}

/// BlockMix: Salsa20/8 from part to part, then the even parts before the odd ones.
fn mix_block(block: &mut [u32], spare: &mut [u32]) {
    let mut last = [0; WORDS];
    last.copy_from_slice(&block[block.len() - WORDS..]);
    let half = spare.len() / 2;
    for (number, part) in block.chunks_exact(WORDS).enumerate() {
        last.iter_mut().zip(part).for_each(|(word, other)| *word ^= other);
        salsa20_8(&mut last);
        let at = number / 2 * WORDS + number % 2 * half;
        spare[at..at + WORDS].copy_from_slice(&last);
    }
    block.copy_from_slice(spare);
}

fn salsa20_8(block: &mut [u32; WORDS]) {
    let mut x = *block;
    let mut quarter = |a: usize, b: usize, c: usize, d: usize| {
        x[b] ^= x[a].wrapping_add(x[d]).rotate_left(7);
        x[c] ^= x[b].wrapping_add(x[a]).rotate_left(9);
        x[d] ^= x[c].wrapping_add(x[b]).rotate_left(13);
        x[a] ^= x[d].wrapping_add(x[c]).rotate_left(18);
    };
    for _ in 0..4 {
        quarter(0, 4, 8, 12);
        quarter(5, 9, 13, 1);
        quarter(10, 14, 2, 6);
        quarter(15, 3, 7, 11);
        quarter(0, 1, 2, 3);
        quarter(5, 6, 7, 4);
        quarter(10, 11, 8, 9);
        quarter(15, 12, 13, 14);
    }
    block.iter_mut().zip(x).for_each(|(word, mixed)| *word = word.wrapping_add(mixed));
}
