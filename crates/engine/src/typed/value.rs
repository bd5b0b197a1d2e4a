//! Values of the component model, and the bytes and numbers that they are to the callback.

use b8g_core::abi::constants::{GROUPS, ROLES};
use b8g_core::abi::names::{kebab, word};
use b8g_core::abi::shape::{FieldType, Layout};
use b8g_core::abi::{EndReason, FileType, Language};
use b8g_core::{Error, Handle, Rights};
use wasmtime::Result;
use wasmtime::component::Val;

use super::{kind_name, mistyped};

/// An error as a value.
pub(super) fn error(error: Error) -> Val {
    match error {
        Error::Host(number) => Val::Variant("host".to_owned(), Some(Box::new(Val::U16(number)))),
        error => Val::Variant(word(&format!("{error:?}")), None),
    }
}

pub(super) fn handle(value: Option<&Val>) -> Result<Handle> {
    match value {
        Some(Val::U32(raw)) => Ok(Handle::from_raw(*raw)),
        _ => Err(mistyped()),
    }
}

pub(super) fn number(value: Option<&Val>) -> Result<u64> {
    match value {
        Some(Val::U32(number)) => Ok(u64::from(*number)),
        Some(Val::U64(number)) => Ok(*number),
        _ => Err(mistyped()),
    }
}

fn role(name: &str) -> Option<u32> {
    ROLES.iter().find(|role| kebab(role.name) == name).map(|role| role.role as u32)
}

/// Whatever stands for a number among the callback's arguments.
pub(super) fn argument(value: Option<&Val>) -> Result<i64> {
    match value {
        Some(Val::S32(number)) => Ok(i64::from(*number)),
        // No role is called like a language.
        Some(Val::Enum(name)) => {
            let language = Language::ALL.iter().find(|x| word(x.name()) == *name).map(|x| *x as i64);
            language.or_else(|| role(name).map(i64::from)).ok_or_else(mistyped)
        }
        value => number(value).map(|number| number as i64),
    }
}

/// A number or -1.
pub(super) fn optional(value: Option<&Val>) -> Result<i64> {
    match value {
        Some(Val::Option(None)) => Ok(-1),
        // What would be negative is no number that could be meant.
        Some(Val::Option(Some(some))) => Ok(number(Some(some))?.min(i64::MAX as u64) as i64),
        _ => Err(mistyped()),
    }
}

pub(super) fn text(value: Option<&Val>) -> Result<&str> {
    match value {
        Some(Val::String(text)) => Ok(text),
        _ => Err(mistyped()),
    }
}

pub(super) fn texts(value: Option<&Val>) -> Result<Vec<&str>> {
    match value {
        Some(Val::List(list)) => list.iter().map(|item| text(Some(item))).collect(),
        _ => Err(mistyped()),
    }
}

pub(super) fn bytes(value: Option<&Val>) -> Result<Vec<u8>> {
    let Some(Val::List(list)) = value else { return Err(mistyped()) };
    let byte = |item: &Val| if let Val::U8(byte) = item { Ok(*byte) } else { Err(mistyped()) };
    list.iter().map(byte).collect()
}

pub(super) fn list(bytes: &[u8]) -> Val {
    Val::List(bytes.iter().copied().map(Val::U8).collect())
}

pub(super) fn rights(value: Option<&Val>) -> Result<i64> {
    let bit = |name: &str| Rights::EACH.iter().find(|(_, known, _)| kebab(known) == name);
    let Some(Val::Flags(names)) = value else { return Err(mistyped()) };
    names.iter().try_fold(0, |bits, name| Ok(bits | i64::from(bit(name).ok_or_else(mistyped)?.0.bits())))
}

/// Flags of a group of constants.
pub(super) fn flags(group: &str, value: Option<&Val>) -> Result<i64> {
    let Some(Val::Flags(names)) = value else { return Err(mistyped()) };
    let each = GROUPS.iter().find(|known| known.name == group).map_or(&[][..], |known| known.each);
    names.iter().try_fold(0, |bits, name| {
        let known = each.iter().find(|constant| kebab(constant.name) == *name).ok_or_else(mistyped)?;
        Ok(bits | known.value)
    })
}

/// The interests that a word says.
pub(super) fn ready(bytes: &[u8]) -> Result<Val> {
    read(FieldType::Ready, bytes)
}

/// The bytes of a structure.
pub(super) fn structure(layout: &Layout, value: Option<&Val>) -> Result<Vec<u8>> {
    let Some(Val::Record(fields)) = value else { return Err(mistyped()) };
    let mut bytes = Vec::with_capacity(layout.bytes());
    for field in layout.fields {
        let given = fields.iter().find(|(name, _)| *name == kebab(field.name)).map(|(_, value)| value);
        match (field.class, given) {
            (_, None) if field.name == "zero" => bytes.extend([0].repeat(field.class.bytes())),
            (FieldType::U64, Some(Val::U64(n))) => bytes.extend(n.to_le_bytes()),
            (FieldType::I64, Some(Val::S64(n))) => bytes.extend(n.to_le_bytes()),
            (FieldType::I32, Some(Val::S32(n))) => bytes.extend(n.to_le_bytes()),
            (FieldType::U32 | FieldType::Handle, Some(Val::U32(n))) => bytes.extend(n.to_le_bytes()),
            (FieldType::Ready, given) => bytes.extend((flags("READY", given)? as u32).to_le_bytes()),
            (FieldType::Rights, given) => bytes.extend((rights(given)? as u32).to_le_bytes()),
            (FieldType::Role, Some(Val::Enum(name))) => {
                bytes.extend(role(name).ok_or_else(mistyped)?.to_le_bytes());
            }
            _ => return Err(mistyped()),
        }
    }
    Ok(bytes)
}

/// The structure that bytes are.
pub(super) fn record(layout: &Layout, bytes: &[u8]) -> Result<Val> {
    let mut at = 0;
    let mut fields = Vec::new();
    for field in layout.fields {
        let end = at + field.class.bytes();
        let own = bytes.get(at..end).ok_or_else(mistyped)?;
        at = end;
        if field.name != "zero" {
            fields.push((kebab(field.name), read(field.class, own)?));
        }
    }
    Ok(Val::Record(fields))
}

fn read(class: FieldType, bytes: &[u8]) -> Result<Val> {
    if let Some(eight) = bytes.first_chunk::<8>() {
        let number = u64::from_le_bytes(*eight);
        return Ok(if class == FieldType::I64 { Val::S64(number as i64) } else { Val::U64(number) });
    }
    let number = u32::from_le_bytes(*bytes.first_chunk().ok_or_else(mistyped)?);
    let named = |name: Option<String>| name.map(Val::Enum).ok_or_else(mistyped);
    Ok(match class {
        FieldType::I32 => Val::S32(number as i32),
        FieldType::Kind => named(kind_name(number))?,
        FieldType::Role => {
            named(ROLES.iter().find(|role| role.role as u32 == number).map(|role| kebab(role.name)))?
        }
        FieldType::FileType => {
            named(FileType::ALL.iter().find(|x| **x as u32 == number).map(|x| word(x.name())))?
        }
        FieldType::EndReason => {
            named(EndReason::ALL.iter().find(|x| **x as u32 == number).map(|x| word(x.name())))?
        }
        FieldType::Rights => {
            let held = Rights::EACH.iter().filter(|(right, ..)| right.bits() & number != 0);
            Val::Flags(held.map(|(_, name, _)| kebab(name)).collect())
        }
        FieldType::Ready => {
            let each = GROUPS.iter().find(|group| group.name == "READY").map_or(&[][..], |group| group.each);
            let set = each.iter().filter(|bit| i64::from(number) & bit.value != 0 && bit.name != "ALL");
            Val::Flags(set.map(|bit| kebab(bit.name)).collect())
        }
        _ => Val::U32(number),
    })
}
