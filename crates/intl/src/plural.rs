//! Plural forms: which form of a text a number takes in a language.

use std::cell::RefCell;
use std::rc::Rc;

use b8g_core::Error;
use icu_locale::Locale as Tag;
use icu_plurals::{PluralCategory, PluralOperands, PluralRules};

use crate::data;

/// The rules of one language, cardinal ("1 day") or ordinal ("1st").
pub(crate) struct Plural(PluralRules);

thread_local! {
    /// The last that were used: who formats, formats more.
    static LAST: RefCell<Option<(String, bool, Rc<Plural>)>> = const { RefCell::new(None) };
}

impl Plural {
    pub(crate) fn of(locale: &str, ordinal: bool) -> Result<Rc<Plural>, Error> {
        let kept = LAST.with_borrow(|last| match last {
            Some((name, kind, plural)) if name == locale && *kind == ordinal => Some(plural.clone()),
            _ => None,
        });
        if let Some(plural) = kept {
            return Ok(plural);
        }
        let tag: Tag = locale.parse().map_err(|_| Error::Argument)?;
        let rules = if ordinal {
            PluralRules::try_new_ordinal((&tag).into())
        } else {
            PluralRules::try_new_cardinal((&tag).into())
        };
        let plural = Rc::new(Plural(rules.map_err(|_| Error::NotFound)?));
        LAST.set(Some((locale.to_owned(), ordinal, plural.clone())));
        Ok(plural)
    }

    /// The form of a number whose digits are written so, which stands for `exponent` powers of ten more.
    pub(crate) fn form(&self, whole: &str, fraction: &str, exponent: i32) -> &'static str {
        // More digits than these change no rule of any language.
        let tail = whole.get(whole.len().saturating_sub(15)..).unwrap_or(whole);
        let head = fraction.get(..15).unwrap_or(fraction);
        let large = tail.len() < whole.len() && !tail.starts_with(|c| c != '0');
        let mut text = if large { format!("1{tail}") } else { tail.to_owned() };
        if !head.is_empty() {
            text.push('.');
            text.push_str(head);
        }
        let Ok(decimal) = text.parse::<fixed_decimal::UnsignedDecimal>() else { return "other" };
        let operands = PluralOperands::from_significand_and_exponent(
            &decimal,
            u8::try_from(exponent.clamp(0, 100)).unwrap_or(0),
        );
        name(self.0.category_for(operands))
    }

    pub(crate) fn forms(&self) -> Vec<&'static str> {
        self.0.categories().map(name).collect()
    }
}

/// The form of a range, by those of its ends.
pub(crate) fn of_range(locale: &str, start: &str, end: &str) -> &'static str {
    let language = locale.split('-').next().unwrap_or_default();
    data::supplement(&format!("pr/{language}/{start}/{end}")).unwrap_or("other")
}

fn name(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}
