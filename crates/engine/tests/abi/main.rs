//! The operations of the ABI, as components call them and as hostile ones do.

mod flow;
mod keys;
mod memory;
mod needs;
mod network;
mod streams;
mod support;
mod tasks;
mod tls;
