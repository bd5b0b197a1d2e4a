//! The first contents of a memory, in a file that many slots map copy-on-write: a sealed memfd, or this program's own.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};

use super::{PAGE_BYTES, executable};

/// What a memory holds at its start, from some place on; zeroes lie before and behind it. Immutable: a memfd is sealed
/// against writing and resizing, and nobody can write to the file of a program that runs.
#[derive(Debug)]
pub(crate) struct HeapImage {
    id: u64,
    fd: OwnedFd,
    /// Where in the file the contents begin.
    offset: u64,
    /// Where in the memory they belong.
    start: usize,
    contents: Contents,
}

/// The contents, readable at any time. Their size is a multiple of the page size, and so is everything about them.
#[derive(Debug)]
enum Contents {
    /// A mapping of the memfd.
    View(NonNull<u8>, usize),
    /// A part of this program.
    Embedded(&'static [u8]),
}

// SAFETY: the view is a read-only mapping of a sealed file; nothing writes to it, from whatever thread.
unsafe impl Send for HeapImage {}
// SAFETY: as above.
unsafe impl Sync for HeapImage {}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl HeapImage {
    /// Makes an image from pieces `(offset, bytes)`; later pieces win where they overlap.
    ///
    /// # Errors
    /// What the system says when there is no room, and `InvalidInput` when all pieces are empty.
    pub(crate) fn new<'a>(pieces: impl Iterator<Item = (usize, &'a [u8])> + Clone) -> io::Result<HeapImage> {
        let pieces = pieces.filter(|(_, bytes)| !bytes.is_empty());
        let start = pieces.clone().map(|(at, _)| at).min().ok_or(io::ErrorKind::InvalidInput)?;
        let start = start - start % PAGE_BYTES;
        let end = pieces.clone().map(|(at, bytes)| at.saturating_add(bytes.len())).max().unwrap_or(0);
        let end = end.checked_next_multiple_of(PAGE_BYTES).ok_or(io::ErrorKind::InvalidInput)?;
        let len = end - start;
        let fd = rustix::fs::memfd_create("b8g-heap", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        rustix::fs::ftruncate(&fd, len as u64)?;
        fill(&fd, pieces.map(|(at, bytes)| (at - start, bytes)))?;
        let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
        seal(&fd, seals)?;
        // SAFETY: a fresh read-only mapping at an address that the kernel chooses.
        let view = unsafe {
            rustix::mm::mmap(std::ptr::null_mut(), len, ProtFlags::READ, MapFlags::SHARED, &fd, 0)?
        };
        let view = NonNull::new(view.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(HeapImage::with(fd, 0, start, Contents::View(view, len)))
    }

    /// Makes an image of bytes that are a part of this program, without a copy where its file can be mapped.
    ///
    /// # Errors
    /// As [`HeapImage::new`].
    pub(crate) fn embedded(start: usize, bytes: &'static [u8]) -> io::Result<HeapImage> {
        let whole = start.is_multiple_of(PAGE_BYTES) && bytes.len().is_multiple_of(PAGE_BYTES);
        match executable::locate(bytes).filter(|_| whole) {
            Some((file, offset)) => Ok(HeapImage::with(file, offset, start, Contents::Embedded(bytes))),
            None => HeapImage::new(std::iter::once((start, bytes))),
        }
    }

    /// Makes an image of a part of a file that nobody but this user can change; all offsets are multiples of the page
    /// size.
    ///
    /// # Errors
    /// What the system says, and `InvalidInput` for a part that is not there.
    pub(crate) fn of_file(fd: OwnedFd, offset: u64, start: usize, len: usize) -> io::Result<HeapImage> {
        let size = rustix::fs::fstat(&fd)?.st_size as u64;
        let whole = |n: u64| n.is_multiple_of(PAGE_BYTES as u64);
        let fits = offset.checked_add(len as u64).is_some_and(|end| end <= size);
        if len == 0 || !whole(offset) || !whole(start as u64) || !whole(len as u64) || !fits {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: a fresh read-only mapping at an address that the kernel chooses.
        let view = unsafe {
            rustix::mm::mmap(std::ptr::null_mut(), len, ProtFlags::READ, MapFlags::SHARED, &fd, offset)?
        };
        let view = NonNull::new(view.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(HeapImage::with(fd, offset, start, Contents::View(view, len)))
    }

    fn with(fd: OwnedFd, offset: u64, start: usize, contents: Contents) -> HeapImage {
        HeapImage { id: NEXT_ID.fetch_add(1, Ordering::Relaxed), fd, offset, start, contents }
    }

    /// The key by which slots remember what they are filled with; never 0, never used twice.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Where in memory the contents begin; a multiple of the page size.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Where in memory they end; a multiple of the page size.
    pub(crate) fn end(&self) -> usize {
        self.start + self.bytes().len()
    }

    /// The file to map, and where in it the contents begin.
    pub(crate) fn file(&self) -> (BorrowedFd<'_>, u64) {
        (self.fd.as_fd(), self.offset)
    }

    /// What a memory that is filled with `image` holds in the page at `at`.
    pub(crate) fn page(image: Option<&HeapImage>, at: usize) -> &[u8] {
        static ZEROES: [u8; PAGE_BYTES] = [0; PAGE_BYTES];
        let held = image.and_then(|image| {
            let from = at.checked_sub(image.start())?;
            image.bytes().get(from..from + PAGE_BYTES)
        });
        held.unwrap_or(&ZEROES)
    }

    /// The contents.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self.contents {
            // SAFETY: the mapping is `len` bytes, readable, never written, and lives as long as `self`.
            Contents::View(view, len) => unsafe { std::slice::from_raw_parts(view.as_ptr(), len) },
            Contents::Embedded(bytes) => bytes,
        }
    }
}

/// A part of a file that nobody but this user can change, readable.
pub(crate) struct MappedFile {
    image: HeapImage,
    len: usize,
}

impl MappedFile {
    /// Maps `len` bytes from `offset` on, which is a multiple of the page size; the file has whole pages. `None` if they are not there.
    pub(crate) fn new(file: std::fs::File, offset: u64, len: u64) -> Option<MappedFile> {
        let len = usize::try_from(len).ok()?;
        let pages = len.checked_next_multiple_of(PAGE_BYTES)?;
        let image = HeapImage::of_file(file.into(), offset, 0, pages).ok()?;
        Some(MappedFile { image, len })
    }
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        &self.image.bytes()[..self.len]
    }
}

/// Gaps up to this size are written as zeroes, together with what is around them.
const GAP_BYTES_MAX: usize = PAGE_BYTES;
/// Bytes that one call writes, as far as the pieces go.
const WRITE_BYTES: usize = 256 << 10;

/// Writes the pieces with few calls: there may be thousands that lie close together.
fn fill<'a>(fd: &OwnedFd, pieces: impl Iterator<Item = (usize, &'a [u8])>) -> io::Result<()> {
    let mut buffer: Vec<u8> = Vec::with_capacity(WRITE_BYTES);
    let mut start = 0;
    // Nothing was written from here on, so that a gap behind it really is zero.
    let mut untouched = 0;
    for (at, bytes) in pieces {
        let end = start + buffer.len();
        let behind = end >= untouched && at >= end && at <= end + GAP_BYTES_MAX;
        if !behind || at - start + bytes.len() > WRITE_BYTES {
            write_at(fd, &buffer, start)?;
            buffer.clear();
            start = at;
        }
        if bytes.len() > WRITE_BYTES {
            write_at(fd, bytes, at)?;
            start = at + bytes.len();
        } else {
            buffer.resize(at - start, 0);
            buffer.extend_from_slice(bytes);
        }
        untouched = untouched.max(at + bytes.len());
    }
    write_at(fd, &buffer, start)
}

fn write_at(fd: &OwnedFd, mut bytes: &[u8], mut at: usize) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::pwrite(fd, bytes, at as u64)?;
        bytes = &bytes[written..];
        at += written;
    }
    Ok(())
}

impl Drop for HeapImage {
    fn drop(&mut self) {
        if let Contents::View(view, len) = self.contents {
            // SAFETY: `view` is a mapping of `len` bytes that this image made and that nobody else has.
            let unmapped = unsafe { rustix::mm::munmap(view.as_ptr().cast(), len) };
            debug_assert!(unmapped.is_ok());
        }
    }
}

/// How often a file is sealed again that the system holds for a moment.
const SEAL_TRIES_MAX: usize = 20;

/// Seals a file. The system itself may hold its pages for a moment, when it moves or counts them, and says BUSY after it has waited a
/// while: so it is asked again.
fn seal(fd: &OwnedFd, seals: SealFlags) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match rustix::fs::fcntl_add_seals(fd, seals) {
            Err(rustix::io::Errno::BUSY) if tries < SEAL_TRIES_MAX => tries += 1,
            sealed => return sealed.map_err(io::Error::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lie_where_they_were_put_and_the_rest_is_zero() {
        let pieces: [(usize, &[u8]); 3] = [(10, b"abc"), (PAGE_BYTES * 2, b"z"), (11, b"X")];
        let image = HeapImage::new(pieces.into_iter()).unwrap();
        assert_eq!((image.start(), image.end()), (0, PAGE_BYTES * 3));
        assert_eq!(&image.bytes()[9..14], b"\0aXc\0");
        assert_eq!(image.bytes()[PAGE_BYTES * 2], b'z');
        assert!(image.bytes()[PAGE_BYTES..PAGE_BYTES * 2].iter().all(|b| *b == 0));
    }

    /// Whatever the pieces are, the image holds what writing them one after the other would leave.
    #[test]
    fn pieces_are_written_in_their_order() {
        let mut seed = 3u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % below
        };
        for round in 0..50 {
            let pieces: Vec<(usize, Vec<u8>)> = (0..100)
                .map(|i| {
                    let len = random(if i % 30 == 0 { 400_000 } else { 6_000 });
                    (
                        random(if round % 2 == 0 { 1_000_000 } else { 20_000 }) as usize,
                        vec![i as u8 + 1; len as usize],
                    )
                })
                .collect();
            let end = pieces.iter().map(|(at, bytes)| at + bytes.len()).max().unwrap();
            let start = pieces.iter().map(|(at, _)| at / PAGE_BYTES * PAGE_BYTES).min().unwrap();
            let mut wanted = vec![0; end.next_multiple_of(PAGE_BYTES)];
            for (at, bytes) in &pieces {
                wanted[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            let image = HeapImage::new(pieces.iter().map(|(at, bytes)| (*at, &bytes[..]))).unwrap();
            assert!(image.start() == start && image.bytes() == &wanted[start..], "round {round}");
        }
    }

    #[test]
    fn nobody_can_change_it() {
        let image = HeapImage::new([(0usize, &b"abc"[..])].into_iter()).unwrap();
        assert!(rustix::io::pwrite(image.file().0, b"x", 0).is_err());
        assert!(rustix::fs::ftruncate(image.file().0, 0).is_err());
    }

    #[repr(align(4096))]
    struct Pages([u8; 2 * PAGE_BYTES]);
    static PAGES: Pages = {
        let mut bytes = [7; 2 * PAGE_BYTES];
        bytes[PAGE_BYTES] = 9;
        Pages(bytes)
    };

    #[test]
    fn what_is_a_part_of_the_program_is_mapped_from_its_file() {
        let image = HeapImage::embedded(PAGE_BYTES, &PAGES.0).unwrap();
        assert!(matches!(image.contents, Contents::Embedded(_)));
        assert_eq!((image.start(), image.end()), (PAGE_BYTES, 3 * PAGE_BYTES));
        let (file, offset) = image.file();
        let mut found = [0; 2 * PAGE_BYTES];
        assert_eq!(rustix::io::pread(file, &mut found, offset).unwrap(), found.len());
        assert_eq!(found, PAGES.0);
        assert!(rustix::io::pwrite(file, b"x", offset).is_err());
    }

    #[test]
    fn what_lies_elsewhere_is_copied() {
        let leaked: &'static [u8] = Box::leak(vec![5; PAGE_BYTES].into_boxed_slice());
        let image = HeapImage::embedded(0, leaked).unwrap();
        assert!(matches!(image.contents, Contents::View(..)));
        assert_eq!(image.bytes(), leaked);
    }
}
