//! Where files are: on the host, in the guest, and by which name tracebacks show them.
//!
//! In the guest the working directory is `/cwd`, and what lies elsewhere has its own absolute path. Names are as the person
//! who runs the program would write them: relative to where the entry's name is relative to, absolute if that is. Start at
//! [`Places`].

use std::path::{Component, Path, PathBuf};

use crate::error::{ErrorKind, shown_path};

/// The working directory in the guest.
const WORKING_DIRECTORY: &str = "/cwd";

/// Maps directories of the host.
#[derive(Debug)]
pub(crate) struct Places {
    /// The working directory, as the system resolves it.
    working: Option<PathBuf>,
}

/// A directory in which modules are looked for.
#[derive(Debug)]
pub(crate) struct Root {
    /// The directory, as the system resolves it.
    pub host: PathBuf,
    /// Its path in the guest.
    pub guest: String,
    /// All its files are in the bundle, whoever names them.
    pub is_whole: bool,
    pub names: Names,
}

/// How the files of a root are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Names {
    /// By their paths in the guest.
    Guest,
    /// By their paths on the host.
    Host,
    /// Relative to this directory.
    RelativeTo(PathBuf),
}

impl Places {
    pub(crate) fn new(working: Option<&Path>) -> Self {
        let working = match working {
            Some(directory) => std::fs::canonicalize(directory),
            None => std::env::current_dir().and_then(std::fs::canonicalize),
        };
        Self { working: working.ok() }
    }

    /// How files are named that are asked for by a relative name.
    pub(crate) fn relative_names(&self) -> Names {
        self.working.clone().map_or(Names::Host, Names::RelativeTo)
    }

    /// The path in the guest of a directory, as the system resolves it.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub(crate) fn guest(&self, directory: &Path) -> Result<String, ErrorKind> {
        let within = self.working.as_deref().and_then(|working| directory.strip_prefix(working).ok());
        let (start, rest) = match within {
            Some(rest) => (WORKING_DIRECTORY, rest),
            None => ("", directory),
        };
        let mut guest = start.to_owned();
        for part in rest.components() {
            if let Component::Normal(part) = part {
                guest.push('/');
                guest.push_str(utf8(Path::new(part), directory)?);
            }
        }
        Ok(if guest.is_empty() { "/".to_owned() } else { guest })
    }
}

impl Root {
    /// The path in the guest of what lies beneath; its parts are parted by slashes.
    pub(crate) fn guest(&self, path: &str) -> String {
        join(&self.guest, path)
    }

    /// The path on the host of what lies beneath.
    pub(crate) fn host(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.host.clone() } else { self.host.join(path) }
    }

    /// What tracebacks show.
    pub(crate) fn name(&self, path: &str) -> String {
        match &self.names {
            Names::Guest => self.guest(path),
            Names::Host => self.host(path).to_string_lossy().into_owned(),
            Names::RelativeTo(base) => relative(base, &self.host(path)).to_string_lossy().into_owned(),
        }
    }
}

/// Joins paths of the guest.
pub(crate) fn join(directory: &str, path: &str) -> String {
    match (directory, path) {
        (directory, "") => directory.to_owned(),
        ("", path) => path.to_owned(),
        (directory, path) if directory.ends_with('/') => format!("{directory}{path}"),
        (directory, path) => format!("{directory}/{path}"),
    }
}

/// A path as text; `whole` is what the error names.
pub(crate) fn utf8<'a>(path: &'a Path, whole: &Path) -> Result<&'a str, ErrorKind> {
    path.to_str().ok_or_else(|| {
        let message = format!("the path {} is not UTF-8", shown_path(whole));
        ErrorKind::unsupported(message, "rename it: programs know their paths as text")
    })
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
    fn paths_of_the_guest() {
        let places = Places { working: Some("/home/me".into()) };
        for (host, guest) in
            [("/home/me", "/cwd"), ("/home/me/a/b", "/cwd/a/b"), ("/home/men", "/home/men"), ("/", "/")]
        {
            assert_eq!(places.guest(Path::new(host)).expect("it is UTF-8"), guest);
        }
        assert_eq!(join("/", "a"), "/a");
        assert_eq!(join("/cwd", "a/b.py"), "/cwd/a/b.py");
    }

    #[test]
    fn names() {
        let root =
            |names| Root { host: "/home/me/x".into(), guest: "/cwd/x".to_owned(), is_whole: false, names };
        assert_eq!(root(Names::Guest).name("a/b.py"), "/cwd/x/a/b.py");
        assert_eq!(root(Names::Host).name("a/b.py"), "/home/me/x/a/b.py");
        assert_eq!(root(Names::RelativeTo("/home/me".into())).name("a/b.py"), "x/a/b.py");
        assert_eq!(root(Names::RelativeTo("/home/me/y".into())).name("a.py"), "../x/a.py");
    }
}
