//! Images that were read before, in the user's own cache: verified, flat, ready to be mapped.
//!
//! Start at [`Kept::load`]. An entry is a page-aligned head (magic, length, JSON, MAC), then the module, the program and
//! the memory, each from a page's start. It counts as long as every file that it was made from holds what it held then:
//! by its inode, size and times, if it had not changed for a while when it was read, else by its digest. Small images are
//! not worth an entry, and neither are those that are mostly holes.
//!
//! Never here: machine code, and images of which somebody's word was asked for.

use std::ffi::OsStr;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use b8g_image::Manifest;

use super::read::{Chain, Parts, assemble, component};
use super::{FrozenMemory, Image, Origin, Pages};
use crate::cache::CodeCache;
use crate::engine::Engine;
use crate::image::read::{ImageError, ReadOptions};
use crate::memory::{Base, HeapImage, PAGE_BYTES};

const MAGIC: &[u8; 8] = b"b8gkept2";
/// Bytes of a head's JSON at most.
const HEAD_BYTES_MAX: u64 = 16 << 20;
/// Whoever has mapped a file and writes to it moves its change time when the system writes the page back, which takes
/// half a minute; younger files are known by their digest.
const SETTLED: Duration = Duration::from_secs(60);
/// File systems on disks, on which every change of a file moves its change time; the numbers of statfs(2).
const DISKS: [i64; 8] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // XFS
    0x9123_683e, // btrfs
    0x794c_7630, // overlayfs
    0xf2f5_2010, // F2FS
    0x2fc1_2fc1, // ZFS
    0xca45_1a4e, // bcachefs
    0x3153_464a, // JFS
];
/// An entry is at most twice as large as its files, and this.
const HOLES_BYTES_MAX: usize = 4 << 20;

/// Where an image is kept.
pub(super) struct Kept<'c> {
    cache: &'c CodeCache,
    key: [u8; 32],
    /// What it is kept as: the image's path, its parents' and the context.
    name: [u8; 32],
    path: PathBuf,
    context: u32,
    /// When it was looked for.
    begun: SystemTime,
}

/// What an entry says of itself; the manifest is that of the image with all that it builds upon.
#[derive(serde::Serialize, serde::Deserialize)]
struct Head {
    /// The entry's own name: no other one's counts in its place.
    name: [u8; 32],
    sources: Vec<Source>,
    /// All of them had settled when they were read.
    settled: bool,
    id: [u8; 32],
    depth: usize,
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
    /// BLAKE3 of what was read.
    digest: [u8; 32],
}

impl Source {
    pub(super) fn of(path: &Path, metadata: &std::fs::Metadata, bytes: &[u8]) -> Option<Source> {
        let source = Source::seen(path, metadata)?;
        (source.size == bytes.len() as u64)
            .then(|| Source { digest: *blake3::hash(bytes).as_bytes(), ..source })
    }

    fn seen(path: &Path, metadata: &std::fs::Metadata) -> Option<Source> {
        metadata.is_file().then(|| Source {
            path: path.as_os_str().as_bytes().to_vec(),
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            digest: [0; 32],
        })
    }

    fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.path))
    }

    /// The file is the same one, and says that nothing changed.
    fn is_same(&self) -> bool {
        let now = std::fs::metadata(self.path()).ok().and_then(|now| Source::seen(self.path(), &now));
        now.is_some_and(|now| Source { digest: self.digest, ..now } == *self)
    }

    /// The file holds what was read.
    fn holds_the_same(&self) -> bool {
        let digest = || -> std::io::Result<blake3::Hash> {
            let mut hasher = blake3::Hasher::new();
            let mut file = std::fs::File::open(self.path())?;
            // Small enough to stay in the processor's cache between reading and hashing.
            let mut buffer = vec![0; 64 << 10];
            loop {
                match file.read(&mut buffer)? {
                    0 => return Ok(hasher.finalize()),
                    read => hasher.update(&buffer[..read]),
                };
            }
        };
        digest().is_ok_and(|digest| digest == blake3::Hash::from_bytes(self.digest))
    }

    /// Nobody can have changed it since without its times telling.
    fn had_settled(&self, moment: SystemTime) -> bool {
        let on_disk = rustix::fs::statfs(self.path()).is_ok_and(|found| DISKS.contains(&found.f_type));
        let (seconds, nanoseconds) = self.changed;
        let since = u64::try_from(seconds).ok().zip(u32::try_from(nanoseconds).ok());
        on_disk
            && since.is_some_and(|(seconds, nanoseconds)| {
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
        let (name, path) = (*blake3::hash(&name).as_bytes(), cache.kept_path(&name));
        Some(Kept { cache, key: cache.kept_key()?, name, path, context: options.context, begun })
    }

    /// Finds the image, if its files did not change. What is wrong with an entry makes it count for nothing.
    pub(super) fn load(&self, engine: &Engine) -> Option<Result<Image, ImageError>> {
        let file = self.cache.open_kept(&self.path)?;
        let (head, mut at) = self.head(&file)?;
        let same = head.sources.iter().all(Source::is_same);
        let known = same && (head.settled || head.sources.iter().all(Source::holds_the_same));
        if head.name != self.name || !known {
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
            context: 0,
        };
        let origin = Origin { id: head.id, context: self.context, depth: head.depth };
        let base = Base::new(memory, engine.pool());
        let read = component(engine, &parts)
            .and_then(|component| {
                let bytes = head.manifest.contexts.first().map_or(0, |context| context.memory_bytes as usize);
                assemble(
                    component,
                    &parts,
                    vec![FrozenMemory { base: Some(base), pages: Pages::new(), bytes }],
                )
            })
            .map(|image| image.read_from(origin));
        if let Ok(image) = &read
            && !head.settled
            && head.sources.iter().all(|source| source.had_settled(self.begun))
        {
            // From now on its times are enough.
            self.write(image, &Head { settled: true, ..head });
        }
        Some(read)
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
        if let Some(head) = self.head_of(image, chain) {
            self.write(image, &head);
        }
    }

    fn head_of(&self, image: &Image, chain: &Chain) -> Option<Head> {
        // Several memories are read from the file each time.
        let [memory] = &image.frozen.memories[..] else { return None };
        let memory = memory.base.as_ref()?.image();
        let sources = chain.files.iter().map(|link| link.source.clone()).collect::<Option<Vec<Source>>>()?;
        let read: u64 = sources.iter().map(|source| source.size).sum();
        let worth_it =
            memory.bytes().len() <= usize::try_from(read).ok()?.saturating_mul(2) + HOLES_BYTES_MAX;
        let manifest = chain.flat_manifest(self.context)?;
        if !worth_it || manifest.native.is_some() {
            return None;
        }
        let component = image.component();
        let length = |bytes: Option<&[u8]>| bytes.map(|bytes| bytes.len() as u64);
        let origin = image.origin.as_ref()?;
        Some(Head {
            name: self.name,
            settled: sources.iter().all(|source| source.had_settled(self.begun)),
            sources,
            id: origin.id,
            depth: origin.depth,
            manifest,
            wasm: length(component.wasm.as_deref()),
            program: length(component.program.as_deref()),
            memory: memory.bytes().len() as u64,
            start: memory.start() as u64,
        })
    }

    fn write(&self, image: &Image, head: &Head) {
        let base = image.frozen.memories.first().and_then(|memory| memory.base.as_ref());
        let (Ok(text), Some(base)) = (serde_json::to_vec(head), base) else { return };
        let component = image.component();
        let mut bytes = MAGIC.to_vec();
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(&text);
        bytes.extend(blake3::keyed_hash(&self.key, &text).as_bytes());
        for section in [component.wasm.as_deref(), component.program.as_deref()].into_iter().flatten() {
            bytes.resize(bytes.len().next_multiple_of(PAGE_BYTES), 0);
            bytes.extend(section);
        }
        bytes.resize(bytes.len().next_multiple_of(PAGE_BYTES), 0);
        self.cache.keep(&self.path, &[&bytes, base.image().bytes()]);
    }
}
