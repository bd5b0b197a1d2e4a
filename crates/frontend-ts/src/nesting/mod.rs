//! How much call stack and repeated work a source will cost the parser, found without recursion before it runs.
//!
//! The parser and every pass behind it are recursive, and the parser of TypeScript tries some constructs twice: a
//! hundred bytes can overflow the stack or cost gigabytes. Start at [`measure`]: it reads the source once as tokens
//! (`scan`), keeps a list of the open brackets, and answers an upper bound of the call stack, or says where the source
//! goes too far. [`run_with_stack`] then gives that much stack to the passes.
//!
//! Invariant: the answer is never too low. Where tokens alone cannot tell (is this slash a division or the start of a
//! regular expression?), both readings are followed until they agree again, and the higher cost counts.

mod scan;
mod words;

use crate::limits::{STACK_BYTES_MAX, STACK_INLINE_BYTES};
use scan::{Scan, Step};

/// What an open bracket costs all passes at most, in bytes of call stack.
pub(crate) const LEVEL_BYTES: u64 = 4_096;

/// What any other token that can nest costs at most: a prefix operator, an arrow, a member of a chain.
pub(crate) const TOKEN_BYTES: u64 = 1_280;

/// How many readings of a source are followed at once, and how often they may part.
const READINGS_MAX: usize = 16;
const PARTINGS_MAX: usize = 50_000;

/// How many tokens may be read again because of speculation, besides one for every two bytes.
const WORK_BASE: u64 = 512 << 10;

/// How many pairs of an imported and an exported name a file may have.
const NAME_PAIRS_MAX: u64 = 1 << 30;

/// What kind of source is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// TypeScript: `<` may open type arguments.
    pub types: bool,
    /// JSX: `<` may open an element.
    pub jsx: bool,
}

/// Says at which byte a source goes too far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooDeep {
    /// The byte.
    pub offset: usize,
    /// What to tell the person.
    pub advice: &'static str,
}

/// What a reading may cost.
struct Limits {
    nesting: usize,
    work: u64,
    stack: u64,
    name_pairs: u64,
}

/// Bounds the call stack, in bytes, that parsing and transforming `source` can need.
pub(crate) fn measure(source: &str, dialect: Dialect, nesting_max: usize) -> Result<usize, TooDeep> {
    let limits = Limits {
        nesting: nesting_max,
        work: WORK_BASE + source.len() as u64 / 2,
        stack: STACK_BYTES_MAX as u64,
        name_pairs: NAME_PAIRS_MAX,
    };
    let mut readings = vec![Scan::new(source.as_bytes(), dialect)];
    let mut parted = Vec::new();
    let mut partings = 0;
    let mut stack_max = 0;
    while let Some(index) = (0..readings.len()).min_by_key(|&index| readings[index].at) {
        let alone = readings.len() == 1;
        let reading = &mut readings[index];
        let step = if alone { reading.run(&limits, &mut parted) } else { reading.step(&mut parted) };
        check(reading, &limits)?;
        if step != Step::Next {
            stack_max = stack_max.max(reading.stack_max + reading.unread_bytes(step));
            readings.swap_remove(index);
        } else if !alone {
            merge(&mut readings, index);
        }
        if !parted.is_empty() {
            partings += parted.len();
            readings.append(&mut parted);
            if readings.len() > READINGS_MAX || partings > PARTINGS_MAX {
                let advice = "put regular expressions that follow a bracket or a line break into parentheses";
                return Err(TooDeep { offset: readings[0].at, advice });
            }
        }
    }
    let stack_max = usize::try_from(stack_max).unwrap_or(usize::MAX);
    if stack_max > STACK_BYTES_MAX {
        return Err(TooDeep { offset: 0, advice: "split the file, or end its statements with semicolons" });
    }
    Ok(stack_max)
}

/// Runs `work` with at least `stack_bytes` of call stack: here if that is little, else on a thread of its own.
///
/// Answers `None` if the system does not give so much.
pub(crate) fn run_with_stack<T: Send>(stack_bytes: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    if stack_bytes <= STACK_INLINE_BYTES {
        return Some(work());
    }
    let size = stack_bytes + STACK_INLINE_BYTES;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("b8g-parse".to_owned()).stack_size(size);
        let handle = thread.spawn_scoped(scope, work).ok()?;
        match handle.join() {
            Ok(answer) => Some(answer),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn check(reading: &Scan, limits: &Limits) -> Result<(), TooDeep> {
    if !reading.exceeds(limits) {
        return Ok(());
    }
    let advice = if reading.depth() > limits.nesting {
        "move the inner parts into variables or functions of their own"
    } else if reading.work > limits.work {
        "give the nested parts with `<` and `=` inside brackets names of their own"
    } else if reading.name_pairs() > limits.name_pairs {
        "split the file: it imports and exports too many names"
    } else {
        "split this expression into several statements"
    };
    Err(TooDeep { offset: reading.token, advice })
}

/// Joins the reading at `index` with one that has come to the same place in the same way.
fn merge(readings: &mut Vec<Scan>, index: usize) {
    let same = (0..readings.len()).find(|&other| other != index && readings[other].agrees(&readings[index]));
    if let Some(other) = same {
        let gone = readings.swap_remove(index);
        let kept = if other == readings.len() { index } else { other };
        readings[kept].absorb(&gone);
    }
}

#[cfg(test)]
mod tests;
