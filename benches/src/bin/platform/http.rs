//! Servers and fetches: requests that are answered in fresh contexts and in kept ones, and 100 MB that come.

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
const NODE_SERVER: &str = "const server = require('http').createServer((request, response) => response.end('hello'));
server.listen(0, '127.0.0.1', () => console.error(`serving at http://127.0.0.1:${server.address().port}/`));\n";
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

    /// Asks and reads on all connections in turn, as long as a round takes; microseconds for each request.
    fn round(&mut self) -> Result<f64> {
        const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n\r\n";
        let begun = Instant::now();
        let mut answered = 0;
        while begun.elapsed() < ROUND {
            for stream in &mut self.streams {
                stream.write_all(REQUEST)?;
            }
            for stream in &mut self.streams {
                let mut have = 0;
                while !self.buffer[..have].ends_with(b"\r\n\r\nhello")
                    && !self.buffer[..have].ends_with(b"\r\n0\r\n\r\n")
                {
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

pub fn measure(report: &Report) -> Result<()> {
    let Some(node) = process::find("node", "B8G_NODE") else {
        report.skip("HTTP", "no node on the path");
        return Ok(());
    };
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("hello.js");
    std::fs::write(&file, SERVER)?;
    serve(report, &node, &file)?;
    fetch(report, &node, directory.path())
}

fn serve(report: &Report, node: &Path, file: &Path) -> Result<()> {
    let theirs = Serving::start(Command::new(node).args(["-e", NODE_SERVER]))?;
    let b8g = process::b8g()?;
    let ours = |flags: &[&str]| {
        let mut command = Command::new(&b8g);
        Serving::start(command.args(["serve-http", "--listen=127.0.0.1:0"]).args(flags).arg(file))
    };
    let (fresh, kept) = (ours(&[])?, ours(&["--keep-alive=1000000"])?);
    let mut loads = [Load::new(theirs.address)?, Load::new(fresh.address)?, Load::new(kept.address)?];
    let [node_load, fresh_load, kept_load] = &mut loads;
    let mut acts: [&mut dyn FnMut() -> f64; 3] = [
        &mut || node_load.round().unwrap_or_else(failed("node")),
        &mut || fresh_load.round().unwrap_or_else(failed("b8g, fresh contexts")),
        &mut || kept_load.round().unwrap_or_else(failed("b8g, kept contexts")),
    ];
    let times = in_turn(ROUNDS, &mut acts);
    for (name, times_ours, at_most) in [
        ("a request, each in a fresh context of one image", &times[1], 4.0),
        ("a request, in contexts that are kept", &times[2], 1.0 / 0.6),
    ] {
        let peer = Peer::compared("node http", times_ours, &times[0]);
        report.add(Figure {
            name: name.into(),
            value: median(times_ours),
            unit: "us",
            peer: Some(peer),
            n: ROUNDS,
            at_most: Some(at_most),
        });
    }
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
        let mut acts: [&mut dyn FnMut() -> f64; 2] =
            [&mut || printed(&mut Command::new(node)).unwrap_or_else(failed("node")), &mut || {
                let mut command = Command::new(&b8g);
                printed(command.args(["run", "--memory=1G", &allowed])).unwrap_or_else(failed("b8g"))
            }];
        let times = in_turn(FETCH_ROUNDS, &mut acts);
        report.add(Figure {
            name: format!("100 MB fetched, taken by {take}()"),
            value: median(&times[1]),
            unit: "ms",
            peer: Some(Peer::compared("node fetch", &times[1], &times[0])),
            n: FETCH_ROUNDS,
            at_most: Some(2.0),
        });
    }
    Ok(())
}
