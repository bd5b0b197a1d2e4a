//! Requests that come: from clients that keep the rules, and from those that do not.

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use b8g_core::Error;
use b8g_core::abi::{HttpFailure, ready};
use b8g_core::http::{RequestHead, ResponseHead};
use b8g_http::{BODY_BYTES_MAX, Exchange, Reply, Server, ServerLimits};
use common::*;

const LIMITS: ServerLimits = ServerLimits {
    connections_max: 8,
    head_time: Duration::from_millis(300),
    silence_time: Duration::from_millis(300),
};

fn listen() -> (Server, SocketAddr, Receiver<Exchange>) {
    let (give, requests) = channel();
    let server =
        Server::listen("127.0.0.1:0".parse().unwrap(), LIMITS, move |exchange| drop(give.send(exchange)));
    let server = server.unwrap();
    let address = server.address();
    (server, address, requests)
}

fn next(requests: &Receiver<Exchange>) -> Talk {
    Talk::new(requests.recv_timeout(TIME_MAX).unwrap())
}

fn respond(talk: &Talk, status: u16, fields: &[(&str, &str)], body: bool) -> Result<(), Error> {
    let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let body = if body { Reply::Follows } else { Reply::Nothing };
    talk.exchange.respond(&ResponseHead { status, fields }.to_bytes().unwrap(), body)
}

/// Asks on a thread of its own.
fn asks(address: SocketAddr, bytes: &str) -> std::thread::JoinHandle<String> {
    let bytes = bytes.to_owned();
    std::thread::spawn(move || ask(address, bytes.as_bytes()))
}

#[test]
fn a_request_is_answered() {
    let (_server, address, requests) = listen();
    let asked = asks(
        address,
        "POST /a?b HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\nContent-Length: 4\r\nX-Y: z\r\n\r\nping",
    );
    let talk = next(&requests);
    let head = talk.exchange.head().unwrap();
    let head = RequestHead::from_bytes(&head).unwrap();
    let texts =
        [head.method, head.scheme, head.authority, head.path].map(|text| String::from_utf8_lossy(text));
    assert_eq!(texts, ["POST", "http", "x.example", "/a?b"]);
    assert!(head.fields.contains(&(b"x-y", b"z")));
    assert_eq!(talk.body().unwrap(), b"ping");
    for bad in ["transfer-encoding", "connection", "upgrade", "host"] {
        assert_eq!(respond(&talk, 200, &[(bad, "x")], false), Err(Error::Argument), "{bad}");
    }
    assert_eq!(respond(&talk, 200, &[("x", "a\r\nset-cookie: b")], false), Err(Error::Argument));
    assert_eq!(respond(&talk, 101, &[], false), Err(Error::Argument));
    respond(&talk, 201, &[("content-length", "4")], true).unwrap();
    assert_eq!(respond(&talk, 200, &[], false), Err(Error::Closed), "it is answered once");
    talk.send(b"pong").unwrap();
    talk.exchange.finish().unwrap();
    assert_eq!(talk.until(Exchange::sent), Ok(()));
    let answer = asked.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created\r\n") && answer.ends_with("\r\n\r\npong"), "{answer}");
}

#[test]
fn an_answer_can_be_said_at_once() {
    let (_server, address, requests) = listen();
    let whole = |talk: &Talk, fields: &[(&[u8], &[u8])], body: &[u8]| {
        let head = ResponseHead { status: 200, fields: fields.to_vec() }.to_bytes().unwrap();
        talk.exchange.respond(&head, Reply::Whole(body))
    };
    for (method, end) in [("GET", "\r\n\r\npong"), ("HEAD", "\r\n\r\n")] {
        let asked = asks(address, &format!("{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        let talk = next(&requests);
        assert_eq!(whole(&talk, &[], &[0; BODY_BYTES_MAX + 1]), Err(Error::Limit));
        if method == "GET" {
            assert_eq!(whole(&talk, &[(b"content-length", b"5")], b"pong"), Err(Error::Argument));
        }
        whole(&talk, &[(b"content-length", b"4")], b"pong").unwrap();
        assert_eq!(talk.exchange.write(b"more"), Err(Error::Argument));
        // Nobody holds it any more, and it is sent.
        drop(talk);
        let answer = asked.join().unwrap();
        assert!(answer.contains("content-length: 4\r\n") && answer.ends_with(end), "{answer}");
    }
}

#[test]
fn what_is_dropped_is_answered_with_500_or_cut() {
    let (_server, address, requests) = listen();
    let get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let asked = asks(address, get);
    drop(next(&requests));
    let answer = asked.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 500 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    let asked = asks(address, get);
    let talk = next(&requests);
    respond(&talk, 200, &[], true).unwrap();
    talk.send(b"half").unwrap();
    sleep(Duration::from_millis(50));
    drop(talk);
    let answer = asked.join().unwrap();
    assert!(answer.contains("half") && !answer.ends_with("0\r\n\r\n"), "{answer}");
    // What was finished is sent, though nobody holds it any more.
    let asked = asks(address, get);
    let talk = next(&requests);
    respond(&talk, 200, &[], true).unwrap();
    talk.send(&[b'x'; 60_000]).unwrap();
    talk.exchange.finish().unwrap();
    drop(talk);
    let answer = asked.join().unwrap();
    assert_eq!(answer.matches('x').count(), 60_000);
}

#[test]
fn a_head_request_gets_no_body_and_nobody_waits() {
    let (_server, address, requests) = listen();
    let asked = asks(address, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let talk = next(&requests);
    respond(&talk, 200, &[("content-length", "1000000")], true).unwrap();
    talk.send(&vec![7; 1_000_000]).unwrap();
    talk.exchange.finish().unwrap();
    assert_eq!(talk.until(Exchange::sent), Ok(()));
    let answer = asked.join().unwrap();
    assert!(answer.contains("content-length: 1000000\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn clients_that_break_the_rules_get_no_further() {
    let (_server, address, requests) = listen();
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(1000));
    for request in [
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x y\r\n\r\n",
        "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\na b: c\r\n\r\n",
        &long,
        &many,
    ] {
        let answer = ask(address, format!("{request}\r\n").as_bytes());
        let shown: String = request.chars().take(60).collect();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{shown:?}: {answer}");
        assert!(requests.try_recv().is_err(), "{shown:?}");
    }
}

#[test]
fn clients_that_take_their_time_are_gone() {
    let (server, address, requests) = listen();
    let started = Instant::now();
    let answer = ask(address, b"GET / HTTP/1.1\r\nHo");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(5));
    let asked = asks(address, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nslow");
    let talk = next(&requests);
    assert_eq!(talk.body().unwrap_err(), Error::Timeout);
    assert_eq!(talk.exchange.failure(), Some(HttpFailure::ReadTimeout));
    drop(talk);
    asked.join().unwrap();
    let until = Instant::now() + TIME_MAX;
    while server.connections() > 0 {
        assert!(Instant::now() < until, "{} connections", server.connections());
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_client_that_goes_is_noticed() {
    let (_server, address, requests) = listen();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let talk = next(&requests);
    drop(stream);
    let gone = talk.until(|exchange| match exchange.failure() {
        Some(failure) => Ok(failure),
        None => Err(Error::Again),
    });
    assert_eq!(gone, Ok(HttpFailure::Lost));
    assert_eq!(talk.exchange.ready() & ready::FAILED, ready::FAILED);
    assert_eq!(respond(&talk, 200, &[], false), Err(Error::Closed));
}

#[test]
fn connections_are_bounded_and_stopping_waits_for_what_runs() {
    let (server, address, requests) = listen();
    let idle: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
    sleep(Duration::from_millis(100));
    assert!(server.connections() <= LIMITS.connections_max);
    drop(idle);
    let asked = asks(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let talk = next(&requests);
    server.stop();
    sleep(Duration::from_millis(50));
    assert!(TcpStream::connect(address).map_or(true, |mut stream| {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        stream.read(&mut [0; 1]).map_or(true, |n| n == 0)
    }));
    respond(&talk, 200, &[], true).unwrap();
    talk.send(b"late").unwrap();
    talk.exchange.finish().unwrap();
    assert!(asked.join().unwrap().contains("late"), "the connection ends after it");
}
