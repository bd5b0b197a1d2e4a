//! A component as a list of what it defines, in order, as far as its core modules ask.

use std::collections::HashMap;

use wasmparser::{
    BinaryReaderError, CanonicalFunction, ComponentAlias, ComponentOuterAliasKind, Encoding, ExternalKind,
    Import, Instance, Parser, Payload, TypeRef,
};

/// Names that an item may have on its way to who imports it.
const ALIASES_MAX: usize = 64;
/// Core instances at most: what fusing takes grows with them.
const INSTANCES_MAX: usize = 10_000;

/// What a component holds.
pub(super) struct Outline<'w> {
    pub(super) items: Vec<Item<'w>>,
    pub(super) modules: Vec<Module<'w>>,
    /// Each core instance: what it is made of.
    pub(super) instances: Vec<CoreInstance<'w>>,
    /// What each number of a core item stands for, by kind.
    pub(super) spaces: HashMap<Kind, Vec<Source<'w>>>,
}

/// One definition, or a section that core modules have nothing to do with.
pub(super) enum Item<'w> {
    Raw(u8, &'w [u8]),
    /// The core module of that number.
    Module(u32),
    /// The core instance of that number.
    Instance(u32),
    /// An alias of a core item.
    CoreAlias,
    Alias(ComponentAlias<'w>),
    /// A canonical function, and its number if it is a core function.
    Canonical(CanonicalFunction, Option<u32>),
}

/// What core instances export.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    Function,
    Table,
    Memory,
    Global,
}

impl Kind {
    pub(super) fn of(kind: ExternalKind) -> Option<Kind> {
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => Some(Kind::Function),
            ExternalKind::Table => Some(Kind::Table),
            ExternalKind::Memory => Some(Kind::Memory),
            ExternalKind::Global => Some(Kind::Global),
            ExternalKind::Tag => None,
        }
    }

    pub(super) fn export(self) -> wasm_encoder::ExportKind {
        match self {
            Kind::Function => wasm_encoder::ExportKind::Func,
            Kind::Table => wasm_encoder::ExportKind::Table,
            Kind::Memory => wasm_encoder::ExportKind::Memory,
            Kind::Global => wasm_encoder::ExportKind::Global,
        }
    }
}

/// Where a core item comes from.
#[derive(Clone, Copy)]
pub(super) enum Source<'w> {
    /// An export of a core instance.
    Export(u32, &'w str),
    /// A canonical function.
    Canonical,
}

pub(super) enum CoreInstance<'w> {
    /// A module with what it imports: for each module name the instance.
    Module(u32, HashMap<&'w str, u32>),
    /// Items under names.
    Items(HashMap<(&'w str, Kind), u32>),
}

/// A core module, as far as linking asks.
pub(super) struct Module<'w> {
    pub(super) wasm: &'w [u8],
    pub(super) imports: Vec<Import<'w>>,
    pub(super) exports: HashMap<&'w str, (Kind, u32)>,
    /// Whether it has a start function, or data that is written when it becomes an instance.
    pub(super) starts: bool,
    pub(super) writes_data: bool,
    /// The tables whose elements it sets when it becomes an instance.
    pub(super) fills_tables: Vec<u32>,
    /// Why it stays as it is.
    pub(super) bar: Option<&'static str>,
}

fn invalid(_: BinaryReaderError) -> String {
    "it is not valid".to_owned()
}

impl<'w> Outline<'w> {
    /// Takes a component apart.
    ///
    /// # Errors
    /// Why it is left as it is.
    pub(super) fn read(wasm: &'w [u8]) -> Result<Outline<'w>, String> {
        let mut outline =
            Outline { items: Vec::new(), modules: Vec::new(), instances: Vec::new(), spaces: HashMap::new() };
        // How deep within components and modules, and whether the innermost is a module of the outermost component.
        let mut depth = 0_usize;
        let mut module = false;
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.map_err(invalid)?;
            match depth {
                0 => outline.outer(wasm, &payload)?,
                1 if module => {
                    let Some(last) = outline.modules.last_mut() else { return Err(invalid_text()) };
                    last.payload(&payload).map_err(invalid)?;
                }
                _ => nested(&payload)?,
            }
            match payload {
                Payload::ModuleSection { .. } => {
                    module = depth == 0;
                    depth += 1;
                }
                Payload::ComponentSection { .. } => {
                    module = false;
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        Ok(outline)
    }

    fn outer(&mut self, wasm: &'w [u8], payload: &Payload<'w>) -> Result<(), String> {
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => return Err(invalid_text()),
            Payload::ModuleSection { unchecked_range, .. } => {
                let wasm = wasm.get(unchecked_range.clone()).ok_or_else(invalid_text)?;
                self.items.push(Item::Module(self.modules.len() as u32));
                self.modules.push(Module {
                    wasm,
                    imports: Vec::new(),
                    exports: HashMap::new(),
                    starts: false,
                    writes_data: false,
                    fills_tables: Vec::new(),
                    bar: None,
                });
            }
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    let instance = core_instance(instance.map_err(invalid)?)?;
                    self.items.push(Item::Instance(self.instances.len() as u32));
                    self.instances.push(instance);
                }
                if self.instances.len() > INSTANCES_MAX {
                    return Err("it has too many core instances".to_owned());
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases.clone() {
                    self.alias(alias.map_err(invalid)?)?;
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions.clone() {
                    let function = function.map_err(invalid)?;
                    let number = match function {
                        CanonicalFunction::Lift { .. } => None,
                        CanonicalFunction::Lower { .. }
                        | CanonicalFunction::ResourceNew { .. }
                        | CanonicalFunction::ResourceDrop { .. }
                        | CanonicalFunction::ResourceRep { .. } => {
                            Some(self.define(Kind::Function, Source::Canonical))
                        }
                        _ => return Err("it uses asynchronous functions of the component model".to_owned()),
                    };
                    self.items.push(Item::Canonical(function, number));
                }
            }
            Payload::ComponentStartSection { .. } => {
                return Err("it has a start function of its own".to_owned());
            }
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    let bytes = wasm.get(range).ok_or_else(invalid_text)?;
                    self.items.push(Item::Raw(id, bytes));
                }
            }
        }
        Ok(())
    }

    fn alias(&mut self, alias: ComponentAlias<'w>) -> Result<(), String> {
        let item = match alias {
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                let kind = Kind::of(kind).ok_or("it has tags")?;
                self.define(kind, Source::Export(instance_index, name));
                Item::CoreAlias
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. } => {
                return Err("it uses modules of others".to_owned());
            }
            alias => Item::Alias(alias),
        };
        self.items.push(item);
        Ok(())
    }

    fn define(&mut self, kind: Kind, source: Source<'w>) -> u32 {
        let space = self.spaces.entry(kind).or_default();
        space.push(source);
        space.len() as u32 - 1
    }

    pub(super) fn source(&self, kind: Kind, number: u32) -> Result<Source<'w>, String> {
        let source = self.spaces.get(&kind).and_then(|space| space.get(number as usize));
        source.copied().ok_or_else(invalid_text)
    }

    pub(super) fn instance(&self, number: u32) -> Result<&CoreInstance<'w>, String> {
        self.instances.get(number as usize).ok_or_else(invalid_text)
    }

    pub(super) fn module(&self, number: u32) -> Result<&Module<'w>, String> {
        self.modules.get(number as usize).ok_or_else(invalid_text)
    }

    /// What an instance has under a name: an export of an instance that is made of a module, or a canonical function.
    pub(super) fn origin(&self, instance: u32, kind: Kind, name: &'w str) -> Result<Origin<'w>, String> {
        let (mut instance, mut name) = (instance, name);
        for _ in 0..ALIASES_MAX {
            let number = match self.instance(instance)? {
                CoreInstance::Module(module, _) => {
                    let exported = self.module(*module)?.exports.get(name);
                    let number = exported.filter(|(found, _)| *found == kind).map(|(_, number)| *number);
                    return number
                        .map(|number| Origin::Export { instance, name, number })
                        .ok_or_else(invalid_text);
                }
                CoreInstance::Items(items) => *items.get(&(name, kind)).ok_or_else(invalid_text)?,
            };
            match self.source(kind, number)? {
                Source::Canonical => return Ok(Origin::Canonical(number)),
                Source::Export(of, under) => (instance, name) = (of, under),
            }
        }
        Err("its aliases go on and on".to_owned())
    }

    /// What a core item is, whatever it was called on the way.
    pub(super) fn item_origin(&self, kind: Kind, number: u32) -> Result<Origin<'w>, String> {
        match self.source(kind, number)? {
            Source::Canonical => Ok(Origin::Canonical(number)),
            Source::Export(instance, name) => self.origin(instance, kind, name),
        }
    }
}

/// Where an item comes from in the end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin<'w> {
    /// The core function of that number.
    Canonical(u32),
    /// An export of a module's instance: the item of that number of the module.
    Export { instance: u32, name: &'w str, number: u32 },
}

pub(super) fn invalid_text() -> String {
    "it is not valid".to_owned()
}

fn core_instance(instance: Instance<'_>) -> Result<CoreInstance<'_>, String> {
    Ok(match instance {
        Instance::Instantiate { module_index, args } => {
            CoreInstance::Module(module_index, args.iter().map(|arg| (arg.name, arg.index)).collect())
        }
        Instance::FromExports(exports) => {
            let items = exports.iter().map(|export| {
                let kind = Kind::of(export.kind).ok_or("it has tags")?;
                Ok(((export.name, kind), export.index))
            });
            CoreInstance::Items(items.collect::<Result<_, &str>>()?)
        }
    })
}

/// What lies within others may not reach for what is moved.
fn nested(payload: &Payload<'_>) -> Result<(), String> {
    if let Payload::ComponentAliasSection(aliases) = payload {
        for alias in aliases.clone() {
            if let ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. } =
                alias.map_err(invalid)?
            {
                return Err("it uses modules of others".to_owned());
            }
        }
    }
    Ok(())
}

impl<'w> Module<'w> {
    fn payload(&mut self, payload: &Payload<'w>) -> wasmparser::Result<()> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    let import = import?;
                    if let TypeRef::Tag(_) = import.ty {
                        self.bar = Some("has tags");
                    }
                    self.imports.push(import);
                }
            }
            Payload::TagSection(_) => self.bar = Some("has tags"),
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    match Kind::of(export.kind) {
                        Some(kind) => {
                            self.exports.insert(export.name, (kind, export.index));
                        }
                        None => self.bar = Some("has tags"),
                    }
                }
            }
            Payload::StartSection { .. } => self.starts = true,
            Payload::ElementSection(elements) => {
                for element in elements.clone() {
                    if let wasmparser::ElementKind::Active { table_index, .. } = element?.kind {
                        self.fills_tables.push(table_index.unwrap_or(0));
                    }
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments.clone() {
                    if let wasmparser::DataKind::Active { .. } = segment?.kind {
                        self.writes_data = true;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}
