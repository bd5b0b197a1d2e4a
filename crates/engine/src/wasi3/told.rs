//! How a stream ended, told once: the future that goes with each stream of WASI 0.3.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

#[derive(Debug)]
struct State<C> {
    end: Option<Result<(), C>>,
    waker: Option<Waker>,
}

type Shared<C> = Arc<Mutex<State<C>>>;

fn lock<C>(shared: &Shared<C>) -> MutexGuard<'_, State<C>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells how it ended; when it goes without a word all was well.
#[derive(Debug)]
pub(super) struct Teller<C>(Shared<C>);

/// Hears it.
#[derive(Debug)]
pub(super) struct Told<C>(Shared<C>);

/// Makes both.
pub(super) fn told<C>() -> (Teller<C>, Told<C>) {
    let shared = Arc::new(Mutex::new(State { end: None, waker: None }));
    (Teller(shared.clone()), Told(shared))
}

impl<C> Teller<C> {
    /// Tells it; the first word counts.
    pub(super) fn tell(&self, end: Result<(), C>) {
        let mut state = lock(&self.0);
        if state.end.is_none() {
            state.end = Some(end);
        }
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }
}

impl<C> Drop for Teller<C> {
    fn drop(&mut self) {
        self.tell(Ok(()));
    }
}

impl<C> Future for Told<C> {
    type Output = wasmtime::Result<Result<(), C>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = lock(&self.0);
        match state.end.take() {
            Some(end) => Poll::Ready(Ok(end)),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
