//! ECMAScript: a slice of test262, each test in each of its modes.
//!
//! [`PIN`] says which commit, [`SLICE`] which of its tests, [`UNCLAIMED`] what of the language is not claimed. A test that needs
//! what no context has is left out, by name of the reason: it does not pass.

mod meta;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::kept::Counts;
use crate::suite::{self, Digest, Pin};
use crate::{Options, pool};
use meta::Meta;
use run::{Case, Mode, Runner};

const FILE: &str = "tests/conformance/test262.txt";
const PIN: Pin = Pin {
    folder: ".",
    repository: "https://github.com/tc39/test262",
    commit: "be13516fb6441b950ba8a3df97eb34062c186972",
    root: "",
    needed: &["harness", "test/language", "test/built-ins", "test/annexB"],
};
/// The folders, and which of their tests: every n-th, in the order of their names.
const SLICE: &[(&str, usize)] = &[("test/language", 1), ("test/built-ins", 1), ("test/annexB", 1)];

/// Features of the suite that the engine does not claim; docs/compatibility.md says why.
const UNCLAIMED: &[&str] = &[
    "Atomics.waitAsync",
    "ShadowRealm",
    "await-dictionary",
    "decorators",
    "error-stack-accessor",
    "immutable-arraybuffer",
    "import-bytes",
    "import-defer",
    "import-text",
    "legacy-regexp",
    "nonextensible-applies-to-private",
    "source-phase-imports",
    "source-phase-imports-module-source",
    "tail-call-optimization",
];

/// What in a test's text shows that it needs what no context has.
const MISSING: &[(&str, &str)] = &[
    ("$262.createRealm", "a second realm ($262.createRealm)"),
    ("$262.agent", "other agents ($262.agent)"),
    ("$262.gc", "a collection at a moment of the test's choice ($262.gc)"),
    ("$262.IsHTMLDDA", "document.all ($262.IsHTMLDDA)"),
    ("$262.AbstractModuleSource", "modules as sources ($262.AbstractModuleSource)"),
];

struct Test {
    name: String,
    path: PathBuf,
    source: String,
    meta: Meta,
}

impl Test {
    /// Why it is left out, if it is.
    fn left_out(&self) -> Option<String> {
        let missing = MISSING.iter().find(|(text, _)| self.source.contains(text));
        if let Some((_, why)) = missing {
            return Some(format!("need {why}"));
        }
        if self.meta.includes.iter().any(|name| name == "atomicsHelper.js") {
            return Some("need other agents ($262.agent)".to_owned());
        }
        if self.meta.has("CanBlockIsTrue") {
            return Some("need a thread that may block (CanBlockIsTrue)".to_owned());
        }
        let unclaimed = self.meta.features.iter().find(|feature| UNCLAIMED.contains(&feature.as_str()));
        unclaimed.map(|feature| format!("of {feature}"))
    }

    fn modes(&self) -> Vec<Mode> {
        match () {
            () if self.meta.has("module") => vec![Mode::Module],
            () if self.meta.has("raw") || self.meta.has("noStrict") => vec![Mode::Sloppy],
            () if self.meta.has("onlyStrict") => vec![Mode::Strict],
            () => vec![Mode::Sloppy, Mode::Strict],
        }
    }
}

/// Runs the slice and compares with what is kept.
pub fn run(options: &Options) -> Result<()> {
    let root = suite::find("test262", options.suite.as_deref(), &[PIN])?.remove(0);
    let (tests, digest) = read(&root, options.only.as_deref())?;
    ensure!(!tests.is_empty(), "there is no such test in {}", root.display());
    let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
    let mut cases = Vec::new();
    for test in &tests {
        match test.left_out() {
            Some(why) => *left_out.entry(why).or_default() += 1,
            None => cases.extend(test.modes().into_iter().map(|mode| (test, mode))),
        }
    }
    let runner = Runner::new(&root)?;
    println!("{} tests, run {} times", tests.len(), cases.len());
    let results = pool::each(&cases, |(test, mode)| {
        let Test { path, source, meta, .. } = test;
        runner.run(&Case { path, source, meta, mode: *mode })
    });
    let mut failing = BTreeSet::new();
    let mut folders: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for ((test, mode), result) in cases.iter().zip(&results) {
        let folder = test.name.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        let folder = folders.entry(folder).or_default();
        folder.1 += 1;
        match result {
            Ok(()) => folder.0 += 1,
            Err(why) => {
                let name = named(test, *mode);
                if options.only.is_some() || std::env::var_os("B8G_CONFORMANCE_WHY").is_some() {
                    println!("{name}: {why} [{}]", test.meta.features.join(" "));
                }
                failing.insert(name);
            }
        }
    }
    for (folder, (passed, all)) in &folders {
        println!("{folder}: {passed} of {all} pass");
    }
    let passing = results.iter().filter(|result| result.is_ok()).count();
    println!("{passing} of {} pass: {:.2} %", results.len(), 100.0 * passing as f64 / results.len() as f64);
    if options.only.is_some() {
        return Ok(());
    }
    let mut left_out: Vec<_> = left_out.into_iter().collect();
    left_out.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let head = format!(
        "# What of test262 passes, and what fails: `cargo xtask conformance test262`.\nsuite: {} {}\n",
        PIN.repository, PIN.commit
    );
    Counts { head, digest, passing, left_out, failing }.keep(Path::new(FILE), options.accept)
}

fn named(test: &Test, mode: Mode) -> String {
    let both = test.modes().len() == 2;
    match mode {
        Mode::Strict if both => format!("{} (strict)", test.name),
        Mode::Sloppy if both => format!("{} (sloppy)", test.name),
        _ => test.name.clone(),
    }
}

/// Reads the tests of the slice, and hashes all that a run reads.
fn read(root: &Path, only: Option<&str>) -> Result<(Vec<Test>, String)> {
    let (mut tests, mut digest) = (Vec::new(), Digest::new());
    for (folder, stride) in SLICE.iter().chain([&("harness", 1)]) {
        let mut files = Vec::new();
        find(&root.join(folder), &mut files)?;
        files.sort();
        let is_fixture = |path: &PathBuf| path.to_string_lossy().contains("_FIXTURE");
        let (fixtures, files): (Vec<_>, Vec<_>) = files.into_iter().partition(is_fixture);
        let files = files.into_iter().step_by(*stride);
        for path in fixtures.into_iter().chain(files) {
            let source =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            digest.add(&name, source.as_bytes());
            if *folder == "harness" || is_fixture(&path) || only.is_some_and(|only| !name.contains(only)) {
                continue;
            }
            let (name, meta) = (name.trim_start_matches("test/").to_owned(), Meta::read(&source));
            tests.push(Test { name, path, source, meta });
        }
    }
    Ok((tests, digest.hex()))
}

/// All scripts and what they import, below a folder.
fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "js") {
            files.push(path);
        }
    }
    Ok(())
}
