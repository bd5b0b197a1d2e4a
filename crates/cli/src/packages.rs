//! `--with`: packages for a program of Python, fetched by pip on the trusted side and pinned in a lock file.
//!
//! Start at [`fetch`]. Nothing of a package runs here: only wheels are taken, which pip unpacks. What is fetched again comes by the hashes
//! that the lock file has.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use b8g::Packages;
use serde::Deserialize;

use crate::args::ComponentKind;
use crate::console::{Console, printable};
use crate::failure::Failure;
use crate::program::shown;
use crate::replace::replace;
use crate::tool::{Steps, tool};

/// Where packages lie in the guest.
const GUEST: &str = "/packages";
/// Packages whose machine code is only faster: they work without it.
const PURE_WITHOUT: [&str; 8] = [
    "charset-normalizer",
    "coverage",
    "markupsafe",
    "msgpack",
    "pyyaml",
    "simplejson",
    "sqlalchemy",
    "wrapt",
];
/// Where numpy and pandas are.
const SCIENCE: &str =
    "the component that has it: b8g component add python-science, then --component python-science";
/// The packages that are a part of that component.
const IN_SCIENCE: [&str; 5] = ["numpy", "pandas", "python-dateutil", "six", "tzdata"];
/// What can be used instead of packages that do not.
const INSTEAD: [(&str, &str); 14] = [
    ("aiohttp", "httpx or urllib.request"),
    ("bcrypt", "hashlib.scrypt"),
    ("cryptography", "hashlib and hmac"),
    ("grpcio", "plain HTTP"),
    ("lxml", "xml.etree.ElementTree, or beautifulsoup4 with html.parser"),
    ("numpy", SCIENCE),
    ("orjson", "json"),
    ("pandas", SCIENCE),
    ("pillow", "pypng"),
    ("psycopg2-binary", "pg8000"),
    ("pydantic-core", "pydantic==1.*, attrs or dataclasses"),
    ("regex", "re"),
    ("ujson", "json"),
    ("uvloop", "asyncio"),
];

/// What pip says that it installed.
#[derive(Deserialize)]
struct Report {
    install: Vec<Installed>,
}

#[derive(Deserialize)]
struct Installed {
    metadata: Metadata,
    download_info: Download,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct Download {
    archive_info: Option<Archive>,
}

#[derive(Deserialize)]
struct Archive {
    #[serde(default)]
    hashes: std::collections::BTreeMap<String, String>,
}

/// Packages that were fetched; the directory goes with them.
pub struct Fetched {
    directory: PathBuf,
    /// How many.
    pub count: usize,
}

impl Fetched {
    /// As a program takes them.
    pub fn packages(&self) -> Packages {
        Packages { directory: self.directory.join("site"), guest: Some(GUEST.to_owned()), whole: true }
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A directory of packages that is there already.
pub fn of(directory: &Path) -> Packages {
    Packages { directory: directory.to_owned(), guest: None, whole: true }
}

/// What pip says of a package that has no wheel that can be taken.
const NO_WHEEL: &str = "No matching distribution found";

/// Says more where pip found nothing that is taken.
fn with_help(failure: Failure) -> Failure {
    if !failure.text.contains(NO_WHEEL) {
        return failure;
    }
    let text = format!(
        "{}\nhelp: only wheels are taken, as a program of the package's own would make it ready otherwise. Of one that \
         has none, put the source package (NAME-VERSION.tar.gz) into a directory, and name that with --packages",
        failure.text
    );
    Failure { text, ..failure }
}

/// Fetches what is wanted, and what that needs. `lock` pins it: made if it is not there, or for other wants.
pub fn fetch(
    wanted: &[String],
    lock: &Path,
    kind: Option<ComponentKind>,
    console: Console,
    quiet: bool,
) -> Result<Fetched, Failure> {
    if kind == Some(ComponentKind::PythonScience)
        && let Some(name) =
            wanted.iter().map(|wanted| plain_name(wanted)).find(|name| IN_SCIENCE.contains(&&**name))
    {
        return Err(Failure::usage(format!(
            "{name} is a part of the component python-science: leave it out of --with"
        )));
    }
    let directory = std::env::temp_dir().join(format!("b8g-packages-{}", std::process::id()));
    let failed =
        |error: std::io::Error| Failure::error(format!("cannot write {}: {error}", shown(&directory)));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir(&directory).map_err(failed)?;
    let mut fetched = Fetched { directory: directory.clone(), count: 0 };
    let steps = Steps::new(console, quiet);
    let head = head_of(wanted);
    let locked = fs::read_to_string(lock).ok().filter(|text| text.starts_with(&head));
    let report = directory.join("report.json");
    let mut pip = pip(&directory);
    pip.arg("--report").arg(&report);
    match &locked {
        Some(_) => pip.args(["--require-hashes", "--no-deps", "-r"]).arg(lock),
        None => pip.arg("--").args(wanted),
    };
    let what = match &locked {
        Some(_) => format!("fetching what {} pins", shown(lock)),
        None => format!("fetching {}", printable(&wanted.join(", "), false)),
    };
    steps.take(&what, || tool(&mut pip, "pip cannot fetch the packages").map_err(with_help))?;
    let text = fs::read(&report).map_err(failed)?;
    let report: Report = serde_json::from_slice(&text)
        .map_err(|error| Failure::error(format!("pip's report cannot be read: {error}")))?;
    for installed in &report.install {
        check(installed, &fetched, kind)?;
    }
    if locked.is_none() {
        let mut text = head;
        for Installed { metadata, download_info } in &report.install {
            let hash = download_info.archive_info.as_ref().and_then(|archive| archive.hashes.get("sha256"));
            let hash = hash.ok_or_else(|| {
                Failure::error(format!("{} comes from no file with a hash", printable(&metadata.name, false)))
            })?;
            text.push_str(&format!("{}=={} --hash=sha256:{hash}\n", metadata.name, metadata.version));
        }
        replace(lock, text.as_bytes())
            .map_err(|error| Failure::error(format!("cannot write {}: {error}", shown(lock))))?;
    }
    fetched.count = report.install.len();
    Ok(fetched)
}

/// The name of a package as it is compared, at the beginning of a requirement.
fn plain_name(requirement: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let name: String = requirement.chars().take_while(|letter| is_part(*letter)).collect();
    name.to_lowercase().replace(['_', '.'], "-")
}

/// How a lock file begins that pins these.
fn head_of(wanted: &[String]) -> String {
    let mut head =
        "# Packages for b8g build --with; made by it, and heeded as long as these are wanted:\n".to_owned();
    for requirement in wanted {
        head.push_str(&format!("#   {}\n", requirement.replace(['\n', '\r'], " ")));
    }
    head
}

fn pip(directory: &Path) -> Command {
    let mut pip = Command::new(crate::tool::python());
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]);
    // Wheels are unpacked; anything else would be run.
    pip.args(["--only-binary", ":all:", "--target"]).arg(directory.join("site"));
    pip
}

/// Refuses a package that does not work without machine code, and leaves out what is a part of the component.
fn check(installed: &Installed, fetched: &Fetched, kind: Option<ComponentKind>) -> Result<(), Failure> {
    let name = plain_name(&installed.metadata.name);
    if PURE_WITHOUT.contains(&name.as_str()) {
        return Ok(());
    }
    let site = fetched.directory.join("site");
    let record = fs::read_dir(&site).into_iter().flatten().flatten().find(|entry| {
        let file = entry.file_name().to_string_lossy().to_lowercase().replace(['_', '.'], "-");
        file.starts_with(&format!(
            "{name}-{}-dist-info",
            installed.metadata.version.to_lowercase().replace('.', "-")
        ))
    });
    let text =
        record.and_then(|entry| fs::read_to_string(entry.path().join("RECORD")).ok()).unwrap_or_default();
    if kind == Some(ComponentKind::PythonScience) && IN_SCIENCE.contains(&name.as_str()) {
        leave_out(&site, &text);
        return Ok(());
    }
    let is_native = |line: &&str| {
        let path = line.split(',').next().unwrap_or_default();
        Path::new(path)
            .extension()
            .is_some_and(|ending| ["so", "pyd", "dylib", "dll"].iter().any(|n| ending == *n))
    };
    let Some(module) = text.lines().find(is_native) else { return Ok(()) };
    let module = printable(module.split(',').next().unwrap_or_default(), false);
    let instead = INSTEAD.iter().find(|(known, _)| *known == name);
    let help = instead.map_or_else(String::new, |(_, instead)| format!("\nhelp: use {instead}"));
    Err(Failure::error(format!(
        "the package {} {} is made of machine code ({module}), which cannot run in a context{help}",
        printable(&installed.metadata.name, false),
        printable(&installed.metadata.version, false)
    )))
}

/// Removes the files that a package's record lists, as far as they lie among the packages.
fn leave_out(site: &Path, record: &str) {
    for path in record.lines().filter_map(|line| line.split(',').next()) {
        let is_below = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if is_below && !path.is_empty() {
            let _ = fs::remove_file(site.join(path));
        }
    }
}
