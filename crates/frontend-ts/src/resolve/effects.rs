//! What a package says of its side effects: `"sideEffects"` of the `package.json` that is nearest to a file.
//!
//! Start at [`Packages::is_pure`]. `false` says that no file has any; a list says which files have: those that one of its
//! globs matches. Invariant: whatever is not understood has side effects.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use oxc_resolver::{FileSystem, PackageJson, SideEffects};

use super::files::ConfigFiles;

/// How many globs a list may have, and how long each may be: every file of the package is compared with them.
const GLOBS_MAX: usize = 64;
const GLOB_BYTES_MAX: usize = 256;

/// What the packages say.
#[derive(Debug, Default)]
pub(super) struct Packages {
    /// By directory.
    known: Mutex<HashMap<PathBuf, Arc<Claim>>>,
}

/// What is said of the files of a directory.
#[derive(Debug)]
struct Claim {
    /// Where the `package.json` lies; globs are relative to it.
    root: PathBuf,
    effects: Effects,
}

/// Which files have side effects.
#[derive(Debug, PartialEq, Eq)]
enum Effects {
    All,
    None,
    Matching(Vec<Glob>),
}

impl Packages {
    /// Tells whether a package promises that a file, named by its real path, has no side effects.
    pub(super) fn is_pure(&self, path: &Path) -> bool {
        let Some(directory) = path.parent() else { return false };
        let claim = self.claim(directory);
        let globs = match &claim.effects {
            Effects::All => return false,
            Effects::None => return true,
            Effects::Matching(globs) => globs,
        };
        let within = path.strip_prefix(&claim.root).ok().and_then(Path::to_str);
        let Some(within) = within else { return false };
        let parts: Vec<&str> = within.split('/').collect();
        !globs.iter().any(|glob| glob.matches(&parts))
    }

    /// Finds what is said of the files of a directory: by its own `package.json` or the next one above.
    fn claim(&self, directory: &Path) -> Arc<Claim> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut passed = Vec::new();
        let mut found = None;
        for above in directory.ancestors() {
            found = known.get(above).cloned().or_else(|| read(above).map(Arc::new));
            passed.push(above);
            if found.is_some() {
                break;
            }
        }
        let nothing = || Arc::new(Claim { root: PathBuf::new(), effects: Effects::All });
        let claim = found.unwrap_or_else(nothing);
        known.extend(passed.into_iter().map(|above| (above.to_owned(), Arc::clone(&claim))));
        claim
    }
}

/// Reads what the `package.json` of a directory says; `None` if the directory above is to be asked.
fn read(directory: &Path) -> Option<Claim> {
    let claim = |effects| Some(Claim { root: directory.to_owned(), effects });
    if directory.file_name().is_some_and(|name| name == "node_modules") {
        // What is above is another package.
        return claim(Effects::All);
    }
    let files = ConfigFiles::new();
    let path = directory.join("package.json");
    let bytes = match files.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(_) => return claim(Effects::All),
    };
    let package = PackageJson::parse(&files, path.clone(), path, bytes);
    claim(package.ok().map_or(Effects::All, |package| effects(package.side_effects())))
}

fn effects(said: Option<SideEffects>) -> Effects {
    match said {
        Some(SideEffects::Bool(false)) => Effects::None,
        Some(SideEffects::Array(globs)) if globs.len() <= GLOBS_MAX => {
            let globs: Option<Vec<Glob>> = globs.into_iter().map(Glob::new).collect();
            globs.map_or(Effects::All, Effects::Matching)
        }
        _ => Effects::All,
    }
}

/// A pattern of paths: `*` is any part of a name, `**` any number of directories.
#[derive(Debug, PartialEq, Eq)]
struct Glob {
    parts: Vec<String>,
}

impl Glob {
    /// Reads a glob; `None` if it says more than is understood.
    fn new(text: &str) -> Option<Self> {
        let path = widened(text.strip_prefix("./").unwrap_or(text))?;
        let strange = |part: &str| part.is_empty() || part == "." || part == "..";
        if text.len() > GLOB_BYTES_MAX || path.split('/').any(strange) {
            return None;
        }
        // A name alone is one of any directory.
        let anywhere = (!text.contains('/')).then_some("**");
        let parts = anywhere.into_iter().chain(path.split('/'));
        Some(Self { parts: parts.map(str::to_owned).collect() })
    }

    /// Tells whether it matches all of a path. If it does not after a `**`, that takes one directory more.
    fn matches(&self, path: &[&str]) -> bool {
        let (mut part, mut at) = (0, 0);
        let mut again = None;
        while at < path.len() {
            match self.parts.get(part) {
                Some(any) if any == "**" => {
                    part += 1;
                    again = Some((part, at));
                }
                Some(pattern) if name_matches(pattern, path[at]) => {
                    part += 1;
                    at += 1;
                }
                _ => {
                    let Some((behind, from)) = again else { return false };
                    again = Some((behind, from + 1));
                    (part, at) = (behind, from + 1);
                }
            }
        }
        self.parts[part.min(self.parts.len())..].iter().all(|rest| rest == "**")
    }
}

/// Puts `*` in place of what chooses among characters or words, such as `{css,scss}`: then more files match, no fewer.
fn widened(glob: &str) -> Option<String> {
    let mut wide = String::with_capacity(glob.len());
    let mut rest = glob.chars();
    while let Some(character) = rest.next() {
        let close = match character {
            '{' => '}',
            '[' => ']',
            '?' => {
                wide.push('*');
                continue;
            }
            '}' | ']' | '(' | ')' | '!' | '|' | '\\' => return None,
            plain => {
                wide.push(plain);
                continue;
            }
        };
        let mut inner = rest.by_ref().take_while(|&inner| inner != close);
        if inner.any(|inner| "/{[\\".contains(inner)) {
            return None;
        }
        wide.push('*');
    }
    Some(wide)
}

/// Tells whether a pattern without directories matches a name: what is between its stars follows one another in it.
fn name_matches(pattern: &str, name: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else { return pattern == name };
    let (middle, last) = others.rsplit_once('*').unwrap_or(("", others));
    let Some(mut rest) = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    for piece in middle.split('*') {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        Glob::new(glob).expect("it is understood").matches(&parts)
    }

    #[test]
    fn globs_match_paths() {
        for (glob, yes, no) in [
            ("*.css", &["a.css", "b/c/a.css"][..], &["a.css.js", "css"][..]),
            ("a.js", &["a.js", "x/a.js"], &["ba.js", "a.js/b"]),
            ("./a.js", &["a.js"], &["x/a.js"]),
            ("./src/a.js", &["src/a.js"], &["a.js", "x/src/a.js"]),
            ("src/*", &["src/a.js"], &["src/b/a.js", "a/src/a.js"]),
            ("src/**", &["src/a.js", "src/b/a.js"], &["asrc/a.js"]),
            ("**/*.js", &["a.js", "b/c/a.js"], &["a.jsx"]),
            ("a/**/b/*.js", &["a/b/c.js", "a/x/y/b/c.js", "a/b/b/c.js"], &["a/c.js", "a/b/x/c.js", "b/c.js"]),
            ("**/a/**/b.js", &["a/b.js", "x/a/y/b.js", "a/a/b.js"], &["b.js", "x/b.js"]),
            ("a*b*c.js", &["abc.js", "axbxc.js", "abbcc.js"], &["acb.js", "abc.jsx", "ac.js"]),
            ("*a*", &["a", "ba", "x/bab"], &["b"]),
            ("a*a", &["aa", "aba"], &["a"]),
            ("**", &["a", "a/b"], &[]),
            ("*.{css,scss}", &["a.css", "b/c.less"], &["css"]),
            ("./a?[bc].js", &["axb.js"], &["b.js"]),
        ] {
            yes.iter().for_each(|path| assert!(matches(glob, path), "{glob} {path}"));
            no.iter().for_each(|path| assert!(!matches(glob, path), "{glob} {path}"));
        }
        let hostile = format!("{}b", "*a".repeat(100));
        assert!(!matches(&hostile, &"a".repeat(4_000)));
        let hostile = "**/a/".repeat(50) + "b";
        assert!(!matches(&hostile, &["a"; 2_000].join("/")));
    }

    #[test]
    fn what_is_not_understood_has_side_effects() {
        let long = "a".repeat(GLOB_BYTES_MAX + 1);
        for glob in ["{a/b,c}.js", "{a{b}}", "(a).js", "!a.js", "a//b", "/a", "a/", "", "../a", "a\\b", &long]
        {
            assert_eq!(effects(Some(SideEffects::Array(vec!["a.js", glob]))), Effects::All, "{glob}");
        }
        let many = vec!["a.js"; GLOBS_MAX + 1];
        for said in [
            SideEffects::Bool(true),
            SideEffects::String("a.js"),
            SideEffects::String("false"),
            SideEffects::Array(many),
        ] {
            assert_eq!(effects(Some(said)), Effects::All);
        }
        assert_eq!(effects(None), Effects::All);
        assert_eq!(effects(Some(SideEffects::Bool(false))), Effects::None);
        assert_eq!(effects(Some(SideEffects::Array(vec![]))), Effects::Matching(vec![]));
    }
}
