//! The kinds of host resources that a frozen component may hold.

/// A kind of resource of WASI 0.2 or 0.3 that can be given anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    InputStream,
    OutputStream,
    Pollable,
    Descriptor,
    TerminalInput,
    TerminalOutput,
    Network,
}

impl Kind {
    pub(crate) const ALL: [Kind; 7] = [
        Kind::InputStream,
        Kind::OutputStream,
        Kind::Pollable,
        Kind::Descriptor,
        Kind::TerminalInput,
        Kind::TerminalOutput,
        Kind::Network,
    ];

    /// What the helper knows it by.
    pub(super) const fn number(self) -> u32 {
        self as u32 + 1
    }

    /// Its name in its interface.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::InputStream => "input-stream",
            Kind::OutputStream => "output-stream",
            Kind::Pollable => "pollable",
            Kind::Descriptor => "descriptor",
            Kind::TerminalInput => "terminal-input",
            Kind::TerminalOutput => "terminal-output",
            Kind::Network => "network",
        }
    }

    /// The interface that defines it.
    const fn interface(self) -> &'static str {
        match self {
            Kind::InputStream | Kind::OutputStream => "wasi:io/streams",
            Kind::Pollable => "wasi:io/poll",
            Kind::Descriptor => "wasi:filesystem/types",
            Kind::TerminalInput => "wasi:cli/terminal-input",
            Kind::TerminalOutput => "wasi:cli/terminal-output",
            Kind::Network => "wasi:sockets/network",
        }
    }

    /// What the interface of that name defines.
    pub(super) fn of_interface(name: &str) -> impl Iterator<Item = Kind> {
        let interface = name.split_once('@').map_or(name, |(interface, _)| interface);
        let interface = interface.to_owned();
        Kind::ALL.into_iter().filter(move |kind| kind.interface() == interface)
    }
}
