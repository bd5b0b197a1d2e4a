//! A text in parts, each of which says what it is: what `formatToParts` gives.

/// Between parts, and between the fields of what comes in. No text of CLDR has it.
pub(crate) const SEPARATOR: char = '\u{1f}';

/// A text that is put together.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    parts: Vec<(&'static str, String)>,
}

impl Parts {
    /// Adds a part; literals that follow one another become one.
    pub(crate) fn push(&mut self, kind: &'static str, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.parts.last_mut() {
            Some((last, held)) if *last == kind && kind == "literal" => held.push_str(text),
            _ => self.parts.push((kind, text.to_owned())),
        }
    }

    /// Adds a text that stands for something: what is blank at its ends is none of it.
    pub(crate) fn push_trimmed(&mut self, kind: &'static str, text: &str) {
        let blank = |c: char| c.is_whitespace() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}');
        let kept = text.trim_matches(blank);
        let Some(at) = text.find(kept).filter(|_| !kept.is_empty()) else {
            return self.push("literal", text);
        };
        self.push("literal", &text[..at]);
        self.push(kind, kept);
        self.push("literal", &text[at + kept.len()..]);
    }

    pub(crate) fn extend(&mut self, other: Parts) {
        for (kind, text) in other.parts {
            self.push(kind, &text);
        }
    }

    pub(crate) fn first_char(&self) -> Option<char> {
        self.parts.first().and_then(|(_, text)| text.chars().next())
    }

    pub(crate) fn last_char(&self) -> Option<char> {
        self.parts.last().and_then(|(_, text)| text.chars().next_back())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.parts.iter()
    }

    pub(crate) fn to_text(&self) -> String {
        self.parts.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The text alone, or `kind SEPARATOR text SEPARATOR` for each part.
    pub(crate) fn written(&self, in_parts: bool) -> String {
        if !in_parts {
            return self.to_text();
        }
        let mut written = String::new();
        for (kind, text) in &self.parts {
            for piece in [kind, text.as_str()] {
                written.push_str(piece);
                written.push(SEPARATOR);
            }
        }
        written
    }
}

/// A pattern cut at `{0}` and `{1}`: texts, and numbers of what comes in their place.
pub(crate) fn pieces(pattern: &str) -> Vec<Result<usize, &str>> {
    let mut pieces = Vec::new();
    let mut rest = pattern;
    while let Some(at) = rest.find('{') {
        let number = rest.as_bytes().get(at + 1).filter(|byte| byte.is_ascii_digit());
        let (Some(number), Some(b'}')) = (number, rest.as_bytes().get(at + 2)) else { break };
        if at > 0 {
            pieces.push(Err(&rest[..at]));
        }
        pieces.push(Ok(usize::from(number - b'0')));
        rest = &rest[at + 3..];
    }
    if !rest.is_empty() {
        pieces.push(Err(rest));
    }
    pieces
}

/// A pattern with its places filled.
pub(crate) fn fill(pattern: &str, with: &[&str]) -> String {
    let text = |piece| match piece {
        Ok(number) => with.get(number).copied().unwrap_or_default(),
        Err(text) => text,
    };
    pieces(pattern).into_iter().map(text).collect()
}
