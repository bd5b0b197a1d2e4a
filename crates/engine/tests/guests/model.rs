//! Guests of the component model: the ABI as typed functions.

use b8g::{Channel, Component, Context, Engine, Grants, Limits};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, WorldId};

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
    let (resolve, _) = interface();
    let types = |kind: &str, types: &[WasmType]| -> String {
        let name = |ty: &WasmType| match ty {
            WasmType::I64 => "i64",
            WasmType::PointerOrI64 => panic!("no function has one"),
            _ => "i32",
        };
        types.iter().map(|ty| format!(" ({kind} {})", name(ty))).collect()
    };
    let mut imports = String::new();
    let mut count = 0;
    for (_, interface) in resolve.interfaces.iter() {
        let short = interface.name.as_deref().unwrap();
        for (name, function) in interface.functions.iter().filter(|_| short != "run") {
            let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
            let (takes, gives) = (types("param", &signature.params), types("result", &signature.results));
            imports += &format!("(import \"b8g:abi/{short}@1.0.0\" \"{name}\" (func{takes}{gives}))\n");
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
    let text = format!(
        r#"(module {imports} (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "b8g:abi/run@1.0.0#start") (result i32) unreachable)
            (func (export "b8g:abi/run@1.0.0#event") (param i64 i32 i32 i64) (result i32) unreachable))"#
    );
    let engine = engine();
    let all = component(&engine, &wat::parse_str(text).unwrap());
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
