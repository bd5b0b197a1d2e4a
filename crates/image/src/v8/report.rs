//! What a snapshot is, for people as text and for programs as JSON.
//!
//! Start at [`inspect`]. Offsets count from the beginning of the file. Invariant: texts from a file are
//! printable.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use super::blob::{Blob, Verdict};
use super::checksum::Checksum;
use super::container::NodeContainer;
use super::error::Error;
use super::layout::Layout;
use super::scan::{Found, Hit, Scan, scan};
use super::section::{Form, Section};
use super::table;

/// Describes the snapshots of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Whether all of the file was looked at; see [`Scan::complete`].
    pub complete: bool,
    /// Its snapshots, in the order of the file.
    pub reports: Vec<Report>,
}

/// Describes one snapshot of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What it is.
    pub kind: Kind,
    /// The version of V8; `None` in layouts that have none.
    pub version: Option<String>,
    /// Whether V8 would find it intact.
    pub verdict: Verdict,
    /// Its layout, named after the first version of V8 that was seen with it.
    pub layout: Layout,
    /// Where it begins in the file.
    pub offset: usize,
    /// How long the snapshot of V8 is; `None` if that cannot be told.
    pub length: Option<usize>,
    /// How many contexts it has.
    pub contexts: u32,
    /// Whether V8 may compute new hashes when it loads it; `None` in the layout that has no flag for it.
    pub rehashable: Option<bool>,
    /// Whether its sections are compressed.
    pub compressed: bool,
    /// What node's header says; `None` if it is no container.
    pub node: Option<NodeReport>,
    /// Its checksums.
    pub checksums: Vec<ChecksumReport>,
    /// Its sections.
    pub sections: Vec<SectionReport>,
    /// What is wrong with it, in sentences; their offsets count from `blob_offset`.
    pub faults: Vec<String>,
    /// Where the snapshot of V8 begins in the file: behind node's header if there is one.
    pub blob_offset: usize,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The file is a snapshot of V8.
    V8Blob,
    /// The file is a container of node.
    NodeSnapshot,
    /// The file holds a snapshot of V8 among other things.
    EmbeddedV8Blob,
    /// The file holds a container of node among other things.
    EmbeddedNodeSnapshot,
}

/// What node's header says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeReport {
    /// The version of node.
    pub version: String,
    /// The processor.
    pub arch: String,
    /// The system.
    pub platform: String,
    /// V8's tag for caches of code.
    pub cache_tag: Option<u32>,
    /// Node's flags.
    pub flags: Option<u32>,
}

/// One checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChecksumReport {
    /// What it covers.
    pub name: &'static str,
    /// Where it is stored.
    pub offset: usize,
    /// The first byte that it covers.
    pub start: usize,
    /// The first byte behind those that it covers.
    pub end: usize,
    /// How it is computed.
    pub algorithm: &'static str,
    /// What is stored.
    pub stored: u32,
    /// What the bytes give.
    pub computed: Option<u32>,
    /// Whether these are the same.
    pub ok: bool,
}

/// One section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SectionReport {
    /// What it holds.
    pub name: String,
    /// Where it begins.
    pub offset: usize,
    /// How long it is.
    pub length: usize,
    /// Its first word, unpacked if it is compressed.
    pub magic: Option<u32>,
    /// The size of the table of external references that its reader must have.
    pub table_size: Option<u32>,
    /// The length of its payload.
    pub payload_length: Option<u32>,
    /// The length that it unpacks to; `None` if it is not compressed.
    pub raw_length: Option<u32>,
}

/// Describes all snapshots of a file: the one that it is, or those that it holds.
///
/// # Errors
///
/// If it is a snapshot that cannot be read, or holds none.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, Error> {
    let whole = |report: Report| Inspection { complete: true, reports: vec![report] };
    match NodeContainer::read(bytes) {
        Ok(container) => return Ok(whole(Report::of_container(&container, Kind::NodeSnapshot, 0))),
        Err(error @ Error::ContainerHeader { .. }) => return Err(error),
        Err(_) => {}
    }
    let error = match Blob::read(bytes) {
        Ok(blob) => return Ok(whole(Report::of_blob(&blob, Kind::V8Blob, 0))),
        Err(error) => error,
    };
    found(bytes).ok_or(error)
}

/// Describes all snapshots that a file holds anywhere, whatever it is.
///
/// # Errors
///
/// If it holds none.
pub fn inspect_all(bytes: &[u8]) -> Result<Inspection, Error> {
    found(bytes).ok_or_else(|| Blob::read(bytes).err().unwrap_or(Error::NotSnapshot))
}

fn found(bytes: &[u8]) -> Option<Inspection> {
    let Scan { hits, complete } = scan(bytes);
    if hits.is_empty() && complete {
        return None;
    }
    let report = |hit: &Hit| match &hit.found {
        Found::Blob(blob) => Report::of_blob(blob, Kind::EmbeddedV8Blob, hit.offset),
        Found::Container(container) => {
            Report::of_container(container, Kind::EmbeddedNodeSnapshot, hit.offset)
        }
    };
    Some(Inspection { complete, reports: hits.iter().map(report).collect() })
}

impl Report {
    /// Describes a snapshot of V8 that begins at `offset` of its file.
    pub fn of_blob(blob: &Blob, kind: Kind, offset: usize) -> Report {
        Report {
            kind,
            version: blob.version.clone(),
            verdict: blob.verdict(),
            layout: blob.layout,
            offset,
            length: blob.length_known.then_some(blob.length),
            contexts: blob.contexts,
            rehashable: blob.rehashable,
            compressed: blob.compressed(),
            node: None,
            checksums: blob.checksums.iter().map(|sum| ChecksumReport::new(sum, offset)).collect(),
            sections: blob.sections.iter().map(|section| SectionReport::new(section, offset)).collect(),
            faults: blob.faults.iter().map(ToString::to_string).collect(),
            blob_offset: offset,
        }
    }

    /// Describes a container of node that begins at `offset` of its file.
    pub fn of_container(container: &NodeContainer, kind: Kind, offset: usize) -> Report {
        let node = NodeReport {
            version: container.node_version.clone(),
            arch: container.arch.clone(),
            platform: container.platform.clone(),
            cache_tag: container.cache_tag,
            flags: container.flags,
        };
        let blob_offset = offset.saturating_add(container.blob_range.start);
        Report { offset, node: Some(node), ..Report::of_blob(&container.blob, kind, blob_offset) }
    }
}

impl ChecksumReport {
    fn new(sum: &Checksum, base: usize) -> ChecksumReport {
        let Range { start, end } = moved(&sum.covers, base);
        ChecksumReport {
            name: sum.name,
            offset: sum.offset.saturating_add(base),
            start,
            end,
            algorithm: sum.algorithm.name(),
            stored: sum.stored,
            computed: sum.computed,
            ok: sum.ok(),
        }
    }
}

impl SectionReport {
    fn new(section: &Section, base: usize) -> SectionReport {
        let payload = section.form.payload();
        let (word, raw_length) = match section.form {
            Form::Plain(_) => (None, None),
            Form::Deflate { raw_length, .. } => (None, Some(raw_length)),
            Form::Unknown { word } => (word, None),
        };
        SectionReport {
            name: section.kind.to_string(),
            offset: section.offset.saturating_add(base),
            length: section.length,
            magic: payload.map(|payload| payload.magic).or(word),
            table_size: payload.map(|payload| payload.table_size),
            payload_length: payload.map(|payload| payload.length),
            raw_length,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Valid => "valid",
            Verdict::Damaged => "damaged",
            Verdict::Unverified => "unverified",
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::V8Blob => "V8 snapshot",
            Kind::NodeSnapshot => "snapshot of node",
            Kind::EmbeddedV8Blob => "V8 snapshot inside",
            Kind::EmbeddedNodeSnapshot => "snapshot of node inside",
        })
    }
}

impl fmt::Display for Inspection {
    /// Writes the reports with an empty line between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, report) in self.reports.iter().enumerate() {
            let gap = if index > 0 { "\n" } else { "" };
            write!(f, "{gap}{report}")?;
        }
        if !self.complete {
            writeln!(
                f,
                "\nMore of this file looks like snapshots than is worth reading; some may be missing here."
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    /// Writes it as text of several lines, the last one ended too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::write(f, &self.facts())?;
        if !self.checksums.is_empty() {
            writeln!(f)?;
            table::write(f, &self.checksum_rows())?;
        }
        writeln!(f)?;
        table::write(f, &self.section_rows())?;
        if !self.faults.is_empty() {
            writeln!(f)?;
        }
        self.faults.iter().try_for_each(|fault| writeln!(f, "{fault}"))
    }
}

impl Report {
    fn facts(&self) -> Vec<Vec<String>> {
        let version = self.version.as_deref().unwrap_or("unknown: this layout has no version string");
        let mut facts = vec![
            ("kind", self.kind.to_string()),
            ("verdict", self.verdict.to_string()),
            ("V8", version.to_owned()),
            ("layout", format!("of V8 {}", self.layout)),
        ];
        if let Some(node) = &self.node {
            facts.push(("node", format!("{} for {} {}", node.version, node.platform, node.arch)));
        }
        let length = self.length.map_or("unknown".to_owned(), |length| length.to_string());
        facts.push(("offset", self.blob_offset.to_string()));
        facts.push(("length", length));
        facts.push(("contexts", self.contexts.to_string()));
        if let Some(rehashable) = self.rehashable {
            facts.push(("rehashable", if rehashable { "yes" } else { "no" }.to_owned()));
        }
        if self.compressed {
            facts.push(("compressed", "yes, raw deflate".to_owned()));
        }
        facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect()
    }

    fn checksum_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(["checksum", "at", "covers", "algorithm", "stored", "computed", ""])];
        rows.extend(self.checksums.iter().map(|sum| {
            vec![
                sum.name.to_owned(),
                sum.offset.to_string(),
                format!("{}..{}", sum.start, sum.end),
                sum.algorithm.to_owned(),
                format!("{:#010x}", sum.stored),
                sum.computed.map_or("-".to_owned(), |computed| format!("{computed:#010x}")),
                if sum.ok { "ok" } else { "DIFFERS" }.to_owned(),
            ]
        }));
        rows
    }

    fn section_rows(&self) -> Vec<Vec<String>> {
        let number = |value: Option<u32>| value.map_or("-".to_owned(), |value| value.to_string());
        let mut rows = vec![row(["section", "offset", "length", "magic", "table", "payload", "unpacked"])];
        rows.extend(self.sections.iter().map(|section| {
            vec![
                section.name.clone(),
                section.offset.to_string(),
                section.length.to_string(),
                section.magic.map_or("-".to_owned(), |magic| format!("{magic:#010x}")),
                number(section.table_size),
                number(section.payload_length),
                number(section.raw_length),
            ]
        }));
        if !self.compressed {
            rows.iter_mut().for_each(|row| row.truncate(6));
        }
        rows
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

fn moved(range: &Range<usize>, base: usize) -> Range<usize> {
    range.start.saturating_add(base)..range.end.saturating_add(base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::testing::{Random, Recipe, container};

    fn sample() -> Vec<u8> {
        Recipe::new(Layout::V11_8, 1).build(&mut Random::new(21))
    }

    #[test]
    fn a_report_as_text_has_aligned_columns() {
        let text = inspect(&container(24, &sample())).expect("a container").to_string();
        assert!(
            text.starts_with(
                "kind        snapshot of node\nverdict     valid\nV8          11.8.123.45-test\n"
            )
        );
        assert!(text.contains("node        24.1.2 for linux x64\n"), "{text}");
        let table: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("section")).collect();
        let column = table[0].find("offset").expect("a column");
        assert_eq!(table.len(), 5);
        assert!(
            table.iter().all(|line| line.as_bytes()[column - 1] == b' ' && line.as_bytes()[column] != b' ')
        );
        assert!(text.lines().all(|line| line.trim_end() == line));
    }

    #[test]
    fn a_report_as_json_has_offsets_of_the_file() {
        let mut file = vec![0; 100];
        file.extend(sample());
        let inspection = inspect(&file).expect("a snapshot");
        let json = serde_json::to_value(&inspection).expect("JSON");
        let report = &json["reports"][0];
        assert_eq!(json["complete"], true);
        assert_eq!(report["kind"], "embedded-v8-blob");
        assert_eq!((&report["verdict"], &report["layout"]), (&"valid".into(), &"11.8".into()));
        assert_eq!((&report["offset"], &report["contexts"]), (&100.into(), &1.into()));
        assert_eq!(report["checksums"][1]["name"], "read-only");
        assert_eq!(report["checksums"][1]["offset"], 112);
        assert_eq!(report["sections"][0]["offset"], 196);
        assert_eq!(report["sections"][3]["name"], "context 0");
    }

    #[test]
    fn damage_is_told_in_sentences() {
        let mut blob = sample();
        let last = blob.len() - 1;
        blob[last] ^= 1;
        let inspection = inspect(&blob).expect("a snapshot");
        assert_eq!(inspection.reports[0].verdict, Verdict::Damaged);
        let text = inspection.to_string();
        assert!(text.contains("DIFFERS"), "{text}");
        assert!(
            text.contains(&format!("bytes 12..{} do not fit the checksum \"blob\"; ", blob.len())),
            "{text}"
        );
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        assert_eq!(inspect(b""), Err(Error::NotSnapshot));
        assert_eq!(inspect(&[0; 5000]), Err(Error::NotSnapshot));
    }
}
