//! The numbers of cryptography, compression and TLS: what the requests of [`super::Role::Compute`] name by their arguments.
//!
//! Keys are bytes: a scalar of a curve and its point (uncompressed) for P-256, P-384 and P-521, 32 bytes for Ed25519 and X25519, and
//! the two structures of PKCS #1 in DER for RSA.

use super::shape::Constant;

/// Random bytes that a request takes which needs randomness.
pub const ENTROPY_BYTES: usize = 32;
/// Bytes of a key in a file format at most.
pub const KEY_BYTES_MAX: usize = 16 << 10;
/// Bytes of the state of a hash at most.
pub const DIGEST_STATE_BYTES_MAX: usize = 208;
/// Bytes that wait in a codec to be read at most.
pub const CODEC_BUFFER_BYTES: usize = 64 << 10;
/// Bytes of the certificates that a session of TLS is given at most, and of all else that it is told at its start.
pub const TLS_SETTINGS_BYTES_MAX: usize = 1 << 20;
/// Ciphertext that waits in a session of TLS to be taken, before it takes no more plaintext.
pub const TLS_BUFFER_BYTES: usize = 64 << 10;

macro_rules! constants {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])* $constant:ident = $value:literal,)* }) => {
        $(#[$meta])*
        pub mod $name {
            $($(#[doc = $doc])* pub const $constant: u8 = $value;)*

            /// Each of them.
            pub const EACH: &[super::Constant] = &[
                $(super::Constant { name: stringify!($constant), value: $value, meaning: concat!($($doc),*).trim_ascii() },)*
            ];
        }
    };
}

constants! {
    /// Hash functions.
    hash {
        /// SHA-1, for what is old.
        SHA1 = 1,
        /// SHA-224.
        SHA224 = 2,
        /// SHA-256.
        SHA256 = 3,
        /// SHA-384.
        SHA384 = 4,
        /// SHA-512.
        SHA512 = 5,
        /// SHA-512/224.
        SHA512_224 = 6,
        /// SHA-512/256.
        SHA512_256 = 7,
        /// SHA3-224.
        SHA3_224 = 8,
        /// SHA3-256.
        SHA3_256 = 9,
        /// SHA3-384.
        SHA3_384 = 10,
        /// SHA3-512.
        SHA3_512 = 11,
        /// MD5, for what is older.
        MD5 = 12,
        /// CRC-32 as gzip has it: a checksum and no more, the highest byte first. Its state is its digest so far.
        CRC32 = 13,
    }
}

constants! {
    /// How [`super::Request::Derive`] derives.
    kdf {
        /// HKDF: from a key, with a salt and a word what it is for.
        HKDF = 1,
        /// PBKDF2 with HMAC.
        PBKDF2 = 2,
        /// Scrypt, which takes memory.
        SCRYPT = 3,
    }
}

constants! {
    /// What [`super::Request::Cipher`] does.
    cipher {
        /// Parts: key, IV; whole blocks.
        CBC_ENCRYPT = 1,
        /// Parts: key, IV; whole blocks.
        CBC_DECRYPT = 2,
        /// Parts: key, counter block. The same for both directions.
        CTR = 3,
        /// Part: key; whole blocks.
        ECB_ENCRYPT = 4,
        /// Part: key; whole blocks.
        ECB_DECRYPT = 5,
        /// Parts: key, IV, associated data. The tag follows what is encrypted.
        GCM_SEAL = 6,
        /// Parts: key, IV, associated data. Nothing is given unless the tag fits.
        GCM_OPEN = 7,
        /// Parts: key, IV; associated data. Gives a state of 64 bytes.
        GCM_START = 8,
        /// Parts: key, state.
        GCM_ENCRYPT = 9,
        /// Parts: key, state. What it gives is not authentic before the tag fits.
        GCM_DECRYPT = 10,
        /// Parts: key, state. Gives the tag of 16 bytes.
        GCM_TAG = 11,
        /// Part: key; a key of whole halves of blocks.
        KW_WRAP = 12,
        /// Part: key; what KW_WRAP gave.
        KW_UNWRAP = 13,
    }
}

constants! {
    /// Types of keys.
    key {
        /// A curve of NIST.
        P256 = 1,
        /// A curve of NIST.
        P384 = 2,
        /// A curve of NIST.
        P521 = 3,
        /// Signatures.
        ED25519 = 4,
        /// Key agreement.
        X25519 = 5,
        /// Signatures and encryption, 1,024 to 8,192 bits.
        RSA = 6,
    }
}

constants! {
    /// File formats of keys, in DER.
    format {
        /// A public key with its algorithm: SubjectPublicKeyInfo.
        SPKI = 1,
        /// A private key with its algorithm: PKCS #8, not encrypted.
        PKCS8 = 2,
        /// A private key of a curve: ECPrivateKey.
        SEC1 = 3,
    }
}

constants! {
    /// Paddings of RSA.
    padding {
        /// PKCS #1, version 1.5.
        PKCS1 = 0,
        /// PSS.
        PSS = 1,
        /// OAEP.
        OAEP = 2,
    }
}

constants! {
    /// Flags of [`super::Request::Sign`] and [`super::Request::Verify`].
    sign {
        /// The bytes are a digest already.
        PREHASHED = 1,
        /// Verify PSS with a salt of any length.
        ANY_SALT = 2,
    }
}

constants! {
    /// What a codec does.
    codec {
        /// Compresses: gzip.
        GZIP = 1,
        /// Compresses: deflate in the frame of zlib.
        ZLIB = 2,
        /// Compresses: deflate alone.
        DEFLATE = 3,
        /// Decompresses gzip.
        GUNZIP = 4,
        /// Decompresses what ZLIB gives.
        UNZLIB = 5,
        /// Decompresses what DEFLATE gives.
        INFLATE = 6,
        /// Compresses: Brotli.
        BROTLI = 7,
        /// Decompresses Brotli.
        UNBROTLI = 8,
    }
}

constants! {
    /// Flags of [`super::Request::Tls`], in bits 0 to 7.
    tls {
        /// Take any certificate of the other side, whoever made it out and to whom.
        ANY = 1,
        /// Do not look whether the certificate is made out to the server's name.
        NO_NAME = 2,
        /// Trust those certificates only that come with the request and those that the grants name, not the system's.
        NO_SYSTEM = 4,
        /// Be the server.
        SERVER = 8,
        /// As a server: ask for a certificate, and look at it if there is one.
        ASK = 16,
        /// As a server: ask for a certificate, and go on with none but a good one.
        REQUIRE = 32,
    }
}

constants! {
    /// What a session of TLS is, in [`super::Request::TlsState`].
    tls_flag {
        /// The handshake is done.
        READY = 1,
        /// The other side said that it sends no more.
        ENDED = 2,
        /// There is ciphertext to take.
        TAKE = 4,
        /// It wants ciphertext.
        FEED = 8,
    }
}

constants! {
    /// Why a session of TLS failed.
    tls_fault {
        /// It did not.
        NONE = 0,
        /// What it was told at its start cannot be used.
        SETTINGS = 1,
        /// The other side does not speak TLS as it must.
        PROTOCOL = 2,
        /// The other side gave up; its alert's number is in bits 8 to 15.
        ALERT = 3,
        /// The certificate has expired.
        EXPIRED = 4,
        /// The certificate is not valid yet.
        NOT_YET = 5,
        /// Nobody who is trusted vouches for the certificate.
        ISSUER = 6,
        /// The certificate is made out to somebody else.
        NAME = 7,
        /// Something else is wrong with the certificate, or there is none.
        CERTIFICATE = 8,
    }
}

constants! {
    /// What [`super::Request::TlsTell`] tells.
    tls_item {
        /// The protocol above that was agreed upon (ALPN); nothing if none was.
        ALPN = 0,
        /// The certificates of the other side, its own first: a u32 with its length before each.
        CERTIFICATES = 1,
        /// The name that a client asked for.
        SERVER_NAME = 2,
    }
}
