//! `cargo xtask bench NAME`: builds what is measured and the peers that can be built, then runs the benchmark.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::components;
use crate::run::{cargo, find, root, run, tools_directory};

const NAMES: [&str; 8] = ["start", "compute", "image", "channel", "stream", "platform", "python", "science"];

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
    if name == "image" {
        for (variable, bundle) in bundles(flags.contains(&"--install-peers"))? {
            command.env(variable, bundle);
        }
    }
    if name == "python" {
        run(Command::new(root().join("target/release/b8g")).args(["component", "add", "python"]))?;
        if let Some(monty) = monty(flags.contains(&"--install-peers"))? {
            command.env("B8G_MONTY", monty);
        }
    }
    if name == "science" {
        run(Command::new(root().join("target/release/b8g")).args(["component", "add", "python-science"]))?;
        if let Some(packages) = science(flags.contains(&"--install-peers"))? {
            command.env("B8G_SCIENCE", packages);
        }
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

/// pydantic-monty, where `B8G_MONTY` says, or from PyPI.
fn monty(install: bool) -> Result<Option<PathBuf>> {
    if let Some(directory) = std::env::var_os("B8G_MONTY") {
        return Ok(Some(directory.into()));
    }
    from_pypi("monty", &["pydantic-monty==1.4.0"], install)
}

/// numpy and pandas for python3, where `B8G_SCIENCE` says, or from PyPI.
fn science(install: bool) -> Result<Option<PathBuf>> {
    if let Some(directory) = std::env::var_os("B8G_SCIENCE") {
        return Ok(Some(directory.into()));
    }
    from_pypi("science", &["numpy==2.4.6", "pandas==3.1.1"], install)
}

/// Packages in a directory of their own.
fn from_pypi(name: &str, packages: &[&str], install: bool) -> Result<Option<PathBuf>> {
    let directory = tools_directory().join(name);
    if install && !directory.is_dir() {
        run(Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "--target"])
            .arg(&directory)
            .args(packages))?;
    }
    Ok(directory.is_dir().then_some(directory))
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

/// What is bundled: packages that take time to initialise, as programs use them.
const BUNDLED: &str = r#"import * as lodash from "lodash-es";
import { z } from "zod";
import * as acorn from "acorn";
const User = z.object({ name: z.string(), age: z.number().int(), tags: z.array(z.string()) });
export function main(args) {
  const user = User.parse({ name: "a", age: 3, tags: args });
  const program = acorn.parse("let a = 1; function f(b) { return a + b }", { ecmaVersion: 2022 });
  console.log(user.name, program.body.length, Object.keys(lodash).length, lodash.chunk([1, 2, 3], 2).length);
}
"#;

/// A program with lodash-es, zod and acorn in one file, as an ES module and as a CommonJS one. Made by esbuild, from the
/// npm registry.
fn bundles(install: bool) -> Result<Vec<(&'static str, PathBuf)>> {
    let directory = tools_directory().join("bundle");
    let (module, common) = (directory.join("bundle.mjs"), directory.join("bundle.cjs"));
    if install && !common.is_file() {
        std::fs::create_dir_all(&directory)?;
        let npm = find("npm").context("no npm to install packages with")?;
        let prefix = directory.to_str().context("the path of target is not UTF-8")?;
        let packages = ["lodash-es@4.17.21", "zod@4.1.5", "acorn@8.15.0", "esbuild@0.25.9"];
        run(Command::new(npm)
            .args(["install", "--silent", "--ignore-scripts", "--prefix", prefix])
            .args(packages))?;
        std::fs::write(directory.join("app.mjs"), BUNDLED)?;
        for (format, file) in [("esm", &module), ("cjs", &common)] {
            let mut esbuild = Command::new(directory.join("node_modules/@esbuild/linux-x64/bin/esbuild"));
            esbuild.args(["app.mjs", "--bundle", "--platform=node", "--main-fields=module,main"]);
            esbuild.args(["--log-level=warning", &format!("--format={format}")]);
            run(esbuild.arg(format!("--outfile={}", file.display())).current_dir(&directory))?;
        }
    }
    let found = [("B8G_BUNDLE", module), ("B8G_BUNDLE_CJS", common)];
    Ok(found.into_iter().filter(|(_, file)| file.is_file()).collect())
}
