//! What all host functions of component-model binaries share: asking the dispatch function, and what a context keeps
//! for them.
//!
//! Invariant: whoever asks through [`call`] never goes on with a guest that is to be unwound.

use std::sync::{Arc, Mutex, PoisonError};

use b8g_core::abi::{Request, Role};
use b8g_core::{Error, Handle, Rights};
use b8g_image::Held;
use wasmtime::component::{Resource, ResourceTableError};

use crate::dispatch::{Call, dispatch};
use crate::grant::Grants;
use crate::object::Allowance;
use crate::state::State;
use crate::wait::{Item, Waiting};

use super::freeze::table::Table;
use super::idle::Pending;
use super::names::Names;

/// Resources of WASI that a context may have at a time.
pub(crate) const RESOURCES_MAX: usize = 16_384;
/// Random bytes that one call gives at most.
pub(crate) const RANDOM_BYTES_MAX: u64 = 16 << 20;
/// Directions of a connection.
pub(crate) const RECEIVING: u64 = 1;
pub(crate) const SENDING: u64 = 2;
/// Bytes of the arguments, or of the environment, that are asked for at first.
const STRINGS_BYTES: usize = 4096;

/// Why a host function has no answer.
#[derive(Debug)]
pub enum Failure {
    /// The guest is told.
    Error(Error),
    /// The guest is unwound.
    Trap(wasmtime::Error),
}

/// What a host function has for an answer.
pub(crate) type Done<T = ()> = Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Error(error)
    }
}

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Failure {
        Failure::Trap(error)
    }
}

impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Failure {
        Failure::Trap(match error {
            ResourceTableError::Full => trap(&format!("more than {RESOURCES_MAX} resources of WASI")),
            error => error.into(),
        })
    }
}

/// An error that unwinds the guest, in words.
pub(crate) fn trap(words: &str) -> wasmtime::Error {
    wasmtime::Error::msg(words.to_owned())
}

/// An error of the host's system.
pub(crate) const fn errno(number: i32) -> Error {
    Error::Host(number as u16)
}

/// For functions that the guest cannot be told an error by: it is unwound with the words `what: why`.
pub(crate) fn must<T>(what: &str, done: Done<T>) -> wasmtime::Result<T> {
    done.map_err(|failure| match failure {
        Failure::Error(error) => trap(&format!("{what}: {error}")),
        Failure::Trap(error) => error,
    })
}

/// What a context keeps for the host functions, beside its handles.
#[derive(Debug)]
pub(crate) struct Resources {
    pub(crate) table: Table,
    /// Standard input, output and error.
    pub(crate) stdio: [Handle; 3],
    pub(crate) preopens: Vec<(Handle, String)>,
    pub(crate) names: Names,
    pub(crate) pending: Pending,
    /// Counts what it keeps for HTTP.
    pub(crate) http: Allowance,
    /// What seeds that need not be secure begin with: the same whenever it is asked for.
    seed: Option<(u64, u64)>,
    /// Handles that nobody needs any more.
    pub(crate) closing: Closing,
    /// How far the monotonic clock had come when the component was frozen: it goes on from there.
    pub(crate) clock_ns: u64,
    /// The resource that the component is given next, when it goes on.
    pub(crate) giving: Option<Held>,
    /// Our number of the resource that was shown last.
    pub(crate) shown: Option<u32>,
}

/// Handles of streams that have gone, which may happen where nothing can be asked of the dispatch function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closing(Arc<Mutex<Vec<Gone>>>);

/// A handle, and the direction of a connection that ends with it.
type Gone = (Handle, Option<u64>);

impl Closing {
    /// Adds one; `ends`: the direction of a connection that ends with it.
    pub(crate) fn add(&self, handle: Handle, ends: Option<u64>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((handle, ends));
    }

    fn take(&self) -> Vec<Gone> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Closes the handles of streams that have gone.
pub(crate) fn sweep(state: &mut State) -> wasmtime::Result<()> {
    let gone = state.resources().closing.take();
    gone.into_iter().try_for_each(|(handle, ends)| {
        if let Some(direction) = ends
            && let Err(Failure::Trap(error)) = ask(state, handle, Request::Shutdown, &[], direction)
        {
            return Err(error);
        }
        close(state, handle)
    })
}

impl Default for Resources {
    fn default() -> Resources {
        Resources {
            table: Table::new(RESOURCES_MAX),
            stdio: [Handle::ENGINE; 3],
            preopens: Vec::new(),
            names: Names::default(),
            pending: Pending::default(),
            http: Allowance::new(super::http::KEPT_BYTES_MAX),
            seed: None,
            closing: Closing::default(),
            clock_ns: 0,
            giving: None,
            shown: None,
        }
    }
}

impl Resources {
    /// Gives a new context its streams and directories, as [`crate::wasi`] does.
    ///
    /// # Errors
    /// [`Error::Limit`] when the context may not have so many handles.
    pub(crate) fn new(grants: &Grants, state: &mut State, is_guest: bool) -> Result<Resources, Error> {
        let mut resources = Resources::default();
        if let Some(files) = state.given(Role::Files).filter(|_| is_guest) {
            resources.preopens.push((files, crate::root::NAME.to_owned()));
        }
        let apart = if is_guest { Vec::new() } else { grants.give_preopens(state)? };
        for (handle, name) in apart {
            // A name that is no text cannot be said.
            if let Ok(name) = String::from_utf8(name) {
                resources.preopens.push((handle, name));
            }
        }
        let roles = [Role::Stdin, Role::Stdout, Role::Stderr];
        for (role, place) in roles.into_iter().zip(&mut resources.stdio) {
            *place = crate::wasi::stream_or_absent(state, role)?;
        }
        Ok(resources)
    }
}

impl State {
    /// What it keeps for host functions of component-model binaries.
    pub(crate) fn resources(&mut self) -> &mut Resources {
        self.model.get_or_insert_default()
    }
}

/// Asks the dispatch function.
pub(crate) fn call(state: &mut State, call: Call<'_>) -> Done<i64> {
    let done = dispatch(state, call);
    if state.ending.is_some() {
        return Err(Failure::Trap(crate::context::unwind()));
    }
    done.map_err(Failure::Error)
}

/// Asks for something that has no answer but a number.
pub(crate) fn ask(
    state: &mut State,
    handle: Handle,
    request: Request,
    input: &[u8],
    argument: u64,
) -> Done<i64> {
    call(state, Call::Control { handle, request, input, out: &mut [], argument })
}

/// A count that dispatch answered, which is never negative nor above what was asked for.
pub(crate) fn count(answer: i64) -> Done<usize> {
    usize::try_from(answer).map_err(|_| Failure::Error(Error::Argument))
}

/// A handle that dispatch answered.
pub(crate) fn handle(answer: i64) -> Done<Handle> {
    let raw = u32::try_from(answer).map_err(|_| Failure::Error(Error::BadHandle))?;
    Ok(Handle::from_raw(raw))
}

/// The handle that was given for `role`.
pub(crate) fn given(state: &State, role: Role) -> Done<Handle> {
    state.given(role).ok_or(Failure::Error(Error::Rights))
}

/// A handle of its own to the same object, with the same rights.
pub(crate) fn duplicate(state: &mut State, of: Handle) -> Done<Handle> {
    sweep(state)?;
    let mut info = [0; 16];
    call(state, Call::Info { handle: of, out: &mut info })?;
    let bits = u32::from_le_bytes([info[4], info[5], info[6], info[7]]);
    let rights = Rights::from_bits(bits).unwrap_or(Rights::NONE);
    handle(call(state, Call::Dup { handle: of, rights })?)
}

/// Closes a handle that nobody needs any more. That it is gone already matters to nobody.
pub(crate) fn close(state: &mut State, handle: Handle) -> wasmtime::Result<()> {
    match call(state, Call::Close { handle }) {
        Err(Failure::Trap(error)) => Err(error),
        _ => Ok(()),
    }
}

/// Waits until an item is ready or the deadline, of the context's monotonic clock, has passed. `out` gets a word for each
/// item.
pub(crate) fn wait(state: &mut State, items: &[Item], deadline: Option<u64>, out: &mut [u32]) -> Done {
    match call(state, Call::Wait(Waiting::Now { items, deadline, out: &mut *out })) {
        Ok(_) | Err(Failure::Error(Error::Timeout | Error::Again)) => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// Waits until the object behind `handle` is ready for `interest`, or looks as if it were.
pub(crate) fn wait_for(state: &mut State, handle: Handle, interest: u32) -> Done {
    wait(state, &[Item { handle, interest }], None, &mut [0])
}

/// What time it is on a clock, in nanoseconds.
pub(crate) fn read_clock(state: &mut State, role: Role) -> wasmtime::Result<u64> {
    let mut time = [0; 8];
    let read = given(state, role)
        .and_then(|handle| call(state, Call::Read { handle, into: &mut time, position: None }));
    must("the program asked for the time", read)?;
    Ok(u64::from_le_bytes(time))
}

/// What the component's monotonic clock says when the context's says `now`.
pub(crate) fn monotonic(state: &mut State, now: u64) -> u64 {
    now.saturating_add(state.resources().clock_ns)
}

/// How finely a clock tells the time, in nanoseconds.
pub(crate) fn clock_resolution(state: &mut State, role: Role) -> wasmtime::Result<u64> {
    let asked = given(state, role).and_then(|handle| ask(state, handle, Request::Resolution, &[], 0));
    must("the program asked about a clock", asked).map(|ns| ns.max(0) as u64)
}

/// Random bytes.
pub(crate) fn random_bytes(state: &mut State, len: u64) -> wasmtime::Result<Vec<u8>> {
    if len > RANDOM_BYTES_MAX {
        return Err(trap(&format!("more than {RANDOM_BYTES_MAX} random bytes at once")));
    }
    let mut bytes = vec![0; len as usize];
    fill_random(state, &mut bytes)?;
    Ok(bytes)
}

/// A random number.
pub(crate) fn random_u64(state: &mut State) -> wasmtime::Result<u64> {
    let mut bytes = [0; 8];
    fill_random(state, &mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Two random numbers, the same whenever they are asked for.
pub(crate) fn random_seed(state: &mut State) -> wasmtime::Result<(u64, u64)> {
    if let Some(seed) = state.resources().seed {
        return Ok(seed);
    }
    let seed = (random_u64(state)?, random_u64(state)?);
    Ok(*state.resources().seed.insert(seed))
}

fn fill_random(state: &mut State, into: &mut [u8]) -> wasmtime::Result<()> {
    let mut fill = |state: &mut State| -> Done {
        let handle = given(state, Role::Random)?;
        let mut done = 0;
        while done < into.len() {
            let read = call(state, Call::Read { handle, into: &mut into[done..], position: None })?;
            match count(read)? {
                0 => return Err(Error::Io.into()),
                n => done += n,
            }
        }
        Ok(())
    };
    must("the program asked for random numbers", fill(state))
}

/// The arguments of the program.
pub(crate) fn arguments(state: &mut State) -> wasmtime::Result<Vec<String>> {
    let read = |state: &mut State| -> Done<Vec<String>> {
        let handle = given(state, Role::Args)?;
        let mut all = vec![0; STRINGS_BYTES];
        let mut len = 0;
        loop {
            let (into, position) = (&mut all[len..], Some(len as u64));
            match count(call(state, Call::Read { handle, into, position })?)? {
                0 => break,
                more => len += more,
            }
            if len == all.len() {
                all.resize(len * 2, 0);
            }
        }
        all.truncate(len);
        Ok(strings(&all))
    };
    must("the program asked for its arguments", read(state))
}

/// The granted environment values.
pub(crate) fn environment(state: &mut State) -> wasmtime::Result<Vec<(String, String)>> {
    let read = |state: &mut State| -> Done<Vec<(String, String)>> {
        let handle = given(state, Role::Env)?;
        let mut all = vec![0; STRINGS_BYTES];
        loop {
            let (request, out) = (Request::EnvList, &mut all[..]);
            let len = count(call(state, Call::Control { handle, request, input: &[], out, argument: 0 })?)?;
            let whole = len <= all.len();
            all.resize(len, 0);
            if whole {
                break;
            }
        }
        let split =
            |line: String| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(strings(&all).into_iter().filter_map(split).collect())
    };
    must("the program asked for its environment", read(state))
}

/// Strings that a NUL follows each.
fn strings(bytes: &[u8]) -> Vec<String> {
    let each = bytes.split_inclusive(|b| *b == 0).map(|string| string.strip_suffix(&[0]).unwrap_or(string));
    each.map(|string| String::from_utf8_lossy(string).into_owned()).collect()
}

/// The program ends.
pub(crate) fn exit(state: &mut State, code: i32) -> wasmtime::Result<()> {
    must("the program ended", call(state, Call::Exit { code })).map(|_| ())
}

/// Tells whether one of the standard streams is a terminal.
pub(crate) fn is_terminal(state: &mut State, stream: usize) -> wasmtime::Result<bool> {
    let handle = state.resources().stdio[stream];
    match super::files::stat(state, handle) {
        Ok(stat) => Ok(stat.file_type == b8g_core::abi::FileType::CharacterDevice),
        Err(Failure::Error(_)) => Ok(false),
        Err(Failure::Trap(error)) => Err(error),
    }
}

/// The terminal that a standard stream is, if it is one.
pub(crate) fn terminal<T: Send + 'static>(
    state: &mut State,
    stream: usize,
    terminal: T,
) -> wasmtime::Result<Option<Resource<T>>> {
    if !is_terminal(state, stream)? {
        return Ok(None);
    }
    Ok(Some(state.resources().table.push(terminal)?))
}
