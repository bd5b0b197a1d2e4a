//! What archives of packages have in common: names within them, and the files that are kept.
//!
//! Start at [`Unpacking`]. Invariant: a name leads nowhere but below, and what an archive says of a file's size is not believed.

use std::io::{self, Read};
use std::path::PathBuf;

use crate::bundle::Store;
use crate::error::ErrorKind;
use crate::limits::{BundleLimits, NATIVE_MAX};
use crate::places::Root;
use crate::tree::is_native;

/// The parts of a name within an archive; `None` if it leads anywhere but below.
pub(crate) fn parts_of(name: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = name.split('/').collect();
    let plain =
        |part: &&str| !part.is_empty() && !matches!(*part, "." | "..") && !part.contains(['\0', '\\']);
    parts.iter().all(plain).then_some(parts)
}

/// Puts files of an archive that lies in a root into a bundle.
#[derive(Debug)]
pub(crate) struct Unpacking<'u> {
    pub(crate) root: &'u Root,
    /// The archive, below the root.
    pub(crate) archive: &'u str,
    pub(crate) store: &'u mut Store,
    pub(crate) limits: &'u BundleLimits,
    /// What is machine code, and left out.
    pub(crate) native: &'u mut Vec<PathBuf>,
}

impl Unpacking<'_> {
    /// Keeps a file at this path below the root. The outer error is a bound, the inner one the archive's.
    pub(crate) fn keep(&mut self, path: &str, file: impl Read) -> Result<io::Result<()>, ErrorKind> {
        if is_native(path) {
            if self.native.len() < NATIVE_MAX {
                self.native.push(self.root.host(self.archive).join(path));
            }
            return Ok(Ok(()));
        }
        let mut bytes = Vec::new();
        if let Err(error) = file.take(self.limits.file_bytes_max as u64 + 1).read_to_end(&mut bytes) {
            return Ok(Err(error));
        }
        let name = format!("{}/{path}", self.root.name(self.archive));
        self.store.keep_bytes(&self.root.guest(path), &name, &bytes).map(Ok)
    }
}
