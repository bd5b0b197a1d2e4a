//! Published programs that carry V8's snapshots are read as V8 reads them: all checksums verify.
//!
//! `tests/v8/fetch DIRECTORY` fetches them; `B8G_V8_BLOBS=DIRECTORY` tells this test where they are.

use std::path::{Path, PathBuf};

use b8g_image::v8::{self, Blob, Checksums, Kind, NodeContainer, Verdict};

/// A carrier, the layout of what it carries, and how many snapshots that are at least.
struct Carrier {
    name: &'static str,
    version: &'static str,
    layout: &'static str,
    least: usize,
}

const fn carrier(name: &'static str, version: &'static str, layout: &'static str, least: usize) -> Carrier {
    Carrier { name, version, layout, least }
}

/// What `tests/v8/fetch` fetches. A version ends where builds may differ.
const CARRIERS: &[Carrier] = &[
    carrier("cef-57.0-snapshot_blob.bin", "", "5.7", 1),
    carrier("node-8", "", "6.2", 1),
    carrier("cef-66.0-snapshot_blob.bin", "6.6.", "6.6", 1),
    carrier("cef-66.0-v8_context_snapshot.bin", "6.6.", "6.6", 1),
    carrier("node-10", "6.8.", "6.6", 1),
    carrier("node-12", "7.8.", "7.8", 2),
    carrier("node-14", "8.4.", "8.4", 2),
    carrier("py-mini-racer-0.6.0.so", "8.9.", "8.4", 1),
    carrier("node-16", "9.4.", "8.4", 2),
    carrier("node-18", "10.2.", "9.8", 2),
    carrier("node-18.snapshot", "10.2.", "9.8", 1),
    carrier("node-20", "11.3.", "9.8", 2),
    carrier("node-20.snapshot", "11.3.", "9.8", 1),
    carrier("node-22", "12.4.", "11.8", 2),
    carrier("node-22.snapshot", "12.4.", "11.8", 1),
    carrier("mini-racer-0.12.4.bin", "12.6.", "11.8", 1),
    carrier("node-24", "13.6.", "11.8", 2),
    carrier("node-24.snapshot", "13.6.", "11.8", 1),
    carrier("pyqt6-6.11.2-v8_context_snapshot.bin", "14.0.", "11.8", 1),
    carrier("mini-racer-0.14.1.so", "14.4.", "11.8", 1),
    carrier("node-26", "14.6.", "11.8", 2),
    carrier("node-26.snapshot", "14.6.", "11.8", 1),
    carrier("chromium-snapshot_blob.bin", "", "", 1),
    carrier("chromium-v8_context_snapshot.bin", "", "", 1),
    carrier("deno", "15.0.", "15.0", 2),
];

/// The directory of carriers, or why there is none.
fn directory() -> Result<PathBuf, &'static str> {
    let path = std::env::var_os("B8G_V8_BLOBS").ok_or("B8G_V8_BLOBS names no directory of tests/v8/fetch")?;
    Some(PathBuf::from(path))
        .filter(|path| path.is_dir())
        .ok_or("B8G_V8_BLOBS names no directory that exists")
}

/// Reads a carrier, or says that it was not fetched.
fn read(directory: &Path, name: &str) -> Option<Vec<u8>> {
    let bytes = std::fs::read(directory.join(name)).ok();
    if bytes.is_none() {
        println!("skipped: {name} was not fetched");
    }
    bytes
}

#[test]
fn every_carrier_holds_its_snapshots_and_all_verify() {
    let directory = match directory() {
        Ok(directory) => directory,
        Err(why) => return println!("skipped: {why}"),
    };
    let (mut carriers, mut snapshots) = (0, 0);
    for carrier in CARRIERS {
        let Some(bytes) = read(&directory, carrier.name) else { continue };
        let begun = std::time::Instant::now();
        let inspection = v8::inspect(&bytes).unwrap_or_else(|error| panic!("{}: {error}", carrier.name));
        let reports = inspection.reports;
        assert!(inspection.complete, "{}", carrier.name);
        let milliseconds = begun.elapsed().as_millis();
        assert!(reports.len() >= carrier.least, "{}: {} snapshots", carrier.name, reports.len());
        for report in &reports {
            let has_sums = !report.checksums.is_empty();
            let expected = if has_sums { Verdict::Valid } else { Verdict::Unverified };
            assert_eq!(report.verdict, expected, "{}\n{report}", carrier.name);
            assert!(has_sums || ["5.7", "6.2", "6.6"].contains(&report.layout.name()), "{report}");
            assert!(carrier.layout.is_empty() || report.layout.name() == carrier.layout, "{report}");
            let version = report.version.as_deref().unwrap_or_default();
            assert!(version.starts_with(carrier.version), "{}\n{report}", carrier.name);
            let what = if report.kind == Kind::NodeSnapshot { "container" } else { "snapshot" };
            println!(
                "{:34}{what:10} {:20} layout {:5} at {:9}, {:?} bytes, {} contexts, {}, {milliseconds} ms",
                carrier.name,
                version,
                report.layout,
                report.blob_offset,
                report.length,
                report.contexts,
                report.verdict,
            );
        }
        carriers += 1;
        snapshots += reports.len();
    }
    println!("{snapshots} snapshots in {carriers} carriers");
    assert!(carriers > 0, "{} holds none of the carriers", directory.display());
}

#[test]
fn every_snapshot_is_the_same_after_taking_apart_and_putting_together() {
    let directory = match directory() {
        Ok(directory) => directory,
        Err(why) => return println!("skipped: {why}"),
    };
    for carrier in CARRIERS {
        let Some(bytes) = read(&directory, carrier.name) else { continue };
        let whole = NodeContainer::read(&bytes).is_ok() || Blob::read(&bytes).is_ok();
        let snapshots = if whole { Vec::new() } else { embedded(&bytes) };
        let whole = whole.then_some(0..bytes.len());
        for range in snapshots.into_iter().chain(whole) {
            let bytes = &bytes[range];
            let parts = v8::extract(bytes).unwrap_or_else(|error| panic!("{}: {error}", carrier.name));
            let packed = v8::pack(&parts, Checksums::Keep).expect("nothing is computed");
            assert!(packed == bytes, "{}: bytes changed", carrier.name);
            let signed = v8::pack(&parts, Checksums::Recompute).expect("it is whole");
            assert!(signed == bytes, "{}: a checksum is another", carrier.name);
        }
    }
}

fn embedded(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let hits = v8::scan(bytes).hits;
    hits.iter().filter_map(|hit| Some(hit.offset..hit.offset + hit.length?)).collect()
}

#[test]
fn a_flipped_bit_of_a_real_snapshot_is_found() {
    let directory = match directory() {
        Ok(directory) => directory,
        Err(why) => return println!("skipped: {why}"),
    };
    for name in ["mini-racer-0.12.4.bin", "chromium-snapshot_blob.bin", "node-24.snapshot"] {
        let Some(mut bytes) = read(&directory, name) else { continue };
        for part in 1..8 {
            let at = bytes.len() / 16 * part;
            bytes[at] ^= 0x10;
            let reports = v8::inspect(&bytes).expect("it can be read").reports;
            assert_eq!(reports[0].verdict, Verdict::Damaged, "{name} byte {at}");
            assert!(!reports[0].faults.is_empty());
            bytes[at] ^= 0x10;
        }
    }
}
