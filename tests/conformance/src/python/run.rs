//! Runs one module of tests. What ends a context counts against the test that ran, and the next context goes on behind it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use b8g::{
    Config, Context, Engine, Grants, Image, Limits, Outcome, Python, PythonEntry, PythonOptions, Stdout,
};
use serde_json::Value;

use super::modules::{Module, State, Test};

const DRIVER: &[u8] = include_bytes!("../../python/driver.py");
/// After this time no test begins: the next context goes on.
const SECONDS: u64 = 30;
/// No context takes longer.
const TIME_MAX: Duration = Duration::from_secs(SECONDS + 40);
const MEMORY_BYTES_MAX: u64 = 512 << 20;
/// The name of what stands for a module that cannot be run at all.
const WHOLE: &str = "(the module)";

/// What all modules share.
pub struct Runner {
    program: Image,
    suite: PathBuf,
    /// Where the tests' output goes.
    output: Stdout,
    /// Where the tests' own directories are.
    work: PathBuf,
}

/// What one context told.
#[derive(Default)]
struct Told {
    names: Option<Vec<String>>,
    /// The tests that began, with what became of them.
    ended: Vec<(usize, Option<(State, String)>)>,
    /// What could not be prepared: its name, and what became of it.
    groups: Vec<(String, State, String)>,
    /// The module itself cannot be run.
    module: Option<(State, String)>,
    is_done: bool,
    has_more: bool,
}

impl Runner {
    pub fn new(suite: &Path) -> Result<Runner> {
        let engine = Engine::new(Config::new())?;
        let image = component()?;
        let python = Python::open(&engine, &image).with_context(|| {
            format!("cannot use {}; `b8g component add python` makes it", image.display())
        })?;
        let work = std::env::temp_dir().join(format!("b8g-conformance-python-{}", std::process::id()));
        fs::create_dir_all(&work)?;
        let driver = work.join("driver.py");
        fs::write(&driver, DRIVER)?;
        let options = PythonOptions { working_directory: Some(work.clone()), ..PythonOptions::default() };
        let (_, program) = python.load(PythonEntry::File(&driver), &options)?;
        let shows = std::env::var_os("B8G_CONFORMANCE_OUTPUT").is_some();
        let output = if shows { Stdout::Inherit } else { Stdout::Discard };
        Ok(Runner { program, suite: suite.to_owned(), output, work })
    }

    /// Runs all tests of a module.
    pub fn run(&self, module: &Module) -> Vec<Test> {
        let mut tests = Vec::new();
        let (mut names, mut first) = (Vec::new(), 0);
        loop {
            let (told, outcome) = match self.run_from(module, first) {
                Ok(told) => told,
                Err(error) => {
                    tests.push(whole(State::Failed, format!("{error:#}")));
                    return tests;
                }
            };
            if let Some(all) = &told.names {
                names.clone_from(all);
            }
            if let Some((state, why)) = told.module {
                tests.push(whole(state, why));
                return tests;
            }
            let next = told.ended.last().map_or(first, |(index, _)| index + 1);
            let next = if told.is_done { names.len().max(next) } else { next };
            for index in first..next {
                tests.push(judged(index, &names, &told, &outcome));
            }
            if told.is_done {
                return tests;
            }
            if next == first {
                tests.push(whole(State::Failed, ending(&outcome)));
                return tests;
            }
            first = next;
        }
    }

    /// Runs the tests from one on, as far as they get in a context.
    fn run_from(&self, module: &Module, first: usize) -> Result<(Told, Outcome)> {
        let own = self.work.join(&module.test);
        for name in ["work", "tmp", "report", "python"] {
            fs::create_dir_all(own.join(name))?;
        }
        let arguments = [
            "driver.py",
            "/suite",
            "/work",
            "/report/lines",
            &format!("test.{}", module.test),
            &first.to_string(),
            &SECONDS.to_string(),
        ];
        let grants = Grants::none()
            .clocks()
            .randomness()
            .compute()
            .stdout(self.output.clone())
            .stderr(self.output.clone())
            .arguments(arguments)
            .environment("TMPDIR", Some("/tmp"))
            .net("localhost")?
            .net("127.0.0.1")?
            .listen("localhost")?
            .listen("127.0.0.1")?
            .directory(&self.suite, "/suite", false)?
            // Tests of the language look at the sources of the library, which are not there.
            .directory(own.join("python"), "/python", false)?
            .directory(own.join("work"), "/work", true)?
            .directory(own.join("tmp"), "/tmp", true)?
            .directory(own.join("report"), "/report", true)?;
        let limits =
            Limits { timeout: Some(TIME_MAX), memory_bytes_max: MEMORY_BYTES_MAX, ..Limits::default() };
        let outcome = Context::restore(&self.program, &grants, limits)?.run();
        let lines = fs::read(own.join("report/lines")).unwrap_or_default();
        fs::remove_dir_all(&own)?;
        Ok((read(&lines), outcome))
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.work);
    }
}

/// The image of the component, where `b8g component add python` has put it.
fn component() -> Result<PathBuf> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = || named("XDG_DATA_HOME").or_else(|| Some(named("HOME")?.join(".local/share")));
    let place = named("B8G_COMPONENTS").or_else(|| Some(data()?.join("b8g/components")));
    let image = place.context("there is no home directory")?.join("python/component.b8g");
    ensure!(image.is_file(), "there is no {}; `b8g component add python` makes it", image.display());
    Ok(image)
}

fn whole(state: State, why: String) -> Test {
    Test { name: WHOLE.to_owned(), state, why }
}

/// What a context's end says of the test that was running.
fn ending(outcome: &Outcome) -> String {
    let first = outcome.message.lines().next().unwrap_or_default();
    format!("{} (exit code {}) {first}", outcome.reason, outcome.exit_code).trim_end().to_owned()
}

/// What became of a test: told by itself, by its class that could not be prepared, or by the end of the context.
fn judged(index: usize, names: &[String], told: &Told, outcome: &Outcome) -> Test {
    let name = names.get(index).cloned().unwrap_or_else(|| index.to_string());
    let own = told.ended.iter().find(|(ended, _)| *ended == index);
    let (state, why) = match own {
        Some((_, Some((state, why)))) => (*state, why.clone()),
        Some((_, None)) => (State::Failed, ending(outcome)),
        None => {
            let of =
                |group: &&(String, State, String)| format!("{name}.").starts_with(&format!("{}.", group.0));
            let group = told.groups.iter().find(of).or(told.groups.last());
            group.map_or((State::Failed, "never ran".to_owned()), |(_, state, why)| (*state, why.clone()))
        }
    };
    Test { name, state, why }
}

/// Reads what the driver wrote.
fn read(lines: &[u8]) -> Told {
    let mut told = Told::default();
    for line in String::from_utf8_lossy(lines).lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        let text = |at: usize| line[at].as_str().unwrap_or_default().to_owned();
        let end = |at: usize| (State::named(&text(at)), text(at + 1));
        match text(0).as_str() {
            "names" => {
                let names = line[1].as_array().into_iter().flatten();
                told.names = Some(names.filter_map(Value::as_str).map(str::to_owned).collect());
            }
            "test" => told.ended.push((line[1].as_u64().unwrap_or_default() as usize, None)),
            "end" | "broken" => {
                if let Some((_, ended)) = told.ended.last_mut().filter(|(_, ended)| ended.is_none()) {
                    *ended = Some(end(1));
                }
            }
            "group" => {
                let name = text(1);
                let of = name.split_once('(').map_or(name.as_str(), |(_, of)| of.trim_end_matches(')'));
                let (state, why) = end(2);
                told.groups.push((of.trim_start_matches("test.").to_owned(), state, why));
            }
            "module" => told.module = Some(end(1)),
            "more" => told.has_more = true,
            "done" => told.is_done = true,
            _ => {}
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_writes_is_read() {
        let lines = br#"["names", ["test_a.A.test_x", "test_a.A.test_y", "test_a.B.test_z"]]
["test", 0, "test_a.A.test_x"]
["end", "failed", "AssertionError: no"]
["group", "setUpClass (test.test_a.B)", "threads", "RuntimeError: threads"]
["test", 1, "test_a.A.test_y"]
["en"#;
        let told = read(lines);
        assert!(!told.is_done && !told.has_more && told.module.is_none());
        assert_eq!(told.names.as_ref().map(Vec::len), Some(3));
        assert_eq!(told.ended[0], (0, Some((State::Failed, "AssertionError: no".to_owned()))));
        assert_eq!(told.ended[1], (1, None), "the context ended while it ran");
        assert_eq!(told.groups[0].0, "test_a.B");
    }
}
