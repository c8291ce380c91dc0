//! Dates as chrono and httpdate read them.

use std::time::{Duration, SystemTime};

use chrono::DateTime;

/// What others make of a text, where they can read it.
pub fn read(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    DateTime::parse_from_rfc3339(text)
        .ok()
        // A leap second is a second that no Unix time has.
        .filter(|at| at.timestamp_subsec_nanos() < 1_000_000_000)
        .and_then(|at| instant(at.timestamp(), at.timestamp_subsec_nanos()))
        .or_else(|| httpdate::parse_http_date(text).ok().filter(|_| text.len() == IMF_FIXDATE.len()))
}

/// Seconds since 1970, and nanoseconds on top.
pub fn instant(seconds: i64, nanos: u32) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let whole = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    whole?.checked_add(Duration::from_nanos(nanos.into()))
}

/// The one of the three forms of RFC 9110 §5.6.7 that is still sent.
const IMF_FIXDATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
