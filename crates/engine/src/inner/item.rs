//! What modules within export, and what is made for them to import: functions, tables, memories and globals.

use std::sync::Arc;

use b8g_core::Error;
use b8g_core::abi::{event, inner as kind, inner_end};
use wasm_encoder::{ExportKind, ExportSection, MemorySection, MemoryType};
use wasmtime::{
    AsContext, AsContextMut, Caller, Extern, ExternType, Func, FuncType, Global, GlobalType, Instance,
    Memory, Mutability, Table, TableType, Trap, Val, ValRaw, ValType,
};

use super::module::{Form, Module};
use super::value::{from_word, reference, to_word, type_of};
use super::{
    Failed, ITEM_BYTES, ITEMS_MAX, OWNS_MAX, Span, begin, count, inner, memory, show, tell, words, write,
};
use crate::context::trap_text;
use crate::engine::CALL_STACK_BYTES_MAX;
use crate::function::ValueType;
use crate::interrupt::signal;
use crate::memory::pool;
use crate::outcome::Reason;
use crate::state::{Ending, State};

/// Machine stack that must be left for a function of the context's own: its engine finds out in time when its own stack is exhausted, if
/// there is so much.
const STACK_LEFT_MIN: usize = CALL_STACK_BYTES_MAX / 2;
/// Bytes of room into which the arguments of calls fit, and the ends of what is told.
const WORD_BYTES: usize = 8;

/// Arguments, or results, of a function for which a call takes nothing from the heap.
const NUMBERS_MAX: usize = 16;

/// How many numbers a function takes, and how many it gives.
pub(super) type Numbers = (usize, usize);

/// Something that a module within exports, or may import.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    Function(Func),
    Table(Table),
    Memory(Memory),
    Global(Global),
}

/// What tells items apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Identity {
    Function((usize, usize)),
    Table(u64),
    Memory(u64),
    Global(u64),
}

impl Item {
    fn of(item: Extern) -> Option<Item> {
        Some(match item {
            Extern::Func(function) => Item::Function(function),
            Extern::Table(table) => Item::Table(table),
            Extern::Memory(memory) => Item::Memory(memory),
            Extern::Global(global) => Item::Global(global),
            _ => return None,
        })
    }

    fn identity(&self, store: impl AsContextMut) -> Identity {
        match self {
            Item::Function(function) => Identity::Function(signal::identity(function, store)),
            Item::Table(table) => Identity::Table(table.debug_index_in_store()),
            Item::Memory(memory) => Identity::Memory(memory.debug_index_in_store()),
            Item::Global(global) => Identity::Global(global.debug_index_in_store()),
        }
    }

    fn ty(&self, store: impl AsContext) -> ExternType {
        match self {
            Item::Function(function) => ExternType::Func(function.ty(store)),
            Item::Table(table) => ExternType::Table(table.ty(store)),
            Item::Memory(memory) => ExternType::Memory(memory.ty(store)),
            Item::Global(global) => ExternType::Global(global.ty(store)),
        }
    }
}

impl From<Item> for Extern {
    fn from(item: Item) -> Extern {
        match item {
            Item::Function(function) => function.into(),
            Item::Table(table) => table.into(),
            Item::Memory(memory) => memory.into(),
            Item::Global(global) => global.into(),
        }
    }
}

/// The number of an item; one that is known has it already.
pub(super) fn add(store: &mut impl AsContextMut<Data = State>, item: Item) -> Result<u32, Error> {
    let identity = item.identity(store.as_context_mut());
    let mut store = store.as_context_mut();
    let inner = inner(store.data_mut())?;
    if let Some(known) = inner.numbers.get(&identity) {
        return Ok(*known);
    }
    if inner.items.len() >= ITEMS_MAX {
        return Err(Error::Limit);
    }
    let number = inner.items.len() as u32;
    inner.items.push(item);
    inner.numbers.insert(identity, number);
    Ok(number)
}

fn find(state: &State, number: u32) -> Result<Item, Error> {
    let inner = state.inner.as_deref().ok_or(Error::NotFound)?;
    inner.items.get(number as usize).copied().ok_or(Error::NotFound)
}

pub(super) fn function(state: &State, number: u32) -> Result<Func, Error> {
    match find(state, number)? {
        Item::Function(function) => Ok(function),
        _ => Err(Error::Type),
    }
}

pub(super) fn memory_of(state: &State, number: u32) -> Result<Memory, Error> {
    match find(state, number)? {
        Item::Memory(memory) => Ok(memory),
        _ => Err(Error::Type),
    }
}

/// The type of an item, as JSON.
pub(super) fn describe(caller: &mut Caller<'_, State>, number: u32) -> Result<String, Error> {
    let item = find(caller.data(), number)?;
    Ok(Form::of(&item.ty(caller.as_context())).json())
}

/// A function of the context's own threw: it knows what.
#[derive(Debug, thiserror::Error)]
#[error("a function of the context's own threw")]
struct Threw;

/// Makes an instance of a module.
pub(super) fn instantiate(
    caller: &mut Caller<'_, State>,
    module: u32,
    from: Span,
    into: Span,
) -> Result<i64, Failed> {
    let (code, bytes) =
        Module::get(caller.data(), module).map(|module| (module.code.clone(), module.instance_bytes))?;
    let given = words(caller, from)?;
    if given.len() != code.imports().len() || !from.1.is_multiple_of(WORD_BYTES) {
        return Err(Error::Argument.into());
    }
    let mut imports = Vec::with_capacity(given.len());
    for (import, word) in code.imports().zip(given) {
        let (own, number) = (word as u32, (word >> 32) as u32);
        imports.push(match (own, import.ty()) {
            (0, _) => find(caller.data(), number)?.into(),
            (1, ExternType::Func(ty)) => own_function(caller, ty, number)?.into(),
            _ => return Err(Error::Argument.into()),
        });
    }
    count(caller.data_mut(), bytes)?;
    let residence = caller.data().residence.clone();
    let ran = run(caller, into, |caller| {
        let (made, memories) =
            pool::with_inner(&residence, || Instance::new(caller.as_context_mut(), &code, &imports));
        if let Ok(inner) = inner(caller.data_mut()) {
            inner.memories.extend(memories);
        }
        made
    });
    let instance = match ran {
        Ok(instance) => instance,
        Err(ran) => return not_returned(caller, into, ran),
    };
    let mut numbers = Vec::with_capacity(code.exports().len() * 4);
    let exports: Vec<Option<Item>> =
        instance.exports(caller.as_context_mut()).map(|export| Item::of(export.into_extern())).collect();
    for item in exports {
        // Of what nothing can be done with there is no number.
        let number = item.map_or(Ok(u32::MAX), |item| add(caller, item))?;
        numbers.extend_from_slice(&number.to_le_bytes());
    }
    write(caller, into, &numbers)?;
    Ok(end(caller, inner_end::RETURNED))
}

/// Calls a function.
pub(super) fn call(
    caller: &mut Caller<'_, State>,
    number: u32,
    from: Span,
    into: Span,
) -> Result<i64, Failed> {
    let function = function(caller.data(), number)?;
    if let Some(numbers) = numbers_of(caller, number, function) {
        return call_with_numbers(caller, function, numbers, from, into);
    }
    let given = words(caller, from)?;
    let ty = function.ty(caller.as_context());
    if given.len() != ty.params().len() || ty.results().len() * WORD_BYTES > into.1 {
        return Err(Error::Argument.into());
    }
    let mut values = Vec::with_capacity(given.len());
    for (ty, word) in ty.params().zip(given) {
        values.push(from_word(caller, word, &ty)?);
    }
    let mut results = vec![Val::I32(0); ty.results().len()];
    match run(caller, into, |caller| function.call(caller.as_context_mut(), &values, &mut results)) {
        Ok(()) => {}
        Err(ran) => return not_returned(caller, into, ran),
    }
    store_words(caller, into, &results)?;
    Ok(end(caller, inner_end::RETURNED))
}

/// How many numbers a function takes and gives; `None` if it takes or gives anything else. Looked up once: that takes longer than a call.
fn numbers_of(caller: &mut Caller<'_, State>, number: u32, function: Func) -> Option<Numbers> {
    if let Some(known) = inner(caller.data_mut()).ok()?.arities.get(&number) {
        return *known;
    }
    let ty = function.ty(caller.as_context());
    let plain = ty.params().chain(ty.results()).all(|ty| ValueType::of(&ty).is_some());
    let numbers = (ty.params().len(), ty.results().len());
    let numbers = Some(numbers).filter(|(takes, gives)| plain && *takes.max(gives) <= NUMBERS_MAX);
    inner(caller.data_mut()).ok()?.arities.insert(number, numbers);
    numbers
}

/// As [`call`], of a function of numbers: nothing is taken from the heap.
fn call_with_numbers(
    caller: &mut Caller<'_, State>,
    function: Func,
    (takes, gives): Numbers,
    from: Span,
    into: Span,
) -> Result<i64, Failed> {
    if from.1 != takes * WORD_BYTES || gives * WORD_BYTES > into.1 {
        return Err(Error::Argument.into());
    }
    let mut raw = [ValRaw::i64(0); NUMBERS_MAX];
    {
        let (memory, _) = memory(caller)?;
        let bytes = memory.get(from).ok_or(Error::Fault)?;
        for (raw, word) in raw.iter_mut().zip(bytes.chunks_exact(WORD_BYTES)) {
            *raw = ValRaw::u64(word.try_into().map_or(0, u64::from_le_bytes));
        }
    }
    let values = &raw mut raw[..takes.max(gives)];
    // SAFETY: the function takes and gives so many numbers, and there is room for the more of them; nothing of another store or of the
    // collector's is among them. A number of 32 bits is the lower half of its word, whatever the other half is.
    let ran = run(caller, into, |caller| unsafe { function.call_unchecked(caller.as_context_mut(), values) });
    if let Err(ran) = ran {
        return not_returned(caller, into, ran);
    }
    {
        let (mut memory, _) = memory(caller)?;
        let room = memory.get_mut((into.0, gives * WORD_BYTES)).ok_or(Error::Fault)?;
        for (room, raw) in room.chunks_exact_mut(WORD_BYTES).zip(&raw) {
            room.copy_from_slice(&raw.get_u64().to_le_bytes());
        }
    }
    Ok(end(caller, inner_end::RETURNED))
}

/// What the context is told of a call that did not return.
fn not_returned(caller: &mut Caller<'_, State>, into: Span, ran: Ran) -> Result<i64, Failed> {
    match ran {
        Ran::Unwind(error) => Err(Failed::Unwind(error)),
        Ran::Failed(text) => {
            tell(caller, into, &text)?;
            Err(Error::Argument.into())
        }
        Ran::Ended(how, text) => {
            tell(caller, into, &text)?;
            Ok(end(caller, how))
        }
    }
}

fn store_words(store: &mut impl AsContextMut<Data = State>, into: Span, values: &[Val]) -> Result<(), Error> {
    let mut bytes = Vec::with_capacity(values.len() * WORD_BYTES);
    for value in values {
        bytes.extend_from_slice(&to_word(store, value)?.to_le_bytes());
    }
    if bytes.len() > into.1 {
        return Err(Error::Argument);
    }
    write(store, into, &bytes).map(|_| ())
}

/// How something ended, and whether a memory has grown meanwhile.
fn end(caller: &mut Caller<'_, State>, how: u32) -> i64 {
    let grew = if show::has_grown(caller) { inner_end::GREW } else { 0 };
    i64::from(how | grew)
}

/// How code of a module within did not return.
enum Ran {
    /// In a way that the context is told.
    Ended(u32, String),
    /// It could not begin.
    Failed(String),
    /// The context ends.
    Unwind(wasmtime::Error),
}

/// Runs code of modules within: the thread may be stopped in it, and functions of the context's own use `room`.
fn run<R>(
    caller: &mut Caller<'_, State>,
    room: Span,
    act: impl FnOnce(&mut Caller<'_, State>) -> wasmtime::Result<R>,
) -> Result<R, Ran> {
    let failed = |error: Error| Ran::Failed(error.to_string());
    memory(caller)
        .and_then(|(memory, _)| memory.get(room).map(|_| ()).ok_or(Error::Fault))
        .map_err(failed)?;
    let own = begin(caller).map_err(failed)?;
    let code = own.codes.last().cloned();
    let before = std::mem::replace(&mut own.room, room);
    let published = code.as_ref().map(signal::publish_more);
    let done = act(caller);
    drop(published);
    let mut broken = false;
    if let Ok(own) = inner(caller.data_mut()) {
        own.room = before;
        broken = own.broken;
    }
    let error = match done {
        Ok(done) => return Ok(done),
        Err(error) => error,
    };
    if broken || caller.data().ending.is_some() {
        return Err(Ran::Unwind(error));
    }
    if let Some(reason) = caller.data().monitor.stop_ordered() {
        return Err(stopped(caller, reason, error));
    }
    if error.is::<Threw>() {
        return Err(Ran::Ended(inner_end::THREW, String::new()));
    }
    if caller.as_context_mut().take_pending_exception().is_some() {
        return Err(Ran::Ended(inner_end::TRAPPED, "uncaught exception".to_owned()));
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Err(Ran::Ended(inner_end::EXHAUSTED, String::new())),
        Some(_) => Err(Ran::Ended(inner_end::TRAPPED, trap_within(caller.data(), &error))),
        None => Err(Ran::Failed(crate::component::describe(&error))),
    }
}

/// Why and where, as far as the frames are those of modules within.
fn trap_within(state: &State, error: &wasmtime::Error) -> String {
    let codes = state.inner.iter().flat_map(|inner| &inner.modules);
    let places: Vec<_> = codes.map(|module| module.code.text().as_ptr()).collect();
    let is_within = |frame: &wasmtime::FrameInfo| places.contains(&frame.module().text().as_ptr());
    let frames = error.downcast_ref::<wasmtime::WasmBacktrace>().map_or(&[][..], |trace| trace.frames());
    let count = frames.iter().take_while(|frame| is_within(frame)).count();
    trap_text(error).lines().take(1 + count).collect::<Vec<_>>().join("\n")
}

fn stopped(caller: &mut Caller<'_, State>, reason: Reason, error: wasmtime::Error) -> Ran {
    caller.data_mut().ending = Some(Ending::Stopped(reason));
    Ran::Unwind(error)
}

/// A function of the context's own, for modules within.
fn own_function(caller: &mut Caller<'_, State>, ty: FuncType, token: u32) -> Result<Func, Error> {
    let own = inner(caller.data_mut())?;
    let is_full = own.owns_made >= OWNS_MAX;
    if let Some(known) = own.owns.get(&token).copied()
        && FuncType::eq(&known.ty(caller.as_context()), &ty)
    {
        return Ok(known);
    }
    if is_full {
        return Err(Error::Limit);
    }
    let results: Arc<[ValType]> = ty.results().collect();
    let made = Func::new(caller.as_context_mut(), ty, move |mut caller, arguments, into| {
        call_own(&mut caller, token, arguments, &results, into)
    });
    let own = inner(caller.data_mut())?;
    own.owns.insert(token, made);
    own.owns_made += 1;
    Ok(made)
}

fn call_own(
    caller: &mut Caller<'_, State>,
    token: u32,
    arguments: &[Val],
    results: &[ValType],
    into: &mut [Val],
) -> wasmtime::Result<()> {
    let here = 0u8;
    let used = caller.data().stack_start.saturating_sub(&raw const here as usize);
    if used + STACK_LEFT_MIN > CALL_STACK_BYTES_MAX {
        return Err(Trap::StackOverflow.into());
    }
    let told =
        |error: Error| wasmtime::Error::msg(format!("it cannot call a function of the context's: {error}"));
    let own = inner(caller.data_mut()).map_err(told)?;
    let (room, event) = (own.room, own.event.clone());
    if results.len() * WORD_BYTES > room.1 {
        return Err(told(Error::Argument));
    }
    store_words(caller, room, arguments).map_err(told)?;
    let grew = i32::from(show::has_grown(caller));
    let called = event.call(caller.as_context_mut(), (i64::from(token), event::INNER, grew, room.0 as i64));
    let own = inner(caller.data_mut()).map_err(told)?;
    let answer = match called {
        Ok(answer) => answer,
        Err(error) => {
            own.broken = true;
            return Err(error);
        }
    };
    // It may have compiled more, and put that where the code that goes on now finds it.
    if let Some(code) = own.codes.last() {
        signal::update(code);
    }
    if answer != 0 {
        return Err(Threw.into());
    }
    let words = words(caller, (room.0, results.len() * WORD_BYTES)).map_err(told)?;
    for ((into, ty), word) in into.iter_mut().zip(results).zip(words) {
        *into = from_word(caller, word, ty).map_err(told)?;
    }
    Ok(())
}

/// Makes a table, a memory or a global.
pub(super) fn make(caller: &mut Caller<'_, State>, what: u64, from: Span) -> Result<i64, Error> {
    let given = words(caller, from)?;
    let [head, minimum, maximum, value] = given[..] else { return Err(Error::Argument) };
    let (letter, mutable) = (head & 0xffff_ffff, head >> 32 != 0);
    let maximum = Some(maximum).filter(|maximum| *maximum != u64::MAX);
    begin(caller)?;
    count(caller.data_mut(), ITEM_BYTES)?;
    let no_room = |_| Error::Limit;
    let item = match u32::try_from(what) {
        Ok(kind::TABLE) => {
            let ty = type_of(letter)?;
            let element = ty.as_ref().ok_or(Error::Argument)?.clone();
            let value = reference(from_word(caller, value, &ty)?)?;
            let small = |n: u64| u32::try_from(n).map_err(|_| Error::Argument);
            let ty = TableType::new(element, small(minimum)?, maximum.map(small).transpose()?);
            Item::Table(Table::new(caller.as_context_mut(), ty, value).map_err(no_room)?)
        }
        Ok(kind::MEMORY) => {
            let small = |n: u64| u32::try_from(n).map_err(|_| Error::Argument);
            let (minimum, maximum) = (small(minimum)?, maximum.map(small).transpose()?);
            if minimum > 65536 || maximum.is_some_and(|maximum| maximum > 65536 || maximum < minimum) {
                return Err(Error::Argument);
            }
            Item::Memory(make_memory(caller, minimum, maximum)?)
        }
        Ok(kind::GLOBAL) => {
            let ty = type_of(letter)?;
            let value = from_word(caller, value, &ty)?;
            let mutability = if mutable { Mutability::Var } else { Mutability::Const };
            let ty = GlobalType::new(ty, mutability);
            Item::Global(Global::new(caller.as_context_mut(), ty, value).map_err(no_room)?)
        }
        _ => return Err(Error::Argument),
    };
    add(caller, item).map(i64::from)
}

/// A memory is that of a module which has nothing else: those that wasmtime makes by themselves are mapped in its own way, and cannot be
/// shown.
fn make_memory(caller: &mut Caller<'_, State>, minimum: u32, maximum: Option<u32>) -> Result<Memory, Error> {
    let mut memories = MemorySection::new();
    let (minimum, maximum) = (u64::from(minimum), maximum.map(u64::from));
    memories.memory(MemoryType { minimum, maximum, memory64: false, shared: false, page_size_log2: None });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    let mut module = wasm_encoder::Module::new();
    module.section(&memories).section(&exports);
    let code =
        wasmtime::Module::from_binary(caller.engine(), module.as_slice()).map_err(|_| Error::NoMemory)?;
    let residence = caller.data().residence.clone();
    let (made, memories) =
        pool::with_inner(&residence, || Instance::new(caller.as_context_mut(), &code, &[]));
    inner(caller.data_mut())?.memories.extend(memories);
    let instance = made.map_err(|_| Error::Limit)?;
    instance.get_memory(caller.as_context_mut(), "memory").ok_or(Error::NoMemory)
}

pub(super) fn get(caller: &mut Caller<'_, State>, number: u32, from: Span, into: Span) -> Result<i64, Error> {
    let value = match find(caller.data(), number)? {
        Item::Global(global) => global.get(caller.as_context_mut()),
        Item::Table(table) => {
            let [index] = words(caller, from)?[..] else { return Err(Error::Argument) };
            table.get(caller.as_context_mut(), index).ok_or(Error::Argument)?.into()
        }
        _ => return Err(Error::Type),
    };
    store_words(caller, into, &[value])?;
    Ok(WORD_BYTES as i64)
}

pub(super) fn set(caller: &mut Caller<'_, State>, number: u32, from: Span) -> Result<i64, Error> {
    let given = words(caller, from)?;
    match find(caller.data(), number)? {
        Item::Global(global) => {
            let [word] = given[..] else { return Err(Error::Argument) };
            let ty = global.ty(caller.as_context());
            let value = from_word(caller, word, ty.content())?;
            global.set(caller.as_context_mut(), value).map_err(|_| Error::Argument)?;
        }
        Item::Table(table) => {
            let [index, word] = given[..] else { return Err(Error::Argument) };
            let ty = ValType::Ref(table.ty(caller.as_context()).element().clone());
            let value = reference(from_word(caller, word, &ty)?)?;
            table.set(caller.as_context_mut(), index, value).map_err(|_| Error::Argument)?;
        }
        _ => return Err(Error::Type),
    }
    Ok(0)
}

pub(super) fn size(caller: &mut Caller<'_, State>, number: u32) -> Result<i64, Error> {
    match find(caller.data(), number)? {
        Item::Table(table) => Ok(table.size(caller.as_context()) as i64),
        Item::Memory(memory) => Ok(memory.size(caller.as_context()) as i64),
        _ => Err(Error::Type),
    }
}

pub(super) fn grow(caller: &mut Caller<'_, State>, number: u32, from: Span) -> Result<i64, Error> {
    let given = words(caller, from)?;
    let before = match find(caller.data(), number)? {
        Item::Memory(memory) => {
            let [by] = given[..] else { return Err(Error::Argument) };
            memory.grow(caller.as_context_mut(), by)
        }
        Item::Table(table) => {
            let [by, word] = given[..] else { return Err(Error::Argument) };
            let ty = ValType::Ref(table.ty(caller.as_context()).element().clone());
            let value = reference(from_word(caller, word, &ty)?)?;
            table.grow(caller.as_context_mut(), by, value)
        }
        _ => return Err(Error::Type),
    };
    before.map(|before| before as i64).map_err(|_| Error::Limit)
}
