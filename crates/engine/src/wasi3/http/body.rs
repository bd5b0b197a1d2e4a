//! Bodies of requests and responses: the guest's own on their way to an exchange, and those of an exchange on their way to
//! the guest.
//!
//! Start reading at [`Body`]. Invariants: an own body ends where the guest says so, after its trailers; the future that
//! tells whether it was sent never says so of one that was not.

use std::mem::replace;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready as poll_ready};

use b8g_core::abi::{Request as Ctl, ready};
use b8g_core::{Error, Handle};
use wasmtime::component::{
    Access, Accessor, AccessorTask, FutureConsumer, FutureProducer, FutureReader, Resource, Source,
    StreamReader,
};
use wasmtime::{AsContextMut, Result, StoreContextMut};

use super::super::Host;
use super::super::bindings::wasi::http::types::ErrorCode;
use super::super::pipe::{self, End, Held, Place};
use super::super::told::{Teller, Told, told};
use super::{code, told_of, until};
use crate::dispatch::Call;
use crate::model::files;
use crate::model::host::{self, Done, Failure, ask, call, count, must};
use crate::model::http::{self, Fields};
use crate::model::idle::Event;
use crate::state::State;
use crate::wait::Item;

/// What comes after a body.
pub(super) type Trailers = std::result::Result<Option<Resource<Fields>>, ErrorCode>;
/// Whether it was sent.
type Ended = std::result::Result<(), ErrorCode>;

/// Bytes that are passed on at a time.
const FORWARD_BYTES: u64 = 64 << 10;
/// The other side's direction.
const RECEIVING: u64 = 1;

/// A body.
pub(super) enum Body {
    /// The guest writes it.
    Own { contents: Option<StreamReader<u8>>, trailers: FutureReader<Trailers>, sending: Sending },
    /// It comes from an exchange.
    Exchange(Held),
}

/// Tells the guest whether its body was sent.
pub(super) struct Sending {
    teller: Teller<ErrorCode>,
    way: Arc<Mutex<Way>>,
}

/// Where a body goes.
enum Way {
    Nowhere,
    /// The guest itself reads it.
    Guest,
    Exchange(Held),
}

fn lock(way: &Mutex<Way>) -> MutexGuard<'_, Way> {
    way.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Body {
    /// A guest's own body, and the future that tells whether it was sent.
    pub(super) fn new(
        access: &mut Access<'_, State, Host>,
        contents: Option<StreamReader<u8>>,
        trailers: FutureReader<Trailers>,
    ) -> Result<(Body, End<ErrorCode>)> {
        let (teller, told) = told();
        let way = Arc::new(Mutex::new(Way::Nowhere));
        let sent = FutureReader::new(&mut *access, Sent { told: Some(told), way: way.clone() })?;
        Ok((Body::Own { contents, trailers, sending: Sending { teller, way } }, sent))
    }

    /// Tells whether there is one.
    pub(super) fn has_contents(&self) -> bool {
        matches!(self, Body::Exchange(_) | Body::Own { contents: Some(_), .. })
    }

    /// Lets it follow into `to`.
    pub(super) fn send(self, access: &mut Access<'_, State, Host>, to: Held) -> Result<()> {
        match self {
            Body::Exchange(from) => access.spawn(Forward { from, to }).map(|_| ()),
            Body::Own { contents, trailers, sending } => {
                let state = access.get();
                *lock(&sending.way) = Way::Exchange(must("a body is sent", to.again(state))?);
                let contents = match contents {
                    None => None,
                    Some(contents) => {
                        let to = must("a body is sent", to.again(access.get()))?;
                        Some(pipe::writing(&mut *access, contents, to, Place::Next, code)?)
                    }
                };
                trailers.pipe(access, Finishing { to, contents, sending })
            }
        }
    }

    /// Gives it to the guest.
    pub(super) fn consume(
        self,
        mut access: Access<'_, State, Host>,
        mut handled: End<ErrorCode>,
    ) -> Result<(StreamReader<u8>, FutureReader<Trailers>)> {
        match self {
            Body::Own { contents, trailers, sending } => {
                *lock(&sending.way) = Way::Guest;
                handled.pipe(&mut access, Handled(sending))?;
                let contents = match contents {
                    Some(contents) => contents,
                    None => StreamReader::new(&mut access, Vec::<u8>::new())?,
                };
                Ok((contents, trailers))
            }
            Body::Exchange(from) => {
                handled.close(&mut access)?;
                let reading = must("a body is read", from.again(access.get()))?;
                let (contents, told) = pipe::reading(&mut access, reading, None, code)?;
                let arriving = Arriving { from, contents: Some(told), discarding: false };
                Ok((contents, FutureReader::new(&mut access, arriving)?))
            }
        }
    }

    /// Sends nothing of it, and says why.
    pub(super) fn refuse(self, access: &mut Access<'_, State, Host>, why: ErrorCode) -> Result<()> {
        if let Body::Own { contents, mut trailers, sending } = self {
            if let Some(mut contents) = contents {
                contents.close(&mut *access)?;
            }
            trailers.close(access)?;
            sending.teller.tell(Err(why));
        }
        Ok(())
    }
}

/// Says what is waited for.
fn later(state: &mut State, context: &Context<'_>, exchange: Handle, interest: u32) {
    state.resources().pending.add(Event::Item(Item { handle: exchange, interest }), context.waker());
}

/// Ends a body that was written: after its contents come its trailers.
struct Finishing {
    to: Held,
    contents: Option<Told<ErrorCode>>,
    sending: Sending,
}

impl FutureConsumer<State> for Finishing {
    type Item = Trailers;

    fn poll_consume(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'_, State>,
        mut source: Source<'_, Trailers>,
        finish: bool,
    ) -> Poll<Result<()>> {
        let finishing = self.get_mut();
        if let Some(contents) = &mut finishing.contents {
            match Pin::new(contents).poll(context) {
                Poll::Pending if finish => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(ended) => {
                    if let Err(code) = ended? {
                        finishing.sending.teller.tell(Err(code));
                    }
                    finishing.contents = None;
                }
            }
        }
        let mut trailers = None;
        source.read(store.as_context_mut(), &mut trailers)?;
        let (state, to) = (store.data_mut(), finishing.to.handle());
        let ended: Done = match trailers {
            Some(Ok(None)) => http::finish(state, to, true),
            Some(Ok(Some(fields))) => {
                let fields = state.resources().table.delete(fields)?;
                let sent = http::send_trailers(state, to, &fields);
                sent.and_then(|()| http::finish(state, to, true))
            }
            Some(Err(code)) => {
                finishing.sending.teller.tell(Err(code));
                http::finish(state, to, false)
            }
            None => http::finish(state, to, false),
        };
        match told_of(state, to, ended)? {
            Ok(()) => finishing.sending.teller.tell(Ok(())),
            Err(code) => {
                finishing.sending.teller.tell(Err(code));
                must("a body is given up", http::finish(state, to, false).or_else(only_traps))?;
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// What went wrong on the wire is told elsewhere.
fn only_traps(failure: Failure) -> Done {
    match failure {
        Failure::Error(_) => Ok(()),
        trap => Err(trap),
    }
}

/// Whether a body was sent: what its guest is told.
struct Sent {
    told: Option<Told<ErrorCode>>,
    way: Arc<Mutex<Way>>,
}

impl FutureProducer<State> for Sent {
    type Item = Ended;

    fn poll_produce(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'_, State>,
        finish: bool,
    ) -> Poll<Result<Option<Ended>>> {
        let sent = self.get_mut();
        if let Some(told) = &mut sent.told {
            let ended = match Pin::new(told).poll(context) {
                Poll::Pending if finish => return Poll::Ready(Ok(None)),
                ended => poll_ready!(ended)?,
            };
            sent.told = None;
            if ended.is_err() {
                return Poll::Ready(Ok(Some(ended)));
            }
        }
        let exchange = match &*lock(&sent.way) {
            Way::Guest => return Poll::Ready(Ok(Some(Ok(())))),
            Way::Nowhere => return Poll::Ready(Ok(Some(Err(ErrorCode::InternalError(None))))),
            Way::Exchange(held) => held.handle(),
        };
        let state = store.data_mut();
        match ask(state, exchange, Ctl::Sent, &[], 0) {
            Err(Failure::Error(Error::Again)) if finish => Poll::Ready(Ok(None)),
            Err(Failure::Error(Error::Again)) => {
                later(state, context, exchange, ready::WRITE);
                Poll::Pending
            }
            done => {
                let ended = told_of(state, exchange, done.map(|_| ()));
                drop(replace(&mut *lock(&sent.way), Way::Nowhere));
                Poll::Ready(ended.map(Some))
            }
        }
    }
}

/// Whether who read a guest's own body could do something with it.
struct Handled(Sending);

impl FutureConsumer<State> for Handled {
    type Item = Ended;

    fn poll_consume(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut store: StoreContextMut<'_, State>,
        mut source: Source<'_, Ended>,
        _: bool,
    ) -> Poll<Result<()>> {
        let mut ended = None;
        source.read(store.as_context_mut(), &mut ended)?;
        self.0.teller.tell(ended.unwrap_or(Ok(())));
        Poll::Ready(Ok(()))
    }
}

/// The trailers of an exchange, once its body has been read or is not wanted any more.
struct Arriving {
    from: Held,
    contents: Option<Told<ErrorCode>>,
    discarding: bool,
}

impl FutureProducer<State> for Arriving {
    type Item = Trailers;

    fn poll_produce(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<'_, State>,
        finish: bool,
    ) -> Poll<Result<Option<Trailers>>> {
        let arriving = self.get_mut();
        if let Some(contents) = &mut arriving.contents {
            let ended = match Pin::new(contents).poll(context) {
                Poll::Pending if finish => return Poll::Ready(Ok(None)),
                ended => poll_ready!(ended)?,
            };
            drop(ended);
            arriving.contents = None;
        }
        let (state, from) = (store.data_mut(), arriving.from.handle());
        loop {
            match http::trailers(state, from) {
                Err(Failure::Error(Error::Again)) if finish => return Poll::Ready(Ok(None)),
                Err(Failure::Error(Error::Again)) if arriving.discarding => {
                    later(state, context, from, ready::READ);
                    return Poll::Pending;
                }
                Err(Failure::Error(Error::Again)) => {
                    arriving.discarding = true;
                    must("a body is not wanted", ask(state, from, Ctl::Shutdown, &[], RECEIVING))?;
                }
                done => {
                    return Poll::Ready(match told_of(state, from, done)? {
                        Ok(None) => Ok(Some(Ok(None))),
                        Ok(Some(fields)) => {
                            let fields = state.resources().table.push(fields)?;
                            Ok(Some(Ok(Some(fields))))
                        }
                        Err(code) => Ok(Some(Err(code))),
                    });
                }
            }
        }
    }
}

/// Passes a body on from one exchange to another.
struct Forward {
    from: Held,
    to: Held,
}

impl Forward {
    async fn pass(&self, accessor: &Accessor<State, Host>) -> Done {
        let (from, to) = (self.from.handle(), self.to.handle());
        loop {
            let read = |state: &mut State| files::read_at(state, from, FORWARD_BYTES, None);
            let bytes = until(accessor, from, ready::READ, read).await?;
            if bytes.is_empty() {
                break;
            }
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let write = |state: &mut State| {
                    count(call(state, Call::Write { handle: to, from: rest, position: None })?)
                };
                let written = until(accessor, to, ready::WRITE, write).await?;
                rest = rest.get(written..).unwrap_or_default();
            }
        }
        let trailers = until(accessor, from, ready::READ, |state| http::trailers(state, from)).await?;
        accessor.with(|mut access| {
            let state = access.get();
            if let Some(trailers) = &trailers {
                http::send_trailers(state, to, trailers)?;
            }
            http::finish(state, to, true)
        })
    }
}

impl AccessorTask<State, Host> for Forward {
    async fn run(self, accessor: &Accessor<State, Host>) -> Result<()> {
        let passed = self.pass(accessor).await;
        accessor.with(|mut access| {
            let state: &mut State = access.get();
            match passed {
                Ok(()) => Ok(()),
                Err(Failure::Trap(error)) => Err(error),
                Err(Failure::Error(_)) => {
                    let given_up = http::finish(state, self.to.handle(), false).or_else(only_traps);
                    host::must("a body is given up", given_up)
                }
            }
        })
    }
}
