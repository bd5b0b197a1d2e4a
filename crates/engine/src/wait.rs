//! Waiting: the only operation that may block, and its parked form that does not. [`b8g_core::wait`] decides what is ready and
//! whether to sleep; here are clocks, descriptors and orders.

use std::os::fd::{BorrowedFd, RawFd};

use b8g_core::abi::ready;
pub(crate) use b8g_core::wait::Item;
use b8g_core::wait::{After, Step, Survey, Wait, check};
use b8g_core::{Error, Rights};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::object::clock::Clock;
use crate::object::{Object, Readiness, errno};
use crate::state::State;

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
            check(items.len(), deadline)?;
            wait_now(state, items, deadline, out, false).map(|n| n as i64)
        }
        Waiting::Park(parked) => {
            check(parked.items.len(), parked.deadline)?;
            state.parked = Some(parked);
            Ok(0)
        }
    }
}

fn readiness(state: &State, item: &Item) -> Result<Readiness, Error> {
    let both = Readiness::Now(ready::READ | ready::WRITE);
    let rings = |bits| Readiness::of_ringing(bits, item.interest);
    Ok(match state.table.get_with(item.handle, Rights::WAIT)? {
        Object::Input(input) => input.readiness(),
        Object::Output(output) => output.readiness(),
        Object::Socket(socket) => socket.readiness(),
        Object::Datagrams(socket) => socket.readiness(item.interest),
        Object::Timer(timer) => Readiness::At(timer.next()),
        Object::Channel(end) => rings(end.ready()),
        Object::Writer(writer) => rings(writer.ready()),
        Object::Reader(reader) => rings(reader.ready()),
        Object::Event(event) => rings(event.ready()),
        Object::Task(task) => rings(task.ready()),
        Object::Exchange(exchange) => rings(exchange.ready()),
        Object::Codec(codec) => rings(codec.ready()),
        // A session of TLS answers at once too: what to wait for is the connection below it.
        Object::Tls(_)
        | Object::Blob(_)
        | Object::Kept(_)
        | Object::Answer(_)
        | Object::File(_)
        | Object::Memory(_)
        | Object::Random(_)
        | Object::Clock(_) => both,
        _ => return Err(Error::Type),
    })
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
    let mut wait = Wait::new(deadline, state.time.is_seeded(), is_parked);
    loop {
        let orders = state.orders.as_ref().filter(|orders| orders.are_new());
        if let (true, Some(orders)) =
            (wait.heed(state.monitor.stop_ordered().is_some(), orders.is_some())?, orders)
        {
            // Between its calls it does as it is told; within one it can only stay where it is.
            orders.stay_suspended();
        }
        let now = clock.now();
        let mut survey = Survey::look(items, now, out, |item| readiness(state, item));
        // A task hears of orders whatever it waits for.
        survey.rings |= state.orders.is_some();
        let timeout = match wait.step(&survey, now) {
            Step::Listen => {
                listen(state, items)?;
                continue;
            }
            Step::Ask(timeout) => timeout,
        };
        let found = ask(&survey, timeout, out, state)?;
        match wait.after(&survey, found, now)? {
            After::Ready(ready) => return Ok(ready),
            After::Jump(moment) => {
                state.time.jump(moment);
            }
            After::Again => {}
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
fn ask(
    survey: &Survey<RawFd>,
    timeout_ns: Option<u64>,
    out: &mut [u32],
    state: &State,
) -> Result<usize, Error> {
    let mut fds: Vec<PollFd<'_>> = survey
        .asked
        .iter()
        .map(|asked| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, asked.interest & ready::READ != 0);
            flags.set(PollFlags::OUT, asked.interest & ready::WRITE != 0);
            // SAFETY: the descriptors belong to objects in the context's table (or are the process's standard
            // streams); nothing can close them while this context waits, as only its own calls change the table.
            PollFd::from_borrowed_fd(unsafe { BorrowedFd::borrow_raw(asked.what) }, flags)
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
    for (polled, asked) in fds.iter().zip(&survey.asked) {
        let got = polled.revents();
        let word = asked.word(
            got.intersects(PollFlags::IN | PollFlags::HUP),
            got.contains(PollFlags::OUT),
            got.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL),
        );
        out[asked.item] = word;
        found += usize::from(word != 0);
    }
    Ok(found)
}
