//! Tests with a guest that has no code: whatever numbers it passes, it gets an answer, and nothing else happens.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::OnceLock;

use b8g_core::{Handle, Limits};

use super::fds::{Fd, Kind};
use super::guest::{Done, Guest};
use super::types::{DIRENT_BYTES, Errno, u32_at, u64_at};
use super::{NAMES, Wasi, call_by_number, directory, file, io, path, poll, socket};
use crate::dispatch::{Call, dispatch};
use crate::grant::Grants;
use crate::memory::GuestMemory;
use crate::state::State;
use crate::{Config, Engine};

const MEMORY_BYTES: usize = 65536;
const HANDLES_MAX: u32 = 64;
const DESCRIPTORS_MAX: u32 = 24;
/// Lies beside the granted directory and must never be seen.
const SECRET: &[u8] = b"the secret that lies outside";
/// The granted directory's number.
const ROOT: u32 = 3;

/// A guest without code: its memory, its state, and a directory with traps in it.
struct Subject {
    temp: Option<tempfile::TempDir>,
    state: State,
    wasi: Wasi,
    memory: Vec<u8>,
}

impl Subject {
    fn new() -> Subject {
        Subject::of(false)
    }

    /// One that has its directory as what is written for our own ABI does, or as any other.
    fn of(is_guest: bool) -> Subject {
        let temp = tempfile::tempdir().unwrap();
        let (inside, outside) = (temp.path().join("inside"), temp.path().join("outside"));
        std::fs::create_dir_all(inside.join("dir/below")).unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("secret"), SECRET).unwrap();
        for name in ["a", "b", "dir/c"] {
            std::fs::write(inside.join(name), name).unwrap();
        }
        symlink("../outside/secret", inside.join("link")).unwrap();
        symlink(&outside, inside.join("away")).unwrap();
        symlink("dir", inside.join("near")).unwrap();
        symlink("loop", inside.join("loop")).unwrap();
        // A seeded context's clocks jump over waits, so no wait takes time.
        let grants = Grants::none().seed(1).directory(&inside, "/", true).unwrap();
        let grants = grants.environment("A", Some("b")).arguments(["program", "x"]);
        Subject { temp: Some(temp), ..Subject::made(&grants, is_guest) }
    }

    fn with(grants: &Grants) -> Subject {
        Subject::made(grants, false)
    }

    fn made(grants: &Grants, is_guest: bool) -> Subject {
        let limits =
            Limits { handles_max: HANDLES_MAX, descriptors_max: DESCRIPTORS_MAX, ..Limits::default() };
        static ENGINE: OnceLock<Engine> = OnceLock::new();
        let engine = ENGINE.get_or_init(|| Engine::new(Config::new().code_cache(None)).unwrap());
        let mut state = State::new(engine, grants, None, limits, &[]).unwrap();
        let wasi = Wasi::new(grants, &mut state, is_guest).unwrap();
        Subject { temp: None, state, wasi, memory: vec![0; MEMORY_BYTES] }
    }

    /// Where the granted directory and what lies beside it are.
    fn place(&self) -> &Path {
        self.temp.as_ref().expect("a subject with a directory").path()
    }

    /// Calls a function; what it wants to trap with is an answer too.
    fn call(&mut self, run: impl FnOnce(&mut Guest<'_>) -> Done) -> Done {
        let (state, wasi) = (&mut self.state, &mut self.wasi);
        let memory = GuestMemory::new(&mut self.memory, &state.windows);
        let mut guest = Guest { memory, state, wasi, trap: None };
        run(&mut guest)
    }

    fn errno(&mut self, run: impl FnOnce(&mut Guest<'_>) -> Done) -> u16 {
        self.call(run).map_or_else(Errno::number, |()| 0)
    }

    fn put_text(&mut self, at: usize, text: &str) -> (u32, u32) {
        self.memory[at..at + text.len()].copy_from_slice(text.as_bytes());
        (at as u32, text.len() as u32)
    }

    fn u32_at(&self, at: usize) -> u32 {
        u32_at(&self.memory, at)
    }

    /// Opens a path below the granted directory with all rights.
    fn open(&mut self, text: &str, how: u32, base: u64) -> Result<u32, Errno> {
        let (at, len) = self.put_text(60_000, text);
        self.call(|guest| path::path_open(guest, ROOT, 1, at, len, how, base, u64::MAX, 0, 64_000))?;
        Ok(self.u32_at(64_000))
    }

    /// Nothing outside of the granted directory was touched, nor seen.
    fn check_outside(&self) {
        let outside = self.place().join("outside");
        let entries: Vec<_> = std::fs::read_dir(&outside).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(entries, ["secret"]);
        assert_eq!(std::fs::read(outside.join("secret")).unwrap(), SECRET);
        assert!(!self.memory.windows(SECRET.len()).any(|window| window == SECRET));
        let beside: Vec<_> = std::fs::read_dir(self.place()).unwrap().collect();
        assert_eq!(beside.len(), 2);
    }
}

/// Numbers that are more often meant to mean something than chance would have it.
struct Numbers {
    seed: u64,
    /// The length of the path whose place was given last.
    path_len: Option<u64>,
    function: &'static str,
}

const PATHS: [&str; 16] = [
    "a",
    "b",
    "new",
    "dir",
    "dir/c",
    "dir/below",
    "link",
    "away",
    "away/secret",
    "near/c",
    "loop",
    "../outside/secret",
    "dir/../../outside/new",
    "/etc/passwd",
    ".",
    "..",
];

impl Numbers {
    fn raw(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    fn next(&mut self) -> u64 {
        if let Some(len) = self.path_len.take().filter(|_| !self.raw().is_multiple_of(8)) {
            return len;
        }
        let raw = self.raw();
        let number = match self.raw() % 16 {
            0 => u64::MAX,
            1 => raw,
            2 => 1 << (raw % 64),
            3 => (1u64 << (raw % 64)) - 1,
            4 => u64::from(u32::MAX) - raw % 64,
            5 => MEMORY_BYTES as u64 - raw % 64,
            6 | 7 => {
                let path = raw as usize % PATHS.len();
                self.path_len = Some(PATHS[path].len() as u64);
                path as u64 * 256
            }
            8 => raw % MEMORY_BYTES as u64,
            9 => 0,
            _ => raw % 12,
        };
        // A disk is not to be filled by a test.
        let large = self.function == "fd_allocate" && number > 1 << 16;
        if large { number | 1 << 62 } else { number }
    }
}

#[test]
fn whatever_a_guest_calls_it_gets_an_answer() {
    for seed in 1..=6u64 {
        let of = || Subject::of(seed > 4);
        let mut subject = of();
        let handles_before = subject.state.table.len() - subject.wasi.fds.len();
        let mut numbers =
            Numbers { seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), path_len: None, function: "" };
        let mut answers = [0u32; 2];
        for call in 0..50_000u32 {
            if call % 16 == 0 {
                // The guest's own writes: paths where it will point, and junk elsewhere.
                let at = numbers.raw() as usize % (MEMORY_BYTES - 8);
                let junk = numbers.next();
                subject.memory[at..at + 8].copy_from_slice(&junk.to_le_bytes());
                for (i, text) in PATHS.iter().enumerate() {
                    subject.put_text(i * 256, text);
                }
            }
            let function = numbers.raw() as usize % NAMES.len();
            numbers.function = NAMES[function];
            // Descriptors in use stay few enough for the granted directory to be met.
            if numbers.function == "fd_close" && numbers.raw().is_multiple_of(2) {
                continue;
            }
            let done = subject.call(|guest| call_by_number(guest, function, || numbers.next()));
            answers[usize::from(done.is_ok())] += 1;
            if NAMES[function] == "proc_exit" {
                assert!(subject.state.ending.take().is_some());
            }
            assert_eq!(subject.state.ending, None, "{}", NAMES[function]);
            assert_eq!(subject.memory.len(), MEMORY_BYTES);
            assert_eq!(
                subject.state.table.len(),
                handles_before + subject.wasi.fds.len(),
                "{}",
                NAMES[function]
            );
            if subject.wasi.fds.get(ROOT).is_err() {
                subject.check_outside();
                subject = of();
            }
        }
        subject.check_outside();
        assert!(answers[0] > 1000 && answers[1] > 1000, "both errors and successes: {answers:?}");
    }
}

#[test]
fn numbers_at_the_edges_are_errors() {
    let mut subject = Subject::new();
    for edge in [u64::MAX, u64::from(u32::MAX), 1 << 31, u64::from(u32::MAX) - 7] {
        for (function, name) in NAMES.iter().enumerate() {
            let done = subject.call(|guest| call_by_number(guest, function, || edge));
            let ends = ["proc_exit", "sched_yield"].contains(name);
            assert_eq!(done.is_ok(), ends, "{name} of {edge:x}");
            subject.state.ending = None;
        }
    }
}

#[test]
fn without_a_memory_every_pointer_is_a_fault() {
    for (function, name) in NAMES.iter().enumerate() {
        let mut subject = Subject::new();
        subject.memory.clear();
        let done = subject.call(|guest| call_by_number(guest, function, || u64::from(ROOT)));
        let without_pointers =
            ["proc_exit", "proc_raise", "sched_yield", "fd_datasync", "fd_sync", "fd_close", "fd_renumber"];
        assert_eq!(done.is_ok(), without_pointers.contains(name), "{name}");
    }
}

fn put_vectors(subject: &mut Subject, at: usize, vectors: &[(u32, u32)]) {
    for (i, (start, len)) in vectors.iter().enumerate() {
        subject.memory[at + i * 8..at + i * 8 + 4].copy_from_slice(&start.to_le_bytes());
        subject.memory[at + i * 8 + 4..at + i * 8 + 8].copy_from_slice(&len.to_le_bytes());
    }
}

#[test]
fn scatter_gather_lists_are_checked() {
    let mut subject = Subject::new();
    let fd = subject.open("new", 1, u64::MAX).unwrap();
    let end = MEMORY_BYTES as u32;
    for vectors in [
        vec![(u32::MAX, 1)],
        vec![(end, 1)],
        vec![(end - 1, 2)],
        vec![(1, u32::MAX)],
        vec![(0, 8), (end - 4, 5)],
        vec![(u32::MAX, u32::MAX); 3],
    ] {
        put_vectors(&mut subject, 1000, &vectors);
        let count = vectors.len() as u32;
        assert_eq!(subject.call(|guest| io::fd_write(guest, fd, 1000, count, 0)), Err(Errno::FAULT));
        assert_eq!(subject.call(|guest| io::fd_read(guest, fd, 1000, count, 0)), Err(Errno::FAULT));
    }
    for (at, count, wrong) in [
        (1000, 1025, Errno::INVAL),
        (1000, u32::MAX, Errno::INVAL),
        (u32::MAX, 1, Errno::FAULT),
        (end - 8, 2, Errno::FAULT),
        (end, 1, Errno::FAULT),
    ] {
        assert_eq!(subject.call(|guest| io::fd_write(guest, fd, at, count, 0)), Err(wrong), "{at} {count}");
    }
    // Nothing of all this was written, not even the part of a list before what is wrong with it.
    assert_eq!(std::fs::read(subject.place().join("inside/new")).unwrap(), b"");
    // The answer has no room: it is not written either.
    put_vectors(&mut subject, 1000, &[(0, 4)]);
    assert_eq!(subject.call(|guest| io::fd_write(guest, fd, 1000, 1, end - 3)), Err(Errno::FAULT));
    assert_eq!(std::fs::read(subject.place().join("inside/new")).unwrap(), b"");
}

#[test]
fn pieces_keep_their_order_whatever_their_sizes() {
    let mut subject = Subject::new();
    let fd = subject.open("new", 1, u64::MAX).unwrap();
    let sizes = [0u32, 1, 3000, 1096, 0, 4097, 7, 4096, 12000, 0];
    let total: u32 = sizes.iter().sum();
    let contents: Vec<u8> = (0..total).map(|i| (i * 31 % 251) as u8).collect();
    subject.memory[4096..4096 + contents.len()].copy_from_slice(&contents);
    let (mut at, mut vectors) = (4096, Vec::new());
    for size in sizes {
        vectors.push((at, size));
        at += size;
    }
    put_vectors(&mut subject, 1000, &vectors);
    let count = vectors.len() as u32;
    subject.call(|guest| io::fd_write(guest, fd, 1000, count, 0)).unwrap();
    assert_eq!(subject.u32_at(0), total);
    assert_eq!(std::fs::read(subject.place().join("inside/new")).unwrap(), contents);

    subject.memory[4096..4096 + contents.len()].fill(0);
    subject.call(|guest| io::fd_pread(guest, fd, 1000, count, 0, 0)).unwrap();
    assert_eq!(subject.u32_at(0), total);
    assert_eq!(subject.memory[4096..4096 + contents.len()], contents);
    // A small list is read at once and scattered; what is behind the file's end stays as it was.
    put_vectors(&mut subject, 1000, &[(50_000, 2), (50_010, 5)]);
    let position = u64::from(total) - 4;
    subject.call(|guest| io::fd_pread(guest, fd, 1000, 2, position, 0)).unwrap();
    assert_eq!(subject.u32_at(0), 4);
    let tail = &contents[contents.len() - 4..];
    assert_eq!(subject.memory[50_000..50_004], [tail[0], tail[1], 0, 0]);
    assert_eq!(subject.memory[50_010..50_014], [tail[2], tail[3], 0, 0]);
}

#[test]
fn a_list_may_be_overwritten_by_what_it_reads() {
    let mut subject = Subject::new();
    std::fs::write(subject.place().join("inside/a"), vec![0xff; 20_000]).unwrap();
    let fd = subject.open("a", 0, u64::MAX).unwrap();
    // The first piece covers the list itself: the second leads out of the memory when its turn comes.
    for pieces in [[(0, 9000), (20_000, 9000)], [(0, 2000), (1500, 2000)]] {
        put_vectors(&mut subject, 1000, &pieces);
        let read = subject.call(|guest| io::fd_pread(guest, fd, 1000, 2, 0, 60_000));
        assert_eq!(read, Err(Errno::FAULT));
    }
}

/// Lists a directory as a C library does: with a buffer of `room` bytes, from the last whole entry on.
fn list(subject: &mut Subject, fd: u32, room: u32) -> Vec<String> {
    let (mut names, mut cookie) = (Vec::new(), 0);
    for _ in 0..10_000 {
        subject.call(|guest| directory::fd_readdir(guest, fd, 8192, room, cookie, 0)).unwrap();
        let used = subject.u32_at(0);
        assert!(used <= room);
        let mut at = 8192;
        let end = 8192 + used as usize;
        while at + DIRENT_BYTES <= end {
            let name_end = at + DIRENT_BYTES + subject.u32_at(at + 16) as usize;
            if name_end > end {
                break;
            }
            cookie = u64_at(&subject.memory, at);
            names.push(String::from_utf8(subject.memory[at + DIRENT_BYTES..name_end].to_vec()).unwrap());
            at = name_end;
        }
        if used < room {
            return names;
        }
    }
    panic!("the listing does not end")
}

#[test]
fn listings_are_whole_with_any_buffer() {
    let mut subject = Subject::new();
    let dir = subject.place().join("inside/dir");
    for i in 0..200 {
        std::fs::write(dir.join(format!("{}{i}", "n".repeat(i % 40))), "").unwrap();
    }
    let mut expected: Vec<String> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .chain([".".into(), "..".into()])
        .collect();
    expected.sort();
    let fd = subject.open("dir", 2, !(1 << 6)).unwrap();
    for room in [67, 68, 69, 100, 128, 255, 1000, 4096, 50_000] {
        let mut names = list(&mut subject, fd, room);
        names.sort();
        assert_eq!(names, expected, "with {room} bytes");
    }
    assert!(list(&mut subject, ROOT, 100).contains(&"near".to_owned()), "a granted directory itself");
}

#[test]
fn hostile_cookies_end_a_listing_or_are_counted() {
    let mut subject = Subject::new();
    let fd = subject.open("dir", 2, !(1 << 6)).unwrap();
    for cookie in [u64::MAX, i64::MAX as u64, 1 << 32, 5, 1000] {
        let room = 4096;
        subject.call(|guest| directory::fd_readdir(guest, fd, 8192, room, cookie, 0)).unwrap();
        assert_eq!(subject.u32_at(0), 0, "{cookie}");
    }
    // Any order of places: each cookie means the same entry again.
    let name = |subject: &mut Subject, cookie: u64| {
        subject.call(|guest| directory::fd_readdir(guest, fd, 8192, 30, cookie, 0)).unwrap();
        (subject.u32_at(0), subject.memory[8192..8192 + 26].to_vec())
    };
    let once: Vec<_> = (0..4).map(|cookie| name(&mut subject, cookie)).collect();
    for cookie in [3, 1, 2, 0, 0, 3, 2, 1] {
        assert_eq!(name(&mut subject, cookie), once[cookie as usize]);
    }
    for room in 0..DIRENT_BYTES as u32 + 1 {
        subject.call(|guest| directory::fd_readdir(guest, fd, 8192, room, 0, 0)).unwrap();
        assert_eq!(subject.u32_at(0), room, "what has no room is cut off");
    }
}

#[test]
fn stale_handles_are_bad_descriptors() {
    let mut subject = Subject::new();
    let fd = subject.open("a", 0, u64::MAX).unwrap();
    let handle = subject.wasi.fds.get(fd).unwrap().handle;
    // A component of our own ABI may close a handle below preview 1's feet.
    subject.state.table.remove(handle).unwrap();
    put_vectors(&mut subject, 1000, &[(0, 4)]);
    assert_eq!(subject.call(|guest| io::fd_read(guest, fd, 1000, 1, 0)), Err(Errno::BADF));
    assert_eq!(subject.call(|guest| file::fd_filestat_get(guest, fd, 0)), Err(Errno::BADF));
    assert_eq!(subject.call(|guest| file::fd_close(guest, fd)), Err(Errno::BADF));
    assert_eq!(subject.wasi.fds.get(fd).unwrap_err(), Errno::BADF);
    let other = subject.state.table.insert(super::absent(true), b8g_core::Rights::READ).unwrap();
    assert_ne!(other, handle);
    assert_ne!(handle, Handle::ENGINE);
}

#[test]
fn descriptors_run_out_before_the_host_does() {
    let mut subject = Subject::new();
    let mut opened = Vec::new();
    let wrong = loop {
        match subject.open("a", 0, 2) {
            Ok(fd) => opened.push(fd),
            Err(wrong) => break wrong,
        }
    };
    assert_eq!((wrong, opened.len()), (Errno::MFILE, DESCRIPTORS_MAX as usize));
    for (i, fd) in opened.iter().enumerate() {
        assert_eq!(*fd, ROOT + 1 + i as u32, "the lowest number");
        subject.call(|guest| file::fd_close(guest, *fd)).unwrap();
    }
    assert_eq!(subject.open("a", 0, 2), Ok(ROOT + 1));
}

#[test]
fn rights_only_shrink() {
    let mut subject = Subject::new();
    let all = super::rights::FILE;
    let (read, write) = (super::rights::FD_READ, super::rights::FD_WRITE);
    let fd = subject.open("a", 0, u64::MAX).unwrap();
    assert_eq!(subject.wasi.fds.get(fd).unwrap().base, all);
    subject.call(|guest| file::fd_fdstat_set_rights(guest, fd, all & !write, 0)).unwrap();
    put_vectors(&mut subject, 1000, &[(0, 1)]);
    assert_eq!(subject.call(|guest| io::fd_write(guest, fd, 1000, 1, 0)), Err(Errno::NOTCAPABLE));
    let more = subject.call(|guest| file::fd_fdstat_set_rights(guest, fd, all, 0));
    assert_eq!(more, Err(Errno::NOTCAPABLE));
    // What is opened below a directory has no right that the directory does not pass on.
    let dir = super::rights::DIRECTORY;
    subject.call(|guest| file::fd_fdstat_set_rights(guest, ROOT, dir, all & !write)).unwrap();
    assert_eq!(subject.open("a", 0, read | write), Err(Errno::NOTCAPABLE));
    let fd = subject.open("a", 0, !write).unwrap();
    assert_eq!(subject.wasi.fds.get(fd).unwrap().base & write, 0);
    subject.call(|guest| file::fd_fdstat_set_rights(guest, ROOT, 0, 0)).unwrap();
    assert_eq!(subject.open("a", 0, read), Err(Errno::NOTCAPABLE));
}

#[test]
fn polls_tell_what_is_wrong_with_each() {
    let mut subject = Subject::new();
    let fd = subject.open("a", 0, u64::MAX).unwrap();
    let records: [(u8, u32); 4] = [(1, fd), (1, 99), (2, ROOT), (0, 7)];
    for (i, (event_type, number)) in records.iter().enumerate() {
        let at = 1000 + i * 48;
        subject.memory[at..at + 8].copy_from_slice(&(i as u64 + 10).to_le_bytes());
        subject.memory[at + 8] = *event_type;
        subject.memory[at + 16..at + 20].copy_from_slice(&number.to_le_bytes());
    }
    subject.call(|guest| poll::poll_oneoff(guest, 1000, 2000, 4, 0)).unwrap();
    assert_eq!(subject.u32_at(0), 4);
    let event = |i: usize| {
        let at = 2000 + i * 32;
        let record = &subject.memory[at..at + 32];
        (u64_at(record, 0), record[8], record[10], u64_at(record, 16))
    };
    assert_eq!(event(0), (10, 0, 1, 1), "one byte is there to read");
    assert_eq!([event(1), event(2)], [(11, 8, 1, 0), (12, 8, 2, 0)]);
    assert_eq!(event(3), (13, 28, 0, 0), "no such clock");
    for (count, wrong) in [(0, Errno::INVAL), (1025, Errno::INVAL), (u32::MAX, Errno::INVAL)] {
        assert_eq!(subject.call(|guest| poll::poll_oneoff(guest, 1000, 2000, count, 0)), Err(wrong));
    }
    subject.memory[1008] = 3;
    let unknown = subject.call(|guest| poll::poll_oneoff(guest, 1000, 2000, 1, 0));
    assert_eq!(unknown, Err(Errno::INVAL));
}

#[test]
fn only_sockets_are_sockets() {
    let mut subject = Subject::new();
    for fd in 0..=ROOT {
        assert_eq!(subject.errno(|guest| socket::sock_shutdown(guest, fd, 1)), 57);
        assert_eq!(subject.errno(|guest| socket::sock_accept(guest, fd, 0, 0)), 57);
    }
    assert_eq!(subject.errno(|guest| socket::sock_recv(guest, 50, 0, 0, 0, 0, 0)), 8);
}

#[test]
fn a_socket_is_read_and_written_as_a_file_is() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let grants = Grants::none().net(&address).unwrap();
    let mut subject = Subject::with(&grants);
    let network = subject.state.given(b8g_core::abi::Role::Net).unwrap();
    let rights = b8g_core::Rights::NONE;
    let open = Call::Open { directory: network, path: address.as_bytes(), flags: 0, rights };
    let handle = Handle::from_raw(dispatch(&mut subject.state, open).unwrap() as u32);
    let fd = subject.wasi.fds.insert(Fd::new(handle, Kind::Socket, super::rights::SOCKET));

    let peer = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut question = [0; 8];
        peer.read_exact(&mut question).unwrap();
        // Long enough for the guest to have to wait.
        std::thread::sleep(std::time::Duration::from_millis(30));
        peer.write_all(b"answered").unwrap();
        assert_eq!(peer.read(&mut question).unwrap(), 0, "its end was shut");
        question
    });
    subject.put_text(100, "question");
    put_vectors(&mut subject, 1000, &[(100, 4), (104, 4)]);
    subject.call(|guest| socket::sock_send(guest, fd, 1000, 2, 0, 0)).unwrap();
    assert_eq!(subject.u32_at(0), 8);
    subject.call(|guest| file::fd_fdstat_set_flags(guest, fd, 4)).unwrap();
    let early = subject.call(|guest| io::fd_read(guest, fd, 1000, 2, 0));
    assert_eq!(early, Err(Errno::AGAIN), "it does not wait when it was told not to");
    subject.call(|guest| file::fd_fdstat_set_flags(guest, fd, 0)).unwrap();
    subject.call(|guest| socket::sock_recv(guest, fd, 1000, 2, 0, 0, 8)).unwrap();
    assert_eq!((subject.u32_at(0), &subject.memory[100..108]), (8, &b"answered"[..]));
    assert_eq!(subject.call(|guest| socket::sock_shutdown(guest, fd, 0)), Err(Errno::INVAL));
    subject.call(|guest| socket::sock_shutdown(guest, fd, 2)).unwrap();
    assert_eq!(&peer.join().unwrap(), b"question");
    subject.call(|guest| socket::sock_recv(guest, fd, 1000, 2, 0, 0, 8)).unwrap();
    assert_eq!(subject.u32_at(0), 0, "the peer is gone");
    assert_eq!(subject.errno(|guest| file::fd_tell(guest, fd, 0)), 70);
    subject.call(|guest| file::fd_filestat_get(guest, fd, 2000)).unwrap();
    assert_eq!(subject.memory[2016], 6, "a stream socket");
    subject.call(|guest| file::fd_close(guest, fd)).unwrap();
}

/// A path that leads out is refused, whatever the function; the granted directory's own name is not one of them.
#[test]
fn no_function_leaves_its_directory() {
    [false, true].into_iter().for_each(stays_in_its_directory);
}

fn stays_in_its_directory(is_guest: bool) {
    let mut subject = Subject::of(is_guest);
    let follow = [0, 1];
    // Above `/` is `/`: what such a path names is not there.
    let is_refused = |errno: u16| errno == 63 || (is_guest && errno == 44);
    for (text, open_only_read) in [
        ("../outside/secret", false),
        ("dir/../../outside/secret", false),
        ("away/secret", false),
        ("/etc/passwd", false),
        ("link", true),
    ] {
        let (at, len) = subject.put_text(30_000, text);
        for lookup in follow {
            let opened = subject.errno(|guest| path::path_open(guest, ROOT, lookup, at, len, 0, 2, 0, 0, 0));
            assert!([2, 32, 76].contains(&opened) || is_refused(opened), "open {text}: {opened}");
        }
        let stated = subject.errno(|guest| path::path_filestat_get(guest, ROOT, 1, at, len, 0));
        assert!(is_refused(stated), "stat {text}: {stated}");
        if open_only_read {
            continue;
        }
        let (inside, inside_len) = subject.put_text(31_000, "a");
        let unlink = subject.errno(|guest| path::path_unlink_file(guest, ROOT, at, len));
        let create = subject.errno(|guest| path::path_create_directory(guest, ROOT, at, len));
        let remove = subject.errno(|guest| path::path_remove_directory(guest, ROOT, at, len));
        let rename = subject.errno(|guest| path::path_rename(guest, ROOT, at, len, ROOT, inside, inside_len));
        let away = subject.errno(|guest| path::path_rename(guest, ROOT, inside, inside_len, ROOT, at, len));
        let link = subject.errno(|guest| path::path_link(guest, ROOT, 0, at, len, ROOT, inside, inside_len));
        let linked =
            subject.errno(|guest| path::path_link(guest, ROOT, 0, inside, inside_len, ROOT, at, len));
        let symlinked = subject.errno(|guest| path::path_symlink(guest, inside, inside_len, ROOT, at, len));
        let times = subject.errno(|guest| path::path_filestat_set_times(guest, ROOT, 1, at, len, 1, 1, 4));
        let read = subject.errno(|guest| path::path_readlink(guest, ROOT, at, len, 40_000, 100, 0));
        let all = [unlink, create, remove, rename, away, link, linked, symlinked, times, read];
        assert!(all.into_iter().all(is_refused), "{text}: {all:?}");
    }
    subject.check_outside();
    assert!(Path::new(&subject.place().join("inside/a")).exists());
}

/// What is written for our own ABI has one directory, with all that was granted by the names that the user wrote.
#[test]
fn one_directory_holds_all_grants() {
    let temp = tempfile::tempdir().unwrap();
    let (data, file) = (temp.path().join("data"), temp.path().join("one.txt"));
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("a"), "in a directory").unwrap();
    std::fs::write(&file, "alone").unwrap();
    let grants = Grants::none().directory(&data, "/named", false).unwrap().read(&file).unwrap();
    let mut subject = Subject::made(&grants, true);
    assert_eq!(subject.errno(|guest| file::fd_prestat_get(guest, ROOT, 0)), 0);
    assert_eq!(subject.u32_at(4), 1, "its name is /");
    assert_eq!(subject.errno(|guest| file::fd_prestat_get(guest, ROOT + 1, 0)), 8, "and there is no other");
    let path = file.to_str().unwrap().trim_start_matches('/').to_owned();
    let read = 1 << 1;
    for (name, want) in [("named/a", "in a directory"), (&*path, "alone")] {
        let fd = subject.open(name, 0, read).unwrap();
        put_vectors(&mut subject, 100, &[(1000, 64)]);
        subject.call(|guest| io::fd_read(guest, fd, 100, 1, 200)).unwrap();
        assert_eq!(subject.u32_at(200) as usize, want.len());
        assert_eq!(&subject.memory[1000..1000 + want.len()], want.as_bytes());
        subject.call(|guest| file::fd_close(guest, fd)).unwrap();
    }
    // The directory itself, and the working directory, are there without being granted; what is in them is not.
    for (name, type_of) in [(".", 3), ("cwd", 3)] {
        let (at, len) = subject.put_text(30_000, name);
        subject.call(|guest| path::path_filestat_get(guest, ROOT, 1, at, len, 300)).unwrap();
        assert_eq!(subject.memory[316], type_of, "{name}");
    }
    subject.call(|guest| file::fd_filestat_get(guest, ROOT, 300)).unwrap();
    assert_eq!(subject.memory[316], 3);
    for (name, errno) in [("etc/passwd", 63), ("cwd/x", 63), ("<unknown>", 44), ("named/b", 44)] {
        assert_eq!(subject.open(name, 0, read).unwrap_err().number(), errno, "{name}");
        let (at, len) = subject.put_text(30_000, name);
        assert_eq!(
            subject.errno(|guest| path::path_filestat_get(guest, ROOT, 1, at, len, 300)),
            errno,
            "{name}"
        );
    }
}

/// Randomness has the names there that C libraries know it by, for who was granted it.
#[test]
fn randomness_is_a_file_too() {
    let read = 1 << 1;
    for (grants, is_there) in [(Grants::none(), false), (Grants::none().randomness(), true)] {
        for name in ["dev/urandom", "dev/random"] {
            let mut subject = Subject::made(&grants, true);
            let opened = subject.open(name, 0, read);
            let (at, len) = subject.put_text(30_000, name);
            let stated = subject.errno(|guest| path::path_filestat_get(guest, ROOT, 1, at, len, 300));
            assert_eq!((opened.is_ok(), stated), (is_there, if is_there { 0 } else { 63 }), "{name}");
            let Ok(fd) = opened else { continue };
            assert_eq!(subject.memory[316], 2, "a character device");
            put_vectors(&mut subject, 100, &[(1000, 64)]);
            subject.call(|guest| io::fd_read(guest, fd, 100, 1, 200)).unwrap();
            assert_eq!(subject.u32_at(200), 64);
            assert!(subject.memory[1000..1064].iter().any(|byte| *byte != 0));
            assert!(subject.open(name, 0, 1 << 6).is_err(), "nobody writes to it");
        }
    }
}
