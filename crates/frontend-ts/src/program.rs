//! Writes the program blob that the JavaScript component reads: `docs/abi.md`, "JavaScript programs".
//!
//! Start at [`write`]. Invariant: every offset in the blob is checked to fit, and the same records give the same bytes.

use std::path::PathBuf;

/// The first bytes of a blob.
pub(crate) const MAGIC: &[u8; 8] = b"b8gjs\0\0\x01";

/// The target of an import that could not be resolved.
pub const UNRESOLVED: u32 = u32::MAX;

const HEADER_BYTES: usize = 24;
const RECORD_BYTES: usize = 40;

/// A program that is ready to run.
#[derive(Debug)]
pub struct Program {
    /// The bytes for the JavaScript component.
    pub blob: Vec<u8>,
    /// Every file that was read, `package.json` files included, in the order of reading.
    pub files: Vec<PathBuf>,
    /// What the blob holds, in its order. The entry is the first.
    pub modules: Vec<ModuleInfo>,
}

/// One module of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleInfo {
    /// The name that stack traces show.
    pub name: String,
    /// How the engine runs it.
    pub kind: ModuleKind,
    /// The file it came from; `None` for modules that are built in and for sources that were handed over.
    pub path: Option<PathBuf>,
    /// The size of the source that the engine gets, in bytes.
    pub source_bytes: usize,
}

/// How the engine runs a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModuleKind {
    /// An ES module.
    Module = 0,
    /// A JSON text.
    Json = 1,
    /// A CommonJS module.
    CommonJs = 2,
    /// A module that is there without a file: "b8g", or one of Node.js.
    Builtin = 3,
}

/// Maps a position in generated code to its source: lines and columns from 0, columns in UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mapping {
    /// The line in the generated code.
    pub line: u32,
    /// The column in the generated code.
    pub column: u32,
    /// The line in the source.
    pub source_line: u32,
    /// The column in the source.
    pub source_column: u32,
}

/// What one module contributes to a blob.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub kind: ModuleKind,
    pub name: &'a str,
    pub source: &'a str,
    pub map: &'a [Mapping],
    /// Specifiers and the indexes that they lead to.
    pub imports: &'a [(String, u32)],
    /// The names that a CommonJS module exports to ES modules.
    pub names: &'a [String],
}

/// The blob would not fit into 32-bit offsets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BlobTooLarge;

/// Writes the blob of the modules; the entry is the first.
pub(crate) fn write(records: &[Record]) -> Result<Vec<u8>, BlobTooLarge> {
    let records_end = HEADER_BYTES + RECORD_BYTES * records.len();
    let tables: usize = records.iter().map(Record::table_bytes).sum();
    let texts: usize = records.iter().map(Record::text_bytes).sum();
    if u32::try_from(records_end + tables + texts).is_err() {
        return Err(BlobTooLarge);
    }
    let mut blob = Writer { bytes: vec![0; records_end + tables], table: records_end };
    blob.bytes.reserve_exact(texts);
    blob.bytes[..8].copy_from_slice(MAGIC);
    blob.put(8, records.len());
    blob.put(12, 0);
    blob.put(16, HEADER_BYTES);
    for (index, record) in records.iter().enumerate() {
        let fields = blob.record(record);
        for (field, value) in fields.into_iter().enumerate() {
            blob.put(HEADER_BYTES + RECORD_BYTES * index + 4 * field, value);
        }
    }
    Ok(blob.bytes)
}

impl Record<'_> {
    fn table_bytes(&self) -> usize {
        let names = if self.names.is_empty() { 0 } else { 4 + 8 * self.names.len() };
        16 * self.map.len() + 12 * self.imports.len() + names
    }

    fn text_bytes(&self) -> usize {
        let specifiers: usize = self.imports.iter().map(|(specifier, _)| specifier.len() + 1).sum();
        let names: usize = self.names.iter().map(|name| name.len() + 1).sum();
        self.name.len() + 1 + self.source.len() + 1 + specifiers + names
    }
}

struct Writer {
    bytes: Vec<u8>,
    /// Where the next table goes; texts are appended.
    table: usize,
}

impl Writer {
    fn record(&mut self, record: &Record) -> [usize; 10] {
        let name = self.text(record.name);
        let source = self.text(record.source);
        let map = self.table;
        for mapping in record.map {
            for value in [mapping.line, mapping.column, mapping.source_line, mapping.source_column] {
                self.push(value);
            }
        }
        let imports = self.table;
        for (specifier, target) in record.imports {
            let offset = self.text(specifier);
            self.push_size(offset);
            self.push_size(specifier.len());
            self.push(*target);
        }
        let names = if record.names.is_empty() { 0 } else { self.table };
        if !record.names.is_empty() {
            self.push_size(record.names.len());
        }
        for name in record.names {
            let offset = self.text(name);
            self.push_size(offset);
            self.push_size(name.len());
        }
        let (map_len, import_len) = (record.map.len(), record.imports.len());
        let kind = record.kind as usize;
        let (name_len, source_len) = (record.name.len(), record.source.len());
        [kind, name, name_len, source, source_len, map, map_len, imports, import_len, names]
    }

    fn text(&mut self, text: &str) -> usize {
        let offset = self.bytes.len();
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
        offset
    }

    fn push_size(&mut self, value: usize) {
        self.put(self.table, value);
        self.table += 4;
    }

    fn push(&mut self, value: u32) {
        self.bytes[self.table..self.table + 4].copy_from_slice(&value.to_le_bytes());
        self.table += 4;
    }

    /// Writes a value that is known to fit: `write` checked the size of the whole blob.
    fn put(&mut self, at: usize, value: usize) {
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
}
