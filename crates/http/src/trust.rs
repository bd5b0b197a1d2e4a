//! Whose certificates are trusted: the system's authorities, read when they are first needed, and those that were added.

use std::sync::{Arc, OnceLock};

use b8g_core::abi::HttpFailure;
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// The system's authorities, one set for the process.
static SYSTEM: OnceLock<Arc<RootCertStore>> = OnceLock::new();
/// Sessions that a client may take up again.
const SESSIONS_MAX: usize = 16;

/// Whose certificates are trusted. Cheap until it is first used.
#[derive(Debug, Default)]
pub struct Trust {
    added: Vec<CertificateDer<'static>>,
    /// The system's and those that were added.
    roots: OnceLock<Arc<RootCertStore>>,
    config: OnceLock<Result<ClientConfig, HttpFailure>>,
}

/// Why certificates cannot be added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrustError {
    /// It holds no certificate in PEM.
    None,
    /// What it holds is damaged.
    Damaged,
}

impl std::fmt::Display for TrustError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            TrustError::None => "it holds no certificate in PEM",
            TrustError::Damaged => "its certificate is damaged",
        })
    }
}

impl std::error::Error for TrustError {}

impl Clone for Trust {
    fn clone(&self) -> Trust {
        Trust { added: self.added.clone(), ..Trust::default() }
    }
}

impl Trust {
    /// Trusts the certificates in `pem` too.
    ///
    /// # Errors
    /// [`TrustError`] when it holds none that can be used.
    pub fn add(&mut self, pem: &[u8]) -> Result<(), TrustError> {
        let mut found = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            found.push(certificate.map_err(|_| TrustError::Damaged)?);
        }
        if found.is_empty() {
            return Err(TrustError::None);
        }
        let mut checked = RootCertStore::empty();
        found.iter().try_for_each(|one| checked.add(one.clone())).map_err(|_| TrustError::Damaged)?;
        self.added.append(&mut found);
        (self.roots, self.config) = (OnceLock::new(), OnceLock::new());
        Ok(())
    }

    /// What a client speaks TLS with. Reads the system's authorities at first, which takes milliseconds.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, HttpFailure> {
        let config = self.config.get_or_init(|| self.make()).as_ref().map_err(|failure| *failure)?;
        // What one client learned of a server another does not use.
        let mut config = config.clone();
        config.resumption = Resumption::in_memory_sessions(SESSIONS_MAX);
        Ok(Arc::new(config))
    }

    /// What was added.
    pub(crate) fn added(&self) -> &[CertificateDer<'static>] {
        &self.added
    }

    /// The system's authorities and what was added.
    pub(crate) fn roots(&self) -> &Arc<RootCertStore> {
        self.roots.get_or_init(|| {
            let system = SYSTEM.get_or_init(|| {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                Arc::new(roots)
            });
            if self.added.is_empty() {
                return system.clone();
            }
            let mut roots = (**system).clone();
            roots.add_parsable_certificates(self.added.iter().cloned());
            Arc::new(roots)
        })
    }

    fn make(&self) -> Result<ClientConfig, HttpFailure> {
        let roots = self.roots();
        if roots.is_empty() {
            return Err(HttpFailure::NoAuthorities);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut config = versions
            .map_err(|_| HttpFailure::Other)?
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}
