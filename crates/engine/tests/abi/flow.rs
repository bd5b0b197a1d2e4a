//! Composition in the embedder's own program.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use b8g::{
    Component, Context, Engine, Flow, FlowError, Grants, Language, Limits, Reason, StreamOptions, stream,
};

use crate::support::engine;

fn stage(engine: &Engine, source: &str) -> Context {
    let source = format!("import {{ stdin, stdout }} from 'b8g';\n{source}");
    let component =
        Component::from_source(engine, "a.js", Language::JavaScript, &source, Path::new(".")).unwrap();
    let limits = Limits { timeout: Some(Duration::from_secs(20)), ..Limits::default() };
    Context::new(&component, &Grants::none(), limits).unwrap()
}

const PASSES: &str = "for await (const piece of stdin.readable) await stdout.write(piece);";

/// Fails after some bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(from.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(from.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn much_goes_through_contexts_and_functions() {
    let engine = engine();
    let pieces = (0..2000u32).map(|i| vec![i as u8; 1000]);
    let expected: Vec<u8> = pieces.clone().flatten().map(|byte| byte ^ 0xff).collect();
    let mut found = Vec::new();
    let flow = Flow::from_items(pieces).through(stage(&engine, PASSES)).unwrap();
    let flow = flow.map(|piece| piece.into_iter().map(|byte| byte ^ 0xff).collect());
    let ends = flow.through(stage(&engine, PASSES)).unwrap().through(stage(&engine, PASSES)).unwrap();
    let ends = ends.to(&mut found).unwrap();
    assert!(found == expected && ends.len() == 3, "{} bytes", found.len());
    let (reader, mut writer) = stream(StreamOptions::default()).unwrap();
    writer.write_all(b"from a stream").unwrap();
    writer.finish();
    let mut found = Vec::new();
    Flow::from_stream(reader).filter(|_| true).to(&mut found).unwrap();
    assert_eq!(found, b"from a stream");
}

#[test]
fn failures_go_both_ways_and_leave_nothing_running() {
    let engine = engine();
    let endless = || std::iter::repeat(vec![1; 1000]);
    // In the middle.
    let flow = Flow::from_items(endless()).through(stage(&engine, PASSES)).unwrap();
    let dies = "await stdin.read(new Uint8Array(5000)); throw new RangeError('within');";
    let flow = flow.through(stage(&engine, dies)).unwrap().through(stage(&engine, PASSES)).unwrap();
    match flow.to(&mut Vec::new()) {
        Err(FlowError::Stage { number: 1, outcome }) => {
            assert_eq!(outcome.reason, Reason::Error);
            assert!(outcome.message.contains("within"), "{outcome}");
        }
        other => panic!("{other:?}"),
    }
    // At the end: those before it end too.
    let flow = Flow::from_items(endless()).through(stage(&engine, PASSES)).unwrap();
    match flow.to(&mut Full(100_000)) {
        Err(FlowError::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::StorageFull),
        other => panic!("{other:?}"),
    }
    // One that wants no more is no failure.
    let flow = Flow::from_items(endless()).through(stage(&engine, PASSES)).unwrap();
    let flow = flow
        .through(stage(&engine, "await stdin.read(new Uint8Array(10)); await stdout.write('enough');"))
        .unwrap();
    let mut found = Vec::new();
    let ends = flow.to(&mut found).unwrap();
    assert_eq!((found.as_slice(), ends[0].broken_pipe), (&b"enough"[..], true));
}
