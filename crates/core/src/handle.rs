//! The number by which a context names an object: generation and index.

use core::fmt;

/// A handle: 12 bits of generation above 20 bits of index. 0 is the engine itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Handle(u32);

impl Handle {
    /// The engine itself, which every context may call.
    pub const ENGINE: Handle = Handle(0);
    /// How many bits the index takes.
    pub const INDEX_BITS: u32 = 20;
    /// The highest index.
    pub const INDEX_MAX: u32 = (1 << Handle::INDEX_BITS) - 1;
    /// The highest generation. A slot that reached it is retired when it is closed.
    pub const GENERATION_MAX: u32 = (1 << (32 - Handle::INDEX_BITS)) - 1;

    /// Puts a handle together. Bits out of range are cut off; the table checks both parts anyway.
    pub const fn new(index: u32, generation: u32) -> Handle {
        Handle((generation & Handle::GENERATION_MAX) << Handle::INDEX_BITS | index & Handle::INDEX_MAX)
    }

    /// Reads the number that a component passed.
    pub const fn from_raw(raw: u32) -> Handle {
        Handle(raw)
    }

    /// Gives the number that a component is passed.
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// Gives the slot's number.
    pub const fn index(self) -> u32 {
        self.0 & Handle::INDEX_MAX
    }

    /// Gives the slot's generation.
    pub const fn generation(self) -> u32 {
        self.0 >> Handle::INDEX_BITS
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({}#{})", self.index(), self.generation())
    }
}
