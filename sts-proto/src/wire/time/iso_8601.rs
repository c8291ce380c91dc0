//! ISO 8601, and RFC 3339 in it.

use std::time::SystemTime;

use time::{Date, Weekday};

use super::at::{Clock, calendar_date, instant, offset};
use super::scanner::Scanner;

/// `2024-05-17T10:08:07.123Z`, with any byte in place of `T`.
pub(super) fn rfc_3339(text: &str) -> Option<SystemTime> {
    let mut at = Scanner::new(text);
    let year = at.digits(4)?;
    at.expect(b'-')?;
    let month = at.digits(2)?;
    at.expect(b'-')?;
    let day = at.digits(2)?;
    at.next()?;
    let hour = at.digits(2)?;
    at.expect(b':')?;
    let minute = at.digits(2)?;
    at.expect(b':')?;
    let second = at.digits(2)?;
    let nanosecond = if at.eat(b'.') { nanoseconds(&mut at)? } else { 0 };
    let east = if at.eat(b'Z') || at.eat(b'z') {
        0
    } else {
        let sign = at.sign()?;
        let hours = at.digits(2).filter(|hours| *hours <= 23)?;
        at.expect(b':')?;
        offset(sign, hours, at.digits(2)?)?
    };
    at.at_end()?;
    let date = calendar_date(i32::try_from(year).ok()?, month, day)?;
    instant(date, Clock { hour, minute, second, nanosecond }, east)
}

/// A date in the basic or the extended format (of a month, a year or a week), with a time or without, with an offset or
/// without. The last part of a time may have a fraction, and in the basic format minutes and seconds may be missing.
pub(super) fn iso_8601(text: &str) -> Option<SystemTime> {
    let mut at = Scanner::new(text);
    let year = match at.sign() {
        Some(sign) => sign * i32::try_from(at.digits(6)?).ok()?,
        None => i32::try_from(at.digits(4)?).ok()?,
    };
    let extended = at.eat(b'-');
    let date = of_month(&mut at, year, extended)
        .or_else(|| of_year(&mut at, year))
        .or_else(|| of_week(&mut at, year, extended))?;
    let (mut clock, mut east) = (Clock::default(), 0);
    if !at.is_at_end() {
        at.expect(b'T')?;
        clock = time(&mut at, extended)?;
    }
    if !at.is_at_end() && !at.eat(b'Z') {
        let (sign, hours) = (at.sign()?, at.digits(2)?);
        // In the extended format, it may be missing.
        if extended {
            at.eat(b':');
        }
        east = offset(sign, hours, at.digits(2).unwrap_or(0))?;
    }
    at.at_end()?;
    instant(date, clock, east)
}

fn of_month(at: &mut Scanner<'_>, year: i32, extended: bool) -> Option<Date> {
    let mut after = *at;
    let month = after.digits(2)?;
    if extended {
        after.expect(b'-')?;
    }
    let date = calendar_date(year, month, after.digits(2)?)?;
    *at = after;
    Some(date)
}

fn of_year(at: &mut Scanner<'_>, year: i32) -> Option<Date> {
    let mut after = *at;
    let date = Date::from_ordinal_date(year, after.digits(3)?.try_into().ok()?).ok()?;
    *at = after;
    Some(date)
}

fn of_week(at: &mut Scanner<'_>, year: i32, extended: bool) -> Option<Date> {
    at.expect(b'W')?;
    let week = at.digits(2)?;
    if extended {
        at.expect(b'-')?;
    }
    let day = at.digit().filter(|day| (1..=7).contains(day))?;
    Date::from_iso_week_date(year, week.try_into().ok()?, Weekday::Sunday.nth_next(day)).ok()
}

fn time(at: &mut Scanner<'_>, extended: bool) -> Option<Clock> {
    let (hour, fraction) = decimal(at)?;
    let mut clock = Clock { hour, ..Clock::default() };
    if let Some(fraction) = fraction {
        clock.minute = (fraction * 60.0) as u32;
        clock.second = (fraction * 3600.0 % 60.0) as u32;
        clock.nanosecond = (fraction * 3.6e12 % 1e9) as u32;
        return Some(clock);
    }
    if at.eat(b':') && !extended {
        return None;
    }
    let Some((minute, fraction)) = decimal(at) else {
        return (!extended).then_some(clock);
    };
    clock.minute = minute;
    if let Some(fraction) = fraction {
        clock.second = (fraction * 60.0) as u32;
        clock.nanosecond = (fraction * 6e10 % 1e9) as u32;
        return Some(clock);
    }
    if extended && !at.eat(b':') {
        return Some(clock);
    }
    let Some((second, fraction)) = decimal(at) else {
        return (!extended).then_some(clock);
    };
    clock.second = second;
    clock.nanosecond = fraction.map_or(0, |fraction| (fraction * 1e9).round() as u32);
    Some(clock)
}

/// Two digits, and the fraction behind them if there is one.
fn decimal(at: &mut Scanner<'_>) -> Option<(u32, Option<f64>)> {
    let mut after = *at;
    let whole = after.digits(2)?;
    let mut fraction = None;
    if after.eat(b'.') || after.eat(b',') {
        let mut sum = f64::from(after.digit()?) / 10.0;
        let mut divisor = 10.0;
        while let Some(digit) = after.digit() {
            divisor *= 10.0;
            sum += f64::from(digit) / divisor;
        }
        fraction = Some(sum);
    }
    *at = after;
    Some((whole, fraction))
}

/// The digits behind a point, of which there is at least one. What is less than a nanosecond is cut off.
fn nanoseconds(at: &mut Scanner<'_>) -> Option<u32> {
    let mut unit = 100_000_000;
    let mut nanoseconds = u32::from(at.digit()?) * unit;
    while let Some(digit) = at.digit() {
        unit /= 10;
        nanoseconds += u32::from(digit) * unit;
    }
    Some(nanoseconds)
}
