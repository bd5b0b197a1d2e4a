//! Where a suite lies, how to get it, and whether it is the pinned one.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// A public repository at a commit.
pub struct Pin {
    /// The folder below the suite's place.
    pub folder: &'static str,
    pub repository: &'static str,
    /// A commit, or the name of a tag.
    pub commit: &'static str,
    /// The folder in the repository whose contents are meant.
    pub root: &'static str,
    /// The folders below it that are needed; an empty name is the root itself.
    pub needed: &'static [&'static str],
}

impl Pin {
    fn commands(&self, place: &Path) -> String {
        let folder = place.join(self.folder);
        let folder = folder.display();
        let path = |name: &&str| Path::new("/").join(self.root).join(name).display().to_string();
        let needed: Vec<String> = self.needed.iter().map(path).collect();
        format!(
            "  git init -q {folder} && cd {folder} && git sparse-checkout set --no-cone {}\n  \
             git fetch -q --depth 1 --filter=blob:none {} {} && git checkout -q FETCH_HEAD && cd -\n",
            needed.join(" "),
            self.repository,
            self.commit,
        )
    }
}

/// The folders of all pins, or how to get them.
pub fn find(name: &str, given: Option<&str>, pins: &[Pin]) -> Result<Vec<PathBuf>> {
    let place = std::path::absolute(given.map_or_else(|| default_place(name), PathBuf::from))?;
    let folders: Vec<PathBuf> = pins.iter().map(|pin| place.join(pin.folder).join(pin.root)).collect();
    if folders.iter().all(|folder| folder.is_dir()) {
        return Ok(folders);
    }
    let commands: String = pins.iter().map(|pin| pin.commands(&place)).collect();
    bail!(
        "{name} is not at {}; no suite is a part of this repository. To get it:\n{commands}\
         A suite elsewhere is named with --suite DIR.",
        place.display()
    )
}

fn default_place(name: &str) -> PathBuf {
    Path::new("target/suites").join(name)
}

/// BLAKE3 of the files that tests are made from, names and contents, in the order of their names.
pub struct Digest(blake3::Hasher);

impl Digest {
    pub fn new() -> Digest {
        Digest(blake3::Hasher::new())
    }

    pub fn add(&mut self, name: &str, contents: &[u8]) {
        for part in [name.as_bytes(), contents] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }

    pub fn hex(&self) -> String {
        self.0.finalize().to_hex().as_str()[..32].to_owned()
    }
}
