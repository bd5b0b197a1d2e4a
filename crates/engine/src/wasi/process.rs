//! The process as a guest sees it: arguments, environment, clocks, randomness, its end.

use b8g_core::abi::{Request, Role};
use b8g_core::{Error, Handle};

use super::guest::{Done, Guest, array_bytes, bytes_mut, count};
use super::types::Errno;
use crate::dispatch::{Call, dispatch};
use crate::wait::Waiting;

/// Bytes of the arguments, or of the environment, that are asked for at first.
const STRINGS_BYTES: usize = 4096;

/// The handle that was given for `role`.
fn given(guest: &Guest<'_>, role: Role) -> Result<Handle, Errno> {
    guest.state.given(role).ok_or(Errno::NOTCAPABLE)
}

/// All arguments, with a NUL after each.
fn arguments(guest: &mut Guest<'_>) -> Result<Vec<u8>, Errno> {
    let handle = given(guest, Role::Args)?;
    let mut all = vec![0; STRINGS_BYTES];
    let mut len = 0;
    loop {
        let position = Some(len as u64);
        match dispatch(guest.state, Call::Read { handle, into: &mut all[len..], position })? {
            0 => break,
            more => len += count(more)? as usize,
        }
        if len == all.len() {
            all.resize(len * 2, 0);
        }
    }
    all.truncate(len);
    Ok(all)
}

/// All environment values as `name=value`, with a NUL after each.
fn environment(guest: &mut Guest<'_>) -> Result<Vec<u8>, Errno> {
    let handle = given(guest, Role::Env)?;
    let mut all = vec![0; STRINGS_BYTES];
    loop {
        let (request, out) = (Request::EnvList, &mut all[..]);
        let call = Call::Control { handle, request, input: &[], out, argument: 0 };
        let len = count(dispatch(guest.state, call)?)? as usize;
        let whole = len <= all.len();
        all.resize(len, 0);
        if whole {
            return Ok(all);
        }
    }
}

/// Writes how many strings there are and the bytes that they need.
fn put_sizes(guest: &mut Guest<'_>, strings: &[u8], number: u32, size: u32) -> Done {
    let found = strings.iter().filter(|b| **b == 0).count();
    guest.check(size, 4)?;
    guest.put_u32(number, u32::try_from(found).map_err(|_| Errno::OVERFLOW)?)?;
    guest.put_u32(size, u32::try_from(strings.len()).map_err(|_| Errno::OVERFLOW)?)
}

/// Writes the strings, and where each of them begins.
fn put_strings(guest: &mut Guest<'_>, strings: &[u8], pointers: u32, buffer: u32) -> Done {
    let found = strings.iter().filter(|b| **b == 0).count();
    let found = u32::try_from(found).map_err(|_| Errno::OVERFLOW)?;
    guest.check(pointers, array_bytes(found, 4)?)?;
    guest.put(buffer, strings)?;
    let mut at = buffer;
    for (i, string) in strings.split_inclusive(|b| *b == 0).enumerate() {
        guest.put_u32(pointers + i as u32 * 4, at)?;
        at += string.len() as u32;
    }
    Ok(())
}

pub(super) fn args_sizes_get(guest: &mut Guest<'_>, number: u32, size: u32) -> Done {
    let strings = arguments(guest)?;
    put_sizes(guest, &strings, number, size)
}

pub(super) fn args_get(guest: &mut Guest<'_>, pointers: u32, buffer: u32) -> Done {
    let strings = arguments(guest)?;
    put_strings(guest, &strings, pointers, buffer)
}

pub(super) fn environ_sizes_get(guest: &mut Guest<'_>, number: u32, size: u32) -> Done {
    let strings = environment(guest)?;
    put_sizes(guest, &strings, number, size)
}

pub(super) fn environ_get(guest: &mut Guest<'_>, pointers: u32, buffer: u32) -> Done {
    let strings = environment(guest)?;
    put_strings(guest, &strings, pointers, buffer)
}

/// The clock with preview 1's number `id`. There are none of processor time; Wasmtime says it in the same way.
fn clock(guest: &Guest<'_>, id: u32) -> Result<Handle, Errno> {
    match id {
        0 => given(guest, Role::ClockReal),
        1 => given(guest, Role::ClockMono),
        2 | 3 => Err(Errno::BADF),
        _ => Err(Errno::INVAL),
    }
}

/// What time it is on a clock.
pub(super) fn read_clock(guest: &mut Guest<'_>, role: Role) -> Result<u64, Errno> {
    let handle = given(guest, role)?;
    let mut time = [0; 8];
    dispatch(guest.state, Call::Read { handle, into: &mut time, position: None })?;
    Ok(u64::from_le_bytes(time))
}

pub(super) fn clock_time_get(guest: &mut Guest<'_>, id: u32, _precision: u64, out: u32) -> Done {
    let handle = clock(guest, id)?;
    let into = bytes_mut(&mut guest.memory, out, 8)?;
    dispatch(guest.state, Call::Read { handle, into, position: None })?;
    Ok(())
}

pub(super) fn clock_res_get(guest: &mut Guest<'_>, id: u32, out: u32) -> Done {
    let handle = clock(guest, id)?;
    let (request, out_bytes) = (Request::Resolution, &mut []);
    let call = Call::Control { handle, request, input: &[], out: out_bytes, argument: 0 };
    let nanoseconds = dispatch(guest.state, call)?;
    guest.put_u64(out, u64::try_from(nanoseconds).map_err(|_| Errno::OVERFLOW)?)
}

pub(super) fn random_get(guest: &mut Guest<'_>, buffer: u32, len: u32) -> Done {
    let handle = given(guest, Role::Random)?;
    let mut into = bytes_mut(&mut guest.memory, buffer, len)?;
    while !into.is_empty() {
        let read = dispatch(guest.state, Call::Read { handle, into: &mut *into, position: None })?;
        into = into.get_mut(count(read)? as usize..).unwrap_or_default();
        if read == 0 {
            return Err(Errno::IO);
        }
    }
    Ok(())
}

pub(super) fn proc_exit(guest: &mut Guest<'_>, code: u32) -> Done {
    dispatch(guest.state, Call::Exit { code: code as i32 })?;
    Ok(())
}

/// Signals of preview 1, by number, that end a process when nobody handles them; the guest has no way to.
const DEADLY: [(u32, &str); 21] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (10, "SIGUSR1"),
    (11, "SIGSEGV"),
    (12, "SIGUSR2"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (23, "SIGXCPU"),
    (24, "SIGXFSZ"),
    (25, "SIGVTALRM"),
    (26, "SIGPROF"),
    (28, "SIGPOLL"),
    (29, "SIGPWR"),
    (30, "SIGSYS"),
];

/// Signals of preview 1 that do nothing when nobody handles them, and the one that is none.
const IGNORED: [u32; 6] = [0, 13, 16, 17, 22, 27];
/// How many signals there are.
const SIGNALS: u32 = 31;

pub(super) fn proc_raise(guest: &mut Guest<'_>, signal: u32) -> Done {
    if let Some((_, name)) = DEADLY.iter().find(|(number, _)| *number == signal) {
        guest.trap = Some(format!("the program raised {name}"));
        return Ok(());
    }
    match signal {
        ignored if IGNORED.contains(&ignored) => Ok(()),
        // Nobody could let a stopped process go on.
        stopping if stopping < SIGNALS => Err(Errno::NOTSUP),
        _ => Err(Errno::INVAL),
    }
}

/// Lets others run: a wait that is over at once, so that an order to stop is seen.
pub(super) fn sched_yield(guest: &mut Guest<'_>) -> Done {
    let waiting = Waiting::Now { items: &[], deadline: Some(0), out: &mut [] };
    match dispatch(guest.state, Call::Wait(waiting)) {
        Ok(_) | Err(Error::Timeout | Error::Again) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
