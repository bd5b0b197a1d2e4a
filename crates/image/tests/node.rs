//! Node runs a snapshot that was taken apart and put together, and one whose pieces were changed and signed
//! anew.

use std::path::Path;
use std::process::Command;

use b8g_image::v8::{self, Checksums, Kind, Verdict};

const PROGRAM: &str = "globalThis.text = 'marker-aaaa';
require('v8').startupSnapshot.setDeserializeMainFunction(() => console.log(globalThis.text));";

/// Runs node in a folder and gives what it printed; an error if it failed.
fn node(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("node").args(arguments).current_dir(folder).output();
    let output = output.map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Makes a snapshot with the node of this machine, or says why there is none.
fn snapshot(folder: &Path) -> Result<Vec<u8>, String> {
    let version = node(folder, &["--version"]).map_err(|error| format!("node does not run: {error}"))?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    if major.is_none_or(|major: u32| major < 20) {
        return Err(format!("node {version} is older than 20"));
    }
    std::fs::write(folder.join("program.js"), PROGRAM).map_err(|error| error.to_string())?;
    node(folder, &["--snapshot-blob", "made.blob", "--build-snapshot", "program.js"])
        .map_err(|error| format!("this node makes no snapshots: {error}"))?;
    std::fs::read(folder.join("made.blob")).map_err(|error| error.to_string())
}

#[test]
fn node_runs_what_was_put_together() {
    let folder = tempfile::tempdir().expect("a directory");
    let folder = folder.path();
    let made = match snapshot(folder) {
        Ok(made) => made,
        Err(why) => return println!("skipped: {why}"),
    };
    let report = v8::inspect(&made).expect("node's own").reports.remove(0);
    assert_eq!((report.kind, report.verdict), (Kind::NodeSnapshot, Verdict::Valid), "{report}");

    let pieces = folder.join("pieces");
    v8::extract_to(&made, &pieces).expect("pieces");
    let packed = v8::pack_from(&pieces, Checksums::Keep).expect("a snapshot");
    assert!(packed == made, "bytes changed");
    std::fs::write(folder.join("packed.blob"), packed).expect("a file");
    assert_eq!(node(folder, &["--snapshot-blob", "packed.blob", "x"]).as_deref(), Ok("marker-aaaa"));

    let mut parts = v8::extract(&made).expect("parts");
    let mut changed = 0;
    for piece in &mut parts.pieces {
        let places: Vec<usize> =
            (0..piece.len()).filter(|&at| piece[at..].starts_with(b"marker-aaaa")).collect();
        changed += places.len();
        places.iter().for_each(|&at| piece[at + 7..at + 11].copy_from_slice(b"bbbb"));
    }
    assert!(changed > 0, "the snapshot does not hold the program's text");
    let signed = v8::pack(&parts, Checksums::Recompute).expect("a snapshot");
    assert_eq!(v8::inspect(&signed).expect("a snapshot").reports[0].verdict, Verdict::Valid);
    std::fs::write(folder.join("signed.blob"), signed).expect("a file");
    assert_eq!(node(folder, &["--snapshot-blob", "signed.blob", "x"]).as_deref(), Ok("marker-bbbb"));
}
