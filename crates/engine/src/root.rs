//! One directory that holds everything that was granted, by the names that the user wrote: what components that are written for our own
//! ABI have for files through WASI, of either version.
//!
//! Start at [`path_of`]. A grant of a single file is there too, and what was not granted is refused with a word about the flag, which a
//! C library that looks for the nearest of several directories could not do. The working directory is `/cwd`, as everywhere.
//!
//! Invariant: nothing is reached here that the handle behind it, that of all granted files, does not reach.

use std::borrow::Cow;

use b8g_core::Handle;
use b8g_core::abi::{FileType, Role, Stat};

use crate::object::Object;
use crate::outcome::Access;
use crate::state::State;

/// Its name.
pub(crate) const NAME: &str = "/";
/// Where relative names that a user wrote begin.
const WORKING_DIRECTORY: &[u8] = b"cwd";

/// Where components of Python have their library, of which only names are left when a program runs.
const LIBRARIES: [&[u8]; 2] = [b"python/", b"usr/local/lib/python3"];

/// Tells whether a name that is only read stands for no file, but for a text that has none, for a source of a component's library, or for what the program
/// brings itself, and has already: CPython asks for the file `<unknown>`, and for such sources, when it shows where an error is,
/// and nobody wants to hear that this was not granted.
pub(crate) fn is_no_file(state: &State, below: Handle, path: &[u8]) -> bool {
    let Ok((Object::Files(files), _)) = state.table.get(below) else { return false };
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let is_text = name.starts_with(b"<") && name.ends_with(b">");
    let is_library = LIBRARIES.iter().any(|library| {
        path.starts_with(library) && name.windows(3).any(|part| part == b".py")
            || [path, b"/"].concat() == *library
    });
    // To look into the program takes longest.
    !files.covers(&path_of(state, below, path), Access::Read)
        && (is_text || is_library || is_of_program(state, path))
}

fn is_of_program(state: &State, path: &[u8]) -> bool {
    let program = state.given(Role::Program).and_then(|handle| state.table.get(handle).ok());
    let Some((Object::Blob(bundle), _)) = program else { return false };
    b8g_frontend_py::brings(bundle, &[b"/", path].concat())
}

/// A path below a directory, as its handle takes it.
pub(crate) fn path_of<'p>(state: &State, below: Handle, path: &'p [u8]) -> Cow<'p, [u8]> {
    let Ok((Object::Files(files), _)) = state.table.get(below) else { return Cow::Borrowed(path) };
    let from_top = || [b"/", path].concat();
    match path.strip_prefix(WORKING_DIRECTORY) {
        Some(b"") => Cow::Borrowed(b"."),
        Some([b'/', rest @ ..]) => Cow::Borrowed(if rest.is_empty() { b"." } else { rest }),
        // Who never asked where it works takes its names for those of the user.
        _ if files.covers(path, Access::Read) && !files.covers(&from_top(), Access::Read) => {
            Cow::Borrowed(path)
        }
        _ => Cow::Owned(from_top()),
    }
}

/// The context's randomness, if that is what a name means that C libraries know it by, and no file was granted as that.
pub(crate) fn random(state: &State, below: Handle, path: &[u8]) -> Option<Handle> {
    let Ok((Object::Files(files), _)) = state.table.get(below) else { return None };
    let is_random =
        matches!(path, b"dev/urandom" | b"dev/random") && !files.covers(&[b"/", path].concat(), Access::Read);
    state.given(Role::Random).filter(|_| is_random)
}

/// Tells what is there without asking the system: the directory itself, and the working directory where that was not granted.
pub(crate) fn stat_of(state: &State, below: Handle, path: &[u8]) -> Option<Stat> {
    let Ok((Object::Files(files), _)) = state.table.get(below) else { return None };
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let granted = |path: &[u8]| files.covers(path, Access::Read);
    match path {
        b"." if !granted(b"/") => Some(directory(1)),
        WORKING_DIRECTORY if !granted(b".") => Some(directory(2)),
        _ => random(state, below, path).map(|_| of_type(FileType::CharacterDevice, 3)),
    }
}

/// The same of the handle itself.
pub(crate) fn stat_of_handle(state: &State, handle: Handle) -> Option<Stat> {
    match state.table.get(handle) {
        Ok((Object::Files(_), _)) => Some(directory(1)),
        Ok((Object::Random(_), _)) => Some(of_type(FileType::CharacterDevice, 3)),
        _ => None,
    }
}

fn directory(inode: u64) -> Stat {
    of_type(FileType::Directory, inode)
}

fn of_type(file_type: FileType, inode: u64) -> Stat {
    Stat { device: 0, inode, file_type, links: 1, size: 0, atime_ns: 0, mtime_ns: 0, ctime_ns: 0 }
}
