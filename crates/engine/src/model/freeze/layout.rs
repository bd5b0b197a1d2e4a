//! What is in a binary of the component model, as far as freezing asks: its core modules, in which order they become
//! instances, where its resources come from. Code is not read, so that this costs little when the code is compiled already.
//!
//! Invariant: the same binary always gives the same answer, whether its code is compiled now or was found in the cache.

use wasmparser::{
    BinaryReaderError, CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind,
    ComponentOuterAliasKind, ComponentType, ComponentTypeRef, Encoding, ExternalKind, Instance,
    InstanceTypeDeclaration, Parser, Payload,
};

use super::core::CoreModule;
use super::kind::Kind;
use crate::model::MEMORIES_MAX;

/// What names of ours begin with, in components.
pub(super) const RESERVED: &str = "b8g-";
/// The same in core modules.
pub(super) const RESERVED_CORE: &str = "b8g:";

/// Core instances that are made of modules.
const INSTANCES_MAX: usize = 10_000;
/// Mutable globals of all instances together.
const GLOBALS_MAX: usize = 65_536;

/// Memories that a module has at most: those that the helper imports, and its own.
pub(super) const MODULE_MEMORIES_MAX: usize = 100;

/// Why a binary is compiled as it is, and cannot be frozen.
pub(crate) type Bar = String;

/// A binary that is rewritten.
pub(crate) struct Layout<'w> {
    pub(super) sections: Vec<Section<'w>>,
    pub(super) modules: Vec<CoreModule<'w>>,
    /// The core instances that are made of modules, in order: their numbers and the modules'.
    pub(super) instances: Vec<(u32, u32)>,
    pub(super) spaces: Spaces,
    /// By which imported instance a kind of resource comes, if it does.
    pub(super) kinds: Vec<(Kind, u32)>,
    /// Whether something of it can wait outside of the host's functions.
    pub(super) waits: bool,
}

/// A part of the binary, in order.
pub(super) enum Section<'w> {
    /// The next core module.
    Module,
    Raw(u8, &'w [u8]),
}

/// How much there is of what has numbers.
#[derive(Default)]
pub(super) struct Spaces {
    pub(super) core_functions: u32,
    pub(super) core_instances: u32,
    pub(super) types: u32,
    pub(super) functions: u32,
    instances: u32,
}

impl Spaces {
    fn add(&mut self, kind: ComponentExternalKind) {
        match kind {
            ComponentExternalKind::Type => self.types += 1,
            ComponentExternalKind::Func => self.functions += 1,
            ComponentExternalKind::Instance => self.instances += 1,
            _ => {}
        }
    }
}

/// Why reading stopped.
enum Stop {
    Bar(Bar),
    Invalid,
}

impl From<BinaryReaderError> for Stop {
    fn from(_: BinaryReaderError) -> Stop {
        Stop::Invalid
    }
}

fn bar(why: &str) -> Stop {
    Stop::Bar(why.to_owned())
}

impl<'w> Layout<'w> {
    /// Reads a binary. What is not valid gets an answer too: the compiler will say why it is not.
    ///
    /// # Errors
    /// Why it is left as it is.
    pub(crate) fn read(wasm: &'w [u8]) -> Result<Layout<'w>, Bar> {
        Reader::read(wasm).map_err(|stop| match stop {
            Stop::Bar(why) => why,
            Stop::Invalid => "it is not valid".to_owned(),
        })
    }
}

/// Reads one.
struct Reader<'w> {
    wasm: &'w [u8],
    layout: Layout<'w>,
    /// How many modules and components the place that is read lies within, but for the outermost.
    depth: usize,
    /// Whether the innermost is a module.
    in_module: bool,
    /// For each type that is one of an instance, the kinds of resources that it exports.
    types: Vec<Vec<Kind>>,
}

impl<'w> Reader<'w> {
    fn read(wasm: &'w [u8]) -> Result<Layout<'w>, Stop> {
        let layout = Layout {
            sections: Vec::new(),
            modules: Vec::new(),
            instances: Vec::new(),
            spaces: Spaces::default(),
            kinds: Vec::new(),
            waits: false,
        };
        let mut reader = Reader { wasm, layout, depth: 0, in_module: false, types: Vec::new() };
        for payload in Parser::new(0).parse_all(wasm) {
            reader.payload(payload?)?;
        }
        let layout = reader.layout;
        layout.check()?;
        Ok(layout)
    }

    fn payload(&mut self, payload: Payload<'w>) -> Result<(), Stop> {
        if self.depth == 0 {
            self.outer(&payload)?;
        } else if !self.in_module {
            nested(&payload)?;
        }
        match payload {
            Payload::ModuleSection { .. } => (self.depth, self.in_module) = (self.depth + 1, true),
            Payload::ComponentSection { .. } => self.depth += 1,
            Payload::End(_) if self.depth > 0 => (self.depth, self.in_module) = (self.depth - 1, false),
            _ => {}
        }
        Ok(())
    }

    /// What the component itself holds.
    fn outer(&mut self, payload: &Payload<'w>) -> Result<(), Stop> {
        let section = payload.as_section();
        match (payload, section) {
            (Payload::ModuleSection { unchecked_range, .. }, _) => {
                let bytes = self.wasm.get(unchecked_range.clone()).ok_or(Stop::Invalid)?;
                let number = self.layout.modules.len();
                let module = CoreModule::read(bytes).map_err(|why| match why {
                    Some(why) => Stop::Bar(format!("its core module {number} {why}")),
                    None => Stop::Invalid,
                })?;
                self.layout.modules.push(module);
                self.layout.sections.push(Section::Module);
                return Ok(());
            }
            (_, Some((id, range))) => {
                let bytes = self.wasm.get(range).ok_or(Stop::Invalid)?;
                self.layout.sections.push(Section::Raw(id, bytes));
            }
            _ => {}
        }
        let spaces = &mut self.layout.spaces;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => return Err(Stop::Invalid),
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    if let Instance::Instantiate { module_index, .. } = instance? {
                        self.layout.instances.push((spaces.core_instances, module_index));
                    }
                    spaces.core_instances += 1;
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                spaces.instances = spaces.instances.saturating_add(instances.count());
            }
            Payload::ComponentTypeSection(types) => {
                self.types.resize(spaces.types as usize, Vec::new());
                for ty in types.clone() {
                    let ty = ty?;
                    self.layout.waits |= has_async(&ty);
                    self.types.push(exported_kinds(&ty));
                    spaces.types += 1;
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases.clone() {
                    spaces.alias(&alias?)?;
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions.clone() {
                    self.layout.waits |= spaces.canonical(&function?)?;
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone() {
                    let import = import?;
                    let name = import.name.name;
                    if name.starts_with(RESERVED) {
                        return Err(Stop::Bar(format!("it imports {name:?}, a name of the engine's own")));
                    }
                    if let ComponentTypeRef::Module(_)
                    | ComponentTypeRef::Component(_)
                    | ComponentTypeRef::Value(_) = import.ty
                    {
                        return Err(Stop::Bar(format!("it imports {name:?}, which is no instance")));
                    }
                    let is_wasi = |(_, version): (&str, &str)| {
                        version.starts_with("0.2.") || version.starts_with("0.3.")
                    };
                    // Handles of our own ABI are a guest's to renew when it is told that it goes on.
                    let is_known = crate::typed::INTERFACES.contains(&name);
                    if !is_known && !name.split_once('@').is_none_or(is_wasi) {
                        return Err(Stop::Bar(format!(
                            "it imports {name}: only components of WASI 0.2 and 0.3 can be frozen"
                        )));
                    }
                    if let ComponentTypeRef::Instance(ty) = import.ty {
                        let exported = self.types.get(ty as usize).map_or(&[][..], |kinds| kinds);
                        let kinds = Kind::of_interface(name).filter(|kind| exported.contains(kind));
                        self.layout.kinds.extend(kinds.map(|kind| (kind, spaces.instances)));
                    }
                    spaces.add(import.ty.kind());
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    if export.name.name.starts_with(RESERVED) {
                        let name = export.name.name;
                        return Err(Stop::Bar(format!("it exports {name:?}, a name of the engine's own")));
                    }
                    spaces.add(export.kind);
                }
            }
            Payload::ComponentStartSection { .. } => return Err(bar("it has a start function of its own")),
            _ => {}
        }
        Ok(())
    }
}

/// Whether a type is one of functions that can wait, or of an instance with such.
fn has_async(ty: &ComponentType<'_>) -> bool {
    match ty {
        ComponentType::Func(function) => function.async_,
        ComponentType::Instance(declarations) => declarations.iter().any(|declaration| {
            matches!(declaration, InstanceTypeDeclaration::Type(ComponentType::Func(function)) if function.async_)
        }),
        _ => false,
    }
}

/// The resources that an instance of this type exports under names that we know.
fn exported_kinds(ty: &ComponentType<'_>) -> Vec<Kind> {
    let ComponentType::Instance(declarations) = ty else { return Vec::new() };
    let named = declarations.iter().filter_map(|declaration| match declaration {
        InstanceTypeDeclaration::Export { name, ty: ComponentTypeRef::Type(_) } => Some(name.name),
        _ => None,
    });
    named.filter_map(|name| Kind::ALL.into_iter().find(|kind| kind.name() == name)).collect()
}

/// What a component within the component holds: no code, nor what could hold a handle.
fn nested(payload: &Payload<'_>) -> Result<(), Stop> {
    match payload {
        Payload::ModuleSection { .. }
        | Payload::InstanceSection(_)
        | Payload::ComponentCanonicalSection(_) => {
            Err(bar("it holds a component that has core modules of its own"))
        }
        _ => Ok(()),
    }
}

impl Spaces {
    fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Stop> {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Func | ExternalKind::FuncExact, ..
            } => {
                self.core_functions += 1;
            }
            ComponentAlias::CoreInstanceExport { .. } => {}
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Module | ComponentExternalKind::Component,
                ..
            }
            | ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::CoreModule | ComponentOuterAliasKind::Component,
                ..
            } => return Err(bar("it uses modules or components of others")),
            ComponentAlias::InstanceExport { kind, .. } => self.add(*kind),
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Type, .. } => self.types += 1,
            ComponentAlias::Outer { .. } => {}
        }
        Ok(())
    }

    /// Counts a function; tells whether something waits by it.
    fn canonical(&mut self, function: &CanonicalFunction) -> Result<bool, Stop> {
        let is_async = |options: &[CanonicalOption]| {
            options.iter().any(|o| matches!(o, CanonicalOption::Async | CanonicalOption::Callback(_)))
        };
        let waits = match function {
            CanonicalFunction::Lift { options, .. } => {
                self.functions += 1;
                return Ok(is_async(options));
            }
            CanonicalFunction::Lower { options, .. } => is_async(options),
            CanonicalFunction::ResourceDrop { .. } => false,
            CanonicalFunction::ResourceNew { .. } | CanonicalFunction::ResourceRep { .. } => {
                return Err(bar("it has resources of its own"));
            }
            // What these are about is a task's, a stream's or a future's, and of none is there any when it is frozen.
            CanonicalFunction::TaskReturn { .. }
            | CanonicalFunction::TaskCancel
            | CanonicalFunction::ContextGet { .. }
            | CanonicalFunction::ContextSet { .. }
            | CanonicalFunction::ThreadYield { .. }
            | CanonicalFunction::SubtaskDrop
            | CanonicalFunction::SubtaskCancel { .. }
            | CanonicalFunction::StreamNew { .. }
            | CanonicalFunction::StreamRead { .. }
            | CanonicalFunction::StreamWrite { .. }
            | CanonicalFunction::StreamCancelRead { .. }
            | CanonicalFunction::StreamCancelWrite { .. }
            | CanonicalFunction::StreamDropReadable { .. }
            | CanonicalFunction::StreamDropWritable { .. }
            | CanonicalFunction::FutureNew { .. }
            | CanonicalFunction::FutureRead { .. }
            | CanonicalFunction::FutureWrite { .. }
            | CanonicalFunction::FutureCancelRead { .. }
            | CanonicalFunction::FutureCancelWrite { .. }
            | CanonicalFunction::FutureDropReadable { .. }
            | CanonicalFunction::FutureDropWritable { .. }
            | CanonicalFunction::WaitableSetNew
            | CanonicalFunction::WaitableSetWait { .. }
            | CanonicalFunction::WaitableSetPoll { .. }
            | CanonicalFunction::WaitableSetDrop
            | CanonicalFunction::WaitableJoin => true,
            CanonicalFunction::BackpressureInc | CanonicalFunction::BackpressureDec => {
                return Err(bar("it holds up those who call it (backpressure), which nobody can look at"));
            }
            _ => return Err(bar("it uses threads or errors of the component model")),
        };
        self.core_functions += 1;
        Ok(waits)
    }
}

impl Layout<'_> {
    /// Whether all that was found can be rewritten.
    fn check(&self) -> Result<(), Stop> {
        if self.instances.len() > INSTANCES_MAX {
            return Err(bar("it has too many core instances"));
        }
        let known = |(_, module): &(u32, u32)| (*module as usize) < self.modules.len();
        if !self.instances.iter().all(known) {
            return Err(Stop::Invalid);
        }
        // With the one of the helper.
        let memories: usize = self.instances().map(|(_, module)| module.all_memories().count()).sum();
        let shown: usize = self.instances().map(|(_, module)| module.memories.len()).sum();
        if memories >= MEMORIES_MAX || shown >= MODULE_MEMORIES_MAX {
            return Err(bar("it has too many memories"));
        }
        let mut globals = 0;
        for (_, module) in self.instances() {
            globals += module.globals.len();
            if globals > GLOBALS_MAX {
                return Err(bar("it has too many mutable globals"));
            }
        }
        for (at, (kind, _)) in self.kinds.iter().enumerate() {
            if self.kinds[..at].iter().any(|(other, _)| other == kind) {
                return Err(bar("it imports several versions of an interface"));
            }
        }
        Ok(())
    }

    /// The core instances in the order in which they are made: their numbers and their modules.
    pub(super) fn instances(&self) -> impl Iterator<Item = (u32, &CoreModule<'_>)> {
        self.instances.iter().map(|(number, module)| (*number, &self.modules[*module as usize]))
    }
}
