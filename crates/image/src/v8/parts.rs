//! Takes a snapshot apart into named pieces and puts it together again.
//!
//! Start at [`extract`] and [`pack`]. The pieces lie side by side and cover every byte, damaged or not; what
//! belongs to no section is a gap. So putting them together gives the same bytes.
//!
//! Invariant: [`pack`] changes nothing but checksums, and those only when asked.

use serde::{Deserialize, Serialize};

use super::blob::Blob;
use super::checksum::{Algorithm, bytewise, words};
use super::container::NodeContainer;
use super::error::Error;
use super::layout::{Layout, SectionKind};

/// The version of the manifest that is written and read.
pub(super) const MANIFEST_VERSION: u32 = 1;

/// A snapshot in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// What the pieces are.
    pub manifest: Manifest,
    /// The bytes of each piece, in the manifest's order.
    pub pieces: Vec<Vec<u8>>,
}

/// What the pieces of a snapshot are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the manifest: 1.
    pub manifest: u32,
    /// The layout of the snapshot of V8.
    pub layout: Layout,
    /// How its checksums are computed; `None` if it has none.
    pub algorithm: Option<Algorithm>,
    /// The version of V8, for people.
    pub v8: Option<String>,
    /// The version of node, for people; `None` if it is no container.
    pub node: Option<String>,
    /// The pieces in the order of the file.
    pub pieces: Vec<PieceInfo>,
}

/// What one piece is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PieceInfo {
    /// What it holds.
    pub role: Role,
    /// Where it was, for people: pieces are put together in their order.
    pub offset: u64,
    /// How long it is.
    pub length: u64,
}

/// What a piece holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Node's header, in front of the snapshot of V8.
    ContainerHead,
    /// The header of the snapshot of V8.
    Header,
    /// A section of it.
    Section(SectionKind),
    /// Bytes of it that are none of these.
    Gap,
    /// Node's data behind it.
    ContainerTail,
}

/// Whether putting pieces together computes checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Checksums {
    /// They stay as they are: the bytes are those of the pieces.
    #[default]
    Keep,
    /// They are computed anew, for pieces that were changed.
    Recompute,
}

impl Role {
    /// Gives the name of a piece's file.
    pub fn file_name(self, index: usize) -> String {
        let what = match self {
            Role::ContainerHead => "container-head".to_owned(),
            Role::Header => "header".to_owned(),
            Role::Section(kind) => kind.to_string().replace(' ', "-"),
            Role::Gap => "gap".to_owned(),
            Role::ContainerTail => "container-tail".to_owned(),
        };
        format!("{index:04}-{what}.bin")
    }
}

/// Takes a snapshot of V8 or a container of node apart.
///
/// # Errors
///
/// If it cannot be read; a damaged one can.
pub fn extract(bytes: &[u8]) -> Result<Parts, Error> {
    let container = match NodeContainer::read(bytes) {
        Ok(container) => Some(container),
        Err(Error::NotContainer { .. } | Error::Truncated { .. }) => None,
        Err(error) => return Err(error),
    };
    let range = container.as_ref().map_or(0..bytes.len(), |container| container.blob_range.clone());
    let node = container.as_ref().map(|container| container.node_version.clone());
    let blob = match container {
        Some(container) => container.blob,
        None => Blob::read(bytes)?,
    };
    let mut cutter = Cutter { bytes, at: 0, pieces: Vec::new(), infos: Vec::new() };
    cutter.cut(Role::ContainerHead, range.start);
    cutter.cut(Role::Header, range.start.saturating_add(blob.header_length).min(range.end));
    for section in &blob.sections {
        let start = range.start.saturating_add(section.offset);
        let end = start.saturating_add(section.length);
        if section.length > 0 && start >= cutter.at && end <= range.end {
            cutter.cut(Role::Gap, start);
            cutter.cut(Role::Section(section.kind), end);
        }
    }
    cutter.cut(Role::Gap, range.end);
    cutter.cut(Role::ContainerTail, bytes.len());
    let manifest = Manifest {
        manifest: MANIFEST_VERSION,
        layout: blob.layout,
        algorithm: blob.checksums.first().map(|sum| sum.algorithm),
        v8: blob.version,
        node,
        pieces: cutter.infos,
    };
    Ok(Parts { manifest, pieces: cutter.pieces })
}

/// Puts a snapshot together.
///
/// # Errors
///
/// Only when checksums are to be computed: if the pieces no longer make a snapshot.
pub fn pack(parts: &Parts, checksums: Checksums) -> Result<Vec<u8>, Error> {
    let mut bytes = parts.pieces.concat();
    if checksums == Checksums::Recompute {
        let lengths = parts.manifest.pieces.iter().zip(&parts.pieces);
        let of = |wanted: Role| -> usize {
            lengths.clone().filter(|(info, _)| info.role == wanted).map(|(_, piece)| piece.len()).sum()
        };
        let (start, tail) = (of(Role::ContainerHead), of(Role::ContainerTail));
        let end = bytes.len().saturating_sub(tail);
        let unreadable = Error::Layout { layout: parts.manifest.layout.name() };
        let blob = bytes.get_mut(start..end).ok_or(unreadable.clone())?;
        sign(blob, &parts.manifest).ok_or(unreadable)?;
    }
    Ok(bytes)
}

/// Writes the checksums of a snapshot.
fn sign(bytes: &mut [u8], manifest: &Manifest) -> Option<()> {
    let blob = Blob::read_as(bytes, manifest.layout).ok()?;
    let algorithm = manifest.algorithm.filter(|_| !blob.checksums.is_empty());
    // The one of the whole comes first in the list and last here: it covers the others.
    for (index, sum) in blob.checksums.iter().enumerate().rev() {
        let covered = bytes.get(sum.covers.clone()).filter(|covered| !covered.is_empty())?;
        let value = match algorithm? {
            Algorithm::Words64 => *words(covered).get(index)?,
            bytewise_one => bytewise(bytewise_one, covered),
        };
        bytes.get_mut(sum.offset..)?.first_chunk_mut::<4>()?.copy_from_slice(&value.to_le_bytes());
    }
    Some(())
}

/// Cuts bytes into pieces, from the front to the back.
struct Cutter<'a> {
    bytes: &'a [u8],
    at: usize,
    pieces: Vec<Vec<u8>>,
    infos: Vec<PieceInfo>,
}

impl Cutter<'_> {
    /// Cuts off what reaches up to `end`, if that is anything.
    fn cut(&mut self, role: Role, end: usize) {
        let Some(piece) = self.bytes.get(self.at..end).filter(|piece| !piece.is_empty()) else { return };
        self.infos.push(PieceInfo { role, offset: self.at as u64, length: piece.len() as u64 });
        self.pieces.push(piece.to_vec());
        self.at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::blob::Verdict;
    use crate::v8::testing::{Random, Recipe, container};

    #[test]
    fn pieces_give_the_same_bytes_damaged_or_not() {
        let mut random = Random::new(11);
        for recipe in Recipe::all() {
            let whole = recipe.build(&mut random);
            for bytes in [container(20, &whole), whole] {
                assert_eq!(
                    extract(&bytes).and_then(|parts| pack(&parts, Checksums::Keep)),
                    Ok(bytes.clone())
                );
                for _ in 0..200 {
                    let mut bent = bytes.clone();
                    let at = random.below(bent.len());
                    bent[at] = random.next() as u8;
                    if let Ok(parts) = extract(&bent) {
                        assert_eq!(pack(&parts, Checksums::Keep), Ok(bent));
                    }
                }
            }
        }
    }

    #[test]
    fn checksums_are_computed_when_asked() {
        let mut random = Random::new(12);
        for recipe in Recipe::all() {
            let blob = recipe.build(&mut random);
            let mut parts = extract(&container(24, &blob)).expect("it is whole");
            let sections = parts.manifest.pieces.iter().map(|info| info.role);
            let sections: Vec<usize> =
                (0..).zip(sections).filter(|(_, r)| matches!(r, Role::Section(_))).map(|e| e.0).collect();
            for index in sections {
                let Some(last) = parts.pieces[index].last_mut() else { panic!("it is not empty") };
                *last ^= 0x55;
            }
            let kept = pack(&parts, Checksums::Keep).expect("bytes");
            let signed = pack(&parts, Checksums::Recompute).expect("bytes");
            let verdict = |bytes: &[u8]| NodeContainer::read(bytes).expect("a container").verdict();
            let sums = !Blob::read(&blob).expect("a blob").checksums.is_empty();
            assert_eq!(verdict(&kept) == Verdict::Damaged, sums, "{recipe:?}");
            assert_eq!(verdict(&signed) == Verdict::Valid, sums, "{recipe:?}");
            assert_eq!(NodeContainer::read(&signed).map(|read| read.blob.layout), Ok(recipe.layout));
        }
    }

    #[test]
    fn pieces_that_are_no_snapshot_cannot_be_signed() {
        let mut parts =
            extract(&Recipe::new(Layout::V15_0, 1).build(&mut Random::new(5))).expect("it is whole");
        parts.pieces[0].clear();
        parts.pieces[1].clear();
        assert!(pack(&parts, Checksums::Recompute).is_err());
        parts.pieces.clear();
        assert!(pack(&parts, Checksums::Recompute).is_err());
        assert_eq!(pack(&parts, Checksums::Keep), Ok(Vec::new()));
    }

    #[test]
    fn names_of_files_are_plain() {
        assert_eq!(Role::Header.file_name(0), "0000-header.bin");
        assert_eq!(Role::Section(SectionKind::Context(3)).file_name(12), "0012-context-3.bin");
    }
}
