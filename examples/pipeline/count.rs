//! The last stage, in Rust: counts bytes and lines, and tells the first line and how many MiB came in a second.
#![no_std]

extern crate alloc;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write;

use b8g_guest::stream::Reader;
use b8g_guest::{Error, Result, given};

b8g_guest::main!(count);

fn count() -> Result<()> {
    let (Some(input), Some(output)) = (given::stdin(), given::stdout()) else { return Err(Error::NOT_FOUND) };
    let input = Reader::from_handle(input);
    let clock = given::monotonic();
    let now = || clock.as_ref().and_then(|clock| clock.now().ok()).unwrap_or(0);
    let mut piece = vec![0; 65536];
    let (mut bytes, mut lines, mut first, mut begun) = (0u64, 0u64, Vec::new(), 0);
    loop {
        let n = input.read_blocking(&mut piece)?;
        if n == 0 {
            break;
        }
        if bytes == 0 {
            begun = now();
            first.extend(piece[..n].iter().take_while(|byte| **byte != b'\n'));
        }
        bytes += n as u64;
        lines += piece[..n].iter().filter(|byte| **byte == b'\n').count() as u64;
    }
    let seconds = (now() - begun) as f64 / 1e9;
    let mut text = String::new();
    let _ = writeln!(text, "{bytes} bytes, {lines} lines, the first: {}", String::from_utf8_lossy(&first));
    if seconds > 0.0 {
        let _ = writeln!(text, "{:.0} MiB/s", bytes as f64 / 1048576.0 / seconds);
    }
    output.write_all(text.as_bytes())
}
