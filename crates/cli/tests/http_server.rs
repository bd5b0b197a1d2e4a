//! Servers by `createServer` of `node:http`, and whoever speaks to them: proper requests, and others.

mod common;

use std::io::{Read, Write};
use std::net::Shutdown;

use common::Place;
use common::serving::Serving;

const SERVER: &str = r#"
const http = require("http");
const server = http.createServer({ keepAliveTimeout: 3000 }, async (req, res) => {
  switch (req.url) {
    case "/echo": {
      const chunks = [];
      try {
        for await (const chunk of req) chunks.push(chunk);
      } catch (error) {
        return console.log(error.code);
      }
      res.setHeader("X-Type", req.headers["content-type"] ?? "none");
      return res.end(Buffer.concat(chunks));
    }
    case "/stream":
      res.write("one ");
      return setTimeout(() => res.end("two"), 10);
    case "/split":
      try { res.setHeader("X-A", "a\r\nSet-Cookie: evil=1"); } catch (error) { res.setHeader("X-Code", error.code); }
      try { res.setHeader("X\nB", "b"); } catch (error) { res.setHeader("X-Name", error.code); }
      try { res.writeHead(200, "fine\r\nX: y"); } catch (error) { res.statusMessage = "OK"; return res.writeHead(200).end(error.code); }
      return res.end();
    case "/many": return res.writeHead(200, { "Set-Cookie": ["a=1", "b=2"], "Content-Type": "t/x" }).end(JSON.stringify(req.headers));
    case "/large": return res.end(Buffer.alloc(3_000_000, "x"));
    case "/unread": return res.writeHead(403, { connection: "close" }).end("no");
    case "/none": return res.writeHead(204).end("nothing of this");
    case "/quit": res.end("bye"); return server.close(() => console.log("closed"));
    default: res.statusCode = 404; return res.end(`no ${req.method} ${req.url}`);
  }
});
server.on("upgrade", (req, socket, head) => socket.end(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n<${head}>`));
server.listen(0, "localhost", () => console.error(`at http://127.0.0.1:${server.address().port}`));
"#;

fn serving() -> Serving {
    let place = Place::new().with("server.cjs", SERVER);
    Serving::of(place.command(&["run", "--timeout=60s", "--allow-listen=127.0.0.1", "server.cjs"]), place)
}

/// Sends bytes as they are, says that there are no more, and reads all that is answered.
fn say(serving: &Serving, bytes: &[u8]) -> String {
    let mut stream = serving.connect();
    // Who is refused early need not take all of it.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn requests_are_answered() {
    let serving = serving();
    let body: Vec<u8> = (0..300_000u32).map(|n| b'a' + (n % 23) as u8).collect();
    let answer = serving.ask("POST", "/echo", "Content-Type: t/x\r\n", &body);
    assert!(
        answer.contains("X-Type: t/x\r\n") && answer.contains("Content-Length: 300000\r\n"),
        "{}",
        &answer[..300]
    );
    assert!(answer.as_bytes().ends_with(&body[1000..]), "{}", answer.len());
    let chunked = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX-Trailer: y\r\n\r\n";
    assert!(say(&serving, chunked).ends_with("\r\n\r\nhello!"));
    let answer = serving.ask("GET", "/stream", "", b"");
    assert!(
        answer.contains("Transfer-Encoding: chunked")
            && answer.ends_with("4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"),
        "{answer}"
    );
    let answer =
        serving.ask("GET", "/many", "X-A: 1\r\nx-a: 2\r\nCookie: a\r\nCookie: b\r\n__proto__: p\r\n", b"");
    assert!(answer.contains("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"), "{answer}");
    assert!(answer.contains("\n{\"host\":\"x\",\"connection\":\"close\",\"x-a\":\"1, 2\",\"cookie\":\"a; b\",\"__proto__\":\"p\"}\r\n"), "{answer}");
    let answer = serving.ask("GET", "/large", "", b"");
    assert!(answer.len() > 3_000_000 && answer.ends_with("xxx"), "{}", answer.len());
    let answer = serving.ask("HEAD", "/large", "", b"");
    assert!(answer.contains("Content-Length: 3000000\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    let answer = serving.ask("GET", "/none", "", b"");
    assert!(answer.starts_with("HTTP/1.1 204 No Content\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(serving.ask("POST", "/unread", "", &body).ends_with("\r\n2\r\nno\r\n0\r\n\r\n"));
    let old = say(&serving, b"GET /x HTTP/1.0\r\n\r\n");
    assert!(
        old.starts_with("HTTP/1.1 404 ") && old.ends_with("no GET /x") && old.contains("Connection: close"),
        "{old}"
    );
    let continued = say(&serving, b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
    assert!(
        continued.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
            && continued.ends_with("hi"),
        "{continued}"
    );
    let upgraded =
        say(&serving, b"GET /up HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nmore");
    assert!(upgraded.starts_with("HTTP/1.1 101 ") && upgraded.ends_with("<more>"), "{upgraded}");
    assert!(serving.ask("GET", "/quit", "", b"").ends_with("bye"));
    assert_eq!(serving.ended(), Some(0));
}

#[test]
fn a_connection_carries_requests_one_after_another() {
    let serving = serving();
    let both = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\noneGET /stream HTTP/1.1\r\nHost: x\r\n\r\nGET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answers = say(&serving, both);
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 2, "{answers}");
    let places = ["one", "two\r\n0\r\n\r\n", "no GET /last"].map(|part| answers.find(part));
    assert!(places.is_sorted() && places[0].is_some(), "{answers}");
    // One that is idle is closed with the server.
    let mut idle = serving.connect();
    idle.write_all(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut piece = [0; 4096];
    assert!(idle.read(&mut piece).unwrap() > 0);
    serving.ask("GET", "/quit", "", b"");
    assert_eq!(serving.ended(), Some(0));
}

#[test]
fn what_is_no_request_is_refused() {
    let serving = serving();
    let large = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(20_000));
    for (bytes, status) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", "400"),
        (b"nonsense\r\n\r\n", "400"),
        (b"FETCH / HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n", "400"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", "400"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "400"),
        (large.as_bytes(), "431"),
    ] {
        let answer = say(&serving, bytes);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{}: {answer}", String::from_utf8_lossy(bytes));
        assert!(answer.ends_with("\r\n\r\n") && answer.matches("HTTP/1.1").count() == 1, "{answer}");
    }
    // A body that goes wrong, or ends too early, is answered with nothing.
    for bytes in [
        &b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"[..],
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
        b"GET /echo HTT",
    ] {
        assert!(!say(&serving, bytes).contains(" 200 "), "{}", String::from_utf8_lossy(bytes));
    }
    let split = serving.ask("GET", "/split", "", b"");
    assert!(
        split.contains("X-Code: ERR_INVALID_CHAR\r\n")
            && split.contains("X-Name: ERR_INVALID_HTTP_TOKEN\r\n"),
        "{split}"
    );
    assert!(split.ends_with("\r\nERR_INVALID_CHAR\r\n0\r\n\r\n") && !split.contains("evil"), "{split}");
    serving.ask("GET", "/quit", "", b"");
    assert_eq!(serving.ended(), Some(0));
}

#[test]
fn listening_is_granted_by_name() {
    let place = Place::new().with("server.cjs", "require('http').createServer(() => {}).listen(8599);");
    let ended = place.b8g(&["run", "server.cjs"]);
    ended.code(1).says("EACCES").says("--allow-listen=0.0.0.0:8599");
    let source = "require('http').createServer().on('error', (e) => console.log(e.code, e.syscall, e.port)).listen(8599, '127.0.0.1');";
    let place = place.with("handled.cjs", source);
    place.b8g(&["run", "handled.cjs"]).code(0).stdout("EACCES listen 8599\n");
}
