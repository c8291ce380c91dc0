//! Instants as servers write them, and as RFC 9110 dates a response.

use std::time::{Duration, SystemTime};

use time::format_description::well_known::{Iso8601, Rfc2822, Rfc3339};
use time::{Date, OffsetDateTime, PrimitiveDateTime};

use epoch::epoch_seconds;

mod epoch;
mod scanner;
mod words;

/// Reads an instant: ISO 8601 / RFC 3339 with any fraction and offset (UTC where none is given, midnight where there is a date
/// alone, a space in place of `T` or before the offset, `UTC` or `GMT` in place of `Z` or behind an offset of zero), seconds
/// since 1970 (`1715940487`, `1715940487.5`, `1.7e9`), RFC 822 / RFC 9110 (`Fri, 17 May 2024 10:08:07 GMT`), or the two old forms
/// that RFC 9110 §5.6.7 has beside it (`Friday, 17-May-24 10:08:07 GMT`, `Fri May 17 10:08:07 2024`), these three with any
/// fraction and with `UTC` in place of `GMT` too. Of the two digits of a year between hyphens, 00 to 69 are after 1999.
///
/// `None` for anything else, and for instants outside the years 0 to 9999.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use sts_proto::wire::time::parse;
///
/// let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(1_715_940_487);
/// assert_eq!(parse("2024-05-17T10:08:07Z"), Some(expected));
/// assert_eq!(parse("2024-05-17T15:38:07+05:30"), Some(expected));
/// assert_eq!(parse("Fri, 17 May 2024 10:08:07 GMT"), Some(expected));
/// assert_eq!(parse("2024-05-17T10:08:07UTC"), Some(expected));
/// assert_eq!(parse("not a date"), None);
/// ```
pub fn parse(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    if text.len() > MAX_LENGTH {
        return None;
    }
    let rfc_2822 = || OffsetDateTime::parse(text, &Rfc2822).ok().and_then(from_date_time);
    // No other begins with a letter: it is how every answer is dated.
    if text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return rfc_2822().or_else(|| words::read(text));
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .and_then(from_date_time)
        .or_else(|| epoch_seconds(text))
        .or_else(rfc_2822)
        .or_else(|| iso_8601(text))
        .or_else(|| in_words(text))
}

/// The instant without its fraction of a second, which no signature's date has; unchanged before 1970.
pub(crate) fn whole_seconds(at: SystemTime) -> SystemTime {
    let fraction = at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    at.checked_sub(Duration::from_nanos(fraction.into())).unwrap_or(at)
}

/// An instant in UTC, as RFC 3339 writes it, without the fraction of a second; `None` outside the years 0 to 9999.
pub(crate) fn format(at: SystemTime) -> Option<String> {
    let seconds = match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok()?,
        Err(before) => {
            let before = before.duration();
            -i64::try_from(before.as_secs()).ok()? - i64::from(before.subsec_nanos() > 0)
        }
    };
    let at =
        OffsetDateTime::from_unix_timestamp(seconds).ok().filter(|at| (0..=9999).contains(&at.year()))?;
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    Some(format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z", u8::from(month)))
}

/// The same with the fraction of a second, if there is one.
pub(crate) fn format_exactly(at: SystemTime) -> Option<String> {
    let nanoseconds = match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.subsec_nanos(),
        Err(before) => (NANOSECONDS - before.duration().subsec_nanos()) % NANOSECONDS,
    };
    let whole = format(at)?;
    if nanoseconds == 0 {
        return Some(whole);
    }
    let fraction = format!("{nanoseconds:09}");
    Some(format!("{}.{}Z", whole.trim_end_matches('Z'), fraction.trim_end_matches('0')))
}

/// Date, time and offset with blanks between them and the name of UTC at the end, as `date`, Go and the AWS CLI write them.
fn in_words(text: &str) -> Option<SystemTime> {
    let named = ["UTC", "GMT", "Z"].into_iter().find_map(|name| {
        let (before, end) = text.split_at_checked(text.len().checked_sub(name.len())?)?;
        end.eq_ignore_ascii_case(name).then_some(before)
    });
    let mut words = named.unwrap_or(text).split_ascii_whitespace();
    let whole = match [words.next(), words.next(), words.next(), words.next()] {
        [Some(whole), None, ..] => whole.to_owned(),
        [Some(date_and_time), Some(offset), None, _]
            if date_and_time.contains(['T', 't']) && offset.starts_with(['+', '-']) =>
        {
            format!("{date_and_time}{offset}")
        }
        [Some(date), Some(time), offset, None] => format!("{date}T{time}{}", offset.unwrap_or_default()),
        _ => return None,
    };
    match named {
        // Without an offset, and a date alone has none.
        Some(_) if !whole.contains(['T', 't']) => None,
        Some(_) => {
            iso_8601(&format!("{whole}Z")).or_else(|| iso_8601(&whole).filter(|_| has_no_offset(&whole)))
        }
        None => iso_8601(&whole),
    }
}

fn has_no_offset(text: &str) -> bool {
    ["+00:00", "+0000", "+00"].iter().any(|zero| text.ends_with(zero))
}

fn iso_8601(text: &str) -> Option<SystemTime> {
    let format = &Iso8601::PARSING;
    let in_utc = || PrimitiveDateTime::parse(text, format).ok().map(PrimitiveDateTime::assume_utc);
    // Of a date with a time that does not exist, the library would give the date.
    let alone = || Some(text).filter(|text| !text.contains(['T', 't']));
    let midnight = || Some(Date::parse(alone()?, format).ok()?.midnight().assume_utc());
    OffsetDateTime::parse(text, format).ok().or_else(in_utc).or_else(midnight).and_then(from_date_time)
}

/// The instant so many seconds after 1970, or before it; `None` outside the years 0 to 9999.
pub(crate) fn from_seconds(seconds: i64) -> Option<SystemTime> {
    let in_range = (EARLIEST..LATEST).contains(&(seconds as f64));
    in_range.then(|| from_1970(Duration::from_secs(seconds.unsigned_abs()), seconds < 0))?
}

/// The same with the precision of a double, better than a microsecond.
#[cfg(feature = "credentials")]
pub(crate) fn from_fraction(seconds: f64) -> Option<SystemTime> {
    let in_range = seconds.is_finite() && (EARLIEST..LATEST).contains(&seconds);
    in_range.then(|| from_1970(Duration::try_from_secs_f64(seconds.abs()).ok()?, seconds < 0.0))?
}

fn from_date_time(value: OffsetDateTime) -> Option<SystemTime> {
    from_seconds(value.unix_timestamp())?.checked_add(Duration::from_nanos(u64::from(value.nanosecond())))
}

fn from_1970(distance: Duration, before: bool) -> Option<SystemTime> {
    match before {
        true => SystemTime::UNIX_EPOCH.checked_sub(distance),
        false => SystemTime::UNIX_EPOCH.checked_add(distance),
    }
}

/// 0000-01-01T00:00:00Z, in seconds since 1970.
const EARLIEST: f64 = -62_167_219_200.0;
const BEFORE_1970: Duration = Duration::from_secs(62_167_219_200);
/// 10000-01-01T00:00:00Z.
const LATEST: f64 = 253_402_300_800.0;
const AFTER_1970: Duration = Duration::from_secs(253_402_300_800);
const NANOSECONDS: u32 = 1_000_000_000;
/// No format needs more.
const MAX_LENGTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_it_is_read() {
        for text in
            ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"]
        {
            assert_eq!(parse(text).and_then(format).as_deref(), Some(text));
        }
        let half = Duration::from_millis(500);
        assert_eq!(format(SystemTime::UNIX_EPOCH + half).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(format(SystemTime::UNIX_EPOCH - half).as_deref(), Some("1969-12-31T23:59:59Z"));
        assert_eq!(SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1 << 40)).and_then(format), None);
    }

    fn nanos(text: &str) -> Option<i128> {
        parse(text).map(|at| match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        })
    }

    #[test]
    fn every_documented_format() {
        const AT: i128 = 1_715_940_487_000_000_000;
        for (text, expected) in [
            ("2024-05-17T10:08:07Z", AT),
            ("  2024-05-17T10:08:07Z\n", AT),
            ("2024-05-17t10:08:07z", AT),
            ("2024-05-17T10:08:07.1Z", AT + 100_000_000),
            // Windows counts in 100 ns.
            ("2024-05-17T10:08:07.123456789Z", AT + if cfg!(windows) { 123_456_700 } else { 123_456_789 }),
            ("2024-05-17T03:08:07-07:00", AT),
            ("2024-05-17T15:38:07+05:30", AT),
            ("2024-05-17T15:38:07+0530", AT),
            ("2024-05-17T10:08:07", AT),
            ("20240517T100807Z", AT),
            ("2024-05-17 10:08:07", AT),
            ("2024-05-17 10:08:07Z", AT),
            ("2024-05-17T10:08:07UTC", AT),
            ("2024-05-17T10:08:07.1UTC", AT + 100_000_000),
            ("2024-05-17T10:08:07 UTC", AT),
            ("2024-05-17T10:08:07GMT", AT),
            ("2024-05-17 10:08:07UTC", AT),
            ("2024-05-17 10:08:07 UTC", AT),
            ("2024-05-17  10:08:07  utc", AT),
            ("2024-05-17 10:08:07 Z", AT),
            ("2024-05-17 10:08:07 +0000 UTC", AT),
            ("2024-05-17 12:08:07 +0200", AT),
            ("20240517T100807UTC", AT),
            ("2024-05-17T10:08:07 +00:00", AT),
            ("2024-05-17T12:08:07 +0200", AT),
            ("2024-05-17T10:08:07 +0000 UTC", AT),
            // A leap second is the end of the second before it.
            (
                "2016-12-31T23:59:60Z",
                1_483_228_799_000_000_000 + if cfg!(windows) { 999_999_900 } else { 999_999_999 },
            ),
            ("2024-05-17", AT - 36_487_000_000_000),
            ("1715940487", AT),
            ("1715940487.5", AT + 500_000_000),
            ("1.715940487e9", AT),
            ("1.7e9", 1_700_000_000_000_000_000),
            ("1715940487.1000000004", AT + 100_000_000),
            ("1715940487.9999999995", AT + 1_000_000_000),
            (".1715940487E+10", AT),
            ("17159404870000.e-4", AT),
            ("0e99999999999", 0),
            ("1e-99999999999", 0),
            ("-1", -1_000_000_000),
            ("Fri, 17 May 2024 10:08:07 GMT", AT),
            ("Fri, 17 May 2024 12:08:07 +0200", AT),
            // The two old forms that a recipient has to take (RFC 9110 §5.6.7).
            ("Friday, 17-May-24 10:08:07 GMT", AT),
            ("Fri May 17 10:08:07 2024", AT),
            ("Sun Nov  6 08:49:37 1994", 784_111_777_000_000_000),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777_000_000_000),
            ("Thursday, 01-Jan-70 00:00:00 GMT", 0),
            ("Tuesday, 31-Dec-69 23:59:59 GMT", 3_155_759_999_000_000_000),
            ("friday, 17-may-24 10:08:07 gmt", AT),
            ("Fri, 17-May-2024 10:08:07 GMT", AT),
            // As Go's RFC1123 and the command `date` write it.
            ("Fri, 17 May 2024 10:08:07 UTC", AT),
            ("Fri May 17 10:08:07 UTC 2024", AT),
            ("Fri May 17 12:08:07 +0200 2024", AT),
            // As the SDKs of AWS take it.
            ("Fri, 17 May 2024 10:08:07.5 GMT", AT + 500_000_000),
            ("Friday, 17-May-24 10:08:07.123 GMT", AT + 123_000_000),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.5Z", -500_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000_000),
        ] {
            assert_eq!(nanos(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            " ",
            "not a date",
            "2024-05",
            "2024-13-17T10:08:07Z",
            "2024-05-17 noon",
            // Not midnight: the date is right, and the time is not.
            "2024-05-17T10:08:60Z",
            "2024-05-17T10:08:60",
            "2024-05-17 10:08:60 UTC",
            "2024-05-17T24:00:00Z",
            "2024-05-17T10:08:07+99:00",
            "2024-05-17T10:08:07+00:60",
            "2024-05-17T10:08:07 +99:00",
            "2024-05-17T10:08:07 +02:00 UTC",
            "2024-05-17T10:08:07 10:08:07",
            "2024-05-17T +00:00",
            "2024-05-17 +00:00",
            "UTC",
            "2024-05-17 UTC",
            "2024-05-17 10:08:07 +0200 UTC",
            "2024-05-17T10:08:07+02:00UTC",
            "2024-05-17T10:08:07UTCUTC",
            "2024-05-17 10:08:07 +0000 UTC m=+1",
            "1715940487UTC",
            "\u{e9}UTC",
            "Sometime, 17-May-24 10:08:07 GMT",
            "Frightful May 17 10:08:07 2024",
            "Fri, 17 May 2024 10:08:07. GMT",
            "Fri, 17 May 2024 10:08:07.+5 GMT",
            "Fri, 17 May 2024 10:08:07.5.5 GMT",
            "Fri, 17 May 2024 10:08:07 GMT GMT",
            "Friday, 17-May-024 10:08:07 GMT",
            "Friday, 17-May-+4 10:08:07 GMT",
            "Friday, 32-May-24 10:08:07 GMT",
            "Friday, 17-May-24 10:08:60 GMT",
            "Friday, 17-May-24-x 10:08:07 GMT",
            "Friday, 17-May-24 10:08:07",
            "Fri May 17 2024",
            "Fri May 17 10:08:07",
            "Fri May 17 10:08:07 024",
            "Fri May 17 10:08:07 MARS 2024",
            "Fri",
            "1e400",
            "nan",
            "inf",
            "--1",
            "1e18",
            "1e99999999999",
            "1e",
            ".e1",
            "-62167219200.1",
            "253402300800",
            "é",
        ] {
            assert_eq!(nanos(text), None, "{text}");
        }
        assert_eq!(nanos(&"1".repeat(65)), None);
    }
}
