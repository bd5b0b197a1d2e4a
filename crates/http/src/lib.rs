//! HTTP as objects that never block: connections, TLS and both versions of the protocol live on one thread of the process,
//! which is made when it is first needed; whoever uses an [`Exchange`] does so from any thread and is told of changes.
//!
//! Start reading at [`Exchange`], then `client.rs` and `server.rs`. `shared.rs` is what the thread and an exchange have in
//! common, `message.rs` says what may be sent. `session.rs` stands beside all that: TLS without a connection, for whoever has one.
//!
//! What never happens: the thread waits for nobody who uses an exchange; a redirect is not followed; what waits in an
//! exchange does not exceed [`BODY_BYTES_MAX`] in either direction; a connection is not used by two [`Client`]s. Whether a
//! host may be connected to is decided before anything comes here: this crate opens no connection by itself.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod body;
mod client;
mod exchange;
pub mod grammar;
mod link;
mod message;
mod server;
pub mod session;
mod shared;
mod thread;
mod trust;

pub use client::{Client, Dial, Dialed};
pub use exchange::{Exchange, Reply};
pub use message::Request;
pub use server::{Server, ServerLimits};
pub use shared::Changed;
pub use trust::{Trust, TrustError};

/// Bytes of a body that wait in an exchange at most, in each direction.
pub const BODY_BYTES_MAX: usize = 64 << 10;
/// What an exchange costs the host at most: bodies, heads and what the protocol has read ahead.
pub const EXCHANGE_BYTES: u64 = 256 << 10;
/// How long connecting may take when nothing else is said.
pub const CONNECT_TIMEOUT_DEFAULT: std::time::Duration = std::time::Duration::from_secs(30);
/// How long an answer, or its next bytes, may stay away when nothing else is said.
pub const SILENCE_TIMEOUT_DEFAULT: std::time::Duration = std::time::Duration::from_secs(600);
