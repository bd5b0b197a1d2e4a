//! The contract of b8g: what a handle is, what may be done with it, and which numbers say so.
//!
//! Start reading at [`table`]: every effect of a context goes through a handle of its table. [`abi`] declares
//! the operations, requests and structures that components use; `docs/abi.md` explains them.
//!
//! The objects are state machines: [`channel`], [`stream`], [`event`], [`keys`], [`task`] and [`tree`], and [`wait`] for waiting.
//! A host puts a lock around each and says what a [bell](bell::Ring) is; `tests/sim` drives them through millions of steps.
//!
//! Never here: I/O, clocks, threads, an operating system. Only `alloc` is needed.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

pub mod abi;
pub mod allowance;
pub mod bell;
pub mod channel;
pub mod error;
pub mod event;
pub mod handle;
pub mod http;
pub mod keys;
pub mod limits;
pub mod rights;
pub mod stream;
pub mod table;
pub mod task;
pub mod transit;
pub mod tree;
pub mod wait;

pub use error::Error;
pub use handle::Handle;
pub use limits::Limits;
pub use rights::Rights;
pub use table::Table;
