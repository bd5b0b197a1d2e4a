//! Binaries of the component model: what they import, how they are made ready and run.
//!
//! Start reading at [`Model::new`], then `run.rs`. The functions that they import are those of [`crate::wasi2`] and
//! [`crate::wasi3`]; what both have in common lies here: `host.rs`, and over it `files.rs`, `sockets.rs`, `udp.rs` and `names.rs`.
//! `idle.rs` is what waits, `freeze` what is frozen and restored.
//!
//! A model stands beside a module that does nothing, the anchor: by its function the stop signal finds a store.

mod call;
pub(crate) mod errors;
pub(crate) mod files;
pub(crate) mod freeze;
mod fuse;
mod guest;
pub(crate) mod host;
pub(crate) mod http;
pub(crate) mod idle;
pub(crate) mod names;
pub(crate) mod run;
pub(crate) mod sockets;
pub(crate) mod udp;
pub(crate) mod value;

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use b8g_image::HeldResource;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, ResourceType};

use crate::component::{ComponentError, ComponentOptions, describe};
use crate::engine::Engine;
use crate::image::FrozenMemory;
use crate::memory::Base;
use crate::state::State;

pub(crate) use freeze::ModelInstance;
use freeze::{Bar, Helper, Layout, Plan};
pub(crate) use fuse::fuse;
pub(crate) use host::Resources;
use value::WitFunction;

/// How a binary of the component model begins.
const MAGIC: &[u8] = b"\0asm\x0d\0\x01\0";
/// Live handles of a store's components, their own resources, streams and tasks among them. Each costs the host memory.
pub(crate) const HANDLES_MAX: usize = 16_384;
/// Memories of a context at most: each takes more of the address space than it may ever use. A module has no more
/// than 100, a component could have any number.
pub(crate) const MEMORIES_MAX: usize = 128;
/// The export that makes a component ready: called once, before anything else, and never again in what goes on from an
/// image.
const INITIALIZE: &str = "wizer-initialize";
/// Bytes that the arguments of one host function may have.
pub(crate) const ARGUMENT_BYTES_MAX: usize = 16 << 20;

/// The module that is instantiated beside a model.
pub(crate) const ANCHOR: &str = r#"(module (func (export "anchor")))"#;

/// Compiled code of the component model.
pub(crate) struct Model {
    pub(crate) pre: InstancePre<State>,
    /// Where the function `run` is, if it is a command.
    pub(crate) run: Option<ComponentExportIndex>,
    /// Where its handler of HTTP is, if it has one.
    pub(crate) handler: Option<Handler>,
    /// What it exports if it is written for our own ABI.
    guest: Option<guest::Guest>,
    /// Where the function is that makes it ready.
    pub(crate) initialize: Option<ComponentExportIndex>,
    pub(crate) imports: Vec<String>,
    /// What its memories begin with, or why it was compiled as it is.
    plan: Result<Plan, Bar>,
    helper: Option<Helper>,
    /// Why its contexts cannot be frozen.
    unfreezable: Option<Bar>,
    functions: OnceLock<Vec<(WitFunction, ComponentExportIndex)>>,
}

/// A function that answers requests of HTTP.
pub(crate) enum Handler {
    /// `wasi:http/handler` of 0.3.
    Async(ComponentExportIndex),
    /// `wasi:http/incoming-handler` of 0.2.
    Sync(ComponentExportIndex),
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("imports", &self.imports).finish_non_exhaustive()
    }
}

/// What is written down of a component, so that its binary need not be read to go on from an image.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Known {
    /// What the code cache knows its code by.
    pub(crate) code: [u8; 32],
    plan: freeze::WrittenPlan,
}

/// Tells whether this is a binary of the component model.
pub(crate) fn is_model(binary: &[u8]) -> bool {
    binary.starts_with(MAGIC)
}

/// Adds all that components of the component model can import.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    crate::typed::add_to_linker(linker)?;
    freeze::give::add_to_linker(linker)?;
    crate::wasi2::add_to_linker(linker)?;
    crate::wasi3::add_to_linker(linker)
}

/// Tells whether an instance of this name can be imported.
fn provides(name: &str) -> bool {
    if crate::typed::INTERFACES.contains(&name) {
        return true;
    }
    let Some((interface, version)) = name.split_once('@') else { return false };
    let all = match version.split('.').collect::<Vec<_>>()[..] {
        ["0", "2", _] => crate::wasi2::INTERFACES,
        ["0", "3", patch] if !patch.contains('-') => crate::wasi3::INTERFACES,
        _ => return false,
    };
    all.contains(&interface)
}

impl Model {
    /// Compiles `wasm`, or finds its code in the code cache, and links it. The cache is asked, and keeps it, if `keep` says so.
    pub(crate) fn new(
        engine: &Engine,
        wasm: &[u8],
        options: ComponentOptions,
        keep: bool,
    ) -> Result<Model, ComponentError> {
        let failed = |error: wasmtime::Error| ComponentError::Invalid(describe(&error));
        let place = engine.models().map_err(failed)?;
        let layout = Layout::read(wasm);
        let code =
            || layout.as_ref().map_or_else(|_| Cow::Borrowed(wasm), |layout| Cow::Owned(layout.rewritten()));
        let component = engine.component(place, wasm, code, keep).map_err(failed)?;
        let plan = match &layout {
            Ok(layout) => Ok(Plan::new(layout, engine).map_err(|error| failed(error.into()))?),
            Err(bar) => Err(bar.clone()),
        };
        Model::link(place, component, plan, options)
    }

    /// Finds the code of a component, and goes by what was written down of it, if both are still there.
    pub(crate) fn found(engine: &Engine, known: &Known, code: Option<&Path>) -> Option<Model> {
        let place = engine.models().ok()?;
        let component = engine.component_found(place, &known.code, code)?;
        let options = ComponentOptions { trap_unknown_imports: true, ..ComponentOptions::default() };
        Model::link(place, component, Ok(Plan::of(&known.plan)?), options).ok()
    }

    /// What there is to write down of it. `wasm` is its binary.
    pub(crate) fn known(&self, engine: &Engine, wasm: &[u8]) -> Option<Known> {
        let plan = self.plan.as_ref().ok()?.written();
        Some(Known { code: engine.code_key(engine.models().ok()?, wasm)?, plan })
    }

    /// The same code for the binary without the data that its memories begin with, which images hold anyway, and that binary.
    pub(crate) fn without_data(&self, engine: &Engine, wasm: &[u8]) -> Option<(Model, Vec<u8>)> {
        let place = engine.models().ok()?;
        let stripped = Layout::read(wasm).ok()?.without_data();
        let plan = Plan::of(&self.plan.as_ref().ok()?.written())?;
        let component = self.component().clone();
        engine.keep_component(place, &stripped, &component);
        let options = ComponentOptions { trap_unknown_imports: true, ..ComponentOptions::default() };
        Some((Model::link(place, component, Ok(plan), options).ok()?, stripped))
    }

    fn link(
        place: &crate::engine::Models,
        component: Component,
        plan: Result<Plan, Bar>,
        options: ComponentOptions,
    ) -> Result<Model, ComponentError> {
        let ty = component.component_type();
        let mut unknown = Vec::new();
        let mut imports = Vec::new();
        for (name, import) in ty.imports(&place.wasmtime) {
            if plan.is_ok() && freeze::is_ours(name) {
                continue;
            }
            imports.push(name.to_owned());
            match import.ty {
                ComponentItem::Type(_) => {}
                ComponentItem::ComponentInstance(_) if provides(name) => {}
                ComponentItem::ComponentInstance(_) => unknown.push(format!("instance {name:?}")),
                ComponentItem::ComponentFunc(_) => unknown.push(format!("function {name:?}")),
                _ => unknown.push(format!("import {name:?}")),
            }
        }
        let pre = if unknown.is_empty() {
            place.linker.instantiate_pre(&component)
        } else if options.trap_unknown_imports {
            trapping(place, &component).and_then(|linker| linker.instantiate_pre(&component))
        } else {
            return Err(ComponentError::UnknownImports(unknown));
        };
        let pre = pre.map_err(|error| ComponentError::Imports(describe(&error)))?;
        // Who exports both means the later one: the earlier is what a toolchain added.
        let exports: Vec<String> = ty.exports(&place.wasmtime).map(|(name, _)| name.to_owned()).collect();
        let latest = |interface: &str, version: &str, function: &str| {
            let is = |name: &&String| name.strip_prefix(interface).is_some_and(|v| v.starts_with(version));
            let instance = component.get_export_index(None, exports.iter().filter(is).max()?)?;
            component.get_export_index(Some(&instance), function)
        };
        let run = latest("wasi:cli/run@", "0.3.", "run").or_else(|| latest("wasi:cli/run@", "0.2.", "run"));
        let handler = latest("wasi:http/handler@", "0.3.", "handle").map(Handler::Async);
        let handler =
            handler.or_else(|| latest("wasi:http/incoming-handler@", "0.2.", "handle").map(Handler::Sync));
        let initialize = match component.get_export(None, INITIALIZE) {
            Some((ComponentItem::ComponentFunc(ty), at)) if ty.params().len() + ty.results().len() == 0 => {
                Some(at)
            }
            _ => None,
        };
        let unfreezable = match &plan {
            Ok(_) => freeze::bar(ty.exports(&place.wasmtime).map(|(name, _)| name)),
            Err(bar) => Some(bar.clone()),
        };
        let helper = plan.as_ref().ok().and_then(|_| Helper::of(&component));
        let guest = guest::Guest::of(&component);
        Ok(Model {
            pre,
            run,
            handler,
            guest,
            initialize,
            imports,
            plan,
            helper,
            unfreezable,
            functions: OnceLock::new(),
        })
    }

    /// Tells whether it is a program.
    pub(crate) fn is_program(&self) -> bool {
        self.run.is_some() || self.guest.is_some()
    }

    /// Tells whether it is written for our own ABI.
    pub(crate) fn is_guest(&self) -> bool {
        self.guest.is_some()
    }

    /// What one of its memories begins with.
    pub(crate) fn base(&self, number: usize) -> Option<&Arc<Base>> {
        self.plan.as_ref().ok()?.base(number)
    }

    /// Why its contexts cannot be frozen.
    pub(crate) fn unfreezable(&self) -> Option<&str> {
        self.unfreezable.as_deref()
    }

    /// The functions that a caller can call. Found out at the first use: commands need none of it.
    fn functions(&self) -> &[(WitFunction, ComponentExportIndex)] {
        self.functions.get_or_init(|| value::exported(self.component()))
    }

    /// Tells whether something of it can wait outside of the host's functions.
    pub(crate) fn waits(&self) -> bool {
        self.plan.as_ref().map_or(true, |plan| plan.waits)
    }

    /// Tells whether what an image holds can be its own.
    ///
    /// # Errors
    /// What does not fit.
    pub(crate) fn fits(
        &self,
        memories: &[FrozenMemory],
        resources: &[HeldResource],
    ) -> Result<(), &'static str> {
        let plan = self.plan.as_ref().map_err(|_| "its component cannot be frozen")?;
        plan.fits(memories, resources)
    }

    /// The compiled code.
    pub(crate) fn component(&self) -> &Component {
        self.pre.component()
    }
}

/// A linker that has functions too which nobody provides, and which trap.
fn trapping(place: &crate::engine::Models, component: &Component) -> wasmtime::Result<Linker<State>> {
    let mut linker = place.linker.clone();
    let traps = |name: String| {
        move |_: wasmtime::StoreContextMut<'_, State>,
              _: wasmtime::component::types::ComponentFunc,
              _: &[wasmtime::component::Val],
              _: &mut [wasmtime::component::Val]| {
            Err(host::trap(&format!("unknown import: {name} is not there")))
        }
    };
    for (name, import) in component.component_type().imports(&place.wasmtime) {
        match import.ty {
            ComponentItem::ComponentFunc(_) if freeze::is_ours(name) => {}
            ComponentItem::ComponentFunc(_) => linker.root().func_new(name, traps(name.to_owned()))?,
            ComponentItem::ComponentInstance(instance) if !provides(name) => {
                let mut into = linker.instance(name)?;
                for (item, export) in instance.exports(&place.wasmtime) {
                    match export.ty {
                        ComponentItem::ComponentFunc(_) => {
                            into.func_new(item, traps(format!("{name}#{item}")))?;
                        }
                        ComponentItem::Resource(_) => {
                            into.resource(item, ResourceType::host::<()>(), |_, _| Ok(()))?;
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(linker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_provided_goes_by_name_and_version() {
        for name in [
            "wasi:cli/environment@0.2.0",
            "wasi:io/streams@0.2.6",
            "wasi:cli/stdin@0.3.0",
            "wasi:cli/types@0.3.1",
        ] {
            assert!(provides(name), "{name}");
        }
        for name in [
            "wasi:cli/environment",
            "wasi:cli/environment@0.1.0",
            "wasi:cli/environment@1.2.0",
            "wasi:cli/stdin@0.3.0-rc-2025-09-16",
            "wasi:io/streams@0.3.0",
            "wasi:http/handler@0.3.0",
            "x:cli/environment@0.2.0",
        ] {
            assert!(!provides(name), "{name}");
        }
    }
}
