//! Components for b8g in Rust: what `docs/abi.md` says, with types.
//!
//! A component owns nothing but what it is given, so start reading at [`given`]: it finds the handles that the context was started
//! with. [`Channel`], [`stream`], [`SharedMemory`], [`Event`], [`Task`], [`Keys`] and [`File`] are what can be done with them; [`wait`]
//! waits for many of them. [`main!`] makes a function the component's start, [`events!`] another the one that is called again.
//!
//! Invariant: nothing here reads or writes a page that others can see but by [`Window`], which hands out copies only.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]
#![warn(missing_docs)]

#[cfg(feature = "allocator")]
extern crate alloc;

pub mod abi;
mod call;
mod channel;
mod clock;
mod entry;
mod error;
mod event;
mod file;
pub mod given;
mod handle;
#[cfg(all(feature = "allocator", target_family = "wasm"))]
mod heap;
mod keys;
mod memory;
mod output;
#[cfg(all(feature = "panic", target_family = "wasm"))]
mod panic;
pub mod stream;
mod task;
mod wait;
mod window;

pub use channel::{Channel, Message, Refused};
pub use clock::{Clock, Timer};
pub use entry::{Happened, Outcome, Reason, State, fail, finish, outcome};
pub use error::{Error, Result};
pub use event::Event;
pub use file::{Directory, File, OpenOptions};
pub use handle::{Handle, Kind, Rights};
pub use keys::{Key, Keys};
pub use memory::SharedMemory;
pub use output::Output;
pub use task::{Compiler, Component, Ended, Limits, Spawn, Task};
pub use wait::{Item, Ready, park, wait, wait_for};
pub use window::{Part, Window};
