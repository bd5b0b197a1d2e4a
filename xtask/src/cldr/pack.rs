//! The form of the file: sorted names, so that it is searched where it lies.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use super::Entries;

const NO_PARENT: u32 = u32::MAX;

/// Writes the locales, and what belongs to none under the name `und`.
pub fn pack(
    locales: &BTreeMap<String, Entries>,
    parents: &BTreeMap<String, String>,
    supplement: &Entries,
) -> Result<Vec<u8>> {
    let mut all: BTreeMap<&str, &Entries> =
        locales.iter().map(|(name, entries)| (name.as_str(), entries)).collect();
    all.insert("und", supplement);
    let keys = numbered(all.values().flat_map(|entries| entries.keys()));
    let own_names: Vec<String> = all.keys().map(|name| (*name).to_owned()).collect();
    let values = numbered(all.values().flat_map(|entries| entries.values()).chain(&own_names));
    ensure!(keys.len() <= usize::from(u16::MAX), "there are too many keys: {}", keys.len());
    let numbers: BTreeMap<&str, u32> = all.keys().zip(0..).map(|(name, number)| (*name, number)).collect();

    let mut places = Vec::new();
    let (mut entry_keys, mut entry_values) = (Vec::new(), Vec::new());
    let mut count = 0u32;
    for (name, entries) in &all {
        let parent = parents.get(*name).map_or(NO_PARENT, |parent| numbers[parent.as_str()]);
        let end = count + u32::try_from(entries.len())?;
        for word in [values[*name], parent, count, end] {
            places.extend(word.to_le_bytes());
        }
        for (key, value) in *entries {
            entry_keys.extend(u16::try_from(keys[key.as_str()])?.to_le_bytes());
            entry_values.extend(values[value.as_str()].to_le_bytes());
        }
        count = end;
    }
    let mut file = b"b8gintl1".to_vec();
    for count in [keys.len(), values.len(), all.len(), count as usize] {
        file.extend(u32::try_from(count)?.to_le_bytes());
    }
    for names in [&keys, &values] {
        let mut end = 0u32;
        for text in names.keys() {
            end += u32::try_from(text.len())?;
            file.extend(end.to_le_bytes());
        }
    }
    file.extend(places);
    file.extend(entry_values);
    file.extend(entry_keys);
    for names in [&keys, &values] {
        names.keys().for_each(|text| file.extend(text.as_bytes()));
    }
    Ok(file)
}

fn numbered<'a>(texts: impl Iterator<Item = &'a String>) -> BTreeMap<&'a str, u32> {
    let unique: BTreeSet<&str> = texts.map(String::as_str).collect();
    unique.into_iter().zip(0..).collect()
}
