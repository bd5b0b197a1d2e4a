//! How much processor time the thread that runs has used.
//!
//! Asking the system costs more than starting a small context does. So an answer counts for a moment: until then the
//! thread is taken to run without a break, which is wrong by that moment at most.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long an answer counts.
const FRESH: Duration = Duration::from_micros(50);

thread_local! {
    static ASKED: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
}

/// Processor time of this thread since it began; too much by [`FRESH`] at most.
pub(crate) fn thread_time() -> Duration {
    let now = Instant::now();
    if let Some((at, used)) = ASKED.get() {
        let since = now.saturating_duration_since(at);
        if since < FRESH {
            return used + since;
        }
    }
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let used = Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32);
    ASKED.set(Some((now, used)));
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_work_and_not_sleep() {
        let begun = thread_time();
        std::thread::sleep(Duration::from_millis(30));
        let slept = thread_time();
        assert!(slept.saturating_sub(begun) < Duration::from_millis(20));
        let started = Instant::now();
        let mut sum = 0u64;
        // However busy the machine is, the thread gets its turn some time.
        while thread_time().saturating_sub(slept) < Duration::from_millis(20) {
            (0..1000u64).for_each(|i| sum = std::hint::black_box(sum + i));
        }
        assert!(started.elapsed() >= Duration::from_millis(19));
    }
}
