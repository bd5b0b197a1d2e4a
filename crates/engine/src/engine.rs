//! The engine: configuration, compiled code and the pools that contexts live in.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use thiserror::Error;
use wasmtime::{Linker, OptLevel, WasmBacktraceDetails};

use crate::cache::CodeCache;
use crate::component::{Compiled, ComponentError};
use crate::interrupt::{Interrupt, Watchdog, signal};
use crate::memory::{SlotPool, pool};
use crate::object::keys::Links;
use crate::outcome::{Reason, Usage};
use crate::state::State;

/// Machine stack that the code of one context may use.
pub(crate) const CALL_STACK_BYTES_MAX: usize = 1 << 20;
/// The version of wasmtime, which compiles the code; its code cache and its interruption are bound to it.
pub const WASMTIME_VERSION: &str = "48.0.8";
/// Free slots that are kept for the next contexts, when nothing else is said.
const POOL_SLOTS_DEFAULT: usize = 64;

/// How an [`Engine`] is made.
pub struct Config {
    cache_directory: Option<PathBuf>,
    interrupt: Option<Interrupt>,
    pool_slots_max: usize,
    hook: Option<Box<dyn Fn(Reason, Usage) + Send + Sync>>,
    on_compile: Option<Box<OnCompile>>,
}

/// Is told how many bytes of wasm are about to be compiled.
type OnCompile = dyn Fn(usize) + Send + Sync;

impl Default for Config {
    fn default() -> Config {
        Config {
            cache_directory: default_cache_directory(),
            interrupt: None,
            pool_slots_max: POOL_SLOTS_DEFAULT,
            hook: None,
            on_compile: None,
        }
    }
}

impl Config {
    /// The settings that suit most: a code cache in the user's cache directory, the cheapest interruption that works.
    pub fn new() -> Config {
        Config::default()
    }

    /// Keeps compiled code in `directory`; `None`: nowhere.
    #[must_use]
    pub fn code_cache(mut self, directory: Option<PathBuf>) -> Config {
        self.cache_directory = directory;
        self
    }

    /// Stops running code in this way. [`Interrupt::Signal`] falls back to [`Interrupt::Epoch`] where its self-test
    /// fails; for [`Interrupt::Exit`] see [`Config::exit_at_deadline`].
    #[must_use]
    pub fn interrupt(mut self, interrupt: Interrupt) -> Config {
        self.interrupt = Some(interrupt);
        self
    }

    /// For a process that one context owns: a deadline that the context does not keep calls `hook`, on another
    /// thread, which must report and end the process. The code itself pays nothing.
    #[must_use]
    pub fn exit_at_deadline(mut self, hook: impl Fn(Reason, Usage) + Send + Sync + 'static) -> Config {
        self.interrupt = Some(Interrupt::Exit);
        self.hook = Some(Box::new(hook));
        self
    }

    /// Calls `hook` before wasm is compiled that the code cache does not have, with its size in bytes: the moment to
    /// tell a person why it takes a while.
    #[must_use]
    pub fn on_compile(mut self, hook: impl Fn(usize) + Send + Sync + 'static) -> Config {
        self.on_compile = Some(Box::new(hook));
        self
    }

    /// Keeps at most this many free slots for the next contexts. Each holds 4 GiB of address space and what its
    /// last tenant used of memory, at most 2 MiB.
    #[must_use]
    pub fn pool_slots(mut self, slots_max: usize) -> Config {
        self.pool_slots_max = slots_max;
        self
    }
}

/// `$XDG_CACHE_HOME/b8g`, or `~/.cache/b8g`; `None` without a home.
pub fn default_cache_directory() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("b8g"))
}

/// Why there is no engine.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The compiler does not support this machine or these settings.
    #[error("cannot set up the compiler: {0}")]
    Compiler(String),
}

/// Shared configuration, code cache and pools. Cheap to clone: clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    wasmtime: wasmtime::Engine,
    linker: Linker<State>,
    pool: Arc<SlotPool>,
    cache: Option<CodeCache>,
    watchdog: Watchdog,
    interrupt: Interrupt,
    javascript: OnceLock<Arc<Compiled>>,
    links: OnceLock<Arc<Links>>,
    on_compile: Option<Box<OnCompile>>,
    models: OnceLock<Models>,
}

/// What binaries of the component model are compiled and linked with: settings of their own, made at the first of them.
pub(crate) struct Models {
    pub(crate) wasmtime: wasmtime::Engine,
    pub(crate) linker: wasmtime::component::Linker<State>,
    pub(crate) anchor: wasmtime::Module,
    cache: Option<CodeCache>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("interrupt", &self.0.interrupt).finish_non_exhaustive()
    }
}

/// Finds a module's code in the cache, or compiles it and keeps it there.
fn kept_module(
    engine: &wasmtime::Engine,
    cache: Option<&CodeCache>,
    digest_of: &[u8],
    compile: impl FnOnce() -> wasmtime::Result<wasmtime::Module>,
) -> wasmtime::Result<wasmtime::Module> {
    let Some(cache) = cache else { return compile() };
    let found = cache.load(digest_of, |file| {
        // SAFETY: the cache checked, with a key that only this user has, that this file holds what an engine with
        // these settings serialised; only this user can change it.
        unsafe { wasmtime::Module::deserialize_open_file(engine, file).ok() }
    });
    if let Some(module) = found {
        return Ok(module);
    }
    let module = compile()?;
    if let Ok(serialized) = module.serialize() {
        cache.store(digest_of, &serialized);
    }
    Ok(module)
}

impl Engine {
    /// Makes an engine. One a process is enough.
    ///
    /// # Errors
    /// [`EngineError::Compiler`] where the compiler does not support the machine.
    pub fn new(config: Config) -> Result<Engine, EngineError> {
        let failed = |error: wasmtime::Error| EngineError::Compiler(format!("{error:#}"));
        let pool = SlotPool::new(config.pool_slots_max);
        let wanted = config.interrupt.unwrap_or(Interrupt::Signal);
        let interrupt = match wanted {
            Interrupt::Signal if !signal::works() => Interrupt::Epoch,
            wanted => wanted,
        };
        let wasmtime = wasmtime::Engine::new(&wasmtime_config(&pool, interrupt)).map_err(failed)?;
        let mut linker = Linker::new(&wasmtime);
        crate::callback::add_to_linker(&mut linker).map_err(failed)?;
        crate::wasi::add_to_linker(&mut linker).map_err(failed)?;
        let cache = config.cache_directory.map(|path| CodeCache::new(path, code_settings(&wasmtime)));
        let watchdog = Watchdog::new(interrupt, &wasmtime, config.hook);
        let javascript = OnceLock::new();
        let on_compile = config.on_compile;
        let (links, models) = (OnceLock::new(), OnceLock::new());
        let inner = Inner {
            wasmtime,
            linker,
            pool,
            cache,
            watchdog,
            interrupt,
            javascript,
            links,
            on_compile,
            models,
        };
        Ok(Engine(Arc::new(inner)))
    }

    /// How this engine stops running code.
    pub fn interrupt(&self) -> Interrupt {
        self.0.interrupt
    }

    pub(crate) fn linker(&self) -> &Linker<State> {
        &self.0.linker
    }

    pub(crate) fn pool(&self) -> &Arc<SlotPool> {
        &self.0.pool
    }

    pub(crate) fn watchdog(&self) -> &Watchdog {
        &self.0.watchdog
    }

    /// The JavaScript engine component, compiled once.
    pub(crate) fn javascript(&self) -> Result<Arc<Compiled>, ComponentError> {
        if let Some(compiled) = self.0.javascript.get() {
            return Ok(compiled.clone());
        }
        let compiled = Arc::new(Compiled::javascript(self)?);
        Ok(self.0.javascript.get_or_init(|| compiled).clone())
    }

    /// Compiles a module, or finds its code in the cache.
    pub(crate) fn module(
        &self,
        digest_of: &[u8],
        code: impl FnOnce() -> Vec<u8>,
    ) -> wasmtime::Result<wasmtime::Module> {
        kept_module(&self.0.wasmtime, self.0.cache.as_ref(), digest_of, || self.compile(&code()))
    }

    /// Compiles a module that a context runs within itself, or finds it in the cache; keeps it there, too, if `keep` says so.
    pub(crate) fn inner_module(&self, wasm: &[u8], keep: bool) -> wasmtime::Result<wasmtime::Module> {
        if !keep {
            return self.compile(wasm);
        }
        // Compiled as it is: its code is another one than that of a component.
        let digest = blake3::derive_key("b8g 2026 module within a context", wasm);
        self.module(&digest, || wasm.to_vec())
    }

    /// Checks a module without compiling it.
    pub(crate) fn check(&self, wasm: &[u8]) -> wasmtime::Result<()> {
        wasmtime::Module::validate(&self.0.wasmtime, wasm)
    }

    /// The links between its contexts.
    pub(crate) fn links(&self) -> Result<Arc<Links>, b8g_core::Error> {
        match self.0.links.get() {
            Some(links) => Ok(links.clone()),
            None => {
                let made = Arc::new(Links::new()?);
                Ok(self.0.links.get_or_init(|| made).clone())
            }
        }
    }

    /// Compiles code, and keeps nothing.
    pub(crate) fn compile(&self, code: &[u8]) -> wasmtime::Result<wasmtime::Module> {
        if let Some(hook) = &self.0.on_compile {
            hook(code.len());
        }
        wasmtime::Module::from_binary(&self.0.wasmtime, code)
    }

    /// What binaries of the component model need.
    pub(crate) fn models(&self) -> wasmtime::Result<&Models> {
        if let Some(models) = self.0.models.get() {
            return Ok(models);
        }
        let mut config = wasmtime_config(&self.0.pool, self.0.interrupt);
        config.concurrency_support(true);
        config.wasm_component_model(true).wasm_component_model_async(true);
        let wasmtime = wasmtime::Engine::new(&config)?;
        let mut linker = wasmtime::component::Linker::new(&wasmtime);
        crate::model::add_to_linker(&mut linker)?;
        let cache = self.0.cache.as_ref();
        let cache = cache.map(|of| CodeCache::new(of.directory().to_owned(), code_settings(&wasmtime)));
        // To compile even so little wakes the compiler's threads.
        let text = crate::model::ANCHOR;
        let anchor = || wasmtime::Module::new(&wasmtime, text);
        let anchor = kept_module(&wasmtime, cache.as_ref(), text.as_bytes(), anchor)?;
        let made = self.0.models.get_or_init(|| Models { wasmtime, linker, anchor, cache });
        self.0.watchdog.also(&made.wasmtime);
        Ok(made)
    }

    /// Compiles `code`, made of the binary of the component model `wasm`, or finds it in the cache.
    pub(crate) fn component<'w>(
        &self,
        models: &Models,
        wasm: &[u8],
        code: impl FnOnce() -> Cow<'w, [u8]>,
        keep: bool,
    ) -> wasmtime::Result<wasmtime::component::Component> {
        use wasmtime::component::Component;
        let cache = models.cache.as_ref().filter(|_| keep);
        let found = cache.and_then(|cache| {
            cache.load(wasm, |file| {
                let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
                // SAFETY: the cache checked, with a key that only this user has, that this file holds what an engine
                // with these settings serialised; only this user can change it.
                unsafe { Component::deserialize_file(&models.wasmtime, path).ok() }
            })
        });
        if let Some(component) = found {
            return Ok(component);
        }
        if let Some(hook) = &self.0.on_compile {
            hook(wasm.len());
        }
        let component = Component::from_binary(&models.wasmtime, &code())?;
        if keep {
            self.keep_component(models, wasm, &component);
        }
        Ok(component)
    }

    /// Keeps the code of a binary of the component model in the cache.
    pub(crate) fn keep_component(
        &self,
        models: &Models,
        wasm: &[u8],
        component: &wasmtime::component::Component,
    ) {
        if let (Some(cache), Ok(serialized)) = (&models.cache, component.serialize()) {
            cache.store(wasm, &serialized);
        }
    }

    /// Finds code by what the cache knows it by. Where somebody knows that nothing changed since it was read and checked, they name the
    /// file.
    pub(crate) fn component_found(
        &self,
        models: &Models,
        key: &[u8; 32],
        checked: Option<&Path>,
    ) -> Option<wasmtime::component::Component> {
        use wasmtime::component::Component;
        let load = |file: std::fs::File| {
            let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
            // SAFETY: the cache checked, now or when the caller says, with a key that only this user has, that this file holds
            // what an engine with these settings serialised; only this user can change it.
            unsafe { Component::deserialize_file(&models.wasmtime, path).ok() }
        };
        let cache = models.cache.as_ref()?;
        match checked {
            Some(path) if path == cache.path_of(key) => load(cache.open_kept(path)?),
            Some(_) => None,
            None => cache.load_key(key, load),
        }
    }

    /// As [`Engine::component_found`], for the code of a module.
    pub(crate) fn module_found(&self, key: &[u8; 32], checked: Option<&Path>) -> Option<wasmtime::Module> {
        let load = |file: std::fs::File| {
            // SAFETY: as in `component_found`.
            unsafe { wasmtime::Module::deserialize_open_file(&self.0.wasmtime, file).ok() }
        };
        let cache = self.0.cache.as_ref()?;
        match checked {
            Some(path) if path == cache.path_of(key) => load(cache.open_kept(path)?),
            Some(_) => None,
            None => cache.load_key(key, load),
        }
    }

    /// What the cache knows the code of a binary of the component model by.
    pub(crate) fn code_key(&self, models: &Models, wasm: &[u8]) -> Option<[u8; 32]> {
        models.cache.as_ref().map(|cache| cache.key_of(wasm))
    }

    /// The file that holds the code of that key. No two settings have a key in common.
    pub(crate) fn code_path(&self, key: &[u8; 32]) -> Option<PathBuf> {
        Some(self.0.cache.as_ref()?.path_of(key))
    }

    /// Takes machine code that a trusted key says an engine with these settings wrote; `None` if it is for another one.
    pub(crate) fn trusted_module(&self, native: &[u8]) -> Option<wasmtime::Module> {
        // SAFETY: whoever calls this has verified that a key which the user trusts vouches for these bytes.
        unsafe { wasmtime::Module::deserialize(&self.0.wasmtime, native).ok() }
    }

    /// The digest of everything beside the wasm that decides about machine code.
    pub(crate) fn code_settings(&self) -> [u8; 32] {
        code_settings(&self.0.wasmtime)
    }

    pub(crate) fn cache(&self) -> Option<&CodeCache> {
        self.0.cache.as_ref()
    }

    /// Where compiled code is kept.
    pub fn cache_directory(&self) -> Option<&Path> {
        self.0.cache.as_ref().map(CodeCache::directory)
    }
}

fn wasmtime_config(pool: &Arc<SlotPool>, interrupt: Interrupt) -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    config.cranelift_opt_level(OptLevel::Speed);
    config.epoch_interruption(interrupt == Interrupt::Epoch);
    config.with_host_memory(Arc::new(pool::Creator(pool.clone())));
    config.memory_reservation(pool::RESERVATION).memory_guard_size(pool::GUARD);
    // Contents come from our images; wasmtime's own copy-on-write does not go with our memories.
    config.memory_init_cow(false);
    config.max_wasm_stack(CALL_STACK_BYTES_MAX);
    config.wasm_backtrace_details(WasmBacktraceDetails::Enable);
    config.concurrency_support(false);
    config.wasm_gc(true).wasm_function_references(true).wasm_tail_call(true).wasm_exceptions(true);
    config.wasm_memory64(true).wasm_multi_memory(true);
    config
}

/// How modules are rewritten before they are compiled; to be raised with every change of that.
const PREPARED_VERSION: u32 = 7;

/// Covers everything beside the wasm that decides about the code.
fn code_settings(engine: &wasmtime::Engine) -> [u8; 32] {
    use std::hash::{Hash, Hasher};
    struct Collect(blake3::Hasher);
    impl Hasher for Collect {
        fn finish(&self) -> u64 {
            0
        }
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let mut collect = Collect(blake3::Hasher::new_derive_key("b8g 2026 settings of compiled code"));
    collect.write(env!("CARGO_PKG_VERSION").as_bytes());
    collect.write(&PREPARED_VERSION.to_le_bytes());
    engine.precompile_compatibility_hash().hash(&mut collect);
    *collect.0.finalize().as_bytes()
}
