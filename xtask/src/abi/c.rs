//! The C header: types, numbers, and a function for each operation.

use std::fmt::Write;

use b8g_core::Rights;
use b8g_core::abi::constants::{BOUNDS, ERRORS, GROUPS, LAYOUTS, ROLES};
use b8g_core::abi::operations::OPERATIONS;
use b8g_core::abi::requests::REQUESTS;
use b8g_core::abi::shape::{FieldType, Parameter, Shape};
use b8g_core::abi::{IMPORT_CALL, IMPORT_MODULE};

use super::{NOTICE, each, plain, upper};

/// What no table says: written by hand, and put at the header's end.
const HELPERS: &str = include_str!("helpers.h");

/// The whole header.
pub fn header() -> String {
    let mut out = format!(
        "/* The component ABI of b8g, version 1, for C99 and C++; docs/abi.md explains it, docs/guests.md how to use it.\n \
         * {NOTICE} */\n#ifndef B8G_H\n#define B8G_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n\
         /* A handle: 0 is the engine itself. */\ntypedef uint32_t b8g_handle;\n\n\
         /* The one callback. A negative answer is an error: see B8G_ERROR_AGAIN and the others. */\n\
         __attribute__((import_module(\"{IMPORT_MODULE}\"), import_name(\"{IMPORT_CALL}\")))\n\
         extern int64_t b8g_call(uint32_t op, b8g_handle handle, int64_t a, int64_t b, int64_t c, int64_t d);\n"
    );
    constants(&mut out);
    structures(&mut out);
    functions(&mut out);
    out.push_str(HELPERS);
    out.push_str("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
    out
}

fn title(out: &mut String, words: &str) {
    let _ = write!(out, "\n/* {words}. */\n");
}

fn define(out: &mut String, prefix: &str, name: &str, value: &str, meaning: &str) {
    let _ = writeln!(out, "#define B8G_{prefix}{name} {value} /* {} */", plain(meaning));
}

fn numbers<'a>(
    out: &mut String,
    words: &str,
    prefix: &str,
    rows: impl Iterator<Item = (&'a str, u32, &'a str)>,
) {
    title(out, words);
    for (name, number, meaning) in rows {
        define(out, prefix, &upper(name), &number.to_string(), meaning);
    }
}

fn constants(out: &mut String) {
    numbers(out, "Operations", "OP_", each!(Op));
    title(out, "Errors");
    for row in ERRORS {
        define(out, "ERROR_", row.name, &format!("({})", row.error.code()), row.meaning);
    }
    title(out, "Rights");
    for (right, name, meaning) in Rights::EACH {
        define(out, "RIGHT_", name, &format!("{:#x}u", right.bits()), meaning);
    }
    define(out, "RIGHT_", "ALL", &format!("{:#x}u", Rights::ALL.bits()), "Every right there is.");
    title(out, "Roles of the initial vector");
    for row in ROLES {
        define(out, "ROLE_", row.name, &(row.role as u32).to_string(), row.object);
    }
    title(out, "Requests of `ctl`");
    for row in REQUESTS {
        define(out, "CTL_", row.name, &(row.request as u32).to_string(), row.request.meaning());
    }
    numbers(out, "Kinds of objects", "KIND_", each!(Kind));
    numbers(out, "Types of files", "FILE_", each!(FileType));
    numbers(out, "Why a task ended", "END_", each!(EndReason));
    numbers(out, "Why an exchange of HTTP failed", "HTTP_FAILURE_", each!(HttpFailure));
    numbers(out, "Languages of the request COMPILE", "LANGUAGE_", each!(Language));
    for group in GROUPS {
        title(out, group.meaning);
        for row in group.each {
            let value = if group.flags { format!("{:#x}u", row.value) } else { row.value.to_string() };
            define(out, &format!("{}_", group.name), row.name, &value, row.meaning);
        }
    }
    title(out, "Bounds and sizes");
    for row in BOUNDS {
        define(out, "", row.name, &row.value.to_string(), row.meaning);
    }
}

fn structures(out: &mut String) {
    for layout in LAYOUTS {
        title(out, &format!("{}: {} bytes", layout.meaning, layout.bytes()));
        let _ = writeln!(out, "struct b8g_{} {{", layout.name);
        for field in layout.fields {
            let class = match field.class {
                FieldType::I32 => "int32_t",
                FieldType::U64 => "uint64_t",
                FieldType::I64 => "int64_t",
                FieldType::Handle => "b8g_handle",
                _ => "uint32_t",
            };
            let _ = writeln!(out, "    {class} {}; /* {} */", field.name, field.meaning);
        }
        out.push_str("};\n");
    }
    let _ = write!(
        out,
        "\n/* An offset in memory, as the callback takes it. */\n\
         static inline int64_t b8g_at(const volatile void *pointer) {{\n    return (int64_t)(uintptr_t)pointer;\n}}\n"
    );
}

fn functions(out: &mut String) {
    for operation in OPERATIONS {
        let number = format!("B8G_OP_{}", upper(operation.op.name()));
        let handle = match operation.handle {
            "" => None,
            name => Some(name),
        };
        if operation.verbs.is_empty() {
            title(out, &format!("{} answers {}", operation.name, operation.words));
            function(out, operation.name, &number, handle, None, operation.parameters);
        }
        for verb in operation.verbs {
            title(out, &format!("{} {}: {}", operation.name, verb.name, verb.words));
            let name = format!("{}_{}", operation.name, verb.name);
            let constant = format!("B8G_{}_{}", upper(operation.op.name()), verb.name.to_ascii_uppercase());
            let handle = handle.filter(|_| !verb.on_self);
            function(out, &name, &number, handle, Some(&constant), verb.parameters);
        }
    }
}

/// A function that calls the callback with its parameters turned into arguments.
fn function(
    out: &mut String,
    name: &str,
    number: &str,
    handle: Option<&str>,
    verb: Option<&str>,
    parameters: &[Parameter],
) {
    let mut arguments = ["0", "0", "0", "0"].map(str::to_owned);
    if let Some(verb) = verb {
        verb.clone_into(&mut arguments[0]);
    }
    let mut taken: Vec<String> = handle.iter().map(|handle| format!("b8g_handle {handle}")).collect();
    for parameter in parameters {
        let (declared, passed) = pass(parameter);
        taken.push(declared);
        for (at, argument) in passed.into_iter().enumerate() {
            arguments[parameter.at + at] = argument;
        }
    }
    let taken = if taken.is_empty() { "void".to_owned() } else { taken.join(", ") };
    let handle = handle.unwrap_or("0");
    let _ = writeln!(
        out,
        "static inline int64_t b8g_{name}({taken}) {{\n    return b8g_call({number}, {handle}, {});\n}}",
        arguments.join(", ")
    );
}

/// How a parameter is declared, and what is passed for it.
fn pass(parameter: &Parameter) -> (String, Vec<String>) {
    let name = parameter.name;
    let at = || format!("b8g_at({name})");
    let with_len = |class: &str| {
        (format!("{class} *{name}, size_t {name}_len"), vec![at(), format!("(int64_t){name}_len")])
    };
    let many = |class: &str| {
        (format!("{class} *{name}, size_t {name}_count"), vec![at(), format!("(int64_t){name}_count")])
    };
    let slice = |class: &str| {
        let both = format!("b8g_at({name}) | (int64_t)((uint64_t){name}_len << 32)");
        (format!("{class} *{name}, size_t {name}_len"), vec![both])
    };
    let one = |class: &str| (format!("{class}{name}"), vec![format!("(int64_t){name}")]);
    let pointer = |class: &str| (format!("{class} *{name}"), vec![at()]);
    match parameter.shape {
        Shape::Bytes => with_len("const void"),
        Shape::Text => with_len("const char"),
        Shape::Room => with_len("void"),
        Shape::RoomFor(layout) => {
            let class = format!("struct b8g_{}", layout.name);
            (format!("{class} *{name}"), vec![at(), format!("(int64_t)sizeof({class})")])
        }
        Shape::Many(layout) => many(&format!("const struct b8g_{}", layout.name)),
        Shape::Handles => many("const b8g_handle"),
        Shape::HandleRoom => many("b8g_handle"),
        Shape::Into(layout) => pointer(&format!("struct b8g_{}", layout.name)),
        Shape::From(layout) => pointer(&format!("const struct b8g_{}", layout.name)),
        Shape::Key => pointer("const uint8_t"),
        Shape::KeyRoom => pointer("uint8_t"),
        Shape::SliceFrom => slice("const void"),
        Shape::SliceInto => slice("void"),
        Shape::Answers => pointer("uint32_t"),
        Shape::Address => pointer("volatile void"),
        Shape::Number32 | Shape::Rights | Shape::StreamFlags => one("uint32_t "),
        Shape::Signed32 => one("int32_t "),
        Shape::Number => one("uint64_t "),
        Shape::Position | Shape::Deadline => one("int64_t "),
        Shape::OpenFlags => (
            format!("uint32_t {name}, uint32_t rights"),
            vec![format!("(int64_t)((uint64_t)rights << 32 | {name})")],
        ),
    }
}
