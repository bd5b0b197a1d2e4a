//! Every operation as data: what it acts on, what it takes, what it needs and what it answers.
//!
//! Start reading at [`OPERATIONS`]. Invariant: each [`Op`] is here once, in the order of the numbers.

use super::constants::{ENDED, ENDS, ENTRY, INFO, SPAWN_LIMITS, STREAM_ENDS, WAIT_ITEM};
use super::shape::{Answer, Operation, Parameter, Shape, Verb};
use super::{Kind, Op, link, task};
use crate::Rights;

/// Every operation, in the order of their numbers.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        parameters: &[takes(0, "out", Shape::RoomFor(&INFO), &["out offset", "out length"])],
        words: "bytes written; `{u32 kind, u32 rights, u64 size}`",
        ..operation(Op::Info, "info", "h")
    },
    Operation {
        needs: &[Rights::DUPLICATE],
        parameters: &[takes(0, "rights", Shape::Rights, &["rights"])],
        answer: Answer::Handle,
        words: "new handle with `rights`, which must be a subset",
        ..operation(Op::Dup, "dup", "h")
    },
    Operation { words: "0", ..operation(Op::Close, "close", "h") },
    Operation {
        parameters: &[takes(0, "bytes", Shape::Number, &["bytes"])],
        answer: Answer::Handle,
        words: "makes memory that several contexts can see, rounded up to pages of 4,096 bytes; new handle",
        ..operation(Op::Memory, "memory", "")
    },
    Operation {
        kinds: &[Kind::Memory, Kind::Stream],
        needs: &[Rights::MAP],
        parameters: &[
            takes(0, "address", Shape::Address, &["address"]),
            takes(1, "offset", Shape::Number, &["offset in it"]),
            takes(2, "bytes", Shape::Number, &["bytes"]),
        ],
        words: "shows a memory, or the ring of a stream, at that address of the caller's own memory; 0. All three are whole pages. A memory needs READ and WRITE too",
        ..operation(Op::Map, "map", "h")
    },
    Operation {
        kinds: &[Kind::Files, Kind::Directory, Kind::Net],
        parameters: &[
            takes(0, "path", Shape::Text, &["path offset", "path length"]),
            takes(3, "flags", Shape::OpenFlags, &["flags (lower 32) and rights wanted (upper 32)"]),
        ],
        answer: Answer::Handle,
        words: "new handle",
        ..operation(Op::Open, "open", "dir")
    },
    Operation {
        kinds: &[
            Kind::Blob,
            Kind::Stream,
            Kind::File,
            Kind::Clock,
            Kind::Random,
            Kind::Socket,
            Kind::Timer,
            Kind::Memory,
            Kind::Event,
            Kind::Task,
            Kind::Exchange,
            Kind::Codec,
            Kind::Tls,
        ],
        needs: &[Rights::READ],
        parameters: &[
            takes(0, "into", Shape::Room, &["offset", "length"]),
            takes(2, "position", Shape::Position, &["position, -1 = the object's own"]),
        ],
        answer: Answer::Count,
        words: "bytes read, 0 = end",
        ..operation(Op::Read, "read", "h")
    },
    Operation {
        kinds: &[
            Kind::Blob,
            Kind::Stream,
            Kind::File,
            Kind::Socket,
            Kind::Memory,
            Kind::Exchange,
            Kind::Codec,
            Kind::Tls,
        ],
        needs: &[Rights::WRITE],
        parameters: &[
            takes(0, "from", Shape::Bytes, &["offset", "length"]),
            takes(2, "position", Shape::Position, &["position, -1 = the object's own"]),
        ],
        answer: Answer::Count,
        words: "bytes written",
        ..operation(Op::Write, "write", "h")
    },
    Operation {
        parameters: &[
            takes(0, "request", Shape::Number32, &["request"]),
            takes(1, "from", Shape::SliceFrom, &["slice in"]),
            takes(2, "into", Shape::SliceInto, &["slice out"]),
            takes(3, "argument", Shape::Number, &["argument"]),
        ],
        answer: Answer::Varies,
        words: "by request",
        ..operation(Op::Ctl, "ctl", "h")
    },
    Operation {
        parameters: &[takes(0, "out", Shape::Into(&ENDS), &["out offset"])],
        words: "makes a channel; writes the handles of both ends, `{u32, u32}`; 8",
        ..operation(Op::ChannelNew, "channel", "")
    },
    Operation {
        kinds: &[Kind::Channel],
        needs: &[Rights::WRITE],
        parameters: &[
            takes(0, "from", Shape::Bytes, &["offset", "length"]),
            takes(2, "handles", Shape::Handles, &["handles offset", "number of handles, at most 64"]),
        ],
        words: "0; the handles are gone then. AGAIN: no room yet; LIMIT: more than 1 MiB; CLOSED",
        ..operation(Op::Send, "send", "h")
    },
    Operation {
        kinds: &[Kind::Channel],
        needs: &[Rights::READ],
        parameters: &[
            takes(0, "into", Shape::Room, &["offset", "room in bytes"]),
            takes(2, "handles", Shape::HandleRoom, &["handles offset", "room in handles, at most 64"]),
        ],
        answer: Answer::Message,
        words: "bytes received, and the number of handles in the upper 32 bits. AGAIN, CLOSED; LIMIT: it is larger than the room, and stays",
        ..operation(Op::Receive, "receive", "h")
    },
    Operation {
        parameters: &[
            takes(0, "element", Shape::Number, &["bytes of an element"]),
            takes(1, "capacity", Shape::Number, &["capacity in bytes, 0 = a rendezvous"]),
            takes(2, "flags", Shape::StreamFlags, &["flags: MAP 1"]),
            takes(3, "out", Shape::Into(&STREAM_ENDS), &["out offset"]),
        ],
        words: "makes a stream; writes `{u32 reader, u32 writer}`; 8",
        ..operation(Op::Stream, "stream", "")
    },
    Operation {
        kinds: &[Kind::Stream],
        needs: &[Rights::READ, Rights::WRITE],
        parameters: &[takes(0, "done", Shape::Number, &["bytes done with"])],
        answer: Answer::Part,
        words: "the next part of a MAP stream's ring: offset in it below, length in the upper 32 bits. For the reader a length of 0 is the end. AGAIN: there is none yet, but what is done was counted; ARG: more than there is, and nothing was counted; CLOSED",
        ..operation(Op::Acquire, "acquire", "h")
    },
    Operation {
        kinds: &[Kind::Stream, Kind::Exchange, Kind::Codec, Kind::Tls],
        needs: &[Rights::READ, Rights::WRITE],
        parameters: &[
            takes(0, "how", Shape::Number, &["0 = orderly, else abort"]),
            takes(1, "reason", Shape::Number32, &["reason, a u32"]),
        ],
        words: "ends a stream from one of its ends, the body that is written to an exchange, or what is written to a codec or a session of TLS; 0",
        ..operation(Op::Finish, "finish", "h")
    },
    Operation {
        kinds: &[Kind::Clock],
        needs: &[Rights::READ],
        parameters: &[
            takes(0, "deadline", Shape::Number, &["deadline ns, absolute on that clock"]),
            takes(1, "period", Shape::Number, &["period ns, 0 = once"]),
        ],
        answer: Answer::Handle,
        words: "new handle, WAIT",
        ..operation(Op::Timer, "timer", "clock")
    },
    Operation {
        parameters: &[takes(0, "bits", Shape::Number32, &["bits, a u32"])],
        answer: Answer::Handle,
        words: "new handle",
        ..operation(Op::Event, "event", "")
    },
    Operation {
        kinds: &[Kind::Event],
        needs: &[Rights::SIGNAL],
        parameters: &[
            takes(0, "clear", Shape::Number32, &["bits to clear"]),
            takes(1, "set", Shape::Number32, &["bits to set"]),
        ],
        answer: Answer::Number,
        words: "the bits that were set before",
        ..operation(Op::Signal, "signal", "h")
    },
    Operation {
        parameters: &[
            takes(0, "items", Shape::Many(&WAIT_ITEM), &["items offset", "number of items"]),
            takes(2, "deadline", Shape::Deadline, &["deadline ns on the monotonic clock, -1 = none"]),
            takes(3, "out", Shape::Answers, &["out offset, 0 = park"]),
        ],
        answer: Answer::Number,
        words: "number of ready items, or TIMEOUT",
        ..operation(Op::Wait, "wait", "")
    },
    Operation {
        kinds: &[Kind::Component],
        needs: &[Rights::EXECUTE],
        parameters: &[
            takes(0, "entries", Shape::Many(&ENTRY), &["vector offset", "number of entries, at most 64"]),
            takes(2, "limits", Shape::From(&SPAWN_LIMITS), &["offset of the limits, 0 = none of its own"]),
        ],
        answer: Answer::Handle,
        words: "starts a task; new handle. See Tasks",
        ..operation(Op::Spawn, "spawn", "component")
    },
    Operation {
        kinds: &[Kind::Task],
        parameters: &[
            takes(0, "verb", Shape::Number, &["verb"]),
            takes(1, "out", Shape::Room, &["out offset", "out length"]),
        ],
        answer: Answer::Varies,
        words: "by verb. See Tasks; `task(0)` with verb 3 and an exit code in b ends the caller and does not return",
        verbs: TASK_VERBS,
        ..operation(Op::Task, "task", "h")
    },
    Operation {
        kinds: &[Kind::Keys],
        needs: &[Rights::LINK],
        parameters: &[
            takes(0, "verb", Shape::Number, &["verb: 1 mint, 2 bind, 3 revoke"]),
            takes(1, "key", Shape::Key, &["offset of the key's 32 bytes"]),
        ],
        answer: Answer::Varies,
        words: "mint writes a new key and answers 0, bind a new handle, revoke 0. See Keys",
        verbs: LINK_VERBS,
        ..operation(Op::Link, "link", "keys")
    },
    Operation {
        parameters: &[
            takes(0, "address", Shape::Address, &["address"]),
            takes(1, "bytes", Shape::Number, &["bytes"]),
        ],
        words: "ends what one `map` of the caller made, all of it; the pages are the caller's own again, and zero. 0. NOENT: no `map` showed just that",
        ..operation(Op::Unmap, "unmap", "")
    },
];

const TASK_VERBS: &[Verb] = &[
    manages(
        task::CANCEL,
        "cancel",
        "the task's `b8g_event` is called with CANCEL when it next waits; it may end in its own way. 0",
    ),
    manages(task::KILL, "kill", "it is stopped at once. 0"),
    Verb {
        on_self: true,
        parameters: &[takes(1, "code", Shape::Signed32, &["exit code"])],
        ..verb(task::EXIT, "exit", "on handle 0 only")
    },
    Verb {
        needs: Rights::READ,
        parameters: &[takes(1, "out", Shape::RoomFor(&ENDED), &["out offset", "out length"])],
        ..verb(
            task::JOIN,
            "join",
            "writes the 64 bytes below once it has ended; AGAIN before. `wait` says readable then; `read` with a position gives the message",
        )
    },
    manages(
        task::SUSPEND,
        "suspend",
        "it does not go on, from its next call or wait, until it is told to. 0",
    ),
    manages(task::RESUME, "resume", "it goes on. 0"),
    Verb {
        answer: Answer::Handle,
        ..manages(
            task::SNAPSHOT,
            "snapshot",
            "asks to freeze it where it waits: AGAIN until that is done (`wait` says writable), then a new handle to a component that goes on from there. BUSY: it cannot be frozen",
        )
    },
];

const LINK_VERBS: &[Verb] = &[
    Verb {
        parameters: &[takes(1, "key", Shape::KeyRoom, &["key offset"])],
        ..verb(link::MINT, "mint", "writes a new key. 0")
    },
    Verb {
        parameters: &[takes(1, "key", Shape::Key, &["key offset"])],
        answer: Answer::Handle,
        ..verb(link::BIND, "bind", "new handle: an end of a channel")
    },
    Verb {
        parameters: &[takes(1, "key", Shape::Key, &["key offset"])],
        ..verb(link::REVOKE, "revoke", "nobody can bind that key any more. 0")
    },
];

/// An operation that takes nothing, needs nothing and answers 0.
const fn operation(op: Op, name: &'static str, handle: &'static str) -> Operation {
    Operation {
        op,
        name,
        handle,
        kinds: &[],
        needs: &[],
        parameters: &[],
        answer: Answer::Nothing,
        words: "",
        verbs: &[],
    }
}

const fn verb(number: u64, name: &'static str, words: &'static str) -> Verb {
    Verb {
        number,
        name,
        on_self: false,
        needs: Rights::NONE,
        parameters: &[],
        answer: Answer::Nothing,
        words,
    }
}

/// A verb that changes what the task does.
const fn manages(number: u64, name: &'static str, words: &'static str) -> Verb {
    Verb { needs: Rights::MANAGE, ..verb(number, name, words) }
}

const fn takes(at: usize, name: &'static str, shape: Shape, words: &'static [&'static str]) -> Parameter {
    Parameter { name, at, shape, words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Each argument carries one parameter, and says in words what it is.
    fn fits(name: &str, parameters: &[Parameter], taken: usize) {
        let mut used = [false; 4];
        used[..taken].fill(true);
        for parameter in parameters {
            assert_eq!(parameter.words.len(), parameter.shape.arguments(), "{name}: {}", parameter.name);
            for argument in &mut used[parameter.at..parameter.at + parameter.shape.arguments()] {
                assert!(!*argument, "{name}: {}", parameter.name);
                *argument = true;
            }
        }
    }

    #[test]
    fn every_operation_is_described_once_in_order() {
        let described: Vec<Op> = OPERATIONS.iter().map(|operation| operation.op).collect();
        assert_eq!(described, Op::ALL);
    }

    #[test]
    fn parameters_do_not_overlap() {
        for operation in OPERATIONS {
            fits(operation.name, operation.parameters, 0);
            operation.verbs.iter().for_each(|verb| fits(verb.name, verb.parameters, 1));
            assert!(!operation.words.is_empty(), "{}", operation.name);
        }
    }

    #[test]
    fn every_verb_is_described() {
        for (verbs, each) in [(TASK_VERBS, task::EACH), (LINK_VERBS, link::EACH)] {
            let described: Vec<i64> = verbs.iter().map(|verb| verb.number as i64).collect();
            assert_eq!(described, each.iter().map(|verb| verb.value).collect::<Vec<_>>());
        }
    }
}
