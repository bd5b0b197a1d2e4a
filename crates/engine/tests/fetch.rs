//! `fetch` of JavaScript programs against servers that do as they like: what is refused, what ends, what stays bounded.

#[path = "common/peer.rs"]
mod peer;

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use b8g::{Component, Config, Context, Engine, Grants, Language, Limits, Outcome, Reason};

use peer::{says, server};

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Config::new()).unwrap())
}

/// What each program begins with: it throws what is not as it should be.
const HEAD: &str = r#"
const eq = (got, want) => { if (!Object.is(got, want)) throw new Error(`got ${String(got)}, want ${String(want)}`); };
const fails = async (promise) => { try { await promise; } catch (error) { return error; } throw new Error("it did not fail"); };
"#;

/// Runs a program in which SERVER stands for the address, to which it may connect and to nothing else.
fn run_with(address: SocketAddr, program: &str, grants: &Grants, limits: Limits) -> Outcome {
    let source = [HEAD, &program.replace("SERVER", &address.to_string())].concat();
    let component =
        Component::from_source(engine(), "test.js", Language::JavaScript, &source, Path::new(".")).unwrap();
    Context::new(&component, grants, limits).unwrap().run()
}

fn grants(address: SocketAddr) -> Grants {
    Grants::none().net(address.to_string()).unwrap().clocks().compute()
}

fn limits() -> Limits {
    Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() }
}

#[track_caller]
fn passes(address: SocketAddr, program: &str) {
    let outcome = run_with(address, program, &grants(address), limits());
    assert!(outcome.is_success(), "{outcome}");
}

#[test]
fn a_redirect_is_checked_like_any_request() {
    let (address, requests) = says(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    );
    passes(
        address,
        r#"
        const error = await fails(fetch("http://SERVER/", { headers: { authorization: "secret" } }));
        eq(error.name + error.message, "TypeErrorfetch failed");
        eq(error.cause.code, "EACCES");
        eq(error.cause.message.includes("--allow-net=127.0.0.1:1"), true);
        const manual = await fetch("http://SERVER/", { redirect: "manual" });
        eq(manual.status, 302);
        eq(manual.headers.get("location"), "http://127.0.0.1:1/x");
        eq((await fails(fetch("http://SERVER/", { redirect: "error" }))).cause.message, "unexpected redirect");
        "#,
    );
    assert_eq!(requests.iter().take(3).count(), 3);
}

#[test]
fn redirects_end() {
    let (address, requests) =
        says("HTTP/1.1 302 Found\r\nlocation: /again\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    passes(
        address,
        r#"eq((await fails(fetch("http://SERVER/"))).cause.message, "redirect count exceeded");"#,
    );
    assert_eq!(requests.try_iter().count(), 21);
    for (location, why) in
        [("http://u:p@SERVER/", "credentials"), ("ftp://a/", "scheme"), ("http://[", "invalid")]
    {
        let location = location.replace("SERVER", &address.to_string());
        let answer = format!("HTTP/1.1 307 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let (address, _requests) = says(answer.leak());
        let check = r#"eq((await fails(fetch("http://SERVER/"))).cause.message.includes("WHY"), true);"#;
        passes(address, &check.replace("WHY", why));
    }
}

#[test]
fn what_is_asked_again_elsewhere_takes_no_secrets_along() {
    let (other, heard) = says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let answer = format!("HTTP/1.1 303 Moved\r\nlocation: http://{other}/\r\ncontent-length: 0\r\n\r\n");
    let (address, _requests) = says(answer.leak());
    let grants = grants(address).net(other.to_string()).unwrap();
    let program = r#"
        const headers = { authorization: "secret", cookie: "secret", "x-a": "kept" };
        const response = await fetch("http://SERVER/#f", { method: "POST", body: "b", headers });
        eq(response.redirected, true);
        eq(await response.text(), "ok");
    "#;
    let outcome = run_with(address, program, &grants, limits());
    assert!(outcome.is_success(), "{outcome}");
    let head = heard.recv().unwrap();
    assert!(head.starts_with("GET / ") && head.contains("x-a: kept"), "{head}");
    assert!(!head.contains("secret") && !head.contains("content-"), "{head}");
}

#[test]
fn a_name_leads_to_no_private_address() {
    let (address, requests) = says("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    // Names that the system's own tables may know, and `localhost` is not among: that one is known to be here.
    let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let leads_here = |name: &&str| {
        let found = (*name, address.port()).to_socket_addrs().ok().and_then(|mut all| all.next());
        found.is_some_and(|found| match found.ip() {
            IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
            IpAddr::V6(ip) => ip.is_loopback(),
        })
    };
    let Some(name) = [own.trim(), "ip6-localhost", "ip6-loopback"].into_iter().find(leads_here) else {
        eprintln!("skipped: no name on this machine leads to a private address");
        return;
    };
    let name = format!("{name}:{}", address.port());
    let grants = Grants::none().net(&name).unwrap();
    let program = r#"
        const error = await fails(fetch("http://NAME/"));
        eq(error.cause.code, "EACCES");
        eq(error.cause.message.includes("not public"), true);
        eq(error.cause.message.includes("--allow-net="), true);
    "#;
    let outcome = run_with(address, &program.replace("NAME", &name), &grants, limits());
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(requests.try_iter().count(), 0);
}

/// Sends without end.
fn endless(stream: &mut TcpStream) {
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
}

#[test]
fn an_endless_answer_is_bounded_and_can_be_left() {
    let (address, _requests) = server(endless);
    let small = Limits { memory_bytes_max: 16 << 20, ..limits() };
    let program = r#"await (await fetch("http://SERVER/")).arrayBuffer();"#;
    let outcome = run_with(address, program, &grants(address), small.clone());
    assert_eq!(outcome.reason, Reason::Memory, "{outcome}");
    // Read piece by piece it fits, and who has enough goes.
    let program = r#"
        let all = 0;
        for await (const chunk of (await fetch("http://SERVER/")).body) if ((all += chunk.length) > 50e6) break;
        const control = new AbortController();
        const response = await fetch("http://SERVER/", { signal: control.signal });
        const text = response.text();
        setTimeout(() => control.abort(new RangeError("enough")), 5);
        eq((await fails(text)).message, "enough");
    "#;
    let outcome =
        run_with(address, program, &grants(address), Limits { memory_bytes_max: 256 << 20, ..limits() });
    assert!(outcome.is_success(), "{outcome}");
}

#[test]
fn a_slow_answer_is_left_in_time() {
    let (address, _requests) = server(|stream| {
        let _ = stream.read(&mut [0; 1]);
    });
    passes(
        address,
        r#"
        const error = await fails(fetch("http://SERVER/", { signal: AbortSignal.timeout(50) }));
        eq(error.name, "TimeoutError");
        eq(error instanceof DOMException, true);
        "#,
    );
}

/// Bytes in one of the codings that answers come in.
fn packed(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::best();
    match coding {
        "gzip" => finished(flate2::write::GzEncoder::new(Vec::new(), level), bytes).finish(),
        "deflate" => finished(flate2::write::ZlibEncoder::new(Vec::new(), level), bytes).finish(),
        "deflate without a head" => {
            finished(flate2::write::DeflateEncoder::new(Vec::new(), level), bytes).finish()
        }
        _ => Ok(finished(brotli::CompressorWriter::new(Vec::new(), 4096, 5, 20), bytes).into_inner()),
    }
    .unwrap()
}

fn finished<W: Write>(mut writer: W, bytes: &[u8]) -> W {
    writer.write_all(bytes).unwrap();
    writer
}

/// A server that answers with this body, so coded, in pieces.
fn coded(coding: &str, body: Vec<u8>) -> SocketAddr {
    let name = coding.split(' ').next().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: {name}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    server(move |stream| {
        let _ = stream.write_all(head.as_bytes());
        for piece in body.chunks(1000) {
            let _ = stream.write_all(piece);
        }
    })
    .0
}

#[test]
fn compressed_answers_are_read_as_they_were() {
    let text = "some text, again and again; ".repeat(10_000);
    for coding in ["gzip", "deflate", "deflate without a head", "br"] {
        let whole = packed(coding, text.as_bytes());
        let program = r#"
            const text = "some text, again and again; ".repeat(10_000);
            const response = await fetch("http://SERVER/");
            eq(response.headers.get("content-encoding"), null);
            eq(response.headers.get("content-length"), null);
            eq(await response.clone().text(), text);
            eq((await new Response(response.body.pipeThrough(new TransformStream())).text()).length, text.length);
        "#;
        passes(coded(coding, whole.clone()), program);
        // What is cut off, or was never that, is an error that says so; a client that asked for it as it is gets it so.
        for broken in [whole[..whole.len() / 2].to_vec(), b"this is not compressed at all".to_vec()] {
            let program = r#"
                const error = await fails((await fetch("http://SERVER/")).text());
                eq(`${error.name} ${error.message} ${error.cause.code}`, "TypeError terminated Z_DATA_ERROR");
                const streamed = await fails((async () => { for await (const _ of (await fetch("http://SERVER/")).body); })());
                eq(streamed.message, "terminated");
            "#;
            passes(coded(coding, broken), program);
        }
    }
    // Two members are one text; what nobody knows is given as it came; nothing at all is nothing.
    let two = [packed("gzip", b"one "), packed("gzip", b"two")].concat();
    passes(coded("gzip", two), r#"eq(await (await fetch("http://SERVER/")).text(), "one two");"#);
    let program = r#"
        const response = await fetch("http://SERVER/");
        eq(response.headers.get("content-encoding"), "zstd");
        eq(await response.text(), "as it came");
    "#;
    passes(coded("zstd", b"as it came".to_vec()), program);
    passes(coded("gzip", Vec::new()), r#"eq(await (await fetch("http://SERVER/")).text(), "");"#);
    passes(
        coded("gzip", packed("gzip", b"x")),
        r#"eq((await fetch("http://SERVER/", { method: "HEAD" })).status, 200);"#,
    );
}

#[test]
fn an_answer_that_unpacks_to_a_thousand_times_as_much_stays_bounded() {
    for coding in ["gzip", "br"] {
        let address = coded(coding, packed(coding, &vec![0; 200 << 20]));
        let small = Limits { memory_bytes_max: 16 << 20, ..limits() };
        let program = r#"
            let all = 0;
            for await (const chunk of (await fetch("http://SERVER/")).body) all += chunk.length;
            eq(all, 200 << 20);
        "#;
        let outcome = run_with(address, program, &grants(address), small.clone());
        assert!(outcome.is_success(), "{outcome}");
        let program = r#"await (await fetch("http://SERVER/")).arrayBuffer();"#;
        let outcome = run_with(address, program, &grants(address), small);
        assert_eq!(outcome.reason, Reason::Memory, "{outcome}");
    }
}

#[test]
fn what_is_accepted_is_told() {
    let (address, requests) = says("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    passes(
        address,
        r#"
        await fetch("http://SERVER/");
        await fetch("http://SERVER/", { headers: { range: "bytes=0-1" } });
        await fetch("http://SERVER/", { headers: { "accept-encoding": "br" } });
        "#,
    );
    for accepted in ["gzip, deflate", "identity", "br"] {
        let head = requests.recv().unwrap();
        assert!(head.contains(&format!("accept-encoding: {accepted}\r\n")), "{head}");
    }
}

#[test]
fn failures_have_the_codes_that_programs_look_for() {
    let (address, _requests) = says("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello");
    passes(
        address,
        r#"
        const error = await fails((await fetch("http://SERVER/")).text());
        eq(error.name + error.message + error.cause.code, "TypeErrorterminatedUND_ERR_SOCKET");
        "#,
    );
    let (address, _requests) = says("HTTP/1.1 99999 what\r\n\r\n");
    passes(address, r#"eq((await fails(fetch("http://SERVER/"))).cause.code, "EPROTO");"#);
    let (address, _requests) = says("");
    passes(address, r#"eq((await fails(fetch("http://SERVER/"))).cause.code.length > 0, true);"#);
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    passes(gone, r#"eq((await fails(fetch("http://SERVER/"))).cause.code, "ECONNREFUSED");"#);
}

#[test]
fn what_nobody_reads_is_given_back() {
    let (address, _requests) = says("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello");
    let few = Limits { descriptors_max: 4, ..limits() };
    let program = r#"
        for (let i = 0; i < 50; i++) eq((await fetch("http://SERVER/")).status, 200);
        for (let i = 0; i < 50; i++) await (await fetch("http://SERVER/")).body.cancel();
    "#;
    let outcome = run_with(address, program, &grants(address), few);
    assert!(outcome.is_success(), "{outcome}");
}

#[test]
fn what_nobody_takes_is_not_asked_for() {
    let (address, _requests) = server(|_stream| std::thread::sleep(Duration::from_secs(5)));
    passes(
        address,
        r#"
        let pulled = 0;
        const body = new ReadableStream({ pull(c) { pulled++; c.enqueue(new Uint8Array(65536)); } });
        const signal = AbortSignal.timeout(300);
        eq((await fails(fetch("http://SERVER/", { method: "POST", body, duplex: "half", signal }))).name, "TimeoutError");
        if (pulled > 400) throw new Error(`${pulled} pieces were asked for`);
        "#,
    );
}

#[test]
fn a_body_that_is_sent_has_the_length_that_is_told() {
    static HEARD: AtomicU64 = AtomicU64::new(0);
    let (address, _requests) = server(|stream| {
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut bytes = [0; 1 << 16];
        while let Ok(n) = stream.read(&mut bytes) {
            if n == 0 {
                break;
            }
            HEARD.fetch_add(n as u64, Relaxed);
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    passes(
        address,
        r#"
        const headers = { "content-length": "5", host: "elsewhere", connection: "close" };
        eq((await fetch("http://SERVER/", { method: "POST", body: new Uint8Array(3000000), headers })).status, 200);
        "#,
    );
    // A part of it may have been read with the head.
    let heard = HEARD.load(Relaxed);
    assert!((2_990_000..=3_000_000).contains(&heard), "{heard}");
}

#[test]
fn programs_that_replace_methods_break_nothing_and_learn_nothing() {
    let (address, _requests) = says(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 19\r\ncontent-type: application/json\r\nset-cookie: a=b\r\n\r\n{\"__proto__\":[1,2]}",
    );
    passes(
        address,
        r#"
        const { text, json } = Response.prototype;
        const { apply, ownKeys, defineProperty, getPrototypeOf } = Reflect;
        const { isArray } = Array;
        const taken = { __proto__: null };
        const leak = (name) => function () { taken[name] = true; throw new Error(`${name} was called`); };
        const poison = (prototype, name) => {
          const keys = ownKeys(prototype);
          for (let i = 0; i < keys.length; i++) {
            const key = keys[i];
            if (key === "constructor" || key === Symbol.toStringTag || key === Symbol.unscopables) continue;
            try { defineProperty(prototype, key, { configurable: true, get: undefined, value: leak(`${name}.${String(key)}`) }); } catch {}
          }
        };
        const spared = [Array, Promise, Headers, Response, Request, ReadableStream, Map, WeakMap, FormData, Blob];
        for (let i = 0; i < spared.length; i++) poison(spared[i].prototype, spared[i].name);
        poison(getPrototypeOf(Uint8Array.prototype), "TypedArray");
        poison(getPrototypeOf(getPrototypeOf(function* () {}.prototype)), "Generator");
        Promise.resolve = Promise.withResolvers = leak("Promise.resolve");
        globalThis.Promise = globalThis.Headers = globalThis.Uint8Array = globalThis.TypeError = leak("global");
        JSON.parse = leak("JSON.parse");
        const response = await fetch("http://SERVER/", { method: "POST", body: "abc", headers: { a: "b" } });
        const value = await apply(json, response, []);
        eq(isArray(value.__proto__), true);
        eq({}.x, undefined);
        const other = await fetch("http://SERVER/");
        eq(await apply(text, other, []), '{"__proto__":[1,2]}');
        let names = "";
        for (const name in taken) names += `${name} `;
        eq(names, "");
        "#,
    );
}
