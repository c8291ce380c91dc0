//! Small texts read on our own: instants, URLs, forms, base64.

use std::time::{Duration, SystemTime};

/// Reads `YYYY-MM-DDTHH:MM:SS[.fff]Z`: nanoseconds since 1970.
pub(crate) fn nanos(text: &str) -> Result<i128, String> {
    let wrong = || format!("{text:?} is not a time");
    let rest = text.strip_suffix('Z').ok_or_else(wrong)?;
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let layout = whole.len() == 19 && marks.iter().all(|(at, mark)| whole.as_bytes().get(*at) == Some(mark));
    let number = |from: usize, to: usize| -> Result<i64, String> {
        let digits = whole.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).ok_or_else(wrong)
    };
    if !layout
        || fraction.is_empty()
        || fraction.len() > 9
        || !fraction.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(wrong());
    }
    let days = days_since_1970(number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let seconds = ((days * 24 + number(11, 13)?) * 60 + number(14, 16)?) * 60 + number(17, 19)?;
    let fraction: i128 = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
    Ok(i128::from(seconds) * 1_000_000_000 + fraction)
}

/// As [`nanos`].
pub(crate) fn instant(text: &str) -> Result<SystemTime, String> {
    let nanos = nanos(text)?;
    let seconds =
        u64::try_from(nanos.unsigned_abs() / 1_000_000_000).map_err(|_| format!("{text:?} is far"))?;
    let distance = Duration::new(seconds, (nanos.unsigned_abs() % 1_000_000_000) as u32);
    Ok(if nanos < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance })
}

/// Nanoseconds since 1970.
pub(crate) fn nanos_of(time: SystemTime) -> i128 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    }
}

/// `2024-05-17T09:08:07.499Z` as the date of a signature: `20240517T090807Z`.
pub(crate) fn stamp(time: &str) -> String {
    let whole = time.split(['.', 'Z']).next().unwrap_or_default();
    whole.chars().filter(|c| !matches!(c, '-' | ':')).chain(['Z']).collect()
}

/// Counted year by year and month by month.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let leap = |year: i64| i64::from((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
    let years: i64 = match year >= 1970 {
        true => (1970..year).map(|year| 365 + leap(year)).sum(),
        false => -(year..1970).map(|year| 365 + leap(year)).sum::<i64>(),
    };
    let months = [31, 28 + leap(year), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before: i64 = months.iter().take(usize::try_from(month - 1).unwrap_or(0)).sum();
    years + before + day - 1
}

/// A URL in the form in which two that mean the same are equal: scheme and host in lower case, no default port, `/`
/// for no path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) scheme: String,
    /// User info included.
    pub(crate) authority: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) fragment: Option<String>,
}

impl Url {
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("{text:?} is not a URL"))?;
        let (rest, fragment) = cut(rest, '#');
        let (rest, query) = cut(rest, '?');
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let scheme = scheme.to_ascii_lowercase();
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (format!("{user}@"), host),
            None => (String::new(), authority),
        };
        let port = if scheme == "http" { ":80" } else { ":443" };
        let host = host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
        Ok(Self {
            scheme,
            authority: format!("{user}{host}"),
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
            query: query.map(str::to_owned),
            fragment: fragment.map(str::to_owned),
        })
    }

    /// What an endpoint URL must not have, and no message may repeat: user info, query, fragment.
    pub(crate) fn extras(&self) -> Vec<&str> {
        let user = self.authority.rsplit_once('@').map(|(user, _)| user);
        [user, self.query.as_deref(), self.fragment.as_deref()].into_iter().flatten().collect()
    }
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// The pairs of a form or a query in strict encoding: `%XX` in upper case, no `+`.
pub(crate) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').ok_or_else(|| format!("{pair:?} has no ="))?;
        Ok((decode(name)?, decode(value)?))
    };
    text.split('&').map(pair).collect()
}

fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match *first {
            b'%' => {
                let digits = after.get(..2).ok_or_else(|| format!("{text:?} ends in an escape"))?;
                let upper = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
                let hex = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(upper));
                let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
                let byte =
                    byte.ok_or_else(|| format!("{text:?} has an escape that is not %XX in upper case"))?;
                if is_unreserved(byte) {
                    return Err(format!("{text:?} escapes {:?}", char::from(byte)));
                }
                bytes.push(byte);
                rest = &after[2..];
            }
            byte if is_unreserved(byte) => bytes.push(byte),
            byte => return Err(format!("{text:?} holds {:?} as it is", char::from(byte))),
        }
    }
    String::from_utf8(bytes).map_err(|_| format!("{text:?} is not UTF-8"))
}

/// RFC 3986 §2.3.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// base64url without padding (RFC 4648 §5).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        let digit = |place: usize| char::from(BASE64URL[bits >> (18 - 6 * place) & 63]);
        text.extend((0..=chunk.len()).map(digit));
    }
    text
}

/// The other way round.
pub(crate) fn from_base64url(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let digit =
            BASE64URL.iter().position(|digit| *digit == byte).ok_or("a character is not of base64url")?;
        bits = (bits << 6 | digit as u32) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Ok(bytes)
}

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
