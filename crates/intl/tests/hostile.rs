//! Whatever text comes in, an answer goes out: good requests, with pieces of them exchanged, cut out and repeated.

use b8g_core::Error;
use b8g_core::abi::Request;
use b8g_intl::{Work, intl};

/// Requests with `|` for what ends a field.
const GOOD: &[(Request, &str)] = &[
    (Request::Locale, "de-DE-u-co-phonebk-nu-latn"),
    (Request::Locale, "timeZone"),
    (Request::FormatNumber, "de|latn|c|EUR|symbol|a|c|A|m|1|2|2|0|0|f|1|6|a|-1234.5e3"),
    (Request::FormatNumber, "ar|arab|u|kilometer-per-hour|long|s|C|e|a|21|0|20|3|21|m|5000|8|s|99999"),
    (Request::FormatNumber, "fr|latn|d||long|s|n|a|a|1|0|100|1|21|l|1|0|a|9.99e-300"),
    (Request::DatePattern, "en|h|GGGGyMMMMEEEEdBBBBhmsSSSzzzz|||"),
    (Request::DatePattern, "zh-TW|H||full|medium|"),
    (
        Request::FormatDate,
        "hi|deva|Asia/Kolkata|EEEE d MMMM y G 'x' h:mm:ss.SSS a B b zzzz vvvv OOOO|-62135596800000",
    ),
    (Request::FormatDate, "ja|latn|America/New_York|y/M/d H:mm|0|8640000000000000"),
    (Request::TimeZone, "Europe/Berlin|1720000000000"),
    (Request::Compare, "sv|v|t|u|t|abc\u{1f}äöü"),
    (Request::PluralForm, "o|pl|latn|d|||s|s|a|f|1|0|3|0|0|f|1|6|a|1|5"),
    (Request::Segment, "One. ประเทศไทย 日本語👨‍👩‍👧 e\u{301}"),
    (Request::ListPatterns, "es|standard-short|"),
    (Request::RelativeTime, "ru|latn|quarter|narrow|t|-0.5"),
    (Request::DisplayName, "de|dialect|long|zh-Hans-CN"),
    (Request::LetterCase, "u|tr|ıiİ"),
];

fn request(kind: Request, argument: u64, text: &str) -> Result<i64, Error> {
    let mut out = [0; 512];
    let answer = intl(kind, argument, text.as_bytes(), &mut out, &Work::new(&|| true));
    if let Ok(length) = answer
        && length > 0
        && length as usize <= out.len()
        && !matches!(kind, Request::Segment | Request::Compare)
    {
        assert!(std::str::from_utf8(&out[..length as usize]).is_ok(), "{kind:?} {text}");
    }
    answer
}

#[test]
fn good_requests_are_answered() {
    for (kind, text) in GOOD {
        let argument = match text {
            _ if *text == "timeZone" => 5,
            _ if *kind == Request::FormatDate && text.contains("|0|") => 2,
            _ if matches!(kind, Request::TimeZone | Request::Segment) => 1,
            _ => 0,
        };
        let answer = request(*kind, argument, &text.replace('|', "\u{1f}"));
        assert!(answer.is_ok(), "{kind:?} {text}: {answer:?}");
    }
}

#[test]
fn changed_requests_are_answered() {
    let mut seed = 7u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    };
    let words = [
        "",
        "0",
        "-1",
        "21",
        "100",
        "101",
        "999999999999",
        "1e400",
        "NaN",
        "-Infinity",
        "x",
        "'",
        "{0}",
        "\u{0}",
        "é",
        "zzzzzz",
        "f",
        "a",
    ];
    let mut right = 0;
    for _ in 0..40_000 {
        let (kind, text) = GOOD[random(GOOD.len())];
        let mut pieces: Vec<String> = text.split('|').map(str::to_owned).collect();
        for _ in 0..random(3) {
            let at = random(pieces.len());
            match random(5) {
                0 => pieces[at] = words[random(words.len())].to_owned(),
                1 => {
                    pieces.remove(at);
                    pieces.push(String::new());
                }
                2 => pieces[at] = pieces[random(pieces.len())].clone(),
                3 => pieces[at] = pieces[at].repeat(random(40)),
                _ => {
                    let mut chars: Vec<char> = pieces[at].chars().collect();
                    let place = random(chars.len() + 1);
                    chars.insert(place, ['y', 'H', '\'', '9', '-', '\u{1f}', 'é', '/'][random(8)]);
                    pieces[at] = chars.into_iter().collect();
                }
            }
        }
        right += usize::from(request(kind, random(7) as u64, &pieces.join("\u{1f}")).is_ok());
    }
    assert!(right > 5_000, "only {right}");
}

#[test]
fn what_is_no_text_or_too_much_is_refused() {
    let work = Work::new(&|| true);
    assert_eq!(intl(Request::Locale, 0, b"\xff", &mut [], &work), Err(Error::Argument));
    assert_eq!(intl(Request::Locale, 0, &vec![b'a'; 2 << 20], &mut [], &work), Err(Error::Limit));
    assert_eq!(intl(Request::Segment, 0, &vec![b'a'; 17 << 20], &mut [], &work), Err(Error::Limit));
    assert_eq!(intl(Request::Digest, 0, b"", &mut [], &work), Err(Error::Type));
    assert_eq!(intl(Request::Locale, 0, b"en", &mut [], &Work::new(&|| false)), Err(Error::Canceled));
}
