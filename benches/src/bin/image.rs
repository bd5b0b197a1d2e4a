//! How fast frozen contexts go on: restoring small and large heaps, forking a live script, many contexts of one image.

use b8g::{Component, Config, Context, Engine, Grants, Image, Limits, Value};
use b8g_benches::{Figure, Peer, Report, batch, in_turn, median, pooled, pss_kib, us};
use std::time::Instant;

/// Contexts that are restored one after the other, and how often.
const BATCH: usize = 100;
const BATCHES: usize = 50;
/// Forks of one live context at a time, and how often.
const FORKS: usize = 100;
const ROUNDS: usize = 15;
/// Pages that a script dirties before it is forked.
const DIRTY_PAGES: usize = 20;
/// Contexts of one image that live at a time.
const LIVE: usize = 10_000;

fn main() -> anyhow::Result<()> {
    let report = Report::begin("image: restoring, forking, many contexts of one image");
    // As many slots as there are forks at a time.
    let engine = Engine::new(Config::new().pool_slots(2 * FORKS))?;
    restoring(&report, &engine)?;
    forking(&report, &engine)?;
    many(&report, &engine)
}

/// A module whose memory is filled to the brim when it is initialised.
fn filled(mebibytes: usize) -> String {
    let (pages, bytes) = (mebibytes * 16 + 1, mebibytes << 20);
    format!(
        r#"(module (memory {pages})
             (func (export "_initialize") (memory.fill (i32.const 65536) (i32.const 7) (i32.const {bytes})))
             (func (export "touch") (param i32) (result i32)
               (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1)))
               (i32.load (local.get 0))))"#
    )
}

fn frozen(engine: &Engine, text: &str) -> anyhow::Result<Image> {
    let component = Component::from_wasm(engine, text.as_bytes())?;
    let mut context = Context::new(&component, &Grants::none(), Limits::default())?;
    context.initialize().map_err(|outcome| anyhow::anyhow!("{outcome}"))?;
    Ok(context.snapshot()?)
}

fn restoring(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let nothing = Grants::none();
    let clocks = Grants::none().clocks().randomness();
    for mebibytes in [1, 8] {
        let image = frozen(engine, &filled(mebibytes))?;
        let wasm = || {
            let mut context = Context::restore(&image, &nothing, Limits::default()).expect("a context");
            context.call("touch", &[Value::I32(65536)]).expect("an answer");
        };
        // The same heap for wasmtime alone: as data of the module, with its pooling allocator.
        let data = "\\07".repeat(mebibytes << 20);
        let pages = mebibytes * 16 + 1;
        let text = format!(
            r#"(module (memory {pages}) (data (i32.const 65536) "{data}")
                 (func (export "touch") (param i32) (result i32)
                   (i32.store (local.get 0) (i32.add (i32.load (local.get 0)) (i32.const 1)))
                   (i32.load (local.get 0))))"#
        );
        let mut bare = pooled(&text)?;
        let mut script = Context::new(&Component::javascript(engine)?, &clocks, Limits::default())?;
        script.eval(&format!("globalThis.heap = new Uint8Array({}).fill(7); 0", mebibytes << 20))?;
        let live = script.snapshot()?;
        let javascript = || {
            let mut context = Context::restore(&live, &clocks, Limits::default()).expect("a context");
            assert_eq!(context.eval("heap[5]").expect("an answer"), "7");
        };
        let found = in_turn(
            BATCHES,
            &mut [&mut || batch(BATCH, wasm), &mut || batch(BATCH, &mut bare), &mut || {
                batch(BATCH, javascript)
            }],
        );
        let add = |name: String, found: &[f64], peer: Option<Peer>, at_most: Option<f64>| {
            report.add(Figure { name, value: median(found), unit: "us", peer, n: BATCHES * BATCH, at_most });
        };
        add(format!("restore wasm, {mebibytes} MiB heap: call, drop"), &found[0], None, Some(5.0));
        let peer = Peer::compared("wasmtime's pooling allocator", &found[0], &found[1]);
        add(format!("… {mebibytes} MiB, against the bare peer"), &found[0], Some(peer), None);
        add(format!("restore JavaScript, {mebibytes} MiB heap: eval, drop"), &found[2], None, Some(25.0));
    }
    Ok(())
}

fn forking(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let clocks = Grants::none().clocks().randomness();
    let mut parent = Context::new(&Component::javascript(engine)?, &clocks, Limits::default())?;
    parent.eval(&format!(
        "globalThis.pages = new Uint8Array({}).fill(1); globalThis.n = 0",
        DIRTY_PAGES * 4096
    ))?;
    let mut measure = || {
        let mut fork = parent.fork(1).expect("a fork").remove(0);
        fork.initialize().expect("it goes on");
    };
    let one: Vec<f64> = (0..ROUNDS).map(|_| batch(FORKS, &mut measure)).collect();
    let mut hundred = Vec::new();
    for _ in 0..=ROUNDS {
        let begun = Instant::now();
        let mut forks = parent.fork(FORKS)?;
        for fork in &mut forks {
            assert_eq!(fork.eval("++n + pages[0]")?, "2");
        }
        hundred.push(us(begun.elapsed()) / 1000.0);
    }
    // The first round makes the slots.
    hundred.remove(0);
    let name = format!("fork a script with {DIRTY_PAGES} dirty pages, drop");
    let n = ROUNDS * FORKS;
    report.add(Figure { name, value: median(&one), unit: "us", peer: None, n, at_most: Some(100.0) });
    let name = format!("{FORKS} forks, each with its first call");
    report.add(Figure {
        name,
        value: median(&hundred),
        unit: "ms",
        peer: None,
        n: ROUNDS,
        at_most: Some(10.0),
    });
    Ok(())
}

fn many(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let clocks = Grants::none().clocks().randomness();
    let mut parent = Context::new(&Component::javascript(engine)?, &clocks, Limits::default())?;
    parent.eval("globalThis.answer = 42; 0")?;
    let image = parent.snapshot()?;
    let before = pss_kib();
    let mut contexts = Vec::with_capacity(LIVE);
    for _ in 0..LIVE {
        let mut context = Context::restore(&image, &clocks, Limits::default())?;
        anyhow::ensure!(context.eval("answer")? == "42", "every context answers");
        contexts.push(context);
    }
    let value = (pss_kib() - before) / LIVE as f64;
    let name = format!("{LIVE} live scripts of one image, memory of each");
    report.add(Figure { name, value, unit: "KiB", peer: None, n: LIVE, at_most: None });
    for context in &mut contexts {
        anyhow::ensure!(context.eval("++answer")? == "43", "every context answers for itself");
    }
    Ok(())
}
