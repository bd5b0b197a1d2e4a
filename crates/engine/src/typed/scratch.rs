//! The scratch memory of one call: arguments as a module would lay them out, and what the callback wrote there.

use b8g_core::Error;
use b8g_core::abi::shape::{Layout, Parameter, Shape};
use b8g_core::abi::{KEY_BYTES, MESSAGE_HANDLES_MAX, SPAWN_HANDLES_MAX, WAIT_ITEMS_MAX};
use wasmtime::Result;
use wasmtime::component::Val;

use super::{READ_BYTES_MAX, mistyped, value};
use crate::memory::guest::Span;
use crate::memory::{GuestMemory, Windows};

/// Where nothing lies, so that no offset is 0: some operations take that for none.
const BEGIN: usize = 8;
/// What is worth asking the system for.
const LARGE_BYTES: usize = 128 << 10;

/// Bytes, and the callback's arguments that speak of them.
pub(super) struct Scratch {
    bytes: Vec<u8>,
    pub(super) words: [i64; 4],
}

/// What an operation writes.
#[derive(Clone, Copy)]
pub(super) enum Found {
    Nothing,
    /// As many bytes as it answers.
    Bytes(Span),
    /// A structure.
    Structure(&'static Layout, Span),
    Key(Span),
    /// What is ready, of each item.
    Ready(Span),
}

/// A slice argument: offset below, length above.
pub(super) fn slice((at, len): Span) -> i64 {
    (len as i64) << 32 | at as i64
}

impl Scratch {
    pub(super) fn new() -> Scratch {
        Scratch { bytes: vec![0; BEGIN], words: [0; 4] }
    }

    pub(super) fn memory(&mut self) -> GuestMemory<'_> {
        GuestMemory::new(&mut self.bytes, &Windows::default())
    }

    pub(super) fn bytes(&self, (at, len): Span) -> &[u8] {
        self.bytes.get(at..at + len).unwrap_or_default()
    }

    /// Room for so many bytes.
    pub(super) fn room(&mut self, len: usize) -> Span {
        let at = self.bytes.len().next_multiple_of(8);
        if len < LARGE_BYTES {
            self.bytes.resize(at + len, 0);
        } else {
            // The system gives zeroes without writing them: most of such a room is never used.
            let mut bytes = vec![0; at + len];
            bytes[..self.bytes.len()].copy_from_slice(&self.bytes);
            self.bytes = bytes;
        }
        (at, len)
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Span {
        let (at, len) = self.room(bytes.len());
        self.bytes[at..].copy_from_slice(bytes);
        (at, len)
    }

    /// Lays out the arguments of an operation, or says which error they are; `parks` leaves out the room for what a wait
    /// answers.
    pub(super) fn lay_out<'v>(
        &mut self,
        parameters: &[Parameter],
        values: &mut impl Iterator<Item = &'v Val>,
        parks: bool,
    ) -> Result<std::result::Result<Found, Error>> {
        let mut found = Found::Nothing;
        let mut many = 0;
        for Parameter { at, shape, .. } in parameters {
            let at = *at;
            let (one, two) = match shape {
                Shape::Bytes => pair(self.put(&value::bytes(values.next())?)),
                Shape::Text => pair(self.put(value::text(values.next())?.as_bytes())),
                Shape::SliceFrom => (slice(self.put(&value::bytes(values.next())?)), None),
                Shape::Key => {
                    let key = value::bytes(values.next())?;
                    if key.len() != KEY_BYTES {
                        return Ok(Err(Error::Argument));
                    }
                    (self.put(&key).0 as i64, None)
                }
                Shape::Room | Shape::SliceInto => {
                    let len = value::number(values.next())?.min(READ_BYTES_MAX as u64);
                    let room = self.room(len as usize);
                    found = Found::Bytes(room);
                    if matches!(shape, Shape::Room) { pair(room) } else { (slice(room), None) }
                }
                Shape::RoomFor(layout) | Shape::Into(layout) => {
                    let room = self.room(layout.bytes());
                    found = Found::Structure(layout, room);
                    if matches!(shape, Shape::RoomFor(_)) { pair(room) } else { (room.0 as i64, None) }
                }
                Shape::Many(layout) => {
                    let Some(Val::List(list)) = values.next() else { return Err(mistyped()) };
                    if list.len() as u64 > WAIT_ITEMS_MAX.max(SPAWN_HANDLES_MAX) {
                        return Ok(Err(Error::Limit));
                    }
                    many = list.len();
                    let mut bytes = Vec::new();
                    for item in list {
                        bytes.extend(value::structure(layout, Some(item))?);
                    }
                    (self.put(&bytes).0 as i64, Some(many as i64))
                }
                Shape::Handles => {
                    let Some(Val::List(list)) = values.next() else { return Err(mistyped()) };
                    if list.len() as u64 > MESSAGE_HANDLES_MAX {
                        return Ok(Err(Error::Limit));
                    }
                    let mut bytes = Vec::new();
                    for item in list {
                        bytes.extend(value::handle(Some(item))?.raw().to_le_bytes());
                    }
                    (self.put(&bytes).0 as i64, Some(list.len() as i64))
                }
                Shape::From(layout) => match values.next() {
                    Some(Val::Option(None)) => (0, None),
                    Some(Val::Option(Some(some))) => {
                        (self.put(&value::structure(layout, Some(some))?).0 as i64, None)
                    }
                    _ => return Err(mistyped()),
                },
                Shape::KeyRoom => {
                    let room = self.room(KEY_BYTES);
                    found = Found::Key(room);
                    (room.0 as i64, None)
                }
                Shape::Answers if parks => (0, None),
                Shape::Answers => {
                    let room = self.room(many * 4);
                    found = Found::Ready(room);
                    (room.0 as i64, None)
                }
                Shape::Number32 | Shape::Number | Shape::Signed32 => (value::argument(values.next())?, None),
                Shape::Position | Shape::Deadline => (value::optional(values.next())?, None),
                Shape::Rights => (value::rights(values.next())?, None),
                Shape::StreamFlags => (value::flags("STREAM", values.next())?, None),
                Shape::OpenFlags => {
                    let flags = value::flags("OPEN", values.next())?;
                    (value::rights(values.next())? << 32 | flags, None)
                }
                // Neither is for typed functions.
                Shape::Address | Shape::HandleRoom => return Err(mistyped()),
            };
            self.words[at] = one;
            if let Some(two) = two {
                self.words[at + 1] = two;
            }
        }
        Ok(Ok(found))
    }

    /// What was written, as a value; `answer` is what the operation answered.
    pub(super) fn found(&self, found: Found, answer: i64) -> Result<Val> {
        Ok(match found {
            Found::Nothing => return Err(mistyped()),
            Found::Bytes(room) => value::list(self.bytes(room).get(..answer as usize).ok_or_else(mistyped)?),
            Found::Key(room) => value::list(self.bytes(room)),
            Found::Structure(layout, room) => value::record(layout, self.bytes(room))?,
            Found::Ready(room) => {
                Val::List(self.bytes(room).chunks_exact(4).map(value::ready).collect::<Result<_>>()?)
            }
        })
    }
}

fn pair((at, len): Span) -> (i64, Option<i64>) {
    (at as i64, Some(len as i64))
}
