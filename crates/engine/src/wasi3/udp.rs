//! Datagrams: none are sent or received, so no such socket can be made.

use b8g_core::Error;
use wasmtime::Result;
use wasmtime::component::{Accessor, Resource};

use super::Host;
use super::bindings::wasi::sockets::types::{self, IpAddressFamily, IpSocketAddress, UdpSocket};
use crate::model::host::{Done, trap};
use crate::state::State;

type Here = Resource<UdpSocket>;

fn refused<T>() -> Done<T> {
    Err(Error::Rights.into())
}

impl types::HostUdpSocketWithStore<State> for Host {
    async fn send(_: &Accessor<State, Self>, _: Here, _: Vec<u8>, _: Option<IpSocketAddress>) -> Done {
        refused()
    }

    async fn receive(_: &Accessor<State, Self>, _: Here) -> Done<(Vec<u8>, IpSocketAddress)> {
        refused()
    }
}

impl types::HostUdpSocket for State {
    fn create(&mut self, _: IpAddressFamily) -> Done<Here> {
        refused()
    }

    fn bind(&mut self, _: Here, _: IpSocketAddress) -> Done {
        refused()
    }

    fn connect(&mut self, _: Here, _: IpSocketAddress) -> Done {
        refused()
    }

    fn disconnect(&mut self, _: Here) -> Done {
        refused()
    }

    fn get_local_address(&mut self, _: Here) -> Done<IpSocketAddress> {
        refused()
    }

    fn get_remote_address(&mut self, _: Here) -> Done<IpSocketAddress> {
        refused()
    }

    fn get_address_family(&mut self, _: Here) -> Result<IpAddressFamily> {
        Err(trap("there are no datagram sockets"))
    }

    fn get_unicast_hop_limit(&mut self, _: Here) -> Done<u8> {
        refused()
    }

    fn set_unicast_hop_limit(&mut self, _: Here, _: u8) -> Done {
        refused()
    }

    fn get_receive_buffer_size(&mut self, _: Here) -> Done<u64> {
        refused()
    }

    fn set_receive_buffer_size(&mut self, _: Here, _: u64) -> Done {
        refused()
    }

    fn get_send_buffer_size(&mut self, _: Here) -> Done<u64> {
        refused()
    }

    fn set_send_buffer_size(&mut self, _: Here, _: u64) -> Done {
        refused()
    }

    fn drop(&mut self, _: Here) -> Result<()> {
        Err(trap("there are no datagram sockets"))
    }
}
