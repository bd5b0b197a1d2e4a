//! Contexts that start contexts: what these get, what bounds them, how they end, and that nothing is left of them.

use std::time::{Duration, Instant};

use b8g::{Capture, Grants, Limits, Reason, Stdout};
use b8g_core::Error;
use b8g_core::abi::{Op, Request, Role};

use crate::support::{PUPPET, Puppet, engine};

const AGAIN: i64 = Error::Again.code();
const ARGUMENT: i64 = Error::Argument.code();
const CLOSED: i64 = Error::Closed.code();
const LIMIT: i64 = Error::Limit.code();
const RIGHTS: i64 = Error::Rights.code();
const TYPE: i64 = Error::Type.code();

const WASM: i64 = 0;
const TYPESCRIPT: i64 = 2;
const CANCEL: i64 = 1;
const KILL: i64 = 2;
const JOIN: i64 = 4;
const SUSPEND: i64 = 5;
const RESUME: i64 = 6;
const SNAPSHOT: i64 = 7;

const SOURCE_AT: i32 = 1 << 20;
const ERROR_AT: i64 = 1 << 16;

impl Puppet {
    fn parent(grants: Grants, limits: Limits) -> Puppet {
        Puppet::with(&engine(), &grants.tasks(), limits)
    }

    fn write(&mut self, at: i32, bytes: &[u8]) {
        for (i, word) in bytes.chunks(4).enumerate() {
            let mut four = [0; 4];
            four[..word.len()].copy_from_slice(word);
            self.store(at + i as i32 * 4, i32::from_le_bytes(four));
        }
    }

    fn text(&mut self, at: i32, len: usize) -> String {
        let words: Vec<u8> =
            (0..len.div_ceil(4)).flat_map(|i| self.load(at + i as i32 * 4).to_le_bytes()).collect();
        String::from_utf8_lossy(&words[..len]).into_owned()
    }

    fn compile(&mut self, language: i64, source: &str) -> i64 {
        self.write(SOURCE_AT, source.as_bytes());
        let compiler = self.given(Role::Compiler as i32, 0);
        let (input, out) = ((source.len() as i64) << 32 | i64::from(SOURCE_AT), 4096 << 32 | ERROR_AT);
        self.op(Op::Ctl, compiler, [Request::Compile as i64, input, out, language])
    }

    /// Starts a component with the handles that roles are given; 32 bytes of limits lie at 512 if there are some.
    fn spawn(&mut self, component: i64, given: &[(Role, i64)], limits: [i64; 4]) -> i64 {
        for (i, (role, handle)) in given.iter().enumerate() {
            self.store(1024 + i as i32 * 8, *role as i32);
            self.store(1028 + i as i32 * 8, *handle as i32);
        }
        for (i, word) in limits.iter().enumerate() {
            self.store(512 + i as i32 * 8, *word as i32);
            self.store(516 + i as i32 * 8, (*word >> 32) as i32);
        }
        self.op(Op::Spawn, component, [1024, given.len() as i64, 512, 0])
    }

    fn wait(&mut self, handle: i64, interest: i32) -> i32 {
        self.store(8, handle as i32);
        self.store(12, interest);
        assert_eq!(self.op(Op::Wait, 0, [8, 1, -1, 16]), 1);
        self.load(16)
    }

    /// Waits for the task: reason, exit code, message.
    fn join(&mut self, task: i64) -> (i32, i32, String) {
        assert_eq!(self.wait(task, 1) & 1, 1);
        assert_eq!(self.op(Op::Task, task, [JOIN, 256, 64, 0]), 64);
        let (reason, code, len) = (self.load(256), self.load(260), self.load(304));
        assert_eq!(self.op(Op::Read, task, [ERROR_AT, len.into(), 0, 0]), i64::from(len));
        (reason, code, self.text(ERROR_AT as i32, len as usize))
    }

    fn dup(&mut self, role: Role) -> i64 {
        let own = self.given(role as i32, 0);
        let rights = match role {
            Role::Files | Role::Net => 0x104e,
            Role::Compiler => 0x13,
            Role::Stdout | Role::Stderr => 0x104a,
            _ => 0x1046,
        };
        self.op(Op::Dup, own, [rights | 1, 0, 0, 0])
    }
}

#[test]
fn a_task_gets_what_it_is_given_and_nothing_else() {
    let output = Capture::new();
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(output.clone()));
    let mut parent =
        Puppet::parent(grants.read("src").unwrap().environment("A", Some("b")), Limits::default());
    let component = parent.compile(
        TYPESCRIPT,
        "import * as b8g from 'b8g';
         const tried = [];
         for (const act of [() => b8g.readTextFile('src/lib.rs'), () => b8g.connect({ port: 1 }), () => Promise.reject(b8g.env?.get?.('A') ?? 'none')]) {
           try { await act(); tried.push('ok'); } catch (error) { tried.push(error.name ?? String(error)); }
         }
         console.log(tried.join());
         const n: number = 7; await b8g.channels[0]?.send(`channels ${b8g.channels.length}`); b8g.exit?.(n); throw new Error('no exit');",
    );
    assert!(component > 0, "{}", parent.text(ERROR_AT as i32, 200));
    let stdout = parent.dup(Role::Stdout);
    assert_eq!(parent.op(Op::ChannelNew, 0, [64, 0, 0, 0]), 8);
    let (mine, theirs) = (parent.load(64).into(), parent.load(68).into());
    let task = parent.spawn(component, &[(Role::Stdout, stdout), (Role::Channel, theirs)], [0; 4]);
    assert!(task > 0, "{task}");
    assert_eq!(parent.op(Op::Close, stdout, [0; 4]), Error::BadHandle.code(), "it is the task's now");
    parent.wait(mine, 1);
    assert_eq!(parent.op(Op::Receive, mine, [2048, 100, 0, 0]), 10);
    assert_eq!(parent.text(2048, 10), "channels 1");
    let (reason, code, message) = parent.join(task);
    assert!(
        (reason, code) == (1, 7) || (reason == 2 && message.contains("task.ts")),
        "{reason} {code} {message}"
    );
    let text = String::from_utf8(output.take()).unwrap();
    assert!(text.starts_with("PermissionDenied,PermissionDenied,"), "{text}");
    // With the files it reads.
    let component = parent.compile(
        TYPESCRIPT,
        "import { readTextFile } from 'b8g'; console.log((await readTextFile('src/lib.rs')).length > 100);",
    );
    let (files, stdout) = (parent.dup(Role::Files), parent.dup(Role::Stdout));
    let task = parent.spawn(component, &[(Role::Files, files), (Role::Stdout, stdout)], [0; 4]);
    assert_eq!(parent.join(task), (1, 0, String::new()));
    assert_eq!(output.take(), b"true\n");
    let outcome = parent.context.run();
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(outcome.usage.grants_used, [1, 0], "the task's use is its own");
    assert!(outcome.usage.denied.len() >= 2, "{:?}", outcome.usage.denied);
}

#[test]
fn what_is_wrong_is_told_and_costs_no_handle() {
    let mut parent = Puppet::parent(Grants::none().clocks(), Limits::default());
    for (language, source, why) in [
        (TYPESCRIPT, "let x: = 1;", "task.ts:1:"),
        (TYPESCRIPT, "import 'zod'", "can import only what is built in"),
        (TYPESCRIPT, "import './other.ts'", "can import only what is built in"),
        (TYPESCRIPT, "import '/etc/passwd'", "can import only what is built in"),
        (WASM, "(module (func (export \"f\") i32.add))", "not a valid wasm module"),
        (WASM, "(module (import \"env\" \"f\" (func)))", "env"),
    ] {
        assert_eq!(parent.compile(language, source), ARGUMENT, "{source}");
        let text = parent.text(ERROR_AT as i32, 300);
        assert!(text.contains(why) && text.contains('\0'), "{text}");
    }
    assert_eq!(parent.compile(9, ""), ARGUMENT);
    let component = parent.compile(WASM, "(module)");
    assert!(component > 0);
    let clock = parent.given(Role::ClockMono as i32, 0);
    let timer = parent.op(Op::Timer, clock, [1 << 60, 0, 0, 0]);
    let weak = parent.op(Op::Dup, clock, [4, 0, 0, 0]);
    for (given, error) in [
        (vec![(Role::Program, clock)], ARGUMENT),
        (vec![(Role::ClockMono, clock), (Role::ClockReal, clock)], ARGUMENT),
        (vec![(Role::ClockMono, weak)], RIGHTS),
        (vec![(Role::ClockMono, timer)], RIGHTS),
        (vec![(Role::ClockMono, 999)], Error::BadHandle.code()),
    ] {
        assert_eq!(parent.spawn(component, &given, [0; 4]), error, "{given:?}");
        assert!(parent.op(Op::Info, clock, [0, 16, 0, 0]) == 16, "it stayed");
    }
    assert_eq!(parent.spawn(clock, &[], [0; 4]), RIGHTS);
    let no = parent.op(Op::Dup, component, [0x1000, 0, 0, 0]);
    assert_eq!(parent.spawn(no, &[], [0; 4]), RIGHTS);
    assert_eq!(parent.op(Op::Spawn, component, [1024, 65, 0, 0]), LIMIT);
    assert_eq!(parent.op(Op::Task, component, [JOIN, 0, 64, 0]), TYPE);
    // A context that was not granted it compiles nothing.
    let mut other = Puppet::new(&engine());
    assert_eq!(other.op(Op::Ctl, 0, [Request::Compile as i64, 0, 0, 0]), TYPE);
}

#[test]
fn every_end_of_a_task_is_told() {
    let mut parent = Puppet::parent(Grants::none().clocks().randomness(), Limits::default());
    let puppet = parent.compile(WASM, PUPPET);
    for (source, reason, code, why) in [
        ("(module (func (export \"_start\") unreachable))", 5, 134, "unreachable"),
        ("(module (func (export \"_start\") (loop (br 0))))", 3, 124, "still running"),
        (
            "(module (memory (export \"memory\") 900) (func (export \"_start\") (if (i32.eq (i32.const -1) (memory.grow (i32.const 900))) (then unreachable))))",
            6,
            137,
            "more than",
        ),
        ("(module (func (export \"_start\")))", 1, 0, ""),
    ] {
        let component = parent.compile(WASM, source);
        let task = parent.spawn(component, &[], [0, 200_000_000, 0, 0]);
        let (found, exit, message) = parent.join(task);
        assert_eq!((found, exit), (reason, code), "{message}");
        assert!(message.contains(why), "{message}");
        assert_eq!(parent.op(Op::Close, task, [0; 4]), 0);
        assert_eq!(parent.op(Op::Close, component, [0; 4]), 0);
    }
    let component = parent.compile(TYPESCRIPT, "throw new RangeError('too far')");
    let task = parent.spawn(component, &[], [0; 4]);
    assert_eq!(parent.op(Op::Task, task, [JOIN, 256, 63, 0]), ARGUMENT);
    let (reason, code, message) = parent.join(task);
    assert_eq!((reason, code), (2, 1));
    assert!(message.contains("RangeError: too far") && message.contains("task.ts:1:"), "{message}");
    // One that ends at once, started by one that waits for nothing.
    let task = parent.spawn(puppet, &[], [0; 4]);
    assert_eq!(parent.join(task), (1, 0, String::new()));
}

#[test]
fn a_tree_ends_with_its_root_and_leaves_nothing() {
    let began = Instant::now();
    let forever = "(module (func (export \"_start\") (loop (br 0))))";
    for how in 0..4 {
        let mut parent = Puppet::parent(Grants::none().clocks().randomness(), Limits::default());
        let component = parent.compile(WASM, forever);
        let waits = parent.compile(
            TYPESCRIPT,
            "import { channels } from 'b8g'; setInterval(() => {}, 1000); for await (const m of channels[0]) await channels[0].send(m.data);",
        );
        assert_eq!(parent.op(Op::ChannelNew, 0, [64, 0, 0, 0]), 8);
        let (mine, theirs) = (parent.load(64).into(), parent.load(68).into());
        let tasks =
            [parent.spawn(component, &[], [0; 4]), parent.spawn(waits, &[(Role::Channel, theirs)], [0; 4])];
        assert!(tasks.iter().all(|task| *task > 0));
        match how {
            // Killed: told so.
            0 => {
                tasks.iter().for_each(|task| assert_eq!(parent.op(Op::Task, *task, [KILL, 0, 0, 0]), 0));
                tasks.iter().for_each(|task| assert_eq!(parent.join(*task).0, 8));
                assert_eq!(parent.op(Op::Receive, mine, [0, 0, 0, 0]), CLOSED);
            }
            1 => tasks.iter().for_each(|task| assert_eq!(parent.op(Op::Close, *task, [0; 4]), 0)),
            2 => drop(parent.context.call("trap", &[]).unwrap_err()),
            _ => {}
        }
        drop(parent);
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(threads_named("b8g-task"), 0);
}

/// How many threads of this process have that name and belong to this test's thread.
fn threads_named(name: &str) -> usize {
    // Other tests run tasks too: theirs end. Nothing of ours may stay.
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
        let named = tasks.filter(|task| {
            std::fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name)
        });
        let count = named.count();
        if count == 0 || Instant::now() > until {
            return count;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_bounds_of_a_tree_hold_for_all_of_it() {
    let limits = Limits {
        tasks_max: 3,
        memory_bytes_max: 40 << 20,
        output_bytes_max: Some(10_000),
        ..Limits::default()
    };
    let output = Capture::new();
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(output.clone()));
    let mut parent = Puppet::parent(grants, limits);
    let forever = parent.compile(WASM, "(module (memory 1) (func (export \"_start\") (loop (br 0))))");
    let tasks: Vec<i64> = (0..4).map(|_| parent.spawn(forever, &[], [0; 4])).collect();
    assert!(tasks[..3].iter().all(|task| *task > 0));
    assert_eq!(tasks[3], LIMIT);
    assert_eq!(parent.op(Op::Close, tasks[0], [0; 4]), 0);
    // Memory: 20 MiB fit once beside the parent's four, not twice.
    let large = parent.compile(WASM, "(module (memory 320) (func (export \"_start\") (loop (br 0))))");
    let first = parent.spawn(large, &[], [0; 4]);
    assert!(first > 0);
    assert_eq!(parent.op(Op::Close, tasks[1], [0; 4]), 0);
    std::thread::sleep(Duration::from_millis(100));
    let second = parent.spawn(large, &[], [0; 4]);
    assert_eq!(parent.join(second).0, 6, "out of memory");
    assert_eq!(parent.op(Op::Close, first, [0; 4]), 0);
    let third = parent.spawn(large, &[], [0, 50_000_000, 0, 0]);
    assert_eq!(parent.join(third).0, 3, "there is room again");
    // Output, of all together.
    let talks = parent.compile(TYPESCRIPT, "for (let i = 0; i < 60; i++) console.log('x'.repeat(99));");
    for reason in [1, 7 - 3] {
        let stdout = parent.dup(Role::Stdout);
        let task = parent.spawn(talks, &[(Role::Stdout, stdout)], [0; 4]);
        assert_eq!(parent.join(task).0, reason);
    }
    assert_eq!(output.take().len(), 10_000);
    // A deadline is never after that of who started it.
    let limits = Limits { timeout: Some(Duration::from_millis(300)), ..Limits::default() };
    let mut parent = Puppet::parent(Grants::none(), limits);
    let forever = parent.compile(WASM, "(module (func (export \"_start\") (loop (br 0))))");
    let task = parent.spawn(forever, &[], [0, 1 << 60, 0, 0]);
    parent.store(8, task as i32);
    parent.store(12, 1);
    let began = Instant::now();
    let _ = parent.context.call(
        "op",
        &[
            b8g::Value::I32(20),
            b8g::Value::I32(0),
            b8g::Value::I64(8),
            b8g::Value::I64(1),
            b8g::Value::I64(-1),
            b8g::Value::I64(16),
        ],
    );
    assert!(began.elapsed() < Duration::from_secs(10));
    drop(parent);
}

#[test]
fn a_task_starts_tasks_if_it_may() {
    let output = Capture::new();
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(output.clone()));
    let limits = Limits { tasks_max: 2, ..Limits::default() };
    let mut parent = Puppet::parent(grants, limits);
    // A puppet as task: it only starts and ends, so a program of our own ABI that spawns is needed.
    let nest = r#"(module (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
        (memory (export "memory") 2)
        (data (i32.const 4096) "(module (func (export \"_start\") (loop (br 0))))")
        (func (export "b8g_start") (param i32 i32 i32 i32) (result i32) (local $compiler i32) (local $component i64)
          (drop (call $call (i32.const 8) (i32.const 0) (i64.const 1) (i64.const 0) (i64.const 0x0000020000000000) (i64.const 0)))
          (local.set $compiler (i32.load (i32.const 4)))
          (local.set $component (call $call (i32.const 8) (local.get $compiler) (i64.const 96) (i64.const 0x0000002f00001000) (i64.const 0) (i64.const 0)))
          (if (i64.lt_s (local.get $component) (i64.const 0)) (then (return (i32.const 0)) ))
          (drop (call $call (i32.const 21) (i32.wrap_i64 (local.get $component)) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))
          (if (i64.ne (i64.const -13) (call $call (i32.const 21) (i32.wrap_i64 (local.get $component)) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))
            (then unreachable))
          (drop (call $call (i32.const 22) (i32.const 0) (i64.const 3) (i64.const 9) (i64.const 0) (i64.const 0)))
          unreachable))"#;
    let component = parent.compile(WASM, nest);
    assert!(component > 0, "{}", parent.text(ERROR_AT as i32, 200));
    let compiler = parent.dup(Role::Compiler);
    let task = parent.spawn(component, &[(Role::Compiler, compiler)], [0; 4]);
    let (reason, code, message) = parent.join(task);
    assert_eq!((reason, code), (1, 9), "{message}");
}

#[test]
fn a_task_that_is_asked_to_stop_may_do_so_in_its_own_way() {
    let output = Capture::new();
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(output.clone()));
    let mut parent = Puppet::parent(grants, Limits::default());
    // It cannot hear: it is stopped.
    let deaf = parent.compile(WASM, "(module (func (export \"_start\") (loop (br 0))))");
    let task = parent.spawn(deaf, &[], [0; 4]);
    assert_eq!(parent.op(Op::Task, task, [CANCEL, 0, 0, 0]), 0);
    assert_eq!(parent.join(task).0, 8);
    // It hears, and answers that it is done.
    let hears = r#"(module (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
        (memory (export "memory") 2)
        (func $park (result i32) (drop (call $call (i32.const 20) (i32.const 0) (i64.const 0) (i64.const 0) (i64.const 0x4000000000000000) (i64.const 0))) (i32.const 1))
        (func (export "b8g_start") (param i32 i32 i32 i32) (result i32) (call $park))
        (func (export "b8g_event") (param i64 i32 i32 i64) (result i32)
          (if (i32.ne (local.get 1) (i32.const 3)) (then (return (call $park))))
          (drop (call $call (i32.const 22) (i32.const 0) (i64.const 3) (i64.const 33) (i64.const 0) (i64.const 0)))
          unreachable))"#;
    let hears = parent.compile(WASM, hears);
    for pause in [0, 50] {
        let task = parent.spawn(hears, &[], [0; 4]);
        std::thread::sleep(Duration::from_millis(pause));
        assert_eq!(parent.op(Op::Task, task, [CANCEL, 0, 0, 0]), 0);
        let (reason, code, message) = parent.join(task);
        assert_eq!((reason, code), (1, 33), "{message}");
    }
}

#[test]
fn a_task_is_suspended_and_frozen_from_outside() {
    let output = Capture::new();
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(output.clone()));
    let mut parent = Puppet::parent(grants, Limits::default());
    let counts = parent.compile(
        TYPESCRIPT,
        "let n = 0; console.log('begin'); setInterval(() => { n++; console.log(n); }, 5);",
    );
    let stdout = parent.dup(Role::Stdout);
    let (real, mono, random) =
        (parent.dup(Role::ClockReal), parent.dup(Role::ClockMono), parent.dup(Role::Random));
    let given =
        [(Role::Stdout, stdout), (Role::ClockReal, real), (Role::ClockMono, mono), (Role::Random, random)];
    let task = parent.spawn(counts, &given, [0; 4]);
    assert!(task > 0);
    let until = |output: &Capture, lines: usize| {
        let mut text = Vec::new();
        let began = Instant::now();
        while text.iter().filter(|b| **b == b'\n').count() < lines {
            assert!(began.elapsed() < Duration::from_secs(20), "{}", String::from_utf8_lossy(&text));
            std::thread::sleep(Duration::from_millis(2));
            text.extend(output.take());
        }
        String::from_utf8(text).unwrap()
    };
    assert!(until(&output, 4).starts_with("begin\n1\n2\n"));
    assert_eq!(parent.op(Op::Task, task, [SUSPEND, 0, 0, 0]), 0);
    std::thread::sleep(Duration::from_millis(60));
    output.take();
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(output.take(), b"");
    assert_eq!(parent.op(Op::Task, task, [RESUME, 0, 0, 0]), 0);
    until(&output, 2);
    // Frozen where it waits: it goes on, and so does what is started from there.
    let mut frozen = parent.op(Op::Task, task, [SNAPSHOT, 0, 0, 0]);
    while frozen == AGAIN {
        assert_ne!(parent.wait(task, 2), 0);
        frozen = parent.op(Op::Task, task, [SNAPSHOT, 0, 0, 0]);
    }
    assert!(frozen > 0, "{frozen}");
    until(&output, 2);
    assert_eq!(parent.op(Op::Task, task, [KILL, 0, 0, 0]), 0);
    assert_eq!(parent.join(task).0, 8);
    assert_eq!(parent.op(Op::Task, task, [SNAPSHOT, 0, 0, 0]), CLOSED);
    output.take();
    let stdout = parent.dup(Role::Stdout);
    let (real, mono, random) =
        (parent.dup(Role::ClockReal), parent.dup(Role::ClockMono), parent.dup(Role::Random));
    let given =
        [(Role::Stdout, stdout), (Role::ClockReal, real), (Role::ClockMono, mono), (Role::Random, random)];
    let copy = parent.spawn(frozen, &given, [0; 4]);
    assert!(copy > 0, "{copy}");
    let text = until(&output, 3);
    let first: i32 = text.lines().next().unwrap().parse().unwrap();
    assert!(first > 2, "it counts on: {text}");
    assert!(parent.context.run().reason == Reason::Exit);
}

#[test]
fn parts_of_what_is_held_can_be_given_and_no_more() {
    let temp = tempfile::tempdir().unwrap();
    std::fs::create_dir(temp.path().join("in")).unwrap();
    std::fs::write(temp.path().join("in/a.txt"), "inside").unwrap();
    std::fs::write(temp.path().join("top.txt"), "top").unwrap();
    let output = Capture::new();
    let grants = Grants::none().directory(temp.path(), "data", true).unwrap();
    let grants =
        grants.net("example.com:443").unwrap().environment("A", Some("1")).environment("B", Some("2"));
    let mut parent = Puppet::parent(grants.stdout(Stdout::Capture(output.clone())), Limits::default());
    let narrow = |parent: &mut Puppet, role: Role, list: &str| {
        let whole = parent.given(role as i32, 0);
        parent.write(4096, list.as_bytes());
        parent.op(Op::Ctl, whole, [Request::Narrow as i64, (list.len() as i64) << 32 | 4096, 0, 0])
    };
    for (role, list, error) in [
        (Role::Files, "rdata/../x\0", RIGHTS),
        (Role::Files, "r/etc\0", RIGHTS),
        (Role::Files, "xdata\0", ARGUMENT),
        (Role::Files, "rdata", ARGUMENT),
        (Role::Files, "\0", ARGUMENT),
        (Role::Net, "example.com\0", RIGHTS),
        (Role::Net, "example.com:80\0", RIGHTS),
        (Role::Net, "a b\0", ARGUMENT),
        (Role::Env, "C\0", RIGHTS),
        (Role::Args, "", TYPE),
    ] {
        assert_eq!(narrow(&mut parent, role, list), error, "{list:?}");
    }
    assert!(narrow(&mut parent, Role::Net, "example.com:443\0") > 0);
    let files = narrow(&mut parent, Role::Files, "rdata/in\0bdata/new.txt\0");
    let env = narrow(&mut parent, Role::Env, "B\0");
    assert!(files > 0 && env > 0, "{files} {env}");
    let component = parent.compile(
        TYPESCRIPT,
        "import { readTextFile, writeTextFile } from 'b8g';
         const tried: string[] = [];
         for (const act of [
           () => readTextFile('data/in/a.txt'), () => readTextFile('data/in/../top.txt'), () => readTextFile('data/top.txt'),
           () => writeTextFile('data/in/a.txt', 'x'), () => writeTextFile('data/new.txt', 'made'), () => readTextFile('data/new.txt'),
         ]) try { tried.push(String(await act())); } catch (error) { tried.push(error.name); }
         console.log(tried.join());",
    );
    let stdout = parent.dup(Role::Stdout);
    let task =
        parent.spawn(component, &[(Role::Files, files), (Role::Env, env), (Role::Stdout, stdout)], [0; 4]);
    assert_eq!(parent.join(task), (1, 0, String::new()));
    let text = String::from_utf8(output.take()).unwrap();
    assert_eq!(text, "inside,PermissionDenied,PermissionDenied,PermissionDenied,undefined,made\n");
    assert_eq!(std::fs::read_to_string(temp.path().join("new.txt")).unwrap(), "made");
}

#[test]
fn a_link_in_what_is_given_gives_nothing_else() {
    let temp = tempfile::tempdir().unwrap();
    for name in ["src", "out", "in"] {
        std::fs::create_dir(temp.path().join(name)).unwrap();
        std::fs::write(temp.path().join(name).join("x"), name).unwrap();
    }
    std::os::unix::fs::symlink("../src", temp.path().join("out/link")).unwrap();
    std::os::unix::fs::symlink("../out", temp.path().join("in/link")).unwrap();
    // All may be read, one directory written.
    let grants = Grants::none().directory(temp.path(), "all", false).unwrap();
    let grants = grants.directory(temp.path().join("out"), "all/out", true).unwrap();
    let output = Capture::new();
    let mut parent = Puppet::parent(grants.stdout(Stdout::Capture(output.clone())), Limits::default());
    let files = parent.given(Role::Files as i32, 0);
    let list = "rall/out/link\0ball/out\0rall/in/link\0";
    parent.write(4096, list.as_bytes());
    let narrowed =
        parent.op(Op::Ctl, files, [Request::Narrow as i64, (list.len() as i64) << 32 | 4096, 0, 0]);
    assert!(narrowed > 0, "{narrowed}");
    let component = parent.compile(
        TYPESCRIPT,
        "import { readTextFile, writeTextFile } from 'b8g';
         const tried: string[] = [];
         for (const act of [
           () => writeTextFile('all/out/link/pwned', 'x'), () => writeTextFile('all/in/link/pwned', 'x'), () => writeTextFile('all/out/made', 'x'),
           () => readTextFile('all/out/x'), () => readTextFile('all/in/link/x'),
         ]) try { tried.push(String(await act())); } catch (error) { tried.push(error.name); }
         console.log(tried.join());",
    );
    let stdout = parent.dup(Role::Stdout);
    let task = parent.spawn(component, &[(Role::Files, narrowed), (Role::Stdout, stdout)], [0; 4]);
    assert_eq!(parent.join(task), (1, 0, String::new()));
    let text = String::from_utf8(output.take()).unwrap();
    assert_eq!(text, "PermissionDenied,PermissionDenied,undefined,out,out\n");
    assert!(!temp.path().join("src/pwned").exists() && !temp.path().join("out/pwned").exists());
}

#[test]
fn a_wasi_task_may_what_the_handle_of_its_files_may() {
    let temp = tempfile::tempdir().unwrap();
    let output = Capture::new();
    let grants = Grants::none().directory(temp.path(), ".", true).unwrap();
    let mut parent = Puppet::parent(grants.stdout(Stdout::Capture(output)), Limits::default());
    // Makes a directory in its first preopened one, and ends with the errno.
    let makes = r#"(module
        (import "wasi_snapshot_preview1" "path_create_directory" (func $make (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (data (i32.const 8) "made")
        (func (export "_start") (call $exit (call $make (i32.const 3) (i32.const 8) (i32.const 4)))))"#;
    let component = parent.compile(WASM, makes);
    let own = parent.given(Role::Files as i32, 0);
    for (rights, made) in [(0x1047, false), (0x104f, true)] {
        let files = parent.op(Op::Dup, own, [rights, 0, 0, 0]);
        let task = parent.spawn(component, &[(Role::Files, files)], [0; 4]);
        let (reason, code, _) = parent.join(task);
        assert_eq!((reason, code == 0), (1, made), "{code}");
        assert_eq!(temp.path().join("made").exists(), made);
    }
}

#[test]
fn what_a_task_may_use_binds_its_tasks_too() {
    let output = Capture::new();
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(output.clone()));
    let mut parent = Puppet::parent(grants, Limits { memory_bytes_max: 256 << 20, ..Limits::default() });
    let source = "import { spawn } from 'b8g';
         const all = await Promise.all([1, 2, 3, 4].map(() => spawn('for (let i = 0; i < 9; i++) console.log(`x`.repeat(99))', { random: false })));
         console.log(all.map((status) => status.reason).join());";
    let component = parent.compile(TYPESCRIPT, source);
    let given = |parent: &mut Puppet| {
        [Role::Stdout, Role::Compiler, Role::ClockMono].map(|role| (role, parent.dup(role)))
    };
    let handles = given(&mut parent);
    let task = parent.spawn(component, &handles, [0, 0, 1000, 0]);
    parent.join(task);
    assert_eq!(output.take().len(), 1000);
    // Memory: of four tasks with five MiB each one fits beside the script.
    let source = "import { spawn } from 'b8g';
         const spins = new TextEncoder().encode('(module (memory 80) (func (export `_start`) (loop (br 0))))'.replaceAll('`', '\"'));
         const all = await Promise.all([1, 2, 3, 4].map(() => spawn(spins, { timeout: 200 })));
         console.log(all.map((status) => status.reason).sort().join());";
    let component = parent.compile(TYPESCRIPT, source);
    let handles = given(&mut parent);
    let task = parent.spawn(component, &handles, [14 << 20, 0, 0, 0]);
    let ended = parent.join(task);
    assert_eq!(String::from_utf8(output.take()).unwrap(), "memory,memory,memory,timeout\n", "{ended:?}");
}

#[test]
fn who_floods_with_what_costs_the_host_meets_bounds() {
    let limits = Limits { shared_bytes_max: 8 << 20, descriptors_max: 20, ..Limits::default() };
    let grants = Grants::none().clocks().randomness().read("src").unwrap();
    let mut parent = Puppet::parent(grants, limits);
    let count = |parent: &mut Puppet, op: Op, arguments: [i64; 4]| {
        let made: Vec<i64> =
            (0..70_000).map(|_| parent.op(op, 0, arguments)).take_while(|made| *made > 0).collect();
        made.iter().for_each(|handle| assert_eq!(parent.op(Op::Close, *handle, [0; 4]), 0));
        made.len()
    };
    assert_eq!(count(&mut parent, Op::Memory, [4096, 0, 0, 0]), 20, "descriptors");
    assert!(count(&mut parent, Op::Event, [0; 4]) < 10_000);
    // Small streams of large elements hold as much as an element.
    let mut streams = 0;
    while parent.op(Op::Stream, 0, [65536, 1, 0, 64]) == 8 {
        streams += 1;
    }
    assert!(streams < 128, "{streams}");
    // A part of the files takes a descriptor.
    let mut parent = {
        let limits = Limits { descriptors_max: 20, ..Limits::default() };
        Puppet::parent(Grants::none().read("src").unwrap(), limits)
    };
    let files = parent.given(Role::Files as i32, 0);
    parent.write(4096, b"rsrc\0");
    let narrow = [Request::Narrow as i64, 5 << 32 | 4096, 0, 0];
    let parts = (0..100).map(|_| parent.op(Op::Ctl, files, narrow)).take_while(|made| *made > 0).count();
    assert_eq!(parts, 20);
    // What takes long to compile is refused at once.
    let large = format!("(module (func (param i32) (loop {} ) ))", "local.get 0 br_if 0 ".repeat(60_000));
    let mut parent = Puppet::parent(Grants::none(), Limits::default());
    assert_eq!(parent.compile(WASM, &large), LIMIT);
}
