//! Streams that are closed, full or shared, and signals.

mod common;

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Place, guest, says, signal, spin, wait};

/// Writes without end.
fn yes() -> String {
    guest("yes\\n", "(loop $l (call $out (i32.const 4)) (br $l))")
}

/// Tells that it runs, then never ends.
fn spin_loudly() -> String {
    guest("ready\\n", "(call $out (i32.const 6)) (loop $l (br $l))")
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let place = Place::new()
        .with("p.wat", yes())
        .with("add.wat", "(module (func (export \"f\") (result i32) i32.const 1))");
    for report in [&[][..], &["--report=report.json"]] {
        let mut child = place.command(&[&["run"], report, &["p.wat"]].concat()).spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 8]).unwrap();
        drop(stdout);
        let ended = wait(child, Instant::now());
        assert_eq!((ended.signal, ended.stderr.as_str()), (Some(libc::SIGPIPE), ""));
    }
    assert_eq!(place.report()["exit_code"], 141);
    for line in [&["--help"][..], &["completions", "bash"], &["version"], &["run", "--invoke=f", "add.wat"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = place.command(line).stdout(writer).spawn().unwrap();
        let ended = wait(child, Instant::now());
        assert_eq!((ended.signal, ended.stderr.as_str()), (Some(libc::SIGPIPE), ""), "{line:?}");
    }
}

/// Runs a line of shell with `b8g` as `$0`.
fn shell(place: &Place, line: &str) -> common::Ended {
    let template = place.command(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_b8g")]).current_dir(place.path());
    command.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    wait(command.spawn().unwrap(), Instant::now())
}

#[test]
fn closed_streams_do_no_harm() {
    let place = Place::new().with("p.wat", says("hello", 4)).with("t.wat", guest("", "unreachable"));
    shell(&place, "$0 run p.wat >&-").code(4).stderr("");
    shell(&place, "$0 run p.wat >&- 2>&- <&-").code(4);
    shell(&place, "$0 run t.wat >&- 2>&- <&-").code(134);
    shell(&place, "$0 --help >&-").code(0);
}

#[test]
fn a_full_disk_is_told() {
    let place = Place::new()
        .with("p.wat", says("", 0))
        .with("seven.wat", says("", 7))
        .with("p.js", "console.log('lost');");
    let ended = place.b8g(&["run", "--report=/dev/full", "p.wat"]);
    ended.code(1).says("error: cannot write the report to \"/dev/full\": No space left on device");
    place.b8g(&["run", "--report=/dev/full", "seven.wat"]).code(7).says("No space left");
    shell(&place, "$0 run p.js >/dev/full").code(1).says("StorageFull: write to standard output: no space");
    shell(&place, "$0 completions zsh >/dev/full").code(1).says("No space left");
    shell(&place, "$0 run --report - p.wat >/dev/full").code(1).says("No space left");
    shell(&place, "$0 --help >/dev/full").code(1).says("No space left");
}

#[test]
fn a_report_on_stdout_is_a_line_of_its_own() {
    let place = Place::new().with("open.wat", says("no newline", 0)).with("line.wat", says("line\\n", 0));
    for (name, lines) in [("open.wat", 2), ("line.wat", 2)] {
        let ended = place.b8g(&["run", "--report", "-", name]);
        assert_eq!(ended.code(0).stdout.lines().count(), lines, "{ended:?}");
        let report: serde_json::Value = serde_json::from_str(ended.stdout.lines().last().unwrap()).unwrap();
        assert_eq!(report["version"], 1);
        assert_eq!(report["file"], name);
    }
}

#[test]
fn the_last_line_is_a_line_of_its_own() {
    let place = Place::new().with("p.wat", guest("half a line", "(call $err (i32.const 11)) unreachable"));
    let ended = place.b8g(&["run", "p.wat"]);
    ended.code(134).says("half a line\nerror: trap: ");
    assert!(ended.stderr.lines().last().unwrap().starts_with("b8g: trap: "));
}

#[test]
fn a_report_replaces_what_was_there() {
    let place = Place::new().with("p.wat", says("", 0)).with("report.json", "x".repeat(10_000));
    place.b8g(&["run", "--report=report.json", "p.wat"]).code(0);
    assert_eq!(place.report()["reason"], "exit");
}

#[test]
fn signals_end_it_and_are_told() {
    let place = Place::new().with("p.wat", spin_loudly());
    for (name, number) in [("INT", libc::SIGINT), ("TERM", libc::SIGTERM), ("HUP", libc::SIGHUP)] {
        for report in [&[][..], &["--report=report.json"], &["--report=report.json", "--timeout=50s"]] {
            let mut child = place.command(&[&["run"], report, &["p.wat"]].concat()).spawn().unwrap();
            child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
            let start = Instant::now();
            signal(&child, name);
            let ended = wait(child, start);
            assert_eq!(ended.signal, Some(number), "{name} {report:?} {ended:?}");
            ended.last_line(&format!("b8g: stopped: interrupted by SIG{name}"));
            println!("SIG{name} {report:?} took {:?}", ended.took);
        }
        let report = place.report();
        assert_eq!(report["reason"], "cancelled");
        assert_eq!(report["exit_code"], 128 + number);
        assert_eq!(report["output_bytes"], 6);
    }
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let place = Place::new().with("p.wat", spin());
    for report in ["", "--report=report.json"] {
        let line = format!(
            "trap '' INT; $0 run --timeout=300ms {report} p.wat & sleep 0.1; kill -s INT $!; wait $!"
        );
        shell(&place, &line).code(124);
    }
}

#[test]
fn a_deadline_holds_though_nobody_reads() {
    let place = Place::new().with("p.wat", yes());
    // The guest fills the pipe of stdout and hangs there; the report would go there too; stderr is full as well.
    let (stderr_reader, stderr) = std::io::pipe().unwrap();
    let mut filled = stderr.try_clone().unwrap();
    // SAFETY: sets a flag of a descriptor that is open.
    unsafe {
        use std::os::fd::AsRawFd;
        libc::fcntl(filled.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK);
        while filled.write(&[b'x'; 4096]).is_ok() {}
        libc::fcntl(filled.as_raw_fd(), libc::F_SETFL, 0);
    }
    let start = Instant::now();
    let mut child =
        place.command(&["run", "--timeout=200ms", "--report=-", "p.wat"]).stderr(stderr).spawn().unwrap();
    let stdout = child.stdout.take();
    let ended = wait(child, start);
    drop((stdout, stderr_reader));
    ended.code(124);
    assert!(ended.took < Duration::from_secs(20));
    println!("with a deadline of 200 ms and full pipes it took {:?}", ended.took);
}
