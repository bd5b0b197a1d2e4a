//! Fuzzing: what a target does with an input, and how much memory it may take.
//!
//! Start reading at [`checks`]; `cargo xtask fuzz image` runs a target. `crates/image/tests/fuzz.rs` does the same with
//! each file of the corpus, without a fuzzer.
#![warn(missing_docs)]

pub mod checks;
pub mod memory;
