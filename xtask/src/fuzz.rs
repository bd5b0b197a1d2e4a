//! `cargo xtask fuzz NAME`: runs a fuzz target of `fuzz/`, or keeps what runs of it found.
//!
//! libFuzzer itself comes from the crate `libfuzzer-sys`; the flags that make a compiler count what code an input reaches
//! are here, so no other tool is needed. What was found lies in `target/fuzz`, out of the corpus until it is kept.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, find, root, run};

const NAMES: [&str; 5] = ["image", "v8", "http", "crypto", "python"];

const SECONDS_DEFAULT: &str = "600";
/// Bytes of an input at most.
const INPUT_BYTES_MAX: u32 = 256 << 10;
/// An input that takes longer is a finding.
const INPUT_SECONDS_MAX: u32 = 10;
/// A process that grows beyond this is a finding too; `fuzz/src/memory.rs` bounds each input.
const PROCESS_MIB_MAX: u32 = 2048;

/// Counters for each edge of the program, a table of what they belong to, and what is compared with what.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Runs one target, or with `--merge` adds to its corpus those inputs of earlier runs that reach code which no file of it
/// reaches.
pub fn fuzz(name: &str, flags: &[&str]) -> Result<()> {
    if !NAMES.contains(&name) {
        bail!("there is no fuzz target {name:?}; there are {}", NAMES.join(", "));
    }
    let corpus = root().join("fuzz/corpus").join(name);
    let found = root().join("target/fuzz").join(name);
    std::fs::create_dir_all(&found)?;
    let mut command = Command::new(build(name)?);
    let words = root().join("fuzz").join(name).with_extension("dict");
    if words.is_file() {
        command.arg(format!("-dict={}", words.display()));
    }
    command.arg(format!("-artifact_prefix={}-", found.display()));
    command.args([format!("-max_len={INPUT_BYTES_MAX}"), format!("-timeout={INPUT_SECONDS_MAX}")]);
    command.arg(format!("-rss_limit_mb={PROCESS_MIB_MAX}"));
    match flags {
        [] => command.arg(format!("-max_total_time={SECONDS_DEFAULT}")).args([found, corpus]),
        ["--seconds", seconds] => {
            let seconds: u32 = seconds.parse().context("--seconds takes a number")?;
            command.arg(format!("-max_total_time={seconds}")).args([found, corpus])
        }
        ["--merge"] => command.args(["-set_cover_merge=1", "-use_counters=0"]).args([corpus, found]),
        // A file that was found, once more: it need not be copied anywhere to see what is wrong with it.
        [file] if Path::new(file).is_file() => command.arg(file),
        _ => bail!("cargo xtask fuzz {name} takes --seconds N, --merge, or a file"),
    };
    run(command.arg("-print_final_stats=1"))
}

/// Builds a target and gives its path.
fn build(name: &str) -> Result<PathBuf> {
    if std::env::var_os("CXX").is_none() {
        find("c++").context("fuzz targets need a C++ compiler (Debian: apt-get install g++)")?;
    }
    let host = host()?;
    // A target triple keeps the flags from build scripts, which count nothing.
    let arguments =
        ["build", "--quiet", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", &host];
    run(cargo().args(arguments).args(["--bin", name]).env("RUSTFLAGS", FLAGS))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("fuzz/target"), PathBuf::from);
    Ok(target.join(host).join("release").join(name))
}

/// The triple of this machine.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot start rustc")?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say which machine it is for")?.to_owned())
}
