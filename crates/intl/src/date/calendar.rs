//! The Gregorian calendar, before its time too.

const DAY_MS: i64 = 86_400_000;

/// A time of a day, as a clock on the wall shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Civil {
    /// 0 is the year before the first.
    pub(super) year: i64,
    pub(super) month: u32,
    pub(super) day: u32,
    /// 0 is Sunday.
    pub(super) weekday: usize,
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    pub(super) millisecond: u32,
}

impl Civil {
    /// Milliseconds since the start of 1970 there.
    pub(super) fn of(ms: i64) -> Civil {
        let (days, rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS) as u32);
        // Years begin in March here, so that leap days are last; 400 years are one cycle.
        let shifted = days + 719_468;
        let (cycle, day_of_cycle) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year =
            (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
        let day_of_year = day_of_cycle - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        Civil {
            year: year + cycle * 400 + i64::from(month <= 2),
            month: month as u32,
            day: day as u32,
            weekday: (days + 4).rem_euclid(7) as usize,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            millisecond: rest % 1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (ms, date) in [
            (0, (1970, 1, 1, 4)),
            (951_782_400_000, (2000, 2, 29, 2)),
            (-1, (1969, 12, 31, 3)),
            (-62_167_219_200_000, (0, 1, 1, 6)),
            (8_640_000_000_000_000, (275_760, 9, 13, 6)),
            (-8_640_000_000_000_000, (-271_821, 4, 20, 2)),
        ] {
            let civil = Civil::of(ms);
            assert_eq!((civil.year, civil.month, civil.day, civil.weekday), date, "{ms}");
        }
    }
}
