//! Finds modules by the rules of Python's own finder: in each directory a package, then a module, and only if no directory
//! has either, the directories of that name together are a package without a file.
//!
//! Start at [`locate`]. Invariant: nothing but what lies beneath the directories is looked at, whatever a name holds.

use std::fs;

use crate::places::{Root, join};

/// A directory beneath a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Directory {
    pub root: usize,
    /// The way from the root, parts parted by slashes; empty for the root itself.
    pub path: String,
}

/// A file beneath a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub root: usize,
    pub path: String,
    /// It is source and no compiled code.
    pub is_source: bool,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing beneath the roots: built in, or missing.
    Nothing,
    Module(File),
    /// A package: its file, if it has one, and where its modules are.
    Package(Option<File>, Vec<Directory>),
}

/// Looks for the module `name`, a part without dots.
pub(crate) fn locate(name: &str, search: &[Directory], roots: &[Root]) -> Found {
    if !is_part(name) {
        return Found::Nothing;
    }
    let mut portions = Vec::new();
    for directory in search {
        let root = directory.root;
        let is_file = |path: &str| is(&roots[root], path, fs::Metadata::is_file);
        let file = |stem: &str| {
            [(".py", true), (".pyc", false)].into_iter().find_map(|(end, is_source)| {
                let path = format!("{stem}{end}");
                is_file(&path).then_some(File { root, path, is_source })
            })
        };
        let path = join(&directory.path, name);
        let is_directory = is(&roots[root], &path, fs::Metadata::is_dir);
        if is_directory && let Some(init) = file(&join(&path, "__init__")) {
            return Found::Package(Some(init), vec![Directory { root, path }]);
        }
        if let Some(module) = file(&path) {
            return Found::Module(module);
        }
        if is_directory {
            portions.push(Directory { root, path });
        }
    }
    if portions.is_empty() { Found::Nothing } else { Found::Package(None, portions) }
}

fn is(root: &Root, path: &str, kind: fn(&fs::Metadata) -> bool) -> bool {
    fs::metadata(root.host(path)).is_ok_and(|known| kind(&known))
}

/// Tells whether a name can be that of a file and leads nowhere else.
fn is_part(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\\', ':', '\0', '.'])
}
