//! A core module of a component: what of it holds state, and how it is rewritten.
//!
//! A rewritten module shows its mutable globals and memories under names of ours. What it does when it becomes an instance, writing
//! its data and calling its start function, it does only if it was never done before: a memory of one page, the gate,
//! tells, which a context that goes on from an image finds as it was left. So to become an instance again has no effect, on
//! memories or on the host. Data whose place is known is left out, as in [`crate::split`]; it becomes the memory's first
//! image.

use wasm_encoder::{
    CodeSection, DataSection, Encode, ExportSection, FunctionSection, MemorySection, Module, RawSection,
    SectionId, TypeSection,
};
use wasmparser::{DataKind, GlobalType, MemoryType, Parser, Payload, TypeRef, ValType};

use super::layout::{MODULE_MEMORIES_MAX, RESERVED_CORE};
use crate::split::{Split, Survey, skip_number};
use crate::typed::ABI_PACKAGE;

/// Bytes of a page of wasm.
pub(super) const WASM_PAGE_BYTES: u64 = 65536;

/// A core module as it is found.
pub(super) struct CoreModule<'w> {
    pub(super) wasm: &'w [u8],
    /// Its data, if their places are known before it becomes an instance.
    pub(super) split: Option<Split<'w>>,
    /// The memories that it defines: their numbers and types.
    pub(super) memories: Vec<(u32, MemoryType)>,
    /// The mutable globals that it defines: their numbers and types.
    pub(super) globals: Vec<(u32, GlobalType)>,
    all_memories: u32,
    types: u32,
    functions: u32,
    start: Option<u32>,
    segments: Vec<Segment<'w>>,
}

/// A data segment.
struct Segment<'w> {
    /// Of an active one: the memory, and the code that computes the place.
    active: Option<(u32, &'w [u8])>,
    bytes: &'w [u8],
}

impl<'w> CoreModule<'w> {
    /// Reads a module.
    ///
    /// # Errors
    /// What about it cannot be rewritten; `None` if it is not valid.
    pub(super) fn read(wasm: &'w [u8]) -> Result<CoreModule<'w>, Option<String>> {
        let mut module = CoreModule {
            wasm,
            split: Split::of(wasm),
            memories: Vec::new(),
            globals: Vec::new(),
            all_memories: 0,
            types: 0,
            functions: 0,
            start: None,
            segments: Vec::new(),
        };
        let mut globals = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            module.payload(&payload.map_err(|_| None)?, &mut globals)?;
        }
        if module.has_gate() && module.all_memories as usize >= MODULE_MEMORIES_MAX {
            return Err(Some("has too many memories".to_owned()));
        }
        for (_, memory) in &module.memories {
            if memory.shared || memory.page_size_log2.is_some() || memory.initial == 0 {
                return Err(Some("has a memory that is shared, empty or of other pages".to_owned()));
            }
        }
        Ok(module)
    }

    fn payload(&mut self, payload: &Payload<'w>, globals: &mut u32) -> Result<(), Option<String>> {
        fn valid<T>(read: wasmparser::Result<T>) -> Result<T, Option<String>> {
            read.map_err(|_| None)
        }
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups.clone() {
                    self.types += valid(group)?.types().len() as u32;
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    match valid(import)?.ty {
                        TypeRef::Global(_) => *globals += 1,
                        TypeRef::Memory(_) => self.all_memories += 1,
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => self.functions += 1,
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(functions) => {
                self.functions = self.functions.saturating_add(functions.count())
            }
            Payload::MemorySection(memories) => {
                for memory in memories.clone() {
                    self.memories.push((self.all_memories, valid(memory)?));
                    self.all_memories += 1;
                }
            }
            Payload::GlobalSection(all) => {
                for global in all.clone() {
                    let ty = valid(global)?.ty;
                    if ty.mutable {
                        if ty.shared || matches!(ty.content_type, ValType::Ref(_)) {
                            return Err(Some(format!(
                                "has a mutable global, number {globals}, that holds a reference"
                            )));
                        }
                        self.globals.push((*globals, ty));
                    }
                    *globals += 1;
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let name = valid(export)?.name;
                    // What `b8g:abi/run` is to a core module.
                    if name.starts_with(RESERVED_CORE) && !name.starts_with(ABI_PACKAGE) {
                        return Err(Some(format!("exports {name:?}, a name of the engine's own")));
                    }
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(*func),
            Payload::DataSection(segments) => {
                for segment in segments.clone() {
                    let segment = valid(segment)?;
                    let active = match segment.kind {
                        DataKind::Active { memory_index, offset_expr } => {
                            let mut code = offset_expr.get_binary_reader();
                            let code = valid(code.read_bytes(code.bytes_remaining()))?;
                            // Without the end.
                            Some((memory_index, &code[..code.len().saturating_sub(1)]))
                        }
                        DataKind::Passive => None,
                    };
                    self.segments.push(Segment { active, bytes: segment.data });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether it does something when it becomes an instance that must not be done again.
    fn has_gate(&self) -> bool {
        let writes = self.split.is_none() && self.segments.iter().any(|segment| segment.active.is_some());
        self.start.is_some() || writes
    }

    /// Bytes that its memories begin with, in the order in which they are made, the gate among them.
    pub(super) fn all_memories(&self) -> impl Iterator<Item = u64> {
        let gate = self.has_gate().then_some(WASM_PAGE_BYTES);
        let own = self.memories.iter().map(|(_, memory)| memory.initial.saturating_mul(WASM_PAGE_BYTES));
        own.chain(gate)
    }

    /// The name that a mutable global of it is exported by.
    pub(super) fn global_name(global: u32) -> String {
        format!("{}{global}", crate::split::GLOBAL)
    }

    /// The name that a memory of it is exported by.
    pub(super) fn memory_name(memory: u32) -> String {
        format!("{}{memory}", crate::split::MEMORY)
    }

    /// The module as it is compiled, and why its instances cannot be frozen, if something in its code says so.
    pub(super) fn rewritten(&self) -> (Vec<u8>, Option<CodeBar>) {
        let Some(survey) = Survey::of(self.wasm) else { return (self.wasm.to_vec(), None) };
        let table = survey.changed_tables.first().map(|table| CodeBar::Table(*table));
        let bar = table.or(survey.drops_segments.then_some(CodeBar::Drops));
        (self.changes(&survey).apply(self.wasm), bar)
    }

    /// The module without the data whose places are known; to be rewritten it gives the same code.
    pub(super) fn without_data(&self) -> Vec<u8> {
        let Some(survey) = Survey::of(self.wasm).filter(|_| self.split.is_some()) else {
            return self.wasm.to_vec();
        };
        let mut changes = Changes::default();
        self.change_data(&survey, &mut changes);
        changes.apply(self.wasm)
    }

    fn changes(&self, survey: &Survey<'_>) -> Changes {
        let gate = self.has_gate();
        let mut changes = Changes::default();
        let exports = self.exports();
        if !exports.is_empty() {
            changes.append(SectionId::Export, exports.len(), entries(&exports));
        }
        if gate {
            let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
            types.ty().function([], []);
            functions.function(self.types);
            let (mut memories, mut code) = (MemorySection::new(), CodeSection::new());
            memories.memory(wasm_encoder::MemoryType {
                minimum: 1,
                maximum: Some(1),
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
            code.function(&self.gate());
            changes.append(SectionId::Type, 1, entries(&types));
            changes.append(SectionId::Function, 1, entries(&functions));
            changes.append(SectionId::Memory, 1, entries(&memories));
            changes.append(SectionId::Code, 1, entries(&code));
            changes.replace(SectionId::Start, encoded(&self.functions));
        }
        self.change_data(survey, &mut changes);
        changes
    }

    /// Its data: none where their places are known, else such as the gate writes.
    fn change_data(&self, survey: &Survey<'_>, changes: &mut Changes) {
        let writes = self.has_gate() && self.split.is_none() && !self.segments.is_empty();
        if survey.names_segments || writes {
            let mut data = DataSection::new();
            for segment in &self.segments {
                let left_out = self.split.is_some() && segment.active.is_some();
                data.passive(if left_out { &[] } else { segment.bytes }.iter().copied());
            }
            changes.replace(SectionId::DataCount, encoded(&data.len()));
            changes.replace(SectionId::Data, skip_number(&encoded(&data)).to_vec());
        } else {
            changes.replace(SectionId::DataCount, Vec::new());
            changes.replace(SectionId::Data, Vec::new());
        }
    }

    /// What we export of it.
    fn exports(&self) -> ExportSection {
        let mut exports = ExportSection::new();
        for (global, _) in &self.globals {
            exports.export(&CoreModule::global_name(*global), wasm_encoder::ExportKind::Global, *global);
        }
        for (memory, _) in &self.memories {
            exports.export(&CoreModule::memory_name(*memory), wasm_encoder::ExportKind::Memory, *memory);
        }
        exports
    }

    /// The start function: what is to be done once.
    fn gate(&self) -> wasm_encoder::Function {
        let gate = wasm_encoder::MemArg { offset: 0, align: 0, memory_index: self.all_memories };
        let active: Vec<(u32, u32, &[u8], usize)> = match self.split {
            Some(_) => Vec::new(),
            None => {
                let numbered = (0..).zip(&self.segments);
                let active = numbered.filter_map(|(number, segment)| {
                    segment.active.map(|(memory, place)| (number, memory, place, segment.bytes.len()))
                });
                active.collect()
            }
        };
        let mut function = wasm_encoder::Function::new([]);
        let mut code = function.instructions();
        code.i32_const(0).i32_load8_u(gate).i32_eqz().if_(wasm_encoder::BlockType::Empty);
        for (number, memory, place, len) in &active {
            function.raw(place.iter().copied());
            function.instructions().i32_const(0).i32_const(*len as i32).memory_init(*memory, *number);
        }
        let mut code = function.instructions();
        code.i32_const(0).i32_const(1).i32_store8(gate);
        if let Some(start) = self.start {
            code.call(start);
        }
        code.end();
        // An active segment is dropped once it is written.
        for (number, ..) in &active {
            code.data_drop(*number);
        }
        code.end();
        function
    }
}

/// What in a module's code keeps its instances from being frozen.
pub(super) enum CodeBar {
    /// It changes a table.
    Table(u32),
    /// It drops data segments.
    Drops,
}

/// What is done to the sections of a module.
#[derive(Default)]
struct Changes(Vec<(SectionId, Change)>);

enum Change {
    /// So many entries behind the others.
    Append(u32, Vec<u8>),
    /// A new body; an empty one: no such section.
    Replace(Vec<u8>),
}

/// The order of sections.
const ORDER: [SectionId; 13] = [
    SectionId::Type,
    SectionId::Import,
    SectionId::Function,
    SectionId::Table,
    SectionId::Memory,
    SectionId::Tag,
    SectionId::Global,
    SectionId::Export,
    SectionId::Start,
    SectionId::Element,
    SectionId::DataCount,
    SectionId::Code,
    SectionId::Data,
];

/// Where a section belongs; `None` for one of anybody's own, which may be anywhere.
fn place(id: u8) -> Option<usize> {
    ORDER.iter().position(|known| *known as u8 == id)
}

impl Changes {
    fn append(&mut self, id: SectionId, count: u32, entries: Vec<u8>) {
        self.0.push((id, Change::Append(count, entries)));
    }

    fn replace(&mut self, id: SectionId, body: Vec<u8>) {
        self.0.push((id, Change::Replace(body)));
    }

    /// The module with these changes.
    fn apply(mut self, wasm: &[u8]) -> Vec<u8> {
        self.0.sort_by_key(|(id, _)| place(*id as u8));
        let mut changes = self.0.into_iter().peekable();
        let mut module = Module::new();
        let mut section = |id: u8, body: &[u8]| {
            if !body.is_empty() {
                module.section(&RawSection { id, data: body });
            }
        };
        for payload in Parser::new(0).parse_all(wasm).flatten() {
            let Some((id, range)) = payload.as_section() else { continue };
            let body = &wasm[range];
            let Some(here) = place(id) else {
                section(id, body);
                continue;
            };
            while let Some((before, change)) = changes.next_if(|(id, _)| place(*id as u8) < Some(here)) {
                section(before as u8, &change.body(None));
            }
            match changes.next_if(|(changed, _)| *changed as u8 == id) {
                Some((_, change)) => section(id, &change.body(Some(body))),
                None => section(id, body),
            }
        }
        changes.for_each(|(id, change)| section(id as u8, &change.body(None)));
        module.finish()
    }
}

impl Change {
    /// What becomes of a section.
    fn body(self, old: Option<&[u8]>) -> Vec<u8> {
        match self {
            Change::Replace(body) => body,
            Change::Append(count, entries) => {
                let old = old.unwrap_or(&[0]);
                let mut reader = wasmparser::BinaryReader::new(old, 0);
                let before = reader.read_var_u32().unwrap_or(0);
                let mut body = encoded(&before.saturating_add(count));
                body.extend_from_slice(skip_number(old));
                body.extend(entries);
                body
            }
        }
    }
}

fn encoded(what: &impl Encode) -> Vec<u8> {
    let mut bytes = Vec::new();
    what.encode(&mut bytes);
    bytes
}

/// The entries of a section, without its length and their number.
fn entries(section: &impl Encode) -> Vec<u8> {
    skip_number(skip_number(&encoded(section))).to_vec()
}
