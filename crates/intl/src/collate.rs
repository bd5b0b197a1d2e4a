//! The order of texts in a language.

use std::cell::RefCell;

use b8g_core::Error;
use icu_collator::options::{AlternateHandling, CaseLevel, CollatorOptions, Strength};
use icu_collator::preferences::{CollationCaseFirst, CollationNumericOrdering};
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};
use icu_locale::Locale as Tag;

use crate::number::options::Fields;

/// Bytes of the fields at most, since the last are kept.
const FIELDS_BYTES_MAX: usize = 512;

thread_local! {
    /// The last that was made: a sort compares many times with one.
    static LAST: RefCell<Option<(String, CollatorBorrowed<'static>)>> = const { RefCell::new(None) };
}

/// Compares two texts: -1, 0 or 1. Fields are the locale with its extensions, sensitivity, numeric, which case is first, whether punctuation
/// is ignored; `units` is the length of the first text in UTF-16.
pub(crate) fn compare(units: u64, input: &str) -> Result<i64, Error> {
    // The fields end at the fifth separator.
    let end =
        input.char_indices().filter(|(_, c)| *c == crate::text::SEPARATOR).nth(4).ok_or(Error::Argument)?.0
            + 1;
    if end > FIELDS_BYTES_MAX {
        return Err(Error::Argument);
    }
    let (fields, texts) = input.split_at(end);
    let mut left = units;
    let at = texts.char_indices().find(|(_, c)| {
        let stop = left == 0;
        left = left.saturating_sub(c.len_utf16() as u64);
        stop
    });
    let (one, other) = texts.split_at(at.map_or(texts.len(), |(at, _)| at));
    LAST.with_borrow_mut(|last| {
        let collator = match last {
            Some((key, collator)) if key == fields => collator,
            last => &last.insert((fields.to_owned(), make(fields)?)).1,
        };
        Ok(collator.compare(one, other) as i64)
    })
}

fn make(fields: &str) -> Result<CollatorBorrowed<'static>, Error> {
    let mut fields = Fields(fields);
    let tag: Tag = fields.next()?.parse().map_err(|_| Error::Argument)?;
    let mut preferences = CollatorPreferences::from(&tag);
    let mut options = CollatorOptions::default();
    let (strength, case_level) = match fields.letter("bacv")? {
        0 => (Strength::Primary, CaseLevel::Off),
        1 => (Strength::Secondary, CaseLevel::Off),
        2 => (Strength::Primary, CaseLevel::On),
        _ => (Strength::Tertiary, CaseLevel::Off),
    };
    options.strength = Some(strength);
    options.case_level = Some(case_level);
    preferences.numeric_ordering = Some(if fields.letter("ft")? == 1 {
        CollationNumericOrdering::True
    } else {
        CollationNumericOrdering::False
    });
    preferences.case_first = match fields.letter("-ulf")? {
        1 => Some(CollationCaseFirst::Upper),
        2 => Some(CollationCaseFirst::Lower),
        3 => Some(CollationCaseFirst::False),
        _ => None,
    };
    options.alternate_handling = match fields.letter("-ft")? {
        1 => Some(AlternateHandling::NonIgnorable),
        2 => Some(AlternateHandling::Shifted),
        _ => None,
    };
    Collator::try_new(preferences, options).map_err(|_| Error::NotFound)
}

#[cfg(test)]
mod tests {
    #[test]
    fn languages_have_their_order() {
        let compare = |fields: &str, one: &str, other: &str| {
            super::compare(
                one.encode_utf16().count() as u64,
                &format!("{}{one}{other}", fields.replace('|', "\u{1f}")),
            )
            .unwrap()
        };
        assert_eq!(compare("de|v|f|-|-|", "ä", "z"), -1);
        assert_eq!(compare("sv|v|f|-|-|", "ä", "z"), 1);
        assert_eq!(compare("en|v|t|-|-|", "a10", "a9"), 1);
        assert_eq!(compare("en|b|f|-|-|", "É", "e"), 0);
        assert_eq!(compare("en|v|f|u|-|", "A", "a"), -1);
        assert_eq!(compare("en|v|f|-|t|", "a\u{1f}-b", "ab"), 0);
        assert_eq!(compare("en|v|f|-|-|", "😀", ""), 1);
        assert!(super::compare(9, "en").is_err());
    }
}
