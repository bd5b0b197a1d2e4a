//! `wasi:sockets/network` and name lookup: addresses, and names that stand for hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use b8g_core::Error;
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::wasi::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use super::bindings::wasi::sockets::{instance_network, ip_name_lookup, network};
use super::poll::Pollable;
use crate::model::errors::socket_code;
use crate::model::host::{Done, Failure};
use crate::state::State;

/// The network: what may be done with it is decided when something is done.
#[derive(Debug)]
pub struct Network;

/// The addresses of a name, of which there is one.
#[derive(Debug)]
pub struct Addresses(Option<IpAddr>);

fn code(error: Error) -> ErrorCode {
    match error {
        Error::Again => ErrorCode::WouldBlock,
        Error::Limit => ErrorCode::NewSocketLimit,
        Error::Host(number) if [libc::EMFILE, libc::ENFILE].contains(&i32::from(number)) => {
            ErrorCode::NewSocketLimit
        }
        error => socket_code!(ErrorCode, error, ErrorCode::Unknown),
    }
}

/// An address as Rust has it.
pub(super) fn socket_address(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (a, b, c, d) }) => {
            SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), port).into()
        }
        IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info, address, scope_id }) => {
            let (a, b, c, d, e, f, g, h) = address;
            SocketAddrV6::new(Ipv6Addr::new(a, b, c, d, e, f, g, h), port, flow_info, scope_id).into()
        }
    }
}

/// An address as WASI has it.
pub(super) fn ip_socket_address(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(v4) => {
            let [a, b, c, d] = v4.ip().octets();
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port: v4.port(), address: (a, b, c, d) })
        }
        SocketAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h] = v6.ip().segments();
            IpSocketAddress::Ipv6(Ipv6SocketAddress {
                port: v6.port(),
                flow_info: v6.flowinfo(),
                address: (a, b, c, d, e, f, g, h),
                scope_id: v6.scope_id(),
            })
        }
    }
}

/// A version of IP as WASI has it.
pub(super) fn family(is_v6: bool) -> IpAddressFamily {
    if is_v6 { IpAddressFamily::Ipv6 } else { IpAddressFamily::Ipv4 }
}

impl network::Host for State {
    fn convert_error_code(&mut self, failure: Failure) -> Result<ErrorCode> {
        match failure {
            Failure::Error(error) => Ok(code(error)),
            Failure::Trap(error) => Err(error),
        }
    }
}

impl network::HostNetwork for State {
    fn drop(&mut self, network: Resource<Network>) -> Result<()> {
        self.resources().table.delete(network)?;
        Ok(())
    }
}

impl instance_network::Host for State {
    fn instance_network(&mut self) -> Result<Resource<Network>> {
        Ok(self.resources().table.push(Network)?)
    }
}

impl ip_name_lookup::Host for State {
    fn resolve_addresses(&mut self, network: Resource<Network>, name: String) -> Done<Resource<Addresses>> {
        let resources = self.resources();
        resources.table.get(&network)?;
        let address = resources.names.address(&name)?;
        Ok(resources.table.push(Addresses(Some(address)))?)
    }
}

impl ip_name_lookup::HostResolveAddressStream for State {
    fn resolve_next_address(&mut self, stream: Resource<Addresses>) -> Done<Option<IpAddress>> {
        let address = self.resources().table.get_mut(&stream)?.0.take();
        Ok(address.map(|address| match ip_socket_address(SocketAddr::new(address, 0)) {
            IpSocketAddress::Ipv4(v4) => IpAddress::Ipv4(v4.address),
            IpSocketAddress::Ipv6(v6) => IpAddress::Ipv6(v6.address),
        }))
    }

    fn subscribe(&mut self, stream: Resource<Addresses>) -> Result<Resource<Pollable>> {
        let table = &mut self.resources().table;
        table.get(&stream)?;
        Ok(table.push(Pollable::Ready)?)
    }

    fn drop(&mut self, stream: Resource<Addresses>) -> Result<()> {
        self.resources().table.delete(stream)?;
        Ok(())
    }
}
