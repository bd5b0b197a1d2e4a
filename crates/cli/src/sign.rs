//! `b8g sign`, `b8g squash` and `b8g image join`: image files made of image files.
//!
//! Start at [`sign`]. No image is run here.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use b8g::{Image, ReadOptions};
use b8g_image::signature::SecretKey;
use b8g_image::{File, chain};
use clap::ColorChoice;

use crate::args::{JoinArgs, SignArgs, SquashArgs};
use crate::console::Console;
use crate::failure::Failure;
use crate::finish::exit;
use crate::inspect::read;
use crate::program::shown;
use crate::replace::replace;
use crate::run::fail;

/// Ends the process as `done` says.
fn end(done: Result<(), Failure>) -> ! {
    match done {
        Ok(()) => exit(0),
        Err(failure) => fail(Console::new(ColorChoice::Auto, false), &failure),
    }
}

/// Signs an image, with a key that is there or a new one.
pub fn sign(args: &SignArgs) -> ! {
    end(try_sign(args))
}

fn try_sign(args: &SignArgs) -> Result<(), Failure> {
    let key = match (&args.key, &args.new_key) {
        (Some(path), _) => old_key(path)?,
        (None, Some(path)) => new_key(path)?,
        (None, None) => return Err(Failure::usage("a key is needed: --key KEY or --new-key KEY")),
    };
    let Some(path) = &args.file else { return Ok(()) };
    let bytes = read(path)?;
    let unusable =
        |error: &dyn std::fmt::Display| Failure::error(format!("cannot sign {}: {error}", shown(path)));
    let file = File::read(&bytes).map_err(|error| unusable(&error))?;
    let mine = key.sign(&file.id());
    let others = file.signatures().iter().filter(|signature| signature.key != mine.key);
    let signatures: Vec<_> = others.copied().chain([mine]).collect();
    let signed = file.with_signatures(&signatures).map_err(|error| unusable(&error))?;
    write(args.output.as_ref().unwrap_or(path), &signed)
}

fn old_key(path: &Path) -> Result<SecretKey, Failure> {
    let unusable = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("cannot use the key {}: {error}", shown(path)))
    };
    let text = fs::read_to_string(path).map_err(|error| unusable(&error))?;
    SecretKey::from_pem(&text).map_err(|error| unusable(&error))
}

/// Makes a key that nobody else can read, and writes its public part beside it.
fn new_key(path: &Path) -> Result<SecretKey, Failure> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| Failure::error(format!("no random numbers: {error}")))?;
    let key = SecretKey::from_random(&random);
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    if Path::new(&public).exists() {
        return Err(Failure::usage(format!("cannot write {}: it exists already", shown(Path::new(&public)))));
    }
    for (path, text, mode) in
        [(path, key.to_pem(), 0o600), (Path::new(&public), key.public().to_pem(), 0o644)]
    {
        // An old key is never written over.
        let mut options = OpenOptions::new();
        let written = options
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
        written.map_err(|error| Failure::usage(format!("cannot write {}: {error}", shown(path))))?;
    }
    Ok(key)
}

/// Makes one image of a chain.
pub fn squash(args: &SquashArgs) -> ! {
    let options = ReadOptions { parents: args.parent.clone(), ..ReadOptions::default() };
    let squashed = Image::squash(&args.file, &options)
        .map_err(|error| Failure::error(format!("cannot squash {}: {error}", shown(&args.file))));
    end(squashed.and_then(|bytes| write(&args.output, &bytes)))
}

/// Makes one image of several.
pub fn join(args: &JoinArgs) -> ! {
    end(try_join(&args.files).and_then(|bytes| write(&args.output, &bytes)))
}

fn try_join(paths: &[PathBuf]) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    for path in paths {
        bytes.push(read(path)?);
    }
    let mut files = Vec::new();
    for (path, bytes) in paths.iter().zip(&bytes) {
        let unusable = |error| Failure::error(format!("cannot join {}: {error}", shown(path)));
        files.push(File::read(bytes).map_err(unusable)?);
    }
    chain::join(&files).map_err(|error| Failure::error(format!("cannot join these images: {error}")))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes).map_err(|error| Failure::error(format!("cannot write {}: {error}", shown(path))))
}
