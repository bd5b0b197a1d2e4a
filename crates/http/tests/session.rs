//! Sessions of TLS, against each other and against what is none: whatever comes, an answer.

use b8g_core::Error;
use b8g_core::abi::compute::tls_fault;
use b8g_http::Trust;
use b8g_http::session::{Check, Session, Settings};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// An authority, and what it vouches for.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key, in PEM.
struct Own(String, String);

impl Authority {
    fn new(name: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: Issuer::new(params, key) }
    }

    fn vouches(&self, name: &str, years: [i32; 2]) -> Own {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        [params.not_before, params.not_after] = years.map(|year| rcgen::date_time_ymd(year, 1, 1));
        params.distinguished_name.push(DnType::CommonName, "somebody");
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Own(pem, key.serialize_pem())
    }
}

/// A certificate that signed itself, of an authority.
fn itself(years: [i32; 2]) -> Own {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    [params.not_before, params.not_after] = years.map(|year| rcgen::date_time_ymd(year, 1, 1));
    let pem = params.self_signed(&key).unwrap().pem();
    Own(pem, key.serialize_pem())
}

const NOW: [i32; 2] = [2020, 2100];

fn server(own: &Own) -> Session {
    server_with(own, Settings { check: Check::None, ..Settings::default() })
}

fn server_with<'s>(own: &'s Own, settings: Settings<'s>) -> Session {
    let (chain, key) = (own.0.as_bytes(), own.1.as_bytes());
    Session::new(&Trust::default(), &Settings { server: true, chain, key, ..settings })
}

fn client(name: &str, roots: &str) -> Session {
    client_with(Settings { server_name: name, roots: roots.as_bytes(), ..Settings::default() })
}

fn client_with(settings: Settings<'_>) -> Session {
    Session::new(&Trust::default(), &settings)
}

/// Moves what there is, in pieces; false when there was nothing.
fn carry(from: &mut Session, to: &mut Session, piece: usize) -> bool {
    let mut bytes = vec![0; 1 << 20];
    let count = from.take(&mut bytes);
    for piece in bytes[..count].chunks(piece) {
        let mut left = piece;
        while let Ok(taken @ 1..) = to.feed(left) {
            left = &left[taken..];
        }
    }
    count > 0
}

fn shake(client: &mut Session, server: &mut Session) {
    shake_by(client, server, 1 << 20);
}

fn shake_by(client: &mut Session, server: &mut Session, piece: usize) {
    while carry(client, server, piece) | carry(server, client, piece) {}
}

#[track_caller]
fn refused(client: &mut Session, own: &Own, number: u8, words: &str) {
    let mut server = server(own);
    shake(client, &mut server);
    assert_eq!((client.status().fault, client.fault()), (number.into(), words));
    assert_eq!(client.read(&mut [0; 9]), Err(Error::Io));
    assert_eq!(client.feed(b"x"), Err(Error::Io));
    assert_eq!(client.write(b"x"), Err(Error::Io));
    // The other side was told.
    assert_eq!(server.status().fault & 0xff, tls_fault::ALERT.into(), "{}", server.fault());
}

#[test]
fn a_conversation_takes_place_and_ends_in_both_directions() {
    let authority = Authority::new("test authority");
    let own = authority.vouches("localhost", NOW);
    for (piece, highest) in [(1, 0), (7, 0x303), (1 << 20, 0), (1 << 20, 0x303)] {
        let alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let roots = authority.pem.as_bytes();
        let settings = Settings { server_name: "localhost", alpn, roots, highest, ..Settings::default() };
        let mut client = client_with(settings);
        let alpn = vec![b"http/1.1".to_vec()];
        let mut server = server_with(&own, Settings { check: Check::None, alpn, ..Settings::default() });
        assert_eq!(client.write(b"early"), Err(Error::Again));
        assert_eq!(client.read(&mut [0; 9]), Err(Error::Again));
        shake_by(&mut client, &mut server, piece);
        let status = client.status();
        assert!(status.ready && status.fault == 0, "{status:?} {}", client.fault());
        assert_eq!(status.version, if highest == 0 { 0x304 } else { highest });
        assert_eq!(status.suite, server.status().suite);
        assert_eq!(client.alpn(), Some(&b"http/1.1"[..]));
        assert_eq!(server.server_name(), Some("localhost"));
        assert_eq!((client.certificates().len(), server.certificates().len()), (1, 0));
        assert_eq!(client.write(b"over"), Ok(4));
        assert!(carry(&mut client, &mut server, piece));
        assert_eq!(server.status().readable, 4);
        let mut room = [0; 9];
        assert_eq!(server.read(&mut room), Ok(4));
        assert_eq!(&room[..4], b"over");
        assert_eq!(server.read(&mut room), Err(Error::Again));
        client.finish();
        assert_eq!(client.write(b"more"), Err(Error::Closed));
        carry(&mut client, &mut server, piece);
        assert!(server.status().ended);
        assert_eq!(server.read(&mut room), Ok(0));
        assert_eq!(server.feed(b"behind the end"), Err(Error::Closed));
        assert_eq!(server.write(b"last"), Ok(4));
        server.finish();
        carry(&mut server, &mut client, piece);
        assert_eq!(client.read(&mut room), Ok(4));
        assert_eq!(client.read(&mut room), Ok(0));
    }
}

#[test]
fn what_waits_is_bounded_in_both_directions() {
    let authority = Authority::new("test authority");
    let own = authority.vouches("localhost", NOW);
    let (mut client, mut server) = (client("localhost", &authority.pem), server(&own));
    shake(&mut client, &mut server);
    let much = vec![7; 1 << 20];
    let mut written = 0;
    while let Ok(count) = client.write(&much[..100_000]) {
        written += count;
        assert!(written < 1 << 20, "it takes everything");
    }
    assert_eq!(client.write(b"x"), Err(Error::Again));
    let mut bytes = vec![0; 1 << 20];
    let count = client.take(&mut bytes);
    assert!(count < 200_000, "{count} wait");
    let (mut left, mut read, mut room) = (&bytes[..count], 0, [0; 5000]);
    while read < written {
        match server.feed(left) {
            Ok(taken) => left = &left[taken..],
            Err(error) => assert_eq!(error, Error::Again),
        }
        assert!(server.status().readable < 80 << 10);
        while let Ok(count) = server.read(&mut room) {
            read += count;
        }
    }
    assert_eq!(read, written);
}

#[test]
fn certificates_that_are_not_good_are_refused_with_the_reason() {
    let authority = Authority::new("test authority");
    let [good, old, early] =
        [NOW, [2000, 2001], [2090, 2100]].map(|years| authority.vouches("localhost", years));
    let pem = &authority.pem;
    refused(&mut client("localhost", pem), &old, tls_fault::EXPIRED, "certificate has expired");
    refused(&mut client("localhost", pem), &early, tls_fault::NOT_YET, "certificate is not yet valid");
    let words = "Hostname mismatch, certificate is not valid for 'example.com'.";
    refused(&mut client("example.com", pem), &good, tls_fault::NAME, words);
    let words = "IP address mismatch, certificate is not valid for '127.0.0.1'.";
    refused(&mut client("127.0.0.1", pem), &good, tls_fault::NAME, words);
    let stranger = Authority::new("stranger").pem;
    let words = "unable to get local issuer certificate";
    refused(&mut client("localhost", &stranger), &good, tls_fault::ISSUER, words);
    refused(&mut client("localhost", ""), &good, tls_fault::ISSUER, words);
    let any_name = Settings { check: Check::Chain, roots: stranger.as_bytes(), ..Settings::default() };
    refused(&mut client_with(any_name), &good, tls_fault::ISSUER, words);
    refused(&mut client("localhost", pem), &itself(NOW), tls_fault::ISSUER, "self-signed certificate");
}

#[test]
fn who_asks_for_less_gets_less() {
    let authority = Authority::new("test authority");
    let (good, other) = (authority.vouches("localhost", NOW), itself(NOW));
    let roots = authority.pem.as_bytes();
    for (settings, own) in [
        (Settings { server_name: "example.com", roots, check: Check::Chain, ..Settings::default() }, &good),
        (Settings { check: Check::Chain, roots, ..Settings::default() }, &good),
        (Settings { server_name: "example.com", check: Check::None, ..Settings::default() }, &other),
        (Settings { check: Check::None, ..Settings::default() }, &other),
    ] {
        let (mut client, mut server) = (client_with(settings), server(own));
        shake(&mut client, &mut server);
        assert!(client.status().ready, "{}", client.fault());
        assert!(server.status().ready, "{}", server.fault());
    }
}

/// As `openssl req -x509` makes them; that one is named replaces nothing but the authority.
#[test]
fn a_certificate_that_is_named_vouches_for_itself() {
    let good = itself(NOW);
    let (mut first, mut server) = (client("localhost", &good.0), server(&good));
    shake(&mut first, &mut server);
    assert!(first.status().ready, "{}", first.fault());
    let old = itself([2000, 2001]);
    refused(&mut client("localhost", &old.0), &old, tls_fault::EXPIRED, "certificate has expired");
    let words = "Hostname mismatch, certificate is not valid for 'example.com'.";
    refused(&mut client("example.com", &good.0), &good, tls_fault::NAME, words);
    refused(&mut client("localhost", &good.0), &itself(NOW), tls_fault::ISSUER, "self-signed certificate");
}

#[test]
fn what_was_added_is_trusted_with_and_without_the_systems() {
    let authority = Authority::new("test authority");
    let own = authority.vouches("localhost", NOW);
    let mut trust = Trust::default();
    trust.add(authority.pem.as_bytes()).unwrap();
    for system in [false, true] {
        let settings = Settings { server_name: "localhost", system, ..Settings::default() };
        let (mut client, mut server) = (Session::new(&trust, &settings), server(&own));
        shake(&mut client, &mut server);
        assert!(client.status().ready, "{}", client.fault());
    }
}

#[test]
fn clients_show_certificates_too() {
    let authority = Authority::new("test authority");
    let own = authority.vouches("localhost", NOW);
    let roots = authority.pem.as_bytes();
    let run = |shown: Option<&Own>, check| {
        let (chain, key) = shown.map_or((&b""[..], &b""[..]), |own| (own.0.as_bytes(), own.1.as_bytes()));
        let settings = Settings { server_name: "localhost", roots, chain, key, ..Settings::default() };
        let mut client = client_with(settings);
        let mut server = server_with(&own, Settings { check, roots, ..Settings::default() });
        shake(&mut client, &mut server);
        (server.status().ready, server.certificates().len(), server.fault().to_owned())
    };
    let shown = authority.vouches("client.example", NOW);
    assert_eq!(run(Some(&shown), Check::Chain), (true, 1, String::new()));
    assert_eq!(run(None, Check::IfAny), (true, 0, String::new()));
    assert_eq!(run(None, Check::Chain), (false, 0, "peer did not return a certificate".to_owned()));
    assert!(!run(Some(&Authority::new("stranger").vouches("x", NOW)), Check::IfAny).0);
}

#[test]
fn settings_that_cannot_be_used_fail_at_once() {
    let authority = Authority::new("test authority");
    let (own, other) = (authority.vouches("localhost", NOW), authority.vouches("localhost", NOW));
    let name = "localhost";
    for (settings, words) in [
        (Settings::default(), "the name of the server is missing"),
        (Settings { server_name: "a b", ..Settings::default() }, "'a b' is not the name of a server"),
        (
            Settings { server_name: name, roots: b"0\x82\xff\xff", ..Settings::default() },
            "a certificate is damaged",
        ),
        (Settings { server_name: name, roots: b"0", ..Settings::default() }, "a certificate is damaged"),
        (
            Settings { server_name: name, chain: own.0.as_bytes(), ..Settings::default() },
            "there is no private key in it",
        ),
        (
            Settings { server_name: name, key: own.1.as_bytes(), ..Settings::default() },
            "there is no certificate",
        ),
        (
            Settings {
                server_name: name,
                chain: own.0.as_bytes(),
                key: other.1.as_bytes(),
                ..Settings::default()
            },
            "the private key is not that of the certificate",
        ),
        (
            Settings { server_name: name, highest: 0x302, ..Settings::default() },
            "no version of TLS is allowed of 1.2 and 1.3",
        ),
        (
            Settings { server: true, check: Check::None, ..Settings::default() },
            "a server needs a certificate and its key",
        ),
    ] {
        let mut session = client_with(settings);
        assert_eq!((session.status().fault, session.fault()), (tls_fault::SETTINGS.into(), words));
        assert_eq!(session.feed(b"x"), Err(Error::Io));
        assert_eq!(session.take(&mut [0; 9]), 0);
        assert_eq!(session.read(&mut [0; 9]), Err(Error::Io));
        session.finish();
    }
}

#[test]
fn hostile_ciphertext_is_an_error() {
    let authority = Authority::new("test authority");
    let own = authority.vouches("localhost", NOW);
    let mut seed = 9u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize
    };
    let mut failed = 0;
    for round in 0..300 {
        let (mut client, mut server) = (client("localhost", &authority.pem), server(&own));
        if round % 3 == 0 {
            shake(&mut client, &mut server);
        }
        let mut bytes = vec![0; 1 << 16];
        for _ in 0..10 {
            let (from, to) =
                if random() % 2 == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
            let _ = from.write(&[5; 3000]);
            let mut count = from.take(&mut bytes);
            match random() % 4 {
                0 if count > 0 => bytes[random() % count] ^= 1 << (random() % 8),
                1 => count = random() % (count + 1),
                2 => {
                    count = random() % 4000;
                    bytes[..count].fill_with(|| random() as u8);
                    bytes[..3].copy_from_slice(&[22 + (random() % 2) as u8, 3, 3]);
                }
                _ => {}
            }
            let _ = to.feed(&bytes[..count]);
            let _ = to.read(&mut [0; 2000]);
            to.take(&mut [0; 100]);
        }
        failed += usize::from(client.status().fault != 0) + usize::from(server.status().fault != 0);
    }
    assert!(failed > 100, "{failed} failed");
    // What speaks no TLS at all.
    let mut session = client("localhost", "");
    assert_eq!(session.feed(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Err(Error::Io));
    assert_eq!(session.status().fault, tls_fault::PROTOCOL.into());
}

#[test]
fn who_gives_up_can_do_nothing_more() {
    let mut session = client("localhost", "");
    session.abort();
    assert_eq!(session.read(&mut [0; 9]), Err(Error::Io));
    assert_eq!(session.take(&mut [0; 9]), 0);
    assert_eq!(session.fault(), "it was given up");
}
