//! The numbers of the component ABI, declared once. `docs/abi.md` explains each; tests hold them fixed.
//!
//! [`operations`], [`requests`] and [`constants`] describe them as data: `cargo xtask abi` writes the C header, the WIT,
//! the constants for Rust and TypeScript and the tables of `docs/abi.md` from there.

pub mod address;
pub mod constants;
pub mod names;
pub mod operations;
mod records;
pub mod requests;
pub mod shape;

pub use records::{Ended, SpawnLimits, Stat};
use shape::Constant;

/// Declares an enum of ABI numbers with its reader and the table of its names.
macro_rules! numbers {
    ($(#[$meta:meta])* $name:ident: $repr:ty { $($(#[doc = $doc:literal])* $variant:ident = $value:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr($repr)]
        pub enum $name { $($(#[doc = $doc])* $variant = $value,)* }

        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Reads the number that a component passed.
            pub const fn from_number(n: $repr) -> Option<$name> {
                match n { $($value => Some($name::$variant),)* _ => None }
            }

            /// The name as the ABI's documentation writes it in Rust's spelling.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => stringify!($variant),)* }
            }

            /// What it is, as its declaration says.
            pub const fn meaning(self) -> &'static str {
                match self { $($name::$variant => concat!($($doc),*).trim_ascii(),)* }
            }
        }
    };
}

/// Declares a module of constants and the table that describes them.
macro_rules! constants {
    ($(#[$meta:meta])* $name:ident: $type:ty { $($(#[doc = $doc:literal])* $constant:ident = $value:literal,)* }) => {
        $(#[$meta])*
        pub mod $name {
            $($(#[doc = $doc])* pub const $constant: $type = $value;)*

            /// Each of them.
            pub const EACH: &[super::Constant] = &[
                $(super::Constant { name: stringify!($constant), value: $value, meaning: concat!($($doc),*).trim_ascii() },)*
            ];
        }
    };
}

pub mod compute;

numbers! {
    /// An operation of the callback.
    Op: u32 {
        /// Tells an object's kind, rights and size.
        Info = 0,
        /// Makes a second handle with fewer or equal rights.
        Dup = 1,
        /// Gives a handle back.
        Close = 2,
        /// Makes memory that several contexts can see.
        Memory = 3,
        /// Shows such memory, or the ring of a stream, in the caller's own memory.
        Map = 4,
        /// Opens something below a directory, the files or the network.
        Open = 5,
        /// Reads bytes.
        Read = 6,
        /// Writes bytes.
        Write = 7,
        /// Everything that is special to a kind of object: see [`Request`].
        Ctl = 8,
        /// Makes a channel and gives both its ends.
        ChannelNew = 9,
        /// Sends a message over a channel.
        Send = 10,
        /// Receives one.
        Receive = 11,
        /// Makes a stream and gives both its ends.
        Stream = 12,
        /// Says how much of the last part of a stream's ring is done with, and gives the next.
        Acquire = 13,
        /// Ends a stream from one of its ends.
        Finish = 14,
        /// Makes a timer.
        Timer = 17,
        /// Makes an event: bits that can be waited for.
        Event = 18,
        /// Clears and sets bits of an event.
        Signal = 19,
        /// Waits for many handles, or parks that wait.
        Wait = 20,
        /// Starts a component as a task of the caller, with handles of the caller.
        Spawn = 21,
        /// Acts on a task; handle 0 is the caller itself.
        Task = 22,
        /// Mints, binds and revokes keys that link contexts.
        Link = 23,
        /// Takes back a part of the caller's memory that shows something else.
        Unmap = 24,
    }
}

numbers! {
    /// A request of [`Op::Ctl`].
    Request: u32 {
        /// Gives the initial vector.
        Start = 1,
        /// Reports the uncaught error that ends the context.
        Fail = 2,
        /// Gives 32 bits for the seed of hash tables.
        HashSeed = 3,
        /// Makes a blob of bytes.
        Blob = 4,
        /// Gives one handle of the initial vector.
        Given = 5,
        /// Moves a file's position.
        Seek = 16,
        /// Tells what an open object is.
        Stat = 17,
        /// Cuts or extends a file.
        SetSize = 18,
        /// Forces a file to the device.
        Sync = 19,
        /// Sets an open object's times.
        SetTimes = 20,
        /// Says how a file will be used.
        Advise = 21,
        /// Reserves room in a file.
        Allocate = 22,
        /// Sets the flags APPEND, NONBLOCK, DSYNC, SYNC.
        SetFlags = 23,
        /// Tells those flags.
        GetFlags = 24,
        /// Tells what a path is.
        PathStat = 32,
        /// Makes a directory.
        MakeDir = 33,
        /// Removes a file or directory.
        Remove = 34,
        /// Renames.
        Rename = 35,
        /// Makes a hard link.
        Link = 36,
        /// Makes a symbolic link.
        Symlink = 37,
        /// Reads a symbolic link.
        ReadLink = 38,
        /// Lists a directory.
        List = 39,
        /// Sets a path's times.
        PathSetTimes = 40,
        /// Shuts a socket's directions.
        Shutdown = 48,
        /// Tells whether a socket is connected.
        Connected = 49,
        /// Gives one environment value.
        EnvGet = 64,
        /// Gives all granted environment values.
        EnvList = 65,
        /// Tells a clock's resolution.
        Resolution = 80,
        /// Makes a component of source text or wasm.
        Compile = 96,
        /// Makes a handle to a part of what files, network or environment allow.
        Narrow = 97,
        /// Tells how the other end of a stream went.
        Gone = 98,
        /// Tells how many bytes wait in a stream at most.
        Capacity = 99,
        /// Makes a socket that is neither bound nor connected.
        Socket = 100,
        /// Gives a socket an address of this machine.
        Bind = 101,
        /// Connects a socket; takes a datagram socket's peer away when the address is empty.
        Connect = 102,
        /// Lets others connect to a socket.
        Listen = 103,
        /// Takes a connection that somebody made to a listening socket.
        Accept = 104,
        /// Tells a socket's own address.
        LocalAddress = 105,
        /// Tells the address that a socket is connected to.
        PeerAddress = 106,
        /// Looks a granted name up, for a datagram socket to send to.
        Resolve = 107,
        /// Sends one datagram.
        SendTo = 108,
        /// Receives one datagram, and who sent it.
        ReceiveFrom = 109,
        /// Begins an exchange: sends a request of HTTP.
        Http = 110,
        /// Gives what the other side of an exchange said first: a request or a response.
        Head = 111,
        /// Answers the request of an exchange.
        Respond = 112,
        /// Gives what the other side said after its body.
        Trailers = 113,
        /// Says what is to come after the own body.
        SendTrailers = 114,
        /// Tells whether what was to be sent was.
        Sent = 115,
        /// Tells why an exchange failed.
        Failure = 116,
        /// Drop the message that waits at an end of a channel, and what it carries.
        Discard = 120,
        /// Hashes bytes.
        Digest = 130,
        /// Goes on hashing from a state.
        DigestUpdate = 131,
        /// Ends hashing from a state.
        DigestFinish = 132,
        /// Authenticates bytes with a key: HMAC.
        Mac = 133,
        /// Derives bytes from a key or password.
        Derive = 134,
        /// Encrypts and decrypts with AES.
        Cipher = 135,
        /// Makes a private key.
        GenerateKey = 136,
        /// Gives the public key of a private one, or checks a public one.
        PublicKey = 137,
        /// Takes a key out of its file format.
        ReadKey = 138,
        /// Puts a key into a file format.
        WriteKey = 139,
        /// Signs.
        Sign = 140,
        /// Checks a signature.
        Verify = 141,
        /// Gives what two keys have in common.
        Agree = 142,
        /// Encrypts for the owner of a key (RSA).
        Encrypt = 143,
        /// Decrypts what was encrypted so.
        Decrypt = 144,
        /// Opens a codec: what compresses or decompresses.
        Codec = 145,
        /// Lets a codec give all that it holds back.
        Flush = 146,
        /// Tells what is wrong with what a codec was given.
        Fault = 147,
        /// Tells what is known of the name of a locale.
        Locale = 148,
        /// Writes a number as a language does.
        FormatNumber = 149,
        /// Finds the pattern by which a language writes a date.
        DatePattern = 150,
        /// Writes a date by a pattern.
        FormatDate = 151,
        /// Tells what is known of a time zone.
        TimeZone = 152,
        /// Compares two texts as a language orders them.
        Compare = 153,
        /// Tells which plural form a number takes.
        PluralForm = 154,
        /// Finds the characters, words or sentences of a text.
        Segment = 155,
        /// Gives the patterns by which a language writes lists.
        ListPatterns = 156,
        /// Writes a span of time from now.
        RelativeTime = 157,
        /// Tells what a language calls something.
        DisplayName = 158,
        /// Turns a text into upper or lower case.
        LetterCase = 159,
        /// Compiles wasm that runs within the caller, or checks it.
        InnerCompile = 160,
        /// Describes a module within.
        InnerDescribe = 161,
        /// Makes an instance of a module within.
        InnerInstantiate = 162,
        /// Calls a function within.
        InnerCall = 163,
        /// Makes a table, a memory or a global within.
        InnerMake = 164,
        /// Reads an element of a table, or a global.
        InnerGet = 165,
        /// Writes an element of a table, or a global.
        InnerSet = 166,
        /// Tells the size of a table or a memory.
        InnerSize = 167,
        /// Lets a table or a memory grow.
        InnerGrow = 168,
        /// Shows a memory within in the caller's own.
        InnerMap = 169,
        /// Ends that.
        InnerUnmap = 170,
        /// Tells which values of the caller's nothing within refers to any more.
        InnerDropped = 171,
        /// Opens a session of TLS: ciphertext on one side, plaintext on the other, and no connection.
        Tls = 172,
        /// Gives a session ciphertext that came from the other side.
        TlsFeed = 173,
        /// Takes the ciphertext that is to be sent to the other side.
        TlsTake = 174,
        /// Tells how far a session is.
        TlsState = 175,
        /// Tells what was agreed upon, and who the other side is.
        TlsTell = 176,
    }
}

numbers! {
    /// What an object is.
    Kind: u32 {
        /// Read-only bytes: the program, the arguments, an answer.
        Blob = 1,
        /// Stdin, stdout, stderr, or an end of a stream.
        Stream = 2,
        /// Every granted directory and file, by the names that the user wrote.
        Files = 3,
        /// A directory.
        Directory = 4,
        /// A regular file.
        File = 5,
        /// The network.
        Net = 6,
        /// Environment values.
        Env = 7,
        /// A clock.
        Clock = 8,
        /// Randomness.
        Random = 9,
        /// A TCP socket: a connection, or one that listens.
        Socket = 10,
        /// A timer.
        Timer = 11,
        /// An end of a channel.
        Channel = 12,
        /// Memory that several contexts can see.
        Memory = 13,
        /// Bits that can be waited for.
        Event = 14,
        /// Compiled code, or a context that was frozen: it can be started.
        Component = 15,
        /// A running component that the caller started.
        Task = 16,
        /// What compiles.
        Compiler = 17,
        /// Keys that link contexts.
        Keys = 18,
        /// A UDP socket.
        Datagrams = 19,
        /// A request of HTTP and its response.
        Exchange = 21,
        /// What compresses or decompresses.
        Codec = 22,
        /// Cryptography and compression, of the caller's own bytes.
        Compute = 23,
        /// A session of TLS, without a connection.
        Tls = 24,
    }
}

numbers! {
    /// What a handle of the initial vector is for.
    Role: u32 {
        /// The program to run.
        Program = 1,
        /// The arguments.
        Args = 2,
        /// Standard input.
        Stdin = 3,
        /// Standard output.
        Stdout = 4,
        /// Standard error.
        Stderr = 5,
        /// All granted files.
        Files = 6,
        /// The network.
        Net = 7,
        /// Environment values.
        Env = 8,
        /// The clock of dates.
        ClockReal = 9,
        /// The clock that never goes back.
        ClockMono = 10,
        /// Randomness.
        Random = 11,
        /// One granted directory.
        Preopen = 12,
        /// An end of a channel, in the order in which they were granted.
        Channel = 13,
        /// An end of a stream, in the order in which they were granted.
        Stream = 14,
        /// What compiles.
        Compiler = 15,
        /// Keys that link contexts.
        Keys = 16,
        /// An end of a channel over which calls of what the program exports come.
        Serve = 17,
        /// The request that the program is to answer.
        Request = 18,
        /// Cryptography and compression.
        Compute = 19,
    }
}

numbers! {
    /// The type of a file in [`Stat`] and in listings; the numbers of WASI preview 1, and 8 for a pipe.
    FileType: u32 {
        /// Anything else.
        Unknown = 0,
        /// A block device.
        BlockDevice = 1,
        /// A character device.
        CharacterDevice = 2,
        /// A directory.
        Directory = 3,
        /// A regular file.
        Regular = 4,
        /// A datagram socket.
        SocketDatagram = 5,
        /// A stream socket.
        SocketStream = 6,
        /// A symbolic link.
        Symlink = 7,
        /// A pipe.
        Pipe = 8,
    }
}

numbers! {
    /// Why a task ended, in [`Ended`].
    EndReason: u32 {
        /// By itself, with an exit code.
        Exit = 1,
        /// An uncaught error.
        Error = 2,
        /// Its deadline passed.
        Timeout = 3,
        /// It wrote more than it may.
        Output = 4,
        /// Its code trapped.
        Trap = 5,
        /// It needed more memory than it may use.
        Memory = 6,
        /// It wanted what it was not granted, and died of that.
        Policy = 7,
        /// Somebody stopped it.
        Cancelled = 8,
    }
}

numbers! {
    /// Why an exchange of HTTP failed: what [`Request::Failure`] answers.
    HttpFailure: u32 {
        /// The name of the host is not known.
        NameNotFound = 1,
        /// Nobody listens there.
        Refused = 2,
        /// Connecting took too long.
        ConnectTimeout = 3,
        /// There is no way there.
        Unreachable = 4,
        /// The connection was lost.
        Lost = 5,
        /// The answer did not begin in time.
        ResponseTimeout = 6,
        /// The next bytes did not come in time.
        ReadTimeout = 7,
        /// What was sent was not taken in time.
        WriteTimeout = 8,
        /// The other side does not speak TLS as it must.
        Tls = 9,
        /// The other side's certificate is not trusted.
        Certificate = 10,
        /// No certificate authority is known on this machine: there is no store of them, and SSL_CERT_FILE names none.
        NoAuthorities = 11,
        /// It was not granted.
        Denied = 12,
        /// The own body is not as long as its head says.
        BodySize = 13,
        /// The other side's body ended too early.
        Incomplete = 14,
        /// The other side's head or trailers are too large.
        HeadSize = 15,
        /// The other side does not speak HTTP as it must.
        Protocol = 16,
        /// Too much goes on at once.
        TooMany = 17,
        /// The own side gave up.
        Aborted = 18,
        /// Something else.
        Other = 19,
    }
}

numbers! {
    /// What [`Request::Compile`] compiles.
    Language: u32 {
        /// WebAssembly, as binary or text.
        Wasm = 0,
        /// JavaScript.
        JavaScript = 1,
        /// TypeScript.
        TypeScript = 2,
    }
}

constants! {
    /// Flags of [`Op::Stream`].
    stream: u64 {
        /// Its ring is memory that can be shown in the memories of writer and reader.
        MAP = 1,
    }
}

constants! {
    /// Flags of [`Request::Http`] and [`Request::Respond`].
    http: u64 {
        /// A body follows: it is written to the exchange, and its end is told.
        BODY = 1,
        /// Of RESPOND: all of the body lies behind the head in the input; the upper 32 bits of the argument say how long it is.
        WHOLE = 2,
        /// Of HTTP: ask for a WebSocket. Once the answer has status 101, what is read and written are that protocol's bytes.
        WEBSOCKET = 4,
    }
}

constants! {
    /// Flags of [`Op::Open`] and of [`Request::SetFlags`].
    open: u32 {
        /// Create the file when it is absent.
        CREATE = 0x1,
        /// Fail when it exists.
        EXCLUSIVE = 0x2,
        /// Cut it to nothing.
        TRUNCATE = 0x4,
        /// It must be a directory.
        DIRECTORY = 0x8,
        /// Do not follow a last symbolic link.
        NOFOLLOW = 0x10,
        /// Every write goes to the end.
        APPEND = 0x20,
        /// Do not block (it never does; kept for the guest to ask back).
        NONBLOCK = 0x40,
        /// Writes reach the device, data only.
        DSYNC = 0x80,
        /// Writes reach the device.
        SYNC = 0x100,
        /// Every flag.
        ALL = 0x1ff,
    }
}

constants! {
    /// Flags of the requests that set times.
    times: u64 {
        /// Set the access time.
        ATIME = 1,
        /// Set the access time to now.
        ATIME_NOW = 2,
        /// Set the modification time.
        MTIME = 4,
        /// Set the modification time to now.
        MTIME_NOW = 8,
        /// Do not follow a last symbolic link.
        NOFOLLOW = 16,
    }
}

constants! {
    /// Interests and answers of [`Op::Wait`].
    ready: u32 {
        /// Readable.
        READ = 1,
        /// Writable.
        WRITE = 2,
        /// Failed or hung up.
        FAILED = 4,
        /// Not a handle.
        BAD = 8,
    }
}

constants! {
    /// Kinds of [`b8g_event`](self) calls.
    event: i32 {
        /// A parked wait ended.
        READY = 1,
        /// Evaluate a source text.
        EVAL = 2,
        /// Stop what is running.
        CANCEL = 3,
        /// The context goes on from where it was frozen: its handles, its clocks and its randomness are new.
        RESTORED = 4,
        /// Go on with the program's function `main`, or, if the value is 0, tell whether there is one: 1, else 0.
        MAIN = 5,
        /// The checkpoint that the component asked for is over: it was frozen, or whoever runs it freezes nothing.
        CHECKPOINT = 6,
        /// It is about to become a file: give up what is not needed, and write into the handle what is left.
        COMPACT = 7,
        /// Answer the request of HTTP that the handle is; without one tell whether it could: 1, else 0.
        REQUEST = 8,
        /// A module within calls the function that the token names; its arguments lie where the value says, and so will the results.
        /// The handle is 1 if a memory that is
        /// shown has grown. Answers 0, or 1: it threw.
        INNER = 9,
    }
}

constants! {
    /// Kinds of what a module within exports.
    inner: u32 {
        /// A function.
        FUNCTION = 0,
        /// A table.
        TABLE = 1,
        /// A memory.
        MEMORY = 2,
        /// A global.
        GLOBAL = 3,
    }
}

constants! {
    /// How [`Request::InnerCall`] and [`Request::InnerInstantiate`] end.
    inner_end: u32 {
        /// It returned.
        RETURNED = 0,
        /// A function of the caller's own, which it called, threw.
        THREW = 1,
        /// It trapped; the room begins with why, as text, and a NUL.
        TRAPPED = 2,
        /// The stack is exhausted.
        EXHAUSTED = 3,
        /// Added to them: a memory that is shown has grown, and what is shown of it has not.
        GREW = 256,
    }
}

constants! {
    /// What `b8g_start` and `b8g_event` answer.
    state: i32 {
        /// Nothing is left to do.
        DONE = 0,
        /// A wait is parked.
        WAITING = 1,
        /// Nothing runs, and the component asks to be frozen here; it goes on when it hears of it.
        CHECKPOINT = 2,
    }
}

constants! {
    /// The verbs of [`Op::Task`].
    task: u64 {
        /// Ask it to stop: it hears CANCEL, and may end in its own way.
        CANCEL = 1,
        /// Stop it now.
        KILL = 2,
        /// End with an exit code; of the caller itself.
        EXIT = 3,
        /// Tell how it ended: see [`super::Ended`].
        JOIN = 4,
        /// Let it not go on when it next waits or calls.
        SUSPEND = 5,
        /// Let it go on.
        RESUME = 6,
        /// Freeze it where it waits, and give a component that goes on from there.
        SNAPSHOT = 7,
    }
}

constants! {
    /// The verbs of [`Op::Link`].
    link: u64 {
        /// Make a new key.
        MINT = 1,
        /// Give an end of a channel whose other end whoever binds the same key has.
        BIND = 2,
        /// Let nobody bind a key any more that these keys minted.
        REVOKE = 3,
    }
}

constants! {
    /// What [`Request::Socket`] makes.
    socket: u64 {
        /// For connections (TCP) over version 4 of IP.
        TCP4 = 4,
        /// For connections (TCP) over version 6 of IP.
        TCP6 = 6,
        /// For datagrams (UDP) over version 4 of IP.
        UDP4 = 0x14,
        /// For datagrams (UDP) over version 6 of IP.
        UDP6 = 0x16,
    }
}

/// Connections that wait to be accepted at most, on one socket.
pub const BACKLOG_MAX: u64 = 128;
/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
/// Handles that a task is started with at most.
pub const SPAWN_HANDLES_MAX: u64 = 64;

/// Items of one [`Op::Wait`] at most.
pub const WAIT_ITEMS_MAX: u64 = 1024;
/// Handles in one message at most.
pub const MESSAGE_HANDLES_MAX: u64 = 64;
/// Bytes of a path at most.
pub const PATH_BYTES_MAX: usize = 4096;
/// The module that the callback is imported from.
pub const IMPORT_MODULE: &str = "b8g";
/// The callback's name.
pub const IMPORT_CALL: &str = "call";

#[cfg(test)]
mod tests;
