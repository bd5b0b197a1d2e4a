//! A context of a component frozen, and made to go on.

use std::sync::Arc;

use b8g_image::HeldResource;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower};

use super::kind::Kind;
use super::{Helper, What, give};
use crate::context::{Context, Stage};
use crate::image::{Frozen, FrozenMemory, SnapshotError};
use crate::memory::pool::{self, Made};
use crate::model::host::trap;
use crate::model::{HANDLES_MAX, Model, run};
use crate::outcome::{Outcome, Reason};

/// What is wrong where a number means something else than was believed.
const DISORDER: &str = "its resources are not in order";

/// Handles that a call of the helper has itself, and some more.
const CALL_HANDLES: usize = 16;

/// An instance of a component, and where its memories are.
#[derive(Debug)]
pub(crate) struct ModelInstance {
    pub(crate) instance: Instance,
    made: Made,
}

impl Context {
    /// Makes a component ready.
    pub(crate) fn initialize_model(&mut self, model: &Model) -> Result<(), Outcome> {
        self.instantiate_model(model)?;
        if let Some(stage) = self.image.as_ref().map(|image| image.frozen.stage) {
            self.stage = stage;
            return if stage == Stage::Started { self.wake() } else { Ok(()) };
        }
        self.stage = Stage::Initialized;
        if let (Some(at), Some(ModelInstance { instance, .. })) = (&model.initialize, &self.model_instance) {
            let instance = *instance;
            self.guarded(|store| {
                let function =
                    instance.get_func(&mut *store, at).ok_or_else(|| trap("it cannot be made ready"))?;
                run::call(store, model, function, &[], &mut [])
            })?;
        }
        Ok(())
    }

    /// Makes the instance of a component, fresh or as it was in the image.
    fn instantiate_model(&mut self, model: &Model) -> Result<(), Outcome> {
        let residence = self.residence.clone();
        let frozen = self.image.as_ref().map(|image| image.frozen.clone());
        let mut made = Made::default();
        let instance = match &model.plan {
            Ok(plan) => {
                let Some(fillings) = plan.fillings(frozen.as_deref().map(|frozen| &frozen.memories[..]))
                else {
                    let message = "the system has no room for its memories".to_owned();
                    return Err(self.finish(Reason::Error, Reason::Error.exit_code(), message));
                };
                self.guarded(|store| {
                    let instantiate = || run::instantiate(store, model);
                    let (instance, places) = pool::with_each(fillings, &residence, instantiate);
                    made = places;
                    instance
                })?
            }
            Err(_) => self
                .guarded(|store| pool::with_image(None, 0, &residence, || run::instantiate(store, model)))?,
        };
        self.model_instance = Some(ModelInstance { instance, made });
        match frozen {
            Some(frozen) => self.thaw_model(model, &frozen),
            None => Ok(()),
        }
    }

    /// Calls a function of the helper.
    fn ask_helper<P, R>(
        &mut self,
        model: &Model,
        function: impl FnOnce(&Helper) -> &ComponentExportIndex,
        arguments: P,
    ) -> Result<R, Outcome>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift + 'static,
    {
        let (Some(helper), Some(ModelInstance { instance, .. })) = (&model.helper, &self.model_instance)
        else {
            return Err(self.misfit());
        };
        let (instance, at) = (*instance, function(helper));
        self.guarded(|store| {
            let function = instance.get_typed_func::<P, R>(&mut *store, at)?;
            run::call_at_once(store, model, &function, arguments)
        })
    }

    /// Looks at the memories of a component, one after the other, until `find` finds something.
    pub(crate) fn find_in_memories<R>(&self, find: impl Fn(&[u8]) -> Option<R>) -> Option<R> {
        let plan = self.component.compiled.model.as_ref()?.plan.as_ref().ok()?;
        let places = &self.model_instance.as_ref()?.made.places;
        let own =
            places.iter().zip(&plan.memories).filter(|(_, memory)| matches!(memory.what, What::Guest(_)));
        // SAFETY: the memory was made for this context's store, which is borrowed here, so nothing runs in it.
        own.into_iter().find_map(|(place, _)| find(unsafe { place.bytes() }))
    }

    /// What the memories and the resources of a component are.
    pub(crate) fn freeze_model(
        &mut self,
        copied_pages_max: usize,
    ) -> Result<(Vec<FrozenMemory>, Vec<HeldResource>), SnapshotError> {
        self.timed(|context| context.freeze_model_now(copied_pages_max))
    }

    fn freeze_model_now(
        &mut self,
        copied_pages_max: usize,
    ) -> Result<(Vec<FrozenMemory>, Vec<HeldResource>), SnapshotError> {
        let compiled = self.component.compiled.clone();
        let Some((model, plan)) =
            compiled.model.as_ref().and_then(|model| Some((model, model.plan.as_ref().ok()?)))
        else {
            return Err(SnapshotError::Unsupported("it has no plan".into()));
        };
        let unsupported = |why: &str| SnapshotError::Unsupported(why.to_owned());
        let made = self.model_instance.as_ref().map(|model| &model.made);
        let Some(made) = made.filter(|made| made.places.len() == plan.memories.len()) else {
            return Err(unsupported("its memories are others than its code says"));
        };
        if made.has_heap {
            return Err(unsupported("it has a heap of garbage-collected objects"));
        }
        let places: Vec<_> = made.places.clone();
        let resources = self.held_resources(model)?;
        let ended = SnapshotError::Ended;
        self.ask_helper::<(), ()>(model, |helper| &helper.freeze, ()).map_err(ended)?;
        let guests =
            places.iter().zip(&plan.memories).filter(|(_, memory)| matches!(memory.what, What::Guest(_)));
        let memories = guests.enumerate().map(|(number, (place, _))| {
            // SAFETY: the memory was made for this context's store, in which nothing runs now.
            let bytes = unsafe { place.bytes() };
            self.freeze_memory(number, bytes, copied_pages_max)
        });
        Ok((memories.collect::<Result<_, _>>()?, resources))
    }

    /// Finds out what the component holds, and makes sure of it.
    fn held_resources(&mut self, model: &Model) -> Result<Vec<HeldResource>, SnapshotError> {
        let busy = |why: &str| SnapshotError::Busy(why.to_owned());
        let held = self.store.data_mut().resources().table.held().map_err(busy)?;
        for (_, rep, kind) in &held {
            give::held(self.store.data_mut(), *kind, *rep).map_err(busy)?;
        }
        if model.waits() {
            if self.store.concurrent_state_table_size() > 0 {
                return Err(busy("it has tasks, streams or futures, or waits for such"));
            }
            self.learn_indices(model, &held)?;
        } else {
            self.verify_indices(model)?;
        }
        let held = self.store.data_mut().resources().table.held().map_err(busy)?;
        let mut resources = Vec::with_capacity(held.len());
        for (index, rep, kind) in held {
            if self.shown(model, kind, index)? != Some(rep) {
                return Err(busy(DISORDER));
            }
            let what = give::held(self.store.data_mut(), kind, rep).map_err(busy)?;
            resources.push(HeldResource { index, what });
        }
        Ok(resources)
    }

    /// Our number for the resource that the component knows by a number.
    fn shown(&mut self, model: &Model, kind: Kind, index: u32) -> Result<Option<u32>, SnapshotError> {
        self.ask_helper::<(u32, u32), ()>(model, |helper| &helper.show, (kind.number(), index))
            .map_err(SnapshotError::Ended)?;
        Ok(self.store.data_mut().resources().shown.take())
    }

    /// Fills the free numbers with placeholders, which shows which are free and in which order, and drops them again.
    fn verify_indices(&mut self, model: &Model) -> Result<(), SnapshotError> {
        let indices = self.store.data_mut().resources().table.indices();
        let free = indices.free_count() + 1;
        if indices.count() + free >= HANDLES_MAX {
            return Err(SnapshotError::Busy("it has too many resources".to_owned()));
        }
        let mut taken = Vec::with_capacity(free);
        let mut same = true;
        for _ in 0..free {
            let (index,) = self
                .ask_helper::<(u32,), (u32,)>(model, |helper| &helper.take, (0,))
                .map_err(SnapshotError::Ended)?;
            let believed = self.store.data_mut().resources().table.indices().add_placeholder();
            same &= index == believed;
            taken.push((index, believed));
        }
        for (index, believed) in taken.into_iter().rev() {
            self.ask_helper::<(u32,), ()>(model, |helper| &helper.drop, (index,))
                .map_err(SnapshotError::Ended)?;
            self.store.data_mut().resources().table.indices().remove_placeholder(believed);
        }
        if same { Ok(()) } else { Err(SnapshotError::Busy(DISORDER.to_owned())) }
    }

    /// Finds out which numbers are of which resource, where tasks, streams and futures have had some of which nobody here was told.
    /// None of these is there now: when placeholders have all numbers that there can be, what is missing is the resources'.
    /// Resources of several kinds cannot be told apart: to ask for the wrong kind would be the component's end.
    fn learn_indices(&mut self, model: &Model, held: &[(u32, u32, Kind)]) -> Result<(), SnapshotError> {
        let Some((.., kind)) = held.first().copied() else { return Ok(()) };
        if held.iter().any(|(.., other)| *other != kind) {
            return Err(SnapshotError::Busy("it can wait, and holds resources of several kinds".to_owned()));
        }
        // Those of the calls themselves are counted too.
        self.store.set_max_component_handles(HANDLES_MAX + CALL_HANDLES);
        let live = self.live_indices(model, HANDLES_MAX.saturating_sub(held.len()) as u32);
        self.store.set_max_component_handles(HANDLES_MAX);
        let live = live.map_err(SnapshotError::Ended)?;
        let disorder = || SnapshotError::Busy(DISORDER.to_owned());
        let mut known = Vec::with_capacity(live.len());
        for index in live {
            known.push((index, self.shown(model, kind, index)?.ok_or_else(disorder)?));
        }
        if self.store.data_mut().resources().table.indices().learn(&known) { Ok(()) } else { Err(disorder()) }
    }

    /// The numbers that are left when so many placeholders have the others.
    fn live_indices(&mut self, model: &Model, placeholders: u32) -> Result<Vec<u32>, Outcome> {
        self.ask_helper::<(u32,), ()>(model, |helper| &helper.fill, (placeholders,))?;
        let (mut live, mut next) = (Vec::new(), 1);
        loop {
            let (index,) = self.ask_helper::<(u32,), (u32,)>(model, |helper| &helper.missing, (next,))?;
            if index as usize > HANDLES_MAX {
                break;
            }
            live.push(index);
            next = index + 1;
        }
        self.ask_helper::<(), ()>(model, |helper| &helper.empty, ())?;
        Ok(live)
    }

    /// Gives a fresh instance what the image holds.
    fn thaw_model(&mut self, model: &Model, frozen: &Arc<Frozen>) -> Result<(), Outcome> {
        let (Ok(plan), Some(made)) = (&model.plan, self.model_instance.as_ref().map(|model| &model.made))
        else {
            return Err(self.misfit());
        };
        let places: Vec<_> = made.places.clone();
        let guests =
            places.iter().zip(&plan.memories).filter(|(_, memory)| matches!(memory.what, What::Guest(_)));
        let guests: Vec<_> = guests.map(|(place, _)| place).zip(&frozen.memories).collect();
        let Some((helper, others)) = guests.split_last() else { return Err(self.misfit()) };
        let write = |(place, held): &(&Arc<crate::memory::Place>, &FrozenMemory)| {
            // SAFETY: the memory was made for this context's store, in which nothing runs now, and which is borrowed alone.
            held.write(unsafe { place.bytes_mut() })
        };
        if !write(helper) {
            return Err(self.misfit());
        }
        let (failed,) = self.ask_helper::<(), (u32,)>(model, |helper| &helper.thaw, ())?;
        if failed != 0 {
            return Err(self.too_large(frozen));
        }
        let same_size = guests.iter().all(|(place, held)| place.len() == held.bytes);
        if !same_size || !others.iter().all(write) {
            return Err(self.misfit());
        }
        self.store.data_mut().resources().clock_ns = frozen.clock_ns;
        self.give_resources(model, &frozen.resources)
    }

    /// Gives the component the resources that it held, by the numbers that it knows.
    fn give_resources(&mut self, model: &Model, resources: &[HeldResource]) -> Result<(), Outcome> {
        let mut placeholders = Vec::new();
        let mut next = 1;
        for HeldResource { index, what } in resources {
            for number in next..*index {
                let (taken,) = self.ask_helper::<(u32,), (u32,)>(model, |helper| &helper.take, (0,))?;
                if self.store.data_mut().resources().table.indices().add_placeholder() != number
                    || taken != number
                {
                    return Err(self.misfit());
                }
                placeholders.push(number);
            }
            next = index + 1;
            self.store.data_mut().resources().giving = Some(what.clone());
            let kind = give::kind_of(what).number();
            let (taken,) = self.ask_helper::<(u32,), (u32,)>(model, |helper| &helper.take, (kind,))?;
            if taken != *index {
                return Err(self.misfit());
            }
        }
        for index in placeholders.into_iter().rev() {
            self.ask_helper::<(u32,), ()>(model, |helper| &helper.drop, (index,))?;
            self.store.data_mut().resources().table.indices().remove_placeholder(index);
        }
        Ok(())
    }
}
