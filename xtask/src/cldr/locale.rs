//! What is taken of one locale, each value under a short key: `n/` numbers, `c/` currencies, `u/` units, `d/` dates, `f/` fields of
//! dates, `z/` time zones, `l/` lists, `ln/`, `ls/`, `lt/` names of languages, scripts and territories.

use anyhow::Result;
use serde_json::Value;

use super::{Entries, Source, members, texts};

/// The units that ECMA-402 names.
pub const UNITS: &[&str] = &[
    "acre",
    "bit",
    "byte",
    "celsius",
    "centimeter",
    "day",
    "degree",
    "fahrenheit",
    "fluid-ounce",
    "foot",
    "gallon",
    "gigabit",
    "gigabyte",
    "gram",
    "hectare",
    "hour",
    "inch",
    "kilobit",
    "kilobyte",
    "kilogram",
    "kilometer",
    "liter",
    "megabit",
    "megabyte",
    "meter",
    "microsecond",
    "mile",
    "mile-scandinavian",
    "milliliter",
    "millimeter",
    "millisecond",
    "minute",
    "month",
    "nanosecond",
    "ounce",
    "percent",
    "petabyte",
    "pound",
    "second",
    "stone",
    "terabit",
    "terabyte",
    "week",
    "yard",
    "year",
];

pub fn entries(source: &Source<'_>, locale: &str) -> Result<Entries> {
    let mut entries = Entries::new();
    numbers(&source.locale("numbers", locale, "numbers")?["numbers"], &mut entries);
    currencies(&source.locale("numbers", locale, "currencies")?["numbers"]["currencies"], &mut entries);
    units(&source.locale("units", locale, "units")?["units"], &mut entries);
    dates(&source.locale("dates", locale, "ca-gregorian")?["dates"]["calendars"]["gregorian"], &mut entries);
    fields(&source.locale("dates", locale, "dateFields")?["dates"]["fields"], &mut entries);
    zones(&source.locale("dates", locale, "timeZoneNames")?["dates"]["timeZoneNames"], &mut entries);
    lists(&source.locale("misc", locale, "listPatterns")?["listPatterns"], &mut entries);
    names(source, locale, &mut entries)?;
    Ok(entries)
}

fn put(entries: &mut Entries, key: String, value: &Value) {
    if let Some(text) = value.as_str() {
        entries.insert(key, text.to_owned());
    }
}

fn numbers(numbers: &Value, entries: &mut Entries) {
    put(entries, "n/default".to_owned(), &numbers["defaultNumberingSystem"]);
    put(entries, "n/native".to_owned(), &numbers["otherNumberingSystems"]["native"]);
    put(entries, "n/grouping".to_owned(), &numbers["minimumGroupingDigits"]);
    for (key, symbols) in members(numbers) {
        let Some(system) = key.strip_prefix("symbols-numberSystem-") else { continue };
        for (name, text) in texts(symbols) {
            entries.insert(format!("n/{system}/{name}"), text.to_owned());
        }
        let of = |what: &str| &numbers[format!("{what}-numberSystem-{system}")];
        put(entries, format!("n/{system}/std"), &of("decimalFormats")["standard"]);
        put(entries, format!("n/{system}/pct"), &of("percentFormats")["standard"]);
        for length in ["long", "short"] {
            compact(&of("decimalFormats")[length]["decimalFormat"], &format!("n/{system}/{length}"), entries);
        }
        for name in ["range", "approximately"] {
            put(entries, format!("n/{system}/{name}"), &of("miscPatterns")[name]);
        }
        let currency = of("currencyFormats");
        for (name, short) in [
            ("standard", "cur"),
            ("standard-alphaNextToNumber", "cur-alpha"),
            ("accounting", "acc"),
            ("accounting-alphaNextToNumber", "acc-alpha"),
        ] {
            put(entries, format!("n/{system}/{short}"), &currency[name]);
        }
        compact(&currency["short"]["standard"], &format!("n/{system}/cur-short"), entries);
        for (name, text) in texts(currency) {
            if let Some(count) = name.strip_prefix("unitPattern-count-") {
                entries.insert(format!("n/{system}/cur-name/{count}"), text.to_owned());
            }
        }
    }
}

/// `1000-count-one`, and with `-alt-alphaNextToNumber` behind it.
fn compact(patterns: &Value, prefix: &str, entries: &mut Entries) {
    for (name, text) in members(patterns) {
        let (name, alpha) = match name.strip_suffix("-alt-alphaNextToNumber") {
            Some(name) => (name, "/alpha"),
            None => (name, ""),
        };
        if let Some((size, count)) = name.split_once("-count-") {
            put(entries, format!("{prefix}/{}/{count}{alpha}", size.len() - 1), text);
        }
    }
}

fn currencies(currencies: &Value, entries: &mut Entries) {
    for (code, names) in members(currencies) {
        for (name, value) in members(names) {
            let short = match name {
                "symbol" => "s",
                "symbol-alt-narrow" => "n",
                "displayName" => "d",
                _ => match name.strip_prefix("displayName-count-") {
                    Some(count) => count,
                    None => continue,
                },
            };
            if value.as_str() != Some(code) {
                put(entries, format!("c/{code}/{short}"), value);
            }
        }
    }
}

fn units(units: &Value, entries: &mut Entries) {
    for length in ["long", "short", "narrow"] {
        put(entries, format!("u/per/{length}"), &units[length]["per"]["compoundUnitPattern"]);
        for (name, patterns) in members(&units[length]) {
            let Some((_, unit)) = name.split_once('-') else { continue };
            let known = |unit: &str| UNITS.contains(&unit);
            if !known(unit)
                && !unit.split_once("-per-").is_some_and(|(one, other)| known(one) && known(other))
            {
                continue;
            }
            for (name, text) in texts(patterns) {
                let short = match name {
                    "perUnitPattern" => "per",
                    _ => match name.strip_prefix("unitPattern-count-") {
                        Some(count) => count,
                        None => continue,
                    },
                };
                entries.insert(format!("u/{unit}/{length}/{short}"), text.to_owned());
            }
        }
    }
}

const WIDTHS: [&str; 4] = ["wide", "abbreviated", "narrow", "short"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

fn dates(calendar: &Value, entries: &mut Entries) {
    let months: Vec<String> = (1..=12).map(|month: u32| month.to_string()).collect();
    for form in ["format", "stand-alone"] {
        for width in WIDTHS {
            joined(
                &calendar["months"][form][width],
                months.iter().map(String::as_str),
                format!("d/months/{form}/{width}"),
                entries,
            );
            joined(
                &calendar["days"][form][width],
                DAYS.into_iter(),
                format!("d/days/{form}/{width}"),
                entries,
            );
            for (period, text) in texts(&calendar["dayPeriods"][form][width]) {
                entries.insert(format!("d/period/{form}/{width}/{period}"), text.to_owned());
            }
        }
    }
    for (name, width) in [("eraNames", "wide"), ("eraAbbr", "abbreviated"), ("eraNarrow", "narrow")] {
        joined(&calendar["eras"][name], ["0", "1"].into_iter(), format!("d/eras/{width}"), entries);
    }
    for (holder, short) in [
        (&calendar["dateFormats"], "date"),
        (&calendar["timeFormats"], "time"),
        (&calendar["dateTimeFormats"], "joined"),
        (&calendar["dateTimeFormats-atTime"]["standard"], "at"),
        (&calendar["dateTimeFormats"]["availableFormats"], "format"),
        (&calendar["dateTimeFormats"]["appendItems"], "append"),
    ] {
        for (name, text) in texts(holder).filter(|(name, _)| !name.contains("-count-")) {
            entries.insert(format!("d/{short}/{name}"), text.to_owned());
        }
    }
    let intervals = &calendar["dateTimeFormats"]["intervalFormats"];
    put(entries, "d/interval".to_owned(), &intervals["intervalFormatFallback"]);
    for (skeleton, patterns) in members(intervals) {
        for (field, text) in texts(patterns) {
            entries.insert(format!("d/interval/{skeleton}/{field}"), text.to_owned());
        }
    }
}

/// Texts of a fixed order as one.
fn joined<'a>(holder: &Value, names: impl Iterator<Item = &'a str>, key: String, entries: &mut Entries) {
    let texts: Option<Vec<&str>> = names.map(|name| holder[name].as_str()).collect();
    if let Some(texts) = texts {
        entries.insert(key, texts.join("|"));
    }
}

fn fields(fields: &Value, entries: &mut Entries) {
    for (name, field) in members(fields) {
        let (name, style) = match name.rsplit_once('-') {
            Some((name, style @ ("short" | "narrow"))) => (name, style),
            _ => (name, "long"),
        };
        put(entries, format!("f/{name}/{style}"), &field["displayName"]);
        for (key, value) in members(field) {
            if let Some(offset) = key.strip_prefix("relative-type-") {
                put(entries, format!("f/{name}/{style}/{offset}"), value);
            }
            if let Some(tense) = key.strip_prefix("relativeTime-type-") {
                for (key, text) in texts(value) {
                    let count = key.trim_start_matches("relativeTimePattern-count-");
                    entries.insert(format!("f/{name}/{style}/{tense}/{count}"), text.to_owned());
                }
            }
        }
    }
}

fn zones(zones: &Value, entries: &mut Entries) {
    for (name, text) in texts(zones) {
        entries.insert(format!("z/{name}"), text.to_owned());
    }
    zone(&zones["zone"], "", entries);
    for (name, forms) in members(&zones["metazone"]) {
        forms_of(forms, &format!("z/meta/{name}"), entries);
    }
}

/// Zones lie in objects by the parts of their names.
fn zone(holder: &Value, path: &str, entries: &mut Entries) {
    for (name, value) in members(holder) {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        if value["_type"].is_string() || value["exemplarCity"].is_string() {
            put(entries, format!("z/city/{path}"), &value["exemplarCity"]);
            forms_of(value, &format!("z/zone/{path}"), entries);
        } else {
            zone(value, &path, entries);
        }
    }
}

fn forms_of(forms: &Value, prefix: &str, entries: &mut Entries) {
    for length in ["long", "short"] {
        for (form, text) in texts(&forms[length]) {
            entries.insert(format!("{prefix}/{length}/{form}"), text.to_owned());
        }
    }
}

fn lists(lists: &Value, entries: &mut Entries) {
    for (name, patterns) in members(lists) {
        let Some(name) = name.strip_prefix("listPattern-type-") else { continue };
        for (place, text) in texts(patterns) {
            entries.insert(format!("l/{name}/{place}"), text.to_owned());
        }
    }
}

fn names(source: &Source<'_>, locale: &str, entries: &mut Entries) -> Result<()> {
    for (file, prefix) in [("languages", "ln"), ("scripts", "ls"), ("territories", "lt")] {
        let names = source.locale("localenames", locale, file)?;
        for (code, name) in members(&names["localeDisplayNames"][file]) {
            let (code, variant) = match code.split_once("-alt-") {
                Some((code, variant @ ("short" | "narrow"))) => (code, format!("/{variant}")),
                Some(_) => continue,
                None => (code, String::new()),
            };
            if name.as_str() != Some(code) || !variant.is_empty() {
                put(entries, format!("{prefix}/{code}{variant}"), name);
            }
        }
    }
    let display = source.locale("localenames", locale, "localeDisplayNames")?;
    for (name, text) in texts(&display["localeDisplayNames"]["localeDisplayPattern"]) {
        entries.insert(format!("lp/{name}"), text.to_owned());
    }
    Ok(())
}
