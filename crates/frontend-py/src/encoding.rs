//! How the bytes of a source become characters: UTF-8, unless a comment in its first two lines says otherwise (PEP 263).
//!
//! Start at [`Encoding::of`]. Only names are decoded here; the interpreter in the guest decodes the source.

/// The encoding of a source, as far as the names of modules need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Latin1,
    /// One of which only ASCII is known.
    Other,
}

impl Encoding {
    /// Finds the encoding of a source.
    pub(crate) fn of(source: &[u8]) -> Self {
        let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
        let (first, rest) = split_line(source);
        if let Some(name) = cookie(first) {
            return Self::named(name);
        }
        if !is_comment_or_blank(first) {
            return Self::Utf8;
        }
        cookie(split_line(rest).0).map_or(Self::Utf8, Self::named)
    }

    fn named(name: &[u8]) -> Self {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase().replace('_', "-");
        let is = |known: &str| {
            name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        match name.as_str() {
            "utf8" | "u8" | "utf" | "ascii" | "us-ascii" => Self::Utf8,
            "latin1" | "l1" | "iso8859-1" | "cp819" | "8859" => Self::Latin1,
            _ if is("utf-8") => Self::Utf8,
            _ if is("latin-1") || is("iso-8859-1") || is("iso-latin-1") => Self::Latin1,
            _ => Self::Other,
        }
    }

    /// Decodes a name; `None` if that cannot be done.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Latin1 => Some(bytes.iter().map(|&byte| char::from(byte)).collect()),
            Self::Other if !bytes.is_ascii() => None,
            _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
        }
    }
}

/// The first line, and what follows it.
fn split_line(source: &[u8]) -> (&[u8], &[u8]) {
    let len = source.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(source.len());
    let (line, rest) = source.split_at(len);
    match rest {
        [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => (line, rest),
        [] => (line, rest),
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

fn is_comment_or_blank(line: &[u8]) -> bool {
    matches!(line.iter().find(|&&byte| !is_space(byte)), None | Some(b'#'))
}

/// The name behind `coding:` or `coding=` in a comment.
fn cookie(line: &[u8]) -> Option<&[u8]> {
    const WORD: &[u8] = b"coding";
    if line.iter().find(|&&byte| !is_space(byte)) != Some(&b'#') {
        return None;
    }
    (0..line.len()).find_map(|at| {
        let rest = line[at..].strip_prefix(WORD)?;
        let rest = rest.strip_prefix(b":").or_else(|| rest.strip_prefix(b"="))?;
        let start = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
        let name = &rest[start..];
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let len = name.iter().position(|byte| !is_part(byte)).unwrap_or(name.len());
        (len > 0).then(|| &name[..len])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies() {
        for (source, encoding) in [
            ("", Encoding::Utf8),
            ("x = 1 # coding: latin-1", Encoding::Utf8),
            ("# -*- coding: Latin-1 -*-", Encoding::Latin1),
            ("#!/usr/bin/python3\r\n# vim: set fileencoding=iso_8859_1 :", Encoding::Latin1),
            ("\u{feff}\n #coding:utf-8", Encoding::Utf8),
            ("\n\n# coding: latin-1", Encoding::Utf8),
            ("\u{feff}#\r# coding: latin-1", Encoding::Latin1),
            ("x = 1\n# coding: latin-1", Encoding::Utf8),
            ("# coding: shift_jis", Encoding::Other),
            ("# coding coding:\n", Encoding::Utf8),
            ("# iso-8859-15 coding=iso-8859-15", Encoding::Other),
        ] {
            assert_eq!(Encoding::of(source.as_bytes()), encoding, "{source}");
        }
    }

    #[test]
    fn names_are_decoded() {
        assert_eq!(Encoding::Latin1.decode(b"caf\xe9").as_deref(), Some("café"));
        assert_eq!(Encoding::Utf8.decode("café".as_bytes()).as_deref(), Some("café"));
        assert_eq!(Encoding::Utf8.decode(b"caf\xe9"), None);
        assert_eq!(Encoding::Other.decode(b"caf\xe9"), None);
        assert_eq!(Encoding::Other.decode(b"cafe").as_deref(), Some("cafe"));
    }
}
