//! Why a bundle could not be made, told so that a person knows what to do next.
//!
//! Start at [`BundleError`]. Invariant: messages are bounded and hold no control characters, whatever the sources hold.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::limits::MESSAGE_CHARS_MAX;

/// Says why a bundle could not be made, and which files were read until then.
#[derive(Debug)]
pub struct BundleError {
    kind: Box<ErrorKind>,
    files: Vec<PathBuf>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or directory that cannot be done without could not be read.
    #[error("{}", report(format!("cannot read {path}: {}", describe(source)), None, help))]
    Io {
        /// The file, as it was named.
        path: String,
        /// What the system said.
        source: io::Error,
        /// What to do next.
        help: Option<String>,
    },
    /// A bound of [`BundleLimits`](crate::BundleLimits) was reached.
    #[error("{}", report(bound.message(*limit, path), place.as_ref(), &None))]
    TooLarge {
        /// Which bound.
        bound: Bound,
        /// Its value.
        limit: usize,
        /// The file that reached it, as tracebacks name it.
        path: String,
        /// Who asked for the file.
        place: Option<Place>,
    },
    /// What is asked for is not done.
    #[error("{}", report(message.clone(), None, help))]
    Unsupported {
        /// What is not done.
        message: String,
        /// What to do instead.
        help: Option<String>,
    },
}

/// A line of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as tracebacks name it.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
}

/// Which bound was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// [`files_max`](crate::BundleLimits::files_max)
    Files,
    /// [`file_bytes_max`](crate::BundleLimits::file_bytes_max)
    FileBytes,
    /// [`total_bytes_max`](crate::BundleLimits::total_bytes_max)
    TotalBytes,
    /// The imports of all sources: 8 for each of [`files_max`](crate::BundleLimits::files_max).
    Imports,
    /// The entries of the directories of packages: 4 for each of [`files_max`](crate::BundleLimits::files_max).
    Entries,
}

impl BundleError {
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

impl fmt::Display for BundleError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(out)
    }
}

impl std::error::Error for BundleError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.kind.source()
    }
}

impl ErrorKind {
    pub(crate) fn unsupported(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Unsupported { message: message.into(), help: Some(help.into()) }
    }
}

impl Bound {
    fn message(self, limit: usize, path: &str) -> String {
        match self {
            Self::Files => format!("the program has more than {limit} files"),
            Self::Imports => format!("the program imports more than {limit} names"),
            Self::Entries => format!("{path} has more than {limit} files and directories"),
            Self::FileBytes => format!("{path} is larger than {}", bytes(limit)),
            Self::TotalBytes => format!("the files of the program are larger than {} together", bytes(limit)),
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
            write!(out, "\n --> {}:{}", place.path, place.line)?;
        }
        self.help.map_or(Ok(()), |help| write!(out, "\n = help: {help}"))
    }
}

fn report<'a>(message: String, place: Option<&'a Place>, help: &'a Option<String>) -> Report<'a> {
    Report { message, place, help: help.as_deref() }
}

/// Makes a path safe to print: bounded, one line, nothing that steers a terminal.
pub(crate) fn shown_path(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// Makes text from an untrusted source safe to print.
pub(crate) fn printable(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    let mut shown: String =
        text.chars().take(MESSAGE_CHARS_MAX).map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(MESSAGE_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
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
