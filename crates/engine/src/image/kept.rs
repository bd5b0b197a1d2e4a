//! Images that were read before, in the user's own cache: verified, flat, ready to be mapped.
//!
//! Start at [`Kept::load`]. An entry is a page-aligned head (magic, length, JSON, MAC), then the module, the program and
//! the memory, each from a page's start. It counts as long as every file that it was made from is what it was then: the
//! same inode, size and times, the last of which nobody can set. Small images are not worth an entry.
//!
//! Never here: machine code, and images whose machine code was taken on somebody's word.

use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use b8g_image::Manifest;

use super::read::{Chain, Parts, assemble, component};
use super::{Image, Pages};
use crate::cache::CodeCache;
use crate::engine::Engine;
use crate::image::read::{ImageError, ReadOptions};
use crate::memory::{Base, HeapImage, PAGE_BYTES};

const MAGIC: &[u8; 8] = b"b8gkept1";
/// Bytes of a head's JSON at most.
const HEAD_BYTES_MAX: u64 = 16 << 20;
/// A file that changed less than this before it was read may change once more within the same tick of its clock.
const SETTLED: Duration = Duration::from_millis(100);

/// Where an image is kept.
pub(super) struct Kept<'c> {
    cache: &'c CodeCache,
    key: [u8; 32],
    path: PathBuf,
    context: u32,
    /// When it was looked for.
    begun: SystemTime,
}

/// What an entry says of itself; the manifest is that of the image with all that it builds upon.
#[derive(serde::Serialize, serde::Deserialize)]
struct Head {
    sources: Vec<Source>,
    id: [u8; 32],
    manifest: Manifest,
    /// Bytes of the module, of the program and of the memory.
    wasm: Option<u64>,
    program: Option<u64>,
    memory: u64,
    /// Where in memory that begins.
    start: u64,
}

/// A file as it was when it was read.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Source {
    path: Vec<u8>,
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Source {
    pub(super) fn of(path: &Path, metadata: &std::fs::Metadata) -> Option<Source> {
        metadata.is_file().then(|| Source {
            path: path.as_os_str().as_bytes().to_vec(),
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    pub(super) fn is_of(&self, bytes: &[u8]) -> bool {
        self.size == bytes.len() as u64
    }

    fn is_same(&self) -> bool {
        let path = Path::new(std::ffi::OsStr::from_bytes(&self.path));
        std::fs::metadata(path).ok().and_then(|now| Source::of(path, &now)).as_ref() == Some(self)
    }

    fn settled_before(&self, moment: SystemTime) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let since = u64::try_from(seconds).ok().zip(u32::try_from(nanoseconds).ok());
        since.is_some_and(|(seconds, nanoseconds)| {
            let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
            moment.duration_since(changed).is_ok_and(|age| age >= SETTLED)
        })
    }
}

impl<'c> Kept<'c> {
    /// Where the image in that file, read in that way, would be kept.
    pub(super) fn of(cache: &'c CodeCache, path: &Path, options: &ReadOptions) -> Option<Kept<'c>> {
        let begun = SystemTime::now();
        let mut name = std::path::absolute(path).ok()?.into_os_string().into_encoded_bytes();
        for parent in &options.parents {
            name.push(0);
            name.extend(std::path::absolute(parent).ok()?.into_os_string().into_encoded_bytes());
        }
        name.extend(options.context.to_le_bytes());
        Some(Kept {
            cache,
            key: cache.kept_key()?,
            path: cache.kept_path(&name),
            context: options.context,
            begun,
        })
    }

    /// Finds the image, if its files did not change. What is wrong with an entry makes it count for nothing.
    pub(super) fn load(&self, engine: &Engine) -> Option<Result<Image, ImageError>> {
        let file = self.cache.open_kept(&self.path)?;
        let (head, mut at) = self.head(&file)?;
        if !head.sources.iter().all(Source::is_same) {
            return None;
        }
        let mut section = |bytes: Option<u64>| -> Option<Option<Vec<u8>>> {
            let Some(bytes) = bytes else { return Some(None) };
            let mut section = vec![0; usize::try_from(bytes).ok()?];
            file.read_exact_at(&mut section, at).ok()?;
            at = (at + bytes).next_multiple_of(PAGE_BYTES as u64);
            Some(Some(section))
        };
        let (wasm, program) = (section(head.wasm)?, section(head.program)?);
        let (start, bytes) = (usize::try_from(head.start).ok()?, usize::try_from(head.memory).ok()?);
        let memory = HeapImage::of_file(OwnedFd::from(file), at, start, bytes).ok()?;
        let parts = Parts {
            manifest: &head.manifest,
            wasm: wasm.as_deref(),
            program: program.as_deref(),
            native: None,
            context: self.context,
            id: head.id,
        };
        let base = Base::new(memory, engine.pool());
        Some(
            component(engine, &parts)
                .and_then(|component| assemble(component, &parts, Some(base), Pages::new())),
        )
    }

    /// Reads and verifies the head, and tells where the first section begins.
    fn head(&self, file: &std::fs::File) -> Option<(Head, u64)> {
        let mut start = [0; 16];
        file.read_exact_at(&mut start, 0).ok()?;
        let (magic, length) = start.split_first_chunk::<8>()?;
        let length = u64::from_le_bytes(*length.first_chunk()?);
        if magic != MAGIC || length > HEAD_BYTES_MAX {
            return None;
        }
        let mut text = vec![0; usize::try_from(length).ok()? + 32];
        file.read_exact_at(&mut text, 16).ok()?;
        let (text, mac) = text.split_last_chunk::<32>()?;
        // Compared by blake3::Hash in constant time.
        if blake3::keyed_hash(&self.key, text) != blake3::Hash::from_bytes(*mac) {
            return None;
        }
        let head = serde_json::from_slice(text).ok()?;
        Some((head, (16 + length + 32).next_multiple_of(PAGE_BYTES as u64)))
    }

    /// Keeps an image that was read from these files.
    pub(super) fn store(&self, image: &Image, chain: &Chain) {
        let _ = self.try_store(image, chain);
    }

    fn try_store(&self, image: &Image, chain: &Chain) -> Option<()> {
        let memory = image.frozen.base.as_ref()?.image();
        let sources = chain.files.iter().map(|link| link.source.clone()).collect::<Option<Vec<Source>>>()?;
        let settled = sources.iter().all(|source| source.settled_before(self.begun));
        let manifest = chain.flat_manifest()?;
        if !settled || manifest.native.is_some() {
            return None;
        }
        let component = image.component();
        let (wasm, program) = (component.wasm.as_deref(), component.program.as_deref());
        let length = |bytes: Option<&[u8]>| bytes.map(|bytes| bytes.len() as u64);
        let head = Head {
            sources,
            id: image.origin.as_ref()?.id,
            manifest,
            wasm: length(wasm),
            program: length(program),
            memory: memory.bytes().len() as u64,
            start: memory.start() as u64,
        };
        let mut bytes = MAGIC.to_vec();
        let text = serde_json::to_vec(&head).ok()?;
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(&text);
        bytes.extend(blake3::keyed_hash(&self.key, &text).as_bytes());
        for section in [wasm, program].into_iter().flatten() {
            bytes.resize(bytes.len().next_multiple_of(PAGE_BYTES), 0);
            bytes.extend(section);
        }
        bytes.resize(bytes.len().next_multiple_of(PAGE_BYTES), 0);
        self.cache.keep(&self.path, &[&bytes, memory.bytes()]);
        Some(())
    }
}
