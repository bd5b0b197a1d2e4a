//! Paths as a guest writes them: bytes, `/` between the parts, normalised without asking the system.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use b8g_core::{Error, abi::PATH_BYTES_MAX};

/// A normalised path: no empty parts, no `.`, and `..` only in front of a relative one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct GuestPath {
    pub(crate) absolute: bool,
    parts: Vec<Vec<u8>>,
}

impl GuestPath {
    /// Reads what a guest, or a grant, wrote.
    ///
    /// # Errors
    /// [`Error::Argument`] when it is empty, too long or has a NUL.
    pub(crate) fn parse(bytes: &[u8]) -> Result<GuestPath, Error> {
        if bytes.is_empty() || bytes.len() > PATH_BYTES_MAX || bytes.contains(&0) {
            return Err(Error::Argument);
        }
        let mut path = GuestPath { absolute: bytes[0] == b'/', parts: Vec::new() };
        path.push(bytes);
        Ok(path)
    }

    fn push(&mut self, bytes: &[u8]) {
        for part in bytes.split(|b| *b == b'/') {
            match part {
                b"" | b"." => {}
                b".." if self.parts.last().is_some_and(|last| last != b"..") => {
                    self.parts.pop();
                }
                b".." if self.absolute => {}
                part => self.parts.push(part.to_vec()),
            }
        }
    }

    /// This path, then `bytes` from there; an absolute `bytes` is taken as relative.
    pub(crate) fn join(&self, bytes: &[u8]) -> GuestPath {
        let mut path = self.clone();
        path.push(bytes);
        path
    }

    /// Splits the last part off; `None` when there is none or it is `..`.
    pub(crate) fn split_last(&self) -> Option<(GuestPath, &[u8])> {
        let (last, parent) = self.parts.split_last()?;
        if last == b".." {
            return None;
        }
        Some((GuestPath { absolute: self.absolute, parts: parent.to_vec() }, last))
    }

    /// What is behind `prefix`; `None` when this path is not below it. The empty rest is `.`.
    pub(crate) fn below(&self, prefix: &GuestPath) -> Option<PathBuf> {
        if self.absolute != prefix.absolute {
            return None;
        }
        let rest = self.parts.strip_prefix(&prefix.parts[..])?;
        // A `..` in front leads out of a relative prefix that has fewer of them.
        if rest.first().is_some_and(|part| part == b"..") {
            return None;
        }
        let mut path = PathBuf::new();
        path.extend(rest.iter().map(|part| OsStr::from_bytes(part)));
        if rest.is_empty() {
            path.push(".");
        }
        Some(path)
    }

    /// Counts the parts.
    pub(crate) fn depth(&self) -> usize {
        self.parts.len()
    }

    /// Tells whether it begins with `..`.
    pub(crate) fn leads_up(&self) -> bool {
        self.parts.first().is_some_and(|part| part == b"..")
    }

    /// As a guest would write it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = if self.absolute { b"/".to_vec() } else { Vec::new() };
        bytes.extend_from_slice(&self.parts.join(&b'/'));
        if bytes.is_empty() {
            bytes.push(b'.');
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str) -> GuestPath {
        GuestPath::parse(path.as_bytes()).unwrap()
    }

    fn normal(path: &str) -> String {
        String::from_utf8(parse(path).to_bytes()).unwrap()
    }

    #[test]
    fn paths_are_normalised() {
        for (path, want) in [
            ("a/b", "a/b"),
            ("./a//b/.", "a/b"),
            ("a/../b", "b"),
            ("a/../..", ".."),
            ("../../x/..", "../.."),
            ("/../a", "/a"),
            ("/", "/"),
            (".", "."),
        ] {
            assert_eq!(normal(path), want, "{path}");
        }
        for bad in [&b""[..], b"a\0b", &[b'x'; PATH_BYTES_MAX + 1]] {
            assert_eq!(GuestPath::parse(bad), Err(Error::Argument));
        }
    }

    #[test]
    fn below_never_leads_out() {
        let below = |path: &str, prefix: &str| parse(path).below(&parse(prefix));
        assert_eq!(below("data/x/y", "data"), Some("x/y".into()));
        assert_eq!(below("data", "./data/"), Some(".".into()));
        assert_eq!(below("data/../secret", "data"), None);
        assert_eq!(below("database", "data"), None);
        assert_eq!(below("/data", "data"), None);
        assert_eq!(below("../x", "."), None);
        assert_eq!(below("../x", ".."), Some("x".into()));
        assert_eq!(below("../../x", ".."), None);
    }
}
