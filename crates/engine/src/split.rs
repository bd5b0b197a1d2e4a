//! Takes a wasm module apart: its data, and the module to compile.
//!
//! The module to compile has no data where that can be mapped; and it shows under names of ours what a frozen context
//! needs: globals that change, tables that do, and the start function, which the engine then calls itself, because a
//! context that goes on must not start again. Start reading at [`Split::of`] and [`to_compile`].
//!
//! The build script uses this file too, for the JavaScript engine that is built in; so it knows nothing of this crate.

use std::ops::Range;

use wasm_encoder::{DataSection, Encode, ExportKind, ExportSection, Module, RawSection, SectionId};
use wasmparser::{DataKind, MemoryType, Operator, Parser, Payload, TypeRef};

/// What our exports' names begin with, a number follows; a mutable global.
pub(crate) const GLOBAL: &str = "b8g:global:";
/// A table that code changes.
pub(crate) const TABLE: &str = "b8g:table:";
/// A memory.
pub(crate) const MEMORY: &str = "b8g:memory:";
/// Any function, of a module whose code drops data segments: what it dropped nobody can ask.
pub(crate) const DROPS: &str = "b8g:drops";
/// The start function.
pub(crate) const START: &str = "b8g:start";

/// A module whose data can be placed in memory before start.
pub(crate) struct Split<'w> {
    wasm: &'w [u8],
    layout: Layout<'w>,
}

impl<'w> Split<'w> {
    /// `None` when there is no data, or when its place is not known before start.
    pub(crate) fn of(wasm: &'w [u8]) -> Option<Split<'w>> {
        let layout = read(wasm).filter(|layout| layout.data_section.is_some())?;
        let memory = layout.memory.filter(|_| !layout.imports_memory)?;
        if memory.memory64 || memory.shared || memory.page_size_log2.is_some() {
            return None;
        }
        let len = usize::try_from(memory.initial).ok()?.checked_mul(65536)?;
        let split = Split { wasm, layout };
        // One that does not fit must trap at instantiation, after those before it were written: leave that to wasmtime.
        let fits =
            split.pieces().all(|(at, bytes)| at.checked_add(bytes.len()).is_some_and(|end| end <= len));
        fits.then_some(split)
    }

    /// What memory begins with: places and bytes, in the order in which they are written.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (usize, &'w [u8])> + Clone {
        self.layout.segments.iter().filter_map(|segment| Some((segment.offset?, segment.bytes)))
    }

    /// The module without the data of [`Split::pieces`].
    pub(crate) fn code(&self) -> Vec<u8> {
        rewrite(self.wasm, Some(&self.layout), true)
    }

    /// The module without that data, and otherwise as it is: to be compiled it gives the same code.
    pub(crate) fn without_data(&self) -> Vec<u8> {
        rewrite(self.wasm, Some(&self.layout), false)
    }
}

/// What was found in the module's binary.
#[derive(Default)]
pub(crate) struct Layout<'w> {
    /// The memory that index 0 names, if the module defines it.
    memory: Option<MemoryType>,
    imports_memory: bool,
    pub(crate) segments: Vec<Segment<'w>>,
    pub(crate) data_section: Option<Range<usize>>,
}

pub(crate) struct Segment<'w> {
    /// Where an active segment of memory 0 goes; `None` for every other segment.
    offset: Option<usize>,
    pub(crate) passive: bool,
    pub(crate) bytes: &'w [u8],
}

pub(crate) fn read(wasm: &[u8]) -> Option<Layout<'_>> {
    let mut layout = Layout::default();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.ok()? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    layout.imports_memory |= matches!(import.ok()?.ty, TypeRef::Memory(_));
                }
            }
            Payload::MemorySection(memories) => {
                layout.memory = memories.into_iter().next().and_then(Result::ok);
            }
            Payload::DataSection(section) => {
                layout.data_section = Some(section.range());
                for data in section {
                    layout.segments.push(segment(data.ok()?)?);
                }
            }
            Payload::Version { encoding: wasmparser::Encoding::Component, .. } => return None,
            _ => {}
        }
    }
    Some(layout)
}

/// `None` for a segment whose place is not known before start.
fn segment(data: wasmparser::Data<'_>) -> Option<Segment<'_>> {
    let DataKind::Active { memory_index, offset_expr } = data.kind else {
        return Some(Segment { offset: None, passive: true, bytes: data.data });
    };
    let mut operators = offset_expr.get_operators_reader();
    let (first, second) = (operators.read().ok()?, operators.read().ok()?);
    match (memory_index, first, second) {
        (0, Operator::I32Const { value }, Operator::End) => {
            Some(Segment { offset: Some(value as u32 as usize), passive: false, bytes: data.data })
        }
        _ => None,
    }
}

/// The module to compile, data and all.
pub(crate) fn to_compile(wasm: &[u8]) -> Vec<u8> {
    rewrite(wasm, None, true)
}

/// With a layout: the module without the data that the image holds; no data at all where no code names a segment, else
/// with its active segments emptied. An instance pays for each segment, and pre-initialised modules have thousands. What freezing needs is
/// shown if `shows` says so.
fn rewrite(wasm: &[u8], layout: Option<&Layout<'_>>, shows: bool) -> Vec<u8> {
    let Some(survey) = Survey::of(wasm) else { return wasm.to_vec() };
    let mut data = DataSection::new();
    for segment in layout.iter().flat_map(|layout| &layout.segments) {
        data.passive(if segment.passive { segment.bytes } else { &[] }.iter().copied());
    }
    let mut exports = if shows { survey.exports() } else { None };
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm).flatten() {
        let Some((id, range)) = payload.as_section() else { continue };
        let is = |section: SectionId| id == section as u8;
        let behind_exports = is(SectionId::Start)
            || is(SectionId::Element)
            || is(SectionId::DataCount)
            || is(SectionId::Code)
            || is(SectionId::Data);
        if (is(SectionId::Export) || behind_exports)
            && let Some(section) = exports.take()
        {
            module.section(&RawSection { id: SectionId::Export as u8, data: &section });
        }
        match layout {
            _ if shows && (is(SectionId::Export) || is(SectionId::Start)) => {}
            Some(_) if is(SectionId::Data) && survey.names_segments => {
                module.section(&data);
            }
            Some(_) if (is(SectionId::Data) || is(SectionId::DataCount)) && !survey.names_segments => {}
            _ => {
                module.section(&RawSection { id, data: &wasm[range] });
            }
        }
    }
    if let Some(section) = exports.take() {
        module.section(&RawSection { id: SectionId::Export as u8, data: &section });
    }
    module.finish()
}

/// What has to be known of a module before it can be rewritten.
#[derive(Default)]
pub(crate) struct Survey<'w> {
    globals: u32,
    mutable_globals: Vec<u32>,
    memories: u32,
    /// Tables that some code changes.
    pub(crate) changed_tables: Vec<u32>,
    start: Option<u32>,
    /// How many exports there are, and their bytes.
    exports: Option<(u32, &'w [u8])>,
    /// Some code refers to a data segment.
    pub(crate) names_segments: bool,
    /// Some code drops one.
    pub(crate) drops_segments: bool,
}

impl<'w> Survey<'w> {
    /// `None` for what is no valid module: the compiler will say why.
    pub(crate) fn of(wasm: &'w [u8]) -> Option<Survey<'w>> {
        let mut survey = Survey::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.ok()? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        match import.ok()?.ty {
                            TypeRef::Global(_) => survey.globals = survey.globals.checked_add(1)?,
                            TypeRef::Memory(_) => survey.memories = survey.memories.checked_add(1)?,
                            _ => {}
                        }
                    }
                }
                Payload::MemorySection(memories) => {
                    survey.memories = survey.memories.checked_add(memories.count())?;
                }
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        if global.ok()?.ty.mutable {
                            survey.mutable_globals.push(survey.globals);
                        }
                        survey.globals = survey.globals.checked_add(1)?;
                    }
                }
                Payload::ExportSection(section) => {
                    let body = wasm.get(section.range())?;
                    survey.exports = Some((section.count(), skip_number(body)));
                }
                Payload::StartSection { func, .. } => survey.start = Some(func),
                Payload::CodeSectionEntry(body) => survey.code(&body)?,
                Payload::Version { encoding: wasmparser::Encoding::Component, .. } => return None,
                _ => {}
            }
        }
        survey.changed_tables.sort_unstable();
        survey.changed_tables.dedup();
        Some(survey)
    }

    fn code(&mut self, body: &wasmparser::FunctionBody<'_>) -> Option<()> {
        for operator in body.get_operators_reader().ok()? {
            use Operator::{
                ArrayInitData, ArrayNewData, DataDrop, MemoryInit, TableCopy, TableFill, TableGrow,
                TableInit, TableSet,
            };
            match operator.ok()? {
                DataDrop { .. } => (self.names_segments, self.drops_segments) = (true, true),
                MemoryInit { .. } | ArrayNewData { .. } | ArrayInitData { .. } => {
                    self.names_segments = true;
                }
                TableSet { table }
                | TableGrow { table }
                | TableFill { table }
                | TableInit { table, .. }
                | TableCopy { dst_table: table, .. } => self.changed_tables.push(table),
                _ => {}
            }
        }
        Some(())
    }

    /// The export section with ours behind the module's own; `None` if there are none at all.
    fn exports(&self) -> Option<Vec<u8>> {
        let mut ours = ExportSection::new();
        for global in &self.mutable_globals {
            ours.export(&format!("{GLOBAL}{global}"), ExportKind::Global, *global);
        }
        for table in &self.changed_tables {
            ours.export(&format!("{TABLE}{table}"), ExportKind::Table, *table);
        }
        for memory in 0..self.memories.min(MEMORIES_MAX) {
            ours.export(&format!("{MEMORY}{memory}"), ExportKind::Memory, memory);
        }
        if self.drops_segments {
            ours.export(DROPS, ExportKind::Func, 0);
        }
        if let Some(start) = self.start {
            ours.export(START, ExportKind::Func, start);
        }
        let (count, bytes) = self.exports.unwrap_or_default();
        if count == 0 && ours.is_empty() {
            return None;
        }
        let mut encoded = Vec::new();
        ours.encode(&mut encoded);
        // The section is its size, its count and its entries; the size is the caller's.
        let entries = skip_number(skip_number(&encoded));
        let mut section = Vec::new();
        count.saturating_add(ours.len()).encode(&mut section);
        section.extend_from_slice(bytes);
        section.extend_from_slice(entries);
        Some(section)
    }
}

/// A valid module has no more.
const MEMORIES_MAX: u32 = 1000;

/// What is behind an encoded number.
pub(crate) fn skip_number(bytes: &[u8]) -> &[u8] {
    let len = bytes.iter().position(|byte| byte & 0x80 == 0).map_or(bytes.len(), |last| last + 1);
    &bytes[len..]
}
