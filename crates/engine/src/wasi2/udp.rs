//! `wasi:sockets/udp`: datagrams. Each of the two streams of a socket has a handle of its own.

use b8g_core::Error;
use b8g_core::abi::ready;
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use super::bindings::wasi::sockets::udp::{self, IncomingDatagram, OutgoingDatagram};
use super::bindings::wasi::sockets::udp_create_socket;
use super::poll::Pollable;
use super::sockets::{Network, family, ip_socket_address, socket_address};
use crate::model::host::{self, Done, Failure, trap};
use crate::model::sockets::{buffer_sizes, wish, wished};
use crate::model::udp::UdpSocket;
use crate::state::State;
use crate::wait::Item;

type Here = Resource<UdpSocket>;
type Both = (Resource<Incoming>, Resource<Outgoing>);

/// Datagrams of one call at most.
const DATAGRAMS_MAX: u64 = 64;
/// Bytes after which a call receives no further datagram.
const RECEIVE_BYTES: usize = 1 << 20;

/// What a socket receives.
#[derive(Debug)]
pub struct Incoming(UdpSocket);

/// What a socket sends.
#[derive(Debug)]
pub struct Outgoing(UdpSocket);

impl udp_create_socket::Host for State {
    fn create_udp_socket(&mut self, family: IpAddressFamily) -> Done<Here> {
        let socket = UdpSocket::new(self, matches!(family, IpAddressFamily::Ipv6))?;
        Ok(self.resources().table.push(socket)?)
    }
}

impl State {
    fn datagrams(&mut self, at: &Here) -> Done<UdpSocket> {
        Ok(self.resources().table.get(at)?.clone())
    }

    /// Lets `act` have a socket and the state.
    fn with_datagrams<T>(
        &mut self,
        at: &Here,
        act: impl FnOnce(&mut UdpSocket, &mut State) -> Done<T>,
    ) -> Done<T> {
        let mut socket = self.datagrams(at)?;
        let done = act(&mut socket, self);
        *self.resources().table.get_mut(at)? = socket;
        done
    }
}

/// Waits for a socket to be ready for something.
fn pollable(socket: &UdpSocket, interest: u32) -> Pollable {
    Pollable::Item(Item { handle: socket.handle, interest })
}

impl udp::Host for State {}

impl udp::HostUdpSocket for State {
    fn start_bind(&mut self, at: Here, network: Resource<Network>, address: IpSocketAddress) -> Done {
        self.resources().table.get(&network)?;
        self.with_datagrams(&at, |socket, state| {
            socket.bind(state, socket_address(address))?;
            socket.begun = true;
            Ok(())
        })
    }

    fn finish_bind(&mut self, at: Here) -> Done {
        let begun = std::mem::take(&mut self.resources().table.get_mut(&at)?.begun);
        if begun { Ok(()) } else { Err(Error::Type.into()) }
    }

    fn stream(&mut self, at: Here, to: Option<IpSocketAddress>) -> Done<Both> {
        let streams = self.with_datagrams(&at, |socket, state| {
            if !socket.has_address() {
                return Err(Error::Type.into());
            }
            match to {
                Some(to) => socket.connect(state, socket_address(to))?,
                None if socket.remote().is_ok() => socket.disconnect(state)?,
                None => {}
            }
            Ok((Incoming(socket.duplicate(state)?), Outgoing(socket.duplicate(state)?)))
        })?;
        let table = &mut self.resources().table;
        Ok((table.push(streams.0)?, table.push(streams.1)?))
    }

    fn local_address(&mut self, at: Here) -> Done<IpSocketAddress> {
        self.datagrams(&at)?.local(self).map(ip_socket_address)
    }

    fn remote_address(&mut self, at: Here) -> Done<IpSocketAddress> {
        self.datagrams(&at)?.remote().map(ip_socket_address)
    }

    fn address_family(&mut self, at: Here) -> Result<IpAddressFamily> {
        Ok(family(self.resources().table.get(&at)?.is_v6))
    }

    fn unicast_hop_limit(&mut self, at: Here) -> Done<u8> {
        Ok(wished(self, &at)?.hops)
    }

    fn set_unicast_hop_limit(&mut self, at: Here, value: u8) -> Done {
        wish(self, &at, value > 0, |settings| settings.hops = value)
    }

    buffer_sizes!(receive_buffer_size, send_buffer_size);

    fn subscribe(&mut self, at: Here) -> Result<Resource<Pollable>> {
        let table = &mut self.resources().table;
        table.get(&at)?;
        // Whatever is started has been done when it returns.
        Ok(table.push(Pollable::Ready)?)
    }

    fn drop(&mut self, at: Here) -> Result<()> {
        let socket = self.resources().table.delete(at)?;
        host::close(self, socket.handle)
    }
}

impl udp::HostIncomingDatagramStream for State {
    fn receive(&mut self, at: Resource<Incoming>, max: u64) -> Done<Vec<IncomingDatagram>> {
        let socket = self.resources().table.get(&at)?.0.clone();
        let (mut received, mut bytes) = (Vec::new(), 0);
        while (received.len() as u64) < max.min(DATAGRAMS_MAX) && bytes < RECEIVE_BYTES {
            match socket.receive(self) {
                Ok((data, from)) => {
                    bytes += data.len();
                    received.push(IncomingDatagram { data, remote_address: ip_socket_address(from) });
                }
                Err(Failure::Error(error)) if error == Error::Again || !received.is_empty() => break,
                Err(failure) => return Err(failure),
            }
        }
        Ok(received)
    }

    fn subscribe(&mut self, at: Resource<Incoming>) -> Result<Resource<Pollable>> {
        let table = &mut self.resources().table;
        let pollable = pollable(&table.get(&at)?.0, ready::READ);
        Ok(table.push(pollable)?)
    }

    fn drop(&mut self, at: Resource<Incoming>) -> Result<()> {
        let socket = self.resources().table.delete(at)?.0;
        host::close(self, socket.handle)
    }
}

impl udp::HostOutgoingDatagramStream for State {
    fn check_send(&mut self, at: Resource<Outgoing>) -> Done<u64> {
        self.resources().table.get(&at)?;
        Ok(DATAGRAMS_MAX)
    }

    fn send(&mut self, at: Resource<Outgoing>, datagrams: Vec<OutgoingDatagram>) -> Done<u64> {
        let mut socket = self.resources().table.get(&at)?.0.clone();
        if datagrams.len() as u64 > DATAGRAMS_MAX {
            return Err(trap("more datagrams than check-send permitted").into());
        }
        let mut sent = 0;
        for OutgoingDatagram { data, remote_address } in datagrams {
            match socket.send(self, &data, remote_address.map(socket_address)) {
                Ok(()) => sent += 1,
                Err(Failure::Error(error)) if error == Error::Again || sent > 0 => break,
                Err(failure) => return Err(failure),
            }
        }
        Ok(sent)
    }

    fn subscribe(&mut self, at: Resource<Outgoing>) -> Result<Resource<Pollable>> {
        let table = &mut self.resources().table;
        let pollable = pollable(&table.get(&at)?.0, ready::WRITE);
        Ok(table.push(pollable)?)
    }

    fn drop(&mut self, at: Resource<Outgoing>) -> Result<()> {
        let socket = self.resources().table.delete(at)?.0;
        host::close(self, socket.handle)
    }
}
