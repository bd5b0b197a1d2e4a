//! What the context was given at its start: the initial vector.
//!
//! Start reading at [`take`]. Invariant: each handle is given out once, so that nobody closes another's.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::abi::{Entry, ctl, role};
use crate::{Channel, Clock, Compiler, Directory, Handle, Keys, Output, Result, call};

/// Entries of the vector that are looked at.
const ENTRIES_MAX: usize = 256;

/// A bit for each entry that was taken.
static TAKEN: [AtomicU32; ENTRIES_MAX / 32] = [const { AtomicU32::new(0) }; ENTRIES_MAX / 32];

/// Takes the nth handle that was given for a role, from 0. `None` if there is none, or it was taken before.
pub fn take(role: u32, nth: usize) -> Option<Handle> {
    let (at, handle) = find(role, nth)?;
    let bit = 1 << (at % 32);
    let before = TAKEN[at / 32].fetch_or(bit, Ordering::Relaxed);
    (before & bit == 0).then(|| Handle::from_raw(handle))
}

/// How many handles were given for a role.
pub fn count(role: u32) -> usize {
    (0..).take_while(|nth| find(role, *nth).is_some()).count()
}

/// After RESTORED the vector is another one, of which nothing was taken.
pub(crate) fn renew() {
    TAKEN.iter().for_each(|taken| taken.store(0, Ordering::Relaxed));
}

fn find(role: u32, nth: usize) -> Option<(usize, u32)> {
    let mut entries = [0; ENTRIES_MAX * size_of::<Entry>()];
    let bytes = call::ctl(0, ctl::START, &[], &mut entries, 0).ok()? as usize;
    let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |word| u32::from_le_bytes(*word));
    let of_role = entries[..bytes].chunks_exact(8).enumerate().filter(|(_, entry)| word(entry) == role);
    of_role.map(|(at, entry)| (at, word(&entry[4..]))).nth(nth)
}

/// The nth channel, from 0.
pub fn channel(nth: usize) -> Option<Channel> {
    take(role::CHANNEL, nth).map(Channel::from_handle)
}

/// The nth end of a stream, from 0.
pub fn stream(nth: usize) -> Option<Handle> {
    take(role::STREAM, nth)
}

/// Standard input.
pub fn stdin() -> Option<Handle> {
    take(role::STDIN, 0)
}

/// Standard output.
pub fn stdout() -> Option<Output> {
    take(role::STDOUT, 0).map(Output::from_handle)
}

/// Standard error.
pub fn stderr() -> Option<Output> {
    take(role::STDERR, 0).map(Output::from_handle)
}

/// Every granted file and directory.
pub fn files() -> Option<Directory> {
    take(role::FILES, 0).map(Directory::from_handle)
}

/// The clock of dates.
pub fn clock() -> Option<Clock> {
    take(role::CLOCK_REAL, 0).map(Clock::from_handle)
}

/// The clock that never goes back: deadlines are on it.
pub fn monotonic() -> Option<Clock> {
    take(role::CLOCK_MONO, 0).map(Clock::from_handle)
}

/// Randomness.
pub fn random() -> Option<Handle> {
    take(role::RANDOM, 0)
}

/// What compiles.
pub fn compiler() -> Option<Compiler> {
    take(role::COMPILER, 0).map(Compiler::from_handle)
}

/// What links contexts by keys.
pub fn keys() -> Option<Keys> {
    take(role::KEYS, 0).map(Keys::from_handle)
}

/// The arguments, read into `room`. `None` if there are none, or they do not fit.
pub fn arguments(room: &mut [u8]) -> Option<impl Iterator<Item = &[u8]>> {
    let (_, handle) = find(role::ARGS, 0)?;
    let borrowed = core::mem::ManuallyDrop::new(Handle::from_raw(handle));
    let (_, _, size) = borrowed.info().ok()?;
    let bytes = room.get_mut(..usize::try_from(size).ok()?)?;
    let mut read = 0;
    while read < bytes.len() {
        match borrowed.read_at(&mut bytes[read..], read as u64) {
            Ok(0) | Err(_) => return None,
            Ok(more) => read += more,
        }
    }
    Some(bytes.strip_suffix(&[0]).into_iter().flat_map(|bytes| bytes.split(|byte| *byte == 0)))
}

/// An environment value, read into `room`: `None` if it is not set.
///
/// # Errors
/// RIGHTS: it was not granted; LIMIT: it is longer than the room.
pub fn variable<'r>(name: &str, room: &'r mut [u8]) -> Result<Option<&'r [u8]>> {
    let Some((_, handle)) = find(role::ENV, 0) else { return Err(crate::Error::RIGHTS) };
    match call::ctl(handle, ctl::ENV_GET, name.as_bytes(), room, 0) {
        Ok(len) => room.get(..len as usize).map(Some).ok_or(crate::Error::LIMIT),
        Err(crate::Error::NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}
