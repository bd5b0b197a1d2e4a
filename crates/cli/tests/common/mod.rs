//! What the tests of the binary share: a directory of its own for each, the command, and guests in wasm's text form.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod serving;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Nothing here takes longer, however busy the machine is.
pub const LONG: Duration = Duration::from_secs(60);

/// A directory in which a test runs `b8g`.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file and gives the place back.
    pub fn with(self, name: &str, text: impl AsRef<[u8]>) -> Place {
        fs::write(self.join(name), text).unwrap();
        self
    }

    /// The command in this directory, with no streams but pipes and no environment that changes what it prints.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_b8g"));
        command.args(arguments).current_dir(self.path());
        command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"));
        command.env_remove("NO_COLOR");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn b8g(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(arguments), b"")
    }

    /// Runs it with this on its standard input.
    #[track_caller]
    pub fn b8g_with(&self, arguments: &[&str], stdin: &[u8]) -> Ended {
        ended(self.command(arguments).stdin(Stdio::piped()), stdin)
    }

    /// What `report.json` says.
    #[track_caller]
    pub fn report(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.join("report.json")).unwrap()).unwrap()
    }
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ended {
    #[track_caller]
    pub fn code(&self, code: i32) -> &Ended {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn stdout(&self, text: &str) -> &Ended {
        assert_eq!(self.stdout, text, "{self:#?}");
        self
    }

    #[track_caller]
    pub fn stderr(&self, text: &str) -> &Ended {
        assert_eq!(self.stderr, text, "{self:#?}");
        self
    }

    #[track_caller]
    pub fn says(&self, part: &str) -> &Ended {
        assert!(self.stderr.contains(part), "{part:?} is not in {self:#?}");
        self
    }

    #[track_caller]
    pub fn last_line(&self, line: &str) -> &Ended {
        assert_eq!(self.stderr.lines().last(), Some(line), "{self:#?}");
        self
    }
}

/// Runs a command in this directory, with this on its standard input.
#[track_caller]
pub fn run_in(directory: &Path, mut command: Command, stdin: &[u8]) -> Ended {
    ended(command.current_dir(directory).stdin(Stdio::piped()), stdin)
}

/// Runs a command, with this on its standard input.
#[track_caller]
pub fn ended(command: &mut Command, stdin: &[u8]) -> Ended {
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    if let Some(mut pipe) = child.stdin.take() {
        // It may end without having read.
        let _ = pipe.write_all(stdin);
    }
    wait(child, start)
}

/// Waits for a process, whose pipes are read to their ends.
#[track_caller]
pub fn wait(mut child: Child, start: Instant) -> Ended {
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            pipe.map(|mut pipe| pipe.read_to_end(&mut text));
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let stdout = read(child.stdout.take().map(|pipe| Box::new(pipe) as _));
    let stderr = read(child.stderr.take().map(|pipe| Box::new(pipe) as _));
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if start.elapsed() > LONG => {
                child.kill().unwrap();
                panic!("it hangs");
            }
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let took = start.elapsed();
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    Ended { code: status.code(), signal: status.signal(), stdout, stderr, took }
}

/// Sends a signal to a process that a test started.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Where a component lies that was built once for all tests of a file, as `b8g component add` does.
pub fn components(name: &str, directory: &str) -> PathBuf {
    let place = Place::new();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(directory);
    let mut add = place.command(&["component", "add", name, "--quiet"]);
    let output = add.env("B8G_COMPONENTS", &home).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "b8g component add {name}: {said}");
    home
}

/// A guest of the component ABI whose `b8g_start` does what `body` says. In `data`, at address 1024, lies what it
/// writes; above 4096 is room.
pub fn guest(data: &str, body: &str) -> String {
    format!(
        r#"(module
  (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
  (memory (export "memory") 2)
  (data (i32.const 1024) "{data}")
  (func $slice (param i32 i32) (result i64)
    (i64.or (i64.extend_i32_u (local.get 0)) (i64.shl (i64.extend_i32_u (local.get 1)) (i64.const 32))))
  ;; The handle that was given for a role; 0 when none was.
  (func $given (param $role i32) (result i32) (local $at i32) (local $end i32)
    (local.set $end (i32.wrap_i64 (call $call (i32.const 8) (i32.const 0) (i64.const 1) (i64.const 0)
      (call $slice (i32.const 0) (i32.const 256)) (i64.const 0))))
    (block $none
      (loop $next
        (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.eq (i32.load (local.get $at)) (local.get $role))
          (then (return (i32.load offset=4 (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next)))
    (i32.const 0))
  (func $read (param $role i32) (param $at i32) (param $len i32) (result i32)
    (i32.wrap_i64 (call $call (i32.const 6) (call $given (local.get $role)) (i64.extend_i32_u (local.get $at))
      (i64.extend_i32_u (local.get $len)) (i64.const -1) (i64.const 0))))
  (func $write (param $role i32) (param $at i32) (param $len i32) (result i32)
    (i32.wrap_i64 (call $call (i32.const 7) (call $given (local.get $role)) (i64.extend_i32_u (local.get $at))
      (i64.extend_i32_u (local.get $len)) (i64.const -1) (i64.const 0))))
  (func $out (param $len i32) (drop (call $write (i32.const 4) (i32.const 1024) (local.get $len))))
  (func $err (param $len i32) (drop (call $write (i32.const 5) (i32.const 1024) (local.get $len))))
  ;; Opens a path among the granted files with a right: 4 to read, 8 to write.
  (func $open (param $len i32) (param $flags i64) (param $right i64) (result i32)
    (i32.wrap_i64 (call $call (i32.const 5) (call $given (i32.const 6)) (i64.const 1024)
      (i64.extend_i32_u (local.get $len)) (i64.const 0)
      (i64.or (local.get $flags) (i64.shl (local.get $right) (i64.const 32))))))
  (func $env (param $len i32) (result i32)
    (i32.wrap_i64 (call $call (i32.const 8) (call $given (i32.const 8)) (i64.const 64)
      (call $slice (i32.const 1024) (local.get $len)) (call $slice (i32.const 4096) (i32.const 1024)) (i64.const 0))))
  (func $fail (param $len i32) (param $how i64)
    (drop (call $call (i32.const 8) (i32.const 0) (i64.const 2)
      (call $slice (i32.const 1024) (local.get $len)) (i64.const 0) (local.get $how))))
  (func $exit (param $code i32)
    (drop (call $call (i32.const 22) (i32.const 0) (i64.const 3) (i64.extend_i32_s (local.get $code))
      (i64.const 0) (i64.const 0))))
  (func (export "b8g_start") (param i32 i32 i32 i32) (result i32) (local $n i32)
    {body}
    (i32.const 0)))"#
    )
}

/// A guest that never ends.
pub fn spin() -> String {
    guest("", "(loop $l (br $l))")
}

/// A guest that writes `data` to its standard output and exits with a code.
pub fn says(data: &str, code: i32) -> String {
    guest(data, &format!("(call $out (i32.const {})) (call $exit (i32.const {code}))", escaped_len(data)))
}

/// Bytes of a wat string that has only one-character escapes.
pub fn escaped_len(data: &str) -> usize {
    data.len() - data.matches('\\').count()
}
