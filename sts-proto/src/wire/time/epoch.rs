//! Seconds since 1970 in digits.

use std::time::{Duration, SystemTime};

use super::scanner::Scanner;
use super::{AFTER_1970, BEFORE_1970, from_1970};

/// `1715940487`, `1715940487.5`, `1.7e9`, rounded to a nanosecond. The standard library reads such a number as a double,
/// which is less exact and brings 17 kB of code and tables into each program.
pub(super) fn epoch_seconds(text: &str) -> Option<SystemTime> {
    let mut at = Scanner::new(text);
    let is_before = at.sign() == Some(-1);
    let mut digits = Vec::with_capacity(text.len());
    digits.extend(std::iter::from_fn(|| at.digit()));
    let mut whole = i32::try_from(digits.len()).ok()?;
    if at.eat(b'.') {
        digits.extend(std::iter::from_fn(|| at.digit()));
    }
    if digits.is_empty() {
        return None;
    }
    if at.eat(b'e') || at.eat(b'E') {
        whole += exponent(&mut at)?;
    }
    at.at_end()?;
    let seconds = Duration::from_secs(number(&digits, 0, whole)?);
    let nanoseconds = number(&digits, whole, whole + 9)? + number(&digits, whole + 9, whole + 10)? / 5;
    let distance = seconds.checked_add(Duration::from_nanos(nanoseconds))?;
    let is_in_range = if is_before { distance <= BEFORE_1970 } else { distance < AFTER_1970 };
    is_in_range.then(|| from_1970(distance, is_before))?
}

/// Between -[`MAX_EXPONENT`] and that.
fn exponent(at: &mut Scanner<'_>) -> Option<i32> {
    let sign = at.sign().unwrap_or(1);
    let mut exponent = i32::from(at.digit()?);
    while let Some(digit) = at.digit() {
        exponent = MAX_EXPONENT.min(exponent * 10 + i32::from(digit));
    }
    Some(sign * exponent)
}

/// The digits from one position up to another, with zeros before the first digit and after the last.
fn number(digits: &[u8], from: i32, to: i32) -> Option<u64> {
    (from.max(0)..to).try_fold(0_u64, |number, position| {
        let digit = usize::try_from(position).ok().and_then(|position| digits.get(position));
        number.checked_mul(10)?.checked_add(digit.copied().unwrap_or(0).into())
    })
}

/// More than any instant needs, even behind as many digits as are read.
const MAX_EXPONENT: i32 = 1000;
