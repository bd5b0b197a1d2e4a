//! Components in C against `guests/c/b8g.h`, in Rust with `guests/rust` and for `guests/wit`, which talk to one another and to
//! scripts.

mod compile;
mod documents;
mod hostile;
mod model;
mod pipeline;
mod talk;

use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use b8g::{Channel, Component, Config, Context, Engine, Grants, Language, Limits, Outcome};

const SOON: Option<Duration> = Some(Duration::from_secs(20));

fn engine() -> Engine {
    Engine::new(Config::new()).unwrap()
}

fn script(engine: &Engine, source: &str) -> Component {
    let source = format!("import {{ channels, channel }} from 'b8g';\n{source}");
    Component::from_source(engine, "a.js", Language::JavaScript, &source, Path::new(".")).unwrap()
}

/// Runs a component with these arguments and channels in a thread of its own.
fn running(component: &Component, arguments: &[&str], channels: Vec<Channel>) -> JoinHandle<Outcome> {
    running_with(component, Grants::none().clocks().arguments(arguments.iter().copied()), channels)
}

/// Runs a component with these grants and channels in a thread of its own.
fn running_with(component: &Component, grants: Grants, channels: Vec<Channel>) -> JoinHandle<Outcome> {
    let limits = Limits { timeout: SOON, ..Limits::default() };
    let mut context = Context::new(component, &grants, limits).unwrap();
    channels.into_iter().for_each(|channel| context.connect(channel).unwrap());
    thread::spawn(move || context.run())
}

#[track_caller]
fn succeeds(runs: JoinHandle<Outcome>) {
    let outcome = runs.join().unwrap();
    assert!(outcome.is_success(), "{outcome}");
}

#[track_caller]
fn told(channel: &Channel) -> String {
    String::from_utf8(channel.receive(SOON).unwrap()).unwrap()
}
