//! `wasi:sockets/udp`: no datagrams are sent or received, so no such socket can be made.

use b8g_core::Error;
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use super::bindings::wasi::sockets::udp::{
    self, IncomingDatagram, IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream, UdpSocket,
};
use super::bindings::wasi::sockets::udp_create_socket;
use super::poll::Pollable;
use super::sockets::Network;
use crate::model::host::{Done, trap};
use crate::state::State;

type Here = Resource<UdpSocket>;
type Both = (Resource<IncomingDatagramStream>, Resource<OutgoingDatagramStream>);

fn refused<T>() -> Done<T> {
    Err(Error::Rights.into())
}

/// There is none that this could be asked of.
fn absent<T>() -> Result<T> {
    Err(trap("there are no datagram sockets"))
}

impl udp_create_socket::Host for State {
    fn create_udp_socket(&mut self, _: IpAddressFamily) -> Done<Here> {
        refused()
    }
}

impl udp::Host for State {}

impl udp::HostUdpSocket for State {
    fn start_bind(&mut self, _: Here, _: Resource<Network>, _: IpSocketAddress) -> Done {
        refused()
    }

    fn finish_bind(&mut self, _: Here) -> Done {
        refused()
    }

    fn stream(&mut self, _: Here, _: Option<IpSocketAddress>) -> Done<Both> {
        refused()
    }

    fn local_address(&mut self, _: Here) -> Done<IpSocketAddress> {
        refused()
    }

    fn remote_address(&mut self, _: Here) -> Done<IpSocketAddress> {
        refused()
    }

    fn address_family(&mut self, _: Here) -> Result<IpAddressFamily> {
        absent()
    }

    fn unicast_hop_limit(&mut self, _: Here) -> Done<u8> {
        refused()
    }

    fn set_unicast_hop_limit(&mut self, _: Here, _: u8) -> Done {
        refused()
    }

    fn receive_buffer_size(&mut self, _: Here) -> Done<u64> {
        refused()
    }

    fn set_receive_buffer_size(&mut self, _: Here, _: u64) -> Done {
        refused()
    }

    fn send_buffer_size(&mut self, _: Here) -> Done<u64> {
        refused()
    }

    fn set_send_buffer_size(&mut self, _: Here, _: u64) -> Done {
        refused()
    }

    fn subscribe(&mut self, _: Here) -> Result<Resource<Pollable>> {
        absent()
    }

    fn drop(&mut self, _: Here) -> Result<()> {
        absent()
    }
}

impl udp::HostIncomingDatagramStream for State {
    fn receive(&mut self, _: Resource<IncomingDatagramStream>, _: u64) -> Done<Vec<IncomingDatagram>> {
        refused()
    }

    fn subscribe(&mut self, _: Resource<IncomingDatagramStream>) -> Result<Resource<Pollable>> {
        absent()
    }

    fn drop(&mut self, _: Resource<IncomingDatagramStream>) -> Result<()> {
        absent()
    }
}

impl udp::HostOutgoingDatagramStream for State {
    fn check_send(&mut self, _: Resource<OutgoingDatagramStream>) -> Done<u64> {
        refused()
    }

    fn send(&mut self, _: Resource<OutgoingDatagramStream>, _: Vec<OutgoingDatagram>) -> Done<u64> {
        refused()
    }

    fn subscribe(&mut self, _: Resource<OutgoingDatagramStream>) -> Result<Resource<Pollable>> {
        absent()
    }

    fn drop(&mut self, _: Resource<OutgoingDatagramStream>) -> Result<()> {
        absent()
    }
}
