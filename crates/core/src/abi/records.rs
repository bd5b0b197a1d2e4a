//! Structures of the ABI that the engine writes and reads itself.
//!
//! Invariant: each is laid out as [`super::constants`] describes it; a test there compares the sizes.

use super::{EndReason, FileType};

/// What a file or directory is. 64 bytes on the wire, times in nanoseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    /// Which device it lies on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// What it is.
    pub file_type: FileType,
    /// How many names it has.
    pub links: u32,
    /// Bytes.
    pub size: u64,
    /// Last read.
    pub atime_ns: u64,
    /// Last written.
    pub mtime_ns: u64,
    /// Last changed.
    pub ctime_ns: u64,
}

impl Stat {
    /// Bytes on the wire.
    pub const BYTES: usize = 64;

    /// Writes it as the ABI lays it out.
    pub fn to_bytes(&self) -> [u8; Stat::BYTES] {
        let mut out = [0; Stat::BYTES];
        out[0..8].copy_from_slice(&self.device.to_le_bytes());
        out[8..16].copy_from_slice(&self.inode.to_le_bytes());
        out[16..20].copy_from_slice(&(self.file_type as u32).to_le_bytes());
        out[20..24].copy_from_slice(&self.links.to_le_bytes());
        out[24..32].copy_from_slice(&self.size.to_le_bytes());
        out[32..40].copy_from_slice(&self.atime_ns.to_le_bytes());
        out[40..48].copy_from_slice(&self.mtime_ns.to_le_bytes());
        out[48..56].copy_from_slice(&self.ctime_ns.to_le_bytes());
        out
    }
}

/// How a task ended and what it used. 64 bytes on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Why.
    pub reason: EndReason,
    /// Its exit code.
    pub code: i32,
    /// Nanoseconds from its start to its end.
    pub wall_ns: u64,
    /// Nanoseconds of processor time.
    pub cpu_ns: u64,
    /// The most memory that it had at a time.
    pub memory_peak_bytes: u64,
    /// What it wrote to stdout and stderr.
    pub output_bytes: u64,
    /// Its calls of the callback.
    pub calls: u64,
    /// Bytes of the message, which `read` of the task gives.
    pub message_bytes: u64,
    /// What it was refused, different things.
    pub denied: u64,
}

impl Ended {
    /// Bytes on the wire.
    pub const BYTES: usize = 64;

    /// Writes it as the ABI lays it out.
    pub fn to_bytes(&self) -> [u8; Ended::BYTES] {
        let mut out = [0; Ended::BYTES];
        out[0..4].copy_from_slice(&(self.reason as u32).to_le_bytes());
        out[4..8].copy_from_slice(&self.code.to_le_bytes());
        let rest = [
            self.wall_ns,
            self.cpu_ns,
            self.memory_peak_bytes,
            self.output_bytes,
            self.calls,
            self.message_bytes,
            self.denied,
        ];
        for (at, word) in out[8..].chunks_exact_mut(8).zip(rest) {
            at.copy_from_slice(&word.to_le_bytes());
        }
        out
    }
}

/// What a task may use at most; 0 is as much as its parent. 32 bytes on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SpawnLimits {
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Nanoseconds until its deadline.
    pub timeout_ns: u64,
    /// Bytes of output.
    pub output_bytes: u64,
    /// Open handles.
    pub handles: u64,
}

impl SpawnLimits {
    /// Bytes on the wire.
    pub const BYTES: usize = 32;

    /// Reads what [`super::Op::Spawn`] was given.
    pub fn from_bytes(bytes: &[u8; SpawnLimits::BYTES]) -> SpawnLimits {
        let mut words = [0; 4];
        for (word, at) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = u64::from_le_bytes(at.try_into().unwrap_or_default());
        }
        let [memory_bytes, timeout_ns, output_bytes, handles] = words;
        SpawnLimits { memory_bytes, timeout_ns, output_bytes, handles }
    }
}
