//! The fuzz target `http`: see `b8g_fuzz::http`.
#![no_main]

use b8g_fuzz::http::check;
use b8g_fuzz::memory::{Counted, bounded};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

libfuzzer_sys::fuzz_target!(|input: &[u8]| bounded(input, check));
