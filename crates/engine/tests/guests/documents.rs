//! What `docs/guests.md` shows is what runs here.

use b8g::{Capture, Component, Context, Grants, Language, Limits, Stdout};

use crate::{compile, engine};

#[test]
fn the_examples_of_the_document_are_those_that_are_tested() {
    let root = compile::root();
    let document = std::fs::read_to_string(root.join("docs/guests.md")).unwrap();
    for (language, file) in [
        ("c", "guests/c/examples/echo.c"),
        ("c", "guests/c/examples/ticks.c"),
        ("rust", "guests/rust/examples/echo.rs"),
    ] {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(
            document.contains(&format!("```{language}\n{text}```")),
            "docs/guests.md does not show {file} as it is"
        );
    }
}

/// What the document shows in wasm's own text, written from its tables alone.
#[test]
fn the_example_in_text_tells_the_time() {
    let document = std::fs::read_to_string(compile::root().join("docs/guests.md")).unwrap();
    let text = document.split("```wat\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let component = Component::from_wasm(&engine(), text.as_bytes()).unwrap();
    let output = Capture::new();
    let grants = Grants::none().clocks().stdout(Stdout::Capture(output.clone()));
    let outcome = Context::new(&component, &grants, Limits::default()).unwrap().run();
    assert!(outcome.is_success(), "{outcome}");
    let told = u64::from_le_bytes(output.take()[..].try_into().unwrap());
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    assert!(told <= now && now - told < 60_000_000_000, "{told} is not {now}");
}

/// The constants for TypeScript are a program as they are.
#[test]
fn the_constants_for_typescript_are_typescript() {
    let constants = std::fs::read_to_string(compile::root().join("guests/ts/abi.ts")).unwrap();
    let source =
        format!("{constants}\nconsole.log(Op.acquire, ErrorCode.AGAIN, Right.INSPECT, Bound.WINDOW_BYTES);");
    let engine = engine();
    let path = std::path::Path::new(".");
    let component = Component::from_source(&engine, "abi.ts", Language::TypeScript, &source, path).unwrap();
    let output = Capture::new();
    let grants = Grants::none().stdout(Stdout::Capture(output.clone()));
    let outcome = Context::new(&component, &grants, Limits::default()).unwrap().run();
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(String::from_utf8(output.take()).unwrap(), "13 -7 4096 4096\n");
}

/// The header is for C++ as well.
#[test]
fn a_guest_can_be_written_in_cpp() {
    let Some(zig) = compile::zig() else { return };
    let flags = [
        "c++",
        "-target",
        "wasm32-freestanding",
        "-O1",
        "-nostdlib",
        "-Wl,--no-entry",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
    ];
    compile::c_to_wasm(&zig, &flags, "tests/guests/cpp.cpp").unwrap_or_else(|e| panic!("{e}"));
}
