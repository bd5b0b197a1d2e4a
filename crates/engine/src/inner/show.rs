//! Memories of modules within, shown in the context's own memory.

use b8g_core::Error;
use wasmtime::{AsContext, Caller};

use super::{Span, inner, item, memory, words};
use crate::memory::PAGE_BYTES;
use crate::memory::inner::hide as hide_at;
use crate::state::{Ending, State};

/// Places where memories were shown at most, as for windows; who shows them where others were needs few.
const PLACES_MAX: usize = 256;

/// Shows a memory at the address that lies at `from`.
pub(super) fn show(caller: &mut Caller<'_, State>, number: u32, from: Span) -> Result<i64, Error> {
    let [at] = words(caller, from)?[..] else { return Err(Error::Argument) };
    let found = item::memory_of(caller.data(), number)?;
    let (base, len) = (found.data_ptr(caller.as_context()) as usize, found.data_size(caller.as_context()));
    let inner = inner(caller.data_mut())?;
    if inner.shown.iter().any(|(shown, _)| *shown == number) {
        return Err(Error::Busy);
    }
    let shown = inner.memories.iter().find(|memory| memory.base() == base).copied().ok_or(Error::Type)?;
    if len == 0 {
        return Ok(0);
    }
    let at = usize::try_from(at).map_err(|_| Error::Fault)?;
    let range = at..at.checked_add(len).ok_or(Error::Fault)?;
    if !at.is_multiple_of(PAGE_BYTES) || !len.is_multiple_of(PAGE_BYTES) {
        return Err(Error::Argument);
    }
    if inner.shown.iter().any(|(_, other)| other.start < range.end && range.start < other.end) {
        return Err(Error::Exists);
    }
    if inner.were.count() >= PLACES_MAX && !inner.were.hold(&range) {
        return Err(Error::Limit);
    }
    let (mut guest, state) = memory(caller)?;
    if range.end > guest.len() {
        return Err(Error::Fault);
    }
    if state.windows.overlap(&range) {
        return Err(Error::Exists);
    }
    // SAFETY: the memory is an item of this store, which is there, and has so many bytes.
    if let Err(error) = unsafe { shown.show(&mut guest, &state.residence, &range) } {
        state.ending = Some(Ending::Broken(format!("a memory could not be shown: {error}")));
        return Err(Error::NoMemory);
    }
    super::inner(state)?.shown.push((number, range));
    Ok(len as i64)
}

/// Tells whether a memory is larger than what is shown of it.
pub(super) fn has_grown(caller: &mut Caller<'_, State>) -> bool {
    let Some(own) = caller.data().inner.as_deref() else { return false };
    own.shown.iter().any(|(number, range)| {
        item::memory_of(caller.data(), *number)
            .is_ok_and(|memory| memory.data_size(caller.as_context()) != range.len())
    })
}

/// Ends that.
pub(super) fn hide(caller: &mut Caller<'_, State>, number: u32) -> Result<i64, Error> {
    let own = inner(caller.data_mut())?;
    let place = own.shown.iter().position(|(shown, _)| *shown == number).ok_or(Error::NotFound)?;
    let (_, range) = own.shown.swap_remove(place);
    own.were.add(range.clone());
    let (mut guest, state) = memory(caller)?;
    if let Err(error) = hide_at(&mut guest, &range) {
        state.ending = Some(Ending::Broken(format!("a memory could not be hidden: {error}")));
        return Err(Error::NoMemory);
    }
    Ok(0)
}
