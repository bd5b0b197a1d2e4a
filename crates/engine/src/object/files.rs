//! Everything of the file system that a context was granted, by the names that the user wrote.
//!
//! A guest's path is normalised and matched against the grants, the longest first; what is left of it is resolved by
//! the system beneath that grant's directory and can never leave it, whatever symbolic links lie there.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use b8g_core::{Error, Rights};
use cap_fs_ext::DirExt;
use cap_std::fs::Dir;

use super::guest_path::GuestPath;
use super::{Lease, host_error};
use crate::monitor::Monitor;
use crate::outcome::Access;

/// One granted directory, or one granted name in a directory.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// As the user wrote it.
    pub(crate) guest: GuestPath,
    /// What it is called from the top of this machine's names, as it was written and as it really is, if it was granted by such a name.
    pub(crate) absolute: Vec<GuestPath>,
    /// What it really is on this machine; only compared, never shown to the guest.
    pub(crate) host: PathBuf,
    pub(crate) dir: Arc<Dir>,
    /// The only name in `dir` that was granted, when a file was, or something that is not there yet.
    pub(crate) only: Option<PathBuf>,
    /// READ, WRITE or both, by the numbers of the grants that gave them.
    pub(crate) grants: Vec<(Rights, u32)>,
}

impl Root {
    fn rights(&self) -> Rights {
        self.grants.iter().fold(Rights::NONE, |all, (rights, _)| all.union(*rights))
    }

    /// What was granted for a directory holds for all that lies in it, and what was granted for a file by another grant of it.
    fn inherit(&mut self, from: &Root) {
        let is_around = from.only.is_none() && self.host.starts_with(&from.host);
        if is_around || self.host == from.host {
            let new = from.grants.iter().filter(|grant| !self.grants.contains(grant));
            let new: Vec<_> = new.copied().collect();
            self.grants.extend(new);
        }
    }
}

/// All granted directories and files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// Deepest guest path first.
    roots: Vec<Root>,
    /// Where relative paths that lead up start, when everything was granted.
    pub(crate) current: Option<GuestPath>,
    /// The user's working directory, when a file in it, or by its name, was granted: relative and absolute names are of the same files then.
    pub(crate) here: Option<GuestPath>,
    /// What it counts against the bounds of who made it, if a context did.
    pub(super) counted: Vec<Arc<Lease>>,
}

/// A directory of a grant, or one opened on the way.
#[derive(Debug)]
pub(crate) enum DirRef<'a> {
    Granted(&'a Dir),
    Opened(Dir),
}

impl Deref for DirRef<'_> {
    type Target = Dir;

    fn deref(&self) -> &Dir {
        match self {
            DirRef::Granted(dir) => dir,
            DirRef::Opened(dir) => dir,
        }
    }
}

/// Where an operation really happens.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) dir: DirRef<'a>,
    pub(crate) path: PathBuf,
    /// A last symbolic link must be neither followed nor made: only this name was granted.
    pub(crate) nofollow: bool,
    pub(crate) rights: Rights,
}

/// The right of `access` among those of a [`Root`].
pub(crate) const fn right_of(access: Access) -> Rights {
    match access {
        Access::Read => Rights::READ,
        _ => Rights::WRITE,
    }
}

impl Files {
    pub(crate) fn add(&mut self, mut root: Root) {
        for other in &mut self.roots {
            root.inherit(other);
            other.inherit(&root);
        }
        let at = self.roots.partition_point(|other| other.guest.depth() >= root.guest.depth());
        self.roots.insert(at, root);
    }

    /// Adds a root that is known by its directory alone, and inherits nothing. The same name of the same directory, granted
    /// for reading and for writing, is one root.
    pub(super) fn add_apart(&mut self, (root, counted): (Root, Vec<Arc<Lease>>)) {
        let same = |other: &&mut Root| {
            other.guest == root.guest && other.only == root.only && is_same(&other.dir, &root.dir)
        };
        if let Some(other) = self.roots.iter_mut().find(same) {
            other.grants.extend(root.grants);
            return;
        }
        self.counted.extend(counted);
        let at = self.roots.partition_point(|other| other.guest.depth() >= root.guest.depth());
        self.roots.insert(at, root);
    }

    /// The directories to hand to a program that wants preopened ones: each once, with the union of the rights.
    pub(crate) fn preopens(&self) -> Vec<(GuestPath, Rights)> {
        let mut preopens: Vec<(GuestPath, Rights)> = Vec::new();
        for root in self.roots.iter().rev() {
            let guest = match &root.only {
                Some(_) => root.guest.split_last().map_or_else(GuestPath::default, |(parent, _)| parent),
                None => root.guest.clone(),
            };
            match preopens.iter_mut().find(|(path, _)| *path == guest) {
                Some((_, rights)) => *rights = rights.union(root.rights()),
                None => preopens.push((guest, root.rights())),
            }
        }
        preopens
    }

    /// Tells whether `access` to `path` was granted, and notes nothing.
    pub(crate) fn covers(&self, path: &[u8], access: Access) -> bool {
        self.full_path(None, path)
            .is_ok_and(|(full, leaves)| !leaves && self.find_root(None, &full, right_of(access)).is_some())
    }

    /// Finds where `path` is, if all of `needed` was granted there. A `base`, where there is one, is never left.
    ///
    /// # Errors
    /// [`Error::Rights`] when it was not granted, which is noted; [`Error::Argument`] for what is no path.
    pub(crate) fn place(
        &self,
        base: Option<&GuestPath>,
        path: &[u8],
        needed: &[Access],
        monitor: &Monitor,
    ) -> Result<Place<'_>, Error> {
        let (root, _, below, rights) = self.find(base, path, needed, monitor)?;
        for (granted, number) in &root.grants {
            if granted.intersect(rights) != Rights::NONE {
                monitor.use_grant(*number);
            }
        }
        place_in(root, below, base, path)
    }

    /// The grant that covers a path, the path from the top of the guest's names, and what is left of it below the grant.
    ///
    /// # Errors
    /// As [`Files::place`].
    pub(super) fn covering(
        &self,
        path: &[u8],
        needed: &[Access],
        monitor: &Monitor,
    ) -> Result<(&Root, GuestPath, PathBuf), Error> {
        self.find(None, path, needed, monitor).map(|(root, full, below, _)| (root, full, below))
    }

    fn find(
        &self,
        base: Option<&GuestPath>,
        path: &[u8],
        needed: &[Access],
        monitor: &Monitor,
    ) -> Result<(&Root, GuestPath, PathBuf, Rights), Error> {
        let (full, leaves) = self.full_path(base, path)?;
        let rights = needed.iter().fold(Rights::NONE, |all, access| all.union(right_of(*access)));
        let found = if leaves { None } else { self.find_root(base, &full, rights) };
        let Some((root, below)) = found else {
            for access in needed {
                if leaves || self.find_root(base, &full, right_of(*access)).is_none() {
                    monitor.deny(*access, &full.to_bytes());
                }
            }
            return Err(Error::Rights);
        };
        Ok((root, full, below, rights))
    }

    /// The deepest root that covers a path with all of `needed`, and what is left of it below that. A name that no grant begins with may be
    /// another one of the same file: absolute for relative, or the other way round.
    fn find_root(
        &self,
        base: Option<&GuestPath>,
        full: &GuestPath,
        needed: Rights,
    ) -> Option<(&Root, PathBuf)> {
        let found = self.roots.iter().find_map(|root| Some((root, cover(root, full, needed)?)));
        let (None, None, Some(here)) = (&found, base, &self.here) else { return found };
        let absolute = if full.absolute { full.clone() } else { here.join(&full.to_bytes()) };
        let roots = self.roots.iter().filter(|root| root.rights().contains(needed));
        let named = roots.flat_map(|root| root.absolute.iter().map(move |name| (root, name)));
        let covering = named.filter_map(|(root, name)| Some((name.depth(), root, absolute.below(name)?)));
        covering.max_by_key(|(depth, ..)| *depth).map(|(_, root, below)| (root, below))
    }

    /// The path from the top of the guest's names, and whether it leaves `base`.
    fn full_path(&self, base: Option<&GuestPath>, path: &[u8]) -> Result<(GuestPath, bool), Error> {
        let full = GuestPath::parse(path)?;
        Ok(match (base, &self.current) {
            (Some(_), _) if full.absolute => (full, true),
            (Some(base), _) => {
                let joined = base.join(path);
                let leaves = joined.below(base).is_none();
                (joined, leaves)
            }
            (None, Some(current)) if full.leads_up() => (current.join(path), false),
            _ => (full, false),
        })
    }
}

/// Tells whether two open directories are the same one.
fn is_same(one: &Dir, other: &Dir) -> bool {
    let number = |dir: &Dir| rustix::fs::fstat(dir).map(|stat| (stat.st_dev, stat.st_ino));
    matches!((number(one), number(other)), (Ok(one), Ok(other)) if one == other)
}

/// What is left of `full` below `root`, if that root covers it with all of `needed`.
fn cover(root: &Root, full: &GuestPath, needed: Rights) -> Option<PathBuf> {
    if root.rights().contains(needed) { full.below(&root.guest) } else { None }
}

fn place_in<'a>(
    root: &'a Root,
    below: PathBuf,
    base: Option<&GuestPath>,
    path: &[u8],
) -> Result<Place<'a>, Error> {
    let rights = root.rights();
    let granted = DirRef::Granted(&root.dir);
    if let Some(name) = &root.only {
        if below == Path::new(".") {
            return Ok(Place { dir: granted, path: name.clone(), nofollow: true, rights });
        }
        // The granted name became a directory: go on beneath it, but never through a link of that name.
        let dir = root.dir.open_dir_nofollow(name).map_err(|e| host_error(&e))?;
        return Ok(Place { dir: DirRef::Opened(dir), path: below, nofollow: false, rights });
    }
    // Where the base lies within the grant the system itself resolves every `..` and symbolic link in turn.
    let path = match base.and_then(|base| base.below(&root.guest)) {
        Some(base) => base.join(super::directory::as_path(path)),
        None => below,
    };
    Ok(Place { dir: granted, path, nofollow: false, rights })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;

    fn root(host: &Path, guest: &str, rights: Rights, grant: u32) -> Root {
        Root {
            guest: GuestPath::parse(guest.as_bytes()).unwrap(),
            absolute: Vec::new(),
            host: host.to_owned(),
            dir: Arc::new(Dir::open_ambient_dir(host, ambient_authority()).unwrap()),
            only: None,
            grants: vec![(rights, grant)],
        }
    }

    #[test]
    fn the_deepest_grant_counts_and_inherits() {
        let temp = tempfile::tempdir().unwrap();
        let out = temp.path().join("out");
        std::fs::create_dir(&out).unwrap();
        let mut files = Files::default();
        files.add(root(&out, "out", Rights::WRITE, 1));
        files.add(root(temp.path(), ".", Rights::READ, 0));
        let monitor = Monitor::new(2);
        let place = |path: &str, needed: &[Access]| {
            files.place(None, path.as_bytes(), needed, &monitor).map(|p| p.path.to_str().unwrap().to_owned())
        };
        assert_eq!(place("out/x", &[Access::Read, Access::Write]).unwrap(), "x");
        assert_eq!(place("./a/../b", &[Access::Read]).unwrap(), "b");
        assert_eq!(place("b", &[Access::Write]), Err(Error::Rights));
        assert_eq!(place("../b", &[Access::Read]), Err(Error::Rights));
        assert_eq!(place("/etc/passwd", &[Access::Read]), Err(Error::Rights));
        let usage = monitor.usage();
        assert_eq!(usage.grants_used, [2, 1]);
        let flags: Vec<_> = usage.denied.iter().map(|d| d.flag()).collect();
        assert_eq!(flags, ["--allow-write=b", "--allow-read=../b", "--allow-read=/etc/passwd"]);
    }

    #[test]
    fn a_file_has_what_all_its_grants_give() {
        let temp = tempfile::tempdir().unwrap();
        let one = |rights, grant| Root {
            host: temp.path().join("x"),
            only: Some("x".into()),
            ..root(temp.path(), "x", rights, grant)
        };
        let mut files = Files::default();
        files.add(one(Rights::READ, 0));
        let monitor = Monitor::new(2);
        let both = [Access::Read, Access::Write];
        assert_eq!(files.place(None, b"x", &both, &monitor).unwrap_err(), Error::Rights);
        files.add(one(Rights::WRITE, 1));
        assert!(files.place(None, b"x", &both, &monitor).is_ok());
        assert_eq!(files.place(None, b"y", &[Access::Read], &monitor).unwrap_err(), Error::Rights);
    }

    #[test]
    fn relative_and_absolute_names_are_of_the_same_files() {
        let temp = tempfile::tempdir().unwrap();
        let (home, data) = (temp.path().join("home"), temp.path().join("home/data"));
        std::fs::create_dir_all(data.join("deep")).unwrap();
        let absolute = |path: &Path| vec![GuestPath::parse(path.to_str().unwrap().as_bytes()).unwrap()];
        let mut files = Files { here: absolute(&home).pop(), ..Files::default() };
        files.add(Root { absolute: absolute(&data), ..root(&data, "data", Rights::READ, 0) });
        let deep = data.join("deep");
        files
            .add(Root { absolute: absolute(&deep), ..root(&deep, deep.to_str().unwrap(), Rights::WRITE, 1) });
        // Not by the user's names, though it is called so.
        files.add(root(&home, temp.path().join("named").to_str().unwrap(), Rights::READ, 2));
        let monitor = Monitor::new(3);
        let at = |name: &str| temp.path().join(name).to_str().unwrap().to_owned();
        let place = |path: &str, access: Access| {
            files
                .place(None, path.as_bytes(), &[access], &monitor)
                .map(|p| p.path.to_str().unwrap().to_owned())
        };
        assert_eq!(place("data/x", Access::Read).unwrap(), "x");
        assert_eq!(place(&at("home/data/x"), Access::Read).unwrap(), "x");
        assert_eq!(place("data/../data/deep/x", Access::Write).unwrap(), "x");
        assert_eq!(place("../home/data/x", Access::Read).unwrap(), "x");
        for (path, access) in [
            ("x", Access::Read),
            ("data/x", Access::Write),
            ("data/../../data/x", Access::Read),
            ("../named/x", Access::Read),
            (&*at("home/x"), Access::Read),
            (&*at("home/data/../x"), Access::Read),
            (&*at("home/data/x"), Access::Write),
        ] {
            assert_eq!(place(path, access), Err(Error::Rights), "{path}");
        }
        // A view of a directory is not left by the other name of what lies beside it.
        let base = GuestPath::parse(b"elsewhere").unwrap();
        assert_eq!(
            files.place(Some(&base), b"../data/x", &[Access::Read], &monitor).unwrap_err(),
            Error::Rights
        );
    }

    #[test]
    fn a_base_is_not_left() {
        let temp = tempfile::tempdir().unwrap();
        let mut files = Files::default();
        files.add(root(temp.path(), ".", Rights::READ, 0));
        let base = GuestPath::parse(b"data").unwrap();
        let monitor = Monitor::new(1);
        let place = |path: &str| files.place(Some(&base), path.as_bytes(), &[Access::Read], &monitor);
        assert_eq!(place("x/../y").unwrap().path, Path::new("data/x/../y"));
        assert_eq!(place("../y").unwrap_err(), Error::Rights);
        assert_eq!(place("/y").unwrap_err(), Error::Rights);
    }

    #[test]
    fn a_right_for_a_link_is_not_one_for_its_target() {
        let temp = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(other.path(), temp.path().join("link")).unwrap();
        let mut files = Files::default();
        files.add(root(other.path(), "link", Rights::READ, 0));
        files.add(root(temp.path(), ".", Rights::WRITE, 1));
        let monitor = Monitor::new(2);
        let write = files.place(None, b"link/x", &[Access::Write], &monitor).unwrap();
        assert_eq!(write.path, Path::new("link/x"), "through the grant that allows it");
        assert!(write.dir.create("link/x").is_err(), "and not beyond that grant's directory");
    }
}
