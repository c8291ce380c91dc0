//! Dates, read by chrono and httpdate.

use std::time::{Duration, SystemTime};

use chrono::DateTime;

/// The time that the other readers find, if they can read the text.
pub fn read(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    DateTime::parse_from_rfc3339(text)
        .ok()
        // Unix time has no leap seconds.
        .filter(|at| at.timestamp_subsec_nanos() < 1_000_000_000)
        .and_then(|at| instant(at.timestamp(), at.timestamp_subsec_nanos()))
        // All three forms of RFC 9110 §5.6.7.
        .or_else(|| httpdate::parse_http_date(text).ok())
}

/// The time `seconds` and `nanos` after the start of 1970.
pub fn instant(seconds: i64, nanos: u32) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let whole = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    whole?.checked_add(Duration::from_nanos(nanos.into()))
}
