//! Embeds b8g: runs a program with what the command line grants it, and tells how it ended.
//!
//! ```text
//! cargo run --release -p b8g --example run -- [--dir HOST::GUEST] [--env NAME=VALUE] PROGRAM [ARGUMENT…]
//! ```
//!
//! The program is JavaScript, TypeScript or wasm, by its extension. Nothing else of this machine is given to it than
//! the directories and values named here, the standard streams, clocks and randomness.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use b8g::{Component, Config, Context, Engine, Grants, Limits, Stdin, Stdout};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut grants = Grants::none().clocks().randomness();
    grants = grants.stdin(Stdin::Inherit).stdout(Stdout::Inherit).stderr(Stdout::Inherit);

    let mut arguments = std::env::args().skip(1);
    let program = loop {
        let argument = arguments
            .next()
            .ok_or("usage: run [--dir HOST::GUEST] [--env NAME=VALUE] PROGRAM [ARGUMENT…]")?;
        match argument.as_str() {
            "--dir" => {
                let value = arguments.next().unwrap_or_default();
                let (host, guest) = value.split_once("::").unwrap_or((&value, &value));
                grants = grants.directory(host, guest, true)?;
            }
            "--env" => {
                let value = arguments.next().unwrap_or_default();
                let (name, value) = value.split_once('=').ok_or("--env takes NAME=VALUE")?;
                grants = grants.environment(name, Some(value));
            }
            _ => break argument,
        }
    };
    // The first argument is the program's own name, as C programs expect.
    let grants = grants.arguments([program.clone()].into_iter().chain(arguments));

    // One engine serves the whole process; a component is compiled once, and each context of it is on its own.
    let engine = Engine::new(Config::new())?;
    let component = Component::from_file(&engine, &program)?;
    let limits = Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() };
    let outcome = Context::new(&component, &grants, limits)?.run();

    if !outcome.message.is_empty() {
        eprintln!("{}: {}", outcome.reason, outcome.message);
    }
    for denial in &outcome.usage.denied {
        eprintln!("it was refused {}: {}", denial.access.name(), denial.target);
    }
    Ok(ExitCode::from(outcome.exit_code as u8))
}
