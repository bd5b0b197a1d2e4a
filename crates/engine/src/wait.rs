//! Waiting: the only operation that may block, and its parked form that does not.

use std::os::fd::{BorrowedFd, RawFd};

use b8g_core::abi::{WAIT_ITEMS_MAX, ready};
use b8g_core::{Error, Handle, Rights};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::object::clock::Clock;
use crate::object::{Object, Readiness, errno};
use crate::state::State;

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Item {
    pub(crate) handle: Handle,
    /// Of [`ready`].
    pub(crate) interest: u32,
}

/// A wait as an operation asks for it. Deadlines are nanoseconds on the context's monotonic clock.
#[derive(Debug)]
pub(crate) enum Waiting<'m> {
    /// Wait now; a word for each item says what is ready.
    Now { items: &'m [Item], deadline: Option<u64>, out: &'m mut [u32] },
    /// Wait when no code of the component runs any more.
    Park(Parked),
}

/// A wait that outlives the call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Parked {
    pub(crate) items: Vec<Item>,
    pub(crate) deadline: Option<u64>,
}

/// Does or parks a wait; answers the number of ready items.
///
/// # Errors
/// [`Error::Timeout`] at the deadline, [`Error::Canceled`] when the context is to stop, [`Error::Argument`] for a wait
/// that could never end or has too many items.
pub(crate) fn wait(state: &mut State, waiting: Waiting<'_>) -> Result<i64, Error> {
    match waiting {
        Waiting::Now { items, deadline, out } => {
            check(items, deadline)?;
            wait_now(state, items, deadline, out, false).map(|n| n as i64)
        }
        Waiting::Park(parked) => {
            check(&parked.items, parked.deadline)?;
            state.parked = Some(parked);
            Ok(0)
        }
    }
}

fn check(items: &[Item], deadline: Option<u64>) -> Result<(), Error> {
    let endless = items.is_empty() && deadline.is_none();
    if endless || items.len() as u64 > WAIT_ITEMS_MAX { Err(Error::Argument) } else { Ok(()) }
}

/// The descriptors to ask the system about, and what is known without it.
struct Survey {
    descriptors: Vec<(usize, RawFd, PollFlags)>,
    ready: usize,
    /// The earliest moment at which something becomes ready by itself.
    next: Option<u64>,
    /// Something rings when it becomes ready.
    rings: bool,
}

fn survey(state: &State, items: &[Item], now: u64, out: &mut [u32]) -> Survey {
    let mut survey = Survey { descriptors: Vec::new(), ready: 0, next: None, rings: false };
    for (i, item) in items.iter().enumerate() {
        out[i] = match readiness(state, item.handle, item.interest) {
            Err(_) => ready::BAD,
            Ok(Readiness::Now(bits)) => bits & (item.interest | ready::FAILED),
            Ok(Readiness::Rings) => {
                survey.rings = true;
                0
            }
            Ok(Readiness::At(at)) if at <= now => ready::READ,
            Ok(Readiness::At(at)) => {
                survey.next = Some(survey.next.map_or(at, |next| next.min(at)));
                0
            }
            Ok(Readiness::Rung(fd)) => {
                survey.descriptors.push((i, fd, PollFlags::IN));
                0
            }
            Ok(Readiness::Descriptor(fd)) => {
                let mut flags = PollFlags::empty();
                flags.set(PollFlags::IN, item.interest & ready::READ != 0);
                flags.set(PollFlags::OUT, item.interest & ready::WRITE != 0);
                survey.descriptors.push((i, fd, flags));
                0
            }
        };
        survey.ready += usize::from(out[i] != 0);
    }
    survey
}

fn readiness(state: &State, handle: Handle, interest: u32) -> Result<Readiness, Error> {
    let both = Readiness::Now(ready::READ | ready::WRITE);
    Ok(match state.table.get_with(handle, Rights::WAIT)? {
        Object::Input(input) => input.readiness(),
        Object::Output(output) => output.readiness(),
        Object::Socket(socket) => socket.readiness(),
        Object::Timer(timer) => Readiness::At(timer.next()),
        Object::Channel(end) => now_or_rings(end.ready(), interest),
        Object::Writer(writer) => now_or_rings(writer.ready(), interest),
        Object::Reader(reader) => now_or_rings(reader.ready(), interest),
        Object::Event(event) => now_or_rings(event.ready(), interest),
        Object::Task(task) => now_or_rings(task.ready(), interest),
        Object::Exchange(exchange) => now_or_rings(exchange.ready(), interest),
        Object::Blob(_)
        | Object::Kept(_)
        | Object::Answer(_)
        | Object::File(_)
        | Object::Memory(_)
        | Object::Random(_)
        | Object::Clock(_) => both,
        _ => return Err(Error::Type),
    })
}

fn now_or_rings(bits: u32, interest: u32) -> Readiness {
    match bits & (interest | ready::FAILED) {
        0 => Readiness::Rings,
        bits => Readiness::Now(bits),
    }
}

/// Waits until an item is ready; answers how many are.
///
/// # Errors
/// As [`wait`]; [`Error::Busy`] when a parked wait is to go on later, because the task was told something.
pub(crate) fn wait_now(
    state: &State,
    items: &[Item],
    deadline: Option<u64>,
    out: &mut [u32],
    is_parked: bool,
) -> Result<usize, Error> {
    let clock = Clock::Monotonic(state.time.clone());
    let out = out.get_mut(..items.len()).ok_or(Error::Argument)?;
    let mut listening = false;
    loop {
        if state.monitor.stop_ordered().is_some() {
            return Err(Error::Canceled);
        }
        if let Some(orders) = state.orders.as_ref().filter(|orders| orders.are_new()) {
            // Between its calls it does as it is told; within one it can only stay where it is.
            if is_parked {
                return Err(Error::Busy);
            }
            orders.stay_suspended();
        }
        let now = clock.now();
        let mut survey = survey(state, items, now, out);
        // A task hears of orders whatever it waits for.
        survey.rings |= state.orders.is_some();
        if survey.rings && survey.ready == 0 && !listening {
            // Whoever changes something from now on is heard; what changed before is seen when everything is looked at again.
            listen(state, items)?;
            listening = true;
            continue;
        }
        // Whoever rang took the bell down.
        listening = false;
        let until = match (deadline, survey.next) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let passed = deadline.is_some_and(|deadline| deadline <= now);
        let timeout =
            if survey.ready > 0 || passed { Some(0) } else { until.map(|at| at.saturating_sub(now)) };
        // A seeded clock does not wait: it asks once and then jumps to the next moment at which something happens.
        let seeded = state.time.is_seeded();
        let timeout = if seeded && timeout.is_some() { Some(0) } else { timeout };
        let found = ask(&mut survey, timeout, out, state)?;
        // What only rings does not say what it is ready for.
        for (word, item) in out.iter_mut().zip(items) {
            if *word != 0 && *word & (item.interest | ready::FAILED | ready::BAD) == 0 {
                *word = item.interest;
            }
        }
        let ready = survey.ready + found;
        if ready > 0 {
            return Ok(ready);
        }
        if passed {
            return Err(Error::Timeout);
        }
        if let (true, Some(until)) = (seeded, until) {
            state.time.jump(until);
        }
    }
}

/// Hangs the context's bell up at everything that rings.
fn listen(state: &State, items: &[Item]) -> Result<(), Error> {
    state.bell().fd()?;
    state.bell().hush();
    for item in items {
        if let Ok(object) = state.table.get_with(item.handle, Rights::WAIT) {
            object.hang_up(state.bell());
        }
    }
    Ok(())
}

/// Polls the descriptors of a survey, and the bell if something rings; answers how many are ready. A signal ends it early with none.
fn ask(survey: &mut Survey, timeout_ns: Option<u64>, out: &mut [u32], state: &State) -> Result<usize, Error> {
    let mut fds: Vec<PollFd<'_>> = survey
        .descriptors
        .iter()
        .map(|(_, fd, flags)| {
            // SAFETY: the descriptors belong to objects in the context's table (or are the process's standard
            // streams); nothing can close them while this context waits, as only its own calls change the table.
            PollFd::from_borrowed_fd(unsafe { BorrowedFd::borrow_raw(*fd) }, *flags)
        })
        .collect();
    if fds.is_empty() && timeout_ns == Some(0) {
        return Ok(0);
    }
    if survey.rings {
        fds.push(PollFd::from_borrowed_fd(state.bell().fd()?, PollFlags::IN));
    }
    let timeout = timeout_ns.map(|ns| Timespec {
        tv_sec: i64::try_from(ns / 1_000_000_000).unwrap_or(i64::MAX),
        tv_nsec: (ns % 1_000_000_000) as _,
    });
    if state.monitor.stop_ordered().is_some() {
        return Err(Error::Canceled);
    }
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) => {}
        Err(rustix::io::Errno::INTR) => return Ok(0),
        Err(error) => return Err(errno(error)),
    }
    let mut found = 0;
    for (polled, (i, _, asked)) in fds.iter().zip(&survey.descriptors) {
        let got = polled.revents();
        let mut bits = 0;
        if got.intersects(PollFlags::IN | PollFlags::HUP) && asked.contains(PollFlags::IN) {
            bits |= ready::READ;
        }
        if got.contains(PollFlags::OUT) {
            bits |= ready::WRITE;
        }
        if got.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) {
            bits |= ready::FAILED;
        }
        out[*i] = bits;
        found += usize::from(bits != 0);
    }
    Ok(found)
}
