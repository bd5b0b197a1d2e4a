//! Tools of this machine that b8g runs, on the trusted side: Python and its pip.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::console::{Console, Progress, printable};
use crate::failure::Failure;

/// Lines of a tool's output that are shown when it fails.
const LINES_SHOWN: usize = 30;

/// The interpreter: what `B8G_PYTHON` names, or `python3`.
pub fn python() -> OsString {
    std::env::var_os("B8G_PYTHON").filter(|name| !name.is_empty()).unwrap_or_else(|| "python3".into())
}

/// Runs a tool; what it printed is shown when it fails.
pub fn tool(command: &mut Command, what: &str) -> Result<(), Failure> {
    let ran = command.stdin(Stdio::null()).output();
    let program = command.get_program().to_string_lossy().into_owned();
    let output = ran.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::error(format!(
            "{program} is not here: this needs Python 3.9 or later with pip\nhelp: install them, or name an \
             interpreter with B8G_PYTHON"
        )),
        _ => Failure::error(format!("cannot run {program}: {error}")),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    let last = lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n  ");
    Err(Failure::error(format!("{what} ({}):\n  {}", output.status, printable(&last, true))))
}

/// Tells a person what is being done.
pub struct Steps {
    console: Console,
    quiet: bool,
    begun: Instant,
}

impl Steps {
    pub fn new(console: Console, quiet: bool) -> Steps {
        Steps { console, quiet, begun: Instant::now() }
    }

    /// Takes a step, and says which.
    pub fn take<T>(&self, what: &str, step: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        let progress = Progress::default();
        let shown = !self.quiet && self.console.terminal;
        if shown {
            progress.show(&format!("{what} … ({} s)", self.begun.elapsed().as_secs()));
        } else if !self.quiet {
            self.console.say(&self.console.line(what));
        }
        let done = step();
        progress.erase();
        done
    }
}
