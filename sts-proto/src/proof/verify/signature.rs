//! What comes from outside and is kept: host, date, scope, session token and signature.

use std::time::{Duration, SystemTime};

use time::{Date, Month, Time};

use super::policy::Policy;
use super::reason::Reason;
use crate::endpoint::{Recognized, recognize};
use crate::secret::Secret;

/// The parts of a proof that cannot be made again here, each checked.
pub(super) struct Signature {
    pub(super) host: String,
    pub(super) partition: &'static str,
    pub(super) region: String,
    pub(super) access_key_id: String,
    /// As it was written: `YYYYMMDDTHHMMSSZ`.
    pub(super) date: String,
    pub(super) signed_at: SystemTime,
    pub(super) token: Option<Secret>,
    /// 64 digits in lower case.
    pub(super) signature: String,
}

impl Signature {
    pub(super) fn credential(&self) -> String {
        let day = self.date.split('T').next().unwrap_or_default();
        format!("{}/{day}/{}/sts/aws4_request", self.access_key_id, self.region)
    }
}

/// What a URL has behind `https://`: a host of STS that the policy allows, and the rest.
pub(super) fn split_url<'u>(
    url: &'u str,
    policy: &Policy,
) -> Result<(Recognized<'u>, &'u str, &'u str), Reason> {
    if !is_graphic(url) {
        return Err(Reason::Url);
    }
    let rest = url.strip_prefix("https://").ok_or(Reason::Scheme)?;
    if has(rest, b'#') {
        return Err(Reason::Fragment);
    }
    let (host, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if host.contains('@') {
        return Err(Reason::UserInfo);
    }
    if host.contains(':') {
        return Err(Reason::Port);
    }
    let known = recognize(host).filter(|known| policy.allows(known)).ok_or(Reason::Host)?;
    Ok((known, host, rest))
}

/// The date, checked against the clock.
pub(super) fn read_date(text: &str, policy: &Policy, now: SystemTime) -> Result<SystemTime, Reason> {
    let at = parse_date(text).ok_or(Reason::Date)?;
    match now.duration_since(at) {
        Ok(age) if age > policy.max_age => Err(Reason::DateOld),
        Err(ahead) if ahead.duration() > policy.max_future => Err(Reason::DateFuture),
        _ => Ok(at),
    }
}

fn parse_date(text: &str) -> Option<SystemTime> {
    let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
    let number = |digits: &[u8]| {
        let digits = digits.iter().map(|digit| digit.is_ascii_digit().then(|| i32::from(digit - b'0')));
        digits.reduce(|one, other| Some(one? * 10 + other?)).flatten()
    };
    let [y1, y2, y3, y4, mo1, mo2, d1, d2, b'T', h1, h2, mi1, mi2, s1, s2, b'Z'] = bytes else { return None };
    let small = |one: &u8, two: &u8| u8::try_from(number(&[*one, *two])?).ok();
    let month = Month::try_from(small(mo1, mo2)?).ok()?;
    let date = Date::from_calendar_date(number(&[*y1, *y2, *y3, *y4])?, month, small(d1, d2)?).ok()?;
    let time = Time::from_hms(small(h1, h2)?, small(mi1, mi2)?, small(s1, s2)?).ok()?;
    let seconds = u64::try_from(date.with_time(time).assume_utc().unix_timestamp()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// The access key id of a scope that fits date and region.
pub(super) fn read_scope(text: &str, date: &str, region: &str) -> Result<String, Reason> {
    let parts: Vec<&str> = text.split('/').take(6).collect();
    let [key, day, of, "sts", "aws4_request"] = parts[..] else { return Err(Reason::Scope) };
    let fits = !key.is_empty()
        && key.len() <= MAX_KEY_ID
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && Some(day) == date.get(..8)
        && of == region;
    if fits { Ok(key.to_owned()) } else { Err(Reason::Scope) }
}

pub(super) fn is_signature(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether all is ASCII, without blanks and control characters. No branch, so that long texts cost little.
pub(super) fn is_graphic(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & byte.is_ascii_graphic())
}

/// Whether an ASCII character is in the text; likewise.
pub(super) fn has(text: &str, character: u8) -> bool {
    text.bytes().fold(false, |found, byte| found | (byte == character))
}

/// The bound of the API reference ("Credentials", `AccessKeyId`), in bytes.
const MAX_KEY_ID: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_in_its_one_form() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (text, expected) in [
            ("20240517T090807Z", Some(at(1_715_936_887))),
            ("19700101T000000Z", Some(at(0))),
            ("20240229T235959Z", Some(at(1_709_251_199))),
            ("20230229T235959Z", None),
            ("20240517T240000Z", None),
            ("20240517T090860Z", None),
            ("20240517T09080:Z", None),
            ("20240017T090807Z", None),
            ("20240517t090807Z", None),
            ("20240517T090807z", None),
            ("20240517T09080Z", None),
            ("+0240517T090807Z", None),
            ("2024-05-17T09:08Z", None),
            ("19691231T235959Z", None),
            ("", None),
        ] {
            assert_eq!(parse_date(text), expected, "{text}");
        }
    }
}
