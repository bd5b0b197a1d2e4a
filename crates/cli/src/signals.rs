//! Signals that end a run: Ctrl-C, SIGTERM, SIGHUP, and SIGPIPE by our own hand.
//!
//! b8g always dies of the signal itself, as other tools do, so that whoever started it (a shell in a loop, a
//! supervisor) sees what happened. A signal that the parent process had ignored stays ignored.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use libc::c_int;

use crate::console::STDERR;

/// The signals that end a run, and what the handler says of each.
const ENDING: [(c_int, &str, &[u8]); 3] = [
    (libc::SIGINT, "SIGINT", b"\nb8g: stopped: interrupted by SIGINT\n"),
    (libc::SIGTERM, "SIGTERM", b"\nb8g: stopped: interrupted by SIGTERM\n"),
    (libc::SIGHUP, "SIGHUP", b"\nb8g: stopped: interrupted by SIGHUP\n"),
];

/// The handler says nothing.
static QUIET: AtomicBool = AtomicBool::new(false);
/// The handler starts a new line, because the terminal shows `^C` on this one.
static NEW_LINE: AtomicBool = AtomicBool::new(false);

/// A signal's name.
pub fn name(signal: c_int) -> &'static str {
    ENDING.iter().find(|(number, ..)| *number == signal).map_or("a signal", |(_, name, _)| name)
}

/// Says why before one of these signals ends the process. For runs that leave nothing to be done then.
pub fn announce(quiet: bool, new_line: bool) {
    QUIET.store(quiet, Relaxed);
    NEW_LINE.store(new_line, Relaxed);
    for signal in heeded() {
        // SAFETY: a zeroed action is a valid one; the handler is async-signal-safe.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = say_and_die as *const () as usize;
            action.sa_flags = libc::SA_RESETHAND | libc::SA_NODEFER | libc::SA_ONSTACK;
            libc::sigaction(signal, &raw const action, ptr::null_mut());
        }
    }
}

/// Only system calls, atomics and constants are used here: the thread may hold any lock.
extern "C" fn say_and_die(signal: c_int) {
    if !QUIET.load(Relaxed)
        && let Some((.., line)) = ENDING.iter().find(|(number, ..)| *number == signal)
    {
        let line = &line[usize::from(!NEW_LINE.load(Relaxed))..];
        // SAFETY: the pointer and the length are those of a constant.
        unsafe { libc::write(STDERR, line.as_ptr().cast(), line.len()) };
    }
    die_of(signal);
}

/// Calls `then` on another thread when one of these signals comes, instead of ending the process. To be called before
/// other threads are made: they must not receive the signals.
///
/// # Errors
/// When the thread cannot be started.
pub fn listen(mut then: impl FnMut(c_int) + Send + 'static) -> io::Result<()> {
    let signals: Vec<c_int> = heeded().collect();
    if signals.is_empty() {
        return Ok(());
    }
    let set = set_of(&signals);
    // SAFETY: `set` is a valid set.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, ptr::null_mut()) };
    let wait = move || loop {
        let mut signal = 0;
        // SAFETY: both are valid for the time of the call.
        if unsafe { libc::sigwait(&raw const set, &raw mut signal) } == 0 {
            then(signal);
        }
    };
    std::thread::Builder::new().name("b8g-signals".into()).stack_size(256 << 10).spawn(wait).map(|_| ())
}

/// Ends the process by a signal, whatever was said about it before.
pub fn die_of(signal: c_int) -> ! {
    let set = set_of(&[signal]);
    // SAFETY: plain system calls on valid structures, all of them async-signal-safe.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, ptr::null_mut());
        libc::raise(signal);
        // The first process of a container does not die of its own signals.
        libc::_exit(128 + signal)
    }
}

/// Those of the signals that the parent process did not ignore.
fn heeded() -> impl Iterator<Item = c_int> {
    ENDING.iter().map(|(signal, ..)| *signal).filter(|signal| {
        let mut old = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: asks only; a zeroed structure is a valid place for the answer.
        let old = unsafe {
            libc::sigaction(*signal, ptr::null(), old.as_mut_ptr());
            old.assume_init()
        };
        old.sa_sigaction != libc::SIG_IGN
    })
}

fn set_of(signals: &[c_int]) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: `set` is a valid place, and the numbers are those of signals.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        set.assume_init()
    }
}
