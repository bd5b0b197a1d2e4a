//! What the resolver may read: small regular files, and which it did.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use oxc_resolver::{FileMetadata, FileSystem, ResolveError};

use crate::limits::CONFIG_BYTES_MAX;
use crate::source::{ReadError, read_bytes};

/// How deeply a configuration file may nest: readers of JSON recurse.
const CONFIG_NESTING_MAX: usize = 100;

/// How many files besides `package.json` may be read: `tsconfig.json` files can extend each other.
const CONFIG_CHAIN_MAX: usize = 200;

/// Which configuration files were read.
#[derive(Debug, Default)]
pub(super) struct Reads {
    pub files: Vec<PathBuf>,
    /// How many of them were no `package.json`.
    others: usize,
}

/// The file system as the resolver sees it.
#[derive(Debug, Clone)]
pub(super) struct ConfigFiles {
    read: Arc<Mutex<Reads>>,
}

impl ConfigFiles {
    pub(super) fn recording(read: Arc<Mutex<Reads>>) -> Self {
        Self { read }
    }

    fn read_config(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes_max = usize::try_from(CONFIG_BYTES_MAX).unwrap_or(usize::MAX);
        let bytes = read_bytes(path, bytes_max).map_err(|error| match error {
            ReadError::Io(error) => error,
            ReadError::NotAFile(what) => io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}")),
            ReadError::TooLarge => io::Error::new(io::ErrorKind::FileTooLarge, "it is too large"),
            ReadError::NotUtf8(_) => io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"),
        })?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.others += usize::from(!path.ends_with("package.json"));
        if read.others > CONFIG_CHAIN_MAX {
            return Err(io::Error::other("too many configuration files extend each other"));
        }
        // The resolver remembers what it read: nothing comes twice.
        read.files.push(path.to_owned());
        if nesting(&bytes) > CONFIG_NESTING_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it nests too deeply"));
        }
        Ok(bytes)
    }
}

impl FileSystem for ConfigFiles {
    fn new() -> Self {
        Self { read: Arc::default() }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read_config(path)
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        String::from_utf8(self.read_config(path)?)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        fs::metadata(path).map(FileMetadata::from)
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        fs::symlink_metadata(path).map(FileMetadata::from)
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        Ok(fs::read_link(path)?)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }
}

/// How many brackets are open at most, outside of strings.
fn nesting(json: &[u8]) -> usize {
    let (mut open, mut deepest, mut in_string) = (0_usize, 0, false);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => drop(bytes.next()),
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_of_strings() {
        assert_eq!(nesting(br#"{"a": ["]\"[[[", {}]}"#), 3);
        assert_eq!(nesting(b"]]]]"), 0);
        assert_eq!(nesting("[".repeat(1000).as_bytes()), 1000);
    }
}
