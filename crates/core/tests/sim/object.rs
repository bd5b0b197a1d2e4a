//! The objects of the simulated host: the state machines of core, with a cell for each lock and a flag for each bell.
//!
//! Each has a [`Name`] that is never used again; [`Registry`] knows which are alive. A cell that is borrowed twice panics: where a
//! host would wait for its own lock.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use b8g_core::Error;
use b8g_core::allowance::Lease;
use b8g_core::bell::Ring;
use b8g_core::channel::{Bounds, Channel, Message, Side};
use b8g_core::event::Event;
use b8g_core::keys::{Links, Minted};
use b8g_core::stream::{Gone, Stream};
use b8g_core::task::Orders;
use b8g_core::transit::{self, Transit, Travels};

/// Which object, of all that a world ever had.
pub type Name = usize;

/// Small, so that every bound is met often.
pub const BOUNDS: Bounds = Bounds { messages_max: 4, bytes_max: 48, objects_max: 3 };

/// What is alive, and what has just gone.
#[derive(Default)]
pub struct Registry {
    live: RefCell<Vec<bool>>,
    dropped: RefCell<Vec<Name>>,
    /// Contexts whose last handle of a task is gone.
    doomed: RefCell<Vec<usize>>,
}

impl Registry {
    pub fn name(&self) -> Name {
        let mut live = self.live.borrow_mut();
        live.push(false);
        live.len() - 1
    }

    pub fn is_live(&self, name: Name) -> bool {
        self.live.borrow()[name]
    }

    pub fn count(&self) -> usize {
        self.live.borrow().iter().filter(|live| **live).count()
    }

    pub fn take_dropped(&self) -> Vec<Name> {
        std::mem::take(&mut self.dropped.borrow_mut())
    }

    pub fn take_doomed(&self) -> Option<usize> {
        self.doomed.borrow_mut().pop()
    }
}

/// Tells the registry when it goes.
pub struct Live {
    registry: Rc<Registry>,
    pub name: Name,
}

impl Live {
    pub fn new(registry: &Rc<Registry>, name: Name) -> Live {
        registry.live.borrow_mut()[name] = true;
        Live { registry: registry.clone(), name }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.registry.live.borrow_mut()[self.name] = false;
        self.registry.dropped.borrow_mut().push(self.name);
    }
}

#[derive(Default)]
pub struct Bell(Cell<bool>);

impl Bell {
    pub fn is_rung(&self) -> bool {
        self.0.get()
    }

    pub fn hush(&self) {
        self.0.set(false);
    }
}

impl Ring for Bell {
    fn ring(&self) {
        self.0.set(true);
    }
}

#[derive(Clone)]
pub enum Object {
    End(Arc<End>),
    Reader(Arc<Reader>),
    Writer(Arc<Writer>),
    Event(Arc<Signals>),
    Keys(Arc<Keys>),
    Task(Arc<Task>),
    /// Ready from a moment on.
    Timer(Name, u64),
}

impl Object {
    pub fn name(&self) -> Name {
        match self {
            Object::End(end) => end.live.name,
            Object::Reader(reader) => reader.live.name,
            Object::Writer(writer) => writer.live.name,
            Object::Event(event) => event.live.name,
            Object::Keys(keys) => keys.live.name,
            Object::Task(task) => task.live.name,
            Object::Timer(name, _) => *name,
        }
    }

    pub fn hang_up(&self, bell: &Arc<Bell>) {
        match self {
            Object::End(end) => end.pair.state.borrow_mut().hang_up(end.side, bell),
            Object::Reader(reader) => reader.ring.stream.borrow_mut().hang_up_reader(bell),
            Object::Writer(writer) => writer.ring.stream.borrow_mut().hang_up_writer(bell),
            Object::Event(event) => event.state.borrow_mut().hang_up(bell),
            Object::Task(task) => task.orders.state.borrow_mut().hang_up(bell),
            Object::Keys(_) | Object::Timer(..) => {}
        }
    }
}

impl Travels for Object {
    fn transit(&self) -> Option<&Transit> {
        match self {
            Object::End(end) => Some(&end.pair.transit[end.side.index()]),
            _ => None,
        }
    }
}

pub struct Pair {
    pub state: RefCell<Channel<Object, Bell>>,
    pub transit: [Transit; 2],
    pub names: [Name; 2],
    pub _lease: Option<Lease>,
}

impl Pair {
    pub fn new(names: [Name; 2], lease: Option<Lease>) -> Pair {
        let state = RefCell::new(Channel::new(BOUNDS));
        Pair { state, transit: Default::default(), names, _lease: lease }
    }

    /// Of two who bind the same key; the lease is in each end.
    pub fn linked(names: [Name; 2]) -> Pair {
        Pair { transit: [Transit::of_link(), Transit::of_link()], ..Pair::new(names, None) }
    }
}

pub struct End {
    pub pair: Arc<Pair>,
    pub side: Side,
    pub live: Live,
    pub _lease: Option<Lease>,
}

impl End {
    pub fn of(registry: &Rc<Registry>, pair: Arc<Pair>, side: Side, lease: Option<Lease>) -> Arc<End> {
        let live = Live::new(registry, pair.names[side.index()]);
        Arc::new(End { pair, side, live, _lease: lease })
    }

    pub fn send(&self, message: Message<Object>) -> Result<(), (Error, Message<Object>)> {
        if transit::has_ends(&message.objects) {
            let receiver = &self.pair.transit[self.side.peer().index()];
            if let Err(error) = transit::may_carry(receiver, &message.objects) {
                return Err((error, message));
            }
        }
        self.pair.state.borrow_mut().send(self.side, message)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let left = self.pair.state.borrow_mut().close(self.side);
        drop(left);
    }
}

pub struct Flow {
    pub stream: RefCell<Stream<Bell>>,
    /// The ring.
    bytes: RefCell<Vec<u8>>,
    pub _lease: Lease,
}

pub struct Reader {
    pub ring: Arc<Flow>,
    pub live: Live,
}

pub struct Writer {
    pub ring: Arc<Flow>,
    pub live: Live,
}

impl Flow {
    pub fn new(stream: Stream<Bell>, lease: Lease) -> Flow {
        let bytes = RefCell::new(vec![0; stream.ring() as usize]);
        Flow { stream: RefCell::new(stream), bytes, _lease: lease }
    }
}

impl Writer {
    /// Writes as much of this as there is room for.
    pub fn write(&self, from: &[u8]) -> Result<usize, Error> {
        let mut stream = self.ring.stream.borrow_mut();
        let mut done = 0;
        while done < from.len() {
            let room = match stream.room() {
                Ok(room) => room,
                Err(error) if done == 0 => return Err(error),
                Err(_) => break,
            };
            let element = stream.element() as usize;
            let length = (from.len() - done).min(room.length as usize) / element * element;
            if length == 0 {
                break;
            }
            let at = room.offset as usize;
            self.ring.bytes.borrow_mut()[at..at + length].copy_from_slice(&from[done..done + length]);
            stream.wrote(length as u64)?;
            done += length;
        }
        Ok(done)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.ring.stream.borrow_mut().end(Gone::Aborted(0));
    }
}

impl Reader {
    /// Reads so many bytes at most.
    pub fn read(&self, most: usize) -> Result<Vec<u8>, Error> {
        let mut stream = self.ring.stream.borrow_mut();
        let mut read = Vec::new();
        while read.len() < most {
            let held = match stream.held() {
                Ok(held) => held,
                Err(_) if !read.is_empty() => break,
                Err(error) => {
                    if error == Error::Again {
                        stream.ask(most as u64);
                    }
                    return Err(error);
                }
            };
            let element = stream.element() as usize;
            let length = (most - read.len()).min(held.length as usize) / element * element;
            if length == 0 {
                break;
            }
            let at = held.offset as usize;
            read.extend_from_slice(&self.ring.bytes.borrow()[at..at + length]);
            stream.took(length as u64)?;
        }
        Ok(read)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.ring.stream.borrow_mut().cancel(Gone::Aborted(0));
    }
}

pub struct Signals {
    pub state: RefCell<Event<Bell>>,
    pub live: Live,
    pub _lease: Lease,
}

pub struct Keys {
    pub links: Rc<RefCell<Links<Pair>>>,
    pub minted: RefCell<Minted>,
    pub live: Live,
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.links.borrow_mut().revoke_all(self.minted.get_mut());
    }
}

/// What a task is told: an image is a number, and so is how it ended.
pub struct Told {
    pub state: RefCell<Orders<u32, u32, Bell>>,
    /// The task's own.
    pub bell: Arc<Bell>,
    /// It is to stop now.
    pub stop: Cell<bool>,
}

pub struct Task {
    pub orders: Rc<Told>,
    pub context: usize,
    pub live: Live,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.live.registry.doomed.borrow_mut().push(self.context);
    }
}
