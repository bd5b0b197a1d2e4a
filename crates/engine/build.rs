//! Splits the JavaScript engine into its code and the pages that its memory begins with.

use std::path::Path;

#[path = "src/split.rs"]
#[allow(dead_code, reason = "the crate uses more of it")]
mod split;

const PAGE_BYTES: usize = 4096;
const COMPONENT: &str = "../../components/js/js.wasm";

fn main() {
    println!("cargo::rerun-if-changed={COMPONENT}");
    println!("cargo::rerun-if-changed=src/split.rs");
    let wasm = std::fs::read(COMPONENT).expect("components/js/js.wasm is there");
    let split = split::Split::of(&wasm).expect("the JavaScript engine has data whose place is known");
    let start = split.pieces().map(|(at, _)| at / PAGE_BYTES * PAGE_BYTES).min().expect("it has data");
    let end = split.pieces().map(|(at, bytes)| at + bytes.len()).max().expect("it has data");
    let mut heap = vec![0; (end - start).next_multiple_of(PAGE_BYTES)];
    for (at, bytes) in split.pieces() {
        heap[at - start..at - start + bytes.len()].copy_from_slice(bytes);
    }
    let out = std::env::var_os("OUT_DIR").expect("Cargo sets it");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(Path::new(&out).join(name), bytes).expect("the build directory is writable");
    };
    write("js.code.wasm", &split.code());
    write("js.heap", &heap);
    write("js.heap.start", start.to_string().as_bytes());
}
