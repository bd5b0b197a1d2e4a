//! The component ABI as typed functions: what components of the component model import as `b8g:abi`, of which
//! `guests/wit/b8g.wit` is the interface definition.
//!
//! Start reading at [`add_to_linker`]. Each function is made of the ABI's description, which the definition is made of too: its
//! arguments are laid out in a scratch memory as a module would lay them out in its own, and the callback does the rest.
//!
//! Invariant: nothing of an operation is decided here. What speaks of addresses in the caller's memory is left out: the scratch
//! memory is gone when the call is over.

mod often;
mod scratch;
#[cfg(test)]
mod tests;
mod value;

use b8g_core::abi::names::kebab;
use b8g_core::abi::operations::OPERATIONS;
use b8g_core::abi::requests::REQUESTS;
use b8g_core::abi::shape::{Answer, Input, Operation, Output, Parameter, RequestForm};
use b8g_core::abi::{Kind, Op};
use b8g_core::{Error, Handle};
use wasmtime::component::types::ComponentFunc;
use wasmtime::component::{Linker, LinkerInstance, Val};
use wasmtime::{Result, StoreContextMut};

use crate::callback::Arguments;
use crate::model::host::trap;
use crate::state::State;
use scratch::{Found, Scratch};

/// The interfaces that can be imported.
pub(crate) const INTERFACES: [&str; 3] = [TYPES_NAME, OPERATIONS_NAME, CONTROL_NAME];
/// How the names of all of them begin.
pub(crate) const ABI_PACKAGE: &str = "b8g:abi/";
const TYPES_NAME: &str = "b8g:abi/types@1.0.0";
const OPERATIONS_NAME: &str = "b8g:abi/operations@1.0.0";
const CONTROL_NAME: &str = "b8g:abi/control@1.0.0";

/// Bytes that one call gives at most.
const READ_BYTES_MAX: usize = 1 << 20;
/// Bytes for entries, where the caller does not say how many.
const ENTRIES_BYTES: usize = 16 << 10;

/// Adds the functions to what components of the component model can import.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    linker.instance(TYPES_NAME)?;
    let mut operations = linker.instance(OPERATIONS_NAME)?;
    often::add(&mut operations)?;
    for row in OPERATIONS.iter().filter(|row| !row.has_addresses() && !often::has(row.op)) {
        if row.verbs.is_empty() && row.answer != Answer::Varies {
            let form = Form { on_self: row.handle.is_empty(), ..Form::of(row) };
            add(&mut operations, &kebab(row.name), form)?;
        }
        for verb in row.verbs {
            let form = Form {
                verb: Some(verb.number),
                on_self: verb.on_self,
                parameters: verb.parameters,
                answer: verb.answer,
                ..Form::of(row)
            };
            add(&mut operations, &kebab(&format!("{}-{}", row.name, verb.name)), form)?;
        }
    }
    if let Some(wait) = OPERATIONS.iter().find(|row| row.op == Op::Wait) {
        add(&mut operations, "park", Form::of_parking(wait))?;
    }
    let mut control = linker.instance(CONTROL_NAME)?;
    often::add_requests(&mut control)?;
    for form in REQUESTS.iter().filter(|form| !often::has_request(form.request)) {
        let asked = move |state: &mut State, values: &[Val]| request(state, form, values);
        define(&mut control, &kebab(form.name), asked)?;
    }
    Ok(())
}

/// A function that stands for an operation, or for one of its verbs.
#[derive(Clone, Copy)]
struct Form {
    op: Op,
    verb: Option<u64>,
    /// There is no handle among its parameters: it is the engine's.
    on_self: bool,
    parameters: &'static [Parameter],
    answer: Answer,
    parks: bool,
}

impl Form {
    fn of(row: &'static Operation) -> Form {
        let (op, parameters, answer) = (row.op, row.parameters, row.answer);
        Form { op, verb: None, on_self: false, parameters, answer, parks: false }
    }

    /// A wait that is parked: it has no answer of its own.
    fn of_parking(wait: &'static Operation) -> Form {
        Form { parks: true, on_self: true, answer: Answer::Nothing, ..Form::of(wait) }
    }
}

/// What a function answers: something, or an error that the guest is told as a value.
type Answered = std::result::Result<Option<Val>, Val>;

fn define(
    instance: &mut LinkerInstance<'_, State>,
    name: &str,
    asked: impl Fn(&mut State, &[Val]) -> Result<Answered> + Send + Sync + 'static,
) -> Result<()> {
    let call =
        move |mut store: StoreContextMut<'_, State>, _: ComponentFunc, values: &[Val], out: &mut [Val]| {
            let answered = asked(store.data_mut(), values)?;
            if let Some(out) = out.first_mut() {
                *out =
                    Val::Result(answered.map(|value| value.map(Box::new)).map_err(|why| Some(Box::new(why))));
            }
            Ok(())
        };
    instance.func_new(name, call)
}

fn add(instance: &mut LinkerInstance<'_, State>, name: &str, form: Form) -> Result<()> {
    define(instance, name, move |state, values| operation(state, form, values))
}

/// Asks through the callback; the scratch memory holds what was written. A guest that ends is unwound.
fn ask(
    state: &mut State,
    scratch: &mut Scratch,
    op: Op,
    handle: Handle,
) -> Result<std::result::Result<i64, Error>> {
    let [a, b, c, d] = scratch.words;
    let done = crate::callback::run(state, &mut scratch.memory(), op, Arguments { handle, a, b, c, d });
    if state.ending.is_some() { Err(crate::context::unwind()) } else { Ok(done) }
}

fn operation(state: &mut State, form: Form, values: &[Val]) -> Result<Answered> {
    let mut values = values.iter();
    let handle = if form.on_self { Handle::ENGINE } else { value::handle(values.next())? };
    let mut scratch = Scratch::new();
    if let Some(verb) = form.verb {
        scratch.words[0] = verb as i64;
    }
    let found = match scratch.lay_out(form.parameters, &mut values, form.parks)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(value::error(error))),
    };
    Ok(match ask(state, &mut scratch, form.op, handle)? {
        Ok(answer) => Ok(match (found, form.answer) {
            (Found::Nothing, Answer::Handle | Answer::Count) => Some(Val::U32(answer as u32)),
            (Found::Nothing, Answer::Number) => Some(Val::U64(answer as u64)),
            (Found::Nothing, _) => None,
            (found, _) => Some(scratch.found(found, answer)?),
        }),
        Err(error) => Err(value::error(error)),
    })
}

fn request(state: &mut State, form: &RequestForm, values: &[Val]) -> Result<Answered> {
    let mut values = values.iter();
    let handle = if form.kinds.is_empty() { Handle::ENGINE } else { value::handle(values.next())? };
    let mut scratch = Scratch::new();
    let input = match form.input {
        Input::None => Vec::new(),
        Input::Bytes => value::bytes(values.next())?,
        Input::Text => value::text(values.next())?.to_owned().into_bytes(),
        Input::From(layout) => value::structure(layout, values.next())?,
        Input::FromThenPath(layout) => {
            let mut bytes = value::structure(layout, values.next())?;
            bytes.extend_from_slice(value::text(values.next())?.as_bytes());
            bytes
        }
        Input::FromThenBytes(layout) => {
            let mut bytes = value::structure(layout, values.next())?;
            bytes.extend(value::bytes(values.next())?);
            bytes
        }
        Input::Two(..) => {
            let (first, second) = (value::text(values.next())?, value::text(values.next())?);
            if first.contains('\0') {
                return Ok(Err(value::error(Error::Argument)));
            }
            format!("{first}\0{second}").into_bytes()
        }
        Input::Texts => {
            let texts = value::texts(values.next())?;
            if texts.iter().any(|text| text.contains('\0')) {
                return Ok(Err(value::error(Error::Argument)));
            }
            texts.iter().flat_map(|text| text.bytes().chain([0])).collect()
        }
    };
    let input = scratch.put(&input);
    let argument = if form.argument.is_empty() { 0 } else { value::argument(values.next())? };
    let room = match (form.output, form.answer) {
        (Output::None, _) => 0,
        (Output::Into(layout), _) => layout.bytes(),
        (Output::Many(_), _) => ENTRIES_BYTES,
        (Output::Bytes, Answer::Count) => value::number(values.next())?.min(READ_BYTES_MAX as u64) as usize,
        (Output::Bytes, _) => ENTRIES_BYTES,
    };
    let room = scratch.room(room);
    scratch.words = [form.request as i64, scratch::slice(input), scratch::slice(room), argument];
    let answer = match ask(state, &mut scratch, Op::Ctl, handle)? {
        Ok(answer) => answer,
        Err(error) => return Ok(Err(value::error(error))),
    };
    Ok(match (form.output, form.answer) {
        (Output::Into(layout), _) => Ok(Some(value::record(layout, scratch.bytes(room))?)),
        (Output::Many(layout), _) => {
            let written = scratch.bytes(room).get(..answer as usize).unwrap_or_default();
            let entries = written.chunks_exact(layout.bytes()).map(|bytes| value::record(layout, bytes));
            Ok(Some(Val::List(entries.collect::<Result<_>>()?)))
        }
        (Output::Bytes, Answer::Count) => match scratch.bytes(room).get(..answer as usize) {
            Some(bytes) => Ok(Some(value::list(bytes))),
            None => Err(value::error(Error::Limit)),
        },
        (_, Answer::Handle) => Ok(Some(Val::U32(answer as u32))),
        (_, Answer::Number) => Ok(Some(Val::U64(answer as u64))),
        _ => Ok(None),
    })
}

/// For a value that is of another type than the interface says.
fn mistyped() -> wasmtime::Error {
    trap("a function of b8g:abi is imported with another type than it has")
}

/// Kinds by their names in the interface.
fn kind_name(number: u32) -> Option<String> {
    Kind::ALL.iter().find(|kind| **kind as u32 == number).map(|kind| b8g_core::abi::names::word(kind.name()))
}
