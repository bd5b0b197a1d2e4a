//! The named bounds of a context. Everything that a guest can make grow has one here.

use core::time::Duration;

use crate::Error;
use crate::abi::SpawnLimits;

/// What a context may use at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of the context, all memories together.
    pub memory_bytes_max: u64,
    /// Elements of all tables together.
    pub table_elements_max: u64,
    /// Wall time from start to end; `None`: no deadline.
    pub timeout: Option<Duration>,
    /// Bytes written to stdout and stderr together; `None`: no bound.
    pub output_bytes_max: Option<u64>,
    /// Open handles at a time.
    pub handles_max: u32,
    /// Open files, directories and sockets at a time.
    pub descriptors_max: u32,
    /// Channels that it made and of which somebody still has an end.
    pub channels_max: u32,
    /// Bytes of the streams and shared memories that it made and of which somebody still has a handle or a window.
    pub shared_bytes_max: u64,
    /// Tasks that run at a time below it, and below these.
    pub tasks_max: u32,
}

/// 64 MiB.
pub const MEMORY_BYTES_DEFAULT: u64 = 64 << 20;

/// 64 MiB.
pub const SHARED_BYTES_DEFAULT: u64 = 64 << 20;

impl Limits {
    /// What a task may use that a context with these limits starts after such a time: what was asked for, but no more than
    /// it has itself, and no longer.
    ///
    /// # Errors
    /// [`Error::Argument`] for more handles than there are numbers.
    pub fn for_task(&self, asked: SpawnLimits, elapsed: Duration) -> Result<Limits, Error> {
        let least = |asked: u64, own: u64| if asked == 0 { own } else { asked.min(own) };
        let rest = self.timeout.map(|timeout| timeout.saturating_sub(elapsed));
        let asked_time = (asked.timeout_ns > 0).then(|| Duration::from_nanos(asked.timeout_ns));
        let output = (asked.output_bytes > 0).then_some(asked.output_bytes);
        let handles = least(asked.handles, self.handles_max.into());
        Ok(Limits {
            memory_bytes_max: least(asked.memory_bytes, self.memory_bytes_max),
            timeout: rest.into_iter().chain(asked_time).min(),
            output_bytes_max: output.into_iter().chain(self.output_bytes_max).min(),
            handles_max: u32::try_from(handles).map_err(|_| Error::Argument)?,
            ..self.clone()
        })
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_bytes_max: MEMORY_BYTES_DEFAULT,
            table_elements_max: 1_000_000,
            timeout: None,
            output_bytes_max: None,
            handles_max: 10_000,
            descriptors_max: 512,
            channels_max: 256,
            shared_bytes_max: SHARED_BYTES_DEFAULT,
            tasks_max: 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_has_no_more_than_who_starts_it() {
        let own = Limits { timeout: Some(Duration::from_nanos(100)), ..Limits::default() };
        let all = own.for_task(SpawnLimits::default(), Duration::from_nanos(30)).unwrap();
        assert_eq!(all, Limits { timeout: Some(Duration::from_nanos(70)), ..own.clone() });
        let more = SpawnLimits { memory_bytes: u64::MAX, timeout_ns: 71, output_bytes: 9, handles: u64::MAX };
        let limits = own.for_task(more, Duration::from_nanos(30)).unwrap();
        assert_eq!(limits, Limits { output_bytes_max: Some(9), ..all });
        let less = SpawnLimits { memory_bytes: 1, timeout_ns: 2, output_bytes: 10, handles: 3 };
        let limits = limits.for_task(less, Duration::ZERO).unwrap();
        assert_eq!((limits.memory_bytes_max, limits.handles_max, limits.output_bytes_max), (1, 3, Some(9)));
        assert_eq!(limits.timeout, Some(Duration::from_nanos(2)));
        assert_eq!(own.for_task(less, Duration::MAX).unwrap().timeout, Some(Duration::ZERO));
    }
}
