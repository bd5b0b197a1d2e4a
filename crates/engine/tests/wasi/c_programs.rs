//! The C programs in tests/c, each with its expectations at its head.
//!
//! The head of a C program is its first lines of comment: what it is about, then `// key: value` for what it is given
//! and how it ends, then `//| ` before each line that it writes. [`Case::read`] knows the keys.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use b8g::{Capture, Component, Context, Grants, Limits, Outcome, Reason, Stdin, Stdout};

use crate::compiler::{compile, programs, zig};
use crate::engine;

/// Beside the directory that a program gets, never in it.
const SECRET: &str = "this lies outside";

/// A C program with its expectations.
#[derive(Default)]
struct Case {
    name: String,
    flags: Vec<String>,
    stdin: Option<Vec<u8>>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// `write`, `read`, or `full` for one on a file system with little room.
    directory: Option<String>,
    /// The name of a second directory.
    second: Option<String>,
    without_clocks: bool,
    limits: Limits,
    reason: Option<String>,
    exit: i32,
    /// What the message of its end contains.
    message: String,
    /// What it writes to standard error contains.
    stderr: String,
    stdout: String,
    stdout_bytes: Option<usize>,
}

impl Case {
    fn read(path: &Path) -> Case {
        let source = std::fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let limits = Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() };
        let mut case = Case { name, limits, stdin: Some(Vec::new()), ..Case::default() };
        for line in source.lines().take_while(|line| line.starts_with("//")).skip(1) {
            match line.strip_prefix("//|") {
                Some(text) => {
                    case.stdout.push_str(text.strip_prefix(' ').unwrap_or(text));
                    case.stdout.push('\n');
                }
                None => case.set(line.strip_prefix("// ").and_then(|line| line.split_once(": ")).unwrap()),
            }
        }
        case
    }

    fn set(&mut self, (key, value): (&str, &str)) {
        let number = || value.parse::<u64>().unwrap();
        match key {
            "flags" => self.flags = value.split_whitespace().map(str::to_owned).collect(),
            "stdin" => self.stdin = Some(value.replace("\\n", "\n").replace("\\t", "\t").into()),
            "stdin-lines" => {
                self.stdin = Some((0..number()).flat_map(|i| format!("{i} words\n").into_bytes()).collect());
            }
            "stdin-absent" => self.stdin = None,
            "args" => self.arguments = value.split('|').map(str::to_owned).collect(),
            "env" => {
                let pairs = value.split('|').map(|pair| pair.split_once('=').unwrap());
                self.environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            }
            "dir" => self.directory = Some(value.to_owned()),
            "second" => self.second = Some(value.to_owned()),
            "clocks" => self.without_clocks = value == "no",
            "memory" => self.limits.memory_bytes_max = number() << 20,
            "timeout" => self.limits.timeout = Some(Duration::from_millis(number())),
            "output-limit" => self.limits.output_bytes_max = Some(number()),
            "reason" => {
                self.reason = Some(value.to_owned());
                self.exit = if value == "trap" { 134 } else { self.exit };
            }
            "exit" => self.exit = number() as i32,
            "message" => self.message = value.to_owned(),
            "stderr" => self.stderr = value.to_owned(),
            "stdout-bytes" => self.stdout_bytes = Some(number() as usize),
            _ => panic!("{}: there is no key {key:?}", self.name),
        }
    }

    /// Runs the program; answers what differs from the expectations.
    fn run(&self, wasm: &Path) -> Result<(), String> {
        let place = match self.directory.as_deref().map(Place::new) {
            Some(None) => {
                eprintln!("skipped: {}: a small file system cannot be mounted here", self.name);
                return Ok(());
            }
            place => place.flatten(),
        };
        let component = Component::from_file(engine(), wasm).map_err(|error| error.to_string())?;
        let (stdout, stderr) = (Capture::new(), Capture::new());
        let grants = self.grants(place.as_ref(), &stdout, &stderr);
        let outcome = Context::new(&component, &grants, self.limits.clone()).unwrap().run();
        let (stdout, stderr) = (stdout.take(), String::from_utf8_lossy(&stderr.take()).into_owned());
        self.compare(&outcome, &stdout, &stderr)?;
        // The grants hold the directory open, and what is open cannot be unmounted.
        drop(grants);
        place.map_or(Ok(()), |place| place.check())
    }

    fn grants(&self, place: Option<&Place>, stdout: &Capture, stderr: &Capture) -> Grants {
        let mut grants = Grants::none()
            .stdout(Stdout::Capture(stdout.clone()))
            .stderr(Stdout::Capture(stderr.clone()))
            .arguments([&self.name].into_iter().chain(&self.arguments));
        if !self.without_clocks {
            grants = grants.clocks().randomness();
        }
        if let Some(stdin) = &self.stdin {
            grants = grants.stdin(Stdin::Bytes(stdin.as_slice().into()));
        }
        for (name, value) in &self.environment {
            grants = grants.environment(name, Some(value));
        }
        if let Some(place) = place {
            let write = self.directory.as_deref() != Some("read");
            grants = grants.directory(place.inside(), ".", write).unwrap();
            if let Some(second) = &self.second {
                grants = grants.directory(place.temp.path().join("second"), second, true).unwrap();
            }
        }
        grants
    }

    fn compare(&self, outcome: &Outcome, stdout: &[u8], stderr: &str) -> Result<(), String> {
        let shown = String::from_utf8_lossy(stdout);
        let wrong = |what: &str, want: &str, got: &str| {
            Err(format!("{what}: wanted\n{want}\ngot\n{got}\n({outcome}, stderr {stderr:?})"))
        };
        let reason = self.reason.as_deref().unwrap_or("exit");
        if outcome.reason.name() != reason || outcome.exit_code != self.exit {
            return wrong("end", &format!("{reason} {}", self.exit), &format!("{outcome}\nafter\n{shown}"));
        }
        if !outcome.message.contains(&self.message) {
            return wrong("message", &self.message, &outcome.message);
        }
        if !stderr.contains(&self.stderr) || (self.stderr.is_empty() && !stderr.is_empty()) {
            return wrong("stderr", &self.stderr, stderr);
        }
        match self.stdout_bytes {
            Some(bytes) if bytes != stdout.len() => {
                wrong("bytes", &bytes.to_string(), &stdout.len().to_string())
            }
            Some(_) => Ok(()),
            None if outcome.reason == Reason::Output => Ok(()),
            None if stdout != self.stdout.as_bytes() => wrong("stdout", &self.stdout, &shown),
            None => Ok(()),
        }
    }
}

/// A directory as programs get it, with traps in it, and what lies around it.
struct Place {
    temp: tempfile::TempDir,
    mounted: bool,
}

impl Place {
    /// `None` when the file system that is wanted cannot be had.
    fn new(kind: &str) -> Option<Place> {
        let temp = tempfile::tempdir().unwrap();
        let inside = temp.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        std::fs::create_dir(temp.path().join("second")).unwrap();
        std::fs::write(temp.path().join("secret.txt"), SECRET).unwrap();
        let mounted = kind == "full";
        if mounted {
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", "size=64k", "none"]).arg(&inside);
            if !mount.output().is_ok_and(|output| output.status.success()) {
                return None;
            }
            return Some(Place { temp, mounted });
        }
        std::fs::write(inside.join("hello.txt"), "hello\n").unwrap();
        std::fs::create_dir(inside.join("sub")).unwrap();
        std::fs::write(inside.join("sub/inner.txt"), "inner\n").unwrap();
        for (target, name) in [
            ("../secret.txt", "link-out"),
            ("..", "link-dir"),
            ("link-out", "link-chain"),
            ("../new", "link-out-new"),
        ] {
            symlink(target, inside.join(name)).unwrap();
        }
        symlink(temp.path().join("secret.txt"), inside.join("link-absolute")).unwrap();
        let made = Command::new("mkfifo").arg(inside.join("fifo")).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo is needed");
        std::os::unix::net::UnixListener::bind(inside.join("socket")).unwrap();
        Some(Place { temp, mounted })
    }

    fn inside(&self) -> PathBuf {
        self.temp.path().join("inside")
    }

    /// Nothing around the directory was touched.
    fn check(&self) -> Result<(), String> {
        let mut beside: Vec<_> =
            std::fs::read_dir(self.temp.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        beside.sort();
        let secret = std::fs::read_to_string(self.temp.path().join("secret.txt"));
        if beside != ["inside", "second", "secret.txt"] || secret.as_deref().ok() != Some(SECRET) {
            return Err(format!("it changed what lies outside: {beside:?}, {secret:?}"));
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.mounted {
            let _ = Command::new("umount").arg(self.inside()).status();
        }
    }
}

#[test]
fn c_programs_do_what_their_heads_say() {
    run_all(|_| true, Ok);
}

/// Programs that the adapter between preview 1 and WASI 0.2 makes others of, or of what 0.2 has no word for.
const NOT_ADAPTED: &[(&str, &str)] = &[
    ("append", "it changes APPEND of an open file, which 0.2 cannot"),
    ("constructors", "each exit code but 0 becomes 1"),
    ("descriptor_flags", "it changes flags of open files"),
    ("errors", "it passes a buffer outside of its memory, at which the adapter traps"),
    ("exit_at_once", "each exit code but 0 becomes 1"),
    ("exit_code", "each exit code but 0 becomes 1"),
    ("fallocate", "0.2 cannot allocate"),
    ("guest_allocator", "the adapter takes pages of its memory"),
    ("large_calls", "one read gives less than 20 MB"),
    ("large_output", "of several pieces only the first is written"),
    ("list_directory", "the parent directory has no number, and asking for it leads out"),
    ("many_descriptors", "0.2 has no word for too many open files"),
    ("odd_names", "names that are no UTF-8 cannot be said"),
    ("poll", "an unknown descriptor is an error of the whole call"),
    ("positions", "reading at a place of standard input is another error"),
    ("raise_signal", "signals become a trap without a name"),
    ("read_only", "the adapter traps where a socket is listed"),
    ("scatter_gather", "of several pieces only the first is read or written"),
    ("special_files", "the adapter traps where a socket is listed"),
    ("times_read_only", "times of a directory cannot be set by its descriptor"),
    ("without_clocks", "asking for the time has no way to fail but a trap"),
];

#[test]
fn c_programs_do_the_same_as_components() {
    let adapted = |case: &Case| !NOT_ADAPTED.iter().any(|(name, _)| *name == case.name);
    run_all(adapted, |wasm| crate::compiler::component(&wasm));
}

/// Compiles all programs that are wanted, turns them into what is to be run and runs that.
fn run_all(wanted: impl Fn(&Case) -> bool, turned: impl Fn(PathBuf) -> Result<PathBuf, String> + Sync) {
    let Some(zig) = zig() else { return };
    let mut cases: Vec<Case> = programs().iter().map(|path| Case::read(path)).collect();
    cases.retain(wanted);
    assert!(cases.len() >= 65, "{} programs", cases.len());
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Relaxed)) {
            let wasm = compile(&zig, &case.name, &case.flags).and_then(&turned);
            let done = wasm.and_then(|wasm| case.run(&wasm));
            if let Err(what) = done {
                wrong.lock().unwrap().push(format!("== {}: {what}", case.name));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} programs:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    println!("{} programs", cases.len());
}
