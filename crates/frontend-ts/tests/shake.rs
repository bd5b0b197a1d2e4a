//! Leaving out what nobody uses: what goes, what stays, and what is left of the statements that lead to it.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use b8g_frontend_ts::{BuildError, Entry, Language, Options, Program, ProgramLimits, build_program};
use support::{Blob, tree, write};

/// A package whose modules are all pure.
const PURE: (&str, &str) =
    ("node_modules/p/package.json", "{ \"type\": \"module\", \"sideEffects\": false }");

fn try_shaken(root: &Path, entry: &str) -> Result<Program, BuildError> {
    let path = root.join(entry);
    let source = std::fs::read_to_string(&path).unwrap();
    let language = Language::from_path(&path).unwrap();
    let options = Options { shake: true, ..Options::default() };
    build_program(Entry::Source { name: entry, language, source: &source, directory: root }, &options)
}

fn shaken(root: &Path, entry: &str) -> Blob {
    match try_shaken(root, entry) {
        Ok(program) => Blob::read(&program),
        Err(error) => panic!("{error}"),
    }
}

/// The modules of a tree whose entry is `a.js`: the names in order, without `node_modules/p/` and `.js`.
fn left(files: &[(&str, &str)]) -> String {
    let root = tree(&[files, &[PURE]].concat());
    let blob = shaken(root.path(), "a.js");
    check_links(&blob);
    let plain = |name: &&str| {
        name.replace("node_modules/", "").replacen("p/", "", 1).trim_end_matches(".js").to_owned()
    };
    let mut names: Vec<String> = blob.names().iter().map(plain).collect();
    names.sort();
    names.join(" ")
}

/// What is left in the blob asks for what is there, and its specifiers are in its source.
fn check_links(blob: &Blob) {
    for module in &blob.modules {
        for (specifier, _) in &module.imports {
            assert!(module.source.contains(specifier), "{specifier} of {}", module.name);
        }
    }
}

const BARREL: &[(&str, &str)] = &[
    (
        "node_modules/p/index.js",
        "export { a } from './a.js'; export { b } from './b.js';\nexport {c, d as e} from './cd.js'; export { default as f } from './f.js'; export * as g from './g.js'; export { default } from './h.js'",
    ),
    ("node_modules/p/a.js", "import { shared } from './shared.js'; export const a = shared"),
    ("node_modules/p/b.js", "import { shared } from './shared.js'; export const b = shared"),
    ("node_modules/p/cd.js", "export * from './c.js'; export * from './d.js'"),
    ("node_modules/p/c.js", "export const c = 1, x = 1"),
    ("node_modules/p/d.js", "export function d() {}"),
    ("node_modules/p/f.js", "export default class {}"),
    ("node_modules/p/g.js", "export { a } from './a.js'; export const h = 1; export default 1"),
    ("node_modules/p/h.js", "export default 1"),
    ("node_modules/p/shared.js", "export const shared = []"),
];

#[test]
fn what_nobody_takes_from_a_barrel_is_left_out() {
    for (entry, names) in [
        ("import { a } from 'p'; a", "a a index shared"),
        ("import { b as x } from 'p'; x", "a b index shared"),
        ("import { c } from 'p'; c", "a c cd index"),
        ("import { e } from 'p'; e", "a cd d index"),
        ("import { f, e } from 'p'; f(e)", "a cd d f index"),
        ("import { g } from 'p'; g", "a a g index shared"),
        ("import h from 'p'; h", "a h index"),
        ("import { default as h } from 'p'; h", "a h index"),
        ("import h, { e } from 'p'; h(e)", "a cd d h index"),
        ("import 'p'", "a"),
        ("import {} from 'p'", "a"),
        ("import { a } from 'p'", "a"),
        ("export { a } from 'p'", "a a index shared"),
        ("export { a as default } from 'p'", "a a index shared"),
        ("import { a } from 'p'; export { a as b }", "a a index shared"),
        ("export * from 'p'", "a a b c cd d f g index shared"),
        ("export * as p from 'p'", "a a b c cd d f g h index shared"),
        ("import * as p from 'p'; p", "a a b c cd d f g h index shared"),
        ("import * as p from 'p'; p.e(p.e)", "a cd d index"),
        ("import * as p from 'p'; p?.default", "a h index"),
        ("import * as p from 'p'; p.e(); p['a']", "a a b c cd d f g h index shared"),
        ("import * as p from 'p'; let { e } = p", "a a b c cd d f g h index shared"),
        ("import * as p from 'p'; export { p }", "a a b c cd d f g h index shared"),
        ("import h, * as p from 'p'; p.e", "a cd d index"),
        ("import h, * as p from 'p'; h", "a h index"),
        ("import('p')", "a a b c cd d f g h index shared"),
        ("import { e } from 'p'; e; import('p')", "a a b c cd d f g h index shared"),
        ("import { e } from 'p'; eval('e')", "a a b c cd d f g h index shared"),
        ("import { e } from 'p'; export const e2 = `${e}`", "a cd d index"),
        ("import { nothing } from 'p'; nothing", "a index"),
        ("import { e } from 'p'; export default e", "a cd d index"),
        ("import { e } from 'p'; { let e }", "a"),
        ("import { e } from 'p'; { let e; e }", "a cd d index"),
    ] {
        assert_eq!(left(&[BARREL, &[("a.js", entry)]].concat()), names, "{entry}");
    }
}

#[test]
fn what_is_left_of_statements_stands_where_it_stood() {
    let index = "import d1, { x1, y1 } from './1.js'; import d2, * as n2 from './2.js'; import { x3 as z3 } from './3.js'\n\
                 export { x4, x5, y4 as default } from './4.js' /* é😀 */; export * from './5.js';export*as n6 from'./6.js'\n\
                 export { d1, y1 as \"y one\", n2 , z3 }; export const own = 1; export*from'./7.js'";
    for (used, expected) in [
        ("own", "; ; ; ; ; ; export { } ; OWN ;"),
        ("d1", "import d1, { } from './1.js'; ; ; ; ; ; export { d1, } ; OWN ;"),
        ("n2", "; import * as n2 from './2.js'; ; ; ; ; export { n2 , } ; OWN ;"),
        ("z3", "; ; import { x3 as z3 } from './3.js' ; ; ; export { z3 } ; OWN ;"),
        ("x5", "; ; ; export { x5, } from './4.js' /* é😀 */ ; ; ; export { } ; OWN ;"),
        ("default as y", "; ; ; export { y4 as default } from './4.js' /* é😀 */ ; ; ; export { } ; OWN ;"),
        ("n6", "; ; ; ; ; export*as n6 from'./6.js' export { } ; OWN ;"),
        ("s5", "; ; ; ; export * from './5.js' ; ; export { } ; OWN ;"),
        ("s7", "; ; ; ; ; ; export { } ; OWN export*from'./7.js'"),
    ] {
        let entry = format!("import {{ {used} }} from 'p'; {}", used.rsplit(' ').next().unwrap());
        let mut files = vec![PURE, ("a.js", entry.as_str()), ("node_modules/p/index.js", index)];
        let numbered: Vec<(String, String)> = (1..=7)
            .map(|n| {
                (
                    format!("node_modules/p/{n}.js"),
                    format!(
                        "export let x{n}, y{n}, s{n}, z = 5; export {{ z as x{} }}; export default 1",
                        if n == 5 { 0 } else { 5 }
                    ),
                )
            })
            .collect();
        files.extend(numbered.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let root = tree(&files);
        let blob = shaken(root.path(), "a.js");
        let source = &blob.module("node_modules/p/index.js").source;
        let words = |text: &str| text.replace(';', " ; ").split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = expected.replace("OWN", "export const own = 1;");
        assert_eq!(words(source), words(&expected), "{used}");
        assert!(source.lines().all(|line| !line.ends_with("  ")), "{source}");
        let at = |text: &str| {
            let found = text.lines().map(|line| line.split_once("const own"));
            let column = |(line, found): (usize, Option<(&str, &str)>)| {
                found.map(|(before, _)| (line, before.encode_utf16().count()))
            };
            found.enumerate().find_map(column)
        };
        assert_eq!(at(source), at(index));
        assert_eq!(source.lines().count(), index.lines().count());
    }
}

#[test]
fn only_what_a_package_promises_is_left_out() {
    let list = |effects: &str| format!("{{ \"type\": \"module\", \"sideEffects\": {effects} }}");
    for (effects, names) in [
        ("false", "a a"),
        ("true", "a a b c d/b index"),
        ("\"false\"", "a a b c d/b index"),
        ("{}", "a a b c d/b index"),
        ("null", "a a b c d/b index"),
        ("[]", "a a"),
        ("[\"index.js\"]", "a a index"),
        ("[\"./index.js\"]", "a a index"),
        ("[\"./i*x.js\", \"*.css\"]", "a a index"),
        ("[\"b.js\", \"index.js\"]", "a a b d/b index"),
        ("[\"./b.js\", \"index.js\"]", "a a b index"),
        ("[\"d/**\", \"index.js\"]", "a a d/b index"),
        ("[\"**/b.js\", \"index.js\"]", "a a b d/b index"),
        ("[\"*.js\"]", "a a b c d/b index"),
        ("[\"(x).js\"]", "a a b c d/b index"),
    ] {
        let files = [
            ("a.js", "import 'p'; import { a } from 'p/a.js'; a"),
            (
                "node_modules/p/index.js",
                "import './b.js'; import './c.js'; export { x } from './d/b.js'; export const y = 1",
            ),
            ("node_modules/p/a.js", "export const a = 1"),
            ("node_modules/p/b.js", ""),
            ("node_modules/p/c.js", ""),
            ("node_modules/p/d/b.js", "export const x = 1"),
        ];
        let root = tree(&[&files[..], &[PURE]].concat());
        write(root.path(), PURE.0, &list(effects));
        let blob = shaken(root.path(), "a.js");
        let plain = |name: &&str| name.replace("node_modules/p/", "").replace(".js", "");
        let mut left: Vec<String> = blob.names().iter().map(plain).collect();
        left.sort();
        assert_eq!(left.join(" "), names, "{effects}");
    }
}

#[test]
fn the_nearest_package_json_counts() {
    let files = [
        ("a.js", "import './own.js'; import 'p/x.js'; import 'p/in/y.js'; import 'q/z.js'; import 'lone'"),
        ("own.js", ""),
        ("package.json", "{ \"sideEffects\": false }"),
        ("node_modules/p/x.js", ""),
        ("node_modules/p/in/package.json", "{ \"type\": \"module\" }"),
        ("node_modules/p/in/y.js", ""),
        ("node_modules/q/package.json", "{}"),
        ("node_modules/q/z.js", ""),
        // What lies directly in node_modules is not the project's.
        ("node_modules/lone.js", ""),
    ];
    assert_eq!(left(&files), "a in/y lone q/z");
}

#[test]
fn a_module_that_is_not_pure_runs_whatever_is_taken_from_it() {
    let impure = ("node_modules/q/package.json", "{ \"type\": \"module\" }");
    let files = [
        impure,
        ("a.js", "import { x } from 'q'; x"),
        (
            "node_modules/q/index.js",
            "export { x } from './x.js'; export { y } from './y.js'; export * from './z.js'; export { w } from 'p/w.js'; export * from 'p/v.js'",
        ),
        ("node_modules/q/x.js", "export const x = 1"),
        ("node_modules/q/y.js", "export const y = 1; globalThis.y = 1; import { u } from 'p/u.js'; u()"),
        ("node_modules/q/z.js", "export const z = 1"),
        ("node_modules/p/w.js", "export const w = 1"),
        ("node_modules/p/v.js", "export const v = 1"),
        ("node_modules/p/u.js", "export const u = () => 1"),
    ];
    assert_eq!(left(&files), "a q/index q/x q/y q/z u");
    let root = tree(&[&files[..], &[PURE]].concat());
    let blob = shaken(root.path(), "a.js");
    let index = &blob.module("node_modules/q/index.js").source;
    let words: Vec<&str> = index.split_whitespace().collect();
    assert_eq!(words.join(" "), "export { x } from './x.js'; import './y.js'; export * from './z.js'; ; ;");
}

#[test]
fn other_kinds_of_modules_are_taken_whole() {
    let files = [
        (
            "a.js",
            "import { c } from 'p/c.cjs'; import data from 'p/d.json'; import { open } from 'b8g'; c(data)",
        ),
        ("node_modules/p/c.cjs", "exports.c = require('./e.js').x; require('./f.json'); exports.d = 1"),
        ("node_modules/p/d.json", "{}"),
        ("node_modules/p/e.js", "export { x } from './x.js'; export { y } from './y.js'"),
        ("node_modules/p/x.js", "export const x = 1"),
        ("node_modules/p/y.js", "export const y = 1"),
        ("node_modules/p/f.json", "1"),
    ];
    assert_eq!(left(&files), "a b8g c.cjs d.json e f.json x y");
    // A star that leads to CommonJS may bring any name, but only if one is missing.
    let files = [
        ("a.js", "import { x } from 'p'; x"),
        ("node_modules/p/index.js", "export * from './c.cjs'; export { y } from './y.js'"),
        ("node_modules/p/c.cjs", "exports.x = 1"),
        ("node_modules/p/y.js", "export const y = 1"),
    ];
    assert_eq!(left(&files), "a c.cjs index");
    let files = [&files[1..], &[("a.js", "import { y } from 'p'; y")]].concat();
    assert_eq!(left(&files), "a index y");
}

#[test]
fn modules_that_ask_by_computed_names_keep_their_package() {
    for ask in ["import(x)", "import(`./${x}.js`)", "import.meta.resolve(x)", "x(import.meta)", "eval(x)"] {
        let open = format!("export const o = x => {ask}");
        let files = [
            ("a.js", "import { o } from 'p'; o; import { e } from 'q'"),
            ("node_modules/p/index.js", "export { o } from './o.js'; export { n } from './n.js'"),
            ("node_modules/p/o.js", open.as_str()),
            ("node_modules/p/n.js", "export const n = 1"),
            ("node_modules/q/package.json", "{ \"sideEffects\": false }"),
            ("node_modules/q/index.js", "export const e = 1"),
        ];
        assert_eq!(left(&files), "a index n o", "{ask}");
    }
    for (ask, names) in [
        ("require(x)", "a index n o.cjs"),
        ("require.resolve(x)", "a index n o.cjs"),
        ("import(x)", "a index n o.cjs"),
        ("eval(x)", "a index n o.cjs"),
        ("require", "a index o.cjs"),
        ("require('./index.js')", "a index n o.cjs"),
    ] {
        let open = format!("exports.o = x => {ask}");
        let files = [
            ("a.js", "import { o } from 'p'; o"),
            ("node_modules/p/index.js", "export { o } from './o.cjs'; export { n } from './n.js'"),
            ("node_modules/p/o.cjs", open.as_str()),
            ("node_modules/p/n.js", "export const n = 1"),
        ];
        assert_eq!(left(&files), names, "{ask}");
    }
    for ask in ["import.meta.url", "eval", "(import.meta).url", "import('./y.js')"] {
        let open = format!("export const o = x => {ask}");
        let files = [
            ("a.js", "import { o } from 'p'; o"),
            ("node_modules/p/index.js", "export { o } from './o.js'; export { n } from './n.js'"),
            ("node_modules/p/o.js", open.as_str()),
            ("node_modules/p/n.js", "export const n = 1"),
        ];
        assert_eq!(left(&files), "a index o", "{ask}");
    }
}

#[test]
fn stars_are_followed_to_names() {
    for (entry, names) in [
        ("import { own } from 'p'; own", "a index"),
        ("import { x } from 'p'; x", "a index l x"),
        ("import { y } from 'p'; y", "a index r y"),
        // Both lead there: the engine has to see that it is one.
        ("import { z } from 'p'; z", "a index l r z"),
        ("import { deep } from 'p'; deep", "a deep index l x"),
        ("import { back } from 'p'; back", "a index l"),
        ("import { none } from 'p'; none", "a index"),
        ("import { default as none } from 'p'; none", "a index"),
    ] {
        let files = [
            ("a.js", entry),
            (
                "node_modules/p/index.js",
                "export * from './l.js'; export * from './r.js'; export const own = 1",
            ),
            (
                "node_modules/p/l.js",
                "export * from './x.js'; export * from './z.js'; export * from './index.js'; export let own, back; export default 1",
            ),
            ("node_modules/p/r.js", "export * from './z.js'; export * from './y.js'; export * from './r.js'"),
            (
                "node_modules/p/x.js",
                "export const x = 1; export { deep } from './deep.js'; export * from './x.js'",
            ),
            ("node_modules/p/y.js", "export const y = 1"),
            ("node_modules/p/z.js", "export const z = 1"),
            ("node_modules/p/deep.js", "export const deep = 1"),
        ];
        assert_eq!(left(&files), names, "{entry}");
    }
}

#[test]
fn names_that_lead_in_circles_end() {
    let files = [
        ("a.js", "import { x } from 'p'; x"),
        ("node_modules/p/index.js", "export { x } from './b.js'; export * from './c.js'"),
        ("node_modules/p/b.js", "export { x } from './index.js'; export { u } from './u.js'"),
        ("node_modules/p/c.js", "export * from './index.js'"),
        ("node_modules/p/u.js", "export const u = 1"),
    ];
    assert_eq!(left(&files), "a b index");
}

#[test]
fn what_is_rewritten_is_shaken_too() {
    let files = [
        (
            "a.tsx",
            "import { e, f, type T } from 'p'; enum E { A } const React = { createElement: (x: any) => x };\n export default <e.x a={E.A} />",
        ),
        (
            "b.ts",
            "import { e, T, U } from 'p'; import type { f } from 'p'; export let x: T = e as U; export { a, type b } from 'p'",
        ),
        ("c.ts", "import { e } from 'p'; export default e(process.env.NODE_ENV)"),
        (
            "node_modules/p/index.js",
            "export { e } from './e.js'; export { f } from './f.js'; export { a } from './a.js'; if (process.env.NODE_ENV) globalThis.x = 1",
        ),
        ("node_modules/p/e.js", "export const e = 1"),
        ("node_modules/p/f.js", "export const f = 1"),
        ("node_modules/p/a.js", "export const a = 1"),
        PURE,
    ];
    let root = tree(&files);
    for (entry, used) in [("a.tsx", &["e"][..]), ("b.ts", &["a", "e"]), ("c.ts", &["e"])] {
        let blob = shaken(root.path(), entry);
        check_links(&blob);
        let mut names = blob.names();
        names.sort_unstable();
        let mut expected: Vec<String> = used.iter().map(|name| format!("node_modules/p/{name}.js")).collect();
        expected.extend([entry.to_owned(), "node_modules/p/index.js".to_owned()]);
        expected.sort();
        assert_eq!(names, expected);
    }
}

#[test]
fn errors_in_what_is_left_out_are_none() {
    let broken = [
        (
            "node_modules/p/index.js",
            "export { a } from './a.js'; export { b } from './b.js'; export * from './d.js'; export const own = 1",
        ),
        ("node_modules/p/a.js", "export const a = 1"),
        ("node_modules/p/b.js", "export const b = ="),
        ("node_modules/p/c.js", "import './nowhere.js'"),
        ("node_modules/p/d.js", "import 'node:fz'; export let x"),
        ("package.json", "{ \"sideEffects\": [\"./a.js\"] }"),
        ("own.js", "let = ="),
    ];
    let with = |entry: &'static str| [&broken[..], &[("a.js", entry)]].concat();
    assert_eq!(left(&with("import { a } from 'p'; a; import 'p/c.js'; import './own.js'")), "a a index");
    for (entry, error) in [
        ("import { b } from 'p'; b", "node_modules/p/b.js:1:18"),
        ("import { a } from 'p'; import * as p from 'p'; p", "node_modules/p/b.js:1:18"),
        ("import { x } from 'p'; x", "node_modules/p/d.js:1:8"),
        ("import { z } from './own.js'; z", "own.js:1:7"),
        ("import { a } from 'p'; import('./own.js')", "own.js:1:7"),
        ("import './missing.js'", "a.js:1:8"),
    ] {
        let root = tree(&[&with(entry)[..], &[PURE]].concat());
        let text = try_shaken(root.path(), "a.js").unwrap_err().to_string();
        assert!(text.contains(error), "{entry}: {text}");
    }
    // What only `import()` reaches may be broken, and may be what something that is left out asks for.
    let files = [
        ("a.js", "import { a } from 'p/index2.js'; a; import('p/c.js')"),
        ("node_modules/p/index2.js", "export { e } from './e.js'; export { a } from './a.js'"),
        ("node_modules/p/e.js", "import './c.js'; export let e"),
    ];
    assert_eq!(left(&[&files[..], &broken[1..]].concat()), "a a index2");
}

/// Runs a program in thought: the names of its modules in the order of their evaluation.
fn evaluation(blob: &Blob) -> Vec<&str> {
    let mut order = Vec::new();
    let mut seen = vec![false; blob.modules.len()];
    let mut stack = vec![(0, 0)];
    seen[0] = true;
    while let Some((module, next)) = stack.last_mut() {
        match blob.modules[*module].imports.get(*next) {
            Some(&(_, target)) => {
                *next += 1;
                let target = usize::try_from(target).unwrap();
                if !std::mem::replace(&mut seen[target], true) {
                    stack.push((target, 0));
                }
            }
            None => {
                order.push(blob.modules[*module].name.as_str());
                stack.pop();
            }
        }
    }
    order
}

#[test]
fn what_is_left_out_still_says_when_the_rest_runs() {
    // `c` needs `d` when it is evaluated, but asks the barrel for it: that works only if `b` brought `d` before.
    let files = [
        PURE,
        ("a.js", "import { c } from 'p'; c; import 'p/e.js'"),
        (
            "node_modules/p/index.js",
            "export { b } from './b.js'; export { c } from './c.js'; export { d } from './d.js'",
        ),
        ("node_modules/p/b.js", "import './x.js'; import { d } from './d.js'; export class b extends d {}"),
        ("node_modules/p/c.js", "import { d } from './index.js'; export class c extends d {}"),
        ("node_modules/p/d.js", "export class d {}"),
        ("node_modules/p/x.js", "import './y.js'; import 'q'; export const x = 1"),
        ("node_modules/p/y.js", "export const y = 1"),
        ("node_modules/q/index.js", "import './other.js'; globalThis.q = 1"),
        ("node_modules/q/other.js", ""),
        ("node_modules/p/e.js", "import 'q'; import './f.js'"),
        ("node_modules/p/f.js", "import 'q'"),
    ];
    let root = tree(&files);
    let blob = shaken(root.path(), "a.js");
    assert_eq!(
        evaluation(&blob),
        ["node_modules/p/d.js", "node_modules/p/c.js", "node_modules/p/index.js", "a.js"]
    );
    let index = blob.module("node_modules/p/index.js");
    assert!(index.source.starts_with("import            './b.js';"), "{}", index.source);
    assert_eq!(blob.target("node_modules/p/index.js", "./b.js"), "node_modules/p/d.js");
    // With two modules to run first there is one that imports both.
    write(root.path(), "a.js", "import { c } from 'p'; c; import 'q'");
    let blob = shaken(root.path(), "a.js");
    let order: Vec<&str> = evaluation(&blob).into_iter().filter(|name| !name.starts_with('(')).collect();
    let expected = [
        "node_modules/q/other.js",
        "node_modules/q/index.js",
        "node_modules/p/d.js",
        "node_modules/p/c.js",
        "node_modules/p/index.js",
        "a.js",
    ];
    assert_eq!(order, expected);
    let between = blob.target("node_modules/p/index.js", "./b.js");
    assert_eq!(blob.module(between).source, "import\"0\";import\"1\";");
}

/// Numbers that look random and are the same at every run.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |bound| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 20).unwrap() % bound
    }
}

#[test]
fn random_programs_keep_their_order_and_their_names() {
    let mut next = numbers(0x0123_4567_89ab_cdef);
    let mut left_out = 0;
    for _ in 0..150 {
        let count = 3 + next(20);
        let root = tree(&[PURE, ("node_modules/q/package.json", "{ \"type\": \"module\" }")]);
        let path = |index: usize| match index {
            0 => "a.js".to_owned(),
            _ if index.is_multiple_of(5) => format!("node_modules/q/m{index}.js"),
            _ => format!("node_modules/p/m{index}.js"),
        };
        for index in 0..count {
            let mut text = String::new();
            for line in 0..next(5) {
                let target = 1 + next(count - 1);
                let specifier = path(target).replace("node_modules/", "");
                let other = next(count);
                let statement = match next(7) {
                    0 => format!("import '{specifier}'"),
                    1 => format!(
                        "export {{ v{target} as w{line}_{index}, v{target} as u{line}_{index} }} from '{specifier}'"
                    ),
                    2 | 3 => format!("export * from '{specifier}'"),
                    4 => format!("import {{ v{other} as i{line} }} from '{specifier}'; i{line}"),
                    5 => format!(
                        "import {{ v{other} as j{line}, v{target} as k{line} }} from '{specifier}'; export {{ j{line} as j{line}_{index} }}; k{line}"
                    ),
                    _ => format!("export * as n{line}_{index} from '{specifier}'"),
                };
                writeln!(text, "{statement};").unwrap();
            }
            writeln!(text, "export const v{index} = {index}").unwrap();
            write(root.path(), &path(index), &text);
        }
        let whole = Blob::read(&support::try_build(root.path(), "a.js").unwrap());
        let rest = try_shaken(root.path(), "a.js").unwrap();
        assert_eq!(
            rest.blob,
            try_shaken(root.path(), "a.js").unwrap().blob,
            "the same sources, the same bytes"
        );
        let rest = Blob::read(&rest);
        check_links(&rest);
        let kept = rest.names();
        let before: Vec<&str> = evaluation(&whole).into_iter().filter(|name| kept.contains(name)).collect();
        let after: Vec<&str> = evaluation(&rest).into_iter().filter(|name| !name.starts_with('(')).collect();
        assert_eq!(before, after);
        left_out += whole.names().len() - before.len();
        names_resolve_as_before(&whole, &rest);
    }
    assert!(left_out > 300, "{left_out}");
}

/// Every name that a module of `rest` asks for is found exactly where it is found in `whole`, or nowhere in both.
fn names_resolve_as_before(whole: &Blob, rest: &Blob) {
    let (whole, rest) = (Exports::of(whole), Exports::of(rest));
    for (module, asked) in &rest.asked {
        for (specifier, name) in asked {
            let in_rest = rest.find_from(module, specifier, name);
            assert_eq!(
                in_rest,
                whole.find_from(module, specifier, name),
                "{name} of {specifier} in {module}"
            );
        }
    }
}

/// A reader of the statements that the test above writes, which resolves names as the language says.
struct Exports<'a> {
    blob: &'a Blob,
    /// By module: exported name, specifier (empty: its own) and the name there.
    named: BTreeMap<&'a str, Vec<(String, String, String)>>,
    stars: BTreeMap<&'a str, Vec<String>>,
    asked: BTreeMap<&'a str, Vec<(String, String)>>,
}

impl<'a> Exports<'a> {
    fn of(blob: &'a Blob) -> Self {
        let mut exports =
            Self { blob, named: BTreeMap::new(), stars: BTreeMap::new(), asked: BTreeMap::new() };
        for module in &blob.modules {
            let name = module.name.as_str();
            let (mut named, mut stars, mut asked) = (Vec::new(), Vec::new(), Vec::new());
            let mut imported: BTreeMap<String, (String, String)> = BTreeMap::new();
            let statements = || module.source.split([';', '\n']).map(str::trim);
            for statement in statements().filter(|statement| statement.contains('\'')) {
                let specifier = statement.split('\'').nth(1).unwrap().to_owned();
                let list = |text: &str| {
                    let inner = text.split(['{', '}']).nth(1).unwrap_or("").to_owned();
                    let pairs = inner.split(',').filter_map(|item| item.trim().split_once(" as "));
                    pairs.map(|(from, to)| (from.trim().to_owned(), to.trim().to_owned())).collect::<Vec<_>>()
                };
                match () {
                    () if statement.starts_with("import") => {
                        for (from, to) in list(statement) {
                            asked.push((specifier.clone(), from.clone()));
                            imported.insert(to, (specifier.clone(), from));
                        }
                    }
                    () if statement.starts_with("export * from") => stars.push(specifier),
                    () => {
                        for (from, to) in list(statement) {
                            asked.push((specifier.clone(), from.clone()));
                            named.push((to, specifier.clone(), from));
                        }
                    }
                }
            }
            for statement in statements().filter(|statement| statement.starts_with("export")) {
                if let Some((own, _)) =
                    statement.strip_prefix("export const ").and_then(|rest| rest.split_once(' '))
                {
                    named.push((own.to_owned(), String::new(), own.to_owned()));
                } else if !statement.contains('\'')
                    && let Some((from, to)) =
                        statement.split(['{', '}']).nth(1).and_then(|item| item.split_once(" as "))
                {
                    let (specifier, there) = imported[from.trim()].clone();
                    named.push((to.trim().to_owned(), specifier, there));
                }
            }
            exports.named.insert(name, named);
            exports.stars.insert(name, stars);
            exports.asked.insert(name, asked);
        }
        exports
    }

    fn find_from(&self, module: &str, specifier: &str, name: &str) -> Vec<(&'a str, String)> {
        let mut found = Vec::new();
        self.find(self.blob.target(module, specifier), name, &mut Vec::new(), &mut found);
        found.sort();
        found.dedup();
        found
    }

    /// Collects all bindings that a name of a module may be; more than one is an error of the program, in both.
    fn find(
        &self,
        module: &'a str,
        name: &str,
        seen: &mut Vec<(String, String)>,
        found: &mut Vec<(&'a str, String)>,
    ) {
        let here = (module.to_owned(), name.to_owned());
        if seen.contains(&here) {
            return;
        }
        seen.push(here);
        if let Some((_, specifier, there)) = self.named[module].iter().find(|(own, ..)| own == name) {
            if specifier.is_empty() {
                found.push((module, there.clone()));
            } else {
                self.find(self.blob.target(module, specifier), there, seen, found);
            }
            return;
        }
        for specifier in &self.stars[module] {
            self.find(self.blob.target(module, specifier), name, seen, found);
        }
    }
}

/// Checks that it did not take long. The machine may be busy: the bound is generous.
fn soon<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let answer = work();
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    answer
}

#[test]
fn hostile_stars_end_soon() {
    // Every name could be behind every star: more than is looked at, so that all counts as used.
    let (modules, names) = (2_000, 10_000);
    let asked: String = (0..names).map(|name| format!("x{name},")).collect();
    let root = tree(&[PURE, ("a.js", &format!("import {{{asked}}} from 'p'; eval"))]);
    let used: String = (0..names).map(|name| format!("x{name};")).collect();
    write(root.path(), "a.js", &format!("import {{{asked}}} from 'p'; {used}"));
    for module in 0..modules {
        let to = |other: usize| format!("export * from './m{}.js';", other % modules);
        let text = to(module + 1) + &to(module * 7 + 3) + &to(module);
        write(root.path(), &format!("node_modules/p/m{module}.js"), &text);
    }
    write(root.path(), "node_modules/p/index.js", "export * from './m0.js'; export * from './m1.js'");
    assert_eq!(soon(|| shaken(root.path(), "a.js")).modules.len(), modules + 2);
    // One name is found at the end of a long way, and nothing else is used.
    write(root.path(), "a.js", "import { last } from 'p'; last");
    for module in 0..modules {
        let text = format!("export * from './m{}.js'; export * from './u{module}.js'", module + 1);
        write(root.path(), &format!("node_modules/p/m{module}.js"), &text);
        write(root.path(), &format!("node_modules/p/u{module}.js"), "export let u");
    }
    write(root.path(), &format!("node_modules/p/m{modules}.js"), "export let last");
    write(root.path(), "node_modules/p/index.js", "export * from './m0.js'");
    assert_eq!(soon(|| shaken(root.path(), "a.js")).modules.len(), modules + 3);
}

#[test]
fn long_chains_and_wide_barrels_cost_no_stack() {
    let count = 5_000;
    let mut index = String::new();
    let root = tree(&[PURE, ("a.js", "import { x } from 'p'; import { v7 } from 'p/wide.js'; v7(x)")]);
    for module in 0..count {
        let text = format!("export {{ x }} from './m{}.js'; export * from './index.js'", module + 1);
        write(root.path(), &format!("node_modules/p/m{module}.js"), &text);
        writeln!(index, "export {{ v{module} }} from './w{module}.js'").unwrap();
        let text = format!("import './w{}.js'; export const v{module} = 1", (module + 1) % count);
        write(root.path(), &format!("node_modules/p/w{module}.js"), &text);
    }
    write(root.path(), &format!("node_modules/p/m{count}.js"), "export let x");
    write(root.path(), "node_modules/p/index.js", "export * from './m0.js'");
    write(root.path(), "node_modules/p/wide.js", &index);
    let limits = ProgramLimits { nesting_max: 100, ..ProgramLimits::default() };
    let options = Options { shake: true, limits, ..Options::default() };
    let program = soon(|| build_program(Entry::File(&root.path().join("a.js")), &options)).unwrap();
    assert_eq!(program.modules.len(), 1 + 2 + count + 1 + 1);
}

#[test]
fn nothing_is_left_out_unless_it_is_asked_for() {
    let files = [&[PURE, ("a.js", "import { a } from 'p'; a")], BARREL].concat();
    let root = tree(&files);
    assert_eq!(support::build(root.path(), "a.js").modules.len(), BARREL.len() + 1);
}

#[test]
fn every_cut_of_a_module_is_refused_or_shaken() {
    let source = "import d, { a, b as é, default as f } from 'p'; import e, * as n from 'p';export*from'p' // 😀\n\
        export * as m from 'p'; export { a, é as \"é\", n as default }; export { x, y as z } from 'p'; n.a(n?.b, import('p'))";
    let root = tree(&[PURE, ("a.js", "import './b.mjs'")]);
    write(root.path(), "node_modules/p/index.js", "export let a, b, x, y; export default 1");
    for end in (0..=source.len()).filter(|&end| source.is_char_boundary(end)) {
        write(root.path(), "b.mjs", &source[..end]);
        let _ = try_shaken(root.path(), "a.js").map_err(|error| error.to_string());
    }
}
