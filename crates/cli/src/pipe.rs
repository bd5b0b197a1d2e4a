//! `b8g pipe`: programs that run at the same time, each with its own grants, the output of each the input of the next.
//!
//! Start at [`pipe`]. Nothing of what goes from one to the next leaves this process.

use std::thread;

use b8g::{Config, Context, Outcome, Reason, StreamOptions, stream};

use crate::args::{Cli, Command, PipeArgs, RunArgs};
use crate::console::{Console, printable};
use crate::failure::Failure;
use crate::finish::{Finish, exit};
use crate::message::{self, Ended};
use crate::run::{Plan, Ready, fail};
use crate::signals;
use crate::units::size_text;

/// The machine stack of a stage's thread.
const STACK_BYTES: usize = 8 << 20;

/// A stage that is ready to run.
struct Stage {
    name: String,
    ready: Ready,
    context: Context,
    finish: Finish,
    limits: b8g::Limits,
}

/// Runs all stages to their ends. The process ends with them.
pub fn pipe(args: &PipeArgs) -> ! {
    let console = Console::new(args.color, args.quiet);
    match run(args, console) {
        Ok(exit_code) => exit(exit_code),
        Err(failure) => fail(console, &failure),
    }
}

/// The exit code is that of the last stage that failed, as with `pipefail` of shells. A stage that ends because the next
/// one wants no more has not failed.
fn run(args: &PipeArgs, console: Console) -> Result<i32, Failure> {
    let texts: Vec<RunArgs> = args.stages.iter().map(|text| parse(text)).collect::<Result<_, _>>()?;
    let plans: Vec<Plan<'_>> = texts.iter().map(|args| Plan::new(args, console)).collect();
    let Some(first) = plans.first() else { return Ok(0) };
    signals::announce(args.quiet, console.terminal);
    let engine = first.engine(Config::new())?;
    let mut stages = Vec::with_capacity(plans.len());
    for (plan, text) in plans.iter().zip(&args.stages) {
        let finish = plan.finish(console)?;
        let of_stage =
            |failure: Failure| Failure { text: format!("in the stage {text}: {}", failure.text), ..failure };
        let ready =
            plan.find().and_then(|program| plan.ready(&engine, &program, &finish)).map_err(of_stage)?;
        let context = ready.context(0).map_err(of_stage)?;
        let limits = ready.limits().clone();
        let name = plan.path().to_string_lossy().into_owned();
        stages.push(Stage { name, ready, context, finish, limits });
    }
    join(&mut stages, args.buffer)?;
    let work = |mut stage: Stage| {
        let outcome = stage.ready.execute(&mut stage.context);
        // What it held closes now, so that its neighbours hear of it.
        drop(stage.context);
        tell(&stage.name, &stage.ready, &stage.finish, &stage.limits, outcome, console)
    };
    let ends: Vec<Outcome> = thread::scope(|scope| {
        let started = stages.into_iter().map(|stage| {
            let builder = thread::Builder::new().name("b8g-stage".into()).stack_size(STACK_BYTES);
            builder.spawn_scoped(scope, move || work(stage))
        });
        let started: Vec<_> = started.collect();
        started.into_iter().filter_map(|stage| stage.ok()?.join().ok()).collect()
    });
    if ends.len() < args.stages.len() {
        return Err(Failure::error("a stage could not be run: the system has no thread for it".to_owned()));
    }
    if args.stats {
        console.say(&stats(&args.stages, &ends));
    }
    // Whoever reads the last one's output is outside: its absence is told as to any program.
    if ends.last().is_some_and(|last| last.broken_pipe) {
        signals::die_of(libc::SIGPIPE)
    }
    let failed = ends.iter().rev().find(|outcome| outcome.exit_code != 0 && !outcome.broken_pipe);
    Ok(failed.map_or(0, |outcome| outcome.exit_code))
}

/// A line for each stage: what it wrote, how fast, and what it used.
fn stats(stages: &[String], ends: &[Outcome]) -> String {
    let line = |(stage, outcome): (&String, &Outcome)| {
        let usage = &outcome.usage;
        let rate = usage.output_bytes as f64 / (1 << 20) as f64 / usage.wall.as_secs_f64().max(1e-9);
        format!(
            "{:>10} written  {rate:>7.1} MiB/s  {:>7.3} s of processor  {:>9} of memory  {}\n",
            size_text(usage.output_bytes),
            usage.cpu.as_secs_f64(),
            size_text(usage.memory_peak_bytes),
            printable(stage, false),
        )
    };
    stages.iter().zip(ends).map(line).collect()
}

/// A stage is written as the command line of `b8g run`.
fn parse(text: &str) -> Result<RunArgs, Failure> {
    let words = shlex::split(text)
        .ok_or_else(|| Failure::usage(format!("in the stage {text}: a quote is not closed")))?;
    let line = ["b8g".to_owned(), "run".to_owned()].into_iter().chain(words);
    match Cli::read(line.map(Into::into)) {
        Ok(Cli { command: Command::Run(args) }) => Ok(*args),
        Ok(_) => Err(Failure::usage(format!("in the stage {text}: it is no program"))),
        Err(error) => {
            let told = error.to_string();
            let told = told.split("\n\nUsage:").next().unwrap_or_default().trim_start_matches("error: ");
            Err(Failure::usage(format!("in the stage {text}: {}", told.trim())))
        }
    }
}

/// Lets the output of each stage be the input of the next.
fn join(stages: &mut [Stage], buffer: u64) -> Result<(), Failure> {
    let options = StreamOptions { capacity_bytes: buffer, ..StreamOptions::default() };
    for next in 1..stages.len() {
        let (reader, writer) =
            stream(options).map_err(|error| Failure::usage(format!("--buffer: {error}")))?;
        let given = stages[next - 1].context.write_stdout_to(writer);
        let given = given.and_then(|()| stages[next].context.read_stdin_from(reader));
        given.map_err(|error| Failure::error(error.to_string()))?;
    }
    Ok(())
}

/// Says how a stage ended, where that is worth a word.
fn tell(
    name: &str,
    ready: &Ready,
    finish: &Finish,
    limits: &b8g::Limits,
    mut outcome: Outcome,
    console: Console,
) -> Outcome {
    if matches!(outcome.reason, Reason::Timeout | Reason::Cancelled) {
        // Where it was in the engine's own code is of no use to anybody.
        outcome.message = outcome.message.lines().next().unwrap_or_default().to_owned();
    }
    finish.report(&outcome);
    let text = message::ending(
        console,
        &Ended { outcome: &outcome, limits, granted: ready.granted(), signal: None },
    );
    if !text.is_empty() {
        console.say(&format!("{}{text}", console.line(&format!("stage {}:", printable(name, false)))));
    }
    outcome
}
