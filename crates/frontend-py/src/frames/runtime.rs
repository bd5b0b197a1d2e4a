//! Where CPython keeps what, as it tells debuggers: `_Py_DebugOffsets`, a table of numbers at the start of its runtime's state.
//!
//! Start at [`Runtime::all`]. The table begins with a cookie, by which it is found. Its fields are 64 bits each, on a machine of 32 bits too.
//! What it says is believed no more than anything else in the memory: offsets are only ever added to addresses that are checked.

use super::memory::{Memory, TextLayout};

/// What the table begins with.
const COOKIE: &[u8; 8] = b"xdebugpy";
/// The minor versions whose tables are known, and how many fields more than that of the first each has: before those of a frame, and before
/// those of bytes.
const VERSIONS: [(u64, usize, usize); 2] = [(0x030e, 0, 0), (0x030f, 8, 12)];
/// Where a runtime may lie: it is data of the component, and those lie before everything that a program makes.
const PLACE_MAX: usize = 64 << 20;
/// Cookies that are looked at: others' data can hold one too.
const COOKIES_MAX: usize = 16;
/// Fields of the table as far as it is read, behind the cookie.
const FIELDS: usize = 92;
/// Offsets are within a structure. None is as large as this.
const OFFSET_MAX: u64 = 1 << 20;

/// A runtime, and where its structures have what is needed here.
#[derive(Clone, Copy)]
pub(super) struct Runtime {
    pub(super) address: u32,
    pub(super) interpreters: u32,
    pub(super) interpreter_next: u32,
    pub(super) threads: u32,
    pub(super) thread_next: u32,
    pub(super) current_frame: u32,
    pub(super) previous: u32,
    pub(super) executable: u32,
    pub(super) instruction: u32,
    pub(super) owner: u32,
    pub(super) file: u32,
    pub(super) name: u32,
    pub(super) line_table: u32,
    pub(super) first_line: u32,
    pub(super) code: u32,
    pub(super) ty: u32,
    pub(super) type_name: u32,
    pub(super) bytes_length: u32,
    pub(super) bytes: u32,
    pub(super) text: TextLayout,
}

impl Runtime {
    /// All that look like one, in order.
    pub(super) fn all(memory: Memory<'_>) -> impl Iterator<Item = Runtime> {
        let looked_at = &memory.0[..memory.0.len().min(PLACE_MAX)];
        let found = looked_at.chunks_exact(COOKIE.len()).enumerate().filter(|(_, bytes)| bytes == COOKIE);
        found
            .take(COOKIES_MAX)
            .filter_map(move |(number, _)| Runtime::at(memory, u32::try_from(number * COOKIE.len()).ok()?))
    }

    fn at(memory: Memory<'_>, address: u32) -> Option<Runtime> {
        let table = memory.bytes(address, COOKIE.len() as u32, FIELDS * 8)?;
        let field = |number: usize| {
            let bytes = table.get(number * 8..)?.first_chunk()?;
            Some(u64::from_le_bytes(*bytes))
        };
        let offset = |number: usize| u32::try_from(field(number)?.min(OFFSET_MAX)).ok();
        // A runtime without the lock that all threads share lays out its objects in another way.
        let (version, free_threaded) = (field(0)?, field(1)?);
        if free_threaded != 0 {
            return None;
        }
        let (_, frame, bytes) = VERSIONS.into_iter().find(|(known, ..)| version >> 16 == *known)?;
        Some(Runtime {
            address,
            interpreters: offset(4)?,
            interpreter_next: offset(7)?,
            threads: offset(8)?,
            thread_next: offset(23)?,
            current_frame: offset(25)?,
            previous: offset(frame + 31)?,
            executable: offset(frame + 32)?,
            instruction: offset(frame + 33)?,
            owner: offset(frame + 35)?,
            file: offset(frame + 39)?,
            name: offset(frame + 40)?,
            line_table: offset(frame + 42)?,
            first_line: offset(frame + 43)?,
            code: offset(frame + 47)?,
            ty: offset(frame + 50)?,
            type_name: offset(frame + 52)?,
            bytes_length: offset(bytes + 74)?,
            bytes: offset(bytes + 75)?,
            text: TextLayout {
                size: offset(bytes + 76)?,
                state: offset(bytes + 77)?,
                length: offset(bytes + 78)?,
                ascii: offset(bytes + 79)?,
            },
        })
    }
}
