//! Sources that want to do harm: each is built or refused, soon, with little memory, and nothing breaks.

mod support;

use std::fs;
use std::time::{Duration, Instant};

use b8g_frontend_ts::{Bound, Entry, ErrorKind, Language, Options, build_program, compile_script};
use support::{message, tree, try_build, write};

const LANGUAGES: [Language; 4] = [Language::JavaScript, Language::TypeScript, Language::Jsx, Language::Tsx];

fn source_entry(source: &str, language: Language) -> Entry<'_> {
    Entry::Source { name: "a", language, source, directory: ".".as_ref() }
}

/// Builds, and checks that it did not take long. The machine may be busy: the bound is generous.
fn soon<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let answer = work();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    answer
}

#[test]
fn deep_nesting_is_refused_with_its_place() {
    for open in [
        "(",
        "[",
        "{",
        "`${",
        "a(",
        "{a:",
        "x=>(",
        "function f(){",
        "class A{static{",
        "if(1){",
        "async(",
        "@(",
        "(((",
    ] {
        let source = open.repeat(100_000);
        for language in LANGUAGES {
            let error = soon(|| compile_script("a.ts", &source, language)).unwrap_err();
            let ErrorKind::TooLarge { bound, place: Some(place), .. } = error.kind() else {
                panic!("{open}: {error}")
            };
            assert_eq!((*bound, place.line), (Bound::Nesting, 1), "{open}");
            assert!(place.column > 1 && place.column < 40_000, "{open}");
        }
    }
    let error = compile_script("a.js", &"(".repeat(100_000), Language::JavaScript).unwrap_err().to_string();
    assert!(error.starts_with("error: a.js nests too deeply to be parsed\n --> a.js:1:2001\n"), "{error}");
    assert!(
        error.ends_with("= help: move the inner parts into variables or functions of their own"),
        "{error}"
    );
}

#[test]
fn long_chains_without_brackets_are_compiled_or_refused() {
    for (first, link) in [
        ("a", ".a"),
        ("a", "()"),
        ("a", "+a"),
        ("a", "&&a"),
        ("a", "[0]"),
        ("a", "?.a"),
        ("", "!"),
        ("", "-+"),
        ("", "a=>"),
        ("", "a="),
        ("", "a?a:"),
        ("", "if(1)"),
        ("", "if(1);else "),
        ("", "new "),
        ("", "typeof "),
        ("", "a:"),
        ("a", "``"),
        ("", "for(;;)"),
        ("a", " as a"),
        ("type a=", "keyof "),
        ("type a=b", "|b"),
        ("type a=", "b extends c?d:"),
        ("", "<a>"),
        ("", "a<"),
        ("let a:", "a<"),
    ] {
        let source = format!("{first}{}", link.repeat(100_000));
        for language in [Language::JavaScript, Language::TypeScript] {
            let _ = soon(|| compile_script("a.ts", &source, language).map_err(|error| error.to_string()));
        }
    }
    // What generated programs hold must pass.
    for source in [format!("x = 'a'{}", "+'b'".repeat(20_000)), format!("x = [{}]", "-1,".repeat(200_000))] {
        assert!(compile_script("a.js", &source, Language::JavaScript).is_ok());
        assert!(compile_script("a.ts", &source, Language::TypeScript).is_ok());
    }
    let branches: String =
        (0..3_000).map(|index| format!("if (x === {index}) {{ f({index}) }} else ")).collect();
    assert!(compile_script("a.ts", &format!("{branches}{{}}"), Language::TypeScript).is_ok());
}

#[test]
fn what_costs_the_parser_exponential_time_is_refused() {
    for pattern in ["(a=a<", "a<({[", "a<a<(a=", "({[a<", "(a=new a<", "a<{[", "[a<{", "`${(a=a<"] {
        for times in [4, 12, 30, 60, 300] {
            let source = pattern.repeat(times);
            for language in [Language::TypeScript, Language::Tsx] {
                let _ = soon(|| compile_script("a.ts", &source, language).map_err(|error| error.to_string()));
            }
        }
    }
}

#[test]
fn many_names_are_compiled_or_refused() {
    let list =
        |prefix: &str, count: usize| (0..count).map(|index| format!("{prefix}{index},")).collect::<String>();
    let program = |count: usize| {
        let locals = format!("let {}z;", list("b", count));
        format!("import {{{}}} from 'b8g'; {locals} export {{{}}}", list("a", count), list("b", count))
    };
    let few = program(10_000);
    assert!(soon(|| compile_script("a.js", &few, Language::JavaScript)).is_ok());
    let many = program(200_000);
    let error = soon(|| compile_script("a.js", &many, Language::JavaScript)).unwrap_err();
    assert!(error.to_string().contains("imports and exports too many names"), "{error}");
    // Each of these is asked for once.
    let imports: String =
        (0..10_000).map(|index| format!("import('./{index}.js');import './a.cjs';")).collect();
    let root = tree(&[("a.mjs", &imports), ("a.cjs", &"exports.a = require('./a.cjs');".repeat(100_000))]);
    assert_eq!(support::build(root.path(), "a.mjs").modules.len(), 2);
    let too_many = (0..200_000).fold(String::new(), |text, index| text + &format!("require('./{index}');"));
    write(root.path(), "a.cjs", &too_many);
    let error = soon(|| try_build(root.path(), "a.mjs")).unwrap_err();
    assert_eq!(error.to_string(), "error: the program has more than 160000 imports");
}

#[test]
fn a_line_of_a_hundred_megabytes_is_refused() {
    let source = "a".repeat(100 << 20);
    let error =
        soon(|| build_program(source_entry(&source, Language::TypeScript), &Options::default())).unwrap_err();
    assert_eq!(error.to_string(), "error: a is larger than 32 MiB");
    // As a file it is not even read.
    let root = tree(&[("b.ts", "import './a.ts'")]);
    fs::File::create(root.path().join("a.ts")).unwrap().set_len(100 << 20).unwrap();
    let error = soon(|| try_build(root.path(), "b.ts")).unwrap_err().to_string();
    assert!(error.starts_with("error: a.ts is larger than 32 MiB\n --> b.ts:1:8\n"), "{error}");
}

#[test]
fn a_line_of_a_hundred_megabytes_can_be_allowed() {
    let mut options = Options::default();
    (options.limits.source_bytes_max, options.limits.total_bytes_max) = (200 << 20, 200 << 20);
    let source = format!("let a = '{}'; let b = = 2;", "é".repeat(50 << 20));
    let error = soon(|| build_program(source_entry(&source, Language::TypeScript), &options)).unwrap_err();
    let text = error.to_string();
    assert!(text.len() < 1_000 && text.contains("let b = = 2;"), "{}", text.len());
    assert_eq!(error.kind().place().unwrap().column, (50 << 20) + 21);
    let fine = source.replace("= = 2", "= 2");
    assert!(soon(|| build_program(source_entry(&fine, Language::TypeScript), &options)).is_ok());
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
fn random_bytes_are_refused() {
    let root = tree(&[("a.mjs", "import './b.mjs'; import('./c.json')")]);
    let mut next = numbers(0x1234_5678_9abc_def1);
    for _ in 0..300 {
        let bytes: Vec<u8> = (0..next(2_000)).map(|_| u8::try_from(next(256)).unwrap()).collect();
        fs::write(root.path().join("b.mjs"), &bytes).unwrap();
        fs::write(root.path().join("c.json"), &bytes).unwrap();
        let _ = try_build(root.path(), "a.mjs").map_err(|error| error.to_string());
    }
}

#[test]
fn random_text_is_refused_or_compiled() {
    let alphabet: Vec<char> = "(){}[]<>=+-*/'\"`\\\n\r ;:,.?!@#$%^&|~0a1béx😀\u{2028}_".chars().collect();
    let words = [
        "import", "export", "from", "await", "async", "function", "class", "enum", "type", "=>", "as", "${",
        "...", "/*", "*/", "//",
    ];
    let mut next = numbers(0xfeed_beef_cafe_0001);
    for round in 0..3_000 {
        let mut source = String::new();
        for _ in 0..next(120) {
            match next(4) {
                0 => source.push_str(words[next(words.len())]),
                _ => source.push(alphabet[next(alphabet.len())]),
            }
        }
        let _ = compile_script("a", &source, LANGUAGES[round % 4]).map_err(|error| error.to_string());
    }
}

#[test]
fn every_cut_of_a_program_is_refused_or_compiled() {
    let source = "import { a, type B } from './é'; export default class C<T> extends D<T> implements E { #f?: `g${h}` = /[/\\]]/u; \
        constructor(private i = <J>k, @l m?: n) { super(); } } enum O { P = 'q' } namespace R { export let s = t!?.[u as v] }\n\
        const w = async <X,>(y: X, z = (1 < 2 ? 3 : 4)): Promise<X> => { for await (const a of b satisfies c) yield* `d` } // €";
    for end in (0..source.len()).filter(|&end| source.is_char_boundary(end)) {
        for language in [Language::TypeScript, Language::JavaScript, Language::Tsx] {
            let _ = compile_script("a", &source[..end], language).map_err(|error| error.to_string());
        }
    }
}

#[test]
fn text_that_is_not_utf8_is_placed() {
    let root = tree(&[("a.mjs", "import './b.mjs'"), ("c.mjs", "import './d.mjs'")]);
    fs::write(root.path().join("b.mjs"), b"let a;\nlet b = '\xff';").unwrap();
    fs::write(root.path().join("d.mjs"), "let a = '€'".as_bytes().split_last_chunk::<2>().unwrap().0)
        .unwrap();
    let text = try_build(root.path(), "a.mjs").unwrap_err().to_string();
    assert!(text.starts_with("error: the file is not UTF-8\n --> b.mjs:2:10\n"), "{text}");
    let text = try_build(root.path(), "c.mjs").unwrap_err().to_string();
    assert!(text.starts_with("error: the file is not UTF-8\n --> d.mjs:1:10\n"), "{text}");
}

#[test]
#[cfg(unix)]
fn strange_files_are_not_opened() {
    use std::os::unix::fs::symlink;
    let root = tree(&[("d.js/x", "")]);
    let at = |name: &str| root.path().join(name);
    symlink("/dev/zero", at("device.js")).unwrap();
    symlink("loop.js", at("loop.js")).unwrap();
    symlink("two.js", at("one.js")).unwrap();
    symlink("one.js", at("two.js")).unwrap();
    symlink("gone", at("dangling.js")).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(at("socket.js")).unwrap();
    let pipe =
        std::process::Command::new("mkfifo").arg(at("pipe.js")).status().is_ok_and(|status| status.success());
    if !pipe {
        println!("skipped: pipes, because there is no mkfifo");
    }
    for name in ["device.js", "loop.js", "one.js", "dangling.js", "socket.js", "pipe.js", "d.js"] {
        write(root.path(), "a.mjs", &format!("import './{name}'"));
        let imported = soon(|| try_build(root.path(), "a.mjs")).unwrap_err();
        assert!(imported.to_string().starts_with("error: "), "{name}");
        let entry = soon(|| build_program(Entry::File(&at(name)), &Options::default())).unwrap_err();
        assert!(entry.to_string().starts_with("error: cannot r"), "{name}: {entry}");
    }
    drop(socket);
    // A package.json that is a pipe must not block either.
    write(root.path(), "a.mjs", "import 'p'");
    write(root.path(), "node_modules/p/index.js", "");
    let made = std::process::Command::new("mkfifo").arg(at("node_modules/p/package.json")).status();
    if made.is_ok_and(|status| status.success()) {
        let _ = soon(|| try_build(root.path(), "a.mjs")).map_err(|error| error.to_string());
    }
}

#[test]
#[cfg(unix)]
fn names_that_are_not_utf8_work() {
    use std::os::unix::ffi::OsStrExt;
    let root = tree(&[("lib.ts", "export const a: number = 1")]);
    let directory = root.path().join(std::ffi::OsStr::from_bytes(b"d\xff"));
    fs::create_dir(&directory).unwrap();
    let entry = directory.join(std::ffi::OsStr::from_bytes(b"a\xfe.ts"));
    fs::write(&entry, "import '../lib.ts'; import './b.ts'").unwrap();
    fs::write(directory.join("b.ts"), "").unwrap();
    let program = build_program(Entry::File(&entry), &Options::default()).unwrap();
    assert_eq!(program.modules.len(), 3);
    assert!(program.modules[0].name.ends_with("d\u{fffd}/a\u{fffd}.ts"));
}

#[test]
fn hostile_packages_are_refused() {
    let deep = format!("{{\"exports\":{}1{}}}", "{\"default\":".repeat(100_000), "}".repeat(100_000));
    let wide = format!("{{\"exports\":{{{}\".\":\"./x.js\"}}}}", "\"./a*\":\"./b*\",".repeat(20_000));
    let cycle =
        "{\"imports\":{\"#a\":\"#b\",\"#b\":\"#a\"},\"exports\":{\".\":\"../../../../../../etc/passwd\"}}"
            .to_owned();
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(9 << 20));
    for json in [deep, wide, cycle, large] {
        let root = tree(&[("a.mjs", "import 'p'"), ("node_modules/p/package.json", &json)]);
        let text = soon(|| try_build(root.path(), "a.mjs")).unwrap_err().to_string();
        assert!(text.starts_with("error: "), "{text}");
    }
    let paths = "[".repeat(100_000);
    let text = message(&[("a.ts", "import 'p'"), ("tsconfig.json", &paths)], "a.ts");
    assert!(text.starts_with("error: "), "{text}");
}

#[test]
fn tsconfig_files_that_extend_each_other_end() {
    let circle = [
        ("a.ts", "import 'p'"),
        ("tsconfig.json", "{\"extends\":\"./b.json\"}"),
        ("b.json", "{\"extends\":\"./tsconfig.json\"}"),
    ];
    assert!(message(&circle, "a.ts").contains("circle"));
    let root = tree(&[("a.ts", "import 'p'"), ("tsconfig.json", "{\"extends\":\"./t0.json\"}")]);
    for index in 0..2_000 {
        write(root.path(), &format!("t{index}.json"), &format!("{{\"extends\":\"./t{}.json\"}}", index + 1));
    }
    assert!(soon(|| try_build(root.path(), "a.ts")).is_err());
}

#[test]
fn deep_directories_are_followed_or_refused() {
    let root = tree(&[]);
    let deep: String = "d/".repeat(900);
    write(root.path(), &format!("{deep}b.js"), "import './c.js'; import 'nowhere-to-be-found'");
    write(root.path(), &format!("{deep}c.js"), "");
    write(root.path(), "a.mjs", &format!("import './{deep}b.js'"));
    let text = soon(|| try_build(root.path(), "a.mjs")).unwrap_err().to_string();
    assert!(text.contains("nowhere-to-be-found"), "{text}");
    let up = format!("import '{}x.js'; import './{}'", "../".repeat(500), "a/".repeat(50_000));
    write(root.path(), "a.mjs", &up);
    assert!(soon(|| try_build(root.path(), "a.mjs")).is_err());
}

#[test]
fn specifiers_are_checked() {
    for specifier in [
        "",
        " ",
        ".",
        "..",
        "/",
        "//",
        "./",
        "#",
        "#/",
        "@",
        "@/",
        "?",
        "./a\\0b",
        "file:",
        "file://",
        "file:///",
        "file://host/a.js",
        "a\\u0000",
        "./%00",
        "node:",
        "b8g/x",
        "\\uD800",
        ":",
        "a:b",
        "*",
    ] {
        let _ = message(&[("a.js", &format!("import \"{specifier}\""))], "a.js");
    }
}
