//! The layouts of V8's snapshots as a table: where the header's fields are and which sections follow.
//!
//! Start at [`Layout::row`]. A layout has the name of the first version of V8 that was seen with it. Nothing
//! is assumed of versions between the rows: `blob` tries every layout that has a version string in the right
//! place.
//!
//! Source: measured off published builds of V8; `docs/formats/v8-blobs.md` has the same table in words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The size of the version string's field. Comments in V8 have long said 128; no version ever had that.
pub(super) const VERSION_BYTES: usize = 64;

/// How a snapshot is laid out, named after the first version of V8 that was seen to write it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Layout {
    /// Neither version string nor flag: a number of contexts and their offsets.
    #[serde(rename = "5.7")]
    V5_7,
    /// The flag for rehashing is there.
    #[serde(rename = "6.2")]
    V6_2,
    /// The version string and a section of built-in functions are there.
    #[serde(rename = "6.6")]
    V6_6,
    /// Two checksums over 64-bit words; a read-only section.
    #[serde(rename = "7.8")]
    V7_8,
    /// One checksum over bytes.
    #[serde(rename = "8.4")]
    V8_4,
    /// A section for the shared heap.
    #[serde(rename = "9.8")]
    V9_8,
    /// A checksum of its own for the read-only section.
    #[serde(rename = "11.8")]
    V11_8,
    /// The read-only section comes first.
    #[serde(rename = "15.0")]
    V15_0,
}

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum SectionKind {
    /// The heap that all contexts share, without what the others hold.
    Startup,
    /// Built-in functions.
    Builtins,
    /// Objects that never change.
    ReadOnly,
    /// Objects that isolates share.
    Shared,
    /// One context's objects; the number is its index.
    Context(u32),
}

/// Which checksums a layout has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sums {
    /// None.
    Absent,
    /// Two halves at 8 and 12, over 64-bit words from 16 on.
    Words,
    /// One at 8, over bytes from 12 on.
    Blob,
    /// That, and one at 12 over the read-only section.
    BlobAndReadOnly,
}

/// How a section that is not compressed begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Magic, a hash of the version, n, payload length; n words.
    Hashed,
    /// Magic, n, payload length; n words.
    Reserved,
    /// The same, and the payload begins at a multiple of 8.
    ReservedAligned,
    /// Magic, payload length.
    Length,
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Row {
    pub name: &'static str,
    /// The first version that was seen with it; a hint for damaged snapshots only.
    pub since: (u32, u32),
    /// Where the version string is.
    pub version_at: Option<usize>,
    /// Whether the flag for rehashing is at byte 4.
    pub has_flag: bool,
    /// Where the offsets of sections begin.
    pub slots_at: usize,
    /// The section right behind the header; it needs no offset.
    pub first: SectionKind,
    /// The sections whose offsets come before those of contexts, in the order of the file too.
    pub slots: &'static [SectionKind],
    /// Whether the first section begins at a multiple of 8.
    pub aligned: bool,
    pub sums: Sums,
    /// How sections may begin, the likeliest first.
    pub shapes: &'static [Shape],
}

use SectionKind::{Builtins, ReadOnly, Shared, Startup};

const ROWS: [Row; 8] = [
    Row {
        name: "5.7",
        since: (0, 0),
        version_at: None,
        has_flag: false,
        slots_at: 4,
        first: Startup,
        slots: &[],
        aligned: false,
        sums: Sums::Absent,
        shapes: &[Shape::Hashed],
    },
    Row {
        name: "6.2",
        since: (6, 2),
        version_at: None,
        has_flag: true,
        slots_at: 8,
        first: Startup,
        slots: &[],
        aligned: false,
        sums: Sums::Absent,
        shapes: &[Shape::Hashed],
    },
    Row {
        name: "6.6",
        since: (6, 6),
        version_at: Some(8),
        has_flag: true,
        slots_at: 72,
        first: Startup,
        slots: &[Builtins],
        aligned: false,
        sums: Sums::Absent,
        shapes: &[Shape::Reserved, Shape::ReservedAligned],
    },
    Row {
        name: "7.8",
        since: (7, 8),
        version_at: Some(16),
        has_flag: true,
        slots_at: 80,
        first: Startup,
        slots: &[ReadOnly],
        aligned: true,
        sums: Sums::Words,
        shapes: &[Shape::ReservedAligned, Shape::Reserved],
    },
    Row {
        name: "8.4",
        since: (8, 4),
        version_at: Some(12),
        has_flag: true,
        slots_at: 76,
        first: Startup,
        slots: &[ReadOnly],
        aligned: true,
        sums: Sums::Blob,
        shapes: &[Shape::Length, Shape::ReservedAligned],
    },
    Row {
        name: "9.8",
        since: (9, 8),
        version_at: Some(12),
        has_flag: true,
        slots_at: 76,
        first: Startup,
        slots: &[ReadOnly, Shared],
        aligned: true,
        sums: Sums::Blob,
        shapes: &[Shape::Length],
    },
    Row {
        name: "11.8",
        since: (11, 8),
        version_at: Some(16),
        has_flag: true,
        slots_at: 80,
        first: Startup,
        slots: &[ReadOnly, Shared],
        aligned: true,
        sums: Sums::BlobAndReadOnly,
        shapes: &[Shape::Length],
    },
    Row {
        name: "15.0",
        since: (15, 0),
        version_at: Some(16),
        has_flag: true,
        slots_at: 80,
        first: ReadOnly,
        slots: &[Startup, Shared],
        aligned: true,
        sums: Sums::BlobAndReadOnly,
        shapes: &[Shape::Length],
    },
];

impl Layout {
    /// All layouts, the oldest first.
    pub const ALL: [Layout; 8] = [
        Layout::V5_7,
        Layout::V6_2,
        Layout::V6_6,
        Layout::V7_8,
        Layout::V8_4,
        Layout::V9_8,
        Layout::V11_8,
        Layout::V15_0,
    ];

    /// Gives its name: the first version of V8 that was seen with it.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    pub(super) fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Gives the layout that a version of V8 would have if nothing changed between the rows.
    pub(super) fn expected(version: (u32, u32)) -> Layout {
        let covers = |layout: &Layout| layout.row().since <= version;
        Layout::ALL.into_iter().rev().find(covers).unwrap_or(Layout::V5_7)
    }
}

impl Row {
    /// Where the first section begins. The number of contexts is bounded by the caller.
    pub fn first_at(&self, contexts: u32) -> u64 {
        let end = self.slots_at as u64 + 4 * (self.slots.len() as u64 + u64::from(contexts));
        if self.aligned { end.next_multiple_of(8) } else { end }
    }

    /// The kinds of all sections, in the order of the file.
    pub fn kinds(&self, contexts: u32) -> impl Iterator<Item = SectionKind> {
        let first = std::iter::once(self.first);
        first.chain(self.slots.iter().copied()).chain((0..contexts).map(SectionKind::Context))
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for SectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Startup => f.write_str("startup"),
            Builtins => f.write_str("builtins"),
            ReadOnly => f.write_str("read-only"),
            Shared => f.write_str("shared"),
            SectionKind::Context(index) => write!(f, "context {index}"),
        }
    }
}

impl From<SectionKind> for String {
    fn from(kind: SectionKind) -> String {
        kind.to_string()
    }
}

impl TryFrom<String> for SectionKind {
    type Error = &'static str;

    fn try_from(name: String) -> Result<SectionKind, &'static str> {
        let plain = [Startup, Builtins, ReadOnly, Shared].into_iter().find(|kind| kind.to_string() == name);
        let context = || {
            let index = name.strip_prefix("context ")?.parse().ok()?;
            Some(SectionKind::Context(index)).filter(|kind| kind.to_string() == name)
        };
        plain.or_else(context).ok_or("this is no kind of section")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_has_its_own_row_and_its_serialised_name() {
        for layout in Layout::ALL {
            let text = serde_json::to_string(&layout).expect("a name");
            assert_eq!(text, format!("\"{}\"", layout.name()));
            assert_eq!(Layout::expected(layout.row().since), layout);
        }
        assert_eq!(Layout::expected((9, 4)), Layout::V8_4);
        assert_eq!(Layout::expected((99, 0)), Layout::V15_0);
    }

    #[test]
    fn names_of_sections_are_read_back_and_others_refused() {
        for kind in Layout::V15_0.row().kinds(2).chain([Builtins]) {
            assert_eq!(SectionKind::try_from(kind.to_string()), Ok(kind));
        }
        for name in ["", "Startup", "context", "context +1", "context 01", "context 4294967296", "../x"] {
            assert!(SectionKind::try_from(name.to_owned()).is_err(), "{name}");
        }
    }

    #[test]
    fn first_sections_begin_where_published_snapshots_have_them() {
        let at = |layout: Layout, contexts| layout.row().first_at(contexts);
        assert_eq!([at(Layout::V5_7, 1), at(Layout::V6_2, 1)], [8, 12]);
        assert_eq!([at(Layout::V6_6, 1), at(Layout::V6_6, 3)], [80, 88]);
        assert_eq!([at(Layout::V7_8, 1), at(Layout::V7_8, 2)], [88, 96]);
        assert_eq!([at(Layout::V8_4, 1), at(Layout::V8_4, 2)], [88, 88]);
        assert_eq!([at(Layout::V9_8, 1), at(Layout::V9_8, 4)], [88, 104]);
        assert_eq!([at(Layout::V11_8, 1), at(Layout::V15_0, 3)], [96, 104]);
    }
}
