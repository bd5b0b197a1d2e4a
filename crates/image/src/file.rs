//! Image files: written, and read with every byte checked.

use thiserror::Error;

use crate::head::{CONTEXTS_MAX, FORMAT_VERSION, HEAD_BYTES, Head, PAGE_BYTES, Section, SectionKind};
use crate::manifest::{self, Manifest};
use crate::signature::{self, Signature};

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
    /// Images that are whole do not go together.
    #[error("{0}")]
    Together(&'static str),
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
    /// The module, where it is not one that is built in and the parent does not have it.
    pub wasm: Option<&'p [u8]>,
    /// The program, where it did not start and the parent does not have it.
    pub program: Option<&'p [u8]>,
    /// The pages that all contexts share, one after the other.
    pub shared: &'p [u8],
    /// For each context its pages, one after the other.
    pub pages: Vec<&'p [u8]>,
    /// The module as machine code.
    pub native: Option<&'p [u8]>,
}

/// An image that was read: every section has the digest that the head says.
#[derive(Clone, Debug)]
pub struct File<'f> {
    bytes: &'f [u8],
    head: Head,
    manifest: Manifest,
    signatures: Vec<Signature>,
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
    wanted.extend((!parts.shared.is_empty()).then_some((SectionKind::ReadOnly, 0, parts.shared)));
    wanted.extend((0..).zip(&parts.pages).map(|(index, bytes)| (SectionKind::Pages, index, *bytes)));
    wanted.extend(parts.native.map(|bytes| (SectionKind::Native, 0, bytes)));
    let version = format!("b8g {} image {FORMAT_VERSION}", env!("CARGO_PKG_VERSION"));
    write_sections(&wanted, parts.pages.len() as u32, version)
}

fn write_sections(
    wanted: &[(SectionKind, u32, &[u8])],
    contexts: u32,
    version: String,
) -> Result<Vec<u8>, FileError> {
    if contexts > CONTEXTS_MAX {
        // The head has no room for more, and each kind of section but pages is there once.
        return Err(FileError::at(0, "an image has 1 to 16 contexts"));
    }
    let mut sections = Vec::new();
    let mut end = HEAD_BYTES;
    for (kind, index, bytes) in wanted {
        let (offset, length) = (end as u64, bytes.len() as u64);
        let digest = *blake3::hash(bytes).as_bytes();
        sections.push(Section { kind: *kind, index: *index, offset, length, digest });
        end = (end + bytes.len()).next_multiple_of(PAGE_BYTES);
    }
    let head = Head { contexts, rehashable: true, version, length: end as u64, sections };
    let mut file = Vec::with_capacity(end);
    file.extend_from_slice(&head.write());
    for (_, _, bytes) in wanted {
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

    /// Reads an image and checks all of it. Signatures are not verified: see [`File::signatures`].
    ///
    /// # Errors
    /// [`FileError`] with the place and the reason.
    pub fn read(bytes: &'f [u8]) -> Result<File<'f>, FileError> {
        let head = Head::read(bytes)?;
        let name = |section: &Section| (section.kind as u32, section.index);
        if let Some(pair) = head.sections.windows(2).find(|pair| name(&pair[0]) >= name(&pair[1])) {
            let reason = "there are two sections of the same name, or they are out of order";
            return Err(FileError::at(pair[1].offset as usize, reason));
        }
        for section in &head.sections {
            let (offset, end) = (section.offset as usize, (section.offset + section.length) as usize);
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
        let mut file = File { bytes, head, manifest, signatures: Vec::new() };
        file.check()?;
        if let Some(section) = file.found(SectionKind::Signatures, 0) {
            let at = section.offset as usize;
            let read = file.section(SectionKind::Signatures, 0).and_then(signature::read);
            file.signatures = read.ok_or_else(|| FileError::at(at, "the signatures are not readable"))?;
        }
        Ok(file)
    }

    fn check(&self) -> Result<(), FileError> {
        let at = self.head.sections.first().map_or(0, |section| section.offset as usize);
        let wrong = |reason: &str| Err(FileError::at(at, reason));
        let manifest = &self.manifest;
        let count = manifest.contexts.len();
        if count != self.head.contexts as usize || count > CONTEXTS_MAX as usize {
            return wrong("the manifest has another number of contexts than the head");
        }
        if let Some(fault) = manifest.fault() {
            return wrong(fault);
        }
        let shared = self.section(SectionKind::ReadOnly, 0).map_or(0, |pages| pages.len() as u64);
        match manifest.shared_bytes() {
            None => return wrong("shared pages overlap, or lie outside of a memory"),
            Some(bytes) if bytes != shared => {
                return wrong("there is another number of shared pages than the manifest says");
            }
            Some(_) => {}
        }
        for (index, context) in (0..).zip(&manifest.contexts) {
            let Some(bytes) = context.page_bytes() else {
                return wrong("pages overlap, or lie outside of the memory");
            };
            if self.section(SectionKind::Pages, index).map(|pages| pages.len() as u64) != Some(bytes) {
                return wrong("a context has another number of pages than the manifest says");
            }
        }
        if manifest.native.is_some() != self.found(SectionKind::Native, 0).is_some() {
            return wrong("the manifest and the sections disagree about machine code");
        }
        let known = |section: &Section| match section.kind {
            SectionKind::Pages => section.index < self.head.contexts,
            SectionKind::ReadOnly => section.index == 0 && section.length > 0,
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

    fn found(&self, kind: SectionKind, index: u32) -> Option<&Section> {
        self.head.sections.iter().find(|section| section.kind == kind && section.index == index)
    }

    /// The bytes of a section, if there is such.
    pub fn section(&self, kind: SectionKind, index: u32) -> Option<&'f [u8]> {
        let section = self.found(kind, index)?;
        self.bytes.get(section.offset as usize..(section.offset + section.length) as usize)
    }

    /// The runs of pages of a context: number of the first page, bytes. Those that come later win over those before them.
    pub fn pages(&self, context: u32) -> impl Iterator<Item = (u32, &[u8])> {
        let own = self.manifest.contexts.get(context as usize).map_or(&[][..], |context| &context.pages);
        let shared = self.section(SectionKind::ReadOnly, 0).unwrap_or_default();
        let bytes = self.section(SectionKind::Pages, context).unwrap_or_default();
        manifest::runs(&self.manifest.shared, shared).chain(manifest::runs(own, bytes))
    }

    /// Which image this is: the same for files that differ only in who signed them. It is what is signed, and how a child
    /// names its parent.
    pub fn id(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("b8g 2026 identity of an image");
        for section in self.head.sections.iter().filter(|section| section.kind != SectionKind::Signatures) {
            hasher.update(&(section.kind as u32).to_le_bytes());
            hasher.update(&section.index.to_le_bytes());
            hasher.update(&section.length.to_le_bytes());
            hasher.update(&section.digest);
        }
        *hasher.finalize().as_bytes()
    }

    /// The signatures that it carries; [`Signature::verify`] tells what they are worth.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Writes it again with these signatures in place of its own.
    ///
    /// # Errors
    /// [`FileError::Damaged`] when there are too many.
    pub fn with_signatures(&self, signatures: &[Signature]) -> Result<Vec<u8>, FileError> {
        let written =
            signature::write(signatures).ok_or(FileError::Together("an image has room for 16 signatures"))?;
        let kept = self.head.sections.iter().filter(|section| section.kind != SectionKind::Signatures);
        let bytes = |section: &Section| self.section(section.kind, section.index).unwrap_or_default();
        let mut wanted: Vec<_> = kept.map(|section| (section.kind, section.index, bytes(section))).collect();
        if !signatures.is_empty() {
            wanted.push((SectionKind::Signatures, 0, &written));
        }
        write_sections(&wanted, self.head.contexts, self.head.version.clone())
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
