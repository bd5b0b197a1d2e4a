//! The npm packages that are a part of the JavaScript component's prelude, and the prelude with them; those that tests run, too.
//!
//! Start at [`assemble`]. A lock file pins each package by its hash, and npm refuses what does not have it; none of their scripts
//! runs. Invariant: the same lock file and prelude give the same files, byte for byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::run::{find, run};

/// Where in the prelude a package's files come: the file of the prelude that is made, the package, and the folder in it.
const PACKAGES: &[(&str, &str, &str)] = &[("node/40-readable-stream.js", "readable-stream", "lib")];

/// Packages that are one script: the file of the prelude that is made, the package, its file, and what it sees instead of globals that a
/// program could replace.
const SCRIPTS: &[(&str, &str, &str, &str)] = &[(
    "intl/90-temporal.js",
    "temporal-polyfill",
    "global.js",
    "const { Intl } = internal.temporal;\n\
     const { Array, BigInt, Date, Map, Math, Number, Object, RangeError, Reflect, RegExp, Set, String, Symbol, TypeError, WeakMap, parseInt } = globalThis;",
)];

/// Copies the prelude below `target`, with the packages' files among its own, and gives the folder's path.
pub fn assemble(component: &Path, target: &Path) -> Result<PathBuf> {
    let installed = install(&component.join("sources"), &target.join("packages"))?;
    let prelude = target.join("prelude");
    if prelude.exists() {
        fs::remove_dir_all(&prelude)?;
    }
    for file in files_below(&component.join("prelude"), Path::new(""))? {
        let copy = prelude.join(&file);
        fs::create_dir_all(copy.parent().context("a file without a folder")?)?;
        fs::write(copy, fs::read(component.join("prelude").join(&file))?)?;
    }
    for (made, package, folder) in PACKAGES {
        fs::write(prelude.join(made), wrapped(&installed.join(package), folder)?)?;
    }
    for (made, package, file, given) in SCRIPTS {
        let source = fs::read_to_string(installed.join(package).join(file))?;
        let text =
            format!("// The package {package} from npm, as its authors wrote it.\n{given}\n{source}\n");
        fs::write(prelude.join(made), text)?;
    }
    Ok(prelude)
}

/// Installs what the lock file among `sources` names into `target`; answers the folder of the packages.
pub fn install(sources: &Path, target: &Path) -> Result<PathBuf> {
    let stamp = target.join("installed");
    let wanted = fs::read(sources.join("package-lock.json"))
        .with_context(|| format!("cannot read the lock file in {}", sources.display()))?;
    if !fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        let npm = find("npm").context("npm is needed to fetch packages (Debian: apt-get install npm)")?;
        fs::create_dir_all(target)?;
        for name in ["package.json", "package-lock.json"] {
            fs::copy(sources.join(name), target.join(name))?;
        }
        let mut ci = Command::new(npm);
        ci.args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]).arg(target);
        run(&mut ci)?;
        fs::write(&stamp, wanted)?;
    }
    Ok(target.join("node_modules"))
}

/// A package's files as one file of the prelude: `internal.packages` maps its name to its files, each a function like CommonJS'.
fn wrapped(package: &Path, folder: &str) -> Result<String> {
    let name = package.file_name().and_then(|name| name.to_str()).context("a package without a name")?;
    let mut text = format!(
        "// The package {name} from npm, as its authors wrote it.\ninternal.packages ??= {{ __proto__: null }};\n\
         internal.packages[{name:?}] = {{\n__proto__: null,\n"
    );
    for file in files_below(package, Path::new(folder))? {
        if file.extension().is_some_and(|extension| extension == "js") {
            let path = file.to_str().context("a file whose name is no text")?;
            let source = fs::read_to_string(package.join(&file))?;
            text.push_str(&format!("{path:?}: function (module, exports, require) {{\n{source}\n}},\n"));
        }
    }
    text.push_str("};\n");
    Ok(text)
}

/// The files in a folder below `root` and in its folders, relative to `root`, in order.
fn files_below(root: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let directory = root.join(&folder);
        for entry in
            fs::read_dir(&directory).with_context(|| format!("cannot list {}", directory.display()))?
        {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}
