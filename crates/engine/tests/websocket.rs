//! WebSockets of JavaScript programs, against servers that keep to the protocol and servers that do not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use b8g::{Capture, Component, Config, Context, Engine, Grants, Language, Limits, Stdout};
use sha1::{Digest, Sha1};

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const FINAL: u8 = 0x80;

/// What a server tells that it took a key by.
fn accept(key: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    let digits = digest.chunks(3).flat_map(|part| {
        let word = part.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        (0..=part.len()).map(move |i| char::from(DIGITS[(word >> (18 - 6 * i) & 63) as usize]))
    });
    digits.chain(['=']).collect()
}

/// Takes connections, answers each as `greet` says (of the path and what proves that the request was understood), and goes on as
/// `each` says.
fn server(greet: fn(&str, &str) -> String, each: fn(&str, &mut TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut from = BufReader::new(stream.try_clone().unwrap());
                let (mut head, mut key) = (Vec::new(), String::new());
                loop {
                    let mut line = String::new();
                    if from.read_line(&mut line).unwrap_or(0) <= 2 {
                        break;
                    }
                    if let Some(("sec-websocket-key", value)) = line.split_once(": ") {
                        value.trim().clone_into(&mut key);
                    }
                    head.push(line);
                }
                for needed in
                    ["connection: Upgrade\r\n", "upgrade: websocket\r\n", "sec-websocket-version: 13\r\n"]
                {
                    assert!(head.iter().any(|line| line == needed), "{head:?}");
                }
                let path = head[0].split(' ').nth(1).unwrap().to_owned();
                let _ = stream.write_all(greet(&path, &accept(&key)).as_bytes());
                each(&path, &mut stream);
            });
        }
    });
    address
}

fn switching(_: &str, accepted: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {accepted}\r\n\r\n"
    )
}

/// The next frame of a client: its kind, whole, and what it says.
fn frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).ok()?;
    assert!(head[1] & 0x80 != 0, "a client's frames are masked");
    let mut long = [0; 8];
    let length = match head[1] & 0x7f {
        126 => stream.read_exact(&mut long[6..]).map(|()| u64::from_be_bytes(long)).ok()?,
        127 => stream.read_exact(&mut long).map(|()| u64::from_be_bytes(long)).ok()?,
        short => u64::from(short),
    };
    let (mut key, mut payload) = ([0; 4], vec![0; length as usize]);
    stream.read_exact(&mut key).ok()?;
    stream.read_exact(&mut payload).ok()?;
    payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    Some((head[0], payload))
}

fn send(stream: &mut TcpStream, first: u8, payload: &[u8]) {
    let mut whole = vec![first];
    match payload.len() {
        short @ 0..126 => whole.push(short as u8),
        length @ 126..65536 => whole.extend([&[126][..], &(length as u16).to_be_bytes()].concat()),
        length => whole.extend([&[127][..], &(length as u64).to_be_bytes()].concat()),
    }
    whole.extend(payload);
    let _ = stream.write_all(&whole);
}

/// Gives back what it hears, until it hears the end.
fn echo(_: &str, stream: &mut TcpStream) {
    while let Some((first, payload)) = frame(stream) {
        send(stream, if first == FINAL | PING { FINAL | PONG } else { first }, &payload);
        if first == FINAL | CLOSE {
            return;
        }
    }
}

const HEAD: &str = r#"
function open(path, protocols) {
  const socket = new WebSocket(`ws://SERVER${path}`, protocols);
  socket.binaryType = "arraybuffer";
  socket.said = [];
  socket.onopen = () => socket.said.push("open");
  socket.addEventListener("message", ({ data }) => socket.said.push(typeof data === "string" ? data : `[${new Uint8Array(data)}]`));
  socket.onerror = (event) => socket.said.push(`error: ${event.message}`);
  socket.closed = new Promise((done) => socket.addEventListener("close", (e) => {
    socket.said.push(`${e.code} ${e.reason} ${e.wasClean} ${socket.readyState}`);
    done(socket.said.join("; "));
  }));
  return socket;
}
"#;

#[track_caller]
fn prints(address: SocketAddr, program: &str, output: &str) {
    let source = [HEAD, program].concat().replace("SERVER", &address.to_string());
    let engine = Engine::new(Config::new()).unwrap();
    let component =
        Component::from_source(&engine, "test.js", Language::JavaScript, &source, Path::new(".")).unwrap();
    let said = Capture::new();
    let grants = Grants::none().net(address.to_string()).unwrap().clocks().randomness().compute();
    let limits = Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() };
    let outcome =
        Context::new(&component, &grants.stdout(Stdout::Capture(said.clone())), limits).unwrap().run();
    let said = String::from_utf8(said.take()).unwrap();
    assert!(outcome.is_success(), "{outcome}: {said}");
    assert_eq!(said, output);
}

#[test]
fn messages_go_both_ways() {
    let address = server(switching, echo);
    prints(
        address,
        r#"
        const socket = open("/");
        try { socket.send("early"); } catch (error) { console.log(error.name); }
        await new Promise((done) => socket.addEventListener("open", done));
        socket.send("é");
        socket.send(new Uint8Array([1, 2, 3]).subarray(1));
        socket.send(new Blob(["blob"]));
        socket.send("x".repeat(70000));
        socket.send(new Uint8Array(200));
        while (socket.said.length < 6) await new Promise((done) => setTimeout(done, 1));
        console.log(socket.said.map((text) => text.length > 20 ? text.length : text).join(" "), socket.bufferedAmount, socket.url === "ws://SERVER/");
        socket.binaryType = "blob";
        socket.send(new Uint8Array(3));
        const { data } = await new Promise((done) => socket.onmessage = done);
        console.log(data instanceof Blob, data.size);
        socket.close(3001, "enough");
        console.log(socket.readyState);
        socket.send("late");
        await socket.closed;
        console.log(socket.said.at(-1));
        for (const bad of ["http:// ", "ftp://a", "ws://a/#b"]) try { new WebSocket(bad); } catch (error) { console.log(error.name); }
        for (const bad of [["a", "A"], ["a b"], [""]]) try { new WebSocket("ws://a", bad); } catch (error) { console.log(error.name); }
        for (const bad of [[999], [1001], [5000], [1000, "x".repeat(124)]]) try { socket.close(...bad); } catch (error) { console.log(error.name); }
        "#,
        "InvalidStateError\nopen é [2,3] [98,108,111,98] 70000 401 0 true\ntrue 3\n2\n3001 enough true 3\n\
         SyntaxError\nSyntaxError\nSyntaxError\nSyntaxError\nSyntaxError\nSyntaxError\n\
         InvalidAccessError\nInvalidAccessError\nInvalidAccessError\nSyntaxError\n",
    );
}

#[test]
fn what_breaks_the_protocol_ends_the_connection() {
    let address = server(switching, |path, stream| match path {
        "/ping" => {
            send(stream, FINAL | PING, b"are you there");
            let (first, answer) = frame(stream).unwrap();
            send(stream, FINAL | TEXT, &[&[first - FINAL + b'0' - PONG][..], &answer].concat());
            send(stream, FINAL | CLOSE, b"\x0f\xa1bye");
            frame(stream).unwrap();
        }
        "/pieces" => {
            send(stream, TEXT, b"a\xc3");
            send(stream, FINAL | PONG, b"");
            send(stream, 0, b"\xa9");
            send(stream, FINAL, b"b");
            send(stream, FINAL | CLOSE, b"");
            frame(stream);
        }
        "/cut" => send(stream, TEXT, b"a"),
        "/silent" => while frame(stream).is_some() {},
        _ => {
            let _ = stream.write_all(match path {
                "/bits" => &[FINAL | 0x40 | TEXT, 1, b'a'],
                "/masked" => &[FINAL | TEXT, 0x81, 0, 0, 0, 0, b'a'],
                "/kind" => &[FINAL | 3, 0],
                "/control" => &[PING, 0],
                "/long-ping" => &[FINAL | PING, 126, 0, 126],
                "/goes-on" => &[FINAL, 0],
                "/within" => &[TEXT, 0, FINAL | BINARY, 0],
                "/text" => &[FINAL | TEXT, 2, 0xff, 0xfe],
                "/code" => &[FINAL | CLOSE, 2, 3, 0xed],
                "/one" => &[FINAL | CLOSE, 1, 3],
                "/reason" => &[FINAL | CLOSE, 3, 3, 0xe8, 0xff],
                "/claims" => &[FINAL | BINARY, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3],
                other => panic!("{other}"),
            });
            while frame(stream).is_some() {}
        }
    });
    prints(
        address,
        r#"
        for (const path of ["ping", "pieces", "cut", "bits", "masked", "kind", "control", "long-ping", "goes-on", "within", "text", "code", "one", "reason"]) {
          console.log(path, await open(`/${path}`).closed);
        }
        const claims = open("/claims");
        await new Promise((done) => setTimeout(done, 100));
        console.log(claims.said.join());
        const silent = open("/silent");
        silent.onopen = () => silent.close();
        const given = open("/given");
        given.close();
        console.log(await given.closed);
        process.exit(0);
        "#,
        "ping open; 0are you there; 4001 bye true 3\n\
         pieces open; aéb; 1005  true 3\n\
         cut open; error: the connection was lost; 1006  false 3\n\
         bits open; error: the server sent a frame with bits that have no meaning; 1006  false 3\n\
         masked open; error: the server sent a frame with bits that have no meaning; 1006  false 3\n\
         kind open; error: the server sent a frame of no kind that there is; 1006  false 3\n\
         control open; error: the server sent a frame of no kind that there is; 1006  false 3\n\
         long-ping open; error: the server sent a frame of no kind that there is; 1006  false 3\n\
         goes-on open; error: the server sent a message within a message, or none that goes on; 1006  false 3\n\
         within open; error: the server sent a message within a message, or none that goes on; 1006  false 3\n\
         text open; error: the server sent text that is no UTF-8; 1006  false 3\n\
         code open; error: the server sent a reason to close that is none; 1006  false 3\n\
         one open; error: the server sent a reason to close that is none; 1006  false 3\n\
         reason open; error: the server sent a reason to close that is none; 1006  false 3\n\
         open\n\
         error: the connection was given up before it stood; 1006  false 3\n",
    );
}

#[test]
fn a_server_must_agree() {
    let address = server(
        |path, accepted| match path {
            "/no" => "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n".to_owned(),
            "/ok" => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_owned(),
            "/other" => switching(path, "AAAA"),
            "/h2c" => switching(path, accepted).replace("WebSocket", "h2c"),
            "/protocol" => switching(path, &format!("{accepted}\r\nsec-websocket-protocol: b")),
            "/extension" => {
                switching(path, &format!("{accepted}\r\nsec-websocket-extensions: permessage-deflate"))
            }
            "/garbage" => "garbage\r\n\r\n".to_owned(),
            _ => switching(path, &format!("{accepted}\r\nsec-websocket-protocol: a")),
        },
        echo,
    );
    prints(
        address,
        r#"
        for (const path of ["no", "ok", "other", "h2c", "protocol", "extension", "garbage"]) console.log(await open(`/${path}`, "a").closed);
        const socket = open("/fine", { protocols: ["c", "a"], headers: { authorization: "me" } });
        socket.addEventListener("open", () => { console.log(socket.protocol); socket.close(); });
        console.log(await socket.closed);
        const elsewhere = new WebSocket("ws://127.0.0.2:1/");
        elsewhere.onerror = ({ message }) => console.log(message);
        "#,
        "error: the server answered with status 403; 1006  false 3\n\
         error: the server answered with status 200; 1006  false 3\n\
         error: the server's answer is to another request; 1006  false 3\n\
         error: the server speaks no WebSocket; 1006  false 3\n\
         error: the server chose a protocol that was not asked for; 1006  false 3\n\
         error: the server uses an extension that was not asked for; 1006  false 3\n\
         error: ADDRESS does not speak HTTP as it must; 1006  false 3\n\
         a\nopen; 1005  true 3\n\
         network access to \"127.0.0.2:1\" was not granted; run again with --allow-net=127.0.0.2:1\n"
            .replace("ADDRESS", &address.to_string())
            .as_str(),
    );
}

#[test]
fn a_flood_ends_with_the_memory() {
    let address = server(switching, |_, stream| {
        let piece = vec![0; 1 << 20];
        for first in [BINARY].into_iter().chain(std::iter::repeat(0)) {
            let length = (piece.len() as u64).to_be_bytes();
            if stream.write_all(&[&[first, 127][..], &length, &piece].concat()).is_err() {
                return;
            }
        }
    });
    prints(
        address,
        r#"
        const socket = open("/");
        const said = await socket.closed;
        console.log(said.replace(/error: .*memory.*;/, "error: memory;"), new Uint8Array(10 << 20).length);
        "#,
        "open; error: memory; 1006  false 3 10485760\n",
    );
}
