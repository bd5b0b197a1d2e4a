//! From flags to grants, and from a denial to the flag that would grant it.
//!
//! A comma in a name is written twice, as in Deno: `--allow-read=a,,b` grants the one path `a,b`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use b8g::{Access, Denial, Grant, Grants};

use crate::args::{EVERYTHING, GrantArgs};
use crate::failure::Failure;
use crate::program::shown;

/// Turns flags into what the engine may hand out.
pub fn grants(flags: &GrantArgs) -> Result<Grants, Failure> {
    let mut grants = Grants::none().clocks().randomness().compute().tasks().keys();
    let mut add = |grant: Grant| grants.add(grant).map_err(|error| Failure::usage(error.to_string()));
    for (access, values) in [
        (Access::Read, &flags.allow_read),
        (Access::Write, &flags.allow_write),
        (Access::Net, &flags.allow_net),
        (Access::Listen, &flags.allow_listen),
        (Access::Env, &flags.allow_env),
    ] {
        if flags.allow_all || values.iter().any(|value| value == EVERYTHING) {
            add(everything(access))?;
            continue;
        }
        for item in items(access, values)? {
            add(one(access, item)?)?;
        }
    }
    for value in &flags.env {
        add(environment(value)?)?;
    }
    for value in &flags.dir {
        add(directory(value)?)?;
    }
    for path in &flags.cert {
        let unusable = |why: String| Failure::usage(format!("cannot use {}: {why}", shown(path)));
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        grants = grants.trust(&pem).map_err(|error| unusable(error.to_string()))?;
    }
    Ok(grants)
}

fn everything(access: Access) -> Grant {
    match access {
        Access::Read | Access::Write => Grant::AllPaths(access),
        Access::Net => Grant::AllNet,
        Access::Listen => Grant::AllListen,
        Access::Env => Grant::AllEnvironment,
    }
}

fn one(access: Access, item: OsString) -> Result<Grant, Failure> {
    Ok(match access {
        Access::Read | Access::Write => Grant::Path { path: PathBuf::from(item), access },
        Access::Net => Grant::Net(text(access.flag(), &item)?.to_owned()),
        Access::Listen => Grant::Listen(text(access.flag(), &item)?.to_owned()),
        Access::Env => from_own_environment(access.flag(), &item)?,
    })
}

/// Splits the values of one flag at their commas.
fn items(access: Access, values: &[OsString]) -> Result<Vec<OsString>, Failure> {
    let mut items = Vec::new();
    for value in values {
        for item in split_commas(value.as_bytes()) {
            if item.is_empty() {
                let flag = access.flag();
                let why = format!("{flag}={} has an empty name in it", value.to_string_lossy());
                return Err(Failure::usage(format!("{why}; {flag} alone grants everything")));
            }
            items.push(OsString::from_vec(item));
        }
    }
    Ok(items)
}

/// Splits at commas; two of them are one that belongs to a name.
pub fn split_commas(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut items = vec![Vec::new()];
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte == b',' && rest.next_if_eq(&b',').is_none() {
            items.push(Vec::new());
        } else if let Some(item) = items.last_mut() {
            item.push(byte);
        }
    }
    items
}

fn text<'a>(flag: &str, value: &'a OsStr) -> Result<&'a str, Failure> {
    value.to_str().ok_or_else(|| Failure::usage(format!("{flag}={} is not UTF-8", value.to_string_lossy())))
}

/// `NAME=VALUE`, or `NAME` for the value that this process has.
fn environment(value: &OsStr) -> Result<Grant, Failure> {
    let written = text("--env", value)?;
    match written.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Grant::Environment(name.into(), Some(value.into()))),
        Some(_) => Err(Failure::usage(format!("--env={written} names no value; write --env NAME=VALUE"))),
        None => from_own_environment("--env", value),
    }
}

fn from_own_environment(flag: &str, name: &OsStr) -> Result<Grant, Failure> {
    let name = text(flag, name)?;
    if name.is_empty() || name.contains(['=', '*']) {
        let why = format!("{flag}={name} is not the name of an environment value");
        return Err(Failure::usage(format!("{why}; to set one write --env NAME=VALUE")));
    }
    let value = match std::env::var(name) {
        Ok(value) => Some(value),
        Err(std::env::VarError::NotPresent) => None,
        Err(std::env::VarError::NotUnicode(_)) => {
            return Err(Failure::usage(format!("the environment value {name} is not UTF-8")));
        }
    };
    Ok(Grant::Environment(name.to_owned(), value))
}

/// `HOST[::GUEST][:ro]`.
fn directory(value: &OsStr) -> Result<Grant, Failure> {
    let bytes = value.as_bytes();
    let (bytes, write) = match bytes.strip_suffix(b":ro") {
        Some(bytes) => (bytes, false),
        None => (bytes, true),
    };
    let at = bytes.windows(2).position(|pair| pair == b"::");
    let (host, guest) = at.map_or((bytes, bytes), |at| (&bytes[..at], &bytes[at + 2..]));
    if host.is_empty() || guest.is_empty() {
        let shown = value.to_string_lossy();
        return Err(Failure::usage(format!("--dir={shown} names no directory; write --dir HOST::GUEST")));
    }
    let host = PathBuf::from(OsStr::from_bytes(host));
    let guest = text("--dir", OsStr::from_bytes(guest))?.to_owned();
    Ok(Grant::Directory { host, guest, write })
}

/// The flag that would grant what was denied, as one argument.
pub fn flag_of(denial: &Denial, granted: &[Grant]) -> String {
    let renamed = granted.iter().find_map(|grant| match grant {
        // A name that only `--dir` made: no other flag knows it.
        Grant::Directory { host, guest, write: false } if denial.access == Access::Write => {
            let rest = denial.target.strip_prefix(guest.as_str())?;
            let below = rest.is_empty() || rest.starts_with('/') || guest.ends_with('/');
            below.then(|| format!("--dir={}::{guest}", host.display()))
        }
        _ => None,
    });
    renamed.unwrap_or_else(|| format!("{}={}", denial.access.flag(), denial.target.replace(',', ",,")))
}

/// What a grant is called in a report: its kind, and its name unless it is everything.
pub fn describe(grant: &Grant) -> (&'static str, Option<String>) {
    match grant {
        Grant::Path { path, access } => (access.name(), Some(path.to_string_lossy().into_owned())),
        Grant::AllPaths(access) => (access.name(), None),
        Grant::Directory { host, guest, write } => {
            let only = if *write { "" } else { ":ro" };
            ("dir", Some(format!("{}::{guest}{only}", host.display())))
        }
        Grant::Net(address) => (Access::Net.name(), Some(address.clone())),
        Grant::AllNet => (Access::Net.name(), None),
        Grant::Listen(address) => (Access::Listen.name(), Some(address.clone())),
        Grant::AllListen => (Access::Listen.name(), None),
        Grant::Environment(name, _) => (Access::Env.name(), Some(name.clone())),
        Grant::AllEnvironment => (Access::Env.name(), None),
        _ => ("other", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    use crate::args::{Cli, Command};

    fn parsed(flags: &[&str]) -> Result<Vec<String>, String> {
        let line = ["b8g", "run"].iter().chain(flags).chain(&["x.ts"]);
        let Command::Run(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
        let grants = grants(&args.grants).map_err(|failure| failure.text)?;
        Ok(grants.list().iter().map(|grant| format!("{grant:?}")).collect())
    }

    #[test]
    fn flags_become_grants() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().to_str().unwrap();
        let got = parsed(&[&format!("--allow-read={dir}"), &format!("-W={dir}/new,{dir}")]).unwrap();
        assert_eq!(
            got,
            [
                format!("Path {{ path: {dir:?}, access: Read }}"),
                format!("Path {{ path: \"{dir}/new\", access: Write }}"),
                format!("Path {{ path: {dir:?}, access: Write }}"),
            ]
        );
        let got = parsed(&["-N=a.example:1,[::1]:2", "--allow-net=10.0.0.0/8"]).unwrap();
        assert_eq!(got, ["Net(\"a.example:1\")", "Net(\"[::1]:2\")", "Net(\"10.0.0.0/8\")"]);
        assert_eq!(parsed(&["--allow-net=x", "-N"]).unwrap(), ["AllNet"]);
        let got = parsed(&["-L=localhost:0,*:80", "--allow-listen=[::1]"]).unwrap();
        assert_eq!(got, ["Listen(\"localhost:0\")", "Listen(\"*:80\")", "Listen(\"[::1]\")"]);
        assert_eq!(parsed(&["-L"]).unwrap(), ["AllListen"]);
        assert_eq!(
            parsed(&["-A"]).unwrap(),
            ["AllPaths(Read)", "AllPaths(Write)", "AllNet", "AllListen", "AllEnvironment"]
        );
        let got = parsed(&["--env", "A=b=c", "--env", "B8G_TEST_NOT_SET", "--env", "C="]).unwrap();
        assert_eq!(
            got,
            [
                "Environment(\"A\", Some(\"b=c\"))",
                "Environment(\"B8G_TEST_NOT_SET\", None)",
                "Environment(\"C\", Some(\"\"))"
            ]
        );
    }

    #[test]
    fn directories_get_names_and_rights() {
        let show = |text: &str| match directory(OsStr::new(text)) {
            Ok(Grant::Directory { host, guest, write }) => format!("{} {guest} {write}", host.display()),
            other => format!("{:?}", other.map_err(|failure| failure.text)),
        };
        assert_eq!(show("data"), "data data true");
        assert_eq!(show("data:ro"), "data data false");
        assert_eq!(show("data::/in"), "data /in true");
        assert_eq!(show("data::/in:ro"), "data /in false");
        for bad in ["", "::", "::x", "x::", ":ro", "x:::ro"] {
            assert!(show(bad).contains("names no directory"), "{bad}: {}", show(bad));
        }
    }

    #[test]
    fn what_is_no_grant_is_refused() {
        for (flag, why) in [
            ("--allow-read=", "empty name"),
            ("--allow-read=a,", "empty name"),
            ("--allow-read=/no/such/directory/x", "cannot grant read access"),
            ("--allow-net=http://x", "HOST or HOST:PORT"),
            ("--allow-net=10.0.0.0/40", "HOST or HOST:PORT"),
            ("--allow-listen=a.example:80", "ADDRESS or ADDRESS:PORT"),
            ("--allow-listen=8080x:y", "ADDRESS or ADDRESS:PORT"),
            ("--allow-env=A=b", "not the name"),
            ("--allow-env=AWS_*", "not the name"),
            ("--env==x", "names no value"),
            ("--dir=/no/such/directory", "cannot grant"),
        ] {
            let error = parsed(&[flag]).unwrap_err();
            assert!(error.contains(why), "{flag}: {error}");
        }
    }

    #[test]
    fn a_doubled_comma_is_one() {
        let split = |text: &str| -> Vec<String> {
            split_commas(text.as_bytes()).into_iter().map(|item| String::from_utf8(item).unwrap()).collect()
        };
        assert_eq!(split("a,b"), ["a", "b"]);
        assert_eq!(split("a,,b"), ["a,b"]);
        assert_eq!(split("a,,,b"), ["a,", "b"]);
        assert_eq!(split(",a"), ["", "a"]);
        let denial = Denial { access: Access::Read, target: "a,b".into() };
        assert_eq!(flag_of(&denial, &[]), "--allow-read=a,,b");
        let read_only = Grant::Directory { host: "d".into(), guest: "/g".into(), write: false };
        for (target, flag) in
            [("/g/f.txt", "--dir=d::/g"), ("/g", "--dir=d::/g"), ("/gg", "--allow-write=/gg")]
        {
            let denial = Denial { access: Access::Write, target: target.into() };
            assert_eq!(flag_of(&denial, std::slice::from_ref(&read_only)), flag);
        }
    }
}
