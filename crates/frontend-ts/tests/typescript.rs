//! TypeScript and JSX become what the engine runs, and positions lead back to the source.

mod support;

use b8g_frontend_ts::{Entry, Language, Mapping, Options, build_program, compile_script};
use support::{Blob, build, message, strip, tree};

fn has(source: &str, parts: &[&str]) {
    let code = strip(source);
    for part in parts {
        assert!(code.contains(part), "no {part:?} in\n{code}");
    }
}

#[test]
fn types_are_stripped() {
    assert_eq!(strip("let a: number = 1"), "let a         = 1");
    assert_eq!(strip("a"), "a");
}

#[test]
fn the_mode_of_packages_is_production_where_they_are_built() {
    let built = |source: &str, production| {
        let entry =
            Entry::Source { name: "a.ts", language: Language::TypeScript, source, directory: ".".as_ref() };
        let options = Options { production, ..Options::default() };
        let program = build_program(entry, &options).unwrap();
        Blob::read(&program).modules[0].source.trim_end().to_owned()
    };
    let kept = "let text = 'process.env.NODE_ENV'; // process.env.NODE_ENV";
    assert_eq!(built(kept, true), kept);
    for (source, settled) in [
        (
            "if (process.env.NODE_ENV !== 'production') warn()",
            "if (\"production\"         !== 'production') warn()",
        ),
        (
            "a(b ? process.env.NODE_ENV : `${process.env.NODE_ENV}`)",
            "a(b ? \"production\"         : `${\"production\"        }`)",
        ),
        ("let a = process.env.NODE_ENV as string", "let a = \"production\""),
        ("process.env.NODE_ENV = 'a'", "process.env.NODE_ENV = 'a'"),
        ("((process) => process.env.NODE_ENV)(a)", "((process) => process.env.NODE_ENV)(a)"),
        ("a.process.env.NODE_ENV", "a.process.env.NODE_ENV"),
        ("enum A { B } a(process.env.NODE_ENV, A.B)", "a(\"production\", "),
    ] {
        let code = built(source, true);
        assert!(code.contains(settled), "no {settled:?} in\n{code}");
    }
    assert_eq!(built("a(process.env.NODE_ENV)", false), "a(process.env.NODE_ENV)");
}

#[test]
fn enums_namespaces_and_parameter_properties_run() {
    has("enum A { B, C = 'c', D = 1 << 4 }", &["A[A[\"B\"] = 0] = \"B\"", "A[\"C\"] = \"c\"", "= 16"]);
    has("const enum A { B = 2 } console.log(A.B)", &["A[A[\"B\"] = 2]", "console.log(A.B)"]);
    has("namespace A { export const b = 1; export function c() { return b } }", &["A.b = 1", "A.c = c"]);
    let code = strip("class A { constructor(private readonly b: number, c = 2) { this.d() } d() {} }");
    assert!(code.find("this.b = b").unwrap() < code.find("this.d()").unwrap(), "{code}");
    let code = strip("class A extends B { constructor(public c) { super(); c() } }");
    assert!(code.find("super()").unwrap() < code.find("this.c = c").unwrap(), "{code}");
}

#[test]
fn parts_of_a_namespace_that_need_each_other_are_refused() {
    let refused =
        |source: &str| compile_script("a.ts", source, Language::TypeScript).unwrap_err().to_string();
    for source in [
        "namespace N { export const a = 1 } namespace N { export const b = a + 1 }",
        "namespace N { export function a() {} } namespace N { a() }",
        "namespace X.Y { export const a = 1 } namespace X.Y { console.log(a) }",
        "namespace X.Y { export const { a } = o } namespace X { export namespace Y { f(() => a) } }",
    ] {
        let found = refused(source);
        assert!(found.contains("another part of the namespace"), "{source}: {found}");
        assert!(!refused("namespace N { export let a = 1 }").contains("oxc"));
        assert!(found.contains("N.a") || found.contains("X.Y.a"), "{found}");
    }
    for source in [
        "namespace N { export const a = 1 } namespace N { export const b = N.a + 1 }",
        "namespace N { export const a = 1 } namespace N { const a = 2; export const b = a }",
        "namespace N { export const a = 1 } namespace M { export const b = a } const a = 3",
        "namespace N { export type A = 1 } namespace N { export const b = 1 as A } enum E {}",
        "declare namespace N { const a: 1 } namespace N { b(a) }",
    ] {
        compile_script("a.ts", source, Language::TypeScript)
            .unwrap_or_else(|error| panic!("{source}: {error}"));
    }
    for source in [
        format!("namespace {} {{ export const x = 1 }}", vec!["a"; 25_000].join(".")),
        "namespace b{export const x=1}".repeat(40_000),
    ] {
        assert!(refused(&source).contains("namespaces"));
    }
}

#[test]
fn what_the_engine_runs_is_not_lowered() {
    let source = "class A { #b = 1; static { this.c ??= 2 } has(d) { return #b in d } }\n\
        using e = await f; const { g, ...h } = i ?? j?.k; for await (const l of m) n **= 2n; /(?<o>p)/v; async function* q() {}\n\
        enum R { S }";
    has(
        source,
        &[
            "#b = 1",
            "static {",
            "??= 2",
            "#b in d",
            "using e = await f",
            "...h",
            "j?.k",
            "for await",
            "**= 2n",
            "/(?<o>p)/v",
            "async function*",
        ],
    );
}

#[test]
fn fields_are_as_in_other_runtimes() {
    for more in ["", "enum E { F }\n"] {
        let code =
            strip(&format!("{more}class A {{ b: number; c = 1; static name = 'd'; declare e: 1; #f?: 2 }}"));
        let squeezed = code.split_whitespace().collect::<String>();
        assert!(squeezed.contains("c=1;staticname="), "{code}");
        assert!(!squeezed.contains("b;") && !squeezed.contains("e;"), "{code}");
        assert!(squeezed.contains("#f"), "{code}");
    }
}

#[test]
fn imports_of_types_vanish() {
    let files = [
        (
            "a.ts",
            "import { T, v } from './b.ts'; import type U from './gone.ts'; import { W } from './gone2.ts';\n\
            let x: T = v; let y: W; export type { Z } from './gone3.ts'; export { type T, v };",
        ),
        ("b.ts", "export interface T {} export const v: T = {};"),
        (
            "c.ts",
            "import { T, v } from './b.ts'; import { W } from './gone2.ts'; enum E { F } let x: T = v; let y: W;",
        ),
    ];
    let root = tree(&files);
    assert_eq!(build(root.path(), "a.ts").names(), ["a.ts", "b.ts"]);
    assert_eq!(build(root.path(), "c.ts").names(), ["c.ts", "b.ts"]);
}

#[test]
fn erased_code_keeps_positions_and_has_no_map() {
    let script = compile_script(
        "a.ts",
        "interface A { b: 1 }\nfunction f(a: A): void { throw a }",
        Language::TypeScript,
    );
    let script = script.unwrap();
    assert!(script.map.is_empty());
    assert_eq!(script.code.lines().nth(1).unwrap().find("throw"), Some(25));
}

/// Finds where a position of the code was in the source, as the engine does.
fn source_of(map: &[Mapping], line: u32, column: u32) -> (u32, u32) {
    let found = map.iter().rev().find(|entry| entry.line == line && entry.column <= column);
    found.map(|entry| (entry.source_line, entry.source_column)).expect("a mapping")
}

fn place(text: &str, part: &str) -> (u32, u32) {
    let at = text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
    let line = text[..at].matches('\n').count();
    let column = text[..at].rsplit('\n').next().unwrap().encode_utf16().count();
    (u32::try_from(line).unwrap(), u32::try_from(column).unwrap())
}

#[test]
fn the_map_leads_back_to_the_source() {
    let source = "#!/usr/bin/env b8g\nenum A { B }\n\n/* é😀 */ function f(a: A): never {\n    throw new Error('here')\n}\nconst s = '😀'; f(A.B)\n";
    let script = compile_script("a.ts", source, Language::TypeScript).unwrap();
    assert!(script.map.is_sorted());
    for part in ["throw", "new Error", "f(A.B)", "A.B)"] {
        let (line, column) = place(&script.code, part);
        assert_eq!(source_of(&script.map, line, column), place(source, part), "{part}\n{}", script.code);
    }
}

#[test]
fn legacy_decorators_need_the_option() {
    let source = "@a class B { @c d: string; e(@f g) {} }";
    let refused = message(&[("a.ts", source)], "a.ts");
    assert!(refused.starts_with("error: decorators are not supported yet\n --> a.ts:1:1\n"), "{refused}");
    assert!(refused.contains("experimentalDecorators"), "{refused}");
    let root = tree(&[
        ("a.ts", source),
        ("tsconfig.json", "{ // comment\n \"compilerOptions\": { \"experimentalDecorators\": true, }, }"),
    ]);
    let blob = build(root.path(), "a.ts");
    let module = blob.module("a.ts");
    assert!(module.source.starts_with("\"use strict\";var babelHelpers={decorate("), "{}", module.source);
    assert!(module.source.contains("babelHelpers.decorate([c], B.prototype, \"d\""), "{}", module.source);
    // The helpers are a line of their own, and the map knows.
    assert!(module.map.iter().all(|entry| entry[0] > 0), "{:?}", module.map);
}

#[test]
fn jsx_becomes_calls() {
    let code = |source| compile_script("a.tsx", source, Language::Tsx).map(|script| script.code).unwrap();
    let plain = code("import React from 'react'; const a: any = <b c={1}>d</b>;");
    assert!(plain.contains("React.createElement(\"b\", { c: 1 }, \"d\")"), "{plain}");
    assert!(plain.contains("import React"), "{plain}");
    assert!(code("const f = <T,>(a: T) => a; const g = <></>").contains("React.Fragment"));
    let automatic = code("/** @jsxImportSource preact */\nexport const a = <b/>;");
    assert!(automatic.contains("from \"preact/jsx-runtime\""), "{automatic}");
    assert_eq!(code("let a: 1 = 1"), "let a    = 1");
}

#[test]
fn typescript_modules_can_be_commonjs() {
    let root = tree(&[
        ("a.ts", "import b from './b.cts'; import c from './c.ts'; import d from './d.ts'; b(c, d)"),
        ("b.cts", "import path = require('./e.cjs'); export = function () { return path }"),
        ("c.ts", "const e = require('./e.cjs'); module.exports = e as any"),
        ("d.ts", "globalThis.d = 1 as number"),
        ("e.cjs", "exports.f = 1"),
    ]);
    let blob = build(root.path(), "a.ts");
    let kinds: Vec<_> = ["b.cts", "c.ts", "d.ts", "e.cjs"].map(|name| blob.module(name).kind).into();
    assert_eq!(kinds, [2, 2, 0, 2]);
    assert!(blob.module("b.cts").source.contains("module.exports = function"), "{:?}", blob.module("b.cts"));
    assert_eq!(blob.target("b.cts", "./e.cjs"), "e.cjs");
    assert_eq!(blob.module("c.ts").names, ["f"]);
    let refused = message(&[("a.ts", "export = 1")], "a.ts");
    assert!(
        refused.contains("Export assignment cannot be used when targeting ECMAScript modules"),
        "{refused}"
    );
}

#[test]
fn hashbangs_and_byte_order_marks_move_nothing() {
    let root =
        tree(&[("a.js", "\u{feff}#!/usr/bin/env b8g\nimport './b.ts'"), ("b.ts", "\u{feff}let a: 1 = 1")]);
    let blob = build(root.path(), "a.js");
    assert_eq!(blob.module("a.js").source, "///usr/bin/env b8g\nimport './b.ts'");
    assert_eq!(blob.module("b.ts").source, "let a    = 1");
}
