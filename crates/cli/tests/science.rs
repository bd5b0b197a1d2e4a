//! Python with numpy and pandas, as users run it: the component is built once for all of these tests, as `b8g component add python-science` does.

mod common;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use common::{Ended, Place};

/// Where the component lies.
fn components() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| common::components("python-science", "components-science"))
}

#[track_caller]
fn b8g_with(place: &Place, arguments: &[&str], stdin: &str) -> Ended {
    let mut command = place.command(arguments);
    command.env("B8G_COMPONENTS", components());
    common::ended(command.stdin(Stdio::piped()), stdin.as_bytes())
}

#[track_caller]
fn run(place: &Place, arguments: &[&str]) -> Ended {
    b8g_with(place, &[&["run", "--component", "python-science"], arguments].concat(), "")
}

/// What a program prints that ends well.
#[track_caller]
fn printed(place: &Place, arguments: &[&str]) -> String {
    let ended = run(place, arguments);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{}", ended.stdout);
    ended.stdout
}

#[test]
fn numpy_and_pandas_compute() {
    let place = Place::new()
        .with(
            "report.py",
            "import numpy as np, pandas as pd\nfrom table import read\n\
             print(np.linalg.solve([[3, 1], [1, 2]], [9, 8]), np.arange(6).reshape(2, 3).T.tolist())\n\
             frame = read('sales.csv')\nprint(frame.groupby('town').sold.agg(['sum', 'mean']))\n\
             print(frame.set_index('day').sold.resample('ME').sum().to_dict())\n\
             frame.to_json('out.json', orient='records', date_format='iso')\n\
             print(pd.read_json('out.json').sold.tolist(), pd.Timestamp('2026-03-29 03:00', tz='Europe/Berlin').utcoffset())\n",
        )
        .with("table.py", "import pandas\ndef read(name):\n    return pandas.read_csv(name, parse_dates=['day'])\n")
        .with("sales.csv", "day,town,sold\n2026-01-05,Ulm,3\n2026-01-20,Bonn,5\n2026-02-01,Ulm,4\n");
    let want = "[2. 3.] [[0, 3], [1, 4], [2, 5]]\n      sum  mean\ntown           \nBonn    5   5.0\nUlm     7   3.5\n\
                {Timestamp('2026-01-31 00:00:00'): 8, Timestamp('2026-02-28 00:00:00'): 4}\n[3, 5, 4] 2:00:00\n";
    let arguments = ["--allow-read=sales.csv,out.json", "--allow-write=out.json", "report.py"];
    assert_eq!(printed(&place, &arguments), want);
    let ended = run(&place, &["report.py"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("read access to \"sales.csv\" was not granted"), "{}", ended.stderr);
    assert!(
        !ended.stderr.contains("/0/") && !ended.stderr.contains("python315.zip\" was"),
        "{}",
        ended.stderr
    );
}

#[test]
fn each_run_and_each_copy_draws_its_own_numbers() {
    let place = Place::new()
        .with("draws.py", "import numpy as np, random, uuid\nprint(np.random.rand(), np.random.default_rng().random(), random.random(), uuid.uuid4())\n");
    let image = ["build", "--quiet", "--component", "python-science", "draws.py"];
    let built = b8g_with(&place, &image, "");
    assert_eq!((built.code, &*built.stderr), (Some(0), ""));
    let mut all: Vec<String> = Vec::new();
    for _ in 0..2 {
        all.extend(printed(&place, &["draws.py"]).split_whitespace().map(str::to_owned));
        // An image says by itself what runs it, and begins with more memory than others may have.
        let ended = b8g_with(&place, &["run", "draws.b8g"], "");
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
        all.extend(ended.stdout.split_whitespace().map(str::to_owned));
    }
    let drawn = all.len();
    all.sort();
    all.dedup();
    assert_eq!((drawn, all.len()), (16, 16), "{all:?}");
    let seeded = [printed(&place, &["--seed=5", "draws.py"]), printed(&place, &["--seed=5", "draws.py"])];
    assert_eq!(seeded[0], seeded[1]);
}

#[test]
fn cells_keep_what_they_define_and_show_tables() {
    let place = Place::new();
    let cells =
        ["import pandas as pd; table = pd.DataFrame({'a': [1, 2]})", "table", "1 / 0", "int(table.a.sum())"];
    let lines: String = cells.map(|code| serde_json::json!({ "code": code }).to_string() + "\n").concat();
    let ended = b8g_with(&place, &["repl", "--json", "--lang=py", "--component=python-science"], &lines);
    let answers: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 4, "{ended:?}");
    assert!(answers[1]["rich"]["text/html"].as_str().unwrap().contains("<table"), "{}", answers[1]);
    assert_eq!(answers[2]["ok"], false);
    assert_eq!(answers[3]["value"], 3, "{}", answers[3]);
}

#[test]
fn the_library_is_as_a_program_expects_it() {
    let place = Place::new()
        .with("tested.py", "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertEqual(1, 1)\nunittest.main()\n")
        .with(
            "asks.py",
            "import importlib.metadata, pkgutil, sys, warnings, pandas\n\
             print(importlib.metadata.version('pandas'), sorted(d.name for d in importlib.metadata.Distribution.discover(name='numpy')))\n\
             print([module.name for module in pkgutil.iter_modules(pandas.__path__)][:3], sys.flags.no_site)\n\
             with warnings.catch_warnings(record=True) as caught: warnings.warn('x')\nprint(len(caught))\n",
        )
        .with("lacks.py", "import scipy\n")
        .with("misses.py", "import nosuch\n")
        .with("key.py", "import pandas\npandas.DataFrame({'a': [1]})['b']\n");
    let ended = run(&place, &["tested.py"]);
    assert!(ended.code == Some(0) && ended.stderr.contains("Ran 1 test"), "{ended:?}");
    assert_eq!(printed(&place, &["asks.py"]), "3.0.6 ['numpy']\n['api', 'arrays', 'compat'] 0\n1\n");
    for (program, last) in [
        (
            "lacks.py",
            "ModuleNotFoundError: scipy is not a part of this component, which has numpy and pandas\n",
        ),
        ("misses.py", "    import nosuch\nModuleNotFoundError: No module named 'nosuch'\n"),
        ("key.py", "KeyError: 'b'\n"),
    ] {
        let ended = run(&place, &[program]);
        assert!(ended.code == Some(1) && ended.stderr.ends_with(last), "{program}: {}", ended.stderr);
    }
}

#[test]
fn limits_hold_and_tell_the_place() {
    let place = Place::new()
        .with("spins.py", "import numpy as np\ndef turn(a):\n    while True:\n        a = a + 1\nturn(np.zeros(10))\n")
        .with("large.py", "import numpy as np\nprint(np.ones(60_000_000).sum())\n")
        .with("prints.py", "while True: print('x' * 1000)\n")
        .with(
            "deep.py",
            "import json\nnested = []\nfor _ in range(100_000): nested = [nested]\n\
             class Shown:\n    def __repr__(self): return repr(self)\n\
             def f(): return f()\n\
             for call in (repr, json.dumps, lambda n: n == [n], lambda _: repr(Shown()), lambda _: f()):\n\
             \x20   try: call(nested)\n    except RecursionError: print('too deep')\n",
        )
        .with(
            "refused.py",
            "import threading, subprocess, urllib.request\n\
             for attempt in (lambda: threading.Thread(target=print).start(), lambda: subprocess.run(['ls']),\n\
             \x20               lambda: urllib.request.urlopen('http://127.0.0.1:1/')):\n\
             \x20   try: attempt()\n    except Exception as error: print(type(error).__name__, error)\n",
        );
    let ended = run(&place, &["--timeout=1s", "spins.py"]);
    assert_eq!(ended.code, Some(124));
    let told = ended.stderr.split_once("Stack (most recent call first):\n").expect(&ended.stderr).1;
    assert!(told.starts_with("  File \"spins.py\", line ") && told.contains(", in turn\n"), "{told}");
    assert!(!told.contains("<turn") && told.contains("line 5, in <module>"), "{told}");
    let ended = run(&place, &["large.py"]);
    assert!(ended.code == Some(1) && ended.stderr.contains("Unable to allocate 458. MiB"), "{ended:?}");
    assert_eq!(printed(&place, &["--memory=700M", "large.py"]), "60000000.0\n");
    let ended = run(&place, &["--memory=64M", "large.py"]);
    assert_eq!(ended.code, Some(137), "{ended:?}");
    assert_eq!(run(&place, &["--output-limit=100k", "prints.py"]).code, Some(125));
    let deep = printed(&place, &["deep.py"]);
    assert_eq!(deep.lines().filter(|line| *line == "too deep").count(), deep.lines().count(), "{deep}");
    let refused = printed(&place, &["refused.py"]);
    for (line, reason) in refused.lines().zip(["threads cannot", "processes cannot", "has no network"]) {
        assert!(line.contains(reason), "{line}");
    }
    assert_eq!(refused.lines().count(), 3);
}

#[test]
fn the_component_is_named_and_listed() {
    let place = Place::new().with("x.py", "print(1)\n").with("x.js", "console.log(1)\n");
    let ended = run(&place, &["x.js"]);
    assert!(ended.code == Some(2) && ended.stderr.contains("for programs of Python"), "{ended:?}");
    let listed = b8g_with(&place, &["component", "list", "--json"], "");
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(listed["components"][0]["name"], "python-science");
    assert_eq!(
        (&listed["components"][0]["current"], &listed["available"][1]),
        (&true.into(), &"python-science".into())
    );
    assert_eq!(b8g_with(&place, &["component", "verify", "python-science"], "").code, Some(0));
    let elsewhere = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        common::ended(command.env("B8G_COMPONENTS", place.join("none")), b"")
    };
    let ended = elsewhere(&["run", "--component=python-science", "x.py"]);
    assert!(ended.code == Some(1) && ended.stderr.contains("b8g component add python-science"), "{ended:?}");
    // What one machine has built another takes, without pip.
    let image = components().join("python-science/component.b8g");
    let image = image.to_str().unwrap();
    assert_eq!(elsewhere(&["component", "add", "python-science", "--quiet", "--from", image]).code, Some(0));
    assert_eq!(elsewhere(&["run", "--component=python-science", "x.py"]).stdout, "1\n");
    // What is another image, or none, it does not take.
    let other = b8g_with(&place, &["build", "--quiet", "--component=python-science", "x.py"], "");
    assert_eq!(other.code, Some(0), "{other:?}");
    for file in ["x.py", "x.b8g"] {
        let ended = elsewhere(&["component", "add", "python-science", "--force", "--quiet", "--from", file]);
        assert!(ended.code == Some(1) && ended.stderr.contains("cannot be used"), "{file}: {ended:?}");
    }
    assert_eq!(elsewhere(&["run", "--component=python-science", "x.py"]).stdout, "1\n", "the old one stays");
}
