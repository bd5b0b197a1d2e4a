//! What people are told.

mod support;

use std::path::Path;

use b8g_frontend_ts::{Entry, ErrorKind, Options, ResolveReason, build_program};
use support::{message, tree, try_build};

fn check(files: &[(&str, &str)], entry: &str, expected: &str) {
    assert_eq!(message(files, entry), expected);
}

#[test]
fn syntax_errors_show_the_place() {
    check(
        &[("a.ts", "let a: number = 1;\nlet b = = 2;")],
        "a.ts",
        "\
error: Unexpected token
 --> a.ts:2:9
  |
2 | let b = = 2;
  |         ^",
    );
    check(
        &[("a.ts", "import './b.js'"), ("b.js", "\n\nfoo(")],
        "a.ts",
        "\
error: Expected `)` but found `EOF`
 --> b.js:3:5
  |
3 | foo(
  |     ^",
    );
    check(
        &[("a.mjs", "import './b.json'"), ("b.json", "{\n  \"a\": 1,\n}")],
        "a.mjs",
        "\
error: JSON allows no comma before a closing bracket
 --> b.json:3:1
  |
3 | }
  | ^",
    );
}

#[test]
fn missing_packages_say_how_to_get_them() {
    check(
        &[("src/a.ts", ""), ("a.ts", "import { z } from \"zod\";\nz()")],
        "a.ts",
        "\
error: cannot find package \"zod\"
 --> a.ts:1:19
  |
1 | import { z } from \"zod\";
  |                   ^^^^^
  = help: run `npm install zod` beside it",
    );
    assert!(message(&[("a.ts", "import 'b/c'"), ("b/c.ts", "")], "a.ts").contains("write \"./b/c\""));
    let files = [("a.ts", "import 'p/gone'"), ("node_modules/p/index.js", "")];
    assert!(message(&files, "a.ts").starts_with("error: cannot find \"p/gone\" in package \"p\"\n"));
    let files =
        [("a.ts", "import 'p/gone'"), ("node_modules/p/package.json", "{\"exports\":{\".\":\"./x.js\"}}")];
    assert!(message(&files, "a.ts").starts_with("error: package \"p\" does not export \"p/gone\"\n"));
}

#[test]
fn missing_files_say_what_is_near() {
    let near = |specifier: &str, file: &str| {
        let source = format!("import '{specifier}'");
        let text = message(&[("a.ts", &source), (file, "")], "a.ts");
        assert!(text.starts_with(&format!("error: cannot find \"{specifier}\"\n --> a.ts:1:8\n")), "{text}");
        text.lines().last().unwrap().trim_start_matches("  = help: ").to_owned()
    };
    assert_eq!(near("./lib/utils.ts", "lib/utils.js"), "did you mean \"./lib/utils.js\"?");
    assert_eq!(near("./helpr.ts", "helper.ts"), "did you mean \"./helper.ts\"?");
    assert_eq!(near("./Data.json", "data.json"), "did you mean \"./data.json\"?");
    assert!(near("./nothing.ts", "like/it.ts").ends_with('^'));
    assert!(
        message(&[("a.ts", "import './d'"), ("d/x.ts", "")], "a.ts")
            .contains("is a directory without an index file")
    );
    assert!(
        message(&[("a.ts", "import '#x'"), ("package.json", "{}")], "a.ts").contains("cannot find \"#x\"")
    );
}

#[test]
fn unknown_schemes_are_refused_clearly() {
    check(
        &[("a.ts", "import fs from 'node:fz';\nfs")],
        "a.ts",
        "\
error: there is no module \"node:fz\"
 --> a.ts:1:16
  |
1 | import fs from 'node:fz';
  |                ^^^^^^^^^",
    );
    for (specifier, help) in [
        ("https://esm.sh/zod", "download the file"),
        ("npm:zod@3", "npm install zod`"),
        ("jsr:@std/path", "npx jsr add"),
        ("data:text/javascript,1", "put the source into a file"),
    ] {
        let text = message(&[("a.js", &format!("import '{specifier}'"))], "a.js");
        assert!(text.contains("b8g does not load") && text.contains(help), "{text}");
    }
    // What is installed comes before what Node.js would have.
    let root = tree(&[("a.js", "import 'events'"), ("node_modules/events/index.js", "")]);
    assert!(try_build(root.path(), "a.js").is_ok());
}

#[test]
fn other_files_are_refused() {
    let text = message(&[("a.js", "import './b.css'"), ("b.css", "")], "a.js");
    assert!(text.starts_with("error: cannot import a .css file\n --> a.js:1:8"), "{text}");
    let text = message(&[("a.js", "import './b.txt' with { type: 'text' }"), ("b.txt", "")], "a.js");
    assert!(text.starts_with("error: cannot import with the type \"text\"\n --> a.js:1:31"), "{text}");
}

#[test]
fn entries_are_refused_with_what_is_wrong() {
    let root = tree(&[("a.json", "{}"), ("a.png", ""), ("d/x.ts", "")]);
    let text = |name: &str| {
        build_program(Entry::File(&root.path().join(name)), &Options::default()).unwrap_err().to_string()
    };
    assert!(text("gone.ts").contains("no such file\n = help: check the path"), "{}", text("gone.ts"));
    assert!(text("a.json").contains("is JSON, which does not run"));
    assert!(text("a.png").contains("cannot tell the language"));
    assert!(text("d").contains("it is a directory"));
    let device = build_program(Entry::File(Path::new("/dev/null")), &Options::default()).unwrap_err();
    assert_eq!(
        device.to_string(),
        "error: cannot run /dev/null: it is a device\n = help: modules are regular files"
    );
}

#[test]
fn broken_configuration_is_placed() {
    let files = [("a.js", "import 'p'"), ("node_modules/p/package.json", "{\n  \"main\": 1,,\n}")];
    let text = message(&files, "a.js");
    assert!(text.starts_with("error: cannot resolve \"p\": node_modules/p/package.json:"), "{text}");
    for junk in [
        "[]",
        "null",
        "\"x\"",
        "{\"main\":{},\"exports\":[[[]]],\"type\":5,\"imports\":7,\"browser\":[1]}",
        "\u{feff}{}",
    ] {
        let files =
            [("a.js", "import 'p'"), ("node_modules/p/package.json", junk), ("node_modules/p/index.js", "")];
        let root = tree(&files);
        let _ = try_build(root.path(), "a.js").map_err(|error| error.to_string());
    }
}

#[test]
fn errors_are_typed_and_tell_the_files() {
    let root = tree(&[("a.ts", "import './b.ts'"), ("b.ts", "import 'zod'")]);
    let error = build_program(Entry::File(&root.path().join("a.ts")), &Options::default()).unwrap_err();
    let ErrorKind::Resolve { specifier, reason, place: Some(place), .. } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(specifier, "zod");
    assert_eq!(*reason, ResolveReason::PackageNotFound { package: "zod".to_owned() });
    assert_eq!((place.line, place.column), (1, 8));
    let files: Vec<_> = error.files().iter().filter_map(|file| file.file_name()).collect();
    assert_eq!(files, ["a.ts", "b.ts"]);
    let missing = build_program(Entry::File(&root.path().join("gone.ts")), &Options::default()).unwrap_err();
    assert_eq!(missing.files(), [root.path().join("gone.ts")]);
}

#[test]
fn hostile_text_does_not_steer_the_terminal() {
    let text = message(&[("a.js", "import './\\x1b[2J\u{202e}\u{7}.js'; \u{1b}[31m")], "a.js");
    assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");
    let long = "x".repeat(100_000);
    let text = message(&[("a.js", &format!("import './{long}.js'"))], "a.js");
    assert!(text.len() < 2_000, "{}", text.len());
}
