//! Images that build upon others: made whole again.
//!
//! Start at [`squash`]. A child holds the pages that differ from its parent's, and names the parent by its identity. The
//! identity covers the name, so no chain leads back to where it came from; whoever follows one by file names bounds it.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use crate::file::{File, FileError, Parts, write};
use crate::head::SectionKind;
use crate::manifest::{FrozenContext, Kind, MEMORY_PAGES, Manifest, Parent};
use crate::{CONTEXTS_MAX, PAGE_BYTES, Section};

/// Bytes of pages that one image is made of at most.
const SQUASHED_BYTES_MAX: usize = 1 << 30;
/// Images of a chain at most.
pub const CHAIN_MAX: usize = 16;

/// Makes one image of a chain, the child first and each one's parent behind it. Machine code and signatures stay behind:
/// they were for other bytes.
///
/// # Errors
/// [`FileError::Damaged`], with the offset of the manifest of the image that does not fit the one behind it.
pub fn squash(chain: &[File<'_>]) -> Result<Vec<u8>, FileError> {
    let contexts = chain.first().map_or(0, |child| child.manifest().contexts.len());
    squash_some(chain, 0..contexts as u32)
}

/// As [`squash`], with one of the contexts alone.
///
/// # Errors
/// As [`squash`].
pub fn squash_one(chain: &[File<'_>], context: u32) -> Result<Vec<u8>, FileError> {
    squash_some(chain, context..context.saturating_add(1))
}

fn squash_some(chain: &[File<'_>], wanted: Range<u32>) -> Result<Vec<u8>, FileError> {
    let Some((child, parents)) = chain.split_first() else { return Err(FileError::NoImage) };
    check(chain)?;
    let own = child.manifest();
    let contexts = own.contexts.get(wanted.start as usize..wanted.end as usize);
    let contexts = contexts.ok_or(FileError::Together("the image has no context of that number"))?;
    let mut manifest = Manifest {
        parent: None,
        native: None,
        shared: Vec::new(),
        contexts: contexts.to_vec(),
        imports: parents.last().unwrap_or(child).manifest().imports.clone(),
        ..own.clone()
    };
    let (mut pages, mut sum) = (Vec::new(), 0);
    for (context, number) in manifest.contexts.iter_mut().zip(wanted) {
        let (runs, bytes) = flat(chain, number);
        sum += bytes.len();
        if sum > SQUASHED_BYTES_MAX {
            return Err(FileError::Together("together they hold more than 1 GiB of pages"));
        }
        context.pages = runs;
        pages.push(bytes);
    }
    let nearest = |kind| chain.iter().find_map(|file| file.section(kind, 0));
    // A program that started is in the memory.
    let started = manifest.contexts.iter().all(|context| context.stage == crate::Stage::Started);
    write(&Parts {
        manifest: &manifest,
        wasm: nearest(SectionKind::Wasm),
        program: if started { None } else { nearest(SectionKind::Program) },
        shared: &[],
        pages: pages.iter().map(|bytes| &bytes[..]).collect(),
        native: None,
    })
}

/// Every page of a context that anyone in the chain says something of.
fn flat(chain: &[File<'_>], context: u32) -> (Vec<(u32, u32)>, Vec<u8>) {
    let mut pages: BTreeMap<u32, &[u8]> = BTreeMap::new();
    let mut at = Some(context);
    let mut layers = Vec::new();
    for file in chain {
        let Some(context) = at else { break };
        layers.push((file, context));
        at = file.manifest().parent.as_ref().map(|parent| parent.context);
    }
    for (file, context) in layers.into_iter().rev() {
        for (first, bytes) in file.pages(context) {
            pages.extend(numbered(first, bytes));
        }
    }
    in_runs(pages)
}

/// The pages of a run with their numbers.
fn numbered(first: u32, bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    // Not an open range of numbers: behind the last page of all there is none.
    (0u32..).zip(bytes.chunks(PAGE_BYTES)).map(move |(at, page)| (first + at, page))
}

/// Pages by their numbers, as an image holds them: the runs, and the bytes one after the other.
pub fn in_runs<'p>(pages: impl IntoIterator<Item = (u32, &'p [u8])>) -> (Vec<(u32, u32)>, Vec<u8>) {
    let (mut runs, mut bytes): (Vec<(u32, u32)>, Vec<u8>) = Default::default();
    for (number, page) in pages {
        match runs.last_mut() {
            // No run leads from one memory to the next.
            Some((first, count)) if *first + *count == number && !number.is_multiple_of(MEMORY_PAGES) => {
                *count += 1
            }
            _ => runs.push((number, 1)),
        }
        bytes.extend_from_slice(page);
    }
    (runs, bytes)
}

/// Makes one image of several of the same program, one after the other all their contexts. Pages that are the same in all
/// of them are held once. Machine code and signatures are left out, as by [`squash`].
///
/// # Errors
/// [`FileError::Damaged`] when they do not go together, or are too many.
pub fn join(files: &[File<'_>]) -> Result<Vec<u8>, FileError> {
    let Some(first) = files.first() else { return Err(FileError::NoImage) };
    let manifest = first.manifest();
    let wrong = |reason| Err(FileError::Together(reason));
    let mut contexts = Vec::new();
    let mut pages: Vec<BTreeMap<u32, &[u8]>> = Vec::new();
    for file in files {
        let other = file.manifest();
        if other.parent.is_some() {
            return wrong("one of them builds upon another image: squash it first");
        }
        let same = (other.kind, &other.component, &other.main)
            == (manifest.kind, &manifest.component, &manifest.main);
        if !same || file.section(SectionKind::Program, 0) != first.section(SectionKind::Program, 0) {
            return wrong("they are not of the same program");
        }
        for (index, context) in (0..).zip(&other.contexts) {
            contexts.push(context.clone());
            let runs = file.pages(index);
            pages.push(runs.flat_map(|(first, bytes)| numbered(first, bytes)).collect());
        }
    }
    if contexts.len() > CONTEXTS_MAX as usize {
        return wrong("an image has 16 contexts at most");
    }
    let Some((one, others)) = pages.split_first() else { return Err(FileError::NoImage) };
    let in_all =
        |(number, page): &(&u32, &&[u8])| others.iter().all(|other| other.get(*number) == Some(*page));
    let shared: BTreeMap<u32, &[u8]> =
        one.iter().filter(in_all).map(|(number, page)| (*number, *page)).collect();
    let mut owned = Vec::new();
    for (context, pages) in contexts.iter_mut().zip(&pages) {
        let own = pages.iter().filter(|(number, _)| !shared.contains_key(number));
        let (runs, bytes) = in_runs(own.map(|(number, page)| (*number, *page)));
        context.pages = runs;
        owned.push(bytes);
    }
    let (runs, shared) = in_runs(shared);
    let mut seen = HashSet::new();
    let wants = files.iter().flat_map(|file| &file.manifest().wants);
    let wants = wants.filter(|want| seen.insert((want.access.name(), &want.target))).cloned().collect();
    let manifest = Manifest { native: None, shared: runs, contexts, wants, ..manifest.clone() };
    write(&Parts {
        manifest: &manifest,
        wasm: first.section(SectionKind::Wasm, 0),
        program: first.section(SectionKind::Program, 0),
        shared: &shared,
        pages: owned.iter().map(|bytes| &bytes[..]).collect(),
        native: None,
    })
}

fn check(chain: &[File<'_>]) -> Result<(), FileError> {
    if chain.len() > CHAIN_MAX {
        return Err(FileError::Together("more than 16 images build upon one another"));
    }
    for (i, file) in chain.iter().enumerate() {
        let at = file.sections().first().map_or(0, |section: &Section| section.offset as usize);
        let wrong = |reason: &str| Err(FileError::at(at, reason));
        match (&file.manifest().parent, chain.get(i + 1)) {
            (None, None) => return whole(file, chain),
            (Some(_), None) => return wrong("the image that it builds upon is missing"),
            (None, Some(_)) => return wrong("it builds upon no other image"),
            (Some(named), Some(parent)) => {
                if !is(named, parent) {
                    return wrong("it builds upon another image than the one that was given");
                }
                let (own, other) = (file.manifest(), parent.manifest());
                let Some(context) = other.contexts.get(named.context as usize) else {
                    return wrong("the image that it builds upon has no such context");
                };
                if own.kind != other.kind || own.component != other.component {
                    return wrong("the image that it builds upon runs on something else");
                }
                let smaller = |own: &FrozenContext| {
                    own.memories.len() != context.memories.len()
                        || own.memories().zip(context.memories()).any(|(own, below)| own < below)
                };
                if own.contexts.iter().any(smaller) {
                    return wrong("its memory is smaller than that of the image that it builds upon");
                }
            }
        }
    }
    Ok(())
}

/// The last of a chain must bring what the others left out.
fn whole(last: &File<'_>, chain: &[File<'_>]) -> Result<(), FileError> {
    let has = |kind| chain.iter().any(|file| file.section(kind, 0).is_some());
    if last.manifest().kind == Kind::Wasm && !has(SectionKind::Wasm) {
        return Err(FileError::Together("no image of the chain holds the module"));
    }
    Ok(())
}

/// Tells whether an image is the parent that a child names.
pub fn is(named: &Parent, parent: &File<'_>) -> bool {
    blake3::Hash::from_hex(&named.id).is_ok_and(|id| id == blake3::Hash::from_bytes(parent.id()))
}
