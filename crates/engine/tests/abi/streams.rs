//! Streams between contexts: by copy, without one, as standard input and output; and peers that lie or die.

use std::io::{Read, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use b8g::{
    Component, Context, Engine, Grants, Language, Limits, Outcome, Reason, StartError, StreamOptions, Value,
    stream,
};
use b8g_core::Error;
use b8g_core::abi::{Op, Role};

use crate::support::{Puppet, engine};

const CLOSED: i64 = Error::Closed.code();
const AGAIN: i64 = Error::Again.code();
const ARGUMENT: i64 = Error::Argument.code();
const TYPE: i64 = Error::Type.code();
const LIMIT: i64 = Error::Limit.code();
const RIGHTS: i64 = Error::Rights.code();

/// Writes words to, or sums words from, a mapped stream until it ends: 1 MiB at 1 MiB of its memory.
const MAPPED: &str = r#"(module
    (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
    (memory (export "memory") 64) (global $h (mut i32) (i32.const 0))
    (func (export "b8g_start") (param i32 i32 i32 i32) (result i32)
      (global.set $h (i32.load (i32.add (i32.const -4) (i32.wrap_i64
        (call $call (i32.const 8) (i32.const 0) (i64.const 1) (i64.const 0) (i64.const 0x0000020000000000) (i64.const 0))))))
      (if (i64.ne (i64.const 0) (call $call (i32.const 4) (global.get $h) (i64.const 1048576) (i64.const 0) (i64.const 1048576) (i64.const 0)))
        (then unreachable))
      (i32.const 0))
    (func $wait (param i32)
      (i32.store (i32.const 8) (global.get $h)) (i32.store (i32.const 12) (local.get 0))
      (drop (call $call (i32.const 20) (i32.const 0) (i64.const 8) (i64.const 1) (i64.const -1) (i64.const 16))))
    (func $acquire (param $done i64) (param $interest i32) (result i64) (local $got i64)
      (loop $again (result i64)
        (local.set $got (call $call (i32.const 13) (global.get $h) (local.get $done) (i64.const 0) (i64.const 0) (i64.const 0)))
        (local.set $done (i64.const 0))
        (if (i64.eq (local.get $got) (i64.const -7)) (then (call $wait (local.get $interest)) (br $again)))
        (local.get $got)))
    (func (export "produce") (param $pieces i32) (result i64) (local $got i64) (local $at i32) (local $end i32) (local $sum i64) (local $n i64)
      (local.set $got (call $acquire (i64.const 0) (i32.const 2)))
      (loop $next
        (if (i64.lt_s (local.get $got) (i64.const 65536)) (then (return (local.get $got))))
        (local.set $at (i32.add (i32.const 1048576) (i32.wrap_i64 (local.get $got))))
        (local.set $end (i32.add (local.get $at) (i32.const 65536)))
        (loop $word
          (local.set $n (i64.add (local.get $n) (i64.const 0x9e3779b97f4a7c15)))
          (local.set $sum (i64.add (local.get $sum) (local.get $n)))
          (i64.store (local.get $at) (local.get $n))
          (br_if $word (i32.ne (local.get $end) (local.tee $at (i32.add (local.get $at) (i32.const 8))))))
        (local.set $pieces (i32.sub (local.get $pieces) (i32.const 1)))
        (local.set $got (call $acquire (i64.const 65536) (i32.const 2)))
        (br_if $next (local.get $pieces)))
      (drop (call $call (i32.const 14) (global.get $h) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))
      (local.get $sum))
    (func (export "sum") (result i64) (local $got i64) (local $at i32) (local $end i32) (local $sum i64) (local $len i64)
      (local.set $got (call $acquire (i64.const 0) (i32.const 1)))
      (block $over (loop $next
        (local.set $len (i64.shr_u (local.get $got) (i64.const 32)))
        (br_if $over (i64.eqz (local.get $len)))
        (local.set $at (i32.add (i32.const 1048576) (i32.wrap_i64 (local.get $got))))
        (local.set $end (i32.add (local.get $at) (i32.wrap_i64 (local.get $len))))
        (loop $word
          (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))
          (br_if $word (i32.ne (local.get $end) (local.tee $at (i32.add (local.get $at) (i32.const 8))))))
        (local.set $got (call $acquire (local.get $len) (i32.const 1)))
        (br $next)))
      (local.get $sum)))"#;

#[test]
fn a_mapped_stream_moves_what_was_written_between_threads() {
    let engine = engine();
    let component = Component::from_wasm(&engine, MAPPED.as_bytes()).unwrap();
    let context = || Context::new(&component, &Grants::none(), Limits::default()).unwrap();
    let options = StreamOptions { element_bytes: 8, capacity_bytes: 1 << 20, mapped: true };
    let (reader, writer) = stream(options).unwrap();
    let (mut produces, mut sums) = (context(), context());
    produces.give_writer(writer).unwrap();
    sums.give_reader(reader).unwrap();
    let produced = thread::spawn(move || produces.call("produce", &[Value::I32(512)]).unwrap());
    let summed = sums.call("sum", &[]).unwrap();
    assert_eq!(produced.join().unwrap(), summed);
    assert_ne!(summed, [Value::I64(0)]);
}

/// Two puppets at the ends of a stream.
fn joined(engine: &Engine, options: StreamOptions) -> (Puppet, i64, Puppet, i64) {
    let (reader, writer) = stream(options).unwrap();
    let (mut reads, mut writes) = (Puppet::new(engine), Puppet::new(engine));
    reads.context.give_reader(reader).unwrap();
    writes.context.give_writer(writer).unwrap();
    let (from, to) = (reads.given(Role::Stream as i32, 0), writes.given(Role::Stream as i32, 0));
    (reads, from, writes, to)
}

#[test]
fn operations_on_a_stream_of_its_own() {
    let mut puppet = Puppet::new(&engine());
    let (reader, writer) = puppet.stream(1, 100, 0);
    puppet.store(0, 0x64636261);
    for end in [reader, writer] {
        assert_eq!(puppet.op(Op::Ctl, end, [99, 0, 0, 0]), 100);
    }
    assert_eq!(puppet.op(Op::Read, reader, [16, 8, -1, 0]), AGAIN);
    assert_eq!(puppet.op(Op::Write, writer, [0, 4, -1, 0]), 4);
    assert_eq!(puppet.op(Op::Write, writer, [0, 200, -1, 0]), 96);
    assert_eq!(puppet.op(Op::Write, writer, [0, 4, -1, 0]), AGAIN);
    assert_eq!(puppet.op(Op::Write, writer, [0, 4, 0, 0]), TYPE, "no positions");
    assert_eq!(puppet.op(Op::Info, reader, [16, 16, 0, 0]), 16);
    assert_eq!((puppet.load(16), puppet.load(24)), (2, 100));
    assert_eq!(puppet.op(Op::Read, reader, [16, 4, -1, 0]), 4);
    assert_eq!(puppet.load(16), 0x64636261);
    // Each end does its own and nothing else.
    assert_eq!(puppet.op(Op::Read, writer, [16, 4, -1, 0]), RIGHTS);
    assert_eq!(puppet.op(Op::Write, reader, [16, 4, -1, 0]), RIGHTS);
    assert_eq!(puppet.op(Op::Acquire, writer, [0, 0, 0, 0]), TYPE);
    assert_eq!(puppet.op(Op::Map, writer, [65536, 0, 4096, 0]), RIGHTS, "there is nothing to map");
    // A handle that may not write ends nothing.
    let weak = puppet.op(Op::Dup, writer, [0x40, 0, 0, 0]);
    assert_eq!(puppet.op(Op::Finish, weak, [0, 0, 0, 0]), RIGHTS);
    assert_eq!(puppet.op(Op::Close, writer, [0; 4]), 0);
    assert_eq!(puppet.op(Op::Ctl, reader, [98, 0, 0, 0]), AGAIN, "another handle is open");
    assert_eq!(puppet.op(Op::Close, weak, [0; 4]), 0);
    assert_eq!(puppet.op(Op::Ctl, reader, [98, 0, 0, 0]), 0);
    assert_eq!(puppet.op(Op::Read, reader, [16, 200, -1, 0]), 96);
    assert_eq!(puppet.op(Op::Read, reader, [16, 200, -1, 0]), 0);
    let (reader, writer) = puppet.stream(4, 0, 0);
    assert_eq!(puppet.op(Op::Finish, reader, [1, 77, 0, 0]), 0);
    assert_eq!(puppet.op(Op::Ctl, writer, [98, 0, 0, 0]), 1 << 32 | 77);
    assert_eq!(puppet.op(Op::Write, writer, [0, 4, -1, 0]), CLOSED);
    for wrong in
        [[0, 1, 0, 64], [65537, 1, 0, 64], [1, 4096, 2, 64], [1, 0, 1, 64], [1, 100, 1, 64], [-1, 1, 0, 64]]
    {
        assert_eq!(puppet.op(Op::Stream, 0, wrong), ARGUMENT, "{wrong:?}");
    }
    assert_eq!(puppet.op(Op::Stream, 0, [1, i64::MAX, 0, 64]), LIMIT);
    assert_eq!(puppet.op(Op::Stream, 0, [1, 1, 0, 1 << 40]), Error::Fault.code());
}

#[test]
fn who_floods_with_streams_meets_a_bound_and_gets_it_back() {
    let limits = Limits { shared_bytes_max: 1 << 20, ..Limits::default() };
    let mut puppet = Puppet::with(&engine(), &Grants::none(), limits);
    for flags in [0, 1] {
        for _ in 0..3 {
            let mut made = Vec::new();
            while puppet.op(Op::Stream, 0, [1, 65536, flags, 64]) == 8 {
                made.extend([puppet.load(64), puppet.load(68)]);
            }
            assert_eq!(made.len(), 30, "15 streams of 64 KiB and a little more");
            assert_eq!(puppet.op(Op::Stream, 0, [1, 65536, flags, 64]), LIMIT);
            // One end is enough to keep it.
            made.iter().step_by(2).for_each(|h| assert_eq!(puppet.op(Op::Close, (*h).into(), [0; 4]), 0));
            assert_eq!(puppet.op(Op::Stream, 0, [1, 65536, flags, 64]), LIMIT);
            made.iter()
                .skip(1)
                .step_by(2)
                .for_each(|h| assert_eq!(puppet.op(Op::Close, (*h).into(), [0; 4]), 0));
        }
    }
}

#[test]
fn a_peer_that_lies_about_the_ring_moves_nothing_but_bytes() {
    let engine = engine();
    let options = StreamOptions { element_bytes: 4, capacity_bytes: 8192, mapped: true };
    let (mut reads, from, mut writes, to) = joined(&engine, options);
    for (puppet, handle) in [(&mut reads, from), (&mut writes, to)] {
        assert_eq!(puppet.op(Op::Map, handle, [65536, 0, 8192, 0]), 0);
    }
    assert_eq!(writes.op(Op::Acquire, to, [0, 0, 0, 0]), 8192 << 32);
    for done in [8196, -1, i64::MAX, 3, 1 << 32] {
        assert_eq!(writes.op(Op::Acquire, to, [done, 0, 0, 0]), ARGUMENT, "{done}");
    }
    writes.store(65536, 11);
    assert_eq!(writes.op(Op::Acquire, to, [4, 0, 0, 0]), 8188 << 32 | 4);
    assert_eq!(reads.op(Op::Acquire, from, [0, 0, 0, 0]), 4 << 32);
    assert_eq!(reads.load(65536), 11);
    for done in [8, 8192, -4, 2] {
        assert_eq!(reads.op(Op::Acquire, from, [done, 0, 0, 0]), ARGUMENT, "{done}");
    }
    // The reader writes all over the ring: what the writer commits is what lies there, and the counts stay.
    reads.context.call("fill", &[Value::I32(65536), Value::I32(0xee), Value::I32(8192)]).unwrap();
    assert_eq!(reads.op(Op::Acquire, from, [4, 0, 0, 0]), AGAIN);
    assert_eq!(writes.op(Op::Acquire, to, [8188, 0, 0, 0]), 4 << 32, "from its start again");
    assert_eq!(reads.op(Op::Acquire, from, [0, 0, 0, 0]), 8188 << 32 | 4);
    assert_eq!(reads.load(65540), 0xeeee_eeee_u32 as i32);
    // By copy at one end, mapped at the other.
    assert_eq!(reads.op(Op::Read, from, [16, 8188, -1, 0]), 8188);
    writes.store(128, 0x0102_0304);
    assert_eq!(writes.op(Op::Write, to, [128, 4, -1, 0]), 4);
    assert_eq!(reads.op(Op::Acquire, from, [0, 0, 0, 0]), 4 << 32);
    assert_eq!(reads.load(65536), 0x0102_0304);
}

#[test]
fn what_died_is_not_taken_for_what_was_complete() {
    let engine = engine();
    let options = StreamOptions::default();
    // The writer traps, with its ends in its table.
    let (mut reads, from, mut writes, to) = joined(&engine, options);
    assert_eq!(writes.op(Op::Write, to, [0, 5, -1, 0]), 5);
    writes.context.call("trap", &[]).unwrap_err();
    assert_eq!(reads.op(Op::Read, from, [16, 100, -1, 0]), 5);
    assert_eq!(reads.op(Op::Read, from, [16, 100, -1, 0]), CLOSED);
    assert_eq!(reads.op(Op::Ctl, from, [98, 0, 0, 0]), 1 << 32);
    // It is dropped before it ended.
    let (mut reads, from, writes, _) = joined(&engine, options);
    drop(writes);
    assert_eq!(reads.op(Op::Read, from, [16, 100, -1, 0]), CLOSED);
    // It ends well.
    let (mut reads, from, mut writes, to) = joined(&engine, options);
    assert_eq!(writes.op(Op::Write, to, [0, 5, -1, 0]), 5);
    assert!(writes.context.run().is_success());
    assert_eq!(reads.op(Op::Read, from, [16, 100, -1, 0]), 5);
    assert_eq!(reads.op(Op::Read, from, [16, 100, -1, 0]), 0);
    // Its standard output is a stream that it closes itself.
    let mut writes = Puppet::with(&engine, &Grants::none().stdout(b8g::Stdout::Discard), Limits::default());
    let (mut found, output) = stream(options).unwrap();
    writes.context.write_stdout_to(output).unwrap();
    let to = writes.given(Role::Stdout as i32, 0);
    assert_eq!(writes.op(Op::Write, to, [0, 5, -1, 0]), 5);
    assert_eq!(writes.op(Op::Close, to, [0; 4]), 0);
    assert_eq!(found.read_to_end(&mut Vec::new()).unwrap(), 5);
    // The reader goes.
    let (mut reads, _, mut writes, to) = joined(&engine, options);
    reads.context.call("trap", &[]).unwrap_err();
    assert_eq!(writes.op(Op::Write, to, [0, 5, -1, 0]), CLOSED);
}

#[test]
fn an_embedder_feeds_and_reads() {
    let options = StreamOptions { capacity_bytes: 100, ..StreamOptions::default() };
    let (mut reader, mut writer) = stream(options).unwrap();
    let all: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
    let expected = all.clone();
    let feeds = thread::spawn(move || {
        writer.write_all(&all).unwrap();
        writer.finish();
    });
    let mut found = Vec::new();
    reader.read_to_end(&mut found).unwrap();
    assert_eq!(found, expected);
    feeds.join().unwrap();
    let (mut reader, writer) = stream(options).unwrap();
    writer.abort(3);
    assert_eq!(reader.read(&mut [0; 4]).unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    let (reader, mut writer) = stream(options).unwrap();
    reader.cancel(3);
    assert_eq!(writer.write(&[0; 4]).unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    for wrong in [
        StreamOptions { element_bytes: 0, ..options },
        StreamOptions { capacity_bytes: u64::MAX, ..options },
        StreamOptions { mapped: true, ..options },
        StreamOptions { mapped: true, capacity_bytes: 0, ..options },
    ] {
        assert_eq!(stream(wrong).unwrap_err().kind(), std::io::ErrorKind::InvalidInput, "{wrong:?}");
    }
}

fn script(engine: &Engine, source: &str) -> Component {
    let source = format!("import {{ stdin, stdout }} from 'b8g';\n{source}");
    Component::from_source(engine, "a.js", Language::JavaScript, &source, Path::new(".")).unwrap()
}

fn limits() -> Limits {
    Limits { timeout: Some(Duration::from_secs(20)), ..Limits::default() }
}

/// Runs scripts each of whose output is the next one's input, with `input` for the first; gives the last one's output.
fn piped(engine: &Engine, sources: &[&str], input: &[u8]) -> (Vec<u8>, Vec<Outcome>) {
    let (mut next, mut feed) = stream(StreamOptions::default()).unwrap();
    let mut running = Vec::new();
    for source in sources {
        let component = script(engine, source);
        let mut context = Context::new(&component, &Grants::none().clocks(), limits()).unwrap();
        context.read_stdin_from(next).unwrap();
        let (reader, writer) = stream(StreamOptions::default()).unwrap();
        context.write_stdout_to(writer).unwrap();
        next = reader;
        running.push(thread::spawn(move || context.run()));
    }
    let input = input.to_vec();
    let feeds = thread::spawn(move || feed.write_all(&input).map(|()| feed.finish()));
    let mut output = Vec::new();
    let _ = next.read_to_end(&mut output);
    let _ = feeds.join().unwrap();
    (output, running.into_iter().map(|runs| runs.join().unwrap()).collect())
}

#[test]
fn scripts_are_joined_like_programs_of_a_shell() {
    let engine = engine();
    let upper = "for await (const chunk of stdin.readable) await stdout.write(new TextDecoder().decode(chunk).toUpperCase());";
    let count = "let n = 0; for await (const chunk of stdin.readable) n += chunk.length; console.log(n);";
    let text = "abc ".repeat(100_000);
    let (output, outcomes) = piped(&engine, &[upper, upper], text.as_bytes());
    assert!(output == text.to_uppercase().as_bytes(), "{}", output.len());
    assert!(outcomes.iter().all(Outcome::is_success), "{outcomes:?}");
    let (output, outcomes) = piped(&engine, &[upper, count], text.as_bytes());
    assert_eq!(output, b"400000\n");
    assert!(outcomes.iter().all(Outcome::is_success), "{outcomes:?}");
    // Whoever has enough ends those before it, as `head` does.
    let endless = "for (;;) console.log('y');";
    let head = "let n = 0; for await (const c of stdin.readable) { n += c.length; if (n > 10000) break; } console.log('enough');";
    let (output, outcomes) = piped(&engine, &[endless, upper, head], b"");
    assert_eq!(output, b"enough\n");
    assert!(outcomes[2].is_success(), "{}", outcomes[2]);
    assert!(outcomes[0].broken_pipe && outcomes[0].exit_code == 141, "{}", outcomes[0]);
    // Whoever dies is noticed.
    let (output, outcomes) = piped(&engine, &["console.log('half'); throw new Error('dead')", upper], b"");
    assert_eq!((String::from_utf8(output).unwrap().as_str(), outcomes[0].reason), ("HALF\n", Reason::Error));
    assert_eq!(outcomes[1].reason, Reason::Error, "{}", outcomes[1]);
}

#[test]
fn a_deadline_ends_who_waits_for_room_or_for_more() {
    let engine = engine();
    for source in ["for (;;) console.log('y'.repeat(1000));", "await stdin.text();"] {
        let component = script(&engine, source);
        let limits = Limits { timeout: Some(Duration::from_millis(100)), ..Limits::default() };
        let mut context = Context::new(&component, &Grants::none().clocks(), limits).unwrap();
        let (input, _feed) = stream(StreamOptions::default()).unwrap();
        let (_found, output) = stream(StreamOptions::default()).unwrap();
        context.read_stdin_from(input).unwrap();
        context.write_stdout_to(output).unwrap();
        let began = Instant::now();
        let outcome = context.run();
        assert_eq!(outcome.reason, Reason::Timeout, "{outcome}");
        assert!(began.elapsed() < Duration::from_secs(10));
        let (input, _) = stream(StreamOptions::default()).unwrap();
        assert!(matches!(context.read_stdin_from(input), Err(StartError::Started)));
    }
}
