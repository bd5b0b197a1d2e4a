//! Contexts with the whole platform: how soon one gives its first result, and calls of WebAssembly within one.
//!
//! The peer of a context is a context of node's module `vm`, which has the language alone and no platform.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;
use b8g::{Capture, Component, Config, Context, Engine, Grants, Language, Limits, Stdout};
use b8g_benches::{Figure, Peer, Report, batch, in_turn, median};

const BATCHES: usize = 15;
const BATCH: usize = 200;
const ROUNDS: usize = 7;

const FIRST: &str = "new URL('https://example.org/a?n=42').searchParams.get('n')";
const VM: &str = "const vm = require('vm');
const once = () => vm.runInNewContext(\"'42'.slice(0)\");
for (let i = 0; i < 100; i++) once();
const begun = performance.now();
for (let i = 0; i < 200; i++) once();
console.log((performance.now() - begun) * 1000 / 200);\n";

/// Adds two numbers, counts in a memory, and calls back: ns for each.
const WASM: &str = "const bytes = new Uint8Array(BYTES);
let called = 0;
const { add, back, m } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { a: { f() { called++; } } }).exports;
const seen = new Uint8Array(m.buffer);
const measure = (n, act) => { act(n / 10); const begun = performance.now(); act(n); return (performance.now() - begun) * 1e6 / n; };
const times = [
  measure(200000, (n) => { for (let i = 0; i < n; i++) { add(i, 1); seen[i & 1023]++; } }),
  measure(200000, (n) => back(n)),
];
console.log(times.join(' '));\n";
const MODULE: &str = r#"(module (import "a" "f" (func $f)) (memory (export "m") 256)
    (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
    (func (export "back") (param i32) (loop (call $f) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;

pub fn measure(report: &Report, node: &Path) -> Result<()> {
    let engine = Engine::new(Config::new())?;
    first_results(report, &engine, node)?;
    wasm(report, &engine, node)
}

/// What a node prints that runs this.
fn printed(node: &Path, source: &str) -> Vec<f64> {
    let output = Command::new(node).args(["-e", source]).stderr(Stdio::inherit()).output();
    let output = output.map_or_else(|_| String::new(), |o| String::from_utf8_lossy(&o.stdout).into_owned());
    output.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

fn first_results(report: &Report, engine: &Engine, node: &Path) -> Result<()> {
    let program = Component::javascript(engine)?;
    let grants = Grants::none().clocks().randomness().compute();
    let first = |text: &'static str, answer: &'static str| {
        let (program, grants) = (program.clone(), grants.clone());
        move || {
            let mut context = Context::new(&program, &grants, Limits::default()).expect("a context");
            assert_eq!(context.eval(text).expect("an answer"), answer);
        }
    };
    let (mut plain, mut url) = (first("40 + 2", "42"), first(FIRST, "42"));
    let times = in_turn(
        BATCHES,
        &mut [&mut || batch(BATCH, &mut plain), &mut || batch(BATCH, &mut url), &mut || {
            printed(node, VM).first().copied().unwrap_or(f64::NAN)
        }],
    );
    for (name, at, at_most) in [
        ("a context with the web platform, its first result", 0, Some(40.0)),
        ("the same, of a URL and its parameters", 1, None),
    ] {
        report.add(Figure {
            name: name.into(),
            value: median(&times[at]),
            unit: "us",
            peer: Some(Peer::compared("node vm, no platform", &times[at], &times[2])),
            n: BATCHES * BATCH,
            at_most: None,
        });
        if let Some(at_most) = at_most {
            report.add(Figure {
                name: "… in time".into(),
                value: median(&times[at]),
                unit: "us",
                peer: None,
                n: BATCHES * BATCH,
                at_most: Some(at_most),
            });
        }
    }
    Ok(())
}

fn wasm(report: &Report, engine: &Engine, node: &Path) -> Result<()> {
    let source = WASM.replace("BYTES", &format!("{:?}", wat::parse_str(MODULE)?));
    let component = Component::from_source(engine, "wasm.js", Language::JavaScript, &source, Path::new("."))?;
    let ours = || {
        let output = Capture::new();
        let grants = Grants::none().clocks().compute().stdout(Stdout::Capture(output.clone()));
        let mut context = Context::new(&component, &grants, Limits::default()).expect("a context");
        let outcome = context.run();
        assert!(outcome.is_success(), "{outcome}");
        let text = String::from_utf8_lossy(&output.take()).into_owned();
        text.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<f64>>()
    };
    let (mut own, mut theirs) = (vec![Vec::new(); 2], vec![Vec::new(); 2]);
    for _ in 0..ROUNDS {
        for (all, now) in [(&mut own, ours()), (&mut theirs, printed(node, &source))] {
            all.iter_mut().zip(now).for_each(|(times, time)| times.push(time));
        }
    }
    for (at, name) in ["WebAssembly: a call and a byte of its 16 MiB memory", "WebAssembly: a call back"]
        .into_iter()
        .enumerate()
    {
        report.add(Figure {
            name: name.into(),
            value: median(&own[at]),
            unit: "ns",
            peer: Some(Peer::compared("node", &own[at], &theirs[at])),
            n: ROUNDS,
            at_most: None,
        });
    }
    Ok(())
}
