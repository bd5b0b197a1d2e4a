//! Leaves out modules that nobody uses, where their packages say that nothing else is lost.
//!
//! Start at [`shake`]. `demand` finds what is used, from the entry on; `order` finds how the order of evaluation is kept
//! without what is left out; here statements and links that lead to nothing used are taken away.
//!
//! Everything is loaded first, for two reasons: which names an `export *` brings can be seen only in what it leads to,
//! and what is left out still says when the rest is evaluated. Invariants: what remains is evaluated in the order in
//! which it would be with everything there; no statement that remains names an export that is gone; taken away is
//! replaced by blanks, so that every position stays.

mod demand;
mod order;

use std::collections::HashMap;

use self::demand::Demand;
use super::{Format, Graph, Link, Loaded, Node, State, Target, Task, finish, narrow};
use crate::commonjs::Exports;
use crate::compile::Compiled;
use crate::erase::Blanks;
use crate::error::ErrorKind;
use crate::language::Language;
use crate::program::ModuleKind;
use crate::requests::{Request, Via};
use crate::shape::{Shape, Statement, Taken};

/// Takes away what nobody uses. Fails if what is used has a mistake that must be told.
pub(super) fn shake(graph: &mut Graph) -> Result<(), ErrorKind> {
    let demand = demand::find(graph);
    tell_mistakes(graph, &demand.kept)?;
    // What cannot run must not be asked for by modules that can do without it.
    let order = order::find(graph, &demand.kept, &finish::broken(graph));
    let mut pins = Pins { node: graph.nodes.len(), modules: Vec::new() };
    let of_node: Vec<HashMap<usize, u32>> = by_node(order, graph.nodes.len(), &mut pins);
    for (index, pinned) in of_node.iter().enumerate() {
        if let State::Loaded(loaded) = &mut graph.nodes[index].state
            && demand.kept[index]
            && let Some(shape) = loaded.compiled.shape.take()
        {
            Pruning { shape: &shape, demand: &demand, alive: &demand.alive[index], pinned }.prune(loaded);
        }
    }
    graph.nodes.append(&mut pins.modules);
    Ok(())
}

/// Tells a mistake in one's own files, as if nothing had been left out.
fn tell_mistakes(graph: &mut Graph, kept: &[bool]) -> Result<(), ErrorKind> {
    let is_mistake = |&index: &usize| match &graph.nodes[index].state {
        State::Failed(error) => kept[index] && graph.is_own_mistake(index, error),
        _ => false,
    };
    let Some(index) = (0..kept.len()).find(is_mistake) else { return Ok(()) };
    match std::mem::replace(&mut graph.nodes[index].state, State::Wanted) {
        State::Failed(error) => Err(error),
        _ => Ok(()),
    }
}

/// The modules that stand for several which a module that is left out would have asked for first.
struct Pins {
    /// The index of the next one.
    node: usize,
    modules: Vec<Node>,
}

/// Says for every module which of its requests lead where instead.
fn by_node(order: order::Order, nodes: usize, pins: &mut Pins) -> Vec<HashMap<usize, u32>> {
    let mut of_node = vec![HashMap::new(); nodes];
    for ((node, link), first) in order {
        let target = match first[..] {
            [only] => only,
            _ => pins.add(&first),
        };
        of_node[node].insert(link, target);
    }
    of_node
}

impl Pins {
    /// Makes a module that does nothing but import others, in their order.
    fn add(&mut self, targets: &[u32]) -> u32 {
        let link = |(place, &target): (usize, &u32)| {
            let specifier = place.to_string();
            let request = Request { specifier, offset: 0, len: 0, via: Via::Import, json: false };
            Link { request, found: Some(Target::Node(target)) }
        };
        let links = targets.iter().enumerate().map(link).collect();
        let source = (0..targets.len()).map(|place| format!("import\"{place}\";")).collect();
        let compiled = Compiled {
            kind: ModuleKind::Module,
            code: None,
            map: Vec::new(),
            requests: Vec::new(),
            exports: Exports::default(),
            shape: None,
            is_open: false,
        };
        let (language, format) = (Language::JavaScript, Format::Module);
        let task = Task { path: None, language, format, asked_by: None, needed: false, is_pure: true };
        // The engine finds modules by their names; no path is called like this.
        let name = format!("(order {})", self.node);
        self.modules.push(Node { name, task, state: State::Loaded(Loaded { source, compiled, links }) });
        self.node += 1;
        narrow(self.node - 1)
    }
}

/// What goes from one module.
struct Pruning<'a> {
    shape: &'a Shape,
    demand: &'a Demand,
    /// Which of its items are used.
    alive: &'a [bool],
    /// Where requests lead instead of to a module that is left out.
    pinned: &'a HashMap<usize, u32>,
}

impl Pruning<'_> {
    fn prune(&self, loaded: &mut Loaded) {
        let code = loaded.compiled.code.as_deref().unwrap_or(&loaded.source);
        let mut blanks = Blanks::new(code);
        for statement in &self.shape.statements {
            self.statement(statement, &loaded.links, &mut blanks);
        }
        for &(span, item) in &self.shape.passed_on {
            if !self.alive[item] {
                blanks.item(span);
            }
        }
        if let Some(code) = blanks.write_short() {
            loaded.compiled.code = Some(code);
        }
        let links = std::mem::take(&mut loaded.links).into_iter().enumerate();
        let remaining = links.filter_map(|(place, link)| match self.pinned.get(&place) {
            Some(&pin) => Some(Link { found: Some(Target::Node(pin)), ..link }),
            None => self.stays(&link).then_some(link),
        });
        loaded.links = remaining.collect();
    }

    /// Tells whether a request leads to what it asks for.
    fn stays(&self, link: &Link) -> bool {
        link.node().is_none_or(|target| self.demand.kept[target])
    }

    fn statement(&self, statement: &Statement, links: &[Link], blanks: &mut Blanks) {
        if !self.stays(&links[statement.request]) {
            if self.pinned.contains_key(&statement.request) {
                blanks.all_but_source(statement.span.start, statement.source);
            } else {
                blanks.statement(statement.span);
            }
            return;
        }
        let items = statement.items.clone();
        if !items.is_empty() && items.clone().all(|item| !self.alive[item]) {
            blanks.all_but_source(statement.span.start, statement.source);
            return;
        }
        let first = items.start;
        for index in items.filter(|&index| !self.alive[index]) {
            let item = &self.shape.items[index];
            if item.taken == Taken::Namespace && index > first {
                // Only a default import can stand before it: `import a, * as b`.
                blanks.between(self.shape.items[first].span.end, item.span.end);
            } else {
                blanks.item(item.span);
            }
        }
    }
}
