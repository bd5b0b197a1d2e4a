//! The example in four languages: what goes through it, and that the hostile stage gets nothing.

use std::path::Path;

use b8g::{Capture, Component, Context, Flow, Grants, Limits, Stdout};

use crate::compile;

/// Less than the real one, which a person runs.
const MEBIBYTES: &str = "4";

#[test]
fn four_languages_in_one_pipeline() {
    let engine = crate::engine();
    let example = |name: &str| compile::root().join("examples/pipeline").join(name);
    let component = |path: &Path| Component::from_file(&engine, path).unwrap();
    let (generate, rot13) = (component(&example("generate.ts")), component(&example("rot13.wat")));
    let Some(upper) = compile::c(&engine, "examples/pipeline/upper.c") else { return };
    let Some(count) = compile::rust(&engine, "count") else { return };
    let said = Capture::new();
    let grants = Grants::none().clocks().arguments([MEBIBYTES]).stderr(Stdout::Capture(said.clone()));
    let grants = grants.stdout(Stdout::Discard);
    let stage = |component: &Component| Context::new(component, &grants, Limits::default()).unwrap();
    let flow = Flow::from_items::<Vec<u8>, _>([]).through(stage(&generate)).unwrap();
    let flow = flow.through(stage(&upper)).unwrap().through(stage(&rot13)).unwrap();
    let mut found = Vec::new();
    let ends = flow.through(stage(&count)).unwrap().to(&mut found).unwrap();
    let text = String::from_utf8(found).unwrap();
    let first = "GUR DHVPX OEBJA SBK WHZCF BIRE GUR YNML QBT NAQ CNLF SBE JUNG VG JNF TENAGRQ BAYL.";
    assert!(text.contains(&format!("lines, the first: {first}\n")) && text.contains("MiB/s"), "{text}");
    let bytes: u64 = text.split(' ').next().unwrap().parse().unwrap();
    assert!(bytes >= 4 << 20, "{text}");
    assert_eq!(String::from_utf8(said.take()).unwrap(), "upper: tried 1008, refused 1008\n");
    let denied = &ends[1].usage.denied;
    assert!(denied.len() >= 3, "what it was refused is noted: {denied:?}");
}
