//! The C compiler, and what it made of a program, kept for the next time.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use wasi_preview1_component_adapter_provider as adapter;

use crate::root;

/// The compiler is pinned there; another one compiles everything anew.
const COMPILER: &str = include_str!("../../../../components/js/sources/requirements.txt");
/// As programs are compiled that somebody wants to use.
const FLAGS: [&str; 7] =
    ["cc", "-target", "wasm32-wasi", "-O1", "-Wall", "-Wextra", "-fno-sanitize=undefined"];

/// Held while a program is compiled, each program's own among some.
static TURNS: [Mutex<()>; 16] = [const { Mutex::new(()) }; 16];

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

/// The C programs in tests/c.
pub fn programs() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("tests/c")).unwrap().map(|entry| entry.unwrap().path());
    let mut programs: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "c")).collect();
    programs.sort();
    programs
}

/// Compiles a program of tests/c, or finds it compiled already.
pub fn compile(zig: &Path, name: &str, flags: &[String]) -> Result<PathBuf, String> {
    let source = root().join("tests/c").join(name).with_extension("c");
    let text = std::fs::read(&source).unwrap();
    let mut digest = blake3::Hasher::new();
    digest.update(COMPILER.as_bytes()).update(format!("{FLAGS:?} {flags:?}").as_bytes()).update(&text);
    for line in String::from_utf8_lossy(&text).lines() {
        let included = line.strip_prefix("#include \"").and_then(|rest| rest.strip_suffix('"'));
        if let Some(included) = included {
            digest.update(&std::fs::read(source.with_file_name(included)).unwrap());
        }
    }
    let digest = digest.finalize().to_hex();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
    std::fs::create_dir_all(&directory).unwrap();
    let wasm = directory.join(format!("{}-{}.wasm", name.replace('/', "-"), &digest[..16]));
    // Several tests want the same program: one of them compiles it.
    let _turn = TURNS[usize::from_str_radix(&digest[..1], 16).unwrap()]
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if wasm.is_file() {
        return Ok(wasm);
    }
    let unfinished = wasm.with_extension("new");
    let mut command = Command::new(zig);
    command.args(FLAGS).arg(&source).args(flags).arg("-o").arg(&unfinished);
    command.env("ZIG_GLOBAL_CACHE_DIR", directory.join("cache"));
    command.env("ZIG_LOCAL_CACHE_DIR", directory.join("cache"));
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    std::fs::rename(&unfinished, &wasm).unwrap();
    Ok(wasm)
}

/// The program as a component of WASI 0.2: an adapter turns what it asks of preview 1 into that.
pub fn component(wasm: &Path) -> Result<PathBuf, String> {
    let component = wasm.with_extension("component.wasm");
    if component.is_file() {
        return Ok(component);
    }
    let module = std::fs::read(wasm).unwrap();
    let encoded = encode(wasm, &module, adapter::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER)?;
    let unfinished = component.with_extension("new");
    std::fs::write(&unfinished, encoded).unwrap();
    std::fs::rename(&unfinished, &component).unwrap();
    Ok(component)
}

/// A library as a component whose world is this.
pub fn library(wasm: &Path, world: &str) -> Result<Vec<u8>, String> {
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("world.wit", world).map_err(|error| format!("{error:#}"))?;
    let world = resolve.select_world(&[package], None).map_err(|error| format!("{error:#}"))?;
    let mut module = std::fs::read(wasm).unwrap();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding)
        .map_err(|error| format!("{error:#}"))?;
    encode(wasm, &module, adapter::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)
}

fn encode(wasm: &Path, module: &[u8], adapts: &[u8]) -> Result<Vec<u8>, String> {
    let name = adapter::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME;
    wit_component::ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.adapter(name, adapts))
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| format!("{}: {error:#}", wasm.display()))
}
