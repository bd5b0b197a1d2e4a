//! Checks that a text is JSON, and says where it is not.
//!
//! Start at [`validate`]. The engine parses the text again; here only the place of an error matters, and that text which
//! nests a million levels deep costs a million bits and no call stack.

/// Says what JSON does not allow, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JsonError {
    pub offset: usize,
    pub message: &'static str,
}

/// Checks that `text` is one JSON value.
pub(crate) fn validate(text: &str) -> Result<(), JsonError> {
    let mut reader = Reader { bytes: text.as_bytes(), at: 0 };
    // The closing bracket of every open array and object.
    let mut open = Vec::new();
    loop {
        reader.skip_blanks();
        match reader.peek() {
            Some(bracket @ (b'[' | b'{')) => {
                let close = bracket + 2;
                reader.at += 1;
                reader.skip_blanks();
                if reader.peek() == Some(close) {
                    reader.at += 1;
                } else {
                    open.push(close);
                    if close == b'}' {
                        reader.key()?;
                    }
                    continue;
                }
            }
            _ => reader.scalar()?,
        }
        if !reader.after_value(&mut open)? {
            return Ok(());
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// Closes what ends here. Answers whether another value follows.
    fn after_value(&mut self, open: &mut Vec<u8>) -> Result<bool, JsonError> {
        loop {
            self.skip_blanks();
            let Some(&close) = open.last() else {
                return match self.peek() {
                    None => Ok(false),
                    Some(_) => self.fail("expected the end of the file after the JSON value"),
                };
            };
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.skip_blanks();
                    if self.peek() == Some(close) {
                        return self.fail("JSON allows no comma before a closing bracket");
                    }
                    if close == b'}' {
                        self.key()?;
                    }
                    return Ok(true);
                }
                Some(byte) if byte == close => {
                    self.at += 1;
                    open.pop();
                }
                _ if close == b'}' => return self.fail("expected `,` or `}`"),
                _ => return self.fail("expected `,` or `]`"),
            }
        }
    }

    fn key(&mut self) -> Result<(), JsonError> {
        self.skip_blanks();
        if self.peek() != Some(b'"') {
            return self.fail("expected a name in double quotes");
        }
        self.string()?;
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return self.fail("expected `:`");
        }
        self.at += 1;
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'/') => self.fail("JSON has no comments"),
            Some(b'\'') => self.fail("JSON strings are in double quotes"),
            None => self.fail("expected a JSON value, found the end of the file"),
            Some(_) => self.fail("expected a JSON value"),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        if !self.bytes[self.at..].starts_with(word) {
            return self.fail("expected a JSON value");
        }
        self.at += word.len();
        Ok(())
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        loop {
            match self.peek() {
                None => return self.fail("this string has no end"),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(0..=0x1f) => return self.fail("control characters in JSON strings must be escaped"),
                Some(b'\\') => self.escape()?,
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return self.fail("`\\u` needs four hexadecimal digits");
                }
                self.at += 6;
            }
            _ => return self.fail("JSON has no such escape"),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return self.fail("JSON numbers have no leading zero");
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return self.fail("expected a digit");
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn fail<T>(&self, message: &'static str) -> Result<T, JsonError> {
        Err(JsonError { offset: self.at, message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_accepted() {
        for text in [
            "0",
            " -1.5e+3 ",
            "\"\\u00e9\\n\"",
            "[]",
            "{}",
            "[1,[2,{}],{\"a\":null,\"b\":[true,false]}]",
            "\"\u{7f}é\"",
        ] {
            assert_eq!(validate(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn the_first_error_is_placed() {
        for (text, offset) in [
            ("", 0),
            ("[1,]", 3),
            ("{\"a\":1,}", 7),
            ("{a:1}", 1),
            ("[1 2]", 3),
            ("01", 1),
            ("1.", 2),
            ("\"a\nb\"", 2),
            ("\"\\x\"", 1),
            ("nul", 0),
            ("1 1", 2),
            ("[", 1),
            ("{\"a\"}", 4),
            ("// x", 0),
            ("\"\\u12", 1),
            ("]", 0),
            ("[1}", 2),
            ("-", 1),
            ("1e", 2),
            ("undefined", 0),
        ] {
            assert_eq!(validate(text).map_err(|error| error.offset), Err(offset), "{text}");
        }
    }

    #[test]
    fn depth_costs_no_call_stack() {
        let deep = "[".repeat(1 << 20) + &"]".repeat(1 << 20);
        assert_eq!(validate(&deep), Ok(()));
        let cut = "{\"a\":".repeat(1 << 20);
        assert!(validate(&cut).is_err());
    }
}
