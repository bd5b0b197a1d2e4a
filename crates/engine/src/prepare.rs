//! Splits a wasm module into code and the first contents of its memory, so that the contents can be mapped.
//!
//! Active data segments of the first memory become a [`HeapImage`]; where code names segments by number they are left as
//! empty passive ones, so that the numbers stay. After instantiation an active segment is dropped, which is what an empty one looks like, so
//! no program can tell. A module whose data cannot be placed before start is left as it is.

use crate::memory::HeapImage;
use crate::split::{Split, to_compile};

/// Bytes of a module at most.
pub(crate) const MODULE_BYTES_MAX: usize = 256 << 20;

/// A module taken apart: what its memory begins with, and the code to compile.
pub(crate) struct Prepared<'w> {
    wasm: &'w [u8],
    split: Option<(Split<'w>, HeapImage)>,
}

impl<'w> Prepared<'w> {
    /// Splits `wasm`. What is not valid is left for the compiler to refuse.
    pub(crate) fn new(wasm: &'w [u8]) -> Prepared<'w> {
        let split = Split::of(wasm).and_then(|split| {
            let image = HeapImage::new(split.pieces()).ok()?;
            Some((split, image))
        });
        Prepared { wasm, split }
    }

    /// The module to compile: without the data that the image holds, and with what freezing needs in sight.
    pub(crate) fn code(&self) -> Vec<u8> {
        match &self.split {
            Some((split, _)) => split.code(),
            None => to_compile(self.wasm),
        }
    }

    /// The module without the data that the image holds, and otherwise as it is.
    pub(crate) fn without_data(&self) -> Option<Vec<u8>> {
        self.split.as_ref().map(|(split, _)| split.without_data())
    }

    /// What memory begins with, if it was split off.
    pub(crate) fn into_image(self) -> Option<HeapImage> {
        self.split.map(|(_, image)| image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::read;

    #[test]
    fn data_becomes_an_image_and_indices_stay() {
        let wasm = wat::parse_str(
            r#"(module (memory 2) (data (i32.const 5) "abc") (data $p "passive") (data (i32.const 70000) "z")
                 (func (memory.init $p (i32.const 0) (i32.const 0) (i32.const 7))))"#,
        )
        .unwrap();
        let prepared = Prepared::new(&wasm);
        let image = &prepared.split.as_ref().unwrap().1;
        assert_eq!(image.start(), 0);
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
        assert!(read(&code).unwrap().data_section.is_none() && prepared.split.is_some());
    }

    #[test]
    fn what_freezing_needs_is_exported() {
        let exports = |text: &str| -> Vec<String> {
            let wasm = wat::parse_str(text).unwrap();
            let code = Prepared::new(&wasm).code();
            wasmparser::validate(&code).unwrap_or_else(|error| panic!("{text}: {error}"));
            let payloads = wasmparser::Parser::new(0).parse_all(&code).map(Result::unwrap);
            let mut names = Vec::new();
            for payload in payloads {
                assert!(!matches!(payload, wasmparser::Payload::StartSection { .. }));
                if let wasmparser::Payload::ExportSection(section) = payload {
                    names.extend(section.into_iter().map(|export| export.unwrap().name.to_owned()));
                }
            }
            names
        };
        assert!(exports("(module)").is_empty());
        assert_eq!(exports("(module (func $s) (start $s))"), ["b8g:start"]);
        let text = r#"(module (import "b8g" "call" (func (param i32 i32 i64 i64 i64 i64) (result i64)))
            (import "e" "g" (global i32)) (memory 1) (memory 2) (table 3 funcref) (table 1 funcref) (elem (table 1) (i32.const 0) func $s)
            (global $a (mut i32) (i32.const 1)) (global i64 (i64.const 5)) (global $c (mut f64) (f64.const 0))
            (func $s (export "s") (table.set 1 (i32.const 0) (ref.null func))) (export "c" (global $c)) (start $s)
            (data (i32.const 8) "abc"))"#;
        assert_eq!(
            exports(text),
            [
                "s",
                "c",
                "b8g:global:1",
                "b8g:global:3",
                "b8g:table:1",
                "b8g:memory:0",
                "b8g:memory:1",
                "b8g:start"
            ]
        );
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
            assert!(prepared.split.is_none(), "{text}");
            assert!(prepared.code().len() >= wasm.len(), "{text}");
        }
        assert!(Prepared::new(b"\0asm junk").split.is_none());
    }
}
