//! The module graph: from the entry over all imports to every module of the program.
//!
//! Start at [`build`]. Modules are found breadth first, a wave at a time: the modules of a wave are loaded (`load`), in
//! parallel if there are many, and what they ask for is the next wave. `shake` leaves out what nobody uses, if that is
//! asked for; `finish` drops what cannot run and writes the blob.
//!
//! Invariants: no recursion over the graph, so a chain of thousands of imports costs no call stack; the order of the
//! modules, and which error is told, do not depend on timing.

mod finish;
mod load;
mod names;
mod shake;

use std::collections::HashMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::compile::{Compiled, Format};
use crate::error::{Bound, BuildError, ErrorKind};
use crate::frame::Place;
use crate::language::Language;
use crate::limits::{ProgramLimits, WORKER_STACK_BYTES};
use crate::program::{ModuleInfo, Program};
use crate::requests::{Request, Via};
use crate::resolve::{Found, Resolver};
use crate::{Entry, Options};
use names::Naming;

/// From how many modules on a wave is worth threads.
const PARALLEL_FROM: usize = 6;
const THREADS_MAX: usize = 8;

/// Builds the program of an entry.
pub(crate) fn build(entry: Entry, options: &Options) -> Result<Program, BuildError> {
    let shared = Shared {
        limits: options.limits,
        resolver: Resolver::new(options.conditions.clone(), options.shake, options.sealed),
        shake: options.shake,
        production: options.production,
        total_bytes: AtomicUsize::new(0),
        imports: AtomicUsize::new(0),
    };
    let mut graph = Graph { nodes: Vec::new(), known: HashMap::new(), naming: Naming::of(&entry) };
    let built = build_graph(&mut graph, &entry, &shared);
    let mut files = graph.files();
    files.extend(shared.resolver.files_read());
    match built {
        Ok((blob, modules)) => Ok(Program { blob, files, modules }),
        Err(kind) => Err(BuildError::with_files(kind, files)),
    }
}

fn build_graph(
    graph: &mut Graph,
    entry: &Entry,
    shared: &Shared,
) -> Result<(Vec<u8>, Vec<ModuleInfo>), ErrorKind> {
    graph.grow(entry, shared)?;
    if shared.shake {
        shake::shake(graph)?;
    }
    finish::finish(graph)
}

/// What all loading threads share.
struct Shared {
    limits: ProgramLimits,
    resolver: Resolver,
    /// Modules that nobody uses are left out, and with them their errors.
    shake: bool,
    production: bool,
    total_bytes: AtomicUsize,
    imports: AtomicUsize,
}

struct Graph {
    nodes: Vec<Node>,
    /// The index of every file, once as a module and once as JSON.
    known: HashMap<(PathBuf, bool), u32>,
    naming: Naming,
}

/// A module of the graph.
struct Node {
    name: String,
    task: Task,
    state: State,
}

enum State {
    /// A module that is there without a file.
    Builtin,
    Wanted,
    Loaded(Loaded),
    /// Matters only if the entry cannot do without the module.
    Failed(ErrorKind),
}

/// What is to be loaded.
#[derive(Debug, Clone)]
struct Task {
    /// The real path; for an entry the path as it was given.
    path: Option<PathBuf>,
    language: Language,
    format: Format,
    /// The module that asks, and where in its source.
    asked_by: Option<(u32, u32, u32)>,
    /// Somebody needs the module before anything runs.
    needed: bool,
    /// Its package says that it does nothing but give its exports.
    is_pure: bool,
}

/// What loading found.
struct Loaded {
    source: String,
    compiled: Compiled,
    links: Vec<Link>,
}

/// One request and where it leads.
struct Link {
    request: Request,
    found: Option<Target>,
}

impl Link {
    /// The node that it leads to, once that is known.
    fn node(&self) -> Option<usize> {
        match self.found {
            Some(Target::Node(node)) => Some(node as usize),
            _ => None,
        }
    }
}

/// Where a request leads: first as it was found, then the node.
enum Target {
    Found(Found, Language, Format),
    Node(u32),
}

impl Graph {
    /// Finds and loads everything.
    fn grow(&mut self, entry: &Entry, shared: &Shared) -> Result<(), ErrorKind> {
        let (node, real_path) = load::entry(entry, &self.naming, shared)?;
        if let Some(path) = real_path {
            self.known.insert((path, false), 0);
        }
        self.nodes.push(node);
        let mut wave = vec![0];
        while !wave.is_empty() {
            let mut next = Vec::new();
            for index in wave {
                self.link(index, &shared.limits, &mut next)?;
            }
            let results = self.load_all(&next, shared);
            for (&index, result) in next.iter().zip(results) {
                self.nodes[index].state = match result {
                    Ok(loaded) => State::Loaded(loaded),
                    Err(error) if self.must_load(index, &error, shared) => return Err(error),
                    Err(error) => State::Failed(error),
                };
            }
            wave = next;
        }
        Ok(())
    }

    /// Tells whether the program cannot be built because of an error in a module.
    ///
    /// A module that only `import()` and `require()` lead to may lack what it imports, and what was installed may be
    /// written for other systems: then reaching it fails when the program runs. A mistake in one's own file is told at once,
    /// or, where modules are left out, when it is clear that this is none of them.
    fn must_load(&self, index: usize, error: &ErrorKind, shared: &Shared) -> bool {
        if let ErrorKind::TooLarge { bound: Bound::Modules | Bound::TotalBytes | Bound::Imports, .. } = error
        {
            return true;
        }
        !shared.shake && (self.nodes[index].task.needed || self.is_own_mistake(index, error))
    }

    fn is_own_mistake(&self, index: usize, error: &ErrorKind) -> bool {
        let path = self.nodes[index].task.path.as_deref();
        !path.is_some_and(crate::resolve::is_in_package) && !matches!(error, ErrorKind::Resolve { .. })
    }

    /// Turns what a module found into nodes; new ones are added to `next`.
    fn link(&mut self, index: usize, limits: &ProgramLimits, next: &mut Vec<usize>) -> Result<(), ErrorKind> {
        let State::Loaded(loaded) = &mut self.nodes[index].state else { return Ok(()) };
        let mut links = std::mem::take(&mut loaded.links);
        let needed = self.nodes[index].task.needed;
        for link in &mut links {
            let Some(Target::Found(found, language, format)) = link.found.take() else { continue };
            let request = &link.request;
            let task = Task {
                path: None,
                language,
                format,
                asked_by: Some((narrow(index), request.offset, request.len)),
                needed: needed && request.via == Via::Import,
                is_pure: matches!(found, Found::File { is_pure: true, .. }),
            };
            let node = self.node_of(found, task, next);
            if self.nodes.len() > limits.modules_max {
                return Err(self.too_many(index, request, limits));
            }
            link.found = Some(Target::Node(node));
        }
        if let State::Loaded(loaded) = &mut self.nodes[index].state {
            loaded.links = links;
        }
        Ok(())
    }

    fn node_of(&mut self, found: Found, mut task: Task, next: &mut Vec<usize>) -> u32 {
        // Real paths are absolute, so this name cannot be a path.
        let (path, name, state) = match found {
            Found::Builtin(name) => (PathBuf::from(name), name.to_owned(), State::Builtin),
            Found::File { path, .. } => (path, String::new(), State::Wanted),
        };
        let key = (path, task.language == Language::Json);
        if let Some(&node) = self.known.get(&key) {
            return node;
        }
        let index = self.nodes.len();
        let is_file = matches!(state, State::Wanted);
        let name = if is_file { self.naming.name(&key.0) } else { name };
        if is_file {
            task.path = Some(key.0.clone());
            next.push(index);
        }
        self.known.insert(key, narrow(index));
        self.nodes.push(Node { name, task, state });
        narrow(index)
    }

    /// Loads a wave; the answers are in its order.
    fn load_all(&self, wave: &[usize], shared: &Shared) -> Vec<Result<Loaded, ErrorKind>> {
        let load = |index: usize| load::module(self, index, shared);
        let threads = if wave.len() < PARALLEL_FROM {
            1
        } else {
            std::thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX)
        };
        if threads == 1 {
            return wave.iter().map(|&index| load(index)).collect();
        }
        let taken = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(wave.len()));
        let work = || {
            let mut mine = Vec::new();
            while let Some(&index) = wave.get(taken.fetch_add(1, Ordering::Relaxed)) {
                mine.push((index, load(index)));
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                // Without the thread the others do its work.
                let builder =
                    std::thread::Builder::new().name("b8g-load".to_owned()).stack_size(WORKER_STACK_BYTES);
                if builder.spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|&(index, _)| index);
        done.into_iter().map(|(_, result)| result).collect()
    }

    /// What a module asks for.
    fn links(&self, index: usize) -> &[Link] {
        match &self.nodes[index].state {
            State::Loaded(loaded) => &loaded.links,
            _ => &[],
        }
    }

    /// Lists the files of the modules.
    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.nodes.iter().filter_map(|node| node.task.path.clone()).collect();
        if files.is_empty() {
            files.extend(self.naming.entry_file().map(Path::to_owned));
        }
        files
    }

    fn too_many(&self, index: usize, request: &Request, limits: &ProgramLimits) -> ErrorKind {
        ErrorKind::TooLarge {
            bound: Bound::Modules,
            limit: limits.modules_max,
            path: self.nodes[index].name.clone(),
            place: self.place(index, request.offset, request.len),
            help: None,
        }
    }

    /// The place of a request in the source of its module.
    fn place(&self, index: usize, offset: u32, len: u32) -> Option<Place> {
        let node = &self.nodes[index];
        match &node.state {
            State::Loaded(loaded) => {
                Some(Place::new(&node.name, &loaded.source, offset as usize, len as usize))
            }
            _ => None,
        }
    }
}

/// The number of modules is bounded far below 2^32 by memory.
fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
