//! JavaScript and TypeScript programs through the public API: the web APIs, modules, npm packages, how programs end.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use b8g::{
    Capture, Component, Config, Context, Engine, EvalError, Grants, Interrupt, Language, Limits, Outcome,
    Reason, Stdin, Stdout,
};

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Config::new()).unwrap())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn limits() -> Limits {
    Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() }
}

fn run(component: &Component, grants: Grants, limits: Limits) -> (Outcome, String) {
    let output = Capture::new();
    let grants = grants.clocks().randomness();
    let grants = grants.stdout(Stdout::Capture(output.clone())).stderr(Stdout::Capture(output.clone()));
    let outcome = Context::new(component, &grants, limits).unwrap().run();
    (outcome, String::from_utf8(output.take()).unwrap())
}

fn text(capture: &Capture) -> String {
    String::from_utf8(capture.take()).unwrap()
}

fn source(source: &str) -> Component {
    Component::from_source(engine(), "test.ts", Language::TypeScript, source, Path::new(".")).unwrap()
}

fn run_source(text: &str) -> (Outcome, String) {
    run(&source(text), Grants::none(), limits())
}

#[test]
fn the_language_the_web_apis_and_our_own_module_do_what_their_tests_say() {
    let mut count = 0;
    let folders = ["language", "web", "work"].map(|name| root().join("tests/js").join(name));
    for entry in folders.into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "js") {
            continue;
        }
        let component = Component::from_file(engine(), &path).unwrap();
        let (stdout, stderr) = (Capture::new(), Capture::new());
        let grants = Grants::none().clocks().randomness();
        let grants = grants.stdout(Stdout::Capture(stdout.clone())).stderr(Stdout::Capture(stderr.clone()));
        let outcome = Context::new(&component, &grants, limits()).unwrap().run();
        let (stdout, stderr) = (text(&stdout), text(&stderr));
        assert!(outcome.is_success(), "{}: {outcome}\n{stdout}{stderr}", path.display());
        // A script says that it is content, or what it prints lies beside it.
        match std::fs::read_to_string(path.with_extension("out")) {
            Ok(expected) => {
                assert_eq!(stdout, expected, "{}", path.display());
                let expected = std::fs::read_to_string(path.with_extension("err")).unwrap();
                assert_eq!(stderr, expected, "{}", path.display());
            }
            Err(_) => assert_eq!(stdout.lines().last(), Some("ok"), "{}", path.display()),
        }
        count += 1;
    }
    assert!(count >= 5, "only {count} files");
}

/// Runs each program of a folder, with a directory of its own as its one argument; what it prints must lie beside it.
fn print_what_is_expected(folder: &str, grants: impl Fn(&Path) -> Grants) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "cjs" && e != "mjs") {
            continue;
        }
        let scratch = tempfile::tempdir().unwrap();
        let scratch = scratch.path().canonicalize().unwrap();
        let component = Component::from_file(engine(), &path).unwrap();
        let (outcome, output) = run(&component, grants(&scratch), limits());
        let expected = std::fs::read_to_string(path.with_extension("out")).unwrap();
        assert_eq!(output, expected, "{}: {outcome}", path.display());
        assert!(outcome.is_success(), "{}: {outcome}", path.display());
        count += 1;
    }
    count
}

/// What programs print must be what Node.js prints: tests/js/node/README.md.
#[test]
fn the_modules_of_node_do_what_node_does() {
    let grants = |scratch: &Path| {
        let grants = Grants::none().read(scratch).unwrap().write(scratch).unwrap();
        grants.arguments([scratch.to_str().unwrap()])
    };
    let count = print_what_is_expected("tests/js/node", grants);
    assert!(count >= 7, "only {count} files");
}

/// The same for languages: tests/js/intl/README.md.
#[test]
fn languages_are_written_as_node_writes_them() {
    let count = print_what_is_expected("tests/js/intl", |_| Grants::none().compute());
    assert!(count >= 5, "only {count} files");
}

/// Without the handle there is an error that says so, and no other answer.
#[test]
fn who_may_not_compute_is_told_so() {
    let (outcome, output) = run_source(
        "for (const f of [() => (1.5).toLocaleString('de'), () => new Intl.Collator().compare('a', 'b')]) {
           try { console.log(f()); } catch (error) { console.log((error as Error).name); }
         }
         console.log('i'.toLocaleUpperCase(), typeof Intl);",
    );
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(output, "PermissionDenied\nPermissionDenied\nI object\n");
}

/// What names no locale is the bare engine's.
#[test]
fn methods_without_a_locale_need_no_grant() {
    let (outcome, output) = run_source(
        "console.log(['b', 'a', 'B'].sort((x, y) => x.localeCompare(y)).join(), (1234.5).toLocaleString(), 12n.toLocaleString());
         console.log([1, 2].toLocaleString(), typeof new Date(0).toLocaleDateString(), typeof new Date(0).toLocaleString());
         try { 'a'.localeCompare('b', 'de'); } catch (error) { console.log((error as Error).name); }",
    );
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(output, "B,a,b 1234.5 12\n1,2 string string\nPermissionDenied\n");
}

/// However it is stopped, and in whatever it is.
#[test]
fn who_is_stopped_tells_where_that_was() {
    let cases = [
        (
            "function spin(): never {\n  let n = 0;\n  for (;;) {\n    n++;\n  }\n}\nspin();",
            &["at spin (test.ts:", "at test.ts:7:1"][..],
        ),
        (
            "class A { *all() { let n = 1;\nwhile (n) n++; } }\nfor (const n of new A().all()) {}",
            &["at all (test.ts:2", "at test.ts:3:"],
        ),
        ("const go = async () => { await null;\ndo {} while (true) };\nawait go();", &["at go (test.ts:2:"]),
        ("/^(a+)+$/.test('a'.repeat(50) + 'b');", &["at test.ts:1:"]),
        ("[3, 1].sort(() => { for (;;); });", &["at test.ts:1:"]),
        (
            "const deep = (n: number): number => n === 0 ? (() => { for (;;); })() : deep(n - 1) + 1;\ndeep(1000);",
            &["at deep (test.ts:1:"],
        ),
        ("JSON.parse('[1]', () => { for (;;); });", &["at test.ts:1:"]),
        ("setTimeout(function late() { for (;;); }, 1);", &["at late (test.ts:1:"]),
        (
            "const all: object[] = []; for (;;) { all.push({ all }); if (all.length > 1000) all.length = 0; }",
            &["at test.ts:1:"],
        ),
    ];
    for interrupt in [Interrupt::Signal, Interrupt::Epoch] {
        let engine = Engine::new(Config::new().interrupt(interrupt)).unwrap();
        for (text, places) in &cases {
            let component =
                Component::from_source(&engine, "test.ts", Language::TypeScript, text, Path::new("."))
                    .unwrap();
            let limits = Limits { timeout: Some(Duration::from_millis(300)), ..Limits::default() };
            let (outcome, _) = run(&component, Grants::none(), limits);
            assert_eq!(outcome.reason, Reason::Timeout, "{outcome}");
            let told = places.iter().all(|place| outcome.message.contains(place));
            assert!(told && outcome.message.lines().count() <= 12, "{interrupt:?} {text}\n{outcome}");
        }
    }
    // One that waits is nowhere.
    let limits = Limits { timeout: Some(Duration::from_millis(100)), ..Limits::default() };
    let (outcome, _) = run(&source("setTimeout(() => {}, 1e6);"), Grants::none(), limits);
    assert_eq!((outcome.reason, outcome.message.as_str()), (Reason::Timeout, "still running after 100ms"));
}

/// A program that never stops formatting is stopped, in the middle of long work too.
#[test]
fn work_with_languages_is_stopped_in_time() {
    let limits = Limits { timeout: Some(Duration::from_millis(300)), ..limits() };
    let endless = source(
        "const text = 'word '.repeat(200000);
         const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
         for (;;) for (const part of segmenter.segment(text)) part.segment.localeCompare(text);",
    );
    let started = std::time::Instant::now();
    let (outcome, _) = run(&endless, Grants::none().compute(), limits);
    assert_eq!(outcome.reason, Reason::Timeout, "{outcome}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// The names that the frontend takes for built-in modules.
fn built_in_names() -> Vec<String> {
    let source = root().join("crates/frontend-ts/src/resolve/builtins.rs");
    let text = std::fs::read_to_string(source).unwrap();
    let tables = text.split("#[cfg(test)]").next().unwrap();
    let names: Vec<String> = tables
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|name| name.starts_with("node:") && name.len() > "node:".len())
        .map(str::to_owned)
        .collect();
    assert!(names.len() > 50, "only {} names", names.len());
    names
}

#[test]
fn every_module_that_resolves_is_there() {
    let mut text = String::from(
        "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n",
    );
    for (index, name) in built_in_names().iter().enumerate() {
        text += &format!("import * as all{index} from '{name}';\nimport default{index} from '{name}';\n");
        text += &format!(
            "if (Object.keys(all{index}).length < 2 || default{index} !== require('{name}')) throw new Error('{name}');\n"
        );
    }
    let (outcome, _) = run_source(&(text + "console.log('all');"));
    assert!(outcome.is_success(), "{outcome}");
}

#[test]
fn what_a_process_hears_of_its_end() {
    let cases: &[(&str, Reason, i32, &str)] = &[
        ("process.exitCode = 3;", Reason::Exit, 3, ""),
        ("process.on('exit', (c) => console.log('exit', c)); process.exit(4);", Reason::Exit, 4, "exit 4\n"),
        ("process.on('exit', (c) => { console.log(c); process.exitCode = 9; });", Reason::Exit, 9, "0\n"),
        (
            "process.on('exit', (c) => { console.log('exit', c); process.exit(0); }); throw new Error('lost');",
            Reason::Error,
            1,
            "exit 1\n",
        ),
        ("process.on('uncaughtException', () => process.exit(5)); null.x;", Reason::Exit, 5, ""),
        (
            "process.on('unhandledRejection', (r) => console.log(r)); Promise.reject(7);",
            Reason::Exit,
            0,
            "7\n",
        ),
        ("process.nextTick(() => { throw new Error('tick'); });", Reason::Error, 1, ""),
        ("import fs from 'fs'; fs.readFileSync('secret');", Reason::Error, 1, ""),
        (
            "import { exec } from 'child_process'; try { exec('x') } catch (e) { console.log(e.code) }",
            Reason::Exit,
            0,
            "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM\n",
        ),
    ];
    for (text, reason, code, printed) in cases {
        let (outcome, output) = run_source(text);
        assert_eq!((outcome.reason, outcome.exit_code), (*reason, *code), "{text}: {outcome}");
        assert_eq!(&output, printed, "{text}");
    }
    let (outcome, _) = run_source("import fs from 'fs'; fs.readFileSync('secret');");
    assert!(
        outcome.message.contains("EACCES") && outcome.message.contains("--allow-read=secret"),
        "{outcome}"
    );
}

#[test]
fn the_environment_shows_what_was_granted() {
    let program = "console.log(Object.keys(process.env), process.env.B8G_GIVEN, process.env.HOME, 'B8G_GIVEN' in process.env);
        process.env.NEW = 5; console.log(process.env.NEW === '5', { ...process.env }.NEW);";
    let grants = Grants::none().environment("B8G_GIVEN", Some("yes"));
    let (outcome, output) = run(&source(program), grants, limits());
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(output, "[ 'B8G_GIVEN' ] yes undefined true\ntrue 5\n");
}

#[test]
fn npm_packages_run_unchanged() {
    let Some(packages) = std::env::var_os("B8G_NPM").map(PathBuf::from) else {
        eprintln!("skipped: no B8G_NPM with the packages: run cargo xtask test");
        return;
    };
    let program = r##"
        import { z } from "zod";
        import { marked } from "marked";
        import * as acorn from "acorn";
        import { addDays, formatISO } from "date-fns";
        import _, { chunk, groupBy } from "lodash-es";
        import semver from "semver";
        const person = z.object({ name: z.string(), age: z.number().int().positive() });
        console.log(person.safeParse({ name: "a", age: 1 }).success, person.safeParse({ name: 1 }).success);
        console.log(marked.parse("# hi *there*").trim());
        console.log(acorn.parse("let x = 1 ?? 2", { ecmaVersion: 2022 }).body[0].type);
        console.log(formatISO(addDays(new Date(2020, 1, 28), 1), { representation: "date" }));
        console.log(JSON.stringify(chunk([1, 2, 3], 2)), JSON.stringify(groupBy([1.2, 1.4, 2.1], Math.floor)), _.camelCase("a b c"));
        console.log(semver.satisfies("1.2.3", "^1.0.0"));
    "##;
    let component =
        Component::from_source(engine(), "packages.ts", Language::TypeScript, program, &packages).unwrap();
    let (outcome, output) = run(&component, Grants::none(), limits());
    assert!(outcome.is_success(), "{outcome}");
    let expected = "true false\n<h1>hi <em>there</em></h1>\nVariableDeclaration\n2020-02-29\n[[1,2],[3]] {\"1\":[1.2,1.4],\"2\":[2.1]} aBC\ntrue\n";
    assert_eq!(output, expected);
}

#[test]
fn errors_name_the_line_of_the_source() {
    let (outcome, _) = run_source(
        "enum Colour { Red }\ninterface A { a: number }\n\nfunction fail(a: A): never {\n  throw new TypeError(`no ${a.a}`);\n}\nfail({ a: Colour.Red });\n",
    );
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Error, 1));
    assert!(outcome.message.starts_with("Uncaught TypeError: no 0"), "{outcome}");
    assert!(outcome.message.contains("test.ts:5:") && outcome.message.contains("test.ts:7:"), "{outcome}");
}

#[test]
fn programs_end_for_a_reason() {
    let cases: &[(&str, Reason, i32, &str)] = &[
        ("import { exit } from 'b8g'; exit(7);", Reason::Exit, 7, ""),
        ("Promise.reject(new Error('lost'));", Reason::Error, 1, "lost"),
        ("await new Promise(() => {});", Reason::Error, 1, "never resolved"),
        ("throw null;", Reason::Error, 1, "null"),
        ("throw { get message() { throw 1 }, toString() { throw 2 } };", Reason::Error, 1, "Uncaught"),
        ("const a = []; for (;;) a.push(new Array(10000).fill(1));", Reason::Memory, 137, ""),
        (
            "import { open } from 'b8g'; await open('secret.txt');",
            Reason::Policy,
            1,
            "--allow-read=secret.txt",
        ),
        ("const s = 'x'.repeat(2 ** 29); s + s + s;", Reason::Memory, 137, "out of memory"),
        ("'x'.repeat(2 ** 31);", Reason::Error, 1, "RangeError"),
    ];
    for (text, reason, code, message) in cases {
        let (outcome, _) = run_source(text);
        assert_eq!((outcome.reason, outcome.exit_code), (*reason, *code), "{text}: {outcome}");
        assert!(outcome.message.contains(message), "{text}: {outcome}");
    }
}

#[test]
fn what_never_ends_is_stopped() {
    let endless = [
        "for (;;) {}",
        "/^(a+)+$/.test('a'.repeat(40) + 'b');",
        "for (;;) Array.from({ length: 100000 }, (_, i) => (i * 7919) % 100003).sort((a, b) => a - b);",
        "(function again() { Promise.resolve().then(again); })();",
        "setInterval(() => {}, 1);",
        "await new Promise((done) => setTimeout(done, 1e8));",
        "for (;;) { try { (function f() { f(); })(); } catch {} }",
        "for (;;) JSON.parse('['.repeat(1000) + ']'.repeat(1000));",
    ];
    let limits = Limits { timeout: Some(Duration::from_millis(50)), ..Limits::default() };
    for text in endless {
        let (outcome, _) = run(&source(text), Grants::none(), limits.clone());
        assert_eq!(outcome.reason, Reason::Timeout, "{text}: {outcome}");
    }
}

#[test]
fn deep_recursion_is_an_error_that_can_be_caught() {
    let (outcome, output) = run_source(
        r#"
        const deep = [
            () => { const f = (n) => f(n + 1) + 1; f(0); },
            () => { const a = []; a[0] = a; let b = a; for (let i = 0; i < 1e5; i++) b = [b]; String(b); },
            () => { JSON.parse("[".repeat(1e6)); },
            () => { let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; JSON.stringify(o); },
            () => { new RegExp("(".repeat(1e5) + ")".repeat(1e5)); },
            () => { let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x; },
            () => { class A { get x() { return this.x; } } new A().x; },
            () => { const sort = () => [2, 1].sort(sort); sort(); },
            () => { eval("1" + "+1".repeat(1e6)); },
            () => { structuredClone((() => { let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return o; })()); },
        ];
        for (const [i, f] of deep.entries()) {
            try { f(); console.log(i, "fine"); } catch (e) { console.log(i, e instanceof Error); }
        }
        "#,
    );
    assert!(outcome.is_success(), "{outcome}\n{output}");
    assert_eq!(output.lines().count(), 10, "{output}");
    assert!(output.lines().all(|line| line.ends_with("true") || line.ends_with("fine")), "{output}");
}

#[test]
fn files_are_read_and_written_where_granted() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("in.txt"), "line one\nline two\n").unwrap();
    std::os::unix::fs::symlink("/etc", temp.path().join("way-out")).unwrap();
    let component = source(
        r#"
        import { open, readDir, stat, mkdir, remove, rename, readTextFile } from "b8g";
        const text = await (await open("d/in.txt", { read: true })).text();
        console.log(text.length, (await stat("d/in.txt")).isFile);
        await mkdir("d/sub/deep", { recursive: true });
        const out = await open("d/sub/out.txt", { write: true, create: true });
        await out.write("abc"); await out.write(new Uint8Array([100, 101])); out.close();
        await rename("d/sub/out.txt", "d/sub/deep/new.txt");
        console.log(await readTextFile("d/sub/deep/new.txt"));
        const names = []; for await (const entry of readDir("d")) names.push(entry.name);
        console.log(names.sort().join());
        for (const path of ["d/way-out/passwd", "d/../x", "/etc/passwd", "d/missing"]) {
            try { await open(path); console.log("opened", path); } catch (e) { console.log(e.name); }
        }
        await remove("d/sub", { recursive: true });
        "#,
    );
    let grants = Grants::none().directory(temp.path(), "d", true).unwrap();
    let (outcome, output) = run(&component, grants, limits());
    assert!(outcome.is_success(), "{outcome}\n{output}");
    let expected = "18 true\nabcde\nin.txt,sub,way-out\nPermissionDenied\nPermissionDenied\nPermissionDenied\nNotFound\n";
    assert_eq!(output, expected);
    assert!(!temp.path().join("sub").exists());
}

#[test]
fn standard_streams_arguments_and_environment() {
    let component = source(
        r#"
        import { args, env, stdin, stdout } from "b8g";
        const chunks = []; for await (const chunk of stdin.readable) chunks.push(chunk);
        await stdout.write(new TextDecoder().decode(chunks[0]).toUpperCase() + "\n");
        console.log(args, env("A"), env("B"));
        try { env("C"); } catch (e) { console.log(e.name, e.message); }
        "#,
    );
    let grants = Grants::none()
        .stdin(Stdin::Bytes(b"input".as_slice().into()))
        .arguments(["x", "y z"])
        .environment("A", Some("1"))
        .environment("B", None);
    let (outcome, output) = run(&component, grants, limits());
    assert!(outcome.is_success(), "{outcome}");
    assert!(output.starts_with("INPUT\n[ 'x', 'y z' ] 1 undefined\nPermissionDenied "), "{output}");
    assert!(output.contains("--allow-env=C"), "{output}");
}

#[test]
fn sockets_reach_what_was_granted() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut question = [0; 4];
        peer.read_exact(&mut question).unwrap();
        peer.write_all(b"pong").unwrap();
        question
    });
    let component = source(&format!(
        r#"
        import {{ connect }} from "b8g";
        const peer = await connect({{ host: "localhost", port: {port} }});
        await peer.write(new TextEncoder().encode("ping"));
        let text = ""; for await (const chunk of peer.readable) text += new TextDecoder().decode(chunk);
        console.log(text);
        try {{ await connect({{ host: "127.0.0.1", port: {port} }}); }} catch (e) {{ console.log(e.name, e.message); }}
        "#
    ));
    let grants = Grants::none().net(format!("localhost:{port}")).unwrap();
    let (outcome, output) = run(&component, grants, limits());
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(&server.join().unwrap(), b"ping");
    assert!(output.starts_with("pong\nPermissionDenied "), "{output}");
    assert!(output.contains(&format!("--allow-net=127.0.0.1:{port}")), "{output}");
}

#[test]
fn a_seed_makes_runs_equal_and_none_makes_them_differ() {
    let component = source(
        "console.log(Math.random(), crypto.randomUUID(), Date.now(), performance.now()); setTimeout(() => console.log(Date.now()), 5000);",
    );
    let seeded = |seed| run(&component, Grants::none().seed(seed), limits()).1;
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(2));
    let random = source("console.log(Math.random(), crypto.randomUUID());");
    let fresh = || run(&random, Grants::none(), limits()).1;
    assert_ne!(fresh(), fresh());
}

#[test]
fn evaluation_keeps_the_context_alive() {
    let component = Component::javascript(engine()).unwrap();
    let mut context = Context::new(&component, &Grants::none().clocks(), limits()).unwrap();
    assert_eq!(context.eval("var n = 1; n + 1").unwrap(), "2");
    assert!(
        matches!(context.eval("throw new RangeError('x')"), Err(EvalError::Thrown(text)) if text.contains("RangeError: x"))
    );
    assert!(matches!(context.eval("n +"), Err(EvalError::Thrown(text)) if text.contains("SyntaxError")));
    assert_eq!(context.eval("new Promise((done) => setTimeout(() => done(n + 41), 5))").unwrap(), "42");
    assert_eq!(context.eval("'é'.repeat(3)").unwrap(), "ééé");
}

#[test]
fn contexts_share_nothing() {
    let component = Component::javascript(engine()).unwrap();
    for _ in 0..20 {
        let mut context = Context::new(&component, &Grants::none(), limits()).unwrap();
        assert_eq!(context.eval("typeof globalThis.left").unwrap(), "undefined");
        context.eval("globalThis.left = new Uint8Array(3e6).fill(7); Array.prototype.evil = 1; Object.freeze(Math)").unwrap();
    }
}
