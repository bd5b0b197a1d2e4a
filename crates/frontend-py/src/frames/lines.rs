//! The lines of a code object: its table of locations, as CPython has had it since 3.11 (PEP 626, PEP 657).
//!
//! Start at [`line_of`]. The table is a row of entries. Each begins with a byte whose highest bit is set: four bits are its kind, three how many
//! units of code it is for, less one. What follows goes by the kind: by how much the line differs from that of the entry before, and
//! columns, which nobody needs here. Numbers lie in six bits a byte, the lowest first; bit 6 says that more follows.
//!
//! Never a panic, whatever the table holds; its length is the only bound of the time it takes.

/// The kinds of entries that are none of the short ones, which are 0 to 9.
const ONE_LINE: std::ops::RangeInclusive<u8> = 10..=12;
const NO_COLUMNS: u8 = 13;
const LONG: u8 = 14;
const NOWHERE: u8 = 15;

/// The line of the instruction that begins `unit` units of code from the start; `None` if it has none.
pub(super) fn line_of(table: &[u8], first: i32, unit: u32) -> Option<u32> {
    let (mut line, mut end) = (i64::from(first), 0u64);
    let mut rest = table.iter().copied();
    while let Some(head) = rest.next() {
        let kind = head >> 3 & 15;
        end += u64::from(head & 7) + 1;
        let by = match kind {
            NO_COLUMNS | LONG => signed(&mut rest)?,
            kind if ONE_LINE.contains(&kind) => i64::from(kind - ONE_LINE.start()),
            _ => 0,
        };
        line = line.checked_add(by)?;
        if u64::from(unit) < end {
            let line = (kind != NOWHERE).then_some(line)?;
            return u32::try_from(line).ok().filter(|line| *line > 0);
        }
        match kind {
            LONG => (0..3).try_for_each(|_| unsigned(&mut rest).map(drop))?,
            NO_COLUMNS | NOWHERE => {}
            kind if ONE_LINE.contains(&kind) => rest.nth(1).map(drop)?,
            _ => rest.next().map(drop)?,
        }
    }
    None
}

fn unsigned(rest: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let mut number = 0u32;
    for shift in (0..u32::BITS).step_by(6) {
        let byte = rest.next()?;
        number |= u32::from(byte & 63) << shift;
        if byte & 64 == 0 {
            return Some(number);
        }
    }
    None
}

/// A number whose lowest bit says that it is below zero.
fn signed(rest: &mut impl Iterator<Item = u8>) -> Option<i64> {
    let number = unsigned(rest)?;
    let size = i64::from(number >> 1);
    Some(if number & 1 == 1 { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_entry_tells_its_line() {
        let entry = |kind: u8, units: u8| 0x80 | kind << 3 | (units - 1);
        let table = [
            // The first instruction of a module is on line 0.
            &[entry(LONG, 1), 3, 1, 0, 0][..],
            &[entry(11, 2), 4, 9],
            &[entry(3, 1), 0x55],
            &[entry(NO_COLUMNS, 1), 10 << 1],
            &[entry(NOWHERE, 2)],
            &[entry(12, 8), 0, 1],
            // 200 lines on, to a line 3 below, in columns 70 to 80; then 150 lines back.
            &[entry(LONG, 1), 0x40 | 16, 6, 3, 0x40 | 6, 1, 0x40 | 16, 1],
            &[entry(NO_COLUMNS, 1), 0x40 | 45, 4],
        ]
        .concat();
        let lines: Vec<Option<u32>> = (0..19).map(|unit| line_of(&table, 1, unit)).collect();
        let mut expected = vec![None, Some(1), Some(1), Some(1), Some(11), None, None];
        expected.extend([Some(13); 8]);
        expected.extend([Some(213), Some(63), None, None]);
        assert_eq!(lines, expected);
    }

    #[test]
    fn what_is_no_table_tells_nothing() {
        assert_eq!(line_of(&[], 5, 0), None);
        // A number that never ends, one that ends nowhere, an entry without its columns.
        assert_eq!(line_of(&[&[0x80 | LONG << 3][..], &[0xff; 40]].concat(), 5, 0), None);
        assert_eq!(line_of(&[0x80 | NO_COLUMNS << 3], 5, 0), None);
        assert_eq!(line_of(&[0x80, 0x80], 5, 1), None);
        assert_eq!(line_of(&[0x80 | 10 << 3, 1], 5, 9), None);
        assert_eq!(line_of(&[0x80 | 10 << 3, 0, 0], -5, 0), None, "no line is below one");
        let back = [0x80 | NO_COLUMNS << 3, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 3].repeat(1000);
        assert_eq!(line_of(&back, i32::MIN, 100_000), None);
    }
}
