//! Tasks of simulated contexts: spawning, orders and their answers, ends.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use b8g_core::abi::SpawnLimits;
use b8g_core::task::{Cancel, Orders};
use b8g_core::{Error, Handle, Rights, Table};

use crate::actor::Script;
use crate::model::Thing;
use crate::object::{Bell, Live, Object, Task, Told};
use crate::world::{ALL, CANCELLED, Context, Doing, World};

impl World {
    /// Tasks that run in the tree of this root.
    pub fn tasks(&self, root: usize) -> u64 {
        let is_task = |number: &&usize| {
            let context = &self.contexts[**number];
            context.root == root && context.parent.is_some()
        };
        self.alive.iter().filter(is_task).count() as u64
    }

    pub fn spawn(
        &mut self,
        number: usize,
        handles: &[Handle],
        script: Script,
        hears: bool,
        asked: SpawnLimits,
    ) -> Result<Handle, Error> {
        if handles.is_empty() && self.room(number) == 0 {
            return Err(Error::Limit);
        }
        let objects =
            self.lend(number, handles, |object| !matches!(object, Object::Timer(..) | Object::Task(_)))?;
        self.model.flights[number].clear();
        let context = &self.contexts[number];
        let expected = self.tasks(context.root) < context.limits.tasks_max.into();
        let lease = context.tree.lease_task();
        assert_eq!(lease.is_ok(), expected);
        let limits = context.limits.for_task(asked, Duration::ZERO)?;
        let lease = match lease {
            Ok(lease) if limits.handles_max as usize >= handles.len() => lease,
            _ => {
                self.take_back(number, handles, objects);
                return Err(Error::Limit);
            }
        };
        assert!(limits.memory_bytes_max <= context.limits.memory_bytes_max);
        assert!(limits.output_bytes_max <= context.limits.output_bytes_max);
        assert!(limits.handles_max <= context.limits.handles_max);
        let bell: Arc<Bell> = Arc::default();
        let state = RefCell::new(Orders::new(hears));
        let orders = Rc::new(Told { state, bell: bell.clone(), stop: Cell::new(false) });
        let below = Context {
            table: Table::new(limits.handles_max),
            bell,
            root: context.root,
            parent: Some(number),
            channels: context.channels.clone(),
            shared: context.shared.clone(),
            tree: Arc::new(context.tree.below(&limits)),
            limits,
            task: Some(lease),
            orders: Some(orders.clone()),
            memory: 0,
            output: 0,
            alive: true,
            doing: Doing::Nothing,
            script,
            turns: 0,
        };
        self.contexts[number].table.forget(handles);
        let child = self.add(below);
        self.model.orders[child].hears = hears;
        for (object, rights) in objects {
            self.put(child, object, rights);
        }
        let live = Live::new(&self.registry, self.registry.name());
        self.model.things.insert(live.name, Thing::Task { context: child });
        let task = Object::Task(Arc::new(Task { orders, context: child, live }));
        Ok(self.put(number, task, ALL.without(Rights::TRANSFER)))
    }

    fn task(&self, number: usize, handle: Handle, needed: Rights) -> Result<(Rc<Told>, usize), Error> {
        match self.find(number, handle, needed)?.0 {
            Object::Task(task) => Ok((task.orders.clone(), task.context)),
            _ => Err(Error::Type),
        }
    }

    pub fn cancel(&mut self, number: usize, handle: Handle) -> Result<(), Error> {
        let (told, child) = self.task(number, handle, Rights::MANAGE)?;
        let order = told.state.borrow_mut().cancel();
        let expected = &mut self.model.orders[child];
        assert_eq!(order == Cancel::Told, expected.hears);
        match order {
            Cancel::Told => expected.cancelled = true,
            Cancel::Kill => told.stop.set(true),
        }
        b8g_core::bell::Ring::ring(&*told.bell);
        Ok(())
    }

    pub fn kill(&mut self, number: usize, handle: Handle) -> Result<(), Error> {
        let (told, _) = self.task(number, handle, Rights::MANAGE)?;
        told.stop.set(true);
        b8g_core::bell::Ring::ring(&*told.bell);
        Ok(())
    }

    pub fn suspend(&mut self, number: usize, handle: Handle, suspended: bool) -> Result<(), Error> {
        let (told, child) = self.task(number, handle, Rights::MANAGE)?;
        told.state.borrow_mut().suspend(suspended);
        b8g_core::bell::Ring::ring(&*told.bell);
        self.model.orders[child].suspended = suspended;
        Ok(())
    }

    /// How a task ended.
    pub fn join(&mut self, number: usize, handle: Handle) -> Result<u32, Error> {
        let (told, child) = self.task(number, handle, Rights::READ)?;
        let ended = told.state.borrow().ended().copied();
        assert_eq!(ended, self.model.orders[child].outcome.ok_or(Error::Again));
        ended
    }

    pub fn snapshot(&mut self, number: usize, handle: Handle) -> Result<u32, Error> {
        let (told, child) = self.task(number, handle, Rights::MANAGE)?;
        let expected = &mut self.model.orders[child];
        let answer = match (expected.hears, expected.made, expected.outcome) {
            (false, ..) => Err(Error::Busy),
            (true, Some(made), _) => {
                expected.made = None;
                made.ok_or(Error::Busy)
            }
            (true, None, Some(_)) => {
                expected.wanted = false;
                Err(Error::Closed)
            }
            (true, None, None) => {
                expected.wanted = true;
                Err(Error::Again)
            }
        };
        let image = told.state.borrow_mut().snapshot();
        b8g_core::bell::Ring::ring(&*told.bell);
        assert_eq!(image, answer);
        let image = image?;
        if self.random.once_in(4) {
            // There is no room for it now.
            told.state.borrow_mut().keep(image);
            self.model.orders[child].made = Some(Some(image));
        }
        Ok(image)
    }

    /// A task does what it is told, now that it is parked; answers whether it goes on.
    pub fn obey(&mut self, number: usize) -> bool {
        let Some(told) = self.contexts[number].orders.clone() else { return true };
        let expected = &self.model.orders[number];
        let due = told.state.borrow_mut().due();
        assert_eq!((due.snapshot, due.cancel), (expected.wanted, expected.cancelled));
        if due.snapshot {
            let image = if self.random.once_in(3) { None } else { Some(self.steps as u32) };
            told.state.borrow_mut().made(image);
            let expected = &mut self.model.orders[number];
            (expected.wanted, expected.made) = (false, Some(image));
        }
        self.model.orders[number].cancelled = false;
        if due.cancel && self.contexts[number].script.minds() {
            self.end(number, CANCELLED, true);
            return false;
        }
        true
    }
}
