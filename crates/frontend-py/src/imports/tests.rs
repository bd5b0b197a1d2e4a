//! What is found in sources, by hand and against Python's own parser.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;

/// The imports as text: `a.b`, `..a: b c`, `call a.b`, `call .b of c`.
fn check(source: &str, expected: &[&str]) {
    check_bytes(source.as_bytes(), expected);
}

fn check_bytes(source: &[u8], expected: &[&str]) {
    let found = scan(source, 1000).expect("these are few");
    let shown: Vec<String> = found.imports.into_iter().map(|import| show(import.what)).collect();
    assert_eq!(shown, expected, "{}", String::from_utf8_lossy(source));
}

fn show(what: What) -> String {
    match what {
        What::Module(name) => name,
        What::From { level, module, names } => {
            format!("{}{module}: {}", ".".repeat(level), names.join(" "))
        }
        What::Call { name, package: None } => format!("call {name}"),
        What::Call { name, package: Some(package) } => format!("call {name} of {package}"),
    }
}

#[test]
fn statements() {
    check("import a", &["a"]);
    check("import a.b.c as d, e", &["a.b.c", "e"]);
    check("import a . \\\n b ,c", &["a.b", "c"]);
    check("from a import b", &["a: b"]);
    check("from a.b import (c as d, # e\n e,\n)", &["a.b: c e"]);
    check("from a import*", &["a: *"]);
    check(
        "from.import a\nfrom.a import b\nfrom ...c.d import e\nfrom .... import f",
        &[".: a", ".a: b", "...c.d: e", "....: f"],
    );
    check("\u{feff}import a\r\nimport b\rimport c\x0c\n\timport d", &["a", "b", "c", "d"]);
    check("import é.ü", &["é.ü"]);
}

#[test]
fn where_statements_stand() {
    check("x = 1; import a; from b import c", &["a", "b: c"]);
    check(
        "if x: import a\nelse: import b\ntry: import c; import d\nexcept E: from e import f",
        &["a", "b", "c", "d", "e: f"],
    );
    check("def f() -> {1: 2}:\n  import a\n  class B: import c", &["a", "c"]);
    check("def f():\n  yield from import_\n  raise x from y\nx: int = {a: b}[c:d]", &[]);
    check("with open(x) as f, g: import a", &["a"]);
    check("match x:\n case {'a': 1}: import a", &["a"]);
    check("if (x :=\n  1): import a", &["a"]);
}

#[test]
fn what_is_no_statement() {
    check("'import a'\n\"\"\"\nimport b\n\"\"\"\n# import c\nr'''\nimport d\n'''", &[]);
    check("x = '\\\nimport a'\ny = f'''\nimport b\n{\nc}\nimport d'''", &[]);
    check("f(\nimport_a,\n)\nx.import_\nimport\nfrom\nfrom x\nfrom . x", &[]);
    check("f'{x:\n}'\nimport a", &["a"]);
    check("f\"{d[\"x\"]} import y\"; import a", &["a"]);
    check("rb'\\'; import a", &[]);
    check("rb'\\\\'; import a", &["a"]);
    check("u'''a''''b'; import a", &["a"]);
    check("'\\\\'; import a", &["a"]);
}

#[test]
fn calls() {
    check("importlib.import_module('a.b')", &["call a.b"]);
    check("x = import_module(\n  name = r'a', package='b')", &["call a of b"]);
    check("import_module('.a', __package__)", &["call .a"]);
    check("__import__('a'); __import__(\"b\", globals())", &["call a", "call b"]);
    check("f'{__import__('a')}' + f\"{x:{__import__('b')}}\"", &["call a", "call b"]);
    check("import_module(f'a')\nimport_module(b'a')\nimport_module('a' + b)\nimport_module(x)", &[]);
    check("import_module('a\\x62')\nimport_module('a' 'b')\nimport_module", &[]);
}

#[test]
fn encodings() {
    check_bytes(b"# coding: latin-1\nimport caf\xe9", &["café"]);
    check_bytes(b"import caf\xe9, b\nfrom caf\xe9 import d\nimport c", &["b", "c"]);
    check_bytes(b"# coding: koi8-r\n'\xc1'; import a", &["a"]);
}

#[test]
fn exports_are_found() {
    let found = scan(b"__all__ = ['a', 'b',\n'c-d'] + x.__all__\ny = 'e'\n__all__ += ('f',); 'g'", 9);
    assert_eq!(found.expect("these are few").exports, ["a", "b", "f"]);
}

#[test]
fn names_are_bounded() {
    assert_eq!(scan(b"import a, b, c", 2), Err(TooManyNames));
    assert_eq!(scan(b"from x import a, b, c", 3), Err(TooManyNames));
    assert_eq!(scan(b"import a\n\nimport b", 2).expect("two").imports[1].line, 3);
}

/// Prints what Python's own parser finds in each of the files that its input names, as `show` does: a line for each file,
/// statements before calls.
const WITH_AST: &str = r#"
import ast, sys, warnings
warnings.simplefilter("ignore")
sys.setrecursionlimit(20000)
for path in sys.stdin.read().split("\0"):
    try:
        with open(path, "rb") as file:
            source = file.read()
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        print("-")
        continue
    found, calls = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, node.col_offset, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = " ".join(name.name for name in node.names)
            found.append((node.lineno, node.col_offset, "." * node.level + (node.module or "") + ": " + names))
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", None))
            first = node.args[:1] or [k.value for k in node.keywords if k.arg == "name"]
            if name in ("__import__", "import_module") and first and isinstance(first[0], ast.Constant):
                if isinstance(first[0].value, str):
                    calls.append("call " + first[0].value)
    found.sort(key=lambda item: item[:2])
    print("\t".join([item[2] for item in found] + sorted(calls)).replace("\n", "?"))
"#;

/// What the scanner finds, in the form of [`WITH_AST`].
fn found_line(source: &[u8]) -> String {
    let found = scan(source, usize::MAX).expect("there is no bound");
    let (mut calls, mut shown) = (Vec::new(), Vec::new());
    for import in found.imports {
        match import.what {
            What::Call { name, .. } => calls.push(format!("call {name}")),
            what => shown.push(show(what)),
        }
    }
    calls.sort();
    shown.append(&mut calls);
    shown.join("\t").replace('\n', "?")
}

/// What Python's parser finds in files; `None` if there is no Python.
fn lines_of_python(files: &[PathBuf]) -> Option<Vec<String>> {
    let mut python = Command::new("python3");
    python.args(["-I", "-X", "utf8", "-c", WITH_AST]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = python.spawn() else {
        eprintln!("skipped: there is no python3");
        return None;
    };
    let names: Vec<_> = files.iter().map(|file| file.to_str().expect("these are UTF-8")).collect();
    child.stdin.take().expect("it is piped").write_all(names.join("\0").as_bytes()).expect("Python reads");
    let output = child.wait_with_output().expect("Python ends");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("it is told to write UTF-8");
    Some(text.lines().map(str::to_owned).collect())
}

#[test]
fn oddities_are_as_python_reads_them() {
    let folder = tempfile::tempdir().expect("there is room");
    let mut files = Vec::new();
    for (index, source) in ODDITIES.iter().enumerate() {
        files.push(folder.path().join(format!("{index}.py")));
        std::fs::write(&files[index], source).expect("there is room");
    }
    let Some(lines) = lines_of_python(&files) else { return };
    let mut compared = 0;
    for (source, expected) in ODDITIES.iter().zip(&lines) {
        // An older Python does not know all of them.
        if expected != "-" {
            assert_eq!(&found_line(source), expected, "{}", String::from_utf8_lossy(source));
            compared += 1;
        }
    }
    assert!(compared * 10 > ODDITIES.len() * 7, "{compared} of {}", ODDITIES.len());
}

/// Run by hand: every source below `B8G_PYTHON_SOURCES`, which is the standard library unless it is said.
#[test]
#[ignore = "takes a minute"]
fn whole_libraries_are_as_python_reads_them() {
    let root = std::env::var_os("B8G_PYTHON_SOURCES").map(PathBuf::from).unwrap_or_else(|| {
        let script = "import sysconfig; print(sysconfig.get_path('stdlib'), end='')";
        let output = Command::new("python3").args(["-c", script]).output().expect("there is a python3");
        String::from_utf8(output.stdout).expect("it is UTF-8").into()
    });
    let (mut files, mut waiting) = (Vec::new(), vec![root]);
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).expect("it can be read") {
            let entry = entry.expect("it can be read");
            match entry.file_type().expect("it is known") {
                kind if kind.is_dir() => waiting.push(entry.path()),
                _ if entry.path().extension().is_some_and(|end| end == "py") => files.push(entry.path()),
                _ => {}
            }
        }
    }
    let lines = lines_of_python(&files).expect("there is a python3");
    assert_eq!(lines.len(), files.len());
    let (mut refused, mut different, mut names) = (0, 0, 0);
    for (file, expected) in files.iter().zip(&lines) {
        let found = found_line(&std::fs::read(file).expect("it can be read"));
        if expected == "-" {
            refused += 1;
            continue;
        }
        names += expected.split('\t').filter(|name| !name.is_empty()).count();
        if found != *expected {
            different += 1;
            println!("{}\n  python  {expected}\n  found   {found}", file.display());
        }
    }
    println!("{} files, {refused} refused by Python, {names} imports, {different} differ", files.len());
    assert_eq!(different, 0);
}

const ODDITIES: &[&[u8]] = &[
    b"import a, b.c as d; from e import (f, g as h,); from . import i",
    b"if 1: import a\nelif 2: import b\nelse: import c; import d",
    b"try: import a\nexcept ImportError: import b\nelse: import c\nfinally: import d",
    b"def f(x: {1: 2}[1] = lambda: 0) -> 'import z': import a",
    b"async def f():\n\tasync with x as y: import a\n\tasync for z in y: import b",
    b"class A(x, metaclass=y): from a import b",
    b"import a.b . c\\\n  as d\nfrom \\\n . \\\n x \\\r\n import \\\n y",
    b"from ... import a\nfrom .... import b\nfrom . . . c import d",
    b"from a import (\n  b, # c\n\n  d\n)\nimport e\nfrom f import*",
    b"'''\nimport a\n'''\n\"\"\"'''\nimport b\"\"\"\nimport c",
    b"x = 'import a' \"\\\"\\\nimport b\" r'\\'' ; import c",
    b"r'''\\''' ; import a '''\nimport b",
    b"x = b'\\'; import a' ; import b",
    b"x = Rb'\\'; import a' ; import b",
    b"x = rb'\\\\'; import a",
    b"x = BR\"\"\"\nimport a\\\"\"\"\nimport b\"\"\"; import c",
    b"u'a'; U'b'; import c",
    b"f'{x}' ; import a",
    b"f'{{import a}}{x!r:>{y}}' ; import b",
    b"f'''{\nx\n}\nimport a\n''' ; import b",
    b"f\"{'import a'}\" ; import b",
    b"f'{x:{y}}{z:%H:%M}' ; import a",
    b"f'{x=}{x!s:^{w}.{p}}' ; import a",
    b"f'{x!=y}{(lambda: 1)()}{ {1: 2}[1] }' ; import a",
    b"f'\\N{DIGIT ONE}{x}\\\\' ; import a",
    b"rf'\\N{x}\\{y}' ; import a",
    b"f'{x}' f\"{y}\" '{z' ; import a",
    b"f'' f\"\" f'''''' ; import a",
    b"f'''a''b'{x}''' ; import a",
    b"f'{'a'}' ; import b",
    b"f'{f'{f'{x}'}'}' ; import a",
    b"f'{x[\"y\"]}{x['y']}' ; import a",
    b"f'{\nx\n}' ; import a",
    b"f'{x:\n}' ; import a",
    b"f'{x # }'\n}' ; import a",
    b"f\"{'\\n'.join(x)}\" ; import a",
    b"f'''{x:%Y\n}''' ; import a",
    b"f'{__import__(\"a\")}' ; import b",
    b"t'{x}' ; import a",
    b"rt'{x!r:{y}}\\{z}' ; import a",
    b"x = 1if y else 2; import a",
    b"x = [0x1for y in z]; import a",
    b"x = 1.; y = .5e-3; z = 1_0j; import a",
    b"x = [1, 2][0:1]; y: int = 3; import a",
    b"x = {a: b for a in c}; import d",
    b"if (x := 1): import a",
    b"while x[1:2]: import a",
    b"lambda: 0; import a",
    b"x = lambda y=':', *z: '#'; import a",
    b"match x:\n case {'a': 1}: import a\n case [b, *_] if b: from c import d",
    b"match = 1; case = 2; type = 3; import a",
    b"type X[T: int] = list[T]; import a",
    b"def f():\n  yield from x\n  raise y from z\n  import a",
    b"def f(): yield (yield from x); import a",
    b"x.importer; imports = 1; from_ = 2; import a",
    b"@x.y(z)\ndef f(): import a",
    b"\xef\xbb\xbfimport a",
    b"\xef\xbb\xbf# coding: utf-8\nimport a",
    b"#!/usr/bin/python3\r\n# -*- coding: latin-1 -*-\r\nimport caf\xe9\r\n",
    b"# coding: cp1252\nx = '\x93'\nimport a",
    b"# coding: ascii\nimport a",
    b"import a\rimport b\r\nimport c\nimport d",
    b"\x0cimport a\n\x0c\nif 1:\n\t\x0cimport b",
    b"if 1:\n\timport a\n        \n# x\n\n\timport b",
    b"import \xc3\xa9\nfrom \xe6\x97\xa5.\xe6\x9c\xac import \xe8\xaa\x9e",
    b"import a # import b\n# import c\nimport d#",
    b"x = (\nimport_,\n)\nimport a",
    b"x = (1,\n  # '''\n 2); import a",
    b"x = '''a\\\n'''; import b",
    b"x = 'a\\\r\nb'; import c",
    b"importlib.import_module('a.b'); x.import_module('c', 'd')",
    b"import_module(name='a', package='b'); __import__(name='c')",
    b"__import__('a', globals(), locals(), ['b'], 0)",
    b"import_module(x); import_module(); import_module(b'a'); import_module('a' + b)",
    b"import_module(\n# x\n'a' # y\n,\n)",
    b"__all__ = ['a']\n__all__ += ['b']; import c",
    b"...\nimport a\nx = ...; from ...b import c",
    b"print('a' if x else \"b\"); import c; print('''d''')",
    b"x = '''' '''; import a",
    b"x = '''''' ''; import a",
    b"x = \"\"\"\"a\"\"\"; import b",
    b"",
    b"\n",
];
