//! Clocks and timers. A monotonic clock begins at 0 when its context begins: how long the host runs is not told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use b8g_core::Error;

/// Where a seeded context's dates begin: 2000-01-01T00:00:00Z.
const SEEDED_EPOCH_NS: u64 = 946_684_800_000_000_000;
/// How far a seeded clock moves each time it is read.
const SEEDED_STEP_NS: u64 = 1_000;

/// What time it is for a context.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    /// Dates.
    Real(Time),
    /// Since the context began.
    Monotonic(Time),
}

/// Where the time comes from.
#[derive(Clone, Debug)]
pub(crate) enum Time {
    /// The system; the instant is the context's beginning.
    System(Instant),
    /// A counter that moves when it is read and jumps over waits: the same in every run.
    Seeded(Arc<AtomicU64>),
}

impl Time {
    /// Nanoseconds since the context began.
    pub(crate) fn since_start(&self) -> u64 {
        match self {
            Time::System(start) => u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX),
            Time::Seeded(counter) => counter.fetch_add(SEEDED_STEP_NS, Relaxed),
        }
    }

    /// Tells whether a seed determines it.
    pub(crate) fn is_seeded(&self) -> bool {
        matches!(self, Time::Seeded(_))
    }

    /// Jumps over a wait until `deadline`, if this time can. Answers whether it did.
    pub(crate) fn jump(&self, deadline: u64) -> bool {
        match self {
            Time::System(_) => false,
            Time::Seeded(counter) => {
                counter.fetch_max(deadline, Relaxed);
                true
            }
        }
    }
}

impl Clock {
    /// Nanoseconds.
    pub(crate) fn now(&self) -> u64 {
        match self {
            Clock::Monotonic(time) => time.since_start(),
            Clock::Real(Time::System(_)) => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
            }
            Clock::Real(time) => SEEDED_EPOCH_NS.saturating_add(time.since_start()),
        }
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> Result<i64, Error> {
        let into = into.get_mut(..8).ok_or(Error::Argument)?;
        into.copy_from_slice(&self.now().to_le_bytes());
        Ok(8)
    }

    /// Nanoseconds between two times that differ.
    pub(crate) fn resolution(&self) -> i64 {
        match self {
            Clock::Real(Time::System(_)) | Clock::Monotonic(Time::System(_)) => 1,
            Clock::Real(Time::Seeded(_)) | Clock::Monotonic(Time::Seeded(_)) => SEEDED_STEP_NS as i64,
        }
    }

    /// When `deadline` of this clock is, on the monotonic clock of the same context.
    pub(crate) fn to_monotonic(&self, deadline: u64) -> u64 {
        match self {
            Clock::Monotonic(_) => deadline,
            Clock::Real(time) => {
                let ahead = deadline.saturating_sub(self.now());
                time.since_start().saturating_add(ahead)
            }
        }
    }
}

/// An object that is ready from a moment on, and again each period.
#[derive(Debug)]
pub(crate) struct Timer {
    /// On the monotonic clock.
    next: AtomicU64,
    period: u64,
}

impl Timer {
    pub(crate) fn new(deadline: u64, period: u64) -> Timer {
        Timer { next: AtomicU64::new(deadline), period }
    }

    /// When it is ready.
    pub(crate) fn next(&self) -> u64 {
        self.next.load(Relaxed)
    }

    /// Reads how often it went off until `now` and sets it to its next time.
    ///
    /// # Errors
    /// [`Error::Again`] before its time.
    pub(crate) fn read(&self, into: &mut [u8], now: u64) -> Result<i64, Error> {
        let into = into.get_mut(..8).ok_or(Error::Argument)?;
        let next = self.next();
        if now < next {
            return Err(Error::Again);
        }
        let count = (now - next).checked_div(self.period).map_or(1, |more| more.saturating_add(1));
        let following = match self.period {
            0 => u64::MAX,
            period => next.saturating_add(count.saturating_mul(period)),
        };
        self.next.store(following, Relaxed);
        into.copy_from_slice(&count.to_le_bytes());
        Ok(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seeded_clock_is_the_same_in_every_run() {
        let read = || {
            let time = Time::Seeded(Arc::default());
            let (real, mono) = (Clock::Real(time.clone()), Clock::Monotonic(time.clone()));
            assert!(time.jump(5_000_000));
            [real.now(), mono.now(), real.now()]
        };
        assert_eq!(read(), read());
        assert_eq!(read()[0], SEEDED_EPOCH_NS + 5_000_000);
    }

    #[test]
    fn a_timer_counts_its_periods() {
        let timer = Timer::new(100, 10);
        let mut count = [0; 8];
        assert_eq!(timer.read(&mut count, 99), Err(Error::Again));
        timer.read(&mut count, 125).unwrap();
        assert_eq!((u64::from_le_bytes(count), timer.next()), (3, 130));
        let once = Timer::new(5, 0);
        once.read(&mut count, u64::MAX).unwrap();
        assert_eq!((u64::from_le_bytes(count), once.next()), (1, u64::MAX));
        let hostile = Timer::new(0, 1);
        hostile.read(&mut count, u64::MAX).unwrap();
        assert_eq!(hostile.next(), u64::MAX);
    }
}
