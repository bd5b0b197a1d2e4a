//! Addresses as they lie in memory: 32 bytes, as [`super::constants::ADDRESS`] describes them.
//!
//! Invariant: an address has one form. What is no address, or one of version 4 in the clothes of version 6, is none.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// Bytes on the wire.
pub const ADDRESS_BYTES: usize = 32;

/// Writes an address as the ABI lays it out.
pub fn to_bytes(address: &SocketAddr) -> [u8; ADDRESS_BYTES] {
    let (version, high, low, flow, scope) = match address {
        SocketAddr::V4(v4) => (4u32, 0, u64::from(v4.ip().to_bits()), 0, 0),
        SocketAddr::V6(v6) => {
            let bits = v6.ip().to_bits();
            (6, (bits >> 64) as u64, bits as u64, v6.flowinfo(), v6.scope_id())
        }
    };
    let mut out = [0; ADDRESS_BYTES];
    out[0..4].copy_from_slice(&version.to_le_bytes());
    out[4..8].copy_from_slice(&u32::from(address.port()).to_le_bytes());
    out[8..16].copy_from_slice(&high.to_le_bytes());
    out[16..24].copy_from_slice(&low.to_le_bytes());
    out[24..28].copy_from_slice(&flow.to_le_bytes());
    out[28..32].copy_from_slice(&scope.to_le_bytes());
    out
}

/// Reads an address that a component passed; `None`: it is none.
pub fn from_bytes(bytes: &[u8; ADDRESS_BYTES]) -> Option<SocketAddr> {
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let wide = |at: usize| u64::from(word(at + 4)) << 32 | u64::from(word(at));
    let port = u16::try_from(word(4)).ok()?;
    let (high, low, flow, scope) = (wide(8), wide(16), word(24), word(28));
    match word(0) {
        4 if (high, flow, scope) == (0, 0, 0) => {
            Some(SocketAddr::new(Ipv4Addr::from_bits(u32::try_from(low).ok()?).into(), port))
        }
        6 => {
            let ip = Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low));
            let plain = ip.to_ipv4_mapped().is_none();
            plain.then(|| SocketAddrV6::new(ip, port, flow, scope).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_as_they_went() {
        for text in
            ["127.0.0.1:80", "255.255.255.255:65535", "[::1]:0", "[2001:db8::1:2]:53", "[fe80::1%7]:9"]
        {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(from_bytes(&to_bytes(&address)), Some(address), "{text}");
        }
        let bytes = to_bytes(&"1.2.3.4:258".parse().unwrap());
        assert_eq!(bytes[..20], [4, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 1]);
    }

    #[test]
    fn what_is_no_address_is_none() {
        let good = to_bytes(&"1.2.3.4:5".parse().unwrap());
        // Version, port above 16 bits, more than 32 bits, flow and scope of version 4.
        for at in [0, 6, 8, 20, 24, 28] {
            let mut bad = good;
            bad[at] = 9;
            assert_eq!(from_bytes(&bad), None, "{at}");
        }
        assert_eq!(from_bytes(&[0; ADDRESS_BYTES]), None);
        assert_eq!(from_bytes(&[0xff; ADDRESS_BYTES]), None);
        let mapped: SocketAddr = "[::ffff:127.0.0.1]:80".parse().unwrap();
        assert_eq!(from_bytes(&to_bytes(&mapped)), None);
    }
}
