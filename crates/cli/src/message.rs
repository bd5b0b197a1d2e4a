//! What b8g says on stderr when a run has ended: the error, what was refused, and a last line with the reason and what
//! to do about it.
//!
//! Start at [`ending`]. Everything that a guest chose is made harmless for a terminal before it is shown.

use std::fmt::Write;

use b8g::{Access, Denial, Grant, Limits, Outcome, Reason};

use crate::console::{Console, printable};
use crate::grants::flag_of;
use crate::units::{duration_flag, size_flag, size_text};

/// Denials that are shown; a report has all of them.
const DENIALS_SHOWN_MAX: usize = 5;

/// How a run ended, as far as words for it are needed.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    pub outcome: &'a Outcome,
    pub limits: &'a Limits,
    /// What it was granted.
    pub granted: &'a [Grant],
    /// The signal that ended it.
    pub signal: Option<&'a str>,
}

/// All that is to be printed about the end of a run; empty when there is nothing to say.
pub fn ending(console: Console, ended: &Ended<'_>) -> String {
    let outcome = ended.outcome;
    let mut text = String::new();
    if outcome.broken_pipe || outcome.is_success() {
        return text;
    }
    if let Some(details) = details(outcome, console.quiet) {
        text.push_str(&console.error(&details));
    }
    if console.quiet {
        return text;
    }
    let fatal = fatal_denial(outcome);
    let mut others: Vec<&Denial> =
        outcome.usage.denied.iter().filter(|denial| fatal.is_none_or(|fatal| fatal != *denial)).collect();
    // Programs ask for many environment values that they can do without.
    others.sort_by_key(|denial| denial.access == Access::Env);
    for denial in others.iter().take(DENIALS_SHOWN_MAX) {
        text.push_str(&console.line(&format!("denied: {}", refusal(denial, ended.granted))));
    }
    let more = others.len().saturating_sub(DENIALS_SHOWN_MAX);
    if more > 0 {
        text.push_str(&console.line(&format!("denied: … and {more} more (--report lists them)")));
    }
    if let Some(line) = last_line(ended, fatal) {
        text.push_str(&console.line(&line));
    }
    text
}

/// The error with its stack trace, where it says more than the last line does.
fn details(outcome: &Outcome, alone: bool) -> Option<String> {
    let message = outcome.message.trim_end();
    let several_lines = message.contains('\n');
    let wanted = match outcome.reason {
        Reason::Exit => false,
        Reason::Error | Reason::Policy | Reason::Trap | Reason::Memory => several_lines || alone,
        _ => several_lines && !alone,
    };
    let before = if outcome.reason == Reason::Trap { "trap: " } else { "" };
    (wanted && !message.is_empty()).then(|| format!("{before}{}", printable(&folded(message), true)))
}

/// The message with lines that repeat, as those of a deep recursion do, shown once.
fn folded(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut lines = message.lines().peekable();
    while let Some(line) = lines.next() {
        let mut more = 0;
        while lines.next_if_eq(&line).is_some() {
            more += 1;
        }
        text.push_str(line);
        text.push('\n');
        match more {
            0 => {}
            1 => text.extend([line, "\n"]),
            more => {
                let _ = writeln!(text, "    … {more} times more");
            }
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// The denial that the program died of.
fn fatal_denial(outcome: &Outcome) -> Option<&Denial> {
    if outcome.reason != Reason::Policy {
        return None;
    }
    let denied = &outcome.usage.denied;
    let by_flag = denied.iter().rev().find(|denial| outcome.message.contains(&denial.flag()));
    by_flag.or(denied.iter().rev().find(|denial| outcome.message.contains(&denial.target))).or(denied.last())
}

fn last_line(ended: &Ended<'_>, fatal: Option<&Denial>) -> Option<String> {
    let (outcome, limits) = (ended.outcome, ended.limits);
    let headline = printable(outcome.message.lines().next().unwrap_or_default(), false);
    Some(match outcome.reason {
        Reason::Exit => return None,
        Reason::Error => match error_advice(&headline) {
            Some(advice) => format!("error: {headline} ({advice})"),
            None => format!("error: {headline}"),
        },
        Reason::Policy => match fatal {
            Some(denial) => format!("policy: {}", refusal(denial, ended.granted)),
            None => format!("policy: {headline}"),
        },
        Reason::Trap => match trap_advice(&headline) {
            Some(advice) => format!("trap: {headline} ({advice})"),
            None => format!("trap: {headline}"),
        },
        Reason::Timeout => {
            let timeout = limits.timeout.unwrap_or_default();
            let (after, more) = (duration_flag(timeout), duration_flag(timeout.saturating_mul(2)));
            format!("stopped: still running after {after} (raise it with --timeout={more})")
        }
        Reason::Memory => {
            let max = limits.memory_bytes_max;
            let (had, more) = (size_text(max), size_flag(max.saturating_mul(2).max(1 << 20)));
            format!("stopped: needed more than {had} of memory (raise it with --memory={more})")
        }
        Reason::Output => {
            let max = limits.output_bytes_max.unwrap_or_default();
            let (had, more) = (size_text(max), size_flag(max.saturating_mul(2).max(1 << 10)));
            format!("stopped: wrote more than {had} of output (raise it with --output-limit={more})")
        }
        Reason::Cancelled => match ended.signal {
            Some(signal) => format!("stopped: interrupted by {signal}"),
            None => "stopped: from outside".to_owned(),
        },
    })
}

/// What was refused, and the flag that grants it.
fn refusal(denial: &Denial, granted: &[Grant]) -> String {
    let target = printable(&denial.target, false);
    let what = match denial.access {
        Access::Read => format!("read access to \"{target}\""),
        Access::Write => format!("write access to \"{target}\""),
        Access::Net => format!("a connection to \"{target}\""),
        Access::Listen => format!("listening at \"{target}\""),
        Access::Env => format!("the environment value \"{target}\""),
    };
    format!("{what} was not granted (grant it with {})", shell_word(&flag_of(denial, granted)))
}

/// What to write instead of what other runtimes have.
fn error_advice(headline: &str) -> Option<&'static str> {
    const ADVICE: [(&str, &str); 2] = [
        ("Deno is not defined", "import { args, env, exit, open } from \"b8g\" instead"),
        ("require is not defined", "use import or createRequire of \"node:module\", or name the file .cjs"),
    ];
    let name = headline.strip_prefix("Uncaught ")?.trim_start_matches("(in promise) ");
    let name = name.strip_prefix("ReferenceError: ")?;
    ADVICE.iter().find(|(what, _)| *what == name).map(|(_, advice)| *advice)
}

/// What a person can do about a trap.
fn trap_advice(headline: &str) -> Option<&'static str> {
    const ADVICE: [(&str, &str); 5] = [
        ("call stack exhausted", "it calls itself too deeply; 1 MiB of call stack is there"),
        ("unreachable", "the program gave up: an abort, a panic or a failed assertion"),
        ("out of bounds memory access", "a bug of the program: it used a wild pointer"),
        ("unknown import", "b8g does not provide it; --unknown-imports=refuse lists all such imports"),
        ("integer divide by zero", "a bug of the program"),
    ];
    ADVICE.iter().find(|(what, _)| headline.contains(what)).map(|(_, advice)| *advice)
}

/// Quotes an argument so that a shell reads it as one word, where it can be typed at all.
fn shell_word(argument: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+[]".contains(c);
    if argument.chars().all(plain) {
        return argument.to_owned();
    }
    let mut word = String::with_capacity(argument.len() + 2);
    let _ = write!(word, "'{}'", printable(argument, false).replace('\'', "'\\''"));
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use b8g::Usage;
    use clap::ColorChoice;
    use std::time::Duration;

    fn outcome(reason: Reason, message: &str, denied: &[(Access, &str)]) -> Outcome {
        let denied = denied
            .iter()
            .map(|(access, target)| Denial { access: *access, target: (*target).into() })
            .collect();
        let usage = Usage { denied, ..Usage::default() };
        Outcome { reason, exit_code: reason.exit_code(), message: message.into(), broken_pipe: false, usage }
    }

    fn said(outcome: &Outcome, limits: &Limits, quiet: bool) -> String {
        let console = Console::new(ColorChoice::Never, quiet);
        ending(console, &Ended { outcome, limits, granted: &[], signal: Some("SIGINT") })
    }

    #[track_caller]
    fn check(reason: Reason, message: &str, denied: &[(Access, &str)], want: &str) {
        let limits = Limits {
            timeout: Some(Duration::from_millis(500)),
            output_bytes_max: Some(1 << 30),
            ..Limits::default()
        };
        assert_eq!(said(&outcome(reason, message, denied), &limits, false), want);
    }

    #[test]
    fn the_last_line_says_why_and_what_to_do() {
        check(Reason::Exit, "", &[], "");
        check(
            Reason::Timeout,
            "still running after 500ms",
            &[],
            "b8g: stopped: still running after 500ms (raise it with --timeout=1s)\n",
        );
        check(
            Reason::Memory,
            "more than 67108864 bytes of memory",
            &[],
            "b8g: stopped: needed more than 64 MiB of memory (raise it with --memory=128M)\n",
        );
        check(
            Reason::Output,
            "x",
            &[],
            "b8g: stopped: wrote more than 1 GiB of output (raise it with --output-limit=2G)\n",
        );
        check(Reason::Cancelled, "x", &[], "b8g: stopped: interrupted by SIGINT\n");
        check(Reason::Trap, "undefined element", &[], "b8g: trap: undefined element\n");
        check(
            Reason::Trap,
            "out of bounds memory access\n    at f (a.c:3)",
            &[],
            "error: trap: out of bounds memory access\n    at f (a.c:3)\n\
             b8g: trap: out of bounds memory access (a bug of the program: it used a wild pointer)\n",
        );
    }

    #[test]
    fn errors_are_shown_with_their_stack() {
        check(
            Reason::Error,
            "Uncaught TypeError: x\n    at a.ts:1:2\n",
            &[],
            "error: Uncaught TypeError: x\n    at a.ts:1:2\nb8g: error: Uncaught TypeError: x\n",
        );
        check(Reason::Error, "Uncaught 5", &[], "b8g: error: Uncaught 5\n");
        check(
            Reason::Error,
            "Uncaught (in promise) ReferenceError: Deno is not defined",
            &[],
            "b8g: error: Uncaught (in promise) ReferenceError: Deno is not defined \
             (import { args, env, exit, open } from \"b8g\" instead)\n",
        );
        check(
            Reason::Error,
            "Uncaught RangeError\n    at f\n    at f\n    at f\n    at g\n    at g\n",
            &[],
            "error: Uncaught RangeError\n    at f\n    … 2 times more\n    at g\n    at g\n\
             b8g: error: Uncaught RangeError\n",
        );
    }

    #[test]
    fn a_denial_says_its_flag() {
        check(
            Reason::Policy,
            "Uncaught PermissionDenied: read access to data/x.csv (--allow-read=data/x.csv)",
            &[(Access::Read, "data/x.csv"), (Access::Env, "HOME")],
            "b8g: denied: the environment value \"HOME\" was not granted (grant it with --allow-env=HOME)\n\
             b8g: policy: read access to \"data/x.csv\" was not granted (grant it with --allow-read=data/x.csv)\n",
        );
        check(Reason::Exit, "", &[], "");
        let mut failed = outcome(
            Reason::Exit,
            "",
            &[(Access::Net, "h:1"), (Access::Listen, "[::]:80"), (Access::Write, "it's")],
        );
        assert_eq!(said(&failed, &Limits::default(), false), "", "it went well all the same");
        failed.exit_code = 3;
        assert_eq!(
            said(&failed, &Limits::default(), false),
            "b8g: denied: a connection to \"h:1\" was not granted (grant it with --allow-net=h:1)\n\
             b8g: denied: listening at \"[::]:80\" was not granted (grant it with --allow-listen=[::]:80)\n\
             b8g: denied: write access to \"it's\" was not granted (grant it with '--allow-write=it'\\''s')\n",
        );
    }

    #[test]
    fn denials_that_are_shown_are_few() {
        let names: Vec<String> = (0..20).map(|i| format!("f{i}")).collect();
        let denied: Vec<_> = names.iter().map(|name| (Access::Read, name.as_str())).collect();
        let text = said(&outcome(Reason::Error, "Uncaught 5", &denied), &Limits::default(), false);
        assert_eq!(text.lines().count(), DENIALS_SHOWN_MAX + 2);
        assert!(text.contains("… and 15 more"));
    }

    #[test]
    fn a_guest_cannot_forge_the_last_line() {
        let evil = "x\nb8g: all is well\x1b[8m";
        let text = said(&outcome(Reason::Policy, "", &[(Access::Read, evil)]), &Limits::default(), false);
        assert_eq!(text.lines().count(), 1);
        assert!(!text.contains('\x1b'));
        let text = said(&outcome(Reason::Error, evil, &[]), &Limits::default(), false);
        assert_eq!(text.lines().last(), Some("b8g: error: x"));
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn quiet_leaves_only_errors() {
        let limits = Limits::default();
        let denied = [(Access::Read, "x")];
        assert_eq!(
            said(&outcome(Reason::Error, "Uncaught 5", &denied), &limits, true),
            "error: Uncaught 5\n"
        );
        assert_eq!(said(&outcome(Reason::Timeout, "late\n  at x", &[]), &limits, true), "");
    }
}
