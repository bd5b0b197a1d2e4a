//! Servers and fetches: requests that are answered in fresh contexts and in kept ones, and 100 MB that come.
//!
//! Each number of ours has a peer of the same run: node, and deno, bun and workerd where they are found (B8G_DENO, B8G_BUN,
//! B8G_WORKERD).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use b8g_benches::{Figure, Peer, Report, in_turn, median, process, us};

/// Connections of the load, each with one request under way.
const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_millis(1500);
const ROUNDS: usize = 7;
/// Of what is fetched.
const BYTES: usize = 100_000_000;
const FETCH_ROUNDS: usize = 7;

const SERVER: &str = "export default { fetch(request) { return new Response('hello') } };\n";
/// It keeps connections, as the others do, while the peers take their turns.
const NODE_SERVER: &str = "const server = require('http').createServer((request, response) => response.end('hello'));
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => console.error(`serving at http://127.0.0.1:${server.address().port}/`));\n";
const DENO_SERVER: &str = "Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.error(`serving at http://127.0.0.1:${port}/`) },
  () => new Response('hello'));\n";
const BUN_SERVER: &str =
    "const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('hello') });
console.error(`serving at http://127.0.0.1:${server.port}/`);\n";
/// workerd with the program above as it is, or in an isolate of its own for each request, as its loader makes them.
const WORKERD: &str = r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .main) ],
  sockets = [ (name = "http", address = "ADDRESS", http = (), service = "main") ] );
const main :Workerd.Worker = (
  modules = [ (name = "hello.js", esModule = embed "FILE") ],
  compatibilityDate = "2025-06-01",
  compatibilityFlags = ["experimental"],
  bindings = [ (name = "LOADER", workerLoader = ()) ] );
"#;
const ISOLATES: &str = "let n = 0;
const code = () => ({ compatibilityDate: '2025-06-01', mainModule: 'hello.js', modules: { 'hello.js': SERVER }, globalOutbound: null });
export default { fetch: (request, env) => env.LOADER.get(`${++n}`, code).getEntrypoint().fetch(request) };\n";
/// An isolate that was made stays: rounds of those are short.
const ISOLATE_ROUND: Duration = Duration::from_millis(400);
/// How long a server that does not say where it is has to be there.
const PATIENCE: Duration = Duration::from_secs(20);
/// Prints the milliseconds of the second fetch: the first makes the connection and lets a compiler see the code.
const FETCH: &str = "const fetched = async (take) => {
  const begun = performance.now();
  const got = await (await fetch(URL_OF_IT))[take]();
  if ((got.byteLength ?? got.length) !== 100000000) throw new Error('cut');
  return performance.now() - begun;
};
await fetched('TAKE');
console.log(await fetched('TAKE'));\n";

/// A server that runs, and where.
struct Serving {
    child: Child,
    address: SocketAddr,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    fn start(command: &mut Command) -> Result<Serving> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let said = child.stderr.take().context("no standard error")?;
        let mut said = BufReader::new(said);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let address = line.trim_end().trim_end_matches('/').rsplit("http://").next().unwrap_or_default();
        let address = address.parse().with_context(|| format!("it said {line:?}"))?;
        // Whatever it says later has somewhere to go.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Ok(Serving { child, address })
    }

    /// A workerd that serves a file; `name` is what its configuration is called.
    fn workerd(workerd: &Path, file: &Path, name: &str) -> Result<Serving> {
        // A port that was free a moment ago.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = file.with_file_name(name);
        let served = file.file_name().and_then(|name| name.to_str()).context("a file without a name")?;
        std::fs::write(&config, WORKERD.replace("ADDRESS", &address.to_string()).replace("FILE", served))?;
        let mut command = Command::new(workerd);
        command.args(["serve", "--experimental"]).arg(&config);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let serving = Serving { child, address };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            ensure!(begun.elapsed() < PATIENCE, "workerd does not serve");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(serving)
    }
}

/// Connections that are kept, and what their answers look like.
struct Load {
    streams: Vec<TcpStream>,
    buffer: Vec<u8>,
}

impl Load {
    fn new(address: SocketAddr) -> Result<Load> {
        let connect = |_| {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(30)))?;
            Ok(stream)
        };
        let streams = (0..CONNECTIONS).map(connect).collect::<Result<Vec<_>>>()?;
        Ok(Load { streams, buffer: vec![0; 4096] })
    }

    /// Asks and reads on all connections in turn, as long as that; microseconds for each request.
    fn round(&mut self, time: Duration) -> Result<f64> {
        const ENDS: [&[u8]; 2] = [b"\r\n\r\nhello", b"\r\n0\r\n\r\n"];
        const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n\r\n";
        let begun = Instant::now();
        let mut answered = 0;
        while begun.elapsed() < time {
            for stream in &mut self.streams {
                stream.write_all(REQUEST)?;
            }
            for stream in &mut self.streams {
                let mut have = 0;
                while !ENDS.iter().any(|end| self.buffer[..have].ends_with(end)) {
                    let n = stream.read(&mut self.buffer[have..])?;
                    ensure!(n > 0 && have + n < self.buffer.len(), "a connection ended, or said too much");
                    have += n;
                }
                ensure!(self.buffer.starts_with(b"HTTP/1.1 200 "), "it was not answered well");
                answered += 1;
            }
        }
        Ok(us(begun.elapsed()) / f64::from(answered))
    }
}

fn failed(text: &str) -> impl Fn(anyhow::Error) -> f64 {
    let text = text.to_owned();
    move |error| {
        eprintln!("{text}: {error:#}");
        f64::NAN
    }
}

pub fn measure(report: &Report, node: &Path) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("hello.js");
    std::fs::write(&file, SERVER)?;
    serve(report, node, &file)?;
    fetch(report, node, directory.path())
}

/// A peer's server with its load.
struct Theirs {
    name: &'static str,
    load: Load,
    _serving: Serving,
}

impl Theirs {
    fn new(name: &'static str, serving: Result<Serving>) -> Result<Theirs> {
        let serving = serving.with_context(|| name.to_owned())?;
        Ok(Theirs { name, load: Load::new(serving.address)?, _serving: serving })
    }
}

/// Those that are there, node first.
fn peers(report: &Report, node: &Path, directory: &Path, file: &Path) -> Result<Vec<Theirs>> {
    let mut peers =
        vec![Theirs::new("node http", Serving::start(Command::new(node).args(["-e", NODE_SERVER])))?];
    for (name, variable, source, flags) in [
        ("deno", "B8G_DENO", DENO_SERVER, &["run", "--quiet", "--allow-net"][..]),
        ("bun", "B8G_BUN", BUN_SERVER, &["run"]),
    ] {
        let Some(program) = process::find(name, variable) else {
            report.skip(name, "it is not on the path");
            continue;
        };
        let file = directory.join(format!("{name}.js"));
        std::fs::write(&file, source)?;
        peers.push(Theirs::new(name, Serving::start(Command::new(program).args(flags).arg(file)))?);
    }
    match process::find("workerd", "B8G_WORKERD") {
        Some(workerd) => {
            peers.push(Theirs::new("workerd", Serving::workerd(&workerd, file, "kept.capnp"))?);
        }
        None => report.skip("workerd", "it is not on the path"),
    }
    Ok(peers)
}

fn serve(report: &Report, node: &Path, file: &Path) -> Result<()> {
    let directory = file.parent().context("a file in a directory")?;
    let b8g = process::b8g()?;
    let ours = |flags: &[&str]| {
        let mut command = Command::new(&b8g);
        Serving::start(command.args(["serve-http", "--listen=127.0.0.1:0"]).args(flags).arg(file))
    };
    let (fresh, kept) = (ours(&[])?, ours(&["--keep-alive=1000000"])?);
    let mut peers = peers(report, node, directory, file)?;
    let mut loads = [Load::new(fresh.address)?, Load::new(kept.address)?];
    let [fresh_load, kept_load] = &mut loads;
    let names: Vec<&str> = peers.iter().map(|peer| peer.name).collect();
    let mut fresh_round = || fresh_load.round(ROUND).unwrap_or_else(failed("b8g, fresh contexts"));
    let mut kept_round = || kept_load.round(ROUND).unwrap_or_else(failed("b8g, kept contexts"));
    let mut theirs: Vec<_> =
        peers.iter_mut().map(|peer| || peer.load.round(ROUND).unwrap_or_else(failed(peer.name))).collect();
    let mut acts: Vec<&mut dyn FnMut() -> f64> = vec![&mut fresh_round, &mut kept_round];
    acts.extend(theirs.iter_mut().map(|act| act as &mut dyn FnMut() -> f64));
    let times = in_turn(ROUNDS, &mut acts);
    for (peer, of_peer) in names.iter().zip(&times[2..]) {
        // What is promised is promised against node.
        let promised = |at_most: f64| (*peer == "node http").then_some(at_most);
        for (name, ours, at_most) in [
            ("a request, each in a fresh context of one image", &times[0], promised(4.0)),
            ("a request, in contexts that are kept", &times[1], promised(1.0 / 0.6)),
        ] {
            report.add(Figure {
                name: name.into(),
                value: median(ours),
                unit: "us",
                peer: Some(Peer::compared(peer, ours, of_peer)),
                n: ROUNDS,
                at_most,
            });
        }
    }
    drop(peers);
    isolates(report, fresh_load, directory)
}

/// A request in a fresh context against one in a fresh isolate of workerd.
fn isolates(report: &Report, fresh: &mut Load, directory: &Path) -> Result<()> {
    let Some(workerd) = process::find("workerd", "B8G_WORKERD") else { return Ok(()) };
    let file = directory.join("isolates.js");
    std::fs::write(&file, ISOLATES.replace("SERVER", &format!("{SERVER:?}")))?;
    let serving = Serving::workerd(&workerd, &file, "isolates.capnp")?;
    let mut load = Load::new(serving.address)?;
    let mut acts: [&mut dyn FnMut() -> f64; 2] =
        [&mut || fresh.round(ISOLATE_ROUND).unwrap_or_else(failed("b8g, fresh contexts")), &mut || {
            load.round(ISOLATE_ROUND).unwrap_or_else(failed("workerd, fresh isolates"))
        }];
    let times = in_turn(ROUNDS, &mut acts);
    report.add(Figure {
        name: "a request, each in a fresh context; theirs in a fresh isolate".into(),
        value: median(&times[0]),
        unit: "us",
        peer: Some(Peer::compared("workerd's loader", &times[0], &times[1])),
        n: ROUNDS,
        at_most: Some(1.0 / 20.0),
    });
    Ok(())
}

/// Answers everything with as many bytes.
fn sender() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        let piece = vec![b'x'; 1 << 20];
        for mut stream in listener.incoming().flatten() {
            let piece = piece.clone();
            std::thread::spawn(move || -> std::io::Result<()> {
                let mut from = BufReader::new(stream.try_clone()?);
                let mut line = String::new();
                while from.read_line(&mut line)? > 0 {
                    if line == "\r\n" {
                        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n")?;
                        let mut left = BYTES;
                        while left > 0 {
                            let now = left.min(piece.len());
                            stream.write_all(&piece[..now])?;
                            left -= now;
                        }
                    }
                    line.clear();
                }
                Ok(())
            });
        }
    });
    Ok(address)
}

fn fetch(report: &Report, node: &Path, directory: &Path) -> Result<()> {
    let address = sender()?;
    let b8g = process::b8g()?;
    for take in ["arrayBuffer", "text"] {
        let file: PathBuf = directory.join(format!("{take}.mjs"));
        let source = FETCH.replace("URL_OF_IT", &format!("'http://{address}/'")).replace("TAKE", take);
        std::fs::write(&file, source)?;
        let printed = |command: &mut Command| -> Result<f64> {
            let output = command.arg(&file).stderr(Stdio::inherit()).output()?;
            Ok(String::from_utf8(output.stdout)?.trim().parse()?)
        };
        let allowed = format!("--allow-net={address}");
        let mut programs = vec![
            ("b8g", b8g.clone(), vec!["run", "--memory=1G", &allowed]),
            ("node fetch", node.to_owned(), vec![]),
        ];
        for (name, variable, flags) in
            [("deno", "B8G_DENO", vec!["run", "--quiet", "--allow-net"]), ("bun", "B8G_BUN", vec!["run"])]
        {
            programs.extend(process::find(name, variable).map(|program| (name, program, flags)));
        }
        let mut runs: Vec<_> = programs
            .iter()
            .map(|(name, program, flags)| {
                move || printed(Command::new(program).args(flags)).unwrap_or_else(failed(name))
            })
            .collect();
        let mut acts: Vec<&mut dyn FnMut() -> f64> =
            runs.iter_mut().map(|act| act as &mut dyn FnMut() -> f64).collect();
        let times = in_turn(FETCH_ROUNDS, &mut acts);
        for (at, (peer, ..)) in programs.iter().enumerate().skip(1) {
            report.add(Figure {
                name: format!("100 MB fetched, taken by {take}()"),
                value: median(&times[0]),
                unit: "ms",
                peer: Some(Peer::compared(peer, &times[0], &times[at])),
                n: FETCH_ROUNDS,
                at_most: (at == 1).then_some(2.0),
            });
        }
    }
    Ok(())
}
