//! WASI preview 1 over the dispatch function: its 46 functions, all of whose descriptors are handles of the context's
//! table.
//!
//! Start reading at the table `preview1!` below: it names each function, its parameters and where it is done.
//! [`enter`] is what all of them share. Nothing here touches an object or the system: what a guest wants becomes a
//! [`crate::dispatch::Call`], so that whatever hooks dispatch sees preview 1 too.

mod directory;
mod fds;
mod file;
mod guest;
mod io;
mod path;
mod poll;
mod process;
mod socket;
mod types;

#[cfg(test)]
mod tests;

use b8g_core::abi::Role;
use b8g_core::{Error, Rights};
use wasmtime::{Caller, Extern, Linker};

use crate::grant::Grants;
use crate::memory::GuestMemory;
use crate::object::Object;
use crate::object::stream::{Input, Output};
use crate::root;
use crate::state::State;
use crate::{Stdin, Stdout};
use fds::{Fd, Fds, Kind};
use guest::{Done, Guest};
use types::{Errno, rights};

/// The module that preview 1 is imported from.
const MODULE: &str = "wasi_snapshot_preview1";

/// Declares preview 1. `errno` answers an error number, `never` does not come back.
macro_rules! preview1 {
    ($($name:ident($($argument:ident: $ty:ty),*) -> $answer:tt => $run:path;)*) => {
        /// The functions' names.
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        /// Adds preview 1 to what components can import.
        pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
            $(linker.func_wrap(
                MODULE,
                stringify!($name),
                |caller: Caller<'_, State>, $($argument: $ty),*| -> wasmtime::Result<preview1!(@$answer)> {
                    enter(caller, |guest| $run(guest, $($argument),*))
                },
            )?;)*
            Ok(())
        }

        /// Calls a function by its place in the table, with whatever numbers there are.
        #[cfg(test)]
        fn call_by_number(guest: &mut Guest<'_>, function: usize, mut number: impl FnMut() -> u64) -> Done {
            let mut left = function;
            $(
                if left == 0 {
                    $(let $argument = number() as $ty;)*
                    return $run(guest, $($argument),*);
                }
                left -= 1;
            )*
            panic!("there is no function {function}, {left} too far")
        }
    };
    (@errno) => { i32 };
    (@never) => { () };
}

preview1! {
    args_get(pointers: u32, buffer: u32) -> errno => process::args_get;
    args_sizes_get(number: u32, size: u32) -> errno => process::args_sizes_get;
    environ_get(pointers: u32, buffer: u32) -> errno => process::environ_get;
    environ_sizes_get(number: u32, size: u32) -> errno => process::environ_sizes_get;
    clock_res_get(id: u32, out: u32) -> errno => process::clock_res_get;
    clock_time_get(id: u32, precision: u64, out: u32) -> errno => process::clock_time_get;
    random_get(buffer: u32, len: u32) -> errno => process::random_get;
    proc_exit(code: u32) -> never => process::proc_exit;
    proc_raise(signal: u32) -> errno => process::proc_raise;
    sched_yield() -> errno => process::sched_yield;
    poll_oneoff(subscriptions: u32, events: u32, count: u32, used: u32) -> errno => poll::poll_oneoff;

    fd_read(fd: u32, vectors: u32, count: u32, read: u32) -> errno => io::fd_read;
    fd_pread(fd: u32, vectors: u32, count: u32, offset: u64, read: u32) -> errno => io::fd_pread;
    fd_write(fd: u32, vectors: u32, count: u32, written: u32) -> errno => io::fd_write;
    fd_pwrite(fd: u32, vectors: u32, count: u32, offset: u64, written: u32) -> errno => io::fd_pwrite;
    fd_seek(fd: u32, offset: i64, whence: u32, out: u32) -> errno => file::fd_seek;
    fd_tell(fd: u32, out: u32) -> errno => file::fd_tell;
    fd_advise(fd: u32, offset: u64, len: u64, advice: u32) -> errno => file::fd_advise;
    fd_allocate(fd: u32, offset: u64, len: u64) -> errno => file::fd_allocate;
    fd_datasync(fd: u32) -> errno => file::fd_datasync;
    fd_sync(fd: u32) -> errno => file::fd_sync;
    fd_close(fd: u32) -> errno => file::fd_close;
    fd_renumber(from: u32, to: u32) -> errno => file::fd_renumber;
    fd_fdstat_get(fd: u32, out: u32) -> errno => file::fd_fdstat_get;
    fd_fdstat_set_flags(fd: u32, flags: u32) -> errno => file::fd_fdstat_set_flags;
    fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64) -> errno => file::fd_fdstat_set_rights;
    fd_filestat_get(fd: u32, out: u32) -> errno => file::fd_filestat_get;
    fd_filestat_set_size(fd: u32, size: u64) -> errno => file::fd_filestat_set_size;
    fd_filestat_set_times(fd: u32, atime: u64, mtime: u64, which: u32) -> errno => file::fd_filestat_set_times;
    fd_prestat_get(fd: u32, out: u32) -> errno => file::fd_prestat_get;
    fd_prestat_dir_name(fd: u32, out: u32, room: u32) -> errno => file::fd_prestat_dir_name;
    fd_readdir(fd: u32, buffer: u32, len: u32, cookie: u64, used: u32) -> errno => directory::fd_readdir;

    path_open(fd: u32, lookup: u32, path: u32, path_len: u32, how: u32, base: u64, inheriting: u64, flags: u32, out: u32)
        -> errno => path::path_open;
    path_create_directory(fd: u32, path: u32, path_len: u32) -> errno => path::path_create_directory;
    path_remove_directory(fd: u32, path: u32, path_len: u32) -> errno => path::path_remove_directory;
    path_unlink_file(fd: u32, path: u32, path_len: u32) -> errno => path::path_unlink_file;
    path_filestat_get(fd: u32, lookup: u32, path: u32, path_len: u32, out: u32) -> errno => path::path_filestat_get;
    path_filestat_set_times(fd: u32, lookup: u32, path: u32, path_len: u32, atime: u64, mtime: u64, which: u32)
        -> errno => path::path_filestat_set_times;
    path_link(old_fd: u32, lookup: u32, old_path: u32, old_len: u32, new_fd: u32, new_path: u32, new_len: u32)
        -> errno => path::path_link;
    path_rename(old_fd: u32, old_path: u32, old_len: u32, new_fd: u32, new_path: u32, new_len: u32)
        -> errno => path::path_rename;
    path_symlink(target: u32, target_len: u32, fd: u32, path: u32, path_len: u32) -> errno => path::path_symlink;
    path_readlink(fd: u32, path: u32, path_len: u32, out: u32, room: u32, used: u32)
        -> errno => path::path_readlink;

    sock_accept(fd: u32, flags: u32, out: u32) -> errno => socket::sock_accept;
    sock_recv(fd: u32, vectors: u32, count: u32, how: u32, received: u32, out_flags: u32)
        -> errno => socket::sock_recv;
    sock_send(fd: u32, vectors: u32, count: u32, how: u32, sent: u32) -> errno => socket::sock_send;
    sock_shutdown(fd: u32, directions: u32) -> errno => socket::sock_shutdown;
}

/// Tells whether preview 1 has this function.
pub(crate) fn provides(module: &str, name: &str) -> bool {
    module == MODULE && NAMES.contains(&name)
}

/// What preview 1 needs beside the handles: the descriptors.
#[derive(Debug)]
pub(crate) struct Wasi {
    fds: Fds,
}

impl Wasi {
    /// Gives a new context its first descriptors: 0 to 2 the streams, from 3 on the granted directories; or, to a component that is
    /// written for our own ABI, one that holds all of them (see `root.rs`).
    ///
    /// C programs count on the first three, so a stream that was not granted is there too: input at its end, output
    /// that goes nowhere.
    ///
    /// # Errors
    /// [`Error::Limit`] when the context may not have so many handles.
    pub(crate) fn new(grants: &Grants, state: &mut State, is_guest: bool) -> Result<Wasi, Error> {
        let root = state.given(Role::Files).map(|files| (files, root::NAME.into()));
        let preopens = if is_guest { root.into_iter().collect() } else { grants.give_preopens(state)? };
        let mut fds = Fds::with_capacity(3 + preopens.len());
        for role in [Role::Stdin, Role::Stdout, Role::Stderr] {
            let input = role == Role::Stdin;
            let handle = stream_or_absent(state, role)?;
            fds.insert(Fd::new(handle, Kind::Stream, if input { rights::INPUT } else { rights::OUTPUT }));
        }
        for (handle, name) in preopens {
            fds.insert(Fd::preopen(handle, name));
        }
        Ok(Wasi { fds })
    }

    /// The handle behind standard input, output or error at the program's start.
    pub(crate) fn standard(&self, role: Role) -> Option<b8g_core::Handle> {
        let number = match role {
            Role::Stdin => 0,
            Role::Stdout => 1,
            Role::Stderr => 2,
            _ => return None,
        };
        self.fds.get(number).ok().map(|fd| fd.handle)
    }
}

/// The handle of a standard stream, or of one that stands for it where it was not granted.
pub(crate) fn stream_or_absent(state: &mut State, role: Role) -> Result<b8g_core::Handle, Error> {
    let rights = Rights::READ.union(Rights::WRITE).union(Rights::WAIT).union(Rights::DUPLICATE);
    match state.given(role) {
        Some(handle) => Ok(handle),
        None => state.table.insert(absent(role == Role::Stdin), rights),
    }
}

/// A stream that was not granted.
fn absent(input: bool) -> Object {
    if input {
        Object::Input(Input::new(&Stdin::Empty).into())
    } else {
        Object::Output(Output::new(&Stdout::Discard, crate::object::stream::process_stream(1)).into())
    }
}

/// What the guest gets for an answer.
trait Answer {
    fn of(done: Done) -> Self;
}

impl Answer for i32 {
    fn of(done: Done) -> i32 {
        done.map_or_else(|errno| i32::from(errno.number()), |()| 0)
    }
}

impl Answer for () {
    fn of(_: Done) {}
}

/// Does a function for the guest that called it, and unwinds the guest when it must not go on.
fn enter<A: Answer>(
    mut caller: Caller<'_, State>,
    run: impl FnOnce(&mut Guest<'_>) -> Done,
) -> wasmtime::Result<A> {
    if caller.data().memory.is_none() {
        // A start function runs before the instance is there to be asked.
        caller.data_mut().memory = caller.get_export("memory").and_then(Extern::into_memory);
    }
    let (memory, state) = match caller.data().memory {
        Some(memory) => memory.data_and_store_mut(&mut caller),
        // Without a memory every pointer leaves it.
        None => (&mut [][..], caller.data_mut()),
    };
    let memory = GuestMemory::new(memory, &state.windows);
    let Some(mut wasi) = state.wasi.take() else { return Ok(A::of(Err(Errno::NOSYS))) };
    let mut guest = Guest { memory, state: &mut *state, wasi: &mut wasi, trap: None };
    let done = run(&mut guest);
    let trap = guest.trap;
    state.wasi = Some(wasi);
    if state.ending.is_some() {
        return Err(crate::context::unwind());
    }
    match trap {
        Some(words) => Err(wasmtime::Error::msg(words)),
        None => Ok(A::of(done)),
    }
}
