//! Trees of tasks: what the contexts of one use together.
//!
//! Start reading at [`Tree::below`]. What a task uses counts for it, and for each tree that it is a part of.
//!
//! Invariants: no tree uses more than its bounds, however its parts share it; what could not be had at one level is counted at
//! none; what was given back is counted nowhere.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::allowance::{Allowance, Lease};
use crate::{Error, Limits};

/// What the contexts of a tree use together.
#[derive(Debug)]
pub struct Tree {
    /// What it is a part of.
    above: Option<Arc<Tree>>,
    memory_bytes: AtomicU64,
    memory_bytes_max: u64,
    output_bytes: AtomicU64,
    output_bytes_max: Option<u64>,
    tasks: Allowance,
}

impl Tree {
    /// The tree of a context that nobody started as a task, and which has used so many bytes of memory and output.
    pub fn root(limits: &Limits, memory_bytes: u64, output_bytes: u64) -> Tree {
        let tasks = Allowance::new(limits.tasks_max.into());
        Tree::new(None, limits, tasks, memory_bytes, output_bytes)
    }

    /// The tree of a task, as a part of this one.
    pub fn below(self: &Arc<Tree>, limits: &Limits) -> Tree {
        Tree::new(Some(self.clone()), limits, self.tasks.clone(), 0, 0)
    }

    fn new(
        above: Option<Arc<Tree>>,
        limits: &Limits,
        tasks: Allowance,
        memory_bytes: u64,
        output_bytes: u64,
    ) -> Tree {
        Tree {
            above,
            memory_bytes: AtomicU64::new(memory_bytes),
            memory_bytes_max: limits.memory_bytes_max,
            output_bytes: AtomicU64::new(output_bytes),
            output_bytes_max: limits.output_bytes_max,
            tasks,
        }
    }

    /// Counts one more task of the whole tree, as long as the lease lives.
    ///
    /// # Errors
    /// [`Error::Limit`] when there are as many as there may be.
    pub fn lease_task(&self) -> Result<Lease, Error> {
        self.tasks.lease()
    }

    /// Tasks, bytes of memory and bytes of output that are counted here; tasks are those of the whole tree.
    pub fn used(&self) -> (u64, u64, u64) {
        (self.tasks.used(), self.memory_bytes.load(Relaxed), self.output_bytes.load(Relaxed))
    }

    /// Takes more memory, if all of them together may have as much.
    pub fn take_memory(&self, bytes: u64) -> bool {
        let more = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.memory_bytes_max);
        if self.memory_bytes.fetch_update(Relaxed, Relaxed, more).is_err() {
            return false;
        }
        let taken = self.above.as_ref().is_none_or(|above| above.take_memory(bytes));
        if !taken {
            self.memory_bytes.fetch_sub(bytes, Relaxed);
        }
        taken
    }

    /// Gives memory back that was taken.
    pub fn give_memory_back(&self, bytes: u64) {
        self.memory_bytes.fetch_sub(bytes, Relaxed);
        if let Some(above) = &self.above {
            above.give_memory_back(bytes);
        }
    }

    /// Takes room for so many bytes of output, or for as many as all of them together may still write.
    pub fn take_output(&self, bytes: u64) -> u64 {
        let max = self.output_bytes_max.unwrap_or(u64::MAX);
        let mut taken = 0;
        let more = |used: u64| {
            taken = bytes.min(max.saturating_sub(used));
            used.checked_add(taken)
        };
        let _ = self.output_bytes.fetch_update(Relaxed, Relaxed, more);
        let granted = self.above.as_ref().map_or(taken, |above| above.take_output(taken));
        self.output_bytes.fetch_sub(taken - granted, Relaxed);
        granted
    }

    /// Gives back room for output that was not used.
    pub fn give_output_back(&self, bytes: u64) {
        self.output_bytes.fetch_sub(bytes, Relaxed);
        if let Some(above) = &self.above {
            above.give_output_back(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(memory_bytes_max: u64, output_bytes_max: Option<u64>) -> Limits {
        Limits { memory_bytes_max, output_bytes_max, tasks_max: 2, ..Limits::default() }
    }

    #[test]
    fn what_a_part_uses_counts_for_the_whole() {
        let root = Arc::new(Tree::root(&limits(100, Some(50)), 20, 10));
        let left = Arc::new(root.below(&limits(90, None)));
        let right = Arc::new(root.below(&limits(30, Some(5))));
        assert!(left.take_memory(60) && !right.take_memory(21), "the whole has 20 left");
        assert_eq!((right.used().1, root.used().1), (0, 80), "nothing is counted of what could not be had");
        assert!(right.take_memory(20) && !right.take_memory(1));
        left.give_memory_back(60);
        assert!(!right.take_memory(11) && right.take_memory(10), "its own bound");
        assert_eq!([left.take_output(1000), right.take_output(9), left.take_output(1)], [40, 0, 0]);
        left.give_output_back(30);
        assert_eq!([right.take_output(9), left.take_output(100), root.used().2], [5, 25, 50]);
    }

    #[test]
    fn tasks_are_counted_for_the_whole_tree() {
        let root = Arc::new(Tree::root(&limits(1, None), 0, 0));
        let below = Arc::new(root.below(&limits(1, None)));
        let one = below.lease_task().unwrap();
        let two = Arc::new(below.below(&limits(1, None))).lease_task().unwrap();
        assert_eq!(root.lease_task().unwrap_err(), Error::Limit);
        drop((one, two));
        assert_eq!(root.used().0, 0);
    }
}
