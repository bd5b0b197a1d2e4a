//! Bundles whole directories of packages: sources, data files, what `importlib.metadata` reads, and what wheels and source packages in it hold.
//!
//! Start at [`add`]. Invariants: nothing outside of the directory is read, wherever links in it lead; no recursion, and the order
//! is that of the names.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::bundle::{Kept, Store};
use crate::error::{Bound, ErrorKind, shown_path};
use crate::limits::{BundleLimits, ENTRIES_PER_FILE, NATIVE_MAX};
use crate::places::{Root, join};
use crate::{sdist, wheel};

/// What an entry of a directory is.
enum Entry {
    Directory,
    File,
    /// Nothing that belongs to a bundle.
    Other,
}

/// Adds all files of a root; what is machine code is listed instead.
pub(crate) fn add(
    root: &Root,
    store: &mut Store,
    limits: &BundleLimits,
    native: &mut Vec<PathBuf>,
) -> Result<(), ErrorKind> {
    let entries_max = limits.files_max.saturating_mul(ENTRIES_PER_FILE);
    let mut entries_left = entries_max;
    let mut waiting = vec![String::new()];
    while let Some(directory) = waiting.pop() {
        let mut entries = BTreeMap::new();
        let host = root.host(&directory);
        let Some(listed) = missing_is_none(fs::read_dir(&host), &host)? else { continue };
        for entry in listed {
            entries_left = entries_left.checked_sub(1).ok_or_else(|| ErrorKind::TooLarge {
                bound: Bound::Entries,
                limit: entries_max,
                path: shown_path(&root.host),
                place: None,
            })?;
            let entry = entry.map_err(|error| unreadable(&host, error))?;
            // Modules have names that are text.
            if let Ok(name) = entry.file_name().into_string() {
                entries.insert(name, entry);
            }
        }
        let first = waiting.len();
        for (name, entry) in entries {
            let path = join(&directory, &name);
            match classify(&entry, root)? {
                Entry::File if directory.is_empty() && wheel::is_wheel(&name) => {
                    wheel::add(root, &name, store, limits, native)?;
                }
                Entry::File if directory.is_empty() && sdist::is_sdist(&name) => {
                    sdist::add(root, &name, store, limits, native)?;
                }
                Entry::Directory if name != "__pycache__" => waiting.push(path),
                Entry::File if is_native(&name) => {
                    if native.len() < NATIVE_MAX {
                        native.push(root.host(&path));
                    }
                }
                // Python runs what stands in these; nothing here does.
                Entry::File if directory.is_empty() && name.ends_with(".pth") => {}
                Entry::File => add_file(root, &path, store)?,
                Entry::Directory | Entry::Other => {}
            }
        }
        waiting[first..].reverse();
    }
    Ok(())
}

fn add_file(root: &Root, path: &str, store: &mut Store) -> Result<(), ErrorKind> {
    let host = root.host(path);
    match store.keep_file(&host, &root.guest(path), &root.name(path), None)? {
        Kept::Member(_) => Ok(()),
        // The person asked for all of it, so it is told unless it is gone.
        Kept::Unreadable => missing_is_none(fs::File::open(&host), &host).map(drop),
    }
}

fn classify(entry: &fs::DirEntry, root: &Root) -> Result<Entry, ErrorKind> {
    let Some(kind) = missing_is_none(entry.file_type(), &entry.path())? else { return Ok(Entry::Other) };
    Ok(match () {
        () if kind.is_dir() => Entry::Directory,
        () if kind.is_file() => Entry::File,
        () if kind.is_symlink() && leads_within(&entry.path(), &root.host) => Entry::File,
        () => Entry::Other,
    })
}

/// Tells whether a link leads to a file of the same tree.
fn leads_within(link: &Path, root: &Path) -> bool {
    fs::canonicalize(link).is_ok_and(|target| target.starts_with(root) && target.is_file())
}

pub(crate) fn is_native(name: &str) -> bool {
    let end = Path::new(name).extension().and_then(OsStr::to_str).unwrap_or_default();
    matches!(end, "so" | "pyd" | "dylib" | "dll") || name.contains(".so.")
}

fn missing_is_none<T>(answer: io::Result<T>, path: &Path) -> Result<Option<T>, ErrorKind> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, error)),
    }
}

fn unreadable(path: &Path, source: io::Error) -> ErrorKind {
    let help = Some("all files of a directory of packages are bundled".to_owned());
    ErrorKind::Io { path: shown_path(path), source, help }
}
