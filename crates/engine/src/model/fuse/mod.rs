//! Core modules of a component made one.
//!
//! A component that was put together of libraries has many core modules, which share a memory and a table. wasmtime writes each entry of
//! a table that modules share when the component becomes an instance, and a call from one to another goes through memory. As one
//! module the table is filled when it is used, calls are direct, and where a library lies is a number in the code.
//!
//! Start reading at [`fuse`]: [`read`] takes the component apart, [`plan`] decides which of its core instances become one, [`module`] makes
//! that module of theirs, and [`emit`] writes the component around it.
//!
//! Invariant: the component does what it did. What cannot be fused for certain is refused with the reason, and nothing here is
//! trusted: what comes out is validated by the compiler like any other component.

mod emit;
mod module;
mod plan;
mod read;

/// Makes one module of those core modules that a component links with one another.
///
/// # Errors
/// Why it is better left as it is.
pub(crate) fn fuse(wasm: &[u8]) -> Result<Vec<u8>, String> {
    let outline = read::Outline::read(wasm)?;
    let plan = plan::Plan::new(&outline)?;
    let fused = module::Fused::new(&outline, &plan)?;
    Ok(emit::emit(&outline, &plan, &fused))
}
