//! Tasks: components that run beside this one, with what they are given.

use crate::abi::{Entry, SPAWN_HANDLES_MAX, ctl, op, task};
use crate::{Error, Handle, Ready, Result, call, wait_for};

pub use crate::abi::{Ended, SpawnLimits as Limits};

/// What compiles source text and wasm.
#[derive(Debug)]
pub struct Compiler(Handle);

impl Compiler {
    /// Takes a handle for a compiler.
    pub const fn from_handle(handle: Handle) -> Compiler {
        Compiler(handle)
    }

    /// Compiles; `language` is one of [`crate::abi::language`]. If the source is wrong, `why` begins with what is, up to a NUL.
    ///
    /// # Errors
    /// ARG: it is wrong; LIMIT.
    pub fn compile(&self, language: u32, source: &[u8], why: &mut [u8]) -> Result<Component> {
        self.0
            .ctl(ctl::COMPILE, source, why, language.into())
            .map(|answer| Component(Handle::answered(answer)))
    }
}

/// Compiled code, or a context that was frozen.
#[derive(Debug)]
pub struct Component(Handle);

impl Component {
    /// Takes a handle for a component.
    pub const fn from_handle(handle: Handle) -> Component {
        Component(handle)
    }

    /// Its handle, to send it on.
    pub fn into_handle(self) -> Handle {
        self.0
    }

    /// Begins to start it as a task.
    pub fn spawn(&self) -> Spawn<'_> {
        let none = Entry { role: 0, handle: 0 };
        Spawn { component: self, entries: [none; SPAWN_HANDLES_MAX as usize], count: 0, limits: None }
    }
}

/// A task that is about to start. What it was given is closed if it does not.
#[derive(Debug)]
pub struct Spawn<'c> {
    component: &'c Component,
    entries: [Entry; SPAWN_HANDLES_MAX as usize],
    count: usize,
    limits: Option<Limits>,
}

impl Spawn<'_> {
    /// Gives it a handle, which needs the right TRANSFER; `role` is one of [`crate::abi::role`].
    ///
    /// # Errors
    /// LIMIT: more than 64.
    pub fn give(mut self, role: u32, handle: Handle) -> Result<Self> {
        let entry = self.entries.get_mut(self.count).ok_or(Error::LIMIT)?;
        *entry = Entry { role, handle: handle.into_raw() };
        self.count += 1;
        Ok(self)
    }

    /// Bounds what it may use.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// RIGHTS, TYPE: a handle cannot be given away; LIMIT: too many tasks.
    pub fn start(mut self) -> Result<Task> {
        let limits = self.limits.as_ref().map_or(0, |limits| call::at(core::ptr::from_ref(limits)));
        let arguments = [call::at(self.entries.as_ptr()), self.count as i64, limits, 0];
        let answer = call::plain(op::SPAWN, self.component.0.raw(), arguments)?;
        self.count = 0;
        Ok(Task(Handle::answered(answer)))
    }
}

impl Drop for Spawn<'_> {
    fn drop(&mut self) {
        self.entries[..self.count].iter().for_each(|entry| drop(Handle::from_raw(entry.handle)));
    }
}

/// A running task. Dropping it stops it.
#[derive(Debug)]
pub struct Task(Handle);

impl Task {
    /// Its handle, to wait for it: readable is ended.
    pub const fn handle(&self) -> &Handle {
        &self.0
    }

    fn verb(&self, verb: u64) -> Result<u64> {
        call::plain(op::TASK, self.0.raw(), [verb.cast_signed(), 0, 0, 0])
    }

    /// Asks it to stop: it may end in its own way.
    ///
    /// # Errors
    /// BADH.
    pub fn cancel(&self) -> Result<()> {
        self.verb(task::CANCEL).map(drop)
    }

    /// Stops it now.
    ///
    /// # Errors
    /// BADH.
    pub fn kill(&self) -> Result<()> {
        self.verb(task::KILL).map(drop)
    }

    /// Lets it not go on when it next waits or calls.
    ///
    /// # Errors
    /// BADH.
    pub fn suspend(&self) -> Result<()> {
        self.verb(task::SUSPEND).map(drop)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// BADH.
    pub fn resume(&self) -> Result<()> {
        self.verb(task::RESUME).map(drop)
    }

    /// Freezes it where it waits, and gives a component that goes on from there.
    ///
    /// # Errors
    /// AGAIN: not yet, wait until it is writable; BUSY: it cannot be frozen.
    pub fn snapshot(&self) -> Result<Component> {
        self.verb(task::SNAPSHOT).map(|answer| Component(Handle::answered(answer)))
    }

    /// How it ended.
    ///
    /// # Errors
    /// AGAIN: it did not.
    pub fn ended(&self) -> Result<Ended> {
        let mut ended = Ended::default();
        let arguments = [task::JOIN.cast_signed(), call::at(&raw mut ended), size_of::<Ended>() as i64, 0];
        // SAFETY: `ended` is ours, and as long as said.
        unsafe { call::raw(op::TASK, self.0.raw(), arguments) }?;
        Ok(ended)
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// BADH.
    pub fn join(&self) -> Result<Ended> {
        loop {
            match self.ended() {
                Err(Error::AGAIN) => wait_for(&self.0, Ready::READ, None)?,
                other => return other,
            };
        }
    }

    /// Reads the message with which it ended.
    ///
    /// # Errors
    /// AGAIN: it did not end.
    pub fn message(&self, into: &mut [u8]) -> Result<usize> {
        self.0.read_at(into, 0)
    }
}
