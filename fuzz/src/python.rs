//! What must hold of any bytes that are read as the memory of an interpreter of Python that was stopped.
//!
//! Start at [`check`].

use b8g_frontend_py::place_of;

/// Lines that are told at most: a heading, the frames of either end, and how many are between.
const LINES_MAX: usize = 42;
/// Bytes that are told at most.
const BYTES_MAX: usize = 8400;

/// Reads an input as a memory.
///
/// # Panics
/// If something does not hold that should.
pub fn check(input: &[u8]) {
    let Some(told) = place_of(input) else { return };
    assert_eq!(place_of(input).as_ref(), Some(&told), "the same memory tells the same");
    assert!(told.len() <= BYTES_MAX, "{} bytes", told.len());
    let mut lines = told.lines();
    let Some(heading) = lines.next() else { return };
    assert_eq!(heading, "Stack (most recent call first):");
    assert!((1..LINES_MAX).contains(&lines.clone().count()), "{told}");
    for line in lines {
        assert!(line.starts_with("  File \"") || line.starts_with("  … "), "{line}");
        assert!(!line.contains(char::is_control), "{line}");
    }
}
