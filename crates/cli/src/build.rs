//! `b8g build`: a program made ready, frozen and written as an image.
//!
//! Start at [`build`]. The program's top level runs with nothing granted. The image appears under its name when it is
//! whole: it is written beside it first.

use std::path::PathBuf;
use std::time::Duration;

use b8g::{
    Component, ComponentOptions, Config, Context, Grants, Heap, Image, Limits, Outcome, PythonOptions,
    ReadOptions, Reason, SnapshotError, Want, WantedAccess, When, WriteOptions,
};

use crate::args::{BuildArgs, UnknownImports};
use crate::console::Console;
use crate::failure::Failure;
use crate::finish::exit;
use crate::grants::split_commas;
use crate::program::{Loaded, Program, shown};
use crate::replace::{replace, same_file};
use crate::run::{Notice, engine, fail};
use crate::units::size_text;

/// Builds the image that the flags describe, and ends the process.
pub fn build(args: &BuildArgs) -> ! {
    let console = Console::new(args.color, args.quiet);
    match write(args, console) {
        Ok(said) => {
            if !args.quiet {
                console.say(&console.line(&said));
            }
            exit(0)
        }
        Err(failure) => fail(console, &failure),
    }
}

fn write(args: &BuildArgs, console: Console) -> Result<String, Failure> {
    let program = Program::find(&args.file, args.lang)?;
    if program.is_image() {
        return Err(Failure::usage(format!("{} is an image already", shown(&program.path))));
    }
    let output = output(args, &program)?;
    if same_file(&output, &program.path) {
        return Err(Failure::usage(format!(
            "the image would replace {}: name another file with -o",
            shown(&output)
        )));
    }
    let wants = args.want.iter().map(|text| wants(text)).collect::<Result<Vec<_>, _>>()?.concat();
    let (image, heap) = freeze(args, &program, console)?;
    let options = WriteOptions { name: program.name(), heap, parent: None, native: args.native };
    let image = image.wanting(wants);
    let bytes = image.to_bytes_with(&options).map_err(|error| Failure::error(error.to_string()))?;
    replace(&output, &bytes)
        .map_err(|error| Failure::error(format!("cannot write {}: {error}", shown(&output))))?;
    Ok(format!("wrote {}: {}", output.display(), size_text(bytes.len() as u64)))
}

/// Where the image goes: beside the program under its name, if nothing else is said.
fn output(args: &BuildArgs, program: &Program) -> Result<PathBuf, Failure> {
    match (&args.output, program.is_stdin()) {
        (Some(output), _) => Ok(output.clone()),
        (None, true) => Err(Failure::usage("the image of standard input needs a name: -o FILE")),
        (None, false) => Ok(program.path.with_extension("b8g")),
    }
}

fn freeze(args: &BuildArgs, program: &Program, console: Console) -> Result<(Image, Option<Heap>), Failure> {
    let notice = std::sync::Arc::new(Notice::new(console, program.is_wasm()));
    let engine = engine(Config::new(), &notice)?;
    let trap_unknown_imports = args.unknown_imports == UnknownImports::Trap;
    let options = ComponentOptions {
        trap_unknown_imports,
        shake: !args.no_shake,
        production: true,
        fuse: true,
        ..ComponentOptions::default()
    };
    let wants_packages = !args.with.is_empty() || !args.packages.is_empty();
    if wants_packages && !program.is_python() {
        return Err(Failure::usage("--with and --packages are for programs of Python"));
    }
    let mut packages: Vec<_> = args.packages.iter().map(|directory| crate::packages::of(directory)).collect();
    let fetched = match args.with.is_empty() {
        true => None,
        false => {
            let lock = output(args, program)?.with_extension("lock");
            Some(crate::packages::fetch(&args.with, &lock, args.component, console, args.quiet)?)
        }
    };
    packages.extend(fetched.as_ref().map(crate::packages::Fetched::packages));
    let loaded = match program.is_python() {
        true => {
            let options = PythonOptions { when: When::Later, packages, ..PythonOptions::default() };
            program.load_python(&engine, args.component, &options)
        }
        false => {
            crate::program::check_component(args.component, program.is_image())?;
            program.load(&engine, options, &ReadOptions::default())
        }
    };
    notice.erase();
    let Loaded { component, image } = loaded?;
    let memory_bytes_max = crate::program::memory(args.memory, image.as_ref());
    let limits = Limits { memory_bytes_max, timeout: Some(args.timeout), ..Limits::default() };
    let main = exported(args, program, &component)?;
    let grants = args.seed.map_or_else(Grants::none, |seed| Grants::none().hash_seed(seed));
    // Python draws random numbers when it begins; what goes on from the image draws its own.
    let grants = match (program.is_python(), args.seed) {
        (true, Some(seed)) => grants.clocks().randomness().seed(seed),
        (true, None) => grants.clocks().randomness(),
        (false, _) => grants,
    };
    let context = match &image {
        Some(image) => Context::restore(image, &grants, limits),
        None => Context::new(&component, &grants, limits),
    };
    let mut context = context.map_err(|error| Failure::error(error.to_string()))?;
    let mut heap = None;
    let main = if (component.is_wasm() && !program.is_python()) || args.no_init {
        main
    } else {
        run_top_level(&mut context).map_err(|outcome| ended(program, &outcome, args.timeout))?;
        let has_main = context.has_main().map_err(|outcome| ended(program, &outcome, args.timeout))?;
        let answers = context.has_handler().map_err(|outcome| ended(program, &outcome, args.timeout))?;
        if !has_main && !answers {
            let name = shown(&program.path);
            return Err(Failure::error(format!(
                "{name} exports no function main, and has done all that it does; write `export function main(args) {{ … }}`, \
                 or `export default {{ fetch(request) {{ … }} }}` for b8g serve-http, or freeze it before it runs with --no-init"
            )));
        }
        heap = context.compact().map_err(|outcome| ended(program, &outcome, args.timeout))?;
        has_main.then_some("main")
    };
    let image = context.snapshot().map_err(|error| match error {
        SnapshotError::Ended(outcome) => ended(program, &outcome, args.timeout),
        error => Failure::error(error.to_string()),
    })?;
    let image =
        image.whole().map_err(|error| Failure::error(format!("there is no room for the image: {error}")))?;
    Ok((image.calling(main), heap))
}

/// The exported function that `--main` names, if it is one that runs can call.
fn exported<'a>(
    args: &'a BuildArgs,
    program: &Program,
    component: &Component,
) -> Result<Option<&'a str>, Failure> {
    let Some(main) = args.main.as_deref() else { return Ok(None) };
    let name = shown(&program.path);
    let refused = |why: &str| Err(Failure::usage(format!("--main={main}: {name} {why}")));
    match () {
        () if !component.is_wasm() => refused("is no wasm module; what it exports as main is called"),
        () if component.is_program() => refused("is a program: its runs call _start"),
        () if component.exported_functions().iter().any(|function| function.name == main) => Ok(Some(main)),
        () if !component.functions().iter().any(|function| function.name == main) => {
            refused("exports no such function")
        }
        () => Ok(Some(main)),
    }
}

/// Reads one `--want`: `read=a,b,net=example.com`. A name that begins like an access needs a `./` before it.
fn wants(text: &str) -> Result<Vec<Want>, Failure> {
    let known = [WantedAccess::Read, WantedAccess::Write, WantedAccess::Net, WantedAccess::Env];
    let mut access = None;
    let mut wants = Vec::new();
    for item in split_commas(text.as_bytes()) {
        let item = String::from_utf8_lossy(&item).into_owned();
        let found = item.split_once('=').and_then(|(word, name)| {
            Some((*known.iter().find(|known| known.name() == word)?, name.to_owned()))
        });
        let name = match found {
            Some((found, name)) => {
                access = Some(found);
                name
            }
            None => item,
        };
        match access {
            Some(access) if !name.is_empty() => wants.push(Want { access, target: name }),
            _ => {
                let why = "is not read=PATH, write=PATH, net=HOST[:PORT] or env=NAME";
                return Err(Failure::usage(format!("--want={text} {why}")));
            }
        }
    }
    for want in &wants {
        // What no flag could grant would make an image that nobody can run.
        if want.access == WantedAccess::Net {
            let grant = b8g::Grant::Net(want.target.clone());
            Grants::none().add(grant).map_err(|error| Failure::usage(format!("--want={text}: {error}")))?;
        }
    }
    Ok(wants)
}

/// Runs the program until nothing is left to do.
fn run_top_level(context: &mut Context) -> Result<(), Outcome> {
    context.start()?;
    while context.is_waiting() {
        context.resume()?;
    }
    Ok(())
}

/// Why there is nothing to freeze.
fn ended(program: &Program, outcome: &Outcome, timeout: Duration) -> Failure {
    let name = shown(&program.path);
    let message = outcome.message.trim_end();
    let text = match outcome.reason {
        Reason::Exit => format!("{name} ended by itself, with exit code {}", outcome.exit_code),
        Reason::Policy => format!(
            "{message}\nthe top level of {name} runs with nothing granted; do that in `export function main(args)`, \
             or freeze it before it runs with --no-init"
        ),
        Reason::Timeout => {
            format!("the top level of {name} did not end within {timeout:?} (raise it with --timeout)")
        }
        _ => format!("{name} cannot be made ready: {message}"),
    };
    let exit_code = if outcome.reason == Reason::Exit { 1 } else { outcome.exit_code };
    Failure { exit_code, ..Failure::error(text) }
}
