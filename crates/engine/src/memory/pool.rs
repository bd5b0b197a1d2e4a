//! The pool of slots, and the memory creator that hands them to wasmtime.
//!
//! wasmtime does not say for which module it wants a memory, so [`with_image`] leaves the image in a thread-local
//! for the time of one instantiation: the first memory that is made with room for it takes it. For components
//! [`with_each`] leaves one for each of their memories. The tenant's residence comes to its memories in the same way.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::inner::{InnerMemory, Mapped};
use super::slot::{GUARD_BYTES, RESERVATION_BYTES, Slot};
use super::{HeapImage, PAGE_BYTES, Place, Residence, faults};

/// What the engine must tell wasmtime, so that no bounds checks are compiled.
pub(crate) const RESERVATION: u64 = RESERVATION_BYTES as u64;
pub(crate) const GUARD: u64 = GUARD_BYTES as u64;

thread_local! {
    static NEXT: RefCell<Option<Next>> = const { RefCell::new(None) };
}

/// What the memories of one instantiation are to get.
struct Next {
    contents: Contents,
    residence: Arc<Residence>,
}

/// What the memories are filled with.
enum Contents {
    /// The first that has room for the image takes it; it will have so many bytes soon.
    First(Option<Arc<HeapImage>>, usize),
    /// Each takes what was said of it, in order.
    Each(std::vec::IntoIter<Filling>, Made),
    /// They are those of a module within: here is which were made.
    Inner(Vec<InnerMemory>),
}

/// What one of a component's memories is filled with.
#[derive(Clone, Debug)]
pub(crate) struct Filling {
    pub(crate) image: Option<Arc<HeapImage>>,
    /// Bytes that it begins with: the memory is known by them.
    pub(crate) minimum: usize,
    /// Bytes that it will have soon.
    pub(crate) len: usize,
}

/// The memories that were made while a component became an instance.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) places: Vec<Arc<Place>>,
    /// There is a heap of garbage-collected objects too.
    pub(crate) has_heap: bool,
}

/// Runs `instantiate`, whose first memory that has room for `image` is filled from it; before anything of the tenant
/// runs the caller lets that memory grow to `len` bytes. `residence` must be told of every thread that the tenant runs
/// on.
pub(crate) fn with_image<R>(
    image: Option<&Arc<HeapImage>>,
    len: usize,
    residence: &Arc<Residence>,
    instantiate: impl FnOnce() -> R,
) -> R {
    with_contents(Contents::First(image.cloned(), len), residence, instantiate).0
}

/// Runs `instantiate`, whose memories are filled as is said, in the order in which they are made; before anything of the
/// tenant runs the caller lets each grow to its length. Answers which were made, too.
pub(crate) fn with_each<R>(
    fillings: Vec<Filling>,
    residence: &Arc<Residence>,
    instantiate: impl FnOnce() -> R,
) -> (R, Made) {
    let contents = Contents::Each(fillings.into_iter(), Made::default());
    match with_contents(contents, residence, instantiate) {
        (done, Some(Next { contents: Contents::Each(_, made), .. })) => (done, made),
        (done, _) => (done, Made::default()),
    }
}

/// Runs `make`, whose memories are made so that they [can be shown](InnerMemory::show). Answers which were made, too.
pub(crate) fn with_inner<R>(residence: &Arc<Residence>, make: impl FnOnce() -> R) -> (R, Vec<InnerMemory>) {
    match with_contents(Contents::Inner(Vec::new()), residence, make) {
        (done, Some(Next { contents: Contents::Inner(made), .. })) => (done, made),
        (done, _) => (done, Vec::new()),
    }
}

/// Runs `instantiate`; answers what is left of the contents.
fn with_contents<R>(
    contents: Contents,
    residence: &Arc<Residence>,
    instantiate: impl FnOnce() -> R,
) -> (R, Option<Next>) {
    /// Puts back what was there before, when it is dropped: a module within is made while others are.
    struct Restore(Option<Next>);
    impl Drop for Restore {
        fn drop(&mut self) {
            NEXT.set(self.0.take());
        }
    }
    let _restore = Restore(NEXT.replace(Some(Next { contents, residence: residence.clone() })));
    let done = instantiate();
    (done, NEXT.take())
}

impl Next {
    /// What a memory that begins with so many bytes is filled with, and how many bytes the slot is to have.
    fn filling(&mut self, minimum: usize) -> Result<(Option<Arc<HeapImage>>, usize), String> {
        match &mut self.contents {
            Contents::First(image, len) => {
                // The heap of garbage-collected objects, exceptions among them, is a memory too. It begins empty, and
                // comes first; the image waits for the one that has room for it.
                let len = minimum.max(*len);
                let image = image.take_if(|image| minimum > 0 && image.end() <= len);
                let filled = if image.is_some() { len } else { minimum };
                Ok((image, filled))
            }
            Contents::Each(_, made) if minimum == 0 => {
                made.has_heap = true;
                Ok((None, 0))
            }
            Contents::Each(fillings, _) => match fillings.next() {
                Some(filling) if filling.minimum == minimum => Ok((filling.image, filling.len.max(minimum))),
                _ => Err("the component's memories are others than its code says".to_owned()),
            },
            Contents::Inner(_) => Ok((None, minimum)),
        }
    }

    /// Remembers where a memory lies, if that is to be known.
    fn made(&mut self, base: *mut u8, minimum: usize) -> Option<Arc<Place>> {
        match &mut self.contents {
            Contents::Each(_, made) if minimum > 0 => {
                let place = Arc::new(Place::new(base, minimum)?);
                made.places.push(place.clone());
                Some(place)
            }
            _ => None,
        }
    }
}

/// An image whose free slots are unmapped when nobody needs it any more.
#[derive(Debug)]
pub(crate) struct Base {
    image: Arc<HeapImage>,
    pool: Arc<SlotPool>,
}

impl Base {
    pub(crate) fn new(image: HeapImage, pool: &Arc<SlotPool>) -> Arc<Base> {
        Arc::new(Base { image: Arc::new(image), pool: pool.clone() })
    }

    pub(crate) fn image(&self) -> &Arc<HeapImage> {
        &self.image
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        self.pool.forget_image(self.image.id());
    }
}

/// Slots that wait for their next tenant, by the image that they are filled with.
#[derive(Debug)]
pub(crate) struct SlotPool {
    free: Mutex<Free>,
    free_max: usize,
}

#[derive(Debug, Default)]
struct Free {
    by_image: HashMap<u64, Vec<(Slot, usize)>>,
    count: usize,
}

impl SlotPool {
    /// Makes an empty pool that keeps at most `free_max` slots for later.
    pub(crate) fn new(free_max: usize) -> Arc<SlotPool> {
        assert_eq!(rustix::param::page_size(), PAGE_BYTES, "b8g needs pages of {PAGE_BYTES} bytes");
        Arc::new(SlotPool { free: Mutex::default(), free_max })
    }

    fn lock(&self) -> MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, image: Option<Arc<HeapImage>>, len: usize) -> io::Result<Slot> {
        let id = image.as_ref().map_or(0, |image| image.id());
        let kept = {
            let mut free = self.lock();
            let slots = free.by_image.get_mut(&id);
            let found = slots.and_then(|slots| {
                let at = slots.iter().rposition(|(_, had)| *had == len)?;
                Some(slots.swap_remove(at).0)
            });
            free.count -= usize::from(found.is_some());
            found
        };
        match kept {
            Some(slot) => Ok(slot),
            None => {
                let mut slot = Slot::reserve()?;
                slot.fill(image, len)?;
                Ok(slot)
            }
        }
    }

    /// Takes a slot back, see [`Slot::reset`]. One that cannot be reset is unmapped: never handed on.
    fn give(&self, mut slot: Slot, len: usize, faultless: bool) {
        if self.lock().count >= self.free_max || slot.reset(len, faultless).is_err() {
            return;
        }
        let id = slot.image_id();
        let mut free = self.lock();
        free.count += 1;
        free.by_image.entry(id).or_default().push((slot, len));
    }

    /// Slots that wait for a tenant.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.lock().count
    }

    /// Unmaps the free slots of an image that nobody will ask for again.
    fn forget_image(&self, id: u64) {
        let dropped = {
            let mut free = self.lock();
            let slots = free.by_image.remove(&id);
            free.count -= slots.as_ref().map_or(0, Vec::len);
            slots
        };
        drop(dropped);
    }
}

/// Hands slots to wasmtime.
pub(crate) struct Creator(pub(crate) Arc<SlotPool>);

// SAFETY: `new_memory` gives `minimum` accessible zeroed (or image) bytes at the start of a reservation of
// `RESERVATION_BYTES` that never moves, followed by `GUARD_BYTES` that are never accessible.
unsafe impl MemoryCreator for Creator {
    fn new_memory(
        &self,
        _type: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if minimum > RESERVATION_BYTES || reserved.unwrap_or(0) > RESERVATION_BYTES || guard > GUARD_BYTES {
            return Err(format!("a memory of {minimum} bytes is more than {RESERVATION_BYTES}"));
        }
        if let Some(memory) = inner(minimum) {
            return memory.map_err(|e| format!("cannot map a memory of {minimum} bytes: {e}"));
        }
        let (image, residence, filled) = NEXT.with_borrow_mut(|next| match next {
            Some(next) => {
                let (image, filled) = next.filling(minimum)?;
                Ok((image, Some(next.residence.clone()), filled))
            }
            None => Ok::<_, String>((None, None, minimum)),
        })?;
        let faults = residence.as_ref().and_then(|_| faults::at_least());
        let slot =
            self.0.take(image, filled).map_err(|e| format!("cannot map a memory of {minimum} bytes: {e}"))?;
        let pool = self.0.clone();
        let place = NEXT.with_borrow_mut(|next| next.as_mut()?.made(slot.base(), minimum));
        Ok(Box::new(Tenancy { slot: Some(slot), filled, len: minimum, pool, residence, faults, place }))
    }
}

/// A memory of a module within, if such a one is being made.
fn inner(minimum: usize) -> Option<io::Result<Box<dyn LinearMemory>>> {
    NEXT.with_borrow_mut(|next| match next {
        Some(Next { contents: Contents::Inner(made), .. }) => Some(Mapped::new(minimum).map(|memory| {
            made.push(memory.shown());
            Box::new(memory) as Box<dyn LinearMemory>
        })),
        _ => None,
    })
}

/// A slot while a memory lives in it.
struct Tenancy {
    slot: Option<Slot>,
    /// Bytes that the slot was filled with, or for.
    filled: usize,
    /// Bytes of the memory.
    len: usize,
    pool: Arc<SlotPool>,
    residence: Option<Arc<Residence>>,
    /// Of the thread that it was made on: so many or more, then.
    faults: Option<u64>,
    /// Told when it grows, if somebody is to know.
    place: Option<Arc<Place>>,
}

impl Tenancy {
    /// There was no fault in the slot since it was reset last.
    fn faultless(&self) -> bool {
        let residence = self.residence.as_ref();
        residence.is_some_and(|residence| residence.only_here())
            && self.faults.is_some_and(|faults| faults::now() == Some(faults))
    }
}

// SAFETY: a memory is changed through `&mut` only (`grow_to`); wasmtime synchronises everything else.
unsafe impl Sync for Tenancy {}

// SAFETY: the base never moves; `byte_size` bytes from it are accessible; the rest of the reservation is not.
unsafe impl LinearMemory for Tenancy {
    fn byte_size(&self) -> usize {
        self.len
    }

    fn byte_capacity(&self) -> usize {
        RESERVATION_BYTES
    }

    fn grow_to(&mut self, len: usize) -> wasmtime::Result<()> {
        if let Some(slot) = &mut self.slot {
            slot.grow(len).map_err(wasmtime::Error::from)?;
            self.len = len;
            if let Some(place) = &self.place {
                place.grown(len);
            }
        }
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.slot.as_ref().map_or(std::ptr::null_mut(), Slot::base)
    }
}

impl Drop for Tenancy {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        // What others can write to is never one tenant's own again: the slot is unmapped.
        if !self.residence.as_ref().is_some_and(|residence| residence.has_window()) {
            let faultless = self.faultless();
            self.pool.give(slot, self.filled, faultless);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_comes_back_for_the_same_image_only() {
        let pool = SlotPool::new(8);
        let image = |text: &'static [u8]| Arc::new(HeapImage::new([(0usize, text)].into_iter()).unwrap());
        let (a, b) = (image(b"a"), image(b"b"));
        let slot = pool.take(Some(a.clone()), 65536).unwrap();
        let base = slot.base();
        pool.give(slot, 65536, false);
        let other = pool.take(Some(b), 65536).unwrap();
        assert_ne!(other.base(), base);
        let longer = pool.take(Some(a.clone()), 131072).unwrap();
        assert_ne!(longer.base(), base);
        let again = pool.take(Some(a.clone()), 65536).unwrap();
        assert_eq!(again.base(), base);
        pool.give(again, 65536, false);
        pool.forget_image(a.id());
        assert_eq!(pool.count(), 0);
    }

    #[test]
    fn the_pool_is_bounded() {
        let pool = SlotPool::new(2);
        let slots: Vec<Slot> = (0..4).map(|_| pool.take(None, 4096).unwrap()).collect();
        slots.into_iter().for_each(|slot| pool.give(slot, 4096, false));
        assert_eq!(pool.count(), 2);
    }
    /// A memory of a tenant, as wasmtime asks for it.
    fn tenancy(
        pool: &Arc<SlotPool>,
        image: &Arc<HeapImage>,
        residence: &Arc<Residence>,
    ) -> Box<dyn LinearMemory> {
        let creator = Creator(pool.clone());
        with_image(Some(image), 65536, residence, || {
            creator.new_memory(MemoryType::new(1, None), 65536, None, None, 0).unwrap()
        })
    }

    #[test]
    fn a_slot_that_had_a_window_is_not_kept() {
        let pool = SlotPool::new(8);
        let image = Arc::new(HeapImage::new([(0usize, &b"image"[..])].into_iter()).unwrap());
        let (plain, windowed) = (Arc::<Residence>::default(), Arc::<Residence>::default());
        drop(tenancy(&pool, &image, &plain));
        assert_eq!(pool.count(), 1);
        // It takes the one that was kept.
        let memory = tenancy(&pool, &image, &windowed);
        assert_eq!(pool.count(), 0);
        windowed.open_window();
        drop(memory);
        assert_eq!(pool.count(), 0);
        // That it had one is not forgotten with what its tenant did since, nor does it concern other tenants.
        let (memory, other) = (tenancy(&pool, &image, &windowed), tenancy(&pool, &image, &plain));
        windowed.here();
        drop((memory, other));
        assert_eq!(pool.count(), 1);
    }

    #[test]
    fn a_slot_comes_back_as_its_image_is() {
        let pool = SlotPool::new(8);
        let image = Arc::new(HeapImage::new([(5000usize, &b"image"[..])].into_iter()).unwrap());
        let mut bases = Vec::new();
        for round in 0..5 {
            let residence = Arc::<Residence>::default();
            residence.here();
            let memory = tenancy(&pool, &image, &residence);
            bases.push(memory.as_ptr() as usize);
            // SAFETY: the memory has 65536 bytes and nobody else has it.
            let bytes = unsafe { std::slice::from_raw_parts_mut(memory.as_ptr(), 65536) };
            assert_eq!(&bytes[5000..5005], b"image", "round {round}");
            assert_eq!(bytes.iter().filter(|byte| **byte != 0).count(), 5, "round {round}");
            for page in 0..=round * 3 {
                bytes[page * PAGE_BYTES..][..1000].fill(0xee);
            }
        }
        assert!(bases.iter().all(|base| *base == bases[0]), "the pool hands slots on");
    }
}
