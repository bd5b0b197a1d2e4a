//! Builds the Python component: its tools from PyPI by pinned hashes, its sources from this binary, then one frozen image.
//!
//! Start at [`python`]. What pip fetches is checked by pip against the hashes that are pinned; nothing else is fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use b8g::{
    Component, ComponentOptions, Config, Context, Engine, Grants, Limits, PYTHON_CONTRACT, WriteOptions,
};

use super::About;
use crate::args::ComponentAdd;
use crate::console::Console;
use crate::failure::Failure;
use crate::program::shown;
use crate::tool::{Steps, tool};

include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The interfaces that its world is cut out of.
const WIT: &[u8] = include_bytes!("../../../../guests/wit/b8g.wit");
/// What is in it.
const VERSION: &str = "CPython 3.14";
/// Bytes of a component that is taken from a file.
const COMPONENT_BYTES_MAX: u64 = 256 << 20;
/// Memory for making it ready.
const MEMORY_BYTES: u64 = 512 << 20;

/// A component that was made.
pub struct Made {
    pub about: About,
    pub image: Vec<u8>,
}

/// BLAKE3 of what the component is made from.
pub fn sources_digest() -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in PYTHON.iter().chain(&[("b8g.wit", WIT)]) {
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    }
    hasher.finalize().to_hex().to_string()
}

/// Makes it, in a directory of its own.
pub fn python(args: &ComponentAdd, work: &Path, console: Console) -> Result<Made, Failure> {
    let steps = Steps::new(console, args.quiet);
    let wasm = match &args.from {
        Some(path) => {
            let size = fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
            if size > COMPONENT_BYTES_MAX {
                return Err(Failure::error(format!("{} is too large for a component", shown(path))));
            }
            fs::read(path).map_err(|error| unreadable(path, &error))?
        }
        None => {
            let path = build(&steps, work)?;
            fs::read(&path).map_err(|error| unreadable(&path, &error))?
        }
    };
    if let Some(to) = &args.wasm {
        fs::write(to, &wasm)
            .map_err(|error| Failure::error(format!("cannot write {}: {error}", shown(to))))?;
    }
    let image = steps.take("compiling it for this machine", || freeze(&wasm))?;
    let about = About {
        name: "python".to_owned(),
        version: VERSION.to_owned(),
        b8g: env!("CARGO_PKG_VERSION").to_owned(),
        contract: PYTHON_CONTRACT,
        sources: sources_digest(),
        blake3: blake3::hash(&image).to_hex().to_string(),
        bytes: image.len() as u64,
    };
    Ok(Made { about, image })
}

/// Builds the component's binary.
fn build(steps: &Steps, work: &Path) -> Result<PathBuf, Failure> {
    let sources = work.join("sources");
    for (name, bytes) in PYTHON.iter().chain(&[("b8g.wit", WIT)]) {
        let path = sources.join(name);
        let parent = path.parent().unwrap_or(&sources);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, bytes))
            .map_err(|error| Failure::error(format!("cannot write {}: {error}", shown(&path))))?;
    }
    let python = crate::tool::python();
    let (tools, wasm) = (work.join("tools"), work.join("python.wasm"));
    steps.take("fetching what Python is made with, by pip", || {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
        pip.args(["--only-binary", ":all:", "--no-deps", "--no-compile", "--target"]).arg(&tools);
        pip.arg("-r").arg(sources.join("requirements.txt"));
        tool(&mut pip, "pip cannot fetch what the component is made with")
    })?;
    steps.take("putting Python together", || {
        let mut build = Command::new(&python);
        build.arg("-I").arg(sources.join("build.py")).arg("--tools").arg(&tools);
        build.arg("--wit").arg(sources.join("b8g.wit")).arg("--out").arg(&wasm);
        tool(&mut build, "the component cannot be put together")
    })?;
    Ok(wasm)
}

/// Makes the component ready once, and freezes it.
fn freeze(wasm: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::error(format!("the component cannot be used: {error}"));
    let engine = Engine::new(Config::new()).map_err(|error| failed(&error))?;
    let options = ComponentOptions { fuse: true, ..ComponentOptions::default() };
    let component = Component::from_wasm_with(&engine, wasm, options).map_err(|error| failed(&error))?;
    if !component.is_program() {
        return Err(failed(&"it is no program for b8g"));
    }
    let limits = Limits {
        memory_bytes_max: MEMORY_BYTES,
        timeout: Some(Duration::from_secs(600)),
        ..Limits::default()
    };
    let mut context = Context::new(&component, &Grants::none(), limits).map_err(|error| failed(&error))?;
    let image = context.snapshot().map_err(|error| failed(&error))?;
    let image = image.whole().map_err(|error| failed(&error))?;
    let options = WriteOptions { name: "python".to_owned(), ..WriteOptions::default() };
    image.to_bytes_with(&options).map_err(|error| failed(&error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::error(format!("cannot read {}: {error}", shown(path)))
}
