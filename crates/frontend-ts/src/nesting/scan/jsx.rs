//! JSX: tags and the text between them.

use super::{Before, Scan, Step};

impl Scan<'_> {
    /// Tells whether a `<` here begins an element: certainly, perhaps, or not at all.
    ///
    /// In TypeScript, `<a>(` and `<a extends b>(` may also be the type parameters of a function.
    pub(super) fn opens_element(&self) -> Before {
        if self.before == Before::Operand && !self.newline {
            return Before::Operator;
        }
        let rest = &self.source[self.at + 1..];
        let name = match rest.first() {
            Some(b'>') => return self.certain(),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | 0x80..) => {
                rest.iter().position(|byte| !is_name_byte(*byte)).unwrap_or(rest.len())
            }
            // White space and comments may stand before the name.
            Some(b' ' | b'\t' | b'\n' | b'\r' | b'/') => return Before::Unclear,
            _ => return Before::Operator,
        };
        if !self.dialect.types {
            return self.certain();
        }
        let after = rest[name..].trim_ascii_start();
        match after.first() {
            Some(b',' | b'=') => Before::Operator,
            Some(b'>') if !after[1..].trim_ascii_start().starts_with(b"(") => self.certain(),
            Some(b'>' | b'/') | None => Before::Unclear,
            _ if after.starts_with(b"extends") || matches!(&rest[..name], b"const" | b"in" | b"out") => {
                Before::Unclear
            }
            _ => self.certain(),
        }
    }

    /// An element can only stand where an operand can.
    fn certain(&self) -> Before {
        if self.before == Before::Operator { Before::Operand } else { Before::Unclear }
    }

    pub(super) fn element(&mut self, opens: Before, parted: &mut Vec<Self>) -> Step {
        if opens == Before::Unclear {
            let mut less = self.clone();
            less.at += 1;
            less.operator(b'<');
            parted.push(less);
        }
        self.count_token();
        self.at += 1;
        self.push(b'T', Before::Unclear, false);
        Step::Next
    }

    /// Inside `<a ... >`.
    pub(super) fn step_tag(&mut self) -> Step {
        let Some(&byte) = self.source.get(self.at) else { return Step::End };
        self.token = self.at;
        match byte {
            b'"' | b'\'' => {
                let rest = &self.source[self.at + 1..];
                let Some(length) = rest.iter().position(|&other| other == byte) else { return Step::Dead };
                self.at += length + 1;
            }
            b'{' => self.push(b'{', Before::Unclear, false),
            // `a=<b/>`, or the type arguments of the element.
            b'<' if self.punctuator == b'=' => self.push(b'T', Before::Unclear, false),
            b'<' => self.push(b'A', Before::Unclear, false),
            b'.' | b':' => self.count_run(),
            b'\\' => {
                self.escape();
                return Step::Next;
            }
            b'/' if self.peek(1) == b'*' => {
                self.block_comment();
                return Step::Next;
            }
            b'/' if self.peek(1) == b'/' => {
                self.line_comment();
                return Step::Next;
            }
            b'/' if self.peek(1) == b'>' => {
                self.at += 2;
                self.end_element();
                return Step::Next;
            }
            b'>' => self.top_mut().open = b'X',
            _ => {}
        }
        if !byte.is_ascii_whitespace() && matches!(self.top_ref().open, b'T' | b'X') {
            self.punctuator = byte;
        }
        self.at += 1;
        Step::Next
    }

    /// Between `<a>` and `</a>`.
    pub(super) fn step_text(&mut self) -> Step {
        let Some(&byte) = self.source.get(self.at) else { return Step::End };
        self.token = self.at;
        self.at += 1;
        match byte {
            b'{' => self.push(b'{', Before::Unclear, false),
            b'<' if self.source[self.at..].trim_ascii_start().starts_with(b"/") => {
                let rest = &self.source[self.at..];
                let Some(length) = rest.iter().position(|&other| other == b'>') else { return Step::Dead };
                self.at += length + 1;
                self.end_element();
            }
            b'<' => self.push(b'T', Before::Unclear, false),
            _ => {}
        }
        Step::Next
    }

    pub(super) fn end_element(&mut self) {
        self.pop();
        self.operand();
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-' | b'.' | b':' | 0x80..)
}
