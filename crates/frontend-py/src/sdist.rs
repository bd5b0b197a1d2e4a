//! Source packages: archives `NAME-VERSION.tar.gz` of those who publish no wheel, bundled as if they were installed where they lie.
//!
//! Start at [`add`]. What would install one is a program of its own (`setup.py`), which runs nowhere: a package is found by what lies in the archive.
//! Invariants: nothing is written, every name within an archive becomes one below the packages' directory or is passed over, and no
//! more is unpacked than the bundle may hold.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::PathBuf;

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use crate::archive::{Unpacking, parts_of};
use crate::bundle::Store;
use crate::error::{Bound, ErrorKind, shown_path};
use crate::limits::{BundleLimits, ENTRIES_PER_FILE};
use crate::places::{Root, join};

/// How a source package's name ends.
const ENDING: &str = ".tar.gz";
/// Where some projects have their packages.
const SOURCES: &str = "src";
/// What stands beside packages and belongs to the project alone.
const ASIDE: [&str; 12] = [
    "test",
    "tests",
    "testing",
    "doc",
    "docs",
    "example",
    "examples",
    "benchmark",
    "benchmarks",
    "scripts",
    "tools",
    "build",
];
const ASIDE_MODULES: [&str; 6] = ["setup", "conftest", "noxfile", "tasks", "fabfile", "runtests"];
/// A file of setuptools that names what it installs, in a directory that ends so.
const TOP_LEVEL: &str = "top_level.txt";
const EGG: &str = ".egg-info";
/// What is known of the project, beside its files.
const ABOUT: &str = "PKG-INFO";

/// Tells whether a file is a source package by its name: a name, a version, the ending.
pub(crate) fn is_sdist(name: &str) -> bool {
    name.strip_suffix(ENDING).is_some_and(|stem| {
        stem.rsplit_once('-').is_some_and(|(name, version)| {
            !name.is_empty() && version.starts_with(|first: char| first.is_ascii_digit())
        })
    })
}

/// Adds the packages and modules of a source package that lies in a root; what is machine code is listed instead.
pub(crate) fn add(
    root: &Root,
    sdist: &str,
    store: &mut Store,
    limits: &BundleLimits,
    native: &mut Vec<PathBuf>,
) -> Result<(), ErrorKind> {
    let host = root.host(sdist);
    let Ok(bytes) = store.read(&host, &root.name(sdist), None)? else { return Ok(()) };
    let too_large = |bound, limit| ErrorKind::TooLarge { bound, limit, path: shown_path(&host), place: None };
    let broken = |error: &dyn std::fmt::Display| {
        let message = format!("{} is no source package: {error}", shown_path(&host));
        ErrorKind::unsupported(message, "download it again, or name the directory that it unpacks to")
    };
    // All of it is unpacked twice: for the names, and for what is kept. What it says of sizes is not believed.
    let entries_max = limits.files_max.saturating_mul(ENTRIES_PER_FILE);
    let mut project = Project::default();
    let mut archive = Archive::new(Bounded::new(&bytes, limits));
    for (number, entry) in archive.entries().map_err(|error| broken(&error))?.enumerate() {
        let mut entry = entry.map_err(|error| broken(&error))?;
        if number >= entries_max {
            return Err(too_large(Bound::Entries, entries_max));
        }
        let Some(path) = path_of(&entry) else { continue };
        if path.ends_with(&format!("{EGG}/{TOP_LEVEL}")) {
            let mut text = String::new();
            let _ = entry.by_ref().take(limits.file_bytes_max as u64).read_to_string(&mut text);
            project
                .tops
                .extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
        }
        project.files.insert(path);
    }
    let stem = sdist.strip_suffix(ENDING).unwrap_or(sdist);
    let layout = project.layout(stem);
    let mut archive = Archive::new(Bounded::new(&bytes, limits));
    let mut unpacking = Unpacking { root, archive: sdist, store, limits, native };
    for entry in archive.entries().map_err(|error| broken(&error))? {
        let mut entry = entry.map_err(|error| broken(&error))?;
        if let Some(path) = path_of(&entry).and_then(|path| layout.place(&path, stem)) {
            unpacking.keep(&path, &mut entry)?.map_err(|error| broken(&error))?;
        }
    }
    Ok(())
}

/// What an archive unpacks to, as long as that is no more than a bundle may hold.
struct Bounded<'b> {
    unpacked: MultiGzDecoder<&'b [u8]>,
    left: usize,
    most: usize,
}

impl<'b> Bounded<'b> {
    fn new(archive: &'b [u8], limits: &BundleLimits) -> Self {
        let most = limits.total_bytes_max;
        Bounded { unpacked: MultiGzDecoder::new(archive), left: most, most }
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.unpacked.read(into)?;
        let most = self.most;
        let more = || io::Error::other(format!("it unpacks to more than {most} bytes"));
        self.left = self.left.checked_sub(count).ok_or_else(more)?;
        Ok(count)
    }
}

/// The path of a regular file below the archive's one directory.
fn path_of<R: Read>(entry: &tar::Entry<'_, R>) -> Option<String> {
    if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) {
        return None;
    }
    let bytes = entry.path_bytes();
    let parts = parts_of(std::str::from_utf8(&bytes).ok()?)?;
    (parts.len() > 1).then(|| parts[1..].iter().fold(String::new(), |path, part| join(&path, part)))
}

/// What an archive holds.
#[derive(Debug, Default)]
struct Project {
    files: BTreeSet<String>,
    /// What it says that it installs, if it does.
    tops: BTreeSet<String>,
}

/// What of it is installed.
#[derive(Debug)]
struct Layout {
    /// The directory that holds packages: nothing, or a name and a slash.
    base: &'static str,
    /// Names of packages, and of modules with their ending.
    tops: BTreeSet<String>,
}

impl Project {
    fn layout(&self, stem: &str) -> Layout {
        let within_sources = |file: &String| {
            let rest = file.strip_prefix(SOURCES).and_then(|rest| rest.strip_prefix('/'));
            rest.is_some_and(|rest| {
                is_module(rest) || rest.split_once('/').is_some_and(|(_, file)| is_module(file))
            })
        };
        let has_sources = self.files.iter().any(within_sources) && !self.has("src/__init__.py");
        let base = if has_sources { "src/" } else { "" };
        let there: BTreeSet<&str> =
            self.files.iter().filter_map(|file| top_of(file.strip_prefix(base)?)).collect();
        let named: BTreeSet<&str> =
            there.iter().copied().filter(|top| self.tops.contains(stem_of(top))).collect();
        let own = stem.rsplit_once('-').map_or(stem, |(name, _)| name);
        let like = |top: &&str| plain(stem_of(top)) == plain(own);
        let chosen = if !named.is_empty() {
            named
        } else if base.is_empty() && there.iter().any(like) {
            there.into_iter().filter(like).collect()
        } else {
            let aside = |top: &&str| match top.strip_suffix(".py") {
                Some(module) => ASIDE_MODULES.contains(&module),
                None => ASIDE.contains(top) || !self.has(&format!("{base}{top}/__init__.py")),
            };
            there.into_iter().filter(|top| !aside(top)).collect()
        };
        Layout { base, tops: chosen.into_iter().map(str::to_owned).collect() }
    }

    fn has(&self, file: &str) -> bool {
        self.files.contains(file)
    }
}

impl Layout {
    /// Where a file belongs below the directory of packages; `None` if it is none that is installed.
    fn place(&self, file: &str, stem: &str) -> Option<String> {
        if file == ABOUT {
            let (name, version) = stem.rsplit_once('-').unwrap_or((stem, "0"));
            return Some(format!("{}-{version}.dist-info/METADATA", plain(name)));
        }
        let file = file.strip_prefix(self.base)?;
        let top = file.split('/').next().unwrap_or_default();
        (self.tops.contains(top) && !file.split('/').any(|part| part == "__pycache__"))
            .then(|| file.to_owned())
    }
}

fn is_module(file: &str) -> bool {
    file.ends_with(".py") && !file.contains('/')
}

/// The package or module that a file is of, if it may be one.
fn top_of(file: &str) -> Option<&str> {
    match file.split_once('/') {
        Some((package, _)) => (!package.contains('.')).then_some(package),
        None => is_module(file).then_some(file),
    }
}

fn stem_of(top: &str) -> &str {
    top.strip_suffix(".py").unwrap_or(top)
}

/// A name as packages are compared by.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '.'], "_")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::{Entry, Options, Packages, build_bundle};

    fn bundled(name: &str, sdist: &[u8]) -> Result<crate::Bundle, crate::BundleError> {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join(name), sdist).unwrap();
        let packages =
            Packages { directory: place.path().to_owned(), guest: Some("/p".to_owned()), whole: true };
        let limits =
            BundleLimits { file_bytes_max: 1 << 20, total_bytes_max: 4 << 20, ..BundleLimits::default() };
        let options = Options { packages: vec![packages], limits, ..Options::default() };
        build_bundle(Entry::Source { name: "-", source: b"import a", directory: place.path() }, &options)
    }

    fn sdist(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            // As somebody would write it who means harm: the crate's own way refuses such names.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn paths(name: &str, files: &[&str]) -> Vec<String> {
        let files: Vec<(&str, &[u8])> = files.iter().map(|name| (*name, &b"x = 1\n"[..])).collect();
        let bundle = bundled(name, &sdist(&files)).unwrap();
        bundle.members.into_iter().skip(1).map(|member| member.path).collect()
    }

    #[test]
    fn projects_of_each_layout_are_bundled_as_if_installed() {
        let flat = [
            "a-1.0/PKG-INFO",
            "a-1.0/setup.py",
            "a-1.0/a/__init__.py",
            "a-1.0/a/data.txt",
            "a-1.0/tests/__init__.py",
        ];
        assert_eq!(
            paths("a-1.0.tar.gz", &flat),
            ["/p/a-1.0.dist-info/METADATA", "/p/a/__init__.py", "/p/a/data.txt"]
        );
        let sources =
            ["a-1/src/b/__init__.py", "a-1/src/c.py", "a-1/src/b/__pycache__/x.pyc", "a-1/a/__init__.py"];
        assert_eq!(paths("a-1.tar.gz", &sources), ["/p/b/__init__.py", "/p/c.py"]);
        let module =
            ["My-lib-2.1/PKG-INFO", "My-lib-2.1/my_lib.py", "My-lib-2.1/other.py", "My-lib-2.1/docs/conf.py"];
        let found = paths("My-lib-2.1.tar.gz", &module);
        assert_eq!(found, ["/p/my_lib-2.1.dist-info/METADATA", "/p/my_lib.py"]);
        // No name is like that of the project: all that may be meant.
        let others =
            ["z-1/one/__init__.py", "z-1/two.py", "z-1/setup.py", "z-1/docs/__init__.py", "z-1/more/x.txt"];
        assert_eq!(paths("z-1.tar.gz", &others), ["/p/one/__init__.py", "/p/two.py"]);
    }

    #[test]
    fn what_it_says_that_it_installs_counts() {
        let files: [(&str, &[u8]); 5] = [
            ("z-1/z.egg-info/top_level.txt", b"one\ntwo\n"),
            ("z-1/one/__init__.py", b""),
            ("z-1/two.py", b""),
            ("z-1/z/__init__.py", b""),
            ("z-1/one/fast.cpython-311-x86_64-linux-gnu.so", b"machine code"),
        ];
        let bundle = bundled("z-1.tar.gz", &sdist(&files)).unwrap();
        let paths: Vec<&str> = bundle.members.iter().skip(1).map(|member| &*member.path).collect();
        assert_eq!((paths, bundle.native.len()), (vec!["/p/one/__init__.py", "/p/two.py"], 1));
    }

    #[test]
    fn names_stay_below_the_directory() {
        let hostile =
            ["a-1/../../up.py", "/a-1/a.py", "a-1//a.py", "a-1/a/../x.py", "a.py", "a-1/a/__init__.py"];
        assert_eq!(paths("a-1.tar.gz", &hostile), ["/p/a/__init__.py"]);
        for (name, is) in [
            ("a-1.tar.gz", true),
            ("a.tar.gz", false),
            ("-1.tar.gz", false),
            ("data-set.tar.gz", false),
            ("a-1.zip", false),
        ] {
            assert_eq!(is_sdist(name), is, "{name}");
        }
    }

    #[test]
    fn what_is_none_or_a_bomb_is_refused() {
        let refused = |bytes: &[u8]| bundled("a-1.tar.gz", bytes).unwrap_err().to_string();
        assert!(refused(b"junk").contains("is no source package"));
        let good = sdist(&[("a-1/a.py", b"x = 1\n")]);
        for length in 0..good.len() {
            let _ = bundled("a-1.tar.gz", &good[..length]);
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            let _ = bundled("a-1.tar.gz", &bad);
        }
        assert!(refused(&sdist(&[("a-1/a.py", &vec![b' '; 2 << 20])])).contains("a.py"));
        // What is not kept is bounded too.
        let bomb = sdist(&[("a-1/docs/x.txt", &vec![b' '; 5 << 20]), ("a-1/a.py", b"")]);
        assert!(refused(&bomb).contains("unpacks to more than"), "{}", refused(&bomb));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; 8 << 20]).unwrap();
        let _ = bundled("a-1.tar.gz", &encoder.finish().unwrap());
    }
}
