//! Images: what a context was at a moment when nothing ran in it, for others to go on from there.
//!
//! Start reading at [`Context::snapshot`] and [`Context::restore`]. An image holds the memory's pages that differ from
//! what the component's memory begins with, its globals, and which handle numbers were ever given.
//!
//! Never here: a live descriptor. A restored context has the handles that it is granted when it is restored; every
//! number from before is stale.

mod file;
mod heap;
mod kept;
mod read;

use std::sync::Arc;

use b8g_core::abi::event;
use b8g_core::{Handle, Limits};
use b8g_image::{HeldResource, Want};
use thiserror::Error;
use wasmtime::{Extern, Instance, Mutability, Val};

use crate::component::{Binary, Component};
use crate::context::{CallError, Context, Stage, StartError};
use crate::grant::Grants;
use crate::memory::{Base, HeapImage, PAGE_BYTES, private_pages};
use crate::model::host;
use crate::model::value::WitValue;
use crate::outcome::{Outcome, Reason};
use crate::split;

pub use file::WriteOptions;
pub use read::{ImageError, ReadOptions};

/// More pages than this are made a whole memory of once, which any number of contexts map; fewer are copied each time.
const COPIED_PAGES_MAX: usize = 64;
/// The same for forks: there are few of them, and they find slots that are filled with what their parent began with.
const FORKED_PAGES_MAX: usize = 256;

/// A frozen context. Cheap to clone: clones share what they hold.
///
/// ```
/// use b8g::{Component, Config, Context, Engine, Grants, Limits};
/// let engine = Engine::new(Config::new())?;
/// let component = Component::javascript(&engine)?;
/// let mut context = Context::new(&component, &Grants::none(), Limits::default())?;
/// context.eval("globalThis.n = 40")?;
/// let image = context.snapshot()?;
/// let mut restored = Context::restore(&image, &Grants::none(), Limits::default())?;
/// assert_eq!(restored.eval("n += 2")?, "42");
/// assert_eq!(context.eval("n")?, "40");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Image {
    pub(crate) frozen: Arc<Frozen>,
    /// What contexts that go on from it call: a function of the program's, or an exported one.
    pub(crate) main: Option<Arc<str>>,
    /// What contexts that go on from it need to be granted.
    pub(crate) wants: Arc<[Want]>,
    /// The file that it was read from.
    origin: Option<Arc<Origin>>,
    /// The image with a file that its context went on from.
    parent: Option<Arc<Image>>,
    /// What contexts that go on from it run.
    program: Option<Arc<[u8]>>,
}

/// Which image file something was read from.
#[derive(Debug)]
struct Origin {
    id: [u8; 32],
    /// Which of its contexts.
    context: u32,
    /// How many images build upon one another, this one included.
    depth: usize,
}

/// Runs of whole pages, and where they belong in the memory.
type Pages = Vec<(usize, Box<[u8]>)>;

/// What an image holds.
#[derive(Clone, Debug)]
pub(crate) struct Frozen {
    pub(crate) component: Component,
    /// Its memory; of a component of the component model those of all its modules, in the order in which they are made.
    pub(crate) memories: Vec<FrozenMemory>,
    globals: Vec<Number>,
    /// How far its monotonic clock had come, if that goes on.
    pub(crate) clock_ns: u64,
    /// The resources that it holds.
    pub(crate) resources: Vec<HeldResource>,
    pub(crate) generations: Vec<u32>,
    /// BLAKE3 of its program, in hexadecimal digits.
    program: Option<Arc<str>>,
    pub(crate) stage: Stage,
}

/// What a memory held.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrozenMemory {
    /// What it is filled with, if not with what the component's memory begins with.
    pub(crate) base: Option<Arc<Base>>,
    /// What differs from that: where, and whole pages.
    pub(crate) pages: Pages,
    pub(crate) bytes: usize,
}

impl FrozenMemory {
    /// Writes what differs from what it is filled with, as far as it has room in `memory`. Tells whether all had.
    pub(crate) fn write(&self, memory: &mut [u8]) -> bool {
        self.pages.iter().all(|(at, page)| match memory.get_mut(*at..*at + page.len()) {
            Some(place) => {
                place.copy_from_slice(page);
                true
            }
            None => false,
        })
    }
}

/// What a global of numbers held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Number {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    V128(u128),
}

impl Number {
    fn of(value: &Val) -> Option<Number> {
        Some(match value {
            Val::I32(n) => Number::I32(*n),
            Val::I64(n) => Number::I64(*n),
            Val::F32(bits) => Number::F32(*bits),
            Val::F64(bits) => Number::F64(*bits),
            Val::V128(n) => Number::V128(n.as_u128()),
            _ => return None,
        })
    }

    fn value(self) -> Val {
        match self {
            Number::I32(n) => Val::I32(n),
            Number::I64(n) => Val::I64(n),
            Number::F32(bits) => Val::F32(bits),
            Number::F64(bits) => Val::F64(bits),
            Number::V128(n) => Val::V128(n.into()),
        }
    }
}

/// Why a context cannot be frozen.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It has ended, or ended while it was made ready.
    #[error("the context ended: {0}")]
    Ended(Outcome),
    /// It holds what no image can hold.
    #[error("the component cannot be frozen: {0}")]
    Unsupported(String),
    /// It holds now what no image can hold, and may not later.
    #[error("the context cannot be frozen now: {0}")]
    Busy(String),
    /// The system has no room for it.
    #[error("there is no room for the image: {0}")]
    Room(#[from] std::io::Error),
    /// A context that goes on from the image cannot be made.
    #[error(transparent)]
    Restore(#[from] StartError),
}

impl Image {
    /// The component whose context it was.
    pub fn component(&self) -> &Component {
        &self.frozen.component
    }

    /// Lets [`Context::run`] of contexts that go on from it call a function: for JavaScript what the program exports as
    /// `main` or as its default, see [`Context::has_main`], for wasm the exported function of this name, which takes
    /// nothing.
    #[must_use]
    pub fn calling(self, main: Option<&str>) -> Image {
        Image { main: main.map(Arc::from), ..self }
    }

    /// What contexts that go on from it call.
    pub fn main(&self) -> Option<&str> {
        self.main.as_deref()
    }

    /// Lets contexts that go on from it run this program. It is for images of engines for a language that were made ready and
    /// did not start: what the program is, and how it is written down, is such an engine's own.
    #[must_use]
    pub fn with_program(self, program: impl Into<Arc<[u8]>>) -> Image {
        Image { program: Some(program.into()), ..self }
    }

    /// Holds its memories whole, and its component without the data that they began with: contexts of it are sooner there when a
    /// process starts. That is for components of the component model, and for modules that were compiled for it (`ComponentOptions::whole`);
    /// every other image stays as it is.
    ///
    /// # Errors
    /// What the system says when there is no room.
    pub fn whole(self) -> std::io::Result<Image> {
        let component = &self.frozen.component;
        let engine = component.compiled.engine();
        let Some((code, wasm)) = component.without_data() else { return Ok(self) };
        let whole = |(number, memory): (usize, &FrozenMemory)| -> std::io::Result<FrozenMemory> {
            let bytes = memory.bytes;
            let (Some(base), None) = (component.compiled.base(number), &memory.base) else {
                let (base, pages) = (memory.base.clone(), memory.pages.clone());
                return Ok(FrozenMemory { base, pages, bytes });
            };
            let below = std::iter::once((base.image().start(), base.image().bytes()));
            let pieces = below.chain(memory.pages.iter().map(|(at, bytes)| (*at, &bytes[..])));
            let base = Some(Base::new(HeapImage::new(pieces)?, engine.pool()));
            Ok(FrozenMemory { base, pages: Pages::new(), bytes })
        };
        let memories = self.frozen.memories.iter().enumerate().map(whole).collect::<Result<_, _>>()?;
        let code = Component::from_code(engine, code, Binary::new(wasm), false);
        let Ok(component) = code else { return Ok(self) };
        let frozen = &self.frozen;
        let frozen = Frozen {
            component: component.of_python(frozen.component.is_python),
            memories,
            globals: frozen.globals.clone(),
            clock_ns: frozen.clock_ns,
            resources: frozen.resources.clone(),
            generations: frozen.generations.clone(),
            program: frozen.program.clone(),
            stage: frozen.stage,
        };
        Ok(Image { frozen: Arc::new(frozen), ..self })
    }

    /// Says that its component is CPython, whose frames tell where a program was.
    pub(crate) fn of_python(mut self) -> Image {
        Arc::make_mut(&mut self.frozen).component.is_python = true;
        self
    }

    /// Says what contexts that go on from it need to be granted: without it none can be made.
    #[must_use]
    pub fn wanting(self, wants: Vec<Want>) -> Image {
        Image { wants: wants.into(), ..self }
    }

    /// What contexts that go on from it need to be granted.
    pub fn wants(&self) -> &[Want] {
        &self.wants
    }

    /// Tells whether its context had started: contexts that go on from it do not begin their program anew.
    pub fn has_started(&self) -> bool {
        self.frozen.stage == Stage::Started
    }

    /// Bytes of memory that its contexts begin with.
    pub fn memory_bytes(&self) -> u64 {
        self.frozen.memories.iter().map(|memory| memory.bytes as u64).sum()
    }
}

impl Context {
    /// Freezes the context as it is. It goes on as if nothing had happened. One that did not begin is made ready first,
    /// as [`Context::initialize`] does.
    ///
    /// # Errors
    /// [`SnapshotError`]; the context lives on, unless it ended of being made ready.
    pub fn snapshot(&mut self) -> Result<Image, SnapshotError> {
        self.freeze(COPIED_PAGES_MAX)
    }

    fn freeze(&mut self, copied_pages_max: usize) -> Result<Image, SnapshotError> {
        self.initialize().map_err(SnapshotError::Ended)?;
        let compiled = self.component.compiled.clone();
        if let Some(why) = &compiled.exports.unfreezable {
            return Err(SnapshotError::Unsupported(why.clone()));
        }
        let Some(instance) = self.instance else {
            return Err(SnapshotError::Unsupported("it has no instance".into()));
        };
        if self.store.data().windows.ever() {
            return Err(SnapshotError::Unsupported("it has, or had, a window into shared memory".into()));
        }
        if self.store.data().inner.is_some() {
            return Err(SnapshotError::Busy("it has modules of WebAssembly within".into()));
        }
        let (memories, resources) = match &compiled.model {
            Some(_) => self.freeze_model(copied_pages_max)?,
            None => {
                let memory = self.first_memory.map_or(&[][..], |memory| memory.data(&self.store));
                (vec![self.freeze_memory(0, memory, copied_pages_max)?], Vec::new())
            }
        };
        let globals = self.globals(instance)?;
        let state = self.store.data_mut();
        let now = state.now();
        let clock_ns = if compiled.model.is_some() { host::monotonic(state, now) } else { 0 };
        let frozen = Frozen {
            component: self.component.clone(),
            memories,
            globals,
            clock_ns,
            resources,
            generations: self.store.data().table.generations(),
            program: match &self.component.program {
                Some(blob) => Some(blake3::hash(blob).to_hex().as_str().into()),
                None => self.image.as_ref().and_then(|image| image.frozen.program.clone()),
            },
            stage: self.stage,
        };
        let parent = self.image.as_ref().and_then(|image| match (&image.origin, &image.parent) {
            // What the parent builds upon is not needed to tell what differs from it.
            (Some(_), _) => Some(Arc::new(Image { parent: None, ..image.clone() })),
            (None, parent) => parent.clone(),
        });
        // What was not called yet, and what is needed, stays so.
        let above = self.image.as_ref();
        let main = above.and_then(|image| image.main.clone());
        let wants = above.map_or_else(|| Arc::from([]), |image| image.wants.clone());
        Ok(Image { frozen: Arc::new(frozen), main, wants, origin: None, parent, program: None })
    }

    /// Makes `n` contexts that go on from where this one is, with the same grants and limits; their deadlines count from
    /// now. It goes on itself. As long as nothing runs in it and it waits for nothing, what it was frozen to is there for later forks.
    ///
    /// # Errors
    /// As [`Context::snapshot`] and [`Context::restore`].
    pub fn fork(&mut self, n: usize) -> Result<Vec<Context>, SnapshotError> {
        let image = match self.forked.clone() {
            Some(image) => image,
            None => self.freeze(FORKED_PAGES_MAX)?,
        };
        // Timers that it waits for have less to go each time.
        self.forked = (!self.is_waiting()).then(|| image.clone());
        let limits = self.store.data().limits.clone();
        let copy = |number| Ok(Context::restore(&image, &self.grants, limits.clone())?.numbered(number));
        (0..u32::try_from(n).unwrap_or(u32::MAX)).map(copy).collect()
    }

    /// Tells whether the program exports a function `main`, or a default one, that a frozen context can go on with.
    /// Starts the context if need be.
    ///
    /// # Errors
    /// The end, when that is what it came to.
    pub fn has_main(&mut self) -> Result<bool, Outcome> {
        self.start()?;
        if !self.hears() {
            return Ok(false);
        }
        self.timed(|context| context.tell(0, event::MAIN, Handle::ENGINE, 0)).map(|found| found == 1)
    }

    /// Makes a context that goes on from where another one was frozen. It holds what `grants` say and nothing else; its
    /// deadline counts from now. Its pending timers have as long to go as they had; clocks and randomness are new.
    ///
    /// # Errors
    /// As [`Context::new`].
    pub fn restore(image: &Image, grants: &Grants, limits: Limits) -> Result<Context, StartError> {
        match &image.program {
            None => Context::make(&image.frozen.component, grants, limits, Some(image)),
            Some(program) => {
                let component = image.frozen.component.running(program.clone());
                Context::make(&component, grants, limits, Some(image))
            }
        }
    }

    /// What one of its memories holds. Of more changed pages than `copied_pages_max` a whole memory is made.
    pub(crate) fn freeze_memory(
        &self,
        number: usize,
        bytes: &[u8],
        copied_pages_max: usize,
    ) -> Result<FrozenMemory, SnapshotError> {
        let compiled = &self.component.compiled;
        let parent = self.image.as_ref().and_then(|image| image.frozen.memories.get(number)?.base.clone());
        let base = parent.as_ref().or(compiled.base(number));
        let pages = changed_pages(bytes, base.map(|base| &**base.image()));
        let count: usize = pages.iter().map(|(_, bytes)| bytes.len() / PAGE_BYTES).sum();
        let (base, pages) = if count > copied_pages_max {
            let below = base.map(|base| (base.image().start(), base.image().bytes()));
            let pieces = below.into_iter().chain(pages.iter().map(|(at, bytes)| (*at, &bytes[..])));
            let whole = HeapImage::new(pieces)?;
            (Some(Base::new(whole, compiled.engine().pool())), Vec::new())
        } else {
            (parent, pages)
        };
        Ok(FrozenMemory { base, pages, bytes: bytes.len() })
    }

    fn globals(&mut self, instance: Instance) -> Result<Vec<Number>, SnapshotError> {
        let exports = &self.component.compiled.exports.globals;
        let mut numbers = Vec::with_capacity(exports.len());
        for at in exports {
            let global = instance.get_module_export(&mut self.store, at).and_then(Extern::into_global);
            let number = global.and_then(|global| Number::of(&global.get(&mut self.store)));
            let what = || SnapshotError::Unsupported("a global of it holds a reference".into());
            numbers.push(number.ok_or_else(what)?);
        }
        Ok(numbers)
    }

    /// Ends it: the image is another component's.
    pub(crate) fn misfit(&mut self) -> Outcome {
        let message = "the image does not fit its component".to_owned();
        self.finish(Reason::Trap, Reason::Trap.exit_code(), message)
    }

    /// Ends it: the memories of the image are more than it may have.
    pub(crate) fn too_large(&mut self, frozen: &Frozen) -> Outcome {
        let max = self.store.data().limits.memory_bytes_max;
        let bytes: usize = frozen.memories.iter().map(|memory| memory.bytes).sum();
        let message = format!("more than {max} bytes of memory: the image holds {bytes}");
        self.finish(Reason::Memory, Reason::Memory.exit_code(), message)
    }

    /// Gives a fresh instance the memory and the globals of the image.
    pub(crate) fn thaw(&mut self, instance: Instance, frozen: &Frozen) -> Result<(), Outcome> {
        if let (Some(memory), Some(held)) = (self.first_memory, frozen.memories.first()) {
            let now = memory.data_size(&self.store);
            let more = held.bytes.saturating_sub(now) as u64 / memory.page_size(&self.store);
            if memory.grow(&mut self.store, more).is_err() {
                return Err(self.too_large(frozen));
            }
            if !held.write(memory.data_mut(&mut self.store)) {
                return Err(self.misfit());
            }
        }
        let component = self.component.clone();
        for (at, number) in component.compiled.exports.globals.iter().zip(&frozen.globals) {
            let global = instance.get_module_export(&mut self.store, at).and_then(Extern::into_global);
            let set = global.is_some_and(|global| {
                global.ty(&self.store).mutability() == Mutability::Var
                    && global.set(&mut self.store, number.value()).is_ok()
            });
            if !set {
                return Err(self.misfit());
            }
        }
        Ok(())
    }

    /// Lets the component know that it goes on.
    pub(crate) fn wake(&mut self) -> Result<(), Outcome> {
        if self.hears() { self.send(0, event::RESTORED, Handle::ENGINE, self.copy.into()) } else { Ok(()) }
    }

    /// Calls what the image that it goes on from says, if this was not done before.
    pub(crate) fn enter_main(&mut self) -> Result<(), Outcome> {
        let Some(main) = self.image.as_mut().and_then(|image| image.main.take()) else { return Ok(()) };
        if self.component.is_script() {
            return self.send(0, event::MAIN, Handle::ENGINE, 1);
        }
        let called = match self.component.compiled.model {
            Some(_) => self.invoke(&main, &[]).map(|answer| matches!(answer, Some(WitValue::Result(Err(_))))),
            None => self.call(&main, &[]).map(|_| false),
        };
        match called {
            Ok(false) => Ok(()),
            Ok(true) => Err(self.finish(
                Reason::Error,
                Reason::Error.exit_code(),
                format!("{main} answered an error"),
            )),
            Err(CallError::Ended(outcome)) => Err(outcome),
            Err(error) => Err(self.finish(Reason::Trap, Reason::Trap.exit_code(), error.to_string())),
        }
    }
}

/// The pages of a memory that differ from what it was filled with.
fn changed_pages(bytes: &[u8], base: Option<&HeapImage>) -> Pages {
    let mut pages = Pages::new();
    for range in private_pages(bytes) {
        let mut changed = None;
        for at in range.clone().step_by(PAGE_BYTES) {
            let same = *HeapImage::page(base, at) == bytes[at..at + PAGE_BYTES];
            match (same, changed) {
                (false, None) => changed = Some(at),
                (true, Some(from)) => {
                    pages.push((from, bytes[from..at].into()));
                    changed = None;
                }
                _ => {}
            }
        }
        if let Some(from) = changed {
            pages.push((from, bytes[from..range.end].into()));
        }
    }
    pages
}

impl Frozen {
    /// The page at that place of a memory.
    fn page(&self, (number, at): (usize, usize)) -> &[u8] {
        let Some(memory) = self.memories.get(number) else { return HeapImage::page(None, at) };
        let before = memory.pages.partition_point(|(start, _)| *start <= at);
        let own = before.checked_sub(1).and_then(|i| {
            let (start, bytes) = &memory.pages[i];
            bytes.get(at - start..at - start + PAGE_BYTES)
        });
        let base = memory.base.as_ref().or(self.component.compiled.base(number));
        own.unwrap_or_else(|| HeapImage::page(base.map(|base| &**base.image()), at))
    }

    /// Where pages lie that may differ from what the component's memories begin with: the memory, and the place.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        self.memories.iter().enumerate().flat_map(|(number, memory)| {
            let base = memory.base.as_ref().map_or(0..0, |base| base.image().start()..base.image().end());
            let own =
                memory.pages.iter().flat_map(|(at, bytes)| (*at..*at + bytes.len()).step_by(PAGE_BYTES));
            base.step_by(PAGE_BYTES).chain(own).map(move |at| (number, at))
        })
    }
}

/// Why a module with that export of ours cannot be frozen.
pub(crate) fn unfreezable(export: &str) -> Option<String> {
    let table = export.strip_prefix(split::TABLE).map(|n| format!("its code changes table {n}"));
    let memory = export.strip_prefix(split::MEMORY).filter(|n| *n != "0");
    let drops = (export == split::DROPS).then(|| "its code drops data segments".to_owned());
    table.or(drops).or_else(|| memory.map(|n| format!("it has a second memory, number {n}")))
}
