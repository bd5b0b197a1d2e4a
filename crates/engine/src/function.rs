//! The functions that a component exports, as a caller sees them.

use wasmtime::{ExternType, Module, ModuleExport, ValType};

use crate::split;

/// A type of number that functions take or give.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ValueType {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// A 32-bit float.
    F32,
    /// A 64-bit float.
    F64,
}

impl ValueType {
    /// Its name in wasm's text form.
    pub const fn name(self) -> &'static str {
        match self {
            ValueType::I32 => "i32",
            ValueType::I64 => "i64",
            ValueType::F32 => "f32",
            ValueType::F64 => "f64",
        }
    }

    pub(crate) fn of(ty: &ValType) -> Option<ValueType> {
        match ty {
            ValType::I32 => Some(ValueType::I32),
            ValType::I64 => Some(ValueType::I64),
            ValType::F32 => Some(ValueType::F32),
            ValType::F64 => Some(ValueType::F64),
            _ => None,
        }
    }
}

/// A function that [`Context::call`](crate::Context::call) can call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    /// The name that it is exported by.
    pub name: String,
    /// What it takes.
    pub parameters: Vec<ValueType>,
    /// What it gives.
    pub results: Vec<ValueType>,
}

/// Lists the exported functions that take and give numbers only, by name, and where they are.
pub(crate) fn exported(module: &Module) -> Vec<(Function, ModuleExport)> {
    let functions = module.exports().filter_map(|export| {
        let ExternType::Func(ty) = export.ty() else { return None };
        if export.name() == split::START || export.name() == split::DROPS {
            return None;
        }
        let parameters = ty.params().map(|ty| ValueType::of(&ty)).collect::<Option<_>>()?;
        let results = ty.results().map(|ty| ValueType::of(&ty)).collect::<Option<_>>()?;
        let at = module.get_export_index(export.name())?;
        Some((Function { name: export.name().to_owned(), parameters, results }, at))
    });
    let mut functions: Vec<_> = functions.collect();
    functions.sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    functions
}
