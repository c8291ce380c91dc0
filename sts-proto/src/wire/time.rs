//! Instants as servers write them, and as RFC 9110 dates a response.

use std::time::{Duration, SystemTime};

use crate::calendar;

/// Reads an instant: ISO 8601 / RFC 3339 with any fraction and offset (UTC where none is given, midnight where there is a date
/// alone, a space in place of `T` or before the offset, `UTC` or `GMT` in place of `Z` or behind an offset of zero), seconds
/// since 1970 (`1715940487`, `1715940487.5`, `1.7e9`), or RFC 822 / RFC 9110 (`Fri, 17 May 2024 10:08:07 GMT`).
///
/// `None` for anything else, and for instants outside the years 0 to 9999. ISO 8601's weeks and days of a year are not read,
/// and neither are comments and the names of American time zones in RFC 822.
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
    let rest = Rest(text.as_bytes());
    epoch_seconds(text).or_else(|| iso_8601(rest)).or_else(|| rfc_822(rest))
}

/// The instant so many seconds after 1970, or before it.
pub(crate) fn from_seconds(seconds: i64) -> Option<SystemTime> {
    from_1970(Duration::from_secs(seconds.unsigned_abs()), seconds < 0)
}

/// The same, with the precision of a double: better than a microsecond.
#[cfg(feature = "credentials")]
pub(crate) fn from_fraction(seconds: f64) -> Option<SystemTime> {
    from_1970(Duration::try_from_secs_f64(seconds.abs()).ok()?, seconds < 0.0)
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
    if !YEARS_0_TO_9999.contains(&seconds) {
        return None;
    }
    let (year, month, day) = calendar::date(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// A decimal number of seconds, exactly but for what is less than a nanosecond.
fn epoch_seconds(text: &str) -> Option<SystemTime> {
    let (number, before) = match text.strip_prefix('-') {
        Some(number) => (number, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = whole.bytes().chain(fraction.bytes());
    if whole.len() + fraction.len() == 0 || !digits.clone().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // How many digits are left of the point, once it is moved.
    let point = i64::from(u32::try_from(whole.len()).ok()?) + i64::from(exponent.parse::<i32>().ok()?);
    let seconds = number_of(&mut digits, point)?;
    let nanos = number_of(&mut digits, 9 + point.min(0))?;
    from_1970(Duration::new(seconds, u32::try_from(nanos).ok()?), before)
}

/// The number that so many digits make, with zeros behind the last one; `None` if it is larger than any in a date.
fn number_of(digits: &mut impl Iterator<Item = u8>, count: i64) -> Option<u64> {
    let mut number = 0;
    for _ in 0..count {
        number = match digits.next() {
            Some(digit) => 10 * number + u64::from(digit - b'0'),
            // However many zeros follow.
            None if number == 0 => break,
            None => 10 * number,
        };
        if number > MAX_DISTANCE {
            return None;
        }
    }
    Some(number)
}

/// `2024-05-17T10:08:07Z` and its kin: also as `date`, Go and the AWS CLI write them, with blanks and the name of UTC.
fn iso_8601(mut rest: Rest<'_>) -> Option<SystemTime> {
    let year = rest.number(4)?;
    let has_hyphens = rest.take(b"-");
    let month = rest.number(2)?;
    if has_hyphens && !rest.take(b"-") {
        return None;
    }
    let days = calendar::days(year, month, rest.number(2)?)?;
    if rest.is_empty() {
        return at(days, Time::default(), 0);
    }
    if !rest.take(b"Tt") && !rest.blanks() {
        return None;
    }
    let time = rest.time()?;
    rest.blanks();
    let offset = match rest.offset()? {
        Some(offset) => {
            rest.blanks();
            if offset == 0 {
                rest.utc();
            }
            offset
        }
        None => {
            rest.utc();
            0
        }
    };
    rest.is_empty().then(|| at(days, time, offset))?
}

/// `Fri, 17 May 2024 10:08:07 GMT`; the day of the week may be left out, and is not compared with the date.
fn rfc_822(mut rest: Rest<'_>) -> Option<SystemTime> {
    if rest.name(&DAYS_OF_WEEK).is_some() && !(rest.take(b",") && rest.blanks()) {
        return None;
    }
    let day = rest.number(2).or_else(|| rest.number(1))?;
    let month = rest.blanks().then(|| rest.name(&MONTHS))??;
    let year = rest.blanks().then(|| rest.number(4))??;
    let time = rest.blanks().then(|| rest.time())??;
    rest.blanks();
    let offset = match rest.offset()? {
        Some(offset) => offset,
        None => rest.utc().then_some(0)?,
    };
    rest.is_empty().then(|| at(calendar::days(year, month, day)?, time, offset))?
}

/// A time of day.
#[derive(Clone, Copy, Default)]
struct Time {
    seconds: u32,
    nanos: u32,
    is_leap_second: bool,
}

/// What is left to read.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Takes one of these bytes, if it is next.
    fn take(&mut self, bytes: &[u8]) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if bytes.contains(first) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes all blanks; whether there was one.
    fn blanks(&mut self) -> bool {
        let before = self.0.len();
        self.0 = self.0.trim_ascii_start();
        self.0.len() < before
    }

    /// Takes a number of so many digits.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let number = number.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| 10 * number + u32::from(digit - b'0'))
        })?;
        self.0 = rest;
        Some(number)
    }

    /// Takes two digits below a limit, if they are next, behind a colon or not.
    fn part(&mut self, limit: u32) -> Option<u32> {
        if self.take(b":") || self.0.first().is_some_and(u8::is_ascii_digit) {
            self.number(2).filter(|number| *number < limit)
        } else {
            Some(0)
        }
    }

    /// `10:08:07.123`, without colons, or less of it.
    fn time(&mut self) -> Option<Time> {
        let hour = self.number(2).filter(|hour| *hour < 24)?;
        let (minute, second) = (self.part(60)?, self.part(61)?);
        if second == 60 {
            return Some(Time {
                seconds: 3600 * hour + 60 * minute + 59,
                nanos: 999_999_999,
                is_leap_second: true,
            });
        }
        let mut nanos = 0;
        if self.take(b".,") {
            let digits = self.0.iter().take_while(|digit| digit.is_ascii_digit()).count();
            let (fraction, rest) = self.0.split_at_checked(digits).filter(|_| digits > 0)?;
            nanos = u32::try_from(number_of(&mut fraction.iter().copied().chain([b'0'; 9]), 9)?).ok()?;
            self.0 = rest;
        }
        Some(Time { seconds: 3600 * hour + 60 * minute + second, nanos, is_leap_second: false })
    }

    /// `+05:30` in seconds; `Some(None)` where there is none.
    fn offset(&mut self) -> Option<Option<i64>> {
        let sign = match (self.take(b"+"), self.take(b"-")) {
            (true, false) => 1,
            (false, true) => -1,
            _ => return Some(None),
        };
        let (hours, minutes) = (self.number(2).filter(|hours| *hours < 24)?, self.part(60)?);
        Some(Some(sign * i64::from(3600 * hours + 60 * minutes)))
    }

    /// Takes a name of UTC, if it is next.
    fn utc(&mut self) -> bool {
        ["UTC", "GMT", "UT", "Z"].iter().any(|name| self.word(name))
    }

    /// The number of the name that is next, from 1.
    fn name(&mut self, names: &[&str]) -> Option<u32> {
        (1..).zip(names).find_map(|(number, name)| self.word(name).then_some(number))
    }

    fn word(&mut self, word: &str) -> bool {
        match self.0.split_at_checked(word.len()) {
            Some((next, rest)) if next.eq_ignore_ascii_case(word.as_bytes()) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }
}

/// The instant of a date and time, `offset` seconds before UTC. A leap second is the end of the one before, in Unix time, and
/// stands at the end of a day of UTC.
fn at(days: i64, time: Time, offset: i64) -> Option<SystemTime> {
    let seconds = 86_400 * days + i64::from(time.seconds) - offset;
    if !YEARS_0_TO_9999.contains(&seconds) || time.is_leap_second && seconds.rem_euclid(86_400) != 86_399 {
        return None;
    }
    from_seconds(seconds)?.checked_add(Duration::from_nanos(time.nanos.into()))
}

fn from_1970(distance: Duration, before: bool) -> Option<SystemTime> {
    let part = i64::from(before && distance.subsec_nanos() > 0);
    let seconds = i64::try_from(distance.as_secs()).ok()?;
    let first = if before { (-seconds).checked_sub(part)? } else { seconds };
    if !YEARS_0_TO_9999.contains(&first) {
        return None;
    }
    match before {
        true => SystemTime::UNIX_EPOCH.checked_sub(distance),
        false => SystemTime::UNIX_EPOCH.checked_add(distance),
    }
}

/// From 0000-01-01T00:00:00Z to 10000-01-01T00:00:00Z, in seconds since 1970.
const YEARS_0_TO_9999: std::ops::Range<i64> = -62_167_219_200..253_402_300_800;
/// In seconds, and more than nanoseconds of one.
const MAX_DISTANCE: u64 = 253_402_300_800;
/// No format needs more.
const MAX_LENGTH: usize = 64;
const DAYS_OF_WEEK: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

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
            ("2024-05-17", AT - 36_487_000_000_000),
            ("1715940487", AT),
            ("1715940487.5", AT + 500_000_000),
            ("1.715940487e9", AT),
            ("1.7e9", 1_700_000_000_000_000_000),
            ("-1", -1_000_000_000),
            ("Fri, 17 May 2024 10:08:07 GMT", AT),
            ("Fri, 17 May 2024 12:08:07 +0200", AT),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.5Z", -500_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000_000),
            ("2024-05-17T10:08Z", AT - 7_000_000_000),
            ("2024-05-17T10:08:07,25Z", AT + 250_000_000),
            ("2024-05-17T10:08:07.1234567899Z", AT + 123_456_789),
            ("2016-12-31T23:59:60Z", 1_483_228_799_999_999_999),
            ("2017-01-01T05:29:60+05:30", 1_483_228_799_999_999_999),
            ("+17159404870e-1", AT),
            ("0.5e-3", 500_000),
            ("0e2000000000", 0),
            ("-0.25", -250_000_000),
            ("17 May 2024 10:08:07 UT", AT),
            ("Fri, 7 Jun 2024 10:08 -0030", 1_717_756_680_000_000_000),
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
            "UTC",
            "2024-05-17 UTC",
            "2024-05-17 10:08:07 +0200 UTC",
            "2024-05-17T10:08:07+02:00UTC",
            "2024-05-17T10:08:07UTCUTC",
            "2024-05-17 10:08:07 +0000 UTC m=+1",
            "1715940487UTC",
            "\u{e9}UTC",
            "1e400",
            "nan",
            "inf",
            "--1",
            "1e18",
            "1e",
            "e1",
            ".",
            "-",
            "1.7.1e9",
            "1e99999999999",
            "é",
            "2024-0517",
            "2024-05-17T",
            "2024-05-17T24:00:00Z",
            "2024-05-17T10:60:00Z",
            "2024-05-17T10:08:60Z",
            "2024-05-17T10:08:07.Z",
            "2024-05-17T10:08:07+24:00",
            "2024-02-30T10:08:07Z",
            "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "Fri 17 May 2024 10:08:07 GMT",
            "Fri, 17 Mai 2024 10:08:07 GMT",
            "Fri, 32 May 2024 10:08:07 GMT",
            "Fri, 17 May 2024 10:08:07",
            "Fri, 17 May 2024 10:08:07 GMT x",
        ] {
            assert_eq!(nanos(text), None, "{text}");
        }
        assert_eq!(nanos(&"1".repeat(65)), None);
    }
}
