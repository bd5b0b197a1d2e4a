//! What is written around the digits of a number: sign, percent sign, currency, compact form, unit.

use b8g_core::Error;

use super::Formed;
use super::options::{Options, Sign, Style};
use super::pattern::{Pattern, Signs, of_system};
use crate::decimal::Number;
use crate::plural::Plural;
use crate::text::{Parts, pieces};

const NO_BREAK_SPACE: &str = "\u{a0}";

/// `E5`, `E-7`, or `×10^5` where a language writes so.
pub(super) fn exponent(options: &Options<'_>, exponent: i32, parts: &mut Parts) {
    let symbol = |name| super::pattern::symbol(options.locale, options.system, name);
    parts.push("exponentSeparator", symbol("exponential"));
    if exponent < 0 {
        parts.push("exponentMinusSign", symbol("minusSign"));
    }
    parts.push("exponentInteger", &options.digits.write(&exponent.unsigned_abs().to_string()));
}

/// Under which name a locale has the pattern of a style.
pub(super) fn standard_key(options: &Options<'_>) -> &'static str {
    match options.style {
        Style::Percent => "pct",
        Style::Currency if options.display == "name" => "std",
        Style::Currency if options.accounting => "acc",
        Style::Currency => "cur",
        Style::Unit if is_percent(options) => "pct",
        Style::Decimal | Style::Unit => "std",
    }
}

/// What ¤ stands for.
fn currency_symbol<'a>(options: &Options<'a>) -> &'a str {
    let get = |what: &str| options.locale.get(&format!("c/{}/{what}", options.of));
    match options.display {
        "symbol" => get("s").unwrap_or(options.of),
        "narrow" => get("n").or_else(|| get("s")).unwrap_or(options.of),
        _ => options.of,
    }
}

/// The unit percent is written as the style is, but for its long name.
fn is_percent(options: &Options<'_>) -> bool {
    options.style == Style::Unit && options.of == "percent" && options.display != "long"
}

/// What the sign is: nothing, minus or plus.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Nothing,
    Minus,
    Plus,
}

fn shown(options: &Options<'_>, number: &Number) -> Shown {
    let (negative, zero) = match number {
        Number::Nan => (false, true),
        Number::Infinite { negative } => (*negative, false),
        Number::Finite(decimal) => (decimal.negative, decimal.is_zero()),
    };
    match options.sign {
        Sign::Never => Shown::Nothing,
        Sign::Auto if negative => Shown::Minus,
        Sign::Always if negative => Shown::Minus,
        Sign::Always => Shown::Plus,
        Sign::ExceptZero if zero => Shown::Nothing,
        Sign::ExceptZero if negative => Shown::Minus,
        Sign::ExceptZero => Shown::Plus,
        Sign::Negative if negative && !zero => Shown::Minus,
        Sign::Auto | Sign::Negative => Shown::Nothing,
    }
}

/// Puts around the digits what the options say.
pub(super) fn wrap(options: &Options<'_>, formed: &Formed, digits: Parts) -> Result<Parts, Error> {
    let key = standard_key(options);
    let mut pattern = Pattern::parse(of_system(options.locale, options.system, key).unwrap_or("#,##0.###"));
    let mut digits = digits;
    let signs = Signs {
        locale: options.locale,
        system: options.system,
        currency: currency_symbol(options),
        text: "literal",
        percent: if options.style == Style::Unit { "unit" } else { "percentSign" },
        plus: false,
    };
    if let Some(compact) = &formed.compact {
        let with_currency = compact.before.contains('¤') || compact.behind.contains('¤');
        if with_currency {
            let negative = (options.accounting && pattern.negative.is_some())
                .then(|| (format!("({}", compact.before), format!("{})", compact.behind)));
            pattern = Pattern { negative, ..compact.clone() };
        } else {
            let signs = Signs { text: "compact", ..signs };
            let mut inner = Parts::default();
            signs.write(&compact.before, &mut inner);
            inner.extend(digits);
            signs.write(&compact.behind, &mut inner);
            digits = inner;
        }
    }
    let signs = Signs { text: if formed.compact.is_some() { "compact" } else { "literal" }, ..signs };
    let signed = with_sign(&pattern, shown(options, &formed.number), signs, digits);
    match options.style {
        Style::Unit if !is_percent(options) => unit(options, formed, signed),
        Style::Currency if options.display == "name" => Ok(currency_name(options, formed, signed)),
        _ => Ok(signed),
    }
}

fn with_sign(pattern: &Pattern, shown: Shown, signs: Signs<'_>, digits: Parts) -> Parts {
    let explicit = pattern.negative.clone();
    let (before, behind) = match (shown, explicit) {
        (Shown::Minus, Some(affixes)) => affixes,
        (Shown::Minus, None) => (format!("-{}", pattern.before), pattern.behind.clone()),
        (Shown::Plus, Some((before, behind))) if before.contains('-') || behind.contains('-') => {
            (before, behind)
        }
        (Shown::Plus, _) => (format!("+{}", pattern.before), pattern.behind.clone()),
        (Shown::Nothing, _) => (pattern.before.clone(), pattern.behind.clone()),
    };
    let signs = Signs { plus: shown == Shown::Plus, ..signs };
    // A word and a digit are kept apart, where the pattern does not do so already.
    let apart = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace() && !is_sign(c));
    let mut parts = Parts::default();
    signs.write(&before, &mut parts);
    if before.ends_with('¤')
        && apart(signs.currency.chars().next_back())
        && digits.first_char().is_some_and(char::is_numeric)
    {
        parts.push("literal", NO_BREAK_SPACE);
    }
    let numeric = digits.last_char().is_some_and(char::is_numeric);
    parts.extend(digits);
    if behind.starts_with('¤') && apart(signs.currency.chars().next()) && numeric {
        parts.push("literal", NO_BREAK_SPACE);
    }
    signs.write(&behind, &mut parts);
    parts
}

/// Whether a character is one of Unicode's symbols, as those of currencies are.
fn is_sign(c: char) -> bool {
    matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' | '¢'..='©' | '¬' | '®'..='±' | '´' | '¸' | '×' | '÷')
        || matches!(c, '֏' | '؋' | '৲' | '৳' | '৻' | '૱' | '௹' | '฿' | '៛' | '₠'..='⃀' | '﷼' | '﹩' | '＄' | '￠'..='￦')
}

fn currency_name(options: &Options<'_>, formed: &Formed, number: Parts) -> Parts {
    let get = |what: &str| options.locale.get(&format!("c/{}/{what}", options.of));
    let name = get(formed.plural).or_else(|| get("other")).or_else(|| get("d")).unwrap_or(options.of);
    let pattern = |form: &str| of_system(options.locale, options.system, &format!("cur-name/{form}"));
    let pattern = pattern(formed.plural).or_else(|| pattern("other")).unwrap_or("{0} {1}");
    let mut parts = Parts::default();
    let mut number = Some(number);
    for piece in pieces(pattern) {
        match piece {
            Ok(0) => parts.extend(number.take().unwrap_or_default()),
            Ok(_) => parts.push("currency", name),
            Err(text) => parts.push("literal", text),
        }
    }
    parts
}

fn unit(options: &Options<'_>, formed: &Formed, number: Parts) -> Result<Parts, Error> {
    let length = options.display;
    let get = |unit: &str, what: &str| options.locale.get(&format!("u/{unit}/{length}/{what}"));
    let form = |unit: &str| get(unit, formed.plural).or_else(|| get(unit, "other"));
    if let Some(pattern) = form(options.of) {
        return Ok(around(pattern, number));
    }
    let (unit, per) = options.of.split_once("-per-").ok_or(Error::NotFound)?;
    let inner = form(unit).ok_or(Error::NotFound)?;
    if let Some(pattern) = get(per, "per") {
        return Ok(around(&crate::text::fill(pattern, &[inner]), number));
    }
    let one = Plural::of(options.name, false)?.form("1", "", 0);
    let other = get(per, one).or_else(|| get(per, "other")).ok_or(Error::NotFound)?;
    let pattern = options.locale.get(&format!("u/per/{length}")).ok_or(Error::NotFound)?;
    Ok(around(&crate::text::fill(pattern, &[inner, crate::text::fill(other, &[""]).trim()]), number))
}

fn around(pattern: &str, number: Parts) -> Parts {
    let mut parts = Parts::default();
    let mut number = Some(number);
    for piece in pieces(pattern) {
        match piece {
            Ok(_) => parts.extend(number.take().unwrap_or_default()),
            Err(text) => parts.push_trimmed("unit", text),
        }
    }
    parts
}
