//! Finds what is used: which modules are evaluated, and which names are taken from them.
//!
//! Start at [`find`]. The entry is used wholly; whatever is used uses other things, until nothing new is found. The
//! answer is a superset where that is not certain. Invariants: nothing is looked at twice for the same reason, and
//! looking for names behind `export *`, which could cost the product of names and modules, has a bound.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::super::{Graph, Link, State, narrow};
use crate::program::ModuleKind;
use crate::requests::Via;
use crate::shape::{Export, Shape, Taken, Usage};

/// How many `export *` are followed in looking for names; beyond that, whatever lies behind one counts as used.
const STARS_FOLLOWED_MAX: usize = 4_000_000;

/// The name that `export *` does not bring.
const DEFAULT: &str = "default";

/// What is used.
pub(super) struct Demand {
    /// Which modules stay.
    pub kept: Vec<bool>,
    /// Which items of the shape of a module that stays.
    pub alive: Vec<Vec<bool>>,
}

/// Finds what the entry uses.
pub(super) fn find(graph: &Graph) -> Demand {
    let nodes = graph.nodes.len();
    let mut search = Search {
        graph,
        found: Demand { kept: vec![false; nodes], alive: vec![Vec::new(); nodes] },
        names: HashSet::new(),
        all: vec![false; nodes],
        homes: None,
        stars_followed: 0,
        work: Vec::new(),
    };
    search.ask_for_everything(0);
    while let Some(ask) = search.work.pop() {
        match ask {
            Ask::Module(node) => search.module(node),
            Ask::Name(node, name) => search.name(node, name),
            Ask::All(node) => search.all(node),
        }
    }
    search.found
}

/// Something that is used.
enum Ask<'g> {
    /// A module, for what it does.
    Module(usize),
    Name(usize, &'g str),
    /// All names of a module but "default".
    All(usize),
}

struct Search<'g> {
    graph: &'g Graph,
    found: Demand,
    /// The names that are used of a module.
    names: HashSet<(usize, &'g str)>,
    /// Modules all of whose names but "default" are used.
    all: Vec<bool>,
    /// The modules of each package, once that matters.
    homes: Option<HashMap<PathBuf, Vec<usize>>>,
    stars_followed: usize,
    work: Vec<Ask<'g>>,
}

impl<'g> Search<'g> {
    fn shape(&self, node: usize) -> Option<&'g Shape> {
        match &self.graph.nodes[node].state {
            State::Loaded(loaded) => loaded.compiled.shape.as_ref(),
            _ => None,
        }
    }

    fn ask_for_everything(&mut self, node: usize) {
        self.work.push(Ask::All(node));
        self.work.push(Ask::Name(node, DEFAULT));
    }

    fn ask_for_targets(&mut self, links: impl Iterator<Item = &'g Link>) {
        for target in links.filter_map(Link::node) {
            self.ask_for_everything(target);
        }
    }

    /// A module is evaluated.
    fn module(&mut self, node: usize) {
        if std::mem::replace(&mut self.found.kept[node], true) {
            return;
        }
        let links = self.graph.links(node);
        let Some(shape) = self.shape(node) else {
            self.ask_for_targets(links.iter());
            if matches!(&self.graph.nodes[node].state, State::Loaded(loaded) if loaded.compiled.is_open) {
                self.open(node);
            }
            return;
        };
        self.found.alive[node] = vec![shape.is_open; shape.items.len()];
        if shape.is_open {
            self.ask_for_targets(links.iter());
            self.open(node);
            return;
        }
        self.ask_for_targets(links.iter().filter(|link| link.request.via != Via::Import));
        self.ask_for_targets(shape.dynamic.iter().map(|&place| &links[place]));
        for target in links.iter().filter_map(Link::node) {
            if !self.graph.nodes[target].task.is_pure {
                self.work.push(Ask::Module(target));
            }
        }
        for (index, item) in shape.items.iter().enumerate() {
            match &item.usage {
                Usage::None => {}
                Usage::Whole => self.take(node, shape, index),
                Usage::Members(members) => {
                    self.found.alive[node][index] = true;
                    if let Some(target) = links[shape.statements[item.statement].request].node() {
                        self.work.extend(members.iter().map(|name| Ask::Name(target, name)));
                        self.work.push(Ask::Module(target));
                    }
                }
            }
        }
    }

    /// An item of a module is used.
    fn take(&mut self, node: usize, shape: &'g Shape, index: usize) {
        let item = &shape.items[index];
        self.found.alive[node][index] = true;
        let Some(target) = self.graph.links(node)[shape.statements[item.statement].request].node() else {
            return;
        };
        match &item.taken {
            Taken::Name(name) => self.work.push(Ask::Name(target, name)),
            Taken::Namespace => self.ask_for_everything(target),
        }
    }

    /// A name of a module is used.
    fn name(&mut self, node: usize, name: &'g str) {
        if !self.names.insert((node, name)) {
            return;
        }
        self.module(node);
        let Some(shape) = self.shape(node) else { return };
        match shape.exports.get(name) {
            Some(Export::Own) => {}
            Some(&Export::Item(item)) => self.take(node, shape, item),
            None if name == DEFAULT || self.all[node] => {}
            None => self.behind_stars(node, name),
        }
    }

    /// All names of a module are used.
    fn all(&mut self, node: usize) {
        if std::mem::replace(&mut self.all[node], true) {
            return;
        }
        self.module(node);
        let Some(shape) = self.shape(node) else { return };
        for (name, export) in &shape.exports {
            if let Export::Item(item) = *export
                && name != DEFAULT
            {
                self.take(node, shape, item);
            }
        }
        self.work.extend(stars(self.graph, node, shape).map(Ask::All));
    }

    /// Looks for a name in what `export *` of a module bring. All modules on the ways to it are used, and bring it.
    fn behind_stars(&mut self, node: usize, name: &'g str) {
        let mut region = Region::of(node);
        let mut next = 0;
        while next < region.nodes.len() {
            let here = region.nodes[next];
            if let Some(shape) = self.shape(here).filter(|_| region.offers[next] == Offer::Not) {
                for target in stars(self.graph, here, shape) {
                    self.stars_followed += 1;
                    if self.stars_followed > STARS_FOLLOWED_MAX {
                        self.work.push(Ask::All(node));
                        return;
                    }
                    region.add(next, target, || self.offer(target, name));
                }
            }
            next += 1;
        }
        for place in region.ways() {
            let here = region.nodes[place];
            if region.offers[place] == Offer::Not {
                self.names.insert((here, name));
                self.work.push(Ask::Module(here));
            } else {
                self.work.push(Ask::Name(here, name));
            }
        }
    }

    /// Tells whether a module has a name without its own `export *`.
    fn offer(&self, node: usize, name: &str) -> Offer {
        match &self.graph.nodes[node].state {
            State::Failed(_) | State::Wanted => Offer::Unknown,
            State::Loaded(loaded) => match &loaded.compiled.shape {
                Some(shape) if !shape.exports.contains_key(name) => Offer::Not,
                None if loaded.compiled.kind == ModuleKind::Json => Offer::Not,
                _ => Offer::Given,
            },
            State::Builtin => Offer::Given,
        }
    }

    /// A module that may ask for others by their names: all of its package, or of one's own files, are used.
    fn open(&mut self, node: usize) {
        let graph = self.graph;
        let homes = self.homes.get_or_insert_with(|| {
            let mut homes: HashMap<PathBuf, Vec<usize>> = HashMap::new();
            for index in 0..graph.nodes.len() {
                homes.entry(home(graph, index)).or_default().push(index);
            }
            homes
        });
        for index in homes.remove(&home(graph, node)).unwrap_or_default() {
            self.ask_for_everything(index);
        }
    }
}

/// Where the `export *` of a module lead.
fn stars<'g>(graph: &'g Graph, node: usize, shape: &'g Shape) -> impl Iterator<Item = usize> + 'g {
    let stars = shape.statements.iter().filter(|statement| statement.is_star);
    stars.filter_map(move |statement| graph.links(node)[statement.request].node())
}

/// The directory of the package that a module belongs to; empty for one's own files.
fn home(graph: &Graph, node: usize) -> PathBuf {
    // The path of an entry is as it was given, but a file of a package may be one.
    let real = || graph.known.iter().find(|(_, index)| **index == 0).map(|((path, _), _)| path.as_path());
    let path = if node == 0 { real() } else { graph.nodes[node].task.path.as_deref() };
    let path = path.unwrap_or(Path::new(""));
    let within = path.ancestors().find(|above| above.ends_with("node_modules"));
    let Some(inside) = within.and_then(|above| Some((above, path.strip_prefix(above).ok()?))) else {
        return PathBuf::new();
    };
    let scoped = inside.1.as_os_str().as_encoded_bytes().starts_with(b"@");
    inside.0.join(inside.1.iter().take(if scoped { 2 } else { 1 }).collect::<PathBuf>())
}

/// Whether a module gives a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offer {
    Not,
    Given,
    /// The module could not be loaded.
    Unknown,
}

/// The modules that can be reached over `export *`.
struct Region {
    nodes: Vec<usize>,
    offers: Vec<Offer>,
    /// The place of each module in `nodes`.
    places: HashMap<usize, usize>,
    /// From which places a place was reached.
    back: Vec<Vec<u32>>,
}

impl Region {
    fn of(node: usize) -> Self {
        let places = HashMap::from([(node, 0)]);
        Self { nodes: vec![node], offers: vec![Offer::Not], places, back: vec![Vec::new()] }
    }

    fn add(&mut self, from: usize, node: usize, offer: impl FnOnce() -> Offer) {
        let place = *self.places.entry(node).or_insert(self.nodes.len());
        if place == self.nodes.len() {
            self.nodes.push(node);
            self.offers.push(offer());
            self.back.push(Vec::new());
        }
        self.back[place].push(narrow(from));
    }

    /// Lists the places from which the name can be reached. What could not be loaded counts if nothing else gives it:
    /// then that is why.
    fn ways(&self) -> Vec<usize> {
        let giving = if self.offers.contains(&Offer::Given) { Offer::Given } else { Offer::Unknown };
        let mut stack: Vec<usize> =
            (0..self.nodes.len()).filter(|&place| self.offers[place] == giving).collect();
        let mut on_way = vec![false; self.nodes.len()];
        stack.iter().for_each(|&place| on_way[place] = true);
        // What leads back to where the search began is no way to anything else.
        on_way[0] = true;
        while let Some(place) = stack.pop() {
            for &from in &self.back[place] {
                let from = from as usize;
                if !std::mem::replace(&mut on_way[from], true) {
                    stack.push(from);
                }
            }
        }
        (0..on_way.len()).filter(|&place| on_way[place]).collect()
    }
}
