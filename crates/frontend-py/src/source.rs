//! Reads files: regular files only, bounded.
//!
//! Start at [`read_bytes`]. Invariant: nothing but a regular file is opened, so no read can block or have an effect.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Why a file could not be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    Io(io::Error),
    /// A directory, device, pipe or socket.
    NotAFile(&'static str),
    TooLarge,
}

/// Reads a regular file of at most `bytes_max` bytes.
pub(crate) fn read_bytes(path: &Path, bytes_max: usize) -> Result<Vec<u8>, ReadError> {
    let known = fs::metadata(path).map_err(ReadError::Io)?;
    if !known.is_file() {
        return Err(ReadError::NotAFile(name_of_type(&known)));
    }
    let size = usize::try_from(known.len()).unwrap_or(usize::MAX);
    if size > bytes_max {
        return Err(ReadError::TooLarge);
    }
    let file = File::open(path).map_err(ReadError::Io)?;
    let mut bytes = Vec::with_capacity(size + 1);
    // The file may have grown since.
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(ReadError::Io)?;
    if bytes.len() > bytes_max { Err(ReadError::TooLarge) } else { Ok(bytes) }
}

#[cfg(unix)]
fn name_of_type(known: &fs::Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let file_type = known.file_type();
    match () {
        () if file_type.is_dir() => "a directory",
        () if file_type.is_fifo() => "a pipe",
        () if file_type.is_socket() => "a socket",
        () if file_type.is_char_device() || file_type.is_block_device() => "a device",
        () => "no regular file",
    }
}

#[cfg(not(unix))]
fn name_of_type(known: &fs::Metadata) -> &'static str {
    if known.is_dir() { "a directory" } else { "no regular file" }
}
