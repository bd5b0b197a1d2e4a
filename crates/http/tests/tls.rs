//! TLS: whose certificate is trusted, and version 2 of the protocol.

mod common;

use std::net::SocketAddr;
use std::sync::Arc;

use b8g_core::abi::HttpFailure;
use b8g_core::http::RequestHead;
use b8g_http::{Client, Exchange, Request, Trust, TrustError};
use common::*;
use http_body_util::BodyExt;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A server with a certificate for `localhost`, which echoes; where it is, and its certificate in PEM.
fn server(protocols: &[&str]) -> (SocketAddr, String) {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let is_two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    let io = TokioIo::new(stream);
                    if is_two {
                        let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                        let _ = builder.serve_connection(io, service_fn(echo)).await;
                    } else {
                        let builder = hyper::server::conn::http1::Builder::new();
                        let _ = builder.serve_connection(io, service_fn(echo)).await;
                    }
                });
            }
        });
    });
    (address, certified.cert.pem())
}

async fn echo(
    request: http::Request<hyper::body::Incoming>,
) -> Result<http::Response<http_body_util::Full<bytes::Bytes>>, hyper::Error> {
    let said = format!("{:?} {}", request.version(), request.uri().authority().map_or("-", |a| a.as_str()));
    let body = request.into_body().collect().await?.to_bytes();
    let mut response = http::Response::new(http_body_util::Full::new(body));
    response.headers_mut().insert("x-said", said.parse().unwrap());
    Ok(response)
}

fn ask_with(client: &Client, address: SocketAddr, host: &str, body: &[u8]) -> Talk {
    let authority = format!("{host}:{}", address.port());
    let head = RequestHead {
        method: b"POST",
        scheme: b"https",
        authority: authority.as_bytes(),
        path: b"/",
        ..RequestHead::default()
    };
    let request = Request::parse(&head.to_bytes().unwrap()).unwrap();
    let talk = Talk::new(client.start(request, true, dial(address)).unwrap());
    if talk.send(body).is_ok() {
        let _ = talk.exchange.finish();
    }
    talk
}

fn trusting(pem: &str) -> Client {
    let mut trust = Trust::default();
    trust.add(pem.as_bytes()).unwrap();
    Client::new(Arc::new(trust))
}

#[test]
fn both_versions_under_tls() {
    for (protocols, said) in
        [(&["h2", "http/1.1"][..], "HTTP/2.0 localhost:"), (&["http/1.1"], "HTTP/1.1 -"), (&[], "HTTP/1.1 -")]
    {
        let (address, pem) = server(protocols);
        let client = trusting(&pem);
        let talks: Vec<_> = (0..4).map(|_| ask_with(&client, address, "localhost", &[5; 200_000])).collect();
        for talk in talks {
            let (status, fields) = talk.answer().unwrap();
            let found = &fields.iter().find(|(name, _)| name == "x-said").unwrap().1;
            assert_eq!(status, 200);
            assert!(found.starts_with(said), "{found}");
            assert_eq!(talk.body().unwrap().len(), 200_000);
            assert_eq!(talk.until(Exchange::sent), Ok(()));
        }
    }
}

#[test]
fn who_is_not_trusted_is_told_nothing() {
    let (address, pem) = server(&["h2"]);
    let (_, others) = server(&["h2"]);
    for (client, host) in [(trusting(&others), "localhost"), (trusting(&pem), "other.example")] {
        let talk = ask_with(&client, address, host, b"secret");
        assert!(talk.answer().is_err());
        assert_eq!(talk.exchange.failure(), Some(HttpFailure::Certificate));
    }
    let (plain, _requests) = says("HTTP/1.1 200 OK\r\n\r\n");
    let talk = ask_with(&trusting(&pem), plain, "localhost", b"secret");
    assert!(talk.answer().is_err());
    assert_eq!(talk.exchange.failure(), Some(HttpFailure::Tls));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let mut trust = Trust::default();
    assert_eq!(trust.add(b"hello"), Err(TrustError::None));
    let damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(trust.add(damaged), Err(TrustError::Damaged));
}
