//! A component as it is compiled: each core module rewritten, and behind everything the helper and what it needs.

use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection, ComponentExportKind,
    ComponentExportSection, ComponentImportSection, ComponentSectionId, ComponentTypeRef,
    ComponentTypeSection, ComponentValType, ExportKind, InstanceSection, ModuleArg, PrimitiveValType,
    RawSection, ValType,
};

use super::core::CodeBar;
use super::helper::{self, DROP, EMPTY, ENGINE, FILL, FREEZE, MISSING, SHOW, TAKE, THAW};
use super::layout::{Layout, RESERVED, Section};

/// What a rewritten component exports if it cannot be frozen; why stands behind it.
const BAR: &str = "b8g-bar-";

const NO_OPTIONS: [CanonicalOption; 0] = [];

impl Layout<'_> {
    /// The component as it is compiled.
    pub(crate) fn rewritten(&self) -> Vec<u8> {
        let mut component = Component::new();
        let mut modules = self.modules.iter().enumerate();
        let mut bar = None;
        for section in &self.sections {
            match section {
                Section::Raw(id, data) => {
                    component.section(&RawSection { id: *id, data });
                }
                Section::Module => {
                    let Some((number, module)) = modules.next() else { continue };
                    let (code, found) = module.rewritten();
                    bar = bar.or(found.map(|found| name_of_bar(number, &found)));
                    component.section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: &code });
                }
            }
        }
        self.add_helper(&mut component, bar.as_deref());
        component.finish()
    }

    /// The component without the data that its memories begin with. It is compiled to the same code.
    pub(crate) fn without_data(&self) -> Vec<u8> {
        let mut component = Component::new();
        let mut modules = self.modules.iter();
        for section in &self.sections {
            match section {
                Section::Raw(id, data) => {
                    component.section(&RawSection { id: *id, data });
                }
                Section::Module => {
                    let Some(module) = modules.next() else { continue };
                    let code = module.without_data();
                    component.section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: &code });
                }
            }
        }
        component.finish()
    }

    /// Adds the helper. What it needs lies behind all else, so that no number changes.
    fn add_helper(&self, component: &mut Component, bar: Option<&str>) {
        let kinds = self.kinds.len() as u32;
        let mut aliases = ComponentAliasSection::new();
        for (kind, instance) in &self.kinds {
            let kind_of = ComponentExportKind::Type;
            aliases.alias(Alias::InstanceExport { instance: *instance, kind: kind_of, name: kind.name() });
        }
        component.section(&aliases);

        // Types: of placeholders; of the functions that are lifted; for each kind, of those that are imported.
        let resources = self.spaces.types;
        let placeholder = resources + kinds;
        let number = ComponentValType::Primitive(PrimitiveValType::U32);
        let mut types = ComponentTypeSection::new();
        types.resource(ValType::I32, None);
        types.function().params::<[(&str, ComponentValType); 0], _>([]).result(None);
        types.function().params::<[(&str, ComponentValType); 0], _>([]).result(Some(number));
        types.function().params([("kind", number)]).result(Some(number));
        types.function().params([("index", number)]).result(None);
        types.function().params([("kind", number), ("index", number)]).result(None);
        let [of_freeze, of_thaw, of_take, of_drop, of_show] = [1, 2, 3, 4, 5].map(|at| placeholder + at);
        let of_kinds = placeholder + 6;
        for resource in (resources..).take(self.kinds.len()) {
            let own = resources + kinds + types.len();
            types.defined_type().own(resource);
            types.defined_type().borrow(resource);
            types
                .function()
                .params::<[(&str, ComponentValType); 0], _>([])
                .result(Some(ComponentValType::Type(own)));
            types.function().params([("self", ComponentValType::Type(own + 1))]).result(None);
        }
        component.section(&types);

        let mut imports = ComponentImportSection::new();
        let mut lowered = CanonicalFunctionSection::new();
        lowered.resource_new(placeholder).resource_drop(placeholder);
        for ((at, (kind, _)), function) in (0..).zip(&self.kinds).zip((self.spaces.functions..).step_by(2)) {
            let give = of_kinds + 4 * at + 2;
            let name = |of: String| format!("{RESERVED}{of}");
            imports.import(name(helper::give_name(*kind)).as_str(), ComponentTypeRef::Func(give));
            imports.import(name(helper::show_name(*kind)).as_str(), ComponentTypeRef::Func(give + 1));
            lowered.lower(function, NO_OPTIONS).lower(function + 1, NO_OPTIONS);
        }
        component.section(&imports).section(&lowered);

        component
            .section(&RawSection { id: ComponentSectionId::CoreModule as u8, data: &helper::helper(self) });
        let core_functions = self.spaces.core_functions;
        let mut engine = vec![("new".to_owned(), core_functions), ("drop".to_owned(), core_functions + 1)];
        for ((kind, _), function) in self.kinds.iter().zip((core_functions + 2..).step_by(2)) {
            engine.push((helper::give_name(*kind), function));
            engine.push((helper::show_name(*kind), function + 1));
        }
        let mut instances = InstanceSection::new();
        instances
            .export_items(engine.iter().map(|(name, function)| (name.as_str(), ExportKind::Func, *function)));
        let engine = self.spaces.core_instances;
        let others = self.instances.iter().map(|(number, _)| (helper::instance_name(*number), *number));
        let arguments = others.chain([(ENGINE.to_owned(), engine)]);
        let arguments = arguments.map(|(name, number)| (name, ModuleArg::Instance(number)));
        instances.instantiate(self.modules.len() as u32, arguments.collect::<Vec<_>>());
        component.section(&instances);

        let mut aliases = ComponentAliasSection::new();
        let mut lifted = CanonicalFunctionSection::new();
        let mut exports = ComponentExportSection::new();
        let core_function = core_functions + 2 + 2 * kinds;
        let function = self.spaces.functions + 2 * kinds;
        let all = [
            (FREEZE, of_freeze),
            (THAW, of_thaw),
            (TAKE, of_take),
            (DROP, of_drop),
            (SHOW, of_show),
            (FILL, of_drop),
            (MISSING, of_take),
            (EMPTY, of_freeze),
        ];
        for (at, (name, ty)) in (0..).zip(all) {
            aliases.alias(Alias::CoreInstanceExport { instance: engine + 1, kind: ExportKind::Func, name });
            lifted.lift(core_function + at, ty, NO_OPTIONS);
            exports.export(
                format!("{RESERVED}{name}").as_str(),
                ComponentExportKind::Func,
                function + at,
                None,
            );
        }
        if let Some(bar) = bar {
            exports.export(bar, ComponentExportKind::Func, function, None);
        }
        component.section(&aliases).section(&lifted).section(&exports);
    }
}

/// The name of an export that says why instances of a core module cannot be frozen.
fn name_of_bar(module: usize, bar: &CodeBar) -> String {
    match bar {
        CodeBar::Table(table) => format!("{BAR}m{module}-t{table}"),
        CodeBar::Drops => format!("{BAR}m{module}-drops"),
    }
}

/// Why a rewritten component cannot be frozen, if the name of one of its exports says so.
pub(crate) fn bar_of(export: &str) -> Option<String> {
    let (module, what) = export.strip_prefix(BAR)?.strip_prefix('m')?.split_once('-')?;
    Some(match what.strip_prefix('t') {
        Some(table) => format!("the code of its core module {module} changes table {table}"),
        None => format!("the code of its core module {module} drops data segments"),
    })
}

/// Tells whether an export is one that was added.
pub(crate) fn is_ours(export: &str) -> bool {
    export.starts_with(RESERVED)
}
