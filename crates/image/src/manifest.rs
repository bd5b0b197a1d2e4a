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
    /// BLAKE3 of the program that the JavaScript engine runs, or ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// What its program is written in, if its component is an engine for that language that b8g knows from inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The function that a context calls when it goes on; none: it goes on where it was, or starts.
    pub main: Option<String>,
    /// What it needs to be granted, in the order in which it was asked for.
    pub wants: Vec<Want>,
    /// What the module imports: `module.name` each.
    pub imports: Vec<String>,
    /// The image of whose memory this one holds only what differs.
    pub parent: Option<Parent>,
    /// For which engine the machine code is, if there is such: the digest of its settings, in hexadecimal digits.
    pub native: Option<String>,
    /// Runs of pages that all contexts share, unless they have their own: see [`FrozenContext::pages`].
    pub shared: Vec<(u32, u32)>,
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

/// A language whose engine is a component, of which b8g reads where a program was stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Python, by CPython.
    Python,
}

/// Something that a program needs to be granted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Want {
    /// For what.
    pub access: WantedAccess,
    /// A path, a host, or a name of the environment.
    pub target: String,
}

/// What a program needs something for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WantedAccess {
    /// To read a file, or below a directory.
    Read,
    /// To write a file, or below a directory.
    Write,
    /// To connect to a host.
    Net,
    /// To see an environment value.
    Env,
}

impl WantedAccess {
    /// Its name, in flags as well.
    pub const fn name(self) -> &'static str {
        match self {
            WantedAccess::Read => "read",
            WantedAccess::Write => "write",
            WantedAccess::Net => "net",
            WantedAccess::Env => "env",
        }
    }
}

/// An image that another one builds upon.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    /// Its [identity](crate::File::id), in hexadecimal digits.
    pub id: String,
    /// The name of its file, which is looked for beside this one; a hint.
    pub file: String,
    /// Which of its contexts.
    pub context: u32,
}

/// A context but for its pages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenContext {
    /// How far it had come.
    pub stage: Stage,
    /// Bytes of its memory.
    pub memory_bytes: u64,
    /// Runs of pages that differ from what the component's memory begins with, or from the parent's: the first one's
    /// number, how many. They ascend, and lie one after the other in the section.
    pub pages: Vec<(u32, u32)>,
    /// What its mutable globals held, in their order.
    pub globals: Vec<Global>,
    /// For each index of the handle table the lowest generation that no handle had.
    pub generations: Vec<u32>,
    /// What its engine's heap holds, for people.
    pub heap: Option<Heap>,
    /// Of a component of the component model: bytes of its further memories. Pages of memory k have numbers from
    /// k × [`MEMORY_PAGES`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memories: Vec<u64>,
    /// Of such a component: how far its monotonic clock had come, in nanoseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clock_ns: u64,
    /// Of such a component: the resources that it holds, by ascending index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<HeldResource>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A resource that a component of the component model holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldResource {
    /// The number that it knows it by.
    pub index: u32,
    /// What is behind it, to be given anew.
    pub what: Held,
}

/// What can be behind a resource of a frozen component.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// Standard input; whether it has ended.
    Stdin(bool),
    /// Standard output; whether it was closed.
    Stdout(bool),
    /// Standard error; whether it was closed.
    Stderr(bool),
    /// A directory that was granted, by its name.
    Directory(String),
    /// A wait for a standard stream, 0 to 2.
    Stream(u8),
    /// A wait that ends in so many nanoseconds.
    Timer(u64),
    /// A wait that has ended.
    Ready,
    /// That standard input is a terminal.
    TerminalInput,
    /// That standard output or error is one.
    TerminalOutput,
    /// The network, as far as it is granted.
    Network,
}

/// What a program made on the heap of its language's engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heap {
    /// Bytes in use.
    pub bytes: u64,
    /// Objects, functions included.
    pub objects: u64,
    /// Properties of these.
    pub properties: u64,
    /// Strings that are no property names.
    pub strings: u64,
    /// Property names and symbols.
    pub names: u64,
    /// Functions in the program's text.
    pub functions: u64,
    /// Bytes of their code.
    pub code_bytes: u64,
    /// Arrays.
    pub arrays: u64,
    /// Bytes of buffers.
    pub buffer_bytes: u64,
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
        bytes_of(&self.pages, self)
    }

    /// Bytes of each memory.
    pub fn memories(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.memory_bytes).chain(self.memories.iter().copied())
    }
}

impl Manifest {
    /// Bytes of the shared pages, if they ascend and lie in the memory of every context.
    pub(crate) fn shared_bytes(&self) -> Option<u64> {
        let bytes = self.contexts.iter().map(|context| bytes_of(&self.shared, context));
        bytes.min().unwrap_or(self.shared.is_empty().then_some(0))
    }
}

/// Bytes of a context's memory at most: what 32 bits address.
pub const MEMORY_BYTES_MAX: u64 = 1 << 32;
/// Pages that have numbers in each memory.
pub const MEMORY_PAGES: u32 = (MEMORY_BYTES_MAX / PAGE_BYTES as u64) as u32;
/// Memories of a context at most.
const MEMORIES_MAX: usize = 128;
/// The highest number that a component knows a resource by.
const RESOURCE_INDEX_MAX: u32 = 16_384;
/// What an image may say that it wants, at most, and the bytes of each.
const WANTS_MAX: usize = 256;
const WANT_BYTES_MAX: usize = 4096;
/// Bytes of a file's name at most.
const NAME_BYTES_MAX: usize = 255;

impl Manifest {
    /// What cannot be so, whatever the sections hold.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let too_long = |want: &Want| want.target.len() > WANT_BYTES_MAX || want.target.contains('\0');
        match () {
            () if self
                .contexts
                .iter()
                .flat_map(FrozenContext::memories)
                .any(|bytes| bytes > MEMORY_BYTES_MAX) =>
            {
                Some("a context has more memory than 32 bits address")
            }
            () if self.contexts.iter().any(|context| context.memories.len() >= MEMORIES_MAX) => {
                Some("a context has too many memories")
            }
            () if self.contexts.iter().any(FrozenContext::holds_wrong) => {
                Some("a context holds resources that cannot be")
            }
            () if self.wants.len() > WANTS_MAX || self.wants.iter().any(too_long) => {
                Some("it wants more than an image may")
            }
            () if self.parent.as_ref().is_some_and(|parent| parent.file.len() > NAME_BYTES_MAX) => {
                Some("the name of the image that it builds upon is too long")
            }
            () => None,
        }
    }
}

/// Bytes of runs of pages, if they ascend and each lies in a memory.
fn bytes_of(runs: &[(u32, u32)], context: &FrozenContext) -> Option<u64> {
    let memory = |number: u32| match number.checked_sub(1) {
        None => Some(context.memory_bytes),
        Some(further) => context.memories.get(further as usize).copied(),
    };
    let (mut end, mut sum) = (0u64, 0u64);
    for (first, count) in runs {
        let pages = memory(first / MEMORY_PAGES)? / PAGE_BYTES as u64;
        let within = u64::from(first % MEMORY_PAGES) + u64::from(*count);
        if u64::from(*first) < end || *count == 0 || within > pages {
            return None;
        }
        end = u64::from(*first) + u64::from(*count);
        sum += u64::from(*count);
    }
    Some(sum * PAGE_BYTES as u64)
}

impl FrozenContext {
    /// Tells whether its resources are too many, or not in order.
    fn holds_wrong(&self) -> bool {
        let names_too_much = |held: &HeldResource| match &held.what {
            Held::Directory(name) => name.len() > WANT_BYTES_MAX || name.contains('\0'),
            Held::Stream(stream) => *stream > 2,
            _ => false,
        };
        let ascend = self.resources.windows(2).all(|pair| pair[0].index < pair[1].index);
        let bounded = |held: &HeldResource| (1..=RESOURCE_INDEX_MAX).contains(&held.index);
        !ascend || !self.resources.iter().all(bounded) || self.resources.iter().any(names_too_much)
    }
}

/// Runs of pages and the bytes of all of them, cut apart.
pub(crate) fn runs<'b>(
    runs: &'b [(u32, u32)],
    mut bytes: &'b [u8],
) -> impl Iterator<Item = (u32, &'b [u8])> + 'b {
    runs.iter().map(move |(first, count)| {
        let (run, rest) = bytes.split_at_checked(*count as usize * PAGE_BYTES).unwrap_or((bytes, &[]));
        bytes = rest;
        (*first, run)
    })
}
