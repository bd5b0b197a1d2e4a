//! Contexts: isolated running instances of components.
//!
//! Start reading at [`Context::run`]. A context runs on the thread that calls it, and only inside of these calls;
//! between them it has no machine stack.

use std::sync::Arc;

use b8g_core::abi::{Role, event, state as run_state};
use b8g_core::{Handle, Limits};
use b8g_image::Want;
use thiserror::Error;
use wasmtime::{Func, Instance, ModuleExport, Store, Trap, TypedFunc, ValRaw, WasmBacktrace};

use crate::component::{Component, Face};
use crate::function::ValueType;
use crate::grant::Grants;
use crate::image::Image;
use crate::interrupt::{self, Control, Interrupt, signal};
use crate::memory::{Residence, pool};
use crate::model::{self, Model, ModelInstance};
use crate::object::Object;
use crate::object::exchange::{EXCHANGE_RIGHTS, Exchange};
use crate::outcome::{Outcome, Reason, Usage};
use crate::split;
use crate::state::{Ending, State};
use crate::thread_time::thread_time;
use crate::wait;

/// Why there is no context.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// More grants than the context may have handles.
    #[error("the grants are more than the {0} handles that the context may have")]
    Handles(u32),
    /// The image says that it needs more than it is granted.
    #[error("the image needs what is not granted: {}", flags_of(.0))]
    Wanted(Vec<Want>),
    /// The component is no JavaScript program, and exports neither `wasi:http/handler` nor `wasi:http/incoming-handler`.
    #[error(
        "the component answers no requests: it exports neither wasi:http/handler nor wasi:http/incoming-handler"
    )]
    NoHandler,
    /// What is given to a context before it starts came too late.
    #[error("the context has started already")]
    Started,
    /// The watchdog's thread cannot be started.
    #[error("cannot watch the context's deadline: {0}")]
    Watchdog(#[source] std::io::Error),
}

/// The flags of `b8g run` that would grant these.
fn flags_of(wants: &[Want]) -> String {
    let flag = |want: &Want| format!("--allow-{}={}", want.access.name(), want.target.replace(',', ",,"));
    wants.iter().map(flag).collect::<Vec<_>>().join(" ")
}

/// A number that a wasm function takes or gives.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum Value {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A 32-bit float.
    F32(f32),
    /// A 64-bit float.
    F64(f64),
}

/// Why a call gave no values.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CallError {
    /// There is no such function; the context lives on.
    #[error("the component exports no function {0:?}")]
    NoFunction(String),
    /// The arguments do not fit; the context lives on.
    #[error("the function {0:?} takes other arguments")]
    Arguments(String),
    /// The function gives what is no number; the context lives on.
    #[error("the function {0:?} gives values that are no numbers")]
    Results(String),
    /// The context is dead.
    #[error("the context ended: {0}")]
    Ended(Outcome),
}

/// Stops a context from another thread.
#[derive(Clone, Debug)]
pub struct Canceller {
    engine: crate::Engine,
    control: Arc<Control>,
}

impl Canceller {
    /// Orders the context to stop. It ends with [`Reason::Cancelled`], at once when it runs, else when it is run again.
    ///
    /// # Errors
    /// When the watchdog's thread cannot be started.
    pub fn cancel(&self) -> std::io::Result<()> {
        self.engine.watchdog().cancel(&self.control)
    }

    /// Tells whether it is to stop.
    pub(crate) fn is_ordered(&self) -> bool {
        self.control.monitor.stop_ordered().is_some()
    }

    /// The process goes on when the context does not stop in time.
    pub(crate) fn owns_no_process(&self) {
        self.control.owns_no_process();
    }
}

/// How far a context has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub(crate) enum Stage {
    New,
    /// There is an instance, ready for its program or for calls.
    Initialized,
    /// The program runs, or ran.
    Started,
}

/// An isolated running instance of a component: a memory and a table of handles.
pub struct Context {
    pub(crate) store: Store<State>,
    pub(crate) component: Component,
    pub(crate) grants: Grants,
    /// What it goes on from.
    pub(crate) image: Option<Image>,
    /// What it was frozen to for its forks, until something of it runs again.
    pub(crate) forked: Option<Image>,
    /// Its number among those that go on from the same image together.
    pub(crate) copy: u32,
    pub(crate) control: Arc<Control>,
    pub(crate) instance: Option<Instance>,
    /// The instance of a component of the component model, beside which the other is only the anchor.
    pub(crate) model_instance: Option<ModelInstance>,
    pub(crate) first_memory: Option<wasmtime::Memory>,
    pub(crate) event: Option<TypedFunc<(i64, i32, i32, i64), i32>>,
    /// Functions of numbers that were called, by their place among the component's.
    callables: Vec<Option<Func>>,
    /// The place of the one that was called last.
    called_last: usize,
    /// For the handler of the stop signal; 0 until there is an instance.
    pub(crate) store_context: usize,
    pub(crate) stage: Stage,
    /// The thread's processor time in nanoseconds that is counted already, while a call runs.
    counted_until: Option<u64>,
    /// Which threads it ran on.
    pub(crate) residence: Arc<Residence>,
    /// Whether it can answer requests, if somebody wants to know at its end.
    answers: Option<bool>,
    outcome: Option<Outcome>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("outcome", &self.outcome).finish_non_exhaustive()
    }
}

/// An error that makes wasmtime unwind the guest; the reason lies in [`State::ending`].
#[derive(Debug, Error)]
#[error("the context is ending")]
struct Unwind;

pub(crate) fn unwind() -> wasmtime::Error {
    wasmtime::Error::new(Unwind)
}

impl Context {
    /// Makes a context that holds what `grants` say and nothing else. Its deadline counts from now.
    ///
    /// # Errors
    /// [`StartError`] when it cannot be given what it was granted.
    pub fn new(component: &Component, grants: &Grants, limits: Limits) -> Result<Context, StartError> {
        Context::make(component, grants, limits, None)
    }

    pub(crate) fn make(
        component: &Component,
        grants: &Grants,
        limits: Limits,
        image: Option<&Image>,
    ) -> Result<Context, StartError> {
        let missing = image.map_or_else(Vec::new, |image| grants.missing(&image.wants));
        if !missing.is_empty() {
            return Err(StartError::Wanted(missing));
        }
        let (handles_max, timeout) = (limits.handles_max, limits.timeout);
        let full = |_| StartError::Handles(handles_max);
        let compiled = &component.compiled;
        let generations = image.map_or(&[][..], |image| &image.frozen.generations);
        let mut state =
            State::new(component.compiled.engine(), grants, component.program.as_ref(), limits, generations)
                .map_err(full)?;
        if compiled.imports_wasi {
            let is_guest = compiled.face == Face::Abi;
            state.wasi = Some(Box::new(crate::wasi::Wasi::new(grants, &mut state, is_guest).map_err(full)?));
        }
        if let Some(model) = &compiled.model {
            let resources = crate::model::Resources::new(grants, &mut state, model.is_guest());
            state.model = Some(Box::new(resources.map_err(full)?));
        }
        let engine = compiled.engine();
        let mut control = Control::new(state.monitor.clone());
        if engine.interrupt() == Interrupt::Exit {
            control = control.stoppable(compiled.clone());
        }
        let (control, residence) = (Arc::new(control), state.residence.clone());
        if let Some(timeout) = timeout {
            let deadline = state.monitor.started() + timeout;
            engine.watchdog().watch(&control, deadline).map_err(StartError::Watchdog)?;
        }
        let mut store = Store::new(compiled.wasmtime(), state);
        store.limiter(|state| state);
        if compiled.model.is_some() {
            store.set_max_component_handles(crate::model::HANDLES_MAX);
            store.set_hostcall_fuel(crate::model::ARGUMENT_BYTES_MAX);
        }
        if engine.interrupt() == Interrupt::Epoch {
            store.set_epoch_deadline(1);
            store.epoch_deadline_callback(|context| match context.data().monitor.stop_ordered() {
                Some(_) => Err(unwind()),
                None => Ok(wasmtime::UpdateDeadline::Continue(1)),
            });
        }
        Ok(Context {
            store,
            component: component.clone(),
            grants: grants.clone(),
            image: image.cloned(),
            forked: None,
            copy: 0,
            control,
            instance: None,
            model_instance: None,
            first_memory: None,
            event: None,
            callables: Vec::new(),
            called_last: 0,
            store_context: 0,
            stage: Stage::New,
            answers: None,
            counted_until: None,
            residence,
            outcome: None,
        })
    }

    /// Runs the component as a program, until it ends.
    pub fn run(&mut self) -> Outcome {
        self.timed(Context::run_now)
    }

    /// Runs a program as [`Context::run`] does, and tells whether it [can answer requests](Context::answer), too: one that was
    /// meant to do so does nothing when it is run.
    pub fn run_or_answer(&mut self) -> (Outcome, bool) {
        self.answers = Some(false);
        let outcome = self.run();
        (outcome, self.answers.take() == Some(true))
    }

    fn run_now(&mut self) -> Outcome {
        loop {
            if let Some(ended) = self.run_to_checkpoint() {
                return ended;
            }
        }
    }

    /// Runs the component as a program, until it ends or [asks to be frozen](Context::is_at_checkpoint). When it is called
    /// again the program goes on from there.
    pub fn run_to_checkpoint(&mut self) -> Option<Outcome> {
        self.timed(Context::run_to_checkpoint_now)
    }

    fn run_to_checkpoint_now(&mut self) -> Option<Outcome> {
        let was_at_checkpoint = self.is_at_checkpoint();
        if self.outcome.is_none()
            && let Err(ended) = self.start().and_then(|()| self.enter_main())
        {
            return Some(ended);
        }
        if was_at_checkpoint && let Err(ended) = self.resume() {
            return Some(ended);
        }
        while self.is_waiting() {
            if self.is_at_checkpoint() {
                return None;
            }
            if let Err(ended) = self.resume() {
                return Some(ended);
            }
        }
        if self.answers.is_some() && !self.component.is_wasm() && self.hears() && self.outcome.is_none() {
            match self.tell(0, event::REQUEST, Handle::ENGINE, 0) {
                Ok(can) => self.answers = Some(can == 1),
                Err(ended) => return Some(ended),
            }
        }
        Some(self.end())
    }

    /// Makes the context ready, short of starting its program: the instance is there, and what a module does before it can
    /// be used (its start function, `_initialize`) is done. Does nothing when that was done before.
    ///
    /// # Errors
    /// The end, when that is what it came to.
    pub fn initialize(&mut self) -> Result<(), Outcome> {
        self.alive()?;
        if self.stage != Stage::New {
            return Ok(());
        }
        self.timed(Context::initialize_now)
    }

    fn initialize_now(&mut self) -> Result<(), Outcome> {
        let instance = self.instantiate()?;
        let compiled = self.component.compiled.clone();
        let exports = &compiled.exports;
        if let Some(model) = &compiled.model {
            return self.initialize_model(model);
        }
        if let Some(frozen) = self.image.as_ref().map(|image| image.frozen.clone()) {
            self.thaw(instance, &frozen)?;
            self.stage = frozen.stage;
            return if self.stage == Stage::Started { self.wake() } else { Ok(()) };
        }
        self.stage = Stage::Initialized;
        if exports.start_function.is_some() {
            let start = self.export::<(), ()>(instance, exports.start_function.as_ref(), split::START)?;
            self.guarded(|store| start.call(store, ()))?;
        }
        if compiled.face == Face::Wasi && exports.initialize.is_some() {
            let initialize = self.export::<(), ()>(instance, exports.initialize.as_ref(), "_initialize")?;
            self.guarded(|store| initialize.call(store, ()))?;
        }
        Ok(())
    }

    /// Starts the component: runs it until it ends or waits. Does nothing when it was started before; one that goes on
    /// from an image was, if the context was that it was made of.
    ///
    /// # Errors
    /// The end, when that is what it came to.
    pub fn start(&mut self) -> Result<(), Outcome> {
        self.alive()?;
        if self.stage == Stage::Started {
            return Ok(());
        }
        self.timed(Context::start_now)
    }

    fn start_now(&mut self) -> Result<(), Outcome> {
        self.initialize()?;
        let Some(instance) = self.instance.filter(|_| self.stage != Stage::Started) else { return Ok(()) };
        self.stage = Stage::Started;
        let compiled = self.component.compiled.clone();
        if let Some(model) = &compiled.model {
            // What the image says is called instead.
            let calls = self.image.as_ref().is_some_and(|image| image.main.is_some());
            if self.is_guest() {
                let state = self.start_guest()?;
                return self.note(state);
            }
            return if calls { Ok(()) } else { Err(self.run_model(model, model::run::run)) };
        }
        let start = compiled.exports.start.as_ref();
        if compiled.face == Face::Abi {
            let start = self.export::<(i32, i32, i32, i32), i32>(instance, start, "b8g_start")?;
            let state = self.guarded(|store| start.call(store, (0, 0, 0, 0)))?;
            return self.note(state);
        }
        if start.is_some() {
            let start = self.export::<(), ()>(instance, start, "_start")?;
            self.guarded(|store| start.call(store, ()))?;
            return Err(self.conclude(Ok(())));
        }
        Ok(())
    }

    /// Tells whether the context waits for something: a timer, a stream, a checkpoint.
    pub fn is_waiting(&self) -> bool {
        let state = self.store.data();
        self.outcome.is_none() && (state.parked.is_some() || state.checkpoint)
    }

    /// Tells whether the program asked to be frozen here, and waits for that: in JavaScript by `checkpoint()` of the
    /// module "b8g". Whether or not [`Context::snapshot`] is called now, [`Context::resume`] lets it go on.
    pub fn is_at_checkpoint(&self) -> bool {
        self.outcome.is_none() && self.store.data().checkpoint
    }

    /// Waits on this thread for what the context waits for, then runs it until it ends or waits again.
    ///
    /// # Errors
    /// The end, when that is what it came to.
    pub fn resume(&mut self) -> Result<(), Outcome> {
        self.timed(Context::resume_now)
    }

    fn resume_now(&mut self) -> Result<(), Outcome> {
        self.alive()?;
        if std::mem::take(&mut self.store.data_mut().checkpoint) {
            return self.send(0, event::CHECKPOINT, Handle::ENGINE, 0);
        }
        let Some(parked) = self.store.data_mut().parked.take() else { return Ok(()) };
        let mut ready = vec![0; parked.items.len()];
        let waited = {
            let control = self.control.clone();
            let entered = interrupt::enter(&control, None);
            entered.map(|_entered| {
                wait::wait_now(self.store.data(), &parked.items, parked.deadline, &mut ready, true)
            })
        };
        let count = match waited {
            Ok(Ok(count)) => count as i64,
            Ok(Err(b8g_core::Error::Timeout)) => 0,
            Ok(Err(b8g_core::Error::Busy)) => {
                self.store.data_mut().parked = Some(parked);
                return Ok(());
            }
            _ => return Err(self.conclude(Err(unwind()))),
        };
        let first = ready.iter().position(|bits| *bits != 0).map_or(-1, |i| i as i64);
        self.send(first, event::READY, Handle::ENGINE, count)
    }

    /// Checks that it can answer a request.
    pub(crate) fn can_answer(&self) -> Result<(), StartError> {
        match &self.component.compiled.model {
            _ if self.outcome.is_some() => Err(StartError::Started),
            Some(_) if self.stage == Stage::Started => Err(StartError::Started),
            Some(model) if model.handler.is_some() => Ok(()),
            None if !self.component.is_wasm() && self.hears() => Ok(()),
            _ => Err(StartError::NoHandler),
        }
    }

    /// How it ended, if it has.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// What it used until now, as the outcome of a context that lives on.
    pub(crate) fn so_far(&mut self) -> Outcome {
        self.count_time();
        let (reason, message) = (Reason::Exit, String::new());
        Outcome { reason, exit_code: 0, message, broken_pipe: false, usage: self.usage() }
    }

    /// Lets the time that it has begin anew, if it has run before: for the next cell of a session, say.
    ///
    /// # Errors
    /// The end, when the deadline cannot be watched.
    pub fn renew_deadline(&mut self) -> Result<(), Outcome> {
        let Some(timeout) = self.store.data().limits.timeout.filter(|_| self.stage == Stage::Started) else {
            return Ok(());
        };
        let watchdog = self.component.compiled.engine().clone();
        watchdog.watchdog().watch(&self.control, std::time::Instant::now() + timeout).map_err(|error| {
            let message = format!("cannot watch the context's deadline: {error}");
            self.finish(Reason::Trap, Reason::Trap.exit_code(), message)
        })
    }

    /// Counts no time until the deadline is renewed: between two cells of a session, say.
    pub fn suspend_deadline(&mut self) {
        self.control.set_due(None);
    }

    /// Lets its handler answer a request.
    pub(crate) fn run_handler(&mut self, request: Arc<Exchange>) -> Result<Outcome, b8g_core::Error> {
        self.store.data_mut().give(Role::Request, Object::Exchange(request), EXCHANGE_RIGHTS)?;
        let compiled = self.component.compiled.clone();
        let Some(model) = &compiled.model else { return Err(b8g_core::Error::Type) };
        let answer = |store: &mut Store<State>, model: &Model, instance| {
            model::run::answer(store, model, instance).map(Ok)
        };
        Ok(self.timed(|context| match context.initialize() {
            Ok(()) => {
                context.stage = Stage::Started;
                context.run_model(model, answer)
            }
            Err(ended) => ended,
        }))
    }

    /// Runs what a binary of the component model is run by, to its end.
    fn run_model(
        &mut self,
        model: &Model,
        run: impl FnOnce(
            &mut Store<State>,
            &Model,
            wasmtime::component::Instance,
        ) -> wasmtime::Result<Result<(), ()>>,
    ) -> Outcome {
        let Some(ModelInstance { instance, .. }) = self.model_instance else { return self.conclude(Ok(())) };
        match self.guarded(|store| run(store, model, instance)) {
            Ok(answer) => {
                if answer.is_err() {
                    self.store.data_mut().ending = Some(Ending::Exit(1));
                }
                self.conclude(Ok(()))
            }
            Err(ended) => ended,
        }
    }

    /// Calls an exported function. Starts the context if need be, unless it is a program.
    ///
    /// # Errors
    /// [`CallError`]; only [`CallError::Ended`] means that the context is dead.
    pub fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Vec<Value>, CallError> {
        self.timed(|context| context.call_now(name, arguments))
    }

    fn call_now(&mut self, name: &str, arguments: &[Value]) -> Result<Vec<Value>, CallError> {
        self.start().map_err(CallError::Ended)?;
        let compiled = &self.component.compiled;
        let Some((place, signature)) = compiled.function(name, self.called_last) else {
            return Err(match compiled.module.get_export(name).and_then(|export| export.func().cloned()) {
                Some(other) if other.params().all(|ty| ValueType::of(&ty).is_some()) => {
                    CallError::Results(name.to_owned())
                }
                Some(_) => CallError::Arguments(name.to_owned()),
                None => CallError::NoFunction(name.to_owned()),
            });
        };
        if !arguments.iter().map(Value::value_type).eq(signature.parameters.iter().copied()) {
            return Err(CallError::Arguments(name.to_owned()));
        }
        // Arguments lie where results will.
        let room = arguments.len().max(signature.results.len());
        self.called_last = place;
        let function = self.callable(place).ok_or_else(|| CallError::NoFunction(name.to_owned()))?;
        let (mut few, mut many);
        let values: &mut [ValRaw] = if room <= VALUES_INLINE_MAX {
            few = [ValRaw::i64(0); VALUES_INLINE_MAX];
            &mut few[..room]
        } else {
            many = vec![ValRaw::i64(0); room];
            &mut many
        };
        values.iter_mut().zip(arguments).for_each(|(raw, value)| *raw = value.to_raw());
        // SAFETY: the function is the export of which the signature was read when its module was compiled; there are as many
        // arguments as it takes, of its types, and room for its results. They are all numbers, so nothing of another store or
        // of the collector's is among them.
        let called = self.guarded(|store| unsafe { function.call_unchecked(store, &raw mut *values) });
        called.map_err(CallError::Ended)?;
        let results =
            self.component.compiled.function_at(place).map_or(&[][..], |function| &function.0.results);
        Ok(results.iter().zip(values).map(|(ty, raw)| Value::of_raw(*ty, *raw)).collect())
    }

    /// The exported function at that place. It is looked up once: that takes longer than to call it.
    fn callable(&mut self, place: usize) -> Option<Func> {
        if let Some(Some(known)) = self.callables.get(place) {
            return Some(*known);
        }
        let (_, at) = self.component.compiled.function_at(place)?;
        let found = self.instance?.get_module_export(&mut self.store, at)?.into_func()?;
        if self.callables.len() <= place {
            self.callables.resize(place + 1, None);
        }
        self.callables[place] = Some(found);
        Some(found)
    }

    /// Stops the context from other threads.
    pub fn canceller(&self) -> Canceller {
        Canceller { engine: self.component.compiled.engine().clone(), control: self.control.clone() }
    }

    /// What the context used until now.
    pub fn usage(&self) -> Usage {
        self.store.data().monitor.usage()
    }

    fn alive(&self) -> Result<(), Outcome> {
        self.outcome.clone().map_or(Ok(()), Err)
    }

    /// How it ended, or its end now when there is nothing left to do.
    pub(crate) fn end(&mut self) -> Outcome {
        match &self.outcome {
            Some(outcome) => outcome.clone(),
            None => self.conclude(Ok(())),
        }
    }

    fn instantiate(&mut self) -> Result<Instance, Outcome> {
        let compiled = self.component.compiled.clone();
        let residence = self.residence.clone();
        let frozen = self.image.as_ref().map(|image| image.frozen.clone());
        // The anchor of a component has no memory.
        let memory = frozen.as_ref().and_then(|frozen| frozen.memories.first());
        let heap =
            memory.and_then(|memory| memory.base.as_ref()).or(compiled.base(0)).map(|base| base.image());
        let len = memory.map_or(0, |memory| memory.bytes);
        let instance = self.guarded(|store| {
            pool::with_image(heap, len, &residence, || compiled.pre.instantiate(&mut *store))
        })?;
        self.instance = Some(instance);
        let exports = &compiled.exports;
        let memory = exports.memory.as_ref().and_then(|at| instance.get_module_export(&mut self.store, at));
        self.store.data_mut().memory = memory.and_then(wasmtime::Extern::into_memory);
        let first = exports.first_memory.as_ref();
        let first = first.and_then(|at| instance.get_module_export(&mut self.store, at));
        self.first_memory = first.and_then(wasmtime::Extern::into_memory);
        if compiled.face == Face::Abi && exports.event.is_some() {
            self.event = Some(self.export(instance, exports.event.as_ref(), "b8g_event")?);
        }
        if compiled.engine().interrupt() != Interrupt::Epoch {
            let at = exports.function.as_ref();
            let exported = at.and_then(|at| instance.get_module_export(&mut self.store, at)?.into_func());
            self.store_context = exported.map_or(0, |func| signal::store_context(&func, &mut self.store));
        }
        Ok(instance)
    }

    /// Finds an export of the type that it must have.
    fn export<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
        &mut self,
        instance: Instance,
        at: Option<&ModuleExport>,
        name: &str,
    ) -> Result<TypedFunc<P, R>, Outcome> {
        let function: Option<Func> =
            at.and_then(|at| instance.get_module_export(&mut self.store, at)?.into_func());
        function.and_then(|function| function.typed(&self.store).ok()).ok_or_else(|| {
            let message = format!("the export {name} is not the function that it must be");
            self.finish(Reason::Trap, Reason::Trap.exit_code(), message)
        })
    }

    /// Everything that runs code of the guest, or writes to its memory, runs within this. Counts the processor time of
    /// this thread while `act` runs; within another such call that one counts.
    pub(crate) fn timed<R>(&mut self, act: impl FnOnce(&mut Context) -> R) -> R {
        if self.counted_until.is_some() {
            return act(self);
        }
        self.residence.here();
        self.counted_until = Some(thread_time());
        let done = act(self);
        self.count_time();
        self.counted_until = None;
        done
    }

    /// Adds the processor time since it was counted last.
    fn count_time(&mut self) {
        if let Some(until) = &mut self.counted_until {
            let now = thread_time();
            let spent = now.saturating_sub(*until);
            self.control.monitor.cpu_ns.fetch_add(spent, std::sync::atomic::Ordering::Relaxed);
            *until = now;
        }
    }

    pub(crate) fn send(&mut self, token: i64, kind: i32, handle: Handle, value: i64) -> Result<(), Outcome> {
        let state = self.tell(token, kind, handle, value)?;
        self.note(state)
    }

    /// Tells whether the component can be told of events once it was started.
    pub(crate) fn hears(&self) -> bool {
        let compiled = &self.component.compiled;
        compiled.face == Face::Abi && compiled.exports.event.is_some() || self.is_guest()
    }

    /// Tells the component of an event; answers what it answered.
    pub(crate) fn tell(&mut self, token: i64, kind: i32, handle: Handle, value: i64) -> Result<i32, Outcome> {
        match self.event.clone() {
            Some(event) => {
                let arguments = (token, kind, handle.raw() as i32, value);
                self.guarded(|store| event.call(store, arguments))
            }
            None if self.is_guest() => self.tell_guest(token, kind, handle, value),
            None => {
                let message = "the component parked a wait but exports no b8g_event".to_owned();
                Err(self.finish(Reason::Trap, Reason::Trap.exit_code(), message))
            }
        }
    }

    /// Looks at the state that the component answered.
    fn note(&mut self, state: i32) -> Result<(), Outcome> {
        let data = self.store.data_mut();
        data.checkpoint = state == run_state::CHECKPOINT;
        if state != run_state::WAITING {
            data.parked = None;
        }
        if i64::from(state) == b8g_core::Error::Canceled.code() {
            let message = "it was asked to stop".to_owned();
            return Err(self.finish(Reason::Cancelled, Reason::Cancelled.exit_code(), message));
        }
        if data.failure.is_some() || state < 0 {
            return Err(self.conclude(Ok(())));
        }
        Ok(())
    }

    /// Runs code of the guest: published to the watchdog, its end understood.
    pub(crate) fn guarded<R>(
        &mut self,
        run: impl FnOnce(&mut Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, Outcome> {
        self.forked = None;
        let store_context = self.store_context;
        let target = signal::Target { code: &self.component.compiled.code, store_context };
        let here = 0u8;
        self.store.data_mut().stack_start = &raw const here as usize;
        let done = match interrupt::enter(&self.control, Some(target)) {
            Ok(_entered) => run(&mut self.store),
            Err(_) => Err(unwind()),
        };
        done.map_err(|error| self.conclude(Err(error)))
    }

    /// Understands how a run ended and keeps it as the context's end.
    fn conclude(&mut self, run: wasmtime::Result<()>) -> Outcome {
        let state = self.store.data();
        let is_stopped = match &state.ending {
            Some(ending) => matches!(ending, Ending::Stopped(_)),
            None => run.is_err() && state.monitor.stop_ordered().is_some(),
        };
        let ends_early = match &state.ending {
            Some(Ending::Exit(_) | Ending::BrokenPipe) => false,
            Some(_) => true,
            None => run.is_err(),
        };
        let place = if ends_early { self.program_place(is_stopped) } else { None };
        let place = place.as_deref();
        let trapped = |error: &wasmtime::Error| match place {
            Some(place) => trap_headline(error) + place,
            None => trap_text(error),
        };
        let state = self.store.data();
        let refused = state.monitor.memory_refused.load(std::sync::atomic::Ordering::Relaxed);
        let stopped = state.monitor.stop_ordered();
        let (reason, code, message) = match (state.ending.clone(), run, &state.failure) {
            (Some(Ending::Exit(code)), ..) => (Reason::Exit, code, String::new()),
            (Some(Ending::Output), ..) => {
                let max = state.limits.output_bytes_max.unwrap_or(0);
                let place = place.unwrap_or_default();
                (Reason::Output, 125, format!("more than {max} bytes of output{place}"))
            }
            (Some(Ending::Broken(why)), ..) => {
                (Reason::Trap, Reason::Trap.exit_code(), why + place.unwrap_or_default())
            }
            (Some(Ending::BrokenPipe), ..) => {
                let mut outcome = self.finish(Reason::Exit, 128 + libc::SIGPIPE, String::new());
                outcome.broken_pipe = true;
                self.outcome = Some(outcome.clone());
                return outcome;
            }
            (Some(Ending::Stopped(reason)), run, _) => {
                (reason, reason.exit_code(), self.stopped_at(reason, run.err(), place))
            }
            (None, Err(error), _) if stopped.is_some() => {
                let reason = stopped.unwrap_or(Reason::Timeout);
                (reason, reason.exit_code(), self.stopped_at(reason, Some(error), place))
            }
            (None, Err(error), _) if refused => {
                let max = state.limits.memory_bytes_max;
                let text = format!("more than {max} bytes of memory\n{}", trapped(&error));
                (Reason::Memory, Reason::Memory.exit_code(), text)
            }
            // It told why before it trapped, as a panic does.
            (None, Err(_), Some(failure)) => {
                (failure.reason, failure.reason.exit_code(), failure.message.clone())
            }
            (None, Err(error), _) => (Reason::Trap, Reason::Trap.exit_code(), trapped(&error)),
            (None, Ok(()), Some(failure)) => {
                let reason =
                    if refused && failure.reason == Reason::Memory { Reason::Memory } else { failure.reason };
                (reason, reason.exit_code(), failure.message.clone())
            }
            (None, Ok(()), None) => (Reason::Exit, 0, String::new()),
        };
        self.finish(reason, code, message)
    }

    pub(crate) fn finish(&mut self, reason: Reason, exit_code: i32, message: String) -> Outcome {
        self.count_time();
        let usage = self.usage();
        let outcome = Outcome { reason, exit_code, message, broken_pipe: false, usage };
        self.hang_up(outcome.is_success());
        self.outcome = Some(outcome.clone());
        outcome
    }
}

/// Arguments, or results, of a function for which a call takes nothing from the heap.
const VALUES_INLINE_MAX: usize = 16;

/// Frames of a stack trace that are shown.
const FRAMES_MAX: usize = 20;

/// What went wrong.
fn trap_headline(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string().trim_start_matches("wasm trap: ").to_owned(),
        None => error.root_cause().to_string(),
    }
}

/// What went wrong and where, in the guest's own source where that is known.
pub(crate) fn trap_text(error: &wasmtime::Error) -> String {
    let what = trap_headline(error);
    match error.downcast_ref::<WasmBacktrace>() {
        Some(trace) => format!("{what}{}", frames(trace)),
        None => what,
    }
}

pub(crate) fn frames(trace: &WasmBacktrace) -> String {
    let mut text = String::new();
    for frame in trace.frames().iter().take(FRAMES_MAX) {
        let symbol = frame.symbols().last();
        let name = symbol.and_then(|symbol| symbol.name()).or(frame.func_name());
        let name = name.map_or_else(|| format!("function {}", frame.func_index()), str::to_owned);
        text.push_str("\n    at ");
        text.push_str(&name);
        if let Some(symbol) = symbol
            && let Some(file) = symbol.file()
        {
            text.push_str(&format!(
                " ({file}:{}:{})",
                symbol.line().unwrap_or(0),
                symbol.column().unwrap_or(0)
            ));
        } else if let Some(offset) = frame.module_offset() {
            text.push_str(&format!(" (wasm offset {offset:#x})"));
        }
    }
    let rest = trace.frames().len().saturating_sub(FRAMES_MAX);
    if rest > 0 {
        text.push_str(&format!("\n    … {rest} more"));
    }
    text
}

impl Value {
    fn value_type(&self) -> ValueType {
        match self {
            Value::I32(_) => ValueType::I32,
            Value::I64(_) => ValueType::I64,
            Value::F32(_) => ValueType::F32,
            Value::F64(_) => ValueType::F64,
        }
    }

    fn to_raw(self) -> ValRaw {
        match self {
            Value::I32(n) => ValRaw::i32(n),
            Value::I64(n) => ValRaw::i64(n),
            Value::F32(n) => ValRaw::f32(n.to_bits()),
            Value::F64(n) => ValRaw::f64(n.to_bits()),
        }
    }

    fn of_raw(ty: ValueType, raw: ValRaw) -> Value {
        match ty {
            ValueType::I32 => Value::I32(raw.get_i32()),
            ValueType::I64 => Value::I64(raw.get_i64()),
            ValueType::F32 => Value::F32(f32::from_bits(raw.get_f32())),
            ValueType::F64 => Value::F64(f64::from_bits(raw.get_f64())),
        }
    }
}
