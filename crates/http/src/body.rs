//! Bodies between an exchange and the protocol: what is written to one, and what is read from the other side.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use b8g_core::abi::HttpFailure;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::message;
use crate::shared::{Shared, take};

/// Bytes of a tunnel that are read at a time.
const TUNNEL_BYTES: usize = 16 << 10;
/// How long the other side of a tunnel may go on when the own side has ended.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Why a body that is sent has no end.
#[derive(Debug)]
pub(crate) struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body was given up")
    }
}

impl std::error::Error for Aborted {}

/// The body that is written to an exchange, as the protocol takes it.
pub(crate) struct Outgoing {
    shared: Arc<Shared>,
}

impl Outgoing {
    pub(crate) fn new(shared: Arc<Shared>) -> Outgoing {
        Outgoing { shared }
    }

    /// Says whether its message is being sent: one that goes before that was not.
    pub(crate) fn begin(&self, begun: bool) {
        self.shared.lock().outgoing.begun = begun;
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        let frame = {
            let mut state = self.shared.lock();
            let failed = state.failure.is_some();
            let outgoing = &mut state.outgoing;
            if outgoing.aborted || failed && !outgoing.ended {
                return Poll::Ready(Some(Err(Aborted)));
            }
            if !outgoing.bytes.is_empty() {
                let mut data = vec![0; outgoing.bytes.len()];
                take(&mut outgoing.bytes, &mut data);
                outgoing.taken_at = Instant::now();
                Some(Frame::data(data.into()))
            } else if !outgoing.ended {
                outgoing.waker = Some(context.waker().clone());
                return Poll::Pending;
            } else if let Some(trailers) = outgoing.trailers.take() {
                Some(Frame::trailers(trailers))
            } else {
                outgoing.taken_at = Instant::now();
                outgoing.sent = true;
                None
            }
        };
        self.shared.tell();
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        let outgoing = &self.shared.lock().outgoing;
        outgoing.ended && !outgoing.aborted && outgoing.bytes.is_empty() && outgoing.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let outgoing = &self.shared.lock().outgoing;
        let waiting = outgoing.bytes.len() as u64;
        match outgoing.left {
            Some(left) => SizeHint::with_exact(waiting.saturating_add(left)),
            // Nothing follows a body of a length that is told.
            None if outgoing.ended && outgoing.trailers.is_none() => SizeHint::with_exact(waiting),
            None => SizeHint::default(),
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        {
            let state = &mut *self.shared.lock();
            let outgoing = &mut state.outgoing;
            let complete = outgoing.ended || outgoing.left == Some(0);
            if complete && outgoing.begun && !outgoing.aborted && outgoing.bytes.is_empty() {
                outgoing.sent = true;
            } else if !outgoing.ignored {
                outgoing.closed = true;
                // Who asked a server has gone: there is nothing else to hear of him.
                if state.status.is_some() {
                    state.failure.get_or_insert(HttpFailure::Lost);
                }
            }
        }
        self.shared.tell();
    }
}

/// Moves bytes both ways between the exchange and a connection that speaks another protocol now, until the other side has said
/// everything.
///
/// # Errors
/// Why the connection is lost.
pub(crate) async fn tunnel(
    shared: &Arc<Shared>,
    link: impl AsyncRead + AsyncWrite,
) -> Result<(), HttpFailure> {
    let lost = |_| HttpFailure::Lost;
    let (mut reader, mut writer) = tokio::io::split(link);
    let mut own = Outgoing::new(shared.clone());
    own.begin(true);
    let sends = async {
        while let Some(frame) = poll_fn(|context| Pin::new(&mut own).poll_frame(context)).await {
            let data = frame.ok().and_then(|frame| frame.into_data().ok()).ok_or(HttpFailure::Aborted)?;
            writer.write_all(&data).await.map_err(lost)?;
            writer.flush().await.map_err(lost)?;
        }
        writer.shutdown().await.map_err(lost)
    };
    let hears = async {
        let mut piece = vec![0; TUNNEL_BYTES];
        loop {
            poll_fn(|context| shared.poll_room(context)).await;
            let length = reader.read(&mut piece).await.map_err(lost)?;
            if length == 0 {
                return Ok(());
            }
            let mut data = Bytes::copy_from_slice(&piece[..length]);
            while !data.is_empty() {
                poll_fn(|context| shared.poll_room(context)).await;
                if !shared.push(&mut data) {
                    return Err(HttpFailure::Aborted);
                }
            }
        }
    };
    let (mut sends, mut hears) = (pin!(sends), pin!(hears));
    tokio::select! {
        sent = &mut sends => sent?,
        heard = &mut hears => return heard,
    }
    // The own side has said everything; the other one has a while to answer that.
    tokio::time::timeout(LAST_WORDS, hears).await.unwrap_or(Ok(()))
}

/// Moves the other side's body into the exchange, as fast as there is room for it, to its end.
///
/// # Errors
/// Why it has no end.
pub(crate) async fn receive(
    shared: &Shared,
    mut body: Incoming,
    silence: Duration,
) -> Result<(), HttpFailure> {
    loop {
        poll_fn(|context| shared.poll_room(context)).await;
        let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context));
        let frame = tokio::time::timeout(silence, frame).await.map_err(|_| HttpFailure::ReadTimeout)?;
        let Some(frame) = frame else { return Ok(()) };
        let frame = frame.map_err(|error| message::failure_of(&error, HttpFailure::Incomplete))?;
        match frame.into_data() {
            Ok(mut data) => {
                while !data.is_empty() {
                    poll_fn(|context| shared.poll_room(context)).await;
                    if !shared.push(&mut data) {
                        return Err(HttpFailure::Aborted);
                    }
                }
            }
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    let trailers = message::trailers(&trailers).map_err(|_| HttpFailure::HeadSize)?;
                    shared.set_trailers(trailers);
                }
            }
        }
    }
}
