//! The import `b8g.call`: numbers and offsets of a component turned into a [`Call`], and that dispatched.
//!
//! Everything here comes from an enemy: every offset and length is checked against the memory before it is used.

use b8g_core::abi::{
    IMPORT_CALL, IMPORT_MODULE, KEY_BYTES, MESSAGE_HANDLES_MAX, Op, Request, SPAWN_HANDLES_MAX, SpawnLimits,
    WAIT_ITEMS_MAX, task,
};
use b8g_core::stream::Gone;
use b8g_core::{Error, Handle, Rights};
use wasmtime::{Caller, Linker};

use crate::dispatch::{Call, dispatch};
use crate::inner;
use crate::memory::GuestMemory;
use crate::memory::guest::Span;
use crate::state::State;
use crate::wait::{Item, Parked, Waiting};

/// Adds the callback to what components can import.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap(IMPORT_MODULE, IMPORT_CALL, call)?;
    Ok(())
}

/// The callback's arguments behind the operation's number.
#[derive(Clone, Copy)]
pub(crate) struct Arguments {
    pub(crate) handle: Handle,
    pub(crate) a: i64,
    pub(crate) b: i64,
    pub(crate) c: i64,
    pub(crate) d: i64,
}

fn call(
    mut caller: Caller<'_, State>,
    op: i32,
    handle: i32,
    a: i64,
    b: i64,
    c: i64,
    d: i64,
) -> wasmtime::Result<i64> {
    let Some(memory) = caller.data().memory else { return Ok(Error::Fault.code()) };
    if op == Op::Ctl as i32
        && let Some(request) = inner::request(a)
    {
        let arguments = Arguments { handle: Handle::from_raw(handle as u32), a, b, c, d };
        return inner::call(&mut caller, request, arguments);
    }
    let (bytes, state) = memory.data_and_store_mut(&mut caller);
    let mut memory = GuestMemory::new(bytes, &state.windows);
    let arguments = Arguments { handle: Handle::from_raw(handle as u32), a, b, c, d };
    let done = match Op::from_number(op as u32) {
        Some(op) => run(state, &mut memory, op, arguments),
        None => Err(Error::NoSystem),
    };
    if state.ending.is_some() {
        return Err(crate::context::unwind());
    }
    Ok(done.unwrap_or_else(Error::code))
}

/// Does an operation, with the arguments as they lie in `memory`. The caller looks at [`State::ending`] afterwards.
///
/// # Errors
/// What the guest is told.
pub(crate) fn run(
    state: &mut State,
    memory: &mut GuestMemory<'_>,
    op: Op,
    arguments: Arguments,
) -> Result<i64, Error> {
    let Arguments { handle, a, b, c, d } = arguments;
    match op {
        Op::Read => dispatch(state, Call::Read { handle, into: room(memory, a, b)?, position: position(c)? }),
        Op::Write => {
            dispatch(state, Call::Write { handle, from: room(memory, a, b)?, position: position(c)? })
        }
        Op::Acquire => dispatch(state, Call::Acquire { handle, done: unsigned(a)? }),
        Op::Finish => {
            let reason = u32::try_from(b).map_err(|_| Error::Argument)?;
            let how = if a == 0 { Gone::Ended } else { Gone::Aborted(reason) };
            dispatch(state, Call::Finish { handle, how })
        }
        Op::Stream => {
            let (element, capacity, flags) = (unsigned(a)?, unsigned(b)?, unsigned(c)?);
            dispatch(state, Call::Stream { element, capacity, flags, out: room(memory, d, 8)? })
        }
        Op::Memory => dispatch(state, Call::Memory { bytes: unsigned(a)? }),
        Op::Map => {
            let (at, offset, length) = (unsigned(a)?, unsigned(b)?, unsigned(c)?);
            dispatch(state, Call::Map { handle, memory: memory.whole(), at, offset, length })
        }
        Op::Unmap => {
            let (at, length) = (unsigned(a)?, unsigned(b)?);
            dispatch(state, Call::Unmap { memory: memory.whole(), at, length })
        }
        Op::Event => dispatch(state, Call::Event { bits: bits(a)? }),
        Op::Signal => dispatch(state, Call::Signal { handle, clear: bits(a)?, set: bits(b)? }),
        Op::ChannelNew => dispatch(state, Call::ChannelNew { out: room(memory, a, 8)? }),
        Op::Send => {
            let (bytes, handles) = (span(a, b)?, handles_span(c, d)?);
            let both = memory.get(bytes).zip(memory.get(handles)).ok_or(Error::Fault)?;
            dispatch(state, Call::Send { handle, bytes: both.0, handles: both.1 })
        }
        Op::Receive => {
            let (bytes, handles) = (span(a, b)?, handles_span(c, d)?);
            if memory.get(bytes).is_none() || memory.get(handles).is_none() {
                return Err(Error::Fault);
            }
            let (bytes, handles) = memory.get_two(bytes, handles).ok_or(Error::Argument)?;
            dispatch(state, Call::Receive { handle, bytes, handles })
        }
        Op::Info => dispatch(state, Call::Info { handle, out: room(memory, a, b)? }),
        Op::Dup => dispatch(state, Call::Dup { handle, rights: rights(a)? }),
        Op::Close => dispatch(state, Call::Close { handle }),
        Op::Open => {
            let (flags, rights) = (d as u32, rights(d >> 32 & 0xffff_ffff)?);
            dispatch(state, Call::Open { directory: handle, path: room(memory, a, b)?, flags, rights })
        }
        Op::Ctl => control(state, memory, arguments),
        Op::Timer => {
            let (deadline, period) = (unsigned(a)?, unsigned(b)?);
            dispatch(state, Call::Timer { clock: handle, deadline, period })
        }
        Op::Wait => wait(state, memory, a, b, c, d),
        Op::Task if handle == Handle::ENGINE && a == task::EXIT as i64 => {
            dispatch(state, Call::Exit { code: b as i32 })
        }
        Op::Task => dispatch(state, Call::Task { handle, verb: unsigned(a)?, out: room(memory, b, c)? }),
        Op::Spawn => {
            if unsigned(b)? > SPAWN_HANDLES_MAX {
                return Err(Error::Limit);
            }
            let limits = match c {
                0 => SpawnLimits::default(),
                at => {
                    let bytes = memory.get(span(at, SpawnLimits::BYTES as i64)?).ok_or(Error::Fault)?;
                    SpawnLimits::from_bytes(bytes.first_chunk().ok_or(Error::Fault)?)
                }
            };
            let vector = room(memory, a, b * 8)?;
            dispatch(state, Call::Spawn { component: handle, vector, limits })
        }
        Op::Link => {
            let key = room(memory, b, KEY_BYTES as i64)?.first_chunk_mut().ok_or(Error::Fault)?;
            dispatch(state, Call::Link { keys: handle, verb: unsigned(a)?, key })
        }
    }
}

fn unsigned(n: i64) -> Result<u64, Error> {
    u64::try_from(n).map_err(|_| Error::Argument)
}

fn position(n: i64) -> Result<Option<u64>, Error> {
    if n == -1 { Ok(None) } else { unsigned(n).map(Some) }
}

fn bits(n: i64) -> Result<u32, Error> {
    u32::try_from(n).map_err(|_| Error::Argument)
}

fn rights(n: i64) -> Result<Rights, Error> {
    u32::try_from(n).ok().and_then(Rights::from_bits).ok_or(Error::Argument)
}

fn span(offset: i64, len: i64) -> Result<Span, Error> {
    let offset = usize::try_from(offset).map_err(|_| Error::Fault)?;
    Ok((offset, usize::try_from(len).map_err(|_| Error::Fault)?))
}

/// So many handles.
fn handles_span(offset: i64, count: i64) -> Result<Span, Error> {
    let count = unsigned(count)?;
    if count > MESSAGE_HANDLES_MAX { Err(Error::Limit) } else { span(offset, count as i64 * 4) }
}

/// The part of the memory at `offset`.
fn room<'m>(memory: &'m mut GuestMemory<'_>, offset: i64, len: i64) -> Result<&'m mut [u8], Error> {
    memory.get_mut(span(offset, len)?).ok_or(Error::Fault)
}

/// A slice argument: offset below, length above.
fn slice(n: i64) -> Span {
    (n as u32 as usize, (n as u64 >> 32) as usize)
}

fn control(state: &mut State, memory: &mut GuestMemory<'_>, arguments: Arguments) -> Result<i64, Error> {
    let Arguments { handle, a, b, c, d } = arguments;
    let request = u32::try_from(a).ok().and_then(Request::from_number).ok_or(Error::NoSystem)?;
    let (from, into) = (slice(b), slice(c));
    let argument = d as u64;
    if memory.get(from).is_none() || memory.get(into).is_none() {
        return Err(Error::Fault);
    }
    // No request has a use for overlapping slices.
    let (input, out) = memory.get_both(from, into).ok_or(Error::Argument)?;
    dispatch(state, Call::Control { handle, request, input, out, argument })
}

fn wait(
    state: &mut State,
    memory: &mut GuestMemory<'_>,
    a: i64,
    b: i64,
    c: i64,
    d: i64,
) -> Result<i64, Error> {
    let count = unsigned(b)?;
    if count > WAIT_ITEMS_MAX {
        return Err(Error::Argument);
    }
    let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let items: Vec<Item> = room(memory, a, count as i64 * 8)?
        .chunks_exact(8)
        .map(|item| Item { handle: Handle::from_raw(word(item)), interest: word(&item[4..]) })
        .collect();
    let deadline = if c == -1 { None } else { Some(unsigned(c)?) };
    if d == 0 {
        return dispatch(state, Call::Wait(Waiting::Park(Parked { items, deadline })));
    }
    let mut out = vec![0; items.len()];
    let found = dispatch(state, Call::Wait(Waiting::Now { items: &items, deadline, out: &mut out }));
    let words = room(memory, d, items.len() as i64 * 4)?;
    for (at, word) in words.chunks_exact_mut(4).zip(&out) {
        at.copy_from_slice(&word.to_le_bytes());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Grants;
    use crate::memory::Windows;
    use b8g_core::Limits;

    #[test]
    fn a_role_gives_its_first_handle_and_no_new_one() {
        use b8g_core::abi::Role;
        let engine = crate::Engine::new(crate::Config::new().code_cache(None)).unwrap();
        let grants = Grants::none().clocks().arguments(["x"]);
        let mut state = State::new(&engine, &grants, None, Limits::default(), &[]).unwrap();
        let vector = state.vector.clone();
        let mut bytes = [0; 8];
        let mut given = |role: i64| {
            let mut memory = GuestMemory::new(&mut bytes, &Windows::default());
            let arguments =
                Arguments { handle: Handle::ENGINE, a: Request::Given as i64, b: 0, c: 0, d: role };
            run(&mut state, &mut memory, Op::Ctl, arguments)
        };
        assert!(!vector.is_empty());
        for (role, _) in &vector {
            let first = vector.iter().find(|(other, _)| other == role).unwrap().1;
            assert_eq!(given(*role as i64), Ok(i64::from(first.raw())));
        }
        for absent in [Role::Program as i64, 0, -1, 1 << 32 | Role::Args as i64] {
            assert_eq!(given(absent), Err(Error::NotFound), "{absent}");
        }
    }

    /// Whatever numbers a component passes, it gets an answer and its memory stays within bounds.
    #[test]
    fn random_calls_are_answered() {
        let temp = tempfile::tempdir().unwrap();
        let grants = Grants::none()
            .clocks()
            .randomness()
            .directory(temp.path(), ".", true)
            .unwrap()
            .environment("A", Some("b"))
            .arguments(["x"]);
        let mut seed = 1u64;
        let mut random = move || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            seed >> 33
        };
        let engine = crate::Engine::new(crate::Config::new().code_cache(None)).unwrap();
        for _ in 0..20 {
            let mut state = State::new(&engine, &grants, None, Limits::default(), &[]).unwrap();
            let mut memory = vec![0u8; 65536];
            let mut memory = GuestMemory::new(&mut memory, &Windows::default());
            for _ in 0..5_000 {
                let mut number = || match random() % 6 {
                    0 => -1,
                    1 => (random() % 70_000) as i64,
                    2 => (((random() % 64) << 32) | (random() % 65_536)) as i64,
                    3 => ((random() << 33) | random()) as i64,
                    _ => (random() % 64) as i64,
                };
                let (a, b, mut c, d) = (number(), number(), number(), number());
                let op = Op::ALL[random() as usize % Op::ALL.len()];
                if op == Op::Wait {
                    // Neither for ever nor for long.
                    c = 0;
                }
                if op == Op::Task {
                    continue;
                }
                let handle = Handle::new(random() as u32 % 16, (random() % 8 / 7) as u32);
                let _ = run(&mut state, &mut memory, op, Arguments { handle, a, b, c, d });
                assert_eq!(state.ending, None);
            }
        }
    }

    /// The same of what computes, whose requests are past what the numbers above come to, with parts that fit together.
    #[test]
    fn random_requests_to_compute_are_answered() {
        let mut seed = 3u64;
        let mut random = move || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            seed >> 33
        };
        let engine = crate::Engine::new(crate::Config::new().code_cache(None)).unwrap();
        let mut right = 0;
        for _ in 0..10 {
            let grants = Grants::none().compute();
            let mut state = State::new(&engine, &grants, None, Limits::default(), &[]).unwrap();
            let compute = state.given(b8g_core::abi::Role::Compute).unwrap();
            let mut codecs = vec![compute];
            let mut bytes: Vec<u8> = (0..65536).map(|_| random() as u8).collect();
            for _ in 0..3_000 {
                let number = 130 + (random() % 20) as i64;
                let at = (random() % 32768) as usize;
                // Words that say little: costs, and then lengths of parts.
                for word in 0..8 {
                    let value = [12, 16, 32, 0, 65, 2, 1, 300][random() as usize % 8] as u32;
                    bytes[at + word * 20..][..4].copy_from_slice(&value.to_le_bytes());
                }
                if number == Request::Derive as i64 {
                    bytes[at..at + 12].copy_from_slice(&[16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
                }
                let handle = if number > 145 { codecs[random() as usize % codecs.len()] } else { compute };
                let argument = ((random() % 14) | ((random() % 14) << 8) | ((random() % 3) << 16)) as i64;
                let from = (((random() % 400) << 32) | at as u64) as i64;
                let into = (((random() % 400) << 32) | 40_000) as i64;
                let mut memory = GuestMemory::new(&mut bytes, &Windows::default());
                let arguments = Arguments { handle, a: number, b: from, c: into, d: argument };
                let done = run(&mut state, &mut memory, Op::Ctl, arguments);
                if let (Ok(made), 145) = (done, number) {
                    codecs.push(Handle::from_raw(made as u32));
                }
                right += usize::from(done.is_ok());
                let op = [Op::Read, Op::Write, Op::Finish, Op::Close][random() as usize % 4];
                let handle = codecs[random() as usize % codecs.len()];
                if op != Op::Close || handle != compute {
                    let arguments = Arguments {
                        handle,
                        a: (random() % 2000) as i64,
                        b: (random() % 60_000) as i64,
                        c: -1,
                        d: 0,
                    };
                    let _ = run(&mut state, &mut memory, op, arguments);
                }
                assert_eq!(state.ending, None);
            }
        }
        assert!(right > 100, "{right} were right");
    }
}
