//! What the engine keeps for one context while it lives: its handles, its bounds, how it is about to end.

use std::any::Any;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use b8g_core::abi::Role;
use b8g_core::tree::Tree;
use b8g_core::{Handle, Limits, Rights, Table};

use crate::engine::Engine;
use crate::grant::Grants;
use crate::inner::Inner;
use crate::memory::{Residence, Windows};
use crate::model::Resources;
use crate::monitor::Monitor;
use crate::object::bell::Bell;
use crate::object::clock::{Clock, Time};
use crate::object::{Allowance, Object};
use crate::outcome::Reason;
use crate::task::Orders;
use crate::wait::Parked;
use crate::wasi::Wasi;

/// The data of a store.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) engine: Engine,
    pub(crate) table: Table<Object>,
    pub(crate) monitor: Arc<Monitor>,
    pub(crate) limits: Limits,
    pub(crate) descriptors: Allowance,
    /// Counts the channels that it made, once it makes some.
    pub(crate) channels: Option<Allowance>,
    /// Counts the shared bytes of what it made, once it makes some.
    pub(crate) shared: Option<Allowance>,
    /// Sends its requests of HTTP, once it sends some: its connections are its own.
    pub(crate) http: Option<b8g_http::Client>,
    /// Whose certificates its sessions of TLS trust.
    pub(crate) trust: Arc<b8g_http::Trust>,
    /// What its tree of tasks uses, once there is more than itself.
    pub(crate) tree: Option<Arc<Tree>>,
    /// What it is told, if it is a task.
    pub(crate) orders: Option<Arc<Orders>>,
    bell: OnceLock<Arc<Bell>>,
    pub(crate) time: Time,
    /// What determines the layout of hash tables, if something does.
    pub(crate) hash_seed: Option<u64>,
    /// What the context was given at its start.
    pub(crate) vector: Vec<(Role, Handle)>,
    /// Set when the context must not go on; whoever sets it makes the guest unwind.
    pub(crate) ending: Option<Ending>,
    /// The uncaught error that the component reported.
    pub(crate) failure: Option<Failure>,
    /// Why the request that it answers failed, when it goes on itself.
    pub(crate) complaint: Option<Failure>,
    pub(crate) parked: Option<Parked>,
    /// The component asked to be frozen, and waits for that.
    pub(crate) checkpoint: bool,
    pub(crate) memory: Option<wasmtime::Memory>,
    /// Where its first memory shows what others can change.
    pub(crate) windows: Windows,
    /// Which windows it made itself, and what they show, as long as they do.
    pub(crate) shown: Vec<(Range<usize>, Arc<dyn Any + Send + Sync>)>,
    /// Told before a window is made.
    pub(crate) residence: Arc<Residence>,
    pub(crate) wasi: Option<Box<Wasi>>,
    /// What the host functions of component-model binaries keep.
    pub(crate) model: Option<Box<Resources>>,
    pub(crate) table_elements: u64,
    /// Modules that run within it, once there are some.
    pub(crate) inner: Option<Box<Inner>>,
    /// Where the machine stack of what runs began.
    pub(crate) stack_start: usize,
}

/// Why a guest is being unwound.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    Exit(i32),
    /// More output than allowed.
    Output,
    /// The engine cannot go on with it.
    Broken(String),
    /// Nobody reads the output any more.
    BrokenPipe,
    /// The deadline passed or somebody cancelled it.
    Stopped(Reason),
}

/// An uncaught error as the component told it.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) reason: Reason,
}

/// Bytes of an uncaught error's text that are kept.
pub(crate) const FAILURE_BYTES_MAX: usize = 64 << 10;

impl State {
    /// Turns grants into the handles of a new context, none of which is one that `generations` say was given before.
    ///
    /// # Errors
    /// [`b8g_core::Error::Limit`] when the grants are more than the context may have handles.
    pub(crate) fn new(
        engine: &Engine,
        grants: &Grants,
        program: Option<&Arc<[u8]>>,
        limits: Limits,
        generations: &[u32],
    ) -> Result<State, b8g_core::Error> {
        let monitor = Arc::new(Monitor::new(grants.count()));
        let time = grants.time(monitor.started());
        let mut state = State {
            engine: engine.clone(),
            table: Table::following(limits.handles_max, generations),
            descriptors: Allowance::new(limits.descriptors_max.into()),
            channels: None,
            shared: None,
            http: None,
            trust: grants.trusted(),
            tree: None,
            orders: None,
            bell: OnceLock::new(),
            monitor,
            limits,
            time,
            hash_seed: grants.hash_seed_number(),
            vector: Vec::with_capacity(16),
            ending: None,
            failure: None,
            complaint: None,
            parked: None,
            checkpoint: false,
            memory: None,
            windows: Windows::default(),
            shown: Vec::new(),
            residence: Arc::default(),
            wasi: None,
            model: None,
            table_elements: 0,
            inner: None,
            stack_start: 0,
        };
        if let Some(program) = program {
            state.give(Role::Program, Object::Blob(program.clone()), Rights::READ.union(Rights::INSPECT))?;
        }
        grants.give(&mut state)?;
        Ok(state)
    }

    /// Rung by what other contexts do. Most contexts never need one.
    pub(crate) fn bell(&self) -> &Arc<Bell> {
        self.bell.get_or_init(Arc::default)
    }

    /// What counts its channels.
    pub(crate) fn channels(&mut self) -> &Allowance {
        let max = self.limits.channels_max.into();
        self.channels.get_or_insert_with(|| Allowance::new(max))
    }

    /// What counts its shared bytes.
    pub(crate) fn shared(&mut self) -> &Allowance {
        let max = self.limits.shared_bytes_max;
        self.shared.get_or_insert_with(|| Allowance::new(max))
    }

    /// Puts an object into the initial vector.
    pub(crate) fn give(
        &mut self,
        role: Role,
        object: Object,
        rights: Rights,
    ) -> Result<Handle, b8g_core::Error> {
        let handle = self.table.insert(object, rights)?;
        self.vector.push((role, handle));
        Ok(handle)
    }

    /// Gives the object that plays this role, in place of the one that did.
    pub(crate) fn replace(
        &mut self,
        role: Role,
        object: Object,
        rights: Rights,
    ) -> Result<(), b8g_core::Error> {
        let standard = |wasi: &Wasi| wasi.standard(role);
        match self.given(role).or(self.wasi.as_deref().and_then(standard)) {
            Some(handle) => self.table.replace(handle, object, rights),
            None => self.give(role, object, rights).map(|_| ()),
        }
    }

    /// The handle that was given for `role`, if one was.
    pub(crate) fn given(&self, role: Role) -> Option<Handle> {
        self.vector.iter().find(|(given, _)| *given == role).map(|(_, handle)| *handle)
    }

    /// Nanoseconds since the context began, on the clock that its waits use.
    pub(crate) fn now(&self) -> u64 {
        Clock::Monotonic(self.time.clone()).now()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let (Some(tree), Some(_)) = (&self.tree, &self.orders) {
            tree.give_memory_back(self.monitor.memory_bytes.load(std::sync::atomic::Ordering::Relaxed));
        }
    }
}

impl wasmtime::ResourceLimiter for State {
    fn memories(&self) -> usize {
        // Asked once, when the store is made.
        if self.model.is_some() { crate::model::MEMORIES_MAX } else { crate::inner::MEMORIES_MAX }
    }

    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        use std::sync::atomic::Ordering::Relaxed;
        let more = desired.saturating_sub(current) as u64;
        let total = self.monitor.memory_bytes.load(Relaxed).saturating_add(more);
        if total > self.limits.memory_bytes_max
            || self.tree.as_ref().is_some_and(|tree| !tree.take_memory(more))
        {
            self.monitor.memory_refused.store(true, Relaxed);
            return Ok(false);
        }
        self.monitor.add_memory(more);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.table_elements.saturating_add(desired.saturating_sub(current) as u64);
        if total > self.limits.table_elements_max {
            self.monitor.memory_refused.store(true, std::sync::atomic::Ordering::Relaxed);
            return Ok(false);
        }
        self.table_elements = total;
        Ok(true)
    }
}
