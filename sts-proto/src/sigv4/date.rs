//! The date and time in a signature.

use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

use super::SignError;

/// A day in UTC, as days since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day(i64);

impl Day {
    /// Fails unless the year has four digits.
    pub(super) fn of(now: SystemTime) -> Result<Self, SignError> {
        writable(now).map(Self::at)
    }

    fn at(seconds: i64) -> Self {
        Self(seconds.div_euclid(86_400))
    }
}

/// A time in UTC as `YYYYMMDDTHHMMSSZ` (ISO 8601 basic format), and its date alone.
#[derive(Clone, Copy)]
pub(super) struct Date {
    timestamp: [u8; 16],
    yyyymmdd: [u8; 8],
    day: Day,
}

impl Date {
    /// Drops the fraction of a second, also before 1970. Fails unless the year has four digits.
    pub(super) fn new(now: SystemTime) -> Result<Self, SignError> {
        let seconds = writable(now)?;
        let at = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| SignError::Time)?;
        let (year, month, day) = at.to_calendar_date();
        let year = year.unsigned_abs();
        let [y1, y2] = two_digits((year / 100) as u8);
        let [y3, y4] = two_digits((year % 100) as u8);
        let (hour, minute, second) = at.to_hms();
        let [mo1, mo2] = two_digits(month.into());
        let [d1, d2] = two_digits(day);
        let [h1, h2] = two_digits(hour);
        let [mi1, mi2] = two_digits(minute);
        let [s1, s2] = two_digits(second);
        Ok(Self {
            timestamp: [y1, y2, y3, y4, mo1, mo2, d1, d2, b'T', h1, h2, mi1, mi2, s1, s2, b'Z'],
            yyyymmdd: [y1, y2, y3, y4, mo1, mo2, d1, d2],
            day: Day::at(seconds),
        })
    }

    /// `YYYYMMDDTHHMMSSZ`
    pub(super) fn timestamp(&self) -> &[u8; 16] {
        &self.timestamp
    }

    /// `YYYYMMDD`
    pub(super) fn yyyymmdd(&self) -> &[u8; 8] {
        &self.yyyymmdd
    }

    pub(super) fn day(&self) -> Day {
        self.day
    }
}

/// Seconds since 1970, if the year has four digits.
fn writable(now: SystemTime) -> Result<i64, SignError> {
    seconds(now).filter(|seconds| WRITABLE.contains(seconds)).ok_or(SignError::Time)
}

/// Whole seconds since 1970, rounded down.
fn seconds(now: SystemTime) -> Option<i64> {
    match now.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok(),
        Err(before) => {
            let before = before.duration();
            let part = i64::from(before.subsec_nanos() > 0);
            i64::try_from(before.as_secs()).ok()?.checked_neg()?.checked_sub(part)
        }
    }
}

/// The years 0 to 9999, in seconds since 1970.
const WRITABLE: std::ops::Range<i64> = -62_167_219_200..253_402_300_800;

fn two_digits(number: u8) -> [u8; 2] {
    [b'0' + number / 10 % 10, b'0' + number % 10]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn text(now: Option<SystemTime>) -> Result<String, SignError> {
        let now = now.expect("the platform can hold this time");
        let (date, day) = (Date::new(now), Day::of(now));
        assert_eq!(date.map(|date| date.day == day.unwrap()).ok(), day.map(|_| true).ok());
        let date = date?;
        let text = String::from_utf8_lossy(date.timestamp()).into_owned();
        assert_eq!(text.as_bytes().first_chunk(), Some(date.yyyymmdd()));
        Ok(text)
    }

    fn after(seconds: u64, nanos: u32) -> Option<SystemTime> {
        UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))
    }

    fn before(seconds: u64, nanos: u32) -> Option<SystemTime> {
        UNIX_EPOCH.checked_sub(Duration::new(seconds, nanos))
    }

    #[test]
    fn writes_utc_and_drops_the_fraction() {
        assert_eq!(text(after(0, 0)).unwrap(), "19700101T000000Z");
        assert_eq!(text(after(1_440_938_160, 999_999_999)).unwrap(), "20150830T123600Z");
        assert_eq!(text(after(1_709_251_199, 1)).unwrap(), "20240229T235959Z");
        assert_eq!(text(after(253_402_300_799, 999_999_999)).unwrap(), "99991231T235959Z");
        assert_eq!(text(before(0, 100)).unwrap(), "19691231T235959Z");
        assert_eq!(text(before(1, 0)).unwrap(), "19691231T235959Z");
    }

    #[test]
    #[cfg(unix)] // Windows cannot hold times before 1601.
    fn refuses_years_without_four_digits() {
        assert_eq!(text(before(62_167_219_200, 0)).unwrap(), "00000101T000000Z");
        assert_eq!(text(before(62_167_219_200, 1)), Err(SignError::Time));
        assert_eq!(text(after(253_402_300_800, 0)), Err(SignError::Time));
        assert_eq!(text(after(i64::MAX as u64, 0)), Err(SignError::Time));
        assert_eq!(text(before(i64::MAX as u64, 0)), Err(SignError::Time));
    }
}
