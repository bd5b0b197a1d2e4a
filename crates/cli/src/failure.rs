//! Why b8g could not start a program.

use std::path::PathBuf;

use b8g::ComponentError;

/// The exit code for what is wrong with the command line.
pub const USAGE: i32 = 2;
/// The exit code for what is wrong with the program, or with the machine.
pub const ERROR: i32 = 1;

/// A problem before the program has run, with the exit code that it leads to.
#[derive(Debug)]
pub struct Failure {
    pub exit_code: i32,
    /// For a person; several lines where a place in a source is shown.
    pub text: String,
    /// What was read until then: a change of it may be the repair.
    pub files: Vec<PathBuf>,
}

impl Failure {
    /// Something is wrong with the command line.
    pub fn usage(text: impl Into<String>) -> Failure {
        Failure { exit_code: USAGE, text: text.into(), files: Vec::new() }
    }

    /// Something is wrong with the program or the machine.
    pub fn error(text: impl Into<String>) -> Failure {
        Failure { exit_code: ERROR, text: text.into(), files: Vec::new() }
    }

    /// What happened, in one line, with its place in the source where there is one.
    pub fn headline(&self) -> String {
        let mut lines = self.text.strip_prefix("error: ").unwrap_or(&self.text).lines();
        let first = lines.next().unwrap_or_default();
        match lines.next().and_then(|line| line.trim_start().strip_prefix("--> ")) {
            Some(place) => format!("{first} ({place})"),
            None => first.to_owned(),
        }
    }
}

impl From<ComponentError> for Failure {
    fn from(error: ComponentError) -> Failure {
        Failure { exit_code: ERROR, text: error.to_string(), files: error.files().to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_has_the_place() {
        let headline = |text: &str| Failure::error(text).headline();
        assert_eq!(headline("error: bad\n --> a.ts:1:2\n  |\n1 | x"), "bad (a.ts:1:2)");
        assert_eq!(headline("cannot\nhelp: do"), "cannot");
        assert_eq!(headline(""), "");
    }
}
