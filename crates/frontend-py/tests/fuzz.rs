//! Each file of the fuzz target's corpus, checked as the target checks it: what was once found stays mended.

#[path = "../../../fuzz/src/python.rs"]
mod check;

use std::path::Path;

/// Bytes of the corpus at most: it is part of every clone.
const CORPUS_BYTES_MAX: u64 = 100 << 10;

#[test]
fn memories_of_the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/python");
    let (mut count, mut bytes) = (0, 0);
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let input = std::fs::read(&path).unwrap();
        if std::panic::catch_unwind(|| check::check(&input)).is_err() {
            panic!("the fuzz target python finds something with {}", path.display());
        }
        count += 1;
        bytes += input.len() as u64;
    }
    assert!(count >= 10, "{count} files in {}", folder.display());
    assert!(bytes <= CORPUS_BYTES_MAX, "{bytes}");
}
