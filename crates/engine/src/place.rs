//! Where a context was when it was stopped: in a function of wasm, or in a program that its component knows about.
//!
//! Start reading at [`Context::stopped_at`]. The JavaScript engine is asked with `b8g_place` after it was stopped in the middle of anything; of
//! Python the memory is read, after traps too. Nothing that comes of it is relied upon, and the component never runs again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::WasmBacktrace;

use crate::context::{Context, frames};
use crate::interrupt::{self, Control, signal};
use crate::monitor::Monitor;
use crate::outcome::Reason;

/// How long a program that was stopped may take to tell where it is.
const PLACE_TIME_MAX: Duration = Duration::from_millis(100);
/// Bytes of what it tells.
const PLACE_BYTES_MAX: usize = 4096;

impl Context {
    /// Where its program was when it died, for those whose engine knows of such: lines of their own each. It is stopped if somebody
    /// ordered it to.
    pub(crate) fn program_place(&mut self, is_stopped: bool) -> Option<String> {
        match (self.component.is_python, self.component.is_wasm()) {
            (true, _) => self.python_place(),
            (false, false) if is_stopped => Some(self.place().unwrap_or_default()),
            (false, true) if is_stopped => self.place(),
            _ => None,
        }
    }

    /// The frames of CPython, read from its memory: it may have died of anything, so it is not asked.
    fn python_place(&self) -> Option<String> {
        // Others can change what a window shows while it is read.
        if self.store.data().windows.ever() {
            return None;
        }
        let told = match (&self.component.compiled.model, self.first_memory) {
            (None, Some(memory)) => b8g_frontend_py::place_of(memory.data(&self.store)),
            _ => self.find_in_memories(b8g_frontend_py::place_of),
        }?;
        Some(if told.is_empty() { told } else { format!("\n{told}") })
    }

    /// Why it was stopped, and where.
    pub(crate) fn stopped_at(
        &self,
        reason: Reason,
        error: Option<wasmtime::Error>,
        place: Option<&str>,
    ) -> String {
        let what = match (reason, self.store.data().limits.timeout) {
            (Reason::Timeout, Some(timeout)) => format!("still running after {timeout:?}"),
            _ => "stopped from outside".to_owned(),
        };
        // The frames of a script's engine say nothing of the script.
        match place {
            Some(place) => return what + place,
            None if !self.component.is_wasm() => return what,
            None => {}
        }
        let function = self.function_at(signal::stopped_at());
        let trace = error.as_ref().and_then(|error| error.downcast_ref::<WasmBacktrace>());
        what + &function + &trace.map_or_else(String::new, frames)
    }

    /// The function that a signal stopped, which the trace does not know, as a frame.
    fn function_at(&self, pc: usize) -> String {
        let module = &self.component.compiled.module;
        let at = pc.wrapping_sub(module.text().as_ptr() as usize);
        let found = module
            .functions()
            .find(|function| (function.offset..function.offset + function.len).contains(&at));
        match found {
            Some(found) => {
                let name = found.name.unwrap_or_else(|| format!("function {}", found.index.as_u32()));
                format!("\n    at {name}")
            }
            None => String::new(),
        }
    }

    /// Where the program was when it was stopped, if its component can tell: frames as in a stack trace, each on a line of its own.
    ///
    /// It was stopped in the middle of something, so nothing of it is relied upon: it has little time, and what it says is a text.
    pub(crate) fn place(&mut self) -> Option<String> {
        let compiled = self.component.compiled.clone();
        let at = compiled.exports.place.as_ref()?;
        let tell = self.instance?.get_module_export(&mut self.store, at)?.into_func()?;
        let tell = tell.typed::<(), i64>(&self.store).ok()?;
        let memory = self.store.data().memory?;
        // Its own order to stop would stop this as well.
        let monitor = Arc::new(Monitor::new(0));
        let control = Arc::new(Control::new(monitor.clone()));
        control.owns_no_process();
        compiled.engine().watchdog().watch(&control, Instant::now() + PLACE_TIME_MAX).ok()?;
        let target = signal::Target { code: &compiled.code, store_context: self.store_context };
        let own = std::mem::replace(&mut self.store.data_mut().monitor, monitor);
        let told = match interrupt::enter(&control, Some(target)) {
            Ok(_entered) => tell.call(&mut self.store, ()).ok(),
            Err(_) => None,
        };
        self.store.data_mut().monitor = own;
        let (at, len) = (told? as u32 as usize, (told? as u64 >> 32) as usize);
        let text = memory.data(&self.store).get(at..at.checked_add(len.min(PLACE_BYTES_MAX))?)?;
        let is_shown = |letter: &char| !letter.is_control() || *letter == '\n';
        Some(String::from_utf8_lossy(text).chars().filter(is_shown).collect())
    }
}
