//! Snapshots for tests: a builder of small ones in every layout, and seeded randomness.

use super::checksum::{Algorithm, bytewise, words};
use super::layout::{Layout, Shape, Sums};

/// A seeded generator (xorshift64*). The same seed gives the same tests.
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

/// Wraps bytes into a deflate stream of stored blocks.
pub(super) fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut blocks = bytes.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream
}

/// What a snapshot for a test is like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    pub layout: Layout,
    pub contexts: u32,
    pub algorithm: Algorithm,
    pub packed: bool,
    pub shape: Shape,
    /// The bytes of each payload.
    pub payload: usize,
}

impl Recipe {
    pub fn new(layout: Layout, contexts: u32) -> Recipe {
        let row = layout.row();
        let algorithm = if row.sums == Sums::Words { Algorithm::Words64 } else { Algorithm::Adler32 };
        Recipe { layout, contexts, algorithm, packed: false, shape: row.shapes[0], payload: 24 }
    }

    /// All layouts with all that can vary in them.
    pub fn all() -> Vec<Recipe> {
        let mut all = Vec::new();
        for layout in Layout::ALL {
            for contexts in [1, 2, 3, 4] {
                let plain = Recipe::new(layout, contexts);
                all.push(plain);
                all.extend(layout.row().shapes[1..].iter().map(|&shape| Recipe { shape, ..plain }));
                if matches!(layout.row().sums, Sums::Blob | Sums::BlobAndReadOnly) {
                    all.push(Recipe { algorithm: Algorithm::Fletcher32, ..plain });
                }
                if layout == Layout::V8_4 {
                    all.push(Recipe { packed: true, ..plain });
                    all.push(Recipe { packed: true, shape: Shape::ReservedAligned, ..plain });
                }
            }
        }
        all
    }

    /// The version that the snapshot is built for: the row's own.
    pub fn version(&self) -> String {
        format!("{}.123.45-test", self.layout.name())
    }

    pub fn build(&self, random: &mut Random) -> Vec<u8> {
        let row = self.layout.row();
        let first = row.first_at(self.contexts) as usize;
        let mut blob = vec![0; first];
        put(&mut blob, 0, self.contexts);
        if row.has_flag {
            put(&mut blob, 4, 1);
        }
        if let Some(at) = row.version_at {
            let version = self.version();
            blob[at..at + version.len()].copy_from_slice(version.as_bytes());
        }
        let mut offsets = Vec::new();
        for index in 0..row.kinds(self.contexts).count() {
            offsets.push(blob.len());
            let section = self.section(index == 0, random);
            blob.extend(section);
        }
        for (slot, &offset) in offsets.iter().skip(1).enumerate() {
            put(&mut blob, row.slots_at + 4 * slot, offset as u32);
        }
        self.sign(&mut blob, &offsets);
        blob
    }

    fn section(&self, first: bool, random: &mut Random) -> Vec<u8> {
        // Payloads of 7.8 keep to whole words, as V8's do; the others need not.
        let odd = if self.layout == Layout::V7_8 { 8 * random.below(3) } else { random.below(9) };
        let payload = random.bytes(self.payload + odd);
        // An even number here tells the shapes apart that differ in where the payload begins.
        let reserved = if first { 4 } else { 2 + random.below(4) as u32 };
        let length = payload.len() as u32;
        let mut words = vec![0xc0de_0345];
        match self.shape {
            Shape::Hashed => words.extend([0x1234_5678, reserved, length]),
            Shape::Reserved | Shape::ReservedAligned => words.extend([reserved, length]),
            Shape::Length => words.push(length),
        }
        if self.shape != Shape::Length {
            words.extend((0..reserved).map(|_| 0x8000_0000));
        }
        if self.shape == Shape::ReservedAligned && words.len() % 2 == 1 {
            words.push(0);
        }
        let mut section: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        section.extend(payload);
        if self.packed {
            let raw = section;
            section = (raw.len() as u32).to_le_bytes().to_vec();
            section.extend(stored(&raw));
        }
        section
    }

    fn sign(&self, blob: &mut [u8], offsets: &[usize]) {
        let row = self.layout.row();
        let read_only = usize::from(self.layout != Layout::V15_0);
        if row.sums == Sums::BlobAndReadOnly {
            let sum = bytewise(self.algorithm, &blob[offsets[read_only]..offsets[read_only + 1]]);
            put(blob, 12, sum);
        }
        match row.sums {
            Sums::Absent => {}
            Sums::Words => {
                let [low, high] = words(&blob[16..]);
                put(blob, 8, low);
                put(blob, 12, high);
            }
            Sums::Blob | Sums::BlobAndReadOnly => {
                let sum = bytewise(self.algorithm, &blob[12..]);
                put(blob, 8, sum);
            }
        }
    }
}

pub(super) fn put(bytes: &mut [u8], at: usize, word: u32) {
    bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
}

/// A container as node of a major version writes it.
pub(super) fn container(major: u32, blob: &[u8]) -> Vec<u8> {
    let mut bytes = 0x0143_da19u32.to_le_bytes().to_vec();
    bytes.push(1);
    let version = format!("{major}.1.2");
    for text in [version.as_str(), "x64", "linux"] {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
        if major == 18 {
            bytes.push(0);
        }
    }
    if major <= 20 {
        bytes.extend([0x75, 0xbe, 0x9d, 0x83]);
    }
    if major >= 20 {
        bytes.extend([0; 4]);
    }
    bytes.extend((blob.len() as u32).to_le_bytes());
    bytes.extend(blob);
    bytes.extend(b"code cache and more");
    bytes
}
