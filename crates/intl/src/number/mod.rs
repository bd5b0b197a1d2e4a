//! Numbers as texts. Start at [`format`]: options and a number to parts.
//!
//! A number is rounded, its digits are written and grouped; around these comes what the notation adds (`K`, `E5`), around that the
//! percent sign or the currency with the sign, and around all a unit or the name of a currency.

pub(crate) mod options;
pub(crate) mod pattern;
mod wrap;

use b8g_core::Error;

use crate::decimal::{Decimal, Number};
use crate::plural::Plural;
use crate::text::Parts;
use options::{Fields, Grouping, Notation, Options, Priority, Style};
use pattern::{Pattern, of_system};

/// A number on its way to be a text.
struct Formed {
    number: Number,
    /// Powers of ten that its digits were made less by.
    exponent: i32,
    /// The least digits behind the point.
    fraction_min: usize,
    whole_min: usize,
    /// The form of it that a language tells apart.
    plural: &'static str,
    /// What the notation writes around the digits.
    compact: Option<Pattern>,
}

/// Answers a request: options and a number, as text or in parts.
pub(crate) fn request(in_parts: bool, input: &str) -> Result<String, Error> {
    let mut fields = Fields(input);
    let options = Options::read(&mut fields)?;
    Ok(format(&options, &Number::parse(fields.0)?)?.written(in_parts))
}

pub(crate) fn format(options: &Options<'_>, number: &Number) -> Result<Parts, Error> {
    let formed = form(options, number)?;
    // Some languages have a word for a thousand, without a digit.
    let wordy = formed.compact.as_ref().is_some_and(|pattern| pattern.zeros == 0);
    let mut inner = if wordy { Parts::default() } else { digits(options, &formed) };
    if matches!(options.notation, Notation::Scientific | Notation::Engineering)
        && matches!(formed.number, Number::Finite(_))
    {
        wrap::exponent(options, formed.exponent, &mut inner);
    }
    wrap::wrap(options, &formed, inner)
}

/// The plural form of a number as the options write it.
pub(crate) fn plural_of(
    options: &Options<'_>,
    number: &Number,
    plural: &Plural,
) -> Result<&'static str, Error> {
    let formed = form(options, number)?;
    Ok(form_of(&formed, plural))
}

fn form_of(formed: &Formed, plural: &Plural) -> &'static str {
    let Number::Finite(decimal) = &formed.number else { return "other" };
    let (whole, fraction) = decimal.written(formed.whole_min, formed.fraction_min);
    plural.form(&whole, &fraction, formed.exponent)
}

fn form(options: &Options<'_>, number: &Number) -> Result<Formed, Error> {
    let plain = |number: Number| Formed {
        number,
        exponent: 0,
        fraction_min: 0,
        whole_min: options.whole_min,
        plural: "other",
        compact: None,
    };
    let Number::Finite(decimal) = number else { return Ok(plain(number.clone())) };
    let shift = if options.style == Style::Percent { 2 } else { 0 };
    let decimal = decimal.clone().shifted(shift);
    let scale = |magnitude: i32| match options.notation {
        Notation::Standard => 0,
        Notation::Scientific => magnitude,
        Notation::Engineering => magnitude.div_euclid(3) * 3,
        Notation::CompactShort | Notation::CompactLong => compact_scale(options, magnitude),
    };
    let mut exponent = scale(decimal.magnitude());
    let (mut rounded, mut fraction_min) = round(options, decimal.clone().shifted(-exponent));
    // Rounding may have made it longer: 999,999 is 1M, not 1000K.
    let again = scale(rounded.clone().shifted(exponent).magnitude());
    if again != exponent && !rounded.is_zero() {
        exponent = again;
        (rounded, fraction_min) = round(options, decimal.shifted(-exponent));
    }
    let whole = rounded.last_power() >= 0 || rounded.is_zero();
    if options.strip_if_whole && whole {
        fraction_min = 0;
    }
    let mut formed = Formed { exponent, fraction_min, ..plain(Number::Finite(rounded)) };
    let compact = matches!(options.notation, Notation::CompactShort | Notation::CompactLong);
    if !compact && options.style != Style::Unit && options.display != "name" {
        return Ok(formed);
    }
    let plural = Plural::of(options.name, false)?;
    formed.plural = form_of(&formed, &plural);
    if compact {
        let shown = Formed { exponent: 0, number: formed.number.clone(), compact: None, ..formed };
        formed.compact = compact_pattern(options, &formed, form_of(&shown, &plural));
    }
    Ok(formed)
}

/// Rounds, and says how many digits there are behind the point at least.
fn round(options: &Options<'_>, decimal: Decimal) -> (Decimal, usize) {
    let (fraction_min, fraction_max) = options.fraction;
    let (significant_min, significant_max) = options.significant;
    let by_fraction = -(fraction_max as i32);
    let by_significant = decimal.magnitude() - significant_max as i32 + 1;
    let least =
        |rounded: &Decimal| usize::try_from(significant_min as i32 - 1 - rounded.magnitude()).unwrap_or(0);
    let significant = match options.priority {
        Priority::Fraction => false,
        Priority::Significant => true,
        Priority::More => by_significant <= by_fraction,
        Priority::Less => by_significant > by_fraction,
    };
    if significant {
        let rounded = decimal.rounded(by_significant, 1, options.mode);
        let least = least(&rounded);
        (rounded, least)
    } else {
        (decimal.rounded(by_fraction, options.increment, options.mode), fraction_min)
    }
}

/// Which patterns of compact forms there are for a style.
fn compact_prefix(options: &Options<'_>) -> &'static str {
    match options.notation {
        _ if options.style == Style::Currency && options.display != "name" => "cur-short",
        Notation::CompactLong => "long",
        _ => "short",
    }
}

fn compact_text(options: &Options<'_>, power: i32, plural: &str) -> Option<&'static str> {
    of_system(options.locale, options.system, &format!("{}/{power}/{plural}", compact_prefix(options)))
}

/// The power of ten whose pattern numbers of this size take: beyond the largest there is one for, that one.
fn compact_power(options: &Options<'_>, magnitude: i32) -> i32 {
    if magnitude < 15 {
        return magnitude;
    }
    (15..=magnitude.min(20))
        .take_while(|power| compact_text(options, *power, "other").is_some())
        .last()
        .unwrap_or(14)
}

/// By how many powers of ten a number of this size is made less.
fn compact_scale(options: &Options<'_>, magnitude: i32) -> i32 {
    let power = compact_power(options, magnitude);
    if power < 3 {
        return 0;
    }
    match compact_text(options, power, "other").map(Pattern::parse) {
        Some(pattern) if !is_plain(&pattern) => power + 1 - pattern.zeros as i32,
        _ => 0,
    }
}

/// `0` says that numbers of this size have no short form.
fn is_plain(pattern: &Pattern) -> bool {
    let bare = |text: &str| text.chars().all(|c| c == '¤' || c.is_whitespace());
    pattern.zeros == 1 && bare(&pattern.before) && bare(&pattern.behind)
}

fn compact_pattern(options: &Options<'_>, formed: &Formed, plural: &str) -> Option<Pattern> {
    let Number::Finite(decimal) = &formed.number else { return None };
    if formed.exponent == 0 {
        return None;
    }
    let power = compact_power(options, decimal.magnitude() + formed.exponent);
    // As if the number were no longer than it is shown: "1 million", but "1 million de dollars".
    let (whole, fraction) = decimal.written(1, formed.fraction_min);
    let exact = if whole == "1" && fraction.is_empty() { compact_text(options, power, "1") } else { None };
    let text = exact
        .or_else(|| compact_text(options, power, plural))
        .or_else(|| compact_text(options, power, "other"))?;
    Some(Pattern::parse(text))
}

/// The digits, grouped, or what stands for them.
fn digits(options: &Options<'_>, formed: &Formed) -> Parts {
    let mut parts = Parts::default();
    let symbol = |name| pattern::symbol(options.locale, options.system, name);
    let decimal = match &formed.number {
        Number::Nan => {
            parts.push("nan", symbol("nan"));
            return parts;
        }
        Number::Infinite { .. } => {
            parts.push("infinity", symbol("infinity"));
            return parts;
        }
        Number::Finite(decimal) => decimal,
    };
    let (whole, fraction) = decimal.written(formed.whole_min, formed.fraction_min);
    let money = options.style == Style::Currency;
    let own = |name: &str, usual| {
        let special = if money { of_system(options.locale, options.system, name) } else { None };
        special.unwrap_or_else(|| symbol(usual))
    };
    let grouping = Pattern::parse(
        of_system(options.locale, options.system, wrap::standard_key(options)).unwrap_or("#,##0.###"),
    );
    let least = match options.grouping {
        Grouping::Never => usize::MAX,
        Grouping::Min2 => 2,
        Grouping::Always => 1,
        Grouping::Auto => {
            options.locale.get("n/grouping").and_then(|digits| digits.parse().ok()).unwrap_or(1)
        }
    };
    let first = grouping.groups.0;
    if first == 0 || least == usize::MAX || whole.len() < first + least {
        parts.push("integer", &options.digits.write(&whole));
    } else {
        let mut from = 0;
        for at in 1..whole.len() {
            if grouping.groups_at(whole.len() - at) {
                parts.push("integer", &options.digits.write(&whole[from..at]));
                parts.push("group", own("currencyGroup", "group"));
                from = at;
            }
        }
        parts.push("integer", &options.digits.write(&whole[from..]));
    }
    if !fraction.is_empty() {
        parts.push("decimal", own("currencyDecimal", "decimal"));
        parts.push("fraction", &options.digits.write(&fraction));
    }
    parts
}
