//! How fast streams move bytes between contexts: without a copy on one thread and over two, by copy between scripts, and
//! through a chain of a thousand contexts.

use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use b8g::{Component, Config, Context, Engine, Grants, Language, Limits, StreamOptions, Value, stream};
use b8g_benches::{Figure, Peer, Report, in_turn, median, process, pss_kib, us};

const PIECE: usize = 64 << 10;
/// Of each measurement.
const BYTES: u64 = 1 << 30;
const ROUNDS: usize = 9;
/// Of the ring, and of pipes where the system lets us.
const RING: u64 = 1 << 20;
/// Of the ring between contexts that take turns: what one wrote is still near when the other reads.
const SMALL_RING: u64 = 256 << 10;
const CHAIN: usize = 1_000;
/// Through the chain, where each byte is copied a thousand times; with `--whole` all of [`BYTES`].
const CHAIN_BYTES: u64 = 64 << 20;

/// Fills pieces and sums them: in a piece of its own memory, or in those of the mapped ring.
const WORKS: &str = r#"(module
    (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
    (memory (export "memory") 64) (global $h (mut i32) (i32.const 0)) (global $part (mut i64) (i64.const -7))
    (global $sum (mut i64) (i64.const 0))
    (func (export "b8g_start") (param i32 i32 i32 i32) (result i32) (local $end i32)
      (local.set $end (i32.wrap_i64 (call $call (i32.const 8) (i32.const 0) (i64.const 1) (i64.const 0) (i64.const 0x0000020000000000) (i64.const 0))))
      (if (i32.ne (i32.load (i32.sub (local.get $end) (i32.const 8))) (i32.const 14)) (then (return (i32.const 0))))
      (global.set $h (i32.load (i32.sub (local.get $end) (i32.const 4))))
      (if (i64.ne (i64.const 0) (call $call (i32.const 4) (global.get $h) (i64.const 1048576) (i64.const 0) (i64.const RING_BYTES) (i64.const 0)))
        (then unreachable))
      (i32.const 0))
    (func $fill (param $at i32) (local $end i32) (local $v v128)
      (local.set $end (i32.add (local.get $at) (i32.const 65536)))
      (local.set $v (i64x2.splat (i64.extend_i32_u (local.get $at))))
      (loop $next
        (v128.store (local.get $at) (local.get $v))
        (v128.store offset=16 (local.get $at) (local.get $v))
        (v128.store offset=32 (local.get $at) (local.get $v))
        (v128.store offset=48 (local.get $at) (local.get $v))
        (br_if $next (i32.ne (local.get $end) (local.tee $at (i32.add (local.get $at) (i32.const 64)))))))
    (func $add (param $at i32) (local $end i32) (local $a v128) (local $b v128)
      (local.set $end (i32.add (local.get $at) (i32.const 65536)))
      (loop $next
        (local.set $a (i64x2.add (local.get $a) (v128.load (local.get $at))))
        (local.set $b (i64x2.add (local.get $b) (v128.load offset=16 (local.get $at))))
        (local.set $a (i64x2.add (local.get $a) (v128.load offset=32 (local.get $at))))
        (local.set $b (i64x2.add (local.get $b) (v128.load offset=48 (local.get $at))))
        (br_if $next (i32.ne (local.get $end) (local.tee $at (i32.add (local.get $at) (i32.const 64))))))
      (local.set $a (i64x2.add (local.get $a) (local.get $b)))
      (global.set $sum (i64.add (global.get $sum) (i64.add (i64x2.extract_lane 0 (local.get $a)) (i64x2.extract_lane 1 (local.get $a))))))
    (func (export "alone") (param $pieces i32) (result i64) (local $at i32)
      (local.set $at (i32.const 1048576))
      (loop $next
        (call $fill (local.get $at)) (call $add (local.get $at))
        (local.set $at (i32.or (i32.const 1048576) (i32.and (i32.const RING_MASK) (i32.add (local.get $at) (i32.const 65536)))))
        (br_if $next (local.tee $pieces (i32.sub (local.get $pieces) (i32.const 1)))))
      (global.get $sum))
    (func $acquire (param $done i64) (result i64)
      (global.set $part (call $call (i32.const 13) (global.get $h) (local.get $done) (i64.const 0) (i64.const 0) (i64.const 0)))
      (global.get $part))
    (func $wait (param i32)
      (i32.store (i32.const 8) (global.get $h)) (i32.store (i32.const 12) (local.get 0))
      (drop (call $call (i32.const 20) (i32.const 0) (i64.const 8) (i64.const 1) (i64.const -1) (i64.const 16))))
    ;; Fills so many pieces, until there is no room; answers how many are left. Commits each piece, or all of a part at once.
    (func $produce (param $pieces i32) (param $whole i32) (result i32) (local $part i64) (local $at i32) (local $done i64)
      (local.set $part (call $acquire (i64.const 0)))
      (loop $next
        (if (i32.or (i64.lt_s (local.get $part) (i64.const 65536)) (i32.eqz (local.get $pieces))) (then (return (local.get $pieces))))
        (local.set $at (i32.add (i32.const 1048576) (i32.wrap_i64 (local.get $part))))
        (local.set $done (i64.const 0))
        (loop $more
          (call $fill (local.get $at))
          (local.set $at (i32.add (local.get $at) (i32.const 65536)))
          (local.set $done (i64.add (local.get $done) (i64.const 65536)))
          (local.set $pieces (i32.sub (local.get $pieces) (i32.const 1)))
          (br_if $more (i32.and (i32.ne (i32.const 0) (local.get $pieces))
            (i32.and (local.get $whole) (i64.lt_u (local.get $done) (i64.shr_u (local.get $part) (i64.const 32)))))))
        (local.set $part (call $acquire (local.get $done)))
        (br $next))
      (unreachable))
    (func (export "produce") (param $pieces i32) (result i32) (call $produce (local.get $pieces) (i32.const 1)))
    ;; Sums what there is; answers whether that is all.
    (func $consume (param $whole i32) (result i32) (local $part i64) (local $at i32) (local $done i64)
      (local.set $part (call $acquire (i64.const 0)))
      (loop $next
        (if (i64.lt_s (local.get $part) (i64.const 65536)) (then (return (i64.ge_s (local.get $part) (i64.const 0)))))
        (local.set $at (i32.add (i32.const 1048576) (i32.wrap_i64 (local.get $part))))
        (local.set $done (i64.const 0))
        (loop $more
          (call $add (local.get $at))
          (local.set $at (i32.add (local.get $at) (i32.const 65536)))
          (local.set $done (i64.add (local.get $done) (i64.const 65536)))
          (br_if $more (i32.and (local.get $whole) (i64.lt_u (local.get $done) (i64.shr_u (local.get $part) (i64.const 32))))))
        (local.set $part (call $acquire (local.get $done)))
        (br $next))
      (unreachable))
    (func (export "consume") (result i32) (call $consume (i32.const 1)))
    (func (export "finish") (drop (call $call (i32.const 14) (global.get $h) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0))))
    (func (export "produce_all") (param $pieces i32) (loop $next
      (if (local.tee $pieces (call $produce (local.get $pieces) (i32.const 0))) (then (call $wait (i32.const 2)) (br $next))))
      (drop (call $call (i32.const 14) (global.get $h) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0))))
    (func (export "consume_all") (result i64) (loop $next
      (if (i32.eqz (call $consume (i32.const 0))) (then (call $wait (i32.const 1)) (br $next))))
      (global.get $sum)))"#;

/// Passes on what comes until it ends: the first stream that it was given is read, the second written. Both are mapped, so each
/// byte is copied once.
const PASSES: &str = r#"(module
    (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
    (memory (export "memory") 3)
    (func $map (param $h i32) (param $at i64)
      (if (i64.ne (i64.const 0) (call $call (i32.const 4) (local.get $h) (local.get $at) (i64.const 0) (i64.const 65536) (i64.const 0)))
        (then unreachable)))
    ;; Gives back what is done with, and waits for the next part: where it is below, its length above; at the end the length is 0.
    (func $part (param $h i32) (param $interest i32) (param $done i64) (result i64) (local $part i64)
      (loop $again (result i64)
        (local.set $part (call $call (i32.const 13) (local.get $h) (local.get $done) (i64.const 0) (i64.const 0) (i64.const 0)))
        (if (result i64) (i64.eq (local.get $part) (i64.const -7))
          (then
            (local.set $done (i64.const 0))
            (i32.store (i32.const 8) (local.get $h)) (i32.store (i32.const 12) (local.get $interest))
            (drop (call $call (i32.const 20) (i32.const 0) (i64.const 8) (i64.const 1) (i64.const -1) (i64.const 16)))
            (br $again))
          (else (local.get $part)))))
    (func (export "b8g_start") (param i32 i32 i32 i32) (result i32) (local $end i32) (local $from i32) (local $to i32)
      (local $in i64) (local $out i64) (local $n i64)
      (local.set $end (i32.wrap_i64 (call $call (i32.const 8) (i32.const 0) (i64.const 1) (i64.const 0) (i64.const 0x0000020000000000) (i64.const 0))))
      (local.set $from (i32.load (i32.sub (local.get $end) (i32.const 12))))
      (local.set $to (i32.load (i32.sub (local.get $end) (i32.const 4))))
      (call $map (local.get $from) (i64.const 65536)) (call $map (local.get $to) (i64.const 131072))
      (loop $next
        ;; What was written goes on before anything is waited for.
        (drop (call $call (i32.const 13) (local.get $to) (local.get $n) (i64.const 0) (i64.const 0) (i64.const 0)))
        (local.set $in (call $part (local.get $from) (i32.const 1) (local.get $n)))
        (if (i64.le_s (local.get $in) (i64.const 0xffffffff)) (then (return (i32.wrap_i64 (i64.shr_s (local.get $in) (i64.const 32))))))
        (local.set $out (call $part (local.get $to) (i32.const 2) (i64.const 0)))
        (if (i64.lt_s (local.get $out) (i64.const 0)) (then (return (i32.const -8))))
        (local.set $n (select (i64.shr_u (local.get $in) (i64.const 32)) (i64.shr_u (local.get $out) (i64.const 32))
          (i64.lt_u (i64.shr_u (local.get $in) (i64.const 32)) (i64.shr_u (local.get $out) (i64.const 32)))))
        (memory.copy (i32.add (i32.const 131072) (i32.wrap_i64 (local.get $out))) (i32.add (i32.const 65536) (i32.wrap_i64 (local.get $in)))
          (i32.wrap_i64 (local.get $n)))
        (br $next))
      (unreachable)))"#;

fn main() -> anyhow::Result<()> {
    if std::env::args().nth(1).is_some_and(|way| way.starts_with("feed-")) {
        return feed();
    }
    let report = Report::begin("stream: bytes between contexts");
    let engine = Engine::new(Config::new())?;
    mapped(&report, &engine)?;
    scripts(&report, &engine)?;
    chain(&report, &engine)
}

/// Seconds a GiB.
fn seconds(begun: Instant, bytes: u64) -> f64 {
    us(begun.elapsed()) / 1e6 / (bytes as f64 / BYTES as f64)
}

fn pieces(bytes: u64) -> [Value; 1] {
    [Value::I32((bytes / PIECE as u64) as i32)]
}

/// What works on a ring of that size.
fn works(engine: &Engine, ring: u64) -> anyhow::Result<Component> {
    let text = WORKS.replace("RING_BYTES", &ring.to_string()).replace("RING_MASK", &(ring - 1).to_string());
    Ok(Component::from_wasm(engine, text.as_bytes())?)
}

/// Writer and reader of a mapped ring.
fn joined(engine: &Engine, ring: u64) -> anyhow::Result<[Context; 2]> {
    let component = works(engine, ring)?;
    let (reader, writer) = stream(StreamOptions { element_bytes: 1, capacity_bytes: ring, mapped: true })?;
    let made = || Context::new(&component, &Grants::none(), Limits::default());
    let (mut writes, mut reads) = (made()?, made()?);
    writes.give_writer(writer)?;
    reads.give_reader(reader)?;
    for context in [&mut writes, &mut reads] {
        context.start().map_err(|outcome| anyhow::anyhow!("{outcome}"))?;
    }
    Ok([writes, reads])
}

fn one_thread(engine: &Engine) -> anyhow::Result<f64> {
    let [mut writes, mut reads] = joined(engine, SMALL_RING)?;
    // The memory is there before the time counts.
    writes.call("produce", &pieces(SMALL_RING))?;
    reads.call("consume", &[])?;
    let begun = Instant::now();
    let mut left = pieces(BYTES);
    loop {
        left = match writes.call("produce", &left)?[..] {
            [Value::I32(0)] => break,
            [left] => [left],
            _ => anyhow::bail!("it answers a number"),
        };
        reads.call("consume", &[])?;
    }
    writes.call("finish", &[])?;
    anyhow::ensure!(reads.call("consume", &[])? == [Value::I32(1)], "it has ended");
    Ok(seconds(begun, BYTES))
}

fn alone(engine: &Engine) -> anyhow::Result<f64> {
    let component = works(engine, SMALL_RING)?;
    let mut context = Context::new(&component, &Grants::none(), Limits::default())?;
    context.start().map_err(|outcome| anyhow::anyhow!("{outcome}"))?;
    // The memory is there before the time counts, as the ring's is.
    context.call("alone", &pieces(SMALL_RING))?;
    let begun = Instant::now();
    context.call("alone", &pieces(BYTES))?;
    Ok(seconds(begun, BYTES))
}

fn two_threads(engine: &Engine) -> anyhow::Result<f64> {
    let [mut writes, mut reads] = joined(engine, RING)?;
    let begun = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| writes.call("produce_all", &pieces(BYTES)).expect("all is written"));
        reads.call("consume_all", &[]).map(|_| seconds(begun, BYTES))
    })
    .map_err(anyhow::Error::from)
}

/// What the peer's first process does: fills pieces and writes them to its standard output.
fn feed() -> anyhow::Result<()> {
    let mut piece = vec![0u64; PIECE / 8];
    // Not through Rust's own buffer, which looks for lines.
    let mut out = std::fs::File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    for n in 0..BYTES / PIECE as u64 {
        piece.fill(n);
        // SAFETY: any bytes of numbers are bytes.
        let bytes = unsafe { std::slice::from_raw_parts(piece.as_ptr().cast::<u8>(), PIECE) };
        out.write_all(bytes)?;
    }
    Ok(())
}

/// Two processes, a pipe or a socket between them.
fn processes(socket: bool) -> anyhow::Result<f64> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(if socket { "feed-socket" } else { "feed-pipe" }).stdin(Stdio::null());
    let mut ours: Box<dyn Read>;
    let mut child;
    if socket {
        let (mine, theirs) = UnixStream::pair()?;
        child = command.stdout(OwnedFd::from(theirs)).spawn()?;
        drop(command);
        ours = Box::new(mine);
    } else {
        let (mine, theirs) = std::io::pipe()?;
        // SAFETY: plain calls on a descriptor that is open.
        unsafe {
            libc::fcntl(std::os::fd::AsRawFd::as_raw_fd(&mine), libc::F_SETPIPE_SZ, RING as libc::c_int)
        };
        child = command.stdout(theirs).spawn()?;
        drop(command);
        ours = Box::new(mine);
    }
    let mut piece = vec![0u8; PIECE];
    // From the first byte on: starting a process is not what is measured.
    ours.read_exact(&mut piece)?;
    let begun = Instant::now();
    let (mut sum, mut found) = (0u64, 0u64);
    loop {
        let n = ours.read(&mut piece)?;
        if n == 0 {
            break;
        }
        found += n as u64;
        sum = piece[..n]
            .chunks_exact(8)
            .fold(sum, |sum, word| sum.wrapping_add(u64::from_le_bytes(word.try_into().unwrap_or_default())));
    }
    std::hint::black_box(sum);
    let took = seconds(begun, found);
    child.wait()?;
    Ok(took)
}

/// The same work by two components of WASI 0.3's streams in wasmtime, composed into one: each has a memory of its own, so each
/// piece is copied. What fills and what sums is that of [`WORKS`].
const COMPOSED: &str = r#"(component
  (component $producer
    (core module $libc (memory (export "memory") 2)) (core instance $libc (instantiate $libc))
    (core module $main
      (import "" "memory" (memory 2))
      (import "" "return" (func $return (param i32))) (import "" "join" (func $join (param i32 i32)))
      (import "" "set" (func $set (result i32))) (import "" "new" (func $new (result i64)))
      (import "" "write" (func $write (param i32 i32 i32) (result i32))) (import "" "drop" (func $drop (param i32)))
      (global $waits (mut i32) (i32.const 0)) (global $end (mut i32) (i32.const 0)) (global $left (mut i32) (i32.const 0))
      FILL
      (func $go (result i32)
        (loop $next
          (if (i32.eqz (global.get $left))
            (then (call $join (global.get $end) (i32.const 0)) (call $drop (global.get $end)) (return (i32.const 0))))
          (global.set $left (i32.sub (global.get $left) (i32.const 1)))
          (call $fill (i32.const 65536))
          (br_if $next (i32.ne (i32.const -1) (call $write (global.get $end) (i32.const 65536) (i32.const 65536)))))
        (i32.or (i32.const 2) (i32.shl (global.get $waits) (i32.const 4))))
      (func (export "produce") (param i32) (result i32) (local $both i64)
        (global.set $left (local.get 0))
        (global.set $waits (call $set))
        (local.set $both (call $new))
        (global.set $end (i32.wrap_i64 (i64.shr_u (local.get $both) (i64.const 32))))
        (call $join (global.get $end) (global.get $waits))
        (call $return (i32.wrap_i64 (local.get $both)))
        (call $go))
      (func (export "goes-on") (param i32 i32 i32) (result i32) (call $go)))
    (type $bytes (stream u8))
    (canon task.return (result $bytes) (core func $return))
    (canon waitable.join (core func $join)) (canon waitable-set.new (core func $set))
    (canon stream.new $bytes (core func $new)) (canon stream.drop-writable $bytes (core func $drop))
    (canon stream.write $bytes async (memory (core memory $libc "memory")) (core func $write))
    (core instance $main (instantiate $main (with "" (instance
      (export "memory" (memory $libc "memory")) (export "return" (func $return)) (export "join" (func $join))
      (export "set" (func $set)) (export "new" (func $new)) (export "write" (func $write)) (export "drop" (func $drop))))))
    (func (export "produce") async (param "pieces" u32) (result (stream u8))
      (canon lift (core func $main "produce") async (callback (core func $main "goes-on")))))
  (component $consumer
    (import "produce" (func $produce async (param "pieces" u32) (result (stream u8))))
    (core module $libc (memory (export "memory") 2)) (core instance $libc (instantiate $libc))
    (core module $main
      (import "" "memory" (memory 2))
      (import "" "produce" (func $produce (param i32 i32) (result i32)))
      (import "" "return" (func $return (param i64))) (import "" "join" (func $join (param i32 i32)))
      (import "" "set" (func $set (result i32)))
      (import "" "read" (func $read (param i32 i32 i32) (result i32))) (import "" "drop" (func $drop (param i32)))
      (global $waits (mut i32) (i32.const 0)) (global $end (mut i32) (i32.const 0)) (global $sum (mut i64) (i64.const 0))
      ADD
      ;; What a read told: all of a piece, or the end.
      (func $take (param $told i32) (result i32)
        (if (i32.shr_u (local.get $told) (i32.const 4)) (then (call $add (i32.const 65536))))
        (if (result i32) (i32.and (local.get $told) (i32.const 15))
          (then (call $join (global.get $end) (i32.const 0)) (call $drop (global.get $end)) (call $return (global.get $sum)) (i32.const 0))
          (else (i32.const 1))))
      (func $go (result i32) (local $told i32)
        (loop $next
          (local.set $told (call $read (global.get $end) (i32.const 65536) (i32.const 65536)))
          (if (i32.ne (local.get $told) (i32.const -1))
            (then (br_if $next (call $take (local.get $told))) (return (i32.const 0)))))
        (i32.or (i32.const 2) (i32.shl (global.get $waits) (i32.const 4))))
      (func (export "run") (param i32) (result i32)
        (if (i32.ne (i32.and (i32.const 15) (call $produce (local.get 0) (i32.const 16))) (i32.const 2)) (then unreachable))
        (global.set $sum (i64.const 0))
        (global.set $end (i32.load (i32.const 16)))
        (global.set $waits (call $set))
        (call $join (global.get $end) (global.get $waits))
        (call $go))
      (func (export "goes-on") (param i32 i32 i32) (result i32)
        (if (result i32) (call $take (local.get 2)) (then (call $go)) (else (i32.const 0)))))
    (type $bytes (stream u8))
    (canon lower (func $produce) async (memory (core memory $libc "memory")) (core func $lowered))
    (canon task.return (result u64) (core func $return))
    (canon waitable.join (core func $join)) (canon waitable-set.new (core func $set))
    (canon stream.drop-readable $bytes (core func $drop))
    (canon stream.read $bytes async (memory (core memory $libc "memory")) (core func $read))
    (core instance $main (instantiate $main (with "" (instance
      (export "memory" (memory $libc "memory")) (export "produce" (func $lowered)) (export "return" (func $return))
      (export "join" (func $join)) (export "set" (func $set)) (export "read" (func $read)) (export "drop" (func $drop))))))
    (func (export "run") async (param "pieces" u32) (result u64)
      (canon lift (core func $main "run") async (callback (core func $main "goes-on")))))
  (instance $p (instantiate $producer))
  (instance $c (instantiate $consumer (with "produce" (func $p "produce"))))
  (export "run" (func $c "run")))"#;

/// The function of [`WORKS`] that has this name.
fn function(name: &str) -> &'static str {
    let from = WORKS.find(&format!("(func ${name} ")).expect("it is there");
    let next = WORKS[from + 1..].find("\n    (func ").expect("another follows");
    &WORKS[from..from + 1 + next]
}

fn composed() -> wasmtime::Result<f64> {
    use wasmtime::component::{Component, Linker};
    let mut config = wasmtime::Config::new();
    config.wasm_component_model_async(true);
    let engine = wasmtime::Engine::new(&config)?;
    let text = COMPOSED.replace("FILL", function("fill")).replace("ADD", function("add"));
    let component = Component::new(&engine, text)?;
    let mut store = wasmtime::Store::new(&engine, ());
    let linker = Linker::new(&engine);
    let instance = block_on(linker.instantiate_async(&mut store, &component))?;
    let run = instance.get_typed_func::<(u32,), (u64,)>(&mut store, "run")?;
    // The memory is there before the time counts.
    block_on(run.call_async(&mut store, (16,)))?;
    let begun = Instant::now();
    block_on(run.call_async(&mut store, ((BYTES / PIECE as u64) as u32,)))?;
    Ok(seconds(begun, BYTES))
}

/// Nothing here waits for anything outside.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn mapped(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let failed = f64::NAN;
    let found = in_turn(
        ROUNDS,
        &mut [
            &mut || one_thread(engine).unwrap_or(failed),
            &mut || alone(engine).unwrap_or(failed),
            &mut || two_threads(engine).unwrap_or(failed),
            &mut || processes(false).unwrap_or(failed),
            &mut || processes(true).unwrap_or(failed),
            &mut || composed().unwrap_or(failed),
        ],
    );
    let add = |name: &str, ours: &[f64], peer: &str, theirs: &[f64], at_most: Option<f64>| {
        let peer = Some(Peer::compared(peer, ours, theirs));
        report.add(Figure {
            name: name.into(),
            value: median(ours),
            unit: "s a GiB",
            peer,
            n: ours.len(),
            at_most,
        });
    };
    let one = "1 GiB in pieces of 64 KiB through a mapped ring, filled and summed, one thread";
    add(one, &found[0], "the same work in one context", &found[1], Some(1.0 / 0.9));
    add(one, &found[0], "wasmtime's streams between two components", &found[5], None);
    let two = "the same over two threads";
    add(two, &found[2], "a pipe between processes", &found[3], Some(1.0 / 1.5));
    add(two, &found[2], "a socket between processes", &found[4], None);
    Ok(())
}

/// What node does: a worker fills pieces of shared memory, the main thread sums them.
const NODE: &str = "const { Worker, isMainThread, workerData } = require('worker_threads');
const PIECE = 16384, PIECES = 16, n = Number(process.argv[2]);
const work = (shared) => { const at = new Int32Array(shared, 0, 2), ring = new Int32Array(shared, 64); return { at, ring }; };
if (isMainThread) { const shared = new SharedArrayBuffer(64 + PIECE * 4 * PIECES); const { at, ring } = work(shared);
  new Worker(__filename, { argv: [n], workerData: shared }); let sum = 0, begun;
  for (let i = 0; i < n; i++) { let head; while ((head = Atomics.load(at, 0)) === i) Atomics.wait(at, 0, head); begun ??= performance.now();
    const from = (i % PIECES) * PIECE; for (let j = 0; j < PIECE; j++) sum = (sum + ring[from + j]) | 0; Atomics.store(at, 1, i + 1); Atomics.notify(at, 1); }
  console.log(performance.now() - begun, sum); process.exit();
} else { const { at, ring } = work(workerData);
  for (let i = 0; i < n; i++) { let tail; while (i - (tail = Atomics.load(at, 1)) >= PIECES) Atomics.wait(at, 1, tail);
    const from = (i % PIECES) * PIECE; for (let j = 0; j < PIECE; j++) ring[from + j] = i; Atomics.store(at, 0, i + 1); Atomics.notify(at, 0); } }";

/// Bytes of a measurement between scripts.
const SCRIPT_BYTES: u64 = 128 << 20;

fn scripts(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let source =
        |text: &str| Component::from_source(engine, "a.js", Language::JavaScript, text, Path::new("."));
    let sends = source(&format!(
        "import {{ streams }} from 'b8g'; const piece = new Uint8Array(65536); const [w] = streams;
         for (let i = 0; i < {}; i++) {{ piece[0] = i; await w.write(piece); }} w.close();",
        SCRIPT_BYTES / PIECE as u64
    ))?;
    let takes = source(&format!(
        "import {{ streams }} from 'b8g'; const piece = new Uint8Array(65536); const [r] = streams;
         let n = 0; for (let got; (got = await r.read(piece)) !== null;) n += got; if (n !== {SCRIPT_BYTES}) throw n;"
    ))?;
    let ours = || -> anyhow::Result<f64> {
        let (reader, writer) = stream(StreamOptions { capacity_bytes: RING, ..StreamOptions::default() })?;
        let made = |component: &Component| Context::new(component, &Grants::none(), Limits::default());
        let (mut from, mut to) = (made(&sends)?, made(&takes)?);
        from.give_writer(writer)?;
        to.give_reader(reader)?;
        let begun = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| assert!(from.run().is_success()));
            assert!(to.run().is_success());
        });
        Ok(seconds(begun, SCRIPT_BYTES))
    };
    let node = process::find("node", "B8G_NODE");
    let temp = tempfile::tempdir()?;
    let script = temp.path().join("shared.js");
    std::fs::write(&script, NODE)?;
    let shared = || -> f64 {
        let Some(node) = &node else { return f64::NAN };
        let output = Command::new(node).arg(&script).arg((SCRIPT_BYTES / PIECE as u64).to_string()).output();
        let text =
            output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let ms: f64 = text.split(' ').next().and_then(|ms| ms.parse().ok()).unwrap_or(f64::NAN);
        ms / 1000.0 / (SCRIPT_BYTES as f64 / BYTES as f64)
    };
    let found = in_turn(ROUNDS, &mut [&mut || ours().unwrap_or(f64::NAN), &mut || shared()]);
    let peer = node
        .as_ref()
        .map(|_| Peer::compared("node's SharedArrayBuffer, filled and summed", &found[0], &found[1]));
    report.add(Figure {
        name: "script to script by copy, pieces of 64 KiB, two threads".into(),
        value: median(&found[0]),
        unit: "s a GiB",
        peer,
        n: ROUNDS,
        at_most: None,
    });
    Ok(())
}

/// A thousand contexts in a row, each on a thread of its own, with 64 KiB between each two.
fn chain(report: &Report, engine: &Engine) -> anyhow::Result<()> {
    let bytes = if std::env::args().any(|argument| argument == "--whole") { BYTES } else { CHAIN_BYTES };
    let component = Component::from_wasm(engine, PASSES.as_bytes())?;
    let options = StreamOptions { mapped: true, ..StreamOptions::default() };
    let (mut next, mut feed) = stream(options)?;
    let before = pss_kib();
    let (found, after_first, took) = thread::scope(|scope| -> anyhow::Result<_> {
        for _ in 0..CHAIN {
            let (reader, writer) = stream(options)?;
            let mut context = Context::new(&component, &Grants::none(), Limits::default())?;
            context.give_reader(std::mem::replace(&mut next, reader))?;
            context.give_writer(writer)?;
            thread::Builder::new().stack_size(2 << 20).spawn_scoped(scope, move || context.run())?;
        }
        scope.spawn(move || {
            let piece = vec![7; PIECE];
            (0..bytes / PIECE as u64).for_each(|_| feed.write_all(&piece).expect("it is taken"));
            feed.finish();
        });
        let begun = Instant::now();
        let (mut piece, mut found, mut after_first) = (vec![0; PIECE], 0u64, 0.0);
        loop {
            let n = next.read(&mut piece)?;
            if n == 0 {
                return Ok((found, after_first, begun.elapsed()));
            }
            if found < bytes / 10 && found + n as u64 >= bytes / 10 {
                after_first = pss_kib();
            }
            found += n as u64;
        }
    })?;
    anyhow::ensure!(found == bytes, "{found} bytes came");
    let mib = |kib: f64| (kib - before) / 1024.0;
    let figure = |name: &str, value: f64, unit: &'static str| Figure {
        name: name.into(),
        value,
        unit,
        peer: None,
        n: 1,
        at_most: None,
    };
    report.add(figure(
        &format!("{} MiB through a chain of 1,000 contexts", bytes >> 20),
        took.as_secs_f64(),
        "s",
    ));
    report.add(figure("memory of the chain when a tenth had passed", mib(after_first), "MiB"));
    Ok(())
}
