//! The numbers of preview 1: errors, rights, flags, and how its records lie in memory.

use b8g_core::Error;
use b8g_core::abi::{FileType, PATH_BYTES_MAX};

/// An error as preview 1 numbers it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Errno(u16);

/// What preview 1 calls each number from 1 on, as the number of the same name on Linux. Its names are those of POSIX,
/// in alphabetical order.
#[rustfmt::skip]
const LINUX: [i32; 75] = [
    libc::E2BIG, libc::EACCES, libc::EADDRINUSE, libc::EADDRNOTAVAIL, libc::EAFNOSUPPORT, libc::EAGAIN,
    libc::EALREADY, libc::EBADF, libc::EBADMSG, libc::EBUSY, libc::ECANCELED, libc::ECHILD, libc::ECONNABORTED,
    libc::ECONNREFUSED, libc::ECONNRESET, libc::EDEADLK, libc::EDESTADDRREQ, libc::EDOM, libc::EDQUOT,
    libc::EEXIST, libc::EFAULT, libc::EFBIG, libc::EHOSTUNREACH, libc::EIDRM, libc::EILSEQ, libc::EINPROGRESS,
    libc::EINTR, libc::EINVAL, libc::EIO, libc::EISCONN, libc::EISDIR, libc::ELOOP, libc::EMFILE, libc::EMLINK,
    libc::EMSGSIZE, libc::EMULTIHOP, libc::ENAMETOOLONG, libc::ENETDOWN, libc::ENETRESET, libc::ENETUNREACH,
    libc::ENFILE, libc::ENOBUFS, libc::ENODEV, libc::ENOENT, libc::ENOEXEC, libc::ENOLCK, libc::ENOLINK,
    libc::ENOMEM, libc::ENOMSG, libc::ENOPROTOOPT, libc::ENOSPC, libc::ENOSYS, libc::ENOTCONN, libc::ENOTDIR,
    libc::ENOTEMPTY, libc::ENOTRECOVERABLE, libc::ENOTSOCK, libc::ENOTSUP, libc::ENOTTY, libc::ENXIO,
    libc::EOVERFLOW, libc::EOWNERDEAD, libc::EPERM, libc::EPIPE, libc::EPROTO, libc::EPROTONOSUPPORT,
    libc::EPROTOTYPE, libc::ERANGE, libc::EROFS, libc::ESPIPE, libc::ESRCH, libc::ESTALE, libc::ETIMEDOUT,
    libc::ETXTBSY, libc::EXDEV,
];

impl Errno {
    pub(super) const ACCES: Errno = Errno::linux(libc::EACCES);
    pub(super) const AGAIN: Errno = Errno::linux(libc::EAGAIN);
    pub(super) const BADF: Errno = Errno::linux(libc::EBADF);
    pub(super) const FAULT: Errno = Errno::linux(libc::EFAULT);
    pub(super) const INVAL: Errno = Errno::linux(libc::EINVAL);
    pub(super) const IO: Errno = Errno(29);
    pub(super) const ISDIR: Errno = Errno::linux(libc::EISDIR);
    pub(super) const MFILE: Errno = Errno::linux(libc::EMFILE);
    pub(super) const NAMETOOLONG: Errno = Errno::linux(libc::ENAMETOOLONG);
    pub(super) const NOENT: Errno = Errno::linux(libc::ENOENT);
    pub(super) const NOSPC: Errno = Errno::linux(libc::ENOSPC);
    pub(super) const NOSYS: Errno = Errno::linux(libc::ENOSYS);
    pub(super) const NOTDIR: Errno = Errno::linux(libc::ENOTDIR);
    pub(super) const NOTSOCK: Errno = Errno::linux(libc::ENOTSOCK);
    pub(super) const NOTSUP: Errno = Errno::linux(libc::ENOTSUP);
    pub(super) const OVERFLOW: Errno = Errno::linux(libc::EOVERFLOW);
    pub(super) const PERM: Errno = Errno::linux(libc::EPERM);
    pub(super) const SPIPE: Errno = Errno::linux(libc::ESPIPE);
    /// A right of the descriptor is missing; preview 1's own.
    pub(super) const NOTCAPABLE: Errno = Errno(76);

    /// The number that the guest gets.
    pub(super) const fn number(self) -> u16 {
        self.0
    }

    /// The error of that name; an I/O error where preview 1 has no such name.
    const fn linux(errno: i32) -> Errno {
        let mut i = 0;
        while i < LINUX.len() {
            if LINUX[i] == errno {
                return Errno(i as u16 + 1);
            }
            i += 1;
        }
        Errno::IO
    }

    /// What an operation on a path says: what was not granted is not permitted.
    pub(super) fn of_path(error: Error) -> Errno {
        match error {
            Error::Rights => Errno::PERM,
            // A device, a pipe or a socket, which is never opened.
            Error::Type => Errno::ACCES,
            error => error.into(),
        }
    }
}

/// What an operation on a descriptor says.
impl From<Error> for Errno {
    fn from(error: Error) -> Errno {
        match error {
            Error::BadHandle => Errno::BADF,
            Error::Rights => Errno::NOTCAPABLE,
            Error::Type | Error::Argument => Errno::INVAL,
            Error::Fault => Errno::FAULT,
            Error::NoMemory => Errno::linux(libc::ENOMEM),
            Error::Again => Errno::AGAIN,
            Error::Closed => Errno::linux(libc::EPIPE),
            Error::Canceled => Errno::linux(libc::ECANCELED),
            Error::Timeout => Errno::linux(libc::ETIMEDOUT),
            Error::NotFound => Errno::NOENT,
            Error::Exists => Errno::linux(libc::EEXIST),
            Error::Limit => Errno::MFILE,
            Error::Busy => Errno::linux(libc::EBUSY),
            Error::Io => Errno::IO,
            Error::NoSystem => Errno::NOSYS,
            Error::Host(errno) => Errno::linux(i32::from(errno)),
        }
    }
}

/// Rights of a descriptor: preview 1's own 64 bits, beside those of the handle.
pub(super) mod rights {
    pub(in crate::wasi) const FD_DATASYNC: u64 = 1;
    pub(in crate::wasi) const FD_READ: u64 = 1 << 1;
    pub(in crate::wasi) const FD_SEEK: u64 = 1 << 2;
    pub(in crate::wasi) const FD_FDSTAT_SET_FLAGS: u64 = 1 << 3;
    pub(in crate::wasi) const FD_SYNC: u64 = 1 << 4;
    pub(in crate::wasi) const FD_TELL: u64 = 1 << 5;
    pub(in crate::wasi) const FD_WRITE: u64 = 1 << 6;
    pub(in crate::wasi) const FD_ADVISE: u64 = 1 << 7;
    pub(in crate::wasi) const FD_ALLOCATE: u64 = 1 << 8;
    pub(in crate::wasi) const PATH_CREATE_DIRECTORY: u64 = 1 << 9;
    pub(in crate::wasi) const PATH_CREATE_FILE: u64 = 1 << 10;
    pub(in crate::wasi) const PATH_LINK_SOURCE: u64 = 1 << 11;
    pub(in crate::wasi) const PATH_LINK_TARGET: u64 = 1 << 12;
    pub(in crate::wasi) const PATH_OPEN: u64 = 1 << 13;
    pub(in crate::wasi) const FD_READDIR: u64 = 1 << 14;
    pub(in crate::wasi) const PATH_READLINK: u64 = 1 << 15;
    pub(in crate::wasi) const PATH_RENAME_SOURCE: u64 = 1 << 16;
    pub(in crate::wasi) const PATH_RENAME_TARGET: u64 = 1 << 17;
    pub(in crate::wasi) const PATH_FILESTAT_GET: u64 = 1 << 18;
    pub(in crate::wasi) const PATH_FILESTAT_SET_SIZE: u64 = 1 << 19;
    pub(in crate::wasi) const PATH_FILESTAT_SET_TIMES: u64 = 1 << 20;
    pub(in crate::wasi) const FD_FILESTAT_GET: u64 = 1 << 21;
    pub(in crate::wasi) const FD_FILESTAT_SET_SIZE: u64 = 1 << 22;
    pub(in crate::wasi) const FD_FILESTAT_SET_TIMES: u64 = 1 << 23;
    pub(in crate::wasi) const PATH_SYMLINK: u64 = 1 << 24;
    pub(in crate::wasi) const PATH_REMOVE_DIRECTORY: u64 = 1 << 25;
    pub(in crate::wasi) const PATH_UNLINK_FILE: u64 = 1 << 26;
    pub(in crate::wasi) const POLL_FD_READWRITE: u64 = 1 << 27;
    pub(in crate::wasi) const SOCK_SHUTDOWN: u64 = 1 << 28;
    pub(in crate::wasi) const SOCK_ACCEPT: u64 = 1 << 29;

    /// What can be done with a regular file.
    pub(in crate::wasi) const FILE: u64 = FD_DATASYNC
        | FD_READ
        | FD_SEEK
        | FD_FDSTAT_SET_FLAGS
        | FD_SYNC
        | FD_TELL
        | FD_WRITE
        | FD_ADVISE
        | FD_ALLOCATE
        | FD_FILESTAT_GET
        | FD_FILESTAT_SET_SIZE
        | FD_FILESTAT_SET_TIMES
        | POLL_FD_READWRITE;

    /// What can be done with a directory.
    pub(in crate::wasi) const DIRECTORY: u64 = FD_DATASYNC
        | FD_SYNC
        | PATH_CREATE_DIRECTORY
        | PATH_CREATE_FILE
        | PATH_LINK_SOURCE
        | PATH_LINK_TARGET
        | PATH_OPEN
        | FD_READDIR
        | PATH_READLINK
        | PATH_RENAME_SOURCE
        | PATH_RENAME_TARGET
        | PATH_FILESTAT_GET
        | PATH_FILESTAT_SET_SIZE
        | PATH_FILESTAT_SET_TIMES
        | FD_FILESTAT_GET
        | FD_FILESTAT_SET_TIMES
        | PATH_SYMLINK
        | PATH_REMOVE_DIRECTORY
        | PATH_UNLINK_FILE;

    /// What can be done with standard input.
    pub(in crate::wasi) const INPUT: u64 =
        FD_READ | FD_FDSTAT_SET_FLAGS | FD_FILESTAT_GET | POLL_FD_READWRITE;

    /// What can be done with standard output and standard error.
    pub(in crate::wasi) const OUTPUT: u64 =
        FD_WRITE | FD_FDSTAT_SET_FLAGS | FD_SYNC | FD_DATASYNC | FD_FILESTAT_GET | POLL_FD_READWRITE;

    /// What can be done with a connected socket.
    pub(in crate::wasi) const SOCKET: u64 =
        FD_READ | FD_WRITE | FD_FDSTAT_SET_FLAGS | FD_FILESTAT_GET | POLL_FD_READWRITE | SOCK_SHUTDOWN;
}

/// Flags of a path's resolution, of opening, and of an open descriptor.
pub(super) mod flags {
    pub(in crate::wasi) const LOOKUP_SYMLINK_FOLLOW: u32 = 1;

    pub(in crate::wasi) const OPEN_CREAT: u32 = 1;
    pub(in crate::wasi) const OPEN_DIRECTORY: u32 = 1 << 1;
    pub(in crate::wasi) const OPEN_EXCL: u32 = 1 << 2;
    pub(in crate::wasi) const OPEN_TRUNC: u32 = 1 << 3;
    pub(in crate::wasi) const OPEN_ALL: u32 = 0xf;

    pub(in crate::wasi) const FD_APPEND: u32 = 1;
    pub(in crate::wasi) const FD_DSYNC: u32 = 1 << 1;
    pub(in crate::wasi) const FD_NONBLOCK: u32 = 1 << 2;
    pub(in crate::wasi) const FD_RSYNC: u32 = 1 << 3;
    pub(in crate::wasi) const FD_SYNC: u32 = 1 << 4;
    pub(in crate::wasi) const FD_ALL: u32 = 0x1f;

    pub(in crate::wasi) const TIMES_ATIME: u32 = 1;
    pub(in crate::wasi) const TIMES_ATIME_NOW: u32 = 1 << 1;
    pub(in crate::wasi) const TIMES_MTIME: u32 = 1 << 2;
    pub(in crate::wasi) const TIMES_MTIME_NOW: u32 = 1 << 3;
    pub(in crate::wasi) const TIMES_ALL: u32 = 0xf;
}

/// Bytes of a `filestat`.
pub(super) const FILESTAT_BYTES: usize = 64;
/// Where a `filestat` has the type of the file.
pub(super) const TYPE_AT: usize = 16;
/// Bytes of an `fdstat`.
pub(super) const FDSTAT_BYTES: usize = 24;
/// Bytes of a `dirent`, without the name behind it.
pub(super) const DIRENT_BYTES: usize = 24;

/// The type of a file as preview 1 numbers it: it has no number for a pipe.
pub(super) fn file_type(number: u32) -> u8 {
    let known = FileType::from_number(number).filter(|of| *of != FileType::Pipe);
    known.unwrap_or(FileType::Unknown) as u8
}

/// Turns the ABI's `Stat` into a `filestat`.
pub(super) fn filestat(stat: &[u8; b8g_core::abi::Stat::BYTES]) -> [u8; FILESTAT_BYTES] {
    let mut out = [0; FILESTAT_BYTES];
    out[0..16].copy_from_slice(&stat[0..16]);
    out[TYPE_AT] = file_type(u32_at(stat, 16));
    out[24..28].copy_from_slice(&stat[20..24]);
    out[32..64].copy_from_slice(&stat[24..56]);
    out
}

/// Reads a number at a place that is known to be within `bytes`.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// As [`u16_at`].
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// As [`u16_at`].
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// Checks what a guest passed as a path. It is bytes, not text: names on Linux are.
pub(super) fn checked_path(path: &[u8]) -> Result<&[u8], Errno> {
    if path.is_empty() {
        return Err(Errno::NOENT);
    }
    if path.len() > PATH_BYTES_MAX {
        return Err(Errno::NAMETOOLONG);
    }
    if path.contains(&0) { Err(Errno::INVAL) } else { Ok(path) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use b8g_core::abi::Stat;

    /// The specification's own numbers, at a few places of its alphabet.
    #[test]
    fn errors_have_the_numbers_of_preview_1() {
        let known = [
            (libc::E2BIG, 1),
            (libc::EACCES, 2),
            (libc::EBADF, 8),
            (libc::EFAULT, 21),
            (libc::EINVAL, 28),
            (libc::EIO, 29),
            (libc::ENOENT, 44),
            (libc::ENOSYS, 52),
            (libc::ENOTSUP, 58),
            (libc::EPERM, 63),
            (libc::ESPIPE, 70),
            (libc::EXDEV, 75),
            (libc::EMEDIUMTYPE, 29),
        ];
        for (linux, number) in known {
            assert_eq!(Errno::from(Error::Host(linux as u16)).number(), number, "{linux}");
        }
        assert_eq!(Errno::from(Error::Rights), Errno::NOTCAPABLE);
        assert_eq!(Errno::of_path(Error::Rights), Errno::PERM);
    }

    #[test]
    fn a_filestat_is_laid_out_as_specified() {
        let stat = Stat {
            device: 1,
            inode: 2,
            file_type: FileType::Regular,
            links: 3,
            size: 4,
            atime_ns: 5,
            mtime_ns: 6,
            ctime_ns: 7,
        };
        let bytes = filestat(&stat.to_bytes());
        let words: Vec<u64> = (0..8).map(|i| u64_at(&bytes, i * 8)).collect();
        assert_eq!(words, [1, 2, 4, 3, 4, 5, 6, 7]);
        assert_eq!(filestat(&Stat { file_type: FileType::Pipe, ..stat }.to_bytes())[16], 0);
    }

    #[test]
    fn paths_are_checked() {
        assert_eq!(checked_path(b""), Err(Errno::NOENT));
        assert_eq!(checked_path(b"a\0"), Err(Errno::INVAL));
        assert_eq!(checked_path(&[b'x'; PATH_BYTES_MAX + 1]), Err(Errno::NAMETOOLONG));
        assert_eq!(checked_path(b"\xff/x"), Ok(&b"\xff/x"[..]));
    }
}
