//! `b8g repl`: cells that are evaluated one after the other in one context, typed by a person, piped in, or handed in as JSON.
//!
//! Start at [`repl`]; [`session`] evaluates, [`prompt`], [`lines`] and [`json`] are the three ways to hand cells in.

mod json;
mod lines;
mod prompt;
mod session;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use b8g::{Canceller, Capture, Component, Config};

use crate::args::{Lang, ReplArgs};
use crate::console::Console;
use crate::failure::Failure;
use crate::finish::exit;
use crate::program::{Program, shown};
use crate::run::{Plan, fail};
use crate::signals;
use session::{Cells, Session};

/// Evaluates cells until there are no more. The process ends then.
pub fn repl(mut args: ReplArgs) -> ! {
    let console = Console::new(args.run.color, args.run.quiet);
    match run(&mut args, console) {
        Ok(code) => exit(code),
        Err(failure) => fail(console, &failure),
    }
}

/// Bytes that a session whose output goes into answers may print, until it is made anew.
const PRINTED_BYTES_MAX: u64 = 64 << 20;

/// What runs now, for whoever is to stop it.
type Running = Arc<Mutex<Option<Canceller>>>;

/// Set once a person can type: then a Ctrl-C that comes too late for its cell ends nothing.
type Typing = Arc<AtomicBool>;

fn run(args: &mut ReplArgs, console: Console) -> Result<i32, Failure> {
    if args.run.report.is_some() || args.run.invoke.is_some() {
        return Err(Failure::usage("b8g repl knows neither --report nor --invoke; see --json"));
    }
    // The language of cells, not of a file.
    let wanted = args.run.lang.take();
    // Only Python has components to choose from.
    let begins_empty = args.run.command.is_empty() && args.run.component.is_some();
    let wanted = wanted.or(begins_empty.then_some(Lang::Py));
    let language = match wanted {
        None | Some(Lang::Ts | Lang::Py) => "cell.ts",
        Some(Lang::Js) => "cell.js",
        Some(Lang::Jsx) => "cell.jsx",
        Some(Lang::Tsx) => "cell.tsx",
        Some(Lang::Wasm) => {
            let why = "cells are JavaScript, TypeScript or Python: --lang js|ts|jsx|tsx|py";
            return Err(Failure::usage(why));
        }
    };
    let language = b8g::Language::from_path(language.as_ref()).unwrap_or(b8g::Language::TypeScript);
    let typed = !args.json && std::io::stdin().is_terminal();
    let running: Running = Arc::default();
    let terminal = typed.then(prompt::Terminal::remember);
    let typing = Typing::default();
    let (heard, at_prompt) = (running.clone(), typing.clone());
    // Before any other thread is made.
    let on_signal = move |signal| {
        let cell = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match cell {
            Some(cell) if signal == libc::SIGINT => {
                let _ = cell.cancel();
            }
            None if signal == libc::SIGINT && at_prompt.load(Relaxed) => {}
            _ => {
                if let Some(terminal) = &terminal {
                    terminal.restore();
                }
                signals::die_of(signal)
            }
        }
    };
    signals::listen(on_signal)
        .map_err(|error| Failure::error(format!("cannot wait for signals: {error}")))?;
    let mut plan = Plan::for_cells(&args.run, console);
    if args.json {
        let most = plan.limits.output_bytes_max.unwrap_or(PRINTED_BYTES_MAX);
        plan.limits.output_bytes_max = Some(most.min(PRINTED_BYTES_MAX));
    }
    let finish = plan.finish(console)?;
    let engine = plan.engine(Config::new())?;
    let mut ready = plan.session(&engine, &finish, wanted == Some(Lang::Py))?;
    let language = match (ready.is_other_script(), wanted) {
        (true, None | Some(Lang::Py)) => Cells::Python,
        (false, Some(Lang::Py)) => {
            return Err(Failure::usage("cells of Python need a program of Python, or none"));
        }
        (true, Some(_)) => return Err(Failure::usage("cells in a program of Python are Python")),
        (false, _) => Cells::Script(language),
    };
    let (out, error) = (Capture::new(), Capture::new());
    if args.json {
        ready = ready.capturing(&out, &error);
    }
    let session = Session::new(ready, language, running)?;
    match () {
        () if args.json => json::answer(session, &out, &error),
        () if typed => prompt::read(session, console, history(), &typing),
        () => lines::read(session, console),
    }
}

/// Refuses what no cells can be evaluated in.
pub fn check_cells(program: &Program, component: &Component) -> Result<(), Failure> {
    if !component.is_script() {
        let name = shown(&program.path);
        return Err(Failure::usage(format!(
            "cells are JavaScript, TypeScript or Python, and {name} is wasm; to run it: b8g run {name}"
        )));
    }
    Ok(())
}

/// The file of what was typed, where the system's conventions have it.
fn history() -> Option<PathBuf> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = named("XDG_STATE_HOME").or_else(|| Some(named("HOME")?.join(".local/state")))?;
    Some(named("B8G_REPL_HISTORY").unwrap_or_else(|| state.join("b8g/repl_history")))
}
