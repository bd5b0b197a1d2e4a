//! `b8g serve-http` with JavaScript and TypeScript: fresh contexts, kept ones, bodies that flow, and programs that misbehave.

mod common;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use common::Place;
use common::serving::Serving;

const SERVER: &str = r#"let count: number = 0;
const evaluated: number = Math.random();
export default {
  async fetch(request: Request, context: { waitUntil(promise: Promise<unknown>): void }): Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/count": return new Response(`${++count}`);
      case "/evaluated": return new Response(`${evaluated}`);
      case "/throw": throw new Error("oops");
      case "/loop": for (;;);
      case "/never": return new Promise<Response>(() => {});
      case "/grow": { const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(all.length)); }
      case "/exit": { const { exit } = await import("b8g"); exit(3); }
      case "/number": return 5 as unknown as Response;
      case "/short": return new Response(new Blob(["ab"]).stream(), { headers: { "content-length": "3" } });
      case "/stream-fails": return new Response(new ReadableStream({ pull() { throw new Error("no more"); } }));
      case "/left": setInterval(() => {}, 10); return new Response(`${++count}`);
      case "/later": {
        context.waitUntil(new Promise<void>((resolve) => setTimeout(() => { console.error("done later"); resolve(); }, 100)));
        return new Response("now");
      }
      case "/echo": return new Response(request.body, { headers: { "x-type": request.headers.get("content-type") ?? "none" } });
      case "/text": return Response.json({ got: await request.text(), method: request.method, used: request.bodyUsed });
      case "/form": return Response.json([...(await request.formData()).keys()]);
      case "/fields": return new Response(null, { status: 204, headers: [["set-cookie", "a=1"], ["set-cookie", "b=2"], ["connection", "x"]] });
      case "/large": return new Response("x".repeat(1_000_000));
      case "/drip": {
        request.signal.addEventListener("abort", () => console.error("the client is gone"));
        return new Response(new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 20));
            controller.enqueue(new TextEncoder().encode("drop "));
          },
          cancel(reason) { console.error("cancelled"); },
        }));
      }
      case "/wait": {
        await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
        console.error("nobody waits any more");
        return new Response("for nobody");
      }
      default: return new Response(`no ${pathname}`, { status: 404 });
    }
  },
};
"#;

fn place() -> Place {
    Place::new().with("server.ts", SERVER)
}

#[test]
fn each_request_goes_on_from_one_evaluation() {
    let place = place();
    let serving = Serving::start(&place, &[], "server.ts");
    let evaluated = serving.get("/evaluated");
    for _ in 0..20 {
        assert_eq!(serving.get("/count"), (200, "1".into()));
        assert_eq!(serving.get("/evaluated"), evaluated);
    }
    assert_eq!(serving.get("/nothing"), (404, "no /nothing".into()));
    let (code, said) = serving.stop("-TERM");
    assert_eq!((code, said), (Some(0), String::new()));
}

#[test]
fn a_kept_context_answers_so_many_requests() {
    let place = place();
    let flags = ["--keep-alive=3", "--concurrency=1", "--timeout=2s"];
    let serving = Serving::start(&place, &flags, "server.ts");
    let counts = |n: usize| (0..n).map(|_| serving.get("/count").1).collect::<Vec<_>>();
    assert_eq!(counts(7), ["1", "2", "3", "1", "2", "3", "1"]);
    // What a handler throws ends nothing but its request.
    assert_eq!(serving.get("/throw").0, 500);
    assert_eq!(counts(1), ["2"]);
    // One that has something left to do is replaced.
    assert_eq!(serving.get("/left"), (200, "1".into()));
    assert_eq!(counts(2), ["1", "2"]);
    // Each request has a time of its own.
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(counts(1), ["3"]);
    assert_eq!(serving.get("/loop").0, 500);
    assert_eq!(counts(1), ["1"]);
    let (code, said) = serving.stop("-TERM");
    assert_eq!(code, Some(0));
    assert!(said.contains("oops") && said.contains("still running after 2s"), "{said}");
}

#[test]
fn what_a_handler_throws_ends_nothing_else() {
    let place = place();
    let flags = ["--keep-alive=100", "--concurrency=1", "--json"];
    let serving = Serving::start(&place, &flags, "server.ts");
    assert_eq!(serving.get("/count"), (200, "1".into()));
    for path in ["/throw", "/number"] {
        assert_eq!(serving.get(path), (500, String::new()), "{path}");
    }
    for path in ["/short", "/stream-fails"] {
        assert!(!serving.ask("GET", path, "", b"").ends_with("0\r\n\r\n"), "{path}");
    }
    assert_eq!(serving.get("/count"), (200, "2".into()));
    let (_, said) = serving.stop("-TERM");
    let reasons: Vec<(String, String)> = said
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .map(|line| (line["path"].as_str().unwrap().into(), line["reason"].as_str().unwrap().into()))
        .collect();
    let reason = |path: &str| &reasons.iter().find(|(of, _)| of == path).unwrap().1;
    for path in ["/throw", "/number", "/short", "/stream-fails"] {
        assert_eq!(reason(path), "error", "{path}: {said}");
    }
    assert_eq!(reason("/count"), "exit");
}

#[test]
fn one_that_misbehaves_disturbs_no_other() {
    let place = place();
    let serving =
        Serving::start(&place, &["--timeout=2s", "--memory=16M", "--json", "--concurrency=4"], "server.ts");
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| serving.get("/loop"));
        for path in ["/throw", "/never", "/grow", "/exit", "/number"] {
            assert_eq!(serving.get(path), (500, String::new()), "{path}");
            assert_eq!(serving.get("/count"), (200, "1".into()), "after {path}");
        }
        assert_eq!(slow.join().unwrap().0, 500);
    });
    let (code, said) = serving.stop("-TERM");
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> =
        said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |path: &str| {
        lines.iter().find(|line| line["path"] == path).unwrap_or_else(|| panic!("{path}: {said}"))
    };
    for (path, reason, words) in [
        ("/throw", "error", "server.ts:9:"),
        ("/loop", "timeout", "still running"),
        ("/never", "error", "never settled"),
        ("/grow", "memory", "memory"),
        ("/exit", "exit", ""),
        ("/number", "error", "must answer with a Response"),
    ] {
        let line = of(path);
        assert_eq!((&line["reason"], &line["status"]), (&reason.into(), &500.into()), "{line}");
        assert!(line["message"].as_str().unwrap().contains(words), "{line}");
    }
}

#[test]
fn bodies_flow_in_both_directions() {
    let place = place();
    let serving = Serving::start(&place, &[], "server.ts");
    let body: Vec<u8> = (0..300_000u32).map(|n| b'a' + (n % 23) as u8).collect();
    let answer = serving.ask("POST", "/echo", "Content-Type: t/x\r\n", &body);
    assert!(
        answer.contains("x-type: t/x") && answer.contains("transfer-encoding: chunked"),
        "{}",
        &answer[..300]
    );
    let answer = serving.ask("POST", "/text", "", "hé".as_bytes());
    assert!(answer.ends_with(r#"{"got":"hé","method":"POST","used":true}"#), "{answer}");
    let form = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n";
    let answer =
        serving.ask("POST", "/form", "Content-Type: multipart/form-data; boundary=x\r\n", form.as_bytes());
    assert!(answer.ends_with(r#"["a"]"#), "{answer}");
    let answer = serving.ask("GET", "/large", "", b"");
    assert!(answer.contains("content-length: 1000000") && answer.len() > 1_000_000, "{}", answer.len());
    let answer = serving.ask("HEAD", "/large", "", b"");
    assert!(answer.contains("content-length: 1000000") && answer.ends_with("\r\n\r\n"), "{answer}");
    let answer = serving.ask("GET", "/fields", "", b"");
    assert!(
        answer.starts_with("HTTP/1.1 204 ") && answer.contains("set-cookie: a=1\r\nset-cookie: b=2"),
        "{answer}"
    );
    assert!(!answer.contains("connection: x"), "{answer}");
    for path in ["/short", "/stream-fails"] {
        let answer = serving.ask("GET", path, "", b"");
        assert!(!answer.ends_with("0\r\n\r\n"), "{path}: {answer}");
    }
    let (_, said) = serving.stop("-TERM");
    assert!(said.contains("shorter than its head says") && said.contains("no more"), "{said}");
}

#[test]
fn who_goes_away_is_noticed() {
    let place = place();
    let mut serving = Serving::start(&place, &["--timeout=20s"], "server.ts");
    for (path, first, words) in [
        ("/drip", "drop ", &["the client is gone", "cancelled"][..]),
        ("/wait", "", &["nobody waits any more"]),
    ] {
        let mut stream = serving.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut got = String::new();
        while !got.contains(first) {
            let mut piece = [0; 1000];
            let n = stream.read(&mut piece).unwrap();
            got.push_str(&String::from_utf8_lossy(&piece[..n]));
        }
        if first.is_empty() {
            std::thread::sleep(Duration::from_millis(300));
        }
        drop(stream);
        let gone = Instant::now();
        let mut lines: Vec<String> = words.iter().map(|_| serving.line().trim_end().to_owned()).collect();
        lines.sort();
        let mut expected = words.to_vec();
        expected.sort_unstable();
        assert_eq!(lines, expected, "{path}");
        assert!(gone.elapsed() < Duration::from_secs(15), "{:?}", gone.elapsed());
    }
    assert_eq!(serving.get("/later"), (200, "now".into()));
    assert_eq!(serving.line(), "done later\n");
    serving.stop("-TERM");
}

#[test]
fn answers_can_come_from_elsewhere() {
    let place = place();
    let upstream = Serving::start(&place, &[], "server.ts");
    let proxy = r#"export default {
      async fetch(request) {
        const url = new URL(request.url);
        url.host = url.pathname === "/far" ? "127.0.0.1:1" : "UPSTREAM";
        try {
          return await fetch(new Request(url, request));
        } catch (error) {
          return new Response(error.cause.message, { status: 502 });
        }
      },
    };"#;
    let place = place.with("proxy.js", proxy.replace("UPSTREAM", &upstream.address));
    let allowed = format!("--allow-net={}", upstream.address);
    for flags in [&[&allowed[..]][..], &[&allowed, "--keep-alive=10"]] {
        let serving = Serving::start(&place, flags, "proxy.js");
        let body: Vec<u8> = (0..200_000u32).map(|n| b'a' + (n % 23) as u8).collect();
        let answer = serving.ask("POST", "/text", "X-Y: z\r\n", &body);
        assert!(answer.contains(r#""method":"POST""#) && answer.len() > body.len(), "{}", answer.len());
        assert!(serving.ask("GET", "/large", "", b"").contains("content-length: 1000000"));
        assert!(serving.ask("GET", "/fields", "", b"").contains("set-cookie: a=1\r\nset-cookie: b=2"));
        let (status, text) = serving.get("/far");
        assert!(status == 502 && text.contains("--allow-net=127.0.0.1:1"), "{status} {text}");
        assert_eq!(serving.stop("-TERM").0, Some(0));
    }
}

#[test]
fn images_and_other_modules_are_served() {
    let place = place()
        .with("server.cjs", "let n = 0;\nmodule.exports = { fetch: () => new Response(`common ${++n}`) };\n");
    place.b8g(&["build", "--quiet", "server.ts"]).code(0);
    for (file, path, answer) in [("server.b8g", "/count", "1"), ("server.cjs", "/", "common 1")] {
        let serving = Serving::start(&place, &[], file);
        for _ in 0..3 {
            assert_eq!(serving.get(path), (200, answer.into()), "{file}");
        }
        assert_eq!(serving.stop("-TERM").0, Some(0));
    }
}

#[test]
fn what_answers_nothing_is_refused() {
    let place = Place::new()
        .with("main.js", "export function main() {}\n")
        .with("object.js", "export default { fetch: 5 };\n")
        .with("throws.js", "throw new Error('at once');\n")
        .with("ends.js", "import { exit } from 'b8g';\nexit(7);\n")
        .with("later.js", "await new Promise((r) => setTimeout(r, 50));\nsetInterval(() => {}, 1000);\nexport default { fetch: () => new Response('late') };\n");
    for file in ["main.js", "object.js"] {
        place.b8g(&["serve-http", file]).code(2).says("export default { fetch(request)");
    }
    place.b8g(&["serve-http", "throws.js"]).code(1).says("at once");
    place.b8g(&["serve-http", "ends.js"]).code(7).says("ended by itself");
    place.b8g(&["serve-http", "--keep-alive=0", "main.js"]).code(2).says("keep-alive");
    // A top level that waits, and leaves a timer, can be frozen.
    let serving = Serving::start(&place, &["--keep-alive=5"], "later.js");
    assert_eq!(serving.get("/"), (200, "late".into()));
    assert_eq!(serving.stop("-TERM"), (Some(0), String::new()));
}
