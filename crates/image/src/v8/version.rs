//! The version string in a snapshot's header.
//!
//! Invariant: what is shown is printable and at most 64 characters, whatever the bytes are.

use super::layout::VERSION_BYTES;

/// Says whether a field begins with a version string.
pub(super) fn is_exact(field: &[u8]) -> bool {
    parse(text(field)).is_some()
}

/// Says whether a field is one byte away from a version string: a damaged one.
pub(super) fn is_bent(field: &[u8]) -> bool {
    let text = text(field);
    let mut trial = text.to_vec();
    (0..text.len()).any(|index| {
        let bent = b"0.-".iter().any(|&instead| {
            trial[index] = instead;
            parse(&trial).is_some()
        });
        trial[index] = text[index];
        bent
    })
}

/// Gives major and minor of a field.
pub(super) fn numbers(field: &[u8]) -> Option<(u32, u32)> {
    parse(text(field))
}

/// Makes the string of a field showable.
pub(super) fn show(field: &[u8]) -> String {
    printable(text(field))
}

/// Makes bytes showable: what is not printable ASCII becomes "?".
pub(super) fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| if (b' '..=b'~').contains(&byte) { char::from(byte) } else { '?' }).collect()
}

/// The bytes before the first zero, at most a field's.
pub(super) fn text(field: &[u8]) -> &[u8] {
    let field = &field[..field.len().min(VERSION_BYTES)];
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    &field[..end]
}

/// Reads four numbers with dots between them, and perhaps a suffix that begins with "-" or a space.
fn parse(text: &[u8]) -> Option<(u32, u32)> {
    let mut numbers = [0u32; 4];
    let mut rest = text;
    for (index, number) in numbers.iter_mut().enumerate() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || digits > if index == 0 { 3 } else { 6 } {
            return None;
        }
        *number = rest[..digits].iter().fold(0, |sum, &digit| sum * 10 + u32::from(digit - b'0'));
        rest = &rest[digits..];
        if index < 3 {
            rest = rest.strip_prefix(b".")?;
        }
    }
    let suffix = rest.is_empty()
        || (matches!(rest[0], b'-' | b' ') && rest[1..].iter().all(|byte| (b' '..=b'~').contains(byte)));
    (suffix && text.len() < VERSION_BYTES).then_some((numbers[0], numbers[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> Vec<u8> {
        let mut field = text.as_bytes().to_vec();
        field.resize(VERSION_BYTES, 0);
        field
    }

    #[test]
    fn versions_as_v8_node_and_deno_write_them() {
        for (text, expected) in [
            ("6.6.346.32", (6, 6)),
            ("14.8.178.21", (14, 8)),
            ("11.3.244.8-node.38", (11, 3)),
            ("15.0.245.2-rusty", (15, 0)),
            ("9.4.146.26 (candidate)", (9, 4)),
        ] {
            assert_eq!(numbers(&field(text)), Some(expected));
            assert_eq!(show(&field(text)), text);
        }
        for text in [
            "",
            "1.2.3",
            "1.2.3.",
            "1.2.3.4.5",
            "1..3.4",
            "1234.5.6.7",
            "1.2.3.4x",
            ".1.2.3",
            "1.2.3.4567890",
        ] {
            assert_eq!(numbers(&field(text)), None, "{text}");
        }
    }

    #[test]
    fn one_flipped_bit_is_noticed_and_told() {
        let whole = field("11.3.244.8-node.38");
        for bit in 0..18 * 8 {
            let mut bent = whole.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(is_exact(&bent) || is_bent(&bent), "bit {bit}");
            assert!(show(&bent).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
        assert!(!is_exact(&field("hello, world")) && !is_bent(&field("hello, world")));
        assert!(!is_exact(&[b'1'; 200]) && !is_bent(&[b'1'; 200]));
        assert!(!is_exact(&[]) && !is_bent(&[]));
    }
}
