//! Bundles, read back by a reader of their own.

use std::fs;
use std::path::{Path, PathBuf};

use b8g_frontend_py::{
    Bound, Bundle, BundleError, BundleLimits, Entry, ErrorKind, Options, Packages, build_bundle,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Writes files, and makes the directory of them the working directory of what is built.
struct Tree(TempDir, Options);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().expect("there is room"), Options::default());
        for (path, text) in files {
            tree.write(path, text.as_bytes());
        }
        let working_directory = Some(tree.0.path().join("work"));
        fs::create_dir_all(tree.0.path().join("work")).expect("there is room");
        Self(tree.0, Options { working_directory, ..Options::default() })
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it has one")).expect("there is room");
        fs::write(path, bytes).expect("there is room");
    }

    fn run(&self, script: &str) -> Read {
        read(&self.build(Entry::File(&self.path(script))).expect("it can be built"))
    }

    fn build(&self, entry: Entry) -> Result<Bundle, BundleError> {
        build_bundle(entry, &self.1)
    }

    fn error(&self, entry: &str) -> String {
        let error = self.build(Entry::File(&self.path(entry))).expect_err("it cannot be built").to_string();
        let here = fs::canonicalize(self.0.path()).expect("it is there");
        error.replace(&here.display().to_string(), "").replace(&self.0.path().display().to_string(), "")
    }
}

/// A bundle as the component reads it.
struct Read {
    head: Value,
    files: Vec<(String, String, Vec<u8>)>,
}

impl Read {
    fn paths(&self) -> Vec<&str> {
        self.files.iter().map(|file| file.0.as_str()).collect()
    }
}

fn read(bundle: &Bundle) -> Read {
    let (len, rest) = bundle.bytes.split_at(4);
    let len = u32::from_le_bytes(len.try_into().expect("these are four")) as usize;
    let head: Value = serde_json::from_slice(&rest[..len]).expect("it is JSON");
    let mut body = &rest[len..];
    let mut files = Vec::new();
    for file in head["files"].as_array().expect("it is a list") {
        let text = |index: usize| file[index].as_str().expect("it is text").to_owned();
        let (bytes, rest) = body.split_at(file[2].as_u64().expect("it is a number") as usize);
        files.push((text(0), text(1), bytes.to_vec()));
        body = rest;
    }
    assert!(body.is_empty());
    assert_eq!(head["version"], 1);
    assert_eq!(head["argv0"], bundle.argv0.as_str());
    let members: Vec<_> = bundle.members.iter().map(|m| (m.path.clone(), m.name.clone(), m.bytes)).collect();
    let same: Vec<_> =
        files.iter().map(|(path, name, bytes)| (path.clone(), name.clone(), bytes.len())).collect();
    assert_eq!(members, same);
    Read { head, files }
}

fn check(files: &[(&str, &str)], script: &str, expected: &[&str]) {
    assert_eq!(Tree::new(files).run(script).paths(), expected);
}

#[test]
fn a_script_alone() {
    let tree = Tree::new(&[("work/app.py", "import os, sys\nprint(1)\r\n"), ("work/other.py", "")]);
    let read = tree.run("work/app.py");
    assert_eq!(read.paths(), ["/cwd/app.py"]);
    assert_eq!(read.files[0].2, b"import os, sys\nprint(1)\r\n");
    assert_eq!(read.head["run"], json!({"file": "/cwd/app.py"}));
    assert_eq!(read.head["roots"], json!(["/cwd"]));
    let typed = tree.path("work/app.py").display().to_string();
    assert_eq!((&read.files[0].1, read.head["argv0"].as_str()), (&typed, Some(typed.as_str())));
}

#[test]
fn modules_packages_and_what_they_import() {
    check(
        &[
            ("work/s/app.py", "import util\nfrom pkg.sub import name, thing\ndef f():\n  import late"),
            ("work/s/util.py", "import pkg.other"),
            ("work/s/late.py", "import random"),
            ("work/s/random.py", ""),
            ("work/s/pkg/__init__.py", "from . import first"),
            ("work/s/pkg/first.py", "from .sub.thing import x"),
            ("work/s/pkg/other.py", "from .. import nothing\nfrom ...x import y"),
            ("work/s/pkg/unused.py", ""),
            ("work/s/pkg/sub/__init__.py", ""),
            ("work/s/pkg/sub/thing.py", "from ..beside import z"),
            ("work/s/pkg/beside.py", "import app"),
            ("work/s/name.py", ""),
        ],
        "work/s/app.py",
        &[
            "/cwd/s/app.py",
            "/cwd/s/util.py",
            "/cwd/s/pkg/__init__.py",
            "/cwd/s/pkg/sub/__init__.py",
            "/cwd/s/pkg/sub/thing.py",
            "/cwd/s/late.py",
            "/cwd/s/pkg/other.py",
            "/cwd/s/pkg/first.py",
            "/cwd/s/pkg/beside.py",
            "/cwd/s/random.py",
        ],
    );
}

#[test]
fn namespaces_stars_calls_and_compiled_code() {
    check(
        &[
            ("work/app.py", "import space.a.b\nfrom space import c\nimport both"),
            ("work/space/a/b.py", ""),
            ("work/space/c.py", ""),
            ("work/both/x.py", ""),
            ("work/both.py", ""),
        ],
        "work/app.py",
        &["/cwd/app.py", "/cwd/space/a/b.py", "/cwd/space/c.py", "/cwd/both.py"],
    );
    check(
        &[
            ("work/app.py", "from pkg import *"),
            ("work/pkg/__init__.py", "__all__ = ['one', 'f']\nfrom .two import *"),
            ("work/pkg/one.py", "import late"),
            ("work/pkg/two.py", "__all__ = ['three']"),
            ("work/pkg/three.py", ""),
            ("work/late.py", ""),
        ],
        "work/app.py",
        &["/cwd/app.py", "/cwd/pkg/__init__.py", "/cwd/pkg/two.py", "/cwd/pkg/one.py", "/cwd/late.py"],
    );
    check(
        &[
            ("work/app.py", "import importlib, pkg\nimportlib.import_module('a')\n__import__('b')"),
            ("work/a.py", "import_module('.x', 'pkg')"),
            ("work/b.pyc", "import a"),
            (
                "work/pkg/__init__.py",
                "import_module('.y', __name__); import_module('../c'); import_module('..')",
            ),
            ("work/pkg/x.py", "import_module('..z', __package__)"),
            ("work/pkg/y.py", ""),
            ("c.py", ""),
        ],
        "work/app.py",
        &["/cwd/app.py", "/cwd/pkg/__init__.py", "/cwd/a.py", "/cwd/b.pyc", "/cwd/pkg/y.py", "/cwd/pkg/x.py"],
    );
}

#[test]
fn places_outside_of_the_working_directory() {
    let tree = Tree::new(&[("else/app.py", "import a"), ("else/a.py", "")]);
    let here = fs::canonicalize(tree.0.path()).expect("it is there").display().to_string();
    let read = tree.run("else/app.py");
    assert_eq!(read.paths(), [format!("{here}/else/app.py"), format!("{here}/else/a.py")]);
    assert_eq!(read.head["roots"], json!([format!("{here}/else")]));
}

#[test]
fn names_are_relative_unless_the_entry_is_absolute() {
    // Tests run in the directory of the package.
    let entry = Entry::File(Path::new("tests/scripts/../scripts/app.py"));
    let bundle = build_bundle(entry, &Options::default()).expect("it can be built");
    let read = read(&bundle);
    assert_eq!(read.paths(), ["/cwd/tests/scripts/app.py", "/cwd/tests/scripts/parts/__init__.py"]);
    assert_eq!(read.files[0].1, "tests/scripts/../scripts/app.py");
    assert_eq!(read.files[1].1, "tests/scripts/parts/__init__.py");
    assert_eq!(bundle.argv0, "tests/scripts/../scripts/app.py");
}

#[test]
fn texts_modules_and_nothing() {
    let tree = Tree::new(&[
        ("work/a.py", "import b"),
        ("work/b.py", ""),
        ("work/pkg/__init__.py", "from . import part"),
        ("work/pkg/part.py", ""),
        ("work/pkg/__main__.py", "from .part import x\nimport a"),
        ("work/pkg/tool.py", "from . import part"),
    ]);
    let directory = &tree.path("work");
    let text = tree.build(Entry::Source { name: "-", source: b"import a", directory }).expect("it is a text");
    let text = read(&text);
    assert_eq!(text.paths(), ["<stdin>", "/cwd/a.py", "/cwd/b.py"]);
    assert_eq!(
        text.files.iter().map(|file| file.1.as_str()).collect::<Vec<_>>(),
        ["<stdin>", "a.py", "b.py"]
    );
    assert_eq!(text.head["run"], json!({"stdin": "<stdin>"}));
    assert_eq!((&text.head["argv0"], &text.head["roots"]), (&json!("-"), &json!(["/cwd"])));

    let module = |name| read(&tree.build(Entry::Module { name, directory }).expect("it can be built"));
    let package = module("pkg");
    assert_eq!(package.head["run"], json!({"module": "pkg"}));
    assert_eq!(package.head["argv0"], "/cwd/pkg/__main__.py");
    let all = ["/cwd/pkg/__init__.py", "/cwd/pkg/__main__.py", "/cwd/pkg/part.py", "/cwd/a.py", "/cwd/b.py"];
    assert_eq!(package.paths(), all);
    assert_eq!(package.files[0].1, "pkg/__init__.py");
    let tool = module("pkg.tool");
    assert_eq!(tool.head["argv0"], "/cwd/pkg/tool.py");
    assert_eq!(tool.paths(), ["/cwd/pkg/__init__.py", "/cwd/pkg/tool.py", "/cwd/pkg/part.py"]);
    for builtin in ["json.tool", "", "..", "a.b.c", "../a"] {
        assert_eq!(module(builtin).head["argv0"], "-m", "{builtin}");
    }

    let nothing = read(&tree.build(Entry::Nothing { directory }).expect("it can be built"));
    assert_eq!((&nothing.head["run"], &nothing.head["argv0"]), (&Value::Null, &json!("")));
    assert!(nothing.files.is_empty());
}

#[test]
fn directories_with_a_main() {
    let tree = Tree::new(&[
        ("work/d/__main__.py", "import a\nfrom . import b"),
        ("work/d/a.py", ""),
        ("work/d/b.py", ""),
    ]);
    let read = tree.run("work/d");
    assert_eq!(read.paths(), ["/cwd/d/__main__.py", "/cwd/d/a.py"]);
    assert_eq!(read.head["run"], json!({"file": "/cwd/d/__main__.py"}));
    assert_eq!(read.head["roots"], json!(["/cwd/d"]));
    assert_eq!(read.head["argv0"], tree.path("work/d").display().to_string());
}

#[test]
fn packages_are_followed_or_bundled_whole() {
    let mut tree = Tree::new(&[
        ("work/app.py", "import used, shared.mine"),
        ("work/shared/mine.py", ""),
        ("site/used/__init__.py", "from . import part"),
        ("site/used/part.py", "import second"),
        ("site/used/data/table.csv", "1,2"),
        ("site/used/__pycache__/part.cpython-314.pyc", ""),
        ("site/used/fast.cpython-314-x86_64-linux-gnu.so", ""),
        ("site/used/model.pth", "data"),
        ("site/second.py", ""),
        ("site/shared/theirs.py", ""),
        ("site/used-1.0.dist-info/METADATA", "Name: used"),
        ("site/used-1.0.dist-info/RECORD", ""),
        ("site/evil.pth", "import os"),
        ("site/used/tests/test_part.py", ""),
    ]);
    let site = |whole| Packages { directory: tree.path("site"), guest: Some("/packages".to_owned()), whole };
    let (part, whole) = (site(false), site(true));
    tree.1.packages = vec![part];
    let read_part = tree.run("work/app.py");
    assert_eq!(read_part.head["roots"], json!(["/cwd", "/packages"]));
    assert_eq!(
        read_part.paths(),
        [
            "/cwd/app.py",
            "/packages/used/__init__.py",
            "/cwd/shared/mine.py",
            "/packages/used/part.py",
            "/packages/second.py"
        ]
    );
    assert_eq!(read_part.files[1].1, "/packages/used/__init__.py");

    tree.1.packages = vec![whole];
    let bundle = tree.build(Entry::File(&tree.path("work/app.py"))).expect("it can be built");
    assert_eq!(
        read(&bundle).paths(),
        [
            "/cwd/app.py",
            "/cwd/shared/mine.py",
            "/packages/second.py",
            "/packages/shared/theirs.py",
            "/packages/used/__init__.py",
            "/packages/used/model.pth",
            "/packages/used/part.py",
            "/packages/used/data/table.csv",
            "/packages/used/tests/test_part.py",
            "/packages/used-1.0.dist-info/METADATA",
            "/packages/used-1.0.dist-info/RECORD",
        ]
        .map(|path| path)
    );
    assert_eq!(bundle.native.len(), 1);
    assert!(bundle.native[0].ends_with("site/used/fast.cpython-314-x86_64-linux-gnu.so"));
    assert_eq!(bundle.files.len(), bundle.members.len());

    tree.1.sealed = true;
    assert_eq!(tree.run("work/app.py").paths(), ["/cwd/app.py"]);
}

#[test]
fn a_directory_that_is_a_root_twice_is_bundled_once() {
    let mut tree = Tree::new(&[("work/app.py", "import a"), ("work/a.py", ""), ("work/b.txt", "x")]);
    tree.1.packages = vec![Packages { directory: tree.path("work"), guest: None, whole: true }];
    assert_eq!(tree.run("work/app.py").paths(), ["/cwd/app.py", "/cwd/a.py", "/cwd/b.txt"]);
}

#[cfg(unix)]
#[test]
fn links_lead_where_they_may() {
    use std::os::unix::fs::symlink;
    let mut tree = Tree::new(&[
        ("work/app.py", "import linked"),
        ("else/linked.py", "import beside"),
        ("else/beside.py", ""),
        ("real/tool.py", "import near"),
        ("real/near.py", ""),
        ("secret", "key"),
        ("site/a.py", ""),
    ]);
    symlink(tree.path("else/linked.py"), tree.path("work/linked.py")).expect("links can be made");
    assert_eq!(tree.run("work/app.py").paths(), ["/cwd/app.py", "/cwd/linked.py"]);

    // python3 looks for modules where the script really is.
    symlink(tree.path("real/tool.py"), tree.path("work/tool.py")).expect("links can be made");
    let read = tree.run("work/tool.py");
    assert_eq!(read.paths()[0], "/cwd/tool.py");
    assert!(read.paths()[1].ends_with("/real/near.py"));

    symlink(tree.path("secret"), tree.path("site/secret.txt")).expect("links can be made");
    symlink(tree.path("site"), tree.path("site/loop")).expect("links can be made");
    symlink("a.py", tree.path("site/b.py")).expect("links can be made");
    symlink("nowhere", tree.path("site/c.py")).expect("links can be made");
    tree.1.packages =
        vec![Packages { directory: tree.path("site"), guest: Some("p/".to_owned()), whole: true }];
    assert_eq!(tree.run("work/app.py").paths(), ["/cwd/app.py", "/cwd/linked.py", "/p/a.py", "/p/b.py"]);

    // A chain of links to itself has no end.
    symlink(".", tree.path("work/d")).expect("links can be made");
    tree.write(
        "work/deep.py",
        format!("import {}app\nimport {}app", "d.".repeat(5_000), "d.".repeat(20)).as_bytes(),
    );
    assert_eq!(tree.run("work/deep.py").paths().len(), 5);
}

#[test]
fn a_bundle_says_what_it_brings() {
    let mut tree = Tree::new(&[
        ("work/app.py", "import b"),
        ("work/b.py", "c = '[\"/cwd/c.py\",'"),
        ("work/more/\"roots\":[\"x/a.py", ""),
        ("work/site/pkg/__init__.py", ""),
    ]);
    tree.1.packages = vec![Packages { directory: tree.path("work/site"), guest: None, whole: true }];
    let bytes = tree.build(Entry::File(&tree.path("work/app.py"))).expect("it is a program").bytes;
    let brings = |path: &str| b8g_frontend_py::brings(&bytes, path.as_bytes());
    assert!(brings("/cwd/app.py") && brings("/cwd/b.py"));
    assert!(brings("/cwd/site") && brings("/cwd/site/pkg/data.txt") && !brings("/cwd/sites"));
    assert!(
        !brings("/cwd/c.py") && !brings("/cwd") && !brings("app.py") && !brings("/cwd/app.py\",\"app.py")
    );
    for cut in 0..40 {
        assert!(!b8g_frontend_py::brings(&bytes[..cut], b"/cwd/app.py"), "{cut}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_or_cannot_be_read_is_left_out() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let tree = Tree::new(&[("work/app.py", "import a, b, c, d.e"), ("work/c.py/x", ""), ("work/b.py", "")]);
    let socket = std::os::unix::net::UnixListener::bind(tree.path("work/a.py")).expect("there is room");
    std::os::unix::fs::symlink("d.py", tree.path("work/d.py")).expect("links can be made");
    assert_eq!(tree.run("work/app.py").paths(), ["/cwd/app.py", "/cwd/b.py"]);
    assert!(tree.error("work/a.py").starts_with("error: cannot run /work/a.py: it is a socket\n = help: "));
    drop(socket);

    let odd = tree.path("work").join(OsStr::from_bytes(b"caf\xe9.py"));
    fs::write(&odd, "").expect("there is room");
    let error = tree.build(Entry::File(&odd)).expect_err("it is not UTF-8").to_string();
    assert!(error.contains("caf\u{fffd}.py is not UTF-8"), "{error}");
    let directory = tree.path("work").join(OsStr::from_bytes(b"\xff"));
    fs::create_dir(&directory).expect("there is room");
    fs::write(directory.join("x.py"), "").expect("there is room");
    let error = tree.build(Entry::File(&directory.join("x.py"))).expect_err("it is not UTF-8").to_string();
    assert!(error.contains("is not UTF-8"), "{error}");
}

#[test]
fn what_cannot_run_is_told() {
    let mut tree = Tree::new(&[
        ("work/d/x.py", ""),
        ("work/a.pyz", "#!/usr/bin/python3\nPK\u{3}\u{4}zip"),
        ("work/b.zip", "PK\u{3}\u{4}"),
        ("work/c.pyc", ""),
    ]);
    assert_eq!(
        tree.error("work/none.py"),
        "error: cannot read /work/none.py: no such file\n = help: check the path; it is relative to the current directory"
    );
    assert_eq!(
        tree.error("work/d"),
        "error: cannot run /work/d: it is a directory without __main__.py\n = help: name a script, or write a __main__.py in it"
    );
    assert_eq!(
        tree.error("work/b.zip"),
        "error: cannot run /work/b.zip: it is a zip archive\n = help: unpack it and run the directory"
    );
    assert_eq!(
        tree.error("work/c.pyc"),
        "error: cannot run /work/c.pyc: it is compiled code\n = help: run its source"
    );
    let mut archive = fs::read(tree.path("work/a.pyz")).expect("it is there");
    archive.extend_from_slice(b"PK\x05\x06");
    archive.extend_from_slice(&[0; 18]);
    tree.write("work/a.pyz", &archive);
    assert!(tree.error("work/a.pyz").contains("it is a zip archive"));
    tree.write("work/app.py", b"");
    tree.1.packages = vec![Packages { directory: tree.path("work/b.zip"), guest: None, whole: true }];
    assert!(tree.error("work/app.py").contains("b.zip is no directory of packages"));
    tree.1.packages[0].directory = tree.path("none");
    assert!(tree.error("work/app.py").starts_with("error: cannot read /none: no such file"));
}

#[test]
fn bounds_are_told_with_who_asked() {
    let mut tree = Tree::new(&[
        ("work/app.py", "import a\n\nimport b"),
        ("work/a.py", ""),
        ("work/b.py", "# 3456789012345678901234567890"),
    ]);
    let limits = BundleLimits { file_bytes_max: 25, ..BundleLimits::default() };
    tree.1.limits = limits;
    let message = tree.error("work/app.py");
    assert_eq!(message, "error: /work/b.py is larger than 25 bytes\n --> /work/app.py:3");
    tree.1.limits = BundleLimits { total_bytes_max: 40, ..BundleLimits::default() };
    let message = tree.error("work/app.py");
    assert_eq!(
        message,
        "error: the files of the program are larger than 40 bytes together\n --> /work/app.py:3"
    );
    tree.1.limits = BundleLimits { files_max: 2, ..BundleLimits::default() };
    let error = tree.build(Entry::File(&tree.path("work/app.py"))).expect_err("there are three");
    assert!(matches!(
        error.kind(),
        ErrorKind::TooLarge { bound: Bound::Files, limit: 2, place: Some(_), .. }
    ));
    assert_eq!(error.files().len(), 3);
    tree.write("work/app.py", b"import a, b, c, d, e, f, g, h, i");
    tree.1.limits.files_max = 1;
    assert_eq!(tree.error("work/app.py"), "error: the program imports more than 8 names");
    tree.write("work/app.py", b"");
    tree.1.packages = vec![Packages { directory: tree.path("work"), guest: None, whole: true }];
    for index in 0..3 {
        fs::create_dir(tree.path(&format!("work/{index}"))).expect("there is room");
    }
    assert_eq!(tree.error("work/app.py"), "error: /work has more than 4 files and directories");
}

#[test]
fn hostile_sources_are_soon_done() {
    let start = std::time::Instant::now();
    let tree = Tree::new(&[]);
    let directory = &tree.path("work");
    for part in [
        "f'{",
        "(",
        "import a.",
        "from ",
        "f'{x:",
        "'''\\",
        "import_module(",
        "\\\n",
        ".",
        "{",
        "f'''",
        ":",
        "import a;",
    ] {
        let source = part.repeat((1 << 20) / part.len());
        match tree.build(Entry::Source { name: "a.py", source: source.as_bytes(), directory }) {
            Ok(bundle) => assert_eq!(bundle.members.len(), 1, "{part}"),
            Err(error) => panic!("{part}: {error}"),
        }
    }
    let many = "import a,b,c,d\n".repeat(1 << 20);
    let error = tree.build(Entry::Source { name: "a.py", source: many.as_bytes(), directory });
    assert!(matches!(
        error.expect_err("these are many").kind(),
        ErrorKind::TooLarge { bound: Bound::Imports, .. }
    ));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn any_bytes_make_a_bundle() {
    let tree = Tree::new(&[("work/a/__init__.py", ""), ("work/a/b.py", "")]);
    let directory = &tree.path("work");
    let words: &[&[u8]] = &[
        b"import ",
        b"from ",
        b"a",
        b".",
        b"b",
        b" as ",
        b"*",
        b",",
        b"(",
        b")",
        b"\n",
        b";",
        b":",
        b"f'",
        b"'",
        b"{",
        b"}",
        b"\\",
        b"\xff",
        b"\0",
        b"__import__('a.b')",
        b"# coding: x",
        b"\r",
        b"\"\"\"",
    ];
    let mut seed = 11_u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    for round in 0..3_000 {
        let source: Vec<u8> = match round % 2 {
            0 => (0..next() % 64).map(|_| next() as u8).collect(),
            _ => (0..next() % 40).flat_map(|_| words[next() % words.len()]).copied().collect(),
        };
        let bundle = tree.build(Entry::Source { name: "x", source: &source, directory });
        let read = read(&bundle.expect("any bytes are a source"));
        assert_eq!(read.files[0].2, source);
    }
}
