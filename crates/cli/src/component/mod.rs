//! `b8g component`: engines for other languages, built on this machine or taken from a file, and kept in the user's data directory.
//!
//! Start at [`component`]. A component is a directory with an image and what is known of it; it appears when it is whole. `make.rs` builds one.

mod make;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use b8g::{Config, Engine, Image, PYTHON_CONTRACT, ReadOptions};
use serde::{Deserialize, Serialize};

use crate::args::{ComponentAdd, ComponentCommand, ComponentKind, ComponentName};
use crate::console::{Console, STDOUT, write_all};
use crate::failure::Failure;
use crate::finish::exit;
use crate::program::shown;
use crate::run::fail;
use crate::units::size_text;

/// The names of the files of a component.
const IMAGE: &str = "component.b8g";
const ABOUT: &str = "component.json";
/// How the name of a directory begins that is being made or removed.
const UNFINISHED: &str = ".new-";

/// What is known of a component.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct About {
    name: String,
    /// What it is made of.
    version: String,
    /// The b8g that made it.
    b8g: String,
    contract: u32,
    /// BLAKE3 of what it was made from, and of its image.
    sources: String,
    blake3: String,
    bytes: u64,
}

impl ComponentKind {
    const ALL: [ComponentKind; 2] = [ComponentKind::Python, ComponentKind::PythonScience];

    /// What it is called, on the command line and in the directory.
    pub fn name(self) -> &'static str {
        match self {
            ComponentKind::Python => "python",
            ComponentKind::PythonScience => "python-science",
        }
    }
}

impl About {
    /// It is what this b8g would make.
    fn is_current(&self, kind: ComponentKind) -> bool {
        self.sources == make::sources_digest(kind) && self.contract == PYTHON_CONTRACT
    }
}

/// Does what the command says, and ends the process.
pub fn component(command: &ComponentCommand) -> ! {
    let console = Console::new(command.color(), command.is_quiet());
    let done = match command {
        ComponentCommand::List(args) => list(args.json),
        ComponentCommand::Add(args) => add(args, console),
        ComponentCommand::Remove(args) => remove(args, console),
        ComponentCommand::Verify(args) => verify(args, console),
    };
    match done {
        Ok(()) => exit(0),
        Err(failure) => fail(console, &failure),
    }
}

/// Where components lie: `B8G_COMPONENTS`, or where the system's conventions have data of users.
fn directory() -> Result<PathBuf, Failure> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = || named("XDG_DATA_HOME").or_else(|| Some(named("HOME")?.join(".local/share")));
    let found = named("B8G_COMPONENTS").or_else(|| Some(data()?.join("b8g/components")));
    found.ok_or_else(|| Failure::error("there is no home directory for components: set B8G_COMPONENTS"))
}

/// The image of a component of Python.
pub fn python(kind: ComponentKind) -> Result<PathBuf, Failure> {
    let name = kind.name();
    let place = directory()?.join(name);
    let Some(about) = about(&place)? else {
        let what = match kind {
            ComponentKind::Python => "there is no Python here yet".to_owned(),
            ComponentKind::PythonScience => format!("the component {name} is not here yet"),
        };
        return Err(Failure::error(format!(
            "{what}\nhelp: b8g component add {name} builds it, once, with this machine's pip"
        )));
    };
    if about.contract != PYTHON_CONTRACT {
        return Err(Failure::error(format!(
            "the component {name} was made by b8g {}, and does not fit this one\nhelp: b8g component add {name}",
            about.b8g
        )));
    }
    Ok(place.join(IMAGE))
}

/// What is known of the component in a directory; `None` if there is none.
fn about(place: &Path) -> Result<Option<About>, Failure> {
    let path = place.join(ABOUT);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::error(format!("cannot read {}: {error}", shown(&path)))),
    };
    let about = serde_json::from_slice(&text);
    let damaged = |error| {
        Failure::error(format!("{} is damaged: {error}\nhelp: b8g component add it again", shown(&path)))
    };
    about.map(Some).map_err(damaged)
}

fn list(json: bool) -> Result<(), Failure> {
    let directory = directory()?;
    let mut here = Vec::new();
    for kind in ComponentKind::ALL {
        here.extend(about(&directory.join(kind.name()))?.map(|about| (kind, about)));
    }
    let text = if json {
        let entries = here.iter().map(|(kind, about)| {
            serde_json::json!({
                "name": about.name, "version": about.version, "b8g": about.b8g, "blake3": about.blake3,
                "bytes": about.bytes, "current": about.is_current(*kind), "path": directory.join(&about.name).join(IMAGE),
            })
        });
        let available = ComponentKind::ALL.map(ComponentKind::name);
        let all = serde_json::json!({ "components": entries.collect::<Vec<_>>(), "available": available });
        format!("{all:#}\n")
    } else {
        let line = |(kind, about): &(ComponentKind, About)| {
            let state = if about.is_current(*kind) { "" } else { ", made by another b8g: add it again" };
            format!("{:<16}{}  {}{state}\n", about.name, about.version, size_text(about.bytes))
        };
        match here.is_empty() {
            true => "no components are here; b8g component add python gets Python\n".to_owned(),
            false => here.iter().map(line).collect(),
        }
    };
    write_all(STDOUT, text.as_bytes(), None)
        .map_err(|error| Failure::error(format!("cannot write to standard output: {error}")))
}

fn add(args: &ComponentAdd, console: Console) -> Result<(), Failure> {
    let name = args.name.name();
    let directory = directory()?;
    let refused = |what: &str, error: &dyn std::fmt::Display| {
        Failure::error(format!("cannot {what} {}: {error}", shown(&directory)))
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&directory)
        .map_err(|error| refused("make", &error))?;
    let lock = File::create(directory.join(".lock")).map_err(|error| refused("write to", &error))?;
    if lock.try_lock().is_err() {
        if !args.quiet {
            console.say(&console.line("another b8g adds a component; waiting for it …"));
        }
        lock.lock().map_err(|error| refused("lock", &error))?;
    }
    // What somebody who was killed has left.
    for entry in fs::read_dir(&directory).map_err(|error| refused("read", &error))?.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let place = directory.join(name);
    let current = about(&place).ok().flatten().filter(|about| about.is_current(args.name));
    if let (Some(about), false, None) = (&current, args.force, &args.from) {
        if !args.quiet {
            let what = format!("{} {} is here already (--force makes it anew)", about.name, about.version);
            console.say(&console.line(&what));
        }
        return Ok(());
    }
    let work = directory.join(format!("{UNFINISHED}{name}-{}", std::process::id()));
    fs::create_dir(&work).map_err(|error| refused("write to", &error))?;
    let made = make::make(args, &work, console).and_then(|made| {
        let kept = work.join("kept");
        let write = || -> io::Result<()> {
            fs::create_dir(&kept)?;
            fs::write(kept.join(IMAGE), &made.image)?;
            fs::write(kept.join(ABOUT), serde_json::to_vec_pretty(&made.about)?)?;
            File::open(kept.join(IMAGE))?.sync_all()?;
            // The old one goes when the new one is whole.
            let old = work.join("old");
            if place.exists() {
                fs::rename(&place, &old)?;
            }
            fs::rename(&kept, &place)
        };
        write().map_err(|error| refused("write to", &error))?;
        Ok(made.about)
    });
    let _ = fs::remove_dir_all(&work);
    let about = made?;
    // Read once, so that the first program does not wait for that.
    open(&place.join(IMAGE))?;
    if !args.quiet {
        let size = size_text(about.bytes);
        console.say(&console.line(&format!("added {} {} ({size})", about.name, about.version)));
    }
    Ok(())
}

fn remove(args: &ComponentName, console: Console) -> Result<(), Failure> {
    let name = args.name.name();
    let place = directory()?.join(name);
    match fs::remove_dir_all(&place) {
        Ok(()) => {
            if !args.quiet {
                console.say(&console.line(&format!("removed {name}")));
            }
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Failure::error(format!("there is no component {name:?} here")))
        }
        Err(error) => Err(Failure::error(format!("cannot remove {}: {error}", shown(&place)))),
    }
}

fn verify(args: &ComponentName, console: Console) -> Result<(), Failure> {
    let name = args.name.name();
    let place = directory()?.join(name);
    let Some(about) = about(&place)? else {
        return Err(Failure::error(format!("there is no component {name:?} here")));
    };
    let path = place.join(IMAGE);
    let bytes =
        fs::read(&path).map_err(|error| Failure::error(format!("cannot read {}: {error}", shown(&path))))?;
    if blake3::hash(&bytes).to_hex().as_str() != about.blake3 {
        return Err(Failure::error(format!(
            "{} is not what was added: its digest is another one\nhelp: b8g component add {name} --force",
            shown(&path)
        )));
    }
    open(&path)?;
    if !args.quiet {
        console.say(
            &console.line(&format!("{} {} is whole: BLAKE3 {}", about.name, about.version, about.blake3)),
        );
    }
    Ok(())
}

fn open(path: &Path) -> Result<Image, Failure> {
    let engine = Engine::new(Config::new()).map_err(|error| Failure::error(error.to_string()))?;
    Image::open(&engine, path, &ReadOptions::default())
        .map_err(|error| Failure::error(format!("{} cannot be used: {error}", shown(path))))
}
