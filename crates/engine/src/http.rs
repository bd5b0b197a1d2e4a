//! Servers of HTTP as an embedder has them: requests come out of a [`HttpServer`], and a context answers each.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use b8g_core::Handle;
use b8g_core::abi::event;
use b8g_core::http::{RequestHead, ResponseHead};
use b8g_http::{EXCHANGE_BYTES, Exchange as Wire, Reply, Server, ServerLimits};

use crate::context::{Context, Stage, StartError};
use crate::object::Object;
use crate::object::exchange::{EXCHANGE_RIGHTS, Exchange};
use crate::outcome::Outcome;
use crate::state::Failure;

/// How often a server that was stopped looks whether its last connection is gone.
const LAST_LOOK: Duration = Duration::from_millis(5);

/// Bounds of a server of HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct HttpServerOptions {
    /// Connections at a time; the next ones wait in the system's queue.
    pub connections_max: usize,
    /// Requests that wait for somebody who takes them; the next ones are answered with status 503.
    pub waiting_max: usize,
}

impl Default for HttpServerOptions {
    fn default() -> HttpServerOptions {
        HttpServerOptions { connections_max: 512, waiting_max: 256 }
    }
}

#[derive(Debug, Default)]
struct Waiting {
    requests: VecDeque<HttpRequest>,
    stopped: bool,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server that listens.
///
/// ```no_run
/// use b8g::{Component, Config, Context, Engine, Grants, HttpServer, HttpServerOptions, Limits};
/// let engine = Engine::new(Config::new())?;
/// let component = Component::from_file(&engine, "hello.wasm")?;
/// let server = HttpServer::listen("127.0.0.1:8080".parse()?, HttpServerOptions::default())?;
/// while let Some(request) = server.next_request() {
///     let mut context = Context::new(&component, &Grants::none(), Limits::default())?;
///     let answered = context.answer(request)?;
///     println!("{:?} {}", answered.status, answered.outcome);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HttpServer {
    server: Server,
    queue: Arc<Queue>,
}

impl HttpServer {
    /// Listens at `address`; port 0 is one that is free.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen(address: SocketAddr, options: HttpServerOptions) -> io::Result<HttpServer> {
        let queue = Arc::new(Queue::default());
        let into = queue.clone();
        let limits = ServerLimits { connections_max: options.connections_max, ..ServerLimits::default() };
        let server = Server::listen(address, limits, move |wire| {
            let mut waiting = into.lock();
            if waiting.stopped || waiting.requests.len() >= options.waiting_max {
                drop(waiting);
                refuse(&wire, 503);
                return;
            }
            waiting.requests.push_back(HttpRequest { wire, arrived: Instant::now() });
            into.changed.notify_one();
        })?;
        Ok(HttpServer { server, queue })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Waits for the next request; `None` when it was stopped and none waits any more.
    pub fn next_request(&self) -> Option<HttpRequest> {
        let mut waiting = self.queue.lock();
        loop {
            if let Some(request) = waiting.requests.pop_front() {
                return Some(request);
            }
            if waiting.stopped {
                return None;
            }
            waiting = self.queue.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Accepts no more connections and requests. Those that came already are still given out.
    pub fn stop(&self) {
        self.server.stop();
        self.queue.lock().stopped = true;
        self.queue.changed.notify_all();
    }

    /// Waits until all connections are gone, at most so long; tells whether they are.
    pub fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while self.server.connections() > 0 {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(LAST_LOOK);
        }
        true
    }
}

fn refuse(wire: &Wire, status: u16) {
    let head = ResponseHead { status, fields: Vec::new() }.to_bytes();
    // Who is gone cannot be told.
    let _ = head.and_then(|head| wire.respond(&head, Reply::Nothing));
}

/// A request that is to be answered. Dropping it answers with status 500.
#[derive(Debug)]
pub struct HttpRequest {
    wire: Wire,
    arrived: Instant,
}

impl HttpRequest {
    /// Method and path, as they were sent.
    pub fn line(&self) -> (String, String) {
        let head = self.wire.head();
        let head = head.as_ref().ok().and_then(|head| RequestHead::from_bytes(head).ok()).unwrap_or_default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(head.method), text(head.path))
    }

    /// When it came.
    pub fn arrived(&self) -> Instant {
        self.arrived
    }

    /// Answers with a status and nothing else.
    pub fn refuse(self, status: u16) {
        refuse(&self.wire, status);
    }
}

/// How a request was answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answered {
    /// The status that the context answered with; `None`: it did not, and status 500 is sent for it.
    pub status: Option<u16>,
    /// How the context ended; of one that lives on what it used until now, and why the request failed, if it did: what a
    /// handler throws ends what is done for its request, and nothing else.
    pub outcome: Outcome,
}

impl Context {
    /// Lets the component answer one request. Its body, and that of the answer, flow while it runs.
    ///
    /// A component of the component model runs to its end. A JavaScript program is started first, if it was not; it answers by
    /// the method `fetch` of the object that it exports as its default, and this returns when the answer is whole, and what
    /// the program gave to `waitUntil` is done. If [nothing is left to do](Context::is_idle) then, it can answer another
    /// request: [`Limits::timeout`](b8g_core::Limits) counts anew for each. A context that goes on from an
    /// [`Image`](crate::Image) need not evaluate the program:
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use b8g::{Component, Config, Context, Engine, Grants, HttpServer, HttpServerOptions, Language, Limits};
    /// let engine = Engine::new(Config::new())?;
    /// let source = "export default { fetch: (request) => new Response(`hello ${new URL(request.url).pathname}`) }";
    /// let language = Language::JavaScript;
    /// let program = Component::from_source(&engine, "hello.js", language, source, ".".as_ref())?;
    /// let mut context = Context::new(&program, &Grants::none(), Limits::default())?;
    /// assert!(context.has_handler().is_ok_and(|can| can));
    /// let image = context.snapshot()?;
    /// let server = HttpServer::listen("127.0.0.1:0".parse()?, HttpServerOptions::default())?;
    /// let mut client = std::net::TcpStream::connect(server.address())?;
    /// client.write_all(b"GET /you HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
    /// let request = server.next_request().ok_or("it was stopped")?;
    /// let mut context = Context::restore(&image, &Grants::none(), Limits::default())?;
    /// let answered = context.answer(request)?;
    /// assert!(answered.status == Some(200) && context.is_idle());
    /// let mut text = String::new();
    /// client.read_to_string(&mut text)?;
    /// assert!(text.ends_with("hello /you"), "{text}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StartError::Started`] when a component of the component model ran before, or the context has ended,
    /// [`StartError::NoHandler`] when there is no handler, [`StartError::Handles`] when it may have no more handles.
    pub fn answer(&mut self, request: HttpRequest) -> Result<Answered, StartError> {
        self.can_answer()?;
        let state = self.store.data_mut();
        let leases = state.descriptors.lease().and_then(|one| {
            let other = state.shared().lease_many(EXCHANGE_BYTES)?;
            Ok([one, other])
        });
        let exchange = match leases {
            Ok(leases) => Arc::new(Exchange::new(request.wire, leases)),
            Err(_) => return Err(StartError::Handles(state.limits.handles_max)),
        };
        let handles_max = state.limits.handles_max;
        let ran = match &self.component.compiled.model {
            Some(_) => self.run_handler(exchange.clone()),
            None => self.timed(|context| context.hand_over(exchange.clone())),
        };
        let outcome = ran.map_err(|_| StartError::Handles(handles_max))?;
        Ok(Answered { status: exchange.wire().status(), outcome })
    }

    /// Tells whether the program can [answer requests](Context::answer). Starts it if need be, and lets it run until it
    /// can, or has nothing left to do.
    ///
    /// # Errors
    /// The end, when that is what it came to.
    pub fn has_handler(&mut self) -> Result<bool, Outcome> {
        if self.component.compiled.model.is_some() {
            return Ok(self.component.is_http_handler());
        }
        self.timed(|context| {
            context.start()?;
            if context.component.is_wasm() || !context.hears() {
                return Ok(false);
            }
            while context.tell(0, event::REQUEST, Handle::ENGINE, 0)? != 1 {
                if !context.is_waiting() {
                    return Ok(false);
                }
                context.resume()?;
            }
            Ok(true)
        })
    }

    /// Tells whether it lives, has started and has nothing left to do.
    pub fn is_idle(&self) -> bool {
        self.outcome().is_none() && self.stage == Stage::Started && !self.is_waiting()
    }

    /// Gives the program a request, and lets it run until it has let go of that.
    fn hand_over(&mut self, exchange: Arc<Exchange>) -> Result<Outcome, b8g_core::Error> {
        if let Err(ended) = self.renew_deadline() {
            return Ok(ended);
        }
        if let Err(ended) = self.initialize() {
            return Ok(ended);
        }
        if self.stage != Stage::Started {
            match self.has_handler() {
                Ok(_) => {}
                Err(ended) => return Ok(ended),
            }
        }
        let handle = self.store.data_mut().table.insert(Object::Exchange(exchange), EXCHANGE_RIGHTS)?;
        let mut sent = self.send(0, event::REQUEST, handle, 0);
        while sent.is_ok() && self.is_waiting() && self.store.data().table.get(handle).is_ok() {
            sent = self.resume();
        }
        let _ = self.store.data_mut().table.remove(handle);
        // Between two requests no time is counted.
        self.suspend_deadline();
        Ok(match sent {
            Ok(()) => {
                let outcome = self.so_far();
                match self.store.data_mut().complaint.take() {
                    Some(Failure { message, reason }) => {
                        Outcome { reason, exit_code: reason.exit_code(), message, ..outcome }
                    }
                    None => outcome,
                }
            }
            Err(ended) => ended,
        })
    }
}
