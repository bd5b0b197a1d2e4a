//! Keys: who holds the same one is linked, and nobody learns anything else.

use b8g::{Engine, Grants, Limits};
use b8g_core::Error;
use b8g_core::abi::{Op, Role};

use crate::support::{Puppet, engine};

const AGAIN: i64 = Error::Again.code();
const CLOSED: i64 = Error::Closed.code();
const LIMIT: i64 = Error::Limit.code();
const MINT: i64 = 1;
const BIND: i64 = 2;
const REVOKE: i64 = 3;

fn puppet(engine: &Engine) -> (Puppet, i64) {
    let mut puppet = Puppet::with(engine, &Grants::none().keys(), Limits::default());
    let keys = puppet.given(Role::Keys as i32, 0);
    (puppet, keys)
}

fn copy(from: &mut Puppet, to: &mut Puppet) {
    for at in (0..32).step_by(4) {
        let word = from.load(at);
        to.store(at, word);
    }
}

/// Sends a byte over one end; tells whether it comes out of the other.
fn linked(a: (&mut Puppet, i64), b: (&mut Puppet, i64)) -> bool {
    assert_eq!(a.0.op(Op::Send, a.1, [0, 1, 0, 0]), 0, "whoever is there, it can be sent");
    match b.0.op(Op::Receive, b.1, [64, 8, 0, 0]) {
        1 => true,
        AGAIN => false,
        other => panic!("{other}"),
    }
}

#[test]
fn two_that_bind_a_key_are_linked_in_pairs() {
    let engine = engine();
    let ((mut a, ka), (mut b, kb), (mut c, kc)) = (puppet(&engine), puppet(&engine), puppet(&engine));
    assert_eq!(a.op(Op::Link, ka, [MINT, 0, 0, 0]), 0);
    assert!((0..32).step_by(4).any(|at| a.load(at) != 0));
    copy(&mut a, &mut b);
    copy(&mut a, &mut c);
    let (ea, eb, ec) = (
        a.op(Op::Link, ka, [BIND, 0, 0, 0]),
        b.op(Op::Link, kb, [BIND, 0, 0, 0]),
        c.op(Op::Link, kc, [BIND, 0, 0, 0]),
    );
    assert!(linked((&mut a, ea), (&mut b, eb)));
    assert!(!linked((&mut a, ea), (&mut c, ec)));
    // The next pair: who waits, and who comes.
    let next = b.op(Op::Link, kb, [BIND, 0, 0, 0]);
    assert!(linked((&mut c, ec), (&mut b, next)));
    // Who waited and went is nobody's peer.
    let gone = a.op(Op::Link, ka, [BIND, 0, 0, 0]);
    assert_eq!(a.op(Op::Close, gone, [0; 4]), 0);
    let (waits, comes) = (b.op(Op::Link, kb, [BIND, 0, 0, 0]), c.op(Op::Link, kc, [BIND, 0, 0, 0]));
    assert!(linked((&mut b, waits), (&mut c, comes)));
    // Channels live on when the key is gone, and hear of each other's end.
    assert_eq!(a.op(Op::Link, ka, [REVOKE, 0, 0, 0]), 0);
    assert!(linked((&mut b, eb), (&mut a, ea)));
    drop(a);
    assert_eq!(b.op(Op::Receive, eb, [64, 8, 0, 0]), 1);
    assert_eq!(b.op(Op::Receive, eb, [64, 8, 0, 0]), CLOSED);
}

#[test]
fn a_wrong_key_a_revoked_one_and_an_absent_peer_look_the_same() {
    let engine = engine();
    let ((mut a, ka), (mut b, kb)) = (puppet(&engine), puppet(&engine));
    assert_eq!(a.op(Op::Link, ka, [MINT, 0, 0, 0]), 0);
    copy(&mut a, &mut b);
    let look = |puppet: &mut Puppet, keys| {
        let end = puppet.op(Op::Link, keys, [BIND, 0, 0, 0]);
        assert!(end > 0);
        assert_eq!(puppet.op(Op::Info, end, [128, 16, 0, 0]), 16);
        let sent = puppet.op(Op::Send, end, [0, 8, 0, 0]);
        let received = puppet.op(Op::Receive, end, [64, 8, 0, 0]);
        puppet.store(8192, end as i32);
        puppet.store(8196, 3);
        let ready = puppet.op(Op::Wait, 0, [8192, 1, 0, 8200]);
        let seen = [puppet.load(128), puppet.load(132), puppet.load(136), puppet.load(8200)];
        assert_eq!(puppet.op(Op::Close, end, [0; 4]), 0);
        (sent, received, ready, seen)
    };
    let absent = look(&mut b, kb);
    assert_eq!((absent.0, absent.1), (0, AGAIN));
    // Only who minted it revokes it.
    assert_eq!(b.op(Op::Link, kb, [REVOKE, 0, 0, 0]), 0);
    let (ea, eb) = (a.op(Op::Link, ka, [BIND, 0, 0, 0]), b.op(Op::Link, kb, [BIND, 0, 0, 0]));
    assert!(linked((&mut a, ea), (&mut b, eb)));
    assert_eq!(a.op(Op::Link, ka, [REVOKE, 0, 0, 0]), 0);
    assert_eq!(look(&mut b, kb), absent);
    assert_eq!(look(&mut a, ka), absent);
    b.store(4, 12345);
    assert_eq!(look(&mut b, kb), absent, "nobody minted it");
    assert_eq!(b.op(Op::Link, kb, [9, 0, 0, 0]), Error::Argument.code());
    assert_eq!(b.op(Op::Link, kb, [MINT, 1 << 40, 0, 0]), Error::Fault.code());
    // Keys of another engine are nothing here.
    let (mut c, kc) = puppet(&crate::support::engine());
    copy(&mut a, &mut c);
    assert_eq!(look(&mut c, kc), absent);
}

#[test]
fn who_floods_with_keys_meets_bounds() {
    let engine = engine();
    let (mut a, keys) = puppet(&engine);
    let minted = (0..2000).take_while(|_| a.op(Op::Link, keys, [MINT, 0, 0, 0]) == 0).count();
    assert_eq!(minted, 1024);
    assert_eq!(a.op(Op::Link, keys, [MINT, 0, 0, 0]), LIMIT);
    assert_eq!(a.op(Op::Link, keys, [REVOKE, 0, 0, 0]), 0, "the last one");
    assert_eq!(a.op(Op::Link, keys, [MINT, 0, 0, 0]), 0);
    let ends: Vec<i64> =
        (0..1000).map(|_| a.op(Op::Link, keys, [BIND, 4, 0, 0])).take_while(|end| *end > 0).collect();
    assert_eq!(ends.len(), 256, "as many channels as it may have");
    ends.iter().for_each(|end| assert_eq!(a.op(Op::Close, *end, [0; 4]), 0));
    assert!(a.op(Op::Link, keys, [BIND, 4, 0, 0]) > 0);
    // The object goes, and with it its keys.
    assert_eq!(a.op(Op::Link, keys, [MINT, 0, 0, 0]), LIMIT);
    let (mut b, kb) = puppet(&engine);
    copy(&mut a, &mut b);
    let end = b.op(Op::Link, kb, [BIND, 0, 0, 0]);
    drop(a);
    let other = b.op(Op::Link, kb, [BIND, 0, 0, 0]);
    assert_eq!(b.op(Op::Send, end, [0, 1, 0, 0]), 0);
    assert_eq!(b.op(Op::Receive, other, [64, 8, 0, 0]), AGAIN);
}
