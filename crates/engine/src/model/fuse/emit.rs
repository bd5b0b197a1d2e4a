//! The component around the fused module: what it was, with new numbers for core items.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasm_encoder::{
    Alias, CanonicalFunctionSection, Component, ComponentAliasSection, ComponentExportKind,
    ComponentOuterAliasKind, ComponentSectionId, InstanceSection, ModuleArg, RawSection,
};
use wasmparser::{CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind};

use super::module::{FROM, Fused};
use super::plan::{Plan, needs};
use super::read::{CoreInstance, Item, Kind, Origin, Outline, Source};

/// Writes the component.
pub(super) fn emit(outline: &Outline<'_>, plan: &Plan, fused: &Fused<'_>) -> Vec<u8> {
    let mut writer = Writer {
        outline,
        plan,
        fused,
        late: late(outline, plan),
        component: Component::new(),
        items: HashMap::new(),
        next: BTreeMap::new(),
        instances: HashMap::new(),
        next_instance: 0,
        modules: HashMap::new(),
        next_module: 0,
    };
    for (at, item) in outline.items.iter().enumerate() {
        if at == plan.place {
            writer.fused();
        }
        writer.item(item);
    }
    if plan.place >= outline.items.len() {
        writer.fused();
    }
    writer.component.finish()
}

/// The instances of items that hold something of a member, and that somebody who is no member uses.
fn late(outline: &Outline<'_>, plan: &Plan) -> BTreeSet<u32> {
    let used = (0..).zip(&outline.instances).filter_map(|(number, instance)| match instance {
        CoreInstance::Module(_, arguments) if !plan.is_member(number) => Some(arguments.values().copied()),
        _ => None,
    });
    let used: BTreeSet<u32> = used.flatten().collect();
    used.into_iter().filter(|number| has_members(outline, plan, *number)).collect()
}

fn has_members(outline: &Outline<'_>, plan: &Plan, instance: u32) -> bool {
    let Ok(CoreInstance::Items(items)) = outline.instance(instance) else { return false };
    items.iter().any(|((_, kind), number)| is_members(outline, plan, *kind, *number))
}

fn is_members(outline: &Outline<'_>, plan: &Plan, kind: Kind, number: u32) -> bool {
    matches!(outline.item_origin(kind, number), Ok(Origin::Export { instance, .. }) if plan.is_member(instance))
}

struct Writer<'a, 'w> {
    outline: &'a Outline<'w>,
    plan: &'a Plan,
    fused: &'a Fused<'w>,
    late: BTreeSet<u32>,
    component: Component,
    /// New numbers of core items, and how many there are.
    items: HashMap<(Kind, u32), u32>,
    next: BTreeMap<Kind, u32>,
    instances: HashMap<u32, u32>,
    next_instance: u32,
    modules: HashMap<u32, u32>,
    next_module: u32,
}

impl Writer<'_, '_> {
    fn item(&mut self, item: &Item<'_>) {
        match item {
            Item::Raw(id, data) => {
                self.component.section(&RawSection { id: *id, data });
            }
            Item::Module(number) => {
                let is_members = self.plan.members.iter().any(|(_, module)| module == number);
                if let (false, Some(module)) = (is_members, self.outline.modules.get(*number as usize)) {
                    self.modules.insert(*number, self.next_module);
                    self.module(module.wasm);
                }
            }
            Item::Instance(number) => {
                if !self.plan.is_member(*number) {
                    self.instance(*number);
                }
            }
            // Made where it is needed.
            Item::CoreAlias => {}
            Item::Alias(alias) => {
                let mut aliases = ComponentAliasSection::new();
                aliases.alias(component_alias(alias));
                self.component.section(&aliases);
            }
            Item::Canonical(function, number) => self.canonical(function, *number),
        }
    }

    fn module(&mut self, wasm: &[u8]) {
        self.component.section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: wasm });
        self.next_module += 1;
    }

    fn add_item(&mut self, kind: Kind) -> u32 {
        let next = self.next.entry(kind).or_default();
        *next += 1;
        *next - 1
    }

    /// The fused module and its instance.
    fn fused(&mut self) {
        let module = self.next_module;
        self.module(&self.fused.wasm);
        let items = self.plan.imported.iter().enumerate().map(|(at, function)| {
            let number = self.items.get(&(Kind::Function, *function)).copied().unwrap_or(u32::MAX);
            (at.to_string(), Kind::Function.export(), number)
        });
        let items: Vec<_> = items.collect();
        let mut section = InstanceSection::new();
        section.export_items(items.iter().map(|(name, kind, number)| (name.as_str(), *kind, *number)));
        section.instantiate(module, [(FROM, ModuleArg::Instance(self.next_instance))]);
        self.component.section(&section);
        for (member, _) in &self.plan.members {
            self.instances.insert(*member, self.next_instance + 1);
        }
        self.next_instance += 2;
    }

    /// The new number of a core item; where it has none an alias is made.
    fn number(&mut self, kind: Kind, number: u32) -> u32 {
        if let Some(number) = self.items.get(&(kind, number)) {
            return *number;
        }
        let source = self.outline.source(kind, number);
        let alias = match (self.outline.item_origin(kind, number), source) {
            (Ok(Origin::Export { instance, name, .. }), _) if self.plan.is_member(instance) => {
                let name = self.fused.export(kind, instance, name).map(str::to_owned);
                name.zip(self.instances.get(&instance).copied())
            }
            (Ok(_), Ok(Source::Export(instance, name))) => {
                self.instances.get(&instance).map(|instance| (name.to_owned(), *instance))
            }
            _ => None,
        };
        // What is not there has no number either: validation tells.
        let Some((name, instance)) = alias else { return u32::MAX };
        let mut aliases = ComponentAliasSection::new();
        aliases.alias(Alias::CoreInstanceExport { instance, kind: kind.export(), name: &name });
        self.component.section(&aliases);
        let new = self.add_item(kind);
        self.items.insert((kind, number), new);
        new
    }

    fn instance(&mut self, number: u32) {
        match self.outline.instance(number) {
            Ok(CoreInstance::Module(module, arguments)) => {
                let arguments: BTreeMap<_, _> = arguments.iter().collect();
                let mut made = Vec::new();
                for (name, instance) in arguments {
                    let number = match self.plan.is_member(*instance) {
                        true => self.share(*instance, *module, name),
                        false => self.number_of_instance(*instance),
                    };
                    made.push((*name, ModuleArg::Instance(number)));
                }
                let mut section = InstanceSection::new();
                section.instantiate(self.modules.get(module).copied().unwrap_or(u32::MAX), made);
                self.component.section(&section);
                self.add_instance(number);
            }
            // What holds something of a member is made where it is needed.
            Ok(CoreInstance::Items(_)) if has_members(self.outline, self.plan, number) => {}
            _ => self.items(number),
        }
    }

    /// An instance of what a module imports by that name of what was a member.
    fn share(&mut self, member: u32, module: u32, name: &str) -> u32 {
        let imports = self.outline.module(module).map_or(&[][..], |module| &module.imports);
        let mut items = Vec::new();
        for import in imports.iter().filter(|import| import.module == name) {
            let kind = super::plan::kind_of(&import.ty);
            let fused =
                kind.and_then(|kind| self.fused.export(kind, member, import.name).map(|name| (kind, name)));
            let (Some((kind, under)), Some(instance)) = (fused, self.instances.get(&member)) else {
                continue;
            };
            let mut aliases = ComponentAliasSection::new();
            aliases.alias(Alias::CoreInstanceExport {
                instance: *instance,
                kind: kind.export(),
                name: under,
            });
            self.component.section(&aliases);
            items.push((import.name, kind.export(), self.add_item(kind)));
        }
        let mut section = InstanceSection::new();
        section.export_items(items);
        self.component.section(&section);
        self.next_instance += 1;
        self.next_instance - 1
    }

    fn items(&mut self, number: u32) {
        let Ok(CoreInstance::Items(items)) = self.outline.instance(number) else { return };
        let items: BTreeMap<_, _> = items.iter().collect();
        let items: Vec<_> = items
            .into_iter()
            .map(|((name, kind), number)| (*name, kind.export(), self.number(*kind, *number)))
            .collect();
        let mut section = InstanceSection::new();
        section.export_items(items);
        self.component.section(&section);
        self.add_instance(number);
    }

    fn add_instance(&mut self, number: u32) {
        self.instances.insert(number, self.next_instance);
        self.next_instance += 1;
    }

    fn number_of_instance(&mut self, number: u32) -> u32 {
        if !self.instances.contains_key(&number) && self.late.contains(&number) {
            self.items(number);
        }
        self.instances.get(&number).copied().unwrap_or(u32::MAX)
    }

    fn canonical(&mut self, function: &CanonicalFunction, number: Option<u32>) {
        // All aliases that it needs come before it.
        for (kind, number) in needs(function) {
            self.number(kind, number);
        }
        let mut section = CanonicalFunctionSection::new();
        match function {
            CanonicalFunction::Lift { core_func_index, type_index, options } => {
                let core = self.number(Kind::Function, *core_func_index);
                let options = self.options(options);
                section.lift(core, *type_index, options);
            }
            CanonicalFunction::Lower { func_index, options } => {
                let options = self.options(options);
                section.lower(*func_index, options);
            }
            CanonicalFunction::ResourceNew { resource } => {
                section.resource_new(*resource);
            }
            CanonicalFunction::ResourceDrop { resource } => {
                section.resource_drop(*resource);
            }
            CanonicalFunction::ResourceRep { resource } => {
                section.resource_rep(*resource);
            }
            // The outline has no others.
            _ => {}
        }
        self.component.section(&section);
        if let Some(number) = number {
            let new = self.add_item(Kind::Function);
            self.items.insert((Kind::Function, number), new);
        }
    }

    fn options(&mut self, options: &[CanonicalOption]) -> Vec<wasm_encoder::CanonicalOption> {
        use wasm_encoder::CanonicalOption as New;
        let mut option = |option: &CanonicalOption| match option {
            CanonicalOption::UTF8 => New::UTF8,
            CanonicalOption::UTF16 => New::UTF16,
            CanonicalOption::CompactUTF16 => New::CompactUTF16,
            CanonicalOption::Memory(memory) => New::Memory(self.number(Kind::Memory, *memory)),
            CanonicalOption::Realloc(function) => New::Realloc(self.number(Kind::Function, *function)),
            CanonicalOption::PostReturn(function) => New::PostReturn(self.number(Kind::Function, *function)),
            CanonicalOption::Async => New::Async,
            CanonicalOption::Callback(function) => New::Callback(self.number(Kind::Function, *function)),
            CanonicalOption::CoreType(ty) => New::CoreType(*ty),
            CanonicalOption::Gc => New::Gc,
        };
        options.iter().map(&mut option).collect()
    }
}

fn component_alias<'a>(alias: &ComponentAlias<'a>) -> Alias<'a> {
    match *alias {
        ComponentAlias::InstanceExport { kind, instance_index, name } => {
            Alias::InstanceExport { instance: instance_index, kind: component_kind(kind), name }
        }
        // Never among them: core aliases are items of their own.
        ComponentAlias::CoreInstanceExport { instance_index, name, .. } => {
            Alias::CoreInstanceExport { instance: instance_index, kind: wasm_encoder::ExportKind::Func, name }
        }
        ComponentAlias::Outer { kind, count, index } => {
            let kind = match kind {
                wasmparser::ComponentOuterAliasKind::CoreModule => ComponentOuterAliasKind::CoreModule,
                wasmparser::ComponentOuterAliasKind::CoreType => ComponentOuterAliasKind::CoreType,
                wasmparser::ComponentOuterAliasKind::Type => ComponentOuterAliasKind::Type,
                wasmparser::ComponentOuterAliasKind::Component => ComponentOuterAliasKind::Component,
            };
            Alias::Outer { kind, count, index }
        }
    }
}

fn component_kind(kind: ComponentExternalKind) -> ComponentExportKind {
    match kind {
        ComponentExternalKind::Module => ComponentExportKind::Module,
        ComponentExternalKind::Func => ComponentExportKind::Func,
        ComponentExternalKind::Value => ComponentExportKind::Value,
        ComponentExternalKind::Type => ComponentExportKind::Type,
        ComponentExternalKind::Instance => ComponentExportKind::Instance,
        ComponentExternalKind::Component => ComponentExportKind::Component,
    }
}
