//! Requests that come: a listener, its connections, and an exchange for each request.
//!
//! Invariants: there are never more connections than the bound; who sends nothing, or takes nothing, for too long is gone.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use b8g_core::Error;
use b8g_core::abi::HttpFailure;
use b8g_core::http::{FIELDS_MAX, HEAD_BYTES_MAX};
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::body::{self, Outgoing};
use crate::exchange::Exchange;
use crate::link::Link;
use crate::message;
use crate::shared::{Answer, Shared};
use crate::thread;

/// How long nothing is accepted after the system refused a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Bounds of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServerLimits {
    /// Connections at a time. The next ones wait in the system's queue.
    pub connections_max: usize,
    /// How long a connection may take for the head of its next request.
    pub head_time: Duration,
    /// How long the next bytes of a request's body may stay away.
    pub silence_time: Duration,
}

impl Default for ServerLimits {
    fn default() -> ServerLimits {
        ServerLimits {
            connections_max: 512,
            head_time: Duration::from_secs(30),
            silence_time: Duration::from_secs(30),
        }
    }
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    connections: Arc<Semaphore>,
    limits: ServerLimits,
}

/// Is given each request. It must not block.
type OnRequest = dyn Fn(Exchange) + Send + Sync;

impl Server {
    /// Listens at `address` and gives each request to `on_request`, on the thread of HTTP. An exchange that is dropped without an
    /// answer is answered with status 500.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen(
        address: SocketAddr,
        limits: ServerLimits,
        on_request: impl Fn(Exchange) + Send + Sync + 'static,
    ) -> io::Result<Server> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let connections = Arc::new(Semaphore::new(limits.connections_max));
        let handle = thread::handle().map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let entered = handle.enter();
        let listener = TcpListener::from_std(listener)?;
        drop(entered);
        handle.spawn(accept(listener, limits, stopped, connections.clone(), Arc::new(on_request)));
        Ok(Server { address, stop, connections, limits })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more connections and no more requests; what runs goes on.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Connections that there are.
    pub fn connections(&self) -> usize {
        self.limits.connections_max - self.connections.available_permits()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn accept(
    listener: TcpListener,
    limits: ServerLimits,
    mut stopped: watch::Receiver<bool>,
    connections: Arc<Semaphore>,
    on_request: Arc<OnRequest>,
) {
    loop {
        let next = async {
            // Nobody else takes one: what is free now is free when somebody comes.
            drop(connections.acquire().await.ok()?);
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => return Some((stream, connections.clone().try_acquire_owned().ok()?)),
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                }
            }
        };
        let stream = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return,
            next = next => next,
        };
        let Some((stream, permit)) = stream else { return };
        let (stopped, on_request) = (stopped.clone(), on_request.clone());
        tokio::spawn(async move {
            serve(stream, limits, stopped, on_request).await;
            drop(permit);
        });
    }
}

/// Serves one connection to its end.
async fn serve(
    stream: TcpStream,
    limits: ServerLimits,
    mut stopped: watch::Receiver<bool>,
    on_request: Arc<OnRequest>,
) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let on_request = on_request.clone();
        async move { Ok::<_, Infallible>(answer(request, limits, &*on_request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head_time);
    builder.max_headers(FIELDS_MAX).max_header_size(HEAD_BYTES_MAX).max_buf_size(HEAD_BYTES_MAX);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(Link::plain(stream)), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Tells the exchange that nobody listens any more, when the connection goes before it was answered.
struct Listening(Option<Arc<Shared>>);

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.lock().answer = Answer::Over;
            shared.fail(HttpFailure::Lost);
        }
    }
}

/// Gives a request away and waits for its answer.
async fn answer(
    request: http::Request<Incoming>,
    limits: ServerLimits,
    on_request: &OnRequest,
) -> Response<Outgoing> {
    let (parts, body) = request.into_parts();
    let head = match message::request_head(&parts) {
        Some(Ok(head)) if parts.method != Method::CONNECT => head,
        Some(Err(Error::Limit)) => return nothing(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        _ => return nothing(StatusCode::BAD_REQUEST),
    };
    let shared = Shared::new(Some(head.into()));
    shared.lock().outgoing.ignored = parts.method == Method::HEAD;
    let of_task = shared.clone();
    let receiving = tokio::spawn(async move {
        match body::receive(&of_task, body, limits.silence_time).await {
            Ok(()) => of_task.end_incoming(),
            Err(failure) => of_task.fail(failure),
        }
    });
    let mut listening = Listening(Some(shared.clone()));
    on_request(Exchange::new(shared.clone(), receiving.abort_handle(), true));
    let answer = poll_fn(|context| shared.poll_answer(context)).await;
    listening.0 = None;
    match answer {
        Some(parts) => {
            let body = Outgoing::new(shared);
            body.begin(true);
            Response::from_parts(parts, body)
        }
        None => nothing(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// An answer that says nothing but its status.
fn nothing(status: StatusCode) -> Response<Outgoing> {
    let shared = Shared::new(None);
    shared.lock().outgoing.ended = true;
    let mut response = Response::new(Outgoing::new(shared));
    *response.status_mut() = status;
    response
}
