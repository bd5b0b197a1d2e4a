//! Keys of every type: making them, signing, verifying, agreeing.

use b8g_core::Error;
use b8g_core::abi::compute::{key, sign as flags};

use crate::hash::digest_of;
use crate::parts::Parts;
use crate::random::Random;
use crate::rsa::Form;
use crate::{Work, byte, curve, exchange25519, give, rsa};

/// In the argument of PUBLIC_KEY: it is a public key already.
const IS_PUBLIC: u64 = 256;

/// Does something with the type of the curve that `$number` names, something else for other keys.
macro_rules! with_curve {
    ($number:expr, $Curve:ident => $do:expr, $other:expr) => {
        match $number {
            key::P256 => {
                type $Curve = p256::NistP256;
                $do
            }
            key::P384 => {
                type $Curve = p384::NistP384;
                $do
            }
            key::P521 => {
                type $Curve = p521::NistP521;
                $do
            }
            _ => $other,
        }
    };
}

/// Makes a private key.
pub(crate) fn generate(argument: u64, input: &[u8], out: &mut [u8], work: &Work<'_>) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let (bits, exponent) = (parts.word()?, parts.word()?);
    let random = &mut Random::of(parts.0)?;
    let number = u8::try_from(argument).map_err(|_| Error::Argument)?;
    let made = with_curve!(number, Curve => curve::generate::<Curve>(random), match number {
        key::ED25519 | key::X25519 => {
            let mut bytes = [0; 32];
            rand_core::Rng::fill_bytes(random, &mut bytes);
            bytes.to_vec()
        }
        key::RSA => rsa::generate(bits, exponent, random, work)?,
        _ => return Err(Error::Argument),
    });
    give(&made, out)
}

/// Gives the public key of a private one, or checks a public one.
pub(crate) fn public_key(argument: u64, input: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let number = u8::try_from(argument & !IS_PUBLIC).map_err(|_| Error::Argument)?;
    give(&public_bytes(number, argument & IS_PUBLIC != 0, input)?, out)
}

/// As [`public_key`], for the crate itself.
pub(crate) fn public_bytes(number: u8, is_public: bool, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    with_curve!(number, Curve => match is_public {
        true => curve::checked::<Curve>(bytes),
        false => curve::public::<Curve>(bytes),
    }, match (number, is_public) {
        (key::ED25519 | key::X25519, true) => exchange25519::checked(bytes),
        (key::ED25519, false) => exchange25519::ed_public(bytes),
        (key::X25519, false) => exchange25519::x_public(bytes),
        (key::RSA, true) => rsa::checked(bytes),
        (key::RSA, false) => rsa::public_of(bytes),
        _ => Err(Error::Argument),
    })
}

fn form(argument: u64) -> Form {
    Form {
        hash: byte(argument, 8),
        padding: byte(argument, 16),
        flags: byte(argument, 24),
        salt_bytes: (argument >> 32) as usize,
    }
}

/// The digest that is signed.
fn prehashed(form: Form, bytes: &[u8], work: &Work<'_>) -> Result<Vec<u8>, Error> {
    if form.flags & flags::PREHASHED != 0 && bytes.len() <= 64 {
        Ok(bytes.to_vec())
    } else if form.flags & flags::PREHASHED != 0 {
        Err(Error::Argument)
    } else {
        digest_of(form.hash, bytes, work)
    }
}

/// Signs.
pub(crate) fn sign(argument: u64, input: &[u8], out: &mut [u8], work: &Work<'_>) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let (private, entropy) = (parts.part()?, parts.part()?);
    let (number, form) = (byte(argument, 0), form(argument));
    if number == key::ED25519 {
        return give(&exchange25519::ed_sign(private, parts.0)?, out);
    }
    let digest = prehashed(form, parts.0, work)?;
    let signature = with_curve!(number, Curve => curve::sign::<Curve>(private, &digest, entropy), match number {
        key::RSA => rsa::sign(private, form, &digest, entropy),
        _ => Err(Error::Argument),
    });
    give(&signature?, out)
}

/// Answers 1 if a signature fits, else 0.
pub(crate) fn verify(argument: u64, input: &[u8], work: &Work<'_>) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let (public, signature) = (parts.part()?, parts.part()?);
    let (number, form) = (byte(argument, 0), form(argument));
    if number == key::ED25519 {
        return exchange25519::ed_verify(public, signature, parts.0).map(usize::from);
    }
    let digest = prehashed(form, parts.0, work)?;
    let fits = with_curve!(number, Curve => curve::verify::<Curve>(public, &digest, signature), match number {
        key::RSA => rsa::verify(public, form, &digest, signature),
        _ => Err(Error::Argument),
    });
    fits.map(usize::from)
}

/// Gives what two keys have in common.
pub(crate) fn agree(argument: u64, input: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let private = parts.part()?;
    let number = u8::try_from(argument).map_err(|_| Error::Argument)?;
    let shared = with_curve!(number, Curve => curve::agree::<Curve>(private, parts.0), match number {
        key::X25519 => exchange25519::x_agree(private, parts.0),
        _ => Err(Error::Argument),
    });
    give(&shared?, out)
}
