//! The headers that a call writes beside the signer's, and those of an answer that say something of time.

use std::time::{Duration, SystemTime};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::digits::{Decimal, hex};
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
    let text = |name: &HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
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
    time::parse(headers.get(DATE)?.to_str().ok()?)
}

pub(super) const INVOCATION_ID: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");
pub(super) const ATTEMPT: HeaderName = HeaderName::from_static("amz-sdk-request");
pub(super) const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
const AMZ_RETRY_AFTER: HeaderName = HeaderName::from_static("x-amz-retry-after");
