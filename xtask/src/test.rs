//! `cargo xtask test` and `cargo xtask ci`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::run::{cargo, find, run, tools_directory};
use crate::{abi, cldr, components, packages, rust_wasm, tidy, tools};

/// npm packages that are run as they are, each at the version that was tried.
const NPM_PACKAGES: [&str; 6] =
    ["zod@4.6.7", "marked@18.2.1", "acorn@8.19.0", "date-fns@4.4.0", "lodash-es@4.18.1", "semver@7.8.6"];

/// Runs all tests, or those that match `filter`.
pub fn test(filter: &[&str]) -> Result<()> {
    let zig = tools::ensure_ziglang()?;
    let mut command = cargo();
    // The whole workspace in the profile of the release: what is tested is what is shipped.
    command.args(["test", "--release", "--workspace", "--no-fail-fast"]).args(filter).env("B8G_ZIG", zig);
    match rust_wasm::ensure() {
        Ok(rustc) => {
            command.env("B8G_RUSTC", rustc);
        }
        Err(error) => eprintln!("skipped: tests with guests in Rust: {error:#}"),
    }
    match tools::ensure_boolector() {
        Ok(module) => {
            command.env("B8G_BOOLECTOR", module);
        }
        Err(error) => eprintln!("skipped: tests with Boolector: {error:#}"),
    }
    match npm_packages() {
        Ok(directory) => {
            command.env("B8G_NPM", directory);
        }
        Err(error) => eprintln!("skipped: tests with npm packages: {error:#}"),
    }
    match packages::install(Path::new("tests/js/packages"), &tools_directory().join("packages")) {
        Ok(directory) => {
            command.env("B8G_PACKAGES", directory);
        }
        Err(error) => eprintln!("skipped: tests with packages and what they print in Node.js: {error:#}"),
    }
    // Whoever fetched all carriers of V8's snapshots names them; two are fetched here.
    if std::env::var_os("B8G_V8_BLOBS").is_none() {
        match v8_blobs() {
            Ok(directory) => {
                command.env("B8G_V8_BLOBS", directory);
            }
            Err(error) => eprintln!("skipped: tests with published V8 snapshots: {error:#}"),
        }
    }
    run(&mut command)?;
    if filter.is_empty() {
        // What of the library for guests needs no engine.
        run(guest_library("test").args(["--release", "--lib"]))?;
        components::javascript(true)?;
    }
    Ok(())
}

/// Everything that has to pass before a change lands.
pub fn ci() -> Result<()> {
    test(&[])?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    // Clippy sees what fuzz targets do where tests do it too; the targets themselves need a C++ compiler.
    run(cargo().args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))?;
    run(cargo().args(["fmt", "--manifest-path", "guests/rust/Cargo.toml", "--check"]))?;
    run(cargo().args(["clippy", "--release", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    run(guest_library("clippy").args(["--release", "--lib", "--tests", "--", "--deny", "warnings"]))?;
    abi::abi(true)?;
    cldr::cldr(true)?;
    tidy::tidy()
}

/// A command for the library for guests in Rust, which is a workspace of its own.
fn guest_library(command: &str) -> Command {
    let mut cargo = cargo();
    cargo.args([command, "--manifest-path", "guests/rust/Cargo.toml", "--target-dir", "target/guests"]);
    cargo
}

/// Fetches two published programs that carry V8's snapshots.
fn v8_blobs() -> Result<PathBuf> {
    let directory = tools_directory().join("v8");
    run(Command::new("tests/v8/fetch").arg(&directory).arg("--small"))?;
    Ok(directory)
}

/// Installs the npm packages that tests run.
fn npm_packages() -> Result<PathBuf> {
    let directory = tools_directory().join("npm");
    let wanted = NPM_PACKAGES.join("\n");
    let stamp = directory.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(directory);
    }
    let npm =
        find("npm").ok_or_else(|| anyhow::anyhow!("npm is not installed (Debian: apt-get install npm)"))?;
    std::fs::create_dir_all(&directory)?;
    std::fs::write(directory.join("package.json"), "{\"private\":true,\"type\":\"module\"}\n")?;
    run(Command::new(npm)
        .args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"])
        .args(NPM_PACKAGES)
        .current_dir(&directory))?;
    std::fs::write(stamp, wanted)?;
    Ok(directory)
}
