//! Every request of `ctl` as data. Start reading at [`REQUESTS`].
//!
//! Invariant: each [`Request`] is here once, in the order of the numbers.

use super::constants::{ADDRESS, ENTRY, OFFSET, SESSION_STATE, SPAN, STAT, TIMES};
use super::shape::{Answer, Input, Output, RequestForm};
use super::{Kind, Request};
use crate::Rights;

const PATHS: &[Kind] = &[Kind::Directory, Kind::Files];
const SOCKETS: &[Kind] = &[Kind::Socket, Kind::Datagrams];
const OPENED: &[Kind] = &[Kind::File, Kind::Stream, Kind::Socket];

const READ: &[Rights] = &[Rights::READ];
const WRITE: &[Rights] = &[Rights::WRITE];

/// Every request, in the order of their numbers.
pub const REQUESTS: &[RequestForm] = &[
    RequestForm {
        output: Output::Many(&ENTRY),
        answer: Answer::Count,
        ..form(Request::Start, "START", &[], "the vector above")
    },
    RequestForm {
        input: Input::Text,
        input_words: "the uncaught error: UTF-8, `Name: message` and its stack trace",
        argument: "memory",
        argument_words: "1 = out of memory, 2 = of the request that is answered",
        ..form(
            Request::Fail,
            "FAIL",
            &[],
            "0. The component then returns state 0; the context ends with this text and the reason `error`, `memory`, or `policy` when it is a PermissionDenied and something was refused. With 2 only what is done for the request has failed, and the component goes on",
        )
    },
    RequestForm {
        answer: Answer::Number,
        ..form(
            Request::HashSeed,
            "HASH_SEED",
            &[],
            "answers 32 bits that differ from context to context unless a seed was set: for hash tables",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "bytes",
        answer: Answer::Handle,
        ..form(Request::Blob, "BLOB", &[], "new handle to a blob that keeps them")
    },
    RequestForm {
        argument: "role",
        argument_words: "one of ROLE",
        answer: Answer::Handle,
        ..form(
            Request::Given,
            "GIVEN",
            &[],
            "the handle of this role that stands first in the vector above; it is no new one. NOTFOUND: there is none",
        )
    },
    RequestForm {
        input: Input::From(&OFFSET),
        input_words: "`{i64 offset}`",
        argument: "whence",
        argument_words: "whence: 0 start, 1 current, 2 end",
        answer: Answer::Number,
        needs: &[Rights::SEEK],
        ..form(Request::Seek, "SEEK", &[Kind::File], "answers the new position")
    },
    RequestForm {
        output: Output::Into(&STAT),
        ..form(Request::Stat, "STAT", &[Kind::File, Kind::Directory, Kind::Stream], "`Stat`")
    },
    RequestForm {
        argument: "size",
        argument_words: "size",
        needs: WRITE,
        ..form(Request::SetSize, "SET_SIZE", &[Kind::File], "0")
    },
    RequestForm {
        argument: "data-only",
        argument_words: "1 = data only",
        ..form(Request::Sync, "SYNC", &[Kind::File, Kind::Directory], "0")
    },
    RequestForm {
        input: Input::From(&TIMES),
        input_words: "`{u64 atime, u64 mtime}` ns",
        argument: "flags",
        argument_words: "flags: 1 atime, 2 atime now, 4 mtime, 8 mtime now",
        needs: &[Rights::WRITE, Rights::MANAGE],
        ..form(Request::SetTimes, "SET_TIMES", &[Kind::File, Kind::Directory], "0. A directory needs WRITE")
    },
    RequestForm {
        input: Input::From(&SPAN),
        input_words: "`{u64 offset, u64 length}`",
        argument: "advice",
        argument_words: "advice: 0 normal, 1 sequential, 2 random, 3 will need, 4 will not need, 5 once",
        ..form(Request::Advise, "ADVISE", &[Kind::File], "0")
    },
    RequestForm {
        input: Input::From(&SPAN),
        input_words: "`{u64 offset, u64 length}`",
        needs: WRITE,
        ..form(Request::Allocate, "ALLOCATE", &[Kind::File], "0")
    },
    RequestForm {
        argument: "flags",
        argument_words: "open flags APPEND, NONBLOCK, DSYNC, SYNC",
        ..form(Request::SetFlags, "SET_FLAGS", OPENED, "0")
    },
    RequestForm {
        answer: Answer::Number,
        ..form(Request::GetFlags, "GET_FLAGS", OPENED, "answers the flags")
    },
    RequestForm {
        argument: "no-follow",
        argument_words: "1 = do not follow a last symlink",
        output: Output::Into(&STAT),
        needs: READ,
        ..path(Request::PathStat, "PATH_STAT", "`Stat`")
    },
    RequestForm {
        argument: "parents",
        argument_words: "1 = parents too",
        needs: WRITE,
        ..path(Request::MakeDir, "MAKE_DIR", "0")
    },
    RequestForm {
        argument: "what",
        argument_words: "0 either, 1 file, 2 empty directory, 3 all below too",
        needs: WRITE,
        ..path(Request::Remove, "REMOVE", "0")
    },
    RequestForm {
        input: Input::Two("from", "to"),
        input_words: "from, NUL, to",
        argument: "to-directory",
        argument_words: "directory handle of `to` (0: the same)",
        needs: WRITE,
        ..form(Request::Rename, "RENAME", PATHS, "0")
    },
    RequestForm {
        input: Input::Two("from", "to"),
        input_words: "from, NUL, to",
        argument: "to-directory",
        argument_words: "directory handle of `to` (0: the same)",
        needs: &[Rights::READ.union(Rights::WRITE)],
        ..form(Request::Link, "LINK", PATHS, "0")
    },
    RequestForm {
        input: Input::Two("target", "path"),
        input_words: "target, NUL, path",
        needs: WRITE,
        ..form(Request::Symlink, "SYMLINK", PATHS, "0")
    },
    RequestForm {
        output: Output::Bytes,
        answer: Answer::Count,
        needs: READ,
        ..path(Request::ReadLink, "READ_LINK", "the target; answers its length")
    },
    RequestForm {
        argument: "cookie",
        argument_words: "cookie: 0, then the last entry's",
        output: Output::Bytes,
        answer: Answer::Count,
        needs: READ,
        ..form(
            Request::List,
            "LIST",
            &[Kind::Directory],
            "entries `{u64 cookie, u64 inode, u32 type, u32 name length, name}` packed; 0 = end",
        )
    },
    RequestForm {
        input: Input::FromThenPath(&TIMES),
        input_words: "`{u64, u64}`, path",
        argument: "flags",
        argument_words: "flags as 20, 16 = do not follow",
        needs: WRITE,
        ..form(Request::PathSetTimes, "PATH_SET_TIMES", PATHS, "0")
    },
    RequestForm {
        argument: "how",
        argument_words: "1 reading, 2 writing, 3 both; of an exchange 1 only: the rest of the body is not wanted",
        ..form(Request::Shutdown, "SHUTDOWN", &[Kind::Socket, Kind::Exchange], "0")
    },
    form(
        Request::Connected,
        "CONNECTED",
        &[Kind::Socket],
        "0 connected, AGAIN still connecting, or why it failed",
    ),
    RequestForm {
        input: Input::Text,
        input_words: "name",
        output: Output::Bytes,
        answer: Answer::Count,
        needs: READ,
        ..form(
            Request::EnvGet,
            "ENV_GET",
            &[Kind::Env],
            "the value; answers its length, which may exceed the room. NOENT when unset, RIGHTS when not granted",
        )
    },
    RequestForm {
        output: Output::Bytes,
        answer: Answer::Count,
        needs: READ,
        ..form(
            Request::EnvList,
            "ENV_LIST",
            &[Kind::Env],
            "`name=value` and a NUL each, of what was granted; answers the length, which may exceed the room",
        )
    },
    RequestForm {
        answer: Answer::Number,
        ..form(Request::Resolution, "RESOLUTION", &[Kind::Clock], "answers nanoseconds")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "source",
        argument: "language",
        argument_words: "language: 0 wasm (binary or text), 1 JavaScript, 2 TypeScript",
        output: Output::Bytes,
        answer: Answer::Handle,
        needs: &[Rights::EXECUTE],
        ..form(
            Request::Compile,
            "COMPILE",
            &[Kind::Compiler],
            "new handle. ARG: it is wrong, and `out` begins with why, up to a NUL",
        )
    },
    RequestForm {
        input: Input::Texts,
        input_words: "what to keep, a NUL after each: `r` or `w` or `b` (both) and a path; `host:port`, `host`, or `listen` and a blank before either; a name",
        answer: Answer::Handle,
        ..form(
            Request::Narrow,
            "NARROW",
            &[Kind::Files, Kind::Net, Kind::Env],
            "new handle that allows this and nothing else; RIGHTS when it allows something that the old one does not",
        )
    },
    RequestForm {
        answer: Answer::Number,
        ..form(
            Request::Gone,
            "GONE",
            &[Kind::Stream],
            "how the other end went: AGAIN not yet, 0 orderly, else its reason and 1 in the upper 32 bits",
        )
    },
    RequestForm {
        answer: Answer::Number,
        ..form(
            Request::Capacity,
            "CAPACITY",
            &[Kind::Stream],
            "bytes of the stream's ring: what waits in it at most, and what `map` shows of a MAP stream",
        )
    },
    RequestForm {
        argument: "what",
        argument_words: "SOCKET: 4 TCP, 20 UDP over version 4 of IP; 6 TCP, 22 UDP over version 6",
        answer: Answer::Handle,
        ..form(
            Request::Socket,
            "SOCKET",
            &[Kind::Net],
            "new handle to a socket that is neither bound nor connected; it may do what the network that made it allows",
        )
    },
    RequestForm {
        input: Input::Text,
        input_words: "`address:port`; port 0: any that is free",
        needs: WRITE,
        ..form(
            Request::Bind,
            "BIND",
            SOCKETS,
            "0. It needs a grant to listen there; a datagram socket may have any free port of every address without one",
        )
    },
    RequestForm {
        input: Input::Text,
        input_words: "`host:port`; of datagrams also nothing",
        needs: WRITE,
        ..form(
            Request::Connect,
            "CONNECT",
            SOCKETS,
            "0: ask CONNECTED. Of datagrams: 0 when it has this peer, or with nothing when it has none; AGAIN while the name is looked up (`wait` says writable).",
        )
    },
    RequestForm {
        argument: "backlog",
        argument_words: "connections that may wait, 1 to 128; more are 128",
        needs: WRITE,
        ..form(
            Request::Listen,
            "LISTEN",
            &[Kind::Socket],
            "0. A socket that is not bound gets any free port of every address, which needs the grant. `wait` says readable when a connection waits.",
        )
    },
    RequestForm {
        answer: Answer::Handle,
        needs: READ,
        ..form(
            Request::Accept,
            "ACCEPT",
            &[Kind::Socket],
            "new handle to a connection, with the rights READ and WRITE that this one has; AGAIN when none waits.",
        )
    },
    RequestForm {
        output: Output::Into(&ADDRESS),
        ..form(Request::LocalAddress, "LOCAL_ADDRESS", SOCKETS, "`Address`; NOENT when it has none yet")
    },
    RequestForm {
        output: Output::Into(&ADDRESS),
        ..form(Request::PeerAddress, "PEER_ADDRESS", SOCKETS, "`Address`; NOENT when it has none")
    },
    RequestForm {
        input: Input::Text,
        input_words: "`host:port`",
        output: Output::Into(&ADDRESS),
        needs: WRITE,
        ..form(
            Request::Resolve,
            "RESOLVE",
            &[Kind::Datagrams],
            "`Address`, to which this socket may send from now on; AGAIN while the name is looked up (`wait` says writable).",
        )
    },
    RequestForm {
        input: Input::FromThenBytes(&ADDRESS),
        input_words: "`Address` (all 0: the peer), then the datagram",
        needs: WRITE,
        ..form(
            Request::SendTo,
            "SEND_TO",
            &[Kind::Datagrams],
            "0. The address must be granted, resolved here, or one of the last 64 that a bound socket heard from.",
        )
    },
    RequestForm {
        output: Output::Bytes,
        answer: Answer::Count,
        needs: READ,
        ..form(
            Request::ReceiveFrom,
            "RECEIVE_FROM",
            &[Kind::Datagrams],
            "`Address`, then the datagram, cut if it is longer than the room; AGAIN when there is none. A socket that is not bound hears only those that it may send to.",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "a request head",
        argument: "flags",
        argument_words: "flags HTTP: BODY or WEBSOCKET",
        answer: Answer::Handle,
        ..form(
            Request::Http,
            "HTTP",
            &[Kind::Net],
            "new handle of an exchange. RIGHTS: not granted; ARG: such a request is not sent",
        )
    },
    RequestForm {
        needs: READ,
        output: Output::Bytes,
        answer: Answer::Count,
        ..form(
            Request::Head,
            "HEAD",
            &[Kind::Exchange],
            "the other side's head; answers its length, which may exceed the room. AGAIN: not yet",
        )
    },
    RequestForm {
        needs: WRITE,
        input: Input::Bytes,
        input_words: "a response head",
        argument: "flags",
        argument_words: "flags HTTP: BODY or WHOLE; upper 32 bits: bytes of a WHOLE body, at most 64 KiB",
        ..form(Request::Respond, "RESPOND", &[Kind::Exchange], "0. ARG: such a response is not sent")
    },
    RequestForm {
        needs: READ,
        output: Output::Bytes,
        answer: Answer::Count,
        ..form(
            Request::Trailers,
            "TRAILERS",
            &[Kind::Exchange],
            "the fields behind the other side's body; answers their length, which may exceed the room. AGAIN: the body has not ended",
        )
    },
    RequestForm {
        needs: WRITE,
        input: Input::Bytes,
        input_words: "fields",
        ..form(
            Request::SendTrailers,
            "SEND_TRAILERS",
            &[Kind::Exchange],
            "0. They follow the body that is written, when it is finished",
        )
    },
    form(
        Request::Sent,
        "SENT",
        &[Kind::Exchange],
        "0 all that was to be sent was, AGAIN not yet, or why it will never be",
    ),
    RequestForm {
        answer: Answer::Number,
        ..form(Request::Failure, "FAILURE", &[Kind::Exchange], "why the exchange failed; 0: it did not")
    },
    RequestForm {
        needs: READ,
        ..form(
            Request::Discard,
            "DISCARD",
            &[Kind::Channel],
            "drops the next message and what it carries, however large it is; 0. AGAIN, CLOSED",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "bytes",
        argument: "hash",
        argument_words: "HASH",
        ..told(
            Request::Digest,
            "DIGEST",
            "the digest; answers its length. Of SHAKE as much as there is room for",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "part: state, nothing for a new one; bytes",
        argument: "hash",
        argument_words: "HASH",
        ..told(
            Request::DigestUpdate,
            "DIGEST_UPDATE",
            "the next state; answers its length. ARG: that is no state",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "as DIGEST_UPDATE",
        argument: "hash",
        argument_words: "HASH",
        ..told(Request::DigestFinish, "DIGEST_FINISH", "the digest; answers its length")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "part: key; bytes",
        argument: "hash",
        argument_words: "HASH",
        ..told(Request::Mac, "MAC", "the code; answers its length")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "u32 each: cost, block size, parallelism (all but the cost, of PBKDF2 its iterations, are SCRYPT's); parts: password or key, salt; info",
        argument: "how",
        argument_words: "KDF; HASH in bits 8 to 15",
        ..told(
            Request::Derive,
            "DERIVE",
            "derived bytes, as many as there is room for. LIMIT: SCRYPT needs more than the bound of shared bytes leaves",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "parts by CIPHER; bytes",
        argument: "how",
        argument_words: "CIPHER; in bits 8 to 15 the bits of the counter, or bytes of the tag",
        ..told(
            Request::Cipher,
            "CIPHER",
            "bytes, those of GCM_ENCRYPT and GCM_DECRYPT before the next state; answers their number. IO: they are not what was encrypted with this key",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "u32 each: bits and exponent, of RSA; 32 random bytes or more",
        argument: "type",
        argument_words: "KEY",
        ..told(Request::GenerateKey, "GENERATE_KEY", "the private key; answers its length")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "a key",
        argument: "type",
        argument_words: "KEY; 256: it is a public one already",
        ..told(
            Request::PublicKey,
            "PUBLIC_KEY",
            "the public key, checked; answers its length. ARG: that is no such key",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "a key in a file format",
        argument: "format",
        argument_words: "FORMAT",
        ..told(
            Request::ReadKey,
            "READ_KEY",
            "`{u32 KEY, u32 1 if it is private}`, then the key; answers its length. ARG: it is wrong; NOENT: an algorithm that is not known",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "a key",
        argument: "format",
        argument_words: "FORMAT; KEY in bits 8 to 15",
        ..told(Request::WriteKey, "WRITE_KEY", "the key in that format; answers its length")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "parts: private key, 32 random bytes or more (nothing: without them; RSA needs them); bytes",
        argument: "how",
        argument_words: "KEY; in bits 8 to 15 HASH, 16 to 23 PADDING, 24 to 31 SIGN, in the upper 32 the length of the salt",
        ..told(Request::Sign, "SIGN", "the signature; answers its length")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "parts: public key, signature; bytes",
        argument: "how",
        argument_words: "as SIGN",
        answer: Answer::Number,
        ..compute(Request::Verify, "VERIFY", "answers 1 if it is the signature, else 0")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "part: private key; public key",
        argument: "type",
        argument_words: "KEY",
        ..told(Request::Agree, "AGREE", "the shared secret; answers its length")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "parts: public key, label, 32 random bytes or more; bytes",
        argument: "how",
        argument_words: "KEY; in bits 8 to 15 HASH, 16 to 23 PADDING",
        ..told(Request::Encrypt, "ENCRYPT", "encrypted bytes; answers their number")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "parts: private key, label, 32 random bytes or more; bytes",
        argument: "how",
        argument_words: "as ENCRYPT",
        ..told(
            Request::Decrypt,
            "DECRYPT",
            "the bytes; answers their number. IO: they are not what was encrypted for this key",
        )
    },
    RequestForm {
        argument: "how",
        argument_words: "CODEC; in bits 8 to 15 the level plus 1, 0 = the usual one; 16 to 23 the bits of the window, 0 = the usual ones",
        answer: Answer::Handle,
        ..compute(Request::Codec, "CODEC", "new handle of a codec. LIMIT: there are too many already")
    },
    RequestForm {
        argument: "how",
        argument_words: "1 all so far can be read, 2 and what follows does not depend on it",
        needs: WRITE,
        ..form(
            Request::Flush,
            "FLUSH",
            &[Kind::Codec],
            "0, then everything that was written can be read; AGAIN: read first",
        )
    },
    RequestForm {
        output: Output::Bytes,
        answer: Answer::Count,
        ..form(
            Request::Fault,
            "FAULT",
            &[Kind::Codec, Kind::Tls],
            "what is wrong with what was written, or why a session of TLS failed, as text; answers its length, 0: nothing is known to be",
        )
    },
    RequestForm {
        input: Input::Text,
        input_words: "the name of a locale, of 5 a kind of values, of 6 a currency",
        argument: "what",
        argument_words: "0 its canonical form, 1 with what is likely, 2 without that, 3 the longest front of it that there is data for, 4 what it uses, 5 values, 6 digits behind the point",
        ..told(
            Request::Locale,
            "LOCALE",
            "the text; answers its length. Of this and what follows: nothing is written if there is too little room; fields end with U+001F; NOENT: there is no data for it",
        )
    },
    RequestForm {
        input: Input::Text,
        input_words: "fields of NUMBER; the number",
        argument: "parts",
        argument_words: "1 in parts: kind, U+001F, text, U+001F for each",
        ..told(
            Request::FormatNumber,
            "FORMAT_NUMBER",
            "the text; answers its length. LIMIT: it has too many digits",
        )
    },
    RequestForm {
        input: Input::Text,
        input_words: "fields: locale, letter of hours, skeleton, style of the date, of the time",
        ..told(
            Request::DatePattern,
            "DATE_PATTERN",
            "the pattern, in the letters of CLDR; answers its length",
        )
    },
    RequestForm {
        input: Input::Text,
        input_words: "fields: locale, numbering system, time zone, pattern; milliseconds since 1970, of 2 those of the end behind a U+001F",
        argument: "parts",
        argument_words: "1 in parts; 2 a range, in parts, each behind a field that says where it comes from",
        ..told(Request::FormatDate, "FORMAT_DATE", "the text; answers its length")
    },
    RequestForm {
        input: Input::Text,
        input_words: "the zone; of 1 as a field, and milliseconds since 1970",
        argument: "what",
        argument_words: "0 the name that stands for all of one zone, 1 seconds east of Greenwich",
        ..told(Request::TimeZone, "TIME_ZONE", "the text; answers its length")
    },
    RequestForm {
        input: Input::Text,
        input_words: "fields: locale, sensitivity (b, a, c, v), numeric (f, t), first case (-, u, l, f), punctuation ignored (-, f, t); both texts",
        argument: "units",
        argument_words: "the length of the first text in UTF-16",
        answer: Answer::Number,
        ..compute(Request::Compare, "COMPARE", "answers -1, 0 or 1")
    },
    RequestForm {
        input: Input::Text,
        input_words: "fields: c (cardinal) or o (ordinal), those of NUMBER; a number, both ends of a range with U+001F between, or nothing for all forms",
        ..told(Request::PluralForm, "PLURAL_FORM", "the form; answers its length")
    },
    RequestForm {
        input: Input::Text,
        input_words: "a text",
        argument: "kind",
        argument_words: "0 characters, 1 words, 2 sentences",
        ..told(
            Request::Segment,
            "SEGMENT",
            "a u32 for each part of it: twice its length in UTF-16, and 1 if it is a word; answers the length of all, of which as many are written as there is room for",
        )
    },
    RequestForm {
        input: Input::Text,
        input_words: "fields: locale, kind of list",
        ..told(Request::ListPatterns, "LIST_PATTERNS", "fields: start, middle, end, two; answers the length")
    },
    RequestForm {
        input: Input::Text,
        input_words: "fields: locale, numbering system, unit, style, with words such as tomorrow (f, t); the number",
        argument: "parts",
        argument_words: "1 in parts: kind, U+001F, text, U+001F for each",
        ..told(Request::RelativeTime, "RELATIVE_TIME", "the text; answers its length")
    },
    RequestForm {
        input: Input::Text,
        input_words: "fields: locale, kind, style; the code",
        ..told(
            Request::DisplayName,
            "DISPLAY_NAME",
            "the text, nothing if the language does not say; answers its length",
        )
    },
    RequestForm {
        input: Input::Text,
        input_words: "fields: l or u, language; the text",
        ..told(Request::LetterCase, "LETTER_CASE", "the text; answers its length")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "a binary of wasm",
        argument: "how",
        argument_words: "0 compile, 1 only check",
        output: Output::Bytes,
        answer: Answer::Number,
        ..compute(
            Request::InnerCompile,
            "INNER_COMPILE",
            "answers the number of the module. ARG: it is not valid; the room begins with why, as text, and a NUL. LIMIT: it is too large, or one too many",
        )
    },
    RequestForm {
        argument: "which",
        argument_words: "the number of a module; with bit 32 that of an item",
        ..told(
            Request::InnerDescribe,
            "INNER_DESCRIBE",
            "JSON: `imports` and `exports` of a module, or the type of an item; answers its length, of which nothing is written if there is too little room",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "for each import `{u32 own, u32 number}`: own 1 a function of the caller's, by a token that it chooses, 0 an item",
        argument: "module",
        argument_words: "the number of a module",
        output: Output::Bytes,
        answer: Answer::Number,
        ..compute(
            Request::InnerInstantiate,
            "INNER_INSTANTIATE",
            "a u32 for each export, the number of an item; answers one of INNER_END. ARG: the imports do not fit; the room begins with why. The room is used by calls of the caller's functions meanwhile, as that of INNER_CALL",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "the arguments, a u64 each: a number by its bits; a reference to a function as the number of an item plus 1, to a value of the caller's as a number that it chooses plus 1, null as 0",
        argument: "item",
        argument_words: "the number of a function",
        output: Output::Bytes,
        answer: Answer::Number,
        ..compute(
            Request::InnerCall,
            "INNER_CALL",
            "the results, as the arguments; answers one of INNER_END. Functions of the caller's that it calls find their arguments in the same room and leave their results there: it must be as large as the most of them needs",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "`{u32 type, u32 mutable, u64 minimum, u64 maximum, u64 value}`: the letter of a type (i, I, f, F: 32 and 64 bits; c a function, e a value of the caller's); maximum -1: none; what a table is filled with, or a global has",
        argument: "kind",
        argument_words: "one of INNER, no function",
        answer: Answer::Number,
        ..compute(Request::InnerMake, "INNER_MAKE", "answers the number of an item. LIMIT: there is no room")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "`{u64 index}`, of a global nothing",
        argument: "item",
        argument_words: "the number of a table or a global",
        ..told(Request::InnerGet, "INNER_GET", "the value, 8 bytes as an argument of INNER_CALL")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "`{u64 index, u64 value}`, of a global the value alone",
        argument: "item",
        argument_words: "the number of a table or a global",
        ..compute(Request::InnerSet, "INNER_SET", "0. ARG: it cannot be written, or not there")
    },
    RequestForm {
        argument: "item",
        argument_words: "the number of a table or a memory",
        answer: Answer::Number,
        ..compute(Request::InnerSize, "INNER_SIZE", "answers elements, or pages of 64 KiB")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "`{u64 by}`, of a table `{u64 by, u64 value}`",
        argument: "item",
        argument_words: "the number of a table or a memory",
        answer: Answer::Number,
        ..compute(Request::InnerGrow, "INNER_GROW", "answers the size before. LIMIT: it cannot grow so far")
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "`{u64 at}`",
        argument: "item",
        argument_words: "the number of a memory",
        answer: Answer::Number,
        ..compute(
            Request::InnerMap,
            "INNER_MAP",
            "from now on the caller sees the memory, as large as it is now, at that address of its own, which is a multiple of 4,096; what was there is gone. Answers how many bytes. BUSY: it is shown already; LIMIT: memories were shown in too many places",
        )
    },
    RequestForm {
        argument: "item",
        argument_words: "the number of a memory",
        ..compute(Request::InnerUnmap, "INNER_UNMAP", "0; zeroes are there now")
    },
    told(
        Request::InnerDropped,
        "INNER_DROPPED",
        "a u32 for each number of a value of the caller's that a reference had which is gone; answers their bytes",
    ),
    RequestForm {
        input: Input::Bytes,
        input_words: "parts: server name; names of ALPN, with a byte before each that is its length; certificates that are trusted too; own certificate and those above it; its private key. Certificates and keys in PEM, or in DER one after another",
        argument: "how",
        argument_words: "flags TLS; in bits 16 to 31 the lowest version, 32 to 47 the highest, 0 = any from 1.2 on",
        answer: Answer::Handle,
        ..compute(
            Request::Tls,
            "TLS",
            "new handle of a session, which has failed already if it was told what cannot be used. LIMIT: there are too many already",
        )
    },
    RequestForm {
        input: Input::Bytes,
        input_words: "ciphertext",
        needs: WRITE,
        answer: Answer::Number,
        ..form(
            Request::TlsFeed,
            "TLS_FEED",
            &[Kind::Tls],
            "answers how much of it was taken. AGAIN: read first; CLOSED: the other side has ended; IO: the session failed",
        )
    },
    RequestForm {
        needs: READ,
        output: Output::Bytes,
        answer: Answer::Count,
        ..form(
            Request::TlsTake,
            "TLS_TAKE",
            &[Kind::Tls],
            "ciphertext, as much as there is and room for it; answers its length, 0: there is none",
        )
    },
    RequestForm {
        output: Output::Into(&SESSION_STATE),
        ..form(Request::TlsState, "TLS_STATE", &[Kind::Tls], "`SessionState`")
    },
    RequestForm {
        argument: "item",
        argument_words: "one of TLS_ITEM",
        output: Output::Bytes,
        answer: Answer::Count,
        ..form(
            Request::TlsTell,
            "TLS_TELL",
            &[Kind::Tls],
            "what was asked for, nothing while it is not known; answers its length. LIMIT: there is too little room",
        )
    },
];

/// A request of what computes.
const fn compute(request: Request, name: &'static str, words: &'static str) -> RequestForm {
    RequestForm { needs: &[Rights::EXECUTE], ..form(request, name, &[Kind::Compute], words) }
}

/// A request of what computes that answers bytes.
const fn told(request: Request, name: &'static str, words: &'static str) -> RequestForm {
    RequestForm { output: Output::Bytes, answer: Answer::Count, ..compute(request, name, words) }
}

/// A request that takes nothing and answers 0.
const fn form(
    request: Request,
    name: &'static str,
    kinds: &'static [Kind],
    words: &'static str,
) -> RequestForm {
    RequestForm {
        request,
        name,
        kinds,
        needs: &[],
        input: Input::None,
        input_words: "",
        argument: "",
        argument_words: "",
        output: Output::None,
        answer: Answer::Nothing,
        words,
    }
}

/// A request about a path.
const fn path(request: Request, name: &'static str, words: &'static str) -> RequestForm {
    RequestForm { input: Input::Text, input_words: "path", ..form(request, name, PATHS, words) }
}

#[cfg(test)]
#[path = "requests_tests.rs"]
mod tests;
