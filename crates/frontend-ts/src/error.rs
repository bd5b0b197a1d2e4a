//! Why a program could not be built, told so that a person knows what to do next.
//!
//! Start at [`BuildError`]. Its `Display` is several lines: what happened, where, the code, and a help line.
//! Invariant: messages are bounded and hold no control characters, whatever the sources hold.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::frame::{Place, printable};
use crate::limits::MESSAGE_CHARS_MAX;

/// Says why a program could not be built, and which files were read until then.
#[derive(Debug)]
pub struct BuildError {
    kind: Box<ErrorKind>,
    files: Vec<PathBuf>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file could not be read.
    #[error("{}", report(io_message(.path, .source), .place.as_ref(), .help))]
    Io {
        /// The file, as the program names it.
        path: String,
        /// Who asked for it; `None` for the entry.
        place: Option<Place>,
        /// What the system said.
        source: io::Error,
        /// What to do next.
        help: Option<String>,
    },
    /// A file is not in its language.
    #[error("{}", report(.message.clone(), Some(.place), .help))]
    Syntax {
        /// Where, with a code frame.
        place: Place,
        /// What the parser expected.
        message: String,
        /// What to do next.
        help: Option<String>,
    },
    /// An import leads nowhere.
    #[error("{}", report(.reason.message(.specifier), .place.as_ref(), .help))]
    Resolve {
        /// What was asked for.
        specifier: String,
        /// Who asked, with a code frame. `None` for the entry.
        place: Option<Place>,
        /// Why it leads nowhere.
        reason: ResolveReason,
        /// What to do next.
        help: Option<String>,
    },
    /// A bound of [`ProgramLimits`](crate::ProgramLimits) was reached.
    #[error("{}", report(.bound.message(*.limit, .path), .place.as_ref(), .help))]
    TooLarge {
        /// Which bound.
        bound: Bound,
        /// Its value.
        limit: usize,
        /// The file that reached it, as the program names it.
        path: String,
        /// Where, if a place in the file is to blame or somebody asked for the file.
        place: Option<Place>,
        /// What to do next.
        help: Option<String>,
    },
    /// The sources ask for something that b8g does not do.
    #[error("{}", report(.message.clone(), .place.as_ref(), .help))]
    Unsupported {
        /// What is not done.
        message: String,
        /// Where, with a code frame.
        place: Option<Place>,
        /// What to do instead.
        help: Option<String>,
    },
}

/// Why an import leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResolveReason {
    /// A relative or absolute path names no file.
    FileNotFound,
    /// The path names a directory without an index file.
    Directory,
    /// No `node_modules` above the importer holds the package.
    PackageNotFound {
        /// The name of the package.
        package: String,
    },
    /// The package is there, but not that part of it.
    NotInPackage {
        /// The name of the package.
        package: String,
    },
    /// The package is there but does not export that path.
    NotExported {
        /// The name of the package.
        package: String,
    },
    /// What was compiled has no files: see [`Options::sealed`](crate::Options::sealed).
    Sealed,
    /// No module of Node.js has that name.
    NodeBuiltin,
    /// A scheme that is not followed: `http:`, `data:`, `npm:`, ...
    Scheme {
        /// The scheme without its colon.
        scheme: String,
    },
    /// A `package.json` or `tsconfig.json` is broken or refers to itself.
    Config {
        /// What is wrong with it.
        detail: String,
    },
}

/// Which bound was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// [`modules_max`](crate::ProgramLimits::modules_max)
    Modules,
    /// [`source_bytes_max`](crate::ProgramLimits::source_bytes_max)
    SourceBytes,
    /// [`total_bytes_max`](crate::ProgramLimits::total_bytes_max)
    TotalBytes,
    /// The imports of all modules: 8 for each of [`modules_max`](crate::ProgramLimits::modules_max).
    Imports,
    /// [`nesting_max`](crate::ProgramLimits::nesting_max)
    Nesting,
    /// The blob would not fit into 32-bit offsets.
    BlobBytes,
}

impl BuildError {
    /// Tells what went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Lists the files that were read before the error: what to watch for the repair.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    pub(crate) fn with_files(kind: ErrorKind, files: Vec<PathBuf>) -> Self {
        Self { kind: Box::new(kind), files }
    }
}

impl From<ErrorKind> for BuildError {
    fn from(kind: ErrorKind) -> Self {
        Self::with_files(kind, Vec::new())
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(out)
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.kind.source()
    }
}

impl ErrorKind {
    /// Tells the place that the error is about, if there is one.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Syntax { place, .. } => Some(place),
            Self::Io { place, .. }
            | Self::Resolve { place, .. }
            | Self::TooLarge { place, .. }
            | Self::Unsupported { place, .. } => place.as_ref(),
        }
    }
}

impl ResolveReason {
    fn message(&self, specifier: &str) -> String {
        let specifier = printable(specifier, MESSAGE_CHARS_MAX);
        match self {
            Self::FileNotFound => format!("cannot find \"{specifier}\""),
            Self::Directory => format!("\"{specifier}\" is a directory without an index file"),
            Self::PackageNotFound { package } => format!("cannot find package \"{package}\""),
            Self::NotInPackage { package } => format!("cannot find \"{specifier}\" in package \"{package}\""),
            Self::NotExported { package } => {
                format!("package \"{package}\" does not export \"{specifier}\"")
            }
            Self::Sealed => {
                format!(
                    "cannot import \"{specifier}\": this source can import only what is built in, such as \"b8g\""
                )
            }
            Self::NodeBuiltin => {
                format!("there is no module \"{specifier}\"")
            }
            Self::Scheme { scheme } => {
                format!("cannot import \"{specifier}\": b8g does not load {scheme}: modules")
            }
            Self::Config { detail } => format!("cannot resolve \"{specifier}\": {detail}"),
        }
    }
}

impl Bound {
    fn message(self, limit: usize, path: &str) -> String {
        match self {
            Self::Modules => format!("the program has more than {limit} modules"),
            Self::Imports => format!("the program has more than {limit} imports"),
            Self::SourceBytes => format!("{path} is larger than {}", bytes(limit)),
            Self::TotalBytes => {
                format!("the sources of the program are larger than {} together", bytes(limit))
            }
            Self::Nesting => format!("{path} nests too deeply to be parsed"),
            Self::BlobBytes => "the program does not fit into 4 GiB".to_owned(),
        }
    }
}

/// How every error looks.
struct Report<'a> {
    message: String,
    place: Option<&'a Place>,
    help: Option<&'a str>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "error: {}", self.message)?;
        if let Some(place) = self.place {
            place.write(out)?;
        }
        match (self.help, self.place) {
            (Some(help), Some(place)) => place.write_help(out, help),
            (Some(help), None) => write!(out, "\n = help: {help}"),
            (None, _) => Ok(()),
        }
    }
}

fn report<'a>(message: String, place: Option<&'a Place>, help: &'a Option<String>) -> Report<'a> {
    Report { message, place, help: help.as_deref() }
}

fn io_message(path: &str, source: &io::Error) -> String {
    format!("cannot read {path}: {}", describe(source))
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => error.to_string(),
    }
}

fn bytes(count: usize) -> String {
    match count {
        _ if count >= 1 << 20 && count.is_multiple_of(1 << 20) => format!("{} MiB", count >> 20),
        _ if count >= 1 << 10 && count.is_multiple_of(1 << 10) => format!("{} KiB", count >> 10),
        _ => format!("{count} bytes"),
    }
}
