//! The contract of b8g: what a handle is, what may be done with it, and which numbers say so.
//!
//! Start reading at [`table`]: every effect of a context goes through a handle of its table. [`abi`] declares
//! the operations, requests and structures that components use; `docs/abi.md` explains them.
//!
//! Never here: I/O, clocks, threads, an operating system. Only `alloc` is needed.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

pub mod abi;
pub mod channel;
pub mod error;
pub mod handle;
pub mod http;
pub mod limits;
pub mod rights;
pub mod stream;
pub mod table;

pub use error::Error;
pub use handle::Handle;
pub use limits::Limits;
pub use rights::Rights;
pub use table::Table;
