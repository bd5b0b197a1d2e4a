//! Files and directories.

use crate::abi::{Stat, ctl, op, open, right};
use crate::{Error, Handle, Result, call};

/// A directory, or all granted files by the names that the user wrote.
#[derive(Debug)]
pub struct Directory(Handle);

/// An open file.
#[derive(Debug)]
pub struct File(Handle);

/// How a file is opened.
#[derive(Clone, Copy, Default, Debug)]
pub struct OpenOptions {
    rights: u32,
    flags: u32,
}

impl OpenOptions {
    /// To read it.
    pub const READ: OpenOptions = OpenOptions { rights: right::READ, flags: 0 };
    /// To write it; made if it is absent, and cut to nothing.
    pub const WRITE: OpenOptions = OpenOptions { rights: right::WRITE, flags: open::CREATE | open::TRUNCATE };
    /// To write behind its end; made if it is absent.
    pub const APPEND: OpenOptions = OpenOptions { rights: right::WRITE, flags: open::CREATE | open::APPEND };

    /// With rights and flags of its own: [`crate::abi::right`] and [`crate::abi::open`].
    pub const fn new(rights: u32, flags: u32) -> OpenOptions {
        OpenOptions { rights, flags }
    }
}

impl Directory {
    /// Takes a handle for a directory.
    pub const fn from_handle(handle: Handle) -> Directory {
        Directory(handle)
    }

    /// Opens a file below it.
    ///
    /// # Errors
    /// RIGHTS, NOENT, EXIST, and what the file system says.
    pub fn open(&self, path: &str, options: OpenOptions) -> Result<File> {
        let both = i64::from(options.rights) << 32 | i64::from(options.flags);
        let arguments = [call::at(path.as_ptr()), path.len() as i64, 0, both];
        call::plain(op::OPEN, self.0.raw(), arguments).map(|answer| File(Handle::answered(answer)))
    }

    /// What a path is.
    ///
    /// # Errors
    /// RIGHTS, NOENT.
    pub fn stat(&self, path: &str) -> Result<Stat> {
        stat(&self.0, ctl::PATH_STAT, path)
    }

    /// Makes a directory below it.
    ///
    /// # Errors
    /// RIGHTS, EXIST.
    pub fn make_directory(&self, path: &str) -> Result<()> {
        self.0.ctl(ctl::MAKE_DIR, path.as_bytes(), &mut [], 0).map(drop)
    }

    /// Removes a file or an empty directory below it.
    ///
    /// # Errors
    /// RIGHTS, NOENT.
    pub fn remove(&self, path: &str) -> Result<()> {
        self.0.ctl(ctl::REMOVE, path.as_bytes(), &mut [], 0).map(drop)
    }
}

impl File {
    /// Takes a handle for a file.
    pub const fn from_handle(handle: Handle) -> File {
        File(handle)
    }

    /// Its handle: to read, to write, to wait.
    pub const fn handle(&self) -> &Handle {
        &self.0
    }

    /// Its handle, to send it on.
    pub fn into_handle(self) -> Handle {
        self.0
    }

    /// Reads until `into` is full or the file ends; answers how many bytes.
    ///
    /// # Errors
    /// What the file system says.
    pub fn read_all(&self, into: &mut [u8]) -> Result<usize> {
        let mut len = 0;
        while len < into.len() {
            match self.0.read(&mut into[len..])? {
                0 => break,
                more => len += more,
            }
        }
        Ok(len)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write_all(&self, mut from: &[u8]) -> Result<()> {
        while !from.is_empty() {
            match self.0.write(from)? {
                0 => return Err(Error::IO),
                written => from = &from[written..],
            }
        }
        Ok(())
    }

    /// Moves the position; `whence` is 0 from the start, 1 from here, 2 from the end.
    ///
    /// # Errors
    /// ARG.
    pub fn seek(&self, offset: i64, whence: u64) -> Result<u64> {
        self.0.ctl(ctl::SEEK, &offset.to_le_bytes(), &mut [], whence)
    }

    /// What it is.
    ///
    /// # Errors
    /// What the file system says.
    pub fn stat(&self) -> Result<Stat> {
        stat(&self.0, ctl::STAT, "")
    }
}

fn stat(handle: &Handle, request: u32, path: &str) -> Result<Stat> {
    let mut out = [0; size_of::<Stat>()];
    handle.ctl(request, path.as_bytes(), &mut out, 0)?;
    let word = |at: usize| out[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
    Ok(Stat {
        device: word(0),
        inode: word(8),
        file_type: word(16) as u32,
        links: (word(16) >> 32) as u32,
        size: word(24),
        atime: word(32),
        mtime: word(40),
        ctime: word(48),
        zero: 0,
    })
}
