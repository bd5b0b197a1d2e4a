//! Guests in C and in Rust, compiled once and kept for the next time.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use b8g::{Component, Engine};

/// The compiler is pinned there; another one compiles everything anew.
const C_COMPILER: &str = include_str!("../../../../components/js/sources/requirements.txt");
/// As `docs/guests.md` says, and with every warning.
const C_FLAGS: [&str; 13] = [
    "cc",
    "-target",
    "wasm32-freestanding",
    "-std=c99",
    "-O2",
    "-nostdlib",
    "-Wl,--no-entry",
    "-fno-sanitize=undefined",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wpedantic",
    "-Werror",
];
const RUST_TARGET: &str = "wasm32v1-none";

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Compiles a guest in C. `None`, which is said, if there is no compiler.
pub fn c(engine: &Engine, source: &str) -> Option<Component> {
    let zig = zig()?;
    let bytes = std::fs::read(c_to_wasm(&zig, &C_FLAGS, source).unwrap_or_else(|e| panic!("{e}"))).unwrap();
    Some(Component::from_wasm(engine, &bytes).unwrap())
}

/// Takes an example of the Rust library. `None`, which is said, if there is no compiler.
pub fn rust(engine: &Engine, example: &str) -> Option<Component> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let directory = BUILT.get_or_init(rust_examples).as_ref()?;
    let bytes = std::fs::read(directory.join(example).with_extension("wasm")).unwrap();
    Some(Component::from_wasm(engine, &bytes).unwrap())
}

/// The C compiler for wasm; says so when there is none.
pub fn zig() -> Option<PathBuf> {
    let given = std::env::var_os("B8G_ZIG").map(PathBuf::from);
    let zig = given.unwrap_or_else(|| root().join("target/tools/zig/bin/python-zig"));
    if zig.is_file() {
        return Some(zig);
    }
    eprintln!("skipped: there is no C compiler for wasm; `cargo xtask tools zig` installs it");
    None
}

/// Compiles a source with such flags, or finds it compiled already.
pub fn c_to_wasm(zig: &Path, flags: &[&str], source: &str) -> Result<PathBuf, String> {
    let (include, path) = (root().join("guests/c"), root().join(source));
    let mut digest = blake3::Hasher::new();
    digest.update(C_COMPILER.as_bytes()).update(format!("{flags:?}").as_bytes());
    digest.update(&std::fs::read(&path).unwrap()).update(&std::fs::read(include.join("b8g.h")).unwrap());
    let digest = digest.finalize().to_hex();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    std::fs::create_dir_all(&directory).unwrap();
    let wasm = directory.join(format!("{}.wasm", &digest[..24]));
    if wasm.is_file() {
        return Ok(wasm);
    }
    // Tests that run at the same time may compile the same guest.
    let unfinished =
        tempfile::Builder::new().suffix(".wasm").tempfile_in(&directory).unwrap().into_temp_path();
    let mut command = Command::new(zig);
    command.args(flags).arg("-I").arg(&include).arg(&path).arg("-o").arg(&unfinished);
    command.env("ZIG_GLOBAL_CACHE_DIR", directory.join("cache"));
    command.env("ZIG_LOCAL_CACHE_DIR", directory.join("cache"));
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    unfinished.persist(&wasm).unwrap();
    Ok(wasm)
}

/// Builds all examples of the Rust library, and tells where they are.
fn rust_examples() -> Option<PathBuf> {
    let Some(rustc) = rustc() else {
        eprintln!(
            "skipped: there is no Rust compiler for wasm; `cargo xtask tools rust` finds or unpacks it"
        );
        return None;
    };
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust-guests");
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--quiet", "--release", "--examples", "--target", RUST_TARGET]);
    command
        .arg("--target-dir")
        .arg(&target)
        .arg("--manifest-path")
        .arg(root().join("guests/rust/Cargo.toml"));
    command.env("RUSTC", rustc).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(target.join(RUST_TARGET).join("release/examples"))
}

/// A compiler that has the target: the one that was given, the one that was unpacked, or the usual one.
fn rustc() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("B8G_RUSTC") {
        return Some(given.into());
    }
    let unpacked = root().join("target/tools/rust/rustc");
    if unpacked.with_file_name("installed").is_file() {
        return Some(unpacked);
    }
    let output = Command::new("rustc").args(["--print", "sysroot"]).output().ok()?;
    let sysroot = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    sysroot.join("lib/rustlib").join(RUST_TARGET).join("lib").is_dir().then(|| sysroot.join("bin/rustc"))
}
