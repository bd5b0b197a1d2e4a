//! From the loaded graph to the blob: drops what cannot run, collects the names of CommonJS modules, writes.
//!
//! Start at [`finish`]. Invariant: a module is in the blob if and only if the entry can reach it and all that it imports
//! statically is there; every other target is UNRESOLVED.

use std::collections::{HashMap, HashSet};

use super::{Graph, Link, State, narrow};
use crate::error::{Bound, ErrorKind};
use crate::program::{ModuleInfo, ModuleKind, Record, UNRESOLVED, write};
use crate::requests::Via;

/// How many names one CommonJS module may export, and all together: a name is a guess, and guesses must stay cheap.
const NAMES_MAX: usize = 20_000;
const NAMES_TOTAL_MAX: usize = 1_000_000;

/// Writes the blob and lists what is in it.
pub(super) fn finish(graph: &mut Graph) -> Result<(Vec<u8>, Vec<ModuleInfo>), ErrorKind> {
    let broken = broken(graph);
    if broken[0] {
        return Err(cause(graph));
    }
    let kept = reachable(graph, &broken);
    let mut position = vec![UNRESOLVED; graph.nodes.len()];
    for (place, &index) in kept.iter().enumerate() {
        position[index] = narrow(place);
    }
    let imports: Vec<Vec<(String, u32)>> =
        kept.iter().map(|&index| imports(graph, index, &position)).collect();
    let names = Names::collect(graph, &kept);
    let records: Vec<Record> =
        kept.iter().zip(&imports).map(|(&index, imports)| record(graph, index, imports, &names)).collect();
    let too_large = |_| ErrorKind::TooLarge {
        bound: Bound::BlobBytes,
        limit: u32::MAX as usize,
        path: graph.nodes[0].name.clone(),
        place: None,
        help: None,
    };
    let blob = write(&records).map_err(too_large)?;
    let infos = kept.iter().zip(&records).map(|(&index, record)| ModuleInfo {
        name: record.name.to_owned(),
        kind: record.kind,
        path: graph.nodes[index].task.path.clone(),
        source_bytes: record.source.len(),
    });
    Ok((blob, infos.collect()))
}

/// Marks the modules that failed, and those that import such a module statically.
pub(super) fn broken(graph: &Graph) -> Vec<bool> {
    let mut broken: Vec<bool> =
        graph.nodes.iter().map(|node| matches!(node.state, State::Failed(_) | State::Wanted)).collect();
    if !broken.contains(&true) {
        return broken;
    }
    let mut importers: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for index in 0..graph.nodes.len() {
        for link in graph.links(index).iter().filter(|link| link.request.via == Via::Import) {
            if let Some(target) = link.node() {
                importers[target].push(index);
            }
        }
    }
    let mut stack: Vec<usize> = (0..broken.len()).filter(|&index| broken[index]).collect();
    while let Some(index) = stack.pop() {
        for &importer in &importers[index] {
            if !broken[importer] {
                broken[importer] = true;
                stack.push(importer);
            }
        }
    }
    broken
}

/// Finds the error for which the entry cannot run: the first on the way of its static imports.
fn cause(graph: &mut Graph) -> ErrorKind {
    let mut seen = HashSet::from([0]);
    let mut queue = std::collections::VecDeque::from([0]);
    while let Some(index) = queue.pop_front() {
        if let State::Failed(_) = graph.nodes[index].state
            && let State::Failed(error) = std::mem::replace(&mut graph.nodes[index].state, State::Wanted)
        {
            return error;
        }
        let statically = graph.links(index).iter().filter(|link| link.request.via == Via::Import);
        queue.extend(statically.filter_map(Link::node).filter(|&target| seen.insert(target)));
    }
    ErrorKind::Unsupported { message: "the program has no entry".to_owned(), place: None, help: None }
}

/// Lists what the entry reaches over modules that are not broken, breadth first.
fn reachable(graph: &Graph, broken: &[bool]) -> Vec<usize> {
    let mut seen = vec![false; broken.len()];
    seen[0] = true;
    let mut kept = vec![0];
    let mut next = 0;
    while next < kept.len() {
        for target in graph.links(kept[next]).iter().filter_map(Link::node) {
            if !broken[target] && !seen[target] {
                seen[target] = true;
                kept.push(target);
            }
        }
        next += 1;
    }
    kept
}

/// Lists the specifiers of a module. If one leads to two places, `require` comes first: it is the engine's choice.
fn imports(graph: &Graph, index: usize, position: &[u32]) -> Vec<(String, u32)> {
    let mut imports: Vec<(String, u32)> = Vec::with_capacity(graph.links(index).len());
    let mut place_of: HashMap<&str, usize> = HashMap::new();
    for link in graph.links(index) {
        let target = link.node().map_or(UNRESOLVED, |node| position[node]);
        let specifier = link.request.specifier.as_str();
        match place_of.get(specifier) {
            Some(&place) => {
                if link.request.via == Via::Require || imports[place].1 == UNRESOLVED {
                    imports[place].1 = target;
                }
            }
            None => {
                place_of.insert(specifier, imports.len());
                imports.push((specifier.to_owned(), target));
            }
        }
    }
    imports
}

fn record<'a>(graph: &'a Graph, index: usize, imports: &'a [(String, u32)], names: &'a Names) -> Record<'a> {
    let node = &graph.nodes[index];
    match &node.state {
        State::Loaded(loaded) => Record {
            kind: loaded.compiled.kind,
            name: &node.name,
            source: loaded.compiled.code.as_deref().unwrap_or(&loaded.source),
            map: &loaded.compiled.map,
            imports,
            names: names.of(index),
        },
        _ => {
            Record { kind: ModuleKind::Builtin, name: &node.name, source: "", map: &[], imports, names: &[] }
        }
    }
}

/// The names that CommonJS modules export to ES modules.
struct Names {
    of: HashMap<usize, Vec<String>>,
}

impl Names {
    fn collect(graph: &Graph, kept: &[usize]) -> Self {
        let mut of: HashMap<usize, Vec<String>> = HashMap::new();
        let mut total = 0;
        for &index in kept.iter().filter(|&&index| kind(graph, index) == Some(ModuleKind::Module)) {
            for target in graph.links(index).iter().filter_map(Link::node) {
                if kind(graph, target) == Some(ModuleKind::CommonJs)
                    && total < NAMES_TOTAL_MAX
                    && !of.contains_key(&target)
                {
                    let names = names_of(graph, target);
                    total += names.len();
                    of.insert(target, names);
                }
            }
        }
        Self { of }
    }

    fn of(&self, index: usize) -> &[String] {
        self.of.get(&index).map_or(&[], Vec::as_slice)
    }
}

fn kind(graph: &Graph, index: usize) -> Option<ModuleKind> {
    match &graph.nodes[index].state {
        State::Loaded(loaded) => Some(loaded.compiled.kind),
        _ => None,
    }
}

/// Collects the names of a module and of all whose names it exports too.
fn names_of(graph: &Graph, index: usize) -> Vec<String> {
    let mut names = Vec::new();
    let mut seen_names = HashSet::new();
    let mut seen = HashSet::from([index]);
    let mut stack = vec![index];
    while let Some(index) = stack.pop() {
        let State::Loaded(loaded) = &graph.nodes[index].state else { continue };
        let exports = &loaded.compiled.exports;
        for name in &exports.names {
            if names.len() < NAMES_MAX && seen_names.insert(name.as_str()) {
                names.push(name.clone());
            }
        }
        if exports.reexports.is_empty() {
            continue;
        }
        let required = loaded.links.iter().filter(|link| link.request.via == Via::Require);
        let targets: HashMap<&str, usize> =
            required.filter_map(|link| Some((link.request.specifier.as_str(), link.node()?))).collect();
        for specifier in exports.reexports.iter().rev() {
            if let Some(&target) = targets.get(specifier.as_str())
                && seen.insert(target)
            {
                stack.push(target);
            }
        }
    }
    names
}
