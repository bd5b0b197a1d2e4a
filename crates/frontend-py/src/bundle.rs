//! What the Python component reads: the files of a program, one after the other, behind a table of them.
//!
//! A bundle is a u32 in little endian, that many bytes of JSON, and the bytes of the files in the order of the JSON's `files`:
//!
//! ```json
//! {"version": 1, "run": {"file": "/cwd/app.py"}, "when": "now", "argv0": "app.py", "roots": ["/cwd"],
//!  "files": [["/cwd/app.py", "app.py", 1234]]}
//! ```
//!
//! `run` is what runs: `{"file": path}`, `{"module": name}`, `{"stdin": path}` or null; `when` is [`When`]. `roots` are the first entries of `sys.path`.
//! Each file is its path in the guest, the name that tracebacks show, and its length. Start at [`Store`].
//!
//! Invariant: no path is there twice, and the same files give the same bytes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::When;
use crate::error::{Bound, ErrorKind, Place, printable};
use crate::limits::BundleLimits;
use crate::source::{ReadError, read_bytes};

const VERSION: u32 = 1;

/// A program that is ready to run.
#[derive(Debug)]
pub struct Bundle {
    /// The bytes for the Python component.
    pub bytes: Vec<u8>,
    /// Every file that was read, in the order of reading.
    pub files: Vec<PathBuf>,
    /// What the bundle holds, in its order. A script is the first.
    pub members: Vec<Member>,
    /// Modules of machine code that lie in packages that are bundled whole: they were left out, as nothing can load them.
    /// At most 1000 are listed.
    pub native: Vec<PathBuf>,
    /// What `sys.argv[0]` is.
    pub argv0: String,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path in the guest.
    pub path: String,
    /// The name that tracebacks show.
    pub name: String,
    /// Its length.
    pub bytes: usize,
}

/// What a bundle runs.
#[derive(Debug)]
pub(crate) enum Run {
    File(String),
    Module(String),
    Stdin(String),
    Nothing,
}

/// Reads and keeps the files of a bundle.
#[derive(Debug)]
pub(crate) struct Store {
    limits: BundleLimits,
    members: Vec<Member>,
    known: HashMap<String, usize>,
    /// Where the bytes of each member begin in `body`.
    starts: Vec<usize>,
    body: Vec<u8>,
    read: Vec<PathBuf>,
}

/// What became of a file that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is this member, now or since before.
    Member(usize),
    /// It cannot be read.
    Unreadable,
}

impl Store {
    pub(crate) fn new(limits: BundleLimits) -> Self {
        let (members, known, starts) = (Vec::new(), HashMap::new(), Vec::new());
        Self { limits, members, known, starts, body: Vec::new(), read: Vec::new() }
    }

    /// Keeps a source that is no file.
    pub(crate) fn keep(
        &mut self,
        path: &str,
        name: &str,
        bytes: &[u8],
        place: Option<&Place>,
    ) -> Result<usize, ErrorKind> {
        let limits = self.limits;
        let too_large = |bound, limit| {
            Err(ErrorKind::TooLarge { bound, limit, path: printable(name), place: place.cloned() })
        };
        if bytes.len() > limits.file_bytes_max {
            return too_large(Bound::FileBytes, limits.file_bytes_max);
        }
        if self.body.len().saturating_add(bytes.len()) > limits.total_bytes_max {
            return too_large(Bound::TotalBytes, limits.total_bytes_max);
        }
        if self.members.len() >= limits.files_max {
            return too_large(Bound::Files, limits.files_max);
        }
        let index = self.members.len();
        self.starts.push(self.body.len());
        self.body.extend_from_slice(bytes);
        self.members.push(Member { path: path.to_owned(), name: name.to_owned(), bytes: bytes.len() });
        self.known.insert(path.to_owned(), index);
        Ok(index)
    }

    /// Reads a file and keeps it, if that was not done before.
    pub(crate) fn keep_file(
        &mut self,
        host: &Path,
        path: &str,
        name: &str,
        place: Option<&Place>,
    ) -> Result<Kept, ErrorKind> {
        if let Some(&index) = self.known.get(path) {
            return Ok(Kept::Member(index));
        }
        match self.read(host, name, place)? {
            Ok(bytes) => self.keep(path, name, &bytes, place).map(Kept::Member),
            Err(_) => Ok(Kept::Unreadable),
        }
    }

    /// Keeps what is part of a file, if nothing has that path yet.
    pub(crate) fn keep_bytes(&mut self, path: &str, name: &str, bytes: &[u8]) -> Result<(), ErrorKind> {
        match self.known.contains_key(path) {
            true => Ok(()),
            false => self.keep(path, name, bytes, None).map(drop),
        }
    }

    /// Reads a file. The outer error is a bound, the inner one the system's.
    pub(crate) fn read(
        &mut self,
        host: &Path,
        name: &str,
        place: Option<&Place>,
    ) -> Result<Result<Vec<u8>, ReadError>, ErrorKind> {
        let left = self.limits.total_bytes_max - self.body.len();
        let answer = read_bytes(host, self.limits.file_bytes_max.min(left));
        if let Err(ReadError::TooLarge) = answer {
            let (bound, limit) = match self.limits {
                limits if limits.file_bytes_max <= left => (Bound::FileBytes, limits.file_bytes_max),
                limits => (Bound::TotalBytes, limits.total_bytes_max),
            };
            return Err(ErrorKind::TooLarge { bound, limit, path: printable(name), place: place.cloned() });
        }
        if answer.is_ok() {
            self.read.push(host.to_owned());
        }
        Ok(answer)
    }

    pub(crate) fn name(&self, index: usize) -> &str {
        &self.members[index].name
    }

    pub(crate) fn bytes(&self, index: usize) -> &[u8] {
        let start = self.starts[index];
        &self.body[start..start + self.members[index].bytes]
    }

    /// Gives up the list of what was read.
    pub(crate) fn into_read(self) -> Vec<PathBuf> {
        self.read
    }

    /// Writes the bundle.
    pub(crate) fn finish(
        self,
        run: &Run,
        when: When,
        argv0: String,
        roots: &[String],
        native: Vec<PathBuf>,
    ) -> Bundle {
        let run = match run {
            Run::File(path) => json!({ "file": path }),
            Run::Module(name) => json!({ "module": name }),
            Run::Stdin(path) => json!({ "stdin": path }),
            Run::Nothing => Value::Null,
        };
        let files: Vec<_> = self.members.iter().map(|file| (&file.path, &file.name, file.bytes)).collect();
        let head = json!({ "version": VERSION, "run": run, "when": when.name(), "argv0": argv0, "roots": roots, "files": files });
        let head = head.to_string();
        let mut bytes = Vec::with_capacity(4 + head.len() + self.body.len());
        // The number of files and the length of their paths keep this far below 4 GiB.
        bytes.extend_from_slice(&u32::try_from(head.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(&self.body);
        Bundle { bytes, files: self.read, members: self.members, native, argv0 }
    }
}

/// Tells whether a path in the guest, whose first byte is a slash, is of what a bundle brings itself: one of its files, or anything below its
/// directories of packages.
///
/// A path that JSON would write otherwise is not found: what this is asked for can do without.
pub fn brings(bundle: &[u8], path: &[u8]) -> bool {
    let Some((length, rest)) = bundle.split_first_chunk::<4>() else { return false };
    let head = usize::try_from(u32::from_le_bytes(*length)).ok().and_then(|length| rest.get(..length));
    let Some(head) = head.filter(|_| !path.contains(&b'"') && !path.contains(&b'\\')) else { return false };
    let file = [b"[\"", path, b"\","].concat();
    let is_file =
        behind(head, b"\"files\":").is_some_and(|files| memchr::memmem::find(files, &file).is_some());
    let below = |root: &String| {
        path.strip_prefix(root.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    // The first is the script's directory, of which only what it names is here.
    is_file || packages_of(head).is_some_and(|roots| roots.iter().skip(1).any(below))
}

/// The entries `roots` of a head.
fn packages_of(head: &[u8]) -> Option<Vec<String>> {
    let mut values = serde_json::Deserializer::from_slice(behind(head, b"\"roots\":")?).into_iter();
    values.next()?.ok()
}

/// What stands behind a key. No name of a file can look like one: its quotes would have backslashes.
fn behind<'h>(head: &'h [u8], key: &[u8]) -> Option<&'h [u8]> {
    memchr::memmem::find(head, key).map(|at| &head[at + key.len()..])
}
