//! Patterns of numbers: `#,##0.###`, `¤#,##0.00;(¤#,##0.00)`, `0 thousand`.

use crate::data::Locale;
use crate::text::Parts;

/// What stands before and behind the digits, and how these are grouped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) before: String,
    pub(crate) behind: String,
    /// Before and behind of a negative number, where the pattern says so.
    pub(crate) negative: Option<(String, String)>,
    /// Digits of the last group, of those before it; 0 for none.
    pub(crate) groups: (usize, usize),
    /// How many zeros there are, of a compact form.
    pub(crate) zeros: usize,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Pattern {
        let (positive, negative) = match split_unquoted(text, ';') {
            Some((positive, negative)) => (positive, Some(negative)),
            None => (text, None),
        };
        let (before, digits, behind) = cut(positive);
        let whole = digits.split('.').next().unwrap_or_default();
        let mut lengths = whole.rsplit(',').map(str::len);
        let groups = if whole.contains(',') {
            let first = lengths.next().unwrap_or(0);
            let second = if whole.matches(',').count() > 1 { lengths.next().unwrap_or(first) } else { first };
            (first, second)
        } else {
            (0, 0)
        };
        let negative = negative.map(|text| {
            let (before, _, behind) = cut(text);
            (before.to_owned(), behind.to_owned())
        });
        let zeros = digits.matches('0').count();
        Pattern { before: before.to_owned(), behind: behind.to_owned(), negative, groups, zeros }
    }

    /// Whether a group is closed with this many digits behind it.
    pub(crate) fn groups_at(&self, behind: usize) -> bool {
        let (first, more) = self.groups;
        first > 0 && behind >= first && (behind == first || more > 0 && (behind - first).is_multiple_of(more))
    }
}

fn split_unquoted(text: &str, at: char) -> Option<(&str, &str)> {
    let mut quoted = false;
    for (index, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            c if c == at && !quoted => return Some((&text[..index], &text[index + c.len_utf8()..])),
            _ => {}
        }
    }
    None
}

/// Cuts a pattern into what is before the digits, the digits, and what is behind.
fn cut(text: &str) -> (&str, &str, &str) {
    let mut quoted = false;
    let (mut first, mut end) = (None, text.len());
    for (index, c) in text.char_indices() {
        if c == '\'' {
            quoted = !quoted;
        }
        let digit = !quoted && matches!(c, '#' | '0' | ',' | '.');
        match first {
            None if digit => first = Some(index),
            Some(_) if !digit => {
                end = index;
                break;
            }
            _ => {}
        }
    }
    let first = first.unwrap_or(text.len());
    (&text[..first], &text[first..end], &text[end..])
}

/// What the signs in an affix stand for.
pub(crate) struct Signs<'a> {
    pub(crate) locale: Locale,
    pub(crate) system: &'a str,
    /// What ¤ stands for.
    pub(crate) currency: &'a str,
    /// What a text stands for that is none of the signs.
    pub(crate) text: &'static str,
    /// What the percent sign is.
    pub(crate) percent: &'static str,
    /// Whether `-` is written as plus.
    pub(crate) plus: bool,
}

impl Signs<'_> {
    pub(crate) fn symbol(&self, name: &str) -> &'static str {
        symbol(self.locale, self.system, name)
    }

    /// Writes an affix.
    pub(crate) fn write(&self, affix: &str, parts: &mut Parts) {
        let mut text = String::new();
        let mut quoted = false;
        let mut chars = affix.chars().peekable();
        while let Some(c) = chars.next() {
            let (kind, symbol) = match c {
                '\'' if chars.peek() == Some(&'\'') => {
                    chars.next();
                    text.push('\'');
                    continue;
                }
                '\'' => {
                    quoted = !quoted;
                    continue;
                }
                '-' if !quoted && self.plus => ("plusSign", self.symbol("plusSign")),
                '-' if !quoted => ("minusSign", self.symbol("minusSign")),
                '+' if !quoted => ("plusSign", self.symbol("plusSign")),
                '%' if !quoted => (self.percent, self.symbol("percentSign")),
                '¤' if !quoted => ("currency", self.currency),
                _ => {
                    text.push(c);
                    continue;
                }
            };
            parts.push_trimmed(self.text, &std::mem::take(&mut text));
            parts.push_trimmed(kind, symbol);
        }
        parts.push_trimmed(self.text, &text);
    }
}

/// A sign of a numbering system in a locale: of one that the locale does not know, that of Latin digits.
pub(crate) fn symbol(locale: Locale, system: &str, name: &str) -> &'static str {
    of_system(locale, system, name).unwrap_or(match name {
        "decimal" => ".",
        "group" => ",",
        "minusSign" => "-",
        "plusSign" => "+",
        "percentSign" => "%",
        "exponential" => "E",
        "infinity" => "∞",
        "nan" => "NaN",
        "timeSeparator" => ":",
        _ => "",
    })
}

/// An entry of a numbering system in a locale, else that of Latin digits.
pub(crate) fn of_system(locale: Locale, system: &str, name: &str) -> Option<&'static str> {
    let key = format!("n/{system}/{name}");
    let own = locale.get(&key).or_else(|| crate::data::supplement(&key));
    own.or_else(|| locale.get(&format!("n/latn/{name}")))
}

/// Digits in a numbering system.
pub(crate) struct Digits(Vec<char>);

impl Digits {
    pub(crate) fn of(system: &str) -> Option<Digits> {
        let digits =
            if system == "latn" { "0123456789" } else { crate::data::supplement(&format!("ns/{system}"))? };
        let digits: Vec<char> = digits.chars().collect();
        (digits.len() == 10).then_some(Digits(digits))
    }

    pub(crate) fn write(&self, latin: &str) -> String {
        latin
            .chars()
            .map(|c| c.to_digit(10).and_then(|digit| self.0.get(digit as usize).copied()).unwrap_or(c))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_taken_apart() {
        let indian = Pattern::parse("¤#,##,##0.00");
        assert_eq!((indian.before.as_str(), indian.groups), ("¤", (3, 2)));
        assert!(indian.groups_at(3) && indian.groups_at(5) && !indian.groups_at(6));
        let accounting = Pattern::parse("#,##0.00 ¤;(#,##0.00 ¤)");
        assert_eq!(accounting.negative, Some(("(".to_owned(), " ¤)".to_owned())));
        let compact = Pattern::parse("00 Mio'.'");
        assert_eq!((compact.zeros, compact.behind.as_str()), (2, " Mio'.'"));
    }
}
