//! Stopping running code by a signal, at no cost in the code.
//!
//! The watchdog sends SIGURG to the thread that runs a context. When the handler finds that the context was ordered to
//! stop it looks where the thread was:
//! - in a function of the module: the thread goes on at an `unreachable` of a stub module, which wasmtime turns into
//!   a trap of the context like any other;
//! - in host code that the module called: the return address of that call is changed to the same place, so that the
//!   context stops when the host is done;
//! - in the few instructions between the two: nothing, the signal is sent again.
//!
//! This reads two private structures of wasmtime and is therefore bound to its exact version, to x86-64 and to a
//! self-test ([`works`]); elsewhere the engine uses epochs. The handler only reads and writes memory that the
//! interrupted thread itself owns: no locks, no allocation.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Range;
use std::ptr;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{Ordering::SeqCst, compiler_fence};

use crate::monitor::Monitor;

/// By default ignored by every process, and used by nothing else here.
const SIGNAL: libc::c_int = libc::SIGURG;

/// Where the machine code that a thread may run lies.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    modules: Vec<Place>,
    /// Where to go to trap.
    trap: usize,
}

/// Where the machine code of a module lies.
#[derive(Clone, Debug)]
struct Place {
    /// From the first function to the end of the last.
    functions: Range<usize>,
    /// All code of the module, trampolines too.
    text: Range<usize>,
}

/// Where code lies, once somebody has looked; inside: nothing, where signals cannot stop it.
pub(crate) type Known = OnceLock<Option<Code>>;

/// What a thread is about to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'c> {
    pub(crate) code: &'c Known,
    /// The store's context, as wasmtime's compiled code knows it; 0 while it is not known.
    pub(crate) store_context: usize,
}

/// Offsets in wasmtime 48.0.8's `VMFuncRef`, `VMContext` and `VMStoreContext`; source: its `wasmtime-environ`,
/// `vmtypes.rs` and `vmoffsets.rs`. The self-test fails where they do not hold.
mod offset {
    pub(super) const FUNC_REF_CODE: usize = 0;
    pub(super) const FUNC_REF_CONTEXT: usize = 24;
    pub(super) const CONTEXT_STORE: usize = 8;
    pub(super) const STORE_EXIT_FP: usize = 48;
    pub(super) const STORE_EXIT_PC: usize = 56;
    /// Every context of an instance begins with these bytes.
    pub(super) const CONTEXT_MAGIC: [u8; 4] = *b"core";
}

/// What the handler knows about its thread. Written by the thread itself only.
struct Running {
    monitor: Cell<*const Monitor>,
    code: Cell<*const Known>,
    store_context: Cell<usize>,
    /// Where its code was when it was redirected last.
    stopped_at: Cell<usize>,
}

thread_local! {
    static RUNNING: Running = const {
        Running { monitor: Cell::new(ptr::null()), code: Cell::new(ptr::null()), store_context: Cell::new(0), stopped_at: Cell::new(0) }
    };
}

/// Says to the handler what this thread runs; dropping it says what it ran before.
pub(crate) struct Published<'c> {
    before: Seen,
    _borrow: PhantomData<&'c Known>,
}

/// What the handler sees.
#[derive(Clone, Copy)]
struct Seen {
    monitor: *const Monitor,
    code: *const Known,
    store_context: usize,
}

/// Publishes a run of this thread; without a `target` the handler does nothing but interrupt system calls.
pub(crate) fn publish<'c>(target: Option<Target<'c>>, monitor: &'c Arc<Monitor>) -> Published<'c> {
    let (code, store_context) =
        target.map_or((ptr::null(), 0), |target| (std::ptr::from_ref(target.code), target.store_context));
    let before = swap(Seen { monitor: Arc::as_ptr(monitor), code, store_context });
    Published { before, _borrow: PhantomData }
}

/// What a thread runs from here on, in the same store: more code than before. Dropping it says what it ran before.
///
/// The code must live as long as the thread runs what it runs now.
pub(crate) fn publish_more(code: &Arc<Known>) -> More {
    More(replace_code(Arc::as_ptr(code)))
}

/// See [`publish_more`].
pub(crate) struct More(*const Known);

impl Drop for More {
    fn drop(&mut self) {
        replace_code(self.0);
    }
}

/// Says that the thread runs this code, too, when it goes on.
pub(crate) fn update(code: &Arc<Known>) {
    replace_code(Arc::as_ptr(code));
}

/// Replaces the code alone. A thread for which none was published stays without.
fn replace_code(new: *const Known) -> *const Known {
    RUNNING.with(|running| {
        let before = running.code.get();
        if !before.is_null() {
            running.code.set(new);
        }
        before
    })
}

impl Drop for Published<'_> {
    fn drop(&mut self) {
        swap(self.before);
    }
}

/// Replaces what the handler sees. A signal in between sees nothing.
fn swap(new: Seen) -> Seen {
    RUNNING.with(|running| {
        let monitor = running.monitor.replace(ptr::null());
        compiler_fence(SeqCst);
        let code = running.code.replace(new.code);
        let store_context = running.store_context.replace(new.store_context);
        compiler_fence(SeqCst);
        running.monitor.set(new.monitor);
        Seen { monitor, code, store_context }
    })
}

/// Sends the signal to a thread of this process.
pub(super) fn send(thread: u32) {
    // SAFETY: a plain system call; a thread that is gone, or another thread that has its number, is not harmed.
    unsafe {
        libc::syscall(libc::SYS_tgkill, libc::getpid(), thread as libc::pid_t, SIGNAL);
    }
}

/// Installs the handler, once a process.
pub(super) fn install() -> std::io::Result<()> {
    static INSTALLED: OnceLock<Result<(), i32>> = OnceLock::new();
    let done = INSTALLED.get_or_init(|| {
        // SAFETY: `action` is a valid structure and the handler is async-signal-safe. Without SA_RESTART a system call
        // that the context waits in returns, which is what the signal is for.
        let failed = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&mut action.sa_mask);
            libc::sigaction(SIGNAL, &action, ptr::null_mut()) != 0
        };
        if failed { Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)) } else { Ok(()) }
    });
    done.map_err(std::io::Error::from_raw_os_error)
}

extern "C" fn handler(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    RUNNING.with(|running| {
        let (monitor, code) = (running.monitor.get(), running.code.get());
        if monitor.is_null() || code.is_null() {
            return;
        }
        // SAFETY: both were published by this thread, which is interrupted and cannot drop them now.
        let (monitor, code) = unsafe { (&*monitor, &*code) };
        if let Some(Some(code)) = code.get()
            && monitor.stop_ordered().is_some()
        {
            // SAFETY: the kernel gave the context of this very signal.
            let at = unsafe { redirect(code, running.store_context.get(), context) };
            if at != 0 {
                running.stopped_at.set(at);
            }
        }
    });
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
unsafe fn redirect(code: &Code, store_context: usize, context: *mut libc::c_void) -> usize {
    // SAFETY: `context` is what the kernel passes to a handler with SA_SIGINFO.
    let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    let pc = registers[libc::REG_RIP as usize] as usize;
    if code.has_function(pc) {
        registers[libc::REG_RIP as usize] = code.trap as i64;
        return pc;
    } else if store_context != 0 && !code.has(pc) {
        // SAFETY: the store is alive while it is published; the frame at `fp` is that of the trampoline through which
        // its code called the host, and the check of the return address proves that it is still there.
        unsafe {
            let fp = *((store_context + offset::STORE_EXIT_FP) as *const usize);
            let exit_pc = *((store_context + offset::STORE_EXIT_PC) as *const usize);
            if fp != 0 && code.has_function(exit_pc) {
                let return_address = (fp + size_of::<usize>()) as *mut usize;
                if *return_address == exit_pc {
                    *return_address = code.trap;
                    return exit_pc;
                }
            }
        }
    }
    0
}

/// Where code of this thread was when a signal stopped it last; 0: nowhere, or that was asked before.
pub(crate) fn stopped_at() -> usize {
    RUNNING.with(|running| running.stopped_at.replace(0))
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
unsafe fn redirect(_: &Code, _: usize, _: *mut libc::c_void) -> usize {
    0
}

/// The `unreachable` to which stopped code goes. The module stays alive as long as the process.
fn stub() -> Option<usize> {
    static STUB: OnceLock<Option<(wasmtime::Module, usize)>> = OnceLock::new();
    let stub = STUB.get_or_init(|| {
        // Real code stands before the trap, so that an unwinder that looks before the address finds this function.
        let text = "(module (global (mut i32) (i32.const 0))
            (func (export \"stop\") (global.set 0 (i32.add (global.get 0) (i32.const 77))) unreachable))";
        let module = wasmtime::Module::new(&wasmtime::Engine::default(), text).ok()?;
        let function = module.functions().next()?;
        let code = module.text().get(function.offset..function.offset + function.len)?;
        let ud2 = code.windows(2).position(|bytes| bytes == [0x0f, 0x0b])?;
        if ud2 < 6 {
            return None;
        }
        let address = code.as_ptr() as usize + ud2;
        Some((module, address))
    });
    stub.as_ref().map(|(_, address)| *address)
}

impl Code {
    /// Finds where the code of `module` lies; `None` where it cannot be stopped by signals.
    pub(crate) fn of(module: &wasmtime::Module) -> Option<Code> {
        Code::between(module.text(), module.functions())
    }

    /// As [`Code::of`], for a binary of the component model: all its modules lie together.
    pub(crate) fn of_model(component: &wasmtime::component::Component) -> Option<Code> {
        Code::between(component.text(), component.functions())
    }

    fn between(text: &[u8], all: impl Iterator<Item = wasmtime::ModuleFunction>) -> Option<Code> {
        let trap = stub()?;
        let base = text.as_ptr() as usize;
        let places = all.map(|function| (base + function.offset, base + function.offset + function.len));
        let functions = places.reduce(|(start, end), (a, b)| (start.min(a), end.max(b)))?;
        let place = Place { functions: functions.0..functions.1, text: base..base + text.len() };
        Some(Code { modules: vec![place], trap })
    }

    /// The code that this thread runs now, if signals stop it.
    pub(crate) fn running() -> Option<Code> {
        let code = RUNNING.with(|running| running.code.get());
        // SAFETY: it was published by this thread, which still borrows it.
        unsafe { code.as_ref() }?.get()?.clone()
    }

    /// The same and that of `other`.
    pub(crate) fn and(&self, other: &Code) -> Code {
        Code { modules: self.modules.iter().chain(&other.modules).cloned().collect(), trap: self.trap }
    }

    fn has_function(&self, pc: usize) -> bool {
        self.modules.iter().any(|place| place.functions.contains(&pc))
    }

    fn has(&self, pc: usize) -> bool {
        self.modules.iter().any(|place| place.text.contains(&pc))
    }
}

/// Finds the store's context from a function that a module of ours exports; 0 where it cannot be known.
pub(crate) fn store_context(exported: &wasmtime::Func, mut store: impl wasmtime::AsContextMut) -> usize {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return 0;
    }
    let func_ref = exported.to_raw(&mut store) as usize;
    // SAFETY: the function is an export of a live instance of wasmtime 48.0.8, whose layout these offsets are of; the
    // magic number is checked before the pointer behind it is used.
    unsafe {
        let context = *((func_ref + offset::FUNC_REF_CONTEXT) as *const usize);
        if *(context as *const [u8; 4]) != offset::CONTEXT_MAGIC {
            return 0;
        }
        *((context + offset::CONTEXT_STORE) as *const usize)
    }
}

/// What tells functions of a store apart: their code and their context. A module that exports what it imports has another reference to
/// the same function.
pub(crate) fn identity(function: &wasmtime::Func, mut store: impl wasmtime::AsContextMut) -> (usize, usize) {
    let func_ref = function.to_raw(&mut store) as usize;
    // SAFETY: the function belongs to a live store of wasmtime 48.0.8, whose layout these offsets are of; both are plain words.
    unsafe {
        let word = |offset: usize| *((func_ref + offset) as *const usize);
        (word(offset::FUNC_REF_CODE), word(offset::FUNC_REF_CONTEXT))
    }
}

/// Tells whether signals stop code on this machine: tried once a process, on loops of several kinds.
pub(crate) fn works() -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        cfg!(all(target_arch = "x86_64", target_os = "linux")) && install().is_ok() && self_test().is_some()
    })
}

const SELF_TEST: &str = r#"(module
  (import "host" "nothing" (func $nothing))
  (memory (export "memory") 1)
  (func (export "spin") (loop $l (br $l)))
  (func (export "memory_loop") (local $p i32)
    (loop $l
      (i32.store (local.get $p) (i32.add (i32.load (local.get $p)) (i32.const 1)))
      (local.set $p (i32.and (i32.add (local.get $p) (i32.const 4)) (i32.const 65532)))
      (br $l)))
  (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "calls") (loop $l (call $deep (i32.const 100)) (br $l)))
  (func (export "host_calls") (loop $l (call $nothing) (br $l))))"#;

/// Stops each kind of loop three times; the store must stay usable.
fn self_test() -> Option<()> {
    let engine = wasmtime::Engine::default();
    let module = wasmtime::Module::new(&engine, SELF_TEST).ok()?;
    let mut store = wasmtime::Store::new(&engine, ());
    let nothing = wasmtime::Func::wrap(&mut store, || {});
    let instance = wasmtime::Instance::new(&mut store, &module, &[nothing.into()]).ok()?;
    let code = OnceLock::from(Some(Code::of(&module)?));
    let spin = instance.get_func(&mut store, "spin")?;
    let target = Target { code: &code, store_context: store_context(&spin, &mut store) };
    for name in ["spin", "memory_loop", "calls", "host_calls"] {
        let function = instance.get_typed_func::<(), ()>(&mut store, name).ok()?;
        for _ in 0..3 {
            let control = Arc::new(super::Control::new(Arc::new(Monitor::new(0))));
            let stopped = {
                let entered = super::enter(&control, Some(target)).ok()?;
                let kicker = spawn_kicker(control.clone())?;
                let stopped = function.call(&mut store, ());
                drop(entered);
                kicker.join().ok()?;
                stopped
            };
            let trap = stopped.err()?;
            let trap = trap.downcast_ref::<wasmtime::Trap>()?;
            if *trap != wasmtime::Trap::UnreachableCodeReached {
                return None;
            }
        }
    }
    Some(())
}

/// Orders a stop after a short while and sends the signal until the run has ended.
fn spawn_kicker(control: Arc<super::Control>) -> Option<std::thread::JoinHandle<()>> {
    let pause = std::time::Duration::from_micros(50);
    std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(move || {
            std::thread::sleep(pause);
            control.monitor.order_stop(crate::outcome::Reason::Timeout);
            while control.running().is_some() {
                control.kick();
                std::thread::sleep(pause);
            }
        })
        .ok()
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    fn signals_stop_code_here() {
        assert!(super::works());
    }
}
