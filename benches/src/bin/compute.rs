//! How fast code runs once it has started, and what being stoppable costs it.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use b8g::{Component, Config, Context, Engine, Grants, Interrupt, Limits, Reason, Value};
use b8g_benches::process;
use b8g_benches::{Figure, Peer, Report, in_turn, median, plain, us};

/// Measurements of each program.
const ROUNDS: usize = 15;
/// Deadlines that are measured for each hostile program.
const DEADLINES: usize = 20;

const SCRIPTS: [(&str, &str); 3] = [
    ("fib", include_str!("../../js/fib.js")),
    ("sieve", include_str!("../../js/sieve.js")),
    ("strings", include_str!("../../js/strings.js")),
];

/// Integer, float and memory loops in one module.
const WORK: &str = r#"(module (memory (export "memory") 64)
  (func $fib (param i32) (result i32) (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
    (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "calls") (result i32) (call $fib (i32.const 30)))
  (func (export "floats") (result i32) (local $i i32) (local $x f64)
    (local.set $x (f64.const 1))
    (loop $l (local.set $x (f64.add (f64.mul (local.get $x) (f64.const 1.0000001)) (f64.const 0.5)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000000))))
    (i32.trunc_sat_f64_s (local.get $x)))
  (func (export "memory_loop") (result i32) (local $i i32) (local $s i32) (local $r i32)
    (loop $o (local.set $i (i32.const 0))
      (loop $l (i32.store (local.get $i) (local.tee $s (i32.add (local.get $s) (i32.load offset=64 (local.get $i)))))
        (local.set $s (i32.add (local.get $s) (i32.const 7)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 4000000))))
      (br_if $o (i32.lt_u (local.tee $r (i32.add (local.get $r) (i32.const 1))) (i32.const 8))))
    (local.get $s))
  (func (export "tight") (result i32) (local $i i32)
    (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000000))))
    (local.get $i)))"#;

const FUNCTIONS: [&str; 4] = ["calls", "floats", "memory_loop", "tight"];

fn main() -> anyhow::Result<()> {
    let report =
        Report::begin("compute: JavaScript loops, wasm loops, the cost of being stoppable, deadlines");
    let engine = Engine::new(Config::new())?;
    javascript(&report, &engine)?;
    wasm(&report, &engine)?;
    stoppable(&report)?;
    deadlines(&report, &engine)
}

type Measure = Box<dyn FnMut() -> f64>;

fn javascript(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let native = process::find("qjs-native", "B8G_QJS");
    if native.is_none() {
        report.skip("… against native QuickJS", "cargo xtask bench compute builds it; B8G_QJS may name one");
    }
    let node = process::find("node", "B8G_NODE");
    let temp = tempfile::tempdir()?;
    for (name, script) in SCRIPTS {
        let component = Component::javascript(engine)?;
        let grants = Grants::none().clocks().randomness();
        let mut context =
            Context::new(&component, &grants, Limits { memory_bytes_max: 256 << 20, ..Limits::default() })?;
        context.eval(script)?;
        let mut ours = || {
            let begun = Instant::now();
            context.eval("work()").expect("an answer");
            us(begun.elapsed()) / 1000.0
        };
        let file = temp.path().join(format!("{name}.js"));
        std::fs::write(&file, format!("{script}\n{PEER_TIMER}"))?;
        let peer = |program: &Path, flag: &'static str| {
            let (program, file) = (program.to_owned(), file.clone());
            move || timed_by_itself(&program, flag, &file).unwrap_or(f64::NAN)
        };
        let mut others: Vec<(&str, Measure, Option<f64>)> = Vec::new();
        if let Some(native) = &native {
            others.push(("native QuickJS", Box::new(peer(native, "--script")), Some(1.5)));
        }
        if let Some(node) = &node {
            others.push(("node --jitless", Box::new(peer(node, "--jitless")), None));
        }
        let mut acts: Vec<&mut dyn FnMut() -> f64> = vec![&mut ours];
        acts.extend(others.iter_mut().map(|(_, act, _)| &mut **act as &mut dyn FnMut() -> f64));
        let found = in_turn(ROUNDS, &mut acts);
        for ((peer, _, at_most), theirs) in others.iter().zip(&found[1..]) {
            report.add(Figure {
                name: format!("JavaScript {name}"),
                value: median(&found[0]),
                unit: "ms",
                peer: Some(Peer::compared(peer, &found[0], theirs)),
                n: ROUNDS,
                at_most: *at_most,
            });
        }
    }
    Ok(())
}

/// Appended to a script for a peer: prints the median of a few calls in milliseconds.
const PEER_TIMER: &str = r#"
const clock = globalThis.performance ? () => performance.now() : () => Date.now();
const found = [];
for (let i = 0; i < 6; i++) { const begun = clock(); work(); found.push(clock() - begun); }
found.shift(); found.sort((a, b) => a - b);
(globalThis.console ? console.log : print)(found[2]);
"#;

fn timed_by_itself(program: &Path, flag: &str, file: &Path) -> anyhow::Result<f64> {
    let output = Command::new(program).arg(flag).arg(file).stdin(Stdio::null()).output()?;
    anyhow::ensure!(output.status.success(), "{} failed", program.display());
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The bare peer: wasmtime with the settings that its own command line uses.
struct Bare {
    store: wasmtime::Store<()>,
    instance: wasmtime::Instance,
}

impl Bare {
    fn new(text: &str) -> anyhow::Result<Bare> {
        let engine = wasmtime::Engine::default();
        let module = wasmtime::Module::new(&engine, text).map_err(plain)?;
        let mut store = wasmtime::Store::new(&engine, ());
        let instance = wasmtime::Instance::new(&mut store, &module, &[]).map_err(plain)?;
        Ok(Bare { store, instance })
    }

    fn time(&mut self, name: &str) -> f64 {
        let work = self.instance.get_typed_func::<(), i32>(&mut self.store, name).expect("the export");
        let begun = Instant::now();
        work.call(&mut self.store, ()).expect("an answer");
        us(begun.elapsed()) / 1000.0
    }
}

fn time_call(context: &mut Context, name: &str) -> f64 {
    let begun = Instant::now();
    let answer = context.call(name, &[]).expect("an answer");
    assert!(matches!(answer[..], [Value::I32(_)]));
    us(begun.elapsed()) / 1000.0
}

fn wasm(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let component = Component::from_wasm(engine, WORK.as_bytes())?;
    let mut context = Context::new(&component, &Grants::none(), Limits::default())?;
    let mut peer = Bare::new(WORK)?;
    for name in FUNCTIONS {
        let found = in_turn(ROUNDS, &mut [&mut || time_call(&mut context, name), &mut || peer.time(name)]);
        report.add(Figure {
            name: format!("wasm {name}"),
            value: median(&found[0]),
            unit: "ms",
            peer: Some(Peer::compared("wasmtime, default settings", &found[0], &found[1])),
            n: ROUNDS,
            at_most: Some(1.05),
        });
    }
    whole_process(report)
}

/// The same module under `b8g run` and under wasmtime's own command, where that is on the path.
fn whole_process(report: &Report) -> anyhow::Result<()> {
    let Some(wasmtime) = process::find("wasmtime", "B8G_WASMTIME") else {
        report.skip(
            "b8g run, wasm, against wasmtime run",
            "no wasmtime on the path; B8G_WASMTIME may name one",
        );
        return Ok(());
    };
    let temp = tempfile::tempdir()?;
    let file = temp.path().join("work.wasm");
    let text = WORK.replace("(export \"calls\") (result i32)", "(export \"_start\")");
    let text = text.replace("(call $fib (i32.const 30))", "(drop (call $fib (i32.const 38)))");
    std::fs::write(&file, wat::parse_str(&text)?)?;
    let b8g = process::b8g()?;
    let run = |program: &Path| {
        let arguments: [&OsStr; 2] = ["run".as_ref(), file.as_os_str()];
        process::run(program.as_os_str(), &arguments).map_or(f64::NAN, |run| us(run.wall) / 1000.0)
    };
    let found = in_turn(ROUNDS, &mut [&mut || run(&b8g), &mut || run(&wasmtime)]);
    report.add(Figure {
        name: "b8g run work.wasm, whole process".into(),
        value: median(&found[0]),
        unit: "ms",
        peer: Some(Peer::compared("wasmtime run", &found[0], &found[1])),
        n: ROUNDS,
        at_most: Some(1.05),
    });
    Ok(())
}

/// The tightest loop with a deadline against the same without one.
fn stoppable(report: &Report) -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let file = temp.path().join("tight.wasm");
    let text = r#"(module (func (export "_start") (local $i i64)
        (loop $l (br_if $l (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.const 600000000))))))"#;
    std::fs::write(&file, wat::parse_str(text)?)?;
    let b8g = process::b8g()?;
    let run = |arguments: &[&str]| {
        let mut all: Vec<&OsStr> = vec!["run".as_ref()];
        all.extend(arguments.iter().map(|argument| -> &OsStr { argument.as_ref() }));
        all.push(file.as_os_str());
        process::run(b8g.as_os_str(), &all).map_or(f64::NAN, |run| us(run.wall) / 1000.0)
    };
    let found = in_turn(ROUNDS, &mut [&mut || run(&["--timeout=60s"]), &mut || run(&[])]);
    report.add(Figure {
        name: "tightest loop under b8g run --timeout".into(),
        value: median(&found[0]),
        unit: "ms",
        peer: Some(Peer::compared("the same without --timeout", &found[0], &found[1])),
        n: ROUNDS,
        at_most: Some(1.02),
    });
    let mut peer = Bare::new(WORK)?;
    for interrupt in [Interrupt::Signal, Interrupt::Epoch] {
        let engine = Engine::new(Config::new().interrupt(interrupt))?;
        if engine.interrupt() != interrupt {
            report.skip("tightest loop, stopped by signal", "the self-test failed on this machine");
            continue;
        }
        let component = Component::from_wasm(&engine, WORK.as_bytes())?;
        let limits = Limits { timeout: Some(Duration::from_secs(600)), ..Limits::default() };
        let mut context = Context::new(&component, &Grants::none(), limits)?;
        for name in ["tight", "memory_loop"] {
            let found =
                in_turn(ROUNDS, &mut [&mut || time_call(&mut context, name), &mut || peer.time(name)]);
            report.add(Figure {
                name: format!("{name} in a shared process, stoppable by {}", interrupt.name()),
                value: median(&found[0]),
                unit: "ms",
                peer: Some(Peer::compared("not stoppable", &found[0], &found[1])),
                n: ROUNDS,
                at_most: (interrupt == Interrupt::Signal).then_some(1.02),
            });
        }
    }
    Ok(())
}

/// JavaScript that never ends by itself.
const ENDLESS: [(&str, &str); 5] = [
    ("tight loop", "for (;;) {}"),
    ("regular expression", "/^(a+)+$/.test('a'.repeat(40) + 'b')"),
    (
        "sort of a huge array",
        "for (;;) Array.from({ length: 300000 }, (_, i) => (i * 7919) % 300007).sort((a, b) => a - b)",
    ),
    ("endless microtasks", "(function again() { Promise.resolve().then(again); })()"),
    ("string building", "for (;;) { let s = ''; for (let i = 0; i < 1e6; i++) s += i; }"),
];

const FILL: &str = r#"(module (memory 1000) (func (export "_start")
    (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536000)) (br $l))))"#;

fn deadlines(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let deadline = Duration::from_millis(30);
    let limits = Limits { timeout: Some(deadline), ..Limits::default() };
    let grants = Grants::none().clocks().randomness();
    let javascript = Component::javascript(engine)?;
    let fill = Component::from_wasm(engine, FILL.as_bytes())?;
    let measure = |name: &str, act: &mut dyn FnMut() -> anyhow::Result<Reason>| -> anyhow::Result<()> {
        let mut worst = 0.0f64;
        for _ in 0..DEADLINES {
            let begun = Instant::now();
            let reason = act()?;
            anyhow::ensure!(reason == Reason::Timeout, "{name} ended with {reason}");
            worst = worst.max(us(begun.elapsed().saturating_sub(deadline)) / 1000.0);
        }
        report.add(Figure {
            name: format!("deadline overrun in a shared process, worst: {name}"),
            value: worst,
            unit: "ms",
            peer: None,
            n: DEADLINES,
            at_most: Some(50.0),
        });
        Ok(())
    };
    for (name, source) in ENDLESS {
        measure(name, &mut || {
            let mut context = Context::new(&javascript, &grants, limits.clone())?;
            match context.eval(source) {
                Err(b8g::EvalError::Ended(outcome)) => Ok(outcome.reason),
                other => anyhow::bail!("{other:?}"),
            }
        })?;
    }
    measure("memory.fill of 62.5 MiB", &mut || {
        let limits = Limits { memory_bytes_max: 64 << 20, ..limits.clone() };
        Ok(Context::new(&fill, &grants, limits)?.run().reason)
    })?;
    command_deadlines(report)
}

/// The same for a process of its own: from the deadline to the end of the process.
fn command_deadlines(report: &Report) -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let b8g = process::b8g()?;
    let fill = temp.path().join("fill.wasm");
    std::fs::write(&fill, wat::parse_str(FILL)?)?;
    let mut files = vec![("memory.fill".to_owned(), fill)];
    for (name, source) in ENDLESS {
        let file = temp.path().join(format!("{}.js", name.replace(' ', "-")));
        std::fs::write(&file, source)?;
        files.push((name.to_owned(), file));
    }
    let stdin = temp.path().join("stdin.js");
    std::fs::write(&stdin, "import { stdin } from 'b8g'; await stdin.read(new Uint8Array(1));")?;
    files.push(("blocking on stdin".to_owned(), stdin));
    for (name, file) in files {
        let mut worst = 0.0f64;
        for _ in 0..DEADLINES / 2 {
            let begun = Instant::now();
            let mut child = Command::new(&b8g)
                .args(["run", "--timeout=100ms", "--memory=128M"])
                .arg(&file)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?;
            let held = child.stdin.take();
            let status = child.wait()?;
            drop(held.map(|mut stdin| stdin.flush()));
            anyhow::ensure!(status.code() == Some(124), "{name} ended with {status}");
            worst = worst.max(us(begun.elapsed().saturating_sub(Duration::from_millis(100))) / 1000.0);
        }
        report.add(Figure {
            name: format!("deadline overrun of b8g run, start and end included: {name}"),
            value: worst,
            unit: "ms",
            peer: None,
            n: DEADLINES / 2,
            at_most: Some(50.0),
        });
    }
    Ok(())
}
