//! The fuzz target `crypto`: see `b8g_fuzz::crypto`.
#![no_main]

use b8g_fuzz::crypto::check;
use b8g_fuzz::memory::{Counted, bounded};

#[global_allocator]
static ALLOCATOR: Counted = Counted;

libfuzzer_sys::fuzz_target!(|input: &[u8]| bounded(input, check));
