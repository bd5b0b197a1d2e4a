//! Why something was not done.

use core::fmt;

use crate::abi::error;

/// What an operation answers.
pub type Result<T> = core::result::Result<T, Error>;

/// Why an operation did not do what was asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Error(i32);

macro_rules! errors {
    ($($name:ident = $constant:ident,)*) => {
        impl Error {
            $(#[doc = concat!("The error ", stringify!($constant), " of the ABI.")]
            pub const $name: Error = Error(error::$constant as i32);)*

            const NAMES: &'static [(Error, &'static str)] = &[$((Error::$name, stringify!($constant)),)*];
        }
    };
}

errors! {
    BAD_HANDLE = BADH,
    RIGHTS = RIGHTS,
    TYPE = TYPE,
    ARGUMENT = ARG,
    FAULT = FAULT,
    NO_MEMORY = NOMEM,
    AGAIN = AGAIN,
    CLOSED = CLOSED,
    CANCELED = CANCELED,
    TIMEOUT = TIMEOUT,
    NOT_FOUND = NOENT,
    EXISTS = EXIST,
    LIMIT = LIMIT,
    BUSY = BUSY,
    IO = IO,
    NO_SYSTEM = NOSYS,
}

impl Error {
    /// Reads what the callback answered.
    pub(crate) fn from_code(code: i64) -> Error {
        Error(code as i32)
    }

    /// The number of the ABI, always negative.
    pub const fn code(self) -> i32 {
        self.0
    }

    /// What the host's system said, with the numbers of Linux.
    pub const fn errno(self) -> Option<i32> {
        let errno = -self.0 - crate::abi::HOST_ERROR_BASE as i32;
        if errno > 0 { Some(errno) } else { None }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (Error::NAMES.iter().find(|(error, _)| error == self), self.errno()) {
            (Some((_, name)), _) => f.write_str(name),
            (None, Some(errno)) => write!(f, "errno {errno}"),
            (None, None) => write!(f, "error {}", self.0),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn errors_are_named_as_the_abi_names_them() {
        assert_eq!(std::format!("{:?} {}", Error::AGAIN, Error::from_code(-258)), "AGAIN errno 2");
        assert_eq!((Error::CLOSED.errno(), Error::from_code(-258).errno()), (None, Some(2)));
        assert_eq!(Error::NAMES.len(), 16);
    }
}
