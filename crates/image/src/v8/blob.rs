//! Reads a snapshot: finds its layout, its sections and what is wrong with it.
//!
//! Start at [`Blob::read`]. A `Draft` is one layout's view of the bytes; the layout whose view has the fewest
//! faults and the most checksums that fit is the one. The version's number decides only between damaged
//! views.
//!
//! Invariant: work and memory are bounded by the input's length: at most [`CONTEXTS_MAX`] contexts are read,
//! and `Work` bounds what is summed up and unpacked.

use std::cmp::Reverse;
use std::ops::Range;

use super::checksum::{Algorithm, Checksum, bytewise, words};
use super::deflate;
use super::error::Error;
use super::fault::Fault;
use super::layout::{Layout, Row, SectionKind, Shape, Sums, VERSION_BYTES};
use super::section::{Form, Section, has_magic, read_u32};
use super::version;

/// Snapshots with more contexts are refused. V8 has no bound of its own; Chromium's have 3, node's 4.
pub const CONTEXTS_MAX: u32 = 4096;

/// A snapshot without a version string is taken for one only if it has at most so many contexts.
const UNNAMED_CONTEXTS_MAX: u32 = 64;

/// What looking at the beginning of a section costs at most, in bytes that could be summed up instead.
const SECTION_WORK: u64 = 16 << 10;

/// What looking for a version string costs at most.
const NAME_WORK: u64 = 4 << 10;

/// A snapshot of V8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// How it is laid out.
    pub layout: Layout,
    /// The version of V8 that wrote it; `None` in the layouts that have none.
    pub version: Option<String>,
    /// Whether V8 may compute new hashes when it loads it; `None` in the layout that has no flag for it.
    pub rehashable: Option<bool>,
    /// How many contexts it has.
    pub contexts: u32,
    /// Where the header, without padding, ends.
    pub header_length: usize,
    /// How long it is; if `length_known` is false, how much of it could be told.
    pub length: usize,
    /// Whether its end is known.
    pub length_known: bool,
    /// Its checksums.
    pub checksums: Vec<Checksum>,
    /// Its sections in the order of the file.
    pub sections: Vec<Section>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// What can be said of a snapshot's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All checksums fit.
    Valid,
    /// A checksum does not fit, or sections overlap or lie outside: see [`Blob::faults`].
    Damaged,
    /// Nothing is wrong as far as can be told; the layout has no checksum.
    Unverified,
}

/// How much may still be summed up and unpacked, in bytes.
#[derive(Debug)]
pub(super) struct Work(pub u64);

impl Work {
    /// Takes from it; false if there is not enough.
    pub fn spend(&mut self, bytes: u64) -> bool {
        let rest = self.0.checked_sub(bytes);
        self.0 = rest.unwrap_or(0);
        rest.is_some()
    }
}

/// Where a snapshot ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Where the bytes end.
    Whole,
    /// Where its last section says.
    Derived,
}

/// The bytes as one layout sees them.
#[derive(Debug)]
struct Draft {
    layout: Layout,
    contexts: u32,
    sections: Vec<Section>,
    faults: Vec<Fault>,
    checksums: Vec<Checksum>,
    /// Where the snapshot ends, if it is known.
    end: Option<usize>,
}

impl Blob {
    /// Reads a snapshot that is all of `bytes`, as V8 does.
    ///
    /// # Errors
    ///
    /// If it cannot be recognised, or its header is not all there. A damaged one is no error: see
    /// [`Blob::verdict`].
    ///
    /// ```
    /// use b8g_image::v8::{Blob, Error};
    /// assert_eq!(Blob::read(b"hello"), Err(Error::NotSnapshot));
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Blob, Error> {
        Blob::read_within(bytes, &mut Work(u64::MAX))
    }

    /// Reads a snapshot at the beginning of `bytes`, which may go on behind it.
    ///
    /// # Errors
    ///
    /// As [`Blob::read`].
    pub fn read_prefix(bytes: &[u8]) -> Result<Blob, Error> {
        Blob::read_prefix_within(bytes, &mut Work(u64::MAX))
    }

    pub(super) fn read_within(bytes: &[u8], work: &mut Work) -> Result<Blob, Error> {
        read(bytes, Extent::Whole, &candidates(bytes, work), work)
    }

    pub(super) fn read_prefix_within(bytes: &[u8], work: &mut Work) -> Result<Blob, Error> {
        read(bytes, Extent::Derived, &candidates(bytes, work), work)
    }

    /// Reads a snapshot of a layout that is known.
    pub(super) fn read_as(bytes: &[u8], layout: Layout) -> Result<Blob, Error> {
        read(bytes, Extent::Whole, &[layout], &mut Work(u64::MAX))
    }

    /// Says whether V8 would find it intact.
    pub fn verdict(&self) -> Verdict {
        if !self.faults.is_empty() || !self.length_known {
            Verdict::Damaged
        } else if self.checksums.is_empty() {
            Verdict::Unverified
        } else {
            Verdict::Valid
        }
    }

    /// Says whether its sections are compressed.
    pub fn compressed(&self) -> bool {
        self.sections.iter().any(|section| matches!(section.form, Form::Deflate { .. }))
    }
}

/// The layouts that the bytes may have.
fn candidates(bytes: &[u8], work: &mut Work) -> Vec<Layout> {
    if !work.spend(NAME_WORK) {
        return Vec::new();
    }
    let named = |judge: fn(&[u8]) -> bool| -> Vec<Layout> {
        let has = |at: usize| bytes.get(at..).is_some_and(judge);
        Layout::ALL.into_iter().filter(|layout| layout.row().version_at.is_some_and(has)).collect()
    };
    for judge in [version::is_exact, version::is_bent] {
        let layouts = named(judge);
        if !layouts.is_empty() {
            return layouts;
        }
    }
    [Layout::V5_7, Layout::V6_2].into_iter().filter(|layout| begins_unnamed(bytes, layout.row())).collect()
}

/// Says whether a snapshot without a version string may begin here.
fn begins_unnamed(bytes: &[u8], row: &Row) -> bool {
    let contexts = read_u32(bytes, 0).filter(|contexts| (1..=UNNAMED_CONTEXTS_MAX).contains(contexts));
    let first = contexts.and_then(|contexts| read_u32(bytes, row.first_at(contexts) as usize));
    first.is_some_and(has_magic) && (!row.has_flag || read_u32(bytes, 4).is_some_and(|flag| flag <= 1))
}

fn read(bytes: &[u8], extent: Extent, layouts: &[Layout], work: &mut Work) -> Result<Blob, Error> {
    let mut drafts = Vec::new();
    let mut error = Error::NotSnapshot;
    for &layout in layouts {
        match Draft::new(bytes, layout, extent, work) {
            Ok(draft) => drafts.push(draft),
            Err(found) => error = found,
        }
    }
    let expected = layouts.first().and_then(|layout| layout.row().version_at);
    let expected = expected.and_then(|at| version::numbers(bytes.get(at..)?)).map(Layout::expected);
    let cost = |draft: &Draft| {
        let unexpected = usize::from(expected.is_some_and(|layout| layout != draft.layout));
        let faults = draft.faults.len();
        if faults == 0 { (0, 0) } else { (1, faults + 2 * unexpected) }
    };
    let Some(least) = drafts.iter().map(cost).min() else { return Err(error) };
    drafts.retain(|draft| cost(draft) == least);
    for draft in &mut drafts {
        draft.checksums = checksums(bytes, draft, work);
    }
    let rank = |draft: &Draft| {
        let fitting = draft.checksums.iter().filter(|sum| sum.ok()).count();
        (fitting, expected == Some(draft.layout), Reverse(draft.layout as usize))
    };
    let best = drafts.into_iter().max_by_key(rank).ok_or(error)?;
    Ok(best.finish(bytes, extent, work))
}

impl Draft {
    fn new(bytes: &[u8], layout: Layout, extent: Extent, work: &mut Work) -> Result<Draft, Error> {
        let row = layout.row();
        let truncated = |needed| Error::Truncated { needed, length: bytes.len() };
        let contexts = read_u32(bytes, 0).ok_or(truncated(4))?;
        if !(1..=CONTEXTS_MAX).contains(&contexts) {
            return Err(Error::Contexts { count: contexts });
        }
        let first = row.first_at(contexts);
        if first + 4 > bytes.len() as u64 || !work.spend(SECTION_WORK * (4 + u64::from(contexts))) {
            return Err(truncated(first + 4));
        }
        let first = first as usize;
        let mut draft = Draft {
            layout,
            contexts,
            sections: Vec::new(),
            faults: Vec::new(),
            checksums: Vec::new(),
            end: None,
        };
        draft.header(bytes, first);
        let offsets = draft.offsets(bytes, first);
        draft.sections(bytes, &offsets);
        draft.end = match extent {
            Extent::Whole => Some(bytes.len()),
            Extent::Derived => draft.derive_end(bytes, work),
        };
        draft.fit();
        Ok(draft)
    }

    /// Notes what is wrong with the header's own fields.
    fn header(&mut self, bytes: &[u8], first: usize) {
        let row = self.layout.row();
        let flag = read_u32(bytes, 4).unwrap_or(0);
        if row.has_flag && flag > 1 {
            self.faults.push(Fault::Flag { found: flag });
        }
        let field = row.version_at.map(|at| (at, &bytes[at..at + VERSION_BYTES]));
        if let Some((at, field)) = field
            && !version::is_exact(field)
        {
            self.faults.push(Fault::Version { offset: at });
        }
        let behind = field.map(|(at, field)| at + version::text(field).len()..at + VERSION_BYTES);
        let padding = std::iter::once(header_end(row, self.contexts)..first).chain(behind);
        let dirty = padding.filter(|range| bytes[range.clone()].iter().any(|&byte| byte != 0));
        self.faults.extend(dirty.map(|range| Fault::Padding { range }));
    }

    /// Gives where each section begins, and notes those that cannot.
    fn offsets(&mut self, bytes: &[u8], first: usize) -> Vec<(SectionKind, usize)> {
        let row = self.layout.row();
        let mut offsets = Vec::new();
        let mut previous = first;
        for (index, kind) in row.kinds(self.contexts).enumerate() {
            let slot = index.checked_sub(1).and_then(|slot| read_u32(bytes, row.slots_at + 4 * slot));
            let offset = slot.map_or(first, |offset| offset as usize);
            if index > 0 && offset <= previous {
                self.faults.push(Fault::Overlap { section: kind, offset, previous });
            } else if offset >= bytes.len() {
                self.faults.push(Fault::Outside { section: kind, offset, end: bytes.len() });
            }
            previous = previous.max(offset);
            offsets.push((kind, offset));
        }
        offsets
    }

    /// Reads how each section begins, in the shape that suits the most of them.
    fn sections(&mut self, bytes: &[u8], offsets: &[(SectionKind, usize)]) {
        let rooms = rooms(offsets, bytes.len());
        let read = |shape: Shape| -> Vec<Form> {
            rooms.iter().map(|room| Form::read(&bytes[room.clone()], shape)).collect()
        };
        let suits = |forms: &[Form]| {
            let ends = forms.iter().map(Form::end).zip(&rooms);
            ends.filter(|(end, room)| *end == Some(room.len() as u64)).count()
        };
        let all = self.layout.row().shapes.iter().map(|&shape| read(shape));
        let forms = all.reduce(|best, next| if suits(&next) > suits(&best) { next } else { best });
        for ((&(kind, offset), room), form) in offsets.iter().zip(&rooms).zip(forms.unwrap_or_default()) {
            if matches!(form, Form::Unknown { .. }) && !room.is_empty() {
                self.faults.push(Fault::Magic { section: kind, offset });
            }
            self.sections.push(Section { kind, offset, length: room.len(), form });
        }
    }

    /// Finds where the last section ends.
    fn derive_end(&mut self, bytes: &[u8], work: &mut Work) -> Option<usize> {
        let last = self.sections.last()?;
        let room = bytes.get(last.offset..)?;
        let length = match last.form {
            Form::Plain(_) => last.form.end(),
            Form::Deflate { raw_length, .. } => {
                let affordable = work.spend(u64::from(raw_length));
                let stream = room.get(4..).filter(|_| affordable)?;
                let packed = deflate::measure(stream, u64::from(raw_length));
                if packed.is_none() {
                    let (section, offset) = (last.kind, last.offset);
                    self.faults.push(Fault::Packed { section, offset, raw_length });
                }
                packed.map(|packed| packed as u64 + 4)
            }
            Form::Unknown { .. } => None,
        }?;
        let end = usize::try_from(length).ok().filter(|&length| length <= room.len())?;
        last.offset.checked_add(end)
    }

    /// Cuts the last section at the end, and notes payloads that are longer than their sections.
    fn fit(&mut self) {
        if let (Some(end), Some(last)) = (self.end, self.sections.last_mut())
            && last.length > 0
        {
            last.length = end.saturating_sub(last.offset);
        }
        for section in &self.sections {
            let range = section.offset..section.offset.saturating_add(section.length);
            let end = section.form.end().map(|end| section.offset as u64 + end);
            if let Some(end) = end.filter(|&end| end > range.end as u64) {
                self.faults.push(Fault::Payload { section: section.kind, range, end });
            }
        }
    }

    /// Makes a blob of it.
    fn finish(mut self, bytes: &[u8], extent: Extent, work: &mut Work) -> Blob {
        let row = self.layout.row();
        let trailing = if extent == Extent::Whole { self.trailing(bytes, work) } else { None };
        match trailing {
            Some(range) => self.faults.push(Fault::Trailing { range }),
            None => self.faults.extend(checksum_faults(&self.checksums)),
        }
        let known =
            self.sections.iter().map(|section| section.offset).filter(|&offset| offset <= bytes.len());
        let length = self.end.or(known.max()).unwrap_or(0);
        Blob {
            layout: self.layout,
            version: row.version_at.map(|at| version::show(&bytes[at..])),
            rehashable: row.has_flag.then(|| read_u32(bytes, 4) != Some(0)),
            contexts: self.contexts,
            header_length: header_end(row, self.contexts),
            length,
            length_known: self.end.is_some(),
            checksums: self.checksums,
            sections: self.sections,
            faults: self.faults,
        }
    }

    /// Gives the bytes behind the last section if the checksum fits without them.
    fn trailing(&mut self, bytes: &[u8], work: &mut Work) -> Option<Range<usize>> {
        let broken = self.checksums.iter().any(|sum| sum.name != READ_ONLY && !sum.ok());
        if !broken || !self.faults.is_empty() {
            return None;
        }
        let derived = self.derive_end(bytes, work)?;
        let whole = self.end.replace(derived);
        let sums = checksums(bytes, self, work);
        self.end = whole;
        let range = derived..bytes.len();
        (!range.is_empty() && sums.iter().all(Checksum::ok)).then_some(range)
    }
}

/// The name of the read-only section's checksum.
const READ_ONLY: &str = "read-only";

/// Where the header ends, without padding.
fn header_end(row: &Row, contexts: u32) -> usize {
    row.slots_at + 4 * (row.slots.len() + contexts as usize)
}

/// The bytes of each section: up to the next one; empty where there is no room.
fn rooms(offsets: &[(SectionKind, usize)], end: usize) -> Vec<Range<usize>> {
    let ends = offsets.iter().skip(1).map(|&(_, offset)| offset.min(end)).chain([end]);
    let room =
        |(&(_, start), end): (&(SectionKind, usize), usize)| if start < end { start..end } else { 0..0 };
    offsets.iter().zip(ends).map(room).collect()
}

/// Computes the checksums of a layout with the algorithm that fits the most of them.
fn checksums(bytes: &[u8], draft: &Draft, work: &mut Work) -> Vec<Checksum> {
    let sums = draft.layout.row().sums;
    let algorithms: &[Algorithm] = match sums {
        Sums::Absent => return Vec::new(),
        Sums::Words => &[Algorithm::Words64],
        Sums::Blob | Sums::BlobAndReadOnly if of_rusty(bytes, draft.layout) => {
            &[Algorithm::Fletcher32, Algorithm::Adler32]
        }
        Sums::Blob | Sums::BlobAndReadOnly => &[Algorithm::Adler32, Algorithm::Fletcher32],
    };
    let mut best: Vec<Checksum> = Vec::new();
    let fitting = |sums: &[Checksum]| sums.iter().filter(|sum| sum.ok()).count();
    for &algorithm in algorithms {
        let next = checksums_by(algorithm, bytes, draft, work);
        if best.is_empty() || fitting(&next) > fitting(&best) {
            best = next;
        }
        if best.iter().all(Checksum::ok) {
            break;
        }
    }
    best
}

/// Says whether the builds of the crate `v8` wrote it: they have no zlib. A hint for damaged snapshots only.
fn of_rusty(bytes: &[u8], layout: Layout) -> bool {
    let field = layout.row().version_at.and_then(|at| bytes.get(at..));
    field.is_some_and(|field| version::text(field).ends_with(b"-rusty"))
}

fn checksums_by(algorithm: Algorithm, bytes: &[u8], draft: &Draft, work: &mut Work) -> Vec<Checksum> {
    let end = draft.end.unwrap_or(bytes.len());
    let mut sum = |name, offset, covers: Range<usize>, half: usize| {
        let content = bytes.get(covers.clone()).filter(|content| {
            let known = draft.end.is_some() || name == READ_ONLY;
            known && !content.is_empty() && work.spend(content.len() as u64)
        });
        let computed = content.map(|content| match algorithm {
            Algorithm::Words64 => words(content)[half],
            Algorithm::Adler32 | Algorithm::Fletcher32 => bytewise(algorithm, content),
        });
        let stored = read_u32(bytes, offset).unwrap_or(0);
        Checksum { name, offset, covers, algorithm, stored, computed }
    };
    let mut all = match draft.layout.row().sums {
        Sums::Absent => Vec::new(),
        Sums::Words => {
            // Bytes behind the last whole word do not count; V8 writes none.
            let end = end - end % 8;
            vec![sum("blob a", 8, 16..end, 0), sum("blob b", 12, 16..end, 1)]
        }
        Sums::Blob | Sums::BlobAndReadOnly => vec![sum("blob", 8, 12..end, 0)],
    };
    if draft.layout.row().sums == Sums::BlobAndReadOnly {
        let section = draft.sections.iter().find(|section| section.kind == SectionKind::ReadOnly);
        let covers =
            section.map_or(0..0, |section| section.offset..section.offset.saturating_add(section.length));
        all.push(sum(READ_ONLY, 12, covers, 0));
    }
    all
}

/// What the checksums say about where the damage is.
fn checksum_faults(checksums: &[Checksum]) -> Vec<Fault> {
    let intact = checksums.iter().find(|sum| sum.name == READ_ONLY && sum.ok()).map(|sum| sum.covers.clone());
    let broken = checksums.iter().filter(|sum| !sum.ok() && sum.computed.is_some());
    let fault = |sum: &Checksum| Fault::Checksum {
        name: sum.name,
        covers: sum.covers.clone(),
        intact: intact.clone().filter(|_| sum.name != READ_ONLY),
    };
    broken.map(fault).collect()
}
