//! Components in text form: how they begin and end, and what they are told.

use std::time::{Duration, Instant};

use b8g::{
    Capture, Component, ComponentError, ComponentOptions, Config, Context, Engine, Grants, Interrupt, Limits,
    Outcome, Reason, Stdin, Stdout,
};

use crate::engine;

/// A command whose function `run` has this body; `imports` are of the component, `lowered` of its one module.
pub fn command(imports: &str, lowers: &str, module_imports: &str, with: &str, body: &str) -> String {
    let functions = format!(r#"(func (export "run") (result i32) {body})"#);
    let lifts = r#"(func $run (result (result)) (canon lift (core func $main "run")))
          (instance $i (export "run" (func $run)))
          (export "wasi:cli/run@0.2.0" (instance $i))"#;
    library(imports, lowers, module_imports, with, &functions, lifts)
}

/// A component whose second core module, `$main`, has these functions, which `lifts` exports.
pub fn library(
    imports: &str,
    lowers: &str,
    module_imports: &str,
    with: &str,
    functions: &str,
    lifts: &str,
) -> String {
    format!(
        r#"(component
          {imports}
          (core module $libc (memory (export "memory") 1)
            (global $top (mut i32) (i32.const 1024))
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
              (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
              (global.set $top (i32.add (local.get $at) (local.get 3)))
              (block $fits (br_if $fits (i32.le_u (global.get $top) (i32.mul (memory.size) (i32.const 65536))))
                (drop (memory.grow (i32.shr_u (i32.add (local.get 3) (i32.const 131071)) (i32.const 16)))))
              (local.get $at)))
          (core instance $libc (instantiate $libc))
          (alias core export $libc "memory" (core memory $memory))
          (alias core export $libc "realloc" (core func $realloc))
          {lowers}
          (core module $main
            (import "libc" "memory" (memory 1))
            {module_imports}
            {functions})
          (core instance $main (instantiate $main (with "libc" (instance $libc)) {with}))
          {lifts})"#
    )
}

/// One that imports nothing.
fn alone(body: &str) -> String {
    command("", "", "", "", body)
}

/// Runs a command with what it is granted.
pub fn run_with(engine: &Engine, text: &str, grants: &Grants, limits: Limits) -> Outcome {
    let component = match Component::from_wasm(engine, text.as_bytes()) {
        Ok(component) => component,
        Err(error) => panic!("{error}\n{text}"),
    };
    Context::new(&component, grants, limits).unwrap().run()
}

fn run(text: &str) -> Outcome {
    let limits = Limits { timeout: Some(Duration::from_secs(20)), ..Limits::default() };
    run_with(engine(), text, &Grants::none().clocks().randomness(), limits)
}

#[test]
fn the_answer_of_run_is_the_exit_code() {
    for (body, code) in [("(i32.const 0)", 0), ("(i32.const 1)", 1)] {
        let outcome = run(&alone(body));
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, code), "{outcome}");
        assert!(outcome.message.is_empty());
    }
}

/// The functions of `wasi:cli/exit`.
fn exits(name: &str, parameter: &str, body: &str) -> String {
    let imports = format!(
        r#"(import "wasi:cli/exit@0.2.12" (instance $exit (export "{name}" (func (param {parameter})))))"#
    );
    let lowers = format!(r#"(core func $exit (canon lower (func $exit "{name}")))"#);
    let with = r#"(with "host" (instance (export "exit" (func $exit))))"#;
    command(&imports, &lowers, r#"(import "host" "exit" (func $exit (param i32)))"#, with, body)
}

#[test]
fn exit_ends_it_at_once() {
    let body = |code: i32| format!("(call $exit (i32.const {code})) unreachable");
    for (name, parameter, given, code) in [
        ("exit", "\"status\" (result)", 0, 0),
        ("exit", "\"status\" (result)", 1, 1),
        ("exit-with-code", "\"status-code\" u8", 7, 7),
        ("exit-with-code", "\"status-code\" u8", 255, 255),
    ] {
        let outcome = run(&exits(name, parameter, &body(given)));
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, code), "{outcome}");
    }
}

#[test]
fn a_loop_ends_at_its_deadline_in_each_way() {
    let host = exits("exit", "\"status\" (result)", "(loop $l (br $l)) unreachable");
    for interrupt in [Interrupt::Signal, Interrupt::Epoch] {
        let engine = Engine::new(Config::new().code_cache(None).interrupt(interrupt)).unwrap();
        for text in [alone("(loop $l (br $l)) unreachable"), host.clone()] {
            let started = Instant::now();
            let limits = Limits { timeout: Some(Duration::from_millis(100)), ..Limits::default() };
            let outcome = run_with(&engine, &text, &Grants::none(), limits);
            assert_eq!(
                (outcome.reason, outcome.exit_code),
                (Reason::Timeout, 124),
                "{interrupt:?}: {outcome}"
            );
            assert!(started.elapsed() < Duration::from_secs(10), "{interrupt:?}");
        }
    }
}

/// A command that asks for the time for ever.
fn clock_loop() -> String {
    command(
        r#"(import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock (export "now" (func (result u64)))))"#,
        r#"(core func $now (canon lower (func $clock "now")))"#,
        r#"(import "host" "now" (func $now (result i64)))"#,
        r#"(with "host" (instance (export "now" (func $now))))"#,
        "(loop $l (drop (call $now)) (br $l)) unreachable",
    )
}

#[test]
fn a_loop_of_host_calls_ends_at_its_deadline_and_when_it_is_cancelled() {
    let limits = Limits { timeout: Some(Duration::from_millis(100)), ..Limits::default() };
    let outcome = run_with(engine(), &clock_loop(), &Grants::none().clocks(), limits);
    assert_eq!(outcome.reason, Reason::Timeout, "{outcome}");
    let component = Component::from_wasm(engine(), clock_loop().as_bytes()).unwrap();
    let mut context = Context::new(&component, &Grants::none().clocks(), Limits::default()).unwrap();
    let canceller = context.canceller();
    let cancels = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        canceller.cancel().unwrap();
    });
    let outcome = context.run();
    cancels.join().unwrap();
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Cancelled, 130), "{outcome}");
}

/// A command that waits so many nanoseconds.
fn sleeper(version: &str, ns: u64) -> String {
    let imports = format!(
        r#"(import "wasi:io/poll@{version}" (instance $poll
             (export "pollable" (type $pollable (sub resource)))
             (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
           (alias export $poll "pollable" (type $pollable))
           (import "wasi:clocks/monotonic-clock@{version}" (instance $clock
             (alias outer 1 $pollable (type $p0)) (export "pollable" (type $p (eq $p0)))
             (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))"#
    );
    let lowers = r#"(core func $subscribe (canon lower (func $clock "subscribe-duration")))
        (core func $block (canon lower (func $poll "[method]pollable.block")))"#;
    let module = r#"(import "host" "subscribe" (func $subscribe (param i64) (result i32)))
        (import "host" "block" (func $block (param i32)))"#;
    let with =
        r#"(with "host" (instance (export "subscribe" (func $subscribe)) (export "block" (func $block))))"#;
    let body = format!("(call $block (call $subscribe (i64.const {ns}))) (i32.const 0)");
    command(&imports, lowers, module, with, &body)
}

#[test]
fn waiting_takes_its_time_in_any_version() {
    for version in ["0.2.0", "0.2.3", "0.2.6", "0.2.12"] {
        let started = Instant::now();
        let outcome = run(&sleeper(version, 50_000_000));
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 0), "{version}: {outcome}");
        assert!(started.elapsed() >= Duration::from_millis(50));
    }
    // A wait ends at the deadline too, and a seeded one takes no time.
    let limits = Limits { timeout: Some(Duration::from_millis(100)), ..Limits::default() };
    let outcome = run_with(engine(), &sleeper("0.2.0", u64::MAX / 2), &Grants::none(), limits.clone());
    assert_eq!(outcome.reason, Reason::Timeout, "{outcome}");
    let hour = sleeper("0.2.0", 3_600_000_000_000);
    let outcome = run_with(engine(), &hour, &Grants::none().seed(1), limits);
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 0), "{outcome}");
}

#[test]
fn a_trap_names_the_function() {
    let text = alone("unreachable").replace(r#"(func (export "run")"#, r#"(func $broken (export "run")"#);
    let outcome = run(&text);
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Trap, 134), "{outcome}");
    assert!(outcome.message.contains("unreachable") && outcome.message.contains("at broken"), "{outcome}");
}

#[test]
fn memory_is_bounded() {
    let body =
        "(block $no (loop $l (br_if $no (i32.eq (memory.grow (i32.const 16)) (i32.const -1))) (br $l)))
        unreachable";
    let limits = Limits { memory_bytes_max: 4 << 20, ..Limits::default() };
    let outcome = run_with(engine(), &alone(body), &Grants::none(), limits);
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Memory, 137), "{outcome}");
    assert!(outcome.usage.memory_peak_bytes <= 4 << 20 && outcome.usage.memory_peak_bytes > 2 << 20);
}

#[test]
fn what_nobody_provides_is_named() {
    let text = command(
        r#"(import "wasi:messaging/producer@0.2.1" (instance $http (export "send" (func))))"#,
        r#"(core func $send (canon lower (func $http "send")))"#,
        r#"(import "host" "send" (func $send))"#,
        r#"(with "host" (instance (export "send" (func $send))))"#,
        "(call $send) (i32.const 0)",
    );
    let refused = Component::from_wasm(engine(), text.as_bytes());
    let Err(ComponentError::UnknownImports(names)) = refused else { panic!("{refused:?}") };
    assert_eq!(names, [r#"instance "wasi:messaging/producer@0.2.1""#]);
    let options = ComponentOptions { trap_unknown_imports: true, ..ComponentOptions::default() };
    let component = Component::from_wasm_with(engine(), text.as_bytes(), options).unwrap();
    let outcome = Context::new(&component, &Grants::none(), Limits::default()).unwrap().run();
    assert_eq!(outcome.reason, Reason::Trap, "{outcome}");
    assert!(outcome.message.contains("wasi:messaging/producer@0.2.1#send"), "{outcome}");
    // A later version, and one that was never final.
    for version in ["0.4.0", "0.3.0-rc-2025-09-16", "1.0.0"] {
        let text = text.replace("wasi:messaging/producer@0.2.1", &format!("wasi:cli/exit@{version}"));
        assert!(matches!(
            Component::from_wasm(engine(), text.as_bytes()),
            Err(ComponentError::UnknownImports(_))
        ));
    }
    // What is provided, but is something else.
    let text = text.replace("wasi:messaging/producer@0.2.1", "wasi:cli/exit@0.2.0");
    let Err(error) = Component::from_wasm(engine(), text.as_bytes()) else { panic!("it fits") };
    assert!(matches!(error, ComponentError::Imports(_)) && error.to_string().contains("send"), "{error}");
}

#[test]
fn what_was_not_granted_ends_it_in_words() {
    let outcome = run_with(engine(), &clock_loop(), &Grants::none(), Limits::default());
    assert_eq!(outcome.reason, Reason::Trap, "{outcome}");
    assert!(outcome.message.contains("asked for the time: not granted"), "{outcome}");
}

#[test]
fn a_library_is_no_program() {
    let library = Component::from_wasm(engine(), b"(component)").unwrap();
    assert!(!library.is_program() && library.functions().is_empty());
    let component = Component::from_wasm(engine(), alone("(i32.const 0)").as_bytes()).unwrap();
    assert!(component.is_program() && component.imports().is_empty());
    let mut context = Context::new(&component, &Grants::none(), Limits::default()).unwrap();
    let outcome =
        Context::restore(&context.snapshot().unwrap(), &Grants::none(), Limits::default()).unwrap().run();
    assert!(outcome.is_success(), "{outcome}");
    let error = context.call("run", &[]).unwrap_err();
    assert!(matches!(error, b8g::CallError::Ended(_)), "{error}");
}

#[test]
fn code_is_kept_for_the_next_engine() {
    let temp = tempfile::tempdir().unwrap();
    let compiled = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    for _ in 0..2 {
        let count = compiled.clone();
        let config = Config::new().code_cache(Some(temp.path().to_owned())).on_compile(move |_| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        });
        let engine = Engine::new(config).unwrap();
        let outcome = run_with(&engine, &alone("(i32.const 0)"), &Grants::none(), Limits::default());
        assert!(outcome.is_success(), "{outcome}");
    }
    assert_eq!(compiled.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[test]
fn contexts_follow_one_another_in_clean_memories() {
    // Each writes where the next one looks.
    let body = "(if (i32.load (i32.const 4096)) (then unreachable)) (i32.store (i32.const 4096) (i32.const 7)) (i32.const 0)";
    let component = Component::from_wasm(engine(), alone(body).as_bytes()).unwrap();
    for _ in 0..50 {
        let outcome = Context::new(&component, &Grants::none(), Limits::default()).unwrap().run();
        assert!(outcome.is_success(), "{outcome}");
    }
}

#[test]
fn streams_of_a_program_are_those_that_were_granted() {
    // Reads all of standard input and writes it twice.
    let text = crate::hostile::streams(
        r#"(local $in i32) (local $out i32)
        (local.set $in (call $stdin)) (local.set $out (call $stdout))
        (loop $l
          (call $read (local.get $in) (i64.const 100000) (i32.const 16))
          (if (i32.eqz (i32.load8_u (i32.const 16))) (then
            (call $write (local.get $out) (i32.load (i32.const 20)) (i32.load (i32.const 24)) (i32.const 32))
            (call $write (local.get $out) (i32.load (i32.const 20)) (i32.load (i32.const 24)) (i32.const 32))
            (br $l))))
        (i32.const 0)"#,
    );
    let input: Vec<u8> = (0..300_000u32).map(|i| (i % 251) as u8).collect();
    let output = Capture::new();
    let grants =
        Grants::none().stdin(Stdin::Bytes(input.clone().into())).stdout(Stdout::Capture(output.clone()));
    let outcome = run_with(engine(), &text, &grants, Limits::default());
    assert!(outcome.is_success(), "{outcome}");
    let written = output.take();
    assert_eq!(written.len(), 2 * input.len());
    assert_eq!(outcome.usage.output_bytes, written.len() as u64);
    // More than it may write.
    let limits = Limits { output_bytes_max: Some(1000), ..Limits::default() };
    let grants = Grants::none().stdin(Stdin::Bytes(input.into())).stdout(Stdout::Capture(output.clone()));
    let outcome = run_with(engine(), &text, &grants, limits);
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Output, 125), "{outcome}");
    assert_eq!(output.take().len(), 1000);
    // Nothing granted: it reads nothing and writes nowhere.
    assert!(run_with(engine(), &text, &Grants::none(), Limits::default()).is_success());
}
