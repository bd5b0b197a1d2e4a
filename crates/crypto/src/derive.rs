//! Bytes derived from keys and passwords: HKDF, PBKDF2, scrypt.

use b8g_core::Error;
use b8g_core::abi::compute::{hash, kdf};
use hkdf::SimpleHkdf;
use hmac::{KeyInit, Mac, SimpleHmac};

use crate::hash::with_hash;
use crate::parts::Parts;
use crate::scrypt::{self, Cost};
use crate::{Work, byte};

/// Iterations of PBKDF2 between two questions whether to go on.
const ITERATIONS: u32 = 512;

/// Derives as many bytes as there is room for.
pub(crate) fn derive(
    argument: u64,
    input: &[u8],
    out: &mut [u8],
    work: &mut Work<'_>,
) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let [cost, block, parallelism] = [parts.word()?, parts.word()?, parts.word()?];
    let (secret, salt) = (parts.part()?, parts.part()?);
    let number = byte(argument, 8);
    match byte(argument, 0) {
        kdf::HKDF => with_hash!(number, Hash => {
            let derived = SimpleHkdf::<Hash>::new(Some(salt), secret).expand(parts.0, out);
            derived.map(|()| out.len()).map_err(|_| Error::Argument)
        }),
        kdf::PBKDF2 => {
            pbkdf2(number, cost, secret, salt, out, work)?;
            Ok(out.len())
        }
        kdf::SCRYPT => {
            scrypt::derive(Cost { n: cost, r: block, p: parallelism }, secret, salt, out, work)?;
            Ok(out.len())
        }
        _ => Err(Error::Argument),
    }
}

/// PBKDF2 with HMAC, as RFC 8018 has it.
pub(crate) fn pbkdf2(
    number: u8,
    iterations: u32,
    password: &[u8],
    salt: &[u8],
    out: &mut [u8],
    work: &Work<'_>,
) -> Result<(), Error> {
    if iterations == 0 {
        return Err(Error::Argument);
    }
    with_hash!(number, Hash => blocks::<SimpleHmac<Hash>>(iterations, password, salt, out, work))
}

/// The same with one iteration of HMAC-SHA-256, which scrypt begins and ends with.
pub(crate) fn pbkdf2_once(
    password: &[u8],
    salt: &[u8],
    out: &mut [u8],
    work: &Work<'_>,
) -> Result<(), Error> {
    pbkdf2(hash::SHA256, 1, password, salt, out, work)
}

fn blocks<M: Mac + KeyInit + Clone>(
    iterations: u32,
    password: &[u8],
    salt: &[u8],
    out: &mut [u8],
    work: &Work<'_>,
) -> Result<(), Error> {
    let keyed = <M as KeyInit>::new_from_slice(password).map_err(|_| Error::Argument)?;
    let salted = keyed.clone().chain_update(salt);
    let mut left = 0;
    for (block, number) in out.chunks_mut(M::output_size()).zip(1u32..) {
        let mut last = salted.clone().chain_update(number.to_be_bytes()).finalize().into_bytes();
        let mut sum = last.clone();
        for _ in 1..iterations {
            if left == 0 {
                work.step()?;
                left = ITERATIONS;
            }
            left -= 1;
            last = keyed.clone().chain_update(&last).finalize().into_bytes();
            sum.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
        }
        if left == 0 {
            work.step()?;
            left = ITERATIONS;
        }
        left -= 1;
        block.copy_from_slice(&sum[..block.len()]);
    }
    Ok(())
}
