//! Images as files: what is written of a frozen context.

use std::collections::BTreeSet;

use b8g_image::chain::{CHAIN_MAX, in_runs};
use b8g_image::signature::Signature;
use b8g_image::{
    File, FileError, FrozenContext, Global, Heap, Kind, Language, MEMORY_PAGES, Manifest, PAGE_BYTES, Parent,
    Parts,
};

use super::read::{FILE_BYTES_MAX, ImageError};
use super::{Frozen, Image, Number};
use crate::context::Stage;
use crate::javascript::javascript_digest;
use crate::memory::HeapImage;

/// What an image file is to hold besides the context.
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// What the image was made from, for people.
    pub name: String,
    /// What [`Context::compact`](crate::Context::compact) told.
    pub heap: Option<Heap>,
    /// Hold only what differs from the image that the context went on from, whose file has this name.
    pub parent: Option<String>,
    /// Hold a wasm module's machine code too, with this machine's word for it.
    pub native: bool,
}

impl Image {
    /// Tells whether `bytes` begin as an image file does; a mere hint.
    pub fn is_image(bytes: &[u8]) -> bool {
        File::is_image(bytes)
    }

    /// Tells whether it can be written as a child: its context went on from an image that was read from a file.
    pub fn has_parent(&self) -> bool {
        self.parent.is_some()
    }

    /// Writes the image as a file; docs/formats/image.md has the format. `name` says, for people, what it was made from.
    ///
    /// # Errors
    /// [`ImageError`] when the component cannot be written.
    pub fn to_bytes(&self, name: &str) -> Result<Vec<u8>, ImageError> {
        self.to_bytes_with(&WriteOptions { name: name.to_owned(), ..WriteOptions::default() })
    }

    /// As [`Image::to_bytes`], with options.
    ///
    /// # Errors
    /// As [`Image::to_bytes`], and [`ImageError::Misfit`] for a child of nothing.
    pub fn to_bytes_with(&self, options: &WriteOptions) -> Result<Vec<u8>, ImageError> {
        let (frozen, component) = (&self.frozen, &self.frozen.component);
        let parent = match (&options.parent, &self.parent) {
            (None, _) => None,
            (Some(_), Some(parent))
                if parent.origin.as_ref().is_none_or(|origin| origin.depth >= CHAIN_MAX) =>
            {
                let why = "more than 16 images would build upon one another: squash it first";
                return Err(FileError::Together(why).into());
            }
            (Some(file), Some(parent)) => Some((file, parent)),
            (Some(_), None) => return Err(ImageError::Misfit("it goes on from no image that has a file")),
        };
        let (runs, pages) = frozen.changed(parent.map(|(_, parent)| &*parent.frozen));
        let started = frozen.stage == Stage::Started;
        // A parent has the module, and the program too: it had not started, or the child needs it no more than it does.
        let own = parent.is_none();
        let wasm = component.wasm.as_deref();
        let native = match (options.native, wasm) {
            // Of a component the module is only the anchor.
            (true, Some(_)) if component.compiled.model.is_none() => {
                component.compiled.module.serialize().ok()
            }
            _ => None,
        };
        let engine = component.compiled.engine();
        let manifest = Manifest {
            kind: if wasm.is_some() { Kind::Wasm } else { Kind::JavaScript },
            name: options.name.clone(),
            b8g: env!("CARGO_PKG_VERSION").to_owned(),
            component: wasm.map_or_else(
                || javascript_digest().to_owned(),
                |wasm| blake3::hash(wasm).to_hex().to_string(),
            ),
            program: frozen.program.as_deref().map(str::to_owned),
            language: component.is_python.then_some(Language::Python),
            main: self.main.as_deref().map(str::to_owned),
            wants: self.wants.to_vec(),
            imports: if wasm.is_some() && own { component.imports() } else { Vec::new() },
            parent: parent.and_then(|(file, parent)| {
                let origin = parent.origin.as_ref()?;
                let id = blake3::Hash::from_bytes(origin.id).to_hex().to_string();
                Some(Parent { id, file: file.clone(), context: origin.context })
            }),
            native: native
                .as_ref()
                .map(|_| blake3::Hash::from_bytes(engine.code_settings()).to_hex().to_string()),
            shared: Vec::new(),
            contexts: vec![frozen.described(runs, options.heap)],
        };
        let bytes = b8g_image::write(&Parts {
            manifest: &manifest,
            wasm: wasm.filter(|_| own),
            program: component.program.as_deref().filter(|_| own && !started),
            shared: &[],
            pages: vec![&pages],
            native: native.as_deref(),
        })?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(FileError::Together("an image file has 1 GiB at most").into());
        }
        match engine.cache().and_then(|cache| cache.image_key()).filter(|_| native.is_some()) {
            Some(key) => {
                let file = File::read(&bytes)?;
                Ok(file.with_signatures(&[Signature::of_machine(&key, &file.id())])?)
            }
            None => Ok(bytes),
        }
    }
}

impl Frozen {
    /// Every page that differs from what the parent's memory holds, or from what the component's begins with: runs of
    /// numbers, and the bytes.
    fn changed(&self, parent: Option<&Frozen>) -> (Vec<(u32, u32)>, Vec<u8>) {
        let compiled = &self.component.compiled;
        let own = |number| compiled.base(number).map(|base| &**base.image());
        let before = |(number, at)| {
            parent.map_or_else(|| HeapImage::page(own(number), at), |parent| parent.page((number, at)))
        };
        let mut places: BTreeSet<(usize, usize)> = self.places().collect();
        places.extend(parent.into_iter().flat_map(Frozen::places));
        // What nobody has read may be anything.
        let all = parent.is_none() && compiled.data_unread;
        let changed = places.into_iter().filter(|place| all || self.page(*place) != before(*place));
        let numbered = |(number, at): (usize, usize)| number as u32 * MEMORY_PAGES + (at / PAGE_BYTES) as u32;
        in_runs(changed.map(|place| (numbered(place), self.page(place))))
    }

    /// The context but for its pages, as the manifest has it.
    fn described(&self, pages: Vec<(u32, u32)>, heap: Option<Heap>) -> FrozenContext {
        FrozenContext {
            stage: match self.stage {
                Stage::Started => b8g_image::Stage::Started,
                _ => b8g_image::Stage::Initialized,
            },
            memory_bytes: self.memories.first().map_or(0, |memory| memory.bytes as u64),
            pages,
            globals: self.globals.iter().map(Number::written).collect(),
            generations: self.generations.clone(),
            heap,
            memories: self.memories.iter().skip(1).map(|memory| memory.bytes as u64).collect(),
            clock_ns: self.clock_ns,
            resources: self.resources.clone(),
        }
    }
}

impl Number {
    fn written(&self) -> Global {
        match *self {
            Number::I32(n) => Global::I32(n),
            Number::I64(n) => Global::I64(n),
            Number::F32(bits) => Global::F32(bits),
            Number::F64(bits) => Global::F64(bits),
            Number::V128(n) => Global::V128(n as u64, (n >> 64) as u64),
        }
    }
}
