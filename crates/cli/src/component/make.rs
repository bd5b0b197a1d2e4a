//! Builds the components of Python: their tools from PyPI by pinned hashes, their sources from this binary, then one frozen image each.
//!
//! Start at [`make`]. What pip fetches is checked by pip against the hashes that are pinned; nothing else is fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use b8g::{
    Capture, Component, ComponentOptions, Config, Context, Engine, Grants, Image, Limits, PYTHON_CONTRACT,
    Stdout, WriteOptions,
};

use super::About;
use crate::args::{ComponentAdd, ComponentKind};
use crate::console::{Console, printable};
use crate::failure::Failure;
use crate::program::shown;
use crate::tool::{Steps, tool};

include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The interfaces that the world of Python is cut out of.
const WIT: &[u8] = include_bytes!("../../../../guests/wit/b8g.wit");
/// Bytes of a component that is taken from a file.
const COMPONENT_BYTES_MAX: u64 = 512 << 20;
/// Memory for making one ready.
const MEMORY_BYTES: u64 = 512 << 20;
/// Where the component with numpy and pandas has its guest and its library while it is made ready.
const GUEST: &str = "/0";
const LIBRARY: &str = "/usr/local/lib";

/// The step that takes long.
const COMPILING: &str = "compiling it for this machine, with 2 GiB of memory and for some minutes";

/// A component that was made.
pub struct Made {
    pub about: About,
    pub image: Vec<u8>,
}

/// What a component is made from: the paths of files and their bytes.
fn sources(kind: ComponentKind) -> Vec<(String, &'static [u8])> {
    let python = PYTHON.iter().map(|(name, bytes)| (format!("python/{name}"), *bytes));
    match kind {
        ComponentKind::Python => python.chain([("b8g.wit".to_owned(), WIT)]).collect(),
        ComponentKind::PythonScience => {
            let own = SCIENCE.iter().map(|(name, bytes)| (format!("python-science/{name}"), *bytes));
            python.chain(own).collect()
        }
    }
}

/// BLAKE3 of what the component is made from.
pub fn sources_digest(kind: ComponentKind) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in sources(kind) {
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    }
    hasher.finalize().to_hex().to_string()
}

/// Makes one, in a directory of its own.
pub fn make(args: &ComponentAdd, work: &Path, console: Console) -> Result<Made, Failure> {
    let steps = Steps::new(console, args.quiet);
    let given = args.from.as_deref().map(read).transpose()?;
    let (image, version) = match args.name {
        ComponentKind::Python => {
            let wasm = given.map_or_else(|| python(&steps, work), Ok)?;
            keep(args, &wasm)?;
            let image = steps.take("compiling it for this machine", || freeze(&wasm))?;
            (image, "CPython 3.14")
        }
        ComponentKind::PythonScience => {
            let image = match given {
                None => science(&steps, work)?,
                Some(image) => {
                    steps.take(COMPILING, || check(&image, args.name))?;
                    image
                }
            };
            keep(args, &image)?;
            (image, "CPython 3.15, numpy 2.5.2, pandas 3.0.6")
        }
    };
    let about = About {
        name: args.name.name().to_owned(),
        version: version.to_owned(),
        b8g: env!("CARGO_PKG_VERSION").to_owned(),
        contract: PYTHON_CONTRACT,
        sources: sources_digest(args.name),
        blake3: blake3::hash(&image).to_hex().to_string(),
        bytes: image.len() as u64,
    };
    Ok(Made { about, image })
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let size = fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size > COMPONENT_BYTES_MAX {
        return Err(Failure::error(format!("{} is too large for a component", shown(path))));
    }
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// Writes what was built to the file that `--wasm` names.
fn keep(args: &ComponentAdd, built: &[u8]) -> Result<(), Failure> {
    let Some(to) = &args.wasm else { return Ok(()) };
    fs::write(to, built).map_err(|error| Failure::error(format!("cannot write {}: {error}", shown(to))))
}

/// Lays out what a component is made from, and fetches its tools.
fn prepare(steps: &Steps, work: &Path, kind: ComponentKind) -> Result<(PathBuf, PathBuf), Failure> {
    let (sources, tools) = (work.join("sources"), work.join("tools"));
    for (name, bytes) in self::sources(kind) {
        let path = sources.join(name);
        let parent = path.parent().unwrap_or(&sources);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, bytes))
            .map_err(|error| Failure::error(format!("cannot write {}: {error}", shown(&path))))?;
    }
    steps.take(&format!("fetching what {} is made with, by pip", kind.name()), || {
        let mut pip = Command::new(crate::tool::python());
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
        pip.args(["--only-binary", ":all:", "--no-deps", "--no-compile", "--target"]).arg(&tools);
        pip.arg("-r").arg(sources.join(kind.name()).join("requirements.txt"));
        tool(&mut pip, "pip cannot fetch what the component is made with")
    })?;
    Ok((sources, tools))
}

/// Builds the binary of the Python component.
fn python(steps: &Steps, work: &Path) -> Result<Vec<u8>, Failure> {
    let (sources, tools) = prepare(steps, work, ComponentKind::Python)?;
    let wasm = work.join("python.wasm");
    steps.take("putting Python together", || {
        let mut build = Command::new(crate::tool::python());
        build.arg("-I").arg(sources.join("python/build.py")).arg("--tools").arg(&tools);
        build.arg("--wit").arg(sources.join("b8g.wit")).arg("--out").arg(&wasm);
        tool(&mut build, "the component cannot be put together")
    })?;
    fs::read(&wasm).map_err(|error| unreadable(&wasm, &error))
}

/// Builds the image of the component with numpy and pandas.
fn science(steps: &Steps, work: &Path) -> Result<Vec<u8>, Failure> {
    let (sources, tools) = prepare(steps, work, ComponentKind::PythonScience)?;
    let made = work.join("made");
    steps.take("putting Python together", || {
        let mut build = Command::new(crate::tool::python());
        build.arg("-I").arg(sources.join("python-science/build.py"));
        build.arg("--tools").arg(&tools).arg("--out").arg(&made);
        tool(&mut build, "the component cannot be put together")
    })?;
    let path = made.join("science.wasm");
    let wasm = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
    // The guest of the Python component, and beside it its own.
    let guest = sources.join("python/guest");
    for (name, bytes) in
        SCIENCE.iter().filter_map(|(name, bytes)| Some((name.strip_prefix("guest/")?, bytes)))
    {
        let path = guest.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&guest))
            .and_then(|()| fs::write(&path, bytes))
            .map_err(|error| Failure::error(format!("cannot write {}: {error}", shown(&path))))?;
    }
    let engine = engine()?;
    let component = steps.take(COMPILING, || {
        let options = ComponentOptions { whole: true, ..ComponentOptions::default() };
        Component::from_wasm_with(&engine, &wasm, options).map_err(|error| unusable(&error))
    })?;
    steps.take("making it ready", || {
        let grants = Grants::none().clocks().randomness().directory(&guest, GUEST, false);
        let grants = grants.and_then(|grants| grants.directory(made.join("library"), LIBRARY, false));
        frozen(&component, &grants.map_err(|error| unusable(&error))?, ComponentKind::PythonScience)
    })
}

/// Makes the Python component ready once, and freezes it.
fn freeze(wasm: &[u8]) -> Result<Vec<u8>, Failure> {
    let options = ComponentOptions { fuse: true, ..ComponentOptions::default() };
    let component = Component::from_wasm_with(&engine()?, wasm, options).map_err(|error| unusable(&error))?;
    frozen(&component, &Grants::none(), ComponentKind::Python)
}

fn frozen(component: &Component, grants: &Grants, kind: ComponentKind) -> Result<Vec<u8>, Failure> {
    if !component.is_program() {
        return Err(unusable(&"it is no program for b8g"));
    }
    let limits = Limits {
        memory_bytes_max: MEMORY_BYTES,
        timeout: Some(Duration::from_secs(600)),
        ..Limits::default()
    };
    // What it says is shown only when it fails.
    let said = Capture::new();
    let grants = grants.clone().stdout(Stdout::Capture(said.clone())).stderr(Stdout::Capture(said.clone()));
    let mut context = Context::new(component, &grants, limits).map_err(|error| unusable(&error))?;
    let image = context.snapshot().map_err(|error| {
        let said = String::from_utf8_lossy(&said.take()).into_owned();
        let lines = if said.is_empty() { said } else { format!("\n{}", printable(said.trim_end(), true)) };
        unusable(&format!("{error}{lines}"))
    })?;
    let image = image.whole().map_err(|error| unusable(&error))?;
    let options = WriteOptions { name: image_name(kind), ..WriteOptions::default() };
    image.to_bytes_with(&options).map_err(|error| unusable(&error))
}

/// What the image of a component is called, within it.
fn image_name(kind: ComponentKind) -> String {
    format!("{}-{PYTHON_CONTRACT}", kind.name())
}

/// Refuses what is no image of that component, and compiles it.
fn check(bytes: &[u8], kind: ComponentKind) -> Result<(), Failure> {
    let image = Image::from_bytes(&engine()?, bytes).map_err(|error| unusable(&error))?;
    let name = b8g_image::File::read(bytes).map_err(|error| unusable(&error))?.manifest().name.clone();
    match name == image_name(kind) && image.component().is_program() && !image.has_started() {
        true => Ok(()),
        false => Err(unusable(&format!(
            "the file holds {:?}, and {:?} is wanted",
            printable(&name, false),
            image_name(kind)
        ))),
    }
}

fn engine() -> Result<Engine, Failure> {
    Engine::new(Config::new()).map_err(|error| unusable(&error))
}

fn unusable(error: &dyn std::fmt::Display) -> Failure {
    Failure::error(format!("the component cannot be used: {error}"))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::error(format!("cannot read {}: {error}", shown(path)))
}
