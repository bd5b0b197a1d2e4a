//! Splits a wasm module into code and the first contents of its memory, so that the contents can be mapped.
//!
//! Active data segments of the first memory become a [`HeapImage`]; where code names segments by number they are left as
//! empty passive ones, so that the numbers stay. After instantiation an active segment is dropped, which is what an empty one looks like, so
//! no program can tell. A module whose data cannot be placed before start is left as it is.

use std::borrow::Cow;
use std::ops::Range;

use wasm_encoder::{DataSection, Module, RawSection, SectionId};
use wasmparser::{DataKind, MemoryType, Operator, Parser, Payload, TypeRef};

use crate::memory::HeapImage;

/// Bytes of a module at most.
pub(crate) const MODULE_BYTES_MAX: usize = 256 << 20;

/// A module taken apart: what its memory begins with, and the code to compile.
pub(crate) struct Prepared<'w> {
    wasm: &'w [u8],
    layout: Option<Layout<'w>>,
    pub(crate) image: Option<HeapImage>,
}

impl<'w> Prepared<'w> {
    /// Splits `wasm`. What is not valid is left for the compiler to refuse.
    pub(crate) fn new(wasm: &'w [u8]) -> Prepared<'w> {
        let layout = read(wasm).filter(|layout| layout.data_section.is_some());
        let image = layout.as_ref().and_then(image);
        Prepared { wasm, layout, image }
    }

    /// The module to compile: without the data that the image holds.
    pub(crate) fn code(&self) -> Cow<'w, [u8]> {
        match (&self.layout, &self.image) {
            (Some(layout), Some(_)) => Cow::Owned(without_data(self.wasm, layout)),
            _ => Cow::Borrowed(self.wasm),
        }
    }
}

/// What was found in the module's binary.
#[derive(Default)]
struct Layout<'w> {
    /// The memory that index 0 names, if the module defines it.
    memory: Option<MemoryType>,
    imports_memory: bool,
    segments: Vec<Segment<'w>>,
    data_section: Option<Range<usize>>,
}

struct Segment<'w> {
    /// Where an active segment of memory 0 goes; `None` for every other segment.
    offset: Option<usize>,
    passive: bool,
    bytes: &'w [u8],
}

fn read(wasm: &[u8]) -> Option<Layout<'_>> {
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

fn image(layout: &Layout<'_>) -> Option<HeapImage> {
    let memory = layout.memory.filter(|_| !layout.imports_memory)?;
    if memory.memory64 || memory.shared || memory.page_size_log2.is_some() {
        return None;
    }
    let len = usize::try_from(memory.initial).ok()?.checked_mul(65536)?;
    let pieces = layout.segments.iter().filter_map(|segment| Some((segment.offset?, segment.bytes)));
    // One that does not fit must trap at instantiation, after those before it were written: leave that to wasmtime.
    let fits = pieces.clone().all(|(at, bytes)| at.checked_add(bytes.len()).is_some_and(|end| end <= len));
    if !fits {
        return None;
    }
    HeapImage::new(pieces).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_becomes_an_image_and_indices_stay() {
        let wasm = wat::parse_str(
            r#"(module (memory 2) (data (i32.const 5) "abc") (data $p "passive") (data (i32.const 70000) "z")
                 (func (memory.init $p (i32.const 0) (i32.const 0) (i32.const 7))))"#,
        )
        .unwrap();
        let prepared = Prepared::new(&wasm);
        let image = prepared.image.as_ref().unwrap();
        assert_eq!(&image.bytes()[4..9], b"\0abc\0");
        assert_eq!(image.bytes()[70000], b'z');
        let code = prepared.code();
        wasmparser::validate(&code).unwrap();
        let layout = read(&code).unwrap();
        let lengths: Vec<_> = layout.segments.iter().map(|s| (s.passive, s.bytes.len())).collect();
        assert_eq!(lengths, [(true, 0), (true, 7), (true, 0)]);
    }

    #[test]
    fn data_that_no_code_names_is_left_out() {
        let text = r#"(module (memory 1) (data (i32.const 5) "abc") (data (i32.const 9) "d") (func (nop)))"#;
        let wasm = wat::parse_str(text).unwrap();
        let prepared = Prepared::new(&wasm);
        let code = prepared.code();
        wasmparser::validate(&code).unwrap();
        assert!(read(&code).unwrap().data_section.is_none() && prepared.image.is_some());
    }

    #[test]
    fn what_cannot_be_placed_is_left_alone() {
        for text in [
            r#"(module (memory 1) (data (i32.const 65535) "ab"))"#,
            r#"(module (import "e" "g" (global i32)) (memory 1) (data (global.get 0) "ab"))"#,
            r#"(module (import "e" "m" (memory 1)) (data (i32.const 0) "ab"))"#,
            r#"(module (memory i64 1) (data (i64.const 0) "ab"))"#,
            r#"(module (memory 1) (memory 1) (data (memory 1) (i32.const 0) "ab"))"#,
            r#"(module (memory 1))"#,
        ] {
            let wasm = wat::parse_str(text).unwrap();
            let prepared = Prepared::new(&wasm);
            assert!(prepared.image.is_none() && *prepared.code() == *wasm, "{text}");
        }
        assert!(Prepared::new(b"\0asm junk").image.is_none());
    }
}
