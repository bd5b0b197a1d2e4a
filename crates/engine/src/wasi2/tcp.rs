//! `wasi:sockets/tcp`: connections in both directions. Settings of a socket are told back and have no effect.

use b8g_core::Error;
use b8g_core::abi::ready;
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use super::bindings::wasi::sockets::tcp::{self, ShutdownType};
use super::bindings::wasi::sockets::tcp_create_socket;
use super::poll::Pollable;
use super::sockets::{Network, family, ip_socket_address, socket_address};
use super::streams::{InputStream, OutputStream};
use crate::model::host::{self, Done};
use crate::model::sockets::{Stage, TcpSocket, buffer_sizes, wish, wished};
use crate::state::State;
use crate::wait::Item;

type Here = Resource<TcpSocket>;
type Streams = (Resource<InputStream>, Resource<OutputStream>);

impl tcp_create_socket::Host for State {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> Done<Here> {
        let socket = TcpSocket::new(matches!(family, IpAddressFamily::Ipv6));
        Ok(self.resources().table.push(socket)?)
    }
}

impl State {
    fn socket(&mut self, socket: &Here) -> Done<TcpSocket> {
        Ok(*self.resources().table.get(socket)?)
    }

    /// The streams of a connection.
    fn streams(&mut self, socket: &TcpSocket) -> Done<Streams> {
        let (reading, writing) = socket.streams(self)?;
        let table = &mut self.resources().table;
        Ok((table.push(InputStream::new(reading, None))?, table.push(OutputStream::new(writing))?))
    }

    /// Lets `act` have a socket and the state.
    fn with_socket<T>(
        &mut self,
        at: &Here,
        act: impl FnOnce(&mut TcpSocket, &mut State) -> Done<T>,
    ) -> Done<T> {
        let mut socket = self.socket(at)?;
        let done = act(&mut socket, self);
        *self.resources().table.get_mut(at)? = socket;
        done
    }
}

impl tcp::Host for State {}

impl tcp::HostTcpSocket for State {
    fn start_bind(&mut self, socket: Here, network: Resource<Network>, at: IpSocketAddress) -> Done {
        self.resources().table.get(&network)?;
        self.with_socket(&socket, |socket, state| {
            socket.bind(state, socket_address(at))?;
            socket.begin();
            Ok(())
        })
    }

    fn finish_bind(&mut self, socket: Here) -> Done {
        self.with_socket(&socket, |socket, _| socket.end(matches!(socket.stage, Stage::Bound { .. })))
    }

    fn start_connect(&mut self, socket: Here, network: Resource<Network>, to: IpSocketAddress) -> Done {
        self.resources().table.get(&network)?;
        self.with_socket(&socket, |socket, state| socket.connect(state, socket_address(to)))
    }

    fn finish_connect(&mut self, socket: Here) -> Done<Streams> {
        self.with_socket(&socket, |socket, state| {
            if !socket.finish(state)? {
                return Err(Error::Again.into());
            }
            state.streams(socket)
        })
    }

    fn start_listen(&mut self, socket: Here) -> Done {
        self.with_socket(&socket, |socket, state| {
            if !matches!(socket.stage, Stage::Bound { .. }) {
                return Err(Error::Type.into());
            }
            socket.listen(state)?;
            socket.begin();
            Ok(())
        })
    }

    fn finish_listen(&mut self, socket: Here) -> Done {
        self.with_socket(&socket, |socket, _| socket.end(socket.listening().is_ok()))
    }

    fn accept(&mut self, socket: Here) -> Done<(Here, Resource<InputStream>, Resource<OutputStream>)> {
        let listener = self.socket(&socket)?;
        let accepted = listener.accept_from(self, listener.listening()?)?;
        // In the order in which the component is given them, so that their numbers are known.
        let here = self.resources().table.push(accepted)?;
        let accepted = self.socket(&here)?;
        match self.streams(&accepted) {
            Ok((input, output)) => Ok((here, input, output)),
            Err(failure) => {
                self.resources().table.delete(here)?;
                Err(failure)
            }
        }
    }

    fn local_address(&mut self, socket: Here) -> Done<IpSocketAddress> {
        self.socket(&socket)?.local(self).map(ip_socket_address)
    }

    fn remote_address(&mut self, socket: Here) -> Done<IpSocketAddress> {
        self.socket(&socket)?.remote(self).map(ip_socket_address)
    }

    fn is_listening(&mut self, socket: Here) -> Result<bool> {
        Ok(self.resources().table.get(&socket)?.listening().is_ok())
    }

    fn address_family(&mut self, socket: Here) -> Result<IpAddressFamily> {
        Ok(family(self.resources().table.get(&socket)?.is_v6))
    }

    fn set_listen_backlog_size(&mut self, at: Here, value: u64) -> Done {
        self.resources().table.get_mut(&at)?.set_backlog(value)
    }

    fn keep_alive_enabled(&mut self, at: Here) -> Done<bool> {
        Ok(wished(self, &at)?.keep_alive)
    }

    fn set_keep_alive_enabled(&mut self, at: Here, value: bool) -> Done {
        wish(self, &at, true, |settings| settings.keep_alive = value)
    }

    fn keep_alive_idle_time(&mut self, at: Here) -> Done<u64> {
        Ok(wished(self, &at)?.idle_ns)
    }

    fn set_keep_alive_idle_time(&mut self, at: Here, value: u64) -> Done {
        wish(self, &at, value > 0, |settings| settings.idle_ns = value)
    }

    fn keep_alive_interval(&mut self, at: Here) -> Done<u64> {
        Ok(wished(self, &at)?.interval_ns)
    }

    fn set_keep_alive_interval(&mut self, at: Here, value: u64) -> Done {
        wish(self, &at, value > 0, |settings| settings.interval_ns = value)
    }

    fn keep_alive_count(&mut self, at: Here) -> Done<u32> {
        Ok(wished(self, &at)?.count)
    }

    fn set_keep_alive_count(&mut self, at: Here, value: u32) -> Done {
        wish(self, &at, value > 0, |settings| settings.count = value)
    }

    fn hop_limit(&mut self, at: Here) -> Done<u8> {
        Ok(wished(self, &at)?.hops)
    }

    fn set_hop_limit(&mut self, at: Here, value: u8) -> Done {
        wish(self, &at, value > 0, |settings| settings.hops = value)
    }

    buffer_sizes!(receive_buffer_size, send_buffer_size);

    fn subscribe(&mut self, socket: Here) -> Result<Resource<Pollable>> {
        let table = &mut self.resources().table;
        let socket = *table.get(&socket)?;
        let pollable = match socket.stage {
            Stage::Connecting { handle, .. } => Pollable::Item(Item { handle, interest: ready::WRITE }),
            Stage::Listening { handle } => Pollable::Item(Item { handle, interest: ready::READ }),
            _ => Pollable::Ready,
        };
        Ok(table.push(pollable)?)
    }

    fn shutdown(&mut self, socket: Here, what: ShutdownType) -> Done {
        let directions = match what {
            ShutdownType::Receive => 1,
            ShutdownType::Send => 2,
            ShutdownType::Both => 3,
        };
        self.with_socket(&socket, |socket, state| socket.shutdown(state, directions))
    }

    fn drop(&mut self, socket: Here) -> Result<()> {
        let socket = self.resources().table.delete(socket)?;
        socket.handle().map_or(Ok(()), |handle| host::close(self, handle))
    }
}
