//! Events: 32 bits that contexts set and clear, and can wait for.
//!
//! Start reading at [`Event::signal`]. Invariant: whoever waits hears of each signal after which a bit is set.

use alloc::sync::Arc;

use crate::abi::ready;
use crate::bell::{Bells, Ring};

/// 32 bits, and who waits for one of them.
#[derive(Debug)]
pub struct Event<B> {
    bits: u32,
    bells: Bells<B>,
}

impl<B: Ring> Event<B> {
    /// Makes an event for which nobody waits.
    pub fn new(bits: u32) -> Event<B> {
        Event { bits, bells: Bells::default() }
    }

    /// Its bits.
    pub const fn bits(&self) -> u32 {
        self.bits
    }

    /// Clears some bits, then sets some; gives those that were set before.
    pub fn signal(&mut self, clear: u32, set: u32) -> u32 {
        let before = self.bits;
        self.bits = before & !clear | set;
        if self.bits != 0 {
            self.bells.ring();
        }
        before
    }

    /// What it is ready for, of [`ready`]: READ when a bit is set.
    pub const fn ready(&self) -> u32 {
        if self.bits == 0 { 0 } else { ready::READ }
    }

    /// Rings `bell` when a bit is set.
    pub fn hang_up(&mut self, bell: &Arc<B>) {
        self.bells.hang_up(bell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bell::Silent;

    #[test]
    fn what_is_cleared_and_set_at_once_is_set() {
        let mut event: Event<Silent> = Event::new(0b0110);
        assert_eq!((event.signal(0b0011, 0b1001), event.bits()), (0b0110, 0b1101));
        assert_eq!((event.ready(), event.signal(u32::MAX, 0), event.ready()), (ready::READ, 0b1101, 0));
    }
}
