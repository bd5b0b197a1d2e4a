//! The one module that members become: their sections one behind the other, with new numbers.
//!
//! A global that is written nowhere is the number that it begins with, wherever it is read. That makes numbers of where the libraries of a
//! component were placed, and of what they refer to in one another.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, EntityType, ExportSection,
    FunctionSection, GlobalSection, ImportSection, Instruction, MemorySection, NameMap, NameSection,
    TableSection, TypeSection,
};
use wasmparser::{KnownCustom, Name, Operator, Parser, Payload, TypeRef};

use super::plan::{Plan, origins};
use super::read::{CoreInstance, Kind, Origin, Outline, invalid_text};

/// The name by which the fused module imports all that it does.
pub(super) const FROM: &str = "f";

/// The module, and what it is asked for.
pub(super) struct Fused<'w> {
    pub(super) wasm: Vec<u8>,
    /// The names of what others need of it: by kind, member and the member's name for it.
    exports: HashMap<(Kind, u32, &'w str), String>,
}

impl<'w> Fused<'w> {
    /// Makes it.
    ///
    /// # Errors
    /// Why it cannot be made.
    pub(super) fn new(outline: &Outline<'w>, plan: &Plan) -> Result<Fused<'w>, String> {
        let numbers = Numbers::new(outline, plan)?;
        let wanted = wanted(outline, plan)?;
        let globals = Globals::read(outline, plan, &numbers, &wanted)?;
        Writer::new(outline, plan, &numbers, &globals)?.write(&wanted)
    }

    /// The name by which it exports what a member did.
    pub(super) fn export(&self, kind: Kind, instance: u32, name: &'w str) -> Option<&str> {
        self.exports.get(&(kind, instance, name)).map(String::as_str)
    }
}

/// What somebody who is no member needs of one: kind, member, name, the item's number in the member's module.
type Wanted<'w> = Vec<(Kind, u32, &'w str, u32)>;

fn wanted<'w>(outline: &Outline<'w>, plan: &Plan) -> Result<Wanted<'w>, String> {
    let mut wanted = Vec::new();
    let mut seen = HashSet::new();
    let mut want = |kind: Kind, origin: Origin<'w>| {
        if let Origin::Export { instance, name, number } = origin
            && plan.is_member(instance)
            && seen.insert((kind, instance, name))
        {
            wanted.push((kind, instance, name, number));
        }
    };
    for (number, instance) in (0..).zip(&outline.instances) {
        if let CoreInstance::Module(..) = instance
            && !plan.is_member(number)
        {
            origins(outline, number)?.into_iter().for_each(|(kind, origin)| want(kind, origin));
        }
    }
    for item in &outline.items {
        if let super::read::Item::Canonical(function, _) = item {
            for (kind, number) in super::plan::needs(function) {
                want(kind, outline.item_origin(kind, number)?);
            }
        }
    }
    Ok(wanted)
}

/// The numbers that what a member has gets in the fused module, in the order of the member's own numbers.
#[derive(Default)]
struct Member {
    types: u32,
    items: HashMap<Kind, Vec<u32>>,
    elements: u32,
    data: u32,
    /// How many of the items it imports.
    imported: HashMap<Kind, usize>,
}

impl Member {
    fn item(&self, kind: Kind, number: u32) -> Option<u32> {
        self.items.get(&kind)?.get(number as usize).copied()
    }
}

struct Numbers {
    members: Vec<Member>,
    by_instance: HashMap<u32, usize>,
    data: u32,
}

impl Numbers {
    fn new(outline: &Outline<'_>, plan: &Plan) -> Result<Numbers, String> {
        let mut numbers = Numbers { members: Vec::new(), by_instance: HashMap::new(), data: 0 };
        let mut next: HashMap<Kind, u32> = HashMap::from([(Kind::Function, plan.imported.len() as u32)]);
        let (mut types, mut elements) = (0_u32, 0_u32);
        let imported: HashMap<u32, u32> = plan.imported.iter().copied().zip(0..).collect();
        for (instance, module) in &plan.members {
            let mut member = Member { types, elements, data: numbers.data, ..Member::default() };
            for (kind, origin) in origins(outline, *instance)? {
                let number = match origin {
                    Origin::Canonical(function) => imported.get(&function).copied(),
                    Origin::Export { instance, number, .. } => {
                        let of = numbers.by_instance.get(&instance).and_then(|at| numbers.members.get(*at));
                        of.and_then(|of| of.item(kind, number))
                    }
                };
                member.items.entry(kind).or_default().push(number.ok_or_else(invalid_text)?);
                *member.imported.entry(kind).or_default() += 1;
            }
            let mut define = |kind: Kind, count: u32| {
                let next = next.entry(kind).or_default();
                member.items.entry(kind).or_default().extend((*next..).take(count as usize));
                *next += count;
            };
            for payload in Parser::new(0).parse_all(outline.module(*module)?.wasm) {
                match payload.map_err(|_| invalid_text())? {
                    Payload::TypeSection(groups) => {
                        for group in groups {
                            types += group.map_err(|_| invalid_text())?.types().len() as u32;
                        }
                    }
                    Payload::FunctionSection(section) => define(Kind::Function, section.count()),
                    Payload::TableSection(section) => define(Kind::Table, section.count()),
                    Payload::MemorySection(section) => define(Kind::Memory, section.count()),
                    Payload::GlobalSection(section) => define(Kind::Global, section.count()),
                    Payload::ElementSection(section) => elements += section.count(),
                    Payload::DataSection(section) => numbers.data += section.count(),
                    _ => {}
                }
            }
            numbers.by_instance.insert(*instance, numbers.members.len());
            numbers.members.push(member);
        }
        Ok(numbers)
    }
}

/// What is known of the globals, by their numbers in the fused module.
struct Globals {
    /// Those that are written, or that somebody else can write.
    changed: HashSet<u32>,
    /// What those that are never written hold.
    constant: HashMap<u32, i32>,
}

impl Globals {
    fn read(
        outline: &Outline<'_>,
        plan: &Plan,
        numbers: &Numbers,
        wanted: &Wanted<'_>,
    ) -> Result<Globals, String> {
        let valid = |_| invalid_text();
        let mut globals = Globals { changed: HashSet::new(), constant: HashMap::new() };
        for (kind, instance, _, number) in wanted {
            let member = numbers.by_instance.get(instance).map(|at| &numbers.members[*at]);
            if *kind == Kind::Global {
                globals.changed.extend(member.and_then(|member| member.item(*kind, *number)));
            }
        }
        for ((_, module), member) in plan.members.iter().zip(&numbers.members) {
            for payload in Parser::new(0).parse_all(outline.module(*module)?.wasm) {
                let Payload::CodeSectionEntry(body) = payload.map_err(valid)? else { continue };
                let mut code = body.get_operators_reader().map_err(valid)?;
                while !code.eof() {
                    if let Operator::GlobalSet { global_index } = code.read().map_err(valid)? {
                        let number = member.item(Kind::Global, global_index).ok_or_else(invalid_text)?;
                        globals.changed.insert(number);
                    }
                }
            }
        }
        for ((_, module), member) in plan.members.iter().zip(&numbers.members) {
            let mut next = member.imported.get(&Kind::Global).copied().unwrap_or(0) as u32;
            for payload in Parser::new(0).parse_all(outline.module(*module)?.wasm) {
                let Payload::GlobalSection(section) = payload.map_err(valid)? else { continue };
                for global in section {
                    let global = global.map_err(valid)?;
                    let number = member.item(Kind::Global, next).ok_or_else(invalid_text)?;
                    next += 1;
                    if globals.changed.contains(&number) || global.ty.content_type != wasmparser::ValType::I32
                    {
                        continue;
                    }
                    if let Some(value) = globals.value(&global.init_expr, member) {
                        globals.constant.insert(number, value);
                    }
                }
            }
        }
        Ok(globals)
    }

    /// What a constant expression of a member gives, where that is a 32-bit number.
    fn value(&self, code: &wasmparser::ConstExpr<'_>, member: &Member) -> Option<i32> {
        let mut stack = Vec::new();
        for operator in code.get_operators_reader() {
            match operator.ok()? {
                Operator::I32Const { value } => stack.push(value),
                Operator::GlobalGet { global_index } => {
                    stack.push(*self.constant.get(&member.item(Kind::Global, global_index)?)?);
                }
                Operator::I32Add => {
                    let (second, first) = (stack.pop()?, stack.pop()?);
                    stack.push(i32::wrapping_add(first, second));
                }
                Operator::End => {}
                _ => return None,
            }
        }
        stack.pop().filter(|_| stack.is_empty())
    }
}

/// Gives a member's items their numbers in the fused module.
struct Renumber<'a> {
    member: &'a Member,
    globals: &'a Globals,
}

type Failure = reencode::Error<Infallible>;

/// A number that is not there becomes one that never is, which validation tells.
const NOWHERE: u32 = u32::MAX >> 1;

impl Reencode for Renumber<'_> {
    type Error = Infallible;

    fn type_index(&mut self, ty: u32) -> Result<u32, Failure> {
        Ok(self.member.types.saturating_add(ty))
    }

    fn function_index(&mut self, function: u32) -> Result<u32, Failure> {
        Ok(self.member.item(Kind::Function, function).unwrap_or(NOWHERE))
    }

    fn table_index(&mut self, table: u32) -> Result<u32, Failure> {
        Ok(self.member.item(Kind::Table, table).unwrap_or(NOWHERE))
    }

    fn memory_index(&mut self, memory: u32) -> Result<u32, Failure> {
        Ok(self.member.item(Kind::Memory, memory).unwrap_or(NOWHERE))
    }

    fn global_index(&mut self, global: u32) -> Result<u32, Failure> {
        Ok(self.member.item(Kind::Global, global).unwrap_or(NOWHERE))
    }

    fn element_index(&mut self, element: u32) -> Result<u32, Failure> {
        Ok(self.member.elements.saturating_add(element))
    }

    fn data_index(&mut self, data: u32) -> Result<u32, Failure> {
        Ok(self.member.data.saturating_add(data))
    }

    fn instruction<'i>(&mut self, operator: Operator<'i>) -> Result<Instruction<'i>, Failure> {
        if let Operator::GlobalGet { global_index } = operator {
            let number = self.global_index(global_index)?;
            if let Some(value) = self.globals.constant.get(&number) {
                return Ok(Instruction::I32Const(*value));
            }
        }
        reencode::utils::instruction(self, operator)
    }

    fn const_expr(&mut self, code: wasmparser::ConstExpr<'_>) -> Result<ConstExpr, Failure> {
        match self.globals.value(&code, self.member) {
            Some(value) => Ok(ConstExpr::i32_const(value)),
            None => reencode::utils::const_expr(self, code),
        }
    }
}

/// The sections of the fused module.
struct Writer<'a, 'w> {
    outline: &'a Outline<'w>,
    plan: &'a Plan,
    numbers: &'a Numbers,
    globals: &'a Globals,
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    global_section: GlobalSection,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
    names: NameMap,
}

impl<'a, 'w> Writer<'a, 'w> {
    fn new(
        outline: &'a Outline<'w>,
        plan: &'a Plan,
        numbers: &'a Numbers,
        globals: &'a Globals,
    ) -> Result<Writer<'a, 'w>, String> {
        let mut writer = Writer {
            outline,
            plan,
            numbers,
            globals,
            types: TypeSection::new(),
            imports: ImportSection::new(),
            functions: FunctionSection::new(),
            tables: TableSection::new(),
            memories: MemorySection::new(),
            global_section: GlobalSection::new(),
            elements: ElementSection::new(),
            code: CodeSection::new(),
            data: DataSection::new(),
            names: NameMap::new(),
        };
        writer.add_imports()?;
        for ((_, module), member) in plan.members.iter().zip(&numbers.members) {
            writer.add(outline.module(*module)?.wasm, member).map_err(|error| error.to_string())?;
        }
        Ok(writer)
    }

    /// Each canonical function has the type that the first member says which imports it.
    fn add_imports(&mut self) -> Result<(), String> {
        let mut types = HashMap::new();
        for ((instance, module), member) in self.plan.members.iter().zip(&self.numbers.members) {
            let imports = &self.outline.module(*module)?.imports;
            for (import, (_, origin)) in imports.iter().zip(origins(self.outline, *instance)?) {
                if let (Origin::Canonical(function), TypeRef::Func(ty)) = (origin, import.ty) {
                    types.entry(function).or_insert(member.types + ty);
                }
            }
        }
        for (number, function) in self.plan.imported.iter().enumerate() {
            let ty = *types.get(function).ok_or_else(invalid_text)?;
            self.imports.import(FROM, &number.to_string(), EntityType::Function(ty));
        }
        Ok(())
    }

    /// Adds what a member defines.
    fn add(&mut self, wasm: &[u8], member: &Member) -> Result<(), Failure> {
        let mut renumber = Renumber { member, globals: self.globals };
        let mut next_global = member.imported.get(&Kind::Global).copied().unwrap_or(0) as u32;
        // Names in the order of their numbers: what is imported has one already, or is named by who defines it.
        let own = member.imported.get(&Kind::Function).copied().unwrap_or(0) as u32;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => renumber.parse_type_section(&mut self.types, section)?,
                Payload::FunctionSection(section) => {
                    renumber.parse_function_section(&mut self.functions, section)?;
                }
                Payload::TableSection(section) => renumber.parse_table_section(&mut self.tables, section)?,
                Payload::MemorySection(section) => {
                    renumber.parse_memory_section(&mut self.memories, section)?;
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        let global = global?;
                        let mut ty = renumber.global_type(global.ty)?;
                        let number = renumber.global_index(next_global)?;
                        next_global += 1;
                        // One that is written nowhere is no state.
                        ty.mutable &= self.globals.changed.contains(&number);
                        self.global_section.global(ty, &renumber.const_expr(global.init_expr)?);
                    }
                }
                Payload::ElementSection(section) => {
                    renumber.parse_element_section(&mut self.elements, section)?;
                }
                Payload::CodeSectionEntry(body) => renumber.parse_function_body(&mut self.code, body)?,
                Payload::DataSection(section) => renumber.parse_data_section(&mut self.data, section)?,
                Payload::CustomSection(section) => {
                    // Names are for people: what of them cannot be read is left out.
                    let KnownCustom::Name(names) = section.as_known() else { continue };
                    for name in names.into_iter().flatten() {
                        let Name::Function(functions) = name else { continue };
                        for naming in functions.into_iter().flatten() {
                            if let Some(number) = member.item(Kind::Function, naming.index)
                                && naming.index >= own
                            {
                                self.names.append(number, naming.name);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn write(self, wanted: &Wanted<'w>) -> Result<Fused<'w>, String> {
        let mut exports = ExportSection::new();
        let mut names = HashMap::new();
        for (at, (kind, instance, name, number)) in wanted.iter().enumerate() {
            let member = self.numbers.by_instance.get(instance).map(|at| &self.numbers.members[*at]);
            let number = member.and_then(|member| member.item(*kind, *number)).ok_or_else(invalid_text)?;
            let under = at.to_string();
            exports.export(&under, kind.export(), number);
            names.insert((*kind, *instance, *name), under);
        }
        let mut module = wasm_encoder::Module::new();
        module
            .section(&self.types)
            .section(&self.imports)
            .section(&self.functions)
            .section(&self.tables)
            .section(&self.memories)
            .section(&self.global_section)
            .section(&exports)
            .section(&self.elements)
            .section(&DataCountSection { count: self.numbers.data })
            .section(&self.code)
            .section(&self.data);
        let mut section = NameSection::new();
        section.functions(&self.names);
        module.section(&section);
        Ok(Fused { wasm: module.finish(), exports: names })
    }
}
