//! From one date to another, with what both share written once: CLDR's interval formats.

use super::skeleton::{Generator, Token, tokens};
use super::{Look, format_tokens};
use crate::date::calendar::Civil;
use crate::text::{Parts, SEPARATOR, pieces};
use crate::zone::At;
use b8g_core::Error;

const START: &str = "startRange";
const END: &str = "endRange";
const SHARED: &str = "shared";

/// `source SEPARATOR kind SEPARATOR text SEPARATOR` for each part.
pub(super) fn format(
    look: &Look<'_>,
    pattern: &str,
    start: (&At, i64),
    end: (&At, i64),
) -> Result<String, Error> {
    let of = |(at, ms): (&At, i64), pattern: &str| super::format(look, at, ms, pattern);
    let differs = difference(
        &Civil::of(start.1 + i64::from(start.0.offset) * 1000),
        &Civil::of(end.1 + i64::from(end.0.offset) * 1000),
    );
    let letters = letters(pattern);
    let (date, time): (Vec<_>, Vec<_>) = letters.iter().partition(|(letter, _)| "GyMLEcd".contains(*letter));
    let within_day = matches!(differs, 'a' | 'h' | 'm' | 's');
    // Times of different days say which days.
    let dated;
    let pattern = if date.is_empty() && !within_day {
        let skeleton: String =
            letters.iter().map(|(letter, count)| letter.to_string().repeat(*count)).collect();
        let hour = skeleton.chars().find(|letter| "hHkK".contains(*letter)).unwrap_or('H');
        dated = Generator::of(look.locale, hour).best(&format!("yMd{skeleton}"));
        &dated
    } else {
        pattern
    };
    let (first, last) = (of(start, pattern)?, of(end, pattern)?);
    let mut written = Written::default();
    if first.to_text() == last.to_text() {
        written.put(SHARED, &first);
        return Ok(written.0);
    }
    if time.is_empty() || date.is_empty() && within_day {
        if let Some(interval) = interval(look, &letters, differs) {
            written.put_interval(look, &interval, start, end)?;
            return Ok(written.0);
        }
    } else if within_day
        && !date.is_empty()
        && let Some(interval) = interval(look, &time, differs)
        && let Some((joint, date_pattern)) = date_of(pattern)
    {
        for piece in pieces(&joint) {
            match piece {
                Ok(0) => written.put_interval(look, &interval, start, end)?,
                Ok(_) => written.put(SHARED, &of(start, date_pattern)?),
                Err(text) => {
                    let mut literal = Parts::default();
                    literal.push("literal", text);
                    written.put(SHARED, &literal);
                }
            }
        }
        return Ok(written.0);
    }
    for piece in pieces(look.locale.get("d/interval").unwrap_or("{0} – {1}")) {
        match piece {
            Ok(0) => written.put(START, &first),
            Ok(_) => written.put(END, &last),
            Err(text) => {
                let mut literal = Parts::default();
                literal.push("literal", text);
                written.put(SHARED, &literal);
            }
        }
    }
    Ok(written.0)
}

/// The largest field in which two times differ.
fn difference(one: &Civil, other: &Civil) -> char {
    match () {
        () if (one.year > 0) != (other.year > 0) => 'G',
        () if one.year != other.year => 'y',
        () if one.month != other.month => 'M',
        () if one.day != other.day => 'd',
        () if (one.hour < 12) != (other.hour < 12) => 'a',
        () if one.hour != other.hour => 'h',
        () if one.minute != other.minute => 'm',
        () => 's',
    }
}

/// Letters and their counts.
type Fields = Vec<(char, usize)>;

/// The fields of a pattern as a skeleton has them.
fn letters(pattern: &str) -> Fields {
    let fields = tokens(pattern).into_iter().filter_map(|token| match token {
        Token::Field('a', _) | Token::Text(_) => None,
        Token::Field(letter, count) => Some((letter, count)),
    });
    fields.collect()
}

/// A pattern of date and time cut into that of the date, and how it is joined to the time.
fn date_of(pattern: &str) -> Option<(String, &str)> {
    let is_time = |c: char| "hHkKmsSabBzOv".contains(c);
    let mut quoted = false;
    let (mut date, mut time) = (None::<(usize, usize)>, None::<(usize, usize)>);
    for (index, c) in pattern.char_indices() {
        if c == '\'' {
            quoted = !quoted;
        } else if c.is_ascii_alphabetic() && !quoted {
            let place = if is_time(c) { &mut time } else { &mut date };
            *place = Some((place.map_or(index, |(from, _)| from), index + 1));
        }
    }
    let (date, time) = (date?, time?);
    // A quoted text at an end belongs to the joint; both must lie apart.
    if date.1 <= time.0 {
        Some((
            format!(
                "{}{{1}}{}{{0}}{}",
                unquoted(&pattern[..date.0]),
                unquoted(&pattern[date.1..time.0]),
                unquoted(&pattern[time.1..])
            ),
            &pattern[date.0..date.1],
        ))
    } else if time.1 <= date.0 {
        Some((
            format!(
                "{}{{0}}{}{{1}}{}",
                unquoted(&pattern[..time.0]),
                unquoted(&pattern[time.1..date.0]),
                unquoted(&pattern[date.1..])
            ),
            &pattern[date.0..date.1],
        ))
    } else {
        None
    }
}

fn unquoted(text: &str) -> String {
    text.replace('\'', "")
}

/// The pattern of an interval for fields that differ in this one, with the widths that are wanted.
fn interval(look: &Look<'_>, wanted: &[(char, usize)], differs: char) -> Option<String> {
    let hour = wanted.iter().map(|(letter, _)| *letter).find(|letter| "hHkK".contains(*letter));
    let field = match (differs, hour) {
        ('a' | 'h', Some('H' | 'k')) => "H",
        ('a', _) => "a",
        ('h', _) => "h",
        ('m', _) => "m",
        ('G', _) => "G",
        ('y', _) => "y",
        ('M', _) => "M",
        ('d', _) => "d",
        _ => return None,
    };
    let mut best: Option<(usize, &str, Fields)> = None;
    for (key, pattern) in look.locale.below("d/interval/") {
        let Some((skeleton, of)) = key.split_once('/') else { continue };
        if of != field {
            continue;
        }
        let theirs = letters(skeleton);
        if theirs.len() != wanted.len() {
            continue;
        }
        let distance = wanted.iter().try_fold(0, |sum, (letter, count)| {
            let (_, width) = theirs.iter().find(|(other, _)| other == letter)?;
            let numeric = |count: usize| count < 3 && *letter != 'E' && *letter != 'G';
            Some(sum + width.abs_diff(*count) + if numeric(*width) == numeric(*count) { 0 } else { 100 })
        });
        if let Some(distance) = distance
            && distance < 100
            && best.as_ref().is_none_or(|(least, ..)| distance < *least)
        {
            best = Some((distance, pattern, theirs));
        }
    }
    let (_, pattern, theirs) = best?;
    let mut adjusted = String::new();
    for token in tokens(pattern) {
        match token {
            Token::Text(text) => adjusted.push_str(&super::skeleton::quoted(&text)),
            Token::Field(letter, count) => {
                let same = match letter {
                    'L' => 'M',
                    'c' | 'e' => 'E',
                    letter => letter,
                };
                let width = |of: &[(char, usize)]| {
                    of.iter().find(|(other, _)| *other == same).map(|(_, count)| *count)
                };
                let asked = width(wanted).unwrap_or(count);
                let text = |count: usize| count > 2;
                // What the locale made of exactly this width stays.
                let fits =
                    text(asked) == text(count) && width(&theirs) != Some(asked) && !"hHkKm".contains(letter);
                adjusted.extend(std::iter::repeat_n(
                    letter,
                    if fits { asked.max(if same == 'E' { 3 } else { 1 }) } else { count },
                ));
            }
        }
    }
    Some(adjusted)
}

/// Parts with where they come from.
#[derive(Default)]
struct Written(String);

impl Written {
    fn put(&mut self, source: &str, parts: &Parts) {
        for (kind, text) in parts.iter() {
            for piece in [source, kind, text.as_str()] {
                self.0.push_str(piece);
                self.0.push(SEPARATOR);
            }
        }
    }

    /// The fields that are there twice are those of the start, then those of the end.
    fn put_interval(
        &mut self,
        look: &Look<'_>,
        pattern: &str,
        start: (&At, i64),
        end: (&At, i64),
    ) -> Result<(), Error> {
        let tokens = tokens(pattern);
        let field = |token: &Token| match token {
            Token::Field('L', _) => Some('M'),
            Token::Field('c' | 'e', _) => Some('E'),
            Token::Field(letter, _) => Some(*letter),
            Token::Text(_) => None,
        };
        let fields: Vec<Option<char>> = tokens.iter().map(field).collect();
        let again = (0..fields.len())
            .find(|at| fields[*at].is_some() && fields[..*at].contains(&fields[*at]))
            .unwrap_or(fields.len());
        let source = |at: usize| match fields[at] {
            Some(letter) if fields.iter().filter(|other| **other == Some(letter)).count() < 2 => SHARED,
            _ if at < again => START,
            _ => END,
        };
        for (at, token) in tokens.iter().enumerate() {
            let of = if at < again { start } else { end };
            let from = match token {
                Token::Field(..) => source(at),
                Token::Text(_) if at == 0 || at + 1 == tokens.len() => SHARED,
                Token::Text(_) if source(at - 1) == source(at + 1) => source(at - 1),
                Token::Text(_) => SHARED,
            };
            self.put(from, &format_tokens(look, of.0, of.1, std::slice::from_ref(token), true)?);
        }
        Ok(())
    }
}
