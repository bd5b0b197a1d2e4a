//! Clocks and timers.

use crate::abi::op;
use crate::{Error, Handle, Result, call};

/// A clock.
#[derive(Debug)]
pub struct Clock(Handle);

impl Clock {
    /// Takes a handle for a clock.
    pub const fn from_handle(handle: Handle) -> Clock {
        Clock(handle)
    }

    /// Nanoseconds.
    ///
    /// # Errors
    /// RIGHTS.
    pub fn now(&self) -> Result<u64> {
        let mut now = [0; 8];
        match self.0.read(&mut now)? {
            8 => Ok(u64::from_le_bytes(now)),
            _ => Err(Error::IO),
        }
    }

    /// Makes a timer that is readable at `deadline` of this clock, and then each `period`, if that is not 0.
    ///
    /// # Errors
    /// LIMIT, ARG.
    pub fn timer(&self, deadline: u64, period: u64) -> Result<Timer> {
        let arguments = [deadline.cast_signed(), period.cast_signed(), 0, 0];
        call::plain(op::TIMER, self.0.raw(), arguments).map(|answer| Timer(Handle::answered(answer)))
    }
}

/// A timer.
#[derive(Debug)]
pub struct Timer(Handle);

impl Timer {
    /// Its handle, to wait for it.
    pub const fn handle(&self) -> &Handle {
        &self.0
    }

    /// How often it was due since the last time.
    ///
    /// # Errors
    /// AGAIN: not yet.
    pub fn expired(&self) -> Result<u64> {
        let mut times = [0; 8];
        self.0.read(&mut times)?;
        Ok(u64::from_le_bytes(times))
    }
}
