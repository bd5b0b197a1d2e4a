//! Requests that are sent: to peers that keep the rules, and to those that do not.

mod common;

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use b8g_core::Error;
use b8g_core::abi::{HttpFailure, ready};
use b8g_core::http::trailers_from_bytes;
use b8g_http::{BODY_BYTES_MAX, Exchange};
use common::*;

/// Asks `address` with GET; answers how that failed: where, and why.
fn failure(address: SocketAddr, ms: [u64; 3]) -> (&'static str, HttpFailure) {
    let talk = Talk::start(&client(), address, &head_with("GET", address, &[], ms), false);
    let place = match talk.answer() {
        Err(_) => "head",
        Ok(_) => {
            talk.body().expect_err("the body has no end");
            "body"
        }
    };
    assert_eq!(talk.exchange.ready(), ready::READ | ready::WRITE | ready::FAILED);
    assert!(talk.until(Exchange::trailers).is_err());
    assert_eq!(talk.until(Exchange::sent).is_ok(), place == "body");
    (place, talk.exchange.failure().unwrap())
}

#[test]
fn a_request_and_its_answer() {
    let (address, requests) = says(
        "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 5\r\n\r\nhello",
    );
    let talk = Talk::start(&client(), address, &head("GET", address, &[("X-B", "y")]), false);
    let (status, fields) = talk.answer().unwrap();
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!((status, fields.join(" ")), (200, "x-a=1 x-a=2 content-length=5".to_owned()));
    assert_eq!(talk.body().unwrap(), b"hello");
    assert_eq!((talk.until(Exchange::sent), talk.exchange.trailers().unwrap().len()), (Ok(()), 0));
    assert_eq!(requests.recv().unwrap(), format!("GET /p HTTP/1.1\r\nx-b: y\r\nhost: {address}\r\n\r\n"));
}

#[test]
fn a_redirect_is_an_answer_like_others() {
    let (address, requests) =
        says("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n");
    let talk = Talk::start(&client(), address, &head("GET", address, &[]), false);
    let (status, fields) = talk.answer().unwrap();
    assert_eq!((status, fields[0].1.as_str()), (302, "http://169.254.169.254/"));
    assert_eq!((talk.body().unwrap().len(), requests.iter().take(1).count()), (0, 1));
    assert!(requests.try_recv().is_err(), "nobody asked again");
}

#[test]
fn bodies_and_trailers_go_both_ways() {
    let address = peer(|mut stream| {
        let mut from = BufReader::new(stream.try_clone().unwrap());
        assert!(read_head(&mut from).contains("transfer-encoding: chunked"));
        let mut body = vec![0; "4\r\nping\r\n0\r\nx-sum: 7\r\n\r\n".len()];
        from.read_exact(&mut body).unwrap();
        assert_eq!(body, b"4\r\nping\r\n0\r\nx-sum: 7\r\n\r\n");
        let answer =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npong\r\n0\r\nX-Sum: 8\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let talk = Talk::start(&client(), address, &head("POST", address, &[("trailer", "x-sum")]), true);
    assert_eq!(talk.exchange.sent(), Err(Error::Again));
    talk.send(b"ping").unwrap();
    let trailers = b8g_core::http::trailers_to_bytes([(&b"x-sum"[..], &b"7"[..])].into_iter()).unwrap();
    assert_eq!(talk.exchange.send_trailers(&trailers[..5]), Err(Error::Argument));
    talk.exchange.send_trailers(&trailers).unwrap();
    talk.exchange.finish().unwrap();
    assert_eq!(talk.exchange.write(b"x"), Err(Error::Closed));
    assert_eq!(talk.answer().unwrap().0, 200);
    assert_eq!(talk.exchange.trailers(), Err(Error::Again));
    assert_eq!(talk.body().unwrap(), b"pong");
    let trailers = talk.exchange.trailers().unwrap();
    assert_eq!(trailers_from_bytes(&trailers).unwrap(), [(&b"x-sum"[..], &b"8"[..])]);
    assert_eq!(talk.until(Exchange::sent), Ok(()));
}

#[test]
fn a_connection_is_used_again_by_the_same_client_only() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let address = peer(move |mut stream| {
        count.fetch_add(1, SeqCst);
        let mut from = BufReader::new(stream.try_clone().unwrap());
        while !read_head(&mut from).is_empty() {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
        }
    });
    let (one, other) = (client(), client());
    for (client, wanted) in [(&one, 1), (&one, 1), (&one, 1), (&other, 2)] {
        let talk = Talk::start(client, address, &head("GET", address, &[]), false);
        assert_eq!(talk.answer().unwrap().0, 200);
        assert_eq!(talk.body().unwrap(), b"ok");
        drop(talk);
        // The thread puts it back in its own time.
        sleep(Duration::from_millis(30));
        assert_eq!(connections.load(SeqCst), wanted);
    }
}

#[test]
fn a_kept_connection_that_the_peer_closed_is_replaced() {
    let address = peer(|mut stream| {
        read_head(&mut BufReader::new(&stream));
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
    });
    let client = client();
    for _ in 0..5 {
        let talk = Talk::start(&client, address, &head("POST", address, &[]), true);
        talk.exchange.finish().unwrap();
        assert_eq!((talk.answer().unwrap().0, talk.body().unwrap()), (200, b"ok".to_vec()));
        // A request that meets the peer's close on its way is lost, as it must be: it may have been acted upon.
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn peers_that_break_the_rules() {
    let long = "a".repeat(10 << 20);
    for (answer, place, why) in [
        ("", "head", HttpFailure::Lost),
        ("HTTP/1.1 200", "head", HttpFailure::Lost),
        ("SSH-2.0-x\r\n", "head", HttpFailure::Protocol),
        ("HTTP/1.1 200 OK\r\na b: c\r\n\r\n", "head", HttpFailure::Protocol),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            "head",
            HttpFailure::Protocol,
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "head", HttpFailure::Protocol),
        ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort", "body", HttpFailure::Incomplete),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npo", "body", HttpFailure::Incomplete),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "body", HttpFailure::Protocol),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            "body",
            HttpFailure::Protocol,
        ),
        (
            "HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            "head",
            HttpFailure::Protocol,
        ),
        (&format!("HTTP/1.1 200 OK\r\nx: {long}\r\n\r\n"), "head", HttpFailure::HeadSize),
        (&format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(2000)), "head", HttpFailure::HeadSize),
    ] {
        let (address, _requests) = says(answer);
        let shown: String = answer.chars().take(80).collect();
        assert_eq!(failure(address, [0; 3]), (place, why), "{shown:?}");
    }
}

#[test]
fn peers_that_take_their_time() {
    let waits = |answer: &'static str| {
        peer(move |mut stream| {
            read_head(&mut BufReader::new(&stream));
            stream.write_all(answer.as_bytes()).unwrap();
            sleep(TIME_MAX);
        })
    };
    let started = Instant::now();
    assert_eq!(failure(waits(""), [0, 100, 0]), ("head", HttpFailure::ResponseTimeout));
    assert_eq!(failure(waits("HTTP/1.1 200 OK\r\nx:"), [0, 100, 0]), ("head", HttpFailure::ResponseTimeout));
    let begun = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe";
    assert_eq!(failure(waits(begun), [0, 0, 100]), ("body", HttpFailure::ReadTimeout));
    // A head that comes a byte at a time.
    let drips = peer(|mut stream| {
        read_head(&mut BufReader::new(&stream));
        while stream.write_all(b"H").is_ok() {
            sleep(Duration::from_millis(20));
        }
    });
    let (place, _) = failure(drips, [0, 200, 0]);
    assert_eq!(place, "head");
    assert!(started.elapsed() < TIME_MAX / 2);
}

#[test]
fn an_endless_head_is_cut() {
    let address = peer(|mut stream| {
        read_head(&mut BufReader::new(&stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"x-y: zzzzzzzzzzzzzzzzzzzzzzzz\r\n").is_ok() {}
    });
    assert_eq!(failure(address, [0; 3]), ("head", HttpFailure::HeadSize));
}

#[test]
fn nobody_listens() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(failure(address, [0; 3]), ("head", HttpFailure::Refused));
}

#[test]
fn a_body_is_as_long_as_its_head_says() {
    let address = peer(|mut stream| {
        let mut from = BufReader::new(stream.try_clone().unwrap());
        read_head(&mut from);
        let mut body = [0; 4];
        if from.read_exact(&mut body).is_ok() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let start = || Talk::start(&client(), address, &head("POST", address, &[("content-length", "4")]), true);
    let good = start();
    good.send(b"pin").unwrap();
    good.send(b"g").unwrap();
    good.exchange.finish().unwrap();
    assert_eq!((good.answer().unwrap().0, good.until(Exchange::sent)), (200, Ok(())));
    let long = start();
    assert_eq!(long.exchange.write(b"pings"), Err(Error::Argument));
    assert_eq!(long.exchange.failure(), Some(HttpFailure::BodySize));
    let short = start();
    short.send(b"pin").unwrap();
    assert_eq!(short.exchange.finish(), Err(Error::Argument));
    assert!(short.answer().is_err() && short.until(Exchange::sent).is_err());
    let request = b8g_http::Request::parse(&head("POST", address, &[("content-length", "4")])).unwrap();
    assert_eq!(client().start(request, false, dial(address)).unwrap_err(), Error::Argument);
}

#[test]
fn what_nobody_reads_waits_at_the_peer() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let address = peer(move |mut stream| {
        read_head(&mut BufReader::new(&stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n");
        while stream.write_all(&[7; 10_000]).is_ok() {
            count.fetch_add(10_000, SeqCst);
        }
    });
    let talk = Talk::start(&client(), address, &head("GET", address, &[]), false);
    assert_eq!(talk.answer().unwrap().0, 200);
    let mut before = 0;
    while before != sent.load(SeqCst) || before == 0 {
        before = sent.load(SeqCst);
        sleep(Duration::from_millis(300));
    }
    // The rest lies in the buffers of the system's connection.
    assert!(before < 20 << 20, "{before}");
    let mut room = vec![0; 1 << 20];
    assert!(talk.exchange.read(&mut room).unwrap() <= BODY_BYTES_MAX);
    drop(talk);
    let end = Instant::now() + TIME_MAX;
    while Arc::strong_count(&sent) > 2 {
        assert!(Instant::now() < end, "the connection is closed");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_nobody_takes_waits_here() {
    let address = peer(|stream| {
        read_head(&mut BufReader::new(&stream));
        sleep(TIME_MAX);
    });
    let talk = Talk::start(&client(), address, &head("POST", address, &[]), true);
    let mut written = 0;
    let end = Instant::now() + Duration::from_millis(500);
    while Instant::now() < end {
        match talk.exchange.write(&[7; 100_000]) {
            Ok(n) => written += n,
            Err(error) => assert_eq!(error, Error::Again),
        }
    }
    assert!(written < 20 << 20, "{written}");
    assert_eq!(talk.exchange.ready() & ready::WRITE, 0);
}

#[test]
fn a_thousand_exchanges_that_nobody_wants_leave_nothing() {
    let (address, requests) = says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let client = client();
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open();
    for i in 0..1000 {
        let talk = Talk::start(&client, address, &head("GET", address, &[]), i % 2 == 0);
        if i % 3 == 0 {
            let _ = talk.exchange.head();
        }
    }
    drop(requests);
    let end = Instant::now() + TIME_MAX;
    // What other tests do meanwhile counts too.
    while open() > before + 100 {
        assert!(Instant::now() < end, "{} descriptors", open());
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_rest_of_a_body_is_not_wanted_but_its_trailers_are() {
    let (address, _requests) = says(
        [
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nf4240\r\n".to_vec(),
            vec![7; 1_000_000],
            b"\r\n0\r\nx-end: 1\r\n\r\n".to_vec(),
        ]
        .concat(),
    );
    let talk = Talk::start(&client(), address, &head("GET", address, &[]), false);
    talk.answer().unwrap();
    talk.exchange.discard();
    assert_eq!(trailers_from_bytes(&talk.until(Exchange::trailers).unwrap()).unwrap().len(), 1);
    let endless = peer(|mut stream| {
        read_head(&mut BufReader::new(&stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[7; 100_000]).is_ok() {}
    });
    let talk = Talk::start(&client(), endless, &head("GET", endless, &[]), false);
    talk.answer().unwrap();
    talk.exchange.discard();
    assert!(talk.until(Exchange::trailers).is_err(), "it is given up");
}

#[test]
fn a_hundred_megabytes_each_way() {
    const BYTES: usize = 100_000_000;
    let times = Arc::new(Mutex::new(Vec::new()));
    let address = peer(move |mut stream| {
        let mut from = BufReader::with_capacity(1 << 16, stream.try_clone().unwrap());
        read_head(&mut from);
        let (mut left, mut room) = (BYTES, vec![0; 1 << 16]);
        while left > 0 {
            match from.read(&mut room) {
                Ok(n) if n > 0 => left -= n,
                _ => return,
            }
        }
        times.lock().unwrap().push(Instant::now());
        stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n").as_bytes()).unwrap();
        for _ in 0..BYTES / 50_000 {
            if stream.write_all(&[9; 50_000]).is_err() {
                return;
            }
        }
    });
    let head = head("PUT", address, &[("content-length", &BYTES.to_string())]);
    let talk = Talk::start(&client(), address, &head, true);
    let started = Instant::now();
    for _ in 0..BYTES / 50_000 {
        talk.send(&[8; 50_000]).unwrap();
    }
    talk.exchange.finish().unwrap();
    assert_eq!(talk.answer().unwrap().0, 200);
    let (sent, mut all, mut room) = (started.elapsed(), 0, vec![0; 1 << 16]);
    loop {
        match talk.until(|exchange| exchange.read(&mut room)).unwrap() {
            0 => break,
            n => all += n,
        }
    }
    assert_eq!(all, BYTES);
    let rate = |time: Duration| BYTES as f64 / 1e6 / time.as_secs_f64();
    println!("sent at {:.0} MB/s, received at {:.0} MB/s", rate(sent), rate(started.elapsed() - sent));
}
