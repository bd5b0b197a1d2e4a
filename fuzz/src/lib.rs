//! Fuzzing: what a target does with an input, and how much memory it may take.
//!
//! Start reading at [`checks`], which is for files, at [`http`], at [`crypto`] or at [`python`]; `cargo xtask fuzz image` runs a target. `tests/fuzz.rs`
//! of the crates under test does the same with each file of the corpus, without a fuzzer.
#![warn(missing_docs)]

pub mod checks;
pub mod crypto;
pub mod http;
pub mod memory;
pub mod python;
