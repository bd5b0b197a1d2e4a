//! `cargo xtask bench NAME`: builds what is measured and the peers that can be built, then runs the benchmark.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::components;
use crate::run::{cargo, find, root, run, tools_directory};

const NAMES: [&str; 3] = ["start", "compute", "image"];

/// Runs one benchmark.
pub fn bench(name: &str, flags: &[&str]) -> Result<()> {
    if !NAMES.contains(&name) {
        bail!("there is no benchmark {name:?}; there are {}", NAMES.join(", "));
    }
    run(cargo().args(["build", "--quiet", "--release", "--package", "b8g-cli", "--package", "b8g-benches"]))?;
    let mut command = Command::new(root().join("target/release").join(name));
    if flags.contains(&"--json") {
        command.arg("--json");
    }
    if name == "compute" {
        command.env("B8G_QJS", native_quickjs()?);
    }
    if let Some(deno) = deno(flags.contains(&"--install-peers"))? {
        command.env("B8G_DENO", deno);
    }
    run(&mut command)
}

/// Builds the same QuickJS sources for this machine: the peer that tells what the sandbox costs.
fn native_quickjs() -> Result<PathBuf> {
    let binary = tools_directory().join("qjs-native");
    if !binary.is_file() {
        let sources = components::quickjs_sources()?;
        let files = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c", "quickjs-libc.c", "qjs.c"];
        std::fs::create_dir_all(tools_directory())?;
        let mut command = Command::new(find("cc").context("no C compiler: install gcc")?);
        command.args(["-O2", "-DNDEBUG", "-D_GNU_SOURCE", "-w", "-o"]).arg(&binary);
        for generated in ["gen/repl.c", "gen/standalone.c"] {
            if sources.join(generated).is_file() {
                command.arg(sources.join(generated));
            }
        }
        command.args(files.map(|file| sources.join(file))).args(["-lm", "-lpthread", "-ldl"]);
        run(&mut command)?;
    }
    Ok(binary)
}

/// deno, from the path or from the npm registry.
fn deno(install: bool) -> Result<Option<PathBuf>> {
    if let Some(deno) = find("deno") {
        return Ok(Some(deno));
    }
    let directory = tools_directory().join("peers");
    let binary = directory.join("node_modules/@deno/linux-x64-glibc/deno");
    if install && !binary.is_file() {
        std::fs::create_dir_all(&directory)?;
        let npm = find("npm").context("no npm to install deno with")?;
        let prefix = directory.to_str().context("the path of target is not UTF-8")?;
        run(Command::new(npm).args(["install", "--silent", "--prefix", prefix, "@deno/linux-x64-glibc"]))?;
    }
    Ok(binary.is_file().then_some(binary))
}
