//! Files that appear whole or not at all.
//!
//! Start at [`replace`]. A file is written without a name, then gets one and takes the old one's place: whoever is
//! interrupted, by Ctrl-C or the loss of power, leaves the old file and nothing beside it. (Between the last two steps, which
//! take microseconds, there is a hidden file; and all the while where the file system has no files without names.)

use std::ffi::{CString, OsStr};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Writes a file so that there is the old one or the new one, whatever happens. A link is followed; the new file may be
/// read and written by whom the old one was. What is there and is no file, such as a pipe or a device, is written to, and so
/// is what a name of the system's stands for, such as `/dev/stdout`.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = std::fs::metadata(&real).ok();
    let named_by_system = path.starts_with("/dev") || path.starts_with("/proc");
    if named_by_system || old.as_ref().is_some_and(|old| !old.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let parent = real.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = real.file_name().unwrap_or(OsStr::new("image"));
    let beside = parent.join(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    let nameless =
        OpenOptions::new().write(true).custom_flags(libc::O_TMPFILE).open(parent).and_then(|mut file| {
            fill(&mut file, bytes, old.as_ref())?;
            give_name(&file, &beside)
        });
    let written = match nameless {
        Ok(()) => Ok(()),
        // Not every file system has files without names. Whatever else is wrong shows again.
        Err(_) => File::create_new(&beside).and_then(|mut file| fill(&mut file, bytes, old.as_ref())),
    };
    let replaced = written.and_then(|()| std::fs::rename(&beside, &real));
    if replaced.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    replaced
}

/// Tells whether two names are of one file that is there.
pub fn same_file(one: &Path, other: &Path) -> bool {
    let key = |path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    key(one).is_some_and(|one| key(other) == Some(one))
}

fn fill(file: &mut File, bytes: &[u8], old: Option<&Metadata>) -> io::Result<()> {
    if let Some(old) = old {
        // Only the superuser can give files away.
        let _ = std::os::unix::fs::fchown(&*file, Some(old.uid()), Some(old.gid()));
        file.set_permissions(old.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_data()
}

fn give_name(file: &File, path: &Path) -> io::Result<()> {
    let from = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    let to = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: two texts that live during the call.
    let linked = unsafe {
        libc::linkat(libc::AT_FDCWD, from.as_ptr(), libc::AT_FDCWD, to.as_ptr(), libc::AT_SYMLINK_FOLLOW)
    };
    if linked == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.b8g");
        for text in ["first", "second, longer", ""] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
        assert!(replace(&place.path().join("none/a.b8g"), b"x").is_err());
        std::fs::create_dir(place.path().join("directory")).unwrap();
        assert!(replace(&place.path().join("directory"), b"x").is_err());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2);
        replace(Path::new("/dev/null"), b"x").unwrap();
    }

    #[test]
    fn links_are_followed_and_who_may_read_it_stays() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let place = tempfile::tempdir().unwrap();
        let (real, link) = (place.path().join("real"), place.path().join("link"));
        std::fs::write(&real, "old").unwrap();
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real", &link).unwrap();
        assert!(same_file(&real, &link) && !same_file(&real, place.path()));
        replace(&link, b"new").unwrap();
        assert!(link.is_symlink() && std::fs::read(&real).unwrap() == b"new");
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        // What stands for an open file is written to, never put something else in place of.
        let file = File::create(place.path().join("open")).unwrap();
        replace(Path::new(&format!("/proc/self/fd/{}", file.as_raw_fd())), b"through").unwrap();
        assert_eq!(std::fs::read(place.path().join("open")).unwrap(), b"through");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 3);
    }
}
