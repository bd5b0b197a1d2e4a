//! Components of the component model that are written for our own ABI: they export `b8g:abi/run`, and import
//! [`crate::typed`]. They start, park their waits and hear of events as modules do.

use b8g_core::Handle;
use b8g_core::abi::constants::GROUPS;
use b8g_core::abi::names::kebab;
use b8g_core::abi::state;
use wasmtime::component::{Component, ComponentExportIndex, Val};

use super::host::trap;
use super::{ModelInstance, run};
use crate::context::Context;
use crate::outcome::Outcome;

/// What they export.
const RUN: &str = "b8g:abi/run@1.0.0";

/// Where its functions are.
#[derive(Debug)]
pub(crate) struct Guest {
    start: ComponentExportIndex,
    event: ComponentExportIndex,
}

impl Guest {
    /// Looks whether a component is one.
    pub(super) fn of(component: &Component) -> Option<Guest> {
        let instance = component.get_export_index(None, RUN)?;
        let function = |name| component.get_export_index(Some(&instance), name);
        Some(Guest { start: function("start")?, event: function("event")? })
    }
}

impl Context {
    /// The guest's part of the component, if it is one.
    pub(crate) fn is_guest(&self) -> bool {
        self.component.compiled.model.as_ref().is_some_and(|model| model.guest.is_some())
    }

    /// Starts a guest; answers its state, as `b8g_start` does.
    pub(crate) fn start_guest(&mut self) -> Result<i32, Outcome> {
        self.call_guest(|guest| &guest.start, &[])
    }

    /// Tells a guest of an event; answers its state, as `b8g_event` does. It does not hear of what is for the JavaScript
    /// engine alone.
    pub(crate) fn tell_guest(
        &mut self,
        token: i64,
        kind: i32,
        handle: Handle,
        value: i64,
    ) -> Result<i32, Outcome> {
        let Some(name) = name_of("EVENT", kind) else { return Ok(state::DONE) };
        let arguments = [Val::S64(token), Val::Enum(name), Val::U32(handle.raw()), Val::S64(value)];
        self.call_guest(|guest| &guest.event, &arguments)
    }

    fn call_guest(
        &mut self,
        function: impl FnOnce(&Guest) -> &ComponentExportIndex,
        arguments: &[Val],
    ) -> Result<i32, Outcome> {
        let compiled = self.component.compiled.clone();
        let instance = self.model_instance.as_ref().map(|ModelInstance { instance, .. }| *instance);
        let model = compiled.model.as_ref();
        let guest = model.and_then(|model| model.guest.as_ref());
        let mut results = [Val::Bool(false)];
        self.guarded(|store| {
            let (Some(model), Some(guest), Some(instance)) = (model, guest, instance) else {
                return Err(trap("it has no functions to call"));
            };
            let function = instance.get_func(&mut *store, function(guest));
            let function = function.ok_or_else(|| trap("the function is not there"))?;
            run::call(store, model, function, arguments, &mut results)?;
            let [result] = &results;
            state_of(result).ok_or_else(|| trap("it answers what is no state"))
        })
    }
}

fn state_of(result: &Val) -> Option<i32> {
    match result {
        Val::Result(Ok(Some(state))) => match &**state {
            Val::Enum(name) => number_of("STATE", name),
            _ => None,
        },
        Val::Result(Err(Some(error))) => match **error {
            Val::S32(number) => Some(if number < 0 { number } else { -1 }),
            _ => None,
        },
        _ => None,
    }
}

fn name_of(group: &str, number: i32) -> Option<String> {
    let group = GROUPS.iter().find(|known| known.name == group)?;
    let constant = group.each.iter().find(|constant| constant.value == i64::from(number))?;
    Some(kebab(constant.name))
}

fn number_of(group: &str, name: &str) -> Option<i32> {
    let group = GROUPS.iter().find(|known| known.name == group)?;
    let constant = group.each.iter().find(|constant| kebab(constant.name) == name)?;
    i32::try_from(constant.value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use b8g_core::abi::event;

    #[test]
    fn events_and_states_go_by_name() {
        assert_eq!(name_of("EVENT", event::READY).as_deref(), Some("ready"));
        assert_eq!(name_of("EVENT", 99), None);
        let answered = |name: &str| state_of(&Val::Result(Ok(Some(Box::new(Val::Enum(name.into()))))));
        assert_eq!((answered("done"), answered("waiting")), (Some(state::DONE), Some(state::WAITING)));
        assert_eq!(answered("nonsense"), None);
        let failed = |number| state_of(&Val::Result(Err(Some(Box::new(Val::S32(number))))));
        assert_eq!((failed(-9), failed(7)), (Some(-9), Some(-1)));
    }
}
