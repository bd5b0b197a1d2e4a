//! The file descriptors of a guest: small numbers for handles of the context's table.
//!
//! Invariants: a descriptor's rights only shrink; every descriptor owns one handle, so there are never more of them
//! than the context may have handles; a new one gets the lowest free number, as in POSIX.

use b8g_core::Handle;

use super::types::{Errno, rights};

/// What lies behind a descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Stream,
    File,
    Directory,
    Socket,
}

/// A file descriptor.
#[derive(Debug)]
pub(super) struct Fd {
    pub(super) handle: Handle,
    pub(super) kind: Kind,
    /// Preview 1's flags.
    pub(super) flags: u32,
    /// What may be done with it.
    pub(super) base: u64,
    /// What may be done with what is opened through it.
    pub(super) inheriting: u64,
    /// The name of a preopened directory.
    pub(super) preopen: Option<Box<[u8]>>,
    /// Where its listing stands.
    pub(super) listed: Listed,
}

/// A place in a directory's listing: the number of entries before it, and the file system's own cookie for it.
///
/// Guests get the number as their cookie, because a file system's cookie may need 63 bits and C programs keep it in
/// a `long`, which has 32. Knowing one place makes reading on cheap; any other is found by counting.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Listed {
    pub(super) entries: u64,
    pub(super) cookie: u64,
}

impl Fd {
    /// Makes a descriptor that is no preopened directory.
    pub(super) fn new(handle: Handle, kind: Kind, base: u64) -> Fd {
        Fd { handle, kind, flags: 0, base, inheriting: 0, preopen: None, listed: Listed::default() }
    }

    /// Makes a preopened directory.
    ///
    /// It shows every right there is, whatever was granted: C libraries ask for no more than they are shown, and a
    /// file that is silently opened for nothing helps nobody. What was not granted is refused by the handle.
    pub(super) fn preopen(handle: Handle, name: Vec<u8>) -> Fd {
        let inheriting = rights::DIRECTORY | rights::FILE;
        let preopen = Some(name.into_boxed_slice());
        Fd { inheriting, preopen, ..Fd::new(handle, Kind::Directory, rights::DIRECTORY) }
    }

    /// Checks that it has the rights of all `needed` bits.
    pub(super) fn holds(&self, needed: u64) -> Result<(), Errno> {
        if self.base & needed == needed { Ok(()) } else { Err(Errno::NOTCAPABLE) }
    }
}

/// The descriptors by their numbers.
#[derive(Debug, Default)]
pub(super) struct Fds {
    entries: Vec<Option<Fd>>,
    /// No number below is free.
    lowest_free: usize,
}

impl Fds {
    /// Makes an empty table with room for `expected` descriptors.
    pub(super) fn with_capacity(expected: usize) -> Fds {
        Fds { entries: Vec::with_capacity(expected), lowest_free: 0 }
    }

    /// Adds a descriptor; answers its number, the lowest free one.
    pub(super) fn insert(&mut self, fd: Fd) -> u32 {
        let free = self.entries.iter().skip(self.lowest_free).position(Option::is_none);
        let number = free.map_or(self.entries.len(), |at| self.lowest_free + at);
        if number == self.entries.len() {
            self.entries.push(Some(fd));
        } else {
            self.entries[number] = Some(fd);
        }
        self.lowest_free = number + 1;
        number as u32
    }

    /// Finds a descriptor.
    pub(super) fn get(&self, number: u32) -> Result<&Fd, Errno> {
        self.entries.get(number as usize).and_then(Option::as_ref).ok_or(Errno::BADF)
    }

    /// Finds a descriptor to change it.
    pub(super) fn get_mut(&mut self, number: u32) -> Result<&mut Fd, Errno> {
        self.entries.get_mut(number as usize).and_then(Option::as_mut).ok_or(Errno::BADF)
    }

    /// Takes a descriptor out; its number is free again.
    pub(super) fn remove(&mut self, number: u32) -> Result<Fd, Errno> {
        let fd = self.entries.get_mut(number as usize).and_then(Option::take).ok_or(Errno::BADF)?;
        self.lowest_free = self.lowest_free.min(number as usize);
        Ok(fd)
    }

    /// Gives the descriptor `from` the number `to`; answers what had that number.
    pub(super) fn renumber(&mut self, from: u32, to: u32) -> Result<Option<Fd>, Errno> {
        self.get(to)?;
        if from == to {
            return Ok(None);
        }
        let moved = self.remove(from)?;
        Ok(self.entries[to as usize].replace(moved))
    }

    /// Counts the open descriptors.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.iter().flatten().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fd(raw: u32) -> Fd {
        Fd::new(Handle::from_raw(raw), Kind::File, rights::FILE)
    }

    #[test]
    fn the_lowest_free_number_is_given() {
        let mut fds = Fds::default();
        assert_eq!((0..5).map(|i| fds.insert(fd(i))).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        fds.remove(3).unwrap();
        fds.remove(1).unwrap();
        assert_eq!(fds.remove(1).unwrap_err(), Errno::BADF);
        assert_eq!([fds.insert(fd(5)), fds.insert(fd(6)), fds.insert(fd(7))], [1, 3, 5]);
    }

    #[test]
    fn renumbering_replaces_what_is_open_and_nothing_else() {
        let mut fds = Fds::default();
        for i in 0..4 {
            fds.insert(fd(i));
        }
        assert_eq!(fds.renumber(3, 1).unwrap().unwrap().handle.raw(), 1);
        assert_eq!(fds.get(1).unwrap().handle.raw(), 3);
        assert_eq!(fds.get(3).unwrap_err(), Errno::BADF);
        assert_eq!(fds.renumber(3, 1).unwrap_err(), Errno::BADF);
        assert_eq!(fds.renumber(1, 3).unwrap_err(), Errno::BADF);
        assert_eq!(fds.renumber(1, u32::MAX).unwrap_err(), Errno::BADF);
        assert!(fds.renumber(2, 2).unwrap().is_none());
        assert_eq!(fds.insert(fd(9)), 3);
    }
}
