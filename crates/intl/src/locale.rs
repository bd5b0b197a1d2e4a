//! Names of locales: canonical forms, and which of them there is data for.

use b8g_core::Error;
use icu_locale::{Locale as Tag, LocaleCanonicalizer, LocaleExpander};

use crate::data::{self, Locale};
use crate::text::SEPARATOR;

/// Bytes of a name at most.
const TAG_BYTES_MAX: usize = 4096;

fn parse(tag: &str) -> Result<Tag, Error> {
    if tag.len() > TAG_BYTES_MAX {
        return Err(Error::Argument);
    }
    tag.parse().map_err(|_| Error::Argument)
}

/// The name as Unicode writes it.
pub(crate) fn canonical(tag: &str) -> Result<String, Error> {
    // Languages of five to eight letters are allowed, and there is none.
    let first = tag.split('-').next().unwrap_or_default();
    if matches!(first.len(), 5..=8) && first.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let rest = canonical(&format!("und{}", &tag[first.len()..]))?;
        return Ok(format!("{}{}", first.to_ascii_lowercase(), rest.strip_prefix("und").unwrap_or_default()));
    }
    let mut tag = parse(tag)?;
    LocaleCanonicalizer::new_extended().canonicalize(&mut tag);
    Ok(tag.to_string())
}

/// The name with the likely script and region.
pub(crate) fn maximal(tag: &str) -> Result<String, Error> {
    let mut tag = parse(tag)?;
    LocaleExpander::new_extended().maximize(&mut tag.id);
    Ok(tag.to_string())
}

/// The name without what is likely.
pub(crate) fn minimal(tag: &str) -> Result<String, Error> {
    let mut tag = parse(tag)?;
    LocaleExpander::new_extended().minimize(&mut tag.id);
    Ok(tag.to_string())
}

/// The data of a locale that there is data for, under its own name or one that means the same.
pub(crate) fn data(name: &str) -> Option<Locale> {
    Locale::find(name).or_else(|| Locale::find(data::supplement(&format!("like/{name}"))?))
}

/// The longest front of a name that there is data for; nothing if there is none.
pub(crate) fn available(tag: &str) -> String {
    let mut name = tag.get(..tag.len().min(TAG_BYTES_MAX)).unwrap_or_default();
    loop {
        if data(name).is_some() {
            return name.to_owned();
        }
        match name.rfind('-') {
            Some(at) => name = &name[..at],
            None => return String::new(),
        }
        // Without what announces something that is cut off.
        if name.len() >= 2 && name.as_bytes()[name.len() - 2] == b'-' {
            name = &name[..name.len() - 2];
        }
    }
}

/// What a locale uses: its numbering system, its native one, its hour cycles with the usual one first.
pub(crate) fn about(name: &str) -> Result<String, Error> {
    parse(name)?;
    let locale = data(&available(name));
    let of = |key: &str| locale.and_then(|locale| locale.get(key)).unwrap_or("latn");
    let (usual, native) = (of("n/default"), of("n/native"));
    Ok(format!("{usual}{SEPARATOR}{native}{SEPARATOR}{}{SEPARATOR}", hour_cycles(name)))
}

/// The hour cycles of a locale as letters of patterns, the usual one first.
pub(crate) fn hour_cycles(name: &str) -> &'static str {
    let mut tag: Tag = match name.parse() {
        Ok(tag) => tag,
        Err(_) => return "H",
    };
    LocaleExpander::new_extended().maximize(&mut tag.id);
    let region = tag.id.region.map(|region| region.to_string()).unwrap_or_else(|| "001".to_owned());
    let own = data::supplement(&format!("hc/{}-{region}", tag.id.language));
    own.or_else(|| data::supplement(&format!("hc/{region}")))
        .or_else(|| data::supplement("hc/001"))
        .unwrap_or("H")
}

/// Values that are known of a kind: those of `Intl.supportedValuesOf`.
pub(crate) fn values(kind: &str) -> Result<String, Error> {
    let english = data("en").ok_or(Error::NotFound)?;
    let mut values: Vec<String> = match kind {
        "currency" => english
            .below("c/")
            .iter()
            .filter_map(|(key, _)| key.strip_suffix("/d"))
            .map(str::to_owned)
            .collect(),
        "unit" => {
            let units = english.below("u/");
            units
                .iter()
                .filter_map(|(key, _)| key.strip_suffix("/long/other"))
                .filter(|unit| !unit.contains("-per-"))
                .map(str::to_owned)
                .collect()
        }
        "numberingSystem" => data::supplements("ns/").iter().map(|(name, _)| (*name).to_owned()).collect(),
        "timeZone" => crate::zone::names(),
        _ => return Err(Error::NotFound),
    };
    values.sort();
    values.dedup();
    Ok(values.into_iter().map(|value| value + "\u{1f}").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_canonical() {
        assert_eq!(canonical("EN-us").as_deref(), Ok("en-US"));
        assert_eq!(canonical("iw").as_deref(), Ok("he"));
        assert_eq!(canonical("de-u-co-phonebk-nu-latn").as_deref(), Ok("de-u-co-phonebk-nu-latn"));
        assert_eq!(canonical("FULLWIDE-u-nu-Latn").as_deref(), Ok("fullwide-u-nu-latn"));
        for wrong in ["", "x", "en_US", "de-", "i-klingon", "123", &"a".repeat(10_000), "de\u{0}"] {
            assert!(canonical(wrong).is_err(), "{wrong}");
        }
        assert_eq!(maximal("zh").as_deref(), Ok("zh-Hans-CN"));
        assert_eq!(minimal("de-Latn-DE").as_deref(), Ok("de"));
    }

    #[test]
    fn what_there_is_data_for_is_found() {
        for (tag, name) in [
            ("de-DE", "de-DE"),
            ("en-US-posix", "en-US"),
            ("zh-TW", "zh-TW"),
            ("de-XX", "de"),
            ("tlh", ""),
            ("ja-x-a", "ja"),
        ] {
            assert_eq!(available(tag), name);
        }
        assert!(
            hour_cycles("en-US").starts_with('h')
                && hour_cycles("de").starts_with('H')
                && hour_cycles("fr-CA").starts_with('H')
        );
    }
}
