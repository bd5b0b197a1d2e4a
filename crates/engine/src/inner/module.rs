//! Modules within: compiled, checked and described.

use std::collections::HashMap;
use std::sync::Arc;

use b8g_core::Error;
use b8g_core::abi::inner as kind;
use serde::Serialize;
use wasmtime::{Caller, ExternType, FuncType};

use super::{Span, begin, memory, tell};
use crate::component::{describe, takes_long};
use crate::interrupt::signal;
use crate::object::Lease;
use crate::state::State;

/// Bytes of one module: compiling cannot be interrupted.
const MODULE_BYTES_MAX: usize = 32 << 20;
/// Bytes of the functions of one module.
const CODE_BYTES_MAX: usize = 8 << 20;
/// Bytes of modules of which a context may leave the machine code in the cache.
const KEPT_BYTES_MAX: u64 = 32 << 20;
/// Bytes that count as shared for each byte of a module: machine code is larger than what it is made of.
const BYTES_PER_BYTE: u64 = 4;
/// What a module imports and exports.
const NAMES_MAX: usize = 1 << 16;
/// Bytes of that in the binary.
const NAME_BYTES_MAX: usize = 4 << 20;
/// Modules of one context.
const MODULES_MAX: usize = 256;

/// A module that a context gave.
pub(super) struct Module {
    pub(super) code: wasmtime::Module,
    /// JSON.
    pub(super) description: Arc<str>,
    digest: blake3::Hash,
    bytes: u64,
    /// What an instance of it takes beside tables and memories, at most.
    pub(super) instance_bytes: u64,
    _leases: [Lease; 2],
}

impl Module {
    pub(super) fn get(state: &State, number: u32) -> Result<&Module, Error> {
        let inner = state.inner.as_deref().ok_or(Error::NotFound)?;
        inner.modules.get(number as usize).ok_or(Error::NotFound)
    }
}

/// Compiles what lies at `from`, or only checks it. What is wrong is told in `into`.
pub(super) fn compile(
    caller: &mut Caller<'_, State>,
    from: Span,
    into: Span,
    how: u64,
) -> Result<i64, Error> {
    if from.1 > MODULE_BYTES_MAX {
        return Err(Error::Limit);
    }
    let (guest, state) = memory(caller)?;
    // The memory belongs to the store, which compiling does not need.
    let wasm = guest.get(from).ok_or(Error::Fault)?.to_vec();
    let engine = state.engine.clone();
    if how == 1 {
        return match engine.check(&wasm) {
            Ok(()) => Ok(0),
            Err(error) => wrong(caller, into, &describe(&error)),
        };
    }
    if how != 0 {
        return Err(Error::Argument);
    }
    if takes_long(&wasm, CODE_BYTES_MAX) || has_many_names(&wasm) {
        return Err(Error::Limit);
    }
    let digest = blake3::hash(&wasm);
    let same = |inner: &super::Inner| inner.modules.iter().position(|module| module.digest == digest);
    if let Some(known) = state.inner.as_deref().and_then(same) {
        return Ok(known as i64);
    }
    let lease = state.shared().lease_many(4096 + wasm.len() as u64 * BYTES_PER_BYTE)?;
    let modules = state.inner.as_deref().map_or(&[][..], |inner| &inner.modules);
    if modules.len() >= MODULES_MAX {
        return Err(Error::Limit);
    }
    let kept: u64 = modules.iter().map(|module| module.bytes).sum();
    let keep = kept + wasm.len() as u64 <= KEPT_BYTES_MAX;
    let code = match engine.inner_module(&wasm, keep) {
        Ok(code) => code,
        Err(error) => return wrong(caller, into, &describe(&error)),
    };
    let inner = begin(caller)?;
    let last = inner.codes.last().and_then(|code| code.get()?.clone());
    let running = last.or_else(signal::Code::running);
    if let (Some(running), Some(more)) = (running, signal::Code::of(&code)) {
        inner.codes.push(Arc::new(Some(running.and(&more)).into()));
    }
    let description: Arc<str> = describe_module(&code, &wasm).into();
    let described = caller.data_mut().shared().lease_many(description.len() as u64)?;
    let (bytes, instance_bytes) = (wasm.len() as u64, instance_bytes(&wasm));
    let inner = begin(caller)?;
    inner.modules.push(Module {
        code,
        description,
        digest,
        bytes,
        instance_bytes,
        _leases: [lease, described],
    });
    Ok(inner.modules.len() as i64 - 1)
}

fn wrong(caller: &mut Caller<'_, State>, into: Span, text: &str) -> Result<i64, Error> {
    tell(caller, into, text)?;
    Err(Error::Argument)
}

#[derive(Serialize)]
struct ModuleForm {
    imports: Vec<ItemForm>,
    exports: Vec<ItemForm>,
    /// Words that calls of any function of it need.
    words: usize,
}

#[derive(Serialize)]
struct ItemForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    name: String,
    /// Of an exported function: its index in the module.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    #[serde(flatten)]
    form: Form,
}

/// The type of an item.
#[derive(Serialize, Default)]
pub(super) struct Form {
    /// One of `INNER`; -1: what nothing can be done with.
    kind: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<String>,
    /// Of a table or a global.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    element: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<u64>,
}

impl Form {
    pub(super) fn of(ty: &ExternType) -> Form {
        let letters = |types: &mut dyn Iterator<Item = wasmtime::ValType>| {
            Some(types.map(|ty| super::value::letter(&ty)).collect::<String>())
        };
        match ty {
            ExternType::Func(function) => Form {
                kind: kind::FUNCTION as i32,
                parameters: letters(&mut function.params()),
                results: letters(&mut function.results()),
                ..Form::default()
            },
            ExternType::Table(table) => Form {
                kind: kind::TABLE as i32,
                element: letters(&mut std::iter::once(table.element().clone().into())),
                minimum: Some(table.minimum()),
                maximum: table.maximum(),
                ..Form::default()
            },
            ExternType::Memory(memory) => Form {
                kind: kind::MEMORY as i32,
                minimum: Some(memory.minimum()),
                maximum: memory.maximum(),
                ..Form::default()
            },
            ExternType::Global(global) => Form {
                kind: kind::GLOBAL as i32,
                element: letters(&mut std::iter::once(global.content().clone())),
                mutable: Some(global.mutability() == wasmtime::Mutability::Var),
                ..Form::default()
            },
            ExternType::Tag(_) => Form { kind: -1, ..Form::default() },
        }
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Words that a call of such a function takes.
fn words(function: &FuncType) -> usize {
    function.params().len().max(function.results().len())
}

/// Tells whether so much is imported and exported that to describe it would take more than the module itself.
fn has_many_names(wasm: &[u8]) -> bool {
    use wasmparser::{Parser, Payload};
    let (mut count, mut bytes) = (0, 0);
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        match payload {
            Payload::ImportSection(section) => {
                count += section.count() as usize;
                bytes += section.range().len();
            }
            Payload::ExportSection(section) => {
                count += section.count() as usize;
                bytes += section.range().len();
            }
            _ => {}
        }
    }
    count > NAMES_MAX || bytes > NAME_BYTES_MAX
}

/// Bytes that an instance of a module takes at most, beside its tables and memories: what wasmtime keeps for each function, global and
/// import, and for each element that code may put into a table.
fn instance_bytes(wasm: &[u8]) -> u64 {
    use wasmparser::{Parser, Payload};
    let sections = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    let bytes = sections.map(|payload| match payload {
        Payload::ImportSection(section) => u64::from(section.count()) * 64,
        Payload::FunctionSection(section) => u64::from(section.count()) * 64,
        Payload::GlobalSection(section) => u64::from(section.count()) * 32,
        Payload::TableSection(section) => u64::from(section.count()) * 64,
        Payload::ElementSection(section) => section.range().len() as u64 * 16,
        _ => 0,
    });
    4096 + bytes.sum::<u64>()
}

/// The indices of the functions that a module exports, by their names there.
fn function_indices(wasm: &[u8]) -> HashMap<&str, u32> {
    use wasmparser::{ExternalKind, Parser, Payload};
    let sections = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    let exports = sections.filter_map(|payload| match payload {
        Payload::ExportSection(section) => Some(section),
        _ => None,
    });
    let exports = exports.flat_map(|section| section.into_iter().map_while(Result::ok));
    let functions = exports.filter(|export| export.kind == ExternalKind::Func);
    functions.map(|export| (export.name, export.index)).collect()
}

fn describe_module(module: &wasmtime::Module, wasm: &[u8]) -> String {
    let indices = function_indices(wasm);
    let imports: Vec<ItemForm> = module
        .imports()
        .map(|import| ItemForm {
            module: Some(import.module().to_owned()),
            name: import.name().to_owned(),
            index: None,
            form: Form::of(&import.ty()),
        })
        .collect();
    let exports: Vec<ItemForm> = module
        .exports()
        .map(|export| ItemForm {
            module: None,
            name: export.name().to_owned(),
            index: indices.get(export.name()).copied(),
            form: Form::of(&export.ty()),
        })
        .collect();
    let types = module.imports().map(|import| import.ty());
    let imported = types.filter_map(|ty| ty.func().map(words)).max().unwrap_or(0);
    let form = ModuleForm { words: imported.max(exports.len()), imports, exports };
    serde_json::to_string(&form).unwrap_or_default()
}
