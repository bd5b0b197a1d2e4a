//! `b8g serve-http`: a component that answers requests of HTTP, in a fresh context for each.
//!
//! Start at [`serve`]. Who asks hears nothing of why a context failed: that goes to standard error.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use b8g::{Component, Config, HttpRequest, HttpServer, HttpServerOptions, Limits, Outcome, Reason};
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
    let ready = plan.ready(&engine, &program, &finish)?;
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
    let work = Work { ready, console, limits: plan.limits.clone(), json: args.json };
    thread::scope(|scope| {
        for _ in 0..threads {
            let named = thread::Builder::new().name("b8g-answer".into()).stack_size(STACK_BYTES);
            let answer = || {
                while let Some(request) = server.next_request() {
                    work.answer(request);
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
    if component.is_http_handler() {
        return Ok(());
    }
    let why = "it exports neither wasi:http/incoming-handler nor wasi:http/handler";
    Err(Failure::usage(format!("{} answers no requests of HTTP: {why}", shown(&program.path))))
}

/// What all threads share.
struct Work {
    ready: Ready,
    console: Console,
    limits: Limits,
    json: bool,
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
    fn answer(&self, request: HttpRequest) {
        let (method, path) = request.line();
        let arrived = request.arrived();
        let answered = match self.ready.context(0) {
            Ok(mut context) => context.answer(request).map_err(|error| error.to_string()),
            Err(failure) => Err(failure.text),
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
