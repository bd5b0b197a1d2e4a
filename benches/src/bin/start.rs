//! How fast something starts: a whole process, a context in a process, and what a thousand idle contexts hold.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use b8g::{Component, Config, Context, Engine, Grants, Language, Limits, Value};
use b8g_benches::process::{self, Run};
use b8g_benches::{Figure, Peer, Report, batch, in_turn, median, pooled, pss_kib, us};

/// Runs of each whole process.
const PROCESS_ROUNDS: usize = 40;
/// Contexts that are started one after the other, and how often.
const BATCH: usize = 100;
const BATCHES: usize = 50;
/// Contexts that live at a time.
const IDLE: usize = 1_000;

fn main() -> anyhow::Result<()> {
    let report = Report::begin("start: whole processes, contexts in a process, idle contexts");
    whole_processes(&report)?;
    let engine = Engine::new(Config::new())?;
    contexts(&report, &engine)?;
    idle_contexts(&report, &engine)
}

struct Runtime {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<PathBuf>,
    ratio_at_most: f64,
}

/// `hello.ts` is plain enough for every peer; those that do not take the extension get it under another one.
fn peers(hello: &Path) -> Vec<Runtime> {
    let mut peers = Vec::new();
    if let Some(program) = process::find("node", "B8G_NODE") {
        let takes = process::run(program.as_os_str(), &[hello.as_os_str()]).is_ok_and(|run| run.code == 0);
        let file = if takes { hello.to_owned() } else { hello.with_extension("mjs") };
        peers.push(Runtime { name: "node", program, arguments: vec![file], ratio_at_most: 1.0 / 6.0 });
    }
    if let Some(program) = process::find("deno", "B8G_DENO") {
        let arguments = vec!["run".into(), "--no-check".into(), hello.to_owned()];
        peers.push(Runtime { name: "deno", program, arguments, ratio_at_most: 1.0 / 4.0 });
    }
    peers
}

fn whole_processes(report: &Report) -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let hello = temp.path().join("hello.ts");
    let source = "const who = \"world\";\nconsole.log(`hello, ${who}`);\n";
    std::fs::write(&hello, source)?;
    std::fs::write(hello.with_extension("mjs"), source)?;
    let b8g = process::b8g()?;
    let ours: [&OsStr; 2] = ["run".as_ref(), hello.as_os_str()];
    let first = process::run(b8g.as_os_str(), &ours)?;
    anyhow::ensure!(first.code == 0, "b8g run hello.ts ended with {}", first.code);
    let peers = peers(&hello);
    let mut peak = 0.0f64;
    let mut run_ours = || {
        let run = process::run(b8g.as_os_str(), &ours);
        let run = run.unwrap_or(Run { wall: Default::default(), peak_kib: 0.0, code: -1 });
        peak = peak.max(run.peak_kib);
        us(run.wall) / 1000.0
    };
    let mut others: Vec<Box<dyn FnMut() -> f64>> = peers
        .iter()
        .map(|peer| -> Box<dyn FnMut() -> f64> {
            Box::new(|| {
                let arguments: Vec<&OsStr> = peer.arguments.iter().map(|a| a.as_os_str()).collect();
                process::run(peer.program.as_os_str(), &arguments)
                    .map_or(f64::NAN, |run| us(run.wall) / 1000.0)
            })
        })
        .collect();
    let mut acts: Vec<&mut dyn FnMut() -> f64> = vec![&mut run_ours];
    acts.extend(others.iter_mut().map(|other| &mut **other as &mut dyn FnMut() -> f64));
    let found = in_turn(PROCESS_ROUNDS, &mut acts);
    for (peer, theirs) in peers.iter().zip(&found[1..]) {
        report.add(Figure {
            name: "b8g run hello.ts, whole process".into(),
            value: median(&found[0]),
            unit: "ms",
            peer: Some(Peer::compared(peer.name, &found[0], theirs)),
            n: PROCESS_ROUNDS,
            at_most: Some(peer.ratio_at_most),
        });
    }
    for (name, variable) in [("node", "B8G_NODE"), ("deno", "B8G_DENO")] {
        if process::find(name, variable).is_none() {
            report.skip(
                &format!("… against {name}"),
                &format!("no {name} on the path; {variable} may name one"),
            );
        }
    }
    report.add(Figure {
        name: "b8g run hello.ts, peak memory".into(),
        value: peak / 1024.0,
        unit: "MiB",
        peer: None,
        n: PROCESS_ROUNDS,
        at_most: Some(25.0),
    });
    Ok(())
}

fn contexts(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let data = "x".repeat(4096);
    let text = format!(
        r#"(module (memory 32) (data (i32.const 65536) "{data}")
             (func (export "touch") (param i32) (result i32)
               (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1)))
               (i32.load (local.get 0))))"#
    );
    let component = Component::from_wasm(engine, text.as_bytes())?;
    let nothing = Grants::none();
    let wasm = || {
        let mut context = Context::new(&component, &nothing, Limits::default()).expect("a context");
        context.call("touch", &[Value::I32(65536)]).expect("an answer");
    };
    // The same with wasmtime alone, its pooling allocator and its own images.
    let mut bare = pooled(&text)?;
    let program = Component::javascript(engine)?;
    let clocks = Grants::none().clocks().randomness();
    let javascript = || {
        let mut context = Context::new(&program, &clocks, Limits::default()).expect("a context");
        assert_eq!(context.eval("1+1").expect("an answer"), "2");
    };
    let found = in_turn(
        BATCHES,
        &mut [&mut || batch(BATCH, wasm), &mut || batch(BATCH, &mut bare), &mut || batch(BATCH, javascript)],
    );
    let add = |name: &str, found: &[f64], peer: Option<Peer>, at_most: Option<f64>| {
        let (name, value) = (name.into(), median(found));
        report.add(Figure { name, value, unit: "us", peer, n: BATCHES * BATCH, at_most });
    };
    add("wasm context: start, call, drop", &found[0], None, Some(6.0));
    let peer = Peer::compared("wasmtime's pooling allocator", &found[0], &found[1]);
    add("… against the bare peer", &found[0], Some(peer), None);
    add("JavaScript context: start, eval 1+1, drop", &found[2], None, Some(25.0));
    Ok(())
}

fn idle_contexts(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let source = "globalThis.state = { n: 1 }; setTimeout(() => {}, 1e9);";
    let component = Component::from_source(engine, "idle.js", Language::JavaScript, source, Path::new("."))?;
    let grants = Grants::none().clocks().randomness();
    let before = pss_kib();
    let mut contexts = Vec::with_capacity(IDLE);
    for _ in 0..IDLE {
        let mut context = Context::new(&component, &grants, Limits::default())?;
        context.start().map_err(|outcome| anyhow::anyhow!("{outcome}"))?;
        anyhow::ensure!(context.is_waiting(), "the context must wait for its timer");
        contexts.push(context);
    }
    report.add(Figure {
        name: "idle JavaScript context, proportional memory".into(),
        value: (pss_kib() - before) / IDLE as f64,
        unit: "KiB",
        peer: None,
        n: IDLE,
        at_most: Some(200.0),
    });
    Ok(())
}
