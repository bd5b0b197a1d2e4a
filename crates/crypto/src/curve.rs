//! The curves of NIST: keys, signatures (ECDSA) and agreement (ECDH), the same for each of them.
//!
//! A private key is its scalar, a public one its point, uncompressed; a signature is r and s.

use b8g_core::Error;
use ecdsa::hazmat::{sign_prehashed_rfc6979, verify_prehashed};
use ecdsa::{DigestAlgorithm, Signature, SignatureSize};
use elliptic_curve::array::ArraySize;
use elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytesSize, NonZeroScalar, ProjectivePoint, PublicKey, SecretKey,
};
use rand_core::Rng;

use crate::random::Random;

/// What a curve must have for all of this.
pub(crate) trait Curve: CurveArithmetic + DigestAlgorithm
where
    FieldBytesSize<Self>: ModulusSize,
    AffinePoint<Self>: FromSec1Point<Self> + ToSec1Point<Self>,
    SignatureSize<Self>: ArraySize,
{
}
impl Curve for p256::NistP256 {}
impl Curve for p384::NistP384 {}
impl Curve for p521::NistP521 {}

macro_rules! generic {
    ($($(#[doc = $doc:literal])* fn $name:ident<$C:ident>($($parameter:ident: $type:ty),*) -> $answer:ty $body:block)*) => {
        $($(#[doc = $doc])*
        pub(crate) fn $name<$C: Curve>($($parameter: $type),*) -> $answer
        where
            FieldBytesSize<$C>: ModulusSize,
            AffinePoint<$C>: FromSec1Point<$C> + ToSec1Point<$C>,
            SignatureSize<$C>: ArraySize,
        $body)*
    };
}

generic! {
    /// Draws a private key.
    fn generate<C>(random: &mut Random) -> Vec<u8> {
        loop {
            let mut bytes = elliptic_curve::FieldBytes::<C>::default();
            random.fill_bytes(&mut bytes);
            // The order of P-521 has 521 bits: 7 of its 66 bytes' are 0.
            if bytes.len() == 66 {
                bytes[0] &= 1;
            }
            if let Ok(key) = SecretKey::<C>::from_bytes(&bytes) {
                return key.to_bytes().to_vec();
            }
        }
    }

    fn secret<C>(key: &[u8]) -> Result<SecretKey<C>, Error> {
        let bytes = <&elliptic_curve::FieldBytes<C>>::try_from(key).map_err(|_| Error::Argument)?;
        SecretKey::from_bytes(bytes).map_err(|_| Error::Argument)
    }

    /// The point of a private key.
    fn public<C>(key: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(secret::<C>(key)?.public_key().to_sec1_point(false).as_bytes().to_vec())
    }

    fn point<C>(key: &[u8]) -> Result<PublicKey<C>, Error> {
        PublicKey::from_sec1_bytes(key).map_err(|_| Error::Argument)
    }

    /// A point, compressed or not, that lies on the curve.
    fn checked<C>(key: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(point::<C>(key)?.to_sec1_point(false).as_bytes().to_vec())
    }

    /// Signs a digest. Its secret number depends on the key, the digest and `entropy`, so that bad randomness is no harm.
    fn sign<C>(key: &[u8], digest: &[u8], entropy: &[u8]) -> Result<Vec<u8>, Error> {
        let scalar: NonZeroScalar<C> = secret::<C>(key)?.to_nonzero_scalar();
        let (signature, _) = sign_prehashed_rfc6979::<C, C::Digest>(&scalar, digest, entropy);
        Ok(signature.to_bytes().to_vec())
    }

    /// Tells whether a digest was signed so.
    fn verify<C>(key: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool, Error> {
        let key = point::<C>(key)?;
        let Ok(signature) = Signature::<C>::from_slice(signature) else { return Ok(false) };
        Ok(verify_prehashed(&ProjectivePoint::<C>::from(*key.as_affine()), digest, &signature).is_ok())
    }

    /// What two keys have in common.
    fn agree<C>(key: &[u8], other: &[u8]) -> Result<Vec<u8>, Error> {
        let (key, other) = (secret::<C>(key)?, point::<C>(other)?);
        let shared = elliptic_curve::ecdh::diffie_hellman(key.to_nonzero_scalar(), other.as_affine());
        Ok(shared.raw_secret_bytes().to_vec())
    }
}
