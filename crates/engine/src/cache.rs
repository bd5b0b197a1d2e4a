//! The code cache: machine code that was compiled before, found by the digest of its wasm.
//!
//! An entry is a file `<key>.b8gc`: machine code as wasmtime serialises it, then a keyed BLAKE3 hash of it and of its
//! key. The MAC's key was made by this machine for this user; what does not carry it, is damaged or was made by another
//! engine or for another target is compiled again without a word. The key of an entry covers the wasm, this engine's
//! version, the target and every setting that changes the code.
//!
//! Never happens here: running machine code that this user did not compile on this machine.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// Bytes of the MAC at the end of an entry.
const MAC_BYTES: u64 = 32;
/// Bytes that are read and hashed at a time.
const READ_BYTES: usize = 64 << 10;
/// Entries larger than this are not written.
const ENTRY_BYTES_MAX: u64 = 1 << 30;
/// What the cache may hold of code, and of images, which are sooner made anew than code; of each the oldest entries go first.
const CODE_BYTES_MAX: u64 = 2 << 30;
const IMAGES_BYTES_MAX: u64 = 1 << 30;
/// How the name of a file begins that is being written, and for how long that may take.
const NEW: &str = ".new-";
const UNFINISHED_MAX: Duration = Duration::from_secs(3600);

/// A directory of compiled code.
#[derive(Debug)]
pub(crate) struct CodeCache {
    directory: PathBuf,
    /// Everything beside the wasm that decides about the code.
    settings: [u8; 32],
    mac_key: OnceLock<Option<[u8; 32]>>,
    /// Nobody else can put anything into the directory.
    own: OnceLock<bool>,
}

impl CodeCache {
    /// Uses `directory`, which is made when it is needed.
    pub(crate) fn new(directory: PathBuf, settings: [u8; 32]) -> CodeCache {
        CodeCache { directory, settings, mac_key: OnceLock::new(), own: OnceLock::new() }
    }

    /// Where the entries lie.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    fn key(&self, wasm: &[u8]) -> blake3::Hash {
        blake3::Hasher::new_keyed(&self.settings).update(wasm).finalize()
    }

    fn path(&self, key: &blake3::Hash) -> PathBuf {
        self.directory.join(format!("{}.b8gc", key.to_hex()))
    }

    /// Whoever else can write to the directory could give one file another's name: then nothing in it counts, and nothing
    /// is put there.
    fn is_own(&self) -> bool {
        *self.own.get_or_init(|| make_private(&self.directory).is_ok() && is_private(&self.directory))
    }

    fn mac_key(&self) -> Option<&[u8; 32]> {
        self.mac_key.get_or_init(|| self.is_own().then(|| machine_key(&self.directory).ok())?).as_ref()
    }

    /// The key of this machine's word for machine code in image files.
    pub(crate) fn image_key(&self) -> Option<[u8; 32]> {
        Some(blake3::derive_key("b8g 2026 machine code in images", self.mac_key()?))
    }

    /// The key of this machine's word for what it keeps of image files.
    pub(crate) fn kept_key(&self) -> Option<[u8; 32]> {
        Some(blake3::derive_key("b8g 2026 images that were read", self.mac_key()?))
    }

    /// Where the entry for what these bytes name lies.
    pub(crate) fn kept_path(&self, name: &[u8]) -> PathBuf {
        self.directory.join(format!("{}.b8gi", self.key(name).to_hex()))
    }

    /// Opens an entry of this user's.
    pub(crate) fn open_kept(&self, path: &Path) -> Option<File> {
        if self.is_own() { open_own(path).ok() } else { None }
    }

    /// Writes an entry so that nobody ever sees a part of it. Fails silently, as [`CodeCache::store`] does.
    pub(crate) fn keep(&self, path: &Path, parts: &[&[u8]]) {
        let bytes: u64 = parts.iter().map(|part| part.len() as u64).sum();
        if self.is_own() && bytes <= ENTRY_BYTES_MAX {
            let _ = write_whole(&self.directory, path, parts).and_then(|()| trim(&self.directory));
        }
    }

    /// What the code of `wasm` is known by.
    pub(crate) fn key_of(&self, wasm: &[u8]) -> [u8; 32] {
        *self.key(wasm).as_bytes()
    }

    /// Where the code of that key lies.
    pub(crate) fn path_of(&self, key: &[u8; 32]) -> PathBuf {
        self.path(&blake3::Hash::from_bytes(*key))
    }

    /// Finds the code of `wasm` and gives it to `load`, positioned at its start.
    pub(crate) fn load<T>(&self, wasm: &[u8], load: impl FnOnce(File) -> Option<T>) -> Option<T> {
        self.load_key(self.key(wasm).as_bytes(), load)
    }

    /// As [`CodeCache::load`], for the code of that key.
    pub(crate) fn load_key<T>(&self, key: &[u8; 32], load: impl FnOnce(File) -> Option<T>) -> Option<T> {
        let key = blake3::Hash::from_bytes(*key);
        let path = self.path(&key);
        let mac_key = self.mac_key()?;
        let mut file = open_own(&path).ok()?;
        let expected = mac_of(&mut file, mac_key, &key).ok()?;
        let mut found = [0; MAC_BYTES as usize];
        file.read_exact(&mut found).ok()?;
        // Compared by blake3::Hash in constant time.
        if blake3::Hash::from_bytes(found) != expected {
            return None;
        }
        file.seek(SeekFrom::Start(0)).ok()?;
        load(file)
    }

    /// Keeps the code of `wasm` for later. Fails silently: a cache that cannot be written only costs time.
    pub(crate) fn store(&self, wasm: &[u8], code: &[u8]) {
        let _ = self.try_store(wasm, code);
    }

    fn try_store(&self, wasm: &[u8], code: &[u8]) -> io::Result<()> {
        if code.len() as u64 > ENTRY_BYTES_MAX {
            return Ok(());
        }
        let Some(mac_key) = self.mac_key() else { return Ok(()) };
        let key = self.key(wasm);
        let mac = mac_hasher(mac_key, &key).update(code).finalize();
        write_whole(&self.directory, &self.path(&key), &[code, mac.as_bytes()])?;
        trim(&self.directory)
    }
}

fn mac_hasher(mac_key: &[u8; 32], key: &blake3::Hash) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new_keyed(mac_key);
    hasher.update(key.as_bytes());
    hasher
}

/// Computes the MAC of an entry and leaves the file positioned at the one that it carries.
fn mac_of(file: &mut File, mac_key: &[u8; 32], key: &blake3::Hash) -> io::Result<blake3::Hash> {
    let len = file.metadata()?.len().checked_sub(MAC_BYTES).ok_or(io::ErrorKind::InvalidData)?;
    let mut hasher = mac_hasher(mac_key, key);
    // Small enough to stay in the processor's cache between reading and hashing.
    let mut buffer = vec![0; READ_BYTES];
    let mut rest = len;
    while rest > 0 {
        let part = buffer.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
        file.read_exact(&mut buffer[..part])?;
        hasher.update(&buffer[..part]);
        rest -= part as u64;
    }
    Ok(hasher.finalize())
}

/// Opens a file that belongs to this user and that nobody else can write.
fn open_own(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(path)?;
    let metadata = file.metadata()?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    if metadata.is_file() && own && metadata.mode() & 0o022 == 0 {
        Ok(file)
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// Tells whether the directory is this user's, and nobody else's to write to.
fn is_private(directory: &Path) -> bool {
    fs::metadata(directory).is_ok_and(|metadata| {
        metadata.is_dir()
            && metadata.uid() == rustix::process::geteuid().as_raw()
            && metadata.mode() & 0o022 == 0
    })
}

fn make_private(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Reads the key of this machine's MACs, or makes it.
fn machine_key(directory: &Path) -> io::Result<[u8; 32]> {
    let path = directory.join("machine.key");
    let read = || -> io::Result<[u8; 32]> {
        let mut key = [0; 32];
        let mut file = open_own(&path)?;
        let metadata = file.metadata()?;
        if metadata.mode() & 0o077 != 0 || metadata.len() != key.len() as u64 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        file.read_exact(&mut key)?;
        Ok(key)
    };
    match read() {
        Ok(key) => Ok(key),
        Err(_) => {
            make_private(directory)?;
            let mut key = [0; 32];
            getrandom::fill(&mut key).map_err(|_| io::ErrorKind::Other)?;
            write_whole(directory, &path, &[&key])?;
            // Another process may have made one at the same time: whichever lies there counts.
            read()
        }
    }
}

/// Writes a file so that nobody ever sees a part of it.
fn write_whole(directory: &Path, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(|_| io::ErrorKind::Other)?;
    let temporary = directory.join(format!("{NEW}{:016x}", u64::from_ne_bytes(suffix)));
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        fs::rename(&temporary, path)
    };
    let written = write();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Removes what was not used for longest until the rest is within the bounds, as far as the file system notes when something was used.
fn trim(directory: &Path) -> io::Result<()> {
    let (mut code, mut images) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let modified = metadata.modified()?;
        // What somebody began to write and never finished.
        if entry.file_name().as_encoded_bytes().starts_with(NEW.as_bytes())
            && modified.elapsed().is_ok_and(|age| age > UNFINISHED_MAX)
        {
            fs::remove_file(entry.path())?;
            continue;
        }
        let entries = match entry.path().extension() {
            Some(ending) if ending == "b8gc" => &mut code,
            Some(ending) if ending == "b8gi" => &mut images,
            _ => continue,
        };
        let used = metadata.accessed().map_or(modified, |accessed| accessed.max(modified));
        entries.push((used, metadata.len(), entry.path()));
    }
    trim_to(code, CODE_BYTES_MAX)?;
    trim_to(images, IMAGES_BYTES_MAX)
}

/// Removes the oldest of these entries until the rest is within the bound.
fn trim_to(mut entries: Vec<(SystemTime, u64, PathBuf)>, bytes_max: u64) -> io::Result<()> {
    let mut total: u64 = entries.iter().map(|(_, len, _)| len).sum();
    entries.sort();
    for (_, len, path) in entries {
        if total <= bytes_max {
            break;
        }
        fs::remove_file(path)?;
        total -= len;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(mut file: File) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        bytes.truncate(bytes.len() - MAC_BYTES as usize);
        Some(bytes)
    }

    fn entry(directory: &Path) -> PathBuf {
        let entries = fs::read_dir(directory).unwrap().map(|e| e.unwrap().path());
        entries.into_iter().find(|p| p.extension().is_some_and(|e| e == "b8gc")).unwrap()
    }

    #[test]
    fn what_was_stored_is_found_by_the_same_engine_only() {
        let temp = tempfile::tempdir().unwrap();
        let cache = CodeCache::new(temp.path().join("code"), [1; 32]);
        assert_eq!(cache.load(b"wasm", contents), None);
        cache.store(b"wasm", b"machine code");
        assert_eq!(cache.load(b"wasm", contents).unwrap(), b"machine code");
        assert_eq!(cache.load(b"other", contents), None);
        let again = CodeCache::new(temp.path().join("code"), [1; 32]);
        assert_eq!(again.load(b"wasm", contents).unwrap(), b"machine code");
        let newer = CodeCache::new(temp.path().join("code"), [2; 32]);
        assert_eq!(newer.load(b"wasm", contents), None);
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let temp = tempfile::tempdir().unwrap();
        let made = |name: &str, age: u64| {
            let path = temp.path().join(name);
            fs::write(&path, [0; 100]).unwrap();
            let used = SystemTime::now() - Duration::from_secs(age);
            let times = fs::FileTimes::new().set_accessed(used).set_modified(SystemTime::UNIX_EPOCH);
            File::options().write(true).open(&path).unwrap().set_times(times).unwrap();
            (used, 100, path)
        };
        let entries = vec![made("a", 10), made("b", 30), made("c", 20)];
        trim_to(entries, 250).unwrap();
        let left = |name: &str| temp.path().join(name).exists();
        assert_eq!([left("a"), left("b"), left("c")], [true, false, true]);
        assert!(trim(temp.path()).is_ok() && left("a"));
    }

    #[test]
    fn a_changed_entry_does_not_count() {
        let temp = tempfile::tempdir().unwrap();
        let cache = CodeCache::new(temp.path().to_owned(), [1; 32]);
        cache.store(b"wasm", b"machine code");
        let path = entry(temp.path());
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert_eq!(cache.load(b"wasm", contents), None, "flipped at {at}");
        }
        for len in 0..good.len() {
            fs::write(&path, &good[..len]).unwrap();
            assert_eq!(cache.load(b"wasm", contents), None, "cut to {len}");
        }
        fs::write(&path, &good).unwrap();
        assert!(cache.load(b"wasm", contents).is_some());
    }

    #[test]
    fn a_foreign_entry_does_not_count() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let cache = CodeCache::new(ours.path().to_owned(), [1; 32]);
        let foreign = CodeCache::new(theirs.path().to_owned(), [1; 32]);
        foreign.store(b"wasm", b"their code");
        cache.store(b"wasm", b"our code");
        fs::copy(entry(theirs.path()), entry(ours.path())).unwrap();
        assert_eq!(cache.load(b"wasm", contents), None);
    }

    #[test]
    fn a_file_that_others_can_write_does_not_count() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let cache = CodeCache::new(temp.path().to_owned(), [1; 32]);
        cache.store(b"wasm", b"machine code");
        fs::set_permissions(entry(temp.path()), fs::Permissions::from_mode(0o622)).unwrap();
        assert_eq!(cache.load(b"wasm", contents), None);
    }
}
