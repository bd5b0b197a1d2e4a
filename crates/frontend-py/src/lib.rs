//! Python sources to the bundle that the Python engine component runs.
//!
//! [`build_bundle`] turns an entry and the modules that it names into one blob: a script gets what it imports without a grant, as
//! JavaScript does. It runs before the context starts, on the trusted side, and runs no code of the guest; the sources are not
//! trusted. What is wrong with a source is for the interpreter in the guest to say, which says it as `python3` does: here it only
//! means that less is found. So does a module that is not there.
//!
//! Start reading at `entry`, which says what runs; `graph` follows imports, `find` knows where modules lie, `imports` and
//! `lexer` read sources; `tree` bundles whole directories of packages, `wheel` and `sdist` what archives in them hold, which `archive` keeps; `places` names files; `bundle` writes the blob. `frames` is of the other end of a program's life: it reads where one was when it was stopped.
//!
//! Invariants: every source byte is an enemy's, and so is every byte of a memory. No source causes a panic, an overflow of the call stack, or memory and time
//! beyond [`BundleLimits`]. Only regular files are opened, and only those that an import or the caller names.
//!
//! ```
//! use b8g_frontend_py::{Entry, Options, build_bundle};
//! # fn main() -> Result<(), b8g_frontend_py::BundleError> {
//! let entry = Entry::Source { name: "-", source: b"import json\nprint(json.dumps([1]))\n", directory: ".".as_ref() };
//! let bundle = build_bundle(entry, &Options::default())?;
//! assert_eq!(bundle.members[0].name, "<stdin>");
//! assert_eq!(bundle.argv0, "-");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod archive;
mod bundle;
mod cell;
mod encoding;
mod entry;
mod error;
mod find;
mod frames;
mod graph;
mod imports;
mod lexer;
mod limits;
mod places;
mod sdist;
mod source;
mod tree;
mod wheel;

use std::path::{Path, PathBuf};

pub use bundle::{Bundle, Member, brings};
pub use cell::is_incomplete;
pub use error::{Bound, BundleError, ErrorKind, Place};
pub use frames::place_of;
pub use limits::BundleLimits;

/// Where a program begins.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// A script, or a directory with `__main__.py`.
    File(&'a Path),
    /// A source that is no file: standard input, a snippet.
    Source {
        /// The name that tracebacks show; `-` is standard input, which they call `<stdin>`.
        name: &'a str,
        /// The source, in whatever encoding it says.
        source: &'a [u8],
        /// Where its imports are looked for.
        directory: &'a Path,
    },
    /// A module by its name, as `python3 -m` runs it. It may also be one that is built in.
    Module {
        /// Its name with dots.
        name: &'a str,
        /// Where it is looked for first.
        directory: &'a Path,
    },
    /// Nothing: an interpreter for cells, and the packages that they can import.
    Nothing {
        /// Where cells import from, if it is granted.
        directory: &'a Path,
    },
}

/// When a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// As soon as its context starts; the context ends with it.
    #[default]
    Now,
    /// When contexts go on from an image. Until then it is imported what it will import, and nothing else of it runs.
    Later,
    /// As soon as its context starts; cells come after it, and find what it has defined.
    Cells,
}

impl When {
    /// How a bundle says it.
    const fn name(self) -> &'static str {
        match self {
            When::Now => "now",
            When::Later => "later",
            When::Cells => "cells",
        }
    }
}

/// How bundles are made.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What a program may cost.
    pub limits: BundleLimits,
    /// The directory that is `/cwd` in the guest, and that names in tracebacks are relative to; `None` is the current one.
    /// Relative paths of entries and packages are relative to the current directory all the same.
    pub working_directory: Option<PathBuf>,
    /// Directories in which modules are looked for after the script's own, in this order.
    pub packages: Vec<Packages>,
    /// The entry is all there is: no file is looked for.
    pub sealed: bool,
    /// When it runs.
    pub when: When,
}

/// A directory of packages, as `pip install --target` makes them, or of wheels and source packages, as PyPI has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages {
    /// The directory.
    pub directory: PathBuf,
    /// Where it is in the guest; `None` is where the rule for all files puts it.
    pub guest: Option<String>,
    /// All its files are bundled, data and metadata too, but for `__pycache__`, machine code and `.pth` files.
    /// Else it is only what the sources import.
    pub whole: bool,
}

/// Makes the bundle of an entry and the modules that it imports.
///
/// # Errors
///
/// The entry or the packages cannot be read, or a bound is reached: see [`BundleError`].
pub fn build_bundle(entry: Entry, options: &Options) -> Result<Bundle, BundleError> {
    entry::build(entry, options)
}
