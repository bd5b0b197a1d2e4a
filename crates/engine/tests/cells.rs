//! Cells of a session: what they leave for the next ones, what they are worth, and that no error ends the session.

use std::path::Path;
use std::time::Duration;

use b8g::{Capture, Component, Config, Context, Engine, EvalError, Grants, Language, Limits, Reason, Stdout};

struct Session {
    context: Context,
    out: Capture,
    error: Capture,
}

fn component() -> Component {
    Component::javascript(&Engine::new(Config::new()).unwrap()).unwrap()
}

fn session_of(component: &Component, limits: Limits) -> Session {
    let (out, error) = (Capture::new(), Capture::new());
    let grants = Grants::none().clocks().randomness();
    let grants = grants.stdout(Stdout::Capture(out.clone())).stderr(Stdout::Capture(error.clone()));
    Session { context: Context::new(component, &grants, limits).unwrap(), out, error }
}

fn session() -> Session {
    session_of(&component(), Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() })
}

fn text(capture: &Capture) -> String {
    String::from_utf8(capture.take()).unwrap()
}

impl Session {
    #[track_caller]
    fn gives(&mut self, cell: &str, text: &str) {
        match self.context.eval(cell) {
            Ok(value) => assert_eq!(value.text, text, "{cell}"),
            Err(error) => panic!("{cell}: {error}"),
        }
    }

    #[track_caller]
    fn typed(&mut self, cell: &str, text: &str) {
        let given = self.context.eval_cell("cell 7", Language::TypeScript, cell).unwrap();
        assert_eq!(given.text, text, "{cell}");
    }

    #[track_caller]
    fn json(&mut self, cell: &str, json: Option<&str>) {
        assert_eq!(self.context.eval(cell).unwrap().json.as_deref(), json, "{cell}");
    }

    #[track_caller]
    fn throws(&mut self, cell: &str, what: &str) {
        match self.context.eval(cell) {
            Err(EvalError::Thrown(text)) => assert!(text.contains(what), "{cell}: {text}"),
            other => panic!("{cell}: {other:?}"),
        }
    }
}

#[test]
fn declarations_stay_and_can_be_made_anew() {
    let mut s = session();
    s.gives("let a = 1; const b = 2; class C { v = 3 } function f() { return a + b } var v = 4; f()", "3");
    s.gives("[a, b, new C().v, f(), v].join()", "1,2,3,3,4");
    s.gives("let a = 10; const b = 20; f()", "30");
    s.gives(
        "const a = 100; class C { v = 5 } function f() { return 'new ' + a } [f(), new C().v].join()",
        "new 100,5",
    );
    s.throws("a = 1", "read-only");
    s.gives("var a = 7; let v = 8; function b() {} [a, v, typeof b].join()", "7,8,function");
    s.gives("let fetch = 'mine'; fetch", "mine");
    s.gives("typeof globalThis.fetch", "function");
    s.gives("let { x, y: [z] } = { x: 1, y: [2] }; x + z", "3");
    s.gives("let x; x", "undefined");
    s.throws("let twice = 1; let twice = 2", "SyntaxError");
    s.throws("let undefined = 1", "already declared");
    // A program's own scripts may not.
    s.throws("(0, eval)('var x = 1')", "redeclaration");
    // What failed half way can be tried again.
    s.throws("let late = early; let early = 1", "ReferenceError");
    s.gives("let early = 1; let late = early; late", "1");
}

#[test]
fn await_may_stand_at_the_top() {
    let mut s = session();
    s.gives("let got = await Promise.resolve(5); const sum = got + await 1; sum", "6");
    s.gives("let sum = 'again'; got + sum", "5again");
    s.gives("for await (const n of [1, Promise.resolve(2)]) got += n; got", "8");
    s.gives("const { join } = await import('node:path'); join('a', 'b')", "a/b");
    s.gives("Promise.resolve({ a: 1 })", "{ a: 1 }");
    s.gives("await new Promise((done) => setTimeout(done, 5, 'timed'))", "timed");
    s.throws("await new Promise(() => {})", "never settled");
    s.throws("await Promise.reject(new RangeError('no'))", "RangeError: no");
    s.gives("got", "8");
}

#[test]
fn a_value_is_text_and_json() {
    let mut s = session();
    s.gives("({ a: [1, 'x'], f() {} })", "{ a: [ 1, 'x' ], f: [Function: f] }");
    s.gives("{ a: 1 }", "{ a: 1 }");
    s.gives("{ let a = 1; a }", "1");
    s.gives("'text'", "text");
    s.gives("Symbol('s')", "Symbol(s)");
    s.gives("new Map([[1, { deep: [[[1]]] }]])", "Map(1) { 1 => { deep: [ [Array] ] } }");
    s.gives("if (true) 'in a block'", "in a block");
    s.json(
        "({ a: [1, 'é'], d: new Date(0), u: undefined })",
        Some("{\"a\":[1,\"é\"],\"d\":\"1970-01-01T00:00:00.000Z\"}"),
    );
    s.json("'\"\\n'", Some("\"\\\"\\n\""));
    s.json("NaN", Some("null"));
    s.json("undefined", None);
    s.json("10n", None);
    s.json("() => 1", None);
    s.json("let circle = {}; circle.self = circle", None);
    s.json("({ toJSON() { throw new Error('no') } })", None);
    s.json("'x'.repeat(17 << 20).length", Some("17825792"));
    s.throws("'x'.repeat(17 << 20)", "longer than 16 MiB");
    s.json("({ long: 'x'.repeat(17 << 20) })", None);
    s.gives("1", "1");
}

#[test]
fn what_it_prints_is_apart() {
    let mut s = session();
    s.gives("console.log('out', { a: 1 }); console.error('err'); 5", "5");
    assert_eq!(text(&s.out), "out { a: 1 }\n");
    assert_eq!(text(&s.error), "err\n");
}

#[test]
fn errors_leave_the_session_usable() {
    let mut s = session();
    s.gives("let kept = 1", "undefined");
    for (cell, what) in [
        ("throw new TypeError('thrown')", "TypeError: thrown"),
        ("null.x", "TypeError"),
        ("let = ", "SyntaxError"),
        ("(function f() { f() })()", "RangeError"),
        ("nothing", "nothing is not defined"),
        ("throw { toString() { throw 1 } }", ""),
        ("let memory = []; while (true) memory.push(new Uint8Array(1 << 20))", "out of memory"),
        ("({ [Symbol.for('nodejs.util.inspect.custom')]() { throw new Error('shown') } })", ""),
        ("import x from 'nowhere'", "nowhere"),
    ] {
        let given = s.context.eval(cell);
        assert!(
            matches!(&given, Err(EvalError::Thrown(text)) if text.contains(what)) || what.is_empty(),
            "{cell}: {given:?}"
        );
        s.context.eval("memory = 0").ok();
        s.gives("kept += 1; kept > 1", "true");
    }
    s.gives("Promise.reject(new Error('left alone')); 1", "1");
    s.gives("setTimeout(() => { throw new Error('later') }, 1); await new Promise((done) => setTimeout(done, 5)); 2", "2");
    s.gives("queueMicrotask(() => { throw 'a string' }); 3", "3");
    let shown = text(&s.error);
    assert!(shown.contains("Uncaught (in promise) Error: left alone\n    at <eval>:1:16\n"), "{shown}");
    assert!(shown.contains("Uncaught Error: later") && shown.contains("Uncaught \"a string\""), "{shown}");
    s.gives("kept", "10");
}

#[test]
fn an_end_is_told() {
    let mut s = session();
    assert!(matches!(s.context.eval("process.exit(3)"), Err(EvalError::Ended(end)) if end.exit_code == 3));
    assert!(matches!(s.context.eval("1"), Err(EvalError::Ended(_))));

    let mut s =
        session_of(&component(), Limits { timeout: Some(Duration::from_millis(300)), ..Limits::default() });
    s.gives("1", "1");
    std::thread::sleep(Duration::from_millis(200));
    s.context.renew_deadline().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    s.gives("2", "2");
    s.context.suspend_deadline();
    std::thread::sleep(Duration::from_millis(400));
    s.context.renew_deadline().unwrap();
    s.gives("3", "3");
    assert!(
        matches!(s.context.eval("for (;;);"), Err(EvalError::Ended(end)) if end.reason == Reason::Timeout)
    );
}

#[test]
fn cells_have_types_names_and_imports() {
    let mut s = session();
    s.typed("interface P { x: number }\nconst p: P = { x: 1 }; enum E { A = 4 }\np.x + E.A", "5");
    s.typed("let p: string = 'again'; p", "again");
    s.typed("import { join, type ParsedPath } from 'node:path';\nimport os, * as all from 'node:os';\njoin('a', os.EOL, typeof all.EOL)", "a/\n/string");
    s.typed("join('later', 'cell')", "later/cell");
    s.gives("import { basename as base } from 'path'; base('/a/b')", "b");
    s.typed(
        "export const shared = 5; export function g(n: number) { throw new Error('at ' + n) }",
        "undefined",
    );
    s.gives("shared", "5");
    let thrown = s.context.eval_cell("cell 8", Language::JavaScript, "\n\n  g(1)").unwrap_err().to_string();
    assert!(thrown.starts_with("Error: at 1\n    at g (cell 7:1:"), "{thrown}");
    assert!(thrown.contains("at cell 8:3:3"), "{thrown}");
    let wrong = s.context.eval_cell("cell 9", Language::TypeScript, "let a: = 1").unwrap_err().to_string();
    assert!(wrong.contains("cell 9:1:"), "{wrong}");
}

#[test]
fn a_session_goes_on_from_an_image() {
    let mut s = session();
    s.gives("let n = 1; const f = () => n += 1; f()", "2");
    let image = s.context.snapshot().unwrap();
    s.gives("f()", "3");
    let mut restored =
        Context::restore(&image, &Grants::none().clocks().randomness(), Limits::default()).unwrap();
    assert_eq!(restored.eval("f()").unwrap(), "3");
    assert_eq!(restored.eval("const f = 'anew'; f + n").unwrap(), "anew3");
}

#[test]
fn a_session_can_begin_with_a_program() {
    let engine = Engine::new(Config::new()).unwrap();
    let source = "export const answer = 42; globalThis.seen = answer; setInterval(() => { seen++ }, 1)";
    let component =
        Component::from_source(&engine, "a.ts", Language::TypeScript, source, Path::new(".")).unwrap();
    let mut s =
        session_of(&component, Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() });
    s.gives("seen", "42");
    s.gives("const { answer } = await import('./a.ts'); answer", "42");
    s.gives("await new Promise((done) => setTimeout(done, 20)); seen > 42", "true");
    s.throws("throw new Error('of a cell')", "of a cell");
    s.gives("Promise.reject(1); 'lives'", "lives");
}

#[test]
fn names_are_completed_without_running_the_program() {
    let mut s = session();
    s.gives("let called = 0; const object = { alpha: 1, get alphabet() { called++; return { no: 1 } }, 'not a name': 1, nested: { deepest: 1 } }; class Thing { method() {} }", "undefined");
    for (text, names) in [
        ("object.al", "alpha,alphabet"),
        ("f(object?.nested.de", "deepest"),
        ("object.alphabet.", ""),
        ("[...obj", "object"),
        ("new Thi", "Thing"),
        ("Thing.prototype.me", "method"),
        ("console.lo", "log"),
        ("crypto.subtle.dig", "digest"),
        ("'text'.", ""),
        ("missing.x", ""),
        ("1.", ""),
        ("", ""),
        ("globalThis.structuredCl", "structuredClone"),
    ] {
        assert_eq!(s.context.complete(text).unwrap().join(), names, "{text}");
    }
    assert!(s.context.complete("object.").unwrap().contains(&"hasOwnProperty".to_owned()));
    s.gives("Object.prototype.get = Array.prototype.push = 1; delete Reflect.ownKeys; called", "0");
    assert_eq!(s.context.complete("object.alpha").unwrap(), ["alpha", "alphabet"]);
    s.gives("const proxy = new Proxy({}, { ownKeys() { throw new Error('trap') } }); 1", "1");
    assert!(s.context.complete("proxy.").unwrap().len() < 100);
}

trait Join {
    fn join(&self) -> String;
}

impl Join for Vec<String> {
    fn join(&self) -> String {
        self[..].join(",")
    }
}
