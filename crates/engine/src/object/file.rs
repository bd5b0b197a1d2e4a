//! An open regular file. Its position is the system's, so that duplicates of a handle share it.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use b8g_core::Error;
use b8g_core::abi::{FileType, Stat, open, times};
use cap_fs_ext::MetadataExt;
use rustix::fs::{Advice, FallocateFlags, OFlags, SeekFrom, Timespec, Timestamps};

use super::{Lease, errno};

/// Bytes that one call reads or writes at most, so that an order to stop is seen in time.
pub(crate) const TRANSFER_BYTES_MAX: usize = 4 << 20;

/// An open file.
#[derive(Debug)]
pub(crate) struct File {
    fd: OwnedFd,
    /// APPEND, NONBLOCK, DSYNC and SYNC as the guest set them.
    flags: AtomicU32,
    _lease: Lease,
}

/// The flags that can be asked back and set.
pub(crate) const STATUS_FLAGS: u32 = open::APPEND | open::NONBLOCK | open::DSYNC | open::SYNC;

impl File {
    pub(super) fn new(fd: OwnedFd, flags: u32, lease: Lease) -> File {
        File { fd, flags: AtomicU32::new(flags & STATUS_FLAGS), _lease: lease }
    }

    pub(crate) fn read(&self, into: &mut [u8], position: Option<u64>) -> Result<i64, Error> {
        let room = into.len().min(TRANSFER_BYTES_MAX);
        let into = &mut into[..room];
        let read = match position {
            Some(at) => rustix::io::pread(&self.fd, into, at),
            None => rustix::io::read(&self.fd, into),
        };
        read.map(|n| n as i64).map_err(errno)
    }

    pub(crate) fn write(&self, from: &[u8], position: Option<u64>) -> Result<i64, Error> {
        let from = &from[..from.len().min(TRANSFER_BYTES_MAX)];
        let written = match position {
            Some(at) => rustix::io::pwrite(&self.fd, from, at),
            None => rustix::io::write(&self.fd, from),
        };
        written.map(|n| n as i64).map_err(errno)
    }

    pub(crate) fn seek(&self, offset: i64, whence: u64) -> Result<i64, Error> {
        let to = match whence {
            0 => SeekFrom::Start(u64::try_from(offset).map_err(|_| Error::Argument)?),
            1 => SeekFrom::Current(offset),
            2 => SeekFrom::End(offset),
            _ => return Err(Error::Argument),
        };
        let at = rustix::fs::seek(&self.fd, to).map_err(errno)?;
        i64::try_from(at).map_err(|_| Error::Argument)
    }

    pub(crate) fn stat(&self) -> Result<Stat, Error> {
        stat_fd(&self.fd)
    }

    pub(crate) fn set_size(&self, size: u64) -> Result<(), Error> {
        rustix::fs::ftruncate(&self.fd, size).map_err(errno)
    }

    pub(crate) fn sync(&self, data_only: bool) -> Result<(), Error> {
        sync(&self.fd, data_only)
    }

    pub(crate) fn set_times(&self, atime: u64, mtime: u64, flags: u64) -> Result<(), Error> {
        set_times(&self.fd, atime, mtime, flags)
    }

    pub(crate) fn advise(&self, offset: u64, len: u64, advice: u64) -> Result<(), Error> {
        let advice = match advice {
            0 => Advice::Normal,
            1 => Advice::Sequential,
            2 => Advice::Random,
            3 => Advice::WillNeed,
            4 => Advice::DontNeed,
            5 => Advice::NoReuse,
            _ => return Err(Error::Argument),
        };
        rustix::fs::fadvise(&self.fd, offset, std::num::NonZeroU64::new(len), advice).map_err(errno)
    }

    pub(crate) fn allocate(&self, offset: u64, len: u64) -> Result<(), Error> {
        rustix::fs::fallocate(&self.fd, FallocateFlags::empty(), offset, len).map_err(errno)
    }

    pub(crate) fn flags(&self) -> u32 {
        self.flags.load(Relaxed)
    }

    /// Sets APPEND; the other flags are kept to be asked back, as regular files never block and their
    /// synchronisation is chosen when they are opened.
    pub(crate) fn set_flags(&self, flags: u32) -> Result<(), Error> {
        if flags & !STATUS_FLAGS != 0 {
            return Err(Error::Argument);
        }
        let mut status = rustix::fs::fcntl_getfl(&self.fd).map_err(errno)?;
        status.set(OFlags::APPEND, flags & open::APPEND != 0);
        rustix::fs::fcntl_setfl(&self.fd, status).map_err(errno)?;
        self.flags.store(flags, Relaxed);
        Ok(())
    }
}

pub(crate) fn sync(fd: &impl std::os::fd::AsFd, data_only: bool) -> Result<(), Error> {
    if data_only { rustix::fs::fdatasync(fd) } else { rustix::fs::fsync(fd) }.map_err(errno)
}

pub(crate) fn set_times(
    fd: &impl std::os::fd::AsFd,
    atime: u64,
    mtime: u64,
    flags: u64,
) -> Result<(), Error> {
    let spec = |value: u64, set: u64, now: u64| {
        let nanos = match (flags & set != 0, flags & now != 0) {
            (_, true) => rustix::fs::UTIME_NOW,
            (true, false) => (value % 1_000_000_000) as i64,
            (false, false) => rustix::fs::UTIME_OMIT,
        };
        Timespec { tv_sec: (value / 1_000_000_000) as i64, tv_nsec: nanos as _ }
    };
    let times = Timestamps {
        last_access: spec(atime, times::ATIME, times::ATIME_NOW),
        last_modification: spec(mtime, times::MTIME, times::MTIME_NOW),
    };
    rustix::fs::futimens(fd, &times).map_err(errno)
}

/// Nanoseconds since 1970, 0 for what lies before.
fn nanoseconds(seconds: i64, nanos: i64) -> u64 {
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    u64::try_from(total.max(0)).unwrap_or(u64::MAX)
}

pub(crate) fn stat_fd(fd: &impl std::os::fd::AsFd) -> Result<Stat, Error> {
    let stat = rustix::fs::fstat(fd).map_err(errno)?;
    Ok(Stat {
        device: stat.st_dev,
        inode: stat.st_ino,
        file_type: super::directory::file_type(rustix::fs::FileType::from_raw_mode(stat.st_mode)),
        links: u32::try_from(stat.st_nlink).unwrap_or(u32::MAX),
        size: u64::try_from(stat.st_size).unwrap_or(0),
        atime_ns: nanoseconds(stat.st_atime, stat.st_atime_nsec as i64),
        mtime_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec as i64),
        ctime_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec as i64),
    })
}

/// The ABI's form of what cap-std tells.
pub(super) fn stat_of(metadata: &cap_std::fs::Metadata) -> Stat {
    use cap_std::fs::{FileTypeExt, MetadataExt as _};
    let of = metadata.file_type();
    let file_type = if of.is_file() {
        FileType::Regular
    } else if of.is_dir() {
        FileType::Directory
    } else if of.is_symlink() {
        FileType::Symlink
    } else if of.is_char_device() {
        FileType::CharacterDevice
    } else if of.is_block_device() {
        FileType::BlockDevice
    } else if of.is_fifo() {
        FileType::Pipe
    } else {
        FileType::SocketStream
    };
    Stat {
        device: MetadataExt::dev(metadata),
        inode: MetadataExt::ino(metadata),
        file_type,
        links: u32::try_from(MetadataExt::nlink(metadata)).unwrap_or(u32::MAX),
        size: metadata.len(),
        atime_ns: nanoseconds(metadata.atime(), metadata.atime_nsec()),
        mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// Tells whether an error only says that a signal came.
pub(crate) fn interrupted(error: Error) -> bool {
    error == Error::Host(libc::EINTR as u16)
}
