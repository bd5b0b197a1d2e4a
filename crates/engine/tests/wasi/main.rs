//! WASI from outside: C programs that are compiled here, for preview 1 and as components of 0.2, programs that others
//! built, modules and components in text form.

mod c_programs;
mod compiler;
mod components;
mod concurrent;
mod frozen;
mod frozen_async;
mod hostile;
mod http_client;
mod modules;
mod real_programs;
mod servers;
mod sockets;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use b8g::{Config, Engine};

/// One engine for all tests, which keeps what it compiled for the next time.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("code");
    ENGINE.get_or_init(|| Engine::new(Config::new().code_cache(Some(cache))).unwrap())
}

/// The workspace's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
