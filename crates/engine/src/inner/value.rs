//! Values as words of 8 bytes: a number by its bits, a reference as a number plus 1, null as 0.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use b8g_core::Error;
use wasmtime::{AsContext, AsContextMut, ExternRef, HeapType, Ref, Val, ValType};

use super::{REFERENCES_MAX, References, item};
use crate::state::State;

/// A value of the context's own, which a reference within stands for.
struct Own {
    number: u32,
    references: Arc<Mutex<References>>,
}

fn lock(references: &Mutex<References>) -> MutexGuard<'_, References> {
    references.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Own {
    fn drop(&mut self) {
        let mut references = lock(&self.references);
        references.live -= 1;
        references.dropped.push(self.number);
    }
}

/// The letter that stands for a type; `x`: values of it cannot leave.
pub(super) fn letter(ty: &ValType) -> char {
    match ty {
        ValType::I32 => 'i',
        ValType::I64 => 'I',
        ValType::F32 => 'f',
        ValType::F64 => 'F',
        ValType::V128 => 'v',
        ValType::Ref(reference) => match reference.heap_type() {
            HeapType::Extern | HeapType::NoExtern => 'e',
            HeapType::Func | HeapType::ConcreteFunc(_) | HeapType::NoFunc => 'c',
            _ => 'x',
        },
    }
}

/// The type that a letter stands for.
pub(super) fn type_of(letter: u64) -> Result<ValType, Error> {
    match u8::try_from(letter) {
        Ok(b'i') => Ok(ValType::I32),
        Ok(b'I') => Ok(ValType::I64),
        Ok(b'f') => Ok(ValType::F32),
        Ok(b'F') => Ok(ValType::F64),
        Ok(b'e') => Ok(ValType::EXTERNREF),
        Ok(b'c') => Ok(ValType::FUNCREF),
        _ => Err(Error::Argument),
    }
}

/// A value of that type.
pub(super) fn from_word(
    store: &mut impl AsContextMut<Data = State>,
    word: u64,
    ty: &ValType,
) -> Result<Val, Error> {
    let reference = || match word {
        0 => Ok(None),
        n => u32::try_from(n - 1).map(Some).map_err(|_| Error::Argument),
    };
    Ok(match letter(ty) {
        'i' => Val::I32(word as i32),
        'I' => Val::I64(word as i64),
        'f' => Val::F32(word as u32),
        'F' => Val::F64(word),
        'c' => Val::FuncRef(match reference()? {
            Some(number) => Some(item::function(store.as_context().data(), number)?),
            None => None,
        }),
        'e' => Val::ExternRef(match reference()? {
            Some(number) => {
                let mut store = store.as_context_mut();
                let references = super::inner(store.data_mut())?.references.clone();
                if lock(&references).live >= REFERENCES_MAX {
                    store.gc(None).map_err(|_| Error::NoMemory)?;
                }
                if lock(&references).live >= REFERENCES_MAX {
                    return Err(Error::Limit);
                }
                lock(&references).live += 1;
                Some(ExternRef::new(&mut store, Own { number, references }).map_err(|_| Error::NoMemory)?)
            }
            None => None,
        }),
        _ => return Err(Error::Type),
    })
}

/// The word that a value is.
pub(super) fn to_word(store: &mut impl AsContextMut<Data = State>, value: &Val) -> Result<u64, Error> {
    Ok(match value {
        Val::I32(n) => u64::from(*n as u32),
        Val::I64(n) => *n as u64,
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) => *bits,
        Val::FuncRef(None) | Val::ExternRef(None) => 0,
        Val::FuncRef(Some(function)) => u64::from(item::add(store, item::Item::Function(*function))?) + 1,
        Val::ExternRef(Some(reference)) => {
            let data = reference.data(store.as_context()).map_err(|_| Error::Type)?;
            let own = data.and_then(|data| data.downcast_ref::<Own>()).ok_or(Error::Type)?;
            u64::from(own.number) + 1
        }
        _ => return Err(Error::Type),
    })
}

/// What an element of a table is, for a value of a reference type.
pub(super) fn reference(value: Val) -> Result<Ref, Error> {
    match value {
        Val::FuncRef(function) => Ok(Ref::Func(function)),
        Val::ExternRef(reference) => Ok(Ref::Extern(reference)),
        _ => Err(Error::Type),
    }
}
