//! What an exchange and the thread of HTTP have in common: heads and bodies on their way, and who waits for them.
//!
//! The thread is woken by wakers, the other side by [`Changed`]. Invariants: the lock is held for a moment only, never while
//! anybody is told of a change; what waits in `incoming` and `outgoing` never exceeds [`BODY_BYTES_MAX`]; the first
//! failure stays.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use b8g_core::abi::HttpFailure;
use http::HeaderMap;

use crate::BODY_BYTES_MAX;

/// Is called when something may be ready that was not. It must not block.
pub type Changed = Box<dyn Fn() + Send + Sync>;

/// Bytes of a body that are read for nobody, to get to its trailers, at most.
const DISCARDED_BYTES_MAX: u64 = 16 << 20;

/// What both have.
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: OnceLock<Changed>,
}

/// How far it has come.
#[derive(Debug)]
pub(crate) struct State {
    /// What the other side said first, as it is told.
    pub(crate) head: Option<Arc<[u8]>>,
    /// Somebody has seen it.
    pub(crate) head_taken: bool,
    pub(crate) failure: Option<HttpFailure>,
    pub(crate) incoming: Incoming,
    pub(crate) outgoing: Outgoing,
    /// Of a server: what is to be answered.
    pub(crate) answer: Answer,
    /// The status of that.
    pub(crate) status: Option<u16>,
}

/// The other side's body.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) bytes: VecDeque<u8>,
    pub(crate) ended: bool,
    pub(crate) trailers: Option<Arc<[u8]>>,
    /// Nobody wants the rest.
    pub(crate) discard: bool,
    discarded: u64,
    /// The thread waits for room.
    waker: Option<Waker>,
}

/// The own body.
#[derive(Debug)]
pub(crate) struct Outgoing {
    /// It can be written.
    pub(crate) open: bool,
    pub(crate) bytes: VecDeque<u8>,
    pub(crate) trailers: Option<HeaderMap>,
    /// It is complete.
    pub(crate) ended: bool,
    /// It will never be complete.
    pub(crate) aborted: bool,
    /// Nobody takes more of it.
    pub(crate) closed: bool,
    /// Whatever is written counts as sent: the protocol has no place for it.
    pub(crate) ignored: bool,
    /// The protocol has it, for a message of which something is sent.
    pub(crate) begun: bool,
    /// All of it was taken.
    pub(crate) sent: bool,
    /// What its head says is still to come.
    pub(crate) left: Option<u64>,
    /// When some of it was taken last.
    pub(crate) taken_at: Instant,
    /// The thread waits for more.
    pub(crate) waker: Option<Waker>,
}

/// What a server answers.
#[derive(Debug, Default)]
pub(crate) enum Answer {
    /// Nothing yet.
    #[default]
    Open,
    /// The thread waits for it.
    Awaited(Waker),
    Given(http::response::Parts),
    /// It is on its way, or will never come.
    Over,
}

impl Shared {
    pub(crate) fn new(head: Option<Arc<[u8]>>) -> Arc<Shared> {
        let outgoing = Outgoing {
            open: false,
            bytes: VecDeque::new(),
            trailers: None,
            ended: false,
            aborted: false,
            closed: false,
            ignored: false,
            begun: false,
            sent: false,
            left: None,
            taken_at: Instant::now(),
            waker: None,
        };
        let state = State {
            head,
            head_taken: false,
            failure: None,
            incoming: Incoming::default(),
            outgoing,
            answer: Answer::Open,
            status: None,
        };
        Arc::new(Shared { state: Mutex::new(state), changed: OnceLock::new() })
    }

    /// One whose own body is over before it began.
    pub(crate) fn ended() -> Arc<Shared> {
        let shared = Shared::new(None);
        shared.lock().outgoing.ended = true;
        shared
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says who is to be told of changes; the first counts.
    pub(crate) fn on_change(&self, changed: Changed) {
        let _ = self.changed.set(changed);
    }

    /// Tells that something may be ready.
    pub(crate) fn tell(&self) {
        if let Some(changed) = self.changed.get() {
            changed();
        }
    }

    /// Ends the exchange with a failure, unless all has been said already.
    pub(crate) fn fail(&self, failure: HttpFailure) {
        let waker = {
            let mut state = self.lock();
            if state.incoming.ended && state.outgoing.sent {
                return;
            }
            state.failure.get_or_insert(failure);
            state.outgoing.closed = true;
            state.outgoing.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
        self.tell();
    }

    /// The other side's head is there.
    pub(crate) fn set_head(&self, head: Vec<u8>) {
        self.lock().head = Some(head.into());
        self.tell();
    }

    /// The other side's trailers are there.
    pub(crate) fn set_trailers(&self, trailers: Vec<u8>) {
        self.lock().incoming.trailers = Some(trailers.into());
    }

    /// The other side has said everything.
    pub(crate) fn end_incoming(&self) {
        self.lock().incoming.ended = true;
        self.tell();
    }

    /// Waits until there is room for more of the other side's body.
    pub(crate) fn poll_room(&self, context: &Context<'_>) -> Poll<()> {
        let incoming = &mut self.lock().incoming;
        if incoming.discard || incoming.bytes.len() < BODY_BYTES_MAX {
            return Poll::Ready(());
        }
        incoming.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Takes what there is room for off the front of `data`. Answers false when more was discarded than ever should be.
    pub(crate) fn push(&self, data: &mut bytes::Bytes) -> bool {
        {
            let incoming = &mut self.lock().incoming;
            if incoming.discard {
                incoming.discarded = incoming.discarded.saturating_add(data.len() as u64);
                data.clear();
                return incoming.discarded <= DISCARDED_BYTES_MAX;
            }
            let piece = data.split_to(data.len().min(BODY_BYTES_MAX.saturating_sub(incoming.bytes.len())));
            put(&mut incoming.bytes, &piece);
        }
        self.tell();
        true
    }

    /// Waits for what a server answers; `None`: it never will.
    pub(crate) fn poll_answer(&self, context: &Context<'_>) -> Poll<Option<http::response::Parts>> {
        let mut state = self.lock();
        match std::mem::replace(&mut state.answer, Answer::Over) {
            Answer::Given(parts) => Poll::Ready(Some(parts)),
            Answer::Over => Poll::Ready(None),
            Answer::Open | Answer::Awaited(_) => {
                state.answer = Answer::Awaited(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Puts bytes behind those that wait. What is set aside for them never exceeds the bound.
pub(crate) fn put(into: &mut VecDeque<u8>, piece: &[u8]) {
    let needed = into.len() + piece.len();
    if into.capacity() < needed {
        let wanted = (2 * into.capacity()).clamp(needed, BODY_BYTES_MAX.max(needed));
        into.reserve_exact(wanted - into.len());
    }
    into.extend(piece);
}

/// Moves the first bytes of `from` into `into`; answers how many.
pub(crate) fn take(from: &mut VecDeque<u8>, into: &mut [u8]) -> usize {
    let len = from.len().min(into.len());
    let (first, second) = from.as_slices();
    let split = first.len().min(len);
    into[..split].copy_from_slice(&first[..split]);
    into[split..len].copy_from_slice(&second[..len - split]);
    from.drain(..len);
    len
}

impl Incoming {
    /// The thread may go on, because there is room.
    pub(crate) fn wake(&mut self) -> Option<Waker> {
        self.waker.take()
    }
}
