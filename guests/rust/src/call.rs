//! The one import. Everywhere else than in a component it answers that there is no such operation.

use crate::{Error, Result};

#[cfg(target_family = "wasm")]
#[link(wasm_import_module = "b8g")]
unsafe extern "C" {
    #[link_name = "call"]
    fn import(op: u32, handle: u32, a: i64, b: i64, c: i64, d: i64) -> i64;
}

/// Stands in for the engine where there is none, so that the crate can be checked and its own tests run.
///
/// # Safety
/// Always safe: it does nothing.
#[cfg(not(target_family = "wasm"))]
unsafe fn import(_op: u32, _handle: u32, _a: i64, _b: i64, _c: i64, _d: i64) -> i64 {
    crate::abi::error::NOSYS
}

/// Calls an operation.
///
/// # Safety
/// Memory that the operation writes must be the caller's to write, for as long as the call takes, or be told to nobody as a reference.
/// Memory that it maps must belong to no Rust object at all.
pub(crate) unsafe fn raw(op: u32, handle: u32, arguments: [i64; 4]) -> Result<u64> {
    let [a, b, c, d] = arguments;
    // SAFETY: the caller vouches for what the operation writes; everything else the engine checks.
    let answer = unsafe { import(op, handle, a, b, c, d) };
    u64::try_from(answer).map_err(|_| Error::from_code(answer))
}

/// Calls an operation that writes no memory of the caller.
pub(crate) fn plain(op: u32, handle: u32, arguments: [i64; 4]) -> Result<u64> {
    // SAFETY: callers in this crate name operations and arguments of which none is written to.
    unsafe { raw(op, handle, arguments) }
}

/// Calls `ctl`.
pub(crate) fn ctl(handle: u32, request: u32, input: &[u8], out: &mut [u8], argument: u64) -> Result<u64> {
    let slice = |at: usize, len: usize| at as i64 & 0xffff_ffff | (len as i64) << 32;
    let (from, into) =
        (slice(input.as_ptr() as usize, input.len()), slice(out.as_mut_ptr() as usize, out.len()));
    // SAFETY: only `out` is written, which is the caller's.
    unsafe { raw(crate::abi::op::CTL, handle, [request.into(), from, into, argument as i64]) }
}

/// An address as the callback takes it.
pub(crate) fn at<T: ?Sized>(pointer: *const T) -> i64 {
    pointer.cast::<u8>() as usize as i64
}
