//! Sizes, durations and dates as people write them.
//!
//! Invariant: what a parser here reads, its printer writes back in a form that it reads again as the same value.

use std::time::{Duration, SystemTime};

/// The longest deadline: an instant that far away still has a name.
const DURATION_MAX: Duration = Duration::from_secs(10_000 * 24 * 60 * 60);

/// Names of sizes, the longest first where one ends in another.
const SIZES: [(&str, u64); 5] = [("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10), ("", 1)];

/// Reads a size: `65536`, `64k`, `64M`, `1.5G`, `64MiB`. All of them count in powers of 1024.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let bad = || format!("{text:?} is not a size; write for example 65536, 512k, 64M or 1.5G");
    let (number, unit) = split_unit(text).ok_or_else(bad)?;
    let unit = unit.to_ascii_uppercase();
    let unit = unit.strip_suffix("IB").or(unit.strip_suffix('B')).unwrap_or(&unit);
    let (_, bytes) = SIZES.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?;
    scale(number, u128::from(*bytes))
        .and_then(|size| u64::try_from(size).ok())
        .ok_or_else(|| format!("{text:?} is more than there is"))
}

/// Reads a size, or `none` for no bound.
pub fn parse_size_or_none(text: &str) -> Result<SizeBound, String> {
    match text {
        "none" => Ok(SizeBound(None)),
        text => parse_size(text).map(|size| SizeBound(Some(size))),
    }
}

/// A size that bounds something, or no bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SizeBound(pub Option<u64>);

/// Writes a size for the command line, exactly: `64M`, `1500`.
pub fn size_flag(bytes: u64) -> String {
    let exact = SIZES.iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    exact.map_or_else(|| bytes.to_string(), |(name, unit)| format!("{}{name}", bytes / unit))
}

/// Writes a size for a person, exactly: `64 MiB`, `1500 bytes`.
pub fn size_text(bytes: u64) -> String {
    let flag = size_flag(bytes);
    match flag.strip_suffix(|c: char| c.is_ascii_alphabetic()) {
        Some(number) => format!("{number} {}iB", &flag[number.len()..]),
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{flag} bytes"),
    }
}

/// Names of durations in nanoseconds, the largest first.
const DURATIONS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Reads a duration: `500ms`, `2s`, `1.5m`, and a bare number for seconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("{text:?} is not a duration; write for example 500ms, 2s, 1.5m or 90 (seconds)");
    let (number, unit) = split_unit(text).ok_or_else(bad)?;
    let unit = if unit.is_empty() { "s" } else { unit };
    if number.matches('.').count() > 1 {
        return Err(bad());
    }
    let (_, nanos) = DURATIONS.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?;
    scale(number, u128::from(*nanos))
        .filter(|nanos| *nanos <= DURATION_MAX.as_nanos())
        .and_then(|nanos| u64::try_from(nanos).ok())
        // Nothing means for ever: next to nothing must not become that.
        .map(|nanos| {
            if nanos == 0 && number.contains(['1', '2', '3', '4', '5', '6', '7', '8', '9']) {
                1
            } else {
                nanos
            }
        })
        .map(Duration::from_nanos)
        .ok_or_else(|| format!("{text:?} is longer than {}", duration_flag(DURATION_MAX)))
}

/// Writes a duration for the command line, exactly: `500ms`, `90s`, `2m`.
pub fn duration_flag(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let exact = DURATIONS.iter().find(|(_, unit)| {
        let unit = u128::from(*unit);
        nanos >= unit && nanos.is_multiple_of(unit)
    });
    exact.map_or_else(|| "0s".to_owned(), |(name, unit)| format!("{}{name}", nanos / u128::from(*unit)))
}

/// Writes a point of time as RFC 3339 in UTC, in milliseconds.
pub fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let milli = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// The date that lies `days` after 1970-01-01. Years are counted from March, so that the leap day is the last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Splits `1.5G` into a number and a unit.
fn split_unit(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let plain = number.starts_with(|c: char| c.is_ascii_digit());
    plain.then_some((number, unit.trim_start_matches(' ')))
}

/// Multiplies a decimal number by a unit, rounding down; `None` for what is no number or too large.
fn scale(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if number.ends_with('.') || fraction.contains('.') || fraction.len() > 18 {
        return None;
    }
    let whole = u128::from(whole.parse::<u64>().ok()?) * unit;
    if fraction.is_empty() {
        return Some(whole);
    }
    let part = u128::from(fraction.parse::<u64>().ok()?) * unit / 10u128.pow(fraction.len() as u32);
    Some(whole + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, want) in [
            ("0", 0),
            ("65536", 65536),
            ("512k", 512 << 10),
            ("64M", 64 << 20),
            ("64m", 64 << 20),
            ("64MB", 64 << 20),
            ("64 MiB", 64 << 20),
            ("1.5G", 3 << 29),
            ("2TiB", 2 << 40),
            ("10B", 10),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_size(text), Ok(want), "{text}");
        }
        for bad in ["", "M", "-1", "1.", ".5M", "1.2.3", "1e3", "64X", "64iBM", "∞", "16777216T", "1 M B"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_size_or_none("none"), Ok(SizeBound(None)));
        assert_eq!(parse_size_or_none("1k"), Ok(SizeBound(Some(1024))));
    }

    #[test]
    fn durations_are_read() {
        let ms = Duration::from_millis;
        for (text, want) in [
            ("500ms", ms(500)),
            ("2s", ms(2000)),
            ("2", ms(2000)),
            ("0.5", ms(500)),
            ("1.5m", ms(90_000)),
            ("1h", ms(3_600_000)),
            ("250us", Duration::from_micros(250)),
            ("0", Duration::ZERO),
        ] {
            assert_eq!(parse_duration(text), Ok(want), "{text}");
        }
        assert_eq!(
            parse_duration("0.0001us"),
            Ok(Duration::from_nanos(1)),
            "next to nothing is not for ever"
        );
        assert_eq!(parse_duration("0.0s"), Ok(Duration::ZERO));
        for bad in ["", "s", "-1s", "1 fortnight", "2S", "99999999999d", "18446744073709551615s", "1.5.5s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut seed = 1u64;
        for _ in 0..2_000 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let value = seed >> (seed % 64);
            assert_eq!(parse_size(&size_flag(value)), Ok(value));
            let duration = Duration::from_nanos(value).min(DURATION_MAX);
            assert_eq!(parse_duration(&duration_flag(duration)), Ok(duration));
        }
    }

    #[test]
    fn sizes_and_durations_are_written() {
        assert_eq!(size_text(64 << 20), "64 MiB");
        assert_eq!(size_text(1500), "1500 bytes");
        assert_eq!(size_text(1), "1 byte");
        assert_eq!(size_flag(3 << 29), "1536M");
        assert_eq!(duration_flag(Duration::from_millis(500)), "500ms");
        assert_eq!(duration_flag(Duration::from_secs(90)), "90s");
        assert_eq!(duration_flag(Duration::from_secs(120)), "2m");
    }

    #[test]
    fn times_are_written() {
        let at = |seconds, millis: u32| SystemTime::UNIX_EPOCH + Duration::new(seconds, millis * 1_000_000);
        assert_eq!(timestamp(at(0, 7)), "1970-01-01T00:00:00.007Z");
        assert_eq!(timestamp(at(951_827_696, 0)), "2000-02-29T12:34:56.000Z");
        assert_eq!(timestamp(at(4_107_542_400, 0)), "2100-03-01T00:00:00.000Z");
        assert_eq!(timestamp(at(1_767_225_599, 999)), "2025-12-31T23:59:59.999Z");
    }
}
