//! What a description of the ABI is made of: data that generators read, and the engine where it offers the same operations as
//! typed functions.
//!
//! Start reading at [`Operation`]. Invariant: nothing here decides what an operation does.

use crate::Rights;
use crate::abi::{Kind, Op, Request, Role};
use crate::error::Error;

/// A number with a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Constant {
    /// Its name, as in C without the prefix.
    pub name: &'static str,
    /// Its value.
    pub value: i64,
    /// What it is.
    pub meaning: &'static str,
}

/// Constants that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The prefix of their names.
    pub name: &'static str,
    /// What they are.
    pub meaning: &'static str,
    /// They are bits that can be set together.
    pub flags: bool,
    /// Each of them.
    pub each: &'static [Constant],
}

/// The type of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldType {
    /// 32 bits without a sign.
    U32,
    /// 32 bits with a sign.
    I32,
    /// 64 bits without a sign.
    U64,
    /// 64 bits with a sign.
    I64,
    /// A handle, 32 bits.
    Handle,
    /// The number of a [`Kind`], 32 bits.
    Kind,
    /// The number of a [`Role`], 32 bits.
    Role,
    /// The number of a [`super::FileType`], 32 bits.
    FileType,
    /// The number of an [`super::EndReason`], 32 bits.
    EndReason,
    /// Rights, 32 bits.
    Rights,
    /// Interests of [`Op::Wait`], 32 bits.
    Ready,
}

impl FieldType {
    /// Bytes of it.
    pub const fn bytes(self) -> usize {
        match self {
            FieldType::U64 | FieldType::I64 => 8,
            _ => 4,
        }
    }
}

/// A field of a [`Layout`].
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub class: FieldType,
    /// What it says.
    pub meaning: &'static str,
}

/// A structure as it lies in memory: its fields one after another, little-endian, each aligned by itself.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

impl Layout {
    /// Bytes of it.
    pub const fn bytes(&self) -> usize {
        let (mut bytes, mut at) = (0, 0);
        while at < self.fields.len() {
            bytes += self.fields[at].class.bytes();
            at += 1;
        }
        bytes
    }
}

/// What one or two of the callback's arguments are together.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Offset and length of bytes that are read.
    Bytes,
    /// Offset and length of a path or an address, in UTF-8.
    Text,
    /// Offset and length of room that is written.
    Room,
    /// Offset and length of room for one structure.
    RoomFor(&'static Layout),
    /// Offset and number of structures that are read.
    Many(&'static Layout),
    /// Offset and number of handles that are read.
    Handles,
    /// Offset and number of handles that there is room for.
    HandleRoom,
    /// Offset of one structure that is written.
    Into(&'static Layout),
    /// Offset of one structure that is read; 0 is none.
    From(&'static Layout),
    /// Offset of a key that is read.
    Key,
    /// Offset of room for a key.
    KeyRoom,
    /// One slice: offset in the lower 32 bits, length in the upper ones; it is read.
    SliceFrom,
    /// One slice that is written.
    SliceInto,
    /// Offset of a u32 for each of the items; 0 parks the wait.
    Answers,
    /// An address in the caller's own memory.
    Address,
    /// A u32.
    Number32,
    /// An i32.
    Signed32,
    /// A u64 below 2^63.
    Number,
    /// A position, or -1 for the object's own.
    Position,
    /// A time in nanoseconds, or -1 for none.
    Deadline,
    /// Rights.
    Rights,
    /// Flags of [`Op::Open`] below and rights above.
    OpenFlags,
    /// Flags of [`Op::Stream`].
    StreamFlags,
}

impl Shape {
    /// How many of the callback's arguments it takes.
    pub const fn arguments(self) -> usize {
        match self {
            Shape::Bytes
            | Shape::Text
            | Shape::Room
            | Shape::RoomFor(_)
            | Shape::Many(_)
            | Shape::Handles
            | Shape::HandleRoom => 2,
            _ => 1,
        }
    }
}

/// A parameter of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The first of the arguments that carry it: 0 is `a`.
    pub at: usize,
    /// What it is.
    pub shape: Shape,
    /// What stands in each of its arguments.
    pub words: &'static [&'static str],
}

/// What a number that is not negative means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// 0, or the bytes of a structure whose size is known.
    Nothing,
    /// A handle that is the caller's now.
    Handle,
    /// So many bytes were read or written.
    Count,
    /// Bytes of a message below, its handles above.
    Message,
    /// Offset of a part below, its length above.
    Part,
    /// A number.
    Number,
    /// A number by request or verb.
    Varies,
}

/// A form of an operation that its first argument chooses.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    /// Its number.
    pub number: u64,
    /// Its name.
    pub name: &'static str,
    /// The handle must be 0: the caller itself.
    pub on_self: bool,
    /// The right that the handle must have, if the operation does not say so for all verbs.
    pub needs: Rights,
    /// The other parameters.
    pub parameters: &'static [Parameter],
    /// What the answer is.
    pub answer: Answer,
    /// What it does.
    pub words: &'static str,
}

/// An operation of the callback.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its number.
    pub op: Op,
    /// Its name.
    pub name: &'static str,
    /// What documents call the handle; empty: it must be 0.
    pub handle: &'static str,
    /// Which kinds of objects know it; empty: every kind, or the engine.
    pub kinds: &'static [Kind],
    /// The handle must have one of these; empty: any will do.
    pub needs: &'static [Rights],
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// What the answer is.
    pub answer: Answer,
    /// The answer in words.
    pub words: &'static str,
    /// Its forms, if its first argument is a verb.
    pub verbs: &'static [Verb],
}

impl Operation {
    /// Tells whether it speaks of addresses in the caller's memory, so that it can be no typed function.
    pub fn has_addresses(&self) -> bool {
        let address = |parameter: &Parameter| matches!(parameter.shape, Shape::Address);
        matches!(self.answer, Answer::Part) || self.parameters.iter().any(address)
    }
}

/// What a request of [`Op::Ctl`] takes as its input.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// Nothing.
    None,
    /// Bytes.
    Bytes,
    /// UTF-8.
    Text,
    /// A structure.
    From(&'static Layout),
    /// Two texts, with a NUL between them.
    Two(&'static str, &'static str),
    /// A structure, then a path.
    FromThenPath(&'static Layout),
    /// A structure, then bytes.
    FromThenBytes(&'static Layout),
    /// Many texts, a NUL after each.
    Texts,
}

/// What a request of [`Op::Ctl`] writes.
#[derive(Clone, Copy, Debug)]
pub enum Output {
    /// Nothing: the answer says all.
    None,
    /// A structure.
    Into(&'static Layout),
    /// Bytes, as many as the answer says.
    Bytes,
    /// Structures, as many bytes as the answer says.
    Many(&'static Layout),
}

/// A request of [`Op::Ctl`].
#[derive(Clone, Copy, Debug)]
pub struct RequestForm {
    /// Its number.
    pub request: Request,
    /// Its name, as in C without the prefix.
    pub name: &'static str,
    /// The objects that know it; empty: the engine.
    pub kinds: &'static [Kind],
    /// What it takes.
    pub input: Input,
    /// The input in words.
    pub input_words: &'static str,
    /// The name of its argument; empty: it has none.
    pub argument: &'static str,
    /// The argument in words.
    pub argument_words: &'static str,
    /// What it writes.
    pub output: Output,
    /// What its answer is.
    pub answer: Answer,
    /// Output and answer in words.
    pub words: &'static str,
}

/// An error with its name.
#[derive(Clone, Copy, Debug)]
pub struct ErrorName {
    /// Which.
    pub error: Error,
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// A role of the initial vector.
#[derive(Clone, Copy, Debug)]
pub struct RoleForm {
    /// Which.
    pub role: Role,
    /// Its name, as in C without the prefix.
    pub name: &'static str,
    /// What the handle is.
    pub object: &'static str,
    /// The object's kind.
    pub kind: Kind,
    /// What can be done with it.
    pub uses: &'static str,
}
