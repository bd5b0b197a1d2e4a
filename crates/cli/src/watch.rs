//! `b8g watch`: runs a program, and again whenever one of its source files changes.
//!
//! Start at [`watch`]. One thread decides; the program runs on another, and the threads that notice changes and signals
//! only send [`News`]. A program that runs when a file changes is stopped first. A program that cannot be built is
//! tried again when something appears beside its files, and from time to time.

mod files;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use b8g::{Canceller, Config, Engine, Outcome, Reason};

use crate::args::RunArgs;
use crate::console::Console;
use crate::failure::Failure;
use crate::finish::Finish;
use crate::program::shown;
use crate::run::{Plan, Running, fail};
use crate::signals;
use files::{Began, Watched};

/// Quiet time after a change before the program runs again: editors and version control write several files.
const DEBOUNCE: Duration = Duration::from_millis(60);
/// A program that cannot be built is tried again after this time, or after this many times what building took.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_TIMES: u32 = 20;
/// How long the program has to stop after a signal.
const SIGNAL_GRACE: Duration = Duration::from_millis(200);
/// Machine stack of the thread that runs the program: as much as that of the first thread of a process.
const STACK_BYTES: usize = 8 << 20;

/// What the deciding thread hears.
enum News {
    /// A source file changed.
    Changed(PathBuf),
    /// The program was built and starts.
    Started(Sources, Canceller),
    /// The program ended.
    Ended(Box<Outcome>),
    /// The program could not be built.
    Failed(Sources, Box<Failure>, Duration),
    Signal(i32),
}

/// What the program was made from, and when that began to be read.
struct Sources(Vec<PathBuf>, Began);

/// Runs the program that the flags describe until a signal comes.
pub fn watch(args: Box<RunArgs>) -> ! {
    // Other threads use it until the process ends.
    let args: &'static RunArgs = Box::leak(args);
    let console = Console::new(args.color, args.quiet);
    if args.command.first().is_some_and(|file| file == "-") {
        fail(console, &Failure::usage("standard input cannot be watched; name a file"));
    }
    let (sender, news) = channel();
    hear_signals(console, sender.clone());
    let plan: &'static Plan<'static> = Box::leak(Box::new(Plan::new(args, console)));
    // Found before anything runs.
    if let Err(failure) = plan.finish(console) {
        fail(console, &failure);
    }
    let engine = plan.engine(Config::new()).unwrap_or_else(|failure| fail(console, &failure));
    let changes = sender.clone();
    let watched = Watched::new(move |file| drop(changes.send(News::Changed(file))));
    let watched = watched.unwrap_or_else(|error| {
        fail(console, &Failure::error(format!("cannot watch files: {error}")));
    });
    let task = Task { plan, console, engine, sender };
    Loop { task, watched, running: false, canceller: None, changed: None, due: None, failure: None }
        .run(&news)
}

fn hear_signals(console: Console, sender: Sender<News>) {
    static AGAIN: AtomicBool = AtomicBool::new(false);
    let heard = signals::listen(move |signal| {
        if AGAIN.swap(true, SeqCst) || sender.send(News::Signal(signal)).is_err() {
            signals::die_of(signal);
        }
    });
    if heard.is_err() {
        signals::announce(console.quiet, console.terminal);
    }
}

/// What the deciding thread knows.
struct Loop {
    task: Task,
    watched: Watched,
    running: bool,
    /// Stops the program that runs now.
    canceller: Option<Canceller>,
    /// What changed since the program was built last.
    changed: Option<PathBuf>,
    /// When to run it again.
    due: Option<Instant>,
    /// Why it could not be built last.
    failure: Option<String>,
}

impl Loop {
    fn run(mut self, news: &Receiver<News>) -> ! {
        self.start();
        loop {
            let pause =
                self.due.filter(|_| !self.running).map(|due| due.saturating_duration_since(Instant::now()));
            let heard = match pause {
                Some(pause) => news.recv_timeout(pause),
                None => news.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match heard {
                Ok(News::Signal(signal)) => self.stop(signal, news),
                Ok(heard) => self.hear(heard),
                Err(_) => self.start(),
            }
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Changed(file) => {
                self.changed.get_or_insert(file);
                self.due = Some(Instant::now() + DEBOUNCE);
                self.cancel();
            }
            News::Started(sources, canceller) => {
                self.failure = None;
                self.canceller = Some(canceller);
                self.watched.set(&sources.0, false, &sources.1);
                if self.changed.is_some() {
                    self.cancel();
                }
            }
            News::Ended(outcome) => {
                (self.running, self.canceller) = (false, None);
                if outcome.broken_pipe {
                    signals::die_of(libc::SIGPIPE);
                }
            }
            News::Failed(sources, failure, took) => {
                self.running = false;
                self.failure = Some(failure.text);
                self.watched.set(&sources.0, true, &sources.1);
                let retry = Instant::now() + RETRY.max(took * RETRY_TIMES);
                self.due = Some(self.due.map_or(retry, |due| due.min(retry)));
            }
            News::Signal(_) => {}
        }
    }

    fn cancel(&self) {
        if let Some(canceller) = &self.canceller {
            // Without a watchdog it is waited for.
            let _ = canceller.cancel();
        }
    }

    /// Builds the program and runs it.
    fn start(&mut self) {
        self.due = None;
        if let Some(file) = self.changed.take() {
            self.task.say(&format!("{} changed, running again", shown(&file)));
        }
        self.running = true;
        let (task, before) = (self.task.clone(), self.failure.clone());
        let thread = std::thread::Builder::new().name("b8g-program".into()).stack_size(STACK_BYTES);
        if let Err(error) = thread.spawn(move || task.build_and_run(before.as_deref())) {
            fail(self.task.console, &Failure::error(format!("cannot start a thread: {error}")));
        }
    }

    /// Stops what runs, then dies of the signal.
    fn stop(&self, signal: i32, news: &Receiver<News>) -> ! {
        self.cancel();
        let deadline = Instant::now() + SIGNAL_GRACE;
        let mut ended = !self.running;
        while !ended {
            let heard = news.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            ended = matches!(heard, Ok(News::Ended(_)) | Err(_));
        }
        signals::die_of(signal)
    }
}

/// What the thread that runs the program needs.
#[derive(Clone)]
struct Task {
    plan: &'static Plan<'static>,
    console: Console,
    engine: Engine,
    sender: Sender<News>,
}

impl Task {
    fn say(&self, text: &str) {
        if !self.console.quiet {
            self.console.say(&self.console.line(text));
        }
    }

    fn send(&self, news: News) {
        // Nobody hears it when the process is about to end.
        let _ = self.sender.send(news);
    }

    /// Builds and runs the program once. A failure that was told `before` is not told again.
    fn build_and_run(&self, before: Option<&str>) {
        let (start, began) = (Instant::now(), Began::now(self.plan.path()));
        let finish = match self.plan.finish(self.console) {
            Ok(finish) => finish,
            Err(failure) => {
                self.say(&format!("error: {}", failure.text));
                return self.send(News::Failed(Sources(Vec::new(), began), Box::new(failure), RETRY));
            }
        };
        match self.build(&finish) {
            Ok((mut running, files)) => {
                self.send(News::Started(Sources(files, began), running.canceller()));
                let outcome = running.execute();
                drop(running);
                self.tell(&finish, &outcome);
                self.send(News::Ended(Box::new(outcome)));
            }
            Err(failure) => {
                if before != Some(&failure.text) {
                    finish.record_failure(&failure);
                    self.say("waiting for changes");
                }
                let mut files = failure.files.clone();
                files.push(self.plan.path());
                self.send(News::Failed(Sources(files, began), Box::new(failure), start.elapsed()));
            }
        }
    }

    fn build(&self, finish: &Finish) -> Result<(Running, Vec<PathBuf>), Failure> {
        let program = self.plan.find()?;
        let running = self.plan.prepare(&self.engine, &program, finish)?;
        let mut files = running.files().to_vec();
        if !files.contains(&program.path) {
            files.push(program.path);
        }
        Ok((running, files))
    }

    /// Reports how a run ended, and says it unless it was stopped.
    fn tell(&self, finish: &Finish, outcome: &Outcome) {
        if outcome.reason == Reason::Cancelled || outcome.broken_pipe {
            return finish.report(outcome);
        }
        let code = outcome.exit_code & 0xff;
        let after = self.console.line(&format!("ended with exit code {code}; waiting for changes"));
        finish.record(outcome, if self.console.quiet { "" } else { &after });
    }
}
