//! X25519 and Ed25519. A key of either is 32 bytes.

use b8g_core::Error;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use x25519_dalek::{PublicKey, StaticSecret};

fn key(bytes: &[u8]) -> Result<[u8; 32], Error> {
    bytes.try_into().map_err(|_| Error::Argument)
}

/// The public key of Ed25519.
pub(crate) fn ed_public(private: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(SigningKey::from_bytes(&key(private)?).verifying_key().to_bytes().to_vec())
}

/// Signs with Ed25519.
pub(crate) fn ed_sign(private: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(SigningKey::from_bytes(&key(private)?).sign(bytes).to_bytes().to_vec())
}

/// Tells whether a signature of Ed25519 fits; keys and points of small order fit nothing.
pub(crate) fn ed_verify(public: &[u8], signature: &[u8], bytes: &[u8]) -> Result<bool, Error> {
    let public = VerifyingKey::from_bytes(&key(public)?);
    let (Ok(public), Ok(signature)) = (public, Signature::from_slice(signature)) else { return Ok(false) };
    Ok(public.verify_strict(bytes, &signature).is_ok())
}

/// The public key of X25519.
pub(crate) fn x_public(private: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(PublicKey::from(&StaticSecret::from(key(private)?)).as_bytes().to_vec())
}

/// A public key as it is: each 32 bytes are one.
pub(crate) fn checked(public: &[u8]) -> Result<Vec<u8>, Error> {
    key(public).map(|bytes| bytes.to_vec())
}

/// What two keys of X25519 have in common.
pub(crate) fn x_agree(private: &[u8], public: &[u8]) -> Result<Vec<u8>, Error> {
    let shared = StaticSecret::from(key(private)?).diffie_hellman(&PublicKey::from(key(public)?));
    if shared.was_contributory() { Ok(shared.as_bytes().to_vec()) } else { Err(Error::Io) }
}
