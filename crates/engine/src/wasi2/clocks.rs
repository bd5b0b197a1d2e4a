//! `wasi:clocks`: dates and the time since the context began.

use b8g_core::abi::Role;
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::wasi::clocks::wall_clock::Datetime;
use super::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use super::poll::Pollable;
use crate::model::host;
use crate::state::State;

const SECOND_NS: u64 = 1_000_000_000;

impl monotonic_clock::Host for State {
    fn now(&mut self) -> Result<u64> {
        let now = host::read_clock(self, Role::ClockMono)?;
        Ok(host::monotonic(self, now))
    }

    fn resolution(&mut self) -> Result<u64> {
        host::clock_resolution(self, Role::ClockMono)
    }

    fn subscribe_instant(&mut self, when: u64) -> Result<Resource<Pollable>> {
        let when = when.saturating_sub(self.resources().clock_ns);
        Ok(self.resources().table.push(Pollable::Deadline(when))?)
    }

    /// A duration tells no time, so it needs no clock.
    fn subscribe_duration(&mut self, duration: u64) -> Result<Resource<Pollable>> {
        let when = State::now(self).saturating_add(duration);
        Ok(self.resources().table.push(Pollable::Deadline(when))?)
    }
}

/// Nanoseconds as seconds and the rest.
pub(super) fn datetime(ns: u64) -> Datetime {
    Datetime { seconds: ns / SECOND_NS, nanoseconds: (ns % SECOND_NS) as u32 }
}

impl wall_clock::Host for State {
    fn now(&mut self) -> Result<Datetime> {
        host::read_clock(self, Role::ClockReal).map(datetime)
    }

    fn resolution(&mut self) -> Result<Datetime> {
        host::clock_resolution(self, Role::ClockReal).map(datetime)
    }
}
