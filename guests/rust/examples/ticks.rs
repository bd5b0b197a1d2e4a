//! Parks its waits: between two ticks of a timer it has no machine stack, and can be frozen. Tells each tick over its first channel.
#![no_std]

use core::cell::RefCell;

use b8g_guest::{Channel, Error, Happened, Item, Ready, Reason, Result, State, Timer, given, park};

b8g_guest::main!(start);
b8g_guest::events!(event);

struct Ticks {
    channel: Channel,
    timer: Timer,
    ticks: u8,
}

/// What stays between two calls. A component has one thread.
struct Kept(RefCell<Option<Ticks>>);

// SAFETY: a component has one thread.
unsafe impl Sync for Kept {}

static KEPT: Kept = Kept(RefCell::new(None));

fn start() -> Result<State> {
    let (clock, channel) = given::monotonic().zip(given::channel(0)).ok_or(Error::NOT_FOUND)?;
    let timer = clock.timer(clock.now()? + 1_000_000, 1_000_000)?;
    let ticks = Ticks { channel, timer, ticks: 0 };
    let state = ticks.park();
    *KEPT.0.borrow_mut() = Some(ticks);
    state
}

fn event(happened: Happened) -> Result<State> {
    let mut kept = KEPT.0.borrow_mut();
    let ticks = kept.as_mut().ok_or(Error::NOT_FOUND)?;
    if happened.reason != Reason::Ready {
        return ticks.park();
    }
    ticks.timer.expired()?;
    ticks.ticks += 1;
    ticks.channel.send(&[ticks.ticks])?;
    if ticks.ticks < 3 {
        return ticks.park();
    }
    // Who has the other end hears that it is closed.
    *kept = None;
    Ok(State::Done)
}

impl Ticks {
    fn park(&self) -> Result<State> {
        park(&[Item::new(self.timer.handle(), Ready::READ)], None)?;
        Ok(State::Waiting)
    }
}
