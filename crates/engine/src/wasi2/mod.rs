//! WASI 0.2 over the dispatch function: the interfaces of `wit/p2`, whose resources are handles of the context's table.
//!
//! Start reading at [`INTERFACES`]; a file for each package. Nothing here touches an object or the system: what a guest
//! wants becomes a [`crate::dispatch::Call`], as in [`crate::wasi`].
//!
//! Invariant: whatever a resource keeps beside its handle is of a fixed size, or bounded by a named constant.

pub(crate) mod cli;
mod clocks;
mod filesystem;
pub(crate) mod http;
mod poll;
mod random;
mod sockets;
mod streams;
mod tcp;
mod udp;

use wasmtime::component::{HasSelf, Linker};

use crate::state::State;

pub(crate) use cli::{TerminalInput, TerminalOutput};
pub(crate) use poll::Pollable;
pub(crate) use sockets::Network;
pub(crate) use streams::{InputStream, OutputStream};

/// The interfaces, of any version 0.2.
pub(crate) const INTERFACES: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/types",
    "wasi:filesystem/preopens",
    "wasi:sockets/network",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:http/types",
    "wasi:http/outgoing-handler",
];

/// What the interface definitions become.
mod bindings {
    wasmtime::component::bindgen!({
        path: "wit/p2",
        world: "b8g:host/imports",
        imports: { default: trappable },
        with: {
            "wasi:io/error.error": crate::wasi2::streams::IoError,
            "wasi:io/poll.pollable": crate::wasi2::poll::Pollable,
            "wasi:io/streams.input-stream": crate::wasi2::streams::InputStream,
            "wasi:io/streams.output-stream": crate::wasi2::streams::OutputStream,
            "wasi:cli/terminal-input.terminal-input": crate::wasi2::cli::TerminalInput,
            "wasi:cli/terminal-output.terminal-output": crate::wasi2::cli::TerminalOutput,
            "wasi:filesystem/types.descriptor": crate::model::files::Descriptor,
            "wasi:filesystem/types.directory-entry-stream": crate::model::files::Listing,
            "wasi:sockets/network.network": crate::wasi2::sockets::Network,
            "wasi:sockets/ip-name-lookup.resolve-address-stream": crate::wasi2::sockets::Addresses,
            "wasi:sockets/tcp.tcp-socket": crate::model::sockets::TcpSocket,
            "wasi:sockets/udp.udp-socket": crate::model::udp::UdpSocket,
            "wasi:sockets/udp.incoming-datagram-stream": crate::wasi2::udp::Incoming,
            "wasi:sockets/udp.outgoing-datagram-stream": crate::wasi2::udp::Outgoing,
            "wasi:http/types.fields": crate::model::http::Fields,
            "wasi:http/types.request-options": crate::model::http::Options,
            "wasi:http/types.incoming-request": crate::wasi2::http::IncomingRequest,
            "wasi:http/types.outgoing-request": crate::wasi2::http::OutgoingRequest,
            "wasi:http/types.response-outparam": crate::wasi2::http::ResponseOutparam,
            "wasi:http/types.incoming-response": crate::wasi2::http::IncomingResponse,
            "wasi:http/types.incoming-body": crate::wasi2::http::IncomingBody,
            "wasi:http/types.future-trailers": crate::wasi2::http::FutureTrailers,
            "wasi:http/types.outgoing-response": crate::wasi2::http::OutgoingResponse,
            "wasi:http/types.outgoing-body": crate::wasi2::http::OutgoingBody,
            "wasi:http/types.future-incoming-response": crate::wasi2::http::FutureIncomingResponse,
        },
        trappable_error_type: {
            "wasi:io/streams.stream-error" => crate::model::host::Failure,
            "wasi:filesystem/types.error-code" => crate::model::host::Failure,
            "wasi:sockets/network.error-code" => crate::model::host::Failure,
        },
    });
}

/// Adds WASI 0.2 to what components of the component model can import.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::Imports::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

#[cfg(test)]
mod tests {
    /// Each interface of the world is listed, and nothing else.
    #[test]
    fn the_list_is_the_world() {
        let world = include_str!("../../wit/p2/world.wit");
        let imports = world.lines().filter_map(|line| line.trim().strip_prefix("import "));
        let mut named: Vec<&str> = imports.filter_map(|name| name.split('@').next()).collect();
        let mut listed = super::INTERFACES.to_vec();
        named.sort_unstable();
        listed.sort_unstable();
        assert_eq!(named, listed);
    }
}
