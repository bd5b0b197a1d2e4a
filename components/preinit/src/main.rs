//! Captures an initialised component: runs `b8g_initialize` of a module once and writes a module that starts from the
//! memory which that left.
//!
//! `b8g-preinit RAW.wasm PRELUDE_DIRECTORY OUT.wasm [--debug]`. Start reading at [`capture`]. During initialisation the
//! component finds the prelude as a blob behind handle 1; every other operation answers NOSYS.
//! Invariant: the result depends on the two inputs only, so that a rebuild gives the same bytes.

mod merge;

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::task::{Context, Poll, Waker};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use wasmparser::{ExternalKind, Parser, Payload};
use wasmtime::{Caller, Engine, Instance, Linker, Memory, Module, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

/// The export that prepares the heap.
const INITIALIZE: &str = "b8g_initialize";
/// What the captured component may export.
const EXPORTS: [&str; 4] = ["memory", "b8g_start", "b8g_event", "b8g_place"];

/// The part of the ABI (docs/abi.md) that initialisation meets.
mod abi {
    pub const INFO: i32 = 0;
    pub const READ: i32 = 6;
    pub const CTL: i32 = 8;
    pub const CTL_FAIL: i64 = 2;
    pub const KIND_BLOB: u32 = 1;
    pub const RIGHT_READ: u32 = 4;
    pub const FAULT: i64 = -5;
    pub const NOSYS: i64 = -16;
    pub const PRELUDE_HANDLE: i32 = 1;
}

/// What the callback needs: the prelude, and room for what the component says when it fails.
struct Host {
    prelude: Vec<u8>,
    failure: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("b8g-preinit: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let (files, flags): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| !argument.starts_with("--"));
    let [raw, prelude, out] = files[..] else {
        bail!("usage: b8g-preinit RAW.wasm PRELUDE_DIRECTORY OUT.wasm [--debug]");
    };
    if let Some(flag) = flags.iter().find(|flag| flag.as_str() != "--debug") {
        bail!("unknown flag {flag}");
    }
    let raw = fs::read(raw).with_context(|| format!("cannot read {raw}"))?;
    let captured = capture(&raw, prelude_blob(Path::new(prelude), flags.is_empty())?)?;
    let image = merge::merge_segments(&captured)?;
    check(&image)?;
    fs::write(out, &image).with_context(|| format!("cannot write {out}"))
}

/// Instantiates the module, runs its initialisation and writes a module with the state that results.
fn capture(raw: &[u8], prelude: Vec<u8>) -> Result<Vec<u8>> {
    let mut wizer = Wizer::new();
    wizer.init_func(INITIALIZE);
    let (context, instrumented) = wizer.instrument(raw).map_err(|error| anyhow!("{error:#}"))?;
    let engine = Engine::default();
    let module = Module::new(&engine, &instrumented).map_err(|error| anyhow!("{error:#}"))?;
    let mut store = Store::new(&engine, Host { prelude, failure: String::new() });
    let mut linker = Linker::new(&engine);
    linker.func_wrap("b8g", "call", call).map_err(|error| anyhow!("{error:#}"))?;
    let instance = linker.instantiate(&mut store, &module).map_err(|error| anyhow!("{error:#}"))?;
    for name in ["_initialize", INITIALIZE] {
        let export = instance.get_typed_func::<(), ()>(&mut store, name);
        let function = export.map_err(|error| anyhow!("the module must export {name}: {error:#}"))?;
        if let Err(error) = function.call(&mut store, ()) {
            let failure = std::mem::take(&mut store.data_mut().failure);
            bail!("{name} failed: {}", if failure.is_empty() { format!("{error:#}") } else { failure });
        }
    }
    let mut state = Captured { store: &mut store, instance };
    block_on(wizer.snapshot(&context, &mut state)).map_err(|error| anyhow!("{error:#}"))
}

/// `b8g.call` as initialisation sees it.
fn call(mut caller: Caller<'_, Host>, operation: i32, handle: i32, a: i64, b: i64, c: i64, _d: i64) -> i64 {
    let Some(memory) = caller.get_export("memory").and_then(|export| export.into_memory()) else {
        return abi::FAULT;
    };
    match (operation, handle) {
        (abi::INFO, abi::PRELUDE_HANDLE) => info(&mut caller, memory, a),
        (abi::READ, abi::PRELUDE_HANDLE) => read(&mut caller, memory, a, b, c),
        (abi::CTL, 0) if a == abi::CTL_FAIL => {
            let (offset, length) = (b as u32 as usize, (b as u64 >> 32) as usize);
            let text = memory.data(&caller).get(offset..).and_then(|bytes| bytes.get(..length));
            caller.data_mut().failure = String::from_utf8_lossy(text.unwrap_or_default()).into_owned();
            0
        }
        _ => abi::NOSYS,
    }
}

fn info(caller: &mut Caller<'_, Host>, memory: Memory, out: i64) -> i64 {
    let mut answer = Vec::with_capacity(16);
    answer.extend(abi::KIND_BLOB.to_le_bytes());
    answer.extend(abi::RIGHT_READ.to_le_bytes());
    answer.extend((caller.data().prelude.len() as u64).to_le_bytes());
    match memory.write(caller, out as usize, &answer) {
        Ok(()) => answer.len() as i64,
        Err(_) => abi::FAULT,
    }
}

fn read(caller: &mut Caller<'_, Host>, memory: Memory, out: i64, room: i64, position: i64) -> i64 {
    let (bytes, host) = memory.data_and_store_mut(caller);
    let rest = host.prelude.get(position.max(0) as usize..).unwrap_or_default();
    let length = rest.len().min(room.max(0) as usize);
    match bytes.get_mut(out as usize..).and_then(|bytes| bytes.get_mut(..length)) {
        Some(target) => {
            target.copy_from_slice(&rest[..length]);
            length as i64
        }
        None => abi::FAULT,
    }
}

/// Packs the prelude: its folders in this order, each in the order of the names.
fn prelude_blob(directory: &Path, strip: bool) -> Result<Vec<u8>> {
    let mut blob = u32::from(strip).to_le_bytes().to_vec();
    for part in ["core", "web", "intl", "http", "work", "node"] {
        for path in scripts(&directory.join(part))? {
            let source =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = format!("{part}/{}", path.file_name().unwrap_or_default().to_string_lossy());
            blob.extend(u32::try_from(name.len())?.to_le_bytes());
            blob.extend(u32::try_from(source.len())?.to_le_bytes());
            for text in [&name, &source] {
                ensure!(!text.contains('\0'), "{name} contains a NUL character");
                blob.extend(text.as_bytes());
                blob.push(0);
            }
        }
    }
    Ok(blob)
}

fn scripts(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "js") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Makes sure that the result imports the one callback, and exports nothing that would run the initialisation again.
fn check(image: &[u8]) -> Result<()> {
    for payload in Parser::new(0).parse_all(image) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    ensure!(
                        (import.module, import.name) == ("b8g", "call"),
                        "the module imports {}.{}: only b8g.call is allowed",
                        import.module,
                        import.name
                    );
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    let known = EXPORTS.contains(&export.name) && export.kind != ExternalKind::Global;
                    ensure!(known, "the module exports {}, which is not part of the ABI", export.name);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The initialised instance, as the capture reads it.
struct Captured<'a> {
    store: &'a mut Store<Host>,
    instance: Instance,
}

impl InstanceState for Captured<'_> {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self
            .instance
            .get_global(&mut *self.store, name)
            .expect("the instrumented module exports its globals");
        match global.get(&mut *self.store) {
            Val::I32(value) => SnapshotVal::I32(value),
            Val::I64(value) => SnapshotVal::I64(value),
            Val::F32(bits) => SnapshotVal::F32(bits),
            Val::F64(bits) => SnapshotVal::F64(bits),
            Val::V128(value) => SnapshotVal::V128(value.as_u128()),
            _ => unreachable!("mutable globals of reference type are refused before"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self
            .instance
            .get_memory(&mut *self.store, name)
            .expect("the instrumented module exports its memories");
        contents(memory.data(&self.store));
    }
}

/// Drives a future that never waits for anything.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
