//! An exchange: a request and its response, from one of its sides.

use std::sync::Arc;

use b8g_core::Error;
use b8g_core::abi::{HttpFailure, ready};
use tokio::task::AbortHandle;

use crate::BODY_BYTES_MAX;
use crate::message;
use crate::shared::{Answer, Changed, Shared, put, take};

/// A request and its response. Nothing here blocks: what cannot be done yet is [`Error::Again`], and whoever was named by
/// [`Exchange::on_change`] hears when that may have changed.
///
/// A client reads the response and writes the request's body, a server the other way round. Dropping it gives up what is
/// not complete; a server's complete answer is still sent.
pub struct Exchange {
    shared: Arc<Shared>,
    /// What ends with it.
    task: AbortHandle,
    is_server: bool,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("is_server", &self.is_server).finish_non_exhaustive()
    }
}

/// The body of what is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reply<'a> {
    /// There is none.
    Nothing,
    /// It will be written.
    Follows,
    /// This is all of it, at most [`BODY_BYTES_MAX`].
    Whole(&'a [u8]),
}

/// What a failure is told as.
fn error_of(failure: HttpFailure) -> Error {
    match failure {
        HttpFailure::NameNotFound => Error::NotFound,
        HttpFailure::ConnectTimeout
        | HttpFailure::ResponseTimeout
        | HttpFailure::ReadTimeout
        | HttpFailure::WriteTimeout => Error::Timeout,
        HttpFailure::Denied => Error::Rights,
        HttpFailure::TooMany => Error::Limit,
        HttpFailure::Lost => Error::Closed,
        _ => Error::Io,
    }
}

impl Exchange {
    pub(crate) fn new(shared: Arc<Shared>, task: AbortHandle, is_server: bool) -> Exchange {
        Exchange { shared, task, is_server }
    }

    /// Says who is to be told when something may be ready. The first counts.
    pub fn on_change(&self, changed: Changed) {
        self.shared.on_change(changed);
    }

    /// The other side's head: a server's exchange has it from the beginning.
    ///
    /// # Errors
    /// [`Error::Again`], or why it will never come.
    pub fn head(&self) -> Result<Arc<[u8]>, Error> {
        let mut state = self.shared.lock();
        match (&state.head, state.failure) {
            (Some(head), _) => {
                let head = head.clone();
                state.head_taken = true;
                Ok(head)
            }
            (None, Some(failure)) => Err(error_of(failure)),
            (None, None) => Err(Error::Again),
        }
    }

    /// Reads the other side's body; 0 at its end.
    ///
    /// # Errors
    /// [`Error::Again`], or why it has no end.
    pub fn read(&self, into: &mut [u8]) -> Result<usize, Error> {
        let (done, waker) = {
            let mut state = self.shared.lock();
            let failure = state.failure;
            let incoming = &mut state.incoming;
            if into.is_empty() || incoming.discard {
                return Ok(0);
            }
            if incoming.bytes.is_empty() {
                return match failure {
                    _ if incoming.ended => Ok(0),
                    Some(failure) => Err(error_of(failure)),
                    None => Err(Error::Again),
                };
            }
            (take(&mut incoming.bytes, into), incoming.wake())
        };
        waker.into_iter().for_each(std::task::Waker::wake);
        Ok(done)
    }

    /// Wants no more of the other side's body, only what comes after it.
    pub fn discard(&self) {
        let waker = {
            let incoming = &mut self.shared.lock().incoming;
            incoming.discard = true;
            incoming.bytes = std::collections::VecDeque::new();
            incoming.wake()
        };
        waker.into_iter().for_each(std::task::Waker::wake);
    }

    /// What the other side said after its body.
    ///
    /// # Errors
    /// [`Error::Again`] before the body's end, or why it has none.
    pub fn trailers(&self) -> Result<Arc<[u8]>, Error> {
        let state = self.shared.lock();
        let incoming = &state.incoming;
        match state.failure {
            _ if incoming.ended && incoming.bytes.is_empty() => {
                Ok(incoming.trailers.clone().unwrap_or_default())
            }
            Some(failure) => Err(error_of(failure)),
            None => Err(Error::Again),
        }
    }

    /// Writes to the own body as much as there is room for.
    ///
    /// # Errors
    /// [`Error::Again`], [`Error::Closed`] when nobody takes it any more, [`Error::Argument`] when there is no such body, or
    /// more is written than its head says: then it is given up.
    pub fn write(&self, from: &[u8]) -> Result<usize, Error> {
        let (done, waker) = {
            let mut state = self.shared.lock();
            let failure = state.failure;
            let outgoing = &mut state.outgoing;
            if !outgoing.open {
                return Err(Error::Argument);
            }
            if outgoing.closed || outgoing.ended || outgoing.aborted {
                return Err(failure.map_or(Error::Closed, error_of));
            }
            if from.is_empty() {
                return Ok(0);
            }
            let room = BODY_BYTES_MAX - outgoing.bytes.len();
            let len = if outgoing.ignored { from.len() } else { from.len().min(room) };
            if let Some(left) = &mut outgoing.left {
                match left.checked_sub(from.len() as u64) {
                    Some(_) => *left -= len as u64,
                    None => {
                        drop(state);
                        self.give_up(HttpFailure::BodySize);
                        return Err(Error::Argument);
                    }
                }
            }
            if len == 0 {
                return Err(Error::Again);
            }
            if !outgoing.ignored {
                put(&mut outgoing.bytes, &from[..len]);
            }
            (len, outgoing.waker.take())
        };
        waker.into_iter().for_each(std::task::Waker::wake);
        Ok(done)
    }

    /// Says what comes after the own body, before that is finished.
    ///
    /// # Errors
    /// [`Error::Argument`] for what may not be sent, [`Error::Closed`] when the body has ended.
    pub fn send_trailers(&self, bytes: &[u8]) -> Result<(), Error> {
        let trailers = message::own_trailers(bytes)?;
        let outgoing = &mut self.shared.lock().outgoing;
        match () {
            () if !outgoing.open => Err(Error::Argument),
            () if outgoing.ended || outgoing.aborted || outgoing.closed => Err(Error::Closed),
            () => {
                outgoing.trailers = Some(trailers).filter(|trailers| !trailers.is_empty());
                Ok(())
            }
        }
    }

    /// Ends the own body.
    ///
    /// # Errors
    /// [`Error::Argument`] when it is shorter than its head says: then it is given up.
    pub fn finish(&self) -> Result<(), Error> {
        let waker = {
            let outgoing = &mut self.shared.lock().outgoing;
            if !outgoing.open || outgoing.ended || outgoing.aborted {
                return Ok(());
            }
            if outgoing.left.is_none_or(|left| left == 0) || outgoing.ignored {
                outgoing.ended = true;
                outgoing.sent |= outgoing.ignored;
                outgoing.waker.take().map(Ok)
            } else {
                Some(Err(()))
            }
        };
        match waker {
            Some(Ok(waker)) => waker.wake(),
            Some(Err(())) => {
                self.give_up(HttpFailure::BodySize);
                return Err(Error::Argument);
            }
            None => {}
        }
        self.shared.tell();
        Ok(())
    }

    /// Gives up.
    pub fn abort(&self) {
        self.give_up(HttpFailure::Aborted);
    }

    fn give_up(&self, why: HttpFailure) {
        let wakers = {
            let mut state = self.shared.lock();
            let complete = state.outgoing.ended;
            if !complete {
                state.failure.get_or_insert(why);
                state.outgoing.aborted = true;
            }
            let answer = match std::mem::replace(&mut state.answer, Answer::Over) {
                Answer::Awaited(waker) => Some(waker),
                given @ Answer::Given(_) => {
                    state.answer = given;
                    None
                }
                Answer::Open | Answer::Over => None,
            };
            [state.outgoing.waker.take(), answer]
        };
        wakers.into_iter().flatten().for_each(std::task::Waker::wake);
        self.shared.tell();
    }

    /// Answers the request, if this is a server's exchange.
    ///
    /// # Errors
    /// [`Error::Argument`] for what may not be sent, [`Error::Closed`] when it was answered already or nobody listens any
    /// more, [`Error::Limit`] for a whole body that is too large, [`Error::Type`] for a client's exchange.
    pub fn respond(&self, head: &[u8], body: Reply<'_>) -> Result<(), Error> {
        let (parts, length) = message::response(head)?;
        let whole = match body {
            Reply::Whole(bytes) if bytes.len() > BODY_BYTES_MAX => return Err(Error::Limit),
            Reply::Whole(bytes) => Some(bytes).filter(|bytes| !bytes.is_empty()),
            Reply::Nothing | Reply::Follows => None,
        };
        let follows = matches!(body, Reply::Follows);
        if !self.is_server {
            return Err(Error::Type);
        }
        let waker = {
            let mut state = self.shared.lock();
            if state.failure.is_some() || matches!(state.answer, Answer::Over | Answer::Given(_)) {
                return Err(Error::Closed);
            }
            // To a HEAD request the length is that of what is not sent.
            let bodiless = state.outgoing.ignored || matches!(parts.status.as_u16(), 204 | 304);
            let now = whole.map_or(0, |bytes| bytes.len() as u64);
            if !follows && !bodiless && length.is_some_and(|length| length != now) {
                return Err(Error::Argument);
            }
            let outgoing = &mut state.outgoing;
            (outgoing.ignored, outgoing.open, outgoing.ended) = (bodiless, follows, !follows);
            outgoing.left = length.filter(|_| follows && !bodiless);
            let written = whole.filter(|_| !bodiless);
            if let Some(bytes) = written {
                put(&mut outgoing.bytes, bytes);
            }
            outgoing.sent = !follows && written.is_none();
            state.status = Some(parts.status.as_u16());
            match std::mem::replace(&mut state.answer, Answer::Given(parts)) {
                Answer::Awaited(waker) => Some(waker),
                _ => None,
            }
        };
        waker.into_iter().for_each(std::task::Waker::wake);
        self.shared.tell();
        Ok(())
    }

    /// The status that a server's exchange was answered with, if it was.
    pub fn status(&self) -> Option<u16> {
        self.shared.lock().status
    }

    /// Tells whether all that was to be sent was.
    ///
    /// # Errors
    /// [`Error::Again`], or why it never will be.
    pub fn sent(&self) -> Result<(), Error> {
        let state = self.shared.lock();
        match state.failure {
            // What nobody answers did not get there, whatever the connection took of it.
            None if state.outgoing.sent => Ok(()),
            Some(_) if state.outgoing.sent && state.head.is_some() => Ok(()),
            Some(failure) => Err(error_of(failure)),
            None if state.outgoing.closed => Err(Error::Closed),
            None => Err(Error::Again),
        }
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<HttpFailure> {
        self.shared.lock().failure
    }

    /// What it is ready for, as [`ready`] has it: reading when the head is there that nobody has seen, afterwards when
    /// there is more of the body, or its end; writing when there is room, and once all was sent.
    pub fn ready(&self) -> u32 {
        let state = self.shared.lock();
        let (incoming, outgoing) = (&state.incoming, &state.outgoing);
        let failed = state.failure.is_some();
        let more = match state.head_taken {
            false => state.head.is_some(),
            true if incoming.discard => incoming.ended,
            true => !incoming.bytes.is_empty() || incoming.ended,
        };
        let writable = outgoing.open && !outgoing.ended;
        let room = writable && (outgoing.ignored || outgoing.bytes.len() < BODY_BYTES_MAX);
        let room = room || outgoing.sent || outgoing.closed || failed;
        let bits = [(more || failed, ready::READ), (room, ready::WRITE), (failed, ready::FAILED)];
        bits.iter().filter(|(is, _)| *is).fold(0, |all, (_, bit)| all | bit)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.give_up(HttpFailure::Aborted);
        self.task.abort();
    }
}
