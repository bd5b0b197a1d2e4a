//! Windows into shared memory: who sees what through them, and that nobody does who comes later.

use std::time::Duration;

use b8g::{
    CallError, Capture, Component, Config, Context, Engine, Grants, Interrupt, Limits, MapError, Reason,
    SharedMemory, SnapshotError, Stdout, Value,
};

const PAGE: u64 = SharedMemory::WINDOW_ALIGNMENT_BYTES;
/// Bytes of the memory of [`PROGRAM`].
const MEMORY: u64 = 4 * 65536;
/// What its memory holds at first, at the offset; everything else is 0.
const IMAGE: [(u64, &str); 2] = [(16, "first"), (3 * 65536 + 5, "last page")];

const PROGRAM: &str = r#"(module
    (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
    (memory (export "memory") 4)
    (data (i32.const 16) "first") (data (i32.const 196613) "last page")
    (func (export "read") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "write") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "call") (param i32 i32 i64 i64 i64 i64) (result i64)
      (call $call (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)))
    (func (export "not_zero") (result i32) (local $at i32) (local $n i32)
      (loop $l
        (local.set $n (i32.add (local.get $n) (i32.ne (i32.load8_u (local.get $at)) (i32.const 0))))
        (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1)))
          (i32.mul (memory.size) (i32.const 65536)))))
      (local.get $n))
    (func (export "die") (param i32) (i32.store (local.get 0) (i32.const -1)) unreachable)
    (func (export "spin") (param i32) (loop $l (i32.store (local.get 0) (i32.const -1)) (br $l)))
    (func (export "turns") (param $at i32) (param $turn i32) (param $last i32)
      (loop $next
        (loop $wait (br_if $wait (i32.ne (i32.atomic.load (local.get $at)) (local.get $turn))))
        (i32.atomic.store (local.get $at) (i32.add (local.get $turn) (i32.const 1)))
        (br_if $next (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 2))) (local.get $last))))))"#;

/// An engine of its own, so that tests do not take each other's slots.
fn component(interrupt: Interrupt) -> Component {
    let engine = Engine::new(Config::new().code_cache(None).interrupt(interrupt)).unwrap();
    Component::from_wasm(&engine, PROGRAM.as_bytes()).unwrap()
}

fn context(component: &Component) -> Context {
    Context::new(component, &Grants::none(), Limits::default()).unwrap()
}

fn call(context: &mut Context, name: &str, arguments: &[i64]) -> i64 {
    // Only the callback itself takes larger numbers, from its third on.
    let value = |(i, n): (usize, &i64)| match name {
        "call" if i >= 2 => Value::I64(*n),
        _ => Value::I32(*n as i32),
    };
    let arguments: Vec<Value> = arguments.iter().enumerate().map(value).collect();
    match context.call(name, &arguments).unwrap_or_else(|e| panic!("{name}: {e}"))[..] {
        [Value::I32(n)] => n.into(),
        [Value::I64(n)] => n,
        _ => 0,
    }
}

fn read(context: &mut Context, at: u64) -> i32 {
    call(context, "read", &[at as i64]) as i32
}

fn write(context: &mut Context, at: u64, n: i32) {
    call(context, "write", &[at as i64, n.into()]);
}

fn word(shared: &SharedMemory, at: u64) -> i32 {
    let mut word = [0; 4];
    shared.read(at, &mut word).unwrap();
    i32::from_le_bytes(word)
}

/// The memory holds the image's bytes and nothing else.
fn assert_fresh(context: &mut Context) {
    let bytes: usize = IMAGE.iter().map(|(_, text)| text.len()).sum();
    assert_eq!(call(context, "not_zero", &[]), bytes as i64, "bytes that are not 0");
    for (at, text) in IMAGE {
        for (i, byte) in text.bytes().enumerate() {
            assert_eq!(read(context, at + i as u64) as u8, byte, "{text}");
        }
    }
}

/// Contexts that come later see the image alone, whatever somebody writes to `shared`.
fn assert_nothing_is_left(component: &Component, shared: &SharedMemory) {
    let mut tenants: Vec<Context> = (0..3).map(|_| context(component)).collect();
    for byte in [0x77, 0x88] {
        tenants.iter_mut().for_each(assert_fresh);
        shared.write(0, &vec![byte; shared.bytes() as usize]).unwrap();
    }
    // Nor does what they write reach it.
    for tenant in &mut tenants {
        call(tenant, "fill", &[0, 0x55, MEMORY as i64]);
    }
    let mut found = vec![0; shared.bytes() as usize];
    shared.read(0, &mut found).unwrap();
    assert!(found.iter().all(|byte| *byte == 0x88));
    drop(tenants);
    assert_fresh(&mut context(component));
}

#[test]
fn contexts_see_each_others_writes_through_one_memory() {
    let component = component(Interrupt::Signal);
    let (mut a, mut b) = (context(&component), context(&component));
    let shared = SharedMemory::new(3 * PAGE).unwrap();
    shared.write(PAGE + 8, &7i32.to_le_bytes()).unwrap();
    a.map_shared(&shared, 65536, 0, 3 * PAGE).unwrap();
    b.map_shared(&shared, 3 * 65536, PAGE, PAGE).unwrap();
    assert_eq!((read(&mut a, 65536 + PAGE + 8), read(&mut b, 3 * 65536 + 8)), (7, 7));
    write(&mut a, 65536 + PAGE + 100, 42);
    assert_eq!((read(&mut b, 3 * 65536 + 100), word(&shared, PAGE + 100)), (42, 42));
    call(&mut b, "fill", &[3 * 65536, 0x11, PAGE as i64]);
    assert_eq!(read(&mut a, 65536 + PAGE - 2), 0x1111_0000);
    assert_eq!(read(&mut a, 65536 + 2 * PAGE - 2), 0x1111);
    call(&mut a, "copy", &[65536, 65536 + PAGE as i64, PAGE as i64]);
    assert_eq!(word(&shared, 0), 0x1111_1111);
    // What lies around a window is the context's own, and what lay in it is gone.
    assert_eq!(read(&mut b, IMAGE[0].0), i32::from_le_bytes(*b"firs"));
    assert_eq!(read(&mut b, IMAGE[1].0), 0x1111_1111);
    write(&mut a, 65536 - 4, 5);
    write(&mut a, 65536 + 3 * PAGE, 6);
    assert_eq!((read(&mut b, 65536 - 4), read(&mut b, 65536 + 3 * PAGE)), (0, 0));
}

#[test]
fn contexts_that_run_at_the_same_time_take_turns() {
    let component = component(Interrupt::Signal);
    let shared = SharedMemory::new(PAGE).unwrap();
    std::thread::scope(|scope| {
        for (at, turn) in [(0, 0), (2 * 65536, 1)] {
            let (component, shared) = (&component, &shared);
            scope.spawn(move || {
                let limits = Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() };
                let mut context = Context::new(component, &Grants::none(), limits).unwrap();
                context.map_shared(shared, at, 0, PAGE).unwrap();
                call(&mut context, "turns", &[at as i64 + 64, turn, 100]);
            });
        }
    });
    assert_eq!(word(&shared, 64), 100);
    assert_nothing_is_left(&component, &shared);
}

#[test]
fn a_slot_is_handed_on_without_a_dirty_page() {
    let component = component(Interrupt::Signal);
    for round in 0..8 {
        let mut context = context(&component);
        assert_fresh(&mut context);
        let more = 4 * (round % 2);
        call(&mut context, "grow", &[more]);
        assert_fresh(&mut context);
        // Few pages, all of them, and those that the next tenant gets only when it grows.
        let bytes = if round < 4 { 65536 } else { (4 + more) * 65536 };
        call(&mut context, "fill", &[0, 0xee, bytes]);
    }
    // Round 7 grew its memory and wrote to all of it.
    let mut last = context(&component);
    call(&mut last, "grow", &[4]);
    assert_fresh(&mut last);
}

#[test]
fn who_comes_after_a_context_with_a_window_sees_the_image_alone() {
    let component = component(Interrupt::Signal);
    // A slot that was used before, whose private pages are known.
    for _ in 0..2 {
        call(&mut context(&component), "fill", &[0, 1, MEMORY as i64 / 2]);
    }
    let shared = SharedMemory::new(65536).unwrap();
    let mut first = context(&component);
    first.map_shared(&shared, 65536, 0, 65536).unwrap();
    call(&mut first, "fill", &[0, 0xee, MEMORY as i64]);
    assert_eq!(word(&shared, 0), 0xeeee_eeeeu32 as i32);
    drop(first);
    assert_nothing_is_left(&component, &shared);
}

#[test]
fn whatever_ends_a_context_with_a_window_nothing_is_left() {
    for interrupt in [Interrupt::Signal, Interrupt::Epoch] {
        let component = component(interrupt);
        let shared = SharedMemory::new(PAGE).unwrap();
        for (name, reason, seconds) in [("die", Reason::Trap, 60), ("spin", Reason::Timeout, 1)] {
            let limits = Limits { timeout: Some(Duration::from_secs(seconds)), ..Limits::default() };
            let mut context = Context::new(&component, &Grants::none(), limits).unwrap();
            context.map_shared(&shared, 2 * PAGE, 0, PAGE).unwrap();
            write(&mut context, 8, 1);
            let error = context.call(name, &[Value::I32(2 * PAGE as i32)]).unwrap_err();
            let CallError::Ended(outcome) = error else { panic!("{name}: {error}") };
            assert_eq!(outcome.reason, reason, "{outcome}");
            assert_eq!(word(&shared, 0), -1);
            // The dead show nothing of it any more, nor may they have another one.
            let error = context.map_shared(&shared, 0, 0, PAGE).unwrap_err();
            assert!(matches!(error, MapError::Ended(outcome) if outcome.reason == reason));
            drop(context);
            assert_nothing_is_left(&component, &shared);
        }
    }
}

#[test]
fn memories_and_contexts_outlive_each_other() {
    let component = component(Interrupt::Signal);
    let shared = SharedMemory::new(PAGE).unwrap();
    let (mut a, mut b) = (context(&component), context(&component));
    a.map_shared(&shared, 0, 0, PAGE).unwrap();
    b.map_shared(&shared.clone(), PAGE, 0, PAGE).unwrap();
    write(&mut a, 8, 1);
    drop(shared);
    assert_eq!(read(&mut b, PAGE + 8), 1);
    drop(a);
    write(&mut b, PAGE + 8, 2);
    assert_eq!(read(&mut b, PAGE + 8), 2);
    let shared = SharedMemory::new(PAGE).unwrap();
    b.map_shared(&shared, 0, 0, PAGE).unwrap();
    write(&mut b, 8, 3);
    drop(b);
    assert_eq!(word(&shared, 8), 3);
}

#[test]
fn a_memory_with_a_window_grows() {
    let component = component(Interrupt::Signal);
    let shared = SharedMemory::new(PAGE).unwrap();
    let mut context = context(&component);
    context.map_shared(&shared, MEMORY - PAGE, 0, PAGE).unwrap();
    write(&mut context, MEMORY - PAGE, 9);
    assert_eq!(call(&mut context, "grow", &[3]), 4);
    assert_eq!(read(&mut context, MEMORY - PAGE), 9);
    assert_eq!(read(&mut context, MEMORY), 0);
    write(&mut context, MEMORY, 10);
    context.map_shared(&shared, MEMORY + 65536, 0, PAGE).unwrap();
    assert_eq!(read(&mut context, MEMORY + 65536), 9);
    assert_eq!(call(&mut context, "grow", &[1]), 7);
    assert_eq!((word(&shared, 0), read(&mut context, MEMORY)), (9, 10));
    drop(context);
    assert_nothing_is_left(&component, &shared);
}

#[test]
fn windows_that_cannot_be_are_refused_and_change_nothing() {
    let component = component(Interrupt::Signal);
    let shared = SharedMemory::new(4 * PAGE).unwrap();
    let mut context = context(&component);
    let big = u64::MAX - PAGE + 1;
    let refused = |context: &mut Context, at: u64, offset: u64, length: u64| {
        context.map_shared(&shared, at, offset, length).unwrap_err().to_string()
    };
    for (at, offset, length, wanted) in [
        (1, 0, PAGE, "1 is no multiple of 4096 bytes"),
        (0, 2048, PAGE, "2048 is no multiple of 4096 bytes"),
        (0, 0, PAGE + 1, "4097 is no multiple of 4096 bytes"),
        (0, 0, 0, "its length is 0 bytes"),
        (0, 0, 5 * PAGE, "20480 bytes at 0 leave the shared memory of 16384 bytes"),
        (0, 4 * PAGE, PAGE, "4096 bytes at 16384 leave the shared memory"),
        (0, big, PAGE, "leave the shared memory"),
        (0, PAGE, big, "leave the shared memory"),
        (
            MEMORY,
            0,
            PAGE,
            "a window of 4096 bytes at 262144 leaves the context's memory, which has 262144 bytes now",
        ),
        (MEMORY - PAGE, 0, 2 * PAGE, "leaves the context's memory"),
        (big, 0, PAGE, "leaves the context's memory"),
        (1 << 32, 0, PAGE, "leaves the context's memory"),
    ] {
        let error = refused(&mut context, at, offset, length);
        assert!(error.contains(wanted), "{at} {offset} {length}: {error}");
    }
    assert_fresh(&mut context);

    context.map_shared(&shared, 10 * PAGE, 0, 4 * PAGE).unwrap();
    for (at, pages) in [(10, 1), (13, 1), (7, 4), (13, 4), (8, 2), (14, 2), (11, 2)] {
        let error = context.map_shared(&shared, at * PAGE, 0, pages * PAGE);
        match (at, pages) {
            (8 | 14, 2) => error.unwrap(),
            _ => assert!(matches!(error, Err(MapError::Overlap { .. })), "{pages} at {at}: {error:?}"),
        }
    }
    for i in 3..SharedMemory::WINDOWS_MAX as u64 {
        context.map_shared(&shared, (20 + 2 * i) * PAGE, 0, PAGE).unwrap();
    }
    let error = refused(&mut context, 0, 0, PAGE);
    assert_eq!(error, "the context has 16 windows, which is the most, or had them in too many places");
    write(&mut context, 10 * PAGE, 5);
    assert_eq!(read(&mut context, (20 + 2 * 15) * PAGE), 5);
    assert_eq!(read(&mut context, (21 + 2 * 15) * PAGE), 0);

    let empty = Component::from_wasm(
        &Engine::new(Config::new().code_cache(None)).unwrap(),
        br#"(module (func (export "f")))"#,
    );
    let mut without = Context::new(&empty.unwrap(), &Grants::none(), Limits::default()).unwrap();
    assert!(matches!(without.map_shared(&shared, 0, 0, PAGE), Err(MapError::NoMemory)));
}

#[test]
fn a_context_with_a_window_is_not_frozen() {
    let component = component(Interrupt::Signal);
    let shared = SharedMemory::new(PAGE).unwrap();
    let mut original = context(&component);
    write(&mut original, 8, 5);
    let image = original.snapshot().unwrap();
    original.map_shared(&shared, PAGE, 0, PAGE).unwrap();
    for error in [original.snapshot().map(|_| ()).unwrap_err(), original.fork(1).map(|_| ()).unwrap_err()] {
        assert!(
            matches!(&error, SnapshotError::Unsupported(why) if why == "it has, or had, a window into shared memory")
        );
    }
    assert_eq!(read(&mut original, 8), 5);
    // Those that go on from an image are contexts like others.
    for _ in 0..3 {
        let mut restored = Context::restore(&image, &Grants::none(), Limits::default()).unwrap();
        assert_eq!((read(&mut restored, 8), read(&mut restored, PAGE)), (5, 0));
        restored.map_shared(&shared, PAGE, 0, PAGE).unwrap();
        write(&mut restored, PAGE, 6);
        assert_eq!(read(&mut original, PAGE), 6);
    }
}

/// The request START and the answers ARG and FAULT, as `docs/abi.md` has them.
const START: i64 = 1;
const ARGUMENT: i64 = -4;
const FAULT: i64 = -5;

/// The callback's operation 8, ctl, to the engine: START asks for the initial vector.
fn ask_for_vector(context: &mut Context, at: u64, len: u64) -> i64 {
    call(context, "call", &[8, 0, START, 0, (len << 32 | at) as i64, 0])
}

#[test]
fn no_operation_touches_a_window() {
    let component = component(Interrupt::Signal);
    let shared = SharedMemory::new(PAGE).unwrap();
    let mut context = context(&component);
    let answer = ask_for_vector(&mut context, 2 * PAGE, PAGE);
    assert!(answer > 8);
    call(&mut context, "fill", &[0, 0, MEMORY as i64]);
    context.map_shared(&shared, 2 * PAGE, 0, PAGE).unwrap();
    for (at, len, wanted) in [
        (2 * PAGE, PAGE, FAULT),
        (2 * PAGE + 100, 8, FAULT),
        (2 * PAGE - 1, 2, FAULT),
        (3 * PAGE - 1, 2, FAULT),
        (PAGE, 3 * PAGE, FAULT),
        (PAGE, PAGE, answer),
        (3 * PAGE, PAGE, answer),
        (2 * PAGE + 8, 0, ARGUMENT),
    ] {
        assert_eq!(ask_for_vector(&mut context, at, len), wanted, "{len} bytes at {at}");
    }
    // Info, open, read, write, and both arrays of a wait whose deadline has passed.
    let (shown, own) = (2 * PAGE as i64, PAGE as i64);
    for arguments in [[0, 0, 0, 16, 0, 0], [5, 0, 0, 8, 0, 0], [6, 0, 0, 8, -1, 0], [7, 0, 0, 8, -1, 0]] {
        let [op, handle, _, len, c, d] = arguments;
        assert_eq!(call(&mut context, "call", &[op, handle, shown, len, c, d]), FAULT, "operation {op}");
        assert_ne!(call(&mut context, "call", &[op, handle, own, len, c, d]), FAULT, "operation {op}");
    }
    for (items, out, wanted) in [(own, own + 8, 1), (shown, own, FAULT), (own, shown, FAULT)] {
        assert_eq!(call(&mut context, "call", &[20, 0, items, 1, 0, out]), wanted, "{items} {out}");
    }
    assert_eq!(word(&shared, 0), 0);
}

#[test]
fn programs_for_wasi_get_efault_for_windows() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 100) "\00\00\01\00\05\00\00\00")
        (func (export "random") (param i32) (result i32) (call $random (local.get 0) (i32.const 8)))
        (func (export "write") (param i32) (result i32)
          (i32.store (i32.const 100) (local.get 0))
          (call $write (i32.const 1) (i32.const 100) (i32.const 1) (i32.const 120))))"#;
    let engine = Engine::new(Config::new().code_cache(None)).unwrap();
    let component = Component::from_wasm(&engine, text.as_bytes()).unwrap();
    let output = Capture::new();
    let grants = Grants::none().randomness().stdout(Stdout::Capture(output.clone()));
    let mut context = Context::new(&component, &grants, Limits::default()).unwrap();
    let shared = SharedMemory::new(PAGE).unwrap();
    shared.write(0, b"hello").unwrap();
    let at = 8 * PAGE as i64;
    assert_eq!((call(&mut context, "random", &[at]), call(&mut context, "write", &[at])), (0, 0));
    assert_eq!(output.take().len(), 5);
    context.map_shared(&shared, 8 * PAGE, 0, PAGE).unwrap();
    assert_eq!((call(&mut context, "random", &[at]), call(&mut context, "write", &[at])), (21, 21));
    assert_eq!(word(&shared, 0), i32::from_le_bytes(*b"hell"));
    assert!(output.take().is_empty());
    assert_eq!((call(&mut context, "random", &[0]), call(&mut context, "write", &[0])), (0, 0));
}

/// What a context's memory should hold: its own words, and what it sees through windows.
struct Expected {
    context: Context,
    own: Vec<i32>,
    /// At which page, which memory, from which page of it on.
    windows: Vec<(usize, usize, usize)>,
}

/// Words are looked at once a page.
const PAGES: usize = (MEMORY / PAGE) as usize;
const WINDOW_PAGES: usize = 4;

impl Expected {
    fn new(component: &Component) -> Expected {
        let mut context = context(component);
        assert_fresh(&mut context);
        Expected { context, own: vec![0; PAGES], windows: Vec::new() }
    }

    /// The word of a page.
    fn word<'e>(&'e mut self, shared: &'e mut [Vec<i32>], page: usize) -> &'e mut i32 {
        let through = self.windows.iter().find(|(at, ..)| (*at..*at + WINDOW_PAGES).contains(&page));
        match through {
            Some((at, of, from)) => &mut shared[*of][from + page - at],
            None => &mut self.own[page],
        }
    }
}

#[test]
fn whatever_contexts_do_each_sees_its_own_and_what_it_shares() {
    let component = component(Interrupt::Signal);
    let mut seed = 11u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    };
    let memories: Vec<SharedMemory> = (0..2).map(|_| SharedMemory::new(16 * PAGE).unwrap()).collect();
    let mut shared = vec![vec![0; 16]; 2];
    let mut contexts: Vec<Expected> = (0..4).map(|_| Expected::new(&component)).collect();
    let at = |page: usize| page as u64 * PAGE + 2048;
    for round in 0..4000 {
        let which = random(contexts.len());
        let expected = &mut contexts[which];
        let page = random(PAGES);
        match random(40) {
            0 => *expected = Expected::new(&component),
            1..4 => {
                let (page, of, from) = (random(PAGES - WINDOW_PAGES), random(2), random(12));
                let length = WINDOW_PAGES as u64 * PAGE;
                let (at, offset) = (page as u64 * PAGE, from as u64 * PAGE);
                match expected.context.map_shared(&memories[of], at, offset, length) {
                    Ok(()) => expected.windows.push((page, of, from)),
                    Err(error) => assert!(matches!(error, MapError::Overlap { .. } | MapError::TooMany)),
                }
            }
            4..8 => {
                let (of, page) = (random(2), random(16));
                memories[of].write(at(page), &(round + 1i32).to_le_bytes()).unwrap();
                shared[of][page] = round + 1;
            }
            8..24 => {
                write(&mut expected.context, at(page), round + 1);
                *expected.word(&mut shared, page) = round + 1;
            }
            _ => {
                let wanted = *expected.word(&mut shared, page);
                assert_eq!(read(&mut expected.context, at(page)), wanted, "round {round}, page {page}");
            }
        }
    }
    assert!(contexts.iter().any(|expected| !expected.windows.is_empty()));
}
