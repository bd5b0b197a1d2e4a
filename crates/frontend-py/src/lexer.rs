//! Python's tokens, as far as imports need them: names, strings of all kinds, operators, the ends of logical lines.
//!
//! Start at [`Lexer::next`]. The rules are those of Python 3.14: within the replacement fields of f-strings and t-strings
//! everything may stand, the quotes of the string around them too.
//!
//! Invariant: any bytes have tokens. What is no Python is guessed at: the interpreter in the guest says what is wrong with it.
//! Every byte is looked at a constant number of times, and nesting costs no call stack.

/// A token: its kind and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// The line it begins on, from 1.
    pub line: u32,
    /// It stands within brackets.
    pub is_nested: bool,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or keyword.
    Name,
    /// A text without replacement fields; what stands between its quotes is in the bytes.
    Text {
        content: (usize, usize),
        is_raw: bool,
    },
    /// A literal of bytes.
    Bytes,
    /// The begin of a string with replacement fields; their tokens follow, nested.
    Format,
    Number,
    /// A byte of an operator or bracket, or one that nothing begins with.
    Op(u8),
    /// The end of a logical line.
    Newline,
    End,
}

/// What is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// A bracket, by the byte that closes it.
    Bracket(u8),
    /// The literal part of a string with replacement fields.
    Literal(Quote),
    /// A replacement field of such a string.
    Field(Quote),
    /// What says how the value of a replacement field is formatted.
    Spec(Quote),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quote {
    byte: u8,
    is_triple: bool,
    is_raw: bool,
}

/// How a source ends, for prompts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// A bracket or a string is open that later lines can close.
    pub is_open: bool,
    /// The last byte is a backslash that joins the next line.
    pub is_joined: bool,
    /// No later line can make it right.
    pub is_broken: bool,
}

/// Reads tokens one after the other.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
    open: Vec<Frame>,
    state: State,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self { bytes, at, line: 1, open: Vec::new(), state: State::default() }
    }

    /// Tells how the source ends; to be asked after [`Kind::End`].
    pub(crate) fn state(&self) -> State {
        State { is_open: self.state.is_open || !self.open.is_empty(), ..self.state }
    }

    pub(crate) fn next(&mut self) -> Token {
        loop {
            match self.open.last() {
                Some(&Frame::Literal(quote)) => {
                    if let Some(token) = self.literal(quote, false) {
                        return token;
                    }
                }
                Some(&Frame::Spec(quote)) => {
                    if let Some(token) = self.literal(quote, true) {
                        return token;
                    }
                }
                _ => {
                    if let Some(token) = self.code() {
                        return token;
                    }
                }
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn token(&self, kind: Kind, start: usize, line: u32, is_nested: bool) -> Token {
        Token { kind, start, end: self.at, line, is_nested }
    }

    /// Steps over the end of a line: `\n`, `\r\n` or `\r`.
    fn newline(&mut self) {
        let pair = self.peek(0) == Some(b'\r') && self.peek(1) == Some(b'\n');
        self.at += if pair { 2 } else { 1 };
        self.line = self.line.saturating_add(1);
    }

    /// Steps over a backslash and what it escapes.
    fn escape(&mut self) {
        self.at += 1;
        match self.peek(0) {
            Some(b'\n' | b'\r') => self.newline(),
            Some(_) => self.at += 1,
            None => self.state.is_joined = true,
        }
    }

    /// One token of code, or `None` if only space was stepped over.
    fn code(&mut self) -> Option<Token> {
        let (start, line, is_nested) = (self.at, self.line, !self.open.is_empty());
        let Some(byte) = self.peek(0) else {
            return Some(self.token(Kind::End, start, line, is_nested));
        };
        match byte {
            b' ' | b'\t' | 0x0c => self.at += 1,
            b'#' => {
                let rest = &self.bytes[self.at..];
                let len = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
                self.at += len;
            }
            b'\n' | b'\r' => {
                self.newline();
                return (!is_nested).then(|| self.token(Kind::Newline, start, line, false));
            }
            b'\\' if matches!(self.peek(1), Some(b'\n' | b'\r')) => {
                self.at += 1;
                self.newline();
            }
            b'\\' if self.peek(1).is_none() => {
                self.at += 1;
                self.state.is_joined = true;
            }
            b'\'' | b'"' => return Some(self.string(start, b"")),
            _ if is_name(byte) && !byte.is_ascii_digit() => return Some(self.name(start)),
            _ if byte.is_ascii_digit()
                || byte == b'.' && self.peek(1).is_some_and(|b| b.is_ascii_digit()) =>
            {
                self.at += 1;
                while self.peek(0).is_some_and(|byte| is_name(byte) || byte == b'.') {
                    self.at += 1;
                }
                return Some(self.token(Kind::Number, start, line, is_nested));
            }
            _ => {
                self.at += 1;
                self.operator(byte);
                return Some(self.token(Kind::Op(byte), start, line, is_nested));
            }
        }
        None
    }

    fn operator(&mut self, byte: u8) {
        match (byte, self.open.last()) {
            (b'(', _) => self.open.push(Frame::Bracket(b')')),
            (b'[', _) => self.open.push(Frame::Bracket(b']')),
            (b'{', _) => self.open.push(Frame::Bracket(b'}')),
            (b')' | b']' | b'}', Some(&Frame::Bracket(closing))) if closing == byte => {
                self.open.pop();
            }
            (b'}', Some(Frame::Field(_))) => {
                self.open.pop();
            }
            (b')' | b']' | b'}', _) => self.state.is_broken = true,
            (b':', Some(&Frame::Field(quote))) => self.open.push(Frame::Spec(quote)),
            _ => {}
        }
    }

    fn name(&mut self, start: usize) -> Token {
        let (line, is_nested) = (self.line, !self.open.is_empty());
        while self.peek(0).is_some_and(is_name) {
            self.at += 1;
        }
        let name = &self.bytes[start..self.at];
        if name.len() <= 2 && matches!(self.peek(0), Some(b'\'' | b'"')) && is_prefix(name) {
            return self.string(start, name);
        }
        self.token(Kind::Name, start, line, is_nested)
    }

    /// A string, from its quote on.
    fn string(&mut self, start: usize, prefix: &[u8]) -> Token {
        let (line, is_nested) = (self.line, !self.open.is_empty());
        let has = |letter: u8| prefix.iter().any(|byte| byte.to_ascii_lowercase() == letter);
        let byte = self.peek(0).unwrap_or(b'"');
        let is_triple = self.peek(1) == Some(byte) && self.peek(2) == Some(byte);
        let quote = Quote { byte, is_triple, is_raw: has(b'r') };
        self.at += if is_triple { 3 } else { 1 };
        if has(b'f') || has(b't') {
            self.open.push(Frame::Literal(quote));
            return self.token(Kind::Format, start, line, is_nested);
        }
        let content = self.at;
        let content_end = loop {
            match self.peek(0) {
                None => {
                    self.state.is_open |= is_triple;
                    self.state.is_broken |= !is_triple && !self.state.is_joined;
                    break self.at;
                }
                Some(b'\n' | b'\r') if !is_triple => {
                    self.state.is_broken = true;
                    break self.at;
                }
                Some(b'\n' | b'\r') => self.newline(),
                Some(b'\\') => self.escape(),
                Some(_) if self.closes(quote) => {
                    let end = self.at;
                    self.at += if is_triple { 3 } else { 1 };
                    break end;
                }
                Some(_) => self.at += 1,
            }
        };
        let text = Kind::Text { content: (content, content_end), is_raw: quote.is_raw };
        let kind = if has(b'b') { Kind::Bytes } else { text };
        self.token(kind, start, line, is_nested)
    }

    /// Tells whether the quote that ends a string is next.
    fn closes(&self, quote: Quote) -> bool {
        let byte = Some(quote.byte);
        self.peek(0) == byte && (!quote.is_triple || self.peek(1) == byte && self.peek(2) == byte)
    }

    /// The literal part of a string with replacement fields, or what stands behind the colon of a field.
    ///
    /// Gives the bracket at which a field begins or ends.
    fn literal(&mut self, quote: Quote, is_spec: bool) -> Option<Token> {
        loop {
            let (start, line) = (self.at, self.line);
            let Some(byte) = self.peek(0) else {
                self.state.is_broken |= !quote.is_triple && !self.state.is_joined;
                return Some(self.token(Kind::End, start, line, true));
            };
            match byte {
                _ if self.closes(quote) => {
                    self.at += if quote.is_triple { 3 } else { 1 };
                    self.state.is_broken |= is_spec;
                    self.close_literal(is_spec);
                    return None;
                }
                // Only space may follow up to the bracket that closes the field.
                b'\n' | b'\r' if is_spec && !quote.is_triple => {
                    self.open.pop();
                    return None;
                }
                b'\n' | b'\r' if !quote.is_triple => {
                    self.state.is_broken = true;
                    self.close_literal(is_spec);
                    return None;
                }
                b'\n' | b'\r' => self.newline(),
                b'\\' => self.escape_in_literal(quote),
                b'{' if !is_spec && self.peek(1) == Some(b'{') => self.at += 2,
                b'{' => {
                    self.at += 1;
                    self.open.push(Frame::Field(quote));
                    return Some(self.token(Kind::Op(byte), start, line, true));
                }
                b'}' if is_spec => {
                    self.at += 1;
                    self.open.truncate(self.open.len().saturating_sub(2));
                    return Some(self.token(Kind::Op(byte), start, line, true));
                }
                _ => self.at += 1,
            }
        }
    }

    /// Leaves a string: its literal part, or all of what is within the field whose format it is.
    fn close_literal(&mut self, is_spec: bool) {
        self.open.pop();
        if is_spec {
            while let Some(frame) = self.open.pop() {
                if matches!(frame, Frame::Literal(_)) {
                    break;
                }
            }
        }
    }

    fn escape_in_literal(&mut self, quote: Quote) {
        match self.peek(1) {
            // A bracket cannot be escaped.
            Some(b'{' | b'}') => self.at += 1,
            Some(b'N') if !quote.is_raw && self.peek(2) == Some(b'{') => {
                self.at += 3;
                let inside = |byte: u8| byte != b'}' && byte != quote.byte && byte != b'\n' && byte != b'\r';
                while self.peek(0).is_some_and(inside) {
                    self.at += 1;
                }
                if self.peek(0) == Some(b'}') {
                    self.at += 1;
                }
            }
            _ => self.escape(),
        }
    }
}

/// Tells whether a byte can be part of a name; those of other scripts are.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Tells whether letters before a quote say what kind of string it is.
fn is_prefix(letters: &[u8]) -> bool {
    let lower = |at: usize| letters.get(at).map_or(0, u8::to_ascii_lowercase);
    match (lower(0), lower(1)) {
        (b'r' | b'u' | b'b' | b'f' | b't', 0) => true,
        (b'r', second) => matches!(second, b'b' | b'f' | b't'),
        (first, b'r') => matches!(first, b'b' | b'f' | b't'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tokens, each by its text; the ends of lines are `;`.
    fn check(source: &str, expected: &str) {
        let mut lexer = Lexer::new(source.as_bytes());
        let mut tokens = Vec::new();
        loop {
            let token = lexer.next();
            let text = &source[token.start..token.end];
            match token.kind {
                Kind::End => break,
                Kind::Newline => tokens.push(";".to_owned()),
                Kind::Text { content: (start, end), .. } => tokens.push(format!("<{}>", &source[start..end])),
                _ => tokens.push(text.to_owned()),
            }
        }
        assert_eq!(tokens.join(" ").replace('\n', "~"), expected, "{source}");
    }

    #[test]
    fn names_numbers_and_lines() {
        check("a = 1_000.5e3 + .5\nb", "a = 1_000.5e3 + .5 ; b");
        check("a\\\r\nb\rc\r\nd", "a b ; c ; d");
        check("f(a,\n# )\nb)\nc", "f ( a , b ) ; c");
        check("\u{feff}é = 1\x0c", "é = 1");
        check("a # 'b\nc", "a ; c");
    }

    #[test]
    fn strings() {
        check(r#"'a' "b\"c" '''d'e''' u'f' Rb'g\'h'"#, r#"<a> <b\"c> <d'e> <f> Rb'g\'h'"#);
        check("'a\\\nb' c", "<a\\~b> c");
        check("'a\nc'", "<a> ; c <>");
        check("'''a\n''b\\'''c''' d", "<a~''b\\'''c> d");
        check(r"r'\' ' x", r"<\' > x");
        check("bru'a' ub'b'", "bru <a> ub <b>");
    }

    #[test]
    fn replacement_fields() {
        check("f'a{b}c' d", "f' { b } d");
        check("f'{{a}}{b!r:>{c}}' d", "f' { b ! r : { c } } d");
        check("f'{a['b']}' c", "f' { a [ <b> ] } c");
        check("f'{f'{f'{a}'}'}' b", "f' { f' { f' { a } } } b");
        check("f'''{\na:%Y\n'x'}''' b", "f''' { a : } b");
        check(r"f'\N{DIGIT ONE}{a}\{b}' c", r"f' { a } { b } c");
        check(r"rf'\N{a}\'{b}' c", "rf' { a } { b } c");
        check("t'{a:\n}' b", "t' { a : } b");
        check(
            "f'{a!=b}{ {1:2}[1] }{(lambda: 1)()}' c",
            "f' { a ! = b } { { 1 : 2 } [ 1 ] } { ( lambda : 1 ) ( ) } c",
        );
        check("f'{a' b\nc", "f' { a < b> c");
    }

    #[test]
    fn any_bytes_have_tokens() {
        let parts: &[&[u8]] = &[
            b"'", b"\"", b"'''", b"f'", b"f\"\"\"", b"{", b"}", b"(", b")", b"]", b"\\", b"\n", b"\r", b":",
            b"\\N{", b"a", b"0", b"\xff", b"#", b"\0", b"import ", b"!", b".", b"t'",
        ];
        let mut seed = 7_u64;
        for _ in 0..20_000 {
            let mut source = Vec::new();
            for _ in 0..24 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                source.extend_from_slice(parts[(seed >> 33) as usize % parts.len()]);
            }
            let mut lexer = Lexer::new(&source);
            let mut last = 0;
            for count in 0.. {
                let token = lexer.next();
                assert!(token.start >= last && token.end >= token.start && token.end <= source.len());
                assert!(count <= source.len());
                last = token.end;
                if token.kind == Kind::End {
                    break;
                }
            }
        }
    }
}
