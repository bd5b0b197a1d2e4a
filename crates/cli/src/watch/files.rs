//! The source files that are watched.
//!
//! Directories are watched rather than files, because editors replace files; what happens to other names in them is
//! ignored. Where the system has no watches left, the directories are looked at twice a second instead.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

/// Between two looks, where the system does not tell of changes.
const POLL_PERIOD: Duration = Duration::from_millis(500);

/// When a program began to be read: what changed since then was perhaps not read.
#[derive(Clone, Debug)]
pub struct Began {
    time: SystemTime,
    entry: PathBuf,
    stamp: Option<Stamp>,
}

/// What changes when a file is written or replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp {
    modified: SystemTime,
    len: u64,
    inode: u64,
}

impl Began {
    /// Notes that the program in the file `entry`, and whatever that imports, is read from now on.
    pub fn now(entry: PathBuf) -> Began {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // The clock that files are stamped with, which is behind the usual one.
        // SAFETY: a valid place for the answer.
        unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &raw mut time) };
        let since = Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0));
        Began { time: SystemTime::UNIX_EPOCH + since, stamp: stamp(&entry), entry }
    }

    /// Tells whether a file may have changed since. Of the entry it is known.
    fn is_before_change_of(&self, file: &Path) -> bool {
        let stamp = stamp(file);
        if file == self.entry { stamp != self.stamp } else { stamp.is_some_and(|s| s.modified >= self.time) }
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some(Stamp { modified: metadata.modified().ok()?, len: metadata.len(), inode: metadata.ino() })
}

/// Is called, on another thread, with a file that changed, as it was written.
type OnChange = Arc<dyn Fn(PathBuf) + Send + Sync>;

/// What is watched now.
pub struct Watched {
    watcher: Box<dyn Watcher>,
    polls: bool,
    directories: HashSet<PathBuf>,
    names: Arc<Mutex<Names>>,
    on_change: OnChange,
}

#[derive(Default)]
struct Names {
    /// Where a file really is, and how it is called on the command line or by an importer.
    files: HashMap<PathBuf, PathBuf>,
    /// Whatever appears beside them counts as well: it may be what was missing.
    anything_new: bool,
}

impl Watched {
    /// Watches nothing yet.
    ///
    /// # Errors
    /// What the system said.
    pub fn new(on_change: impl Fn(PathBuf) + Send + Sync + 'static) -> notify::Result<Watched> {
        let on_change: OnChange = Arc::new(on_change);
        let names = Arc::<Mutex<Names>>::default();
        let (watcher, polls): (Box<dyn Watcher>, _) =
            match RecommendedWatcher::new(handler(&names, &on_change), notify::Config::default()) {
                Ok(watcher) => (Box::new(watcher), false),
                Err(_) => (poller(&names, &on_change)?, true),
            };
        Ok(Watched { watcher, polls, directories: HashSet::new(), names, on_change })
    }

    /// Watches these files instead of the ones before. Those that were not watched before and changed since `began`
    /// are told at once. With `anything_new`, new names beside them are told too.
    pub fn set(&mut self, files: &[PathBuf], anything_new: bool, began: &Began) {
        let mut known = HashMap::new();
        for file in files {
            for place in places(file) {
                known.insert(place, file.clone());
            }
        }
        let directories: HashSet<PathBuf> = known.keys().filter_map(|place| existing_above(place)).collect();
        let fresh: Vec<PathBuf> = {
            let mut names = lock(&self.names);
            let fresh = known.iter().filter(|(place, _)| !names.files.contains_key(*place));
            let fresh = fresh.map(|(_, file)| file.clone()).collect();
            *names = Names { files: known, anything_new };
            fresh
        };
        for gone in self.directories.difference(&directories) {
            let _ = self.watcher.unwatch(gone);
        }
        let added: Vec<PathBuf> = directories.difference(&self.directories).cloned().collect();
        self.directories = directories;
        if added.iter().any(|directory| self.watcher.watch(directory, RecursiveMode::NonRecursive).is_err()) {
            self.poll_instead();
        }
        // Now that every later change is told.
        for file in fresh.into_iter().filter(|file| began.is_before_change_of(file)) {
            (self.on_change)(file);
        }
    }

    /// Goes on without the help of the system, which has no watches left.
    fn poll_instead(&mut self) {
        if self.polls {
            return;
        }
        let Ok(watcher) = poller(&self.names, &self.on_change) else { return };
        (self.watcher, self.polls) = (watcher, true);
        for directory in &self.directories {
            // A directory that is gone is watched again when the program is built again.
            let _ = self.watcher.watch(directory, RecursiveMode::NonRecursive);
        }
    }
}

fn lock(names: &Mutex<Names>) -> MutexGuard<'_, Names> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}

fn poller(names: &Arc<Mutex<Names>>, on_change: &OnChange) -> notify::Result<Box<dyn Watcher>> {
    let config = notify::Config::default().with_poll_interval(POLL_PERIOD);
    Ok(Box::new(PollWatcher::new(handler(names, on_change), config)?))
}

/// Tells of what happened to the files that are watched. Reading them is nothing that happened.
fn handler(names: &Arc<Mutex<Names>>, on_change: &OnChange) -> impl Fn(notify::Result<Event>) + Send + use<> {
    let (names, on_change) = (names.clone(), on_change.clone());
    move |event| {
        let Ok(event) = event else { return };
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        if matches!(event.kind, EventKind::Access(_)) && event.kind != written {
            return;
        }
        let appeared = matches!(event.kind, EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(_)));
        let changed = {
            let names = lock(&names);
            let new = |path: &&PathBuf| names.anything_new && appeared && !names.files.contains_key(*path);
            let file = event.paths.iter().find_map(|path| names.files.get(path));
            file.or(event.paths.iter().find(new)).cloned()
        };
        if let Some(file) = changed {
            on_change(file);
        }
    }
}

/// Where a change of a file shows: at its name, and where a symbolic link leads.
fn places(file: &Path) -> Vec<PathBuf> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().unwrap_or_default();
    let parent = parent.canonicalize().or_else(|_| std::path::absolute(parent));
    let named = parent.map_or_else(|_| file.to_owned(), |parent| parent.join(name));
    match file.canonicalize() {
        Ok(real) if real != named => vec![named, real],
        _ => vec![named],
    }
}

/// The directory of a place, or the nearest above it that is there.
fn existing_above(place: &Path) -> Option<PathBuf> {
    place.ancestors().skip(1).find(|directory| directory.is_dir()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    /// Nothing has changed since.
    fn began(entry: &Path) -> Began {
        Began { time: SystemTime::now() + LONG, ..Began::now(entry.to_owned()) }
    }

    const LONG: Duration = Duration::from_secs(10);
    const SHORT: Duration = Duration::from_millis(200);

    #[test]
    fn only_what_is_watched_is_told() {
        let temp = tempfile::tempdir().unwrap();
        let (ours, other) = (temp.path().join("ours.js"), temp.path().join("other.js"));
        fs::write(&ours, "1").unwrap();
        let (sender, told) = channel();
        let mut watched = Watched::new(move |file| sender.send(file).unwrap()).unwrap();
        watched.set(std::slice::from_ref(&ours), false, &began(&ours));
        fs::write(&other, "2").unwrap();
        fs::read(&ours).unwrap();
        assert!(told.recv_timeout(SHORT).is_err(), "neither another file nor reading");
        fs::write(&other, "3").unwrap();
        fs::rename(&other, &ours).unwrap();
        assert_eq!(told.recv_timeout(LONG).unwrap(), ours, "replaced, as editors do");
        watched.set(&[], false, &began(&ours));
        while told.try_recv().is_ok() {}
        fs::write(&ours, "4").unwrap();
        assert!(told.recv_timeout(SHORT).is_err());
    }

    #[test]
    fn what_appears_is_told_where_something_is_missing() {
        let temp = tempfile::tempdir().unwrap();
        let missing = temp.path().join("lib/missing.js");
        let (sender, told) = channel();
        let mut watched = Watched::new(move |file| sender.send(file).unwrap()).unwrap();
        watched.set(std::slice::from_ref(&missing), true, &began(&missing));
        fs::create_dir(temp.path().join("lib")).unwrap();
        assert_eq!(told.recv_timeout(LONG).unwrap(), temp.path().canonicalize().unwrap().join("lib"));
    }

    #[test]
    fn a_change_before_the_watch_began_is_told() {
        let temp = tempfile::tempdir().unwrap();
        let (entry, imported) = (temp.path().join("a.js"), temp.path().join("b.js"));
        fs::write(&entry, "1").unwrap();
        let began = Began::now(entry.clone());
        let (sender, told) = channel();
        let mut watched = Watched::new(move |file| sender.send(file).unwrap()).unwrap();
        watched.set(std::slice::from_ref(&entry), false, &began);
        assert!(told.recv_timeout(SHORT).is_err(), "written just before is not written since");
        watched.set(&[], false, &began);
        fs::write(&entry, "12").unwrap();
        fs::write(&imported, "1").unwrap();
        watched.set(&[entry.clone(), imported.clone()], false, &began);
        let mut both = [told.recv_timeout(LONG).unwrap(), told.recv_timeout(LONG).unwrap()];
        both.sort();
        assert_eq!(both, [entry, imported]);
    }

    #[test]
    fn looking_again_and_again_does_where_the_system_has_no_watches() {
        let temp = tempfile::tempdir().unwrap();
        let (file, other) = (temp.path().join("a.js"), temp.path().join("b.js"));
        fs::write(&file, "1").unwrap();
        fs::write(&other, "1").unwrap();
        let (sender, told) = channel();
        let mut watched = Watched::new(move |file| sender.send(file).unwrap()).unwrap();
        watched.set(std::slice::from_ref(&file), false, &began(&file));
        watched.poll_instead();
        let later = SystemTime::now() + LONG;
        fs::File::options().write(true).open(&other).unwrap().set_modified(later).unwrap();
        assert!(told.recv_timeout(POLL_PERIOD * 2).is_err());
        fs::File::options().write(true).open(&file).unwrap().set_modified(later).unwrap();
        assert_eq!(told.recv_timeout(LONG).unwrap(), file);
    }

    #[test]
    fn the_target_of_a_link_is_watched_too() {
        let (temp, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (link, target) = (temp.path().join("link.js"), elsewhere.path().join("target.js"));
        fs::write(&target, "1").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let (sender, told) = channel();
        let mut watched = Watched::new(move |file| sender.send(file).unwrap()).unwrap();
        watched.set(std::slice::from_ref(&link), false, &began(&link));
        fs::write(&target, "2").unwrap();
        assert_eq!(told.recv_timeout(LONG).unwrap(), link);
    }
}
