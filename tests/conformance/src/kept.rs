//! The counts that the repository keeps: how many tests of a suite pass, and the names of those that fail.
//!
//! A file has comments (`#`), `suite: NAME`, `digest: HEX`, `passing: N`, `left out: N why`, and the names of what fails: a
//! folder with a colon at the end of its line, and the names in it, indented. Counts only rise.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// What a run found.
pub struct Counts {
    /// What the file begins with.
    pub head: String,
    /// Of what the tests were made.
    pub digest: String,
    pub passing: usize,
    /// How many there were no attempts at, and why.
    pub left_out: Vec<(String, usize)>,
    /// Names of what fails, `folder/name`.
    pub failing: BTreeSet<String>,
}

impl Counts {
    fn write(&self) -> String {
        let mut text = format!("{}digest: {}\npassing: {}\n", self.head, self.digest, self.passing);
        for (why, count) in &self.left_out {
            text.push_str(&format!("left out: {count} {why}\n"));
        }
        text.push_str(&format!("failing: {}\n", self.failing.len()));
        let mut folder = "";
        for name in &self.failing {
            let (of, rest) = split(name);
            if of != folder {
                text.push_str(&format!("{of}:\n"));
                folder = of;
            }
            text.push_str(&format!("  {rest}\n"));
        }
        text
    }

    /// Compares with what is kept in `file`; with `accept`, writes it.
    pub fn keep(&self, file: &Path, accept: bool) -> Result<()> {
        let kept = match std::fs::read_to_string(file) {
            Ok(text) => Some(Kept::read(&text).with_context(|| format!("cannot read {}", file.display()))?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && accept => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        if let Some(kept) = kept {
            self.compare(&kept, file, accept)?;
        }
        if accept {
            std::fs::write(file, self.write())?;
            println!("{} says so now", file.display());
        }
        Ok(())
    }

    fn compare(&self, kept: &Kept, file: &Path, accept: bool) -> Result<()> {
        let file = file.display();
        if kept.digest != self.digest {
            if accept {
                return Ok(());
            }
            bail!(
                "these are not the tests that {file} counts: their digest is {}; --accept counts them anew",
                self.digest
            );
        }
        let new: Vec<_> = self.failing.difference(&kept.failing).map(String::as_str).collect();
        let mended: Vec<_> = kept.failing.difference(&self.failing).map(String::as_str).collect();
        if !mended.is_empty() && !accept {
            println!(
                "{} named in {file} pass; --accept says so there:\n  {}",
                mended.len(),
                mended.join("\n  ")
            );
        }
        if self.passing < kept.passing || (!new.is_empty() && !accept) {
            bail!(
                "{} pass, and {file} says {}; {} fail that are not named there:\n  {}",
                self.passing,
                kept.passing,
                new.len(),
                new.join("\n  ")
            );
        }
        Ok(())
    }
}

fn split(name: &str) -> (&str, &str) {
    name.split_once(": ").or_else(|| name.rsplit_once('/')).unwrap_or(("", name))
}

/// What a file says.
struct Kept {
    digest: String,
    passing: usize,
    failing: BTreeSet<String>,
}

impl Kept {
    fn read(text: &str) -> Result<Kept> {
        let mut kept = Kept { digest: String::new(), passing: 0, failing: BTreeSet::new() };
        let mut folder = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix("  ") {
                let between = if folder.ends_with(".js") { ": " } else { "/" };
                kept.failing.insert(format!("{folder}{between}{name}"));
            } else if let Some(digest) = line.strip_prefix("digest: ") {
                digest.clone_into(&mut kept.digest);
            } else if let Some(passing) = line.strip_prefix("passing: ") {
                kept.passing = passing.parse()?;
            } else if let Some(name) = line.strip_suffix(':') {
                folder = name;
            }
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passing: usize, failing: &[&str]) -> Counts {
        let failing = failing.iter().map(|name| (*name).to_owned()).collect();
        let left_out = vec![("of another world".to_owned(), 2)];
        Counts { head: "# About.\n".to_owned(), digest: "ab".to_owned(), passing, left_out, failing }
    }

    #[test]
    fn what_is_written_is_read_and_counts_only_rise() {
        let found = counts(7, &["a/b/c.js", "a/b/d.js (strict)", "e/f.any.js: a: name/of it"]);
        let kept = Kept::read(&found.write()).unwrap();
        assert_eq!((kept.digest.as_str(), kept.passing), ("ab", 7));
        assert_eq!(kept.failing, found.failing);
        let compare =
            |now: &Counts, accept| now.compare(&kept, Path::new("kept"), accept).map_err(|e| e.to_string());
        assert_eq!(compare(&found, false), Ok(()));
        assert_eq!(compare(&counts(8, &["a/b/c.js"]), false), Ok(()));
        let other = counts(7, &["a/b/other.js"]);
        assert!(compare(&other, false).unwrap_err().contains("a/b/other.js"));
        assert_eq!(compare(&other, true), Ok(()));
        assert!(
            compare(&counts(6, &[]), true).unwrap_err().contains("6 pass"),
            "not even when it is accepted"
        );
        let moved = Counts { digest: "cd".to_owned(), ..counts(1, &[]) };
        assert!(compare(&moved, false).unwrap_err().contains("their digest is cd"));
        assert_eq!(compare(&moved, true), Ok(()));
    }
}
