//! How the engine calls a component: [`main!`](crate::main) and [`events!`](crate::events).

use core::fmt::{self, Debug, Write};

use crate::abi::{ctl, event, op, state, task};
use crate::{call, given};

/// What a component is after a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i32)]
pub enum State {
    /// Nothing is left to do.
    Done = state::DONE,
    /// A wait is parked.
    Waiting = state::WAITING,
    /// Nothing runs, and it asks to be frozen here.
    Checkpoint = state::CHECKPOINT,
}

/// Why a component is called again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// A parked wait ended: `token` is the index of the first ready item, or -1 for the deadline.
    Ready,
    /// Somebody wants it to stop.
    Cancel,
    /// It goes on from where it was frozen: every handle from before is stale.
    Restored,
    /// Call the program's function `main`.
    Main,
    /// The checkpoint is over.
    Checkpoint,
    /// Something else: a number of [`crate::abi::event`].
    Other(i32),
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Happened {
    /// What.
    pub reason: Reason,
    /// As the reason says.
    pub token: i64,
    /// A handle's number, or 0.
    pub handle: u32,
    /// As the reason says.
    pub value: i64,
}

impl Happened {
    /// Reads what the engine called with.
    #[doc(hidden)]
    pub fn new(token: i64, kind: i32, handle: u32, value: i64) -> Happened {
        let reason = match kind {
            event::READY => Reason::Ready,
            event::CANCEL => Reason::Cancel,
            event::RESTORED => {
                given::renew();
                Reason::Restored
            }
            event::MAIN => Reason::Main,
            event::CHECKPOINT => Reason::Checkpoint,
            other => Reason::Other(other),
        };
        Happened { reason, token, handle, value }
    }
}

/// What a component's function can return.
pub trait Outcome {
    /// The state, or none after an error that was reported.
    fn state(self) -> State;
}

impl Outcome for () {
    fn state(self) -> State {
        State::Done
    }
}

impl Outcome for State {
    fn state(self) -> State {
        self
    }
}

impl<T: Outcome, E: Debug> Outcome for Result<T, E> {
    fn state(self) -> State {
        match self {
            Ok(outcome) => outcome.state(),
            Err(error) => {
                let mut text = Text { bytes: [0; 512], len: 0 };
                let _ = write!(text, "Error: {error:?}");
                fail(&text.bytes[..text.len]);
                State::Done
            }
        }
    }
}

/// What the engine is answered.
#[doc(hidden)]
pub fn outcome(outcome: impl Outcome) -> i32 {
    outcome.state() as i32
}

/// Reports the error that ends the component, as UTF-8. Return [`State::Done`] then.
pub fn fail(text: &[u8]) {
    let _ = call::ctl(0, ctl::FAIL, text, &mut [], 0);
}

/// Ends the component with an exit code.
pub fn finish(code: i32) -> ! {
    loop {
        let _ = call::plain(op::TASK, 0, [task::EXIT.cast_signed(), code.into(), 0, 0]);
    }
}

/// Text up to a bound; what is more is left out.
struct Text {
    bytes: [u8; 512],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.bytes[self.len..];
        let len = room.len().min(text.len());
        room[..len].copy_from_slice(&text.as_bytes()[..len]);
        self.len += len;
        Ok(())
    }
}

/// Makes a function the component's start. It takes nothing, and returns nothing, a [`State`] or a `Result` of one of them.
#[macro_export]
macro_rules! main {
    ($function:path) => {
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn b8g_start(_shared: u32, _shared_len: u32, _own: u32, _own_len: u32) -> i32 {
                $crate::outcome($function())
            }
        };
    };
}

/// Makes a function the one that is called again because something happened. It takes a [`Happened`].
#[macro_export]
macro_rules! events {
    ($function:path) => {
        const _: () = {
            #[unsafe(no_mangle)]
            extern "C" fn b8g_event(token: i64, kind: i32, handle: u32, value: i64) -> i32 {
                $crate::outcome($function($crate::Happened::new(token, kind, handle, value)))
            }
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut text = Text { bytes: [0; 512], len: 0 };
        for _ in 0..100 {
            write!(text, "0123456789").unwrap();
        }
        assert_eq!((text.len, text.bytes[511]), (512, b'1'));
    }

    #[test]
    fn a_function_may_return_several_things() {
        assert_eq!(outcome(()), 0);
        assert_eq!(outcome(State::Waiting), 1);
        assert_eq!(outcome(Ok::<_, ()>(State::Checkpoint)), 2);
        assert_eq!(outcome(Err::<(), _>("why")), 0);
    }
}
