//! `wasi:io/poll`: waiting for handles and deadlines, as one wait of the dispatch function.

use b8g_core::abi::WAIT_ITEMS_MAX;
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::wasi::io::poll;
use crate::model::host::{self, must, trap};
use crate::state::State;
use crate::wait::Item;

/// Something that is waited for. It owns nothing: what its handle was closed for counts as ready, so that whoever waits
/// asks and is told.
#[derive(Clone, Copy, Debug)]
pub enum Pollable {
    /// It is ready.
    Ready,
    /// When a handle is ready for something.
    Item(Item),
    /// When the context's monotonic clock has come so far.
    Deadline(u64),
}

/// Waits until one of them is ready, or looks once; answers the places of those that are.
fn wait(state: &mut State, all: &[Pollable], blocks: bool) -> Result<Vec<u32>> {
    let (mut items, mut deadline) = (Vec::new(), (!blocks).then_some(0));
    for pollable in all {
        let until = match pollable {
            Pollable::Item(item) => {
                items.push(*item);
                continue;
            }
            Pollable::Ready => 0,
            Pollable::Deadline(at) => *at,
        };
        deadline = Some(deadline.map_or(until, |first: u64| first.min(until)));
    }
    if items.len() as u64 > WAIT_ITEMS_MAX {
        return Err(trap(&format!("more than {WAIT_ITEMS_MAX} pollables of handles at once")));
    }
    let mut words = vec![0; items.len()];
    loop {
        must("the program waits", host::wait(state, &items, deadline, &mut words))?;
        let now = state.now();
        let mut words = words.iter();
        let mut ready = Vec::new();
        for (place, pollable) in all.iter().enumerate() {
            let is_ready = match pollable {
                Pollable::Ready => true,
                Pollable::Item(_) => words.next().is_some_and(|word| *word != 0),
                Pollable::Deadline(at) => *at <= now,
            };
            if is_ready {
                ready.push(place as u32);
            }
        }
        // A signal that says nothing ends a wait too.
        if !ready.is_empty() || !blocks {
            return Ok(ready);
        }
    }
}

impl poll::Host for State {
    fn poll(&mut self, pollables: Vec<Resource<Pollable>>) -> Result<Vec<u32>> {
        if pollables.is_empty() {
            return Err(trap("poll of an empty list never ends"));
        }
        let table = &self.resources().table;
        let all = pollables.iter().map(|pollable| table.get(pollable).copied());
        let all = all.collect::<std::result::Result<Vec<_>, _>>()?;
        wait(self, &all, true)
    }
}

impl poll::HostPollable for State {
    fn ready(&mut self, pollable: Resource<Pollable>) -> Result<bool> {
        let pollable = *self.resources().table.get(&pollable)?;
        Ok(!wait(self, &[pollable], false)?.is_empty())
    }

    fn block(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        let pollable = *self.resources().table.get(&pollable)?;
        wait(self, &[pollable], true).map(|_| ())
    }

    fn drop(&mut self, pollable: Resource<Pollable>) -> Result<()> {
        self.resources().table.delete(pollable)?;
        Ok(())
    }
}
