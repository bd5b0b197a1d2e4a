//! `b8g version`: what this build is made of and how it works on this machine.

use b8g::{Config, Engine, Interrupt, WASMTIME_VERSION, javascript_digest};
use serde::Serialize;

use crate::failure::Failure;

#[derive(Serialize)]
struct Version<'a> {
    name: &'a str,
    version: &'a str,
    engine: Named<'a>,
    javascript: Digested<'a>,
    /// How contexts that share a process are stopped on this machine.
    interrupt: &'a str,
    /// How `b8g run` stops its program, which has the process for itself.
    interrupt_run: &'a str,
    target: String,
    cache: Option<String>,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Digested<'a> {
    name: &'a str,
    blake3: &'a str,
}

/// The version, as text or as JSON.
pub fn version(json: bool) -> Result<String, Failure> {
    if !json {
        return Ok(format!(
            "b8g {} (wasmtime {WASMTIME_VERSION}, {})\n",
            env!("CARGO_PKG_VERSION"),
            target()
        ));
    }
    // Making an engine tries out how running code can be stopped here.
    let engine = Engine::new(Config::new()).map_err(|error| Failure::error(error.to_string()))?;
    let version = Version {
        name: "b8g",
        version: env!("CARGO_PKG_VERSION"),
        engine: Named { name: "wasmtime", version: WASMTIME_VERSION },
        javascript: Digested { name: "QuickJS-ng", blake3: javascript_digest() },
        interrupt: engine.interrupt().name(),
        interrupt_run: Interrupt::Exit.name(),
        target: target(),
        cache: engine.cache_directory().map(|path| path.to_string_lossy().into_owned()),
    };
    let text = serde_json::to_string_pretty(&version).map_err(|error| Failure::error(error.to_string()))?;
    Ok(text + "\n")
}

/// The machine that this build is for.
fn target() -> String {
    let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
    let library = if cfg!(target_env = "musl") { "-musl" } else { "" };
    format!("{arch}-{os}{library}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_the_one_that_is_built_in() {
        let lock = include_str!("../../../Cargo.lock");
        assert!(lock.contains(&format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"\n")));
    }
}
