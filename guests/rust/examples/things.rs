//! Uses what it was given besides channels: arguments, the environment, files, clocks, shared memory. Writes what it found to stdout.
#![no_std]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use b8g_guest::{Error, OpenOptions, Ready, Result, Rights, SharedMemory, given, wait_for};

b8g_guest::main!(things);

fn things() -> Result<()> {
    let Some(mut out) = given::stdout() else { return Err(Error::NOT_FOUND) };
    assert!(given::stdout().is_none(), "it was taken");
    let mut room = [0; 64];
    for argument in given::arguments(&mut room).into_iter().flatten() {
        assert_ne!(argument, b"panic", "as it was told");
        tell(&mut out, "argument", &String::from_utf8_lossy(argument))?;
    }
    let value = given::variable("NAME", &mut room)?.map(String::from_utf8_lossy);
    tell(&mut out, "NAME", &value.unwrap_or_default())?;
    tell(&mut out, "OTHER", &given::variable("OTHER", &mut [0; 8]))?;
    files(&mut out)?;
    time(&mut out)?;
    memory(&mut out)?;
    heap(&mut out)
}

fn tell(out: &mut impl Write, what: &str, found: &impl core::fmt::Debug) -> Result<()> {
    writeln!(out, "{what}: {found:?}").map_err(|_| Error::IO)
}

fn files(out: &mut impl Write) -> Result<()> {
    let Some(files) = given::files() else { return Err(Error::NOT_FOUND) };
    files.open("data/new.txt", OpenOptions::WRITE)?.write_all(b"first, second")?;
    let file = files.open("data/new.txt", OpenOptions::READ)?;
    tell(out, "position", &file.seek(7, 0)?)?;
    let mut bytes = [0; 32];
    let len = file.read_all(&mut bytes)?;
    tell(out, "file", &String::from_utf8_lossy(&bytes[..len]))?;
    tell(out, "size", &(file.stat()?.size, files.stat("data/new.txt")?.size))?;
    tell(out, "absent", &files.open("data/absent", OpenOptions::READ).err())?;
    tell(out, "elsewhere", &files.open("/etc/passwd", OpenOptions::READ).err())
}

fn time(out: &mut impl Write) -> Result<()> {
    let Some(clock) = given::monotonic() else { return Err(Error::NOT_FOUND) };
    let before = clock.now()?;
    let timer = clock.timer(before + 2_000_000, 0)?;
    tell(out, "too early", &timer.expired().err())?;
    wait_for(timer.handle(), Ready::READ, None)?;
    tell(out, "expired", &timer.expired()?)?;
    let deadline = wait_for(timer.handle(), Ready::READ, Some(clock.now()? + 1_000_000));
    tell(out, "deadline", &deadline.err())?;
    tell(out, "later", &(clock.now()? >= before + 3_000_000))
}

fn memory(out: &mut impl Write) -> Result<()> {
    let memory = SharedMemory::new(5000)?;
    let (kind, rights, size) = memory.handle().info()?;
    tell(out, "memory", &(kind.0, rights.contains(Rights::MAP), size))?;
    let window = memory.map(0, 8192)?;
    let part = window.part(4000, 100).ok_or(Error::ARGUMENT)?;
    assert_eq!(part.write(3, b"what is written through a window"), 32);
    let mut bytes = [0; 7];
    memory.handle().read_at(&mut bytes, 4008)?;
    tell(out, "read", &String::from_utf8_lossy(&bytes))?;
    memory.handle().write_at(b"WRITTEN", 4011)?;
    let mut bytes = [0; 40];
    tell(out, "reaches beyond", &(part.read(90, &mut bytes), window.part(8000, 200).is_some()))?;
    part.read(3, &mut bytes[..32]);
    tell(out, "seen", &String::from_utf8_lossy(&bytes[..32]))?;
    drop(window);
    for _ in 0..100 {
        let (one, other) = (memory.map(4096, 4096)?, memory.map(0, 8192)?);
        assert_eq!((one.whole().len(), other.whole().len()), (4096, 8192));
    }
    let window = memory.map(0, 8192)?;
    window.whole().read(4003, &mut bytes[..32]);
    tell(out, "seen again", &String::from_utf8_lossy(&bytes[..32]))?;
    let less = memory.handle().duplicate(Rights::READ)?;
    tell(out, "refused", &SharedMemory::from_handle(less).map(0, 4096).err())
}

/// Blocks of many sizes come and go; none lies in another, and memory does not grow with their number.
fn heap(out: &mut impl Write) -> Result<()> {
    let mut held: Vec<Vec<u32>> = Vec::new();
    let mut wrong = 0;
    for turn in 0..20_000u32 {
        let len = turn.wrapping_mul(2_654_435_761) >> 20;
        held.push(alloc::vec![turn; len as usize]);
        if held.len() > 50 {
            let block = held.swap_remove(len as usize % 50);
            wrong += block.iter().filter(|word| **word != block[0]).count();
        }
    }
    let pages = core::arch::wasm32::memory_size::<0>();
    tell(out, "heap", &(wrong, held.len(), pages < 200))
}
