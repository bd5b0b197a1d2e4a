//! RSA: keys, signatures (PKCS #1 1.5 and PSS) and encryption (OAEP and PKCS #1 1.5).
//!
//! A private key is the RSAPrivateKey of PKCS #1 in DER, a public one its RSAPublicKey. What is done with a private key is blinded
//! with the caller's randomness; a message that was padded wrongly (PKCS #1 1.5) decrypts to something else, not to an error.

use std::cell::Cell;

use b8g_core::Error;
use b8g_core::abi::compute::{key, padding, sign};
use crypto_bigint::{BoxedUint, NonZero, Resize};
use crypto_primes::hazmat::{SetBits, SmallFactorsSieveFactory};
use crypto_primes::{Flavor, is_prime, sieve_and_find};
use der::{Decode, Encode, asn1::UintRef};
use rsa::traits::{PaddingScheme, PrivateKeyParts, PublicKeyParts, SignatureScheme};
use rsa::{Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, Pss, RsaPrivateKey, RsaPublicKey};

use crate::hash::{Hasher, with_hash};
use crate::parts::Parts;
use crate::random::Random;
use crate::{Work, byte, give};

/// Bits of a modulus.
const BITS: std::ops::RangeInclusive<usize> = 1024..=RsaPublicKey::MAX_SIZE;
/// Tries for two primes that make a modulus of the right length with an exponent that suits them.
const TRIES: usize = 100;

fn public(der: &[u8]) -> Result<RsaPublicKey, Error> {
    let parsed = pkcs1::RsaPublicKey::<UintRef<'_>>::from_der(der).map_err(|_| Error::Argument)?;
    let [n, e] = [parsed.modulus, parsed.public_exponent].map(|part| number(&part));
    RsaPublicKey::new_with_size_limits(n?, e?, BITS).map_err(|_| Error::Argument)
}

fn private(der: &[u8]) -> Result<RsaPrivateKey, Error> {
    let parsed = pkcs1::RsaPrivateKey::<UintRef<'_>>::from_der(der).map_err(|_| Error::Argument)?;
    let parts =
        [parsed.modulus, parsed.public_exponent, parsed.private_exponent, parsed.prime1, parsed.prime2];
    let [n, e, d, p, q] = parts.map(|part| number(&part));
    let n = n?;
    if parsed.other_prime_infos.is_some() || !BITS.contains(&(n.bits_vartime() as usize)) {
        return Err(Error::Argument);
    }
    RsaPrivateKey::from_components(n, e?, d?, vec![p?, q?]).map_err(|_| Error::Argument)
}

fn number(part: &UintRef<'_>) -> Result<BoxedUint, Error> {
    let bytes = part.as_bytes();
    if bytes.is_empty() || bytes.len() > BITS.end() / 8 {
        return Err(Error::Argument);
    }
    BoxedUint::from_be_slice(bytes, bytes.len() as u32 * 8).map_err(|_| Error::Argument)
}

/// The public key of a private one.
pub(crate) fn public_of(der: &[u8]) -> Result<Vec<u8>, Error> {
    encode_public(private(der)?.as_public_key())
}

/// A public key that was checked.
pub(crate) fn checked(der: &[u8]) -> Result<Vec<u8>, Error> {
    encode_public(&public(der)?)
}

fn encode_public(key: &RsaPublicKey) -> Result<Vec<u8>, Error> {
    let (n, e) = (key.n_bytes(), key.e_bytes());
    let uint = |bytes| UintRef::new(bytes).map_err(|_| Error::Argument);
    let encoded = pkcs1::RsaPublicKey { modulus: uint(&n)?, public_exponent: uint(&e)? };
    encoded.to_der().map_err(|_| Error::Argument)
}

fn encode_private(key: &RsaPrivateKey) -> Result<Vec<u8>, Error> {
    let [p, q] = key.primes() else { return Err(Error::Argument) };
    let (dp, dq) = (key.dp().ok_or(Error::Argument)?, key.dq().ok_or(Error::Argument)?);
    let coefficient = key.crt_coefficient().ok_or(Error::Argument)?;
    let numbers = [key.n().as_ref(), key.e(), key.d(), p.as_ref(), q.as_ref(), dp, dq, &coefficient];
    let bytes = numbers.map(BoxedUint::to_be_bytes_trimmed_vartime);
    let mut uints = Vec::with_capacity(bytes.len());
    for number in &bytes {
        uints.push(UintRef::new(number).map_err(|_| Error::Argument)?);
    }
    let &[modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient] =
        &uints[..]
    else {
        return Err(Error::Argument);
    };
    let encoded = pkcs1::RsaPrivateKey {
        modulus,
        public_exponent,
        private_exponent,
        prime1,
        prime2,
        exponent1,
        exponent2,
        coefficient,
        other_prime_infos: None,
    };
    encoded.to_der().map_err(|_| Error::Argument)
}

/// Finds a key of so many bits. Between two candidates it is asked whether to go on.
pub(crate) fn generate(
    bits: u32,
    exponent: u32,
    random: &mut Random,
    work: &Work<'_>,
) -> Result<Vec<u8>, Error> {
    if !BITS.contains(&(bits as usize)) || exponent < 3 || exponent.is_multiple_of(2) {
        return Err(Error::Argument);
    }
    let e = BoxedUint::from(exponent);
    for _ in 0..TRIES {
        let p = prime(bits.div_ceil(2), exponent, random, work)?;
        let q = prime(bits / 2, exponent, random, work)?;
        let Ok(key) = RsaPrivateKey::from_p_q(p, q, e.clone()) else { continue };
        if key.n().bits_vartime() == bits {
            return encode_private(&key);
        }
    }
    Err(Error::Argument)
}

/// A prime of so many bits of which the two highest are set, one less than which has no factor in common with the exponent.
fn prime(bits: u32, exponent: u32, random: &mut Random, work: &Work<'_>) -> Result<BoxedUint, Error> {
    let stopped = Cell::new(false);
    let factory =
        SmallFactorsSieveFactory::new(Flavor::Any, bits, SetBits::TwoMsb).map_err(|_| Error::Argument)?;
    let found = sieve_and_find(random, factory, |_, candidate: &BoxedUint| {
        if work.step().is_err() {
            stopped.set(true);
            return true;
        }
        suits(candidate, exponent) && is_prime(Flavor::Any, candidate)
    });
    match found {
        _ if stopped.get() => Err(Error::Canceled),
        Ok(Some(prime)) => Ok(prime),
        _ => Err(Error::Argument),
    }
}

fn suits(candidate: &BoxedUint, exponent: u32) -> bool {
    let precision = candidate.bits_precision();
    let Some(divisor) = NonZero::new(BoxedUint::from(exponent).resize(precision)).into_option() else {
        return false;
    };
    let rest = candidate.rem_vartime(&divisor).to_be_bytes();
    let mut low = rest.iter().rev().take(4).rev().fold(0u64, |all, byte| all << 8 | u64::from(*byte));
    low = (low + u64::from(exponent) - 1) % u64::from(exponent);
    let (mut a, mut b) = (u64::from(exponent), low);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}

/// How a request wants something padded: hash function, padding, salt.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub(crate) hash: u8,
    pub(crate) padding: u8,
    pub(crate) salt_bytes: usize,
    pub(crate) flags: u8,
}

/// Signs a digest.
pub(crate) fn sign(der: &[u8], form: Form, digest: &[u8], entropy: &[u8]) -> Result<Vec<u8>, Error> {
    let key = private(der)?;
    let random = &mut Random::of(entropy)?;
    let signed = match form.padding {
        padding::PKCS1 => with_prefix(form.hash)?.sign(Some(random), &key, digest),
        padding::PSS if form.salt_bytes <= key.size() => with_hash!(form.hash, Hash => {
            Ok(Pss::<Hash>::new_with_salt(form.salt_bytes).sign(Some(random), &key, digest))
        })?,
        _ => return Err(Error::Argument),
    };
    signed.map_err(|_| Error::Argument)
}

/// Tells whether a digest was signed so.
pub(crate) fn verify(der: &[u8], form: Form, digest: &[u8], signature: &[u8]) -> Result<bool, Error> {
    let key = public(der)?;
    let verified = match form.padding {
        padding::PKCS1 => with_prefix(form.hash)?.verify(&key, digest, signature),
        padding::PSS => with_hash!(form.hash, Hash => {
            let mut scheme = Pss::<Hash>::new();
            scheme.salt_len = (form.flags & sign::ANY_SALT == 0).then_some(form.salt_bytes);
            Ok(scheme.verify(&key, digest, signature))
        })?,
        _ => return Err(Error::Argument),
    };
    Ok(verified.is_ok())
}

fn with_prefix(hash: u8) -> Result<Pkcs1v15Sign, Error> {
    with_hash!(hash, Hash => Ok(Pkcs1v15Sign::new::<Hash>()))
}

/// Encrypts for the owner of a key.
pub(crate) fn encrypt(argument: u64, input: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let (der, label, entropy) = (parts.part()?, parts.part()?, parts.part()?);
    check_key(argument)?;
    let (key, random) = (public(der)?, &mut Random::of(entropy)?);
    let encrypted = match byte(argument, 16) {
        padding::PKCS1 => Pkcs1v15Encrypt.encrypt(random, &key, parts.0),
        padding::OAEP => {
            with_hash!(byte(argument, 8), Hash => Ok(oaep::<Hash>(label).encrypt(random, &key, parts.0)))?
        }
        _ => return Err(Error::Argument),
    };
    give(&encrypted.map_err(|_| Error::Argument)?, out)
}

/// Decrypts what was encrypted so.
pub(crate) fn decrypt(argument: u64, input: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let (der, label, entropy) = (parts.part()?, parts.part()?, parts.part()?);
    check_key(argument)?;
    let (key, random) = (private(der)?, &mut Random::of(entropy)?);
    let decrypted = match byte(argument, 16) {
        padding::PKCS1 => Pkcs1v15Encrypt.decrypt(Some(random), &key, parts.0),
        padding::OAEP => {
            with_hash!(byte(argument, 8), Hash => Ok(oaep::<Hash>(label).decrypt(Some(random), &key, parts.0)))?
        }
        _ => return Err(Error::Argument),
    };
    give(&decrypted.map_err(|_| Error::Io)?, out)
}

fn check_key(argument: u64) -> Result<(), Error> {
    if byte(argument, 0) == key::RSA { Ok(()) } else { Err(Error::Argument) }
}

fn oaep<H: Hasher>(label: &[u8]) -> Oaep<H> {
    Oaep::new_with_label(label)
}
