//! Values that functions of components take and give, as a caller sees them.

use wasmtime::component::types::{ComponentFunc, Type};
use wasmtime::component::{Component, ComponentExportIndex, Val};

use super::freeze;

/// A type of values of the component model.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum WitType {
    /// True or false.
    Bool,
    /// 8 bits with a sign.
    S8,
    /// 8 bits.
    U8,
    /// 16 bits with a sign.
    S16,
    /// 16 bits.
    U16,
    /// 32 bits with a sign.
    S32,
    /// 32 bits.
    U32,
    /// 64 bits with a sign.
    S64,
    /// 64 bits.
    U64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
    /// A Unicode scalar value.
    Char,
    /// A text.
    String,
    /// Bytes: `list<u8>`.
    Bytes,
    /// Any other list.
    List(Box<WitType>),
    /// Several values.
    Tuple(Vec<WitType>),
    /// A value or none.
    Option(Box<WitType>),
    /// What a function gives that can fail.
    Result(Option<Box<WitType>>, Option<Box<WitType>>),
}

/// A value of the component model.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum WitValue {
    /// True or false.
    Bool(bool),
    /// 8 bits with a sign.
    S8(i8),
    /// 8 bits.
    U8(u8),
    /// 16 bits with a sign.
    S16(i16),
    /// 16 bits.
    U16(u16),
    /// 32 bits with a sign.
    S32(i32),
    /// 32 bits.
    U32(u32),
    /// 64 bits with a sign.
    S64(i64),
    /// 64 bits.
    U64(u64),
    /// A 32-bit float.
    F32(f32),
    /// A 64-bit float.
    F64(f64),
    /// A Unicode scalar value.
    Char(char),
    /// A text.
    String(String),
    /// Bytes: `list<u8>`.
    Bytes(Vec<u8>),
    /// Any other list.
    List(Vec<WitValue>),
    /// Several values.
    Tuple(Vec<WitValue>),
    /// A value or none.
    Option(Option<Box<WitValue>>),
    /// What a function gives that can fail.
    Result(Result<Option<Box<WitValue>>, Option<Box<WitValue>>>),
}

/// A function that [`Context::invoke`](crate::Context::invoke) can call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WitFunction {
    /// The name that it is exported by; of an interface `interface#function`.
    pub name: String,
    /// What it takes: names and types.
    pub parameters: Vec<(String, WitType)>,
    /// What it gives.
    pub result: Option<WitType>,
}

impl std::fmt::Display for WitType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let simple = match self {
            WitType::Bool => "bool",
            WitType::S8 => "s8",
            WitType::U8 => "u8",
            WitType::S16 => "s16",
            WitType::U16 => "u16",
            WitType::S32 => "s32",
            WitType::U32 => "u32",
            WitType::S64 => "s64",
            WitType::U64 => "u64",
            WitType::F32 => "f32",
            WitType::F64 => "f64",
            WitType::Char => "char",
            WitType::String => "string",
            WitType::Bytes => "list<u8>",
            WitType::List(of) => return write!(f, "list<{of}>"),
            WitType::Option(of) => return write!(f, "option<{of}>"),
            WitType::Tuple(of) => {
                let of: Vec<String> = of.iter().map(WitType::to_string).collect();
                return write!(f, "tuple<{}>", of.join(", "));
            }
            WitType::Result(ok, error) => {
                return match (ok, error) {
                    (None, None) => f.write_str("result"),
                    (Some(ok), None) => write!(f, "result<{ok}>"),
                    (None, Some(error)) => write!(f, "result<_, {error}>"),
                    (Some(ok), Some(error)) => write!(f, "result<{ok}, {error}>"),
                };
            }
        };
        f.write_str(simple)
    }
}

impl WitType {
    /// `None` for what no caller can be given.
    fn of(ty: &Type) -> Option<WitType> {
        let boxed = |ty: Option<Type>| match ty {
            Some(ty) => Some(Some(Box::new(WitType::of(&ty)?))),
            None => Some(None),
        };
        Some(match ty {
            Type::Bool => WitType::Bool,
            Type::S8 => WitType::S8,
            Type::U8 => WitType::U8,
            Type::S16 => WitType::S16,
            Type::U16 => WitType::U16,
            Type::S32 => WitType::S32,
            Type::U32 => WitType::U32,
            Type::S64 => WitType::S64,
            Type::U64 => WitType::U64,
            Type::Float32 => WitType::F32,
            Type::Float64 => WitType::F64,
            Type::Char => WitType::Char,
            Type::String => WitType::String,
            Type::List(list) => match WitType::of(&list.ty())? {
                WitType::U8 => WitType::Bytes,
                of => WitType::List(Box::new(of)),
            },
            Type::Tuple(tuple) => {
                WitType::Tuple(tuple.types().map(|ty| WitType::of(&ty)).collect::<Option<_>>()?)
            }
            Type::Option(option) => WitType::Option(Box::new(WitType::of(&option.ty())?)),
            Type::Result(result) => WitType::Result(boxed(result.ok())?, boxed(result.err())?),
            _ => return None,
        })
    }
}

impl WitValue {
    /// The value as wasmtime has it, if it is of that type.
    pub(crate) fn lower(&self, ty: &WitType) -> Option<Val> {
        let all = |values: &[WitValue], ty: &WitType| {
            values.iter().map(|value| value.lower(ty)).collect::<Option<Vec<_>>>()
        };
        let optional = |value: &Option<Box<WitValue>>, ty: &Option<Box<WitType>>| match (value, ty) {
            (Some(value), Some(ty)) => Some(Some(Box::new(value.lower(ty)?))),
            (None, None) => Some(None),
            _ => None,
        };
        Some(match (self, ty) {
            (WitValue::Bool(value), WitType::Bool) => Val::Bool(*value),
            (WitValue::S8(value), WitType::S8) => Val::S8(*value),
            (WitValue::U8(value), WitType::U8) => Val::U8(*value),
            (WitValue::S16(value), WitType::S16) => Val::S16(*value),
            (WitValue::U16(value), WitType::U16) => Val::U16(*value),
            (WitValue::S32(value), WitType::S32) => Val::S32(*value),
            (WitValue::U32(value), WitType::U32) => Val::U32(*value),
            (WitValue::S64(value), WitType::S64) => Val::S64(*value),
            (WitValue::U64(value), WitType::U64) => Val::U64(*value),
            (WitValue::F32(value), WitType::F32) => Val::Float32(*value),
            (WitValue::F64(value), WitType::F64) => Val::Float64(*value),
            (WitValue::Char(value), WitType::Char) => Val::Char(*value),
            (WitValue::String(value), WitType::String) => Val::String(value.clone()),
            (WitValue::Bytes(bytes), WitType::Bytes) => {
                Val::List(bytes.iter().map(|byte| Val::U8(*byte)).collect())
            }
            (WitValue::List(values), WitType::List(of)) => Val::List(all(values, of)?),
            (WitValue::Tuple(values), WitType::Tuple(of)) if values.len() == of.len() => {
                let each = values.iter().zip(of).map(|(value, ty)| value.lower(ty));
                Val::Tuple(each.collect::<Option<_>>()?)
            }
            (WitValue::Option(value), WitType::Option(of)) => Val::Option(match value {
                Some(value) => Some(Box::new(value.lower(of)?)),
                None => None,
            }),
            (WitValue::Result(Ok(value)), WitType::Result(ok, _)) => Val::Result(Ok(optional(value, ok)?)),
            (WitValue::Result(Err(value)), WitType::Result(_, error)) => {
                Val::Result(Err(optional(value, error)?))
            }
            _ => return None,
        })
    }

    /// The value that wasmtime has, if it is of that type.
    pub(crate) fn lift(value: Val, ty: &WitType) -> Option<WitValue> {
        let optional = |value: Option<Box<Val>>, ty: &Option<Box<WitType>>| match (value, ty) {
            (Some(value), Some(ty)) => Some(Some(Box::new(WitValue::lift(*value, ty)?))),
            (None, None) => Some(None),
            _ => None,
        };
        Some(match (value, ty) {
            (Val::Bool(value), WitType::Bool) => WitValue::Bool(value),
            (Val::S8(value), WitType::S8) => WitValue::S8(value),
            (Val::U8(value), WitType::U8) => WitValue::U8(value),
            (Val::S16(value), WitType::S16) => WitValue::S16(value),
            (Val::U16(value), WitType::U16) => WitValue::U16(value),
            (Val::S32(value), WitType::S32) => WitValue::S32(value),
            (Val::U32(value), WitType::U32) => WitValue::U32(value),
            (Val::S64(value), WitType::S64) => WitValue::S64(value),
            (Val::U64(value), WitType::U64) => WitValue::U64(value),
            (Val::Float32(value), WitType::F32) => WitValue::F32(value),
            (Val::Float64(value), WitType::F64) => WitValue::F64(value),
            (Val::Char(value), WitType::Char) => WitValue::Char(value),
            (Val::String(value), WitType::String) => WitValue::String(value),
            (Val::List(values), WitType::Bytes) => {
                let byte = |value| if let Val::U8(byte) = value { Some(byte) } else { None };
                WitValue::Bytes(values.into_iter().map(byte).collect::<Option<_>>()?)
            }
            (Val::List(values), WitType::List(of)) => {
                let each = values.into_iter().map(|value| WitValue::lift(value, of));
                WitValue::List(each.collect::<Option<_>>()?)
            }
            (Val::Tuple(values), WitType::Tuple(of)) => {
                let each = values.into_iter().zip(of).map(|(value, ty)| WitValue::lift(value, ty));
                WitValue::Tuple(each.collect::<Option<_>>()?)
            }
            (Val::Option(value), WitType::Option(of)) => WitValue::Option(match value {
                Some(value) => Some(Box::new(WitValue::lift(*value, of)?)),
                None => None,
            }),
            (Val::Result(Ok(value)), WitType::Result(ok, _)) => WitValue::Result(Ok(optional(value, ok)?)),
            (Val::Result(Err(value)), WitType::Result(_, error)) => {
                WitValue::Result(Err(optional(value, error)?))
            }
            _ => return None,
        })
    }
}

/// Lists the exported functions of values that a caller can give and take, by name, and where they are.
pub(super) fn exported(component: &Component) -> Vec<(WitFunction, ComponentExportIndex)> {
    use wasmtime::component::types::ComponentItem;
    let ty = component.component_type();
    let engine = component.engine();
    let mut functions = Vec::new();
    let mut add = |name: String, ty: &ComponentFunc, at: Option<ComponentExportIndex>| {
        let parameters = ty.params().map(|(name, ty)| Some((name.to_owned(), WitType::of(&ty)?))).collect();
        let mut results = ty.results();
        let result = results.next().map(|ty| WitType::of(&ty));
        if let (Some(parameters), Some(at), false) = (parameters, at, matches!(result, Some(None))) {
            functions.push((WitFunction { name, parameters, result: result.flatten() }, at));
        }
    };
    for (name, export) in ty.exports(engine).filter(|(name, _)| !freeze::is_ours(name)) {
        match export.ty {
            ComponentItem::ComponentFunc(ty) => {
                add(name.to_owned(), &ty, component.get_export_index(None, name))
            }
            ComponentItem::ComponentInstance(instance) => {
                let outer = component.get_export_index(None, name);
                for (item, export) in instance.exports(engine) {
                    if let ComponentItem::ComponentFunc(ty) = export.ty {
                        let at =
                            outer.as_ref().and_then(|outer| component.get_export_index(Some(outer), item));
                        add(format!("{name}#{item}"), &ty, at);
                    }
                }
            }
            _ => {}
        }
    }
    functions.sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    functions
}
