//! Bells: how one who waits hears that an object changed.
//!
//! An object keeps the bells of those who wait for it, and rings them when it changes. Whoever waits hangs up his bell first
//! and looks again before he sleeps, so that no change goes unheard. What a bell is, the host knows.
//!
//! Invariants: a bell hangs at an object once, however often it is hung up; one that is gone is not kept for long.

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

/// What can be rung.
pub trait Ring {
    /// Wakes whoever waits with it, now or when he next goes to sleep.
    fn ring(&self);
}

/// A bell of nobody.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Silent;

#[cfg(test)]
impl Ring for Silent {
    fn ring(&self) {}
}

/// The bells of those who wait for one thing.
#[derive(Debug)]
pub struct Bells<B>(Vec<Weak<B>>);

impl<B> Default for Bells<B> {
    fn default() -> Bells<B> {
        Bells(Vec::new())
    }
}

/// Bells of which the dead ones are not looked for.
const UNSORTED_MAX: usize = 8;

impl<B: Ring> Bells<B> {
    /// Hangs up a bell, once.
    pub fn hang_up(&mut self, bell: &Arc<B>) {
        let weak = Arc::downgrade(bell);
        if self.0.iter().any(|known| known.ptr_eq(&weak)) {
            return;
        }
        if self.0.len() >= UNSORTED_MAX {
            self.0.retain(|known| known.strong_count() > 0);
        }
        self.0.push(weak);
    }

    /// Rings them all and takes them down: whoever still waits hangs his up again.
    pub fn ring(&mut self) {
        if self.0.is_empty() {
            return;
        }
        self.0.drain(..).filter_map(|bell| bell.upgrade()).for_each(|bell| bell.ring());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Ring for Count {
        fn ring(&self) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn a_bell_rings_once_each_time_that_it_is_hung_up() {
        let (mut bells, bell) = (Bells::default(), Arc::new(Count::default()));
        bells.hang_up(&bell);
        bells.hang_up(&bell);
        bells.ring();
        bells.ring();
        assert_eq!(bell.0.load(Relaxed), 1);
        bells.hang_up(&bell);
        bells.ring();
        assert_eq!(bell.0.load(Relaxed), 2);
    }

    #[test]
    fn bells_that_are_gone_are_not_kept() {
        let mut bells = Bells::default();
        for _ in 0..1000 {
            bells.hang_up(&Arc::new(Count::default()));
            assert!(bells.0.len() <= UNSORTED_MAX);
        }
    }
}
