//! Imports lead to modules, over files, packages, symlinks and cycles.

mod support;

use b8g_frontend_ts::{Bound, Entry, ErrorKind, Language, Options, ProgramLimits, build_program};
use support::{Blob, build, from_here, message, tree, try_build, write};

#[test]
fn every_form_of_import_is_followed() {
    let root = tree(&[
        (
            "a.js",
            "import './b.js'; import d, { e } from './c.js'; export * from './d.js'; export { f } from './e.js';\n\
            import * as b8g from 'b8g'; const x = import('./f.js'); import(`./g.js`); import('./gone.js'); import(x);\n\
            import data from './h.json' with { type: 'json' }; import('./i.txt', { with: { type: 'json' } }); import.meta.url",
        ),
        ("b.js", ""),
        ("c.js", ""),
        ("d.js", ""),
        ("e.js", ""),
        ("f.js", "await 1"),
        ("g.js", ""),
        ("h.json", "{\"a\": 1}"),
        ("i.txt", "[]"),
    ]);
    let blob = build(root.path(), "a.js");
    assert_eq!(
        blob.names(),
        ["a.js", "b.js", "c.js", "d.js", "e.js", "b8g", "h.json", "f.js", "g.js", "i.txt"]
    );
    assert_eq!(blob.module("b8g").kind, 3);
    assert_eq!(blob.module("h.json").kind, 1);
    assert_eq!(blob.module("i.txt").kind, 1);
    assert_eq!(blob.target("a.js", "./gone.js"), "?");
    assert_eq!(blob.modules[0].imports.len(), 10);
    assert!(blob.modules[0].map.is_empty());
}

#[test]
fn a_file_can_be_json_and_javascript() {
    let root = tree(&[("a.js", "import './b.js'; import './b.js' with { type: 'json' }"), ("b.js", "[1]")]);
    let blob = build(root.path(), "a.js");
    assert_eq!(blob.modules.iter().map(|module| module.kind).collect::<Vec<_>>(), [0, 2, 1]);
}

#[test]
fn extensions_are_found_as_typescript_writes_them() {
    let root = tree(&[
        (
            "a.ts",
            "import './b'; import './c.js'; import './d.mjs'; import './e'; import './f.jsx'; import './g.js'; import './h'",
        ),
        ("b.ts", "import '.'"),
        ("b.js", ""),
        ("c.ts", ""),
        ("d.mts", ""),
        ("e/index.ts", ""),
        ("f.tsx", ""),
        ("g.js", ""),
        ("g.ts", ""),
        ("h.js", ""),
        ("index.js", ""),
    ]);
    let names = build(root.path(), "a.ts");
    assert_eq!(
        names.names(),
        ["a.ts", "b.ts", "c.ts", "d.mts", "e/index.ts", "f.tsx", "g.js", "h.js", "index.js"]
    );
}

#[test]
fn cycles_and_self_imports_end() {
    let root = tree(&[
        ("a.ts", "import './b.ts'; import './a.ts'"),
        ("b.ts", "import './c.cjs'; import './a.ts'; export {}"),
        ("c.cjs", "require('./d.cjs'); import('./a.ts')"),
        ("d.cjs", "require('./c.cjs'); require('./d.cjs')"),
    ]);
    // Here the entry is a file, so that its path is known when it is imported again.
    let path = root.path().canonicalize().unwrap().join("a.ts");
    let blob = Blob::read(&build_program(Entry::File(&path), &Options::default()).unwrap());
    assert_eq!(blob.modules.len(), 4);
    let entry = path.to_str().unwrap();
    assert_eq!(blob.target(entry, "./a.ts"), entry);
    assert_eq!(blob.target(path.with_file_name("c.cjs").to_str().unwrap(), "./a.ts"), entry);
}

#[test]
fn long_chains_cost_no_call_stack() {
    let root = tree(&[("a0.js", "import './a1.js'")]);
    for index in 1..2_000 {
        let text = if index == 1_999 { String::new() } else { format!("import './a{}.js'", index + 1) };
        write(root.path(), &format!("a{index}.js"), &text);
    }
    assert_eq!(build(root.path(), "a0.js").modules.len(), 2_000);
}

#[test]
fn many_modules_at_once_keep_their_order() {
    let imports: String = (0..300).map(|index| format!("import './m{index}.ts';\n")).collect();
    let root = tree(&[("a.ts", imports.as_str())]);
    for index in 0..300 {
        write(
            root.path(),
            &format!("m{index}.ts"),
            &format!("import './n{}.ts'; export const a: number = {index}", index / 3),
        );
        write(root.path(), &format!("n{}.ts", index / 3), "export default enum_;");
    }
    let first = try_build(root.path(), "a.ts").unwrap();
    let names = Blob::read(&first);
    assert_eq!(names.names()[1..4], ["m0.ts", "m1.ts", "m2.ts"]);
    assert_eq!(names.names()[301..303], ["n0.ts", "n1.ts"]);
    for _ in 0..5 {
        assert_eq!(try_build(root.path(), "a.ts").unwrap().blob, first.blob);
    }
}

const PACKAGES: &[(&str, &str)] = &[
    (
        "src/a.ts",
        "import 'esm'; import 'esm/sub'; import cjs from 'cjs'; import '@scope/deep/x/y'; import '#own'; import 'main'; import 'bare'; cjs()",
    ),
    ("package.json", "{ \"name\": \"me\", \"imports\": { \"#own\": \"./src/own.ts\" } }"),
    ("src/own.ts", ""),
    (
        "node_modules/esm/package.json",
        "{ \"type\": \"module\", \"exports\": { \".\": { \"browser\": \"./web.js\", \"b8g\": \"./b8g.js\", \"node\": \"./node.js\", \
        \"default\": \"./default.js\" }, \"./sub\": { \"require\": \"./r.cjs\", \"import\": \"./i.js\" } } }",
    ),
    ("node_modules/esm/b8g.js", "import 'esm/sub'; import '../hidden.js'"),
    ("node_modules/esm/i.js", ""),
    ("node_modules/hidden.js", "exports.a = 1"),
    ("node_modules/cjs/package.json", "{ \"main\": \"lib\" }"),
    (
        "node_modules/cjs/lib/index.js",
        "require('esm/sub'); require('./data'); require('fs'); require.resolve('./x.js'); exports.a = 1",
    ),
    ("node_modules/cjs/lib/data.json", "{}"),
    ("node_modules/cjs/lib/x.js", ""),
    ("node_modules/cjs/lib/x.ts", "const a: never"),
    ("node_modules/esm/r.cjs", ""),
    ("node_modules/@scope/deep/x/y.mjs", ""),
    (
        "node_modules/main/package.json",
        "{ \"main\": \"./m.js\", \"module\": \"./no.js\", \"type\": \"commonjs\" }",
    ),
    ("node_modules/main/m.js", "export default 1"),
    ("src/node_modules/bare/index.js", "import.meta"),
];

#[test]
fn package_json_decides_what_is_meant() {
    let root = tree(PACKAGES);
    let entry = root.path().join("src/a.ts");
    let program = build_program(Entry::File(&from_here(&entry)), &Options::default()).unwrap();
    let blob = Blob::read(&program);
    let base = from_here(root.path());
    let name = |path: &str| base.join(path).to_str().unwrap().to_owned();
    let entry = blob.modules[0].name.clone();
    assert_eq!(entry, name("src/a.ts"));
    for (specifier, path, kind) in [
        ("esm", "node_modules/esm/b8g.js", 0),
        ("esm/sub", "node_modules/esm/i.js", 0),
        ("cjs", "node_modules/cjs/lib/index.js", 2),
        ("@scope/deep/x/y", "node_modules/@scope/deep/x/y.mjs", 0),
        ("#own", "src/own.ts", 0),
        ("main", "node_modules/main/m.js", 0),
        ("bare", "src/node_modules/bare/index.js", 0),
    ] {
        assert_eq!(blob.target(&entry, specifier), name(path));
        assert_eq!(blob.module(&name(path)).kind, kind, "{path}");
    }
    let cjs = name("node_modules/cjs/lib/index.js");
    assert_eq!(blob.target(&cjs, "esm/sub"), name("node_modules/esm/r.cjs"));
    assert_eq!(blob.target(&cjs, "./data"), name("node_modules/cjs/lib/data.json"));
    assert_eq!(blob.target(&cjs, "./x.js"), name("node_modules/cjs/lib/x.js"));
    assert_eq!(blob.target(&cjs, "fs"), "node:fs");
    assert_eq!(blob.module("node:fs").kind, 3);
    assert_eq!(blob.module(&name("node_modules/hidden.js")).kind, 2);
    assert!(program.files.iter().any(|file| file.ends_with("esm/package.json")), "{:?}", program.files);
    assert!(program.files.iter().any(|file| file.ends_with("own.ts")));
}

#[test]
fn packages_are_taken_as_node_takes_them() {
    let root = tree(&[
        ("a.js", "import 'p'; import 'q'; import 'buffer'; import 'buffer/'"),
        (
            "node_modules/p/package.json",
            "{ \"main\": \"node.js\", \"browser\": { \"./node.js\": \"./web.js\", \"fs\": false } }",
        ),
        ("node_modules/p/node.js", "require('fs')"),
        (
            "node_modules/q/package.json",
            "{ \"exports\": { \"browser\": \"./web.js\", \"node\": \"./node.js\", \"default\": \"./web.js\" } }",
        ),
        ("node_modules/q/node.js", ""),
        ("node_modules/buffer/index.js", ""),
    ]);
    let blob = build(root.path(), "a.js");
    assert_eq!(
        blob.names(),
        [
            "a.js",
            "node_modules/p/node.js",
            "node_modules/q/node.js",
            "node:buffer",
            "node_modules/buffer/index.js",
            "node:fs"
        ]
    );
}

#[test]
fn conditions_can_be_added() {
    let root = tree(&[
        ("a.js", "import 'p'"),
        (
            "node_modules/p/package.json",
            "{ \"exports\": { \"mine\": \"./mine.js\", \"default\": \"./default.js\" } }",
        ),
        ("node_modules/p/mine.js", ""),
        ("node_modules/p/default.js", ""),
    ]);
    let target = |conditions: &[&str]| {
        let options = Options {
            conditions: conditions.iter().map(|&name| name.to_owned()).collect(),
            ..Options::default()
        };
        let entry = Entry::Source {
            name: "a.js",
            language: Language::JavaScript,
            source: "import 'p'",
            directory: root.path(),
        };
        build_program(entry, &options).unwrap().modules[1].name.clone()
    };
    assert_eq!(target(&[]), "node_modules/p/default.js");
    assert_eq!(target(&["mine"]), "node_modules/p/mine.js");
}

#[test]
fn tsconfig_paths_are_followed() {
    let root = tree(&[
        ("a.ts", "import '@/lib'; import 'p'"),
        ("tsconfig.json", "{ /* here */ \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\"] } } }"),
        ("src/lib.ts", ""),
        ("node_modules/p/index.js", ""),
    ]);
    assert_eq!(build(root.path(), "a.ts").names(), ["a.ts", "src/lib.ts", "node_modules/p/index.js"]);
}

#[test]
#[cfg(unix)]
fn symlinks_are_followed_to_one_module() {
    let root = tree(&[
        ("a.js", "import 'linked'; import './lib/m.js'; import './again.js'"),
        ("lib/m.js", "import './n.js'"),
        ("lib/n.js", ""),
        ("lib/package.json", "{ \"main\": \"m.js\", \"type\": \"module\" }"),
    ]);
    std::fs::create_dir(root.path().join("node_modules")).unwrap();
    std::os::unix::fs::symlink("../lib", root.path().join("node_modules/linked")).unwrap();
    std::os::unix::fs::symlink("lib/m.js", root.path().join("again.js")).unwrap();
    assert_eq!(build(root.path(), "a.js").names(), ["a.js", "lib/m.js", "lib/n.js"]);
}

#[test]
fn names_are_relative_unless_the_entry_is_absolute() {
    let root = tree(&[
        ("in/a.ts", "import '../b.ts'; import '../c/../d.ts'"),
        ("b.ts", ""),
        ("c/x", ""),
        ("d.ts", ""),
    ]);
    let real = root.path().canonicalize().unwrap();
    let program = build_program(Entry::File(&real.join("in/a.ts")), &Options::default()).unwrap();
    assert_eq!(program.modules[1].name, real.join("b.ts").to_str().unwrap());
    let here = from_here(root.path());
    let program = build_program(Entry::File(&here.join("in/../in/a.ts")), &Options::default()).unwrap();
    assert_eq!(program.modules[0].name, here.join("in/../in/a.ts").to_str().unwrap());
    assert_eq!(program.modules[2].name, here.join("d.ts").to_str().unwrap());
}

#[test]
fn what_is_reached_at_run_time_only_may_be_missing() {
    let root = tree(&[
        (
            "a.js",
            "import './lazy.cjs'; import('./needs-more.js'); import('broken'); import('https://a/b.js')",
        ),
        ("lazy.cjs", "require('./needs-more.js'); require('node:fz'); require('./x.node')"),
        ("needs-more.js", "import './deeper.js'; export {}"),
        ("deeper.js", "import fs from 'node:fz'"),
        ("x.node", ""),
        ("node_modules/broken/index.js", "this is no program"),
    ]);
    let blob = build(root.path(), "a.js");
    assert_eq!(blob.names(), ["a.js", "lazy.cjs"]);
    for (module, specifier) in [
        ("a.js", "./needs-more.js"),
        ("a.js", "broken"),
        ("a.js", "https://a/b.js"),
        ("lazy.cjs", "./needs-more.js"),
        ("lazy.cjs", "node:fz"),
        ("lazy.cjs", "./x.node"),
    ] {
        assert_eq!(blob.target(module, specifier), "?", "{specifier}");
    }
    // But a mistake in one's own file is told, and so is what is imported statically somewhere else.
    assert!(message(&[("a.js", "import('./b.js')"), ("b.js", "let = =")], "a.js").contains("b.js:1:"));
    let both = [
        ("a.js", "import('./b.js'); import './c.js'"),
        ("c.js", "import './b.js'"),
        ("b.js", "import 'node:fz'"),
    ];
    assert!(message(&both, "a.js").contains("there is no module \"node:fz\""));
}

#[test]
fn limits_are_kept() {
    let root =
        tree(&[("a.js", "import './b.js'; import './c.js'"), ("b.js", "//12345678"), ("c.js", "//12345678")]);
    let try_with = |change: fn(&mut ProgramLimits)| {
        let mut options = Options::default();
        change(&mut options.limits);
        let error = build_program(Entry::File(&root.path().join("a.js")), &options).unwrap_err();
        match error.kind() {
            ErrorKind::TooLarge { bound, .. } => *bound,
            other => panic!("{other}"),
        }
    };
    assert_eq!(try_with(|limits| limits.modules_max = 2), Bound::Modules);
    assert_eq!(try_with(|limits| limits.source_bytes_max = 9), Bound::SourceBytes);
    assert_eq!(try_with(|limits| limits.total_bytes_max = 40), Bound::TotalBytes);
    let mut options = Options::default();
    (options.limits.modules_max, options.limits.total_bytes_max) = (3, 52);
    assert!(build_program(Entry::File(&root.path().join("a.js")), &options).is_ok());
}
