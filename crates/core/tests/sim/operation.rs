//! The operations of a context, each against the answer that the model says it must get.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use b8g_core::channel::Message;
use b8g_core::event::Event;
use b8g_core::stream::{Gone, Stream, ring_bytes};
use b8g_core::{Error, Handle, Rights};

use crate::model::{Counted, Pipe, Sent, Thing};
use crate::object::{BOUNDS, End, Flow, Live, Name, Object, Reader, Signals, Writer};
use crate::world::{ALL, Doing, World};

/// What an event counts.
const EVENT_BYTES: u64 = 128;

impl World {
    /// Finds an object, and checks that the table and the model agree about it.
    pub fn find(&self, number: usize, handle: Handle, needed: Rights) -> Result<(Object, Name), Error> {
        let table = &self.contexts[number].table;
        let found = table.get_with(handle, needed).cloned();
        let seen = found.as_ref().map(Object::name).map_err(|error| *error);
        let expected = self.model.find(number, handle.raw(), needed);
        assert_eq!(seen, expected.map(|(name, _)| name));
        if let Ok((name, rights)) = expected {
            assert_eq!(table.get(handle).map(|(_, rights)| rights), Ok(rights), "of {name}");
        }
        found.map(|object| (object, expected.map_or(0, |(name, _)| name)))
    }

    pub fn room(&self, number: usize) -> usize {
        let context = &self.contexts[number];
        let expected = context.limits.handles_max as usize - self.model.tables[number].len();
        assert_eq!(context.table.room(), expected);
        expected
    }

    /// Channels and shared bytes that are counted for a tree.
    pub fn used(&self, root: usize) -> (u64, u64) {
        let live = |counted: &&Counted| counted.while_live.iter().any(|name| self.registry.is_live(*name));
        let all = self.model.counted.iter().filter(|counted| counted.root == root).filter(live);
        all.fold((0, 0), |sum, counted| (sum.0 + counted.channels, sum.1 + counted.shared))
    }

    fn count(&mut self, number: usize, while_live: [Name; 2], channels: u64, shared: u64) {
        let root = self.contexts[number].root;
        self.model.counted.push(Counted { root, while_live, channels, shared });
    }

    pub fn lease(
        &self,
        number: usize,
        channels: u64,
        shared: u64,
    ) -> Result<b8g_core::allowance::Lease, Error> {
        let context = &self.contexts[number];
        let used = self.used(context.root);
        let fits = used.0 + channels <= context.limits.channels_max.into()
            && used.1 + shared <= context.limits.shared_bytes_max;
        let lease = if channels > 0 { context.channels.lease() } else { context.shared.lease_many(shared) };
        assert_eq!(lease.as_ref().err(), (!fits).then_some(&Error::Limit), "used {used:?}");
        lease
    }

    pub fn dup(&mut self, number: usize, handle: Handle, rights: Rights) -> Result<Handle, Error> {
        let expected = match self.model.find(number, handle.raw(), Rights::DUPLICATE.union(rights)) {
            Ok(_) if self.room(number) == 0 => Err(Error::Limit),
            found => found,
        };
        let made = self.contexts[number].table.duplicate(handle, rights);
        assert_eq!(made.err(), expected.err());
        let (made, (name, had)) = (made?, expected?);
        assert!(had.contains(rights), "rights grew");
        self.note(number, made, name, rights);
        Ok(made)
    }

    /// Takes a handle away; a writer of which it was the last has written all that it will, if it goes `well`.
    pub fn remove(&mut self, number: usize, handle: Handle, well: bool) -> Result<(), Error> {
        let expected = self.model.tables[number].get(&handle.raw()).map(|(name, _)| *name);
        let removed = self.contexts[number].table.remove(handle);
        assert_eq!(removed.as_ref().map(Object::name).ok(), expected);
        let object = removed?;
        let name = object.name();
        let is_last = matches!(object, Object::Writer(_)) && self.model.holders(name) == 1;
        self.model.tables[number].remove(&handle.raw());
        if well && is_last {
            self.model.pipe_mut(name).end(Gone::Ended);
        }
        if well && let Object::Writer(writer) = object {
            if let Some(writer) = Arc::into_inner(writer) {
                writer.ring.stream.borrow_mut().end(Gone::Ended);
            }
        } else {
            if let Object::Timer(name, _) = object
                && self.model.holders(name) == 0
            {
                self.model.things.remove(&name);
            }
            drop(object);
        }
        Ok(())
    }

    pub fn channel(&mut self, number: usize) -> Result<[Handle; 2], Error> {
        if self.room(number) < 2 {
            return Err(Error::Limit);
        }
        let lease = self.lease(number, 1, 0)?;
        let (ends, names) = self.new_pair(Some(lease));
        self.count(number, names, 1, 0);
        Ok(ends.map(|end| self.put(number, Object::End(end), ALL)))
    }

    /// The first part of sending: what is sent leaves the table.
    pub fn send(
        &mut self,
        number: usize,
        handle: Handle,
        bytes: Vec<u8>,
        handles: Vec<Handle>,
    ) -> Result<(), Error> {
        let (Object::End(end), name) = self.find(number, handle, Rights::WRITE)? else {
            return Err(Error::Type);
        };
        let objects =
            self.lend(number, &handles, |object| !matches!(object, Object::Timer(..) | Object::Task(_)))?;
        self.model.flights[number].push((name, Rights::NONE));
        let message = Message { bytes, objects };
        self.contexts[number].doing = Doing::Sending { end, handles, message };
        Ok(())
    }

    pub fn lend(
        &mut self,
        number: usize,
        handles: &[Handle],
        may_leave: impl Fn(&Object) -> bool,
    ) -> Result<Vec<(Object, Rights)>, Error> {
        let expected = self.expected_of_lending(number, handles);
        let lent = self.contexts[number].table.lend(handles, may_leave);
        assert_eq!(lent.as_ref().err(), expected.as_ref().err());
        let lent = lent?;
        for (handle, (object, rights)) in handles.iter().zip(&lent) {
            let left = self.model.tables[number].remove(&handle.raw());
            assert_eq!(left, Some((object.name(), *rights)));
            self.model.flights[number].extend(left);
        }
        Ok(lent)
    }

    fn expected_of_lending(&self, number: usize, handles: &[Handle]) -> Result<(), Error> {
        for (at, handle) in handles.iter().enumerate() {
            if handles[..at].contains(handle) {
                return Err(Error::Argument);
            }
            let (name, _) = self.model.find(number, handle.raw(), Rights::TRANSFER)?;
            if matches!(self.model.things[&name], Thing::Timer { .. } | Thing::Task { .. }) {
                return Err(Error::Type);
            }
        }
        Ok(())
    }

    pub fn take_back(&mut self, number: usize, handles: &[Handle], objects: Vec<(Object, Rights)>) {
        for (handle, (object, rights)) in handles.iter().zip(&objects) {
            self.model.tables[number].insert(handle.raw(), (object.name(), *rights));
        }
        self.contexts[number].table.take_back(handles, objects);
    }

    /// The second part: what left the table is in the channel, or comes back.
    pub fn send_rest(
        &mut self,
        number: usize,
        end: Arc<End>,
        handles: &[Handle],
        message: Message<Object>,
    ) -> Result<(), Error> {
        let name = end.live.name;
        let peer = self.model.peer(name);
        let objects: Vec<(Name, Rights)> =
            message.objects.iter().map(|(object, rights)| (object.name(), *rights)).collect();
        let is_end = |(name, _): &(Name, _)| matches!(self.model.things[name], Thing::End { .. });
        let is_linked =
            |(name, _): &(Name, _)| matches!(self.model.things[name], Thing::End { is_linked: true, .. });
        let has_ends = objects.iter().any(is_end);
        let expected = match () {
            () if objects.iter().any(is_linked) => Err(Error::Type),
            () if objects.iter().any(|(name, _)| *name == peer) => Err(Error::Argument),
            () if has_ends && self.model.is_under_way(peer) => Err(Error::Busy),
            () => self.model.admits(&self.open(), name, message.bytes.len(), objects.len()),
        };
        self.model.flights[number].clear();
        let bytes = message.bytes.clone();
        match end.send(message) {
            Ok(()) => {
                assert_eq!(expected, Ok(()));
                self.contexts[number].table.forget(handles);
                self.model.queue_mut(peer).push_back(Sent { bytes, objects });
                Ok(())
            }
            Err((error, message)) => {
                assert_eq!(expected, Err(error));
                self.take_back(number, handles, message.objects);
                Err(error)
            }
        }
    }

    /// Receives a message; answers its bytes and handles.
    pub fn receive(
        &mut self,
        number: usize,
        handle: Handle,
        bytes_max: usize,
        objects_max: usize,
    ) -> Result<(Vec<u8>, Vec<Handle>), Error> {
        let (Object::End(end), name) = self.find(number, handle, Rights::READ)? else {
            return Err(Error::Type);
        };
        let room = objects_max.min(self.room(number));
        let expected = match self.model.queue(name).front() {
            None if self.open().is(self.model.peer(name)) => Err(Error::Again),
            None => Err(Error::Closed),
            Some(sent) if sent.bytes.len() > bytes_max || sent.objects.len() > room => Err(Error::Limit),
            Some(sent) => Ok(sent.clone()),
        };
        let received = end.pair.state.borrow_mut().receive(end.side, bytes_max, room);
        assert_eq!(received.as_ref().err(), expected.as_ref().err());
        let (received, expected) = (received?, expected?);
        self.model.queue_mut(name).pop_front();
        assert_eq!(received.bytes, expected.bytes);
        assert_eq!(received.objects.len(), expected.objects.len());
        let mut handles = Vec::new();
        for ((object, rights), was_sent) in received.objects.into_iter().zip(expected.objects) {
            assert_eq!((object.name(), rights), was_sent, "another object, or other rights");
            handles.push(self.put(number, object, rights));
        }
        Ok((received.bytes, handles))
    }

    pub fn stream(&mut self, number: usize, element: u64, capacity: u64) -> Result<[Handle; 2], Error> {
        if self.room(number) < 2 {
            return Err(Error::Limit);
        }
        let ring = ring_bytes(element, capacity)?;
        let lease = self.lease(number, 0, ring)?;
        let names = [self.registry.name(), self.registry.name()];
        let [reader, writer] = names;
        self.model.things.insert(reader, Thing::Reader { pipe: self.model.pipes.len() });
        self.model.things.insert(writer, Thing::Writer { pipe: self.model.pipes.len() });
        self.model.pipes.push(Pipe {
            reader,
            element,
            ring,
            rendezvous: capacity == 0,
            waiting: Default::default(),
            written: 0,
            read: 0,
            asked: 0,
            ended: None,
            cancelled: None,
        });
        self.count(number, names, 0, ring);
        let flow = Arc::new(Flow::new(Stream::new(element, capacity)?, lease));
        let [live, other] = names.map(|name| Live::new(&self.registry, name));
        let reader = self.put(number, Object::Reader(Arc::new(Reader { ring: flow.clone(), live })), ALL);
        let writer = self.put(number, Object::Writer(Arc::new(Writer { ring: flow, live: other })), ALL);
        Ok([reader, writer])
    }

    /// Writes so many bytes of the pattern that its reader knows.
    pub fn write(&mut self, number: usize, handle: Handle, bytes: u64) -> Result<u64, Error> {
        let (Object::Writer(writer), name) = self.find(number, handle, Rights::WRITE)? else {
            return Err(Error::Type);
        };
        let pipe = self.model.pipe_mut(name);
        let whole = bytes / pipe.element * pipe.element;
        let expected = match () {
            () if pipe.ended.is_some() || pipe.cancelled.is_some() => Err(Error::Closed),
            () if pipe.room() == 0 => Err(Error::Again),
            () => Ok(whole.min(pipe.room())),
        };
        let pattern: Vec<u8> = (0..bytes).map(|at| pattern(pipe, pipe.written + at)).collect();
        let written = writer.write(&pattern).map(|written| written as u64);
        if whole == 0 {
            return Err(Error::Argument);
        }
        assert_eq!(written, expected);
        let written = written?;
        pipe.waiting.extend(&pattern[..written as usize]);
        pipe.written += written;
        Ok(written)
    }

    /// Reads so many bytes at most; answers how many, 0 at the end.
    pub fn read(&mut self, number: usize, handle: Handle, most: u64) -> Result<u64, Error> {
        let (Object::Reader(reader), name) = self.find(number, handle, Rights::READ)? else {
            return Err(Error::Type);
        };
        let pipe = self.model.pipe_mut(name);
        let whole = most / pipe.element * pipe.element;
        if whole == 0 {
            return Err(Error::Argument);
        }
        let expected = match (pipe.waiting.len() as u64, pipe.ended) {
            _ if pipe.cancelled.is_some() => Err(Error::Closed),
            (0, None) => Err(Error::Again),
            (0, Some(Gone::Ended)) => Ok(0),
            (0, Some(Gone::Aborted(_))) => Err(Error::Closed),
            (waiting, _) => Ok(whole.min(waiting)),
        };
        let read = reader.read(most as usize);
        if expected == Err(Error::Again) {
            pipe.ask(most);
        }
        assert_eq!(read.as_ref().map(|read| read.len() as u64).map_err(|error| *error), expected);
        let read = read?;
        assert!(pipe.waiting.drain(..read.len()).eq(read.iter().copied()), "other bytes than were written");
        pipe.read += read.len() as u64;
        Ok(read.len() as u64)
    }

    /// Says that so many bytes of the ring are written or read, whether that is so or not.
    pub fn commit(&mut self, number: usize, handle: Handle, bytes: u64) -> Result<(), Error> {
        let (object, name) = self.find(number, handle, Rights::NONE)?;
        match object {
            Object::Reader(reader) => {
                let pipe = self.model.pipe_mut(name);
                let straight = (pipe.waiting.len() as u64).min(pipe.ring - pipe.read % pipe.ring);
                let fits = bytes <= straight && bytes.is_multiple_of(pipe.element);
                let expected = match () {
                    () if pipe.cancelled.is_some() => Err(Error::Closed),
                    () if fits => Ok(()),
                    () => Err(Error::Argument),
                };
                let took = reader.ring.stream.borrow_mut().took(bytes);
                assert_eq!(took, expected);
                took?;
                pipe.waiting.drain(..bytes as usize);
                pipe.read += bytes;
            }
            Object::Writer(writer) => {
                let pipe = self.model.pipe_mut(name);
                // What was not filled holds what was there: only a claim of too much, or of none, is made.
                let straight = pipe.room().min(pipe.ring - pipe.written % pipe.ring);
                let bytes = if bytes > straight { bytes } else { 0 };
                let expected = match () {
                    () if pipe.cancelled.is_some() || pipe.ended.is_some() => Err(Error::Closed),
                    () if bytes == 0 => Ok(()),
                    () => Err(Error::Argument),
                };
                let wrote = writer.ring.stream.borrow_mut().wrote(bytes);
                assert_eq!(wrote, expected);
                wrote?;
            }
            _ => return Err(Error::Type),
        }
        Ok(())
    }

    /// Ends a stream from one of its ends.
    pub fn finish(&mut self, number: usize, handle: Handle, how: Gone) -> Result<(), Error> {
        let (object, name) = self.find(number, handle, Rights::NONE)?;
        match object {
            Object::Reader(reader) => {
                reader.ring.stream.borrow_mut().cancel(how);
                self.model.pipe_mut(name).cancel(how);
            }
            Object::Writer(writer) => {
                writer.ring.stream.borrow_mut().end(how);
                self.model.pipe_mut(name).end(how);
            }
            _ => return Err(Error::Type),
        }
        Ok(())
    }

    pub fn event(&mut self, number: usize, bits: u32) -> Result<Handle, Error> {
        if self.room(number) == 0 {
            return Err(Error::Limit);
        }
        let lease = self.lease(number, 0, EVENT_BYTES)?;
        let live = Live::new(&self.registry, self.registry.name());
        let name = live.name;
        self.model.things.insert(name, Thing::Event { bits });
        self.count(number, [name; 2], 0, EVENT_BYTES);
        let event = Signals { state: RefCell::new(Event::new(bits)), live, _lease: lease };
        Ok(self.put(number, Object::Event(Arc::new(event)), ALL))
    }

    pub fn signal(&mut self, number: usize, handle: Handle, clear: u32, set: u32) -> Result<u32, Error> {
        let (Object::Event(event), name) = self.find(number, handle, Rights::SIGNAL)? else {
            return Err(Error::Type);
        };
        let before = event.state.borrow_mut().signal(clear, set);
        let Some(Thing::Event { bits }) = self.model.things.get_mut(&name) else { panic!("{name}") };
        assert_eq!(before, *bits);
        *bits = *bits & !clear | set;
        assert_eq!(event.state.borrow().bits(), *bits);
        Ok(before)
    }

    pub fn timer(&mut self, number: usize, at: u64) -> Result<Handle, Error> {
        if self.room(number) == 0 {
            return Err(Error::Limit);
        }
        let name = self.registry.name();
        self.model.things.insert(name, Thing::Timer { at });
        Ok(self.put(number, Object::Timer(name, at), ALL))
    }

    /// Binds a key that may live or not; what it costs and shows is the same.
    pub fn bind(&mut self, number: usize, handle: Handle, id: b8g_core::keys::Id) -> Result<Handle, Error> {
        let (Object::Keys(keys), _) = self.find(number, handle, Rights::LINK)? else {
            return Err(Error::Type);
        };
        if self.room(number) == 0 {
            return Err(Error::Limit);
        }
        let before = self.contexts[number].channels.used();
        let lease = self.lease(number, 1, 0)?;
        let expected = self.model.keys.get(&id).and_then(|key| key.waiting);
        let expected = expected.filter(|waiting| self.registry.is_live(*waiting));
        let registry = Rc::clone(&self.registry);
        let make = || crate::object::Pair::linked([registry.name(), registry.name()]);
        let (pair, side) = keys.links.borrow_mut().bind(&id, make);
        let name = pair.names[side.index()];
        match expected {
            Some(first) => {
                assert_eq!(pair.names[0], first, "two meet that bound the same key");
                assert!(self.unbound.remove(&name));
                self.model.keys.get_mut(&id).expect("it lives").waiting = None;
            }
            None => {
                assert_eq!(side.index(), 0, "nobody waits there");
                for at in 0..2 {
                    let thing =
                        Thing::End { peer: pair.names[1 - at], queue: Default::default(), is_linked: true };
                    self.model.things.insert(pair.names[at], thing);
                }
                self.unbound.insert(pair.names[1]);
                if let Some(key) = self.model.keys.get_mut(&id) {
                    key.waiting = Some(name);
                }
            }
        }
        let end = End::of(&self.registry, pair, side, Some(lease));
        self.count(number, [name; 2], 1, 0);
        let bound = self.put(number, Object::End(end), ALL);
        assert_eq!(self.contexts[number].channels.used(), before + 1, "what it costs tells nothing");
        Ok(bound)
    }

    pub fn mint(&mut self, number: usize, handle: Handle) -> Result<(), Error> {
        let (Object::Keys(keys), name) = self.find(number, handle, Rights::LINK)? else {
            return Err(Error::Type);
        };
        let mut id = [0; 32];
        id[..8].copy_from_slice(&(self.keys.len() as u64).to_le_bytes());
        keys.links.borrow_mut().mint(&mut keys.minted.borrow_mut(), id)?;
        self.model.keys.insert(id, crate::model::Key { minter: name, waiting: None });
        self.keys.push(id);
        Ok(())
    }

    pub fn revoke(&mut self, number: usize, handle: Handle, id: b8g_core::keys::Id) -> Result<(), Error> {
        let (Object::Keys(keys), name) = self.find(number, handle, Rights::LINK)? else {
            return Err(Error::Type);
        };
        keys.links.borrow_mut().revoke(&mut keys.minted.borrow_mut(), &id);
        if self.model.keys.get(&id).is_some_and(|key| key.minter == name) {
            self.model.keys.remove(&id);
        }
        Ok(())
    }

    /// Takes more memory, and room for output, as far as the tree has some.
    pub fn grow(&mut self, number: usize, memory: u64, output: u64) -> Result<(), Error> {
        let root = self.contexts[number].root;
        let chain: Vec<usize> = std::iter::successors(Some(number), |at| self.contexts[*at].parent).collect();
        let fits = |at: &usize| self.memory_below(*at) + memory <= self.contexts[*at].limits.memory_bytes_max;
        let expected = chain.iter().all(fits);
        let tree = self.contexts[number].tree.clone();
        assert_eq!(tree.take_memory(memory), expected, "memory of the tree of {root}");
        if expected {
            self.contexts[number].memory += memory;
        }
        let left = |at: &usize| {
            let max = self.contexts[*at].limits.output_bytes_max.unwrap_or(u64::MAX);
            max - self.output_below(*at)
        };
        let most = chain.iter().map(left).min().unwrap_or(0).min(output);
        assert_eq!(tree.take_output(output), most, "output of the tree of {root}");
        // A part is not written after all.
        let back = self.random.below(most + 1);
        tree.give_output_back(back);
        self.contexts[number].output += most - back;
        if expected { Ok(()) } else { Err(Error::NoMemory) }
    }

    fn is_below(&self, number: usize, above: usize) -> bool {
        std::iter::successors(Some(number), |at| self.contexts[*at].parent).any(|at| at == above)
    }

    /// Memory of a context and all below it that runs.
    pub fn memory_below(&self, above: usize) -> u64 {
        let below = |number: &&usize| self.is_below(**number, above);
        self.alive.iter().filter(below).map(|number| self.contexts[*number].memory).sum()
    }

    /// Output of a context and all that ever were below it.
    pub fn output_below(&self, above: usize) -> u64 {
        let below = |number: &usize| self.is_below(*number, above);
        (0..self.contexts.len()).filter(below).map(|number| self.contexts[number].output).sum()
    }

    /// Bytes and objects that a hostile message may have, now and then more than fit.
    pub fn any_size(&mut self) -> usize {
        let most = if self.random.once_in(8) { BOUNDS.bytes_max + 4 } else { 20 };
        self.random.below(most as u64) as usize
    }
}

fn pattern(pipe: &Pipe, at: u64) -> u8 {
    (pipe.reader as u64 * 37 + at * 3) as u8
}
