//! Channels as an embedder has them: to connect contexts with one another, and with itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use b8g_core::abi::{Role, ready};
use b8g_core::channel::BOUNDS;
use b8g_core::{Error, channel};
use thiserror::Error as ThisError;

use crate::context::{Context, StartError};
use crate::dispatch::share::finish_if_last;
use crate::interrupt;
use crate::object::Object;
use crate::object::bell::Bell;
use crate::object::channel::{CHANNEL_RIGHTS, End, Message};

/// One end of a channel: messages go to the other end, whole and in order, and come from there.
///
/// What waits for a receiver is bounded: [`Channel::MESSAGES_MAX`] messages with [`Channel::BYTES_MAX`] bytes in all. An
/// end closes when it is dropped, or when the context that it was given to ends.
///
/// ```
/// use b8g::{Channel, Component, Config, Context, Engine, Grants, Language, Limits};
/// let engine = Engine::new(Config::new())?;
/// let source = "import { channels } from 'b8g';
///     for await (const { text } of channels[0]) await channels[0].send(text.toUpperCase());";
/// let component = Component::from_source(&engine, "shout.ts", Language::TypeScript, source, ".".as_ref())?;
/// let mut context = Context::new(&component, &Grants::none(), Limits::default())?;
/// let (mine, theirs) = Channel::pair();
/// context.connect(theirs)?;
/// let runs = std::thread::spawn(move || context.run());
/// mine.send(b"hello")?;
/// assert_eq!(mine.receive(None)?, b"HELLO");
/// drop(mine);
/// assert!(runs.join().unwrap().is_success());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Channel {
    end: Arc<End>,
    bell: Arc<Bell>,
}

/// Why a message was not sent or received.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ThisError)]
#[non_exhaustive]
pub enum ChannelError {
    /// The other end is closed, and what it had sent was received.
    #[error("the other end of the channel is closed")]
    Closed,
    /// There is no room, or no message, yet.
    #[error("the channel is not ready yet")]
    NotReady,
    /// The message is larger than any channel takes.
    #[error("a message has at most {} bytes", BOUNDS.bytes_max)]
    TooLarge,
    /// The system does not let us wait.
    #[error("cannot wait for the channel")]
    System,
}

impl ChannelError {
    fn of(error: Error) -> ChannelError {
        match error {
            Error::Closed => ChannelError::Closed,
            Error::Again => ChannelError::NotReady,
            Error::Limit => ChannelError::TooLarge,
            _ => ChannelError::System,
        }
    }
}

impl Channel {
    /// Messages that wait for a receiver at most.
    pub const MESSAGES_MAX: usize = BOUNDS.messages_max;
    /// Bytes of these, and of one message, at most.
    pub const BYTES_MAX: usize = BOUNDS.bytes_max;

    /// Makes a channel: two ends.
    pub fn pair() -> (Channel, Channel) {
        let (first, second) = End::pair(None);
        let channel = |end| Channel { end, bell: Arc::default() };
        (channel(first), channel(second))
    }

    /// Sends a message without waiting.
    ///
    /// # Errors
    /// [`ChannelError`]; nothing was sent then.
    pub fn send(&self, bytes: &[u8]) -> Result<(), ChannelError> {
        let message = channel::Message { bytes: bytes.to_vec(), objects: Vec::new() };
        self.end.send(message).map_err(|(error, _)| ChannelError::of(error))
    }

    /// Receives the next message, and waits for it for so long; `None` is for ever. Handles that came with it are closed.
    ///
    /// # Errors
    /// [`ChannelError::NotReady`] when none came in time, [`ChannelError::Closed`] when none will come.
    pub fn receive(&self, timeout: Option<Duration>) -> Result<Vec<u8>, ChannelError> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        loop {
            match self.end.receive(usize::MAX, usize::MAX) {
                Ok(Message { bytes, .. }) => return Ok(bytes),
                Err(Error::Again) => self.wait(deadline)?,
                Err(error) => return Err(ChannelError::of(error)),
            }
        }
    }

    /// Waits until something may have changed.
    fn wait(&self, deadline: Option<Instant>) -> Result<(), ChannelError> {
        let is_ready = || self.end.ready() & ready::READ != 0;
        match self.bell.sleep(|bell| self.end.hang_up(bell), is_ready, deadline) {
            Ok(()) => Ok(()),
            Err(Error::Timeout) => Err(ChannelError::NotReady),
            Err(_) => Err(ChannelError::System),
        }
    }
}

/// Channels that a context is given at its start at most.
const CONNECTED_MAX: usize = 32;

impl Context {
    /// Gives the context an end of a channel, before it starts. In JavaScript it is the next of `channels` of the module
    /// "b8g"; for other components it comes in the initial vector.
    ///
    /// # Errors
    /// [`StartError::Handles`] when the context has no room for it, [`StartError::Started`] when it was started before.
    pub fn connect(&mut self, channel: Channel) -> Result<(), StartError> {
        self.give_more(Role::Channel, CONNECTED_MAX, Object::Channel(channel.end), CHANNEL_RIGHTS)
    }

    /// Ends the tasks of a context that has ended: all are told first, then waited for.
    fn end_tasks(&mut self) {
        let table = &mut self.store.data_mut().table;
        let is_task = |object: &Object| matches!(object, Object::Task(_));
        let tasks: Vec<_> = table.iter().filter(|(_, object, _)| is_task(object)).map(|(h, ..)| h).collect();
        let tasks: Vec<_> = tasks.into_iter().filter_map(|handle| table.remove(handle).ok()).collect();
        if tasks.is_empty() {
            return;
        }
        // Who waits for tasks that do not end is as little to be waited for as one that runs.
        let control = self.control.clone();
        let _entered = interrupt::enter(&control, None);
        for task in &tasks {
            if let Object::Task(task) = task {
                task.kill();
            }
        }
    }

    /// Closes what connects a context that has ended with others: who talks to it hears of it, however long it is kept. What
    /// it wrote is complete only if it ended well.
    pub(crate) fn hang_up(&mut self, well: bool) {
        self.end_tasks();
        let table = &mut self.store.data_mut().table;
        let connects = |object: &Object| match object {
            Object::Channel(_) | Object::Writer(_) | Object::Reader(_) => true,
            Object::Output(output) => output.is_stream(),
            _ => false,
        };
        let connecting: Vec<_> =
            table.iter().filter(|(_, object, _)| connects(object)).map(|(handle, ..)| handle).collect();
        for handle in connecting {
            let object = table.remove(handle);
            if well && let Ok(object) = object {
                finish_if_last(object);
            }
        }
    }
}
