//! The prompt: cells that a person types, with line editing, history and completion.
//!
//! Start at [`read`]. A word that begins with a dot is for the prompt itself: [`HELP`].

use std::cell::RefCell;
use std::fs;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Editor, Helper};

use super::Typing;
use super::lines::{CELL_BYTES_MAX, show};
use super::session::{Cells, Session};
use crate::console::{Console, STDOUT, write_all};
use crate::failure::Failure;
use crate::program::shown;

const HELP: &str = "\
.help        this
.load FILE   evaluate a file as a cell
.save FILE   write the session as an image: b8g repl FILE goes on from it
.exit        end; so does Ctrl-D
Ctrl-C stops a cell that runs, or gives up what was typed. Tab completes. A cell goes on over lines until it is whole.
";

/// Lines of history that are kept.
const HISTORY_MAX: usize = 1_000;

/// What the terminal was like before anything was typed.
#[derive(Debug)]
pub struct Terminal(libc::termios);

impl Terminal {
    pub fn remember() -> Terminal {
        let mut settings = MaybeUninit::<libc::termios>::zeroed();
        // SAFETY: a valid place for the answer; zeroes are valid settings where there is none.
        Terminal(unsafe {
            libc::tcgetattr(libc::STDIN_FILENO, settings.as_mut_ptr());
            settings.assume_init()
        })
    }

    /// Makes it so again.
    pub fn restore(&self) {
        // SAFETY: the settings came from the system.
        unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, &raw const self.0) };
    }
}

/// What line editing asks the session for.
struct Assistant(RefCell<Session>);

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let text = &line[..at];
        let word = text.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        Ok((word.len(), self.0.borrow_mut().complete(text)))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let is_open = !input.starts_with('.') && self.0.borrow().language.is_incomplete(input);
        Ok(if is_open { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Hinter for Assistant {
    type Hint = String;
}

impl Highlighter for Assistant {}

impl Helper for Assistant {}

/// Evaluates what is typed until the person has enough.
pub fn read(
    session: Session,
    console: Console,
    history: Option<PathBuf>,
    typing: &Typing,
) -> Result<i32, Failure> {
    let unusable = |error: ReadlineError| Failure::error(format!("cannot use the terminal: {error}"));
    let config = Config::builder().completion_type(CompletionType::List).max_history_size(HISTORY_MAX);
    let config = config.map_err(unusable)?.auto_add_history(false).build();
    let mut editor = Editor::<Assistant, FileHistory>::with_config(config).map_err(unusable)?;
    if let Some(path) = &history {
        let _ = path.parent().map(fs::create_dir_all);
        // There is none the first time.
        let _ = editor.load_history(path);
    }
    let language = session.language;
    editor.set_helper(Some(Assistant(RefCell::new(session))));
    if !console.quiet {
        let what = match language {
            Cells::Python => "Python",
            Cells::Script(_) => "JavaScript or TypeScript",
        };
        let hint = format!("b8g {}: type {what}, .help or Ctrl-D\n", env!("CARGO_PKG_VERSION"));
        let _ = write_all(STDOUT, hint.as_bytes(), None);
    }
    typing.store(true, Relaxed);
    loop {
        let typed = match editor.readline("> ") {
            Ok(typed) => typed,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(0),
            Err(error) => return Err(unusable(error)),
        };
        if typed.trim().is_empty() {
            continue;
        }
        let _ = editor.add_history_entry(&typed);
        // At once, so that nothing is lost whatever ends the process.
        if let Some(path) = &history {
            let _ = editor.append_history(path);
        }
        let Some(Assistant(session)) = editor.helper() else { return Ok(0) };
        let mut session = session.borrow_mut();
        if let Some(code) = act(&mut session, &typed, console)? {
            return Ok(code);
        }
    }
}

/// Does what was typed; gives the exit code if that was the end.
fn act(session: &mut Session, typed: &str, console: Console) -> Result<Option<i32>, Failure> {
    let language = session.language;
    let Some(command) = typed.strip_prefix('.').filter(|rest| rest.starts_with(char::is_alphabetic)) else {
        return Ok(show(session.eval(typed, language, None)?, language, console));
    };
    let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let path = Path::new(rest.trim());
    match word {
        "exit" => return Ok(Some(0)),
        "help" => console.say(HELP),
        "save" | "load" if path.as_os_str().is_empty() => {
            console.say(&console.error(&format!(".{word} needs the name of a file")));
        }
        "save" => match session.save(path) {
            Ok(()) => console.say(&console.line(&format!("b8g repl {} goes on from here", shown(path)))),
            Err(why) => console.say(&console.error(&format!("cannot write {}: {why}", shown(path)))),
        },
        "load" => match source(path) {
            Ok(source) => {
                let ending = path.extension().and_then(|ending| ending.to_str());
                let language = ending.and_then(|ending| language.named(ending)).unwrap_or(language);
                return Ok(show(session.eval(&source, language, path.to_str())?, language, console));
            }
            Err(why) => console.say(&console.error(&format!("cannot read {}: {why}", shown(path)))),
        },
        _ => console.say(&console.error(&format!("there is no .{word}; .help lists what there is"))),
    }
    Ok(None)
}

fn source(path: &Path) -> std::io::Result<String> {
    let file = fs::metadata(path)?;
    if !file.is_file() || file.len() > CELL_BYTES_MAX as u64 {
        return Err(std::io::Error::other("it is no file, or larger than 16 MiB"));
    }
    fs::read_to_string(path)
}
