//! `b8g watch`: runs again when a file changes, and never two at a time.

mod common;

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::{LONG, Place, guest, says, signal, wait};

/// A running `b8g watch` whose lines are read as they come.
struct Watch {
    child: Option<Child>,
    lines: Receiver<String>,
}

impl Watch {
    fn start(place: &Place, flags: &[&str]) -> Watch {
        let mut child = place.command(&[&["watch"], flags].concat()).spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>);
        let stderr = child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>);
        for pipe in [stdout, stderr].into_iter().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                BufReader::new(pipe).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
            });
        }
        Watch { child: Some(child), lines }
    }

    /// Waits for lines in any order: stdout and stderr are two streams.
    #[track_caller]
    fn expect(&self, parts: &[&str]) {
        let mut missing = parts.to_vec();
        let mut seen = Vec::new();
        while !missing.is_empty() {
            let Ok(line) = self.lines.recv_timeout(LONG) else {
                panic!("{missing:?} did not come; {seen:?} did")
            };
            if let Some(at) = missing.iter().position(|part| line.contains(part)) {
                missing.remove(at);
            }
            seen.push(line);
        }
    }

    #[track_caller]
    fn expect_silence(&self) {
        let line = self.lines.recv_timeout(Duration::from_millis(400));
        assert!(line.is_err(), "{line:?}");
    }

    fn interrupt(mut self) -> common::Ended {
        let child = self.child.take().unwrap();
        signal(&child, "INT");
        wait(child, Instant::now())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn write(place: &Place, name: &str, text: &str) {
    std::fs::write(place.join(name), text).unwrap();
}

const WAITING: &str = "waiting for changes";

#[test]
fn a_change_runs_it_again() {
    let place = Place::new().with("p.wat", says("one\\n", 0));
    let watch = Watch::start(&place, &["p.wat"]);
    watch.expect(&["one", "b8g: ended with exit code 0; waiting for changes"]);
    watch.expect_silence();
    write(&place, "other.wat", "unrelated");
    watch.expect_silence();
    write(&place, "p.wat", &says("two\\n", 3));
    watch.expect(&["b8g: \"p.wat\" changed, running again", "two", "exit code 3"]);
    // As editors save: a new file takes the place of the old one.
    write(&place, ".p.wat.swp", &says("three\\n", 0));
    std::fs::rename(place.join(".p.wat.swp"), place.join("p.wat")).unwrap();
    watch.expect(&["changed, running again", "three", WAITING]);
    assert_eq!(watch.interrupt().signal, Some(libc::SIGINT));
}

#[test]
fn a_running_program_is_stopped_first() {
    let place = Place::new().with("p.wat", guest("runs\\n", "(call $out (i32.const 5)) (loop $l (br $l))"));
    let watch = Watch::start(&place, &["--report=report.json", "p.wat"]);
    watch.expect(&["runs"]);
    write(&place, "p.wat", &says("done\\n", 0));
    watch.expect(&["changed, running again", "done", "exit code 0"]);
    assert_eq!(place.report()["reason"], "exit");
    write(&place, "p.wat", &guest("runs\\n", "(call $out (i32.const 5)) (loop $l (br $l))"));
    watch.expect(&["runs"]);
    let ended = watch.interrupt();
    assert_eq!(ended.signal, Some(libc::SIGINT));
    assert_eq!(place.report()["reason"], "cancelled");
    println!("stopping took {:?}", ended.took);
}

#[test]
fn limits_hold_in_every_run() {
    let place = Place::new().with("p.wat", guest("", "(loop $l (br $l))"));
    let watch = Watch::start(&place, &["--timeout=100ms", "p.wat"]);
    watch.expect(&["b8g: stopped: still running after 100ms", "exit code 124"]);
    write(&place, "p.wat", &guest("", "unreachable"));
    watch.expect(&["b8g: trap: ", "exit code 134"]);
}

#[test]
fn it_goes_on_after_errors() {
    let place = Place::new();
    let watch = Watch::start(&place, &["p.wat"]);
    watch.expect(&["b8g: error: cannot find \"p.wat\"", WAITING]);
    // Trying again is silent while nothing changes.
    watch.expect_silence();
    write(&place, "p.wat", "(module (func)");
    watch.expect(&["b8g: error: this is not a valid wasm module", WAITING]);
    write(&place, "p.wat", &says("repaired\\n", 0));
    watch.expect(&["repaired", WAITING]);
    std::fs::remove_file(place.join("p.wat")).unwrap();
    watch.expect(&["cannot find", WAITING]);
    write(&place, "p.wat", &says("back\\n", 0));
    watch.expect(&["back", WAITING]);
}

#[test]
fn quiet_prints_only_the_program() {
    let place = Place::new().with("p.wat", says("one\\n", 1));
    let watch = Watch::start(&place, &["-q", "p.wat"]);
    watch.expect(&["one"]);
    watch.expect_silence();
    write(&place, "p.wat", &says("two\\n", 1));
    assert_eq!(watch.lines.recv_timeout(LONG).unwrap(), "two");
}

#[test]
fn an_imported_file_that_changes_or_appears_counts() {
    let place = Place::new().with("main.ts", "import { n } from './lib/n.ts'; console.log('n is', n)");
    let watch = Watch::start(&place, &["main.ts"]);
    watch.expect(&["b8g: error: cannot find \"./lib/n.ts\" (main.ts:1:19)", WAITING]);
    std::fs::create_dir(place.join("lib")).unwrap();
    write(&place, "lib/n.ts", "export const n: number = 1");
    watch.expect(&["n is 1", WAITING]);
    write(&place, "lib/n.ts", "export const n: number = 2");
    watch.expect(&["lib/n.ts\" changed, running again", "n is 2", WAITING]);
    write(&place, "lib/n.ts", "export const n: number = ");
    watch.expect(&["b8g: error: ", WAITING]);
    write(&place, "lib/n.ts", "export const n: number = 3");
    watch.expect(&["n is 3", WAITING]);
    watch.interrupt();
}
