//! Reads of a guest's memory: every number, every text, every length in it is an enemy's.
//!
//! Invariants: nothing is read beyond the memory, no address overflows, and what is allocated goes by the bounds that a caller names,
//! never by a length that the memory holds.

/// A character that cannot be shown.
const BAD: char = '\u{FFFD}';

/// The memory of an interpreter that was stopped, at whatever instruction.
#[derive(Clone, Copy)]
pub(super) struct Memory<'m>(pub(super) &'m [u8]);

/// Where the parts of a text lie within it.
#[derive(Clone, Copy)]
pub(super) struct TextLayout {
    pub(super) state: u32,
    pub(super) length: u32,
    /// Where the characters of a text follow that is ASCII.
    pub(super) ascii: u32,
    /// Bytes of a text whose characters lie elsewhere; the last four say where.
    pub(super) size: u32,
}

impl<'m> Memory<'m> {
    /// `length` bytes from an address and an offset.
    pub(super) fn bytes(self, address: u32, offset: u32, length: usize) -> Option<&'m [u8]> {
        let start = usize::try_from(u64::from(address) + u64::from(offset)).ok()?;
        self.0.get(start..start.checked_add(length)?)
    }

    pub(super) fn byte(self, address: u32, offset: u32) -> Option<u8> {
        self.bytes(address, offset, 1)?.first().copied()
    }

    /// A number of four bytes, or an address.
    pub(super) fn word(self, address: u32, offset: u32) -> Option<u32> {
        self.bytes(address, offset, 4)?.first_chunk().copied().map(u32::from_le_bytes)
    }

    /// An address that is not null.
    pub(super) fn pointer(self, address: u32, offset: u32) -> Option<u32> {
        self.word(address, offset).filter(|address| *address != 0)
    }

    /// The text at an address, at most so many characters of it; of a longer one the end is left out, and said to be. What cannot stand in
    /// a line is replaced.
    pub(super) fn text(self, address: u32, layout: TextLayout, chars_max: usize) -> Option<String> {
        let state = self.word(address, layout.state)?;
        let length = self.word(address, layout.length)? as usize;
        let (width, is_compact, is_ascii) =
            ((state >> 2 & 7) as usize, state >> 5 & 1 == 1, state >> 6 & 1 == 1);
        let behind = layout.size.checked_sub(4)?;
        let (address, offset) = match (is_compact, is_ascii) {
            (true, true) => (address, layout.ascii),
            (true, false) => (address, behind),
            (false, _) => (self.pointer(address, behind)?, 0),
        };
        if !matches!(width, 1 | 2 | 4) {
            return None;
        }
        let shown = length.min(chars_max);
        let bytes = self.bytes(address, offset, shown * width)?;
        let number =
            |letter: &[u8]| letter.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
        let mut text: String = bytes.chunks_exact(width).map(|letter| shown_as(number(letter))).collect();
        if shown < length {
            text.push('…');
        }
        Some(text)
    }
}

/// A character as it may stand in a line.
fn shown_as(number: u32) -> char {
    // Separators of lines and paragraphs, and what turns the direction of all that follows.
    let breaks = matches!(number, 0x2028..=0x202e | 0x2066..=0x2069);
    char::from_u32(number).filter(|letter| !letter.is_control() && !breaks).unwrap_or(BAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: TextLayout = TextLayout { state: 16, length: 8, ascii: 20, size: 32 };

    fn memory(state: u32, length: u32, offset: usize, letters: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 128];
        bytes[40 + 8..40 + 12].copy_from_slice(&length.to_le_bytes());
        bytes[40 + 16..40 + 20].copy_from_slice(&state.to_le_bytes());
        bytes[40 + offset..40 + offset + letters.len()].copy_from_slice(letters);
        bytes
    }

    #[test]
    fn texts_are_of_three_widths_and_lie_in_three_places() {
        let read = |memory: &[u8]| Memory(memory).text(40, LAYOUT, 5);
        let compact = 1 << 5;
        assert_eq!(read(&memory(1 << 2 | compact | 1 << 6, 3, 20, b"abc")).as_deref(), Some("abc"));
        assert_eq!(read(&memory(1 << 2 | compact, 2, 28, b"\xe9x")).as_deref(), Some("éx"));
        assert_eq!(read(&memory(2 << 2 | compact, 2, 28, b"\x3d\x04x\0")).as_deref(), Some("нx"));
        assert_eq!(read(&memory(4 << 2 | compact, 1, 28, b"\0\xf6\x01\0")).as_deref(), Some("😀"));
        let mut elsewhere = memory(1 << 2, 3, 28, &100u32.to_le_bytes());
        elsewhere[100..103].copy_from_slice(b"far");
        assert_eq!(read(&elsewhere).as_deref(), Some("far"));
    }

    #[test]
    fn what_an_enemy_writes_is_cut_cleaned_or_nothing() {
        let ascii = 1 << 2 | 1 << 5 | 1 << 6;
        let read = |memory: &[u8]| Memory(memory).text(40, LAYOUT, 5);
        assert_eq!(read(&memory(ascii, 7, 20, b"abcdefg")).as_deref(), Some("abcde…"));
        assert_eq!(read(&memory(ascii, 4, 20, b"a\n\x1bb")).as_deref(), Some("a\u{FFFD}\u{FFFD}b"));
        let turned = 2 << 2 | 1 << 5;
        assert_eq!(read(&memory(turned, 2, 28, b"\x2e\x20\0\xd8")).as_deref(), Some("\u{FFFD}\u{FFFD}"));
        assert_eq!(read(&memory(3 << 2 | 1 << 5, 1, 28, b"abc")), None, "no width");
        assert_eq!(read(&memory(1 << 2, 3, 28, &u32::MAX.to_le_bytes())), None, "beyond the memory");
        assert_eq!(Memory(&[0; 16]).text(u32::MAX, LAYOUT, 5), None);
        assert_eq!(Memory(&[0; 16]).bytes(u32::MAX, u32::MAX, usize::MAX), None);
    }
}
