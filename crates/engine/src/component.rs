//! Components: compiled, immutable, shareable code with typed imports and exports.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use b8g_core::abi::{self, IMPORT_CALL, IMPORT_MODULE};
use b8g_frontend_ts as frontend;
use thiserror::Error;
use wasmtime::{ExternType, InstancePre, Module, ModuleExport};

use crate::engine::Engine;
use crate::function::Function;
use crate::image;
use crate::interrupt::{Interrupt, signal};
use crate::javascript;
use crate::memory::{Base, HeapImage};
use crate::model::{self, Model};
use crate::prepare::{MODULE_BYTES_MAX, Prepared};
use crate::split;
use crate::state::State;

pub use b8g_frontend_ts::Language;

/// Why something is not a component.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The bytes are no valid wasm module.
    #[error("this is not a valid wasm module: {0}")]
    Invalid(String),
    /// The module is larger than the bound.
    #[error("the wasm module has {bytes} bytes; at most {} are allowed", MODULE_BYTES_MAX)]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// It imports what nobody provides.
    #[error("the module imports what b8g does not provide: {}{}", .0.join(", "), trap_help(.0))]
    UnknownImports(Vec<String>),
    /// Its import of something that b8g provides has another type.
    #[error("the module's imports do not fit: {0}")]
    Imports(String),
    /// The source does not compile.
    #[error(transparent)]
    Source(#[from] frontend::BuildError),
    /// The sources of a Python program cannot be put together.
    #[error(transparent)]
    Python(#[from] b8g_frontend_py::BundleError),
}

/// What helps where only functions are missing: nothing else can be there until it is used.
fn trap_help(imports: &[String]) -> &'static str {
    if imports.iter().all(|import| import.starts_with("function ") || import.starts_with("instance ")) {
        "\nhelp: --unknown-imports=trap runs it anyway and traps when one of them is called"
    } else {
        ""
    }
}

impl ComponentError {
    /// The files that were read until then: what to watch for the repair.
    pub fn files(&self) -> &[PathBuf] {
        match self {
            ComponentError::Source(error) => error.files(),
            ComponentError::Python(error) => error.files(),
            ComponentError::Read { path, .. } => std::slice::from_ref(path),
            _ => &[],
        }
    }
}

/// How components are made.
#[derive(Clone, Copy, Debug, Default)]
pub struct ComponentOptions {
    /// Of wasm: imports that nobody provides trap when they are called, instead of being refused at once.
    pub trap_unknown_imports: bool,
    /// Of JavaScript and TypeScript: modules whose exports nobody uses are left out, if their `package.json` says with
    /// `sideEffects` that they have none. What remains runs in the same order.
    pub shake: bool,
    /// Of JavaScript and TypeScript: `process.env.NODE_ENV` is `"production"`, and packages take the build of themselves that is
    /// meant for it. Else it is what the program is granted.
    pub production: bool,
    /// Of binaries of the component model: core modules that one links with one another are made one first, which makes contexts of
    /// components that were put together of libraries faster to start and to restore. What cannot be fused stays as it is.
    pub fuse: bool,
    /// Of wasm modules: the code cache is to know the code by the binary without data, which is what an image that is
    /// [made whole](crate::Image::whole) has.
    pub whole: bool,
}

impl ComponentOptions {
    fn of_program(self) -> frontend::Options {
        frontend::Options { shake: self.shake, production: self.production, ..frontend::Options::default() }
    }
}

/// What a component expects of whoever runs it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Face {
    /// Our own ABI: `b8g_start`.
    Abi,
    /// WASI preview 1, or nothing: `_start`, or `_initialize` and exported functions.
    Wasi,
    /// The component model.
    Model,
}

/// Machine code with the first contents of its memory.
pub(crate) struct Compiled {
    pub(crate) module: Module,
    pub(crate) pre: InstancePre<State>,
    /// What the memory of a new context is filled with.
    base: Option<Arc<Base>>,
    pub(crate) face: Face,
    /// Where its code lies, when signals stop it.
    pub(crate) code: signal::Known,
    pub(crate) exports: Exports,
    pub(crate) imports_wasi: bool,
    /// What runs instead of the module, which is only its anchor then.
    pub(crate) model: Option<Model>,
    functions: OnceLock<Vec<(Function, ModuleExport)>>,
    /// Its binary was not read, and has data: what its memories begin with is not known.
    pub(crate) data_unread: bool,
    /// The code cache knows the code by the binary without data.
    is_whole: bool,
    engine: Engine,
}

/// Code whose binary need not be read.
pub(crate) enum Code {
    Model(Box<Model>),
    /// A module, which was rewritten before it was compiled.
    Module(Module),
}

/// Where the exports are that every start asks for, so that no start looks for them by name.
#[derive(Default)]
pub(crate) struct Exports {
    pub(crate) memory: Option<ModuleExport>,
    /// The first memory, whether the module exports it or not.
    pub(crate) first_memory: Option<ModuleExport>,
    pub(crate) event: Option<ModuleExport>,
    pub(crate) initialize: Option<ModuleExport>,
    pub(crate) start: Option<ModuleExport>,
    /// The start function, which wasmtime does not see.
    pub(crate) start_function: Option<ModuleExport>,
    /// What tells where a program is that was stopped.
    pub(crate) place: Option<ModuleExport>,
    /// The globals that change.
    pub(crate) globals: Vec<ModuleExport>,
    /// Why no context of it can be frozen.
    pub(crate) unfreezable: Option<String>,
    /// Any function that the module itself may define.
    pub(crate) function: Option<ModuleExport>,
}

impl Exports {
    fn of(module: &Module, face: Face) -> Exports {
        let function = |export: &wasmtime::ExportType<'_>| export.ty().func().is_some();
        let first = module.exports().find(function).map(|export| export.name().to_owned());
        let globals = module.exports().filter(|export| export.name().starts_with(split::GLOBAL));
        let globals = globals.filter_map(|export| module.get_export_index(export.name())).collect();
        let unfreezable = module.exports().find_map(|export| image::unfreezable(export.name()));
        let start = if face == Face::Abi { "b8g_start" } else { "_start" };
        Exports {
            memory: module.get_export_index("memory"),
            first_memory: module.get_export_index(&format!("{}0", split::MEMORY)),
            event: module.get_export_index("b8g_event"),
            initialize: module.get_export_index("_initialize"),
            start: module.get_export_index(start),
            start_function: module.get_export_index(split::START),
            place: module.get_export_index("b8g_place").filter(|_| face == Face::Abi),
            globals,
            unfreezable,
            function: first.and_then(|name| module.get_export_index(&name)),
        }
    }
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiled").field("face", &self.face).finish_non_exhaustive()
    }
}

impl Compiled {
    pub(crate) fn javascript(engine: &Engine) -> Result<Compiled, ComponentError> {
        let heap = javascript::heap()
            .map_err(|e| ComponentError::Invalid(format!("its heap cannot be mapped: {e}")))?;
        let digest = javascript::javascript_digest().as_bytes();
        let module = engine.module(digest, || javascript::code().to_vec()).map_err(invalid)?;
        Compiled::link(engine, module, Some(heap), ComponentOptions::default())
    }

    /// Compiles `wasm`, or finds its code in the code cache.
    ///
    /// `native` is machine code that this engine wrote for it, of which a trusted key says so. The cache is asked, and
    /// keeps it, if `keep` says so.
    fn new(
        engine: &Engine,
        wasm: &[u8],
        native: Option<&[u8]>,
        options: ComponentOptions,
        keep: bool,
    ) -> Result<Compiled, ComponentError> {
        let prepared = Prepared::new(wasm);
        let stripped = if options.whole && keep { prepared.without_data() } else { None };
        let module = match native.and_then(|native| engine.trusted_module(native)) {
            Some(module) => module,
            None if !keep => engine.compile(&prepared.code()).map_err(invalid)?,
            None => {
                engine.module(stripped.as_deref().unwrap_or(wasm), || prepared.code()).map_err(invalid)?
            }
        };
        let compiled = Compiled::link(engine, module, prepared.into_image(), options)?;
        Ok(Compiled { is_whole: stripped.is_some() && native.is_none(), ..compiled })
    }

    /// Finds out what code imports and exports; `image` is what its memory begins with.
    fn link(
        engine: &Engine,
        module: Module,
        image: Option<HeapImage>,
        options: ComponentOptions,
    ) -> Result<Compiled, ComponentError> {
        let unknown: Vec<String> = unknown_imports(&module);
        let pre = if unknown.is_empty() {
            engine.linker().instantiate_pre(&module)
        } else if options.trap_unknown_imports {
            let mut linker = engine.linker().clone();
            linker.define_unknown_imports_as_traps(&module).and_then(|()| linker.instantiate_pre(&module))
        } else {
            return Err(ComponentError::UnknownImports(unknown));
        };
        let pre = pre.map_err(|error| ComponentError::Imports(describe(&error)))?;
        let face = match module.get_export("b8g_start") {
            Some(_) => Face::Abi,
            None => Face::Wasi,
        };
        let base = image.map(|image| Base::new(image, engine.pool()));
        let code = OnceLock::new();
        if engine.interrupt() == Interrupt::Signal {
            let _ = code.set(signal::Code::of(&module));
        }
        let exports = Exports::of(&module, face);
        let imports_wasi =
            module.imports().any(|import| crate::wasi::provides(import.module(), import.name()));
        let functions = OnceLock::new();
        let engine = engine.clone();
        Ok(Compiled {
            module,
            pre,
            base,
            face,
            code,
            exports,
            imports_wasi,
            model: None,
            functions,
            data_unread: false,
            is_whole: false,
            engine,
        })
    }

    /// Compiles a binary of the component model.
    fn model(
        engine: &Engine,
        wasm: &[u8],
        options: ComponentOptions,
        keep: bool,
    ) -> Result<Compiled, ComponentError> {
        Compiled::of_model(engine, Model::new(engine, wasm, options, keep)?)
    }

    fn of_model(engine: &Engine, model: Model) -> Result<Compiled, ComponentError> {
        let place = engine.models().map_err(invalid)?;
        let module = place.anchor.clone();
        let pre = wasmtime::Linker::new(&place.wasmtime).instantiate_pre(&module).map_err(invalid)?;
        let code = OnceLock::new();
        if engine.interrupt() == Interrupt::Signal {
            let _ = code.set(signal::Code::of_model(model.component()));
        }
        let unfreezable = model.unfreezable().map(str::to_owned);
        let exports = Exports { unfreezable, ..Exports::of(&module, Face::Model) };
        Ok(Compiled {
            module,
            pre,
            base: None,
            face: Face::Model,
            code,
            exports,
            imports_wasi: false,
            model: Some(model),
            functions: OnceLock::from(Vec::new()),
            data_unread: false,
            is_whole: false,
            engine: engine.clone(),
        })
    }

    /// What one of its memories begins with.
    pub(crate) fn base(&self, number: usize) -> Option<&Arc<Base>> {
        match &self.model {
            Some(model) => model.base(number),
            None => self.base.as_ref().filter(|_| number == 0),
        }
    }

    /// What its contexts are made with.
    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        self.module.engine()
    }

    /// The functions of numbers, by name. Found out at the first use: programs need none of it.
    fn functions(&self) -> &[(Function, ModuleExport)] {
        self.functions.get_or_init(|| crate::function::exported(&self.module))
    }

    /// The exported function of that name, if it takes and gives numbers only, and its place among all that do: perhaps
    /// `guess`.
    pub(crate) fn function(&self, name: &str, guess: usize) -> Option<(usize, &Function)> {
        let functions = self.functions();
        let at = match functions.get(guess) {
            Some((function, _)) if function.name == name => guess,
            _ => functions.binary_search_by(|(function, _)| function.name.as_str().cmp(name)).ok()?,
        };
        functions.get(at).map(|(function, _)| (at, function))
    }

    /// The function at a place that [`Compiled::function`] gave, and where its module has it.
    pub(crate) fn function_at(&self, place: usize) -> Option<&(Function, ModuleExport)> {
        self.functions().get(place)
    }

    /// Lets a signal stop it, where that works; elsewhere its engine's own way must do. Answers whether one of them does.
    pub(crate) fn make_stoppable(&self) -> bool {
        match self.engine.interrupt() {
            Interrupt::Signal | Interrupt::Epoch => true,
            Interrupt::Exit => {
                let find = || match &self.model {
                    Some(model) => signal::Code::of_model(model.component()),
                    None => signal::Code::of(&self.module),
                };
                let code = self.code.get_or_init(|| if signal::works() { find() } else { None });
                code.is_some()
            }
        }
    }

    /// Tells whether somebody has looked already.
    pub(crate) fn is_known_stoppable(&self) -> bool {
        self.code.get().is_some()
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

fn invalid(error: wasmtime::Error) -> ComponentError {
    ComponentError::Invalid(describe(&error))
}

/// An error with its causes on one line.
pub(crate) fn describe(error: &wasmtime::Error) -> String {
    format!("{error:#}").replace('\n', " ")
}

fn unknown_imports(module: &Module) -> Vec<String> {
    let known = |module: &str, name: &str| {
        (module == IMPORT_MODULE && name == IMPORT_CALL) || crate::wasi::provides(module, name)
    };
    module
        .imports()
        .filter(|import| !known(import.module(), import.name()))
        .map(|import| {
            let kind = match import.ty() {
                ExternType::Func(_) => "function",
                ExternType::Global(_) => "global",
                ExternType::Table(_) => "table",
                ExternType::Memory(_) => "memory",
                ExternType::Tag(_) => "tag",
            };
            format!("{kind} {:?} of {:?}", import.name(), import.module())
        })
        .collect()
}

/// A module's binary, in memory or in a file that is mapped. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Binary(Arc<dyn AsRef<[u8]> + Send + Sync>);

impl Binary {
    pub(crate) fn new(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Binary {
        Binary(Arc::new(bytes))
    }
}

impl std::ops::Deref for Binary {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl std::fmt::Debug for Binary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// Compiled code, ready for contexts. Cheap to clone: clones share the code.
///
/// ```
/// use b8g::{Component, Config, Context, Engine, Grants, Limits, Value};
/// let engine = Engine::new(Config::new())?;
/// let add = r#"(module (func (export "add") (param i32 i32) (result i32)
///     (i32.add (local.get 0) (local.get 1))))"#;
/// let component = Component::from_wasm(&engine, add.as_bytes())?;
/// let mut context = Context::new(&component, &Grants::none(), Limits::default())?;
/// assert_eq!(context.call("add", &[Value::I32(40), Value::I32(2)])?, [Value::I32(42)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Component {
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) program: Option<Arc<[u8]>>,
    /// The module, unless it is the JavaScript engine that is built in.
    pub(crate) wasm: Option<Binary>,
    files: Arc<[PathBuf]>,
    /// It is CPython: a program that is stopped was somewhere in Python.
    pub(crate) is_python: bool,
}

impl Component {
    /// Compiles a wasm module, in its binary or its text form.
    ///
    /// # Errors
    /// [`ComponentError`] when the bytes are no module that can run here.
    pub fn from_wasm(engine: &Engine, bytes: &[u8]) -> Result<Component, ComponentError> {
        Component::from_wasm_with(engine, bytes, ComponentOptions::default())
    }

    /// As [`Component::from_wasm`], with options.
    ///
    /// # Errors
    /// As [`Component::from_wasm`].
    pub fn from_wasm_with(
        engine: &Engine,
        bytes: &[u8],
        options: ComponentOptions,
    ) -> Result<Component, ComponentError> {
        Component::from_wasm_and_code(engine, bytes, None, options)
    }

    pub(crate) fn from_wasm_and_code(
        engine: &Engine,
        bytes: &[u8],
        native: Option<&[u8]>,
        options: ComponentOptions,
    ) -> Result<Component, ComponentError> {
        Component::from_wasm_kept(engine, bytes, native, options, true)
    }

    fn from_wasm_kept(
        engine: &Engine,
        bytes: &[u8],
        native: Option<&[u8]>,
        options: ComponentOptions,
        keep: bool,
    ) -> Result<Component, ComponentError> {
        if bytes.len() > MODULE_BYTES_MAX {
            return Err(ComponentError::TooLarge { bytes: bytes.len() as u64 });
        }
        let mut binary = wat::parse_bytes(bytes).map_err(|e| ComponentError::Invalid(e.to_string()))?;
        if options.fuse
            && model::is_model(&binary)
            && let Ok(fused) = model::fuse(&binary)
        {
            binary = fused.into();
        }
        let compiled = match model::is_model(&binary) {
            true => Compiled::model(engine, &binary, options, keep)?,
            false => Compiled::new(engine, &binary, native, options, keep)?,
        };
        let compiled = Arc::new(compiled);
        let wasm = Some(Binary::new(binary.into_owned()));
        Ok(Component { compiled, program: None, wasm, files: Arc::from([]), is_python: false })
    }

    /// A component whose code was found without its binary being read.
    pub(crate) fn from_code(
        engine: &Engine,
        code: Code,
        wasm: Binary,
        has_data: bool,
    ) -> Result<Component, ComponentError> {
        let options = ComponentOptions { trap_unknown_imports: true, ..ComponentOptions::default() };
        let mut compiled = match code {
            Code::Model(model) => Compiled::of_model(engine, *model)?,
            Code::Module(module) => Compiled::link(engine, module, None, options)?,
        };
        compiled.data_unread = has_data;
        let compiled = Arc::new(compiled);
        Ok(Component { compiled, program: None, wasm: Some(wasm), files: Arc::from([]), is_python: false })
    }

    /// The same code, and the binary without the data that its memories begin with.
    pub(crate) fn without_data(&self) -> Option<(Code, Vec<u8>)> {
        let (wasm, engine) = (self.wasm.as_deref()?, self.compiled.engine());
        if let Some(model) = &self.compiled.model {
            let (model, stripped) = model.without_data(engine, wasm)?;
            return Some((Code::Model(Box::new(model)), stripped));
        }
        // Elsewhere the code is not kept under that binary.
        let stripped = split::Split::of(wasm).filter(|_| self.compiled.is_whole)?.without_data();
        Some((Code::Module(self.compiled.module.clone()), stripped))
    }

    /// Compiles what a context gave: no file is read for it, and nothing of it is kept on disk.
    pub(crate) fn from_guest(
        engine: &Engine,
        language: abi::Language,
        source: &[u8],
    ) -> Result<Component, ComponentError> {
        let language = match language {
            abi::Language::Wasm => {
                return Component::from_wasm_kept(engine, source, None, ComponentOptions::default(), false);
            }
            abi::Language::JavaScript => Language::JavaScript,
            abi::Language::TypeScript => Language::TypeScript,
        };
        let source = std::str::from_utf8(source).map_err(|e| ComponentError::Invalid(e.to_string()))?;
        let name = if language == Language::TypeScript { "task.ts" } else { "task.js" };
        let entry = frontend::Entry::Source { name, language, source, directory: Path::new("/") };
        Component::from_program(
            engine,
            entry,
            frontend::Options { sealed: true, ..frontend::Options::default() },
        )
    }

    /// Makes a component of a file: JavaScript, TypeScript with all that it imports, or wasm, by its extension.
    ///
    /// # Errors
    /// [`ComponentError`] when it cannot be read, resolved or compiled.
    pub fn from_file(engine: &Engine, path: impl AsRef<Path>) -> Result<Component, ComponentError> {
        Component::from_file_with(engine, path, ComponentOptions::default())
    }

    /// As [`Component::from_file`], with options.
    ///
    /// # Errors
    /// As [`Component::from_file`].
    pub fn from_file_with(
        engine: &Engine,
        path: impl AsRef<Path>,
        options: ComponentOptions,
    ) -> Result<Component, ComponentError> {
        let path = path.as_ref();
        if Language::from_path(path).is_some() {
            return Component::from_program(engine, frontend::Entry::File(path), options.of_program());
        }
        let bytes = read_module(path)?;
        let mut component = Component::from_wasm_with(engine, &bytes, options)?;
        component.files = Arc::from([path.to_owned()]);
        Ok(component)
    }

    /// Makes a component of a source text; what it imports is looked for from `directory`.
    ///
    /// # Errors
    /// [`ComponentError`] when it cannot be resolved or compiled.
    pub fn from_source(
        engine: &Engine,
        name: &str,
        language: Language,
        source: &str,
        directory: &Path,
    ) -> Result<Component, ComponentError> {
        let options = ComponentOptions::default();
        Component::from_source_with(engine, name, language, source, directory, options)
    }

    /// As [`Component::from_source`], with options.
    ///
    /// # Errors
    /// As [`Component::from_source`].
    pub fn from_source_with(
        engine: &Engine,
        name: &str,
        language: Language,
        source: &str,
        directory: &Path,
        options: ComponentOptions,
    ) -> Result<Component, ComponentError> {
        let entry = frontend::Entry::Source { name, language, source, directory };
        Component::from_program(engine, entry, options.of_program())
    }

    /// The bare JavaScript engine, for [`Context::eval`](crate::Context::eval).
    ///
    /// # Errors
    /// [`ComponentError`] when it cannot be compiled on this machine.
    pub fn javascript(engine: &Engine) -> Result<Component, ComponentError> {
        Ok(Component {
            compiled: engine.javascript()?,
            program: None,
            wasm: None,
            files: Arc::from([]),
            is_python: false,
        })
    }

    fn from_program(
        engine: &Engine,
        entry: frontend::Entry<'_>,
        options: frontend::Options,
    ) -> Result<Component, ComponentError> {
        let program = frontend::build_program(entry, &options)?;
        Ok(Component {
            compiled: engine.javascript()?,
            program: Some(program.blob.into()),
            wasm: None,
            files: program.files.into(),
            is_python: false,
        })
    }

    /// The same component, given that program.
    pub(crate) fn running(&self, program: Arc<[u8]>) -> Component {
        Component { program: Some(program), ..self.clone() }
    }

    /// The same component, which is CPython or is not.
    pub(crate) fn of_python(self, is_python: bool) -> Component {
        Component { is_python, ..self }
    }

    pub(crate) fn made_from(self, files: Vec<PathBuf>) -> Component {
        Component { files: files.into(), ..self }
    }

    /// Tells whether it may evaluate source text: it is the JavaScript engine that is built in, a component of the component model that
    /// is written for our own ABI, or CPython as a module.
    pub fn is_script(&self) -> bool {
        let is_module = self.is_python && self.compiled.face == Face::Abi;
        self.wasm.is_none() || is_module || self.compiled.model.as_ref().is_some_and(Model::is_guest)
    }

    /// The files that it was made from.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What it imports: `module.name` each; of the component model, the names of instances and functions.
    pub fn imports(&self) -> Vec<String> {
        if let Some(model) = &self.compiled.model {
            return model.imports.clone();
        }
        let imports = self.compiled.module.imports();
        imports.map(|import| format!("{}.{}", import.module(), import.name())).collect()
    }

    /// Lists the functions that [`Context::call`](crate::Context::call) can call: those of numbers, by name.
    pub fn functions(&self) -> Vec<Function> {
        self.compiled.functions().iter().map(|(function, _)| function.clone()).collect()
    }

    /// Tells whether it is CPython.
    pub fn is_python(&self) -> bool {
        self.is_python
    }

    /// Tells whether it is a wasm module of its own, rather than a program for the JavaScript engine that is built in.
    pub fn is_wasm(&self) -> bool {
        self.wasm.is_some()
    }

    /// Tells whether it answers requests of HTTP: see [`Context::answer`](crate::Context::answer).
    pub fn is_http_handler(&self) -> bool {
        self.compiled.model.as_ref().is_some_and(|model| model.handler.is_some())
    }

    /// Tells whether it is a program that runs by itself, rather than functions to call.
    pub fn is_program(&self) -> bool {
        if let Some(model) = &self.compiled.model {
            return model.is_program();
        }
        self.compiled.face == Face::Abi || self.compiled.module.get_export("_start").is_some()
    }
}

/// Bytes of one function of wasm that a context gives: what its compiling takes may grow faster than it.
const FUNCTION_BYTES_MAX: usize = 128 << 10;

/// Tells whether wasm would take long to compile: a function of it, in modules within it too, or all of them, if they are more than
/// `code_bytes_max`. Text is turned into a binary first, which is quick.
pub(crate) fn takes_long(source: &[u8], code_bytes_max: usize) -> bool {
    use wasmparser::{Parser, Payload};
    let Ok(binary) = wat::parse_bytes(source) else { return false };
    let mut all = 0;
    Parser::new(0).parse_all(&binary).map_while(Result::ok).any(|payload| match payload {
        Payload::CodeSectionEntry(body) => {
            all += body.range().len();
            body.range().len() > FUNCTION_BYTES_MAX || all > code_bytes_max
        }
        _ => false,
    })
}

fn read_module(path: &Path) -> Result<Vec<u8>, ComponentError> {
    use std::io::Read;
    let failed = |source| ComponentError::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(failed(std::io::ErrorKind::IsADirectory.into()));
    }
    if metadata.len() > MODULE_BYTES_MAX as u64 {
        return Err(ComponentError::TooLarge { bytes: metadata.len() });
    }
    let mut bytes = Vec::new();
    file.take(MODULE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
