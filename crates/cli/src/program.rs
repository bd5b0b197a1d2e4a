//! What to run: a file or standard input, and its language.
//!
//! Start at [`Program::find`]. What cannot be a program is refused here by name, before the engine is set up.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use b8g::{
    Component, ComponentOptions, Engine, Image, ImageError, Language, Python, PythonEntry, PythonOptions,
    ReadOptions,
};

use crate::args::{ComponentKind, Lang};
use crate::console::printable;
use crate::failure::Failure;

/// Bytes of a source text, and of a module, that are read where the engine does not read itself.
const SOURCE_BYTES_MAX: u64 = 32 << 20;
const MODULE_BYTES_MAX: u64 = 256 << 20;
/// The memory that a program may have when nothing is said, and one that begins with more than that.
const MEMORY_BYTES: u64 = 64 << 20;
const LARGE_MEMORY_BYTES: u64 = 256 << 20;
/// Directory entries that a "did you mean" looks at.
const SIMILAR_ENTRIES_MAX: usize = 1_000;

/// A program that can be started.
#[derive(Debug)]
pub struct Loaded {
    pub component: Component,
    /// What it goes on from, if it was frozen.
    pub image: Option<Image>,
}

/// A program that was found.
#[derive(Debug)]
pub struct Program {
    /// As it was written on the command line.
    pub path: PathBuf,
    kind: Kind,
    /// What is to be compiled, where that is not just the file.
    text: Option<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Wasm,
    Image,
    Source(Language),
    Python,
    /// A module of Python, by its name.
    PythonModule,
}

/// The languages that `--lang` knows.
const LANGUAGES: &str = "js|ts|jsx|tsx|py|wasm";

impl Program {
    /// Finds the program that `file` names; `-` is standard input, which is read to its end.
    pub fn find(file: &OsStr, lang: Option<Lang>) -> Result<Program, Failure> {
        let path = PathBuf::from(file);
        if file == "-" {
            let Some(lang) = lang else {
                let why = "standard input has no name that tells its language";
                return Err(Failure::usage(format!("{why}; say it with --lang {LANGUAGES}")));
            };
            let kind = kind_of(lang)?;
            let text = read(io::stdin().lock(), kind, "standard input")?;
            return Ok(Program { path, kind, text: Some(text) });
        }
        let own = kind_of_name(&path);
        check(&path)?;
        let kind = match lang {
            Some(lang) => Some(kind_of(lang)?),
            None => own.or_else(|| begins_as(&path)),
        };
        let Some(kind) = kind else {
            let why = format!("cannot tell the language of {}", shown(&path));
            return Err(Failure::usage(format!("{why}; say it with --lang {LANGUAGES}")));
        };
        // The engine reads the file itself where its name says the same.
        let text = if own == Some(kind) || lang.is_none() {
            None
        } else {
            let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
            Some(read(file, kind, &shown(&path))?)
        };
        Ok(Program { path, kind, text })
    }

    /// A module of Python, which is looked for from the working directory.
    pub fn python_module(name: &str) -> Program {
        Program { path: PathBuf::from(name), kind: Kind::PythonModule, text: None }
    }

    /// Tells whether it is Python.
    pub fn is_python(&self) -> bool {
        matches!(self.kind, Kind::Python | Kind::PythonModule)
    }

    /// Tells whether it is standard input.
    pub fn is_stdin(&self) -> bool {
        self.path.as_os_str() == "-"
    }

    /// Tells whether it is wasm already.
    pub fn is_wasm(&self) -> bool {
        self.kind == Kind::Wasm
    }

    /// Tells whether it was frozen before.
    pub fn is_image(&self) -> bool {
        self.kind == Kind::Image
    }

    /// Compiles it, or reads what was frozen.
    pub fn load(
        &self,
        engine: &Engine,
        options: ComponentOptions,
        read: &ReadOptions,
    ) -> Result<Loaded, Failure> {
        if self.is_python() {
            return self.load_python(engine, None, &PythonOptions::default());
        }
        if !self.is_image() {
            return Ok(Loaded { component: self.compile(engine, options)?, image: None });
        }
        let image = Image::open(engine, &self.path, read).map_err(|error| {
            let text = format!("cannot run {}: {error}", shown(&self.path));
            let failure = match error {
                ImageError::NoContext { .. } => Failure::usage(text),
                _ => Failure::error(text),
            };
            Failure { files: vec![self.path.clone()], ..failure }
        })?;
        Ok(Loaded { component: image.component().clone(), image: Some(image) })
    }

    /// Puts a program of Python together.
    pub fn load_python(
        &self,
        engine: &Engine,
        component: Option<ComponentKind>,
        options: &PythonOptions,
    ) -> Result<Loaded, Failure> {
        let python = python(engine, component.unwrap_or(ComponentKind::Python))?;
        let here = Path::new(".");
        let name = self.path.to_string_lossy();
        let entry = match (&self.text, self.kind) {
            (Some(source), _) => {
                let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
                PythonEntry::Source { name: &name, source, directory: parent.unwrap_or(here) }
            }
            (None, Kind::PythonModule) => PythonEntry::Module { name: &name, directory: here },
            (None, _) => PythonEntry::File(&self.path),
        };
        let (component, image) = python.load(entry, options)?;
        Ok(Loaded { component, image: Some(image) })
    }

    fn compile(&self, engine: &Engine, options: ComponentOptions) -> Result<Component, Failure> {
        let component = match (&self.text, self.kind) {
            (None, _) | (_, Kind::Python | Kind::PythonModule) => {
                Component::from_file_with(engine, &self.path, options)?
            }
            (Some(bytes), Kind::Wasm | Kind::Image) => Component::from_wasm_with(engine, bytes, options)?,
            (Some(bytes), Kind::Source(language)) => {
                let text = std::str::from_utf8(bytes)
                    .map_err(|_| Failure::error(format!("{} is not UTF-8", shown(&self.path))))?;
                let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
                let directory = directory.unwrap_or(Path::new("."));
                Component::from_source_with(engine, &self.name(), language, text, directory, options)?
            }
        };
        Ok(component)
    }

    /// The name that stack traces and the first argument of wasm programs show.
    pub fn name(&self) -> String {
        if self.is_stdin() {
            let extension = match self.kind {
                Kind::Source(Language::TypeScript) => "stdin.ts",
                Kind::Source(_) => "stdin.js",
                Kind::Python | Kind::PythonModule => "-",
                Kind::Wasm | Kind::Image => "stdin.wasm",
            };
            return extension.to_owned();
        }
        self.path.to_string_lossy().into_owned()
    }
}

/// A component of Python.
pub fn python(engine: &Engine, kind: ComponentKind) -> Result<Python, Failure> {
    let path = crate::component::python(kind)?;
    let failed = |error: ImageError| {
        let name = kind.name();
        Failure::error(format!(
            "the component {name} cannot be used: {error}\nhelp: b8g component add {name} --force"
        ))
    };
    Python::open(engine, path).map_err(failed)
}

/// Refuses a component that was named for what none runs.
pub fn check_component(kind: Option<ComponentKind>, is_image: bool) -> Result<(), Failure> {
    match kind {
        None => Ok(()),
        Some(_) if is_image => {
            Err(Failure::usage("an image says by itself what runs it: leave --component out"))
        }
        Some(_) => Err(Failure::usage("--component is for programs of Python")),
    }
}

/// The bound of memory: what was said, or a default that is above what the image of a component of Python begins with, if there is one.
pub fn memory(said: Option<u64>, image: Option<&Image>) -> u64 {
    let begins = image.filter(|image| image.component().is_python()).map_or(0, Image::memory_bytes);
    said.unwrap_or(if begins > MEMORY_BYTES { LARGE_MEMORY_BYTES } else { MEMORY_BYTES })
}

/// The language that `--lang` names.
fn kind_of(lang: Lang) -> Result<Kind, Failure> {
    let name = match lang {
        Lang::Wasm => return Ok(Kind::Wasm),
        Lang::Py => return Ok(Kind::Python),
        Lang::Js => "x.js",
        Lang::Ts => "x.ts",
        Lang::Jsx => "x.jsx",
        Lang::Tsx => "x.tsx",
    };
    let language = Language::from_path(Path::new(name));
    language.map(Kind::Source).ok_or_else(|| Failure::usage(format!("this build has no {lang:?}")))
}

fn kind_of_name(path: &Path) -> Option<Kind> {
    match path.extension().and_then(OsStr::to_str) {
        Some("wasm" | "wat") => Some(Kind::Wasm),
        Some("b8g") => Some(Kind::Image),
        Some("py" | "pyw") => Some(Kind::Python),
        _ => Language::from_path(path).map(Kind::Source),
    }
}

/// What a file is whose name does not tell.
fn begins_as(path: &Path) -> Option<Kind> {
    let mut start = Vec::new();
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    let file = is_file.then(|| File::open(path).ok())??;
    file.take(16).read_to_end(&mut start).ok()?;
    match () {
        () if start.starts_with(b"\0asm") => Some(Kind::Wasm),
        () if Image::is_image(&start) => Some(Kind::Image),
        () => None,
    }
}

/// Refuses what cannot be read as a file.
fn check(path: &Path) -> Result<(), Failure> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    let kind = metadata.file_type();
    let what = match () {
        () if kind.is_dir() => "a directory",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () if kind.is_socket() => "a socket",
        () => return Ok(()),
    };
    Err(Failure::usage(format!("cannot run {}: it is {what}, not a file", shown(path))))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let path_shown = shown(path);
    let text = match error.kind() {
        io::ErrorKind::NotFound => match similar(path) {
            Some(name) => format!("cannot find {path_shown} (did you mean {}?)", shown(&name)),
            None => format!("cannot find {path_shown}"),
        },
        io::ErrorKind::PermissionDenied => format!("cannot read {path_shown}: permission denied"),
        _ => format!("cannot read {path_shown}: {error}"),
    };
    Failure { files: vec![path.to_owned()], ..Failure::usage(text) }
}

/// A path in quotes, harmless for a terminal.
pub fn shown(path: &Path) -> String {
    format!("\"{}\"", printable(&path.to_string_lossy(), false))
}

fn read(from: impl Read, kind: Kind, name: &str) -> Result<Vec<u8>, Failure> {
    let max =
        if matches!(kind, Kind::Source(_) | Kind::Python) { SOURCE_BYTES_MAX } else { MODULE_BYTES_MAX };
    let mut bytes = Vec::new();
    from.take(max + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    if bytes.len() as u64 > max {
        let max = crate::units::size_text(max);
        return Err(Failure::error(format!("{name} is larger than {max}")));
    }
    Ok(bytes)
}

/// A file beside `path` with nearly the same name.
fn similar(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_str()?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = fs::read_dir(parent.unwrap_or(Path::new("."))).ok()?;
    let names =
        entries.take(SIMILAR_ENTRIES_MAX).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let runnable = names.filter(|name| kind_of_name(Path::new(name)).is_some());
    let best = runnable.map(|name| (difference(wanted, &name), name)).min()?;
    (best.0 <= 2).then(|| parent.map_or_else(|| PathBuf::from(&best.1), |parent| parent.join(&best.1)))
}

/// Letters to insert, remove or change to make one name of the other; a missing extension counts as one.
fn difference(wanted: &str, name: &str) -> usize {
    if Path::new(name).file_stem() == Some(&OsString::from(wanted)) {
        return 1;
    }
    let (wanted, name): (Vec<char>, Vec<char>) = (wanted.chars().collect(), name.chars().collect());
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (i, a) in wanted.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in name.iter().enumerate() {
            let change = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_by_letters() {
        for (wanted, name, want) in [
            ("helo.ts", "hello.ts", 1),
            ("hello.js", "hello.ts", 1),
            ("hello", "hello.ts", 1),
            ("ehllo.ts", "hello.ts", 2),
            ("", "ab", 2),
            ("same.ts", "same.ts", 0),
        ] {
            assert_eq!(difference(wanted, name), want, "{wanted} {name}");
        }
    }

    #[test]
    fn what_is_no_program_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        fs::write(at("hello.wat"), "(module)").unwrap();
        fs::write(at("notes.txt"), "hello").unwrap();
        fs::write(at("tool"), b"\0asm\x01\0\0\0").unwrap();
        let find = |path: &Path, lang| Program::find(path.as_os_str(), lang).map_err(|failure| failure.text);
        assert!(find(&at("helo.wat"), None).unwrap_err().contains("did you mean"));
        assert!(find(temp.path(), None).unwrap_err().contains("directory"));
        assert!(find(Path::new("/dev/zero"), None).unwrap_err().contains("device"));
        assert!(find(&at("notes.txt"), None).unwrap_err().contains("--lang"));
        assert!(find(Path::new("-"), None).unwrap_err().contains("--lang"));
        assert!(find(&at("tool"), None).unwrap().is_wasm());
        assert!(find(&at("hello.wat"), None).unwrap().is_wasm());
        let forced = find(&at("notes.txt"), Some(Lang::Js)).unwrap();
        assert_eq!(forced.text.as_deref(), Some(&b"hello"[..]));
    }
}
