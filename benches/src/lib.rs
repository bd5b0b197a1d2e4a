//! What all benchmarks share: rounds of measurements taken in turn, medians, ratios, and how they are printed.
//!
//! Machines are noisy, so absolute times mean little: everything that is compared is measured in alternation in the
//! same run. A machine that is slow for a second is so for both; so what counts is the median of the ratios of each
//! round, not the ratio of the medians.

pub mod process;

use std::time::{Duration, Instant};

/// One line of a report.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// The median, or whatever `unit` says.
    pub value: f64,
    /// Of `value`.
    pub unit: &'static str,
    /// Whom it is compared with.
    pub peer: Option<Peer>,
    /// How many measurements.
    pub n: usize,
    /// What the ratio, or without a peer the value, should be at most.
    pub at_most: Option<f64>,
}

/// Another that did the same.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Its median, in the unit of the figure.
    pub value: f64,
    /// How much of its time was needed: the median of all rounds.
    pub ratio: f64,
}

impl Peer {
    /// Compares what was measured in turn.
    pub fn compared(name: &str, ours: &[f64], theirs: &[f64]) -> Peer {
        let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        Peer { name: name.into(), value: median(theirs), ratio: median(&ratios) }
    }
}

/// A run of one benchmark.
pub struct Report {
    json: bool,
}

impl Report {
    /// Reads `--json` from the command line and prints the head of the table.
    pub fn begin(title: &str) -> Report {
        let json = std::env::args().any(|argument| argument == "--json");
        if !json {
            println!("{title}\n");
        }
        Report { json }
    }

    /// Prints a remark.
    pub fn note(&self, text: &str) {
        if !self.json {
            println!("  ({text})");
        }
    }

    /// Prints a figure.
    pub fn add(&self, figure: Figure) {
        let ratio = figure.peer.as_ref().map(|peer| peer.ratio);
        if self.json {
            let line = serde_json::json!({
                "name": figure.name, "value": figure.value, "unit": figure.unit,
                "peer": figure.peer.as_ref().map(|peer| &peer.name),
                "peer_value": figure.peer.as_ref().map(|peer| peer.value),
                "ratio": ratio, "n": figure.n, "at_most": figure.at_most,
            });
            println!("{line}");
            return;
        }
        let mut line =
            format!("{:<58} {:>11.3} {:<4} n={:<6}", figure.name, figure.value, figure.unit, figure.n);
        if let Some(Peer { name, value, ratio }) = &figure.peer {
            line.push_str(&format!(" {ratio:>7.3} x {name} ({value:.3} {})", figure.unit));
        }
        if let Some(at_most) = figure.at_most {
            let reached = ratio.unwrap_or(figure.value) <= at_most;
            line.push_str(&format!(
                "  [at most {at_most:.3}: {}]",
                if reached { "reached" } else { "MISSED" }
            ));
        }
        println!("{line}");
    }

    /// Says why something was not measured.
    pub fn skip(&self, what: &str, why: &str) {
        if self.json {
            println!("{}", serde_json::json!({ "name": what, "skipped": why }));
        } else {
            println!("{what:<58} skipped: {why}");
        }
    }
}

/// The middle of some measurements.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Microseconds.
pub fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The median of `n` runs of `act` after a tenth as many for warming up; microseconds. Before it begins it lets some
/// time pass, so that many of these see the machine at its best and at its worst.
pub fn batch(n: usize, mut act: impl FnMut()) -> f64 {
    std::thread::sleep(Duration::from_millis(20));
    for _ in 0..n / 10 + 1 {
        act();
    }
    let timed = |_| {
        let begun = Instant::now();
        act();
        us(begun.elapsed())
    };
    median(&(0..n).map(timed).collect::<Vec<f64>>())
}

/// Times several things in turn, `rounds` times each, after one round for warming up; a vector for each.
pub fn in_turn(rounds: usize, acts: &mut [&mut dyn FnMut() -> f64]) -> Vec<Vec<f64>> {
    let mut found = vec![Vec::with_capacity(rounds); acts.len()];
    for round in 0..=rounds {
        for (act, found) in acts.iter_mut().zip(&mut found) {
            let value = act();
            if round > 0 {
                found.push(value);
            }
        }
    }
    found
}

/// A peer: wasmtime alone starts an instance of a module in its text form, with its pooling allocator and its own
/// images, calls its function `touch` and drops it.
///
/// # Errors
/// What wasmtime says of the module.
pub fn pooled(text: &str) -> anyhow::Result<impl FnMut() + use<>> {
    let mut config = wasmtime::Config::new();
    config.allocation_strategy(wasmtime::PoolingAllocationConfig::default());
    let engine = wasmtime::Engine::new(&config).map_err(plain)?;
    let module = wasmtime::Module::new(&engine, text).map_err(plain)?;
    let pre = wasmtime::Linker::<()>::new(&engine).instantiate_pre(&module).map_err(plain)?;
    Ok(move || {
        let mut store = wasmtime::Store::new(&engine, ());
        let instance = pre.instantiate(&mut store).expect("an instance");
        let touch = instance.get_typed_func::<i32, i32>(&mut store, "touch").expect("the export");
        touch.call(&mut store, 65536).expect("an answer");
    })
}

/// wasmtime's errors among others.
pub fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}

/// Proportional memory of this process in KiB.
pub fn pss_kib() -> f64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = rollup.lines().find(|line| line.starts_with("Pss:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(f64::NAN)
}

/// Runs a script with both in turn, which prints the times of what it does in milliseconds as JSON, and reports each.
pub fn scripts(
    report: &Report,
    rounds: usize,
    at_most: Option<f64>,
    ours: impl Fn() -> std::process::Command,
    theirs: impl Fn() -> std::process::Command,
) -> anyhow::Result<()> {
    let run =
        |mut command: std::process::Command| -> anyhow::Result<serde_json::Map<String, serde_json::Value>> {
            let ran = command.output()?;
            anyhow::ensure!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
            Ok(serde_json::from_slice(&ran.stdout)?)
        };
    let mut all: Vec<(String, Vec<f64>, Vec<f64>)> = Vec::new();
    for _ in 0..rounds {
        let (ours, theirs) = (run(ours())?, run(theirs())?);
        for (name, value) in &ours {
            let (ours, theirs) =
                (value.as_f64().unwrap_or(f64::NAN), theirs[name].as_f64().unwrap_or(f64::NAN));
            match all.iter_mut().find(|(known, ..)| known == name) {
                Some((_, first, second)) => {
                    first.push(ours);
                    second.push(theirs);
                }
                None => all.push((name.clone(), vec![ours], vec![theirs])),
            }
        }
    }
    for (name, ours, theirs) in &all {
        let peer = Some(Peer::compared("python3", ours, theirs));
        report.add(Figure { name: name.clone(), value: median(ours), unit: "ms", peer, n: rounds, at_most });
    }
    Ok(())
}
