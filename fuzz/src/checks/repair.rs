//! Inputs made into images: digests made right, sections laid out, whole files made from a manifest alone.
//!
//! Start at [`image`]. Whoever means harm can compute a digest, a fuzzer cannot; so it must not have to. Invariant: what
//! is written here follows docs/formats/image.md and not the code under test.

use b8g_image::{FORMAT_VERSION, HEAD_BYTES, Manifest, PAGE_BYTES};

use super::image::parent_id;

const CHECKSUM: usize = 8;
const VERSION: usize = 12;
const READ_ONLY: usize = 144;
const CONTEXTS: usize = 152;
const CONTEXTS_MAX: u32 = 16;
const RECORD_BYTES: usize = 56;

const MANIFEST_KIND: u32 = 1;
const WASM_KIND: u32 = 2;
const PROGRAM_KIND: u32 = 3;
const READ_ONLY_KIND: u32 = 4;
const PAGES_KIND: u32 = 5;
const NATIVE_KIND: u32 = 6;
const SIGNATURES_KIND: u32 = 7;

/// Bytes of a signature in its section.
const SIGNATURE_BYTES: usize = 100;
/// Pages that a described image gets at most for one section.
const PAGES_MAX: u64 = 20;

/// Makes a file of an input. Its first byte says how: the file follows as it is; follows, and gets its digests right;
/// follows, and its sections are put one behind the other too; or is made from a manifest, as `described` says.
pub fn image(input: &[u8]) -> Vec<u8> {
    let Some((how, rest)) = input.split_first() else { return Vec::new() };
    match how % 4 {
        0 => rest.to_vec(),
        1 => sealed(rest.to_vec()),
        2 => laid_out(rest.to_vec()),
        _ => described(rest),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u32::from_le_bytes(*word))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |long| u64::from_le_bytes(*long))
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + what.len()) {
        place.copy_from_slice(what);
    }
}

/// Where the table of sections begins.
fn table(bytes: &[u8]) -> usize {
    CONTEXTS + 8 * word(bytes, 0).min(CONTEXTS_MAX) as usize
}

/// Where the head's records are that fit into it.
fn records(bytes: &[u8]) -> impl Iterator<Item = usize> + use<> {
    let first = table(bytes) + 16;
    let room = (HEAD_BYTES - first) / RECORD_BYTES;
    (0..room.min(word(bytes, first - 8) as usize)).map(move |i| first + i * RECORD_BYTES)
}

/// Writes the digests of all sections that lie in the file, and the head's checksum.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() < HEAD_BYTES {
        return bytes;
    }
    for at in records(&bytes) {
        let (start, length) = (long(&bytes, at + 8), long(&bytes, at + 16));
        let range = start as usize..start.saturating_add(length) as usize;
        if let Some(digest) = bytes.get(range).map(blake3::hash) {
            put(&mut bytes, at + 24, digest.as_bytes());
        }
    }
    let sum = blake3::hash(&bytes[VERSION..HEAD_BYTES]);
    put(&mut bytes, CHECKSUM, &sum.as_bytes()[..4]);
    bytes
}

/// Puts sections one behind the other, each as long as its record says if there is so much, and seals the file.
fn laid_out(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() < HEAD_BYTES {
        return bytes;
    }
    bytes.resize(bytes.len().next_multiple_of(PAGE_BYTES), 0);
    let mut end = HEAD_BYTES;
    for at in records(&bytes) {
        let length = long(&bytes, at + 16).min((bytes.len() - end) as u64) as usize;
        let offset = (end as u64).to_le_bytes();
        put(&mut bytes, at + 8, &offset);
        put(&mut bytes, at + 16, &(length as u64).to_le_bytes());
        match (word(&bytes, at), word(&bytes, at + 4)) {
            (READ_ONLY_KIND, 0) => put(&mut bytes, READ_ONLY, &offset),
            (PAGES_KIND, index) if index < word(&bytes, 0).min(CONTEXTS_MAX) => {
                put(&mut bytes, CONTEXTS + 8 * index as usize, &offset);
            }
            _ => {}
        }
        let behind = end + length;
        end = behind.next_multiple_of(PAGE_BYTES);
        bytes[behind..end].fill(0);
    }
    bytes.truncate(end);
    let at = table(&bytes);
    put(&mut bytes, at, &(end as u64).to_le_bytes());
    sealed(bytes)
}

/// Makes a file of three bytes and a manifest: which other sections there are, how many signatures, what pages hold.
/// There are as many pages as the manifest says, within bounds, so that inputs stay small.
fn described(input: &[u8]) -> Vec<u8> {
    let Some(([flags, signatures, filling], manifest)) = input.split_first_chunk() else { return Vec::new() };
    let has = |bit: u8| flags & 1 << bit != 0;
    let mut text = manifest.to_vec();
    if has(0) {
        name_parent(&mut text);
    }
    let manifest = serde_json::from_slice::<Manifest>(&text).ok();
    let contexts = manifest.as_ref().map_or(&[][..], |manifest| &manifest.contexts);
    let mut sections = vec![(MANIFEST_KIND, 0, text)];
    if has(1) {
        sections.push((WASM_KIND, 0, b"\0asm\x01\0\0\0".to_vec()));
    }
    if has(2) {
        sections.push((PROGRAM_KIND, 0, b"a program".to_vec()));
    }
    let shared = manifest.as_ref().map_or_else(Vec::new, |manifest| pages(&manifest.shared, *filling));
    if has(3) || !shared.is_empty() {
        sections.push((READ_ONLY_KIND, 0, shared));
    }
    for (index, context) in (0..).zip(contexts) {
        // With its upper bit clear all contexts hold the same, so that joining finds what they share.
        let filling = if filling & 0x80 == 0 { *filling } else { filling.wrapping_add(index as u8) };
        sections.push((PAGES_KIND, index, pages(&context.pages, filling)));
    }
    if has(4) {
        sections.push((NATIVE_KIND, 0, b"machine code".to_vec()));
    }
    if *signatures > 0 {
        sections.push((SIGNATURES_KIND, 0, signed(*signatures, *filling)));
    }
    if has(5) && sections.len() > 1 {
        // Out of their order.
        let last = sections.len() - 1;
        sections.swap(last - 1, last);
    }
    // A manifest that is none must not be refused for its contexts already.
    file(&sections, contexts.len().max(1) as u32)
}

/// Overwrites the identity of the parent that a manifest names with that of the one which is there.
fn name_parent(manifest: &mut [u8]) {
    let name = b"\"id\":\"";
    if let Some(at) = manifest.windows(name.len()).position(|window| window == name) {
        put(manifest, at + name.len(), parent_id().as_bytes());
    }
}

/// The pages of runs; which byte fills them changes from page to page.
fn pages(runs: &[(u32, u32)], filling: u8) -> Vec<u8> {
    let count = runs.iter().fold(0, |sum: u64, (_, count)| sum + u64::from(*count)).min(PAGES_MAX);
    (0..count as u8).flat_map(|number| [filling.wrapping_add(number / 2); PAGE_BYTES]).collect()
}

fn signed(count: u8, filling: u8) -> Vec<u8> {
    let mut section = u32::from(count).to_le_bytes().to_vec();
    for number in 0..count {
        let scheme = 1 + u32::from(number.wrapping_add(filling) % 2);
        section.extend(scheme.to_le_bytes());
        section.resize(section.len() + SIGNATURE_BYTES - 4, filling.wrapping_add(number));
    }
    section
}

/// Writes a file of these sections: kind, index, bytes.
fn file(sections: &[(u32, u32, Vec<u8>)], contexts: u32) -> Vec<u8> {
    let mut bytes = vec![0; HEAD_BYTES];
    put(&mut bytes, 0, &contexts.to_le_bytes());
    put(&mut bytes, 4, &1u32.to_le_bytes());
    put(&mut bytes, VERSION, format!("b8g 0.1.0 image {FORMAT_VERSION}").as_bytes());
    let count = table(&bytes) + 8;
    put(&mut bytes, count, &(sections.len() as u32).to_le_bytes());
    let places: Vec<usize> = records(&bytes).collect();
    for (at, (kind, index, content)) in places.into_iter().zip(sections) {
        put(&mut bytes, at, &kind.to_le_bytes());
        put(&mut bytes, at + 4, &index.to_le_bytes());
        put(&mut bytes, at + 16, &(content.len() as u64).to_le_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(PAGE_BYTES), 0);
    }
    laid_out(bytes)
}
