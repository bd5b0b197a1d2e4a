//! Which language a file is written in, by its name.

use std::path::Path;

/// The language of a source file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// JavaScript: `.js`, `.mjs`, `.cjs`, and whatever has no extension of its own.
    JavaScript,
    /// TypeScript: `.ts`, `.mts`, `.cts`.
    TypeScript,
    /// JavaScript with JSX: `.jsx`.
    Jsx,
    /// TypeScript with JSX: `.tsx`.
    Tsx,
    /// JSON: `.json`.
    Json,
}

impl Language {
    /// Tells the language by the extension of a path; `None` for an extension that no module has.
    ///
    /// ```
    /// use b8g_frontend_ts::Language;
    /// use std::path::Path;
    /// assert_eq!(Language::from_path(Path::new("a/b.mts")), Some(Language::TypeScript));
    /// assert_eq!(Language::from_path(Path::new("photo.png")), None);
    /// ```
    pub fn from_path(path: &Path) -> Option<Self> {
        match path.extension().and_then(|extension| extension.to_str())? {
            "js" | "mjs" | "cjs" => Some(Self::JavaScript),
            "ts" | "mts" | "cts" => Some(Self::TypeScript),
            "jsx" => Some(Self::Jsx),
            "tsx" => Some(Self::Tsx),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Tells the language by the name that a person gives on a command line: `ts`, `typescript`, `js`, ...
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "js" | "mjs" | "cjs" | "javascript" => Some(Self::JavaScript),
            "ts" | "mts" | "cts" | "typescript" => Some(Self::TypeScript),
            "jsx" => Some(Self::Jsx),
            "tsx" => Some(Self::Tsx),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Tells whether sources of this language carry types that must be stripped.
    pub fn is_typescript(self) -> bool {
        matches!(self, Self::TypeScript | Self::Tsx)
    }

    /// Tells whether sources of this language may hold JSX elements.
    pub fn is_jsx(self) -> bool {
        matches!(self, Self::Jsx | Self::Tsx)
    }
}
