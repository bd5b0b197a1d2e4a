//! `cargo xtask tidy`: checks of the house that no compiler makes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::root;

/// Lines of a Rust file at most; beyond that it is more than one thought.
const LINES_MAX: usize = 900;
/// Lines of ARCHITECTURE.md at most.
const ARCHITECTURE_LINES_MAX: usize = 300;

/// Which crates of the workspace a crate may depend on. Siblings never import each other.
const LAYERS: &[(&str, &[&str])] = &[
    ("crates/core", &[]),
    ("crates/crypto", &["b8g-core"]),
    ("crates/intl", &["b8g-core"]),
    ("crates/frontend-py", &["b8g-core"]),
    ("crates/frontend-ts", &["b8g-core"]),
    ("crates/http", &["b8g-core"]),
    ("crates/image", &["b8g-core"]),
    (
        "crates/engine",
        &[
            "b8g-core",
            "b8g-crypto",
            "b8g-frontend-py",
            "b8g-frontend-ts",
            "b8g-http",
            "b8g-image",
            "b8g-intl",
        ],
    ),
    ("crates/cli", &["b8g", "b8g-image"]),
    ("benches", &["b8g"]),
    ("components/preinit", &[]),
    ("fuzz", &["b8g-core", "b8g-crypto", "b8g-frontend-py", "b8g-http", "b8g-image"]),
    ("guests/rust", &[]),
    ("tests/conformance", &["b8g"]),
    ("xtask", &["b8g-core"]),
];

/// Crates that forbid `unsafe`.
const SAFE: &[&str] = &[
    "crates/core/src/lib.rs",
    "crates/crypto/src/lib.rs",
    "crates/intl/src/lib.rs",
    "crates/frontend-py/src/lib.rs",
    "crates/frontend-ts/src/lib.rs",
    "crates/http/src/lib.rs",
    "crates/image/src/lib.rs",
];

/// Checks everything and lists all that is wrong.
pub fn tidy() -> Result<()> {
    let files = tracked()?;
    let mut wrong = Vec::new();
    layers(&mut wrong)?;
    sources(&files, &mut wrong)?;
    documents(&files, &mut wrong)?;
    dependencies(&mut wrong)?;
    for file in SAFE {
        if !read(file)?.contains("#![forbid(unsafe_code)]") {
            wrong.push(format!("{file}: must forbid unsafe code"));
        }
    }
    if wrong.is_empty() {
        println!("tidy: {} files are in order", files.len());
        return Ok(());
    }
    wrong.iter().for_each(|line| eprintln!("{line}"));
    bail!("tidy: {} things to mend", wrong.len())
}

fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    std::fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {}", path.display()))
}

fn tracked() -> Result<Vec<PathBuf>> {
    let output = Command::new("git").args(["ls-files", "-co", "--exclude-standard"]).output()?;
    let list = String::from_utf8(output.stdout)?;
    Ok(list.lines().map(PathBuf::from).filter(|file| root().join(file).is_file()).collect())
}

/// The crates of the workspace that a manifest depends on.
fn own_dependencies(manifest: &str) -> BTreeSet<&str> {
    let of_ours = |line: &str| line.starts_with("b8g");
    let names = manifest.lines().filter(|line| of_ours(line));
    names.map(|line| line.split(['.', ' ', '=']).next().unwrap_or(line)).collect()
}

fn layers(wrong: &mut Vec<String>) -> Result<()> {
    for (folder, allowed) in LAYERS {
        let manifest = read(Path::new(folder).join("Cargo.toml"))?;
        for name in own_dependencies(&manifest) {
            if !allowed.contains(&name) {
                wrong.push(format!("{folder}/Cargo.toml: must not depend on {name}"));
            }
        }
    }
    Ok(())
}

fn sources(files: &[PathBuf], wrong: &mut Vec<String>) -> Result<()> {
    // Put together here, so that this file does not find itself.
    let promises = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["todo", "!("].concat()];
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "rs")) {
        let text = read(file)?;
        let lines = text.lines().count();
        // What is generated is nobody's thought: it is as long as what it is made from.
        if lines > LINES_MAX && !text.contains(crate::abi::NOTICE) {
            wrong.push(format!("{}: {lines} lines; at most {LINES_MAX}", file.display()));
        }
        let is_test = file.components().any(|part| part.as_os_str() == "tests");
        if !text.starts_with("//!") && !is_test {
            wrong.push(format!("{}: no `//!` at its head", file.display()));
        }
        for (number, line) in text.lines().enumerate() {
            if promises.iter().any(|promise| line.contains(promise)) {
                wrong.push(format!("{}:{}: a promise instead of code", file.display(), number + 1));
            }
        }
    }
    Ok(())
}

fn documents(files: &[PathBuf], wrong: &mut Vec<String>) -> Result<()> {
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "md")) {
        let text = read(file)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for target in links(&text) {
            let path = target.split('#').next().unwrap_or(target);
            if !path.is_empty() && !path.contains("://") && !root().join(folder).join(path).exists() {
                wrong.push(format!("{}: dead link to {target}", file.display()));
            }
        }
    }
    let architecture = read("ARCHITECTURE.md")?;
    if architecture.lines().count() > ARCHITECTURE_LINES_MAX {
        wrong.push(format!("ARCHITECTURE.md: more than {ARCHITECTURE_LINES_MAX} lines"));
    }
    for path in named_paths(&architecture) {
        if !root().join(path).exists() {
            wrong.push(format!("ARCHITECTURE.md: names {path}, which is not there"));
        }
    }
    Ok(())
}

/// The targets of Markdown's links.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|target| !target.contains(' '))
}

/// What stands in backquotes and looks like a path of this workspace.
fn named_paths(text: &str) -> impl Iterator<Item = &str> {
    let roots =
        ["crates/", "components/", "docs/", "xtask/", "benches/", "examples/", "tests/", "fuzz/", "guests/"];
    text.split('`').skip(1).step_by(2).filter(move |quoted| {
        roots.iter().any(|root| quoted.starts_with(root)) && !quoted.contains(['*', '{', ' '])
    })
}

fn dependencies(wrong: &mut Vec<String>) -> Result<()> {
    let manifest = read("Cargo.toml")?;
    let reasons = read("docs/dependencies.md")?;
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap_or_default();
    let section = section.split("\n[").next().unwrap_or_default();
    for line in section.lines().filter(|line| line.contains(" = ") && !line.starts_with([' ', '#'])) {
        let name = line.split(' ').next().unwrap_or(line);
        if !name.starts_with("b8g") && !reasons.contains(&format!("`{name}`")) {
            wrong.push(format!("docs/dependencies.md: gives no reason for {name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_links_and_paths_are_found() {
        let manifest = "[dependencies]\nb8g-core.workspace = true\nb8g = { path = \"x\" }\nserde = \"1\"\n";
        assert_eq!(own_dependencies(manifest).into_iter().collect::<Vec<_>>(), ["b8g", "b8g-core"]);
        assert_eq!(links("see [a](b.md) and [c](d.md#e)").collect::<Vec<_>>(), ["b.md", "d.md#e"]);
        assert_eq!(
            named_paths("`crates/x.rs`, `let x`, `docs/y`").collect::<Vec<_>>(),
            ["crates/x.rs", "docs/y"]
        );
    }
}
