//! V8's startup snapshots ("blobs") and the containers that `node --build-snapshot` writes.
//!
//! Recognises them by what they hold, says whether V8 would take them, finds them inside of programs, takes
//! them apart and puts them together again, bit for bit. No code of a blob runs here and no object of its
//! heap is decoded.
//!
//! Start reading at `layout`, the table of what V8 wrote when; `blob` reads by it; `container`, `scan` and
//! `parts` build on `blob`; `report` is what people and programs are shown. The formats are described in
//! `docs/formats/v8-blobs.md`.
//!
//! Invariant: what is read is never trusted: each offset is checked where it is used, and sizes that a file
//! claims bound nothing but what is refused.
//!
//! Source: measured off published builds of V8 5.7 to 15.0; see `docs/formats/v8-blobs.md`.

mod blob;
mod checksum;
mod container;
mod deflate;
mod error;
mod fault;
mod folder;
mod layout;
mod parts;
mod report;
mod scan;
mod section;
mod table;
mod version;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod testing;

pub use blob::{Blob, CONTEXTS_MAX, Verdict};
pub use checksum::{Algorithm, Checksum};
pub use container::NodeContainer;
pub use error::{Error, FolderError};
pub use fault::Fault;
pub use folder::{MANIFEST_NAME, extract_to, pack_from};
pub use layout::{Layout, SectionKind};
pub use parts::{Checksums, Manifest, Parts, PieceInfo, Role, extract, pack};
pub use report::{ChecksumReport, Inspection, Kind, NodeReport, Report, SectionReport, inspect, inspect_all};
pub use scan::{Found, Hit, Scan, scan};
pub use section::{Form, Payload, Section};
