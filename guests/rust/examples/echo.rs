//! Sends back every message that comes over its first channel, with the handles that came along.
#![no_std]

extern crate alloc;

use alloc::vec;
use b8g_guest::{Error, Result, given};

b8g_guest::main!(echo);

fn echo() -> Result<()> {
    let Some(channel) = given::channel(0) else { return Err(Error::NOT_FOUND) };
    let mut bytes = vec![0; 1 << 20];
    loop {
        let message = match channel.receive_blocking::<1>(&mut bytes) {
            Err(Error::CLOSED) => return Ok(()),
            message => message?,
        };
        let text = &bytes[..message.bytes];
        match message.handles {
            [None] => channel.send_blocking(text)?,
            [Some(handle)] => channel.send_with(text, [handle]).map_err(|refused| refused.error)?,
        }
    }
}
