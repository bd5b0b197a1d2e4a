//! Files that appear whole or not at all.
//!
//! Start at [`replace`]. A file is written without a name, then gets one and takes the old one's place: whoever is
//! interrupted, by Ctrl-C or the loss of power, leaves the old file and nothing beside it. (Between the last two steps, which
//! take microseconds, there is a hidden file; and all the while where the file system has no files without names.)

use std::ffi::{CString, OsStr};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes a file so that there is the old one or the new one, whatever happens. What is there and is no file, such as a
/// pipe or a device, is written to.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or(OsStr::new("image"));
    let beside = parent.join(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    let nameless =
        OpenOptions::new().write(true).custom_flags(libc::O_TMPFILE).open(parent).and_then(|mut file| {
            fill(&mut file, bytes)?;
            give_name(&file, &beside)
        });
    let written = match nameless {
        Ok(()) => Ok(()),
        // Not every file system has files without names. Whatever else is wrong shows again.
        Err(_) => File::create_new(&beside).and_then(|mut file| fill(&mut file, bytes)),
    };
    let replaced = written.and_then(|()| std::fs::rename(&beside, path));
    if replaced.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    replaced
}

fn fill(file: &mut File, bytes: &[u8]) -> io::Result<()> {
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
}
