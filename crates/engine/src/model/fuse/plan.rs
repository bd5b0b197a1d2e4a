//! Which core instances become one, and where in the component that is made.
//!
//! Members are all instances of modules that can be made before anything needs them from outside: what their imports come from are other
//! members and canonical functions that need none of them.

use std::collections::{HashMap, HashSet};

use wasmparser::{CanonicalFunction, CanonicalOption, TypeRef};

use super::read::{CoreInstance, Item, Kind, Origin, Outline, invalid_text};

/// What is to be done.
pub(super) struct Plan {
    /// The instances that become one, in order, with their modules.
    pub(super) members: Vec<(u32, u32)>,
    /// The canonical functions that they import, in the order in which the fused module imports them.
    pub(super) imported: Vec<u32>,
    /// Before which item the fused module becomes an instance.
    pub(super) place: usize,
}

impl Plan {
    /// Decides.
    ///
    /// # Errors
    /// Why nothing is fused.
    pub(super) fn new(outline: &Outline<'_>) -> Result<Plan, String> {
        let options = options_of(outline);
        let mut plan = Plan { members: Vec::new(), imported: Vec::new(), place: 0 };
        let mut members = HashSet::new();
        let mut used_modules = HashMap::new();
        let mut others: Vec<(u32, u32)> = Vec::new();
        for (number, instance) in (0..).zip(&outline.instances) {
            let CoreInstance::Module(module, _) = instance else { continue };
            *used_modules.entry(*module).or_insert(0) += 1;
            match joins(outline, number, &members, &options)? {
                Some(imported) => {
                    plan.members.push((number, *module));
                    members.insert(number);
                    for function in imported {
                        if !plan.imported.contains(&function) {
                            plan.imported.push(function);
                        }
                    }
                    // What was made before it may not depend on the order.
                    for other in &others {
                        independent(outline, *other, (number, *module))?;
                    }
                }
                None => others.push((number, *module)),
            }
        }
        if plan.members.len() < 2 {
            return Err("it has no core modules that are linked with one another".to_owned());
        }
        if plan.members.iter().any(|(_, module)| used_modules.get(module) != Some(&1)) {
            return Err("a core module of it becomes several instances".to_owned());
        }
        plan.place = place(outline, &plan, &members, &options)?;
        Ok(plan)
    }

    pub(super) fn is_member(&self, instance: u32) -> bool {
        self.members.binary_search_by_key(&instance, |(number, _)| *number).is_ok()
    }
}

/// The core items that each canonical function needs, by its number as a core function.
type Options = HashMap<u32, Vec<(Kind, u32)>>;

fn options_of(outline: &Outline<'_>) -> Options {
    let functions = outline.items.iter().filter_map(|item| match item {
        Item::Canonical(function, Some(number)) => Some((*number, needs(function))),
        _ => None,
    });
    functions.collect()
}

/// The core items that a canonical function needs.
pub(super) fn needs(function: &CanonicalFunction) -> Vec<(Kind, u32)> {
    let (options, core) = match function {
        CanonicalFunction::Lift { core_func_index, options, .. } => (options, Some(*core_func_index)),
        CanonicalFunction::Lower { options, .. } => (options, None),
        _ => return Vec::new(),
    };
    let of_option = |option: &CanonicalOption| match option {
        CanonicalOption::Memory(memory) => Some((Kind::Memory, *memory)),
        CanonicalOption::Realloc(function)
        | CanonicalOption::PostReturn(function)
        | CanonicalOption::Callback(function) => Some((Kind::Function, *function)),
        _ => None,
    };
    options.iter().filter_map(of_option).chain(core.map(|core| (Kind::Function, core))).collect()
}

pub(super) fn kind_of(ty: &TypeRef) -> Option<Kind> {
    match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => Some(Kind::Function),
        TypeRef::Table(_) => Some(Kind::Table),
        TypeRef::Memory(_) => Some(Kind::Memory),
        TypeRef::Global(_) => Some(Kind::Global),
        TypeRef::Tag(_) => None,
    }
}

/// Where what an instance imports comes from, in the order of its imports.
pub(super) fn origins<'w>(outline: &Outline<'w>, instance: u32) -> Result<Vec<(Kind, Origin<'w>)>, String> {
    let CoreInstance::Module(module, arguments) = outline.instance(instance)? else {
        return Err(invalid_text());
    };
    let of = |import: &wasmparser::Import<'w>| {
        let kind = kind_of(&import.ty).ok_or("it has tags")?;
        let from = arguments.get(import.module).ok_or_else(invalid_text)?;
        // An instance is made of what was there before.
        if *from >= instance {
            return Err(invalid_text());
        }
        Ok((kind, outline.origin(*from, kind, import.name)?))
    };
    outline.module(*module)?.imports.iter().map(of).collect()
}

/// Whether an instance can be one of them; answers the canonical functions that it imports.
fn joins(
    outline: &Outline<'_>,
    instance: u32,
    members: &HashSet<u32>,
    options: &Options,
) -> Result<Option<Vec<u32>>, String> {
    let CoreInstance::Module(module, _) = outline.instance(instance)? else { return Ok(None) };
    let module = outline.module(*module)?;
    if module.starts || module.bar.is_some() {
        return Ok(None);
    }
    let mut imported = Vec::new();
    for (_, origin) in origins(outline, instance)? {
        match origin {
            Origin::Export { instance, .. } if members.contains(&instance) => {}
            Origin::Canonical(function) if options.get(&function).is_some_and(Vec::is_empty) => {
                imported.push(function);
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(imported))
}

/// Makes sure that an instance which is no member can as well be made after a member that was made after it.
fn independent(outline: &Outline<'_>, other: (u32, u32), member: (u32, u32)) -> Result<(), String> {
    let refused = || Err("its core modules change one another while they are linked".to_owned());
    let of_other = outline.module(other.1)?;
    if of_other.starts || of_other.writes_data {
        return refused();
    }
    let of_member = outline.module(member.1)?;
    let first = tables(outline, other, &of_other.fills_tables)?;
    let second = tables(outline, member, &of_member.fills_tables)?;
    if first.iter().any(|table| second.contains(table)) { refused() } else { Ok(()) }
}

/// Tables by the instance that defines them and what they are called there; `None` for one that nobody else has.
fn tables<'w>(
    outline: &Outline<'w>,
    (instance, _): (u32, u32),
    filled: &[u32],
) -> Result<Vec<(u32, &'w str)>, String> {
    let origins = origins(outline, instance)?;
    let imported: Vec<_> = origins.iter().filter(|(kind, _)| *kind == Kind::Table).collect();
    let of = |table: &u32| match imported.get(*table as usize) {
        Some((_, Origin::Export { instance, name, .. })) => Some((*instance, *name)),
        _ => None,
    };
    Ok(filled.iter().filter_map(of).collect())
}

/// Where the fused module becomes an instance: behind all that it needs, before all that needs it.
fn place(
    outline: &Outline<'_>,
    plan: &Plan,
    members: &HashSet<u32>,
    options: &Options,
) -> Result<usize, String> {
    let needed = outline
        .items
        .iter()
        .rposition(|item| matches!(item, Item::Canonical(_, Some(number)) if plan.imported.contains(number)));
    let place = needed.map_or(0, |at| at + 1);
    let is_members = |(kind, number): &(Kind, u32)| -> Result<bool, String> {
        Ok(match outline.item_origin(*kind, *number)? {
            Origin::Export { instance, .. } => members.contains(&instance),
            Origin::Canonical(function) => {
                // Not followed further: a function with options is made where it stands.
                options.get(&function).is_some_and(|needs| !needs.is_empty())
            }
        })
    };
    for item in &outline.items[..place] {
        let depends = match item {
            Item::Canonical(function, _) => {
                let mut depends = false;
                for need in needs(function) {
                    depends |= is_members(&need)?;
                }
                depends
            }
            Item::Instance(number) if !members.contains(number) => match outline.instance(*number)? {
                CoreInstance::Items(_) => false,
                CoreInstance::Module(..) => {
                    let origins = origins(outline, *number)?;
                    origins.iter().any(|(_, origin)| {
                        matches!(origin, Origin::Export { instance, .. } if members.contains(instance))
                    })
                }
            },
            _ => false,
        };
        if depends {
            return Err("its core modules need what needs them".to_owned());
        }
    }
    Ok(place)
}
