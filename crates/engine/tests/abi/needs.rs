//! The rights that the table of operations names are those that the engine asks for.

use b8g::{Grants, Limits, SharedMemory};
use b8g_core::abi::constants::BOUNDS;
use b8g_core::abi::operations::OPERATIONS;
use b8g_core::abi::requests::REQUESTS;
use b8g_core::abi::{Kind, Op, Request, Role};
use b8g_core::{Error, Rights};

use crate::support::{Puppet, engine};

const RIGHTS: i64 = Error::Rights.code();
const NOTHING: &[u8] = b"(module (memory (export \"memory\") 1)
    (func (export \"b8g_start\") (param i32 i32 i32 i32) (result i32) (i32.const 0)))";

/// One of each kind that can be had without the outside world.
fn objects(puppet: &mut Puppet) -> Vec<i64> {
    assert_eq!(puppet.op(Op::ChannelNew, 0, [64, 0, 0, 0]), 8);
    let channel = puppet.load(64).into();
    let (reader, writer) = puppet.stream(1, 4096, 1);
    let event = puppet.op(Op::Event, 0, [1, 0, 0, 0]);
    let memory = puppet.op(Op::Memory, 0, [4096, 0, 0, 0]);
    let [clock, random, keys, compiler] =
        [Role::ClockMono, Role::Random, Role::Keys, Role::Compiler].map(|role| puppet.given(role as i32, 0));
    let compute = puppet.given(Role::Compute as i32, 0);
    let codec = puppet.op(Op::Ctl, compute, [Request::Codec as i64, 0, 0, 1]);
    assert!(codec > 0, "{codec}");
    let timer = puppet.op(Op::Timer, clock, [1, 0, 0, 0]);
    for (at, word) in NOTHING.chunks(4).enumerate() {
        let mut four = [b' '; 4];
        four[..word.len()].copy_from_slice(word);
        puppet.store(4096 + at as i32 * 4, i32::from_le_bytes(four));
    }
    let source = (NOTHING.len() as i64) << 32 | 4096;
    let component = puppet.op(Op::Ctl, compiler, [Request::Compile as i64, source, 0, 0]);
    assert!(component > 0, "{component}");
    let task = puppet.op(Op::Spawn, component, [0; 4]);
    assert!(task > 0, "{task}");
    vec![channel, reader, writer, event, memory, clock, random, keys, timer, component, task, compute, codec]
}

fn info(puppet: &mut Puppet, handle: i64) -> (Kind, Rights) {
    assert_eq!(puppet.op(Op::Info, handle, [128, 16, 0, 0]), 16);
    let (kind, rights) = (puppet.load(128) as u32, puppet.load(132) as u32);
    (Kind::from_number(kind).unwrap(), Rights::from_bits(rights).unwrap())
}

#[test]
fn every_operation_needs_what_its_row_says_and_nothing_more() {
    let grants = Grants::none().clocks().randomness().keys().tasks().compute();
    let mut puppet = Puppet::with(&engine(), &grants, Limits::default());
    let objects = objects(&mut puppet);
    let mut checked = 0;
    let rows = OPERATIONS.iter().flat_map(|row| {
        let plain = row.verbs.is_empty().then_some((row, 0, row.needs.to_vec()));
        let verbs = row.verbs.iter().filter(|verb| !verb.on_self).map(move |verb| {
            let needs = if verb.needs == Rights::NONE { row.needs.to_vec() } else { vec![verb.needs] };
            (row, verb.number as i64, needs)
        });
        plain.into_iter().chain(verbs)
    });
    for (row, verb, needs) in rows.filter(|(.., needs)| !needs.is_empty()) {
        let any = needs.iter().fold(Rights::NONE, |any, right| any.union(*right));
        for object in &objects {
            let (kind, rights) = info(&mut puppet, *object);
            let without = rights.without(any);
            if !row.kinds.is_empty() && !row.kinds.contains(&kind) || !rights.contains(Rights::DUPLICATE) {
                continue;
            }
            let what = format!("{} {verb} of {kind:?} with {without:?}", row.name);
            let less = puppet.op(Op::Dup, *object, [without.bits().into(), 0, 0, 0]);
            assert!(less > 0, "{what}: {less}");
            // Into memory that nothing else lies in; as much as a key or a structure takes.
            assert_eq!(puppet.op(row.op, less, [verb, 0, 0, 0]), RIGHTS, "{what}");
            puppet.op(Op::Close, less, [0; 4]);
            if needs.iter().any(|right| rights.contains(*right)) && kind != Kind::Stream {
                let answer = puppet.op(row.op, *object, [verb, 0, 0, 0]);
                assert_ne!(answer, RIGHTS, "{} {verb} of {kind:?} with {rights:?}", row.name);
            }
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked} only");
}

#[test]
fn requests_need_what_their_rows_say() {
    let grants = Grants::none().tasks().compute().environment("A", Some("b"));
    let mut puppet = Puppet::with(&engine(), &grants, Limits::default());
    assert_eq!(puppet.op(Op::ChannelNew, 0, [64, 0, 0, 0]), 8);
    let channel = puppet.load(64).into();
    let compute = puppet.given(Role::Compute as i32, 0);
    let codec = puppet.op(Op::Ctl, compute, [Request::Codec as i64, 0, 0, 1]);
    let [compiler, environment] = [Role::Compiler, Role::Env].map(|role| puppet.given(role as i32, 0));
    let objects = [channel, compiler, environment, compute, codec];
    let mut checked = Vec::new();
    for row in REQUESTS.iter().filter(|row| !row.needs.is_empty()) {
        let any = row.needs.iter().fold(Rights::NONE, |any, right| any.union(*right));
        for object in objects {
            let (kind, rights) = info(&mut puppet, object);
            if !row.kinds.contains(&kind) || !rights.contains(Rights::DUPLICATE) {
                continue;
            }
            let less = puppet.op(Op::Dup, object, [rights.without(any).bits().into(), 0, 0, 0]);
            assert_eq!(puppet.op(Op::Ctl, less, [row.request as i64, 0, 0, 0]), RIGHTS, "{}", row.name);
            let answer = puppet.op(Op::Ctl, object, [row.request as i64, 0, 0, 0]);
            // A value without a name was not granted.
            assert!(answer != RIGHTS || row.request == Request::EnvGet, "{}", row.name);
            checked.push(row.request);
        }
    }
    for request in [Request::Discard, Request::Digest, Request::Flush] {
        assert!(checked.contains(&request), "{checked:?}");
    }
}

#[test]
fn a_message_without_room_for_it_can_be_dropped() {
    let mut puppet = Puppet::new(&engine());
    assert_eq!(puppet.op(Op::ChannelNew, 0, [64, 0, 0, 0]), 8);
    let [a, b] = [64, 68].map(|at| i64::from(puppet.load(at)));
    let discard = [Request::Discard as i64, 0, 0, 0];
    assert_eq!(puppet.op(Op::Ctl, b, discard), Error::Again.code());
    assert_eq!(puppet.op(Op::Send, a, [0, 100, 0, 0]), 0);
    assert_eq!(puppet.op(Op::Send, a, [0, 1, 0, 0]), 0);
    assert_eq!(puppet.op(Op::Receive, b, [0, 8, 0, 0]), Error::Limit.code());
    assert_eq!(puppet.op(Op::Ctl, b, discard), 0);
    assert_eq!(puppet.op(Op::Receive, b, [0, 8, 0, 0]), 1);
    assert_eq!(puppet.op(Op::Close, a, [0; 4]), 0);
    assert_eq!(puppet.op(Op::Ctl, b, discard), Error::Closed.code());
    assert_eq!(puppet.op(Op::Ctl, 0, discard), Error::Type.code());
}

#[test]
fn windows_are_aligned_as_guests_are_told() {
    let told = BOUNDS.iter().find(|bound| bound.name == "WINDOW_BYTES").unwrap().value;
    assert_eq!(told as u64, SharedMemory::WINDOW_ALIGNMENT_BYTES);
}
