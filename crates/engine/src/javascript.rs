//! The JavaScript engine that is built in: a component whose heap is initialised already.
//!
//! The build script splits components/js/js.wasm, so that nothing is parsed when a process starts: the code is found in
//! the code cache, and the heap is mapped from this program's own file.

use std::io;

use crate::memory::{HeapImage, PAGE_BYTES};

/// The module without its data.
static CODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/js.code.wasm"));
/// BLAKE3 of the whole, in hexadecimal digits, and its name.
static DIGEST: &str = include_str!("../../../components/js/js.wasm.blake3");

/// Where in memory the heap begins.
const HEAP_START: usize = include!(concat!(env!("OUT_DIR"), "/js.heap.start"));
const HEAP_BYTES: usize = include_bytes!(concat!(env!("OUT_DIR"), "/js.heap")).len();
static HEAP: Pages = Pages(*include_bytes!(concat!(env!("OUT_DIR"), "/js.heap")));

/// Aligned so that it can be mapped.
#[repr(C, align(4096))]
struct Pages([u8; HEAP_BYTES]);

const _: () = assert!(align_of::<Pages>() == PAGE_BYTES && HEAP_START.is_multiple_of(PAGE_BYTES));

/// The digest of the JavaScript engine that is built in: BLAKE3 in hexadecimal digits.
pub fn javascript_digest() -> &'static str {
    DIGEST.split_whitespace().next().unwrap_or_default()
}

/// The module to compile.
pub(crate) fn code() -> &'static [u8] {
    CODE
}

/// What its memory begins with.
pub(crate) fn heap() -> io::Result<HeapImage> {
    HeapImage::embedded(HEAP_START, &HEAP.0)
}
