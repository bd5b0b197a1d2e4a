//! Python, as users run it: the component is built once for all of these tests, as `b8g component add python` does.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use common::{Ended, Place};

/// Where the component lies.
fn components() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| common::components("python", "components"))
}

fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    command.env("B8G_COMPONENTS", components());
    command
}

#[track_caller]
fn b8g(place: &Place, arguments: &[&str]) -> Ended {
    common::ended(&mut command(place, arguments), b"")
}

#[track_caller]
fn b8g_with(place: &Place, arguments: &[&str], stdin: &str) -> Ended {
    common::ended(command(place, arguments).stdin(Stdio::piped()), stdin.as_bytes())
}

#[test]
fn a_script_runs_and_ends_as_python3_does() {
    let place = Place::new()
        .with("hello.py", "import sys, helper\nprint('hello', sys.argv, helper.twice(21))\n")
        .with("helper.py", "def twice(n):\n    return 2 * n\n")
        .with("fails.py", "def f(n):\n    return 1 / n\n\nf(0)\n")
        .with("leaves.py", "import sys\nprint('out')\nsys.exit(3)\n")
        .with("says.py", "import sys\nsys.exit('no such thing')\n")
        .with("now.py", "import os\nprint('kept', end='', flush=True)\nos._exit(7)\n")
        .with("broken.py", "def f(:\n    pass\n");
    let ended = b8g(&place, &["run", "hello.py", "a", "--b"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "hello ['hello.py', 'a', '--b'] 42\n"), "{ended:?}");
    let ended = b8g(&place, &["run", "fails.py"]);
    assert_eq!(ended.code, Some(1));
    for part in
        ["File \"fails.py\", line 4, in <module>", "return 1 / n", "ZeroDivisionError: division by zero"]
    {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("_b8g"), "the component's own frames are not shown: {}", ended.stderr);
    assert_eq!(b8g(&place, &["run", "leaves.py"]).code, Some(3));
    let ended = b8g(&place, &["run", "says.py"]);
    assert_eq!((ended.code, &*ended.stderr), (Some(1), "no such thing\n"));
    let ended = b8g(&place, &["run", "now.py"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(7), "kept"));
    let ended = b8g(&place, &["run", "broken.py"]);
    assert!(ended.code == Some(1) && ended.stderr.contains("SyntaxError"), "{ended:?}");
}

#[test]
fn standard_input_and_modules_are_programs_too() {
    let place = Place::new();
    let ended =
        b8g_with(&place, &["run", "--lang", "py", "-", "x"], "import sys\nprint(sys.argv, __name__)\n");
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "['-', 'x'] __main__\n"), "{ended:?}");
    let ended = b8g_with(&place, &["run", "-m", "json.tool", "--compact"], "{\"a\": [1, 2]}");
    assert_eq!((ended.code, ended.stdout.trim_end()), (Some(0), "{\"a\":[1,2]}"), "{ended:?}");
    let ended = b8g(&place, &["run", "-m", "nothing.of.this"]);
    assert!(ended.code == Some(1) && ended.stderr.contains("No module named"), "{ended:?}");
}

#[test]
fn nothing_is_reached_without_a_grant() {
    let place = Place::new().with("secret.txt", "s").with(
        "tries.py",
        "import os, socket, sys\n\
         def tried(name, f):\n\
         \x20   try:\n        f()\n        print(name, 'DONE')\n\
         \x20   except OSError as error:\n        print(name, type(error).__name__)\n\
         tried('read', lambda: open('secret.txt'))\n\
         tried('absolute', lambda: open('/etc/passwd'))\n\
         tried('write', lambda: open('new.txt', 'w'))\n\
         tried('list', lambda: os.listdir('/etc'))\n\
         tried('connect', lambda: socket.create_connection(('127.0.0.1', 9), 1))\n\
         print(os.getcwd(), 'HOME' in os.environ)\n",
    );
    let ended = b8g(&place, &["run", "tries.py"]);
    let expected = "read PermissionError\nabsolute PermissionError\nwrite PermissionError\nlist PermissionError\n\
                    connect PermissionError\n/cwd False\n";
    assert_eq!((ended.code, &*ended.stdout), (Some(0), expected), "{ended:?}");
    let ended = b8g(&place, &["run", "--allow-read=secret.txt", "tries.py"]);
    assert!(ended.stdout.starts_with("read DONE\nabsolute PermissionError\nwrite Perm"), "{ended:?}");
    let place = place.with("one.py", "open('data/x.csv')\n");
    let ended = b8g(&place, &["run", "one.py"]);
    let denied: Vec<&str> = ended.stderr.lines().filter(|line| line.starts_with("b8g: denied")).collect();
    let expected =
        "b8g: denied: read access to \"data/x.csv\" was not granted (grant it with --allow-read=data/x.csv)";
    assert_eq!(denied, [expected], "and nothing that only the traceback asked for");
}

#[test]
fn limits_hold() {
    let place = Place::new()
        .with("spins.py", "def spin():\n    while True:\n        pass\nspin()\n")
        .with("grows.py", "held = []\nwhile True:\n    held.append(bytearray(1 << 20))\n")
        .with(
            "deep.py",
            "def f(n):\n    return f(n + 1)\ntry:\n    f(0)\nexcept RecursionError:\n    print('deep')\n",
        )
        .with("regex.py", "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')\n")
        .with("threads.py", "import threading\nthreading.Thread(target=print).start()\n");
    for name in ["spins.py", "regex.py"] {
        let ended = b8g(&place, &["run", "--timeout=500ms", name]);
        assert!(ended.code == Some(124) && ended.stderr.contains("still running after 500ms"), "{ended:?}");
    }
    let ended = b8g(&place, &["run", "--memory=96M", "grows.py"]);
    assert!(ended.code == Some(1) && ended.stderr.contains("MemoryError"), "{ended:?}");
    let ended = b8g(&place, &["run", "deep.py"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "deep\n"), "{ended:?}");
    let ended = b8g(&place, &["run", "threads.py"]);
    assert!(ended.code == Some(1) && ended.stderr.contains("RuntimeError"), "{ended:?}");
}

/// Runs a program that is stopped, and tells what it says between the error and what to do about it.
#[track_caller]
fn stack_of(place: &Place, arguments: &[&str], code: i32, error: &str) -> String {
    let ended = b8g(place, arguments);
    assert_eq!(ended.code, Some(code), "{ended:?}");
    let mut lines = ended.stderr.lines();
    let first = lines.next().unwrap_or_default();
    assert!(first.contains(error), "{ended:?}");
    assert!(!ended.stderr.contains("    at "), "no frames of CPython's own code: {}", ended.stderr);
    let frames: Vec<&str> = lines.filter(|line| !line.starts_with("b8g: ")).collect();
    frames.join("\n")
}

#[test]
fn a_script_that_is_stopped_tells_where_it_was() {
    let place = Place::new()
        .with("spins.py", "import helper\n\nclass Job:\n    def run(self):\n        helper.spin()\n\nJob().run()\n")
        .with("helper.py", "def spin():\n    n = 0\n    while True:\n        n += 1; n -= 1\n")
        .with("regex.py", "import re\ntext = 'a' * 64 + 'b'\nre.match(r'(a+)+$', text)\n")
        .with(
            "waits.py",
            "import asyncio\nasync def inner():\n    while True: pass\nasync def main():\n    await inner()\nasyncio.run(main())\n",
        )
        .with("gives.py", "def numbers():\n    while True: yield sum(range(10**12))\n\nprint(list(numbers()))\n")
        .with("talks.py", "def talk():\n    while True: print('x' * 1000)\ntalk()\n")
        .with("sleeps.py", "import time\ntime.sleep(\n    100)\n")
        .with("ends.py", "import os\nclass A:\n    def __repr__(self):\n        os.abort()\n\nprint([A()])\n")
        .with(
            "needs.py",
            "import os\ntry:\n    bytearray(10**9)\nexcept MemoryError:\n    os.abort()\n",
        )
        .with(
            "deep.py",
            "import sys\nsys.setrecursionlimit(10**6)\ndef f(n):\n    if n == 0:\n        while True: pass\n    f(n - 1)\nf(5000)\n",
        )
        .with(
            "odd.py",
            "def f(): pass\nf.__code__ = f.__code__.replace(co_name='a\\n\\x1b[31mb', co_code=bytes([0, 0] * 9))\nf()\n",
        );
    let stopped = |name| stack_of(&place, &["run", "--timeout=1s", name], 124, "still running after 1s");
    let frame = |file: &str, line: u32, name: &str| format!("\n  File \"{file}\", line {line}, in {name}");
    let heading = "Stack (most recent call first):";
    let within = frame("spins.py", 5, "run") + &frame("spins.py", 7, "<module>");
    let told = stopped("spins.py");
    let lines = [3, 4].map(|line| heading.to_owned() + &frame("helper.py", line, "spin") + &within);
    assert!(lines.contains(&told), "{told}");
    let told = stopped("regex.py");
    assert!(told.starts_with(&format!("{heading}\n  File \"/python/re/")), "{told}");
    assert!(told.ends_with(&frame("regex.py", 3, "<module>")), "{told}");
    let told = stopped("waits.py");
    let inner = heading.to_owned() + &frame("waits.py", 3, "inner") + &frame("waits.py", 5, "main");
    assert!(told.starts_with(&inner) && told.ends_with(&frame("waits.py", 6, "<module>")), "{told}");
    let want = heading.to_owned() + &frame("gives.py", 2, "numbers") + &frame("gives.py", 4, "<module>");
    assert_eq!(stopped("gives.py"), want);
    assert_eq!(stopped("sleeps.py"), heading.to_owned() + &frame("sleeps.py", 2, "<module>"));
    // A line that repeats is shown once.
    let told = stopped("deep.py");
    let whole = [frame("deep.py", 5, "f"), frame("deep.py", 6, "f"), "\n  … 4962 more".to_owned()];
    assert!(whole.iter().all(|part| told.contains(part)), "{told}");
    assert!(told.ends_with(&frame("deep.py", 7, "<module>")), "{told}");

    let told = stack_of(&place, &["run", "--output-limit=50k", "talks.py"], 125, "bytes of output");
    assert_eq!(told, heading.to_owned() + &frame("talks.py", 2, "talk") + &frame("talks.py", 3, "<module>"));
    let told = stack_of(&place, &["run", "ends.py"], 134, "unreachable");
    assert_eq!(
        told,
        heading.to_owned() + &frame("ends.py", 4, "__repr__") + &frame("ends.py", 6, "<module>")
    );
    let told = stack_of(&place, &["run", "needs.py"], 137, "bytes of memory");
    assert!(told.ends_with(&(heading.to_owned() + &frame("needs.py", 5, "<module>"))), "{told}");
    let ended = b8g(&place, &["run", "odd.py"]);
    assert!(ended.code == Some(134) && !ended.stderr.contains('\x1b'), "{ended:?}");

    let ended = b8g(&place, &["run", "--timeout=500ms", "--report", "-", "sleeps.py"]);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let want = format!("still running after 500ms\n{heading}{}", frame("sleeps.py", 2, "<module>"));
    assert_eq!(report["message"], want);
}

#[test]
fn an_image_that_is_stopped_tells_where_it_was() {
    let place = Place::new().with("app.py", "import helper, sys\nhelper.spin(len(sys.argv))\n");
    let place = place.with("helper.py", "def spin(n):\n    while True:\n        sum(range(n * 10**12))\n");
    assert_eq!(b8g(&place, &["build", "app.py", "--quiet"]).code, Some(0));
    let want = "Stack (most recent call first):\n  File \"helper.py\", line 3, in spin\n  File \"app.py\", line 2, in <module>";
    // The second time it is found in the cache.
    for _ in 0..2 {
        let arguments = ["run", "--timeout=500ms", "app.b8g"];
        assert_eq!(stack_of(&place, &arguments, 124, "still running after 500ms"), want);
    }
    let ended = b8g(&place, &["inspect", "app.b8g"]);
    assert!(ended.stdout.contains("written in Python"), "{ended:?}");
}

#[test]
fn cells_keep_what_they_declare() {
    let place = Place::new().with("begin.py", "base = 40\n");
    let cells = "x = base + 2\nx\ndef f(a):\n  return a * 2\n\nf('q')\n1 / 0\nimport asyncio\nawait asyncio.sleep(0.01, x)\n";
    let ended = b8g_with(&place, &["repl", "--lang", "py", "begin.py"], cells);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "42\n'qq'\n42\n"), "{ended:?}");
    assert!(ended.stderr.contains("ZeroDivisionError"), "{ended:?}");
    let lines = "{\"code\": \"[1, {'a': None}]\"}\n\
        {\"code\": \"class A:\\n  def _repr_html_(self): return '<b>x</b>'\\nA()\"}\n\
        {\"code\": \"while True: pass\"}\n{\"code\": \"A\"}\n{\"complete\": \"isinst\"}\n";
    let ended = b8g_with(&place, &["repl", "--json", "--lang", "py", "--timeout=1s"], lines);
    let answers: Vec<serde_json::Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 5, "{ended:?}");
    assert_eq!(answers[0]["value"], serde_json::json!([1, {"a": null}]));
    assert_eq!(answers[1]["rich"]["text/html"], "<b>x</b>");
    assert_eq!(answers[2]["reason"], "timeout");
    let error = answers[2]["error"].as_str().unwrap();
    assert!(error.ends_with("(most recent call first):\n  File \"cell 3\", line 1, in <module>"), "{error}");
    assert_eq!(
        answers[3]["text"], "<class '__main__.A'>",
        "the session goes on from before the cell that was stopped"
    );
    assert!(answers[4]["names"].to_string().contains("isinstance"), "{}", answers[4]);
}

#[test]
fn an_image_goes_on_with_its_own_arguments_and_randomness() {
    let place = Place::new().with(
        "app.py",
        "import json, os, random, sys, decimal\nprint(json.dumps([sys.argv[1:], os.environ.get('MODE'), random.random()]))\n",
    );
    let ended = b8g(&place, &["build", "app.py", "--quiet"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    std::fs::remove_file(place.join("app.py")).unwrap();
    let run = |arguments: &[&str]| -> serde_json::Value {
        let ended = b8g(&place, arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    };
    let first = run(&["run", "app.b8g", "x", "y"]);
    let second = run(&["run", "--env", "MODE=q", "app.b8g"]);
    assert_eq!((&first[0], &first[1]), (&serde_json::json!(["x", "y"]), &serde_json::Value::Null));
    assert_eq!((&second[0], &second[1]), (&serde_json::json!([]), &serde_json::json!("q")));
    assert_ne!(first[2], second[2], "each has randomness of its own");
    let ended = b8g(&place, &["resume", "--copies", "3", "app.b8g"]);
    let lines: std::collections::BTreeSet<&str> = ended.stdout.lines().collect();
    assert_eq!((ended.code, lines.len()), (Some(0), 3), "{ended:?}");
}

/// A program that is frozen within what `asyncio.run` runs, where a task and a timer of its own go on.
const LEARNS: &str = "import asyncio, random, sys\n\
from b8g import checkpoint\n\
ticks = []\n\
async def tick():\n    while True:\n        await asyncio.sleep(0.01)\n        ticks.append(1)\n\
async def main():\n\
\x20   ticking = asyncio.create_task(tick())\n\
\x20   await asyncio.sleep(0.05)\n\
\x20   here = await checkpoint()\n\
\x20   before = len(ticks)\n\
\x20   await asyncio.sleep(0.1)\n\
\x20   print(here.restored, here.copy, sys.argv[1:], len(ticks) > before > 0, random.random() if here.restored else 0)\n\
\x20   return 3\n\
if __name__ == '__main__':\n    sys.exit(asyncio.run(main()))\n";

#[test]
fn a_program_goes_on_from_its_checkpoint() {
    let place = Place::new().with("learn.py", LEARNS);
    b8g(&place, &["run", "learn.py", "a"]).code(3).stdout("False None ['a'] True 0\n");
    let frozen = b8g(&place, &["snapshot", "learn.py", "a", "b"]);
    frozen.code(3).stdout("False None ['a', 'b'] True 0\n").says("b8g: wrote learn.b8g: ");
    std::fs::remove_file(place.join("learn.py")).unwrap();
    let copies = b8g(&place, &["resume", "--copies=4", "learn.b8g", "--", "c"]);
    copies.code(3);
    let mut lines: Vec<&str> = copies.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines.len(), 4, "{copies:?}");
    for (copy, line) in lines.iter().enumerate() {
        assert!(line.starts_with(&format!("True {copy} ['c'] True 0.")), "{copies:?}");
    }
    let draws: std::collections::BTreeSet<&str> =
        lines.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(draws.len(), 4, "each has randomness of its own: {copies:?}");
}

#[test]
fn checkpoints_are_where_nothing_is_on_the_stack() {
    // At the top level, again and again; what leaves the loop in the middle is what it was, and shows no frame of the guest.
    let top = "import asyncio, b8g, sys\nn = 0\nwhile not (await b8g.checkpoint()).restored and n < 2:\n    n += 1\nprint(n)\n\
        async def leave():\n    await asyncio.sleep(0)\n    sys.exit(5)\n\
        async def main():\n    kept = asyncio.create_task(leave())\n    await asyncio.sleep(60)\n\
        try:\n    asyncio.run(main())\nexcept SystemExit as left:\n    print(left.code, (await b8g.checkpoint()).restored)\n\
        async def cancels():\n    asyncio.current_task().cancel()\n    await asyncio.sleep(1)\n\
        try:\n    asyncio.run(cancels())\nexcept asyncio.CancelledError:\n    print('cancelled')\n\
        await asyncio.get_running_loop().create_future()\n";
    let place = Place::new().with("top.py", top);
    let ended = b8g(&place, &["snapshot", "top.py"]);
    ended
        .code(1)
        .stdout("2\n5 False\ncancelled\n")
        .says("RuntimeError: the event loop waits for something that can never happen");
    assert_eq!(ended.stderr.matches("b8g: wrote top.b8g").count(), 4, "{ended:?}");
    assert!(!ended.stderr.lines().any(|line| line.starts_with("b8g: denied")), "{ended:?}");
    b8g(&place, &["resume", "top.b8g"]).code(1).stdout("5 True\ncancelled\n");
    // An error of a program that goes on is told as any other.
    let fails = "import asyncio, b8g\nasync def main():\n    await b8g.checkpoint()\n    return {}['missing']\nasyncio.run(main())\n";
    std::fs::write(place.join("fails.py"), fails).unwrap();
    b8g(&place, &["snapshot", "-q", "--stop", "fails.py"]).code(0).stderr("");
    let ended = b8g(&place, &["resume", "fails.b8g"]);
    ended.code(1).says("  File \"fails.py\", line 5, in <module>\n").says("KeyError: 'missing'");
    assert!(!ended.stderr.contains("/0/"), "{ended:?}");
    // Where calls of C are in between, it says so; an open file too; and who names no checkpoint has no `await` there.
    let within = "import asyncio, b8g\nasync def main():\n    await b8g.checkpoint()\ndef go():\n    asyncio.run(main())\ngo()\n";
    std::fs::write(place.join("within.py"), within).unwrap();
    b8g(&place, &["snapshot", "within.py"])
        .code(1)
        .says("RuntimeError: checkpoint() is awaited at the top level");
    let open = "import b8g\nwith open('within.py') as f:\n    await b8g.checkpoint()\n";
    std::fs::write(place.join("open.py"), open).unwrap();
    b8g(&place, &["snapshot", "--allow-read=.", "open.py"]).code(1).says("it has an open file or directory");
    std::fs::write(place.join("plain.py"), "import asyncio\nawait asyncio.sleep(0)\n").unwrap();
    let ended = b8g(&place, &["run", "plain.py"]);
    ended.code(1).says("    await asyncio.sleep(0)\n").says("SyntaxError: 'await' outside function");
    assert!(!ended.stderr.contains("denied"), "{ended:?}");
    // Modules, standard input and cells have it too; nothing is frozen there.
    std::fs::write(place.join("asks.py"), "import b8g\nhere = await b8g.checkpoint()\nprint(here)\n")
        .unwrap();
    let passes = "Checkpoint(restored=False, copy=None)\n";
    b8g(&place, &["run", "-m", "asks"]).code(0).stdout(passes);
    b8g_with(&place, &["run", "--lang=py", "-"], "import b8g; print(await b8g.checkpoint())")
        .code(0)
        .stdout(passes);
    b8g_with(&place, &["repl", "asks.py"], "await b8g.checkpoint()\n").code(0).stdout(&passes.repeat(2));
}

#[test]
fn packages_come_from_a_directory_or_from_pip() {
    let place = Place::new().with("main.py", "import pkg\nprint(pkg.VALUE, pkg.data())\n");
    std::fs::create_dir_all(place.join("site/pkg")).unwrap();
    let source = "import importlib.resources\nVALUE = 7\ndef data():\n    return importlib.resources.files(__name__).joinpath('x.txt').read_text()\n";
    let place = place.with("site/pkg/__init__.py", source).with("site/pkg/x.txt", "kept");
    let ended = b8g(&place, &["run", "main.py"]);
    assert!(ended.code == Some(1) && ended.stderr.contains("ModuleNotFoundError"), "{ended:?}");
    let ended = b8g(&place, &["run", "--packages", "site", "main.py"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "7 kept\n"), "{ended:?}");
    for directory in ["made/old-lib-1.5/old_lib", "archives"] {
        std::fs::create_dir_all(place.join(directory)).unwrap();
    }
    // A source package, of which what would install it runs nowhere; what is known of it is found without a question to the host.
    let place = place
        .with("made/old-lib-1.5/PKG-INFO", "Metadata-Version: 1.1\nName: old-lib\nVersion: 1.5\n")
        .with("made/old-lib-1.5/setup.py", "raise SystemExit('it ran')\n")
        .with("made/old-lib-1.5/old_lib/__init__.py", "def twice(n):\n    return 2 * n\n")
        .with("old.py", "import old_lib, importlib.metadata as m\nprint(old_lib.twice(4), m.version('old-lib'), list(m.entry_points()))\n");
    let packed = Command::new("tar")
        .args(["-C", "made", "-czf", "archives/old-lib-1.5.tar.gz", "old-lib-1.5"])
        .current_dir(place.join("."))
        .status();
    assert!(packed.unwrap().success());
    b8g(&place, &["run", "--packages=archives", "old.py"]).code(0).stdout("8 1.5 []\n").stderr("");
    b8g(&place, &["build", "-q", "--packages=archives", "old.py"]).code(0);
    b8g(&place, &["run", "old.b8g"]).code(0).stdout("8 1.5 []\n");
    let place = place.with("six_too.py", "import six\nprint(six.__version__, six.__file__)\n");
    for _ in 0..2 {
        let ended = b8g(&place, &["build", "six_too.py", "--with", "six==1.17.0"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let lock = std::fs::read_to_string(place.join("six_too.lock")).unwrap();
    assert!(lock.contains("six==1.17.0 --hash=sha256:4721f391"), "{lock}");
    let ended = b8g(&place, &["run", "six_too.b8g"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), "1.17.0 /packages/six.py\n"), "{ended:?}");
    // Who changes what is pinned is told.
    let place = place.with("six_too.lock", lock.replace("sha256:4721f391", "sha256:00000000"));
    let ended = b8g(&place, &["build", "six_too.py", "--with", "six==1.17.0"]);
    assert!(ended.code == Some(1) && ended.stderr.to_lowercase().contains("hash"), "{ended:?}");
}

#[test]
fn modules_of_a_granted_directory_are_found_too() {
    let place = Place::new()
        .with("plug.py", "import importlib, sys\nprint(importlib.import_module(sys.argv[1]).VALUE)\n")
        .with("late.py", "import nearby\nVALUE = nearby.VALUE + 1\n")
        .with("nearby.py", "VALUE = 41\n")
        .with("test_it.py", "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(1, 1)\n")
        .with("writes.py", "open('made.py', 'w').write('def f():\\n    return 1 / 0\\n')\nimport made\nmade.f()\n")
        .with("missing.py", "import not_here\n");
    b8g(&place, &["run", "--allow-read=.", "plug.py", "late"]).code(0).stdout("42\n");
    b8g(&place, &["run", "plug.py", "late"]).code(1).says("No module named 'late'").says("--allow-read=.");
    b8g(&place, &["run", "--allow-read=.", "-m", "unittest", "test_it"]).code(0).says("Ran 1 test");
    b8g(&place, &["run", "--allow-read=.", "-m", "unittest"]).code(0).says("Ran 1 test");
    let wrote = b8g(&place, &["run", "--allow-read=.", "--allow-write=.", "writes.py"]);
    wrote.code(1).says("  File \"made.py\", line 2, in f\n    return 1 / 0\n");
    // What a statement names was looked for before the program began: there is nothing that could be granted.
    let missing = b8g(&place, &["run", "missing.py"]);
    missing.code(1).says("No module named 'not_here'");
    assert!(!missing.stderr.contains("denied"), "{missing:?}");
}

#[test]
fn libraries_in_c_draw_random_numbers_too() {
    let text = "import sqlite3\nprint(sqlite3.connect(':memory:').execute('select random()').fetchone())\n\
                print(open('/dev/urandom', 'rb').read(8))\n";
    let place = Place::new().with("x.py", text);
    let run = |arguments: &[&str]| {
        let ended = b8g(&place, arguments);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
        ended.stdout
    };
    let (first, second) = (run(&["run", "x.py"]), run(&["run", "x.py"]));
    assert!(first.lines().zip(second.lines()).all(|(one, other)| one != other), "{first}{second}");
    assert_eq!(run(&["run", "--seed=3", "x.py"]), run(&["run", "--seed=3", "x.py"]));
}

#[test]
fn what_the_library_looks_for_is_there() {
    // And nothing that the making of the component left.
    let place = Place::new()
        .with("left.py", "import builtins\nprint([name for name in vars(builtins) if name == '_'])\n");
    b8g(&place, &["run", "left.py"]).code(0).stdout("[]\n");
    let place = Place::new().with("numbers_.py", "import numpy\n");
    // It imports nothing that would import `warnings`.
    let ended = b8g(&place, &["run", "-m", "unittest"]);
    assert!(ended.code == Some(5) && ended.stderr.contains("Ran 0 tests"), "{ended:?}");
    let ended = b8g(&place, &["run", "numbers_.py"]);
    assert!(ended.code == Some(1) && ended.stderr.contains("b8g component add python-science"), "{ended:?}");
    let build = ["build", "numbers_.py", "--component=python-science", "--with", "NumPy==1.0"];
    let ended = b8g(&place, &build);
    assert!(ended.code == Some(2) && ended.stderr.contains("numpy is a part of"), "{ended:?}");
}

#[test]
fn components_are_listed_and_verified() {
    let place = Place::new().with("hello.py", "print('hello')\n");
    let listed = b8g(&place, &["component", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(
        (&listed["components"][0]["name"], &listed["components"][0]["current"]),
        (&"python".into(), &true.into())
    );
    assert_eq!(b8g(&place, &["component", "verify", "python"]).code, Some(0));
    let elsewhere = |arguments: &[&str]| {
        common::ended(place.command(arguments).env("B8G_COMPONENTS", place.join("none")), b"")
    };
    let ended = elsewhere(&["run", "hello.py"]);
    assert!(ended.code == Some(1) && ended.stderr.contains("b8g component add python"), "{ended:?}");
    assert!(elsewhere(&["component", "list"]).stdout.starts_with("no components"));
    // A copy that was damaged.
    std::fs::create_dir_all(place.join("none/python")).unwrap();
    for name in ["component.json", "component.b8g"] {
        std::fs::copy(components().join("python").join(name), place.join("none/python").join(name)).unwrap();
    }
    assert_eq!(elsewhere(&["component", "verify", "python"]).code, Some(0));
    let image = place.join("none/python/component.b8g");
    let mut bytes = std::fs::read(&image).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&image, bytes).unwrap();
    assert_eq!(elsewhere(&["component", "verify", "python"]).code, Some(1));
    assert!(elsewhere(&["run", "hello.py"]).stderr.contains("cannot be used"));
    assert_eq!(elsewhere(&["component", "remove", "python"]).code, Some(0));
    assert_eq!(elsewhere(&["component", "remove", "python"]).code, Some(1));
}

/// What a program of `tests/python/programs` says that it needs.
fn need<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let start = format!("{name}: ");
    text.lines()
        .take(12)
        .find_map(|line| line.trim_matches(|c: char| c == '"' || c.is_whitespace()).strip_prefix(&start))
}

/// Answers as `tests/python/README.md` says, until the process ends.
fn serve() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut line, mut length) = (String::new(), 0);
            let _ = reader.read_line(&mut line);
            loop {
                let mut header = String::new();
                if reader.read_line(&mut header).unwrap_or(0) <= 2 {
                    break;
                }
                if let Some(n) = header.to_lowercase().strip_prefix("content-length:") {
                    length = n.trim().parse().unwrap_or(0);
                }
            }
            let mut body = vec![0; length];
            let _ = reader.read_exact(&mut body);
            let target = line.split(' ').nth(1).unwrap_or_default();
            let (status, ty, text) = match target.split_once('?') {
                Some(("/hello", query)) => {
                    let name = query.strip_prefix("name=").unwrap_or_default();
                    ("200 OK", "application/json", serde_json::json!({ "hello": decoded(name) }).to_string())
                }
                _ if line.starts_with("POST /echo") => {
                    let got: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
                    ("200 OK", "application/json", serde_json::json!({ "got": got }).to_string())
                }
                _ => ("404 Not Found", "text/plain", "nothing here".to_owned()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {ty}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                text.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), text.as_bytes()].concat());
        }
    });
    address.to_string()
}

/// A value of a query.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        rest = match (first, more) {
            (b'%', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).unwrap_or_default();
                bytes.push(u8::from_str_radix(digits, 16).unwrap_or(b'?'));
                after
            }
            (b'+', _) => {
                bytes.push(b' ');
                more
            }
            _ => {
                bytes.push(*first);
                more
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn programs_print_what_they_print_in_python3() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python/programs");
    let server = serve();
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(programs).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 14, "{names:?}");
    for path in names {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let stdin = need(&text, "stdin").map(|text| text.replace("\\\\n", "\n")).unwrap_or_default();
        let needs = need(&text, "needs");
        let ran = |is_ours: bool| -> (Option<i32>, String, String) {
            let place = Place::new().with(name, &text);
            let argument = match needs {
                Some("directory") => {
                    std::fs::create_dir(place.join("work")).unwrap();
                    Some("work".to_owned())
                }
                Some("server") => Some(format!("http://{server}")),
                _ => None,
            };
            let mut command = match is_ours {
                true => {
                    let mut command = command(&place, &["run", "--memory=512M"]);
                    match needs {
                        Some("directory") => command.args(["--allow-read=work", "--allow-write=work"]),
                        Some("server") => command.arg(format!("--allow-net={server}")),
                        _ => &mut command,
                    };
                    command
                }
                false => {
                    let mut command = Command::new("python3");
                    command.arg("-I").current_dir(place.path());
                    command.stdout(Stdio::piped()).stderr(Stdio::piped());
                    command
                }
            };
            command.arg(name).args(argument).stdin(Stdio::piped());
            let ended = common::ended(&mut command, stdin.as_bytes());
            (ended.code, ended.stdout, ended.stderr)
        };
        let (ours, theirs) = (ran(true), ran(false));
        assert_eq!((ours.0, &ours.1), (theirs.0, &theirs.1), "{name}: {}", ours.2);
    }
}
