//! `b8g serve-http`: a context for each request, and what who asks is told of one that fails.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::Place;
use common::serving::Serving;

const SERVER: &str = include_str!("../../../examples/tour/http.wat");

#[test]
fn each_request_has_a_context_and_failures_stay_inside() {
    let place = Place::new().with("http.wat", SERVER);
    let serving = Serving::start(&place, &["--timeout=1s", "--memory=2M"], "http.wat");
    // The guest traps when a context is used twice.
    for _ in 0..20 {
        let (status, body) = serving.get("/");
        assert!(status == 200 && body.contains("hello from a context of its own\n"), "{status} {body:?}");
    }
    for path in ["/trap", "/loop", "/grow", "/silent"] {
        assert_eq!(serving.get(path), (500, String::new()), "{path}");
    }
    assert_eq!(serving.get("/").0, 200);
    let (code, said) = serving.stop("-TERM");
    assert_eq!(code, Some(0), "{said}");
    for words in
        ["GET /trap failed", "unreachable", "still running after 1s", "needed more than 2 MiB of memory"]
    {
        assert!(said.contains(words), "{words} is not in {said}");
    }
}

#[test]
fn one_that_does_not_end_holds_up_no_other() {
    let place = Place::new().with("http.wat", SERVER);
    let serving = Serving::start(&place, &["--timeout=3s", "--json", "--concurrency=4"], "http.wat");
    let started = Instant::now();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| serving.get("/loop"));
        std::thread::sleep(Duration::from_millis(200));
        for _ in 0..5 {
            assert_eq!(serving.get("/").0, 200);
        }
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        assert_eq!(slow.join().unwrap().0, 500);
    });
    let (code, said) = serving.stop("-INT");
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 6);
    let slow = lines.iter().find(|line| line["path"] == "/loop").unwrap();
    assert_eq!((&slow["status"], &slow["reason"]), (&500.into(), &"timeout".into()));
    assert!(lines.iter().filter(|line| line["reason"] == "exit" && line["status"] == 200).count() == 5);
}

#[test]
fn what_runs_when_a_signal_comes_is_finished() {
    let place = Place::new().with("http.wat", SERVER);
    let serving = Serving::start(&place, &["--timeout=1s"], "http.wat");
    let address = serving.address.clone();
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(stream, "GET /loop HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let (code, said) = serving.stop("-TERM");
    assert_eq!(code, Some(0));
    assert!(said.contains("still running after 1s"), "{said}");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn what_cannot_be_served_is_said() {
    let place = Place::new().with("add.wat", "(module)").with("http.wat", SERVER).with("no.pem", "hello");
    place.b8g(&["serve-http", "add.wat"]).code(2).says("wasi:http/incoming-handler");
    place.b8g(&["serve-http", "--listen=nowhere", "http.wat"]).code(2).says("is no address");
    place.b8g(&["serve-http", "--report=-", "http.wat"]).code(2).says("--json");
    place.b8g(&["serve-http", "--keep-alive=2", "http.wat"]).code(2).says("for JavaScript programs");
    place.b8g(&["serve-http", "--cert=no.pem", "http.wat"]).code(2).says("no certificate");
    place.b8g(&["run", "http.wat"]).code(2).says("not a program");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("--listen={}", taken.local_addr().unwrap());
    place.b8g(&["serve-http", &listen, "http.wat"]).code(1).says("cannot listen");
}
