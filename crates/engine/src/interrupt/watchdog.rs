//! The thread that knows all deadlines of an engine and enforces them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::{Control, Interrupt, Look};
use crate::outcome::{Reason, Usage};

/// Between two signals to a thread that has not noticed yet.
const KICK_PERIOD: Duration = Duration::from_micros(200);
/// How long a context that owns the process may take to end by itself before the process is ended.
const EXIT_GRACE: Duration = Duration::from_millis(100);

/// Deadlines that are few enough to be left alone.
const SWEEP_MIN: usize = 64;

/// Runs before a process is ended, on the watchdog's thread; it must end the process.
pub(crate) type ExitHook = dyn Fn(Reason, Usage) + Send + Sync;

/// What stops contexts.
pub(crate) struct Watchdog {
    shared: Arc<Shared>,
}

struct Shared {
    agenda: Mutex<Agenda>,
    changed: Condvar,
    interrupt: Interrupt,
    engine: wasmtime::EngineWeak,
    /// Another one whose code looks at its own epoch.
    also: std::sync::OnceLock<wasmtime::EngineWeak>,
    hook: Option<Box<ExitHook>>,
}

#[derive(Default)]
struct Agenda {
    deadlines: BinaryHeap<Reverse<Deadline>>,
    /// Contexts that were ordered to stop and may still run.
    stopping: Vec<(Weak<Control>, Instant)>,
    running: bool,
    over: bool,
    /// From so many deadlines on those of contexts that are gone are looked for.
    sweep_at: usize,
}

struct Deadline(Instant, Weak<Control>);

impl PartialEq for Deadline {
    fn eq(&self, other: &Deadline) -> bool {
        self.0 == other.0
    }
}

impl Eq for Deadline {}

impl PartialOrd for Deadline {
    fn partial_cmp(&self, other: &Deadline) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Deadline {
    fn cmp(&self, other: &Deadline) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl Watchdog {
    /// Makes one; its thread starts with the first deadline or cancellation.
    pub(crate) fn new(
        interrupt: Interrupt,
        engine: &wasmtime::Engine,
        hook: Option<Box<ExitHook>>,
    ) -> Watchdog {
        let shared = Shared {
            agenda: Mutex::default(),
            changed: Condvar::new(),
            interrupt,
            engine: engine.weak(),
            also: std::sync::OnceLock::new(),
            hook,
        };
        Watchdog { shared: Arc::new(shared) }
    }

    /// Counts the epochs of another engine too.
    pub(crate) fn also(&self, engine: &wasmtime::Engine) {
        let _ = self.shared.also.set(engine.weak());
    }

    /// Makes sure that its thread runs.
    pub(crate) fn start(&self) -> std::io::Result<()> {
        self.wake(self.shared.lock(), false)
    }

    /// Stops the context at `deadline`, unless another one is set until then: it has one at a time, and each is later than
    /// those before.
    pub(crate) fn watch(&self, control: &Arc<Control>, deadline: Instant) -> std::io::Result<()> {
        control.set_due(Some(deadline));
        // In this order: either the watchdog sees the deadline, or this sees that it is not listed.
        if control.listed.swap(true, SeqCst) {
            return Ok(());
        }
        let mut agenda = self.shared.lock();
        let first = agenda.deadlines.peek().is_none_or(|Reverse(next)| deadline < next.0);
        if agenda.deadlines.len() >= agenda.sweep_at {
            agenda.deadlines.retain(|Reverse(next)| next.1.strong_count() > 0);
            agenda.sweep_at = 2 * agenda.deadlines.len() + SWEEP_MIN;
        }
        agenda.deadlines.push(Reverse(Deadline(deadline, Arc::downgrade(control))));
        self.wake(agenda, first)
    }

    /// Stops the context now.
    pub(crate) fn cancel(&self, control: &Arc<Control>) -> std::io::Result<()> {
        if !control.monitor.order_stop(Reason::Cancelled) {
            return Ok(());
        }
        let mut agenda = self.shared.lock();
        agenda.stopping.push((Arc::downgrade(control), Instant::now()));
        self.wake(agenda, true)
    }

    fn wake(&self, mut agenda: MutexGuard<'_, Agenda>, news: bool) -> std::io::Result<()> {
        if !agenda.running {
            super::signal::install()?;
            let shared = self.shared.clone();
            std::thread::Builder::new()
                .name("b8g-watchdog".into())
                .stack_size(256 << 10)
                .spawn(move || shared.run())?;
            agenda.running = true;
        } else if news {
            self.shared.changed.notify_one();
        }
        Ok(())
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut agenda = self.lock();
        while !agenda.over {
            let now = Instant::now();
            while let Some(Reverse(next)) = agenda.deadlines.peek() {
                let gone = next.1.strong_count() == 0;
                if next.0 > now && !gone {
                    break;
                }
                let Some(Reverse(Deadline(_, control))) = agenda.deadlines.pop() else { break };
                let Some(control) = control.upgrade() else { continue };
                match control.look(now) {
                    Look::Again(later) => {
                        agenda.deadlines.push(Reverse(Deadline(later, Arc::downgrade(&control))))
                    }
                    Look::Stop if control.monitor.order_stop(Reason::Timeout) => {
                        agenda.stopping.push((Arc::downgrade(&control), now));
                    }
                    Look::Stop | Look::Nothing => {}
                }
            }
            agenda.stopping.retain_mut(|(control, since)| match control.upgrade() {
                Some(control) => {
                    if self.make_stoppable(&control) {
                        *since = Instant::now();
                    }
                    self.press(&control, Instant::now().saturating_duration_since(*since))
                }
                None => false,
            });
            let next = agenda.deadlines.peek().map(|Reverse(next)| next.0.saturating_duration_since(now));
            let pause = if agenda.stopping.is_empty() { next } else { Some(KICK_PERIOD) };
            agenda = match pause {
                Some(pause) => {
                    let woken = self.changed.wait_timeout(agenda, pause);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(agenda).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Where nothing stops running code, a signal may all the same: looked for when it is needed, since looking takes a while. Answers
    /// whether that was done now.
    fn make_stoppable(&self, control: &Control) -> bool {
        let Some(code) = control.stoppable.as_ref().filter(|code| !code.is_known_stoppable()) else {
            return false;
        };
        code.make_stoppable();
        true
    }

    /// Makes the thread that runs a context notice. Answers whether it still has to.
    fn press(&self, control: &Arc<Control>, since: Duration) -> bool {
        if control.running().is_none() {
            return false;
        }
        control.kick();
        if self.interrupt == Interrupt::Epoch {
            let engines = [Some(&self.engine), self.also.get()];
            let engines = engines.into_iter().flatten().filter_map(wasmtime::EngineWeak::upgrade);
            engines.for_each(|engine| engine.increment_epoch());
        }
        if let (Some(hook), true) = (&self.hook, since >= EXIT_GRACE && !control.is_task.load(SeqCst)) {
            let reason = control.monitor.stop_ordered().unwrap_or(Reason::Timeout);
            hook(reason, control.monitor.usage());
        }
        true
    }
}
