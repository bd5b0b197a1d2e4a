//! Connections as the protocol uses them: plain or under TLS, and given up when the other side takes nothing for too long.

use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use b8g_core::abi::HttpFailure;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long the other side may take nothing of what is sent.
const STALL_MAX: Duration = Duration::from_secs(60);

enum Kind {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection.
pub(crate) struct Link {
    kind: Kind,
    /// Runs while the other side takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Link {
    pub(crate) fn plain(stream: TcpStream) -> Link {
        Link { kind: Kind::Plain(stream), stalled: None }
    }

    /// Waits until a connection that was begun stands.
    pub(crate) async fn connected(fd: OwnedFd) -> Result<TcpStream, HttpFailure> {
        let stream = std::net::TcpStream::from(fd);
        stream.set_nonblocking(true).map_err(|error| failure_of(&error))?;
        let stream = TcpStream::from_std(stream).map_err(|error| failure_of(&error))?;
        stream.writable().await.map_err(|error| failure_of(&error))?;
        match stream.take_error() {
            Ok(None) => Ok(stream),
            Ok(Some(error)) | Err(error) => Err(failure_of(&error)),
        }
    }

    /// Begins to speak TLS with `host`; answers whether version 2 of the protocol was agreed upon.
    pub(crate) async fn secure(
        stream: TcpStream,
        config: Arc<ClientConfig>,
        host: &str,
    ) -> Result<(Link, bool), HttpFailure> {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(|_| HttpFailure::Tls)?;
        let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|e| tls_failure(&e))?;
        let is_two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((Link { kind: Kind::Tls(Box::new(stream)), stalled: None }, is_two))
    }

    fn stream(&mut self) -> Pin<&mut dyn Stream> {
        match &mut self.kind {
            Kind::Plain(stream) => Pin::new(stream),
            Kind::Tls(stream) => Pin::new(&mut **stream),
        }
    }

    /// Looks whether the other side takes nothing for too long.
    fn watched<T>(&mut self, context: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.stalled = None;
            return done;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALL_MAX)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

impl AsyncRead for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(context, into)
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = self.stream().poll_write(context, from);
        self.watched(context, done)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = self.stream().poll_flush(context);
        self.watched(context, done)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = self.stream().poll_shutdown(context);
        self.watched(context, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = self.stream().poll_write_vectored(context, from);
        self.watched(context, done)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.kind {
            Kind::Plain(stream) => stream.is_write_vectored(),
            Kind::Tls(stream) => stream.is_write_vectored(),
        }
    }
}

/// Waits for what is told once; `None` when nobody tells it any more.
pub(crate) async fn told<T>(mut from: tokio::sync::oneshot::Receiver<T>) -> Option<T> {
    poll_fn(|context| Pin::new(&mut from).poll(context)).await.ok()
}

fn failure_of(error: &io::Error) -> HttpFailure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => HttpFailure::Refused,
        io::ErrorKind::TimedOut => HttpFailure::ConnectTimeout,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => HttpFailure::Unreachable,
        _ => HttpFailure::Lost,
    }
}

fn tls_failure(error: &io::Error) -> HttpFailure {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_)) => HttpFailure::Certificate,
        Some(_) => HttpFailure::Tls,
        None => failure_of(error),
    }
}
