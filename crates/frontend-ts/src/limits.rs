//! The bounds of a program: how much source is read, how many modules, how deeply a file may nest.
//!
//! Invariant: everything here is checked before the memory that it bounds is used.

/// Bounds how much a program may make the loader read and hold.
///
/// Every source byte may be an enemy's, so nothing is read without a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgramLimits {
    /// The number of modules of a program, the entry and those that are built in included.
    pub modules_max: usize,
    /// The size of one source file in bytes.
    pub source_bytes_max: usize,
    /// The size of all source files together in bytes.
    pub total_bytes_max: usize,
    /// How many brackets may be open at one point of a source file.
    ///
    /// The engine's own parser gives up long before the default; a higher value costs call stack and time only.
    pub nesting_max: usize,
}

impl Default for ProgramLimits {
    fn default() -> Self {
        Self {
            modules_max: 20_000,
            source_bytes_max: 32 << 20,
            total_bytes_max: 256 << 20,
            nesting_max: 2_000,
        }
    }
}

/// The call stack that every caller of this crate must have left, in bytes.
///
/// What needs more runs on a thread of its own, see `nesting`.
pub(crate) const STACK_INLINE_BYTES: usize = 192 << 10;

/// The largest call stack that one source file may need, in bytes. Only what is used is backed by memory.
pub(crate) const STACK_BYTES_MAX: usize = 1 << 30;

/// The size of a `package.json` or `tsconfig.json`, in bytes.
pub(crate) const CONFIG_BYTES_MAX: u64 = 8 << 20;

/// How many characters of a message that quotes the source are shown.
pub(crate) const MESSAGE_CHARS_MAX: usize = 400;

/// How many directory entries a "did you mean" looks at.
pub(crate) const SUGGESTION_ENTRIES_MAX: usize = 2_000;

/// The call stack of a thread that loads modules, in bytes.
pub(crate) const WORKER_STACK_BYTES: usize = 4 << 20;

/// How many imports a program may have for each module that it may have: looking for a file costs even if there is none.
pub(crate) const IMPORTS_PER_MODULE: usize = 8;
