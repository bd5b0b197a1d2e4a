//! From a specifier and its importer to a file, as Node.js does it, with the freedoms of TypeScript.
//!
//! Start at [`Resolver::resolve`]. The work is done by `oxc_resolver`; here is what it is told (`options`), what it may
//! read (`files`), what a person is told when it finds nothing (`explain`), and what a package says of its side effects
//! (`effects`).
//!
//! Conditions of `exports` and `imports`, in the order of the package: "b8g", "node", then "import" or "require", and
//! "default". Programs have the modules of Node.js, so what a package keeps for browsers is passed over, as is the field
//! "browser" of a `package.json`.
//!
//! Invariant: nothing is read but regular files named `package.json`, `tsconfig.json` and what those extend.

mod builtins;
mod effects;
mod explain;
mod files;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use oxc_resolver::{ModuleType, ResolveError, ResolveOptions, ResolverGeneric, TsconfigDiscovery};

use crate::error::ResolveReason;
use crate::limits::MESSAGE_CHARS_MAX;
use crate::nesting::run_with_stack;
use crate::requests::Via;
use crate::transform::Decorators;
use effects::Packages;
use files::{ConfigFiles, Reads};

/// Longer specifiers name nothing: no system has such paths.
const SPECIFIER_BYTES_MAX: usize = 2_048;

/// Deep paths make the resolver recurse: from so many components on it gets a stack of its own.
const COMPONENTS_INLINE_MAX: usize = 200;
const DEEP_STACK_BYTES: usize = 16 << 20;

/// Where a specifier leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// A module that is there without a file, by the name that the component knows.
    Builtin(&'static str),
    File {
        /// The real path.
        path: PathBuf,
        /// The nearest `package.json` says `"type": "module"`.
        is_module: bool,
        /// The package says that the file does nothing but give its exports. Found out only if that is asked for.
        is_pure: bool,
    },
}

/// A specifier leads nowhere. Why, is found out when it is asked for.
#[derive(Debug)]
pub(crate) enum Missing {
    /// Nothing is looked for.
    Sealed,
    Scheme,
    /// No system has a file of such a name.
    Impossible,
    Resolver(ResolveError),
}

impl Missing {
    /// Finds out why, and what would repair it.
    pub(crate) fn explain(&self, importer: &Path, specifier: &str) -> NotFound {
        match self {
            Self::Sealed => NotFound { reason: ResolveReason::Sealed, help: None },
            Self::Scheme => explain::scheme(foreign_scheme(specifier).unwrap_or_default(), specifier),
            Self::Impossible => NotFound { reason: ResolveReason::FileNotFound, help: None },
            Self::Resolver(error) => {
                explain::not_found(importer.parent().unwrap_or(importer), specifier, error)
            }
        }
    }
}

/// Why a specifier leads nowhere, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotFound {
    pub reason: ResolveReason,
    pub help: Option<String>,
}

type FileResolver = ResolverGeneric<ConfigFiles>;

/// Resolves specifiers. Making one costs nothing; the first use costs.
#[derive(Debug)]
pub(crate) struct Resolver {
    conditions: Vec<String>,
    sealed: bool,
    read: Arc<Mutex<Reads>>,
    base: OnceLock<FileResolver>,
    variants: [OnceLock<FileResolver>; 4],
    typescript: OnceLock<FileResolver>,
    /// What packages say of their side effects, if that matters.
    packages: Option<Packages>,
}

impl Resolver {
    /// Makes a resolver that knows `conditions` besides its own, and which files have side effects if that is asked for.
    pub(crate) fn new(conditions: Vec<String>, effects: bool, sealed: bool) -> Self {
        Self {
            conditions,
            sealed,
            packages: effects.then(Packages::default),
            read: Arc::default(),
            base: OnceLock::new(),
            variants: std::array::from_fn(|_| OnceLock::new()),
            typescript: OnceLock::new(),
        }
    }

    /// Lists the `package.json` and `tsconfig.json` files that were read.
    pub(crate) fn files_read(&self) -> Vec<PathBuf> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).files.clone()
    }

    /// Finds what `specifier` means in the file `importer`, which need not exist but must be absolute.
    pub(crate) fn resolve(&self, importer: &Path, specifier: &str, via: Via) -> Result<Found, Missing> {
        if let Some(name) = builtins::find(specifier) {
            return Ok(Found::Builtin(name));
        }
        if self.sealed {
            return Err(Missing::Sealed);
        }
        if foreign_scheme(specifier).is_some() {
            return Err(Missing::Scheme);
        }
        let directory = importer.parent().unwrap_or(importer);
        if specifier.is_empty() || specifier.len() > SPECIFIER_BYTES_MAX || specifier.contains('\0') {
            return Err(Missing::Impossible);
        }
        let components = directory.components().count() + specifier.split('/').count();
        let stack = if components > COMPONENTS_INLINE_MAX { DEEP_STACK_BYTES } else { 0 };
        run_with_stack(stack, || self.resolve_here(importer, directory, specifier, via))
            .unwrap_or(Err(Missing::Impossible))
    }

    fn resolve_here(
        &self,
        importer: &Path,
        directory: &Path,
        specifier: &str,
        via: Via,
    ) -> Result<Found, Missing> {
        let in_package = is_in_package(importer);
        let first = self.variant(in_package, via).resolve(directory, specifier);
        let resolution = match first {
            Err(ResolveError::NotFound(_)) if !in_package && is_bare(specifier) => {
                // Only now may `paths` of a tsconfig.json matter.
                let second = self.with_tsconfig().resolve_file(importer, specifier);
                match second {
                    Err(ResolveError::NotFound(_)) => first,
                    second => second,
                }
            }
            first => first,
        };
        match resolution {
            Ok(resolution) => {
                let is_module = resolution.module_type() == Some(ModuleType::Module);
                let path = resolution.into_path_buf();
                let is_pure = self.packages.as_ref().is_some_and(|packages| packages.is_pure(&path));
                Ok(Found::File { path, is_module, is_pure })
            }
            Err(error) => Err(Missing::Resolver(error)),
        }
    }

    /// Tells what the project wants of decorators in the file.
    pub(crate) fn decorators(&self, importer: &Path) -> Decorators {
        if self.sealed {
            return Decorators::Refused;
        }
        let Ok(Some(config)) = self.with_tsconfig().find_tsconfig(importer) else {
            return Decorators::Refused;
        };
        let options = &config.compiler_options;
        if options.experimental_decorators == Some(true) {
            Decorators::Legacy { metadata: options.emit_decorator_metadata == Some(true) }
        } else {
            Decorators::Refused
        }
    }

    fn variant(&self, in_package: bool, via: Via) -> &FileResolver {
        let require = via == Via::Require;
        let slot = usize::from(in_package) * 2 + usize::from(require);
        self.variants[slot].get_or_init(|| self.base().clone_with_options(self.options(in_package, require)))
    }

    fn with_tsconfig(&self) -> &FileResolver {
        self.typescript.get_or_init(|| {
            let mut options = self.options(false, false);
            options.tsconfig = Some(TsconfigDiscovery::Auto);
            self.base().clone_with_options(options)
        })
    }

    fn base(&self) -> &FileResolver {
        self.base.get_or_init(|| {
            let files = ConfigFiles::recording(Arc::clone(&self.read));
            ResolverGeneric::new_with_file_system(files, self.options(false, false))
        })
    }

    /// What the resolver is told. Inside packages, what was published to run (`.js`) comes before its source (`.ts`).
    fn options(&self, in_package: bool, require: bool) -> ResolveOptions {
        let extensions: &[&str] = if in_package {
            &[".js", ".json", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".mts", ".cts"]
        } else {
            &[".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx", ".json"]
        };
        let alias = |from: &str, to: &[&str]| (from.to_owned(), to.iter().map(|&to| to.to_owned()).collect());
        let own = [builtins::DOOR, "node", if require { "require" } else { "import" }, "default"];
        ResolveOptions {
            condition_names: own
                .iter()
                .map(|&name| name.to_owned())
                .chain(self.conditions.iter().cloned())
                .collect(),
            extensions: extensions.iter().map(|&extension| extension.to_owned()).collect(),
            extension_alias: vec![
                alias(".js", &[".js", ".ts", ".tsx"]),
                alias(".jsx", &[".jsx", ".tsx"]),
                alias(".mjs", &[".mjs", ".mts"]),
                alias(".cjs", &[".cjs", ".cts"]),
            ],
            main_fields: vec!["main".to_owned()],
            module_type: true,
            node_path: false,
            ..ResolveOptions::default()
        }
    }
}

/// Tells whether a path is inside an installed package.
pub(crate) fn is_in_package(path: &Path) -> bool {
    path.components().any(|component| component.as_os_str() == "node_modules")
}

/// Tells whether a specifier names a package: no path, no URL, no `#import`.
fn is_bare(specifier: &str) -> bool {
    !specifier.starts_with(['.', '/', '#']) && !specifier.starts_with("file:")
}

/// Finds the scheme of a URL other than `file:`.
fn foreign_scheme(specifier: &str) -> Option<&str> {
    let (scheme, _) = specifier.split_once(':')?;
    let mut letters = scheme.chars();
    let is_scheme = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'));
    (is_scheme && scheme != "file").then_some(scheme)
}

/// The first part of a bare specifier: `a` of `a/b`, `@a/b` of `@a/b/c`.
fn package_name(specifier: &str) -> &str {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier.match_indices('/').nth(parts - 1).map_or(specifier.len(), |(at, _)| at);
    &specifier[..end]
}

fn clip(text: &str) -> String {
    crate::frame::printable(text, MESSAGE_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers_are_told_apart() {
        assert_eq!(package_name("zod/v4/core"), "zod");
        assert_eq!(package_name("@scope/name/x"), "@scope/name");
        assert_eq!(package_name("@scope"), "@scope");
        assert_eq!(foreign_scheme("https://a/b.js"), Some("https"));
        assert_eq!(foreign_scheme("node:fs"), Some("node"));
        assert_eq!(foreign_scheme("file:///a.js"), None);
        assert_eq!(foreign_scheme("./a:b.js"), None);
        assert!(is_bare("@/a") && is_bare("a/b") && !is_bare("#a") && !is_bare("../a"));
    }
}
