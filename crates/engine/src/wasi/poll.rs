//! `poll_oneoff`: waiting for clocks and descriptors, as one wait of the dispatch function.

use b8g_core::Error;
use b8g_core::abi::{Role, WAIT_ITEMS_MAX, ready};

use super::fds::Kind;
use super::guest::{Done, Guest, array_bytes, bytes};
use super::process::read_clock;
use super::types::{Errno, rights, u16_at, u32_at, u64_at};
use super::{file, types};
use crate::dispatch::{Call, dispatch};
use crate::wait::{Item, Waiting};

const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;

const TYPE_CLOCK: u8 = 0;
const TYPE_READ: u8 = 1;
const TYPE_WRITE: u8 = 2;

/// The timeout is a time of the clock, not a duration.
const CLOCK_ABSOLUTE: u16 = 1;
/// The other end is gone.
const EVENT_HANGUP: u16 = 1;

/// Something that is waited for.
#[derive(Clone, Copy, Debug)]
struct Subscription {
    userdata: u64,
    event_type: u8,
    what: Result<What, Errno>,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// Until this time of the context's monotonic clock.
    Deadline(u64),
    /// Until this item of the wait is ready.
    Item { index: usize, kind: Kind },
}

/// What has happened.
struct Event {
    errno: u16,
    bytes: u64,
    flags: u16,
}

pub(super) fn poll_oneoff(
    guest: &mut Guest<'_>,
    subscriptions: u32,
    out: u32,
    count: u32,
    used: u32,
) -> Done {
    if count == 0 || u64::from(count) > WAIT_ITEMS_MAX {
        return Err(Errno::INVAL);
    }
    let asked = bytes(&guest.memory, subscriptions, array_bytes(count, SUBSCRIPTION_BYTES)?)?.to_vec();
    guest.check(out, array_bytes(count, EVENT_BYTES)?)?;
    guest.check(used, 4)?;

    let (mut items, mut subscriptions) = (Vec::new(), Vec::with_capacity(count as usize));
    let now = guest.state.now();
    for record in asked.chunks_exact(SUBSCRIPTION_BYTES as usize) {
        subscriptions.push(subscribe(guest, record, now, &mut items)?);
    }
    let mut ready = vec![0; items.len()];
    let passed = wait(guest, &subscriptions, &items, &mut ready)?;

    let mut events = 0;
    for subscription in &subscriptions {
        if let Some(event) = happened(guest, subscription, &ready, &items, passed)? {
            let mut record = [0; EVENT_BYTES as usize];
            record[0..8].copy_from_slice(&subscription.userdata.to_le_bytes());
            record[8..10].copy_from_slice(&event.errno.to_le_bytes());
            record[10] = subscription.event_type;
            record[16..24].copy_from_slice(&event.bytes.to_le_bytes());
            record[24..26].copy_from_slice(&event.flags.to_le_bytes());
            guest.put(out + events * EVENT_BYTES, &record)?;
            events += 1;
        }
    }
    guest.put_u32(used, events)
}

/// Reads a subscription. What is wrong with one alone becomes an event, so that the others are still heard.
fn subscribe(
    guest: &mut Guest<'_>,
    record: &[u8],
    now: u64,
    items: &mut Vec<Item>,
) -> Result<Subscription, Errno> {
    let event_type = record[8];
    let what = match event_type {
        TYPE_CLOCK => deadline(guest, record, now).map(What::Deadline),
        TYPE_READ => item(guest, u32_at(record, 16), rights::FD_READ, ready::READ, items),
        TYPE_WRITE => item(guest, u32_at(record, 16), rights::FD_WRITE, ready::WRITE, items),
        _ => return Err(Errno::INVAL),
    };
    // An order to stop, seen by reading a clock, is no event.
    if guest.state.ending.is_some() {
        return Err(Errno::INVAL);
    }
    Ok(Subscription { userdata: u64_at(record, 0), event_type, what })
}

fn deadline(guest: &mut Guest<'_>, record: &[u8], now: u64) -> Result<u64, Errno> {
    let (clock, timeout, how) = (u32_at(record, 16), u64_at(record, 24), u16_at(record, 40));
    let role = match clock {
        0 => Role::ClockReal,
        1 => Role::ClockMono,
        2 | 3 => return Err(Errno::NOTSUP),
        _ => return Err(Errno::INVAL),
    };
    match (how, role) {
        // A duration tells no time, so it needs no clock.
        (0, _) => Ok(now.saturating_add(timeout)),
        (CLOCK_ABSOLUTE, Role::ClockMono) => Ok(timeout),
        (CLOCK_ABSOLUTE, _) => Ok(now.saturating_add(timeout.saturating_sub(read_clock(guest, role)?))),
        _ => Err(Errno::INVAL),
    }
}

fn item(
    guest: &Guest<'_>,
    fd: u32,
    needed: u64,
    interest: u32,
    items: &mut Vec<Item>,
) -> Result<What, Errno> {
    let fd = guest.fd(fd)?;
    if fd.kind == Kind::Directory {
        return Err(Errno::BADF);
    }
    fd.holds(needed | rights::POLL_FD_READWRITE)?;
    items.push(Item { handle: fd.handle, interest });
    Ok(What::Item { index: items.len() - 1, kind: fd.kind })
}

/// Waits; answers up to which time deadlines have passed.
fn wait(
    guest: &mut Guest<'_>,
    subscriptions: &[Subscription],
    items: &[Item],
    ready: &mut [u32],
) -> Result<u64, Errno> {
    let failed = subscriptions.iter().any(|s| s.what.is_err());
    let earliest = subscriptions.iter().filter_map(|s| match s.what {
        Ok(What::Deadline(at)) => Some(at),
        _ => None,
    });
    // There is something to tell already when one of them is wrong.
    let deadline = if failed { Some(0) } else { earliest.min() };
    loop {
        let waiting = Waiting::Now { items, deadline, out: &mut *ready };
        match dispatch(guest.state, Call::Wait(waiting)) {
            Ok(_) => return Ok(guest.state.now()),
            Err(Error::Timeout) => return Ok(guest.state.now().max(deadline.unwrap_or(0))),
            Err(Error::Again) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn happened(
    guest: &mut Guest<'_>,
    subscription: &Subscription,
    ready: &[u32],
    items: &[Item],
    passed: u64,
) -> Result<Option<Event>, Errno> {
    let event = |errno: u16, bytes, flags| Ok(Some(Event { errno, bytes, flags }));
    let (index, kind) = match subscription.what {
        Err(errno) => return event(errno.number(), 0, 0),
        Ok(What::Deadline(at)) if at <= passed => return event(0, 0, 0),
        Ok(What::Deadline(_)) => return Ok(None),
        Ok(What::Item { index, kind }) => (index, kind),
    };
    let bits = ready[index];
    if bits == 0 {
        return Ok(None);
    }
    if bits & ready::BAD != 0 {
        return event(Errno::BADF.number(), 0, 0);
    }
    let hangup = if bits & ready::FAILED != 0 { EVENT_HANGUP } else { 0 };
    let bytes = match (kind, subscription.event_type) {
        (Kind::File, TYPE_READ) => bytes_left(guest, items[index])?,
        // Nobody knows how many; it can be tried.
        _ => u64::from(bits & (ready::READ | ready::WRITE) != 0),
    };
    event(0, bytes, hangup)
}

/// Bytes of a file behind its position.
fn bytes_left(guest: &mut Guest<'_>, item: Item) -> Result<u64, Errno> {
    const CURRENT: u64 = 1;
    let size = types::u64_at(&file::stat(guest.state, item.handle)?, 24);
    let at = file::seek(guest.state, item.handle, 0, CURRENT)?;
    Ok(size.saturating_sub(at))
}
