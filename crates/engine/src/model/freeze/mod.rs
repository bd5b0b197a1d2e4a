//! Components of the component model frozen and restored.
//!
//! Start reading at [`layout`]: what a component's binary holds; then [`rewrite`]: a helper is added, a core module that reads and
//! writes the globals of all others, and what a core module does at its start is done only once ([`core`]). Then
//! [`Plan`]: what its memories begin with; and `context.rs`, where a context is frozen and goes on. [`table`] are the host
//! resources of a component and the numbers that it knows them by; [`give`] gives them anew.
//!
//! Invariants: to make an instance of a rewritten component that goes on from an image runs no code of the component, and
//! asks nothing of the host. What cannot be known for certain is refused, never guessed.

mod context;
mod core;
pub(crate) mod give;
mod helper;
pub(crate) mod kind;
mod layout;
mod rewrite;
pub(crate) mod table;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use b8g_image::HeldResource;
use wasmtime::component::{Component, ComponentExportIndex};

use crate::engine::Engine;
use crate::image::FrozenMemory;
use crate::memory::pool::Filling;
use crate::memory::{Base, HeapImage};

pub(crate) use self::context::ModelInstance;
use kind::Kind;
pub(crate) use layout::{Bar, Layout};
pub(crate) use rewrite::is_ours;

/// What a gate holds in an instance that goes on from an image.
static CLOSED: LazyLock<Option<Arc<HeapImage>>> =
    LazyLock::new(|| HeapImage::new(std::iter::once((0, &[1][..]))).ok().map(Arc::new));

/// What is known of a rewritten component.
pub(crate) struct Plan {
    memories: Vec<Memory>,
    kinds: Vec<Kind>,
    /// Whether something of the component can wait outside of the host's functions.
    pub(super) waits: bool,
}

/// A plan as it is written down, without what memories begin with: whoever goes on from an image finds them whole.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct WrittenPlan {
    /// The memories in order: bytes that each begins with, and whether it is a gate.
    memories: Vec<(u64, bool)>,
    /// The kinds of resources, by what the helper knows them by.
    kinds: Vec<u32>,
    waits: bool,
}

/// One of its memories, in the order in which they are made.
struct Memory {
    /// Bytes that it begins with.
    minimum: usize,
    what: What,
}

enum What {
    /// It belongs to the component, or to the helper.
    Guest(Option<Arc<Base>>),
    /// It tells whether a module did what is done once.
    Gate,
}

/// Where the functions are that the helper exports.
pub(crate) struct Helper {
    freeze: ComponentExportIndex,
    thaw: ComponentExportIndex,
    take: ComponentExportIndex,
    drop: ComponentExportIndex,
    show: ComponentExportIndex,
    fill: ComponentExportIndex,
    missing: ComponentExportIndex,
    empty: ComponentExportIndex,
}

impl Helper {
    pub(super) fn of(component: &Component) -> Option<Helper> {
        let of = |name: &str| component.get_export_index(None, format!("{}{name}", layout::RESERVED));
        Some(Helper {
            freeze: of(helper::FREEZE)?,
            thaw: of(helper::THAW)?,
            take: of(helper::TAKE)?,
            drop: of(helper::DROP)?,
            show: of(helper::SHOW)?,
            fill: of(helper::FILL)?,
            missing: of(helper::MISSING)?,
            empty: of(helper::EMPTY)?,
        })
    }
}

/// Why the names of a compiled component's exports say that it cannot be frozen.
pub(super) fn bar<'n>(mut exports: impl Iterator<Item = &'n str>) -> Option<Bar> {
    exports.find_map(rewrite::bar_of)
}

impl Plan {
    /// Makes the first images of the memories.
    ///
    /// # Errors
    /// What the system says when there is no room.
    pub(super) fn new(layout: &Layout<'_>, engine: &Engine) -> std::io::Result<Plan> {
        // A module that becomes several instances has one image.
        let mut images: HashMap<u32, Arc<Base>> = HashMap::new();
        let mut memories = Vec::new();
        for (_, number) in &layout.instances {
            let module = &layout.modules[*number as usize];
            let split = module.split.as_ref();
            let split = split.filter(|split| split.pieces().any(|(_, bytes)| !bytes.is_empty()));
            let mut image = match (images.get(number), split) {
                (Some(image), _) => Some(image.clone()),
                (None, None) => None,
                (None, Some(split)) => {
                    let image = Base::new(HeapImage::new(split.pieces())?, engine.pool());
                    Some(images.entry(*number).or_insert(image).clone())
                }
            };
            let guests = module.memories.len();
            for (at, bytes) in module.all_memories().enumerate() {
                let minimum = usize::try_from(bytes).unwrap_or(usize::MAX);
                let what = if at < guests { What::Guest(image.take()) } else { What::Gate };
                memories.push(Memory { minimum, what });
            }
        }
        let minimum = usize::try_from(helper::pages(layout) * core::WASM_PAGE_BYTES).unwrap_or(usize::MAX);
        memories.push(Memory { minimum, what: What::Guest(None) });
        let kinds = layout.kinds.iter().map(|(kind, _)| *kind).collect();
        Ok(Plan { memories, kinds, waits: layout.waits })
    }

    /// The plan that was written down, if it is one.
    pub(super) fn of(written: &WrittenPlan) -> Option<Plan> {
        let memory = |(minimum, gate): &(u64, bool)| {
            let what = if *gate { What::Gate } else { What::Guest(None) };
            Some(Memory { minimum: usize::try_from(*minimum).ok()?, what })
        };
        let kind = |number: &u32| Kind::ALL.into_iter().find(|kind| kind.number() == *number);
        Some(Plan {
            memories: written.memories.iter().map(memory).collect::<Option<_>>()?,
            kinds: written.kinds.iter().map(kind).collect::<Option<_>>()?,
            waits: written.waits,
        })
    }

    pub(super) fn written(&self) -> WrittenPlan {
        let memory = |memory: &Memory| (memory.minimum as u64, matches!(memory.what, What::Gate));
        WrittenPlan {
            memories: self.memories.iter().map(memory).collect(),
            kinds: self.kinds.iter().map(|kind| kind.number()).collect(),
            waits: self.waits,
        }
    }

    /// The memories that images hold: all but the gates.
    fn guests(&self) -> impl Iterator<Item = (usize, Option<&Arc<Base>>)> {
        self.memories.iter().filter_map(|memory| match &memory.what {
            What::Guest(base) => Some((memory.minimum, base.as_ref())),
            What::Gate => None,
        })
    }

    /// What the memory of that number begins with.
    pub(super) fn base(&self, number: usize) -> Option<&Arc<Base>> {
        self.guests().nth(number)?.1
    }

    /// What the memories of an instance are filled with; `None` where the system has no room for that.
    fn fillings(&self, frozen: Option<&[FrozenMemory]>) -> Option<Vec<Filling>> {
        let mut held = frozen.map(|memories| memories.iter());
        let fill = |memory: &Memory| {
            let (image, len) = match (&memory.what, &mut held) {
                (What::Gate, None) => (None, memory.minimum),
                // Without it what is done once would be done again.
                (What::Gate, Some(_)) => (Some(CLOSED.clone()?), memory.minimum),
                (What::Guest(base), held) => {
                    let held = held.as_mut().and_then(|held| held.next());
                    let own = held.and_then(|held| held.base.as_ref());
                    let image = own.or(base.as_ref()).map(|base| base.image().clone());
                    (image, held.map_or(memory.minimum, |held| held.bytes))
                }
            };
            Some(Filling { image, minimum: memory.minimum, len })
        };
        self.memories.iter().map(fill).collect()
    }

    /// Tells whether what an image holds can be this component's.
    ///
    /// # Errors
    /// What does not fit.
    pub(super) fn fits(
        &self,
        memories: &[FrozenMemory],
        resources: &[HeldResource],
    ) -> Result<(), &'static str> {
        let smaller = |((minimum, _), held): ((usize, _), &FrozenMemory)| held.bytes < minimum;
        let last = self.memories.last().map(|memory| memory.minimum);
        match () {
            () if self.guests().count() != memories.len() => Err("its component has other memories"),
            () if self.guests().zip(memories).any(smaller) => {
                Err("a memory is smaller than what its component begins with")
            }
            () if memories.last().map(|memory| memory.bytes) != last => {
                Err("its component has other globals")
            }
            () if !resources.iter().all(|held| self.kinds.contains(&give::kind_of(&held.what))) => {
                Err("its component knows no such resources")
            }
            () => Ok(()),
        }
    }
}
