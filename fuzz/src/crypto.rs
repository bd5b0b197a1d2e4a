//! What must hold of any request of cryptography, whatever bytes it is made with.
//!
//! Start at [`check`]. An input is a number that says which request, a mode, the argument (8 bytes), the room for the answer (2 bytes),
//! and what the request takes: as it is, or with lengths of two bytes that are made to fit, since no fuzzer guesses those.

use std::cell::Cell;

use b8g_core::Error;
use b8g_core::abi::Request;
use b8g_core::abi::compute::{ENTROPY_BYTES, cipher, format, key, padding};
use b8g_crypto::{Work, compute};

/// What computes, how many words it begins with, and how many parts with a length it has then.
const REQUESTS: [(Request, usize, usize); 15] = [
    (Request::Digest, 0, 0),
    (Request::DigestUpdate, 0, 1),
    (Request::DigestFinish, 0, 1),
    (Request::Mac, 0, 1),
    (Request::Derive, 3, 2),
    (Request::Cipher, 0, 2),
    (Request::GenerateKey, 2, 0),
    (Request::PublicKey, 0, 0),
    (Request::ReadKey, 0, 0),
    (Request::WriteKey, 0, 0),
    (Request::Sign, 0, 2),
    (Request::Verify, 0, 2),
    (Request::Agree, 0, 1),
    (Request::Encrypt, 0, 3),
    (Request::Decrypt, 0, 3),
];

/// How often a request hears that it may go on, and one that is made of its answer.
const STEPS: u32 = 24;
const STEPS_AFTER: u32 = 1000;
/// How often one that looks for primes does: each is a candidate, of up to 4,096 bits.
const PRIMES: u32 = 3;
/// Bytes that a request is given beyond the few KiB which it need not ask for.
const LEASE_BYTES_MAX: u64 = 4 << 20;
/// Room for whatever is made of an answer.
const ROOM: usize = 80 << 10;
/// Bytes of a private key that something is done with again: a longer one, of RSA, takes long.
const KEY_BYTES_MAX: usize = 1400;
const ENTROPY: [u8; ENTROPY_BYTES] = [7; ENTROPY_BYTES];

/// Does a request, and others with its answer.
///
/// # Panics
/// If something does not hold that should.
pub fn check(input: &[u8]) {
    let Some((head, bytes)) = input.split_first_chunk::<12>() else { return };
    let (request, words, parts) = REQUESTS[usize::from(head[0]) % REQUESTS.len()];
    let argument =
        u64::from_le_bytes([head[2], head[3], head[4], head[5], head[6], head[7], head[8], head[9]]);
    let room = usize::from(u16::from_le_bytes([head[10], head[11]]));
    let parts = match (request, argument as u8) {
        (Request::Cipher, cipher::GCM_SEAL | cipher::GCM_OPEN) => 3,
        (
            Request::Cipher,
            cipher::ECB_ENCRYPT | cipher::ECB_DECRYPT | cipher::KW_WRAP | cipher::KW_UNWRAP,
        ) => 1,
        _ => parts,
    };
    let fitted = (head[1] & 1 != 0).then(|| fit(bytes, words, parts));
    let bytes = fitted.as_deref().unwrap_or(bytes);
    let steps = if request == Request::GenerateKey { PRIMES } else { STEPS };
    let answer = ask_within(steps, request, argument, bytes, room);
    let again = ask_within(steps, request, argument, bytes, room);
    assert_eq!(answer, again, "nothing is kept between two operations");
    if let Ok(answer) = answer {
        follow(request, argument, bytes, &answer);
    }
}

/// Gives an input the lengths that its parts have.
fn fit(input: &[u8], words: usize, parts: usize) -> Vec<u8> {
    let (head, mut rest) = input.split_at(input.len().min(words * 4));
    let mut fitted = head.to_vec();
    for _ in 0..parts {
        let (length, behind) = rest.split_first_chunk::<2>().unwrap_or((&[0; 2], &[]));
        let (part, behind) = behind.split_at(behind.len().min(usize::from(u16::from_le_bytes(*length))));
        put(&mut fitted, part);
        rest = behind;
    }
    fitted.extend_from_slice(rest);
    fitted
}

fn put(into: &mut Vec<u8>, part: &[u8]) {
    into.extend_from_slice(&(part.len() as u32).to_le_bytes());
    into.extend_from_slice(part);
}

fn packed(parts: &[&[u8]], rest: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    parts.iter().for_each(|part| put(&mut all, part));
    all.extend_from_slice(rest);
    all
}

/// Takes a part off the front of what was accepted.
fn part<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (length, behind) = rest.split_first_chunk::<4>().expect("a request that was done has its parts");
    let (part, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
    *rest = behind;
    part
}

fn ask(request: Request, argument: u64, input: &[u8], room: usize) -> Result<Vec<u8>, Error> {
    ask_within(STEPS_AFTER, request, argument, input, room)
}

/// Does a request with so much room; what VERIFY answers is a byte.
fn ask_within(
    steps_max: u32,
    request: Request,
    argument: u64,
    input: &[u8],
    room: usize,
) -> Result<Vec<u8>, Error> {
    let steps = Cell::new(0);
    let go_on = || steps.replace(steps.get() + 1) < steps_max;
    let mut memory = |bytes| {
        if bytes <= LEASE_BYTES_MAX { Ok(Box::new(()) as Box<dyn Send>) } else { Err(Error::Limit) }
    };
    let mut out = vec![0; room];
    let answer = compute(request, argument, input, &mut out, &mut Work::new(&go_on, &mut memory));
    match answer {
        Ok(fits) if request == Request::Verify => {
            assert!(fits <= 1);
            Ok(vec![fits as u8])
        }
        Ok(length) => {
            assert!(length <= room, "{request:?} answers {length} bytes in {room}");
            out.truncate(length);
            Ok(out)
        }
        Err(error) => {
            let known = [Error::Argument, Error::Io, Error::Canceled, Error::Limit, Error::NotFound];
            assert!(known.contains(&error), "{request:?}: {error}");
            assert!(error != Error::Canceled || steps.get() > steps_max, "{request:?} was not canceled");
            Err(error)
        }
    }
}

/// Uses an answer.
fn follow(request: Request, argument: u64, input: &[u8], answer: &[u8]) {
    let number = u64::from(argument as u8);
    match request {
        Request::Digest => in_two(argument, input, answer),
        Request::ReadKey => {
            let (told, bytes) = answer.split_at(8);
            assert!(told[4] <= 1);
            written_and_read(u64::from(told[0]), told[4] == 1, bytes);
        }
        Request::WriteKey => {
            let told = ask(Request::ReadKey, number, answer, ROOM).expect("what was written is read");
            assert_eq!(told[0], (argument >> 8) as u8);
        }
        Request::PublicKey => written_and_read(number, false, answer),
        Request::GenerateKey => {
            let _ = public(number, answer);
            written_and_read(number, true, answer);
        }
        Request::Sign => signed(argument, input, answer),
        Request::Encrypt => {
            let key = part(&mut &*input);
            assert!(public_is(number, key), "what was encrypted for is a key");
        }
        Request::Decrypt => decrypted(argument, input, answer),
        Request::Cipher => ciphered(argument, input, answer),
        _ => {}
    }
}

/// A digest is the same from state to state.
fn in_two(argument: u64, input: &[u8], digest: &[u8]) {
    let (first, second) = input.split_at(input.len() / 3);
    let state = ask(Request::DigestUpdate, argument, &packed(&[b""], first), ROOM).expect("a state");
    let finished = ask(Request::DigestFinish, argument, &packed(&[&state], second), ROOM);
    assert_eq!(finished.as_deref(), Ok(digest));
}

fn public(number: u64, private: &[u8]) -> Vec<u8> {
    ask(Request::PublicKey, number, private, ROOM).expect("a private key has a public one")
}

fn public_is(number: u64, key: &[u8]) -> bool {
    ask(Request::PublicKey, number | 256, key, ROOM).is_ok()
}

/// A key that was accepted is written in every format that has a place for it, and read again as the same.
fn written_and_read(number: u64, is_private: bool, bytes: &[u8]) {
    if is_private {
        assert!(public_is(number, &public(number, bytes)));
    } else {
        assert!(public_is(number, bytes));
    }
    let curve = number <= u64::from(key::P521);
    let formats: &[u8] = match is_private {
        false => &[format::SPKI],
        true if curve => &[format::PKCS8, format::SEC1],
        true => &[format::PKCS8],
    };
    for format in formats {
        let argument = u64::from(*format) | number << 8;
        let file = ask(Request::WriteKey, argument, bytes, ROOM).expect("a key can be written");
        let again = ask(Request::ReadKey, u64::from(*format), &file, ROOM).expect("what was written is read");
        assert_eq!((u64::from(again[0]), again[4] == 1), (number, is_private));
        assert_eq!(&again[8..], bytes, "a key is the same in a file");
    }
}

/// What was signed with a key can be verified with its public one; something else cannot.
fn signed(argument: u64, mut input: &[u8], signature: &[u8]) {
    let (private, _entropy) = (part(&mut input), part(&mut input));
    if private.len() > KEY_BYTES_MAX {
        return;
    }
    let public = public(u64::from(argument as u8), private);
    let fits = |bytes: &[u8], signature: &[u8]| {
        ask(Request::Verify, argument, &packed(&[&public, signature], bytes), 0)
    };
    assert_eq!(fits(input, signature), Ok(vec![1]), "a signature fits");
    let mut bent = signature.to_vec();
    bent[signature.len() / 2] ^= 1;
    assert_eq!(fits(input, &bent), Ok(vec![0]), "another does not");
}

/// What can be decrypted can be encrypted for the same key, and is the same again.
fn decrypted(argument: u64, mut input: &[u8], clear: &[u8]) {
    let [private, label, _entropy] = [(); 3].map(|()| part(&mut input));
    if private.len() > KEY_BYTES_MAX {
        return;
    }
    let public = public(u64::from(argument as u8), private);
    let sealed = ask(Request::Encrypt, argument, &packed(&[&public, label, &ENTROPY], clear), ROOM);
    match sealed {
        Ok(sealed) => {
            let again = ask(Request::Decrypt, argument, &packed(&[private, label, &ENTROPY], &sealed), ROOM);
            assert_eq!(again.as_deref(), Ok(clear));
        }
        // What was padded wrongly is something of any length.
        Err(_) => assert_eq!((argument >> 16) as u8, padding::PKCS1),
    }
}

/// What is encrypted is decrypted to the same by the opposite.
fn ciphered(argument: u64, input: &[u8], answer: &[u8]) {
    let (opposite, parts) = match argument as u8 {
        cipher::CBC_ENCRYPT => (cipher::CBC_DECRYPT, 2),
        cipher::CBC_DECRYPT => (cipher::CBC_ENCRYPT, 2),
        cipher::ECB_ENCRYPT => (cipher::ECB_DECRYPT, 1),
        cipher::ECB_DECRYPT => (cipher::ECB_ENCRYPT, 1),
        cipher::CTR => (cipher::CTR, 2),
        cipher::GCM_SEAL => (cipher::GCM_OPEN, 3),
        cipher::GCM_OPEN => (cipher::GCM_SEAL, 3),
        cipher::GCM_ENCRYPT => return streamed(argument, input, answer),
        cipher::KW_WRAP => (cipher::KW_UNWRAP, 1),
        cipher::KW_UNWRAP => (cipher::KW_WRAP, 1),
        _ => return,
    };
    let mut clear = input;
    for _ in 0..parts {
        part(&mut clear);
    }
    let head = &input[..input.len() - clear.len()];
    let argument = argument & !0xff | u64::from(opposite);
    let back = ask(Request::Cipher, argument, &[head, answer].concat(), ROOM);
    assert_eq!(back.as_deref(), Ok(clear));
}

fn streamed(argument: u64, input: &[u8], answer: &[u8]) {
    let mut clear = input;
    let (key, state) = (part(&mut clear), part(&mut clear));
    let (sealed, after) = answer.split_at(clear.len());
    let argument = argument & !0xff | u64::from(cipher::GCM_DECRYPT);
    let back = ask(Request::Cipher, argument, &packed(&[key, state], sealed), ROOM).expect("it is decrypted");
    assert_eq!(back, [clear, after].concat());
}
