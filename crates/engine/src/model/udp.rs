//! UDP sockets as both WASI 0.2 and 0.3 know them.
//!
//! An address that stands for a name leads to that name, as it does for connections; what comes from there comes from the
//! address that the guest knows.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use b8g_core::abi::address::{ADDRESS_BYTES, from_bytes, to_bytes};
use b8g_core::abi::{Request, ready, socket};
use b8g_core::{Error, Handle};

use super::host::{Done, Failure, ask, call, count, duplicate, wait_for};
use super::sockets::{Settings, Wishes, address, bindable, is_mapped, make};
use crate::dispatch::Call;
use crate::state::State;

/// Bytes of a datagram at most, and more than any has.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;
/// Peers with a name that one socket has: as many as the dispatch function looks up for it.
const NAMED_MAX: usize = 64;

/// A socket. Clones have the same handle.
#[derive(Clone, Debug)]
pub struct UdpSocket {
    pub(crate) is_v6: bool,
    pub(crate) handle: Handle,
    pub(crate) settings: Settings,
    /// It has an address of its own.
    has_address: bool,
    /// Binding was started in 0.2 and not finished.
    pub(crate) begun: bool,
    /// As the guest said it.
    peer: Option<SocketAddr>,
    /// Addresses that stand for names, and those of the hosts.
    named: Arc<Mutex<Vec<(SocketAddr, SocketAddr)>>>,
}

impl Wishes for UdpSocket {
    fn settings(&mut self) -> &mut Settings {
        &mut self.settings
    }
}

impl UdpSocket {
    pub(crate) fn new(state: &mut State, is_v6: bool) -> Done<UdpSocket> {
        let handle = make(state, if is_v6 { socket::UDP6 } else { socket::UDP4 })?;
        let settings = Settings::default();
        Ok(UdpSocket {
            is_v6,
            handle,
            settings,
            has_address: false,
            begun: false,
            peer: None,
            named: Arc::default(),
        })
    }

    /// The same socket with a handle of its own.
    pub(crate) fn duplicate(&self, state: &mut State) -> Done<UdpSocket> {
        Ok(UdpSocket { handle: duplicate(state, self.handle)?, ..self.clone() })
    }

    fn named(&self) -> MutexGuard<'_, Vec<(SocketAddr, SocketAddr)>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether it has an address of its own.
    pub(crate) fn has_address(&self) -> bool {
        self.has_address
    }

    /// Gives it an address of its own.
    pub(crate) fn bind(&mut self, state: &mut State, at: SocketAddr) -> Done {
        if self.has_address {
            return Err(Error::Type.into());
        }
        bindable(at, self.is_v6)?;
        let text = SocketAddr::new(at.ip(), at.port()).to_string();
        ask(state, self.handle, Request::Bind, text.as_bytes(), 0)?;
        self.has_address = true;
        Ok(())
    }

    /// Checks that an address is one that datagrams can go to.
    fn reachable(&self, to: SocketAddr) -> Done {
        let nobody = to.ip().is_unspecified() || to.port() == 0 || is_mapped(to.ip());
        if nobody || to.is_ipv6() != self.is_v6 { Err(Error::Argument.into()) } else { Ok(()) }
    }

    /// Gives it a peer. While that is a name that is looked up nothing else of the guest goes on.
    pub(crate) fn connect(&mut self, state: &mut State, to: SocketAddr) -> Done {
        self.reachable(to)?;
        let text = state.resources().names.target(to.ip(), to.port());
        loop {
            match ask(state, self.handle, Request::Connect, text.as_bytes(), 0) {
                Err(Failure::Error(Error::Again)) => wait_for(state, self.handle, ready::WRITE)?,
                Err(failure) => return Err(failure),
                Ok(_) => break,
            }
        }
        if state.resources().names.name(to.ip()).is_some() {
            let host = address(state, self.handle, Request::PeerAddress)?;
            self.note(to, host);
        }
        (self.has_address, self.peer) = (true, Some(to));
        Ok(())
    }

    /// Takes its peer away.
    pub(crate) fn disconnect(&mut self, state: &mut State) -> Done {
        self.peer.take().ok_or(Failure::Error(Error::Type))?;
        ask(state, self.handle, Request::Connect, &[], 0)?;
        Ok(())
    }

    fn note(&self, to: SocketAddr, host: SocketAddr) {
        let mut named = self.named();
        named.retain(|(known, _)| *known != to);
        if named.len() < NAMED_MAX {
            named.push((to, host));
        }
    }

    /// The address of the host that an address of the guest stands for.
    fn host(&self, state: &mut State, to: SocketAddr) -> Done<SocketAddr> {
        if state.resources().names.name(to.ip()).is_none() {
            return Ok(to);
        }
        if let Some((_, host)) = self.named().iter().find(|(known, _)| *known == to) {
            return Ok(*host);
        }
        let text = state.resources().names.target(to.ip(), to.port());
        let mut out = [0; ADDRESS_BYTES];
        let (handle, request, input) = (self.handle, Request::Resolve, text.as_bytes());
        call(state, Call::Control { handle, request, input, out: &mut out, argument: 0 })?;
        let host = from_bytes(&out).ok_or(Failure::Error(Error::Io))?;
        self.note(to, host);
        Ok(host)
    }

    /// Sends one datagram, to the peer if it has one.
    ///
    /// # Errors
    /// [`Error::Again`] when there is no room, or a name is being looked up.
    pub(crate) fn send(&mut self, state: &mut State, data: &[u8], to: Option<SocketAddr>) -> Done {
        let to = match (to, self.peer) {
            (None, None) => return Err(Error::Argument.into()),
            (Some(to), Some(peer)) if to != peer => return Err(Error::Argument.into()),
            (_, Some(_)) => [0; ADDRESS_BYTES],
            (Some(to), None) => {
                self.reachable(to)?;
                to_bytes(&self.host(state, to)?)
            }
        };
        let input = [&to, data].concat();
        ask(state, self.handle, Request::SendTo, &input, 0)?;
        // The system gave it one, if it had none.
        self.has_address = true;
        Ok(())
    }

    /// Receives one datagram.
    ///
    /// # Errors
    /// [`Error::Again`] when there is none.
    pub(crate) fn receive(&self, state: &mut State) -> Done<(Vec<u8>, SocketAddr)> {
        if !self.has_address {
            return Err(Error::Type.into());
        }
        let mut out = vec![0; ADDRESS_BYTES + DATAGRAM_BYTES_MAX];
        let (handle, request) = (self.handle, Request::ReceiveFrom);
        let len = call(state, Call::Control { handle, request, input: &[], out: &mut out, argument: 0 });
        out.truncate(count(len?)?);
        let (from, data) = out.split_first_chunk().ok_or(Failure::Error(Error::Io))?;
        let from = from_bytes(from).ok_or(Failure::Error(Error::Io))?;
        let known = self.named().iter().find(|(_, host)| *host == from).map(|(known, _)| *known);
        Ok((data.to_vec(), known.unwrap_or(from)))
    }

    /// Its own address.
    pub(crate) fn local(&self, state: &mut State) -> Done<SocketAddr> {
        address(state, self.handle, Request::LocalAddress)
    }

    /// The address of its peer.
    pub(crate) fn remote(&self) -> Done<SocketAddr> {
        self.peer.ok_or(Failure::Error(Error::Type))
    }
}
