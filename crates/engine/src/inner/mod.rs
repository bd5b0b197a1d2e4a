//! Modules of wasm that run within a context: what JavaScript knows as `WebAssembly`.
//!
//! Start reading at [`call`], which does the requests INNER_* of the ABI. What a context compiles, instantiates and calls so belongs to its
//! own store: it counts against the same bounds, stops when the context is stopped, and ends with it. A module reaches nothing but what its
//! imports are: items of other modules within, and functions of the context's own, of which the context hears as an event. `module.rs`
//! compiles and describes, `item.rs` makes and calls, `value.rs` turns values into words and back, `show.rs` shows memories.
//!
//! Never here: a copy of a memory. And no module within can be given back before its context ends: wasmtime has no way.

mod item;
mod module;
mod show;
mod value;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use b8g_core::abi::Request;
use b8g_core::{Error, Handle, Rights};
use wasmtime::{AsContext, AsContextMut, Caller, TypedFunc};

use crate::callback::Arguments;
use crate::dispatch;
use crate::interrupt::signal;
use crate::memory::inner::InnerMemory;
use crate::memory::{GuestMemory, Places};
use crate::object::{Lease, Object};
use crate::state::State;
use item::Item;
use module::Module;

/// Memories of a context that may have modules within.
pub(crate) const MEMORIES_MAX: usize = 256;
/// Items of a context at most.
const ITEMS_MAX: usize = 1 << 16;
/// Functions of a context's own that modules may have been given, each for each of its types.
const OWNS_MAX: usize = 1 << 16;
/// References to values of a context's own at a time.
const REFERENCES_MAX: usize = 1 << 20;
/// Bytes that an item counts as which the context makes itself.
const ITEM_BYTES: u64 = 2048;
/// Bytes of what goes in with one request, a module apart.
const INPUT_BYTES_MAX: usize = 1 << 20;

/// The function by which a component hears of events.
type Event = TypedFunc<(i64, i32, i32, i64), i32>;

/// What a context has within.
pub(crate) struct Inner {
    modules: Vec<Module>,
    items: Vec<Item>,
    /// The items by what they are, so that one thing has one number.
    numbers: HashMap<item::Identity, u32>,
    /// How many numbers functions take and give, as far as somebody asked.
    arities: HashMap<u32, Option<item::Numbers>>,
    memories: Vec<InnerMemory>,
    /// Which memories are shown, and where.
    shown: Vec<(u32, Range<usize>)>,
    /// Where others were shown.
    were: Places,
    event: Event,
    /// What the thread may run, since each module came to it. A list is never dropped before the context, since the handler of the stop
    /// signal looks into it.
    codes: Vec<Arc<signal::Known>>,
    /// Where functions of the context's own find their arguments.
    room: Span,
    /// Functions of the context's own that modules have, by their tokens.
    owns: HashMap<u32, wasmtime::Func>,
    owns_made: usize,
    /// What instances and items count as.
    leases: Vec<Lease>,
    /// The context's own code was unwound: nothing of it may go on.
    broken: bool,
    references: Arc<Mutex<References>>,
}

/// References to values of the context's own.
#[derive(Debug, Default)]
struct References {
    live: usize,
    /// The numbers of those that are gone.
    dropped: Vec<u32>,
}

/// Offset and length.
type Span = (usize, usize);

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("items", &self.items.len()).finish_non_exhaustive()
    }
}

impl Inner {
    fn new(event: Event) -> Inner {
        Inner {
            modules: Vec::new(),
            items: Vec::new(),
            numbers: HashMap::new(),
            arities: HashMap::new(),
            memories: Vec::new(),
            shown: Vec::new(),
            were: Places::default(),
            event,
            codes: Vec::new(),
            room: (0, 0),
            owns: HashMap::new(),
            owns_made: 0,
            leases: Vec::new(),
            broken: false,
            references: Arc::default(),
        }
    }
}

/// Counts what is kept until the context ends against its shared bytes.
fn count(state: &mut State, bytes: u64) -> Result<(), Error> {
    let lease = state.shared().lease_many(bytes)?;
    inner(state)?.leases.push(lease);
    Ok(())
}

/// The request's number, if it is one of those that are done here.
pub(crate) fn request(number: i64) -> Option<Request> {
    let first = Request::InnerCompile as i64;
    let known = (first..=Request::InnerDropped as i64).contains(&number);
    if known { Request::from_number(number as u32) } else { None }
}

/// Does one of the requests about modules within.
///
/// # Errors
/// When the guest must be unwound.
pub(crate) fn call(
    caller: &mut Caller<'_, State>,
    request: Request,
    arguments: Arguments,
) -> wasmtime::Result<i64> {
    let done = dispatch::admit(caller.data_mut())
        .and_then(|()| may_compute(caller.data(), arguments.handle))
        .map_err(Failed::Told)
        .and_then(|()| act(caller, request, arguments));
    match done {
        _ if caller.data().ending.is_some() => Err(crate::context::unwind()),
        Ok(answer) => Ok(answer),
        Err(Failed::Told(error)) => Ok(error.code()),
        Err(Failed::Unwind(error)) => Err(error),
    }
}

/// Why a request was not done.
enum Failed {
    /// The guest is told.
    Told(Error),
    /// The guest is unwound.
    Unwind(wasmtime::Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Told(error)
    }
}

fn may_compute(state: &State, handle: Handle) -> Result<(), Error> {
    match state.table.get_with(handle, Rights::EXECUTE)? {
        Object::Compute => Ok(()),
        _ => Err(Error::Type),
    }
}

fn act(caller: &mut Caller<'_, State>, request: Request, arguments: Arguments) -> Result<i64, Failed> {
    let (from, into) = (span(arguments.b), span(arguments.c));
    let argument = arguments.d as u64;
    let done = match request {
        Request::InnerCompile => return Ok(module::compile(caller, from, into, argument)?),
        Request::InnerDescribe => describe(caller, into, argument),
        Request::InnerInstantiate => return item::instantiate(caller, number(argument)?, from, into),
        Request::InnerCall => return item::call(caller, number(argument)?, from, into),
        Request::InnerMake => item::make(caller, argument, from),
        Request::InnerGet => item::get(caller, number(argument)?, from, into),
        Request::InnerSet => item::set(caller, number(argument)?, from),
        Request::InnerSize => item::size(caller, number(argument)?),
        Request::InnerGrow => item::grow(caller, number(argument)?, from),
        Request::InnerMap => show::show(caller, number(argument)?, from),
        Request::InnerUnmap => show::hide(caller, number(argument)?),
        Request::InnerDropped => dropped(caller, into),
        _ => Err(Error::NoSystem),
    };
    Ok(done?)
}

fn describe(caller: &mut Caller<'_, State>, into: Span, which: u64) -> Result<i64, Error> {
    let number = which as u32;
    let text = match which >> 32 {
        0 => Module::get(caller.data(), number)?.description.clone(),
        1 => item::describe(caller, number)?.into(),
        _ => return Err(Error::Argument),
    };
    write(caller, into, text.as_bytes())
}

/// Which numbers that the context chose for its values are free again: those of references that are gone.
fn dropped(caller: &mut Caller<'_, State>, into: Span) -> Result<i64, Error> {
    let references = inner(caller.data_mut())?.references.clone();
    let room = into.1 / 4;
    caller.as_context_mut().gc(None).map_err(|_| Error::NoMemory)?;
    let gone: Vec<u8> = {
        let dropped = &mut references.lock().unwrap_or_else(std::sync::PoisonError::into_inner).dropped;
        let keep = dropped.len().saturating_sub(room);
        dropped.drain(keep..).flat_map(u32::to_le_bytes).collect()
    };
    write(caller, into, &gone)
}

/// What the context has within.
fn inner(state: &mut State) -> Result<&mut Inner, Error> {
    state.inner.as_deref_mut().ok_or(Error::NotFound)
}

/// The same, made at the first use.
fn begin<'s>(caller: &'s mut Caller<'_, State>) -> Result<&'s mut Inner, Error> {
    if caller.data().inner.is_none() {
        let event = caller.get_export("b8g_event").and_then(wasmtime::Extern::into_func);
        let event = event.and_then(|event| event.typed(caller.as_context()).ok()).ok_or(Error::Type)?;
        caller.data_mut().inner = Some(Box::new(Inner::new(event)));
    }
    inner(caller.data_mut())
}

fn number(argument: u64) -> Result<u32, Error> {
    u32::try_from(argument).map_err(|_| Error::Argument)
}

/// A slice argument: offset below, length above.
fn span(slice: i64) -> Span {
    (slice as u32 as usize, (slice as u64 >> 32) as usize)
}

/// The context's memory, and the rest of it.
fn memory<'m>(
    caller: &'m mut impl AsContextMut<Data = State>,
) -> Result<(GuestMemory<'m>, &'m mut State), Error> {
    let state = caller.as_context();
    let memory = state.data().memory.ok_or(Error::Fault)?;
    let windows = state.data().windows.clone();
    let (bytes, state) = memory.data_and_store_mut(caller.as_context_mut());
    Ok((GuestMemory::new(bytes, &windows), state))
}

/// Words of 8 bytes that the context passes.
fn words(caller: &mut impl AsContextMut<Data = State>, from: Span) -> Result<Vec<u64>, Error> {
    if from.1 > INPUT_BYTES_MAX {
        return Err(Error::Limit);
    }
    let (memory, _) = memory(caller)?;
    let bytes = memory.get(from).ok_or(Error::Fault)?;
    let word = |word: &[u8]| word.try_into().map_or(0, u64::from_le_bytes);
    Ok(bytes.chunks_exact(8).map(word).collect())
}

/// Writes all of `bytes`, if there is room; answers how many there are.
fn write(caller: &mut impl AsContextMut<Data = State>, into: Span, bytes: &[u8]) -> Result<i64, Error> {
    let (mut memory, _) = memory(caller)?;
    let room = memory.get_mut(into).ok_or(Error::Fault)?;
    if let Some(room) = room.get_mut(..bytes.len()) {
        room.copy_from_slice(bytes);
    }
    Ok(bytes.len() as i64)
}

/// Writes as much of a text as there is room for, and a NUL behind it.
fn tell(caller: &mut impl AsContextMut<Data = State>, into: Span, text: &str) -> Result<(), Error> {
    let (mut memory, _) = memory(caller)?;
    let room = memory.get_mut(into).ok_or(Error::Fault)?;
    let len = text.len().min(room.len());
    room[..len].copy_from_slice(&text.as_bytes()[..len]);
    if let Some(end) = room.get_mut(len) {
        *end = 0;
    }
    Ok(())
}
