//! WASI 0.3: what waits, what is written to a stream, what never ends.

use std::time::{Duration, Instant};

use b8g::{Capture, Component, ComponentError, Config, Engine, Grants, Interrupt, Limits, Reason, Stdout};

use crate::components::run_with;
use crate::engine;

/// Waits for `NANOSECONDS`.
const WAITS: &str = r#"(component
  (import "wasi:clocks/monotonic-clock@0.3.0" (instance $clock
    (export "wait-for" (func async (param "how-long" u64)))))
  (core func $wait (canon lower (func $clock "wait-for")))
  (core module $main
    (import "host" "wait" (func $wait (param i64)))
    (func (export "run") (result i32) (call $wait (i64.const NANOSECONDS)) (i32.const 0)))
  (core instance $main (instantiate $main (with "host" (instance (export "wait" (func $wait))))))
  (func $run async (result (result)) (canon lift (core func $main "run")))
  (instance $i (export "run" (func $run)))
  (export "wasi:cli/run@0.3.0" (instance $i)))"#;

/// Waits for a set of things that is empty.
const DEADLOCK: &str = r#"(component
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (core func $new (canon waitable-set.new))
  (core func $wait (canon waitable-set.wait (memory $memory)))
  (core module $main
    (import "host" "new" (func $new (result i32)))
    (import "host" "wait" (func $wait (param i32 i32) (result i32)))
    (func (export "run") (result i32) (drop (call $wait (call $new) (i32.const 16))) (i32.const 0)))
  (core instance $main (instantiate $main (with "host" (instance (export "new" (func $new)) (export "wait" (func $wait))))))
  (func $run async (result (result)) (canon lift (core func $main "run")))
  (instance $i (export "run" (func $run)))
  (export "wasi:cli/run@0.3.0" (instance $i)))"#;

/// Writes a line to standard output: 15 bytes of a stream.
pub(crate) const WRITES: &str = r#"(component
  (import "wasi:cli/types@0.3.0" (instance $types
    (type $c0 (enum "io" "illegal-byte-sequence" "pipe"))
    (export "error-code" (type (eq $c0)))))
  (alias export $types "error-code" (type $code))
  (import "wasi:cli/stdout@0.3.0" (instance $stdout
    (alias outer 1 $code (type $c0)) (export "error-code" (type $c (eq $c0)))
    (export "write-via-stream" (func (param "data" (stream u8)) (result (future (result (error $c))))))))
  (type $bytes (stream u8))
  (type $end (future (result (error $code))))
  (core module $libc (memory (export "memory") 1) (data (i32.const 64) "hello from 0.3\0a"))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (core func $new (canon stream.new $bytes))
  (core func $write (canon stream.write $bytes async (memory $memory)))
  (core func $drop (canon stream.drop-writable $bytes))
  (core func $stdout (canon lower (func $stdout "write-via-stream")))
  (core func $read (canon future.read $end async (memory $memory)))
  (core module $main
    (import "libc" "memory" (memory 1))
    (import "host" "new" (func $new (result i64)))
    (import "host" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "host" "drop" (func $drop (param i32)))
    (import "host" "stdout" (func $stdout (param i32) (result i32)))
    (import "host" "read" (func $read (param i32 i32) (result i32)))
    (func (export "run") (result i32) (local $both i64) (local $end i32) (local $out i32)
      (local.set $both (call $new))
      (local.set $out (i32.wrap_i64 (i64.shr_u (local.get $both) (i64.const 32))))
      (local.set $end (call $stdout (i32.wrap_i64 (local.get $both))))
      ;; 15 bytes were taken, and the stream is open.
      (if (i32.ne (call $write (local.get $out) (i32.const 64) (i32.const 15)) (i32.const 240)) (then unreachable))
      (call $drop (local.get $out))
      (drop (call $read (local.get $end) (i32.const 16)))
      (i32.load8_u (i32.const 16))))
  (core instance $main (instantiate $main (with "libc" (instance $libc)) (with "host" (instance
    (export "new" (func $new)) (export "write" (func $write)) (export "drop" (func $drop))
    (export "stdout" (func $stdout)) (export "read" (func $read))))))
  (func $run async (result (result)) (canon lift (core func $main "run")))
  (instance $i (export "run" (func $run)))
  (export "wasi:cli/run@0.3.0" (instance $i)))"#;

fn waits(ns: u64) -> String {
    WAITS.replace("NANOSECONDS", &ns.to_string())
}

fn limits(timeout: Duration) -> Limits {
    Limits { timeout: Some(timeout), ..Limits::default() }
}

#[test]
fn waiting_takes_its_time() {
    let started = Instant::now();
    let outcome = run_with(engine(), &waits(50_000_000), &Grants::none(), limits(Duration::from_secs(20)));
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 0), "{outcome}");
    assert!(started.elapsed() >= Duration::from_millis(50));
    // All that it did was one wait.
    assert_eq!(outcome.usage.calls, 1);
    // A seeded clock jumps.
    let hour = waits(3_600_000_000_000);
    let outcome = run_with(engine(), &hour, &Grants::none().seed(1), limits(Duration::from_secs(20)));
    assert!(outcome.is_success(), "{outcome}");
    assert!(outcome.usage.wall < Duration::from_secs(20));
}

#[test]
fn a_wait_ends_at_the_deadline_in_each_way() {
    for interrupt in [Interrupt::Signal, Interrupt::Epoch] {
        let engine = Engine::new(Config::new().code_cache(None).interrupt(interrupt)).unwrap();
        let limits = limits(Duration::from_millis(100));
        let outcome = run_with(&engine, &waits(u64::MAX / 2), &Grants::none(), limits);
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Timeout, 124), "{interrupt:?}: {outcome}");
    }
}

#[test]
fn what_nothing_can_bring_about_is_a_trap() {
    let outcome = run_with(engine(), DEADLOCK, &Grants::none(), limits(Duration::from_secs(20)));
    assert_eq!(outcome.reason, Reason::Trap, "{outcome}");
    assert!(outcome.message.contains("deadlock"), "{outcome}");
}

#[test]
fn a_stream_comes_out_where_it_was_granted() {
    let output = Capture::new();
    let grants = Grants::none().stdout(Stdout::Capture(output.clone()));
    let outcome = run_with(engine(), WRITES, &grants, limits(Duration::from_secs(20)));
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 0), "{outcome}");
    assert_eq!(output.take(), b"hello from 0.3\n");
    let little = Limits { output_bytes_max: Some(5), ..Limits::default() };
    let outcome = run_with(engine(), WRITES, &grants, little);
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Output, 125), "{outcome}");
    assert_eq!(output.take(), b"hello");
}

#[test]
fn a_flood_of_streams_ends() {
    let text = r#"(component
      (type $bytes (stream u8))
      (core func $new (canon stream.new $bytes))
      (core module $main
        (import "host" "new" (func $new (result i64)))
        (func (export "run") (result i32) (loop $l (drop (call $new)) (br $l)) unreachable))
      (core instance $main (instantiate $main (with "host" (instance (export "new" (func $new))))))
      (func $run async (result (result)) (canon lift (core func $main "run")))
      (instance $i (export "run" (func $run)))
      (export "wasi:cli/run@0.3.0" (instance $i)))"#;
    let outcome = run_with(engine(), text, &Grants::none(), limits(Duration::from_secs(20)));
    assert_eq!(outcome.reason, Reason::Trap, "{outcome}");
    assert!(outcome.message.contains("handle limit"), "{outcome}");
}

#[test]
fn what_was_never_final_is_refused() {
    let text = waits(1).replace("monotonic-clock@0.3.0", "monotonic-clock@0.3.0-rc-2025-09-16");
    let refused = Component::from_wasm(engine(), text.as_bytes());
    assert!(matches!(refused, Err(ComponentError::UnknownImports(_))), "{refused:?}");
}
