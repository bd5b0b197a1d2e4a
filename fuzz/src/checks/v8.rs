//! What must hold of any bytes that are read as a snapshot of V8, a container of node, or a program that holds some.
//!
//! Start at [`check`]. Checksums are computed anew by the product's own [`pack`], which is a check of it as well.

use b8g_image::v8::{
    Blob, Checksums, Error, Fault, Inspection, Kind, Manifest, NodeContainer, Parts, Verdict, extract,
    inspect, inspect_all, pack,
};

use super::assert_plain;

/// Does with an input all that can be done with a snapshot; once more with its checksums made right, if there is one.
///
/// # Panics
/// If something does not hold that should.
pub fn check(input: &[u8]) {
    told(input);
    let Ok(parts) = extract(input) else { return };
    taken_apart(input, &parts);
    let Ok(signed) = pack(&parts, Checksums::Recompute) else { return };
    assert_eq!(signed.len(), input.len());
    if signed != input {
        told(&signed);
        taken_apart(&signed, &extract(&signed).expect("checksums change no layout"));
    }
    // Which of two layouts damage left over is a guess; without damage there is nothing to guess.
    if read(input).is_ok_and(|blob| blob.faults.iter().all(of_checksum)) {
        let verdict = read(&signed).map(|blob| blob.verdict());
        assert!(matches!(verdict, Ok(Verdict::Valid | Verdict::Unverified)), "{verdict:?}");
    }
}

fn of_checksum(fault: &Fault) -> bool {
    matches!(fault, Fault::Checksum { .. })
}

/// The snapshot that a file is.
fn read(bytes: &[u8]) -> Result<Blob, Error> {
    NodeContainer::read(bytes).map(|container| container.blob).or_else(|_| Blob::read(bytes))
}

/// Reports can be shown, and lie in the file in its order.
fn told(bytes: &[u8]) {
    for inspection in [inspect(bytes), inspect_all(bytes)] {
        match inspection {
            Ok(inspection) => shown(bytes, &inspection),
            Err(error) => assert_plain(&error.to_string()),
        }
    }
}

fn shown(bytes: &[u8], inspection: &Inspection) {
    assert_plain(&inspection.to_string());
    serde_json::to_string(inspection).expect("a report can be written as JSON");
    assert!(inspection.reports.is_sorted_by_key(|report| report.offset));
    for report in &inspection.reports {
        assert!(report.offset <= report.blob_offset && report.blob_offset < bytes.len());
        let rest = &bytes[report.blob_offset..];
        assert!(
            report.length.is_none_or(|length| length <= rest.len()),
            "a snapshot ends where the file does"
        );
        assert_eq!(report.verdict == Verdict::Damaged, !report.faults.is_empty() || report.length.is_none());
        if report.kind == Kind::EmbeddedV8Blob {
            let length = Blob::read_prefix(rest).map(|blob| blob.length_known.then_some(blob.length));
            assert_eq!(length, Ok(report.length), "what is found is a snapshot where it was found");
        }
    }
}

/// Pieces lie side by side, and put together they are what they were taken from.
fn taken_apart(bytes: &[u8], parts: &Parts) {
    assert!(pack(parts, Checksums::Keep).as_deref() == Ok(bytes), "pieces give back what was taken apart");
    let mut end = 0;
    for (info, piece) in parts.manifest.pieces.iter().zip(&parts.pieces) {
        assert_eq!((info.offset, info.length), (end, piece.len() as u64));
        end += info.length;
    }
    assert_eq!(end, bytes.len() as u64);
    let text = serde_json::to_string(&parts.manifest).expect("a manifest can be written");
    assert_eq!(serde_json::from_str::<Manifest>(&text).ok().as_ref(), Some(&parts.manifest));
}
