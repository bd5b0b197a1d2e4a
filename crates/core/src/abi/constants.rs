//! Errors, roles, bounds, groups of constants and structures as data.
//!
//! Start reading at [`GROUPS`]. Invariant: what [`super`] declares as an enum or a structure is described here as it is there.

use super::shape::{Constant, ErrorName, Field, FieldType, Group, Layout, RoleForm};
use super::{
    BACKLOG_MAX, KEY_BYTES, Kind, MESSAGE_HANDLES_MAX, PATH_BYTES_MAX, Role, SPAWN_HANDLES_MAX,
    WAIT_ITEMS_MAX, compute, event, http, inner, inner_end, link, open, ready, socket, state, stream, task,
    times,
};
use crate::error::{Error, HOST_BASE};
use crate::{Handle, channel};

/// Every error but the host's own, by its number.
pub const ERRORS: &[ErrorName] = &[
    error(Error::BadHandle, "BADH", "no such handle"),
    error(Error::Rights, "RIGHTS", "not granted"),
    error(Error::Type, "TYPE", "the object cannot do this"),
    error(Error::Argument, "ARG", "an argument is out of range"),
    error(Error::Fault, "FAULT", "a pointer leaves the memory, or leads into a window"),
    error(Error::NoMemory, "NOMEM", "no memory"),
    error(Error::Again, "AGAIN", "would block"),
    error(Error::Closed, "CLOSED", "the peer is gone"),
    error(Error::Canceled, "CANCELED", "the context is being stopped"),
    error(Error::Timeout, "TIMEOUT", "the deadline passed"),
    error(Error::NotFound, "NOENT", "no such thing"),
    error(Error::Exists, "EXIST", "it exists already"),
    error(Error::Limit, "LIMIT", "a bound was reached"),
    error(Error::Busy, "BUSY", "in use"),
    error(Error::Io, "IO", "input or output failed"),
    error(Error::NoSystem, "NOSYS", "no such operation"),
];

/// Every role, by its number.
pub const ROLES: &[RoleForm] = &[
    role(Role::Program, "PROGRAM", Kind::Blob, "the program", "read(pos), info (size)"),
    role(Role::Args, "ARGS", Kind::Blob, "arguments", "each argument's bytes and a NUL after each"),
    role(Role::Stdin, "STDIN", Kind::Stream, "byte stream", "read, wait"),
    role(Role::Stdout, "STDOUT", Kind::Stream, "byte stream", "write, wait"),
    role(Role::Stderr, "STDERR", Kind::Stream, "byte stream", "write, wait"),
    role(
        Role::Files,
        "FILES",
        Kind::Files,
        "every granted directory and file, by the names that the user wrote",
        "as a directory, paths resolved against all grants",
    ),
    role(Role::Net, "NET", Kind::Net, "the network", "open(\"host:port\") gives a connection; ctl SOCKET"),
    role(Role::Env, "ENV", Kind::Env, "environment values", "ctl ENV_GET"),
    role(
        Role::ClockReal,
        "CLOCK_REAL",
        Kind::Clock,
        "the clock of dates",
        "read of 8 bytes: u64 nanoseconds",
    ),
    role(
        Role::ClockMono,
        "CLOCK_MONO",
        Kind::Clock,
        "the clock that never goes back",
        "read of 8 bytes: u64 nanoseconds",
    ),
    role(Role::Random, "RANDOM", Kind::Random, "randomness", "read"),
    role(Role::Preopen, "PREOPEN", Kind::Directory, "one granted directory (several entries)", "open, ctl"),
    role(
        Role::Channel,
        "CHANNEL",
        Kind::Channel,
        "an end of a channel that the embedder gave it (several entries, in their order; at most 32)",
        "send, receive, wait",
    ),
    role(
        Role::Stream,
        "STREAM",
        Kind::Stream,
        "an end of a stream that it was given (several entries)",
        "read or write, wait",
    ),
    role(Role::Compiler, "COMPILER", Kind::Compiler, "what compiles source text and wasm", "ctl COMPILE"),
    role(Role::Keys, "KEYS", Kind::Keys, "keys that link contexts", "link"),
    role(
        Role::Serve,
        "SERVE",
        Kind::Channel,
        "an end of a channel over which calls of what the program exports come",
        "send, receive, wait",
    ),
    role(
        Role::Request,
        "REQUEST",
        Kind::Exchange,
        "the request that the program is to answer",
        "ctl HEAD RESPOND, read, write, finish, wait",
    ),
    role(
        Role::Compute,
        "COMPUTE",
        Kind::Compute,
        "cryptography, compression, languages, sessions of TLS and modules of wasm within, of nothing but the caller's own",
        "ctl 130 to 145, 148 to 172",
    ),
];

/// Every group of constants that is no enum.
pub const GROUPS: &[Group] = &[
    group("OPEN", "Flags of `open` and of the request SET_FLAGS", true, open::EACH),
    group("STREAM", "Flags of `stream`", true, stream::EACH),
    group("SOCKET", "What the request SOCKET makes", false, socket::EACH),
    group("HTTP", "Flags of the requests HTTP and RESPOND", true, http::EACH),
    group("HASH", "Hash functions", false, compute::hash::EACH),
    group("KDF", "How the request DERIVE derives", false, compute::kdf::EACH),
    group("CIPHER", "What the request CIPHER does", false, compute::cipher::EACH),
    group("KEY", "Types of keys", false, compute::key::EACH),
    group("FORMAT", "File formats of keys", false, compute::format::EACH),
    group("PADDING", "Paddings of RSA", false, compute::padding::EACH),
    group("SIGN", "Flags of the requests SIGN and VERIFY, in bits 24 to 31", true, compute::sign::EACH),
    group("CODEC", "What a codec does", false, compute::codec::EACH),
    group("TLS", "Flags of the request TLS", true, compute::tls::EACH),
    group("TLS_FLAG", "What a session of TLS is", true, compute::tls_flag::EACH),
    group("TLS_FAULT", "Why a session of TLS failed", false, compute::tls_fault::EACH),
    group("TLS_ITEM", "What TLS_TELL tells", false, compute::tls_item::EACH),
    group("TIMES", "Flags of the requests SET_TIMES and PATH_SET_TIMES", true, times::EACH),
    group("READY", "Interests and answers of `wait`", true, ready::EACH),
    group("TASK", "Verbs of `task`", false, task::EACH),
    group("LINK", "Verbs of `link`", false, link::EACH),
    group("EVENT", "Kinds of events", false, event::EACH),
    group("INNER", "Kinds of what modules within export", false, inner::EACH),
    group("INNER_END", "How INNER_CALL and INNER_INSTANTIATE end", false, inner_end::EACH),
    group("STATE", "States that `b8g_start` and `b8g_event` return; negative: an error", false, state::EACH),
];

/// Bounds and sizes.
pub const BOUNDS: &[Constant] = &[
    constant(
        "BACKLOG_MAX",
        BACKLOG_MAX as i64,
        "Connections that wait to be accepted at most, on one socket",
    ),
    constant("KEY_BYTES", KEY_BYTES as i64, "Bytes of a key"),
    constant("SPAWN_HANDLES_MAX", SPAWN_HANDLES_MAX as i64, "Handles that a task is started with at most"),
    constant("WAIT_ITEMS_MAX", WAIT_ITEMS_MAX as i64, "Items of one `wait` at most"),
    constant("MESSAGE_HANDLES_MAX", MESSAGE_HANDLES_MAX as i64, "Handles in one message at most"),
    constant("MESSAGE_BYTES_MAX", channel::BOUNDS.bytes_max as i64, "Bytes of one message at most"),
    constant("PATH_BYTES_MAX", PATH_BYTES_MAX as i64, "Bytes of a path at most"),
    constant(
        "STREAM_BYTES_MAX",
        crate::stream::CAPACITY_BYTES_MAX as i64,
        "Bytes of a stream's capacity at most",
    ),
    constant(
        "ELEMENT_BYTES_MAX",
        crate::stream::ELEMENT_BYTES_MAX as i64,
        "Bytes of a stream's element at most",
    ),
    constant("HTTP_HEAD_BYTES_MAX", crate::http::HEAD_BYTES_MAX as i64, "Bytes of a head of HTTP at most"),
    constant("HTTP_FIELDS_MAX", crate::http::FIELDS_MAX as i64, "Fields of a head of HTTP at most"),
    constant(
        "ENTROPY_BYTES",
        compute::ENTROPY_BYTES as i64,
        "Random bytes that GENERATE_KEY, SIGN and others take",
    ),
    constant("KEY_BYTES_MAX", compute::KEY_BYTES_MAX as i64, "Bytes of a key in a file format at most"),
    constant(
        "DIGEST_STATE_BYTES_MAX",
        compute::DIGEST_STATE_BYTES_MAX as i64,
        "Bytes of the state of a hash at most",
    ),
    constant(
        "CODEC_BUFFER_BYTES",
        compute::CODEC_BUFFER_BYTES as i64,
        "Bytes that wait in a codec to be read at most",
    ),
    constant(
        "TLS_SETTINGS_BYTES_MAX",
        compute::TLS_SETTINGS_BYTES_MAX as i64,
        "Bytes that the request TLS takes at most",
    ),
    constant(
        "TLS_BUFFER_BYTES",
        compute::TLS_BUFFER_BYTES as i64,
        "Ciphertext that waits in a session of TLS before it takes no more plaintext",
    ),
    constant("WINDOW_BYTES", 4096, "Mapped parts begin and end at multiples of this"),
    constant(
        "HANDLE_INDEX_BITS",
        Handle::INDEX_BITS as i64,
        "Bits of a handle that are its index; above them is its generation",
    ),
    constant(
        "HOST_ERROR_BASE",
        HOST_BASE,
        "An error of the host's system is -(this + errno), with the numbers of Linux",
    ),
];

/// What `info` writes.
pub const INFO: Layout = layout(
    "info",
    "What a handle is",
    &[
        field("kind", FieldType::Kind, "the object's kind"),
        field("rights", FieldType::Rights, "the handle's rights"),
        field(
            "size",
            FieldType::U64,
            "bytes of a blob, file or memory, or what waits in a channel or stream",
        ),
    ],
);
/// Both ends of a channel.
pub const ENDS: Layout = layout(
    "ends",
    "Both ends of a channel",
    &[field("first", FieldType::Handle, "one end"), field("second", FieldType::Handle, "the other one")],
);
/// Both ends of a stream.
pub const STREAM_ENDS: Layout = layout(
    "stream_ends",
    "Both ends of a stream",
    &[
        field("reader", FieldType::Handle, "the reader's end"),
        field("writer", FieldType::Handle, "the writer's end"),
    ],
);
/// An item of a wait.
pub const WAIT_ITEM: Layout = layout(
    "wait_item",
    "What a wait waits for",
    &[
        field("handle", FieldType::Handle, "the object"),
        field("interest", FieldType::Ready, "what is waited for: flags READY"),
    ],
);
/// An entry of the initial vector.
pub const ENTRY: Layout = layout(
    "entry",
    "An entry of the initial vector",
    &[field("role", FieldType::Role, "what it is for"), field("handle", FieldType::Handle, "the handle")],
);
/// What a file or directory is: [`super::Stat`].
pub const STAT: Layout = layout(
    "stat",
    "What a file or directory is; times in nanoseconds since 1970",
    &[
        field("device", FieldType::U64, "which device it lies on"),
        field("inode", FieldType::U64, "its number there"),
        field("type", FieldType::FileType, "what it is: a file type"),
        field("links", FieldType::U32, "how many names it has"),
        field("size", FieldType::U64, "bytes"),
        field("atime", FieldType::U64, "last read"),
        field("mtime", FieldType::U64, "last written"),
        field("ctime", FieldType::U64, "last changed"),
        field("zero", FieldType::U64, "0"),
    ],
);
/// How a task ended: [`super::Ended`].
pub const ENDED: Layout = layout(
    "ended",
    "How a task ended and what it used",
    &[
        field("reason", FieldType::EndReason, "why: an end reason"),
        field("code", FieldType::I32, "its exit code"),
        field("wall_ns", FieldType::U64, "from its start to its end"),
        field("cpu_ns", FieldType::U64, "processor time"),
        field("memory_peak_bytes", FieldType::U64, "the most memory that it had at a time"),
        field("output_bytes", FieldType::U64, "what it wrote to stdout and stderr"),
        field("calls", FieldType::U64, "its calls of the callback"),
        field("message_bytes", FieldType::U64, "bytes of the message, which `read` of the task gives"),
        field("denied", FieldType::U64, "what it was refused, different things"),
    ],
);
/// What a task may use: [`super::SpawnLimits`].
pub const SPAWN_LIMITS: Layout = layout(
    "spawn_limits",
    "What a task may use at most; 0 is as much as its parent",
    &[
        field("memory_bytes", FieldType::U64, "memory"),
        field("timeout_ns", FieldType::U64, "until its deadline"),
        field("output_bytes", FieldType::U64, "output"),
        field("handles", FieldType::U64, "open handles"),
    ],
);
/// What SEEK takes.
pub const OFFSET: Layout =
    layout("offset", "How far", &[field("offset", FieldType::I64, "from where `whence` says")]);
/// What SET_TIMES takes.
pub const TIMES: Layout = layout(
    "times",
    "Times in nanoseconds since 1970",
    &[field("atime", FieldType::U64, "last read"), field("mtime", FieldType::U64, "last written")],
);
/// What ADVISE and ALLOCATE take.
pub const SPAN: Layout = layout(
    "span",
    "A part of a file",
    &[field("offset", FieldType::U64, "where it begins"), field("length", FieldType::U64, "its bytes")],
);
/// An address with its port: [`super::address`].
pub const ADDRESS: Layout = layout(
    "address",
    "An address with its port; all 0 is none",
    &[
        field("version", FieldType::U32, "of IP: 4 or 6"),
        field("port", FieldType::U32, "the port"),
        field("high", FieldType::U64, "the address as a number, its upper 64 bits; 0 in version 4"),
        field("low", FieldType::U64, "its lower 64 bits; below 2^32 in version 4"),
        field("flow", FieldType::U32, "the flow of version 6"),
        field("scope", FieldType::U32, "the scope of version 6: which link"),
    ],
);
/// What TLS_STATE tells.
pub const SESSION_STATE: Layout = layout(
    "session_state",
    "How far a session of TLS is",
    &[
        field("flags", FieldType::U32, "flags TLS_FLAG"),
        field("version", FieldType::U32, "its number in TLS: 0x303 is 1.2, 0x304 1.3; 0: not known yet"),
        field("suite", FieldType::U32, "the number of the cipher suite in TLS; 0: not known yet"),
        field("readable", FieldType::U32, "bytes of plaintext that can be read"),
        field("fault", FieldType::U32, "one of TLS_FAULT, and the number of an alert in bits 8 to 15"),
    ],
);

/// Every structure.
pub const LAYOUTS: &[&Layout] = &[
    &INFO,
    &ENDS,
    &STREAM_ENDS,
    &WAIT_ITEM,
    &ENTRY,
    &STAT,
    &ENDED,
    &SPAWN_LIMITS,
    &OFFSET,
    &TIMES,
    &SPAN,
    &ADDRESS,
    &SESSION_STATE,
];

const fn error(error: Error, name: &'static str, meaning: &'static str) -> ErrorName {
    ErrorName { error, name, meaning }
}

const fn role(
    role: Role,
    name: &'static str,
    kind: Kind,
    object: &'static str,
    uses: &'static str,
) -> RoleForm {
    RoleForm { role, name, object, kind, uses }
}

const fn group(name: &'static str, meaning: &'static str, flags: bool, each: &'static [Constant]) -> Group {
    Group { name, meaning, flags, each }
}

const fn constant(name: &'static str, value: i64, meaning: &'static str) -> Constant {
    Constant { name, value, meaning }
}

const fn layout(name: &'static str, meaning: &'static str, fields: &'static [Field]) -> Layout {
    Layout { name, meaning, fields }
}

const fn field(name: &'static str, class: FieldType, meaning: &'static str) -> Field {
    Field { name, class, meaning }
}

#[cfg(test)]
mod tests {
    use super::super::{Ended, SpawnLimits, Stat};
    use super::*;
    use alloc::string::String;

    #[test]
    fn errors_are_in_the_order_of_their_numbers() {
        for (at, row) in ERRORS.iter().enumerate() {
            assert_eq!(row.error.code(), -(at as i64) - 1, "{}", row.name);
        }
        assert_eq!(ERRORS.last().unwrap().error, Error::NoSystem);
    }

    #[test]
    fn every_role_is_described_once_in_order() {
        assert_eq!(ROLES.len(), Role::ALL.len());
        for (form, role) in ROLES.iter().zip(Role::ALL) {
            assert_eq!(form.role, *role);
            let squeezed: String = form.name.chars().filter(|c| *c != '_').collect();
            assert_eq!(squeezed, role.name().to_ascii_uppercase());
        }
    }

    #[test]
    fn structures_have_the_size_that_the_engine_reads_and_writes_and_no_holes() {
        assert_eq!(STAT.bytes(), Stat::BYTES);
        assert_eq!(ENDED.bytes(), Ended::BYTES);
        assert_eq!(SPAWN_LIMITS.bytes(), SpawnLimits::BYTES);
        assert_eq!(ADDRESS.bytes(), super::super::address::ADDRESS_BYTES);
        for layout in LAYOUTS {
            let mut at = 0;
            for field in layout.fields {
                assert_eq!(at % field.class.bytes(), 0, "{}.{}", layout.name, field.name);
                at += field.class.bytes();
            }
        }
    }

    #[test]
    fn bits_that_can_be_set_together_are_different_bits() {
        for group in GROUPS.iter().filter(|group| group.flags) {
            let bits = group.each.iter().filter(|constant| constant.name != "ALL");
            let (mut sum, mut all) = (0, 0);
            bits.for_each(|bit| {
                sum += bit.value;
                all |= bit.value;
            });
            assert_eq!(sum, all, "{}", group.name);
            assert!(group.each.iter().all(|constant| constant.name != "ALL" || constant.value == all));
        }
    }
}
