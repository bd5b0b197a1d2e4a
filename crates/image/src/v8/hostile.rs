//! Tests of reading: every layout whole, with flipped bits, cut off, with extreme fields, and mutated at
//! random.
//!
//! Invariant tested: nothing panics, what was changed is noticed wherever a checksum covers it, and pieces of
//! anything that can be read give the same bytes again.

use super::blob::{Blob, CONTEXTS_MAX, Verdict};
use super::checksum::Algorithm;
use super::error::Error;
use super::fault::Fault;
use super::layout::{Layout, SectionKind, Shape, Sums};
use super::parts::{Checksums, extract, pack};
use super::report::inspect;
use super::scan::scan;
use super::section::Form;
use super::testing::{Random, Recipe, container, put};

fn read(bytes: &[u8]) -> Blob {
    Blob::read(bytes).expect("it can be read")
}

#[test]
fn every_layout_is_recognised_and_read() {
    let mut random = Random::new(1);
    for recipe in Recipe::all() {
        let bytes = recipe.build(&mut random);
        let blob = read(&bytes);
        let row = recipe.layout.row();
        let expected = if row.sums == Sums::Absent { Verdict::Unverified } else { Verdict::Valid };
        assert_eq!((blob.layout, blob.verdict()), (recipe.layout, expected), "{recipe:?} {:?}", blob.faults);
        assert_eq!(blob.version, row.version_at.map(|_| recipe.version()));
        assert_eq!(blob.rehashable, row.has_flag.then_some(true));
        assert_eq!((blob.contexts, blob.length), (recipe.contexts, bytes.len()));
        assert!(blob.checksums.iter().all(|sum| sum.algorithm == recipe.algorithm));
        let kinds: Vec<SectionKind> = blob.sections.iter().map(|section| section.kind).collect();
        assert_eq!(kinds, row.kinds(recipe.contexts).collect::<Vec<_>>());
        let mut at = row.first_at(recipe.contexts) as usize;
        for section in &blob.sections {
            assert_eq!(section.offset, at);
            at += section.length;
            assert_eq!(matches!(section.form, Form::Deflate { .. }), recipe.packed);
            assert_eq!(section.form.payload().map(|payload| payload.table_size), Some(0x345));
        }
        assert_eq!(at, bytes.len());
        assert_eq!(blob.compressed(), recipe.packed);
    }
}

#[test]
fn the_numbers_of_checksums_are_those_of_the_layouts() {
    for layout in Layout::ALL {
        let blob = read(&Recipe::new(layout, 2).build(&mut Random::new(2)));
        let names: Vec<_> =
            blob.checksums.iter().map(|sum| (sum.name, sum.offset, sum.covers.start)).collect();
        let read_only = blob.sections.iter().find(|section| section.kind == SectionKind::ReadOnly);
        let read_only = read_only.map_or(0, |section| section.offset);
        let expected = match layout.row().sums {
            Sums::Absent => vec![],
            Sums::Words => vec![("blob a", 8, 16), ("blob b", 12, 16)],
            Sums::Blob => vec![("blob", 8, 12)],
            Sums::BlobAndReadOnly => vec![("blob", 8, 12), ("read-only", 12, read_only)],
        };
        assert_eq!(names, expected);
    }
}

#[test]
fn a_prefix_ends_where_its_last_section_does() {
    let mut random = Random::new(3);
    for recipe in Recipe::all() {
        let whole = recipe.build(&mut random);
        let mut bytes = whole.clone();
        bytes.extend(random.bytes(40));
        assert_eq!(Blob::read_prefix(&bytes), Ok(read(&whole)), "{recipe:?}");
        if recipe.layout.row().sums == Sums::Absent {
            continue;
        }
        // V8 takes the whole file for the snapshot, so what is behind it breaks the checksum.
        let blob = read(&bytes);
        assert_eq!(blob.faults, [Fault::Trailing { range: whole.len()..bytes.len() }], "{recipe:?}");
    }
}

/// Flips every bit of some range and says what the snapshot is then.
fn flip(bytes: &[u8], range: std::ops::Range<usize>, mut check: impl FnMut(usize, Blob)) {
    for bit in range.start * 8..range.end * 8 {
        let mut bent = bytes.to_vec();
        bent[bit / 8] ^= 1 << (bit % 8);
        check(bit / 8, Blob::read(&bent).unwrap_or_else(|error| panic!("bit {bit}: {error}")));
    }
}

#[test]
fn a_flipped_bit_under_a_checksum_is_found_and_its_range_named() {
    let mut random = Random::new(4);
    for recipe in Recipe::all() {
        let bytes = recipe.build(&mut random);
        let whole = read(&bytes);
        let Some(first) = whole.checksums.first() else { continue };
        flip(&bytes, first.covers.clone(), |at, blob| {
            assert_eq!(blob.verdict(), Verdict::Damaged, "{recipe:?} byte {at}");
            let named = |fault: &Fault| match fault {
                Fault::Checksum { covers, intact, .. } => {
                    covers.contains(&at) && !intact.as_ref().is_some_and(|intact| intact.contains(&at))
                }
                _ => false,
            };
            assert!(blob.faults.iter().any(named), "{recipe:?} byte {at}: {:?}", blob.faults);
            assert_eq!(blob.layout.row().sums, recipe.layout.row().sums, "{recipe:?} byte {at}");
        });
    }
}

#[test]
fn damage_of_a_payload_is_told_apart_by_the_read_only_checksum() {
    for layout in [Layout::V11_8, Layout::V15_0] {
        for algorithm in [Algorithm::Adler32, Algorithm::Fletcher32] {
            let bytes = Recipe { algorithm, ..Recipe::new(layout, 2) }.build(&mut Random::new(5));
            let whole = read(&bytes);
            for section in &whole.sections {
                let range = section.offset..section.offset + section.length;
                flip(&bytes, range.start + 8..range.end, |at, blob| {
                    assert_eq!(blob.layout, layout, "byte {at}");
                    let names = blob.faults.iter().map(|fault| match fault {
                        Fault::Checksum { name, intact, .. } => (*name, intact.is_some()),
                        other => panic!("byte {at}: {other}"),
                    });
                    let names: Vec<_> = names.collect();
                    let expected: &[_] = if section.kind == SectionKind::ReadOnly {
                        &[("blob", false), ("read-only", false)]
                    } else {
                        &[("blob", true)]
                    };
                    assert_eq!(names, expected, "byte {at}");
                });
            }
        }
    }
}

#[test]
fn a_flipped_bit_of_a_stored_checksum_is_found() {
    for recipe in Recipe::all() {
        let bytes = recipe.build(&mut Random::new(6));
        for sum in &read(&bytes).checksums {
            flip(&bytes, sum.offset..sum.offset + 4, |at, blob| {
                assert_eq!(blob.verdict(), Verdict::Damaged, "{recipe:?} byte {at}");
                assert!(blob.checksums.iter().any(|next| next.name == sum.name && !next.ok()), "byte {at}");
            });
        }
    }
}

#[test]
fn every_truncation_is_refused_or_damaged() {
    for recipe in Recipe::all() {
        let bytes = recipe.build(&mut Random::new(7));
        for length in 0..bytes.len() {
            match Blob::read(&bytes[..length]) {
                Ok(blob) => assert_eq!(blob.verdict(), Verdict::Damaged, "{recipe:?} {length}"),
                Err(Error::NotSnapshot | Error::Truncated { .. }) => {}
                Err(error) => panic!("{recipe:?} {length}: {error}"),
            }
            let _ = (Blob::read_prefix(&bytes[..length]), scan(&bytes[..length]), extract(&bytes[..length]));
        }
    }
}

/// All that can be done with bytes; panics if their pieces do not give them back.
fn exercise(bytes: &[u8]) {
    let _ = Blob::read_prefix(bytes);
    if let Ok(parts) = extract(bytes) {
        assert_eq!(pack(&parts, Checksums::Keep).as_deref(), Ok(bytes));
        let _ = pack(&parts, Checksums::Recompute);
    }
    if let Ok(inspection) = inspect(bytes) {
        assert!(!inspection.to_string().contains(|c: char| c.is_control() && c != '\n'));
    }
}

#[test]
fn extreme_fields_do_no_harm() {
    let extremes = [
        0,
        1,
        2,
        3,
        7,
        64,
        1 << 12,
        (1 << 12) + 1,
        1 << 16,
        0x7fff_ffff,
        0x8000_0000,
        u32::MAX - 3,
        u32::MAX,
    ];
    for recipe in Recipe::all() {
        let bytes = recipe.build(&mut Random::new(8));
        let sections = read(&bytes).sections;
        let header = 0..recipe.layout.row().first_at(recipe.contexts) as usize;
        let heads = sections.iter().map(|section| section.offset..(section.offset + 20).min(bytes.len() - 4));
        for range in std::iter::once(header).chain(heads) {
            for at in range.step_by(4) {
                for extreme in extremes {
                    let mut bent = bytes.clone();
                    put(&mut bent, at, extreme);
                    exercise(&bent);
                }
            }
        }
    }
}

#[test]
fn numbers_of_contexts_that_cannot_be_are_refused() {
    let mut bytes = Recipe::new(Layout::V11_8, 1).build(&mut Random::new(9));
    for count in [0, CONTEXTS_MAX + 1, u32::MAX] {
        put(&mut bytes, 0, count);
        assert_eq!(Blob::read(&bytes), Err(Error::Contexts { count }));
    }
    put(&mut bytes, 0, CONTEXTS_MAX);
    let needed = 88 + 4 * u64::from(CONTEXTS_MAX) + 4;
    assert_eq!(Blob::read(&bytes), Err(Error::Truncated { needed, length: bytes.len() }));
}

#[test]
fn sections_that_overlap_or_leave_the_file_are_named() {
    let bytes = Recipe::new(Layout::V9_8, 2).build(&mut Random::new(10));
    let fault_of = |at: usize, word: u32| {
        let mut bent = bytes.clone();
        put(&mut bent, at, word);
        let blob = read(&bent);
        assert_eq!((blob.layout, blob.verdict()), (Layout::V9_8, Verdict::Damaged));
        blob.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    let text = fault_of(84, 10);
    assert!(text.contains("section \"context 0\" begins at byte 10, which overlaps"), "{text}");
    let text = fault_of(88, u32::MAX);
    assert!(text.contains("section \"context 1\" begins at byte 4294967295, behind the end"), "{text}");
    let first = read(&bytes).sections[0].offset;
    let text = fault_of(first + 4, 1 << 30);
    assert!(text.contains("section \"startup\" at bytes 96.."), "{text}");
    let text = fault_of(first, 7);
    assert!(text.contains("byte 96: section \"startup\" begins neither with"), "{text}");
    let text = fault_of(4, 2);
    assert!(text.contains("the flag for rehashing is 2"), "{text}");
    let text = fault_of(64, 2);
    assert!(text.contains("of the header should be zero"), "{text}");
}

/// Changes some bytes in one of the ways that find mistakes.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 if bytes.len() >= 8 => {
                let word = [0, 1, 0xff, 0x7fff_ffff, u32::MAX, bytes.len() as u32][random.below(6)];
                let at = random.below(bytes.len() / 4) * 4;
                put(bytes, at, word);
            }
            3 => bytes.truncate(at),
            4 => {
                let piece: Vec<u8> = bytes[at..].iter().copied().take(1 + random.below(40)).collect();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => {
                let end = (at + 1 + random.below(16)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
}

#[test]
fn random_mutations_never_panic() {
    let mut random = Random::new(0xb8);
    let recipes = Recipe::all();
    let mut samples: Vec<Vec<u8>> = Vec::new();
    for recipe in &recipes {
        let blob = Recipe { payload: 4, ..*recipe }.build(&mut random);
        if blob.len() < 250 {
            samples.push(container([18, 20, 26][random.below(3)], &blob));
        }
        samples.push(blob);
    }
    for _ in 0..100_000 {
        let mut bytes = samples[random.below(samples.len())].clone();
        mutate(&mut bytes, &mut random);
        exercise(&bytes);
    }
}

#[test]
fn shapes_of_sections_are_told_apart() {
    for shape in [Shape::Length, Shape::ReservedAligned] {
        let bytes = Recipe { shape, ..Recipe::new(Layout::V8_4, 3) }.build(&mut Random::new(13));
        let headers: Vec<u64> =
            read(&bytes).sections.iter().filter_map(|s| s.form.payload()).map(|p| p.header_length).collect();
        assert!(headers.iter().all(|&length| (length == 8) == (shape == Shape::Length)), "{headers:?}");
    }
}
