//! Writing to the process's streams: whole, without locks, and without hanging where time is short.
//!
//! Everything that b8g itself prints passes here, because `println!` panics when nobody reads and its lock could be
//! held by a thread that never goes on.

use std::io::{self, IsTerminal};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use clap::ColorChoice;

pub const STDOUT: RawFd = libc::STDOUT_FILENO;
pub const STDERR: RawFd = libc::STDERR_FILENO;

/// What a pipe that says it is writable takes without blocking.
const PIPE_BYTES: usize = libc::PIPE_BUF;

/// Writes all of `bytes`. With a `deadline` it gives up then, whatever the reader does.
pub fn write_all(fd: RawFd, mut bytes: &[u8], deadline: Option<Instant>) -> io::Result<()> {
    while !bytes.is_empty() {
        let part = match deadline {
            Some(deadline) => {
                wait_writable(fd, Some(deadline.saturating_duration_since(Instant::now())))?;
                &bytes[..bytes.len().min(PIPE_BYTES)]
            }
            None => bytes,
        };
        // SAFETY: the pointer and the length are those of a live slice.
        let written = unsafe { libc::write(fd, part.as_ptr().cast(), part.len()) };
        match usize::try_from(written) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => {}
                error if error.kind() == io::ErrorKind::WouldBlock && deadline.is_none() => {
                    wait_writable(fd, None)?;
                }
                error if error.kind() == io::ErrorKind::WouldBlock => {}
                error => return Err(error),
            },
        }
    }
    Ok(())
}

/// Waits until `fd` takes bytes.
fn wait_writable(fd: RawFd, patience: Option<Duration>) -> io::Result<()> {
    let mut poll = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    let patience = patience.map_or(-1, |left| i32::try_from(left.as_millis()).unwrap_or(i32::MAX));
    // SAFETY: one valid structure, and its number.
    match unsafe { libc::poll(&raw mut poll, 1, patience) } {
        0 => Err(io::ErrorKind::TimedOut.into()),
        // An interrupted poll, or one that finds an error: the write itself will tell.
        _ => Ok(()),
    }
}

/// How b8g's own messages look, and whether there are any.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    color: bool,
    /// Errors only.
    pub quiet: bool,
    /// A person looks at stderr.
    pub terminal: bool,
}

impl Console {
    pub fn new(color: ColorChoice, quiet: bool) -> Console {
        let terminal = io::stderr().is_terminal();
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Console { color, quiet, terminal }
    }

    /// The text of an error, with the word in front that stands out.
    pub fn error(self, text: &str) -> String {
        let text = text.strip_prefix("error: ").unwrap_or(text);
        self.styled("\x1b[1;31m", "error:", text)
    }

    /// A line of b8g's own.
    pub fn line(self, text: &str) -> String {
        self.styled("\x1b[1m", "b8g:", text)
    }

    fn styled(self, style: &str, word: &str, text: &str) -> String {
        if self.color { format!("{style}{word}\x1b[0m {text}\n") } else { format!("{word} {text}\n") }
    }

    /// Prints on stderr. Who cannot be told cannot be told.
    pub fn say(self, text: &str) {
        let _ = write_all(STDERR, text.as_bytes(), None);
    }
}

/// A line on a terminal that tells what is being waited for, and goes when it is over.
#[derive(Debug, Default)]
pub struct Progress {
    shown: AtomicBool,
}

impl Progress {
    pub fn show(&self, text: &str) {
        if !self.shown.swap(true, Relaxed) {
            let _ = write_all(STDERR, text.as_bytes(), None);
        }
    }

    pub fn erase(&self) {
        if self.shown.swap(false, Relaxed) {
            let _ = write_all(STDERR, b"\r\x1b[K", None);
        }
    }
}

/// Makes text that a guest chose harmless for a terminal: what is no printable character stands as its escape, save
/// ends of lines and tabs where `lines` says so.
pub fn printable(text: &str, lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' if lines => out.push(c),
            c if c.is_control() || is_direction(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// Characters that make the text after them appear elsewhere.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A descriptor that is a terminal.
pub fn is_terminal(fd: &impl AsRawFd) -> bool {
    // SAFETY: a plain question about a descriptor.
    unsafe { libc::isatty(fd.as_raw_fd()) == 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, pipe};

    #[test]
    fn a_full_pipe_is_waited_for_only_until_the_deadline() {
        let (mut reader, writer) = pipe().unwrap();
        let start = Instant::now();
        let deadline = start + Duration::from_millis(30);
        let full = write_all(writer.as_raw_fd(), &vec![b'x'; 1 << 20], Some(deadline));
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() >= Duration::from_millis(25));
        let mut some = [0; 10];
        reader.read_exact(&mut some).unwrap();
        assert_eq!(&some, b"xxxxxxxxxx");
        drop(reader);
        let closed = write_all(writer.as_raw_fd(), b"x", None);
        assert_eq!(closed.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn what_steers_a_terminal_is_escaped() {
        assert_eq!(printable("a\x1b[2J\nb\t\u{202e}é", true), "a\\u{1b}[2J\nb\t\\u{202e}é");
        assert_eq!(printable("a\nb: \"\r\0", false), "a\\nb: \"\\r\\u{0}");
    }

    #[test]
    fn the_word_in_front_is_coloured_only_when_asked() {
        let plain = Console { color: false, quiet: false, terminal: false };
        assert_eq!(plain.error("error: boom"), "error: boom\n");
        let colored = Console { color: true, ..plain };
        assert_eq!(colored.error("boom"), "\x1b[1;31merror:\x1b[0m boom\n");
    }
}
