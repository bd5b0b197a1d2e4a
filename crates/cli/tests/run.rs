//! `b8g run` as a whole: what it prints and how it ends.

mod common;

use common::{Place, guest, says, spin};

#[test]
fn a_function_is_called_with_numbers() {
    let wat = r#"(module
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "pair") (param f64) (result f64 i64) (local.get 0) (i64.const -1))
      (func (export "nothing")))"#;
    let place = Place::new().with("math.wat", wat);
    place.b8g(&["run", "--invoke", "add", "math.wat", "40", "2"]).code(0).stdout("42\n").stderr("");
    place.b8g(&["run", "--invoke=add", "math.wat", "--", "-40", "0x2"]).code(0).stdout("-38\n");
    place.b8g(&["run", "--invoke", "pair", "math.wat", "1.5"]).code(0).stdout("1.5\n-1\n");
    place.b8g(&["run", "--invoke", "nothing", "math.wat"]).code(0).stdout("");
    place.b8g(&["run", "--invoke", "add", "math.wat", "1"]).code(2).says("add(i32, i32)");
    place.b8g(&["run", "--invoke", "add", "math.wat", "1", "two"]).code(2).says("\"two\" is not an i32");
    place
        .b8g(&["run", "--invoke", "sub", "math.wat"])
        .code(2)
        .says("it has add(i32, i32), nothing(), pair(f64)");
    place.b8g(&["run", "math.wat"]).code(2).says("not a program").says("--invoke NAME");
}

#[test]
fn the_exit_code_is_the_programs() {
    for code in [0, 1, 7, 255] {
        let place = Place::new().with("p.wat", says("hello\\n", code));
        place.b8g(&["run", "p.wat"]).code(code).stdout("hello\n").stderr("");
    }
    Place::new().with("p.wat", says("", 256 + 3)).b8g(&["run", "p.wat"]).code(3);
}

#[test]
fn a_trap_is_134() {
    let place = Place::new().with("p.wat", guest("", "(drop (i32.load (i32.const -4)))"));
    let ended = place.b8g(&["run", "p.wat"]);
    ended.code(134).says("error: trap: out of bounds memory access\n    at ");
    ended.last_line("b8g: trap: out of bounds memory access (a bug of the program: it used a wild pointer)");
    let place = Place::new().with("deep.wat", "(module (func $f (export \"_start\") (call $f)))");
    place.b8g(&["run", "deep.wat"]).code(134).says("b8g: trap: call stack exhausted (");
}

#[test]
fn too_much_memory_is_137() {
    let body =
        "(loop $l (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable)) (br $l))";
    let place = Place::new()
        .with("p.wat", guest("", body))
        .with("big.wat", "(module (memory 100) (func (export \"_start\")))");
    let line = "b8g: stopped: needed more than 64 MiB of memory (raise it with --memory=128M)";
    place.b8g(&["run", "p.wat"]).code(137).last_line(line);
    let line = "b8g: stopped: needed more than 1 MiB of memory (raise it with --memory=2M)";
    place.b8g(&["run", "--memory=1M", "big.wat"]).code(137).last_line(line);
    place.b8g(&["run", "--memory=7M", "big.wat"]).code(0);
}

#[test]
fn a_deadline_is_124() {
    let place = Place::new().with("p.wat", spin());
    let ended = place.b8g(&["run", "--timeout=200ms", "p.wat"]);
    ended.code(124).says("error: still running after 200ms\n    at ");
    ended.last_line("b8g: stopped: still running after 200ms (raise it with --timeout=400ms)");
    println!("a loop with a deadline of 200 ms took {:?}", ended.took);
    place.b8g(&["run", "--timeout=0.1", "--report=report.json", "p.wat"]).code(124);
    let report = place.report();
    assert_eq!(report["reason"], "timeout");
    assert_eq!(report["limits"]["timeout_ms"], 100.0);
    assert!(report["cpu_ms"].as_f64().unwrap() > 20.0, "{report}");
    println!("with a deadline of 100 ms the report says {} ms", report["wall_ms"]);
}

#[test]
fn a_deadline_holds_while_the_program_waits() {
    // It waits for standard input, which stays open and silent.
    let body = "(i32.store (i32.const 512) (call $given (i32.const 3))) (i32.store (i32.const 516) (i32.const 1))
      (drop (call $call (i32.const 20) (i32.const 0) (i64.const 512) (i64.const 1) (i64.const -1) (i64.const 520)))";
    let place = Place::new().with("p.wat", guest("", body));
    let start = std::time::Instant::now();
    let mut child = place
        .command(&["run", "--timeout=100ms", "p.wat"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take();
    let ended = common::wait(child, start);
    drop(stdin);
    ended.code(124).last_line("b8g: stopped: still running after 100ms (raise it with --timeout=200ms)");
    println!("waiting with a deadline of 100 ms took {:?}", ended.took);
}

#[test]
fn too_much_output_is_125() {
    let place =
        Place::new().with("p.wat", guest("0123456789", "(loop $l (call $out (i32.const 10)) (br $l))"));
    let ended = place.b8g(&["run", "--output-limit=1k", "--report=report.json", "p.wat"]);
    ended
        .code(125)
        .last_line("b8g: stopped: wrote more than 1 KiB of output (raise it with --output-limit=2K)");
    assert_eq!(ended.stdout.len(), 1024);
    assert_eq!(place.report()["reason"], "output");
    assert_eq!(place.report()["output_bytes"], 1024);
    let place = Place::new().with("p.wat", says("hello", 0));
    place.b8g(&["run", "--output-limit=5", "p.wat"]).code(0).stdout("hello");
    place.b8g(&["run", "--output-limit=none", "p.wat"]).code(0).stdout("hello");
    place.b8g(&["run", "--output-limit=4", "p.wat"]).code(125).stdout("hell");
}

#[test]
fn an_uncaught_error_is_1() {
    let data = "Uncaught Error: boom\\n    at f (x.ts:1:2)";
    let place = Place::new()
        .with("p.wat", guest(data, &format!("(call $fail (i32.const {}) (i64.const 0))", data.len() - 1)))
        .with("m.wat", guest("out of memory", "(call $fail (i32.const 13) (i64.const 1))"));
    let ended = place.b8g(&["run", "p.wat"]);
    ended
        .code(1)
        .stderr("error: Uncaught Error: boom\n    at f (x.ts:1:2)\nb8g: error: Uncaught Error: boom\n");
    let ended = place.b8g(&["run", "--color=always", "p.wat"]);
    ended.code(1).says("\x1b[1;31merror:\x1b[0m Uncaught").says("\x1b[1mb8g:\x1b[0m error:");
    let ended = place.b8g(&["run", "--quiet", "p.wat"]);
    ended.code(1).stderr("error: Uncaught Error: boom\n    at f (x.ts:1:2)\n");
    place.b8g(&["run", "m.wat"]).code(137);
}

#[test]
fn what_was_not_granted_is_refused_and_told() {
    // Exits with 3 when it cannot read the file, and writes what it says otherwise.
    let body = "(local.set $n (call $open (i32.const 10) (i64.const 0) (i64.const 4)))
      (if (i32.lt_s (local.get $n) (i32.const 0)) (then (call $exit (i32.const 3))))
      (local.set $n (i32.wrap_i64 (call $call (i32.const 6) (local.get $n) (i64.const 1024) (i64.const 100)
        (i64.const -1) (i64.const 0))))
      (call $out (local.get $n))";
    let place = Place::new().with("p.wat", guest("data/x.csv", body));
    std::fs::create_dir(place.join("data")).unwrap();
    std::fs::write(place.join("data/x.csv"), "1,2\n").unwrap();
    let refused = "b8g: denied: read access to \"data/x.csv\" was not granted (grant it with --allow-read=data/x.csv)\n";
    place.b8g(&["run", "--report=report.json", "p.wat"]).code(3).stdout("").stderr(refused);
    let denied =
        serde_json::json!([{"kind": "read", "target": "data/x.csv", "flag": "--allow-read=data/x.csv"}]);
    assert_eq!(place.report()["denied"], denied);
    assert_eq!(place.report()["granted"], serde_json::json!([]));
    place.b8g(&["run", "-q", "p.wat"]).code(3).stderr("");
    for grants in [
        &["--allow-read=data"][..],
        &["--allow-read=data/x.csv"],
        &["-R"],
        &["--allow-read"],
        &["-A"],
        &["-RW=other", "--allow-env"],
        &["--dir=data:ro"],
        &["--allow-write=other,data", "--allow-read=other,data"],
    ] {
        let flags = [&["run"][..], grants, &["p.wat"]].concat();
        place.b8g(&flags).code(0).stdout("1,2\n").stderr("");
    }
    place.b8g(&["run", "--allow-write=data", "p.wat"]).code(3);
    place.b8g(&["run", "--allow-read=data,other", "--report=report.json", "p.wat"]).code(0);
    let report = place.report();
    let granted =
        serde_json::json!([{"kind": "read", "target": "data"}, {"kind": "read", "target": "other"}]);
    assert_eq!(report["granted"], granted);
    assert_eq!(report["used"], serde_json::json!([{"kind": "read", "target": "data", "count": 1}]));
}

#[test]
fn a_directory_has_the_name_that_the_flag_gives() {
    let make =
        "(call $exit (i32.add (i32.const 100) (call $open (i32.const 6) (i64.const 1) (i64.const 8))))";
    let place = Place::new().with("p.wat", guest("/g/new", make));
    std::fs::create_dir(place.join("host")).unwrap();
    // Refused, minus 2: an exit code of 98.
    place.b8g(&["run", "p.wat"]).code(98).says("--allow-write=/g/new");
    place.b8g(&["run", "--dir=host::/g:ro", "p.wat"]).code(98);
    assert!(!place.join("host/new").exists());
    let ended = place.b8g(&["run", "--dir", "host::/g", "p.wat"]);
    assert!(ended.code.unwrap() > 100, "{ended:?}");
    assert!(place.join("host/new").exists());
}

#[test]
fn a_file_is_found_by_either_of_its_names() {
    let place = Place::new().with(
        "x.js",
        "import { readFileSync, writeFileSync } from 'node:fs';\nconst [how, ...names] = process.argv.slice(2);\n\
         for (const name of names) how === 'r' ? console.log(readFileSync(name, 'utf8')) : writeFileSync(name, name);\n",
    );
    let place = place.with("a.txt", "a");
    let here = place.path().canonicalize().unwrap();
    let absolute = here.join("a.txt").to_str().unwrap().to_owned();
    for granted in ["a.txt", ".", &absolute, here.to_str().unwrap()] {
        let ended = place.b8g(&["run", &format!("--allow-read={granted}"), "x.js", "r", "a.txt", &absolute]);
        assert_eq!((ended.code, &*ended.stdout), (Some(0), "a\na\n"), "{granted}: {ended:?}");
        // Neither is more than was granted.
        let ended = place.b8g(&["run", &format!("--allow-read={granted}"), "x.js", "w", "a.txt"]);
        assert!(
            ended.code == Some(1) && ended.stderr.contains("write access to \"a.txt\""),
            "{granted}: {ended:?}"
        );
        let ended = place.b8g(&["run", &format!("--allow-read={granted}"), "x.js", "r", "../a.txt"]);
        assert!(ended.code == Some(1) && ended.stderr.contains("was not granted"), "{granted}: {ended:?}");
    }
    // Read and written at once, which takes both grants together.
    let both = place.with(
        "both.js",
        "import { openSync } from 'node:fs';\nopenSync('a.txt', 'r+'); openSync('made.txt', 'w+');\n",
    );
    let grants = ["--allow-read=a.txt,made.txt", "--allow-write=a.txt,made.txt"];
    assert_eq!(both.b8g(&["run", grants[0], grants[1], "both.js"]).code, Some(0));
    assert_eq!(both.b8g(&["run", grants[0], "both.js"]).code, Some(1));
    let place = both;
    let ended = place.b8g(&["run", &format!("--allow-write={}", here.display()), "x.js", "w", "new.txt"]);
    assert_eq!((ended.code, std::fs::read(here.join("new.txt")).unwrap()), (Some(0), b"new.txt".to_vec()));
    // What --dir names is called so in the program, and nowhere else.
    let mapped = format!("--dir={}::/named", here.display());
    assert_eq!(place.b8g(&["run", &mapped, "x.js", "r", "/named/a.txt"]).stdout, "a\n");
    assert_eq!(place.b8g(&["run", &mapped, "x.js", "r", "a.txt"]).code, Some(1));
}

#[test]
fn environment_values_are_granted_by_name() {
    let body = "(local.set $n (call $env (i32.const 4)))
      (if (i32.lt_s (local.get $n) (i32.const 0))
        (then (call $exit (i32.sub (i32.const 0) (local.get $n)))))
      (drop (call $write (i32.const 4) (i32.const 4096) (local.get $n)))";
    let place = Place::new().with("p.wat", guest("NAME", body));
    let run = |flags: &[&str]| {
        let mut command = place.command(&[&["run"], flags, &["p.wat"]].concat());
        common::wait(command.env("NAME", "own").spawn().unwrap(), std::time::Instant::now())
    };
    run(&[]).code(2).says("the environment value \"NAME\" was not granted (grant it with --allow-env=NAME)");
    run(&["--allow-env=NAME"]).code(0).stdout("own");
    run(&["--allow-env=OTHER"]).code(2);
    run(&["-E"]).code(0).stdout("own");
    run(&["--env", "NAME=set"]).code(0).stdout("set");
    run(&["--env", "NAME"]).code(0).stdout("own");
    run(&["-E", "--env=NAME=set"]).code(0).stdout("set");
}

#[test]
fn whatever_follows_the_file_is_the_programs() {
    let body = "(drop (call $write (i32.const 4) (i32.const 1024) (call $read (i32.const 2) (i32.const 1024) (i32.const 500))))";
    let place = Place::new().with("p.wat", guest("", body));
    for (line, want) in [
        (&["p.wat"][..], "p.wat\0"),
        (&["p.wat", "x", "--memory", "1"], "p.wat\0x\0--memory\x001\0"),
        (&["p.wat", "--", "-x", "--", "y"], "p.wat\0-x\0--\0y\0"),
        (&["--", "p.wat", "--help"], "p.wat\0--help\0"),
        (&["p.wat", ""], "p.wat\0\0"),
    ] {
        place.b8g(&[&["run"], line].concat()).code(0).stdout(want);
    }
}

#[test]
fn standard_input_can_be_the_program() {
    let place = Place::new();
    let wat = says("from stdin", 0);
    place.b8g_with(&["run", "--lang=wasm", "-"], wat.as_bytes()).code(0).stdout("from stdin");
    place.b8g_with(&["run", "-"], wat.as_bytes()).code(2).says("--lang js|ts|jsx|tsx|py|wasm");
    let place = place.with("noname", says("no name", 0));
    place.b8g(&["run", "--lang=wasm", "noname"]).code(0).stdout("no name");
    place.b8g(&["run", "noname"]).code(2).says("cannot tell the language of \"noname\"");
}

#[test]
fn a_seed_makes_randomness_the_same() {
    let body =
        "(drop (call $read (i32.const 11) (i32.const 1024) (i32.const 16))) (call $out (i32.const 16))";
    let place = Place::new().with("p.wat", guest("", body));
    let random = |flags: &[&str]| place.b8g(&[&["run"], flags, &["p.wat"]].concat()).stdout;
    assert_eq!(random(&["--seed=7"]), random(&["--seed=7"]));
    assert_ne!(random(&["--seed=7"]), random(&["--seed=8"]));
    assert_ne!(random(&[]), random(&[]));
}

#[test]
fn imports_that_nobody_provides_are_refused_or_trap() {
    let wat = "(module (import \"env\" \"f\" (func $f (param i32)))
      (func (export \"_start\") (call $f (i32.const 1))) (func (export \"unused\")))";
    let place = Place::new().with("p.wat", wat);
    place.b8g(&["run", "p.wat"]).code(1).says("function \"f\" of \"env\"").says("--unknown-imports=trap");
    place.b8g(&["run", "--unknown-imports=trap", "p.wat"]).code(134).says("b8g: trap: ");
}

#[test]
fn what_is_no_program_is_told() {
    let place = Place::new()
        .with("cut.wasm", b"\0asm\x01\0\0\0\x01")
        .with("component.wasm", b"\0asm\x0d\0\x01\0\x01")
        .with("bad.wat", "(module (func)")
        .with("empty.wasm", "")
        .with("hello.wat", "(module (func (export \"_start\")))");
    for name in ["cut.wasm", "component.wasm", "bad.wat", "empty.wasm"] {
        let ended = place.b8g(&["run", "--report=report.json", name]);
        ended.code(1).says("b8g: error: ");
        assert_eq!(place.report()["reason"], "error", "{name}");
        assert_eq!(place.report()["exit_code"], 1, "{name}");
    }
    place
        .b8g(&["run", "helo.wat"])
        .code(2)
        .stderr("b8g: error: cannot find \"helo.wat\" (did you mean \"hello.wat\"?)\n");
    place.b8g(&["run", "--report=report.json", "nothing.ts"]).code(2);
    assert_eq!(place.report()["exit_code"], 2);
    assert_eq!(place.report()["message"], "cannot find \"nothing.ts\"");
}

#[test]
fn usage_errors_are_2() {
    let place = Place::new()
        .with("p.wat", "(module (func (export \"_start\")))")
        .with("data.bin", [0, 159, 146, 150]);
    for (line, why) in [
        (&[][..], "Usage: b8g"),
        (&["run"], "<FILE>"),
        (&["run", "--no-such-flag", "p.wat"], "--no-such-flag"),
        (&["run", "."], "it is a directory"),
        (&["run", "/dev/zero"], "it is a device"),
        (&["run", "data.bin"], "cannot tell the language"),
        (&["run", "--memory=lots", "p.wat"], "not a size"),
        (&["run", "--timeout=soon", "p.wat"], "not a duration"),
        (&["run", "--timeout=-1s", "p.wat"], "not a duration"),
        (&["run", "--output-limit=", "p.wat"], "--output-limit"),
        (&["run", "--seed=x", "p.wat"], "--seed"),
        (&["run", "--lang=cobol", "p.wat"], "cobol"),
        (&["run", "--allow-read=", "p.wat"], "empty name"),
        (&["run", "--allow-read=/no/such/dir/x", "p.wat"], "cannot grant read access"),
        (&["run", "--allow-net=a:99999", "p.wat"], "HOST"),
        (&["run", "--dir=nowhere", "p.wat"], "nowhere"),
        (&["run", "--env==x", "p.wat"], "--env"),
        (&["run", "--report=/no/such/dir/r.json", "p.wat"], "cannot write the report"),
        (&["run", "--report=.", "p.wat"], "cannot write the report"),
        (&["watch", "-"], "cannot be watched"),
        (&["completions", "tcsh-ng"], "tcsh-ng"),
        (&["rum", "p.wat"], "unrecognized subcommand 'rum'"),
        (&["p.wat"], "to run the file: b8g run \"p.wat\""),
        (
            &["run", "--allow-read", ".", "p.wat"],
            "it is a directory, not a file; a grant's value needs an equals sign: --allow-read=.",
        ),
    ] {
        let ended = place.b8g(line);
        ended.code(2).says(why).stdout("");
    }
}

#[test]
fn wasi_programs_run() {
    // Writes its arguments, then exits with the number of bytes that it wrote.
    let wat = r#"(module
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (drop (call $args (i32.const 16) (i32.const 256)))
        (i32.store (i32.const 8) (i32.const 256))
        (i32.store (i32.const 12) (i32.load (i32.const 4)))
        (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
        (call $exit (i32.load (i32.const 0)))))"#;
    let place = Place::new().with("p.wat", wat);
    let ended = place.b8g(&["run", "p.wat", "one", "-2"]);
    ended.stdout("p.wat\0one\0-2\0").code(13).stderr("");
}

#[test]
fn names_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let name = OsStr::from_bytes(b"p\xff.wat");
    std::fs::write(place.path().join(name), says("ok", 0)).unwrap();
    let run = |args: &[&OsStr]| {
        let child = place.command(&["run"]).args(args).spawn().unwrap();
        common::wait(child, std::time::Instant::now())
    };
    run(&[name]).code(0).stdout("ok");
    run(&[name, name]).code(2).says("argument 1 of the program is not UTF-8");
    run(&[OsStr::from_bytes(b"--allow-net=\xff"), name]).code(2).says("not UTF-8");
    run(&[OsStr::from_bytes(b"--allow-read=\xff"), name]).code(0);
    run(&[OsStr::from_bytes(b"--env=\xff=1"), name]).code(2).says("not UTF-8");
}
