//! The host resources of a component, and the numbers that it knows them by.
//!
//! wasmtime keeps these numbers and tells nobody. They follow from the order in which resources are given and dropped: a new
//! one gets the number that was dropped last, or the next. [`Indices`] does the same beside it. Before a context is frozen
//! the helper compares both, so that an image is never made of what was only believed.

use std::any::{Any, TypeId};

use wasmtime::component::{Resource, ResourceTable, ResourceTableError};

use super::kind::Kind;
use crate::model::files::Descriptor;
use crate::wasi2::{InputStream, Network, OutputStream, Pollable, TerminalInput, TerminalOutput};

/// What cannot be given anew, in words, while it is there.
const PASSING: &str = "it has a socket, an error or a directory that is being listed";

/// What becomes of a kind of resource when its context is frozen.
enum Class {
    Kind(Kind),
    /// The context must do without it at that moment.
    Passing,
}

fn class(of: TypeId) -> Class {
    let is = |known: TypeId| of == known;
    match () {
        () if is(TypeId::of::<InputStream>()) => Class::Kind(Kind::InputStream),
        () if is(TypeId::of::<OutputStream>()) => Class::Kind(Kind::OutputStream),
        () if is(TypeId::of::<Pollable>()) => Class::Kind(Kind::Pollable),
        () if is(TypeId::of::<Descriptor>()) => Class::Kind(Kind::Descriptor),
        () if is(TypeId::of::<TerminalInput>()) => Class::Kind(Kind::TerminalInput),
        () if is(TypeId::of::<TerminalOutput>()) => Class::Kind(Kind::TerminalOutput),
        () if is(TypeId::of::<Network>()) => Class::Kind(Kind::Network),
        () => Class::Passing,
    }
}

/// The host resources of a component.
#[derive(Debug, Default)]
pub(crate) struct Table {
    table: ResourceTable,
    indices: Indices,
}

impl Table {
    pub(crate) fn new(max: usize) -> Table {
        let mut table = ResourceTable::new();
        table.set_max_capacity(max);
        Table { table, ..Table::default() }
    }

    /// Adds a resource, which is given to the component next.
    pub(crate) fn push<T: Send + 'static>(&mut self, entry: T) -> Result<Resource<T>, ResourceTableError> {
        let resource = self.table.push(entry)?;
        self.indices.add(resource.rep());
        Ok(resource)
    }

    pub(crate) fn get<T: Any + Sized>(&self, key: &Resource<T>) -> Result<&T, ResourceTableError> {
        self.table.get(key)
    }

    pub(crate) fn get_mut<T: Any + Sized>(
        &mut self,
        key: &Resource<T>,
    ) -> Result<&mut T, ResourceTableError> {
        self.table.get_mut(key)
    }

    /// Takes a resource away that the component has dropped.
    pub(crate) fn delete<T: Any>(&mut self, resource: Resource<T>) -> Result<T, ResourceTableError> {
        let rep = resource.rep();
        let entry = self.table.delete(resource)?;
        self.indices.remove(rep);
        Ok(entry)
    }

    /// The numbers.
    pub(super) fn indices(&mut self) -> &mut Indices {
        &mut self.indices
    }

    /// What the component holds: its number, ours, the kind.
    ///
    /// # Errors
    /// What of it no image can hold.
    pub(super) fn held(&mut self) -> Result<Vec<(u32, u32, Kind)>, &'static str> {
        let live: Vec<(u32, u32)> = self.indices.live().collect();
        let kind = |(index, rep): (u32, u32)| {
            let entry: &dyn Any =
                self.table.get_any_mut(rep).map_err(|_| "its resources are not in order")?;
            match class(entry.type_id()) {
                Class::Kind(kind) => Ok((index, rep, kind)),
                Class::Passing => Err(PASSING),
            }
        };
        live.into_iter().map(kind).collect()
    }
}

/// Which number a component knows each resource by.
#[derive(Debug, Default)]
pub(super) struct Indices {
    /// For each number, from 1, what it is of.
    slots: Vec<Slot>,
    /// Numbers that were given back; the last is given next.
    free: Vec<u32>,
    /// For each of our numbers the component's, or 0.
    by_rep: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Slot {
    Free,
    Resource(u32),
    /// Of the helper's.
    Placeholder,
}

impl Indices {
    fn insert(&mut self, slot: Slot) -> u32 {
        let index = self.free.pop().unwrap_or(self.slots.len() as u32 + 1);
        match self.slots.get_mut(index as usize - 1) {
            Some(place) => *place = slot,
            None => self.slots.push(slot),
        }
        index
    }

    fn add(&mut self, rep: u32) {
        let index = self.insert(Slot::Resource(rep));
        let at = rep as usize;
        if self.by_rep.len() <= at {
            self.by_rep.resize(at + 1, 0);
        }
        self.by_rep[at] = index;
    }

    fn remove(&mut self, rep: u32) {
        let index = self.by_rep.get_mut(rep as usize).map_or(0, std::mem::take);
        self.free(index);
    }

    fn free(&mut self, index: u32) {
        let slot = index.checked_sub(1).and_then(|at| self.slots.get_mut(at as usize));
        if let Some(slot) = slot
            && *slot != Slot::Free
        {
            *slot = Slot::Free;
            self.free.push(index);
        }
    }

    /// The number that a placeholder gets.
    pub(super) fn add_placeholder(&mut self) -> u32 {
        self.insert(Slot::Placeholder)
    }

    /// The placeholder of that number is dropped.
    pub(super) fn remove_placeholder(&mut self, index: u32) {
        self.free(index);
    }

    /// How many numbers are given before one that was never given.
    pub(super) fn free_count(&self) -> usize {
        self.free.len()
    }

    /// How many numbers there are.
    pub(super) fn count(&self) -> usize {
        self.slots.len()
    }

    /// Says which numbers are of resources, ascending, with our numbers for these. All below the last are free otherwise, in an order that nobody
    /// knows: the next that is given has to be learned again. False, and nothing is changed, if the resources are others.
    pub(super) fn learn(&mut self, live: &[(u32, u32)]) -> bool {
        let mut known: Vec<u32> = self.live().map(|(_, rep)| rep).collect();
        let mut shown: Vec<u32> = live.iter().map(|(_, rep)| *rep).collect();
        known.sort_unstable();
        shown.sort_unstable();
        if known != shown {
            return false;
        }
        self.slots = vec![Slot::Free; live.last().map_or(0, |(index, _)| *index as usize)];
        for (index, rep) in live {
            self.slots[*index as usize - 1] = Slot::Resource(*rep);
            self.by_rep[*rep as usize] = *index;
        }
        let is_free = |index: &u32| self.slots[*index as usize - 1] == Slot::Free;
        self.free = (1..=self.slots.len() as u32).filter(is_free).collect();
        true
    }

    /// The component's numbers and ours, ascending.
    fn live(&self) -> impl Iterator<Item = (u32, u32)> {
        (1..).zip(&self.slots).filter_map(|(index, slot)| match slot {
            Slot::Resource(rep) => Some((index, *rep)),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_that_was_dropped_last_is_given_next() {
        let mut indices = Indices::default();
        [7, 8, 9, 2].into_iter().for_each(|rep| indices.add(rep));
        assert_eq!(indices.live().collect::<Vec<_>>(), [(1, 7), (2, 8), (3, 9), (4, 2)]);
        [7, 9].into_iter().for_each(|rep| indices.remove(rep));
        indices.remove(7);
        indices.remove(100);
        assert_eq!((indices.free_count(), indices.count()), (2, 4));
        indices.add(5);
        assert_eq!((indices.add_placeholder(), indices.add_placeholder()), (1, 5));
        assert_eq!(indices.live().collect::<Vec<_>>(), [(2, 8), (3, 5), (4, 2)]);
        indices.remove_placeholder(5);
        indices.remove_placeholder(1);
        assert_eq!(indices.add_placeholder(), 1);
    }

    #[test]
    fn numbers_are_learned() {
        let mut indices = Indices::default();
        [7, 8, 9].into_iter().for_each(|rep| indices.add(rep));
        indices.remove(8);
        for wrong in [&[(1, 9), (3, 8)][..], &[(1, 7)], &[(1, 7), (2, 7)], &[(1, 7), (2, 8), (3, 9)]] {
            assert!(!indices.learn(wrong), "{wrong:?}");
        }
        assert_eq!(indices.live().collect::<Vec<_>>(), [(1, 7), (3, 9)]);
        assert!(indices.learn(&[(2, 9), (5, 7)]));
        assert_eq!(indices.live().collect::<Vec<_>>(), [(2, 9), (5, 7)]);
        assert_eq!((indices.free_count(), indices.count()), (3, 5));
        indices.remove(7);
        assert_eq!(indices.live().collect::<Vec<_>>(), [(2, 9)]);
        assert_eq!(indices.add_placeholder(), 5);
    }
}
