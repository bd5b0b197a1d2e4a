//! Image files: written, and read with every byte checked.

use thiserror::Error;

use crate::head::{CONTEXTS_MAX, FORMAT_VERSION, HEAD_BYTES, Head, PAGE_BYTES, Section, SectionKind};
use crate::manifest::Manifest;

/// Bytes of a manifest at most.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// Why a file is no image that can be used.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// It is something else.
    #[error("this is not an image")]
    NoImage,
    /// It was written by a version that this one does not know.
    #[error(
        "the image was written by another version ({0}); this one reads format {FORMAT_VERSION}: build it again"
    )]
    Version(String),
    /// It is damaged, or somebody made it so.
    #[error("the image is damaged at byte {offset}: {reason}")]
    Damaged {
        /// Where, from the file's start.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
}

impl FileError {
    pub(crate) fn at(offset: usize, reason: &str) -> FileError {
        FileError::Damaged { offset: offset as u64, reason: reason.to_owned() }
    }
}

/// What an image is written from.
#[derive(Clone, Debug)]
pub struct Parts<'p> {
    /// What it says of itself.
    pub manifest: &'p Manifest,
    /// The module, where it is not one that is built in.
    pub wasm: Option<&'p [u8]>,
    /// The program, where it did not start.
    pub program: Option<&'p [u8]>,
    /// For each context its pages, one after the other.
    pub pages: Vec<&'p [u8]>,
}

/// An image that was read: every section has the digest that the head says.
#[derive(Clone, Debug)]
pub struct File<'f> {
    bytes: &'f [u8],
    head: Head,
    manifest: Manifest,
}

/// Writes an image.
///
/// # Errors
/// [`FileError::Damaged`] when the parts do not fit together.
pub fn write(parts: &Parts<'_>) -> Result<Vec<u8>, FileError> {
    let manifest =
        serde_json::to_vec(parts.manifest).map_err(|error| FileError::at(0, &error.to_string()))?;
    let mut wanted: Vec<(SectionKind, u32, &[u8])> = vec![(SectionKind::Manifest, 0, &manifest)];
    wanted.extend(parts.wasm.map(|bytes| (SectionKind::Wasm, 0, bytes)));
    wanted.extend(parts.program.map(|bytes| (SectionKind::Program, 0, bytes)));
    wanted.extend((0..).zip(&parts.pages).map(|(index, bytes)| (SectionKind::Pages, index, *bytes)));
    let mut sections = Vec::new();
    let mut end = HEAD_BYTES;
    for (kind, index, bytes) in &wanted {
        let (offset, length) = (end as u64, bytes.len() as u64);
        let digest = *blake3::hash(bytes).as_bytes();
        sections.push(Section { kind: *kind, index: *index, offset, length, digest });
        end = (end + bytes.len()).next_multiple_of(PAGE_BYTES);
    }
    let head = Head {
        contexts: parts.pages.len() as u32,
        rehashable: true,
        version: format!("b8g {} image {FORMAT_VERSION}", env!("CARGO_PKG_VERSION")),
        length: end as u64,
        sections,
    };
    let mut file = Vec::with_capacity(end);
    file.extend_from_slice(&head.write());
    for (_, _, bytes) in &wanted {
        file.extend_from_slice(bytes);
        file.resize(file.len().next_multiple_of(PAGE_BYTES), 0);
    }
    File::read(&file)?;
    Ok(file)
}

impl<'f> File<'f> {
    /// Tells whether `bytes` begin as an image does; a mere hint.
    pub fn is_image(bytes: &[u8]) -> bool {
        bytes.get(12..16) == Some(b"b8g ")
    }

    /// Reads an image and checks all of it.
    ///
    /// # Errors
    /// [`FileError`] with the place and the reason.
    pub fn read(bytes: &'f [u8]) -> Result<File<'f>, FileError> {
        let head = Head::read(bytes)?;
        let mut seen = Vec::new();
        for section in &head.sections {
            let (offset, end) = (section.offset as usize, (section.offset + section.length) as usize);
            if seen.contains(&(section.kind, section.index)) {
                return Err(FileError::at(offset, "there are two sections of the same name"));
            }
            seen.push((section.kind, section.index));
            if *blake3::hash(&bytes[offset..end]).as_bytes() != section.digest {
                let reason = format!("the digest of the section {} does not match", section.kind.name());
                return Err(FileError::at(offset, &reason));
            }
            let padding = &bytes[end..end.next_multiple_of(PAGE_BYTES)];
            if let Some(at) = padding.iter().position(|byte| *byte != 0) {
                return Err(FileError::at(end + at, "there is something between two sections"));
            }
        }
        let manifest = manifest(bytes, &head)?;
        let file = File { bytes, head, manifest };
        file.check()?;
        Ok(file)
    }

    fn check(&self) -> Result<(), FileError> {
        let at = self.head.sections.first().map_or(0, |section| section.offset as usize);
        let count = self.manifest.contexts.len();
        if count != self.head.contexts as usize || count > CONTEXTS_MAX as usize {
            return Err(FileError::at(at, "the manifest has another number of contexts than the head"));
        }
        for (index, context) in (0..).zip(&self.manifest.contexts) {
            let bytes = context.page_bytes();
            let bytes =
                bytes.ok_or_else(|| FileError::at(at, "pages overlap, or lie outside of the memory"))?;
            if self.section(SectionKind::Pages, index).map(|pages| pages.len() as u64) != Some(bytes) {
                return Err(FileError::at(
                    at,
                    "a context has another number of pages than the manifest says",
                ));
            }
        }
        let known = |section: &Section| match section.kind {
            SectionKind::Pages => section.index < self.head.contexts,
            SectionKind::ReadOnly => false,
            _ => section.index == 0,
        };
        match self.head.sections.iter().find(|section| !known(section)) {
            Some(section) => {
                Err(FileError::at(section.offset as usize, "there is a section that nothing refers to"))
            }
            None => Ok(()),
        }
    }

    /// What the image says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The version text of the head.
    pub fn version(&self) -> &str {
        &self.head.version
    }

    /// Its sections, in the order in which they lie in the file.
    pub fn sections(&self) -> &[Section] {
        &self.head.sections
    }

    /// The bytes of a section, if there is such.
    pub fn section(&self, kind: SectionKind, index: u32) -> Option<&'f [u8]> {
        let mut sections = self.head.sections.iter();
        let section = sections.find(|section| section.kind == kind && section.index == index)?;
        self.bytes.get(section.offset as usize..(section.offset + section.length) as usize)
    }
}

fn manifest(bytes: &[u8], head: &Head) -> Result<Manifest, FileError> {
    let section = match head.sections.first() {
        Some(section) if section.kind == SectionKind::Manifest => section,
        _ => return Err(FileError::at(HEAD_BYTES, "the first section is not the manifest")),
    };
    let offset = section.offset as usize;
    if section.length > MANIFEST_BYTES_MAX {
        return Err(FileError::at(offset, "the manifest is too large"));
    }
    let text = &bytes[offset..offset + section.length as usize];
    serde_json::from_slice(text).map_err(|error| {
        let reason = format!("the manifest cannot be read: {error}");
        FileError::at(offset, &reason)
    })
}
