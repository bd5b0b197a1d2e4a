//! The locale data: CLDR's texts, in a file that `cargo xtask cldr` makes. Start at [`Locale::find`].
//!
//! The file is searched where it lies in the binary: names of keys, values and locales are sorted, and a locale that has no entry for
//! a key is asked for its parent's. An empty entry says that it has none although its parent does. Nothing is read into memory.
//!
//! Its form, in words of 32 bits: `b8gintl1`; the numbers of keys, values, locales and entries; where each key's text ends, where each
//! value's; of each locale the value that is its name, its parent, its first entry and the one behind its last; the value of each
//! entry; its key, in 16 bits; the texts of the keys, those of the values.

static FILE: &[u8] = include_bytes!("../data/locales.bin");

const HEAD_BYTES: usize = 24;
const PLACE_BYTES: usize = 16;
/// Locales that inherit from one another at most.
const PARENTS_MAX: usize = 8;

fn word(at: usize) -> usize {
    let bytes = FILE.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    u32::from_le_bytes(bytes) as usize
}

/// A sorted list of texts.
#[derive(Clone, Copy)]
struct Texts {
    count: usize,
    ends: usize,
    text: usize,
}

impl Texts {
    fn get(self, index: usize) -> &'static str {
        let from = if index == 0 { 0 } else { word(self.ends + (index - 1) * 4) };
        let bytes = FILE.get(self.text + from..self.text + word(self.ends + index * 4)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The first text that is not less.
    fn lower_bound(self, text: &str) -> usize {
        partition(0, self.count, |index| self.get(index) < text)
    }
}

/// The first index for which `before` no longer holds.
fn partition(mut from: usize, mut to: usize, before: impl Fn(usize) -> bool) -> usize {
    while from < to {
        let middle = from + (to - from) / 2;
        if before(middle) { from = middle + 1 } else { to = middle }
    }
    from
}

struct Layout {
    keys: Texts,
    values: Texts,
    locales: usize,
    places: usize,
    entry_values: usize,
    entry_keys: usize,
}

fn layout() -> Layout {
    let [keys, values, locales, entries] = [8, 12, 16, 20].map(word);
    let value_ends = HEAD_BYTES + keys * 4;
    let places = value_ends + values * 4;
    let entry_values = places + locales * PLACE_BYTES;
    let entry_keys = entry_values + entries * 4;
    let text = entry_keys + entries * 2;
    let keys = Texts { count: keys, ends: HEAD_BYTES, text };
    let key_bytes = if keys.count == 0 { 0 } else { word(keys.ends + (keys.count - 1) * 4) };
    let values = Texts { count: values, ends: value_ends, text: text + key_bytes };
    Layout { keys, values, locales, places, entry_values, entry_keys }
}

/// A locale of which there is data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locale(usize);

impl Locale {
    /// The locale of exactly this name, as CLDR writes it: `en`, `pt-PT`, `zh-Hant`.
    pub(crate) fn find(name: &str) -> Option<Locale> {
        let layout = layout();
        let of = |index: usize| layout.values.get(word(layout.places + index * PLACE_BYTES));
        let index = partition(0, layout.locales, |index| of(index) < name);
        (index < layout.locales && of(index) == name && name != "und").then_some(Locale(index))
    }

    /// What belongs to no locale.
    fn supplement() -> Locale {
        let layout = layout();
        let of = |index: usize| layout.values.get(word(layout.places + index * PLACE_BYTES));
        Locale(partition(0, layout.locales, |index| of(index) < "und"))
    }

    /// What it says of this key, or its parents do.
    pub(crate) fn get(self, key: &str) -> Option<&'static str> {
        let layout = layout();
        let index = layout.keys.lower_bound(key);
        if index == layout.keys.count || layout.keys.get(index) != key {
            return None;
        }
        self.value(&layout, index)
    }

    /// Each key that begins so, without that, and its value.
    pub(crate) fn below(self, prefix: &str) -> Vec<(&'static str, &'static str)> {
        let layout = layout();
        let mut found = Vec::new();
        for index in layout.keys.lower_bound(prefix)..layout.keys.count {
            let Some(rest) = layout.keys.get(index).strip_prefix(prefix) else { break };
            if let Some(value) = self.value(&layout, index) {
                found.push((rest, value));
            }
        }
        found
    }

    fn value(self, layout: &Layout, key: usize) -> Option<&'static str> {
        let key_of = |entry: usize| {
            let at = layout.entry_keys + entry * 2;
            let bytes = FILE.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
            usize::from(u16::from_le_bytes(bytes))
        };
        let mut locale = self.0;
        for _ in 0..PARENTS_MAX {
            if locale >= layout.locales {
                break;
            }
            let place = layout.places + locale * PLACE_BYTES;
            let (first, end) = (word(place + 8), word(place + 12));
            let entry = partition(first, end, |entry| key_of(entry) < key);
            if entry < end && key_of(entry) == key {
                let value = layout.values.get(word(layout.entry_values + entry * 4));
                return (!value.is_empty()).then_some(value);
            }
            locale = word(place + 4);
        }
        None
    }
}

/// What belongs to no locale, of this key.
pub(crate) fn supplement(key: &str) -> Option<&'static str> {
    Locale::supplement().get(key)
}

/// Each key of what belongs to no locale that begins so, without that, and its value.
pub(crate) fn supplements(prefix: &str) -> Vec<(&'static str, &'static str)> {
    Locale::supplement().below(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_inherit_and_say_otherwise() {
        let german = Locale::find("de").unwrap();
        let austrian = Locale::find("de-AT").unwrap();
        assert_eq!(german.get("n/latn/decimal"), Some(","));
        assert_eq!(austrian.get("n/latn/decimal"), Some(","));
        assert_ne!(german.get("d/months/format/wide"), austrian.get("d/months/format/wide"));
        assert_eq!(german.get("nothing"), None);
        assert!(Locale::find("und").is_none() && Locale::find("tlh").is_none() && Locale::find("").is_none());
    }

    #[test]
    fn every_value_of_every_locale_is_text() {
        let layout = layout();
        assert!(layout.keys.count > 1000 && layout.locales > 100);
        for index in 0..layout.locales {
            assert!(
                Locale(index).below("n/").len() > 20
                    || layout.values.get(word(layout.places + index * PLACE_BYTES)) == "und"
            );
        }
        assert_eq!(supplement("cur/JPY"), Some("0"));
        assert!(!supplements("tz/is/").is_empty());
    }
}
