//! Programs as models write them for Node.js and the web, unchanged: what they print is what Node.js prints, see
//! tests/js/programs/README.md. Their grants are all that is added.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::serving::Serving;
use common::{Place, run_in};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// File, flags, arguments and exit code. `SCRATCH` is an empty directory, `SERVER` the address of `server.mjs`.
type Case = (&'static str, &'static [&'static str], &'static [&'static str], i32);

const EXAMPLES: &str = "examples/programs";
const OTHERS: &str = "tests/js/programs";
const SCRATCH: &[&str] = &["--allow-read=SCRATCH", "--allow-write=SCRATCH"];

const PROGRAMS: &[(&str, Case)] = &[
    (
        EXAMPLES,
        (
            "clean-sales.ts",
            &["--allow-read=data,SCRATCH", "--allow-write=SCRATCH"],
            &["--input", "data/sales.csv", "--out", "SCRATCH/out"],
            0,
        ),
    ),
    (EXAMPLES, ("log-report.mjs", &["--allow-read=data"], &["data/access.log"], 0)),
    (EXAMPLES, ("chart.js", SCRATCH, &["SCRATCH"], 0)),
    (EXAMPLES, ("notes-service.mjs", &["--allow-listen=127.0.0.1", "--allow-net=127.0.0.1"], &[], 0)),
    (OTHERS, ("calendar.mjs", &[], &[], 0)),
    (OTHERS, ("vault.cjs", SCRATCH, &["SCRATCH"], 0)),
    (OTHERS, ("pool.ts", &[], &[], 0)),
    (OTHERS, ("markdown.js", &["--allow-read=data"], &["data/guide.md"], 0)),
    (OTHERS, ("archive.mjs", SCRATCH, &["SCRATCH"], 0)),
    (OTHERS, ("todo.cjs", SCRATCH, &["SCRATCH"], 3)),
    (OTHERS, ("crawler.js", &["--allow-net=127.0.0.1"], &["http://SERVER"], 0)),
    (
        OTHERS,
        (
            "api-client.ts",
            &[
                "--allow-net=127.0.0.1",
                "--allow-read=../../../examples/programs/data",
                "--env=API_URL=http://SERVER",
            ],
            &["../../../examples/programs/data/sales.csv"],
            0,
        ),
    ),
];

#[test]
fn what_models_write_prints_what_node_prints() {
    let place = Place::new();
    let server = root().join(OTHERS).join("server.mjs");
    let flags = ["--keep-alive=1000000", "--concurrency=1"];
    let serving = Serving::start(&place, &flags, server.to_str().unwrap());
    for (folder, (file, flags, arguments, code)) in PROGRAMS {
        let scratch = Place::new();
        let folder = root().join(folder);
        let expected = root().join(OTHERS).join(file);
        let input = fs::read(expected.with_extension("in")).unwrap_or_default();
        let filled = |text: &&str| {
            text.replace("SCRATCH", scratch.path().to_str().unwrap()).replace("SERVER", &serving.address)
        };
        let all: Vec<String> =
            [&["run", "--timeout=60s"], *flags, &[file], *arguments].concat().iter().map(filled).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let ended = run_in(&folder, place.command(&all), &input);
        let expected = fs::read_to_string(expected.with_extension("out")).unwrap();
        ended.stdout(&expected).code(*code);
    }
    assert_eq!(serving.stop("-TERM"), (Some(0), String::new()));
}

#[test]
fn a_service_of_other_runtimes_answers() {
    let place = Place::new();
    let file = root().join(OTHERS).join("greeter.ts");
    for flags in [&[][..], &["--keep-alive=100"]] {
        let serving = Serving::start(&place, flags, file.to_str().unwrap());
        assert_eq!(serving.get("/health"), (200, "ok".into()));
        let greeting = |name: &str, language: &str, text: &str| {
            format!(r#"{{"name":"{name}","language":"{language}","text":"{text}"}}"#)
        };
        let french = serving.ask("GET", "/greet?name=Zo%C3%AB", "Accept-Language: de;q=0.1, fr-CH\r\n", b"");
        assert!(french.ends_with(&greeting("Zoë", "fr", "Bonjour, Zoë !")), "{french}");
        let json = serving.ask("POST", "/greet", "Content-Type: application/json\r\n", br#"{"name":"J"}"#);
        assert!(json.ends_with(&greeting("J", "en", "Hello, J!")), "{json}");
        let form = "Content-Type: application/x-www-form-urlencoded\r\nAccept-Language: de\r\n";
        let form = serving.ask("POST", "/greet", form, b"name=F+G");
        assert!(form.ends_with(&greeting("F G", "de", "Hallo, F G!")), "{form}");
        let etag = form.split("etag: ").nth(1).unwrap().split("\r\n").next().unwrap();
        let again = format!("Accept-Language: de\r\nIf-None-Match: {etag}\r\n");
        let again = serving.ask("GET", "/greet?name=F%20G", &again, b"");
        assert!(again.starts_with("HTTP/1.1 304 ") && again.ends_with("\r\n\r\n"), "{again}");
        let wrong = serving.ask("POST", "/greet", "Content-Type: application/json\r\n", b"{no");
        assert!(wrong.starts_with("HTTP/1.1 400 "), "{wrong}");
        let wrong = serving.ask("POST", "/greet", "Content-Type: text/plain\r\n", b"x");
        assert!(wrong.starts_with("HTTP/1.1 415 ") && wrong.contains("cannot read text/plain"), "{wrong}");
        assert_eq!(serving.get("/other"), (404, r#"{"error":"not found"}"#.into()));
        assert_eq!(serving.stop("-TERM"), (Some(0), String::new()));
    }
}

/// Programs for packages of npm that are used as they come: those of tests/js/packages/package-lock.json.
const PACKAGES: &[(&str, &[&str])] = &[
    ("axios.mjs", &["--allow-net=127.0.0.1"]),
    ("cheerio.mjs", &[]),
    ("cli.cjs", &[]),
    ("data.mjs", &[]),
    ("express.cjs", &["--allow-net=127.0.0.1", "--allow-listen=127.0.0.1"]),
    ("jose.mjs", &[]),
    ("jsonwebtoken.cjs", &[]),
    ("react.mjs", &[]),
    ("text.cjs", &[]),
    ("wasm.mjs", &["--allow-read=node_modules/sql.js"]),
];

#[test]
fn packages_print_what_they_print_in_node() {
    let Some(modules) = std::env::var_os("B8G_PACKAGES").map(PathBuf::from) else {
        eprintln!("skipped: no B8G_PACKAGES with the packages: run cargo xtask test");
        return;
    };
    let modules = modules.canonicalize().or_else(|_| root().join(&modules).canonicalize()).unwrap();
    let installed = modules.parent().unwrap();
    let place = Place::new();
    let server = root().join(OTHERS).join("server.mjs");
    let serving =
        Serving::start(&place, &["--keep-alive=1000000", "--concurrency=1"], server.to_str().unwrap());
    let address = format!("http://{}", serving.address);
    for (file, flags) in PACKAGES {
        let program = root().join("tests/js/packages").join(file);
        fs::copy(&program, installed.join(file)).unwrap();
        let all = [&["run", "--timeout=60s", "--memory=128M"], *flags, &[file, address.as_str()]].concat();
        let ended = run_in(installed, place.command(&all), b"");
        ended.stdout(&fs::read_to_string(program.with_extension("out")).unwrap()).code(0);
    }
    assert_eq!(serving.stop("-TERM"), (Some(0), String::new()));
}
