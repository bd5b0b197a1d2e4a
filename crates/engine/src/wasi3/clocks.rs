//! `wasi:clocks`: dates, the time since the context began, and waiting for it.

use std::future::poll_fn;
use std::task::Poll;

use b8g_core::abi::Role;
use wasmtime::Result;
use wasmtime::component::Accessor;

use super::Host;
use super::bindings::wasi::clocks::system_clock::Instant;
use super::bindings::wasi::clocks::{monotonic_clock, system_clock, types};
use crate::model::host::{clock_resolution, read_clock};
use crate::model::idle::Event;
use crate::state::State;

const SECOND_NS: u64 = 1_000_000_000;

/// Nanoseconds as seconds and the rest.
pub(super) fn instant(ns: u64) -> Instant {
    Instant { seconds: (ns / SECOND_NS) as i64, nanoseconds: (ns % SECOND_NS) as u32 }
}

impl types::Host for State {}

impl system_clock::Host for State {
    fn now(&mut self) -> Result<Instant> {
        read_clock(self, Role::ClockReal).map(instant)
    }

    fn get_resolution(&mut self) -> Result<u64> {
        clock_resolution(self, Role::ClockReal)
    }
}

impl monotonic_clock::Host for State {
    fn now(&mut self) -> Result<u64> {
        read_clock(self, Role::ClockMono)
    }

    fn get_resolution(&mut self) -> Result<u64> {
        clock_resolution(self, Role::ClockMono)
    }
}

/// Waits until the context's monotonic clock has come so far.
async fn until(accessor: &Accessor<State, Host>, when: u64) {
    poll_fn(|context| {
        accessor.with(|mut access| {
            let state = access.get();
            if state.now() >= when {
                return Poll::Ready(());
            }
            state.resources().pending.add(Event::Deadline(when), context.waker());
            Poll::Pending
        })
    })
    .await
}

impl monotonic_clock::HostWithStore<State> for Host {
    async fn wait_until(accessor: &Accessor<State, Self>, when: u64) -> Result<()> {
        until(accessor, when).await;
        Ok(())
    }

    /// A duration tells no time, so it needs no clock.
    async fn wait_for(accessor: &Accessor<State, Self>, duration: u64) -> Result<()> {
        if duration > 0 {
            let when = accessor.with(|mut access| access.get().now().saturating_add(duration));
            until(accessor, when).await;
        }
        Ok(())
    }
}
