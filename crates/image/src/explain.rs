//! What an image is, told to a person or a program.

use std::fmt;

use serde::Serialize;

use crate::file::{File, FileError};
use crate::manifest::{Kind, Stage};

/// What was found out about an image file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    /// Always `b8g-image`.
    pub kind: &'static str,
    /// The version text of the head, if it can be read.
    pub version: String,
    /// Whether every byte is as it was written.
    pub verdict: Verdict,
    /// What is wrong, and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// What is known of its contents; nothing of a damaged image is believed.
    #[serde(flatten)]
    pub contents: Option<Contents>,
}

/// Whether an image can be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every digest matches.
    Valid,
    /// Something does not.
    Damaged,
}

/// What is wrong with an image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Problem {
    /// Where, from the file's start, if there is one place.
    pub offset: Option<u64>,
    /// What.
    pub reason: String,
}

/// What an image holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Contents {
    /// What it was made from.
    pub name: String,
    /// The version of b8g that wrote it.
    pub b8g: String,
    /// What runs it.
    pub runs_on: Kind,
    /// BLAKE3 of the module.
    pub component: String,
    /// Whether `main` is called.
    pub main: bool,
    /// Its contexts.
    pub contexts: Vec<Context>,
    /// Its sections.
    pub sections: Vec<Section>,
}

/// A frozen context in figures.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Context {
    /// How far it had come.
    pub stage: Stage,
    /// Bytes of its memory.
    pub memory_bytes: u64,
    /// Bytes of the pages that differ from what the component's memory begins with.
    pub changed_bytes: u64,
    /// Mutable globals.
    pub globals: usize,
}

/// A part of the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Section {
    /// What it holds.
    pub name: String,
    /// Where it begins.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
    /// BLAKE3 of them.
    pub blake3: String,
}

impl Report {
    /// Explains an image file. What is none is explained as damaged.
    pub fn of(bytes: &[u8]) -> Report {
        match File::read(bytes) {
            Ok(file) => Report {
                kind: "b8g-image",
                version: file.version().to_owned(),
                verdict: Verdict::Valid,
                problem: None,
                contents: Some(Contents::of(&file)),
            },
            Err(error) => {
                let version =
                    if let FileError::Version(version) = &error { version.clone() } else { String::new() };
                let problem = match error {
                    FileError::Damaged { offset, reason } => Problem { offset: Some(offset), reason },
                    other => Problem { offset: None, reason: other.to_string() },
                };
                let verdict = Verdict::Damaged;
                Report { kind: "b8g-image", version, verdict, problem: Some(problem), contents: None }
            }
        }
    }
}

impl Contents {
    fn of(file: &File<'_>) -> Contents {
        let manifest = file.manifest();
        let contexts = manifest.contexts.iter().map(|context| Context {
            stage: context.stage,
            memory_bytes: context.memory_bytes,
            changed_bytes: context.page_bytes().unwrap_or(0),
            globals: context.globals.len(),
        });
        let sections = file.sections().iter().map(|section| Section {
            name: format!("{} {}", section.kind.name(), section.index),
            offset: section.offset,
            length: section.length,
            blake3: blake3::Hash::from_bytes(section.digest).to_hex().to_string(),
        });
        Contents {
            name: manifest.name.clone(),
            b8g: manifest.b8g.clone(),
            runs_on: manifest.kind,
            component: manifest.component.clone(),
            main: manifest.main,
            contexts: contexts.collect(),
            sections: sections.collect(),
        }
    }
}

/// Text of an image as a person may see it: no control characters.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(problem) = &self.problem {
            let place = problem.offset.map_or_else(String::new, |offset| format!(" at byte {offset}"));
            return writeln!(f, "damaged{place}: {}", plain(&problem.reason));
        }
        let Some(contents) = &self.contents else { return Ok(()) };
        let runs_on = match contents.runs_on {
            Kind::JavaScript => "the JavaScript engine",
            Kind::Wasm => "its own module",
        };
        writeln!(f, "{}: valid", plain(&self.version))?;
        writeln!(f, "made from {}, runs on {runs_on} {}", plain(&contents.name), plain(&contents.component))?;
        for (number, context) in contents.contexts.iter().enumerate() {
            let stage = match (context.stage, contents.main) {
                (Stage::Started, true) => "goes on with main",
                (Stage::Started, false) => "goes on where it was",
                (Stage::Initialized, _) => "starts its program",
            };
            let (memory, changed) = (context.memory_bytes >> 10, context.changed_bytes >> 10);
            writeln!(f, "context {number}: {stage}; {memory} KiB of memory, {changed} KiB of its own")?;
        }
        writeln!(f, "{:<14} {:>12} {:>12}  blake3", "section", "offset", "bytes")?;
        for section in &contents.sections {
            let digest = section.blake3.get(..16).unwrap_or_default();
            writeln!(f, "{:<14} {:>12} {:>12}  {digest}…", section.name, section.offset, section.length)?;
        }
        Ok(())
    }
}
