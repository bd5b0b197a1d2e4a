//! Stopping a context whatever it does: deadlines and cancellation.
//!
//! A [`Control`] says which thread runs a context now. The [`watchdog`] orders the context to stop, then makes the
//! thread notice. How it notices code that never calls the host is the engine's [`Interrupt`]:
//! [`signal`] redirects the running code at no cost in its loops; epochs are checked by the code itself; and a process
//! that one context owns can simply be ended.
//!
//! Every blocking system call of a context is interrupted by the same signal, in each of the three ways.

pub(crate) mod signal;
mod watchdog;

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Release, SeqCst},
};
use std::time::{Duration, Instant};

use crate::component::Compiled;
use crate::monitor::Monitor;
use crate::outcome::Reason;
pub(crate) use watchdog::Watchdog;

/// How running code is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Interrupt {
    /// A signal redirects it: costs nothing in its loops. Where the self-test of this mechanism passes.
    Signal,
    /// The code itself looks, at each loop and call: works everywhere, costs up to 95 % in the tightest loops.
    Epoch,
    /// It is not: a deadline ends the process, after the hook has run. For a process that one context owns.
    Exit,
}

impl Interrupt {
    /// The word that `b8g version` prints.
    pub const fn name(self) -> &'static str {
        match self {
            Interrupt::Signal => "signal",
            Interrupt::Epoch => "epoch",
            Interrupt::Exit => "exit",
        }
    }
}

/// What the watchdog and the thread that runs a context share.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) monitor: Arc<Monitor>,
    /// The thread that runs the context now; 0: none.
    thread: AtomicU32,
    /// Counts entries, so that the watchdog sees that one has ended.
    entries: AtomicU64,
    /// It is one of several: its process is not ended for it.
    is_task: AtomicBool,
    /// When it has to stop, in nanoseconds after it began; [`NEVER`]: it need not.
    due_ns: AtomicU64,
    /// The watchdog has it on its agenda.
    listed: AtomicBool,
    /// What it runs, if a signal may stop that although its engine does not rely on it.
    stoppable: Option<Arc<Compiled>>,
}

/// No deadline.
const NEVER: u64 = u64::MAX;
/// When a context is looked at again whose deadline was removed in the middle of a look.
const IDLE_LOOK: Duration = Duration::from_secs(1);

/// What the watchdog does when a deadline has passed.
enum Look {
    /// There is none any more.
    Nothing,
    /// It was put off until then.
    Again(Instant),
    Stop,
}

impl Control {
    pub(crate) fn new(monitor: Arc<Monitor>) -> Control {
        Control {
            monitor,
            thread: AtomicU32::new(0),
            entries: AtomicU64::new(0),
            is_task: AtomicBool::new(false),
            due_ns: AtomicU64::new(NEVER),
            listed: AtomicBool::new(false),
            stoppable: None,
        }
    }

    /// Of a context whose process ends with it: `stoppable` is tried first.
    pub(crate) fn stoppable(mut self, stoppable: Arc<Compiled>) -> Control {
        self.stoppable = Some(stoppable);
        self
    }

    /// Sets or removes its deadline; the watchdog looks when the one from before has passed.
    pub(crate) fn set_due(&self, due: Option<Instant>) {
        let after = |due: Instant| due.saturating_duration_since(self.monitor.started()).as_nanos();
        let ns = due.map_or(NEVER, |due| u64::try_from(after(due)).unwrap_or(NEVER));
        self.due_ns.store(ns, SeqCst);
    }

    fn due(&self) -> Option<Instant> {
        let ns = Some(self.due_ns.load(SeqCst)).filter(|ns| *ns != NEVER)?;
        self.monitor.started().checked_add(Duration::from_nanos(ns))
    }

    /// What a deadline that has passed means now: on the watchdog's thread, which takes it off its list.
    fn look(&self, now: Instant) -> Look {
        if self.due().is_none() {
            self.listed.store(false, SeqCst);
            // One that was set meanwhile is on the list again, or is put there now.
            if self.due().is_none() || self.listed.swap(true, SeqCst) {
                return Look::Nothing;
            }
        }
        match self.due() {
            Some(due) if due > now => Look::Again(due),
            Some(_) => Look::Stop,
            None => Look::Again(now + IDLE_LOOK),
        }
    }

    /// The process is not ended when this context does not stop in time.
    pub(crate) fn owns_no_process(&self) {
        self.is_task.store(true, SeqCst);
    }

    /// Tells whether the context runs, and which entry it is in.
    fn running(&self) -> Option<u64> {
        let entry = self.entries.load(SeqCst);
        (self.thread.load(SeqCst) != 0).then_some(entry)
    }

    /// Sends the signal to the thread that runs the context, if one does.
    fn kick(&self) {
        let thread = self.thread.load(SeqCst);
        if thread != 0 {
            signal::send(thread);
        }
    }
}

thread_local! {
    static THREAD: Cell<u32> = const { Cell::new(0) };
}

fn thread_id() -> u32 {
    THREAD.with(|id| {
        if id.get() == 0 {
            id.set(rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs());
        }
        id.get()
    })
}

/// The time in which a thread runs a context; ends when it is dropped.
pub(crate) struct Entered<'c> {
    control: &'c Control,
    outer: u32,
    _signal: signal::Published<'c>,
    /// It belongs to its thread.
    _thread: PhantomData<*const ()>,
}

/// Says that this thread runs the context now.
///
/// # Errors
/// The reason, when the context was ordered to stop before.
pub(crate) fn enter<'c>(
    control: &'c Control,
    target: Option<signal::Target<'c>>,
) -> Result<Entered<'c>, Reason> {
    let published = signal::publish(target, &control.monitor);
    let outer = control.thread.swap(thread_id(), SeqCst);
    let entered = Entered { control, outer, _signal: published, _thread: PhantomData };
    // In this order: either the watchdog sees the thread, or this sees the order.
    match control.monitor.stop_ordered() {
        Some(reason) => Err(reason),
        None => Ok(entered),
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        // The count keeps the order: whoever sees it sees this.
        self.control.thread.store(self.outer, Release);
        self.control.entries.fetch_add(1, SeqCst);
    }
}
