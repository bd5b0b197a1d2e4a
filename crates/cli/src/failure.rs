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

    /// The first line, which says what happened.
    pub fn headline(&self) -> &str {
        let text = self.text.strip_prefix("error: ").unwrap_or(&self.text);
        text.lines().next().unwrap_or_default()
    }
}

impl From<ComponentError> for Failure {
    fn from(error: ComponentError) -> Failure {
        Failure { exit_code: ERROR, text: error.to_string(), files: error.files().to_vec() }
    }
}
