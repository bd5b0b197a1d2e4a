//! What starts other components: compiling, spawning, and the verbs of tasks.

use std::sync::Arc;

use b8g_core::abi::{Ended, Language, Role, SpawnLimits, task};
use b8g_core::{Error, Handle, Rights};

use crate::component::{Component, takes_long};
use crate::object::{Lease, Object};
use crate::state::State;
use crate::task::{self as tasks, COMPONENT_RIGHTS, Startable, TASK_RIGHTS, Task, for_role};

/// Bytes of source text or wasm that a context can have compiled: compiling cannot be interrupted.
const SOURCE_BYTES_MAX: usize = 4 << 20;
/// Bytes that count as shared for each byte of a source: machine code is larger than what it is made of.
const BYTES_PER_SOURCE_BYTE: u64 = 4;

/// A component behind a handle, and what it counts against the bound of whoever made it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) what: Startable,
    _lease: Option<Lease>,
}

/// Compiles a source. When it is wrong `out` begins with why.
pub(super) fn compile(
    state: &mut State,
    handle: Handle,
    source: &[u8],
    out: &mut [u8],
    language: u64,
) -> Result<i64, Error> {
    let Object::Compiler = state.table.get_with(handle, Rights::EXECUTE)? else { return Err(Error::Type) };
    let language = u32::try_from(language).ok().and_then(Language::from_number).ok_or(Error::Argument)?;
    if source.len() > SOURCE_BYTES_MAX || state.table.room() == 0 {
        return Err(Error::Limit);
    }
    if language == Language::Wasm && takes_long(source, SOURCE_BYTES_MAX) {
        return Err(Error::Limit);
    }
    let lease = state.shared().lease_many(4096 + source.len() as u64 * BYTES_PER_SOURCE_BYTE)?;
    match Component::from_guest(&state.engine, language, source) {
        Ok(component) => {
            let held = Held { what: Startable::Code(component), _lease: Some(lease) };
            insert(state, held)
        }
        Err(error) => {
            let text = error.to_string();
            let text = &text.as_bytes()[..text.len().min(out.len())];
            out[..text.len()].copy_from_slice(text);
            if let Some(end) = out.get_mut(text.len()) {
                *end = 0;
            }
            Err(Error::Argument)
        }
    }
}

fn insert(state: &mut State, held: Held) -> Result<i64, Error> {
    let handle = state.table.insert(Object::Component(Arc::new(held)), COMPONENT_RIGHTS)?;
    Ok(i64::from(handle.raw()))
}

/// Starts a component with some of the caller's handles: `vector` has a role and a handle of 4 bytes each.
pub(super) fn spawn(
    state: &mut State,
    component: Handle,
    vector: &[u8],
    limits: SpawnLimits,
) -> Result<i64, Error> {
    let held = match state.table.get_with(component, Rights::EXECUTE)? {
        Object::Component(held) => held.clone(),
        _ => return Err(Error::Type),
    };
    let words: Vec<(u32, Handle)> = vector
        .chunks_exact(8)
        .map(|at| {
            let word = |i| u32::from_le_bytes([at[i], at[i + 1], at[i + 2], at[i + 3]]);
            (word(0), Handle::from_raw(word(4)))
        })
        .collect();
    let handles: Vec<Handle> = words.iter().map(|(_, handle)| *handle).collect();
    // The task's handle has room when those that leave have gone; with none there must be some.
    if handles.is_empty() && state.table.room() == 0 {
        return Err(Error::Limit);
    }
    let may_leave =
        |object: &Object| !matches!(object, Object::Timer(_) | Object::Answer(_) | Object::Task(_));
    let is_role = |role| Role::from_number(role).filter(|role| *role != Role::Program);
    let roles: Option<Vec<Role>> = words.iter().map(|(role, _)| is_role(*role)).collect();
    let roles = roles.ok_or(Error::Argument)?;
    let objects = state.table.lend(&handles, may_leave)?;
    let given = roles.into_iter().zip(objects.iter().cloned());
    let given = given.map(|(role, (object, rights))| (role, for_role(role, object), rights)).collect();
    let prepared = match tasks::prepare(state, &held.what, given, limits) {
        Ok(prepared) => prepared,
        Err(error) => {
            state.table.take_back(&handles, objects);
            return Err(error);
        }
    };
    // From here on they are the task's alone.
    drop(objects);
    state.table.forget(&handles);
    let task = prepared.start()?;
    let handle = state.table.insert(Object::Task(Arc::new(task)), TASK_RIGHTS)?;
    Ok(i64::from(handle.raw()))
}

/// Does one of the verbs of a task.
pub(super) fn act(state: &mut State, handle: Handle, verb: u64, out: &mut [u8]) -> Result<i64, Error> {
    let (object, rights) = state.table.get(handle)?;
    let Object::Task(task) = object else { return Err(Error::Type) };
    let needed = if verb == task::JOIN { Rights::READ } else { Rights::MANAGE };
    if !rights.contains(needed) {
        return Err(Error::Rights);
    }
    let task: Arc<Task> = task.clone();
    match verb {
        task::CANCEL => task.cancel(),
        task::KILL => task.kill(),
        task::SUSPEND => task.suspend(true),
        task::RESUME => task.suspend(false),
        task::JOIN => {
            let out = out.get_mut(..Ended::BYTES).ok_or(Error::Argument)?;
            out.copy_from_slice(&task.ended()?.to_bytes());
            return Ok(Ended::BYTES as i64);
        }
        task::SNAPSHOT => {
            if state.table.room() == 0 {
                return Err(Error::Limit);
            }
            let image = task.snapshot()?;
            match state.shared().lease_many(4096 + image.memory_bytes()) {
                Ok(lease) => {
                    return insert(state, Held { what: Startable::Frozen(image), _lease: Some(lease) });
                }
                Err(error) => {
                    task.keep(image);
                    return Err(error);
                }
            }
        }
        _ => return Err(Error::Argument),
    }
    Ok(0)
}
