//! `wasi:sockets`: connections in both directions, and names that stand for hosts. Settings of a socket are told back and have
//! no effect.

use std::future::poll_fn;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::task::Poll;

use b8g_core::abi::ready;
use b8g_core::{Error, Handle};
use wasmtime::Result;
use wasmtime::component::{Access, Accessor, Resource, StreamReader};

use super::Host;
use super::bindings::wasi::sockets::ip_name_lookup;
use super::bindings::wasi::sockets::types::{
    self, ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use super::listen::listen;
use super::pipe::{self, End, Held, Place};
use crate::model::errors::socket_code;
use crate::model::host::{self, Done, Failure, RECEIVING, SENDING};
use crate::model::idle::Event;
use crate::model::sockets::{TcpSocket, buffer_sizes, wish, wished};
use crate::state::State;
use crate::wait::Item;

type Here = Resource<TcpSocket>;

pub(super) fn code(error: Error) -> ErrorCode {
    socket_code!(ErrorCode, error, ErrorCode::Other(None))
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

impl ip_name_lookup::Host for State {}

impl ip_name_lookup::HostWithStore<State> for Host {
    async fn resolve_addresses(
        accessor: &Accessor<State, Self>,
        name: String,
    ) -> Result<std::result::Result<Vec<IpAddress>, ip_name_lookup::ErrorCode>> {
        let address = accessor.with(|mut access| access.get().resources().names.address(&name));
        Ok(match address.map(|address| ip_socket_address(SocketAddr::new(address, 0))) {
            Ok(IpSocketAddress::Ipv4(v4)) => Ok(vec![IpAddress::Ipv4(v4.address)]),
            Ok(IpSocketAddress::Ipv6(v6)) => Ok(vec![IpAddress::Ipv6(v6.address)]),
            Err(Error::Argument) => Err(ip_name_lookup::ErrorCode::InvalidArgument),
            Err(_) => Err(ip_name_lookup::ErrorCode::TemporaryResolverFailure),
        })
    }
}

impl types::Host for State {
    fn convert_error_code(&mut self, failure: Failure) -> Result<ErrorCode> {
        match failure {
            Failure::Error(error) => Ok(code(error)),
            Failure::Trap(error) => Err(error),
        }
    }
}

fn socket(state: &mut State, socket: &Here) -> Done<TcpSocket> {
    Ok(*state.resources().table.get(socket)?)
}

/// Lets `act` have a socket and the state.
fn act<T>(state: &mut State, at: &Here, act: impl FnOnce(&mut TcpSocket, &mut State) -> Done<T>) -> Done<T> {
    let mut socket = socket(state, at)?;
    let done = act(&mut socket, state);
    *state.resources().table.get_mut(at)? = socket;
    done
}

/// As [`act`].
fn with<T>(
    accessor: &Accessor<State, Host>,
    at: &Here,
    what: impl FnOnce(&mut TcpSocket, &mut State) -> Done<T>,
) -> Done<T> {
    accessor.with(|mut access| act(access.get(), at, what))
}

/// A handle of its own for a stream of a connection, one direction of which ends with it.
fn held(
    access: &mut Access<'_, State, Host>,
    at: &Here,
    direction: u64,
    half: fn(&mut TcpSocket, &mut State) -> Done<Handle>,
) -> Done<Held> {
    let state = access.get();
    let handle = act(state, at, half)?;
    Ok(Held::owned(state, handle).ending(direction))
}

impl types::HostTcpSocketWithStore<State> for Host {
    async fn connect(accessor: &Accessor<State, Self>, at: Here, to: IpSocketAddress) -> Done {
        with(accessor, &at, |socket, state| socket.connect(state, socket_address(to)))?;
        poll_fn(|context| {
            let done = with(accessor, &at, |socket, state| {
                let finished = socket.finish(state)?;
                if let (false, Some(handle)) = (finished, socket.handle()) {
                    let event = Event::Item(Item { handle, interest: ready::WRITE });
                    state.resources().pending.add(event, context.waker());
                }
                Ok(finished)
            });
            match done {
                Ok(false) => Poll::Pending,
                done => Poll::Ready(done.map(|_| ())),
            }
        })
        .await
    }

    fn listen(access: Access<'_, State, Self>, at: Here) -> Done<StreamReader<Here>> {
        listen(access, &at)
    }

    fn send(mut access: Access<'_, State, Self>, at: Here, data: StreamReader<u8>) -> Result<End<ErrorCode>> {
        match held(&mut access, &at, SENDING, TcpSocket::take_sending) {
            Ok(held) => pipe::writer(access, data, held, Place::Next, code),
            Err(Failure::Error(error)) => pipe::no_writer(access, data, code(error)),
            Err(Failure::Trap(error)) => Err(error),
        }
    }

    fn receive(mut access: Access<'_, State, Self>, at: Here) -> Result<(StreamReader<u8>, End<ErrorCode>)> {
        match held(&mut access, &at, RECEIVING, TcpSocket::take_receiving) {
            Ok(held) => pipe::reader(access, held, None, code),
            Err(Failure::Error(error)) => pipe::no_reader(access, Err(code(error))),
            Err(Failure::Trap(error)) => Err(error),
        }
    }
}

impl types::HostTcpSocket for State {
    fn create(&mut self, family: IpAddressFamily) -> Done<Here> {
        let socket = TcpSocket::new(matches!(family, IpAddressFamily::Ipv6));
        Ok(self.resources().table.push(socket)?)
    }

    fn bind(&mut self, at: Here, address: IpSocketAddress) -> Done {
        act(self, &at, |socket, state| socket.bind(state, socket_address(address)))
    }

    fn get_local_address(&mut self, at: Here) -> Done<IpSocketAddress> {
        socket(self, &at)?.local(self).map(ip_socket_address)
    }

    fn get_remote_address(&mut self, at: Here) -> Done<IpSocketAddress> {
        socket(self, &at)?.remote(self).map(ip_socket_address)
    }

    fn get_is_listening(&mut self, at: Here) -> Result<bool> {
        Ok(self.resources().table.get(&at)?.listening().is_ok())
    }

    fn get_address_family(&mut self, at: Here) -> Result<IpAddressFamily> {
        Ok(family(self.resources().table.get(&at)?.is_v6))
    }

    fn set_listen_backlog_size(&mut self, at: Here, value: u64) -> Done {
        self.resources().table.get_mut(&at)?.set_backlog(value)
    }

    fn get_keep_alive_enabled(&mut self, at: Here) -> Done<bool> {
        Ok(wished(self, &at)?.keep_alive)
    }

    fn set_keep_alive_enabled(&mut self, at: Here, value: bool) -> Done {
        wish(self, &at, true, |settings| settings.keep_alive = value)
    }

    fn get_keep_alive_idle_time(&mut self, at: Here) -> Done<u64> {
        Ok(wished(self, &at)?.idle_ns)
    }

    fn set_keep_alive_idle_time(&mut self, at: Here, value: u64) -> Done {
        wish(self, &at, value > 0, |settings| settings.idle_ns = value)
    }

    fn get_keep_alive_interval(&mut self, at: Here) -> Done<u64> {
        Ok(wished(self, &at)?.interval_ns)
    }

    fn set_keep_alive_interval(&mut self, at: Here, value: u64) -> Done {
        wish(self, &at, value > 0, |settings| settings.interval_ns = value)
    }

    fn get_keep_alive_count(&mut self, at: Here) -> Done<u32> {
        Ok(wished(self, &at)?.count)
    }

    fn set_keep_alive_count(&mut self, at: Here, value: u32) -> Done {
        wish(self, &at, value > 0, |settings| settings.count = value)
    }

    fn get_hop_limit(&mut self, at: Here) -> Done<u8> {
        Ok(wished(self, &at)?.hops)
    }

    fn set_hop_limit(&mut self, at: Here, value: u8) -> Done {
        wish(self, &at, value > 0, |settings| settings.hops = value)
    }

    buffer_sizes!(get_receive_buffer_size, get_send_buffer_size);

    fn drop(&mut self, at: Here) -> Result<()> {
        let socket = self.resources().table.delete(at)?;
        socket.handle().map_or(Ok(()), |handle| host::close(self, handle))
    }
}
