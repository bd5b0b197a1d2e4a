//! Why a specifier leads nowhere, for a person: what is missing and what would repair it.

use std::fs;
use std::path::{Path, PathBuf};

use oxc_resolver::ResolveError;

use super::{NotFound, clip, is_bare, package_name};
use crate::error::ResolveReason;
use crate::limits::SUGGESTION_ENTRIES_MAX;

/// Explains a URL that is not followed.
pub(super) fn scheme(scheme: &str, specifier: &str) -> NotFound {
    if scheme == "node" {
        return NotFound { reason: ResolveReason::NodeBuiltin, help: None };
    }
    let rest = specifier[scheme.len() + 1..].trim_start_matches('/');
    let help = match scheme {
        "npm" => {
            let name = package_name(rest);
            let version = name.get(1..).and_then(|tail| tail.find('@')).map_or(name.len(), |at| at + 1);
            let name = clip(&name[..version]);
            format!("install it with `npm install {name}` and import \"{name}\"")
        }
        "http" | "https" => {
            "download the file and import it by its path, or install the package with npm".to_owned()
        }
        "jsr" => "install the package with `npx jsr add` and import it by its name".to_owned(),
        "data" | "blob" => "put the source into a file and import that".to_owned(),
        _ => "import files by their path and packages by their name".to_owned(),
    };
    NotFound { reason: ResolveReason::Scheme { scheme: clip(scheme) }, help: Some(help) }
}

/// Explains what the resolver found missing.
pub(super) fn not_found(directory: &Path, specifier: &str, error: &ResolveError) -> NotFound {
    let package = || clip(package_name(specifier));
    match error {
        ResolveError::PackagePathNotExported { .. }
        | ResolveError::InvalidModuleSpecifier(..)
        | ResolveError::InvalidPackageTarget(..) => NotFound {
            reason: ResolveReason::NotExported { package: package() },
            help: Some("the \"exports\" of its package.json say what may be imported".to_owned()),
        },
        ResolveError::PackageImportNotDefined(..) => NotFound {
            reason: ResolveReason::FileNotFound,
            help: Some(
                "names that begin with # are defined by \"imports\" of the nearest package.json".to_owned(),
            ),
        },
        ResolveError::Json(json) => {
            let file = shown(directory, &json.path);
            config(format!("{file}:{}:{}: {}", json.line, json.column, clip(&json.message)))
        }
        ResolveError::InvalidPackageConfig(path)
        | ResolveError::InvalidPackageConfigDefault(path)
        | ResolveError::InvalidPackageConfigDirectory(path) => {
            config(format!("the \"exports\" of {} are contradictory", shown(directory, path)))
        }
        ResolveError::TsconfigLoadFailed { path, source } => {
            config(format!("{} is broken: {}", shown(directory, path), clip(&source.to_string())))
        }
        ResolveError::TsconfigNotFound(path) => {
            config(format!("{} is extended but does not exist", shown(directory, path)))
        }
        ResolveError::TsconfigCircularExtend(_) | ResolveError::TsconfigSelfReference(_) => {
            config("tsconfig.json files extend each other in a circle".to_owned())
        }
        ResolveError::Recursion => config("package.json files refer to each other in a circle".to_owned()),
        ResolveError::IOError(error) => config(clip(&error.to_string())),
        _ if is_bare(specifier) => bare(directory, specifier),
        _ => relative(directory, specifier),
    }
}

fn config(detail: String) -> NotFound {
    NotFound { reason: ResolveReason::Config { detail }, help: None }
}

fn bare(directory: &Path, specifier: &str) -> NotFound {
    let package = package_name(specifier);
    let installed =
        directory.ancestors().map(|above| above.join("node_modules").join(package)).find(|at| at.is_dir());
    if installed.is_some() {
        return NotFound { reason: ResolveReason::NotInPackage { package: clip(package) }, help: None };
    }
    let package = clip(package);
    let help = if sibling_exists(directory, specifier) {
        format!("to import the file beside it, write \"./{}\"", clip(specifier))
    } else {
        format!("run `npm install {package}` beside it")
    };
    NotFound { reason: ResolveReason::PackageNotFound { package }, help: Some(help) }
}

fn sibling_exists(directory: &Path, specifier: &str) -> bool {
    let path = directory.join(specifier);
    path.is_file() || ["ts", "js"].iter().any(|extension| path.with_extension(extension).is_file())
}

fn relative(directory: &Path, specifier: &str) -> NotFound {
    let target = target(directory, specifier);
    if target.is_dir() {
        return NotFound {
            reason: ResolveReason::Directory,
            help: Some("import a file of it by name".to_owned()),
        };
    }
    let help = similar(&target).map(|name| {
        let parent = specifier.rfind('/').map_or("./", |at| &specifier[..=at]);
        format!("did you mean \"{}{}\"?", clip(parent), clip(&name))
    });
    NotFound { reason: ResolveReason::FileNotFound, help }
}

fn target(directory: &Path, specifier: &str) -> PathBuf {
    directory.join(specifier.strip_prefix("file://").unwrap_or(specifier))
}

/// Finds the file in the same directory whose name is nearest: the same stem, or at most two letters different.
fn similar(target: &Path) -> Option<String> {
    let wanted = target.file_name()?.to_str()?;
    let stem = target.file_stem()?.to_str()?;
    let entries = fs::read_dir(target.parent()?).ok()?;
    let mut best: Option<(usize, String)> = None;
    for entry in entries.take(SUGGESTION_ENTRIES_MAX).flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let other_stem = name.split('.').next().unwrap_or(name);
        let known = crate::Language::from_path(Path::new(name)).is_some();
        let distance = match () {
            () if !known => continue,
            () if name.eq_ignore_ascii_case(wanted) => 0,
            () if other_stem == stem || other_stem == wanted => 1,
            () => 1 + distance(other_stem, stem).min(distance(name, wanted)),
        };
        let near = distance <= 3.min(1 + stem.chars().count() / 2);
        if near && best.as_ref().is_none_or(|(least, best)| (distance, name) < (*least, best.as_str())) {
            best = Some((distance, name.to_owned()));
        }
    }
    best.map(|(_, name)| name)
}

/// Counts the letters that must be changed, added or removed; names are short.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(256).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().take(256).enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, &other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

/// Names a configuration file without telling where on this machine it is.
fn shown(directory: &Path, path: &Path) -> String {
    let common = directory.ancestors().find(|above| path.starts_with(above)).unwrap_or(directory);
    clip(&path.strip_prefix(common).unwrap_or(path).to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn schemes_say_what_to_do() {
        let help = |specifier: &str| {
            let name = specifier.split(':').next().unwrap();
            scheme(name, specifier).help.unwrap()
        };
        assert!(help("npm:@scope/zod@3.2").contains("npm install @scope/zod`"));
        assert!(help("npm:zod").contains("npm install zod`"));
        assert!(help("https://esm.sh/zod").contains("download"));
        assert_eq!(scheme("node", "node:fs").reason, ResolveReason::NodeBuiltin);
    }
}
