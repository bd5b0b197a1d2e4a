//! The one end of a run: the report, the last words, the exit.
//!
//! Start at [`Finish::end`]. A run may be ended by the thread that ran the program, by the watchdog while the program
//! still runs, or by the thread that heard a signal: whoever claims the end first does it, and nothing here takes a lock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};
use std::time::{Duration, Instant, SystemTime};

use b8g::{Canceller, Grant, Limits, Outcome, Reason, Usage};

use crate::console::{Console, STDERR, STDOUT, is_terminal, printable, write_all};
use crate::failure::{ERROR, Failure};
use crate::message::{self, Ended};
use crate::report::{Facts, Target, render};
use crate::signals;

/// For how long the last words of a run that must end now wait for their reader.
const HURRY: Duration = Duration::from_millis(25);
/// How long a run has after a signal before its end is taken out of its hands.
const SIGNAL_GRACE: Duration = Duration::from_millis(200);

/// What is needed to end a run, whoever does it.
#[derive(Debug)]
pub struct Finish {
    console: Console,
    report: Option<Target>,
    file: String,
    /// What the flags say.
    limits: Limits,
    /// What the program has, once that is known.
    had: OnceLock<Limits>,
    begun: Instant,
    begun_at: SystemTime,
    granted: OnceLock<Vec<Grant>>,
    /// How long it took until the program started, and the process's processor time then.
    started: OnceLock<(Duration, Duration)>,
    canceller: OnceLock<Canceller>,
    claimed: AtomicBool,
    /// The signal that came; 0: none.
    signal: AtomicI32,
}

impl Finish {
    pub fn new(console: Console, report: Option<Target>, file: String, limits: Limits) -> Finish {
        Finish {
            console,
            report,
            file,
            limits,
            had: OnceLock::new(),
            begun: Instant::now(),
            begun_at: SystemTime::now(),
            granted: OnceLock::new(),
            started: OnceLock::new(),
            canceller: OnceLock::new(),
            claimed: AtomicBool::new(false),
            signal: AtomicI32::new(0),
        }
    }

    /// Notes what the program was granted.
    pub fn set_granted(&self, granted: &[Grant]) {
        let _ = self.granted.set(granted.to_vec());
    }

    /// Notes what limits the program has.
    pub fn set_limits(&self, limits: &Limits) {
        let _ = self.had.set(limits.clone());
    }

    fn limits(&self) -> &Limits {
        self.had.get().unwrap_or(&self.limits)
    }

    /// Notes that the program starts now, and how to stop it.
    pub fn set_started(&self, canceller: Canceller) {
        let _ = self.started.set((self.begun.elapsed(), process_time()));
        let _ = self.canceller.set(canceller);
    }

    /// Reports how the program ended and ends the process. Does not come back; when another thread is at it, this one
    /// waits for the end.
    pub fn end(&self, outcome: Outcome) -> ! {
        if self.claimed.swap(true, SeqCst) {
            leave_it_to_the_other()
        }
        self.conclude(outcome)
    }

    /// Ends the process while the program still runs: it did not stop when it was told.
    pub fn end_by_watchdog(&self, reason: Reason, mut usage: Usage) {
        if self.claimed.swap(true, SeqCst) {
            return;
        }
        // The program's own thread counts its processor time when it comes back, which it does not.
        if let Some((_, before)) = self.started.get() {
            usage.cpu = usage.cpu.max(process_time().saturating_sub(*before));
        }
        self.conclude(self.stopped(reason, usage))
    }

    /// Ends a run that did not start.
    pub fn fail(&self, failure: &Failure) -> ! {
        if self.claimed.swap(true, SeqCst) {
            leave_it_to_the_other()
        }
        self.record_failure(failure);
        exit(failure.exit_code)
    }

    /// What to do when a signal came: stops the program, or ends the process where there is none to stop.
    pub fn on_signal(&self, signal: i32) {
        if self.signal.swap(signal, SeqCst) == 0
            && let Some(canceller) = self.canceller.get()
            && canceller.cancel().is_ok()
        {
            std::thread::sleep(SIGNAL_GRACE);
        }
        if self.claimed.swap(true, SeqCst) {
            // The report waits for a reader who does not come.
            signals::die_of(signal);
        }
        self.conclude(self.stopped(Reason::Cancelled, Usage::default()))
    }

    /// Writes the report and says how the program ended, then `after`. Answers whether the report could be written.
    pub fn record(&self, outcome: &Outcome, after: &str) -> bool {
        let hurried = matches!(outcome.reason, Reason::Timeout | Reason::Cancelled);
        let deadline = hurried.then(|| Instant::now() + HURRY);
        let [stdout_open, stderr_open] = outcome.usage.lines_open;
        let mut text = String::new();
        let reported = self.write_report(outcome, stdout_open, deadline);
        if let Err(error) = &reported {
            text.push_str(&self.console.error(error));
        }
        let signal = self.signal.load(SeqCst);
        let signal = (signal != 0).then(|| signals::name(signal));
        let granted = self.granted.get().map_or(&[][..], |granted| granted);
        let ended = Ended { outcome, limits: self.limits(), granted, signal };
        text.push_str(&message::ending(self.console, &ended));
        text.push_str(after);
        let open = stderr_open || (stdout_open && self.console.terminal && is_terminal(&STDOUT));
        if open && !text.is_empty() {
            text.insert(0, '\n');
        }
        let _ = write_all(STDERR, text.as_bytes(), deadline);
        reported.is_ok()
    }

    /// Writes the report and says nothing, unless it cannot be written.
    pub fn report(&self, outcome: &Outcome) {
        if let Err(error) = self.write_report(outcome, outcome.usage.lines_open[0], None) {
            self.console.say(&self.console.error(&error));
        }
    }

    /// Writes the report of a run that did not start, and says why.
    pub fn record_failure(&self, failure: &Failure) {
        let outcome = Outcome {
            reason: Reason::Error,
            exit_code: failure.exit_code,
            message: failure.text.clone(),
            broken_pipe: false,
            usage: Usage::default(),
        };
        if let Err(error) = self.write_report(&outcome, false, None) {
            self.console.say(&self.console.error(&error));
        }
        let text = printable(failure.text.trim_end(), true);
        if text.contains('\n') || self.console.quiet {
            self.console.say(&self.console.error(&text));
        }
        if !self.console.quiet {
            let headline = printable(&failure.headline(), false);
            self.console.say(&self.console.line(&format!("error: {headline}")));
        }
    }

    fn conclude(&self, outcome: Outcome) -> ! {
        let mut outcome = outcome;
        let signal = self.signal.load(SeqCst);
        let by_signal = outcome.reason == Reason::Cancelled && signal != 0;
        if by_signal {
            outcome.exit_code = 128 + signal;
        }
        let reported = self.record(&outcome, "");
        match () {
            () if by_signal => signals::die_of(signal),
            () if outcome.broken_pipe => signals::die_of(libc::SIGPIPE),
            () if !reported && outcome.exit_code == 0 => exit(ERROR),
            () => exit(outcome.exit_code),
        }
    }

    /// The end of a program that is being stopped, where the program cannot tell.
    fn stopped(&self, reason: Reason, usage: Usage) -> Outcome {
        let message = match (reason, self.limits.timeout) {
            (Reason::Timeout, Some(timeout)) => format!("still running after {timeout:?}"),
            _ => "stopped from outside".to_owned(),
        };
        Outcome { reason, exit_code: reason.exit_code(), message, broken_pipe: false, usage }
    }

    fn write_report(
        &self,
        outcome: &Outcome,
        line_open: bool,
        deadline: Option<Instant>,
    ) -> Result<(), String> {
        let Some(target) = &self.report else { return Ok(()) };
        let prepare = self.started.get().map_or_else(|| self.begun.elapsed(), |(prepare, _)| *prepare);
        let facts = Facts {
            file: &self.file,
            started_at: self.begun_at,
            prepare,
            granted: self.granted.get().map_or(&[], |granted| granted),
            limits: self.limits(),
        };
        target.write(&render(&facts, outcome), line_open, deadline)
    }
}

/// Waits while another thread, which is in a hurry, ends the process.
fn leave_it_to_the_other() -> ! {
    std::thread::sleep(HURRY * 100);
    exit(ERROR)
}

/// Ends the process at once: nothing is left to be flushed, and nobody needs what would be dropped.
pub fn exit(code: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}

/// Processor time of this process.
fn process_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid place for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
