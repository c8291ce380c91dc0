//! What is read of a certificate: its serial number, and from when to when it is valid.

use std::time::{Duration, SystemTime};

use time::{Date, Month};

/// What is read of a certificate (RFC 5280 §4.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// In decimal digits.
    pub(super) serial: String,
    /// `None` if the dates cannot be read.
    pub(super) validity: Option<(SystemTime, SystemTime)>,
}

/// Reads a certificate; `None` if it has no serial number that is positive.
pub(super) fn facts(certificate: &[u8]) -> Option<Facts> {
    let (certificate, _) = value(certificate, SEQUENCE)?;
    let (to_be_signed, _) = value(certificate, SEQUENCE)?;
    let rest = value(to_be_signed, VERSION).map_or(to_be_signed, |(_, rest)| rest);
    let (number, rest) = value(rest, INTEGER)?;
    let positive =
        number.first().is_some_and(|first| first & 0x80 == 0) && number.iter().any(|byte| *byte != 0);
    (positive && number.len() <= MAX_SERIAL)
        .then(|| Facts { serial: decimal(number), validity: validity(rest) })
}

/// The dates behind algorithm and issuer.
fn validity(rest: &[u8]) -> Option<(SystemTime, SystemTime)> {
    let (_, rest) = value(rest, SEQUENCE)?;
    let (_, rest) = value(rest, SEQUENCE)?;
    let (dates, _) = value(rest, SEQUENCE)?;
    let (from, rest) = date(dates)?;
    let (until, _) = date(rest)?;
    Some((from, until))
}

/// The next element, if it is a date (RFC 5280 §4.1.2.5), and what follows.
fn date(der: &[u8]) -> Option<(SystemTime, &[u8])> {
    let (century, digits, rest) = match (value(der, UTC_TIME), value(der, GENERALIZED_TIME)) {
        (Some((text, rest)), _) => (None, text, rest),
        (None, Some((text, rest))) => {
            let (century, digits) = text.split_at_checked(2)?;
            (Some(century), digits, rest)
        }
        (None, None) => return None,
    };
    let digits: &[u8; 12] = digits.strip_suffix(b"Z")?.try_into().ok()?;
    let [year, month, day, hour, minute, second] = digits.as_chunks::<2>().0 else { return None };
    let century = match century {
        Some(century) => number(century)?,
        // Two digits of the year are of 1950 to 2049.
        None => {
            if number(year)? < 50 {
                20
            } else {
                19
            }
        }
    };
    let year = i32::from(century) * 100 + i32::from(number(year)?);
    let month = Month::try_from(number(month)?).ok()?;
    let date = Date::from_calendar_date(year, month, number(day)?).ok()?;
    let at = date.with_hms(number(hour)?, number(minute)?, number(second)?).ok()?.assume_utc();
    let seconds = at.unix_timestamp();
    let since = Duration::from_secs(seconds.unsigned_abs());
    let at = match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(since),
        _ => SystemTime::UNIX_EPOCH.checked_sub(since),
    };
    Some((at?, rest))
}

fn number(digits: &[u8]) -> Option<u8> {
    digits.iter().try_fold(0_u8, |sum, digit| {
        digit.is_ascii_digit().then(|| sum.wrapping_mul(10).wrapping_add(digit - b'0'))
    })
}

/// The value of the next element, if it has this tag, and what follows (X.690 §8.1).
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = der.split_first_chunk()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}

/// A big-endian number in decimal digits.
fn decimal(number: &[u8]) -> String {
    // The least significant digit first.
    let mut digits = vec![0_u8];
    for byte in number {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let sum = u32::from(*digit) * 256 + carry;
            *digit = (sum % 10) as u8;
            carry = sum / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

const SEQUENCE: u8 = 0x30;
/// `[0]`, which a certificate of version 1 leaves out.
const VERSION: u8 = 0xa0;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// RFC 5280 §4.1.2.2 allows 20 bytes; issuers were seen to use more.
const MAX_SERIAL: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_decimal() {
        for (number, expected) in [
            (&[1][..], Some("1")),
            (&[0, 0x80], Some("128")),
            (&[0x0a, 0, 0, 0, 0, 0, 0, 0, 0], Some("184467440737095516160")),
            (&[0], None),
            (&[0x80], None),
            (&[], None),
            (&[1; 65], None),
        ] {
            let mut tbs = vec![0xa0, 3, 2, 1, 2, 2, number.len() as u8];
            tbs.extend(number);
            let mut certificate = vec![0x30, 0x81, tbs.len() as u8 + 2, 0x30, tbs.len() as u8];
            certificate.extend(&tbs);
            let serial = facts(&certificate).map(|facts| facts.serial);
            assert_eq!(serial.as_deref(), expected, "{number:?}");
            for end in 0..certificate.len() {
                assert_eq!(facts(&certificate[..end]), None);
            }
        }
        assert_eq!(facts(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30]), None);
    }

    #[test]
    fn dates_have_two_or_four_digits_of_the_year() {
        let element = |tag: u8, text: &[u8]| [&[tag, text.len() as u8], text].concat();
        let after = |text: &str, tag: u8| {
            let dates = [element(tag, text.as_bytes()), element(UTC_TIME, b"700101000000Z")].concat();
            let rest = [element(SEQUENCE, b""), element(SEQUENCE, b""), element(SEQUENCE, &dates)].concat();
            let (from, until) = validity(&rest)?;
            assert_eq!(until, SystemTime::UNIX_EPOCH);
            Some(match from.duration_since(SystemTime::UNIX_EPOCH) {
                Ok(since) => since.as_secs() as i64,
                Err(before) => -(before.duration().as_secs() as i64),
            })
        };
        assert_eq!(after("260131235959Z", UTC_TIME), Some(1_769_903_999));
        assert_eq!(after("500101000000Z", UTC_TIME), Some(-631_152_000));
        assert_eq!(after("22000101000000Z", GENERALIZED_TIME), Some(7_258_118_400));
        for wrong in
            ["260131235959", "2601312359Z", "260231235959Z", "26013123595xZ", "", "Z", "260131246000Z"]
        {
            assert_eq!(after(wrong, UTC_TIME), None, "{wrong}");
            assert_eq!(after(&format!("20{wrong}"), GENERALIZED_TIME), None, "{wrong}");
        }
        assert_eq!(after("260131235959Z", INTEGER), None);
    }
}
