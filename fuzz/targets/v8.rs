//! The fuzz target `v8`: see `b8g_fuzz::checks::v8`.
#![no_main]

use b8g_fuzz::checks::v8::check;
use b8g_fuzz::memory::{Counted, bounded};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

libfuzzer_sys::fuzz_target!(|input: &[u8]| bounded(input, check));
