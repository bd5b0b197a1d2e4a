//! A world: contexts that take turns, one operation or part of one at a time, and what ends with whom.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use b8g_core::allowance::{Allowance, Lease};
use b8g_core::channel::Message;
use b8g_core::keys::{Id, Links};
use b8g_core::stream::Gone;
use b8g_core::tree::Tree;
use b8g_core::{Handle, Limits, Rights, Table};

use crate::actor::Script;
use crate::model::{Model, Open, Orders, Thing};
use crate::object::{Bell, End, Live, Name, Object, Pair, Registry, Told};
use crate::random::Random;
use crate::wait::Waiting;

/// How a task ends that is killed, and how one that does what it was asked to.
pub const KILLED: u32 = 1000;
pub const CANCELLED: u32 = 1001;

/// Rights of what a context makes.
pub const ALL: Rights = Rights::ALL;

/// Bounds of a root, so small that all of them are met.
pub fn limits() -> Limits {
    Limits {
        memory_bytes_max: 100,
        output_bytes_max: Some(5000),
        handles_max: 12,
        channels_max: 6,
        shared_bytes_max: 200_000,
        tasks_max: 4,
        ..Limits::default()
    }
}

pub struct Context {
    pub table: Table<Object>,
    pub bell: Arc<Bell>,
    pub limits: Limits,
    /// Who started the tree that it is a part of.
    pub root: usize,
    pub parent: Option<usize>,
    pub channels: Allowance,
    pub shared: Allowance,
    pub tree: Arc<Tree>,
    pub task: Option<Lease>,
    pub orders: Option<Rc<Told>>,
    pub memory: u64,
    /// Room for output that it took, whoever else it counts for.
    pub output: u64,
    pub alive: bool,
    pub doing: Doing,
    pub script: Script,
    /// Turns that it was given.
    pub turns: u64,
}

/// What a context is in the middle of.
pub enum Doing {
    Nothing,
    /// Objects left its table, and are not in the channel yet.
    Sending {
        end: Arc<End>,
        handles: Vec<Handle>,
        message: Message<Object>,
    },
    Waiting(Waiting),
}

pub struct World {
    pub random: Random,
    pub registry: Rc<Registry>,
    pub links: Rc<RefCell<Links<Pair>>>,
    pub contexts: Vec<Context>,
    pub alive: Vec<usize>,
    pub model: Model,
    /// Second ends of links that nobody bound yet.
    pub unbound: HashSet<Name>,
    /// Keys that anybody may have heard of, living or not.
    pub keys: Vec<Id>,
    pub now: u64,
    pub steps: u64,
}

impl World {
    pub fn new(seed: u64) -> World {
        World {
            random: Random::new(seed),
            registry: Rc::default(),
            links: Rc::default(),
            contexts: Vec::new(),
            alive: Vec::new(),
            model: Model::default(),
            unbound: HashSet::new(),
            keys: vec![[0; 32]],
            now: 0,
            steps: 0,
        }
    }

    pub fn open(&self) -> Open<'_> {
        Open { registry: &self.registry, unbound: &self.unbound }
    }

    /// A context that nobody started.
    pub fn root(&mut self, script: Script) -> usize {
        let limits = limits();
        let root = self.contexts.len();
        let tree = Arc::new(Tree::root(&limits, 0, 0));
        self.add(Context {
            table: Table::new(limits.handles_max),
            bell: Arc::default(),
            channels: Allowance::new(limits.channels_max.into()),
            shared: Allowance::new(limits.shared_bytes_max),
            limits,
            root,
            parent: None,
            tree,
            task: None,
            orders: None,
            memory: 0,
            output: 0,
            alive: true,
            doing: Doing::Nothing,
            script,
            turns: 0,
        })
    }

    pub fn add(&mut self, context: Context) -> usize {
        let number = self.contexts.len();
        self.contexts.push(context);
        self.alive.push(number);
        self.model.tables.push(Default::default());
        self.model.ever.push(Default::default());
        self.model.flights.push(Vec::new());
        self.model.orders.push(Orders::default());
        number
    }

    /// Puts an object into a table, as its maker or embedder does.
    pub fn put(&mut self, context: usize, object: Object, rights: Rights) -> Handle {
        let name = object.name();
        let handle = self.contexts[context].table.insert(object, rights).expect("there is room");
        self.note(context, handle, name, rights);
        handle
    }

    /// A handle is new to a context, and was never one of its before.
    pub fn note(&mut self, context: usize, handle: Handle, name: Name, rights: Rights) {
        assert!(self.model.ever[context].insert(handle.raw()), "{handle:?} is given twice");
        assert!(self.model.tables[context].insert(handle.raw(), (name, rights)).is_none());
    }

    /// Gives two contexts a channel, as an embedder does.
    pub fn connect(&mut self, first: usize, second: usize) -> [Handle; 2] {
        let (ends, _) = self.new_pair(None);
        let [a, b] = ends;
        [self.put(first, Object::End(a), ALL), self.put(second, Object::End(b), ALL)]
    }

    /// A channel of which both ends are somebody's.
    pub fn new_pair(&mut self, lease: Option<Lease>) -> ([Arc<End>; 2], [Name; 2]) {
        let names = [self.registry.name(), self.registry.name()];
        let pair = Arc::new(Pair::new(names, lease));
        for (at, name) in names.into_iter().enumerate() {
            self.model.things.insert(
                name,
                Thing::End { peer: names[1 - at], queue: Default::default(), is_linked: false },
            );
        }
        let [first, second] = [b8g_core::channel::Side::First, b8g_core::channel::Side::Second];
        let end = |side| End::of(&self.registry, pair.clone(), side, None);
        ([end(first), end(second)], names)
    }

    pub fn keys_object(&mut self) -> Object {
        let live = Live::new(&self.registry, self.registry.name());
        self.model.things.insert(live.name, Thing::Keys);
        let links = self.links.clone();
        Object::Keys(Arc::new(crate::object::Keys { links, minted: Default::default(), live }))
    }

    /// Notes what has gone, and ends what must not outlive it.
    pub fn settle(&mut self) {
        loop {
            for name in self.registry.take_dropped() {
                self.gone(name);
            }
            match self.registry.take_doomed() {
                Some(context) => self.end(context, KILLED, false),
                None => return,
            }
        }
    }

    fn gone(&mut self, name: Name) {
        match self.model.things.remove(&name) {
            Some(Thing::End { peer, .. }) => {
                if self.unbound.remove(&peer) {
                    self.model.things.remove(&peer);
                }
            }
            Some(Thing::Reader { pipe }) => self.model.pipes[pipe].cancel(Gone::Aborted(0)),
            Some(Thing::Writer { pipe }) => self.model.pipes[pipe].end(Gone::Aborted(0)),
            Some(Thing::Keys) => self.model.keys.retain(|_, key| key.minter != name),
            Some(Thing::Event { .. } | Thing::Task { .. }) => {}
            other => panic!("{name} is gone and was {other:?}"),
        }
    }

    /// A context ends, with its tasks first; what it wrote is complete only if it ended well.
    pub fn end(&mut self, number: usize, outcome: u32, well: bool) {
        let context = &mut self.contexts[number];
        if !std::mem::replace(&mut context.alive, false) {
            return;
        }
        self.alive.retain(|alive| *alive != number);
        context.doing = Doing::Nothing;
        let all: Vec<(Handle, bool)> =
            context.table.iter().map(|(h, object, _)| (h, matches!(object, Object::Task(_)))).collect();
        self.model.flights[number].clear();
        self.settle();
        for tasks in [true, false] {
            for (handle, _) in all.iter().filter(|(_, is_task)| *is_task == tasks) {
                let _ = self.remove(number, *handle, well);
                self.settle();
            }
        }
        let context = &mut self.contexts[number];
        if context.orders.is_some() {
            context.tree.give_memory_back(context.memory);
            context.memory = 0;
        }
        context.task = None;
        if let Some(orders) = self.contexts[number].orders.take() {
            orders.state.borrow_mut().end(outcome);
            self.model.orders[number].outcome.get_or_insert(outcome);
        }
    }

    /// One turn of somebody who has something to do; answers whether there was one.
    pub fn step(&mut self) -> bool {
        self.steps += 1;
        self.now += self.random.below(3);
        let start = self.random.below(self.alive.len().max(1) as u64) as usize;
        let found = (0..self.alive.len())
            .map(|i| self.alive[(start + i) % self.alive.len()])
            .find(|number| self.can_go_on(*number));
        let Some(number) = found else {
            return self.pass_time();
        };
        self.contexts[number].turns += 1;
        self.turn(number);
        self.settle();
        self.check_step();
        true
    }

    /// Nobody has anything to do before some moment.
    fn pass_time(&mut self) -> bool {
        let until = |number: &usize| match &self.contexts[*number].doing {
            Doing::Waiting(waiting) if !self.is_suspended(*number) => waiting.until(),
            _ => None,
        };
        match self.alive.iter().filter_map(until).min() {
            Some(moment) => {
                assert!(moment > self.now, "whose moment has come can go on");
                self.now = moment;
                true
            }
            None => false,
        }
    }

    pub fn is_suspended(&self, number: usize) -> bool {
        let orders = self.contexts[number].orders.as_ref();
        orders.is_some_and(|orders| orders.state.borrow().is_suspended() && !orders.stop.get())
    }

    fn can_go_on(&self, number: usize) -> bool {
        let context = &self.contexts[number];
        match &context.doing {
            Doing::Waiting(waiting) if waiting.sleeps(&context.bell, self.now) => false,
            // Asleep or not, it looks what it is told before it does anything.
            _ => !self.is_suspended(number),
        }
    }

    fn turn(&mut self, number: usize) {
        if self.contexts[number].orders.as_ref().is_some_and(|orders| orders.stop.get()) {
            return self.end(number, KILLED, false);
        }
        match std::mem::replace(&mut self.contexts[number].doing, Doing::Nothing) {
            Doing::Nothing => self.act(number),
            Doing::Sending { end, handles, message } => {
                let sent = self.send_rest(number, end, &handles, message);
                self.sent(number, sent);
            }
            Doing::Waiting(waiting) => self.go_on_waiting(number, waiting),
        }
    }
}
