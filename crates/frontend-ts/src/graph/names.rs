//! How modules are named: as the person who runs the program would write their paths.
//!
//! The entry keeps the name it was given. Other modules are named relative to where that name is relative to; only if
//! the entry was named by an absolute path are they too. So no name tells where on a machine a program lies.

use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use crate::Entry;
use crate::frame::printable;

/// Names modules.
pub(super) struct Naming {
    entry: String,
    entry_file: Option<PathBuf>,
    /// Names are relative to this; empty if they are absolute.
    base: PathBuf,
    /// The real path of `base`, found at the first use.
    real: OnceLock<Option<PathBuf>>,
}

impl Naming {
    pub(super) fn of(entry: &Entry) -> Self {
        let here = PathBuf::from(".");
        let (name, entry_file, base) = match *entry {
            Entry::File(path) => {
                let base = if path.is_absolute() { PathBuf::new() } else { here };
                (path.to_string_lossy().into_owned(), Some(path.to_owned()), base)
            }
            Entry::Source { name, directory, .. } => {
                let base = if directory.is_absolute() { directory.to_owned() } else { here };
                (name.to_owned(), None, base)
            }
        };
        Self { entry: printable(&name, 4096), entry_file, base, real: OnceLock::new() }
    }

    pub(super) fn entry_name(&self) -> &str {
        &self.entry
    }

    pub(super) fn entry_file(&self) -> Option<&Path> {
        self.entry_file.as_deref()
    }

    /// Names the module of a real path.
    pub(super) fn name(&self, path: &Path) -> String {
        let base = self.real.get_or_init(|| {
            let relative = !self.base.as_os_str().is_empty();
            relative.then(|| std::fs::canonicalize(&self.base).ok()).flatten()
        });
        match base {
            Some(base) => relative(base, path).to_string_lossy().into_owned(),
            None => path.to_string_lossy().into_owned(),
        }
    }
}

/// The way from one absolute path to another.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(left, right)| left == right).count();
    let up = from.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(to.components().skip(shared)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_between_paths() {
        for (from, to, way) in [
            ("/a/b", "/a/b/c.ts", "c.ts"),
            ("/a/b", "/a/c/d.ts", "../c/d.ts"),
            ("/", "/x.ts", "x.ts"),
            ("/a/b", "/x.ts", "../../x.ts"),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), Path::new(way));
        }
    }
}
