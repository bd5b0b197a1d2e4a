//! Tasks: contexts that a context started, each on a thread of its own.
//!
//! Start reading at [`prepare`]; [`Task`] is what the one who started it holds. A task and its tasks are a tree: what they use
//! together is bounded by [`Tree`], and dropping a [`Task`] ends it with all below it and waits for that. [`b8g_core::task`] says
//! what orders mean; here are threads, and what stops running code.
//!
//! Never here: a task that outlives who started it, or a handle of a task in another context.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use b8g_core::abi::{EndReason, Ended, Role, SpawnLimits, event};
use b8g_core::bell::Ring;
use b8g_core::task::{self, Cancel};
use b8g_core::tree::Tree;
use b8g_core::{Error, Handle, Rights};

use crate::component::Component;
use crate::context::{Canceller, Context};
use crate::grant::Grants;
use crate::image::Image;
use crate::monitor::Monitor;
use crate::object::bell::Bell;
use crate::object::stream::Output;
use crate::object::{Lease, Object};
use crate::outcome::{Outcome, Reason};
use crate::state::State;

/// The machine stack of a task's thread.
const STACK_BYTES: usize = 4 << 20;
/// How often one that is suspended looks whether its deadline has passed.
const SUSPENDED_PAUSE: Duration = Duration::from_millis(5);

/// What can be started: code, or a context that was frozen.
#[derive(Clone, Debug)]
pub(crate) enum Startable {
    Code(Component),
    Frozen(Image),
}

/// The tree of a context; one that has no tasks yet becomes its root.
fn tree(state: &mut State) -> Arc<Tree> {
    let State { tree, monitor, limits, .. } = state;
    let used = [&monitor.memory_bytes, &monitor.output_bytes].map(|bytes| bytes.load(Relaxed));
    tree.get_or_insert_with(|| Arc::new(Tree::root(limits, used[0], used[1]))).clone()
}

/// What a task and the one who started it tell each other.
#[derive(Debug)]
pub(crate) struct Orders {
    told: Mutex<Told>,
    changed: Condvar,
    /// The task's own: rung when there is an order.
    bell: Arc<Bell>,
    canceller: Canceller,
}

type Told = task::Orders<Image, Outcome, Bell>;

impl Orders {
    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether the task should stop waiting and look what it is told.
    pub(crate) fn are_new(&self) -> bool {
        self.lock().are_new()
    }

    /// Does not return while the task is suspended, unless it is to stop.
    pub(crate) fn stay_suspended(&self) {
        let mut told = self.lock();
        while told.is_suspended() && !self.canceller.is_ordered() {
            let waited = self.changed.wait_timeout(told, SUSPENDED_PAUSE);
            told = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Changes what the task is told, and lets it know.
    fn tell<R>(&self, change: impl FnOnce(&mut Told) -> R) -> R {
        let answer = change(&mut self.lock());
        self.changed.notify_all();
        self.bell.ring();
        answer
    }
}

/// A running task, or one that has ended.
#[derive(Debug)]
pub(crate) struct Task {
    orders: Arc<Orders>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the one who started a task may do with it. It cannot be sent.
pub(crate) const TASK_RIGHTS: Rights =
    Rights::DUPLICATE.union(Rights::READ).union(Rights::WAIT).union(Rights::MANAGE).union(Rights::INSPECT);
/// What a context may do with a component that it made.
pub(crate) const COMPONENT_RIGHTS: Rights =
    Rights::DUPLICATE.union(Rights::TRANSFER).union(Rights::EXECUTE).union(Rights::INSPECT);

/// Makes a component ready to run with what it is given, for the context of this state.
///
/// # Errors
/// [`Error::Limit`] when the tree has as many tasks as it may, or the task not enough room for its handles;
/// [`Error::NoSystem`] where running code cannot be stopped; what the system says when it has no thread.
pub(crate) fn prepare(
    state: &mut State,
    what: &Startable,
    given: Vec<(Role, Object, Rights)>,
    asked: SpawnLimits,
) -> Result<Prepared, Error> {
    let component = match what {
        Startable::Code(component) => component,
        Startable::Frozen(image) => &image.frozen.component,
    };
    if !component.compiled.make_stoppable() {
        return Err(Error::NoSystem);
    }
    let tree = tree(state);
    let lease = tree.lease_task()?;
    let limits = state.limits.for_task(asked, state.monitor.started().elapsed())?;
    let tree = Arc::new(tree.below(&limits));
    // Without the watchdog nothing could stop it.
    state.engine.watchdog().start().map_err(|_| Error::NoMemory)?;
    let grants = Grants::handed(given, state);
    let made = match what {
        Startable::Code(component) => Context::new(component, &grants, limits),
        Startable::Frozen(image) => Context::restore(image, &grants, limits),
    };
    let mut context = made.map_err(|_| Error::Limit)?;
    let below = context.store.data_mut();
    below.share(state, &tree);
    let bell = below.bell().clone();
    bell.fd()?;
    // What it was given is in its table, and nowhere else: what it closes is closed.
    context.grants = Grants::none();
    let canceller = context.canceller();
    canceller.owns_no_process();
    let hears = context.hears();
    let told = Mutex::new(Told::new(hears));
    let orders = Arc::new(Orders { told, changed: Condvar::new(), bell, canceller });
    context.store.data_mut().orders = Some(orders.clone());
    Ok(Prepared { context, orders, above: state.monitor.clone(), lease })
}

/// A task that is ready to run.
pub(crate) struct Prepared {
    context: Context,
    orders: Arc<Orders>,
    above: Arc<Monitor>,
    lease: Lease,
}

/// Tells of an end even if there is none to tell.
struct Telling(Arc<Orders>, Option<Outcome>);

impl Drop for Telling {
    fn drop(&mut self) {
        let outcome = self.1.take().unwrap_or_else(Outcome::failed);
        self.0.lock().end(outcome);
    }
}

impl Prepared {
    /// Runs it on a thread of its own.
    ///
    /// # Errors
    /// [`Error::NoMemory`] when there is none to be had; what it was given is gone then.
    pub(crate) fn start(self) -> Result<Task, Error> {
        let Prepared { mut context, orders, above, lease } = self;
        let theirs = orders.clone();
        let run = move || {
            let mut telling = Telling(theirs, None);
            let outcome = context.run_as_task(&telling.0);
            drop(context);
            above.absorb(&outcome.usage);
            drop(lease);
            telling.1 = Some(outcome);
        };
        let builder = std::thread::Builder::new().name("b8g-task".into()).stack_size(STACK_BYTES);
        let thread = builder.spawn(run).map_err(|_| Error::NoMemory)?;
        Ok(Task { orders, thread: Mutex::new(Some(thread)) })
    }
}

impl Task {
    /// Asks it to stop; one that cannot hear of it is stopped.
    pub(crate) fn cancel(&self) {
        if self.orders.tell(Told::cancel) == Cancel::Kill {
            self.kill();
        }
    }

    /// Stops it now.
    pub(crate) fn kill(&self) {
        // When there is no watchdog's thread to be had, it is too late for anything else.
        let _ = self.orders.canceller.cancel();
        self.orders.tell(|_| {});
    }

    pub(crate) fn suspend(&self, suspended: bool) {
        self.orders.tell(|told| told.suspend(suspended));
    }

    /// Freezes it when it next waits.
    ///
    /// # Errors
    /// As [`task::Orders::snapshot`].
    pub(crate) fn snapshot(&self) -> Result<Image, Error> {
        self.orders.tell(Told::snapshot)
    }

    /// Keeps a snapshot for later, for which there was no room.
    pub(crate) fn keep(&self, image: Image) {
        self.orders.lock().keep(image);
    }

    /// How it ended.
    ///
    /// # Errors
    /// [`Error::Again`] while it runs.
    pub(crate) fn ended(&self) -> Result<Ended, Error> {
        let told = self.orders.lock();
        let outcome = told.ended()?;
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Ok(Ended {
            reason: number_of(outcome.reason),
            code: outcome.exit_code,
            wall_ns: nanoseconds(outcome.usage.wall),
            cpu_ns: nanoseconds(outcome.usage.cpu),
            memory_peak_bytes: outcome.usage.memory_peak_bytes,
            output_bytes: outcome.usage.output_bytes,
            calls: outcome.usage.calls,
            message_bytes: outcome.message.len() as u64,
            denied: outcome.usage.denied.len() as u64,
        })
    }

    /// Reads the message of its end.
    ///
    /// # Errors
    /// [`Error::Again`] while it runs.
    pub(crate) fn read(&self, into: &mut [u8], at: u64) -> Result<i64, Error> {
        let told = self.orders.lock();
        let message = told.ended()?.message.as_bytes();
        let rest = &message[usize::try_from(at).unwrap_or(usize::MAX).min(message.len())..];
        let len = rest.len().min(into.len());
        into[..len].copy_from_slice(&rest[..len]);
        Ok(len as i64)
    }

    /// What it is ready for.
    pub(crate) fn ready(&self) -> u32 {
        self.orders.lock().ready()
    }

    /// Rings `bell` when that changes.
    pub(crate) fn hang_up(&self, bell: &Arc<Bell>) {
        self.orders.lock().hang_up(bell);
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.kill();
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic there is a fault of ours that was told there.
            let _ = thread.join();
        }
    }
}

fn number_of(reason: Reason) -> EndReason {
    match reason {
        Reason::Exit => EndReason::Exit,
        Reason::Error => EndReason::Error,
        Reason::Timeout => EndReason::Timeout,
        Reason::Output => EndReason::Output,
        Reason::Trap => EndReason::Trap,
        Reason::Memory => EndReason::Memory,
        Reason::Policy => EndReason::Policy,
        Reason::Cancelled => EndReason::Cancelled,
    }
}

impl Context {
    /// Runs as [`Context::run`] does, and does what it is told between.
    fn run_as_task(&mut self, orders: &Orders) -> Outcome {
        self.timed(|context| match context.go_through(orders) {
            Ok(()) => context.end(),
            Err(ended) => ended,
        })
    }

    fn go_through(&mut self, orders: &Orders) -> Result<(), Outcome> {
        orders.stay_suspended();
        self.start()?;
        self.enter_main()?;
        while self.is_waiting() {
            self.obey(orders)?;
            if self.is_waiting() {
                self.resume()?;
            }
        }
        Ok(())
    }

    /// Does what it is told, now that nothing of it runs.
    fn obey(&mut self, orders: &Orders) -> Result<(), Outcome> {
        orders.stay_suspended();
        let due = orders.lock().due();
        if due.snapshot {
            let made = self.snapshot().ok();
            orders.lock().made(made);
        }
        if due.cancel {
            return self.send(0, event::CANCEL, Handle::ENGINE, 0);
        }
        Ok(())
    }
}

impl State {
    /// Counts what this context uses against what `above` and its tree may use.
    fn share(&mut self, above: &mut State, tree: &Arc<Tree>) {
        self.tree = Some(tree.clone());
        self.descriptors = above.descriptors.clone();
        self.channels = Some(above.channels().clone());
        self.shared = Some(above.shared().clone());
        self.time = above.time.clone();
    }
}

/// What a task is given for a role: output to a stream is output.
pub(crate) fn for_role(role: Role, object: Object) -> Object {
    match (role, object) {
        (Role::Stdout | Role::Stderr, Object::Writer(writer)) => Output::to_stream(writer),
        (_, object) => object,
    }
}
