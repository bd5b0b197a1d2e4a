//! Takes what comes over its first channel in the way that its argument names, and tells over its second one what it got.
#![no_std]

extern crate alloc;

use alloc::{format, string::String, vec};
use b8g_guest::stream::Reader;
use b8g_guest::{Channel, Error, Event, Handle, Ready, Result, given, wait_for};

b8g_guest::main!(receive);

fn receive() -> Result<()> {
    let mut room = [0; 64];
    let mut arguments = given::arguments(&mut room).ok_or(Error::NOT_FOUND)?;
    let how = String::from_utf8_lossy(arguments.next().unwrap_or_default());
    let (from, tell) = given::channel(0).zip(given::channel(1)).ok_or(Error::NOT_FOUND)?;
    let message = from.receive_blocking::<1>(&mut [0; 16])?;
    let [Some(handle)] = message.handles else { return Err(Error::ARGUMENT) };
    let told = match &*how {
        "copy" => by_copy(&Reader::from_handle(handle))?,
        "mapped" => mapped(Reader::from_handle(handle))?,
        "event" => event(&Event::from_handle(handle))?,
        _ => handles(&from, handle)?,
    };
    tell.send(told.as_bytes())
}

/// Checks bytes against what the sender says lies at their position.
#[derive(Default)]
struct Checked {
    position: usize,
    wrong: usize,
}

impl Checked {
    fn check(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let expected = (self.position * 7 + self.position / 1000) as u8;
            self.wrong += usize::from(*byte != expected);
            self.position += 1;
        }
    }

    fn told(&self) -> String {
        format!("{} bytes, {} wrong", self.position, self.wrong)
    }
}

fn by_copy(reader: &Reader) -> Result<String> {
    let (mut checked, mut bytes) = (Checked::default(), vec![0; 10_000]);
    loop {
        match reader.read_blocking(&mut bytes)? {
            0 => return Ok(checked.told()),
            len => checked.check(&bytes[..len]),
        }
    }
}

fn mapped(reader: Reader) -> Result<String> {
    let mut reader = reader.map(65536)?;
    let (mut checked, mut copy) = (Checked::default(), vec![0; 3000]);
    loop {
        let part = reader.next_part()?;
        if part.is_empty() {
            return Ok(checked.told());
        }
        // What is checked is a copy: the writer may change the ring at any moment.
        let len = part.read(0, &mut copy);
        checked.check(&copy[..len]);
        reader.done(len);
    }
}

fn event(event: &Event) -> Result<String> {
    while event.bits()? != 1 {
        wait_for(event.handle(), Ready::READ, None)?;
    }
    let before = event.signal(1, 2)?;
    Ok(format!("{before} then {}", event.bits()?))
}

fn handles(from: &Channel, handle: Handle) -> Result<String> {
    let (near, far) = Channel::pair()?;
    Channel::from_handle(handle).send(b"hi")?;
    from.send_with(b"back", [far.into_handle()]).map_err(|refused| refused.error)?;
    let mut bytes = [0; 16];
    let message = near.receive_blocking::<0>(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..message.bytes]).into_owned())
}
