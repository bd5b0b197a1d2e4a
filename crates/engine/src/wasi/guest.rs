//! The caller of a function: its memory, its state, its descriptors.
//!
//! Invariant: every offset and length that a guest passes becomes a slice here, or [`Errno::FAULT`].

use b8g_core::abi::ready;
use b8g_core::{Error, Handle};

use super::Wasi;
use super::fds::{Fd, Kind};
use super::types::Errno;
use crate::dispatch::{Call, dispatch};
use crate::memory::GuestMemory;
use crate::state::State;
use crate::wait::{Item, Waiting};

/// Who called a function of preview 1.
pub(super) struct Guest<'c> {
    /// Empty when there is none.
    pub(super) memory: GuestMemory<'c>,
    pub(super) state: &'c mut State,
    pub(super) wasi: &'c mut Wasi,
    /// Set when the guest must trap with these words.
    pub(super) trap: Option<String>,
}

/// What a function answers.
pub(super) type Done = Result<(), Errno>;

/// A part of the memory.
pub(super) fn bytes<'m>(memory: &'m GuestMemory<'_>, at: u32, len: u32) -> Result<&'m [u8], Errno> {
    memory.get((at as usize, len as usize)).ok_or(Errno::FAULT)
}

/// As [`bytes`], to be written.
pub(super) fn bytes_mut<'m>(
    memory: &'m mut GuestMemory<'_>,
    at: u32,
    len: u32,
) -> Result<&'m mut [u8], Errno> {
    memory.get_mut((at as usize, len as usize)).ok_or(Errno::FAULT)
}

/// The length of an array of `count` elements.
pub(super) fn array_bytes(count: u32, element_bytes: u32) -> Result<u32, Errno> {
    count.checked_mul(element_bytes).ok_or(Errno::FAULT)
}

impl Guest<'_> {
    /// Checks that `len` bytes can be written at `at`, before something happens whose answer belongs there.
    pub(super) fn check(&self, at: u32, len: u32) -> Done {
        bytes(&self.memory, at, len).map(|_| ())
    }

    /// Writes bytes.
    pub(super) fn put(&mut self, at: u32, from: &[u8]) -> Done {
        let len = u32::try_from(from.len()).map_err(|_| Errno::OVERFLOW)?;
        bytes_mut(&mut self.memory, at, len)?.copy_from_slice(from);
        Ok(())
    }

    /// Writes a 32-bit number.
    pub(super) fn put_u32(&mut self, at: u32, number: u32) -> Done {
        self.put(at, &number.to_le_bytes())
    }

    /// Writes a 64-bit number.
    pub(super) fn put_u64(&mut self, at: u32, number: u64) -> Done {
        self.put(at, &number.to_le_bytes())
    }

    /// Finds a descriptor.
    pub(super) fn fd(&self, number: u32) -> Result<&Fd, Errno> {
        self.wasi.fds.get(number)
    }

    /// Finds a regular file with all `needed` rights.
    pub(super) fn file(&self, number: u32, needed: u64, otherwise: Errno) -> Result<Handle, Errno> {
        let fd = self.fd(number)?;
        if fd.kind != Kind::File {
            return Err(otherwise);
        }
        fd.holds(needed)?;
        Ok(fd.handle)
    }

    /// Finds a directory with all `needed` rights.
    pub(super) fn directory(&self, number: u32, needed: u64) -> Result<Handle, Errno> {
        let fd = self.fd(number)?;
        if fd.kind != Kind::Directory {
            return Err(Errno::NOTDIR);
        }
        fd.holds(needed)?;
        Ok(fd.handle)
    }
}

/// Blocks until the object behind `handle` is ready for `interest`, or looks as if it were.
pub(super) fn wait_for(state: &mut State, handle: Handle, interest: u32) -> Done {
    let items = [Item { handle, interest }];
    let mut out = [0];
    let waiting = Waiting::Now { items: &items, deadline: None, out: &mut out };
    match dispatch(state, Call::Wait(waiting)) {
        // It cannot be waited for, so trying again would go on for ever.
        Ok(_) if out[0] & ready::BAD != 0 => Err(Errno::AGAIN),
        Ok(_) | Err(Error::Again) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A count that dispatch answered, which is never negative nor above what was asked for.
pub(super) fn count(answer: i64) -> Result<u32, Errno> {
    u32::try_from(answer).map_err(|_| Errno::OVERFLOW)
}
