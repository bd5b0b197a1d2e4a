//! How the order of evaluation is kept when modules are left out.
//!
//! A module is evaluated when it is first reached, and what is left out may be what reaches it first. Start at [`find`]:
//! it walks the graph as the engine does, over everything, and notes for each request to a module that is left out which
//! modules it would have been the first to reach. Such a request then leads to these.
//!
//! Invariants: each module is noted once at most, so the notes are no more than the modules; the walk costs no call stack.

use std::collections::{BTreeMap, VecDeque};

use super::super::{Graph, narrow};
use crate::requests::Via;

/// What the request of a module (both by their places) reaches first, in the order in which it does.
pub(super) type Order = BTreeMap<(usize, usize), Vec<u32>>;

/// Finds what must be asked for in place of what is left out, unless it is broken.
pub(super) fn find(graph: &Graph, kept: &[bool], broken: &[bool]) -> Order {
    let mut walk = Walk { graph, kept, broken, seen: vec![false; kept.len()], order: Order::new() };
    // What `import()` and `require()` reach is evaluated later.
    let mut roots = VecDeque::from([0]);
    while let Some(root) = roots.pop_front() {
        if kept[root] && !walk.seen[root] {
            walk.from(root, &mut roots);
        }
    }
    walk.order
}

struct Walk<'a> {
    graph: &'a Graph,
    kept: &'a [bool],
    broken: &'a [bool],
    seen: Vec<bool>,
    order: Order,
}

/// A module whose imports are being followed.
struct Step {
    node: usize,
    /// The next of its requests.
    next: usize,
    /// For a module that is left out: the request of a module that stays through which it was reached.
    through: Option<(usize, usize)>,
}

impl Walk<'_> {
    fn from(&mut self, root: usize, roots: &mut VecDeque<usize>) {
        self.seen[root] = true;
        let mut steps = vec![Step { node: root, next: 0, through: None }];
        while let Some(step) = steps.last_mut() {
            let (node, place) = (step.node, step.next);
            let Some(link) = self.graph.links(node).get(place) else {
                steps.pop();
                continue;
            };
            step.next += 1;
            let through = step.through;
            let Some(target) = link.node() else { continue };
            if link.request.via != Via::Import {
                roots.extend(self.kept[node].then_some(target));
                continue;
            }
            if std::mem::replace(&mut self.seen[target], true) {
                continue;
            }
            let through = if self.kept[node] { Some((node, place)) } else { through };
            let stays = self.kept[target];
            if let Some(through) = through.filter(|_| stays && !self.kept[node] && !self.broken[target]) {
                self.order.entry(through).or_default().push(narrow(target));
            }
            steps.push(Step { node: target, next: 0, through: if stays { None } else { through } });
        }
    }
}
