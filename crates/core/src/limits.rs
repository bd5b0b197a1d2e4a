//! The named bounds of a context. Everything that a guest can make grow has one here.

use core::time::Duration;

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
