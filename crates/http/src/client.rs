//! Requests that are sent: connections, those that are kept for the next request, and one task for each exchange.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use b8g_core::Error;
use b8g_core::abi::HttpFailure;
use b8g_core::http::{FIELDS_MAX, HEAD_BYTES_MAX};
use http::{StatusCode, Version};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use tokio::time::{sleep, timeout};

use crate::body::{self, Outgoing};
use crate::exchange::Exchange;
use crate::link::{Link, told};
use crate::message::{self, Request, failure_of};
use crate::shared::Shared;
use crate::thread;
use crate::trust::Trust;

/// Connections that are kept for the next request, of one client.
const IDLE_MAX: usize = 4;
/// How long they are kept.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// Bytes that version 2 lets the other side send ahead, of one exchange and of all of a connection.
const WINDOWS: (u32, u32) = (64 << 10, 4 << 20);

/// Is told a connection that stands, or is on its way, or why there is none.
pub type Dialed = Box<dyn FnOnce(Result<OwnedFd, HttpFailure>) + Send>;
/// Opens the connection that a request needs, if none is kept: begins at once, and does not block.
pub type Dial = Box<dyn FnOnce(Dialed) + Send>;

type Body = http::Request<Outgoing>;
/// What connections are kept by: TLS or not, and where to.
type Key = (bool, String);

/// Sends requests, and keeps connections for the next ones. Clones are the same client.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    trust: Arc<Trust>,
    tls: OnceLock<Result<Arc<ClientConfig>, HttpFailure>>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Each with its number.
    idle: HashMap<Key, Vec<(u64, http1::SendRequest<Outgoing>)>>,
    /// Connections that many exchanges use at a time.
    shared: HashMap<Key, http2::SendRequest<Outgoing>>,
    number: u64,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client that trusts whom `trust` says. Nothing is opened or read yet.
    pub fn new(trust: Arc<Trust>) -> Client {
        Client(Arc::new(Inner { trust, tls: OnceLock::new(), kept: Mutex::default() }))
    }

    /// Begins an exchange; with `body` one is written to it.
    ///
    /// # Errors
    /// [`Error::Argument`] when the request names a length and has no body, [`Error::NoMemory`] without a thread.
    pub fn start(&self, request: Request, body: bool, dial: Dial) -> Result<Exchange, Error> {
        if !body && request.length.is_some_and(|length| length > 0) {
            return Err(Error::Argument);
        }
        let shared = Shared::new(None);
        {
            let outgoing = &mut shared.lock().outgoing;
            (outgoing.open, outgoing.ended) = (body, !body);
            outgoing.left = request.length.filter(|_| body);
        }
        let (inner, of_task) = (self.0.clone(), shared.clone());
        let task = thread::handle()?.spawn(async move {
            match inner.exchange(&of_task, request, dial).await {
                Ok(()) => of_task.end_incoming(),
                Err(failure) => of_task.fail(failure),
            }
        });
        Ok(Exchange::new(shared, task.abort_handle(), false))
    }
}

/// A connection that takes requests.
enum Sender {
    One(http1::SendRequest<Outgoing>),
    Two(http2::SendRequest<Outgoing>),
}

impl Sender {
    /// Sends a request; gives it back when nothing of it was sent.
    async fn send(&mut self, request: Body) -> Result<http::Response<Incoming>, (HttpFailure, Option<Body>)> {
        let failed = |mut error: TrySendError<Body>| {
            let request = error.take_message();
            (failure_of(error.error(), HttpFailure::Lost), request)
        };
        match self {
            Sender::One(sender) => sender.try_send_request(request).await.map_err(failed),
            Sender::Two(sender) => sender.try_send_request(request).await.map_err(failed),
        }
    }

    async fn is_ready(&mut self) -> bool {
        match self {
            Sender::One(sender) => sender.ready().await.is_ok(),
            Sender::Two(sender) => sender.ready().await.is_ok(),
        }
    }

    fn version(&self) -> Version {
        match self {
            Sender::One(_) => Version::HTTP_11,
            Sender::Two(_) => Version::HTTP_2,
        }
    }
}

impl Inner {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request and receives what is answered, to its end.
    async fn exchange(
        self: Arc<Self>,
        shared: &Arc<Shared>,
        request: Request,
        dial: Dial,
    ) -> Result<(), HttpFailure> {
        let key = (request.secure, request.address());
        let (first_byte, between_bytes) = (request.first_byte, request.between_bytes);
        // What is written goes to the tunnel, and not into a body.
        let nothing = request.upgrades.then(Shared::ended);
        let shared_body = nothing.as_ref().unwrap_or(shared);
        let mut whole = http::Request::new(Outgoing::new(shared_body.clone()));
        *whole.method_mut() = request.method.clone();
        *whole.headers_mut() = request.fields.clone();
        let mut dial = Some(dial);
        let (response, sender) = loop {
            let kept = if request.upgrades { None } else { self.find(&key).await };
            let may_be_stale = kept.is_some();
            let mut sender = match (kept, dial.take()) {
                (Some(sender), again) => {
                    dial = again;
                    sender
                }
                (None, Some(dial)) => timeout(request.connect, self.connect(&request, &key, dial))
                    .await
                    .map_err(|_| HttpFailure::ConnectTimeout)??,
                (None, None) => return Err(HttpFailure::Lost),
            };
            request.direct(&mut whole, sender.version());
            whole.body().begin(true);
            match patiently(sender.send(whole), shared_body, first_byte).await? {
                Ok(response) => break (response, sender),
                // The other side closed it before it heard of this request.
                Err((_, Some(unsent))) if may_be_stale => {
                    unsent.body().begin(false);
                    whole = unsent;
                }
                Err((failure, unsent)) => {
                    if let Some(unsent) = unsent {
                        unsent.body().begin(false);
                    }
                    return Err(failure);
                }
            }
        };
        if request.upgrades && response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return upgrade(shared, response).await;
        }
        let (parts, body) = response.into_parts();
        if parts.status.is_informational() {
            return Err(HttpFailure::Protocol);
        }
        shared.set_head(message::response_head(&parts).map_err(|_| HttpFailure::HeadSize)?);
        body::receive(shared, body, between_bytes).await?;
        if let Sender::One(sender) = sender
            && !request.upgrades
        {
            tokio::spawn(keep(Arc::downgrade(&self), key, sender));
        }
        Ok(())
    }

    /// A connection that is kept and still good.
    async fn find(&self, key: &Key) -> Option<Sender> {
        if let Some(sender) = self.kept().shared.get(key).filter(|sender| !sender.is_closed()) {
            return Some(Sender::Two(sender.clone()));
        }
        loop {
            let (_, sender) = self.kept().idle.get_mut(key)?.pop()?;
            let mut sender = Sender::One(sender);
            if sender.is_ready().await {
                return Some(sender);
            }
        }
    }

    /// Opens a connection.
    async fn connect(&self, request: &Request, key: &Key, dial: Dial) -> Result<Sender, HttpFailure> {
        let (tell, dialed) = tokio::sync::oneshot::channel();
        dial(Box::new(move |result| drop(tell.send(result))));
        let fd = told(dialed).await.ok_or(HttpFailure::TooMany)??;
        let stream = Link::connected(fd).await?;
        let (link, is_two) = if request.secure {
            let mut tls = self.tls.get_or_init(|| self.trust.config()).clone()?;
            if request.upgrades {
                // Version 2 has no such connections.
                Arc::make_mut(&mut tls).alpn_protocols.retain(|protocol| protocol == b"http/1.1");
            }
            Link::secure(stream, tls, request.authority.host()).await?
        } else {
            (Link::plain(stream), false)
        };
        if is_two {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.timer(TokioTimer::new()).max_header_list_size(HEAD_BYTES_MAX as u32);
            builder.initial_stream_window_size(WINDOWS.0).initial_connection_window_size(WINDOWS.1);
            let lost = |error| failure_of(&error, HttpFailure::Lost);
            let (sender, connection) = builder.handshake(TokioIo::new(link)).await.map_err(lost)?;
            tokio::spawn(connection);
            let kept = &mut self.kept().shared;
            kept.retain(|_, sender| !sender.is_closed());
            if kept.len() < IDLE_MAX {
                kept.insert(key.clone(), sender.clone());
            }
            return Ok(Sender::Two(sender));
        }
        let mut builder = http1::Builder::new();
        builder.max_headers(FIELDS_MAX).max_header_size(HEAD_BYTES_MAX).max_buf_size(HEAD_BYTES_MAX);
        let lost = |error| failure_of(&error, HttpFailure::Lost);
        let (sender, connection) = builder.handshake(TokioIo::new(link)).await.map_err(lost)?;
        if request.upgrades {
            tokio::spawn(connection.with_upgrades());
        } else {
            tokio::spawn(connection);
        }
        Ok(Sender::One(sender))
    }
}

/// Goes on in the protocol that the other side has agreed to.
async fn upgrade(shared: &Arc<Shared>, response: http::Response<Incoming>) -> Result<(), HttpFailure> {
    let (parts, body) = response.into_parts();
    let head = message::response_head(&parts).map_err(|_| HttpFailure::HeadSize)?;
    let link = hyper::upgrade::on(http::Response::from_parts(parts, body)).await;
    let link = link.map_err(|error| failure_of(&error, HttpFailure::Lost))?;
    shared.set_head(head);
    body::tunnel(shared, TokioIo::new(link)).await
}

/// Keeps a connection for the next request, once this one has left it, for a while.
async fn keep(client: Weak<Inner>, key: Key, mut sender: http1::SendRequest<Outgoing>) {
    if sender.ready().await.is_err() {
        return;
    }
    let number = {
        let Some(client) = client.upgrade() else { return };
        let kept = &mut *client.kept();
        if kept.idle.values().map(Vec::len).sum::<usize>() >= IDLE_MAX {
            return;
        }
        kept.number += 1;
        kept.idle.entry(key.clone()).or_default().push((kept.number, sender));
        kept.number
    };
    sleep(IDLE_TIME).await;
    let Some(client) = client.upgrade() else { return };
    let idle = &mut client.kept().idle;
    if let Some(senders) = idle.get_mut(&key) {
        senders.retain(|(other, _)| *other != number);
        if senders.is_empty() {
            idle.remove(&key);
        }
    }
}

/// Waits for an answer. The other side's time runs while it has what it needs: not while the own body is being made.
async fn patiently<T>(
    answer: impl Future<Output = T>,
    shared: &Shared,
    patience: Duration,
) -> Result<T, HttpFailure> {
    let mut answer = pin!(answer);
    let mut begun = Instant::now();
    loop {
        let waited = begun.elapsed();
        if let Ok(answer) = timeout(patience.saturating_sub(waited), &mut answer).await {
            return Ok(answer);
        }
        let outgoing = &shared.lock().outgoing;
        let its_turn = outgoing.ended || !outgoing.bytes.is_empty();
        begun = if its_turn { begun.max(outgoing.taken_at) } else { Instant::now() };
        if begun.elapsed() >= patience {
            return Err(HttpFailure::ResponseTimeout);
        }
    }
}
