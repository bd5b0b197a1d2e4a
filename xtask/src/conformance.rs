//! `cargo xtask conformance wasi DIR`: the programs of a test suite of WASI, built by others, each with what it is given and
//! how it has to end in a file beside it.
//!
//! What passes is kept in `tests/conformance/wasi.txt`: the number of programs that pass, and each that does not with the
//! reason. The command fails when one fails that is not named there. `http.rs` has the servers that they ask, and asks those
//! that are servers.

mod http;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::run::{cargo, root, run};

/// What is known to pass and to fail.
const KNOWN: &str = "tests/conformance/wasi.txt";
/// No program takes longer.
const TIME_MAX: Duration = Duration::from_secs(30);

/// A program with what it is given and how it ends.
#[derive(Default)]
struct Case {
    name: String,
    wasm: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// A directory that it gets a copy of as its root.
    directory: Option<PathBuf>,
    stdin: String,
    /// What a client says to it and what it has to hear, if the program is a server.
    client: Option<Vec<Line>>,
    stdout: Option<String>,
    stderr: Option<String>,
    exit_code: i64,
    needs_network: bool,
    is_component: bool,
    /// Servers that it may ask.
    servers: Vec<http::Endpoints>,
    /// It answers requests of HTTP, rather than running by itself.
    answers: bool,
    /// What it is asked, and then stopped by SIGINT.
    requests: Vec<http::Request>,
    /// What it takes that this runner does not do.
    unsupported: Option<String>,
}

/// What a client of a program does.
#[derive(Clone)]
enum Line {
    Says(String),
    Hears(String),
}

/// Who runs programs.
#[derive(Clone, Copy)]
enum Runner<'a> {
    B8g(&'a Path),
    Wasmtime(&'a Path),
}

/// Runs all programs below `directory`.
pub fn wasi(directory: &str) -> Result<()> {
    run(cargo().args(["build", "--release", "--workspace", "--bin", "b8g"]))?;
    let b8g = root().join("target/release/b8g");
    let peer = std::env::var_os("B8G_WASMTIME").map(PathBuf::from);
    // Programs run in their own folders.
    let directory = &std::path::absolute(directory)?;
    let mut cases = Vec::new();
    find(directory, &mut cases)?;
    ensure!(!cases.is_empty(), "there is no program in {}", directory.display());
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    let known = Known::read()?;
    let (mut passed, mut peer_passed) = (0, 0);
    let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    let (mut new, mut mended, mut only_ours) = (Vec::new(), Vec::new(), Vec::new());
    for case in &cases {
        let ours = case.run(Runner::B8g(&b8g));
        let theirs = peer.as_deref().map(|peer| case.run(Runner::Wasmtime(peer)));
        passed += usize::from(ours.is_ok());
        peer_passed += usize::from(matches!(theirs, Some(Ok(()))));
        let count = counts.entry(case.name.rsplit_once('/').map_or("", |(suite, _)| suite)).or_default();
        count.0 += usize::from(ours.is_ok());
        count.1 += usize::from(matches!(theirs, Some(Ok(()))));
        count.2 += 1;
        match &ours {
            Ok(()) if known.failing.contains_key(&case.name) => mended.push(case.name.as_str()),
            Err(why) if !known.failing.contains_key(&case.name) => new.push(format!("{}: {why}", case.name)),
            _ => {}
        }
        if let (Err(why), Some(Ok(()))) = (&ours, &theirs) {
            only_ours.push(format!("{}: {why}", case.name));
        }
    }
    for (suite, (ours, theirs, all)) in counts {
        let theirs = if peer.is_some() { format!(", wasmtime {theirs}") } else { String::new() };
        println!("{suite}: of {all} pass b8g {ours}{theirs}");
    }
    println!("b8g: {passed} of {} pass", cases.len());
    if peer.is_some() {
        println!("wasmtime: {peer_passed} of {} pass", cases.len());
        println!("{} fail here that pass there:", only_ours.len());
        only_ours.iter().for_each(|line| println!("  {line}"));
    }
    if !mended.is_empty() {
        println!("named in {KNOWN}, and pass: {}", mended.join(", "));
    }
    if !new.is_empty() {
        bail!("{} fail that are not named in {KNOWN}:\n  {}", new.len(), new.join("\n  "));
    }
    ensure!(passed >= known.passing, "{passed} pass; {KNOWN} says {}", known.passing);
    Ok(())
}

/// Runs a slice of a suite of the standards: `tests/conformance` has the program that does.
pub fn standard(suite: &str, options: &[&str]) -> Result<()> {
    run(cargo().args(["build", "--release", "--workspace", "--bin", "b8g-conformance"]))?;
    run(Command::new(root().join("target/release/b8g-conformance")).arg(suite).args(options))
}

struct Known {
    passing: usize,
    failing: BTreeMap<String, String>,
}

impl Known {
    fn read() -> Result<Known> {
        let text =
            std::fs::read_to_string(root().join(KNOWN)).with_context(|| format!("cannot read {KNOWN}"))?;
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.split_once(": "));
        let mut failing: BTreeMap<_, _> =
            pairs.map(|(name, why)| (name.to_owned(), why.to_owned())).collect();
        let passing = failing.remove("passing").context("no line `passing: N`")?;
        Ok(Known { passing: passing.parse()?, failing })
    }
}

/// Finds all programs below a directory.
fn find(directory: &Path, cases: &mut Vec<Case>) -> Result<()> {
    let entries =
        std::fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, cases)?;
        } else if path.extension().is_some_and(|extension| extension == "wasm") {
            cases.push(Case::read(&path)?);
        }
    }
    Ok(())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

impl Case {
    fn read(wasm: &Path) -> Result<Case> {
        let folder = wasm.parent().unwrap_or(wasm);
        // Suites of several languages have folders of the same name.
        let suites: Vec<_> = folder.iter().rev().filter(|part| *part != "testsuite").take(2).collect();
        let suite: PathBuf = suites.into_iter().rev().collect();
        let stem = wasm.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{}/{stem}", suite.display());
        let is_component = std::fs::read(wasm)?.starts_with(b"\0asm\x0d\0\x01\0");
        let mut case = Case { name, wasm: wasm.to_owned(), is_component, ..Case::default() };
        let Ok(json) = std::fs::read_to_string(wasm.with_extension("json")) else { return Ok(case) };
        let json: Value =
            serde_json::from_str(&json).with_context(|| format!("{} has no JSON", wasm.display()))?;
        let proposals = json["proposals"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for proposal in proposals {
            match proposal {
                "sockets" | "http" => case.needs_network = true,
                other => case.unsupported = Some(other.to_owned()),
            }
        }
        case.answers = json["world"] == "wasi:http/service";
        let servers = json["servers"].as_array().into_iter().flatten();
        case.servers = servers.map(http::Endpoints::read).collect();
        match json["operations"].as_array() {
            None => case.given(&json, folder),
            Some(operations) => operations.iter().for_each(|operation| case.operation(operation, folder)),
        }
        Ok(case)
    }

    fn given(&mut self, json: &Value, folder: &Path) {
        let arguments = json["args"].as_array().into_iter().flatten();
        self.arguments = arguments.filter_map(text).collect();
        let environment = json["env"].as_object().into_iter().flatten();
        self.environment =
            environment.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect();
        self.directory = json["root"].as_str().map(|name| folder.join(name));
        self.exit_code = json["exit_code"].as_i64().unwrap_or(self.exit_code);
        self.stdout = text(&json["stdout"]).or(self.stdout.take());
        self.stderr = text(&json["stderr"]).or(self.stderr.take());
    }

    fn operation(&mut self, json: &Value, folder: &Path) {
        let payload = text(&json["payload"]).unwrap_or_default();
        match json["type"].as_str().unwrap_or_default() {
            "run" => self.given(json, folder),
            "wait" => self.exit_code = json["exit_code"].as_i64().unwrap_or(0),
            "request" => self.requests.push(http::Request::read(json)),
            // It comes after the last request.
            "kill" if json["signal"] == "SIGINT" && self.answers => {}
            "write" => self.stdin.push_str(&payload),
            "connect" if self.client.is_none() && json["protocol_type"] == "tcp" => {
                self.client = Some(Vec::new());
            }
            "send" | "recv" if self.client.is_some() => {
                let line = if json["type"] == "send" { Line::Says(payload) } else { Line::Hears(payload) };
                self.client.get_or_insert_default().push(line);
            }
            "read" if json["id"] == "stderr" => self.stderr.get_or_insert_default().push_str(&payload),
            "read" => self.stdout.get_or_insert_default().push_str(&payload),
            other => self.unsupported = Some(format!("the operation {other}")),
        }
    }

    /// Runs the program; says what is wrong.
    fn run(&self, runner: Runner<'_>) -> Result<(), String> {
        if let Some(what) = &self.unsupported {
            return Err(format!("needs {what}"));
        }
        let own = std::env::temp_dir().join(format!("b8g-conformance-{}", std::process::id()));
        let copied = self.directory.as_deref().map_or(Ok(()), |from| copy(from, &own));
        let ended = copied.map_err(|error| error.to_string()).and_then(|()| self.run_in(runner, &own));
        let _ = std::fs::remove_dir_all(&own);
        ended
    }

    fn command(&self, runner: Runner<'_>, own: &Path) -> Command {
        let mut command = match runner {
            Runner::B8g(program) => {
                let mut command = Command::new(program);
                match self.answers {
                    true => command.args(["serve-http", "--listen=127.0.0.1:0"]),
                    false => command.args(["run", "--quiet"]),
                };
                if self.needs_network {
                    command.args(["--allow-net", "--allow-listen"]);
                }
                command
            }
            Runner::Wasmtime(program) => {
                let mut command = Command::new(program);
                match self.answers {
                    true => command.args(["serve", "-Scli", "--addr=127.0.0.1:0"]),
                    false => command.arg("run"),
                };
                if self.is_component {
                    command.args(["-Wcomponent-model-async", "-Sp3,http"]);
                    command.args(self.needs_network.then_some("-Sinherit-network"));
                }
                command
            }
        };
        if self.directory.is_some() {
            command.arg("--dir").arg(format!("{}::/", own.display()));
        }
        for (name, value) in &self.environment {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        command
    }

    /// The name of the file, as it is written, is the program's own name.
    fn name_program(&self, command: &mut Command) {
        let folder = self.wasm.parent().filter(|folder| !folder.as_os_str().is_empty());
        command.current_dir(folder.unwrap_or(Path::new(".")));
        command.arg(self.wasm.file_name().unwrap_or_default()).args(&self.arguments);
    }

    /// Runs a server: asks it, and stops it.
    fn ask(&self, command: &mut Command) -> Result<(), String> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let mut stderr = BufReader::new(child.stderr.take().ok_or("no standard error")?);
        let mut first = String::new();
        let _ = stderr.read_line(&mut first);
        let said = reader(Some(stderr));
        let address = first.split("http://").nth(1).and_then(|rest| rest.split(['/', '\n', ' ']).next());
        let checked = match address {
            Some(address) => self.requests.iter().try_for_each(|request| request.check(address)),
            None => Err(format!("said {first:?}")),
        };
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        let code = end(&mut child)?;
        let said = said.join().unwrap_or_default();
        checked.map_err(|why| format!("{why} ({})", said.trim_end()))?;
        if i64::from(code) == self.exit_code { Ok(()) } else { Err(format!("exit code {code}")) }
    }

    fn run_in(&self, runner: Runner<'_>, own: &Path) -> Result<(), String> {
        let mut command = self.command(runner, own);
        for server in &self.servers {
            let (name, address) = server.start().map_err(|error| error.to_string())?;
            command.args(["--env".to_owned(), format!("{name}={address}")]);
        }
        self.name_program(&mut command);
        if self.answers {
            return self.ask(&mut command);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        // Both are small: nobody waits for the other.
        if let Some(mut stdin) = child.stdin.take() {
            let _ = stdin.write_all(self.stdin.as_bytes());
        }
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no output")?);
        let stderr = reader(child.stderr.take());
        let lines = self.client.clone();
        // Who waits for a word of the program hears of its end too.
        let stdout = std::thread::spawn(move || {
            let served = lines.map_or(Ok(()), |lines| talk(&mut stdout, &lines));
            (served, read(stdout))
        });
        let code = end(&mut child)?;
        let (served, stdout) = stdout.join().map_err(|_| "its client panicked")?;
        let stderr = stderr.join().unwrap_or_default();
        let last =
            stderr.lines().find(|line| line.contains("panicked") || line.contains("error")).unwrap_or("");
        match () {
            () if served.is_err() => Err(format!("{served:?} ({last})")),
            () if i64::from(code) != self.exit_code => Err(format!("exit code {code} ({last})")),
            () if self.stdout.as_ref().is_some_and(|want| *want != stdout) => {
                Err(format!("wrote {stdout:?}"))
            }
            () if self.stderr.as_ref().is_some_and(|want| *want != stderr) => Err(format!("said {stderr:?}")),
            () => Ok(()),
        }
    }
}

/// Connects to the address that a program writes first, and talks with it.
fn talk(out: &mut impl BufRead, lines: &[Line]) -> Result<()> {
    let mut address = String::new();
    out.read_line(&mut address)?;
    let mut peer =
        TcpStream::connect(address.trim()).with_context(|| format!("cannot connect to {address:?}"))?;
    peer.set_read_timeout(Some(TIME_MAX))?;
    for line in lines {
        match line {
            Line::Says(text) => peer.write_all(text.as_bytes())?,
            Line::Hears(text) => {
                let mut heard = vec![0; text.len()];
                peer.read_exact(&mut heard)?;
                ensure!(heard == text.as_bytes(), "it answered {:?}", String::from_utf8_lossy(&heard));
            }
        }
    }
    Ok(())
}

/// Reads all that a program writes, while it runs.
fn reader(from: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || from.map_or_else(String::new, read))
}

fn read(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = from.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits for the end of a program, not for ever.
fn end(child: &mut Child) -> Result<i32, String> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.code().unwrap_or(-1)),
            Ok(None) if started.elapsed() > TIME_MAX => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("took too long".to_owned());
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Copies a directory with all below it. Links stay what they are.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(entry.path())?, target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
