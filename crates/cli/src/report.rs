//! The report: what a run was given, used and was refused, as one line of JSON. `docs/formats/report.md` describes it.
//!
//! The file is opened before the program runs, so that nothing which happens then can be left unsaid.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use b8g::{Grant, Limits, Outcome};
use serde::Serialize;

use crate::console::{STDOUT, write_all};
use crate::failure::Failure;
use crate::grants::{describe, flag_of};
use crate::program::shown;
use crate::units::timestamp;

/// The version of the format.
const VERSION: u32 = 1;

/// Where a report goes.
#[derive(Debug)]
pub enum Target {
    Stdout,
    File(PathBuf, File),
}

impl Target {
    /// Opens a report's file; `-` is standard output.
    pub fn open(path: &Path) -> Result<Target, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Target::Stdout);
        }
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path);
        file.map(|file| Target::File(path.to_owned(), file))
            .map_err(|error| Failure::usage(format!("cannot write the report to {}: {error}", shown(path))))
    }

    /// Writes a report; an earlier one is gone. `line_open`: standard output is in the middle of a line.
    pub fn write(&self, report: &[u8], line_open: bool, deadline: Option<Instant>) -> Result<(), String> {
        match self {
            Target::Stdout => {
                let start: &[u8] = if line_open { b"\n" } else { b"" };
                write_all(STDOUT, &[start, report].concat(), deadline)
                    .map_err(|error| format!("cannot write the report: {error}"))
            }
            Target::File(path, file) => write_file(file, report, deadline)
                .map_err(|error| format!("cannot write the report to {}: {error}", shown(path))),
        }
    }
}

fn write_file(mut file: &File, report: &[u8], deadline: Option<Instant>) -> io::Result<()> {
    if !file.metadata()?.is_file() {
        return write_all(file.as_raw_fd(), report, deadline);
    }
    // The program may have been granted the directory and have written there too.
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    let written = file.write_all(report);
    if written.is_err() {
        // Half a report is worse than none.
        let _ = file.set_len(0);
    }
    written
}

/// What a report says beside how the run ended.
#[derive(Debug)]
pub struct Facts<'a> {
    pub file: &'a str,
    pub started_at: SystemTime,
    /// From the start of the process to that of the program.
    pub prepare: Duration,
    pub granted: &'a [Grant],
    pub limits: &'a Limits,
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    b8g: &'a str,
    file: &'a str,
    started_at: String,
    reason: &'a str,
    exit_code: i32,
    message: &'a str,
    prepare_ms: f64,
    wall_ms: f64,
    cpu_ms: f64,
    memory_peak_bytes: u64,
    output_bytes: u64,
    calls: u64,
    granted: Vec<Granted>,
    used: Vec<Used>,
    denied: Vec<Denied<'a>>,
    limits: Bounds,
}

#[derive(Clone, Serialize)]
struct Granted {
    kind: &'static str,
    target: Option<String>,
}

#[derive(Serialize)]
struct Used {
    #[serde(flatten)]
    grant: Granted,
    count: u64,
}

#[derive(Serialize)]
struct Denied<'a> {
    kind: &'static str,
    target: &'a str,
    flag: String,
}

#[derive(Serialize)]
struct Bounds {
    memory_bytes: u64,
    timeout_ms: Option<f64>,
    output_bytes: Option<u64>,
}

/// Writes a run's report as one line.
pub fn render(facts: &Facts<'_>, outcome: &Outcome) -> Vec<u8> {
    let usage = &outcome.usage;
    let granted: Vec<Granted> = facts.granted.iter().map(granted).collect();
    let counts = granted.iter().cloned().zip(usage.grants_used.iter().copied());
    let denied = usage.denied.iter().map(|denial| Denied {
        kind: denial.access.name(),
        target: &denial.target,
        flag: flag_of(denial, facts.granted),
    });
    let report = Report {
        version: VERSION,
        b8g: env!("CARGO_PKG_VERSION"),
        file: facts.file,
        started_at: timestamp(facts.started_at),
        reason: outcome.reason.name(),
        exit_code: outcome.exit_code & 0xff,
        message: &outcome.message,
        prepare_ms: millis(facts.prepare),
        wall_ms: millis(usage.wall),
        cpu_ms: millis(usage.cpu),
        memory_peak_bytes: usage.memory_peak_bytes,
        output_bytes: usage.output_bytes,
        calls: usage.calls,
        used: counts.filter(|(_, count)| *count > 0).map(|(grant, count)| Used { grant, count }).collect(),
        granted,
        denied: denied.collect(),
        limits: Bounds {
            memory_bytes: facts.limits.memory_bytes_max,
            timeout_ms: facts.limits.timeout.map(millis),
            output_bytes: facts.limits.output_bytes_max,
        },
    };
    // Strings and numbers only: there is nothing that JSON cannot say.
    let mut line = serde_json::to_vec(&report).unwrap_or_default();
    line.push(b'\n');
    line
}

fn granted(grant: &Grant) -> Granted {
    let (kind, target) = describe(grant);
    Granted { kind, target }
}

/// Milliseconds, to the microsecond.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use b8g::{Access, Denial, Reason, Usage};

    #[test]
    fn a_report_is_one_line_that_says_everything() {
        let granted = [
            Grant::Path { path: "data".into(), access: Access::Read },
            Grant::AllNet,
            Grant::Directory { host: "h".into(), guest: "/g".into(), write: false },
        ];
        let denied = vec![Denial { access: Access::Env, target: "A\n\u{1}\"".into() }];
        let usage = Usage {
            wall: Duration::from_micros(1_234_567),
            grants_used: vec![3, 0, 1],
            denied,
            ..Usage::default()
        };
        let message = "Uncaught Error: boom\n    at x".to_owned();
        let outcome = Outcome { reason: Reason::Error, exit_code: 1, message, broken_pipe: false, usage };
        let limits = Limits { timeout: Some(Duration::from_millis(500)), ..Limits::default() };
        let facts = Facts {
            file: "a.ts",
            started_at: SystemTime::UNIX_EPOCH,
            prepare: Duration::from_millis(2),
            granted: &granted,
            limits: &limits,
        };
        let line = String::from_utf8(render(&facts, &outcome)).unwrap();
        assert_eq!(line.lines().count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["version"], 1);
        assert_eq!(value["reason"], "error");
        assert_eq!(value["message"], "Uncaught Error: boom\n    at x");
        assert_eq!(value["wall_ms"], 1234.567);
        assert_eq!(value["started_at"], "1970-01-01T00:00:00.000Z");
        assert_eq!(
            value["granted"],
            serde_json::json!([
                {"kind": "read", "target": "data"},
                {"kind": "net", "target": null},
                {"kind": "dir", "target": "h::/g:ro"},
            ])
        );
        assert_eq!(
            value["used"],
            serde_json::json!([
                {"kind": "read", "target": "data", "count": 3},
                {"kind": "dir", "target": "h::/g:ro", "count": 1},
            ])
        );
        assert_eq!(value["denied"][0]["flag"], "--allow-env=A\n\u{1}\"");
        assert_eq!(value["limits"]["timeout_ms"], 500.0);
        assert_eq!(value["limits"]["output_bytes"], serde_json::Value::Null);
    }

    #[test]
    fn every_field_is_documented() {
        let page = include_str!("../../../docs/formats/report.md");
        let limits = Limits::default();
        let facts = Facts {
            file: "a.ts",
            started_at: SystemTime::UNIX_EPOCH,
            prepare: Duration::ZERO,
            granted: &[],
            limits: &limits,
        };
        let outcome = Outcome {
            reason: Reason::Exit,
            exit_code: 0,
            message: String::new(),
            broken_pipe: false,
            usage: Usage::default(),
        };
        let value: serde_json::Value = serde_json::from_slice(&render(&facts, &outcome)).unwrap();
        let inner = value["limits"].as_object().unwrap().keys().map(|key| format!("limits.{key}"));
        for field in value.as_object().unwrap().keys().cloned().chain(inner) {
            assert!(page.contains(&format!("| `{field}` |")), "{field} is not in docs/formats/report.md");
        }
    }
}
