//! Whatever values a guest passes, it gets an answer of the type that the interface says.

use b8g_core::Limits;
use wasmtime::component::Val;
use wit_parser::{Function, Resolve, Type, TypeDefKind};

use super::{CONTROL_NAME, Form, OPERATIONS_NAME, often, operation, request};
use crate::grant::Grants;
use crate::state::State;
use b8g_core::abi::Op;
use b8g_core::abi::names::kebab;
use b8g_core::abi::operations::OPERATIONS;
use b8g_core::abi::requests::REQUESTS;
use b8g_core::abi::shape::Answer;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn number(&mut self) -> u64 {
        match self.below(5) {
            0 => u64::MAX,
            1 => self.below(1 << 31) << 33,
            2 => self.below(70_000),
            _ => self.below(20),
        }
    }

    fn value(&mut self, resolve: &Resolve, ty: &Type) -> Val {
        let id = match ty {
            Type::U8 => return Val::U8(self.number() as u8),
            Type::U16 => return Val::U16(self.number() as u16),
            // No large rooms: there are many calls.
            Type::U32 => return Val::U32(self.number().min(1 << 16) as u32),
            Type::S32 => return Val::S32(self.number() as i32),
            Type::U64 => return Val::U64(self.number()),
            Type::S64 => return Val::S64(self.number() as i64),
            Type::String => {
                return Val::String(["a", "./x", "b\0c", "", "ä", "/etc"][self.below(6) as usize].into());
            }
            Type::Id(id) => *id,
            other => panic!("{other:?}"),
        };
        match &resolve.types[id].kind {
            TypeDefKind::Type(ty) => self.value(resolve, ty),
            TypeDefKind::Record(record) => {
                let field = |field: &wit_parser::Field| (field.name.clone(), self.value(resolve, &field.ty));
                Val::Record(record.fields.iter().map(field).collect())
            }
            TypeDefKind::Enum(cases) => {
                Val::Enum(cases.cases[self.below(cases.cases.len() as u64) as usize].name.clone())
            }
            TypeDefKind::Flags(flags) => {
                let set = flags.flags.iter().filter(|_| self.below(2) == 0);
                Val::Flags(set.map(|flag| flag.name.clone()).collect())
            }
            TypeDefKind::Option(ty) => {
                Val::Option((self.below(2) == 0).then(|| Box::new(self.value(resolve, ty))))
            }
            TypeDefKind::List(ty) => {
                let length = if self.below(9) == 0 { 100 } else { self.below(40) };
                Val::List((0..length).map(|_| self.value(resolve, ty)).collect())
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Tells whether a value is of a type.
fn fits(resolve: &Resolve, value: &Val, ty: &Type) -> bool {
    let id = match (ty, value) {
        (Type::Id(id), _) => *id,
        (Type::U8, Val::U8(_)) | (Type::U16, Val::U16(_)) | (Type::U32, Val::U32(_)) => return true,
        (Type::S32, Val::S32(_)) | (Type::U64, Val::U64(_)) | (Type::S64, Val::S64(_)) => return true,
        (Type::String, Val::String(_)) => return true,
        _ => return false,
    };
    let opt = |value: &Option<Box<Val>>, ty: &Option<Type>| match (value, ty) {
        (Some(value), Some(ty)) => fits(resolve, value, ty),
        (None, None) => true,
        _ => false,
    };
    match (&resolve.types[id].kind, value) {
        (TypeDefKind::Type(ty), value) => fits(resolve, value, ty),
        (TypeDefKind::Record(record), Val::Record(fields)) => {
            record.fields.len() == fields.len()
                && record
                    .fields
                    .iter()
                    .zip(fields)
                    .all(|(field, (name, value))| field.name == *name && fits(resolve, value, &field.ty))
        }
        (TypeDefKind::Enum(cases), Val::Enum(name)) => cases.cases.iter().any(|case| case.name == *name),
        (TypeDefKind::Flags(flags), Val::Flags(names)) => {
            names.iter().all(|name| flags.flags.iter().any(|flag| flag.name == *name))
        }
        (TypeDefKind::List(ty), Val::List(list)) => list.iter().all(|item| fits(resolve, item, ty)),
        (TypeDefKind::Variant(variant), Val::Variant(name, value)) => {
            variant.cases.iter().any(|case| case.name == *name && opt(value, &case.ty))
        }
        (TypeDefKind::Result(result), Val::Result(Ok(value))) => opt(value, &result.ok),
        (TypeDefKind::Result(result), Val::Result(Err(value))) => opt(value, &result.err),
        _ => false,
    }
}

#[test]
fn random_values_are_answered_by_values_of_the_right_types() {
    let mut resolve = Resolve::new();
    resolve.push_source("b8g.wit", include_str!("../../../../guests/wit/b8g.wit")).unwrap();
    let function = |interface: &str, name: &str| -> Function {
        let short = interface.split(['/', '@']).nth(1).unwrap();
        let (_, found) =
            resolve.interfaces.iter().find(|(_, known)| known.name.as_deref() == Some(short)).unwrap();
        found.functions[name].clone()
    };
    let temp = tempfile::tempdir().unwrap();
    let grants = Grants::none()
        .clocks()
        .randomness()
        .tasks()
        .keys()
        .directory(temp.path(), ".", true)
        .unwrap()
        .environment("a", Some("b"))
        .arguments(["x"]);
    let engine = crate::Engine::new(crate::Config::new().code_cache(None)).unwrap();
    let mut random = Random(1);
    let (mut done, mut refused) = (0, 0);
    for _ in 0..60 {
        let mut state = State::new(&engine, &grants, None, Limits::default(), &[]).unwrap();
        for row in OPERATIONS.iter().filter(|row| !row.has_addresses() && !often::has(row.op)) {
            let whole = (row.verbs.is_empty() && row.answer != Answer::Varies)
                .then(|| (kebab(row.name), Form { on_self: row.handle.is_empty(), ..Form::of(row) }));
            let verbs = row.verbs.iter().filter(|verb| !verb.on_self).map(|verb| {
                let (parameters, answer) = (verb.parameters, verb.answer);
                let form = Form { verb: Some(verb.number), parameters, answer, ..Form::of(row) };
                (kebab(&format!("{}-{}", row.name, verb.name)), form)
            });
            for (name, form) in whole.into_iter().chain(verbs) {
                let function = function(OPERATIONS_NAME, &name);
                let mut values: Vec<Val> =
                    function.params.iter().map(|param| random.value(&resolve, &param.ty)).collect();
                if form.op == Op::Wait {
                    // Neither for ever nor for long.
                    values[1] = Val::Option(Some(Box::new(Val::U64(0))));
                }
                let answered = operation(&mut state, form, &values).unwrap();
                *if answered.is_ok() { &mut done } else { &mut refused } += 1;
                let value = Val::Result(answered.map(|v| v.map(Box::new)).map_err(|why| Some(Box::new(why))));
                assert!(
                    fits(&resolve, &value, &function.result.unwrap()),
                    "{name} of {values:?} gives {value:?}"
                );
                assert_eq!(state.ending, None);
            }
        }
        for form in REQUESTS.iter().filter(|form| !often::has_request(form.request)) {
            let name = kebab(form.name);
            let function = function(CONTROL_NAME, &name);
            let values: Vec<Val> =
                function.params.iter().map(|param| random.value(&resolve, &param.ty)).collect();
            let answered = request(&mut state, form, &values).unwrap();
            *if answered.is_ok() { &mut done } else { &mut refused } += 1;
            let value = Val::Result(answered.map(|v| v.map(Box::new)).map_err(|why| Some(Box::new(why))));
            assert!(
                fits(&resolve, &value, &function.result.unwrap()),
                "{name} of {values:?} gives {value:?}"
            );
        }
    }
    assert!(done > 200 && refused > 200, "{done} done, {refused} refused");
}
