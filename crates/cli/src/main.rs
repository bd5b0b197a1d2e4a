//! The `b8g` command: flags in, errors out, nothing else. Start reading at [`args`], then [`run`].
//!
//! Never here: anything that an embedder of the engine would miss. What a program may do is decided in the engine.

mod args;
mod build;
mod component;
mod console;
mod failure;
mod finish;
mod grants;
mod inspect;
mod invoke;
mod message;
mod packages;
mod pipe;
mod program;
mod repl;
mod replace;
mod report;
mod run;
mod serve;
mod sign;
mod signals;
mod snapshot;
mod tool;
mod units;
mod version;
mod watch;
mod wit;

use std::io::{self, ErrorKind};
use std::path::Path;

use clap::{ColorChoice, CommandFactory};

use args::{Cli, Command, ImageCommand};
use console::{Console, STDOUT, write_all};
use failure::{ERROR, Failure};
use finish::exit;

fn main() {
    match Cli::read(std::env::args_os()) {
        Ok(cli) => match cli.command {
            Command::Run(args) => run::run(&args),
            Command::Watch(args) => watch::watch(args),
            Command::Repl(args) => repl::repl(*args),
            Command::Pipe(args) => pipe::pipe(&args),
            Command::ServeHttp(args) => serve::serve(*args),
            Command::Build(args) => build::build(&args),
            Command::Snapshot(args) => snapshot::snapshot(&args),
            Command::Resume(args) => snapshot::resume(&args),
            Command::Sign(args) => sign::sign(&args),
            Command::Squash(args) => sign::squash(&args),
            Command::Inspect(args) => inspect::inspect(&args),
            Command::Image(ImageCommand::PackV8(args)) => inspect::pack_v8(&args),
            Command::Image(ImageCommand::Join(args)) => sign::join(&args),
            Command::Component(command) => component::component(&command),
            Command::Version(args) => print(version::version(args.json)),
            Command::Completions(args) => print(Ok(completions(args.shell))),
        },
        Err(error) if error.kind() == clap::error::ErrorKind::InvalidSubcommand => no_command(&error),
        Err(error) => {
            let (printed, code) = (error.print(), error.exit_code());
            end(printed, code)
        }
    }
}

/// There is no such command; most often a file is meant.
fn no_command(error: &clap::Error) -> ! {
    let word = std::env::args_os().nth(1).unwrap_or_default();
    let path = Path::new(&word);
    if !path.is_file() {
        end(error.print(), error.exit_code())
    }
    let name = program::shown(path);
    let failure = Failure::usage(format!("there is no command {name}; to run the file: b8g run {name}"));
    run::fail(Console::new(ColorChoice::Auto, false), &failure)
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "b8g", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn print(text: Result<String, Failure>) -> ! {
    match text {
        Ok(text) => end(write_all(STDOUT, text.as_bytes(), None), 0),
        Err(failure) => run::fail(Console::new(ColorChoice::Auto, false), &failure),
    }
}

/// Ends with `code`, if what was to be printed was.
fn end(printed: io::Result<()>, code: i32) -> ! {
    match printed {
        Ok(()) => exit(code),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => signals::die_of(libc::SIGPIPE),
        Err(error) => {
            let console = Console::new(ColorChoice::Auto, false);
            console.say(&console.line(&format!("error: cannot write to standard output: {error}")));
            exit(if code == 0 { ERROR } else { code })
        }
    }
}
