//! Guests of several languages that understand one another.

use b8g::{Capture, Channel, ChannelError, Component, Context, Grants, Limits, Reason, Stdout};

use crate::{SOON, compile, engine, running, running_with, script, succeeds, told};

/// A script sends a text and an end of a channel; both come back, and the end still works.
pub fn echoes(engine: &b8g::Engine, echo: &Component) {
    let asks = script(
        engine,
        "const [c, out] = channels; const [near, far] = channel();
         await c.send('there', { transfer: [far] });
         const back = await c.receive(); await back.resources[0].send('and back');
         const big = 'é'.repeat(300000); await c.send(big);
         await out.send(`${back.text} ${(await near.receive()).text} ${(await c.receive()).text === big}`);",
    );
    let ((a, b), (mine, theirs)) = (Channel::pair(), Channel::pair());
    let (echo, asks) = (running(echo, &[], vec![a]), running(&asks, &[], vec![b, theirs]));
    assert_eq!(told(&mine), "there and back true");
    succeeds(asks);
    succeeds(echo);
}

#[test]
fn c_talks_with_a_script() {
    let engine = engine();
    if let Some(echo) = compile::c(&engine, "guests/c/examples/echo.c") {
        echoes(&engine, &echo);
    }
}

#[test]
fn rust_talks_with_a_script() {
    let engine = engine();
    if let Some(echo) = compile::rust(&engine, "echo") {
        echoes(&engine, &echo);
    }
}

fn ticks(ticks: &Component) {
    let (mine, theirs) = Channel::pair();
    let runs = running(ticks, &[], vec![theirs]);
    (1..=3).for_each(|tick| assert_eq!(mine.receive(SOON).unwrap(), [tick]));
    assert_eq!(mine.receive(SOON), Err(ChannelError::Closed));
    succeeds(runs);
}

#[test]
fn c_parks_its_waits() {
    if let Some(component) = compile::c(&engine(), "guests/c/examples/ticks.c") {
        ticks(&component);
    }
}

#[test]
fn rust_parks_its_waits() {
    if let Some(component) = compile::rust(&engine(), "ticks") {
        ticks(&component);
    }
}

/// What the Rust receiver tells when the C sender sends in that way.
fn sends(how: &str) -> Option<String> {
    let engine = engine();
    let sender = compile::c(&engine, "tests/guests/sender.c")?;
    let receiver = compile::rust(&engine, "receiver")?;
    let ((a, b), (mine, theirs)) = (Channel::pair(), Channel::pair());
    let (sends, receives) = (running(&sender, &[how], vec![a]), running(&receiver, &[how], vec![b, theirs]));
    let told = mine.receive(SOON);
    succeeds(sends);
    succeeds(receives);
    Some(String::from_utf8(told.unwrap()).unwrap())
}

#[test]
fn c_and_rust_send_each_other_handles() {
    if let Some(told) = sends("handles") {
        assert_eq!(told, "there");
    }
}

#[test]
fn c_streams_to_rust_by_copy() {
    if let Some(told) = sends("copy") {
        assert_eq!(told, "1000000 bytes, 0 wrong");
    }
}

#[test]
fn c_streams_to_rust_without_a_copy() {
    if let Some(told) = sends("mapped") {
        assert_eq!(told, "1000000 bytes, 0 wrong");
    }
}

#[test]
fn c_and_rust_wait_for_an_event() {
    if let Some(told) = sends("event") {
        assert_eq!(told, "1 then 2");
    }
}

/// What a script tells when the C sender sends in that way.
fn sends_to_a_script(how: &str, takes: &str) -> Option<String> {
    let engine = engine();
    let sender = compile::c(&engine, "tests/guests/sender.c")?;
    let source = format!(
        "const {{ resources: [it] }} = await channels[0].receive();
         const told = await (async () => {{ {takes} }})();
         await channels[1].send(String(told));"
    );
    let ((a, b), (mine, theirs)) = (Channel::pair(), Channel::pair());
    let sends = running(&sender, &[how], vec![a]);
    let receives = running(&script(&engine, &source), &[], vec![b, theirs]);
    let told = told(&mine);
    succeeds(sends);
    succeeds(receives);
    Some(told)
}

#[test]
fn c_streams_to_a_script() {
    let takes = "const bytes = await it.bytes();
        return bytes.length + ' ' + bytes.every((byte, i) => byte === (i * 7 + Math.floor(i / 1000)) % 256);";
    // A script reads a mapped stream by copy.
    for how in ["copy", "mapped"] {
        if let Some(told) = sends_to_a_script(how, takes) {
            assert_eq!(told, "1000000 true", "{how}");
        }
    }
}

#[test]
fn c_and_a_script_wait_for_an_event() {
    let takes = "const bits = await it.wait(); it.clear(1); it.set(2); return bits;";
    if let Some(told) = sends_to_a_script("event", takes) {
        assert_eq!(told, "1");
    }
}

#[test]
fn a_script_streams_to_rust() {
    let engine = engine();
    let Some(receiver) = compile::rust(&engine, "receiver") else { return };
    let sends = script(
        &engine,
        "const { stream } = await import('b8g'); const { reader, writer } = stream();
         await channels[0].send('reader', { transfer: [reader] });
         const bytes = Uint8Array.from({ length: 300000 }, (_, i) => i * 7 + Math.floor(i / 1000));
         await writer.write(bytes); writer.close();",
    );
    let ((a, b), (mine, theirs)) = (Channel::pair(), Channel::pair());
    let sends = running(&sends, &[], vec![a]);
    let receives = running(&receiver, &["copy"], vec![b, theirs]);
    assert_eq!(told(&mine), "300000 bytes, 0 wrong");
    succeeds(sends);
    succeeds(receives);
}

#[test]
fn c_starts_scripts_as_tasks() {
    let engine = engine();
    let Some(spawner) = compile::c(&engine, "tests/guests/spawner.c") else { return };
    let (mine, theirs) = Channel::pair();
    let runs = running_with(&spawner, Grants::none().tasks(), vec![theirs]);
    let lines: Vec<String> = (0..5).map(|_| told(&mine)).collect();
    assert_eq!(lines, ["HELLO", "ended", "timeout", "killed", "done"]);
    succeeds(runs);
}

#[test]
fn rust_starts_scripts_as_tasks_and_links_by_keys() {
    let engine = engine();
    let Some(parent) = compile::rust(&engine, "parent") else { return };
    let (mine, theirs) = Channel::pair();
    let runs = running_with(&parent, Grants::none().tasks().keys(), vec![theirs]);
    assert_eq!(told(&mine), "from a task 42: 1 0, 15 bytes");
    assert_eq!(told(&mine), "linked then Err(AGAIN)");
    succeeds(runs);
}

#[test]
fn rust_uses_what_it_was_given() {
    let engine = engine();
    let Some(things) = compile::rust(&engine, "things") else { return };
    let directory = tempfile::tempdir().unwrap();
    let output = Capture::new();
    let grants = Grants::none()
        .clocks()
        .arguments(["one", "two words"])
        .environment("NAME", Some("value"))
        .directory(directory.path(), "data", true)
        .unwrap()
        .stdout(Stdout::Capture(output.clone()));
    let outcome = Context::new(&things, &grants, Limits::default()).unwrap().run();
    assert!(outcome.is_success(), "{outcome}");
    let expected = r#"argument: "one"
argument: "two words"
NAME: "value"
OTHER: Err(RIGHTS)
position: 7
file: "second"
size: (13, 13)
absent: Some(errno 2)
elsewhere: Some(RIGHTS)
too early: Some(AGAIN)
expired: 1
deadline: Some(TIMEOUT)
later: true
memory: (13, true, 8192)
read: "is writ"
reaches beyond: (10, false)
seen: "what is WRITTEN through a window"
seen again: "what is WRITTEN through a window"
refused: Some(RIGHTS)
heap: (0, 50, true)
"#;
    assert_eq!(String::from_utf8(output.take()).unwrap(), expected);
}

/// A context that fails tells what its function returned.
#[test]
fn an_error_of_a_rust_guest_is_the_contexts() {
    let engine = engine();
    let Some(things) = compile::rust(&engine, "things") else { return };
    let outcome = Context::new(&things, &Grants::none(), Limits::default()).unwrap().run();
    assert_eq!((outcome.is_success(), outcome.message.as_str()), (false, "Error: NOENT"));
}

#[test]
fn a_panic_of_a_rust_guest_is_told_and_traps() {
    let engine = engine();
    let Some(things) = compile::rust(&engine, "things") else { return };
    let (output, errors) = (Capture::new(), Capture::new());
    let grants = Grants::none()
        .arguments(["panic"])
        .stdout(Stdout::Capture(output))
        .stderr(Stdout::Capture(errors.clone()));
    let outcome = Context::new(&things, &grants, Limits::default()).unwrap().run();
    assert_eq!(outcome.reason, Reason::Trap, "{outcome}");
    let told = String::from_utf8(errors.take()).unwrap();
    assert!(told.starts_with("panicked at examples/things.rs") && told.contains("as it was told"), "{told}");
}
