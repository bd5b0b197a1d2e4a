//! Which files are CommonJS, and which names their importers can see.

mod support;

use support::{build, message, tree};

/// The names that a CommonJS source exports, as an ES module that imports it sees them.
fn names(source: &str) -> Vec<String> {
    let root = tree(&[
        ("a.mjs", "import './b.cjs'"),
        ("b.cjs", source),
        ("c.cjs", "exports.c1 = exports.c2 = 1; module.exports = require('./d.cjs')"),
        ("d.cjs", "exports.d = 1; require('./c.cjs')"),
        ("e.cjs", "exports.e = 1"),
    ]);
    build(root.path(), "a.mjs").module("b.cjs").names.clone()
}

#[test]
fn assignments_are_names() {
    assert_eq!(
        names("exports.a = 1; module.exports.b = 2; exports['c'] = 3; exports.a = 4"),
        ["a", "b", "c"]
    );
    assert_eq!(names("exports.a = exports.b = void 0"), ["a", "b"]);
    assert_eq!(
        names("Object.defineProperty(exports, '__esModule', { value: true }); exports.default = 1"),
        ["__esModule"]
    );
    assert_eq!(
        names("module.exports = { a, b: 1, 'c': 2, d() {}, [e]: 3, get f() {}, ...require('./e.cjs') }"),
        ["a", "b", "c", "d", "f", "e"]
    );
    assert_eq!(names("module.exports = exports = { a: 1 }"), ["a"]);
    assert_eq!(names("module.exports = class A {}; module.exports.b = 1"), ["b"]);
    assert_eq!(
        names("(function (factory) { factory(exports) })(function (exports) { exports.a = 1 })"),
        ["a"]
    );
    assert_eq!(names("Object.assign(module.exports, { a }, require('./e.cjs'))"), ["a", "e"]);
}

#[test]
fn names_of_other_modules_are_names() {
    assert_eq!(names("module.exports = require('./c.cjs')"), ["c1", "c2", "d"]);
    assert_eq!(names("__exportStar(require('./c.cjs'), exports); exports.a = 1"), ["a", "c1", "c2", "d"]);
    assert_eq!(names("(0, tslib_1.__exportStar)(require('./e.cjs'), exports)"), ["e"]);
    assert_eq!(names("tslib.__exportStar(require('./e.cjs'), exports)"), ["e"]);
    assert_eq!(
        names(
            "var _e = _interopRequireWildcard(require('./e.cjs')); Object.keys(_e).forEach(function (key) { exports[key] = _e[key] })"
        ),
        ["e"]
    );
    assert_eq!(
        names(
            "if (process.env.X) module.exports = require('./c.cjs'); else module.exports = require('./e.cjs')"
        ),
        ["c1", "c2", "d", "e"]
    );
    assert_eq!(names("const e = require('./e.cjs'); module.exports = e"), ["e"]);
}

#[test]
fn what_compilers_hint_is_names() {
    assert_eq!(
        names(
            "__export(x, { no: () => 1 }); module.exports = __toCommonJS(x); 0 && (module.exports = { a, b })"
        ),
        ["a", "b"]
    );
    assert_eq!(names("_export(exports, { a: function () { return b }, c: function () {} })"), ["a", "c"]);
    assert_eq!(names("__export(require('./e.cjs'))"), ["e"]);
}

#[test]
fn guesses_that_find_nothing_are_none() {
    assert!(names("module.exports = function () {}").is_empty());
    assert!(names("e.a = 1; modules.exports = { b: 1 }; exports[c] = 2").is_empty());
}

#[test]
fn only_what_es_modules_import_has_names() {
    let root =
        tree(&[("a.mjs", "import './b.cjs'"), ("b.cjs", "require('./c.cjs')"), ("c.cjs", "exports.a = 1")]);
    assert!(build(root.path(), "a.mjs").module("c.cjs").names.is_empty());
}

#[test]
fn files_are_told_apart_as_node_does() {
    let root = tree(&[
        (
            "a.mjs",
            "import './1.js'; import './2.js'; import './3.js'; import './4.mjs'; import './5.cjs'; import './m/6.js'; import './c/7.js'; import './8'; import './9.js'",
        ),
        ("1.js", "var a = require('./1.js')"),
        ("2.js", "export {}"),
        ("3.js", "await 1"),
        ("4.mjs", ""),
        ("5.cjs", "with (a) {}"),
        ("m/6.js", ""),
        ("m/package.json", "{ \"type\": \"module\" }"),
        ("c/7.js", "return 1"),
        ("c/package.json", "{ \"type\": \"commonjs\" }"),
        ("8", "exports.a = 'import'; <!-- a comment"),
        ("9.js", "import('./1.js'); const export_ = 010"),
    ]);
    let blob = build(root.path(), "a.mjs");
    let kinds = ["1.js", "2.js", "3.js", "4.mjs", "5.cjs", "m/6.js", "c/7.js", "8", "9.js"]
        .map(|name| blob.module(name).kind);
    assert_eq!(kinds, [2, 0, 0, 0, 2, 0, 2, 2, 2]);
    assert_eq!(blob.module("5.cjs").source, "with (a) {}");
}

#[test]
fn an_entry_is_an_es_module_unless_its_name_says_else() {
    let root = tree(&[("a.js", "x"), ("b.cjs", "require('./a.js')")]);
    assert_eq!(build(root.path(), "a.js").modules[0].kind, 0);
    let program = b8g_frontend_ts::build_program(
        b8g_frontend_ts::Entry::File(&root.path().join("b.cjs")),
        &b8g_frontend_ts::Options::default(),
    );
    assert_eq!(program.unwrap().modules[0].kind as u32, 2);
    assert!(
        message(&[("a.mjs", "import './b.cjs'"), ("b.cjs", "import 'x'")], "a.mjs").contains("b.cjs:1:1")
    );
}
