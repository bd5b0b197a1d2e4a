//! Components that mean harm: to the host's memory, to what is not theirs, to whoever waits for them.

use std::time::Duration;

use b8g::{Component, Context, Grants, Limits, Outcome, Reason, Stdin, Stdout};

use crate::components::{command, run_with};
use crate::engine;

/// A command with standard streams: `$stdin`, `$stdout`, `$read`, `$write`, `$subscribe` (of input), `$drop_in`,
/// `$drop_out`, `$drop_poll`, `$poll`, `$check`.
pub fn streams(body: &str) -> String {
    with_streams(|imports, lowers, module, with| command(imports, lowers, module, with, body))
}

/// What needs standard streams: given the imports, lowered functions, the module's imports, and what it is made with.
pub fn with_streams(make: impl FnOnce(&str, &str, &str, &str) -> String) -> String {
    let imports = r#"
      (import "wasi:io/poll@0.2.0" (instance $poll
        (export "pollable" (type $pollable (sub resource)))
        (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
      (alias export $poll "pollable" (type $pollable))
      (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
      (alias export $error "error" (type $error))
      (import "wasi:io/streams@0.2.0" (instance $streams
        (alias outer 1 $pollable (type $p0)) (export "pollable" (type $p (eq $p0)))
        (alias outer 1 $error (type $e0)) (export "error" (type $e (eq $e0)))
        (export "input-stream" (type $in (sub resource)))
        (export "output-stream" (type $out (sub resource)))
        (type $f0 (variant (case "last-operation-failed" (own $e)) (case "closed")))
        (export "stream-error" (type $f (eq $f0)))
        (export "[method]input-stream.blocking-read"
          (func (param "self" (borrow $in)) (param "len" u64) (result (result (list u8) (error $f)))))
        (export "[method]input-stream.subscribe" (func (param "self" (borrow $in)) (result (own $p))))
        (export "[method]output-stream.check-write" (func (param "self" (borrow $out)) (result (result u64 (error $f)))))
        (export "[method]output-stream.write"
          (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $f)))))
        (export "[method]output-stream.blocking-write-and-flush"
          (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $f)))))))
      (alias export $streams "input-stream" (type $in))
      (alias export $streams "output-stream" (type $out))
      (import "wasi:cli/stdin@0.2.0" (instance $stdin
        (alias outer 1 $in (type $i0)) (export "input-stream" (type $i (eq $i0)))
        (export "get-stdin" (func (result (own $i))))))
      (import "wasi:cli/stdout@0.2.0" (instance $stdout
        (alias outer 1 $out (type $o0)) (export "output-stream" (type $o (eq $o0)))
        (export "get-stdout" (func (result (own $o))))))"#;
    let lowers = r#"
      (core func $stdin (canon lower (func $stdin "get-stdin")))
      (core func $stdout (canon lower (func $stdout "get-stdout")))
      (core func $read (canon lower (func $streams "[method]input-stream.blocking-read") (memory $memory) (realloc $realloc)))
      (core func $subscribe (canon lower (func $streams "[method]input-stream.subscribe")))
      (core func $check (canon lower (func $streams "[method]output-stream.check-write") (memory $memory)))
      (core func $unchecked (canon lower (func $streams "[method]output-stream.write") (memory $memory)))
      (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory)))
      (core func $poll (canon lower (func $poll "poll") (memory $memory) (realloc $realloc)))
      (core func $drop_in (canon resource.drop $in))
      (core func $drop_out (canon resource.drop $out))
      (core func $drop_poll (canon resource.drop $pollable))"#;
    let module = r#"
      (import "host" "stdin" (func $stdin (result i32)))
      (import "host" "stdout" (func $stdout (result i32)))
      (import "host" "read" (func $read (param i32 i64 i32)))
      (import "host" "subscribe" (func $subscribe (param i32) (result i32)))
      (import "host" "check" (func $check (param i32 i32)))
      (import "host" "unchecked" (func $unchecked (param i32 i32 i32 i32)))
      (import "host" "write" (func $write (param i32 i32 i32 i32)))
      (import "host" "poll" (func $poll (param i32 i32 i32)))
      (import "host" "drop_in" (func $drop_in (param i32)))
      (import "host" "drop_out" (func $drop_out (param i32)))
      (import "host" "drop_poll" (func $drop_poll (param i32)))"#;
    let names = [
        "stdin",
        "stdout",
        "read",
        "subscribe",
        "check",
        "unchecked",
        "write",
        "poll",
        "drop_in",
        "drop_out",
        "drop_poll",
    ];
    let exports: String = names.iter().map(|name| format!(r#"(export "{name}" (func ${name}))"#)).collect();
    make(imports, lowers, module, &format!(r#"(with "host" (instance {exports}))"#))
}

fn limits() -> Limits {
    Limits { timeout: Some(Duration::from_secs(20)), ..Limits::default() }
}

fn run(body: &str) -> Outcome {
    let grants = Grants::none().stdin(Stdin::Bytes(b"some input".as_slice().into())).stdout(Stdout::Discard);
    run_with(engine(), &streams(body), &grants, limits())
}

/// Kilobytes of memory that this process has now.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn what_is_gone_or_not_ones_own_traps() {
    for body in [
        // Dropped twice.
        "(local $s i32) (local.set $s (call $stdin)) (call $drop_in (local.get $s)) (call $drop_in (local.get $s)) (i32.const 0)",
        // Used after it was dropped.
        "(local $s i32) (local.set $s (call $stdin)) (call $drop_in (local.get $s))
         (call $read (local.get $s) (i64.const 1) (i32.const 16)) (i32.const 0)",
        // Of another kind.
        "(call $read (call $stdout) (i64.const 1) (i32.const 16)) (i32.const 0)",
        "(call $drop_poll (call $stdin)) (i32.const 0)",
        // Never given.
        "(call $read (i32.const 1234567) (i64.const 1) (i32.const 16)) (i32.const 0)",
        "(call $drop_out (i32.const -1)) (i32.const 0)",
        "(call $check (i32.const 0) (i32.const 16)) (i32.const 0)",
        // An answer outside of the memory, and one that is not aligned.
        "(call $read (call $stdin) (i64.const 1) (i32.const -4)) (i32.const 0)",
        "(call $check (call $stdout) (i32.const 17)) (i32.const 0)",
        // A list outside of the memory.
        "(call $write (call $stdout) (i32.const 65000) (i32.const 100000) (i32.const 16)) (i32.const 0)",
        "(call $write (call $stdout) (i32.const -1) (i32.const -1) (i32.const 16)) (i32.const 0)",
        // A wait that never ends.
        "(call $poll (i32.const 16) (i32.const 0) (i32.const 32)) (i32.const 0)",
        // A list of pollables that is no such thing.
        "(call $poll (i32.const 16) (i32.const 1000) (i32.const 32)) (i32.const 0)",
        // More than check-write said.
        "(drop (memory.grow (i32.const 4)))
         (call $unchecked (call $stdout) (i32.const 0) (i32.const 200000) (i32.const 16)) (i32.const 0)",
    ] {
        let outcome = run(body);
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Trap, 134), "{body}: {outcome}");
    }
}

#[test]
fn what_is_well_meant_is_done() {
    // The counterpart of what traps: the same calls with what they should have.
    let body = "(local $s i32) (local $o i32) (local $p i32)
        (local.set $s (call $stdin)) (local.set $o (call $stdout)) (local.set $p (call $subscribe (local.get $s)))
        (i32.store (i32.const 64) (local.get $p))
        (call $poll (i32.const 64) (i32.const 1) (i32.const 16))
        (if (i32.ne (i32.load (i32.const 20)) (i32.const 1)) (then unreachable))
        (call $read (local.get $s) (i64.const 4) (i32.const 16))
        (if (i32.load8_u (i32.const 16)) (then unreachable))
        (if (i32.ne (i32.load (i32.const 24)) (i32.const 4)) (then unreachable))
        (call $check (local.get $o) (i32.const 32))
        (if (i32.load8_u (i32.const 32)) (then unreachable))
        (if (i64.lt_u (i64.load (i32.const 40)) (i64.const 4096)) (then unreachable))
        (call $unchecked (local.get $o) (i32.const 0) (i32.const 4096) (i32.const 16))
        (if (i32.load8_u (i32.const 16)) (then unreachable))
        (call $drop_poll (local.get $p)) (call $drop_in (local.get $s)) (call $drop_out (local.get $o)) (i32.const 0)";
    let outcome = run(body);
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 0), "{outcome}");
    assert_eq!(outcome.usage.output_bytes, 4096);
}

#[test]
fn a_read_of_everything_gives_what_is_there() {
    let before = resident_kb();
    for len in ["0xffffffff", "0xffffffffffffffff", "0x100000000"] {
        let body = format!(
            "(call $read (call $stdin) (i64.const {len}) (i32.const 16))
             (if (i32.load8_u (i32.const 16)) (then unreachable))
             (if (i32.ne (i32.load (i32.const 24)) (i32.const 10)) (then unreachable)) (i32.const 0)"
        );
        let outcome = run(&body);
        assert!(outcome.is_success(), "{len}: {outcome}");
    }
    let more = resident_kb().saturating_sub(before);
    assert!(more < 200 << 10, "{more} kB more");
}

#[test]
fn floods_of_resources_end_in_words() {
    for (what, body) in [
        ("streams", "(loop $l (drop (call $stdin)) (br $l)) unreachable"),
        (
            "pollables",
            "(local $s i32) (local.set $s (call $stdin)) (loop $l (drop (call $subscribe (local.get $s))) (br $l)) unreachable",
        ),
    ] {
        let before = resident_kb();
        let outcome = run(body);
        assert_eq!(outcome.reason, Reason::Trap, "{what}: {outcome}");
        let words = ["resources of WASI", "handle limit"];
        assert!(words.iter().any(|words| outcome.message.contains(words)), "{what}: {outcome}");
        let more = resident_kb().saturating_sub(before);
        assert!(more < 200 << 10, "{what}: {more} kB more");
    }
}

#[test]
fn a_flood_of_the_guests_own_resources_ends() {
    let text = r#"(component
      (type $mine (resource (rep i32)))
      (core func $new (canon resource.new $mine))
      (core module $main (import "host" "new" (func $new (param i32) (result i32)))
        (func (export "run") (result i32) (loop $l (drop (call $new (i32.const 1))) (br $l)) unreachable))
      (core instance $main (instantiate $main (with "host" (instance (export "new" (func $new))))))
      (func $run (result (result)) (canon lift (core func $main "run")))
      (instance $i (export "run" (func $run)))
      (export "wasi:cli/run@0.2.0" (instance $i)))"#;
    let outcome = run_with(engine(), text, &Grants::none(), limits());
    assert_eq!(outcome.reason, Reason::Trap, "{outcome}");
    assert!(outcome.message.contains("handle limit"), "{outcome}");
}

#[test]
fn a_flood_of_random_bytes_is_refused() {
    let random = |len: &str| {
        command(
            r#"(import "wasi:random/random@0.2.0" (instance $random
                 (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))"#,
            r#"(core func $bytes (canon lower (func $random "get-random-bytes") (memory $memory) (realloc $realloc)))"#,
            r#"(import "host" "bytes" (func $bytes (param i64 i32)))"#,
            r#"(with "host" (instance (export "bytes" (func $bytes))))"#,
            &format!("(call $bytes (i64.const {len}) (i32.const 16)) (i32.const 0)"),
        )
    };
    let grants = Grants::none().randomness();
    assert!(run_with(engine(), &random("1000"), &grants, limits()).is_success());
    for len in ["0xffffffffffffffff", "0x40000000"] {
        let outcome = run_with(engine(), &random(len), &grants, limits());
        assert_eq!(outcome.reason, Reason::Trap, "{outcome}");
        assert!(outcome.message.contains("random bytes"), "{outcome}");
    }
    let outcome = run_with(engine(), &random("8"), &Grants::none(), limits());
    assert!(outcome.reason == Reason::Trap && outcome.message.contains("not granted"), "{outcome}");
}

#[test]
fn many_memories_are_no_way_around_the_limit() {
    let module = r#"(core module $m (memory 1024))"#;
    let instances: String = (0..100).map(|i| format!("(core instance $i{i} (instantiate $m))")).collect();
    let text = format!(
        "(component {module} {instances}
      (core module $main (func (export \"run\") (result i32) (i32.const 0)))
      (core instance $main (instantiate $main))
      (func $run (result (result)) (canon lift (core func $main \"run\")))
      (instance $i (export \"run\" (func $run)))
      (export \"wasi:cli/run@0.2.0\" (instance $i)))"
    );
    let limits = Limits { memory_bytes_max: 256 << 20, ..limits() };
    let outcome = run_with(engine(), &text, &Grants::none(), limits);
    assert_eq!(outcome.reason, Reason::Memory, "{outcome}");
    assert!(outcome.usage.memory_peak_bytes <= 256 << 20);
}

#[test]
fn damaged_components_are_refused_or_run_within_bounds() {
    let whole =
        wat::parse_str(streams("(call $read (call $stdin) (i64.const 1) (i32.const 16)) (i32.const 0)"))
            .unwrap();
    let mut seed = 7u64;
    let (mut refused, mut ran) = (0, 0);
    for _ in 0..300 {
        let mut bytes = whole.clone();
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let at = 8 + (seed >> 33) as usize % (bytes.len() - 8);
        bytes[at] = (seed >> 20) as u8;
        match Component::from_wasm(engine(), &bytes) {
            Ok(component) => {
                let limits = Limits { timeout: Some(Duration::from_millis(200)), ..Limits::default() };
                Context::new(&component, &Grants::none(), limits).unwrap().run();
                ran += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 100 && ran > 0, "{refused} refused, {ran} ran");
}
