//! Contexts that talk over channels, with one another and with who embeds them.

use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use b8g::{
    Capture, Channel, ChannelError, Component, Config, Context, Engine, Grants, Language, Limits, Outcome,
    Reason, StartError, Stdout, Value,
};

const SOON: Option<Duration> = Some(Duration::from_secs(20));

fn engine() -> Engine {
    Engine::new(Config::new()).unwrap()
}

fn script(engine: &Engine, source: &str) -> Component {
    let source = format!("import {{ channels, channel }} from 'b8g';\n{source}");
    Component::from_source(engine, "a.js", Language::JavaScript, &source, Path::new(".")).unwrap()
}

fn context(component: &Component, channels: impl IntoIterator<Item = Channel>) -> Context {
    let limits = Limits { timeout: Some(Duration::from_secs(20)), ..Limits::default() };
    let grants = Grants::none().clocks().randomness();
    let mut context = Context::new(component, &grants, limits).unwrap();
    channels.into_iter().for_each(|channel| context.connect(channel).unwrap());
    context
}

fn running(component: &Component, channels: impl IntoIterator<Item = Channel>) -> JoinHandle<Outcome> {
    let mut context = context(component, channels);
    thread::spawn(move || context.run())
}

#[track_caller]
fn succeeds(runs: JoinHandle<Outcome>) {
    let outcome = runs.join().unwrap();
    assert!(outcome.is_success(), "{outcome}");
}

#[test]
fn two_scripts_talk() {
    let engine = engine();
    let server = script(
        &engine,
        "for await (const m of channels[0]) await channels[0].send(`${m.text}:${m.data.length}`);",
    );
    let client = script(
        &engine,
        "const [c] = channels; let sum = 0;
         for (let i = 0; i < 2000; i++) { await c.send(`é${i}`); sum += Number((await c.receive()).text.split(':')[1]); }
         await channels[1].send(`${sum} ${(await Promise.all([c.send('x'), c.receive(), c.send(new Uint8Array([1, 2])), c.receive()]))[3].text.length}`);",
    );
    let (a, b) = Channel::pair();
    let (mine, theirs) = Channel::pair();
    let (serves, asks) = (running(&server, [a]), running(&client, [b, theirs]));
    assert_eq!(mine.receive(SOON).unwrap(), b"10890 4");
    assert_eq!(mine.receive(SOON), Err(ChannelError::Closed));
    succeeds(asks);
    succeeds(serves);
}

#[test]
fn whoever_comes_first_is_served_first() {
    let engine = engine();
    let echo = script(&engine, "for await (const m of channels[0]) await channels[0].send(m.data);");
    let asks = script(
        &engine,
        "const [c, out] = channels; const block = 'x'.repeat(200000); const got = [];
         const receives = Array.from({ length: 40 }, async (_, i) => got.push([i, (await c.receive()).text.slice(200000)]));
         await Promise.all([...Array.from({ length: 40 }, (_, i) => c.send(block + i)), ...receives]);
         await out.send(got.every(([i, n]) => i === Number(n)) ? 'in order' : JSON.stringify(got));",
    );
    let ((a, b), (mine, theirs)) = (Channel::pair(), Channel::pair());
    let (echoes, asks) = (running(&echo, [a]), running(&asks, [b, theirs]));
    assert_eq!(String::from_utf8(mine.receive(SOON).unwrap()).unwrap(), "in order");
    succeeds(asks);
    succeeds(echoes);
}

#[test]
fn a_sender_waits_for_room_and_an_end_hears_that_the_other_is_gone() {
    let engine = engine();
    let floods = script(
        &engine,
        "let sent = 0; const block = new Uint8Array(300000);
         try { for (;;) { await channels[0].send(block); sent++; } }
         catch (error) { await channels[1].send(`${sent} ${error.name} ${error.code}`); }",
    );
    let ((flooded, a), (mine, b)) = (Channel::pair(), Channel::pair());
    let runs = running(&floods, [a, b]);
    // Three fit; the fourth waits until one is taken.
    thread::sleep(Duration::from_millis(100));
    (0..5).for_each(|_| assert_eq!(flooded.receive(SOON).unwrap().len(), 300_000));
    thread::sleep(Duration::from_millis(100));
    drop(flooded);
    let told = String::from_utf8(mine.receive(SOON).unwrap()).unwrap();
    let (sent, error) = told.split_once(' ').unwrap();
    assert_eq!(error, "BrokenPipe EPIPE");
    assert!((6..=8).contains(&sent.parse::<i32>().unwrap()), "{told}");
    succeeds(runs);
    // Whoever dies in the middle, however: the other hears of it.
    for (source, reason) in [
        ("throw new Error('dead')", Reason::Error),
        ("for (;;);", Reason::Timeout),
        ("new Uint8Array(2 ** 31)", Reason::Error),
    ] {
        let (mine, theirs) = Channel::pair();
        let component = script(&engine, source);
        let limits = Limits { timeout: Some(Duration::from_millis(200)), ..Limits::default() };
        let mut context = Context::new(&component, &Grants::none(), limits).unwrap();
        context.connect(theirs).unwrap();
        let ends = thread::spawn(move || (context.run(), context));
        assert_eq!(mine.receive(SOON), Err(ChannelError::Closed));
        let (outcome, _kept) = ends.join().unwrap();
        assert_eq!(outcome.reason, reason, "{outcome}");
        assert_eq!(mine.send(b"x"), Err(ChannelError::Closed));
    }
}

#[test]
fn what_is_sent_belongs_to_the_receiver() {
    let engine = engine();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "the secret").unwrap();
    let lender = script(
        &engine,
        "import { open, args } from 'b8g'; const file = await open(args[0]); const [near, far] = channel();
         await channels[0].send('with', { transfer: [file, far] });
         const used = await file.text().catch((error) => error.name);
         const gone = await far.send('x').catch((error) => error.name);
         await channels[1].send(`${used} ${gone} ${(await near.receive()).text} ${(await near.receive()).text}`);",
    );
    let borrower = script(
        &engine,
        "import { readTextFile } from 'b8g'; const m = await channels[0].receive(); const [file, near] = m.resources;
         await near.send(await file.text()); await file.write('x').catch((error) => near.send(error.name));",
    );
    let ((a, b), (mine, c)) = (Channel::pair(), Channel::pair());
    let grants = Grants::none().read(directory.path()).unwrap().arguments([path.to_str().unwrap()]);
    let mut lends = Context::new(&lender, &grants, Limits::default()).unwrap();
    [a, c].into_iter().for_each(|channel| lends.connect(channel).unwrap());
    let lends = thread::spawn(move || lends.run());
    let borrows = running(&borrower, [b]);
    let told = String::from_utf8(mine.receive(SOON).unwrap()).unwrap();
    assert_eq!(
        told, "BadResource BadResource the secret BadResource",
        "and its rights are those that it had"
    );
    succeeds(lends);
    succeeds(borrows);
}

#[test]
fn what_cannot_be_sent_stays_with_the_sender() {
    let engine = engine();
    let mut context = context(&script(&engine, ""), []);
    let mut says = |source: &str| context.eval(source).unwrap().text;
    says(
        "globalThis.tell = (p) => p.then(() => 'sent', (error) => `${error.name}: ${error.message}`); import('b8g').then((m) => Object.assign(globalThis, m)); 0",
    );
    says("[a, b] = channel(); 0");
    for (source, told) in [
        ("await tell(a.send('x', { transfer: [b] }))", "InvalidData"),
        ("await tell(a.send('x', { transfer: [stdin] }))", "TypeError"),
        ("await tell(a.send('x', { transfer: [{}] }))", "TypeError"),
        ("await tell(a.send({}))", "TypeError"),
        ("await tell(a.send(new Uint8Array(2 ** 20 + 1)))", "LimitReached"),
        (
            "await tell(a.send('x', { transfer: Array.from({ length: 65 }, () => channel()[0]) }))",
            "LimitReached",
        ),
        ("await tell(a.send('still here'))", "sent"),
        ("(await b.receive()).text", "still here"),
        ("const [c] = channel(); await tell(a.send('', { transfer: [c, c] }))", "InvalidData"),
        ("a.close(); a.close(); await b.receive()", "null"),
        ("await tell(a.send('x'))", "BadResource"),
    ] {
        assert!(says(source).starts_with(told), "{source}: {}", says(source));
    }
}

#[test]
fn a_context_makes_so_many_channels_and_no_more() {
    let engine = engine();
    let component = Component::javascript(&engine).unwrap();
    let limits = Limits { channels_max: 5, ..Limits::default() };
    let mut context = Context::new(&component, &Grants::none(), limits).unwrap();
    context.eval("globalThis.made = []; import('b8g').then((m) => { globalThis.b8g = m; })").unwrap();
    let make = "try { for (let i = 0; i < 9; i++) made.push(b8g.channel()); } catch (error) { error.name + made.length }";
    assert_eq!(context.eval(make).unwrap(), "LimitReached5");
    // Ends that lie in messages count, and come back with them.
    assert_eq!(
        context
            .eval("await made[0][0].send('', { transfer: [made[1][0], made[1][1]] }); try { b8g.channel() } catch (e) { e.name }")
            .unwrap(),
        "LimitReached"
    );
    assert_eq!(
        context
            .eval("made[0].forEach((end) => end.close()); b8g.channel().length + b8g.channel().length")
            .unwrap(),
        "4"
    );
}

#[test]
fn channels_are_connected_before_the_start() {
    let engine = engine();
    let component = Component::javascript(&engine).unwrap();
    let mut context = Context::new(&component, &Grants::none(), Limits::default()).unwrap();
    (0..32).for_each(|_| context.connect(Channel::pair().0).unwrap());
    assert!(matches!(context.connect(Channel::pair().0), Err(StartError::Handles(32))));
    context.eval("import('b8g').then((m) => { globalThis.b8g = m; })").unwrap();
    assert_eq!(context.eval("b8g.channels.length").unwrap(), "32");
    assert!(matches!(context.connect(Channel::pair().0), Err(StartError::Started)));

    // Those from before are closed in a context that goes on from an image; new ones take their places.
    let image = context.snapshot().unwrap();
    let mut restored = Context::restore(&image, &Grants::none(), Limits::default()).unwrap();
    let (mine, theirs) = Channel::pair();
    restored.connect(theirs).unwrap();
    let (first, second) = Channel::pair();
    restored.connect(first).unwrap();
    assert_eq!(restored.eval("globalThis.old ??= b8g.channels[0]; b8g.channels.length").unwrap(), "2");
    restored.eval("b8g.channels[0].send('new')").unwrap();
    assert_eq!(mine.receive(SOON).unwrap(), b"new");
    assert_eq!(second.receive(Some(Duration::ZERO)), Err(ChannelError::NotReady));
    drop(restored);
    assert_eq!(second.receive(SOON), Err(ChannelError::Closed));
}

/// Echoes through the callback itself: what other languages do. Answers how many messages it saw.
const ECHO: &str = r#"(module (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
    (memory (export "memory") 17)
    (func (export "b8g_start") (param i32 i32 i32 i32) (result i32) (local $h i32) (local $got i64)
      ;; the initial vector at 0; the last entry is the channel
      (local.set $h (i32.load (i32.add (i32.const -4) (i32.wrap_i64
        (call $call (i32.const 8) (i32.const 0) (i64.const 1) (i64.const 0) (i64.const 0x0000020000000000) (i64.const 0))))))
      (loop $next
        ;; wait until it can be read
        (i32.store (i32.const 1024) (local.get $h)) (i32.store (i32.const 1028) (i32.const 1))
        (drop (call $call (i32.const 20) (i32.const 0) (i64.const 1024) (i64.const 1) (i64.const -1) (i64.const 1032)))
        (local.set $got (call $call (i32.const 11) (local.get $h) (i64.const 65536) (i64.const 1048576) (i64.const 2048) (i64.const 64)))
        (if (i64.eq (local.get $got) (i64.const -8)) (then (return (i32.const 0))))
        (drop (call $call (i32.const 10) (local.get $h) (i64.const 65536) (i64.and (local.get $got) (i64.const 0xffffffff))
          (i64.const 2048) (i64.shr_u (local.get $got) (i64.const 32))))
        (br $next))
      (unreachable)))"#;

#[test]
fn a_component_of_its_own_talks_with_a_script() {
    let engine = engine();
    let echo = Component::from_wasm(&engine, ECHO.as_bytes()).unwrap();
    let asks = script(
        &engine,
        "const [c, out] = channels; const [near, far] = channel();
         await c.send('there', { transfer: [far] });
         const back = await c.receive(); await back.resources[0].send('and back');
         await out.send(`${back.text} ${(await near.receive()).text}`);",
    );
    let ((a, b), (mine, theirs)) = (Channel::pair(), Channel::pair());
    let (echoes, asks) = (running(&echo, [a]), running(&asks, [b, theirs]));
    assert_eq!(mine.receive(SOON).unwrap(), b"there and back");
    succeeds(asks);
    succeeds(echoes);
}

#[test]
fn pointers_that_lead_out_of_memory_are_faults() {
    let engine = engine();
    let text = r#"(module (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
        (memory (export "memory") 1)
        (func (export "b8g_start") (param i32 i32 i32 i32) (result i32) (i32.const 0))
        (func (export "new") (param i64) (result i64)
          (call $call (i32.const 9) (i32.const 0) (local.get 0) (i64.const 0) (i64.const 0) (i64.const 0)))
        (func (export "op") (param i32 i32 i64 i64 i64 i64) (result i64)
          (call $call (local.get 0) (i32.load (i32.mul (i32.const 4) (local.get 1))) (local.get 2) (local.get 3) (local.get 4) (local.get 5))))"#;
    let component = Component::from_wasm(&engine, text.as_bytes()).unwrap();
    let mut context = context(&component, []);
    let mut call = |name: &str, arguments: &[Value]| match context.call(name, arguments).unwrap()[..] {
        [Value::I64(n)] => n,
        _ => panic!(),
    };
    assert_eq!(call("new", &[Value::I64(65536 - 4)]), -5);
    assert_eq!(call("new", &[Value::I64(-1)]), -5);
    assert_eq!(call("new", &[Value::I64(0)]), 8);
    let mut op = |op: i32, end: i32, a: i64, b: i64, c: i64, d: i64| {
        call(
            "op",
            &[Value::I32(op), Value::I32(end), Value::I64(a), Value::I64(b), Value::I64(c), Value::I64(d)],
        )
    };
    assert_eq!(op(10, 0, 65536, 1, 0, 0), -5);
    assert_eq!(op(10, 0, 0, i64::MAX, 0, 0), -5);
    assert_eq!(op(10, 0, 0, 0, 65536, 1), -5);
    assert_eq!(op(10, 0, 0, 0, 0, 65), -13);
    assert_eq!(op(10, 0, 0, 0, 0, -1), -4);
    assert_eq!(op(10, 9, 0, 0, 0, 0), -1, "no such handle");
    assert_eq!(op(10, 0, 0, 100, 0, 0), 0);
    assert_eq!(op(11, 1, 0, 99, 0, 0), -13, "it stays");
    assert_eq!(op(11, 1, 0, 100, 50, 64), -4, "the rooms overlap");
    assert_eq!(op(11, 1, 65530, 100, 0, 0), -5);
    assert_eq!(op(11, 1, 1000, 100, 2000, 64), 100);
    assert_eq!(op(11, 1, 1000, 100, 2000, 64), -7);
}

/// Contexts with seeds do not wait for clocks, but for one another they do.
#[test]
fn seeded_contexts_wait_for_one_another() {
    let engine = engine();
    let late = script(
        &engine,
        "await new Promise((done) => setTimeout(done, 3600_000)); await channels[0].send('an hour later');",
    );
    let output = Capture::new();
    let grants = Grants::none().seed(1).stdout(Stdout::Capture(output.clone()));
    let waits = script(&engine, "console.log((await channels[0].receive()).text)");
    let (a, b) = Channel::pair();
    let mut contexts = [(late, a), (waits, b)].map(|(component, channel)| {
        let mut context = Context::new(&component, &grants, Limits::default()).unwrap();
        context.connect(channel).unwrap();
        context
    });
    thread::scope(|scope| {
        contexts.iter_mut().for_each(|context| {
            scope.spawn(|| assert_eq!(context.run().exit_code, 0));
        });
    });
    assert_eq!(output.take(), b"an hour later\n");
}
