//! Images that are read from files, and what is believed of these.
//!
//! Start at [`Image::open`]. Invariant: nothing of a file that somebody else can change is mapped. Its pages are copied
//! into sealed memory, into the context's own, or into this user's cache.

use std::fs::File as HostFile;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use b8g_image::chain::{self, CHAIN_MAX};
use b8g_image::signature::PublicKey;
use b8g_image::{File, FileError, Global, Kind, Language, MEMORY_PAGES, Manifest, PAGE_BYTES, SectionKind};
use thiserror::Error;

use super::kept::{Kept, Source};
use super::{COPIED_PAGES_MAX, Frozen, FrozenMemory, Image, Number, Origin, Pages};
use crate::component::{Component, ComponentError, ComponentOptions};
use crate::context::Stage;
use crate::engine::Engine;
use crate::javascript::javascript_digest;
use crate::memory::{Base, HeapImage};

/// Indices of a handle table that a file may speak of: each costs a slot in every context.
const GENERATIONS_MAX: usize = 1 << 16;
/// Bytes of an image file at most.
pub(super) const FILE_BYTES_MAX: u64 = 1 << 30;

/// How an image file is read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Machine code counts if one of these keys signed the image; else it is compiled here, unless this machine wrote it.
    pub trust: Vec<PublicKey>,
    /// Where the images lie that it builds upon. Those that are not named here are looked for beside it.
    pub parents: Vec<PathBuf>,
    /// Which of its contexts.
    pub context: u32,
}

/// Why an image file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is damaged, of another version, or no image.
    #[error(transparent)]
    File(#[from] FileError),
    /// An image that it builds upon is damaged, of another version, or no image.
    #[error("the image that it builds upon, {path}, cannot be used: {source}", path = path.display())]
    ParentFile {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: FileError,
    },
    /// There is another image where the one should be that it builds upon.
    #[error("it builds upon the image {id}, and {path} is another one", path = path.display())]
    OtherParent {
        /// Where.
        path: PathBuf,
        /// The identity of the one that is wanted.
        id: String,
    },
    /// An image that it builds upon is not there.
    #[error("it builds upon {file} (identity {id}), which is neither beside it nor given with --parent")]
    NoParent {
        /// The name that its file had.
        file: String,
        /// Its identity.
        id: String,
    },
    /// It has fewer contexts.
    #[error("the image has no context {number}: it has {contexts}, and the first is 0")]
    NoContext {
        /// Which was asked for.
        number: u32,
        /// How many it has.
        contexts: u32,
    },
    /// It was made with another JavaScript engine than the one that is built in here.
    #[error(
        "the image was made by another build of b8g ({0}), with another JavaScript engine: build it again"
    )]
    Engine(String),
    /// It does not fit the module that it holds.
    #[error("the image does not fit its component: {0}")]
    Misfit(&'static str),
    /// A trusted key is named, but did not sign it.
    #[error("the image names the trusted key {0}, which did not sign it")]
    Forged(String),
    /// The module in it cannot be compiled.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// The system has no room for it.
    #[error("there is no room for the image: {0}")]
    Room(#[from] std::io::Error),
}

/// What an image is put together from.
pub(super) struct Parts<'p> {
    pub(super) manifest: &'p Manifest,
    pub(super) wasm: Option<&'p [u8]>,
    pub(super) program: Option<&'p [u8]>,
    /// Machine code of which a trusted key says that an engine like this one wrote it.
    pub(super) native: Option<&'p [u8]>,
    pub(super) context: u32,
}

impl Image {
    /// Reads an image. Every byte of it is checked; its module is compiled, or found in the code cache.
    ///
    /// # Errors
    /// [`ImageError`] with the place and the reason.
    pub fn from_bytes(engine: &Engine, bytes: &[u8]) -> Result<Image, ImageError> {
        Image::from_bytes_with(engine, bytes, &ReadOptions::default())
    }

    /// As [`Image::from_bytes`], with options; images that it builds upon must be named by them.
    ///
    /// # Errors
    /// As [`Image::from_bytes`].
    pub fn from_bytes_with(
        engine: &Engine,
        bytes: &[u8],
        options: &ReadOptions,
    ) -> Result<Image, ImageError> {
        let chain = Chain::of(Link { source: None, bytes: bytes.to_vec() }, None, options)?;
        chain.image(engine, options)
    }

    /// Reads an image file. What was read before is kept in the code cache's directory and found there as long as none of
    /// its files has changed since.
    ///
    /// # Errors
    /// [`ImageError`] with the place and the reason.
    pub fn open(engine: &Engine, path: impl AsRef<Path>, options: &ReadOptions) -> Result<Image, ImageError> {
        let path = path.as_ref();
        // Signatures are not kept: who trusts a key has them looked at every time.
        let cache = engine.cache().filter(|_| options.trust.is_empty());
        let kept = cache.and_then(|cache| Kept::of(cache, path, options));
        if let Some(image) = kept.as_ref().and_then(|kept| kept.load(engine)) {
            return image;
        }
        let chain = Chain::of(read(path)?, Some(path), options)?;
        let image = chain.image(engine, options)?;
        if let Some(kept) = kept {
            kept.store(&image, &chain);
        }
        Ok(image)
    }
}

impl Image {
    /// Makes one image file of an image file and those that it builds upon; machine code and signatures are left out.
    ///
    /// # Errors
    /// [`ImageError`] with the place and the reason.
    pub fn squash(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Vec<u8>, ImageError> {
        let path = path.as_ref();
        Chain::of(read(path)?, Some(path), options)?.squash()
    }
}

/// An image and those that it builds upon.
pub(super) struct Chain {
    pub(super) files: Vec<Link>,
}

/// An image of a chain.
pub(super) struct Link {
    /// The file that it was read from.
    pub(super) source: Option<Source>,
    bytes: Vec<u8>,
}

impl Chain {
    /// Looks for the parents of an image.
    fn of(first: Link, path: Option<&Path>, options: &ReadOptions) -> Result<Chain, ImageError> {
        let mut named = None;
        let mut wanted = File::read(&first.bytes)?.manifest().parent.clone();
        let mut files = vec![first];
        while let Some(parent) = wanted {
            if files.len() == CHAIN_MAX {
                return Err(FileError::Together("more than 16 images build upon one another").into());
            }
            if named.is_none() {
                named = Some(named_parents(options)?);
            }
            let given = named.as_mut().and_then(|named| {
                let at = named.iter().position(|(id, ..)| {
                    blake3::Hash::from_hex(&parent.id).is_ok_and(|wanted| wanted == *id)
                })?;
                Some(named.swap_remove(at))
            });
            let (file, link) = match given {
                Some((_, file, link)) => (file, link),
                None => beside(path, &parent)?,
            };
            let found = File::read(&link.bytes)
                .map_err(|source| ImageError::ParentFile { path: file.clone(), source })?;
            if !chain::is(&parent, &found) {
                return Err(ImageError::OtherParent { path: file, id: parent.id });
            }
            wanted = found.manifest().parent.clone();
            files.push(link);
        }
        Ok(Chain { files })
    }

    /// The manifest of what the chain is together, with one context and but for the pages.
    pub(super) fn flat_manifest(&self, context: u32) -> Option<Manifest> {
        let mut manifest = File::read(&self.files[0].bytes).ok()?.manifest().clone();
        let mut context = manifest.contexts.get(context as usize)?.clone();
        context.pages.clear();
        manifest.contexts = vec![context];
        Some(Manifest { parent: None, shared: Vec::new(), ..manifest })
    }

    fn image(&self, engine: &Engine, options: &ReadOptions) -> Result<Image, ImageError> {
        let files = self.read()?;
        let contexts = files[0].manifest().contexts.len() as u32;
        if options.context >= contexts {
            return Err(ImageError::NoContext { number: options.context, contexts });
        }
        let origin = Origin { id: files[0].id(), context: options.context, depth: self.files.len() };
        let image = match &files[..] {
            [file] => whole(engine, file, options.context, options)?,
            _ => {
                let flat = chain::squash_one(&files, options.context)?;
                whole(engine, &File::read(&flat)?, 0, options)?
            }
        };
        Ok(image.read_from(origin))
    }

    fn read(&self) -> Result<Vec<File<'_>>, FileError> {
        self.files.iter().map(|link| File::read(&link.bytes)).collect()
    }

    fn squash(&self) -> Result<Vec<u8>, ImageError> {
        Ok(chain::squash(&self.read()?)?)
    }
}

/// Reads the images that the options name.
fn named_parents(options: &ReadOptions) -> Result<Vec<(blake3::Hash, PathBuf, Link)>, ImageError> {
    let read = |path: &PathBuf| {
        let link = read(path)?;
        let file = File::read(&link.bytes)
            .map_err(|source| ImageError::ParentFile { path: path.clone(), source })?;
        let id = blake3::Hash::from_bytes(file.id());
        Ok((id, path.clone(), link))
    };
    options.parents.iter().map(read).collect()
}

/// Reads the file beside an image that its parent is said to be.
fn beside(path: Option<&Path>, parent: &b8g_image::Parent) -> Result<(PathBuf, Link), ImageError> {
    let missing = || ImageError::NoParent { file: parent.file.clone(), id: parent.id.clone() };
    // A name and no path: an image says nothing about other directories.
    let plain = Path::new(&parent.file).file_name().is_some_and(|name| name == parent.file.as_str());
    let directory = path.and_then(Path::parent).filter(|_| plain && !parent.file.contains('\0'));
    let file = directory.ok_or_else(missing)?.join(&parent.file);
    if !std::fs::metadata(&file).is_ok_and(|metadata| metadata.is_file()) {
        return Err(missing());
    }
    let link = read(&file)?;
    Ok((file, link))
}

fn read(path: &Path) -> Result<Link, ImageError> {
    let failed = |source| ImageError::Read { path: path.to_owned(), source };
    let file = HostFile::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    // Somebody may write to it meanwhile: what counts is what was read.
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(FILE_BYTES_MAX)).unwrap_or(0));
    (&file).take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(failed(std::io::Error::other("an image has at most 1 GiB")));
    }
    let metadata = file.metadata().map_err(failed)?;
    let absolute = std::path::absolute(path).ok();
    let source = absolute.and_then(|path| Source::of(&path, &metadata, &bytes));
    Ok(Link { source, bytes })
}

/// Makes an image of one that builds upon no other.
fn whole(engine: &Engine, file: &File<'_>, context: u32, options: &ReadOptions) -> Result<Image, ImageError> {
    let manifest = file.manifest();
    let parts = Parts {
        manifest,
        wasm: file.section(SectionKind::Wasm, 0),
        program: file.section(SectionKind::Program, 0),
        native: trusted_code(engine, file, options)?,
        context,
    };
    let component = component(engine, &parts)?;
    let described = &manifest.contexts[context as usize];
    let compiled = component.compiled.clone();
    let mut memories = Vec::new();
    for (number, bytes) in described.memories().enumerate() {
        let pages = file.pages(context).filter(|(page, _)| (page / MEMORY_PAGES) as usize == number);
        let pieces: Vec<(usize, &[u8])> =
            pages.map(|(page, bytes)| ((page % MEMORY_PAGES) as usize * PAGE_BYTES, bytes)).collect();
        let count: usize = pieces.iter().map(|(_, bytes)| bytes.len() / PAGE_BYTES).sum();
        // Runs that overlap are only put into order where all of them are written down.
        let (base, pages) = if count > COPIED_PAGES_MAX || (count > 0 && !manifest.shared.is_empty()) {
            let own = compiled.base(number).map(|base| (base.image().start(), base.image().bytes()));
            let pieces = own.into_iter().chain(pieces.iter().map(|(at, bytes)| (*at, *bytes)));
            (Some(Base::new(HeapImage::new(pieces)?, engine.pool())), Pages::new())
        } else {
            (None, pieces.into_iter().map(|(at, bytes)| (at, bytes.into())).collect())
        };
        let bytes = usize::try_from(bytes)
            .map_err(|_| ImageError::Misfit("its memory is larger than an address reaches"))?;
        memories.push(FrozenMemory { base, pages, bytes });
    }
    assemble(component, &parts, memories)
}

/// The machine code of an image, if somebody who is trusted says that an engine like this one wrote it.
fn trusted_code<'f>(
    engine: &Engine,
    file: &File<'f>,
    options: &ReadOptions,
) -> Result<Option<&'f [u8]>, ImageError> {
    let id = file.id();
    let mut trusted = false;
    for signature in file.signatures() {
        let named = options.trust.iter().any(|key| key.bytes() == signature.key);
        if named && !signature.verify(&id) {
            return Err(ImageError::Forged(signature.key_name()));
        }
        let key = engine.cache().filter(|_| !named).and_then(|cache| cache.image_key());
        trusted |= named || key.is_some_and(|key| signature.is_of_machine(&key, &id));
    }
    let settings = blake3::Hash::from_bytes(engine.code_settings());
    let fits = file
        .manifest()
        .native
        .as_ref()
        .is_some_and(|digest| blake3::Hash::from_hex(digest).is_ok_and(|digest| digest == settings));
    Ok(file.section(SectionKind::Native, 0).filter(|_| trusted && fits))
}

/// The module whose context was frozen.
pub(super) fn component(engine: &Engine, parts: &Parts<'_>) -> Result<Component, ImageError> {
    let manifest = parts.manifest;
    let options = ComponentOptions { trap_unknown_imports: true, ..ComponentOptions::default() };
    let mut component = match (manifest.kind, parts.wasm) {
        (Kind::JavaScript, None) if manifest.component == javascript_digest() => {
            Component::javascript(engine)?
        }
        (Kind::JavaScript, None) => return Err(ImageError::Engine(manifest.b8g.clone())),
        (Kind::Wasm, Some(wasm)) if blake3::hash(wasm).to_hex().as_str() == manifest.component => {
            Component::from_wasm_and_code(engine, wasm, parts.native, options)?
        }
        _ => return Err(ImageError::Misfit("it holds another module than it says")),
    };
    component.program = parts.program.map(Arc::from);
    Ok(component)
}

/// Puts an image together, if everything fits.
pub(super) fn assemble(
    component: Component,
    parts: &Parts<'_>,
    memories: Vec<FrozenMemory>,
) -> Result<Image, ImageError> {
    let manifest = parts.manifest;
    let Some(context) = manifest.contexts.get(parts.context as usize) else {
        return Err(ImageError::Misfit("it has no context of that number"));
    };
    let exports = &component.compiled.exports;
    if exports.unfreezable.is_some() || exports.globals.len() != context.globals.len() {
        return Err(ImageError::Misfit("its module has other globals"));
    }
    if context.generations.len() > GENERATIONS_MAX {
        return Err(ImageError::Misfit("it had more handles than any context may have"));
    }
    match &component.compiled.model {
        Some(model) => model.fits(&memories, &context.resources).map_err(ImageError::Misfit)?,
        None if memories.len() > 1 || !context.resources.is_empty() => {
            return Err(ImageError::Misfit("its module has one memory, and no resources"));
        }
        None => {}
    }
    let is_python = manifest.language == Some(Language::Python);
    let frozen = Frozen {
        component: component.of_python(is_python),
        memories,
        clock_ns: context.clock_ns,
        resources: context.resources.clone(),
        globals: context.globals.iter().map(Number::read).collect(),
        generations: context.generations.clone(),
        program: manifest.program.as_deref().map(Arc::from),
        stage: match context.stage {
            b8g_image::Stage::Started => Stage::Started,
            b8g_image::Stage::Initialized => Stage::Initialized,
        },
    };
    Ok(Image {
        frozen: Arc::new(frozen),
        main: manifest.main.as_deref().map(Arc::from),
        wants: manifest.wants.clone().into(),
        origin: None,
        parent: None,
        program: None,
    })
}

impl Image {
    /// Remembers which file it was read from.
    pub(super) fn read_from(self, origin: Origin) -> Image {
        Image { origin: Some(Arc::new(origin)), ..self }
    }
}

impl Number {
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
