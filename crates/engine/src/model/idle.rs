//! What operations of WASI 0.3 wait for, all together.
//!
//! An operation that cannot go on says what it waits for, and leaves the waker of whoever asked. When nothing of a context
//! can go on, [`Pending::take`] gives all of it to one wait of the dispatch function, and all of them are asked again.

use std::task::Waker;

use b8g_core::abi::WAIT_ITEMS_MAX;

use crate::wait::Item;

/// What may be ready one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// A handle is ready for something.
    Item(Item),
    /// The context's monotonic clock has come so far.
    Deadline(u64),
}

/// What is waited for.
#[derive(Debug, Default)]
pub(crate) struct Pending(Vec<(Event, Waker)>);

impl Pending {
    /// Notes that `waker` waits for `event`. When too many wait, all are asked again at once: that is slower, and never
    /// wrong.
    pub(crate) fn add(&mut self, event: Event, waker: &Waker) {
        if self.0.iter().any(|(known, who)| *known == event && who.will_wake(waker)) {
            return;
        }
        if self.0.len() as u64 >= WAIT_ITEMS_MAX {
            self.0.drain(..).for_each(|(_, waker)| waker.wake());
        }
        self.0.push((event, waker.clone()));
    }

    /// Takes all that is waited for.
    pub(crate) fn take(&mut self) -> Vec<(Event, Waker)> {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    struct Counter(AtomicUsize);

    impl std::task::Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn what_waits_is_kept_once_and_bounded() {
        let counter = Arc::new(Counter(AtomicUsize::new(0)));
        let waker = Waker::from(counter.clone());
        let mut pending = Pending::default();
        for _ in 0..10 {
            pending.add(Event::Deadline(1), &waker);
        }
        assert_eq!(pending.take().len(), 1);
        for i in 0..WAIT_ITEMS_MAX + 1 {
            pending.add(Event::Deadline(i), &waker);
        }
        assert_eq!(counter.0.load(Relaxed), WAIT_ITEMS_MAX as usize);
        assert_eq!(pending.take().len(), 1);
    }
}
