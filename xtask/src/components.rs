//! `cargo xtask components js [--check]`: builds components/js/js.wasm from its pinned sources.
//!
//! Start reading at [`javascript`]. The C source comes from a crate that a lock file pins, the compiler from a Python wheel that
//! a hash pins; both are fetched by their own clients, and everything is made below `target/components`.
//! Invariant: the same sources give the same bytes wherever they are built, which `--check` holds the committed file to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::packages;
use crate::run::{cargo, root, run};

/// The engine's files that are compiled; the headers beside them come along.
const ENGINE_SOURCES: [&str; 4] = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c"];
/// Compiled as a part of quickjs.c.
const INCLUDED: &str = "inside.c";
/// The C stack, at the bottom of memory: an overflow traps instead of overwriting the heap.
const STACK_SIZE: &str = "-Wl,-z,stack-size=524288";

/// For every C file. FE_DOWNWARD and FE_UPWARD: WebAssembly has no rounding modes, and the engine only names them.
const COMPILE_FLAGS: [&str; 9] = [
    "-O3",
    "-g0",
    "-DNDEBUG",
    "-D_GNU_SOURCE",
    "-DFE_DOWNWARD=0",
    "-DFE_UPWARD=0",
    "-fno-strict-aliasing",
    "-ffile-prefix-map=/=",
    "-Wno-everything",
];

/// Warnings for the guest's own files; `unused-parameter` is what callbacks of a fixed type look like.
const GUEST_FLAGS: [&str; 5] =
    ["-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-missing-field-initializers"];

/// What to do with the component that was built.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// Replace the committed file and its digest.
    Write,
    /// Compare with the committed digest.
    Check,
}

/// Builds the JavaScript engine component; with `check` it only compares the digest.
pub fn javascript(check: bool) -> Result<()> {
    let started = Instant::now();
    let paths = Paths::new()?;
    let built = build(&paths)?;
    finish(&paths, &built, if check { Mode::Check } else { Mode::Write })?;
    println!("{:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Builds a component of Python of this tree, as `b8g component add` does anywhere: what it is made of goes to `target/components/NAME.wasm`, the
/// image below `target/components/installed`.
pub fn python(name: &str) -> Result<()> {
    run(cargo().args(["build", "--quiet", "--release", "--package", "b8g-cli"]))?;
    let made = root().join("target/components");
    fs::create_dir_all(&made)?;
    let mut add = Command::new(root().join("target/release/b8g"));
    add.args(["component", "add", name, "--force", "--wasm"]).arg(made.join(format!("{name}.wasm")));
    run(add.env("B8G_COMPONENTS", made.join("installed")))
}

/// Where things are.
struct Paths {
    root: PathBuf,
    component: PathBuf,
    target: PathBuf,
}

impl Paths {
    fn new() -> Result<Paths> {
        let root = root();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let paths =
            Paths { component: root.join("components/js"), target: target.join("components/js"), root };
        fs::create_dir_all(&paths.target)
            .with_context(|| format!("cannot create {}", paths.target.display()))?;
        Ok(paths)
    }
}

fn build(paths: &Paths) -> Result<PathBuf> {
    let compiler = step("the C compiler", || install_compiler(paths))?;
    let source = step("the engine's source", || patched_source(paths))?;
    let prelude = step("the prelude", || packages::assemble(&paths.component, &paths.target))?;
    let raw = step("compiling", || compile(paths, &compiler, &source))?;
    let image = paths.target.join("js.wasm");
    step("initialising", || {
        // The whole workspace is named so that the features of shared dependencies, and so their builds, are the usual ones.
        run(cargo().current_dir(&paths.root).args([
            "build",
            "--quiet",
            "--release",
            "--workspace",
            "--bin",
            "b8g-preinit",
        ]))?;
        let tool =
            paths.target.ancestors().nth(2).context("the target directory")?.join("release/b8g-preinit");
        let mut capture = Command::new(tool);
        capture.arg(&raw).arg(&prelude).arg(&image);
        run(&mut capture)
    })?;
    Ok(image)
}

/// Installs the compiler into an environment of its own; pip refuses what does not have the pinned hash.
fn install_compiler(paths: &Paths) -> Result<PathBuf> {
    let requirements = paths.component.join("sources/requirements.txt");
    let environment = paths.target.join("compiler");
    let (python, stamp) = (environment.join("bin/python"), environment.join("installed"));
    let wanted =
        fs::read(&requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let mut create = Command::new("python3");
    create.args(["-m", "venv", "--clear"]).arg(&environment);
    run(&mut create).context("Python 3 with its venv module is needed to install the C compiler")?;
    let mut install = Command::new(&python);
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
    Ok(python)
}

/// Copies the engine's source out of the crate that carries it, and applies the patches.
fn patched_source(paths: &Paths) -> Result<PathBuf> {
    let carried = carried_source(paths)?;
    let source = paths.target.join("quickjs");
    if source.exists() {
        fs::remove_dir_all(&source)?;
    }
    fs::create_dir_all(&source)?;
    for entry in fs::read_dir(&carried).with_context(|| format!("cannot list {}", carried.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if ENGINE_SOURCES.contains(&name) || name.ends_with(".h") {
            // Not fs::copy: Cargo keeps sources read-only where it can.
            fs::write(source.join(name), fs::read(&path)?)?;
        }
    }
    for patch in files_of(&paths.component.join("patches"), "patch")? {
        let mut apply = Command::new("patch");
        apply
            .args(["--quiet", "--batch", "--forward", "--fuzz=0", "-p1", "--directory"])
            .arg(&source)
            .arg("--input")
            .arg(&patch);
        run(&mut apply)
            .with_context(|| format!("{} must apply; the program `patch` is needed", patch.display()))?;
    }
    Ok(source)
}

/// Where QuickJS's own source lies, as its authors wrote it; Cargo fetches it if need be.
pub fn quickjs_sources() -> Result<PathBuf> {
    carried_source(&Paths::new()?)
}

/// Asks Cargo where the locked crate's files are.
fn carried_source(paths: &Paths) -> Result<PathBuf> {
    let manifest = paths.component.join("sources/Cargo.toml");
    let mut metadata = cargo();
    metadata.args(["metadata", "--locked", "--format-version", "1", "--manifest-path"]).arg(&manifest);
    let output = metadata.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo metadata failed for {}", manifest.display());
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let package =
        answer["packages"].as_array().into_iter().flatten().find(|package| package["name"] == "rquickjs-sys");
    let manifest = package
        .and_then(|package| package["manifest_path"].as_str())
        .context("rquickjs-sys is not among the sources")?;
    Ok(Path::new(manifest).with_file_name("quickjs"))
}

fn compile(paths: &Paths, python: &Path, source: &Path) -> Result<PathBuf> {
    let (guest, objects) = (paths.component.join("guest"), paths.target.join("objects"));
    if objects.exists() {
        fs::remove_dir_all(&objects)?;
    }
    fs::create_dir_all(&objects)?;
    // The guest comes first: it defines functions that the C library has too, and the linker takes the first it meets.
    let own = files_of(&guest, "c")?
        .into_iter()
        .filter(|path| path.file_name().is_some_and(|name| name != INCLUDED));
    let mut units: Vec<(PathBuf, &[&str])> = own.map(|path| (path, &GUEST_FLAGS[..])).collect();
    units.extend(ENGINE_SOURCES.iter().map(|name| (source.join(name), &[][..])));
    // Relative names, in a fixed order: nothing of where the build happens may reach the result.
    let mut commands = Vec::new();
    let mut names = Vec::new();
    for (unit, flags) in &units {
        let stem = unit.file_stem().and_then(|stem| stem.to_str()).context("a source without a name")?;
        let name = format!("{}{stem}.o", if flags.is_empty() { "" } else { "guest-" });
        let mut command = zig(paths, python);
        command.args(COMPILE_FLAGS).args(*flags).arg("-I").arg(source).arg("-I").arg(&guest);
        command.arg("-c").arg(unit).arg("-o").arg(&name).current_dir(&objects);
        commands.push(command);
        names.push(name);
    }
    run_together(commands)?;
    let raw = paths.target.join("raw.wasm");
    let mut link = zig(paths, python);
    link.args(["-mexec-model=reactor", STACK_SIZE, "-Wl,--gc-sections", "-s"])
        .args(&names)
        .arg("-o")
        .arg(&raw);
    run(link.current_dir(&objects))?;
    Ok(raw)
}

/// The compiler for wasm32 with WASI's C library; its caches stay below the target directory.
fn zig(paths: &Paths, python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-m", "ziglang", "cc", "-target", "wasm32-wasi", "-mcpu=generic"]);
    command.env("ZIG_GLOBAL_CACHE_DIR", paths.target.join("cache/global"));
    command.env("ZIG_LOCAL_CACHE_DIR", paths.target.join("cache/local"));
    command
}

fn finish(paths: &Paths, built: &Path, mode: Mode) -> Result<()> {
    let (committed, digest_file) = (paths.component.join("js.wasm"), paths.component.join("js.wasm.blake3"));
    let bytes = fs::read(built)?;
    let line = format!("{}  js.wasm\n", blake3::hash(&bytes).to_hex());
    if mode == Mode::Write {
        fs::write(&committed, &bytes)?;
        fs::write(&digest_file, &line)?;
        println!("wrote {} ({} bytes), {line}", committed.display(), bytes.len());
        return Ok(());
    }
    let wanted =
        fs::read_to_string(&digest_file).with_context(|| format!("cannot read {}", digest_file.display()))?;
    let held = fs::read(&committed).with_context(|| format!("cannot read {}", committed.display()))?;
    ensure!(
        format!("{}  js.wasm\n", blake3::hash(&held).to_hex()) == wanted,
        "{} does not have the digest in {}: build it again with `cargo xtask components js`",
        committed.display(),
        digest_file.display()
    );
    ensure!(
        line == wanted,
        "a rebuild of components/js gives another component ({}) than the committed one ({}): its sources were changed \
         without `cargo xtask components js`, or the build is not reproducible here; the rebuilt file is {}",
        line.trim(),
        wanted.trim(),
        built.display()
    );
    println!("js.wasm is what its sources give: {}", wanted.trim());
    Ok(())
}

/// The files of a directory with that extension, by name.
fn files_of(directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Does a part of the build and says how long it took.
fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    print!("{what} … ");
    std::io::Write::flush(&mut std::io::stdout())?;
    let result = work();
    println!("{:.1} s", started.elapsed().as_secs_f64());
    result
}

/// Runs the commands, as many at once as there are processors.
fn run_together(commands: Vec<Command>) -> Result<()> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let queue = std::sync::Mutex::new(commands.into_iter());
    let work = || -> Result<()> {
        loop {
            let next = queue.lock().map_or(None, |mut queue| queue.next());
            match next {
                Some(mut command) => run(&mut command)?,
                None => return Ok(()),
            }
        }
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for worker in running {
            worker.join().unwrap_or_else(|_| bail!("a build thread panicked"))?;
        }
        Ok(())
    })
}
