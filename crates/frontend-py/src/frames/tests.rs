//! Frames told of memories that are made by hand, laid out as CPython's are where an address has 32 bits.

use super::*;

const RUNTIME: u32 = 64;
const INTERPRETER: u32 = 1024;
const THREAD: u32 = 1536;
const TYPE: u32 = 1600;
const BEGIN: usize = 2048;

/// A memory with an interpreter and a thread in it, to which objects are added.
struct World {
    bytes: Vec<u8>,
}

impl World {
    fn new() -> World {
        World::of(0x030e_00f0, 0, 0)
    }

    /// With the table of that version, which has so many fields more before those of a frame, and before those of bytes.
    fn of(version: u64, frame: usize, bytes: usize) -> World {
        let mut world = World { bytes: vec![0; BEGIN] };
        let cookie = u64::from_le_bytes(*b"xdebugpy");
        let mut table = [0u64; 93];
        table[0] = cookie;
        let fields = [
            (0, version),
            (4, 800),
            (7, 48),
            (8, 104),
            (23, 4),
            (25, 52),
            (31, 4),
            (33, 28),
            (35, 38),
            (39, 80),
            (40, 84),
            (42, 92),
            (43, 44),
            (47, 128),
            (50, 4),
            (52, 12),
            (74, 8),
            (75, 16),
            (76, 32),
            (77, 16),
            (78, 8),
            (79, 20),
        ];
        for (number, offset) in fields {
            let more = [0, frame, bytes][usize::from(number >= 31) + usize::from(number >= 74)];
            table[number + more + 1] = offset;
        }
        for (number, field) in table.iter().enumerate() {
            world.bytes[RUNTIME as usize + number * 8..][..8].copy_from_slice(&field.to_le_bytes());
        }
        world.set(RUNTIME + 800, INTERPRETER);
        world.set(INTERPRETER + 104, THREAD);
        world.set(TYPE + 12, TYPE + 16);
        world.bytes[TYPE as usize + 16..][..5].copy_from_slice(b"code\0");
        world
    }

    fn set(&mut self, at: u32, number: u32) {
        self.bytes[at as usize..][..4].copy_from_slice(&number.to_le_bytes());
    }

    fn add(&mut self, size: usize) -> u32 {
        let at = self.bytes.len() as u32;
        self.bytes.resize(self.bytes.len() + size.next_multiple_of(8), 0);
        at
    }

    fn text(&mut self, text: &str) -> u32 {
        let at = self.add(20 + text.len());
        self.set(at + 8, text.len() as u32);
        self.set(at + 16, 1 << 2 | 1 << 5 | 1 << 6);
        self.bytes[at as usize + 20..][..text.len()].copy_from_slice(text.as_bytes());
        at
    }

    /// Code whose instructions are on lines of their own, from `first` on.
    fn code(&mut self, file: &str, name: &str, first: u32) -> u32 {
        let (file, name) = (self.text(file), self.text(name));
        let lines = [&[0x80 | 10 << 3, 0, 0][..], &[0x80 | 11 << 3, 0, 0].repeat(9)].concat();
        let table = self.add(16 + lines.len());
        self.set(table + 8, lines.len() as u32);
        self.bytes[table as usize + 16..][..lines.len()].copy_from_slice(&lines);
        let code = self.add(160);
        for (offset, number) in [(4, TYPE), (80, file), (84, name), (92, table), (44, first)] {
            self.set(code + offset, number);
        }
        code
    }

    /// A frame at the instruction of that number; returns what the frame that it calls has as its previous one.
    fn frame(&mut self, code: u32, instruction: u32, previous: u32) -> u32 {
        let frame = self.add(48);
        // The lowest bit of the address of code says how it is counted.
        for (offset, number) in [(0, code | 1), (4, previous), (28, code + 128 + instruction * 2)] {
            self.set(frame + offset, number);
        }
        self.set(THREAD + 52, frame);
        frame
    }

    fn own(&mut self, frame: u32, owner: u8) {
        self.bytes[frame as usize + 38] = owner;
    }
}

#[track_caller]
fn check(world: &World, want: &str) {
    assert_eq!(place_of(&world.bytes).as_deref(), Some(want));
}

#[test]
fn frames_are_told_as_python_does() {
    let mut world = World::new();
    let own = world.code("/0/_b8g/program.py", "_enter", 50);
    let import = world.code("<frozen importlib._bootstrap>", "_load", 900);
    let (module, f) = (world.code("x.py", "<module>", 1), world.code("lib/n.py", "f", 10));
    let (entry, code_of_c) = (world.frame(own, 1, 0), 0xffff_ff00);
    let c = world.frame(code_of_c, 0, entry);
    world.own(c, 3);
    let outer = world.frame(module, 4, c);
    let import = world.frame(import, 0, outer);
    let generator = world.frame(f, 2, import);
    world.own(generator, 1);
    // What a call of C is in has no code, and an address that nobody follows.
    let c = world.frame(code_of_c, 9, generator);
    world.own(c, 4);
    let want = "Stack (most recent call first):\n  File \"lib/n.py\", line 12, in f\n  File \"x.py\", line 5, in <module>";
    check(&world, want);
}

#[test]
fn versions_have_tables_of_their_own() {
    for (version, frame, bytes, known) in
        [(0x030f_00f0, 8, 12, true), (0x030f_00f0, 0, 0, false), (0x0310_00a1, 8, 12, false)]
    {
        let mut world = World::of(version, frame, bytes);
        let module = world.code("x.py", "<module>", 1);
        let library = world.code("/usr/local/lib/python315.zip/json/__init__.py", "loads", 7);
        let outer = world.frame(module, 4, 0);
        world.frame(library, 0, outer);
        let told = place_of(&world.bytes).unwrap_or_default();
        assert_eq!(
            told.contains("line 7, in loads\n  File \"x.py\", line 5, in <module>"),
            known,
            "{version:x}: {told}"
        );
    }
}

#[test]
fn a_program_in_no_code_of_its_own_has_no_place() {
    let mut world = World::new();
    check(&world, "");
    let own = world.code("/0/_b8g/bundle.py", "read", 1);
    world.frame(own, 1, 0);
    check(&world, "");
}

#[test]
fn the_library_is_told_where_the_program_called_it() {
    let mut world = World::new();
    let own = world.code("/0/_b8g/randomness.py", "seed", 1);
    let library = world.code("/python/random.py", "seed", 1);
    let entry = world.frame(own, 1, 0);
    let seed = world.frame(library, 1, entry);
    check(&world, "");
    // The guest's loop runs a cell.
    let cell = world.code("cell 1", "f", 1);
    let cell = world.frame(cell, 0, seed);
    check(&world, "Stack (most recent call first):\n  File \"cell 1\", line 1, in f");
    world.frame(library, 2, cell);
    let want = "Stack (most recent call first):\n  File \"/python/random.py\", line 3, in seed\n  File \"cell 1\", line 1, in f";
    check(&world, want);
    let tool = world.code("/python/json/tool.py", "<module>", 1);
    world.frame(tool, 3, entry);
    check(&world, "Stack (most recent call first):\n  File \"/python/json/tool.py\", line 4, in <module>");
}

#[test]
fn deep_stacks_are_told_by_their_ends() {
    let mut world = World::new();
    let (module, f) = (world.code("x.py", "<module>", 1), world.code("x.py", "f", 1));
    let mut last = world.frame(module, 8, 0);
    for _ in 0..999 {
        last = world.frame(f, 1, last);
    }
    let told = place_of(&world.bytes).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 42);
    assert_eq!((lines[1], lines[20]), ("  File \"x.py\", line 2, in f", "  File \"x.py\", line 2, in f"));
    assert_eq!((lines[21], lines[41]), ("  … 960 more", "  File \"x.py\", line 9, in <module>"));
    // A circle has no outer end.
    let first = world.frame(f, 1, 0);
    let last = world.frame(f, 1, first);
    world.set(first + 4, last);
    let told = place_of(&world.bytes).unwrap();
    assert_eq!((told.lines().count(), told.lines().last()), (22, Some("  … 99980 more, at least")));
}

#[test]
fn long_names_take_the_room_of_frames() {
    let mut world = World::new();
    let code = world.code(&"a".repeat(600), &"b".repeat(600), 1);
    let mut last = 0;
    for _ in 0..30 {
        last = world.frame(code, 1, last);
    }
    let told = place_of(&world.bytes).unwrap();
    assert!(told.len() <= 2 * BYTES_MAX + 100, "{} bytes", told.len());
    assert_eq!((told.matches("a…\", line 2, in b").count(), told.matches("… 18 more").count()), (12, 1));
}

#[test]
fn whatever_a_memory_holds_is_no_panic() {
    let mut world = World::new();
    let code = world.code("x.py", "f", 3);
    let outer = world.frame(code, 2, 0);
    world.frame(code, 4, outer);
    // Each word once as what leads nowhere, and as what leads to itself.
    for at in (0..world.bytes.len()).step_by(4) {
        for number in [0, 1, 0x7fff_ffff, 0xffff_ffff, 0xffff_fffc, at as u32, world.bytes.len() as u32 - 2] {
            let mut bytes = world.bytes.clone();
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
            if let Some(told) = place_of(&bytes) {
                assert!(told.len() <= 2 * BYTES_MAX + 100 && told.lines().count() <= 42);
            }
        }
    }
    for length in 0..world.bytes.len() {
        let _ = place_of(&world.bytes[..length]);
    }
    // Other versions are laid out in other ways.
    world.set(RUNTIME + 8, 0x0310_00f0);
    assert_eq!(place_of(&world.bytes), None);
}

#[test]
fn a_cookie_of_somebody_else_is_passed_over() {
    let mut world = World::new();
    let code = world.code("x.py", "f", 3);
    world.frame(code, 2, 0);
    world.bytes[16..24].copy_from_slice(b"xdebugpy");
    check(&world, "Stack (most recent call first):\n  File \"x.py\", line 5, in f");
}
