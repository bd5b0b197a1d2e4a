//! Takes a wasm module apart: its data, and the module without it.
//!
//! The build script uses this file too, for the JavaScript engine that is built in; so it knows nothing of this crate.

use std::ops::Range;

use wasm_encoder::{DataSection, Module, RawSection, SectionId};
use wasmparser::{DataKind, MemoryType, Operator, Parser, Payload, TypeRef};

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
        without_data(self.wasm, &self.layout)
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

/// The module without the data that the image holds: no data at all where no code names a segment, else with its active
/// segments emptied. An instance pays for each segment, and pre-initialised modules have thousands.
fn without_data(wasm: &[u8], layout: &Layout<'_>) -> Vec<u8> {
    let keep = names_segments(wasm);
    let mut section = DataSection::new();
    for segment in &layout.segments {
        section.passive(if segment.passive { segment.bytes } else { &[] }.iter().copied());
    }
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(wasm).flatten() {
        let Some((id, range)) = payload.as_section() else { continue };
        let is_data = id == SectionId::Data as u8 && Some(&range) == layout.data_section.as_ref();
        let is_count = id == SectionId::DataCount as u8;
        if is_data && keep {
            module.section(&section);
        } else if keep || !(is_data || is_count) {
            module.section(&RawSection { id, data: &wasm[range] });
        }
    }
    module.finish()
}

/// Tells whether some code refers to a data segment; when in doubt it does.
fn names_segments(wasm: &[u8]) -> bool {
    let names = |operator| {
        use Operator::{ArrayInitData, ArrayNewData, DataDrop, MemoryInit};
        matches!(operator, MemoryInit { .. } | DataDrop { .. } | ArrayNewData { .. } | ArrayInitData { .. })
    };
    Parser::new(0).parse_all(wasm).flatten().any(|payload| match payload {
        Payload::CodeSectionEntry(body) => match body.get_operators_reader() {
            Ok(operators) => operators.into_iter().any(|operator| operator.map_or(true, names)),
            Err(_) => true,
        },
        _ => false,
    })
}
