//! Errors as a component sees them: small negative numbers.

use core::fmt;

/// Why an operation did not do what was asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Error {
    /// No such handle, or a stale one.
    BadHandle,
    /// The handle's rights, or the grants, do not allow it.
    Rights,
    /// The object cannot do this.
    Type,
    /// An argument is out of range.
    Argument,
    /// A pointer leaves the component's memory.
    Fault,
    /// No memory.
    NoMemory,
    /// It would block; wait for the handle and try again.
    Again,
    /// The peer is gone.
    Closed,
    /// The context is being stopped.
    Canceled,
    /// The deadline passed.
    Timeout,
    /// No such thing.
    NotFound,
    /// It exists already.
    Exists,
    /// A named bound was reached.
    Limit,
    /// In use.
    Busy,
    /// The device or file system failed.
    Io,
    /// No such operation.
    NoSystem,
    /// What the host's system said, with the numbers of Linux; 1 to 4095.
    Host(u16),
}

/// Host errors are passed as `-(HOST_BASE + errno)`.
pub const HOST_BASE: i64 = 256;

impl Error {
    /// Gives the number that the ABI passes, always negative.
    pub const fn code(self) -> i64 {
        match self {
            Error::BadHandle => -1,
            Error::Rights => -2,
            Error::Type => -3,
            Error::Argument => -4,
            Error::Fault => -5,
            Error::NoMemory => -6,
            Error::Again => -7,
            Error::Closed => -8,
            Error::Canceled => -9,
            Error::Timeout => -10,
            Error::NotFound => -11,
            Error::Exists => -12,
            Error::Limit => -13,
            Error::Busy => -14,
            Error::Io => -15,
            Error::NoSystem => -16,
            Error::Host(errno) => -(HOST_BASE + errno as i64),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::BadHandle => "no such handle",
            Error::Rights => "not granted",
            Error::Type => "the object cannot do this",
            Error::Argument => "an argument is out of range",
            Error::Fault => "a pointer leaves the memory",
            Error::NoMemory => "out of memory",
            Error::Again => "it would block",
            Error::Closed => "the peer is gone",
            Error::Canceled => "the context is being stopped",
            Error::Timeout => "the deadline passed",
            Error::NotFound => "no such thing",
            Error::Exists => "it exists already",
            Error::Limit => "a bound was reached",
            Error::Busy => "in use",
            Error::Io => "input or output failed",
            Error::NoSystem => "no such operation",
            Error::Host(errno) => return write!(f, "the system's error {errno}"),
        })
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_abi() {
        let all = [
            Error::BadHandle,
            Error::Rights,
            Error::Type,
            Error::Argument,
            Error::Fault,
            Error::NoMemory,
            Error::Again,
            Error::Closed,
            Error::Canceled,
            Error::Timeout,
            Error::NotFound,
            Error::Exists,
            Error::Limit,
            Error::Busy,
            Error::Io,
            Error::NoSystem,
        ];
        for (i, e) in all.iter().enumerate() {
            assert_eq!(e.code(), -(i as i64) - 1, "{e:?}");
        }
        assert_eq!(Error::Host(2).code(), -258);
    }
}
