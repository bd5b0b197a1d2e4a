//! Where the linear memories of contexts live: copy-on-write slots over sealed images, pooled per image.
//!
//! Start reading at [`pool`]. [`image`] is what a slot is filled with (from [`executable`], if it is built in),
//! [`slot`] is the mapping, [`scan`] asks the kernel which pages a tenant dirtied, [`faults`] tells when that need not
//! be asked. [`place`] is where a component's memories are. [`window`] shows [`shared`] memory in a slot; [`guest`] keeps the host's own hands off that;
//! [`inner`] are memories of modules within.
//!
//! Invariant: a slot is never handed on with a byte of its last tenant; one that ever had a window is not handed on.

mod executable;
mod faults;
pub(crate) mod guest;
pub(crate) mod image;
pub(crate) mod inner;
mod place;
pub(crate) mod pool;
mod scan;
mod shared;
mod slot;
mod window;

pub(crate) use faults::Residence;
pub(crate) use guest::GuestMemory;
pub(crate) use image::{HeapImage, MappedFile};
pub(crate) use place::Place;
pub(crate) use pool::{Base, SlotPool};
pub(crate) use scan::private_pages;
pub use shared::SharedMemory;
pub(crate) use window::{Places, Windows};

/// Bytes of a page of the machine. Checked against the system when a pool is made.
pub(crate) const PAGE_BYTES: usize = 4096;
