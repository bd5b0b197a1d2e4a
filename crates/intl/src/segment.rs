//! Where characters, words and sentences of a text end.

use b8g_core::Error;
use icu_segmenter::options::{SentenceBreakInvariantOptions, WordBreakInvariantOptions};
use icu_segmenter::{GraphemeClusterSegmenter, SentenceSegmenter, WordSegmenter};

use crate::Work;

/// Segments between two questions whether to go on.
const STEP: usize = 4096;
const WORD_LIKE: u32 = 1;

/// Writes a word for each segment: twice its length in UTF-16, and 1 if it is a word. Answers how many bytes all of them take.
pub(crate) fn segment(kind: u64, input: &str, out: &mut [u8], work: &Work<'_>) -> Result<usize, Error> {
    work.step()?;
    let mut writer = Writer { input, words: kind == 1, from: 0, count: 0, out, work };
    match kind {
        0 => {
            for end in GraphemeClusterSegmenter::new().segment_str(input) {
                writer.put(end, false)?;
            }
        }
        1 => {
            let segmenter = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
            for (end, kind) in segmenter.segment_str(input).iter_with_word_type() {
                writer.put(end, kind.is_word_like())?;
            }
        }
        2 => {
            for end in SentenceSegmenter::new(SentenceBreakInvariantOptions::default()).segment_str(input) {
                writer.put(end, false)?;
            }
        }
        _ => return Err(Error::Argument),
    }
    Ok(writer.count * 4)
}

struct Writer<'a> {
    input: &'a str,
    words: bool,
    from: usize,
    count: usize,
    out: &'a mut [u8],
    work: &'a Work<'a>,
}

impl Writer<'_> {
    fn put(&mut self, end: usize, word_like: bool) -> Result<(), Error> {
        if end == self.from {
            return Ok(());
        }
        let text = self.input.get(self.from..end).ok_or(Error::Io)?;
        let units = u32::try_from(text.encode_utf16().count()).map_err(|_| Error::Limit)?;
        // What ends with a mark is a word all the same.
        let word_like = self.words && (word_like || text.chars().any(char::is_alphanumeric));
        let word = units << 1 | if word_like { WORD_LIKE } else { 0 };
        if let Some(place) = self.out.get_mut(self.count * 4..self.count * 4 + 4) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        self.from = end;
        self.count += 1;
        if self.count.is_multiple_of(STEP) { self.work.step() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(kind: u64, text: &str) -> Vec<(u32, bool)> {
        let mut out = [0; 400];
        let length = segment(kind, text, &mut out, &Work::new(&|| true)).unwrap();
        out[..length]
            .chunks(4)
            .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
            .map(|word| (word >> 1, word & 1 == 1))
            .collect()
    }

    #[test]
    fn texts_fall_apart_where_people_see_it() {
        assert_eq!(segments(0, "e\u{301}👨‍👩‍👧!"), [(2, false), (8, false), (1, false)]);
        assert_eq!(segments(1, "Hi, you"), [(2, true), (1, false), (1, false), (3, true)]);
        assert_eq!(segments(2, "One. Two."), [(5, false), (4, false)]);
        assert_eq!(segments(1, ""), []);
        assert_eq!(segment(0, "abc", &mut [], &Work::new(&|| true)), Ok(12));
        assert_eq!(segment(0, "abc", &mut [], &Work::new(&|| false)), Err(Error::Canceled));
    }
}
