//! Guests of the component model: the ABI as typed functions.

use b8g::{Channel, Component, Context, Engine, Grants, Limits};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve, WorldId};

use crate::{SOON, compile, engine, running, succeeds, talk};

fn interface() -> (Resolve, WorldId) {
    let mut resolve = Resolve::new();
    let text = std::fs::read_to_string(compile::root().join("guests/wit/b8g.wit")).unwrap();
    let package = resolve.push_source("b8g.wit", &text).unwrap();
    let world = resolve.select_world(&[package], Some("guest")).unwrap();
    (resolve, world)
}

/// Makes a component of a core module that was written for the interface.
fn component(engine: &Engine, module: &[u8]) -> Component {
    let (resolve, world) = interface();
    let mut module = module.to_vec();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let binary = ComponentEncoder::default().module(&module).unwrap().encode().unwrap();
    Component::from_wasm(engine, &binary).unwrap()
}

fn echo(engine: &Engine) -> Component {
    component(engine, &wat::parse_file(compile::root().join("tests/guests/echo.wat")).unwrap())
}

#[test]
fn a_guest_of_the_component_model_talks_with_a_script() {
    let engine = engine();
    talk::echoes(&engine, &echo(&engine));
}

/// All functions are there, with the types that the interface gives them.
#[test]
fn every_function_can_be_imported() {
    let (resolve, world) = interface();
    let module = wit_component::dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    let engine = engine();
    let all = component(&engine, &module);
    assert!(all.is_program());
    let outcome = Context::new(&all, &Grants::none(), Limits::default()).unwrap().run();
    assert_eq!(outcome.reason, b8g::Reason::Trap, "its functions are stubs: {outcome}");
}

#[test]
fn a_parked_guest_is_frozen_and_goes_on() {
    let engine = engine();
    let echo = echo(&engine);
    let (mine, theirs) = Channel::pair();
    let mut context = Context::new(&echo, &Grants::none(), Limits::default()).unwrap();
    context.connect(theirs).unwrap();
    context.start().unwrap();
    assert!(context.is_waiting());
    let image = context.snapshot().unwrap();
    mine.send(b"still there").unwrap();
    context.resume().unwrap();
    assert_eq!(mine.receive(SOON).unwrap(), b"still there");
    for text in ["first", "second"] {
        let (mine, theirs) = Channel::pair();
        let mut copy = Context::restore(&image, &Grants::none(), Limits::default()).unwrap();
        copy.connect(theirs).unwrap();
        let runs = std::thread::spawn(move || copy.run());
        mine.send(text.as_bytes()).unwrap();
        assert_eq!(mine.receive(SOON).unwrap(), text.as_bytes());
        drop(mine);
        succeeds(runs);
    }
    // One that is given nothing finds nothing, and ends.
    let outcome = Context::restore(&image, &Grants::none(), Limits::default()).unwrap().run();
    assert!(outcome.is_success(), "{outcome}");
}

#[test]
fn a_guest_of_the_component_model_echoes_for_another_in_c() {
    let engine = engine();
    let Some(other) = compile::c(&engine, "guests/c/examples/echo.c") else { return };
    // A message goes round through both: each sends back what the other got.
    let ((a, mine), (b, other_end)) = (Channel::pair(), Channel::pair());
    let (model, other) = (running(&echo(&engine), &[], vec![a]), running(&other, &[], vec![b]));
    mine.send(b"through both").unwrap();
    other_end.send(&mine.receive(SOON).unwrap()).unwrap();
    assert_eq!(other_end.receive(SOON).unwrap(), b"through both");
    drop((mine, other_end));
    succeeds(model);
    succeeds(other);
}
