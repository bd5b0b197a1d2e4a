//! Contexts that are frozen, and contexts that go on from there.

use std::path::Path;
use std::time::{Duration, Instant};

use b8g::{
    Access, Capture, Component, Config, Context, Engine, Grant, Grants, Language, Limits, Reason,
    SnapshotError, StartError, Stdout, Value, Want, WantedAccess,
};

fn engine() -> Engine {
    Engine::new(Config::new()).unwrap()
}

fn wasm(text: &str) -> Context {
    let component = Component::from_wasm(&engine(), text.as_bytes()).unwrap();
    Context::new(&component, &Grants::none(), Limits::default()).unwrap()
}

fn call(context: &mut Context, name: &str, arguments: &[i32]) -> i64 {
    let arguments: Vec<Value> = arguments.iter().map(|n| Value::I32(*n)).collect();
    match context.call(name, &arguments).unwrap()[..] {
        [Value::I32(n)] => n.into(),
        [Value::I64(n)] => n,
        _ => 0,
    }
}

fn restored(context: &mut Context) -> Context {
    Context::restore(&context.snapshot().unwrap(), &Grants::none(), Limits::default()).unwrap()
}

const COUNTER: &str = r#"(module (memory 2) (data (i32.const 70000) "data")
    (global $g (mut i64) (i64.const 5)) (global (mut v128) (v128.const i64x2 1 2)) (global $f (mut f64) (f64.const 0.5))
    (func $start (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))
    (func (export "starts") (result i32) (i32.load (i32.const 0)))
    (func (export "add") (param i32) (result i64)
      (global.set $g (i64.add (global.get $g) (i64.extend_i32_s (local.get 0)))) (global.get $g))
    (func (export "write") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "read") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size))
    (start $start))"#;

#[test]
fn memory_and_globals_go_on() {
    let mut context = wasm(COUNTER);
    assert_eq!(call(&mut context, "add", &[10]), 15);
    call(&mut context, "write", &[100_000, 7]);
    let image = context.snapshot().unwrap();
    assert_eq!(image.memory_bytes(), 131_072);
    for _ in 0..3 {
        let mut restored = Context::restore(&image, &Grants::none(), Limits::default()).unwrap();
        assert_eq!(call(&mut restored, "starts", &[]), 1, "a start function runs once");
        assert_eq!(call(&mut restored, "add", &[1]), 16);
        assert_eq!(call(&mut restored, "read", &[100_000]), 7);
        assert_eq!(call(&mut restored, "read", &[70_000]), i64::from(u32::from_le_bytes(*b"data")));
        call(&mut restored, "write", &[100_000, 8]);
        assert_eq!(call(&mut restored, "grow", &[1]), 2);
    }
    assert_eq!(call(&mut context, "read", &[100_000]), 7);
    assert_eq!(call(&mut context, "add", &[0]), 15, "what was frozen goes on too");
    let fresh = Context::new(image.component(), &Grants::none(), Limits::default());
    assert_eq!(call(&mut fresh.unwrap(), "add", &[0]), 5);
}

/// Few pages are copied, many are mapped; what was grown is there in both cases, and images of images hold everything.
#[test]
fn images_of_any_size_and_age_hold_every_page() {
    let mut context = wasm(COUNTER);
    let mut written = Vec::new();
    let mut write = |context: &mut Context, at: i32, n: i32| {
        call(context, "write", &[at, n]);
        written.retain(|(old, _)| *old != at);
        written.push((at, n));
        written.clone()
    };
    for (round, pages) in [1, 3, 200, 2, 0, 90, 70, 1].into_iter().enumerate() {
        let round = round as i32;
        call(&mut context, "grow", &[round % 3 * 5]);
        let size = call(&mut context, "size", &[]) as i32;
        let mut expected = write(&mut context, size * 65536 - 4, round);
        for page in 0..pages {
            expected = write(&mut context, (page * 7 % (size * 16)) * 4096 + 8 + round * 4, page + round);
        }
        for fork in &mut context.fork(3).unwrap() {
            assert_eq!(call(fork, "size", &[]) as i32, size);
            for (at, n) in &expected {
                assert_eq!(call(fork, "read", &[*at]), i64::from(*n), "round {round} at {at}");
            }
            for page in 0..size * 16 {
                call(fork, "write", &[page * 4096, -1]);
            }
        }
        context = restored(&mut context);
    }
}

fn javascript(grants: &Grants) -> Context {
    let component = Component::javascript(&engine()).unwrap();
    Context::new(&component, grants, Limits::default()).unwrap()
}

#[test]
fn a_script_goes_on_with_its_objects() {
    let grants = Grants::none().clocks().randomness();
    let mut context = javascript(&grants);
    context.eval("class P { #n = 1; next() { return ++this.#n; } }; globalThis.p = new P(); globalThis.m = new Map([[p, 'x']])").unwrap();
    context.eval("globalThis.text = 'é'.repeat(300000); globalThis.re = /a+(b)/g; re.exec('xaab')").unwrap();
    for _ in 0..2 {
        let mut fork = context.fork(1).unwrap().remove(0);
        assert_eq!(
            fork.eval("[p.next(), m.get(p), text.length, re.lastIndex].join()").unwrap(),
            "2,x,300000,4"
        );
        assert_eq!(fork.eval("`${1 + 1}`").unwrap(), "2");
        let mut second = restored(&mut fork);
        assert_eq!(second.eval("p.next()").unwrap(), "3");
    }
    assert_eq!(context.eval("p.next()").unwrap(), "2");
}

#[test]
fn each_fork_goes_on_from_where_its_parent_is_then() {
    let mut parent = javascript(&Grants::none());
    for round in 1..4 {
        parent.eval(&format!("globalThis.n = {round}")).unwrap();
        // The second finds what the first made; what forks do is theirs.
        for _ in 0..2 {
            for mut fork in parent.fork(2).unwrap() {
                assert_eq!(fork.eval("n++").unwrap(), round.to_string().as_str());
            }
        }
    }
    assert_eq!(parent.eval("n").unwrap(), "3");
}

#[test]
fn forks_differ_in_what_is_random_unless_a_seed_says_otherwise() {
    let draw = "[Math.random(), Math.random(), crypto.randomUUID()].join()";
    let forks = |grants: &Grants| -> Vec<String> {
        let mut context = javascript(grants);
        context.eval("Math.random(); crypto.randomUUID()").unwrap();
        let mut forks = context.fork(4).unwrap();
        forks.iter_mut().map(|fork| fork.eval(draw).unwrap().text).collect()
    };
    let mut found = forks(&Grants::none().clocks().randomness());
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 4);
    let firsts: std::collections::HashSet<&str> =
        found.iter().map(|text| text.split(',').next().unwrap()).collect();
    assert_eq!(firsts.len(), 4, "Math.random too");
    let seeded = forks(&Grants::none().seed(7));
    assert!(seeded.iter().all(|fork| *fork == seeded[0]), "{seeded:?}");
}

#[test]
fn pending_timers_have_as_long_to_go_as_they_had() {
    let output = Capture::new();
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(output.clone()));
    let source = "const begun = performance.now(); setTimeout(() => console.log('late', performance.now() - begun >= 199), 200);\n\
        await new Promise((done) => setTimeout(done, 20)); console.log('soon');";
    let component =
        Component::from_source(&engine(), "a.js", Language::JavaScript, source, Path::new(".")).unwrap();
    let mut context = Context::new(&component, &grants, Limits::default()).unwrap();
    context.start().unwrap();
    context.resume().unwrap();
    assert!(context.is_waiting());
    assert_eq!(output.take(), b"soon\n");
    let image = context.snapshot().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    let outcome = Context::restore(&image, &grants, Limits::default()).unwrap().run();
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 0), "{outcome}");
    assert_eq!(output.take(), b"late true\n");
    assert!(begun.elapsed() >= Duration::from_millis(100), "the time while nothing ran does not count");
}

#[test]
fn handles_from_before_are_stale_and_roles_are_bound_again() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a"), "first").unwrap();
    let path = directory.path().to_str().unwrap();
    let before = Grants::none().read(path).unwrap().arguments(["one"]);
    let mut context = javascript(&before);
    context.eval("globalThis.b8g = null; import('b8g').then((m) => { globalThis.b8g = m; })").unwrap();
    context
        .eval(&format!(
            "globalThis.path = '{path}/a'; globalThis.file = await b8g.open(path); b8g.args.length"
        ))
        .unwrap();
    assert_eq!(context.eval("await file.text()").unwrap(), "first");
    let image = context.snapshot().unwrap();

    let mut granted = Context::restore(&image, &before, Limits::default()).unwrap();
    let stale = granted.eval("await file.text()").unwrap_err().to_string();
    assert!(stale.contains("BadResource") || stale.contains("closed") || stale.contains("handle"), "{stale}");
    assert_eq!(granted.eval("await b8g.readTextFile(path)").unwrap(), "first");
    let mut more = granted.fork(1).unwrap().remove(0);
    assert_eq!(
        more.eval("await b8g.readTextFile(path)").unwrap(),
        "first",
        "forks hold what their parent was granted"
    );

    let output = Capture::new();
    let other = Grants::none().stdout(Stdout::Capture(output.clone())).arguments(["two", "three"]);
    let mut refused = Context::restore(&image, &other, Limits::default()).unwrap();
    let error = refused.eval("await b8g.readTextFile(path)").unwrap_err().to_string();
    assert!(error.contains("PermissionDenied"), "{error}");
    assert_eq!(refused.eval("console.log('out'); b8g.args.join()").unwrap(), "two,three");
    assert_eq!(output.take(), b"out\n");
}

#[test]
fn what_cannot_be_frozen_is_refused_by_name() {
    for (text, why) in [
        ("(module (table 1 funcref) (func (table.set (i32.const 0) (ref.null func))))", "changes table 0"),
        ("(module (memory 1) (memory 1))", "second memory"),
        (r#"(module (memory 1) (data "a") (func (data.drop 0)))"#, "drops data segments"),
        ("(module (global (mut funcref) (ref.null func)))", "holds a reference"),
    ] {
        match wasm(text).snapshot() {
            Err(SnapshotError::Unsupported(found)) => assert!(found.contains(why), "{found}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(wasm("(module)").snapshot().is_ok());
    let mut dead = wasm(r#"(module (func (export "_start") unreachable))"#);
    dead.run();
    assert!(matches!(dead.snapshot(), Err(SnapshotError::Ended(_))));
    let mut dies = wasm("(module (func $s unreachable) (start $s))");
    assert!(matches!(dies.snapshot(), Err(SnapshotError::Ended(outcome)) if outcome.reason == Reason::Trap));
}

#[test]
fn a_program_is_frozen_before_it_starts_and_runs_after() {
    let text = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (global $ready (mut i32) (i32.const 0))
        (func $s (global.set $ready (i32.const 40))) (start $s)
        (func (export "_start") (call $exit (i32.add (global.get $ready) (i32.const 2)))))"#;
    let mut context = wasm(text);
    let image = context.snapshot().unwrap();
    for _ in 0..2 {
        let outcome = Context::restore(&image, &Grants::none(), Limits::default()).unwrap().run();
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 42), "{outcome}");
    }
    assert_eq!(context.run().exit_code, 42);
    let source = "console.log('ran')";
    let component =
        Component::from_source(&engine(), "a.js", Language::JavaScript, source, Path::new(".")).unwrap();
    let output = Capture::new();
    let grants = Grants::none().stdout(Stdout::Capture(output.clone()));
    let image = Context::new(&component, &Grants::none(), Limits::default()).unwrap().snapshot().unwrap();
    Context::restore(&image, &grants, Limits::default()).unwrap().run();
    assert_eq!(output.take(), b"ran\n");
}

#[test]
fn a_limit_below_what_the_image_holds_is_told() {
    let mut context = wasm(COUNTER);
    call(&mut context, "grow", &[100]);
    let image = context.snapshot().unwrap();
    let limits = Limits { memory_bytes_max: 1 << 20, ..Limits::default() };
    let outcome = Context::restore(&image, &Grants::none(), limits).unwrap().run();
    assert_eq!(outcome.reason, Reason::Memory, "{outcome}");
}

const CHECKPOINTS: &str = "import { checkpoint } from 'b8g';\n\
    let n = 40; setTimeout(() => { n += 100; console.log('late', n); }, 30);\n\
    const first = await checkpoint(); n += 2; console.log(JSON.stringify(first), n);\n\
    const both = await Promise.all([checkpoint(), checkpoint()]); console.log(JSON.stringify(both));";

#[test]
fn a_program_is_frozen_where_it_asks_for_it() {
    let output = Capture::new();
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(output.clone()));
    let component =
        Component::from_source(&engine(), "a.js", Language::JavaScript, CHECKPOINTS, Path::new(".")).unwrap();
    let fresh = || Context::new(&component, &grants, Limits::default()).unwrap();
    let text = || String::from_utf8(output.take()).unwrap();
    let frozen = r#"{"restored":false,"copy":null}"#;
    let whole = format!("{frozen} 42\n[{frozen},{frozen}]\nlate 142\n");
    assert_eq!(fresh().run().exit_code, 0);
    assert_eq!(text(), whole, "a program that nobody freezes goes on");

    let mut context = fresh();
    assert!(context.run_to_checkpoint().is_none() && context.is_at_checkpoint() && context.is_waiting());
    assert_eq!(context.eval("'between ' + 1").unwrap(), "between 1");
    assert!(context.is_at_checkpoint(), "an evaluation does not end it");
    let image = context.snapshot().unwrap();
    assert_eq!(text(), "");
    for copy in [0, 7] {
        let restored = Context::restore(&image, &grants, Limits::default()).unwrap();
        assert_eq!(restored.numbered(copy).run().exit_code, 0);
        let told = format!(r#"{{"restored":true,"copy":{copy}}}"#);
        assert_eq!(text(), format!("{told} 42\n[{frozen},{frozen}]\nlate 142\n"));
    }
    assert!(context.run_to_checkpoint().is_none() && context.is_at_checkpoint(), "the second one");
    let second = context.snapshot().unwrap();
    assert!(context.run_to_checkpoint().is_some() && !context.is_at_checkpoint());
    assert_eq!(text(), whole);
    let mut forks = {
        let mut context = Context::restore(&second, &grants, Limits::default()).unwrap();
        context.initialize().unwrap();
        assert!(!context.is_at_checkpoint(), "both calls are answered");
        text();
        context.fork(2).unwrap()
    };
    forks.iter_mut().for_each(|fork| assert_eq!(fork.run().exit_code, 0));
    assert_eq!(text(), "late 142\nlate 142\n");
}

#[test]
fn what_a_program_does_not_need_is_given_up() {
    let component = Component::javascript(&engine()).unwrap();
    let mut context = Context::new(&component, &Grants::none(), Limits::default()).unwrap();
    context.eval("globalThis.kept = []; for (let i = 0; i < 1000; i++) kept.push({ i });").unwrap();
    context
        .eval(
            "let waste = []; for (let i = 0; i < 50000; i++) waste.push({ i, text: `${i}` }); waste = null;",
        )
        .unwrap();
    let written = |context: &mut Context| context.snapshot().unwrap().to_bytes("a").unwrap().len();
    let before = written(&mut context);
    let heap = context.compact().unwrap().unwrap();
    let after = written(&mut context);
    assert!(after * 4 < before, "{after} of {before}");
    assert!((1000..20_000).contains(&heap.objects) && heap.arrays >= 1 && heap.bytes > 50_000, "{heap:?}");
    assert_eq!(context.eval("kept.length + kept[999].i").unwrap(), "1999");
    assert_eq!(restored(&mut context).eval("kept[7].i").unwrap(), "7");
    assert_eq!(wasm("(module)").compact().unwrap(), None);
}

#[test]
fn a_context_without_what_its_image_wants_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let below = directory.path().join("below");
    let want = |access, target: &str| Want { access, target: target.into() };
    let wants = vec![
        want(WantedAccess::Read, below.to_str().unwrap()),
        want(WantedAccess::Net, "example.com:443"),
        want(WantedAccess::Env, "TOKEN"),
    ];
    let image = wasm("(module)").snapshot().unwrap().wanting(wants.clone());
    let missing = |grants: &Grants| match Context::restore(&image, grants, Limits::default()) {
        Err(StartError::Wanted(missing)) => missing.iter().map(|want| want.access).collect(),
        Err(error) => panic!("{error}"),
        Ok(_) => Vec::new(),
    };
    let some = Grants::none().read(directory.path()).unwrap();
    assert_eq!(missing(&Grants::none()), [WantedAccess::Read, WantedAccess::Net, WantedAccess::Env]);
    assert_eq!(missing(&some), [WantedAccess::Net, WantedAccess::Env]);
    let mut all = some.clone();
    all.add(Grant::Net("example.com".into())).unwrap();
    all.add(Grant::Environment("TOKEN".into(), None)).unwrap();
    assert_eq!(missing(&all), []);
    for (grant, wanted) in [
        (Grant::Net("example.com:80".into()), 3),
        (Grant::Net("other.example.com:443".into()), 3),
        (Grant::AllNet, 2),
        (Grant::AllEnvironment, 2),
        (Grant::Path { path: directory.path().into(), access: Access::Write }, 3),
        (Grant::AllPaths(Access::Read), 2),
    ] {
        let mut grants = Grants::none();
        grants.add(grant.clone()).unwrap();
        assert_eq!(missing(&grants).len(), wanted, "{grant:?}");
    }
    let error = Context::restore(&image, &some, Limits::default()).unwrap_err().to_string();
    assert_eq!(error, "the image needs what is not granted: --allow-net=example.com:443 --allow-env=TOKEN");
}
