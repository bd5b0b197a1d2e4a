//! Code frames: the line of a source that an error is about, with a caret under the place.
//!
//! Start at [`Place::new`]. Invariant: whatever the source holds, a frame is a few hundred bytes of printable text:
//! long lines are clipped around the caret, and characters that would move a terminal's cursor are replaced.

use std::fmt::Write;

/// How many columns of a long line are shown before and after the caret.
const COLUMNS_BEFORE: usize = 60;
const COLUMNS_AFTER: usize = 40;

/// A place in a source file, and how that place looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as the program names it.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in UTF-16 units, from 1.
    pub column: u32,
    /// The line of code with a caret below: two lines, each ended by a newline. Empty when there is no source.
    pub frame: String,
}

impl Place {
    /// Makes the place of the byte `offset` of `source`, marking `len` bytes from there.
    pub(crate) fn new(path: &str, source: &str, offset: usize, len: usize) -> Self {
        let offset = floor_boundary(source, offset);
        let end = floor_boundary(source, offset.saturating_add(len)).max(offset);
        let (line, line_start) = line_of(source.as_bytes(), offset);
        let column = source[line_start..offset].chars().map(char::len_utf16).sum::<usize>() + 1;
        Self {
            path: printable(path, 4096),
            line: saturate(line),
            column: saturate(column),
            frame: draw(source, line, line_start, offset, end),
        }
    }

    /// Writes ` --> path:line:column` and the frame.
    pub(crate) fn write(&self, out: &mut dyn Write) -> std::fmt::Result {
        let indent = digits(self.line);
        write!(out, "\n{:indent$}--> {}:{}:{}", "", self.path, self.line, self.column)?;
        if self.frame.is_empty() {
            return Ok(());
        }
        write!(out, "\n{:indent$} |", "")?;
        let mut lines = self.frame.lines();
        write!(out, "\n{} | {}", self.line, lines.next().unwrap_or_default())?;
        write!(out, "\n{:indent$} | {}", "", lines.next().unwrap_or_default())
    }

    /// Writes a `= help: ...` line that is aligned with the frame.
    pub(crate) fn write_help(&self, out: &mut dyn Write, help: &str) -> std::fmt::Result {
        write!(out, "\n{:indent$} = help: {help}", "", indent = digits(self.line))
    }
}

/// Makes text from an untrusted source safe to print: bounded, one line, nothing that steers a terminal.
pub(crate) fn printable(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(chars_max * 4));
    for (count, character) in text.chars().enumerate() {
        if count == chars_max {
            out.push('…');
            break;
        }
        out.push(shown(character));
    }
    out
}

/// Tells the line, from 1, and where it starts.
fn line_of(source: &[u8], offset: usize) -> (usize, usize) {
    let mut line = 1;
    let mut start = 0;
    let mut at = 0;
    while at < offset {
        match source[at] {
            b'\n' => (line, start) = (line + 1, at + 1),
            b'\r' if source.get(at + 1) != Some(&b'\n') => (line, start) = (line + 1, at + 1),
            0xe2 if source[at..].starts_with("\u{2028}".as_bytes())
                || source[at..].starts_with("\u{2029}".as_bytes()) =>
            {
                (line, start) = (line + 1, at + 3);
            }
            _ => {}
        }
        at += 1;
    }
    (line, start.min(offset))
}

fn draw(source: &str, _line: usize, line_start: usize, offset: usize, end: usize) -> String {
    let before = &source[line_start..offset];
    let after = &source[offset..];
    let first = before.char_indices().rev().nth(COLUMNS_BEFORE - 1).map_or(0, |(at, _)| at);
    let mut code = String::new();
    let mut marks = String::new();
    if first > 0 {
        code.push('…');
        marks.push(' ');
    }
    for character in before[first..].chars() {
        code.push(shown(character));
        marks.extend(std::iter::repeat_n(' ', width(character)));
    }
    let mut marked = 0;
    for (count, (at, character)) in after.char_indices().enumerate() {
        if is_newline(character) {
            break;
        }
        if count == COLUMNS_AFTER {
            code.push('…');
            break;
        }
        code.push(shown(character));
        if offset + at < end {
            marked += width(character);
        }
    }
    let trimmed = code.trim_end().len();
    code.truncate(trimmed);
    marks.extend(std::iter::repeat_n('^', marked.max(1)));
    code.push('\n');
    marks.push('\n');
    code + &marks
}

/// What is shown for a character: controls, separators and what reorders text become one column.
fn shown(character: char) -> char {
    match character {
        '\t' => ' ',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
            '\u{fffd}'
        }
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    }
}

/// How many columns a terminal gives to a character. Rough: wide scripts and pictures are two.
fn width(character: char) -> usize {
    match u32::from(character) {
        0x300..=0x36f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

fn is_newline(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

fn floor_boundary(source: &str, offset: usize) -> usize {
    source.floor_char_boundary(offset.min(source.len()))
}

fn digits(line: u32) -> usize {
    line.checked_ilog10().unwrap_or(0) as usize + 1
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, offset: usize, len: usize, expected: &str) {
        let mut text = String::new();
        Place::new("a.ts", source, offset, len).write(&mut text).expect("writing to a string");
        assert_eq!(text, expected);
    }

    #[test]
    fn the_caret_is_below_the_place() {
        check("let x\nlet y = = 1;", 14, 1, "\n --> a.ts:2:9\n  |\n2 | let y = = 1;\n  |         ^");
        check("日本 = 1", 7, 1, "\n --> a.ts:1:4\n  |\n1 | 日本 = 1\n  |      ^");
        check("", 0, 0, "\n --> a.ts:1:1\n  |\n1 | \n  | ^");
        check("abc", 99, 5, "\n --> a.ts:1:4\n  |\n1 | abc\n  |    ^");
    }

    #[test]
    fn columns_are_utf16_and_lines_end_as_in_the_language() {
        let place = Place::new("a.ts", "😀x\r\ny\u{2028}zz", 4, 1);
        assert_eq!((place.line, place.column), (1, 3));
        let place = Place::new("a.ts", "😀x\r\ny\u{2028}zz", 12, 1);
        assert_eq!((place.line, place.column), (3, 2));
    }

    #[test]
    fn long_lines_are_clipped_and_controls_are_replaced() {
        let source = format!("{}\x1b[31m{}", "a".repeat(1 << 20), "b".repeat(1 << 20));
        let place = Place::new("a.ts", &source, (1 << 20) + 5, 1 << 19);
        assert_eq!(place.column, (1 << 20) + 6);
        assert!(place.frame.len() < 600, "{}", place.frame.len());
        assert!(!place.frame.contains('\x1b'));
        assert_eq!(place.frame.lines().nth(1).unwrap().find('^'), Some(61));
    }
}
