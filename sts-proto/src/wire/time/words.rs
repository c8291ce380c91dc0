//! Dates that begin with a weekday and that the library does not read: see [`parse`](super::parse).

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::from_date_time;

pub(super) fn read(text: &str) -> Option<SystemTime> {
    let mut words = [""; 7];
    let mut count = 0;
    for word in text.split_ascii_whitespace() {
        *words.get_mut(count)? = word;
        count += 1;
    }
    let (weekday, day, month, year, time, zone) = match *words.get(..count)? {
        // RFC 9110 §5.6.7: `IMF-fixdate`, `rfc850-date`, `asctime-date`.
        [weekday, day, month, year, time, zone] if weekday.ends_with(',') => {
            (weekday, day, month, year, time, zone)
        }
        [weekday, date, time, zone] if weekday.ends_with(',') => {
            let (day, rest) = date.split_once('-')?;
            let (month, year) = rest.split_once('-')?;
            (weekday, day, month, year, time, zone)
        }
        [weekday, month, day, time, year] => (weekday, day, month, year, time, "GMT"),
        // As the command `date` writes it.
        [weekday, month, day, time, zone, year] => (weekday, day, month, year, time, zone),
        _ => return None,
    };
    if !is_weekday(weekday.trim_end_matches(',')) {
        return None;
    }
    let century = match year.as_bytes() {
        // About as POSIX has it for `%y`.
        [b'0'..=b'6', _] => "20",
        [_, _] => "19",
        [_, _, _, _] => "",
        _ => return None,
    };
    let (whole, fraction) = time.split_once('.').map_or((time, None), |(whole, part)| (whole, Some(part)));
    let zone = if zone.eq_ignore_ascii_case("UTC") { "GMT" } else { zone };
    let at = format!("{day} {month} {century}{year} {whole} {zone}");
    let at = from_date_time(OffsetDateTime::parse(&at, &Rfc2822).ok()?)?;
    at.checked_add(fraction.map_or(Some(Duration::ZERO), fraction_of_a_second)?)
}

/// In full or the first three letters.
fn is_weekday(text: &str) -> bool {
    WEEKDAYS.iter().any(|day| {
        let short = day.get(..3).unwrap_or_default();
        text.eq_ignore_ascii_case(day) || text.eq_ignore_ascii_case(short)
    })
}

fn fraction_of_a_second(digits: &str) -> Option<Duration> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<9.9}").parse().ok().map(Duration::from_nanos)
}

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
