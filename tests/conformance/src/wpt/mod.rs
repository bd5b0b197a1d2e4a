//! The web platform: slices of the web platform tests, run with their own harness.
//!
//! `slice.rs` says which; `run.rs` runs one file. A test is what the harness counts as one (a subtest); a file that ends without a
//! report counts as one that fails. What needs the suite's server, a document or a window is left out by file.

mod run;
mod server;
mod slice;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::kept::Counts;
use crate::suite::{self, Digest};
use crate::{Options, pool};
use run::{Case, Runner};
use slice::Suite;
pub use slice::{WASM_JS, WPT};

struct File {
    name: String,
    root: PathBuf,
    source: String,
}

impl File {
    fn variants(&self) -> Vec<&str> {
        let named: Vec<_> = self
            .source
            .lines()
            .filter_map(|line| line.strip_prefix("// META: variant="))
            .map(str::trim)
            .collect();
        if named.is_empty() { vec![""] } else { named }
    }
}

/// Runs the slices and compares with what is kept.
pub fn run(suite: &Suite, options: &Options) -> Result<()> {
    let roots = suite::find("wpt", options.suite.as_deref(), suite.pins)?;
    let (files, digest) = read(suite, &roots)?;
    let files: Vec<_> = files
        .into_iter()
        .filter(|file| options.only.as_ref().is_none_or(|only| file.name.contains(only)))
        .collect();
    ensure!(!files.is_empty(), "there is no such test in {}", roots[0].display());
    let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
    let mut cases = Vec::new();
    for file in &files {
        match slice::left_out(&file.name, &file.source) {
            Some(why) => *left_out.entry(format!("files {why}")).or_default() += 1,
            None => cases.extend(file.variants().into_iter().map(|variant| (file, variant))),
        }
    }
    let runner = Runner::new(roots)?;
    println!("{} files, {} runs", files.len(), cases.len());
    let results = pool::each(&cases, |(file, variant)| {
        let File { name, root, source } = file;
        let report = runner.run(&Case { name, source, root, variant });
        report.unwrap_or_else(|why| vec![("(the file)".to_owned(), Err(why))])
    });
    let (mut passing, mut all, mut failing) = (0, 0, BTreeSet::new());
    let mut folders: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let says_why = options.only.is_some() || std::env::var_os("B8G_CONFORMANCE_WHY").is_some();
    for ((file, variant), report) in cases.iter().zip(results) {
        let folder = folders.entry(file.name.rsplit_once('/').map_or("", |(folder, _)| folder)).or_default();
        for (name, result) in report {
            all += 1;
            folder.1 += 1;
            match result {
                Ok(()) => {
                    passing += 1;
                    folder.0 += 1;
                }
                Err(why) => {
                    let name = format!(
                        "{}: {variant}{}{name}",
                        file.name,
                        if variant.is_empty() { "" } else { " " }
                    );
                    if says_why {
                        println!("{name}: {why}");
                    }
                    failing.insert(name);
                }
            }
        }
    }
    for (folder, (passed, all)) in &folders {
        println!("{folder}: {passed} of {all} pass");
    }
    println!("{passing} of {all} pass: {:.2} %", 100.0 * passing as f64 / all as f64);
    if options.only.is_some() {
        return Ok(());
    }
    let Suite { name, words, file, .. } = suite;
    let mut head = format!("# What of {words} passes, and what fails: `cargo xtask conformance {name}`.\n");
    for pin in suite.pins {
        head.push_str(&format!("suite: {} {}\n", pin.repository, pin.commit));
    }
    let left_out = left_out.into_iter().collect();
    Counts { head, digest, passing, left_out, failing }.keep(Path::new(file), options.accept)
}

/// Reads the files of the slices, and hashes them.
fn read(suite: &Suite, roots: &[PathBuf]) -> Result<(Vec<File>, String)> {
    let (mut files, mut digest) = (Vec::new(), Digest::new());
    for (pin, folders) in suite.slice.iter().chain(suite.support) {
        let root = &roots[*pin];
        for folder in *folders {
            let mut paths = Vec::new();
            find(&root.join(folder), &mut paths)?;
            paths.sort();
            for path in paths {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                let bytes =
                    std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                digest.add(&name, &bytes);
                if name.ends_with(".any.js") && !is_support(suite, &name) {
                    let source = String::from_utf8_lossy(&bytes).into_owned();
                    files.push(File { name, root: root.clone(), source });
                }
            }
        }
    }
    Ok((files, digest.hex()))
}

fn is_support(suite: &Suite, name: &str) -> bool {
    suite
        .support
        .iter()
        .flat_map(|(_, folders)| *folders)
        .any(|folder| name.starts_with(&format!("{folder}/")))
}

/// All scripts and data below a folder.
fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| ["idl", "js", "json"].iter().any(|known| extension == *known))
        {
            files.push(path);
        }
    }
    Ok(())
}
