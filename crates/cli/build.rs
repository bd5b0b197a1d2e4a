//! Lays the sources of the components that users build themselves into the binary: their paths and bytes, in order.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components");
    let mut text = String::new();
    for (constant, folder) in [("PYTHON", "python"), ("SCIENCE", "python-science")] {
        let root = components.join(folder);
        let mut files = Vec::new();
        collect(&root, &mut files);
        files.sort();
        writeln!(text, "pub const {constant}: &[(&str, &[u8])] = &[").expect("a string");
        for file in files {
            let name = file.strip_prefix(&root).expect("below the root").display().to_string();
            writeln!(text, "    ({name:?}, include_bytes!({:?})),", file.display().to_string())
                .expect("a string");
        }
        text.push_str("];\n");
        println!("cargo::rerun-if-changed={}", root.display());
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    std::fs::write(out.join("sources.rs"), text).expect("the output directory can be written");
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the sources are there") {
        let path = entry.expect("a directory entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "__pycache__" && name != "tests" {
                collect(&path, files);
            }
        } else if name.ends_with(".py") || name == "requirements.txt" {
            files.push(path);
        }
    }
}
