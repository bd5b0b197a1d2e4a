//! From what a date shall show to a pattern: CLDR's algorithm for flexible dates (UTS 35, part 4, "Matching Skeletons").
//!
//! A skeleton names fields and their widths (`yMMMd`). Among a locale's patterns that one is taken whose fields are the nearest; widths are then
//! adjusted, and what is missing is appended. Start at [`Generator::best`].

use crate::data::Locale;
use crate::text::fill;

/// The fields in the order that CLDR gives them.
const FIELDS: usize = 16;
const YEAR: usize = 1;
const MONTH: usize = 3;
const WEEKDAY: usize = 6;
const DAY: usize = 9;
const DAY_PERIOD: usize = 10;
const HOUR: usize = 11;
const MINUTE: usize = 12;
const SECOND: usize = 13;
const FRACTION: usize = 14;

const NAMES: [(&str, &str); FIELDS] = [
    ("Era", "era"),
    ("Year", "year"),
    ("Quarter", "quarter"),
    ("Month", "month"),
    ("Week", "week"),
    ("*", "weekOfMonth"),
    ("Day-Of-Week", "weekday"),
    ("*", "dayOfYear"),
    ("*", "weekdayOfMonth"),
    ("Day", "day"),
    ("*", "dayperiod"),
    ("Hour", "hour"),
    ("Minute", "minute"),
    ("Second", "second"),
    ("*", "second"),
    ("Timezone", "zone"),
];
const DATE_MASK: u32 = (1 << (DAY + 1)) - 1;
const TIME_MASK: u32 = ((1 << FIELDS) - 1) & !DATE_MASK;

const EXTRA_FIELD: i32 = 0x10000;
const MISSING_FIELD: i32 = 0x1000;
const NUMERIC: i32 = 0x100;
const NARROW: i32 = -0x101;
const SHORTER: i32 = -0x102;
const SHORT: i32 = -0x103;
const LONG: i32 = -0x104;
const DELTA: i32 = 0x10;

/// The field of a letter of this count, and how it shows it: a number (by its width), or text (by its length).
fn field_of(letter: char, count: usize) -> Option<(usize, i32)> {
    let text = |delta: i32| match count {
        1..=3 => SHORT - delta,
        4 => LONG - delta,
        5 => NARROW - delta,
        _ => SHORTER - delta,
    };
    let number = |delta: i32| NUMERIC + delta + count as i32;
    Some(match letter {
        'G' => (0, text(0)),
        'y' => (YEAR, number(0)),
        'Y' => (YEAR, number(DELTA)),
        'u' => (YEAR, number(2 * DELTA)),
        'Q' => (2, if count < 3 { number(0) } else { text(0) }),
        'q' => (2, if count < 3 { number(DELTA) } else { text(DELTA) }),
        'M' => (MONTH, if count < 3 { number(0) } else { text(0) }),
        'L' => (MONTH, if count < 3 { number(DELTA) } else { text(DELTA) }),
        'w' => (4, number(0)),
        'W' => (5, number(0)),
        'E' => (WEEKDAY, text(0)),
        'c' => (WEEKDAY, if count < 3 { number(2 * DELTA) } else { text(2 * DELTA) }),
        'e' => (WEEKDAY, if count < 3 { number(DELTA) } else { text(DELTA) }),
        'D' => (7, number(0)),
        'F' => (8, number(0)),
        'd' => (DAY, number(0)),
        'a' => (DAY_PERIOD, text(0)),
        'b' => (DAY_PERIOD, text(DELTA)),
        'B' => (DAY_PERIOD, text(3 * DELTA)),
        'H' => (HOUR, number(10 * DELTA)),
        'k' => (HOUR, number(11 * DELTA)),
        'h' => (HOUR, number(0)),
        'K' => (HOUR, number(DELTA)),
        'm' => (MINUTE, number(0)),
        's' => (SECOND, number(0)),
        'S' => (FRACTION, number(0)),
        'v' => (15, if count < 4 { SHORT - 2 * DELTA } else { LONG - 2 * DELTA }),
        'z' => (15, if count < 4 { SHORT } else { LONG }),
        'O' => (15, if count < 4 { SHORT - DELTA } else { LONG - DELTA }),
        _ => return None,
    })
}

/// Letters in a row, or text, of a pattern.
pub(crate) enum Token {
    Field(char, usize),
    Text(String),
}

/// Cuts a pattern.
pub(crate) fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut quoted = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let literal = match c {
            '\'' if chars.peek() == Some(&'\'') => {
                chars.next();
                '\''
            }
            '\'' => {
                quoted = !quoted;
                continue;
            }
            c if c.is_ascii_alphabetic() && !quoted => {
                match tokens.last_mut() {
                    Some(Token::Field(letter, count)) if *letter == c => *count += 1,
                    _ => tokens.push(Token::Field(c, 1)),
                }
                continue;
            }
            c => c,
        };
        match tokens.last_mut() {
            Some(Token::Text(text)) => text.push(literal),
            _ => tokens.push(Token::Text(literal.to_string())),
        }
    }
    tokens
}

/// Writes a text so that a pattern shows it.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(|c: char| c.is_ascii_alphabetic() || c == '\'') {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_owned()
    }
}

/// Which fields there are, with letters and widths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Skeleton {
    /// 0: the field is not there.
    kinds: [i32; FIELDS],
    letters: [(char, usize); FIELDS],
    /// `a` came with the hour, and was not asked for.
    added_period: bool,
}

impl Skeleton {
    fn parse(pattern: &str) -> Skeleton {
        let mut skeleton = Skeleton::default();
        for token in tokens(pattern) {
            let Token::Field(letter, count) = token else { continue };
            let Some((field, kind)) = field_of(letter, count) else { continue };
            skeleton.kinds[field] = kind;
            skeleton.letters[field] = (letter, count);
        }
        // A second's fraction needs the second; hours of half a day need the half, those of a whole day have none.
        if skeleton.kinds[FRACTION] != 0 && skeleton.kinds[SECOND] == 0 {
            (skeleton.kinds[SECOND], skeleton.letters[SECOND]) = (NUMERIC + 1, ('s', 1));
        }
        match skeleton.letters[HOUR].0 {
            'h' | 'K' if skeleton.kinds[DAY_PERIOD] == 0 => {
                (skeleton.kinds[DAY_PERIOD], skeleton.letters[DAY_PERIOD]) = (SHORT, ('a', 1));
                skeleton.added_period = true;
            }
            'H' | 'k' => (skeleton.kinds[DAY_PERIOD], skeleton.letters[DAY_PERIOD]) = (0, ('\0', 0)),
            _ => {}
        }
        skeleton
    }

    /// The kinds without the widths of numbers.
    fn base(&self) -> [i32; FIELDS] {
        self.kinds.map(|kind| if kind > 0 { kind & !(DELTA - 1) } else { kind })
    }

    fn mask(&self) -> u32 {
        (0..FIELDS).filter(|field| self.kinds[*field] != 0).map(|field| 1 << field).sum()
    }

    /// How far away another one is, and which fields it lacks.
    fn distance(&self, other: &Skeleton, mask: u32) -> (i32, u32, bool) {
        let (mut distance, mut missing, mut extra) = (0, 0, false);
        for field in 0..FIELDS {
            let mine = if mask & (1 << field) == 0 { 0 } else { self.kinds[field] };
            let theirs = other.kinds[field];
            if mine == theirs {
                continue;
            }
            if mine == 0 {
                distance += EXTRA_FIELD;
                extra = true;
            } else if theirs == 0 {
                distance += MISSING_FIELD;
                missing |= 1 << field;
            } else {
                distance += (mine - theirs).abs();
            }
        }
        (distance, missing, extra)
    }
}

/// A pattern of the locale.
struct Known {
    skeleton: Skeleton,
    /// Whether the locale says what the skeleton is, rather than the pattern.
    specified: bool,
    pattern: String,
}

/// What one search found.
struct Found {
    pattern: String,
    specified: Option<Skeleton>,
    missing: u32,
    extra: bool,
}

/// The patterns of a locale.
pub(crate) struct Generator {
    locale: Locale,
    known: Vec<Known>,
    /// The letter of hours that the locale prefers.
    hour: char,
}

const STYLES: [&str; 4] = ["full", "long", "medium", "short"];

impl Generator {
    pub(crate) fn of(locale: Locale, hour: char) -> Generator {
        let mut generator = Generator { locale, known: Vec::new(), hour };
        for letter in ["G", "y", "Q", "M", "w", "W", "E", "D", "F", "d", "a", "H", "m", "s", "S", "v"] {
            generator.add(letter, None);
        }
        for kind in ["date", "time"] {
            for style in STYLES {
                if let Some(pattern) = locale.get(&format!("d/{kind}/{style}")) {
                    generator.add(pattern, None);
                }
            }
        }
        for (skeleton, pattern) in locale.below("d/format/") {
            generator.add(pattern, Some(skeleton));
        }
        generator
    }

    fn add(&mut self, pattern: &str, skeleton: Option<&str>) {
        let parsed = Skeleton::parse(skeleton.unwrap_or(pattern));
        // Of what is only derived from a pattern, the first of each kind holds.
        if skeleton.is_none() && self.known.iter().any(|known| known.skeleton.base() == parsed.base()) {
            return;
        }
        let same = self.known.iter().position(|known| known.skeleton.kinds == parsed.kinds);
        let known = Known { skeleton: parsed, specified: skeleton.is_some(), pattern: pattern.to_owned() };
        match same {
            Some(at) => self.known[at] = known,
            None => self.known.push(known),
        }
    }

    /// The best pattern for what is wanted.
    pub(crate) fn best(&self, skeleton: &str) -> String {
        let wanted = Skeleton::parse(skeleton);
        let mask = wanted.mask();
        let found = self.nearest(&wanted, mask);
        if found.missing == 0 && !found.extra {
            return self.adjusted(&found.pattern, found.specified, &wanted, false);
        }
        let date = self.appended(&wanted, mask & DATE_MASK);
        let time = self.appended(&wanted, mask & TIME_MASK);
        match (date.is_empty(), time.is_empty()) {
            (true, _) => time,
            (_, true) => date,
            _ => {
                let style = match wanted.letters[MONTH].1 {
                    4 if wanted.kinds[WEEKDAY] != 0 => "full",
                    4 => "long",
                    3 => "medium",
                    _ => "short",
                };
                fill(self.joining(style), &[&time, &date])
            }
        }
    }

    /// How a date and a time are joined.
    pub(crate) fn joining(&self, style: &str) -> &'static str {
        let at = self.locale.get(&format!("d/at/{style}"));
        at.or_else(|| self.locale.get(&format!("d/joined/{style}"))).unwrap_or("{1} {0}")
    }

    fn nearest(&self, wanted: &Skeleton, mask: u32) -> Found {
        let mut best = i32::MAX;
        let mut found = Found { pattern: String::new(), specified: None, missing: mask, extra: false };
        for known in &self.known {
            let (distance, missing, extra) = wanted.distance(&known.skeleton, mask);
            if distance < best || distance == best && found.missing < missing {
                best = distance;
                let specified = known.specified.then_some(known.skeleton);
                found = Found { pattern: known.pattern.clone(), specified, missing, extra };
            }
            if distance == 0 {
                break;
            }
        }
        found
    }

    /// The best pattern for some of the fields, with those appended that it lacks.
    fn appended(&self, wanted: &Skeleton, mask: u32) -> String {
        if mask == 0 {
            return String::new();
        }
        let found = self.nearest(wanted, mask);
        let mut result = self.adjusted(&found.pattern, found.specified, wanted, false);
        let mut missing = found.missing;
        while missing != 0 {
            let fraction = 1 << FRACTION;
            if missing & (fraction | 1 << SECOND) == fraction && mask & (1 << SECOND) != 0 {
                result = self.adjusted(&result, found.specified, wanted, true);
                missing &= !fraction;
                continue;
            }
            let more = self.nearest(wanted, missing);
            let added = missing & !more.missing;
            if added == 0 {
                break;
            }
            let pattern = self.adjusted(&more.pattern, more.specified, wanted, false);
            let (append, name) = NAMES[(31 - added.leading_zeros()) as usize];
            let name = quoted(self.locale.get(&format!("f/{name}/long")).unwrap_or_default());
            let how =
                self.locale.get(&format!("d/append/{append}")).unwrap_or("{0} \u{251c}{2}: {1}\u{2524}");
            result = fill(how, &[&result, &pattern, &name]);
            missing = more.missing;
        }
        result
    }

    /// A pattern with the widths that are wanted.
    fn adjusted(
        &self,
        pattern: &str,
        specified: Option<Skeleton>,
        wanted: &Skeleton,
        fraction: bool,
    ) -> String {
        let mut adjusted = String::new();
        for token in tokens(pattern) {
            let (letter, count) = match token {
                Token::Field(letter, count) => (letter, count),
                Token::Text(text) => {
                    adjusted.push_str(&quoted(&text));
                    continue;
                }
            };
            let found = field_of(letter, count);
            let Some((field, kind)) = found.filter(|(field, _)| wanted.kinds[*field] != 0) else {
                adjusted.extend(std::iter::repeat_n(letter, count));
                continue;
            };
            let (asked, asked_count) = wanted.letters[field];
            // A half of the day that was only added is shown as the pattern has it.
            let added = field == DAY_PERIOD && wanted.added_period;
            let mut width = if asked == 'E' { asked_count.max(3) } else { asked_count };
            if matches!(field, MINUTE | SECOND) {
                width = count;
            } else if let Some(specified) = specified.filter(|_| !matches!(asked, 'c' | 'e')) {
                let theirs = specified.letters[field].1;
                let numeric = (kind > 0, wanted.kinds[field] > 0);
                if theirs == asked_count || numeric.0 != numeric.1 {
                    width = count;
                }
            }
            let keeps = matches!(field, HOUR | MONTH | WEEKDAY) || field == YEAR && asked != 'Y' || added;
            let mut shown = if keeps { letter } else { asked };
            if shown == 'E' && width < 3 {
                shown = 'e';
            }
            if field == HOUR {
                shown = match (asked, self.hour) {
                    (asked, hour) if asked == hour => hour,
                    ('h', 'K') => 'K',
                    ('H', 'k') => 'k',
                    ('k', 'H') => 'H',
                    ('K', 'h') => 'h',
                    _ => shown,
                };
            }
            adjusted.extend(std::iter::repeat_n(shown, if added { count } else { width }));
            if field == SECOND && fraction {
                adjusted.push_str(crate::number::pattern::symbol(self.locale, "latn", "decimal"));
                adjusted.extend(std::iter::repeat_n('S', wanted.letters[FRACTION].1));
            }
        }
        adjusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(locale: &str, skeleton: &str, hour: char) -> String {
        Generator::of(Locale::find(locale).unwrap(), hour).best(skeleton)
    }

    #[test]
    fn patterns_have_the_wanted_fields_and_widths() {
        assert_eq!(best("en", "yMMMMd", 'h'), "MMMM d, y");
        assert_eq!(best("en", "yMMdd", 'h'), "MM/dd/y");
        assert_eq!(best("de", "yMMMdEEEE", 'H'), "EEEE, d. MMM y");
        assert_eq!(best("de", "yMdHHmm", 'H'), "d.M.y, HH:mm");
        assert_eq!(best("en", "hmmssSSS", 'h').replace('\u{202f}', " "), "h:mm:ss.SSS a");
    }
}
