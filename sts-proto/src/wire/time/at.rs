//! From the numbers of a date, a time of day and an offset to the instant.

use std::time::{Duration, SystemTime};

use time::{Date, Month, OffsetDateTime};

use super::from_seconds;

/// A time of day as it was read, in or out of range.
#[derive(Clone, Copy, Default)]
pub(super) struct Clock {
    pub(super) hour: u32,
    pub(super) minute: u32,
    /// 60 in a leap second, which stands for the last nanosecond before it.
    pub(super) second: u32,
    pub(super) nanosecond: u32,
}

pub(super) fn calendar_date(year: i32, month: u32, day: u32) -> Option<Date> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(year, month, day.try_into().ok()?).ok()
}

/// Seconds east of UTC.
pub(super) fn offset(sign: i32, hours: u32, minutes: u32) -> Option<i32> {
    let is_in_range = hours <= 25 && minutes <= 59;
    is_in_range.then(|| sign * (hours * 3600 + minutes * 60) as i32)
}

/// `None` if there is no such time, or no leap second at that time.
pub(super) fn instant(date: Date, clock: Clock, east: i32) -> Option<SystemTime> {
    let Clock { hour, minute, mut second, mut nanosecond } = clock;
    let is_leap = second == 60;
    if is_leap {
        (second, nanosecond) = (59, 999_999_999);
    }
    if hour > 23 || minute > 59 || second > 59 || nanosecond > 999_999_999 {
        return None;
    }
    let of_day = i64::from(hour * 3600 + minute * 60 + second) - i64::from(east);
    let seconds = i64::from(date.to_julian_day() - JULIAN_DAY_OF_1970) * DAY + of_day;
    if is_leap && !(seconds.rem_euclid(DAY) == DAY - 1 && is_last_of_month(seconds)) {
        return None;
    }
    from_seconds(seconds)?.checked_add(Duration::from_nanos(nanosecond.into()))
}

fn is_last_of_month(seconds: i64) -> bool {
    OffsetDateTime::from_unix_timestamp(seconds).is_ok_and(|at| at.day() == at.month().length(at.year()))
}

const DAY: i64 = 86_400;
const JULIAN_DAY_OF_1970: i32 = 2_440_588;
