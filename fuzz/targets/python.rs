//! The fuzz target `python`: see `b8g_fuzz::python`.
#![no_main]

use b8g_fuzz::memory::{Counted, bounded};
use b8g_fuzz::python::check;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

libfuzzer_sys::fuzz_target!(|input: &[u8]| bounded(input, check));
