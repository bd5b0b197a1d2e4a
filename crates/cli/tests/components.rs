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
    place.b8g(&["build", "good.wat"]).code(1).says("component model");
}
