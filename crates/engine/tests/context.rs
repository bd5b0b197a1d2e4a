//! Contexts of wasm modules: what they may use, how they end, and that they never meet.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use b8g::{
    CallError, Component, ComponentError, Config, Context, Engine, Grants, Interrupt, Limits, Outcome,
    Reason, Value,
};

fn engine(interrupt: Interrupt) -> &'static Engine {
    static SIGNAL: OnceLock<Engine> = OnceLock::new();
    static EPOCH: OnceLock<Engine> = OnceLock::new();
    let cell = if interrupt == Interrupt::Epoch { &EPOCH } else { &SIGNAL };
    cell.get_or_init(|| Engine::new(Config::new().code_cache(None).interrupt(interrupt)).unwrap())
}

fn component(text: &str) -> Component {
    Component::from_wasm(engine(Interrupt::Signal), text.as_bytes()).unwrap()
}

fn context(component: &Component, limits: Limits) -> Context {
    Context::new(component, &Grants::none(), limits).unwrap()
}

fn run(text: &str, limits: Limits) -> Outcome {
    context(&component(text), limits).run()
}

fn timeout(milliseconds: u64) -> Limits {
    Limits { timeout: Some(Duration::from_millis(milliseconds)), ..Limits::default() }
}

/// Programs that never end by themselves, each in another way.
const ENDLESS: &[(&str, &str)] = &[
    ("tight loop", r#"(module (func (export "_start") (loop $l (br $l))))"#),
    (
        "registers only",
        r#"(module (func (export "_start") (local $a i64) (local $f f64)
            (loop $l (local.set $a (i64.add (i64.mul (local.get $a) (i64.const 7)) (i64.const 1)))
              (local.set $f (f64.add (local.get $f) (f64.convert_i64_s (local.get $a)))) (br $l))))"#,
    ),
    (
        "calls",
        r#"(module (func $deep (param i32)
              (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))))
            (func (export "_start") (loop $l (call $deep (i32.const 1000)) (br $l))))"#,
    ),
    (
        "tail calls",
        r#"(module (func $a (param i32) (return_call $b (local.get 0)))
            (func $b (param i32) (return_call $a (local.get 0)))
            (func (export "_start") (call $a (i32.const 1))))"#,
    ),
    (
        "memory.fill",
        r#"(module (memory 800) (func (export "_start")
            (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 52428800)) (br $l))))"#,
    ),
    (
        "host calls",
        r#"(module (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64))) (memory (export "memory") 1)
            (func (export "_start") (loop $l
              (drop (call $call (i32.const 0) (i32.const 1) (i64.const 0) (i64.const 16) (i64.const 0) (i64.const 0)))
              (br $l))))"#,
    ),
    (
        "a wait for ever",
        r#"(module (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64))) (memory (export "memory") 1)
            (func (export "_start") (loop $l
              (drop (call $call (i32.const 20) (i32.const 0) (i64.const 0) (i64.const 0) (i64.const 0x7fffffffffff) (i64.const 8)))
              (br $l))))"#,
    ),
    ("a start function", r#"(module (func $s (loop $l (br $l))) (start $s) (func (export "_start")))"#),
];

#[test]
fn whatever_a_guest_does_its_deadline_stops_it() {
    for interrupt in [Interrupt::Signal, Interrupt::Epoch] {
        for (name, text) in ENDLESS {
            let component = Component::from_wasm(engine(interrupt), text.as_bytes()).unwrap();
            for _ in 0..5 {
                let outcome = context(&component, timeout(20)).run();
                assert_eq!(outcome.reason, Reason::Timeout, "{name}, {interrupt:?}: {outcome}");
                assert_eq!(outcome.exit_code, 124);
                assert!(outcome.message.contains("still running after 20ms"), "{outcome}");
            }
        }
    }
}

#[test]
fn a_stop_disturbs_no_other_context() {
    let sum = r#"(module (func (export "sum") (param i32) (result i64) (local $s i64)
        (loop $l (local.set $s (i64.add (i64.mul (local.get $s) (i64.const 31)) (i64.extend_i32_u (local.get 0))))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get $s)))"#;
    let bystander = component(sum);
    let expected = context(&bystander, Limits::default()).call("sum", &[Value::I32(1_000_000)]).unwrap();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                let got = context(&bystander, timeout(60_000)).call("sum", &[Value::I32(1_000_000)]);
                assert_eq!(got.unwrap(), expected);
            }
        });
        for (_, text) in ENDLESS {
            let endless = component(text);
            for _ in 0..20 {
                assert_eq!(context(&endless, timeout(2)).run().reason, Reason::Timeout);
            }
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn another_thread_can_cancel() {
    for (name, text) in ENDLESS {
        let mut context = context(&component(text), Limits::default());
        let canceller = context.canceller();
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(5));
                canceller.cancel().unwrap();
            });
            context.run()
        });
        assert_eq!(outcome.reason, Reason::Cancelled, "{name}: {outcome}");
    }
}

#[test]
fn what_was_cancelled_before_does_not_start() {
    let mut context = context(&component(ENDLESS[0].1), Limits::default());
    context.canceller().cancel().unwrap();
    let begun = Instant::now();
    assert_eq!(context.run().reason, Reason::Cancelled);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn memory_is_bounded() {
    let limits = || Limits { memory_bytes_max: 1 << 20, ..Limits::default() };
    let greedy = r#"(module (memory 1) (func (export "_start")
        (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (unreachable)))"#;
    let outcome = run(greedy, limits());
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Memory, 137), "{outcome}");
    assert_eq!(outcome.usage.memory_peak_bytes, 1 << 20);
    let large = r#"(module (memory 17) (func (export "_start")))"#;
    assert_eq!(run(large, limits()).reason, Reason::Memory);
    let content = r#"(module (memory 1) (func (export "_start") (drop (memory.grow (i32.const 1000)))))"#;
    let outcome = run(content, limits());
    assert_eq!(
        (outcome.reason, outcome.exit_code),
        (Reason::Exit, 0),
        "who copes with a refusal lives on: {outcome}"
    );
    let tables = r#"(module (table $t 1 funcref) (func (export "_start")
        (loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 100000)) (i32.const -1)))) (unreachable)))"#;
    assert_eq!(run(tables, limits()).reason, Reason::Memory);
}

#[test]
fn a_trap_tells_what_and_where() {
    let outcome = run(
        r#"(module (memory 1) (func $reads_far (drop (i32.load (i32.const 99999999))))
             (func $main (export "_start") (call $reads_far)))"#,
        Limits::default(),
    );
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Trap, 134));
    assert!(outcome.message.starts_with("out of bounds memory access"), "{outcome}");
    assert!(outcome.message.contains("at reads_far") && outcome.message.contains("at main"), "{outcome}");
    let deep = run(r#"(module (func $f (export "_start") (call $f)))"#, Limits::default());
    assert_eq!(deep.reason, Reason::Trap);
    assert!(deep.message.contains("call stack exhausted") && deep.message.lines().count() < 30, "{deep}");
}

#[test]
fn a_context_never_sees_what_another_wrote() {
    let text = r#"(module (memory (export "memory") 4) (data (i32.const 100000) "first contents")
        (func (export "sum") (result i64) (local $p i32) (local $s i64)
          (loop $l (local.set $s (i64.add (i64.rotl (local.get $s) (i64.const 1)) (i64.load8_u (local.get $p))))
            (br_if $l (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const 1))) (i32.shl (memory.size) (i32.const 16)))))
          (local.get $s))
        (func (export "soil") (param i32) (drop (memory.grow (local.get 0)))
          (memory.fill (i32.const 0) (i32.const 0xee) (i32.shl (memory.size) (i32.const 16)))))"#;
    let component = component(text);
    let sum = || context(&component, Limits::default()).call("sum", &[]).unwrap();
    let clean = sum();
    for grown in [0, 1, 60, 300] {
        for _ in 0..3 {
            let mut context = context(&component, Limits::default());
            context.call("soil", &[Value::I32(grown)]).unwrap();
            drop(context);
            assert_eq!(sum(), clean, "after growing by {grown}");
        }
    }
}

/// Pages are found by the faults of one thread where one thread alone ran a context.
#[test]
fn what_was_written_on_any_thread_is_gone() {
    const PAGES: i32 = 48;
    let engine = Engine::new(Config::new().pool_slots(1)).unwrap();
    let text = r#"(module (memory 3) (data (i32.const 4096) "image")
        (func (export "write") (param i32) (i32.store8 (local.get 0) (i32.const 1)))
        (func (export "read") (param i32) (result i32) (i32.load8_u (local.get 0))))"#;
    let component = Component::from_wasm(&engine, text.as_bytes()).unwrap();
    let make = || Context::new(&component, &Grants::none(), Limits::default()).unwrap();
    let write = |context: &mut Context, page: i32| {
        context.call("write", &[Value::I32(page * 4096 + 9)]).unwrap();
    };
    let (to_other, contexts) = std::sync::mpsc::channel::<(Context, i32)>();
    let (to_here, back) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for (mut context, page) in contexts {
                write(&mut context, page);
                to_here.send(context).unwrap();
            }
        });
        for page in 0..PAGES {
            // The same pages twice: now they are known, and the next one is not.
            for _ in 0..2 {
                let mut context = make();
                (0..page).for_each(|page| write(&mut context, page));
            }
            let mut context = make();
            assert_eq!(context.call("read", &[Value::I32(4096)]).unwrap(), [Value::I32(i32::from(b'i'))]);
            if page % 3 > 0 {
                to_other.send((context, page)).unwrap();
                let context = back.recv().unwrap();
                if page % 3 == 2 {
                    std::thread::scope(|scope| scope.spawn(move || drop(context)).join().unwrap());
                }
            } else {
                write(&mut context, page);
            }
            let mut next = make();
            for page in 0..PAGES {
                let found = next.call("read", &[Value::I32(page * 4096 + 9)]).unwrap();
                assert_eq!(found, [Value::I32(0)], "page {page}");
            }
        }
        drop(to_other);
    });
}

#[test]
fn calls_are_checked() {
    let mut context = context(
        &component(r#"(module (func (export "f") (param i64) (result f64) (f64.const 1.5)))"#),
        Limits::default(),
    );
    assert!(matches!(context.call("g", &[]), Err(CallError::NoFunction(_))));
    assert!(matches!(context.call("f", &[]), Err(CallError::Arguments(_))));
    assert!(matches!(context.call("f", &[Value::I32(1)]), Err(CallError::Arguments(_))));
    assert_eq!(context.call("f", &[Value::I64(1)]).unwrap(), [Value::F64(1.5)]);
}

#[test]
fn a_dead_context_stays_dead() {
    let mut context = context(&component(r#"(module (func (export "f") (unreachable)))"#), Limits::default());
    for _ in 0..2 {
        let Err(CallError::Ended(outcome)) = context.call("f", &[]) else { panic!("it must trap") };
        assert_eq!(outcome.reason, Reason::Trap);
    }
}

#[test]
fn junk_is_no_component() {
    let engine = engine(Interrupt::Signal);
    let whole = wat::parse_str(ENDLESS[2].1).unwrap();
    for len in 0..whole.len() {
        // What was cut between two sections may still be a module: without its functions, or without their names.
        if let Ok(component) = Component::from_wasm(engine, &whole[..len]) {
            let outcome = context(&component, timeout(5)).run();
            assert!(matches!(outcome.reason, Reason::Exit | Reason::Timeout), "cut to {len}: {outcome}");
        }
    }
    let mut seed = 7u64;
    for _ in 0..2000 {
        let mut bytes = whole.clone();
        for _ in 0..3 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let at = (seed >> 33) as usize % bytes.len();
            bytes[at] = (seed >> 20) as u8;
        }
        if let Ok(component) = Component::from_wasm(engine, &bytes) {
            context(&component, timeout(5)).run();
        }
    }
    // An empty component of the component model is one, and no program.
    let component = Component::from_wasm(engine, b"\0asm\x0d\0\x01\0").unwrap();
    assert!(!component.is_program() && component.functions().is_empty());
    assert!(matches!(
        Component::from_wasm(engine, b"\0asm\x0d\0\x01\0junk"),
        Err(ComponentError::Invalid(_))
    ));
}

#[test]
fn unknown_imports_are_named_or_trap() {
    let text = r#"(module (import "env" "mystery" (func $m)) (func (export "_start") (call $m)))"#;
    let engine = engine(Interrupt::Signal);
    let Err(ComponentError::UnknownImports(names)) = Component::from_wasm(engine, text.as_bytes()) else {
        panic!("nobody provides it")
    };
    assert_eq!(names, [r#"function "mystery" of "env""#]);
    let options = b8g::ComponentOptions { trap_unknown_imports: true, ..Default::default() };
    let component = Component::from_wasm_with(engine, text.as_bytes(), options).unwrap();
    let outcome = context(&component, Limits::default()).run();
    assert_eq!(outcome.reason, Reason::Trap);
    assert!(outcome.message.contains("mystery"), "{outcome}");
}

#[test]
fn a_module_that_knows_where_its_program_is_tells_it() {
    let text = r#"(module (memory (export "memory") 1) (data (i32.const 16) "\n    at step (job.x:7)")
        (func (export "b8g_start") (param i32 i32 i32 i32) (result i32) (loop $l (br $l)) unreachable)
        (func (export "b8g_place") (result i64) (i64.const 0x1600000010)))"#;
    let limits = Limits { timeout: Some(Duration::from_millis(50)), ..Limits::default() };
    let outcome = context(&component(text), limits).run();
    assert_eq!(outcome.reason, Reason::Timeout, "{outcome}");
    assert!(outcome.message.ends_with("\n    at step (job.x:7)"), "{}", outcome.message);
    assert!(!outcome.message.contains("b8g_start"), "{}", outcome.message);
}
