//! Addresses as grants name them, and which of them belong to nobody in particular.
//!
//! Start reading at [`Pattern`]. Invariants: two spellings of an address are the same address; an address of version 4 in
//! the clothes of version 6 is that of version 4.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Bytes of `host:port` at most.
const ADDRESS_BYTES_MAX: usize = 300;
/// Any host, as grants write it.
const ANY: &str = "*";

/// A host as somebody wrote it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Host {
    /// In lower case, without a last dot.
    Name(String),
    Address(IpAddr),
}

/// Hosts and ports that a grant names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pattern {
    hosts: Hosts,
    /// `None`: any.
    port: Option<u16>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Hosts {
    Any,
    Name(String),
    /// Those that begin as this address does, with so many bits.
    Range(IpAddr, u8),
}

/// Splits `host:port` or `[v6]:port`. The host comes out in lower case, without brackets and without a last dot.
fn split(address: &str) -> Option<(String, Option<u16>)> {
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
    let fits = !host.is_empty() && host.len() < ADDRESS_BYTES_MAX && !host.contains(['\0', ' ', '@']);
    fits.then_some((host, port))
}

/// Reads `host:port` or `host`, of one host.
pub(crate) fn parse(address: &str) -> Option<(Host, Option<u16>)> {
    let (host, port) = split(address)?;
    if host.contains(['/', '*']) {
        return None;
    }
    let host = host.parse::<IpAddr>().map_or(Host::Name(host), |ip| Host::Address(ip.to_canonical()));
    Some((host, port))
}

impl Pattern {
    /// Every host and port.
    pub(crate) const ANY: Pattern = Pattern { hosts: Hosts::Any, port: None };

    /// Reads `host:port`, `host`, or a range of addresses such as `10.0.0.0/8`; the host `*` is any.
    pub(crate) fn parse(text: &str) -> Option<Pattern> {
        let (host, port) = split(text)?;
        if host == ANY {
            return Some(Pattern { hosts: Hosts::Any, port });
        }
        let hosts = match host.split_once('/') {
            Some((address, bits)) => {
                // No second spelling of a range: a mapped one would be of version 6 and match nothing.
                let address = address.parse::<IpAddr>().ok().filter(|ip| ip.to_canonical() == *ip)?;
                let digits = !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
                let bits = digits.then(|| bits.parse::<u8>().ok())??;
                (bits <= width(address)).then_some(Hosts::Range(address, bits))?
            }
            None => match parse(&bracketed(&host))?.0 {
                Host::Name(name) => Hosts::Name(name),
                Host::Address(ip) => Hosts::Range(ip, width(ip)),
            },
        };
        Some(Pattern { hosts, port })
    }

    /// Tells whether it names this host and port.
    pub(crate) fn allows(&self, host: &Host, port: u16) -> bool {
        let hosts = match (&self.hosts, host) {
            (Hosts::Any, _) => true,
            (Hosts::Name(name), Host::Name(asked)) => name == asked,
            (Hosts::Range(first, bits), Host::Address(ip)) => begins(*ip, *first, *bits),
            _ => false,
        };
        hosts && self.port.is_none_or(|named| named == port)
    }

    /// Tells whether it names all that `other` does.
    pub(crate) fn covers(&self, other: &Pattern) -> bool {
        let hosts = match (&self.hosts, &other.hosts) {
            (Hosts::Any, _) => true,
            (Hosts::Name(name), Hosts::Name(asked)) => name == asked,
            (Hosts::Range(first, bits), Hosts::Range(asked, narrower)) => {
                narrower >= bits && begins(*asked, *first, *bits)
            }
            _ => false,
        };
        hosts && (self.port.is_none() || self.port == other.port)
    }

    /// Tells whether it names every host.
    pub(crate) fn is_any(&self) -> bool {
        self.hosts == Hosts::Any
    }

    /// Tells whether it names this machine by its name for itself.
    pub(crate) fn is_localhost(&self) -> bool {
        matches!(&self.hosts, Hosts::Name(name) if is_localhost(name))
    }

    /// Tells whether it names a host by a name.
    pub(crate) fn is_name(&self) -> bool {
        matches!(self.hosts, Hosts::Name(_))
    }

    /// As it is, but for its hosts: those that are this address.
    pub(crate) fn at(&self, ip: IpAddr) -> Pattern {
        Pattern { hosts: Hosts::Range(ip, width(ip)), port: self.port }
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn width(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

/// Tells whether the first `bits` of both are the same.
fn begins(ip: IpAddr, with: IpAddr, bits: u8) -> bool {
    let differ = match (ip, with) {
        (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(a.to_bits() ^ b.to_bits()) << 96,
        (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() ^ b.to_bits(),
        _ => return false,
    };
    differ.leading_zeros() >= u32::from(bits)
}

/// Tells whether a name is one that every machine has for itself.
pub(crate) fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Tells whether an address is one of the public internet: not of this machine, of a private network or link, of a group,
/// or one that stands for such an address.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// What is not public in version 4.
const RESERVED_V4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Groups, what was never given to anybody, and everybody.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

fn is_public_v4(ip: Ipv4Addr) -> bool {
    !RESERVED_V4.iter().any(|(first, bits)| begins(ip.into(), (*first).into(), *bits))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match (a, b, c, d, e, f) {
        // Addresses of version 4 behind a translator or a tunnel.
        (0x64, 0xff9b, 0, 0, 0, 0) => is_public_v4(v4(g, h)),
        (0x2002, ..) => is_public_v4(v4(b, c)),
        // For protocols: tunnels that hide where they lead to, measuring, identities that are no places.
        (0x2001, 0..=0x1ff, ..) => false,
        // Only this eighth was given to anybody. All else is this machine, links, groups, private or nothing.
        _ => a >> 13 == 1,
    }
}

/// An address with its port, as flags write it.
pub(crate) fn written(address: SocketAddr) -> String {
    let ip = address.ip().to_canonical();
    format!("{}:{}", bracketed(&ip.to_string()), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split() {
        let split = |text| split(text).map(|(host, port)| format!("{host} {port:?}"));
        assert_eq!(split("Example.COM.:80").unwrap(), "example.com Some(80)");
        assert_eq!(split("example.com").unwrap(), "example.com None");
        assert_eq!(split("[::1]:8080").unwrap(), "::1 Some(8080)");
        assert_eq!(split("::1").unwrap(), "::1 None");
        for bad in ["", ":80", "a:x", "a:99999", "a:+1", "[::1", "[::1]x", "a b:1", "u@h:1", "a:"] {
            assert_eq!(split(bad), None, "{bad}");
        }
        for bad in ["a/b:1", "10.0.0.0/8:1", "*:1", &"x".repeat(300)] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        let address = |text: &str| Host::Address(text.parse().unwrap());
        assert_eq!(parse("[0:0:0:0:0:0:0:1]:1"), Some((address("::1"), Some(1))));
        assert_eq!(parse("[::ffff:127.0.0.1]:1"), Some((address("127.0.0.1"), Some(1))));
    }

    #[test]
    fn patterns_name_hosts_and_ports() {
        let allows = |pattern: &str, asked: &str| {
            let (host, port) = parse(asked).unwrap();
            Pattern::parse(pattern).unwrap().allows(&host, port.unwrap())
        };
        for (pattern, asked) in [
            ("*", "a.example:1"),
            ("*:7", "[::1]:7"),
            ("a.example", "A.example.:9"),
            ("10.0.0.0/8", "10.9.8.7:1"),
            ("10.0.0.0/8:5", "10.9.8.7:5"),
            ("[fd00::/8]:5", "[fd12::1]:5"),
            ("fd00::/8", "[fd12::1]:5"),
            ("0.0.0.0/0", "1.2.3.4:5"),
            ("127.0.0.1", "[::ffff:127.0.0.1]:5"),
        ] {
            assert!(allows(pattern, asked), "{pattern} {asked}");
        }
        for (pattern, asked) in [
            ("*:7", "[::1]:8"),
            ("a.example", "b.example:1"),
            ("a.example", "127.0.0.1:1"),
            ("127.0.0.1", "localhost:1"),
            ("10.0.0.0/8", "11.0.0.0:1"),
            ("0.0.0.0/0", "[::1]:5"),
            ("::/0", "1.2.3.4:5"),
            ("127.0.0.1:0", "127.0.0.1:1"),
        ] {
            assert!(!allows(pattern, asked), "{pattern} {asked}");
        }
        for bad in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "a/8", "::ffff:1.2.3.4/120", "a*", "*.a", ""] {
            assert_eq!(Pattern::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_part_of_a_pattern_is_covered() {
        let covers =
            |wide: &str, narrow: &str| Pattern::parse(wide).unwrap().covers(&Pattern::parse(narrow).unwrap());
        for (wide, narrow) in [
            ("*", "*"),
            ("*", "a:1"),
            ("*:1", "10.0.0.0/8:1"),
            ("10.0.0.0/8", "10.1.0.0/16"),
            ("10.0.0.0/8", "10.1.1.1:5"),
            ("a", "a:1"),
        ] {
            assert!(covers(wide, narrow), "{wide} {narrow}");
            assert!(wide == narrow || !covers(narrow, wide), "{narrow} {wide}");
        }
        assert!(!covers("*:1", "a") && !covers("10.0.0.0/8", "11.0.0.0/16") && !covers("a:1", "a:2"));
    }

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for public in [
            "1.1.1.1",
            "93.184.216.34",
            "172.32.0.1",
            "2606:4700::1111",
            "64:ff9b::1.1.1.1",
            "2002:101:101::",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:1ff::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }
}
