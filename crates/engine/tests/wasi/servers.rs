//! Components of WASI 0.2 that listen, and that send datagrams.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use b8g::{Grants, Limits, Outcome, Reason};

use crate::components::{command, run_with};
use crate::engine;
use crate::sockets::{BY_NAME, IMPORTS, LOWERS, MODULE, NAMES, with};

const UDP_IMPORTS: &str = r#"
      (import "wasi:sockets/udp@0.2.0" (instance $udp
        (alias outer 1 $net (type $n0)) (export "network" (type $n (eq $n0)))
        (alias outer 1 $code (type $c0)) (export "error-code" (type $c (eq $c0)))
        (alias outer 1 $place (type $s0)) (export "ip-socket-address" (type $s (eq $s0)))
        (alias outer 1 $pollable (type $p0)) (export "pollable" (type $p (eq $p0)))
        (type $r0 (record (field "data" (list u8)) (field "remote-address" $s)))
        (export "incoming-datagram" (type $r (eq $r0)))
        (type $w0 (record (field "data" (list u8)) (field "remote-address" (option $s))))
        (export "outgoing-datagram" (type $w (eq $w0)))
        (export "udp-socket" (type $u (sub resource)))
        (export "incoming-datagram-stream" (type $i (sub resource)))
        (export "outgoing-datagram-stream" (type $o (sub resource)))
        (export "[method]udp-socket.start-bind" (func (param "self" (borrow $u)) (param "network" (borrow $n))
          (param "local-address" $s) (result (result (error $c)))))
        (export "[method]udp-socket.finish-bind" (func (param "self" (borrow $u)) (result (result (error $c)))))
        (export "[method]udp-socket.stream" (func (param "self" (borrow $u)) (param "remote-address" (option $s))
          (result (result (tuple (own $i) (own $o)) (error $c)))))
        (export "[method]incoming-datagram-stream.receive"
          (func (param "self" (borrow $i)) (param "max-results" u64) (result (result (list $r) (error $c)))))
        (export "[method]incoming-datagram-stream.subscribe" (func (param "self" (borrow $i)) (result (own $p))))
        (export "[method]outgoing-datagram-stream.send"
          (func (param "self" (borrow $o)) (param "datagrams" (list $w)) (result (result u64 (error $c)))))))
      (alias export $udp "udp-socket" (type $udp-socket))
      (import "wasi:sockets/udp-create-socket@0.2.0" (instance $create-udp
        (alias outer 1 $code (type $c0)) (export "error-code" (type $c (eq $c0)))
        (alias outer 1 $family (type $f0)) (export "ip-address-family" (type $f (eq $f0)))
        (alias outer 1 $udp-socket (type $u0)) (export "udp-socket" (type $u (eq $u0)))
        (export "create-udp-socket" (func (param "address-family" $f) (result (result (own $u) (error $c)))))))"#;

const MORE_LOWERS: &str = r#"
      (core func $finish-bind (canon lower (func $tcp "[method]tcp-socket.finish-bind") (memory $memory)))
      (core func $listen (canon lower (func $tcp "[method]tcp-socket.start-listen") (memory $memory)))
      (core func $finish-listen (canon lower (func $tcp "[method]tcp-socket.finish-listen") (memory $memory)))
      (core func $accept (canon lower (func $tcp "[method]tcp-socket.accept") (memory $memory)))
      (core func $local (canon lower (func $tcp "[method]tcp-socket.local-address") (memory $memory)))
      (core func $create-udp (canon lower (func $create-udp "create-udp-socket") (memory $memory)))
      (core func $bind-udp (canon lower (func $udp "[method]udp-socket.start-bind") (memory $memory)))
      (core func $finish-udp (canon lower (func $udp "[method]udp-socket.finish-bind") (memory $memory)))
      (core func $streams (canon lower (func $udp "[method]udp-socket.stream") (memory $memory)))
      (core func $incoming (canon lower (func $udp "[method]incoming-datagram-stream.subscribe")))
      (core func $receive (canon lower (func $udp "[method]incoming-datagram-stream.receive") (memory $memory) (realloc $realloc)))
      (core func $send (canon lower (func $udp "[method]outgoing-datagram-stream.send") (memory $memory)))"#;

const MORE_MODULE: &str = r#"
      (import "host" "finish-bind" (func $finish-bind (param i32 i32)))
      (import "host" "listen" (func $listen (param i32 i32)))
      (import "host" "finish-listen" (func $finish-listen (param i32 i32)))
      (import "host" "accept" (func $accept (param i32 i32)))
      (import "host" "local" (func $local (param i32 i32)))
      (import "host" "create-udp" (func $create-udp (param i32 i32)))
      (import "host" "bind-udp" (func $bind-udp (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32  i32)))
      (import "host" "finish-udp" (func $finish-udp (param i32 i32)))
      (import "host" "streams" (func $streams (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32  i32)))
      (import "host" "incoming" (func $incoming (param i32) (result i32)))
      (import "host" "receive" (func $receive (param i32 i64 i32)))
      (import "host" "send" (func $send (param i32 i32 i32 i32)))
      ;; Traps if the result at 16 is an error.
      (func $good (if (i32.load8_u (i32.const 16)) (then unreachable)))"#;

const MORE_NAMES: [&str; 12] = [
    "finish-bind",
    "listen",
    "finish-listen",
    "accept",
    "local",
    "create-udp",
    "bind-udp",
    "finish-udp",
    "streams",
    "incoming",
    "receive",
    "send",
];

fn program(body: &str) -> String {
    let names: Vec<&str> = NAMES.into_iter().chain(MORE_NAMES).collect();
    let body = format!("(local $s i32) (local $n i32) (local $r i32) (local.set $n (call $net)) {body}");
    let imports = IMPORTS.to_owned() + UDP_IMPORTS;
    command(
        &imports,
        &(LOWERS.to_owned() + MORE_LOWERS),
        &(MODULE.to_owned() + MORE_MODULE),
        &with(&names),
        &body,
    )
}

/// Arguments of four numbers and the six that stand for nothing: an address of version 4, without its port.
const LOOPBACK: &str = "(i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)";
const ANY: &str = "(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)";
const REST: &str = "(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)";

/// Listens at a port of 127.0.0.1, hears `ping` and answers `pong`; 1 when it may not listen.
fn tcp_server(port: u16) -> String {
    program(&format!(
        r#"(call $create (i32.const 0) (i32.const 16)) (call $good)
      (local.set $s (i32.load (i32.const 20)))
      (call $finish-bind (local.get $s) (i32.const 16))
      (if (i32.eqz (i32.load8_u (i32.const 16))) (then unreachable))
      (call $listen (local.get $s) (i32.const 16))
      (if (i32.eqz (i32.load8_u (i32.const 16))) (then unreachable))
      (call $bind (local.get $s) (local.get $n) (i32.const 0) (i32.const {port}) {LOOPBACK} {REST} (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then (return (i32.eq (i32.load8_u (i32.const 17)) (i32.const 1)))))
      (call $finish-bind (local.get $s) (i32.const 16)) (call $good)
      (call $local (local.get $s) (i32.const 16)) (call $good)
      (if (i32.ne (i32.load16_u (i32.const 24)) (i32.const {port})) (then unreachable))
      (if (i32.ne (i32.load (i32.const 26)) (i32.const 0x0100007f)) (then unreachable))
      (call $listen (local.get $s) (i32.const 16)) (call $good)
      (call $finish-listen (local.get $s) (i32.const 16)) (call $good)
      (call $accept (local.get $s) (i32.const 16))
      ;; Would block.
      (if (i32.eqz (i32.load8_u (i32.const 16))) (then unreachable))
      (if (i32.ne (i32.load8_u (i32.const 20)) (i32.const 8)) (then unreachable))
      (call $block (call $subscribe (local.get $s)))
      (call $accept (local.get $s) (i32.const 16)) (call $good)
      (call $read (i32.load (i32.const 24)) (i64.const 100) (i32.const 32))
      (if (i32.load8_u (i32.const 32)) (then unreachable))
      (if (i32.ne (i32.load (i32.load (i32.const 36))) (i32.const 0x676e6970)) (then unreachable))
      (i32.store (i32.const 200) (i32.const 0x676e6f70))
      (call $write (i32.load (i32.const 28)) (i32.const 200) (i32.const 4) (i32.const 32))
      (i32.load8_u (i32.const 32))"#
    ))
}

/// Binds at an address, has the peer that `peer` says, and after `first` sends back what it receives; 1 when it may not.
fn udp(address: &str, port: u16, first: &str, peer: &str) -> String {
    program(&format!(
        r#"{first}
      (call $create-udp (i32.const 0) (i32.const 16)) (call $good)
      (local.set $s (i32.load (i32.const 20)))
      (call $bind-udp (local.get $s) (local.get $n) (i32.const 0) (i32.const {port}) {address} {REST} (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then (return (i32.eq (i32.load8_u (i32.const 17)) (i32.const 1)))))
      (call $finish-udp (local.get $s) (i32.const 16)) (call $good)
      {peer}
      (call $block (call $incoming (i32.load (i32.const 320))))
      (call $receive (i32.load (i32.const 320)) (i64.const 9) (i32.const 16)) (call $good)
      (if (i32.ne (i32.load (i32.const 24)) (i32.const 1)) (then unreachable))
      (local.set $r (i32.load (i32.const 20)))
      (i64.store (i32.const 400) (i64.load (local.get $r)))
      (i32.store8 (i32.const 408) (i32.const 1))
      (memory.copy (i32.const 412) (i32.add (local.get $r) (i32.const 8)) (i32.const 32))
      (call $send (i32.load (i32.const 324)) (i32.const 400) (i32.const 1) (i32.const 16)) (call $good)
      (i64.ne (i64.load (i32.const 24)) (i64.const 1))"#
    ))
}

/// Anybody.
fn no_peer() -> String {
    format!(
        "(call $streams (local.get $s) (i32.const 0) (i32.const 0) (i32.const 0) {ANY} {REST} (i32.const 316))
      (if (i32.load8_u (i32.const 316)) (then unreachable))"
    )
}

/// A port of the address at offset 100, to which it says `ping` at once.
fn peer(port: u16) -> String {
    format!(
        "(call $streams (local.get $s) (i32.const 1) (i32.const 0) (i32.const {port})
        (i32.load8_u (i32.const 100)) (i32.load8_u (i32.const 101)) (i32.load8_u (i32.const 102)) (i32.load8_u (i32.const 103))
        {REST} (i32.const 316))
      (if (i32.load8_u (i32.const 316)) (then (return (i32.eq (i32.load8_u (i32.const 320)) (i32.const 1)))))
      (i32.store (i32.const 200) (i32.const 0x676e6970))
      (i32.store (i32.const 400) (i32.const 200)) (i32.store (i32.const 404) (i32.const 4)) (i32.store8 (i32.const 408) (i32.const 0))
      (call $send (i32.load (i32.const 324)) (i32.const 400) (i32.const 1) (i32.const 16)) (call $good)"
    )
}

fn run(text: &str, net: &[String], listen: &[String]) -> Outcome {
    let grants = net.iter().fold(Grants::none(), |grants, to| grants.net(to).unwrap());
    let grants = listen.iter().fold(grants, |grants, at| grants.listen(at).unwrap());
    let limits = Limits { timeout: Some(Duration::from_secs(20)), ..Limits::default() };
    run_with(engine(), text, &grants, limits)
}

fn denied(outcome: &Outcome) -> Vec<String> {
    outcome.usage.denied.iter().map(|denial| denial.flag()).collect()
}

#[test]
fn a_component_listens_where_it_was_granted() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = run(&tcp_server(port), &["*".into()], &[format!("127.0.0.1:{}", port ^ 1)]);
    assert_eq!((refused.reason, refused.exit_code), (Reason::Exit, 1), "{refused}");
    assert_eq!(denied(&refused), [format!("--allow-listen=127.0.0.1:{port}")]);
    let server = std::thread::spawn(move || run(&tcp_server(port), &[], &[format!("localhost:{port}")]));
    let mut client = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(client) => break client,
            Err(_) if !server.is_finished() => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => panic!("{error}: {:?}", server.join()),
        }
    };
    client.write_all(b"ping").unwrap();
    let mut heard = [0; 4];
    client.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"pong");
    let outcome = server.join().unwrap();
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 0), "{outcome}");
}

#[test]
fn a_component_answers_datagrams() {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = udp(LOOPBACK, port, "", &no_peer());
    let refused = run(&text, &["*".into()], &[]);
    assert_eq!((refused.reason, refused.exit_code), (Reason::Exit, 1), "{refused}");
    assert_eq!(denied(&refused), [format!("--allow-listen=127.0.0.1:{port}")]);
    let server = std::thread::spawn(move || run(&text, &[], &[format!("127.0.0.1:{port}")]));
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut heard = [0; 16];
    while !server.is_finished() {
        client.send_to(b"ping", ("127.0.0.1", port)).unwrap();
        if client.recv_from(&mut heard).is_ok_and(|(len, _)| heard[..len] == *b"ping") {
            break;
        }
    }
    let outcome = server.join().unwrap();
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 0), "{outcome}");
}

/// A name stands for its address: what comes from there comes from the address that the program was told.
#[test]
fn datagrams_go_to_names() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    server.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let port = server.local_addr().unwrap().port();
    let echo = std::thread::spawn(move || {
        let mut heard = [0; 16];
        let (len, from) = server.recv_from(&mut heard).unwrap();
        server.send_to(&heard[..len], from).unwrap();
        // What is sent back goes to the address that the answer came from.
        assert_eq!(server.recv_from(&mut heard).unwrap(), (len, from));
        assert_eq!(heard[..len], *b"ping");
    });
    // It binds to any port first, as libraries do: who may only send needs no more for that.
    let text = udp(ANY, 0, BY_NAME, &peer(port));
    let refused = run(&text, &["127.0.0.1".into()], &[]);
    assert_eq!((refused.reason, refused.exit_code), (Reason::Exit, 1), "{refused}");
    assert_eq!(denied(&refused), [format!("--allow-net=localhost:{port}")]);
    let outcome = run(&text, &[format!("localhost:{port}")], &[]);
    assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 0), "{outcome}");
    echo.join().unwrap();
}
