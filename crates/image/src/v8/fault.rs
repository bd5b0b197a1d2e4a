//! What is wrong with a snapshot that could be read: why V8 would refuse it or misread it, and where.

use std::ops::Range;

use super::layout::SectionKind;

/// One thing that is wrong with a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A checksum does not fit its bytes.
    #[error(
        "bytes {}..{} do not fit the checksum \"{name}\"{}",
        .covers.start,
        .covers.end,
        except(.intact.as_ref())
    )]
    Checksum {
        /// Which checksum.
        name: &'static str,
        /// The bytes that it covers.
        covers: Range<usize>,
        /// Bytes among them that fit a checksum of their own: the damage is elsewhere.
        intact: Option<Range<usize>>,
    },
    /// The version string is damaged.
    #[error("byte {offset}: this is no version string")]
    Version {
        /// Where it is.
        offset: usize,
    },
    /// The flag for rehashing is neither 0 nor 1.
    #[error("byte 4: the flag for rehashing is {found}; it can be 0 or 1")]
    Flag {
        /// What stands there.
        found: u32,
    },
    /// Bytes that should be zero are not.
    #[error("bytes {}..{} of the header should be zero", .range.start, .range.end)]
    Padding {
        /// Which bytes.
        range: Range<usize>,
    },
    /// A section begins before the one in front of it has begun, or within the header.
    #[error("section \"{section}\" begins at byte {offset}, which overlaps what begins at byte {previous}")]
    Overlap {
        /// The section.
        section: SectionKind,
        /// Where it begins.
        offset: usize,
        /// Where the one in front of it begins.
        previous: usize,
    },
    /// A section begins behind the end.
    #[error("section \"{section}\" begins at byte {offset}, behind the end at byte {end}")]
    Outside {
        /// The section.
        section: SectionKind,
        /// Where it begins.
        offset: usize,
        /// Where the input ends.
        end: usize,
    },
    /// A section begins with neither V8's magic nor a compressed stream of it.
    #[error("byte {offset}: section \"{section}\" begins neither with V8's magic nor with a packed one")]
    Magic {
        /// The section.
        section: SectionKind,
        /// Where it begins.
        offset: usize,
    },
    /// A payload is longer than its section.
    #[error("section \"{section}\" at bytes {}..{} says that it ends at {end}", .range.start, .range.end)]
    Payload {
        /// The section.
        section: SectionKind,
        /// The room that it has.
        range: Range<usize>,
        /// Where it would end.
        end: u64,
    },
    /// A compressed section does not unpack to the length that it gives.
    #[error("section \"{section}\" at byte {offset} does not unpack to {raw_length} bytes")]
    Packed {
        /// The section.
        section: SectionKind,
        /// Where it begins.
        offset: usize,
        /// The length that it gives.
        raw_length: u32,
    },
    /// The snapshot is whole, and something is behind it.
    #[error("bytes {}..{} lie behind the end of the snapshot", .range.start, .range.end)]
    Trailing {
        /// Which bytes.
        range: Range<usize>,
    },
}

fn except(intact: Option<&Range<usize>>) -> String {
    intact.map_or(String::new(), |range| format!("; {}..{} of them are intact", range.start, range.end))
}
