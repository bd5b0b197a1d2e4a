//! Images that were read before, in the user's own cache: verified, flat, ready to be mapped.
//!
//! Start at [`Kept::load`]. An entry is a page-aligned head (magic, length, JSON, MAC), then the module, the program and
//! the memories, each from a page's start. It counts as long as every file that it was made from holds what it held then:
//! by its inode, size and times, if it had not changed for a while when it was read, else by its digest. Small images are
//! not worth an entry, and neither are those that are mostly holes. Of its component nothing but
//! the head is read: the code is known by its key, and what is to be known of the binary is written down.
//!
//! Never here: machine code, and images of which somebody's word was asked for.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use b8g_image::Manifest;

use super::read::{Chain, Parts, assemble, component};
use super::{FrozenMemory, Image, Origin, Pages};
use crate::cache::CodeCache;
use crate::component::{Binary, Code, Component};
use crate::engine::Engine;
use crate::image::read::{ImageError, ReadOptions};
use crate::memory::{Base, HeapImage, MappedFile, PAGE_BYTES};
use crate::model::{Known, Model};

const MAGIC: &[u8; 8] = b"b8gkept4";
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
const HOLES_BYTES_MAX: u64 = 4 << 20;

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
    /// Bytes of the module and of the program.
    wasm: Option<u64>,
    program: Option<u64>,
    memories: Vec<Flat>,
    /// What is known of the module's code, and the file of it.
    code: Option<(KnownCode, Source)>,
    /// The module has data, with which its memories begin.
    has_data: bool,
}

/// What is known of code whose binary is not read.
#[derive(serde::Serialize, serde::Deserialize)]
enum KnownCode {
    /// Of a component of the component model.
    Model(Known),
    /// Of a module: what the code cache knows its code by.
    Module([u8; 32]),
}

/// A memory as it is kept.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Flat {
    /// Where in memory that begins which it is filled with, and how many bytes that is; 0: it is filled with zeroes.
    start: u64,
    len: u64,
    /// What differs from that: where, and how many bytes.
    pages: Vec<(u64, u64)>,
    bytes: u64,
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
        let mut section = |bytes: u64| {
            let from = at;
            at = at.checked_add(bytes)?.checked_next_multiple_of(PAGE_BYTES as u64)?;
            Some(from)
        };
        let copy = |from: u64, bytes: u64| -> Option<Vec<u8>> {
            let mut section = vec![0; usize::try_from(bytes).ok()?];
            file.read_exact_at(&mut section, from).ok()?;
            Some(section)
        };
        let wasm = match head.wasm {
            Some(bytes) => Some((section(bytes)?, bytes)),
            None => None,
        };
        let program = match head.program {
            Some(bytes) => Some(copy(section(bytes)?, bytes)?),
            None => None,
        };
        let mut memories = Vec::new();
        for flat in &head.memories {
            let base = match flat.len {
                0 => None,
                len => {
                    let (start, bytes) = (usize::try_from(flat.start).ok()?, usize::try_from(len).ok()?);
                    let fd = file.try_clone().ok()?.into();
                    let image = HeapImage::of_file(fd, section(len)?, start, bytes).ok()?;
                    Some(Base::new(image, engine.pool()))
                }
            };
            let mut pages = Pages::new();
            for (place, bytes) in &flat.pages {
                let held = copy(section(*bytes)?, *bytes)?;
                pages.push((usize::try_from(*place).ok()?, held.into()));
            }
            memories.push(FrozenMemory { base, pages, bytes: usize::try_from(flat.bytes).ok()? });
        }
        let parts = Parts {
            manifest: &head.manifest,
            wasm: None,
            program: program.as_deref(),
            native: None,
            context: 0,
        };
        let origin = Origin { id: head.id, context: self.context, depth: head.depth };
        let component = match (&head.code, wasm) {
            (Some((known, code)), Some((from, bytes))) => {
                let checked = (head.settled && code.is_same()).then(|| code.path());
                let code = match known {
                    KnownCode::Model(known) => Code::Model(Box::new(Model::found(engine, known, checked)?)),
                    KnownCode::Module(key) => Code::Module(engine.module_found(key, checked)?),
                };
                let wasm = Binary::new(MappedFile::new(file.try_clone().ok()?, from, bytes)?);
                let component = Component::from_code(engine, code, wasm, head.has_data);
                component.map_err(ImageError::from).map(|mut component| {
                    component.program = program.as_deref().map(std::sync::Arc::from);
                    component
                })
            }
            (_, wasm) => {
                let wasm = match wasm {
                    Some((from, bytes)) => Some(copy(from, bytes)?),
                    None => None,
                };
                component(engine, &Parts { wasm: wasm.as_deref(), ..parts })
            }
        };
        let read = component
            .and_then(|component| assemble(component, &parts, memories))
            .map(|image| image.read_from(origin));
        let mut files = head.sources.iter().chain(head.code.as_ref().map(|(_, code)| code));
        if let Ok(image) = &read
            && !head.settled
            && files.all(|source| source.is_same() && source.had_settled(self.begun))
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
        let memories: Vec<Flat> = image.frozen.memories.iter().map(Flat::of).collect();
        let flat: u64 = memories.iter().map(|memory| memory.len).sum();
        let sources = chain.files.iter().map(|link| link.source.clone()).collect::<Option<Vec<Source>>>()?;
        let read: u64 = sources.iter().map(|source| source.size).sum();
        let worth_it = flat > 0 && flat <= read.saturating_mul(2).saturating_add(HOLES_BYTES_MAX);
        let manifest = chain.flat_manifest(self.context)?;
        if !worth_it || manifest.native.is_some() {
            return None;
        }
        let component = image.component();
        let engine = component.compiled.engine();
        let numbered = || image.frozen.memories.iter().enumerate();
        let begins = |number: usize| component.compiled.base(number).is_some();
        // A memory that begins with data of its component is not whole without that.
        let is_whole = numbered().all(|(number, memory)| memory.base.is_some() || !begins(number));
        let code = match (&component.compiled.model, component.wasm.as_deref()) {
            (Some(_), Some(_)) if !is_whole => return None,
            (Some(model), Some(wasm)) => {
                let known = model.known(engine, wasm)?;
                let path = engine.code_path(&known.code)?;
                Some((KnownCode::Model(known), path))
            }
            (None, Some(wasm)) if is_whole => {
                let key = engine.cache()?.key_of(wasm);
                Some((KnownCode::Module(key), engine.code_path(&key)?))
            }
            _ => None,
        };
        let code = match code {
            Some((known, path)) => {
                let code = Source::seen(&path, &std::fs::metadata(&path).ok()?)?;
                Some((known, code))
            }
            None => None,
        };
        let length = |bytes: Option<&[u8]>| bytes.map(|bytes| bytes.len() as u64);
        let origin = image.origin.as_ref()?;
        Some(Head {
            name: self.name,
            // Whoever finds the code the first time checks all of it.
            settled: code.is_none() && sources.iter().all(|source| source.had_settled(self.begun)),
            sources,
            id: origin.id,
            depth: origin.depth,
            manifest,
            wasm: length(component.wasm.as_deref()),
            program: length(component.program.as_deref()),
            memories,
            code,
            has_data: numbered().any(|(number, _)| begins(number)),
        })
    }

    fn write(&self, image: &Image, head: &Head) {
        let Ok(text) = serde_json::to_vec(head) else { return };
        let component = image.component();
        let mut start = MAGIC.to_vec();
        start.extend((text.len() as u64).to_le_bytes());
        start.extend(&text);
        start.extend(blake3::keyed_hash(&self.key, &text).as_bytes());
        let mut sections = vec![&start[..]];
        sections.extend(component.wasm.as_deref());
        sections.extend(component.program.as_deref());
        for memory in &image.frozen.memories {
            sections.extend(memory.base.as_ref().map(|base| base.image().bytes()));
            sections.extend(memory.pages.iter().map(|(_, bytes)| &**bytes));
        }
        // Each from a page's start.
        static ZEROES: [u8; PAGE_BYTES] = [0; PAGE_BYTES];
        let padded = sections.into_iter().flat_map(|section| {
            let rest = section.len().next_multiple_of(PAGE_BYTES) - section.len();
            [section, &ZEROES[..rest]]
        });
        self.cache.keep(&self.path, &padded.collect::<Vec<_>>());
    }
}

impl Flat {
    fn of(memory: &FrozenMemory) -> Flat {
        let image = memory.base.as_ref().map(|base| base.image());
        Flat {
            start: image.map_or(0, |image| image.start() as u64),
            len: image.map_or(0, |image| image.bytes().len() as u64),
            pages: memory.pages.iter().map(|(at, bytes)| (*at as u64, bytes.len() as u64)).collect(),
            bytes: memory.bytes as u64,
        }
    }
}
