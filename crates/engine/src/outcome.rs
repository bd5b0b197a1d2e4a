//! How a context ended, and what it had used until then.

use std::fmt;
use std::time::Duration;

/// Why a context is dead. Every death has one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// It ended by itself, with an exit code.
    Exit,
    /// An uncaught error or an unhandled rejection.
    Error,
    /// Its deadline passed.
    Timeout,
    /// It wrote more than it may.
    Output,
    /// Its code trapped: an access out of bounds, `unreachable`, a full call stack.
    Trap,
    /// It needed more memory than it may use.
    Memory,
    /// It wanted what it was not granted, and died of that.
    Policy,
    /// Somebody stopped it.
    Cancelled,
}

impl Reason {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Exit => "exit",
            Reason::Error => "error",
            Reason::Timeout => "timeout",
            Reason::Output => "output",
            Reason::Trap => "trap",
            Reason::Memory => "memory",
            Reason::Policy => "policy",
            Reason::Cancelled => "cancelled",
        }
    }

    /// The exit code of a process that dies for this reason; for [`Reason::Exit`] the guest chooses.
    pub const fn exit_code(self) -> i32 {
        match self {
            Reason::Exit => 0,
            Reason::Error | Reason::Policy => 1,
            Reason::Timeout => 124,
            Reason::Output => 125,
            Reason::Trap => 134,
            Reason::Memory => 137,
            Reason::Cancelled => 130,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The end of a context.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Why it ended.
    pub reason: Reason,
    /// What its process should exit with.
    pub exit_code: i32,
    /// What happened, for a person: the error with its stack trace, the trap with its place in the source. Empty
    /// when the context just ended.
    pub message: String,
    /// Whether it ended because nobody reads its output any more.
    pub broken_pipe: bool,
    /// What it used.
    pub usage: Usage,
}

impl Outcome {
    /// The end of a context whose thread was lost to a fault of the engine.
    pub(crate) fn failed() -> Outcome {
        Outcome {
            reason: Reason::Trap,
            exit_code: Reason::Trap.exit_code(),
            message: "the engine failed".to_owned(),
            broken_pipe: false,
            usage: Usage::default(),
        }
    }

    /// Tells whether it ended by itself with exit code 0.
    pub fn is_success(&self) -> bool {
        self.reason == Reason::Exit && self.exit_code == 0
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (exit code {})", self.reason, self.exit_code)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

/// What a context used, asked for and was refused.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// From its start.
    pub wall: Duration,
    /// Processor time of the thread while the context ran.
    pub cpu: Duration,
    /// The most linear memory that it had at a time.
    pub memory_peak_bytes: u64,
    /// Bytes written to stdout and stderr.
    pub output_bytes: u64,
    /// Calls of the dispatch function.
    pub calls: u64,
    /// For each grant, in the order in which they were given, how often it was used.
    pub grants_used: Vec<u64>,
    /// What was refused, each once, at most [`DENIALS_MAX`].
    pub denied: Vec<Denial>,
    /// Whether what it wrote to the process's standard output, and to its standard error, ends in the middle of a line.
    pub lines_open: [bool; 2],
}

/// Different denials that are kept for a report.
pub const DENIALS_MAX: usize = 100;
/// Bytes of a denied name that are kept.
const DENIED_BYTES_MAX: usize = 512;

/// Something that a context asked for and was not granted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Denial {
    /// What it wanted to do.
    pub access: Access,
    /// With what: a path, a host, a name.
    pub target: String,
}

impl Denial {
    /// Notes a denial, cutting a name of unreasonable length.
    pub(crate) fn new(access: Access, target: &[u8]) -> Denial {
        let cut = &target[..target.len().min(DENIED_BYTES_MAX)];
        Denial { access, target: String::from_utf8_lossy(cut).into_owned() }
    }

    /// The flag of `b8g run` that would grant it.
    pub fn flag(&self) -> String {
        format!("{}={}", self.access.flag(), self.target)
    }
}

/// A kind of access that grants allow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Reading a file or directory.
    Read,
    /// Writing, creating or removing one.
    Write,
    /// Connecting to a host.
    Net,
    /// Listening at an address.
    Listen,
    /// Reading an environment value.
    Env,
}

impl Access {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Write => "write",
            Access::Net => "net",
            Access::Listen => "listen",
            Access::Env => "env",
        }
    }

    /// The flag of `b8g run` that grants it.
    pub const fn flag(self) -> &'static str {
        match self {
            Access::Read => "--allow-read",
            Access::Write => "--allow-write",
            Access::Net => "--allow-net",
            Access::Listen => "--allow-listen",
            Access::Env => "--allow-env",
        }
    }
}
