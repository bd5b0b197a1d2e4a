//! What belongs to no locale: `cur/` digits of currencies, `ns/` digits, `n/` signs of numbering systems, `hc/` hour cycles by region, `dp/` parts of the day by
//! language, `tz/` time zones, `pr/` plural forms of ranges, `like/` the locales that others are another name of.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Entries, Source, members, texts};

pub fn entries(source: &Source<'_>, locales: &BTreeSet<String>) -> Result<Entries> {
    let mut entries = Entries::new();
    let currencies = source.supplement("currencyData")?;
    for (code, fraction) in members(&currencies["currencyData"]["fractions"]) {
        entries.insert(format!("cur/{code}"), text(fraction, "_digits")?);
    }
    let systems = source.supplement("numberingSystems")?;
    for (name, system) in members(&systems["numberingSystems"]) {
        if system["_type"] == "numeric" {
            entries.insert(format!("ns/{name}"), text(system, "_digits")?);
        }
    }
    // Signs that go with digits in every language; the packages have them only where a language uses these digits.
    let arabic = source.locale("numbers", "ar-EG", "numbers")?;
    let words = ["nan", "exponential", "superscriptingExponent"];
    for (sign, text) in
        texts(&arabic["numbers"]["symbols-numberSystem-arab"]).filter(|(sign, _)| !words.contains(sign))
    {
        entries.insert(format!("n/arab/{sign}"), text.to_owned());
    }
    let times = source.supplement("timeData")?;
    for (region, cycles) in members(&times["timeData"]) {
        entries.insert(
            format!("hc/{region}"),
            format!("{} {}", text(cycles, "_preferred")?, text(cycles, "_allowed")?),
        );
    }
    periods(&source.supplement("dayPeriods")?["dayPeriodRuleSet"], locales, &mut entries)?;
    zones(source, &mut entries)?;
    let ranges = source.supplement("pluralRanges")?;
    for (language, forms) in members(&ranges["plurals"]) {
        for (name, form) in members(forms).filter(|_| locales.contains(language)) {
            let name = name.trim_start_matches("pluralRange-start-").replace("-end-", "/");
            entries.insert(format!("pr/{language}/{name}"), form.as_str().unwrap_or_default().to_owned());
        }
    }
    alike(source, locales, &mut entries)?;
    Ok(entries)
}

fn text(holder: &Value, name: &str) -> Result<String> {
    holder[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {holder}"))
}

/// `name from before` in minutes, for each part.
fn periods(sets: &Value, locales: &BTreeSet<String>, entries: &mut Entries) -> Result<()> {
    let minutes = |time: &str| -> Result<u32> {
        let (hour, minute) = time.split_once(':').context("no time")?;
        Ok(hour.parse::<u32>()? * 60 + minute.parse::<u32>()?)
    };
    for (language, set) in members(sets).filter(|(language, _)| locales.contains(*language)) {
        let mut rules = Vec::new();
        for (name, rule) in members(set) {
            let (from, before) = match rule["_at"].as_str() {
                Some(at) => (minutes(at)?, minutes(at)?),
                None => (minutes(&text(rule, "_from")?)?, minutes(&text(rule, "_before")?)?),
            };
            rules.push(format!("{name} {from} {before}"));
        }
        entries.insert(format!("dp/{language}"), rules.join("|"));
    }
    Ok(())
}

fn zones(source: &Source<'_>, entries: &mut Entries) -> Result<()> {
    let identifiers = source.read("cldr-bcp47/bcp47/timezone.json")?;
    let metazones = source.supplement("metaZones")?;
    for (short, zone) in members(&identifiers["keyword"]["u"]["tz"]) {
        let Some(aliases) = zone["_alias"].as_str() else { continue };
        if zone["_deprecated"].is_boolean() || zone["_deprecated"].is_string() {
            continue;
        }
        let mut names = aliases.split(' ');
        let canonical = names.next().context("a zone without a name")?;
        // The region is the first two letters of the short name, but of zones that belong to none.
        let region = if short.len() == 5 { short[..2].to_ascii_uppercase() } else { "001".to_owned() };
        entries.insert(format!("tz/is/{canonical}"), region);
        for name in names {
            entries.insert(format!("tz/alias/{name}"), canonical.to_owned());
        }
    }
    uses(&metazones["metaZones"]["metazoneInfo"]["timezone"], "", entries);
    for zone in metazones["metaZones"]["metazones"].as_array().into_iter().flatten() {
        let zone = &zone["mapZone"];
        entries.insert(
            format!("tz/golden/{}/{}", text(zone, "_other")?, text(zone, "_territory")?),
            text(zone, "_type")?,
        );
    }
    let primary = source.supplement("primaryZones")?;
    for (region, zone) in members(&primary["primaryZones"]) {
        entries.insert(format!("tz/primary/{region}"), zone.as_str().unwrap_or_default().to_owned());
    }
    Ok(())
}

/// `metazone from to` for each, with the time in UTC as `2007-03-11 07:00`.
fn uses(holder: &Value, path: &str, entries: &mut Entries) {
    for (name, value) in members(holder) {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let Some(list) = value.as_array() else {
            uses(value, &path, entries);
            continue;
        };
        let uses = list.iter().map(|one| {
            let one = &one["usesMetazone"];
            let word = |name: &str| one[name].as_str().unwrap_or("-").replace(' ', "T");
            format!("{} {} {}", word("_mzone"), word("_from"), word("_to"))
        });
        entries.insert(format!("tz/uses/{path}"), uses.collect::<Vec<_>>().join("|"));
    }
}

/// `de-DE` is `de`, `zh-TW` is `zh-Hant`.
fn alike(source: &Source<'_>, locales: &BTreeSet<String>, entries: &mut Entries) -> Result<()> {
    let defaults = source.read("cldr-core/defaultContent.json")?;
    for full in defaults["defaultContent"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let parts: Vec<&str> = full.split('-').collect();
        let (language, region) = (parts[0], parts[parts.len() - 1]);
        let Some((base, _)) = full.rsplit_once('-') else { continue };
        let base = if locales.contains(base) { base } else { language };
        if !locales.contains(base) || locales.contains(full) && parts.len() == 2 {
            continue;
        }
        entries.insert(format!("like/{full}"), base.to_owned());
        if parts.len() == 3 && region.len() == 2 {
            entries.insert(format!("like/{language}-{region}"), base.to_owned());
        }
    }
    for name in locales.iter().filter(|name| name.starts_with("zh-Hant-")) {
        entries.insert(format!("like/{}", name.replace("-Hant", "")), name.clone());
    }
    Ok(())
}
