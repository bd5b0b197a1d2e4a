//! Output: a stream of bytes that `write!` can write to.

use core::fmt;

use crate::{Error, Handle, Ready, Result, wait_for};

/// Standard output or error, or anything else that takes bytes.
#[derive(Debug)]
pub struct Output(Handle);

impl Output {
    /// Takes a handle that can be written.
    pub const fn from_handle(handle: Handle) -> Output {
        Output(handle)
    }

    /// Its handle.
    pub const fn handle(&self) -> &Handle {
        &self.0
    }

    /// Writes all of it, waiting for room.
    ///
    /// # Errors
    /// What the object says.
    pub fn write_all(&self, mut from: &[u8]) -> Result<()> {
        while !from.is_empty() {
            match self.0.write(from) {
                Ok(written) => from = &from[written..],
                Err(Error::AGAIN) => drop(wait_for(&self.0, Ready::WRITE, None)?),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_all(text.as_bytes()).map_err(|_| fmt::Error)
    }
}
