//! The manifest: what an image is, and what its contexts are but for their pages.

use serde::{Deserialize, Serialize};

use crate::PAGE_BYTES;

/// What an image says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What runs it.
    pub kind: Kind,
    /// The name of what it was made from, for people.
    pub name: String,
    /// The version of b8g that wrote it.
    pub b8g: String,
    /// BLAKE3 of the module whose memory it holds, in hexadecimal digits.
    pub component: String,
    /// Whether a context that goes on from it calls the program's `main`.
    pub main: bool,
    /// Its contexts.
    pub contexts: Vec<FrozenContext>,
}

/// What runs an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The JavaScript engine that is built in.
    JavaScript,
    /// The module in the image.
    Wasm,
}

/// A context but for its pages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenContext {
    /// How far it had come.
    pub stage: Stage,
    /// Bytes of its memory.
    pub memory_bytes: u64,
    /// Runs of pages that differ from what the component's memory begins with: the first one's number, how many. They
    /// ascend, and lie one after the other in the section.
    pub pages: Vec<(u32, u32)>,
    /// What its mutable globals held, in their order.
    pub globals: Vec<Global>,
    /// For each index of the handle table the lowest generation that no handle had.
    pub generations: Vec<u32>,
}

/// How far a context had come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Its program did not start.
    Initialized,
    /// Its program ran.
    Started,
}

/// What a global held; floats by their bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Global {
    /// A 32-bit integer.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// A 32-bit float.
    F32(u32),
    /// A 64-bit float.
    F64(u64),
    /// A vector: its lower and its upper half.
    V128(u64, u64),
}

impl FrozenContext {
    /// Bytes of its pages, if they ascend and lie in its memory.
    pub(crate) fn page_bytes(&self) -> Option<u64> {
        let pages_in_memory = self.memory_bytes / PAGE_BYTES as u64;
        let (mut end, mut sum) = (0u64, 0u64);
        for (first, count) in &self.pages {
            let (first, count) = (u64::from(*first), u64::from(*count));
            if first < end || count == 0 {
                return None;
            }
            end = first + count;
            sum += count;
        }
        (end <= pages_in_memory).then_some(sum * PAGE_BYTES as u64)
    }
}
