//! The constants and structures for Rust guests.

use std::fmt::Write;

use b8g_core::Rights;
use b8g_core::abi::constants::{BOUNDS, ERRORS, GROUPS, LAYOUTS, ROLES};
use b8g_core::abi::requests::REQUESTS;
use b8g_core::abi::shape::FieldType;
use b8g_core::abi::{IMPORT_CALL, IMPORT_MODULE};

use super::{NOTICE, each, plain, upper};

/// A constant's name, its value and what it is.
type Row = (String, String, String);

/// The whole file.
pub fn constants() -> String {
    let mut out = format!(
        "//! The numbers and structures of the component ABI, version 1.\n//!\n//! {NOTICE}\n\n\
         /// The module that the callback is imported from.\npub const IMPORT_MODULE: &str = \"{IMPORT_MODULE}\";\n\n\
         /// The callback's name.\npub const IMPORT_CALL: &str = \"{IMPORT_CALL}\";\n"
    );
    for row in BOUNDS {
        let _ = write!(out, "\n/// {}.\npub const {}: u64 = {};\n", plain(row.meaning), row.name, row.value);
    }
    let number = |(name, value, meaning): (&str, u32, &str)| (upper(name), value.to_string(), plain(meaning));
    module(&mut out, "op", "u32", "Operations", each!(Op).map(number));
    let errors = ERRORS.iter().map(|row| (row.name.into(), row.error.code().to_string(), plain(row.meaning)));
    module(&mut out, "error", "i64", "Errors", errors);
    let right = |(right, name, meaning): &(Rights, &str, &str)| {
        ((*name).to_owned(), format!("{:#x}", right.bits()), plain(meaning))
    };
    module(&mut out, "right", "u32", "Rights", Rights::EACH.iter().map(right));
    let roles = ROLES.iter().map(|row| (row.name.into(), (row.role as u32).to_string(), plain(row.object)));
    module(&mut out, "role", "u32", "Roles of the initial vector", roles);
    let request = REQUESTS
        .iter()
        .map(|row| (row.name.into(), (row.request as u32).to_string(), plain(row.request.meaning())));
    module(&mut out, "ctl", "u32", "Requests of `ctl`", request);
    module(&mut out, "kind", "u32", "Kinds of objects", each!(Kind).map(number));
    module(&mut out, "file_type", "u32", "Types of files", each!(FileType).map(number));
    module(&mut out, "end_reason", "u32", "Why a task ended", each!(EndReason).map(number));
    let failures = each!(HttpFailure).map(number);
    module(&mut out, "http_failure", "u32", "Why an exchange of HTTP failed", failures);
    module(&mut out, "language", "u32", "Languages of the request COMPILE", each!(Language).map(number));
    for group in GROUPS {
        let (class, hex) = match group.name {
            "TASK" | "LINK" | "TIMES" | "SOCKET" | "HTTP" => ("u64", group.flags),
            "EVENT" | "STATE" => ("i32", false),
            _ => ("u32", true),
        };
        let rows = group.each.iter().map(|row| {
            let value = if hex { format!("{:#x}", row.value) } else { row.value.to_string() };
            (row.name.into(), value, plain(row.meaning))
        });
        module(&mut out, &group.name.to_ascii_lowercase(), class, group.meaning, rows);
    }
    structures(&mut out);
    out
}

fn module(out: &mut String, name: &str, class: &str, words: &str, rows: impl Iterator<Item = Row>) {
    let _ = write!(out, "\n/// {words}.\npub mod {name} {{\n");
    for (name, value, meaning) in rows {
        let _ = write!(out, "    /// {meaning}\n    pub const {name}: {class} = {value};\n");
    }
    out.push_str("}\n");
}

fn structures(out: &mut String) {
    for layout in LAYOUTS {
        let name: String = layout
            .name
            .split('_')
            .flat_map(|word| {
                word.chars().enumerate().map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c })
            })
            .collect();
        let _ = write!(
            out,
            "\n/// {}.\n#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]\n#[repr(C)]\npub struct {name} {{\n",
            layout.meaning
        );
        for field in layout.fields {
            let class = match field.class {
                FieldType::I32 => "i32",
                FieldType::U64 => "u64",
                FieldType::I64 => "i64",
                _ => "u32",
            };
            let name = if field.name == "type" { "file_type" } else { field.name };
            let _ = write!(out, "    /// {}.\n    pub {name}: {class},\n", upper_first(field.meaning));
        }
        let _ = write!(out, "}}\n\nconst _: () = assert!(size_of::<{name}>() == {});\n", layout.bytes());
    }
}

fn upper_first(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
