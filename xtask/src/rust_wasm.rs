//! `cargo xtask tools rust`: a Rust compiler that builds guests for wasm, for the tests of `guests/rust`.
//!
//! Start reading at [`ensure`]. Whoever has a toolchain with [`TARGET`] needs nothing of this. Without one, and where Debian's packages are
//! to be had, its compiler is unpacked below `target/tools`, and the core library is built with it; nothing is installed in the system.
//! Invariant: what apt gives was checked by apt's own signatures; nothing else is fetched.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::run::{find, run, tools_directory};

/// What guests are built for: wasm without any proposal, and without a system.
pub const TARGET: &str = "wasm32v1-none";

/// What to do when there is no compiler; [`ensure`] says what went wrong besides.
const ADVICE: &str = "a Rust compiler for wasm is missing: `rustup target add wasm32v1-none` installs one";

/// Gives the compiler's program: the usual one if it has the target, else Debian's, which is unpacked if it is not there.
pub fn ensure() -> Result<PathBuf> {
    let sysroot = sysroot()?;
    if sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir() {
        return Ok(sysroot.join("bin/rustc"));
    }
    let directory = tools_directory().join("rust");
    let (program, stamp) = (directory.join("rustc"), directory.join("installed"));
    // The linker is the usual toolchain's: a new one makes everything anew, and so does another place.
    let wanted = wrapper(&directory, &linker(&sysroot)?);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && program.is_file() {
        return Ok(program);
    }
    unpack(&directory).context(ADVICE)?;
    fs::write(&program, &wanted).context("cannot write the compiler's script")?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    build_core(&directory, &program).context(ADVICE)?;
    fs::write(stamp, wanted)?;
    Ok(program)
}

/// Where the usual toolchain lies.
fn sysroot() -> Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Ok(PathBuf::from(answer(Command::new(rustc).args(["--print", "sysroot"]))?.trim()))
}

/// The linker for wasm that the usual toolchain brings along.
fn linker(sysroot: &Path) -> Result<PathBuf> {
    let mut hosts =
        fs::read_dir(sysroot.join("lib/rustlib"))?.flatten().map(|entry| entry.path().join("bin/rust-lld"));
    hosts.find(|linker| linker.is_file()).with_context(|| format!("{} has no rust-lld", sysroot.display()))
}

/// Unpacks Debian's compiler, what it needs, and the standard library's source.
fn unpack(directory: &Path) -> Result<()> {
    ensure!(find("apt-get").is_some() && find("dpkg-deb").is_some(), "this is no Debian");
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    let packages = directory.join("packages");
    fs::create_dir_all(&packages)?;
    // Old lists name versions that are gone; who may not renew them may have new ones.
    let _ = Command::new("apt-get").args(["update", "--quiet", "--quiet"]).status();
    let library = depends("libstd-rust-web-dev", "libstd-rust-web-")?;
    let llvm = depends(&library, "libllvm")?;
    run(Command::new("apt-get")
        .args(["download", "--quiet", "--quiet", "rustc-web", "rust-web-src", &library, &llvm])
        .stderr(Stdio::null())
        .current_dir(&packages))?;
    for package in fs::read_dir(&packages)? {
        run(Command::new("dpkg-deb").arg("-x").arg(package?.path()).arg(directory.join("system")))?;
    }
    fs::remove_dir_all(packages)?;
    Ok(())
}

/// The package that `package` depends on and whose name begins so.
fn depends(package: &str, begins: &str) -> Result<String> {
    let shown = answer(Command::new("apt-cache").args(["show", "--no-all-versions", package]))?;
    let line = shown.lines().find_map(|line| line.strip_prefix("Depends: ")).unwrap_or_default();
    let names = line.split([',', '|', ' ']).find(|name| name.starts_with(begins));
    names.map(str::to_owned).with_context(|| format!("Debian's {package} does not name its {begins}"))
}

/// Calls the unpacked compiler with what it needs to find its libraries, the core library and the linker.
fn wrapper(directory: &Path, linker: &Path) -> String {
    let (system, sysroot) = (directory.join("system/usr"), directory.join("sysroot"));
    format!(
        "#!/bin/sh\nLD_LIBRARY_PATH='{0}/lib/x86_64-linux-gnu:{0}/lib/aarch64-linux-gnu' exec '{0}/bin/rustc' \"$@\" --sysroot '{1}' -Clinker='{2}'\n",
        system.display(),
        sysroot.display(),
        linker.display()
    )
}

/// Builds core, compiler_builtins and alloc for the target.
fn build_core(directory: &Path, program: &Path) -> Result<()> {
    let source = directory.join("system/usr/src");
    let library = fs::read_dir(&source)?
        .flatten()
        .map(|entry| entry.path().join("library"))
        .find(|library| library.join("core/src/lib.rs").is_file())
        .with_context(|| format!("{} holds no core library", source.display()))?;
    let out = directory.join("sysroot/lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&out)?;
    const PARTS: [(&str, &str, &[&str]); 3] = [
        ("core", "core/src/lib.rs", &[]),
        (
            "compiler_builtins",
            "compiler-builtins/compiler-builtins/src/lib.rs",
            &["compiler-builtins", "mem", "no-asm"],
        ),
        ("alloc", "alloc/src/lib.rs", &[]),
    ];
    for (name, root, features) in PARTS {
        if !library.join(root).is_file() {
            bail!("Debian's source of the standard library is too old: it has no {root}");
        }
        let mut command = Command::new(program);
        command.args(["--crate-name", name, "--crate-type", "rlib", "--edition", "2024", "--target", TARGET]);
        command.args(["-O", "-Cpanic=abort", "--cap-lints", "allow", "-Zforce-unstable-if-unmarked"]);
        command.arg("--out-dir").arg(&out).arg("-L").arg(&out);
        for feature in features {
            command.args(["--cfg", &format!("feature=\"{feature}\"")]);
        }
        // It is what builds a toolchain's own libraries: unstable features are theirs.
        run(command.arg(library.join(root)).env("RUSTC_BOOTSTRAP", "1"))?;
    }
    // Half a gigabyte that nobody needs any more.
    fs::remove_dir_all(source)?;
    Ok(())
}

/// What a command prints.
fn answer(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {shown}"))?;
    ensure!(output.status.success(), "{shown} failed: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
