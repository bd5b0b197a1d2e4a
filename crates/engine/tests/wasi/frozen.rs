//! Components that are frozen, restored and forked.

use std::time::Duration;

use b8g::{
    CallError, Capture, Component, Config, Context, Engine, Grant, Grants, Image, Interrupt, Limits,
    ReadOptions, Reason, SnapshotError, Stdin, Stdout, WitValue, WriteOptions,
};
use b8g_image::{File, Held, HeldResource, Manifest, Parts, SectionKind};

use crate::compiler::{self, compile, zig};
use crate::components::library;
use crate::engine;
use crate::hostile::with_streams;

fn component(text: &str) -> Component {
    Component::from_wasm(engine(), text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn context(text: &str) -> Context {
    Context::new(&component(text), &Grants::none(), Limits::default()).unwrap()
}

fn restored(image: &Image) -> Context {
    Context::restore(image, &Grants::none(), Limits::default()).unwrap()
}

/// Calls a function of 32-bit numbers.
fn call(context: &mut Context, name: &str, arguments: &[u32]) -> u32 {
    match try_call(context, name, arguments) {
        Ok(Some(WitValue::U32(number))) => number,
        Ok(_) => 0,
        Err(error) => panic!("{name}: {error}"),
    }
}

fn try_call(context: &mut Context, name: &str, arguments: &[u32]) -> Result<Option<WitValue>, CallError> {
    let arguments: Vec<WitValue> = arguments.iter().map(|number| WitValue::U32(*number)).collect();
    context.invoke(name, &arguments)
}

/// What a snapshot is refused for.
fn refused(context: &mut Context) -> String {
    match context.snapshot() {
        Err(SnapshotError::Unsupported(why) | SnapshotError::Busy(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// Lifts functions of 32-bit numbers: their names, how many they take, whether they give one.
fn lifts(functions: &[(&str, usize, bool)]) -> String {
    let lift = |(name, takes, gives): &(&str, usize, bool)| {
        let parameters: String = (0..*takes).map(|at| format!(r#"(param "p{at}" u32)"#)).collect();
        let result = if *gives { "(result u32)" } else { "" };
        format!(r#"(func (export "{name}") {parameters} {result} (canon lift (core func $main "{name}")))"#)
    };
    functions.iter().map(lift).collect::<Vec<_>>().join("\n")
}

/// State of every kind, in three core modules: globals, two memories, data at known and at computed places, what start functions did.
fn stateful() -> String {
    let lifts = lifts(&[
        ("bump", 0, true),
        ("sum", 0, true),
        ("peek", 1, true),
        ("poke", 2, false),
        ("peek2", 1, true),
        ("poke2", 2, false),
        ("grow", 1, true),
        ("size", 0, true),
    ]);
    format!(
        r#"(component
          (core module $base
            (memory (export "memory") 1) (table (export "table") 4 funcref)
            (global (export "place") i32 (i32.const 4096))
            (data (i32.const 16) "\07"))
          (core instance $base (instantiate $base))
          (core module $library
            (import "base" "memory" (memory 1)) (import "base" "table" (table 4 funcref))
            (import "base" "place" (global $place i32))
            (global $starts (export "starts") (mut i32) (i32.const 0))
            (func $start
              (global.set $starts (i32.add (global.get $starts) (i32.const 1)))
              (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1))))
            (start $start)
            (func $nine (result i32) (i32.const 9))
            (elem (i32.const 1) func $nine)
            (data (global.get $place) "\2a"))
          (core instance $library (instantiate $library (with "base" (instance $base))))
          (core module $main
            (import "base" "memory" (memory 1)) (import "base" "table" (table 4 funcref))
            (import "library" "starts" (global $starts (mut i32)))
            (type $number (func (result i32)))
            (memory $second 2 6)
            (data (memory $second) (i32.const 100) "\05")
            (global $a (mut i32) (i32.const 1)) (global $b (mut i64) (i64.const 2))
            (global $c (mut f32) (f32.const 3)) (global $d (mut f64) (f64.const 4))
            (global $e (mut v128) (v128.const i32x4 5 0 0 0))
            (func (export "bump") (result i32)
              (global.set $a (i32.add (global.get $a) (i32.const 1)))
              (global.set $b (i64.add (global.get $b) (i64.const 1)))
              (global.set $c (f32.add (global.get $c) (f32.const 1)))
              (global.set $d (f64.add (global.get $d) (f64.const 1)))
              (global.set $e (i32x4.add (global.get $e) (v128.const i32x4 1 0 0 0)))
              (call_indirect (type $number) (i32.const 1)))
            (func (export "sum") (result i32)
              (i32.add (i32.mul (global.get $starts) (i32.const 1000))
                (i32.add (i32.add (global.get $a) (i32.wrap_i64 (global.get $b)))
                  (i32.add (i32.add (i32.trunc_f32_s (global.get $c)) (i32.trunc_f64_s (global.get $d)))
                    (i32x4.extract_lane 0 (global.get $e))))))
            (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
            (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
            (func (export "peek2") (param i32) (result i32) (i32.load $second (local.get 0)))
            (func (export "poke2") (param i32 i32) (i32.store $second (local.get 0) (local.get 1)))
            (func (export "grow") (param i32) (result i32) (memory.grow $second (local.get 0)))
            (func (export "size") (result i32) (memory.size $second)))
          (core instance $main (instantiate $main (with "base" (instance $base)) (with "library" (instance $library))))
          {lifts})"#
    )
}

#[test]
fn all_state_goes_on_and_starts_are_not_done_again() {
    let mut first = context(&stateful());
    assert_eq!(call(&mut first, "sum", &[]), 1015);
    assert_eq!((call(&mut first, "peek", &[16]), call(&mut first, "peek", &[4096])), (7, 42));
    assert_eq!((call(&mut first, "peek", &[8]), call(&mut first, "peek2", &[100])), (1, 5));
    assert_eq!(call(&mut first, "bump", &[]), 9);
    call(&mut first, "poke", &[4096, 77]);
    call(&mut first, "poke", &[16, 0]);
    call(&mut first, "poke2", &[131_000, 5]);
    assert_eq!(call(&mut first, "grow", &[2]), 2);
    call(&mut first, "poke2", &[3 * 65536 + 12, 6]);
    let image = first.snapshot().unwrap();
    let bytes = image.to_bytes("stateful.wat").unwrap();
    let read = Image::from_bytes(engine(), &bytes).unwrap();
    assert_eq!(read.to_bytes("stateful.wat").unwrap(), bytes);
    for image in [&image, &read] {
        for _ in 0..2 {
            let mut again = restored(image);
            assert_eq!(call(&mut again, "sum", &[]), 1020);
            assert_eq!(
                [8, 16, 4096].map(|at| call(&mut again, "peek", &[at])),
                [1, 0, 77],
                "what was written stays, what starts write is not written again"
            );
            assert_eq!([100, 131_000, 3 * 65536 + 12].map(|at| call(&mut again, "peek2", &[at])), [5, 5, 6]);
            assert_eq!(call(&mut again, "size", &[]), 4);
            assert_eq!((call(&mut again, "grow", &[2]), call(&mut again, "grow", &[1])), (4, u32::MAX));
            assert_eq!((call(&mut again, "bump", &[]), call(&mut again, "sum", &[])), (9, 1025));
        }
    }
    // The one that was frozen went on as if nothing had happened, and can be frozen again.
    assert_eq!((call(&mut first, "bump", &[]), call(&mut first, "sum", &[])), (9, 1025));
    let second = first.snapshot().unwrap();
    assert_eq!(call(&mut restored(&second), "sum", &[]), 1025);
    let mut child = restored(&second);
    call(&mut child, "bump", &[]);
    assert_eq!(call(&mut restored(&child.snapshot().unwrap()), "sum", &[]), 1030);
}

#[test]
fn forks_share_nothing_that_they_write() {
    // Few pages that are copied, and many that are mapped.
    for pages in [1u32, 30] {
        let mut parent = context(&stateful());
        call(&mut parent, "grow", &[4]);
        for page in 0..pages {
            call(&mut parent, "poke2", &[page * 4096, 1000 + page]);
        }
        let mut forks = parent.fork(3).unwrap();
        for (number, fork) in (1u32..).zip(&mut forks) {
            for page in 0..pages {
                assert_eq!(call(fork, "peek2", &[page * 4096]), 1000 + page);
                call(fork, "poke2", &[page * 4096, number]);
            }
            for _ in 0..number {
                call(fork, "bump", &[]);
            }
        }
        for (number, fork) in (1u32..).zip(&mut forks) {
            assert_eq!(call(fork, "sum", &[]), 1015 + 5 * number);
            assert!((0..pages).all(|page| call(fork, "peek2", &[page * 4096]) == number));
        }
        assert_eq!((call(&mut parent, "sum", &[]), call(&mut parent, "peek2", &[0])), (1015, 1000));
        drop(forks);
        // What was written by one is not in the slot that the next one gets.
        let mut next = parent.fork(1).unwrap().remove(0);
        assert!((0..pages).all(|page| call(&mut next, "peek2", &[page * 4096]) == 1000 + page));
    }
}

#[test]
fn images_build_upon_others() {
    let mut first = context(&stateful());
    call(&mut first, "poke2", &[0, 1]);
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(place.path().join(name), bytes).unwrap();
    let open = |name: &str| Image::open(engine(), place.path().join(name), &ReadOptions::default()).unwrap();
    write("parent.b8g", &first.snapshot().unwrap().to_bytes("stateful").unwrap());
    let mut second = restored(&open("parent.b8g"));
    call(&mut second, "poke2", &[4096, 2]);
    call(&mut second, "bump", &[]);
    let options = WriteOptions { parent: Some("parent.b8g".into()), ..WriteOptions::default() };
    let child = second.snapshot().unwrap().to_bytes_with(&options).unwrap();
    assert!(child.len() < 40_000, "{} bytes", child.len());
    write("child.b8g", &child);
    let path = place.path().join("child.b8g");
    write("squashed.b8g", &Image::squash(&path, &ReadOptions::default()).unwrap());
    for name in ["child.b8g", "squashed.b8g", "child.b8g"] {
        let mut third = restored(&open(name));
        assert_eq!([0, 4096, 100].map(|at| call(&mut third, "peek2", &[at])), [1, 2, 5], "{name}");
        assert_eq!((call(&mut third, "sum", &[]), call(&mut third, "peek", &[4096])), (1020, 42));
    }
}

#[test]
fn a_call_ends_at_its_deadline_in_each_way() {
    for interrupt in [Interrupt::Signal, Interrupt::Epoch] {
        let engine = Engine::new(Config::new().code_cache(None).interrupt(interrupt)).unwrap();
        let text = with_body("", "(loop $l (br $l))");
        let component = Component::from_wasm(&engine, text.as_bytes()).unwrap();
        let mut first = Context::new(&component, &Grants::none(), Limits::default()).unwrap();
        let image = first.snapshot().unwrap();
        let limits = Limits { timeout: Some(Duration::from_millis(100)), ..Limits::default() };
        let mut context = Context::restore(&image, &Grants::none(), limits).unwrap();
        let Err(CallError::Ended(outcome)) = try_call(&mut context, "run", &[]) else {
            panic!("it does not end")
        };
        assert_eq!(outcome.reason, Reason::Timeout, "{interrupt:?}: {outcome}");
        assert!(matches!(context.snapshot(), Err(SnapshotError::Ended(_))));
    }
}

/// What a function answers that gives back what it takes, in every form.
#[test]
fn values_of_every_kind_go_in_and_out() {
    let echo = |ty: &str, flat: &str| {
        let text = format!(
            r#"(component (core module $main (memory (export "memory") 1)
                 (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
                 (func (export "f") {flat}))
               (core instance $main (instantiate $main))
               (alias core export $main "memory" (core memory $memory))
               (alias core export $main "realloc" (core func $realloc))
               (func (export "f") (param "v" {ty}) (result {ty})
                 (canon lift (core func $main "f") (memory $memory) (realloc $realloc))))"#
        );
        context(&text)
    };
    let one = |ty: &str| format!("(param {ty}) (result {ty}) (local.get 0)");
    let two = "(param i32 i32) (result i32) (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)";
    let tag = "(param i32 i32) (result i32) (i32.store8 (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)";
    let text = |text: &str| WitValue::String(text.to_owned());
    let boxed = |value: WitValue| Some(Box::new(value));
    for (ty, flat, values) in [
        ("bool", one("i32"), vec![WitValue::Bool(true), WitValue::Bool(false)]),
        ("s8", one("i32"), vec![WitValue::S8(-128)]),
        ("u8", one("i32"), vec![WitValue::U8(255)]),
        ("s16", one("i32"), vec![WitValue::S16(-32768)]),
        ("u16", one("i32"), vec![WitValue::U16(65535)]),
        ("s32", one("i32"), vec![WitValue::S32(i32::MIN)]),
        ("u32", one("i32"), vec![WitValue::U32(u32::MAX)]),
        ("s64", one("i64"), vec![WitValue::S64(i64::MIN)]),
        ("u64", one("i64"), vec![WitValue::U64(u64::MAX)]),
        ("f32", one("f32"), vec![WitValue::F32(1.5)]),
        ("f64", one("f64"), vec![WitValue::F64(-0.25)]),
        ("char", one("i32"), vec![WitValue::Char('\u{1f600}')]),
        ("string", two.to_owned(), vec![text("grüß"), text("")]),
        ("(list u8)", two.to_owned(), vec![WitValue::Bytes(vec![0, 1, 255])]),
        ("(list u32)", two.to_owned(), vec![WitValue::List(vec![WitValue::U32(7), WitValue::U32(8)])]),
        ("(tuple u32 u32)", two.to_owned(), vec![WitValue::Tuple(vec![WitValue::U32(7), WitValue::U32(8)])]),
        (
            "(option u32)",
            tag.to_owned(),
            vec![WitValue::Option(None), WitValue::Option(boxed(WitValue::U32(7)))],
        ),
        (
            "(result u32 (error u32))",
            tag.to_owned(),
            vec![
                WitValue::Result(Ok(boxed(WitValue::U32(7)))),
                WitValue::Result(Err(boxed(WitValue::U32(8)))),
            ],
        ),
        ("(result)", one("i32"), vec![WitValue::Result(Ok(None)), WitValue::Result(Err(None))]),
    ] {
        let mut context = echo(ty, &flat);
        for value in values {
            assert_eq!(context.invoke("f", std::slice::from_ref(&value)).unwrap(), Some(value), "{ty}");
            let wrong = WitValue::Tuple(Vec::new());
            assert!(matches!(context.invoke("f", &[wrong]), Err(CallError::Arguments(_))), "{ty}");
        }
    }
}

#[test]
fn hundreds_of_globals_go_on() {
    let each = |text: &dyn Fn(u32) -> String| (0..700).map(text).collect::<String>();
    let globals = each(&|n| format!("(global $g{n} (mut i64) (i64.const {n}))"));
    let add = each(&|n| {
        format!("(global.set $g{n} (i64.add (global.get $g{n}) (i64.extend_i32_u (local.get 0))))")
    });
    let sum = each(&|n| format!("(local.set $sum (i64.add (local.get $sum) (global.get $g{n})))"));
    let text = format!(
        r#"(component (core module $main {globals} (func (export "add") (param i32) {add})
             (func (export "sum") (result i32) (local $sum i64) {sum} (i32.wrap_i64 (local.get $sum))))
           (core instance $main (instantiate $main)) {})"#,
        lifts(&[("add", 1, false), ("sum", 0, true)])
    );
    let mut first = context(&text);
    call(&mut first, "add", &[3]);
    let mut again = restored(&first.snapshot().unwrap());
    assert_eq!(call(&mut again, "sum", &[]), 699 * 350 + 2100);
}

/// Functions over standard output, kept in memory between calls, and over waits.
fn talker() -> String {
    let functions = r#"
        (func $keep (export "keep") (param i32) (i32.store (i32.add (i32.const 64) (i32.mul (local.get 0) (i32.const 4))) (call $stdout)))
        (func $of (param i32) (result i32) (i32.load (i32.add (i32.const 64) (i32.mul (local.get 0) (i32.const 4)))))
        (func (export "drop") (param i32) (call $drop_out (call $of (local.get 0))))
        (func (export "number") (param i32) (result i32) (call $of (local.get 0)))
        (func (export "say") (param i32) (result i32)
          (i32.store8 (i32.const 200) (i32.const 33))
          (call $write (call $of (local.get 0)) (i32.const 200) (i32.const 1) (i32.const 208))
          (i32.load8_u (i32.const 208)))
        (func (export "wait") (i32.store (i32.const 300) (call $subscribe (i32.load (i32.const 304)))))
        (func (export "listen") (i32.store (i32.const 304) (call $stdin)))
        (func (export "read") (result i32)
          (call $poll (i32.const 300) (i32.const 1) (i32.const 320))
          (call $read (i32.load (i32.const 304)) (i64.const 1) (i32.const 332))
          (i32.load8_u (i32.load (i32.const 336))))"#;
    let all = [
        ("keep", 1, false),
        ("drop", 1, false),
        ("number", 1, true),
        ("say", 1, true),
        ("wait", 0, false),
        ("listen", 0, false),
        ("read", 0, true),
    ];
    with_streams(|imports, lowers, module, with| {
        library(imports, lowers, module, with, functions, &lifts(&all))
    })
}

fn listening(input: &str) -> (Grants, Capture) {
    let said = Capture::new();
    let grants =
        Grants::none().stdin(Stdin::Bytes(input.as_bytes().into())).stdout(Stdout::Capture(said.clone()));
    (grants, said)
}

#[test]
fn streams_are_given_anew_by_the_numbers_that_the_program_knows() {
    let (grants, said) = listening("a");
    let mut first = Context::new(&component(&talker()), &grants, Limits::default()).unwrap();
    for stream in 0..5 {
        call(&mut first, "keep", &[stream]);
    }
    call(&mut first, "listen", &[]);
    call(&mut first, "wait", &[]);
    for gone in [3, 0, 1] {
        call(&mut first, "drop", &[gone]);
    }
    let numbers = [2, 4].map(|stream| call(&mut first, "number", &[stream]));
    assert_eq!(numbers, [3, 5]);
    assert_eq!(call(&mut first, "say", &[2]), 0);
    let image = first.snapshot().unwrap();
    let read = Image::from_bytes(engine(), &image.to_bytes("talker").unwrap()).unwrap();
    for image in [&image, &read] {
        let (grants, heard) = listening("b");
        let mut again = Context::restore(image, &grants, Limits::default()).unwrap();
        assert_eq!((call(&mut again, "say", &[2]), call(&mut again, "say", &[4])), (0, 0));
        assert_eq!(heard.take(), b"!!");
        assert_eq!(call(&mut again, "read", &[]), u32::from(b'b'));
        // Numbers that were free are given again, and what was given can be dropped.
        call(&mut again, "keep", &[0]);
        assert_eq!(call(&mut again, "number", &[0]), 1);
        call(&mut again, "drop", &[4]);
        call(&mut again, "keep", &[1]);
        assert_eq!(call(&mut again, "number", &[1]), 5);
        // It can be frozen again.
        let mut third = Context::restore(&again.snapshot().unwrap(), &grants, Limits::default()).unwrap();
        assert_eq!(call(&mut third, "say", &[1]), 0);
        assert_eq!(heard.take(), b"!");
    }
    // The first goes on, with its own input.
    assert_eq!((call(&mut first, "say", &[4]), call(&mut first, "read", &[])), (0, u32::from(b'a')));
    assert_eq!(said.take(), b"!!");
}

#[test]
fn what_starts_say_is_said_once() {
    let lifted = lifts(&[("said", 0, true)]);
    let text = with_streams(|imports, lowers, module, with| {
        let functions = r#"
            (func $hello (i32.store8 (i32.const 200) (i32.const 72))
              (call $write (call $stdout) (i32.const 200) (i32.const 1) (i32.const 208))
              (i32.store (i32.const 212) (i32.add (i32.load (i32.const 212)) (i32.const 1))))
            (start $hello)
            (func (export "said") (result i32) (i32.load (i32.const 212)))"#;
        library(imports, lowers, module, with, functions, &lifted)
    });
    let (grants, said) = listening("");
    let mut first = Context::new(&component(&text), &grants, Limits::default()).unwrap();
    let image = first.snapshot().unwrap();
    assert_eq!(said.take(), b"H");
    let mut again = Context::restore(&image, &grants, Limits::default()).unwrap();
    assert_eq!(call(&mut again, "said", &[]), 1);
    assert!(said.take().is_empty());
}

#[test]
fn a_component_is_made_ready_once() {
    let text = format!(
        r#"(component (core module $main (global $n (mut i32) (i32.const 0))
             (func (export "init") (global.set $n (i32.add (global.get $n) (i32.const 1))))
             (func (export "n") (result i32) (global.get $n)))
           (core instance $main (instantiate $main))
           (func (export "wizer-initialize") (canon lift (core func $main "init"))) {})"#,
        lifts(&[("n", 0, true)])
    );
    let mut first = context(&text);
    assert_eq!(call(&mut first, "n", &[]), 1);
    let mut fresh = context(&text);
    assert_eq!(call(&mut restored(&fresh.snapshot().unwrap()), "n", &[]), 1);
}

#[test]
fn a_command_is_made_ready_before_it_runs() {
    let text = r#"(component (core module $main (global $n (mut i32) (i32.const 1))
             (func (export "init") (global.set $n (i32.sub (global.get $n) (i32.const 1))))
             (func (export "run") (result i32) (global.get $n)))
           (core instance $main (instantiate $main))
           (func (export "wizer-initialize") (canon lift (core func $main "init")))
           (func $run (result (result)) (canon lift (core func $main "run")))
           (instance $i (export "run" (func $run)))
           (export "wasi:cli/run@0.2.0" (instance $i)))"#;
    let mut first = context(text);
    let image = first.snapshot().unwrap();
    for context in [&mut first, &mut restored(&image), &mut context(text)] {
        let outcome = context.run();
        assert!(outcome.is_success(), "{outcome}");
    }
}

/// One core module with one function, `run`, that takes and gives nothing.
fn with_body(fields: &str, body: &str) -> String {
    format!(
        r#"(component (core module $main {fields} (func (export "run") {body}))
           (core instance $main (instantiate $main)) {})"#,
        lifts(&[("run", 0, false)])
    )
}

#[test]
fn what_cannot_be_frozen_runs_and_says_why() {
    for (text, why) in [
        (
            with_body("(table 2 funcref)", "(table.set (i32.const 0) (ref.null func))"),
            "core module 0 changes table 0",
        ),
        (
            with_body("(table 2 funcref) (elem $e func)", "(table.init $e (i32.const 0) (i32.const 0) (i32.const 0))"),
            "changes table 0",
        ),
        (
            with_body("(memory 1) (data $d \"x\")", "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop $d)"),
            "core module 0 drops data segments",
        ),
        (
            with_body("(global $g (mut funcref) (ref.null func))", "(global.set $g (ref.null func))"),
            "core module 0 has a mutable global, number 0, that holds a reference",
        ),
        (with_body("(memory 0)", ""), "core module 0 has a memory that is shared, empty or of other pages"),
        (with_body("(func (export \"b8g:start\"))", ""), "a name of the engine's own"),
        (
            with_body("", "").replace("$main))", "$main)) (func (export \"b8g-thaw\") (canon lift (core func $main \"run\")))"),
            "it exports \"b8g-thaw\", a name of the engine's own",
        ),
        (
            with_body("", "").replace(
                "(component ",
                "(component (component $inner (core module $m) (core instance (instantiate $m))) (instance (instantiate $inner)) ",
            ),
            "it holds a component that has core modules of its own",
        ),
        (
            with_body("", "").replace("(component ", "(component (type $r (resource (rep i32))) (core func (canon resource.new $r)) "),
            "it has resources of its own",
        ),
    ] {
        let mut context = context(&text);
        let called = try_call(&mut context, "run", &[]);
        assert!(called.is_ok(), "{text}: {called:?}");
        assert!(refused(&mut context).contains(why), "{text}: {}", refused(&mut context));
        assert!(context.fork(1).is_err());
    }
    // A name of ours that is imported is one that nobody provides.
    let text = with_body("", "").replace("(component ", "(component (import \"b8g-give-pollable\" (func)) ");
    let error = Component::from_wasm(engine(), text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("b8g-give-pollable"), "{error}");
}

#[test]
fn what_is_ours_cannot_be_called() {
    let text = stateful();
    assert!(component(&text).exported_functions().iter().all(|function| !function.name.starts_with("b8g-")));
    let mut context = context(&text);
    for name in ["b8g-thaw", "b8g-freeze", "b8g-take", "b8g-bar-drops"] {
        assert!(matches!(try_call(&mut context, name, &[]), Err(CallError::NoFunction(_))));
    }
    assert!(matches!(try_call(&mut context, "sum", &[1]), Err(CallError::Arguments(_))));
    assert!(matches!(context.invoke("peek", &[WitValue::U8(1)]), Err(CallError::Arguments(_))));
}

#[test]
fn an_image_larger_than_the_memory_that_is_granted_ends_in_words() {
    let mut first = context(&stateful());
    call(&mut first, "grow", &[4]);
    let image = first.snapshot().unwrap();
    assert_eq!(image.memory_bytes(), 8 * 65536, "two memories and the helper's");
    let limits = Limits { memory_bytes_max: 6 * 65536, ..Limits::default() };
    let outcome = Context::restore(&image, &Grants::none(), limits).unwrap().initialize().unwrap_err();
    assert_eq!(outcome.reason, Reason::Memory, "{outcome}");
}

#[test]
fn an_image_that_does_not_fit_its_component_is_refused() {
    let (grants, _) = listening("");
    let mut first = Context::new(&component(&talker()), &grants, Limits::default()).unwrap();
    call(&mut first, "keep", &[0]);
    call(&mut first, "listen", &[]);
    let bytes = first.snapshot().unwrap().to_bytes("talker").unwrap();
    let file = File::read(&bytes).unwrap();
    let (wasm, pages) =
        (file.section(SectionKind::Wasm, 0).unwrap(), file.section(SectionKind::Pages, 0).unwrap());
    let changed = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = file.manifest().clone();
        change(&mut manifest);
        let parts = Parts {
            manifest: &manifest,
            wasm: Some(wasm),
            program: None,
            shared: &[],
            pages: vec![pages],
            native: None,
        };
        let bytes = b8g_image::write(&parts).map_err(|error| error.to_string())?;
        let image = Image::from_bytes(engine(), &bytes).map_err(|error| error.to_string())?;
        let mut context = Context::restore(&image, &grants, Limits::default()).unwrap();
        context.initialize().map_err(|outcome| outcome.to_string())?;
        match try_call(&mut context, "say", &[0]) {
            Ok(Some(WitValue::U32(said))) => Ok::<u32, String>(said),
            other => Err(format!("{other:?}")),
        }
    };
    assert_eq!(changed(&|_| {}), Ok(0));
    let held = |index, what| HeldResource { index, what };
    let wrong = |change: &dyn Fn(&mut Manifest)| changed(change).unwrap_err();
    for (why, error) in [
        ("lie outside of the memory", wrong(&|m| m.contexts[0].memories.clear())),
        ("other memories", wrong(&|m| m.contexts[0].memories.push(65536))),
        ("other globals", wrong(&|m| m.contexts[0].memories[0] *= 2)),
        ("smaller than what its component begins with", wrong(&|m| m.contexts[0].memory_bytes = 32768)),
        ("more memory than 32 bits", wrong(&|m| m.contexts[0].memories[0] = 1 << 33)),
        ("does not fit", wrong(&|m| m.contexts[0].memory_bytes *= 4)),
        ("does not fit", wrong(&|m| m.contexts[0].memory_bytes = 1 << 32)),
        ("too many memories", wrong(&|m| m.contexts[0].memories = vec![65536; 1000])),
        ("knows no such resources", wrong(&|m| m.contexts[0].resources.push(held(9, Held::TerminalInput)))),
        ("resources that cannot be", wrong(&|m| m.contexts[0].resources.push(held(1, Held::Ready)))),
        ("resources that cannot be", wrong(&|m| m.contexts[0].resources.push(held(u32::MAX, Held::Ready)))),
        ("resources that cannot be", wrong(&|m| m.contexts[0].resources.push(held(9, Held::Stream(3))))),
    ] {
        assert!(error.contains(why), "{why}: {error}");
    }
    // Resources of another kind than the program believes, and very many: it traps, or finds what it has.
    let _ = changed(&|m| m.contexts[0].resources[0].what = Held::Ready);
    let mut manifest = file.manifest().clone();
    manifest.contexts[0].resources = (1..=16_000).map(|index| held(index, Held::Stdout(false))).collect();
    let _ = changed(&|m| *m = manifest.clone());
    // An image of a component that has other memories.
    let mut other = context(&stateful());
    let other = other.snapshot().unwrap().to_bytes("other").unwrap();
    let wasm = File::read(&other).unwrap().section(SectionKind::Wasm, 0).unwrap().to_vec();
    let mut manifest = file.manifest().clone();
    manifest.component = blake3::hash(&wasm).to_hex().to_string();
    let parts = Parts {
        manifest: &manifest,
        wasm: Some(&wasm),
        program: None,
        shared: &[],
        pages: vec![pages],
        native: None,
    };
    let error = Image::from_bytes(engine(), &b8g_image::write(&parts).unwrap()).unwrap_err().to_string();
    assert!(error.contains("other memories"), "{error}");
}

/// Functions over the directories that are granted.
fn lister() -> String {
    let imports = r#"
      (import "wasi:filesystem/types@0.2.0" (instance $types
        (export "descriptor" (type $d (sub resource)))
        (export "directory-entry-stream" (type $list (sub resource)))
        (type $c (enum CODES))
        (export "error-code" (type $code (eq $c)))
        (export "[method]descriptor.is-same-object"
          (func (param "self" (borrow $d)) (param "other" (borrow $d)) (result bool)))
        (export "[method]descriptor.read-directory"
          (func (param "self" (borrow $d)) (result (result (own $list) (error $code)))))))
      (alias export $types "descriptor" (type $descriptor))
      (alias export $types "directory-entry-stream" (type $listing))
      (import "wasi:filesystem/preopens@0.2.0" (instance $preopens
        (alias outer 1 $descriptor (type $d0)) (export "descriptor" (type $d (eq $d0)))
        (export "get-directories" (func (result (list (tuple (own $d) string)))))))"#
        .replace("CODES", CODES);
    let lowers = r#"
      (core func $all (canon lower (func $preopens "get-directories") (memory $memory) (realloc $realloc)))
      (core func $same (canon lower (func $types "[method]descriptor.is-same-object")))
      (core func $read (canon lower (func $types "[method]descriptor.read-directory") (memory $memory)))
      (core func $drop (canon resource.drop $listing))"#;
    let module = r#"(import "host" "all" (func $all (param i32)))
      (import "host" "same" (func $same (param i32 i32) (result i32)))
      (import "host" "read" (func $read (param i32 i32)))
      (import "host" "drop" (func $drop (param i32)))"#;
    let with = r#"(with "host" (instance (export "all" (func $all)) (export "same" (func $same))
      (export "read" (func $read)) (export "drop" (func $drop))))"#;
    let functions = r#"
      (func $of (param i32) (result i32) (i32.load (i32.add (i32.load (i32.const 64)) (i32.mul (local.get 0) (i32.const 12)))))
      (func (export "letter") (param i32) (result i32)
        (i32.load8_u offset=1 (i32.load offset=4 (i32.add (i32.load (i32.const 64)) (i32.mul (local.get 0) (i32.const 12))))))
      (func (export "all") (result i32) (call $all (i32.const 64)) (i32.load (i32.const 68)))
      (func (export "same") (param i32 i32) (result i32) (call $same (call $of (local.get 0)) (call $of (local.get 1))))
      (func (export "list") (param i32) (result i32)
        (call $read (call $of (local.get 0)) (i32.const 80)) (i32.load8_u (i32.const 80)))
      (func (export "end") (call $drop (i32.load (i32.const 84))))"#;
    let all =
        [("letter", 1, true), ("all", 0, true), ("same", 2, true), ("list", 1, true), ("end", 0, false)];
    library(&imports, lowers, module, with, functions, &lifts(&all))
}

const CODES: &str = r#""access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist" "file-too-large" "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io" "is-directory" "loop" "too-many-links" "message-size" "name-too-long" "no-device" "no-entry" "no-lock" "insufficient-memory" "insufficient-space" "not-directory" "not-empty" "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow" "not-permitted" "pipe" "read-only" "invalid-seek" "text-file-busy" "cross-device""#;

#[test]
fn directories_are_given_anew_by_their_names() {
    let place = tempfile::tempdir().unwrap();
    let directory = |name: &str| {
        let path = place.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    };
    let preopened = |names: &[(&str, &str)]| {
        let mut grants = Grants::none();
        for (host, guest) in names {
            let grant = Grant::Directory { host: directory(host), guest: (*guest).into(), write: true };
            grants.add(grant).unwrap();
        }
        grants
    };
    let grants = preopened(&[("a", "/one"), ("b", "/two")]);
    let mut first = Context::new(&component(&lister()), &grants, Limits::default()).unwrap();
    assert_eq!(call(&mut first, "all", &[]), 2);
    assert_eq!((call(&mut first, "same", &[0, 0]), call(&mut first, "same", &[0, 1])), (1, 0));
    // What is open is in the way as long as it is.
    assert_eq!(call(&mut first, "list", &[0]), 0);
    assert!(refused(&mut first).contains("a directory that is being listed"));
    call(&mut first, "end", &[]);
    let image = first.snapshot().unwrap();
    // Other directories under the same names, in another order; then one that is not granted any more.
    let grants = preopened(&[("c", "/two"), ("d", "/one")]);
    let mut again = Context::restore(&image, &grants, Limits::default()).unwrap();
    assert_eq!((call(&mut again, "same", &[0, 1]), call(&mut again, "list", &[1])), (0, 0));
    call(&mut again, "end", &[]);
    assert_eq!(call(&mut again, "list", &[0]), 0);
    for (one, letter) in [(("a", "/one"), b'o'), (("b", "/two"), b't')] {
        let mut again = Context::restore(&image, &preopened(&[one]), Limits::default()).unwrap();
        for number in 0..2 {
            let is_there = call(&mut again, "letter", &[number]) == u32::from(letter);
            assert_eq!(call(&mut again, "list", &[number]), u32::from(!is_there), "{one:?} {number}");
        }
    }
}

/// A C library: what its runtime holds after it printed goes on, and what is open is in the way.
#[test]
fn a_c_library_goes_on() {
    let Some(zig) = zig() else { return };
    let world = "package t:counter; world counter { export bump: func(by: u32) -> u32; export mutter: func();
        export open: func() -> u32; export close: func(); }";
    let wasm = compile(&zig, "reactors/counter", &["-mexec-model=reactor".to_owned()]).unwrap();
    let component = Component::from_wasm(engine(), &compiler::library(&wasm, world).unwrap()).unwrap();
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("file"), "x").unwrap();
    let granted = |said: &Capture| {
        let data = Grant::Directory { host: place.path().to_owned(), guest: "/data".into(), write: false };
        let mut grants = Grants::none().stdout(Stdout::Capture(said.clone()));
        grants.add(data).unwrap();
        grants
    };
    let said = Capture::new();
    let mut first = Context::new(&component, &granted(&said), Limits::default()).unwrap();
    assert_eq!(call(&mut first, "bump", &[40]), 40);
    assert_eq!(said.take(), b"begun\ntotal 40\n");
    call(&mut first, "mutter", &[]);
    assert_eq!(call(&mut first, "open", &[]), 1);
    assert!(refused(&mut first).contains("it has an open file or directory"));
    call(&mut first, "close", &[]);
    let image = first.snapshot().unwrap();
    let bytes = image.to_bytes("counter").unwrap();
    for image in [image, Image::from_bytes(engine(), &bytes).unwrap()] {
        let heard = Capture::new();
        let mut again = Context::restore(&image, &granted(&heard), Limits::default()).unwrap();
        assert_eq!((call(&mut again, "bump", &[2]), call(&mut again, "open", &[])), (42, 1));
        assert_eq!(heard.take(), b"muttered total 42\n");
        let mut forks = again.fork(2);
        assert!(forks.is_err(), "it has an open file");
        call(&mut again, "close", &[]);
        forks = again.fork(2);
        for (number, fork) in (1..).zip(&mut forks.unwrap()) {
            assert_eq!(call(fork, "bump", &[number]), 42 + number);
        }
        // Nothing is granted: printing goes nowhere, and there is no file.
        let mut alone = restored(&image);
        assert_eq!((call(&mut alone, "bump", &[2]), call(&mut alone, "open", &[])), (42, 0));
    }
    assert!(said.take().is_empty());
}

/// A C program frozen before it runs.
#[test]
fn a_c_program_starts_from_its_image() {
    let Some(zig) = zig() else { return };
    let wasm = compile(&zig, "life", &[]).unwrap();
    let component = Component::from_file(engine(), compiler::component(&wasm).unwrap()).unwrap();
    let run = |context: &mut Context, said: &Capture| {
        let outcome = context.run();
        assert!(outcome.is_success(), "{outcome}");
        said.take()
    };
    let said = Capture::new();
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(said.clone()));
    let mut first = Context::new(&component, &grants, Limits::default()).unwrap();
    let image = first.snapshot().unwrap();
    let wanted = run(&mut first, &said);
    assert!(!wanted.is_empty());
    for _ in 0..2 {
        let mut again = Context::restore(&image, &grants, Limits::default()).unwrap();
        assert_eq!(run(&mut again, &said), wanted);
    }
}
