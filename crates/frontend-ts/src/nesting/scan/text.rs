//! What the scanner skips: white space, comments, strings, templates, numbers, names, regular expressions.

use super::{Before, Scan, Step};
use crate::nesting::words::Word;

impl Scan<'_> {
    pub(super) fn skip_blanks(&mut self) {
        while let Some(&byte) = self.source.get(self.at) {
            match byte {
                b'\n' | b'\r' => {
                    self.newline = true;
                    self.at += 1;
                }
                b' ' | b'\t' | 0x0b | 0x0c => self.at += 1,
                b'/' if self.peek(1) == b'/' => self.line_comment(),
                b'/' if self.peek(1) == b'*' => self.block_comment(),
                0x80.. => match self.blank_beyond_ascii() {
                    0 => return,
                    length => self.at += length,
                },
                _ => return,
            }
        }
    }

    /// The length of the white space that begins here, 0 if it is something else.
    pub(super) fn blank_beyond_ascii(&mut self) -> usize {
        let rest = &self.source[self.at..];
        if rest.starts_with("\u{2028}".as_bytes()) || rest.starts_with("\u{2029}".as_bytes()) {
            self.newline = true;
            return 3;
        }
        let end = rest.len().min(4);
        let text = match std::str::from_utf8(&rest[..end]) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).unwrap_or_default(),
        };
        match text.chars().next() {
            Some(character) if character.is_whitespace() || character == '\u{feff}' => character.len_utf8(),
            _ => 0,
        }
    }

    pub(super) fn line_comment(&mut self) {
        while self.at < self.source.len() && !self.at_newline() {
            self.at += 1;
        }
    }

    pub(super) fn block_comment(&mut self) {
        self.at += 2;
        let rest = &self.source[self.at.min(self.source.len())..];
        let mut end = rest.len();
        let mut newline = false;
        for (index, &byte) in rest.iter().enumerate() {
            match byte {
                b'*' if rest.get(index + 1) == Some(&b'/') => {
                    end = index;
                    break;
                }
                b'\n' | b'\r' => newline = true,
                // The separators of lines and paragraphs; what else begins so does no harm.
                0xe2 => newline = true,
                _ => {}
            }
        }
        self.newline |= newline;
        self.at = (self.at + end + 2).min(self.source.len());
    }

    /// `<!--` and `-->` begin comments in some kinds of sources, at some places.
    pub(super) fn opens_html_comment(&self) -> bool {
        let rest = &self.source[self.at..];
        rest.starts_with(b"<!--") || rest.starts_with(b"-->")
    }

    pub(super) fn at_newline(&self) -> bool {
        match self.peek(0) {
            b'\n' | b'\r' => true,
            0xe2 => self.peek(1) == 0x80 && matches!(self.peek(2), 0xa8 | 0xa9),
            _ => false,
        }
    }

    pub(super) fn string(&mut self, quote: u8) -> Step {
        self.at += 1;
        while let Some(&byte) = self.source.get(self.at) {
            match byte {
                b'\\' => self.at += 1 + usize::from(self.peek(1) == b'\r' && self.peek(2) == b'\n'),
                b'\n' | b'\r' => return Step::Dead,
                _ if byte == quote => {
                    self.at += 1;
                    self.operand();
                    return Step::Next;
                }
                _ => {}
            }
            self.at += 1;
        }
        Step::Dead
    }

    /// Reads the text of a template up to its end or the next `${`.
    pub(super) fn template(&mut self) -> Step {
        while let Some(&byte) = self.source.get(self.at) {
            match byte {
                b'\\' => self.at += 1,
                b'`' => {
                    self.at += 1;
                    self.operand();
                    return Step::Next;
                }
                b'$' if self.peek(1) == b'{' => {
                    self.at += 2;
                    self.push(b'$', Before::Operand, false);
                    return Step::Next;
                }
                _ => {}
            }
            self.at += 1;
        }
        Step::End
    }

    pub(super) fn number(&mut self) {
        self.end_type_arguments_beside_operand();
        let mut dot = false;
        while let Some(&byte) = self.source.get(self.at) {
            match byte {
                b'.' if !dot => dot = true,
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => {}
                _ => break,
            }
            self.at += 1;
        }
        self.operand();
    }

    pub(super) fn name(&mut self) {
        let start = self.at;
        let mut escaped = false;
        if self.source[self.at] == b'#' {
            self.at += 1;
        }
        while let Some(&byte) = self.source.get(self.at) {
            match byte {
                b'$' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => self.at += 1,
                b'\\' => {
                    escaped = true;
                    self.escape();
                }
                0x80.. if self.at > start && self.begins_blank() => break,
                0x80.. => self.at += 1,
                _ => break,
            }
        }
        let is_property = self.punctuator == b'.' || self.source[start] == b'#';
        let word = match () {
            () if is_property => Word::Plain,
            () if escaped => Word::Escaped,
            () => Word::of(&self.source[start..self.at]),
        };
        self.word_token(word, start);
    }

    /// Reads `\u0061` and `\u{61}` in a name, and what is wrong just as far as the parser does.
    pub(super) fn escape(&mut self) {
        self.at += 1;
        if self.peek(0) != b'u' {
            let rest = &self.source[self.at..];
            let next =
                rest.iter().skip(1).position(|byte| byte & 0xc0 != 0x80).map_or(rest.len(), |more| more + 1);
            self.at += next;
            return;
        }
        self.at += 1;
        let in_braces = self.peek(0) == b'{';
        let digits_max = if in_braces { usize::MAX } else { 4 };
        self.at += usize::from(in_braces);
        let (mut digits, mut value) = (0, 0_u32);
        while digits < digits_max && value <= 0x10_ffff {
            let Some(digit) = char::from(self.peek(0)).to_digit(16) else { break };
            value = value * 16 + digit;
            digits += 1;
            self.at += 1;
        }
        if in_braces && digits > 0 && value <= 0x10_ffff && self.peek(0) == b'}' {
            self.at += 1;
        }
    }

    /// Tells whether white space begins here, without noting a line break: the next token will.
    pub(super) fn begins_blank(&mut self) -> bool {
        let newline = self.newline;
        let found = self.blank_beyond_ascii() > 0;
        self.newline = newline;
        found
    }

    pub(super) fn slash(&mut self, parted: &mut Vec<Self>) -> Step {
        let unclear = self.before == Before::Unclear || (self.before == Before::Operand && self.newline);
        if self.before == Before::Operand && !unclear {
            self.divide();
            return Step::Next;
        }
        match self.regular_expression() {
            None if unclear => self.divide(),
            None => return Step::Dead,
            Some((end, plain)) => {
                if unclear && !plain {
                    let mut division = self.clone();
                    division.divide();
                    parted.push(division);
                }
                self.at = end;
                self.operand();
                if unclear && plain {
                    self.before = Before::Unclear;
                }
            }
        }
        Step::Next
    }

    pub(super) fn divide(&mut self) {
        self.at += 1;
        self.end_type_arguments();
        self.operator(b'/');
    }

    /// Where the regular expression that may begin here ends, and whether it reads alike as divisions.
    pub(super) fn regular_expression(&self) -> Option<(usize, bool)> {
        let mut at = self.at + 1;
        let mut in_class = false;
        let mut plain = true;
        loop {
            let byte = *self.source.get(at)?;
            match byte {
                b'\n' | b'\r' => return None,
                0xe2 if matches!(self.source.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) => return None,
                b'\\' => {
                    at += 1;
                    // An escaped line break ends it too.
                    if matches!(self.source.get(at), None | Some(b'\n' | b'\r')) {
                        return None;
                    }
                    plain = false;
                }
                b'[' => (in_class, plain) = (true, false),
                b']' => (in_class, plain) = (false, false),
                b'/' if !in_class => return Some((at + 1, plain)),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b' ' | b'.' | b'+' | b'-' | b'*' | b'|' => {}
                _ => plain = false,
            }
            at += 1;
        }
    }
}
