//! How fast frozen contexts go on: restoring small and large heaps, forking a live script, many contexts of one image.

use b8g::{Component, Config, Context, Engine, Grants, Image, Limits, Value};
use b8g_benches::process;
use b8g_benches::{Figure, Peer, Report, batch, in_turn, median, pooled, pss_kib, us};
use std::ffi::OsStr;
use std::path::PathBuf;
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
/// Forks that live at a time.
const LIVE_FORKS: usize = 500;
/// Runs of each whole process.
const PROCESS_ROUNDS: usize = 20;

fn main() -> anyhow::Result<()> {
    let report = Report::begin("image: restoring, forking, many contexts of one image");
    // As many slots as there are forks at a time.
    let engine = Engine::new(Config::new().pool_slots(2 * FORKS))?;
    restoring(&report, &engine)?;
    forking(&report, &engine)?;
    forks_in_memory(&report, &engine)?;
    whole_processes(&report)?;
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

/// What a fork holds beyond the pages that its parent had changed.
fn forks_in_memory(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let clocks = Grants::none().clocks().randomness();
    let mut parent = Context::new(&Component::javascript(engine)?, &clocks, Limits::default())?;
    let dirty = DIRTY_PAGES * 4096;
    parent.eval(&format!("globalThis.pages = new Uint8Array({dirty}).fill(1); globalThis.n = 0"))?;
    let own = parent.snapshot()?.to_bytes("fork")?.len() as f64 / 1024.0;
    let before = pss_kib();
    let mut forks = parent.fork(LIVE_FORKS)?;
    for fork in &mut forks {
        anyhow::ensure!(fork.eval("++n + pages[0]")? == "2", "every fork answers");
    }
    let value = (pss_kib() - before) / LIVE_FORKS as f64 - own;
    let name = format!("memory of a fork after its first call, beyond its {own:.0} KiB of dirty pages");
    report.add(Figure { name, value, unit: "KiB", peer: None, n: LIVE_FORKS, at_most: Some(32.0) });
    Ok(())
}

/// `b8g run app.b8g`, with three packages that take time to initialise in it, against runtimes that read the same bundle.
fn whole_processes(report: &Report) -> anyhow::Result<()> {
    let Some(bundle) = std::env::var_os("B8G_BUNDLE").map(PathBuf::from) else {
        report.note("no bundle of npm packages: cargo xtask bench image --install-peers");
        return Ok(());
    };
    let temp = tempfile::tempdir()?;
    let at = |name: &str| temp.path().join(name);
    let text = std::fs::read_to_string(&bundle)?;
    std::fs::write(at("app.mjs"), &text)?;
    std::fs::write(at("node.mjs"), format!("{text}\nmain([]);\n"))?;
    let b8g = process::b8g()?;
    let succeeds = |program: &OsStr, arguments: &[&OsStr]| -> anyhow::Result<()> {
        let ended = process::run(program, arguments)?;
        anyhow::ensure!(ended.code == 0, "{program:?} {arguments:?} ended with {}", ended.code);
        Ok(())
    };
    let (app, image) = (at("app.mjs"), at("app.b8g"));
    succeeds(
        b8g.as_os_str(),
        &["build".as_ref(), "-q".as_ref(), "-o".as_ref(), image.as_os_str(), app.as_os_str()],
    )?;
    let mut runs: Vec<(&str, PathBuf, Vec<PathBuf>)> = Vec::new();
    if let Some(node) = process::find("node", "B8G_NODE") {
        let (script, blob) = (at("snapshot.js"), at("snapshot.blob"));
        if let Some(common) = std::env::var_os("B8G_BUNDLE_CJS") {
            let start =
                "require('v8').startupSnapshot.setDeserializeMainFunction(() => module.exports.main([]));";
            let bundle = std::fs::read_to_string(common)?;
            // A snapshot's script is no module.
            std::fs::write(&script, format!("const module = {{ exports: {{}} }};\n{bundle}\n{start}\n"))?;
            let build = [
                "--snapshot-blob".as_ref(),
                blob.as_os_str(),
                "--build-snapshot".as_ref(),
                script.as_os_str(),
            ];
            if process::run(node.as_os_str(), &build)?.code == 0 {
                runs.push(("node --snapshot-blob", node.clone(), vec!["--snapshot-blob".into(), blob]));
            }
        }
        runs.push(("node", node, vec![at("node.mjs")]));
    }
    if let Some(deno) = process::find("deno", "B8G_DENO") {
        runs.push(("deno", deno, vec!["run".into(), "--no-check".into(), at("node.mjs")]));
    }
    for (name, program, arguments) in runs {
        let arguments: Vec<&OsStr> = arguments.iter().map(|argument| argument.as_os_str()).collect();
        succeeds(program.as_os_str(), &arguments)?;
        succeeds(b8g.as_os_str(), &["run".as_ref(), image.as_os_str()])?;
        let wall = |run: anyhow::Result<process::Run>| run.map_or(f64::NAN, |run| us(run.wall) / 1000.0);
        let found = in_turn(
            PROCESS_ROUNDS,
            &mut [
                &mut || wall(process::run(b8g.as_os_str(), &["run".as_ref(), image.as_os_str()])),
                &mut || wall(process::run(program.as_os_str(), &arguments)),
            ],
        );
        report.add(Figure {
            name: "b8g run app.b8g with lodash-es, zod and acorn".into(),
            value: median(&found[0]),
            unit: "ms",
            peer: Some(Peer::compared(name, &found[0], &found[1])),
            n: PROCESS_ROUNDS,
            at_most: (name == "node").then_some(1.0 / 8.0),
        });
    }
    Ok(())
}

/// Mappings of this process.
fn mappings() -> anyhow::Result<usize> {
    Ok(std::fs::read_to_string("/proc/self/maps")?.lines().count())
}

fn many(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let clocks = Grants::none().clocks().randomness();
    let mut parent = Context::new(&Component::javascript(engine)?, &clocks, Limits::default())?;
    parent.eval("globalThis.answer = 42; 0")?;
    let image = parent.snapshot()?;
    let (before, mapped) = (pss_kib(), mappings()?);
    let mut contexts = Vec::with_capacity(LIVE);
    for _ in 0..LIVE {
        let mut context = Context::restore(&image, &clocks, Limits::default())?;
        anyhow::ensure!(context.eval("answer")? == "42", "every context answers");
        contexts.push(context);
    }
    let value = (pss_kib() - before) / LIVE as f64;
    let name = format!("{LIVE} live scripts of one image, memory of each");
    report.add(Figure { name, value, unit: "KiB", peer: None, n: LIVE, at_most: None });
    let each = (mappings()? - mapped) as f64 / LIVE as f64;
    let maps_max: f64 = std::fs::read_to_string("/proc/sys/vm/max_map_count")?.trim().parse()?;
    report.note(&format!(
        "bounded by mappings: {each:.1} each, {maps_max:.0} a process (vm.max_map_count): {:.0} contexts; then by address \
         space: 4 GiB each of 128 TiB",
        maps_max / each
    ));
    for context in &mut contexts {
        anyhow::ensure!(context.eval("++answer")? == "43", "every context answers for itself");
    }
    Ok(())
}
