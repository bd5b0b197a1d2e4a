//! What a test of test262 says about itself, between `/*---` and `---*/`.

/// The parts of it that say how it is run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Meta {
    pub includes: Vec<String>,
    pub flags: Vec<String>,
    pub features: Vec<String>,
    /// The phase in which it has to fail, and the name of the error's constructor.
    pub negative: Option<(String, String)>,
}

impl Meta {
    pub fn read(source: &str) -> Meta {
        let mut meta = Meta::default();
        let text = source.split_once("/*---").and_then(|(_, rest)| rest.split_once("---*/"));
        let mut key = "";
        let (mut phase, mut kind) = (None, None);
        // Some tests are about line ends, and end theirs with CR.
        let text = text.map_or("", |(text, _)| text).replace('\r', "\n");
        for line in text.lines() {
            let inner = line.trim();
            if !line.starts_with([' ', '\t', '-']) && !inner.is_empty() {
                let Some((name, value)) = inner.split_once(':') else { continue };
                key = name;
                let value = value.trim().trim_start_matches('[').trim_end_matches(']');
                meta.add(key, value.split(','));
            } else if let Some(item) = inner.strip_prefix("- ") {
                meta.add(key, std::iter::once(item));
            } else if key == "negative" {
                match inner.split_once(':') {
                    Some(("phase", value)) => phase = Some(value.trim().to_owned()),
                    Some(("type", value)) => kind = Some(value.trim().to_owned()),
                    _ => {}
                }
            } else if ["includes", "flags", "features"].contains(&key) {
                meta.add(key, inner.trim_matches(['[', ']']).split(','));
            }
        }
        meta.negative = phase.zip(kind);
        meta
    }

    fn add<'a>(&mut self, key: &str, items: impl Iterator<Item = &'a str>) {
        let list = match key {
            "includes" => &mut self.includes,
            "flags" => &mut self.flags,
            "features" => &mut self.features,
            _ => return,
        };
        list.extend(items.map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()));
    }

    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_lists_are_read() {
        let meta = Meta::read(
            "// (c)\n/*---\nesid: x\ndescription: >\n  a: b\nincludes: [a.js, b.js]\nflags:\n  - module\n  - async\n\
             features: [x,\n  y]\nnegative:\n  phase: parse\n  type: SyntaxError\n---*/\n1;\n",
        );
        assert_eq!(meta.includes, ["a.js", "b.js"]);
        assert!(meta.has("module") && meta.has("async") && !meta.has("raw"));
        assert_eq!(meta.features, ["x", "y"]);
        assert_eq!(meta.negative, Some(("parse".to_owned(), "SyntaxError".to_owned())));
        assert_eq!(Meta::read("1"), Meta::default());
    }
}
