//! `b8g repl`: cells from a pipe, as JSON, and typed on a terminal.

mod common;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::{LONG, Place, signal};
use serde_json::{Value, json};

#[test]
fn lines_of_a_pipe_are_cells() {
    let place = Place::new().with("data.txt", "of a file");
    let cells = "let a = 20\nfunction twice(n: number) {\n  return n * 2\n}\ntwice(a) + 2\n'a \"string\"'\n{ a, b: [1] }\nundefined\n\
                 throw new TypeError('no')\nlet a = 'again'\na\nawait Promise.resolve(`two\nlines`)\nconsole.log('printed')\n\
                 import { readFileSync } from 'node:fs'\nreadFileSync('data.txt', 'utf8')\nprocess.exit(3)\n'never'\n";
    place.b8g_with(&["repl", "-R=data.txt"], cells.as_bytes()).code(3)
        .stdout("42\n\"a \\\"string\\\"\"\n{ a: 20, b: [ 1 ] }\n\"again\"\n\"two\\nlines\"\nprinted\n\"of a file\"\n")
        .stderr("TypeError: no\n    at cell 7:1:7\n");
    place.b8g_with(&["repl"], b"process.exitCode = 0; '\\x1b[2J'").code(0).stdout("\"\\u001b[2J\"\n");
}

/// A session that is talked to in JSON.
struct Talk {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Talk {
    fn start(place: &Place, arguments: &[&str]) -> Talk {
        let line = [&["repl", "--json"], arguments].concat();
        let mut child = place.command(&line).stdin(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Talk { child, answers }
    }

    fn send(&mut self, request: &Value) {
        writeln!(self.child.stdin.as_ref().unwrap(), "{request}").unwrap();
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    #[track_caller]
    fn gives(&mut self, request: &Value, answer: &Value) {
        self.send(request);
        assert_eq!(&self.answer(), answer, "{request}");
    }
}

#[test]
fn programs_hand_in_cells_as_json() {
    let place = Place::new();
    let mut talk = Talk::start(&place, &["--timeout=400ms", "--memory=32M"]);
    talk.gives(
        &json!({ "id": 7, "code": "const x: number = 41; x + 1" }),
        &json!({ "id": 7, "ok": true, "text": "42", "value": 42 }),
    );
    talk.gives(
        &json!({ "code": "console.log('out'); console.error('err'); ({ a: [1n] })" }),
        &json!({ "ok": true, "text": "{ a: [ 1n ] }", "stdout": "out\n", "stderr": "err\n" }),
    );
    talk.gives(
        &json!({ "code": "f(", "name": "first" }),
        &json!({ "ok": false, "error":
        "error: Expected `)` but found `EOF`\n --> first:1:3\n  |\n1 | f(\n  |   ^" }),
    );
    talk.gives(&json!({ "complete": "console.deb" }), &json!({ "ok": true, "names": ["debug"] }));
    // Idle time is not counted.
    std::thread::sleep(Duration::from_millis(600));
    talk.gives(&json!({ "code": "x" }), &json!({ "ok": true, "text": "41", "value": 41 }));
    for (cell, reason, code) in
        [("for (;;);", "timeout", 124), ("await new Promise((f) => setTimeout(f, 1e5))", "timeout", 124)]
    {
        talk.send(&json!({ "code": format!("globalThis.half = 1; {cell}") }));
        let died = talk.answer();
        assert_eq!(
            (&died["ok"], &died["reason"], &died["exit_code"]),
            (&json!(false), &json!(reason), &json!(code)),
            "{died}"
        );
        talk.gives(
            &json!({ "code": "[x, typeof half]" }),
            &json!({ "ok": true, "text": "[ 41, 'undefined' ]", "value": [41, "undefined"] }),
        );
    }
    talk.gives(
        &json!({ "code": "Object.prototype.toJSON = () => 1; ({})" }),
        &json!({ "ok": true, "text": "{}", "value": 1 }),
    );
    talk.send(&json!("nonsense"));
    assert_eq!(talk.answer()["ok"], false);
    talk.send(&json!({ "code": "1", "complete": "1" }));
    assert_eq!(talk.answer()["error"], "a request has either code or complete");
    talk.gives(&json!({ "code": "process.exit(9)" }), &json!({ "ok": true, "exit_code": 9 }));
    assert_eq!(talk.child.wait().unwrap().code(), Some(9));
}

#[test]
fn a_signal_stops_a_cell_and_not_the_session() {
    let place = Place::new();
    let mut talk = Talk::start(&place, &[]);
    talk.gives(&json!({ "code": "let kept = 1" }), &json!({ "ok": true, "text": "undefined" }));
    talk.send(&json!({ "code": "kept = 2; for (;;);" }));
    std::thread::sleep(Duration::from_millis(300));
    signal(&talk.child, "INT");
    assert_eq!(talk.answer()["reason"], "cancelled");
    talk.gives(&json!({ "code": "kept" }), &json!({ "ok": true, "text": "1", "value": 1 }));
    // The end of what it reads would end it, too.
    let _open = talk.child.stdin.take();
    signal(&talk.child, "INT");
    assert_eq!(talk.child.wait().unwrap().code(), None);
}

#[test]
fn a_session_begins_with_a_program_or_an_image() {
    let place = Place::new()
        .with(
            "lib.ts",
            "export const area = (r: number) => r * r * 3; export const seen = process.argv.slice(2).join()",
        )
        .with("bad.ts", "throw new Error('at the top')")
        .with("a.wat", "(module (func (export \"f\")))");
    place
        .b8g_with(
            &["repl", "lib.ts", "one", "two"],
            b"import { area, seen } from './lib.ts'\narea(2) + seen\n",
        )
        .code(0)
        .stdout("\"12one,two\"\n");
    place.b8g_with(&["repl", "bad.ts"], b"1\n").code(1).says("at the top");
    place.b8g_with(&["repl", "a.wat"], b"1\n").code(2).says("to run it: b8g run");
    place.b8g_with(&["repl", "--report=-"], b"1\n").code(2).says("--json");
}

/// The master side of a terminal, and what to give a child as the other.
fn terminal() -> (File, OwnedFd) {
    let (mut master, mut slave) = (0, 0);
    let size = libc::winsize { ws_row: 40, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: two valid places for the answers, a size, and no settings.
    let made = unsafe {
        libc::openpty(
            &raw mut master,
            &raw mut slave,
            std::ptr::null_mut(),
            std::ptr::null(),
            &raw const size,
        )
    };
    assert_eq!(made, 0);
    // SAFETY: both were opened just now, and nobody else has them.
    unsafe { (File::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) }
}

/// Reads what is shown until it has a text.
#[track_caller]
fn until(screen: &mut File, shown: &mut String, text: &str) {
    let start = Instant::now();
    let mut piece = [0; 4096];
    while !shown.contains(text) {
        assert!(start.elapsed() < LONG, "{text:?} is not in {shown:?}");
        let mut poll = libc::pollfd { fd: screen.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid structure, and its number.
        if unsafe { libc::poll(&raw mut poll, 1, 1000) } == 0 {
            continue;
        }
        let read = screen.read(&mut piece).unwrap_or(0);
        assert!(read > 0, "it ended, and {text:?} is not in {shown:?}");
        shown.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    *shown = shown.split_off(shown.find(text).unwrap() + text.len());
}

#[test]
fn a_person_types_cells() {
    let place = Place::new();
    for saved in [false, true] {
        let (mut screen, slave) = terminal();
        let arguments: &[&str] = if saved { &["repl", "session.b8g"] } else { &["repl"] };
        let mut command = place.command(arguments);
        command.env("XDG_STATE_HOME", place.path()).env("TERM", "xterm");
        let end = || Stdio::from(slave.try_clone().unwrap());
        let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        drop((command, slave));
        let mut shown = String::new();
        until(&mut screen, &mut shown, "> ");
        let mut types = |keys: &str, shows: &str| {
            screen.write_all(keys.as_bytes()).unwrap();
            until(&mut screen, &mut shown, shows);
            until(&mut screen, &mut shown, "> ");
        };
        if saved {
            types("answer + 1\r", "43\r\n");
            // What was typed before the end of the last session.
            types("\x1b[A\x1b[A\x1b[A\x1b[A\r", "there is no .nonsense");
        } else {
            types("let answer = 40 +\r2\r", "2\x1b[?2004l\r\n");
            types("ans\t\r", "42\r\n");
            types("console.log('hi')\r", "hi\r\n");
        }
        if saved {
            screen.write_all(b"\x04").unwrap();
        } else {
            screen.write_all(b"for (;;);\r").unwrap();
            until(&mut screen, &mut shown, ";\x1b[?2004l\r\n");
            // The cell that runs is stopped by what the terminal makes of Ctrl-C.
            std::thread::sleep(Duration::from_millis(300));
            signal(&child, "INT");
            until(&mut screen, &mut shown, "the session goes on from before this cell");
            until(&mut screen, &mut shown, "> ");
            // One that comes too late ends nothing.
            signal(&child, "INT");
            screen.write_all(b"answer\r").unwrap();
            until(&mut screen, &mut shown, "42\r\n");
            screen.write_all(b".nonsense\r").unwrap();
            until(&mut screen, &mut shown, "there is no .nonsense");
            screen.write_all(b".save session.b8g\r").unwrap();
            until(&mut screen, &mut shown, "goes on from here");
            screen.write_all(b".exit\r").unwrap();
        }
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    let history = std::fs::read_to_string(place.join("b8g/repl_history")).unwrap();
    assert!(history.contains("let answer = 40 +\\n2") && history.contains("console.log('hi')"), "{history}");
}
