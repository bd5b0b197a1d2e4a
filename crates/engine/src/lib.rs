//! **b8g, the Big Engine**: runs code that nobody has read yet in isolated contexts that hold only what they were
//! granted.
//!
//! Start reading here, then [`Context`]. The one path from a guest to the world is the dispatch function in
//! `dispatch.rs`.
//!
//! - [`Engine`]: configuration, compiled code, pools. One a process.
//! - [`Component`]: compiled code that owns nothing: JavaScript, TypeScript or wasm.
//! - [`Grants`]: what a context may get. Without a grant it has no files, network, environment, clock or randomness.
//! - [`Limits`]: what it may use.
//! - [`Context`]: a running instance. [`Outcome`]: how it ended, why, and what it used.
//! - [`Channel`], [`stream`], [`SharedMemory`]: how contexts talk, and what they share. [`Flow`]: contexts and functions in a row.
//!
//! ```
//! use b8g::{Capture, Component, Config, Context, Engine, Grants, Language, Limits, Reason, Stdout};
//! use std::time::Duration;
//!
//! let engine = Engine::new(Config::new())?;
//! let source = "const n: number = 6 * 7; console.log(`the answer is ${n}`);";
//! let directory = std::path::Path::new(".");
//! let component = Component::from_source(&engine, "answer.ts", Language::TypeScript, source, directory)?;
//!
//! let output = Capture::new();
//! let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(output.clone()));
//! let limits = Limits { timeout: Some(Duration::from_secs(2)), ..Limits::default() };
//! let outcome = Context::new(&component, &grants, limits)?.run();
//!
//! assert_eq!(outcome.reason, Reason::Exit, "{outcome}");
//! assert_eq!(output.take(), b"the answer is 42\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Never here: ambient authority. Nothing of a guest reaches the system but through a handle of its own table.
#![warn(missing_docs)]

mod cache;
mod callback;
mod channel;
mod component;
mod context;
mod dispatch;
mod engine;
mod eval;
mod flow;
mod function;
mod grant;
mod http;
mod image;
mod inner;
mod interrupt;
mod javascript;
mod memory;
mod model;
mod monitor;
mod object;
mod outcome;
mod place;
mod prepare;
mod python;
mod root;
mod split;
mod state;
mod stream;
mod task;
mod thread_time;
mod typed;
mod wait;
mod wasi;
mod wasi2;
mod wasi3;
mod window;

pub use b8g_core::{Limits, limits::MEMORY_BYTES_DEFAULT};
pub use b8g_image::signature::PublicKey;
pub use b8g_image::{Heap, Want, WantedAccess};
pub use channel::{Channel, ChannelError};
pub use component::{Component, ComponentError, ComponentOptions, Language};
pub use context::{CallError, Canceller, Context, StartError, Value};
pub use engine::{Config, Engine, EngineError, WASMTIME_VERSION, default_cache_directory};
pub use eval::{EvalError, Evaluation, is_incomplete};
pub use flow::{Flow, FlowError, StageError};
pub use function::{Function, ValueType};
pub use grant::{Grant, GrantError, Grants};
pub use http::{Answered, HttpRequest, HttpServer, HttpServerOptions};
pub use image::{Image, ImageError, ReadOptions, SnapshotError, WriteOptions};
pub use interrupt::Interrupt;
pub use javascript::javascript_digest;
pub use memory::SharedMemory;
pub use model::value::{WitFunction, WitType, WitValue};
pub use object::stream::{Capture, Stdin, Stdout};
pub use outcome::{Access, DENIALS_MAX, Denial, Outcome, Reason, Usage};
pub use python::{
    Bundle, BundleError, PYTHON_CONTRACT, Packages, Python, PythonEntry, PythonOptions, When,
    is_incomplete_python,
};
pub use stream::{StreamOptions, StreamReader, StreamWriter, stream};
pub use window::MapError;

/// Compiles and runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
