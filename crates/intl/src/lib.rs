//! Texts by locale for components. Start reading at [`intl`]: one operation, from text to text.
//!
//! What languages do is CLDR's: its data are in `data.rs`, its algorithms in the modules of numbers, dates and zones; order, plural forms,
//! segments and names of locales are ICU4X's. Invariants: nothing that a component sends is kept but one formatter's options per thread;
//! there is no clock, no randomness and no file; whatever text comes in, an answer goes out, in a time that is proportional to it.

#![forbid(unsafe_code)]

mod collate;
mod data;
mod date;
mod decimal;
mod locale;
mod number;
mod plural;
mod segment;
mod text;
mod words;
mod zone;

use b8g_core::Error;
use b8g_core::abi::Request;

/// Bytes of a request at most.
const FIELDS_BYTES_MAX: usize = 1 << 20;
/// The same of those that take a text of the program's: what is not asked whether to go on takes some 0.2 s of them.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// What an operation may use of its surroundings.
pub struct Work<'a> {
    go_on: &'a dyn Fn() -> bool,
}

impl<'a> Work<'a> {
    /// `go_on` is asked every few milliseconds.
    pub fn new(go_on: &'a dyn Fn() -> bool) -> Work<'a> {
        Work { go_on }
    }

    fn step(&self) -> Result<(), Error> {
        if (self.go_on)() { Ok(()) } else { Err(Error::Canceled) }
    }
}

impl std::fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Work")
    }
}

/// Tells whether a request is one about languages.
pub const fn knows(request: Request) -> bool {
    request as u32 >= Request::Locale as u32 && request as u32 <= Request::LetterCase as u32
}

/// Does one of the requests about languages. Answers how many bytes the answer takes; it is written to `out` if there is room for all of it.
///
/// # Errors
/// [`Error::Argument`] for what is not of the form that the request takes; [`Error::NotFound`] for what there is no data for;
/// [`Error::Limit`] for too many digits or bytes; [`Error::Canceled`] when `work` says not to go on; [`Error::Type`] for other requests.
pub fn intl(
    request: Request,
    argument: u64,
    input: &[u8],
    out: &mut [u8],
    work: &Work<'_>,
) -> Result<i64, Error> {
    work.step()?;
    let input = std::str::from_utf8(input).map_err(|_| Error::Argument)?;
    let long = matches!(request, Request::Compare | Request::Segment | Request::LetterCase);
    if input.len() > if long { TEXT_BYTES_MAX } else { FIELDS_BYTES_MAX } {
        return Err(Error::Limit);
    }
    let text = match request {
        Request::Locale => match argument {
            0 => locale::canonical(input),
            1 => locale::maximal(input),
            2 => locale::minimal(input),
            3 => Ok(locale::available(input)),
            4 => locale::about(input),
            5 => locale::values(input),
            6 => Ok(number::options::currency_digits(input).to_string()),
            _ => Err(Error::Argument),
        },
        Request::FormatNumber => number::request(in_parts(argument)?, input),
        Request::DatePattern => date::pattern(input),
        Request::FormatDate => date::request(argument, input),
        Request::TimeZone => match argument {
            0 => zone::canonical(input),
            1 => zone::offset_at(input),
            _ => Err(Error::Argument),
        },
        Request::Compare => return collate::compare(argument, input),
        Request::PluralForm => words::plural(input),
        Request::Segment => return segment::segment(argument, input, out, work).map(|length| length as i64),
        Request::ListPatterns => words::list(input),
        Request::RelativeTime => words::relative(in_parts(argument)?, input),
        Request::DisplayName => words::name(input),
        Request::LetterCase => words::case(input),
        _ => Err(Error::Type),
    }?;
    if let Some(room) = out.get_mut(..text.len()) {
        room.copy_from_slice(text.as_bytes());
    }
    Ok(text.len() as i64)
}

fn in_parts(argument: u64) -> Result<bool, Error> {
    match argument {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::Argument),
    }
}
