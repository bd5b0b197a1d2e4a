//! Waits of simulated contexts, in parts between which everybody else goes on: each look, each bell that is hung up.

use std::sync::Arc;

use b8g_core::abi::ready;
use b8g_core::wait::{After, Item, Readiness, Step, Survey, Wait, check};
use b8g_core::{Error, Handle, Rights};

use crate::object::{Bell, Object};
use crate::world::{Doing, World};

pub struct Waiting {
    pub items: Vec<Item>,
    pub wait: Wait,
    pub deadline: Option<u64>,
    pub is_parked: bool,
    phase: Phase,
    /// Its bell hung where something rings since it last slept.
    listens: bool,
}

enum Phase {
    Look,
    /// So many bells hang already.
    Hang(usize),
    Asleep {
        survey: Survey<()>,
        since: u64,
        until: Option<u64>,
    },
}

impl Waiting {
    /// When it wakes by itself, if it sleeps.
    pub fn until(&self) -> Option<u64> {
        match &self.phase {
            Phase::Asleep { until, .. } => *until,
            _ => None,
        }
    }

    /// Tells whether it sleeps on.
    pub fn sleeps(&self, bell: &Arc<Bell>, now: u64) -> bool {
        match &self.phase {
            Phase::Asleep { survey, until, .. } => {
                !(survey.rings && bell.is_rung()) && until.is_none_or(|until| until > now)
            }
            _ => false,
        }
    }
}

impl World {
    /// Begins a wait.
    pub fn wait(
        &mut self,
        number: usize,
        items: Vec<(Handle, u32)>,
        deadline: Option<u64>,
        is_parked: bool,
    ) -> Result<(), Error> {
        check(items.len(), deadline)?;
        let items = items.into_iter().map(|(handle, interest)| Item { handle, interest }).collect();
        let wait = Wait::new(deadline, false, is_parked);
        let phase = Phase::Look;
        self.contexts[number].doing =
            Doing::Waiting(Waiting { items, wait, deadline, is_parked, phase, listens: false });
        Ok(())
    }

    pub fn go_on_waiting(&mut self, number: usize, mut waiting: Waiting) {
        let answer = match std::mem::replace(&mut waiting.phase, Phase::Look) {
            Phase::Look => {
                let orders = self.contexts[number].orders.as_ref();
                let has_orders = orders.is_some_and(|told| told.state.borrow().are_new());
                assert_eq!(has_orders, self.model.orders[number].are_new());
                match waiting.wait.heed(false, has_orders) {
                    Err(Error::Busy) => {
                        if !self.obey(number) {
                            return;
                        }
                        None
                    }
                    Ok(_) => self.look(number, &mut waiting),
                    Err(error) => panic!("{error}"),
                }
            }
            Phase::Hang(at) => {
                match waiting.items.get(at) {
                    None => {}
                    Some(item) => {
                        self.hang_up(number, item.handle);
                        waiting.phase = Phase::Hang(at + 1);
                    }
                }
                None
            }
            Phase::Asleep { survey, since, .. } => Some(waiting.wait.after(&survey, 0, since)),
        };
        match answer {
            None | Some(Ok(After::Again)) => self.contexts[number].doing = Doing::Waiting(waiting),
            Some(Ok(After::Ready(count))) => {
                assert!(count > 0);
                self.waited(number, true);
            }
            Some(Err(Error::Timeout)) => {
                assert!(waiting.deadline.is_some_and(|deadline| deadline <= self.now));
                self.waited(number, false);
            }
            Some(other) => panic!("{other:?}"),
        }
    }

    /// Looks at every item: what is found is what the model says.
    fn look(&mut self, number: usize, waiting: &mut Waiting) -> Option<Result<After, Error>> {
        let mut out = vec![0; waiting.items.len()];
        let now = self.now;
        let mut survey = Survey::look(&waiting.items, now, &mut out, |item| self.readiness(number, item));
        let expected: Vec<u32> = waiting.items.iter().map(|item| self.expected_word(number, item)).collect();
        assert_eq!(out, expected, "of {:?}", waiting.items);
        survey.rings |= self.contexts[number].orders.is_some();
        match waiting.wait.step(&survey, now) {
            Step::Listen => {
                self.contexts[number].bell.hush();
                waiting.listens = true;
                waiting.phase = Phase::Hang(0);
                None
            }
            Step::Ask(Some(0)) => {
                let after = waiting.wait.after(&survey, 0, now);
                assert_ne!(after, Ok(After::Again), "who needs not sleep is told so");
                Some(after)
            }
            Step::Ask(timeout) => {
                let listens = std::mem::replace(&mut waiting.listens, false);
                assert!(listens || !survey.rings, "who sleeps hung up his bell before");
                let until = timeout.map(|timeout| now + timeout);
                waiting.phase = Phase::Asleep { survey, since: now, until };
                None
            }
        }
    }

    fn readiness(&self, number: usize, item: &Item) -> Result<Readiness<()>, Error> {
        let bits = match self.contexts[number].table.get_with(item.handle, Rights::WAIT)? {
            Object::End(end) => end.pair.state.borrow().ready(end.side),
            Object::Reader(reader) => reader.ring.stream.borrow().reader_ready(),
            Object::Writer(writer) => writer.ring.stream.borrow().writer_ready(),
            Object::Event(event) => event.state.borrow().ready(),
            Object::Task(task) => task.orders.state.borrow().ready(),
            Object::Timer(_, at) => return Ok(Readiness::At(*at)),
            Object::Keys(_) => return Err(Error::Type),
        };
        Ok(Readiness::of_ringing(bits, item.interest))
    }

    /// What the model says that an item is ready for.
    fn expected_word(&self, number: usize, item: &Item) -> u32 {
        let found = self.model.find(number, item.handle.raw(), Rights::WAIT).ok();
        let interest = item.interest & (ready::READ | ready::WRITE);
        let ready = |(name, _)| self.model.ready(&self.open(), name, self.now, interest);
        found.and_then(ready).map_or(ready::BAD, |bits| bits & (interest | ready::FAILED))
    }

    fn hang_up(&mut self, number: usize, handle: Handle) {
        let context = &self.contexts[number];
        let Ok(object) = context.table.get_with(handle, Rights::WAIT) else { return };
        object.hang_up(&context.bell);
        if let Object::Reader(reader) = object {
            let pipe = self.model.pipe_mut(reader.live.name);
            if pipe.waiting.is_empty() && pipe.ended.is_none() && pipe.cancelled.is_none() {
                pipe.ask(pipe.element);
            }
        }
    }

    /// Nobody sleeps whose condition holds.
    pub fn check_wakes(&self) {
        for number in &self.alive {
            let context = &self.contexts[*number];
            let Doing::Waiting(waiting) = &context.doing else { continue };
            if !matches!(waiting.phase, Phase::Asleep { .. }) || !waiting.sleeps(&context.bell, self.now) {
                continue;
            }
            for item in &waiting.items {
                let word = self.expected_word(*number, item);
                assert_eq!(word, 0, "context {number} was not woken for {item:?}");
            }
            if waiting.is_parked {
                assert!(!self.model.orders[*number].are_new(), "context {number} did not hear of its orders");
            }
        }
    }
}
