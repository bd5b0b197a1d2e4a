//! TCP sockets as both WASI 0.2 and 0.3 know them: outgoing connections over the handle of the network.

use std::net::{IpAddr, SocketAddr};

use b8g_core::abi::{Request, Role};
use b8g_core::{Error, Handle, Rights};
use wasmtime::component::Resource;

use super::host::{Done, Failure, ask, call, duplicate, given, handle};
use crate::dispatch::Call;
use crate::state::State;

/// A socket. It has a handle from the moment on at which it is told where to connect to.
#[derive(Clone, Copy, Debug)]
pub struct TcpSocket {
    pub(crate) is_v6: bool,
    pub(crate) stage: Stage,
    pub(crate) settings: Settings,
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

/// Notes a wish, if there can be such.
pub(crate) fn wish(
    state: &mut State,
    socket: &Resource<TcpSocket>,
    possible: bool,
    note: impl FnOnce(&mut Settings),
) -> Done {
    let socket = state.resources().table.get_mut(socket)?;
    if !possible {
        return Err(Error::Argument.into());
    }
    note(&mut socket.settings);
    Ok(())
}

/// What was wished for.
pub(crate) fn wished(state: &mut State, socket: &Resource<TcpSocket>) -> Done<Settings> {
    Ok(state.resources().table.get(socket)?.settings)
}

/// How far a socket has come.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    New,
    Connecting {
        handle: Handle,
        to: SocketAddr,
    },
    Connected {
        handle: Handle,
        to: SocketAddr,
    },
    /// It could not be connected, and never will.
    Failed,
}

impl TcpSocket {
    pub(crate) fn new(is_v6: bool) -> TcpSocket {
        TcpSocket { is_v6, stage: Stage::New, settings: Settings::default() }
    }

    /// Its handle, if it has one.
    pub(crate) fn handle(&self) -> Option<Handle> {
        match self.stage {
            Stage::Connecting { handle, .. } | Stage::Connected { handle, .. } => Some(handle),
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

    /// Where it is connected to.
    pub(crate) fn remote(&self) -> Done<SocketAddr> {
        match self.stage {
            Stage::Connected { to, .. } => Ok(to),
            _ => Err(Error::Type.into()),
        }
    }

    /// Begins to connect.
    pub(crate) fn connect(&mut self, state: &mut State, to: SocketAddr) -> Done {
        if !matches!(self.stage, Stage::New) {
            return Err(Error::Type.into());
        }
        // An address of version 4 in the clothes of version 6 is for sockets of both, which WASI does not have.
        let nobody = match to.ip() {
            IpAddr::V4(v4) => v4.is_broadcast(),
            IpAddr::V6(v6) => v6.to_ipv4_mapped().is_some(),
        };
        let nobody = nobody || to.ip().is_unspecified() || to.ip().is_multicast() || to.port() == 0;
        if nobody || to.is_ipv6() != self.is_v6 {
            return Err(Error::Argument.into());
        }
        let directory = given(state, Role::Net)?;
        let path = state.resources().names.target(to.ip(), to.port());
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
                self.stage = Stage::Connected { handle, to };
                Ok(true)
            }
            Err(Failure::Error(Error::Again)) => Ok(false),
            Err(failure) => {
                self.stage = Stage::Failed;
                super::host::close(state, handle)?;
                Err(failure)
            }
        }
    }

    /// Two handles of the connection, to read from and to write to.
    pub(crate) fn streams(&self, state: &mut State) -> Done<(Handle, Handle)> {
        let handle = self.connected()?;
        Ok((duplicate(state, handle)?, duplicate(state, handle)?))
    }

    /// Ends one direction, or both: 1 receiving, 2 sending, 3 both.
    pub(crate) fn shutdown(&self, state: &mut State, directions: u64) -> Done {
        ask(state, self.connected()?, Request::Shutdown, &[], directions).map(|_| ())
    }
}
