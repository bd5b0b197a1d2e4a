//! The numbers of the ABI are what they were, and give what they were made of.

use super::*;
use alloc::vec::Vec;

fn numbers<T: Copy>(all: &[T], number: impl Fn(T) -> u32) -> Vec<u32> {
    all.iter().map(|x| number(*x)).collect()
}

/// A guest that was built yesterday holds these numbers: they never move.
#[test]
fn numbers_never_move() {
    assert_eq!(
        numbers(Op::ALL, |x| x as u32),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 18, 19, 20, 21, 22, 23, 24]
    );
    let requests = (1..=5).chain(16..=24).chain(32..=40).chain([48, 49, 64, 65, 80]);
    let requests = requests.chain(96..=116).chain([120]).chain(130..=176);
    assert_eq!(numbers(Request::ALL, |x| x as u32), requests.collect::<Vec<_>>());
    assert_eq!(numbers(Kind::ALL, |x| x as u32), (1..=19).chain(21..=24).collect::<Vec<_>>());
    assert_eq!(numbers(Role::ALL, |x| x as u32), (1..=19).collect::<Vec<_>>());
    assert_eq!(numbers(FileType::ALL, |x| x as u32), (0..=8).collect::<Vec<_>>());
    assert_eq!(numbers(HttpFailure::ALL, |x| x as u32), (1..=19).collect::<Vec<_>>());
    assert_eq!(numbers(EndReason::ALL, |x| x as u32), (1..=8).collect::<Vec<_>>());
    assert_eq!(numbers(Language::ALL, |x| x as u32), (0..=2).collect::<Vec<_>>());
    assert_eq!(Op::from_number(15), None);
    assert_eq!(Op::from_number(5), Some(Op::Open));
    assert_eq!(Request::Shutdown.name(), "Shutdown");
}

#[test]
fn what_tasks_use_lies_as_documented() {
    let ended = Ended {
        reason: EndReason::Trap,
        code: -2,
        wall_ns: 3,
        cpu_ns: 4,
        memory_peak_bytes: 5,
        output_bytes: 6,
        calls: 7,
        message_bytes: 8,
        denied: 9,
    };
    let bytes = ended.to_bytes();
    assert_eq!(bytes[..8], [5, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff]);
    assert_eq!(
        bytes[8..].iter().filter(|b| **b != 0).copied().collect::<Vec<_>>(),
        (3..=9).collect::<Vec<_>>()
    );
    let mut bytes = [0; SpawnLimits::BYTES];
    (0..4).for_each(|i| bytes[i * 8] = 10 + i as u8);
    let limits = SpawnLimits::from_bytes(&bytes);
    assert_eq!(
        (limits.memory_bytes, limits.timeout_ns, limits.output_bytes, limits.handles),
        (10, 11, 12, 13)
    );
}

#[test]
fn stat_is_64_bytes_in_order() {
    let stat = Stat {
        device: 1,
        inode: 2,
        file_type: FileType::Regular,
        links: 3,
        size: 4,
        atime_ns: 5,
        mtime_ns: 6,
        ctime_ns: 7,
    };
    let bytes = stat.to_bytes();
    assert_eq!((bytes[0], bytes[8], bytes[16], bytes[20], bytes[24]), (1, 2, 4, 3, 4));
    assert_eq!((bytes[32], bytes[40], bytes[48]), (5, 6, 7));
}
