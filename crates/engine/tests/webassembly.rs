//! `WebAssembly` of scripts: modules that run within their context.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use b8g::{
    Capture, Component, Config, Context, Engine, Grants, Interrupt, Language, Limits, Outcome, Reason,
    SnapshotError, Stdout,
};

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Config::new().code_cache(None)).unwrap())
}

fn limits() -> Limits {
    Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() }
}

/// A script in which `NAME` in braces of a list of modules is that module's bytes.
fn script(modules: &[(&str, &str)], text: &str) -> String {
    let bytes = |text: &str| wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    let declared: String = modules
        .iter()
        .map(|(name, text)| format!("const {name} = new Uint8Array({:?});\n", bytes(text)))
        .collect();
    declared
        + "const make = (bytes, imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
           const thrown = (act) => { try { act(); return 'nothing'; } catch (error) { return `${error.constructor.name}: ${error.message}`; } };\n"
        + text
}

fn run_with(engine: &Engine, text: &str, limits: Limits) -> (Outcome, String) {
    let component =
        Component::from_source(engine, "test.js", Language::JavaScript, text, Path::new(".")).unwrap();
    let output = Capture::new();
    let grants = Grants::none().clocks().randomness().compute();
    let grants = grants.stdout(Stdout::Capture(output.clone())).stderr(Stdout::Capture(output.clone()));
    let outcome = Context::new(&component, &grants, limits).unwrap().run();
    (outcome, String::from_utf8(output.take()).unwrap())
}

fn run(modules: &[(&str, &str)], text: &str) -> String {
    let (outcome, output) = run_with(engine(), &script(modules, text), limits());
    assert!(outcome.is_success(), "{outcome}\n{output}");
    output
}

const ADD: &str = r#"(module
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "long") (param i64) (result i64) (i64.add (local.get 0) (i64.const 1)))
    (func (export "half") (param f32) (result f32) (f32.div (local.get 0) (f32.const 2)))
    (func (export "root") (param f64) (result f64) (f64.sqrt (local.get 0)))
    (func (export "pair") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
    (func (export "none"))
    (global (export "g") (mut i32) (i32.const 7)) (global (export "c") i64 (i64.const -3))
    (@custom "note" "hello"))"#;

#[test]
fn functions_take_and_give_numbers() {
    let output = run(
        &[("bytes", ADD)],
        "const e = make(bytes);
         console.log(e.add(40, 2), e.add('1', 2.9), e.add(2 ** 31, 0), e.add(), e.long(2n ** 63n - 1n), e.half(5), e.half(0.1), e.root(2));
         console.log(e.pair(1, 2n), e.none(), e.add.length, typeof e.add, Object.isFrozen(e), Object.keys(e).join());
         console.log(e.g.value, e.g.value = 9, e.g.value, e.c.value, thrown(() => e.c.value = 1n), thrown(() => e.long(1)), thrown(() => new e.add()));
         const module = new WebAssembly.Module(bytes);
         console.log(JSON.stringify(WebAssembly.Module.exports(module).slice(0, 2)), WebAssembly.Module.imports(module).length,
           new TextDecoder().decode(WebAssembly.Module.customSections(module, 'note')[0]), WebAssembly.validate(bytes), WebAssembly.validate(new Uint8Array(8)));
         WebAssembly.instantiate(bytes).then(({ instance, module }) => console.log(instance instanceof WebAssembly.Instance, String(module), instance.exports.add(1, 1)));",
    );
    assert_eq!(
        output,
        "42 3 -2147483648 0 -9223372036854775808n 2.5 0.05000000074505806 1.4142135623730951
[ 2n, 1 ] undefined 2 function true add,long,half,root,pair,none,g,c
7 9 9 -3n TypeError: set WebAssembly.Global.value: Can't set the value of an immutable global. TypeError: cannot convert to bigint TypeError: not a constructor
[{\"name\":\"add\",\"kind\":\"function\"},{\"name\":\"long\",\"kind\":\"function\"}] 0 hello true false
true [object WebAssembly.Module] 2\n"
    );
}

#[test]
fn modules_call_the_program() {
    let modules = [(
        "bytes",
        r#"(module (import "a" "f" (func $f (param i32 i64 f64) (result i32))) (import "a" "two" (func $two (result i32 i32)))
            (import "a" "log" (func $log (param i32)))
            (func (export "run") (param i32) (result i32) (call $f (local.get 0) (i64.const -5) (f64.const 1.5)))
            (func (export "sum") (result i32) (call $two) i32.add)
            (func (export "count") (param i32) (loop $l (call $log (local.get 0)) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0)))))"#,
    )];
    let output = run(
        &modules,
        "const seen = [];
         let e;
         const a = { f: (...list) => { console.log(...list); return list[0] > 2 ? e.run(list[0] - 1) + 1 : 0; }, two: () => new Set([40, 2]), log: (n) => seen.push(n) };
         e = make(bytes, { a });
         console.log(e.run(5), e.sum());
         e.count(1000);
         console.log(seen.length, seen[999]);
         a.boom = class Boom extends Error {};
         const bad = make(bytes, { a: { ...a, f() { throw new a.boom('mine'); }, two: () => [1] } });
         console.log(thrown(() => bad.run(1)), thrown(() => bad.sum()), thrown(() => e.run(1n)));
         console.log(e.run(1));",
    );
    assert_eq!(
        output,
        "5 -5n 1.5\n4 -5n 1.5\n3 -5n 1.5\n2 -5n 1.5\n3 42\n1000 1\n\
         Boom: mine TypeError: multi-return length mismatch TypeError: cannot convert BigInt to number\n1 -5n 1.5\n0\n"
    );
}

const MEMORY: &str = r#"(module (memory (export "memory") 1 4) (data (i32.const 8) "hello")
    (func (export "get") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "set") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;

#[test]
fn a_memory_is_its_buffer() {
    let output = run(
        &[
            ("bytes", MEMORY),
            (
                "importing",
                r#"(module (import "m" "memory" (memory 1)) (import "m" "look" (func $look))
                (func (export "run") (i32.store8 (i32.const 3) (i32.const 33)) (drop (memory.grow (i32.const 1))) (call $look)))"#,
            ),
        ],
        "const e = make(bytes);
         const { buffer } = e.memory;
         const view = new Uint8Array(buffer);
         console.log(buffer.byteLength, new TextDecoder().decode(view.subarray(8, 13)), e.memory.buffer === buffer, e.memory instanceof WebAssembly.Memory);
         view[100] = 77; e.set(101, 78);
         console.log(e.get(100), view[101], thrown(() => buffer.transfer()), thrown(() => structuredClone(buffer, { transfer: [buffer] })));
         console.log(e.grow(1), buffer.byteLength, view.length, e.memory.buffer.byteLength, new Uint8Array(e.memory.buffer)[100]);
         console.log(e.memory.grow(1), e.memory.buffer.byteLength, e.grow(2), thrown(() => e.memory.grow(2)), e.memory.grow(0), e.get(100));
         let seen;
         const other = make(importing, { m: { memory: e.memory, look() { seen = [kept.byteLength, e.memory.buffer.byteLength, new Uint8Array(e.memory.buffer)[3]]; } } });
         let kept = e.memory.buffer;
         other.run();
         console.log(...seen, kept === e.memory.buffer, e.get(3));
         const own = new WebAssembly.Memory({ initial: 0, maximum: 2 });
         const empty = own.buffer;
         console.log(empty.byteLength, own.buffer === empty, own.grow(1), own.buffer.byteLength, empty.byteLength);
         console.log(thrown(() => new WebAssembly.Memory({ initial: 2, maximum: 1 })), thrown(() => new WebAssembly.Memory({})), thrown(() => new WebAssembly.Memory({ initial: 65537 })));
         for (let i = 0; i < 200; i++) { const m = make(bytes).memory; new Uint8Array(m.buffer)[65535] = i; }
         console.log('many');",
    );
    assert_eq!(
        output,
        "65536 hello true true
77 78 TypeError: a memory of WebAssembly cannot be transferred TypeError: a memory of WebAssembly cannot be transferred
1 0 0 131072 77
2 196608 -1 RangeError: WebAssembly.Memory.grow(): Maximum memory size exceeded 3 77
0 262144 33 false 33
0 true 0 65536 0
RangeError: WebAssembly.Memory(): Property 'maximum': value 1 is below the lower bound TypeError: WebAssembly.Memory(): Property 'initial' is required RangeError: WebAssembly.Memory(): Property 'initial': value 65537 is above the upper bound
many\n"
    );
}

#[test]
fn references_keep_what_they_are() {
    let output = run(
        &[(
            "bytes",
            r#"(module (import "a" "f" (func $f (param i32) (result i32))) (import "a" "see" (func $see (param externref) (result externref)))
            (table (export "t") 4 funcref) (table (export "x") 2 externref) (elem (i32.const 0) $f $double) (type $unary (func (param i32) (result i32)))
            (func $double (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
            (func (export "at") (param i32 i32) (result i32) (call_indirect (type $unary) (local.get 1) (local.get 0)))
            (func (export "put") (param externref) (table.set 1 (i32.const 0) (local.get 0)))
            (func (export "take") (result externref) (table.get 1 (i32.const 0)))
            (func (export "through") (param externref) (result externref) (call $see (local.get 0)))
            (func (export "isNull") (param externref) (result i32) (ref.is_null (local.get 0)))
            (func (export "function") (param funcref) (result funcref) (local.get 0)))"#,
        )],
        "const object = { it: 1 };
         const e = make(bytes, { a: { f: (n) => n + 100, see: (value) => [value] } });
         console.log(e.at(0, 1), e.at(1, 21), e.t.length, e.t.get(1) === e.double, e.t.get(3), e.t.get(0)(5), thrown(() => e.at(2, 0)), thrown(() => e.at(9, 0)));
         e.put(object);
         console.log(e.take() === object, e.through('x'), e.through(undefined), e.isNull(null), e.isNull(undefined), e.isNull(), e.x.get(1), e.x.get(0) === object);
         console.log(e.function(e.double) === e.double, e.function(null), thrown(() => e.function(() => 1)), thrown(() => e.t.set(0, () => 1)), thrown(() => e.t.get(4)));
         e.t.set(2, e.double); e.t.grow(2, e.double);
         console.log(e.at(2, 4), e.at(5, 8), e.t.length);
         const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
         table.set(0, e.double);
         console.log(table.get(0)(3), new WebAssembly.Global({ value: 'externref', mutable: true }, object).value === object, new WebAssembly.Global({ value: 'i64' }, 5n).value);
         for (let i = 0; i < 200000; i++) e.put({ i });
         console.log(e.take().i);",
    );
    assert_eq!(
        output,
        "101 42 4 true null 105 RuntimeError: null function or function signature mismatch RuntimeError: table index is out of bounds
true [ 'x' ] [ undefined ] 1 0 0 null true
true null TypeError: WebAssembly objects are opaque: a function reference must be null or an exported function TypeError: WebAssembly objects are opaque: a function reference must be null or an exported function RangeError: WebAssembly.Table.get(): invalid address 4
8 16 6
6 true 5n
199999\n"
    );
}

#[test]
fn what_goes_wrong_is_an_error_of_its_kind() {
    let output = run(
        &[
            (
                "bytes",
                r#"(module (import "a" "f" (func $f)) (memory 1)
            (func $deep (export "deep") (call $deep)) (func (export "back") (call $f))
            (func $crash (export "unreachable") unreachable) (func $outer (export "outer") (call $crash))
            (func (export "far") (drop (i32.load (i32.const 100000)))) (func (export "zero") (drop (i32.div_u (i32.const 1) (i32.const 0))))
            (func (export "large") (drop (i32.trunc_f64_s (f64.const 1e10)))))"#,
            ),
            ("starting", r#"(module (func $s unreachable) (start $s))"#),
            ("wanting", r#"(module (import "a" "g" (global i32)) (import "a" "m" (memory 2)))"#),
            ("throwing", r#"(module (tag $t (param i32)) (func (export "run") (throw $t (i32.const 1))))"#),
        ],
        "let e;
         let depth = 0;
         e = make(bytes, { a: { f() { depth++; e.back(); } } });
         for (const name of ['unreachable', 'far', 'zero', 'large', 'deep', 'back']) console.log(thrown(e[name]));
         console.log(depth > 10, thrown(() => { const f = () => f(); f(); }));
         try { e.outer(); } catch (error) { console.log(error instanceof WebAssembly.RuntimeError, error instanceof Error, error.name, /crash.*\\n.*outer/s.test(error.stack), /test\\.js/.test(error.stack)); }
         console.log(thrown(() => make(starting)), '|', thrown(() => make(throwing).run()));
         console.log(thrown(() => make(wanting)), '|', thrown(() => make(wanting, {})), '|', thrown(() => make(wanting, { a: {} })));
         console.log(thrown(() => make(wanting, { a: { g: 1, m: 2 } })), '|', thrown(() => make(wanting, { a: { g: 1, m: new WebAssembly.Memory({ initial: 1 }) } })).slice(0, 60));
         console.log(thrown(() => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1]))).slice(0, 50), thrown(() => WebAssembly.Module(bytes)), thrown(() => new WebAssembly.Module('x')));
         console.log(WebAssembly.CompileError('a').message, new WebAssembly.LinkError('b', { cause: 1 }).cause, Object.prototype.toString.call(WebAssembly));
         WebAssembly.compile(new Uint8Array(4)).catch((error) => console.log(error.name));
         WebAssembly.compileStreaming(new Response('x')).catch((error) => console.log(error.message));
         WebAssembly.instantiateStreaming(new Response(bytes, { headers: { 'content-type': 'application/wasm' } }), { a: { f() {} } }).then(({ instance }) => console.log(typeof instance.exports.far));",
    );
    let expected = "RuntimeError: unreachable
RuntimeError: memory access out of bounds
RuntimeError: divide by zero
RuntimeError: integer overflow
RangeError: Maximum call stack size exceeded
RangeError: Maximum call stack size exceeded
true RangeError: Maximum call stack size exceeded
true true RuntimeError true true
RuntimeError: unreachable | RuntimeError: uncaught exception
TypeError: WebAssembly.Instance(): Imports argument must be present and must be an object | TypeError: WebAssembly.Instance(): Import #0 \"a\": module is not an object or function | LinkError: WebAssembly.Instance(): Import #0 \"a\" \"g\": global import must be a number, or a WebAssembly.Global object
LinkError: WebAssembly.Instance(): Import #1 \"a\" \"m\": memory import must be a WebAssembly.Memory object | LinkError: WebAssembly.Instance(): ";
    assert!(output.starts_with(expected), "{output}");
    assert!(output.contains("CompileError: WebAssembly.Module(): "), "{output}");
    assert!(output.ends_with("function\n") && output.contains("a 1 [object WebAssembly]\n"), "{output}");
}

const SPIN: &str = r#"(module (import "a" "more" (func $more)) (table (export "t") 2 funcref) (type $f (func))
    (func (export "spin") (loop $l (br $l))) (func (export "indirect") (call $more) (call_indirect (type $f) (i32.const 0))))"#;

#[test]
fn whatever_runs_is_stopped_in_time() {
    let text = script(
        &[("bytes", SPIN), ("late", r#"(module (func (export "spin") (loop $l (br $l))))"#)],
        "const e = make(bytes, { a: { more() { e.t.set(0, make(late).spin); } } });
         console.log('begun');
         WHAT",
    );
    for interrupt in [Interrupt::Signal, Interrupt::Epoch] {
        let engine = Engine::new(Config::new().code_cache(None).interrupt(interrupt)).unwrap();
        // The module of the last came while the one before it ran, and is called by that without the program.
        for what in ["e.spin();", "try { e.spin() } finally { console.log('never') }", "e.indirect();"] {
            let limits = Limits { timeout: Some(Duration::from_secs(1)), ..Limits::default() };
            let begun = Instant::now();
            let (outcome, output) = run_with(&engine, &text.replace("WHAT", what), limits);
            assert_eq!(
                (outcome.reason, output.as_str()),
                (Reason::Timeout, "begun\n"),
                "{interrupt:?} {what}"
            );
            assert!(begun.elapsed() < Duration::from_secs(20));
        }
    }
}

#[test]
fn a_program_ends_in_the_middle_of_a_module() {
    let module = [(
        "bytes",
        r#"(module (import "a" "f" (func $f)) (memory (export "m") 1) (func (export "run") (call $f))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#,
    )];
    let exits = script(&module, "make(bytes, { a: { f() { process.exit(7); } } }).run(); console.log('no');");
    let (outcome, output) = run_with(engine(), &exits, limits());
    assert_eq!((outcome.reason, outcome.exit_code, output.as_str()), (Reason::Exit, 7, ""));
    let throws = script(&module, "make(bytes, { a: { f() { null.x; } } }).run();");
    let (outcome, _) = run_with(engine(), &throws, limits());
    assert!(outcome.reason == Reason::Error && outcome.message.contains("test.js"), "{outcome}");
    // Memories within count as the context's own.
    let large =
        script(&module, "const e = make(bytes, { a: { f() {} } }); console.log(e.grow(1000), e.grow(1));");
    let small = Limits { memory_bytes_max: 32 << 20, ..limits() };
    assert_eq!(run_with(engine(), &large, small).1, "-1 1\n");
}

#[test]
fn a_context_with_modules_within_is_not_frozen() {
    let component = Component::javascript(engine()).unwrap();
    let mut context = Context::new(&component, &Grants::none().compute(), limits()).unwrap();
    context.eval("1").unwrap();
    context.snapshot().unwrap();
    // What is no module leaves nothing.
    let probed = "try { new WebAssembly.Module(new Uint8Array(9)) } catch (error) { error.name }";
    assert_eq!(context.eval(probed).unwrap(), "CompileError");
    context.snapshot().unwrap();
    context.eval("new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); 0").unwrap();
    let error = context.snapshot().unwrap_err();
    assert!(matches!(&error, SnapshotError::Busy(why) if why.contains("WebAssembly")), "{error}");
    assert_eq!(context.eval("1 + 1").unwrap(), "2");
}

/// What is kept until a context ends has bounds, which are errors.
#[test]
fn what_modules_take_is_bounded() {
    let globals = "(global i32 (i32.const 0))".repeat(20_000);
    let many = format!("(module {globals})");
    let names: String = (0..70_000).map(|n| format!("(export \"{n}\" (func 0))")).collect();
    let named = format!("(module (func) {names})");
    let output = run(
        &[("many", &many), ("named", &named), ("one", MEMORY), ("want", r#"(module (import "a" "f" (func)))"#)],
        "const until = (act) => { let n = 0; try { for (; n < 200000; n++) act(n); } catch (error) { return [n > 10, n < 100000, error.name]; } return n; };
         console.log(...until(() => new WebAssembly.Memory({ initial: 1 })));
         console.log(...until(() => make(one)));
         const [module, wanting] = [many, want].map((bytes) => new WebAssembly.Module(bytes));
         console.log(...until(() => new WebAssembly.Instance(module)));
         console.log(...until(() => new WebAssembly.Global({ value: 'i32' }, 1)));
         console.log(thrown(() => new WebAssembly.Module(named)));
         console.log(thrown(() => new WebAssembly.Instance(wanting, { a: { f() {} } })));",
    );
    assert_eq!(
        output,
        "true true RangeError\nfalse true LinkError\ntrue true RangeError\ntrue true RangeError\n\
         CompileError: WebAssembly.Module(): the module is too large, or there are too many of them\n\
         RangeError: WebAssembly: there is no room for more\n"
    );
}

/// A component that asks for anything, with numbers of any kind, is answered.
/// Where a memory was shown, a mapping of its own is left, of which a process has some 65,000.
#[test]
fn a_memory_is_not_shown_in_any_number_of_places() {
    let text = "const kept = [], memory = new WebAssembly.Memory({ initial: 1 }); let n = 0;
        // What is kept takes the places that were given back.
        const error = thrown(() => { for (; n < 600; n++) {
          memory.buffer; memory.grow(0); kept.push(new Uint8Array(69000), new Uint8Array(69000)); } });
        console.log(n < 600, error);";
    let limits = Limits { memory_bytes_max: 256 << 20, ..limits() };
    let (outcome, output) = run_with(engine(), &script(&[], text), limits);
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(output, "true InternalError: the memory cannot be shown\n");
}

#[test]
fn any_request_is_answered() {
    let module = wat::parse_str(MEMORY).unwrap();
    let data: String = module.iter().map(|byte| format!("\\{byte:02x}")).collect();
    // Requests 160 to 171 of the handle in the vector, with small numbers and large ones.
    let text = format!(
        r#"(module (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
        (memory (export "memory") 8) (data (i32.const 1024) "{data}") (global $seed (mut i64) (i64.const 88172645463325252))
        (func $random (param $below i64) (result i64)
          (global.set $seed (i64.xor (global.get $seed) (i64.shl (global.get $seed) (i64.const 13))))
          (global.set $seed (i64.xor (global.get $seed) (i64.shr_u (global.get $seed) (i64.const 7))))
          (global.set $seed (i64.xor (global.get $seed) (i64.shl (global.get $seed) (i64.const 17))))
          (i64.rem_u (global.get $seed) (local.get $below)))
        (func $slice (result i64)
          (if (result i64) (i64.eqz (call $random (i64.const 4))) (then (i64.const {whole}))
            (else (i64.or (i64.shl (i64.mul (i64.const 8) (call $random (i64.const 20))) (i64.const 32)) (i64.mul (i64.const 8) (call $random (i64.const 40000)))))))
        (func (export "b8g_event") (param i64 i32 i32 i64) (result i32) (i32.wrap_i64 (call $random (i64.const 2))))
        (func (export "b8g_start") (param i32 i32 i32 i32) (result i32) (local $n i32) (local $handle i32) (local $good i32)
          (drop (call $call (i32.const 8) (i32.const 0) (i64.const 1) (i64.const 0) (i64.const 0x0000010000000000) (i64.const 0)))
          (local.set $n (i32.const 0))
          (loop $find (if (i32.ne (i32.load (local.get $n)) (i32.const 19)) (then (local.set $n (i32.add (local.get $n) (i32.const 8))) (br $find))))
          (local.set $handle (i32.load (i32.add (local.get $n) (i32.const 4))))
          (local.set $n (i32.const 0))
          (loop $again
            (i64.store (i32.const 2048) (call $random (i64.const 200)))
            (i64.store (i32.const 2056) (call $random (i64.const 4)))
            (if (i64.ge_s (call $call (i32.const 8) (local.get $handle) (i64.add (i64.const 160) (call $random (i64.const 12)))
                (call $slice) (call $slice) (call $random (i64.const 6))) (i64.const 0))
              (then (local.set $good (i32.add (local.get $good) (i32.const 1)))))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 20000))))
          (if (i32.lt_u (local.get $good) (i32.const 200)) (then unreachable))
          (i32.const 0)))"#,
        whole = (module.len() as i64) << 32 | 1024,
    );
    let component = Component::from_wasm(engine(), text.as_bytes()).unwrap();
    let mut context = Context::new(&component, &Grants::none().compute(), limits()).unwrap();
    let outcome = context.run();
    assert!(outcome.is_success(), "{outcome}");
}
