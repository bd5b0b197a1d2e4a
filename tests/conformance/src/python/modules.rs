//! Which modules are run, and what is known of a test that was.

use std::fmt;

/// Which of CPython's tests are run, by the modules that they are about.
const CLAIMED: &str = include_str!("../../python/modules.txt");

/// A module of tests.
pub struct Module {
    /// What of the library it tests.
    pub library: String,
    /// Its name in the package `test`.
    pub test: String,
}

/// What became of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Passed,
    Failed,
    /// The suite does not run it here.
    Skipped,
    /// It needs threads, and was refused them.
    Threads,
    /// It needs processes, and was refused them.
    Processes,
}

/// A test that was run.
pub struct Test {
    pub name: String,
    pub state: State,
    pub why: String,
}

/// How many tests there are of each state.
#[derive(Clone, Debug, Default)]
pub struct Count {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
    pub threads: usize,
    pub processes: usize,
}

/// All modules that are run.
pub fn claimed() -> Vec<Module> {
    let mut modules = Vec::new();
    for line in CLAIMED.lines().filter(|line| !line.starts_with('#')) {
        let Some((library, tests)) = line.split_once(':') else { continue };
        let tests = tests.split_whitespace();
        modules.extend(tests.map(|test| Module { library: library.to_owned(), test: test.to_owned() }));
    }
    modules
}

impl State {
    /// The state that the driver calls so.
    pub fn named(word: &str) -> State {
        let all = [State::Passed, State::Skipped, State::Threads, State::Processes];
        all.into_iter().find(|state| state.word() == word).unwrap_or(State::Failed)
    }

    pub fn word(self) -> &'static str {
        match self {
            State::Passed => "passed",
            State::Failed => "failed",
            State::Skipped => "skipped",
            State::Threads => "threads",
            State::Processes => "processes",
        }
    }
}

impl Count {
    pub fn of(tests: &[Test]) -> Count {
        let mut count = Count::default();
        for test in tests {
            *match test.state {
                State::Passed => &mut count.passed,
                State::Failed => &mut count.failed,
                State::Skipped => &mut count.skipped,
                State::Threads => &mut count.threads,
                State::Processes => &mut count.processes,
            } += 1;
        }
        count
    }

    pub fn add(&mut self, other: &Count) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.threads += other.threads;
        self.processes += other.processes;
    }

    /// How many are counted: neither skipped nor refused what is never there.
    pub fn ran(&self) -> usize {
        self.passed + self.failed
    }

    /// What is not counted, and why.
    pub fn left_out(&self) -> Vec<(String, usize)> {
        let all = [
            ("that CPython's tests skip here by themselves", self.skipped),
            ("need threads", self.threads),
            ("need processes", self.processes),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).map(|(why, count)| (why.to_owned(), count)).collect()
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} pass", self.passed, self.ran())?;
        for (count, what) in
            [(self.skipped, "skipped"), (self.threads, "need threads"), (self.processes, "need processes")]
        {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_module_is_claimed_once_and_states_have_names() {
        let mut names: Vec<_> = claimed().into_iter().map(|module| module.test).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(names.iter().all(|name| name.starts_with("test_")));
        assert_eq!(State::named("threads"), State::Threads);
        assert_eq!(State::named("broken"), State::Failed);
    }
}
