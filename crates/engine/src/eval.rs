//! Cells: source texts that are evaluated one after the other in a context that lives on, as those of a notebook, an agent's
//! session or a prompt are.
//!
//! Start at [`Context::eval_cell`]. The component evaluates (event EVAL of `docs/abi.md`); what it answers is read here.
//! Invariant: what it answers is an enemy's, bounded and checked.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use b8g_core::Rights;
use b8g_core::abi::event;
use b8g_frontend_ts as frontend;
use thiserror::Error;

pub use b8g_frontend_ts::is_incomplete;

use crate::component::Language;
use crate::context::Context;
use crate::object::Object;
use crate::outcome::Outcome;

/// What a component says that a value has no form as JSON by.
const NO_JSON: usize = u32::MAX as usize;

/// What a cell came to: the value of its last expression, awaited if it is a promise.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Evaluation {
    /// The value for people: a string as it is, everything else as `console.log` shows it.
    pub text: String,
    /// The value as `JSON.stringify` gives it; `None` if it has no such form (`undefined`, a function, a circle), or a longer one
    /// than 16 MiB.
    pub json: Option<String>,
    /// What the value shows of itself beside text, by the type of that: `text/html`, `image/svg+xml`, `text/markdown`, and `image/png`, which
    /// is in base64.
    pub rich: BTreeMap<String, String>,
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq<str> for Evaluation {
    fn eq(&self, text: &str) -> bool {
        self.text == text
    }
}

impl PartialEq<&str> for Evaluation {
    fn eq(&self, text: &&str) -> bool {
        self.text == *text
    }
}

/// Why an evaluation gave no value.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// The code threw, or is none; the context lives on.
    #[error("{0}")]
    Thrown(String),
    /// The component cannot evaluate source text.
    #[error("this component evaluates no source text")]
    Unsupported,
    /// The context is dead.
    #[error("the context ended: {0}")]
    Ended(Outcome),
}

impl Context {
    /// Evaluates JavaScript in the context and gives its last value. Starts the context if need be.
    ///
    /// What it declares stays, and can be declared anew; `await` may stand at its top; what it prints goes where the context was
    /// granted to print. Errors that it leaves behind (a promise that nobody handles, say) are shown on the context's standard
    /// error and end nothing. Timers and promises go on while a later evaluation waits.
    ///
    /// ```
    /// # use b8g::{Component, Config, Context, Engine, Grants, Limits};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = Engine::new(Config::new())?;
    /// let mut session = Context::new(&Component::javascript(&engine)?, &Grants::none(), Limits::default())?;
    /// session.eval("const area = (r) => r ** 2 * 3")?;
    /// assert!(session.eval("area(").is_err());
    /// let value = session.eval("const circle = { r: 2, area: area(2) }; circle")?;
    /// assert_eq!(value.text, "{ r: 2, area: 12 }");
    /// assert_eq!(value.json.as_deref(), Some(r#"{"r":2,"area":12}"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`EvalError::Thrown`] when the code threw, [`EvalError::Ended`] when the context died of it.
    pub fn eval(&mut self, source: &str) -> Result<Evaluation, EvalError> {
        self.eval_cell("<eval>", Language::JavaScript, source)
    }

    /// Evaluates a cell as [`Context::eval`] does. `language` is for the JavaScript engine that is built in: a component for another language
    /// evaluates its own. Stack traces show it by its name. Types are stripped, and static imports of
    /// modules that are built in, or belong to the context's program, give what they name.
    ///
    /// # Errors
    /// As those of [`Context::eval`].
    pub fn eval_cell(
        &mut self,
        name: &str,
        language: Language,
        source: &str,
    ) -> Result<Evaluation, EvalError> {
        // Another language's component takes its own text as it is.
        if self.component.is_wasm() {
            let answer = self.timed(|context| context.ask('e', name, source))?;
            return read(&answer);
        }
        let cell = frontend::compile_cell(name, source, language)
            .map_err(|error| EvalError::Thrown(error.to_string().trim_end().to_owned()))?;
        let answer = self.timed(|context| context.ask('e', name, &cell.code))?;
        read(&answer)
    }

    /// The names that `text`, which ends where the cursor is, can go on with: `log` and `lookup` for `console.lo`, if there are
    /// such. It runs none of the program's code but the traps of proxies.
    ///
    /// # Errors
    /// As those of [`Context::eval`].
    pub fn complete(&mut self, text: &str) -> Result<Vec<String>, EvalError> {
        let answer = self.timed(|context| context.ask('c', "", text))?;
        let names = read(&answer)?.json.unwrap_or_default();
        Ok(serde_json::from_str(&names).unwrap_or_default())
    }

    /// Hands in a text and gives what the component answers.
    fn ask(&mut self, what: char, name: &str, text: &str) -> Result<Vec<u8>, EvalError> {
        self.start().map_err(EvalError::Ended)?;
        if self.event.is_none() && !self.is_guest() {
            return Err(EvalError::Unsupported);
        }
        let name = name.replace('\0', "");
        let answer = Arc::new(Mutex::new(Vec::new()));
        let table = &mut self.store.data_mut().table;
        let question = Object::Blob(Arc::from(format!("{what}{name}\0{text}").into_bytes()));
        let readable = Rights::READ.union(Rights::INSPECT);
        let handles = table.insert(question, readable).and_then(|question| {
            let object = Object::Answer(answer.clone());
            table.insert(object, Rights::WRITE).map(|answer| (question, answer))
        });
        let Ok((question, answer_handle)) = handles else { return Err(EvalError::Unsupported) };
        let mut sent = self.send(0, event::EVAL, question, i64::from(answer_handle.raw()));
        while sent.is_ok() && self.is_waiting() && lock(&answer).is_empty() {
            sent = self.resume();
        }
        sent.map_err(EvalError::Ended)?;
        let table = &mut self.store.data_mut().table;
        let _ = table.remove(question);
        let _ = table.remove(answer_handle);
        let answered = std::mem::take(&mut *lock(&answer));
        if answered.is_empty() { Err(EvalError::Ended(self.end())) } else { Ok(answered) }
    }
}

/// Reads an answer: a status, then an error, or the value as JSON behind its length and as text, or all of it as JSON.
fn read(answer: &[u8]) -> Result<Evaluation, EvalError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let value = match answer.split_first() {
        Some((0, rest)) => rest.split_first_chunk::<4>(),
        Some((2, rest)) => return serde_json::from_slice(rest).map(Rich::evaluation).map_err(|_| nonsense()),
        Some((_, error)) => return Err(EvalError::Thrown(text(error))),
        None => None,
    };
    let parted = value.and_then(|(length, rest)| match u32::from_le_bytes(*length) as usize {
        NO_JSON => Some((None, rest)),
        length => rest.split_at_checked(length).map(|(json, rest)| (Some(json), rest)),
    });
    let (json, shown) = parted.ok_or_else(nonsense)?;
    Ok(Evaluation { text: text(shown), json: json.map(text), rich: BTreeMap::new() })
}

fn nonsense() -> EvalError {
    EvalError::Thrown("InternalError: the component answered what is no value".to_owned())
}

/// An answer with more than text.
#[derive(serde::Deserialize)]
struct Rich {
    text: String,
    json: Option<Box<serde_json::value::RawValue>>,
    html: Option<String>,
    markdown: Option<String>,
    png: Option<String>,
    svg: Option<String>,
}

impl Rich {
    fn evaluation(self) -> Evaluation {
        let forms = [
            ("text/html", self.html),
            ("text/markdown", self.markdown),
            ("image/png", self.png),
            ("image/svg+xml", self.svg),
        ];
        let rich = forms.into_iter().filter_map(|(ty, shown)| Some((ty.to_owned(), shown?)));
        Evaluation {
            rich: rich.collect(),
            text: self.text,
            json: self.json.map(|json| json.get().to_owned()),
        }
    }
}

fn lock(answer: &Mutex<Vec<u8>>) -> std::sync::MutexGuard<'_, Vec<u8>> {
    answer.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
