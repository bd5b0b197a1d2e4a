//! Names of hosts as addresses.
//!
//! WASI looks a name up first and connects to an address then; grants name hosts. So nothing is looked up when a program
//! asks for a name's address: it gets a number of the context's own that stands for the name, in a range that no host
//! ever has, and connecting to it asks for the name. What was not granted is refused there, where the port is known, and
//! no program learns by asking which names exist.

use std::net::{IpAddr, Ipv4Addr};

use b8g_core::Error;

/// Names that a context may have asked for.
const NAMES_MAX: usize = 1024;
/// Bytes of a name at most, as in the name system.
const NAME_BYTES_MAX: usize = 253;
/// The first address: of the range that was never given to anybody.
const FIRST: u32 = u32::from_be_bytes([240, 0, 0, 1]);

/// The names that a context asked for.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<String>);

impl Names {
    /// The address that stands for `name`; an address stands for itself.
    ///
    /// # Errors
    /// [`Error::Argument`] for what is no name, [`Error::Limit`] for one too many.
    pub(crate) fn address(&mut self, name: &str) -> Result<IpAddr, Error> {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(address);
        }
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.') || !b.is_ascii();
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_name) {
            return Err(Error::Argument);
        }
        let at = match self.0.iter().position(|known| *known == name) {
            Some(at) => at,
            None if self.0.len() >= NAMES_MAX => return Err(Error::Limit),
            None => {
                self.0.push(name);
                self.0.len() - 1
            }
        };
        Ok(IpAddr::V4(Ipv4Addr::from_bits(FIRST + at as u32)))
    }

    /// The name that an address stands for, if it does.
    pub(crate) fn name(&self, address: IpAddr) -> Option<&str> {
        match address {
            IpAddr::V4(v4) => v4.to_bits().checked_sub(FIRST).and_then(|at| self.0.get(at as usize)),
            IpAddr::V6(_) => None,
        }
        .map(String::as_str)
    }

    /// What to connect to at an address: `host:port`.
    pub(crate) fn target(&self, address: IpAddr, port: u16) -> String {
        match (self.name(address), address) {
            (Some(name), _) => format!("{name}:{port}"),
            (None, IpAddr::V4(v4)) => format!("{v4}:{port}"),
            (None, IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
                Some(v4) => format!("{v4}:{port}"),
                None => format!("[{v6}]:{port}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_address_that_leads_back_to_it() {
        let mut names = Names::default();
        let address = names.address("Example.COM.").unwrap();
        assert_eq!(names.address("example.com"), Ok(address));
        assert_ne!(names.address("example.org"), Ok(address));
        assert_eq!(names.target(address, 443), "example.com:443");
        assert_eq!(names.address("127.0.0.1"), Ok("127.0.0.1".parse().unwrap()));
        assert_eq!(names.target("127.0.0.1".parse().unwrap(), 80), "127.0.0.1:80");
        assert_eq!(names.target("::1".parse().unwrap(), 80), "[::1]:80");
        // An address of the range that stands for nothing is itself.
        assert_eq!(names.target("240.0.1.0".parse().unwrap(), 80), "240.0.1.0:80");
    }

    #[test]
    fn names_are_checked_and_bounded() {
        let mut names = Names::default();
        for bad in ["", ".", "a b", "a/b", "a:1", "a\0b", "u@h", &"x".repeat(254)] {
            assert_eq!(names.address(bad), Err(Error::Argument), "{bad:?}");
        }
        for i in 0..NAMES_MAX {
            names.address(&format!("host{i}")).unwrap();
        }
        assert_eq!(names.address("more"), Err(Error::Limit));
        assert!(names.address("host7").is_ok());
    }
}
