//! What must hold in a world at each moment, and at its end.

use std::collections::HashSet;

use crate::model::Thing;
use crate::object::{Name, Object};
use crate::world::{Doing, World};

/// Steps between two looks at everything.
const THOROUGH_EVERY: u64 = 24;

impl World {
    pub fn check_step(&self) {
        self.check_wakes();
        if self.steps.is_multiple_of(THOROUGH_EVERY) {
            self.check_tables();
            self.check_counts();
            self.check_reach();
        }
    }

    /// Handles, rights and objects are those that were given; nobody has what was lent or sent.
    fn check_tables(&self) {
        for number in &self.alive {
            let context = &self.contexts[*number];
            let expected =
                self.model.tables[*number].iter().map(|(handle, (name, rights))| (*handle, *name, *rights));
            let found =
                context.table.iter().map(|(handle, object, rights)| (handle.raw(), object.name(), rights));
            let (mut expected, mut found): (Vec<_>, Vec<_>) = (expected.collect(), found.collect());
            expected.sort_by_key(|entry| entry.0);
            found.sort_by_key(|entry| entry.0);
            assert_eq!(found, expected, "the table of {number}");
            let lent = match &context.doing {
                Doing::Sending { handles, .. } => handles.len(),
                _ => 0,
            };
            assert_eq!(context.table.len(), expected.len() + lent);
            assert!(context.table.len() <= context.limits.handles_max as usize);
            if let Some(parent) = context.parent {
                assert!(self.contexts[parent].alive, "{number} outlives who started it");
            }
        }
    }

    /// What is counted is what there is.
    fn check_counts(&self) {
        for (number, context) in self.contexts.iter().enumerate() {
            if context.root == number {
                let used = (context.channels.used(), context.shared.used());
                assert_eq!(used, self.used(number), "channels and shared bytes of {number}");
            }
            if context.alive {
                let expected =
                    (self.tasks(context.root), self.memory_below(number), self.output_below(number));
                assert_eq!(context.tree.used(), expected, "tasks, memory and output below {number}");
                assert!(expected.0 <= context.limits.tasks_max.into());
                assert!(expected.1 <= context.limits.memory_bytes_max);
                assert!(context.limits.output_bytes_max.is_none_or(|max| expected.2 <= max));
            }
        }
    }

    /// Everything that is alive can be reached by somebody who lives, and everything that can be reached is alive.
    fn check_reach(&self) {
        let mut reached: HashSet<Name> = HashSet::new();
        let tables = self.model.tables.iter().flat_map(|table| table.values());
        let mut next: Vec<Name> =
            tables.chain(self.model.flights.iter().flatten()).map(|(name, _)| *name).collect();
        while let Some(name) = next.pop() {
            let thing = &self.model.things[&name];
            if matches!(thing, Thing::Timer { .. }) || !reached.insert(name) {
                continue;
            }
            assert!(self.registry.is_live(name), "{name} can be reached and is gone: {thing:?}");
            if let Thing::End { peer, .. } = thing {
                // What waits where nobody is yet is kept by the other end.
                let queues = [Some(name), self.unbound.contains(peer).then_some(*peer)];
                let waiting = queues.into_iter().flatten().flat_map(|end| self.model.queue(end));
                next.extend(waiting.flat_map(|sent| &sent.objects).map(|(name, _)| *name));
            }
        }
        let is_lost = |name: &Name| self.registry.is_live(*name) && !reached.contains(name);
        if let Some((name, thing)) = self.model.things.iter().find(|(name, _)| is_lost(name)) {
            panic!("nobody can reach {name}, and it is alive: {thing:?}");
        }
        assert_eq!(self.registry.count(), reached.len());
    }

    /// Ends everybody: nothing is left.
    pub fn finish_world(&mut self) {
        while let Some(number) = self.random.pick(&self.alive) {
            let well = self.random.once_in(2);
            self.end(number, 0, well);
            self.settle();
        }
        assert_eq!(self.registry.count(), 0, "of {:?}", self.model.things);
        assert!(self.links.borrow().is_empty(), "keys outlive who minted them");
        for context in self.contexts.iter().filter(|context| context.parent.is_none()) {
            assert_eq!((context.channels.used(), context.shared.used()), (0, 0));
            assert_eq!((context.tree.used().0, context.tree.used().1), (0, context.memory));
        }
        let is_left = |object: &Object| !matches!(object, Object::Timer(..));
        let tables = self.contexts.iter().flat_map(|context| context.table.iter());
        assert_eq!(tables.filter(|(_, object, _)| is_left(object)).count(), 0);
    }
}
