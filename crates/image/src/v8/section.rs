//! A section of a snapshot: how it begins, and how long it says that its payload is.
//!
//! Start at [`Form::read`]. Invariant: lengths are kept as they are written and compared in 64 bits, never
//! added up in less.

use super::deflate;
use super::layout::{SectionKind, Shape};

/// A section of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it holds.
    pub kind: SectionKind,
    /// Where it begins.
    pub offset: usize,
    /// The bytes up to the next section or the end of the snapshot; 0 if the header gives it no room.
    pub length: usize,
    /// How it begins.
    pub form: Form,
}

/// How a section begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As V8 reads it.
    Plain(Payload),
    /// A length, then a raw deflate stream that begins with the [`Payload`]'s header.
    Deflate {
        /// How many bytes it unpacks to, by its own word.
        raw_length: u32,
        /// How the unpacked bytes begin.
        payload: Payload,
    },
    /// Neither.
    Unknown {
        /// The first four bytes; `None` if there are fewer.
        word: Option<u32>,
    },
}

/// The header of a section's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    /// The first word: 0xc0de0000 and the size of a table in the builds that can read the section.
    pub magic: u32,
    /// The size of the table of external references.
    pub table_size: u32,
    /// Where the payload begins, from the section's (or the unpacked bytes') beginning.
    pub header_length: u64,
    /// How long the payload is, by its own word.
    pub length: u32,
}

/// The upper half of a section's first word.
const MAGIC: u32 = 0xc0de;

impl Form {
    /// Reads how a section begins. `bytes` reach from it to the next one or to the end of the input.
    pub(super) fn read(bytes: &[u8], shape: Shape) -> Form {
        let word = read_u32(bytes, 0);
        match word {
            Some(magic) if has_magic(magic) => match shape.payload(bytes) {
                Some(payload) => Form::Plain(payload),
                None => Form::Unknown { word },
            },
            Some(raw_length) => Form::packed(bytes, raw_length).unwrap_or(Form::Unknown { word }),
            None => Form::Unknown { word },
        }
    }

    fn packed(bytes: &[u8], raw_length: u32) -> Option<Form> {
        let head = deflate::head(bytes.get(4..)?)?;
        let raw = u64::from(raw_length);
        let fits = |payload: &Payload| payload.end() <= raw && raw - payload.end() < 8;
        let shapes = [Shape::Length, Shape::ReservedAligned, Shape::Reserved];
        let read = shapes.iter().filter_map(|shape| shape.payload(&head)).filter(|p| has_magic(p.magic));
        let payload = read.clone().find(fits).or_else(|| read.clone().next())?;
        Some(Form::Deflate { raw_length, payload })
    }

    /// Where the section ends by its own word, from its beginning; `None` if only unpacking it would tell.
    pub(super) fn end(&self) -> Option<u64> {
        match self {
            Form::Plain(payload) => Some(payload.end()),
            Form::Deflate { .. } | Form::Unknown { .. } => None,
        }
    }

    /// Gives the payload's header if there is one.
    pub fn payload(&self) -> Option<&Payload> {
        match self {
            Form::Plain(payload) | Form::Deflate { payload, .. } => Some(payload),
            Form::Unknown { .. } => None,
        }
    }
}

impl Payload {
    /// Where it ends.
    fn end(&self) -> u64 {
        self.header_length + u64::from(self.length)
    }
}

impl Shape {
    /// Reads the header of a payload.
    fn payload(self, bytes: &[u8]) -> Option<Payload> {
        let magic = read_u32(bytes, 0)?;
        let reserved = |at: usize| Some(4 * u64::from(read_u32(bytes, at)?));
        let (header_length, length_at) = match self {
            Shape::Hashed => (16 + reserved(8)?, 12),
            Shape::Reserved => (12 + reserved(4)?, 8),
            Shape::ReservedAligned => ((12 + reserved(4)?).next_multiple_of(8), 8),
            Shape::Length => (8, 4),
        };
        let length = read_u32(bytes, length_at)?;
        Some(Payload { magic, table_size: magic ^ (MAGIC << 16), header_length, length })
    }
}

/// Says whether a word may be the first of a section.
pub(super) fn has_magic(word: u32) -> bool {
    word >> 16 == MAGIC
}

/// Reads a word; `None` if it is not all there.
pub(super) fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::testing::stored;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn plain_headers_of_all_shapes() {
        let check = |shape, bytes: &[u32], end| assert_eq!(Form::read(&words(bytes), shape).end(), end);
        check(Shape::Length, &[0xc0de_0123, 100], Some(108));
        check(Shape::Reserved, &[0xc0de_0123, 6, 100], Some(136));
        check(Shape::ReservedAligned, &[0xc0de_0123, 6, 100], Some(140));
        check(Shape::Hashed, &[0xc0de_0123, 77, 6, 100], Some(140));
        check(Shape::Length, &[0xc0de_0123, u32::MAX], Some(8 + u64::from(u32::MAX)));
        check(Shape::ReservedAligned, &[0xc0de_0123, u32::MAX, u32::MAX], Some(5 * u64::from(u32::MAX) + 12));
        check(Shape::Reserved, &[0xc0de_0123, 6], None);
        check(Shape::Length, &[0xc0df_0123, 100], None);
    }

    #[test]
    fn packed_headers_are_looked_into() {
        for (inner, header_length) in [(vec![0xc0de_0123, 92, 0, 0], 8), (vec![0xc0de_0123, 3, 76, 0], 24)] {
            let mut raw = words(&inner);
            raw.resize(100, 7);
            let mut section = words(&[100]);
            section.extend(stored(&raw));
            let Form::Deflate { raw_length: 100, payload } = Form::read(&section, Shape::Length) else {
                panic!("it is packed");
            };
            assert_eq!((payload.table_size, payload.header_length), (0x123, header_length));
        }
    }
}
