//! The constants for TypeScript: for programs that make, read or stand in for components.

use std::fmt::Write;

use b8g_core::Rights;
use b8g_core::abi::constants::{BOUNDS, ERRORS, GROUPS, ROLES};
use b8g_core::abi::operations::OPERATIONS;
use b8g_core::abi::requests::REQUESTS;

use super::{NOTICE, each, plain, upper};

/// A constant's name, its value and what it is.
type Row = (String, i64, String);

/// The whole file.
pub fn constants() -> String {
    let mut out = format!(
        "// The numbers of the component ABI of b8g, version 1; docs/abi.md explains them.\n// {NOTICE}\n"
    );
    let own = |name: &str, value: i64, meaning: &str| (name.to_owned(), value, plain(meaning));
    let operations = OPERATIONS.iter().map(|row| own(row.name, row.op as i64, row.op.meaning()));
    object(&mut out, "Op", "Operations", operations);
    let errors = ERRORS.iter().map(|row| own(row.name, row.error.code(), row.meaning));
    object(&mut out, "ErrorCode", "Errors", errors);
    let rights = Rights::EACH.iter().map(|(right, name, meaning)| own(name, right.bits().into(), meaning));
    object(&mut out, "Right", "Rights", rights);
    let roles = ROLES.iter().map(|row| own(row.name, row.role as i64, row.object));
    object(&mut out, "Role", "Roles of the initial vector", roles);
    let requests = REQUESTS.iter().map(|row| own(row.name, row.request as i64, row.request.meaning()));
    object(&mut out, "Request", "Requests of `ctl`", requests);
    let number = |(name, value, meaning): (&str, u32, &str)| (upper(name), i64::from(value), plain(meaning));
    object(&mut out, "Kind", "Kinds of objects", each!(Kind).map(number));
    object(&mut out, "FileType", "Types of files", each!(FileType).map(number));
    object(&mut out, "EndReason", "Why a task ended", each!(EndReason).map(number));
    object(&mut out, "HttpFailure", "Why an exchange of HTTP failed", each!(HttpFailure).map(number));
    object(&mut out, "Language", "Languages of the request COMPILE", each!(Language).map(number));
    for group in GROUPS {
        let name = format!("{}{}", &group.name[..1], group.name[1..].to_ascii_lowercase());
        object(
            &mut out,
            &name,
            group.meaning,
            group.each.iter().map(|row| own(row.name, row.value, row.meaning)),
        );
    }
    object(
        &mut out,
        "Bound",
        "Bounds and sizes",
        BOUNDS.iter().map(|row| own(row.name, row.value, row.meaning)),
    );
    out
}

fn object(out: &mut String, name: &str, words: &str, rows: impl Iterator<Item = Row>) {
    let _ = write!(out, "\n/** {words}. */\nexport const {name} = {{\n");
    for (name, value, meaning) in rows {
        let _ = write!(out, "  /** {meaning} */\n  {name}: {value},\n");
    }
    out.push_str("} as const;\n");
}
