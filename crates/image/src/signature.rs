//! Who vouches for an image: a person with an Ed25519 key, or the machine that made it with a key of its own.
//!
//! Start at [`SecretKey::sign`] and [`Signature::verify`]. What is signed is the image's [identity](crate::File::id). The
//! section holds a count and then, for each signature, 100 bytes: `{u32 scheme, key: 32 bytes, signature: 64 bytes}`.

use std::fmt;

use ed25519_dalek::pkcs8::spki::{DecodePublicKey, EncodePublicKey};
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use thiserror::Error;

/// Signatures of an image at most.
pub const SIGNATURES_MAX: usize = 16;
const ENTRY_BYTES: usize = 4 + 32 + 64;
/// What stands before the identity in what is signed, so that no signature for another purpose fits.
const DOMAIN: &[u8] = b"b8g image signature 1\0";

/// How something was signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Scheme {
    /// Ed25519; the key is the public key.
    Ed25519 = 1,
    /// A MAC, keyed BLAKE3, with the key of the machine that made the image; the key's name is its own BLAKE3.
    Machine = 2,
}

/// One signature of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature {
    /// How.
    pub scheme: Scheme,
    /// By whom.
    pub key: [u8; 32],
    bytes: [u8; 64],
}

/// Why a text is no key.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum KeyError {
    /// It is no Ed25519 key in PEM.
    #[error(
        "this is no Ed25519 {0} key in PEM (openssl genpkey -algorithm ed25519 makes a key, openssl pkey -pubout its public part)"
    )]
    Form(&'static str),
}

/// An Ed25519 key whose signatures somebody trusts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// An Ed25519 key to sign with.
pub struct SecretKey(SigningKey);

impl PublicKey {
    /// Reads a key in PEM; of a secret key its public part.
    ///
    /// # Errors
    /// [`KeyError::Form`]
    pub fn from_pem(text: &str) -> Result<PublicKey, KeyError> {
        let public = VerifyingKey::from_public_key_pem(text).ok();
        let key = public.or_else(|| SecretKey::from_pem(text).ok().map(|secret| secret.0.verifying_key()));
        key.map(PublicKey).ok_or(KeyError::Form("public"))
    }

    /// The key as PEM.
    pub fn to_pem(&self) -> String {
        self.0.to_public_key_pem(ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF).unwrap_or_default()
    }

    /// The 32 bytes that signatures name it by.
    pub fn bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", hex(&self.bytes()))
    }
}

impl SecretKey {
    /// Makes the key that these random bytes are.
    pub fn from_random(bytes: &[u8; 32]) -> SecretKey {
        SecretKey(SigningKey::from_bytes(bytes))
    }

    /// Reads a key in PEM (PKCS #8).
    ///
    /// # Errors
    /// [`KeyError::Form`]
    pub fn from_pem(text: &str) -> Result<SecretKey, KeyError> {
        SigningKey::from_pkcs8_pem(text).map(SecretKey).map_err(|_| KeyError::Form("secret"))
    }

    /// The key as PEM.
    pub fn to_pem(&self) -> String {
        let line_ending = ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF;
        self.0.to_pkcs8_pem(line_ending).map(|text| text.to_string()).unwrap_or_default()
    }

    /// Its public part.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs the image with this [identity](crate::File::id).
    pub fn sign(&self, id: &[u8; 32]) -> Signature {
        let bytes = self.0.sign(&message(id)).to_bytes();
        Signature { scheme: Scheme::Ed25519, key: self.public().bytes(), bytes }
    }
}

impl Signature {
    /// What a machine says of an image that it made, with its secret `key`.
    pub fn of_machine(key: &[u8; 32], id: &[u8; 32]) -> Signature {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(blake3::keyed_hash(key, &message(id)).as_bytes());
        Signature { scheme: Scheme::Machine, key: name_of(key), bytes }
    }

    /// Tells whether the key that it names signed the image with this identity. A machine's can only be verified with its
    /// secret key: see [`Signature::is_of_machine`].
    pub fn verify(&self, id: &[u8; 32]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&self.bytes);
        // Strict: a signature has one form, and a key of small order signs nothing.
        self.scheme == Scheme::Ed25519
            && VerifyingKey::from_bytes(&self.key)
                .is_ok_and(|key| key.verify_strict(&message(id), &signature).is_ok())
    }

    /// Tells whether the machine with this secret key said so of the image with this identity.
    pub fn is_of_machine(&self, key: &[u8; 32], id: &[u8; 32]) -> bool {
        let expected = Signature::of_machine(key, id);
        let mac = |signature: &Signature| -> [u8; 32] { *signature.bytes.first_chunk().unwrap_or(&[0; 32]) };
        // Compared by blake3::Hash in constant time.
        *self == Signature { bytes: self.bytes, ..expected }
            && self.bytes[32..] == [0; 32]
            && blake3::Hash::from_bytes(mac(self)) == blake3::Hash::from_bytes(mac(&expected))
    }

    /// The key that it names, in hexadecimal digits.
    pub fn key_name(&self) -> String {
        hex(&self.key)
    }
}

fn name_of(key: &[u8; 32]) -> [u8; 32] {
    blake3::derive_key("b8g 2026 name of a machine's key", key)
}

fn message(id: &[u8; 32]) -> [u8; DOMAIN.len() + 32] {
    let mut message = [0; DOMAIN.len() + 32];
    message[..DOMAIN.len()].copy_from_slice(DOMAIN);
    message[DOMAIN.len()..].copy_from_slice(id);
    message
}

fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*bytes).to_hex().to_string()
}

/// Reads the section; `None` if it is not as [`write`] writes it.
pub(crate) fn read(section: &[u8]) -> Option<Vec<Signature>> {
    let (count, rest) = section.split_first_chunk::<4>()?;
    let count = u32::from_le_bytes(*count) as usize;
    if count == 0 || count > SIGNATURES_MAX || rest.len() != count * ENTRY_BYTES {
        return None;
    }
    rest.chunks_exact(ENTRY_BYTES)
        .map(|entry| {
            let (scheme, rest) = entry.split_first_chunk::<4>()?;
            let (key, bytes) = rest.split_first_chunk::<32>()?;
            let scheme = match u32::from_le_bytes(*scheme) {
                1 => Scheme::Ed25519,
                2 => Scheme::Machine,
                _ => return None,
            };
            Some(Signature { scheme, key: *key, bytes: *bytes.first_chunk()? })
        })
        .collect()
}

/// Writes the section; `None` if there are too many.
pub(crate) fn write(signatures: &[Signature]) -> Option<Vec<u8>> {
    let count = u32::try_from(signatures.len()).ok().filter(|count| *count as usize <= SIGNATURES_MAX)?;
    let mut section = count.to_le_bytes().to_vec();
    for signature in signatures {
        section.extend((signature.scheme as u32).to_le_bytes());
        section.extend(signature.key);
        section.extend(signature.bytes);
    }
    Some(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_one_key_for_one_image() {
        let (mine, other) = (SecretKey::from_random(&[1; 32]), SecretKey::from_random(&[2; 32]));
        let id = [3; 32];
        let signature = mine.sign(&id);
        assert!(signature.verify(&id) && !signature.verify(&[4; 32]));
        assert!(!Signature { key: other.public().bytes(), ..signature }.verify(&id));
        assert!(!Signature { scheme: Scheme::Machine, ..signature }.verify(&id));
        for bit in 0..64 * 8 {
            let mut changed = signature;
            changed.bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!changed.verify(&id), "bit {bit}");
        }
    }

    #[test]
    fn a_machine_knows_its_own_word() {
        let (key, id) = ([5; 32], [6; 32]);
        let word = Signature::of_machine(&key, &id);
        assert!(word.is_of_machine(&key, &id) && !word.verify(&id));
        assert!(!word.is_of_machine(&[7; 32], &id) && !word.is_of_machine(&key, &[7; 32]));
        for bit in 0..64 * 8 {
            let mut changed = word;
            changed.bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!changed.is_of_machine(&key, &id), "bit {bit}");
        }
    }

    #[test]
    fn keys_are_written_and_read() {
        let secret = SecretKey::from_random(&[9; 32]);
        let again = SecretKey::from_pem(&secret.to_pem()).unwrap();
        assert_eq!(again.public(), secret.public());
        assert_eq!(PublicKey::from_pem(&secret.public().to_pem()).unwrap(), secret.public());
        assert_eq!(PublicKey::from_pem(&secret.to_pem()).unwrap(), secret.public());
        assert_eq!(PublicKey::from_pem("").unwrap_err(), KeyError::Form("public"));
        assert!(SecretKey::from_pem(&secret.public().to_pem()).is_err());
    }

    #[test]
    fn a_section_has_one_form() {
        let signatures =
            [SecretKey::from_random(&[1; 32]).sign(&[0; 32]), Signature::of_machine(&[2; 32], &[0; 32])];
        let section = write(&signatures).unwrap();
        assert_eq!(section.len(), 4 + 2 * 100);
        assert_eq!(read(&section).unwrap(), signatures);
        assert!(read(&section[..203]).is_none() && read(&[]).is_none() && read(&[0; 4]).is_none());
        assert!(read(&[&section[..4], &[3, 0, 0, 0], &section[8..]].concat()).is_none());
        assert!(write(&[signatures[0]; 17]).is_none());
    }
}
