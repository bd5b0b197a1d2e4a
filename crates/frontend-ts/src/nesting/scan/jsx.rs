//! JSX: tags and the text between them.

use super::{Before, Scan, Step, TOKEN_BYTES};

impl Scan<'_> {
    /// Tells whether `<` is followed by what an element begins with, and not by type parameters of an arrow function.
    pub(super) fn opens_element(&self) -> bool {
        if self.before == Before::Operand && !self.newline {
            return false;
        }
        let rest = &self.source[self.at + 1..];
        match rest.first() {
            Some(b'>') => return true,
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | 0x80..) => {}
            _ => return false,
        }
        if !self.dialect.types {
            return true;
        }
        let name = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let after = rest[name..].trim_ascii_start();
        !(after.starts_with(b",")
            || after.starts_with(b"=")
            || after.starts_with(b"extends")
            || &rest[..name] == b"const")
    }

    pub(super) fn element(&mut self, parted: &mut Vec<Self>) -> Step {
        if self.before != Before::Operator {
            let mut less = self.clone();
            less.at += 1;
            less.operator(b'<');
            parted.push(less);
        }
        self.count_token();
        self.at += 1;
        self.push(b'T', false, false);
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
            b'{' => self.push(b'{', false, false),
            b'<' => {
                self.top_mut().angles += 1;
                self.add_stack(TOKEN_BYTES);
                self.count_run();
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
            b'>' if self.top().angles > 0 => {
                self.top_mut().angles -= 1;
                self.stack -= TOKEN_BYTES;
            }
            b'>' => self.top_mut().open = b'X',
            _ => {}
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
            b'{' => self.push(b'{', false, false),
            b'<' if self.source[self.at..].trim_ascii_start().starts_with(b"/") => {
                let rest = &self.source[self.at..];
                let Some(length) = rest.iter().position(|&other| other == b'>') else { return Step::Dead };
                self.at += length + 1;
                self.end_element();
            }
            b'<' => self.push(b'T', false, false),
            _ => {}
        }
        Step::Next
    }

    pub(super) fn end_element(&mut self) {
        self.pop();
        self.operand();
    }
}
