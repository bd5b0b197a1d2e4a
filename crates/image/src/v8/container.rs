//! The files that `node --build-snapshot` writes: a header, a snapshot of V8, and node's own data.
//!
//! Start at [`NodeContainer::read`]. The header's strings end in a zero or not, and one or two words follow
//! them, by node's version; all four ways are tried, and the one behind which a snapshot stands is right.
//!
//! Invariant: a length is compared with what is left before anything is cut off by it.
//!
//! Source: measured off files of node 18, 20, 22, 24 and 26; `docs/formats/v8-blobs.md`, "Containers of
//! node".

use std::ops::Range;

use super::blob::{Blob, Verdict, Work};
use super::error::Error;
use super::section::read_u32;
use super::version::printable;

/// The first word.
pub(super) const MAGIC: u32 = 0x0143_da19;

/// Longer strings than this are refused; those of node have less than 20 bytes.
const STRING_BYTES_MAX: u64 = 256;

/// A container of node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeContainer {
    /// The kind of snapshot, as node counts them.
    pub kind: u8,
    /// The version of node that wrote it.
    pub node_version: String,
    /// The processor that it is for.
    pub arch: String,
    /// The system that it is for.
    pub platform: String,
    /// V8's tag for caches of code, where there is one: node 18 and 20.
    pub cache_tag: Option<u32>,
    /// Node's flags, where there are any: node 20 and later.
    pub flags: Option<u32>,
    /// The bytes of the snapshot of V8. Node's own data follow them.
    pub blob_range: Range<usize>,
    /// The snapshot of V8.
    pub blob: Blob,
}

/// A way to write the header.
#[derive(Debug, Clone, Copy)]
struct Dialect {
    terminated: bool,
    words: usize,
}

/// The ways, the likeliest first.
const DIALECTS: [Dialect; 4] = [
    Dialect { terminated: false, words: 1 },
    Dialect { terminated: false, words: 2 },
    Dialect { terminated: true, words: 1 },
    Dialect { terminated: true, words: 2 },
];

impl NodeContainer {
    /// Reads a container at the beginning of `bytes`. Where it ends is not written in it.
    ///
    /// # Errors
    ///
    /// If it is none, or its header cannot be read. A damaged snapshot in it is no error: see
    /// [`NodeContainer::verdict`].
    pub fn read(bytes: &[u8]) -> Result<NodeContainer, Error> {
        NodeContainer::read_within(bytes, &mut Work(u64::MAX))
    }

    pub(super) fn read_within(bytes: &[u8], work: &mut Work) -> Result<NodeContainer, Error> {
        let found = read_u32(bytes, 0).ok_or(Error::Truncated { needed: 4, length: bytes.len() })?;
        if found != MAGIC {
            return Err(Error::NotContainer { found });
        }
        let mut best: Option<NodeContainer> = None;
        let mut farthest = Refusal { offset: 0, what: "cannot be read" };
        for dialect in DIALECTS {
            match dialect.read(bytes, work) {
                Ok(next)
                    if best.as_ref().is_none_or(|best| next.blob.faults.len() < best.blob.faults.len()) =>
                {
                    best = Some(next);
                }
                Ok(_) => {}
                Err(next) if next.offset > farthest.offset => farthest = next,
                Err(_) => {}
            }
        }
        best.ok_or(Error::ContainerHeader { offset: farthest.offset, what: farthest.what })
    }

    /// Says whether V8 would find the snapshot in it intact.
    pub fn verdict(&self) -> Verdict {
        self.blob.verdict()
    }
}

/// Why a dialect is not the header's.
#[derive(Debug, Clone, Copy)]
struct Refusal {
    offset: usize,
    what: &'static str,
}

impl Dialect {
    fn read(self, bytes: &[u8], work: &mut Work) -> Result<NodeContainer, Refusal> {
        let kind = *bytes.get(4).ok_or(Refusal { offset: 4, what: "ends here" })?;
        let mut at = 5;
        let node_version = self.string(bytes, &mut at)?;
        let arch = self.string(bytes, &mut at)?;
        let platform = self.string(bytes, &mut at)?;
        let mut words = Vec::new();
        for _ in 0..=self.words {
            words.push(read_u32(bytes, at).ok_or(Refusal { offset: at, what: "ends here" })?);
            at += 4;
        }
        let size = words.pop().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let blob_range = at..at.saturating_add(size);
        let content = bytes.get(blob_range.clone()).filter(|content| !content.is_empty());
        let content =
            content.ok_or(Refusal { offset: at - 4, what: "gives a length that the file has not" })?;
        let blob = Blob::read_within(content, work)
            .map_err(|_| Refusal { offset: at, what: "is not followed by a snapshot of V8" })?;
        let (cache_tag, flags) = match (words.as_slice(), self.terminated) {
            ([tag], true) => (Some(*tag), None),
            ([flags], false) => (None, Some(*flags)),
            ([tag, flags, ..], _) => (Some(*tag), Some(*flags)),
            ([], _) => (None, None),
        };
        Ok(NodeContainer { kind, node_version, arch, platform, cache_tag, flags, blob_range, blob })
    }

    fn string(self, bytes: &[u8], at: &mut usize) -> Result<String, Refusal> {
        let start = *at;
        let refuse = |what| Refusal { offset: start, what };
        let length = bytes.get(start..).and_then(|rest| rest.first_chunk()).ok_or(refuse("ends here"))?;
        let length = u64::from_le_bytes(*length);
        if !(1..=STRING_BYTES_MAX).contains(&length) {
            return Err(refuse("has a string of no plausible length"));
        }
        let end = start + 8 + length as usize;
        let text = bytes.get(start + 8..end).ok_or(refuse("has a string that leaves the file"))?;
        if !text.iter().all(u8::is_ascii_graphic) {
            return Err(refuse("has a string that is no name"));
        }
        if self.terminated && bytes.get(end) != Some(&0) {
            return Err(refuse("has a string without a zero behind it"));
        }
        *at = end + usize::from(self.terminated);
        Ok(printable(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::layout::Layout;
    use crate::v8::testing::{Random, Recipe, container, put};

    fn of(major: u32) -> Vec<u8> {
        let layout = if major <= 20 { Layout::V9_8 } else { Layout::V11_8 };
        container(major, &Recipe::new(layout, 4).build(&mut Random::new(major.into())))
    }

    #[test]
    fn containers_of_all_majors() {
        for (major, blob_at, tag, flags) in
            [(18, 54, true, false), (20, 55, true, true), (22, 51, false, true), (26, 51, false, true)]
        {
            let read = NodeContainer::read(&of(major)).expect("a container");
            assert_eq!(read.node_version, format!("{major}.1.2"));
            assert_eq!((read.arch.as_str(), read.platform.as_str(), read.kind), ("x64", "linux", 1));
            assert_eq!(read.blob_range.start, blob_at, "{major}");
            assert_eq!((read.cache_tag.is_some(), read.flags.is_some()), (tag, flags), "{major}");
            assert_eq!(read.cache_tag.unwrap_or(0x839d_be75), 0x839d_be75);
            assert_eq!((read.verdict(), read.blob.contexts), (Verdict::Valid, 4));
        }
    }

    #[test]
    fn a_flipped_bit_of_the_snapshot_is_damage_and_one_of_the_header_a_reason() {
        let mut bytes = of(24);
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        assert_eq!(NodeContainer::read(&bytes).map(|read| read.verdict()), Ok(Verdict::Damaged));
        let mut bytes = of(24);
        bytes[12] = 1;
        let error = NodeContainer::read(&bytes).expect_err("a huge string");
        assert_eq!(
            error.to_string(),
            "byte 5: the header of node's snapshot has a string of no plausible length"
        );
        let mut bytes = of(24);
        put(&mut bytes, 47, u32::MAX);
        assert!(matches!(NodeContainer::read(&bytes), Err(Error::ContainerHeader { offset: 47.., .. })));
        assert_eq!(
            NodeContainer::read(b"\x7fELF").map(|_| ()),
            Err(Error::NotContainer { found: 0x464c_457f })
        );
    }

    #[test]
    fn every_truncation_is_an_error() {
        for major in [18, 20, 26] {
            let bytes = of(major);
            let end = NodeContainer::read(&bytes).expect("a container").blob_range.end;
            for length in 0..end {
                assert!(NodeContainer::read(&bytes[..length]).is_err(), "{length} bytes");
            }
        }
    }
}
