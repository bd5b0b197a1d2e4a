//! Guests of several languages that understand one another.

use b8g::{Channel, ChannelError, Component};

use crate::{SOON, compile, engine, running, script, succeeds, told};

/// A script sends a text and an end of a channel; both come back, and the end still works.
fn echoes(engine: &b8g::Engine, echo: &Component) {
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

#[test]
fn c_parks_its_waits() {
    let engine = engine();
    let Some(ticks) = compile::c(&engine, "guests/c/examples/ticks.c") else { return };
    let (mine, theirs) = Channel::pair();
    let runs = running(&ticks, &[], vec![theirs]);
    (1..=3).for_each(|tick| assert_eq!(mine.receive(SOON).unwrap(), [tick]));
    assert_eq!(mine.receive(SOON), Err(ChannelError::Closed));
    succeeds(runs);
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
