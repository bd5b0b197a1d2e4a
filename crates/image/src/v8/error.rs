//! Why a snapshot could not be read at all, or a folder of pieces could not be written or put together.
//!
//! What can be read and is damaged is no error but a [`Fault`](super::Fault) of the blob.

use std::io;

use super::blob::CONTEXTS_MAX;

/// Says why bytes are no snapshot that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing of it looks like a snapshot.
    #[error("no V8 snapshot: no version string is at byte 8, 12 or 16, and no section where one would begin")]
    NotSnapshot,
    /// It ends within its header.
    #[error("the header of the snapshot needs {needed} bytes, and the input ends at byte {length}")]
    Truncated {
        /// Where the header and the first word of the first section end.
        needed: u64,
        /// Where the input ends.
        length: usize,
    },
    /// The number of contexts is none that is read.
    #[error("byte 0: the snapshot says that it has {count} contexts; 1 to {CONTEXTS_MAX} are read")]
    Contexts {
        /// What stands there.
        count: u32,
    },
    /// It is no container of node.
    #[error("no snapshot of node: byte 0 has {found:#010x} instead of 0x0143da19")]
    NotContainer {
        /// The first word.
        found: u32,
    },
    /// A container's header is none that is known.
    #[error("byte {offset}: the header of node's snapshot {what}")]
    ContainerHeader {
        /// Where.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// Checksums were to be computed, and the pieces make no snapshot of the layout that the manifest names.
    #[error("the pieces make no snapshot of the manifest's layout {layout}, so checksums cannot be computed")]
    Layout {
        /// The name of the layout.
        layout: &'static str,
    },
}

/// Says why a folder of pieces could not be written or put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A file could not be written or read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The manifest is not as `extract_to` writes it.
    #[error("{name}: {what}", name = super::MANIFEST_NAME)]
    Manifest {
        /// What is wrong.
        what: String,
    },
    /// A piece is not as the manifest says.
    #[error("{name}: {what}")]
    Piece {
        /// The file's name.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// The snapshot could not be read.
    #[error(transparent)]
    Snapshot(#[from] Error),
}
