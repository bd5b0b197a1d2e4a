//! `cargo xtask example pipeline`: builds what an example needs that cargo does not build, and runs it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::run::{cargo, run};
use crate::{rust_wasm, tools};

/// What makes a component of C: as `docs/guests.md` says.
const C_FLAGS: [&str; 9] = [
    "cc",
    "-target",
    "wasm32-freestanding",
    "-std=c99",
    "-O2",
    "-nostdlib",
    "-Wl,--no-entry",
    "-fno-sanitize=undefined",
    "-Wall",
];

/// Builds the pipeline in four languages and lets so many MiB go through it.
pub fn pipeline(mebibytes: &str) -> Result<()> {
    let out = Path::new("target/pipeline");
    std::fs::create_dir_all(out)?;
    let cache = std::env::current_dir()?.join(out).join("cache");
    let mut c = Command::new(tools::ensure_ziglang()?);
    c.args(C_FLAGS).args(["-I", "guests/c", "examples/pipeline/upper.c", "-o"]).arg(out.join("upper.wasm"));
    run(c.env("ZIG_GLOBAL_CACHE_DIR", &cache).env("ZIG_LOCAL_CACHE_DIR", &cache))?;
    let mut rust = cargo();
    rust.args(["build", "--quiet", "--release", "--example", "count", "--target", rust_wasm::TARGET]);
    rust.args(["--manifest-path", "guests/rust/Cargo.toml", "--target-dir"]).arg(out.join("rust"));
    rust.env("RUSTC", rust_wasm::ensure()?).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    run(&mut rust)?;
    let built = out.join("rust").join(rust_wasm::TARGET).join("release/examples/count.wasm");
    std::fs::copy(&built, out.join("count.wasm"))
        .with_context(|| format!("cannot copy {}", built.display()))?;
    let mut b8g = cargo();
    b8g.args(["run", "--release", "--quiet", "--", "pipe", "--stats"]);
    b8g.arg(format!("examples/pipeline/generate.ts {mebibytes}"));
    run(b8g.args(["target/pipeline/upper.wasm", "examples/pipeline/rot13.wat", "target/pipeline/count.wasm"]))
}
