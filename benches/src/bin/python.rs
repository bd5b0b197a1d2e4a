//! Python: whole processes, contexts in this process, forks, and loops; against python3 and pydantic-monty.
//!
//! The component is the one that `b8g component add python` has made.

use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;
use b8g::{
    Capture, Config, Context, Engine, Grants, Image, Limits, Python, PythonEntry, PythonOptions, Stdout,
};
use b8g_benches::{Figure, Peer, Report, batch, in_turn, median, process, pss_kib, scripts};

/// Runs of each whole process, and of the loops.
const PROCESS_ROUNDS: usize = 15;
const LOOP_ROUNDS: usize = 7;
/// Contexts that are made one after the other, and how often.
const BATCH: usize = 50;
const BATCHES: usize = 15;
/// Forks each of which comes after something ran in its parent.
const CHANGED: usize = 5;
/// Forks that live at a time.
const LIVE: usize = 100;
/// What a context is warmed with before it is forked: fifty modules of the standard library.
const MODULES: &str = "import argparse, array, ast, base64, bisect, calendar, cmath, collections, configparser, contextlib, copy, \
    csv, dataclasses, datetime, decimal, difflib, email, enum, fractions, functools, glob, gzip, hashlib, heapq, hmac, html, inspect, \
    io, ipaddress, itertools, json, logging, math, numbers, operator, pathlib, pickle, pprint, random, re, secrets, shutil, sqlite3, \
    statistics, string, struct, tempfile, textwrap, typing, uuid\n0";

fn main() -> anyhow::Result<()> {
    let report = Report::begin("python: processes, contexts, forks and loops of Python");
    let python3 = process::python3()?;
    whole_processes(&report, &python3)?;
    contexts(&report, &python3)?;
    loops(&report, &python3)
}

/// Where the component's image lies, as `b8g` says.
fn component() -> anyhow::Result<PathBuf> {
    let listed = Command::new(process::b8g()?).args(["component", "list", "--json"]).output()?;
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout)?;
    let here = listed["components"].as_array().into_iter().flatten();
    let python = here.into_iter().find(|component| component["name"] == "python");
    let path = python.and_then(|component| component["path"].as_str());
    Ok(path.context("there is no Python here: b8g component add python")?.into())
}

fn whole_processes(report: &Report, python3: &Path) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let hello = directory.path().join("hello.py");
    std::fs::write(&hello, "print('hello')\n")?;
    let b8g = process::b8g()?;
    component()?;
    let time = |program: &Path, arguments: &[&OsStr]| {
        let run = process::run(program.as_os_str(), arguments).expect("it runs");
        assert_eq!(run.code, 0, "{} ended with {}", program.display(), run.code);
        run.wall.as_secs_f64() * 1e3
    };
    let file = hello.as_os_str();
    let found = in_turn(
        PROCESS_ROUNDS,
        &mut [&mut || time(&b8g, &["run".as_ref(), file]), &mut || time(python3, &[file]), &mut || {
            time(python3, &["-I".as_ref(), "-S".as_ref(), file])
        }],
    );
    let peers = [("python3", &found[1], Some(0.5)), ("python3 -I -S", &found[2], None)];
    for (name, theirs, at_most) in peers {
        let peer = Some(Peer::compared(name, &found[0], theirs));
        let (value, n) = (median(&found[0]), PROCESS_ROUNDS);
        report.add(Figure {
            name: "b8g run hello.py, whole process".into(),
            value,
            unit: "ms",
            peer,
            n,
            at_most,
        });
    }
    Ok(())
}

fn grants(out: &Capture) -> Grants {
    Grants::none()
        .clocks()
        .randomness()
        .stdout(Stdout::Capture(out.clone()))
        .stderr(Stdout::Capture(out.clone()))
}

/// A context that has answered.
fn answered(mut context: Context) -> Context {
    assert_eq!(context.eval("6 * 7").expect("an answer"), "42");
    context
}

/// Microseconds until a context is there and has its first result, the median of `n`; to give its memory back takes `dropped`.
fn to_first(n: usize, make: &dyn Fn() -> Context, dropped: &Cell<f64>) -> f64 {
    let (mut times, mut drops) = (Vec::with_capacity(n), Vec::with_capacity(n));
    // Some more, to warm up.
    let more = n / 10 + 1;
    for _ in 0..n + more {
        let begun = Instant::now();
        let context = make();
        let there = Instant::now();
        drop(context);
        times.push((there - begun).as_secs_f64() * 1e6);
        drops.push(there.elapsed().as_secs_f64() * 1e6);
    }
    dropped.set(median(&drops[more..]));
    median(&times[more..])
}

fn contexts(report: &Report, python3: &Path) -> anyhow::Result<()> {
    let engine = Engine::new(Config::new().pool_slots(2 * LIVE))?;
    let python = Python::open(&engine, component()?)?;
    let (options, directory) = (PythonOptions { sealed: true, ..PythonOptions::default() }, Path::new("."));
    let out = Capture::new();
    let grants = grants(&out);
    let source = PythonEntry::Source { name: "hello.py", source: b"print(6 * 7)", directory };
    let (_, program) = python.load(source, &options)?;
    let (_, session) = python.load(PythonEntry::Nothing { directory }, &options)?;
    let restore =
        |image: &Image| Context::restore(image, &grants, Limits::default()).expect("a context of Python");
    let fresh = || {
        let mut context = restore(&program);
        assert!(context.run().is_success(), "{}", String::from_utf8_lossy(&out.take()));
        drop(out.take());
        context
    };
    let warm = RefCell::new(restore(&session));
    warm.borrow_mut().eval(MODULES)?;
    let frozen = warm.borrow_mut().snapshot()?;
    let mut pool = Vec::new();
    let fork = || warm.borrow_mut().fork(1).expect("a fork").pop().expect("one");
    let (fresh_drop, copy_drop) = (Cell::default(), Cell::default());
    let found = in_turn(
        BATCHES,
        &mut [
            &mut || to_first(BATCH, &fresh, &fresh_drop),
            &mut || to_first(BATCH, &|| answered(restore(&frozen)), &copy_drop),
            &mut || to_first(BATCH, &|| answered(fork()), &Cell::default()),
            // One whose parent ran since: what it is frozen to is made anew.
            &mut || {
                let changed = || {
                    warm.borrow_mut().eval("changed = 1").expect("an answer");
                    answered(fork())
                };
                to_first(CHANGED, &changed, &Cell::default())
            },
        ],
    );
    let pooled = in_turn(
        BATCHES,
        &mut [&mut || {
            // As many as are asked for, a tenth more to warm up; each is used once.
            let forks = warm.borrow_mut().fork(BATCH + BATCH / 10 + 1).expect("forks");
            pool.extend(forks.into_iter().map(|mut fork| {
                fork.initialize().expect("it is ready");
                fork
            }));
            let mut used = Vec::new();
            let time = batch(BATCH, || {
                let mut fork = pool.pop().expect("one is left");
                assert_eq!(fork.eval("6 * 7").expect("an answer"), "42");
                used.push(fork);
            });
            pool.clear();
            time
        }],
    );
    let monty = monty(python3);
    let add = |name: &str, found: &[f64], at_most: Option<f64>| {
        let peer =
            monty.map(|value| Peer { name: "pydantic-monty".into(), value, ratio: median(found) / value });
        let name = format!("{name}: to its first result");
        report.add(Figure {
            name: name.clone(),
            value: median(found),
            unit: "us",
            peer: None,
            n: BATCHES * BATCH,
            at_most,
        });
        if peer.is_some() {
            report.add(Figure {
                name,
                value: median(found),
                unit: "us",
                peer,
                n: BATCHES * BATCH,
                at_most: None,
            });
        }
    };
    add("fresh context, a script", &found[0], Some(1_500.0));
    add("copy of a frozen context with 50 modules", &found[1], Some(300.0));
    add("fork of a live context with 50 modules", &found[2], Some(300.0));
    add("fork of a live context that ran since its last fork", &found[3], None);
    add("fork that was ready, of a pool", &pooled[0], Some(200.0));
    let given = [("fresh context", fresh_drop.get()), ("copy of a frozen context", copy_drop.get())];
    for (name, value) in given {
        let name = format!("{name}: its memory given back");
        report.add(Figure { name, value, unit: "us", peer: None, n: BATCH, at_most: None });
    }
    let before = pss_kib();
    let mut live = warm.borrow_mut().fork(LIVE)?;
    for fork in &mut live {
        fork.initialize().map_err(|outcome| anyhow::anyhow!("{outcome}"))?;
    }
    let value = (pss_kib() - before) / LIVE as f64 / 1024.0;
    let name = "memory of an idle fork".to_owned();
    report.add(Figure { name, value, unit: "MiB", peer: None, n: LIVE, at_most: Some(1.5) });
    Ok(())
}

/// Microseconds that pydantic-monty takes to its first result, if `B8G_MONTY` says where it is installed.
fn monty(python3: &Path) -> Option<f64> {
    let directory = std::env::var_os("B8G_MONTY")?;
    let source = "import os, time, pydantic_monty\n\
        times = []\n\
        with pydantic_monty.Monty(binary_path=os.environ['PYTHONPATH'] + '/bin/monty') as pool:\n\
        \x20   for _ in range(200):\n\
        \x20       begun = time.perf_counter()\n\
        \x20       with pool.checkout() as session:\n\
        \x20           assert session.feed_run('6 * 7') == 42\n\
        \x20       times.append(time.perf_counter() - begun)\n\
        print(sorted(times)[100] * 1e6)\n";
    let ran = Command::new(python3).env("PYTHONPATH", directory).args(["-c", source]).output().ok()?;
    String::from_utf8(ran.stdout).ok()?.trim().parse().ok()
}

fn loops(report: &Report, python3: &Path) -> anyhow::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/compute.py");
    let b8g = process::b8g()?;
    let ours = || {
        let mut command = Command::new(&b8g);
        command.arg("run").arg(&file);
        command
    };
    let theirs = || {
        let mut command = Command::new(python3);
        command.args(["-I", "-S"]).arg(&file);
        command
    };
    scripts(report, LOOP_ROUNDS, Some(3.0), ours, theirs)
}
