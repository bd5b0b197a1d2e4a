//! What the heap of the JavaScript engine holds, as the engine counts it.

use std::sync::{Arc, Mutex};

use b8g_core::Rights;
use b8g_core::abi::event;
use b8g_image::Heap;

use crate::context::{Context, Stage};
use crate::object::Object;
use crate::outcome::Outcome;

/// Places in what the component answers: the numbers of `JSMemoryUsage`, 8 bytes each.
mod at {
    pub(super) const BYTES: usize = 2;
    pub(super) const NAMES: usize = 5;
    pub(super) const STRINGS: usize = 7;
    pub(super) const OBJECTS: usize = 9;
    pub(super) const PROPERTIES: usize = 11;
    pub(super) const FUNCTIONS: usize = 15;
    pub(super) const CODE_BYTES: usize = 17;
    pub(super) const ARRAYS: usize = 21;
    pub(super) const BUFFER_BYTES: usize = 25;
}

fn read(bytes: &[u8]) -> Heap {
    let number = |at: usize| {
        let word = bytes.get(at * 8..).and_then(|rest| rest.first_chunk::<8>());
        word.map_or(0, |word| u64::try_from(i64::from_le_bytes(*word)).unwrap_or(0))
    };
    Heap {
        bytes: number(at::BYTES),
        objects: number(at::OBJECTS),
        properties: number(at::PROPERTIES),
        strings: number(at::STRINGS),
        names: number(at::NAMES),
        functions: number(at::FUNCTIONS),
        code_bytes: number(at::CODE_BYTES),
        arrays: number(at::ARRAYS),
        buffer_bytes: number(at::BUFFER_BYTES),
    }
}

impl Context {
    /// Lets a program that started give up what it does not need, before [`Context::snapshot`]: garbage, and what it keeps
    /// to be faster. Tells what the program made and still has, if its engine can tell; what the engine itself brings is
    /// not counted.
    ///
    /// # Errors
    /// The end, when that is what it came to.
    pub fn compact(&mut self) -> Result<Option<Heap>, Outcome> {
        self.initialize()?;
        let Some(function) = self.event.clone() else { return Ok(None) };
        if self.stage != Stage::Started || self.component.wasm.is_some() {
            return Ok(None);
        }
        let answer = Arc::new(Mutex::new(Vec::new()));
        let table = &mut self.store.data_mut().table;
        let Ok(handle) = table.insert(Object::Answer(answer.clone()), Rights::WRITE) else { return Ok(None) };
        let arguments = (0, event::COMPACT, handle.raw() as i32, 0);
        self.timed(|context| context.guarded(|store| function.call(store, arguments)))?;
        let _ = self.store.data_mut().table.remove(handle);
        let bytes = std::mem::take(&mut *answer.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        Ok(Some(read(&bytes)))
    }

    /// Gives a context that goes on from an image its number among those that do so together, from 0. Its program can
    /// ask for it.
    #[must_use]
    pub fn numbered(mut self, copy: u32) -> Context {
        self.copy = copy;
        self
    }
}
