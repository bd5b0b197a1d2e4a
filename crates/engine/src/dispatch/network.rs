//! The requests to the network, and to sockets that bind, listen or carry datagrams.

use b8g_core::abi::Request;
use b8g_core::abi::address::{ADDRESS_BYTES, from_bytes, to_bytes};
use b8g_core::{Error, Handle, Rights};

use super::OPENED;
use crate::object::Object;
use crate::state::State;

const BOTH: Rights = Rights::READ.union(Rights::WRITE);

/// What a socket's handle must be able to do for a request.
fn needs(request: Request) -> Rights {
    match request {
        Request::Bind | Request::Connect | Request::Listen | Request::Resolve | Request::SendTo => {
            Rights::WRITE
        }
        Request::Accept | Request::ReceiveFrom => Rights::READ,
        _ => Rights::NONE,
    }
}

/// Does one of those requests.
pub(super) fn request(
    state: &mut State,
    handle: Handle,
    request: Request,
    input: &[u8],
    out: &mut [u8],
    argument: u64,
) -> Result<i64, Error> {
    let (monitor, descriptors) = (state.monitor.clone(), state.descriptors.clone());
    let held = state.table.get(handle)?.1;
    let object = state.table.get_with(handle, needs(request))?;
    let done = match (request, object) {
        (Request::Socket, Object::Network(network)) => {
            let network = network.clone();
            return open(state, BOTH, || network.socket(argument, &descriptors));
        }
        (Request::Accept, Object::Socket(socket)) => {
            let socket = socket.clone();
            return open(state, held.intersect(BOTH), || {
                socket.accept(&descriptors).map(|socket| Object::Socket(socket.into()))
            });
        }
        (Request::Bind, Object::Socket(socket)) => socket.bind(input, &monitor),
        (Request::Connect, Object::Socket(socket)) => socket.connect_to(input, &descriptors, &monitor),
        (Request::Listen, Object::Socket(socket)) => socket.listen(argument, &monitor),
        (Request::LocalAddress, Object::Socket(socket)) => return tell(socket.local_address()?, out),
        (Request::PeerAddress, Object::Socket(socket)) => return tell(socket.peer_address()?, out),
        (Request::Bind, Object::Datagrams(socket)) => socket.bind(input, &monitor),
        (Request::Connect, Object::Datagrams(socket)) => socket.connect(input, &descriptors, &monitor),
        (Request::LocalAddress, Object::Datagrams(socket)) => return tell(socket.local_address()?, out),
        (Request::PeerAddress, Object::Datagrams(socket)) => return tell(socket.peer_address()?, out),
        (Request::Resolve, Object::Datagrams(socket)) => {
            return tell(socket.resolve(input, &descriptors, &monitor)?, out);
        }
        (Request::SendTo, Object::Datagrams(socket)) => {
            let (address, bytes) = input.split_first_chunk::<ADDRESS_BYTES>().ok_or(Error::Argument)?;
            let to = match address {
                [0, ..] if *address == [0; ADDRESS_BYTES] => None,
                address => Some(from_bytes(address).ok_or(Error::Argument)?),
            };
            socket.send(to, bytes, &monitor)
        }
        (Request::ReceiveFrom, Object::Datagrams(socket)) => return socket.receive(out),
        _ => Err(Error::Type),
    };
    done.map(|()| 0)
}

/// Puts a new socket into the table, if there is room: else nothing is made, and nothing is lost.
fn open(
    state: &mut State,
    rights: Rights,
    make: impl FnOnce() -> Result<Object, Error>,
) -> Result<i64, Error> {
    if state.table.room() == 0 {
        return Err(Error::Limit);
    }
    state.table.insert(make()?, OPENED.union(rights)).map(super::number)
}

fn tell(address: std::net::SocketAddr, out: &mut [u8]) -> Result<i64, Error> {
    out.get_mut(..ADDRESS_BYTES).ok_or(Error::Argument)?.copy_from_slice(&to_bytes(&address));
    Ok(ADDRESS_BYTES as i64)
}
