//! `b8g serve-http`: a component that answers requests of HTTP, in a fresh context for each, or in one that is kept alive.
//!
//! Start at [`serve`]. Who asks hears nothing of why a context failed: that goes to standard error.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use b8g::{
    Component, Config, Context, HttpRequest, HttpServer, HttpServerOptions, Limits, Outcome, Reason,
    SnapshotError,
};
use serde::Serialize;

use crate::args::ServeArgs;
use crate::console::{Console, printable};
use crate::failure::Failure;
use crate::finish::exit;
use crate::grants::flag_of;
use crate::message::{self, Ended};
use crate::program::{Program, shown};
use crate::run::{Plan, Ready, fail};
use crate::signals;

/// The machine stack of a thread that answers.
const STACK_BYTES: usize = 8 << 20;
/// The port when none is named.
const PORT_DEFAULT: u16 = 8080;
/// Requests that a processor answers at a time: most of them wait for something.
const REQUESTS_PER_PROCESSOR: usize = 4;
/// What a request may take when nothing is said.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
/// How long answers have to get to who asked, once all is answered.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// Serves until a signal comes. The process ends then.
pub fn serve(args: ServeArgs) -> ! {
    let mut args = args;
    let console = Console::new(args.run.color, args.run.quiet);
    args.run.limits.timeout.get_or_insert(TIMEOUT_DEFAULT);
    match run(&args, console) {
        Ok(()) => exit(0),
        Err(failure) => fail(console, &failure),
    }
}

fn run(args: &ServeArgs, console: Console) -> Result<(), Failure> {
    let address = address(&args.listen)?;
    if args.run.report.is_some() || args.run.invoke.is_some() {
        return Err(Failure::usage(
            "b8g serve-http knows neither --report nor --invoke; see --json".to_owned(),
        ));
    }
    // Before any other thread is made.
    let listening: Arc<OnceLock<Arc<HttpServer>>> = Arc::default();
    let heard = listening.clone();
    let mut stopped = false;
    let on_signal = move |signal| match heard.get().filter(|_| !std::mem::replace(&mut stopped, true)) {
        Some(server) => server.stop(),
        None => signals::die_of(signal),
    };
    signals::listen(on_signal)
        .map_err(|error| Failure::error(format!("cannot wait for signals: {error}")))?;
    let plan = Plan::for_requests(&args.run, console);
    let finish = plan.finish(console)?;
    let program = plan.find()?;
    let engine = plan.engine(Config::new())?;
    let mut ready = plan.ready(&engine, &program, &finish)?;
    if ready.is_javascript() {
        let limits = ready.limits().clone();
        evaluate(&mut ready, &program, &limits, console)?;
    } else if args.keep_alive.is_some() {
        return Err(Failure::usage(
            "--keep-alive is for JavaScript programs: others end with each request".to_owned(),
        ));
    }
    // What every request would fail of is told now.
    drop(ready.context(0)?);
    let cannot = |error| Failure::error(format!("cannot listen at {address}: {error}"));
    let server = Arc::new(HttpServer::listen(address, HttpServerOptions::default()).map_err(cannot)?);
    let _ = listening.set(server.clone());
    if !console.quiet {
        let path = plan.path();
        console.say(&console.line(&format!("serving {} at http://{}/", shown(&path), server.address())));
    }
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = args.concurrency.map_or(processors * REQUESTS_PER_PROCESSOR, |n| n.max(1) as usize);
    let keep_alive = args.keep_alive.unwrap_or(1);
    let limits = ready.limits().clone();
    let work = Work { ready, console, limits, json: args.json, keep_alive };
    thread::scope(|scope| {
        for _ in 0..threads {
            let named = thread::Builder::new().name("b8g-answer".into()).stack_size(STACK_BYTES);
            let answer = || {
                let mut kept = None;
                while let Some(request) = server.next_request() {
                    kept = work.answer(request, kept);
                }
            };
            if let Err(error) = named.spawn_scoped(scope, answer) {
                server.stop();
                return Err(Failure::error(format!("cannot start a thread: {error}")));
            }
        }
        Ok(())
    })?;
    server.wait(LAST_ANSWERS);
    Ok(())
}

/// `ADDR`, `ADDR:PORT`; an address of version 6 with a port stands in brackets.
fn address(text: &str) -> Result<SocketAddr, Failure> {
    let named = if text == "localhost" || text.starts_with("localhost:") {
        text.replacen("localhost", "127.0.0.1", 1)
    } else {
        text.to_owned()
    };
    let alone = || named.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, PORT_DEFAULT));
    named.parse().ok().or_else(alone).ok_or_else(|| {
        Failure::usage(format!("--listen={text} is no address: write 127.0.0.1:8080, 0.0.0.0 or [::1]:80"))
    })
}

/// Refuses a component that answers nothing.
pub fn check_handler(program: &Program, component: &Component) -> Result<(), Failure> {
    // What a JavaScript program exports is known when it has run.
    if component.is_http_handler() || !component.is_wasm() {
        return Ok(());
    }
    let why = "it exports neither wasi:http/incoming-handler nor wasi:http/handler";
    Err(Failure::usage(format!("{} answers no requests of HTTP: {why}", shown(&program.path))))
}

/// Evaluates a program once, and freezes it where it can answer requests: each goes on from there.
fn evaluate(ready: &mut Ready, program: &Program, limits: &Limits, console: Console) -> Result<(), Failure> {
    let name = shown(&program.path);
    let mut context = ready.context(0)?;
    match context.has_handler() {
        Ok(true) => {}
        Ok(false) => {
            let how = "write `export default { fetch(request) { return new Response(…) } }`";
            return Err(Failure::usage(format!("{name} answers no requests of HTTP: {how}")));
        }
        Err(outcome) => {
            let ended = Ended { outcome: &outcome, limits, granted: ready.granted(), signal: None };
            console.say(&message::ending(console, &ended));
            let what = match outcome.reason {
                Reason::Exit => format!("{name} ended by itself before it could answer a request"),
                _ => format!("{name} failed before it could answer a request"),
            };
            return Err(Failure { exit_code: outcome.exit_code.max(1), ..Failure::error(what) });
        }
    }
    match context.compact().map_err(SnapshotError::Ended).and_then(|_| context.snapshot()) {
        Ok(image) => ready.go_on_from(image),
        Err(error) => {
            let text = format!("{name} is evaluated anew for each request: {error}");
            console.say(&console.line(&text));
        }
    }
    Ok(())
}

/// What all threads share.
struct Work {
    ready: Ready,
    console: Console,
    limits: Limits,
    json: bool,
    /// Requests that a context answers at most.
    keep_alive: u32,
}

/// A context that can answer more requests, and how many it has answered.
struct Kept {
    context: Context,
    answered: u32,
}

/// A request and what became of it.
#[derive(Serialize)]
struct Line<'a> {
    method: &'a str,
    path: &'a str,
    status: u16,
    reason: &'a str,
    message: &'a str,
    /// From its arrival.
    total_ms: f64,
    wall_ms: f64,
    cpu_ms: f64,
    memory_peak_bytes: u64,
    denied: Vec<String>,
}

impl Work {
    /// Answers a request, in the context that was kept if there is one; gives back what may be kept for the next.
    fn answer(&self, request: HttpRequest, kept: Option<Kept>) -> Option<Kept> {
        let (method, path) = request.line();
        let arrived = request.arrived();
        let kept =
            kept.map_or_else(|| self.ready.context(0).map(|context| Kept { context, answered: 0 }), Ok);
        let (answered, kept) = match kept {
            Ok(Kept { mut context, answered }) => {
                let result = context.answer(request).map_err(|error| error.to_string());
                let answered = answered + 1;
                let is_kept = result.is_ok() && answered < self.keep_alive && context.is_idle();
                (result, is_kept.then_some(Kept { context, answered }))
            }
            Err(failure) => (Err(failure.text), None),
        };
        match answered {
            Ok(answered) => {
                // Status 500 is what the server says when the context did not.
                let status = answered.status.unwrap_or(500);
                self.tell(&method, &path, status, &answered.outcome, arrived);
            }
            Err(why) => {
                let text = format!("{} {}: {why}", printable(&method, false), printable(&path, false));
                self.console.say(&self.console.error(&text));
            }
        }
        kept
    }

    fn tell(&self, method: &str, path: &str, status: u16, outcome: &Outcome, arrived: Instant) {
        let granted = self.ready.granted();
        if self.json {
            let usage = &outcome.usage;
            let millis = |time: Duration| time.as_micros() as f64 / 1000.0;
            let line = Line {
                method,
                path,
                status,
                reason: outcome.reason.name(),
                message: &outcome.message,
                total_ms: millis(arrived.elapsed()),
                wall_ms: millis(usage.wall),
                cpu_ms: millis(usage.cpu),
                memory_peak_bytes: usage.memory_peak_bytes,
                denied: usage.denied.iter().map(|denial| flag_of(denial, granted)).collect(),
            };
            // Strings and numbers only: there is nothing that JSON cannot say.
            let mut line = serde_json::to_string(&line).unwrap_or_default();
            line.push('\n');
            self.console.say(&line);
            return;
        }
        let ended = Ended { outcome, limits: &self.limits, granted, signal: None };
        let text = message::ending(self.console, &ended);
        if !text.is_empty() || outcome.reason != Reason::Exit {
            let what = format!("{} {} failed", printable(method, false), printable(path, false));
            self.console.say(&format!("{}{text}", self.console.line(&what)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        let read = |text| address(text).map(|address| address.to_string()).map_err(|failure| failure.text);
        for (text, address) in [
            ("127.0.0.1", "127.0.0.1:8080"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("localhost:81", "127.0.0.1:81"),
            ("::1", "[::1]:8080"),
            ("[::]:80", "[::]:80"),
        ] {
            assert_eq!(read(text).unwrap(), address);
        }
        for bad in ["", ":80", "a.example:80", "127.0.0.1:99999", "[::1", "localhosted"] {
            assert!(read(bad).unwrap_err().contains("is no address"), "{bad}");
        }
    }
}
