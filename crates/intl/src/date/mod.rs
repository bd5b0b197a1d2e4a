//! Dates and times as texts. Start at [`pattern`], which says how a locale writes what is asked for, and [`format`].

mod calendar;
mod range;
mod skeleton;

use b8g_core::Error;

use crate::data::{self, Locale};
use crate::number::options::Fields;
use crate::number::pattern::Digits;
use crate::text::{Parts, SEPARATOR, fill};
use crate::zone::At;
use calendar::Civil;
use skeleton::{Generator, Token, tokens};

/// Bytes of a pattern at most, which comes from the guest again.
const PATTERN_BYTES_MAX: usize = 1024;
/// Letters in a row at most.
const FIELD_MAX: usize = 6;
/// The largest time that JavaScript knows, in milliseconds.
const TIME_MS_MAX: i64 = 8_640_000_000_000_000;

/// Answers which pattern fits: fields are the locale, the letter of hours (or nothing for the usual), a skeleton, the styles of date and time.
pub(crate) fn pattern(input: &str) -> Result<String, Error> {
    let mut fields = Fields(input);
    let (_, locale) = fields.locale()?;
    let hour = fields.next()?;
    let skeleton = fields.next()?;
    let styles = (fields.next()?, fields.next()?);
    if skeleton.len() > PATTERN_BYTES_MAX || hour.len() > 1 {
        return Err(Error::Argument);
    }
    let generator = Generator::of(locale, hour.chars().next().unwrap_or('H'));
    if !skeleton.is_empty() {
        return Ok(generator.best(skeleton));
    }
    let styled = |kind: &str, style: &str| locale.get(&format!("d/{kind}/{style}")).ok_or(Error::Argument);
    let pattern = match styles {
        ("", time) => styled("time", time)?.to_owned(),
        (date, "") => styled("date", date)?.to_owned(),
        (date, time) => fill(generator.joining(date), &[styled("time", time)?, styled("date", date)?]),
    };
    // With other hours than the locale's own, a pattern is sought for the same fields.
    let letters = |token: &Token| match token {
        Token::Field(letter, count) => letter.to_string().repeat(*count),
        Token::Text(_) => String::new(),
    };
    let shown: String = tokens(&pattern).iter().map(letters).collect();
    match shown.chars().find(|letter| "hHkK".contains(*letter)) {
        Some(used) if !hour.is_empty() && !hour.starts_with(used) => {
            Ok(generator.best(&shown.replace(used, hour).replace(['a', 'b', 'B'], "")))
        }
        _ => Ok(pattern),
    }
}

/// Answers a request: locale, numbering system, time zone, pattern, then the time in milliseconds; for a range, two of them.
pub(crate) fn request(form: u64, input: &str) -> Result<String, Error> {
    let mut fields = Fields(input);
    let (name, locale) = fields.locale()?;
    let system = fields.next()?;
    let zone = fields.next()?;
    let pattern = fields.next()?;
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(Error::Argument);
    }
    let look = Look { name, locale, digits: Digits::of(system).ok_or(Error::NotFound)? };
    let at = |text: &str| -> Result<(At, i64), Error> {
        let ms = text.parse::<i64>().map_err(|_| Error::Argument)?;
        if ms.unsigned_abs() > TIME_MS_MAX.unsigned_abs() {
            Err(Error::Argument)
        } else {
            Ok((At::new(zone, ms)?, ms))
        }
    };
    match (form, fields.0.split_once(SEPARATOR)) {
        (2, Some((start, end))) => {
            let (start, end) = (at(start)?, at(end)?);
            range::format(&look, pattern, (&start.0, start.1), (&end.0, end.1))
        }
        (0 | 1, None) => {
            let (at, ms) = at(fields.0)?;
            let text = format(&look, &at, ms, pattern)?.written(form == 1);
            // A plain text has no narrow space, which older data had not, since programs look for the usual one.
            Ok(if form == 0 { text.replace('\u{202f}', " ") } else { text })
        }
        _ => Err(Error::Argument),
    }
}

/// How a locale writes.
struct Look<'a> {
    name: &'a str,
    locale: Locale,
    digits: Digits,
}

fn format(look: &Look<'_>, at: &At, ms: i64, pattern: &str) -> Result<Parts, Error> {
    let tokens = tokens(pattern);
    let minutes = tokens.iter().any(|token| matches!(token, Token::Field('m' | 's', _)));
    format_tokens(look, at, ms, &tokens, minutes)
}

fn format_tokens(look: &Look<'_>, at: &At, ms: i64, tokens: &[Token], minutes: bool) -> Result<Parts, Error> {
    let civil = Civil::of(ms + i64::from(at.offset) * 1000);
    let mut parts = Parts::default();
    for token in tokens {
        match token {
            Token::Text(text) => parts.push("literal", text),
            Token::Field(_, count) if *count > FIELD_MAX => return Err(Error::Argument),
            Token::Field(letter, count) => {
                let (kind, text) = look.field(*letter, *count, &civil, at, minutes).ok_or(Error::Argument)?;
                parts.push(kind, &text);
            }
        }
    }
    Ok(parts)
}

fn width(count: usize) -> &'static str {
    match count {
        4 => "wide",
        5 => "narrow",
        6 => "short",
        _ => "abbreviated",
    }
}

impl Look<'_> {
    fn number(&self, number: u64, count: usize) -> String {
        let text = format!("{number:0count$}");
        let cut = if count == 2 && text.len() > 2 { &text[text.len() - 2..] } else { &text };
        self.digits.write(cut)
    }

    /// The text at a place in a list of the locale.
    fn listed(&self, list: &str, form: &str, count: usize, index: usize) -> Option<String> {
        let of = |form: &str, width: &str| self.locale.get(&format!("d/{list}/{form}{width}"));
        let width = width(count);
        let texts =
            of(form, width).or_else(|| of("format/", width)).or_else(|| of("format/", "abbreviated"))?;
        texts.split('|').nth(index).map(str::to_owned)
    }

    fn field(
        &self,
        letter: char,
        count: usize,
        civil: &Civil,
        at: &At,
        minutes: bool,
    ) -> Option<(&'static str, String)> {
        let year = if civil.year > 0 { civil.year } else { 1 - civil.year } as u64;
        Some(match letter {
            'G' => ("era", self.listed("eras", "", count, usize::from(civil.year > 0))?),
            'y' | 'u' | 'Y' => ("year", self.number(year, count)),
            'M' | 'L' if count < 3 => ("month", self.plain(civil.month, count)),
            'M' => ("month", self.listed("months", "format/", count, civil.month as usize - 1)?),
            'L' => ("month", self.listed("months", "stand-alone/", count, civil.month as usize - 1)?),
            'E' | 'e' => ("weekday", self.listed("days", "format/", count, civil.weekday)?),
            'c' => ("weekday", self.listed("days", "stand-alone/", count, civil.weekday)?),
            'd' => ("day", self.plain(civil.day, count)),
            'a' | 'b' | 'B' => ("dayPeriod", self.period(letter, count, civil, minutes)?),
            'h' => ("hour", self.plain((civil.hour + 11) % 12 + 1, count)),
            'H' => ("hour", self.plain(civil.hour, count)),
            'K' => ("hour", self.plain(civil.hour % 12, count)),
            'k' => ("hour", self.plain(if civil.hour == 0 { 24 } else { civil.hour }, count)),
            'm' => ("minute", self.plain(civil.minute, count)),
            's' => ("second", self.plain(civil.second, count)),
            'S' => ("fractionalSecond", self.digits.write(&format!("{:03}000", civil.millisecond)[..count])),
            'z' | 'O' | 'v' => ("timeZoneName", at.text(self.locale, &self.digits, letter, count)),
            _ => return None,
        })
    }

    fn plain(&self, number: u32, count: usize) -> String {
        self.digits.write(&format!("{number:0count$}"))
    }

    /// AM and PM, noon and midnight, or the part of the day that the language knows.
    fn period(&self, letter: char, count: usize, civil: &Civil, minutes: bool) -> Option<String> {
        let get = |name: &str| {
            let of = |form: &str, width: &str| self.locale.get(&format!("d/period/{form}/{width}/{name}"));
            of("format", width(count)).or_else(|| of("format", "abbreviated")).map(str::to_owned)
        };
        let half = if civil.hour < 12 { "am" } else { "pm" };
        let sharp = !minutes || civil.minute == 0 && civil.second == 0;
        let moment = match civil.hour {
            0 if sharp => "midnight",
            12 if sharp => "noon",
            _ => "",
        };
        match letter {
            'a' => get(half),
            'b' => get(moment).or_else(|| get(half)),
            _ => {
                let rules = self.rules();
                let exact = (moment == "noon" && rules.iter().any(|(name, _, _)| *name == moment))
                    .then(|| get(moment))
                    .flatten();
                let now = civil.hour * 60 + civil.minute;
                let within = |from: u32, before: u32| {
                    if from < before { (from..before).contains(&now) } else { now >= from || now < before }
                };
                let part = rules.iter().find(|(_, from, before)| from != before && within(*from, *before));
                exact.or_else(|| get(part?.0)).or_else(|| get(half))
            }
        }
    }

    /// The parts of the day: name, first minute, the minute behind the last.
    fn rules(&self) -> Vec<(&'static str, u32, u32)> {
        let mut name = self.name;
        let rules = loop {
            match (data::supplement(&format!("dp/{name}")), name.rfind('-')) {
                (Some(rules), _) => break rules,
                (None, Some(at)) => name = &name[..at],
                (None, None) => return Vec::new(),
            }
        };
        let rule = |text: &'static str| {
            let mut words = text.split(' ');
            Some((words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        };
        rules.split('|').filter_map(rule).collect()
    }
}
