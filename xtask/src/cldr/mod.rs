//! The locale data of `crates/intl`, taken from the packages in which Unicode publishes CLDR as JSON.
//!
//! Start at [`cldr`]. Invariant: the same packages give the same file, byte for byte; what a locale has from its parent is there
//! once. The form of the file is told in `crates/intl/src/data.rs`, which reads it.

mod locale;
mod pack;
mod supplement;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::packages;
use crate::run::root;

/// Keys and values of one locale.
pub type Entries = BTreeMap<String, String>;

/// Languages whose locales are taken, all that CLDR knows of each. Those whose usual calendar is not the Gregorian one are left out.
const LANGUAGES: &[&str] = &[
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "it", "ja", "ko", "nb", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sv", "tr", "uk", "vi", "zh",
];
/// Locales of these whose usual calendar is another one.
const OTHER_CALENDARS: &[&str] = &["ar-SA"];

/// Writes the file, or compares it with what it is to be.
pub fn cldr(check: bool) -> Result<()> {
    let (data, target) = (root().join("crates/intl/data"), root().join("target/cldr"));
    let made = collect(&packages::install(&data, &target)?)?;
    let file = data.join("locales.bin");
    if check {
        ensure!(
            fs::read(&file)? == made,
            "{} is not what the packages give: cargo xtask cldr",
            file.display()
        );
    } else {
        fs::write(&file, &made)?;
    }
    println!("cldr: {} is {} bytes", file.display(), made.len());
    Ok(())
}

/// Reads the packages below `modules` and makes the file.
fn collect(modules: &Path) -> Result<Vec<u8>> {
    let source = Source { modules };
    let mut locales = BTreeMap::new();
    let names = source.locales()?;
    for name in &names {
        locales.insert(name.clone(), locale::entries(&source, name)?);
    }
    let parents = parents(&source, &names)?;
    let own = locales
        .iter()
        .map(|(name, entries)| {
            let inherited = parents.get(name).map(|parent| &locales[parent]);
            (name.clone(), difference(entries, inherited))
        })
        .collect::<BTreeMap<_, _>>();
    pack::pack(&own, &parents, &supplement::entries(&source, &names)?)
}

/// What a locale says otherwise than its parent; what it has not, and the parent has, is an empty value.
fn difference(entries: &Entries, inherited: Option<&Entries>) -> Entries {
    let Some(inherited) = inherited else { return entries.clone() };
    let mut own: Entries = entries
        .iter()
        .filter(|(key, value)| inherited.get(*key) != Some(value))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    for key in inherited.keys().filter(|key| !entries.contains_key(*key)) {
        own.insert(key.clone(), String::new());
    }
    own
}

/// Who inherits from whom, among the locales that are taken.
fn parents(source: &Source<'_>, names: &BTreeSet<String>) -> Result<BTreeMap<String, String>> {
    let table = source.supplement("parentLocales")?;
    let table = &table["parentLocales"]["parentLocale"];
    let mut parents = BTreeMap::new();
    for name in names {
        let mut parent = name.clone();
        loop {
            parent = match (table[parent.as_str()].as_str(), parent.rsplit_once('-')) {
                (Some("root" | "und"), _) | (None, None) => break,
                (Some(named), _) => named.to_owned(),
                (None, Some((cut, _))) => cut.to_owned(),
            };
            if names.contains(&parent) {
                parents.insert(name.clone(), parent);
                break;
            }
        }
    }
    Ok(parents)
}

/// The packages.
pub struct Source<'a> {
    modules: &'a Path,
}

impl Source<'_> {
    fn read(&self, path: &str) -> Result<Value> {
        let path = self.modules.join(path);
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", path.display()))
    }

    fn supplement(&self, name: &str) -> Result<Value> {
        Ok(self.read(&format!("cldr-core/supplemental/{name}.json"))?["supplemental"].take())
    }

    /// One file of a locale.
    fn locale(&self, package: &str, locale: &str, name: &str) -> Result<Value> {
        Ok(self.read(&format!("cldr-{package}-full/main/{locale}/{name}.json"))?["main"][locale].take())
    }

    fn locales(&self) -> Result<BTreeSet<String>> {
        let available = self.read("cldr-core/availableLocales.json")?;
        let all = available["availableLocales"]["full"].as_array().context("no list of locales")?;
        let wanted = |name: &&str| {
            let mut subtags = name.split('-');
            LANGUAGES.contains(&subtags.next().unwrap_or_default())
                && subtags.all(|subtag| {
                    matches!(subtag.len(), 2 | 3)
                        || matches!(subtag, "Hans" | "Hant") && name.starts_with("zh")
                })
                && !OTHER_CALENDARS.contains(name)
        };
        Ok(all.iter().filter_map(Value::as_str).filter(wanted).map(str::to_owned).collect())
    }
}

/// The members of an object that are texts, without the variants that CLDR names `-alt-`.
fn texts(value: &Value) -> impl Iterator<Item = (&str, &str)> {
    let members = value.as_object().into_iter().flatten();
    members
        .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .filter(|(key, _)| !key.contains("-alt-"))
}

/// The members of an object.
fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}
