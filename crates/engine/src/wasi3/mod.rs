//! WASI 0.3 over the dispatch function: the interfaces of `wit/p3`, with streams, futures and asynchronous functions.
//!
//! Start reading at [`INTERFACES`], then `pipe.rs`. What 0.3 has in common with 0.2 is shared with [`crate::wasi2`] through
//! [`crate::model`]; here is what waits without holding up the rest of the guest.

mod cli;
mod clocks;
mod filesystem;
pub(crate) mod http;
mod listen;
mod pipe;
mod random;
mod sockets;
mod told;
mod udp;

use wasmtime::component::{HasSelf, Linker};

use crate::state::State;

/// The interfaces, of any version 0.3.
pub(crate) const INTERFACES: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/types",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/types",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/system-clock",
    "wasi:filesystem/types",
    "wasi:filesystem/preopens",
    "wasi:sockets/types",
    "wasi:sockets/ip-name-lookup",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:http/types",
    "wasi:http/client",
];

/// What the interface definitions become.
mod bindings {
    wasmtime::component::bindgen!({
        path: "wit/p3",
        world: "b8g:host/imports",
        imports: {
            "wasi:cli/stdin": store | trappable,
            "wasi:cli/stdout": store | trappable,
            "wasi:cli/stderr": store | trappable,
            "wasi:filesystem/types.[method]descriptor.read-via-stream": store | trappable,
            "wasi:filesystem/types.[method]descriptor.write-via-stream": store | trappable,
            "wasi:filesystem/types.[method]descriptor.append-via-stream": store | trappable,
            "wasi:filesystem/types.[method]descriptor.read-directory": store | trappable,
            "wasi:sockets/types.[method]tcp-socket.listen": store | trappable,
            "wasi:sockets/types.[method]tcp-socket.send": store | trappable,
            "wasi:sockets/types.[method]tcp-socket.receive": store | trappable,
            "wasi:http/types.[drop]request": store | trappable,
            "wasi:http/types.[drop]response": store | trappable,
            "wasi:http/types.[static]request.new": store | trappable,
            "wasi:http/types.[static]request.consume-body": store | trappable,
            "wasi:http/types.[static]response.new": store | trappable,
            "wasi:http/types.[static]response.consume-body": store | trappable,
            default: trappable,
        },
        with: {
            "wasi:cli/terminal-input.terminal-input": crate::wasi2::cli::TerminalInput,
            "wasi:cli/terminal-output.terminal-output": crate::wasi2::cli::TerminalOutput,
            "wasi:filesystem/types.descriptor": crate::model::files::Descriptor,
            "wasi:sockets/types.tcp-socket": crate::model::sockets::TcpSocket,
            "wasi:sockets/types.udp-socket": crate::model::udp::UdpSocket,
            "wasi:http/types.fields": crate::model::http::Fields,
            "wasi:http/types.request": crate::wasi3::http::Request,
            "wasi:http/types.request-options": crate::model::http::Options,
            "wasi:http/types.response": crate::wasi3::http::Response,
        },
        trappable_error_type: {
            "wasi:filesystem/types.error-code" => crate::model::host::Failure,
            "wasi:sockets/types.error-code" => crate::model::host::Failure,
        },
    });
}

/// Who the functions are of.
pub(crate) type Host = HasSelf<State>;

/// Adds WASI 0.3 to what components of the component model can import.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    bindings::Imports::add_to_linker::<State, Host>(linker, |state| state)
}

#[cfg(test)]
mod tests {
    /// Each interface of the world is listed, and nothing else.
    #[test]
    fn the_list_is_the_world() {
        let world = include_str!("../../wit/p3/world.wit");
        let imports = world.lines().filter_map(|line| line.trim().strip_prefix("import "));
        let mut named: Vec<&str> = imports.filter_map(|name| name.split('@').next()).collect();
        let mut listed = super::INTERFACES.to_vec();
        named.sort_unstable();
        listed.sort_unstable();
        assert_eq!(named, listed);
    }
}
