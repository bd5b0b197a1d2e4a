//! Handles: what a component has of the world.

use crate::abi::{self, Info, op};
use crate::{Result, call};

/// Something that this component was given. Closed when it is dropped.
#[derive(PartialEq, Eq, Hash, Debug)]
pub struct Handle(u32);

impl Handle {
    /// Makes a blob: bytes that stay as they are, such as the arguments of a task.
    ///
    /// # Errors
    /// LIMIT.
    pub fn blob(bytes: &[u8]) -> Result<Handle> {
        call::ctl(0, abi::ctl::BLOB, bytes, &mut [], 0).map(Handle::answered)
    }

    /// Takes over a handle by its number, as it came in a message or from another library.
    pub const fn from_raw(raw: u32) -> Handle {
        Handle(raw)
    }

    /// Its number; it stays the owner.
    pub const fn raw(&self) -> u32 {
        self.0
    }

    /// Gives it up without closing it: the number is somebody else's now.
    pub const fn into_raw(self) -> u32 {
        let raw = self.0;
        core::mem::forget(self);
        raw
    }

    /// Makes a second handle with fewer or equal rights.
    ///
    /// # Errors
    /// RIGHTS: it has not all of them, or not DUPLICATE; LIMIT.
    pub fn duplicate(&self, rights: Rights) -> Result<Handle> {
        call::plain(op::DUP, self.0, [rights.bits().into(), 0, 0, 0]).map(Handle::answered)
    }

    /// What the object is, what may be done with it, and how large it is.
    ///
    /// # Errors
    /// BADH.
    pub fn info(&self) -> Result<(Kind, Rights, u64)> {
        let mut info = Info::default();
        // SAFETY: `info` is ours, and as long as it says.
        unsafe { call::raw(op::INFO, self.0, [call::at(&raw mut info), size_of::<Info>() as i64, 0, 0]) }?;
        Ok((Kind(info.kind), Rights::from_bits(info.rights), info.size))
    }

    /// Reads bytes; 0 is the end.
    ///
    /// # Errors
    /// What the object says.
    pub fn read(&self, into: &mut [u8]) -> Result<usize> {
        self.read_with(into, -1)
    }

    /// Reads bytes from a position.
    ///
    /// # Errors
    /// What the object says; ARG for a position beyond 2^63.
    pub fn read_at(&self, into: &mut [u8], position: u64) -> Result<usize> {
        self.read_with(into, position.cast_signed())
    }

    fn read_with(&self, into: &mut [u8], position: i64) -> Result<usize> {
        let room = [call::at(into.as_mut_ptr()), into.len() as i64, position, 0];
        // SAFETY: only `into` is written, which is the caller's.
        unsafe { call::raw(op::READ, self.0, room) }.map(|count| count as usize)
    }

    /// Writes bytes and answers how many; it may be fewer.
    ///
    /// # Errors
    /// What the object says.
    pub fn write(&self, from: &[u8]) -> Result<usize> {
        self.write_with(from, -1)
    }

    /// Writes bytes to a position.
    ///
    /// # Errors
    /// What the object says; ARG for a position beyond 2^63.
    pub fn write_at(&self, from: &[u8], position: u64) -> Result<usize> {
        self.write_with(from, position.cast_signed())
    }

    fn write_with(&self, from: &[u8], position: i64) -> Result<usize> {
        let bytes = [call::at(from.as_ptr()), from.len() as i64, position, 0];
        call::plain(op::WRITE, self.0, bytes).map(|count| count as usize)
    }

    /// Asks with a request that is special to a kind of object.
    ///
    /// # Errors
    /// What the object says.
    pub fn ctl(&self, request: u32, input: &[u8], out: &mut [u8], argument: u64) -> Result<u64> {
        call::ctl(self.0, request, input, out, argument)
    }

    /// The handle that an operation answered.
    pub(crate) fn answered(answer: u64) -> Handle {
        Handle(answer as u32)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let _ = call::plain(op::CLOSE, self.0, [0; 4]);
    }
}

/// What the holder of a handle may do. A set that only shrinks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Rights(u32);

macro_rules! rights {
    ($($name:ident)*) => {
        impl Rights {
            $(#[doc = concat!("The right ", stringify!($name), ".")]
            pub const $name: Rights = Rights(abi::right::$name);)*
        }
    };
}
rights! { DUPLICATE TRANSFER READ WRITE EXECUTE MAP WAIT SIGNAL SEEK CREATE MANAGE LINK INSPECT }

impl Rights {
    /// None.
    pub const NONE: Rights = Rights(0);

    /// Reads the number of the ABI.
    pub const fn from_bits(bits: u32) -> Rights {
        Rights(bits)
    }

    /// The number of the ABI.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Both sets.
    #[must_use]
    pub const fn and(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }

    /// This set without the other.
    #[must_use]
    pub const fn without(self, other: Rights) -> Rights {
        Rights(self.0 & !other.0)
    }

    /// Tells whether every right of `other` is here.
    pub const fn contains(self, other: Rights) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What an object is: a number of [`abi::kind`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Kind(pub u32);
