//! What is known about a context from outside while it runs: counters, denials, why it is to stop.
//!
//! Shared between the thread that runs the context, the watchdog and whoever reports; all of it survives a context
//! that has to be left where it hangs.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::outcome::{Access, DENIALS_MAX, Denial, Reason, Usage};

/// The live figures of one context.
#[derive(Debug)]
pub(crate) struct Monitor {
    started: Instant,
    stop: AtomicU8,
    pub(crate) cpu_ns: AtomicU64,
    pub(crate) memory_bytes: AtomicU64,
    memory_peak_bytes: AtomicU64,
    /// A growth of memory was refused.
    pub(crate) memory_refused: AtomicBool,
    pub(crate) output_bytes: AtomicU64,
    calls: AtomicU64,
    grants_used: Box<[AtomicU64]>,
    lines_open: [AtomicBool; 2],
    denied: Mutex<Vec<Denial>>,
}

const STOP_NONE: u8 = 0;
const STOP_TIMEOUT: u8 = 1;
const STOP_CANCELLED: u8 = 2;

impl Monitor {
    pub(crate) fn new(grants: usize) -> Monitor {
        Monitor {
            started: Instant::now(),
            stop: AtomicU8::new(STOP_NONE),
            cpu_ns: AtomicU64::new(0),
            memory_bytes: AtomicU64::new(0),
            memory_peak_bytes: AtomicU64::new(0),
            memory_refused: AtomicBool::new(false),
            output_bytes: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            grants_used: (0..grants).map(|_| AtomicU64::new(0)).collect(),
            lines_open: Default::default(),
            denied: Mutex::default(),
        }
    }

    /// When the context was made.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Orders the context to stop; the first order counts. Answers whether this was the first.
    pub(crate) fn order_stop(&self, reason: Reason) -> bool {
        let word = if reason == Reason::Timeout { STOP_TIMEOUT } else { STOP_CANCELLED };
        self.stop.compare_exchange(STOP_NONE, word, Relaxed, Relaxed).is_ok()
    }

    /// Why the context is to stop, if it is.
    pub(crate) fn stop_ordered(&self) -> Option<Reason> {
        match self.stop.load(Relaxed) {
            STOP_NONE => None,
            STOP_TIMEOUT => Some(Reason::Timeout),
            _ => Some(Reason::Cancelled),
        }
    }

    /// Counts an operation. The context is on one thread at a time, and nobody else counts them: so no thread need be kept out.
    pub(crate) fn count_call(&self) {
        self.calls.store(self.calls.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// Counts memory that was added to the context.
    pub(crate) fn add_memory(&self, bytes: u64) {
        let now = self.memory_bytes.fetch_add(bytes, Relaxed).saturating_add(bytes);
        self.memory_peak_bytes.fetch_max(now, Relaxed);
    }

    /// Counts a use of the grant with this number.
    pub(crate) fn use_grant(&self, grant: u32) {
        if let Some(count) = self.grants_used.get(grant as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Notes the last byte that went to the process's standard output (0) or standard error (1).
    pub(crate) fn note_last_byte(&self, stream: usize, byte: u8) {
        self.lines_open[stream].store(byte != b'\n', Relaxed);
    }

    fn denials(&self) -> MutexGuard<'_, Vec<Denial>> {
        self.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something was refused.
    pub(crate) fn deny(&self, access: Access, target: &[u8]) {
        let denial = Denial::new(access, target);
        let mut denied = self.denials();
        if denied.len() < DENIALS_MAX && !denied.contains(&denial) {
            denied.push(denial);
        }
    }

    /// Tells whether anything was refused.
    pub(crate) fn has_denials(&self) -> bool {
        !self.denials().is_empty()
    }

    /// Counts what a task of this context used and was refused.
    pub(crate) fn absorb(&self, used: &Usage) {
        self.cpu_ns.fetch_add(u64::try_from(used.cpu.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        for (count, more) in self.grants_used.iter().zip(&used.grants_used) {
            count.fetch_add(*more, Relaxed);
        }
        let mut denied = self.denials();
        for denial in &used.denied {
            if denied.len() < DENIALS_MAX && !denied.contains(denial) {
                denied.push(denial.clone());
            }
        }
    }

    /// How many grants are counted.
    pub(crate) fn grants(&self) -> usize {
        self.grants_used.len()
    }

    /// Sums up what is known now.
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            wall: self.started.elapsed(),
            cpu: std::time::Duration::from_nanos(self.cpu_ns.load(Relaxed)),
            memory_peak_bytes: self.memory_peak_bytes.load(Relaxed),
            output_bytes: self.output_bytes.load(Relaxed),
            calls: self.calls.load(Relaxed),
            grants_used: self.grants_used.iter().map(|count| count.load(Relaxed)).collect(),
            denied: self.denials().clone(),
            lines_open: self.lines_open.each_ref().map(|open| open.load(Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_order_to_stop_counts() {
        let monitor = Monitor::new(0);
        assert_eq!(monitor.stop_ordered(), None);
        assert!(monitor.order_stop(Reason::Timeout));
        assert!(!monitor.order_stop(Reason::Cancelled));
        assert_eq!(monitor.stop_ordered(), Some(Reason::Timeout));
    }

    #[test]
    fn denials_are_kept_once_and_bounded() {
        let monitor = Monitor::new(1);
        for i in 0..1000u32 {
            monitor.deny(Access::Read, format!("f{}", i / 2).as_bytes());
            monitor.deny(Access::Write, &vec![b'x'; 100_000]);
        }
        let denied = monitor.usage().denied;
        assert_eq!(denied.len(), DENIALS_MAX);
        assert_eq!(denied[0].flag(), "--allow-read=f0");
        assert!(denied.iter().all(|d| d.target.len() < 1000));
    }

    #[test]
    fn the_peak_of_memory_stays() {
        let monitor = Monitor::new(0);
        monitor.add_memory(100);
        monitor.memory_bytes.fetch_sub(60, Relaxed);
        monitor.add_memory(10);
        assert_eq!(monitor.usage().memory_peak_bytes, 100);
    }
}
