//! The same operations as an interface of the component model: typed functions instead of offsets.

use std::fmt::Write;

use b8g_core::Rights;
use b8g_core::abi::constants::{ERRORS, GROUPS, LAYOUTS, ROLES};
use b8g_core::abi::operations::OPERATIONS;
use b8g_core::abi::requests::REQUESTS;
use b8g_core::abi::shape::{Answer, FieldType, Input, Layout, Output, Parameter, RequestForm, Shape};

use super::{NOTICE, each, kebab, plain, snake};

/// Words that WIT keeps for itself, of those that occur here.
const KEPT: [&str; 12] = [
    "type", "from", "list", "stream", "map", "use", "record", "flags", "enum", "resource", "result", "future",
];

/// The whole file.
pub fn interface() -> String {
    let mut out = format!(
        "// The component ABI of b8g, version 1, as typed functions; docs/abi.md explains the operations.\n// {NOTICE}\n\
         // Left out is what speaks of addresses in the caller's own memory.\n\
         package b8g:abi@1.0.0;\n"
    );
    types(&mut out);
    operations(&mut out);
    requests(&mut out);
    out.push_str(RUN);
    out
}

const RUN: &str = "
/// What a component exports.
interface run {
  use types.{handle, event-kind, state};

  /// Runs the component. A negative number is an error.
  start: func() -> result<state, s32>;
  /// Runs it again because something happened.
  event: func(token: s64, kind: event-kind, handle: handle, value: s64) -> result<state, s32>;
}

/// A component of this ABI.
world guest {
  import operations;
  import control;
  export run;
}
";

/// A name as WIT takes it.
fn id(name: &str) -> String {
    let name = kebab(name);
    if KEPT.contains(&name.as_str()) { format!("%{name}") } else { name }
}

/// A structure's name; a function of the same interface may have the usual one.
fn record_name(layout: &Layout) -> String {
    match layout.name {
        "info" => "handle-info".to_owned(),
        "stat" => "file-stat".to_owned(),
        name => id(name),
    }
}

fn words(out: &mut String, indent: &str, text: &str) {
    let _ = writeln!(out, "{indent}/// {}", plain(text));
}

fn cases(
    out: &mut String,
    form: &str,
    name: &str,
    about: &str,
    rows: impl Iterator<Item = (String, String)>,
) {
    out.push('\n');
    words(out, "  ", about);
    let _ = writeln!(out, "  {form} {} {{", id(name));
    for (case, meaning) in rows {
        words(out, "    ", &meaning);
        let _ = writeln!(out, "    {},", id(&case));
    }
    out.push_str("  }\n");
}

fn types(out: &mut String) {
    out.push_str("\n/// What operations take and answer.\ninterface types {\n  /// A handle; 0 is the engine itself.\n  type handle = u32;\n");
    let errors = ERRORS.iter().map(|row| (snake(&format!("{:?}", row.error)), row.meaning.to_owned()));
    let host = ("host(u16)".to_owned(), "What the host's system said, with the numbers of Linux.".to_owned());
    cases(out, "variant", "error", "Why an operation did not do what was asked.", errors.chain([host]));
    let rights = Rights::EACH.iter().map(|(_, name, meaning)| ((*name).to_owned(), (*meaning).to_owned()));
    cases(out, "flags", "rights", "What the holder of a handle may do.", rights);
    let roles = ROLES.iter().map(|row| (row.name.to_owned(), row.object.to_owned()));
    cases(out, "enum", "role", "What a handle of the initial vector is for.", roles);
    let name = |(name, _, meaning): (&str, u32, &str)| (snake(name), meaning.to_owned());
    cases(out, "enum", "kind", "What an object is.", each!(Kind).map(name));
    cases(out, "enum", "file-type", "The type of a file.", each!(FileType).map(name));
    cases(out, "enum", "end-reason", "Why a task ended.", each!(EndReason).map(name));
    cases(out, "enum", "http-failure", "Why an exchange of HTTP failed.", each!(HttpFailure).map(name));
    cases(out, "enum", "language", "What is compiled.", each!(Language).map(name));
    for group in GROUPS {
        let (form, name) = match group.name {
            "OPEN" | "STREAM" | "TIMES" | "HTTP" => ("flags", format!("{}-flags", kebab(group.name))),
            "READY" => ("flags", "ready".to_owned()),
            "EVENT" => ("enum", "event-kind".to_owned()),
            "STATE" => ("enum", "state".to_owned()),
            // Each verb is a function of its own.
            _ => continue,
        };
        let rows = group.each.iter().filter(|row| row.name != "ALL");
        cases(out, form, &name, group.meaning, rows.map(|row| (row.name.to_owned(), row.meaning.to_owned())));
    }
    for layout in LAYOUTS {
        record(out, layout);
    }
    out.push_str(
        "\n  /// A message that was received.\n  record message {\n    data: list<u8>,\n    handles: list<handle>,\n  }\n\
         \n  /// Why something was not compiled.\n  record refusal {\n    error: error,\n    why: string,\n  }\n}\n",
    );
}

fn record(out: &mut String, layout: &Layout) {
    out.push('\n');
    words(out, "  ", layout.meaning);
    let _ = writeln!(out, "  record {} {{", record_name(layout));
    for field in layout.fields.iter().filter(|field| field.name != "zero") {
        let class = match field.class {
            FieldType::U32 => "u32",
            FieldType::I32 => "s32",
            FieldType::U64 => "u64",
            FieldType::I64 => "s64",
            FieldType::Handle => "handle",
            FieldType::Kind => "kind",
            FieldType::Role => "role",
            FieldType::FileType => "file-type",
            FieldType::EndReason => "end-reason",
            FieldType::Rights => "rights",
            FieldType::Ready => "ready",
        };
        words(out, "    ", field.meaning);
        let _ = writeln!(out, "    {}: {class},", id(field.name));
    }
    out.push_str("  }\n");
}

fn operations(out: &mut String) {
    let names: Vec<String> = LAYOUTS
        .iter()
        .map(|layout| record_name(layout))
        .filter(|name| !matches!(name.as_str(), "offset" | "span" | "times" | "file-stat" | "session-state"))
        .collect();
    let _ = writeln!(
        out,
        "\n/// The operations.\ninterface operations {{\n  use types.{{handle, error, rights, open-flags, stream-flags, ready, message, {}}};",
        names.join(", ")
    );
    for operation in OPERATIONS.iter().filter(|operation| !operation.has_addresses()) {
        let handle = (!operation.handle.is_empty()).then(|| kebab(operation.handle));
        if operation.verbs.is_empty() && operation.answer != Answer::Varies {
            function(
                out,
                operation.name,
                operation.op.meaning(),
                handle.as_deref(),
                operation.parameters,
                operation.answer,
            );
        }
        for verb in operation.verbs {
            let name = format!("{}-{}", operation.name, verb.name);
            function(
                out,
                &name,
                verb.words,
                handle.as_deref().filter(|_| !verb.on_self),
                verb.parameters,
                verb.answer,
            );
        }
    }
    out.push_str(
        "  /// Parks a wait: the component returns the state waiting, and hears of it by an event.\n  \
         park: func(items: list<wait-item>, deadline: option<u64>) -> result<_, error>;\n}\n",
    );
}

fn function(
    out: &mut String,
    name: &str,
    about: &str,
    handle: Option<&str>,
    parameters: &[Parameter],
    answer: Answer,
) {
    let mut taken: Vec<String> = handle.iter().map(|handle| format!("{handle}: handle")).collect();
    let mut given = match answer {
        Answer::Nothing | Answer::Varies => "_".to_owned(),
        Answer::Handle => "handle".to_owned(),
        Answer::Count => "u32".to_owned(),
        Answer::Message => "message".to_owned(),
        Answer::Part => unreachable!("it has addresses"),
        Answer::Number => "u64".to_owned(),
    };
    for Parameter { name, shape, .. } in parameters {
        let class = match shape {
            Shape::Bytes | Shape::Key | Shape::SliceFrom => "list<u8>".to_owned(),
            Shape::Text => "string".to_owned(),
            Shape::Many(layout) => format!("list<{}>", record_name(layout)),
            Shape::Handles => "list<handle>".to_owned(),
            Shape::From(layout) => format!("option<{}>", record_name(layout)),
            Shape::Address => unreachable!("it has addresses"),
            Shape::Number32 => "u32".to_owned(),
            Shape::Signed32 => "s32".to_owned(),
            Shape::Number => "u64".to_owned(),
            Shape::Position | Shape::Deadline => "option<u64>".to_owned(),
            Shape::Rights => "rights".to_owned(),
            Shape::StreamFlags => "stream-flags".to_owned(),
            Shape::OpenFlags => {
                taken.push("%flags: open-flags".to_owned());
                taken.push("rights: rights".to_owned());
                continue;
            }
            Shape::Room | Shape::SliceInto => {
                if answer == Answer::Count {
                    "list<u8>".clone_into(&mut given);
                }
                taken.push(format!("{name}-max: u32"));
                continue;
            }
            Shape::HandleRoom => {
                taken.push(format!("{name}-max: u32"));
                continue;
            }
            Shape::RoomFor(layout) | Shape::Into(layout) => {
                given = record_name(layout);
                continue;
            }
            Shape::KeyRoom => {
                "list<u8>".clone_into(&mut given);
                continue;
            }
            Shape::Answers => {
                "list<ready>".clone_into(&mut given);
                continue;
            }
        };
        taken.push(format!("{}: {class}", id(name)));
    }
    words(out, "  ", about);
    let _ = writeln!(out, "  {}: func({}) -> result<{given}, error>;", id(name), taken.join(", "));
}

fn requests(out: &mut String) {
    out.push_str("\n/// The requests of `ctl`.\ninterface control {\n  use types.{handle, error, language, role, refusal, address, entry, offset, span, file-stat, times, session-state};\n");
    for form in REQUESTS {
        request(out, form);
    }
    out.push_str("}\n");
}

fn request(out: &mut String, form: &RequestForm) {
    let mut taken = Vec::new();
    if !form.kinds.is_empty() {
        taken.push("h: handle".to_owned());
    }
    match form.input {
        Input::None => {}
        Input::Bytes => taken.push("input: list<u8>".to_owned()),
        Input::Text => taken.push("input: string".to_owned()),
        Input::Texts => taken.push("inputs: list<string>".to_owned()),
        Input::From(layout) => taken.push(format!("input: {}", record_name(layout))),
        Input::Two(first, second) => {
            taken.push(format!("{}: string", id(first)));
            taken.push(format!("{}: string", id(second)));
        }
        Input::FromThenPath(layout) => {
            taken.push(format!("input: {}", record_name(layout)));
            taken.push("path: string".to_owned());
        }
        Input::FromThenBytes(layout) => {
            taken.push(format!("input: {}", record_name(layout)));
            taken.push("bytes: list<u8>".to_owned());
        }
    }
    match form.argument {
        "" => {}
        "to-directory" => taken.push("to-directory: handle".to_owned()),
        "language" => taken.push("language: language".to_owned()),
        "role" => taken.push("role: role".to_owned()),
        name => taken.push(format!("{}: u64", id(name))),
    }
    let given = match (form.output, form.answer) {
        (Output::Into(layout), _) => record_name(layout),
        (Output::Many(layout), _) => format!("list<{}>", record_name(layout)),
        (Output::Bytes, Answer::Count) => {
            taken.push("out-max: u32".to_owned());
            "list<u8>".to_owned()
        }
        (_, Answer::Handle) => "handle".to_owned(),
        (_, Answer::Number) => "u64".to_owned(),
        _ => "_".to_owned(),
    };
    let error = if matches!((form.output, form.answer), (Output::Bytes, Answer::Handle)) {
        "refusal"
    } else {
        "error"
    };
    words(out, "  ", form.request.meaning());
    let _ = writeln!(out, "  {}: func({}) -> result<{given}, {error}>;", id(form.name), taken.join(", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference parser takes it, and finds every operation in it.
    #[test]
    fn the_interface_parses() {
        let mut resolve = wit_parser::Resolve::new();
        resolve.push_source("b8g.wit", &interface()).unwrap();
        let functions = |name: &str| {
            let found = resolve.interfaces.iter().find(|(_, i)| i.name.as_deref() == Some(name)).unwrap();
            found.1.functions.keys().cloned().collect::<Vec<_>>()
        };
        let (operations, requests) = (functions("operations"), functions("control"));
        for row in OPERATIONS.iter().filter(|row| row.answer != Answer::Varies && !row.has_addresses()) {
            assert!(operations.iter().any(|name| name == row.name), "{}", row.name);
        }
        assert!(operations.iter().any(|name| name == "task-join"));
        assert_eq!(requests.len(), REQUESTS.len());
        assert_eq!(resolve.worlds.iter().count(), 1);
    }
}
