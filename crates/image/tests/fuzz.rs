//! Each file of the fuzz targets' corpus, checked as the targets check it: what was once found stays mended.

#[path = "../../../fuzz/src/checks/mod.rs"]
mod checks;

use std::path::{Path, PathBuf};

/// Bytes of all corpora together: they are part of every clone.
const CORPUS_BYTES_MAX: u64 = 400 << 10;

fn files(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 12, "{} files in {}", files.len(), folder.display());
    files
}

fn check_all(target: &str, check: fn(&[u8])) {
    for file in files(target) {
        let input = std::fs::read(&file).unwrap();
        if std::panic::catch_unwind(|| check(&input)).is_err() {
            panic!("the fuzz target {target} finds something with {}", file.display());
        }
    }
}

#[test]
fn images() {
    check_all("image", checks::image::check);
}

#[test]
fn snapshots_of_v8() {
    check_all("v8", checks::v8::check);
}

#[test]
fn the_corpus_is_small() {
    let sizes = ["image", "v8"].into_iter().flat_map(files).map(|file| file.metadata().unwrap().len());
    assert!(sizes.sum::<u64>() <= CORPUS_BYTES_MAX);
}

/// A corpus that is refused at its first byte would test nothing: most kinds of images are read.
#[test]
fn images_of_the_corpus_are_read() {
    let read = |file: &PathBuf| {
        let bytes = checks::repair::image(&std::fs::read(file).unwrap());
        b8g_image::File::read(&bytes).is_ok()
    };
    let (files, names) =
        (files("image"), ["wasm", "javascript", "everything", "child", "contexts-shared", "signed-16"]);
    for name in names {
        assert!(files.iter().any(|file| file.ends_with(name) && read(file)), "{name}");
    }
}
