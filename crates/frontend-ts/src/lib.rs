//! JavaScript and TypeScript to the program that the JavaScript engine component runs.
//!
//! [`build_program`] turns an entry file and everything it imports into one blob (`docs/abi.md`, "JavaScript programs"):
//! types are stripped, imports are resolved, packages of `node_modules` are found, and what is wrong is told with the
//! place, the code and what to do. It runs before the context starts, on the trusted side; the sources are not trusted.
//!
//! Start reading at `graph`, which finds the modules and leaves out what nobody uses, if that is asked for; `compile`
//! makes each one ready; `shape` says what it takes and gives; `resolve` says where imports lead; `nesting` keeps hostile
//! sources from costing more than they may; `program` writes the blob.
//!
//! Invariants: every source byte is an enemy's. No source causes a panic, an overflow of the call stack, or memory and
//! time beyond [`ProgramLimits`]. Only regular files are opened, and nothing but files is reached.
//!
//! ```
//! use b8g_frontend_ts::{Entry, Language, Options, build_program};
//! # fn main() -> Result<(), b8g_frontend_ts::BuildError> {
//! let entry = Entry::Source {
//!     name: "hello.ts",
//!     language: Language::TypeScript,
//!     source: "const greeting: string = 'hello';\nconsole.log(greeting);\n",
//!     directory: ".".as_ref(),
//! };
//! let program = build_program(entry, &Options::default())?;
//! assert_eq!(program.modules[0].name, "hello.ts");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod cell;
mod commonjs;
mod compile;
mod erase;
mod error;
mod frame;
mod graph;
mod json;
mod language;
mod limits;
mod mode;
mod namespaces;
mod nesting;
mod program;
mod requests;
mod resolve;
mod shape;
mod source;
mod transform;

use std::path::Path;

pub use cell::{compile_cell, is_incomplete};
pub use error::{Bound, BuildError, ErrorKind, ResolveReason};
pub use frame::Place;
pub use language::Language;
pub use limits::ProgramLimits;
pub use program::{Mapping, ModuleInfo, ModuleKind, Program, UNRESOLVED};

/// Where a program begins.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// A file. Its language is told by its name; it is an ES module unless it ends in `.cjs` or `.cts`.
    File(&'a Path),
    /// A source that is no file: standard input, a snippet.
    Source {
        /// The name that errors and stack traces show.
        name: &'a str,
        /// Its language.
        language: Language,
        /// The text.
        source: &'a str,
        /// Where its imports are resolved from.
        directory: &'a Path,
    },
}

/// How programs are built.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What a program may cost.
    pub limits: ProgramLimits,
    /// Conditions of `exports` and `imports` in `package.json` besides "b8g", "node", "import" or "require",
    /// and "default".
    pub conditions: Vec<String>,
    /// Leaves out modules whose exports nobody uses, if the `package.json` nearest to them says with `sideEffects` that
    /// nothing else is lost. What remains is evaluated in the same order. Then an error in what is left out is none.
    pub shake: bool,
    /// `process.env.NODE_ENV` is `"production"`, as where programs are bundled. Else it is what the program is granted when it
    /// runs.
    pub production: bool,
    /// The entry is all there is: it can import what is built in, and no file is looked for, be it to configure it.
    pub sealed: bool,
}

/// Builds the program of an entry file and everything that it imports.
///
/// # Errors
///
/// What is wrong with the sources or the files, for people: see [`BuildError`].
pub fn build_program(entry: Entry, options: &Options) -> Result<Program, BuildError> {
    graph::build(entry, options)
}

/// A single source that is ready for the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The JavaScript.
    pub code: String,
    /// From positions of `code` to positions of the source; empty if they are the same.
    pub map: Vec<Mapping>,
}

/// Strips the types of a single source; imports are left as they are. For snippets that run in a context that exists.
///
/// # Errors
///
/// What is wrong with the source, for people: see [`BuildError`].
///
/// ```
/// # use b8g_frontend_ts::{Language, compile_script};
/// let script = compile_script("snippet.ts", "let a = 1 as number", Language::TypeScript).expect("it is valid");
/// assert_eq!(script.code.trim_end(), "let a = 1");
/// ```
pub fn compile_script(name: &str, source: &str, language: Language) -> Result<Script, BuildError> {
    let mut text = source.to_owned();
    source::normalize(&mut text);
    let unit = compile::Unit {
        name,
        source: &text,
        language,
        format: compile::Format::Module,
        decorators: &|| transform::Decorators::Refused,
        shape: false,
        production: false,
    };
    let compiled = compile::compile(&unit, &ProgramLimits::default())?;
    Ok(Script { code: compiled.code.unwrap_or(text), map: compiled.map })
}
