//! The handle table of one context: the only way from a number to an object.
//!
//! Invariants: a stale handle finds nothing, and neither does one whose object is [lent](Table::lend); a slot's generation never wraps (the slot is retired instead); the
//! rights of a handle never grow; index 0 is never used, so that no handle is 0.

use alloc::vec::Vec;

use crate::{Error, Handle, Rights};

/// A context's objects, each behind a handle with rights.
///
/// `O` is whatever the host keeps for an object; duplicates share it by `Clone`.
#[derive(Debug)]
pub struct Table<O> {
    slots: Vec<Slot<O>>,
    free: Vec<u32>,
    live: u32,
    live_max: u32,
}

#[derive(Debug)]
struct Slot<O> {
    generation: u32,
    entry: Option<(O, Rights)>,
}

impl<O> Table<O> {
    /// Makes an empty table that holds at most `live_max` handles at a time.
    pub fn new(live_max: u32) -> Table<O> {
        Table { slots: Vec::new(), free: Vec::new(), live: 0, live_max: live_max.min(Handle::INDEX_MAX) }
    }

    /// Makes an empty table in which no handle is valid that another one ever gave: `generations` is what that one's
    /// [`Table::generations`] said.
    pub fn following(live_max: u32, generations: &[u32]) -> Table<O> {
        let mut table = Table::new(live_max);
        for (index, generation) in (1..=Handle::INDEX_MAX).zip(generations) {
            table.slots.push(Slot { generation: *generation.min(&Handle::GENERATION_MAX), entry: None });
            if *generation <= Handle::GENERATION_MAX {
                table.free.push(index);
            }
        }
        table.free.reverse();
        table
    }

    /// For each index the lowest generation that no handle had; one past the highest where the index is used up.
    pub fn generations(&self) -> Vec<u32> {
        let mut used_up = alloc::vec![true; self.slots.len()];
        self.free.iter().for_each(|index| used_up[*index as usize - 1] = false);
        let next = |(slot, used_up): (&Slot<O>, bool)| slot.generation + u32::from(used_up);
        self.slots.iter().zip(used_up).map(next).collect()
    }

    /// Counts the open handles.
    pub fn len(&self) -> usize {
        self.live as usize
    }

    /// Tells whether no handle is open.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How many more objects can be put in at least.
    pub fn room(&self) -> usize {
        let fresh = (Handle::INDEX_MAX as usize).saturating_sub(self.slots.len());
        (self.live_max.saturating_sub(self.live) as usize).min(self.free.len() + fresh)
    }

    /// Puts an object in and gives its handle.
    ///
    /// # Errors
    /// [`Error::Limit`] when the table is full or all its slots are retired.
    pub fn insert(&mut self, object: O, rights: Rights) -> Result<Handle, Error> {
        if self.live >= self.live_max {
            return Err(Error::Limit);
        }
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = self.slots.len() as u32 + 1;
                if index > Handle::INDEX_MAX {
                    return Err(Error::Limit);
                }
                self.slots.push(Slot { generation: 0, entry: None });
                index
            }
        };
        let slot = &mut self.slots[index as usize - 1];
        slot.entry = Some((object, rights));
        self.live += 1;
        Ok(Handle::new(index, slot.generation))
    }

    fn slot(&self, handle: Handle) -> Result<&Slot<O>, Error> {
        let index = (handle.index() as usize).checked_sub(1).ok_or(Error::BadHandle)?;
        let slot = self.slots.get(index).ok_or(Error::BadHandle)?;
        if slot.generation == handle.generation() { Ok(slot) } else { Err(Error::BadHandle) }
    }

    /// Finds an object and the rights of this handle to it.
    ///
    /// # Errors
    /// [`Error::BadHandle`] when there is none.
    pub fn get(&self, handle: Handle) -> Result<(&O, Rights), Error> {
        let (object, rights) = self.slot(handle)?.entry.as_ref().ok_or(Error::BadHandle)?;
        Ok((object, *rights))
    }

    /// Finds an object to which this handle has all of `needed`.
    ///
    /// # Errors
    /// [`Error::BadHandle`] when there is none, [`Error::Rights`] when a right is missing.
    pub fn get_with(&self, handle: Handle, needed: Rights) -> Result<&O, Error> {
        let (object, rights) = self.get(handle)?;
        if rights.contains(needed) { Ok(object) } else { Err(Error::Rights) }
    }

    /// Finds an object to change it; otherwise as [`Table::get_with`].
    ///
    /// # Errors
    /// As [`Table::get_with`].
    pub fn get_with_mut(&mut self, handle: Handle, needed: Rights) -> Result<&mut O, Error> {
        self.get_with(handle, needed)?;
        match &mut self.slots[handle.index() as usize - 1].entry {
            Some((object, _)) => Ok(object),
            None => Err(Error::BadHandle),
        }
    }

    /// Puts another object with other rights behind a handle.
    ///
    /// # Errors
    /// [`Error::BadHandle`] when there is none.
    pub fn replace(&mut self, handle: Handle, object: O, rights: Rights) -> Result<(), Error> {
        self.get(handle)?;
        self.slots[handle.index() as usize - 1].entry = Some((object, rights));
        Ok(())
    }

    /// Takes an object out; its handle is stale from now on.
    ///
    /// # Errors
    /// [`Error::BadHandle`] when there is none.
    pub fn remove(&mut self, handle: Handle) -> Result<O, Error> {
        self.get(handle)?;
        let slot = &mut self.slots[handle.index() as usize - 1];
        let Some((object, _)) = slot.entry.take() else { return Err(Error::BadHandle) };
        self.vacate(handle);
        Ok(object)
    }

    /// Lets the slot of a handle, which is empty, be used again.
    fn vacate(&mut self, handle: Handle) {
        let slot = &mut self.slots[handle.index() as usize - 1];
        self.live -= 1;
        if slot.generation < Handle::GENERATION_MAX {
            slot.generation += 1;
            self.free.push(handle.index());
        }
    }

    /// Takes the objects behind handles that are about to leave the table, with their rights: who gets them may be done with
    /// them before the handles are forgotten, and his must be the last. [`Table::forget`] them then, or [`Table::take_back`]
    /// what did not leave.
    ///
    /// # Errors
    /// Then all stay: [`Error::Argument`] for a handle that is there twice, [`Error::BadHandle`], [`Error::Rights`] for one that
    /// has no TRANSFER, [`Error::Type`] for an object that may not leave.
    pub fn lend(
        &mut self,
        handles: &[Handle],
        may_leave: impl Fn(&O) -> bool,
    ) -> Result<Vec<(O, Rights)>, Error> {
        for (at, handle) in handles.iter().enumerate() {
            // Once gone it cannot go again.
            if handles[..at].contains(handle) {
                return Err(Error::Argument);
            }
            if !may_leave(self.get_with(*handle, Rights::TRANSFER)?) {
                return Err(Error::Type);
            }
        }
        let mut take = |handle: &Handle| self.slots[handle.index() as usize - 1].entry.take();
        handles.iter().map(|handle| take(handle).ok_or(Error::BadHandle)).collect()
    }

    /// Puts objects back behind the handles from which they were lent.
    pub fn take_back(&mut self, handles: &[Handle], objects: Vec<(O, Rights)>) {
        for (handle, object) in handles.iter().zip(objects) {
            self.slots[handle.index() as usize - 1].entry = Some(object);
        }
    }

    /// Gives back the handles of what was lent.
    pub fn forget(&mut self, handles: &[Handle]) {
        handles.iter().for_each(|handle| self.vacate(*handle));
    }

    /// Lists the open handles, lowest index first.
    pub fn iter(&self) -> impl Iterator<Item = (Handle, &O, Rights)> {
        self.slots.iter().enumerate().filter_map(|(i, slot)| {
            let (object, rights) = slot.entry.as_ref()?;
            Some((Handle::new(i as u32 + 1, slot.generation), object, *rights))
        })
    }
}

impl<O: Clone> Table<O> {
    /// Makes a second handle to the same object, with the same rights or fewer.
    ///
    /// # Errors
    /// [`Error::Rights`] when the handle may not be duplicated or `rights` asks for more than it has.
    pub fn duplicate(&mut self, handle: Handle, rights: Rights) -> Result<Handle, Error> {
        let (object, has) = self.get(handle)?;
        if !has.contains(Rights::DUPLICATE.union(rights)) {
            return Err(Error::Rights);
        }
        let object = object.clone();
        self.insert(object, rights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    #[test]
    fn a_stale_handle_finds_nothing() {
        let mut t = Table::new(10);
        let a = t.insert("a", Rights::READ).unwrap();
        assert_ne!(a, Handle::ENGINE);
        assert_eq!(t.remove(a), Ok("a"));
        let b = t.insert("b", Rights::READ).unwrap();
        assert_eq!(a.index(), b.index());
        assert_eq!(t.get(a).unwrap_err(), Error::BadHandle);
        assert_eq!(t.get(Handle::ENGINE).unwrap_err(), Error::BadHandle);
        assert_eq!(t.get(b).unwrap().0, &"b");
    }

    #[test]
    fn a_worn_out_slot_is_retired() {
        let mut t = Table::new(10);
        let first = t.insert(0, Rights::NONE).unwrap();
        let mut h = first;
        for i in 0..Handle::GENERATION_MAX {
            t.remove(h).unwrap();
            h = t.insert(i, Rights::NONE).unwrap();
            assert_eq!(h.index(), first.index());
        }
        t.remove(h).unwrap();
        let next = t.insert(0, Rights::NONE).unwrap();
        assert_ne!(next.index(), first.index());
        assert_eq!(t.get(first).unwrap_err(), Error::BadHandle);
    }

    #[test]
    fn a_following_table_gives_no_handle_that_was_given_before() {
        let mut before = Table::new(10);
        let handles: Vec<_> = (0..4).map(|i| before.insert(i, Rights::READ).unwrap()).collect();
        before.remove(handles[1]).unwrap();
        let again = before.insert(9, Rights::READ).unwrap();
        before.remove(handles[2]).unwrap();
        for _ in 0..Handle::GENERATION_MAX {
            let h = before.insert(0, Rights::NONE).unwrap();
            assert_eq!(h.index(), handles[2].index());
            before.remove(h).unwrap();
        }
        let generations = before.generations();
        assert_eq!(generations, [1, 2, Handle::GENERATION_MAX + 1, 1]);
        let mut after = Table::following(10, &generations);
        assert_eq!(after.generations(), generations);
        let fresh: Vec<_> = (0..4).map(|i| after.insert(i, Rights::READ).unwrap()).collect();
        let indices: Vec<_> = fresh.iter().map(|handle| handle.index()).collect();
        assert_eq!(indices, [1, 2, 4, 5], "in their order, without the one that is used up");
        for old in handles.iter().chain([&again]) {
            assert_eq!(after.get(*old).unwrap_err(), Error::BadHandle);
        }
        let hostile: Table<i32> = Table::following(10, &[u32::MAX; 3]);
        assert_eq!(hostile.generations(), [Handle::GENERATION_MAX + 1; 3]);
    }

    #[test]
    fn what_is_replaced_keeps_its_handle() {
        let mut t = Table::new(2);
        let h = t.insert("a", Rights::READ).unwrap();
        t.replace(h, "b", Rights::WRITE).unwrap();
        assert_eq!((t.get(h), t.len()), (Ok((&"b", Rights::WRITE)), 1));
        t.remove(h).unwrap();
        assert_eq!(t.replace(h, "c", Rights::READ), Err(Error::BadHandle));
    }

    #[test]
    fn duplicates_never_gain_rights() {
        let mut t = Table::new(10);
        let rw = t.insert((), Rights::READ.union(Rights::WRITE).union(Rights::DUPLICATE)).unwrap();
        let r = t.duplicate(rw, Rights::READ).unwrap();
        assert_eq!(t.get_with(r, Rights::WRITE), Err(Error::Rights));
        assert_eq!(t.duplicate(r, Rights::READ), Err(Error::Rights), "no DUPLICATE right");
        assert_eq!(t.duplicate(rw, Rights::SEEK), Err(Error::Rights));
    }

    #[test]
    fn what_is_lent_is_nowhere_and_comes_back_or_is_gone() {
        let mut t = Table::new(3);
        let sent = Rights::TRANSFER.union(Rights::READ);
        let [a, b, c] = [("a", sent), ("b", Rights::READ), ("c", sent)].map(|(o, r)| t.insert(o, r).unwrap());
        assert_eq!(t.lend(&[a, b], |_| true), Err(Error::Rights));
        assert_eq!(t.lend(&[a, a], |_| true), Err(Error::Argument));
        assert_eq!(t.lend(&[a, c], |object| *object != "c"), Err(Error::Type));
        assert_eq!(t.get(a), Ok((&"a", sent)), "all stayed");
        let lent = t.lend(&[a, c], |_| true).unwrap();
        assert_eq!(lent, [("a", sent), ("c", sent)]);
        assert_eq!((t.get(a).err(), t.remove(c)), (Some(Error::BadHandle), Err(Error::BadHandle)));
        assert_eq!((t.len(), t.room(), t.iter().count()), (3, 0, 1), "their places are kept");
        t.take_back(&[a, c], lent);
        assert_eq!(t.get(c), Ok((&"c", sent)));
        t.lend(&[a, c], |_| true).unwrap();
        t.forget(&[a, c]);
        assert_eq!((t.len(), t.room(), t.get(a)), (1, 2, Err(Error::BadHandle)));
        assert_ne!(t.insert("d", sent).unwrap(), c);
    }

    #[test]
    fn the_number_of_handles_is_bounded() {
        let mut t = Table::new(2);
        t.insert((), Rights::ALL).unwrap();
        let h = t.insert((), Rights::ALL).unwrap();
        assert_eq!(t.insert((), Rights::ALL), Err(Error::Limit));
        assert_eq!(t.duplicate(h, Rights::ALL), Err(Error::Limit));
        t.remove(h).unwrap();
        t.insert((), Rights::ALL).unwrap();
    }

    /// A seeded walk of a million steps against a plain map: what the table finds is what was put in.
    #[test]
    fn a_long_walk_agrees_with_a_map() {
        let mut seed = 0x9e37_79b9_7f4a_7c15u64;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        let mut table = Table::new(64);
        let mut model: BTreeMap<u32, (u64, Rights)> = BTreeMap::new();
        let mut dead: Vec<u32> = Vec::new();
        for step in 0..1_000_000u64 {
            let known: Vec<u32> = model.keys().copied().collect();
            let pick = |r: u64| known.get(r as usize % known.len().max(1)).copied();
            match random() % 5 {
                0 | 1 => {
                    let rights = Rights::from_bits(random() as u32 & 0x1fff).unwrap();
                    match table.insert(step, rights) {
                        Ok(h) => assert!(model.insert(h.raw(), (step, rights)).is_none()),
                        Err(e) => assert!(e == Error::Limit && model.len() == 64),
                    }
                }
                2 => {
                    if let Some(h) = pick(random()) {
                        let want = model.remove(&h).unwrap();
                        assert_eq!(table.remove(Handle::from_raw(h)), Ok(want.0));
                        dead.push(h);
                        dead.truncate(200);
                    }
                }
                3 => {
                    if let Some(h) = pick(random()) {
                        let want = Rights::from_bits(random() as u32 & 0x1fff).unwrap();
                        let (object, has) = model[&h];
                        match table.duplicate(Handle::from_raw(h), want) {
                            Ok(n) => {
                                assert!(has.contains(want) && has.contains(Rights::DUPLICATE));
                                assert!(model.insert(n.raw(), (object, want)).is_none());
                            }
                            Err(Error::Limit) => assert_eq!(model.len(), 64),
                            Err(_) => assert!(!has.contains(want.union(Rights::DUPLICATE))),
                        }
                    }
                }
                _ => {
                    let raw = random() as u32;
                    let known = model.get(&raw).copied();
                    assert_eq!(table.get(Handle::from_raw(raw)).ok().map(|(o, r)| (*o, r)), known);
                    if let Some(h) = dead.last() {
                        assert!(model.contains_key(h) || table.get(Handle::from_raw(*h)).is_err());
                    }
                }
            }
            assert_eq!(table.len(), model.len());
        }
        for (h, object, rights) in table.iter() {
            assert_eq!(model[&h.raw()], (*object, rights));
        }
    }
}
