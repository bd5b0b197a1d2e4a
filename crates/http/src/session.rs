//! TLS without a connection: whoever has one moves the ciphertext, on its own thread and when it likes.
//!
//! Start reading at [`Session::new`], then [`Session::feed`]. What certificates are taken is decided in [`Verifier`].
//!
//! Invariants: what waits is bounded in both directions, by [`TLS_BUFFER_BYTES`] and by what one call of `feed` takes; nothing of one
//! session is used in another, neither tickets nor what was learned; a session that failed stays so, and gives at most the alert that
//! says so to the other side. Whatever the ciphertext is, the answer is an error and no panic.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;

use b8g_core::Error;
use b8g_core::abi::compute::{TLS_BUFFER_BYTES, tls_fault};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Connection, DigitallySignedStruct, RootCertStore,
    ServerConfig, ServerConnection, SignatureScheme, SupportedProtocolVersion,
};

use crate::trust::Trust;

/// What a session costs the host at most, besides what it was told at its start.
pub const SESSION_BYTES: u64 = 256 << 10;
/// Ciphertext that one call takes at most.
const FEED_BYTES_MAX: usize = 64 << 10;
/// Plaintext that may wait to be read before no more ciphertext is taken.
const READABLE_BYTES_MAX: usize = 16 << 10;
/// Certificates that are trusted or shown, at most.
const CERTIFICATES_MAX: usize = 1000;

/// What a session is told at its start.
#[derive(Clone, Debug, Default)]
pub struct Settings<'s> {
    /// It is the server.
    pub server: bool,
    /// Whom to connect to: a name or an address; empty: nobody in particular.
    pub server_name: &'s str,
    /// Protocols above, the best first.
    pub alpn: Vec<Vec<u8>>,
    /// Certificates that are trusted too: PEM, or DER one after another.
    pub roots: &'s [u8],
    /// Its own certificate and those above it, in the same form.
    pub chain: &'s [u8],
    /// The private key of that: PEM or DER.
    pub key: &'s [u8],
    /// How the other side's certificate is looked at.
    pub check: Check,
    /// The system's authorities are trusted too.
    pub system: bool,
    /// The lowest version, by its number in TLS; 0: any.
    pub lowest: u16,
    /// The highest version.
    pub highest: u16,
}

/// How the other side's certificate is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Check {
    /// Its chain, and its name: what a client does.
    #[default]
    Whole,
    /// Its chain, whatever its name is. As a server: there must be one.
    Chain,
    /// As a server: its chain, if there is one.
    IfAny,
    /// Not at all. As a server: it is not asked for.
    None,
}

/// How far a session is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status {
    /// The handshake is done.
    pub ready: bool,
    /// The other side said that it sends no more.
    pub ended: bool,
    /// There is ciphertext to take.
    pub wants_take: bool,
    /// It wants ciphertext.
    pub wants_feed: bool,
    /// The version's number in TLS; 0: not known yet.
    pub version: u16,
    /// The cipher suite's number.
    pub suite: u16,
    /// Bytes that can be read.
    pub readable: usize,
    /// One of `TLS_FAULT`, and the number of an alert in bits 8 to 15.
    pub fault: u32,
}

/// One side of a conversation under TLS.
#[derive(Debug)]
pub struct Session {
    /// `None`: its settings cannot be used.
    connection: Option<Connection>,
    fault: Option<Fault>,
    /// Bytes of plaintext that wait to be read.
    readable: usize,
    /// The other side said that it sends no more.
    ended: bool,
    /// This side did.
    finished: bool,
}

/// Why a session failed.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Fault {
    number: u32,
    text: String,
}

impl Session {
    /// Begins a session; with settings that cannot be used it has failed already. Reads the system's authorities when they are first
    /// needed.
    pub fn new(trust: &Trust, settings: &Settings<'_>) -> Session {
        let made = if settings.server { server(trust, settings) } else { client(trust, settings) };
        let (connection, fault) = match made {
            Ok(mut connection) => {
                connection.set_buffer_limit(Some(TLS_BUFFER_BYTES));
                (Some(connection), None)
            }
            Err(text) => (None, Some(Fault { number: tls_fault::SETTINGS.into(), text })),
        };
        Session { connection, fault, readable: 0, ended: false, finished: false }
    }

    fn connection(&mut self) -> Result<&mut Connection, Error> {
        self.connection.as_mut().ok_or(Error::Io)
    }

    /// Takes ciphertext of the other side, at most [`FEED_BYTES_MAX`]; answers how much.
    ///
    /// # Errors
    /// [`Error::Again`] when something is to be read first, [`Error::Closed`] behind the other side's end, [`Error::Io`] when the
    /// session failed.
    pub fn feed(&mut self, from: &[u8]) -> Result<usize, Error> {
        if self.fault.is_some() {
            return Err(Error::Io);
        }
        let mut left = &from[..from.len().min(FEED_BYTES_MAX)];
        let all = left.len();
        while !left.is_empty() {
            if self.ended || self.readable >= READABLE_BYTES_MAX {
                break;
            }
            let connection = self.connection()?;
            match connection.read_tls(&mut left) {
                Ok(0) => break,
                Ok(_) => {}
                // Its buffer is full: a message that is larger than messages are.
                Err(error) => {
                    self.fail(tls_fault::PROTOCOL.into(), error.to_string());
                    return Err(Error::Io);
                }
            }
            match connection.process_new_packets() {
                Ok(state) => {
                    self.readable = state.plaintext_bytes_to_read();
                    self.ended = state.peer_has_closed();
                }
                Err(error) => {
                    let fault = fault_of(&error);
                    self.fail(fault.number, fault.text);
                    return Err(Error::Io);
                }
            }
        }
        match all - left.len() {
            0 if all == 0 => Ok(0),
            0 if self.ended => Err(Error::Closed),
            0 => Err(Error::Again),
            taken => Ok(taken),
        }
    }

    /// Gives ciphertext for the other side; answers how much: 0 when there is none.
    pub fn take(&mut self, into: &mut [u8]) -> usize {
        let Some(connection) = &mut self.connection else { return 0 };
        let (all, mut left) = (into.len(), into);
        while connection.wants_write() && !left.is_empty() {
            // Memory takes what fits and does not fail.
            if !matches!(connection.write_tls(&mut left), Ok(1..)) {
                break;
            }
        }
        all - left.len()
    }

    /// Gives plaintext; 0 when the other side has ended.
    ///
    /// # Errors
    /// [`Error::Again`] when ciphertext is needed, [`Error::Io`] when the session failed; what came before can be read.
    pub fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let (failed, ended) = (self.fault.is_some(), self.ended);
        if into.is_empty() && !failed {
            return Ok(0);
        }
        match self.connection()?.reader().read(into) {
            Ok(count @ 1..) => {
                self.readable = self.readable.saturating_sub(count);
                Ok(count)
            }
            _ if failed => Err(Error::Io),
            Ok(_) => Ok(0),
            Err(_) if ended => Ok(0),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(Error::Again),
            Err(_) => Err(Error::Io),
        }
    }

    /// Takes plaintext for the other side; answers how much.
    ///
    /// # Errors
    /// [`Error::Again`] before the handshake is done, and when ciphertext is to be taken first; [`Error::Closed`] behind the end;
    /// [`Error::Io`] when the session failed.
    pub fn write(&mut self, from: &[u8]) -> Result<usize, Error> {
        if self.fault.is_some() {
            return Err(Error::Io);
        }
        if self.finished {
            return Err(Error::Closed);
        }
        let connection = self.connection()?;
        if connection.is_handshaking() {
            return Err(Error::Again);
        }
        match connection.writer().write(from) {
            Ok(0) if !from.is_empty() => Err(Error::Again),
            Ok(count) => Ok(count),
            Err(_) => Err(Error::Io),
        }
    }

    /// Says to the other side that no more comes.
    pub fn finish(&mut self) {
        if let (Some(connection), None, false) = (&mut self.connection, &self.fault, self.finished) {
            connection.send_close_notify();
        }
        self.finished = true;
    }

    /// Gives up: nothing can be read or written any more.
    pub fn abort(&mut self) {
        (self.connection, self.finished, self.readable) = (None, true, 0);
        self.fail(tls_fault::PROTOCOL.into(), "it was given up".to_owned());
    }

    fn fail(&mut self, number: u32, text: String) {
        self.fault.get_or_insert(Fault { number, text });
    }

    /// Tells how far it is.
    pub fn status(&self) -> Status {
        let connection = self.connection.as_ref();
        let failed = self.fault.is_some();
        Status {
            ready: !failed && connection.is_some_and(|it| !it.is_handshaking()),
            ended: self.ended,
            wants_take: connection.is_some_and(|it| it.wants_write()),
            wants_feed: !failed && connection.is_some_and(|it| it.wants_read()),
            version: connection.and_then(|it| it.protocol_version()).map_or(0, u16::from),
            suite: connection
                .and_then(|it| it.negotiated_cipher_suite())
                .map_or(0, |suite| u16::from(suite.suite())),
            readable: self.readable,
            fault: self.fault.as_ref().map_or(tls_fault::NONE.into(), |fault| fault.number),
        }
    }

    /// Why it failed, in words; nothing if it did not.
    pub fn fault(&self) -> &str {
        self.fault.as_ref().map_or("", |fault| &fault.text)
    }

    /// The protocol above that was agreed upon.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.connection.as_ref()?.alpn_protocol()
    }

    /// The certificates that the other side showed, its own first.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        self.connection.as_ref().and_then(|it| it.peer_certificates()).unwrap_or_default()
    }

    /// The name that a client asked for.
    pub fn server_name(&self) -> Option<&str> {
        match self.connection.as_ref()? {
            Connection::Server(connection) => connection.server_name(),
            Connection::Client(_) => None,
        }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn versions(settings: &Settings<'_>) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let known = [(0x303, &rustls::version::TLS12), (0x304, &rustls::version::TLS13)];
    let highest = if settings.highest == 0 { u16::MAX } else { settings.highest };
    let wanted = known.into_iter().filter(|(number, _)| (settings.lowest..=highest).contains(number));
    let wanted: Vec<_> = wanted.map(|(_, version)| version).collect();
    if wanted.is_empty() { Err("no version of TLS is allowed of 1.2 and 1.3".to_owned()) } else { Ok(wanted) }
}

fn client(trust: &Trust, settings: &Settings<'_>) -> Result<Connection, String> {
    let named = !settings.server_name.is_empty();
    if !named && settings.check == Check::Whole {
        return Err("the name of the server is missing".to_owned());
    }
    // Without a name none is sent: an address never is.
    let name = if named { settings.server_name } else { "0.0.0.0" };
    let name = ServerName::try_from(name.to_owned())
        .map_err(|_| format!("'{}' is not the name of a server", name.escape_default()))?;
    let provider = provider();
    let (roots, given) = roots(trust, settings)?;
    let verifier = Verifier { roots, given, check: settings.check, provider: provider.clone() };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(settings)?)
        .map_err(words)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match own(settings)? {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(words)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols.clone_from(&settings.alpn);
    config.resumption = Resumption::disabled();
    ClientConnection::new(Arc::new(config), name).map(Connection::Client).map_err(words)
}

fn server(trust: &Trust, settings: &Settings<'_>) -> Result<Connection, String> {
    let provider = provider();
    let verifier: Option<Arc<dyn ClientCertVerifier>> = match settings.check {
        Check::None => None,
        check => {
            let (roots, _) = roots(trust, settings)?;
            let builder = WebPkiClientVerifier::builder_with_provider(roots, provider.clone());
            let builder = if check == Check::IfAny { builder.allow_unauthenticated() } else { builder };
            Some(builder.build().map_err(|error| error.to_string())?)
        }
    };
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(settings)?)
        .map_err(words)?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let (chain, key) = own(settings)?.ok_or("a server needs a certificate and its key")?;
    let mut config = builder.with_single_cert(chain, key).map_err(words)?;
    config.alpn_protocols.clone_from(&settings.alpn);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    ServerConnection::new(Arc::new(config)).map(Connection::Server).map_err(words)
}

/// An error of the settings, in words.
fn words(error: rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => "the private key is not that of the certificate".to_owned(),
        error => fault_of(&error).text,
    }
}

/// What is trusted, and what of it was named rather than the system's.
fn roots(
    trust: &Trust,
    settings: &Settings<'_>,
) -> Result<(Arc<RootCertStore>, Vec<CertificateDer<'static>>), String> {
    if settings.check == Check::None {
        return Ok((Arc::new(RootCertStore::empty()), Vec::new()));
    }
    let mut given = certificates(settings.roots)?;
    let roots = if given.is_empty() && settings.system {
        trust.roots().clone()
    } else {
        let mut roots = if settings.system { (**trust.roots()).clone() } else { RootCertStore::empty() };
        let added = if settings.system { &[][..] } else { trust.added() };
        roots.add_parsable_certificates(added.iter().chain(&given).cloned());
        Arc::new(roots)
    };
    given.extend_from_slice(trust.added());
    Ok((roots, given))
}

/// Certificates in PEM, or in DER one after another.
fn certificates(mut bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    const DAMAGED: &str = "a certificate is damaged";
    let mut found = Vec::new();
    if bytes.first() == Some(&0x30) {
        while !bytes.is_empty() {
            let (_, _, rest) = value(bytes).ok_or(DAMAGED)?;
            found.push(CertificateDer::from(bytes[..bytes.len() - rest.len()].to_vec()));
            bytes = rest;
        }
    } else {
        for one in CertificateDer::pem_slice_iter(bytes) {
            found.push(one.map_err(|_| DAMAGED)?);
        }
    }
    if found.len() > CERTIFICATES_MAX {
        return Err(format!("there are more than {CERTIFICATES_MAX} certificates"));
    }
    Ok(found)
}

/// Its own certificates and key.
fn own(
    settings: &Settings<'_>,
) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, String> {
    if settings.chain.is_empty() && settings.key.is_empty() {
        return Ok(None);
    }
    let chain = certificates(settings.chain)?;
    if chain.is_empty() {
        return Err("there is no certificate".to_owned());
    }
    let key = match settings.key {
        [0x30, ..] => PrivateKeyDer::try_from(settings.key.to_vec()).map_err(str::to_owned),
        pem => PrivateKeyDer::from_pem_slice(pem).map_err(|_| "there is no private key in it".to_owned()),
    };
    Ok(Some((chain, key?)))
}

/// Tells whether a certificate names itself as who vouches for it.
fn signed_itself(certificate: &[u8]) -> Option<bool> {
    let (tag, outer, _) = value(certificate)?;
    let (inner, mut rest, _) = value(outer)?;
    if (tag, inner) != (0x30, 0x30) {
        return None;
    }
    let mut fields = Vec::new();
    while fields.len() < 5 {
        let (tag, content, after) = value(rest)?;
        // The version is left out of old ones.
        if tag != 0xa0 {
            fields.push(content);
        }
        rest = after;
    }
    // Serial number, algorithm, issuer, validity, subject.
    Some(fields[2] == fields[4])
}

/// The first value of DER: its tag, its content, and what follows it.
fn value(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = bytes else { return None };
    let (rest, len) = match first {
        0..=0x7f => (rest, usize::from(*first)),
        0x81..=0x83 => {
            let (len, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (rest, len.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)))
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((*tag, content, rest))
}

/// The certificate vouches for itself, and nobody who is trusted for it.
#[derive(Debug)]
struct SelfSigned;

impl std::fmt::Display for SelfSigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(SELF_SIGNED)
    }
}

impl std::error::Error for SelfSigned {}

const SELF_SIGNED: &str = "self-signed certificate";

/// Decides what certificate of a server is taken.
#[derive(Debug)]
struct Verifier {
    roots: Arc<RootCertStore>,
    /// Certificates that somebody named: each vouches for itself too.
    given: Vec<CertificateDer<'static>>,
    check: Check,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.check == Check::None {
            return Ok(ServerCertVerified::assertion());
        }
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let roots = &self.roots;
        match verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms) {
            Ok(()) => {}
            // A certificate that signed itself and says that it may sign others, as `openssl req -x509` makes them. That it is valid
            // today was looked at before.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(other)))
                if other.to_string() == "CaUsedAsEndEntity" && self.given.contains(end_entity) => {}
            Err(rustls::Error::InvalidCertificate(
                CertificateError::Other(_) | CertificateError::UnknownIssuer,
            )) if signed_itself(end_entity) == Some(true) => {
                let why = rustls::OtherError(Arc::new(SelfSigned));
                return Err(CertificateError::Other(why).into());
            }
            Err(error) => return Err(error),
        }
        if self.check == Check::Whole {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn fault_of(error: &rustls::Error) -> Fault {
    let (number, text) = match error {
        rustls::Error::InvalidCertificate(why) => certificate_fault(why),
        rustls::Error::NoCertificatesPresented => {
            (tls_fault::CERTIFICATE, "peer did not return a certificate".to_owned())
        }
        rustls::Error::AlertReceived(alert) => {
            let number = u32::from(tls_fault::ALERT) | u32::from(u8::from(*alert)) << 8;
            return Fault { number, text: format!("the other side gave up: {alert:?}") };
        }
        error => (tls_fault::PROTOCOL, error.to_string()),
    };
    Fault { number: number.into(), text }
}

/// In the words that programs know from elsewhere.
fn certificate_fault(why: &CertificateError) -> (u8, String) {
    use CertificateError as E;
    let (number, text) = match why {
        E::Expired | E::ExpiredContext { .. } => (tls_fault::EXPIRED, "certificate has expired"),
        E::NotValidYet | E::NotValidYetContext { .. } => (tls_fault::NOT_YET, "certificate is not yet valid"),
        E::UnknownIssuer => (tls_fault::ISSUER, "unable to get local issuer certificate"),
        E::NotValidForNameContext { expected, .. } => {
            let what = if matches!(expected, ServerName::IpAddress(_)) { "IP address" } else { "Hostname" };
            let name = expected.to_str();
            return (tls_fault::NAME, format!("{what} mismatch, certificate is not valid for '{name}'."));
        }
        E::Other(other) if other.to_string() == SELF_SIGNED => (tls_fault::ISSUER, SELF_SIGNED),
        E::Other(other) => return (tls_fault::CERTIFICATE, other.to_string()),
        E::NotValidForName => (tls_fault::NAME, "Hostname mismatch"),
        E::BadSignature => (tls_fault::CERTIFICATE, "certificate signature failure"),
        E::Revoked => (tls_fault::CERTIFICATE, "certificate revoked"),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            (tls_fault::CERTIFICATE, "unsuitable certificate purpose")
        }
        other => return (tls_fault::CERTIFICATE, other.to_string()),
    };
    (number, text.to_owned())
}
