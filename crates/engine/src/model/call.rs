//! Calls of the functions that a component exports.

use wasmtime::component::Val;

use super::value::{WitFunction, WitValue};
use super::{ModelInstance, run};
use crate::component::Component;
use crate::context::{CallError, Context};

impl Component {
    /// Lists the functions that [`Context::invoke`] can call, by name: of components of the component model only.
    pub fn exported_functions(&self) -> Vec<WitFunction> {
        let model = self.compiled.model.as_ref();
        model.map_or_else(Vec::new, |model| {
            model.functions().iter().map(|(function, _)| function.clone()).collect()
        })
    }
}

impl Context {
    /// Calls an exported function of a component of the component model; makes the context ready if need be, and does not
    /// start its program. Between such calls a context can be frozen, unless it holds an open file or a connection.
    ///
    /// An answer has at most 16 MiB as the host counts: a list has half a million elements.
    ///
    /// # Errors
    /// [`CallError`]; only [`CallError::Ended`] means that the context is dead.
    pub fn invoke(&mut self, name: &str, arguments: &[WitValue]) -> Result<Option<WitValue>, CallError> {
        self.timed(|context| context.invoke_now(name, arguments))
    }

    fn invoke_now(&mut self, name: &str, arguments: &[WitValue]) -> Result<Option<WitValue>, CallError> {
        self.initialize().map_err(CallError::Ended)?;
        let compiled = self.component.compiled.clone();
        let missing = || CallError::NoFunction(name.to_owned());
        let model = compiled.model.as_ref().ok_or_else(missing)?;
        let functions = model.functions();
        let at = functions.binary_search_by(|(function, _)| function.name.as_str().cmp(name));
        let (function, at) = at.ok().and_then(|at| functions.get(at)).ok_or_else(missing)?;
        let unfit = || CallError::Arguments(name.to_owned());
        if function.parameters.len() != arguments.len() {
            return Err(unfit());
        }
        let lowered = arguments.iter().zip(&function.parameters).map(|(value, (_, ty))| value.lower(ty));
        let lowered = lowered.collect::<Option<Vec<Val>>>().ok_or_else(unfit)?;
        let Some(ModelInstance { instance, .. }) = self.model_instance else { return Err(missing()) };
        let mut results = vec![Val::Bool(false); usize::from(function.result.is_some())];
        let called = self.guarded(|store| {
            let function = instance.get_func(&mut *store, at);
            let function = function.ok_or_else(|| super::host::trap("the function is not there"))?;
            run::call(store, model, function, &lowered, &mut results)
        });
        called.map_err(CallError::Ended)?;
        match (results.pop(), &function.result) {
            (Some(value), Some(ty)) => {
                WitValue::lift(value, ty).map(Some).ok_or_else(|| CallError::Results(name.to_owned()))
            }
            _ => Ok(None),
        }
    }
}
