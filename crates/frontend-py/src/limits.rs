//! The bounds of a bundle: how many files are read, and how large they may be.
//!
//! Invariant: everything here is checked before the memory that it bounds is used.

/// Bounds how much a program may make the loader read and hold.
///
/// Every source byte may be an enemy's, so nothing is read without a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundleLimits {
    /// The number of files of a bundle.
    pub files_max: usize,
    /// The size of one file in bytes.
    pub file_bytes_max: usize,
    /// The size of all files together in bytes.
    pub total_bytes_max: usize,
}

impl Default for BundleLimits {
    fn default() -> Self {
        Self { files_max: 50_000, file_bytes_max: 32 << 20, total_bytes_max: 256 << 20 }
    }
}

/// How many names a program may import for each file that it may have: looking for a file costs even if there is none.
pub(crate) const IMPORTS_PER_FILE: usize = 8;

/// How many entries of directories are looked at for each file that a bundle may have.
pub(crate) const ENTRIES_PER_FILE: usize = 4;

/// How many dots a module's name may have; one with more is left to the interpreter.
pub(crate) const NAME_PARTS_MAX: usize = 64;

/// How many characters of a name that the sources chose are shown in a message.
pub(crate) const MESSAGE_CHARS_MAX: usize = 400;

/// How many native modules are listed by name.
pub(crate) const NATIVE_MAX: usize = 1_000;
