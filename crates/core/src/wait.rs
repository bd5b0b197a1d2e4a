//! Waiting for many things at once: what is ready, whether to sleep, and until when.
//!
//! Start reading at [`Wait`]. The host looks at each item ([`Survey::look`]), does what [`Wait::step`] says, asks the system about
//! what only that knows, and hears from [`Wait::after`] whether that was all.
//!
//! Invariants: nobody sleeps before his bell hung where something rings and everything was looked at again; what is counted as
//! ready has a word that is not 0; a wait that has a deadline ends.

use alloc::vec::Vec;

use crate::abi::{WAIT_ITEMS_MAX, ready};
use crate::{Error, Handle};

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// Which object.
    pub handle: Handle,
    /// Of [`ready`].
    pub interest: u32,
}

/// How an object says when it is ready. `D` is what the system can be asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readiness<D> {
    /// It is, for these interests.
    Now(u32),
    /// It is not; it rings the context's bell when that changes.
    Rings,
    /// When the system says so.
    Asked(D),
    /// When the system says that this is readable, whatever is waited for.
    Rung(D),
    /// When the clock has come so far, in nanoseconds.
    At(u64),
}

impl<D> Readiness<D> {
    /// Of an object that rings when it becomes ready for more than these bits.
    pub const fn of_ringing(bits: u32, interest: u32) -> Readiness<D> {
        match bits & (interest | ready::FAILED) {
            0 => Readiness::Rings,
            bits => Readiness::Now(bits),
        }
    }
}

/// Checks a wait before it begins.
///
/// # Errors
/// [`Error::Argument`] for one that could never end, or has too many items.
pub const fn check(items: usize, deadline: Option<u64>) -> Result<(), Error> {
    let endless = items == 0 && deadline.is_none();
    if endless || items as u64 > WAIT_ITEMS_MAX { Err(Error::Argument) } else { Ok(()) }
}

/// One that the system is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked<D> {
    /// The number of the item.
    pub item: usize,
    /// What to ask about.
    pub what: D,
    /// What to ask for, of [`ready`].
    pub interest: u32,
    /// What it says when it is readable, of [`ready`].
    says: u32,
}

impl<D> Asked<D> {
    /// What the system's answer is for whoever waits, of [`ready`].
    pub const fn word(&self, readable: bool, writable: bool, failed: bool) -> u32 {
        let read = if readable && self.interest & ready::READ != 0 { self.says } else { 0 };
        let write = if writable && self.interest & ready::WRITE != 0 { ready::WRITE } else { 0 };
        read | write | if failed { ready::FAILED } else { 0 }
    }
}

/// What a look at all items said.
#[derive(Debug)]
pub struct Survey<D> {
    /// What is to be asked.
    pub asked: Vec<Asked<D>>,
    /// Something rings when it becomes ready.
    pub rings: bool,
    ready: usize,
    /// The earliest moment at which something becomes ready by itself.
    next: Option<u64>,
}

impl<D> Survey<D> {
    /// Looks at each item, and writes a word for each that says what it is ready for. Of an item in which nobody is interested
    /// only failure is told.
    pub fn look(
        items: &[Item],
        now: u64,
        out: &mut [u32],
        mut readiness: impl FnMut(&Item) -> Result<Readiness<D>, Error>,
    ) -> Survey<D> {
        let mut survey = Survey { asked: Vec::new(), ready: 0, next: None, rings: false };
        for ((at, item), word) in items.iter().enumerate().zip(out) {
            let interest = item.interest & (ready::READ | ready::WRITE);
            *word = match readiness(item) {
                Err(_) => ready::BAD,
                Ok(Readiness::Now(bits)) => bits & (interest | ready::FAILED),
                Ok(Readiness::Rings) => {
                    survey.rings = true;
                    0
                }
                Ok(Readiness::At(_) | Readiness::Rung(_)) if interest == 0 => 0,
                // What only says when does not say for what.
                Ok(Readiness::At(moment)) if moment <= now => interest,
                Ok(Readiness::At(moment)) => {
                    survey.next = Some(survey.next.map_or(moment, |next| next.min(moment)));
                    0
                }
                Ok(Readiness::Rung(what)) => {
                    survey.asked.push(Asked { item: at, what, interest: ready::READ, says: interest });
                    0
                }
                Ok(Readiness::Asked(what)) => {
                    survey.asked.push(Asked { item: at, what, interest, says: ready::READ });
                    0
                }
            };
            survey.ready += usize::from(*word != 0);
        }
        survey
    }
}

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Hush the context's bell, hang it up at everything that rings, and look again.
    Listen,
    /// Ask about what is asked, and the bell if something rings, and sleep so many nanoseconds at most; `None` is for ever.
    Ask(Option<u64>),
}

/// What comes after the system was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum After {
    /// So many items are ready: the wait is over.
    Ready(usize),
    /// Look again.
    Again,
    /// Set the clock to this moment, and look again.
    Jump(u64),
}

/// A wait that is under way.
#[derive(Debug)]
pub struct Wait {
    deadline: Option<u64>,
    /// The clock does not go by itself: it jumps to the next moment at which something happens.
    seeded: bool,
    is_parked: bool,
    /// Whoever changes something from now on is heard.
    listening: bool,
}

impl Wait {
    /// Begins a wait that was [`check`]ed. A parked one is one that can be put off.
    pub const fn new(deadline: Option<u64>, seeded: bool, is_parked: bool) -> Wait {
        Wait { deadline, seeded, is_parked, listening: false }
    }

    /// Says what orders mean for it, each time before it looks: whether to stay here as long as the context is suspended.
    ///
    /// # Errors
    /// [`Error::Canceled`] when the context is to stop, [`Error::Busy`] when a parked wait is to go on later, because the task
    /// was told something that it does between its calls.
    pub const fn heed(&self, is_to_stop: bool, has_orders: bool) -> Result<bool, Error> {
        match (is_to_stop, has_orders) {
            (true, _) => Err(Error::Canceled),
            (false, true) if self.is_parked => Err(Error::Busy),
            (false, stay) => Ok(stay),
        }
    }

    /// What to do after a look at this moment.
    pub fn step<D>(&mut self, survey: &Survey<D>, now: u64) -> Step {
        // What changed before the bell hung is seen when everything is looked at again.
        if survey.rings && survey.ready == 0 && !self.listening {
            self.listening = true;
            return Step::Listen;
        }
        // Whoever rings takes the bell down.
        self.listening = false;
        if survey.ready > 0 || self.has_passed(now) {
            return Step::Ask(Some(0));
        }
        let left = self.until(survey).map(|until| until.saturating_sub(now));
        Step::Ask(if self.seeded { left.map(|_| 0) } else { left })
    }

    /// What the answers mean: `found` items were ready beside those that the look had found.
    ///
    /// # Errors
    /// [`Error::Timeout`] when nothing was ready at the deadline.
    pub fn after<D>(&self, survey: &Survey<D>, found: usize, now: u64) -> Result<After, Error> {
        match (survey.ready + found, self.until(survey)) {
            (0, _) if self.has_passed(now) => Err(Error::Timeout),
            (0, Some(until)) if self.seeded => Ok(After::Jump(until)),
            (0, _) => Ok(After::Again),
            (ready, _) => Ok(After::Ready(ready)),
        }
    }

    fn has_passed(&self, now: u64) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// The next moment at which it ends, or may.
    fn until<D>(&self, survey: &Survey<D>) -> Option<u64> {
        self.deadline.into_iter().chain(survey.next).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: u32 = ready::READ;
    const WRITE: u32 = ready::WRITE;
    const FAILED: u32 = ready::FAILED;

    fn look(answers: &[(u32, Result<Readiness<u8>, Error>)], now: u64) -> (Survey<u8>, Vec<u32>) {
        let item = |(at, (interest, _)): (usize, &(u32, _))| Item {
            handle: Handle::from_raw(at as u32),
            interest: *interest,
        };
        let items: Vec<Item> = answers.iter().enumerate().map(item).collect();
        let mut out = alloc::vec![0; items.len()];
        let survey = Survey::look(&items, now, &mut out, |item| answers[item.handle.raw() as usize].1);
        (survey, out)
    }

    #[test]
    fn each_item_has_its_word() {
        let (survey, out) = look(
            &[
                (READ, Ok(Readiness::Now(READ | WRITE))),
                (0, Ok(Readiness::Now(FAILED | READ))),
                (READ, Err(Error::BadHandle)),
                (WRITE, Ok(Readiness::At(5))),
                (0, Ok(Readiness::At(5))),
                (READ, Ok(Readiness::At(9))),
                (READ, Ok(Readiness::Rings)),
                (WRITE, Ok(Readiness::Asked(1))),
                (WRITE, Ok(Readiness::Rung(2))),
                (0, Ok(Readiness::Rung(3))),
            ],
            5,
        );
        assert_eq!(out, [READ, FAILED, ready::BAD, WRITE, 0, 0, 0, 0, 0, 0]);
        assert_eq!((survey.ready, survey.next, survey.rings), (4, Some(9), true));
        let [asked, rung] = [&survey.asked[0], &survey.asked[1]];
        assert_eq!((asked.item, asked.interest, asked.word(true, true, false)), (7, WRITE, WRITE));
        assert_eq!((rung.item, rung.interest, rung.word(true, false, true)), (8, READ, WRITE | FAILED));
        assert_eq!(survey.asked.len(), 2);
        assert_eq!(Readiness::<u8>::of_ringing(READ, WRITE), Readiness::Rings);
        assert_eq!(Readiness::<u8>::of_ringing(FAILED | READ, WRITE), Readiness::Now(FAILED));
    }

    #[test]
    fn nobody_sleeps_before_he_looked_again() {
        let (survey, _) = look(&[(READ, Ok(Readiness::Rings)), (READ, Ok(Readiness::At(70)))], 10);
        let mut wait = Wait::new(Some(90), false, false);
        for _ in 0..2 {
            assert_eq!(wait.step(&survey, 10), Step::Listen);
            assert_eq!(wait.step(&survey, 10), Step::Ask(Some(60)), "the timer comes before the deadline");
        }
        assert_eq!(wait.after(&survey, 0, 10), Ok(After::Again));
        assert_eq!(wait.after(&survey, 2, 10), Ok(After::Ready(2)));
        assert_eq!(wait.after(&survey, 0, 90), Err(Error::Timeout));
        let (survey, _) = look(&[(READ, Ok(Readiness::Now(READ)))], 10);
        assert_eq!(wait.step(&survey, 10), Step::Ask(Some(0)), "what is ready needs no bell");
    }

    #[test]
    fn a_seeded_clock_jumps() {
        let (survey, _) = look(&[(READ, Ok(Readiness::At(70)))], 10);
        let mut wait = Wait::new(None, true, false);
        assert_eq!(
            (wait.step(&survey, 10), wait.after(&survey, 0, 10)),
            (Step::Ask(Some(0)), Ok(After::Jump(70)))
        );
        let (survey, _) = look(&[(READ, Ok(Readiness::Asked(1)))], 10);
        assert_eq!((wait.step(&survey, 10), wait.after(&survey, 0, 10)), (Step::Ask(None), Ok(After::Again)));
    }

    #[test]
    fn orders_end_what_is_parked_and_hold_what_is_not() {
        let (now, parked) = (Wait::new(None, false, false), Wait::new(None, false, true));
        assert_eq!([now.heed(false, false), now.heed(false, true)], [Ok(false), Ok(true)]);
        assert_eq!([parked.heed(false, false), parked.heed(false, true)], [Ok(false), Err(Error::Busy)]);
        assert_eq!([now.heed(true, true), parked.heed(true, true)], [Err(Error::Canceled); 2]);
        assert_eq!(
            (check(0, None), check(0, Some(1)), check(1025, Some(1))),
            (Err(Error::Argument), Ok(()), Err(Error::Argument))
        );
    }
}
