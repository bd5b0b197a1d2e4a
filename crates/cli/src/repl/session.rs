//! One session: a context in which one cell after the other is evaluated, and what becomes of it when one kills it.
//!
//! Start at [`Session::eval`]. Before each cell the context is frozen, which takes microseconds: a cell that dies leaves the
//! session as it was before it.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use b8g::{
    Context, EvalError, Evaluation, Image, Language, Outcome, Reason, WriteOptions, is_incomplete,
    is_incomplete_python,
};

use super::Running;
use crate::console::printable;
use crate::failure::Failure;
use crate::replace::replace;
use crate::run::Ready;

/// What completing a word may take.
const COMPLETION_TIMEOUT: Duration = Duration::from_millis(300);

/// What became of a cell.
#[derive(Debug)]
pub enum Answer {
    /// Its value.
    Value(Evaluation),
    /// What it threw, or why it is no program.
    Thrown(String),
    /// It ended the program itself, with this exit code.
    Exit(i32),
    /// It was stopped. The session goes on from before it, or, if that could not be frozen, from its beginning.
    Died {
        /// Why.
        outcome: Outcome,
        /// Whether what the cells before have declared is still there.
        is_whole: bool,
    },
}

/// What cells are written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cells {
    Script(Language),
    Python,
}

impl Cells {
    /// Tells whether a cell is only begun.
    pub fn is_incomplete(self, text: &str) -> bool {
        match self {
            Cells::Script(language) => is_incomplete(text, language),
            Cells::Python => is_incomplete_python(text),
        }
    }

    /// The language that a word or a file's ending names, among those that these cells may have.
    pub fn named(self, name: &str) -> Option<Cells> {
        match self {
            Cells::Script(_) => Language::from_path(format!("cell.{name}").as_ref()).map(Cells::Script),
            Cells::Python => matches!(name, "py" | "python").then_some(self),
        }
    }

    /// A value as it is typed; `None` for one that is nothing.
    pub fn shown(self, value: &Evaluation) -> Option<String> {
        match (self, &value.json) {
            (Cells::Python, _) if value.text.is_empty() => None,
            (Cells::Script(_), None) if value.text == "undefined" => None,
            (Cells::Script(_), Some(json)) if json.starts_with('"') => Some(printable(json, false)),
            _ => Some(printable(&value.text, true)),
        }
    }
}

/// A context and what it can be made of again.
pub struct Session {
    ready: Ready,
    context: Context,
    pub language: Cells,
    running: Running,
    cells: u64,
}

impl Session {
    pub fn new(ready: Ready, language: Cells, running: Running) -> Result<Session, Failure> {
        let mut context = ready.context(0)?;
        // A program that the session begins with is evaluated first.
        if let Err(ended) = context.start() {
            return Err(Failure { exit_code: ended.exit_code, ..Failure::error(ended.to_string()) });
        }
        context.suspend_deadline();
        Ok(Session { ready, context, language, running, cells: 0 })
    }

    /// Evaluates a cell.
    ///
    /// # Errors
    /// When the session cannot go on.
    pub fn eval(&mut self, source: &str, language: Cells, name: Option<&str>) -> Result<Answer, Failure> {
        self.cells += 1;
        let named = name.map_or_else(|| format!("cell {}", self.cells), str::to_owned);
        let before = self.context.snapshot().ok();
        // A component for another language evaluates its own.
        let language = match language {
            Cells::Script(language) => language,
            Cells::Python => Language::JavaScript,
        };
        let evaluated = self.context.renew_deadline().map_err(EvalError::Ended).and_then(|()| {
            self.set_running(true);
            let evaluated = self.context.eval_cell(&named, language, source);
            self.set_running(false);
            self.context.suspend_deadline();
            evaluated
        });
        Ok(match evaluated {
            Ok(value) => Answer::Value(value),
            Err(EvalError::Ended(outcome)) if outcome.reason == Reason::Exit => {
                Answer::Exit(outcome.exit_code)
            }
            Err(EvalError::Ended(outcome)) => {
                let is_whole = self.go_on(before)?;
                Answer::Died { outcome, is_whole }
            }
            Err(error) => Answer::Thrown(error.to_string()),
        })
    }

    /// Makes the context anew; tells whether it is as it was before the cell.
    fn go_on(&mut self, before: Option<Image>) -> Result<bool, Failure> {
        let is_whole = before.is_some();
        if let Some(image) = before {
            self.ready.go_on_from(image);
        }
        self.context = self.ready.context(0)?;
        self.context.start().map_err(|ended| Failure::error(ended.to_string()))?;
        self.context.suspend_deadline();
        Ok(is_whole)
    }

    fn set_running(&self, runs: bool) {
        let canceller = runs.then(|| self.context.canceller());
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = canceller;
    }

    /// The names that a text can go on with. A copy of the context finds them, so that nothing of the program's own stays of it.
    pub fn complete(&mut self, text: &str) -> Vec<String> {
        let copy =
            self.context.snapshot().ok().and_then(|image| self.ready.copy(&image, COMPLETION_TIMEOUT).ok());
        copy.and_then(|mut copy| copy.complete(text).ok()).unwrap_or_default()
    }

    /// Writes the session as an image.
    ///
    /// # Errors
    /// When it cannot be frozen or written.
    pub fn save(&mut self, path: &Path) -> Result<(), String> {
        let image = self.context.snapshot().map_err(|error| error.to_string())?;
        let bytes =
            image.to_bytes_with(&WriteOptions { name: "session".to_owned(), ..WriteOptions::default() });
        replace(path, &bytes.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
    }
}
