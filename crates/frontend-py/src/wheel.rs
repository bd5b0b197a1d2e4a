//! Wheels: archives of packages that pip downloads, bundled as if they were installed where they lie.
//!
//! Start at [`add`]. Invariants: nothing is written, every name within an archive becomes one below the packages' directory or is passed over,
//! and no more is unpacked than the bundle may hold.

use std::io::Cursor;
use std::path::PathBuf;

use zip::ZipArchive;

use crate::archive::{Unpacking, parts_of};
use crate::bundle::Store;
use crate::error::{ErrorKind, shown_path};
use crate::limits::BundleLimits;
use crate::places::{Root, join};

/// How a wheel's name ends.
const ENDING: &str = ".whl";
/// Directories of a wheel whose files belong beside its packages: `NAME.data/purelib` and `NAME.data/platlib`.
const DATA: &str = ".data";
const LIBRARIES: [&str; 2] = ["purelib", "platlib"];

/// Tells whether a file is a wheel by its name.
pub(crate) fn is_wheel(name: &str) -> bool {
    name.ends_with(ENDING)
}

/// Adds all files of a wheel that lies in a root; what is machine code is listed instead.
pub(crate) fn add(
    root: &Root,
    wheel: &str,
    store: &mut Store,
    limits: &BundleLimits,
    native: &mut Vec<PathBuf>,
) -> Result<(), ErrorKind> {
    let host = root.host(wheel);
    let Ok(bytes) = store.read(&host, &root.name(wheel), None)? else { return Ok(()) };
    let broken = |error: &dyn std::fmt::Display| {
        let message = format!("{} is no wheel: {error}", shown_path(&host));
        ErrorKind::unsupported(message, "download it again: pip download")
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    let mut unpacking = Unpacking { root, archive: wheel, store, limits, native };
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).map_err(|error| broken(&error))?;
        let Some(path) = place_of(file.name()).filter(|_| file.is_file()) else { continue };
        unpacking.keep(&path, &mut file)?.map_err(|error| broken(&error))?;
    }
    Ok(())
}

/// Where a file of a wheel belongs below the directory of packages; `None` if it is none that a program reads.
fn place_of(name: &str) -> Option<String> {
    let parts = parts_of(name).filter(|parts| !parts.contains(&"__pycache__"))?;
    let parts = match parts[..] {
        [first, library, ref rest @ ..] if first.ends_with(DATA) => {
            LIBRARIES.contains(&library).then_some(rest)?
        }
        // Python runs what stands in these; nothing here does.
        [alone] if alone.ends_with(".pth") => return None,
        ref all => all,
    };
    (!parts.is_empty()).then(|| parts.iter().fold(String::new(), |path, part| join(&path, part)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;
    use crate::{BundleLimits, Entry, Options, Packages, build_bundle};

    fn bundled(wheel: &[u8]) -> Result<crate::Bundle, crate::BundleError> {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("a-1-py3-none-any.whl"), wheel).unwrap();
        let packages =
            Packages { directory: place.path().to_owned(), guest: Some("/p".to_owned()), whole: true };
        let limits = BundleLimits { file_bytes_max: 1 << 20, ..BundleLimits::default() };
        let options = Options { packages: vec![packages], limits, ..Options::default() };
        build_bundle(Entry::Source { name: "-", source: b"import a", directory: place.path() }, &options)
    }

    fn wheel(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn wheels_are_bundled_as_if_installed() {
        let made = wheel(&[
            ("a/__init__.py", b"x = 1\n"),
            ("a/fast.cpython-311-x86_64-linux-gnu.so", b"machine code"),
            ("a-1.dist-info/METADATA", b"Name: a\n"),
            ("../up.py", b"out"),
            ("a-1.data/purelib/a/more.py", b"y = 2\n"),
        ]);
        let bundle = bundled(&made).unwrap();
        let paths: Vec<&str> = bundle.members.iter().skip(1).map(|member| &*member.path).collect();
        assert_eq!(paths, ["/p/a/__init__.py", "/p/a-1.dist-info/METADATA", "/p/a/more.py"]);
        assert_eq!(bundle.native.len(), 1);
        assert!(bundle.files.iter().any(|file| file.ends_with("a-1-py3-none-any.whl")), "it is watched");
    }

    #[test]
    fn what_is_no_wheel_or_a_bomb_is_refused() {
        let refused = |bytes: &[u8]| bundled(bytes).unwrap_err().to_string();
        assert!(refused(b"junk").contains("is no wheel"));
        let good = wheel(&[("a.py", b"x = 1\n")]);
        for length in 0..good.len() {
            let _ = bundled(&good[..length]);
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x55;
            let _ = bundled(&bad);
        }
        let bomb = wheel(&[("a.py", &vec![b' '; 2 << 20])]);
        assert!(bomb.len() < 1 << 20);
        assert!(refused(&bomb).contains("a.py"), "{}", refused(&bomb));
    }

    #[test]
    fn names_stay_below_the_directory() {
        for (name, want) in [
            ("six.py", Some("six.py")),
            ("a/b/__init__.py", Some("a/b/__init__.py")),
            ("a-1.0.data/purelib/a/c.py", Some("a/c.py")),
            ("a-1.0.data/scripts/run", None),
            ("a-1.0.data/purelib", None),
            ("../up.py", None),
            ("a/../../up.py", None),
            ("/etc/passwd", None),
            ("a//b.py", None),
            ("a\\..\\b.py", None),
            ("a/__pycache__/b.pyc", None),
            ("evil.pth", None),
            ("a/kept.pth", Some("a/kept.pth")),
            ("", None),
        ] {
            assert_eq!(place_of(name).as_deref(), want, "{name:?}");
        }
    }
}
