//! Components whose core modules are made one: they do what they did.

use b8g::{Component, ComponentOptions, Config, Context, Engine, Grants, Limits, WitValue};

/// A component as linkers make them: a module with the memory, the table and where everything lies; two libraries that
/// call one another through the table and directly; an import of the host that needs no memory and one that does, through a module
/// that calls it by a table which another one fills later.
fn linked(extra: &str) -> String {
    format!(
        r#"(component
  (import "wasi:random/random@0.2.0" (instance $random
    (export "get-random-u64" (func (result u64)))
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (core module $env
    (memory (export "memory") 2)
    (table (export "table") 8 funcref)
    (global (export "stack") (mut i32) (i32.const 65536))
    (global (export "a:memory") i32 (i32.const 1024))
    (global (export "a:table") i32 (i32.const 2))
    (global (export "b:memory") i32 (i32.const 2048))
    (global (export "b:table") i32 (i32.const 4))
    (global (export "got") (mut i32) (i32.const 2052))
    (data (i32.const 2052) "\2a\00\00\00"))
  (core module $a
    (import "env" "memory" (memory 1))
    (import "env" "table" (table 8 funcref))
    (import "env" "stack" (global $stack (mut i32)))
    (import "env" "base" (global $base i32))
    (import "env" "slots" (global $slots i32))
    (import "got" "answer" (global $answer (mut i32)))
    (import "host" "number" (func $number (result i64)))
    (type $unary (func (param i32) (result i32)))
    (func $double (type $unary) (i32.mul (local.get 0) (i32.const 2)))
    (func (export "apply") (param i32 i32) (result i32)
      (call_indirect (type $unary) (local.get 1) (local.get 0)))
    (func (export "push") (result i32)
      (global.set $stack (i32.sub (global.get $stack) (i32.const 16)))
      (global.get $stack))
    (func (export "read") (result i32) (i32.load (global.get $answer)))
    (func (export "place") (result i32)
      (i32.add (global.get $base) (i32.load (i32.add (global.get $base) (i32.const 4)))))
    (func (export "draw") (result i64) (call $number))
    (data (global.get $base) "\01\00\00\00\07\00\00\00")
    (elem (global.get $slots) func $double))
  (core module $b
    (import "env" "memory" (memory 1))
    (import "env" "table" (table 8 funcref))
    (import "env" "slots" (global $slots i32))
    (import "a" "apply" (func $apply (param i32 i32) (result i32)))
    (import "a" "push" (func $push (result i32)))
    (import "host" "bytes" (func $bytes (param i64 i32)))
    (func $inc (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func (export "run") (param i32) (result i32)
      (i32.add (call $apply (i32.const 2) (local.get 0)) (call $apply (i32.const 4) (local.get 0))))
    (func (export "stack") (result i32) (call $push))
    (func (export "length") (result i32)
      (call $bytes (i64.const 5) (i32.const 4096)) (i32.load (i32.const 4100)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192))
    {extra}
    (elem (global.get $slots) func $inc))
  (core module $shim
    (table (export "slots") 1 1 funcref)
    (type $bytes (func (param i64 i32)))
    (func (export "0") (type $bytes) (call_indirect (type $bytes) (local.get 0) (local.get 1) (i32.const 0))))
  (core module $fill
    (import "" "slots" (table 1 1 funcref))
    (import "" "0" (func $f (param i64 i32)))
    (elem (i32.const 0) func $f))
  (core instance $shim (instantiate $shim))
  (core instance $env (instantiate $env))
  (core func $number (canon lower (func $random "get-random-u64")))
  (core instance $a (instantiate $a
    (with "env" (instance
      (export "memory" (memory $env "memory"))
      (export "table" (table $env "table"))
      (export "stack" (global $env "stack"))
      (export "base" (global $env "a:memory"))
      (export "slots" (global $env "a:table"))))
    (with "got" (instance (export "answer" (global $env "got"))))
    (with "host" (instance (export "number" (func $number))))))
  (core instance $b (instantiate $b
    (with "env" (instance
      (export "memory" (memory $env "memory"))
      (export "table" (table $env "table"))
      (export "slots" (global $env "b:table"))))
    (with "a" (instance $a))
    (with "host" (instance (export "bytes" (func $shim "0"))))))
  (core func $bytes (canon lower (func $random "get-random-bytes")
    (memory (core memory $env "memory")) (realloc (core func $b "realloc"))))
  (core instance (instantiate $fill
    (with "" (instance (export "slots" (table $shim "slots")) (export "0" (func $bytes))))))
  (func (export "run") (param "n" s32) (result s32) (canon lift (core func $b "run")))
  (func (export "stack") (result s32) (canon lift (core func $b "stack")))
  (func (export "read") (result s32) (canon lift (core func $a "read")))
  (func (export "place") (result s32) (canon lift (core func $a "place")))
  (func (export "length") (result s32) (canon lift (core func $b "length")))
  (func (export "draw") (result u64) (canon lift (core func $a "draw"))))"#
    )
}

fn component(engine: &Engine, text: &str, fuse: bool) -> Component {
    Component::from_wasm_with(engine, text.as_bytes(), ComponentOptions { fuse, ..Default::default() })
        .unwrap()
}

fn number(context: &mut Context, name: &str, arguments: &[WitValue]) -> i32 {
    match context.invoke(name, arguments).unwrap() {
        Some(WitValue::S32(number)) => number,
        other => panic!("{name} gave {other:?}"),
    }
}

#[test]
fn a_fused_component_does_what_it_did() {
    let engine = Engine::new(Config::new()).unwrap();
    let grants = Grants::none().randomness().seed(7);
    let text = linked("");
    let mut answers = Vec::new();
    for fuse in [false, true] {
        let component = component(&engine, &text, fuse);
        let mut context = Context::new(&component, &grants, Limits::default()).unwrap();
        let mut of = |name, arguments: &[WitValue]| number(&mut context, name, arguments);
        let found = [
            of("run", &[WitValue::S32(20)]),
            of("stack", &[]),
            of("stack", &[]),
            of("read", &[]),
            of("place", &[]),
            of("length", &[]),
        ];
        assert_eq!(found, [61, 65520, 65504, 42, 1031, 5], "fused: {fuse}");
        answers.push(context.invoke("draw", &[]).unwrap());
    }
    assert_eq!(answers[0], answers[1], "the same seed gives the same number");
}

#[test]
fn a_fused_component_is_frozen_and_goes_on() {
    let engine = Engine::new(Config::new()).unwrap();
    let grants = Grants::none().randomness();
    let component = component(&engine, &linked(""), true);
    let mut context = Context::new(&component, &grants, Limits::default()).unwrap();
    assert_eq!(number(&mut context, "stack", &[]), 65520);
    let image = context.snapshot().unwrap();
    assert_eq!(number(&mut context, "stack", &[]), 65504);
    let bytes = image.to_bytes("linked").unwrap();
    let read = b8g::Image::from_bytes(&engine, &bytes).unwrap();
    for image in [image, read] {
        let mut restored = Context::restore(&image, &grants, Limits::default()).unwrap();
        assert_eq!(number(&mut restored, "stack", &[]), 65504);
        assert_eq!(number(&mut restored, "length", &[]), 5);
    }
}

#[test]
fn what_starts_in_the_middle_keeps_its_order() {
    let engine = Engine::new(Config::new()).unwrap();
    let grants = Grants::none().randomness();
    // A start function is run when its module becomes an instance: this one is left alone.
    let text = linked(r#"(func $begin (drop (call $push))) (start $begin)"#);
    for fuse in [false, true] {
        let component = component(&engine, &text, fuse);
        let mut context = Context::new(&component, &grants, Limits::default()).unwrap();
        assert_eq!(number(&mut context, "stack", &[]), 65504, "fused: {fuse}");
        assert_eq!(number(&mut context, "run", &[WitValue::S32(1)]), 4, "fused: {fuse}");
    }
}

#[test]
fn traps_name_functions_of_a_fused_component() {
    let engine = Engine::new(Config::new()).unwrap();
    let text = linked("")
        .replace("(func $inc (param i32) (result i32) ", "(func $inc (param i32) (result i32) unreachable ");
    let component = component(&engine, &text, true);
    let mut context = Context::new(&component, &Grants::none().randomness(), Limits::default()).unwrap();
    let error = context.invoke("run", &[WitValue::S32(1)]).unwrap_err().to_string();
    assert!(error.contains("inc"), "{error}");
}

#[test]
fn broken_components_are_left_to_the_compiler() {
    let engine = Engine::new(Config::new()).unwrap();
    let good = wat::parse_str(linked("")).unwrap();
    let options = ComponentOptions { fuse: true, ..Default::default() };
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    for _ in 0..300 {
        let mut bad = good.clone();
        for _ in 0..=random() % 3 {
            let at = random() % bad.len();
            bad[at] = random() as u8;
        }
        if random().is_multiple_of(4) {
            bad.truncate(random() % bad.len());
        }
        // Either answer is one; that there is one is what counts.
        if let Ok(component) = Component::from_wasm_with(&engine, &bad, options) {
            let _ = Context::new(&component, &Grants::none(), Limits::default()).map(|mut c| c.initialize());
        }
    }
}
