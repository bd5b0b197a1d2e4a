//! Images as files: what is written of a frozen context, and what is believed of what was read.
//!
//! Invariant: nothing of a file is mapped. Its pages are copied into sealed memory or into the context's own, so that
//! whoever can change the file changes no context.

use std::collections::BTreeMap;
use std::sync::Arc;

use b8g_image::{File, FileError, FrozenContext, Global, Kind, Manifest, PAGE_BYTES, Parts, SectionKind};
use thiserror::Error;

use super::{COPIED_PAGES_MAX, Frozen, Image, Number, Pages};
use crate::component::{Component, ComponentError, WasmOptions};
use crate::context::Stage;
use crate::engine::Engine;
use crate::javascript::javascript_digest;
use crate::memory::{Base, HeapImage};

/// Indices of a handle table that a file may speak of: each costs a slot in every context.
const GENERATIONS_MAX: usize = 1 << 16;

/// Why an image file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file is damaged, of another version, or no image.
    #[error(transparent)]
    File(#[from] FileError),
    /// It was made with another JavaScript engine than the one that is built in here.
    #[error(
        "the image was made by another build of b8g ({0}), with another JavaScript engine: build it again"
    )]
    Engine(String),
    /// It does not fit the module that it holds.
    #[error("the image does not fit its component: {0}")]
    Misfit(&'static str),
    /// The module in it cannot be compiled.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// The system has no room for it.
    #[error("there is no room for the image: {0}")]
    Room(#[from] std::io::Error),
}

impl Image {
    /// Tells whether `bytes` begin as an image file does; a mere hint.
    pub fn is_image(bytes: &[u8]) -> bool {
        File::is_image(bytes)
    }

    /// Writes the image as a file; docs/formats/image.md has the format. `name` says, for people, what it was made from.
    ///
    /// # Errors
    /// [`ImageError`] when the component cannot be written.
    pub fn to_bytes(&self, name: &str) -> Result<Vec<u8>, ImageError> {
        let frozen = &self.frozen;
        let component = &frozen.component;
        let (runs, pages) = self.runs();
        let digest = component.wasm.as_ref().map(|wasm| blake3::hash(wasm).to_hex().to_string());
        let manifest = Manifest {
            kind: if digest.is_some() { Kind::Wasm } else { Kind::JavaScript },
            name: name.to_owned(),
            b8g: env!("CARGO_PKG_VERSION").to_owned(),
            component: digest.unwrap_or_else(|| javascript_digest().to_owned()),
            main: self.main,
            contexts: vec![FrozenContext {
                stage: match frozen.stage {
                    Stage::Started => b8g_image::Stage::Started,
                    _ => b8g_image::Stage::Initialized,
                },
                memory_bytes: frozen.memory_bytes as u64,
                pages: runs,
                globals: frozen.globals.iter().map(|number| number.written()).collect(),
                generations: frozen.generations.clone(),
            }],
        };
        let program = component.program.as_deref().filter(|_| frozen.stage != Stage::Started);
        let wasm = component.wasm.as_deref();
        Ok(b8g_image::write(&Parts { manifest: &manifest, wasm, program, pages: vec![&pages] })?)
    }

    /// Every page that differs from what the component's memory begins with: runs of numbers, and the bytes.
    fn runs(&self) -> (Vec<(u32, u32)>, Vec<u8>) {
        let own = self.frozen.component.compiled.base.as_ref().map(|base| &**base.image());
        let mut changed: BTreeMap<usize, &[u8]> = BTreeMap::new();
        if let Some(base) = &self.frozen.base {
            let image = base.image();
            changed.extend(
                (image.start()..image.end())
                    .step_by(PAGE_BYTES)
                    .map(|at| (at, HeapImage::page(Some(image), at))),
            );
        }
        for (at, bytes) in &self.frozen.pages {
            changed.extend((*at..).step_by(PAGE_BYTES).zip(bytes.chunks(PAGE_BYTES)));
        }
        changed.retain(|at, bytes| *bytes != HeapImage::page(own, *at));
        let (mut runs, mut pages): (Vec<(u32, u32)>, Vec<u8>) = Default::default();
        for (at, bytes) in changed {
            let number = (at / PAGE_BYTES) as u32;
            match runs.last_mut() {
                Some((first, count)) if *first + *count == number => *count += 1,
                _ => runs.push((number, 1)),
            }
            pages.extend_from_slice(bytes);
        }
        (runs, pages)
    }

    /// Reads an image file. Every byte of it is checked; its module is compiled, or found in the code cache.
    ///
    /// # Errors
    /// [`ImageError`] with the place and the reason.
    pub fn from_bytes(engine: &Engine, bytes: &[u8]) -> Result<Image, ImageError> {
        let file = File::read(bytes)?;
        let manifest = file.manifest();
        let mut component = component(engine, &file)?;
        component.program = file.section(SectionKind::Program, 0).map(Arc::from);
        let [context] = &manifest.contexts[..] else {
            return Err(ImageError::Misfit("this version runs images of one context"));
        };
        let compiled = component.compiled.clone();
        if compiled.exports.unfreezable.is_some() || compiled.exports.globals.len() != context.globals.len() {
            return Err(ImageError::Misfit("its module has other globals"));
        }
        if context.generations.len() > GENERATIONS_MAX {
            return Err(ImageError::Misfit("it had more handles than any context may have"));
        }
        let section = file.section(SectionKind::Pages, 0).unwrap_or_default();
        let pages = pages(context, section);
        let count = section.len() / PAGE_BYTES;
        let (base, pages) = if count > COPIED_PAGES_MAX {
            let own = compiled.base.as_ref().map(|base| (base.image().start(), base.image().bytes()));
            let pieces = own.into_iter().chain(pages.iter().map(|(at, bytes)| (*at, *bytes)));
            (Some(Base::new(HeapImage::new(pieces)?, engine.pool())), Pages::new())
        } else {
            (None, pages.into_iter().map(|(at, bytes)| (at, bytes.into())).collect())
        };
        let memory_bytes = usize::try_from(context.memory_bytes)
            .map_err(|_| ImageError::Misfit("its memory is larger than an address reaches"))?;
        let frozen = Frozen {
            component,
            base,
            pages,
            memory_bytes,
            globals: context.globals.iter().map(Number::read).collect(),
            generations: context.generations.clone(),
            stage: match context.stage {
                b8g_image::Stage::Started => Stage::Started,
                b8g_image::Stage::Initialized => Stage::Initialized,
            },
        };
        Ok(Image { frozen: Arc::new(frozen), main: manifest.main })
    }
}

/// The module whose context was frozen.
fn component(engine: &Engine, file: &File<'_>) -> Result<Component, ImageError> {
    let manifest = file.manifest();
    match (manifest.kind, file.section(SectionKind::Wasm, 0)) {
        (Kind::JavaScript, None) if manifest.component == javascript_digest() => {
            Ok(Component::javascript(engine)?)
        }
        (Kind::JavaScript, None) => Err(ImageError::Engine(manifest.b8g.clone())),
        (Kind::Wasm, Some(wasm)) if blake3::hash(wasm).to_hex().as_str() == manifest.component => {
            Ok(Component::from_wasm_with(engine, wasm, WasmOptions { trap_unknown_imports: true })?)
        }
        _ => Err(ImageError::Misfit("it holds another module than it says")),
    }
}

/// Where the runs of pages belong.
fn pages<'s>(context: &FrozenContext, mut section: &'s [u8]) -> Vec<(usize, &'s [u8])> {
    let run = |(first, count): &(u32, u32)| {
        let (run, rest) = section.split_at_checked(*count as usize * PAGE_BYTES).unwrap_or((section, &[]));
        section = rest;
        (*first as usize * PAGE_BYTES, run)
    };
    context.pages.iter().map(run).collect()
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

    fn read(global: &Global) -> Number {
        match *global {
            Global::I32(n) => Number::I32(n),
            Global::I64(n) => Number::I64(n),
            Global::F32(bits) => Number::F32(bits),
            Global::F64(bits) => Number::F64(bits),
            Global::V128(low, high) => Number::V128(u128::from(high) << 64 | u128::from(low)),
        }
    }
}
