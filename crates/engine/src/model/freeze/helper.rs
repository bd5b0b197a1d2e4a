//! The core module that is added to a component: it reads and writes the mutable globals of all others, lets their memories
//! grow, and has handles given to the component again.
//!
//! It has a memory of its own, which is kept in images as all are: 16 bytes for each global, then 8 for each memory, its
//! size in pages when it was frozen; behind these a byte for each number of a handle, all zero but while the numbers are looked at.

use wasm_encoder::{
    BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalType,
    ImportSection, MemArg, MemorySection, MemoryType, Module, TypeSection, ValType,
};

use super::core::CoreModule;
use super::kind::Kind;
use super::layout::Layout;
use crate::model::HANDLES_MAX;

/// Where the helper's own imports come from.
pub(super) const ENGINE: &str = "b8g";
/// What it exports, and the component exports behind `b8g-`: globals and sizes to its memory.
pub(super) const FREEZE: &str = "freeze";
/// And back; answers 0, or 1 and the number of the memory that cannot be as large as it was.
pub(super) const THAW: &str = "thaw";
/// Takes a new handle of a kind, 0 for a placeholder, and answers its index.
pub(super) const TAKE: &str = "take";
/// Drops a placeholder.
pub(super) const DROP: &str = "drop";
/// Shows the engine what lies behind a handle of a kind.
pub(super) const SHOW: &str = "show";
/// Takes so many placeholders at once, and notes which numbers they got.
pub(super) const FILL: &str = "fill";
/// The first number, from the one that is asked for, that no such placeholder got.
pub(super) const MISSING: &str = "missing";
/// Drops those placeholders.
pub(super) const EMPTY: &str = "empty";

/// A byte for each number that a handle can have, 1 for those that placeholders of [`FILL`] have.
const NUMBERS_BYTES: u64 = HANDLES_MAX as u64 + 1;

const GLOBAL_BYTES: u64 = 16;
const WASM_PAGE_BYTES: u64 = 65536;

/// The name of the core instance of that number, among what the helper imports.
pub(super) fn instance_name(instance: u32) -> String {
    format!("i{instance}")
}

/// Pages of the helper's memory.
pub(super) fn pages(layout: &Layout<'_>) -> u64 {
    (numbers_at(layout) + NUMBERS_BYTES).div_ceil(WASM_PAGE_BYTES)
}

/// Where the bytes of the numbers lie.
fn numbers_at(layout: &Layout<'_>) -> u64 {
    let (globals, memories) = counts(layout);
    globals * GLOBAL_BYTES + memories * 8
}

/// How many globals and memories the component's instances have.
fn counts(layout: &Layout<'_>) -> (u64, u64) {
    layout.instances().fold((0, 0), |(globals, memories), (_, module)| {
        (globals + module.globals.len() as u64, memories + module.memories.len() as u64)
    })
}

/// What the helper imports of one kind.
enum Item {
    Global(ValType),
    /// And whether its addresses have 64 bits.
    Memory(bool),
}

/// Makes the module.
pub(super) fn helper(layout: &Layout<'_>) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([], [ValType::I32]);
    types.ty().function([ValType::I32], [ValType::I32]);
    types.ty().function([ValType::I32], []);
    types.ty().function([ValType::I32, ValType::I32], []);
    let mut imports = ImportSection::new();
    imports.import(ENGINE, "new", EntityType::Function(2));
    imports.import(ENGINE, "drop", EntityType::Function(3));
    for (kind, _) in &layout.kinds {
        imports.import(ENGINE, &give_name(*kind), EntityType::Function(1));
        imports.import(ENGINE, &show_name(*kind), EntityType::Function(3));
    }
    let functions = 2 + 2 * layout.kinds.len() as u32;
    let items = import_state(layout, &mut imports);
    let mut defined = FunctionSection::new();
    for ty in [0, 1, 2, 3, 4, 3, 2, 0] {
        defined.function(ty);
    }
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: pages(layout),
        maximum: Some(pages(layout)),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    for (number, name) in (functions..).zip([FREEZE, THAW, TAKE, DROP, SHOW, FILL, MISSING, EMPTY]) {
        exports.export(name, ExportKind::Func, number);
    }
    let mut code = CodeSection::new();
    code.function(&freeze(&items)).function(&thaw(&items));
    code.function(&take(layout)).function(&drop_placeholder()).function(&show(layout));
    let numbers = MemArg { offset: numbers_at(layout), align: 0, memory_index: own_memory(&items) };
    code.function(&fill(numbers)).function(&missing(numbers)).function(&empty(numbers));
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&defined)
        .section(&memories)
        .section(&exports)
        .section(&code);
    module.finish()
}

/// The name of the import that gives a handle of a kind, and of that which shows one.
pub(super) fn give_name(kind: Kind) -> String {
    format!("give-{}", kind.name())
}

pub(super) fn show_name(kind: Kind) -> String {
    format!("show-{}", kind.name())
}

/// Imports all that holds state, in the order of instances.
fn import_state(layout: &Layout<'_>, imports: &mut ImportSection) -> Vec<Item> {
    let mut items = Vec::new();
    for (instance, module) in layout.instances() {
        let from = instance_name(instance);
        for (number, ty) in &module.globals {
            let val_type = number_type(ty.content_type);
            let ty = GlobalType { val_type, mutable: true, shared: false };
            imports.import(&from, &CoreModule::global_name(*number), ty);
            items.push(Item::Global(val_type));
        }
        for (number, ty) in &module.memories {
            let import = MemoryType {
                minimum: ty.initial,
                maximum: ty.maximum,
                memory64: ty.memory64,
                shared: false,
                page_size_log2: None,
            };
            imports.import(&from, &CoreModule::memory_name(*number), import);
            items.push(Item::Memory(ty.memory64));
        }
    }
    items
}

/// Globals of other types are refused when the module is read.
fn number_type(ty: wasmparser::ValType) -> ValType {
    match ty {
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        _ => ValType::I32,
    }
}

/// Where each item is kept: its number among its like, the item, the offset.
fn places(items: &[Item]) -> impl Iterator<Item = (u32, &Item, u64)> {
    let globals = items.iter().filter(|item| matches!(item, Item::Global(_))).count() as u64;
    let (mut global, mut memory) = (0, 0);
    items.iter().map(move |item| {
        let (number, offset) = match item {
            Item::Global(_) => (&mut global, 0),
            Item::Memory(_) => (&mut memory, globals * GLOBAL_BYTES),
        };
        let each = if let Item::Global(_) = item { GLOBAL_BYTES } else { 8 };
        let place = (*number, item, offset + u64::from(*number) * each);
        *number += 1;
        place
    })
}

/// The number of the helper's own memory: behind those that it imports.
fn own_memory(items: &[Item]) -> u32 {
    items.iter().filter(|item| matches!(item, Item::Memory(_))).count() as u32
}

fn freeze(items: &[Item]) -> Function {
    let own = own_memory(items);
    let mut function = Function::new([]);
    let mut code = function.instructions();
    for (number, item, offset) in places(items) {
        let at = MemArg { offset, align: 0, memory_index: own };
        code.i32_const(0);
        match item {
            Item::Global(ty) => {
                code.global_get(number);
                match ty {
                    ValType::I64 => code.i64_store(at),
                    ValType::F32 => code.f32_store(at),
                    ValType::F64 => code.f64_store(at),
                    ValType::V128 => code.v128_store(at),
                    _ => code.i32_store(at),
                };
            }
            Item::Memory(is_64) => {
                code.memory_size(number);
                if !is_64 {
                    code.i64_extend_i32_u();
                }
                code.i64_store(at);
            }
        }
    }
    code.end();
    function
}

fn thaw(items: &[Item]) -> Function {
    let own = own_memory(items);
    // The pages that a memory lacks.
    let mut function = Function::new([(1, ValType::I64)]);
    let mut code = function.instructions();
    for (number, item, offset) in places(items) {
        let Item::Memory(is_64) = item else { continue };
        let at = MemArg { offset, align: 0, memory_index: own };
        code.i32_const(0).i64_load(at).memory_size(number);
        if !is_64 {
            code.i64_extend_i32_u();
        }
        code.i64_sub().local_tee(0).i64_const(0).i64_gt_s().if_(BlockType::Empty);
        // What does not fit into 32 bits cannot be reached.
        code.local_get(0).i64_const(1 << 32).i64_ge_u().if_(BlockType::Empty);
        code.i32_const(number as i32 + 1).return_().end();
        code.local_get(0);
        match is_64 {
            true => code.memory_grow(number).i64_const(-1).i64_eq(),
            false => code.i32_wrap_i64().memory_grow(number).i32_const(-1).i32_eq(),
        };
        code.if_(BlockType::Empty).i32_const(number as i32 + 1).return_().end();
        code.end();
    }
    for (number, item, offset) in places(items) {
        let Item::Global(ty) = item else { continue };
        let at = MemArg { offset, align: 0, memory_index: own };
        code.i32_const(0);
        match ty {
            ValType::I64 => code.i64_load(at),
            ValType::F32 => code.f32_load(at),
            ValType::F64 => code.f64_load(at),
            ValType::V128 => code.v128_load(at),
            _ => code.i32_load(at),
        };
        code.global_set(number);
    }
    code.i32_const(0).end();
    function
}

/// The functions that give and show handles of the kinds, in the order of [`Layout::kinds`].
fn kinds(layout: &Layout<'_>) -> impl Iterator<Item = (i32, u32, u32)> {
    (0..).zip(&layout.kinds).map(|(at, (kind, _))| (kind.number() as i32, 2 + 2 * at, 3 + 2 * at))
}

fn take(layout: &Layout<'_>) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    for (kind, give, _) in kinds(layout) {
        code.local_get(0).i32_const(kind).i32_eq().if_(BlockType::Empty).call(give).return_().end();
    }
    code.i32_const(0).call(0).end();
    function
}

fn drop_placeholder() -> Function {
    let mut function = Function::new([]);
    function.instructions().local_get(0).call(1).end();
    function
}

fn show(layout: &Layout<'_>) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    for (kind, _, show) in kinds(layout) {
        code.local_get(0).i32_const(kind).i32_eq().if_(BlockType::Empty);
        code.local_get(1).call(show).return_().end();
    }
    code.unreachable().end();
    function
}

fn fill(numbers: MemArg) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.block(BlockType::Empty).loop_(BlockType::Empty);
    code.local_get(0).i32_eqz().br_if(1);
    code.i32_const(0).call(0).i32_const(1).i32_store8(numbers);
    code.local_get(0).i32_const(1).i32_sub().local_set(0).br(0);
    code.end().end().end();
    function
}

fn missing(numbers: MemArg) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    code.block(BlockType::Empty).loop_(BlockType::Empty);
    code.local_get(0).i32_const(HANDLES_MAX as i32).i32_gt_u().br_if(1);
    code.local_get(0).i32_load8_u(numbers).i32_eqz().br_if(1);
    code.local_get(0).i32_const(1).i32_add().local_set(0).br(0);
    code.end().end().local_get(0).end();
    function
}

fn empty(numbers: MemArg) -> Function {
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    code.loop_(BlockType::Empty);
    code.local_get(0).i32_load8_u(numbers).if_(BlockType::Empty);
    code.local_get(0).call(1).local_get(0).i32_const(0).i32_store8(numbers).end();
    code.local_get(0).i32_const(1).i32_add().local_tee(0).i32_const(HANDLES_MAX as i32).i32_le_u().br_if(0);
    code.end().end();
    function
}
