//! `cargo xtask`: what scripts would do. Start reading at [`main`]; each command has a file of its own.

mod abi;
mod bench;
mod cldr;
mod components;
mod conformance;
mod example;
mod fuzz;
mod packages;
mod run;
mod rust_wasm;
mod test;
mod tidy;
mod tools;

use anyhow::Result;

const HELP: &str = "\
cargo xtask COMMAND

  test [FILTER…]          run all tests; installs what they need into target/tools, or says what is missing
  ci                      test, then format, clippy and tidy: what has to pass before a change lands
  bench NAME [--json]     run a benchmark: start, compute, image, channel, stream, platform, python, science  (--install-peers fetches peers to compare with)
  fuzz NAME [--seconds N] run a fuzz target: image, v8, http, crypto, python  (--merge adds to its corpus what was found; FILE tries one input)
  conformance wasi DIR    run the programs of a WASI test suite, built by others; B8G_WASMTIME names a wasmtime to compare with
  conformance SUITE       run a pinned slice of a suite (test262, wpt, wasm-js, python), and compare with what is kept of it; --suite DIR says where
                          it lies, --accept keeps new counts, --only TEXT runs what has that in its name
  components js [--check] build the JavaScript engine component; --check only compares its digest
  components python       build the Python component of this tree, from what PyPI has by pinned hashes; python-science: that with numpy and pandas
  cldr [--check]          make the locale data of crates/intl from the packages of CLDR; --check only compares
  abi [--check]           write what is made of the ABI's description: header, WIT, constants, tables; --check only compares
  example pipeline [MIB]  build and run the example in four languages
  tidy                    check the house: layers, file lengths, links, named paths
  tools rust              find or unpack a Rust compiler for wasm and print its path
  tools zig               install the pinned C compiler for wasm and print its path
  tools boolector         install the pinned SMT solver that tests run and print its path
";

fn main() -> Result<()> {
    std::env::set_current_dir(run::root())?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test", filter @ ..] => test::test(filter),
        ["ci"] => test::ci(),
        ["bench", name, flags @ ..] => bench::bench(name, flags),
        ["fuzz", name, flags @ ..] => fuzz::fuzz(name, flags),
        ["conformance", "wasi", directory] => conformance::wasi(directory),
        ["conformance", suite @ ("test262" | "wpt" | "wasm-js" | "python"), options @ ..] => {
            conformance::standard(suite, options)
        }
        ["components", "js"] => components::javascript(false),
        ["components", "js", "--check"] => components::javascript(true),
        ["components", name @ ("python" | "python-science")] => components::python(name),
        ["cldr"] => cldr::cldr(false),
        ["cldr", "--check"] => cldr::cldr(true),
        ["abi"] => abi::abi(false),
        ["abi", "--check"] => abi::abi(true),
        ["example", "pipeline"] => example::pipeline("256"),
        ["example", "pipeline", mebibytes] => example::pipeline(mebibytes),
        ["tidy"] => tidy::tidy(),
        ["tools", "rust"] => {
            println!("{}", rust_wasm::ensure()?.display());
            Ok(())
        }
        ["tools", "zig"] => {
            println!("{}", tools::ensure_ziglang()?.display());
            Ok(())
        }
        ["tools", "boolector"] => {
            println!("{}", tools::ensure_boolector()?.display());
            Ok(())
        }
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => {
            eprint!("{HELP}");
            anyhow::bail!("there is no such command: {}", words.join(" "))
        }
    }
}
