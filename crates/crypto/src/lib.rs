//! Cryptography for components. Start reading at [`compute`]: one operation, from bytes to bytes.
//!
//! The algorithms are those of others, well-kept crates of one generation; here is how they are asked for, and what of it takes long
//! is done in pieces, between which [`Work`] tells whether to go on. Invariants: nothing is kept between two operations; there is
//! no clock, no randomness and no file (who needs random bytes passes them); whatever bytes come in, an answer goes out.

#![forbid(unsafe_code)]

mod cipher;
mod curve;
mod derive;
mod exchange25519;
mod gcm;
mod hash;
mod keyfile;
mod mac;
mod parts;
mod random;
mod rsa;
mod scrypt;
mod sign;

use b8g_core::Error;
use b8g_core::abi::Request;

/// What an operation may use of its surroundings.
pub struct Work<'a> {
    go_on: &'a dyn Fn() -> bool,
    memory: &'a mut dyn FnMut(u64) -> Result<Box<dyn Send>, Error>,
}

/// Bytes that are worked on between two questions whether to go on: some 100 microseconds of the slowest.
const PIECE_BYTES: usize = 64 << 10;

impl<'a> Work<'a> {
    /// `go_on` is asked every few milliseconds, `memory` before more than a few KiB are taken; what it gives is kept as long as
    /// the memory is.
    pub fn new(
        go_on: &'a dyn Fn() -> bool,
        memory: &'a mut dyn FnMut(u64) -> Result<Box<dyn Send>, Error>,
    ) -> Work<'a> {
        Work { go_on, memory }
    }

    fn step(&self) -> Result<(), Error> {
        if (self.go_on)() { Ok(()) } else { Err(Error::Canceled) }
    }
}

impl std::fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Work")
    }
}

/// Does one of the requests that compute; answers the bytes that it wrote to `out`, or what the request answers else.
///
/// # Errors
/// [`Error::Argument`] for what is not of the form that the request takes, and when there is too little room; [`Error::Io`] for bytes
/// that do not fit their key; [`Error::Canceled`] when `work` says not to go on; [`Error::Type`] for other requests.
pub fn compute(
    request: Request,
    argument: u64,
    input: &[u8],
    out: &mut [u8],
    work: &mut Work<'_>,
) -> Result<usize, Error> {
    match request {
        Request::Digest => hash::digest(argument, input, out, work),
        Request::DigestUpdate => hash::update(argument, input, out, work),
        Request::DigestFinish => hash::finish(argument, input, out, work),
        Request::Mac => mac::mac(argument, input, out, work),
        Request::Derive => derive::derive(argument, input, out, work),
        Request::Cipher => cipher::cipher(argument, input, out, work),
        Request::GenerateKey => sign::generate(argument, input, out, work),
        Request::PublicKey => sign::public_key(argument, input, out),
        Request::ReadKey => keyfile::read(argument, input, out),
        Request::WriteKey => keyfile::write(argument, input, out),
        Request::Sign => sign::sign(argument, input, out, work),
        Request::Verify => sign::verify(argument, input, work),
        Request::Agree => sign::agree(argument, input, out),
        Request::Encrypt => rsa::encrypt(argument, input, out),
        Request::Decrypt => rsa::decrypt(argument, input, out),
        _ => Err(Error::Type),
    }
}

/// The byte of an argument that begins at this bit.
fn byte(argument: u64, bit: u32) -> u8 {
    (argument >> bit) as u8
}

/// Writes what is told; answers its length.
fn give(bytes: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    out.get_mut(..bytes.len()).ok_or(Error::Argument)?.copy_from_slice(bytes);
    Ok(bytes.len())
}
