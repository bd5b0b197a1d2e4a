//! What languages call things: lists, spans of time from now, names of languages and so on, and letters in upper and lower case.

use b8g_core::Error;
use icu_casemap::CaseMapper;
use icu_locale::LanguageIdentifier;

use crate::decimal::Number;
use crate::number::options::{Fields, Options};
use crate::plural::Plural;
use crate::text::{Parts, SEPARATOR, pieces};

/// The patterns of a list: start, middle, end, two. Fields are the locale and CLDR's name of the list.
pub(crate) fn list(input: &str) -> Result<String, Error> {
    let mut fields = Fields(input);
    let (_, locale) = fields.locale()?;
    let name = fields.next()?;
    let get = |place: &str| locale.get(&format!("l/{name}/{place}")).ok_or(Error::NotFound);
    Ok(["start", "middle", "end", "2"].into_iter().map(get).collect::<Result<Vec<_>, _>>()?.join("\u{1f}")
        + "\u{1f}")
}

/// A span of time from now. Fields are locale, numbering system, unit, style, whether words such as `yesterday` are wanted; then the number.
pub(crate) fn relative(in_parts: bool, input: &str) -> Result<String, Error> {
    let mut fields = Fields(input);
    let (name, locale) = fields.locale()?;
    let system = fields.next()?;
    let (unit, style) = (fields.next()?, fields.next()?);
    let words = fields.letter("ft")? == 1;
    let text = fields.0;
    let number = Number::parse(text)?;
    let negative = text.starts_with('-');
    let mut parts = Parts::default();
    let word = if text == "-0" { "-0" } else { text };
    if words && text.len() < 4 {
        let word = locale.get(&format!("f/{unit}/{style}/{}", if word == "-0" { "0" } else { word }));
        if let Some(word) = word {
            parts.push("literal", word);
            return Ok(parts.written(in_parts));
        }
    }
    let options = Options::plain(name, locale, system)?;
    let number = match number {
        Number::Finite(mut decimal) => {
            decimal.negative = false;
            Number::Finite(decimal)
        }
        _ => return Err(Error::Argument),
    };
    let form = crate::number::plural_of(&options, &number, &*Plural::of(name, false)?)?;
    let tense = if negative { "past" } else { "future" };
    let get = |form: &str| locale.get(&format!("f/{unit}/{style}/{tense}/{form}"));
    let pattern = get(form).or_else(|| get("other")).ok_or(Error::NotFound)?;
    for piece in pieces(pattern) {
        match piece {
            Ok(_) => parts.extend(crate::number::format(&options, &number)?),
            Err(text) => parts.push("literal", text),
        }
    }
    Ok(parts.written(in_parts))
}

/// The form of a number: fields are those of a number, behind `c` (cardinal) or `o` (ordinal).
pub(crate) fn plural(input: &str) -> Result<String, Error> {
    let mut fields = Fields(input);
    let ordinal = fields.letter("co")? == 1;
    let options = Options::read(&mut fields)?;
    let plural = Plural::of(options.name, ordinal)?;
    if fields.0.is_empty() {
        return Ok(plural.forms().join("\u{1f}") + "\u{1f}");
    }
    let form = |text: &str| crate::number::plural_of(&options, &Number::parse(text)?, &plural);
    match fields.0.split_once(SEPARATOR) {
        Some((start, end)) => Ok(crate::plural::of_range(options.name, form(start)?, form(end)?).to_owned()),
        None => form(fields.0).map(str::to_owned),
    }
}

/// What a language calls something, nothing if it does not say. Fields are the locale, the kind, the style, then the code.
pub(crate) fn name(input: &str) -> Result<String, Error> {
    let mut fields = Fields(input);
    let (_, locale) = fields.locale()?;
    let (kind, style) = (fields.next()?, fields.next()?);
    let code = fields.0;
    if code.len() > 256 {
        return Err(Error::Argument);
    }
    let prefix = match kind {
        "region" => "lt",
        "script" => "ls",
        "currency" => {
            return Ok(locale.get(&format!("c/{code}/d")).unwrap_or_default().to_owned());
        }
        "dateTimeField" => {
            return Ok(locale.get(&format!("f/{code}/{style}")).unwrap_or_default().to_owned());
        }
        "language" | "dialect" => return language(locale, kind == "dialect", style, code),
        _ => return Err(Error::NotFound),
    };
    Ok(styled(locale, prefix, style, code).unwrap_or_default().to_owned())
}

fn styled(locale: crate::data::Locale, prefix: &str, style: &str, code: &str) -> Option<&'static str> {
    let special = if style == "long" { None } else { locale.get(&format!("{prefix}/{code}/short")) };
    special.or_else(|| locale.get(&format!("{prefix}/{code}")))
}

/// `de-AT` is "Austrian German" if dialects have names, else "German (Austria)".
fn language(locale: crate::data::Locale, dialect: bool, style: &str, code: &str) -> Result<String, Error> {
    let tag: LanguageIdentifier = code.parse().map_err(|_| Error::Argument)?;
    if dialect && let Some(name) = styled(locale, "ln", style, code) {
        return Ok(name.to_owned());
    }
    let language = tag.language.to_string();
    let (script, region) =
        (tag.script.map(|script| script.to_string()), tag.region.map(|region| region.to_string()));
    let Some(name) = styled(locale, "ln", style, &language) else { return Ok(String::new()) };
    let mut details = Vec::new();
    if let Some(script) = &script {
        details.push(locale.get(&format!("ls/{script}")).unwrap_or(script));
    }
    if let Some(region) = &region {
        details.push(styled(locale, "lt", style, region).unwrap_or(region));
    }
    let separator = locale.get("lp/localeSeparator").unwrap_or("{0}, {1}");
    let details = details
        .into_iter()
        .map(str::to_owned)
        .reduce(|one, other| crate::text::fill(separator, &[&one, &other]));
    Ok(match details {
        Some(details) => {
            crate::text::fill(locale.get("lp/localePattern").unwrap_or("{0} ({1})"), &[name, &details])
        }
        None => name.to_owned(),
    })
}

/// A text in upper case, or lower case: fields are `u` or `l` and the language; then the text.
pub(crate) fn case(input: &str) -> Result<String, Error> {
    let mut fields = Fields(input);
    let upper = fields.letter("lu")? == 1;
    let language: LanguageIdentifier = fields.next()?.parse().map_err(|_| Error::Argument)?;
    let mapper = CaseMapper::new();
    let text = fields.0;
    Ok(if upper {
        mapper.uppercase_to_string(text, &language)
    } else {
        mapper.lowercase_to_string(text, &language)
    }
    .into_owned())
}
