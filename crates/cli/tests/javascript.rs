//! JavaScript and TypeScript through the command line.

mod common;

use common::Place;

#[test]
fn typescript_runs() {
    let place = Place::new().with("hello.ts", "const who: string = 'world'; console.log(`hello ${who}`);");
    place.b8g(&["run", "hello.ts"]).code(0).stdout("hello world\n").stderr("");
    let place = place.with("lib.mts", "export const n: number = 6;").with("data.json", "{\"m\": 7}");
    let place = place
        .with("a.mjs", "import { n } from './lib.mts'; import d from './data.json'; console.log(n * d.m)");
    place.b8g(&["run", "a.mjs"]).code(0).stdout("42\n");
    place.b8g_with(&["run", "--lang=ts", "-"], b"console.log(1 as number)").code(0).stdout("1\n");
    place
        .b8g_with(&["run", "--lang=js", "-", "x"], b"import { args } from 'b8g'; console.log(args.join())")
        .stdout("x\n");
    let place = place.with("tool", "console.log('a tool')");
    place.b8g(&["run", "--lang=js", "tool"]).code(0).stdout("a tool\n");
}

#[test]
fn errors_name_the_line_of_the_source() {
    let source = "interface A { x: number }\n\nfunction f(a: A): never {\n  throw new TypeError('boom ' + a.x);\n}\nf({ x: 1 });\n";
    let place = Place::new().with("err.ts", source).with("rejects.js", "Promise.reject(new Error('nope'))");
    let ended = place.b8g(&["run", "--report=report.json", "err.ts"]);
    ended
        .code(1)
        .says("error: Uncaught TypeError: boom 1\n    at f (err.ts:4:9)\n    at err.ts:6:1\n")
        .last_line("b8g: error: Uncaught TypeError: boom 1");
    let report = place.report();
    assert_eq!(report["reason"], "error");
    assert!(report["message"].as_str().unwrap().contains("err.ts:4:"));
    place.b8g(&["run", "rejects.js"]).code(1).last_line("b8g: error: Uncaught (in promise) Error: nope");
}

#[test]
fn a_call_is_where_its_name_stands() {
    let source = "\
const o: any = { f(..._: any[]) { throw new Error('here'); }, g: null };
const where = (call: () => void) => { try { call(); } catch (e) { console.log(e.stack.split('\\n').find((line) => /ts:([6-9]|1.):/.test(line)).trim()); } };
const id = (x: any) => x;
class C { constructor(x: any) { o.f(x); } }
class D extends C { }
where(() => o.f(
  id(1), `x ${id(2)}`));
where(() => o
  .f(id(1)));
where(() => o.f(...[id(1), id(2)]));
where(() => void new C(id(1)));
where(() => o[id('f')](id(1)));
where(() => o.f`x ${id(1)}`);
where(() => o
  .g.h);
where(() => o?.f(id(1)));
where(() => id(o.f)(id(1)));
";
    let expected = "\
at at.ts:6:15
at at.ts:9:4
at at.ts:10:15
at at.ts:11:18
at at.ts:12:13
at at.ts:13:15
at at.ts:15:6
at at.ts:16:16
at at.ts:17:13
";
    Place::new().with("at.ts", source).b8g(&["run", "at.ts"]).code(0).stdout(expected);
}

#[test]
fn what_does_not_compile_is_1() {
    let place = Place::new().with("syntax.ts", "const x = ;\n").with("import.ts", "import './missing.ts';\n");
    let ended = place.b8g(&["run", "--report=report.json", "syntax.ts"]);
    ended.code(1).says("syntax.ts:1:11");
    assert!(ended.stderr.lines().last().unwrap().ends_with("(syntax.ts:1:11)"), "{ended:?}");
    assert_eq!(place.report()["reason"], "error");
    place
        .b8g(&["run", "import.ts"])
        .code(1)
        .last_line("b8g: error: cannot find \"./missing.ts\" (import.ts:1:8)");
}

#[test]
fn an_uncaught_refusal_is_a_policy_death() {
    let read = "import { open } from 'b8g'; const f = await open('data/x.csv'); console.log(await f.text())";
    let place = Place::new().with("read.ts", read);
    std::fs::create_dir(place.join("data")).unwrap();
    std::fs::write(place.join("data/x.csv"), "1,2").unwrap();
    let ended = place.b8g(&["run", "--report=report.json", "read.ts"]);
    ended.code(1).says("error: Uncaught PermissionDenied: ").last_line(
        "b8g: policy: read access to \"data/x.csv\" was not granted (grant it with --allow-read=data/x.csv)",
    );
    assert_eq!(place.report()["reason"], "policy");
    assert_eq!(place.report()["denied"][0]["flag"], "--allow-read=data/x.csv");
    place.b8g(&["run", "--allow-read=data", "read.ts"]).code(0).stdout("1,2\n");
}

#[test]
fn arguments_and_environment_come_as_granted() {
    let source =
        "import { args, env, exit } from 'b8g'; console.log(args.join('|'), env('GREETING')); exit(9)";
    let place = Place::new().with("a.ts", source);
    place.b8g(&["run", "--env=GREETING=hi", "a.ts", "x", "--", "-v"]).code(9).stdout("x|--|-v hi\n");
    place.b8g(&["run", "--env=GREETING=hi", "a.ts", "--", "y"]).code(9).stdout("y hi\n");
}

#[test]
fn limits_hold() {
    let place = Place::new()
        .with("loop.js", "while (true) {}")
        .with("wait.js", "setTimeout(() => console.log('late'), 300000)")
        .with("memory.js", "const a = []; for (;;) a.push(new Array(10000).fill(1))")
        .with("output.js", "for (;;) console.log('yes')")
        .with("regexp.js", "/(a+)+$/.test('a'.repeat(60) + 'b')");
    for (name, at) in
        [("loop.js", "    at loop.js:1:1\n"), ("wait.js", ""), ("regexp.js", "    at regexp.js:1:")]
    {
        let ended = place.b8g(&["run", "--timeout=300ms", name]);
        ended
            .code(124)
            .says(at)
            .last_line("b8g: stopped: still running after 300ms (raise it with --timeout=600ms)");
        println!("{name} with a deadline of 300 ms took {:?}", ended.took);
    }
    place.b8g(&["run", "memory.js"]).code(137).says("(raise it with --memory=128M)");
    let ended = place.b8g(&["run", "--output-limit=10k", "output.js"]);
    assert_eq!(ended.code(125).stdout.len(), 10 << 10);
}

#[test]
fn a_seed_makes_a_program_the_same() {
    let source = "console.log(Math.random(), Date.now(), crypto.randomUUID())";
    let place = Place::new().with("a.js", source);
    let run = || place.b8g(&["run", "--seed=5", "a.js"]).stdout;
    assert_eq!(run(), run());
    assert_ne!(place.b8g(&["run", "a.js"]).stdout, place.b8g(&["run", "a.js"]).stdout);
}

#[test]
fn standard_input_is_the_programs() {
    let source = "import { stdin } from 'b8g'; console.log((await stdin.text()).toUpperCase())";
    let place = Place::new().with("a.ts", source);
    place.b8g_with(&["run", "a.ts"], b"shout").code(0).stdout("SHOUT\n");
    let empty = "import { stdin } from 'b8g'; console.log((await stdin.text()).length)";
    place.b8g_with(&["run", "--lang=ts", "-"], empty.as_bytes()).code(0).stdout("0\n");
}

#[test]
fn what_is_called_and_is_no_function_is_named() {
    let source = "const x: any = 1, o: any = { a: { b: 2 } };\n\
        for (const f of [() => x(), () => o.foo(1), () => o.a.b<number>('x'), () => o['x'](), () => x`a`, () => [1].map(x)]) {\n\
          try { f(); } catch (e) { console.log(e.message); }\n}\n";
    let expected = "x is not a function\no.foo is not a function\no.a.b is not a function\nnot a function\n\
        x is not a function\nnot a function\n";
    Place::new().with("a.ts", source).b8g(&["run", "a.ts"]).code(0).stdout(expected);
}

#[test]
fn a_long_chain_of_imports_runs_or_is_an_error() {
    let chain = |length: usize| {
        let module = |i: usize| format!("import './m{}.js'; export const x = {i};", i + 1);
        let place = (0..length).fold(Place::new(), |place, i| place.with(&format!("m{i}.js"), module(i)));
        place.with(&format!("m{length}.js"), "console.log('last')")
    };
    chain(900).b8g(&["run", "m0.js"]).code(0).stdout("last\n");
    chain(3000).b8g(&["run", "m0.js"]).code(1).says("RangeError: Maximum call stack size exceeded");
}

#[test]
fn refusals_and_misuse_name_what_is_wrong() {
    let source = "import { open, remove, rename } from 'b8g';\n\
        const tried = async (f) => { try { await f(); } catch (e) { console.log(e.name, e.message); } };\n\
        await tried(() => rename('d/a', 'out.txt'));\n\
        for (const path of ['d', 'd/.', 'd/e/..']) await tried(() => remove(path, { recursive: true }));\n\
        await tried(async () => (await open('d/a', { write: true })).text());\n\
        await tried(async () => (await open('d/a')).write('x'));\n";
    let place = Place::new().with("a.js", source);
    std::fs::create_dir_all(place.join("d/e")).unwrap();
    std::fs::write(place.join("d/a"), "text").unwrap();
    let expected = "PermissionDenied write access to \"out.txt\" was not granted; run again with --allow-write=out.txt\n\
        Busy remove \"d\": it is in use\nBusy remove \"d/.\": it is in use\nBusy remove \"d/e/..\": it is in use\n\
        BadResource read \"d/a\": it was not opened for that\nBadResource write \"d/a\": it was not opened for that\n";
    place.b8g(&["run", "-R=d", "-W=d", "a.js"]).stdout(expected);
    assert!(place.join("d/a").exists() && place.join("d/e").exists());
}

#[test]
fn packages_with_the_names_of_modules_that_are_there_are_passed_over() {
    let place = Place::new();
    for name in ["fs", "b8g", "node:fs", "other"] {
        let folder = place.join("node_modules").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("index.js"), format!("module.exports = 'the package {name}';")).unwrap();
    }
    let source = "import fs, { readFileSync } from 'fs'; import * as b8g from 'b8g'; import other from 'other'; import own from './fs.cjs';\n\
                  import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);\n\
                  console.log(typeof readFileSync, typeof b8g.open, other, own, require('node:fs') === fs, require('fs') === fs);";
    let place = place.with("a.mjs", source).with("fs.cjs", "module.exports = 'a file';");
    place.b8g(&["run", "a.mjs"]).code(0).stdout("function function the package other a file true true\n");
    let place = place.with("b.mjs", "import 'node:nothing';");
    place.b8g(&["run", "b.mjs"]).code(1).says("node:nothing");
}

#[test]
fn what_a_program_asks_of_its_environment_is_told() {
    let source = "const { DEBUG, NO_COLOR } = process.env; console.log(DEBUG, process.env.NODE_ENV, 'x' in process.env);";
    let place =
        Place::new().with("a.cjs", source).with("fails.cjs", format!("{source} throw new Error('x');"));
    place
        .b8g(&["run", "--report=report.json", "a.cjs"])
        .code(0)
        .stdout("undefined undefined false\n")
        .stderr("");
    let flags: Vec<String> = place.report()["denied"]
        .as_array()
        .unwrap()
        .iter()
        .map(|denial| denial["flag"].as_str().unwrap().into())
        .collect();
    assert_eq!(flags, ["--allow-env=DEBUG", "--allow-env=NO_COLOR", "--allow-env=NODE_ENV"]);
    place.b8g(&["run", "fails.cjs"]).code(1).says("(grant it with --allow-env=DEBUG)");
    place.b8g(&["run", "--env=NODE_ENV=test", "--env=DEBUG=a", "a.cjs"]).code(0).stdout("a test false\n");
    let place = place.with("main.js", "export function main() { console.log(process.env.NODE_ENV); }");
    place.b8g(&["build", "--quiet", "main.js"]).code(0);
    place.b8g(&["run", "--env=NODE_ENV=test", "main.b8g"]).code(0).stdout("production\n");
}

#[test]
fn a_program_that_answers_requests_says_how_it_is_served() {
    let place = Place::new()
        .with("server.ts", "export default { fetch: (): Response => new Response('x') };")
        .with("plain.js", "export default { other() {} };");
    let hint =
        "b8g: \"server.ts\" answers requests of HTTP and was given none (serve it with b8g serve-http)\n";
    place.b8g(&["run", "server.ts"]).code(0).stderr(hint);
    place.b8g(&["run", "--quiet", "server.ts"]).code(0).stderr("");
    place.b8g(&["run", "plain.js"]).code(0).stderr("");
}

#[test]
fn what_a_program_computes_the_name_of_is_read_from_granted_files() {
    let source = "const load = (name) => { try { return require(name); } catch (error) { return `${error.code} ${error.message}`; } };\n\
                  const join = (...parts) => parts.join('/');\n\
                  for (const name of process.argv.slice(2)) console.log(load(join('.', 'plugins', name)));\n\
                  console.log(load(join('pkg', 'sub')), load(['p', 'kg'].join('')), load(join('pkg', 'hidden')), require.resolve(join('.', 'plugins', 'a')));\n\
                  console.log(load(join('.', 'plugins', 'own')) === require('./plugins/own.js'), load('node:' + 'fs') === require('fs'));\n\
                  try { require('absent'); } catch (error) { console.log(error.message); }";
    let place = Place::new().with("main.cjs", source);
    let files = [
        (
            "plugins/a.js",
            "exports.name = 'a'; exports.b = require('./b'); exports.again = require('.' + '/a.js') === exports; exports.at = __filename;",
        ),
        ("plugins/b.cjs", "#!/usr/bin/env node\nmodule.exports = module.id;"),
        ("plugins/data.json", "{\"n\": 1}"),
        ("plugins/folder/index.js", "module.exports = 'an index';"),
        ("plugins/own.js", "module.exports = {};"),
        ("plugins/esm.mjs", "export default 1;"),
        ("plugins/throws.js", "throw new TypeError('while loading');"),
        (
            "node_modules/pkg/package.json",
            "{\"exports\": {\".\": {\"import\": \"./no.mjs\", \"require\": \"./main.js\"}, \"./s*\": {\"default\": \"./lib/s*.js\"}}}",
        ),
        ("node_modules/pkg/main.js", "module.exports = 'the package';"),
        ("node_modules/pkg/lib/sub.js", "module.exports = 'a part of it';"),
        ("node_modules/pkg/hidden.js", "module.exports = 'hidden';"),
    ];
    for (file, text) in files {
        std::fs::create_dir_all(place.join(file).parent().unwrap()).unwrap();
        std::fs::write(place.join(file), text).unwrap();
    }
    let names = ["a", "data", "folder", "esm.mjs", "throws", "nothing", "../../outside"];
    let granted = [&["run", "--allow-read=plugins,node_modules", "main.cjs"], &names[..]].concat();
    let expected = "{\n  name: 'a',\n  b: '/cwd/plugins/b.cjs',\n  again: true,\n  at: '/cwd/plugins/a.js'\n}\n\
        { n: 1 }\n\
        an index\n\
        ERR_REQUIRE_ESM require() of /cwd/plugins/esm.mjs is not supported: only CommonJS and JSON can be loaded by a name that the program computes\n\
        undefined while loading\n\
        MODULE_NOT_FOUND Cannot find module './plugins/nothing' imported from main.cjs\n\
        MODULE_NOT_FOUND Cannot find module './plugins/../../outside' imported from main.cjs: what a program computes the name of is read as a file, which was not granted; run again with --allow-read=/outside\n\
        a part of it the package MODULE_NOT_FOUND Cannot find module 'pkg/hidden' imported from main.cjs /cwd/plugins/a.js\n\
        true true\n\
        Cannot find module 'absent' imported from main.cjs\n";
    place.b8g(&granted).code(0).stdout(expected);
    let refused = place.b8g(&["run", "main.cjs", "a"]);
    assert!(refused.stdout.starts_with("MODULE_NOT_FOUND Cannot find module './plugins/a' imported from main.cjs: what a program computes the name of is read as a file, which was not granted; run again with --allow-read=plugins/a\n"), "{refused:?}");
}
