//! Cells for programs: each line of standard input is an object, and so is each line of standard output.
//!
//! Start at [`answer`]. Invariant: every line is answered by one line, in order; what is wrong with a line is said in its answer.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use b8g::Capture;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::lines::{CELL_BYTES_MAX, death};
use super::session::{Answer, Session};
use crate::console::{STDOUT, write_all};
use crate::failure::Failure;

/// What is asked for: a cell, or how a text can go on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// Given back with the answer.
    #[serde(default)]
    id: Option<serde_json::Value>,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    complete: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    lang: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<serde_json::Value>,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Box<RawValue>>,
    /// What the value shows of itself, by type: `text/html` and the like.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rich: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    stdout: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    stderr: String,
}

/// Answers the lines of standard input until they end, or a cell ends the program.
pub fn answer(mut session: Session, out: &Capture, error: &Capture) -> Result<i32, Failure> {
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = Read::take(&mut input, CELL_BYTES_MAX as u64)
            .read_until(b'\n', &mut line)
            .map_err(|error| Failure::error(format!("cannot read standard input: {error}")))?;
        if length == 0 {
            return Ok(0);
        }
        if length == CELL_BYTES_MAX {
            return Err(Failure::error("a line is longer than 16 MiB"));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let mut response = match serde_json::from_slice(&line) {
            Ok(request) => respond(&mut session, request)?,
            Err(error) => wrong(format!("this line is no request: {error}")),
        };
        let text = |capture: &Capture| String::from_utf8_lossy(&capture.take()).into_owned();
        (response.stdout, response.stderr) = (text(out), text(error));
        let mut written = serde_json::to_vec(&response).unwrap_or_default();
        written.push(b'\n');
        if write_all(STDOUT, &written, None).is_err() {
            return Ok(0);
        }
        if let Some(code) = response.exit_code.filter(|_| response.reason.is_none()) {
            return Ok(code);
        }
    }
}

fn wrong(error: String) -> Response {
    Response { error: Some(error), ..Response::default() }
}

fn respond(session: &mut Session, request: Request) -> Result<Response, Failure> {
    let language = match request.lang.as_deref() {
        None => Some(session.language),
        Some(name) => session.language.named(name),
    };
    let response = match (&request.code, &request.complete, language) {
        (_, _, None) => {
            wrong("the lang of a cell is js, ts, jsx or tsx; in a session of Python it is py".to_owned())
        }
        (Some(code), None, Some(language)) => of(session.eval(code, language, request.name.as_deref())?),
        (None, Some(text), _) => {
            Response { ok: true, names: Some(session.complete(text)), ..Response::default() }
        }
        _ => wrong("a request has either code or complete".to_owned()),
    };
    Ok(Response { id: request.id, ..response })
}

fn of(answer: Answer) -> Response {
    match answer {
        Answer::Value(value) => {
            // A guest's toJSON cannot make it write what is no JSON, but it is checked all the same.
            let json = value.json.and_then(|json| RawValue::from_string(json).ok());
            Response {
                ok: true,
                text: Some(value.text),
                value: json,
                rich: value.rich,
                ..Response::default()
            }
        }
        Answer::Thrown(error) => wrong(error),
        Answer::Exit(code) => Response { ok: true, exit_code: Some(code), ..Response::default() },
        Answer::Died { outcome, is_whole } => {
            let reason = Some(outcome.reason.name());
            Response { reason, exit_code: Some(outcome.exit_code), ..wrong(death(&outcome, is_whole)) }
        }
    }
}
