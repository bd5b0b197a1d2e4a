//! `udp-socket` of `wasi:sockets`: datagrams.

use std::future::poll_fn;
use std::task::Poll;

use b8g_core::Error;
use b8g_core::abi::ready;
use wasmtime::Result;
use wasmtime::component::{Accessor, Resource};

use super::Host;
use super::bindings::wasi::sockets::types::{self, IpAddressFamily, IpSocketAddress};
use super::sockets::{family, ip_socket_address, socket_address};
use crate::model::host::{self, Done, Failure};
use crate::model::idle::Event;
use crate::model::sockets::{buffer_sizes, wish, wished};
use crate::model::udp::UdpSocket;
use crate::state::State;
use crate::wait::Item;

type Here = Resource<UdpSocket>;

/// Lets `act` have a socket and the state.
fn with<T>(state: &mut State, at: &Here, act: impl FnOnce(&mut UdpSocket, &mut State) -> Done<T>) -> Done<T> {
    let mut socket = state.resources().table.get(at)?.clone();
    let done = act(&mut socket, state);
    *state.resources().table.get_mut(at)? = socket;
    done
}

/// Tries again whenever the socket is ready for `interest`, until there is an answer.
async fn until<T>(
    accessor: &Accessor<State, Host>,
    at: &Here,
    interest: u32,
    mut act: impl FnMut(&mut UdpSocket, &mut State) -> Done<T>,
) -> Done<T> {
    poll_fn(|context| {
        accessor.with(|mut access| {
            let state = access.get();
            match with(state, at, |socket, state| Ok((act(socket, state), socket.handle))) {
                Ok((Err(Failure::Error(Error::Again)), handle)) => {
                    let event = Event::Item(Item { handle, interest });
                    state.resources().pending.add(event, context.waker());
                    Poll::Pending
                }
                Ok((done, _)) => Poll::Ready(done),
                Err(failure) => Poll::Ready(Err(failure)),
            }
        })
    })
    .await
}

impl types::HostUdpSocketWithStore<State> for Host {
    async fn send(
        accessor: &Accessor<State, Self>,
        at: Here,
        data: Vec<u8>,
        to: Option<IpSocketAddress>,
    ) -> Done {
        let to = to.map(socket_address);
        until(accessor, &at, ready::WRITE, |socket, state| socket.send(state, &data, to)).await
    }

    async fn receive(accessor: &Accessor<State, Self>, at: Here) -> Done<(Vec<u8>, IpSocketAddress)> {
        let received = until(accessor, &at, ready::READ, |socket, state| socket.receive(state)).await;
        received.map(|(data, from)| (data, ip_socket_address(from)))
    }
}

impl types::HostUdpSocket for State {
    fn create(&mut self, family: IpAddressFamily) -> Done<Here> {
        let socket = UdpSocket::new(self, matches!(family, IpAddressFamily::Ipv6))?;
        Ok(self.resources().table.push(socket)?)
    }

    fn bind(&mut self, at: Here, address: IpSocketAddress) -> Done {
        with(self, &at, |socket, state| socket.bind(state, socket_address(address)))
    }

    fn connect(&mut self, at: Here, to: IpSocketAddress) -> Done {
        with(self, &at, |socket, state| socket.connect(state, socket_address(to)))
    }

    fn disconnect(&mut self, at: Here) -> Done {
        with(self, &at, UdpSocket::disconnect)
    }

    fn get_local_address(&mut self, at: Here) -> Done<IpSocketAddress> {
        with(self, &at, |socket, state| socket.local(state)).map(ip_socket_address)
    }

    fn get_remote_address(&mut self, at: Here) -> Done<IpSocketAddress> {
        self.resources().table.get(&at)?.remote().map(ip_socket_address)
    }

    fn get_address_family(&mut self, at: Here) -> Result<IpAddressFamily> {
        Ok(family(self.resources().table.get(&at)?.is_v6))
    }

    fn get_unicast_hop_limit(&mut self, at: Here) -> Done<u8> {
        Ok(wished(self, &at)?.hops)
    }

    fn set_unicast_hop_limit(&mut self, at: Here, value: u8) -> Done {
        wish(self, &at, value > 0, |settings| settings.hops = value)
    }

    buffer_sizes!(get_receive_buffer_size, get_send_buffer_size);

    fn drop(&mut self, at: Here) -> Result<()> {
        let socket = self.resources().table.delete(at)?;
        host::close(self, socket.handle)
    }
}
