//! Python with numpy and pandas: whole processes, imports, and what programs do with both; against python3 with both from PyPI.
//!
//! The component is the one that `b8g component add python-science` has made; `B8G_SCIENCE` says where pip put numpy and pandas for python3.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use b8g_benches::{Figure, Peer, Report, in_turn, median, process, scripts};

/// Runs of each whole process, and of the script.
const PROCESS_ROUNDS: usize = 11;
const SCRIPT_ROUNDS: usize = 5;

fn main() -> anyhow::Result<()> {
    let report = Report::begin("science: Python with numpy and pandas");
    let (b8g, python3) = (process::b8g()?, process::python3()?);
    let packages = std::env::var_os("B8G_SCIENCE").context(
        "the peer is not here: cargo xtask bench science --install-peers fetches numpy and pandas",
    )?;
    let scripts_at = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let ours = |file: &Path| {
        let mut command = Command::new(&b8g);
        command.args(["run", "--component=python-science"]).arg(file);
        command
    };
    let theirs = |file: &Path| {
        let mut command = Command::new(&python3);
        command.env("PYTHONPATH", &packages).arg(file);
        command
    };
    let directory = tempfile::tempdir()?;
    for (name, text) in [
        ("print", "print('hello')\n"),
        ("import numpy, pandas", "import numpy, pandas\nprint(pandas.Series(numpy.arange(3)).sum())\n"),
    ] {
        let file = directory.path().join("x.py");
        std::fs::write(&file, text)?;
        let time = |mut command: Command| {
            let run = process::run_command(&mut command).expect("it runs");
            assert_eq!(run.code, 0, "{command:?}");
            run.wall.as_secs_f64() * 1e3
        };
        let found = in_turn(PROCESS_ROUNDS, &mut [&mut || time(ours(&file)), &mut || time(theirs(&file))]);
        report.add(Figure {
            name: format!("{name}, whole process"),
            value: median(&found[0]),
            unit: "ms",
            peer: Some(Peer::compared("python3", &found[0], &found[1])),
            n: PROCESS_ROUNDS,
            at_most: None,
        });
    }
    let file = scripts_at.join("science.py");
    scripts(&report, SCRIPT_ROUNDS, None, || ours(&file), || theirs(&file))
}
