//! Shared memory and events that contexts make themselves, and what in that could hurt the host.

use std::sync::atomic::{AtomicBool, Ordering};

use b8g::{Channel, Grants, Limits, SharedMemory, Value};
use b8g_core::Error;
use b8g_core::abi::{Op, Role};

use crate::support::{Puppet, engine};

const ARGUMENT: i64 = Error::Argument.code();
const FAULT: i64 = Error::Fault.code();
const LIMIT: i64 = Error::Limit.code();
const RIGHTS: i64 = Error::Rights.code();
const TYPE: i64 = Error::Type.code();

/// Two puppets with a channel between them: each with its handle of that.
fn linked() -> (Puppet, i64, Puppet, i64) {
    let engine = engine();
    let (mut a, mut b) = (Puppet::new(&engine), Puppet::new(&engine));
    let (first, second) = Channel::pair();
    a.context.connect(first).unwrap();
    b.context.connect(second).unwrap();
    let (to_b, to_a) = (a.given(Role::Channel as i32, 0), b.given(Role::Channel as i32, 0));
    (a, to_b, b, to_a)
}

/// Gives a handle of one puppet to the other.
fn give(from: &mut Puppet, over: i64, handle: i64, to: &mut Puppet, at: i64) -> i64 {
    from.store(32, handle as i32);
    assert_eq!(from.op(Op::Send, over, [0, 0, 32, 1]), 0);
    assert_eq!(to.op(Op::Receive, at, [0, 0, 32, 1]), 1 << 32);
    to.load(32).into()
}

#[test]
fn two_contexts_see_one_memory() {
    let (mut a, to_b, mut b, to_a) = linked();
    let memory = a.op(Op::Memory, 0, [5000, 0, 0, 0]);
    assert_eq!(a.op(Op::Info, memory, [16, 16, 0, 0]), 16);
    assert_eq!((a.load(16), a.load(24)), (13, 8192));
    assert_eq!(a.op(Op::Map, memory, [65536, 0, 8192, 0]), 0);
    let dup = a.op(Op::Dup, memory, [0x6f, 0, 0, 0]);
    let theirs = give(&mut a, to_b, dup, &mut b, to_a);
    assert_eq!(b.op(Op::Map, theirs, [131072, 4096, 4096, 0]), 0);
    a.store(65536 + 4096, 1234);
    assert_eq!(b.load(131072), 1234);
    b.store(131076, 99);
    assert_eq!(a.load(65536 + 4100), 99);
    // By copy, with positions; a pointer into the window is refused.
    assert_eq!(b.op(Op::Read, theirs, [0, 8, 4096, 0]), 8);
    assert_eq!((b.load(0), b.load(4)), (1234, 99));
    b.store(0, 7);
    assert_eq!(b.op(Op::Write, theirs, [0, 4, 0, 0]), 4);
    assert_eq!(a.load(65536), 7);
    assert_eq!(b.op(Op::Read, theirs, [131072, 8, 0, 0]), FAULT);
    assert_eq!(b.op(Op::Read, theirs, [0, 8, 8190, 0]), 2, "to its end");
    assert_eq!(b.op(Op::Read, theirs, [0, 8, 1 << 40, 0]), 0);
    assert_eq!(b.op(Op::Write, theirs, [0, 8, 8190, 0]), ARGUMENT);
    assert_eq!(b.op(Op::Read, theirs, [0, 8, -1, 0]), ARGUMENT);
    // What is mapped stays when the handles and the maker are gone.
    assert_eq!(b.op(Op::Close, theirs, [0; 4]), 0);
    drop(a);
    assert_eq!(b.load(131076), 99);
    b.context.call("fill", &[Value::I32(131072), Value::I32(1), Value::I32(4096)]).unwrap();
}

#[test]
fn what_cannot_be_mapped_is_refused_and_nothing_changes() {
    let mut a = Puppet::new(&engine());
    let memory = a.op(Op::Memory, 0, [65536, 0, 0, 0]);
    let bytes = 64 * 65536;
    for (wrong, error) in [
        ([1, 0, 4096, 0], ARGUMENT),
        ([0, 1, 4096, 0], ARGUMENT),
        ([0, 0, 4095, 0], ARGUMENT),
        ([0, 0, 0, 0], ARGUMENT),
        ([-4096, 0, 4096, 0], ARGUMENT),
        ([0, 65536, 4096, 0], ARGUMENT),
        ([0, 4096, 65536, 0], ARGUMENT),
        ([0, i64::MAX & !4095, 4096, 0], ARGUMENT),
        ([bytes, 0, 4096, 0], FAULT),
        ([bytes - 4096, 0, 8192, 0], FAULT),
        ([i64::MAX & !4095, 0, 4096, 0], FAULT),
    ] {
        assert_eq!(a.op(Op::Map, memory, wrong), error, "{wrong:?}");
    }
    // It takes the rights to map, to read and to write: there is no window that cannot be written.
    for rights in [0x20 | 4, 0x20 | 8, 4 | 8] {
        let weak = a.op(Op::Dup, memory, [rights, 0, 0, 0]);
        assert_eq!(a.op(Op::Map, weak, [65536, 0, 4096, 0]), RIGHTS);
    }
    let event = a.op(Op::Event, 0, [0; 4]);
    assert_eq!(a.op(Op::Map, event, [65536, 0, 4096, 0]), RIGHTS);
    for i in 0..SharedMemory::WINDOWS_MAX as i64 {
        assert_eq!(a.op(Op::Map, memory, [65536 + i * 8192, 0, 4096, 0]), 0);
    }
    assert_eq!(a.op(Op::Map, memory, [65536, 0, 4096, 0]), Error::Exists.code());
    assert_eq!(a.op(Op::Map, memory, [0, 0, 4096, 0]), LIMIT);
    assert!(a.context.snapshot().is_err(), "others can change what it would hold");
}

#[test]
fn memory_that_is_mapped_counts_when_its_handles_are_gone() {
    let limits = Limits { shared_bytes_max: 1 << 20, ..Limits::default() };
    let mut a = Puppet::with(&engine(), &Grants::none(), limits);
    let mut mapped = 0;
    for i in 0..16 {
        let memory = a.op(Op::Memory, 0, [256 << 10, 0, 0, 0]);
        if memory < 0 {
            assert_eq!((memory, i), (LIMIT, 3));
            break;
        }
        assert_eq!(a.op(Op::Map, memory, [65536 + i * (256 << 10), 0, 256 << 10, 0]), 0);
        assert_eq!(a.op(Op::Close, memory, [0; 4]), 0);
        mapped += 1;
    }
    assert_eq!(mapped, 3);
    let small = a.op(Op::Memory, 0, [1000, 0, 0, 0]);
    assert!(small > 0);
    for wrong in [0, -1, i64::MAX, 1 << 31] {
        assert!(a.op(Op::Memory, 0, [wrong, 0, 0, 0]) < 0, "{wrong}");
    }
}

#[test]
fn events_are_bits_that_others_can_wait_for() {
    let (mut a, to_b, mut b, to_a) = linked();
    let event = a.op(Op::Event, 0, [5, 0, 0, 0]);
    assert_eq!(a.op(Op::Signal, event, [4, 2, 0, 0]), 5);
    assert_eq!(a.op(Op::Read, event, [0, 4, -1, 0]), 4);
    assert_eq!(a.load(0), 3);
    assert_eq!(a.op(Op::Signal, event, [0xffff_ffff, 0, 0, 0]), 3);
    assert_eq!(a.op(Op::Signal, event, [1 << 32, 0, 0, 0]), ARGUMENT);
    assert_eq!(a.op(Op::Event, 0, [-1, 0, 0, 0]), ARGUMENT);
    let weak = a.op(Op::Dup, event, [4 | 2 | 0x40, 0, 0, 0]);
    let theirs = give(&mut a, to_b, weak, &mut b, to_a);
    assert_eq!(b.op(Op::Signal, theirs, [0, 1, 0, 0]), RIGHTS);
    assert_eq!(b.op(Op::Write, theirs, [0, 4, -1, 0]), RIGHTS);
    // The one waits on a thread of its own until the other signals.
    b.store(8, theirs as i32);
    b.store(12, 1);
    let waits = std::thread::spawn(move || {
        let waited = b.op(Op::Wait, 0, [8, 1, -1, 16]);
        (waited, b.load(16))
    });
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert_eq!(a.op(Op::Signal, event, [0, 8, 0, 0]), 0);
    assert_eq!(waits.join().unwrap(), (1, 1));
    assert_eq!(a.op(Op::Acquire, event, [0; 4]), TYPE);
}

const NONE: i64 = Error::NotFound.code();

#[test]
fn what_is_unmapped_is_private_and_zero() {
    let (mut a, to_b, mut b, to_a) = linked();
    let memory = a.op(Op::Memory, 0, [8192, 0, 0, 0]);
    a.store(65536, 11);
    assert_eq!(a.op(Op::Map, memory, [65536, 0, 8192, 0]), 0);
    let dup = a.op(Op::Dup, memory, [0x6f, 0, 0, 0]);
    let theirs = give(&mut a, to_b, dup, &mut b, to_a);
    assert_eq!(b.op(Op::Map, theirs, [131072, 0, 8192, 0]), 0);
    a.store(65536, 1234);
    a.store(65536 + 8188, 5678);
    assert_eq!(a.op(Op::Unmap, 0, [65536, 8192, 0, 0]), 0);
    // Neither what others see, nor what was there before: zeroes of its own.
    assert_eq!((a.load(65536), a.load(65536 + 8188)), (0, 0));
    a.store(65536, 77);
    b.store(131072, 99);
    assert_eq!((a.load(65536), b.load(131072), b.load(131072 + 8188)), (77, 99, 5678));
    // A buffer may lie there again.
    assert_eq!(a.op(Op::Read, memory, [65536, 8, 0, 0]), 8);
    assert_eq!((a.load(65536), b.load(131072)), (99, 99));
    a.context.call("fill", &[Value::I32(65536), Value::I32(1), Value::I32(8192)]).unwrap();
    assert_eq!(b.load(131072), 99);
    // Twice is once; the same place shows what it is told to, as often as one likes.
    assert_eq!(a.op(Op::Unmap, 0, [65536, 8192, 0, 0]), NONE);
    for i in 0..1000 {
        assert_eq!(a.op(Op::Map, memory, [65536, 4096, 4096, 0]), 0);
        assert_eq!(a.load(65536 + 4092), if i == 0 { 5678 } else { i - 1 });
        a.store(65536 + 4092, i);
        assert_eq!(a.op(Op::Read, memory, [65536, 8, 0, 0]), FAULT);
        assert_eq!(a.op(Op::Unmap, 0, [65536, 4096, 0, 0]), 0);
        assert_eq!((a.load(65536 + 4092), b.load(131072 + 8188)), (0, i));
    }
    // Nobody who had a window can be frozen: what lies behind those pages is no image's.
    assert!(a.context.snapshot().is_err());
    // The other one sees its memory when all else is gone.
    drop(a);
    assert_eq!((b.load(131072), b.load(131072 + 8188)), (99, 999));
}

#[test]
fn only_a_whole_window_of_ones_own_is_unmapped() {
    let mut a = Puppet::new(&engine());
    let shown = SharedMemory::new(4096).unwrap();
    a.context.map_shared(&shown, 4 * 65536, 0, 4096).unwrap();
    let memory = a.op(Op::Memory, 0, [65536, 0, 0, 0]);
    assert_eq!(a.op(Op::Map, memory, [65536, 0, 8192, 0]), 0);
    assert_eq!(a.op(Op::Map, memory, [65536 + 8192, 8192, 4096, 0]), 0);
    a.store(65536, 1);
    a.store(65536 + 8192, 3);
    for wrong in [
        // Half of one, two at once, what touches one, what lies within, what is beside.
        [65536, 4096],
        [65536 + 4096, 4096],
        [65536, 12288],
        [65536 + 4096, 8192],
        [65536 - 4096, 4096],
        [65536 - 4096, 16384],
        [65536, 8191],
        [65536, 0],
        [65537, 8192],
        [0, 4096],
        [0, 1 << 40],
        [i64::MAX & !4095, 8192],
        [64 * 65536, 4096],
        // What the embedder shows stays for as long as it wants.
        [4 * 65536, 4096],
    ] {
        assert_eq!(a.op(Op::Unmap, 0, [wrong[0], wrong[1], 0, 0]), NONE, "{wrong:?}");
    }
    assert_eq!(a.op(Op::Unmap, 0, [-4096, 4096, 0, 0]), ARGUMENT);
    assert_eq!(a.op(Op::Unmap, 0, [65536, -8192, 0, 0]), ARGUMENT);
    assert_eq!((a.load(65536), a.load(65536 + 8192)), (1, 3));
    shown.write(0, &[42, 0, 0, 0]).unwrap();
    assert_eq!(a.load(4 * 65536), 42);
    // One goes, its neighbour stays.
    assert_eq!(a.op(Op::Unmap, 0, [65536, 8192, 0, 0]), 0);
    assert_eq!((a.load(65536), a.load(65536 + 8192)), (0, 3));
    assert_eq!(a.op(Op::Map, memory, [65536 + 4096, 0, 8192, 0]), Error::Exists.code());
    assert_eq!(a.op(Op::Map, memory, [65536 + 4096, 0, 4096, 0]), 0);
    assert_eq!(a.load(65536 + 4096), 1);
}

#[test]
fn windows_are_bounded_at_once_and_in_their_places() {
    let mut a = Puppet::new(&engine());
    let memory = a.op(Op::Memory, 0, [4096, 0, 0, 0]);
    let at = |i: i64| 65536 + i * 8192;
    for i in 0..16 {
        assert_eq!(a.op(Op::Map, memory, [at(i), 0, 4096, 0]), 0);
    }
    assert_eq!(a.op(Op::Map, memory, [at(16), 0, 4096, 0]), LIMIT);
    assert_eq!(a.op(Op::Unmap, 0, [at(3), 4096, 0, 0]), 0);
    assert_eq!(a.op(Op::Map, memory, [at(16), 0, 4096, 0]), 0);
    for i in (0..17).filter(|i| *i != 3) {
        assert_eq!(a.op(Op::Unmap, 0, [at(i), 4096, 0, 0]), 0);
    }
    // Each place costs the host something for as long as the context lives: there are 64.
    let more = (17..).take_while(|i| {
        let mapped = a.op(Op::Map, memory, [at(*i), 0, 4096, 0]);
        assert!(mapped == 0 || mapped == LIMIT, "{mapped}");
        mapped == 0 && a.op(Op::Unmap, 0, [at(*i), 4096, 0, 0]) == 0
    });
    assert_eq!(more.count(), 64 - 17);
    // What is side by side is one place, and a known one is free.
    assert_eq!(a.op(Op::Map, memory, [at(0), 0, 4096, 0]), 0);
    assert_eq!(a.op(Op::Unmap, 0, [at(0), 4096, 0, 0]), 0);
    let mut b = Puppet::new(&engine());
    let memory = b.op(Op::Memory, 0, [4096, 0, 0, 0]);
    for i in (0..500).chain((500..900).rev()) {
        assert_eq!(b.op(Op::Map, memory, [65536 + i * 4096, 0, 4096, 0]), 0, "{i}");
        assert_eq!(b.op(Op::Unmap, 0, [65536 + i * 4096, 4096, 0, 0]), 0);
    }
}

#[test]
fn what_is_unmapped_counts_no_more() {
    let limits = Limits { shared_bytes_max: 1 << 20, ..Limits::default() };
    let mut a = Puppet::with(&engine(), &Grants::none(), limits);
    for _ in 0..50 {
        let memory = a.op(Op::Memory, 0, [512 << 10, 0, 0, 0]);
        assert!(memory > 0);
        assert_eq!(a.op(Op::Map, memory, [65536, 0, 512 << 10, 0]), 0);
        assert_eq!(a.op(Op::Close, memory, [0; 4]), 0);
        assert_eq!(a.op(Op::Memory, 0, [600 << 10, 0, 0, 0]), LIMIT, "it is mapped");
        assert_eq!(a.op(Op::Unmap, 0, [65536, 512 << 10, 0, 0]), 0);
    }
}

#[test]
fn others_write_while_a_window_goes() {
    let (mut a, to_b, mut b, to_a) = linked();
    let memory = a.op(Op::Memory, 0, [65536, 0, 0, 0]);
    let dup = a.op(Op::Dup, memory, [0x6f, 0, 0, 0]);
    let theirs = give(&mut a, to_b, dup, &mut b, to_a);
    let stop = AtomicBool::new(false);
    let rounds = std::thread::scope(|scope| {
        let writes = scope.spawn(|| {
            // The host writes for it, and it writes itself.
            assert_eq!(b.op(Op::Map, theirs, [131072, 0, 65536, 0]), 0);
            let mut rounds = 0;
            while !stop.load(Ordering::Relaxed) {
                b.store(0, rounds);
                assert_eq!(b.op(Op::Write, theirs, [0, 65536, 0, 0]), 65536);
                b.store(131072 + 4096, rounds);
                rounds += 1;
            }
            rounds
        });
        for i in 0..2000 {
            assert_eq!(a.op(Op::Map, memory, [65536, 0, 65536, 0]), 0);
            a.context.call("fill", &[Value::I32(65536), Value::I32(i), Value::I32(65536)]).unwrap();
            assert_eq!(a.op(Op::Unmap, 0, [65536, 65536, 0, 0]), 0);
            assert_eq!((a.load(65536), a.load(65536 + 4096)), (0, 0));
        }
        stop.store(true, Ordering::Relaxed);
        writes.join().unwrap()
    });
    assert!(rounds > 0);
}
