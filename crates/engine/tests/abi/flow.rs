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
fn pieces_move_without_a_copy() {
    let (mut reader, mut writer) = stream(StreamOptions::default()).unwrap();
    let large = vec![7u8; 40_000];
    let at = large.as_ptr();
    writer.write_piece(large).unwrap();
    let found = reader.read_piece().unwrap().unwrap();
    assert_eq!((found.as_ptr(), found.len()), (at, 40_000));
    // What does not fit at once waits until it does; what never fits is written in parts.
    let sends = std::thread::spawn(move || {
        for size in [60_000usize, 60_000, 100_000, 3, 0, 5] {
            writer.write_piece(vec![size as u8; size]).unwrap();
        }
        writer.finish();
    });
    let mut found = Vec::new();
    let mut whole = 0;
    while let Some(piece) = reader.read_piece().unwrap() {
        whole += usize::from(piece.len() == 60_000);
        found.extend(piece);
    }
    sends.join().unwrap();
    assert_eq!((found.len(), whole), (220_008, 2));
    assert_eq!(found[219_999..], [100_000u32 as u8, 3, 3, 3, 5, 5, 5, 5, 5]);
    // Neither elements nor streams that can be mapped are torn.
    for (element_bytes, mapped) in [(3, false), (1, true), (3000, false)] {
        let capacity_bytes = if mapped { 8192 } else { 9000 };
        let (mut reader, mut writer) =
            stream(StreamOptions { element_bytes, capacity_bytes, mapped }).unwrap();
        let sends = std::thread::spawn(move || {
            (0..30u8).try_for_each(|n| writer.write_piece(vec![n; 3000])).unwrap();
            writer.finish();
        });
        let mut found = Vec::new();
        while let Some(piece) = reader.read_piece().unwrap() {
            assert_eq!(piece.len() as u64 % element_bytes, 0);
            found.extend(piece);
        }
        sends.join().unwrap();
        assert!(found.iter().copied().eq((0..30).flat_map(|n| [n; 3000])));
    }
}

#[test]
fn a_flow_can_be_of_streams_that_are_mapped() {
    let engine = engine();
    let all: Vec<u8> = (0..300_000u32).map(|i| (i >> 5) as u8).collect();
    let mut found = Vec::new();
    let flow = Flow::from_items(all.chunks(7000).map(<[u8]>::to_vec).collect::<Vec<_>>()).mapped();
    let flow = flow.through(stage(&engine, PASSES)).unwrap().map(|piece| piece);
    flow.through(stage(&engine, PASSES)).unwrap().to(&mut found).unwrap();
    assert!(found == all);
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
