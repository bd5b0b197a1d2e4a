//! `b8g snapshot` and `b8g resume`: programs that are frozen where they ask for it, and go on from there.
//!
//! Start at [`snapshot`] and [`resume`]. Invariant: an image holds no grant; whoever resumes it says what it gets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use b8g::{Config, Context, Outcome, Reason, SnapshotError, WriteOptions};

use crate::args::{ResumeArgs, SnapshotArgs};
use crate::console::Console;
use crate::failure::{ERROR, Failure};
use crate::finish::{Finish, exit};
use crate::message::{self, Ended};
use crate::program::{Program, shown};
use crate::replace::{replace, same_file};
use crate::run::{Plan, Ready, fail};
use crate::signals;
use crate::units::size_text;

/// Runs a program and freezes it at its checkpoints. The process ends with it.
pub fn snapshot(args: &SnapshotArgs) -> ! {
    let run = &args.run;
    let console = Console::new(run.color, run.quiet);
    let plan = Plan::new(run, console);
    let finish = match plan.finish(console) {
        Ok(finish) => Arc::new(finish),
        Err(failure) => fail(console, &failure),
    };
    let heard = finish.clone();
    if run.report.is_none() || signals::listen(move |signal| heard.on_signal(signal)).is_err() {
        signals::announce(run.quiet, console.terminal);
    }
    match freeze(args, &plan, &finish, console) {
        Ok(outcome) => finish.end(outcome),
        Err(failure) => finish.fail(&failure),
    }
}

/// Runs the program to its end, and writes an image at each checkpoint.
fn freeze(
    args: &SnapshotArgs,
    plan: &Plan<'_>,
    finish: &Arc<Finish>,
    console: Console,
) -> Result<Outcome, Failure> {
    let program = plan.find()?;
    if args.child && !program.is_image() {
        return Err(Failure::usage(format!("--child: {} is no image", shown(&program.path))));
    }
    let output = output(args, &program)?;
    if same_file(&output, &program.path) {
        return Err(Failure::usage(format!(
            "the image would replace {}: name another file with -o",
            shown(&output)
        )));
    }
    // Not a process that the program owns: an image may have to be written when its time is up.
    let hook = finish.clone();
    let config = Config::new().exit_at_deadline(move |reason, usage| hook.end_by_watchdog(reason, usage));
    let engine = plan.engine(config)?;
    let mut context = plan.prepare(&engine, &program, finish)?.into_context();
    let mut written = 0;
    loop {
        match context.run_to_checkpoint() {
            Some(outcome) if written == 0 && outcome.exit_code == 0 => {
                return Err(Failure { exit_code: ERROR, ..never_asked(&program) });
            }
            Some(outcome) => return Ok(outcome),
            None => written += write(args, &program, &output, &mut context, console)?,
        }
        if args.stop {
            let usage = context.usage();
            let reason = Reason::Exit;
            return Ok(Outcome { reason, exit_code: 0, message: String::new(), broken_pipe: false, usage });
        }
    }
}

fn never_asked(program: &Program) -> Failure {
    let name = shown(&program.path);
    Failure::error(format!(
        "{name} ended and never awaited checkpoint() of \"b8g\": no image was written \
         (b8g build freezes programs that have a function main)"
    ))
}

fn write(
    args: &SnapshotArgs,
    program: &Program,
    output: &Path,
    context: &mut Context,
    console: Console,
) -> Result<usize, Failure> {
    let failed =
        |error: SnapshotError| Failure::error(format!("cannot freeze {}: {error}", shown(&program.path)));
    let heap = context.compact().map_err(|outcome| failed(SnapshotError::Ended(outcome)))?;
    let image = context.snapshot().map_err(failed)?;
    let name = program.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let options =
        WriteOptions { name: program.name(), heap, parent: name.filter(|_| args.child), native: false };
    let bytes = image.to_bytes_with(&options).map_err(|error| Failure::error(error.to_string()))?;
    replace(output, &bytes)
        .map_err(|error| Failure::error(format!("cannot write {}: {error}", shown(output))))?;
    if !console.quiet {
        console.say(&console.line(&format!("wrote {}: {}", output.display(), size_text(bytes.len() as u64))));
    }
    Ok(1)
}

/// Where the image goes: beside the program under its name, if nothing else is said.
fn output(args: &SnapshotArgs, program: &Program) -> Result<PathBuf, Failure> {
    match &args.output {
        Some(output) => Ok(output.clone()),
        None if program.is_stdin() => {
            Err(Failure::usage("the image of standard input needs a name: -o FILE"))
        }
        None if program.is_image() => Err(Failure::usage("the image of an image needs a name: -o FILE")),
        None => Ok(program.path.with_extension("b8g")),
    }
}

/// Lets a frozen program go on. The process ends with it.
pub fn resume(args: &ResumeArgs) -> ! {
    let console = Console::new(args.run.color, args.run.quiet);
    let plan = Plan::new(&args.run, console);
    if let Err(failure) = is_image(&plan) {
        fail(console, &failure)
    }
    if args.copies == 1 {
        crate::run::run(&args.run)
    }
    match copies(args, &plan, console) {
        Ok(exit_code) => exit(exit_code),
        Err(failure) => fail(console, &failure),
    }
}

fn is_image(plan: &Plan<'_>) -> Result<(), Failure> {
    let program = plan.find()?;
    if program.is_image() {
        return Ok(());
    }
    let name = shown(&program.path);
    Err(Failure::usage(format!(
        "{name} is no image; b8g run runs it, b8g snapshot and b8g build make images"
    )))
}

/// Lets all copies go on, as many at once as there are processors; the answer is the exit code of the first one, by its
/// number, that is not 0.
fn copies(args: &ResumeArgs, plan: &Plan<'_>, console: Console) -> Result<i32, Failure> {
    if args.copies == 0 || args.run.report.is_some() {
        let why = "a report tells of one program: --report goes with one copy";
        return Err(Failure::usage(if args.copies == 0 {
            "--copies: there must be one at least"
        } else {
            why
        }));
    }
    signals::announce(args.run.quiet, console.terminal);
    let finish = plan.finish(console)?;
    let engine = plan.engine(Config::new())?;
    let ready = plan.ready(&engine, &plan.find()?, &finish)?;
    let next = AtomicU32::new(0);
    let ended = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let copy = next.fetch_add(1, Relaxed);
            if copy >= args.copies {
                return;
            }
            let code = one(&ready, copy, console);
            ended.lock().unwrap_or_else(PoisonError::into_inner).insert(copy, code);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(args.copies as usize);
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| {
            scope.spawn(work);
        });
        work();
    });
    let mut ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner).into_values();
    ended.find(|code| !matches!(code, Ok(0))).unwrap_or(Ok(0))
}

fn one(ready: &Ready, copy: u32, console: Console) -> Result<i32, Failure> {
    let mut context = ready.context(copy)?.numbered(copy);
    let mut outcome = ready.execute(&mut context);
    if matches!(outcome.reason, Reason::Timeout | Reason::Cancelled) {
        // Where it was in the engine's own code is of no use to anybody.
        outcome.message = outcome.message.lines().next().unwrap_or_default().to_owned();
    }
    let ended = Ended { outcome: &outcome, limits: ready.limits(), granted: ready.granted(), signal: None };
    let text = message::ending(console, &ended);
    if !text.is_empty() {
        console.say(&format!("{}{text}", console.line(&format!("copy {copy}:"))));
    }
    if outcome.broken_pipe {
        signals::die_of(libc::SIGPIPE)
    }
    Ok(outcome.exit_code)
}
