//! Finds snapshots inside of other files: executables and libraries that carry them among their data.
//!
//! Start at [`scan`]. Three things are looked for: version strings with a snapshot's header in front of them,
//! the magic of sections for snapshots that have no version string, and the magic of node's containers. What
//! is found is read as any other snapshot, so a number that merely looks like a version costs a few
//! comparisons.
//!
//! Invariant: all reading together costs at most [`WORK_FACTOR`] times the file's length and a constant; what
//! would cost more is left out, and [`Scan::complete`] says so.

use memchr::{memchr_iter, memmem};

use super::blob::{Blob, CONTEXTS_MAX, Verdict, Work};
use super::container::{self, NodeContainer};
use super::layout::Layout;
use super::section::{Form, has_magic, read_u32};
use super::version;

/// Files hold at most so many snapshots; those behind are left out.
const HITS_MAX: usize = 1024;

/// How many bytes are summed up or unpacked for each byte of the file, at most.
const WORK_FACTOR: u64 = 8;

/// And this many however small the file is.
const WORK_BASE: u64 = 64 << 20;

/// Snapshots without a version string have at most so many contexts; Chromium's had up to 3.
const UNNAMED_CONTEXTS_MAX: u32 = 8;

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// What was found, in the order of the file.
    pub hits: Vec<Hit>,
    /// Whether all of the file was looked at; false if it holds more look-alikes than are worth reading.
    pub complete: bool,
}

/// A snapshot inside of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where it begins.
    pub offset: usize,
    /// How long it is. `None` if that cannot be told: for node's containers, and for damaged snapshots.
    pub length: Option<usize>,
    /// What it is. Offsets in it count from the hit's beginning.
    pub found: Found,
}

/// What lies inside of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A snapshot of V8.
    Blob(Blob),
    /// A container of node.
    Container(NodeContainer),
}

impl Hit {
    /// Gives the snapshot of V8.
    pub fn blob(&self) -> &Blob {
        match &self.found {
            Found::Blob(blob) => blob,
            Found::Container(container) => &container.blob,
        }
    }

    /// Says whether V8 would find it intact.
    pub fn verdict(&self) -> Verdict {
        self.blob().verdict()
    }
}

/// Finds all snapshots and containers in a file.
pub fn scan(bytes: &[u8]) -> Scan {
    let factor = WORK_FACTOR.saturating_mul(bytes.len() as u64);
    let mut search =
        Search { bytes, work: Work(factor.saturating_add(WORK_BASE)), hits: Vec::new(), complete: true };
    search.containers();
    search.named();
    search.unnamed();
    search.hits.sort_by_key(|hit| hit.offset);
    Scan { hits: search.hits, complete: search.complete }
}

struct Search<'a> {
    bytes: &'a [u8],
    work: Work,
    hits: Vec<Hit>,
    complete: bool,
}

impl Search<'_> {
    fn containers(&mut self) {
        let bytes = self.bytes;
        let mut free = 0;
        for offset in memmem::find_iter(bytes, &container::MAGIC.to_le_bytes()) {
            if offset < free || !self.goes_on() {
                continue;
            }
            if let Ok(container) = NodeContainer::read_within(&bytes[offset..], &mut self.work) {
                free = offset + container.blob_range.end;
                self.found(Hit { offset, length: None, found: Found::Container(container) });
            }
        }
    }

    /// Looks for version strings, each by the dot behind its first number.
    fn named(&mut self) {
        let bytes = self.bytes;
        let mut free = 0;
        for dot in memchr_iter(b'.', bytes) {
            // The byte in front of the string belongs to a checksum and may look like a digit too.
            let digits = bytes[..dot].iter().rev().take(3).take_while(|byte| byte.is_ascii_digit()).count();
            if dot < free || digits == 0 || !version::is_exact(&bytes[dot - 1..]) {
                continue;
            }
            let versions = (1..=digits).map(|digits| dot - digits);
            let offsets = versions.flat_map(|version| [8, 12, 16].map(|at| version.checked_sub(at)));
            for offset in offsets.flatten() {
                if offset >= free && is_header(bytes, offset) && self.goes_on() && !self.covers(offset) {
                    free = self.blob(offset).unwrap_or(free);
                }
            }
        }
    }

    /// Looks for snapshots without a version string, each by the upper half of its first section's magic.
    fn unnamed(&mut self) {
        let bytes = self.bytes;
        for half in memmem::find_iter(bytes, &[0xde, 0xc0]) {
            let Some(section) = half.checked_sub(2) else { continue };
            for (layout, contexts) in [Layout::V5_7, Layout::V6_2]
                .into_iter()
                .flat_map(|l| (1..=UNNAMED_CONTEXTS_MAX).map(move |n| (l, n)))
            {
                let first = layout.row().first_at(contexts) as usize;
                let Some(offset) = section.checked_sub(first) else { continue };
                if read_u32(bytes, offset) == Some(contexts)
                    && (!layout.row().has_flag || read_u32(bytes, offset + 4).is_some_and(|flag| flag <= 1))
                    && self.leads_to_magic(offset, layout, contexts)
                    && self.goes_on()
                    && !self.covers(offset)
                {
                    self.unnamed_blob(offset);
                }
            }
        }
    }

    /// Says whether the last context's offset leads to a section: without a version string all must be right.
    fn leads_to_magic(&self, offset: usize, layout: Layout, contexts: u32) -> bool {
        let slot = offset + layout.row().slots_at + 4 * (contexts as usize - 1);
        let last = read_u32(self.bytes, slot).and_then(|last| offset.checked_add(last as usize));
        last.and_then(|last| read_u32(self.bytes, last)).is_some_and(has_magic)
    }

    fn unnamed_blob(&mut self, offset: usize) {
        let read = Blob::read_prefix_within(&self.bytes[offset..], &mut self.work);
        if let Ok(blob) = read
            && blob.version.is_none()
            && blob.faults.is_empty()
            && blob.length_known
        {
            self.found(Hit { offset, length: Some(blob.length), found: Found::Blob(blob) });
        }
    }

    /// Reads what may be a snapshot; gives where it ends if it is one.
    fn blob(&mut self, offset: usize) -> Option<usize> {
        let blob = Blob::read_prefix_within(&self.bytes[offset..], &mut self.work).ok()?;
        let known = |form: &Form| !matches!(form, Form::Unknown { .. });
        if !blob.sections.iter().any(|section| known(&section.form)) || !self.goes_on() {
            return None;
        }
        let end = offset + if blob.verdict() == Verdict::Valid { blob.length } else { blob.header_length };
        let length = blob.length_known.then_some(blob.length);
        self.found(Hit { offset, length, found: Found::Blob(blob) });
        Some(end)
    }

    fn found(&mut self, hit: Hit) {
        if self.hits.len() < HITS_MAX {
            self.hits.push(hit);
        } else {
            self.complete = false;
        }
    }

    /// Says whether there is work left.
    fn goes_on(&mut self) -> bool {
        self.complete &= self.work.0 > 0;
        self.complete
    }

    /// Says whether a byte is in something that was found.
    fn covers(&self, offset: usize) -> bool {
        self.hits.iter().any(|hit| {
            let length = match &hit.found {
                Found::Blob(blob) => blob.length,
                Found::Container(container) => container.blob_range.end,
            };
            (hit.offset..hit.offset + length).contains(&offset)
        })
    }
}

/// Says whether the words in front of a version string may be a header's.
fn is_header(bytes: &[u8], offset: usize) -> bool {
    let contexts = read_u32(bytes, offset).is_some_and(|contexts| (1..=CONTEXTS_MAX).contains(&contexts));
    contexts && read_u32(bytes, offset + 4).is_some_and(|flag| flag <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::testing::{Random, Recipe, container};

    #[test]
    fn snapshots_of_all_layouts_are_found_at_odd_places() {
        let mut random = Random::new(7);
        for recipe in Recipe::all() {
            let blob = recipe.build(&mut random);
            let mut file = random.bytes(101);
            file.extend(&blob);
            file.extend([0; 64]);
            let second = file.len();
            file.extend(&blob);
            file.extend(random.bytes(33));
            let scan = scan(&file);
            let found: Vec<_> = scan.hits.iter().map(|hit| (hit.offset, hit.length)).collect();
            assert_eq!(found, [(101, Some(blob.len())), (second, Some(blob.len()))], "{recipe:?}");
            for hit in &scan.hits {
                assert_eq!(hit.blob(), &Blob::read(&blob).expect("a blob"), "{recipe:?}");
            }
            assert!(scan.complete);
        }
    }

    #[test]
    fn a_container_is_found_once() {
        let mut file = vec![0; 9];
        file.extend(container(22, &Recipe::new(Layout::V11_8, 4).build(&mut Random::new(1))));
        let hits = scan(&file).hits;
        assert_eq!(hits.len(), 1);
        assert_eq!((hits[0].offset, hits[0].verdict()), (9, Verdict::Valid));
        assert!(matches!(hits[0].found, Found::Container(_)));
    }

    #[test]
    fn a_damaged_snapshot_is_found_too() {
        let blob = Recipe::new(Layout::V9_8, 2).build(&mut Random::new(3));
        let mut file = vec![7; 50];
        file.extend(&blob);
        let last = file.len() - 1;
        file[last] ^= 4;
        let hits = scan(&file).hits;
        assert_eq!((hits.len(), hits[0].offset, hits[0].length), (1, 50, Some(blob.len())));
        assert_eq!(hits[0].verdict(), Verdict::Damaged);
        // Cut off, its end cannot be told.
        let hits = scan(&file[..last]).hits;
        assert_eq!((hits.len(), hits[0].length, hits[0].verdict()), (1, None, Verdict::Damaged));
    }

    #[test]
    fn look_alikes_cost_little() {
        let mut header = [0; 88];
        header[0] = 1;
        header[12..22].copy_from_slice(b"9.8.123.45");
        let file = header.repeat(40_000);
        let found = scan(&file);
        assert!(found.hits.is_empty());
        assert!(!found.complete);
        assert_eq!(scan(&b"1.1.1.1.1.1.".repeat(10_000)), Scan { hits: Vec::new(), complete: true });
        assert_eq!(scan(&[0xde, 0xc0].repeat(100_000)), Scan { hits: Vec::new(), complete: true });
    }
}
