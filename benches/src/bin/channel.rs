//! How fast contexts talk: a round trip on one thread, messages between two threads, what an operation costs.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Instant;

use b8g::{Channel, Component, Config, Context, Engine, Grants, Language, Limits, Value};
use b8g_benches::{Figure, Peer, Report, batch, in_turn, median, plain, process, us};

/// Measurements of each kind.
const ROUNDS: usize = 15;
/// Round trips in one measurement.
const TRIPS: usize = 20_000;
/// Messages of 64 bytes in one measurement.
const MESSAGES: usize = 200_000;
/// Operations in one measurement.
const OPERATIONS: i32 = 1_000_000;

fn main() -> anyhow::Result<()> {
    let report = Report::begin("channel: round trips, small messages, operations");
    let engine = Engine::new(Config::new())?;
    round_trips(&report, &engine)?;
    messages(&report, &engine)?;
    operations(&report, &engine)
}

/// A component that sends 64 bytes, or takes a message and sends one, when its functions are called.
const TALKS: &str = r#"(module (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
    (memory (export "memory") 1) (global $h (mut i32) (i32.const 0))
    (func (export "b8g_start") (param i32 i32 i32 i32) (result i32)
      (global.set $h (i32.load (i32.add (i32.const -4) (i32.wrap_i64
        (call $call (i32.const 8) (i32.const 0) (i64.const 1) (i64.const 0) (i64.const 0x0000020000000000) (i64.const 0))))))
      (i32.const 0))
    (func $send (export "send") (result i64)
      (call $call (i32.const 10) (global.get $h) (i64.const 1024) (i64.const 64) (i64.const 0) (i64.const 0)))
    (func $take (export "take") (result i64)
      (call $call (i32.const 11) (global.get $h) (i64.const 1024) (i64.const 64) (i64.const 2048) (i64.const 4)))
    (func (export "nothing"))
    (func (export "turn") (result i64) (if (i64.ne (call $take) (i64.const 64)) (then unreachable)) (call $send))
    (func (export "send_all") (param $n i32) (loop $next
      (if (i64.eq (call $send) (i64.const -7)) (then
        (i32.store (i32.const 8) (global.get $h)) (i32.store (i32.const 12) (i32.const 2))
        (drop (call $call (i32.const 20) (i32.const 0) (i64.const 8) (i64.const 1) (i64.const -1) (i64.const 16)))
        (br $next)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "take_all") (param $n i32) (loop $next
      (if (i64.eq (call $take) (i64.const -7)) (then
        (i32.store (i32.const 8) (global.get $h)) (i32.store (i32.const 12) (i32.const 1))
        (drop (call $call (i32.const 20) (i32.const 0) (i64.const 8) (i64.const 1) (i64.const -1) (i64.const 16)))
        (br $next)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "info") (param $n i32) (loop $next
      (drop (call $call (i32.const 0) (global.get $h) (i64.const 32) (i64.const 16) (i64.const 0) (i64.const 0)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

fn connected(engine: &Engine) -> anyhow::Result<[Context; 2]> {
    let component = Component::from_wasm(engine, TALKS.as_bytes())?;
    let (first, second) = Channel::pair();
    let made = |end| -> anyhow::Result<Context> {
        let mut context = Context::new(&component, &Grants::none(), Limits::default())?;
        context.connect(end)?;
        context.start().map_err(|outcome| anyhow::anyhow!("{outcome}"))?;
        Ok(context)
    };
    Ok([made(first)?, made(second)?])
}

fn round_trips(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let [mut here, mut there] = connected(engine)?;
    here.call("send", &[])?;
    // Each takes what the other one sent, and answers.
    let mut trip = || {
        there.call("turn", &[]).expect("it answers");
        assert_eq!(here.call("turn", &[]).expect("it is taken, and the next one sent"), [Value::I64(0)]);
    };
    let found: Vec<f64> = (0..ROUNDS).map(|_| batch(TRIPS, &mut trip)).collect();
    let nothing: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            batch(TRIPS, || {
                here.call("nothing", &[]).expect("it is called");
            })
        })
        .collect();
    report.add(Figure {
        name: "call of a function that does nothing (a round trip is two calls)".into(),
        value: median(&nothing),
        unit: "us",
        peer: None,
        n: ROUNDS * TRIPS,
        at_most: None,
    });
    report.add(Figure {
        name: "round trip of 64 bytes, two wasm contexts on one thread".into(),
        value: median(&found),
        unit: "us",
        peer: None,
        n: ROUNDS * TRIPS,
        at_most: Some(1.0),
    });
    Ok(())
}

/// What node does: one worker posts, the main thread counts.
const NODE: &str = "const { Worker, isMainThread, parentPort } = require('worker_threads'); const n = Number(process.argv[2]);
if (isMainThread) { const worker = new Worker(__filename, { argv: [n] }); let got = 0, begun;
  worker.on('message', () => { if (got++ === 0) begun = performance.now(); if (got === n) { console.log(performance.now() - begun); worker.terminate(); } });
} else { const message = new Uint8Array(64); for (let i = 0; i < n; i++) parentPort.postMessage(message); }";

fn messages(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let wasm = || -> anyhow::Result<f64> {
        let [mut sends, mut takes] = connected(engine)?;
        let all = [Value::I32(MESSAGES as i32)];
        let begun = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| sends.call("send_all", &all).expect("all are sent"));
            takes.call("take_all", &all).expect("all are taken");
        });
        Ok(us(begun.elapsed()) / MESSAGES as f64)
    };
    let source =
        |text: &str| Component::from_source(engine, "a.js", Language::JavaScript, text, Path::new("."));
    let sender = source(&format!(
        "import {{ channels }} from 'b8g'; const data = new Uint8Array(64);
         for (let i = 0; i < {MESSAGES}; i++) await channels[0].send(data);"
    ))?;
    let taker = source(
        "import { channels } from 'b8g'; let n = 0; while (await channels[0].receive()) n++; if (n < 1) throw n;",
    )?;
    let scripts = || -> anyhow::Result<f64> {
        let (first, second) = Channel::pair();
        let made = |component: &Component, end| -> anyhow::Result<Context> {
            let mut context = Context::new(component, &Grants::none(), Limits::default())?;
            context.connect(end)?;
            Ok(context)
        };
        let (mut sends, mut takes) = (made(&sender, first)?, made(&taker, second)?);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(sends.run().is_success()));
            assert!(takes.run().is_success());
        });
        Ok(us(begun.elapsed()) / MESSAGES as f64)
    };
    let temp = tempfile::tempdir()?;
    let script = temp.path().join("post.js");
    std::fs::write(&script, NODE)?;
    let node = process::find("node", "B8G_NODE");
    let posted = || -> f64 {
        let Some(node) = &node else { return f64::NAN };
        let arguments: [&OsStr; 2] = [script.as_os_str(), OsStr::new("200000")];
        let output = std::process::Command::new(node).args(arguments).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let ms: f64 = text.unwrap_or_default().trim().parse().unwrap_or(f64::NAN);
        ms * 1000.0 / MESSAGES as f64
    };
    let found = in_turn(
        ROUNDS / 3,
        &mut [&mut || wasm().unwrap_or(f64::NAN), &mut || scripts().unwrap_or(f64::NAN), &mut || posted()],
    );
    let add = |name: &str, ours: &[f64], at_most: Option<f64>| {
        let peer = node.as_ref().map(|_| Peer::compared("node's postMessage", ours, &found[2]));
        let n = ours.len();
        report.add(Figure { name: name.into(), value: median(ours), unit: "us", peer, n, at_most });
    };
    add("message of 64 bytes, wasm to wasm, two threads", &found[0], Some(1.0 / 5.0));
    add("message of 64 bytes, script to script, two threads", &found[1], None);
    Ok(())
}

/// An operation through the callback, against a call of a host function that does nothing.
fn operations(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let [mut context, _other] = connected(engine)?;
    let bare = wasmtime::Engine::default();
    let mut linker = wasmtime::Linker::new(&bare);
    let nothing = |_: wasmtime::Caller<'_, ()>, _: i32, _: i32, a: i64, _: i64, _: i64, _: i64| a;
    linker.func_wrap("b8g", "call", nothing).map_err(plain)?;
    let module = wasmtime::Module::new(&bare, TALKS).map_err(plain)?;
    let mut store = wasmtime::Store::new(&bare, ());
    let instance = linker.instantiate(&mut store, &module).map_err(plain)?;
    let info = instance.get_typed_func::<i32, ()>(&mut store, "info").map_err(plain)?;
    let each = |begun: Instant| us(begun.elapsed()) * 1000.0 / f64::from(OPERATIONS);
    let found = in_turn(
        ROUNDS,
        &mut [
            &mut || {
                let begun = Instant::now();
                context.call("info", &[Value::I32(OPERATIONS)]).expect("it runs");
                each(begun)
            },
            &mut || {
                let begun = Instant::now();
                info.call(&mut store, OPERATIONS).expect("it runs");
                each(begun)
            },
        ],
    );
    let beyond: Vec<f64> = found[0].iter().zip(&found[1]).map(|(ours, bare)| ours - bare).collect();
    report.add(Figure {
        name: "info of a handle, beyond the bare call of a host function".into(),
        value: median(&beyond),
        unit: "ns",
        peer: None,
        n: ROUNDS,
        at_most: Some(100.0),
    });
    Ok(())
}
