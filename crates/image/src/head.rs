//! The first page of an image: how many contexts, which version, where everything is.
//!
//! Invariant: a [`Head`] that was read names sections that lie inside of the file, begin at pages, ascend and do not
//! overlap; everything between and behind them is accounted for.

use crate::file::FileError;

/// Bytes of the head, and what every section's offset is a multiple of.
pub const PAGE_BYTES: usize = 4096;
/// Bytes of the head.
pub const HEAD_BYTES: usize = PAGE_BYTES;
/// Bytes of the version, padded with NULs.
pub const VERSION_BYTES: usize = 128;
/// The version of the format, the last number of the version text.
pub const FORMAT_VERSION: u32 = 2;
/// Contexts of an image at most.
pub const CONTEXTS_MAX: u32 = 16;

/// Where the quick checksum stands, and where what it covers begins.
pub(crate) const CHECKSUM: usize = 8;
pub(crate) const VERSION: usize = 12;
const READ_ONLY: usize = 144;
const CONTEXTS: usize = 152;
/// Magic of the version text.
const MAGIC: &str = "b8g ";
/// `{u32 kind, u32 index, u64 offset, u64 length, [u8; 32] digest}`.
const RECORD_BYTES: usize = 56;

/// What a section holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum SectionKind {
    /// JSON: what the image is, and its contexts but for their pages.
    Manifest = 1,
    /// The module, in its portable form.
    Wasm = 2,
    /// What the JavaScript engine runs, if it has not run it yet.
    Program = 3,
    /// Memory pages that all contexts share.
    ReadOnly = 4,
    /// The memory pages of a context; its index says of which.
    Pages = 5,
    /// The module as machine code, which counts only if somebody who is trusted says so.
    Native = 6,
    /// Who says so.
    Signatures = 7,
}

impl SectionKind {
    const ALL: [SectionKind; 7] = [
        SectionKind::Manifest,
        SectionKind::Wasm,
        SectionKind::Program,
        SectionKind::ReadOnly,
        SectionKind::Pages,
        SectionKind::Native,
        SectionKind::Signatures,
    ];

    fn from_number(number: u32) -> Option<SectionKind> {
        SectionKind::ALL.into_iter().find(|kind| *kind as u32 == number)
    }

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            SectionKind::Manifest => "manifest",
            SectionKind::Wasm => "wasm",
            SectionKind::Program => "program",
            SectionKind::ReadOnly => "read-only",
            SectionKind::Pages => "pages",
            SectionKind::Native => "native",
            SectionKind::Signatures => "signatures",
        }
    }
}

/// Where a part of the file lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Section {
    /// What it holds.
    pub kind: SectionKind,
    /// Which of its kind.
    pub index: u32,
    /// From the file's start; a multiple of [`PAGE_BYTES`].
    pub offset: u64,
    /// In bytes; zeroes follow up to the next page.
    pub length: u64,
    /// BLAKE3 of these bytes.
    pub digest: [u8; 32],
}

/// The head, read or to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub(crate) contexts: u32,
    /// Whether what must differ between copies may be drawn anew: it always may, in this version.
    pub(crate) rehashable: bool,
    /// Without the padding.
    pub(crate) version: String,
    /// Of the whole file.
    pub(crate) length: u64,
    pub(crate) sections: Vec<Section>,
}

/// Where the table of sections begins, for so many contexts.
fn table_at(contexts: u32) -> usize {
    CONTEXTS + 8 * contexts as usize
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32
}

/// The quick checksum of the head: the first word of BLAKE3 of what follows it.
fn checksum(head: &[u8]) -> u32 {
    word(blake3::hash(&head[VERSION..HEAD_BYTES]).as_bytes(), 0)
}

/// The quick checksum as it is stored and as it should be, of what may be an image.
pub(crate) fn checksums(file: &[u8]) -> Option<(u32, u32)> {
    let page = file.get(..HEAD_BYTES)?;
    Some((word(page, CHECKSUM), checksum(page)))
}

impl Head {
    /// Where in the file the digest of a section stands.
    pub(crate) fn digest_at(&self, section: usize) -> u64 {
        (table_at(self.contexts) + 16 + section * RECORD_BYTES + 24) as u64
    }

    /// Writes the head's page.
    pub(crate) fn write(&self) -> [u8; HEAD_BYTES] {
        let mut page = [0; HEAD_BYTES];
        let mut put = |at: usize, bytes: &[u8]| page[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.contexts.to_le_bytes());
        put(4, &u32::from(self.rehashable).to_le_bytes());
        let version = self.version.as_bytes();
        put(VERSION, &version[..version.len().min(VERSION_BYTES - 1)]);
        put(READ_ONLY, &self.offset_of(SectionKind::ReadOnly, 0).to_le_bytes());
        for context in 0..self.contexts {
            let offset = self.offset_of(SectionKind::Pages, context);
            put(CONTEXTS + 8 * context as usize, &offset.to_le_bytes());
        }
        let table = table_at(self.contexts);
        put(table, &self.length.to_le_bytes());
        put(table + 8, &(self.sections.len() as u32).to_le_bytes());
        for (i, section) in self.sections.iter().enumerate() {
            let at = table + 16 + i * RECORD_BYTES;
            put(at, &(section.kind as u32).to_le_bytes());
            put(at + 4, &section.index.to_le_bytes());
            put(at + 8, &section.offset.to_le_bytes());
            put(at + 16, &section.length.to_le_bytes());
            put(at + 24, &section.digest);
        }
        let sum = checksum(&page);
        page[CHECKSUM..CHECKSUM + 4].copy_from_slice(&sum.to_le_bytes());
        page
    }

    fn offset_of(&self, kind: SectionKind, index: u32) -> u64 {
        let found = self.sections.iter().find(|section| section.kind == kind && section.index == index);
        found.map_or(0, |section| section.offset)
    }

    /// Reads and checks the head of a file.
    pub(crate) fn read(file: &[u8]) -> Result<Head, FileError> {
        let Some(page) = file.get(..HEAD_BYTES) else {
            return Err(if file.get(VERSION..VERSION + 4) == Some(MAGIC.as_bytes()) {
                FileError::at(file.len(), "the file ends inside of the head")
            } else {
                FileError::NoImage
            });
        };
        let version = version(page)?;
        if checksum(page) != word(page, CHECKSUM) {
            return Err(FileError::at(CHECKSUM, "the head's checksum does not match"));
        }
        let contexts = word(page, 0);
        if contexts == 0 || contexts > CONTEXTS_MAX {
            return Err(FileError::at(0, "an image has 1 to 16 contexts"));
        }
        if word(page, 4) != 1 {
            return Err(FileError::at(4, "images that cannot be renewed are not supported"));
        }
        let table = table_at(contexts);
        let head = Head {
            contexts,
            rehashable: true,
            version,
            length: long(page, table),
            sections: sections(page, table + 8)?,
        };
        head.check(file.len() as u64, table)?;
        // One way to write it: whatever else stands in the page would be a second meaning.
        match head.write().iter().zip(page).position(|(wanted, found)| wanted != found) {
            Some(at) => Err(FileError::at(at, "the head says something else than its sections")),
            None => Ok(head),
        }
    }

    fn check(&self, file_bytes: u64, table: usize) -> Result<(), FileError> {
        if self.length != file_bytes {
            return Err(FileError::at(table, "the file has another length than its head says"));
        }
        let mut end = HEAD_BYTES as u64;
        for (i, section) in self.sections.iter().enumerate() {
            let at = table + 16 + i * RECORD_BYTES;
            if section.offset != end {
                return Err(FileError::at(at + 8, "a section does not begin where the one before it ends"));
            }
            let behind = section.offset.checked_add(section.length);
            end = match behind.and_then(|end| end.checked_next_multiple_of(PAGE_BYTES as u64)) {
                Some(end) if end <= file_bytes => end,
                _ => return Err(FileError::at(at + 16, "a section ends behind the file")),
            };
        }
        if end != file_bytes {
            Err(FileError::at(table, "there is more behind the last section"))
        } else {
            Ok(())
        }
    }
}

fn version(page: &[u8]) -> Result<String, FileError> {
    let field = &page[VERSION..VERSION + VERSION_BYTES];
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(VERSION_BYTES);
    if !field.starts_with(MAGIC.as_bytes()) {
        return Err(FileError::NoImage);
    }
    let text = std::str::from_utf8(&field[..end]).unwrap_or_default();
    // A number is written in one way only.
    let format = |number: &str| number.parse::<u32>().ok().filter(|parsed| parsed.to_string() == number);
    match text.rsplit_once(" image ").and_then(|(_, number)| format(number)) {
        Some(FORMAT_VERSION) => Ok(text.to_owned()),
        Some(_) => Err(FileError::Version(text.chars().filter(|c| !c.is_control()).collect())),
        None => Err(FileError::at(VERSION, "the version is not readable")),
    }
}

fn sections(page: &[u8], at: usize) -> Result<Vec<Section>, FileError> {
    let count = word(page, at) as usize;
    let room = (HEAD_BYTES - at - 8) / RECORD_BYTES;
    if count > room {
        return Err(FileError::at(at, "there are more sections than the head has room for"));
    }
    let record = |i: usize| {
        let at = at + 8 + i * RECORD_BYTES;
        let kind = SectionKind::from_number(word(page, at))
            .ok_or_else(|| FileError::at(at, "there is a section of an unknown kind"))?;
        let mut digest = [0; 32];
        digest.copy_from_slice(&page[at + 24..at + 56]);
        let (index, offset, length) = (word(page, at + 4), long(page, at + 8), long(page, at + 16));
        Ok(Section { kind, index, offset, length, digest })
    };
    (0..count).map(record).collect()
}
