//! What a world must be like, kept as plainly as can be: who has which handle with which rights, what waits where, what is
//! counted for whom. Operations ask it for the answer that they must get, and the checks compare it with what is.

use std::collections::{BTreeMap, HashSet, VecDeque};

use b8g_core::abi::ready;
use b8g_core::keys::Id;
use b8g_core::stream::Gone;
use b8g_core::{Error, Rights};

use crate::object::{BOUNDS, Name, Registry};

/// A message: its bytes, and what it carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    pub bytes: Vec<u8>,
    pub objects: Vec<(Name, Rights)>,
}

/// A stream, as a plain queue.
#[derive(Debug)]
pub struct Pipe {
    pub reader: Name,
    pub element: u64,
    /// Bytes that may wait; of a rendezvous those that were asked for and not written count instead.
    pub ring: u64,
    pub rendezvous: bool,
    pub waiting: VecDeque<u8>,
    pub written: u64,
    pub read: u64,
    pub asked: u64,
    pub ended: Option<Gone>,
    pub cancelled: Option<Gone>,
}

impl Pipe {
    pub fn room(&self) -> u64 {
        let free = self.ring - self.waiting.len() as u64;
        let free = if self.rendezvous { free.min(self.asked - self.written) } else { free };
        free / self.element * self.element
    }

    pub fn ask(&mut self, bytes: u64) {
        if self.rendezvous {
            self.asked = self.asked.max(self.read + bytes.min(self.ring) / self.element * self.element);
        }
    }

    pub fn end(&mut self, how: Gone) {
        self.ended.get_or_insert(how);
    }

    pub fn cancel(&mut self, how: Gone) {
        self.cancelled.get_or_insert(how);
        self.read = self.written;
        self.waiting.clear();
    }

    fn writer_ready(&self) -> u32 {
        let gone = if self.cancelled.is_some() { ready::FAILED } else { 0 };
        let over = self.cancelled.is_some() || self.ended.is_some();
        if over || self.room() > 0 { ready::WRITE | gone } else { gone }
    }

    fn reader_ready(&self) -> u32 {
        let gone = if matches!(self.ended, Some(Gone::Aborted(_))) { ready::FAILED } else { 0 };
        let over = self.cancelled.is_some() || self.ended.is_some();
        if over || !self.waiting.is_empty() { ready::READ | gone } else { gone }
    }
}

/// What a task was told and answered.
#[derive(Debug, Default)]
pub struct Orders {
    pub hears: bool,
    pub cancelled: bool,
    pub suspended: bool,
    pub wanted: bool,
    pub made: Option<Option<u32>>,
    pub outcome: Option<u32>,
}

impl Orders {
    pub fn are_new(&self) -> bool {
        self.cancelled || self.suspended || self.wanted
    }
}

#[derive(Debug)]
pub enum Thing {
    End { peer: Name, queue: VecDeque<Sent>, is_linked: bool },
    Reader { pipe: usize },
    Writer { pipe: usize },
    Event { bits: u32 },
    Keys,
    Task { context: usize },
    Timer { at: u64 },
}

/// What counts for a tree: as long as one of these is alive.
#[derive(Debug)]
pub struct Counted {
    pub root: usize,
    pub while_live: [Name; 2],
    pub channels: u64,
    pub shared: u64,
}

/// A key that lives.
#[derive(Debug)]
pub struct Key {
    pub minter: Name,
    /// The end that waits for another.
    pub waiting: Option<Name>,
}

#[derive(Default)]
pub struct Model {
    pub things: BTreeMap<Name, Thing>,
    pub pipes: Vec<Pipe>,
    pub tables: Vec<BTreeMap<u32, (Name, Rights)>>,
    /// Each handle that a context ever had.
    pub ever: Vec<HashSet<u32>>,
    /// What is lent, on its way into a message.
    pub flights: Vec<Vec<(Name, Rights)>>,
    pub counted: Vec<Counted>,
    pub keys: BTreeMap<Id, Key>,
    pub orders: Vec<Orders>,
}

impl Model {
    /// What a handle finds.
    pub fn find(&self, context: usize, handle: u32, needed: Rights) -> Result<(Name, Rights), Error> {
        let (name, rights) = *self.tables[context].get(&handle).ok_or(Error::BadHandle)?;
        if rights.contains(needed) { Ok((name, rights)) } else { Err(Error::Rights) }
    }

    pub fn queue(&self, end: Name) -> &VecDeque<Sent> {
        match &self.things[&end] {
            Thing::End { queue, .. } => queue,
            other => panic!("{end} is {other:?}"),
        }
    }

    pub fn queue_mut(&mut self, end: Name) -> &mut VecDeque<Sent> {
        match self.things.get_mut(&end) {
            Some(Thing::End { queue, .. }) => queue,
            other => panic!("{end} is {other:?}"),
        }
    }

    pub fn peer(&self, end: Name) -> Name {
        match self.things[&end] {
            Thing::End { peer, .. } => peer,
            ref other => panic!("{end} is {other:?}"),
        }
    }

    pub fn pipe_mut(&mut self, name: Name) -> &mut Pipe {
        match self.things[&name] {
            Thing::Reader { pipe } | Thing::Writer { pipe } => &mut self.pipes[pipe],
            ref other => panic!("{name} is {other:?}"),
        }
    }

    /// Whether an end can send this.
    pub fn admits(&self, open: &Open<'_>, from: Name, bytes: usize, objects: usize) -> Result<(), Error> {
        let to = self.peer(from);
        let has_room = || {
            let queue = self.queue(to);
            let waiting: usize = queue.iter().map(|sent| sent.bytes.len()).sum();
            queue.len() < BOUNDS.messages_max && waiting + bytes <= BOUNDS.bytes_max
        };
        match () {
            () if !open.is(to) => Err(Error::Closed),
            () if bytes > BOUNDS.bytes_max || objects > BOUNDS.objects_max => Err(Error::Limit),
            () if !has_room() => Err(Error::Again),
            () => Ok(()),
        }
    }

    /// Whether an end lies in a message.
    pub fn is_under_way(&self, end: Name) -> bool {
        self.queues().any(|(_, sent)| sent.objects.iter().any(|(name, _)| *name == end))
    }

    pub fn queues(&self) -> impl Iterator<Item = (Name, &Sent)> {
        self.things.iter().flat_map(|(name, thing)| {
            let queue = if let Thing::End { queue, .. } = thing { Some(queue) } else { None };
            queue.into_iter().flatten().map(|sent| (*name, sent))
        })
    }

    /// How often an object is held: in tables, on the way, in messages.
    pub fn holders(&self, wanted: Name) -> usize {
        let tables = self.tables.iter().flat_map(BTreeMap::values);
        let flights = self.flights.iter().flatten();
        let queues = self.queues().flat_map(|(_, sent)| &sent.objects);
        tables.chain(flights).chain(queues).filter(|(name, _)| *name == wanted).count()
    }

    /// What an object is ready for at this moment; `None` for what nobody can wait for.
    pub fn ready(&self, open: &Open<'_>, name: Name, now: u64, interest: u32) -> Option<u32> {
        Some(match &self.things[&name] {
            Thing::End { peer, queue, .. } => {
                let read = if queue.is_empty() && open.is(*peer) { 0 } else { ready::READ };
                let write = if self.admits(open, name, 1, 0).is_ok() { ready::WRITE } else { 0 };
                read | write | if open.is(*peer) { 0 } else { ready::FAILED }
            }
            Thing::Reader { pipe } => self.pipes[*pipe].reader_ready(),
            Thing::Writer { pipe } => self.pipes[*pipe].writer_ready(),
            Thing::Event { bits } => u32::from(*bits != 0) * ready::READ,
            Thing::Task { context } => {
                let orders = &self.orders[*context];
                match (orders.outcome, orders.made) {
                    (Some(_), _) => ready::READ | ready::WRITE,
                    (None, Some(_)) => ready::WRITE,
                    (None, None) => 0,
                }
            }
            Thing::Timer { at } => u32::from(*at <= now) * interest,
            Thing::Keys => return None,
        })
    }
}

/// Which ends of channels are open: those that are alive, and the second ones of links that nobody bound yet.
pub struct Open<'w> {
    pub registry: &'w Registry,
    pub unbound: &'w HashSet<Name>,
}

impl Open<'_> {
    pub fn is(&self, end: Name) -> bool {
        self.registry.is_live(end) || self.unbound.contains(&end)
    }
}
