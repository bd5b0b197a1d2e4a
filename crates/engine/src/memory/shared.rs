//! Memory that several contexts see at once: a sealed memfd, which [`Windows`](super::window) map.
//!
//! Never here: a mapping, a slice, or the descriptor in the hands of others. The host copies, by calls of the system,
//! because a context may write at any moment.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{FallocateFlags, MemfdFlags, SealFlags};

use super::PAGE_BYTES;

/// Bytes that are allocated at once; a signal makes the system start again from the last such piece.
const ALLOCATE_BYTES: u64 = 4 << 20;

/// Memory that contexts share, seen through the windows that [`Context::map_shared`](crate::Context::map_shared) makes.
/// Its size never changes. Cheap to clone: clones are the same memory, which lives as long as a clone or a window.
///
/// ```
/// use b8g::{Component, Config, Context, Engine, Grants, Limits, SharedMemory, Value};
/// let engine = Engine::new(Config::new())?;
/// let text = r#"(module (memory (export "memory") 2)
///     (func (export "get") (param i32) (result i32) (i32.load (local.get 0)))
///     (func (export "set") (param i32 i32) (i32.store (local.get 0) (local.get 1))))"#;
/// let component = Component::from_wasm(&engine, text.as_bytes())?;
/// let mut a = Context::new(&component, &Grants::none(), Limits::default())?;
/// let mut b = Context::new(&component, &Grants::none(), Limits::default())?;
///
/// let shared = SharedMemory::new(65536)?;
/// a.map_shared(&shared, 65536, 0, 65536)?;
/// b.map_shared(&shared, 0, 0, 65536)?;
/// a.call("set", &[Value::I32(65536 + 8), Value::I32(42)])?;
/// assert_eq!(b.call("get", &[Value::I32(8)])?, [Value::I32(42)]);
/// let mut word = [0; 4];
/// shared.read(8, &mut word)?;
/// assert_eq!(i32::from_le_bytes(word), 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SharedMemory {
    fd: Arc<OwnedFd>,
    bytes: u64,
}

impl SharedMemory {
    /// Bytes of one shared memory at most.
    pub const BYTES_MAX: u64 = 1 << 30;
    /// Windows that one context may have at most.
    pub const WINDOWS_MAX: usize = 16;
    /// Bytes of which everything about a window is a multiple.
    pub const WINDOW_ALIGNMENT_BYTES: u64 = PAGE_BYTES as u64;

    /// Makes a memory of zeroes, of `bytes` rounded up to [`SharedMemory::WINDOW_ALIGNMENT_BYTES`]. The system sets all of
    /// it aside now: later there is no moment at which a context, or the host, could be told that there is no room.
    ///
    /// # Errors
    /// `InvalidInput` for 0 bytes and for more than [`SharedMemory::BYTES_MAX`], and what the system says when there is
    /// no room.
    pub fn new(bytes: u64) -> io::Result<SharedMemory> {
        if bytes == 0 || bytes > SharedMemory::BYTES_MAX {
            let why = format!("a shared memory has 1 to {} bytes, not {bytes}", SharedMemory::BYTES_MAX);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let bytes = bytes.next_multiple_of(SharedMemory::WINDOW_ALIGNMENT_BYTES);
        let fd = rustix::fs::memfd_create("b8g-shared", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        rustix::fs::ftruncate(&fd, bytes)?;
        for at in (0..bytes).step_by(ALLOCATE_BYTES as usize) {
            let len = ALLOCATE_BYTES.min(bytes - at);
            rustix::io::retry_on_intr(|| rustix::fs::fallocate(&fd, FallocateFlags::empty(), at, len))?;
        }
        // What is mapped beyond the end of its file kills the process that touches it.
        rustix::fs::fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok(SharedMemory { fd: Arc::new(fd), bytes })
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Copies what lies at `at` bytes into `into`. What a context writes meanwhile may be seen in part: look at the
    /// copy, never at the memory twice.
    ///
    /// # Errors
    /// `InvalidInput` when that leaves the memory; nothing is copied then.
    pub fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.check(at, into.len())?;
        let mut done = 0;
        while done < into.len() {
            match rustix::io::retry_on_intr(|| {
                rustix::io::pread(&self.fd, &mut into[done..], at + done as u64)
            })? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => done += read,
            }
        }
        Ok(())
    }

    /// Copies `from` to `at` bytes. Contexts may see a part of it before the rest.
    ///
    /// # Errors
    /// `InvalidInput` when that leaves the memory; nothing is copied then.
    pub fn write(&self, at: u64, from: &[u8]) -> io::Result<()> {
        self.check(at, from.len())?;
        let mut done = 0;
        while done < from.len() {
            match rustix::io::retry_on_intr(|| rustix::io::pwrite(&self.fd, &from[done..], at + done as u64))?
            {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => done += written,
            }
        }
        Ok(())
    }

    fn check(&self, at: u64, len: usize) -> io::Result<()> {
        if at.checked_add(len as u64).is_some_and(|end| end <= self.bytes) {
            return Ok(());
        }
        let why = format!("{len} bytes at {at} leave the shared memory of {} bytes", self.bytes);
        Err(io::Error::new(io::ErrorKind::InvalidInput, why))
    }

    /// What windows map.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_size_is_whole_pages_and_stays() {
        let shared = SharedMemory::new(4097).unwrap();
        assert_eq!(shared.bytes(), 8192);
        for size in [0, 4096, 8191, 8193, 1 << 20] {
            assert_eq!(rustix::fs::ftruncate(shared.fd(), size), Err(rustix::io::Errno::PERM), "{size}");
        }
        assert!(rustix::io::pwrite(shared.fd(), b"x", 8192).is_err());
        let more = rustix::fs::fallocate(shared.fd(), FallocateFlags::empty(), 8192, 1);
        assert_eq!(more, Err(rustix::io::Errno::PERM));
        let seals = rustix::fs::fcntl_get_seals(shared.fd()).unwrap();
        assert_eq!(seals, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL);
        assert!(rustix::fs::fcntl_add_seals(shared.fd(), SealFlags::WRITE).is_err());
    }

    #[test]
    fn all_of_it_is_there_from_the_start() {
        let bytes = 2 * ALLOCATE_BYTES + PAGE_BYTES as u64;
        let shared = SharedMemory::new(bytes).unwrap();
        let stat = rustix::fs::fstat(shared.fd()).unwrap();
        assert!(stat.st_blocks as u64 * 512 >= bytes, "{} blocks", stat.st_blocks);
    }

    #[test]
    fn its_size_is_bounded() {
        for bytes in [0, SharedMemory::BYTES_MAX + 1, u64::MAX] {
            let error = SharedMemory::new(bytes).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{bytes}");
            assert!(error.to_string().contains(&bytes.to_string()), "{error}");
        }
    }

    #[test]
    fn the_host_reads_and_writes_by_copying_and_within_it() {
        let shared = SharedMemory::new(8192).unwrap();
        let other = shared.clone();
        shared.write(4090, b"across pages").unwrap();
        let mut found = [1; 14];
        other.read(4089, &mut found).unwrap();
        assert_eq!(&found, b"\0across pages\0");
        shared.write(8191, b"x").unwrap();
        shared.read(8192, &mut []).unwrap();
        for (at, len) in [(8192, 1), (8191, 2), (0, 8193), (u64::MAX, 1), (u64::MAX, 0)] {
            let mut buffer = vec![7; len];
            assert_eq!(shared.read(at, &mut buffer).unwrap_err().kind(), io::ErrorKind::InvalidInput);
            assert!(buffer.iter().all(|b| *b == 7));
            assert_eq!(shared.write(at, &buffer).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    }
}
