//! How much processor time the thread that runs has used.
//!
//! Asking the system costs more than starting a small context does. So an answer counts for a moment: until then the
//! thread is taken to run without a break, which is wrong by that moment at most.

use std::cell::Cell;

use rustix::time::{ClockId, clock_gettime};

/// How long an answer counts, in nanoseconds.
const FRESH_NS: u64 = 50_000;

thread_local! {
    /// When the system was asked last, and its answer.
    static ASKED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Nanoseconds of processor time of this thread since it began; too many by [`FRESH_NS`] at most.
pub(crate) fn thread_time() -> u64 {
    let now = read(ClockId::Monotonic);
    let (at, used) = ASKED.get();
    let since = now.wrapping_sub(at);
    if since < FRESH_NS {
        return used + since;
    }
    let used = read(ClockId::ThreadCPUTime);
    ASKED.set((now, used));
    used
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn it_counts_work_and_not_sleep() {
        let begun = thread_time();
        std::thread::sleep(Duration::from_millis(30));
        let slept = thread_time();
        assert!(slept - begun < 20_000_000);
        let started = Instant::now();
        let mut sum = 0u64;
        // However busy the machine is, the thread gets its turn some time.
        while thread_time() - slept < 20_000_000 {
            (0..1000u64).for_each(|i| sum = std::hint::black_box(sum + i));
        }
        assert!(started.elapsed() >= Duration::from_millis(19));
    }
}
