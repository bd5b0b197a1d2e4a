//! Images: frozen contexts as files.
//!
//! Start reading at [`File`], the format `.b8g`; docs/formats/image.md specifies it. [`v8`] knows the startup snapshots of
//! V8 and of node.
//!
//! Invariant: every byte of an image is an enemy's. None causes a panic, or memory and time beyond a small multiple of
//! the input's size.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod chain;
pub mod explain;
mod file;
mod head;
mod manifest;
pub mod signature;
pub mod v8;

pub use file::{File, FileError, Parts, write};
pub use head::{CONTEXTS_MAX, FORMAT_VERSION, HEAD_BYTES, PAGE_BYTES, Section, SectionKind, VERSION_BYTES};
pub use manifest::{
    FrozenContext, Global, Heap, Held, HeldResource, Kind, Language, MEMORY_PAGES, Manifest, Parent, Stage,
    Want, WantedAccess,
};
