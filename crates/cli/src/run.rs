//! `b8g run`: from flags to a running program.
//!
//! Start at [`run`]. The process belongs to the program: a deadline that the program does not keep ends the process,
//! and nothing is dropped at the end. [`Plan`] is what `b8g watch` shares.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use b8g::{
    Capture, Component, ComponentOptions, Config, Context, Engine, Grant, Grants, Image, Limits, Outcome,
    PublicKey, PythonEntry, PythonOptions, ReadOptions, StartError, Stdin, Stdout, When,
};

use crate::args::{ImageArgs, RunArgs, UnknownImports};
use crate::console::{Console, Progress, printable};
use crate::failure::Failure;
use crate::finish::{Finish, exit};
use crate::grants;
use crate::invoke::Invocation;
use crate::program::{Loaded, Program, shown};
use crate::report::Target;
use crate::signals;

/// Wasm that takes long enough to compile for a person to wonder.
const SLOW_BYTES: usize = 256 << 10;

/// Runs the program that the flags describe. The process ends with it.
pub fn run(args: &RunArgs) -> ! {
    let console = Console::new(args.color, args.quiet);
    let plan = Plan::new(args, console);
    let finish = match plan.finish(console) {
        Ok(finish) => Arc::new(finish),
        Err(failure) => fail(console, &failure),
    };
    // A thread is needed only where something is left to be done when a signal comes.
    let heard = finish.clone();
    if args.report.is_none() || signals::listen(move |signal| heard.on_signal(signal)).is_err() {
        signals::announce(args.quiet, console.terminal);
    }
    let hook = finish.clone();
    let config = Config::new().exit_at_deadline(move |reason, usage| hook.end_by_watchdog(reason, usage));
    match plan.start(config, &finish) {
        // Never dropped: the process ends first.
        Ok(mut running) => {
            let (outcome, answers) = running.execute_or_answer();
            if answers && outcome.is_success() && !console.quiet {
                let what = "answers requests of HTTP and was given none (serve it with b8g serve-http)";
                console.say(&console.line(&format!("{} {what}", shown(&plan.path()))));
            }
            finish.end(outcome)
        }
        Err(failure) => finish.fail(&failure),
    }
}

/// The limits that the flags set.
fn limits(args: &RunArgs) -> Limits {
    Limits {
        memory_bytes_max: crate::program::memory(args.limits.memory, None),
        timeout: args.limits.timeout.filter(|timeout| *timeout > Duration::ZERO),
        output_bytes_max: args.limits.output_limit.0,
        tasks_max: args.limits.tasks,
        ..Limits::default()
    }
}

/// What is to be run and how; may be started many times.
#[derive(Debug)]
pub struct Plan<'a> {
    args: &'a RunArgs,
    pub limits: Limits,
    purpose: Purpose,
    notice: Arc<Notice>,
}

/// What a program is made ready for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    /// It runs to its end.
    Run,
    /// It answers requests of HTTP.
    Requests,
    /// Cells are evaluated in its context; whoever types them has the standard input.
    Cells,
}

/// The line that tells a person that something is being compiled.
#[derive(Debug, Default)]
pub struct Notice {
    wanted: bool,
    wasm: AtomicBool,
    progress: Progress,
}

impl Notice {
    /// `wasm` says whose compilation it is.
    pub fn new(console: Console, wasm: bool) -> Notice {
        Notice {
            wanted: console.terminal && !console.quiet,
            wasm: AtomicBool::new(wasm),
            ..Notice::default()
        }
    }

    /// Nothing is being compiled any more.
    pub fn erase(&self) {
        self.progress.erase();
    }

    fn compiling(&self, bytes: usize) {
        if self.wanted && bytes >= SLOW_BYTES {
            let what = if self.wasm.load(Relaxed) { "the program" } else { "the JavaScript engine" };
            self.progress.show(&format!("compiling {what} for this machine (once) …"));
        }
    }
}

/// A program with what it is granted: contexts can be made of it.
#[derive(Debug)]
pub struct Ready {
    component: Component,
    image: Option<Image>,
    invocation: Option<Invocation>,
    grants: Grants,
    seed: Option<u64>,
    limits: Limits,
}

impl Ready {
    /// Makes a context; its time counts from now. Of several copies each has randomness of its own, which its number and
    /// the seed determine if there is one.
    pub fn context(&self, copy: u32) -> Result<Context, Failure> {
        let limits = self.limits.clone();
        let grants = match self.seed {
            Some(seed) => &self.grants.clone().seed(seed.wrapping_add(copy.into())),
            None => &self.grants,
        };
        let context = match &self.image {
            Some(image) => Context::restore(image, grants, limits),
            None => Context::new(&self.component, grants, limits),
        };
        context.map_err(|error| match error {
            StartError::Wanted(_) => Failure::usage(error.to_string()),
            error => Failure::error(error.to_string()),
        })
    }

    /// Makes a context that goes on from an image and has so much time.
    pub fn copy(&self, image: &Image, timeout: Duration) -> Result<Context, StartError> {
        let limits = Limits { timeout: Some(timeout), ..self.limits.clone() };
        Context::restore(image, &self.grants, limits)
    }

    /// Tells whether it is a program for the JavaScript engine.
    pub fn is_javascript(&self) -> bool {
        !self.component.is_wasm()
    }

    /// Tells whether it is source text in another language.
    pub fn is_other_script(&self) -> bool {
        self.component.is_wasm() && self.component.is_script()
    }

    /// What its contexts print is kept.
    #[must_use]
    pub fn capturing(self, out: &Capture, error: &Capture) -> Ready {
        let grants = self.grants.stdout(Stdout::Capture(out.clone())).stderr(Stdout::Capture(error.clone()));
        Ready { grants, ..self }
    }

    /// Contexts go on from there.
    pub fn go_on_from(&mut self, image: Image) {
        self.image = Some(image);
    }

    /// What it may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What it was granted.
    pub fn granted(&self) -> &[Grant] {
        self.grants.list()
    }

    /// Runs a context of it to its end.
    pub fn execute(&self, context: &mut Context) -> Outcome {
        match &self.invocation {
            Some(invocation) => invocation.call(context),
            None => context.run(),
        }
    }
}

/// Reads the keys that are trusted.
fn read_options(args: &ImageArgs) -> Result<ReadOptions, Failure> {
    let key = |path: &PathBuf| {
        let unusable = |why: &dyn std::fmt::Display| {
            Failure::usage(format!("cannot use the key {}: {why}", crate::program::shown(path)))
        };
        let text = std::fs::read_to_string(path).map_err(|error| unusable(&error))?;
        PublicKey::from_pem(&text).map_err(|error| unusable(&error))
    };
    let trust = args.trust.iter().map(key).collect::<Result<_, _>>()?;
    Ok(ReadOptions { trust, parents: args.parent.clone(), context: args.context })
}

/// A program that is ready to run.
#[derive(Debug)]
pub struct Running {
    context: Context,
    component: Component,
    invocation: Option<Invocation>,
}

impl<'a> Plan<'a> {
    pub fn new(args: &'a RunArgs, console: Console) -> Plan<'a> {
        let notice = Arc::new(Notice::new(console, false));
        Plan { args, limits: limits(args), purpose: Purpose::Run, notice }
    }

    /// For a component that answers requests of HTTP.
    pub fn for_requests(args: &'a RunArgs, console: Console) -> Plan<'a> {
        Plan { purpose: Purpose::Requests, ..Plan::new(args, console) }
    }

    /// For cells, in the context of a program if one is named.
    pub fn for_cells(args: &'a RunArgs, console: Console) -> Plan<'a> {
        Plan { purpose: Purpose::Cells, ..Plan::new(args, console) }
    }

    /// Opens the report and makes what ends one run.
    pub fn finish(&self, console: Console) -> Result<Finish, Failure> {
        let report = self.args.report.as_deref().map(Target::open).transpose()?;
        let file = self.path().to_string_lossy().into_owned();
        Ok(Finish::new(console, report, file, self.limits.clone()))
    }

    /// Makes the engine, with a word to whoever waits for the compiler.
    pub fn engine(&self, config: Config) -> Result<Engine, Failure> {
        engine(config, &self.notice)
    }

    fn start(&self, config: Config, finish: &Finish) -> Result<Running, Failure> {
        let program = self.find()?;
        let engine = self.engine(config)?;
        self.prepare(&engine, &program, finish)
    }

    /// The program's path as it was written.
    pub fn path(&self) -> PathBuf {
        if let Some(module) = &self.args.module {
            return PathBuf::from(module);
        }
        self.args.command.first().map_or_else(PathBuf::new, PathBuf::from)
    }

    /// Finds the program.
    pub fn find(&self) -> Result<Program, Failure> {
        if let Some(module) = &self.args.module {
            return Ok(Program::python_module(module));
        }
        let file = self.args.command.first().map_or(OsStr::new(""), |file| file);
        Program::find(file, self.args.lang).map_err(|failure| self.with_equals_sign(failure))
    }

    /// `--allow-read data x.ts` grants everything and takes `data` for the program.
    fn with_equals_sign(&self, failure: Failure) -> Failure {
        let Some(flag) = self.args.grants.bare_flag() else { return failure };
        let [file, _, ..] = &self.args.command[..] else { return failure };
        let meant = format!("{flag}={}", file.to_string_lossy());
        let text = format!("{}; a grant's value needs an equals sign: {meant}", failure.text);
        Failure { text, ..failure }
    }

    /// Compiles a program and finds out what it is granted.
    pub fn ready(&self, engine: &Engine, program: &Program, finish: &Finish) -> Result<Ready, Failure> {
        // What is cheap to refuse is refused first.
        let arguments = self.arguments()?;
        let grants = grants::grants(&self.args.grants)?;
        finish.set_granted(grants.list());
        let trap_unknown_imports = self.args.unknown_imports == UnknownImports::Trap;
        self.notice.wasm.store(program.is_wasm() || program.is_python(), Relaxed);
        let options = ComponentOptions { trap_unknown_imports, ..ComponentOptions::default() };
        let loaded = match program.is_python() {
            true => {
                let when = if self.purpose == Purpose::Cells { When::Cells } else { When::Now };
                let packages =
                    self.args.packages.iter().map(|directory| crate::packages::of(directory)).collect();
                let options = PythonOptions { when, packages, ..PythonOptions::default() };
                program.load_python(engine, self.args.component, &options)
            }
            false => {
                crate::program::check_component(self.args.component, program.is_image())?;
                program.load(engine, options, &read_options(&self.args.image)?)
            }
        };
        self.notice.erase();
        let Loaded { component, image } = loaded?;
        let main = image.as_ref().filter(|_| !component.is_script()).and_then(Image::main);
        let invocation = match self.args.invoke.as_deref().or(main) {
            Some(name) => Some(Invocation::new(program, &component, name, &arguments)?),
            None => {
                match self.purpose {
                    Purpose::Run => crate::invoke::check_program(program, &component)?,
                    Purpose::Requests => crate::serve::check_handler(program, &component)?,
                    Purpose::Cells => crate::repl::check_cells(program, &component)?,
                }
                None
            }
        };
        let name = component.is_wasm().then(|| program.name());
        let grants = grants
            .arguments(name.iter().map(String::as_str).chain(arguments))
            .stdin(if program.is_stdin() || self.purpose != Purpose::Run {
                Stdin::Empty
            } else {
                Stdin::Inherit
            })
            .stdout(Stdout::Inherit)
            .stderr(Stdout::Inherit);
        let (seed, limits) = (self.args.seed, self.limits_of(image.as_ref(), finish));
        Ok(Ready { component, image, invocation, grants, seed, limits })
    }

    /// What cells are evaluated in: the program that is named, or nothing but the JavaScript engine.
    pub fn session(&self, engine: &Engine, finish: &Finish, python: bool) -> Result<Ready, Failure> {
        if !self.args.command.is_empty() {
            return self.ready(engine, &self.find()?, finish);
        }
        let grants = grants::grants(&self.args.grants)?;
        let loaded = match python {
            true => {
                let entry = PythonEntry::Nothing { directory: ".".as_ref() };
                let kind = self.args.component.unwrap_or(crate::args::ComponentKind::Python);
                crate::program::python(engine, kind)
                    .and_then(|python| Ok(python.load(entry, &PythonOptions::default())?))
                    .map(|(component, image)| Loaded { component, image: Some(image) })
            }
            false => crate::program::check_component(self.args.component, false).and_then(|()| {
                let component = Component::javascript(engine)?;
                Ok(Loaded { component, image: None })
            }),
        };
        self.notice.erase();
        let grants = grants.stdin(Stdin::Empty).stdout(Stdout::Inherit).stderr(Stdout::Inherit);
        let (Loaded { component, image }, seed) = (loaded?, self.args.seed);
        let limits = self.limits_of(image.as_ref(), finish);
        Ok(Ready { component, image, invocation: None, grants, seed, limits })
    }

    /// The limits of a program that goes on from an image, if there is one.
    fn limits_of(&self, image: Option<&Image>, finish: &Finish) -> Limits {
        let memory_bytes_max = crate::program::memory(self.args.limits.memory, image);
        let limits = Limits { memory_bytes_max, ..self.limits.clone() };
        finish.set_limits(&limits);
        limits
    }

    /// Compiles a program, gives it what it was granted and starts its time.
    pub fn prepare(&self, engine: &Engine, program: &Program, finish: &Finish) -> Result<Running, Failure> {
        let ready = self.ready(engine, program, finish)?;
        let context = ready.context(0)?;
        finish.set_started(context.canceller());
        Ok(Running { context, component: ready.component, invocation: ready.invocation })
    }

    /// The program's own arguments: what stands behind FILE, without a `--` that only separates the two.
    fn arguments(&self) -> Result<Vec<&'a str>, Failure> {
        let program = usize::from(self.args.module.is_none());
        let rest = self.args.command.get(program..).unwrap_or_default();
        let rest = rest.strip_prefix(&["--".into()][..]).unwrap_or(rest);
        let text = |(at, argument): (usize, &'a std::ffi::OsString)| {
            argument.to_str().ok_or_else(|| {
                let shown = argument.to_string_lossy();
                Failure::usage(format!("argument {} of the program is not UTF-8: {shown:?}", at + 1))
            })
        };
        rest.iter().enumerate().map(text).collect()
    }
}

impl Running {
    /// Runs it to its end.
    pub fn execute(&mut self) -> Outcome {
        match &self.invocation {
            Some(invocation) => invocation.call(&mut self.context),
            None => self.context.run(),
        }
    }

    /// The same, and whether it is a program that answers requests of HTTP.
    fn execute_or_answer(&mut self) -> (Outcome, bool) {
        match &self.invocation {
            Some(_) => (self.execute(), false),
            None => self.context.run_or_answer(),
        }
    }

    /// The context alone.
    pub fn into_context(self) -> Context {
        self.context
    }

    /// The files that it was made from.
    pub fn files(&self) -> &[PathBuf] {
        self.component.files()
    }

    /// Stops it from another thread.
    pub fn canceller(&self) -> b8g::Canceller {
        self.context.canceller()
    }
}

/// Makes an engine, with a word to whoever waits for the compiler.
pub fn engine(config: Config, notice: &Arc<Notice>) -> Result<Engine, Failure> {
    let notice = notice.clone();
    let config = config.on_compile(move |bytes| notice.compiling(bytes));
    Engine::new(config).map_err(|error| Failure::error(error.to_string()))
}

/// Ends `b8g` where it could not even begin.
pub fn fail(console: Console, failure: &Failure) -> ! {
    console.say(&console.line(&format!("error: {}", printable(&failure.text, true))));
    exit(failure.exit_code)
}
