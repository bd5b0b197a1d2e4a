//! Waiting for many handles: at once, or parked.

use core::marker::PhantomData;

use crate::abi::{op, ready};
use crate::{Handle, Result, call};

/// What is waited for, and what was found.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[repr(transparent)]
pub struct Ready(pub u32);

impl Ready {
    /// It can be read.
    pub const READ: Ready = Ready(ready::READ);
    /// It can be written.
    pub const WRITE: Ready = Ready(ready::WRITE);

    /// Tells whether any bit of `other` is here.
    pub const fn any(self, other: Ready) -> bool {
        self.0 & other.0 != 0
    }
}

/// A handle to wait for.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Item<'h> {
    handle: u32,
    interest: Ready,
    owner: PhantomData<&'h Handle>,
}

const _: () = assert!(size_of::<Item<'_>>() == size_of::<crate::abi::WaitItem>());

impl Item<'_> {
    /// Waits for `handle` to be ready for `interest`.
    pub const fn new(handle: &Handle, interest: Ready) -> Item<'_> {
        Item { handle: handle.raw(), interest, owner: PhantomData }
    }
}

/// Waits until one of the items is ready, and writes what each is; `deadline` is on the monotonic clock.
///
/// # Errors
/// TIMEOUT; ARG: more than 1,024 items, or not as many in `found`.
pub fn wait(items: &[Item<'_>], deadline: Option<u64>, found: &mut [Ready]) -> Result<usize> {
    if found.len() != items.len() {
        return Err(crate::Error::ARGUMENT);
    }
    // SAFETY: only `found` is written, and it has room for each item.
    unsafe { call::raw(op::WAIT, 0, arguments(items, deadline, call::at(found.as_mut_ptr()))) }
        .map(|count| count as usize)
}

/// Parks a wait: the component then returns [`crate::State::Waiting`], and hears of it.
///
/// # Errors
/// ARG: more than 1,024 items.
pub fn park(items: &[Item<'_>], deadline: Option<u64>) -> Result<()> {
    call::plain(op::WAIT, 0, arguments(items, deadline, 0)).map(drop)
}

/// Waits for one handle.
///
/// # Errors
/// TIMEOUT.
pub fn wait_for(handle: &Handle, interest: Ready, deadline: Option<u64>) -> Result<Ready> {
    let mut found = [Ready(0)];
    wait(&[Item::new(handle, interest)], deadline, &mut found)?;
    Ok(found[0])
}

fn arguments(items: &[Item<'_>], deadline: Option<u64>, out: i64) -> [i64; 4] {
    let deadline = deadline.map_or(-1, |deadline| i64::try_from(deadline).unwrap_or(i64::MAX));
    [call::at(items.as_ptr()), items.len() as i64, deadline, out]
}
