//! Keys in the formats of files: SubjectPublicKeyInfo, PKCS #8, ECPrivateKey; all of them DER.
//!
//! What is read is checked: a point lies on its curve, the parts of a key of RSA belong together, a public key that stands beside a
//! private one is its own.

use b8g_core::Error;
use b8g_core::abi::compute::{KEY_BYTES_MAX, format, key};
use der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use der::{Decode, Encode};
use pkcs8::PrivateKeyInfoRef;
use sec1::{EcParameters, EcPrivateKey};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};

use crate::sign::public_bytes;
use crate::{byte, give};

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");
const CURVES: [(u8, ObjectIdentifier); 3] = [
    (key::P256, ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7")),
    (key::P384, ObjectIdentifier::new_unwrap("1.3.132.0.34")),
    (key::P521, ObjectIdentifier::new_unwrap("1.3.132.0.35")),
];

fn curve_of(oid: ObjectIdentifier) -> Result<u8, Error> {
    CURVES.iter().find(|(_, curve)| *curve == oid).map(|(number, _)| *number).ok_or(Error::NotFound)
}

fn type_of(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<u8, Error> {
    match algorithm.oid {
        EC => curve_of(algorithm.parameters_oid().map_err(|_| Error::NotFound)?),
        RSA => Ok(key::RSA),
        ED25519 => Ok(key::ED25519),
        X25519 => Ok(key::X25519),
        _ => Err(Error::NotFound),
    }
}

/// Takes a key out of its format.
pub(crate) fn read(argument: u64, input: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    if input.len() > KEY_BYTES_MAX {
        return Err(Error::Limit);
    }
    let wrong = |_| Error::Argument;
    let (number, is_private, bytes) = match byte(argument, 0) {
        format::SPKI => {
            let info = SubjectPublicKeyInfoRef::from_der(input).map_err(wrong)?;
            let number = type_of(&info.algorithm)?;
            let bytes = info.subject_public_key.as_bytes().ok_or(Error::Argument)?;
            (number, false, public_bytes(number, true, bytes)?)
        }
        format::PKCS8 => {
            let info = PrivateKeyInfoRef::from_der(input).map_err(wrong)?;
            let number = type_of(&info.algorithm)?;
            let content = info.private_key.as_bytes();
            let bytes = match number {
                key::P256 | key::P384 | key::P521 => scalar(number, content)?.1,
                key::RSA => content.to_vec(),
                _ => <&OctetStringRef>::from_der(content).map_err(wrong)?.as_bytes().to_vec(),
            };
            (number, true, bytes)
        }
        format::SEC1 => {
            let (number, bytes) = scalar(0, input)?;
            (number, true, bytes)
        }
        _ => return Err(Error::Argument),
    };
    if is_private {
        public_bytes(number, false, &bytes)?;
    }
    let mut told = [u32::from(number).to_le_bytes(), u32::from(is_private).to_le_bytes()].concat();
    told.extend(bytes);
    give(&told, out)
}

/// The curve and scalar of an ECPrivateKey; the curve may have been told before.
fn scalar(told: u8, der: &[u8]) -> Result<(u8, Vec<u8>), Error> {
    let parsed = EcPrivateKey::from_der(der).map_err(|_| Error::Argument)?;
    let named = match parsed.parameters {
        Some(EcParameters::NamedCurve(oid)) => Some(curve_of(oid)?),
        None => None,
    };
    let number = match (told, named) {
        (0, Some(curve)) => curve,
        (0, None) => return Err(Error::NotFound),
        (told, named) if named.is_none_or(|named| named == told) => told,
        _ => return Err(Error::Argument),
    };
    let bytes = parsed.private_key.to_vec();
    let own = public_bytes(number, false, &bytes)?;
    match parsed.public_key {
        Some(point) if public_bytes(number, true, point)? != own => Err(Error::Argument),
        _ => Ok((number, bytes)),
    }
}

/// Puts a key into a format.
pub(crate) fn write(argument: u64, input: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    let number = byte(argument, 8);
    let curve = CURVES.iter().find(|(curve, _)| *curve == number).map(|(_, oid)| *oid);
    let oid = match number {
        key::RSA => RSA,
        key::ED25519 => ED25519,
        key::X25519 => X25519,
        _ => EC,
    };
    let parameters = match number {
        key::RSA => Some(AnyRef::NULL),
        _ => curve.as_ref().map(AnyRef::from),
    };
    let algorithm = AlgorithmIdentifierRef { oid, parameters };
    let wrong = |_: der::Error| Error::Argument;
    let written = match byte(argument, 0) {
        format::SPKI => {
            let bytes = public_bytes(number, true, input)?;
            let subject_public_key = BitStringRef::from_bytes(&bytes).map_err(wrong)?;
            SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().map_err(wrong)?
        }
        format::PKCS8 => {
            let public = public_bytes(number, false, input)?;
            let content = match curve {
                Some(_) => ec_private(None, input, &public)?,
                None if number == key::RSA => input.to_vec(),
                None => OctetStringRef::new(input).and_then(|seed| seed.to_der()).map_err(wrong)?,
            };
            let content = OctetStringRef::new(&content).map_err(wrong)?;
            PrivateKeyInfoRef::new(algorithm, content).to_der().map_err(wrong)?
        }
        format::SEC1 => {
            let public = public_bytes(number, false, input)?;
            ec_private(Some(curve.ok_or(Error::Argument)?), input, &public)?
        }
        _ => return Err(Error::Argument),
    };
    give(&written, out)
}

fn ec_private(curve: Option<ObjectIdentifier>, scalar: &[u8], point: &[u8]) -> Result<Vec<u8>, Error> {
    let parameters = curve.map(EcParameters::NamedCurve);
    let key = EcPrivateKey { private_key: scalar, parameters, public_key: Some(point) };
    key.to_der().map_err(|_| Error::Argument)
}
