//! Components of the component model on the command line: they end as other programs do.

mod common;

use common::Place;

/// A command of WASI 0.2 whose function `run` has this body.
fn command(body: &str) -> String {
    format!(
        r#"(component
          (core module $main (memory 1) (func $main (export "run") (result i32) {body}))
          (core instance $main (instantiate $main))
          (func $run (result (result)) (canon lift (core func $main "run")))
          (instance $i (export "run" (func $run)))
          (export "wasi:cli/run@0.2.0" (instance $i)))"#
    )
}

#[test]
fn a_component_ends_as_a_module_does() {
    let place = Place::new()
        .with("good.wat", command("(i32.const 0)"))
        .with("bad.wat", command("(i32.const 1)"))
        .with("trap.wat", command("unreachable"))
        .with("spin.wat", command("(loop $l (br $l)) unreachable"))
        .with("grow.wat", command("(loop $l (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable)) (br $l)) unreachable"));
    place.b8g(&["run", "good.wat"]).code(0).stdout("").stderr("");
    place.b8g(&["run", "bad.wat"]).code(1).stdout("").stderr("");
    place.b8g(&["run", "trap.wat"]).code(134).says("at main");
    place.b8g(&["run", "--timeout=100ms", "spin.wat"]).code(124);
    place.b8g(&["run", "grow.wat"]).code(137).says("needed more than 64 MiB of memory");
}

#[test]
fn what_a_component_cannot_do_is_said() {
    let http = r#"(component
      (import "wasi:messaging/producer@0.2.1" (instance $http (export "send" (func))))
      (core func $send (canon lower (func $http "send")))
      (core module $main (import "host" "send" (func $send)) (func (export "run") (result i32) (call $send) (i32.const 0)))
      (core instance $main (instantiate $main (with "host" (instance (export "send" (func $send))))))
      (func $run (result (result)) (canon lift (core func $main "run")))
      (instance $i (export "run" (func $run)))
      (export "wasi:cli/run@0.2.0" (instance $i)))"#;
    let place = Place::new()
        .with("http.wat", http)
        .with("library.wat", "(component)")
        .with("good.wat", command("(i32.const 0)"));
    place
        .b8g(&["run", "http.wat"])
        .code(1)
        .says("wasi:messaging/producer@0.2.1")
        .says("--unknown-imports=trap");
    place.b8g(&["run", "--unknown-imports=trap", "http.wat"]).code(134).says("producer@0.2.1#send");
    place.b8g(&["run", "library.wat"]).code(2).says("not a program");
    place.b8g(&["run", "--invoke=run", "good.wat"]).code(2).says("run it without --invoke");
}

/// A library: `add`, `div`, which answers an error for 0, `count`, which counts its calls, and what counts how often it was made ready.
const LIBRARY: &str = r#"(component
  (core module $main (memory (export "memory") 1)
    (global $calls (mut i32) (i32.const 0)) (global $ready (mut i32) (i32.const 0))
    (data (i32.const 64) "by zero")
    (func (export "init") (global.set $ready (i32.add (global.get $ready) (i32.const 1))))
    (func (export "ready") (result i32) (global.get $ready))
    (func (export "add") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
    (func (export "count") (result i32)
      (global.set $calls (i32.add (global.get $calls) (i32.const 1))) (global.get $calls))
    (func (export "div") (param i32 i32) (result i32)
      (if (i32.eqz (local.get 1)) (then
        (i32.store8 (i32.const 16) (i32.const 1))
        (i32.store (i32.const 20) (i32.const 64)) (i32.store (i32.const 24) (i32.const 7)) (return (i32.const 16))))
      (i32.store8 (i32.const 16) (i32.const 0))
      (i32.store (i32.const 20) (i32.div_s (local.get 0) (local.get 1))) (i32.const 16)))
  (core instance $main (instantiate $main))
  (alias core export $main "memory" (core memory $memory))
  (func (export "wizer-initialize") (canon lift (core func $main "init")))
  (func (export "ready") (result u32) (canon lift (core func $main "ready")))
  (func (export "add") (param "a" s64) (param "b" s64) (result s64) (canon lift (core func $main "add")))
  (func (export "count") (result u32) (canon lift (core func $main "count")))
  (func (export "div") (param "a" s32) (param "b" s32) (result (result s32 (error string)))
    (canon lift (core func $main "div") (memory $memory))))"#;

#[test]
fn functions_of_a_component_are_called() {
    let place = Place::new().with("library.wat", LIBRARY);
    place.b8g(&["run", "--invoke=add", "library.wat", "0x28", "--", "2"]).code(2);
    place.b8g(&["run", "--invoke=add", "library.wat", "--", "-0x28", "2"]).code(0).stdout("-38\n").stderr("");
    place.b8g(&["run", "--invoke=div", "library.wat", "9", "3"]).code(0).stdout("3\n");
    place.b8g(&["run", "--invoke=div", "library.wat", "9", "0"]).code(1).stdout("").says("by zero");
    place.b8g(&["run", "--invoke=ready", "library.wat"]).code(0).stdout("1\n");
    place.b8g(&["run", "--invoke=wizer-initialize", "library.wat"]).code(0).stdout("");
    for (arguments, why) in [
        (
            &["run", "--invoke=add", "library.wat", "1"][..],
            "add(a: s64, b: s64) cannot be called with 1 arguments",
        ),
        (&["run", "--invoke=div", "library.wat", "1", "4000000000"], "\"4000000000\" is no s32"),
        (
            &["run", "--invoke=b8g-thaw", "library.wat"],
            "exports no function \"b8g-thaw\"; it has add(a: s64, b: s64), count()",
        ),
        (&["run", "library.wat"], "not a program"),
    ] {
        place.b8g(arguments).code(2).says(why);
    }
}

#[test]
fn a_component_is_built_and_goes_on() {
    let place = Place::new()
        .with("good.wat", command("(i32.const 0)"))
        .with("bad.wat", command("(i32.const 1)"))
        .with(
            "table.wat",
            command("(i32.const 0)").replace(
                "(memory 1)",
                "(memory 1) (table 1 funcref) (func (table.set (i32.const 0) (ref.null func)))",
            ),
        )
        .with("library.wat", LIBRARY);
    for (name, code) in [("good", 0), ("bad", 1)] {
        place.b8g(&["build", &format!("{name}.wat")]).code(0);
        place.b8g(&["run", &format!("{name}.b8g")]).code(code).stdout("").stderr("");
    }
    place.b8g(&["build", "table.wat"]).code(1).says("the code of its core module 0 changes table 0");
    place.b8g(&["run", "table.wat"]).code(0);
    place.b8g(&["build", "library.wat"]).code(0);
    place.b8g(&["run", "--invoke=ready", "library.b8g"]).code(0).stdout("1\n");
    let inspected = place.b8g(&["inspect", "library.b8g"]);
    assert!(inspected.stdout.contains("2 memories, 0 resources"), "{inspected:#?}");
    place.b8g(&["run", "library.b8g"]).code(2).says("--invoke");
    place.b8g(&["build", "--main=add", "library.wat"]).code(0);
    place.b8g(&["run", "library.b8g", "40", "2"]).code(0).stdout("42\n");
    place.b8g(&["build", "--main=b8g-thaw", "library.wat"]).code(2).says("exports no such function");
}
