//! Components of WASI 0.3 frozen and restored: between calls there is no task, no stream and no future, or it is said.

use std::time::Duration;

use b8g::{
    CallError, Capture, Component, Context, Grant, Grants, Image, Limits, SnapshotError, Stdout, WitValue,
};

use crate::concurrent::WRITES;
use crate::engine;

/// Counts; waits each time, for which it takes a set and a subtask; holds directories, and a stream when it is asked to.
const COUNTS: &str = r#"(component
  (import "wasi:clocks/monotonic-clock@0.3.0" (instance $clock
    (export "wait-for" (func async (param "how-long" u64)))))
  (import "wasi:filesystem/types@0.3.0" (instance $types
    (export "descriptor" (type $d (sub resource)))
    (export "[method]descriptor.is-same-object"
      (func async (param "self" (borrow $d)) (param "other" (borrow $d)) (result bool)))))
  (alias export $types "descriptor" (type $descriptor))
  (import "wasi:filesystem/preopens@0.3.0" (instance $preopens
    (alias outer 1 $descriptor (type $d0)) (export "descriptor" (type $d (eq $d0)))
    (export "get-directories" (func (result (list (tuple (own $d) string)))))))
  (type $bytes (stream u8))
  (core module $libc (memory (export "memory") 1) (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
      (global.get $next) (global.set $next (i32.add (global.get $next) (local.get 3)))))
  (core instance $libc (instantiate $libc))
  (alias core export $libc "memory" (core memory $memory))
  (alias core export $libc "realloc" (core func $realloc))
  (core func $wait (canon lower (func $clock "wait-for") async))
  (core func $all (canon lower (func $preopens "get-directories") (memory $memory) (realloc $realloc)))
  (core func $same (canon lower (func $types "[method]descriptor.is-same-object")))
  (core func $drop (canon resource.drop $descriptor))
  (core func $set (canon waitable-set.new))
  (core func $unset (canon waitable-set.drop))
  (core func $join (canon waitable.join))
  (core func $done (canon waitable-set.wait (memory $memory)))
  (core func $subdrop (canon subtask.drop))
  (core func $new (canon stream.new $bytes))
  (core func $in (canon stream.drop-readable $bytes))
  (core func $out (canon stream.drop-writable $bytes))
  (core module $main
    (import "libc" "memory" (memory 1))
    (import "host" "wait" (func $wait (param i64) (result i32)))
    (import "host" "all" (func $all (param i32)))
    (import "host" "same" (func $same (param i32 i32) (result i32)))
    (import "host" "drop" (func $drop (param i32)))
    (import "host" "set" (func $set (result i32)))
    (import "host" "unset" (func $unset (param i32)))
    (import "host" "join" (func $join (param i32 i32)))
    (import "host" "done" (func $done (param i32 i32) (result i32)))
    (import "host" "subdrop" (func $subdrop (param i32)))
    (import "host" "new" (func $new (result i64)))
    (import "host" "in" (func $in (param i32)))
    (import "host" "out" (func $out (param i32)))
    (global $n (mut i32) (i32.const 0))
    (global $held (mut i64) (i64.const 0))
    (func $tick (result i32) (local $of i32) (local $set i32)
      (local.set $of (call $wait (i64.const 1000000)))
      (if (i32.ne (i32.and (local.get $of) (i32.const 15)) (i32.const 2)) (then
        (local.set $of (i32.shr_u (local.get $of) (i32.const 4)))
        (local.set $set (call $set))
        (call $join (local.get $of) (local.get $set))
        (drop (call $done (local.get $set) (i32.const 16)))
        (call $subdrop (local.get $of))
        (call $unset (local.get $set))))
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (global.get $n))
    (func (export "tick") (result i32) (call $tick))
    (func (export "all") (result i32) (call $all (i32.const 64)) (i32.load (i32.const 68)))
    (func $of (param i32) (result i32) (i32.load (i32.add (i32.load (i32.const 64)) (i32.mul (local.get 0) (i32.const 12)))))
    (func (export "same") (param i32 i32) (result i32) (call $same (call $of (local.get 0)) (call $of (local.get 1))))
    (func (export "give-up") (param i32) (call $drop (call $of (local.get 0))))
    (func (export "hold") (global.set $held (call $new)))
    (func (export "release")
      (call $out (i32.wrap_i64 (i64.shr_u (global.get $held) (i64.const 32)))) (call $in (i32.wrap_i64 (global.get $held)))))
  (core instance $main (instantiate $main (with "libc" (instance $libc)) (with "host" (instance
    (export "wait" (func $wait)) (export "all" (func $all)) (export "same" (func $same)) (export "drop" (func $drop))
    (export "set" (func $set)) (export "unset" (func $unset)) (export "join" (func $join)) (export "done" (func $done))
    (export "subdrop" (func $subdrop)) (export "new" (func $new)) (export "in" (func $in)) (export "out" (func $out))))))
  (func (export "tick") async (result u32) (canon lift (core func $main "tick")))
  (func (export "all") (result u32) (canon lift (core func $main "all")))
  (func (export "same") async (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $main "same")))
  (func (export "give-up") (param "a" u32) (canon lift (core func $main "give-up")))
  (func (export "hold") (canon lift (core func $main "hold")))
  (func (export "release") (canon lift (core func $main "release"))))"#;

fn component(text: &str) -> Component {
    Component::from_wasm(engine(), text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn call(context: &mut Context, name: &str, arguments: &[u32]) -> u32 {
    let arguments: Vec<WitValue> = arguments.iter().map(|number| WitValue::U32(*number)).collect();
    let answer: Result<_, CallError> = context.invoke(name, &arguments);
    match answer {
        Ok(Some(WitValue::U32(number))) => number,
        Ok(_) => 0,
        Err(error) => panic!("{name}: {error}"),
    }
}

#[test]
fn a_program_goes_on_before_it_runs() {
    let mut first = Context::new(&component(WRITES), &Grants::none(), Limits::default()).unwrap();
    let image = first.snapshot().unwrap();
    let bytes = image.to_bytes("writes.wat").unwrap();
    let read = Image::from_bytes(engine(), &bytes).unwrap();
    for image in [&image, &read] {
        let output = Capture::new();
        let grants = Grants::none().stdout(Stdout::Capture(output.clone()));
        let outcome = Context::restore(image, &grants, Limits::default()).unwrap().run();
        assert!(outcome.is_success(), "{outcome}");
        assert_eq!(output.take(), b"hello from 0.3\n");
    }
}

#[test]
fn what_waited_between_goes_on_and_forks() {
    let place = tempfile::tempdir().unwrap();
    let preopened = |names: &[&str]| {
        let mut grants = Grants::none().clocks();
        for name in names {
            let host = place.path().join(name);
            std::fs::create_dir_all(&host).unwrap();
            grants.add(Grant::Directory { host, guest: format!("/{name}"), write: false }).unwrap();
        }
        grants
    };
    let limits = || Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() };
    let grants = preopened(&["one", "two", "three"]);
    let mut first = Context::new(&component(COUNTS), &grants, limits()).unwrap();
    // Numbers are taken and given back by what no host function is told of, before there are resources and after.
    assert_eq!((call(&mut first, "tick", &[]), call(&mut first, "tick", &[])), (1, 2));
    let image = first.snapshot().unwrap();
    let mut again = Context::restore(&image, &grants, limits()).unwrap();
    assert_eq!((call(&mut again, "tick", &[]), call(&mut again, "all", &[])), (3, 3));
    assert_eq!((call(&mut again, "same", &[1, 1]), call(&mut again, "same", &[0, 1])), (1, 0));

    assert_eq!(call(&mut first, "all", &[]), 3);
    call(&mut first, "give-up", &[1]);
    assert_eq!(call(&mut first, "tick", &[]), 3);
    let image = first.snapshot().unwrap();
    let read = Image::from_bytes(engine(), &image.to_bytes("counts.wat").unwrap()).unwrap();
    for image in [&image, &read] {
        let mut again = Context::restore(image, &preopened(&["three", "one"]), limits()).unwrap();
        assert_eq!((call(&mut again, "same", &[0, 0]), call(&mut again, "same", &[0, 2])), (1, 0));
        assert_eq!(call(&mut again, "tick", &[]), 4);
        let mut forks = again.fork(2).unwrap();
        assert_eq!(forks.iter_mut().map(|fork| call(fork, "tick", &[])).collect::<Vec<_>>(), [5, 5]);
        assert_eq!(call(&mut again, "tick", &[]), 5);
    }
    // Resources that were given by numbers which others had before.
    let mut other = Context::new(&component(COUNTS), &grants, limits()).unwrap();
    assert_eq!((call(&mut other, "tick", &[]), call(&mut other, "all", &[])), (1, 3));
    call(&mut other, "give-up", &[0]);
    let image = other.snapshot().unwrap();
    let mut again = Context::restore(&image, &grants, limits()).unwrap();
    assert_eq!((call(&mut again, "same", &[1, 1]), call(&mut again, "same", &[2, 1])), (1, 0));
    call(&mut again, "give-up", &[2]);
    assert_eq!((call(&mut again, "tick", &[]), call(&mut again, "same", &[1, 1])), (2, 1));
    // Many numbers that are free, and of which the highest that was given is a resource's.
    let mut other = Context::new(&component(COUNTS), &grants, limits()).unwrap();
    assert_eq!((call(&mut other, "tick", &[]), call(&mut other, "all", &[])), (1, 3));
    for number in [0, 1] {
        call(&mut other, "give-up", &[number]);
    }
    let mut again = Context::restore(&other.snapshot().unwrap(), &grants, limits()).unwrap();
    assert_eq!((call(&mut again, "same", &[2, 2]), call(&mut other, "same", &[2, 2])), (1, 1));
    // A stream that it holds is in the way as long as it does.
    call(&mut first, "hold", &[]);
    match first.snapshot() {
        Err(SnapshotError::Busy(why)) => assert!(why.contains("streams"), "{why}"),
        other => panic!("{other:?}"),
    }
    call(&mut first, "release", &[]);
    assert_eq!(call(&mut first, "tick", &[]), 4);
    let mut again = Context::restore(&first.snapshot().unwrap(), &grants, limits()).unwrap();
    assert_eq!(call(&mut again, "tick", &[]), 5);
}

#[test]
fn what_nobody_can_look_at_is_refused() {
    let text = r#"(component (core func $b (canon backpressure.inc))
      (core module $main (import "host" "b" (func $b)) (func (export "run")))
      (core instance $main (instantiate $main (with "host" (instance (export "b" (func $b))))))
      (func (export "run") (canon lift (core func $main "run"))))"#;
    let mut context = Context::new(&component(text), &Grants::none(), Limits::default()).unwrap();
    assert!(context.invoke("run", &[]).is_ok());
    match context.snapshot() {
        Err(SnapshotError::Unsupported(why)) => assert!(why.contains("backpressure"), "{why}"),
        other => panic!("{other:?}"),
    }
}
