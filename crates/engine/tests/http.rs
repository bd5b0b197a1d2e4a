//! HTTP through the one callback: what a guest may ask for, and what it cannot do with that.

#[path = "common/peer.rs"]
mod peer;

use std::io::Write;
use std::sync::mpsc::channel;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use b8g::{Component, Config, Context, Engine, Grants, Limits, Reason, Value};
use b8g_core::http::{RequestHead, ResponseHead};

use peer::{says, server};

/// A guest that passes on what the test asks for. The head of its request lies at 1024, answers at 65536.
const GUEST: &str = r#"
  (import "b8g" "call" (func $call (param i32 i32 i64 i64 i64 i64) (result i64)))
  (memory (export "memory") 4)
  (func $slice (param i32 i32) (result i64)
    (i64.or (i64.extend_i32_u (local.get 0)) (i64.shl (i64.extend_i32_u (local.get 1)) (i64.const 32))))
  (func $net (result i32) (local $at i32)
    (drop (call $call (i32.const 8) (i32.const 0) (i64.const 1) (i64.const 0) (call $slice (i32.const 0) (i32.const 512)) (i64.const 0)))
    (loop $next
      (if (i32.eq (i32.load (local.get $at)) (i32.const 7)) (then (return (i32.load offset=4 (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 512))))
    unreachable)
  (func (export "ask") (param $len i32) (param $body i64) (result i64)
    (call $call (i32.const 8) (call $net) (i64.const 110) (call $slice (i32.const 1024) (local.get $len)) (i64.const 0) (local.get $body)))
  (func $ctl (export "ctl") (param $handle i32) (param $request i64) (result i64)
    (call $call (i32.const 8) (local.get $handle) (local.get $request) (i64.const 0) (call $slice (i32.const 65536) (i32.const 65536)) (i64.const 0)))
  (func $wait (export "wait") (param $handle i32) (param $for i32) (result i64)
    (i32.store (i32.const 0) (local.get $handle))
    (i32.store (i32.const 4) (local.get $for))
    (call $call (i32.const 20) (i32.const 0) (i64.const 0) (i64.const 1) (i64.const -1) (i64.const 16)))
  (func $read (export "read") (param $handle i32) (result i64)
    (call $call (i32.const 6) (local.get $handle) (i64.const 65536) (i64.const 65536) (i64.const -1) (i64.const 0)))
  (func (export "write") (param $handle i32) (param $len i64) (result i64)
    (call $call (i32.const 7) (local.get $handle) (i64.const 65536) (local.get $len) (i64.const -1) (i64.const 0)))
  (func (export "close") (param $handle i32) (result i64)
    (call $call (i32.const 2) (local.get $handle) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))
  (func (export "finish") (param $handle i32) (result i64)
    (call $call (i32.const 14) (local.get $handle) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))
  ;; Reads all of the body; answers how much that is, or an error.
  (func (export "drain") (param $handle i32) (result i64) (local $n i64) (local $all i64)
    (loop $more
      (local.set $n (call $read (local.get $handle)))
      (if (i64.eq (local.get $n) (i64.const -7))
        (then (drop (call $wait (local.get $handle) (i32.const 1))) (br $more)))
      (if (i64.lt_s (local.get $n) (i64.const 0)) (then (return (local.get $n))))
      (local.set $all (i64.add (local.get $all) (local.get $n)))
      (br_if $more (i64.ne (local.get $n) (i64.const 0))))
    (local.get $all))"#;

const READ: i32 = 1;
const HEAD: i64 = 111;
const FAILURE: i64 = 116;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Config::new().code_cache(None)).unwrap())
}

/// A context of that guest, with the head of its request.
struct Guest {
    context: Context,
    head: i32,
}

impl Guest {
    fn new(head: &RequestHead<'_>, grants: &Grants, limits: Limits) -> Guest {
        let head = head.to_bytes().unwrap();
        let text: String = head.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let module = format!("(module {GUEST} (data (i32.const 1024) \"{text}\"))");
        let component = Component::from_wasm(engine(), module.as_bytes()).unwrap();
        let context = Context::new(&component, grants, limits).unwrap();
        Guest { context, head: head.len() as i32 }
    }

    fn call(&mut self, name: &str, arguments: &[Value]) -> i64 {
        match self.context.call(name, arguments).unwrap()[..] {
            [Value::I64(answer)] => answer,
            ref other => panic!("{other:?}"),
        }
    }

    fn ask(&mut self, body: bool) -> i64 {
        self.call("ask", &[Value::I32(self.head), Value::I64(body.into())])
    }

    fn of(&mut self, name: &str, handle: i64, more: &[Value]) -> i64 {
        self.call(name, &[&[Value::I32(handle as i32)], more].concat())
    }

    /// Waits for the head of the answer; its length, or an error.
    fn head(&mut self, handle: i64) -> i64 {
        self.of("wait", handle, &[Value::I32(READ)]);
        self.of("ctl", handle, &[Value::I64(HEAD)])
    }
}

fn get<'a>(authority: &'a str, fields: &[(&'a str, &'a str)]) -> RequestHead<'a> {
    RequestHead {
        method: b"GET",
        scheme: b"http",
        authority: authority.as_bytes(),
        path: b"/",
        fields: fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect(),
        ..RequestHead::default()
    }
}

#[test]
fn a_guest_asks_and_reads() {
    let (address, requests) = says("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    let authority = address.to_string();
    let grants = Grants::none().net(&authority).unwrap();
    let mut guest = Guest::new(&get(&authority, &[("x-a", "b")]), &grants, Limits::default());
    let exchange = guest.ask(false);
    assert!(exchange > 0, "{exchange}");
    let len = guest.head(exchange);
    let expected = ResponseHead { status: 200, fields: vec![(b"content-length", b"5")] };
    assert_eq!(len as usize, expected.to_bytes().unwrap().len());
    assert_eq!(guest.of("drain", exchange, &[]), 5);
    assert_eq!(guest.of("ctl", exchange, &[Value::I64(FAILURE)]), 0);
    assert_eq!(guest.of("write", exchange, &[Value::I64(1)]), -4, "it has no body of its own");
    assert_eq!(guest.of("close", exchange, &[]), 0);
    assert!(requests.recv().unwrap().contains("x-a: b"));
    let usage = guest.context.usage();
    assert_eq!((usage.grants_used, usage.denied.len()), (vec![1], 0));
}

#[test]
fn what_was_not_granted_is_refused_and_told() {
    let (address, requests) =
        says("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
    let authority = address.to_string();
    let grants = Grants::none().net(&authority).unwrap();
    let mut guest = Guest::new(&get(&authority, &[]), &grants, Limits::default());
    let exchange = guest.ask(false);
    assert!(guest.head(exchange) > 0);
    assert_eq!((guest.of("drain", exchange, &[]), requests.iter().take(1).count()), (0, 1));
    // Whoever follows asks again.
    let mut follower = Guest::new(&get("127.0.0.1:1", &[]), &grants, Limits::default());
    assert_eq!(follower.ask(false), -2);
    let denied = follower.context.usage().denied;
    assert_eq!((denied.len(), denied[0].target.as_str()), (1, "127.0.0.1:1"));
    for (field, value) in [("x", "a\r\nhost: b"), ("Host", "b"), ("transfer-encoding", "chunked")] {
        let head = get(&authority, &[(field, value)]);
        assert_eq!(Guest::new(&head, &grants, Limits::default()).ask(false), -4, "{field}");
    }
    let foreign = RequestHead { authority: b"127.0.0.1:1@127.0.0.1:2", ..get("", &[]) };
    assert_eq!(Guest::new(&foreign, &grants, Limits::default()).ask(false), -4);
}

#[test]
fn exchanges_are_bounded_and_given_back() {
    let (address, _requests) = says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let authority = address.to_string();
    let grants = Grants::none().net(&authority).unwrap();
    let limits = Limits { descriptors_max: 2, ..Limits::default() };
    let mut guest = Guest::new(&get(&authority, &[]), &grants, limits);
    let open = [guest.ask(false), guest.ask(false)];
    assert_eq!(guest.ask(false), -13);
    for exchange in open {
        assert_eq!(guest.of("close", exchange, &[]), 0);
    }
    for _ in 0..1000 {
        let exchange = guest.ask(true);
        assert!(exchange > 0, "{exchange}");
        assert_eq!(guest.of("close", exchange, &[]), 0);
    }
    let shared = Limits { shared_bytes_max: 300 << 10, ..Limits::default() };
    let mut guest = Guest::new(&get(&authority, &[]), &grants, shared);
    assert!(guest.ask(false) > 0);
    assert_eq!(guest.ask(false), -13);
}

#[test]
fn a_context_that_is_stopped_takes_its_exchanges_with_it() {
    let (gone, closed) = channel();
    let gone = Mutex::new(gone);
    let (address, requests) = server(move |stream| {
        let _ = std::io::Read::read(stream, &mut [0; 1]);
        let _ = gone.lock().unwrap().send(());
    });
    let authority = address.to_string();
    let grants = Grants::none().net(&authority).unwrap();
    let limits = Limits { timeout: Some(Duration::from_millis(500)), ..Limits::default() };
    let mut guest = Guest::new(&get(&authority, &[]), &grants, limits);
    let exchange = guest.ask(false);
    requests.recv_timeout(Duration::from_secs(20)).unwrap();
    let waited = guest.context.call("wait", &[Value::I32(exchange as i32), Value::I32(READ)]);
    let b8g::CallError::Ended(outcome) = waited.unwrap_err() else { panic!("it lives") };
    assert_eq!(outcome.reason, Reason::Timeout);
    assert!(closed.try_recv().is_err());
    drop(guest);
    closed.recv_timeout(Duration::from_secs(20)).unwrap();
}

#[test]
fn a_hundred_megabytes_pass_through_a_bounded_buffer() {
    const BYTES: usize = 100_000_000;
    let (address, _requests) = server(move |stream| {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n").unwrap();
        for _ in 0..BYTES / 100_000 {
            if stream.write_all(&[7; 100_000]).is_err() {
                return;
            }
        }
    });
    let authority = address.to_string();
    let grants = Grants::none().net(&authority).unwrap();
    let mut guest = Guest::new(&get(&authority, &[]), &grants, Limits::default());
    let exchange = guest.ask(false);
    assert!(guest.head(exchange) > 0);
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/statm").unwrap();
        status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    };
    // What nobody reads does not come.
    let before = resident();
    std::thread::sleep(Duration::from_millis(300));
    assert!(resident() < before + (16 << 20));
    let started = Instant::now();
    assert_eq!(guest.of("drain", exchange, &[]), BYTES as i64);
    let rate = BYTES as f64 / 1e6 / started.elapsed().as_secs_f64();
    println!("a guest read at {rate:.0} MB/s");
    assert!(resident() < before + (32 << 20));
}
