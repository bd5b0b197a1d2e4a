//! What runs: a script, a directory with `__main__.py`, a text, a module by its name, or nothing.
//!
//! Start at [`build`]. What `sys.argv[0]`, `__file__` and the first entry of `sys.path` are is as `python3` has them, with the
//! paths of the guest.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bundle::{Bundle, Run, Store};
use crate::error::{BundleError, ErrorKind, shown_path};
use crate::graph::Graph;
use crate::places::{Names, Places, Root, join, utf8};
use crate::source::ReadError;
use crate::{Entry, Options, Packages, tree};

/// The name of a directory's script.
const MAIN: &str = "__main__.py";
/// What Python calls a source that it reads from its input.
const STDIN: &str = "<stdin>";

/// A script or nothing, ready to be followed.
struct Start {
    root: Root,
    run: Run,
    argv0: String,
    script: Option<usize>,
}

/// Builds the bundle of an entry.
pub(crate) fn build(entry: Entry, options: &Options) -> Result<Bundle, BundleError> {
    let mut store = Store::new(options.limits);
    match read_all(entry, options, &mut store) {
        Ok((start, roots, native)) => Ok(store.finish(&start.0, options.when, start.1, &roots, native)),
        Err(kind) => Err(BundleError::with_files(kind, store.into_read())),
    }
}

type Ready = ((Run, String), Vec<String>, Vec<PathBuf>);

fn read_all(entry: Entry, options: &Options, store: &mut Store) -> Result<Ready, ErrorKind> {
    let places = Places::new(options.working_directory.as_deref());
    let start = match entry {
        Entry::File(path) => script(path, &places, store)?,
        Entry::Source { name, source, directory } => text(name, source, directory, &places, store)?,
        Entry::Module { name, directory } => {
            let root = root(directory, &places)?;
            // As long as the module is not found it is what python3 has.
            Start { root, run: Run::Module(name.to_owned()), argv0: "-m".to_owned(), script: None }
        }
        Entry::Nothing { directory } => {
            Start { root: root(directory, &places)?, run: Run::Nothing, argv0: String::new(), script: None }
        }
    };
    let Start { root, run, mut argv0, script } = start;
    let mut roots = vec![root];
    let mut native = Vec::new();
    if !options.sealed {
        for packages in &options.packages {
            let names = roots[0].names.clone();
            roots.push(packages_root(packages, names, &places)?);
        }
        let mut graph = Graph::new(&roots, store, &options.limits);
        if let Some(script) = script {
            graph.add_script(script);
        }
        if let Run::Module(name) = &run
            && let Some(path) = graph.add_main(name)?
        {
            argv0 = path;
        }
        graph.follow_all()?;
        for root in roots.iter().filter(|root| root.is_whole) {
            tree::add(root, store, &options.limits, &mut native)?;
        }
    }
    let roots = roots.into_iter().map(|root| root.guest).collect();
    Ok(((run, argv0), roots, native))
}

/// A script, or a directory that holds one.
fn script(path: &Path, places: &Places, store: &mut Store) -> Result<Start, ErrorKind> {
    let argv0 = utf8(path, path)?.to_owned();
    let known = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    let is_directory = known.is_dir();
    let main = if is_directory { path.join(MAIN) } else { path.to_owned() };
    if is_directory && !main.is_file() {
        let message = format!("cannot run {}: it is a directory without {MAIN}", shown_path(path));
        return Err(ErrorKind::unsupported(message, format!("name a script, or write a {MAIN} in it")));
    }
    if main.extension().is_some_and(|end| end == "pyc") {
        let message = format!("cannot run {}: it is compiled code", shown_path(path));
        return Err(ErrorKind::unsupported(message, "run its source"));
    }
    let name = utf8(&main, path)?.to_owned();
    let bytes = match store.read(&main, &name, None)? {
        Ok(bytes) => bytes,
        Err(ReadError::NotAFile(what)) => {
            let message = format!("cannot run {}: it is {what}", shown_path(path));
            return Err(ErrorKind::unsupported(message, "give it as standard input: -"));
        }
        Err(ReadError::Io(error)) => return Err(unreadable(&main, error)),
        Err(ReadError::TooLarge) => return Err(unreadable(&main, std::io::ErrorKind::FileTooLarge.into())),
    };
    if is_zip(&bytes) {
        let message = format!("cannot run {}: it is a zip archive", shown_path(path));
        return Err(ErrorKind::unsupported(message, "unpack it and run the directory"));
    }
    let parent = match main.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let file_name = main.file_name().map(Path::new).unwrap_or(&main);
    let guest = join(&places.guest(&real(parent)?)?, utf8(file_name, path)?);
    // As python3 has it: modules are looked for where a script really is, wherever a link to it lies.
    let host = match is_directory {
        true => real(path)?,
        false => real(path)?.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned),
    };
    let names = if path.is_absolute() { Names::Host } else { places.relative_names() };
    let root = Root { guest: places.guest(&host)?, host, is_whole: false, names };
    let script = store.keep(&guest, &name, &bytes, None)?;
    Ok(Start { root, run: Run::File(guest), argv0, script: Some(script) })
}

fn text(
    name: &str,
    source: &[u8],
    directory: &Path,
    places: &Places,
    store: &mut Store,
) -> Result<Start, ErrorKind> {
    let (argv0, name) = if matches!(name, "-" | STDIN) { ("-", STDIN) } else { (name, name) };
    let script = store.keep(name, name, source, None)?;
    let run = Run::Stdin(name.to_owned());
    Ok(Start { root: root(directory, places)?, run, argv0: argv0.to_owned(), script: Some(script) })
}

/// The directory that what is no file imports from.
fn root(directory: &Path, places: &Places) -> Result<Root, ErrorKind> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let host = real(directory)?;
    let names =
        if directory.is_absolute() { Names::RelativeTo(host.clone()) } else { places.relative_names() };
    Ok(Root { guest: places.guest(&host)?, host, is_whole: false, names })
}

fn packages_root(packages: &Packages, names: Names, places: &Places) -> Result<Root, ErrorKind> {
    let host = real(&packages.directory)?;
    if !host.is_dir() {
        let message = format!("{} is no directory of packages", shown_path(&packages.directory));
        return Err(ErrorKind::unsupported(message, "install into a directory: pip install --target"));
    }
    let (guest, names) = match packages.guest.as_deref().map(|guest| guest.trim_matches('/')) {
        Some(guest) => (format!("/{guest}"), Names::Guest),
        None => (places.guest(&host)?, names),
    };
    Ok(Root { host, guest, is_whole: packages.whole, names })
}

fn real(path: &Path) -> Result<PathBuf, ErrorKind> {
    fs::canonicalize(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, source: std::io::Error) -> ErrorKind {
    let help = (source.kind() == std::io::ErrorKind::NotFound)
        .then(|| "check the path; it is relative to the current directory".to_owned());
    ErrorKind::Io { path: shown_path(path), source, help }
}

/// Tells whether python3 would take a file for an archive, which may begin with a line for the shell.
fn is_zip(bytes: &[u8]) -> bool {
    const END_BYTES: usize = 22;
    let end = bytes.len().checked_sub(END_BYTES).and_then(|at| bytes.get(at..));
    bytes.starts_with(b"PK\x03\x04") || end.is_some_and(|end| end.starts_with(b"PK\x05\x06"))
}
