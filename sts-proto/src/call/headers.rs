//! The headers that a call writes beside the signer's, and those of an answer that say something of time.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::digits::{Decimal, hex};
use crate::text::to_str;
use crate::wire::time;

/// A UUID of version 4 (RFC 9562 §5.4) out of 122 of the seed's bits.
pub(super) fn invocation_id(seed: u128) -> HeaderValue {
    let bits = seed & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
    let mut text = Vec::with_capacity(36);
    for (index, digits) in hex(bits.to_be_bytes()).iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push(b'-');
        }
        text.extend_from_slice(digits);
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("unknown"))
}

/// `attempt=1; max=3`
pub(super) fn attempt_of(attempt: u32, max: u32) -> HeaderValue {
    let number = |number: u32| Decimal::of(number.into());
    let text = [b"attempt=", number(attempt).as_bytes(), b"; max=", number(max).as_bytes()].concat();
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("attempt=1"))
}

/// How long the server asks to be left alone: `x-amz-retry-after` in milliseconds, else `retry-after` in seconds or as a
/// date (RFC 9110 §10.2.3).
pub(super) fn hint(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &HeaderName| to_str(headers.get(name)?).map(str::trim);
    if let Some(milliseconds) = text(&AMZ_RETRY_AFTER).and_then(|text| text.parse().ok()) {
        return Some(Duration::from_millis(milliseconds));
    }
    let text = text(&RETRY_AFTER)?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // The server's own clock says best how far off its date is.
    let until = time::parse(text).filter(|_| text.contains(':'))?;
    until.duration_since(date(headers).unwrap_or(now)).ok()
}

/// When the server says that it answered (RFC 9110 §6.6.1).
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    time::parse(to_str(headers.get(DATE)?)?)
}

/// When the service says that it judged the date of a request that it refuses, for answers whose `date` is not there or hidden
/// from a web page. STS writes `Signature expired: 20240517T120000Z is now earlier than 20240517T121500Z (20240517T123000Z -
/// 15 min.)`, and for a date that lies ahead `… (20240517T115000Z + 5 min.)`.
pub(super) fn judged_at(message: &str) -> Option<SystemTime> {
    let (_, inside) = message.rsplit_once('(')?;
    let (at, _) = inside.split_once([' ', ')'])?;
    // Only this format; not just any number, nor a text in other parentheses that is a date as well.
    let is_in_format = at.len() == "20240517T123000Z".len()
        && at.bytes().enumerate().all(|(index, byte)| match index {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    time::parse(at).filter(|_| is_in_format)
}

pub(super) const INVOCATION_ID: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");
pub(super) const ATTEMPT: HeaderName = HeaderName::from_static("amz-sdk-request");
pub(super) const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const AMZ_RETRY_AFTER: HeaderName = HeaderName::from_static("x-amz-retry-after");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_a_refusal() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for (message, expected) in [
            (
                "Signature expired: 20240517T120000Z is now earlier than 20240517T121500Z (20240517T123000Z - 15 min.)",
                at(1_715_949_000),
            ),
            (
                "Signature not yet current: 20240517T120000Z is still later than 20240517T115500Z (20240517T115000Z + 5 min.)",
                at(1_715_946_600),
            ),
            ("Signature expired: 20240517T120000Z is now earlier than 20240517T121500Z", None),
            ("The request has expired (1715949000 s)", None),
            ("(2024-05-17T12:30Z)", None),
            ("(2024-05-17T12:30 x)", None),
            ("(20240517T1230+02)", None),
            ("(20249917T123000Z - 15 min.)", None),
            ("(20240517T123000Z", None),
            ("(", None),
            ("", None),
        ] {
            assert_eq!(judged_at(message), expected, "{message}");
        }
    }
}
