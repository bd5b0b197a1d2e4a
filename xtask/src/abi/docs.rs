//! The tables of `docs/abi.md`, between their marks.

use std::fmt::Write;

use anyhow::{Context, Result};
use b8g_core::Rights;
use b8g_core::abi::constants::{ERRORS, GROUPS, ROLES};
use b8g_core::abi::operations::OPERATIONS;
use b8g_core::abi::requests::REQUESTS;
use b8g_core::abi::shape::{Operation, Parameter};
use b8g_core::abi::{Kind, Op};

use super::{each, snake};

/// The name between the marks, and what stands there.
type Table = (&'static str, fn() -> String);

const TABLES: [Table; 8] = [
    ("errors", errors),
    ("operations", operations),
    ("verbs of task", task_verbs),
    ("roles", roles),
    ("kinds", kinds),
    ("requests", requests),
    ("failures", failures),
    ("compute", compute),
];

/// The document with its tables made anew; what lies outside of the marks stays as it is.
pub fn tables(held: &str) -> Result<String> {
    let mut text = held.to_owned();
    for (name, make) in TABLES {
        let mark = format!("<!-- generated: {name} -->\n");
        let begin =
            text.find(&mark).with_context(|| format!("there is no mark {}", mark.trim()))? + mark.len();
        let len =
            text[begin..].find("<!-- end -->").with_context(|| format!("{} has no end", mark.trim()))?;
        text.replace_range(begin..begin + len, &make());
    }
    Ok(text)
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "| {} |", head.join(" | "));
    let _ = writeln!(out, "|{}", " --- |".repeat(head.len()));
    for row in rows {
        out.push('|');
        for cell in row {
            let _ = write!(out, " {cell}{}|", if cell.is_empty() { "" } else { " " });
        }
        out.push('\n');
    }
    out
}

/// Two errors a line, so that the table stays short.
fn errors() -> String {
    let cells = |row: &b8g_core::abi::shape::ErrorName| {
        [format!("{}: {}", row.name, row.meaning), row.error.code().to_string()]
    };
    let (left, right) = ERRORS.split_at(ERRORS.len().div_ceil(2));
    let rows = left.iter().zip(right).map(|(left, right)| {
        let ([a, b], [c, d]) = (cells(left), cells(right));
        vec![a, b, String::new(), c, d]
    });
    table(&["error", "value", "", "error", "value"], rows)
}

fn operations() -> String {
    let row = |row: &Operation| {
        let mut cells = vec![
            (row.op as u32).to_string(),
            format!("{}({})", row.name, if row.handle.is_empty() { "0" } else { row.handle }),
            names(row.kinds, ""),
            alternatives(row.needs),
        ];
        cells.extend(arguments(row.parameters));
        cells.push(row.words.to_owned());
        cells
    };
    table(&["#", "operation", "on", "needs", "a", "b", "c", "d", "answers"], OPERATIONS.iter().map(row))
}

/// What stands in each of the four arguments.
fn arguments(parameters: &[Parameter]) -> [String; 4] {
    let mut cells = [const { String::new() }; 4];
    for parameter in parameters {
        for (at, words) in parameter.words.iter().enumerate() {
            cells[parameter.at + at] = (*words).to_owned();
        }
    }
    cells
}

fn task_verbs() -> String {
    let verbs = OPERATIONS.iter().filter(|row| row.op == Op::Task).flat_map(|row| row.verbs);
    let rows = verbs.map(|verb| {
        let name = format!("{} {}", verb.number, verb.name.to_ascii_uppercase());
        let [_, b, c, d] = arguments(verb.parameters);
        vec![name, rights(verb.needs), b, c, d, verb.words.to_owned()]
    });
    table(&["verb of `task(h)`", "needs", "b", "c", "d", "what it does"], rows)
}

fn roles() -> String {
    let rows = ROLES.iter().map(|row| {
        vec![
            format!("{} {}", row.role as u32, row.name),
            row.object.to_owned(),
            format!("{} {}", snake(row.kind.name()), row.kind as u32),
            row.uses.to_owned(),
        ]
    });
    table(&["role", "object", "kind", "what can be done"], rows)
}

fn kinds() -> String {
    let rows = each!(Kind).zip(Kind::ALL).map(|((name, number, meaning), kind)| {
        let operations =
            OPERATIONS.iter().filter(|row| row.kinds.contains(kind)).map(|row| row.name.to_owned());
        let requests = REQUESTS.iter().filter(|row| row.kinds.contains(kind)).map(|row| row.name.to_owned());
        let mut uses: Vec<String> = operations.collect();
        let requests: Vec<String> = requests.collect();
        if !requests.is_empty() {
            uses.push(format!("ctl {}", requests.join(" ")));
        }
        vec![number.to_string(), snake(name), meaning.trim_end_matches('.').to_owned(), uses.join(", ")]
    });
    table(&["#", "kind", "what it is", "operations, beside info, dup, close and wait"], rows)
}

fn failures() -> String {
    let rows = each!(HttpFailure).map(|(name, number, meaning)| {
        vec![number.to_string(), snake(name), meaning.trim_end_matches('.').to_owned()]
    });
    table(&["#", "failure", "what happened"], rows)
}

/// Groups of constants that only what computes needs.
const COMPUTE: [&str; 12] = [
    "HASH",
    "KDF",
    "CIPHER",
    "KEY",
    "FORMAT",
    "PADDING",
    "SIGN",
    "CODEC",
    "TLS",
    "TLS_FLAG",
    "TLS_FAULT",
    "TLS_ITEM",
];

fn compute() -> String {
    let groups = GROUPS.iter().filter(|group| COMPUTE.contains(&group.name));
    let rows = groups.flat_map(|group| {
        group.each.iter().map(|constant| {
            let meaning = constant.meaning.trim_end_matches('.').to_owned();
            vec![group.name.to_owned(), constant.value.to_string(), constant.name.to_owned(), meaning]
        })
    });
    table(&["of", "#", "name", "what it is"], rows)
}

fn requests() -> String {
    let rows = REQUESTS.iter().map(|row| {
        vec![
            (row.request as u32).to_string(),
            row.name.to_owned(),
            names(row.kinds, "0"),
            alternatives(row.needs),
            row.input_words.to_owned(),
            row.argument_words.to_owned(),
            row.words.to_owned(),
        ]
    });
    table(&["#", "request", "on", "needs", "in", "argument", "out, answer"], rows)
}

fn names(kinds: &[Kind], nothing: &str) -> String {
    let names: Vec<String> = kinds.iter().map(|kind| snake(kind.name())).collect();
    if names.is_empty() { nothing.to_owned() } else { names.join(", ") }
}

fn alternatives(needs: &[Rights]) -> String {
    let names: Vec<String> = needs.iter().map(|right| rights(*right)).collect();
    names.join(" or ")
}

fn rights(rights: Rights) -> String {
    if rights == Rights::NONE { String::new() } else { format!("{rights:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_of_the_marks_stays() {
        let mut text = "head\n".to_owned();
        for (name, _) in TABLES {
            let _ = write!(text, "before {name}\n<!-- generated: {name} -->\nOLD\n<!-- end -->\nafter\n");
        }
        let made = tables(&text).unwrap();
        assert!(made.starts_with("head\nbefore errors\n<!-- generated: errors -->\n| error | value |"));
        assert!(!made.contains("OLD") && made.matches("\nafter\n").count() == TABLES.len());
        assert_eq!(tables(&made).unwrap(), made);
        assert!(tables("nothing").is_err());
    }
}
