//! Runs one file of the web platform tests in a context, with testharness.js as it is, and takes what the harness reports.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use b8g::{Capture, Component, Config, Context, Engine, EvalError, Grants, Limits, Stdout};
use serde_json::{Value, json};

use super::server;

const HOST: &str = include_str!("host.js");
/// Makes buffers for tests. The suite's own script takes the constructor of shared ones from WebAssembly, which is not there.
const SHARED: &str = "const createBuffer = (type, length, options) => new globalThis[type](length, options);";
/// Letters of a test's name that are kept.
const NAME_MAX: usize = 140;
const TIME_MAX: Duration = Duration::from_secs(120);
const MEMORY_BYTES_MAX: u64 = 512 << 20;

/// A file of tests, as one of its variants.
pub struct Case<'a> {
    /// Relative to the root.
    pub name: &'a str,
    pub source: &'a str,
    /// Where its pin's files lie.
    pub root: &'a Path,
    /// What follows its address: `?…`, or nothing.
    pub variant: &'a str,
}

/// What became of a test: its name, and why it failed.
pub type Report = Vec<(String, Result<(), String>)>;

/// What all tests share.
pub struct Runner {
    bare: Component,
    roots: Vec<PathBuf>,
    /// Where the suite's files are served.
    address: SocketAddr,
}

impl Runner {
    pub fn new(roots: Vec<PathBuf>) -> anyhow::Result<Runner> {
        let engine = Engine::new(Config::new())?;
        let address = server::start(roots.clone())?;
        Ok(Runner { bare: Component::javascript(&engine)?, roots, address })
    }

    /// The roots in the order in which a test's files are looked for.
    fn roots<'a>(&'a self, case: &Case<'a>) -> impl Iterator<Item = &'a Path> {
        std::iter::once(case.root).chain(self.roots.iter().map(PathBuf::as_path))
    }

    /// The scripts that a test runs after: the harness, and those that it names.
    fn scripts(&self, case: &Case<'_>) -> Result<Vec<(String, String)>, String> {
        let folder = case.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let named = case.source.lines().filter_map(|line| line.strip_prefix("// META: script="));
        let mut scripts = Vec::new();
        for name in std::iter::once("/resources/testharness.js").chain(named.map(str::trim)) {
            let path = match name.strip_prefix('/') {
                Some(path) => path.to_owned(),
                None => format!("{folder}/{name}"),
            };
            // The suite's server has this one under another name.
            let path = path.replace("resources/WebIDLParser.js", "resources/webidl2/lib/webidl2.js");
            let text = self.roots(case).find_map(|root| std::fs::read_to_string(root.join(&path)).ok());
            let text = text.ok_or(format!("there is no {path}"))?;
            scripts.push(self.prepared(path, &text));
        }
        scripts.push(self.prepared(case.name.to_owned(), case.source));
        Ok(scripts)
    }

    /// A script as the suite's server sends it.
    fn prepared(&self, path: String, text: &str) -> (String, String) {
        if path == "common/sab.js" {
            return (path, SHARED.to_owned());
        }
        let (host, port) = (self.address.ip().to_string(), self.address.port().to_string());
        let text = match path.contains(".sub.") {
            true => text.replace("{{host}}", &host).replace("{{ports[http][0]}}", &port),
            false => text.to_owned(),
        };
        (path, text)
    }

    /// Runs a file; says what became of each of its tests, or why nothing is known.
    pub fn run(&self, case: &Case<'_>) -> Result<Report, String> {
        let output = Stdout::Capture(Capture::new());
        let grants = Grants::none().clocks().randomness().compute().stdout(output.clone()).stderr(output);
        let grants = grants.net(self.address.to_string()).map_err(|error| error.to_string())?;
        let limits =
            Limits { timeout: Some(TIME_MAX), memory_bytes_max: MEMORY_BYTES_MAX, ..Limits::default() };
        let arguments =
            json!([format!("http://{}", self.address), format!("/{}{}", case.name, case.variant)]);
        let host = HOST.trim_end().trim_end_matches(';');
        let source = format!("({host})(...{arguments}).run({})", json!(self.scripts(case)?));
        let mut context = Context::new(&self.bare, &grants, limits).map_err(|error| error.to_string())?;
        // An evaluation that has this word is one that may wait.
        let source = source.replace("await", "\\u0061wait");
        let report = match context.eval(&source) {
            Err(EvalError::Thrown(why)) if why.contains("never settled") => {
                context.eval("timeout(); globalThis[Symbol.for('report')]")
            }
            other => other,
        };
        match report {
            Ok(report) => read(&report.text),
            Err(EvalError::Ended(outcome)) => Err(outcome.reason.to_string()),
            Err(other) => Err(other.to_string()),
        }
    }
}

fn read(report: &str) -> Result<Report, String> {
    let report: Value = serde_json::from_str(report).map_err(|error| error.to_string())?;
    let mut tests = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for test in report["all"].as_array().into_iter().flatten() {
        let name: String = test[0].as_str().unwrap_or_default().escape_default().take(NAME_MAX).collect();
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        let name = if *count > 1 { format!("{name} ({count})") } else { name };
        let passed = test[1] == 0 || test[1] == 4;
        let why = || format!("{} {}", test[1], test[2].as_str().unwrap_or_default());
        tests.push((name, if passed { Ok(()) } else { Err(why()) }));
    }
    let wrong: Vec<_> = report["wrong"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let status = report["status"].as_i64();
    if status != Some(0) || !wrong.is_empty() {
        let why = format!("status {status:?} {} {}", report["message"], wrong.join("; "));
        tests.push(("(the file)".to_owned(), Err(why)));
    }
    Ok(tests)
}
