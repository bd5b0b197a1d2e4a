//! What a number is to look like: the fields that a request begins with.

use b8g_core::Error;

use crate::data::{self, Locale};
use crate::decimal::Mode;
use crate::number::pattern::Digits;

/// Digits before or behind the point at most, and digits that count.
const DIGITS_MAX: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Decimal,
    Percent,
    Currency,
    Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    Standard,
    CompactShort,
    CompactLong,
    Scientific,
    Engineering,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    Auto,
    Always,
    Never,
    ExceptZero,
    Negative,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grouping {
    Auto,
    Always,
    Min2,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    Fraction,
    Significant,
    More,
    Less,
}

pub(crate) struct Options<'a> {
    pub(crate) name: &'a str,
    pub(crate) locale: Locale,
    pub(crate) system: &'a str,
    pub(crate) digits: Digits,
    pub(crate) style: Style,
    /// The currency's code, or the unit.
    pub(crate) of: &'a str,
    /// Of a currency `symbol`, `narrow`, `code` or `name`, of a unit `long`, `short` or `narrow`.
    pub(crate) display: &'a str,
    pub(crate) accounting: bool,
    pub(crate) notation: Notation,
    pub(crate) sign: Sign,
    pub(crate) grouping: Grouping,
    pub(crate) whole_min: usize,
    pub(crate) fraction: (usize, usize),
    pub(crate) significant: (usize, usize),
    pub(crate) priority: Priority,
    pub(crate) increment: u32,
    pub(crate) mode: Mode,
    pub(crate) strip_if_whole: bool,
}

/// The fields of a request, each up to the separator.
pub(crate) struct Fields<'a>(pub(crate) &'a str);

impl<'a> Fields<'a> {
    pub(crate) fn next(&mut self) -> Result<&'a str, Error> {
        let (field, rest) = self.0.split_once(crate::text::SEPARATOR).ok_or(Error::Argument)?;
        self.0 = rest;
        Ok(field)
    }

    pub(crate) fn number(&mut self) -> Result<usize, Error> {
        let number = self.next()?.parse::<usize>().map_err(|_| Error::Argument)?;
        if number > DIGITS_MAX { Err(Error::Argument) } else { Ok(number) }
    }

    /// One of these letters, as its place.
    pub(crate) fn letter(&mut self, letters: &str) -> Result<usize, Error> {
        let field = self.next()?;
        if field.len() != 1 {
            return Err(Error::Argument);
        }
        letters.find(field).ok_or(Error::Argument)
    }

    pub(crate) fn locale(&mut self) -> Result<(&'a str, Locale), Error> {
        let name = self.next()?;
        Ok((name, crate::locale::data(name).ok_or(Error::NotFound)?))
    }
}

fn each<T: Copy>(all: &[T], index: usize) -> Result<T, Error> {
    all.get(index).copied().ok_or(Error::Argument)
}

impl<'a> Options<'a> {
    /// Reads them; what is left is the number.
    pub(crate) fn read(fields: &mut Fields<'a>) -> Result<Options<'a>, Error> {
        use Notation::*;
        let (name, locale) = fields.locale()?;
        let system = fields.next()?;
        let digits = Digits::of(system).ok_or(Error::NotFound)?;
        let style =
            each(&[Style::Decimal, Style::Percent, Style::Currency, Style::Unit], fields.letter("dpcu")?)?;
        let of = fields.next()?;
        let display = fields.next()?;
        let accounting = fields.letter("sa")? == 1;
        let notation =
            each(&[Standard, CompactShort, CompactLong, Scientific, Engineering], fields.letter("scCng")?)?;
        let sign = each(
            &[Sign::Auto, Sign::Always, Sign::Never, Sign::ExceptZero, Sign::Negative],
            fields.letter("aAneN")?,
        )?;
        let grouping = each(
            &[Grouping::Auto, Grouping::Always, Grouping::Min2, Grouping::Never],
            fields.letter("aAmf")?,
        )?;
        let whole_min = fields.number()?;
        let fraction = (fields.number()?, fields.number()?);
        let significant = (fields.number()?, fields.number()?);
        let priority = each(
            &[Priority::Fraction, Priority::Significant, Priority::More, Priority::Less],
            fields.letter("fsml")?,
        )?;
        let increment = fields.next()?.parse::<u32>().map_err(|_| Error::Argument)?;
        let mode = Mode::parse(fields.next()?).ok_or(Error::Argument)?;
        let strip_if_whole = fields.letter("as")? == 1;
        if fraction.0 > fraction.1 || significant.0 > significant.1 || increment == 0 || increment > 5000 {
            return Err(Error::Argument);
        }
        if priority != Priority::Fraction && significant.0 == 0 {
            return Err(Error::Argument);
        }
        Ok(Options {
            name,
            locale,
            system,
            digits,
            style,
            of,
            display,
            accounting,
            notation,
            sign,
            grouping,
            whole_min,
            fraction,
            significant,
            priority,
            increment,
            mode,
            strip_if_whole,
        })
    }

    /// Those of a plain number with up to three digits behind the point.
    pub(crate) fn plain(name: &'a str, locale: Locale, system: &'a str) -> Result<Options<'a>, Error> {
        Ok(Options {
            name,
            locale,
            system,
            digits: Digits::of(system).ok_or(Error::NotFound)?,
            style: Style::Decimal,
            of: "",
            display: "",
            accounting: false,
            notation: Notation::Standard,
            sign: Sign::Auto,
            grouping: Grouping::Auto,
            whole_min: 1,
            fraction: (0, 3),
            significant: (0, 0),
            priority: Priority::Fraction,
            increment: 1,
            mode: Mode::HalfExpand,
            strip_if_whole: false,
        })
    }
}

/// Digits that a currency has behind the point.
pub(crate) fn currency_digits(code: &str) -> usize {
    data::supplement(&format!("cur/{code}"))
        .or_else(|| data::supplement("cur/DEFAULT"))
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(2)
}
