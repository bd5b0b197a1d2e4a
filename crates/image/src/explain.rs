//! What an image is, told to a person or a program.

use std::fmt;

use serde::Serialize;

use crate::SectionKind;
use crate::file::{File, FileError};
use crate::head::{self, Head};
use crate::manifest::{Heap, Kind, Language, Parent, Stage, Want};
use crate::signature::Scheme;

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
    /// Its checksums, as far as they can be found.
    pub checksums: Vec<Checksum>,
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

/// One checksum.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Checksum {
    /// What it covers.
    pub name: String,
    /// Where it is stored.
    pub offset: u64,
    /// The first byte that it covers.
    pub start: u64,
    /// The first byte behind those that it covers.
    pub end: u64,
    /// How it is computed: `blake3`, or `blake3-32` for its first four bytes.
    pub algorithm: &'static str,
    /// What is stored, in hexadecimal digits.
    pub stored: String,
    /// What the bytes give.
    pub computed: String,
    /// Whether these are the same.
    pub ok: bool,
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
    /// BLAKE3 of the program of the JavaScript engine.
    pub program: Option<String>,
    /// What the program is written in, if the image says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Which image it is, whoever signed it.
    pub id: String,
    /// The function that is called.
    pub main: Option<String>,
    /// What it needs to be granted.
    pub wants: Vec<Want>,
    /// What its module imports.
    pub imports: Vec<String>,
    /// The image that it builds upon.
    pub parent: Option<Parent>,
    /// For which engine its machine code is, if it holds some.
    pub native: Option<String>,
    /// Who vouches for it.
    pub signatures: Vec<Signature>,
    /// Bytes of the pages that its contexts share.
    pub shared_bytes: u64,
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
    /// Bytes of its memory, of all memories together.
    pub memory_bytes: u64,
    /// Its memories.
    pub memories: usize,
    /// Resources that it holds.
    pub resources: usize,
    /// Bytes of the pages that differ from what the component's memory begins with.
    pub changed_bytes: u64,
    /// Mutable globals.
    pub globals: usize,
    /// Handles that it had at once, at most.
    pub handles: usize,
    /// What its engine's heap holds.
    pub heap: Option<Heap>,
}

/// A signature, and what it is worth.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Signature {
    /// `ed25519` or `machine`.
    pub scheme: &'static str,
    /// The key that made it.
    pub key: String,
    /// Whether that was verified; a machine's can only be by that machine.
    pub verified: bool,
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
        match File::read(bytes).and_then(|file| forged(&file).map_or(Ok(file), Err)) {
            Ok(file) => Report {
                kind: "b8g-image",
                version: file.version().to_owned(),
                verdict: Verdict::Valid,
                problem: None,
                checksums: checksums(bytes),
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
                Report {
                    kind: "b8g-image",
                    version,
                    verdict,
                    problem: Some(problem),
                    checksums: checksums(bytes),
                    contents: None,
                }
            }
        }
    }
}

impl Contents {
    fn of(file: &File<'_>) -> Contents {
        let manifest = file.manifest();
        let contexts = manifest.contexts.iter().map(|context| Context {
            stage: context.stage,
            memory_bytes: context.memories().fold(0, u64::saturating_add),
            memories: 1 + context.memories.len(),
            resources: context.resources.len(),
            changed_bytes: context.page_bytes().unwrap_or(0),
            globals: context.globals.len(),
            handles: context.generations.len(),
            heap: context.heap,
        });
        let id = file.id();
        let signatures = file.signatures().iter().map(|signature| Signature {
            scheme: match signature.scheme {
                Scheme::Ed25519 => "ed25519",
                Scheme::Machine => "machine",
            },
            key: signature.key_name(),
            verified: signature.verify(&id),
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
            id: blake3::Hash::from_bytes(id).to_hex().to_string(),
            program: manifest.program.clone(),
            language: manifest.language,
            main: manifest.main.clone(),
            wants: manifest.wants.clone(),
            imports: manifest.imports.clone(),
            parent: manifest.parent.clone(),
            native: manifest.native.clone(),
            signatures: signatures.collect(),
            shared_bytes: manifest.shared_bytes().unwrap_or(0),
            contexts: contexts.collect(),
            sections: sections.collect(),
        }
    }
}

/// The checksums of the head, and of the sections that it names if it is whole.
fn checksums(bytes: &[u8]) -> Vec<Checksum> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let Some((stored, computed)) = head::checksums(bytes) else { return Vec::new() };
    let mut found = vec![Checksum {
        name: "head".to_owned(),
        offset: head::CHECKSUM as u64,
        start: head::VERSION as u64,
        end: head::HEAD_BYTES as u64,
        algorithm: "blake3-32",
        stored: hex(&stored.to_le_bytes()),
        computed: hex(&computed.to_le_bytes()),
        ok: stored == computed,
    }];
    let Ok(head) = Head::read(bytes) else { return found };
    for (number, section) in head.sections.iter().enumerate() {
        let end = section.offset + section.length;
        let covered = bytes.get(section.offset as usize..end as usize).unwrap_or_default();
        let computed = *blake3::hash(covered).as_bytes();
        found.push(Checksum {
            name: format!("{} {}", section.kind.name(), section.index),
            offset: head.digest_at(number),
            start: section.offset,
            end,
            algorithm: "blake3",
            stored: hex(&section.digest),
            computed: hex(&computed),
            ok: computed == section.digest,
        });
    }
    found
}

/// The signature that its key did not make, if there is such.
fn forged(file: &File<'_>) -> Option<FileError> {
    let id = file.id();
    let mut signed = file.signatures().iter().filter(|signature| signature.scheme == Scheme::Ed25519);
    let wrong = signed.find(|signature| !signature.verify(&id))?;
    let at = file.sections().iter().find(|section| section.kind == SectionKind::Signatures)?.offset;
    Some(FileError::at(at as usize, &format!("the key {} did not sign this image", wrong.key_name())))
}

/// Text of an image as a person may see it: nothing that a terminal obeys, or that turns the direction of what follows.
fn plain(text: &str) -> String {
    let harmful = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if harmful(c) { '\u{fffd}' } else { c }).collect()
}

/// Lines about what an image needs and builds upon that a person is shown at most.
const LINES_MAX: usize = 12;

impl Contents {
    fn relations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for want in self.wants.iter().take(LINES_MAX) {
            writeln!(f, "wants --allow-{}={}", want.access.name(), plain(&want.target))?;
        }
        if self.wants.len() > LINES_MAX {
            writeln!(f, "wants {} more (--json lists them)", self.wants.len() - LINES_MAX)?;
        }
        for import in self.imports.iter().take(LINES_MAX) {
            writeln!(f, "imports {}", plain(import))?;
        }
        if self.imports.len() > LINES_MAX {
            writeln!(f, "imports {} more (--json lists them)", self.imports.len() - LINES_MAX)?;
        }
        if let Some(parent) = &self.parent {
            let (file, context) = (plain(&parent.file), parent.context);
            writeln!(f, "builds upon context {context} of {} ({file})", plain(&parent.id))?;
        }
        if let Some(native) = &self.native {
            writeln!(f, "holds machine code for engines {}", plain(native))?;
        }
        for signature in &self.signatures {
            let who = if signature.scheme == "machine" { "written by machine" } else { "signed by" };
            writeln!(f, "{who} {}", signature.key)?;
        }
        Ok(())
    }
}

impl fmt::Display for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} KiB in use: {} objects with {} properties, {} arrays, {} strings, {} names, {} functions with {} KiB of \
             code, {} KiB of buffers",
            self.bytes >> 10,
            self.objects,
            self.properties,
            self.arrays,
            self.strings,
            self.names,
            self.functions,
            self.code_bytes >> 10,
            self.buffer_bytes >> 10
        )
    }
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
        match contents.language {
            Some(Language::Python) => writeln!(f, "written in Python")?,
            None => {}
        }
        writeln!(f, "identity {}", contents.id)?;
        contents.relations(f)?;
        for (number, context) in contents.contexts.iter().enumerate() {
            let stage = match (&contents.main, context.stage) {
                (Some(main), _) => format!("calls {}", plain(main)),
                (None, Stage::Started) => "goes on where it was".to_owned(),
                (None, Stage::Initialized) => "starts its program".to_owned(),
            };
            let (memory, changed) = (context.memory_bytes >> 10, context.changed_bytes >> 10);
            write!(f, "context {number}: {stage}; {memory} KiB of memory, {changed} KiB of its own")?;
            match (context.memories, context.resources) {
                (1, 0) => writeln!(f)?,
                (memories, resources) => writeln!(f, "; {memories} memories, {resources} resources")?,
            }
            if let Some(heap) = &context.heap {
                writeln!(f, "  heap: {heap}")?;
            }
        }
        if contents.shared_bytes > 0 {
            writeln!(f, "shared by the contexts: {} KiB", contents.shared_bytes >> 10)?;
        }
        writeln!(f, "{:<14} {:>12} {:>12}  blake3", "section", "offset", "bytes")?;
        for section in &contents.sections {
            let digest = section.blake3.get(..16).unwrap_or_default();
            writeln!(f, "{:<14} {:>12} {:>12}  {digest}…", section.name, section.offset, section.length)?;
        }
        Ok(())
    }
}
