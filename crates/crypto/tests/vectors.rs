//! Published vectors, one of each algorithm at least, through the one function that components reach.

use b8g_core::Error;
use b8g_core::abi::Request;
use b8g_core::abi::compute::{cipher, format, hash, kdf, key, padding, sign};
use b8g_crypto::{Work, compute};

/// Does a request with as much room.
fn ask(request: Request, argument: u64, input: &[u8], room: usize) -> Result<Vec<u8>, Error> {
    let mut memory = |_| Ok(Box::new(()) as Box<dyn Send>);
    let mut out = vec![0; room];
    let length = compute(request, argument, input, &mut out, &mut Work::new(&|| true, &mut memory))?;
    if request != Request::Verify {
        out.truncate(length);
    } else {
        out = vec![length as u8];
    }
    Ok(out)
}

fn pack(words: &[u32], parts: &[&[u8]], rest: &[u8]) -> Vec<u8> {
    let mut packed: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    for part in parts {
        packed.extend((part.len() as u32).to_le_bytes());
        packed.extend(*part);
    }
    packed.extend(rest);
    packed
}

fn bytes(hex: &str) -> Vec<u8> {
    let hex: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
    hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

const ENTROPY: [u8; 32] = [7; 32];

/// FIPS 180-4 and 202, RFC 1321: of "abc".
const DIGESTS: [(u8, &str); 13] = [
    (hash::SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (hash::SHA224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
    (hash::SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        hash::SHA384,
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    ),
    (
        hash::SHA512,
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ),
    (hash::SHA512_224, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa"),
    (hash::SHA512_256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
    (hash::SHA3_224, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"),
    (hash::SHA3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
    (
        hash::SHA3_384,
        "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
    ),
    (
        hash::SHA3_512,
        "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
    ),
    (hash::MD5, "900150983cd24fb0d6963f7d28e17f72"),
    (hash::CRC32, "352441c2"),
];

#[test]
fn digests() {
    for (number, wanted) in DIGESTS {
        assert_eq!(ask(Request::Digest, number.into(), b"abc", 64).unwrap(), bytes(wanted), "{number}");
    }
}

#[test]
fn digests_in_pieces_are_those_of_the_whole() {
    let message: Vec<u8> = (0..200_000u32).map(|i| (i * 7 + i / 251) as u8).collect();
    for (number, _) in DIGESTS {
        let whole = ask(Request::Digest, number.into(), &message, 64).unwrap();
        for piece in [1000, 64, 127, 100_000] {
            let mut state = Vec::new();
            for piece in message.chunks(piece).take(300) {
                state = ask(Request::DigestUpdate, number.into(), &pack(&[], &[&state], piece), 208).unwrap();
            }
            let rest = message.len().min(piece * 300);
            let input = pack(&[], &[&state], &message[rest..]);
            assert_eq!(ask(Request::DigestFinish, number.into(), &input, 64).unwrap(), whole, "{number}");
        }
        let wrong = pack(&[], &[&[255; 9]], b"");
        assert_eq!(ask(Request::DigestUpdate, number.into(), &wrong, 208), Err(Error::Argument), "{number}");
    }
}

/// RFC 4231, case 2.
#[test]
fn hmac() {
    let input = pack(&[], &[b"Jefe"], b"what do ya want for nothing?");
    let code = ask(Request::Mac, hash::SHA256.into(), &input, 32).unwrap();
    assert_eq!(code, bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    // A key longer than a block: case 6.
    let input = pack(&[], &[&[0xaa; 131]], b"Test Using Larger Than Block-Size Key - Hash Key First");
    let code = ask(Request::Mac, hash::SHA256.into(), &input, 32).unwrap();
    assert_eq!(code, bytes("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
}

/// RFC 5869 (case 1), RFC 6070, RFC 7914.
#[test]
fn derivations() {
    let derive = |how: u8, number: u8, costs: [u32; 3], secret: &[u8], salt: &[u8], info: &[u8], room| {
        let argument = u64::from(how) | u64::from(number) << 8;
        ask(Request::Derive, argument, &pack(&costs, &[secret, salt], info), room).unwrap()
    };
    let salt = bytes("000102030405060708090a0b0c");
    let info = bytes("f0f1f2f3f4f5f6f7f8f9");
    assert_eq!(
        derive(kdf::HKDF, hash::SHA256, [0; 3], &[0x0b; 22], &salt, &info, 42),
        bytes("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
    );
    assert_eq!(
        derive(kdf::PBKDF2, hash::SHA1, [4096, 0, 0], b"password", b"salt", b"", 20),
        bytes("4b007901b765489abead49d926f721d065a429c1")
    );
    let (password, salt) = (b"passwordPASSWORDpassword", b"saltSALTsaltSALTsaltSALTsaltSALTsalt");
    assert_eq!(
        derive(kdf::PBKDF2, hash::SHA1, [4096, 0, 0], password, salt, b"", 25),
        bytes("3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038")
    );
    assert_eq!(
        derive(kdf::SCRYPT, 0, [16, 1, 1], b"", b"", b"", 64),
        bytes(
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        )
    );
    assert_eq!(
        derive(kdf::SCRYPT, 0, [1024, 8, 16], b"password", b"NaCl", b"", 64),
        bytes(
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        )
    );
}

fn cipher_of(what: u8, number: u8, parts: &[&[u8]], data: &[u8]) -> Result<Vec<u8>, Error> {
    ask(Request::Cipher, u64::from(what) | u64::from(number) << 8, &pack(&[], parts, data), data.len() + 80)
}

/// NIST SP 800-38A, F.2.1, F.5.1, F.1.5; RFC 3394, 4.1 and 4.6.
#[test]
fn aes_modes() {
    let key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
    let iv = bytes("000102030405060708090a0b0c0d0e0f");
    let plain = bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    let cbc = cipher_of(cipher::CBC_ENCRYPT, 0, &[&key, &iv], &plain).unwrap();
    assert_eq!(cbc, bytes("7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"));
    assert_eq!(cipher_of(cipher::CBC_DECRYPT, 0, &[&key, &iv], &cbc).unwrap(), plain);
    let counter = bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    let ctr = cipher_of(cipher::CTR, 128, &[&key, &counter], &plain).unwrap();
    assert_eq!(ctr, bytes("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"));
    let key256 = bytes("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    let ecb = cipher_of(cipher::ECB_ENCRYPT, 0, &[&key256], &plain).unwrap();
    assert_eq!(ecb, bytes("f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"));
    assert_eq!(cipher_of(cipher::ECB_DECRYPT, 0, &[&key256], &ecb).unwrap(), plain);
    let (kek, data) = (bytes("000102030405060708090a0b0c0d0e0f"), bytes("00112233445566778899aabbccddeeff"));
    let wrapped = cipher_of(cipher::KW_WRAP, 0, &[&kek], &data).unwrap();
    assert_eq!(wrapped, bytes("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"));
    assert_eq!(cipher_of(cipher::KW_UNWRAP, 0, &[&kek], &wrapped).unwrap(), data);
    let mut changed = wrapped;
    changed[3] ^= 1;
    assert_eq!(cipher_of(cipher::KW_UNWRAP, 0, &[&kek], &changed), Err(Error::Io));
    for wrong in [&plain[..15], &plain[..1]] {
        assert_eq!(cipher_of(cipher::CBC_ENCRYPT, 0, &[&key, &iv], wrong), Err(Error::Argument));
        assert_eq!(cipher_of(cipher::KW_WRAP, 0, &[&key], wrong), Err(Error::Argument));
    }
    assert_eq!(cipher_of(cipher::CBC_ENCRYPT, 0, &[&key[..15], &iv], &plain), Err(Error::Argument));
}

#[test]
fn a_short_counter_begins_anew_and_is_never_used_twice() {
    let key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
    let mut counter = [9; 16];
    counter[15] = 0b1111_1110;
    let stream = |counter: &[u8], blocks: usize| {
        cipher_of(cipher::CTR, 128, &[&key, counter], &vec![0; blocks * 16]).unwrap()
    };
    let mut anew = counter;
    anew[15] = 0b1111_1000;
    let wanted = [stream(&counter, 2), stream(&anew, 6)].concat();
    assert_eq!(cipher_of(cipher::CTR, 3, &[&key, &counter], &[0; 128]).unwrap(), wanted);
    assert_eq!(cipher_of(cipher::CTR, 3, &[&key, &counter], &[0; 129]), Err(Error::Argument));
    assert_eq!(cipher_of(cipher::CTR, 0, &[&key, &counter], &[0; 16]), Err(Error::Argument));
    assert_eq!(cipher_of(cipher::CTR, 129, &[&key, &counter], &[0; 16]), Err(Error::Argument));
}

/// The cases 4 and 6 of the specification of GCM, whole and in pieces.
#[test]
fn gcm() {
    let key = bytes("feffe9928665731c6d6a8f9467308308");
    let plain = bytes(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    );
    let associated = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let short = bytes("cafebabefacedbaddecaf888");
    let long = bytes(
        "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
    );
    let cases = [
        (
            short,
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
            "5bc94fbc3221a5db94fae95ae7121a47",
        ),
        (
            long,
            "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca701e4a9a4fba43c90ccdcb281d48c7c6fd62875d2aca417034c34aee5",
            "619cc5aefffe0bfa462af43c1699d050",
        ),
    ];
    for (iv, encrypted, tag) in cases {
        let (encrypted, tag) = (bytes(encrypted), bytes(tag));
        let sealed = cipher_of(cipher::GCM_SEAL, 16, &[&key, &iv, &associated], &plain).unwrap();
        assert_eq!(sealed, [&encrypted[..], &tag].concat());
        assert_eq!(cipher_of(cipher::GCM_OPEN, 16, &[&key, &iv, &associated], &sealed).unwrap(), plain);
        let cut = [&encrypted[..], &tag[..12]].concat();
        assert_eq!(cipher_of(cipher::GCM_OPEN, 12, &[&key, &iv, &associated], &cut).unwrap(), plain);
        assert_eq!(cipher_of(cipher::GCM_OPEN, 12, &[&key, &iv, b"other"], &cut), Err(Error::Io));
        assert_eq!(cipher_of(cipher::GCM_OPEN, 11, &[&key, &iv, &associated], &cut), Err(Error::Argument));
        for piece in [1, 3, 16, 17, 40] {
            for (what, from, wanted) in
                [(cipher::GCM_ENCRYPT, &plain, &encrypted), (cipher::GCM_DECRYPT, &encrypted, &plain)]
            {
                let mut state = cipher_of(cipher::GCM_START, 0, &[&key, &iv], &associated).unwrap();
                let mut done = Vec::new();
                for piece in from.chunks(piece) {
                    let mut told = cipher_of(what, 0, &[&key, &state], piece).unwrap();
                    state = told.split_off(piece.len());
                    done.extend(told);
                }
                assert_eq!(&done, wanted, "{piece}");
                assert_eq!(cipher_of(cipher::GCM_TAG, 0, &[&key, &state], b"").unwrap(), tag, "{piece}");
            }
        }
    }
    // A long one, beyond every buffer.
    let long: Vec<u8> = (0..300_001u32).map(|i| (i / 3) as u8).collect();
    let sealed = cipher_of(cipher::GCM_SEAL, 16, &[&key, &[1; 12], &long], &long).unwrap();
    assert_eq!(cipher_of(cipher::GCM_OPEN, 16, &[&key, &[1; 12], &long], &sealed).unwrap(), long);
    assert_eq!(cipher_of(cipher::GCM_TAG, 0, &[&key, &[255; 64]], b""), Err(Error::Argument));
}

fn sign_argument(number: u8, hash: u8, padding: u8, flags: u8, salt: u64) -> u64 {
    u64::from(number) | u64::from(hash) << 8 | u64::from(padding) << 16 | u64::from(flags) << 24 | salt << 32
}

/// RFC 6979, A.2.5 to A.2.7: the message "sample", each curve with the hash function of its size.
#[test]
fn ecdsa() {
    let cases = [
        (
            key::P256,
            hash::SHA256,
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            key::P384,
            hash::SHA384,
            "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
            "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe4699ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
        ),
        (
            key::P521,
            hash::SHA512,
            "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec0c08b0e996b83538",
            "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a",
        ),
    ];
    for (number, hash, private, wanted) in cases {
        let (private, wanted) = (bytes(private), bytes(wanted));
        let argument = sign_argument(number, hash, 0, 0, 0);
        let signature = ask(Request::Sign, argument, &pack(&[], &[&private, b""], b"sample"), 200).unwrap();
        assert_eq!(signature, wanted, "{number}");
        let public = ask(Request::PublicKey, number.into(), &private, 200).unwrap();
        let verify = |signature: &[u8], message: &[u8]| {
            ask(Request::Verify, argument, &pack(&[], &[&public, signature], message), 0).unwrap()[0]
        };
        assert_eq!(
            (verify(&signature, b"sample"), verify(&signature, b"simple"), verify(b"", b"sample")),
            (1, 0, 0)
        );
        let hedged = ask(Request::Sign, argument, &pack(&[], &[&private, &ENTROPY], b"sample"), 200).unwrap();
        assert_ne!(hedged, signature);
        assert_eq!(verify(&hedged, b"sample"), 1);
        // The hash function need not be that of the curve's size.
        for hash in [hash::SHA1, hash::SHA512] {
            let argument = sign_argument(number, hash, 0, 0, 0);
            let signature = ask(Request::Sign, argument, &pack(&[], &[&private, b""], b"x"), 200).unwrap();
            assert_eq!(
                ask(Request::Verify, argument, &pack(&[], &[&public, &signature], b"x"), 0).unwrap(),
                [1]
            );
        }
        let mut off = public.clone();
        *off.last_mut().unwrap() ^= 1;
        assert_eq!(ask(Request::PublicKey, 256 | u64::from(number), &off, 200), Err(Error::Argument));
        assert_eq!(
            ask(Request::PublicKey, number.into(), &vec![0; private.len()], 200),
            Err(Error::Argument)
        );
    }
}

/// RFC 8032 (7.1, tests 2 and 3), RFC 7748 (6.1).
#[test]
fn curve25519() {
    let private = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let public = ask(Request::PublicKey, key::ED25519.into(), &private, 32).unwrap();
    assert_eq!(public, bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
    let input = pack(&[], &[&private, b""], &[0x72]);
    let signature = ask(Request::Sign, key::ED25519.into(), &input, 64).unwrap();
    assert_eq!(
        signature,
        bytes(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
    );
    let verify = |message: &[u8]| {
        ask(Request::Verify, key::ED25519.into(), &pack(&[], &[&public, &signature], message), 0).unwrap()
    };
    assert_eq!((verify(&[0x72]), verify(&[0x73])), (vec![1], vec![0]));
    let bob = bytes("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    let of_bob = ask(Request::PublicKey, key::X25519.into(), &bob, 32).unwrap();
    assert_eq!(of_bob, bytes("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
    let of_alice = bytes("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    let shared = ask(Request::Agree, key::X25519.into(), &pack(&[], &[&bob], &of_alice), 32).unwrap();
    assert_eq!(shared, bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
    assert_eq!(ask(Request::Agree, key::X25519.into(), &pack(&[], &[&bob], &[0; 32]), 32), Err(Error::Io));
}

/// Whatever a key is: it comes back from each of its formats, works, and agrees with itself.
#[test]
fn keys_in_their_formats() {
    let generate = |number: u8, bits: u32| {
        ask(Request::GenerateKey, number.into(), &pack(&[bits, 65537], &[], &ENTROPY), 4096).unwrap()
    };
    for (number, bits) in [
        (key::P256, 0),
        (key::P384, 0),
        (key::P521, 0),
        (key::ED25519, 0),
        (key::X25519, 0),
        (key::RSA, 1024),
    ] {
        let private = generate(number, bits);
        assert_eq!(private, generate(number, bits), "the same randomness, the same key");
        let public = ask(Request::PublicKey, number.into(), &private, 4096).unwrap();
        let is_curve = number <= key::P521;
        for (format, bytes, is_private) in
            [(format::SPKI, &public, 0u8), (format::PKCS8, &private, 1), (format::SEC1, &private, 1)]
        {
            let argument = u64::from(format) | u64::from(number) << 8;
            let written = ask(Request::WriteKey, argument, bytes, 4096);
            if format == format::SEC1 && !is_curve {
                assert_eq!(written, Err(Error::Argument));
                continue;
            }
            let written = written.unwrap();
            let read = ask(Request::ReadKey, format.into(), &written, 4096).unwrap();
            assert_eq!(read[..8], [number, 0, 0, 0, is_private, 0, 0, 0]);
            assert_eq!(&read[8..], bytes, "{number} {format}");
            for at in 0..written.len() {
                let mut wrong = written.clone();
                wrong[at] ^= 0x41;
                let _ = ask(Request::ReadKey, format.into(), &wrong, 4096);
                let _ = ask(Request::ReadKey, format.into(), &written[..at], 4096);
            }
        }
        if is_curve || number == key::X25519 {
            let shared = ask(Request::Agree, number.into(), &pack(&[], &[&private], &public), 66).unwrap();
            assert!(shared.len() >= 32);
        }
    }
}

#[test]
fn rsa_signs_and_encrypts() {
    let private =
        ask(Request::GenerateKey, key::RSA.into(), &pack(&[1024, 65537], &[], &ENTROPY), 4096).unwrap();
    let public = ask(Request::PublicKey, key::RSA.into(), &private, 4096).unwrap();
    for (padding, flags, salt) in [
        (padding::PKCS1, 0, 0),
        (padding::PSS, 0, 32),
        (padding::PSS, 0, 0),
        (padding::PSS, sign::ANY_SALT, 20),
    ] {
        let argument = sign_argument(key::RSA, hash::SHA256, padding, flags, salt);
        let signature =
            ask(Request::Sign, argument, &pack(&[], &[&private, &ENTROPY], b"message"), 256).unwrap();
        let verify = |message: &[u8], argument| {
            ask(Request::Verify, argument, &pack(&[], &[&public, &signature], message), 0).unwrap()[0]
        };
        let other_salt = sign_argument(key::RSA, hash::SHA256, padding, flags, salt + 1);
        let any = padding == padding::PKCS1 || flags != 0;
        assert_eq!((verify(b"message", argument), verify(b"massage", argument)), (1, 0));
        assert_eq!(verify(b"message", other_salt), u8::from(any));
        let digest = ask(Request::Digest, hash::SHA256.into(), b"message", 32).unwrap();
        let prehashed = sign_argument(key::RSA, hash::SHA256, padding, flags | sign::PREHASHED, salt);
        assert_eq!(
            ask(Request::Verify, prehashed, &pack(&[], &[&public, &signature], &digest), 0).unwrap(),
            [1]
        );
        assert_eq!(
            ask(Request::Sign, argument, &pack(&[], &[&private, b""], b"message"), 256),
            Err(Error::Argument)
        );
    }
    for padding in [padding::OAEP, padding::PKCS1] {
        let argument = sign_argument(key::RSA, hash::SHA1, padding, 0, 0);
        let encrypted =
            ask(Request::Encrypt, argument, &pack(&[], &[&public, b"label", &ENTROPY], b"secret"), 256)
                .unwrap();
        let decrypt = |label: &[u8]| {
            ask(Request::Decrypt, argument, &pack(&[], &[&private, label, &ENTROPY], &encrypted), 256)
        };
        assert_eq!(decrypt(b"label").unwrap(), b"secret");
        assert_eq!(decrypt(b"labels").is_ok(), padding == padding::PKCS1);
        let long = vec![1; 128];
        assert!(ask(Request::Encrypt, argument, &pack(&[], &[&public, b"", &ENTROPY], &long), 256).is_err());
    }
    for (bits, exponent) in [(1023, 65537), (8193, 65537), (1024, 1), (1024, 65536), (0, 3), (u32::MAX, 3)] {
        let input = pack(&[bits, exponent], &[], &ENTROPY);
        assert_eq!(ask(Request::GenerateKey, key::RSA.into(), &input, 4096), Err(Error::Argument), "{bits}");
    }
}

#[test]
fn what_takes_long_stops_when_it_is_told_to() {
    use std::time::{Duration, Instant};
    let dear = [
        (
            Request::Derive,
            u64::from(kdf::PBKDF2) | u64::from(hash::SHA512) << 8,
            pack(&[u32::MAX, 0, 0], &[b"p", b"s"], b""),
        ),
        (Request::Derive, u64::from(kdf::SCRYPT), pack(&[1 << 14, 8, 1 << 20], &[b"p", b"s"], b"")),
        (Request::GenerateKey, key::RSA.into(), pack(&[8192, 65537], &[], &ENTROPY)),
        (Request::Digest, hash::SHA3_512.into(), vec![0; 100 << 20]),
        (
            Request::Cipher,
            u64::from(cipher::CBC_ENCRYPT),
            pack(&[], &[&[0; 32], &[0; 16]], &vec![0; 200 << 20]),
        ),
    ];
    for (request, argument, input) in dear {
        let mut out = vec![0; input.len().max(4096)];
        let start = Instant::now();
        let wanted = Duration::from_millis(30);
        let go_on = || start.elapsed() < wanted;
        let mut memory = |_| Ok(Box::new(()) as Box<dyn Send>);
        let done = compute(request, argument, &input, &mut out, &mut Work::new(&go_on, &mut memory));
        assert_eq!(done, Err(Error::Canceled), "{request:?}");
        // One prime of 4,096 bits is tested at a time, on a machine that does other things too.
        let slow = if request == Request::GenerateKey { 3000 } else { 400 };
        assert!(start.elapsed() < wanted + Duration::from_millis(slow), "{request:?}: {:?}", start.elapsed());
    }
}

#[test]
fn memory_is_asked_for_before_it_is_taken() {
    for (n, r, p, wanted) in [
        (1 << 30, 1 << 20, 1, Error::Limit),
        (3, 1, 1, Error::Argument),
        (1, 1, 1, Error::Argument),
        (2, u32::MAX, 2, Error::Argument),
    ] {
        let mut memory = |_| Err(Error::Limit);
        let input = pack(&[n, r, p], &[b"", b""], b"");
        let work = &mut Work::new(&|| true, &mut memory);
        assert_eq!(compute(Request::Derive, kdf::SCRYPT.into(), &input, &mut [0; 32], work), Err(wanted));
    }
}

/// Whatever numbers and bytes come in, an answer goes out.
#[test]
fn nothing_panics() {
    let mut seed = 1u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        seed >> 33
    };
    let requests: Vec<Request> =
        Request::ALL.iter().copied().filter(|request| (130..145).contains(&(*request as u32))).collect();
    assert_eq!(requests.len(), 15);
    let mut done = 0;
    for _ in 0..60_000 {
        let request = requests[random() as usize % requests.len()];
        let argument = (random() % 14)
            | ((random() % 14) << 8)
            | ((random() % 4) << 16)
            | ((random() % 4) << 24)
            | ((random() % 70) << 32);
        let mut input = Vec::new();
        for _ in 0..random() % 5 {
            let length = match random() % 8 {
                0 => 12,
                1 => 64,
                2 | 3 => 16,
                4 => 32,
                5 => 65,
                6 => 0,
                _ => random() % 300,
            };
            input.extend((length as u32).to_le_bytes());
            input.extend((0..length).map(|_| random() as u8));
        }
        if random() % 4 == 0 {
            input.truncate(random() as usize % (input.len() + 1));
        }
        let mut out = vec![0; random() as usize % 300];
        // What takes long is stopped: it is the bytes that matter here.
        let left = std::cell::Cell::new(20);
        let go_on = || {
            left.set(left.get() - 1);
            left.get() > 0
        };
        let mut memory =
            |bytes| if bytes < 1 << 20 { Ok(Box::new(()) as Box<dyn Send>) } else { Err(Error::Limit) };
        done += usize::from(
            compute(request, argument, &input, &mut out, &mut Work::new(&go_on, &mut memory)).is_ok(),
        );
    }
    assert!(done > 100, "{done} were right");
}
