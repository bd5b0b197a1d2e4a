//! A component of WASI 0.2 that sends requests of HTTP, with and without TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use b8g::{Capture, Component, Context, Grants, Limits, Outcome, Reason, Stdout};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::{engine, root};

/// Posts `ping` to the authority and prints the status and the body of the response; what fails is its exit code.
const CLIENT: &str = r#"(module
  (import "wasi:http/types@0.2.12" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.12" "[constructor]outgoing-request" (func $request (param i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-method" (func $method (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-scheme" (func $scheme (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-authority" (func $authority (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-path-with-query" (func $path (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.body" (func $body (param i32 i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-body.write" (func $write-to (param i32 i32)))
  (import "wasi:http/types@0.2.12" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
  (import "wasi:http/outgoing-handler@0.2.12" "handle" (func $handle (param i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.12" "[method]future-incoming-response.subscribe" (func $subscribe (param i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]future-incoming-response.get" (func $get (param i32 i32)))
  (import "wasi:http/types@0.2.12" "[method]incoming-response.status" (func $status (param i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]incoming-response.consume" (func $consume (param i32 i32)))
  (import "wasi:http/types@0.2.12" "[method]incoming-body.stream" (func $stream (param i32 i32)))
  (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/streams@0.2.12" "[resource-drop]output-stream" (func $drop-output (param i32)))
  (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.12" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))
  (import "wasi:cli/stdout@0.2.12" "get-stdout" (func $stdout (result i32)))
  (import "wasi:cli/exit@0.2.12" "exit-with-code" (func $exit (param i32)))
  (memory (export "memory") 2)
  (global $top (mut i32) (i32.const 65536))
  (data (i32.const 64) "AUTHORITY") (data (i32.const 200) "/post?a=b") (data (i32.const 220) "ping")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  ;; Ends with that code if the first byte of the result at 1024 says that it is an error.
  (func $good (param $code i32) (if (i32.load8_u (i32.const 1024)) (then (call $exit (local.get $code)) unreachable)))
  (func $zero (param $failed i32) (param $code i32) (if (local.get $failed) (then (call $exit (local.get $code)) unreachable)))
  (func (export "wasi:cli/run@0.2.12#run") (result i32) (local $r i32) (local $b i32) (local $s i32) (local $f i32) (local $out i32)
    (local.set $r (call $request (call $fields)))
    (call $zero (call $method (local.get $r) (i32.const 2) (i32.const 0) (i32.const 0)) (i32.const 10))
    (call $zero (call $scheme (local.get $r) (i32.const 1) (i32.const SCHEME) (i32.const 0) (i32.const 0)) (i32.const 11))
    (call $zero (call $authority (local.get $r) (i32.const 1) (i32.const 64) (i32.const LENGTH)) (i32.const 12))
    (call $zero (call $path (local.get $r) (i32.const 1) (i32.const 200) (i32.const 9)) (i32.const 13))
    (call $body (local.get $r) (i32.const 1024)) (call $good (i32.const 14))
    (local.set $b (i32.load (i32.const 1028)))
    (call $handle (local.get $r) (i32.const 0) (i32.const 0) (i32.const 1024))
    ;; Forbidden: HTTP-request-denied has this number.
    (if (i32.load8_u (i32.const 1024)) (then (call $exit (i32.add (i32.const 100) (i32.load8_u (i32.const 1032)))) unreachable))
    (local.set $f (i32.load (i32.const 1032)))
    (call $write-to (local.get $b) (i32.const 1024)) (call $good (i32.const 16))
    (local.set $s (i32.load (i32.const 1028)))
    (call $write (local.get $s) (i32.const 220) (i32.const 4) (i32.const 1024)) (call $good (i32.const 17))
    (call $drop-output (local.get $s))
    (call $finish (local.get $b) (i32.const 0) (i32.const 0) (i32.const 1024)) (call $good (i32.const 18))
    (call $block (call $subscribe (local.get $f)))
    (call $get (local.get $f) (i32.const 1024))
    (call $zero (i32.eqz (i32.load8_u (i32.const 1024))) (i32.const 19))
    (call $zero (i32.load8_u (i32.const 1032)) (i32.const 20))
    (if (i32.load8_u (i32.const 1040)) (then (call $exit (i32.add (i32.const 100) (i32.load8_u (i32.const 1048)))) unreachable))
    (local.set $r (i32.load (i32.const 1048)))
    (call $zero (i32.ne (call $status (local.get $r)) (i32.const 201)) (i32.const 21))
    (call $consume (local.get $r) (i32.const 1024)) (call $good (i32.const 22))
    (call $stream (i32.load (i32.const 1028)) (i32.const 1024)) (call $good (i32.const 23))
    (local.set $s (i32.load (i32.const 1028)))
    (local.set $out (call $stdout))
    (loop $more
      (call $read (local.get $s) (i64.const 100) (i32.const 1024))
      ;; The end is an error too: closed.
      (if (i32.eqz (i32.load8_u (i32.const 1024)))
        (then
          (call $write (local.get $out) (i32.load (i32.const 1028)) (i32.load (i32.const 1032)) (i32.const 1040))
          (br $more))))
    (call $zero (i32.ne (i32.load8_u (i32.const 1028)) (i32.const 1)) (i32.const 24))
    (i32.const 0)))"#;

/// HTTP-request-denied, behind 100.
const DENIED: i32 = 100 + 15;
/// TLS-certificate-error, behind 100.
const NOT_TRUSTED: i32 = 100 + 13;

fn client(authority: &str, tls: bool) -> Component {
    let text = CLIENT
        .replace("AUTHORITY", authority)
        .replace("LENGTH", &authority.len().to_string())
        .replace("SCHEME", if tls { "1" } else { "0" });
    let mut resolve = wit_parser::Resolve::default();
    resolve.push_dir(root().join("crates/engine/wit/p2")).unwrap();
    let world = "package test:client; world client { include b8g:host/imports; export wasi:cli/run@0.2.12; }";
    let package = resolve.push_source("world.wit", world).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(text).unwrap();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    let binary = wit_component::ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
    Component::from_wasm(engine(), &binary).unwrap()
}

/// Reads a request until its body has said `ping`, and answers it. Gives what it read.
fn answer(mut stream: impl Read + Write) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"ping") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        request.push(byte[0]);
    }
    let _ = stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\npong");
    let _ = stream.flush();
    String::from_utf8(request).unwrap()
}

/// A server, with TLS if it is configured; what it is asked comes out of the channel.
fn server(tls: Option<ServerConfig>) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, requests) = channel();
    let tls = tls.map(Arc::new);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let request = match &tls {
                Some(config) => {
                    answer(StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream))
                }
                None => answer(stream),
            };
            let _ = heard.send(request);
        }
    });
    (address, requests)
}

fn run(component: &Component, grants: Grants) -> (Outcome, String) {
    let printed = Capture::new();
    let grants = grants.stdout(Stdout::Capture(printed.clone()));
    let outcome = Context::new(component, &grants, Limits::default()).unwrap().run();
    (outcome, String::from_utf8(printed.take()).unwrap())
}

#[test]
fn a_component_posts_and_reads_the_answer() {
    let (address, requests) = server(None);
    let authority = address.to_string();
    let component = client(&authority, false);
    let (outcome, printed) = run(&component, Grants::none().net(&authority).unwrap());
    assert_eq!((outcome.reason, outcome.exit_code, printed.as_str()), (Reason::Exit, 0, "pong"), "{outcome}");
    let request = requests.recv().unwrap();
    assert!(request.starts_with("POST /post?a=b HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: {authority}\r\n")), "{request}");
    assert!(request.contains("ping"), "{request}");
}

#[test]
fn a_component_is_told_what_was_not_granted() {
    let (address, requests) = server(None);
    let (outcome, printed) =
        run(&client(&address.to_string(), false), Grants::none().net("127.0.0.1:1").unwrap());
    assert_eq!((outcome.exit_code, printed.as_str()), (DENIED, ""), "{outcome}");
    assert_eq!(outcome.usage.denied.len(), 1);
    assert!(requests.try_recv().is_err());
}

#[test]
fn certificates_that_were_granted_are_trusted() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let (address, requests) = server(Some(config));
    let authority = format!("localhost:{}", address.port());
    let component = client(&authority, true);
    let grants = || Grants::none().net(&authority).unwrap().net(address.to_string()).unwrap();
    let (outcome, printed) = run(&component, grants().trust(made.cert.pem().as_bytes()).unwrap());
    assert_eq!((outcome.exit_code, printed.as_str()), (0, "pong"), "{outcome}");
    assert!(requests.recv().unwrap().contains("ping"));
    let (outcome, printed) = run(&component, grants());
    assert_eq!((outcome.exit_code, printed.as_str()), (NOT_TRUSTED, ""), "{outcome}");
}
