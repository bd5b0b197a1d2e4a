//! Loads one module: reads it, compiles it, and finds where its requests lead.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::names::Naming;
use super::{Graph, Link, Loaded, Node, Shared, State, Target, Task};
use crate::Entry;
use crate::compile::{Format, Unit, compile};
use crate::error::{Bound, ErrorKind};
use crate::frame::{Place, printable};
use crate::language::Language;
use crate::limits::{IMPORTS_PER_MODULE, MESSAGE_CHARS_MAX};
use crate::requests::{Request, Via};
use crate::resolve::Found;
use crate::source::{ReadError, normalize, read_source};

/// Loads the entry. Answers its real path too, if it asks for other modules.
pub(super) fn entry(
    entry: &Entry,
    naming: &Naming,
    shared: &Shared,
) -> Result<(Node, Option<PathBuf>), ErrorKind> {
    let name = naming.entry_name().to_owned();
    let (path, source, language) = match *entry {
        Entry::File(path) => {
            let language = entry_language(path, &name)?;
            let source = read(path, &name, None, shared)?;
            (Some(path.to_owned()), source, language)
        }
        Entry::Source { language, source, .. } => {
            if source.len() > shared.limits.source_bytes_max {
                return Err(too_large(Bound::SourceBytes, &name, None, shared));
            }
            let mut source = source.to_owned();
            normalize(&mut source);
            (None, source, language)
        }
    };
    if language == Language::Json {
        return Err(ErrorKind::Unsupported {
            message: format!("{name} is JSON, which does not run"),
            place: None,
            help: Some("import it from a module: import data from \"./data.json\"".to_owned()),
        });
    }
    let format = match path.as_deref().and_then(Path::extension).and_then(|end| end.to_str()) {
        Some("cjs" | "cts") => Format::CommonJs,
        Some("mjs" | "mts") => Format::Module,
        _ => Format::Entry,
    };
    let task = Task { path, language, format, asked_by: None, needed: true, is_pure: false };
    let (loaded, real_path) = finish(&name, &task, source, shared, || real_path(entry, &name))?;
    Ok((Node { name, task, state: State::Loaded(loaded) }, real_path))
}

/// Loads a module that another one asked for.
pub(super) fn module(graph: &Graph, index: usize, shared: &Shared) -> Result<Loaded, ErrorKind> {
    let node = &graph.nodes[index];
    let path = node.task.path.as_deref().unwrap_or(Path::new(""));
    let place = || {
        let (importer, offset, len) = node.task.asked_by?;
        graph.place(importer as usize, offset, len)
    };
    let source = read(path, &node.name, Some(&place), shared)?;
    let (loaded, _) = finish(&node.name, &node.task, source, shared, || Ok(path.to_owned()))?;
    Ok(loaded)
}

/// Compiles a source and resolves what it asks for; `real_path` is asked only if that is anything.
fn finish(
    name: &str,
    task: &Task,
    source: String,
    shared: &Shared,
    real_path: impl Fn() -> Result<PathBuf, ErrorKind> + Sync,
) -> Result<(Loaded, Option<PathBuf>), ErrorKind> {
    let decorators = || match real_path() {
        Ok(path) => shared.resolver.decorators(&path),
        Err(_) => crate::transform::Decorators::Refused,
    };
    let (language, format) = (task.language, task.format);
    let (shape, production) = (shared.shake, shared.production);
    let unit = Unit { name, source: &source, language, format, decorators: &decorators, shape, production };
    let mut compiled = compile(&unit, &shared.limits)?;
    let requests = std::mem::take(&mut compiled.requests);
    if requests.is_empty() {
        return Ok((Loaded { source, compiled, links: Vec::new() }, None));
    }
    let imports_max = shared.limits.modules_max.saturating_mul(IMPORTS_PER_MODULE);
    if shared.imports.fetch_add(requests.len(), Ordering::Relaxed).saturating_add(requests.len())
        > imports_max
    {
        let (bound, path) = (Bound::Imports, name.to_owned());
        return Err(ErrorKind::TooLarge { bound, limit: imports_max, path, place: None, help: None });
    }
    let path = real_path()?;
    let mut links = Vec::with_capacity(requests.len());
    for request in requests {
        let found = match follow(&path, &request, shared) {
            Ok(target) => Some(target),
            Err(explain) if request.via == Via::Import => {
                let place = Place::new(name, &source, request.offset as usize, request.len as usize);
                return Err(explain(place));
            }
            Err(_) => None,
        };
        links.push(Link { request, found });
    }
    Ok((Loaded { source, compiled, links }, Some(path)))
}

/// Makes an error of the place that it is about.
type Explain = Box<dyn FnOnce(Place) -> ErrorKind>;

fn follow(importer: &Path, request: &Request, shared: &Shared) -> Result<Target, Explain> {
    let found = shared.resolver.resolve(importer, &request.specifier, request.via);
    let found = found.map_err(|missing| {
        let (importer, specifier) = (importer.to_owned(), request.specifier.clone());
        let explain = move |place| {
            let missing = missing.explain(&importer, &specifier);
            let specifier = printable(&specifier, MESSAGE_CHARS_MAX);
            ErrorKind::Resolve { specifier, place: Some(place), reason: missing.reason, help: missing.help }
        };
        Box::new(explain) as Explain
    })?;
    let Found::File { path, is_module, .. } = &found else {
        return Ok(Target::Found(found, Language::JavaScript, Format::Module));
    };
    match classify(path, *is_module, request) {
        Some((language, format)) => Ok(Target::Found(found, language, format)),
        None => {
            let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            let explain = move |place| ErrorKind::Unsupported {
                message: format!("cannot import a .{} file", printable(&extension, 40)),
                place: Some(place),
                help: Some(
                    "modules are JavaScript, TypeScript and JSON; grant other files and open them".to_owned(),
                ),
            };
            Err(Box::new(explain))
        }
    }
}

/// Decides how a file is read: by its name, the nearest package.json, and how it is asked for.
fn classify(path: &Path, is_module: bool, request: &Request) -> Option<(Language, Format)> {
    if request.json {
        return Some((Language::Json, Format::Module));
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    let language = match Language::from_path(path) {
        Some(language) => language,
        None if extension.is_none() => Language::JavaScript,
        // Node.js runs whatever it does not know, if it is required.
        None if request.via == Via::Require && !matches!(extension, Some("node" | "wasm" | "css")) => {
            Language::JavaScript
        }
        None => return None,
    };
    let format = match extension {
        Some("mjs" | "mts") => Format::Module,
        Some("cjs" | "cts") => Format::CommonJs,
        _ if is_module => Format::Module,
        _ => Format::Detect,
    };
    Some((language, format))
}

fn entry_language(path: &Path, name: &str) -> Result<Language, ErrorKind> {
    match Language::from_path(path) {
        Some(language) => Ok(language),
        None if path.extension().is_none() => Ok(Language::JavaScript),
        None => Err(ErrorKind::Unsupported {
            message: format!("cannot tell the language of {name} by its name"),
            place: None,
            help: Some("name it .js, .mjs, .cjs, .jsx, .ts, .mts, .cts or .tsx".to_owned()),
        }),
    }
}

fn real_path(entry: &Entry, name: &str) -> Result<PathBuf, ErrorKind> {
    let real = match *entry {
        Entry::File(path) => fs::canonicalize(path),
        // No file has to be there: the directory counts, and a tsconfig.json wants to see TypeScript.
        Entry::Source { directory, .. } => {
            fs::canonicalize(directory).map(|directory| directory.join("source.ts"))
        }
    };
    real.map_err(|source| ErrorKind::Io { path: name.to_owned(), place: None, source, help: None })
}

fn read(
    path: &Path,
    name: &str,
    place: Option<&dyn Fn() -> Option<Place>>,
    shared: &Shared,
) -> Result<String, ErrorKind> {
    let asked = || place.and_then(|place| place());
    let source = read_source(path, shared.limits.source_bytes_max).map_err(|error| match error {
        ReadError::Io(source) => {
            let help = (place.is_none() && source.kind() == std::io::ErrorKind::NotFound)
                .then(|| "check the path; it is relative to the current directory".to_owned());
            ErrorKind::Io { path: name.to_owned(), place: asked(), source, help }
        }
        ReadError::NotAFile(what) => ErrorKind::Unsupported {
            message: format!("cannot run {name}: it is {what}"),
            place: asked(),
            help: Some("modules are regular files".to_owned()),
        },
        ReadError::TooLarge => too_large(Bound::SourceBytes, name, asked(), shared),
        ReadError::NotUtf8(valid) => ErrorKind::Syntax {
            place: Place::new(name, &valid, valid.len(), 1),
            message: "the file is not UTF-8".to_owned(),
            help: Some("save it as UTF-8".to_owned()),
        },
    })?;
    let total = shared.total_bytes.fetch_add(source.len(), Ordering::Relaxed).saturating_add(source.len());
    if total > shared.limits.total_bytes_max {
        return Err(too_large(Bound::TotalBytes, name, asked(), shared));
    }
    Ok(source)
}

fn too_large(bound: Bound, name: &str, place: Option<Place>, shared: &Shared) -> ErrorKind {
    let limit = match bound {
        Bound::TotalBytes => shared.limits.total_bytes_max,
        _ => shared.limits.source_bytes_max,
    };
    ErrorKind::TooLarge { bound, limit, path: name.to_owned(), place, help: None }
}
