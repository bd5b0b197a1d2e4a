//! Servers of HTTP as an embedder has them: requests come out of a [`HttpServer`], and a context answers each.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use b8g_core::http::{RequestHead, ResponseHead};
use b8g_http::{EXCHANGE_BYTES, Exchange as Wire, Server, ServerLimits};

use crate::context::{Context, StartError};
use crate::object::exchange::Exchange;
use crate::outcome::Outcome;

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
    let _ = head.and_then(|head| wire.respond(&head, false));
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
    /// How the context ended.
    pub outcome: Outcome,
}

impl Context {
    /// Runs the component's handler of HTTP for one request, to its end. Its body, and that of the answer, flow while it runs.
    ///
    /// # Errors
    /// [`StartError::Started`] when the context ran before, [`StartError::NoHandler`] when the component has no handler,
    /// [`StartError::Handles`] when it may have no more handles.
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
        let outcome = self.run_handler(exchange.clone()).map_err(|_| StartError::Handles(handles_max))?;
        Ok(Answered { status: exchange.wire().status(), outcome })
    }
}
