//! The network: where a context may connect to, and where it may listen.
//!
//! Start reading at [`Network::open`] and [`Network::socket`]: what comes out keeps the network that it was made by, and
//! does nothing that this does not allow.
//!
//! Invariant: a name that was granted leads to addresses of the public internet and nowhere else, whatever the resolver
//! says, unless the address was granted too.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use b8g_core::Error;
use b8g_core::abi::socket;
use b8g_http::{Dial, Trust, TrustError};

use super::address::{Host, Pattern, is_localhost, is_public, parse, written};
use super::datagrams::Datagrams;
use super::socket::Socket;
use super::{Allowance, Lease, Object};
use crate::monitor::Monitor;
use crate::outcome::Access;

/// How an entry of a narrowed network begins that is about listening.
const LISTEN: &str = "listen ";

/// Where connections may go, and where they may come in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    connects: Vec<NetGrant>,
    listens: Vec<NetGrant>,
    /// Whose certificates are trusted.
    pub(super) trust: Arc<Trust>,
    /// What it counts against the bound of who made it, if a context did.
    pub(super) _counted: Option<Arc<Lease>>,
}

#[derive(Clone, Debug)]
struct NetGrant {
    what: Pattern,
    number: u32,
}

impl Network {
    /// Grants connecting, and sending datagrams.
    pub(crate) fn grant(&mut self, what: Pattern, number: u32) {
        self.connects.push(NetGrant { what, number });
    }

    /// Grants listening, and receiving datagrams from anybody.
    ///
    /// # Errors
    /// [`Error::Argument`] for a name: where one listens is an address, and only `localhost` is known to be one.
    pub(crate) fn grant_listening(&mut self, what: &Pattern, number: u32) -> Result<(), Error> {
        let mut push = |what| self.listens.push(NetGrant { what, number });
        match () {
            () if what.is_localhost() => {
                push(what.at(Ipv4Addr::LOCALHOST.into()));
                push(what.at(Ipv6Addr::LOCALHOST.into()));
            }
            () if what.is_name() => return Err(Error::Argument),
            () => push(what.clone()),
        }
        Ok(())
    }

    /// Tells whether connections to `address` were granted, to all its ports if it names none.
    pub(crate) fn covers(&self, address: &str) -> bool {
        Pattern::parse(address)
            .is_some_and(|asked| self.connects.iter().any(|grant| grant.what.covers(&asked)))
    }

    /// Adds an entry, of all that was granted, to `kept`.
    ///
    /// # Errors
    /// [`Error::Rights`] when it was not, which is noted; [`Error::Argument`] for what is no entry.
    pub(crate) fn keep(&self, entry: &str, kept: &mut Network, monitor: &Monitor) -> Result<(), Error> {
        let (listens, address) = match entry.strip_prefix(LISTEN) {
            Some(address) => (true, address),
            None => (false, entry),
        };
        let asked = Pattern::parse(address).ok_or(Error::Argument)?;
        if !listens {
            let Some(grant) = self.connects.iter().find(|grant| grant.what.covers(&asked)) else {
                monitor.deny(Access::Net, address.as_bytes());
                return Err(Error::Rights);
            };
            kept.grant(asked, grant.number);
            return Ok(());
        }
        let mut parts = Network::default();
        parts.grant_listening(&asked, 0)?;
        for part in parts.listens {
            let Some(grant) = self.listens.iter().find(|grant| grant.what.covers(&part.what)) else {
                monitor.deny(Access::Listen, address.as_bytes());
                return Err(Error::Rights);
            };
            kept.listens.push(NetGrant { number: grant.number, ..part });
        }
        Ok(())
    }

    /// Finds the grant for `host:port`, and counts its use.
    ///
    /// # Errors
    /// [`Error::Rights`] when it was not granted, which is noted; [`Error::Argument`] for what is no address.
    pub(crate) fn open(
        self: &Arc<Network>,
        address: &[u8],
        descriptors: &Allowance,
        monitor: &Arc<Monitor>,
    ) -> Result<Object, Error> {
        let (host, port) = self.destination(address, monitor)?;
        let socket = match host {
            Host::Address(ip) => Socket::connect(SocketAddr::new(ip, port), descriptors)?,
            Host::Name(name) => {
                let (network, monitor) = (self.clone(), monitor.clone());
                let screen = move |name: &str, found| network.screen(name, found, &monitor);
                Socket::connect_by_name(name, port, descriptors, screen)?
            }
        };
        Ok(Object::Socket(Arc::new(socket)))
    }

    /// Makes a socket that is neither bound nor connected.
    ///
    /// # Errors
    /// [`Error::Argument`] when there is no such, and [`Error::Limit`].
    pub(crate) fn socket(self: &Arc<Network>, what: u64, descriptors: &Allowance) -> Result<Object, Error> {
        let is_v6 = match what {
            socket::TCP4 | socket::UDP4 => false,
            socket::TCP6 | socket::UDP6 => true,
            _ => return Err(Error::Argument),
        };
        Ok(match what {
            socket::UDP4 | socket::UDP6 => {
                Object::Datagrams(Arc::new(Datagrams::new(is_v6, self.clone(), descriptors)?))
            }
            _ => Object::Socket(Arc::new(Socket::unconnected(is_v6, self.clone(), descriptors)?)),
        })
    }

    /// Reads `host:port` and checks that one may connect there.
    ///
    /// # Errors
    /// As [`Network::open`].
    pub(super) fn destination(&self, address: &[u8], monitor: &Monitor) -> Result<(Host, u16), Error> {
        let text = std::str::from_utf8(address).map_err(|_| Error::Argument)?;
        let (host, port) = parse(text).ok_or(Error::Argument)?;
        let port = port.ok_or(Error::Argument)?;
        let Some(number) = self.number(&host, port) else {
            monitor.deny(Access::Net, address);
            return Err(Error::Rights);
        };
        monitor.use_grant(number);
        Ok((host, port))
    }

    fn number(&self, host: &Host, port: u16) -> Option<u32> {
        self.connects.iter().find(|grant| grant.what.allows(host, port)).map(|grant| grant.number)
    }

    /// The number of the grant to send to an address, if there is one.
    pub(super) fn number_of(&self, address: SocketAddr) -> Option<u32> {
        self.number(&Host::Address(address.ip().to_canonical()), address.port())
    }

    fn listener(&self, address: SocketAddr) -> Option<&NetGrant> {
        let host = Host::Address(address.ip());
        self.listens.iter().find(|grant| grant.what.allows(&host, address.port()))
    }

    /// Tells whether something may be connected to, but not listened at this address.
    pub(super) fn connects_only(&self, address: SocketAddr) -> bool {
        !self.connects.is_empty() && self.listener(address).is_none()
    }

    /// Checks that one may listen at an address.
    ///
    /// # Errors
    /// [`Error::Rights`] when that was not granted, which is noted.
    pub(super) fn listening(&self, address: SocketAddr, monitor: &Monitor) -> Result<(), Error> {
        match self.listener(address) {
            Some(grant) => {
                monitor.use_grant(grant.number);
                Ok(())
            }
            None => {
                monitor.deny(Access::Listen, written(address).as_bytes());
                Err(Error::Rights)
            }
        }
    }

    /// Keeps those of a granted name's addresses that it may lead to.
    ///
    /// # Errors
    /// [`Error::Rights`] when that is none, which is noted with the address.
    pub(super) fn screen(
        &self,
        name: &str,
        found: Vec<SocketAddr>,
        monitor: &Monitor,
    ) -> Result<Vec<SocketAddr>, Error> {
        let host = Host::Name(name.to_owned());
        let may = |address: &SocketAddr| {
            let ip = address.ip().to_canonical();
            let named = |grant: &NetGrant| grant.what.is_any() && grant.what.allows(&host, address.port());
            is_public(ip)
                || is_localhost(name) && ip.is_loopback()
                || self.connects.iter().any(named)
                || self.number_of(*address).is_some()
        };
        let (may, may_not): (Vec<_>, Vec<_>) = found.into_iter().partition(may);
        match (may.is_empty(), may_not.first()) {
            (false, _) => Ok(may),
            (true, None) => Err(Error::NotFound),
            (true, Some(address)) => {
                monitor.deny(Access::Net, written(*address).as_bytes());
                Err(Error::Rights)
            }
        }
    }

    /// What connects to `host:port` when somebody needs it: nothing happens before.
    ///
    /// # Errors
    /// As [`Network::open`].
    pub(crate) fn dial(self: &Arc<Network>, address: &[u8], monitor: &Arc<Monitor>) -> Result<Dial, Error> {
        let (host, port) = self.destination(address, monitor)?;
        let (network, monitor) = (self.clone(), monitor.clone());
        let screen = move |name: &str, found| network.screen(name, found, &monitor);
        Ok(Box::new(move |dialed| super::dial::dial(host, port, screen, dialed)))
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

    fn network(connects: &[&str], listens: &[&str]) -> Arc<Network> {
        let mut network = Network::default();
        for (number, text) in connects.iter().enumerate() {
            network.grant(Pattern::parse(text).unwrap(), number as u32);
        }
        for text in listens {
            network.grant_listening(&Pattern::parse(text).unwrap(), 0).unwrap();
        }
        Arc::new(network)
    }

    fn denied(monitor: &Monitor) -> Vec<String> {
        monitor.usage().denied.iter().map(|denial| denial.flag()).collect()
    }

    #[test]
    fn a_connection_needs_its_grant() {
        let network = network(&["127.0.0.1:9"], &["*"]);
        let monitor = Arc::new(Monitor::new(1));
        let descriptors = Allowance::new(4);
        for address in ["127.0.0.1:10", "localhost:9", "127.0.0.2:9"] {
            let refused = network.open(address.as_bytes(), &descriptors, &monitor);
            assert_eq!(refused.unwrap_err(), Error::Rights, "{address}");
        }
        assert_eq!(monitor.usage().denied.len(), 3);
        for address in ["127.0.0.1:9", "[::ffff:127.0.0.1]:9"] {
            assert!(network.open(address.as_bytes(), &descriptors, &monitor).is_ok(), "{address}");
        }
    }

    #[test]
    fn what_is_kept_is_less() {
        let wide = network(&["a.example", "10.0.0.0/8:5"], &["localhost:8080", "10.0.0.1"]);
        let monitor = Monitor::new(2);
        let mut kept = Network::default();
        for entry in [
            "a.example:1",
            "10.1.0.0/16:5",
            "listen localhost:8080",
            "listen 127.0.0.1:8080",
            "listen 10.0.0.1:1",
        ] {
            assert_eq!(wide.keep(entry, &mut kept, &monitor), Ok(()), "{entry}");
        }
        assert_eq!(denied(&monitor), Vec::<String>::new());
        for entry in
            ["b.example", "10.0.0.0/8", "listen *:8080", "listen 127.0.0.1", "listen 0.0.0.0:8080", "*"]
        {
            assert_eq!(wide.keep(entry, &mut kept, &monitor), Err(Error::Rights), "{entry}");
        }
        assert_eq!(
            denied(&monitor)[..3],
            ["--allow-net=b.example", "--allow-net=10.0.0.0/8", "--allow-listen=*:8080"]
        );
        for entry in ["", "listen ", "listen a.example", "listen", "a:b:c:d:e/9"] {
            let answer = wide.keep(entry, &mut kept, &monitor);
            assert!(answer.is_err(), "{entry}");
        }
        assert!(kept.covers("a.example:1") && !kept.covers("a.example") && kept.covers("10.1.2.3:5"));
        assert_eq!(kept.listening("[::1]:8080".parse().unwrap(), &monitor), Ok(()));
        assert_eq!(kept.listening("10.0.0.1:2".parse().unwrap(), &monitor), Err(Error::Rights));
    }

    #[test]
    fn a_name_leads_to_no_private_address() {
        let all = |ips: &[&str]| -> Vec<SocketAddr> {
            ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 443)).collect()
        };
        let hostile = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:127.0.0.1", "0.0.0.0"];
        let monitor = Monitor::new(1);
        let screen = |grants: &[&str], name: &str, ips: &[&str]| {
            network(grants, &[]).screen(name, all(ips), &monitor).map(|kept| kept.len())
        };
        for ip in hostile {
            assert_eq!(screen(&["a.example"], "a.example", &[ip]), Err(Error::Rights), "{ip}");
        }
        assert_eq!(denied(&monitor)[..2], ["--allow-net=127.0.0.1:443", "--allow-net=10.1.2.3:443"]);
        assert_eq!(screen(&["a.example"], "a.example", &["1.1.1.1", "10.1.2.3"]), Ok(1));
        assert_eq!(screen(&["a.example", "10.0.0.0/8"], "a.example", &hostile), Ok(1));
        assert_eq!(screen(&["a.example", "10.0.0.0/8:80"], "a.example", &["10.1.2.3"]), Err(Error::Rights));
        assert_eq!(screen(&["*"], "a.example", &hostile), Ok(hostile.len()));
        assert_eq!(screen(&["*:443"], "a.example", &hostile), Ok(hostile.len()));
        assert_eq!(screen(&["*:80", "a.example"], "a.example", &["10.1.2.3"]), Err(Error::Rights));
        assert_eq!(screen(&["localhost"], "localhost", &["127.0.0.1", "::1", "10.1.2.3"]), Ok(2));
        assert_eq!(screen(&["a.example"], "a.example", &[]), Err(Error::NotFound));
    }
}
