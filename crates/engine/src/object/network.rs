//! The network: a name space in which `host:port` opens a socket, where that was granted.

use std::sync::Arc;

use b8g_core::Error;
use b8g_http::{Dial, Trust, TrustError};

use super::socket::Socket;
use super::{Allowance, Lease, Object};
use crate::monitor::Monitor;
use crate::outcome::Access;

/// Bytes of `host:port` at most.
const ADDRESS_BYTES_MAX: usize = 300;

/// Where connections may go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    grants: Vec<NetGrant>,
    /// Whose certificates are trusted.
    pub(super) trust: Arc<Trust>,
    /// What it counts against the bound of who made it, if a context did.
    pub(super) _counted: Option<Arc<Lease>>,
}

#[derive(Clone, Debug)]
struct NetGrant {
    /// `None`: any.
    host: Option<String>,
    /// `None`: any.
    port: Option<u16>,
    grant: u32,
}

/// Splits `host:port` or `[v6]:port`. The host comes out in lower case, without brackets and without a last dot.
pub(crate) fn split_address(address: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = if let Some(rest) = address.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => return None,
        }
    } else {
        match address.split_once(':') {
            // More than one colon and no brackets: an address of version 6 without a port.
            Some((_, rest)) if rest.contains(':') => (address, None),
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        }
    };
    let port = match port {
        Some(port) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            Some(port.parse::<u16>().ok()?)
        }
        Some(_) => return None,
        None => None,
    };
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let fits = !host.is_empty() && host.len() < ADDRESS_BYTES_MAX && !host.contains(['/', '\0', ' ', '@']);
    fits.then_some((host, port))
}

impl Network {
    /// Grants a host (any, when `None`) and a port (any, when `None`).
    pub(crate) fn grant(&mut self, host: Option<String>, port: Option<u16>, grant: u32) {
        self.grants.push(NetGrant { host, port, grant });
    }

    /// Tells whether connections to `address` were granted, to all its ports if it names none.
    pub(crate) fn covers(&self, address: &str) -> bool {
        split_address(address).is_some_and(|(host, port)| {
            self.grants.iter().any(|grant| {
                grant.host.as_ref().is_none_or(|granted| *granted == host)
                    && grant.port.is_none_or(|granted| Some(granted) == port)
            })
        })
    }

    /// Adds an address, of all that was granted, to `kept`.
    ///
    /// # Errors
    /// [`Error::Rights`] when it was not, which is noted; [`Error::Argument`] for what is no address.
    pub(crate) fn keep(&self, address: &str, kept: &mut Network, monitor: &Monitor) -> Result<(), Error> {
        let (host, port) = split_address(address).ok_or(Error::Argument)?;
        let host = host.parse::<std::net::IpAddr>().map_or(host, |address| address.to_string());
        let covers = |grant: &&NetGrant| {
            grant.host.as_ref().is_none_or(|granted| *granted == host)
                && grant.port.is_none_or(|granted| Some(granted) == port)
        };
        let Some(grant) = self.grants.iter().find(covers) else {
            monitor.deny(Access::Net, address.as_bytes());
            return Err(Error::Rights);
        };
        kept.grant(Some(host), port, grant.grant);
        Ok(())
    }

    /// Finds the grant for `host:port`, and counts its use.
    ///
    /// # Errors
    /// [`Error::Rights`] when it was not granted, which is noted; [`Error::Argument`] for what is no address.
    fn granted(&self, address: &[u8], monitor: &Monitor) -> Result<(String, u16), Error> {
        let text = std::str::from_utf8(address).map_err(|_| Error::Argument)?;
        let (host, port) = split_address(text).ok_or(Error::Argument)?;
        let port = port.ok_or(Error::Argument)?;
        let matches = |grant: &&NetGrant| {
            grant.host.as_ref().is_none_or(|granted| *granted == host)
                && grant.port.is_none_or(|granted| granted == port)
        };
        let Some(grant) = self.grants.iter().find(matches) else {
            monitor.deny(Access::Net, address);
            return Err(Error::Rights);
        };
        monitor.use_grant(grant.grant);
        Ok((host, port))
    }

    /// Begins to connect to `host:port`.
    ///
    /// # Errors
    /// As [`Network::granted`].
    pub(crate) fn open(
        &self,
        address: &[u8],
        descriptors: &Allowance,
        monitor: &Monitor,
    ) -> Result<Object, Error> {
        let (host, port) = self.granted(address, monitor)?;
        let socket = Socket::connect(&host, port, descriptors.lease()?)?;
        Ok(Object::Socket(Arc::new(socket)))
    }

    /// What connects to `host:port` when somebody needs it: nothing happens before.
    ///
    /// # Errors
    /// As [`Network::granted`].
    pub(crate) fn dial(&self, address: &[u8], monitor: &Monitor) -> Result<Dial, Error> {
        let (host, port) = self.granted(address, monitor)?;
        Ok(Box::new(move |dialed| super::socket::dial(host, port, dialed)))
    }

    /// Whose certificates its connections trust.
    pub(crate) fn trust(&self) -> &Arc<Trust> {
        &self.trust
    }

    /// Trusts the certificates in `pem` too.
    ///
    /// # Errors
    /// [`TrustError`] when it holds none.
    pub(crate) fn add_trust(&mut self, pem: &[u8]) -> Result<(), TrustError> {
        Arc::make_mut(&mut self.trust).add(pem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split() {
        let split = |text| split_address(text).map(|(host, port)| format!("{host} {port:?}"));
        assert_eq!(split("Example.COM.:80").unwrap(), "example.com Some(80)");
        assert_eq!(split("example.com").unwrap(), "example.com None");
        assert_eq!(split("[::1]:8080").unwrap(), "::1 Some(8080)");
        assert_eq!(split("::1").unwrap(), "::1 None");
        for bad in ["", ":80", "a:x", "a:99999", "a:+1", "[::1", "[::1]x", "a b:1", "a/b:1", "u@h:1"] {
            assert_eq!(split(bad), None, "{bad}");
        }
        assert_eq!(split_address("a:"), None);
    }

    #[test]
    fn a_connection_needs_its_grant() {
        let mut network = Network::default();
        network.grant(Some("127.0.0.1".into()), Some(9), 0);
        let monitor = Monitor::new(1);
        let descriptors = Allowance::new(4);
        for address in ["127.0.0.1:10", "localhost:9", "127.0.0.2:9"] {
            let refused = network.open(address.as_bytes(), &descriptors, &monitor);
            assert_eq!(refused.unwrap_err(), Error::Rights, "{address}");
        }
        assert_eq!(monitor.usage().denied.len(), 3);
        assert!(network.open(b"127.0.0.1:9", &descriptors, &monitor).is_ok());
    }
}
