//! Reads source files: regular files only, bounded, as UTF-8, without a byte order mark.
//!
//! Start at [`read_source`]. Invariant: nothing but a regular file is opened, so no read can block or have an effect.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Why a file could not become a source.
#[derive(Debug)]
pub(crate) enum ReadError {
    Io(io::Error),
    /// A directory, device, pipe or socket.
    NotAFile(&'static str),
    TooLarge,
    /// The text up to the first byte that is not UTF-8.
    NotUtf8(String),
}

/// Reads a file as text of at most `bytes_max` bytes.
pub(crate) fn read_source(path: &Path, bytes_max: usize) -> Result<String, ReadError> {
    let bytes = read_bytes(path, bytes_max)?;
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let mut bytes = error.into_bytes();
        bytes.truncate(valid);
        ReadError::NotUtf8(String::from_utf8(bytes).unwrap_or_default())
    })?;
    normalize(&mut text);
    Ok(text)
}

/// Drops a byte order mark and turns a hashbang into a comment of the same length.
pub(crate) fn normalize(text: &mut String) {
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    if text.starts_with("#!") {
        text.replace_range(..2, "//");
    }
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
