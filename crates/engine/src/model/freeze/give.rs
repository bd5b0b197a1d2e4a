//! Host resources given anew: what lies behind each, and the functions that the helper imports.

use b8g_core::Handle;
use b8g_core::abi::ready;
use b8g_image::Held;
use wasmtime::component::{Linker, Resource};
use wasmtime::{Result, StoreContextMut};

use super::helper;
use super::kind::Kind;
use super::layout::RESERVED;
use crate::model::files::{self, Descriptor};
use crate::model::host::{Resources, must, trap};
use crate::state::State;
use crate::wait::Item;
use crate::wasi2::{InputStream, Network, OutputStream, Pollable, TerminalInput, TerminalOutput};

/// A handle that nobody ever has.
const GONE: Handle = Handle::from_raw(u32::MAX);

/// The kind of the resource that something is behind.
pub(super) fn kind_of(held: &Held) -> Kind {
    match held {
        Held::Stdin(_) => Kind::InputStream,
        Held::Stdout(_) | Held::Stderr(_) => Kind::OutputStream,
        Held::Directory(_) => Kind::Descriptor,
        Held::Stream(_) | Held::Timer(_) | Held::Ready => Kind::Pollable,
        Held::TerminalInput => Kind::TerminalInput,
        Held::TerminalOutput => Kind::TerminalOutput,
        Held::Network => Kind::Network,
    }
}

/// What lies behind the resource that has that number here.
///
/// # Errors
/// Why it cannot be given anew.
pub(super) fn held(state: &mut State, kind: Kind, rep: u32) -> std::result::Result<Held, &'static str> {
    const GONE: &str = "its resources are not in order";
    let now = state.now();
    let Resources { table, stdio, preopens, .. } = state.resources();
    let standard = |handle: Handle| stdio.iter().position(|own| *own == handle);
    match kind {
        Kind::InputStream => {
            let stream = table.get(&Resource::<InputStream>::new_borrow(rep)).map_err(|_| GONE)?;
            match stream.standard_handle().and_then(standard) {
                Some(0) => Ok(Held::Stdin(stream.has_ended())),
                _ => Err("it reads from an open file or a connection"),
            }
        }
        Kind::OutputStream => {
            let stream = table.get(&Resource::<OutputStream>::new_borrow(rep)).map_err(|_| GONE)?;
            match stream.standard_handle().and_then(standard) {
                Some(1 | 2) if stream.keeps() => Err("output of it is not written yet"),
                Some(1) => Ok(Held::Stdout(stream.has_ended())),
                Some(2) => Ok(Held::Stderr(stream.has_ended())),
                _ => Err("it writes to an open file or a connection"),
            }
        }
        Kind::Descriptor => {
            let descriptor = table.get(&Resource::<Descriptor>::new_borrow(rep)).map_err(|_| GONE)?;
            let name = descriptor.preopen.and_then(|at| preopens.get(at as usize));
            match name {
                Some((_, name)) => Ok(Held::Directory(name.clone())),
                None => Err("it has an open file or directory"),
            }
        }
        Kind::Pollable => {
            let pollable = table.get(&Resource::<Pollable>::new_borrow(rep)).map_err(|_| GONE)?;
            match pollable {
                Pollable::Ready => Ok(Held::Ready),
                Pollable::Deadline(at) => Ok(Held::Timer(at.saturating_sub(now))),
                Pollable::Item(item) => match standard(item.handle) {
                    Some(stream) => Ok(Held::Stream(stream as u8)),
                    None => Err("it waits for an open file or a connection"),
                },
            }
        }
        Kind::TerminalInput => Ok(Held::TerminalInput),
        Kind::TerminalOutput => Ok(Held::TerminalOutput),
        // What it stands for is granted anew with everything else.
        Kind::Network => Ok(Held::Network),
    }
}

/// The resource that is to be given next.
fn next(state: &mut State) -> Result<Held> {
    state.resources().giving.take().ok_or_else(|| trap("nothing is to be given"))
}

fn wrong<T>() -> Result<T> {
    Err(trap("a resource of another kind is to be given"))
}

fn give_input(state: &mut State) -> Result<Resource<InputStream>> {
    let Held::Stdin(ended) = next(state)? else { return wrong() };
    let stream = InputStream::restored(state.resources().stdio[0], ended);
    Ok(state.resources().table.push(stream)?)
}

fn give_output(state: &mut State) -> Result<Resource<OutputStream>> {
    let (stream, ended) = match next(state)? {
        Held::Stdout(ended) => (1, ended),
        Held::Stderr(ended) => (2, ended),
        _ => return wrong(),
    };
    let stream = OutputStream::restored(state.resources().stdio[stream], ended);
    Ok(state.resources().table.push(stream)?)
}

fn give_pollable(state: &mut State) -> Result<Resource<Pollable>> {
    let pollable = match next(state)? {
        Held::Ready => Pollable::Ready,
        Held::Timer(ns) => Pollable::Deadline(state.now().saturating_add(ns)),
        Held::Stream(stream) => {
            let interest = if stream == 0 { ready::READ } else { ready::WRITE };
            let handle = state.resources().stdio.get(usize::from(stream)).copied();
            Pollable::Item(Item { handle: handle.unwrap_or(GONE), interest })
        }
        _ => return wrong(),
    };
    Ok(state.resources().table.push(pollable)?)
}

/// A directory that is not granted any more is one that is gone.
fn give_directory(state: &mut State) -> Result<Resource<Descriptor>> {
    let Held::Directory(name) = next(state)? else { return wrong() };
    let found = must("a directory is given again", files::preopen(state, &name))?;
    let descriptor = found.unwrap_or(Descriptor { handle: GONE, is_directory: true, mode: 0, preopen: None });
    Ok(state.resources().table.push(descriptor)?)
}

fn give_terminal_input(state: &mut State) -> Result<Resource<TerminalInput>> {
    let Held::TerminalInput = next(state)? else { return wrong() };
    Ok(state.resources().table.push(TerminalInput)?)
}

fn give_terminal_output(state: &mut State) -> Result<Resource<TerminalOutput>> {
    let Held::TerminalOutput = next(state)? else { return wrong() };
    Ok(state.resources().table.push(TerminalOutput)?)
}

fn give_network(state: &mut State) -> Result<Resource<Network>> {
    let Held::Network = next(state)? else { return wrong() };
    Ok(state.resources().table.push(Network)?)
}

/// Adds what the helper imports.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    add(linker, Kind::InputStream, give_input)?;
    add(linker, Kind::OutputStream, give_output)?;
    add(linker, Kind::Pollable, give_pollable)?;
    add(linker, Kind::Descriptor, give_directory)?;
    add(linker, Kind::TerminalInput, give_terminal_input)?;
    add(linker, Kind::TerminalOutput, give_terminal_output)?;
    add(linker, Kind::Network, give_network)
}

fn add<T: Send + 'static>(
    linker: &mut Linker<State>,
    kind: Kind,
    give: fn(&mut State) -> Result<Resource<T>>,
) -> Result<()> {
    let mut root = linker.root();
    let name = format!("{RESERVED}{}", helper::give_name(kind));
    root.func_wrap(&name, move |mut store: StoreContextMut<'_, State>, (): ()| {
        Ok((give(store.data_mut())?,))
    })?;
    let name = format!("{RESERVED}{}", helper::show_name(kind));
    root.func_wrap(&name, |mut store: StoreContextMut<'_, State>, (resource,): (Resource<T>,)| {
        store.data_mut().resources().shown = Some(resource.rep());
        Ok(())
    })
}
