//! Python: CPython's own tests of its language and library, run by the Python component.
//!
//! `modules.rs` says which, and keeps what becomes of each test; `run.rs` runs one module. A test is what `unittest` counts as
//! one. What needs threads or processes, and was refused them, is left out by that; what the suite skips on WASI is left out too.

mod modules;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::kept::Counts;
use crate::suite::Digest;
use crate::{Options, pool};
use modules::{Count, Module, State};
use run::Runner;

/// Where the counts are kept.
const FILE: &str = "tests/conformance/python.txt";
/// Where the tests come from: packages of Debian, by name, version and SHA-256, which snapshot.debian.org keeps.
const PACKAGES: [(&str, &str, &str, &str); 2] = [
    (
        "libpython3.14-testsuite",
        "3.14.8-1",
        "all",
        "072cc5c4b9468efdc60deceece230c7009bf65e2638a104597202eb32673135f",
    ),
    (
        "libpython3.14-stdlib",
        "3.14.8-1",
        "amd64",
        "abfa1b45e311461a4f8ee110d203efbc18808fada340af7036235b0d0c4cfd9a",
    ),
];

/// Runs the tests and compares with what is kept.
pub fn run(options: &Options) -> Result<()> {
    let suite = find(options.suite.as_deref())?;
    let mut modules = modules::claimed();
    if let Some(only) = &options.only {
        modules.retain(|module| module.test.contains(only.as_str()));
    }
    ensure!(!modules.is_empty(), "there is no such module among those that are run");
    let runner = Runner::new(&suite)?;
    println!("{} modules", modules.len());
    let reports = pool::each(&modules, |module| {
        let report = runner.run(module);
        println!("{}: {}", module.test, Count::of(&report));
        report
    });
    let says_why = options.only.is_some() || std::env::var_os("B8G_CONFORMANCE_WHY").is_some();
    let (mut all, mut failing) = (Count::default(), BTreeSet::new());
    let mut counts: Vec<(&Module, Count)> = Vec::new();
    for (module, report) in modules.iter().zip(&reports) {
        let count = Count::of(report);
        all.add(&count);
        counts.push((module, count));
        for test in report {
            if says_why && test.state != State::Passed {
                println!("{}/{}: {} {}", module.test, test.name, test.state.word(), test.why);
            }
            if test.state == State::Failed {
                failing.insert(unused(&failing, format!("{}/{}", module.test, test.name)));
            }
        }
    }
    println!("{all}: {:.2} % of those that ran", 100.0 * all.passed as f64 / all.ran().max(1) as f64);
    if options.only.is_some() {
        return Ok(());
    }
    let counts = Counts {
        head: head(&counts),
        digest: digest(&suite)?,
        passing: all.passed,
        left_out: all.left_out(),
        failing,
    };
    counts.keep(Path::new(FILE), options.accept)
}

/// A name that no other failure has.
fn unused(names: &BTreeSet<String>, name: String) -> String {
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name)).unwrap_or(name)
}

/// What the file says before its counts: where the tests come from, and what of each module of the library passes.
fn head(counts: &[(&Module, Count)]) -> String {
    let mut head =
        "# What of CPython's own tests passes, and what fails: `cargo xtask conformance python`.\n"
            .to_owned();
    for (name, version, _, sha256) in PACKAGES {
        head.push_str(&format!("suite: Debian {name} {version} {sha256}\n"));
    }
    let mut libraries: BTreeMap<&str, Count> = BTreeMap::new();
    for (module, count) in counts {
        libraries.entry(&module.library).or_default().add(count);
    }
    for (library, count) in libraries {
        head.push_str(&format!("module: {library} {count}\n"));
    }
    head
}

/// The directory that has the package `test`, or how to get it.
fn find(given: Option<&str>) -> Result<PathBuf> {
    let place = std::path::absolute(given.unwrap_or("target/suites/python"))?;
    if place.join("test/support/__init__.py").is_file() {
        return Ok(place);
    }
    let mut commands = format!("  mkdir -p {}\n", place.display());
    for (name, version, machine, sha256) in PACKAGES {
        let file = format!("{name}_{version}_{machine}.deb");
        commands.push_str(&format!(
            "  apt-get download {name}={version} && echo {sha256} {file} | sha256sum --check\n  \
             dpkg-deb --fsys-tarfile {file} | tar -x -C {} --strip-components=4 ./usr/lib/python3.14/test\n",
            place.display()
        ));
    }
    bail!(
        "CPython's tests are not at {}; no suite is a part of this repository. They are packages of Debian (forky in \
         November 2026; snapshot.debian.org has them as long as it is there). To get them:\n{commands}\
         A suite elsewhere is named with --suite DIR.",
        place.display()
    )
}

/// Hashes all files of the package.
fn digest(suite: &Path) -> Result<String> {
    let (mut pending, mut paths) = (vec![suite.join("test")], Vec::new());
    while let Some(folder) = pending.pop() {
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            match entry.file_type()? {
                kind if kind.is_dir() && entry.file_name() != "__pycache__" => pending.push(entry.path()),
                kind if kind.is_file() => paths.push(entry.path()),
                _ => {}
            }
        }
    }
    paths.sort();
    let mut digest = Digest::new();
    for path in paths {
        let name = path.strip_prefix(suite).unwrap_or(&path).to_string_lossy().into_owned();
        digest.add(&name, &std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    Ok(digest.hex())
}
