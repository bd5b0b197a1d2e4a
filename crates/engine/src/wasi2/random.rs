//! `wasi:random`. What need not be secure is nevertheless: there is one source of randomness.

use wasmtime::Result;

use super::bindings::wasi::random::{insecure, insecure_seed, random};
use crate::model::host;
use crate::state::State;

impl random::Host for State {
    fn get_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        host::random_bytes(self, len)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        host::random_u64(self)
    }
}

impl insecure::Host for State {
    fn get_insecure_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        host::random_bytes(self, len)
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        host::random_u64(self)
    }
}

impl insecure_seed::Host for State {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        host::random_seed(self)
    }
}
