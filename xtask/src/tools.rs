//! Tools that tests need and that no machine has by itself, installed below `target/tools`.
//!
//! Invariant: what is installed has the hash that is pinned in this repository, whoever serves it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::run::{root, run, tools_directory};

/// Installs the pinned C compiler for wasm, if it is not there, and gives the path of its program.
///
/// It is the one that builds the JavaScript component: Zig's, which brings WASI's C library along, as a Python wheel.
pub fn ensure_ziglang() -> Result<PathBuf> {
    let requirements = root().join("components/js/sources/requirements.txt");
    let environment = tools_directory().join("zig");
    let (program, stamp) = (environment.join("bin/python-zig"), environment.join("installed"));
    let wanted =
        fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    if program.is_file() && fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    let mut create = Command::new("python3");
    create.args(["-m", "venv", "--clear"]).arg(&environment);
    run(&mut create).context("Python 3 with its venv module is needed to install the C compiler")?;
    let mut install = Command::new(environment.join("bin/python"));
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
    ]);
    install.args(["--only-binary", ":all:", "--requirement"]).arg(&requirements);
    run(&mut install)?;
    fs::write(&stamp, wanted)?;
    Ok(program)
}
