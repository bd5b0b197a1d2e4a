//! Runs pinned slices of the standards' own test suites through the public API, and keeps what passes in the repository.
//!
//! Start at [`main`]; `cargo xtask conformance` builds and calls this. `kept.rs` has the counts, `test262`, `wpt` and `python` a
//! suite each. The suites lie outside of the repository; without one it says how to get it. Never here: a process for each test.

mod kept;
mod pool;
mod python;
mod suite;
mod test262;
mod wpt;

use anyhow::{Result, bail};

/// What was asked for beside the suite's name.
struct Options {
    /// Where the suite lies, if not at its usual place.
    suite: Option<String>,
    /// Writes the counts, if they have not fallen.
    accept: bool,
    /// Runs only tests whose names contain this, and compares with nothing.
    only: Option<String>,
}

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let mut options = Options { suite: None, accept: false, only: None };
    while let Some(word) = words.next() {
        match word.as_str() {
            "--suite" => options.suite = words.next(),
            "--only" => options.only = words.next(),
            "--accept" => options.accept = true,
            other => bail!("there is no such option: {other}"),
        }
    }
    match name.as_str() {
        "test262" => test262::run(&options),
        "python" => python::run(&options),
        "wpt" => wpt::run(&wpt::WPT, &options),
        "wasm-js" => wpt::run(&wpt::WASM_JS, &options),
        other => bail!("there is no such suite: {other:?}; there are test262, wpt, wasm-js and python"),
    }
}
