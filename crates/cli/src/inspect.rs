//! `b8g inspect`: what a file is and whether it is whole, without running any of it.

use std::fs::File;
use std::io::Read;

use b8g_image::explain::{Report, Verdict};
use clap::ColorChoice;

use crate::args::InspectArgs;
use crate::console::{Console, STDOUT, write_all};
use crate::failure::{ERROR, Failure};
use crate::finish::exit;
use crate::program::shown;
use crate::run::fail;

/// Bytes of a file that is looked at, at most.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Prints what the file is. The process ends with 1 if it is damaged.
pub fn inspect(args: &InspectArgs) -> ! {
    let console = Console::new(ColorChoice::Auto, false);
    let report = match read(args) {
        Ok(bytes) => Report::of(&bytes),
        Err(failure) => fail(console, &failure),
    };
    let text = match serde_json::to_string_pretty(&report) {
        Ok(json) if args.json => json + "\n",
        _ => report.to_string(),
    };
    if let Err(error) = write_all(STDOUT, text.as_bytes(), None) {
        fail(console, &Failure::error(format!("cannot write to standard output: {error}")));
    }
    exit(if report.verdict == Verdict::Valid { 0 } else { ERROR })
}

fn read(args: &InspectArgs) -> Result<Vec<u8>, Failure> {
    let name = shown(&args.file);
    let unreadable = |error: std::io::Error| Failure::usage(format!("cannot read {name}: {error}"));
    let file = File::open(&args.file).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::error(format!("{name} is larger than 1 GiB")));
    }
    Ok(bytes)
}
