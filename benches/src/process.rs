//! Whole processes: how long they take and how much memory they use.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How a process went.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// From start to end.
    pub wall: Duration,
    /// The most memory that it had resident.
    pub peak_kib: f64,
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
}

/// Runs a command without input and output, to its end.
pub fn run(program: &OsStr, arguments: &[&OsStr]) -> anyhow::Result<Run> {
    run_command(Command::new(program).args(arguments))
}

/// As [`run`], with an environment.
pub fn run_command(command: &mut Command) -> anyhow::Result<Run> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let begun = Instant::now();
    let child = command.spawn()?;
    let pid = child.id() as libc::pid_t;
    let mut status = 0;
    // SAFETY: zeroed is a valid rusage, and both pointers are to live values; the child is reaped here only.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        anyhow::ensure!(libc::wait4(pid, &mut status, 0, &mut usage) == pid, "the process is gone");
        usage
    };
    let code = if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -1 };
    Ok(Run { wall: begun.elapsed(), peak_kib: usage.ru_maxrss as f64, code })
}

/// Finds a program on the path, or where its environment variable says.
pub fn find(name: &str, variable: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Some(path.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// The python3 that is compared with: the interpreter itself, where what the path names is a script that looks for it.
pub fn python3() -> anyhow::Result<PathBuf> {
    use anyhow::Context as _;
    let named = find("python3", "B8G_PYTHON").context("python3 is not installed")?;
    let told = Command::new(&named).args(["-c", "import sys; print(sys.executable)"]).output()?;
    Ok(String::from_utf8(told.stdout)?.trim().into())
}

/// The `b8g` beside this benchmark.
pub fn b8g() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("b8g");
    anyhow::ensure!(path.is_file(), "{} is not there: build it with cargo build --release", path.display());
    Ok(path)
}
