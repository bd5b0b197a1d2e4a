//! A number in decimal digits, of any length, and its rounding.

use std::cmp::Ordering;

use b8g_core::Error;

/// Digits of a number at most, with the zeros that its exponent stands for.
const DIGITS_MAX: usize = 200_000;

/// Sign and digits. `point` digits are before the decimal point; there are no zeros at the front, but those right of the point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) negative: bool,
    digits: Vec<u8>,
    point: i32,
}

/// A number, or what is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Finite(Decimal),
    Infinite { negative: bool },
    Nan,
}

impl Number {
    /// Reads what JavaScript writes numbers as: digits with a point and an exponent.
    ///
    /// # Errors
    /// [`Error::Argument`] for what is no number, [`Error::Limit`] for too many digits.
    pub(crate) fn parse(text: &str) -> Result<Number, Error> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        match rest {
            "Infinity" => return Ok(Number::Infinite { negative }),
            "NaN" => return Ok(Number::Nan),
            _ => {}
        }
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| Error::Limit)?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.len() + fraction.len() == 0
            || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
        {
            return Err(Error::Argument);
        }
        if whole.len() + fraction.len() > DIGITS_MAX || exponent.unsigned_abs() as usize > DIGITS_MAX {
            return Err(Error::Limit);
        }
        let digits = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
        let mut decimal = Decimal { negative, digits, point: whole.len() as i32 + exponent };
        decimal.trim();
        Ok(Number::Finite(decimal))
    }
}

/// How to round, in the order of ECMA-402's names: ceil, floor, expand, trunc, halfCeil, halfFloor, halfExpand, halfTrunc, halfEven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Ceil,
    Floor,
    Expand,
    Trunc,
    HalfCeil,
    HalfFloor,
    HalfExpand,
    HalfTrunc,
    HalfEven,
}

impl Mode {
    pub(crate) fn parse(text: &str) -> Option<Mode> {
        use Mode::*;
        let modes = [Ceil, Floor, Expand, Trunc, HalfCeil, HalfFloor, HalfExpand, HalfTrunc, HalfEven];
        modes.get(text.parse::<usize>().ok()?).copied()
    }
}

impl Decimal {
    /// Drops zeros at both ends.
    fn trim(&mut self) {
        let zeros = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..zeros);
        self.point -= zeros as i32;
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.point = 0;
        }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The power of ten of its first digit; 0 for zero.
    pub(crate) fn magnitude(&self) -> i32 {
        if self.is_zero() { 0 } else { self.point - 1 }
    }

    /// Times a power of ten.
    pub(crate) fn shifted(mut self, powers: i32) -> Decimal {
        if !self.is_zero() {
            self.point += powers;
        }
        self
    }

    /// The digit at a power of ten.
    pub(crate) fn digit(&self, power: i32) -> u8 {
        let index = self.point - 1 - power;
        usize::try_from(index).ok().and_then(|index| self.digits.get(index)).copied().unwrap_or(0)
    }

    /// The power of ten of its last digit that is none of the trailing zeros.
    pub(crate) fn last_power(&self) -> i32 {
        self.point - self.digits.len() as i32
    }

    /// Rounded to a multiple of `increment` times ten to `power`.
    pub(crate) fn rounded(&self, power: i32, increment: u32, mode: Mode) -> Decimal {
        if increment == 1 && self.last_power() >= power {
            return self.clone();
        }
        // The digits down to the power as a whole number, and what is behind it: a digit, and whether there is more.
        let places = self.point - power;
        let kept = usize::try_from(places).unwrap_or(0).min(self.digits.len());
        let mut whole = self.digits[..kept].to_vec();
        whole.resize(usize::try_from(places).unwrap_or(0), 0);
        let tail = &self.digits[kept..];
        let (next, more) = match tail.split_first() {
            Some((next, rest)) if places >= 0 => (*next, !rest.is_empty()),
            tail => (0, tail.is_some()),
        };
        let rest = if increment == 1 { 0 } else { remainder(&whole, increment) };
        subtract(&mut whole, rest);
        // In tenths of a place.
        let (low, high) = (u64::from(rest) * 10 + u64::from(next), u64::from(increment) * 10);
        let exact = low == 0 && !more;
        let half = (low * 2).cmp(&high).then(if more { Ordering::Greater } else { Ordering::Equal });
        let odd = if increment == 1 {
            whole.last().is_some_and(|digit| digit % 2 == 1)
        } else {
            quotient_is_odd(&whole, increment)
        };
        if !exact && self.rounds_up(mode, half, odd) {
            add(&mut whole, increment);
        }
        let mut decimal =
            Decimal { negative: self.negative, point: whole.len() as i32 + power, digits: whole };
        decimal.trim();
        decimal
    }

    fn rounds_up(&self, mode: Mode, half: Ordering, odd: bool) -> bool {
        use Ordering::{Equal, Greater, Less};
        match mode {
            Mode::Ceil => !self.negative,
            Mode::Floor => self.negative,
            Mode::Expand => true,
            Mode::Trunc => false,
            Mode::HalfCeil => half == Greater || half == Equal && !self.negative,
            Mode::HalfFloor => half == Greater || half == Equal && self.negative,
            Mode::HalfExpand => half != Less,
            Mode::HalfTrunc => half == Greater,
            Mode::HalfEven => half == Greater || half == Equal && odd,
        }
    }

    /// Its digits before the point, at least so many, and those behind, at least so many.
    pub(crate) fn written(&self, whole_min: usize, fraction_min: usize) -> (String, String) {
        let whole = usize::try_from(self.point).unwrap_or(0).max(whole_min);
        let fraction = usize::try_from(-self.last_power()).unwrap_or(0).max(fraction_min);
        let digit = |power: i32| char::from(b'0' + self.digit(power));
        let before = (0..whole as i32).rev().map(digit).collect();
        let behind = (1..=fraction as i32).map(|place| digit(-place)).collect();
        (before, if self.is_zero() && fraction_min == 0 { String::new() } else { behind })
    }
}

fn remainder(digits: &[u8], by: u32) -> u32 {
    digits.iter().fold(0, |rest, digit| (rest * 10 + u32::from(*digit)) % by)
}

fn quotient_is_odd(digits: &[u8], by: u32) -> bool {
    let by = by * 2;
    remainder(digits, by) != 0
}

/// Takes away what is not more than the number.
fn subtract(digits: &mut [u8], mut less: u32) {
    for digit in digits.iter_mut().rev() {
        let take = (less % 10) as u8;
        less /= 10;
        if *digit >= take {
            *digit -= take;
        } else {
            *digit += 10 - take;
            less += 1;
        }
    }
}

fn add(digits: &mut Vec<u8>, mut more: u32) {
    for digit in digits.iter_mut().rev() {
        more += u32::from(*digit);
        *digit = (more % 10) as u8;
        more /= 10;
    }
    while more > 0 {
        digits.insert(0, (more % 10) as u8);
        more /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(text: &str, power: i32, increment: u32, mode: Mode) -> String {
        let Ok(Number::Finite(decimal)) = Number::parse(text) else { panic!("{text}") };
        let decimal = decimal.rounded(power, increment, mode);
        let (whole, fraction) = decimal.written(1, 0);
        format!("{}{whole}.{fraction}", if decimal.negative { "-" } else { "" })
    }

    #[test]
    fn rounds_as_each_mode_says() {
        let modes = ["0", "1", "2", "3", "4", "5", "6", "7", "8"].map(|text| Mode::parse(text).unwrap());
        let all = |text: &str| modes.map(|mode| rounded(text, 0, 1, mode)).join(" ");
        assert_eq!(all("2.5"), "3. 2. 3. 2. 3. 2. 3. 2. 2.");
        assert_eq!(all("-2.5"), "-2. -3. -3. -2. -2. -3. -3. -2. -2.");
        assert_eq!(all("0.05"), "1. 0. 1. 0. 0. 0. 0. 0. 0.");
        assert_eq!(all("3.51"), "4. 3. 4. 3. 4. 4. 4. 4. 4.");
        assert_eq!(rounded("1.275", -2, 5, Mode::HalfExpand), "1.3");
        assert_eq!(rounded("1.225", -2, 5, Mode::HalfEven), "1.2");
        assert_eq!(rounded("9.99", -1, 1, Mode::HalfExpand), "10.");
        assert_eq!(rounded("0.001", -2, 1, Mode::HalfExpand), "0.");
        assert_eq!(rounded("123456", 3, 1, Mode::HalfExpand), "123000.");
        assert_eq!(rounded("600", 3, 1, Mode::HalfExpand), "1000.");
    }

    #[test]
    fn reads_what_is_a_number_and_nothing_else() {
        assert_eq!(rounded("1e21", -3, 1, Mode::HalfExpand), "1000000000000000000000.");
        assert_eq!(rounded("-1.5e-7", -9, 1, Mode::HalfExpand), "-0.00000015");
        for wrong in ["", "-", "1.2.3", "0x10", "1e", "e5", "١"] {
            assert!(Number::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Number::parse("1e999999999"), Err(Error::Limit));
        assert_eq!(Number::parse("1e99999999999999999999"), Err(Error::Limit));
    }
}
