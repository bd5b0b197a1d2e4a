//! Errors as WASI 0.2 and 0.3 name them. The names are the same in both, the types are not, so these are macros.

/// The file system's `error-code` for an [`Error`](b8g_core::Error).
macro_rules! filesystem_code {
    ($Code:ident, $error:expr) => {{
        use b8g_core::Error;
        match $error {
            Error::BadHandle => $Code::BadDescriptor,
            Error::Rights => $Code::NotPermitted,
            Error::Type => $Code::Access,
            Error::Argument | Error::Fault => $Code::Invalid,
            Error::NoMemory => $Code::InsufficientMemory,
            Error::Closed => $Code::Pipe,
            Error::NotFound => $Code::NoEntry,
            Error::Exists => $Code::Exist,
            // Too many handles or open files: preview 1 says so too.
            Error::Limit => $Code::InsufficientMemory,
            Error::Busy => $Code::Busy,
            Error::NoSystem => $Code::Unsupported,
            Error::Again | Error::Canceled | Error::Timeout => $Code::Interrupted,
            Error::Io => $Code::Io,
            Error::Host(number) => match i32::from(number) {
                libc::EACCES => $Code::Access,
                libc::EALREADY => $Code::Already,
                libc::EBADF => $Code::BadDescriptor,
                libc::EBUSY => $Code::Busy,
                libc::EDEADLK => $Code::Deadlock,
                libc::EDQUOT => $Code::Quota,
                libc::EEXIST => $Code::Exist,
                libc::EFBIG => $Code::FileTooLarge,
                libc::EILSEQ => $Code::IllegalByteSequence,
                libc::EINPROGRESS => $Code::InProgress,
                libc::EINTR => $Code::Interrupted,
                libc::EINVAL => $Code::Invalid,
                libc::EISDIR => $Code::IsDirectory,
                libc::ELOOP => $Code::Loop,
                libc::EMLINK => $Code::TooManyLinks,
                libc::EMSGSIZE => $Code::MessageSize,
                libc::ENAMETOOLONG => $Code::NameTooLong,
                libc::ENODEV => $Code::NoDevice,
                libc::ENOENT => $Code::NoEntry,
                libc::ENOLCK => $Code::NoLock,
                libc::ENOMEM => $Code::InsufficientMemory,
                libc::ENOSPC => $Code::InsufficientSpace,
                libc::ENOTDIR => $Code::NotDirectory,
                libc::ENOTEMPTY => $Code::NotEmpty,
                libc::ENOTRECOVERABLE => $Code::NotRecoverable,
                libc::ENOTSUP => $Code::Unsupported,
                libc::ENOTTY => $Code::NoTty,
                libc::ENXIO => $Code::NoSuchDevice,
                libc::EOVERFLOW => $Code::Overflow,
                libc::EPERM => $Code::NotPermitted,
                libc::EPIPE => $Code::Pipe,
                libc::EROFS => $Code::ReadOnly,
                libc::ESPIPE => $Code::InvalidSeek,
                libc::ETXTBSY => $Code::TextFileBusy,
                libc::EXDEV => $Code::CrossDevice,
                _ => $Code::Io,
            },
        }
    }};
}

/// The sockets' `error-code` for an [`Error`](b8g_core::Error); `$other` where they have no name for it.
macro_rules! socket_code {
    ($Code:ident, $error:expr, $other:expr) => {{
        use b8g_core::Error;
        match $error {
            Error::Rights => $Code::AccessDenied,
            Error::NoSystem => $Code::NotSupported,
            Error::Argument => $Code::InvalidArgument,
            Error::Type | Error::BadHandle => $Code::InvalidState,
            Error::NoMemory => $Code::OutOfMemory,
            Error::Timeout => $Code::Timeout,
            Error::NotFound => $Code::RemoteUnreachable,
            Error::Closed => $Code::ConnectionReset,
            Error::Host(number) => match i32::from(number) {
                libc::EACCES | libc::EPERM => $Code::AccessDenied,
                libc::EOPNOTSUPP | libc::EAFNOSUPPORT => $Code::NotSupported,
                libc::EINVAL => $Code::InvalidArgument,
                libc::ENOMEM | libc::ENOBUFS => $Code::OutOfMemory,
                libc::ETIMEDOUT => $Code::Timeout,
                libc::EADDRNOTAVAIL => $Code::AddressNotBindable,
                libc::EADDRINUSE => $Code::AddressInUse,
                libc::EHOSTUNREACH | libc::EHOSTDOWN | libc::ENETDOWN | libc::ENETUNREACH => {
                    $Code::RemoteUnreachable
                }
                libc::ECONNREFUSED => $Code::ConnectionRefused,
                libc::ECONNRESET | libc::EPIPE => $Code::ConnectionReset,
                libc::ECONNABORTED => $Code::ConnectionAborted,
                libc::EMSGSIZE => $Code::DatagramTooLarge,
                libc::ENOTCONN => $Code::InvalidState,
                _ => $other,
            },
            _ => $other,
        }
    }};
}

pub(crate) use {filesystem_code, socket_code};
