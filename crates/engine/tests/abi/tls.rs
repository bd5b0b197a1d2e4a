//! Sessions of TLS as components have them: no connection, only bytes, and counted.

use std::io::{Read, Write};
use std::sync::Arc;

use b8g::{Grants, Limits};
use b8g_core::Error;
use b8g_core::abi::compute::{tls, tls_fault, tls_flag, tls_item};
use b8g_core::abi::{Op, Request, Role};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ServerConfig, ServerConnection};

use crate::support::{Puppet, engine};

const IN: i32 = 4096;
const OUT: i32 = 1 << 20;

fn puppet() -> (Puppet, i64) {
    let mut puppet = Puppet::with(&engine(), &Grants::none().compute(), Limits::default());
    let compute = puppet.given(Role::Compute as i32, 0);
    (puppet, compute)
}

fn put(puppet: &mut Puppet, bytes: &[u8]) -> i64 {
    for (at, word) in bytes.chunks(4).enumerate() {
        let mut four = [0; 4];
        four[..word.len()].copy_from_slice(word);
        puppet.store(IN + at as i32 * 4, i32::from_le_bytes(four));
    }
    (bytes.len() as i64) << 32 | i64::from(IN)
}

fn got(puppet: &mut Puppet, count: i64) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        (0..count as i32).step_by(4).flat_map(|at| puppet.load(OUT + at).to_le_bytes()).collect();
    bytes.truncate(count as usize);
    bytes
}

fn ask(puppet: &mut Puppet, handle: i64, request: Request, input: &[u8], room: i64, argument: i64) -> i64 {
    let input = put(puppet, input);
    puppet.op(Op::Ctl, handle, [request as i64, input, room << 32 | i64::from(OUT), argument])
}

fn settings(parts: [&[u8]; 4], key: &[u8]) -> Vec<u8> {
    let mut all: Vec<u8> =
        parts.iter().flat_map(|part| [&(part.len() as u32).to_le_bytes(), *part].concat()).collect();
    all.extend_from_slice(key);
    all
}

fn state(puppet: &mut Puppet, session: i64) -> [u32; 5] {
    assert_eq!(ask(puppet, session, Request::TlsState, b"", 20, 0), 20);
    [0, 4, 8, 12, 16].map(|at| puppet.load(OUT + at) as u32)
}

#[test]
fn a_session_speaks_with_a_server_that_somebody_else_connects_it_to() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let (mut puppet, compute) = puppet();
    let roots = made.cert.pem();
    for (name, how, fault) in [
        ("localhost", tls::NO_SYSTEM, tls_fault::NONE),
        ("example.com", tls::NO_SYSTEM, tls_fault::NAME),
        ("example.com", tls::NO_SYSTEM | tls::NO_NAME, tls_fault::NONE),
        ("example.com", tls::ANY, tls_fault::NONE),
    ] {
        let told = settings([name.as_bytes(), b"\x02h2\x08http/1.1", roots.as_bytes(), b""], b"");
        let session = ask(&mut puppet, compute, Request::Tls, &told, 0, how.into());
        assert!(session > 0, "{session}");
        let mut server = ServerConnection::new(config.clone()).unwrap();
        for _ in 0..4 {
            let count = ask(&mut puppet, session, Request::TlsTake, b"", 60_000, 0);
            server.read_tls(&mut &got(&mut puppet, count)[..]).unwrap();
            let _ = server.process_new_packets();
            let mut answer = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut answer).unwrap();
            }
            let _ = ask(&mut puppet, session, Request::TlsFeed, &answer, 0, 0);
        }
        let [flags, version, suite, _, failed] = state(&mut puppet, session);
        assert_eq!(failed, u32::from(fault), "{name} {how}");
        let count = puppet.op(Op::Ctl, session, [Request::Fault as i64, 0, 200 << 32 | i64::from(OUT), 0]);
        if fault != tls_fault::NONE {
            let words = String::from_utf8(got(&mut puppet, count)).unwrap();
            assert_eq!(words, "Hostname mismatch, certificate is not valid for 'example.com'.");
            assert_eq!(puppet.op(Op::Read, session, [0, 9, -1, 0]), Error::Io.code());
        } else {
            assert_eq!((count, version, suite >> 8), (0, 0x304, 0x13));
            assert!(flags & u32::from(tls_flag::READY) != 0, "{flags}");
            let count = ask(&mut puppet, session, Request::TlsTell, b"", 99, tls_item::ALPN.into());
            assert_eq!(got(&mut puppet, count), b"http/1.1");
            let count = ask(&mut puppet, session, Request::TlsTell, b"", 9999, tls_item::CERTIFICATES.into());
            assert_eq!(got(&mut puppet, count)[4..], made.cert.der()[..]);
            let short = ask(&mut puppet, session, Request::TlsTell, b"", 9, tls_item::CERTIFICATES.into());
            assert_eq!(short, Error::Limit.code());
            // Out.
            put(&mut puppet, b"a question");
            assert_eq!(puppet.op(Op::Write, session, [IN.into(), 10, -1, 0]), 10);
            assert_eq!(puppet.op(Op::Finish, session, [0, 0, 0, 0]), 0);
            assert_eq!(puppet.op(Op::Write, session, [IN.into(), 10, -1, 0]), Error::Closed.code());
            let count = ask(&mut puppet, session, Request::TlsTake, b"", 60_000, 0);
            server.read_tls(&mut &got(&mut puppet, count)[..]).unwrap();
            assert!(server.process_new_packets().unwrap().peer_has_closed());
            let mut heard = String::new();
            server.reader().read_to_string(&mut heard).unwrap();
            assert_eq!(heard, "a question");
            // And in.
            server.writer().write_all(b"an answer").unwrap();
            server.send_close_notify();
            let mut answer = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut answer).unwrap();
            }
            assert_eq!(ask(&mut puppet, session, Request::TlsFeed, &answer, 0, 0), answer.len() as i64);
            assert_eq!(puppet.op(Op::Read, session, [OUT.into(), 99, -1, 0]), 9);
            assert_eq!(got(&mut puppet, 9), b"an answer");
            assert_eq!(puppet.op(Op::Read, session, [OUT.into(), 99, -1, 0]), 0);
        }
        assert_eq!(puppet.op(Op::Close, session, [0; 4]), 0);
    }
}

#[test]
fn what_tls_does_not_take_is_refused() {
    let (mut puppet, compute) = puppet();
    let good = settings([b"localhost", b"", b"", b""], b"");
    let wrong = Error::Argument.code();
    for (input, how) in [
        (&b""[..], 0),
        (&good[..good.len() - 1], 0),
        (&b"\xff\xff\xff\xffabc"[..], 0),
        (&settings([b"\xff", b"", b"", b""], b""), 0),
        (&settings([b"x", b"\x05h2", b"", b""], b""), 0),
        (&settings([b"x", b"\x00", b"", b""], b""), 0),
        (&good, 64),
        (&good, 256),
        (&good, i64::from(tls::ASK)),
        (&good, 1 << 48),
    ] {
        assert_eq!(ask(&mut puppet, compute, Request::Tls, input, 0, how), wrong, "{input:?} {how}");
    }
    // What can be told, but not be used, has failed from the beginning, and says why.
    let bad = settings([b"not a name", b"", b"", b""], b"");
    let session = ask(&mut puppet, compute, Request::Tls, &bad, 0, tls::NO_SYSTEM.into());
    assert_eq!(state(&mut puppet, session)[4], u32::from(tls_fault::SETTINGS));
    assert_eq!(ask(&mut puppet, session, Request::TlsFeed, b"x", 0, 0), Error::Io.code());
    assert_eq!(ask(&mut puppet, session, Request::TlsTell, b"", 9, 99), Error::Argument.code());
    assert_eq!(ask(&mut puppet, session, Request::Flush, b"", 0, 1), Error::Type.code());
    assert_eq!(ask(&mut puppet, compute, Request::TlsFeed, b"x", 0, 0), Error::Type.code());
}

#[test]
fn sessions_are_counted_and_given_back() {
    let (mut puppet, compute) = puppet();
    let good = settings([b"localhost", b"", b"", b""], b"");
    let mut open = Vec::new();
    let refused = loop {
        match ask(&mut puppet, compute, Request::Tls, &good, 0, tls::NO_SYSTEM.into()) {
            session @ 1.. => open.push(session),
            error => break error,
        }
        assert!(open.len() < 5000, "there is no end of them");
    };
    assert_eq!(refused, Error::Limit.code());
    assert!(open.len() > 50, "{} only", open.len());
    for session in open {
        assert_eq!(puppet.op(Op::Close, session, [0; 4]), 0);
    }
    assert!(ask(&mut puppet, compute, Request::Tls, &good, 0, tls::NO_SYSTEM.into()) > 0);
}
