//! Time zones: their names, their offsets, and what languages call them.

use b8g_core::Error;
use jiff::Timestamp;
use jiff::tz::{Dst, TimeZone, TimeZoneDatabase};

use crate::data::{self, Locale};
use crate::number::pattern::Digits;
use crate::text::fill;

/// Milliseconds of 400 years, after which the calendar repeats itself, days of the week too.
const CYCLE_MS: i64 = 146_097 * 86_400_000;
/// What the database knows lies between these.
const FIRST_MS: i64 = -370_000_000_000_000;
const LAST_MS: i64 = 250_000_000_000_000;
const HALF_YEAR_MS: i64 = 184 * 86_400_000;

/// The name that stands for all that mean the same.
///
/// # Errors
/// [`Error::NotFound`] if there is no such zone.
pub(crate) fn canonical(name: &str) -> Result<String, Error> {
    let own = data::supplements("tz/is/").into_iter().map(|(zone, _)| (zone, zone));
    let others = data::supplements("tz/alias/");
    let mut all = own.chain(others);
    let found = all.find(|(zone, _)| zone.eq_ignore_ascii_case(name)).ok_or(Error::NotFound)?.1;
    // The database must know it too.
    find(found)?;
    Ok(match found {
        "Etc/UTC" | "Etc/GMT" => "UTC".to_owned(),
        found => found.to_owned(),
    })
}

/// Every zone by its one name.
pub(crate) fn names() -> Vec<String> {
    let all = data::supplements("tz/is/").into_iter().map(|(zone, _)| zone);
    let lies = |zone: &&str| find(zone).is_ok() && (!zone.starts_with("Etc/") || *zone == "Etc/UTC");
    all.filter(lies).map(|zone| if zone == "Etc/UTC" { "UTC".to_owned() } else { zone.to_owned() }).collect()
}

fn find(name: &str) -> Result<TimeZone, Error> {
    static DATABASE: std::sync::LazyLock<TimeZoneDatabase> =
        std::sync::LazyLock::new(TimeZoneDatabase::bundled);
    DATABASE.get(name).map_err(|_| Error::NotFound)
}

/// Seconds east of Greenwich: fields are the zone, then the time in milliseconds.
pub(crate) fn offset_at(input: &str) -> Result<String, Error> {
    let (name, ms) = input.split_once(crate::text::SEPARATOR).ok_or(Error::Argument)?;
    Ok(At::new(name, ms.parse().map_err(|_| Error::Argument)?)?.offset.to_string())
}

/// A time zone at an instant.
pub(crate) struct At {
    /// Its name in CLDR.
    name: String,
    zone: Option<TimeZone>,
    ms: i64,
    /// Seconds east of Greenwich.
    pub(crate) offset: i32,
    daylight: bool,
}

impl At {
    /// `ms` since 1970, in UTC.
    pub(crate) fn new(name: &str, ms: i64) -> Result<At, Error> {
        if name == "UTC" {
            return Ok(At { name: "Etc/UTC".to_owned(), zone: None, ms, offset: 0, daylight: false });
        }
        let zone = find(name)?;
        let (offset, daylight) = offset(&zone, ms);
        Ok(At { name: name.to_owned(), zone: Some(zone), ms, offset, daylight })
    }

    /// Which of CLDR's groups of zones that go alike it is in.
    fn metazone(&self) -> Option<&'static str> {
        metazone(&self.name, self.ms)
    }

    /// What a language calls it. `letter` and `count` as in patterns: z, O or v.
    pub(crate) fn text(&self, locale: Locale, digits: &Digits, letter: char, count: usize) -> String {
        let length = if count == 4 { "long" } else { "short" };
        let named = match letter {
            'z' => self.own_name(locale, length, if self.daylight { "daylight" } else { "standard" }),
            'v' => self.generic(locale, length),
            _ => None,
        };
        named.unwrap_or_else(|| self.offset_text(locale, digits, length == "long"))
    }

    fn own_name(&self, locale: Locale, length: &str, form: &str) -> Option<String> {
        let own = locale.get(&format!("z/zone/{}/{length}/{form}", self.name));
        let name = own.or_else(|| locale.get(&format!("z/meta/{}/{length}/{form}", self.metazone()?)))?;
        (name != "∅∅∅").then(|| name.to_owned())
    }

    /// A name that is the same in summer and in winter.
    fn generic(&self, locale: Locale, length: &str) -> Option<String> {
        if let Some(name) = locale.get(&format!("z/zone/{}/{length}/generic", self.name)) {
            return Some(name.to_owned());
        }
        if self.metazone().is_none() {
            return self.place(locale);
        }
        if !self.has_summer_time()
            && let Some(name) = self.own_name(locale, length, "standard")
        {
            return Some(name);
        }
        let Some(name) = self.own_name(locale, length, "generic") else { return self.place(locale) };
        // The zone that others of its group in this region are taken for may go otherwise at the moment.
        let golden = self.metazone().and_then(|metazone| {
            let region = data::supplement(&format!("tz/is/{}", self.name)).unwrap_or_default();
            data::supplement(&format!("tz/golden/{metazone}/{region}"))
                .or_else(|| data::supplement(&format!("tz/golden/{metazone}/001")))
        });
        let differs = golden.is_some_and(|golden| {
            golden != self.name && At::new(golden, self.ms).is_ok_and(|golden| golden.offset != self.offset)
        });
        if !differs {
            return Some(name);
        }
        Some(fill(locale.get("z/fallbackFormat").unwrap_or("{1} ({0})"), &[&self.city(locale), &name]))
    }

    fn has_summer_time(&self) -> bool {
        let Some(zone) = &self.zone else { return false };
        self.daylight || [-HALF_YEAR_MS, HALF_YEAR_MS].iter().any(|away| offset(zone, self.ms + away).1)
    }

    /// The time of a place: of its country, if that has one time.
    fn place(&self, locale: Locale) -> Option<String> {
        let region = data::supplement(&format!("tz/is/{}", self.name)).filter(|region| *region != "001")?;
        let alone = || data::supplements("tz/is/").iter().filter(|(_, of)| *of == region).count() == 1;
        let primary = || data::supplement(&format!("tz/primary/{region}")) == Some(&self.name);
        let country = if primary() || alone() { locale.get(&format!("lt/{region}")) } else { None };
        let place = country.map_or_else(|| self.city(locale), str::to_owned);
        Some(fill(locale.get("z/regionFormat").unwrap_or("{0}"), &[&place]))
    }

    fn city(&self, locale: Locale) -> String {
        let named = locale.get(&format!("z/city/{}", self.name)).map(str::to_owned);
        named.unwrap_or_else(|| self.name.rsplit('/').next().unwrap_or_default().replace('_', " "))
    }

    fn offset_text(&self, locale: Locale, digits: &Digits, long: bool) -> String {
        let seconds = self.offset.unsigned_abs();
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let formats = locale.get("z/hourFormat").unwrap_or("+HH:mm;-HH:mm");
        let (east, west) = formats.split_once(';').unwrap_or((formats, formats));
        let format = if self.offset < 0 { west } else { east };
        let at = format.find('H').unwrap_or(0);
        let between = format
            .find('m')
            .and_then(|m| format.get(..m))
            .map_or(":", |head| head.get(at..).unwrap_or_default().trim_start_matches('H'));
        let mut text = format.get(..at).unwrap_or_default().to_owned();
        text.push_str(&digits.write(&if long { format!("{hours:02}") } else { hours.to_string() }));
        if long || minutes + seconds > 0 {
            text.push_str(between);
            text.push_str(&digits.write(&format!("{minutes:02}")));
        }
        if seconds > 0 {
            text.push_str(between);
            text.push_str(&digits.write(&format!("{seconds:02}")));
        }
        text.push_str(format.rsplit('m').next().unwrap_or_default());
        fill(locale.get("z/gmtFormat").unwrap_or("GMT{0}"), &[&text])
    }
}

/// Seconds east of Greenwich, and whether that is summer time.
fn offset(zone: &TimeZone, ms: i64) -> (i32, bool) {
    let mut ms = ms;
    if ms > LAST_MS {
        ms -= ((ms - LAST_MS) / CYCLE_MS + 1) * CYCLE_MS;
    }
    let timestamp = Timestamp::from_millisecond(ms.max(FIRST_MS)).unwrap_or_default();
    let info = zone.to_offset_info(timestamp);
    (info.offset().seconds(), info.dst() == Dst::Yes)
}

/// Groups are known from 1970 on.
fn metazone(name: &str, ms: i64) -> Option<&'static str> {
    let uses = data::supplement(&format!("tz/uses/{name}"))?;
    uses.split('|').find_map(|one| {
        let mut words = one.split(' ');
        let (metazone, from, to) = (words.next()?, words.next()?, words.next()?);
        let after = from == "-" && ms >= 0 || instant(from).is_some_and(|from| ms >= from);
        let before = to == "-" || instant(to).is_some_and(|to| ms < to);
        (after && before).then_some(metazone)
    })
}

/// `2007-03-11T07:00` in UTC, in milliseconds.
fn instant(text: &str) -> Option<i64> {
    Some(format!("{text}:00Z").parse::<Timestamp>().ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_zones_are_found_whatever_their_case() {
        assert_eq!(canonical("europe/BERLIN").as_deref(), Ok("Europe/Berlin"));
        assert_eq!(canonical("Etc/UTC").as_deref(), Ok("UTC"));
        assert_eq!(canonical("US/Eastern").as_deref(), Ok("America/New_York"));
        for wrong in ["", "Europe", "Europe/Berlin ", "../etc/passwd", "+25:00"] {
            assert!(canonical(wrong).is_err(), "{wrong}");
        }
        assert!(names().len() > 400);
    }

    #[test]
    fn offsets_are_known_at_all_times() {
        let summer = At::new("Europe/Berlin", 1_720_000_000_000).unwrap();
        let winter = At::new("Europe/Berlin", 1_705_000_000_000).unwrap();
        assert_eq!((summer.offset, winter.offset), (7200, 3600));
        for ms in [i64::from(i32::MIN) * 1000, -8_640_000_000_000_000, 8_640_000_000_000_000] {
            assert!(At::new("America/New_York", ms).unwrap().offset < 0);
        }
        let english = Locale::find("en").unwrap();
        let digits = Digits::of("latn").unwrap();
        assert_eq!(summer.text(english, &digits, 'z', 4), "Central European Summer Time");
        assert_eq!(summer.text(english, &digits, 'z', 1), "GMT+2");
    }
}
