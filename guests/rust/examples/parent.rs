//! Compiles a script, runs it as a task whose output it reads, and tells what came; then links two channels by a key.
#![no_std]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use b8g_guest::abi::{language, role};
use b8g_guest::{Error, Handle, Limits, Result, given, stream};

b8g_guest::main!(parent);

fn parent() -> Result<()> {
    let Some(tell) = given::channel(0) else { return Err(Error::NOT_FOUND) };
    tell.send(runs_a_script()?.as_bytes())?;
    tell.send(links()?.as_bytes())
}

fn runs_a_script() -> Result<String> {
    let Some(compiler) = given::compiler() else { return Err(Error::NOT_FOUND) };
    let mut why = [0; 256];
    let refused = compiler.compile(language::TYPESCRIPT, b"let 1 = (", &mut why);
    assert_eq!(refused.err(), Some(Error::ARGUMENT));
    let source = b"import { args } from 'b8g'; const n: number = 6; console.log(args[0], n * 7);";
    let component = compiler.compile(language::TYPESCRIPT, source, &mut why)?;
    let (reader, writer) = stream::pair(1, 4096)?;
    let limits = Limits { memory_bytes: 16 << 20, ..Limits::default() };
    let arguments = Handle::blob(b"from a task\0")?;
    let given = component.spawn().give(role::STDOUT, writer.into_handle())?.give(role::ARGS, arguments)?;
    let task = given.limits(limits).start()?;
    let (mut text, mut bytes) = (String::new(), [0; 64]);
    loop {
        match reader.read_blocking(&mut bytes)? {
            0 => break,
            len => text.push_str(&String::from_utf8_lossy(&bytes[..len])),
        }
    }
    let ended = task.join()?;
    Ok(format!("{}: {} {}, {} bytes", text.trim_end(), ended.reason, ended.code, ended.output_bytes))
}

fn links() -> Result<String> {
    let Some(keys) = given::keys() else { return Err(Error::NOT_FOUND) };
    let key = keys.mint()?;
    let (first, second) = (keys.bind(&key)?, keys.bind(&key)?);
    first.send(b"linked")?;
    let mut bytes = [0; 16];
    let message = second.receive_blocking::<0>(&mut bytes)?;
    keys.revoke(&key)?;
    let alone = keys.bind(&key)?.receive(&mut [0; 16]);
    Ok(format!("{} then {:?}", String::from_utf8_lossy(&bytes[..message.bytes]), alone))
}
