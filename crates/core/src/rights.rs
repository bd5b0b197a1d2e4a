//! Rights: a set that only ever shrinks.
//!
//! Invariant: no operation here makes a set larger than the sets it was made from, but [`Rights::union`], which is
//! for the trusted side that turns grants into handles.

use core::fmt;

/// What the holder of a handle may do with the object behind it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rights(u32);

/// Declares the rights and the table that describes them.
macro_rules! rights {
    ($($(#[doc = $doc:literal])* $name:ident = $bit:literal,)*) => {
        impl Rights {
            $($(#[doc = $doc])* pub const $name: Rights = Rights($bit);)*

            /// Each right with its name and what it allows.
            pub const EACH: &'static [(Rights, &'static str, &'static str)] =
                &[$((Rights::$name, stringify!($name), concat!($($doc),*).trim_ascii()),)*];
        }
    };
}

rights! {
    /// May be duplicated within the context.
    DUPLICATE = 0x1,
    /// May be handed to another context.
    TRANSFER = 0x2,
    /// May be read.
    READ = 0x4,
    /// May be written.
    WRITE = 0x8,
    /// May be executed.
    EXECUTE = 0x10,
    /// May be mapped into a memory.
    MAP = 0x20,
    /// May be waited for.
    WAIT = 0x40,
    /// May be signalled.
    SIGNAL = 0x80,
    /// Has a position that may be moved.
    SEEK = 0x100,
    /// May create things below it.
    CREATE = 0x200,
    /// May change its settings.
    MANAGE = 0x400,
    /// May be linked by key.
    LINK = 0x800,
    /// May be asked about.
    INSPECT = 0x1000,
}

impl Rights {
    /// Nothing at all.
    pub const NONE: Rights = Rights(0);
    /// Every right there is.
    pub const ALL: Rights = Rights(0x1fff);

    /// Reads the numbers of the ABI; `None` when a bit is no right.
    pub const fn from_bits(bits: u32) -> Option<Rights> {
        if bits & !Rights::ALL.0 == 0 { Some(Rights(bits)) } else { None }
    }

    /// Gives the numbers of the ABI.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Tells whether every right of `other` is here too.
    pub const fn contains(self, other: Rights) -> bool {
        self.0 & other.0 == other.0
    }

    /// Keeps what both sets have.
    #[must_use]
    pub const fn intersect(self, other: Rights) -> Rights {
        Rights(self.0 & other.0)
    }

    /// Takes the rights of `other` away.
    #[must_use]
    pub const fn without(self, other: Rights) -> Rights {
        Rights(self.0 & !other.0)
    }

    /// Joins two sets. For the trusted side only: a context's handles never gain rights.
    #[must_use]
    pub const fn union(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (right, name, _) in Rights::EACH {
            if self.contains(*right) {
                if !first {
                    f.write_str("|")?;
                }
                f.write_str(name)?;
                first = false;
            }
        }
        if first { f.write_str("NONE") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn numbers_are_those_of_the_abi() {
        let bits: alloc::vec::Vec<u32> = Rights::EACH.iter().map(|(r, ..)| r.bits()).collect();
        assert_eq!(bits, [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800, 0x1000]);
        assert_eq!(bits.iter().sum::<u32>(), Rights::ALL.bits());
    }

    #[test]
    fn unknown_bits_are_refused() {
        assert_eq!(Rights::from_bits(0x2000), None);
        assert_eq!(Rights::from_bits(0x1fff), Some(Rights::ALL));
    }

    #[test]
    fn sets_shrink() {
        let both = Rights::READ.union(Rights::WRITE);
        assert_eq!(both.without(Rights::WRITE), Rights::READ);
        assert!(!both.intersect(Rights::READ).contains(Rights::WRITE));
        assert_eq!(format!("{both:?} {:?}", Rights::NONE), "READ|WRITE NONE");
    }
}
