//! Components that connect: by address, by name, and where nobody granted it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use b8g::{Grants, Limits, Outcome, Reason};

use crate::components::{command, run_with};
use crate::engine;

/// A command with a network. It connects to `port` of the address that `address` leaves at offset 100, says `ping` and
/// answers whether it heard `pong`; 1 when it may not connect.
fn client(address: &str, port: u16) -> String {
    let body = format!(
        r#"(local $s i32) (local $n i32)
      (local.set $n (call $net))
      {address}
      (call $create (i32.const 0) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then unreachable))
      (local.set $s (i32.load (i32.const 20)))
      (call $connect (local.get $s) (local.get $n) (i32.const 0) (i32.const {port})
        (i32.load8_u (i32.const 100)) (i32.load8_u (i32.const 101)) (i32.load8_u (i32.const 102)) (i32.load8_u (i32.const 103))
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then
        ;; Access denied, and nothing else.
        (return (i32.eq (i32.load8_u (i32.const 17)) (i32.const 1)))))
      (call $block (call $subscribe (local.get $s)))
      (call $finish (local.get $s) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then unreachable))
      (i32.store (i32.const 200) (i32.const 0x676e6970))
      (call $write (i32.load (i32.const 24)) (i32.const 200) (i32.const 4) (i32.const 32))
      (if (i32.load8_u (i32.const 32)) (then unreachable))
      (call $read (i32.load (i32.const 20)) (i64.const 100) (i32.const 32))
      (if (i32.load8_u (i32.const 32)) (then unreachable))
      (i32.ne (i32.load (i32.load (i32.const 36))) (i32.const 0x676e6f70))"#
    );
    command(IMPORTS, LOWERS, MODULE, &with(&NAMES), &body)
}

/// The functions that [`MODULE`] imports.
pub const NAMES: [&str; 11] =
    ["block", "net", "create", "connect", "bind", "finish", "subscribe", "resolve", "next", "read", "write"];

/// Gives the module functions of these names.
pub fn with(names: &[&str]) -> String {
    let exports: String = names.iter().map(|name| format!(r#"(export "{name}" (func ${name}))"#)).collect();
    format!(r#"(with "host" (instance {exports}))"#)
}

/// 127.0.0.1.
const BY_ADDRESS: &str = "(i32.store (i32.const 100) (i32.const 0x0100007f))";

/// What looking up `localhost` gives: one address.
pub const BY_NAME: &str = "
      (i64.store (i32.const 300) (i64.const 0x736f686c61636f6c)) (i32.store8 (i32.const 308) (i32.const 116))
      (call $resolve (local.get $n) (i32.const 300) (i32.const 9) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then unreachable))
      (call $next (i32.load (i32.const 20)) (i32.const 40))
      (if (i32.load8_u (i32.const 40)) (then unreachable))
      (if (i32.ne (i32.load8_u (i32.const 42)) (i32.const 1)) (then unreachable))
      (i32.store (i32.const 100) (i32.load (i32.const 46)))";

/// 127.0.0.1, but first it tries to be a server there.
const AS_SERVER: &str = "
      (i32.store (i32.const 100) (i32.const 0x0100007f))
      (call $create (i32.const 0) (i32.const 16))
      (local.set $s (i32.load (i32.const 20)))
      (call $bind (local.get $s) (local.get $n) (i32.const 0) (i32.const 0)
        (i32.const 127) (i32.const 0) (i32.const 0) (i32.const 1)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16))
      ;; Access denied.
      (if (i32.ne (i32.load16_u (i32.const 16)) (i32.const 0x0101)) (then unreachable))";

/// A server that answers each `ping`, and its port.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for peer in listener.incoming() {
            let mut peer = peer.unwrap();
            let mut heard = [0; 4];
            if peer.read_exact(&mut heard).is_ok() && &heard == b"ping" {
                peer.write_all(b"pong").unwrap();
            }
        }
    });
    port
}

fn connect(address: &str, port: u16, granted: Option<String>) -> Outcome {
    let grants = granted.map_or_else(Grants::none, |to| Grants::none().net(to).unwrap());
    let limits = Limits { timeout: Some(Duration::from_secs(20)), ..Limits::default() };
    run_with(engine(), &client(address, port), &grants, limits)
}

#[test]
fn a_connection_needs_its_grant() {
    let port = server();
    for (address, granted) in [
        (BY_ADDRESS, format!("127.0.0.1:{port}")),
        (BY_ADDRESS, "127.0.0.1".to_owned()),
        (BY_NAME, format!("localhost:{port}")),
        (BY_NAME, "localhost".to_owned()),
        (AS_SERVER, "127.0.0.1".to_owned()),
    ] {
        let outcome = connect(address, port, Some(granted.clone()));
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 0), "{granted}: {outcome}");
        assert_eq!(outcome.usage.grants_used, [1], "{granted}");
    }
    for (address, granted, denied) in [
        (BY_ADDRESS, None, "127.0.0.1"),
        (BY_ADDRESS, Some("localhost".to_owned()), "127.0.0.1"),
        (BY_ADDRESS, Some(format!("127.0.0.1:{}", port ^ 1)), "127.0.0.1"),
        (BY_NAME, None, "localhost"),
        (BY_NAME, Some("127.0.0.1".to_owned()), "localhost"),
    ] {
        let outcome = connect(address, port, granted.clone());
        assert_eq!((outcome.reason, outcome.exit_code), (Reason::Exit, 1), "{granted:?}: {outcome}");
        let flags: Vec<String> = outcome.usage.denied.iter().map(|denial| denial.flag()).collect();
        assert_eq!(flags, [format!("--allow-net={denied}:{port}")]);
    }
}

pub const IMPORTS: &str = r#"
      (import "wasi:io/poll@0.2.0" (instance $poll
        (export "pollable" (type $pollable (sub resource)))
        (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
      (alias export $poll "pollable" (type $pollable))
      (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
      (alias export $error "error" (type $error))
      (import "wasi:io/streams@0.2.0" (instance $streams
        (alias outer 1 $error (type $e0)) (export "error" (type $e (eq $e0)))
        (export "input-stream" (type $in (sub resource)))
        (export "output-stream" (type $out (sub resource)))
        (type $f0 (variant (case "last-operation-failed" (own $e)) (case "closed")))
        (export "stream-error" (type $f (eq $f0)))
        (export "[method]input-stream.blocking-read"
          (func (param "self" (borrow $in)) (param "len" u64) (result (result (list u8) (error $f)))))
        (export "[method]output-stream.blocking-write-and-flush"
          (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $f)))))))
      (alias export $streams "input-stream" (type $in))
      (alias export $streams "output-stream" (type $out))
      (import "wasi:sockets/network@0.2.0" (instance $network
        (export "network" (type (sub resource)))
        (type $c0 (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout" "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit" "address-not-bindable" "address-in-use" "remote-unreachable" "connection-refused" "connection-reset" "connection-aborted" "datagram-too-large" "name-unresolvable" "temporary-resolver-failure" "permanent-resolver-failure")) (export "error-code" (type $c (eq $c0)))
        (type $f0 (enum "ipv4" "ipv6")) (export "ip-address-family" (type $f (eq $f0)))
        (type $a0 (tuple u8 u8 u8 u8)) (export "ipv4-address" (type $a (eq $a0)))
        (type $b0 (tuple u16 u16 u16 u16 u16 u16 u16 u16)) (export "ipv6-address" (type $b (eq $b0)))
        (type $i0 (variant (case "ipv4" $a) (case "ipv6" $b))) (export "ip-address" (type $i (eq $i0)))
        (type $x0 (record (field "port" u16) (field "address" $a))) (export "ipv4-socket-address" (type $x (eq $x0)))
        (type $y0 (record (field "port" u16) (field "flow-info" u32) (field "address" $b) (field "scope-id" u32)))
        (export "ipv6-socket-address" (type $y (eq $y0)))
        (type $s0 (variant (case "ipv4" $x) (case "ipv6" $y))) (export "ip-socket-address" (type $s (eq $s0)))))
      (alias export $network "network" (type $net))
      (alias export $network "error-code" (type $code))
      (alias export $network "ip-address-family" (type $family))
      (alias export $network "ip-address" (type $address))
      (alias export $network "ip-socket-address" (type $place))
      (import "wasi:sockets/instance-network@0.2.0" (instance $instance
        (alias outer 1 $net (type $n0)) (export "network" (type $n (eq $n0)))
        (export "instance-network" (func (result (own $n))))))
      (import "wasi:sockets/ip-name-lookup@0.2.0" (instance $lookup
        (alias outer 1 $net (type $n0)) (export "network" (type $n (eq $n0)))
        (alias outer 1 $code (type $c0)) (export "error-code" (type $c (eq $c0)))
        (alias outer 1 $address (type $a0)) (export "ip-address" (type $a (eq $a0)))
        (export "resolve-address-stream" (type $r (sub resource)))
        (export "[method]resolve-address-stream.resolve-next-address"
          (func (param "self" (borrow $r)) (result (result (option $a) (error $c)))))
        (export "resolve-addresses"
          (func (param "network" (borrow $n)) (param "name" string) (result (result (own $r) (error $c)))))))
      (import "wasi:sockets/tcp@0.2.0" (instance $tcp
        (alias outer 1 $net (type $n0)) (export "network" (type $n (eq $n0)))
        (alias outer 1 $code (type $c0)) (export "error-code" (type $c (eq $c0)))
        (alias outer 1 $place (type $s0)) (export "ip-socket-address" (type $s (eq $s0)))
        (alias outer 1 $pollable (type $p0)) (export "pollable" (type $p (eq $p0)))
        (alias outer 1 $in (type $i0)) (export "input-stream" (type $i (eq $i0)))
        (alias outer 1 $out (type $o0)) (export "output-stream" (type $o (eq $o0)))
        (export "tcp-socket" (type $t (sub resource)))
        (export "[method]tcp-socket.start-connect" (func (param "self" (borrow $t)) (param "network" (borrow $n))
          (param "remote-address" $s) (result (result (error $c)))))
        (export "[method]tcp-socket.start-bind" (func (param "self" (borrow $t)) (param "network" (borrow $n))
          (param "local-address" $s) (result (result (error $c)))))
        (export "[method]tcp-socket.finish-connect"
          (func (param "self" (borrow $t)) (result (result (tuple (own $i) (own $o)) (error $c)))))
        (export "[method]tcp-socket.finish-bind" (func (param "self" (borrow $t)) (result (result (error $c)))))
        (export "[method]tcp-socket.start-listen" (func (param "self" (borrow $t)) (result (result (error $c)))))
        (export "[method]tcp-socket.finish-listen" (func (param "self" (borrow $t)) (result (result (error $c)))))
        (export "[method]tcp-socket.accept"
          (func (param "self" (borrow $t)) (result (result (tuple (own $t) (own $i) (own $o)) (error $c)))))
        (export "[method]tcp-socket.local-address" (func (param "self" (borrow $t)) (result (result $s (error $c)))))
        (export "[method]tcp-socket.subscribe" (func (param "self" (borrow $t)) (result (own $p))))))
      (alias export $tcp "tcp-socket" (type $tcp-socket))
      (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
        (alias outer 1 $code (type $c0)) (export "error-code" (type $c (eq $c0)))
        (alias outer 1 $family (type $f0)) (export "ip-address-family" (type $f (eq $f0)))
        (alias outer 1 $tcp-socket (type $t0)) (export "tcp-socket" (type $t (eq $t0)))
        (export "create-tcp-socket" (func (param "address-family" $f) (result (result (own $t) (error $c)))))))"#;

pub const LOWERS: &str = r#"
      (core func $block (canon lower (func $poll "[method]pollable.block")))
      (core func $net (canon lower (func $instance "instance-network")))
      (core func $create (canon lower (func $create "create-tcp-socket") (memory $memory)))
      (core func $connect (canon lower (func $tcp "[method]tcp-socket.start-connect") (memory $memory)))
      (core func $bind (canon lower (func $tcp "[method]tcp-socket.start-bind") (memory $memory)))
      (core func $finish (canon lower (func $tcp "[method]tcp-socket.finish-connect") (memory $memory)))
      (core func $subscribe (canon lower (func $tcp "[method]tcp-socket.subscribe")))
      (core func $resolve (canon lower (func $lookup "resolve-addresses") (memory $memory)))
      (core func $next (canon lower (func $lookup "[method]resolve-address-stream.resolve-next-address") (memory $memory)))
      (core func $read (canon lower (func $streams "[method]input-stream.blocking-read") (memory $memory) (realloc $realloc)))
      (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory)))"#;

pub const MODULE: &str = r#"
      (import "host" "block" (func $block (param i32)))
      (import "host" "net" (func $net (result i32)))
      (import "host" "create" (func $create (param i32 i32)))
      (import "host" "connect" (func $connect (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32  i32)))
      (import "host" "bind" (func $bind (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32  i32)))
      (import "host" "finish" (func $finish (param i32 i32)))
      (import "host" "subscribe" (func $subscribe (param i32) (result i32)))
      (import "host" "resolve" (func $resolve (param i32 i32 i32 i32)))
      (import "host" "next" (func $next (param i32 i32)))
      (import "host" "read" (func $read (param i32 i64 i32)))
      (import "host" "write" (func $write (param i32 i32 i32 i32)))"#;
