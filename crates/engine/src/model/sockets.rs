//! TCP sockets as both WASI 0.2 and 0.3 know them, over the handle of the network.

use std::net::{IpAddr, SocketAddr};

use b8g_core::abi::address::{ADDRESS_BYTES, from_bytes};
use b8g_core::abi::{BACKLOG_MAX, Request, Role, socket};
use b8g_core::{Error, Handle, Rights};
use wasmtime::component::Resource;

use super::host::{Done, Failure, ask, call, close, duplicate, given, handle, sweep};
use crate::dispatch::Call;
use crate::state::State;

/// A socket. It has a handle from the moment on at which it is told where to be or where to connect to.
#[derive(Clone, Copy, Debug)]
pub struct TcpSocket {
    pub(crate) is_v6: bool,
    pub(crate) stage: Stage,
    pub(crate) settings: Settings,
    backlog: u64,
    /// Each direction of a connection becomes a stream once.
    sent: bool,
    received: bool,
    /// Something of 0.2 was started and not finished.
    begun: bool,
}

/// What the guest wishes of the system's socket: hints, which are told back and have no effect.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub(crate) keep_alive: bool,
    pub(crate) idle_ns: u64,
    pub(crate) interval_ns: u64,
    pub(crate) count: u32,
    pub(crate) hops: u8,
    pub(crate) receive_bytes: u64,
    pub(crate) send_bytes: u64,
}

/// A time that stands where the guest has said nothing.
const SECOND_NS: u64 = 1_000_000_000;

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            keep_alive: false,
            idle_ns: 7200 * SECOND_NS,
            interval_ns: 75 * SECOND_NS,
            count: 9,
            hops: 64,
            receive_bytes: 64 << 10,
            send_bytes: 64 << 10,
        }
    }
}

/// The sizes of buffers, which all sockets of both versions have: functions of a trait whose `Here` is the socket.
macro_rules! buffer_sizes {
    ($receives:ident, $sends:ident) => {
        fn $receives(&mut self, at: Here) -> Done<u64> {
            Ok(wished(self, &at)?.receive_bytes)
        }

        fn set_receive_buffer_size(&mut self, at: Here, value: u64) -> Done {
            wish(self, &at, value > 0, |settings| settings.receive_bytes = value)
        }

        fn $sends(&mut self, at: Here) -> Done<u64> {
            Ok(wished(self, &at)?.send_bytes)
        }

        fn set_send_buffer_size(&mut self, at: Here, value: u64) -> Done {
            wish(self, &at, value > 0, |settings| settings.send_bytes = value)
        }
    };
}
pub(crate) use buffer_sizes;

/// What has settings.
pub(crate) trait Wishes {
    fn settings(&mut self) -> &mut Settings;
}

impl Wishes for TcpSocket {
    fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }
}

/// Notes a wish, if there can be such.
pub(crate) fn wish<S: Wishes + Send + 'static>(
    state: &mut State,
    socket: &Resource<S>,
    possible: bool,
    note: impl FnOnce(&mut Settings),
) -> Done {
    let socket = state.resources().table.get_mut(socket)?;
    if !possible {
        return Err(Error::Argument.into());
    }
    note(socket.settings());
    Ok(())
}

/// What was wished for.
pub(crate) fn wished<S: Wishes + Send + 'static>(state: &mut State, socket: &Resource<S>) -> Done<Settings> {
    Ok(*state.resources().table.get_mut(socket)?.settings())
}

/// Makes a socket that is neither bound nor connected.
pub(super) fn make(state: &mut State, what: u64) -> Done<Handle> {
    // A socket that has gone gives back its port now.
    sweep(state)?;
    let network = given(state, Role::Net)?;
    handle(ask(state, network, Request::Socket, &[], what)?)
}

/// Asks for one of a socket's addresses.
pub(super) fn address(state: &mut State, handle: Handle, request: Request) -> Done<SocketAddr> {
    let mut out = [0; ADDRESS_BYTES];
    match call(state, Call::Control { handle, request, input: &[], out: &mut out, argument: 0 }) {
        // It has none: WASI says that it is not so far.
        Err(Failure::Error(Error::NotFound)) => Err(Error::Type.into()),
        Err(failure) => Err(failure),
        Ok(_) => from_bytes(&out).ok_or(Failure::Error(Error::Io)),
    }
}

/// Checks that an address of this version may be one's own.
pub(super) fn bindable(address: SocketAddr, is_v6: bool) -> Done {
    let ip = address.ip();
    let nobody = ip.is_multicast() || matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    if nobody || address.is_ipv6() != is_v6 || is_mapped(ip) {
        return Err(Error::Argument.into());
    }
    Ok(())
}

/// An address of version 4 in the clothes of version 6 is for sockets of both, which WASI does not have.
pub(super) fn is_mapped(ip: IpAddr) -> bool {
    ip.to_canonical() != ip
}

/// How far a socket has come.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    New,
    Bound {
        handle: Handle,
    },
    Listening {
        handle: Handle,
    },
    Connecting {
        handle: Handle,
        to: SocketAddr,
    },
    Connected {
        handle: Handle,
        /// As the guest said it; `None`: it was accepted.
        to: Option<SocketAddr>,
    },
    /// It could not be connected, and never will.
    Failed,
}

fn half(state: &mut State, of: Handle, taken: bool) -> Done<Handle> {
    if taken { Err(Error::Type.into()) } else { duplicate(state, of) }
}

impl TcpSocket {
    pub(crate) fn new(is_v6: bool) -> TcpSocket {
        let (stage, settings) = (Stage::New, Settings::default());
        TcpSocket { is_v6, stage, settings, backlog: BACKLOG_MAX, sent: false, received: false, begun: false }
    }

    /// Its handle, if it has one.
    pub(crate) fn handle(&self) -> Option<Handle> {
        match self.stage {
            Stage::Bound { handle }
            | Stage::Listening { handle }
            | Stage::Connecting { handle, .. }
            | Stage::Connected { handle, .. } => Some(handle),
            Stage::New | Stage::Failed => None,
        }
    }

    /// Its handle, if it is connected.
    pub(crate) fn connected(&self) -> Done<Handle> {
        match self.stage {
            Stage::Connected { handle, .. } => Ok(handle),
            _ => Err(Error::Type.into()),
        }
    }

    /// Its handle, if it listens.
    pub(crate) fn listening(&self) -> Done<Handle> {
        match self.stage {
            Stage::Listening { handle } => Ok(handle),
            _ => Err(Error::Type.into()),
        }
    }

    /// Notes that something was started.
    pub(crate) fn begin(&mut self) {
        self.begun = true;
    }

    /// Finishes what was started, which has been done by then if `done` says so.
    pub(crate) fn end(&mut self, done: bool) -> Done {
        if done && std::mem::take(&mut self.begun) { Ok(()) } else { Err(Error::Type.into()) }
    }

    /// How many connections may wait.
    pub(crate) fn set_backlog(&mut self, connections: u64) -> Done {
        if connections == 0 {
            return Err(Error::Argument.into());
        }
        self.backlog = connections;
        Ok(())
    }

    /// Its own address.
    pub(crate) fn local(&self, state: &mut State) -> Done<SocketAddr> {
        let handle = self.handle().ok_or(Failure::Error(Error::Type))?;
        address(state, handle, Request::LocalAddress)
    }

    /// Where it is connected to.
    pub(crate) fn remote(&self, state: &mut State) -> Done<SocketAddr> {
        match self.stage {
            Stage::Connected { to: Some(to), .. } => Ok(to),
            Stage::Connected { handle, to: None } => address(state, handle, Request::PeerAddress),
            _ => Err(Error::Type.into()),
        }
    }

    /// Gives it an address of its own.
    pub(crate) fn bind(&mut self, state: &mut State, at: SocketAddr) -> Done {
        if !matches!(self.stage, Stage::New) {
            return Err(Error::Type.into());
        }
        bindable(at, self.is_v6)?;
        let handle = self.make(state)?;
        let text = SocketAddr::new(at.ip(), at.port()).to_string();
        if let Err(failure) = ask(state, handle, Request::Bind, text.as_bytes(), 0) {
            close(state, handle)?;
            return Err(failure);
        }
        self.stage = Stage::Bound { handle };
        Ok(())
    }

    fn make(&self, state: &mut State) -> Done<Handle> {
        make(state, if self.is_v6 { socket::TCP6 } else { socket::TCP4 })
    }

    /// Lets others connect to it; a socket that has no address gets one.
    pub(crate) fn listen(&mut self, state: &mut State) -> Done {
        let handle = match self.stage {
            Stage::New => self.make(state)?,
            Stage::Bound { handle } => handle,
            _ => return Err(Error::Type.into()),
        };
        if let Err(failure) = ask(state, handle, Request::Listen, &[], self.backlog) {
            if matches!(self.stage, Stage::New) {
                close(state, handle)?;
            }
            return Err(failure);
        }
        self.stage = Stage::Listening { handle };
        Ok(())
    }

    /// Takes a connection from the handle of a listening socket; it has the settings of this one.
    pub(crate) fn accept_from(&self, state: &mut State, listening: Handle) -> Done<TcpSocket> {
        let accepted = handle(ask(state, listening, Request::Accept, &[], 0)?)?;
        let stage = Stage::Connected { handle: accepted, to: None };
        Ok(TcpSocket { stage, sent: false, received: false, ..*self })
    }

    /// Begins to connect.
    pub(crate) fn connect(&mut self, state: &mut State, to: SocketAddr) -> Done {
        if !matches!(self.stage, Stage::New | Stage::Bound { .. }) {
            return Err(Error::Type.into());
        }
        let nobody = matches!(to.ip(), IpAddr::V4(v4) if v4.is_broadcast()) || is_mapped(to.ip());
        let nobody = nobody || to.ip().is_unspecified() || to.ip().is_multicast() || to.port() == 0;
        if nobody || to.is_ipv6() != self.is_v6 {
            return Err(Error::Argument.into());
        }
        let path = state.resources().names.target(to.ip(), to.port());
        if let Stage::Bound { handle } = self.stage {
            ask(state, handle, Request::Connect, path.as_bytes(), 0)?;
            self.stage = Stage::Connecting { handle, to };
            return Ok(());
        }
        let directory = given(state, Role::Net)?;
        let rights = Rights::READ.union(Rights::WRITE);
        let opened = call(state, Call::Open { directory, path: path.as_bytes(), flags: 0, rights });
        match opened.and_then(handle) {
            Ok(handle) => {
                self.stage = Stage::Connecting { handle, to };
                Ok(())
            }
            Err(failure) => {
                self.stage = Stage::Failed;
                Err(failure)
            }
        }
    }

    /// Tells whether it is connected by now.
    pub(crate) fn finish(&mut self, state: &mut State) -> Done<bool> {
        let Stage::Connecting { handle, to } = self.stage else { return Err(Error::Type.into()) };
        match ask(state, handle, Request::Connected, &[], 0) {
            Ok(_) => {
                self.stage = Stage::Connected { handle, to: Some(to) };
                Ok(true)
            }
            Err(Failure::Error(Error::Again)) => Ok(false),
            Err(failure) => {
                self.stage = Stage::Failed;
                close(state, handle)?;
                Err(failure)
            }
        }
    }

    /// Two handles of the connection, to read from and to write to.
    pub(crate) fn streams(&self, state: &mut State) -> Done<(Handle, Handle)> {
        let handle = self.connected()?;
        Ok((duplicate(state, handle)?, duplicate(state, handle)?))
    }

    /// A handle of the connection to write to, given once.
    pub(crate) fn take_sending(&mut self, state: &mut State) -> Done<Handle> {
        let handle = self.connected()?;
        half(state, handle, std::mem::replace(&mut self.sent, true))
    }

    /// A handle of the connection to read from, given once.
    pub(crate) fn take_receiving(&mut self, state: &mut State) -> Done<Handle> {
        let handle = self.connected()?;
        half(state, handle, std::mem::replace(&mut self.received, true))
    }

    /// Ends one direction, or both: 1 receiving, 2 sending, 3 both.
    pub(crate) fn shutdown(&self, state: &mut State, directions: u64) -> Done {
        ask(state, self.connected()?, Request::Shutdown, &[], directions).map(|_| ())
    }
}
