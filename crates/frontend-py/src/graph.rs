//! From the entry over all imports to every file of the program.
//!
//! Start at [`Graph::follow_all`]. Invariants: no recursion over the graph, so a chain of thousands of imports costs no call
//! stack; what is looked for is bounded by [`BundleLimits`], and the order of the files follows from the sources alone.

use std::collections::{HashMap, VecDeque};

use crate::bundle::{Kept, Store};
use crate::error::{Bound, ErrorKind, Place, printable};
use crate::find::{Directory, Found, locate};
use crate::imports::{Import, What, scan};
use crate::limits::{BundleLimits, IMPORTS_PER_FILE, NAME_PARTS_MAX};
use crate::places::Root;

/// Finds and reads modules.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    roots: &'a [Root],
    store: &'a mut Store,
    /// What each name of a module stands for, its parents' names included.
    known: HashMap<String, Found>,
    /// Sources that were not looked at.
    waiting: VecDeque<Source>,
    /// What `import *` takes of packages, besides what they define.
    exports: HashMap<String, Vec<String>>,
    /// Packages of which everything is imported.
    stars: Vec<(String, Place)>,
    names_max: usize,
    names_left: usize,
}

/// A source that is to be looked at.
#[derive(Debug)]
struct Source {
    member: usize,
    /// The name of the module, if it is a package's own.
    package: Option<String>,
    /// What relative imports are relative to; `None` for a script.
    parent: Option<String>,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(roots: &'a [Root], store: &'a mut Store, limits: &BundleLimits) -> Self {
        let names_max = limits.files_max.saturating_mul(IMPORTS_PER_FILE);
        Self {
            roots,
            store,
            known: HashMap::new(),
            waiting: VecDeque::new(),
            exports: HashMap::new(),
            stars: Vec::new(),
            names_max,
            names_left: names_max,
        }
    }

    /// Adds a script.
    pub(crate) fn add_script(&mut self, member: usize) {
        self.waiting.push_back(Source { member, package: None, parent: None });
    }

    /// Adds a module as `-m` names it. Gives the path in the guest of what runs, if it lies beneath the roots.
    pub(crate) fn add_main(&mut self, name: &str) -> Result<Option<String>, ErrorKind> {
        let main = match self.find(name, None)? {
            Found::Package(..) => self.find(&format!("{name}.__main__"), None)?,
            found => found,
        };
        let Found::Module(file) = main else { return Ok(None) };
        Ok(Some(self.roots[file.root].guest(&file.path)))
    }

    /// Follows all imports of what was added.
    pub(crate) fn follow_all(&mut self) -> Result<(), ErrorKind> {
        loop {
            while let Some(source) = self.waiting.pop_front() {
                self.follow(&source)?;
            }
            let stars = std::mem::take(&mut self.stars);
            if stars.is_empty() {
                return Ok(());
            }
            for (package, place) in stars {
                for name in self.exports.remove(&package).unwrap_or_default() {
                    self.find(&format!("{package}.{name}"), Some(&place))?;
                }
            }
        }
    }

    /// Follows the imports of one source.
    fn follow(&mut self, source: &Source) -> Result<(), ErrorKind> {
        let Ok(found) = scan(self.store.bytes(source.member), self.names_left) else {
            return Err(self.too_many(self.store.name(source.member), None));
        };
        for Import { line, what } in found.imports {
            let place = Place { path: printable(self.store.name(source.member)), line };
            match what {
                What::Module(name) => {
                    self.find(&name, Some(&place))?;
                }
                What::Call { name, package } => {
                    let parent = package.or_else(|| source.parent.clone());
                    let level = name.bytes().take_while(|&byte| byte == b'.').count();
                    if let Some(name) = absolute(parent.as_deref(), level, &name[level..]) {
                        self.find(&name, Some(&place))?;
                    }
                }
                What::From { level, module, names } => {
                    if let Some(module) = absolute(source.parent.as_deref(), level, &module) {
                        self.from(&module, &names, &place)?;
                    }
                }
            }
        }
        if let Some(package) = &source.package
            && !found.exports.is_empty()
        {
            self.exports.insert(package.clone(), found.exports);
        }
        Ok(())
    }

    /// A name that is imported from a package may be a module of it.
    fn from(&mut self, module: &str, names: &[String], place: &Place) -> Result<(), ErrorKind> {
        if !matches!(self.find(module, Some(place))?, Found::Package(..)) {
            return Ok(());
        }
        for name in names {
            if name == "*" {
                self.stars.push((module.to_owned(), place.clone()));
            } else {
                self.find(&format!("{module}.{name}"), Some(place))?;
            }
        }
        Ok(())
    }

    /// Finds a module and the packages that it is in, and reads what was not read before.
    fn find(&mut self, name: &str, place: Option<&Place>) -> Result<Found, ErrorKind> {
        if name.bytes().filter(|&byte| byte == b'.').count() >= NAME_PARTS_MAX {
            return Ok(Found::Nothing);
        }
        let mut search: Vec<Directory> =
            (0..self.roots.len()).map(|root| Directory { root, path: String::new() }).collect();
        let mut start = 0;
        loop {
            let end = name[start..].find('.').map_or(name.len(), |dot| start + dot);
            let found = match self.known.get(&name[..end]) {
                Some(found) => found.clone(),
                None => self.find_new(&name[..end], &name[start..end], &search, place)?,
            };
            match found {
                found if end == name.len() => return Ok(found),
                Found::Package(_, directories) => search = directories,
                Found::Nothing | Found::Module(_) => return Ok(Found::Nothing),
            }
            start = end + 1;
        }
    }

    fn find_new(
        &mut self,
        name: &str,
        part: &str,
        search: &[Directory],
        place: Option<&Place>,
    ) -> Result<Found, ErrorKind> {
        self.names_left = match self.names_left.checked_sub(1) {
            Some(left) => left,
            None => return Err(self.too_many(name, place)),
        };
        let mut found = locate(part, search, self.roots);
        let file = match &found {
            Found::Module(file) => Some(file),
            Found::Package(file, _) => file.as_ref(),
            Found::Nothing => None,
        };
        if let Some(file) = file {
            let root = &self.roots[file.root];
            // What is bundled whole is read elsewhere, and asks for nothing beside the script.
            if !root.is_whole {
                let (host, guest) = (root.host(&file.path), root.guest(&file.path));
                match self.store.keep_file(&host, &guest, &root.name(&file.path), place)? {
                    Kept::Member(member) if file.is_source => {
                        let package = matches!(found, Found::Package(..)).then(|| name.to_owned());
                        let parent = name.rsplit_once('.').map(|(parent, _)| parent.to_owned());
                        let parent = package.clone().or(parent);
                        self.waiting.push_back(Source { member, package, parent });
                    }
                    Kept::Member(_) => {}
                    Kept::Unreadable => found = Found::Nothing,
                }
            }
        }
        self.known.insert(name.to_owned(), found.clone());
        Ok(found)
    }

    fn too_many(&self, path: &str, place: Option<&Place>) -> ErrorKind {
        ErrorKind::TooLarge {
            bound: Bound::Imports,
            limit: self.names_max,
            path: printable(path),
            place: place.cloned(),
        }
    }
}

/// The name of a module without the dots at its begin; `None` if they lead out of the package.
fn absolute(parent: Option<&str>, level: usize, name: &str) -> Option<String> {
    if level == 0 {
        return Some(name.to_owned());
    }
    let mut package = parent?;
    for _ in 1..level {
        package = package.rsplit_once('.')?.0;
    }
    Some(if name.is_empty() { package.to_owned() } else { format!("{package}.{name}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_names() {
        for (parent, level, name, expected) in [
            (None, 0, "a.b", Some("a.b")),
            (None, 1, "a", None),
            (Some("p.q"), 1, "a", Some("p.q.a")),
            (Some("p.q"), 1, "", Some("p.q")),
            (Some("p.q"), 2, "a.b", Some("p.a.b")),
            (Some("p.q"), 3, "a", None),
            (Some("p.q"), usize::MAX, "a", None),
        ] {
            assert_eq!(absolute(parent, level, name).as_deref(), expected);
        }
    }
}
