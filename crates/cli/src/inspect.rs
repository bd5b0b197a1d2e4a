//! `b8g inspect` and `b8g image`: what a file is and whether it is whole, without running any of it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use b8g_image::explain::{self, Report};
use b8g_image::v8::{self, Checksums, Verdict};
use clap::ColorChoice;

use crate::args::{InspectArgs, PackArgs};
use crate::console::{Console, STDOUT, write_all};
use crate::failure::{ERROR, Failure};
use crate::finish::exit;
use crate::program::shown;
use crate::run::fail;

/// Bytes of a file that is looked at, at most.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// What was found, as text or as JSON.
struct Found {
    text: String,
    whole: bool,
}

/// Prints what the file is. The process ends with 1 if it is damaged.
pub fn inspect(args: &InspectArgs) -> ! {
    let console = Console::new(ColorChoice::Auto, false);
    let found = match look(args) {
        Ok(found) => found,
        Err(failure) => fail(console, &failure),
    };
    if let Err(error) = write_all(STDOUT, found.text.as_bytes(), None) {
        fail(console, &Failure::error(format!("cannot write to standard output: {error}")));
    }
    exit(if found.whole { 0 } else { ERROR })
}

fn look(args: &InspectArgs) -> Result<Found, Failure> {
    let bytes = read(&args.file)?;
    let name = shown(&args.file);
    if let Some(directory) = &args.extract {
        v8::extract_to(&bytes, directory)
            .map_err(|error| Failure::error(format!("cannot take {name} apart: {error}")))?;
        let text =
            if args.json { String::new() } else { format!("took {name} apart into {}\n", shown(directory)) };
        return Ok(Found { text, whole: true });
    }
    if b8g_image::File::is_image(&bytes) && !args.scan {
        let report = Report::of(&bytes);
        let whole = report.verdict == explain::Verdict::Valid;
        return Ok(Found { text: written(args.json, &report), whole });
    }
    let inspection = if args.scan { v8::inspect_all(&bytes) } else { v8::inspect(&bytes) };
    let inspection = inspection.map_err(|error| {
        Failure::error(match args.scan {
            true => format!("{name} holds no snapshot of V8 or node"),
            false => format!("{name} is no image of b8g, V8 or node, and holds none ({error})"),
        })
    })?;
    let whole = inspection.reports.iter().all(|report| report.verdict != Verdict::Damaged);
    let text = match &inspection.reports[..] {
        // The file itself: nothing stands around its report.
        [report] if args.json && report.offset == 0 => written(true, report),
        _ => written(args.json, &inspection),
    };
    Ok(Found { text, whole })
}

fn written(json: bool, report: &(impl serde::Serialize + std::fmt::Display)) -> String {
    match serde_json::to_string_pretty(report) {
        Ok(text) if json => text + "\n",
        _ => report.to_string(),
    }
}

/// Puts a snapshot of V8 or node together again.
pub fn pack_v8(args: &PackArgs) -> ! {
    let console = Console::new(ColorChoice::Auto, false);
    let checksums = if args.sign { Checksums::Recompute } else { Checksums::Keep };
    let packed = v8::pack_from(&args.directory, checksums)
        .map_err(|error| Failure::error(format!("cannot pack {}: {error}", shown(&args.directory))));
    let written = packed.and_then(|bytes| {
        let name = shown(&args.output);
        crate::replace::replace(&args.output, &bytes)
            .map_err(|error| Failure::error(format!("cannot write {name}: {error}")))
    });
    match written {
        Ok(()) => exit(0),
        Err(failure) => fail(console, &failure),
    }
}

/// Reads a file that may be an image.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = shown(path);
    let unreadable = |error: std::io::Error| Failure::usage(format!("cannot read {name}: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::error(format!("{name} is larger than 1 GiB")));
    }
    Ok(bytes)
}
