//! Cells from a pipe: a line each, or as many lines as it takes until one is whole.
//!
//! Start at [`read`].

use std::io::{self, BufRead};

use b8g::Outcome;

use super::session::{Answer, Cells, Session};
use crate::console::{Console, STDOUT, printable, write_all};
use crate::failure::Failure;

/// Bytes of one cell.
pub const CELL_BYTES_MAX: usize = 16 << 20;

/// Evaluates the cells of standard input, and prints the value of each that has one.
pub fn read(mut session: Session, console: Console) -> Result<i32, Failure> {
    let mut cell = String::new();
    let mut input = io::stdin().lock();
    loop {
        let more = io::Read::take(&mut input, (CELL_BYTES_MAX - cell.len()) as u64)
            .read_line(&mut cell)
            .map_err(|error| Failure::error(format!("cannot read standard input: {error}")))?;
        if cell.len() >= CELL_BYTES_MAX {
            return Err(Failure::error("a cell is longer than 16 MiB"));
        }
        if more > 0 && session.language.is_incomplete(cell.strip_suffix('\n').unwrap_or(&cell)) {
            continue;
        }
        let source = std::mem::take(&mut cell);
        if !source.trim().is_empty()
            && let Some(code) =
                show(session.eval(&source, session.language, None)?, session.language, console)
        {
            return Ok(code);
        }
        if more == 0 {
            return Ok(0);
        }
    }
}

/// Prints what became of a cell; gives the exit code if it ended the session.
pub fn show(answer: Answer, language: Cells, console: Console) -> Option<i32> {
    match answer {
        Answer::Value(value) => {
            if let Some(shown) = language.shown(&value) {
                let _ = write_all(STDOUT, format!("{shown}\n").as_bytes(), None);
            }
        }
        Answer::Thrown(text) => console.say(&format!("{}\n", printable(&text, true))),
        Answer::Exit(code) => return Some(code),
        Answer::Died { outcome, is_whole } => console.say(&console.line(&death(&outcome, is_whole))),
    }
    None
}

/// Why a cell was stopped, and what is left.
pub fn death(outcome: &Outcome, is_whole: bool) -> String {
    let left = match is_whole {
        true => "the session goes on from before this cell; files and connections are closed",
        false => "the session begins anew",
    };
    let text = outcome.to_string();
    let (why, place) = text.trim_end().split_once('\n').unwrap_or((text.trim_end(), ""));
    let place = place.lines().map(|frame| format!("\n{}", printable(frame, false))).collect::<String>();
    format!("{}; {left}{place}", printable(why, false))
}
