//! The ranges of a source that become blanks.

use oxc::span::{GetSpan, Span};

/// Collects ranges and writes the source without them.
pub(crate) struct Blanks<'s> {
    source: &'s str,
    ranges: Vec<Range>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    start: usize,
    end: usize,
    /// What stands in place of the first characters.
    text: &'static str,
}

/// What a statement leaves behind, so that what is before and after does not join.
const SEMICOLON: &str = ";";

const LINE_BREAKS: [char; 4] = ['\n', '\r', '\u{2028}', '\u{2029}'];

/// The words before the name of a class member that are TypeScript's.
const MODIFIERS: &[&str] = &["public", "private", "protected", "readonly", "override", "abstract", "declare"];

impl<'s> Blanks<'s> {
    pub(crate) fn new(source: &'s str) -> Self {
        Self { source, ranges: Vec::new() }
    }

    pub(crate) fn span(&mut self, span: Span) {
        self.between(span.start, span.end);
    }

    pub(crate) fn optional(&mut self, node: Option<&impl GetSpan>) {
        if let Some(node) = node {
            self.span(node.span());
        }
    }

    pub(crate) fn between(&mut self, start: u32, end: u32) {
        self.push(start as usize, end as usize, "");
    }

    /// Blanks a whole statement or class member.
    pub(crate) fn statement(&mut self, span: Span) {
        self.push(span.start as usize, span.end as usize, SEMICOLON);
    }

    /// Makes `import "a"` of an import or export statement that begins at `start`, and whose specifier does at `source`.
    pub(crate) fn all_but_source(&mut self, start: u32, source: u32) {
        self.push(start as usize, source as usize, "import");
    }

    /// Blanks an item of a list and the comma behind it.
    pub(crate) fn item(&mut self, span: Span) {
        self.span(span);
        self.comma_after(span.end);
    }

    /// Blanks the next `mark` that stands between comments and white space.
    pub(crate) fn mark_after(&mut self, after: u32, mark: u8) {
        let at = self.skip_trivia(after as usize);
        if self.source.as_bytes().get(at) == Some(&mark) {
            self.push(at, at + 1, "");
        }
    }

    pub(crate) fn comma_after(&mut self, after: u32) {
        self.mark_after(after, b',');
    }

    /// The place after the first `word` between two places.
    pub(crate) fn after_word(&self, start: u32, end: u32, word: &str) -> u32 {
        let mut at = self.skip_trivia(start as usize);
        while at < end as usize {
            let length = self.word_length(at, end as usize);
            if length == 0 {
                break;
            }
            if &self.source[at..at + length] == word {
                return u32::try_from(at + length).unwrap_or(end);
            }
            at = self.skip_trivia(at + length);
        }
        end
    }

    /// Blanks `words` between two places, up to the first thing that is neither word nor comment.
    pub(crate) fn words(&mut self, start: u32, end: u32, words: &[&str]) -> bool {
        let mut at = self.skip_trivia(start as usize);
        let mut first = true;
        let mut erased_first = false;
        while at < end as usize {
            let length = self.word_length(at, end as usize);
            if length == 0 {
                break;
            }
            if words.contains(&&self.source[at..at + length]) {
                self.push(at, at + length, "");
                erased_first |= first;
            }
            first = false;
            at = self.skip_trivia(at + length);
        }
        erased_first
    }

    /// Blanks the modifiers of a class member whose name begins at `key`.
    pub(crate) fn modifiers(&mut self, start: u32, key: u32) {
        let known = self.ranges.len();
        if self.words(start, key, MODIFIERS) {
            let at = self.ranges[known].start;
            let mut next = at;
            while let Some(range) = self.ranges[known..].iter().find(|range| range.start == next) {
                next = self.skip_trivia(range.end);
            }
            // Without a semicolon these would go on with the member before.
            if matches!(self.source.as_bytes().get(next), Some(b'[' | b'*' | b'(')) {
                self.ranges[known].text = SEMICOLON;
            }
        }
    }

    pub(crate) fn has_newline(&self, span: Span) -> bool {
        self.source[span.start as usize..span.end as usize].contains(LINE_BREAKS)
    }

    /// Tells whether the next token is on a new line and would continue an expression that ends here.
    pub(crate) fn next_line_goes_on(&self, after: u32) -> bool {
        let next = self.skip_trivia(after as usize);
        matches!(self.source.as_bytes().get(next), Some(b'(' | b'[' | b'`'))
            && self.source[after as usize..next].contains(LINE_BREAKS)
    }

    /// The place after the `]` that closes a computed name whose expression ends at `end`.
    pub(crate) fn after_bracket(&self, end: u32) -> u32 {
        let at = self.skip_trivia(end as usize);
        let closes = self.source.as_bytes().get(at) == Some(&b']');
        u32::try_from(at + usize::from(closes)).unwrap_or(end)
    }

    /// Writes the source with blanks, all of them; `None` if there are none.
    pub(crate) fn write(self) -> Option<String> {
        self.write_lines(false)
    }

    /// As [`Blanks::write`], without the blanks before a line break: they move nothing, and there can be many.
    pub(crate) fn write_short(self) -> Option<String> {
        self.write_lines(true)
    }

    fn write_lines(mut self, short: bool) -> Option<String> {
        if self.ranges.is_empty() {
            return None;
        }
        self.ranges.sort_unstable();
        let mut code = String::with_capacity(self.source.len());
        let mut at = 0;
        for range in &self.ranges {
            let start = range.start.max(at);
            if start >= range.end {
                continue;
            }
            code.push_str(&self.source[at..start]);
            let mut text = self.source[start..range.end].chars();
            if start == range.start {
                code.push_str(range.text);
                text.by_ref().take(range.text.len()).for_each(drop);
            }
            let written = code.len();
            let shorten = |code: &mut String| {
                if short {
                    code.truncate(written + code[written..].trim_end_matches(' ').len());
                }
            };
            for character in text {
                if LINE_BREAKS.contains(&character) {
                    shorten(&mut code);
                    code.push(character);
                } else {
                    code.extend(std::iter::repeat_n(' ', character.len_utf16()));
                }
            }
            let behind = &self.source[range.end..];
            if behind.is_empty() || behind.starts_with(LINE_BREAKS) {
                shorten(&mut code);
            }
            at = range.end;
        }
        code.push_str(&self.source[at..]);
        Some(code)
    }

    fn push(&mut self, start: usize, end: usize, text: &'static str) {
        if start < end {
            self.ranges.push(Range { start, end, text });
        }
    }

    fn word_length(&self, start: usize, end: usize) -> usize {
        self.source[start..end].bytes().take_while(|byte| byte.is_ascii_alphanumeric()).count()
    }

    /// Skips white space and comments.
    fn skip_trivia(&self, mut at: usize) -> usize {
        loop {
            let rest = &self.source[at..];
            let blank =
                rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
            let rest = &rest[blank..];
            let comment = if rest.starts_with("//") {
                rest.find(LINE_BREAKS).unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return at + blank;
            };
            at += blank + comment;
        }
    }
}
