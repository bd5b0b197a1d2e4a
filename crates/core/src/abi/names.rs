//! How the names of the description are written elsewhere.

use alloc::string::String;

/// `ClockReal` as `clock_real`.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    // A language's name is one word.
    out.replace("java_script", "javascript").replace("type_script", "typescript")
}

/// `CLOCK_REAL` or `clock_real` as `clock-real`.
pub fn kebab(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// `ClockReal` as `clock-real`.
pub fn word(name: &str) -> String {
    kebab(&snake(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_each_language_does() {
        assert_eq!((snake("ClockReal").as_str(), snake("JavaScript").as_str()), ("clock_real", "javascript"));
        assert_eq!((kebab("CLOCK_REAL").as_str(), word("FileType").as_str()), ("clock-real", "file-type"));
    }
}
